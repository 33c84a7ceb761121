//! Inputs and targets: a source becomes a plain [`Dataset`], split and scaled, with a summary of its targets.

mod alignment;
mod boxes;
mod columns;
mod draw;
mod error;
mod expressions;
mod file;
mod fit;
mod function;
mod load;
mod plant;
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
    load::{load, load_planted},
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
    /// Mean, spread and range over all finite inputs of the training split, after scaling.
    pub inputs: Moments,
    /// Per output: the targets of the training split, after scaling.
    pub targets: Vec<TargetSummary>,
    /// Each input column (each channel of images), up to [`MOST_COLUMNS`]; after scaling.
    pub columns: Vec<ColumnSummary>,
    /// Columns of a table that vary and equal another one on the whole training split: its name, and that of the first one
    /// that it equals. Not the channels of images: grey pictures in three channels are common.
    pub equal_columns: Vec<(String, String)>,
    /// Whether inputs and targets belong together in another order of the rows; empty where that was not tried.
    pub alignments: Vec<Alignment>,
    /// Rows left out for missing cells.
    pub dropped_rows: u64,
    /// SHA-256 over inputs and targets of both splits, hexadecimal.
    pub fingerprint: String,
}

/// Most input columns that are summarised one by one.
pub const MOST_COLUMNS: usize = 4_096;

/// One input column (one channel of images), after scaling.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ColumnSummary {
    /// Name of the column; `channel 0`, ... of images.
    pub name: String,
    /// Over the finite cells of the training split; NaN where there is none.
    pub train: Moments,
    /// Over the finite cells of the validation split; absent when it is empty.
    pub validation: Option<Moments>,
    /// Cells of the training split that are NaN or infinite.
    pub non_finite: u64,
}

/// An order in which the targets were held against the inputs of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Alignment {
    /// Which.
    pub order: RowOrder,
    /// Squared correlation of the targets with their linear fit from the inputs, adjusted for the number of columns; of the output where it is largest.
    #[serde(with = "crate::record::any_float")]
    #[schemars(with = "f64")]
    pub explained: f64,
    /// What chance gives at most: the largest of the same over random and turned orders, or what targets that belong to
    /// no input would reach once in 100000 times. An order whose `explained` is above it is the right one.
    #[serde(with = "crate::record::any_float")]
    #[schemars(with = "f64")]
    pub chance: f64,
}

/// An order of the targets' rows against those of the inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowOrder {
    /// As they are.
    AsGiven,
    /// Each input with the target of so many rows later (earlier where negative).
    Shifted(i32),
    /// The targets from last to first.
    Reversed,
    /// The targets as if their row numbers, counted from 0 or from 1, had been sorted as text: 0, 1, 10, 100, 11, ...
    SortedAsText,
    /// Row numbers sorted as text on the side of the inputs.
    InputsSortedAsText,
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
