//! A trial is one run of one experiment with one seed, in a folder and a process of its own.
//!
//! ```text
//! DIR/spec.toml      what to train; written before the trial starts
//! DIR/record/        the record, see `record::store`
//! DIR/checkpoint/    what a killed trial goes on from
//! DIR/outcome.json   there only when the trial is finished for good
//! DIR/log.txt        what the trial said on standard error
//! ```
//!
//! `whymean trial DIR` trains one and speaks of its progress in JSON lines; [`pool`] starts many, a few at a time.

pub mod error;
pub mod fixed_config;
pub mod folder;
pub mod interrupt;
pub mod plan;
pub mod pool;
pub mod progress;
pub mod proofs;
pub mod results;
pub mod shared;
mod spec;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use error::TrialError;
pub use progress::ProgressLine;
pub use spec::Difference;

use crate::{experiment::Experiment, record::Status};

/// Number of the format of `spec.toml` and `outcome.json`.
pub const SCHEMA: u32 = 1;

/// What to train: `spec.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Seed of this run: initial weights, order of the batches, dropout.
    pub seed: u64,
    /// Threads that libtorch uses; part of the spec since sums in another order end in other bits.
    pub threads: u32,
    /// `cpu`, `cuda` or `cuda:0`.
    pub device: String,
    /// Name of the configuration file, for messages.
    pub config_name: String,
    /// The experiment, resolved.
    pub experiment: Experiment,
}

/// How a trial ended for good: `outcome.json`. A trial that can be resumed has none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Seed of the run.
    pub seed: u64,
    /// `Completed`, `Decided` or `NonFinite` on disk; `Interrupted` only as the answer of an interrupted trainer.
    pub status: Status,
    /// Epochs that were finished.
    pub epochs: u32,
    /// Optimiser steps that were finished.
    pub steps: u64,
    /// Training time, of all parts of a resumed trial together \[s\].
    pub wall_secs: f64,
    /// Largest resident memory of the process \[bytes\]; absent where the system does not tell.
    pub peak_memory_bytes: Option<u64>,
}

impl Status {
    /// Whether nothing is left to train.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Completed | Self::Decided { .. } | Self::NonFinite => true,
            Self::Running | Self::Interrupted => false,
        }
    }
}

/// How one trial of a pool ended.
#[derive(Debug)]
pub enum TrialEnd {
    /// It has an outcome, now or from an earlier call.
    Finished {
        /// Its folder.
        dir: PathBuf,
        /// Its outcome.
        outcome: Outcome,
        /// Whether it was finished before this call.
        reused: bool,
    },
    /// It could not be finished, and was not to be tried again.
    Died {
        /// Its folder.
        dir: PathBuf,
        /// Why, with the last lines of its log.
        error: TrialError,
    },
    /// The user stopped it; it can be resumed.
    Interrupted {
        /// Its folder.
        dir: PathBuf,
    },
}

/// Something that a watcher of several trials may show.
#[derive(Clone, Debug, PartialEq)]
pub struct ProgressEvent {
    /// Index of the trial in the slice that was given to the runner.
    pub trial: usize,
    /// What happened.
    pub what: Progress,
}

/// What happened to a trial.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// Its outcome was there already.
    Reused,
    /// Its process was started.
    Started,
    /// It said how far it is.
    Line(ProgressLine),
    /// It died and is started again.
    Retried {
        /// How it died.
        why: String,
    },
    /// It finished.
    Finished,
    /// It died for the last time.
    Died {
        /// How it died.
        why: String,
    },
    /// It was stopped by the user.
    Interrupted,
}

/// Runs trials; the local pool is one, tests have others.
pub trait TrialRunner {
    /// Runs all trials that have no outcome yet; one end for each, in the order of `trials`.
    ///
    /// Each trial's folder need not exist. A trial that dies does not stop the others.
    /// - Errors: when no trial can be run at all.
    fn run(
        &mut self,
        trials: &[(PathBuf, Spec)],
        watch: &mut dyn FnMut(&ProgressEvent),
    ) -> Result<Vec<TrialEnd>, TrialError>;
}
