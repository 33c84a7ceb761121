//! Repair: what the causes propose and what chance proposes, each tried by the same search, on the same seeds, with the same
//! stop, within the same number of trainings.
//!
//! Chance is given to the search as one cause whose changes are drawn from the [`space`]; all else is the program's own.

mod space;

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use serde::{Deserialize, Serialize};
use whymean::{
    data,
    experiment::Experiment,
    judge::{
        self, Diagnosis,
        causes::{CauseDiagnosis, Support},
    },
    record::{Record, store},
    trial::{ProgressEvent, Spec, TrialEnd, TrialError, TrialRunner, folder},
    verify::{self, Budget, Configuration, Control, Saved, Surroundings},
};

use crate::{
    Failure,
    case::{Case, Text},
    common::draw::Draw,
    worker::{Facts, folder_of, train},
};

/// What became of one search.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tried {
    /// Whether a change was proved.
    pub proved: bool,
    /// Trainings that were used, those of the control included.
    pub trainings: u32,
    /// The changes that were proved.
    pub changes: Vec<String>,
    /// Why it ended, in words.
    pub ended: String,
}

/// What became of a case.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Repaired {
    /// By what the causes propose.
    pub proposed: Tried,
    /// By chance.
    pub chance: Tried,
    /// Whether the same happens with other seeds too; where it does not, nothing can be proved on three of them.
    pub fails_always: bool,
    /// Trainings that each search was allowed.
    pub allowed: u32,
    /// Time of all trainings [s].
    pub secs: f64,
}

/// Seeds of a proof.
const SEEDS: u64 = 3;
/// Minutes that a search may take: the number of trainings is what ends it.
const MINUTES: f64 = 120.0;
/// Changes that chance proposes; more than the search can try.
const DRAWN: usize = 400;

/// Repairs a case that was trained.
pub fn repair(root: &Path, case: &Case, facts: &Facts, allowed: u32) -> Result<Repaired, Failure> {
    let started = Instant::now();
    let configuration = configuration(root, case)?;
    let base = configuration.experiment(&[]).map_err(|errors| format!("{:?}", errors.mistakes()))?;
    let read =
        |name: &String| -> Result<Record, Failure> { Ok(store::read(&folder::record_dir(&folder_of(root, name)))?) };
    let records = facts.runs.iter().map(read).collect::<Result<Vec<Record>, _>>()?;
    let first = facts.runs.first().ok_or("a case without a run")?;
    let spec = folder::read_spec(&folder_of(root, first))?.ok_or("a run without a spec")?;
    let dir = root.join(format!("{}-repair", case.id));
    let mut search = Search { configuration: &configuration, spec: &spec, allowed };

    let diagnosis = judge::diagnose(&case.id, &records);
    let mut fails_always = diagnosis.runs.iter().all(|run| run.state != judge::State::Learned);
    // The seeds that a proof goes on with.
    for seed in (spec.seed..spec.seed + SEEDS).skip(records.len()) {
        let record = train(&dir.join(format!("control-{seed}")), &base, seed)?;
        fails_always &= judge::judge_run(&record).state != judge::State::Learned;
    }
    let proposed = search.run(&dir.join("proposed"), diagnosis.clone())?;
    let drawn = space::draw(&base, &configuration, DRAWN, &mut Draw::new(&format!("chance of {}", case.id)));
    let chance = CauseDiagnosis {
        id: "chance".to_owned(),
        rank: 1,
        // So that it is tried whatever the verdict.
        support: Support::Strong,
        consequence_of: None,
        evidence: Vec::new(),
        changes: drawn,
        advice: None,
        proof: None,
    };
    let chance = search.run(&dir.join("chance"), Diagnosis { causes: vec![chance], ..diagnosis })?;
    if dir.exists() {
        std::fs::remove_dir_all(&dir)?;
    }
    Ok(Repaired { proposed, chance, fails_always, allowed, secs: started.elapsed().as_secs_f64() })
}

/// The configuration of the case as its text.
fn configuration(root: &Path, case: &Case) -> Result<Configuration, Failure> {
    match &case.text {
        Text::Made { judged, .. } => {
            let text = judged.toml(&case.id, case.seed, &folder_of(root, &case.id).join("data.csv"));
            Ok(Configuration::new(text, Path::new("config.toml"), &case.id))
        }
        Text::File(path) => Ok(Configuration::new(std::fs::read_to_string(path)?, path, &case.id)),
    }
}

struct Search<'a> {
    configuration: &'a Configuration,
    spec: &'a Spec,
    allowed: u32,
}

impl Search<'_> {
    /// Tries what a diagnosis proposes.
    fn run(&mut self, dir: &Path, mut diagnosis: Diagnosis) -> Result<Tried, Failure> {
        verify::keep_applicable(&mut diagnosis, self.configuration);
        if !verify::is_wanted(&diagnosis) {
            let ended = "nothing to try".to_owned();
            return Ok(Tried { proved: false, trainings: 0, changes: Vec::new(), ended });
        }
        let control = Control { dir, configuration: self.configuration, spec: self.spec };
        let budget = Budget { trainings: self.allowed, minutes: MINUTES };
        let mut here = Here { name: diagnosis.name.clone(), begun: Instant::now() };
        let done = verify::verify(diagnosis, &control, budget, &mut InProcess, &mut here);
        let proved = verify::proved_changes(&done);
        let verification = done.verification.ok_or("a search without an end")?;
        let changes = proved.iter().flatten().map(|change| format!("{}={}", change.path, change.to));
        Ok(Tried {
            proved: proved.is_some(),
            trainings: verification.trainings,
            changes: changes.collect(),
            ended: verification.ended,
        })
    }
}

/// Trains one after another, in this process.
struct InProcess;

impl TrialRunner for InProcess {
    fn run(
        &mut self,
        trials: &[(PathBuf, Spec)],
        _: &mut dyn FnMut(&ProgressEvent),
    ) -> Result<Vec<TrialEnd>, TrialError> {
        trials
            .iter()
            .map(|(dir, spec)| {
                let trained = train(dir, &spec.experiment, spec.seed);
                match (trained, folder::read_outcome(dir)?) {
                    (Ok(_), Some(outcome)) => Ok(TrialEnd::Finished { dir: dir.clone(), outcome, reused: false }),
                    (Ok(_), None) => Err(died(dir, "left no outcome")),
                    (Err(error), _) => Ok(TrialEnd::Died { dir: dir.clone(), error: died(dir, &error.to_string()) }),
                }
            })
            .collect()
    }
}

fn died(dir: &Path, how: &str) -> TrialError {
    TrialError::Died { dir: dir.to_owned(), how: how.to_owned(), log: String::new(), help: String::new() }
}

/// The clock, the records and the judge.
struct Here {
    name: String,
    begun: Instant,
}

impl Surroundings for Here {
    fn can_train(&mut self, experiment: &Experiment) -> Result<(), String> {
        let dataset = data::load_planted(&experiment.data, &experiment.faults).map_err(|error| error.to_string())?;
        data::check(experiment, &dataset).map_err(|error| error.to_string())
    }

    fn judge(&mut self, trials: &[(PathBuf, Spec)]) -> Result<Diagnosis, String> {
        let read =
            |(dir, _): &(PathBuf, Spec)| store::read(&folder::record_dir(dir)).map_err(|error| error.to_string());
        let records = trials.iter().map(read).collect::<Result<Vec<Record>, _>>()?;
        Ok(judge::diagnose(&self.name, &records))
    }

    fn seconds(&mut self) -> f64 {
        self.begun.elapsed().as_secs_f64()
    }

    fn keep(&mut self, _: &Saved) {}
}
