//! Sizes of inputs and targets, and bounds of the output.

use super::Plant;
use crate::{
    base::{self, ADAPTIVE, ANY, Kind, PLAIN, Wish},
    common::{draw::Draw, material::Material, problem::Problem},
    edit::Edit,
    setup::Setup,
};

type Way = fn(&mut Draw) -> Plant;

/// Moves the targets of a table.
fn moved(setup: &mut Setup, shift: f64, scale: f64) {
    if let Material::Table(Problem::Rows { outputs, .. }) = &mut setup.material {
        outputs.iter_mut().for_each(|output| *output = output.at(shift, scale));
    }
}

/// A network that learns targets in these units without scaling: for outputs that are bounded.
fn unscaled(draw: &mut Draw, shift: f64, scale: f64) -> Setup {
    let mut setup = base::draw(draw, &Wish { kinds: Kind::INDEPENDENT, depth: (1, 3), ..ANY });
    moved(&mut setup, shift, scale);
    setup.scale_targets = "none";
    if ADAPTIVE.contains(&setup.optimiser.kind) {
        // So that the bias gets there.
        setup.optimiser.lr = setup.optimiser.lr.max(0.015);
    }
    setup.batch = setup.batch.min(32);
    setup
}

fn bounded(twin: Setup, activation: &'static str, accepted: &[&'static str]) -> Plant {
    Plant::new(twin, accepted, |setup| setup.set_head(activation))
}

pub const OUTPUT_ACTIVATION: &[Way] = &[
    |draw| {
        // Targets scaled to 0..1 would be within reach.
        let shift = draw.between(3.0, 6.0);
        let activation = draw.pick(&["sigmoid", "tanh"]);
        bounded(unscaled(draw, shift, 1.0), activation, &["output-activation", "targets-not-scaled"])
    },
    |draw| {
        // The last unit is off on every row: a dead ReLU by place, an unfit output by purpose.
        let shift = -draw.between(3.0, 6.0);
        bounded(unscaled(draw, shift, 1.0), "relu", &["output-activation", "dead-relu"])
    },
    |draw| {
        let scale = draw.between(5.0, 20.0);
        bounded(unscaled(draw, 0.0, scale), "tanh", &["output-activation", "targets-not-scaled"])
    },
    |draw| {
        let shift = -draw.between(3.0, 6.0);
        let activation = draw.pick(&["softplus", "sigmoid"]);
        bounded(unscaled(draw, shift, 1.0), activation, &["output-activation"])
    },
    // A softmax over one unit is 1 whatever it is given.
    |draw| bounded(base::draw(draw, &Wish { kinds: Kind::ROWS, ..ANY }), "softmax", &["output-activation"]),
];

fn raw_inputs(twin: Setup, edit: Edit) -> Plant {
    let mut twin = twin;
    twin.edits.push(edit);
    Plant::new(twin, &["inputs-not-scaled"], |setup| setup.scale_inputs = "none").may_explode()
}

const TABLE: Wish = Wish { kinds: Kind::INDEPENDENT, depth: (1, 4), ..ANY };

pub const INPUTS_NOT_SCALED: &[Way] = &[
    |draw| {
        let twin = base::draw(draw, &TABLE);
        raw_inputs(twin, Edit::Units(draw.log_between(1e3, 1e5)))
    },
    |draw| {
        let twin = base::draw(draw, &TABLE);
        raw_inputs(twin, Edit::InputsMoved(draw.log_between(50.0, 2000.0)))
    },
    |draw| {
        let twin = base::draw(draw, &Wish { activations: &["tanh", "sigmoid"], ..TABLE });
        raw_inputs(twin, Edit::InputsMoved(draw.log_between(100.0, 1000.0)))
    },
    |draw| {
        // Too small to be seen beside the biases.
        let twin = base::draw(draw, &TABLE);
        raw_inputs(twin, Edit::Units(draw.log_between(1e-6, 1e-4)))
    },
];

fn raw_targets(mut twin: Setup, shift: f64, scale: f64, accepted: &[&'static str]) -> Plant {
    moved(&mut twin, shift, scale);
    Plant::new(twin, accepted, |setup| setup.scale_targets = "none").may_explode()
}

pub const TARGETS_NOT_SCALED: &[Way] = &[
    |draw| {
        // Steps of a bounded length never get there.
        let twin = base::draw(draw, &Wish { optimisers: ADAPTIVE, ..TABLE });
        let shift = draw.log_between(1e3, 1e5);
        raw_targets(twin, shift, shift / draw.pick(&[3.0, 10.0]), &["targets-not-scaled"])
    },
    |draw| {
        // Steps that grow with the targets: a lower rate is a remedy too.
        let twin = base::draw(draw, &Wish { optimisers: PLAIN, ..TABLE });
        let scale = draw.log_between(50.0, 3000.0);
        raw_targets(twin, draw.pick(&[0.0, 2.0]) * scale, scale, &["targets-not-scaled", "lr-too-high"])
    },
    |draw| {
        // Steps of a bounded length jitter by more than the targets vary: a lower rate is a remedy too.
        let twin = base::draw(draw, &Wish { optimisers: ADAPTIVE, ..TABLE });
        raw_targets(twin, 0.0, draw.log_between(1e-5, 1e-3), &["targets-not-scaled", "lr-too-high"])
    },
];
