//! Training under instruments: batches, loss, optimiser, checkpoints, and the loop that joins them.

use std::path::PathBuf;

pub mod batches;
pub mod certificate;
pub mod checkpoint;
mod curvature;
mod depth;
mod look;
pub mod loss;
pub mod memory;
pub mod optimiser;
mod pass;
mod planted;
mod preconditioner;
pub mod probe_set;
mod recompute;
pub mod recorder;
pub mod run;
pub mod schedule;
pub mod sparse;
mod standardised;
mod taps;
pub mod trainer;

#[cfg(test)]
mod fault_tests;
#[cfg(test)]
mod tests;

pub use run::run_trial;

/// Why a training could not run. A loss that is not finite is no error: it is what the record is for.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum TrainError {
    /// Predictions and targets have different shapes.
    #[error("the predictions have shape {predictions:?}, the targets {targets:?}")]
    #[diagnostic(
        code(whymean::train::loss_shapes),
        help("the last layer needs as many units as there are targets, and nothing may follow it")
    )]
    LossShapes {
        /// Shape of the predictions.
        predictions: Vec<i64>,
        /// Shape of the targets.
        targets: Vec<i64>,
    },
    /// libtorch refused an operation.
    #[error("libtorch: {0}")]
    #[diagnostic(code(whymean::train::libtorch))]
    Libtorch(#[from] tch::TchError),
    /// `[faults]` names a layer that is not there.
    #[error("`[faults]` names the layer `{layer}`, which the network does not have")]
    #[diagnostic(code(whymean::train::no_such_layer), help("its layers are {}", layers.join(", ")))]
    NoSuchLayer {
        /// What was named.
        layer: String,
        /// Names of the layers there are.
        layers: Vec<String>,
    },
    /// The device is not there.
    #[error("`{device}` is not available: {why}")]
    #[diagnostic(
        code(whymean::train::device),
        help("use `--device cpu`, or build with LIBTORCH pointing at a libtorch that has CUDA")
    )]
    Device {
        /// What was asked for.
        device: String,
        /// What is missing.
        why: String,
    },
    /// The network could not be built or run.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Model(#[from] crate::model::ModelError),
    /// The data could not be loaded.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Data(#[from] crate::data::DataError),
    /// The record could not be written or read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Record(#[from] crate::record::store::RecordError),
    /// A checkpoint could not be read.
    #[error("the checkpoint `{}` cannot be used: {why}", path.display())]
    #[diagnostic(
        code(whymean::train::checkpoint),
        help("delete the folder of this run, and the same command trains it again; the other runs stay as they are")
    )]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The run was begun with other data.
    #[error("the data changed since the run in `{}` was begun", path.display())]
    #[diagnostic(
        code(whymean::train::data_changed),
        help("put the data back as it was, or train all runs again with `--overwrite`")
    )]
    DataChanged {
        /// The folder of the run.
        path: PathBuf,
    },
    /// The outcome could not be written.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Outcome(Box<crate::trial::TrialError>),
    /// A file of the trial's folder could not be written.
    #[error("cannot write `{}`: {source}", path.display())]
    #[diagnostic(code(whymean::train::write), help("is the disk full, or the folder read-only?"))]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
}
