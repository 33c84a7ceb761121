//! The engine as a whole: the same seed twice, instruments that do not disturb, resume, and proofs that hold.

use std::{
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use tch::{Device, Kind, Tensor};

use super::{memory, run::WEIGHTS, run_trial, trainer::Trainer};
use crate::{
    data,
    experiment::{Experiment, Probes, reader},
    model::test_support::torch,
    record::{Channel, Reading, Record, SeriesId, Split, Status, store},
    trial::{self, Spec, folder},
};

/// A small regression with everything that has a state: momentum, dropout, batch normalisation, a schedule.
pub(super) const EVERYTHING: &str = r#"
[data]
source = "function"
formula = "sine"
features = 3
noise = 0.1
train_samples = 203
validation_samples = 50
[model]
layers = [
  { type = "dense", units = 16, activation = "relu" },
  { type = "batch_norm", activation = "tanh" },
  { type = "dropout", rate = 0.2 },
  { type = "dense", units = 8, activation = "sigmoid" },
  { type = "dense" },
]
[training]
epochs = 12
batch_size = 20
warmup_steps = 15
schedule = { kind = "cosine", final_factor = 0.1 }
optimiser = { kind = "adam", lr = 0.01 }
checkpoint_secs = 0
[diagnosis]
early_stop = false
probe_samples = 64
"#;

/// Hidden units that are below zero for every input from the start.
const DEAD: &str = r#"
[data]
source = "function"
formula = "sum"
features = 2
train_samples = 400
validation_samples = 100
[model]
layers = [{ type = "dense", units = 12, activation = "relu" }, { type = "dense" }]
init = { weights = "glorot_uniform", bias = { kind = "constant", value = -20.0 } }
[training]
epochs = 40
batch_size = 50
optimiser = { kind = "adam", lr = 0.001 }
checkpoint_secs = 0
"#;

pub(super) fn experiment(text: &str) -> Experiment {
    reader::parse(text, "test", Path::new("."), "test").expect("the test's own configuration")
}

pub(super) fn spec(experiment: Experiment, seed: u64) -> Spec {
    let (device, config_name) = ("cpu".to_owned(), "test".to_owned());
    Spec { schema: trial::SCHEMA, seed, threads: 1, device, config_name, experiment }
}

pub(super) fn run(dir: &Path, spec: &Spec) -> Record {
    let outcome = run_trial(dir, spec, &AtomicBool::new(false), &mut |_| {}).expect("the run is valid");
    assert!(outcome.status.is_final());
    store::read(&folder::record_dir(dir)).expect("the record was just written")
}

pub(super) fn weights(dir: &Path) -> Vec<(String, Vec<u32>)> {
    let mut tensors = Tensor::read_safetensors(dir.join(WEIGHTS)).expect("a finished run keeps its weights");
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    tensors.into_iter().map(|(name, tensor)| (name, bits(&tensor))).collect()
}

fn bits(tensor: &Tensor) -> Vec<u32> {
    memory::copied(tensor).expect("cpu").into_iter().map(f32::to_bits).collect()
}

/// Two records of the same run, whatever the clock said and however the segments were cut.
pub(super) fn same(one: &Record, other: &Record) {
    assert_eq!(one.series.keys().collect::<Vec<_>>(), other.series.keys().collect::<Vec<_>>());
    for (id, points) in &one.series {
        assert_eq!(points, &other.series[id], "{id:?}");
    }
    assert_eq!(one.probe, other.probe);
    assert_eq!(one.run.status, other.run.status);
    assert_eq!(one.run.certificate, other.run.certificate);
}

#[test]
fn a_seed_gives_the_same_run_twice_and_another_seed_another() {
    let _torch = torch();
    let folders: Vec<_> = (0..3).map(|_| tempfile::tempdir().expect("a temporary folder")).collect();
    let records: Vec<Record> = folders
        .iter()
        .zip([5, 5, 6])
        .map(|(folder, seed)| run(folder.path(), &spec(experiment(EVERYTHING), seed)))
        .collect();
    same(&records[0], &records[1]);
    assert_eq!(weights(folders[0].path()), weights(folders[1].path()));
    assert_ne!(weights(folders[0].path()), weights(folders[2].path()));
}

/// Weights, running statistics and the next draw of libtorch's generator after some steps, all as bits.
pub(super) fn state_after(faults: &str, probes: Probes, bump: bool) -> (Vec<Vec<u32>>, Vec<u32>) {
    let mut experiment = experiment(&format!("{EVERYTHING}{faults}"));
    experiment.diagnosis.probes = probes;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut recorder = super::recorder::tests_support::recorder(folder.path(), &experiment);
    let data = data::load(&experiment.data).expect("synthetic");
    let mut trainer = Trainer::new(&experiment, 3, data, Device::Cpu).expect("the network fits");
    let mut step = 0;
    for epoch in 1..=4 {
        trainer.look(step, epoch - 1, &mut recorder).expect("cpu");
        for batch in trainer.order(epoch).chunks(20) {
            step += 1;
            trainer.step(batch, step, epoch, &mut recorder).expect("cpu");
        }
        if bump && epoch == 1 {
            let _no_gradient = tch::no_grad_guard();
            let weight = &mut trainer.net.state()[0].1;
            let value = memory::f32s_mut(weight).expect("cpu");
            value[0] = f32::from_bits(value[0].to_bits() + 1);
        }
        // The looks that end a run, in its middle: the steps after them must not notice.
        if epoch == 2 {
            trainer.look_at_end(step, epoch, &mut recorder).expect("cpu");
        }
        trainer.look_sparsely(step, epoch, &mut recorder).expect("cpu");
    }
    if probes == Probes::All {
        let record = recorder.record();
        assert!(record.series.len() > 50, "the instruments were not there");
        for (split, channel) in [
            (Split::Train, Channel::ReadoutSkill),
            (Split::Train, Channel::Sharpness),
            (Split::TrainingPath, Channel::Skill),
            (Split::Train, Channel::RecomputedLoss),
            (Split::Train, Channel::PairedLoss),
            (Split::Train, Channel::GradientCosine),
            (Split::Train, Channel::DistanceFromStart),
            (Split::Train, Channel::OutputSlope),
            (Split::StandardisedInputs, Channel::StabilityRatio),
        ] {
            let measured = |id: &SeriesId| id.split == split && id.channel == channel;
            assert!(record.series.keys().any(measured), "no {channel:?}");
        }
    }
    let state = trainer.net.state().iter().map(|(_, tensor)| bits(tensor)).collect();
    (state, bits(&Tensor::rand([8], (Kind::Float, Device::Cpu))))
}

#[test]
fn probes_do_not_disturb_the_run() {
    let _torch = torch();
    let (bare, draw) = state_after("", Probes::None, false);
    let (watched, draw_watched) = state_after("", Probes::All, false);
    assert_eq!(bare, watched, "an instrument changed weights or running statistics");
    assert_eq!(draw, draw_watched, "an instrument drew from libtorch's generator");
    let (bumped, _) = state_after("", Probes::None, true);
    assert_ne!(bare, bumped, "this test would not have seen a change of one bit");
}

#[test]
fn a_run_that_is_stopped_anywhere_goes_on_as_if_nothing_had_happened() {
    let _torch = torch();
    let whole = tempfile::tempdir().expect("a temporary folder");
    let undisturbed = run(whole.path(), &spec(experiment(EVERYTHING), 1));
    // Stopped again and again: at the first word, then after every 3rd, 5th and 7th batch.
    let parted = tempfile::tempdir().expect("a temporary folder");
    let mut parts = 0;
    for every in [1, 3, 5, 7, 11, 17, 1000].into_iter().cycle() {
        let stop = AtomicBool::new(false);
        let mut steps = 0;
        let outcome =
            super::run::run_trial_watched(parted.path(), &spec(experiment(EVERYTHING), 1), &stop, &mut |_| {
                steps += 1;
                stop.store(steps >= every, Ordering::Relaxed);
            });
        parts += 1;
        match outcome.expect("the run is valid").status {
            Status::Interrupted => assert!(folder::read_outcome(parted.path()).expect("readable").is_none()),
            _ => break,
        }
    }
    assert_eq!(parts, 7, "six stops, then the end");
    same(&undisturbed, &store::read(&folder::record_dir(parted.path())).expect("readable"));
    assert_eq!(weights(whole.path()), weights(parted.path()));
}

#[test]
fn a_checkpoint_of_another_experiment_is_refused() {
    let _torch = torch();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let stop = AtomicBool::new(true);
    run_trial(folder.path(), &spec(experiment(EVERYTHING), 1), &stop, &mut |_| {}).expect("stops at once");
    let other = experiment(&EVERYTHING.replace("lr = 0.01", "lr = 0.02"));
    let refused = run_trial(folder.path(), &spec(other, 1), &stop, &mut |_| {}).expect_err("another experiment");
    assert!(refused.to_string().contains("another experiment"), "{refused}");
}

#[test]
fn a_run_never_goes_on_with_other_data() {
    let _torch = torch();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let table = folder.path().join("table.csv");
    let fill = |last: &str| {
        let rows: String = (0..40).map(|row| format!("{row},{}\n", row * 2)).collect();
        std::fs::write(&table, format!("x,y\n{rows}{last}")).expect("writable");
    };
    let text = "[data]\nsource = \"table\"\npath = \"table.csv\"\ntargets = [\"y\"]\n[model]\nhidden = [4]\n\
        [training]\nepochs = 3\ncheckpoint_secs = 0\noptimiser = { kind = \"adam\", lr = 0.01 }\n";
    let spec = spec(reader::parse(text, "test", folder.path(), "test").expect("valid"), 1);
    let dir = folder.path().join("run");
    std::fs::create_dir(&dir).expect("writable");
    fill("1,1\n");
    run_trial(&dir, &spec, &AtomicBool::new(true), &mut |_| {}).expect("stops at once");
    fill("1,2\n");
    let refused = run_trial(&dir, &spec, &AtomicBool::new(false), &mut |_| {}).expect_err("other data");
    assert!(matches!(refused, super::TrainError::DataChanged { .. }), "{refused:?}");
    fill("1,1\n");
    std::fs::write(dir.join(".whymean-unfinished-outcome"), "half").expect("writable");
    run(&dir, &spec);
    assert!(!dir.join(".whymean-unfinished-outcome").exists(), "what a killed process left is gone");
}

#[test]
fn a_run_that_was_killed_as_it_finished_ends_the_same() {
    let _torch = torch();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (whole, killed) = (folder.path().join("whole"), folder.path().join("killed"));
    let spec = spec(experiment(EVERYTHING), 1);
    for dir in [&whole, &killed] {
        std::fs::create_dir(dir).expect("writable");
    }
    run(&whole, &spec);
    // A file where the weights would be written stops it after its record says that it is finished.
    let in_the_way = killed.join(WEIGHTS);
    std::fs::create_dir_all(in_the_way.join("x")).expect("writable");
    run_trial(&killed, &spec, &AtomicBool::new(false), &mut |_| {}).expect_err("no place for the weights");
    assert!(store::read(&folder::record_dir(&killed)).expect("whole").run.status.is_final());
    std::fs::remove_dir_all(&in_the_way).expect("writable");
    let again = run(&killed, &spec);
    same(&store::read(&folder::record_dir(&whole)).expect("readable"), &again);
    assert_eq!((again.run.epochs_done, weights(&whole)), (12, weights(&killed)));
}

#[test]
fn a_checkpoint_that_was_cut_is_an_error_not_a_wrong_run() {
    let _torch = torch();
    let folder = tempfile::tempdir().expect("a temporary folder");
    run_trial(folder.path(), &spec(experiment(EVERYTHING), 1), &AtomicBool::new(true), &mut |_| {}).expect("stops");
    for entry in std::fs::read_dir(folder::checkpoint_dir(folder.path())).expect("a checkpoint").flatten() {
        let bytes = std::fs::read(entry.path()).expect("readable");
        std::fs::write(entry.path(), &bytes[..bytes.len() / 2]).expect("writable");
    }
    let refused = run_trial(folder.path(), &spec(experiment(EVERYTHING), 1), &AtomicBool::new(false), &mut |_| {});
    assert!(matches!(refused, Err(super::TrainError::Checkpoint { .. })), "{refused:?}");
}

#[test]
fn a_dead_layer_is_certified_and_never_comes_back() {
    let _torch = torch();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let record = run(folder.path(), &spec(experiment(DEAD), 0));
    let certificate = record.run.certificate.clone().expect("12 dead units of 12");
    assert_eq!((certificate.layer.as_str(), certificate.units, certificate.samples), ("dense_1", 12, 400));
    assert_eq!(certificate.frozen_parameters, ["dense_1.weight", "dense_1.bias"]);
    assert!(matches!(record.run.status, Status::Decided { .. }), "{:?}", record.run.status);
    assert_eq!(certificate.step, 8, "nothing ever moved it, so it is at rest after the first epoch");

    // The same run, 40 epochs on: the layer is dead at every look.
    let on = tempfile::tempdir().expect("a temporary folder");
    let longer = experiment(&format!("{DEAD}[diagnosis]\nearly_stop = false\n"));
    let record = run(on.path(), &spec(longer, 0));
    assert_eq!(record.run.epochs_done, 40);
    let looks = record.points(Split::Train, Channel::DeadFractionProbe, "dense_1");
    assert_eq!(looks.len(), 41);
    assert!(looks.iter().all(|look| look.value == Reading::Finite(1.0)));
}

#[test]
fn no_certificate_without_a_dead_layer_or_where_the_training_path_differs() {
    let _torch = torch();
    for (case, text) in [
        ("alive", DEAD.replace("-20.0", "0.0")),
        ("leaky", DEAD.replace("\"relu\"", "\"leaky_relu\"")),
        ("dropout", DEAD.replace("layers = [", "layers = [{ type = \"dropout\", rate = 0.1 }, ")),
    ] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let record = run(folder.path(), &spec(experiment(&text.replace("epochs = 40", "epochs = 3")), 0));
        assert_eq!(record.run.certificate, None, "{case}");
    }
}

#[test]
fn a_layer_that_still_moves_is_not_certified_until_it_rests() {
    let _torch = torch();
    let experiment = experiment(&DEAD.replace(
        "optimiser = { kind = \"adam\", lr = 0.001 }",
        "optimiser = { kind = \"sgd\", lr = 0.1, momentum = 0.9 }",
    ));
    let data = data::load(&experiment.data).expect("synthetic");
    let mut trainer = Trainer::new(&experiment, 0, data, Device::Cpu).expect("fits");
    let layers = ["dense_1".to_owned()];
    let certify =
        |trainer: &mut Trainer| super::certificate::certify(trainer, &experiment.model, &layers, 8).expect("cpu");
    assert!(certify(&mut trainer).is_some(), "at rest and dead");
    // A velocity that lifts every bias by lr * 0.9 v / (1 - momentum) = 0.9 in all: it may or may not revive the layer,
    // and by way of other moving layers it might revive it in between only, so nothing is certified while it moves.
    let mut state = trainer.optimiser.state();
    for (name, tensor) in &mut state {
        if name == "optimiser.dense_1.bias.first" {
            *tensor = Tensor::full([12], -1.0, (Kind::Float, Device::Cpu));
        }
    }
    trainer.optimiser.load_state(&state, 8).expect("same shapes");
    assert!(certify(&mut trainer).is_none(), "it still moves");
    for _ in 0..300 {
        trainer.optimiser.step_without_gradient(2, 0.1).expect("cpu");
    }
    assert!(certify(&mut trainer).is_some(), "at rest again, 0.9 higher and still dead");
}

#[test]
fn weight_decay_is_never_certified() {
    let _torch = torch();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let text = DEAD.replace("lr = 0.001 }", "lr = 0.001, weight_decay = 0.01 }").replace("epochs = 40", "epochs = 4");
    assert_eq!(run(folder.path(), &spec(experiment(&text), 0)).run.certificate, None);
}

#[test]
fn a_loss_that_explodes_is_a_record_not_an_error() {
    let _torch = torch();
    let text = DEAD
        .replace("-20.0", "0.0")
        .replace("relu", "leaky_relu")
        .replace("{ kind = \"adam\", lr = 0.001 }", "{ kind = \"sgd\", lr = 1e6 }");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let record = run(folder.path(), &spec(experiment(&text), 0));
    let losses = record.points(Split::Train, Channel::Loss, "");
    assert!(losses.iter().any(|point| matches!(point.value, Reading::NonFinite(_))));
    assert_eq!(record.run.status, Status::NonFinite);
}
