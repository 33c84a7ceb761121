#![doc = include_str!("targets_misaligned.md")]

use super::{Card, Case, Cause, Evidence, EvidenceFigure, Fix, case::shown, recomputed::LoggedLoss};
use crate::{
    data::RowOrder,
    judge::{Estimate, State, look::columns, stats},
    record::Split,
    references::Learner,
};

/// How far the share that another order explains must be above chance.
const ABOVE_CHANCE: f64 = 2.0;
/// Share of the variance that another order has to explain.
const EXPLAINS: f64 = 0.05;
/// Samples of a validation split from which its failure says something.
const TELLING_SAMPLES: u64 = 30;
/// Skill in cross-validation from which a failure on validation is odd.
const PREDICTS: f64 = 0.3;

/// Inputs and targets of different samples are held together.
pub struct TargetsMisaligned;

impl Cause for TargetsMisaligned {
    fn card(&self) -> Card {
        Card { id: "targets-misaligned", since: "0.1", explain: include_str!("targets_misaligned.md") }
    }

    fn is_told_of_unpredictable(&self) -> bool {
        true
    }

    fn evidence(&self, case: &Case<'_>) -> Vec<Evidence> {
        let mut evidence = Vec::new();
        evidence.extend(another_order(case));
        if let LoggedLoss::Other { step, logged, mine } = case.logged_loss() {
            evidence.push(
                Evidence::strong(format!(
                    "the loss that was minimised was {} at step {step}, but {} for the same predictions against the samples' own \
                     targets: it was trained on the targets of other samples",
                    shown(logged),
                    shown(mine)
                ))
                .shown_in(EvidenceFigure::LossPerStep)
                .number("logged", logged)
                .number("own", mine),
            );
        }
        evidence.extend(only_on_validation(case));
        evidence.extend(exchanged(case));
        if evidence.is_empty() && case.is_any(&[State::Memorised]) && case.has_signal() == Some(false) {
            evidence.push(Evidence::suggestive(
                "the training set was learned by heart and nothing of it holds for other samples, as with targets in a wrong order",
            ));
        }
        evidence
    }

    fn fixes(&self, _case: &Case<'_>) -> Vec<Fix> {
        vec![Fix::new("faults.targets", "\"aligned\"", "each sample then has its own target")]
    }

    fn advice(&self) -> Option<&'static str> {
        Some("join inputs and targets by a key, not by position, and shuffle them with one permutation")
    }
}

/// Two outputs of which the sum is predicted and the difference is not, though each varies by itself: in some of the samples
/// one stands in the place of the other, as after a mirrored picture whose left and right were not exchanged.
fn exchanged(case: &Case<'_>) -> Option<Evidence> {
    /// Outputs of which every pair is looked at.
    const MOST_OUTPUTS: usize = 32;
    /// Skill of the sum from which it is predicted, and of the difference up to which that is not.
    const PREDICTED: f64 = 0.8;
    const LOST: f64 = 0.3;
    let record = case.trained?.record;
    let outputs = record.run.data.targets.len();
    let look =
        record.last_predictions(Split::Train).filter(|look| look.predictions.iter().all(|value| value.is_finite()))?;
    let columns: Vec<(Vec<f64>, Vec<f64>)> =
        (0..outputs.min(MOST_OUTPUTS)).filter_map(|output| columns(look, outputs, output)).collect();
    let combined = |one: &[f64], other: &[f64], sign: f64| -> Vec<f64> {
        one.iter().zip(other).map(|(one, other)| one + sign * other).collect()
    };
    let skill =
        |(targets, predictions): &(Vec<f64>, Vec<f64>), (others, other_predictions): &(Vec<f64>, Vec<f64>), sign| {
            stats::skill(&combined(targets, others, sign), &combined(predictions, other_predictions, sign))
        };
    let names: Vec<&str> = record.outputs().collect();
    let pairs = (0..columns.len()).flat_map(|first| (first + 1..columns.len()).map(move |second| (first, second)));
    let found = pairs.filter_map(|(first, second)| {
        let (one, other) = (columns.get(first)?, columns.get(second)?);
        let (sum, difference) = (skill(one, other, 1.0)?, skill(one, other, -1.0)?);
        let neither = [one, other].iter().all(|(targets, predictions)| {
            stats::skill(targets, predictions).is_some_and(|skill| skill < 0.5 * PREDICTED)
        });
        (sum > PREDICTED && difference < LOST && neither).then_some((first, second, sum, difference))
    });
    let (first, second, sum, difference) = found.max_by(|one, other| one.2.total_cmp(&other.2))?;
    Some(
        Evidence::strong(format!(
            "the sum of `{}` and `{}` is predicted (skill {}), and their difference is not ({}): in some samples each stands in \
             the place of the other",
            names.get(first)?,
            names.get(second)?,
            shown(sum),
            shown(difference)
        ))
        .shown_in(EvidenceFigure::PredictedAgainstTarget)
        .number("sum_skill", sum)
        .number("difference_skill", difference),
    )
}

/// Another order of the rows in which the inputs explain the targets, though they do not as they are.
fn another_order(case: &Case<'_>) -> Option<Evidence> {
    let alignments = &case.data.alignments;
    let given = alignments.iter().find(|alignment| alignment.order == RowOrder::AsGiven)?;
    if given.explained > given.chance {
        return None;
    }
    let best = alignments.iter().max_by(|one, other| one.explained.total_cmp(&other.explained))?;
    let found = best.order != RowOrder::AsGiven
        && best.explained > EXPLAINS
        && best.explained > ABOVE_CHANCE * best.chance.max(0.0);
    found.then(|| {
        Evidence::strong(format!(
            "the inputs explain {} of the targets' variance {}, and nothing beyond chance as they are",
            shown(best.explained),
            in_words(best.order)
        ))
        .number("explained", best.explained)
        .number("explained_as_given", given.explained)
        .number("chance", best.chance)
    })
}

fn in_words(order: RowOrder) -> String {
    match order {
        RowOrder::AsGiven => "as they are".to_owned(),
        RowOrder::Shifted(by) if by > 0 => format!("when each input is held against the target {by} rows later"),
        RowOrder::Shifted(by) => {
            format!("when each input is held against the target {} rows earlier", by.unsigned_abs())
        }
        RowOrder::Reversed => "when the targets are read from the last to the first".to_owned(),
        RowOrder::SortedAsText => {
            "when the targets are put in the order of their row numbers sorted as text".to_owned()
        }
        RowOrder::InputsSortedAsText => {
            "when the inputs are put in the order of their row numbers sorted as text".to_owned()
        }
    }
}

/// Every learner that predicts in cross-validation fails on the validation split, whose inputs and targets look the same.
fn only_on_validation(case: &Case<'_>) -> Option<Evidence> {
    let references = case.references?;
    if references.validation_samples < TELLING_SAMPLES {
        return None;
    }
    let learners =
        references.learners.iter().filter(|learner| !matches!(learner.learner, Learner::Mean | Learner::Median));
    let skills: Vec<(Estimate, Estimate)> = learners
        .flat_map(|learner| &learner.outputs)
        .filter_map(|output| Some((output.cross_validated?, output.validation?)))
        .filter(|(trained, _)| trained.low > PREDICTS)
        .collect();
    let all_fail = !skills.is_empty() && skills.iter().all(|(trained, validation)| validation.high < trained.low / 2.0);
    // Other inputs, or targets elsewhere, are another story.
    let same_place = case.data.targets.iter().all(|target| {
        target.validation.is_some_and(|validation| (validation.mean - target.train.mean).abs() < target.train.std)
    });
    let same_inputs = case.data.columns.iter().all(|column| {
        column.validation.is_none_or(|validation| {
            (validation.mean - column.train.mean).abs() <= column.train.std.max(f64::MIN_POSITIVE)
        })
    });
    let (trained, validation) = skills.first()?;
    (all_fail && same_place && same_inputs).then(|| {
        Evidence::strong(format!(
            "what predicts the training split in cross-validation (skill {}) fails on validation ({}), whose inputs and targets look \
             alike: the validation targets are those of other samples",
            shown(trained.value),
            shown(validation.value)
        ))
        .shown_in(EvidenceFigure::ReferenceLearners)
        .number("cross_validated", trained.value)
        .number("validation", validation.value)
    })
}
