//! The experiment: what the user wrote in TOML, checked once, with every default filled in.
//!
//! `reader` turns TOML text into an [`Experiment`] that cannot be wrong, or into all the mistakes of the file at once,
//! each with its place. `change` applies one dotted path and its new value to the user's own text. `shapes` says what
//! each layer gives and what the network needs, without libtorch.

pub mod batches;
pub mod change;
mod error;
pub(crate) mod excerpt;
pub mod expression;
mod faults;
mod infos;
mod layers;
pub mod reader;
pub mod shapes;
mod source;
pub(crate) mod suggest;
mod training;

#[cfg(test)]
pub(crate) mod rendered;

use serde::{Deserialize, Serialize};

#[cfg(test)]
pub(crate) use self::source::FEWEST;
pub(crate) use self::source::{held_out, rows_needed};
pub use self::{
    change::Change,
    error::{ExperimentError, ExperimentErrors},
    faults::{Faults, GradientFault, LossShapes, TargetFault, TrainingMode},
    infos::layer_infos,
    layers::{Activation, BiasInit, Init, Layer, Model, Padding, WeightInit},
    reader::{LARGEST_SEED, parse, read},
    source::{Data, Distribution, Formula, Missing, Scaling, Source},
    training::{Loss, Optimiser, Schedule, Training},
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
    /// Bugs that are planted on purpose; none unless said.
    #[serde(default, skip_serializing_if = "Faults::is_none")]
    pub faults: Faults,
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
    /// Whether a run also stops as soon as its network has learned, settled or not; fixes are proved so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stop_when_learned: bool,
    /// Whether learners without a network are trained on the same data, to tell what is attainable at least.
    pub references: bool,
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

impl Experiment {
    /// The experiment as record, judge and report know it: without what was planted.
    pub fn without_faults(&self) -> Self {
        Self { faults: Faults::default(), ..self.clone() }
    }

    /// SHA-256 of the resolved experiment, hexadecimal: two experiments with the same hash train the same runs.
    pub fn hash(&self) -> String {
        use sha2::{Digest, Sha256};
        let text = serde_json::to_string(self).expect("the experiment is plain data with text keys");
        Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
