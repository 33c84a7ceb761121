//! Bugs of the program that trains: they are no setting, and come from `[faults]`.

use super::Plant;
use crate::{
    base::{self, ANY, Kind, UNBOUNDED, Wish},
    common::{draw::Draw, material::Material},
    setup::{Block, Setup},
};

type Way = fn(&mut Draw) -> Plant;

/// Shapes that broadcast exist for one output only.
const SINGLE: Wish = Wish { kinds: Kind::ROWS, ..ANY };

pub const LOSS_BROADCAST: &[Way] = &[
    |draw| faulty(base::draw(draw, &SINGLE), "loss-broadcast", "loss_shapes = \"column_against_vector\""),
    |draw| faulty(base::draw(draw, &SINGLE), "loss-broadcast", "loss_shapes = \"row_against_column\""),
    |draw| {
        // All samples in one batch: the least squares of every prediction to every target are the mean to the last bit.
        let mut setup = base::draw(draw, &Wish { depth: (0, 2), ..SINGLE });
        setup.batch = setup.train;
        setup.epochs = 300;
        faulty(setup, "loss-broadcast", "loss_shapes = \"column_against_vector\"")
    },
];

fn faulty(twin: Setup, cause: &'static str, line: impl Into<String>) -> Plant {
    Plant::new(twin, &[cause], |setup| setup.faults.push(line.into()))
}

pub const INFERENCE_MISMATCH: &[Way] = &[
    |draw| {
        let factor = draw.pick(&[1.0 / 255.0, 0.01, 100.0, 255.0]);
        faulty(base::draw(draw, &ANY), "inference-mismatch", format!("inference_input_factor = {factor:e}"))
    },
    |draw| {
        let shift = draw.pick(&[-6.0, 5.0, 20.0]);
        faulty(base::draw(draw, &ANY), "inference-mismatch", format!("inference_input_shift = {shift:e}"))
    },
    |draw| {
        let factor = draw.pick(&[0.02, 0.1, 30.0]);
        faulty(base::draw(draw, &ANY), "inference-mismatch", format!("inference_output_factor = {factor:e}"))
    },
    |draw| {
        // Targets in their own units, predictions reported in those that the network was trained in, or the other way.
        let shift = draw.pick(&[-8.0, 4.0, 50.0]);
        faulty(base::draw(draw, &ANY), "inference-mismatch", format!("inference_output_shift = {shift:e}"))
    },
];

/// Names of the layers with parameters, as the program counts them.
fn names(setup: &Setup) -> Vec<String> {
    let (mut dense, mut conv) = (0, 0);
    let name = |layer: &Block| match layer {
        Block::Dense { .. } => {
            dense += 1;
            Some(format!("dense_{dense}"))
        }
        Block::Conv { .. } => {
            conv += 1;
            Some(format!("conv2d_{conv}"))
        }
        Block::Pool { .. } | Block::Flatten | Block::Dropout(_) | Block::Norm { .. } => None,
    };
    setup.layers.iter().filter_map(name).collect()
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

pub const PARAMS_NOT_UPDATED: &[Way] = &[
    |draw| {
        let setup = base::draw(draw, &ANY);
        let line = format!("untrained_layers = [{}]", quoted(&names(&setup)));
        faulty(setup, "params-not-updated", line)
    },
    |draw| {
        // No gradient passes back from the output itself.
        let setup = base::draw(draw, &ANY);
        let last = names(&setup).pop().unwrap_or_default();
        faulty(setup, "params-not-updated", format!("detached_layer = \"{last}\""))
    },
    |draw| {
        // Incomplete batches are dropped, and every batch is incomplete.
        let mut setup = base::draw(draw, &Wish { depth: (0, 3), ..ANY });
        setup.training.push("drop_last = true".to_owned());
        setup.batch = setup.batch.min(32);
        Plant::new(setup, &["params-not-updated"], |setup| setup.batch = 1024)
    },
    |draw| {
        // Two random directions of six to eight inputs are all that passes a first layer that never learns.
        let mut setup = base::draw(
            draw,
            &Wish { kinds: &[Kind::Linear], activations: &["tanh", "elu", "leaky_relu"], depth: (2, 3), ..ANY },
        );
        let output = base::easy(draw, Kind::Linear);
        setup.material = Material::table(draw.whole(6, 8) as usize, output);
        if let Some(Block::Dense { units, .. }) = setup.layers.first_mut() {
            *units = 2;
        }
        let line = ["untrained_layers = [\"dense_1\"]", "detached_layer = \"dense_1\""][draw.whole(0, 1) as usize];
        faulty(setup, "params-not-updated", line)
    },
];

pub const WRONG_GRADIENT: &[Way] = &[
    |draw| faulty(base::draw(draw, &ANY), "wrong-gradient", "gradients = \"negated\""),
    |draw| faulty(base::draw(draw, &ANY), "wrong-gradient", "gradients = \"accumulated\""),
    |draw| {
        let wish = Wish { activations: UNBOUNDED, ..ANY };
        faulty(base::draw(draw, &wish), "wrong-gradient", "gradients = \"reversed\"")
    },
];
