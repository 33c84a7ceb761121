//! From the architecture to a network with initial weights.

use std::collections::BTreeMap;

use tch::{Device, Tensor};

use super::{
    Buffer, ModelError, Net, Parameter, activation,
    init::{self, Fans},
    operation::{Operation, Stage},
    padding,
    shape::{ShapeError, output_shape, product, type_name},
};
use crate::{
    experiment::{Activation, Init, Layer, Model},
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
    if product("inputs", input_shape)? == 0 {
        return Err(ShapeError::Zero { layer: "inputs".to_owned(), what: "each side" }.into());
    }
    let mut store = Store { init: model.init, seed, device, parameters: Vec::new(), buffers: Vec::new() };
    let mut numbers = BTreeMap::<&'static str, usize>::new();
    let mut stages = Vec::with_capacity(model.layers.len());
    let mut layers: Vec<LayerInfo> = Vec::with_capacity(model.layers.len());
    for (index, layer) in model.layers.iter().enumerate() {
        let kind = type_name(layer);
        let number = numbers.entry(kind).and_modify(|number| *number += 1).or_insert(1);
        let name = format!("{kind}_{number}");
        let before = layers.last().map_or(input_shape, |layer| layer.shape.as_slice());
        let shape = output_shape(&name, layer, before, outputs)?;
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
    let last = layers.last().ok_or(ModelError::NoLayers)?;
    if last.shape != [outputs] {
        return Err(ModelError::Outputs { layer: last.name.clone(), got: last.shape.clone(), wanted: outputs });
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
            Layer::Dense { activation, bias, .. } => {
                let (weight, bias) = self.linear(index, name, &[channels(output), channels(input)], bias)?;
                (Operation::Dense { weight, bias }, activation)
            }
            Layer::Conv2d { kernel, stride, padding, activation, bias, .. } => {
                let (kernel, step) = (kernel as usize, stride as usize);
                let weight_shape = [channels(output), channels(input), kernel, kernel];
                let (weight, bias) = self.linear(index, name, &weight_shape, bias)?;
                let windows = |side: usize| {
                    let too_small =
                        || ShapeError::Window { layer: name.to_owned(), window: kernel, got: input.to_vec() };
                    padding::windows(side, kernel, step, padding).ok_or_else(too_small)
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
                let ones = vec![1.0; shape[0]];
                let zeros = vec![0.0; shape[0]];
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
    ) -> Result<(usize, Option<usize>), ModelError> {
        let weight_name = format!("{name}.weight");
        let count = product(name, shape)?;
        let mut values = Vec::new();
        let no_memory = |_| ModelError::Memory { parameter: weight_name.clone(), values: count };
        values.try_reserve_exact(count).map_err(no_memory)?;
        let mut generator = init::stream(self.seed, self.parameters.len());
        init::weights(&mut values, self.init.weights, self.init.gain, shape, &mut generator);
        let weight = self.parameter(layer, weight_name, &values, shape)?;
        if !bias {
            return Ok((weight, None));
        }
        let mut values = Vec::new();
        let mut generator = init::stream(self.seed, self.parameters.len());
        init::biases(&mut values, self.init.bias, Fans::of(shape).fan_in, shape[0], &mut generator);
        let bias = self.parameter(layer, format!("{name}.bias"), &values, &shape[..1])?;
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
