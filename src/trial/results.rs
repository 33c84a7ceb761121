//! The folder of a diagnosis or a comparison: what it holds, and what may be done with what is there.
//!
//! ```text
//! DIR/plan.json                which runs belong to it; also what tells our folders from others
//! DIR/config.toml              the configuration with its changes
//! DIR/runs/seed-0/             trials of a diagnosis
//! DIR/cells/lr=0.01/seed-0/    trials of a comparison
//! DIR/diagnosis.json           or comparison.json, report.html, figures/
//! ```

mod error;

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

pub use error::ResultsError;

use super::{
    Spec, folder,
    plan::{PLAN_FILE, Plan},
};
use crate::{
    judge::{Comparison, Diagnosis},
    record::{atomic, store},
};

const LOCK_FILE: &str = ".whymean-lock";
/// Everything that we write into such a folder; nothing else in it is ever removed.
const OURS: &[&str] =
    &["runs", "cells", "figures", "config.toml", "diagnosis.json", "comparison.json", "report.html", PLAN_FILE];

/// What may be done with results that are in the folder already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// Use finished runs again; anything else is an error.
    Reuse,
    /// Use finished runs again and go on with the others.
    Resume,
    /// Remove them.
    Overwrite,
}

/// A folder that is ready for the trials of a plan, and ours alone while this lives.
#[derive(Debug)]
pub struct Results {
    _lock: Option<File>,
    /// Runs that were finished before.
    pub finished: usize,
    /// Runs that were begun before.
    pub begun: usize,
}

/// Makes `dir` ready for `trials`, which are those of `plan`.
///
/// - Errors: whatever is there that is not allowed; nothing was changed then.
pub fn prepare(
    dir: &Path,
    plan: &Plan,
    config: &str,
    trials: &[(PathBuf, Spec)],
    allowed: Allowed,
) -> Result<Results, ResultsError> {
    let there = match occupant(dir)? {
        Occupant::Nothing => None,
        Occupant::Ours(plan) => Some(plan),
    };
    fs::create_dir_all(dir).map_err(|source| failed("create", dir, source))?;
    let lock = lock(dir)?;
    let (mut finished, mut begun) = (0, 0);
    if let Some(there) = there {
        if allowed == Allowed::Overwrite {
            remove_ours(dir)?;
        } else {
            (finished, begun) = check(dir, &there, plan, trials, allowed)?;
        }
    }
    let json = serde_json::to_string_pretty(plan)
        .map_err(|error| ResultsError::Plan { path: dir.join(PLAN_FILE), why: error.to_string() })?;
    for (name, text) in [(PLAN_FILE, json + "\n"), ("config.toml", config.to_owned())] {
        let path = dir.join(name);
        atomic::write(&path, text.as_bytes()).map_err(|source| failed("write", &path, source))?;
    }
    Ok(Results { _lock: lock, finished, begun })
}

/// Checks that a report alone may be written into `dir`: it is not there, empty, or holds an earlier report alone.
pub fn may_draw(dir: &Path) -> Result<(), ResultsError> {
    match occupant(dir) {
        Ok(Occupant::Nothing) => Ok(()),
        Ok(Occupant::Ours(plan)) => {
            Err(ResultsError::OtherResults { dir: dir.to_owned(), kind: plan.kind(), name: plan.name })
        }
        Err(ResultsError::Foreign { .. }) if is_report(dir)? => Ok(()),
        Err(error) => Err(error),
    }
}

/// Whether `dir` holds a report of ours and nothing else.
fn is_report(dir: &Path) -> Result<bool, ResultsError> {
    let list = |source| failed("list", dir, source);
    for entry in fs::read_dir(dir).map_err(list)? {
        let name = entry.map_err(list)?.file_name();
        let ours = name.to_str().is_some_and(|name| OURS.contains(&name) || name.starts_with(atomic::UNFINISHED));
        if !ours {
            return Ok(false);
        }
    }
    let document = |name: &str| fs::read(dir.join(name)).unwrap_or_default();
    Ok(serde_json::from_slice::<Diagnosis>(&document("diagnosis.json")).is_ok()
        || serde_json::from_slice::<Comparison>(&document("comparison.json")).is_ok())
}

enum Occupant {
    Nothing,
    Ours(Plan),
}

fn occupant(dir: &Path) -> Result<Occupant, ResultsError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Occupant::Nothing),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            return Err(ResultsError::FileInTheWay { path: dir.to_owned() });
        }
        Err(source) => return Err(failed("list", dir, source)),
    };
    let mut empty = true;
    for entry in entries {
        let name = entry.map_err(|source| failed("list", dir, source))?.file_name();
        // What a killed writer of ours left in a folder that it had just made.
        empty &= name == LOCK_FILE || name.to_string_lossy().starts_with(atomic::UNFINISHED);
    }
    match Plan::read_if_there(dir)? {
        Some(plan) => Ok(Occupant::Ours(plan)),
        None if empty => Ok(Occupant::Nothing),
        None => Err(ResultsError::Foreign { dir: dir.to_owned() }),
    }
}

fn lock(dir: &Path) -> Result<Option<File>, ResultsError> {
    let path = dir.join(LOCK_FILE);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|source| failed("write", &path, source))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(ResultsError::InUse { dir: dir.to_owned() }),
        // A file system without locks is no reason not to work.
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

/// Waits until nobody else trains the trial in `dir`: a killed parent's children need a moment to save and end.
pub fn lock_trial(dir: &Path) -> Result<Option<File>, ResultsError> {
    let path = dir.join(LOCK_FILE);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|source| failed("write", &path, source))?;
    Ok(file.lock().is_ok().then_some(file))
}

fn remove_ours(dir: &Path) -> Result<(), ResultsError> {
    // The plan goes last: a kill in between leaves a folder that is still known as ours.
    for name in OURS {
        let path = dir.join(name);
        let removed = match fs::symlink_metadata(&path) {
            Ok(found) if found.is_dir() => fs::remove_dir_all(&path),
            Ok(_) => fs::remove_file(&path),
            Err(_) => Ok(()),
        };
        removed.map_err(|source| failed("remove", &path, source))?;
    }
    Ok(())
}

/// How many of the trials are finished, and how many begun.
fn check(
    dir: &Path,
    there: &Plan,
    here: &Plan,
    trials: &[(PathBuf, Spec)],
    allowed: Allowed,
) -> Result<(usize, usize), ResultsError> {
    if there.kind() != here.kind() {
        return Err(ResultsError::OtherKind { dir: dir.to_owned(), there: there.kind(), here: here.kind() });
    }
    // Every run of the plan that is there, so that no run of another experiment stays among ours unseen.
    for cell in there.cells.iter().filter(|cell| here.cells.contains(cell)) {
        let Some((_, spec)) = trials.iter().find(|(path, _)| path.starts_with(dir.join(&cell.folder))) else {
            continue;
        };
        for &seed in &there.seeds {
            if let Some(found) = folder::read_spec(&there.run_dir(dir, cell, seed))? {
                let same_seed = Spec { seed: found.seed, ..spec.clone() };
                if let Some(difference) = same_seed.first_difference(&found) {
                    return Err(ResultsError::OtherExperiment { dir: dir.to_owned(), difference });
                }
            }
        }
    }
    let (mut finished, mut unfinished) = (0, Vec::new());
    for (path, spec) in trials {
        let Some(found) = folder::read_spec(path)? else {
            continue;
        };
        if let Some(difference) = spec.first_difference(&found) {
            return Err(ResultsError::OtherExperiment { dir: dir.to_owned(), difference });
        }
        if folder::read_outcome(path)?.is_some() {
            finished += 1;
        } else if let Some(epochs) = epochs_done(path) {
            let name = path.strip_prefix(dir).unwrap_or(path).display();
            unfinished.push(format!("{name} (epoch {epochs} of {})", spec.experiment.training.epochs));
        }
    }
    if allowed == Allowed::Reuse && !unfinished.is_empty() {
        return Err(ResultsError::Unfinished { dir: dir.to_owned(), runs: unfinished.join(", ") });
    }
    Ok((finished, unfinished.len()))
}

/// How far an unfinished trial is; `None` when it has nothing that could be lost.
fn epochs_done(trial: &Path) -> Option<u32> {
    let saved = fs::read_dir(folder::checkpoint_dir(trial)).is_ok_and(|mut files| files.next().is_some());
    // A run.json that cannot be read is for the trainer to complain of; here only the checkpoint counts then.
    let epochs = store::Store::open(&folder::record_dir(trial))
        .and_then(|store| store.read_run())
        .map_or(0, |run| run.epochs_done);
    (saved || epochs > 0).then_some(epochs)
}

pub(super) fn failed(action: &'static str, path: &Path, source: io::Error) -> ResultsError {
    ResultsError::File { action, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests;
