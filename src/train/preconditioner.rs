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
    /// with Adam's correction of the start; `None` for an optimiser that does not.
    ///
    /// Before the first step `v` is what this gradient at these weights (all parameters, flat) would make of it.
    pub(super) fn inverse_root_preconditioner(
        &self,
        gradient: &[f32],
        weights: &[f32],
    ) -> Result<Option<Vec<f32>>, TrainError> {
        let (decay, epsilon) = match self.kind {
            Kinds::Sgd { .. } => return Ok(None),
            Kinds::Adam { beta2, epsilon, .. } | Kinds::AdamW { beta2, epsilon, .. } => (beta2, epsilon),
            Kinds::RmsProp { rho, epsilon, .. } => (rho, epsilon),
        };
        // Adam's second moment over its share of the steps so far; RMSprop's is taken as it is.
        let corrects = matches!(self.kind, Kinds::Adam { .. } | Kinds::AdamW { .. });
        let seen = self.steps().max(1).min(i32::MAX as u64) as i32;
        let share = if corrects { 1.0 - decay.powi(seen) } else { 1.0 };
        let second: Vec<f64> = if self.steps() == 0 {
            let by_decay = self.decay_in_gradient();
            let clipped = self.clipped(gradient);
            clipped.zip(weights).map(|(g, w)| (1.0 - decay) * f64::from(g + by_decay * w).powi(2)).collect()
        } else {
            let moments = self.slots.iter().map(|slot: &Slot| memory::copied(&slot.second));
            moments.collect::<Result<Vec<_>, _>>()?.concat().into_iter().map(f64::from).collect()
        };
        let inverse_root = |second: f64| (1.0 / ((second / share).sqrt() + epsilon).sqrt()) as f32;
        Ok(Some(second.into_iter().map(inverse_root).collect()))
    }

    /// The gradient as a step would take it.
    fn clipped(&self, gradient: &[f32]) -> impl Iterator<Item = f32> {
        let squares: f64 = gradient.iter().map(|value| f64::from(*value).powi(2)).sum();
        let scale = self.clip_norm.map_or(1.0, |limit| (limit / (squares.sqrt() + CLIP_EPSILON)).min(1.0)) as f32;
        let limit = self.clip_value.unwrap_or(f64::INFINITY) as f32;
        gradient.iter().map(move |value| (value * scale).clamp(-limit, limit))
    }
}
