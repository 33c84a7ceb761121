//! Rates, lengths and strengths of the training.

use super::{Plant, Shows};
use crate::{
    base::{self, ADAPTIVE, ANY, Kind, PLAIN, UNBOUNDED, Wish},
    common::{draw::Draw, material::Material},
    edit::Edit,
    setup::{Block, Setup},
};

type Way = fn(&mut Draw) -> Plant;

fn rate(twin: Setup, factor: f64, accepted: &[&'static str]) -> Plant {
    Plant::new(twin, accepted, |setup| setup.optimiser.lr *= factor)
}

/// The dead units, the saturation or the jitter that it brings about are its consequences.
pub const LR_TOO_HIGH: &[Way] = &[
    |draw| {
        let twin = base::draw(draw, &Wish { optimisers: ADAPTIVE, depth: (1, 5), ..ANY });
        rate(twin, draw.log_between(60.0, 600.0), &["lr-too-high"]).may_explode()
    },
    |draw| {
        let twin = base::draw(draw, &Wish { optimisers: PLAIN, depth: (1, 5), kinds: Kind::ROWS, ..ANY });
        rate(twin, draw.log_between(10.0, 100.0), &["lr-too-high"]).may_explode()
    },
    |draw| {
        let twin = base::draw(draw, &Wish { activations: &["relu", "tanh"], depth: (2, 5), ..ANY });
        rate(twin, draw.log_between(30.0, 200.0), &["lr-too-high"]).may_explode()
    },
    |draw| {
        let twin = base::draw(draw, &Wish { kinds: &[Kind::Images], ..ANY });
        rate(twin, draw.log_between(20.0, 200.0), &["lr-too-high"]).may_explode()
    },
];

pub const LR_TOO_LOW: &[Way] = &[
    |draw| rate(base::draw(draw, &ANY), draw.log_between(1e-5, 1e-3), &["lr-too-low"]),
    |draw| {
        // Some tens of times the epochs would do as well.
        let twin = base::draw(draw, &Wish { depth: (1, 5), ..ANY });
        rate(twin, draw.log_between(0.008, 0.025), &["lr-too-low", "undertrained"])
    },
    |draw| {
        // The rate is gone within a few epochs: all steps together are too short, by rate and by number.
        let twin = base::draw(draw, &Wish { depth: (1, 4), ..ANY });
        Plant::new(twin, &["lr-too-low", "undertrained"], |setup| {
            setup.optimiser.lr *= 0.2;
            setup.schedule = "{ kind = \"step\", every_epochs = 1, factor = 0.3 }".to_owned();
        })
    },
];

pub const UNDERTRAINED: &[Way] = &[
    |draw| {
        // Five to ten steps.
        let mut twin = base::draw(draw, &Wish { depth: (1, 5), optimisers: ADAPTIVE, ..ANY });
        twin.train = 320;
        twin.batch = 64;
        let epochs = draw.whole(1, 2);
        Plant::new(twin, &["undertrained"], |setup| setup.epochs = epochs)
    },
    |draw| {
        // As many epochs, each of a single step.
        let twin = base::draw(draw, &Wish { depth: (1, 5), optimisers: ADAPTIVE, ..ANY });
        Plant::new(twin, &["undertrained"], |setup| {
            setup.batch = setup.train;
            setup.epochs /= 8;
        })
    },
    |draw| {
        let mut twin = base::draw(draw, &Wish { kinds: &[Kind::Curved, Kind::Friedman, Kind::Images], ..ANY });
        twin.batch = 64;
        let epochs = draw.whole(1, 2);
        Plant::new(twin, &["undertrained"], |setup| setup.epochs = epochs)
    },
];

const GROWING: Wish =
    Wish { optimisers: PLAIN, activations: UNBOUNDED, depth: (1, 5), kinds: Kind::INDEPENDENT, ..ANY };

fn explodes(plant: Plant) -> Plant {
    plant.must_show(Shows::NotFinite)
}

pub const EXPLODING_NAN: &[Way] = &[
    |draw| {
        let twin = base::draw(draw, &Wish { kinds: Kind::ROWS, ..GROWING });
        explodes(rate(twin, draw.log_between(50.0, 1000.0), &["exploding-nan", "lr-too-high"]))
    },
    |draw| {
        // A lower rate, scaled targets: either keeps the numbers finite.
        let mut twin = base::draw(draw, &GROWING);
        let size = draw.log_between(1e3, 1e5);
        if let Material::Table(crate::common::problem::Problem::Rows { outputs, .. }) = &mut twin.material {
            outputs.iter_mut().for_each(|output| *output = output.at(size, size / 3.0));
        }
        explodes(Plant::new(twin, &["exploding-nan", "targets-not-scaled", "lr-too-high"], |setup| {
            setup.scale_targets = "none";
        }))
    },
    |draw| {
        let twin = base::draw(draw, &Wish { depth: (4, 5), kinds: &[Kind::Linear], ..GROWING });
        let gain = draw.log_between(5.0, 20.0);
        explodes(Plant::new(twin, &["exploding-nan", "bad-init", "lr-too-high"], |setup| setup.start.gain *= gain))
    },
    |draw| {
        let mut twin = base::draw(draw, &GROWING);
        twin.edits.push(Edit::Units(draw.log_between(1e3, 1e5)));
        explodes(Plant::new(twin, &["exploding-nan", "inputs-not-scaled", "lr-too-high"], |setup| {
            setup.scale_inputs = "none";
        }))
    },
    |draw| {
        let twin = base::draw(draw, &Wish { kinds: Kind::ROWS, ..ANY });
        let share = draw.log_between(5e-4, 0.02);
        explodes(Plant::new(twin, &["exploding-nan", "data-bug"], |setup| {
            setup.faults.push(format!("nan_fraction = {share:e}"));
        }))
    },
];

pub const OVER_REGULARISED: &[Way] = &[
    |draw| {
        let twin = base::draw(draw, &Wish { depth: (1, 4), ..ANY });
        let factor = draw.log_between(0.7, 2.0);
        Plant::new(twin, &["over-regularised"], |setup| setup.optimiser.decay = factor * strong(setup.optimiser.kind))
    },
    |draw| {
        // Shrunk, not yet flat.
        let twin = base::draw(draw, &Wish { depth: (1, 2), kinds: Kind::ROWS, ..ANY });
        let factor = draw.log_between(0.3, 0.6);
        Plant::new(twin, &["over-regularised"], |setup| setup.optimiser.decay = factor * strong(setup.optimiser.kind))
    },
    |draw| {
        let twin = base::draw(draw, &Wish { depth: (2, 3), kinds: Kind::ROWS, ..ANY });
        let rate = draw.pick(&[0.9, 0.95, 0.97]);
        Plant::new(twin, &["over-regularised"], |setup| {
            let output = setup.layers.pop();
            let hidden = std::mem::take(&mut setup.layers);
            setup.layers = hidden.into_iter().flat_map(|layer| [layer, Block::Dropout(rate)]).collect();
            setup.layers.extend(output);
        })
    },
];

/// Decay that leaves nothing of a network: an L2 term against a gradient of order one, or a share of the weights per step.
fn strong(kind: &str) -> f64 {
    match kind {
        "adamw" => 30.0,
        "sgd" => 2.0,
        _ => 3.0,
    }
}
