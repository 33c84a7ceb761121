//! A worker trains cases one after another: libtorch's random numbers belong to the process, and its start is paid once.
//!
//! It is told one order of JSON a line and answers each with one line. It writes records and measures what a planted fault
//! does to a run; it does not know the judge but for repairs.

use std::{
    io::{BufRead, Write},
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
    time::Instant,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use whymean::{
    experiment::{Experiment, reader},
    record::{Record, Status, store},
    train::run_trial,
    trial::{SCHEMA, Spec, folder},
};

use crate::{
    Failure,
    case::{Case, Name, Text},
    difference, measure,
    plants::{self, Shows},
    repair,
    setup::Setup,
};

/// Draws of one case, until a fault is found that hurts.
const MOST_ATTEMPTS: u32 = 12;
/// Share of the attainable skill that a twin, or a healthy run, must reach: where there is much of it, and where there is little,
/// which a few hundred samples measure badly.
const LEARNED: (f64, f64) = (0.7, 0.5);
/// Attainable skill from which there is much.
const MUCH: f64 = 0.5;
/// Share of the attainable skill that is as much as a few hundred samples give.
const FINISHED: f64 = 0.95;
/// Share of the attainable skill that twice the epochs must add to call a run unfinished.
const MORE: f64 = 0.05;
/// Held-out skill below which a twin has nothing to lose.
const LEAST_SKILL: f64 = 0.1;
/// Share of the twin's skill that a run with a fault that hurts does not reach.
const HURT: f64 = 0.5;

/// What a worker is asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Order {
    /// Train the case.
    Train(Name),
    /// Repair what that left, by what the causes propose and by chance, each within so many trainings.
    Repair(Name, Facts, u32),
}

/// A worker's answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Answer {
    /// The case is there.
    Trained(Facts),
    /// What became of the repairs.
    Repaired(repair::Repaired),
    /// It could not be done.
    Failed(String),
}

/// What is known of a case that was trained.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// The draw that was taken.
    pub attempt: u32,
    /// Planted faults that were drawn and did not hurt, or did not do what they are called.
    pub harmless: u32,
    /// Draws whose healthy configuration did not learn.
    pub unlearned: u32,
    /// Held-out skill; absent where it is no finite number.
    pub skill: Option<f64>,
    /// Held-out skill of the twin.
    pub twin_skill: Option<f64>,
    /// Whether it ended in numbers that are not finite.
    pub not_finite: bool,
    /// Folders of the records, below the root.
    pub runs: Vec<String>,
    /// Folder of the twin's record.
    pub twin: Option<String>,
    /// Whether its best prediction is a constant.
    pub unpredictable: bool,
    /// Time of all trainings [s].
    pub secs: f64,
    /// Settings in which it and its twin differ; 0 without a twin.
    pub differences: usize,
}

fn parsed(text: &str, id: &str) -> Result<Experiment, Failure> {
    Ok(reader::parse(text, id, Path::new("."), id).map_err(|errors| format!("{:?}\n{text}", errors.mistakes()))?)
}

/// Folder of a run's files.
pub fn folder_of(root: &Path, id: &str) -> PathBuf {
    root.join(id)
}

/// The experiment of a generated configuration; both of a pair have the same name.
pub fn experiment(setup: &Setup, case: &Case, dir: &Path) -> Result<Experiment, Failure> {
    let experiment = parsed(&setup.toml(&case.id, case.seed, &dir.join("data.csv")), &case.id)?;
    refuse_labels(&experiment)?;
    Ok(experiment)
}

/// Refuses an experiment whose visible part gives away what is planted in it.
fn refuse_labels(experiment: &Experiment) -> Result<(), Failure> {
    let text = serde_json::to_string(&experiment.without_faults())?;
    match plants::ALL.iter().find(|fault| text.contains(fault.cause)) {
        Some(fault) => Err(format!("the experiment {} contains `{}`", experiment.name, fault.cause).into()),
        None => Ok(()),
    }
}

/// Trains an experiment into a folder, unless that was done before.
pub fn train(dir: &Path, experiment: &Experiment, seed: u64) -> Result<Record, Failure> {
    let spec = Spec {
        schema: SCHEMA,
        seed,
        threads: 1,
        device: "cpu".to_owned(),
        config_name: experiment.name.clone(),
        experiment: experiment.clone(),
    };
    let known = folder::read_spec(dir).ok().flatten().is_some_and(|known| known == spec);
    if !known || folder::read_outcome(dir).ok().flatten().is_none() {
        for part in ["record", "checkpoint"] {
            let part = dir.join(part);
            if part.exists() {
                std::fs::remove_dir_all(part)?;
            }
        }
        std::fs::create_dir_all(dir)?;
        folder::write_spec(dir, &spec)?;
        run_trial(dir, &spec, &AtomicBool::new(false), &mut |_| {})?;
    }
    Ok(store::read(&folder::record_dir(dir))?)
}

/// Trains a generated configuration; the record, and its folder below the root.
fn made(root: &Path, case: &Case, setup: &Setup, part: &str) -> Result<(Record, String), Failure> {
    let name = format!("{}{part}", case.id);
    let dir = folder_of(root, &name);
    std::fs::create_dir_all(&dir)?;
    setup.write_table(&case.id, &dir.join("data.csv"))?;
    Ok((train(&dir, &experiment(setup, case, &dir)?, case.seed)?, name))
}

/// What one attempt came to.
enum Attempt {
    Taken(Box<Facts>),
    Harmless,
    Unlearned,
}

/// Skill that is no failure of the configuration.
fn enough(setup: &Setup) -> f64 {
    let attainable = measure::attainable(setup);
    attainable * if attainable >= MUCH { LEARNED.0 } else { LEARNED.1 }
}

/// Whether the run used up its epochs, is short of what can be attained, and would have learned more with twice as many: it is not
/// finished, and whoever says so is right.
fn is_unfinished(root: &Path, case: &Case, setup: &Setup, record: &Record, skill: f64) -> Result<bool, Failure> {
    let attainable = measure::attainable(setup);
    if record.run.status != Status::Completed || skill >= FINISHED * attainable {
        return Ok(false);
    }
    let mut longer = setup.clone();
    longer.epochs *= 2;
    let (longer, dir) = made(root, case, &longer, "-longer")?;
    std::fs::remove_dir_all(folder_of(root, &dir))?;
    Ok(measure::skill(&longer) > skill + MORE * attainable)
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

fn planted(root: &Path, case: &Case, sick: &Setup, twin: &Setup) -> Result<Attempt, Failure> {
    let (healthy, twin_dir) = made(root, case, twin, "-twin")?;
    let twin_skill = measure::skill(&healthy);
    let short = twin_skill < LEAST_SKILL || twin_skill < enough(twin);
    if short || is_unfinished(root, case, twin, &healthy, twin_skill)? {
        return Ok(Attempt::Unlearned);
    }
    let (record, dir) = made(root, case, sick, "")?;
    let skill = measure::skill(&record);
    let not_finite = measure::is_not_finite(&record);
    let shown = match case.shows {
        Shows::Hurt => true,
        Shows::NotFinite => not_finite,
        Shows::DeadLayer => measure::has_dead_layer(&record),
    };
    if skill > HURT * twin_skill || twin_skill - skill < LEAST_SKILL || !shown {
        return Ok(Attempt::Harmless);
    }
    let root = Path::new("");
    let differences =
        difference::settings(&experiment(sick, case, root)?, &experiment(twin, case, root)?, sick.edits == twin.edits)?;
    Ok(Attempt::Taken(Box::new(Facts {
        skill: finite(skill),
        twin_skill: finite(twin_skill),
        not_finite,
        runs: vec![dir],
        twin: Some(twin_dir),
        differences,
        ..Facts::default()
    })))
}

fn sound(root: &Path, case: &Case, setup: &Setup) -> Result<Attempt, Failure> {
    let attainable = measure::attainable(setup);
    let (record, dir) = made(root, case, setup, "")?;
    let skill = measure::skill(&record);
    let unpredictable = attainable < measure::NOTHING;
    if !unpredictable && (skill < enough(setup) || is_unfinished(root, case, setup, &record, skill)?) {
        return Ok(Attempt::Unlearned);
    }
    Ok(Attempt::Taken(Box::new(Facts { skill: finite(skill), runs: vec![dir], unpredictable, ..Facts::default() })))
}

/// All runs of a file of real cases.
fn real(root: &Path, case: &Case, path: &Path) -> Result<Attempt, Failure> {
    let experiment = reader::read(path).map_err(|errors| format!("{:?}", errors.mistakes()))?;
    let mut facts = Facts::default();
    for run in 0..u64::from(experiment.diagnosis.seeds) {
        let name = format!("{}/seed-{run}", case.id);
        let record = train(&folder_of(root, &name), &experiment, experiment.seed + run)?;
        facts.runs.push(name);
        facts.skill = finite(measure::skill(&record));
        facts.not_finite |= measure::is_not_finite(&record);
    }
    Ok(Attempt::Taken(Box::new(facts)))
}

/// Beside the records: what was measured, and of what.
fn facts_file(root: &Path, name: &Name) -> Result<PathBuf, Failure> {
    let digest = Sha256::digest(serde_json::to_string(name)?);
    let name: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Ok(root.join("facts").join(name + ".json"))
}

/// What the case of an attempt is made of, as text; facts that were measured of anything else are not taken.
fn fingerprint(root: &Path, case: &Case) -> Result<String, Failure> {
    let text = match &case.text {
        Text::Made { judged, twin } => format!("{judged:?}{twin:?}{:?}", case.shows),
        Text::File(path) => std::fs::read_to_string(path)?,
    };
    let digest = Sha256::digest(format!("{}{text}", root.display()));
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn run(root: &Path, name: &Name) -> Result<Facts, Failure> {
    let file = facts_file(root, name)?;
    if let Ok(text) = std::fs::read_to_string(&file)
        && let Ok((known, facts)) = serde_json::from_str::<(String, Facts)>(&text)
        && known == fingerprint(root, &name.case(facts.attempt)?)?
    {
        return Ok(facts);
    }
    let started = Instant::now();
    let (mut harmless, mut unlearned) = (0, 0);
    for attempt in 0..MOST_ATTEMPTS {
        let case = name.case(attempt)?;
        let came_to = match &case.text {
            Text::Made { judged, twin: Some(twin) } => planted(root, &case, judged, twin)?,
            Text::Made { judged, twin: None } => sound(root, &case, judged)?,
            Text::File(path) => real(root, &case, path)?,
        };
        match came_to {
            Attempt::Taken(facts) => {
                let secs = started.elapsed().as_secs_f64();
                let facts = Facts { attempt, harmless, unlearned, secs, ..*facts };
                std::fs::create_dir_all(root.join("facts"))?;
                std::fs::write(&file, serde_json::to_string(&(fingerprint(root, &case)?, &facts))?)?;
                return Ok(facts);
            }
            Attempt::Harmless => harmless += 1,
            Attempt::Unlearned => unlearned += 1,
        }
        for part in ["", "-twin"] {
            let dir = folder_of(root, &format!("{}{part}", case.id));
            if dir.exists() {
                std::fs::remove_dir_all(dir)?;
            }
        }
    }
    Err(format!("{MOST_ATTEMPTS} draws: {harmless} faults did not hurt, {unlearned} twins did not learn").into())
}

fn answer(root: &Path, order: &Order) -> Result<Answer, Failure> {
    match order {
        Order::Train(name) => Ok(Answer::Trained(run(root, name)?)),
        Order::Repair(name, facts, allowed) => {
            Ok(Answer::Repaired(repair::repair(root, &name.case(facts.attempt)?, facts, *allowed)?))
        }
    }
}

/// Serves until the input ends.
pub fn serve(root: &Path) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let order: Order = serde_json::from_str(&line?)?;
        let answer = answer(root, &order).unwrap_or_else(|error| Answer::Failed(error.to_string()));
        writeln!(out, "{}", serde_json::to_string(&answer)?)?;
        out.flush()?;
    }
    Ok(())
}
