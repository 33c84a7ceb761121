//! Whole runs with faults: nothing of them is written down, no instrument disturbs them, they resume to the bit; and runs whose
//! incomplete batches are left out.

use std::{
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use super::{
    run_trial,
    tests::{EVERYTHING, experiment, run, same, spec, state_after, weights},
};
use crate::{
    experiment::{Faults, Probes},
    model::test_support::torch,
    record::{Channel, Reading, Record, Split, Status, store},
    trial::folder,
};

/// One table with every fault that a network of [`EVERYTHING`]'s layers can have at once.
const ALL: &str = r#"
[faults]
targets = "shuffled_each_epoch"
replaced_fraction = 0.1
replaced_value = 0.25
loss_shapes = "row_against_column"
untrained_layers = ["dense_2"]
detached_layer = "dense_1"
gradients = "accumulated"
training_mode = "eval"
inference_input_factor = 0.5
inference_input_shift = 0.125
inference_output_factor = 2.0
inference_output_shift = -0.5
"#;

/// What a table of faults says that nothing else of a configuration does.
const WORDS: [&str; 12] = [
    "shuffled",
    "shifted_by_one",
    "column_against_vector",
    "row_against_column",
    "negated",
    "accumulated",
    "reversed",
    "training_mode",
    "planted",
    "fault",
    "inference_",
    "untrained_layers",
];

/// Every file below a folder, as bytes.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<_> = entries
        .map(|path| (path.display().to_string(), std::fs::read(&path).expect("a record has no folders")))
        .collect();
    files.sort();
    files
}

fn contains(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|window| window == word.as_bytes())
}

#[test]
fn a_record_holds_no_trace_of_what_was_planted() {
    let _torch = torch();
    let keys = serde_json::to_value(Faults::default()).expect("plain data");
    // Data have `targets`, too.
    let keys: Vec<&String> = keys.as_object().expect("a table").keys().filter(|key| *key != "targets").collect();
    assert_eq!(keys.len(), 12, "a fault was added: is it in the table of this test?");
    assert!(keys.iter().all(|key| ALL.contains(&format!("\n{key} =")) || *key == "nan_fraction"));
    for faults in [ALL.to_owned(), ALL.replace("replaced_fraction = 0.1", "nan_fraction = 0.01")] {
        let whole = tempfile::tempdir().expect("a temporary folder");
        let (planted, clean) = (experiment(&format!("{EVERYTHING}{faults}")), experiment(EVERYTHING));
        let record = run(whole.path(), &spec(planted.clone(), 1));
        assert_eq!(record.run.experiment, clean);
        assert_eq!(record.run.experiment_hash, planted.hash());
        assert_ne!(planted.hash(), clean.hash());
        // Of a run that was stopped and goes on as well.
        let parted = tempfile::tempdir().expect("a temporary folder");
        run_trial(parted.path(), &spec(planted.clone(), 1), &AtomicBool::new(true), &mut |_| {})
            .expect("stops at once");
        let stopped = files(&folder::record_dir(parted.path()));
        run(parted.path(), &spec(planted, 1));
        let resumed = files(&folder::record_dir(parted.path()));
        let finished = files(&folder::record_dir(whole.path()));
        assert!(finished.iter().any(|(name, _)| name.ends_with(".parquet")));
        for (name, bytes) in finished.iter().chain(&stopped).chain(&resumed) {
            for word in keys.iter().map(|key| key.as_str()).chain(WORDS) {
                assert!(!contains(bytes, word), "`{word}` is in {name}");
            }
        }
    }
    assert!(contains(b"what this test looks for: faults", "fault"), "it would be seen");
}

#[test]
fn no_instrument_disturbs_a_training_with_faults() {
    let _torch = torch();
    let separate = [
        "[faults]\ntargets = \"shuffled_each_epoch\"\n",
        "[faults]\nloss_shapes = \"column_against_vector\"\n",
        "[faults]\nuntrained_layers = [\"dense_1\"]\n",
        "[faults]\ndetached_layer = \"batch_norm_1\"\n",
        "[faults]\ngradients = \"accumulated\"\n",
        "[faults]\ngradients = \"reversed\"\n",
        "[faults]\ntraining_mode = \"eval\"\n",
        "[faults]\ninference_input_factor = 3.0\n",
        ALL,
    ];
    let clean = state_after("", Probes::None, false);
    for faults in separate {
        let bare = state_after(faults, Probes::None, false);
        assert!(bare == state_after(faults, Probes::All, false), "an instrument disturbed {faults}");
        let inference_only = faults.contains("input_factor = 3.0");
        assert_eq!(bare == clean, inference_only, "{faults}");
    }
}

#[test]
fn piled_up_gradients_and_shuffled_targets_go_on_to_the_bit() {
    let _torch = torch();
    let faults = "[faults]\ntargets = \"shuffled_each_epoch\"\ngradients = \"accumulated\"\n";
    let spec = spec(experiment(&format!("{EVERYTHING}{faults}")), 1);
    let (whole, parted) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let undisturbed = run(whole.path(), &spec);
    let mut parts = 0;
    for every in [1, 4, 9, 13, 1000].into_iter().cycle() {
        let (stop, mut steps) = (AtomicBool::new(false), 0);
        let outcome = super::run::run_trial_watched(parted.path(), &spec, &stop, &mut |_| {
            steps += 1;
            stop.store(steps >= every, Ordering::Relaxed);
        });
        parts += 1;
        if outcome.expect("the run is valid").status != Status::Interrupted {
            break;
        }
    }
    assert_eq!(parts, 5, "four stops, then the end");
    same(&undisturbed, &store::read(&folder::record_dir(parted.path())).expect("readable"));
    assert_eq!(weights(whole.path()), weights(parted.path()));
    let last = |channel| undisturbed.last(Split::Train, channel, "").and_then(|point| point.value.finite());
    assert!(last(Channel::GradientRatio).is_some_and(|ratio| ratio > 2.0), "gradients of many steps");
    assert_ne!(last(Channel::Loss), last(Channel::RecomputedLoss));
    // A checkpoint without the sums would go on with another gradient.
    let lone = tempfile::tempdir().expect("a folder");
    run_trial(lone.path(), &spec, &AtomicBool::new(true), &mut |_| {}).expect("stops at once");
    for entry in std::fs::read_dir(folder::checkpoint_dir(lone.path())).expect("a checkpoint").flatten() {
        if entry.path().extension().is_some_and(|extension| extension == "safetensors") {
            let mut tensors = tch::Tensor::read_safetensors(entry.path()).expect("readable");
            tensors.retain(|(name, _)| !name.starts_with(super::planted::STATE));
            tch::Tensor::write_safetensors(&tensors, entry.path()).expect("writable");
        }
    }
    let refused = run_trial(lone.path(), &spec, &AtomicBool::new(false), &mut |_| {}).expect_err("sums are missing");
    assert!(refused.to_string().contains("accumulated."), "{refused}");
}

fn finite(record: &Record) -> bool {
    record.series.values().flatten().all(|point| matches!(point.value, Reading::Finite(_)))
}

#[test]
fn incomplete_batches_are_left_out() {
    let _torch = torch();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let text = EVERYTHING.replace("batch_size = 20", "batch_size = 20\ndrop_last = true");
    let record = run(folder.path(), &spec(experiment(&text), 1));
    // PyTorch's DataLoader: 203 samples make 10 batches of 20.
    assert_eq!(record.run.steps_per_epoch, 10);
    let last = record.points(Split::Train, Channel::Loss, "").last().expect("measured");
    assert_eq!((last.step, last.epoch), (120, 12));
    assert!(finite(&record) && record.run.status == Status::Completed);
    // A batch that fits exactly stays.
    let text = text.replace("train_samples = 203", "train_samples = 200");
    let exact = tempfile::tempdir().expect("a temporary folder");
    let kept = tempfile::tempdir().expect("a temporary folder");
    let (left_out, all) = (experiment(&text), experiment(&text.replace("drop_last = true", "")));
    same(&run(exact.path(), &spec(left_out, 1)), &run(kept.path(), &spec(all, 1)));
}

#[test]
fn a_run_without_a_single_step_goes_through_and_says_so() {
    let _torch = torch();
    for early_stop in ["true", "false"] {
        let text = EVERYTHING
            .replace("batch_size = 20", "batch_size = 256\ndrop_last = true")
            .replace("early_stop = false", &format!("early_stop = {early_stop}"));
        let folder = tempfile::tempdir().expect("a temporary folder");
        let parted = tempfile::tempdir().expect("a temporary folder");
        let spec = spec(experiment(&text), 1);
        let record = run(folder.path(), &spec);
        assert_eq!(record.run.steps_per_epoch, 0);
        assert!(matches!(record.run.status, Status::Completed | Status::Decided { .. }), "{:?}", record.run.status);
        assert!(finite(&record));
        assert!(record.points(Split::Train, Channel::Loss, "").is_empty(), "nothing was trained");
        let skills = record.points(Split::Train, Channel::Skill, "y");
        let epochs: Vec<u32> = skills.iter().map(|point| point.epoch).collect();
        assert_eq!(epochs, (0..=record.run.epochs_done).collect::<Vec<u32>>());
        assert!(skills.iter().all(|point| point.step == 0 && point.value == skills[0].value));
        let distances = record.points(Split::Train, Channel::DistanceFromStart, "dense_1.weight");
        assert!(distances.iter().all(|point| point.value == Reading::Finite(0.0)) && !distances.is_empty());
        // Once at the start and once at the end, however many epochs.
        assert_eq!(record.points(Split::Train, Channel::Sharpness, "").len(), 2);
        run_trial(parted.path(), &spec, &AtomicBool::new(true), &mut |_| {}).expect("stops, or has nothing to stop");
        same(&record, &run(parted.path(), &spec));
    }
}
