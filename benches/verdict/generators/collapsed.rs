//! Ways to make a network answer one constant though the target can be learned.

use whymean::judge::State;

use crate::{
    case::{Family, Material, Setup, dense, optimiser},
    draw::Draw,
    problem::{Noise, Output, Shape},
};

pub const FAMILIES: &[Family] = &[
    Family { name: "dead by bias", intended: State::Collapsed, count: 24, make: dead_by_bias },
    Family { name: "dead by rate", intended: State::Collapsed, count: 40, make: dead_by_rate },
    Family { name: "dead images", intended: State::Collapsed, count: 16, make: dead_images },
    Family { name: "zero weights", intended: State::Collapsed, count: 16, make: zero_weights },
    Family { name: "saturated", intended: State::Collapsed, count: 20, make: saturated },
    Family { name: "output bound", intended: State::Collapsed, count: 24, make: output_bound },
    Family { name: "deep sigmoid", intended: State::Collapsed, count: 24, make: deep_sigmoid },
    Family { name: "heavy decay", intended: State::Collapsed, count: 16, make: heavy_decay },
    Family { name: "no rate", intended: State::Collapsed, count: 12, make: no_rate },
    Family { name: "median of atoms", intended: State::Collapsed, count: 14, make: median_of_atoms },
];

fn easy(draw: &mut Draw) -> Output {
    let shape = draw.pick(&Shape::EASY);
    Output::new(shape, Noise::Normal, draw.pick(&[0.98, 0.8, 0.5])).at(draw.pick(&[0.0, 3.0]), 1.0)
}

fn optimiser_in_turn(number: usize, lr: [f64; 5]) -> String {
    match number % 5 {
        0 => optimiser("adam", lr[0], ""),
        1 => optimiser("sgd", lr[1], ""),
        2 => optimiser("sgd", lr[2], "momentum = 0.9"),
        3 => optimiser("adamw", lr[3], "weight_decay = 0.0"),
        _ => optimiser("rmsprop", lr[4], ""),
    }
}

fn dead_by_bias(draw: &mut Draw, number: usize) -> (Material, Setup) {
    let depth = 1 + number % 3;
    let value = -draw.between(6.0, 60.0);
    let optimiser = optimiser_in_turn(number, [0.005, 0.05, 0.01, 0.005, 0.003]);
    let init =
        format!("{{ weights = \"he_normal\", gain = 1.0, bias = {{ kind = \"constant\", value = {value:.2} }} }}");
    let material = Material::table(3, easy(draw));
    (material, Setup { init, optimiser, epochs: 40, ..Setup::mlp(&[32, 32, 32][..depth], "relu", 1) })
}

fn dead_by_rate(draw: &mut Draw, number: usize) -> (Material, Setup) {
    let factor = draw.log_between(0.5, 2.0);
    let optimiser = match number % 6 {
        0 | 3 => optimiser("adam", 0.3 * factor, ""),
        1 => optimiser("sgd", 1.0 * factor, ""),
        2 => optimiser("sgd", 0.3 * factor, "momentum = 0.9"),
        4 => optimiser("rmsprop", 0.2 * factor, ""),
        _ => optimiser("adamw", 0.3 * factor, "weight_decay = 0.0"),
    };
    let hidden: &[u32] = draw.pick(&[&[24, 24, 24], &[16, 16, 16, 16], &[32, 32]]);
    let output = easy(draw);
    let scale = if number.is_multiple_of(2) { ("none", output.at(10.0, 5.0)) } else { ("standard", output) };
    let setup = Setup { optimiser, scale_targets: scale.0, epochs: 50, ..Setup::mlp(hidden, "relu", 1) };
    (Material::table(2, scale.1), setup)
}

fn dead_images(draw: &mut Draw, number: usize) -> (Material, Setup) {
    let factor = draw.log_between(0.7, 1.5);
    let setup = Setup { epochs: 24, ..Setup::cnn(6, 24, "relu") };
    let material = Material::boxes(12, 3);
    if number.is_multiple_of(4) {
        let bias = draw.between(-20.0, -5.0);
        let init = format!(
            "{{ weights = \"glorot_uniform\", gain = 1.0, bias = {{ kind = \"constant\", value = {bias:.2} }} }}"
        );
        return (
            material,
            Setup { init, optimiser: optimiser_in_turn(number / 4, [0.004, 0.05, 0.01, 0.004, 0.002]), ..setup },
        );
    }
    let optimiser = match number % 4 {
        1 => optimiser("adam", 0.15 * factor, ""),
        2 => optimiser("rmsprop", 0.1 * factor, ""),
        _ => optimiser("sgd", 0.8 * factor, "momentum = 0.9"),
    };
    (material, Setup { optimiser, ..setup })
}

fn zero_weights(draw: &mut Draw, number: usize) -> (Material, Setup) {
    let init = "{ weights = \"zeros\", gain = 1.0, bias = \"zeros\" }".to_owned();
    let optimiser = optimiser_in_turn(number, [0.005, 0.05, 0.01, 0.005, 0.003]);
    let activation = ["relu", "tanh", "gelu", "elu"][number % 4];
    let setup = Setup { init, optimiser, epochs: 40, ..Setup::mlp(&[24, 24], activation, 1) };
    (Material::table(2, easy(draw)), setup)
}

/// Bounded activations behind inputs that are far from zero.
fn saturated(draw: &mut Draw, number: usize) -> (Material, Setup) {
    let scale = draw.log_between(100.0, 1000.0);
    let activation = ["sigmoid", "tanh"][number % 2];
    let optimiser = optimiser_in_turn(number, [0.002, 0.02, 0.005, 0.002, 0.001]);
    let setup = Setup {
        optimiser,
        scale_inputs: "none",
        init: "\"keras\"".to_owned(),
        epochs: 40,
        ..Setup::mlp(draw.pick(&[&[16][..], &[16, 16]]), activation, 1)
    };
    (Material::table(2, easy(draw)).with_inputs(20.0 * scale, scale), setup)
}

/// Targets that lie where the last activation cannot go.
fn output_bound(draw: &mut Draw, number: usize) -> (Material, Setup) {
    let (activation, shift) = match number % 4 {
        0 => ("relu", -draw.between(5.0, 12.0)),
        1 => ("sigmoid", draw.between(6.0, 12.0)),
        2 => ("tanh", draw.between(6.0, 12.0)),
        _ => ("tanh", -draw.between(6.0, 12.0)),
    };
    let output = easy(draw).at(shift, 1.0);
    let optimiser = optimiser_in_turn(number, [0.02, 0.1, 0.05, 0.02, 0.01]);
    let setup = Setup { optimiser, scale_targets: "none", epochs: 50, ..Setup::mlp(&[24, 24], "relu", 1) };
    (Material::table(2, output), setup.output(1, activation))
}

fn deep_sigmoid(draw: &mut Draw, number: usize) -> (Material, Setup) {
    let depth = [5, 6, 8][number % 3];
    let optimiser = match number % 4 {
        0 => optimiser("sgd", draw.log_between(0.005, 0.05), ""),
        1 => optimiser("sgd", draw.log_between(0.002, 0.02), "momentum = 0.9"),
        2 => optimiser("adam", 3e-4, ""),
        _ => optimiser("rmsprop", 1e-4, ""),
    };
    let setup = Setup { optimiser, epochs: 50, ..Setup::mlp(&[16; 8][..depth], "sigmoid", 1) };
    (Material::table(2, easy(draw)), setup)
}

fn heavy_decay(draw: &mut Draw, number: usize) -> (Material, Setup) {
    let optimiser = match number % 4 {
        0 => optimiser("adam", 0.005, "weight_decay = 3.0"),
        1 => optimiser("sgd", 0.02, "weight_decay = 2.0"),
        2 => optimiser("adamw", 0.01, "weight_decay = 30.0"),
        _ => optimiser("rmsprop", 0.003, "weight_decay = 3.0"),
    };
    let activation = draw.pick(&["relu", "tanh", "gelu"]);
    (Material::table(2, easy(draw)), Setup { optimiser, epochs: 50, ..Setup::mlp(&[24, 24], activation, 1) })
}

/// A rate that moves nothing, on a network that starts as a constant.
fn no_rate(draw: &mut Draw, number: usize) -> (Material, Setup) {
    let lr = draw.log_between(1e-9, 1e-8);
    let init = format!("{{ weights = {{ kind = \"normal\", std = {:e} }}, gain = 1.0, bias = \"zeros\" }}", 0.01);
    let mut setup = Setup { epochs: 30, init, ..Setup::mlp(&[16, 16], ["relu", "tanh", "elu"][number % 3], 1) };
    setup.optimiser = optimiser_in_turn(number, [lr; 5]);
    (Material::table(2, easy(draw).at(0.0, 1.0)), setup)
}

/// The absolute error of a target that is mostly 0 is least for the constant 0.
fn median_of_atoms(draw: &mut Draw, number: usize) -> (Material, Setup) {
    let optimiser = match number % 3 {
        0 => optimiser("adam", 0.003, "weight_decay = 1e-2"),
        1 => optimiser("sgd", 0.03, "weight_decay = 1e-2"),
        _ => optimiser("adamw", 0.003, "weight_decay = 1.0"),
    };
    let setup = Setup {
        optimiser,
        loss: "\"mae\"",
        scale_targets: "none",
        train: 800,
        validation: 300,
        epochs: 40,
        ..Setup::mlp(&[12], "relu", 1)
    };
    let mut setup = setup.output(1, draw.pick(&["linear", "softplus", "relu"]));
    if number.is_multiple_of(4) {
        setup.layers = vec![dense(12, "tanh"), dense(1, "linear")];
    }
    (Material::table(2, Output::new(Shape::Linear, Noise::Rare, 0.0)), setup)
}
