//! What an adaptive optimiser divides the gradient by.

use super::{
    TrainError, memory,
    optimiser::{Optimiser, Slot},
};
use crate::experiment::Optimiser as Kinds;

/// Added to the joint norm of the gradients before it is divided by, as PyTorch's `clip_grad_norm_` does.
pub(super) const CLIP_EPSILON: f64 = 1e-6;

impl Optimiser {
    /// L2 decay that is part of the gradient, and so of the Hessian; 0 where decay is apart from it.
    pub fn decay_in_gradient(&self) -> f32 {
        match self.kind {
            Kinds::Sgd { weight_decay, .. }
            | Kinds::Adam { weight_decay, .. }
            | Kinds::RmsProp { weight_decay, .. } => weight_decay as f32,
            Kinds::AdamW { .. } => 0.0,
        }
    }

    /// `P^-1/2` for each value of the parameters in order, where `P = sqrt(v) + epsilon` is what the optimiser divides by,
    /// with Adam's correction of the start; `None` for an optimiser that does not. Parameters that do not move have 0, so that
    /// the curvature is that along the others.
    ///
    /// Before the first step `v` is what this gradient at these weights (all parameters, flat) would make of it.
    pub(super) fn inverse_root_preconditioner(
        &self,
        gradient: &[f32],
        weights: &[f32],
    ) -> Result<Option<Vec<f32>>, TrainError> {
        let moving = self.moving();
        let (decay, epsilon) = match self.kind {
            Kinds::Sgd { .. } => return Ok(moving),
            Kinds::Adam { beta2, epsilon, .. } | Kinds::AdamW { beta2, epsilon, .. } => (beta2, epsilon),
            Kinds::RmsProp { rho, epsilon, .. } => (rho, epsilon),
        };
        // Adam's second moment over its share of the steps so far; RMSprop's is taken as it is.
        let corrects = matches!(self.kind, Kinds::Adam { .. } | Kinds::AdamW { .. });
        let seen = self.steps().max(1).min(i32::MAX as u64) as i32;
        let share = if corrects { 1.0 - decay.powi(seen) } else { 1.0 };
        let second: Vec<f64> = if self.steps() == 0 {
            let by_decay = self.decay_in_gradient();
            let given: Vec<f32> = match &moving {
                Some(moving) => gradient.iter().zip(moving).map(|(value, moves)| value * moves).collect(),
                None => gradient.to_vec(),
            };
            let clipped = self.clipped(&given);
            clipped.zip(weights).map(|(g, w)| (1.0 - decay) * f64::from(g + by_decay * w).powi(2)).collect()
        } else {
            let moments = self.slots.iter().map(|slot: &Slot| memory::copied(&slot.second));
            moments.collect::<Result<Vec<_>, _>>()?.concat().into_iter().map(f64::from).collect()
        };
        let inverse_root = |second: f64| (1.0 / ((second / share).sqrt() + epsilon).sqrt()) as f32;
        let mut scale: Vec<f32> = second.into_iter().map(inverse_root).collect();
        for (scale, moves) in scale.iter_mut().zip(moving.iter().flatten()) {
            *scale *= moves;
        }
        Ok(Some(scale))
    }

    /// 1 for each value of the parameters that moves, 0 for the others; `None` where all do.
    fn moving(&self) -> Option<Vec<f32>> {
        let values = |slot: &Slot| std::iter::repeat_n(f32::from(u8::from(slot.moves)), slot.second.numel());
        (!self.slots.iter().all(|slot| slot.moves)).then(|| self.slots.iter().flat_map(values).collect())
    }

    /// Whether no update can be larger than the one before, from here on, once every gradient is zero and the learning rate
    /// no longer rises.
    ///
    /// Adam's first moment shrinks by `beta1` a step and the root of its second by `sqrt(beta2)`, but while the run is
    /// young its corrections of the start move as well. They are followed until what is left of them cannot matter.
    pub fn motion_decays(&self) -> bool {
        let decays = match self.kind {
            Kinds::Sgd { momentum, .. } | Kinds::RmsProp { momentum, .. } => momentum < 1.0,
            Kinds::Adam { beta1, beta2, .. } | Kinds::AdamW { beta1, beta2, .. } => {
                beta1 * beta1 < beta2 && adam_decays_after(self.steps(), beta1, beta2)
            }
        };
        decays && self.kind.weight_decay() == 0.0
    }

    /// The gradient as a step would take it.
    fn clipped(&self, gradient: &[f32]) -> impl Iterator<Item = f32> {
        let squares: f64 = gradient.iter().map(|value| f64::from(*value).powi(2)).sum();
        let scale = self.clip_norm.map_or(1.0, |limit| (limit / (squares.sqrt() + CLIP_EPSILON)).min(1.0)) as f32;
        let limit = self.clip_value.unwrap_or(f64::INFINITY) as f32;
        gradient.iter().map(move |value| (value * scale).clamp(-limit, limit))
    }
}

/// Most steps over which Adam's corrections are followed; beyond betas of 0.99999 nobody waits for a proof.
const MOST_FOLLOWED: u64 = 1_000_000;

/// Whether Adam's updates without gradient shrink at each step after this many.
///
/// An update is `m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon)`. From one step to the next it is multiplied by at
/// most `beta1 / sqrt(beta2)`, by the ratio of the first corrections, which is below 1 and rises to it, and by the root of
/// the ratio of the second ones, which is above 1 and falls to it. Once the last alone cannot bring the first above 1,
/// nothing later can.
fn adam_decays_after(steps: u64, beta1: f64, beta2: f64) -> bool {
    let correction = |beta: f64, step: u64| 1.0 - beta.powi(step.min(i32::MAX as u64) as i32);
    let first = steps.max(1); // with no step taken there is nothing to move
    for step in first..first + MOST_FOLLOWED {
        let grows = (correction(beta2, step + 1) / correction(beta2, step)).sqrt() * beta1 / beta2.sqrt();
        if grows < 1.0 {
            return true;
        }
        if grows * correction(beta1, step) / correction(beta1, step + 1) >= 1.0 {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adam_s_updates_shrink_where_it_is_claimed() {
        for (beta1, beta2) in [(0.9, 0.999), (0.99, 0.999), (0.5, 0.9), (0.9, 0.9), (0.999, 0.9999), (0.0, 0.5)] {
            for steps in [1, 2, 5, 20, 1000] {
                assert!(adam_decays_after(steps, beta1, beta2), "{beta1} {beta2} after {steps}");
                let update = |step: u64| {
                    let since = (step - steps) as i32;
                    let correction = |beta: f64| 1.0 - beta.powi(step as i32);
                    let second = 0.01 * beta2.powi(since) / correction(beta2);
                    beta1.powi(since) / correction(beta1) / (second.sqrt() + 1e-8)
                };
                let mut updates =
                    (steps..steps + 3000).map(update).map_while(|update| (update > 0.0).then_some(update));
                let mut before = updates.next().expect("the first");
                assert!(updates.all(|update| std::mem::replace(&mut before, update) > update), "{beta1} {beta2}");
            }
        }
        assert!(!adam_decays_after(1000, 0.999, 0.99), "its second moment goes before its first");
    }
}
