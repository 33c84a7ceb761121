//! The record of a run: every reading of every instrument, the probe set's predictions, and what made them.
//!
//! In memory a [`Record`] is plain data that the judge and the report read; `store` keeps it as Parquet segments beside
//! `run.json`. Nothing here depends on libtorch.

pub mod any_float;
pub mod atomic;
mod error;
pub mod store;
pub mod thinning;

pub use error::RecordError;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{data::Summary, experiment::Experiment, references::References};

/// Number of the record's format.
pub const SCHEMA: u32 = 3;

/// A part of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// The training split: for channels of a step, the batch; for channels of an epoch, the probe set's part of it.
    Train,
    /// The probe set's part of the validation split.
    Validation,
    /// Every sample of the training split (exact looks, made when a run is about to be called stuck, and at its end).
    WholeTrain,
    /// The training split's probe set along the training path, as a step of the training runs it: dropout is drawn and
    /// batch normalisation uses the batch. Looked at once, at the end.
    TrainingPath,
    /// The training split's probe set with every input column (every channel) standardised, through the untrained network:
    /// what scaling the inputs would change. Looked at once, at the start.
    StandardisedInputs,
}

/// What a series measures. One variant per channel, so that a misspelt channel does not compile.
///
/// `layer` of a [`SeriesId`] holds the layer's name, the parameter's name (`dense_1.weight`), the output's name, or
/// nothing, as each variant says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Loss that is minimised. Layer: empty. Train: each step, of the batch. [loss units]
    Loss,
    /// Mean squared error over the batch, recomputed from predictions and targets, over the variance of the training
    /// targets, averaged over outputs: 1 is the mean predictor. Layer: empty. Each step.
    LossRatio,
    /// Learning rate of the step. Layer: empty.
    LearningRate,
    /// Mean prediction. Layer: output. Batch: each step; probe sets: each epoch. [target units]
    PredictionMean,
    /// Standard deviation (ddof 0) of the predictions. Layer: output. [target units]
    PredictionStd,
    /// `std(prediction) / std(target)`. Layer: output. Probe sets, each epoch.
    Spread,
    /// `1 - MSE / Var(target)` with the probe set's own variance. Layer: output. Probe sets, each epoch.
    Skill,
    /// Pearson correlation of prediction and target; absent where one of them is constant. Layer: output.
    Correlation,
    /// Slope of the regression of the target on the prediction: 1 is calibrated, far above 1 is shrunk. Layer: output.
    CalibrationSlope,
    /// Mean of a layer's activations. Layer: layer. Each step.
    ActivationMean,
    /// Standard deviation of a layer's activations. Layer: layer. Each step.
    ActivationStd,
    /// Fraction of a layer's activations that are exactly zero. Layer: layer. Each step.
    ZeroFraction,
    /// Fraction of activations in the flat ends of a bounded activation (tanh beyond +-0.99, sigmoid outside
    /// 0.01..0.99). Layer: layer. Each step; absent for other activations.
    Saturation,
    /// Fraction of a layer's units that are zero for every sample: of the batch (Train, each step, unit empty), of the
    /// probe set (Train, each epoch: step series carry the batch, so the epoch series is `DeadFractionProbe`).
    DeadFraction,
    /// Fraction of a layer's units that are zero on the whole probe set (Train) or on every training sample
    /// (WholeTrain). Layer: layer. Each epoch.
    DeadFractionProbe,
    /// 1 where a unit is alive on the probe set, 0 where dead; written at epoch 0 and when it changes. Unit: index.
    UnitAlive,
    /// L2 norm of a parameter's gradient, before clipping. Layer: parameter. Each step.
    GradientNorm,
    /// Fraction of a parameter's gradient that is exactly zero. Layer: parameter. Each step.
    GradientZeroFraction,
    /// L2 norm of the gradient of the loss with respect to a layer's activations. Layer: layer. Each step.
    ActivationGradientNorm,
    /// L2 norm of a parameter. Layer: parameter. Each step.
    WeightNorm,
    /// `|update| / |weight|` of a parameter. Layer: parameter. Each step.
    UpdateRatio,
    /// Cross-validated skill of a ridge read-out of the targets from a layer's activations, averaged over the outputs.
    /// Layer: layer, `input` for the network's input. Validation where its probe set is large enough, else train; sparse
    /// looks.
    ReadoutSkill,
    /// Effective rank of a layer's activations over the probe set (Roy and Vetterli 2007). Layer: layer or `input`.
    /// Split and looks as `ReadoutSkill`.
    EffectiveRank,
    /// Largest eigenvalue of the Hessian of the loss, preconditioned where the optimiser is adaptive. Layer: empty.
    /// Train; sparse looks, each after as many finished steps as its point says.
    Sharpness,
    /// Sharpness over the optimiser's stability limit at the learning rate of the next step. Layer: empty. As
    /// `Sharpness`.
    StabilityRatio,
    /// The configured loss of the batch, computed anew from the predictions and the samples' own targets, element by element.
    /// Layer: empty. Train: each step. Equal to `Loss` unless the training's own loss is another function. [loss units]
    RecomputedLoss,
    /// The configured loss over all pairs of a prediction and a target of the batch, which is what shapes that broadcast
    /// make of it. Layer: empty. Train: steps that are powers of two. [loss units]
    PairedLoss,
    /// Cosine between the gradient that the optimiser was given and the gradient of `RecomputedLoss` at the same weights, batch
    /// and draws, over all parameters together. Layer: empty. Train: steps that are powers of two; absent where one is zero.
    GradientCosine,
    /// Norm of the gradient that the optimiser was given (before clipping) over that of the recomputed one. As `GradientCosine`,
    /// but absent only where the recomputed one is zero: 0 is measured.
    GradientRatio,
    /// Norm of a parameter's distance from its start over the norm of its start (over 1 where that is zero). Layer: parameter.
    /// Train: each epoch; exactly 0 where it never moved.
    DistanceFromStart,
    /// Mean slope of the output layer's activation over the probe set, 1 for a linear one. Layer: the last layer. Train:
    /// each epoch. 0: no gradient passes it.
    OutputSlope,
}

/// Names one series.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SeriesId {
    /// Part of the data.
    pub split: Split,
    /// What is measured.
    pub channel: Channel,
    /// Layer, parameter or output; empty where the channel has none.
    pub layer: String,
    /// Unit within the layer.
    pub unit: Option<i32>,
}

/// A measured number that is not finite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NonFinite {
    /// Not a number.
    Nan,
    /// Positive infinity.
    PosInf,
    /// Negative infinity.
    NegInf,
}

/// One value that was measured. What was not measured is not there at all: never zero, never NaN.
///
/// Deliberately has no `PartialOrd`: `<` on NaN is quietly false.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// A finite number.
    Finite(f64),
    /// Measured, and a finding.
    NonFinite(NonFinite),
}

impl Reading {
    /// Sorts a float into finite and not finite.
    pub fn new(value: f64) -> Self {
        if value.is_finite() {
            Self::Finite(value)
        } else if value.is_nan() {
            Self::NonFinite(NonFinite::Nan)
        } else if value > 0.0 {
            Self::NonFinite(NonFinite::PosInf)
        } else {
            Self::NonFinite(NonFinite::NegInf)
        }
    }

    /// The float again, for storage and arithmetic that means to carry NaN on.
    pub fn value(self) -> f64 {
        match self {
            Self::Finite(value) => value,
            Self::NonFinite(NonFinite::Nan) => f64::NAN,
            Self::NonFinite(NonFinite::PosInf) => f64::INFINITY,
            Self::NonFinite(NonFinite::NegInf) => f64::NEG_INFINITY,
        }
    }

    /// The number, if it is finite.
    pub fn finite(self) -> Option<f64> {
        match self {
            Self::Finite(value) => Some(value),
            Self::NonFinite(_) => None,
        }
    }
}

/// One point of a series.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Number of optimiser steps that were finished before a per-epoch look; for readings of a step, its number from 1.
    pub step: u64,
    /// Epoch from 1; 0 is the look at the untrained network.
    pub epoch: u32,
    /// What was measured.
    pub value: Reading,
}

/// The fixed probe set's predictions at one epoch and split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProbePredictions {
    /// Part of the data.
    pub split: Split,
    /// Epoch from 1; 0 is the untrained network.
    pub epoch: u32,
    /// Index of each sample within its split, `[N]`.
    pub samples: Vec<u32>,
    /// Targets, row-major `[N, outputs]`.
    pub targets: Vec<f32>,
    /// Predictions, row-major `[N, outputs]`; may hold NaN and infinities.
    pub predictions: Vec<f32>,
}

/// One layer, as the report names and draws it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerInfo {
    /// Name, such as `conv2d_1`; numbered from 1 per type.
    pub name: String,
    /// Output shape of one sample: `[units]` or `[C, H, W]`.
    pub shape: Vec<usize>,
    /// Name of the activation, `linear` where there is none.
    pub activation: String,
    /// Names of its parameters, in order; empty for a layer without.
    pub parameters: Vec<String>,
    /// Number of its trainable values.
    pub parameter_count: u64,
}

/// How far a run came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Status {
    /// Still training, or killed: a checkpoint may be resumed.
    Running,
    /// All epochs were trained.
    Completed,
    /// Stopped because the verdict was decided; `why` is a sentence.
    Decided {
        /// Why.
        why: String,
    },
    /// Stopped because loss or weights were not finite for a whole epoch.
    NonFinite,
    /// Stopped by the user; can be resumed.
    Interrupted,
}

/// Proof, made by the trainer, that no gradient can ever again reach what lies before a dead layer.
///
/// It was made with the optimiser at rest: the next step without gradient changes no bit of the frozen parameters, and
/// none later can change more, as long as what lies behind the layer stays finite: NaN would pass back through it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct StuckCertificate {
    /// The layer whose units are all exactly zero.
    pub layer: String,
    /// Its number of units.
    pub units: u64,
    /// Training samples on which that was checked: all of them.
    pub samples: u64,
    /// Parameters at and before the layer: their gradients are exactly zero, and they are at rest to the last bit.
    pub frozen_parameters: Vec<String>,
    /// Step after which the certificate was made.
    pub step: u64,
    /// Parameters behind the layer: what may still move.
    pub moving_parameters: Vec<String>,
    /// Per output: mean of target minus prediction over the whole training set, in standard deviations of the target: how
    /// far the constant still is from the mean. Absent for a constant target.
    pub gaps_to_mean: Vec<Option<f64>>,
}

/// What made the record; `run.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunInfo {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The experiment, resolved.
    pub experiment: Experiment,
    /// SHA-256 of the resolved experiment, hexadecimal.
    pub experiment_hash: String,
    /// Seed of this run.
    pub seed: u64,
    /// What is known of the data.
    pub data: Summary,
    /// What other learners attain on the same data; absent where they were not trained.
    pub references: Option<References>,
    /// Layers in order.
    pub layers: Vec<LayerInfo>,
    /// `cpu` or `cuda:0`.
    pub device: String,
    /// Threads that libtorch used.
    pub threads: u32,
    /// Version of whymean and of libtorch.
    pub versions: BTreeMap<String, String>,
    /// Steps in one epoch.
    pub steps_per_epoch: u64,
    /// Epochs that were finished.
    pub epochs_done: u32,
    /// Segments that were written; of a finished run all of them must be there.
    pub segments: u32,
    /// How far the run came.
    pub status: Status,
    /// Present when the run was proved stuck.
    pub certificate: Option<StuckCertificate>,
    /// Training time so far, of all parts of a resumed run together \[s\].
    pub wall_secs: f64,
}

/// All that one run left behind.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// What made it.
    pub run: RunInfo,
    /// Every series, points in order of steps.
    pub series: BTreeMap<SeriesId, Vec<Point>>,
    /// Predictions on the probe set, in order of epochs.
    pub probe: Vec<ProbePredictions>,
}

impl Record {
    /// The points of a series; empty where nothing was measured.
    pub fn points(&self, split: Split, channel: Channel, layer: &str) -> &[Point] {
        let id = SeriesId { split, channel, layer: layer.to_owned(), unit: None };
        self.series.get(&id).map_or(&[], Vec::as_slice)
    }

    /// The last point of a series.
    pub fn last(&self, split: Split, channel: Channel, layer: &str) -> Option<Point> {
        self.points(split, channel, layer).last().copied()
    }

    /// The newest predictions on a split's probe set.
    pub fn last_predictions(&self, split: Split) -> Option<&ProbePredictions> {
        self.probe.iter().rev().find(|look| look.split == split)
    }

    /// Names of the outputs whose training targets vary, in order; all of them where none does.
    ///
    /// A constant target has no skill and no spread, so it can neither be learned nor collapse.
    pub fn varying_outputs(&self) -> Vec<&str> {
        let varies = |target: &&crate::data::TargetSummary| target.train.std > 0.0;
        let names: Vec<&str> = self.run.data.targets.iter().filter(varies).map(|target| target.name.as_str()).collect();
        if names.is_empty() { self.outputs().collect() } else { names }
    }

    /// Names of the outputs, in order.
    pub fn outputs(&self) -> impl Iterator<Item = &str> {
        self.run.data.targets.iter().map(|target| target.name.as_str())
    }
}
