//! The loss, and what it would be for the mean predictor.

use super::{Card, EpochView, Probe, Readings, StepView};
use crate::record::{Channel, Split};

/// Loss of each batch; its squared error over the variance of the training targets; the learning rate of the step.
///
/// The ratio is recomputed from predictions and targets, never from the logged loss, so that it is 1 for the mean
/// predictor whatever the loss is. Outputs whose targets are constant are left out of it; with none left it is absent.
pub struct Loss;

impl Probe for Loss {
    fn card(&self) -> Card {
        Card {
            id: "loss",
            tells: "a loss that falls below the variance of the target from one that sits on it",
            since: "0.1",
            channels: &[Channel::Loss, Channel::LossRatio, Channel::LearningRate],
        }
    }

    fn step(&self, view: &StepView<'_>, readings: &mut dyn Readings) {
        readings.put(Split::Train, Channel::Loss, "", view.loss);
        readings.put(Split::Train, Channel::LearningRate, "", view.lr);
        let ratios: Vec<f64> = view
            .batch
            .iter()
            .zip(view.target_variance)
            .filter(|&(_, &variance)| variance > 0.0)
            .map(|(output, variance)| output.mean_squared_error() / variance)
            .collect();
        if !ratios.is_empty() {
            let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
            readings.put(Split::Train, Channel::LossRatio, "", mean);
        }
    }

    fn epoch(&self, _: &EpochView<'_>, _: &mut dyn Readings) {}
}
