//! The folder of a diagnosis or a comparison: what it holds, and what may be done with what is there.
//!
//! ```text
//! DIR/plan.json                which runs belong to it; also what tells our folders from others
//! DIR/config.toml              the configuration with its changes
//! DIR/runs/seed-0/             trials of a diagnosis
//! DIR/cells/lr=0.01/seed-0/    trials of a comparison
//! DIR/references-....json      what learners without a network attain on their data
//! DIR/proofs/lr=0.001/seed-0/  trials of changes that a diagnosis proposes; control/: further seeds without a change
//! DIR/verification.json        what they prove
//! DIR/config.fixed.toml        the configuration with what was proved
//! DIR/diagnosis.json           or comparison.json, report.html, figures/
//! ```

mod check;
mod error;
mod remove;

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

pub use check::Table;
pub use error::ResultsError;

use super::{
    Spec,
    fixed_config::FIXED_CONFIG,
    plan::{PLAN_FILE, Plan},
    proofs::PROOFS,
    shared,
};
use crate::{
    judge::{Comparison, Diagnosis},
    record::atomic,
};

pub(super) const LOCK_FILE: &str = ".whymean-lock";
/// Everything that we write into such a folder, but for [`shared`] files.
const OURS: &[&str] = &[
    "runs",
    "cells",
    PROOFS,
    "figures",
    "config.toml",
    "diagnosis.json",
    "comparison.json",
    "report.html",
    VERIFICATION_FILE,
    FIXED_CONFIG,
    PLAN_FILE,
];

/// The file that keeps what was proved.
pub const VERIFICATION_FILE: &str = "verification.json";

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

/// Makes `dir` ready for `trials`, which are those of `plan`; `tables` are the tables that they read, as they are now.
///
/// - Errors: whatever is there that is not allowed; nothing was changed then.
pub fn prepare(
    dir: &Path,
    plan: &Plan,
    config: &str,
    trials: &[(PathBuf, Spec)],
    tables: &[Table],
    allowed: Allowed,
) -> Result<Results, ResultsError> {
    let there = match occupant(dir)? {
        Occupant::Nothing => None,
        Occupant::Ours(plan) => Some(plan),
    };
    fs::create_dir_all(dir).map_err(|source| failed("create", dir, source))?;
    let lock = lock(dir)?;
    remove::leftovers(dir)?;
    let (mut finished, mut begun) = (0, 0);
    if let Some(there) = there {
        if allowed == Allowed::Overwrite {
            remove::results(dir, &there, trials)?;
        } else {
            (finished, begun) = check::check(dir, &there, plan, trials, tables, allowed)?;
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
        let ours = name.to_str().is_some_and(|name| OURS.contains(&name))
            || remove::is_leftover(&name)
            || shared::is_shared(&name);
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
            let file = dir.ancestors().find(|path| fs::metadata(path).is_ok_and(|found| !found.is_dir()));
            return Err(ResultsError::FileInTheWay { path: file.unwrap_or(dir).to_owned() });
        }
        Err(source) => return Err(failed("list", dir, source)),
    };
    refuse_links(dir)?;
    let mut empty = true;
    for entry in entries {
        let name = entry.map_err(|source| failed("list", dir, source))?.file_name();
        // What a killed writer of ours left in a folder that it had just made.
        empty &= name == LOCK_FILE || remove::is_leftover(&name);
    }
    match Plan::read_if_there(dir)? {
        Some(plan) => Ok(Occupant::Ours(plan)),
        None if empty => Ok(Occupant::Nothing),
        None => Err(ResultsError::Foreign { dir: dir.to_owned() }),
    }
}

/// Refuses a folder of results that has a link where we would write a folder: whatever it leads to is not ours.
pub fn refuse_links(dir: &Path) -> Result<(), ResultsError> {
    for name in ["runs", "cells", PROOFS, "figures"] {
        let path = dir.join(name);
        if fs::symlink_metadata(&path).is_ok_and(|found| found.is_symlink()) {
            return Err(ResultsError::Link { path });
        }
    }
    Ok(())
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

pub(super) fn failed(action: &'static str, path: &Path, source: io::Error) -> ResultsError {
    ResultsError::File { action, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests;
