#![doc = include_str!("targets_misaligned.md")]

use super::{Card, Case, Cause, Evidence, EvidenceFigure, Fix, case::shown, recomputed::LoggedLoss};
use crate::{
    data::RowOrder,
    judge::{Estimate, State, attainable::is_sound, look::columns, stats},
    record::Split,
    references::Learner,
};

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
        Evidence::suggestive(format!(
            "the sum of `{}` and `{}` is predicted (skill {}), and their difference is not ({}), as where each stands in the place of \
             the other in some samples",
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
    // What any learner predicts with the rows as they are belongs together.
    if given.explained > given.chance || case.has_signal() == Some(true) {
        return None;
    }
    let best = alignments.iter().max_by(|one, other| one.explained.total_cmp(&other.explained))?;
    let found = best.order != RowOrder::AsGiven && best.explained > EXPLAINS && best.explained > best.chance;
    found.then(|| {
        let text = format!(
            "the inputs explain {} of the targets' variance {}, and nothing beyond chance as they are",
            shown(best.explained),
            in_words(best.order)
        );
        // Inputs that are made from earlier targets, such as a mean of the last days, look the same.
        let earlier = matches!(best.order, RowOrder::Shifted(by) if by < 0);
        let evidence = if earlier {
            Evidence::suggestive(format!("{text}; or the inputs are made from earlier targets"))
        } else {
            Evidence::strong(text)
        };
        evidence
            .number("explained", best.explained)
            .number("explained_as_given", given.explained)
            .number("chance", best.chance)
    })
}

fn in_words(order: RowOrder) -> String {
    match order {
        RowOrder::AsGiven => "as they are".to_owned(),
        RowOrder::Shifted(by) => {
            let rows = if by.unsigned_abs() == 1 { "row" } else { "rows" };
            let side = if by > 0 { "later" } else { "earlier" };
            format!("when each input is held against the target {} {rows} {side}", by.unsigned_abs())
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
        .filter(|output| is_sound(output))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        data::Alignment,
        judge::{
            causes::staged::{STEPS, bare, flat, flat_at, instrumented, learned, predicts, told, told_before},
            synthetic::{Synthetic, noise, reference},
        },
        record::Channel,
    };

    fn silent() -> Synthetic {
        bare().references(&[reference(-0.02, 0.7)])
    }

    fn orders(of: Synthetic, explained: &[(RowOrder, f64)]) -> Synthetic {
        let alignments =
            explained.iter().map(|(order, explained)| Alignment { order: *order, explained: *explained, chance: 0.02 });
        let alignments: Vec<Alignment> = alignments.collect();
        of.with(move |run| run.data.alignments = alignments)
    }

    #[test]
    fn another_order_of_the_rows_explains_the_targets() {
        let all = [
            (RowOrder::Shifted(1), "later"),
            (RowOrder::Shifted(-2), "earlier"),
            (RowOrder::Reversed, "reversed"),
            (RowOrder::SortedAsText, "text"),
            (RowOrder::InputsSortedAsText, "inputs"),
        ];
        let lines = all.map(|(order, _)| {
            let of = orders(silent(), &[(RowOrder::AsGiven, 0.004), (order, 0.7)]);
            told_before(&TargetsMisaligned, of).lines().next().unwrap_or_default().to_owned()
        });
        insta::assert_snapshot!(lines.join("\n"), @r"
        strong: the inputs explain 0.7 of the targets' variance when each input is held against the target 1 row later, and nothing beyond chance as they are
        suggestive: the inputs explain 0.7 of the targets' variance when each input is held against the target 2 rows earlier, and nothing beyond chance as they are; or the inputs are made from earlier targets
        strong: the inputs explain 0.7 of the targets' variance when the targets are read from the last to the first, and nothing beyond chance as they are
        strong: the inputs explain 0.7 of the targets' variance when the targets are put in the order of their row numbers sorted as text, and nothing beyond chance as they are
        strong: the inputs explain 0.7 of the targets' variance when the inputs are put in the order of their row numbers sorted as text, and nothing beyond chance as they are
        ");
        let trained = orders(flat_at(silent(), 1.0), &[(RowOrder::AsGiven, 0.004), (RowOrder::Shifted(1), 0.7)]);
        insta::assert_snapshot!(told(&TargetsMisaligned, trained), @r#"
        unpredictable
        strong: the inputs explain 0.7 of the targets' variance when each input is held against the target 1 row later, and nothing beyond chance as they are
        -> faults.targets="aligned": each sample then has its own target
        "#);
        assert!(TargetsMisaligned.is_told_of_unpredictable());
    }

    #[test]
    fn rows_in_order_are_not_accused() {
        let found = |orders_of: &[(RowOrder, f64)]| {
            told_before(&TargetsMisaligned, orders(bare(), orders_of)).contains("strong")
        };
        // A series in time is explained a row later as well.
        assert!(!found(&[(RowOrder::AsGiven, 0.6), (RowOrder::Shifted(1), 0.65)]));
        // Chance, and hardly more than chance.
        assert!(!found(&[(RowOrder::AsGiven, 0.004), (RowOrder::Reversed, 0.03)]));
        assert!(!found(&[(RowOrder::AsGiven, f64::NAN), (RowOrder::Reversed, f64::NAN)]));
        assert!(!found(&[(RowOrder::Reversed, 0.7)]), "the order as given was not tried");
    }

    #[test]
    fn a_loss_of_the_targets_of_others() {
        let logs = |of: Synthetic, logged: f64| {
            of.forget(Channel::Loss, "")
                .forget(Channel::RecomputedLoss, "")
                .steps(Channel::RecomputedLoss, "", [2.0; STEPS])
                .steps(Channel::Loss, "", [logged; STEPS])
        };
        insta::assert_snapshot!(told(&TargetsMisaligned, logs(flat(), 5.0)), @r#"
        collapsed
        strong: the loss that was minimised was 5 at step 1, but 2 for the same predictions against the samples' own targets: it was trained on the targets of other samples
        -> faults.targets="aligned": each sample then has its own target
        "#);
        // Over all pairs it is loss-broadcast.
        assert!(!told(&TargetsMisaligned, logs(flat(), 8.0)).contains("strong"));
    }

    #[test]
    fn validation_targets_of_other_samples() {
        let mut only_in_training = reference(0.8, 1e-12);
        only_in_training.validation = reference(-0.6, 0.5).validation;
        insta::assert_snapshot!(told_before(&TargetsMisaligned, bare().references(&[only_in_training])), @r#"
        strong: what predicts the training split in cross-validation (skill 0.8) fails on validation (-0.6), whose inputs and targets look alike: the validation targets are those of other samples
        -> faults.targets="aligned": each sample then has its own target
        "#);
        // Other inputs on validation are a reason.
        let elsewhere = bare().references(&[only_in_training]).with(|run| {
            run.data.columns[0].validation.iter_mut().for_each(|moments| moments.mean = 7.0);
        });
        assert!(!told_before(&TargetsMisaligned, elsewhere).contains("strong"));
        let few = bare().references(&[only_in_training]).with(|run| {
            run.references.iter_mut().for_each(|all| all.validation_samples = 12);
        });
        assert!(!told_before(&TargetsMisaligned, few).contains("strong"));
    }

    #[test]
    fn noise_learned_by_heart_fits() {
        let by_heart =
            |of: Synthetic| instrumented(predicts(of, |i, y| if i < 5000 { y } else { 1.0 + 2.0 * noise(i + 9) }), 0.1);
        insta::assert_snapshot!(told(&TargetsMisaligned, by_heart(silent())).lines().take(2).collect::<Vec<_>>().join("\n"), @r"
        memorised
        suggestive: the training set was learned by heart and nothing of it holds for other samples, as with targets in a wrong order
        ");
        assert!(!told(&TargetsMisaligned, by_heart(bare())).contains("by heart"));
    }

    /// Two outputs of which every second sample has one in the place of the other, and what is predicted of them.
    fn eyes(predict: impl Fn(usize, f64, f64) -> [f64; 2]) -> Synthetic {
        let pairs = (0..200).map(|i| (10.0 + 2.0 * noise(i), 3.0 * noise(i + 700))).map(|(m, d)| (m + d, m - d));
        let targets: Vec<f64> =
            pairs.clone().enumerate().flat_map(|(i, (a, b))| if i % 2 == 0 { [a, b] } else { [b, a] }).collect();
        let predictions: Vec<f64> = pairs.enumerate().flat_map(|(i, (a, b))| predict(i, a, b)).collect();
        (1..=9)
            .fold(bare().outputs(&["left", "right"]), |of, epoch| of.look(Split::Train, epoch, &targets, &predictions))
    }

    #[test]
    fn outputs_that_stand_in_each_others_place() {
        // Nobody can tell which is which, so that the best answer is their mean.
        let exchanged = eyes(|_, a, b| [(a + b) / 2.0; 2]);
        insta::assert_snapshot!(told(&TargetsMisaligned, exchanged).lines().nth(1).expect("fits"), @"suggestive: the sum of `left` and `right` is predicted (skill 1), and their difference is not (-2.7e-6), as where each stands in the place of the other in some samples");
        let told = |of: Synthetic| told(&TargetsMisaligned, of).contains("the sum");
        assert!(!told(eyes(|i, a, b| if i % 2 == 0 { [a, b] } else { [b, a] })), "both are predicted");
        assert!(!told(eyes(|_, _, _| [10.0, 10.0])), "neither is");
    }

    #[test]
    fn targets_in_order_say_nothing() {
        insta::assert_snapshot!(told(&TargetsMisaligned, learned()), @r#"
        learned
        -> faults.targets="aligned": each sample then has its own target
        "#);
        insta::assert_snapshot!(told(&TargetsMisaligned, flat()), @r#"
        collapsed
        -> faults.targets="aligned": each sample then has its own target
        "#);
    }
}
