#![doc = include_str!("lr_too_low.md")]

use super::{
    Card, Case, Cause, Evidence, EvidenceFigure, Fix,
    case::{percent, shown},
    changes,
};
use crate::judge::State;

/// Usual update, over the weights, below which a network hardly moves.
const TINY_UPDATE: f64 = 1e-4;
/// The same, above which it moves well.
const GOOD_UPDATE: f64 = 1e-3;
/// Distance from the start, over the weights, below which nothing was learned in all steps.
const HARDLY_MOVED: f64 = 0.1;
/// Sharpness over its limit below which a rate could be ten times larger.
const ROOM: f64 = 0.1;
/// Steps from which a network that has hardly moved was given time.
const MANY_STEPS: u64 = 200;

/// Steps that are too small to get anywhere.
pub struct LrTooLow;

impl Cause for LrTooLow {
    fn card(&self) -> Card {
        Card { id: "lr-too-low", since: "0.1", explain: include_str!("lr_too_low.md") }
    }

    fn evidence(&self, case: &Case<'_>) -> Vec<Evidence> {
        let (Some(update), Some(steps)) = (case.usual_update(), case.steps()) else { return Vec::new() };
        if case.is_any(&[State::Diverged, State::Memorised]) || case.is_stuck() {
            return vec![Evidence::against("smaller or larger steps alike start from where it is now")];
        }
        let mut evidence = Vec::new();
        let distance = case.largest_distance();
        let ratio = case.first_stability_ratio();
        let moves_little = update < TINY_UPDATE;
        let stayed = distance.is_some_and(|distance| distance < HARDLY_MOVED);
        if moves_little || (stayed && update < GOOD_UPDATE) {
            let moved = distance.map_or(String::new(), |distance| {
                format!(", and after {steps} steps the weights are {} from where they started", percent(distance))
            });
            let text = format!("a step changes the weights by {} of their size{moved}", percent_of_small(update));
            let strong = (stayed || distance.is_none()) && (steps >= MANY_STEPS || update < TINY_UPDATE / 10.0);
            let evidence_of = if strong { Evidence::strong(text) } else { Evidence::suggestive(text) };
            evidence.push(
                evidence_of
                    .shown_in(EvidenceFigure::UpdateRatios)
                    .number("update_ratio", update)
                    .number("distance", distance.unwrap_or(f64::NAN)),
            );
        }
        if let Some(ratio) = ratio.filter(|ratio| *ratio < ROOM && !evidence.is_empty()) {
            evidence.push(
                Evidence::suggestive(format!(
                    "the loss would allow a rate {} times as large before steps overshoot",
                    shown(1.0 / ratio.max(1e-12))
                ))
                .shown_in(EvidenceFigure::Sharpness)
                .number("stability_ratio", ratio),
            );
        }
        if evidence.is_empty() && update > GOOD_UPDATE {
            evidence.push(Evidence::against(format!(
                "steps are not small: each changes the weights by {}",
                percent_of_small(update)
            )));
        }
        evidence
    }

    fn fixes(&self, case: &Case<'_>) -> Vec<Fix> {
        let why = "larger steps get there";
        vec![
            changes::lr_times(case, 10.0, why),
            changes::lr_times(case, 100.0, why),
            changes::lr_times(case, 1000.0, why),
        ]
    }
}

fn percent_of_small(share: f64) -> String {
    if share >= 1e-3 { percent(share) } else { format!("{} of a percent", shown(share * 100.0)) }
}
