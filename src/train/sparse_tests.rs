//! When the sparse looks are made, on what, and what a whole run keeps of them.

use std::{path::Path, sync::atomic::AtomicBool};

use super::*;
use crate::{
    experiment::reader,
    model::test_support::torch,
    record::{Channel, Reading, Record, store},
    train::run_trial,
    trial::{self, Spec, folder},
};

#[test]
fn sparse_looks_are_due_at_the_start_and_after_every_so_many_steps() {
    let looks = |steps_per_epoch: u64| -> Vec<u64> {
        let epochs = (0..=6500).step_by(steps_per_epoch as usize).zip(0..);
        epochs.filter(|(step, epoch)| due(*step, steps_per_epoch, *epoch)).map(|(step, _)| step).collect()
    };
    assert_eq!(looks(79), [0, 2054, 4029, 6004]); // multiples of 79, each the first beyond 2000, 4000, 6000
    assert_eq!(looks(1), [0, 2000, 4000, 6000]);
    assert_eq!(looks(3000), [0, 3000, 6000]);
    // Epochs without a step look like nothing that was not seen at the start.
    assert_eq!((0..4).filter(|epoch| due(0, 0, *epoch)).collect::<Vec<u32>>(), [0]);
}

#[test]
fn samples_are_spaced_and_parts_are_even() {
    assert_eq!(spaced(&[1, 2, 3], 5), [1, 2, 3]);
    assert_eq!(spaced(&[0, 10, 20, 30, 40, 50], 3), [0, 20, 40]);
    assert_eq!(spaced(&[], 3), [0_u32; 0]);
    let order: Vec<u32> = (0..41).collect();
    let sizes = |size| batches::even_parts(&order, size).into_iter().map(<[u32]>::len).collect::<Vec<_>>();
    assert_eq!(sizes(20), [20, 21]); // no rest of one sample, which batch normalisation could not take
    assert_eq!(sizes(100), [41]);
    assert_eq!(sizes(1).len(), 41);
    assert_eq!(batches::even_parts(&order, 20).concat(), order);
}

fn record_of(layers: &str, training: &str) -> Record {
    let text = format!(
        "[data]\nsource = \"function\"\nformula = \"sum\"\nfeatures = 3\ntrain_samples = 122\nvalidation_samples = 20\n\
         [model]\nlayers = [{layers}]\n[training]\nepochs = 6\nbatch_size = 20\n{training}\n\
         [diagnosis]\nearly_stop = false\nprobe_samples = 41\n"
    );
    let experiment = reader::parse(&text, "test", Path::new("."), "test").expect("the test's own configuration");
    let (device, config_name) = ("cpu".to_owned(), "test".to_owned());
    let spec = Spec { schema: trial::SCHEMA, seed: 1, threads: 1, device, config_name, experiment };
    let folder = tempfile::tempdir().expect("a temporary folder");
    run_trial(folder.path(), &spec, &AtomicBool::new(false), &mut |_| {}).expect("the run is valid");
    store::read(&folder::record_dir(folder.path())).expect("the record was just written")
}

const ADAM: &str = "optimiser = { kind = \"adam\", lr = 0.01 }";
const PLAIN: &str = "{ type = \"dense\", units = 16, activation = \"tanh\" }, { type = \"dense\" }";

#[test]
fn a_healthy_run_reads_its_target_off_every_layer_and_says_how_sharp_it_is() {
    let _torch = torch();
    let record = record_of(PLAIN, ADAM);
    for layer in ["input", "dense_1", "dense_2"] {
        let points = |channel| record.points(Split::Train, channel, layer);
        for channel in [Channel::ReadoutSkill, Channel::EffectiveRank] {
            let at: Vec<(u64, u32)> = points(channel).iter().map(|point| (point.step, point.epoch)).collect();
            assert_eq!(at, [(0, 0), (42, 6)], "{layer} {channel:?}");
        }
        // The target is the sum of the inputs, so a ridge reads nearly all of it off them.
        let skill = points(Channel::ReadoutSkill).last().and_then(|point| point.value.finite()).expect("finite");
        let least = if layer == "input" { 0.999 } else { 0.5 };
        assert!(skill > least && skill <= 1.0, "{layer}: {skill}");
    }
    let ranks = record.points(Split::Train, Channel::EffectiveRank, "input");
    assert!(ranks[0].value.finite().expect("finite") > 2.9, "three inputs that are alike: {ranks:?}");
    assert_eq!(ranks[0].value, ranks[1].value, "the inputs do not change");
    for channel in [Channel::Sharpness, Channel::StabilityRatio] {
        let points = record.points(Split::Train, channel, "");
        assert_eq!(points.len(), 2);
        assert!(points.iter().all(|point| point.value.finite().is_some_and(|value| value > 0.0)), "{points:?}");
    }
    let path = record.last_predictions(Split::TrainingPath).expect("always recorded");
    let resting = record.last_predictions(Split::Train).expect("recorded");
    let worst = path.predictions.iter().zip(&resting.predictions).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    // Its paths are one; batches of another size round otherwise.
    assert!(worst < 1e-5, "{worst}");
    assert_eq!(path.samples, resting.samples);
}

#[test]
fn a_dead_layer_holds_nothing_and_nan_is_a_reading() {
    let _torch = torch();
    let dead = "{ type = \"dense\", units = 16, activation = \"relu\" }, { type = \"dense\" }";
    let bias = "init = { weights = \"glorot_uniform\", bias = { kind = \"constant\", value = -20.0 } }\n";
    let record = record_of(&format!("{dead}]\n{bias}#"), ADAM);
    let last = |channel, layer: &str| record.last(Split::Train, channel, layer).map(|point| point.value);
    assert_eq!(last(Channel::EffectiveRank, "dense_1"), Some(Reading::Finite(0.0)));
    assert_eq!(last(Channel::ReadoutSkill, "dense_1"), Some(Reading::Finite(0.0)));
    assert_eq!(last(Channel::ReadoutSkill, "dense_2"), Some(Reading::Finite(0.0)));
    assert!(last(Channel::ReadoutSkill, "input").and_then(Reading::finite).is_some_and(|skill| skill > 0.999));
    let exploded = record_of(&PLAIN.replace("tanh", "leaky_relu"), "optimiser = { kind = \"sgd\", lr = 1e6 }");
    for channel in [Channel::EffectiveRank, Channel::ReadoutSkill] {
        let value = exploded.last(Split::Train, channel, "dense_2").expect("measured").value;
        assert!(value.finite().is_none(), "{channel:?}: {value:?}");
    }
    assert!(exploded.last(Split::Train, Channel::Sharpness, "").expect("measured").value.finite().is_none());
}

#[test]
fn the_training_path_is_told_from_a_resting_one() {
    let _torch = torch();
    let dropped = PLAIN.replace("}, {", "}, { type = \"dropout\", rate = 0.5 }, {");
    let normed = PLAIN.replace("}, {", "}, { type = \"batch_norm\", activation = \"relu\" }, {");
    for layers in [&dropped, &normed] {
        let record = record_of(layers, ADAM);
        let path = record.last_predictions(Split::TrainingPath).expect("recorded");
        let resting = record.last_predictions(Split::Train).expect("recorded");
        assert_eq!((&path.samples, &path.targets, path.epoch), (&resting.samples, &resting.targets, 6));
        assert_ne!(path.predictions, resting.predictions);
        // Predictions must be those of their own samples: both paths go the same way.
        let skill = |split| record.last(split, Channel::Skill, "y").and_then(|point| point.value.finite());
        let (path, resting) = (skill(Split::TrainingPath), skill(Split::Train));
        assert!(path.is_some_and(|skill| skill > 0.15) && resting.is_some_and(|skill| skill > 0.15), "{path:?}");
        assert!(record.points(Split::TrainingPath, Channel::DeadFractionProbe, "batch_norm_1").is_empty());
    }
}
