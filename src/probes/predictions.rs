//! The predictions: where they are, how far they spread, and how they go with the targets.

use super::{Card, EpochView, Probe, Readings, StepView};
use crate::record::{Channel, Split};

/// Mean and standard deviation of each batch's predictions; skill, spread, correlation and calibration slope on the
/// probe set.
///
/// - Absent: skill, spread and correlation where the targets are constant; correlation and slope where the predictions
///   are (to the bit).
pub struct Predictions;

impl Probe for Predictions {
    fn card(&self) -> Card {
        Card {
            id: "predictions",
            tells: "predictions that follow the inputs from one answer for every input",
            since: "0.1",
            channels: &[
                Channel::PredictionMean,
                Channel::PredictionStd,
                Channel::Spread,
                Channel::Skill,
                Channel::Correlation,
                Channel::CalibrationSlope,
            ],
        }
    }

    fn step(&self, view: &StepView<'_>, readings: &mut dyn Readings) {
        for (name, output) in view.outputs.iter().zip(view.batch) {
            readings.put(Split::Train, Channel::PredictionMean, name, output.prediction_mean());
            readings.put(Split::Train, Channel::PredictionStd, name, output.prediction_variance().sqrt());
        }
    }

    fn epoch(&self, view: &EpochView<'_>, readings: &mut dyn Readings) {
        if view.split == Split::StandardisedInputs {
            return; // it asks what the inputs do to the layers; nothing was trained on them
        }
        for (name, output) in view.outputs.iter().zip(view.predictions) {
            if view.split == Split::Validation {
                readings.put(view.split, Channel::PredictionMean, name, output.prediction_mean());
                readings.put(view.split, Channel::PredictionStd, name, output.prediction_variance().sqrt());
            }
            let (of_targets, of_predictions) = (output.target_variance(), output.prediction_variance());
            if of_targets > 0.0 {
                readings.put(view.split, Channel::Skill, name, 1.0 - output.mean_squared_error() / of_targets);
                readings.put(view.split, Channel::Spread, name, (of_predictions / of_targets).sqrt());
            }
            // NaN is not above zero, and a NaN of the predictions is already a reading of skill and spread.
            if of_targets > 0.0 && of_predictions > 0.0 {
                let covariance = output.covariance();
                readings.put(view.split, Channel::Correlation, name, covariance / (of_targets * of_predictions).sqrt());
                readings.put(view.split, Channel::CalibrationSlope, name, covariance / of_predictions);
            }
        }
    }
}
