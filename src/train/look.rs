//! Looks: the network over fixed samples, as inference would run it.

use tch::{Kind, Tensor};

use super::{
    TrainError,
    batches::{self, Batches},
    memory,
    planted::Planted,
    recorder::Recorder,
    taps::{add_taps, empty_sums},
    trainer::{Trainer, no_layer},
};
use crate::{
    experiment::Probes,
    model::{Mode, Net},
    probes::{
        self, EpochView, distance,
        output_slope::mean_slope,
        sums::{ActivationSums, OutputSums},
    },
    record::{ProbePredictions, Split},
};

/// Predictions and layer sums over some samples, in [`Mode::Eval`].
pub struct Look {
    /// One entry for each layer.
    pub activations: Vec<ActivationSums>,
    /// Predictions, row-major `[N, outputs]`.
    pub predictions: Vec<f32>,
    /// Mean slope of the last activation; `None` without samples.
    pub output_slope: Option<f64>,
}

impl Trainer {
    /// Looks at the probe set after an epoch (0: before the first), now and then deeply as well.
    ///
    /// # Errors
    /// When libtorch refuses.
    pub fn look(&mut self, step: u64, epoch: u32, recorder: &mut Recorder) -> Result<(), TrainError> {
        if self.probes == Probes::None {
            return Ok(());
        }
        recorder.at_look(step, epoch);
        for split in [Split::Train, Split::Validation] {
            let samples = match split {
                Split::Train | Split::WholeTrain | Split::TrainingPath | Split::StandardisedInputs => {
                    self.probe_train.clone()
                }
                Split::Validation => self.probe_validation.clone(),
            };
            if samples.is_empty() {
                continue;
            }
            let look = self.run(split, &samples)?;
            let targets = self.targets_of(split, &samples);
            self.read_look(split, epoch, &look, &targets, recorder)?;
            recorder.look(ProbePredictions { split, epoch, samples, targets, predictions: look.predictions });
        }
        if epoch == 0 {
            self.look_at_standardised(step, epoch, recorder)?;
        }
        if super::sparse::due(step, self.steps_per_epoch(), epoch) {
            self.look_sparsely(step, epoch, recorder)?;
        }
        Ok(())
    }

    /// Looks at every training sample.
    ///
    /// # Errors
    /// When libtorch refuses.
    pub fn look_at_all(&mut self, step: u64, epoch: u32, recorder: &mut Recorder) -> Result<Look, TrainError> {
        let samples: Vec<u32> = batches::order(0, 0, self.train.count(), false);
        let look = self.run(Split::WholeTrain, &samples)?;
        recorder.at_look(step, epoch);
        let targets = self.train.targets().to_vec();
        self.read_look(Split::WholeTrain, epoch, &look, &targets, recorder)?;
        Ok(look)
    }

    /// Mean and spread of what a look at the training probe set feeds the network.
    ///
    /// # Errors
    /// When libtorch refuses.
    pub fn look_at_inputs(&mut self, step: u64, epoch: u32, recorder: &mut Recorder) -> Result<(), TrainError> {
        let mut inputs = ActivationSums::new(None, 1, false);
        for part in self.probe_train.chunks(self.training.batch_size.max(1) as usize) {
            let fed = self.planted.inference_inputs(self.train.gather(part)?.inputs)?;
            inputs.add(&memory::copied(&fed)?, None);
        }
        if self.probe_train.is_empty() {
            return Ok(());
        }
        recorder.at_look(step, epoch);
        let view = EpochView { inputs: Some(&inputs), ..EpochView::of(Split::Train, epoch) };
        for probe in probes::ALL {
            probe.epoch(&view, recorder);
        }
        Ok(())
    }

    /// Predictions and layer sums of another network of the same layers: over the probe set, or over all samples, and on
    /// what training feeds it.
    ///
    /// # Errors
    /// When libtorch refuses.
    pub fn look_with(&mut self, net: &Net, split: Split) -> Result<Look, TrainError> {
        let samples = match split {
            Split::Train | Split::Validation | Split::TrainingPath | Split::StandardisedInputs => {
                self.probe_train.clone()
            }
            Split::WholeTrain => batches::order(0, 0, self.train.count(), false),
        };
        run_network(net, &mut self.train, &samples, self.training.batch_size, None)
    }

    /// Per output: mean of target minus prediction over a look at the whole training set, in standard deviations of the
    /// target; `None` for a constant target.
    pub fn gaps_to_mean(&self, look: &Look) -> Vec<Option<f64>> {
        let outputs = self.outputs.len();
        let gap = |(output, variance): (usize, &f64)| {
            let column = |values: &[f32]| -> f64 {
                values.iter().skip(output).step_by(outputs).map(|value| f64::from(*value)).sum()
            };
            let difference = column(self.train.targets()) - column(&look.predictions);
            (*variance > 0.0).then(|| difference / self.train.count() as f64 / variance.sqrt())
        };
        self.target_variance.iter().enumerate().map(gap).collect()
    }

    fn read_look(
        &self,
        split: Split,
        epoch: u32,
        look: &Look,
        targets: &[f32],
        recorder: &mut Recorder,
    ) -> Result<(), TrainError> {
        // Before the first step nothing can have moved.
        let moved = split == Split::Train && epoch > 0;
        let distances = if moved { self.distances()? } else { Vec::new() };
        let view = EpochView {
            layers: self.net.layers(),
            activations: &look.activations,
            outputs: &self.outputs,
            predictions: &OutputSums::of_rows(&look.predictions, targets, self.outputs.len()),
            parameters: if moved { &self.parameter_names } else { &[] },
            distances: &distances,
            output_slope: look.output_slope.filter(|_| split == Split::Train),
            ..EpochView::of(split, epoch)
        };
        for probe in probes::ALL {
            probe.epoch(&view, recorder);
        }
        Ok(())
    }

    /// How far each parameter is from its start.
    fn distances(&self) -> Result<Vec<f64>, TrainError> {
        let of = |(now, start): (&crate::model::Parameter, &Vec<f32>)| {
            let mut now = now.tensor.detach();
            Ok(match memory::f32s_mut(&mut now) {
                Some(now) => distance::from_start(now, start),
                None => distance::from_start(&memory::copied(&now)?, start),
            })
        };
        self.net.parameters().iter().zip(&self.start).map(of).collect()
    }

    pub(super) fn targets_of(&self, split: Split, samples: &[u32]) -> Vec<f32> {
        let outputs = self.outputs.len();
        let all = match split {
            Split::Train | Split::WholeTrain | Split::TrainingPath | Split::StandardisedInputs => self.train.targets(),
            Split::Validation => self.validation.targets(),
        };
        samples.iter().flat_map(|&sample| &all[sample as usize * outputs..][..outputs]).copied().collect()
    }

    fn run(&mut self, split: Split, samples: &[u32]) -> Result<Look, TrainError> {
        let batches = match split {
            Split::Train | Split::WholeTrain | Split::TrainingPath | Split::StandardisedInputs => &mut self.train,
            Split::Validation => &mut self.validation,
        };
        run_network(&self.net, batches, samples, self.training.batch_size, Some(&self.planted))
    }
}

/// Runs a network over samples in [`Mode::Eval`] without touching gradients, generators or running statistics; on the path of
/// inference where `inference` says what that path does.
fn run_network(
    net: &Net,
    batches: &mut Batches,
    samples: &[u32],
    batch_size: u32,
    inference: Option<&Planted>,
) -> Result<Look, TrainError> {
    let _no_gradient = tch::no_grad_guard();
    let mut look = Look { activations: empty_sums(net.layers()), predictions: Vec::new(), output_slope: None };
    let activation = net.layers().last().map_or("", |layer| layer.activation.as_str());
    let mut slopes = 0.0;
    for part in samples.chunks(batch_size.max(1) as usize) {
        let inputs = batches.gather(part)?.inputs;
        let inputs = match inference {
            Some(planted) => planted.inference_inputs(inputs)?,
            None => inputs,
        };
        let mut taps = net.forward(&inputs, Mode::Eval)?;
        if activation == "gelu" {
            slopes += sum_of_gelu_slopes(&net.before_last_activation(&inputs, &taps)?)?;
        }
        add_taps(&mut look.activations, net.layers(), &mut taps)?;
        look.predictions.extend(memory::copied(taps.last().ok_or_else(no_layer)?)?);
    }
    let of_gelu = || (activation == "gelu").then(|| slopes / look.predictions.len() as f64);
    look.output_slope = mean_slope(activation, &look.predictions).or_else(of_gelu);
    if let Some(planted) = inference {
        planted.inference_outputs(&mut look.predictions);
    }
    Ok(look)
}

/// Sum of `Phi(x) + x phi(x)`: GELU gives most values twice, so its slope is taken where it is known, at its input.
fn sum_of_gelu_slopes(inputs: &Tensor) -> Result<f64, TrainError> {
    let x = inputs.f_to_kind(Kind::Double)?;
    let density = (x.f_square()? * -0.5).f_exp()? / (2.0 * std::f64::consts::PI).sqrt();
    Ok((x.f_special_ndtr()? + &x * density).f_sum(Kind::Double)?.f_double_value(&[])?)
}

#[cfg(test)]
#[path = "look_tests.rs"]
mod tests;
