#![doc = include_str!("l1_median.md")]

use super::{
    Card, Case, Cause, Evidence, EvidenceFigure, Fix,
    case::{percent, shown},
};
use crate::data::TargetSummary;

/// Standard deviations by which median and mean have to differ to be told apart.
const APART: f64 = 0.1;
/// Standard deviations within which a constant is the median.
const NEAR: f64 = 0.15;

/// An absolute loss, whose best constant is the median, on targets whose median says nothing.
pub struct L1Median;

impl Cause for L1Median {
    fn card(&self) -> Card {
        Card { id: "l1-median", since: "0.1", explain: include_str!("l1_median.md") }
    }

    fn is_told_of_unpredictable(&self) -> bool {
        true
    }

    fn evidence(&self, case: &Case<'_>) -> Vec<Evidence> {
        if !case.is_absolute_loss() {
            return vec![Evidence::against("the loss does not ask for the median")];
        }
        let mut evidence = Vec::new();
        for target in case.faulty_targets() {
            evidence.extend(of_target(case, target));
        }
        if evidence.is_empty() {
            evidence.push(Evidence::suggestive("the loss asks for the median of what may come, not for its mean"));
        }
        evidence
    }

    fn fixes(&self, case: &Case<'_>) -> Vec<Fix> {
        if !case.is_absolute_loss() {
            return Vec::new();
        }
        vec![Fix::new("training.loss", "\"mse\"", "the squared error asks for the mean, which every target moves")]
    }
}

fn of_target(case: &Case<'_>, target: &TargetSummary) -> Option<Evidence> {
    let std = target.train.std;
    let output = case.faulty_outputs().into_iter().find(|output| output.name == target.name)?;
    let level = output.constant_fit.as_ref().map(|fit| fit.level)?;
    let on_median = (level - target.median).abs() < NEAR * std;
    let skewed = (target.median - target.train.mean).abs() > APART * std;
    let atom = target.most_common.filter(|atom| atom.fraction >= 0.5);
    let half = atom.map_or(String::new(), |atom| format!(", which {} of them equal", percent(atom.fraction)));
    if !(on_median && (skewed || atom.is_some())) {
        return None;
    }
    let text = format!(
        "predictions of `{}` are {}, the median of the targets{half}; their mean is {}",
        target.name,
        shown(level),
        shown(target.train.mean)
    );
    // Dead units give the median too, under this loss: then what killed them comes first.
    let dead = case.is_stuck() || !case.dead_layers().is_empty();
    let evidence = if dead { Evidence::suggestive(text) } else { Evidence::strong(text) };
    Some(
        evidence
            .shown_in(EvidenceFigure::PredictedAgainstTarget)
            .number("level", level)
            .number("median", target.median),
    )
}
