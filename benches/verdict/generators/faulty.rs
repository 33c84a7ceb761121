//! Networks that shrink, that differ between their paths, and that fly apart.

use whymean::judge::State;

use crate::{
    case::{Family, Material, Setup, dense, optimiser},
    draw::Draw,
    problem::{Noise, Output, Shape},
};

pub const FAMILIES: &[Family] = &[
    Family { name: "shrunk by decay", intended: State::Shrunk, count: 32, make: shrunk_by_decay },
    Family { name: "shrunk by bound", intended: State::Shrunk, count: 20, make: shrunk_by_bound },
    Family { name: "shrunk by schedule", intended: State::Shrunk, count: 20, make: shrunk_by_schedule },
    Family { name: "mismatch constant", intended: State::Mismatch, count: 36, make: mismatch_constant },
    Family { name: "mismatch images", intended: State::Mismatch, count: 8, make: mismatch_images },
    Family { name: "diverged", intended: State::Diverged, count: 32, make: diverged },
    Family { name: "diverged images", intended: State::Diverged, count: 8, make: diverged_images },
    Family { name: "diverged but finite", intended: State::Diverged, count: 16, make: diverged_finite },
];

fn strong(draw: &mut Draw) -> Output {
    Output::new(draw.pick(&[Shape::Linear, Shape::Sine, Shape::Norm]), Noise::Normal, draw.pick(&[0.98, 0.85, 0.7]))
}

/// Decay that leaves a half to a fifth of the spread: of a linear network `1 / (1 + decay / 2)`, of one with a hidden layer
/// `1 - decay / 2`, for targets that are wholly explained.
fn shrunk_by_decay(draw: &mut Draw, number: usize) -> (Material, Setup) {
    let linear = number.is_multiple_of(3);
    let decay = if linear { draw.between(3.0, 8.0) } else { draw.between(0.8, 1.3) };
    let optimiser = match number % 4 {
        0 => optimiser("sgd", 0.05, &format!("weight_decay = {decay:.3}")),
        1 => optimiser("sgd", 0.01, &format!("momentum = 0.9, weight_decay = {decay:.3}")),
        2 => optimiser("adam", 0.01, &format!("weight_decay = {decay:.3}")),
        _ => optimiser("rmsprop", 0.003, &format!("weight_decay = {decay:.3}")),
    };
    let output = Output { shape: Shape::Linear, ..strong(draw) };
    let activation = draw.pick(&["tanh", "relu", "gelu"]);
    let hidden: &[u32] = if linear { &[] } else { &[24] };
    (Material::table(2, output), Setup { optimiser, epochs: 60, ..Setup::mlp(hidden, activation, 1) })
}

/// Targets that reach far beyond the bounds of the last activation, on both sides.
fn shrunk_by_bound(draw: &mut Draw, number: usize) -> (Material, Setup) {
    let output = Output { shape: Shape::Linear, ..strong(draw) }.at(0.0, draw.between(3.0, 8.0));
    let optimiser = match number % 4 {
        0 => optimiser("adam", 0.01, ""),
        1 => optimiser("sgd", 0.02, ""),
        2 => optimiser("adamw", 0.01, ""),
        _ => optimiser("rmsprop", 0.003, ""),
    };
    let loss = ["\"mse\"", "{ kind = \"huber\", delta = 1.0 }"][number % 2];
    let setup = Setup { optimiser, loss, scale_targets: "none", ..Setup::mlp(&[24], "relu", 1) };
    (Material::table(2, output), setup.output(1, "tanh"))
}

/// The rate is gone before the network has its size.
fn shrunk_by_schedule(draw: &mut Draw, number: usize) -> (Material, Setup) {
    let factor = draw.log_between(0.6, 1.6);
    let optimiser = match number % 3 {
        0 => optimiser("sgd", 0.01 * factor, ""),
        1 => optimiser("adam", 6e-4 * factor, ""),
        _ => optimiser("rmsprop", 2e-4 * factor, ""),
    };
    let setup = Setup {
        optimiser,
        schedule: "{ kind = \"step\", every_epochs = 2, factor = 0.2 }".to_owned(),
        init: "{ weights = { kind = \"normal\", std = 0.12 }, gain = 1.0, bias = \"zeros\" }".to_owned(),
        epochs: 40,
        ..Setup::mlp(&[24], draw.pick(&["tanh", "relu"]), 1)
    };
    (Material::table(2, Output { shape: Shape::Linear, ..strong(draw) }), setup)
}

fn norm(momentum: f64, activation: &str) -> String {
    format!("{{ type = \"batch_norm\", momentum = {momentum:e}, activation = \"{activation}\" }}")
}

/// Running statistics that never arrive: small inputs vanish on the inference path, large ones saturate it.
fn mismatch_constant(draw: &mut Draw, number: usize) -> (Material, Setup) {
    let momentum = draw.log_between(1e-7, 1e-6);
    let material = Material::table(2, strong(draw));
    let optimiser = match number % 4 {
        0 => optimiser("adam", 0.005, ""),
        1 => optimiser("sgd", 0.02, "momentum = 0.9"),
        2 => optimiser("adamw", 0.005, ""),
        _ => optimiser("rmsprop", 0.002, ""),
    };
    let small = number % 3 != 2;
    let (shift, scale, activation) = if small { (0.0, 2e-3, "relu") } else { (4000.0, 40.0, "tanh") };
    let layers = vec![dense(24, "linear"), norm(momentum, activation), dense(16, activation), dense(1, "linear")];
    let setup = Setup { optimiser, layers, scale_inputs: "none", batch: 64, epochs: 50, ..Setup::mlp(&[], "relu", 1) };
    (material.with_inputs(shift, scale), setup)
}

fn mismatch_images(draw: &mut Draw, number: usize) -> (Material, Setup) {
    let momentum = draw.log_between(1e-7, 1e-6);
    let conv = |filters: u32| {
        format!(
            "{{ type = \"conv2d\", filters = {filters}, kernel = 3, stride = 2, padding = \"same\", activation = \"linear\" }}"
        )
    };
    let layers = vec![
        conv(6),
        norm(momentum, "relu"),
        conv(12),
        norm(momentum, "relu"),
        "{ type = \"flatten\" }".to_owned(),
        dense(24, "relu"),
        dense(2, "linear"),
    ];
    let init = "{ weights = { kind = \"normal\", std = 0.002 }, gain = 1.0, bias = \"zeros\" }".to_owned();
    let optimiser = if number.is_multiple_of(2) { optimiser("adam", 0.003, "") } else { optimiser("adamw", 0.003, "") };
    (Material::boxes(12, 4), Setup { layers, init, optimiser, epochs: 24, ..Setup::cnn(6, 24, "relu") })
}

fn diverged(draw: &mut Draw, number: usize) -> (Material, Setup) {
    let factor = draw.log_between(0.5, 5.0);
    let activation = ["leaky_relu", "relu", "elu", "gelu", "softplus"][number % 5];
    let (optimiser, scale) = match number % 4 {
        0 => (optimiser("sgd", 3.0 * factor, ""), "standard"),
        1 => (optimiser("sgd", 1.0 * factor, "momentum = 0.9"), "standard"),
        2 => (optimiser("sgd", 0.05 * factor, ""), "none"),
        _ => (optimiser("sgd", 10.0 * factor, "momentum = 0.5"), "standard"),
    };
    let hidden: &[u32] = draw.pick(&[&[], &[32, 32], &[24, 24, 24]]);
    let setup = Setup { optimiser, scale_targets: scale, epochs: 30, ..Setup::mlp(hidden, activation, 1) };
    (Material::table(2, strong(draw).at(200.0, 100.0)), setup)
}

fn diverged_images(draw: &mut Draw, number: usize) -> (Material, Setup) {
    let optimiser = match number % 2 {
        0 => optimiser("sgd", draw.log_between(3.0, 30.0), ""),
        _ => optimiser("sgd", draw.log_between(1.0, 10.0), "momentum = 0.9"),
    };
    let activation = ["leaky_relu", "elu"][number / 2 % 2];
    (Material::boxes(12, 4), Setup { optimiser, epochs: 16, ..Setup::cnn(6, 24, activation) })
}

/// Steps of a bounded length that are far too long.
fn diverged_finite(draw: &mut Draw, number: usize) -> (Material, Setup) {
    let factor = draw.log_between(0.5, 2.0);
    let optimiser = match number % 3 {
        0 => optimiser("adam", 3.0 * factor, ""),
        1 => optimiser("rmsprop", 3.0 * factor, ""),
        _ => optimiser("sgd", 30.0 * factor, ""),
    };
    let more = if number % 3 == 2 { "clip_norm = 1.0".to_owned() } else { String::new() };
    let hidden: &[u32] = draw.pick(&[&[24], &[16, 16]]);
    let setup = Setup { optimiser, more, epochs: 30, ..Setup::mlp(hidden, ["leaky_relu", "elu"][number % 2], 1) };
    (Material::table(2, strong(draw)), setup)
}
