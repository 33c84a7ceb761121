//! Networks of which some outputs are constants and others are not.

use whymean::judge::State;

use crate::{
    case::{Family, Material, Setup, optimiser, shapes_in_turn},
    draw::Draw,
    problem::{Noise, Output, Shape},
};

pub const FAMILIES: &[Family] = &[
    Family { name: "partial bound", intended: State::Partial, count: 44, make: partial_bound },
    Family { name: "partial median", intended: State::Partial, count: 18, make: partial_median },
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

/// The absolute error is least at 0 for the outputs that are mostly 0, and not for the others.
fn partial_median(draw: &mut Draw, number: usize) -> (Material, Setup) {
    let count = [2, 3, 6][number % 3];
    let outputs = shapes_in_turn(count).into_iter().enumerate().map(|(place, shape)| {
        let rare = (place + number) % 2 == 1;
        if rare { Output::new(Shape::Linear, Noise::Rare, 0.0) } else { Output::new(shape, Noise::Normal, 0.9) }
    });
    let outputs = outputs.collect();
    let optimiser = match number % 3 {
        0 => optimiser("adam", 0.005, "weight_decay = 1e-3"),
        1 => optimiser("sgd", 0.05, "weight_decay = 1e-3"),
        _ => optimiser("adamw", 0.005, "weight_decay = 0.1"),
    };
    let setup = Setup {
        optimiser,
        loss: "\"mae\"",
        scale_targets: "none",
        train: 800,
        validation: 250,
        epochs: 50,
        ..Setup::mlp(&[16], draw.pick(&["tanh", "relu"]), count)
    };
    (Material::tables(2, outputs), setup)
}
