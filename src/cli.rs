//! The command line as types; parsing it does nothing else.

use std::{path::PathBuf, str::FromStr};

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::verify::Budget;

/// The largest seed of a configuration, and so of an option.
pub const LARGEST_SEED: u64 = (1 << 53) - 1;
/// Most seeds of a configuration, and so of an option.
const MOST_SEEDS: i64 = 1_000;

/// Why does my regression network predict the mean?
///
/// Trains a network under instruments, several times with different seeds, and says whether it learned, collapsed to a
/// constant (and which), or something else, and why; proves by re-training which change repairs it; with the evidence, as
/// text, JSON and a page of figures.
#[derive(Debug, Parser)]
#[command(
    name = "whymean",
    version,
    propagate_version = true,
    max_term_width = 100,
    after_help = "\
Examples:
  whymean init                          write a configuration that runs
  whymean diagnose config.toml          train, judge, prove a change, write reports/<name>/
  whymean explain dead-layer            what it is and how it is told

Exit codes: 0 the network learned, 1 any other verdict, 2 could not run.
Results go to standard output, progress and errors to standard error."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,

    /// How results are printed.
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    pub format: Format,

    /// No progress on standard error; errors still are.
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For the eye.
    Text,
    /// One JSON document; `whymean schema` describes it.
    Json,
    /// For an issue or a chat.
    Markdown,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Train a network with several seeds, say what became of it and why, and prove which change repairs it.
    #[command(after_help = "\
Examples:
  whymean diagnose config.toml
  whymean diagnose config.toml --seeds 8 --set training.optimiser.lr=0.001
  whymean diagnose config.toml --budget 40,30m     try more changes
  whymean diagnose config.toml --no-fix            train and judge only
  whymean diagnose config.toml --no-train          data and settings only, in seconds
  whymean diagnose config.toml --resume            go on after Ctrl-C or a crash
  whymean diagnose reports/cv-261704/runs/seed-0   judge a run that exists

Where the network did not learn, the changes that the likeliest causes propose are trained beside
the unchanged setting, on the same seeds. What was proved is a diff, and a configuration that has
it. Runs that are finished are never trained again: they are judged and drawn again.
The exit code is that of the verdict on the unchanged runs. With --no-train, 1 means that a cause is
likely from data and settings alone, and 0 that none is: not that the network learns.")]
    Diagnose(DiagnoseArguments),

    /// Train a network with several values of a setting and compare them over seeds.
    #[command(after_help = "\
Examples:
  whymean compare config.toml --vary training.optimiser.lr=1e-4,1e-3,1e-2 --seeds 8
  whymean compare config.toml --vary training.optimiser.kind=adam,sgd --vary training.batch_size=32,128

Every combination of the values is trained with the same data and the same seeds.
Exit code 0: at least one setting learned with every seed.")]
    Compare(CompareArguments),

    /// Judge and draw again what `diagnose` or `compare` trained; trains nothing.
    #[command(after_help = "\
Examples:
  whymean report reports/cv-261704
  whymean report reports/cv-261704 --out /tmp/again --format markdown")]
    Report(ReportArguments),

    /// Say what a state, measure, symptom or cause is, how it is told, and when it misleads.
    #[command(after_help = "\
Examples:
  whymean explain              list what can be explained, with a sentence each
  whymean explain dead-relu
  whymean explain read-out
  whymean explain --all")]
    Explain(ExplainArguments),

    /// Print the JSON schema of a document.
    #[command(after_help = "\
Examples:
  whymean schema diagnosis     what `diagnose --format json` prints
  whymean schema experiment    the resolved configuration")]
    Schema {
        /// Which document.
        #[arg(value_enum)]
        document: Document,
    },

    /// Write a commented configuration that runs.
    #[command(after_help = "\
Examples:
  whymean init
  whymean init experiments/first.toml && whymean diagnose experiments/first.toml")]
    Init {
        /// Where; a file that is there is never replaced.
        #[arg(default_value = "config.toml", value_name = "FILE")]
        file: PathBuf,
    },

    /// Print a completion script for a shell.
    #[command(after_help = "\
Examples:
  whymean completions bash > ~/.local/share/bash-completion/completions/whymean
  whymean completions fish > ~/.config/fish/completions/whymean.fish")]
    Completions {
        /// Which shell.
        #[arg(value_enum)]
        shell: Shell,
    },

    /// Print the manual page of the program or of one verb.
    #[command(after_help = "\
Examples:
  whymean man | man -l -
  whymean man diagnose > whymean-diagnose.1")]
    Man {
        /// The verb; without it the page of the program.
        verb: Option<String>,
    },

    /// Train one trial; what `diagnose` and `compare` start.
    #[command(hide = true)]
    Trial {
        /// Its folder, with a `spec.toml`.
        #[arg(value_name = "DIR")]
        dir: PathBuf,
        /// Save and end when standard input is closed.
        #[arg(long)]
        watch_stdin: bool,
        /// Seconds that it may take to save after that.
        #[arg(long, value_name = "SECONDS", default_value_t = 30)]
        grace: u64,
    },
}

/// Documents that have a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Document {
    /// What `diagnose` finds out.
    Diagnosis,
    /// What `compare` finds out.
    Comparison,
    /// The configuration, resolved.
    Experiment,
}

/// `whymean diagnose`.
#[derive(Debug, Args)]
pub struct DiagnoseArguments {
    /// A configuration in TOML, or the folder of a run that exists.
    #[arg(value_name = "CONFIG|RUN-DIR")]
    pub subject: PathBuf,
    /// Trainings and minutes that may be spent on proving a change: `24`, `10m` or `24,10m` [default: 24,10m].
    #[arg(long, value_name = "BUDGET", value_parser = Budget::from_str)]
    pub budget: Option<Budget>,
    /// Train and judge only: try no change.
    #[arg(long, conflicts_with = "budget")]
    pub no_fix: bool,
    /// Train nothing: look at data and settings alone, in seconds; writes nothing without `--out`.
    #[arg(long, conflicts_with_all = [
        "budget", "no_fix", "seeds", "seed", "resume", "overwrite", "jobs", "threads", "device", "no_early_stop",
    ])]
    pub no_train: bool,
    /// How to train.
    #[command(flatten)]
    pub training: TrainingArguments,
}

/// `whymean compare`.
#[derive(Debug, Args)]
pub struct CompareArguments {
    /// A configuration in TOML.
    #[arg(value_name = "CONFIG")]
    pub config: PathBuf,
    /// A setting and its values; may be given more than once, then every combination is trained.
    #[arg(long, value_name = "PATH=V1,V2", required = true)]
    pub vary: Vec<String>,
    /// How to train.
    #[command(flatten)]
    pub training: TrainingArguments,
}

/// What `diagnose` and `compare` have in common.
#[derive(Debug, Args)]
pub struct TrainingArguments {
    /// Number of seeds [default: `diagnosis.seeds` of the configuration].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=MOST_SEEDS))]
    pub seeds: Option<u32>,
    /// The first seed [default: `seed` of the configuration].
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u64).range(..=LARGEST_SEED))]
    pub seed: Option<u64>,
    /// Change a setting of the configuration; may be given more than once.
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Folder of the results [default: reports/NAME, with the changes in its name].
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Go on with unfinished runs from their last checkpoints.
    #[arg(long)]
    pub resume: bool,
    /// Replace earlier results in the folder.
    #[arg(long, conflicts_with = "resume")]
    pub overwrite: bool,
    /// Runs at the same time [default: one per core, at most the number of runs].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub jobs: Option<u32>,
    /// Threads per run [default: cores divided by jobs].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub threads: Option<u32>,
    /// Where to train: `cpu`, `cuda` or `cuda:N`.
    #[arg(long, value_name = "DEVICE", default_value = "cpu", value_parser = device)]
    pub device: String,
    /// Train to the last epoch, also after a proof that the run is stuck or a patience without any progress.
    #[arg(long)]
    pub no_early_stop: bool,
}

/// `whymean report`.
#[derive(Debug, Args)]
pub struct ReportArguments {
    /// Folder of a diagnosis or comparison.
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// Where to write [default: the same folder].
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// `whymean explain`.
#[derive(Debug, Args)]
pub struct ExplainArguments {
    /// What to explain; without it, the list.
    #[arg(value_name = "ID")]
    pub id: Option<String>,
    /// Explain everything.
    #[arg(long, conflicts_with = "id")]
    pub all: bool,
}

fn device(text: &str) -> Result<String, String> {
    let number = text.strip_prefix("cuda:");
    let known = text == "cpu" || text == "cuda" || number.is_some_and(|number| number.parse::<u16>().is_ok());
    if known { Ok(text.to_owned()) } else { Err("expected `cpu`, `cuda` or `cuda:N`".to_owned()) }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_visible_verb_has_examples() {
        for verb in Cli::command().get_subcommands().filter(|verb| !verb.is_hide_set()) {
            let help = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.matches("\n  whymean ").count() >= 2, "{} has fewer than two examples", verb.get_name());
        }
    }

    #[test]
    fn options_and_configuration_have_the_same_limits() {
        let file = |seed: u64, seeds: i64| {
            let text = format!(
                "seed = {seed}\n[data]\nsource = \"function\"\nformula = \"sine\"\n[model]\nhidden = [4]\n\
                 [training]\nepochs = 1\noptimiser = {{ kind = \"adam\", lr = 0.01 }}\n[diagnosis]\nseeds = {seeds}\n"
            );
            crate::experiment::parse(&text, "test", std::path::Path::new("."), "test").is_ok()
        };
        let option = |seed: u64, seeds: i64| {
            let (seed, seeds) = (seed.to_string(), seeds.to_string());
            Cli::try_parse_from(["whymean", "diagnose", "c.toml", "--seed", &seed, "--seeds", &seeds]).is_ok()
        };
        for (seed, seeds, fine) in [
            (LARGEST_SEED, 1, true),
            (0, MOST_SEEDS, true),
            (0, 1, true),
            (LARGEST_SEED + 1, 1, false),
            (0, MOST_SEEDS + 1, false),
            (0, 0, false),
        ] {
            assert_eq!((file(seed, seeds), option(seed, seeds)), (fine, fine), "seed {seed}, {seeds} seeds");
        }
    }

    #[test]
    fn devices() {
        for fine in ["cpu", "cuda", "cuda:0", "cuda:15"] {
            assert_eq!(device(fine).as_deref(), Ok(fine));
        }
        for wrong in ["", "gpu", "cuda:", "cuda:-1", "cuda:0:1", "CPU"] {
            assert!(device(wrong).is_err(), "{wrong}");
        }
    }
}
