//! `[faults]` at work in a training: what it does to targets, loss, gradients and looks. Nothing, unless it is said.

use tch::Tensor;

use super::{
    TrainError,
    batches::{self, Batches},
    optimiser::Optimiser,
};
use crate::{
    experiment::{Faults, GradientFault, LossShapes, TargetFault, TrainingMode},
    model::{Mode, Net},
};

/// Prefix of what a checkpoint keeps of it.
pub(super) const STATE: &str = "accumulated.";

/// The faults of one training, resolved against its network.
pub(super) struct Planted {
    /// Mode of a step.
    pub mode: Mode,
    /// Layer behind which no gradient passes back, by its number.
    pub detached: Option<usize>,
    /// Shapes that the loss is given.
    pub loss_shapes: LossShapes,
    targets: TargetFault,
    gradients: GradientFault,
    /// What a look feeds instead of its inputs, and gives instead of its predictions.
    input: Affine,
    output: Affine,
    /// Sums of the gradients of all steps, one for each parameter; empty where they are not accumulated.
    sums: Vec<Tensor>,
    /// Epoch, and the sample whose target each sample gets in it.
    drawn: Option<(u32, Vec<u32>)>,
}

/// `factor * value + shift`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Affine {
    factor: f64,
    shift: f64,
}

impl Affine {
    fn is_identity(self) -> bool {
        self == Self { factor: 1.0, shift: 0.0 }
    }
}

impl Planted {
    /// Finds the layers that are named, and takes from the optimiser what it is not given, or what no gradient reaches.
    ///
    /// # Errors
    /// When a layer is not there.
    pub fn new(faults: &Faults, net: &Net, optimiser: &mut Optimiser) -> Result<Self, TrainError> {
        let place = |wanted: &String| {
            net.layers().iter().position(|layer| layer.name == *wanted).ok_or_else(|| TrainError::NoSuchLayer {
                layer: wanted.clone(),
                layers: net.layers().iter().map(|layer| layer.name.clone()).collect(),
            })
        };
        let untrained = faults.untrained_layers.iter().map(place).collect::<Result<Vec<_>, _>>()?;
        let detached = Some(&faults.detached_layer).filter(|layer| !layer.is_empty()).map(place).transpose()?;
        // Before the cut there is no gradient, not one of zeros, and an optimiser skips what has none: no decay moves it.
        let moves = |layer: usize| !untrained.contains(&layer) && detached.is_none_or(|cut| layer > cut);
        optimiser.move_only(&net.parameters().iter().map(|parameter| moves(parameter.layer)).collect::<Vec<bool>>());
        let summed = if faults.gradients == GradientFault::Accumulated { net.parameters() } else { &[] };
        let zeros = summed.iter().map(|parameter| parameter.tensor.f_zeros_like()?.f_detach());
        Ok(Self {
            mode: match faults.training_mode {
                TrainingMode::Train => Mode::Train,
                TrainingMode::Eval => Mode::Eval,
            },
            detached,
            loss_shapes: faults.loss_shapes,
            targets: faults.targets,
            gradients: faults.gradients,
            input: Affine { factor: faults.inference_input_factor, shift: faults.inference_input_shift },
            output: Affine { factor: faults.inference_output_factor, shift: faults.inference_output_shift },
            sums: zeros.collect::<Result<_, _>>()?,
            drawn: None,
        })
    }

    /// Whether a layer whose gradient is zero may be moved all the same, by gradients of earlier steps.
    pub fn moves_without_gradient(&self) -> bool {
        !self.sums.is_empty()
    }

    /// The targets that a step is given instead of the samples' own; `None`: their own.
    pub fn targets(
        &mut self,
        seed: u64,
        epoch: u32,
        samples: &[u32],
        split: &Batches,
    ) -> Result<Option<Tensor>, TrainError> {
        match self.targets {
            // The others are planted where the data are made.
            TargetFault::Aligned
            | TargetFault::Shuffled
            | TargetFault::ShiftedByOne
            | TargetFault::ShuffledValidation => return Ok(None),
            TargetFault::ShuffledEachEpoch => {}
        }
        let drawn = match self.drawn.take() {
            Some((of, drawn)) if of == epoch => drawn,
            _ => batches::others(seed, epoch, split.count()),
        };
        let of: Vec<u32> = samples.iter().map(|&sample| drawn[sample as usize]).collect();
        self.drawn = Some((epoch, drawn));
        Ok(Some(split.targets_of(&of)?.1))
    }

    /// Turns the gradients of a batch, one for each parameter, into what the optimiser is given.
    pub fn change(&mut self, gradients: &mut [Tensor]) -> Result<(), TrainError> {
        let _no_gradient = tch::no_grad_guard();
        match self.gradients {
            GradientFault::Correct => {}
            GradientFault::Negated => {
                for gradient in gradients {
                    *gradient = gradient.f_neg()?;
                }
            }
            GradientFault::Accumulated => {
                for (gradient, sum) in gradients.iter_mut().zip(&mut self.sums) {
                    let _ = sum.f_add_(gradient)?;
                    *gradient = sum.shallow_clone();
                }
            }
            GradientFault::Reversed => {
                for gradient in gradients {
                    let shape = gradient.size();
                    *gradient = gradient.f_reshape([-1])?.f_flip([0])?.f_reshape(shape)?;
                }
            }
        }
        Ok(())
    }

    /// What a look feeds the network.
    pub fn inference_inputs(&self, inputs: Tensor) -> Result<Tensor, TrainError> {
        if self.input.is_identity() {
            return Ok(inputs);
        }
        Ok(inputs.f_mul_scalar(self.input.factor)?.f_add_scalar(self.input.shift)?)
    }

    /// What a look gives as predictions.
    pub fn inference_outputs(&self, predictions: &mut [f32]) {
        if !self.output.is_identity() {
            for value in predictions {
                *value = (self.output.factor * f64::from(*value) + self.output.shift) as f32;
            }
        }
    }

    /// What lasts from step to step, as named tensors for a checkpoint.
    pub fn state(&self, net: &Net) -> Vec<(String, Tensor)> {
        let named = net.parameters().iter().zip(&self.sums);
        named.map(|(parameter, sum)| (format!("{STATE}{}", parameter.name), sum.shallow_clone())).collect()
    }

    /// Takes over what [`Planted::state`] gave.
    ///
    /// # Errors
    /// The name of the first tensor that is missing or has another shape.
    pub fn load_state(&mut self, net: &Net, state: &[(String, Tensor)]) -> Result<(), String> {
        for (parameter, sum) in net.parameters().iter().zip(&mut self.sums) {
            let name = format!("{STATE}{}", parameter.name);
            let saved = state.iter().find(|(saved, _)| *saved == name).map(|(_, tensor)| tensor);
            let saved = saved.ok_or_else(|| format!("`{name}` is missing"))?;
            if saved.size() != sum.size() {
                return Err(format!("`{name}` has shape {:?}, not {:?}", saved.size(), sum.size()));
            }
            sum.f_copy_(saved).map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "planted_tests.rs"]
mod tests;
