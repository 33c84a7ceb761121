//! What is removed from a folder of results: what we wrote there, by name, and nothing that the user put beside it.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{ResultsError, VERIFICATION_FILE, failed, lock_trial};
use crate::{
    judge::{Comparison, Diagnosis},
    record::atomic,
    trial::{
        Spec,
        fixed_config::{self, FIXED_CONFIG},
        folder,
        plan::{PLAN_FILE, Plan},
        proofs::{self, PROOFS},
        shared,
    },
};

/// How the names of unfinished pictures and pages begin.
const UNFINISHED_REPORT: &str = ".partial-";
/// A younger one may belong to a `whymean report` that is drawing right now.
const SURELY_LEFT: Duration = Duration::from_secs(600);

/// Whether it is the name of a file that a killed writer of ours left behind.
pub(super) fn is_leftover(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with(atomic::UNFINISHED) || name.starts_with(UNFINISHED_REPORT)
}

/// Removes what killed writers left in a folder that is ours alone.
pub(super) fn leftovers(dir: &Path) -> Result<(), ResultsError> {
    atomic::remove_leftovers(dir).map_err(|source| failed("remove unfinished files in", dir, source))?;
    for folder in [dir.to_owned(), dir.join("figures")] {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let left = entry.file_name().to_string_lossy().starts_with(UNFINISHED_REPORT)
                && entry
                    .metadata()
                    .and_then(|found| found.modified())
                    .is_ok_and(|at| at.elapsed().is_ok_and(|age| age > SURELY_LEFT));
            if left {
                file(&entry.path())?;
            }
        }
    }
    Ok(())
}

/// Removes the runs of the plan `there`, those of `trials`, and the report.
pub(super) fn results(dir: &Path, there: &Plan, trials: &[(PathBuf, Spec)]) -> Result<(), ResultsError> {
    let planned = there.cells.iter().flat_map(|cell| there.seeds.iter().map(|&seed| there.run_dir(dir, cell, seed)));
    let mut runs: BTreeSet<PathBuf> = planned.chain(trials.iter().map(|(path, _)| path.clone())).collect();
    let cells: BTreeSet<PathBuf> = runs.iter().filter_map(|run| run.parent()).map(Path::to_owned).collect();
    // Runs of earlier plans with more seeds: they are of the experiment that is replaced.
    for cell in &cells {
        runs.extend(fs::read_dir(cell).into_iter().flatten().flatten().map(|entry| entry.path()).filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let seed = name.strip_prefix("seed-").is_some_and(|seed| seed.parse::<u64>().is_ok());
            seed && folder::spec_file(path).is_file()
        }));
    }
    let proved = proofs::runs(dir);
    let of_changes: BTreeSet<PathBuf> = proved.iter().filter_map(|run| run.parent()).map(Path::to_owned).collect();
    for path in runs.iter().chain(&proved).filter(|path| path.is_dir()) {
        run(path)?;
    }
    for name in drawn(dir) {
        file(&dir.join("figures").join(name))?;
    }
    let inner = cells.iter().chain(&of_changes).map(PathBuf::as_path);
    for folder in inner.chain([&*dir.join("cells"), &*dir.join(PROOFS), &*dir.join("figures")]) {
        empty_folder(folder)?;
    }
    // One that was edited is the user's by now.
    let fixed = dir.join(FIXED_CONFIG);
    if fixed_config::is_ours(&fixed) {
        file(&fixed)?;
    }
    for entry in fs::read_dir(dir).into_iter().flatten().flatten().filter(|entry| shared::is_shared(&entry.file_name()))
    {
        file(&entry.path())?;
    }
    // The plan goes last: a kill in between leaves a folder that is still known as ours.
    for name in ["config.toml", VERIFICATION_FILE, "diagnosis.json", "comparison.json", "report.html", PLAN_FILE] {
        file(&dir.join(name))?;
    }
    Ok(())
}

/// Removes one run.
fn run(dir: &Path) -> Result<(), ResultsError> {
    // Whoever still trains there has been asked to stop, and its last checkpoint must not come after us.
    let _lock = lock_trial(dir)?;
    atomic::remove_leftovers(dir).map_err(|source| failed("remove unfinished files in", dir, source))?;
    for inner in [folder::record_dir(dir), folder::checkpoint_dir(dir)] {
        gone(&inner, fs::remove_dir_all(&inner))?;
    }
    // The spec goes last: without it the rest is a run that nobody can name.
    let files = [folder::outcome_file(dir), folder::log_file(dir), dir.join(folder::WEIGHTS), folder::spec_file(dir)];
    files.iter().try_for_each(|path| file(path))?;
    file(&dir.join(super::LOCK_FILE))?;
    empty_folder(dir)
}

/// Names of the pictures that the documents in `dir` speak of.
fn drawn(dir: &Path) -> Vec<std::ffi::OsString> {
    let document = |name: &str| fs::read(dir.join(name)).unwrap_or_default();
    let diagnosis = serde_json::from_slice::<Diagnosis>(&document("diagnosis.json")).ok();
    let comparison = serde_json::from_slice::<Comparison>(&document("comparison.json")).ok();
    let reports = [diagnosis.and_then(|found| found.report), comparison.and_then(|found| found.report)];
    let pictures = reports.into_iter().flatten().flat_map(|report| report.png);
    pictures.filter_map(|path| Path::new(&path).file_name().map(OsStr::to_owned)).collect()
}

fn file(path: &Path) -> Result<(), ResultsError> {
    gone(path, fs::remove_file(path))
}

/// Removes a folder unless something of the user's is in it.
fn empty_folder(path: &Path) -> Result<(), ResultsError> {
    match fs::remove_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
        removed => gone(path, removed),
    }
}

fn gone(path: &Path, removed: io::Result<()>) -> Result<(), ResultsError> {
    match removed {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(failed("remove", path, source)),
        _ => Ok(()),
    }
}
