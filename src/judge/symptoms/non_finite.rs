#![doc = include_str!("non_finite.md")]

use super::{Card, Finding, Symptom, numbers};
use crate::record::{Channel, Point, Record, SeriesId, Split};

/// A NaN or an infinity among the readings or the predictions.
pub struct NonFiniteNumbers;

impl Symptom for NonFiniteNumbers {
    fn card(&self) -> Card {
        Card { id: "non-finite", since: "0.1", explain: include_str!("non_finite.md") }
    }

    fn look(&self, record: &Record) -> Option<Finding> {
        let (subject, words, step, split) = first_reading(record).or_else(|| first_prediction(record))?;
        Some(Finding {
            id: self.card().id.to_owned(),
            sentence: format!("{words} was NaN or infinite, first at step {step}"),
            subjects: vec![subject],
            numbers: numbers([("first_step", step as f64)]),
            step,
            split,
        })
    }
}

/// The earliest reading that is not finite; at the same step in the order in which it arose: layers, predictions, loss.
fn first_reading(record: &Record) -> Option<(String, String, u64, Split)> {
    let bad = |points: &[Point]| points.iter().find(|point| point.value.finite().is_none()).map(|point| point.step);
    let firsts = record.series.iter().filter_map(|(id, points)| Some((bad(points)?, id)));
    let (step, id) = firsts.min_by_key(|(step, id)| (*step, place(record, id)))?;
    let (subject, words) = named(id);
    Some((subject, words, step, id.split))
}

/// Where in the pass of a step a reading is taken: forward through the layers, loss, then backward.
fn place(record: &Record, id: &SeriesId) -> (u8, usize) {
    let layer =
        record.run.layers.iter().position(|layer| layer.name == id.layer || layer.parameters.contains(&id.layer));
    let layer = layer.unwrap_or(record.run.layers.len());
    match id.channel {
        Channel::ActivationMean
        | Channel::ActivationStd
        | Channel::ZeroFraction
        | Channel::Saturation
        | Channel::DeadFraction
        | Channel::DeadFractionProbe
        | Channel::UnitAlive
        | Channel::ReadoutSkill
        | Channel::EffectiveRank
        | Channel::OutputSlope => (0, layer),
        Channel::PredictionMean | Channel::PredictionStd => (1, layer),
        Channel::Loss | Channel::LossRatio | Channel::RecomputedLoss | Channel::PairedLoss => (2, layer),
        Channel::Spread | Channel::Skill | Channel::Correlation | Channel::CalibrationSlope => (3, layer),
        // Gradients come from the last layer to the first.
        Channel::ActivationGradientNorm | Channel::GradientNorm | Channel::GradientZeroFraction => {
            (4, record.run.layers.len() - layer)
        }
        Channel::GradientCosine | Channel::GradientRatio => (4, record.run.layers.len() - layer),
        Channel::UpdateRatio | Channel::WeightNorm | Channel::DistanceFromStart | Channel::LearningRate => (5, layer),
        Channel::Sharpness | Channel::StabilityRatio => (6, layer),
    }
}

/// Subject and words for what a series measures.
fn named(id: &SeriesId) -> (String, String) {
    let what = match id.channel {
        Channel::Loss | Channel::LossRatio | Channel::RecomputedLoss | Channel::PairedLoss => "the loss",
        Channel::LearningRate => "the learning rate",
        Channel::PredictionMean | Channel::PredictionStd => "a prediction",
        Channel::Spread | Channel::Skill | Channel::Correlation | Channel::CalibrationSlope => "a score",
        Channel::ActivationMean
        | Channel::ActivationStd
        | Channel::ZeroFraction
        | Channel::Saturation
        | Channel::DeadFraction
        | Channel::DeadFractionProbe
        | Channel::UnitAlive
        | Channel::ReadoutSkill
        | Channel::EffectiveRank
        | Channel::OutputSlope => "an activation",
        Channel::GradientNorm
        | Channel::GradientZeroFraction
        | Channel::ActivationGradientNorm
        | Channel::GradientCosine
        | Channel::GradientRatio => "a gradient",
        Channel::WeightNorm | Channel::DistanceFromStart => "a weight",
        Channel::UpdateRatio => "an update",
        Channel::Sharpness | Channel::StabilityRatio => "the curvature of the loss",
    };
    if id.layer.is_empty() {
        ("loss".to_owned(), what.to_owned())
    } else {
        (id.layer.clone(), format!("{what} of `{}`", id.layer))
    }
}

/// The earliest look with a prediction that is not finite.
fn first_prediction(record: &Record) -> Option<(String, String, u64, Split)> {
    let look = record.probe.iter().find(|look| look.predictions.iter().any(|value| !value.is_finite()))?;
    let step = super::step_of_look(record, look.epoch);
    Some(("predictions".to_owned(), "a prediction on the probe set".to_owned(), step, look.split))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::synthetic::Synthetic;

    #[test]
    fn names_the_first_step_and_the_first_layer_on_the_way_forward() {
        let record = Synthetic::new()
            .loss_ratios([1.0, 1.0, f64::NAN])
            .steps(Channel::ActivationMean, "dense_2", [1.0, 1.0, f64::NAN])
            .steps(Channel::ActivationMean, "dense_1", [1.0, 1.0, f64::INFINITY])
            .steps(Channel::GradientNorm, "dense_1.weight", [1.0, 1.0, f64::NAN, f64::NAN])
            .record();
        let found = NonFiniteNumbers.look(&record).expect("a NaN");
        insta::assert_snapshot!(found.sentence, @"an activation of `dense_1` was NaN or infinite, first at step 3");
    }

    #[test]
    fn a_gradient_is_named_from_the_last_layer_to_the_first() {
        let record = Synthetic::new()
            .steps(Channel::GradientNorm, "dense_1.weight", [1.0, f64::NAN])
            .steps(Channel::GradientNorm, "dense_2.weight", [1.0, f64::NAN])
            .record();
        assert_eq!(NonFiniteNumbers.look(&record).expect("a NaN").subjects, ["dense_2.weight"]);
    }

    #[test]
    fn predictions_count_and_huge_numbers_do_not() {
        let with = |value: f64| Synthetic::new().look(Split::Validation, 2, &[1.0, 2.0], &[value, 0.0]);
        let mut record = with(f64::NAN).record();
        record.series.clear();
        let found = NonFiniteNumbers.look(&record).expect("a NaN");
        assert_eq!((found.step, found.split), (20, Split::Validation));
        assert_eq!(NonFiniteNumbers.look(&with(1e30).record()), None);
    }
}
