//! What flows through each layer.

use super::{Card, EpochView, Probe, Readings, StepView};
use crate::record::{Channel, Split};

/// Name of the network's input among the layers.
pub const INPUT: &str = "input";

/// Mean, standard deviation, exact zeros and saturation of each layer's activations, over the batch; of the untrained network
/// spread and saturation over the probe set as well, as they are and as they would be with standardised inputs; and at the
/// end mean and spread of what training and inference feed the network, under the name `input`.
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

    fn epoch(&self, view: &EpochView<'_>, readings: &mut dyn Readings) {
        if let Some(inputs) = view.inputs {
            readings.put(view.split, Channel::ActivationMean, INPUT, inputs.mean());
            readings.put(view.split, Channel::ActivationStd, INPUT, inputs.std());
        }
        // Later the series of the training split are those of the batches.
        let (spread, saturation) = match view.split {
            Split::Train => (false, view.epoch == 0),
            Split::WholeTrain => (false, true),
            Split::StandardisedInputs => (true, true),
            Split::Validation | Split::TrainingPath => (false, false),
        };
        for (layer, sums) in view.layers.iter().zip(view.activations) {
            if spread {
                readings.put(view.split, Channel::ActivationStd, &layer.name, sums.std());
            }
            if let Some(fraction) = sums.saturation().filter(|_| saturation) {
                readings.put(view.split, Channel::Saturation, &layer.name, fraction);
            }
        }
    }
}
