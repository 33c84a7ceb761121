//! The judge: pure functions from records to a [`Diagnosis`]. No file, no clock, no random state, no libtorch.
//!
//! ```text
//! Record --look--> OutputLook --verdict--> state of an output --run--> RunDiagnosis --over_runs--> Diagnosis
//!    |                                                                      ^
//!    +-- symptoms (findings), constant, collapse_time, trend ---------------+        compare: cells of runs
//! ```
//!
//! Every function is total: a record that is cut short, empty or full of NaN gets an answer.

mod attainable;
mod before;
pub mod causes;
mod collapse_time;
mod compare;
mod constant;
mod decide;
mod depth;
mod explain;
mod limits;
mod look;
mod over_runs;
mod plateau;
mod run;
mod skilful;

mod summary;
pub mod symptoms;
mod trend;
mod verdict;

#[cfg(test)]
mod properties;
#[cfg(test)]
pub(crate) mod synthetic;

use serde::{Deserialize, Serialize};

pub use self::{
    before::before_training,
    compare::compare,
    decide::{Decision, decide, not_finite},
    explain::{explain, explain_groups, explain_ids, explained_under},
    over_runs::diagnose,
    run::judge_run,
    symptoms::Finding,
};
pub use crate::stats::Estimate;
use crate::{
    record::{Split, StuckCertificate},
    references::{Learner, References},
    stats,
};

/// Number of the diagnosis' format.
pub const SCHEMA: u32 = 3;

/// What became of a network (or of one output of it).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It predicts better than a constant, and no reference learner does clearly better.
    Learned,
    /// No reference learner beats the constant: the mean is the honest answer on this evidence.
    Unpredictable,
    /// It was still improving when it stopped.
    Undertrained,
    /// It learned the training set; on validation it is no better than a constant.
    Memorised,
    /// It points the right way with far too little spread for what is attainable.
    Shrunk,
    /// Some outputs collapsed, others did not.
    Partial,
    /// It learned on the training path; on the inference path more than half of it is lost.
    Mismatch,
    /// Its predictions are a constant, and a reference learner finds signal.
    Collapsed,
    /// NaN, infinity, or a loss far above the variance without return.
    Diverged,
    /// The record does not suffice to say.
    Undecided,
}

impl State {
    /// Every state, in the order of the enum.
    pub const ALL: [Self; 10] = [
        Self::Learned,
        Self::Unpredictable,
        Self::Undertrained,
        Self::Memorised,
        Self::Shrunk,
        Self::Partial,
        Self::Mismatch,
        Self::Collapsed,
        Self::Diverged,
        Self::Undecided,
    ];

    /// How bad it is, from 0 for learned. What could not be judged is worse than learned, since it is no evidence of
    /// health, and better than every fault that was seen.
    pub fn severity(self) -> u8 {
        match self {
            Self::Learned => 0,
            Self::Unpredictable => 1,
            Self::Undecided => 2,
            Self::Undertrained => 3,
            Self::Memorised => 4,
            Self::Shrunk => 5,
            Self::Partial => 6,
            Self::Mismatch => 7,
            Self::Collapsed => 8,
            Self::Diverged => 9,
        }
    }
}

/// How firmly a collapsed run sits on its constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// Proved: no gradient reaches any parameter before a dead layer, on the whole training set, and none ever will.
    Stuck,
    /// It may still escape.
    Plateau,
}

/// A constant that predictions may sit on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Constant {
    /// Mean of the training targets.
    Mean,
    /// Median of the training targets.
    Median,
    /// Zero.
    Zero,
    /// A bound of the output activation.
    Bound,
    /// A value at which the targets were clipped: many of them equal it, and none lies beyond.
    Clip,
    /// The smallest or the largest training target.
    Extreme,
    /// The mean prediction of the untrained network.
    Initial,
    /// None of these.
    Other,
}

/// The constant that predictions sit on, with the evidence and with what fits as well.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ConstantFit {
    /// The constant.
    pub constant: Constant,
    /// Mean prediction [target units].
    pub level: f64,
    /// Where the constant lies [target units]; the level itself for [`Constant::Other`].
    pub at: f64,
    /// `|level - at|` in standard deviations of the training target; absent for a constant target.
    pub distance: Option<f64>,
    /// Share of the inputs that are answered with it, to within a twentieth of the target's standard deviation.
    pub same_fraction: Option<f64>,
    /// Other constants within the tolerance, the nearest first.
    pub alternatives: Vec<Constant>,
}

/// The reference learner that predicts an output best.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct BestReference {
    /// Which.
    pub learner: Learner,
    /// Its skill on the split that the network was judged on.
    pub skill: Estimate,
    /// Whether it is beyond doubt better than a constant.
    pub finds_signal: bool,
}

/// How much of the target can be read off a layer, linearly.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LayerSignal {
    /// Layer; `input` for what the network is given.
    pub layer: String,
    /// Cross-validated skill of a ridge read-out of the targets, before the first step.
    pub readout_at_start: Option<f64>,
    /// The same at the end.
    pub readout_at_end: Option<f64>,
    /// Effective rank of the activations over the probe set, before the first step.
    pub rank_at_start: Option<f64>,
    /// The same at the end.
    pub rank_at_end: Option<f64>,
}

/// The sharpness of the loss against what the optimiser stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SharpnessReading {
    /// Step after which it was measured; 0 is the untrained network.
    pub step: u64,
    /// Largest eigenvalue of the Hessian; for an adaptive optimiser of the preconditioned one. May be NaN or infinite.
    #[serde(with = "crate::record::any_float")]
    #[schemars(with = "f64")]
    pub sharpness: f64,
    /// Sharpness over the optimiser's limit at its learning rate: above 1 a quadratic would diverge. May be NaN or infinite.
    #[serde(with = "crate::record::any_float")]
    #[schemars(with = "f64")]
    pub stability_ratio: f64,
}

/// Everything `diagnose` found out; the document behind `--format json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Diagnosis {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Name of the experiment.
    pub name: String,
    /// The answer.
    pub verdict: Verdict,
    /// One entry for each output, over the runs that share the verdict's state: medians, between the lowest and the highest
    /// end of the runs' intervals.
    pub outputs: Vec<OutputDiagnosis>,
    /// One entry for each run.
    pub runs: Vec<RunDiagnosis>,
    /// What other learners attain on the same data; absent where none was trained.
    pub references: Option<References>,
    /// Why, the best supported cause first; empty where nothing is wrong or nothing is known.
    pub causes: Vec<causes::CauseDiagnosis>,
    /// Causes that the evidence rules out, in the order of [`causes::ALL`].
    pub ruled_out: Vec<causes::RuledOut>,
    /// How the fixes were tried; absent where none was.
    pub verification: Option<causes::Verification>,
    /// The configuration with the proved changes, where it was written.
    pub patched_config: Option<String>,
    /// What this version did not examine, in words.
    pub not_examined: Vec<String>,
    /// Where the report is; `None` when none was written.
    pub report: Option<ReportPaths>,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Verdict {
    /// The worst state such that at least half of the runs are that bad or worse.
    pub state: State,
    /// Present when collapsed.
    pub hold: Option<Hold>,
    /// The constant that collapsed runs sit on, where they agree.
    pub constant: Option<Constant>,
    /// Share of the runs that are in this state or a worse one, Jeffreys interval over seeds.
    pub share: Option<Estimate>,
    /// One or two sentences that a person reads first.
    pub summary: String,
}

/// One output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct OutputDiagnosis {
    /// Name of the output.
    pub name: String,
    /// Its state.
    pub state: State,
    /// The constant it sits on, when its predictions are one.
    pub constant: Option<Constant>,
    /// The evidence for that constant, of one run.
    pub constant_fit: Option<ConstantFit>,
    /// What was seen: a clause about `it`, lower case, no full stop.
    pub seen: String,
    /// The probe set that `skill`, `spread` and `corr` are of: validation where there is one, else training.
    pub split: Split,
    /// `1 - MSE / Var(target)`: 0 is the mean predictor, 1 is perfect.
    pub skill: Option<Estimate>,
    /// The same on the training split's probe set.
    pub train_skill: Option<Estimate>,
    /// `std(prediction) / std(target)`.
    pub spread: Option<Estimate>,
    /// Pearson correlation; absent where the predictions are constant to the bit.
    pub corr: Option<f64>,
    /// Slope of the target on the prediction: 1 is calibrated, far above 1 is shrunk.
    pub slope: Option<Estimate>,
    /// The reference learner that does best; absent where none was trained.
    pub best_reference: Option<BestReference>,
    /// Skill of the training probe set along the training path (dropout drawn, batch statistics), at the end.
    pub training_path_skill: Option<Estimate>,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RunDiagnosis {
    /// Its seed.
    pub seed: u64,
    /// Its learning rate, before any schedule.
    pub lr: f64,
    /// Its state.
    pub state: State,
    /// Whether every output did as well as the references at two looks in a row, whatever became of it later: a run that
    /// proves a change is stopped there.
    pub learned_in_between: bool,
    /// Present when collapsed.
    pub hold: Option<Hold>,
    /// The constant it sits on, when all its collapsed outputs agree.
    pub constant: Option<Constant>,
    /// First step after which the spread of the batch predictions never returned; absent when not collapsed.
    pub collapsed_at_step: Option<u64>,
    /// Epochs that were trained.
    pub epochs: u32,
    /// Each output.
    pub outputs: Vec<OutputDiagnosis>,
    /// The layers that are dead on the probe set at the end, in order: name and fraction, where any unit is dead.
    pub dead_units: Vec<DeadUnits>,
    /// The symptoms that were found, in the order of [`symptoms::ALL`].
    pub findings: Vec<Finding>,
    /// The proof behind `hold: stuck`.
    pub certificate: Option<StuckCertificate>,
    /// Of a plateau: how often plateaus of the same kind (a dead layer, bounded activations, neither) were left within as many
    /// steps again, measured by `make accuracy`.
    pub escape_rate: Option<Estimate>,
    /// How much of the target each layer still holds, from the input on; empty where it was not measured.
    pub signal: Vec<LayerSignal>,
    /// The first layer from which on the target can no longer be read, though it could before it.
    pub signal_ends_at: Option<String>,
    /// Sharpness where it was measured, in order of steps.
    pub sharpness: Vec<SharpnessReading>,
    /// Why the run stopped, in words.
    pub stopped: String,
}

/// Dead units of one layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DeadUnits {
    /// Layer.
    pub layer: String,
    /// Fraction that is zero on the whole probe set, 0..1.
    pub fraction: f64,
    /// Number of units.
    pub units: u64,
}

/// Where the report was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReportPaths {
    /// The page.
    pub html: String,
    /// The pictures.
    pub png: Vec<String>,
    /// This document on disk.
    pub json: String,
}

/// A comparison of settings over seeds; the document behind `compare --format json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Name of the experiment.
    pub name: String,
    /// The settings that vary, in order.
    pub axes: Vec<Axis>,
    /// One entry for each combination of values.
    pub cells: Vec<Cell>,
    /// What the comparison says, in words.
    pub summary: String,
    /// What this version did not examine, in words.
    pub not_examined: Vec<String>,
    /// Where the report is; `None` when none was written.
    pub report: Option<ReportPaths>,
}

/// One setting that varies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Axis {
    /// Dotted path, such as `training.optimiser.lr`.
    pub path: String,
    /// Its values, as they would stand in the TOML.
    pub values: Vec<String>,
}

/// One combination of values, over seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Cell {
    /// One value for each axis.
    pub values: Vec<String>,
    /// How many runs ended in each state.
    pub states: std::collections::BTreeMap<State, u32>,
    /// Probability that a run does not get off a constant (collapsed or partial) or diverges, Jeffreys interval.
    pub p_collapse: Estimate,
    /// Median skill over the runs and outputs, with the range between the worst and the best run; absent without a finite one.
    pub skill: Option<Estimate>,
    /// Each run.
    pub runs: Vec<RunDiagnosis>,
}
