//! Harmless oddities: what a checklist would name, in a network that learns all the same.

use crate::{
    common::{draw::Draw, material::Material},
    edit::Edit,
    setup::{Block, Setup, constant},
};

/// An oddity.
pub struct Decoy {
    /// Its name, for the page.
    pub name: &'static str,
    /// Causes that it would be more than an oddity for.
    not_with: &'static [&'static str],
    /// Makes the change, where it can be made.
    make: fn(&mut Setup, &mut Draw) -> bool,
}

/// All of them.
pub const ALL: &[Decoy] = &[
    Decoy {
        name: "a wide layer, most of it dead",
        not_with: &[
            "dead-relu",
            "bad-init",
            "arch-destroys-info",
            "vanishing-gradient",
            "lr-too-high",
            "exploding-nan",
            "lr-too-low",
            "inputs-not-scaled",
            "params-not-updated",
        ],
        make: wide_and_dead,
    },
    Decoy {
        name: "a constant column",
        not_with: &["data-bug"],
        make: |setup, draw| {
            let value = draw.pick(&[0.0, 1.0, 7.5]);
            edit(setup, Edit::ConstantColumn(value))
        },
    },
    Decoy { name: "a column twice", not_with: &["data-bug"], make: |setup, _| edit(setup, Edit::CopiedColumn) },
    Decoy {
        name: "a column in large units, then scaled",
        not_with: &["inputs-not-scaled"],
        make: |setup, _| setup.scale_inputs == "standard" && edit(setup, Edit::FirstColumnTimes(1e4)),
    },
    Decoy {
        name: "an odd batch size",
        not_with: &["loss-broadcast", "undertrained", "params-not-updated", "batchnorm-mode", "lr-too-low"],
        make: |setup, draw| {
            setup.batch = draw.pick(&[13, 19, 50]);
            true
        },
    },
    Decoy {
        name: "a little weight decay",
        not_with: &["over-regularised"],
        make: |setup, _| {
            setup.optimiser.decay = 1e-5;
            true
        },
    },
    Decoy { name: "a little dropout", not_with: &["over-regularised", "arch-destroys-info"], make: dropout },
    Decoy {
        name: "biases that start at 0.01",
        not_with: &["dead-relu", "bad-init"],
        make: |setup, _| {
            setup.start.bias = constant(0.01);
            true
        },
    },
    Decoy {
        name: "many epochs",
        not_with: &["undertrained", "lr-too-low", "vanishing-gradient"],
        make: |setup, _| {
            setup.epochs *= 3;
            setup.schedule.contains("constant")
        },
    },
    Decoy {
        name: "a ReLU behind a positive target, with a positive bias",
        not_with: &[
            "output-activation",
            "dead-relu",
            "bad-init",
            "targets-not-scaled",
            "zero-inflated",
            "l1-median",
            "loss-mismatch",
            "data-bug",
            "inference-mismatch",
            "lr-too-high",
            "exploding-nan",
            "inputs-not-scaled",
            "wrong-gradient",
            "over-regularised",
            "batchnorm-mode",
        ],
        make: positive_relu,
    },
    Decoy {
        name: "weights a fifth larger",
        not_with: &["bad-init", "dead-relu", "vanishing-gradient"],
        make: |setup, _| {
            setup.start.gain *= 1.2;
            true
        },
    },
    Decoy {
        name: "a clip that never acts",
        not_with: &["lr-too-high", "exploding-nan", "targets-not-scaled", "inputs-not-scaled", "wrong-gradient"],
        make: |setup, _| {
            setup.training.push("clip_norm = 1e4".to_owned());
            true
        },
    },
    Decoy {
        name: "a short warm-up",
        not_with: &["undertrained", "lr-too-high", "lr-too-low"],
        make: |setup, _| {
            setup.training.push("warmup_steps = 5".to_owned());
            true
        },
    },
];

/// Adds an oddity to a configuration and to its twin; tries them in turn, from this one on, until one suits both. The first,
/// which few configurations can have, is tried before the others every second time.
pub fn add(cause: &str, from: usize, name: &str, setups: &mut [&mut Setup]) -> Option<&'static str> {
    let from = if from.is_multiple_of(2) { 0 } else { from / 2 };
    (0..ALL.len()).map(|step| &ALL[(from + step) % ALL.len()]).find_map(|decoy| {
        if decoy.not_with.contains(&cause) {
            return None;
        }
        let mut changed: Vec<Setup> = setups.iter().map(|setup| (**setup).clone()).collect();
        // The same draws for both.
        if !changed.iter_mut().all(|setup| (decoy.make)(setup, &mut Draw::new(&format!("oddity of {name}")))) {
            return None;
        }
        for (setup, changed) in setups.iter_mut().zip(changed) {
            **setup = changed;
        }
        Some(decoy.name)
    })
}

fn edit(setup: &mut Setup, edit: Edit) -> bool {
    // A bug that fills all inputs comes after it, and would fill this column too.
    let table = matches!(setup.material, Material::Table(_));
    setup.edits.insert(0, edit);
    table && setup.scale_inputs == "standard"
}

fn dropout(setup: &mut Setup, _: &mut Draw) -> bool {
    let place = setup.layers.len() - 1;
    setup.layers.insert(place, Block::Dropout(0.05));
    setup.hidden() > 0
}

/// Biases so low that most units of the layer never fire on any row, and the others suffice.
fn wide_and_dead(setup: &mut Setup, _: &mut Draw) -> bool {
    let images = setup.layers.iter().any(|layer| matches!(layer, Block::Conv { .. }));
    let Some(Block::Dense { units, activation: "relu", init }) = setup.layers.first_mut() else { return false };
    if images || !init.is_empty() || setup.scale_inputs != "standard" {
        return false;
    }
    *units = 256;
    *init = format!("{{ weights = \"lecun_normal\", gain = 1.0, bias = {} }}", constant(-2.5));
    true
}

/// Targets in 0..1 and a last unit that starts well inside.
fn positive_relu(setup: &mut Setup, _: &mut Draw) -> bool {
    let single = setup.material.outputs() == 1;
    if !single || setup.scale_targets != "standard" || setup.loss != "\"mse\"" || setup.hidden() == 0 {
        return false;
    }
    setup.scale_targets = "min_max";
    let Some(Block::Dense { activation, init, .. }) = setup.head() else { return false };
    *activation = "relu";
    *init = format!("{{ weights = \"lecun_normal\", gain = 0.3, bias = {} }}", constant(0.5));
    true
}
