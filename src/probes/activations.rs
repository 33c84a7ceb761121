//! What flows through each layer.

use super::{Card, EpochView, Probe, Readings, StepView};
use crate::record::{Channel, Split};

/// Mean, standard deviation, exact zeros and saturation of each layer's activations, over the batch.
///
/// - Shape: `[N, H]` or `[N, C, H, W]`, after the activation function.
/// - Absent: saturation for activations without flat ends on both sides.
pub struct Activations;

impl Probe for Activations {
    fn card(&self) -> Card {
        Card {
            id: "activations",
            tells: "a layer that passes its input on from one that is silent, saturated or exploding",
            since: "0.1",
            channels: &[Channel::ActivationMean, Channel::ActivationStd, Channel::ZeroFraction, Channel::Saturation],
        }
    }

    fn step(&self, view: &StepView<'_>, readings: &mut dyn Readings) {
        for (layer, sums) in view.layers.iter().zip(view.activations) {
            readings.put(Split::Train, Channel::ActivationMean, &layer.name, sums.mean());
            readings.put(Split::Train, Channel::ActivationStd, &layer.name, sums.std());
            readings.put(Split::Train, Channel::ZeroFraction, &layer.name, sums.zero_fraction());
            if let Some(saturation) = sums.saturation() {
                readings.put(Split::Train, Channel::Saturation, &layer.name, saturation);
            }
        }
    }

    fn epoch(&self, _: &EpochView<'_>, _: &mut dyn Readings) {}
}
