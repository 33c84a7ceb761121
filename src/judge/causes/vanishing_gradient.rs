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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        experiment::{Activation, Optimiser},
        judge::{
            causes::staged::{STEPS, bare, dense, flat, flat_at, learns, told, told_before},
            synthetic::Synthetic,
        },
    };

    fn deep(activation: Activation, hidden: usize) -> Synthetic {
        let mut layers = vec![dense(16, activation); hidden];
        layers.push(dense(1, Activation::Linear));
        bare().network(&layers)
    }

    /// Gradients of the first weights, those of the last being 0.3.
    fn first_gradient(of: Synthetic, norm: f64) -> Synthetic {
        of.forget(Channel::GradientNorm, "dense_1.weight").steps(
            Channel::GradientNorm,
            "dense_1.weight",
            vec![norm; STEPS],
        )
    }

    #[test]
    fn gradients_that_fade_on_their_way_back() {
        insta::assert_snapshot!(told(&VanishingGradient, first_gradient(flat_at(deep(Activation::Sigmoid, 5), 1.0), 1e-6)), @r#"
        collapsed
        strong: in the first steps the gradient of `dense_1.weight` is 3.3e-6 of that of `dense_6.weight`, 5 layers behind
        suggestive: the slope of a sigmoid is at most 0.25, and 5 of them follow each other
        -> model.activation="relu": its slope is 1 where it is on, however deep the network
        -> data.scale_targets="standard": the output layer then starts where the targets are, and steps fit their size
        "#);
    }

    #[test]
    fn plain_gradient_descent_is_told_of_adam() {
        let sgd = flat_at(deep(Activation::Tanh, 4), 1.0).experiment(|experiment| {
            experiment.training.optimiser =
                Optimiser::Sgd { lr: 0.01, momentum: 0.0, nesterov: false, weight_decay: 0.0 };
        });
        insta::assert_snapshot!(told(&VanishingGradient, first_gradient(sgd, 1e-6)), @r#"
        collapsed
        strong: in the first steps the gradient of `dense_1.weight` is 3.3e-6 of that of `dense_5.weight`, 4 layers behind
        -> model.activation="relu": its slope is 1 where it is on, however deep the network
        -> training.optimiser={ kind = "adam", lr = 0.001 }: steps are then of the same size in all layers, however small their gradients
        -> data.scale_targets="standard": the output layer then starts where the targets are, and steps fit their size
        "#);
    }

    #[test]
    fn two_layers_are_not_deep() {
        let of = first_gradient(flat_at(deep(Activation::Tanh, 2), 1.0), 1e-6);
        insta::assert_snapshot!(told(&VanishingGradient, of).lines().nth(1).expect("fits"), @"suggestive: in the first steps the gradient of `dense_1.weight` is 3.3e-6 of that of `dense_3.weight`, 2 layers behind");
        let a_little = first_gradient(flat_at(deep(Activation::Tanh, 4), 1.0), 0.01);
        insta::assert_snapshot!(told(&VanishingGradient, a_little).lines().nth(1).expect("fits"), @"suggestive: in the first steps the gradient of `dense_1.weight` is 0.033 of that of `dense_5.weight`, 4 layers behind");
    }

    #[test]
    fn units_at_their_ends_fit() {
        let of = flat_at(deep(Activation::Tanh, 1), 1.0).forget(Channel::Saturation, "dense_1").steps(
            Channel::Saturation,
            "dense_1",
            [0.95; STEPS],
        );
        insta::assert_snapshot!(told(&VanishingGradient, of).lines().nth(1).expect("fits"), @"suggestive: 95 % of the units of `dense_1` are at an end of their range, where the slope is next to zero");
    }

    #[test]
    fn gradients_that_arrive_speak_against() {
        insta::assert_snapshot!(told(&VanishingGradient, learns(deep(Activation::Tanh, 3))), @r#"
        learned
        against: in the first steps the gradient of `dense_1.weight` is 1 of that of `dense_4.weight`, 3 layers behind
        -> model.activation="relu": its slope is 1 where it is on, however deep the network
        -> data.scale_targets="standard": the output layer then starts where the targets are, and steps fit their size
        "#);
        insta::assert_snapshot!(told(&VanishingGradient, flat_at(deep(Activation::Sigmoid, 5), 1.0)).lines().nth(1).expect("against"), @"against: in the first steps the gradient of `dense_1.weight` is 1 of that of `dense_6.weight`, 5 layers behind");
        insta::assert_snapshot!(told(&VanishingGradient, flat()).lines().nth(1).expect("against"), @"against: no hidden layer has a bounded activation");
        assert!(!told_before(&VanishingGradient, deep(Activation::Sigmoid, 5)).contains("strong"));
    }

    #[test]
    fn a_gradient_of_zero_did_not_fade() {
        // Dead units or a cut graph are told by themselves.
        let of = first_gradient(flat_at(deep(Activation::Tanh, 3), 1.0), 0.0);
        assert!(!told(&VanishingGradient, of).contains("strong"));
    }
}
