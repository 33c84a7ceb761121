//! Runs that were stopped early, and networks that know their training set by heart.

use whymean::judge::State;

use super::ACTIVATIONS;
use crate::{
    case::{Family, Material, Setup, optimiser},
    draw::Draw,
    problem::{Noise, Output, Rule, Shape},
};

pub const FAMILIES: &[Family] = &[
    Family { name: "undertrained table", intended: State::Undertrained, count: 36, make: undertrained_table },
    Family { name: "undertrained images", intended: State::Undertrained, count: 12, make: undertrained_images },
    Family { name: "slow start", intended: State::Learned, count: 36, make: slow_start },
    Family { name: "nearly dead", intended: State::Learned, count: 24, make: nearly_dead },
    Family { name: "memorised noise", intended: State::Memorised, count: 24, make: memorised_noise },
    Family { name: "memorised signal", intended: State::Memorised, count: 24, make: memorised_signal },
];

/// Slow rates for each optimiser, so that a run of some hundred steps is on its way.
fn slow_optimiser(draw: &mut Draw, number: usize) -> String {
    let factor = draw.log_between(0.5, 2.0);
    match number % 5 {
        0 => optimiser("adam", 3e-4 * factor, ""),
        1 => optimiser("sgd", 2e-3 * factor, ""),
        2 => optimiser("sgd", 4e-4 * factor, "momentum = 0.9"),
        3 => optimiser("adamw", 3e-4 * factor, ""),
        _ => optimiser("rmsprop", 2e-4 * factor, ""),
    }
}

fn undertrained_table(draw: &mut Draw, number: usize) -> (Material, Setup) {
    let shape = draw.pick(&[Shape::Linear, Shape::Sine, Shape::Square, Shape::Norm]);
    let output = Output::new(shape, Noise::Normal, draw.pick(&[0.99, 0.8, 0.6]));
    let activation = ACTIVATIONS[number % 5];
    let optimiser = slow_optimiser(draw, number);
    (Material::table(2, output), Setup { optimiser, epochs: draw.whole(8, 24), ..Setup::mlp(&[24, 24], activation, 1) })
}

fn undertrained_images(draw: &mut Draw, number: usize) -> (Material, Setup) {
    let optimiser = slow_optimiser(draw, number);
    let setup = Setup { optimiser, epochs: draw.whole(6, 14), ..Setup::cnn(6, 24, ["relu", "gelu"][number % 2]) };
    (Material::boxes(12, 4), setup)
}

/// Deep networks that sit on a constant at first; most leave it.
fn slow_start(draw: &mut Draw, number: usize) -> (Material, Setup) {
    let (hidden, activation, init): (&[u32], &str, &str) = match number % 3 {
        0 => (&[16, 16, 16], "sigmoid", "\"pytorch\""),
        1 => {
            (&[16, 16, 16, 16], "tanh", "{ weights = { kind = \"normal\", std = 0.03 }, gain = 1.0, bias = \"zeros\" }")
        }
        _ => (&[24, 24, 24], "relu", "{ weights = { kind = \"normal\", std = 0.03 }, gain = 1.0, bias = \"zeros\" }"),
    };
    let factor = draw.log_between(0.5, 2.0);
    let optimiser = match number % 4 {
        0 => optimiser("adam", 0.002 * factor, ""),
        1 => optimiser("sgd", 0.2 * factor, "momentum = 0.9"),
        2 => optimiser("rmsprop", 0.001 * factor, ""),
        _ => optimiser("adamw", 0.002 * factor, ""),
    };
    let output = Output::new(draw.pick(&[Shape::Linear, Shape::Sine]), Noise::Normal, draw.pick(&[0.98, 0.8]));
    (
        Material::table(2, output),
        Setup { optimiser, init: init.to_owned(), epochs: 80, ..Setup::mlp(hidden, activation, 1) },
    )
}

/// Most units start dead, and a few may be enough or come back.
fn nearly_dead(draw: &mut Draw, number: usize) -> (Material, Setup) {
    let value = -draw.between(1.0, 5.0);
    let init =
        format!("{{ weights = \"he_normal\", gain = 1.0, bias = {{ kind = \"constant\", value = {value:.2} }} }}");
    let optimiser = super::usual_optimiser(draw, number);
    let output = Output::new(draw.pick(&[Shape::Linear, Shape::Sine]), Noise::Normal, draw.pick(&[0.98, 0.8]));
    let hidden: &[u32] = draw.pick(&[&[32], &[24, 24]]);
    (Material::table(3, output), Setup { optimiser, init, epochs: 60, ..Setup::mlp(hidden, "relu", 1) })
}

/// Wide, long and without regularisation.
fn greedy(draw: &mut Draw, number: usize) -> Setup {
    let optimiser = match number % 4 {
        0 => optimiser("adam", 0.01, ""),
        1 => optimiser("sgd", 0.02, "momentum = 0.9"),
        2 => optimiser("adamw", 0.01, "weight_decay = 0.0"),
        _ => optimiser("rmsprop", 0.003, ""),
    };
    let train = draw.pick(&[40, 64, 96]);
    let setup = Setup::mlp(draw.pick(&[&[128][..], &[64, 64]]), ["relu", "tanh", "gelu"][number % 3], 1);
    Setup { optimiser, train, validation: 80, batch: 16, epochs: 120, ..setup }
}

fn memorised_noise(draw: &mut Draw, number: usize) -> (Material, Setup) {
    let setup = greedy(draw, number);
    if number % 6 == 5 {
        return (Material::series(10, Rule::Independent), setup);
    }
    let noise = draw.pick(&[Noise::Normal, Noise::Heavy]);
    (Material::table(draw.pick(&[6, 10, 20]), Output::new(Shape::Zero, noise, 0.0)), setup)
}

/// Signal that is too weak for so few samples and so many inputs.
fn memorised_signal(draw: &mut Draw, number: usize) -> (Material, Setup) {
    let explained = draw.pick(&[0.1, 0.2, 0.3]);
    let shape = draw.pick(&[Shape::Product, Shape::Square, Shape::Sine]);
    (Material::table(draw.pick(&[10, 20]), Output::new(shape, Noise::Normal, explained)), greedy(draw, number))
}
