//! What can go wrong with a trial as a process and a folder.

use std::path::PathBuf;

/// A trial could not be run.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum TrialError {
    /// The file system refused.
    #[error("cannot {action} `{}`", .path.display())]
    #[diagnostic(
        code(whymean::trial::file),
        help("check that the folder exists, is yours, and that the disk is not full")
    )]
    File {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// What the file system said.
        source: std::io::Error,
    },
    /// A file of the trial's folder is not ours.
    #[error("`{}` cannot be understood: {why}", .path.display())]
    #[diagnostic(
        code(whymean::trial::foreign),
        help(
            "it was damaged, changed, or written by another version; delete the folder it lies in, and the same command trains that run again"
        )
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What the reader said.
        why: String,
    },
    /// The spec cannot be written.
    #[error("cannot write `{}`: {why}", .path.display())]
    #[diagnostic(code(whymean::trial::spec), help("check the configuration for seeds beyond 9223372036854775807"))]
    Unstorable {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// There is nothing to train.
    #[error("`{}` has no `spec.toml`", .dir.display())]
    #[diagnostic(
        code(whymean::trial::no_spec),
        help("`whymean diagnose CONFIG` makes the folders of trials and starts them")
    )]
    NoSpec {
        /// The folder.
        dir: PathBuf,
    },
    /// There is a run, but not what it trained.
    #[error("`{}` holds a run, but its `spec.toml` is gone", .dir.display())]
    #[diagnostic(
        code(whymean::trial::spec_gone),
        help("put the file back; or delete that folder, and the same command trains that run again")
    )]
    SpecGone {
        /// The folder.
        dir: PathBuf,
    },
    /// A run lies where it does not belong.
    #[error("`{}` holds another run than its name says: {why}", .dir.display())]
    #[diagnostic(
        code(whymean::trial::other_run),
        help("it was copied or changed; delete that folder, and the same command trains that run again")
    )]
    OtherRun {
        /// The folder.
        dir: PathBuf,
        /// What does not fit.
        why: String,
    },
    /// The trial's process could not be started.
    #[error("cannot start `{} trial`", .program.display())]
    #[diagnostic(
        code(whymean::trial::start),
        help("check that the program is still there and that processes and memory are left")
    )]
    Start {
        /// The program.
        program: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The trial's process ended without an outcome.
    #[error("the run in `{}` {how}{log}", .dir.display())]
    #[diagnostic(code(whymean::trial::died), help("{help}"))]
    Died {
        /// Its folder.
        dir: PathBuf,
        /// How: `was killed by SIGKILL`, `ended with exit code 2 and without an outcome`.
        how: String,
        /// `; the end of its log:` and its last lines; empty where it said nothing.
        log: String,
        /// What to do now.
        help: String,
    },
    /// The folder belongs to another experiment.
    #[error("`{}` holds a run of another experiment: {difference}", .dir.display())]
    #[diagnostic(
        code(whymean::trial::other_experiment),
        help("choose another folder with `--out`, or replace what is there with `--overwrite`")
    )]
    OtherExperiment {
        /// The trial's folder.
        dir: PathBuf,
        /// The first setting that differs.
        difference: super::Difference,
    },
    /// The user stopped the trials.
    #[error("stopped; {finished} of {all} runs are finished")]
    #[diagnostic(
        code(whymean::trial::interrupted),
        help("run the same command with `--resume` to go on from the last checkpoints")
    )]
    Interrupted {
        /// Trials that are finished.
        finished: usize,
        /// All trials.
        all: usize,
    },
}
