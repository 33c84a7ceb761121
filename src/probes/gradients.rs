//! What comes back from the loss.

use super::{Card, EpochView, Probe, Readings, StepView};
use crate::record::{Channel, Split};

/// Norm and exact zeros of each parameter's gradient (before clipping), and the norm of the gradient that reaches each
/// layer's activations on its way back from the loss.
pub struct Gradients;

impl Probe for Gradients {
    fn card(&self) -> Card {
        Card {
            id: "gradients",
            tells: "a layer that still learns from one that the loss no longer reaches",
            since: "0.1",
            channels: &[Channel::GradientNorm, Channel::GradientZeroFraction, Channel::ActivationGradientNorm],
        }
    }

    fn step(&self, view: &StepView<'_>, readings: &mut dyn Readings) {
        for (name, sums) in view.parameters.iter().zip(view.parameter_sums) {
            readings.put(Split::Train, Channel::GradientNorm, name, sums.gradient_norm());
            readings.put(Split::Train, Channel::GradientZeroFraction, name, sums.gradient_zero_fraction());
        }
        for (layer, norm) in view.layers.iter().zip(view.activation_gradients) {
            if let &Some(norm) = norm {
                readings.put(Split::Train, Channel::ActivationGradientNorm, &layer.name, norm);
            }
        }
    }

    fn epoch(&self, _: &EpochView<'_>, _: &mut dyn Readings) {}
}
