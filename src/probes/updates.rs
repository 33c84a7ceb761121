//! How far each step moves the weights.

use super::{Card, EpochView, Probe, Readings, StepView};
use crate::record::{Channel, Split};

/// Norm of each parameter after the step, and the norm of the step's update over it.
///
/// - Unit: none. A ratio near 1e-3 is usual for a well set learning rate; near 1 the step replaces the weights.
/// - Absent: the ratio where the parameter is exactly zero.
pub struct Updates;

impl Probe for Updates {
    fn card(&self) -> Card {
        Card {
            id: "updates",
            tells: "a learning rate that nudges the weights from one that throws them away or does not move them",
            since: "0.1",
            channels: &[Channel::WeightNorm, Channel::UpdateRatio],
        }
    }

    fn step(&self, view: &StepView<'_>, readings: &mut dyn Readings) {
        for (name, sums) in view.parameters.iter().zip(view.parameter_sums) {
            let norm = sums.weight_norm();
            readings.put(Split::Train, Channel::WeightNorm, name, norm);
            if norm != 0.0 {
                readings.put(Split::Train, Channel::UpdateRatio, name, sums.update_norm() / norm);
            }
        }
    }

    fn epoch(&self, _: &EpochView<'_>, _: &mut dyn Readings) {}
}
