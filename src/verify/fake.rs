//! A world without training: a runner that only notes what it is given, and a judge that a test gives the answers.

use std::{cell::RefCell, collections::BTreeMap, path::PathBuf, rc::Rc};

use super::{Configuration, Saved, Surroundings};
use crate::{
    experiment::Experiment,
    judge::{
        Diagnosis, OutputDiagnosis, RunDiagnosis, SCHEMA, State, Verdict,
        causes::{CauseDiagnosis, ProposedChange, Support},
    },
    record::{Split, Status},
    trial::{self, Outcome, ProgressEvent, Spec, TrialEnd, TrialError, TrialRunner},
};

/// A configuration whose learning rate is too high, and whose biases are too low.
pub const CONFIG: &str = "\
[data]
source = \"function\"
formula = \"sine\"
noise = 0.05

[model]
hidden = [8]
activation = \"relu\"
init = \"pytorch\"

[training]
epochs = 60
optimiser = { kind = \"adam\", lr = 0.01 }
";

pub fn configuration() -> Configuration {
    Configuration {
        text: CONFIG.to_owned(),
        file_name: "config.toml".to_owned(),
        folder: PathBuf::new(),
        default_name: "fixture".to_owned(),
    }
}

/// What a run of the fixture is trained with.
pub fn spec() -> Spec {
    Spec {
        schema: trial::SCHEMA,
        seed: 0,
        threads: 1,
        device: "cpu".to_owned(),
        config_name: "config.toml".to_owned(),
        experiment: configuration().experiment(&[]).expect("the fixture"),
    }
}

/// A run in this state.
pub fn run(seed: u64, state: State) -> RunDiagnosis {
    let output = OutputDiagnosis {
        name: "y".to_owned(),
        state,
        constant: None,
        constant_fit: None,
        seen: "it was looked at".to_owned(),
        split: Split::Validation,
        skill: None,
        train_skill: None,
        spread: None,
        corr: None,
        slope: None,
        best_reference: None,
        training_path_skill: None,
    };
    RunDiagnosis {
        learned_in_between: false,
        seed,
        lr: 0.01,
        state,
        hold: None,
        constant: None,
        collapsed_at_step: None,
        epochs: 60,
        outputs: vec![output],
        dead_units: Vec::new(),
        findings: Vec::new(),
        certificate: None,
        escape_rate: None,
        signal: Vec::new(),
        signal_ends_at: None,
        sharpness: Vec::new(),
        stopped: "all epochs were trained".to_owned(),
    }
}

/// Runs of the seeds 0, 1, ... with these states; the verdict is the first run's that did not learn.
pub fn diagnosis(states: &[State]) -> Diagnosis {
    of_runs((0..).zip(states).map(|(seed, state)| run(seed, *state)).collect())
}

fn of_runs(runs: Vec<RunDiagnosis>) -> Diagnosis {
    let failed = runs.iter().find(|run| run.state != State::Learned);
    let (state, hold) = failed.map_or((State::Learned, None), |run| (run.state, run.hold));
    let verdict = Verdict { state, hold, constant: None, share: None, summary: String::new() };
    Diagnosis {
        schema: SCHEMA,
        name: "fixture".to_owned(),
        verdict,
        outputs: Vec::new(),
        runs,
        references: None,
        causes: Vec::new(),
        ruled_out: Vec::new(),
        verification: None,
        patched_config: None,
        not_examined: Vec::new(),
        report: None,
    }
}

/// A strong cause that proposes `PATH=VALUE` changes.
pub fn cause(id: &str, rank: u32, changes: &[&str]) -> CauseDiagnosis {
    let proposed = |change: &&str| {
        let (path, to) = change.split_once('=').expect("a change");
        ProposedChange { path: path.to_owned(), from: None, to: to.to_owned(), why: "it may help".to_owned() }
    };
    CauseDiagnosis {
        id: id.to_owned(),
        rank,
        support: Support::Strong,
        consequence_of: None,
        evidence: Vec::new(),
        changes: changes.iter().map(proposed).collect(),
        advice: None,
        proof: None,
    }
}

/// What happened, and what shall happen.
#[derive(Default)]
pub struct Script {
    /// Trials in the order in which they were begun: `optimiser.lr=0.001/seed-0`.
    pub trained: Vec<String>,
    /// Trials that are finished.
    pub finished: Vec<PathBuf>,
    /// How many were begun together.
    pub together: Vec<usize>,
    /// Seconds that a training takes.
    pub seconds_each: f64,
    /// Trainings after which the user stops the rest.
    pub interrupted_after: Option<usize>,
    /// Trials that die, by a part of their name.
    pub dying: Option<&'static str>,
    /// What was kept last.
    pub kept: Option<Saved>,
    /// Seconds so far.
    pub clock: f64,
    /// Seconds after which the runner stops what it trains.
    pub deadline: Option<f64>,
}

/// The runner.
pub struct FakeRunner(pub Rc<RefCell<Script>>);

impl TrialRunner for FakeRunner {
    fn run(
        &mut self,
        trials: &[(PathBuf, Spec)],
        _: &mut dyn FnMut(&ProgressEvent),
    ) -> Result<Vec<TrialEnd>, TrialError> {
        let mut script = self.0.borrow_mut();
        script.together.push(trials.len());
        let mut ends = Vec::new();
        for (dir, spec) in trials {
            let reused = script.finished.contains(dir);
            let stopped = script.interrupted_after.is_some_and(|after| script.trained.len() >= after)
                || script.deadline.is_some_and(|at| script.clock >= at);
            if stopped && !reused {
                ends.push(TrialEnd::Interrupted { dir: dir.clone() });
                continue;
            }
            let name = dir.iter().rev().take(2).map(|part| part.to_string_lossy()).collect::<Vec<_>>();
            let name = format!("{}/{}", name[1], name[0]);
            if !reused {
                script.clock += script.seconds_each;
                script.trained.push(name.clone());
            }
            if script.dying.is_some_and(|dying| name.contains(dying)) {
                let (how, log, help) = ("was killed by SIGKILL".to_owned(), String::new(), String::new());
                let error = TrialError::Died { dir: PathBuf::from(name), how, log, help };
                ends.push(TrialEnd::Died { dir: dir.clone(), error });
                continue;
            }
            script.finished.push(dir.clone());
            let outcome = Outcome {
                schema: trial::SCHEMA,
                seed: spec.seed,
                status: Status::Completed,
                epochs: 2,
                steps: 4,
                wall_secs: 0.5,
                peak_memory_bytes: None,
            };
            ends.push(TrialEnd::Finished { dir: dir.clone(), outcome, reused });
        }
        Ok(ends)
    }
}

/// The state of a run of an experiment with a seed.
pub type Rule = fn(&Experiment, u64) -> State;

/// The surroundings: `rule` judges, `after` says which causes a changed run still has.
pub struct FakeWorld {
    pub script: Rc<RefCell<Script>>,
    pub rule: Rule,
    pub after: fn(&Experiment) -> Vec<CauseDiagnosis>,
    pub cannot_train: Option<fn(&Experiment) -> bool>,
}

impl Surroundings for FakeWorld {
    fn can_train(&mut self, experiment: &Experiment) -> Result<(), String> {
        let cannot = self.cannot_train.is_some_and(|cannot| cannot(experiment));
        if cannot { Err("it does not fit the table".to_owned()) } else { Ok(()) }
    }

    fn judge(&mut self, trials: &[(PathBuf, Spec)]) -> Result<Diagnosis, String> {
        let script = self.script.borrow();
        let missing = trials.iter().find(|(dir, _)| !script.finished.contains(dir));
        if let Some((dir, _)) = missing {
            return Err(format!("`{}` is not finished", dir.display()));
        }
        let by_seed: BTreeMap<u64, &Spec> = trials.iter().map(|(_, spec)| (spec.seed, spec)).collect();
        assert_eq!(by_seed.len(), trials.len(), "one setting, each seed once");
        let runs = trials.iter().map(|(_, spec)| run(spec.seed, (self.rule)(&spec.experiment, spec.seed))).collect();
        let causes = trials.first().map(|(_, spec)| (self.after)(&spec.experiment)).unwrap_or_default();
        Ok(Diagnosis { causes, ..of_runs(runs) })
    }

    fn seconds(&mut self) -> f64 {
        self.script.borrow().clock
    }

    fn keep(&mut self, saved: &Saved) {
        self.script.borrow_mut().kept = Some(saved.clone());
    }
}
