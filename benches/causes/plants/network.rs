//! The network: how it starts, what passes through it, and what comes back.

use super::{Plant, Shows};
use crate::{
    base::{self, ADAPTIVE, ANY, Kind, PLAIN, UNBOUNDED, Wish},
    common::{
        draw::Draw,
        material::Material,
        problem::{Noise, Output, Problem, Shape},
    },
    edit::Edit,
    setup::{Block, Setup, Start, constant},
};

type Way = fn(&mut Draw) -> Plant;

const RELU: Wish = Wish { activations: &["relu"], depth: (1, 4), kinds: Kind::ROWS, ..ANY };

/// Gives the hidden dense layer of this place, in turn, a start of its own.
fn start_layer(setup: &mut Setup, place: usize, new: String) {
    let hidden = setup.hidden().max(1);
    let mut dense: Vec<&mut Block> =
        setup.layers.iter_mut().filter(|layer| matches!(layer, Block::Dense { .. })).collect();
    dense.pop();
    let count = dense.len().min(hidden).max(1);
    if let Some(Block::Dense { init, .. }) = dense.into_iter().nth(place % count) {
        *init = new;
    }
}

fn low_bias(value: f64) -> String {
    format!("{{ weights = \"he_normal\", gain = 1.0, bias = {} }}", constant(-value))
}

/// Units that are off from the start: another start and an activation that is never off are both remedies.
const OFF: &[&str] = &["dead-relu", "bad-init"];

pub const DEAD_RELU: &[Way] = &[
    |draw| {
        let twin = base::draw(draw, &RELU);
        let (place, value) = (draw.whole(0, 3) as usize, draw.between(8.0, 30.0));
        Plant::new(twin, OFF, |setup| start_layer(setup, place, low_bias(value))).must_show(Shows::DeadLayer)
    },
    |draw| {
        let twin = base::draw(draw, &RELU);
        let value = draw.between(6.0, 20.0);
        Plant::new(twin, OFF, |setup| setup.start = setup.start.clone().with_bias(-value)).must_show(Shows::DeadLayer)
    },
    |draw| {
        // Narrow and deep: with one or two units a layer is often off on one half of the inputs, and the next on the other.
        let twin = base::draw(draw, &Wish { depth: (3, 5), kinds: &[Kind::Linear, Kind::Function], ..RELU });
        let width = draw.whole(1, 2);
        Plant::new(twin, OFF, |setup| {
            let hidden = setup.layers.len() - 1;
            for layer in &mut setup.layers[..hidden] {
                if let Block::Dense { units, .. } = layer {
                    *units = width;
                }
            }
        })
        .must_show(Shows::DeadLayer)
    },
    |draw| {
        let twin = base::draw(draw, &Wish { kinds: &[Kind::Images], ..RELU });
        let value = draw.between(5.0, 20.0);
        Plant::new(twin, OFF, |setup| start_layer(setup, 0, low_bias(value))).must_show(Shows::DeadLayer)
    },
];

pub const BAD_INIT: &[Way] = &[
    |draw| {
        // ReLUs that start at zero are off, and stay so.
        let twin = base::draw(draw, &Wish { depth: (2, 4), activations: &["relu"], ..ANY });
        Plant::new(twin, OFF, |setup| setup.start = Start::named("zeros"))
    },
    |draw| {
        let twin = base::draw(draw, &Wish { depth: (2, 4), activations: &["tanh", "elu", "gelu"], ..ANY });
        Plant::new(twin, &["bad-init"], |setup| setup.start = Start::named("zeros"))
    },
    |draw| {
        // Weights so small that neither signal nor gradient passes them.
        let wish = Wish { depth: (4, 5), kinds: &[Kind::Linear], optimisers: PLAIN, ..ANY };
        let twin = base::draw(draw, &Wish { activations: &["tanh", "relu", "elu"], ..wish });
        let gain = draw.log_between(1e-3, 0.03);
        Plant::new(twin, &["bad-init", "vanishing-gradient"], |setup| setup.start.gain *= gain)
    },
    |draw| {
        // Weights so large that every unit is saturated, and no gradient passes it.
        let twin = base::draw(draw, &Wish { depth: (2, 3), activations: &["tanh"], kinds: Kind::ROWS, ..ANY });
        let gain = draw.log_between(30.0, 300.0);
        Plant::new(twin, &["bad-init", "vanishing-gradient"], |setup| setup.start.gain *= gain)
    },
    |draw| {
        // A last bias that is farther away than all steps together.
        let twin = base::draw(draw, &Wish { depth: (0, 3), optimisers: ADAPTIVE, kinds: Kind::ROWS, ..ANY });
        let value = draw.pick(&[-1.0, 1.0]) * draw.log_between(50.0, 1000.0);
        Plant::new(twin, &["bad-init"], |setup| {
            if let Some(Block::Dense { init, .. }) = setup.head() {
                *init = format!("{{ weights = \"glorot_uniform\", gain = 1.0, bias = {} }}", constant(value));
            }
        })
    },
    |draw| {
        // Predictions that start thousands of standard deviations away.
        let wish = Wish { depth: (3, 5), activations: UNBOUNDED, optimisers: ADAPTIVE, kinds: Kind::ROWS, ..ANY };
        let twin = base::draw(draw, &wish);
        let gain = draw.log_between(8.0, 20.0);
        Plant::new(twin, &["bad-init"], |setup| setup.start.gain *= gain).may_explode()
    },
];

pub const ARCH_DESTROYS_INFO: &[Way] = &[
    |draw| {
        // Three or four targets that differ, through one number.
        let outputs = draw.whole(3, 4) as usize;
        let wish = Wish { kinds: &[Kind::Linear], depth: (2, 3), activations: &["tanh", "elu", "leaky_relu"], ..ANY };
        let mut twin = base::draw(draw, &Wish { outputs, ..wish });
        let output = base::easy(draw, Kind::Linear);
        twin.material = Material::tables(6, vec![output; outputs]);
        let place = draw.whole(0, 1) as usize;
        Plant::new(twin, &["arch-destroys-info"], |setup| {
            if let Some(Block::Dense { units, .. }) = setup.layers.get_mut(place) {
                *units = 1;
            }
        })
    },
    |draw| {
        // One direction of two or three that the target bends along.
        let wish = Wish { kinds: &[Kind::Curved], depth: (2, 3), activations: &["tanh", "elu", "leaky_relu"], ..ANY };
        let mut twin = base::draw(draw, &wish);
        let shape = draw.pick(&[Shape::Product, Shape::Norm]);
        twin.material = Material::table(3, Output::new(shape, Noise::Normal, 0.95));
        Plant::new(twin, &["arch-destroys-info"], |setup| {
            if let Some(Block::Dense { units, .. }) = setup.layers.first_mut() {
                *units = 1;
            }
        })
    },
    |draw| pooled(draw, "avg_pool2d"),
    |draw| pooled(draw, "max_pool2d"),
];

/// The place of the box, from a mean or a maximum over all places.
fn pooled(draw: &mut Draw, kind: &'static str) -> Plant {
    let mut twin = base::draw(draw, &Wish { kinds: &[Kind::Images], activations: UNBOUNDED, ..ANY });
    let activation = draw.pick(UNBOUNDED);
    let filters = draw.pick(&[4, 6]);
    twin.layers = vec![
        Block::Conv { filters, stride: 2, activation },
        Block::Pool { kind, size: 2 },
        Block::Flatten,
        Block::dense(24, activation),
        Block::dense(2, "linear"),
    ];
    Plant::new(twin, &["arch-destroys-info"], |setup| {
        if let Some(Block::Pool { size, .. }) = setup.layers.get_mut(1) {
            *size = 6;
        }
    })
}

/// A network that needs its batch normalisation: inputs far from zero, or too small to be seen.
fn normalised(draw: &mut Draw, activations: &'static [&'static str]) -> Setup {
    let wish = Wish { kinds: &[Kind::Linear], depth: (1, 2), activations, ..ANY };
    let mut setup = base::draw(draw, &wish);
    let Some(Block::Dense { activation, .. }) = setup.layers.first_mut() else { return setup };
    let behind = std::mem::replace(activation, "linear");
    setup.layers.insert(1, Block::Norm { momentum: 0.1, activation: behind });
    setup.scale_inputs = "none";
    setup.batch = setup.batch.max(32);
    // No batch of one sample is left over.
    setup.train = 576;
    setup.validation = 192;
    let (shift, scale) = draw.pick(&[(0.0, 2e-3), (400.0, 20.0), (-60.0, 10.0)]);
    if let Material::Table(Problem::Rows { shift: old_shift, scale: old_scale, .. }) = &mut setup.material {
        (*old_shift, *old_scale) = (shift, scale);
    }
    setup
}

fn slow(twin: Setup, new: f64) -> Plant {
    Plant::new(twin, &["batchnorm-mode"], |setup| {
        for layer in &mut setup.layers {
            if let Block::Norm { momentum, .. } = layer {
                *momentum = new;
            }
        }
    })
}

pub const BATCHNORM_MODE: &[Way] = &[
    |draw| {
        let twin = normalised(draw, UNBOUNDED);
        slow(twin, draw.log_between(1e-7, 1e-5))
    },
    |draw| {
        let twin = normalised(draw, &["tanh", "relu"]);
        slow(twin, draw.log_between(1e-6, 1e-4))
    },
    |draw| {
        // Two samples, normalised: one above, one below, whatever they were.
        let mut twin = normalised(draw, UNBOUNDED);
        twin.epochs = 20;
        Plant::new(twin, &["batchnorm-mode"], |setup| setup.batch = 2)
    },
    |draw| {
        // Never in training mode: the statistics stay those of the first day, and the raw inputs pass as they are.
        let mut twin = normalised(draw, &["tanh"]);
        twin.edits.push(Edit::InputsMoved(300.0));
        Plant::new(twin, &["batchnorm-mode", "inputs-not-scaled"], |setup| {
            setup.faults.push("training_mode = \"eval\"".to_owned());
        })
    },
];

pub const VANISHING_GRADIENT: &[Way] = &[
    |draw| deep(draw, PLAIN, 1.0),
    |draw| deep(draw, ADAPTIVE, 0.05),
    |draw| {
        // Each layer passes on a third: a larger start is a remedy, and so is another activation or normalisation.
        let wish = Wish { kinds: &[Kind::Linear], depth: (5, 5), activations: &["tanh"], optimisers: PLAIN, ..ANY };
        let twin = base::draw(draw, &wish);
        let gain = draw.between(0.12, 0.3);
        Plant::new(twin, &["vanishing-gradient", "bad-init"], |setup| setup.start.gain *= gain)
    },
];

/// Sigmoids in a row; the twin has other activations.
fn deep(draw: &mut Draw, optimisers: &'static [&'static str], factor: f64) -> Plant {
    let depth = draw.whole(5, 8);
    let wish = Wish { kinds: Kind::INDEPENDENT, activations: &["tanh", "elu"], depth: (3, 3), optimisers, ..ANY };
    let mut twin = base::draw(draw, &wish);
    twin.optimiser.lr *= factor;
    let hidden = twin.layers[0].clone();
    twin.layers = std::iter::repeat_n(hidden, depth as usize).chain(twin.layers.pop()).collect();
    Plant::new(twin, &["vanishing-gradient"], |setup| {
        let hidden = setup.layers.len() - 1;
        for layer in &mut setup.layers[..hidden] {
            if let Block::Dense { activation, .. } = layer {
                *activation = "sigmoid";
            }
        }
    })
}
