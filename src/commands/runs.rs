//! From a plan to the records of its runs, for `diagnose` and `compare`.

use std::{
    num::NonZeroU32,
    path::{Path, PathBuf},
    thread,
};

use super::{Manner, output, watch::Watch};
use crate::{
    cli::TrainingArguments,
    data,
    error::{Exit, UsageError},
    experiment::{Experiment, Source, change::Change},
    record::{Record, store},
    trial::{
        SCHEMA, Spec, TrialEnd, TrialError, TrialRunner, folder,
        interrupt::Interrupts,
        plan::Plan,
        pool::Pool,
        results::{self, Allowed},
    },
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

/// The changes that the options make to the configuration: those of `--set`, then those with an option of their own.
pub fn changes(arguments: &TrainingArguments) -> miette::Result<(Vec<Change>, Vec<Change>)> {
    let set = arguments.set.iter().map(|text| text.parse()).collect::<Result<Vec<Change>, _>>()?;
    let change = |path: &str, to: String| Change { path: path.to_owned(), to };
    let mut all = set.clone();
    all.extend(arguments.seed.map(|seed| change("seed", seed.to_string())));
    all.extend(arguments.seeds.map(|seeds| change("diagnosis.seeds", seeds.to_string())));
    if arguments.no_early_stop {
        all.push(change("diagnosis.early_stop", "false".to_owned()));
    }
    Ok((set, all))
}

/// The seeds of an experiment's runs.
pub fn seeds(experiment: &Experiment) -> Result<Vec<u64>, UsageError> {
    let (first, count) = (experiment.seed, experiment.diagnosis.seeds);
    let end = first.checked_add(u64::from(count)).filter(|&end| end - 1 <= i64::MAX.unsigned_abs());
    end.map(|end| (first..end).collect()).ok_or(UsageError::Seeds { first, count })
}

/// Trains the runs of `plan` that are not trained yet; `experiments` has one for each of its cells.
///
/// - Errors: what makes all runs impossible. A run that died is reported, and missing afterwards.
pub fn train(
    dir: &Path,
    plan: &Plan,
    config: (&Path, &str),
    experiments: &[Experiment],
    arguments: &TrainingArguments,
    manner: Manner,
) -> miette::Result<()> {
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
    // Before anything is written: a mistake in a table concerns every run, and is said once.
    for (at, experiment) in experiments.iter().enumerate() {
        let seen = experiments[..at].iter().any(|earlier| earlier.data == experiment.data);
        if matches!(experiment.data.source, Source::Table { .. }) && !seen {
            data::load(&experiment.data)?;
        }
    }
    let results = results::prepare(dir, plan, config_text, &trials, allowed)?;
    if results.finished == trials.len() {
        output::note(manner, &format!("already trained in `{}`; judged and drawn again", dir.display()));
        return Ok(());
    }
    if cfg!(not(feature = "torch")) {
        return Err(UsageError::NoTorch.into());
    }
    if results.finished + results.begun > 0 {
        let (finished, begun) = (results.finished, results.begun);
        output::note(
            manner,
            &format!("{finished} runs are trained already, {begun} go on from their last checkpoints"),
        );
    }
    let interrupts = Interrupts::install().map_err(|error| UsageError::Interrupts { why: error.to_string() })?;
    let mut watch = Watch::new(dir, &trials, manner);
    let ends = Pool::new(jobs, interrupts)?.run(&trials, &mut |event| watch.see(event))?;
    watch.close();
    let all = ends.len();
    let mut finished = 0;
    let mut stopped = false;
    for end in ends {
        match end {
            TrialEnd::Finished { .. } => finished += 1,
            TrialEnd::Died { error, .. } => output::warn(error.into()),
            TrialEnd::Interrupted { .. } => stopped = true,
        }
    }
    if stopped { Err(TrialError::Interrupted { finished, all }.into()) } else { Ok(()) }
}

/// How many runs at a time, and how many threads for each.
fn shares(arguments: &TrainingArguments, runs: usize) -> (usize, u32) {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let given = |number: NonZeroU32| usize::try_from(number.get()).unwrap_or(usize::MAX);
    let jobs = arguments.jobs.map_or(cores, given).min(runs).max(1);
    let threads = u32::try_from((cores / jobs).max(1)).unwrap_or(1);
    (jobs, arguments.threads.map_or(threads, NonZeroU32::get))
}

/// Reads the records of the finished runs; says of each other why it is missing.
///
/// - Errors: when there is not one.
pub fn gather(dir: &Path, plan: &Plan) -> miette::Result<Gathered> {
    let (mut cells, mut missing) = (Vec::new(), Vec::new());
    for cell in &plan.cells {
        let mut records = Vec::new();
        for &seed in &plan.seeds {
            let run = plan.run_dir(dir, cell, seed);
            let name = run.strip_prefix(dir).unwrap_or(&run).display().to_string();
            match finished_record(&run) {
                Ok(Some(record)) => records.push(record),
                Ok(None) => {
                    missing.push(format!("run `{name}` did not finish; `--resume` goes on with it"));
                }
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
    Ok(Gathered { cells, missing })
}

fn finished_record(run: &Path) -> miette::Result<Option<Record>> {
    match folder::read_outcome(run)? {
        Some(_) => Ok(Some(store::read(&folder::record_dir(run))?)),
        None => Ok(None),
    }
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
