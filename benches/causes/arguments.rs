//! The command line.

use std::path::PathBuf;

use whymean::verify::Budget;

use crate::{Failure, plants};

/// What `--help` says.
const HELP: &str = "\
How often the right cause is named, measured on runs in which it was planted, and on runs without a fault.

Usage: make causes   or   cargo bench --profile dev --bench causes -- [OPTIONS]

Options:
      --half fix|report|both  Cases that are scored: those on which thresholds may be fixed, those on which they may not, or
                              both [default: both, with the last lines for the second half]
      --only CAUSE            Only cases in which this cause is planted or accepted
      --runs N                About so many cases, the same share of each kind
      --keep DIR              Leave all records in DIR; what is there already is judged again and not trained again.
                              Delete DIR after a change of the trainer or its instruments
      --repair N              Also repair so many of the cases that one changed setting repairs, by what the causes propose and
                              by chance: minutes each
      --allowed N             Trainings that a repair may use [default: 24]
      --show-misses           Also print every miss with the evidence that was found
      --workers N             Processes that train [default: one for each core]
      --json                  One JSON document instead of text
      --write FILE            Also write the tables as a page
  -h, --help                  This text
";

/// Which cases are scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// Those on which thresholds may be fixed.
    Fix,
    /// The others.
    Report,
    /// All.
    Both,
}

/// What was asked for.
pub struct Arguments {
    /// Which cases are scored.
    pub half: Half,
    /// Only cases of this cause.
    pub only: Option<String>,
    /// About so many cases.
    pub runs: Option<usize>,
    /// Where records stay.
    pub keep: Option<PathBuf>,
    /// Cases that are repaired.
    pub repair: usize,
    /// Trainings of a repair.
    pub allowed: u32,
    /// Whether misses are shown with their evidence.
    pub show_misses: bool,
    /// Processes that train.
    pub workers: usize,
    /// Whether the answer is JSON.
    pub json: bool,
    /// Where the page goes.
    pub write: Option<PathBuf>,
    /// Set for a worker: where it writes.
    pub worker: Option<PathBuf>,
}

/// Reads the command line; `None` where it asked for help, which is printed.
pub fn read() -> Result<Option<Arguments>, Failure> {
    let mut read = Arguments {
        half: Half::Both,
        only: None,
        runs: None,
        keep: None,
        repair: 0,
        allowed: Budget::default().trainings,
        show_misses: false,
        workers: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        json: false,
        write: None,
        worker: None,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("`{word}` needs a value"));
        match word.as_str() {
            "-h" | "--help" => {
                print!("{HELP}");
                return Ok(None);
            }
            // Cargo adds it.
            "--bench" => {}
            "--half" => {
                read.half = match value()?.as_str() {
                    "fix" => Half::Fix,
                    "report" => Half::Report,
                    "both" => Half::Both,
                    other => return Err(format!("`{other}` is no half: fix, report or both").into()),
                }
            }
            "--only" => {
                let cause = value()?;
                if plants::ALL.iter().all(|fault| fault.cause != cause) {
                    return Err(format!("`{cause}` is no cause").into());
                }
                read.only = Some(cause);
            }
            "--runs" => read.runs = Some(value()?.parse()?),
            "--keep" => read.keep = Some(std::path::absolute(value()?)?),
            "--repair" => read.repair = value()?.parse()?,
            "--allowed" => read.allowed = value()?.parse()?,
            "--show-misses" => read.show_misses = true,
            "--workers" => read.workers = value()?.parse()?,
            "--json" => read.json = true,
            "--write" => read.write = Some(value()?.into()),
            "--worker" => read.worker = Some(value()?.into()),
            other => return Err(format!("unknown argument `{other}`; see --help").into()),
        }
    }
    Ok(Some(read))
}
