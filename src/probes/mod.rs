//! The instruments. Each is one file and one line in [`ALL`]; it reads sums that the training step hands over and
//! answers with readings.
//!
//! Probes never disturb the run. They see [`StepView`], [`EpochView`] and [`SparseView`], which hold plain numbers that
//! were reduced from the network's memory: no tensor, no random generator, nothing that training could notice. All
//! reductions over activations happen in one fused pass ([`sums`]), and norms of gradients, weights and updates fall
//! out of the pass in which the optimiser moves the weights anyway.

use crate::{
    experiment::Loss,
    record::{Channel, LayerInfo, SeriesId, Split},
};

pub mod activations;
pub mod dead_units;
pub mod distance;
pub mod gradients;
pub mod loss;
pub mod output_slope;
pub mod predictions;
pub mod recomputed_gradient;
pub mod recomputed_loss;
pub mod sharpness;
pub mod signal;
pub mod sums;
pub mod updates;
pub mod wide;

use recomputed_gradient::Compared;
use sharpness::Curvature;
use signal::LayerSpectrum;
use sums::{ActivationSums, OutputSums, ParameterSums};

/// Names a probe and says what it is for.
#[derive(Clone, Copy, Debug)]
pub struct Card {
    /// Identifier in kebab case, never reused.
    pub id: &'static str,
    /// Which two situations it tells apart, in one sentence.
    pub tells: &'static str,
    /// Version in which it appeared.
    pub since: &'static str,
    /// The channels it writes.
    pub channels: &'static [Channel],
}

/// One training step, reduced to sums.
pub struct StepView<'a> {
    /// Number of the step, from 1.
    pub step: u64,
    /// Loss of the batch, as the optimiser sees it.
    pub loss: f64,
    /// Learning rate of the step.
    pub lr: f64,
    /// Layers in order.
    pub layers: &'a [LayerInfo],
    /// One entry for each layer.
    pub activations: &'a [ActivationSums],
    /// L2 norm of the loss' gradient with respect to each layer's activations; `None` where nothing before it learns.
    pub activation_gradients: &'a [Option<f64>],
    /// Names of the parameters, in order.
    pub parameters: &'a [String],
    /// One entry for each parameter.
    pub parameter_sums: &'a [ParameterSums],
    /// Names of the outputs.
    pub outputs: &'a [String],
    /// One entry for each output, over the batch.
    pub batch: &'a [OutputSums],
    /// Variance (ddof 0) of each output's training targets [target units squared].
    pub target_variance: &'a [f64],
    /// Which loss is minimised.
    pub loss_kind: Loss,
    /// Predictions for the batch, row-major `[N, outputs]`.
    pub predictions: &'a [f32],
    /// The samples' own targets, row-major `[N, outputs]`.
    pub targets: &'a [f32],
    /// The gradient that the optimiser was given beside the one computed anew; `None` where that was not due.
    pub compared: Option<Compared>,
}

/// One split's part of the probe set after an epoch.
pub struct EpochView<'a> {
    /// Which part.
    pub split: Split,
    /// Epoch from 1; 0: the untrained network.
    pub epoch: u32,
    /// Layers in order; empty where only inputs or predictions were looked at.
    pub layers: &'a [LayerInfo],
    /// One entry for each layer, over the whole probe set.
    pub activations: &'a [ActivationSums],
    /// Names of the outputs.
    pub outputs: &'a [String],
    /// One entry for each output, over the whole probe set.
    pub predictions: &'a [OutputSums],
    /// What the network was fed; `None` where nobody asks.
    pub inputs: Option<&'a ActivationSums>,
    /// Names of the parameters, and how far each is from its start; both empty where that was not measured.
    pub parameters: &'a [String],
    /// One entry for each parameter; see [`distance`].
    pub distances: &'a [f64],
    /// Mean slope of the last activation; `None` where it was not measured.
    pub output_slope: Option<f64>,
}

impl EpochView<'_> {
    /// A view of nothing, to be filled with what was looked at.
    pub fn of(split: Split, epoch: u32) -> Self {
        Self {
            split,
            epoch,
            layers: &[],
            activations: &[],
            outputs: &[],
            predictions: &[],
            inputs: None,
            parameters: &[],
            distances: &[],
            output_slope: None,
        }
    }
}

/// What is too dear to look at often: at the start, sparsely on the way, and at the end.
pub struct SparseView<'a> {
    /// Part of the data that the spectra are of.
    pub split: Split,
    /// The network's input, then the layers in order, over a part of the split's probe set.
    pub spectra: &'a [LayerSpectrum],
    /// Targets of the same samples, row-major `[N, outputs]`.
    pub targets: &'a [f32],
    /// Number of outputs.
    pub outputs: usize,
    /// Curvature of the training loss; `None` where it cannot be measured.
    pub curvature: Option<Curvature>,
}

/// Takes the readings of the probes.
pub trait Readings {
    /// One value. Not calling this is how a probe says "not measured".
    fn put(&mut self, split: Split, channel: Channel, layer: &str, value: f64);

    /// One value of a unit, kept only where it differs from the unit's value before.
    fn put_change(&mut self, id: SeriesId, value: f64);
}

/// One instrument. It has no state of its own: what lasts over a run is kept by the recorder.
pub trait Probe: Sync {
    /// What it is.
    fn card(&self) -> Card;
    /// After each training step.
    fn step(&self, view: &StepView<'_>, readings: &mut dyn Readings);
    /// After each epoch (and once before the first), on each split's part of the probe set.
    fn epoch(&self, view: &EpochView<'_>, readings: &mut dyn Readings);
    /// At the start, sparsely on the way, and at the end; most probes have nothing to say there.
    fn sparse(&self, _view: &SparseView<'_>, _readings: &mut dyn Readings) {}
}

/// Every instrument, in the order of the record's documentation.
pub const ALL: &[&dyn Probe] = &[
    &loss::Loss,
    &predictions::Predictions,
    &activations::Activations,
    &dead_units::DeadUnits,
    &gradients::Gradients,
    &updates::Updates,
    &signal::Signal,
    &sharpness::Sharpness,
    &recomputed_loss::RecomputedLoss,
    &recomputed_gradient::RecomputedGradient,
    &distance::Distance,
    &output_slope::OutputSlope,
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn cards_are_unique_kebab_case_and_claim_no_channel_twice() {
        let mut ids = BTreeSet::new();
        let mut channels = BTreeSet::new();
        for probe in ALL {
            let card = probe.card();
            assert!(ids.insert(card.id), "{} twice", card.id);
            assert!(card.id.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", card.id);
            assert!(!card.tells.is_empty() && !card.since.is_empty());
            for channel in card.channels {
                assert!(channels.insert(*channel), "{channel:?} is written by two probes");
            }
        }
        // The learning rate's channel belongs to the loss probe; together the probes cover the whole enum.
        assert_eq!(channels.len(), 31, "a channel has no probe, or a new one is not counted here");
    }
}
