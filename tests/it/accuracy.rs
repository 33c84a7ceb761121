//! The rules by which the accuracy benchmark tells the truth of a run, and how it cuts a record.

#[path = "../../benches/verdict/cut.rs"]
mod cut;
#[path = "../../benches/verdict/truth.rs"]
mod truth;

use truth::{Facts, Measured, OutputMeasure, Truth, asks_for_longer};
use whymean::{
    judge::State,
    record::{Status, store},
};

use crate::saved::{Fate, Place, files};

/// A network that learned nearly all of a target that can be predicted.
const LEARNED: OutputMeasure = OutputMeasure {
    finite: true,
    attainable: 0.9,
    skill: 0.88,
    spread: 0.93,
    corr: 0.94,
    slope: 1.0,
    train_skill: 0.9,
    train_spread: 0.94,
    path_skill: 0.9,
};

/// One that answers the mean.
const FLAT: OutputMeasure = OutputMeasure {
    skill: 0.0,
    spread: 0.0,
    corr: 0.0,
    slope: 0.0,
    train_skill: 0.0,
    train_spread: 0.0,
    path_skill: 0.0,
    ..LEARNED
};

/// One that knows a part, in its full spread.
const HALF_WAY: OutputMeasure =
    OutputMeasure { skill: 0.3, spread: 0.55, corr: 0.55, train_skill: 0.3, path_skill: 0.3, ..LEARNED };

fn measured(outputs: &[OutputMeasure]) -> Measured {
    Measured { outputs: outputs.to_vec(), train_samples: 400, validation_samples: 120, features: 2 }
}

/// The truth of these outputs; after twice the epochs the others.
fn truth_of(after: &[OutputMeasure], longer: Option<&[OutputMeasure]>) -> Truth {
    let before = vec![OutputMeasure { skill: -0.1, ..FLAT }; after.len()];
    let gains = longer.map_or_else(Vec::new, |longer| {
        longer.iter().zip(after).map(|(longer, after)| Some(longer.train_skill - after.train_skill)).collect()
    });
    truth::truth(&Facts {
        before: measured(&before),
        after: measured(after),
        longer: longer.map(measured),
        later_gains: gains,
        schedule_ends: false,
    })
}

fn state(after: OutputMeasure, longer: OutputMeasure) -> Option<State> {
    truth_of(&[after], Some(&[longer])).state()
}

#[test]
fn each_state_is_told_and_its_neighbour_is_not() {
    assert_eq!(state(LEARNED, LEARNED), Some(State::Learned));
    assert_eq!(state(FLAT, FLAT), Some(State::Collapsed));
    assert_eq!(state(FLAT, LEARNED), None, "it was on its way");
    let nothing = OutputMeasure { attainable: 0.0, ..FLAT };
    assert_eq!(state(nothing, nothing), Some(State::Unpredictable));
    assert_eq!(state(HALF_WAY, LEARNED), Some(State::Undertrained));
    assert_eq!(state(HALF_WAY, HALF_WAY), None, "short, for no single reason");
    let small = OutputMeasure { skill: 0.4, spread: 0.25, corr: 0.9, slope: 3.6, ..HALF_WAY };
    assert_eq!(state(small, small), Some(State::Shrunk));
    assert_eq!(state(small, LEARNED), Some(State::Undertrained));
    let by_heart = OutputMeasure { skill: -0.4, train_skill: 0.95, path_skill: 0.95, spread: 0.8, ..LEARNED };
    assert_eq!(state(by_heart, by_heart), Some(State::Memorised));
    let lost = OutputMeasure { path_skill: 0.85, ..FLAT };
    assert_eq!(state(lost, lost), Some(State::Mismatch));
    let far = OutputMeasure { skill: -50.0, spread: 5.0, ..FLAT };
    assert_eq!(state(far, far), Some(State::Diverged));
    assert_eq!(state(OutputMeasure { finite: false, ..FLAT }, FLAT), Some(State::Diverged));
}

#[test]
fn a_lucky_last_step_is_no_undertraining() {
    let facts = |gain: f64| Facts {
        before: measured(&[FLAT]),
        after: measured(&[HALF_WAY]),
        longer: Some(measured(&[LEARNED])),
        later_gains: vec![Some(gain)],
        schedule_ends: false,
    };
    assert_eq!(truth::truth(&facts(0.5)).state(), Some(State::Undertrained));
    assert_eq!(truth::truth(&facts(0.01)).state(), None);
    assert_eq!(truth::truth(&Facts { schedule_ends: true, ..facts(0.5) }).state(), None);
}

#[test]
fn outputs_are_taken_together() {
    let noise =
        OutputMeasure { attainable: 0.0, skill: -0.01, spread: 0.05, train_skill: 0.01, path_skill: 0.01, ..FLAT };
    let all = |outputs: &[OutputMeasure]| truth_of(outputs, Some(outputs));
    assert_eq!(all(&[LEARNED, FLAT]).state(), Some(State::Partial));
    assert_eq!(all(&[FLAT, FLAT]).state(), Some(State::Collapsed));
    let beside_noise = all(&[LEARNED, noise]);
    assert_eq!(beside_noise.state(), Some(State::Learned), "the mean of noise is no collapse");
    assert_eq!(beside_noise.accepts(State::Unpredictable), Some(true));
    assert_eq!(beside_noise.accepts(State::Partial), Some(false));
    assert_eq!(all(&[LEARNED, HALF_WAY]).accepts(State::Learned), None);
    assert_eq!(all(&[FLAT, OutputMeasure { finite: false, ..FLAT }]).state(), Some(State::Diverged));
}

#[test]
fn only_what_falls_short_is_trained_for_longer() {
    assert!(!asks_for_longer(&measured(&[LEARNED])));
    assert!(asks_for_longer(&measured(&[LEARNED, FLAT])));
    assert!(asks_for_longer(&measured(&[HALF_WAY])));
    assert!(!asks_for_longer(&measured(&[OutputMeasure { attainable: 0.0, ..FLAT }])));
}

#[test]
fn a_cut_record_knows_nothing_of_what_came_later() {
    let place = Place::new();
    place.save_diagnosis(&[Fate::Learned]);
    let run = files(&place.path("reports")).into_iter().map(|(name, _)| name).find(|name| name.ends_with("/run.json"));
    let run = place.path("reports").join(run.expect("a saved run"));
    let record = store::read(run.parent().expect("a folder")).expect("a record");
    assert_eq!(record.run.epochs_done, 4, "the saved run is long enough to be cut");
    let early = cut::cut(&record, 2);
    assert_eq!((early.run.epochs_done, early.run.status.clone()), (2, Status::Running));
    assert!(early.probe.iter().all(|look| look.epoch <= 2) && early.probe.iter().any(|look| look.epoch == 2));
    assert!(early.series.values().flatten().all(|point| point.epoch <= 2));
    assert!(early.series.values().all(|points| !points.is_empty()));
    let whole = cut::cut(&record, 4);
    assert_eq!((whole.series, whole.probe), (record.series, record.probe));
}
