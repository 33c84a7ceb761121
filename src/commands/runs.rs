//! From a plan to trained runs, for `diagnose` and `compare`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    thread,
};

use super::{Manner, output, watch::Watch};
use crate::{
    cli::{LARGEST_SEED, TrainingArguments},
    data,
    error::UsageError,
    experiment::{Experiment, Source, change::Change},
    judge::Axis,
    trial::{
        SCHEMA, Spec, TrialEnd, TrialError, TrialRunner,
        interrupt::Interrupts,
        plan::Plan,
        pool::Pool,
        results::{self, Allowed, Results, Table},
    },
};

/// How runs died, by their folders: in words that follow `the run`.
pub type Deaths = BTreeMap<PathBuf, String>;

/// The changes that the options make to the configuration: those of `--set`, then those with an option of their own.
pub fn changes(arguments: &TrainingArguments) -> miette::Result<(Vec<Change>, Vec<Change>)> {
    let set = arguments.set.iter().map(|text| text.parse()).collect::<Result<Vec<Change>, _>>()?;
    let mut all = set.clone();
    for (option, change) in with_own_option(arguments) {
        if let Some(other) = set.iter().find(|other| same_path(&other.path, &change.path) && other.to != change.to) {
            return Err(UsageError::Contradiction { option, other: format!("--set {other}") }.into());
        }
        all.push(change);
    }
    Ok((set, all))
}

/// Refuses an axis whose path has an option of its own that is given as well: one of the two would be ignored.
pub fn refuse_contradictions(arguments: &TrainingArguments, axes: &[Axis]) -> Result<(), UsageError> {
    for (option, change) in with_own_option(arguments) {
        if let Some(axis) = axes.iter().find(|axis| same_path(&axis.path, &change.path)) {
            return Err(UsageError::Contradiction { option, other: format!("--vary {}", axis.path) });
        }
    }
    Ok(())
}

/// The settings that have an option of their own, as far as it is given.
fn with_own_option(arguments: &TrainingArguments) -> Vec<(&'static str, Change)> {
    let change = |path: &str, to: String| Change { path: path.to_owned(), to };
    let seed = arguments.seed.map(|seed| ("--seed", change("seed", seed.to_string())));
    let seeds = arguments.seeds.map(|seeds| ("--seeds", change("diagnosis.seeds", seeds.to_string())));
    let stop = || ("--no-early-stop", change("diagnosis.early_stop", "false".to_owned()));
    seed.into_iter().chain(seeds).chain(arguments.no_early_stop.then(stop)).collect()
}

fn same_path(one: &str, other: &str) -> bool {
    one.split('.').map(str::trim).eq(other.split('.').map(str::trim))
}

/// The seeds of an experiment's runs.
pub fn seeds(experiment: &Experiment) -> Result<Vec<u64>, UsageError> {
    let (first, count) = (experiment.seed, experiment.diagnosis.seeds);
    let end = first.checked_add(u64::from(count)).filter(|&end| end - 1 <= LARGEST_SEED);
    end.map(|end| (first..end).collect()).ok_or(UsageError::Seeds { first, count })
}

/// Runs that were trained, and the right to train more beside them.
pub struct Trained {
    /// How runs died.
    pub deaths: Deaths,
    /// Runs at the same time, where the user said so.
    jobs: Option<u32>,
    interrupts: Option<Interrupts>,
    /// Keeps others out of the folder.
    _results: Results,
}

impl Trained {
    /// Interrupts of this process, counted from the first call on.
    pub fn interrupts(&mut self) -> Result<Interrupts, UsageError> {
        if let Some(interrupts) = &self.interrupts {
            return Ok(interrupts.clone());
        }
        let installed = Interrupts::install().map_err(|error| UsageError::Interrupts { why: error.to_string() })?;
        Ok(self.interrupts.insert(installed).clone())
    }

    /// How many runs with so many threads are trained at a time.
    pub fn jobs(&self, threads: u32) -> usize {
        let given = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        self.jobs.map_or_else(|| cores() / given(threads).max(1), given).max(1)
    }
}

/// Trains the runs of `plan` that are not trained yet; `experiments` has one for each of its cells.
///
/// - Errors: what makes all runs impossible. A run that died is reported, and how it died is the answer.
pub fn train(
    dir: &Path,
    plan: &Plan,
    config: (&Path, &str),
    experiments: &[Experiment],
    arguments: &TrainingArguments,
    manner: Manner,
) -> miette::Result<Trained> {
    let (config_path, config_text) = config;
    let (jobs, threads) = shares(arguments, plan.cells.len() * plan.seeds.len());
    let config_name = config_path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let spec = |experiment: &Experiment, seed: u64| Spec {
        schema: SCHEMA,
        seed,
        threads,
        device: arguments.device.clone(),
        config_name: config_name.clone(),
        experiment: experiment.clone(),
    };
    let trials: Vec<(PathBuf, Spec)> = plan
        .cells
        .iter()
        .zip(experiments)
        .flat_map(|(cell, experiment)| {
            plan.seeds.iter().map(move |&seed| (plan.run_dir(dir, cell, seed), spec(experiment, seed)))
        })
        .collect();
    let allowed = match (arguments.resume, arguments.overwrite) {
        (_, true) => Allowed::Overwrite,
        (true, false) => Allowed::Resume,
        (false, false) => Allowed::Reuse,
    };
    let tables = tables(experiments)?;
    let results = results::prepare(dir, plan, config_text, &trials, &tables, allowed)?;
    let (finished, begun) = (results.finished, results.begun);
    let mut trained = Trained { deaths: Deaths::new(), jobs: arguments.jobs, interrupts: None, _results: results };
    if finished == trials.len() {
        output::note(manner, &format!("already trained in `{}`; judged and drawn again", dir.display()));
        return Ok(trained);
    }
    if cfg!(not(feature = "torch")) {
        return Err(UsageError::NoTorch.into());
    }
    if finished + begun > 0 {
        output::note(manner, &already(finished, begun));
    }
    let mut watch = Watch::new(dir, &trials, manner);
    let ends = Pool::new(jobs, trained.interrupts()?)?.run(&trials, &mut |event| watch.see(event))?;
    watch.close();
    let all = ends.len();
    let mut finished = 0;
    let mut stopped = false;
    for end in ends {
        match end {
            TrialEnd::Finished { .. } => finished += 1,
            TrialEnd::Died { dir, error } => {
                let how = match &error {
                    TrialError::Died { how, .. } => how.clone(),
                    other => format!("could not be trained: {other}"),
                };
                trained.deaths.insert(dir, how);
                output::warn(error.into());
            }
            TrialEnd::Interrupted { .. } => stopped = true,
        }
    }
    if stopped { Err(TrialError::Interrupted { finished, all }.into()) } else { Ok(trained) }
}

/// The tables that the experiments read, each network held against its own.
///
/// Before anything is written: a mistake in a table concerns every run, and is said once.
fn tables(experiments: &[Experiment]) -> miette::Result<Vec<Table>> {
    let mut loaded: Vec<(&Experiment, data::Dataset)> = Vec::new();
    let same = |one: &Experiment, other: &Experiment| (&one.data, &one.faults) == (&other.data, &other.faults);
    for experiment in experiments.iter().filter(|experiment| matches!(experiment.data.source, Source::Table { .. })) {
        if !loaded.iter().any(|(seen, _)| same(seen, experiment)) {
            loaded.push((experiment, data::load_planted(&experiment.data, &experiment.faults)?));
        }
        // Settings that are compared may differ in the network or in the table.
        if let Some((_, dataset)) = loaded.iter().find(|(seen, _)| same(seen, experiment)) {
            data::check(experiment, dataset)?;
        }
    }
    let table = |(experiment, dataset): (&Experiment, data::Dataset)| Table {
        data: experiment.data.clone(),
        faults: experiment.faults.clone(),
        fingerprint: dataset.summary.fingerprint,
    };
    Ok(loaded.into_iter().map(table).collect())
}

/// How far earlier calls came: `2 runs are trained already, 1 goes on from its last checkpoint`.
fn already(finished: usize, begun: usize) -> String {
    let finished = match finished {
        0 => None,
        1 => Some("1 run is trained already".to_owned()),
        many => Some(format!("{many} runs are trained already")),
    };
    let begun = match begun {
        0 => None,
        1 => Some("1 goes on from its last checkpoint".to_owned()),
        many => Some(format!("{many} go on from their last checkpoints")),
    };
    finished.into_iter().chain(begun).collect::<Vec<_>>().join(", ")
}

/// How many runs at a time, and how many threads for each.
fn shares(arguments: &TrainingArguments, runs: usize) -> (usize, u32) {
    let cores = cores();
    let given = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    let jobs = arguments.jobs.map_or(cores, given).min(runs).max(1);
    let threads = u32::try_from((cores / jobs).max(1)).unwrap_or(1);
    (jobs, arguments.threads.unwrap_or(threads))
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// The command as the user gave it, as the report shows it.
pub fn command_line() -> String {
    let quoted = |word: String| {
        let plain = |letter: char| letter.is_alphanumeric() || "-_./=,:+".contains(letter);
        if !word.is_empty() && word.chars().all(plain) { word } else { format!("'{}'", word.replace('\'', "'\\''")) }
    };
    let words = std::env::args_os().skip(1).map(|word| quoted(word.to_string_lossy().into_owned()));
    std::iter::once("whymean".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_seed_counts_too() {
        let mut experiment: Experiment =
            toml::from_str(include_str!("../../fixtures/record/experiment.toml")).expect("fixture");
        experiment.seed = LARGEST_SEED;
        experiment.diagnosis.seeds = 1;
        assert_eq!(seeds(&experiment).expect("the largest alone"), [LARGEST_SEED]);
        experiment.diagnosis.seeds = 2;
        let refused = seeds(&experiment).expect_err("one too far").to_string();
        assert_eq!(refused, "2 seeds from 9007199254740991 on go beyond the largest seed, 9007199254740991");
    }

    #[test]
    fn an_option_and_a_setting_may_agree_and_may_not_contradict() {
        use clap::Parser;
        let arguments = |words: &[&str]| {
            let words = ["whymean", "diagnose", "c.toml"].iter().chain(words);
            match crate::cli::Cli::try_parse_from(words).expect("understood").verb {
                crate::cli::Verb::Diagnose(arguments) => arguments.training,
                _ => panic!("`diagnose` was asked for"),
            }
        };
        let agree = arguments(&["--no-early-stop", "--set", "diagnosis.early_stop=false", "--seed", "3"]);
        let (set, all) = changes(&agree).expect("the same twice");
        assert_eq!((set.len(), all.len()), (1, 3));
        let contradict = arguments(&["--no-early-stop", "--set", "diagnosis. early_stop=true"]);
        let refused = changes(&contradict).expect_err("one of the two would be ignored").to_string();
        assert_eq!(refused, "`--no-early-stop` contradicts `--set diagnosis. early_stop=true`");
        let axis = |path: &str| Axis { path: path.to_owned(), values: vec!["true".to_owned(), "false".to_owned()] };
        let refused = refuse_contradictions(&agree, &[axis("model.layers"), axis("diagnosis.early_stop")]);
        assert_eq!(
            refused.expect_err("the option would be ignored").to_string(),
            "`--no-early-stop` contradicts `--vary diagnosis.early_stop`"
        );
        assert!(refuse_contradictions(&agree, &[axis("training.epochs")]).is_ok());
    }

    #[test]
    fn how_far_earlier_calls_came() {
        assert_eq!(already(1, 0), "1 run is trained already");
        assert_eq!(already(2, 1), "2 runs are trained already, 1 goes on from its last checkpoint");
        assert_eq!(already(0, 3), "3 go on from their last checkpoints");
    }
}
