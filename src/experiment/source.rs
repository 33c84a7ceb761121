//! `[data]`: where the samples come from.

use serde::{Deserialize, Serialize};

use super::expression::Named;

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
        /// Standard deviation of the normal noise that is added to both targets [target units].
        noise: f64,
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
    /// Samples that expressions say: a problem in one file, without data beside it.
    ///
    /// Functions: `sin cos tan asin acos atan sinh cosh tanh exp log log2 log10 sqrt abs sign floor ceil round step sigmoid
    /// relu min max clip if sum mean norm mix mixes range`; operators: `+ - * / % ^` and the comparisons, which give 1 or 0;
    /// names: what is drawn or defined, `index` (the number of the sample, from 0) and `pi`. A name of ten numbers, such as
    /// `w`, is ten columns, and `w1` to `w10` are its numbers; an argument of one number is repeated.
    Expressions {
        /// Number of samples.
        samples: u32,
        /// Share of the samples that is held out for validation, in 0..1; they are shuffled by `data.seed` first.
        validation_fraction: f64,
        /// What is drawn for each sample: `uniform(low, high)`, `normal(mean, std)`, `exponential(mean)`, `integer(low, high)`,
        /// `bernoulli(p)` or `choice(a, b, ...)`, with ` x 10` behind it for ten numbers. In a file also `{ x = "uniform(0, 1)" }`.
        draws: Vec<Named>,
        /// What is computed before the columns; each may use those above it. In a file also `{ signal = "mix(w)" }`.
        define: Vec<Named>,
        /// The input columns. In a file also a list of expressions, or `{ x = "4 + 2 * s" }`.
        inputs: Vec<Named>,
        /// The target columns. In a file also `{ y = "sin(3 * x)" }`.
        targets: Vec<Named>,
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

/// Fewest samples of a split that is not empty: a spread needs two.
pub(crate) const FEWEST: usize = 2;

/// Fewest rows that can be split.
pub(crate) fn rows_needed(validation_fraction: f64) -> usize {
    if validation_fraction > 0.0 { 2 * FEWEST } else { FEWEST }
}

/// How many rows are held out; `None` where there are fewer than [`rows_needed`].
pub(crate) fn held_out(rows: usize, validation_fraction: f64) -> Option<usize> {
    if rows < rows_needed(validation_fraction) {
        return None;
    }
    if validation_fraction == 0.0 {
        return Some(0);
    }
    Some(((rows as f64 * validation_fraction).round() as usize).clamp(FEWEST, rows - FEWEST))
}
