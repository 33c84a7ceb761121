//! What is attainable at least: learners without a network, trained on the same data and split.
//!
//! They are what tells a collapsed network from a target that cannot be predicted. A reference that beats the constant
//! proves that there is signal; that none does proves nothing, it is evidence only.

mod bootstrap;
mod cholesky;
mod columns;
mod constants;
mod draw;
mod folds;
mod gain;
mod images;
mod neighbours;
mod ridge;
mod train;
mod units;
mod views;

use serde::{Deserialize, Serialize};

pub use train::train;

use crate::stats::Estimate;

/// Reference learners, from the simplest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Learner {
    /// The mean of the training targets.
    Mean,
    /// The median of the training targets.
    Median,
    /// Linear regression with an L2 penalty that is chosen by cross-validation (Hoerl and Kennard 1970).
    Ridge,
    /// Ridge regression on random ReLU features (Rahimi and Recht 2007); of images on random convolution features.
    RandomFeatures,
    /// The mean of the k nearest samples.
    Neighbours,
}

impl Learner {
    /// What it is, in words that fit a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mean => "the mean",
            Self::Median => "the median",
            Self::Ridge => "ridge regression",
            Self::RandomFeatures => "ridge regression on random features",
            Self::Neighbours => "the mean of the nearest samples",
        }
    }
}

/// What the reference learners attain on one dataset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct References {
    /// Training samples that they were trained and cross-validated on.
    pub samples: u64,
    /// Training samples there are; more than `samples` where only a part was used.
    pub of_samples: u64,
    /// Validation samples they were tested on; 0 where there are none.
    pub validation_samples: u64,
    /// Parts of the cross-validation.
    pub folds: u32,
    /// What they see of an input, in words, such as `16 x 16 pooled pixels`.
    pub input: String,
    /// Each learner that was trained.
    pub learners: Vec<LearnerSkill>,
}

/// What one learner attains.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LearnerSkill {
    /// Which.
    pub learner: Learner,
    /// One entry for each output, in order.
    pub outputs: Vec<ReferenceSkill>,
}

/// What one learner attains for one output.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReferenceSkill {
    /// Skill of the cross-validated predictions of the training split; absent for a constant target.
    pub cross_validated: Option<Estimate>,
    /// Skill on validation after training on the whole training split; absent without validation.
    pub validation: Option<Estimate>,
    /// One-sided p-value that its cross-validated squared error is below that of the mean of all these samples, before any
    /// correction for the number of learners and outputs; absent for the constants and for a constant target.
    pub p_value: Option<f64>,
}

/// Predictions of a learner, on the scale of its targets; `[samples, outputs]`.
struct Predictions {
    /// Of each training sample, by the learner that was trained without the sample's fold.
    cross_validated: nalgebra::DMatrix<f64>,
    /// Of the validation samples, by the learner of all training samples.
    test: nalgebra::DMatrix<f64>,
}
