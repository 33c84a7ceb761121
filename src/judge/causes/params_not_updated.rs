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

/// The layer at which gradients end without a reason in the numbers: its units are alive and its slope is not zero.
fn cut_off<'a>(case: &Case<'a>, unmoved: &[&str]) -> Option<&'a str> {
    let last_cut =
        case.layers.iter().rposition(|layer| layer.parameters.iter().any(|name| unmoved.contains(&name.as_str())))?;
    // Everything behind must have moved, or the cut is somewhere else.
    let behind = case.layers.get(last_cut + 1..)?;
    if behind.iter().flat_map(|layer| &layer.parameters).next().is_none() {
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
    let from_cut = case.layers.get(last_cut..)?;
    (from_cut.iter().all(passes) && !zero_weights).then(|| behind.first().map(|layer| layer.name.as_str())).flatten()
}

/// `` `a`, `b` and 3 more ``.
fn quoted(names: &[&str]) -> String {
    let owned: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    crate::judge::symptoms::names(&owned)
}
