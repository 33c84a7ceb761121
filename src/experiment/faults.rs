//! `[faults]`: bugs that are no setting, planted on purpose to see whether they are found.
//!
//! The record is written without this table, so that neither judge nor report can see it.

use serde::{Deserialize, Serialize};

/// `[faults]`: what is planted; nothing unless it is said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// Which target a sample is trained on, or judged by.
    pub targets: TargetFault,
    /// Share of the training targets that are replaced by `replaced_value`, in 0..1.
    pub replaced_fraction: f64,
    /// The value that replaces them \[target units, after scaling\].
    pub replaced_value: f64,
    /// Share of the cells of the training inputs that become NaN, in 0..1.
    pub nan_fraction: f64,
    /// Shapes that the loss is given.
    pub loss_shapes: LossShapes,
    /// Layers whose parameters the optimiser is not given, such as `dense_1`.
    pub untrained_layers: Vec<String>,
    /// Layer behind whose output no gradient passes back; empty: none.
    pub detached_layer: String,
    /// What the optimiser is given as the gradient.
    pub gradients: GradientFault,
    /// Which mode the training path runs in.
    pub training_mode: TrainingMode,
    /// Inference sees `factor * x + shift` instead of the inputs `x`.
    pub inference_input_factor: f64,
    /// See `inference_input_factor`.
    pub inference_input_shift: f64,
    /// Inference gives `factor * y + shift` instead of the predictions `y`.
    pub inference_output_factor: f64,
    /// See `inference_output_factor`.
    pub inference_output_shift: f64,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            targets: TargetFault::Aligned,
            replaced_fraction: 0.0,
            replaced_value: 0.0,
            nan_fraction: 0.0,
            loss_shapes: LossShapes::Equal,
            untrained_layers: Vec::new(),
            detached_layer: String::new(),
            gradients: GradientFault::Correct,
            training_mode: TrainingMode::Train,
            inference_input_factor: 1.0,
            inference_input_shift: 0.0,
            inference_output_factor: 1.0,
            inference_output_shift: 0.0,
        }
    }
}

impl Faults {
    /// Whether nothing is planted.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// Which target belongs to which sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetFault {
    /// Its own.
    Aligned,
    /// That of another training sample, always the same one: as with two files in different orders.
    Shuffled,
    /// That of the row before, in the order of the source.
    ShiftedByOne,
    /// That of another sample, drawn anew each epoch: as when inputs are shuffled and targets are not.
    ShuffledEachEpoch,
    /// Its own in training; on validation that of another sample.
    ShuffledValidation,
}

/// Shapes of predictions and targets as the loss sees them, for `N` samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LossShapes {
    /// `[N, outputs]` both.
    Equal,
    /// Predictions `[N, 1]` against targets `[N]`: each prediction against every target.
    ColumnAgainstVector,
    /// Predictions `[1, N]` against targets `[N, 1]`: each prediction against every target.
    RowAgainstColumn,
}

/// What the optimiser is given as the gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GradientFault {
    /// The gradient of the batch.
    Correct,
    /// Its negative: the loss is climbed.
    Negated,
    /// The sum over all steps so far: never set to zero.
    Accumulated,
    /// Each parameter's entries in reverse order, as a mistaken formula would mix them up.
    Reversed,
}

/// Mode of the network on the training path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrainingMode {
    /// Dropout is drawn, batch normalisation uses the batch and moves its running statistics.
    Train,
    /// As at inference.
    Eval,
}
