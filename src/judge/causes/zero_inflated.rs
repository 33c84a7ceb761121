#![doc = include_str!("zero_inflated.md")]

use super::{
    Card, Case, Cause, Evidence, EvidenceFigure, Fix,
    case::{percent, shown},
    changes,
};
use crate::{data::TargetSummary, experiment::Loss};

/// Share of the targets from which one value is the rule.
const MOST: f64 = 0.5;
/// Standard deviations by which the mean has to lie off that value to be told from it.
const APART: f64 = 0.1;
/// Standard deviations within which a constant is that value.
const NEAR: f64 = 0.25;

/// Targets that are mostly one value, such as zero, at the end of their range.
pub struct ZeroInflated;

impl Cause for ZeroInflated {
    fn card(&self) -> Card {
        Card { id: "zero-inflated", since: "0.1", explain: include_str!("zero_inflated.md") }
    }

    fn is_told_of_unpredictable(&self) -> bool {
        true
    }

    fn evidence(&self, case: &Case<'_>) -> Vec<Evidence> {
        let mut evidence = Vec::new();
        for target in case.faulty_targets() {
            evidence.extend(of_target(case, target));
        }
        if evidence.is_empty() && !case.data.targets.is_empty() {
            evidence.push(Evidence::against("no value makes half of the targets"));
        }
        evidence
    }

    fn fixes(&self, case: &Case<'_>) -> Vec<Fix> {
        let mut fixes = Vec::new();
        if !matches!(case.experiment.training.loss, Loss::Mse {}) {
            let why = "the squared error pays for the rare large targets";
            fixes.push(Fix::new("training.loss", "\"mse\"", why));
        }
        if case.output_layer().is_some_and(|layer| layer.activation != "linear") {
            fixes.push(changes::linear_output());
        }
        fixes.push(changes::scale_targets());
        fixes.push(changes::epochs_times(case, 5, "the rare targets are seen seldom, and need more passes"));
        fixes
    }

    fn advice(&self) -> Option<&'static str> {
        Some(
            "predict whether it is that value and how large it is otherwise as two outputs, weigh the rare samples, or take a loss for \
             such counts (Tweedie, Poisson)",
        )
    }
}

fn of_target(case: &Case<'_>, target: &TargetSummary) -> Option<Evidence> {
    let atom = target.most_common.filter(|atom| atom.fraction >= MOST && target.train.std > 0.0)?;
    // A zero between two signs (no change, no trade) is as natural as one at an end.
    let at_end = atom.value == target.train.min || atom.value == target.train.max || atom.value == 0.0;
    if !at_end {
        return None;
    }
    let share = percent(atom.fraction);
    let output = case.faulty_outputs().into_iter().find(|output| output.name == target.name);
    let level = output.and_then(|output| output.constant_fit.as_ref()).map(|fit| fit.level);
    let (level_is_near, mean_is_far) = (
        |value: f64| level.is_some_and(|level| (level - value).abs() < NEAR * target.train.std),
        (target.train.mean - atom.value).abs() > APART * target.train.std,
    );
    // Where the mean is as near, the mean may be what is answered.
    let on_it = level_is_near(atom.value)
        && (!mean_is_far || level.is_some_and(|level| (level - atom.value).abs() < (level - target.train.mean).abs()));
    let text = match level {
        Some(level) if on_it => format!(
            "{share} of the targets of `{}` are exactly {}, and the predictions are {}",
            target.name,
            shown(atom.value),
            shown(level)
        ),
        _ => format!("{share} of the targets of `{}` are exactly {}", target.name, shown(atom.value)),
    };
    // An absolute loss asks for the value that half of the targets have, which is a cause of its own.
    let evidence = if on_it && !case.is_absolute_loss() { Evidence::strong(text) } else { Evidence::suggestive(text) };
    Some(
        evidence
            .shown_in(EvidenceFigure::PredictedAgainstTarget)
            .number("fraction", atom.fraction)
            .number("value", atom.value),
    )
}
