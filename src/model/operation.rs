//! What one layer does to a batch.

use tch::{TchError, Tensor};

use super::{Buffer, Mode, ModelError, Parameter, activation, padding::Windows};
use crate::experiment::Activation;

/// A layer ready to run; the numbers are places in the network's parameters and buffers.
#[derive(Clone, Debug)]
pub(super) enum Operation {
    Dense { weight: usize, bias: Option<usize> },
    Conv2d { weight: usize, bias: Option<usize>, stride: i64, height: Windows, width: Windows },
    MaxPool2d { size: i64, stride: i64 },
    AvgPool2d { size: i64, stride: i64 },
    Flatten,
    Dropout { rate: f64 },
    BatchNorm { weight: usize, bias: usize, mean: usize, var: usize, momentum: f64, epsilon: f64 },
    Identity,
}

/// An operation and the activation after it.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    pub operation: Operation,
    pub activation: Activation,
}

impl Stage {
    /// Activations of the layer for a batch of its inputs.
    pub fn forward(
        &self,
        name: &str,
        input: &Tensor,
        parameters: &[Parameter],
        buffers: &[Buffer],
        mode: Mode,
    ) -> Result<Tensor, ModelError> {
        if let (Operation::BatchNorm { .. }, Mode::Train | Mode::Again | Mode::Still) = (&self.operation, mode) {
            let size = input.size();
            let values = size.iter().product::<i64>() / size.get(1).copied().unwrap_or(1).max(1);
            // libtorch itself divides by values - 1 and leaves infinities in the running variance without a word.
            if values < 2 {
                return Err(ModelError::BatchTooSmall { layer: name.to_owned(), got: values.unsigned_abs() });
            }
        }
        self.operation
            .apply(input, parameters, buffers, mode)
            .and_then(|linear| activation::apply(self.activation, linear))
            .map_err(ModelError::torch(name))
    }
}

impl Operation {
    /// Whether it does something else in [`Mode::Train`] than in [`Mode::Eval`].
    pub fn differs_in_training(&self) -> bool {
        match *self {
            Self::Dropout { rate } => rate > 0.0,
            Self::BatchNorm { .. } => true,
            Self::Dense { .. }
            | Self::Conv2d { .. }
            | Self::MaxPool2d { .. }
            | Self::AvgPool2d { .. }
            | Self::Flatten
            | Self::Identity => false,
        }
    }

    fn apply(
        &self,
        input: &Tensor,
        parameters: &[Parameter],
        buffers: &[Buffer],
        mode: Mode,
    ) -> Result<Tensor, TchError> {
        let parameter = |index: usize| &parameters[index].tensor;
        let (draws, of_batch) = match mode {
            Mode::Train | Mode::Again => (true, true),
            Mode::Eval => (false, false),
            Mode::Still => (false, true),
        };
        match *self {
            Self::Dense { weight, bias } => input.f_linear(parameter(weight), bias.map(parameter)),
            Self::Conv2d { weight, bias, stride, height, width } => {
                let padding = [height.padding as i64, width.padding as i64];
                let extra = [0, width.extra as i64, 0, height.extra as i64];
                let padded = if extra == [0; 4] { input.shallow_clone() } else { input.f_constant_pad_nd(extra)? };
                padded.f_conv2d(parameter(weight), bias.map(parameter), [stride; 2], padding, [1, 1], 1)
            }
            Self::MaxPool2d { size, stride } => input.f_max_pool2d([size; 2], [stride; 2], [0, 0], [1, 1], false),
            Self::AvgPool2d { size, stride } => input.f_avg_pool2d([size; 2], [stride; 2], [0, 0], false, true, None),
            Self::Flatten => input.f_flatten(1, -1),
            Self::Dropout { rate } => input.f_dropout(rate, draws),
            Self::BatchNorm { weight, bias, mean, var, momentum, epsilon } => {
                // Without running statistics at hand, libtorch cannot move them.
                let running =
                    |index: usize| (mode == Mode::Train || mode == Mode::Eval).then(|| &buffers[index].tensor);
                let (weight, bias) = (Some(parameter(weight)), Some(parameter(bias)));
                input.f_batch_norm(weight, bias, running(mean), running(var), of_batch, momentum, epsilon, true)
            }
            Self::Identity => Ok(input.shallow_clone()),
        }
    }
}
