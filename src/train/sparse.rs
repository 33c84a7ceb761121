//! Looks that are too dear for every epoch: signal by depth, sharpness, and the training path.

use super::{TrainError, batches, curvature, depth, memory, recorder::Recorder, schedule, trainer::Trainer};
use crate::{
    experiment::Probes,
    model::Mode,
    probes::{
        self, EpochView, SparseView, sharpness,
        sums::{ActivationSums, OutputSums},
    },
    record::{ProbePredictions, Split},
};

/// Steps between two sparse looks. One costs as much as 14 steps of the question's network (`benches/step.rs` measures it:
/// signal 1.7, sharpness 12), so that they take 0.7 % of the training.
pub const EVERY_STEPS: u64 = 2000;
/// Most samples of the probe set whose activations are decomposed: the cost grows with the cube of them.
const SIGNAL_SAMPLES: usize = 256;
/// Validation samples of the probe set from which the signal is read off them rather than off training samples: with fewer
/// the read-out of a wide layer scatters by more than a tenth.
const LEAST_UNSEEN: usize = 64;
/// Most samples of the probe set that the loss' curvature is taken on.
const CURVATURE_SAMPLES: usize = 64;

/// Whether a look at the end of an epoch (0: at the untrained network), after this many steps, is a sparse one: the first of
/// all, and the first end of an epoch after every [`EVERY_STEPS`] steps. A function of its arguments alone, so that a resumed
/// run looks as the uninterrupted one did.
pub fn due(step: u64, steps_per_epoch: u64, epoch: u32) -> bool {
    step / EVERY_STEPS > step.saturating_sub(steps_per_epoch) / EVERY_STEPS || epoch == 0
}

/// At most `most` of the samples, evenly spaced.
fn spaced(samples: &[u32], most: usize) -> Vec<u32> {
    let kept = samples.len().min(most);
    (0..kept).map(|place| samples[place * samples.len() / kept]).collect()
}

impl Trainer {
    /// Signal by depth and sharpness, on a part of the training probe set.
    ///
    /// # Errors
    /// When libtorch refuses.
    pub fn look_sparsely(&mut self, step: u64, epoch: u32, recorder: &mut Recorder) -> Result<(), TrainError> {
        if self.probes == Probes::None {
            return Ok(());
        }
        self.look_at_signal(step, epoch, recorder)?;
        self.look_at_curvature(step, epoch, recorder)
    }

    /// What each layer holds of the target.
    ///
    /// # Errors
    /// When libtorch refuses.
    pub fn look_at_signal(&mut self, step: u64, epoch: u32, recorder: &mut Recorder) -> Result<(), TrainError> {
        // What a layer keeps of targets that it was trained on may be learned by heart, which is no signal.
        let (split, probe, batches) = if self.probe_validation.len() >= LEAST_UNSEEN {
            (Split::Validation, &self.probe_validation, &mut self.validation)
        } else {
            (Split::Train, &self.probe_train, &mut self.train)
        };
        let samples = spaced(probe, SIGNAL_SAMPLES);
        if samples.is_empty() {
            return Ok(());
        }
        let batch = batches.gather(&samples)?;
        let spectra = depth::spectra(&self.net, &self.planted.inference_inputs(batch.inputs)?)?;
        let targets = &batch.target_values;
        let view = SparseView { split, spectra: &spectra, targets, outputs: self.outputs.len(), curvature: None };
        read_sparsely(&view, step, epoch, recorder);
        Ok(())
    }

    /// Curvature of the training loss against what the optimiser stands at the next step; nothing where batch
    /// normalisation has nothing to normalise.
    ///
    /// # Errors
    /// When libtorch refuses.
    pub fn look_at_curvature(&mut self, step: u64, epoch: u32, recorder: &mut Recorder) -> Result<(), TrainError> {
        let samples = self.curvature_samples();
        if samples.is_empty() {
            return Ok(());
        }
        let batch = self.train.gather(&samples)?;
        let sharpness = curvature::sharpness(&self.net, &batch, self.training.loss, &self.optimiser)?;
        self.read_curvature(Split::Train, sharpness, step, epoch, recorder);
        Ok(())
    }

    /// Samples that the curvature is taken on; none where batch normalisation would have nothing to normalise.
    pub(super) fn curvature_samples(&self) -> Vec<u32> {
        let samples = spaced(&self.probe_train, CURVATURE_SAMPLES.min(self.training.batch_size as usize));
        if samples.len() < 2 && self.net.normalises_batches() { Vec::new() } else { samples }
    }

    /// Reads a sharpness against what the optimiser stands at the next step.
    pub(super) fn read_curvature(&self, split: Split, sharpness: f64, step: u64, epoch: u32, recorder: &mut Recorder) {
        let steps_per_epoch = self.steps_per_epoch();
        let last = u64::from(self.training.epochs) * steps_per_epoch;
        let lr = schedule::learning_rate(&self.training, (step + 1).min(last.max(1)), steps_per_epoch);
        let limit = sharpness::stability_limit(self.training.optimiser, lr);
        let curvature = Some(sharpness::Curvature { sharpness, limit });
        let view = SparseView { split, spectra: &[], targets: &[], outputs: self.outputs.len(), curvature };
        read_sparsely(&view, step, epoch, recorder);
    }

    /// The looks that end a run: at every training sample, along the training path, and a sparse one.
    ///
    /// # Errors
    /// When libtorch refuses.
    pub fn look_at_end(&mut self, step: u64, epoch: u32, recorder: &mut Recorder) -> Result<(), TrainError> {
        if self.probes == Probes::None {
            return Ok(());
        }
        if !due(step, self.steps_per_epoch(), epoch) {
            self.look_sparsely(step, epoch, recorder)?;
        }
        self.look_at_all(step, epoch, recorder)?;
        self.look_at_inputs(step, epoch, recorder)?;
        self.look_along_training_path(step, epoch, recorder)
    }

    /// Looks at the training probe set as a step would see it: with dropout, and with the statistics of batches.
    ///
    /// Made of every network: one that has neither may still be fed other inputs here than there. Running statistics
    /// stay; libtorch's generator is set anew, as each step does. Batches are drawn as in training and hold at least as
    /// many samples, so that none of them is a rest which normalises badly.
    ///
    /// # Errors
    /// When libtorch refuses.
    pub fn look_along_training_path(
        &mut self,
        step: u64,
        epoch: u32,
        recorder: &mut Recorder,
    ) -> Result<(), TrainError> {
        let (samples, outputs) = (self.probe_train.clone(), self.outputs.len());
        let mode = if self.planted.mode == Mode::Train { Mode::Again } else { self.planted.mode };
        let lone = samples.len() < 2 && self.net.normalises_batches() && mode == Mode::Again;
        if samples.is_empty() || lone {
            return Ok(());
        }
        let _no_gradient = tch::no_grad_guard();
        // The draw that the next step would have made.
        tch::manual_seed(super::trainer::step_seed(self.seed, step + 1));
        let order = batches::order(self.seed, epoch + 1, samples.len(), self.training.shuffle);
        let mut predictions = vec![0.0; samples.len() * outputs];
        let mut inputs = ActivationSums::new(None, 1, false);
        for places in batches::even_parts(&order, self.training.batch_size as usize) {
            let part: Vec<u32> = places.iter().map(|&place| samples[place as usize]).collect();
            let batch = self.train.gather(&part)?;
            inputs.add(&memory::copied(&batch.inputs)?, None);
            let taps = self.net.forward(&batch.inputs, mode)?;
            let values = memory::copied(taps.last().ok_or_else(super::trainer::no_layer)?)?;
            for (&place, row) in places.iter().zip(values.chunks_exact(outputs)) {
                predictions[place as usize * outputs..][..outputs].copy_from_slice(row);
            }
        }
        let (split, targets) = (Split::TrainingPath, self.targets_of(Split::TrainingPath, &samples));
        recorder.at_look(step, epoch);
        // Without layers: units that dropout silenced are no readings of a layer.
        let view = EpochView {
            outputs: &self.outputs,
            predictions: &OutputSums::of_rows(&predictions, &targets, outputs),
            inputs: Some(&inputs),
            ..EpochView::of(split, epoch)
        };
        for probe in probes::ALL {
            probe.epoch(&view, recorder);
        }
        recorder.look(ProbePredictions { split, epoch, samples, targets, predictions });
        Ok(())
    }
}

fn read_sparsely(view: &SparseView<'_>, step: u64, epoch: u32, recorder: &mut Recorder) {
    recorder.at_look(step, epoch);
    for probe in probes::ALL {
        probe.sparse(view, recorder);
    }
}

#[cfg(test)]
#[path = "sparse_tests.rs"]
mod tests;
