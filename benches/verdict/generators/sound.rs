//! Networks that learn what there is, and targets that cannot be learned.

use whymean::judge::State;

use super::{ACTIVATIONS, usual_optimiser};
use crate::{
    case::{Family, Material, Setup, optimiser, shapes_in_turn},
    draw::Draw,
    problem::{Noise, Output, Rule, Shape},
};

pub const FAMILIES: &[Family] = &[
    Family { name: "healthy table", intended: State::Learned, count: 48, make: healthy_table },
    Family { name: "healthy function", intended: State::Learned, count: 40, make: healthy_function },
    Family { name: "healthy images", intended: State::Learned, count: 20, make: healthy_images },
    Family { name: "healthy outputs", intended: State::Learned, count: 30, make: healthy_outputs },
    Family { name: "noisy table", intended: State::Learned, count: 90, make: noisy_table },
    Family { name: "noisy series", intended: State::Learned, count: 24, make: noisy_series },
    Family { name: "noisy images", intended: State::Learned, count: 20, make: noisy_images },
    Family { name: "noisy beside noise", intended: State::Learned, count: 16, make: beside_noise },
    Family { name: "heavy tails and atoms", intended: State::Learned, count: 50, make: odd_targets },
    Family { name: "small sample", intended: State::Learned, count: 40, make: small_sample },
    Family { name: "unpredictable table", intended: State::Unpredictable, count: 50, make: unpredictable_table },
    Family { name: "unpredictable series", intended: State::Unpredictable, count: 14, make: unpredictable_series },
    Family { name: "unpredictable images", intended: State::Unpredictable, count: 12, make: unpredictable_images },
    Family { name: "unpredictable function", intended: State::Unpredictable, count: 14, make: unpredictable_function },
];

/// All losses in turn.
fn loss(number: usize) -> &'static str {
    ["\"mse\"", "\"mse\"", "{ kind = \"huber\", delta = 1.0 }", "\"mae\""][number % 4]
}

fn schedule(number: usize, epochs: u32) -> String {
    match number % 5 {
        0 => "{ kind = \"cosine\", final_factor = 0.01 }".to_owned(),
        1 => format!("{{ kind = \"step\", every_epochs = {}, factor = 0.3 }}", epochs / 2),
        _ => "\"constant\"".to_owned(),
    }
}

/// A network that suits most tables here; sigmoid and softplus are slower.
fn usual(draw: &mut Draw, number: usize, outputs: usize) -> Setup {
    let activation = ACTIVATIONS[number % ACTIVATIONS.len()];
    let hidden: &[u32] =
        if activation == "sigmoid" { &[24] } else { draw.pick(&[&[32][..], &[24, 24], &[16, 16, 16]]) };
    let slow = matches!(activation, "sigmoid" | "softplus");
    let optimiser = if slow { optimiser("adam", 0.02, "") } else { usual_optimiser(draw, number) };
    Setup { optimiser, batch: draw.pick(&[16, 32, 32, 64]), ..Setup::mlp(hidden, activation, outputs) }
}

fn healthy_table(draw: &mut Draw, number: usize) -> (Material, Setup) {
    let shape = Shape::EASY[number % Shape::EASY.len()];
    let output = Output::new(shape, Noise::Normal, draw.between(0.95, 0.999));
    let output = output.at(draw.pick(&[0.0, 5.0, -40.0]), draw.pick(&[1.0, 0.02, 300.0]));
    let setup = usual(draw, number, 1);
    let schedule = schedule(number, setup.epochs);
    (Material::table(2, output), Setup { loss: loss(number), schedule, ..setup })
}

fn healthy_function(draw: &mut Draw, number: usize) -> (Material, Setup) {
    const FORMULAS: [(&str, usize); 7] =
        [("sum", 3), ("sine", 1), ("product", 2), ("square", 1), ("norm", 3), ("friedman1", 5), ("step", 1)];
    let (formula, features) = FORMULAS[number % FORMULAS.len()];
    let setup = usual(draw, number / FORMULAS.len() + number, 1);
    let material = Material::Function { formula, features, bound: 1.0, noise: draw.pick(&[0.0, 0.05]) };
    (material, Setup { train: 500, schedule: schedule(number + 2, setup.epochs), ..setup })
}

fn healthy_images(draw: &mut Draw, number: usize) -> (Material, Setup) {
    let activation = ["relu", "leaky_relu", "gelu", "elu", "tanh"][number % 5];
    let optimiser = match number % 4 {
        0 => optimiser("adam", 0.004, ""),
        1 => optimiser("adamw", 0.004, ""),
        2 => optimiser("sgd", 0.03, "momentum = 0.9"),
        _ => optimiser("rmsprop", 0.002, ""),
    };
    let (side, box_size) = draw.pick(&[(12, 3), (12, 4), (16, 4)]);
    (Material::boxes(side, box_size), Setup { optimiser, ..Setup::cnn(6, 24, activation) })
}

fn healthy_outputs(draw: &mut Draw, number: usize) -> (Material, Setup) {
    let count = [2, 3, 5, 8, 12, 20][number % 6];
    let explained = draw.between(0.85, 0.99);
    let outputs = shapes_in_turn(count).into_iter().map(|shape| Output::new(shape, Noise::Normal, explained)).collect();
    let setup = usual(draw, number, count);
    (Material::tables(3, outputs), Setup { train: 600, epochs: 80, ..setup })
}

/// Small and regularised, so that it fits the signal and little else.
fn regularised(draw: &mut Draw, number: usize, explained: f64, outputs: usize) -> Setup {
    let hidden: &[u32] = if explained < 0.15 { &[6] } else { draw.pick(&[&[8], &[12], &[8, 8]]) };
    let activation = ["tanh", "relu", "gelu", "leaky_relu", "elu"][number % 5];
    let optimiser = match number % 5 {
        0 => optimiser("adam", 0.004, "weight_decay = 1e-3"),
        1 => optimiser("sgd", 0.05, "weight_decay = 1e-3"),
        2 => optimiser("sgd", 0.01, "momentum = 0.9, weight_decay = 1e-3"),
        3 => optimiser("adamw", 0.004, "weight_decay = 0.05"),
        _ => optimiser("rmsprop", 0.002, "weight_decay = 1e-3"),
    };
    Setup {
        optimiser,
        epochs: 30,
        train: 1000,
        validation: if explained < 0.15 { 500 } else { 250 },
        ..Setup::mlp(hidden, activation, outputs)
    }
}

fn noisy_table(draw: &mut Draw, number: usize) -> (Material, Setup) {
    let explained = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9][number % 10];
    let shape = draw.pick(&[Shape::Linear, Shape::Linear, Shape::Sine, Shape::Product, Shape::Square]);
    let setup = regularised(draw, number / 2, explained, 1);
    let output = Output::new(shape, Noise::Normal, explained).at(draw.pick(&[0.0, 12.0]), draw.pick(&[1.0, 30.0]));
    let schedule = schedule(number / 3, setup.epochs);
    (Material::table(2, output), Setup { loss: loss(number), schedule, ..setup })
}

fn noisy_series(draw: &mut Draw, number: usize) -> (Material, Setup) {
    let rule = match number % 3 {
        0 => Rule::Sine(draw.between(0.3, 1.0)),
        _ => Rule::Linear(draw.between(0.3, 0.95)),
    };
    (Material::series(draw.pick(&[2, 4, 8]), rule), regularised(draw, number, 0.5, 1))
}

/// A small convolution network that cannot learn much by heart.
fn modest_cnn(number: usize) -> Setup {
    let optimiser = match number % 3 {
        0 => optimiser("adam", 0.003, "weight_decay = 1e-3"),
        1 => optimiser("sgd", 0.02, "momentum = 0.9, weight_decay = 1e-3"),
        _ => optimiser("adamw", 0.003, "weight_decay = 0.1"),
    };
    Setup {
        optimiser,
        train: 600,
        validation: 200,
        scale_targets: "standard",
        ..Setup::cnn(3, 8, ["relu", "gelu"][number % 2])
    }
}

fn noisy_images(draw: &mut Draw, number: usize) -> (Material, Setup) {
    // The place of a box of 4 in 12 pixels has a variance of 0.15.
    let noise = [0.15, 0.25, 0.4, 0.6][number % 4] * draw.between(0.8, 1.2);
    (Material::Boxes { side: 12, box_size: 4, noise }, Setup { epochs: 20, ..modest_cnn(number) })
}

fn unpredictable_images(_: &mut Draw, number: usize) -> (Material, Setup) {
    (Material::Boxes { side: 12, box_size: 4, noise: 50.0 }, Setup { epochs: 10, ..modest_cnn(number) })
}

fn beside_noise(draw: &mut Draw, number: usize) -> (Material, Setup) {
    let count = [2, 4, 6, 10][number % 4];
    let outputs = shapes_in_turn(count).into_iter().enumerate().map(|(place, shape)| {
        let noise = place % 2 == 1;
        if noise { Output::new(Shape::Zero, Noise::Normal, 0.0) } else { Output::new(shape, Noise::Normal, 0.8) }
    });
    let outputs = outputs.collect();
    (Material::tables(2, outputs), Setup { train: 900, epochs: 40, ..regularised(draw, number, 0.5, count) })
}

fn odd_targets(draw: &mut Draw, number: usize) -> (Material, Setup) {
    let noise = [Noise::Heavy, Noise::Outliers, Noise::Binary, Noise::ZeroInflated, Noise::Rare][number % 5];
    let explained = draw.pick(&[0.4, 0.6, 0.8]);
    let shape = draw.pick(&[Shape::Linear, Shape::Sine, Shape::Product]);
    let robust = matches!(noise, Noise::Heavy | Noise::Outliers) && number.is_multiple_of(2);
    let loss = if robust { "{ kind = \"huber\", delta = 0.5 }" } else { "\"mse\"" };
    let scale_targets = if matches!(noise, Noise::Binary) { "none" } else { "standard" };
    let setup = regularised(draw, number / 5, 0.5, 1);
    (Material::table(2, Output::new(shape, noise, explained)), Setup { loss, scale_targets, ..setup })
}

fn small_sample(draw: &mut Draw, number: usize) -> (Material, Setup) {
    let train = [24, 32, 48, 64, 80][number % 5];
    let explained = [0.95, 0.8, 0.6, 0.4][number % 4];
    let optimiser = optimiser("adam", 0.01, "weight_decay = 3e-3");
    let setup =
        Setup { optimiser, batch: 16, train, validation: train / 4, epochs: 150, ..Setup::mlp(&[6], "tanh", 1) };
    let shape = draw.pick(&[Shape::Linear, Shape::Square]);
    (Material::table(2, Output::new(shape, Noise::Normal, explained)), setup)
}

/// Networks that cannot make much of noise: small, decayed, or trained for a short time.
fn modest(draw: &mut Draw, number: usize, outputs: usize) -> Setup {
    let setup = regularised(draw, number, 0.1, outputs);
    Setup { train: [200, 500, 1000][number % 3], validation: [60, 150, 300][number % 3], ..setup }
}

fn unpredictable_table(draw: &mut Draw, number: usize) -> (Material, Setup) {
    let noise = [Noise::Normal, Noise::Heavy, Noise::Outliers, Noise::Normal][number % 4];
    let count = [1, 1, 1, 3, 10][number % 5];
    let output = Output::new(Shape::Zero, noise, 0.0).at(draw.pick(&[0.0, 7.0, -100.0]), draw.pick(&[1.0, 20.0]));
    let setup = modest(draw, number, count);
    (Material::tables(draw.pick(&[1, 3, 8]), vec![output; count]), Setup { loss: loss(number / 2), ..setup })
}

fn unpredictable_series(draw: &mut Draw, number: usize) -> (Material, Setup) {
    (Material::series(draw.pick(&[2, 5]), Rule::Independent), modest(draw, number, 1))
}

fn unpredictable_function(draw: &mut Draw, number: usize) -> (Material, Setup) {
    let material = Material::Function { formula: "zero", features: draw.pick(&[1, 4]), bound: 1.0, noise: 1.0 };
    (material, modest(draw, number, 1))
}
