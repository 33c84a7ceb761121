//! Proofs: the changes that the causes propose are trained beside the unchanged control, and what learned is counted.
//!
//! ```text
//! Diagnosis --candidates--> one training each --those that learned--> all seeds --counting--> Proof
//!     ^          ^                   |                                                          |
//!     |          +---- pairs --------+  where a change only moved the fault                     |
//!     +-----------------------------------------------------------------------------------------+
//! ```
//!
//! Candidates race: the first few are trained on one seed that failed, until they learned or their verdict is settled, and
//! whoever does not learn there is dropped at once. Who does is trained with all seeds, the best supported and mildest
//! first, until one is proved. What is trained, and in which order, follows from the diagnosis and the budget alone: the
//! runner is an argument, and so is whoever reads and judges what it leaves.

mod anti_fixes;
mod budget;
mod candidates;
mod configuration;
mod counting;
#[cfg(test)]
mod fake;
mod ledger;
mod patch;
mod race;
mod saved;
mod seeds;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub use self::{
    anti_fixes::{ALL as ANTI_FIXES, AntiFix},
    budget::Budget,
    candidates::{is_wanted, keep_applicable},
    configuration::Configuration,
    patch::{fixed_text, proved_changes},
    race::verify,
    saved::Saved,
};
use crate::{experiment::Experiment, judge::Diagnosis, trial::Spec};

/// The unchanged setting that everything is held against.
#[derive(Clone, Copy, Debug)]
pub struct Control<'a> {
    /// Folder of the results; what is trained to prove something lies below it.
    pub dir: &'a Path,
    /// What it was trained with, as text.
    pub configuration: &'a Configuration,
    /// What one of its runs was trained with: with another seed or experiment, what all others are trained with.
    pub spec: &'a Spec,
}

/// What the search needs of the world besides a runner.
pub trait Surroundings {
    /// Whether an experiment can be trained on its data: a table tells only when it is read.
    ///
    /// - Errors: why not, in words.
    fn can_train(&mut self, experiment: &Experiment) -> Result<(), String>;
    /// Judges finished trials of one setting together.
    ///
    /// - Errors: why they cannot be judged, in words.
    fn judge(&mut self, trials: &[(PathBuf, Spec)]) -> Result<Diagnosis, String>;
    /// Seconds since the search began.
    fn seconds(&mut self) -> f64;
    /// Keeps what is known so far, for the case that this process is killed.
    fn keep(&mut self, saved: &Saved);
}
