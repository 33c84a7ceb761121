//! The network: an architecture becomes a [`Net`] with initial weights, which hands over every layer's activations.
//!
//! ```text
//! experiment::Model --shapes--> layer shapes --init--> parameters --forward--> one tensor per layer, the last: prediction
//! ```

mod activation;
mod build;
mod error;
mod init;
mod operation;
mod orthogonal;
mod padding;

#[cfg(test)]
mod reference_tests;
#[cfg(test)]
mod same_tests;
#[cfg(test)]
mod state_tests;
#[cfg(test)]
pub(crate) mod test_support;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use tch::{Device, Kind, Tensor};

pub use error::ModelError;

use crate::{
    experiment::{Activation, Model},
    record::LayerInfo,
};
use operation::{Operation, Stage};

/// Whether dropout drops and batch normalisation takes the batch's own statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// They do; batch normalisation also moves its running statistics.
    Train,
    /// As [`Mode::Train`], but running statistics stay: with libtorch's generator set as before, a step seen again.
    Again,
    /// Dropout is the identity and batch normalisation uses its running statistics; nothing in the network changes.
    Eval,
    /// The surface that training moves on, without its chance: batch normalisation takes the batch's own statistics and
    /// leaves its running ones, dropout is the identity; nothing in the network changes, and nothing is drawn.
    Still,
}

/// Values that training moves.
#[derive(Debug)]
pub struct Parameter {
    /// Name, such as `dense_1.weight`.
    pub name: String,
    /// Place of its layer in [`Net::layers`].
    pub layer: usize,
    /// A leaf that requires its gradient. It stays the same storage for the life of the network.
    pub tensor: Tensor,
}

/// Values that belong to the state of the network and have no gradient.
#[derive(Debug)]
pub struct Buffer {
    /// Name, such as `batch_norm_1.running_mean`.
    pub name: String,
    /// The values; [`Mode::Train`] changes them in place.
    pub tensor: Tensor,
}

/// A network with its weights.
#[derive(Debug)]
pub struct Net {
    input_shape: Vec<usize>,
    stages: Vec<Stage>,
    layers: Vec<LayerInfo>,
    parameters: Vec<Parameter>,
    buffers: Vec<Buffer>,
}

impl Net {
    /// Builds the network for inputs of `input_shape` (`[features]` or `[C, H, W]`) and this number of targets.
    ///
    /// Initial weights depend on `seed`, order and shapes alone: they are drawn on the CPU by our own generator and are
    /// the same bits on every device and for every number of threads. libtorch's generator is not touched.
    /// - Errors: layers that do not fit together or to the targets, too large a layer, a device that is not there.
    pub fn new(
        model: &Model,
        input_shape: &[usize],
        outputs: usize,
        seed: u64,
        device: Device,
    ) -> Result<Self, ModelError> {
        build::build(model, input_shape, outputs, seed, device)
    }

    /// One tensor per layer in order, after its activation; the last one is the prediction.
    ///
    /// - Shape: inputs `[N, features]` or `[N, C, H, W]`; layer `i` gives `[N, ..layers()[i].shape]`, the last
    ///   `[N, outputs]`. No axis is ever dropped, not even for one output.
    /// - Memory: taps are the tensors that the next layer read, and valid until dropped: no layer works in place. A tap may
    ///   share its storage with the one before (flatten, dropout in [`Mode::Eval`], an activation `linear`). All are
    ///   contiguous.
    /// - Random numbers: dropout in [`Mode::Train`] and [`Mode::Again`] draws from libtorch's generator.
    /// - Errors: inputs of another shape; batch normalisation over one value per channel of its own batch; libtorch's
    ///   own, such as inputs on another device.
    pub fn forward(&self, inputs: &Tensor, mode: Mode) -> Result<Vec<Tensor>, ModelError> {
        self.forward_detached(inputs, mode, None)
    }

    /// As [`Net::forward`]; no gradient passes back from behind the layer with this number. Its own tap is the one before
    /// the cut.
    pub fn forward_detached(
        &self,
        inputs: &Tensor,
        mode: Mode,
        detached: Option<usize>,
    ) -> Result<Vec<Tensor>, ModelError> {
        let got = inputs.size();
        let same_sides = || got.iter().skip(1).zip(&self.input_shape).all(|(&got, &wanted)| got == wanted as i64);
        if got.len() != self.input_shape.len() + 1 || !same_sides() {
            return Err(ModelError::Inputs { got, wanted: self.input_shape.clone() });
        }
        self.layers_from(0, inputs, mode, detached)
    }

    /// As [`Net::forward`], from the layer with this number on: its inputs in, one tensor for it and each later layer out.
    ///
    /// - Errors: as [`Net::forward`], but inputs of another shape are libtorch's to refuse.
    pub fn forward_from(&self, first: usize, inputs: &Tensor, mode: Mode) -> Result<Vec<Tensor>, ModelError> {
        self.layers_from(first, inputs, mode, None)
    }

    fn layers_from(
        &self,
        first: usize,
        inputs: &Tensor,
        mode: Mode,
        detached: Option<usize>,
    ) -> Result<Vec<Tensor>, ModelError> {
        let mut taps: Vec<Tensor> = Vec::with_capacity(self.stages.len().saturating_sub(first));
        for (place, (stage, layer)) in self.stages.iter().zip(&self.layers).enumerate().skip(first) {
            let input = taps.last().unwrap_or(inputs);
            let run = |input: &Tensor| stage.forward(&layer.name, input, &self.parameters, &self.buffers, mode);
            let tap = if place > 0 && detached == Some(place - 1) { run(&input.detach()) } else { run(input) };
            taps.push(tap?);
        }
        Ok(taps)
    }

    /// What the last layer's activation is given, from the inputs and all taps of a forward pass in [`Mode::Eval`].
    ///
    /// - Errors: libtorch's.
    pub fn before_last_activation(&self, inputs: &Tensor, taps: &[Tensor]) -> Result<Tensor, ModelError> {
        let Some((stage, layer)) = self.stages.last().zip(self.layers.last()) else {
            return Ok(inputs.shallow_clone());
        };
        let input = taps.len().checked_sub(2).map_or(inputs, |before| &taps[before]);
        let linear = Stage { operation: stage.operation.clone(), activation: Activation::Linear };
        linear.forward(&layer.name, input, &self.parameters, &self.buffers, Mode::Eval)
    }

    /// Whether a step sees another network than a look in [`Mode::Eval`]: one with dropout or batch normalisation.
    pub fn has_other_training_path(&self) -> bool {
        self.stages.iter().any(|stage| stage.operation.differs_in_training())
    }

    /// Whether a batch of one sample may be more than batch normalisation can take.
    pub fn normalises_batches(&self) -> bool {
        self.stages.iter().any(|stage| matches!(stage.operation, Operation::BatchNorm { .. }))
    }

    /// The parameters in order of creation: by layer, the weight before the bias.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// The buffers in order of creation.
    pub fn buffers(&self) -> &[Buffer] {
        &self.buffers
    }

    /// The layers in order, as the record keeps them.
    pub fn layers(&self) -> &[LayerInfo] {
        &self.layers
    }

    /// Number of trainable values.
    pub fn count(&self) -> u64 {
        self.layers.iter().map(|layer| layer.parameter_count).sum()
    }

    /// All parameters, then all buffers, by name: what a checkpoint keeps.
    ///
    /// The tensors share the network's storage and have no gradient history; write them before the next step.
    pub fn state(&self) -> Vec<(String, Tensor)> {
        self.named().map(|(name, tensor)| (name.to_owned(), tensor.detach())).collect()
    }

    /// Sets all parameters and buffers, in place, so that tensors handed out before stay those of the network.
    ///
    /// - Errors: a name is missing, too much or there twice, or a tensor has another shape or is not `f32`; the network is
    ///   then as it was.
    pub fn load_state(&mut self, state: &[(String, Tensor)]) -> Result<(), ModelError> {
        let mut given = BTreeMap::new();
        for (name, tensor) in state {
            if given.insert(name.as_str(), tensor).is_some() {
                return Err(ModelError::StateTwice { name: name.clone() });
            }
        }
        for (name, own) in self.named() {
            let Some(new) = given.remove(name) else {
                return Err(ModelError::StateMissing { name: name.to_owned() });
            };
            let kind = new.f_kind().map_err(ModelError::torch(name))?;
            if new.size() != own.size() || kind != Kind::Float {
                let (got, got_kind, wanted) = (new.size(), format!("{kind:?}"), own.size());
                return Err(ModelError::StateShape { name: name.to_owned(), got, got_kind, wanted });
            }
        }
        if let Some(name) = given.keys().next() {
            return Err(ModelError::StateExtra { name: (*name).to_owned() });
        }
        let given: BTreeMap<&str, &Tensor> = state.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
        let _guard = tch::no_grad_guard();
        let parameters = self.parameters.iter_mut().map(|parameter| (&parameter.name, &mut parameter.tensor));
        let buffers = self.buffers.iter_mut().map(|buffer| (&buffer.name, &mut buffer.tensor));
        for (name, own) in parameters.chain(buffers) {
            if let Some(new) = given.get(name.as_str()) {
                own.f_copy_(new).map_err(ModelError::torch(name))?;
            }
        }
        Ok(())
    }

    /// A copy with storage of its own on the same device, without gradients: for playing the optimiser forward.
    ///
    /// - Panics: when the device has no memory left for it.
    pub fn copy(&self) -> Self {
        let twin = |tensor: &Tensor| tensor.detach().copy();
        let parameters = self.parameters.iter().map(|parameter| Parameter {
            name: parameter.name.clone(),
            layer: parameter.layer,
            tensor: twin(&parameter.tensor).set_requires_grad(true),
        });
        let buffers =
            self.buffers.iter().map(|buffer| Buffer { name: buffer.name.clone(), tensor: twin(&buffer.tensor) });
        Self {
            input_shape: self.input_shape.clone(),
            stages: self.stages.clone(),
            layers: self.layers.clone(),
            parameters: parameters.collect(),
            buffers: buffers.collect(),
        }
    }

    fn named(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        let parameters = self.parameters.iter().map(|parameter| (parameter.name.as_str(), &parameter.tensor));
        parameters.chain(self.buffers.iter().map(|buffer| (buffer.name.as_str(), &buffer.tensor)))
    }
}
