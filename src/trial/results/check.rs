//! Whether runs that are there already may be used for a plan.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Allowed, ResultsError};
use crate::{
    experiment::{Data, Faults, Source},
    record::store,
    trial::{Spec, folder, plan::Plan},
};

/// A table as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// What the experiment says of its data; a [`Source::Table`].
    pub data: Data,
    /// What is planted in them.
    pub faults: Faults,
    /// Fingerprint of what was read.
    pub fingerprint: String,
}

/// How many of the trials are finished, and how many begun.
pub(super) fn check(
    dir: &Path,
    there: &Plan,
    here: &Plan,
    trials: &[(PathBuf, Spec)],
    tables: &[Table],
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
            let run = there.run_dir(dir, cell, seed);
            if let Some(found) = folder::spec_of_run(&run)? {
                let same_seed = Spec { seed: found.seed, ..spec.clone() };
                if let Some(difference) = same_seed.first_difference(&found) {
                    return Err(ResultsError::OtherExperiment { dir: dir.to_owned(), difference });
                }
                same_table(dir, &run, &found, tables)?;
            }
        }
    }
    let (mut finished, mut unfinished) = (0, Vec::new());
    for (path, spec) in trials {
        let Some(found) = folder::spec_of_run(path)? else {
            continue;
        };
        if let Some(difference) = spec.first_difference(&found) {
            return Err(ResultsError::OtherExperiment { dir: dir.to_owned(), difference });
        }
        same_table(dir, path, spec, tables)?;
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

/// Refuses a table that is not what the run read.
fn same_table(dir: &Path, run: &Path, spec: &Spec, tables: &[Table]) -> Result<(), ResultsError> {
    let Source::Table { path, .. } = &spec.experiment.data.source else {
        return Ok(());
    };
    let now =
        tables.iter().find(|table| (&table.data, &table.faults) == (&spec.experiment.data, &spec.experiment.faults));
    // A run.json that is not there or cannot be read is for the trainer or the judge to complain of.
    let read = store::Store::open(&folder::record_dir(run)).and_then(|store| store.read_run()).ok();
    match (now, read) {
        (Some(now), Some(read)) if now.fingerprint != read.data.fingerprint => {
            let run = run.strip_prefix(dir).unwrap_or(run).to_owned();
            Err(ResultsError::TableChanged { table: path.clone(), run })
        }
        _ => Ok(()),
    }
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
