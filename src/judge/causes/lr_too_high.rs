#![doc = include_str!("lr_too_high.md")]

use super::{
    Card, Case, Cause, Evidence, EvidenceFigure, Fix,
    case::{percent, shown},
    changes,
};
use crate::{judge::State, stats};

/// Sharpness over its limit, before the first step, that throws a network.
const THROWS: f64 = 2.0;
/// Share of a weight matrix that one of the first updates changes when steps are too large.
const LARGE_UPDATE: f64 = 0.3;
/// The same, from which nothing of the start is left after a few steps.
const HUGE_UPDATE: f64 = 1.0;
/// Rise of the squared error within the first steps over that of the first one.
const SPIKE: f64 = 5.0;
/// Share of dead units at birth up to which a layer was alive.
const ALIVE: f64 = 0.7;

/// Steps that are too large for the loss.
pub struct LrTooHigh;

impl Cause for LrTooHigh {
    fn card(&self) -> Card {
        Card { id: "lr-too-high", since: "0.1", explain: include_str!("lr_too_high.md") }
    }

    fn evidence(&self, case: &Case<'_>) -> Vec<Evidence> {
        let mut evidence = Vec::new();
        let ratio = case.first_stability_ratio();
        let update = case.largest_first_update();
        if stats::median(&case.gradient_cosines()).is_some_and(|cosine| cosine < 0.0) {
            return vec![Evidence::against("the updates climb the loss, so a smaller rate would climb it more slowly")];
        }
        let harmed = case.is_flat() || case.is_any(&[State::Diverged]);
        let spike = case.spike().filter(|(peak, _)| *peak > SPIKE || peak.is_infinite());
        let died: Vec<String> =
            case.dead_layers().iter().filter(|(_, born)| *born < ALIVE).map(|(layer, _)| layer.name.clone()).collect();
        if let Some(ratio) = ratio.filter(|ratio| *ratio > THROWS) {
            let text = format!(
                "before the first step the loss is {} times as sharp as this learning rate allows",
                shown(ratio)
            );
            let strong = harmed && (spike.is_some() || !died.is_empty() || case.is_any(&[State::Diverged]));
            let evidence_of = if strong { Evidence::strong(text) } else { Evidence::suggestive(text) };
            evidence.push(evidence_of.shown_in(EvidenceFigure::Sharpness).number("stability_ratio", ratio));
        }
        if let Some(update) = update.filter(|update| *update > LARGE_UPDATE) {
            let text =
                format!("one of the first ten updates changed a weight matrix by {} of its size", percent(update));
            let strong = harmed && (update > HUGE_UPDATE || spike.is_some() || !died.is_empty());
            let evidence_of = if strong { Evidence::strong(text) } else { Evidence::suggestive(text) };
            evidence.push(evidence_of.shown_in(EvidenceFigure::UpdateRatios).number("update_ratio", update));
        }
        if let Some((peak, step)) = spike {
            let text = format!(
                "the squared error rose to {} times that of the first step within the first steps (step {step})",
                shown(peak)
            );
            let strong = harmed && ratio.is_some_and(|ratio| ratio > 1.0);
            let evidence_of = if strong { Evidence::strong(text) } else { Evidence::suggestive(text) };
            evidence.push(evidence_of.shown_in(EvidenceFigure::LossPerStep).number("peak", peak));
        }
        if !died.is_empty() && !evidence.is_empty() {
            let text = format!(
                "{} was alive before the first step and is dead at the end",
                crate::judge::symptoms::names(&died)
            );
            evidence.push(Evidence::suggestive(text).shown_in(EvidenceFigure::DeadUnitsPerLayer));
        }
        let calm =
            ratio.is_some_and(|ratio| ratio < 0.5) && update.is_some_and(|update| update < 0.05) && spike.is_none();
        if evidence.is_empty() && calm {
            evidence.push(Evidence::against(format!(
                "the first steps are small: {} of the sharpness that this rate allows, updates of at most {} of the weights",
                shown(ratio.unwrap_or(f64::NAN)),
                percent(update.unwrap_or(f64::NAN))
            )));
        }
        evidence
    }

    fn fixes(&self, case: &Case<'_>) -> Vec<Fix> {
        let why = "smaller first steps stay where the gradient holds";
        let mut fixes = vec![changes::lr_times(case, 0.1, why), changes::lr_times(case, 0.01, why)];
        if !case.is_adaptive() && case.experiment.training.clip_norm.is_none() {
            fixes.push(Fix::new("training.clip_norm", "1.0", "no single step can then be larger than the rate"));
        }
        fixes.push(changes::lr_times(case, 0.001, why));
        fixes
    }
}
