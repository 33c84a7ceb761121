//! The experiment: what the user wrote in TOML, checked once, with every default filled in.
//!
//! `reader` turns TOML text into an [`Experiment`] that cannot be wrong, or into all the mistakes of the file at once,
//! each with its place. `change` applies one dotted path and its new value to the user's own text. `shapes` says what
//! each layer gives and what the network needs, without libtorch.

pub mod change;
mod error;
pub mod reader;
pub mod shapes;
pub(crate) mod suggest;

#[cfg(test)]
pub(crate) mod rendered;

use serde::{Deserialize, Serialize};

pub use self::{
    change::Change,
    error::{ExperimentError, ExperimentErrors},
    reader::{parse, read},
};

/// One regression problem, the network that should solve it, how it is trained and how it is examined.
///
/// Every field is resolved: defaults are filled in by the reader, and nothing downstream checks them again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// Name of the experiment; also the folder below `reports/`. Default: the name of the file.
    pub name: String,
    /// Seed of the first run: initial weights, order of the batches, dropout. Run `i` uses `seed + i`.
    pub seed: u64,
    /// Where inputs and targets come from.
    pub data: Data,
    /// The network.
    pub model: Model,
    /// How it is trained.
    pub training: Training,
    /// How it is examined.
    pub diagnosis: Diagnosis,
}

/// `[data]`: where inputs and targets come from and how they are scaled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Data {
    /// The source, told by the key `source`.
    #[serde(flatten)]
    pub source: Source,
    /// Scaling of the inputs, fitted on the training split. Key `scale_inputs`.
    pub scale_inputs: Scaling,
    /// Scaling of the targets, fitted on the training split. Key `scale_targets`.
    pub scale_targets: Scaling,
    /// Seed of generation and of the split. It does not follow the seed of the run: all runs see the same data.
    pub seed: u64,
}

/// A source of samples; each variant is a value of `data.source`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "source", rename_all = "snake_case")]
pub enum Source {
    /// Images of one white box on black, `[channels, height, width]`; the targets are the centre (x, y) in -1..1.
    Boxes {
        /// Number of training images.
        train_samples: u32,
        /// Number of validation images.
        validation_samples: u32,
        /// Height in pixels.
        height: u32,
        /// Width in pixels.
        width: u32,
        /// Channels; the box has the same value in each.
        channels: u32,
        /// Side of the box in pixels; the box always lies wholly inside the image.
        box_size: u32,
    },
    /// `y = formula(x) + noise` for random `x`.
    Function {
        /// The formula.
        formula: Formula,
        /// Number of input features `d`; at least what the formula needs.
        features: u32,
        /// Distribution of each feature.
        inputs: Distribution,
        /// Standard deviation of the normal noise that is added to the target [target units].
        noise: f64,
        /// Number of training samples.
        train_samples: u32,
        /// Number of validation samples.
        validation_samples: u32,
    },
    /// A delimited text table with a header line.
    Table {
        /// Path of the file; relative to the folder of the configuration file. The reader makes it absolute.
        path: std::path::PathBuf,
        /// Names of the feature columns. Empty: every column that is not a target.
        features: Vec<String>,
        /// Names of the target columns; at least one.
        targets: Vec<String>,
        /// Share of the rows that is held out for validation, in 0..1; the rows are shuffled by `data.seed` first.
        validation_fraction: f64,
        /// Field delimiter: one ASCII character.
        delimiter: char,
        /// What to do with rows that have an empty or not-a-number cell.
        missing: Missing,
    },
}

/// Named formulas of `x` in `d` dimensions; the columns used are `x1`, `x2`, ...
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Formula {
    /// `x1 + x2 + ... + xd`.
    Sum,
    /// `sin(3 x1)`.
    Sine,
    /// `x1 * x2` (needs 2 features).
    Product,
    /// `x1^2`.
    Square,
    /// `1 if x1 > 0 else 0`.
    Step,
    /// `sqrt(x1^2 + ... + xd^2)`.
    Norm,
    /// Friedman 1991, eq. 61: `10 sin(pi x1 x2) + 20 (x3 - 1/2)^2 + 10 x4 + 5 x5` (needs 5 features).
    Friedman1,
    /// `0`: with `noise`, a target that nothing can predict.
    Zero,
}

impl Formula {
    /// The least number of input features.
    pub fn features_needed(self) -> u32 {
        match self {
            Self::Sum | Self::Sine | Self::Square | Self::Step | Self::Norm | Self::Zero => 1,
            Self::Product => 2,
            Self::Friedman1 => 5,
        }
    }

    /// The inputs that are drawn where the user names none: -1..1, and 0..1 for Friedman's, as he drew them.
    pub fn usual_inputs(self) -> Distribution {
        match self {
            Self::Friedman1 => Distribution::Uniform { low: 0.0, high: 1.0 },
            Self::Sum | Self::Sine | Self::Product | Self::Square | Self::Step | Self::Norm | Self::Zero => {
                Distribution::Uniform { low: -1.0, high: 1.0 }
            }
        }
    }
}

/// Distribution of each feature of a synthetic function.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "distribution", rename_all = "snake_case")]
pub enum Distribution {
    /// Uniform on `low..high`.
    Uniform {
        /// Lower bound.
        low: f64,
        /// Upper bound.
        high: f64,
    },
    /// Normal.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        std: f64,
    },
}

/// Rows with missing cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// Refuse the table, naming the first such cell.
    Refuse,
    /// Leave such rows out; the number left out is reported.
    DropRows,
}

/// Scaling of inputs or targets, per column (for images: per channel), fitted on the training split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scaling {
    /// As they are.
    None,
    /// Mean 0, standard deviation 1 (a constant column becomes 0).
    Standard,
    /// To the range 0..1 (a constant column becomes 0).
    MinMax,
}

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

/// `[training]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// Number of passes over the training split, at most.
    pub epochs: u32,
    /// Samples per step; the last batch of an epoch may be smaller.
    pub batch_size: u32,
    /// Whether the order of the samples is drawn anew each epoch.
    pub shuffle: bool,
    /// The loss that is minimised.
    pub loss: Loss,
    /// The optimiser. The spelling `optimizer` is read as well, also in a [`Change`]'s path.
    pub optimiser: Optimiser,
    /// How the learning rate moves over time.
    pub schedule: Schedule,
    /// Steps over which the learning rate rises linearly from 0 to its scheduled value; 0: none.
    pub warmup_steps: u32,
    /// Gradients are scaled so that their joint L2 norm is at most this. `None`: not clipped.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub clip_norm: Option<f64>,
    /// Each gradient entry is clamped to +-this. `None`: not clipped.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub clip_value: Option<f64>,
    /// A checkpoint is written at the first end of an epoch that is this many seconds after the last one; 0: at each.
    pub checkpoint_secs: f64,
}

/// Losses; all are means over all outputs and samples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Loss {
    /// Mean squared error.
    Mse {},
    /// Mean absolute error.
    Mae {},
    /// Quadratic within `delta`, linear outside (Huber 1964; PyTorch's `HuberLoss`).
    Huber {
        /// Where it changes [target units].
        delta: f64,
    },
}

/// Optimisers; `lr` is the learning rate, `weight_decay` the strength of decay (0: none).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Optimiser {
    /// Stochastic gradient descent; `v = momentum v + g; w -= lr v` (PyTorch's form).
    Sgd {
        /// Learning rate.
        lr: f64,
        /// Momentum in 0..1.
        momentum: f64,
        /// Whether Nesterov's form is used.
        nesterov: bool,
        /// L2 term added to the gradient.
        weight_decay: f64,
    },
    /// Adam (Kingma and Ba 2015), PyTorch's form; `weight_decay` is an L2 term in the gradient.
    Adam {
        /// Learning rate.
        lr: f64,
        /// Decay of the first moment.
        beta1: f64,
        /// Decay of the second moment.
        beta2: f64,
        /// Added to the denominator.
        epsilon: f64,
        /// L2 term added to the gradient.
        weight_decay: f64,
    },
    /// AdamW (Loshchilov and Hutter 2019): decay apart from the gradient.
    #[serde(rename = "adamw")]
    AdamW {
        /// Learning rate.
        lr: f64,
        /// Decay of the first moment.
        beta1: f64,
        /// Decay of the second moment.
        beta2: f64,
        /// Added to the denominator.
        epsilon: f64,
        /// `w -= lr * weight_decay * w` at each step.
        weight_decay: f64,
    },
    /// RMSprop (Tieleman and Hinton 2012), PyTorch's form.
    #[serde(rename = "rmsprop")]
    RmsProp {
        /// Learning rate.
        lr: f64,
        /// Decay of the squared gradient (PyTorch's `alpha`, Keras' `rho`).
        rho: f64,
        /// Added to the denominator.
        epsilon: f64,
        /// Momentum in 0..1.
        momentum: f64,
        /// L2 term added to the gradient.
        weight_decay: f64,
    },
}

/// How the learning rate moves over the steps of training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Schedule {
    /// It does not.
    Constant {},
    /// Multiplied by `factor` after every `every_epochs` epochs.
    Step {
        /// Epochs between two drops.
        every_epochs: u32,
        /// Factor in 0..1.
        factor: f64,
    },
    /// Half a cosine from the full rate to `final_factor` of it over all epochs.
    Cosine {
        /// Share that is left at the end, in 0..1.
        final_factor: f64,
    },
}

/// `[diagnosis]`: how the run is examined and when it may stop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Diagnosis {
    /// Number of runs, with seeds `seed`, `seed + 1`, ...
    pub seeds: u32,
    /// Most samples in the fixed probe set of each split.
    pub probe_samples: u32,
    /// Whether a run stops as soon as its verdict is decided.
    pub early_stop: bool,
    /// Epochs without improvement after which a plateau (or a learned network) counts as settled.
    pub patience_epochs: u32,
    /// Which instruments run.
    pub probes: Probes,
}

/// Which instruments run; `none` is there to measure what they cost and that they do not disturb.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Probes {
    /// All of them.
    All,
    /// None.
    None,
}

impl Optimiser {
    /// The learning rate before any schedule.
    pub fn lr(&self) -> f64 {
        match *self {
            Self::Sgd { lr, .. } | Self::Adam { lr, .. } | Self::AdamW { lr, .. } | Self::RmsProp { lr, .. } => lr,
        }
    }

    /// Strength of the weight decay.
    pub fn weight_decay(&self) -> f64 {
        match *self {
            Self::Sgd { weight_decay, .. }
            | Self::Adam { weight_decay, .. }
            | Self::AdamW { weight_decay, .. }
            | Self::RmsProp { weight_decay, .. } => weight_decay,
        }
    }
}

impl Experiment {
    /// SHA-256 of the resolved experiment, hexadecimal: two experiments with the same hash train the same runs.
    pub fn hash(&self) -> String {
        use sha2::{Digest, Sha256};
        let text = serde_json::to_string(self).expect("the experiment is plain data with text keys");
        Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
