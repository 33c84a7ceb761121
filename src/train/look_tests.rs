//! Slopes of the output against differences, and the other readings of a look against plain loops.

use std::path::Path;

use tch::Device;

use super::*;
use crate::{
    data,
    experiment::reader,
    model::test_support::torch,
    record::{Channel, Record},
    train::recorder::tests_support,
};

fn trainer(layers: &str) -> (Trainer, Recorder, tempfile::TempDir) {
    let text = format!(
        "[data]\nsource = \"function\"\nformula = \"sum\"\nfeatures = 3\ntrain_samples = 40\nvalidation_samples = 9\n\
         [model]\nlayers = [{layers}]\n[training]\nepochs = 2\nbatch_size = 16\n\
         optimiser = {{ kind = \"adam\", lr = 0.01 }}\n"
    );
    let experiment = reader::parse(&text, "test", Path::new("."), "test").expect("the test's own configuration");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let recorder = tests_support::recorder(folder.path(), &experiment);
    let data = data::load(&experiment.data).expect("synthetic");
    (Trainer::new(&experiment, 1, data, Device::Cpu).expect("fits"), recorder, folder)
}

fn slopes(record: &Record, layer: &str) -> Vec<f64> {
    record.points(Split::Train, Channel::OutputSlope, layer).iter().map(|point| point.value.value()).collect()
}

/// The activation on double precision.
fn apply(name: &str, x: &Tensor) -> Tensor {
    match name {
        "linear" => x.shallow_clone(),
        "relu" => x.relu(),
        "leaky_relu" => x.leaky_relu(),
        "elu" => x.elu(),
        "gelu" => x.gelu("none"),
        "tanh" => x.tanh(),
        "sigmoid" => x.sigmoid(),
        "softplus" => x.softplus(),
        "softmax" => x.softmax(1, None),
        other => panic!("no activation `{other}`"),
    }
}

#[test]
fn output_slopes_are_those_of_finite_differences() {
    let _torch = torch();
    let schema = serde_json::to_value(schemars::schema_for!(crate::experiment::Activation)).expect("JSON");
    let variants = schema["oneOf"].as_array().expect("one entry per variant");
    for activation in variants.iter().map(|variant| variant["const"].as_str().expect("a name")) {
        let layers =
            format!("{{ type = \"dense\", units = 4 }}, {{ type = \"dense\", activation = \"{activation}\" }}");
        let (mut trainer, mut recorder, _folder) = trainer(&layers);
        trainer.look(0, 0, &mut recorder).expect("cpu");
        let found = slopes(recorder.record(), "dense_2");
        let inputs = trainer.train.gather(&trainer.probe_train).expect("fits").inputs;
        let taps = trainer.net.forward(&inputs, Mode::Eval).expect("fits");
        let x = trainer.net.before_last_activation(&inputs, &taps).expect("fits").to_kind(Kind::Double);
        let step = 1e-5;
        let wanted = (apply(activation, &(&x + step)) - apply(activation, &(&x - step))) / (2.0 * step);
        // One unit has no others to share a softmax with: moving it is moving all.
        let wanted = wanted.mean(Kind::Double).double_value(&[]);
        // Single precision of the outputs: 1e-7 of values near 1.
        assert!(found.len() == 1 && (found[0] - wanted).abs() < 1e-6, "{activation}: {found:?} is not {wanted}");
    }
}

#[test]
fn a_softmax_lets_nothing_through_alone_and_its_own_share_among_others() {
    // Of one unit it is always 1.
    assert_eq!(mean_slope("softmax", &[1.0, 1.0]), Some(0.0));
    let slope = mean_slope("softmax", &[0.25, 0.75]).expect("told by its outputs");
    assert!((slope - 0.1875).abs() < 1e-12, "{slope}");
    let step = 1e-6_f64;
    let share = |first: f64, second: f64| first.exp() / (first.exp() + second.exp());
    let second = 3.0_f64.ln();
    let by_difference = (share(step, second) - share(-step, second)) / (2.0 * step);
    assert!((slope - by_difference).abs() < 1e-9);
}

#[test]
fn shut_off_outputs_read_zero_and_broken_ones_stay_broken() {
    assert_eq!(mean_slope("relu", &[0.0, 0.0, 2.0, 0.0]), Some(0.25));
    assert_eq!(mean_slope("sigmoid", &[0.0, 1.0]), Some(0.0));
    assert_eq!(mean_slope("tanh", &[-1.0, 1.0]), Some(0.0));
    assert_eq!(mean_slope("elu", &[-1.0]), Some(0.0));
    assert!(mean_slope("relu", &[1.0, f32::NAN]).expect("measured").is_nan());
    assert_eq!(mean_slope("gelu", &[1.0]), None);
    assert_eq!(mean_slope("linear", &[]), None);
}

#[test]
fn the_slope_is_that_of_the_network_whatever_inference_makes_of_its_predictions() {
    let _torch = torch();
    let (mut run, mut recorder, _folder) =
        trainer("{ type = \"dense\", units = 4 }, { type = \"dense\", activation = \"relu\" }");
    let _ = tch::no_grad(|| run.net.parameters()[3].tensor.shallow_clone().fill_(-1e3));
    run.look(0, 0, &mut recorder).expect("cpu");
    run.look(3, 1, &mut recorder).expect("cpu");
    assert_eq!(slopes(recorder.record(), "dense_2"), [0.0, 0.0]);
    // The parameter that was set has moved, the others have not; before the first epoch nothing is said.
    let distance = |name: &str| {
        let points = recorder.record().points(Split::Train, Channel::DistanceFromStart, name).iter();
        points.map(|point| (point.epoch, point.value.value())).collect::<Vec<(u32, f64)>>()
    };
    assert_eq!(distance("dense_1.weight"), [(1, 0.0)]);
    assert!(distance("dense_2.bias")[0].1 > 1e3);
}
