//! The folder of a trial.

use std::path::{Path, PathBuf};

use serde::{Serialize, de::DeserializeOwned};

use super::{Outcome, SCHEMA, Spec, TrialError};
use crate::record::atomic;

/// The file that says what to train.
pub fn spec_file(dir: &Path) -> PathBuf {
    dir.join("spec.toml")
}

/// The folder of the record.
pub fn record_dir(dir: &Path) -> PathBuf {
    dir.join("record")
}

/// The folder of the checkpoint.
pub fn checkpoint_dir(dir: &Path) -> PathBuf {
    dir.join("checkpoint")
}

/// The file that says how the trial ended.
pub fn outcome_file(dir: &Path) -> PathBuf {
    dir.join("outcome.json")
}

/// The file that keeps what the trial said on standard error.
pub fn log_file(dir: &Path) -> PathBuf {
    dir.join("log.txt")
}

/// Name of the file with the trained network's parameters and buffers.
pub const WEIGHTS: &str = "weights.safetensors";

/// Writes `spec.toml`; the folder is made if need be.
pub fn write_spec(dir: &Path, spec: &Spec) -> Result<(), TrialError> {
    std::fs::create_dir_all(dir).map_err(|source| failed("create", dir, source))?;
    let path = spec_file(dir);
    let unstorable = |why: String| TrialError::Unstorable { path: path.clone(), why };
    let text = toml::to_string(spec).map_err(|error| unstorable(error.to_string()))?;
    // TOML's integers are those of i64; better no file than one that the trial cannot read.
    match toml::from_str::<Spec>(&text) {
        Ok(read) if read == *spec => {}
        Ok(_) => {
            return Err(unstorable("it would read back as another experiment".to_owned()));
        }
        Err(error) => return Err(unstorable(error.message().to_owned())),
    }
    atomic::write(&path, text.as_bytes()).map_err(|source| failed("write", &path, source))
}

/// Reads `spec.toml`; `None` when there is none.
pub fn read_spec(dir: &Path) -> Result<Option<Spec>, TrialError> {
    let path = spec_file(dir);
    let Some(text) = read_if_there(&path)? else {
        return Ok(None);
    };
    let foreign = |why: String| TrialError::Foreign { path: path.clone(), why };
    let spec: Spec = toml::from_str(&text).map_err(|error| foreign(error.message().to_owned()))?;
    if spec.schema != SCHEMA {
        return Err(foreign(format!("it has schema {}, this version reads schema {SCHEMA}", spec.schema)));
    }
    Ok(Some(spec))
}

/// As [`read_spec`]; a run whose spec is gone is an error, since nobody can say what it trained.
pub fn spec_of_run(dir: &Path) -> Result<Option<Spec>, TrialError> {
    let spec = read_spec(dir)?;
    let begun = [record_dir(dir), checkpoint_dir(dir), outcome_file(dir)].iter().any(|path| path.exists());
    if spec.is_none() && begun {
        return Err(TrialError::SpecGone { dir: dir.to_owned() });
    }
    Ok(spec)
}

/// Writes `outcome.json`; from then on the trial is finished for good.
pub fn write_outcome(dir: &Path, outcome: &Outcome) -> Result<(), TrialError> {
    let path = outcome_file(dir);
    let text =
        to_json(outcome).map_err(|error| TrialError::Unstorable { path: path.clone(), why: error.to_string() })?;
    atomic::write(&path, text.as_bytes()).map_err(|source| failed("write", &path, source))
}

/// Removes what a trial that was killed left half written beside its files; for whoever holds its lock.
pub fn remove_leftovers(dir: &Path) -> Result<(), TrialError> {
    atomic::remove_leftovers(dir).map(drop).map_err(|source| failed("remove unfinished files in", dir, source))
}

/// Reads `outcome.json`; `None` when the trial is not finished.
pub fn read_outcome(dir: &Path) -> Result<Option<Outcome>, TrialError> {
    let path = outcome_file(dir);
    let Some(text) = read_if_there(&path)? else {
        return Ok(None);
    };
    let outcome: Outcome = from_json(&path, &text)?;
    if outcome.schema != SCHEMA {
        let why = format!("it has schema {}, this version reads schema {SCHEMA}", outcome.schema);
        return Err(TrialError::Foreign { path, why });
    }
    Ok(Some(outcome))
}

/// The last `count` lines of the trial's log; empty where there is none.
pub fn log_tail(dir: &Path, count: usize) -> Vec<String> {
    // A log that cannot be read must not hide the error that made us look at it.
    let text = std::fs::read(log_file(dir)).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(count)..].iter().map(|line| (*line).to_owned()).collect()
}

fn read_if_there(path: &Path) -> Result<Option<String>, TrialError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(failed("read", path, source)),
    }
}

fn to_json<T: Serialize>(value: &T) -> serde_json::Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

fn from_json<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, TrialError> {
    serde_json::from_str(text).map_err(|error| TrialError::Foreign { path: path.to_owned(), why: error.to_string() })
}

fn failed(action: &'static str, path: &Path, source: std::io::Error) -> TrialError {
    TrialError::File { action, path: path.to_owned(), source }
}
