//! Units that never fire.

use super::{Card, EpochView, Probe, Readings, StepView};
use crate::record::{Channel, LayerInfo, SeriesId, Split};

/// Fraction of ReLU units that output 0 for every sample: of the batch at each step, of the probe set at each epoch;
/// and, unit by unit, when it died or came back.
///
/// From non-zero counts over all samples: a unit silent in one batch may fire in the next, so a mean of batch fractions
/// reads too high.
/// - Shape: activations `[N, H]` or `[N, C, H, W]`; a unit is one `H`, or one channel `C`.
/// - Unit: fraction in `0..=1`. Direction: lower is better, but dead units alone are no verdict.
/// - Absent: the layer has no ReLU. NaN counts as alive; the activation probe reports it.
/// - Source: Lu et al. 2019, "Dying ReLU and Initialization".
pub struct DeadUnits;

/// Units beyond this index are counted, but have no series of their own (a record of a wide layer stays small).
const MOST_UNIT_SERIES: usize = 512;

/// Whether the layer's activation can be exactly zero for every input: then its units are watched.
pub fn can_die(layer: &LayerInfo) -> bool {
    layer.activation == "relu"
}

impl Probe for DeadUnits {
    fn card(&self) -> Card {
        Card {
            id: "dead-units",
            tells: "a ReLU layer with units that fire for some input from one through which nothing passes",
            since: "0.1",
            channels: &[Channel::DeadFraction, Channel::DeadFractionProbe, Channel::UnitAlive],
        }
    }

    fn step(&self, view: &StepView<'_>, readings: &mut dyn Readings) {
        for (layer, sums) in view.layers.iter().zip(view.activations).filter(|(layer, _)| can_die(layer)) {
            if let Some(fraction) = sums.dead_fraction() {
                readings.put(Split::Train, Channel::DeadFraction, &layer.name, fraction);
            }
        }
    }

    fn epoch(&self, view: &EpochView<'_>, readings: &mut dyn Readings) {
        // Along the training path dropout silences units that are alive.
        if matches!(view.split, Split::Validation | Split::TrainingPath) {
            return;
        }
        for (layer, sums) in view.layers.iter().zip(view.activations).filter(|(layer, _)| can_die(layer)) {
            if let Some(fraction) = sums.dead_fraction() {
                readings.put(view.split, Channel::DeadFractionProbe, &layer.name, fraction);
            }
            if view.split != Split::Train {
                continue;
            }
            for (unit, &alive) in sums.alive().iter().enumerate().take(MOST_UNIT_SERIES) {
                let id = SeriesId {
                    split: view.split,
                    channel: Channel::UnitAlive,
                    layer: layer.name.clone(),
                    unit: i32::try_from(unit).ok(),
                };
                readings.put_change(id, f64::from(u8::from(alive)));
            }
        }
    }
}
