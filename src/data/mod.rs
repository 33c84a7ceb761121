//! Inputs and targets: a source becomes a plain [`Dataset`], split and scaled, with a summary of its targets.

mod boxes;
mod draw;
mod error;
mod file;
mod fit;
mod function;
mod load;
mod precision;
mod scale;
mod scan;
mod split;
mod summary;
mod table;

use serde::{Deserialize, Serialize};

pub use self::{
    error::{DataError, Excerpt},
    fit::check,
    load::load,
};

/// Most memory that data may take \[bytes\]: what a common workstation has.
pub const MOST_BYTES: u64 = 16 << 30;

/// Samples of one split, in memory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples {
    /// Inputs, row-major: `[N, features]` or `[N, C, H, W]`.
    pub inputs: Vec<f32>,
    /// Targets, row-major `[N, outputs]`, scaled as the experiment says.
    pub targets: Vec<f32>,
    /// Number of samples `N`.
    pub count: usize,
}

/// All that a training needs to know of the data.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// Shape of one input: `[features]` or `[C, H, W]`.
    pub input_shape: Vec<usize>,
    /// Names of the outputs.
    pub outputs: Vec<String>,
    /// The training split.
    pub train: Samples,
    /// The validation split; may be empty.
    pub validation: Samples,
    /// What the record keeps of the data.
    pub summary: Summary,
}

/// What the record keeps of the data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Summary {
    /// Size of the training split.
    pub train_samples: u64,
    /// Size of the validation split.
    pub validation_samples: u64,
    /// Shape of one input: `[features]` or `[C, H, W]`.
    pub input_shape: Vec<usize>,
    /// Names of the input columns; empty for images.
    pub features: Vec<String>,
    /// Mean, spread and range over all inputs of the training split, after scaling.
    pub inputs: Moments,
    /// Per output: the targets of the training split, after scaling.
    pub targets: Vec<TargetSummary>,
    /// Rows left out for missing cells.
    pub dropped_rows: u64,
    /// SHA-256 over inputs and targets of both splits, hexadecimal.
    pub fingerprint: String,
}

/// Location and spread of numbers; variance is population variance (ddof 0).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Moments {
    /// Mean.
    #[serde(with = "crate::record::any_float")]
    #[schemars(with = "f64")]
    pub mean: f64,
    /// Standard deviation (ddof 0).
    #[serde(with = "crate::record::any_float")]
    #[schemars(with = "f64")]
    pub std: f64,
    /// Smallest.
    #[serde(with = "crate::record::any_float")]
    #[schemars(with = "f64")]
    pub min: f64,
    /// Largest.
    #[serde(with = "crate::record::any_float")]
    #[schemars(with = "f64")]
    pub max: f64,
}

/// One output's targets, after scaling.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TargetSummary {
    /// Name of the output.
    pub name: String,
    /// Over the training split.
    pub train: Moments,
    /// Median of the training split.
    #[serde(with = "crate::record::any_float")]
    #[schemars(with = "f64")]
    pub median: f64,
    /// Over the validation split; `None` when it is empty.
    pub validation: Option<Moments>,
    /// The value that most training targets equal; `None` where no value occurs twice.
    pub most_common: Option<Atom>,
    /// Share of the training targets that equal the smallest one, 0..1.
    pub at_min_fraction: f64,
    /// Share of the training targets that equal the largest one, 0..1.
    pub at_max_fraction: f64,
}

/// A value that several targets equal to the bit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Atom {
    /// The value, after scaling [target units].
    pub value: f64,
    /// Share of the training targets that equal it, 0..1.
    pub fraction: f64,
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod wide_tests;
