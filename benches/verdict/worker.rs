//! A worker trains runs one after another: libtorch's random numbers belong to the process, and its start is paid once.
//!
//! It is told lines `run INDEX` and `continue INDEX STEP`, and answers each with one line of JSON. It writes a record
//! and, beside it, what it measured; it does not know the judge.

use std::{
    io::{BufRead, Write},
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

use serde::{Deserialize, Serialize};
use whymean::{
    experiment::{Experiment, Schedule, reader},
    judge::State,
    record::{Channel, Split},
    train::run_trial,
    trial::{SCHEMA, Spec, folder},
};

use crate::{
    Failure,
    case::Case,
    generators,
    measure::measure,
    truth::{Facts, asks_for_longer},
};

/// Most steps of a continued run.
const MOST_STEPS: u64 = 40_000;
/// How many times a certificate's step a certified run is continued to.
pub const TIMES_LONGER: u64 = 50;

/// A worker's answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Answer {
    /// The run is there.
    Trained {
        /// What it really is.
        facts: Facts,
        /// Time it took [s].
        secs: f64,
    },
    /// The certified run was continued.
    Continued(Continued),
    /// It could not be done.
    Failed(String),
}

/// What became of a certified run that was trained on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Continued {
    /// Steps it was trained for.
    pub steps: u64,
    /// The same in units of the certificate's step.
    pub times: f64,
    /// Largest spread of any output on the training set, at the end.
    #[serde(with = "whymean::record::any_float")]
    pub spread: f64,
    /// Parameters that the certificate called frozen and that differ from those of the shorter run.
    pub moved: Vec<String>,
}

/// The folder of a run.
pub fn folder_of(root: &Path, case: &Case) -> PathBuf {
    root.join(&case.id)
}

/// The table of a run.
pub fn table_of(root: &Path, case: &Case) -> PathBuf {
    folder_of(root, case).join("data.csv")
}

/// The experiment of a run, by the crate's own reader.
pub fn experiment(case: &Case, root: &Path, epochs: u32, probes: &str) -> Result<Experiment, Failure> {
    let text = case.toml(&table_of(root, case), epochs, probes);
    Ok(reader::parse(&text, &case.id, Path::new("."), &case.id).map_err(|errors| format!("{errors:?}\n{text}"))?)
}

/// Refuses an experiment that gives away what it is meant to show.
fn refuse_labels(case: &Case, experiment: &Experiment) -> Result<(), Failure> {
    let text = serde_json::to_string(experiment)?.replace(&case.id, "").to_lowercase();
    let labels = State::ALL.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
    let labels = labels.iter().map(|label| label.trim_matches('"').to_owned());
    let names = generators::families().into_iter().map(|family| family.name.to_owned());
    match labels.chain(names).find(|label| text.contains(label.as_str())) {
        Some(label) => Err(format!("the experiment of {} contains `{label}`", case.id).into()),
        None => Ok(()),
    }
}

fn train(dir: &Path, case: &Case, experiment: &Experiment) -> Result<(), Failure> {
    let spec = Spec {
        schema: SCHEMA,
        seed: case.seed,
        threads: 1,
        device: "cpu".to_owned(),
        config_name: case.id.clone(),
        experiment: experiment.clone(),
    };
    folder::write_spec(dir, &spec)?;
    run_trial(dir, &spec, &AtomicBool::new(false), &mut |_| {})?;
    Ok(())
}

/// The file beside the record with what was measured.
fn facts_file(dir: &Path) -> PathBuf {
    dir.join("measured.json")
}

/// Trains a run and measures it; one that is in the folder already, of the same experiment, is not trained again.
fn run(case: &Case, root: &Path) -> Result<Answer, Failure> {
    let started = std::time::Instant::now();
    let dir = folder_of(root, case);
    let trained = experiment(case, root, case.setup.epochs, "all")?;
    refuse_labels(case, &trained)?;
    if folder::read_outcome(&dir).ok().flatten().is_some()
        && folder::read_spec(&dir).ok().flatten().is_some_and(|spec| spec.experiment == trained)
        && let Ok(text) = std::fs::read_to_string(facts_file(&dir))
        && let Ok(facts) = serde_json::from_str(&text)
    {
        return Ok(Answer::Trained { facts, secs: 0.0 });
    }
    if dir.exists() {
        std::fs::remove_dir_all(&dir)?;
    }
    std::fs::create_dir_all(&dir)?;
    case.write_table(&table_of(root, case))?;
    train(&dir, case, &trained)?;
    let before = measure(case, &trained, None)?;
    let after = measure(case, &trained, Some(&dir.join(folder::WEIGHTS)))?;
    let (longer, later_gains) = if asks_for_longer(&after) {
        let twin_dir = dir.join("longer");
        let twin = experiment(case, root, 2 * case.setup.epochs, "all")?;
        train(&twin_dir, case, &twin)?;
        let measured = measure(case, &twin, Some(&twin_dir.join(folder::WEIGHTS)))?;
        let gains = later_gains(&twin_dir, case.setup.epochs)?;
        std::fs::remove_dir_all(&twin_dir)?;
        (Some(measured), gains)
    } else {
        (None, Vec::new())
    };
    let schedule_ends = matches!(trained.training.schedule, Schedule::Cosine { .. });
    let facts = Facts { before, after, longer, later_gains, schedule_ends };
    std::fs::write(facts_file(&dir), serde_json::to_string(&facts)?)?;
    Ok(Answer::Trained { facts, secs: started.elapsed().as_secs_f64() })
}

/// See [`Facts::later_gains`]; of a run of twice these epochs.
fn later_gains(dir: &Path, epochs: u32) -> Result<Vec<Option<f64>>, Failure> {
    let record = whymean::record::store::read(&folder::record_dir(dir))?;
    let quartile = |name: &str, (from, to): (u32, u32), quarter: usize| {
        let points = record.points(Split::Train, Channel::Skill, name).iter();
        let mut skills: Vec<f64> =
            points.filter(|point| (from..=to).contains(&point.epoch)).map(|point| point.value.value()).collect();
        skills.sort_by(f64::total_cmp);
        skills.get(skills.len() * quarter / 4).copied().filter(|skill| skill.is_finite())
    };
    let around = (epochs - epochs / 8, epochs + epochs / 8);
    let late = (epochs + epochs / 2, 2 * epochs);
    let gain = |name| Some(quartile(name, late, 1)? - quartile(name, around, 3)?);
    Ok(record.outputs().map(gain).collect())
}

/// Trains a certified run for many times as many steps, and compares what was certified not to move.
fn go_on(case: &Case, root: &Path, certified: u64) -> Result<Answer, Failure> {
    let dir = folder_of(root, case);
    let record = whymean::record::store::read(&folder::record_dir(&dir))?;
    let certificate = record.run.certificate.ok_or("the run has no certificate")?;
    let steps = (TIMES_LONGER * certified).min(MOST_STEPS);
    let epochs = u32::try_from(steps.div_ceil(record.run.steps_per_epoch.max(1)))?.max(case.setup.epochs);
    let experiment = experiment(case, root, epochs, "none")?;
    let longer = dir.join("continued");
    train(&longer, case, &experiment)?;
    let weights = |dir: &Path| tch::Tensor::read_safetensors(dir.join(folder::WEIGHTS));
    let (short, long) = (weights(&dir)?, weights(&longer)?);
    let find = |state: &[(String, tch::Tensor)], name: &str| {
        state.iter().find(|(known, _)| known == name).map(|(_, tensor)| tensor.shallow_clone())
    };
    let moved =
        certificate.frozen_parameters.into_iter().filter(|name| match (find(&short, name), find(&long, name)) {
            (Some(short), Some(long)) => short != long,
            _ => true,
        });
    let moved = moved.collect();
    let measured = measure(case, &experiment, Some(&longer.join(folder::WEIGHTS)))?;
    std::fs::remove_dir_all(&longer)?;
    let spread = measured.outputs.iter().map(|output| output.train_spread).fold(0.0, |most: f64, spread| {
        // A maximum would pass over NaN, which is no constant.
        if spread.is_nan() || spread > most { spread } else { most }
    });
    let steps = u64::from(epochs) * record.run.steps_per_epoch;
    Ok(Answer::Continued(Continued { steps, times: steps as f64 / certified.max(1) as f64, spread, moved }))
}

/// Serves until the input ends.
pub fn serve(root: &Path, share: f64) -> Result<(), Failure> {
    let cases = generators::cases(share);
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let case =
            |word: &str| -> Result<&Case, Failure> { Ok(cases.get(word.parse::<usize>()?).ok_or("no such run")?) };
        let answer = match words.as_slice() {
            ["run", index] => case(index).and_then(|case| run(case, root)),
            ["continue", index, step] => case(index).and_then(|case| go_on(case, root, step.parse()?)),
            _ => Err(format!("no such order: `{line}`").into()),
        };
        let answer = answer.unwrap_or_else(|error| Answer::Failed(error.to_string()));
        writeln!(out, "{}", serde_json::to_string(&answer)?)?;
        out.flush()?;
    }
    Ok(())
}
