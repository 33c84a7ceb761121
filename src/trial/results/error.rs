//! Why a folder cannot take results, or has none.

use std::{io, path::PathBuf};

use crate::trial::{Difference, TrialError};

/// Why a folder cannot take results.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ResultsError {
    /// The file system refused.
    #[error("cannot {action} `{}`", .path.display())]
    #[diagnostic(
        code(whymean::results::file),
        help("check that the folder is yours and that the disk is not full, or choose another with `--out`")
    )]
    File {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// A folder with something else in it.
    #[error("`{}` is not empty and was not made by whymean", .dir.display())]
    #[diagnostic(
        code(whymean::results::foreign),
        help("choose another folder with `--out`; this one is not touched, not even with `--overwrite`")
    )]
    Foreign {
        /// The folder.
        dir: PathBuf,
    },
    /// A file where a folder should be.
    #[error("`{}` is a file, not a folder", .path.display())]
    #[diagnostic(code(whymean::results::file_in_the_way), help("choose another folder with `--out`"))]
    FileInTheWay {
        /// The file.
        path: PathBuf,
    },
    /// Results of another experiment.
    #[error("`{}` holds another experiment: {difference}", .dir.display())]
    #[diagnostic(
        code(whymean::results::other_experiment),
        help("choose another folder with `--out`, or replace what is there with `--overwrite`")
    )]
    OtherExperiment {
        /// The folder.
        dir: PathBuf,
        /// The first setting that differs.
        difference: Difference,
    },
    /// The data is not what the runs that are there were trained with.
    #[error("the table `{}` changed since `{}` was trained", .table.display(), .run.display())]
    #[diagnostic(
        code(whymean::results::table_changed),
        help(
            "put the table back as it was, choose another folder with `--out`, or train all runs again with `--overwrite`"
        )
    )]
    TableChanged {
        /// The table.
        table: PathBuf,
        /// A run that read it as it was before, below the folder.
        run: PathBuf,
    },
    /// A link where a folder of ours should be.
    #[error("`{}` is a link", .path.display())]
    #[diagnostic(
        code(whymean::results::link),
        help("nothing is written through it; put a folder in its place, or choose another folder with `--out`")
    )]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// A report of other results would take the place of one that belongs there.
    #[error("`{}` holds the {kind} `{name}`", .dir.display())]
    #[diagnostic(code(whymean::results::other_results), help("choose an empty folder with `--out`"))]
    OtherResults {
        /// The folder.
        dir: PathBuf,
        /// `diagnosis` or `comparison`.
        kind: &'static str,
        /// Name of the experiment.
        name: String,
    },
    /// A comparison where a diagnosis should go, or the reverse.
    #[error("`{}` holds a {there}, this is a {here}", .dir.display())]
    #[diagnostic(
        code(whymean::results::other_kind),
        help("choose another folder with `--out`, or replace what is there with `--overwrite`")
    )]
    OtherKind {
        /// The folder.
        dir: PathBuf,
        /// `diagnosis` or `comparison`.
        there: &'static str,
        /// `diagnosis` or `comparison`.
        here: &'static str,
    },
    /// Runs that were begun and not finished.
    #[error("`{}` holds unfinished runs: {runs}", .dir.display())]
    #[diagnostic(
        code(whymean::results::unfinished),
        help("go on from their last checkpoints with `--resume`, or begin again with `--overwrite`")
    )]
    Unfinished {
        /// The folder.
        dir: PathBuf,
        /// Each, with how far it is.
        runs: String,
    },
    /// Another process works there.
    #[error("another whymean is working in `{}`", .dir.display())]
    #[diagnostic(code(whymean::results::in_use), help("wait for it, or choose another folder with `--out`"))]
    InUse {
        /// The folder.
        dir: PathBuf,
    },
    /// A folder that holds no results.
    #[error("`{}` holds no results of whymean", .dir.display())]
    #[diagnostic(
        code(whymean::results::none),
        help("give a folder that `whymean diagnose` or `whymean compare` made; it has a `plan.json`")
    )]
    NoPlan {
        /// The folder.
        dir: PathBuf,
    },
    /// A plan of another version, or damaged.
    #[error("`{}` cannot be understood: {why}", .path.display())]
    #[diagnostic(
        code(whymean::results::plan),
        help("it was damaged, or written by another version; choose another folder with `--out`")
    )]
    Plan {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A trial's folder.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Trial(#[from] TrialError),
}
