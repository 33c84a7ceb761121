//! From a plan and its folders to the records that are judged: each run the one that its folder names, all of them of
//! the same data.

use std::path::{Path, PathBuf};

use super::{output, runs::Deaths};
use crate::{
    error::{Exit, UsageError},
    experiment::Experiment,
    record::{Record, store},
    trial::{Spec, TrialError, folder, plan::Plan},
};

/// Records of each cell, with the cell's values.
pub type Cells = Vec<(Vec<String>, Vec<Record>)>;

/// The records of a plan's runs, and what is missing.
pub struct Gathered {
    /// The records, in order of the plan.
    pub cells: Cells,
    /// A sentence for each run that left no record to judge.
    pub missing: Vec<String>,
}

impl Gathered {
    /// The exit code of a verdict on these runs: what was not seen is never called healthy.
    pub fn exit(&self, verdict: Exit) -> Exit {
        if self.missing.is_empty() || verdict != Exit::Learned { verdict } else { Exit::CouldNotRun }
    }
}

/// Reads the records of the finished runs; says of each other why it is missing, for which `deaths` may know more.
///
/// - Errors: when there is not one, or when they were trained with different data.
pub fn gather(dir: &Path, plan: &Plan, deaths: &Deaths) -> miette::Result<Gathered> {
    let (mut cells, mut missing) = (Vec::new(), Vec::new());
    let mut data = Vec::new();
    for cell in &plan.cells {
        let mut records = Vec::new();
        let mut first: Option<Spec> = None;
        for &seed in &plan.seeds {
            let run = plan.run_dir(dir, cell, seed);
            let name = run.strip_prefix(dir).unwrap_or(&run).display().to_string();
            match finished(&run, seed, &mut first) {
                Ok(Some((spec, record))) => {
                    data.push((run, spec.experiment, record.run.data.fingerprint.clone()));
                    records.push(record);
                }
                Ok(None) => missing.push(unfinished(&run, &name, deaths)),
                Err(error) => {
                    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
                    missing.push(format!("run `{name}` cannot be read: {}", causes.join(": ")));
                    output::warn(error);
                }
            }
        }
        cells.push((cell.values.clone(), records));
    }
    if cells.iter().all(|(_, records)| records.is_empty()) {
        return Err(UsageError::NoRecords { missing: missing.join("\n") }.into());
    }
    one_data_set(&data)?;
    Ok(Gathered { cells, missing })
}

/// Why a run has no outcome, and what to do now.
fn unfinished(run: &Path, name: &str, deaths: &Deaths) -> String {
    match deaths.get(run) {
        // `--resume` alone would be wrong where the checkpoint is what is damaged.
        Some(how) => format!(
            "run `{name}` {how}; mend what `log.txt` in its folder says and go on with `--resume`, or delete `{}` and \
             the same command trains that run again",
            run.display()
        ),
        None => format!("run `{name}` did not finish; `--resume` goes on with it"),
    }
}

/// What a finished run was told and its record, if it is the run that its folder says; `first` is a spec of the same cell.
pub fn finished(run: &Path, seed: u64, first: &mut Option<Spec>) -> miette::Result<Option<(Spec, Record)>> {
    let Some(spec) = folder::spec_of_run(run)? else {
        return Ok(None);
    };
    let Some(outcome) = folder::read_outcome(run)? else {
        return Ok(None);
    };
    let record = store::read(&folder::record_dir(run))?;
    let seeds = [("spec.toml", spec.seed), ("outcome.json", outcome.seed), ("record/run.json", record.run.seed)];
    let other = |why: String| TrialError::OtherRun { dir: run.to_owned(), why };
    if let Some((file, found)) = seeds.into_iter().find(|(_, found)| *found != seed) {
        return Err(other(format!("`{file}` has seed {found}")).into());
    }
    // The record does not know what was planted, so that nobody who judges it does.
    let known = spec.experiment.without_faults();
    let hashes = [spec.experiment.hash(), known.hash()];
    if !hashes.contains(&record.run.experiment_hash) || record.run.experiment != known {
        return Err(other("`record/run.json` is of another experiment than `spec.toml`".to_owned()).into());
    }
    let same_seed = Spec { seed, ..first.get_or_insert_with(|| spec.clone()).clone() };
    if let Some(difference) = same_seed.first_difference(&spec) {
        return Err(TrialError::OtherExperiment { dir: run.to_owned(), difference }.into());
    }
    Ok(Some((spec, record)))
}

/// Runs whose experiments say the same of their data must have read the same numbers.
fn one_data_set(runs: &[(PathBuf, Experiment, String)]) -> Result<(), UsageError> {
    for (at, (run, experiment, fingerprint)) in runs.iter().enumerate() {
        let same = |other: &Experiment| (&other.data, &other.faults) == (&experiment.data, &experiment.faults);
        let earlier = runs[..at].iter().find(|(_, other, _)| same(other));
        if let Some((other, _, _)) = earlier.filter(|(_, _, other)| other != fingerprint) {
            return Err(UsageError::MixedData { run: run.clone(), other: other.clone() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_died_is_not_said_to_go_on_by_itself() {
        let run = Path::new("reports/demo/runs/seed-0");
        let died = Deaths::from([(run.to_owned(), "ended with exit code 2 and without an outcome".to_owned())]);
        assert_eq!(
            unfinished(run, "runs/seed-0", &died),
            "run `runs/seed-0` ended with exit code 2 and without an outcome; mend what `log.txt` in its folder says and \
             go on with `--resume`, or delete `reports/demo/runs/seed-0` and the same command trains that run again"
        );
        assert_eq!(
            unfinished(run, "runs/seed-0", &Deaths::new()),
            "run `runs/seed-0` did not finish; `--resume` goes on with it"
        );
    }
}
