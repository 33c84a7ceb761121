//! What the targets are, and what the loss makes of them.

use super::Plant;
use crate::{
    base::{self, ANY, Kind, Wish},
    common::{
        draw::Draw,
        material::Material,
        problem::{Noise, Output, Rule, Shape},
    },
    setup::Setup,
};

type Way = fn(&mut Draw) -> Plant;

/// A target that is one value more often than not at every input, and whose mean can be predicted: half of all targets or
/// more equal their median, whatever the inputs.
fn sparse(draw: &mut Draw, shift: f64) -> Setup {
    let wish = Wish { kinds: &[Kind::Linear], depth: (1, 2), ..ANY };
    let mut setup = base::draw(draw, &wish);
    let odds = draw.between(0.35, 0.48);
    let output = Output::new(Shape::Linear, Noise::Sparse(odds), 0.0).at(shift, draw.pick(&[1.0, 20.0]));
    setup.material = Material::table(draw.whole(2, 3) as usize, output);
    setup.train = 1000;
    setup.validation = 400;
    setup.epochs = 40;
    setup
}

/// The spike and the loss that sits down on it are one fault: another loss is the remedy of both names.
fn on_the_spike(twin: Setup, loss: &'static str, more: &[&'static str]) -> Plant {
    let accepted = [&["zero-inflated", "l1-median"], more].concat();
    Plant::new(twin, &accepted, |setup| setup.loss = loss)
}

const NARROW_HUBER: &str = "{ kind = \"huber\", delta = 0.02 }";

pub const ZERO_INFLATED: &[Way] = &[
    |draw| on_the_spike(sparse(draw, 0.0), "\"mae\"", &[]),
    |draw| on_the_spike(sparse(draw, 0.0), NARROW_HUBER, &[]),
    |draw| {
        // A share of nothing: beside the zeros no other target counts.
        let mut setup = sparse(draw, 0.0);
        setup.scale_targets = "min_max";
        on_the_spike(setup, "\"mape\"", &["loss-mismatch"])
    },
];

pub const L1_MEDIAN: &[Way] = &[
    |draw| {
        let shift = draw.pick(&[3.0, -2.0, 10.0]);
        on_the_spike(sparse(draw, shift), "\"mae\"", &[])
    },
    |draw| {
        let shift = draw.pick(&[3.0, -2.0, 10.0]);
        on_the_spike(sparse(draw, shift), NARROW_HUBER, &[])
    },
    |draw| {
        // In units of its own.
        let mut setup = sparse(draw, 1.0);
        setup.scale_targets = "min_max";
        on_the_spike(setup, "\"mae\"", &[])
    },
];

/// The twin has the same network, and a target that follows from the inputs.
fn nothing(twin: Setup, material: Material) -> Plant {
    Plant::new(twin, &["no-signal"], |setup| setup.material = material)
}

pub const NO_SIGNAL: &[Way] = &[
    |draw| {
        let twin = base::draw(draw, &Wish { kinds: &[Kind::Linear], ..ANY });
        let noise = draw.pick(&[Noise::Normal, Noise::Heavy, Noise::Outliers]);
        let output = Output::new(Shape::Zero, noise, 0.0).at(draw.pick(&[0.0, 20.0]), draw.pick(&[1.0, 30.0]));
        nothing(twin, Material::table(draw.pick(&[2, 5]), output))
    },
    |draw| {
        let twin = base::draw(draw, &Wish { kinds: &[Kind::Linear], depth: (0, 2), ..ANY });
        let output = Output::new(Shape::Linear, Noise::Normal, draw.between(0.0, 0.004));
        nothing(twin, Material::table(3, output))
    },
    |draw| {
        let twin = base::draw(draw, &Wish { kinds: &[Kind::Series], ..ANY });
        nothing(twin, Material::series(draw.pick(&[2, 5]), Rule::Independent))
    },
    |draw| {
        let twin = base::draw(draw, &Wish { kinds: &[Kind::Function], ..ANY });
        nothing(twin, Material::Function { formula: "zero", features: draw.pick(&[1, 4]), bound: 1.0, noise: 1.0 })
    },
    |draw| {
        let twin = base::draw(draw, &Wish { kinds: &[Kind::Images], ..ANY });
        let mut plant = nothing(twin, Material::Boxes { side: 12, box_size: 4, noise: 50.0 });
        plant.sick.scale_targets = "standard";
        plant
    },
];

fn other_loss(twin: Setup, loss: &'static str, accepted: &[&'static str]) -> Plant {
    Plant::new(twin, accepted, |setup| setup.loss = loss)
}

const SINGLE: Wish = Wish { kinds: Kind::ROWS, depth: (0, 3), ..ANY };

pub const LOSS_MISMATCH: &[Way] = &[
    |draw| {
        // Targets on both sides of 0..1, under a loss and an output for odds.
        Plant::new(base::draw(draw, &SINGLE), &["loss-mismatch", "output-activation"], |setup| {
            setup.loss = "\"binary_cross_entropy\"";
            setup.set_head("sigmoid");
        })
    },
    |draw| other_loss(base::draw(draw, &SINGLE), "\"binary_cross_entropy\"", &["loss-mismatch"]),
    |draw| other_loss(base::draw(draw, &SINGLE), "\"cross_entropy\"", &["loss-mismatch"]),
    // Relative to targets around zero: an absolute error that is weighted towards nothing.
    |draw| other_loss(base::draw(draw, &SINGLE), "\"mape\"", &["loss-mismatch", "l1-median"]),
];
