#![doc = include_str!("zero_inflated.md")]

use super::{
    Card, Case, Cause, Evidence, EvidenceFigure, Fix,
    case::{percent, shown},
    changes,
};
use crate::{data::TargetSummary, experiment::Loss};

/// Share of the targets from which one value is the rule.
const MOST: f64 = 0.5;
/// Share of the targets from which answering that value alone is nearly right.
const RULE: f64 = 0.6;
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
            evidence.push(Evidence::against("no value at an end of their range makes half of the targets"));
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
        // More of the same never helps what is proved to be stuck.
        if !case.is_stuck() {
            fixes.push(changes::epochs_times(case, 5, "the rare targets are seen seldom, and need more passes"));
        }
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
    let evidence = if on_it && atom.fraction >= RULE && !case.is_absolute_loss() {
        Evidence::strong(text)
    } else {
        Evidence::suggestive(text)
    };
    Some(
        evidence
            .shown_in(EvidenceFigure::PredictedAgainstTarget)
            .number("fraction", atom.fraction)
            .number("value", atom.value),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        data::{Atom, Moments},
        experiment::Activation,
        judge::{
            causes::staged::{bare, dense, flat, flat_at, instrumented, learned, predicts, told, told_before},
            synthetic::Synthetic,
        },
    };

    /// Claims: none in most years.
    fn claims(value: f64) -> Synthetic {
        let target = Moments { mean: 2.0, std: 8.0, min: 0.0, max: 90.0 };
        bare().target(target).with(move |run| {
            run.data.targets[0].median = value;
            run.data.targets[0].most_common = Some(Atom { value, fraction: 0.8 });
        })
    }

    fn with(of: Synthetic, loss: Loss) -> Synthetic {
        of.experiment(move |experiment| experiment.training.loss = loss)
    }

    #[test]
    fn a_constant_at_the_value_of_most_targets() {
        insta::assert_snapshot!(told(&ZeroInflated, flat_at(claims(0.0), 0.0)), @r#"
        collapsed
        strong: 80 % of the targets of `y` are exactly 0, and the predictions are 0
        -> data.scale_targets="standard": the output layer then starts where the targets are, and steps fit their size
        -> training.epochs=200: the rare targets are seen seldom, and need more passes
        "#);
        // Also where it drove the units off for good; but more of the same is then no fix.
        let stuck = told(&ZeroInflated, flat_at(claims(0.0), 0.0).certificate());
        assert!(stuck.contains("strong") && !stuck.contains("epochs"), "{stuck}");
        insta::assert_snapshot!(told_before(&ZeroInflated, claims(0.0)).lines().next().expect("fits"), @"suggestive: 80 % of the targets of `y` are exactly 0");
    }

    #[test]
    fn what_else_gives_this_constant_comes_first() {
        let told = |of: Synthetic| told(&ZeroInflated, of).lines().nth(1).map(str::to_owned);
        insta::assert_snapshot!(told(with(flat_at(claims(0.0), 0.0), Loss::Mae {})).expect("fits"), @"suggestive: 80 % of the targets of `y` are exactly 0, and the predictions are 0");
        // The mean is another constant.
        insta::assert_snapshot!(told(flat_at(claims(0.0), 4.5)).expect("fits"), @"suggestive: 80 % of the targets of `y` are exactly 0");
        let varies = instrumented(predicts(claims(0.0), |i, y| y + (i % 3) as f64), 0.1);
        assert!(told(varies).is_some_and(|line| line.starts_with("suggestive")));
    }

    #[test]
    fn a_value_amid_the_others_is_a_data_bug() {
        insta::assert_snapshot!(told(&ZeroInflated, flat_at(claims(5.0), 5.0)).lines().nth(1).expect("against"), @"against: no value at an end of their range makes half of the targets");
    }

    #[test]
    fn the_fixes_take_back_what_makes_it_worse() {
        let relu = claims(0.0).network(&[dense(32, Activation::Tanh), dense(1, Activation::Relu)]);
        insta::assert_snapshot!(told(&ZeroInflated, with(flat_at(relu, 0.0), Loss::Mae {})), @r#"
        collapsed
        suggestive: 80 % of the targets of `y` are exactly 0, and the predictions are 0
        -> training.loss="mse": the squared error pays for the rare large targets
        -> model.output_activation="linear": a linear output reaches every target, and its slope is never 0
        -> data.scale_targets="standard": the output layer then starts where the targets are, and steps fit their size
        -> training.epochs=200: the rare targets are seen seldom, and need more passes
        "#);
    }

    #[test]
    fn targets_that_all_differ_speak_against() {
        insta::assert_snapshot!(told(&ZeroInflated, learned()).lines().nth(1).expect("against"), @"against: no value at an end of their range makes half of the targets");
        insta::assert_snapshot!(told(&ZeroInflated, flat()).lines().nth(1).expect("against"), @"against: no value at an end of their range makes half of the targets");
    }
}
