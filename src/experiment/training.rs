//! `[training]`: loss, optimiser and schedule.

use serde::{Deserialize, Serialize};

/// `[training]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// Number of passes over the training split, at most.
    pub epochs: u32,
    /// Samples per step; the last batch of an epoch may be smaller.
    pub batch_size: u32,
    /// Whether a last batch that is smaller than the others is left out; with fewer samples than a batch nothing is trained.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub drop_last: bool,
    /// Whether the order of the samples is drawn anew each epoch.
    pub shuffle: bool,
    /// The loss that is minimised.
    pub loss: Loss,
    /// The optimiser. The spelling `optimizer` is read as well, also in a [`Change`](crate::experiment::Change)'s path.
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
    /// Mean absolute percentage error, `|p - y| / max(|y|, 1e-7)` (Keras' form without its factor of 100).
    Mape {},
    /// `-y log p - (1 - y) log(1 - p)` with `p` clipped to 1e-7..1 - 1e-7 (Keras' form): meant for targets in 0..1.
    BinaryCrossEntropy {},
    /// `-y log p` with `p` clipped to 1e-7..1, summed over the outputs: meant for one-hot targets.
    CrossEntropy {},
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
