//! The command line.

use std::path::PathBuf;

use whymean::judge::State;

use crate::Failure;

/// What `--help` says.
const HELP: &str = "\
How often the verdict is right, measured on runs whose truth is known.

Usage: make accuracy   or   cargo bench --profile dev --bench verdict -- [OPTIONS]

Options:
      --half fix|report|both  Runs that are scored: those with even seeds, on which thresholds may be fixed, those with
                              odd ones, or both [default: both, with the last lines for the odd ones]
      --only STATE            Only families that are meant to show this state
      --runs N                About so many runs, the same share of each family
      --keep DIR              Leave all records in DIR; what is there already is judged again and not trained again.
                              Delete DIR after a change of the trainer or its instruments
      --workers N             Processes that train [default: one for each core]
      --json                  One JSON document instead of text
      --write FILE            Also write the tables as a page, with the figure beside it
  -h, --help                  This text
";

/// Which runs are scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// Even seeds.
    Fix,
    /// Odd seeds.
    Report,
    /// Both.
    Both,
}

/// What was asked for.
pub struct Arguments {
    /// Which runs are scored.
    pub half: Half,
    /// Only families that are meant to show this.
    pub only: Option<State>,
    /// About so many runs.
    pub runs: Option<usize>,
    /// Where records stay.
    pub keep: Option<PathBuf>,
    /// Processes that train.
    pub workers: usize,
    /// Whether the answer is JSON.
    pub json: bool,
    /// Where the page goes.
    pub write: Option<PathBuf>,
    /// Set for a worker: where it writes, and the share of the runs that its list holds.
    pub worker: Option<(PathBuf, f64)>,
}

/// Reads the command line; `None` where it asked for help, which is printed.
pub fn read() -> Result<Option<Arguments>, Failure> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut read = Arguments {
        half: Half::Both,
        only: None,
        runs: None,
        keep: None,
        workers: cores,
        json: false,
        write: None,
        worker: None,
    };
    let mut share = 1.0;
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
                let name = value()?;
                let known = serde_json::from_value(serde_json::Value::String(name.clone()));
                read.only = Some(known.map_err(|_| format!("`{name}` is no state"))?);
            }
            "--runs" => read.runs = Some(value()?.parse()?),
            "--keep" => read.keep = Some(std::path::absolute(value()?)?),
            "--workers" => read.workers = value()?.parse()?,
            "--json" => read.json = true,
            "--write" => read.write = Some(value()?.into()),
            "--worker" => read.worker = Some((value()?.into(), 1.0)),
            "--share" => share = value()?.parse()?,
            other => return Err(format!("unknown argument `{other}`; see --help").into()),
        }
    }
    read.worker = read.worker.map(|(root, _)| (root, share));
    Ok(Some(read))
}
