//! How sharply the loss curves, against what the optimiser stands.

use super::{Card, EpochView, Probe, Readings, SparseView, StepView};
use crate::{experiment::Optimiser, record::Channel};

/// Largest eigenvalue of the Hessian of the training loss on a fixed batch, and its ratio to the optimiser's limit at the
/// learning rate of the next step: above 1 gradient descent on the loss' quadratic model would diverge.
///
/// - Hessian: for Adam, AdamW and RMSprop the preconditioned one, `P^-1/2 H P^-1/2` with `P = sqrt(v) + epsilon`; before the
///   first step, `v` as it is after it. L2 decay adds to the Hessian.
/// - Batch: at most 64 samples of the training probe set; batch normalisation uses their statistics, dropout is off. A
///   mean over few samples curves more than one over all, so it reads too high rather than too low.
/// - Number: the largest Ritz value of at most 16 Lanczos steps, which is never above the eigenvalue and far nearer than
///   that many power iterations. It is signed: below zero when the loss curves down in all directions.
/// - Limits leave clipping out, which only ever lets a run stand more.
/// - NaN: loss or gradient are not finite.
/// - Sources: Cohen et al. 2021, "Gradient descent on neural networks typically occurs at the edge of stability";
///   Cohen et al. 2022, "Adaptive gradient methods at the edge of stability".
pub struct Sharpness;

/// The curvature at one place, and what the optimiser stands there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curvature {
    /// Largest eigenvalue of the Hessian, preconditioned where the optimiser is adaptive; NaN where the loss is.
    pub sharpness: f64,
    /// Sharpness from which on a quadratic would diverge.
    pub limit: f64,
}

impl Probe for Sharpness {
    fn card(&self) -> Card {
        Card {
            id: "sharpness",
            tells: "a learning rate that the loss stands from one that shakes the network out of every valley",
            since: "0.1",
            channels: &[Channel::Sharpness, Channel::StabilityRatio],
        }
    }

    fn step(&self, _: &StepView<'_>, _: &mut dyn Readings) {}

    fn epoch(&self, _: &EpochView<'_>, _: &mut dyn Readings) {}

    fn sparse(&self, view: &SparseView<'_>, readings: &mut dyn Readings) {
        if let Some(curvature) = view.curvature {
            readings.put(view.split, Channel::Sharpness, "", curvature.sharpness);
            readings.put(view.split, Channel::StabilityRatio, "", curvature.sharpness / curvature.limit);
        }
    }
}

/// Largest eigenvalue of a quadratic on which an optimiser still converges at a learning rate; infinite at rate 0.
///
/// From the roots of each optimiser's recurrence on `h w^2 / 2`, whose first one to leave the unit circle leaves it at -1
/// (Cohen et al. 2021, appendix B, for SGD; 2022, section 2, for Adam's moving average). Adaptive ones at a frozen
/// preconditioner, with `h` an eigenvalue of the preconditioned Hessian. AdamW's decay moves the weights apart
/// from the moving average, so it lowers the limit instead of raising the Hessian.
pub fn stability_limit(optimiser: Optimiser, lr: f64) -> f64 {
    let at_rate = |limit: f64| if lr > 0.0 { limit / lr } else { f64::INFINITY };
    match optimiser {
        Optimiser::Sgd { momentum, nesterov: true, .. } => at_rate((2.0 + 2.0 * momentum) / (1.0 + 2.0 * momentum)),
        Optimiser::Sgd { momentum, .. } | Optimiser::RmsProp { momentum, .. } => at_rate(2.0 + 2.0 * momentum),
        Optimiser::Adam { beta1, .. } => at_rate((2.0 + 2.0 * beta1) / (1.0 - beta1)),
        Optimiser::AdamW { beta1, weight_decay, .. } => {
            at_rate((2.0 - lr * weight_decay) * (1.0 + beta1) / (1.0 - beta1))
        }
    }
}

/// Largest eigenvalue of a symmetric tridiagonal matrix; NaN where an entry is not finite, 0 for an empty one.
///
/// Bisection on the number of eigenvalues above a value (Sturm's sequence), to the last bits.
pub fn largest_eigenvalue(diagonal: &[f64], beside: &[f64]) -> f64 {
    if diagonal.iter().chain(beside).any(|entry| !entry.is_finite()) {
        return f64::NAN;
    }
    // Gershgorin: no eigenvalue lies further from the diagonal than the entries beside it.
    let reach = |row: usize| {
        let before = row.checked_sub(1).and_then(|row| beside.get(row)).map_or(0.0, |entry| entry.abs());
        before + beside.get(row).filter(|_| row + 1 < diagonal.len()).map_or(0.0, |entry| entry.abs())
    };
    let bounds = diagonal.iter().enumerate().map(|(row, entry)| (entry - reach(row), entry + reach(row)));
    let Some((mut low, mut high)) = bounds.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))) else { return 0.0 };
    let any_above = |value: f64| {
        let mut pivot = 1.0_f64;
        diagonal.iter().enumerate().any(|(row, entry)| {
            let coupling = row.checked_sub(1).and_then(|row| beside.get(row)).map_or(0.0, |entry| entry * entry);
            pivot = entry - value - if coupling == 0.0 { 0.0 } else { coupling / pivot };
            if pivot == 0.0 {
                pivot = -f64::MIN_POSITIVE; // an eigenvalue at the value is not above it
            }
            pivot > 0.0
        })
    };
    loop {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            return middle;
        }
        if any_above(middle) { low = middle } else { high = middle }
    }
}

#[cfg(test)]
#[path = "sharpness_tests.rs"]
mod tests;
