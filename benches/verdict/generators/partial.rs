//! Networks of which some outputs are constants and others are not.

use whymean::judge::State;

use super::usual_optimiser;
use crate::{
    case::{Family, Material, Setup, optimiser, shapes_in_turn},
    draw::Draw,
    problem::{Noise, Output},
};

pub const FAMILIES: &[Family] = &[
    Family { name: "partial bound", intended: State::Partial, count: 44, make: partial_bound },
    Family { name: "partial scale", intended: State::Partial, count: 16, make: partial_scale },
];

/// Some targets lie within the range of the last activation, the others far outside.
fn partial_bound(draw: &mut Draw, number: usize) -> (Material, Setup) {
    let count = [2, 3, 5, 8, 20][number % 5];
    let lost = draw.whole(1, count as u32 - 1) as usize;
    let (activation, inside, outside) = match number % 3 {
        0 => ("relu", (4.0, 1.0), (-8.0, 1.0)),
        1 => ("sigmoid", (0.5, 0.15), (9.0, 1.0)),
        _ => ("tanh", (0.0, 0.3), (-7.0, 1.0)),
    };
    let explained = draw.pick(&[0.98, 0.85, 0.7]);
    let outputs = shapes_in_turn(count).into_iter().enumerate().map(|(place, shape)| {
        // Spread over the columns, so that neither the first nor the last are always the lost ones.
        let (shift, scale) = if (place * 7 + number) % count < lost { outside } else { inside };
        Output::new(shape, Noise::Normal, explained).at(shift, scale)
    });
    let outputs = outputs.collect();
    // The error of what cannot be reached is large, and only adaptive steps leave the others their share.
    let optimiser = match number % 4 {
        0 => optimiser("adam", 0.01, ""),
        1 => optimiser("adamw", 0.01, ""),
        2 => optimiser("rmsprop", 0.005, ""),
        _ => optimiser("sgd", 0.05, "momentum = 0.9"),
    };
    let setup =
        Setup { optimiser, scale_targets: "none", train: 500, epochs: 70, ..Setup::mlp(&[32, 32], "tanh", count) };
    (Material::tables(3, outputs), setup.output(count, activation))
}

/// Targets in such different units that the loss does not see the small ones, stopped before their turn comes.
fn partial_scale(draw: &mut Draw, number: usize) -> (Material, Setup) {
    let count = [2, 3, 6][number % 3];
    let small = draw.log_between(1e-5, 1e-4);
    let outputs = shapes_in_turn(count).into_iter().enumerate().map(|(place, shape)| {
        let scale = if place % 2 == 1 { small } else { 1.0 };
        Output::new(shape, Noise::Normal, 0.95).at(0.0, scale)
    });
    let outputs = outputs.collect();
    let optimiser = match number % 2 {
        0 => optimiser("adamw", 0.01, "weight_decay = 1e-4"),
        _ => usual_optimiser(draw, 1),
    };
    let init = "{ weights = \"zeros\", gain = 1.0, bias = \"pytorch_uniform\" }".to_owned();
    let init = if number.is_multiple_of(2) { "\"keras\"".to_owned() } else { init };
    let setup = Setup { optimiser, init, scale_targets: "none", epochs: 70, ..Setup::mlp(&[32], "relu", count) };
    (Material::tables(2, outputs), setup)
}
