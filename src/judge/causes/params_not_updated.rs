#![doc = include_str!("params_not_updated.md")]

use super::{Card, Case, Cause, Evidence, EvidenceFigure, Fix};
use crate::{
    experiment::Layer,
    record::{Channel, LayerInfo, Split},
};

/// Saturation above which a gradient of exactly zero may be rounding.
const SATURATED: f64 = 0.9;

/// Parameters that the training never changes.
pub struct ParamsNotUpdated;

impl Cause for ParamsNotUpdated {
    fn card(&self) -> Card {
        Card { id: "params-not-updated", since: "0.1", explain: include_str!("params_not_updated.md") }
    }

    fn evidence(&self, case: &Case<'_>) -> Vec<Evidence> {
        let training = &case.experiment.training;
        let none = training.drop_last && u64::from(training.batch_size) > case.data.train_samples;
        if none || (case.steps() == Some(0) && case.trained.is_some_and(|trained| trained.record.run.epochs_done > 0)) {
            return vec![Evidence::strong(format!(
                "not a single step is made: {} samples do not fill a batch of {}, and incomplete batches are left out",
                case.data.train_samples, training.batch_size
            ))];
        }
        let Some(unmoved) = case.unmoved() else { return Vec::new() };
        if unmoved.is_empty() {
            return vec![Evidence::against("every parameter moved")];
        }
        let given: Vec<&str> = unmoved.iter().filter(|(_, reached)| *reached).map(|(name, _)| *name).collect();
        // A bias in front of a batch normalisation is given rounding, and a step that is lost in rounding moves nothing.
        let told = given.iter().any(|name| name.ends_with(".weight") && !is_lost_in_rounding(case, name));
        if !given.is_empty() && !told {
            return vec![Evidence::silent(format!("{} never moved: its steps are lost in rounding", quoted(&given)))];
        }
        if !given.is_empty() {
            return vec![
                Evidence::strong(format!(
                    "{} never moved by a single bit, though a gradient reached {}: the optimiser does not know {}",
                    quoted(&given),
                    if given.len() == 1 { "it" } else { "them" },
                    if given.len() == 1 { "it" } else { "them" }
                ))
                .shown_in(EvidenceFigure::UpdateRatios)
                .number("parameters", given.len() as f64),
            ];
        }
        let cut: Vec<&str> = unmoved.iter().map(|(name, _)| *name).collect();
        match cut_off(case, &cut) {
            Some(behind) => vec![
                Evidence::strong(format!(
                    "no gradient ever reached {}, though units of `{behind}` behind were alive and had a slope: the graph is cut there",
                    quoted(&cut)
                ))
                .shown_in(EvidenceFigure::GradientNorms)
                .number("parameters", cut.len() as f64),
            ],
            // Dead, saturated and zero layers pass no gradient either, and are causes of their own.
            None => vec![Evidence::silent(format!("{} never moved, since no gradient passes what is behind", quoted(&cut)))],
        }
    }

    fn fixes(&self, case: &Case<'_>) -> Vec<Fix> {
        let training = &case.experiment.training;
        let mut fixes = Vec::new();
        if training.drop_last {
            fixes.push(Fix::new("training.drop_last", "false", "the incomplete batch is then trained on, too"));
        }
        if u64::from(training.batch_size) > case.data.train_samples {
            let size = (case.data.train_samples / 8).clamp(2, 32);
            fixes.push(Fix::new("training.batch_size", size, "an epoch then has several steps"));
        }
        fixes.push(Fix::new("faults.untrained_layers", "[]", "the optimiser is then given every parameter"));
        fixes.push(Fix::new("faults.detached_layer", "\"\"", "gradients then pass through every layer"));
        fixes
    }

    fn advice(&self) -> Option<&'static str> {
        Some(
            "print names and `requires_grad` of what the optimiser is given, register layers (a plain list hides them), and look \
             for `detach`, `no_grad` and conversions to numbers between the network and the loss",
        )
    }
}

/// Whether the steps of a parameter are too small for `f32` to move it.
fn is_lost_in_rounding(case: &Case<'_>, name: &str) -> bool {
    /// Gradient whose square `f32` cannot hold: an adaptive optimiser then takes no step at all.
    const OVERFLOWS: f64 = 1e18;
    /// Relative spacing of `f32`, with room for what moments and momentum add.
    const SPACING: f64 = 1e-6;
    let median = |channel| crate::stats::median(&case.values(Split::Train, channel, name));
    let (Some(gradient), Some(weight)) = (median(Channel::GradientNorm), median(Channel::WeightNorm)) else {
        return false;
    };
    // An adaptive step is about the rate for each entry, whatever the gradient.
    let step = if case.is_adaptive() { case.lr() } else { case.lr() * gradient };
    step < SPACING * weight || (case.is_adaptive() && gradient > OVERFLOWS)
}

/// The layer at which gradients end without a reason in the numbers: its units are alive and its slope is not zero.
fn cut_off<'a>(case: &Case<'a>, unmoved: &[&str]) -> Option<&'a str> {
    let last_cut =
        case.layers.iter().rposition(|layer| layer.parameters.iter().any(|name| unmoved.contains(&name.as_str())))?;
    // Everything behind must have moved, or the cut is somewhere else.
    // Inputs that are all zero pass no gradient to the weights they meet.
    if case.data.columns.iter().all(|column| column.train.std == 0.0) && !case.data.columns.is_empty() {
        return None;
    }
    let behind = case.layers.get(last_cut + 1..)?;
    let output = case.output_layer()?;
    if behind.iter().flat_map(|layer| &layer.parameters).next().is_none()
        && case.at_end(Split::Train, Channel::OutputSlope, &output.name).is_none_or(|slope| slope == 0.0)
    {
        return None;
    }
    let zeros_only = |layer: &LayerInfo| {
        let weights = layer.parameters.iter().find(|name| name.ends_with(".weight"));
        weights.is_some_and(|name| case.at_start(Split::Train, Channel::WeightNorm, name) == Some(0.0))
    };
    let passes = |layer: &LayerInfo| {
        let (born, end) = case.dead_fraction(&layer.name);
        let saturated = case.at_end(Split::Train, Channel::Saturation, &layer.name).unwrap_or(0.0);
        born.unwrap_or(0.0) < 1.0 && end.unwrap_or(0.0) < 1.0 && saturated < SATURATED && !zeros_only(layer)
    };
    let zero_weights = case.experiment.model.layers.iter().any(|layer| {
        matches!(layer, Layer::Dense { init: Some(init), .. } | Layer::Conv2d { init: Some(init), .. }
            if matches!(init.weights, crate::experiment::WeightInit::Zeros {}))
    }) || matches!(case.experiment.model.init.weights, crate::experiment::WeightInit::Zeros {});
    // A dead or saturated layer anywhere explains gradients of zero, before it and at the weights behind it.
    (case.layers.iter().all(passes) && !zero_weights).then(|| behind.first().unwrap_or(output).name.as_str())
}

/// `` `a`, `b` and 3 more ``.
fn quoted(names: &[&str]) -> String {
    let owned: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    crate::judge::symptoms::names(&owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        experiment::{Activation, Init, Optimiser, WeightInit},
        judge::{
            causes::staged::{EPOCHS, STEPS, bare, dense, flat_at, learned, learns, told, told_before},
            synthetic::Synthetic,
        },
    };

    fn deep() -> Synthetic {
        let hidden = || dense(16, Activation::Tanh);
        bare().network(&[hidden(), hidden(), dense(1, Activation::Linear)])
    }

    /// A layer that is where it started, with gradients of this size.
    fn still(of: Synthetic, layer: &str, gradient: f64) -> Synthetic {
        ["weight", "bias"].into_iter().fold(of, |of, kind| {
            let name = format!("{layer}.{kind}");
            of.forget(Channel::DistanceFromStart, &name)
                .forget(Channel::GradientNorm, &name)
                .epochs(Split::Train, Channel::DistanceFromStart, &name, 1, vec![0.0; EPOCHS as usize])
                .steps(Channel::GradientNorm, &name, vec![gradient; STEPS])
        })
    }

    #[test]
    fn parameters_that_the_optimiser_does_not_know() {
        insta::assert_snapshot!(told(&ParamsNotUpdated, still(flat_at(deep(), 1.0), "dense_2", 0.3)), @r#"
        collapsed
        strong: `dense_2.weight` and `dense_2.bias` never moved by a single bit, though a gradient reached them: the optimiser does not know them
        -> faults.untrained_layers=[]: the optimiser is then given every parameter
        -> faults.detached_layer="": gradients then pass through every layer
        "#);
        let weight = learns(deep()).forget(Channel::DistanceFromStart, "dense_3.weight").epochs(
            Split::Train,
            Channel::DistanceFromStart,
            "dense_3.weight",
            1,
            [0.0; 3],
        );
        insta::assert_snapshot!(told(&ParamsNotUpdated, weight).lines().nth(1).expect("strong"), @"strong: `dense_3.weight` never moved by a single bit, though a gradient reached it: the optimiser does not know it");
    }

    #[test]
    fn steps_that_are_lost_in_rounding_are_made_all_the_same() {
        let told = |of: Synthetic| told(&ParamsNotUpdated, of).lines().nth(1).map(str::to_owned);
        // A bias in front of a normalisation.
        let bias = learns(deep()).forget(Channel::DistanceFromStart, "dense_3.bias").epochs(
            Split::Train,
            Channel::DistanceFromStart,
            "dense_3.bias",
            1,
            [0.0; 3],
        );
        insta::assert_snapshot!(told(bias).expect("said"), @"silent: `dense_3.bias` never moved: its steps are lost in rounding");
        let tiny = still(flat_at(deep(), 1.0), "dense_2", 0.3).experiment(|experiment| {
            experiment.training.optimiser =
                Optimiser::Adam { lr: 1e-9, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0 };
        });
        insta::assert_snapshot!(told(tiny).expect("said"), @"silent: `dense_2.weight` and `dense_2.bias` never moved: its steps are lost in rounding");
    }

    #[test]
    fn a_graph_that_is_cut() {
        let cut = still(still(flat_at(deep(), 1.0), "dense_1", 0.0), "dense_2", 0.0);
        insta::assert_snapshot!(told(&ParamsNotUpdated, cut).lines().nth(1).expect("strong"), @"strong: no gradient ever reached `dense_1.weight`, `dense_1.bias` and 2 more, though units of `dense_3` behind were alive and had a slope: the graph is cut there");
    }

    #[test]
    fn gradients_that_end_for_a_reason_are_no_cut() {
        let told = |of: Synthetic| told(&ParamsNotUpdated, of).lines().nth(1).map(str::to_owned);
        let relu = || bare().network(&[dense(16, Activation::Relu), dense(1, Activation::Linear)]);
        let dead = still(flat_at(relu(), 1.0), "dense_1", 0.0).forget(Channel::DeadFractionProbe, "dense_1").epochs(
            Split::Train,
            Channel::DeadFractionProbe,
            "dense_1",
            0,
            [1.0, 1.0],
        );
        insta::assert_snapshot!(told(dead).expect("said"), @"silent: `dense_1.weight` and `dense_1.bias` never moved, since no gradient passes what is behind");
        let saturated = still(flat_at(deep(), 1.0), "dense_1", 0.0).forget(Channel::Saturation, "dense_1").steps(
            Channel::Saturation,
            "dense_1",
            [1.0; STEPS],
        );
        insta::assert_snapshot!(told(saturated).expect("said"), @"silent: `dense_1.weight` and `dense_1.bias` never moved, since no gradient passes what is behind");
        let zeros = still(flat_at(deep(), 1.0), "dense_1", 0.0).experiment(|experiment| {
            let init = Init { weights: WeightInit::Zeros {}, ..experiment.model.init };
            experiment.model.init = init;
        });
        insta::assert_snapshot!(told(zeros).expect("said"), @"silent: `dense_1.weight` and `dense_1.bias` never moved, since no gradient passes what is behind");
    }

    #[test]
    fn not_a_single_step() {
        let none = || {
            bare().with(|run| run.data.train_samples = 20).experiment(|experiment| {
                experiment.training.drop_last = true;
                experiment.training.batch_size = 32;
            })
        };
        insta::assert_snapshot!(told_before(&ParamsNotUpdated, none()), @r#"
        strong: not a single step is made: 20 samples do not fill a batch of 32, and incomplete batches are left out
        -> training.drop_last=false: the incomplete batch is then trained on, too
        -> training.batch_size=2: an epoch then has several steps
        -> faults.untrained_layers=[]: the optimiser is then given every parameter
        -> faults.detached_layer="": gradients then pass through every layer
        "#);
        // Without the instruments nobody counts the steps, but they are made.
        let unseen = || bare().with(|run| run.epochs_done = 30);
        assert!(!told(&ParamsNotUpdated, unseen()).contains("strong"));
        assert!(told(&ParamsNotUpdated, unseen().with(|run| run.steps_per_epoch = 0)).contains("strong"));
    }

    #[test]
    fn parameters_that_all_moved_speak_against() {
        insta::assert_snapshot!(told(&ParamsNotUpdated, learned()), @r#"
        learned
        against: every parameter moved
        -> faults.untrained_layers=[]: the optimiser is then given every parameter
        -> faults.detached_layer="": gradients then pass through every layer
        "#);
        assert!(!told_before(&ParamsNotUpdated, bare()).contains("moved"));
    }
}
