//! Proof that a network is stuck for good.
//!
//! A ReLU layer whose units are exactly zero for every training sample passes exactly zero gradient back: the derivative
//! of ReLU at or below zero is zero, not small. Nothing at or before the layer is moved by the loss any more; what still
//! moves it is what the optimiser has left: momentum, weight decay, a schedule. So that motion is played forward, step by
//! step with gradients of exactly zero, on a copy of the network, until it has come to rest to the last bit, and the layer
//! is looked at again on the way (probe set) and at rest (every training sample). If it is still dead, no later step can
//! revive it, whatever the layers after it do.

use super::{TrainError, schedule, trainer::Trainer};
use crate::{
    experiment::{Layer, Model},
    record::{Split, StuckCertificate},
};

/// Steps that are played at most: motion that has not come to rest by then is not certified.
const MOST_PLAYED: u64 = 50_000;

/// Tries to prove that `layer` (by name) is dead for good; `None` where it cannot be proved.
///
/// Not proved, though it may be true: with dropout or batch normalisation at or before the layer, whose training path
/// differs from the path that is looked at.
///
/// # Errors
/// When libtorch refuses.
pub fn certify(
    trainer: &mut Trainer,
    model: &Model,
    layer: &str,
    step: u64,
) -> Result<Option<StuckCertificate>, TrainError> {
    let Some(index) = trainer.net.layers().iter().position(|info| info.name == layer) else { return Ok(None) };
    let info = &trainer.net.layers()[index];
    let units = info.shape.first().copied().unwrap_or(0) as u64;
    let other_path = |layer: &Layer| matches!(layer, Layer::Dropout { .. } | Layer::BatchNorm { .. });
    if info.activation != "relu" || model.layers.iter().take(index + 1).any(other_path) {
        return Ok(None);
    }
    let frozen: Vec<String> = trainer
        .net
        .parameters()
        .iter()
        .filter(|parameter| parameter.layer <= index)
        .map(|parameter| parameter.name.clone())
        .collect();

    let net = trainer.net.copy();
    if trainer.look_with(&net, Split::WholeTrain)?.activations[index].dead_fraction() < 1.0 {
        return Ok(None);
    }
    let mut optimiser = trainer.optimiser.copy_onto(net.parameters())?;
    let steps_per_epoch = trainer.steps_per_epoch();
    let last = u64::from(trainer.training.epochs) * steps_per_epoch;
    let mut played = 0;
    let at_rest = loop {
        let now = step + played + 1;
        if played >= MOST_PLAYED {
            return Ok(None);
        }
        let lr = schedule::learning_rate(&trainer.training, now, steps_per_epoch);
        let moved = optimiser.step_without_gradient(frozen.len(), lr)?.iter().any(|sums| sums.update_squares != 0.0);
        played += 1;
        let monotone = optimiser.motion_decays() && !schedule::may_rise_after(&trainer.training, now);
        if !moved && monotone {
            break true;
        }
        if now >= last && step < last {
            break false; // the training ends before the motion does, and was played to its end
        }
        if played.is_power_of_two() && trainer.look_with(&net, Split::Train)?.activations[index].dead_fraction() < 1.0 {
            return Ok(None);
        }
    };
    if trainer.look_with(&net, Split::WholeTrain)?.activations[index].dead_fraction() < 1.0 {
        return Ok(None);
    }
    Ok(Some(StuckCertificate {
        layer: layer.to_owned(),
        units,
        samples: trainer.train_samples() as u64,
        frozen_parameters: frozen,
        played_steps: played,
        at_rest,
        step,
    }))
}
