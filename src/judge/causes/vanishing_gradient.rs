#![doc = include_str!("vanishing_gradient.md")]

use super::{
    Card, Case, Cause, Evidence, EvidenceFigure, Fix,
    case::{percent, shown},
    changes,
};
use crate::record::{Channel, Split};

/// Gradient of the first weights over that of the last ones below which the first layers do not learn.
const VANISHED: f64 = 0.01;
/// The same, above which all layers learn.
const ARRIVES: f64 = 0.1;
/// Steps that are looked at: what comes later is a consequence.
const FIRST_STEPS: u64 = 20;
/// Share of saturated units through which next to no gradient passes.
const SATURATED: f64 = 0.8;

/// Gradients that shrink from layer to layer on their way back.
pub struct VanishingGradient;

impl Cause for VanishingGradient {
    fn card(&self) -> Card {
        Card { id: "vanishing-gradient", since: "0.1", explain: include_str!("vanishing_gradient.md") }
    }

    fn follows_from(&self) -> &'static [&'static str] {
        &["inputs-not-scaled", "bad-init", "targets-not-scaled"]
    }

    fn evidence(&self, case: &Case<'_>) -> Vec<Evidence> {
        let bounded = case.hidden_with(&["tanh", "sigmoid"]);
        if bounded.is_empty() {
            return vec![Evidence::against("no hidden layer has a bounded activation")];
        }
        let weights = case.weights();
        let size = |name: &str| {
            let norms = case.early(Channel::GradientNorm, name, FIRST_STEPS);
            crate::stats::median(&norms).filter(|norm| *norm > 0.0)
        };
        let mut evidence = Vec::new();
        if let (Some(first), Some(last)) = (weights.first(), weights.last())
            && let (Some(first_norm), Some(last_norm)) = (size(first), size(last))
            && weights.len() > 1
        {
            let ratio = first_norm / last_norm;
            let text = format!(
                "in the first steps the gradient of `{first}` is {} of that of `{last}`, {} layers behind",
                shown(ratio),
                weights.len() - 1
            );
            if ratio < VANISHED {
                let deep = bounded.len() >= 3;
                let evidence_of = if deep { Evidence::strong(text) } else { Evidence::suggestive(text) };
                evidence.push(evidence_of.shown_in(EvidenceFigure::GradientNorms).number("ratio", ratio));
            } else if ratio > ARRIVES && case.saturation().1.is_none_or(|end| end < 0.5) {
                return vec![Evidence::against(text)];
            } else if ratio < ARRIVES && bounded.len() >= 3 {
                evidence
                    .push(Evidence::suggestive(text).shown_in(EvidenceFigure::GradientNorms).number("ratio", ratio));
            }
        }
        if bounded.len() >= 3 && case.is_flat() && bounded.iter().all(|layer| layer.activation == "sigmoid") {
            evidence.push(Evidence::suggestive(format!(
                "the slope of a sigmoid is at most 0.25, and {} of them follow each other",
                bounded.len()
            )));
        }
        let saturated = bounded.iter().filter_map(|layer| {
            let end = case.at_end(Split::Train, Channel::Saturation, &layer.name)?;
            Some((layer.name.as_str(), end))
        });
        if let Some((layer, end)) =
            saturated.max_by(|one, other| one.1.total_cmp(&other.1)).filter(|(_, end)| *end > SATURATED)
        {
            evidence.push(
                Evidence::suggestive(format!(
                    "{} of the units of `{layer}` are at an end of their range, where the slope is next to zero",
                    percent(end)
                ))
                .shown_in(EvidenceFigure::Activations)
                .number("saturated", end),
            );
        }
        evidence
    }

    fn fixes(&self, case: &Case<'_>) -> Vec<Fix> {
        let mut fixes =
            vec![changes::hidden_activation("relu", "its slope is 1 where it is on, however deep the network")];
        if !case.is_adaptive() {
            let why = "steps are then of the same size in all layers, however small their gradients";
            fixes.push(Fix::new("training.optimiser", "{ kind = \"adam\", lr = 0.001 }", why));
        }
        fixes.push(changes::scale_targets());
        fixes
    }
}
