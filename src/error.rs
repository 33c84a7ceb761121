//! How a call of the program ends, for the shell and for the eye.

use std::process::ExitCode;

/// Exit codes; scripts rely on them, so a number never changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The network learned, or a verb that trains nothing did what it was asked.
    Learned = 0,
    /// Any other verdict.
    NotLearned = 1,
    /// The question could not be answered: wrong usage, bad data, a run that died.
    CouldNotRun = 2,
    /// Only of a trial's process: it was asked to stop, and saved how far it was.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// What is wrong with a call, where no stage is to blame.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum UsageError {
    /// An id of a symptom or cause that does not exist.
    #[error("there is nothing to explain under `{id}`")]
    #[diagnostic(code(whymean::explain), help("{help}"))]
    UnknownId {
        /// As the user gave it.
        id: String,
        /// The nearest id, or how to list them.
        help: String,
    },
    /// A file that must not be replaced.
    #[error("`{}` is there already", .path.display())]
    #[diagnostic(code(whymean::init::exists), help("give another name: `whymean init other.toml`"))]
    Exists {
        /// The file.
        path: std::path::PathBuf,
    },
    /// A file or standard output could not be written.
    #[error("cannot write {what}")]
    #[diagnostic(code(whymean::write), help("check that the folder exists, is yours, and that the disk is not full"))]
    Write {
        /// The file, or `standard output`.
        what: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file could not be read.
    #[error("cannot read `{}`", .path.display())]
    #[diagnostic(code(whymean::read), help("check that the file exists and is yours"))]
    Read {
        /// The file.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A verb that does not exist.
    #[error("there is no verb `{verb}`")]
    #[diagnostic(code(whymean::man), help("`whymean --help` lists them"))]
    UnknownVerb {
        /// As the user gave it.
        verb: String,
    },
    /// An option that makes no sense for what is diagnosed.
    #[error("`{option}` needs a configuration, and `{}` holds a run that exists", .path.display())]
    #[diagnostic(
        code(whymean::usage::existing_run),
        help("leave the option out, or give the configuration: `whymean diagnose config.toml {option}`")
    )]
    NotForExistingRuns {
        /// The option.
        option: &'static str,
        /// The folder.
        path: std::path::PathBuf,
    },
    /// An axis of a comparison that cannot be read.
    #[error("`--vary {text}`: {why}")]
    #[diagnostic(
        code(whymean::usage::vary),
        help("write a path and its values, such as `--vary training.optimiser.lr=0.0001,0.001,0.01`")
    )]
    Axis {
        /// As the user gave it.
        text: String,
        /// What is wrong with it.
        why: String,
    },
    /// An option and a setting that say different things about the same.
    #[error("`{option}` contradicts `{other}`")]
    #[diagnostic(code(whymean::usage::contradiction), help("leave out one of the two"))]
    Contradiction {
        /// The option.
        option: &'static str,
        /// What else was given for the same setting.
        other: String,
    },
    /// Settings of a comparison that are one and the same training.
    #[error("{one} and {other} train the same")]
    #[diagnostic(
        code(whymean::usage::same_settings),
        help("a comparison needs settings that differ; leave out one of the two")
    )]
    SameSettings {
        /// The values of one, as the user gave them.
        one: String,
        /// The values of the other.
        other: String,
    },
    /// Seeds that do not fit into a configuration.
    #[error("{count} seeds from {first} on go beyond the largest seed, {}", crate::cli::LARGEST_SEED)]
    #[diagnostic(code(whymean::usage::seeds), help("begin with a smaller seed, or train fewer"))]
    Seeds {
        /// The first seed.
        first: u64,
        /// How many.
        count: u32,
    },
    /// This build cannot train.
    #[error("this build of whymean cannot train: it was built without the feature `torch`")]
    #[diagnostic(
        code(whymean::usage::no_torch),
        help("build it with `cargo build` (the default features); `report` and `diagnose RUN-DIR` work without")
    )]
    NoTorch,
    /// Ctrl-C cannot be caught.
    #[error("cannot listen for Ctrl-C: {why}")]
    #[diagnostic(code(whymean::interrupt), help("this should not happen; please report it with your system's name"))]
    Interrupts {
        /// What the system said.
        why: String,
    },
    /// The repaired configuration was edited.
    #[error("`{}` is not as it was written, and stays as it is", .path.display())]
    #[diagnostic(
        code(whymean::usage::fixed_config),
        help("the difference that was proved is in the report; delete the file, and the same command writes it again")
    )]
    FixedConfigIsTheirs {
        /// The file.
        path: std::path::PathBuf,
    },
    /// Runs that were trained with different data.
    #[error("`{}` was trained with other data than `{}`", .run.display(), .other.display())]
    #[diagnostic(
        code(whymean::usage::mixed_data),
        help("the data changed in between; train all runs again with `--overwrite`, or delete those of the old data")
    )]
    MixedData {
        /// The folder of a run.
        run: std::path::PathBuf,
        /// The folder of an earlier run.
        other: std::path::PathBuf,
    },
    /// No run of an experiment left anything to judge.
    #[error("no run left a record that can be judged")]
    #[diagnostic(code(whymean::no_records), help("{missing}"))]
    NoRecords {
        /// What is missing of each, and what to do now.
        missing: String,
    },
}
