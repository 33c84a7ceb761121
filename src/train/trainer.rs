//! One training step, and one look at the probe set: the only places that run the network.

use tch::{Device, Tensor};

use super::{
    TrainError,
    batches::Batches,
    depth::same_numbers,
    loss::regression_loss,
    memory,
    optimiser::{Measure, Optimiser},
    recorder::Recorder,
    schedule::learning_rate,
};
use crate::{
    data::Dataset,
    experiment::{Experiment, Probes, Training},
    model::{Mode, Net},
    probes::{
        self, EpochView, StepView,
        dead_units::can_die,
        sums::{ActivationSums, OutputSums, squares_and_zeros},
    },
    record::{LayerInfo, ProbePredictions, Split},
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
    parameter_names: Vec<String>,
    target_variance: Vec<f64>,
    pub(super) probe_train: Vec<u32>,
    pub(super) probe_validation: Vec<u32>,
}

/// Predictions and layer sums over some samples, in [`Mode::Eval`].
pub struct Look {
    /// One entry for each layer.
    pub activations: Vec<ActivationSums>,
    /// Predictions, row-major `[N, outputs]`.
    pub predictions: Vec<f32>,
}

impl Trainer {
    /// Builds the network and its optimiser, and takes the data over.
    ///
    /// # Errors
    /// When the network does not fit the data, or libtorch refuses.
    pub fn new(experiment: &Experiment, seed: u64, data: Dataset, device: Device) -> Result<Self, TrainError> {
        let outputs = data.outputs.len();
        let net = Net::new(&experiment.model, &data.input_shape, outputs, seed, device)?;
        let training = experiment.training.clone();
        let optimiser = Optimiser::new(training.optimiser, training.clip_norm, training.clip_value, net.parameters())?;
        let most = experiment.diagnosis.probe_samples as usize;
        let choose = |targets: &[f32]| super::probe_set::choose(targets, outputs, most, experiment.data.seed);
        let (probe_train, probe_validation) = (choose(&data.train.targets), choose(&data.validation.targets));
        Ok(Self {
            parameter_names: net.parameters().iter().map(|parameter| parameter.name.clone()).collect(),
            target_variance: data.summary.targets.iter().map(|target| target.train.std.powi(2)).collect(),
            probes: experiment.diagnosis.probes,
            train: Batches::new(data.train, &data.input_shape, outputs, device)?,
            validation: Batches::new(data.validation, &data.input_shape, outputs, device)?,
            outputs: data.outputs,
            net,
            optimiser,
            training,
            seed,
            probe_train,
            probe_validation,
        })
    }

    /// Batches in one epoch.
    pub fn steps_per_epoch(&self) -> u64 {
        (self.train.count() as u64).div_ceil(u64::from(self.training.batch_size))
    }

    /// Samples in the training split.
    pub fn train_samples(&self) -> usize {
        self.train.count()
    }

    /// Order of the samples in an epoch (from 1).
    pub fn order(&self, epoch: u32) -> Vec<u32> {
        super::batches::order(self.seed, epoch, self.train.count(), self.training.shuffle)
    }

    /// Takes one step on these samples.
    ///
    /// This is the one place with this order: forward, loss, gradients, sums of what was computed, then the move. The
    /// instruments read sums only, so the weights after a step are the same bits with and without them.
    ///
    /// # Errors
    /// When libtorch refuses. A loss that is not finite is no error.
    pub fn step(&mut self, samples: &[u32], step: u64, epoch: u32, recorder: &mut Recorder) -> Result<(), TrainError> {
        // Dropout draws from libtorch's generator; set anew at each step, a resumed run needs no generator state.
        tch::manual_seed(step_seed(self.seed, step));
        let batch = self.train.gather(samples)?;
        let mut taps = self.net.forward(&batch.inputs, Mode::Train)?;
        let prediction = taps.last().ok_or_else(no_layer)?;
        let loss = regression_loss(prediction, &batch.targets, self.training.loss)?;
        let lr = learning_rate(&self.training, step, self.steps_per_epoch());
        let count = self.net.parameters().len();

        let mut wanted: Vec<&Tensor> = self.net.parameters().iter().map(|parameter| &parameter.tensor).collect();
        let learns_before: Vec<bool> = taps.iter().map(Tensor::requires_grad).collect();
        if self.probes == Probes::All {
            wanted.extend(taps.iter().filter(|tap| tap.requires_grad()));
        }
        let mut gradients = Tensor::f_run_backward(&[&loss], &wanted, false, false)?;
        for (gradient, parameter) in gradients.iter_mut().zip(self.net.parameters()) {
            if !gradient.defined() {
                *gradient = parameter.tensor.f_zeros_like()?.f_detach()?;
            }
        }
        let mut tap_gradients = gradients.split_off(count);

        match self.probes {
            Probes::None => {
                self.optimiser.step(&mut gradients, lr, Measure::Nothing)?;
            }
            Probes::All => {
                let predictions = memory::copied(prediction)?;
                let loss = loss.f_double_value(&[])?;
                let mut activations = self.empty_sums();
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
                };
                recorder.at_step(step, epoch);
                for probe in probes::ALL {
                    probe.step(&view, recorder);
                }
            }
        }
        Ok(())
    }

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
            self.read_look(split, &look, &targets, recorder);
            recorder.look(ProbePredictions { split, epoch, samples, targets, predictions: look.predictions });
        }
        if super::sparse::due(step, self.steps_per_epoch()) {
            self.look_sparsely(step, epoch, recorder)?;
        }
        Ok(())
    }

    /// Looks at every training sample.
    ///
    /// # Errors
    /// When libtorch refuses.
    pub fn look_at_all(&mut self, step: u64, epoch: u32, recorder: &mut Recorder) -> Result<Look, TrainError> {
        let samples: Vec<u32> = super::batches::order(0, 0, self.train.count(), false);
        let look = self.run(Split::WholeTrain, &samples)?;
        recorder.at_look(step, epoch);
        let targets = self.train.targets().to_vec();
        self.read_look(Split::WholeTrain, &look, &targets, recorder);
        Ok(look)
    }

    /// Predictions and layer sums of another network of the same layers: over the probe set, or over all samples.
    ///
    /// # Errors
    /// When libtorch refuses.
    pub fn look_with(&mut self, net: &Net, split: Split) -> Result<Look, TrainError> {
        let samples = match split {
            Split::Train | Split::Validation | Split::TrainingPath | Split::StandardisedInputs => {
                self.probe_train.clone()
            }
            Split::WholeTrain => super::batches::order(0, 0, self.train.count(), false),
        };
        run_network(net, &mut self.train, &samples, self.training.batch_size)
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

    fn read_look(&self, split: Split, look: &Look, targets: &[f32], recorder: &mut Recorder) {
        let view = EpochView {
            split,
            layers: self.net.layers(),
            activations: &look.activations,
            outputs: &self.outputs,
            predictions: &OutputSums::of_rows(&look.predictions, targets, self.outputs.len()),
        };
        for probe in probes::ALL {
            probe.epoch(&view, recorder);
        }
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
        run_network(&self.net, batches, samples, self.training.batch_size)
    }

    fn empty_sums(&self) -> Vec<ActivationSums> {
        empty_sums(self.net.layers())
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

/// Runs a network over samples in [`Mode::Eval`] without touching gradients, generators or running statistics.
fn run_network(net: &Net, batches: &mut Batches, samples: &[u32], batch_size: u32) -> Result<Look, TrainError> {
    let _no_gradient = tch::no_grad_guard();
    let mut look = Look { activations: empty_sums(net.layers()), predictions: Vec::new() };
    for part in samples.chunks(batch_size.max(1) as usize) {
        let batch = batches.gather(part)?;
        let mut taps = net.forward(&batch.inputs, Mode::Eval)?;
        add_taps(&mut look.activations, net.layers(), &mut taps)?;
        look.predictions.extend(memory::copied(taps.last().ok_or_else(no_layer)?)?);
    }
    Ok(look)
}

/// The flat ends of an activation, where its derivative is below 2 % of its largest (tanh) or 4 % (sigmoid).
fn flat_ends(layer: &LayerInfo) -> Option<(f32, f32)> {
    match layer.activation.as_str() {
        "tanh" => Some((-0.99, 0.99)),
        "sigmoid" => Some((0.01, 0.99)),
        _ => None,
    }
}

fn empty_sums(layers: &[LayerInfo]) -> Vec<ActivationSums> {
    let sums = |layer: &LayerInfo| {
        let units = can_die(layer).then(|| layer.shape.first().copied().unwrap_or(1));
        let positions = layer.shape.iter().skip(1).product();
        ActivationSums::new(units, positions, flat_ends(layer).is_some())
    };
    layers.iter().map(sums).collect()
}

fn add_taps(sums: &mut [ActivationSums], layers: &[LayerInfo], taps: &mut [Tensor]) -> Result<(), TrainError> {
    for place in 0..taps.len().min(layers.len()) {
        let (before, rest) = sums.split_at_mut(place);
        let (sums, layer) = (&mut rest[0], &layers[place]);
        let hands_on = place > 0 && same_numbers(&taps[place - 1], &taps[place]);
        if let Some(same) = before.last().filter(|_| hands_on && !can_die(layer) && flat_ends(layer).is_none()) {
            sums.repeat(same); // what flatten and resting dropout hand on was summed with the layer before
            continue;
        }
        match memory::f32s_mut(&mut taps[place]) {
            Some(values) => sums.add(values, flat_ends(layer)),
            None => sums.add(&memory::copied(&taps[place])?, flat_ends(layer)),
        }
    }
    Ok(())
}

/// L2 norms of the gradients of the layers' activations. Where two layers hold the same numbers, so do their gradients.
fn norms(gradients: &mut [Tensor]) -> Result<Vec<f64>, TrainError> {
    let mut norms: Vec<f64> = Vec::with_capacity(gradients.len());
    for place in 0..gradients.len() {
        let (before, rest) = gradients.split_at_mut(place);
        let hands_on =
            before.last().is_some_and(|before| before.defined() && rest[0].defined() && same_numbers(before, &rest[0]));
        let same = norms.last().copied().filter(|_| hands_on);
        norms.push(match same {
            Some(norm) => norm,
            None => norm(&mut rest[0])?,
        });
    }
    Ok(norms)
}

/// L2 norm of a gradient; 0 where there is none.
fn norm(gradient: &mut Tensor) -> Result<f64, TrainError> {
    if !gradient.defined() {
        return Ok(0.0);
    }
    Ok(match memory::f32s_mut(gradient) {
        Some(values) => squares_and_zeros(values).0.sqrt(),
        None => gradient.f_norm()?.f_double_value(&[])?,
    })
}
