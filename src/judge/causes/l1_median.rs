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
            evidence.push(Evidence::silent("the loss asks for the median of what may come, not for its mean"));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        data::{Atom, Moments},
        experiment::{Activation, Loss},
        judge::{
            causes::staged::{bare, dense, flat_at, learned, told},
            synthetic::Synthetic,
        },
        record::{Channel, Split},
    };

    /// Rain in millimetres: none on most days.
    fn rain(loss: Loss, level: f64) -> Synthetic {
        let target = Moments { mean: 2.0, std: 4.0, min: 0.0, max: 60.0 };
        let of = bare().target(target).with(|run| {
            run.data.targets[0].median = 0.0;
            run.data.targets[0].most_common = Some(Atom { value: 0.0, fraction: 0.6 });
        });
        flat_at(of, level).experiment(move |experiment| experiment.training.loss = loss)
    }

    #[test]
    fn a_constant_at_the_median_is_what_the_loss_asked_for() {
        insta::assert_snapshot!(told(&L1Median, rain(Loss::Mae {}, 0.01)), @r#"
        collapsed
        strong: predictions of `y` are 0.01, the median of the targets, which 60 % of them equal; their mean is 2
        -> training.loss="mse": the squared error asks for the mean, which every target moves
        "#);
        insta::assert_snapshot!(told(&L1Median, rain(Loss::Huber { delta: 0.5 }, 0.01)).lines().nth(1).expect("strong"), @"strong: predictions of `y` are 0.01, the median of the targets, which 60 % of them equal; their mean is 2");
    }

    #[test]
    fn another_constant_or_another_loss_is_not() {
        insta::assert_snapshot!(told(&L1Median, rain(Loss::Mae {}, 2.0)).lines().nth(1).expect("said"), @"silent: the loss asks for the median of what may come, not for its mean");
        insta::assert_snapshot!(told(&L1Median, rain(Loss::Mse {}, 0.01)), @r"
        collapsed
        against: the loss does not ask for the median
        ");
        insta::assert_snapshot!(told(&L1Median, rain(Loss::Huber { delta: 5.0 }, 0.01)), @r"
        collapsed
        against: the loss does not ask for the median
        ");
    }

    #[test]
    fn dead_units_give_the_median_as_well() {
        let dead = rain(Loss::Mae {}, 0.0)
            .network(&[dense(100, Activation::Relu), dense(1, Activation::Linear)])
            .forget(Channel::DeadFractionProbe, "dense_1")
            .epochs(Split::Train, Channel::DeadFractionProbe, "dense_1", 0, [0.3, 1.0]);
        insta::assert_snapshot!(told(&L1Median, dead).lines().nth(1).expect("fits"), @"suggestive: predictions of `y` are 0, the median of the targets, which 60 % of them equal; their mean is 2");
    }

    #[test]
    fn the_median_of_symmetric_targets_is_their_mean() {
        let even = Moments { mean: 1.0, std: 2.0, min: -8.0, max: 9.0 };
        let of = flat_at(bare().target(even), 1.0).experiment(|experiment| experiment.training.loss = Loss::Mae {});
        insta::assert_snapshot!(told(&L1Median, of).lines().nth(1).expect("said"), @"silent: the loss asks for the median of what may come, not for its mean");
        insta::assert_snapshot!(told(&L1Median, learned()), @r"
        learned
        against: the loss does not ask for the median
        ");
    }
}
