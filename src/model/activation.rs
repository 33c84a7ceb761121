//! Activation functions on tensors.

use tch::{TchError, Tensor};

use crate::experiment::Activation;

/// The name of an activation in the TOML and the record.
pub fn name(activation: Activation) -> &'static str {
    match activation {
        Activation::Linear => "linear",
        Activation::Relu => "relu",
        Activation::LeakyRelu => "leaky_relu",
        Activation::Elu => "elu",
        Activation::Gelu => "gelu",
        Activation::Tanh => "tanh",
        Activation::Sigmoid => "sigmoid",
        Activation::Softplus => "softplus",
        Activation::Softmax => "softmax",
    }
}

/// Applies an activation to every value; never in place, since what goes in may be another layer's tap.
///
/// - Shape: any; the same comes out. A linear activation hands back its input.
/// - Numbers: the slopes and limits are libtorch's defaults, which are those of [`Activation`]; softplus is `x` above 20;
///   softmax is over axis 1, the units.
/// - Errors: libtorch's, on kinds that it cannot compute with.
pub(super) fn apply(activation: Activation, input: Tensor) -> Result<Tensor, TchError> {
    match activation {
        Activation::Linear => Ok(input),
        Activation::Relu => input.f_relu(),
        Activation::LeakyRelu => input.f_leaky_relu(),
        Activation::Elu => input.f_elu(),
        Activation::Gelu => input.f_gelu("none"),
        Activation::Tanh => input.f_tanh(),
        Activation::Sigmoid => input.f_sigmoid(),
        Activation::Softplus => input.f_softplus(),
        Activation::Softmax => input.f_softmax(1, None),
    }
}

/// All activations, for tests that walk them.
#[cfg(test)]
pub(super) const ALL: [Activation; 9] = [
    Activation::Linear,
    Activation::Relu,
    Activation::LeakyRelu,
    Activation::Elu,
    Activation::Gelu,
    Activation::Tanh,
    Activation::Sigmoid,
    Activation::Softplus,
    Activation::Softmax,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_toml_and_the_list_is_complete() {
        for activation in ALL {
            let written = serde_json::to_value(activation).expect("a unit variant is a string");
            assert_eq!(written, name(activation));
        }
        let schema = serde_json::to_value(schemars::schema_for!(Activation)).expect("a schema is JSON");
        let variants = schema["oneOf"].as_array().expect("one entry per variant");
        assert_eq!(variants.len(), ALL.len());
    }
}
