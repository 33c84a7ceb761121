//! The search as a whole, without training: who is trained when, and what is said of it.

use std::{cell::RefCell, path::Path, rc::Rc};

use super::{
    fake::{FakeRunner, FakeWorld, Rule, Script, cause, configuration, diagnosis, spec},
    *,
};
use crate::{
    experiment::{Activation, Layer, Optimiser},
    judge::{
        State,
        causes::{CauseDiagnosis, ProofVerdict},
    },
};

/// A search, and how the world answers it.
struct Scene {
    control: Diagnosis,
    budget: Budget,
    script: Rc<RefCell<Script>>,
    rule: Rule,
    after: fn(&Experiment) -> Vec<CauseDiagnosis>,
    cannot_train: Option<fn(&Experiment) -> bool>,
}

impl Scene {
    /// Control runs with these states, with these causes, and runs that learn where the rule says so.
    fn new(states: &[State], causes: Vec<CauseDiagnosis>, rule: Rule) -> Self {
        let control = Diagnosis { causes, ..diagnosis(states) };
        Self {
            control,
            budget: Budget::default(),
            script: Rc::default(),
            rule,
            after: |_| Vec::new(),
            cannot_train: None,
        }
    }

    fn search(&self) -> Diagnosis {
        let configuration = configuration();
        let spec = spec();
        let control = Control { dir: Path::new("r"), configuration: &configuration, spec: &spec };
        let mut world = FakeWorld {
            script: Rc::clone(&self.script),
            rule: self.rule,
            after: self.after,
            cannot_train: self.cannot_train,
        };
        let found =
            verify(self.control.clone(), &control, self.budget, &mut FakeRunner(Rc::clone(&self.script)), &mut world);
        // Whatever is printed can be drawn again from what was kept.
        let kept = self.script.borrow().kept.clone().expect("something was kept");
        assert_eq!(kept.complete(self.control.clone()), found);
        found
    }

    fn trained(&self) -> Vec<String> {
        self.script.borrow().trained.clone()
    }
}

/// One line for each change that was tried, then why it ended and what was used.
fn told(found: &Diagnosis) -> String {
    let verification = found.verification.as_ref().expect("it was searched");
    let line = |trial: &crate::judge::causes::Trial| {
        let changes: Vec<String> =
            trial.changes.iter().map(|change| format!("{}={}", change.path, change.to)).collect();
        format!("{}: {}: {} of {}: {}", trial.cause, changes.join(" + "), trial.learned, trial.runs, trial.outcome)
    };
    let mut lines: Vec<String> = verification.tried.iter().map(line).collect();
    lines.push(format!("{} trainings; {}", verification.trainings, verification.ended));
    lines.join("\n")
}

fn lr(experiment: &Experiment) -> f64 {
    experiment.training.optimiser.lr()
}

fn activation(experiment: &Experiment) -> Activation {
    match experiment.model.layers[0] {
        Layer::Dense { activation, .. } => activation,
        _ => Activation::Linear,
    }
}

const BAD: State = State::Collapsed;
const GOOD: State = State::Learned;

/// Learns with a rate of a thousandth and nothing else.
fn with_a_low_rate(experiment: &Experiment, _: u64) -> State {
    if lr(experiment) == 0.001 { GOOD } else { BAD }
}

fn two_causes() -> Vec<CauseDiagnosis> {
    vec![
        cause("lr-too-high", 1, &["training.optimiser.lr=0.005", "training.optimiser.lr=0.001"]),
        cause("dead-relu", 2, &["model.activation=elu", "model.init=keras"]),
    ]
}

#[test]
fn the_best_causes_changes_race_and_the_survivor_is_proved_with_all_seeds() {
    let scene = Scene::new(&[BAD; 3], two_causes(), with_a_low_rate);
    let found = scene.search();
    insta::assert_snapshot!(scene.trained().join("\n"), @r"
    optimiser.lr=0.005/seed-0
    optimiser.lr=0.001/seed-0
    optimiser.lr=0.001/seed-1
    optimiser.lr=0.001/seed-2
    ");
    assert_eq!(scene.script.borrow().together, [2, 2], "each round is trained at once");
    insta::assert_snapshot!(told(&found), @r"
    lr-too-high: training.optimiser.lr=0.005: 0 of 1: dropped after 1 run, which ended collapsed
    lr-too-high: training.optimiser.lr=0.001: 3 of 3: proved; unchanged, 0 of 3 learned
    4 trainings; a change was proved
    ");
    let proof = found.causes[0].proof.as_ref().expect("proved");
    assert_eq!((proof.verdict, proof.p_value, proof.seeds.as_slice()), (ProofVerdict::Proved, 0.05, &[0, 1, 2][..]));
    assert_eq!((proof.changed.learned, proof.control.learned, proof.control.runs), (3, 0, 3));
    assert_eq!((proof.control.collapsed, proof.states_after.as_slice()), (3, &[GOOD; 3][..]));
    assert_eq!(found.causes[1].proof, None, "nobody asked about the other cause any more");
    let patch = found.verification.expect("searched").patch.expect("proved");
    assert!(
        patch.contains("\n-optimiser = { kind = \"adam\", lr = 0.01 }\n+optimiser = { kind = \"adam\", lr = 0.001 }\n"),
        "{patch}"
    );
}

#[test]
fn one_seed_is_not_enough_for_the_control_either() {
    let scene = Scene::new(&[BAD], two_causes(), with_a_low_rate);
    let found = scene.search();
    insta::assert_snapshot!(scene.trained().join("\n"), @r"
    optimiser.lr=0.005/seed-0
    optimiser.lr=0.001/seed-0
    control/seed-1
    control/seed-2
    optimiser.lr=0.001/seed-1
    optimiser.lr=0.001/seed-2
    ");
    assert_eq!(found.causes[0].proof.as_ref().map(|proof| proof.control.runs), Some(3));
    assert_eq!(found.verification.map(|verification| verification.trainings), Some(6));
}

#[test]
fn who_stops_early_is_the_changed_run_alone() {
    let scene = Scene::new(&[BAD], two_causes(), |experiment, _| {
        let changed = lr(experiment) != 0.01;
        assert_eq!(experiment.diagnosis.stop_when_learned, changed);
        if lr(experiment) == 0.001 { GOOD } else { BAD }
    });
    assert_eq!(scene.search().causes[0].proof.as_ref().map(|proof| proof.verdict), Some(ProofVerdict::Proved));
}

#[test]
fn a_dead_candidate_costs_one_training_and_the_first_round_takes_a_seed_that_failed() {
    let scene = Scene::new(&[GOOD, BAD, BAD], two_causes(), |_, _| BAD);
    let found = scene.search();
    insta::assert_snapshot!(scene.trained().join("\n"), @r"
    optimiser.lr=0.005/seed-1
    optimiser.lr=0.001/seed-1
    activation=elu/seed-1
    init=keras/seed-1
    ");
    assert_eq!(scene.script.borrow().together, [2, 2]);
    insta::assert_snapshot!(told(&found), @r"
    lr-too-high: training.optimiser.lr=0.005: 0 of 1: dropped after 1 run, which ended collapsed
    lr-too-high: training.optimiser.lr=0.001: 0 of 1: dropped after 1 run, which ended collapsed
    dead-relu: model.activation=elu: 0 of 1: dropped after 1 run, which ended collapsed
    dead-relu: model.init=keras: 0 of 1: dropped after 1 run, which ended collapsed
    4 trainings; every proposed change was tried
    ");
    for cause in &found.causes {
        assert_eq!(cause.proof.as_ref().map(|proof| proof.verdict), Some(ProofVerdict::Undecided), "{}", cause.id);
    }
    assert_eq!(found.verification.and_then(|verification| verification.patch), None);
}

#[test]
fn the_best_ranked_survivor_is_proved_first_and_the_others_are_left() {
    let scene = Scene::new(&[BAD; 3], two_causes(), |experiment, _| if lr(experiment) < 0.01 { GOOD } else { BAD });
    insta::assert_snapshot!(told(&scene.search()), @r"
    lr-too-high: training.optimiser.lr=0.005: 3 of 3: proved; unchanged, 0 of 3 learned
    lr-too-high: training.optimiser.lr=0.001: 1 of 1: learned with 1 seed, and was not tried with more
    4 trainings; a change was proved
    ");
}

#[test]
fn a_control_that_fails_only_sometimes_takes_more_seeds() {
    // Unchanged, every third seed learns by itself.
    let scene = Scene::new(&[GOOD, BAD, BAD], two_causes(), |experiment, seed| {
        if lr(experiment) == 0.005 || (lr(experiment) == 0.01 && seed % 3 == 0) { GOOD } else { BAD }
    });
    let found = scene.search();
    insta::assert_snapshot!(told(&found), @r"
    lr-too-high: training.optimiser.lr=0.005: 6 of 6: proved; unchanged, 2 of 6 learned
    lr-too-high: training.optimiser.lr=0.001: 0 of 1: dropped after 1 run, which ended collapsed
    10 trainings; a change was proved
    ");
    let proof = found.causes[0].proof.as_ref().expect("proved");
    assert_eq!(proof.seeds, [0, 1, 2, 3, 4, 5]);
    assert!(proof.p_value <= 0.05, "{}", proof.p_value);
    let seeds: Vec<String> = scene.trained().into_iter().filter(|name| name.starts_with("control")).collect();
    assert_eq!(seeds, ["control/seed-3", "control/seed-4", "control/seed-5"]);
}

#[test]
fn a_change_that_helps_some_runs_stays_undecided() {
    let rule: Rule = |experiment, seed| if lr(experiment) == 0.001 && seed % 3 == 0 { GOOD } else { BAD };
    let scene = Scene::new(&[BAD; 3], two_causes(), rule);
    let found = scene.search();
    insta::assert_snapshot!(told(&found), @r"
    lr-too-high: training.optimiser.lr=0.005: 0 of 1: dropped after 1 run, which ended collapsed
    lr-too-high: training.optimiser.lr=0.001: 3 of 8: undecided; unchanged, 0 of 8 learned
    dead-relu: model.activation=elu: 0 of 1: dropped after 1 run, which ended collapsed
    dead-relu: model.init=keras: 0 of 1: dropped after 1 run, which ended collapsed
    16 trainings; every proposed change was tried
    ");
    assert_eq!(found.causes[0].proof.as_ref().map(|proof| proof.verdict), Some(ProofVerdict::Undecided));
}

#[test]
fn a_change_that_the_control_does_not_need_is_refuted() {
    // The seed of the first round is the only one on which the two differ, and the others learn unchanged.
    let rule: Rule = |experiment, seed| match (lr(experiment) == 0.001, seed) {
        (true, 0) => GOOD,
        (true, _) => BAD,
        (false, 0) => BAD,
        (false, _) => {
            if lr(experiment) == 0.01 {
                GOOD
            } else {
                BAD
            }
        }
    };
    let mut scene = Scene::new(&[BAD], two_causes(), rule);
    scene.control.causes.truncate(1);
    let found = scene.search();
    insta::assert_snapshot!(told(&found), @r"
    lr-too-high: training.optimiser.lr=0.005: 0 of 1: dropped after 1 run, which ended collapsed
    lr-too-high: training.optimiser.lr=0.001: 1 of 3: refuted; unchanged, 2 of 3 learned
    6 trainings; every proposed change was tried
    ");
    assert_eq!(found.causes[0].proof.as_ref().map(|proof| proof.verdict), Some(ProofVerdict::Refuted));
}

#[test]
fn what_is_left_of_the_budget_must_suffice_for_a_proof() {
    for (trainings, used) in [(2, 0), (3, 1), (4, 4), (5, 4)] {
        let scene = Scene {
            budget: Budget { trainings, minutes: 10.0 },
            ..Scene::new(&[BAD; 3], two_causes(), with_a_low_rate)
        };
        let verification = scene.search().verification.expect("searched");
        assert!(verification.trainings <= trainings);
        assert_eq!((verification.trainings, scene.trained().len()), (used, used as usize), "{trainings}");
    }
    let scene = Scene {
        budget: Budget { trainings: 2, minutes: 10.0 },
        ..Scene::new(&[BAD; 3], two_causes(), with_a_low_rate)
    };
    insta::assert_snapshot!(told(&scene.search()), @"0 trainings; what is left of the 2 trainings that were allowed does not suffice to prove another change");
}

#[test]
fn time_that_is_over_stops_what_runs_and_says_the_rest() {
    // Each training takes a minute, and two and a half are allowed.
    let scene = Scene {
        budget: Budget { trainings: 24, minutes: 2.5 },
        ..Scene::new(&[BAD; 3], two_causes(), with_a_low_rate)
    };
    scene.script.borrow_mut().seconds_each = 60.0;
    scene.script.borrow_mut().deadline = Some(150.0);
    let found = scene.search();
    insta::assert_snapshot!(told(&found), @r"
    lr-too-high: training.optimiser.lr=0.005: 0 of 1: dropped after 1 run, which ended collapsed
    lr-too-high: training.optimiser.lr=0.001: 2 of 2: cut short; unchanged, 0 of 2 learned
    3 trainings; the 2.5 minutes that were allowed are over
    ");
    assert_eq!(
        found.causes[0].proof.as_ref().map(|proof| (proof.verdict, proof.seeds.len())),
        Some((ProofVerdict::Undecided, 2))
    );
}

#[test]
fn what_was_stopped_goes_on_to_the_same_end() {
    let whole = Scene::new(&[BAD], two_causes(), with_a_low_rate);
    let wanted = whole.search();
    for after in 0..6 {
        let scene = Scene::new(&[BAD], two_causes(), with_a_low_rate);
        scene.script.borrow_mut().interrupted_after = Some(after);
        let found = scene.search();
        let verification = found.verification.as_ref().expect("searched");
        assert_eq!(verification.ended, "it was stopped; `--resume` goes on", "after {after}");
        assert_eq!((scene.trained().len(), verification.trainings as usize), (after, after));
        assert!(!scene.script.borrow().kept.as_ref().expect("kept").is_final);
        scene.script.borrow_mut().interrupted_after = None;
        assert_eq!(scene.search(), wanted, "after {after}");
        let mut trained = scene.trained();
        assert_eq!(trained.len(), 6, "nothing is trained twice");
        trained.sort();
        trained.dedup();
        assert_eq!(trained.len(), 6);
    }
    assert!(whole.script.borrow().kept.as_ref().expect("kept").is_final);
}

#[test]
fn where_one_fault_hides_another_two_changes_are_tried_together() {
    // It diverges; with a lower rate its units are dead, and it takes another activation as well.
    let rule: Rule = |experiment, _| match (lr(experiment) < 0.005, activation(experiment)) {
        (true, Activation::Elu) => GOOD,
        (true, _) => BAD,
        (false, _) => State::Diverged,
    };
    let causes =
        vec![cause("exploding-nan", 1, &["training.optimiser.lr=0.001"]), cause("bad-init", 2, &["model.init=keras"])];
    let scene = Scene {
        after: |experiment| {
            let dead = cause("dead-relu", 1, &["model.activation=elu"]);
            if lr(experiment) < 0.005 { vec![dead] } else { vec![cause("exploding-nan", 1, &[])] }
        },
        ..Scene::new(&[State::Diverged; 3], causes, rule)
    };
    let found = scene.search();
    insta::assert_snapshot!(told(&found), @r"
    exploding-nan: training.optimiser.lr=0.001: 0 of 1: dropped after 1 run, which ended collapsed
    bad-init: model.init=keras: 0 of 1: dropped after 1 run, which ended diverged
    exploding-nan: training.optimiser.lr=0.001 + model.activation=elu: 3 of 3: proved; unchanged, 0 of 3 learned
    exploding-nan: training.optimiser.lr=0.001 + model.init=keras: 0 of 1: dropped after 1 run, which ended collapsed
    6 trainings; two changes were proved together, after no single one had repaired it
    ");
    let proof = found.causes[0].proof.as_ref().expect("proved");
    assert_eq!((proof.changes.len(), proof.verdict), (2, ProofVerdict::Proved));
    let patch = found.verification.expect("searched").patch.expect("proved");
    assert!(patch.contains("+activation = \"elu\"\n") && patch.contains("lr = 0.001"), "{patch}");
}

#[test]
fn where_nothing_moved_nothing_is_built_upon() {
    let scene = Scene { after: |_| two_causes(), ..Scene::new(&[BAD; 3], two_causes(), |_, _| BAD) };
    let found = scene.search();
    assert_eq!(scene.trained().len(), 4);
    assert!(found.verification.expect("searched").tried.iter().all(|trial| trial.changes.len() == 1));
}

#[test]
fn what_cannot_be_trained_is_said_and_the_next_has_its_turn() {
    let scene = Scene {
        cannot_train: Some(|experiment| lr(experiment) == 0.005),
        ..Scene::new(&[BAD; 3], two_causes(), with_a_low_rate)
    };
    scene.script.borrow_mut().dying = Some("activation=elu");
    insta::assert_snapshot!(told(&scene.search()), @r"
    lr-too-high: training.optimiser.lr=0.005: 0 of 0: not tried: it does not fit the table
    lr-too-high: training.optimiser.lr=0.001: 3 of 3: proved; unchanged, 0 of 3 learned
    dead-relu: model.activation=elu: 0 of 1: dropped: the run in `activation=elu/seed-0` was killed by SIGKILL
    4 trainings; a change was proved
    ");
}

#[test]
fn a_control_seed_that_dies_is_no_evidence() {
    let scene = Scene::new(&[BAD], two_causes(), with_a_low_rate);
    scene.script.borrow_mut().dying = Some("control/seed-1");
    let found = scene.search();
    let proof = found.causes[0].proof.as_ref().expect("tried");
    assert_eq!((proof.verdict, proof.control.runs), (ProofVerdict::Proved, proof.changed.runs));
    assert!(!proof.seeds.contains(&1), "{:?}", proof.seeds);
}

#[test]
fn without_a_proposal_or_a_failure_nothing_is_trained() {
    let none = Scene::new(&[BAD; 3], vec![cause("no-signal", 1, &[])], |_, _| GOOD);
    insta::assert_snapshot!(told(&none.search()), @"0 trainings; no change was proposed that can be made in the configuration");
    let learned = Scene::new(&[GOOD; 3], two_causes(), |_, _| GOOD);
    insta::assert_snapshot!(told(&learned.search()), @"0 trainings; the unchanged runs that changes would be held against all learned");
    assert!(none.trained().is_empty() && learned.trained().is_empty());
}

#[test]
fn the_same_search_twice_says_the_same() {
    let scene = |states: &[State]| Scene::new(states, two_causes(), with_a_low_rate).search();
    assert_eq!(scene(&[BAD, GOOD]), scene(&[BAD, GOOD]));
    let with_sgd = Scene::new(&[BAD; 3], two_causes(), |experiment, _| {
        if matches!(experiment.training.optimiser, Optimiser::Sgd { .. }) { GOOD } else { BAD }
    });
    // One run refutes nothing.
    assert_eq!(with_sgd.search().causes[0].proof.as_ref().map(|proof| proof.verdict), Some(ProofVerdict::Undecided));
}
