//! A training under way, and its one step. `look` and `sparse` look at what it made.

use tch::{Device, Tensor};

use super::{
    TrainError,
    batches::Batches,
    loss::loss_of_shapes,
    memory,
    optimiser::{Measure, Optimiser},
    planted::Planted,
    recompute::gradients,
    recorder::Recorder,
    schedule::learning_rate,
    taps::{add_taps, empty_sums, norms},
};
use crate::{
    data::Dataset,
    experiment::{Experiment, Probes, Training},
    model::Net,
    probes::{self, StepView, sums::OutputSums},
};

/// A network, its optimiser and its data.
pub struct Trainer {
    /// The network.
    pub net: Net,
    /// Its optimiser.
    pub optimiser: Optimiser,
    /// `[training]` of the experiment.
    pub training: Training,
    pub(super) probes: Probes,
    pub(super) seed: u64,
    pub(super) train: Batches,
    pub(super) validation: Batches,
    pub(super) outputs: Vec<String>,
    pub(super) planted: Planted,
    pub(super) parameter_names: Vec<String>,
    pub(super) target_variance: Vec<f64>,
    /// The parameters as they were drawn; empty without instruments.
    pub(super) start: Vec<Vec<f32>>,
    pub(super) probe_train: Vec<u32>,
    pub(super) probe_validation: Vec<u32>,
}

impl Trainer {
    /// Builds the network and its optimiser, and takes the data over.
    ///
    /// # Errors
    /// When the network does not fit the data, a layer in `[faults]` is not there, or libtorch refuses.
    pub fn new(experiment: &Experiment, seed: u64, data: Dataset, device: Device) -> Result<Self, TrainError> {
        let outputs = data.outputs.len();
        let net = Net::new(&experiment.model, &data.input_shape, outputs, seed, device)?;
        let training = experiment.training.clone();
        let mut optimiser =
            Optimiser::new(training.optimiser, training.clip_norm, training.clip_value, net.parameters())?;
        let planted = Planted::new(&experiment.faults, &net, &mut optimiser)?;
        let watched = if experiment.diagnosis.probes == Probes::All { net.parameters() } else { &[] };
        let start = watched.iter().map(|parameter| memory::copied(&parameter.tensor.detach()));
        let most = experiment.diagnosis.probe_samples as usize;
        let choose = |targets: &[f32]| super::probe_set::choose(targets, outputs, most, experiment.data.seed);
        let (probe_train, probe_validation) = (choose(&data.train.targets), choose(&data.validation.targets));
        Ok(Self {
            parameter_names: net.parameters().iter().map(|parameter| parameter.name.clone()).collect(),
            target_variance: data.summary.targets.iter().map(|target| target.train.std.powi(2)).collect(),
            start: start.collect::<Result<_, _>>()?,
            probes: experiment.diagnosis.probes,
            train: Batches::new(data.train, &data.input_shape, outputs, device)?,
            validation: Batches::new(data.validation, &data.input_shape, outputs, device)?,
            outputs: data.outputs,
            net,
            optimiser,
            planted,
            training,
            seed,
            probe_train,
            probe_validation,
        })
    }

    /// Batches in one epoch; 0 where a last batch that is smaller is left out and there is no other.
    pub fn steps_per_epoch(&self) -> u64 {
        let (samples, size) = (self.train.count() as u64, u64::from(self.training.batch_size).max(1));
        if self.training.drop_last { samples / size } else { samples.div_ceil(size) }
    }

    /// Samples in the training split.
    pub fn train_samples(&self) -> usize {
        self.train.count()
    }

    /// Order of the samples in an epoch (from 1).
    pub fn order(&self, epoch: u32) -> Vec<u32> {
        super::batches::order(self.seed, epoch, self.train.count(), self.training.shuffle)
    }

    /// Cuts an order into the batches of an epoch.
    pub fn batches<'a>(&self, order: &'a [u32]) -> impl Iterator<Item = &'a [u32]> + use<'a> {
        let (size, drop_last) = (self.training.batch_size.max(1) as usize, self.training.drop_last);
        order.chunks(size).filter(move |batch| !drop_last || batch.len() == size)
    }

    /// Takes one step on these samples.
    ///
    /// This is the one place with this order: forward, loss, gradients, sums of what was computed, then the move. The
    /// instruments read sums only, so the weights after a step are the same bits with and without them.
    ///
    /// # Errors
    /// When libtorch refuses. A loss that is not finite is no error.
    pub fn step(&mut self, samples: &[u32], step: u64, epoch: u32, recorder: &mut Recorder) -> Result<(), TrainError> {
        let mut batch = self.train.gather(samples)?;
        let recomputed = self.recomputed_gradient(&batch, step)?;
        if let Some(targets) = self.planted.targets(self.seed, epoch, samples, &self.train)? {
            batch.targets = targets;
        }
        // Dropout draws from libtorch's generator; set anew at each step, a resumed run needs no generator state.
        tch::manual_seed(step_seed(self.seed, step));
        let detached = self.planted.detached;
        let mut taps = self.net.forward_detached(&batch.inputs, self.planted.mode, detached)?;
        let mut prediction = taps.last().ok_or_else(no_layer)?.shallow_clone();
        if detached == Some(taps.len() - 1) {
            prediction = prediction.f_detach()?;
        }
        let loss = loss_of_shapes(&prediction, &batch.targets, self.training.loss, self.planted.loss_shapes)?;
        let lr = learning_rate(&self.training, step, self.steps_per_epoch());
        let count = self.net.parameters().len();

        let mut wanted: Vec<&Tensor> = self.net.parameters().iter().map(|parameter| &parameter.tensor).collect();
        let learns_before: Vec<bool> = taps.iter().map(Tensor::requires_grad).collect();
        if self.probes == Probes::All {
            wanted.extend(taps.iter().filter(|tap| tap.requires_grad()));
        }
        let mut gradients = gradients(&loss, &wanted)?;
        for (gradient, parameter) in gradients.iter_mut().zip(self.net.parameters()) {
            if !gradient.defined() {
                *gradient = parameter.tensor.f_zeros_like()?.f_detach()?;
            }
        }
        let mut tap_gradients = gradients.split_off(count);
        self.planted.change(&mut gradients)?;

        match self.probes {
            Probes::None => {
                self.optimiser.step(&mut gradients, lr, Measure::Nothing)?;
            }
            Probes::All => {
                let predictions = memory::copied(&prediction)?;
                let loss = loss.f_double_value(&[])?;
                let compared = recomputed.map(|recomputed| self.compare(&gradients, &recomputed)).transpose()?;
                let mut activations = empty_sums(self.net.layers());
                add_taps(&mut activations, self.net.layers(), &mut taps)?;
                let mut norms = norms(&mut tap_gradients)?.into_iter();
                let activation_gradients: Vec<Option<f64>> =
                    learns_before.iter().map(|&learns| if learns { norms.next() } else { None }).collect();
                let parameter_sums = self.optimiser.step(&mut gradients, lr, Measure::Norms)?;
                let view = StepView {
                    step,
                    loss,
                    lr,
                    layers: self.net.layers(),
                    activations: &activations,
                    activation_gradients: &activation_gradients,
                    parameters: &self.parameter_names,
                    parameter_sums: &parameter_sums,
                    outputs: &self.outputs,
                    batch: &OutputSums::of_rows(&predictions, &batch.target_values, self.outputs.len()),
                    target_variance: &self.target_variance,
                    loss_kind: self.training.loss,
                    predictions: &predictions,
                    targets: &batch.target_values,
                    compared,
                };
                recorder.at_step(step, epoch);
                for probe in probes::ALL {
                    probe.step(&view, recorder);
                }
            }
        }
        Ok(())
    }
}

pub(super) fn no_layer() -> TrainError {
    TrainError::LossShapes { predictions: Vec::new(), targets: Vec::new() }
}

/// Seed of libtorch's generator for one step: distinct for each pair of seed and step (splitmix64's finaliser).
pub(super) fn step_seed(seed: u64, step: u64) -> i64 {
    let mut mixed = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(step);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (mixed ^ (mixed >> 31)).cast_signed()
}
