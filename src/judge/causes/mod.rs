//! Causes: why a network does not learn, by evidence for and against. One file each, beside it its explanation.
//!
//! ```text
//! Case (data, settings, record, verdict of one run) --evidence of each cause--> Weighed --rank--> CauseDiagnosis
//! ```
//!
//! A cause is *likely* where strong evidence speaks for it, and only re-training *proves* it. Several may hold at once; one
//! that another brings about is named as its consequence.

mod case;
mod changes;
mod rank;
mod recomputed;
mod words;

mod arch_destroys_info;
mod bad_init;
mod batchnorm_mode;
mod data_bug;
mod dead_relu;
mod exploding_nan;
mod inference_mismatch;
mod inputs_not_scaled;
mod l1_median;
mod loss_broadcast;
mod loss_mismatch;
mod lr_too_high;
mod lr_too_low;
mod no_signal;
mod output_activation;
mod over_regularised;
mod params_not_updated;
mod targets_misaligned;
mod targets_not_scaled;
mod undertrained;
mod vanishing_gradient;
mod wrong_gradient;
mod zero_inflated;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::case::Case;
pub(super) use self::rank::causes_of;
use super::State;
pub use super::symptoms::Card;
use crate::experiment::Change;

/// Every cause; among equally well supported ones the order is from what acts first in a training to what it brings about.
pub const ALL: &[&dyn Cause] = &[
    &data_bug::DataBug,
    &targets_misaligned::TargetsMisaligned,
    &loss_mismatch::LossMismatch,
    &loss_broadcast::LossBroadcast,
    &wrong_gradient::WrongGradient,
    &params_not_updated::ParamsNotUpdated,
    &batchnorm_mode::BatchnormMode,
    &inference_mismatch::InferenceMismatch,
    &output_activation::OutputActivation,
    &bad_init::BadInit,
    &arch_destroys_info::ArchDestroysInfo,
    &inputs_not_scaled::InputsNotScaled,
    &targets_not_scaled::TargetsNotScaled,
    &zero_inflated::ZeroInflated,
    &l1_median::L1Median,
    &no_signal::NoSignal,
    &over_regularised::OverRegularised,
    &exploding_nan::ExplodingNan,
    &lr_too_high::LrTooHigh,
    &vanishing_gradient::VanishingGradient,
    &dead_relu::DeadRelu,
    &lr_too_low::LrTooLow,
    &undertrained::Undertrained,
];

/// Something that keeps a network from learning.
pub trait Cause: Sync {
    /// Its name and explanation.
    fn card(&self) -> Card;
    /// Ids of the causes that may have brought it about.
    fn follows_from(&self) -> &'static [&'static str] {
        &[]
    }
    /// Whether it is told of a network that learned as well: only where it is certain, whatever the network made of it.
    fn is_told_of_learned(&self) -> bool {
        false
    }
    /// Whether it is told where the mean is the honest answer.
    fn is_told_of_unpredictable(&self) -> bool {
        false
    }
    /// Whether it is what is left when nothing else explains the run: anything that fits and may bring it about comes first.
    fn yields(&self) -> bool {
        false
    }
    /// What speaks for it and against it. Total: what was not measured gives no evidence.
    fn evidence(&self, case: &Case<'_>) -> Vec<Evidence>;
    /// Single changes of the configuration that would remove it, the mildest first; empty where it is no setting, or set
    /// right already.
    fn fixes(&self, case: &Case<'_>) -> Vec<Fix>;
    /// What to do where no setting removes it: one sentence, or nothing.
    fn advice(&self) -> Option<&'static str> {
        None
    }
}

/// How much a piece of evidence says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// It speaks against the cause.
    Against,
    /// It was looked for and says nothing.
    Silent,
    /// It fits the cause, and others as well.
    Suggestive,
    /// It hardly fits anything else.
    Strong,
}

/// A figure of the report that shows a piece of evidence; in JSON by the name of its picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceFigure {
    /// Predicted against target.
    PredictedAgainstTarget,
    /// Spread and skill over the epochs.
    SpreadAndSkill,
    /// Reference learners.
    #[serde(rename = "references")]
    ReferenceLearners,
    /// Read-out and rank by depth.
    SignalByDepth,
    /// Loss per step.
    #[serde(rename = "loss")]
    LossPerStep,
    /// Dead units per layer.
    #[serde(rename = "dead-units")]
    DeadUnitsPerLayer,
    /// Gradient norms.
    GradientNorms,
    /// Update ratios.
    UpdateRatios,
    /// Activations.
    Activations,
    /// Sharpness.
    Sharpness,
}

/// One piece of evidence for or against a cause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// How much it says.
    pub weight: Weight,
    /// What was seen, with its numbers: a clause, lower case, no full stop.
    pub text: String,
    /// The numbers behind the text, by name; all finite.
    pub numbers: BTreeMap<String, f64>,
    /// The figure that shows it; absent for what is read off the configuration or the data.
    pub figure: Option<EvidenceFigure>,
}

/// One change of the configuration that may remove a cause.
#[derive(Clone, Debug, PartialEq)]
pub struct Fix {
    /// The change.
    pub change: Change,
    /// Why it should help: a clause, lower case, no full stop.
    pub why: String,
}

/// How well a cause is supported, all evidence taken together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Support {
    /// Something fits it, and something speaks against it.
    Weak,
    /// It fits, and others fit as well.
    Suggestive,
    /// Likely: strong evidence for it.
    Strong,
}

/// A cause that the evidence supports.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CauseDiagnosis {
    /// Id of the cause.
    pub id: String,
    /// Place from 1; the best supported first, a consequence after what brings it about.
    pub rank: u32,
    /// All evidence taken together.
    pub support: Support,
    /// The supported cause that brings this one about, if one does.
    pub consequence_of: Option<String>,
    /// What was seen, the weightiest first.
    pub evidence: Vec<Evidence>,
    /// Single changes that may remove it, the mildest first.
    pub changes: Vec<ProposedChange>,
    /// What to do where no setting removes it.
    pub advice: Option<String>,
    /// The outcome of re-training one of the changes; absent where none was tried.
    pub proof: Option<Proof>,
}

/// A change with what it changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposedChange {
    /// Dotted path.
    pub path: String,
    /// The value that was trained with, as it would stand in the TOML; absent where the path was not set.
    pub from: Option<String>,
    /// The new value.
    pub to: String,
    /// Why it should help: a clause, lower case, no full stop.
    pub why: String,
}

/// A change re-trained against the unchanged control on the same seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// The change that was tried; more than one where a single one did not do.
    pub changes: Vec<ProposedChange>,
    /// Seeds that both were trained with.
    pub seeds: Vec<u64>,
    /// The unchanged setting.
    pub control: Tally,
    /// The changed setting.
    pub changed: Tally,
    /// One-sided p-value of Fisher's exact test that the change makes more runs learn.
    pub p_value: f64,
    /// What that says.
    pub verdict: ProofVerdict,
    /// States of the changed runs, in order of the seeds.
    pub states_after: Vec<State>,
    /// Ids of the causes that the changed runs still show, the best supported first.
    pub causes_after: Vec<String>,
}

/// Runs of one setting.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    /// Runs whose outputs, all or some, are a constant, or that diverged.
    pub collapsed: u32,
    /// Runs that learned.
    pub learned: u32,
    /// All runs.
    pub runs: u32,
    /// Probability of learning, Jeffreys interval.
    pub p_learn: crate::stats::Estimate,
    /// Median skill over runs and outputs; absent without a finite one.
    pub skill: Option<f64>,
}

/// What re-training says of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProofVerdict {
    /// The changed runs learn, and more of them than of the control beyond chance (p at most 0.05).
    Proved,
    /// The changed runs do not learn either.
    Refuted,
    /// Neither.
    Undecided,
}

/// How the fixes were tried, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Verification {
    /// Trainings that were used, those of the control that were trained for it included.
    pub trainings: u32,
    /// Trainings that were allowed.
    pub trainings_allowed: u32,
    /// Minutes that were allowed.
    pub minutes_allowed: f64,
    /// Every change that was tried, in order.
    pub tried: Vec<Trial>,
    /// Why it ended, in words.
    pub ended: String,
    /// The difference between the configuration and the repaired one, as a unified diff; absent where nothing was proved.
    pub patch: Option<String>,
}

/// One change that was tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// Id of the cause that proposed it.
    pub cause: String,
    /// The change; more than one where it was tried on top of another.
    pub changes: Vec<ProposedChange>,
    /// Seeds that were trained.
    pub runs: u32,
    /// Of these, how many learned.
    pub learned: u32,
    /// What became of it, in words: `dropped after 1 run`, `proved`.
    pub outcome: String,
}

/// A cause that the evidence rules out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuledOut {
    /// Id of the cause.
    pub id: String,
    /// What speaks against it: a clause, lower case, no full stop.
    pub text: String,
}

impl Evidence {
    /// Evidence that speaks against.
    pub(super) fn against(text: impl Into<String>) -> Self {
        Self::new(Weight::Against, text)
    }

    /// Something that was looked for and says nothing.
    pub(super) fn silent(text: impl Into<String>) -> Self {
        Self::new(Weight::Silent, text)
    }

    /// Evidence that fits.
    pub(super) fn suggestive(text: impl Into<String>) -> Self {
        Self::new(Weight::Suggestive, text)
    }

    /// Evidence that hardly fits anything else.
    pub(super) fn strong(text: impl Into<String>) -> Self {
        Self::new(Weight::Strong, text)
    }

    fn new(weight: Weight, text: impl Into<String>) -> Self {
        Self { weight, text: text.into(), numbers: BTreeMap::new(), figure: None }
    }

    /// With the figure that shows it.
    pub(super) fn shown_in(mut self, figure: EvidenceFigure) -> Self {
        self.figure = Some(figure);
        self
    }

    /// With a number behind its text; one that is not finite is left out (JSON has no NaN).
    pub(super) fn number(mut self, name: &str, value: f64) -> Self {
        if value.is_finite() {
            self.numbers.insert(name.to_owned(), value);
        }
        self
    }
}

impl Fix {
    /// A change and why it should help.
    pub(super) fn new(path: &str, to: impl std::fmt::Display, why: &str) -> Self {
        Self { change: Change { path: path.to_owned(), to: to.to_string() }, why: why.to_owned() }
    }
}

#[cfg(test)]
mod all_tests;
#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod random_tests;
#[cfg(test)]
mod staged;
