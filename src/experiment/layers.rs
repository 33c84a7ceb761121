//! `[model]`: the layers and how they start.

use serde::{Deserialize, Serialize};

/// `[model]`: the layers in order and the default initialisation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Layers in order. The keys `hidden`, `activation` and `output_activation` are a shorthand that the reader expands
    /// into dense layers; the units of the last dense layer may be left out there and are then the number of targets.
    pub layers: Vec<Layer>,
    /// How weights and biases start.
    pub init: Init,
}

/// One layer; each variant is a value of the key `type` in `model.layers`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Layer {
    /// `activation(x W^T + b)`, `[N, in] -> [N, units]`.
    Dense {
        /// Number of units; `None` (left out): the number of targets.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        units: Option<u32>,
        /// Activation.
        activation: Activation,
        /// Whether there is a bias.
        bias: bool,
        /// How this layer starts; it and each of its keys, left out: as `model.init` says.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        init: Option<Init>,
    },
    /// 2-D convolution, `[N, C, H, W] -> [N, filters, H', W']`.
    Conv2d {
        /// Number of filters.
        filters: u32,
        /// Side of the square kernel.
        kernel: u32,
        /// Stride in both directions.
        stride: u32,
        /// Padding.
        padding: Padding,
        /// Activation.
        activation: Activation,
        /// Whether there is a bias.
        bias: bool,
        /// How this layer starts; it and each of its keys, left out: as `model.init` says.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        init: Option<Init>,
    },
    /// Maximum over windows, without padding.
    MaxPool2d {
        /// Side of the window.
        size: u32,
        /// Stride; default: the size.
        stride: u32,
    },
    /// Mean over windows, without padding.
    AvgPool2d {
        /// Side of the window.
        size: u32,
        /// Stride; default: the size.
        stride: u32,
    },
    /// `[N, C, H, W] -> [N, C * H * W]`.
    Flatten {},
    /// Sets each value to zero with this probability while training, and scales the rest by `1 / (1 - rate)`.
    Dropout {
        /// Probability in 0..1.
        rate: f64,
    },
    /// Batch normalisation over the batch (and the positions of an image), followed by an activation.
    BatchNorm {
        /// Weight of the new batch in the running statistics (PyTorch's convention; Keras' 0.99 is 0.01 here).
        momentum: f64,
        /// Added to the variance.
        epsilon: f64,
        /// Activation.
        activation: Activation,
    },
    /// An activation alone.
    Activation {
        /// Which.
        activation: Activation,
    },
}

impl Layer {
    /// Its activation; `None` of a layer that has none.
    pub fn activation(&self) -> Option<Activation> {
        match *self {
            Self::Dense { activation, .. }
            | Self::Conv2d { activation, .. }
            | Self::BatchNorm { activation, .. }
            | Self::Activation { activation } => Some(activation),
            Self::MaxPool2d { .. } | Self::AvgPool2d { .. } | Self::Flatten {} | Self::Dropout { .. } => None,
        }
    }
}

/// Activation functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// `x`.
    Linear,
    /// `max(0, x)`.
    Relu,
    /// `max(0.01 x, x)` (PyTorch's slope).
    LeakyRelu,
    /// `x` for `x > 0`, else `exp(x) - 1`.
    Elu,
    /// `x Phi(x)`, exact.
    Gelu,
    /// Hyperbolic tangent.
    Tanh,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// `log(1 + exp(x))`.
    Softplus,
    /// `exp(x) / sum(exp(x))` over the units (the channels of an image); of one unit always 1.
    Softmax,
}

impl Activation {
    /// Its name in the TOML and the record.
    pub fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Relu => "relu",
            Self::LeakyRelu => "leaky_relu",
            Self::Elu => "elu",
            Self::Gelu => "gelu",
            Self::Tanh => "tanh",
            Self::Sigmoid => "sigmoid",
            Self::Softplus => "softplus",
            Self::Softmax => "softmax",
        }
    }
}

/// Padding of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Padding {
    /// None.
    Valid,
    /// TensorFlow's and Keras' `same`: output side `ceil(side / stride)`, the odd pixel of padding after.
    Same,
    /// `kernel / 2` (rounded down) on both sides, as PyTorch code usually writes it.
    Half,
}

/// Initialisation of all layers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Init {
    /// Distribution of the weights of dense and convolution layers.
    pub weights: WeightInit,
    /// The weights are multiplied by this after they are drawn.
    pub gain: f64,
    /// How biases start.
    pub bias: BiasInit,
}

/// Distribution of initial weights; `fan_in` and `fan_out` count the kernel's positions, as Keras and PyTorch do.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WeightInit {
    /// Uniform on +-sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio 2010). Keras' default.
    GlorotUniform {},
    /// Normal with variance 2 / (fan_in + fan_out).
    GlorotNormal {},
    /// Uniform on +-sqrt(6 / fan_in) (He et al. 2015).
    HeUniform {},
    /// Normal with variance 2 / fan_in.
    HeNormal {},
    /// Uniform on +-sqrt(3 / fan_in) (LeCun et al. 1998).
    LecunUniform {},
    /// Normal with variance 1 / fan_in.
    LecunNormal {},
    /// Uniform on +-1/sqrt(fan_in): PyTorch's default for Linear and Conv2d.
    PytorchUniform {},
    /// Orthogonal rows or columns (Saxe et al. 2014).
    Orthogonal {},
    /// Normal with this standard deviation.
    Normal {
        /// Standard deviation.
        std: f64,
    },
    /// All zero.
    Zeros {},
}

/// Initial biases.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum BiasInit {
    /// All zero: Keras' default.
    Zeros {},
    /// Uniform on +-1/sqrt(fan_in): PyTorch's default.
    PytorchUniform {},
    /// All this value.
    Constant {
        /// The value.
        value: f64,
    },
}
