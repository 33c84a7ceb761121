//! `[training]` and `[diagnosis]`.

use std::ops::Range;

use super::{
    fields::{Fields, Walk},
    limits,
    variant::Kinds,
};
use crate::experiment::{Diagnosis, Loss, Optimiser, Probes, Schedule, Training};

pub(super) const LOSSES: Kinds<Loss> = Kinds {
    tag: "kind",
    default: Some("mse"),
    options: &[
        ("mse", Loss::Mse {}),
        ("mae", Loss::Mae {}),
        ("huber", Loss::Huber { delta: 1.0 }),
        ("mape", Loss::Mape {}),
        ("binary_cross_entropy", Loss::BinaryCrossEntropy {}),
        ("cross_entropy", Loss::CrossEntropy {}),
    ],
    fill: fill_loss,
};

fn fill_loss(walk: &mut Walk, fields: &mut Fields<'_>, template: Loss) -> Loss {
    match template {
        Loss::Mse {} | Loss::Mae {} | Loss::Mape {} | Loss::BinaryCrossEntropy {} | Loss::CrossEntropy {} => template,
        Loss::Huber { delta } => Loss::Huber { delta: walk.number(fields, "delta", &limits::DELTA, Some(delta)) },
    }
}

/// Adam's defaults are those of the paper, PyTorch and Keras; the rest are PyTorch's.
const ADAM: Optimiser = Optimiser::Adam { lr: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0 };

pub(super) const OPTIMISERS: Kinds<Optimiser> = Kinds {
    tag: "kind",
    default: Some("adam"),
    options: &[
        ("sgd", Optimiser::Sgd { lr: 1e-2, momentum: 0.0, nesterov: false, weight_decay: 0.0 }),
        ("adam", ADAM),
        ("adamw", Optimiser::AdamW { lr: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 1e-2 }),
        ("rmsprop", Optimiser::RmsProp { lr: 1e-2, rho: 0.99, epsilon: 1e-8, momentum: 0.0, weight_decay: 0.0 }),
    ],
    fill: fill_optimiser,
};

fn fill_optimiser(walk: &mut Walk, fields: &mut Fields<'_>, template: Optimiser) -> Optimiser {
    let lr = walk.number(fields, "lr", &limits::LR, Some(template.lr()));
    match template {
        Optimiser::Sgd { momentum, nesterov, weight_decay, .. } => {
            let momentum = walk.number(fields, "momentum", &limits::MOMENTUM, Some(momentum));
            let nesterov = walk.flag(fields, "nesterov", nesterov);
            if nesterov && momentum == 0.0 {
                let message = format!("`{}` needs a momentum above 0", fields.path("nesterov"));
                walk.conflict(message, &fields.place_of("nesterov"), "add `momentum = 0.9`, or leave `nesterov` out");
            }
            Optimiser::Sgd { lr, momentum, nesterov, weight_decay: decay(walk, fields, weight_decay) }
        }
        Optimiser::Adam { beta1, beta2, epsilon, weight_decay, .. } => Optimiser::Adam {
            lr,
            beta1: walk.number(fields, "beta1", &limits::BETA, Some(beta1)),
            beta2: walk.number(fields, "beta2", &limits::BETA, Some(beta2)),
            epsilon: walk.number(fields, "epsilon", &limits::EPSILON, Some(epsilon)),
            weight_decay: decay(walk, fields, weight_decay),
        },
        Optimiser::AdamW { beta1, beta2, epsilon, weight_decay, .. } => Optimiser::AdamW {
            lr,
            beta1: walk.number(fields, "beta1", &limits::BETA, Some(beta1)),
            beta2: walk.number(fields, "beta2", &limits::BETA, Some(beta2)),
            epsilon: walk.number(fields, "epsilon", &limits::EPSILON, Some(epsilon)),
            weight_decay: decay(walk, fields, weight_decay),
        },
        Optimiser::RmsProp { rho, epsilon, momentum, weight_decay, .. } => Optimiser::RmsProp {
            lr,
            rho: walk.number(fields, "rho", &limits::RHO, Some(rho)),
            epsilon: walk.number(fields, "epsilon", &limits::EPSILON, Some(epsilon)),
            momentum: walk.number(fields, "momentum", &limits::MOMENTUM, Some(momentum)),
            weight_decay: decay(walk, fields, weight_decay),
        },
    }
}

fn decay(walk: &mut Walk, fields: &mut Fields<'_>, default: f64) -> f64 {
    walk.number(fields, "weight_decay", &limits::WEIGHT_DECAY, Some(default))
}

pub(super) const SCHEDULES: Kinds<Schedule> = Kinds {
    tag: "kind",
    default: Some("constant"),
    options: &[
        ("constant", Schedule::Constant {}),
        // `every_epochs` has no default: it is read as required, whatever stands here.
        ("step", Schedule::Step { every_epochs: 1, factor: 0.1 }),
        ("cosine", Schedule::Cosine { final_factor: 0.0 }),
    ],
    fill: fill_schedule,
};

fn fill_schedule(walk: &mut Walk, fields: &mut Fields<'_>, template: Schedule) -> Schedule {
    match template {
        Schedule::Constant {} => template,
        Schedule::Step { factor, .. } => Schedule::Step {
            every_epochs: walk.count(fields, "every_epochs", &limits::EVERY_EPOCHS, None),
            factor: walk.number(fields, "factor", &limits::FACTOR, Some(factor)),
        },
        Schedule::Cosine { final_factor } => Schedule::Cosine {
            final_factor: walk.number(fields, "final_factor", &limits::FINAL_FACTOR, Some(final_factor)),
        },
    }
}

/// `[training]`, and where its batch size stands, for what is checked once the data are known.
pub(super) fn training(walk: &mut Walk, root: &mut Fields<'_>) -> (Training, Range<usize>) {
    let mut fields = walk.table(root, "training");
    let fields = &mut fields;
    let training = Training {
        epochs: walk.count(fields, "epochs", &limits::EPOCHS, Some(100)),
        batch_size: walk.count(fields, "batch_size", &limits::BATCH_SIZE, Some(32)),
        drop_last: walk.flag(fields, "drop_last", false),
        shuffle: walk.flag(fields, "shuffle", true),
        loss: walk.kind(fields, "loss", &LOSSES, Loss::Mse {}),
        optimiser: optimiser(walk, fields),
        schedule: walk.kind(fields, "schedule", &SCHEDULES, Schedule::Constant {}),
        warmup_steps: walk.count(fields, "warmup_steps", &limits::WARMUP, Some(0)),
        clip_norm: clip(walk, fields, "clip_norm"),
        clip_value: clip(walk, fields, "clip_value"),
        checkpoint_secs: walk.number(fields, "checkpoint_secs", &limits::CHECKPOINT_SECS, Some(10.0)),
    };
    walk.finish(fields);
    (training, fields.place_of("batch_size"))
}

fn optimiser(walk: &mut Walk, fields: &mut Fields<'_>) -> Optimiser {
    let (spelling, value) = walk.spelt(fields, "optimiser", "optimizer");
    let path = fields.path(spelling);
    let Some(value) = value else {
        // Read even where it is left out: a stray `lr` elsewhere is then told where it belongs.
        let mut absent = Fields::new(path, fields.at.clone(), None);
        let default = fill_optimiser(walk, &mut absent, ADAM);
        walk.finish(&absent);
        return default;
    };
    walk.kind_value(&path, value, &OPTIMISERS).unwrap_or(ADAM)
}

fn clip(walk: &mut Walk, fields: &mut Fields<'_>, key: &'static str) -> Option<f64> {
    fields.get(key)?;
    Some(walk.number(fields, key, &limits::CLIP, Some(1.0)))
}

/// `[diagnosis]`.
pub(super) fn diagnosis(walk: &mut Walk, root: &mut Fields<'_>) -> Diagnosis {
    let mut fields = walk.table(root, "diagnosis");
    let fields = &mut fields;
    let diagnosis = Diagnosis {
        seeds: walk.count(fields, "seeds", &limits::SEEDS, Some(1)),
        probe_samples: walk.count(fields, "probe_samples", &limits::PROBE_SAMPLES, Some(512)),
        early_stop: walk.flag(fields, "early_stop", true),
        patience_epochs: walk.count(fields, "patience_epochs", &limits::PATIENCE, Some(20)),
        probes: walk.choice(fields, "probes", &[("all", Probes::All), ("none", Probes::None)], Probes::All),
        stop_when_learned: walk.flag(fields, "stop_when_learned", false),
        references: walk.flag(fields, "references", true),
    };
    walk.finish(fields);
    diagnosis
}
