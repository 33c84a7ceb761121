//! From the architecture to a network with initial weights.

use tch::{Device, Tensor};

use super::{
    Buffer, ModelError, Net, Parameter, activation,
    init::{self, Fans},
    operation::{Operation, Stage},
    padding,
};
use crate::{
    experiment::{
        Activation, Init, Layer, Model,
        shapes::{ShapeError, infer, layer_names},
    },
    record::LayerInfo,
};

/// Builds the layers in order; see [`Net::new`].
pub(super) fn build(
    model: &Model,
    input_shape: &[usize],
    outputs: usize,
    seed: u64,
    device: Device,
) -> Result<Net, ModelError> {
    let shapes = infer(model, input_shape, outputs)?;
    let names = layer_names(model);
    // `infer` goes on with the largest number where a product overflows, so the inputs are counted, too.
    count("inputs", input_shape)?;
    for (name, shape) in names.iter().zip(&shapes) {
        count(name, shape)?;
    }
    let mut store = Store { init: model.init, seed, device, parameters: Vec::new(), buffers: Vec::new() };
    let mut stages = Vec::with_capacity(shapes.len());
    let mut layers: Vec<LayerInfo> = Vec::with_capacity(shapes.len());
    for (index, ((layer, name), shape)) in model.layers.iter().zip(names).zip(shapes).enumerate() {
        let before = layers.last().map_or(input_shape, |layer| layer.shape.as_slice());
        let first = store.parameters.len();
        let stage = store.stage(index, &name, layer, before, &shape)?;
        let made = &store.parameters[first..];
        layers.push(LayerInfo {
            parameters: made.iter().map(|parameter| parameter.name.clone()).collect(),
            parameter_count: made.iter().map(|parameter| parameter.tensor.numel() as u64).sum(),
            activation: activation::name(stage.activation).to_owned(),
            name,
            shape,
        });
        stages.push(stage);
    }
    let Store { parameters, buffers, .. } = store;
    Ok(Net { input_shape: input_shape.to_vec(), stages, layers, parameters, buffers })
}

/// Parameters and buffers as they are made.
struct Store {
    init: Init,
    seed: u64,
    device: Device,
    parameters: Vec<Parameter>,
    buffers: Vec<Buffer>,
}

impl Store {
    fn stage(
        &mut self,
        index: usize,
        name: &str,
        layer: &Layer,
        input: &[usize],
        output: &[usize],
    ) -> Result<Stage, ModelError> {
        let channels = |shape: &[usize]| shape.first().copied().unwrap_or(1);
        let (operation, activation) = match *layer {
            Layer::Dense { activation, bias, init, .. } => {
                let shape = [channels(output), channels(input)];
                let (weight, bias) = self.linear(index, name, &shape, bias, init.unwrap_or(self.init))?;
                (Operation::Dense { weight, bias }, activation)
            }
            Layer::Conv2d { kernel, stride, padding, activation, bias, init, .. } => {
                let weight_shape = [channels(output), channels(input), kernel as usize, kernel as usize];
                let (weight, bias) = self.linear(index, name, &weight_shape, bias, init.unwrap_or(self.init))?;
                let windows = |side: usize| {
                    let too_large = || ShapeError::WindowTooLarge {
                        layer: index,
                        name: name.to_owned(),
                        input: input.to_vec(),
                        window: kernel,
                    };
                    padding::windows(side, kernel as usize, stride as usize, padding).ok_or_else(too_large)
                };
                let (height, width) = (windows(input[1])?, windows(input[2])?);
                (Operation::Conv2d { weight, bias, stride: stride.into(), height, width }, activation)
            }
            Layer::MaxPool2d { size, stride } => {
                (Operation::MaxPool2d { size: size.into(), stride: stride.into() }, Activation::Linear)
            }
            Layer::AvgPool2d { size, stride } => {
                (Operation::AvgPool2d { size: size.into(), stride: stride.into() }, Activation::Linear)
            }
            Layer::Flatten {} => (Operation::Flatten, Activation::Linear),
            Layer::Dropout { rate } => (Operation::Dropout { rate }, Activation::Linear),
            Layer::BatchNorm { momentum, epsilon, activation } => {
                let shape = [channels(input)];
                let (mut ones, mut zeros) = (room(name, &shape)?, room(name, &shape)?);
                ones.resize(shape[0], 1.0);
                zeros.resize(shape[0], 0.0);
                let operation = Operation::BatchNorm {
                    weight: self.parameter(index, format!("{name}.weight"), &ones, &shape)?,
                    bias: self.parameter(index, format!("{name}.bias"), &zeros, &shape)?,
                    mean: self.buffer(format!("{name}.running_mean"), &zeros, &shape)?,
                    var: self.buffer(format!("{name}.running_var"), &ones, &shape)?,
                    momentum,
                    epsilon,
                };
                (operation, activation)
            }
            Layer::Activation { activation } => (Operation::Identity, activation),
        };
        Ok(Stage { operation, activation })
    }

    /// Weight and bias of a dense layer or a convolution.
    fn linear(
        &mut self,
        layer: usize,
        name: &str,
        shape: &[usize],
        bias: bool,
        init: Init,
    ) -> Result<(usize, Option<usize>), ModelError> {
        let weight_name = format!("{name}.weight");
        let mut values = room(&weight_name, shape)?;
        let mut generator = init::stream(self.seed, self.parameters.len());
        init::weights(&mut values, init.weights, init.gain, shape, &mut generator);
        let weight = self.parameter(layer, weight_name, &values, shape)?;
        if !bias {
            return Ok((weight, None));
        }
        let bias_name = format!("{name}.bias");
        let mut values = room(&bias_name, &shape[..1])?;
        let mut generator = init::stream(self.seed, self.parameters.len());
        init::biases(&mut values, init.bias, Fans::of(shape).fan_in, shape[0], &mut generator);
        let bias = self.parameter(layer, bias_name, &values, &shape[..1])?;
        Ok((weight, Some(bias)))
    }

    fn parameter(&mut self, layer: usize, name: String, values: &[f32], shape: &[usize]) -> Result<usize, ModelError> {
        let tensor = self
            .tensor(values, shape)
            .and_then(|tensor| tensor.f_set_requires_grad(true))
            .map_err(ModelError::torch(&name))?;
        self.parameters.push(Parameter { name, layer, tensor });
        Ok(self.parameters.len() - 1)
    }

    fn buffer(&mut self, name: String, values: &[f32], shape: &[usize]) -> Result<usize, ModelError> {
        let tensor = self.tensor(values, shape).map_err(ModelError::torch(&name))?;
        self.buffers.push(Buffer { name, tensor });
        Ok(self.buffers.len() - 1)
    }

    fn tensor(&self, values: &[f32], shape: &[usize]) -> Result<Tensor, tch::TchError> {
        let shape: Vec<i64> = shape.iter().map(|&side| side as i64).collect();
        Tensor::f_from_slice(values)?.f_reshape(shape)?.f_to_device(self.device)
    }
}

/// Number of values of a shape, as long as libtorch can count them.
fn count(place: &str, shape: &[usize]) -> Result<usize, ModelError> {
    shape
        .iter()
        .try_fold(1_usize, |product, &side| product.checked_mul(side))
        // libtorch counts bytes of f32 in an i64.
        .filter(|&values| values <= i64::MAX as usize / 4)
        .ok_or_else(|| ModelError::Memory { place: place.to_owned(), shape: shape.to_vec() })
}

/// Empty, with room for all values of a shape.
fn room(place: &str, shape: &[usize]) -> Result<Vec<f32>, ModelError> {
    let mut values = Vec::new();
    let no_memory = |_| ModelError::Memory { place: place.to_owned(), shape: shape.to_vec() };
    values.try_reserve_exact(count(place, shape)?).map_err(no_memory)?;
    Ok(values)
}
