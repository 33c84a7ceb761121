//! The largest eigenvalue of the Hessian of the training loss, by products of the Hessian with vectors.

use rand::SeedableRng;
use rand_chacha::{ChaCha8Rng, rand_core::Rng};
use tch::{Kind, Tensor};

use super::{TrainError, batches::Batch, loss::regression_loss, memory, optimiser::Optimiser};
use crate::{
    experiment::Loss,
    model::{Mode, Net},
    probes::sharpness::largest_eigenvalue,
};

/// Most products of the Hessian with a vector in one look. Measured on networks of all sizes here, six to eight settle a
/// mean squared error, whose largest eigenvalue stands out; what is not settled by sixteen is within a few hundredths.
const MOST_PRODUCTS: usize = 16;
/// Relative change of the largest Ritz value below which a product brought nothing new.
const SETTLED: f64 = 0.01;
/// Products in a row that have to bring nothing new: the value rests at a lower eigenvalue now and then, for a single one.
const SETTLED_PRODUCTS: usize = 2;
/// Seed of the vector that the search starts from: any would do, and the same at each look shows changes of the loss only.
const START: u64 = 4;

/// Largest eigenvalue of the Hessian of the loss on a batch, as [`crate::probes::sharpness`] says; NaN where loss, gradient
/// or a product is not finite.
///
/// Lanczos' recurrence without orthogonalising again: what that would mend are second copies of eigenvalues that were
/// found, which change nothing about the largest. No gradient is left in any tensor, and nothing is drawn from
/// libtorch's generator.
/// - Cost: one step and, for each product, about two; the caller chooses a small batch.
pub fn sharpness(net: &Net, batch: &Batch, loss: Loss, optimiser: &Optimiser) -> Result<f64, TrainError> {
    let surface = Surface::new(net, batch, loss)?;
    let gradient = surface.flat(&surface.gradient)?;
    let weights = surface.flat(&surface.parameters)?;
    if gradient.iter().any(|value| !value.is_finite()) {
        return Ok(f64::NAN);
    }
    let scale = optimiser.inverse_root_preconditioner(&gradient, &weights)?;
    let decay = optimiser.decay_in_gradient();
    largest(gradient.len(), |direction| {
        let scaled: Vec<f32> = match &scale {
            Some(scale) => direction.iter().zip(scale).map(|(value, scale)| value * scale).collect(),
            None => direction.to_vec(),
        };
        let mut product = surface.product(&scaled)?;
        for (product, scaled) in product.iter_mut().zip(&scaled) {
            *product += decay * scaled;
        }
        if let Some(scale) = &scale {
            for (product, scale) in product.iter_mut().zip(scale) {
                *product *= scale;
            }
        }
        Ok(product)
    })
}

/// The loss on a batch as a surface over the parameters, with its gradient ready to be differentiated again.
struct Surface {
    parameters: Vec<Tensor>,
    gradient: Vec<Tensor>,
}

impl Surface {
    fn new(net: &Net, batch: &Batch, loss: Loss) -> Result<Self, TrainError> {
        let taps = net.forward(&batch.inputs, Mode::Still)?;
        let prediction = taps.last().ok_or_else(super::trainer::no_layer)?;
        let loss = regression_loss(prediction, &batch.targets, loss)?;
        let parameters: Vec<Tensor> =
            net.parameters().iter().map(|parameter| parameter.tensor.shallow_clone()).collect();
        let mut gradient = if loss.requires_grad() {
            Tensor::f_run_backward(&[&loss], &parameters, true, true)?
        } else {
            parameters.iter().map(|_| Tensor::new()).collect() // nothing in the network learns
        };
        zeros_for_undefined(&mut gradient, &parameters)?;
        Ok(Self { parameters, gradient })
    }

    /// Hessian times a direction.
    fn product(&self, direction: &[f32]) -> Result<Vec<f32>, TrainError> {
        let mut along: Option<Tensor> = None;
        let mut start = 0;
        for (parameter, gradient) in self.parameters.iter().zip(&self.gradient) {
            let end = start + parameter.numel();
            let part = Tensor::f_from_slice(&direction[start..end])?.f_reshape(parameter.size())?;
            let part = (gradient * part.f_to_device(parameter.device())?).f_sum(Kind::Float)?;
            along = Some(match along {
                Some(along) => along + part,
                None => part,
            });
            start = end;
        }
        let Some(along) = along.filter(Tensor::requires_grad) else {
            return Ok(vec![0.0; direction.len()]); // the gradient does not depend on the parameters
        };
        let mut product = Tensor::f_run_backward(&[&along], &self.parameters, true, false)?;
        zeros_for_undefined(&mut product, &self.parameters)?;
        self.flat(&product)
    }

    fn flat(&self, tensors: &[Tensor]) -> Result<Vec<f32>, TrainError> {
        let parts = tensors.iter().map(|tensor| memory::copied(&tensor.detach())).collect::<Result<Vec<_>, _>>()?;
        Ok(parts.concat())
    }
}

fn zeros_for_undefined(gradients: &mut [Tensor], parameters: &[Tensor]) -> Result<(), TrainError> {
    for (gradient, parameter) in gradients.iter_mut().zip(parameters) {
        if !gradient.defined() {
            *gradient = parameter.f_zeros_like()?.f_detach()?;
        }
    }
    Ok(())
}

/// Largest eigenvalue of a symmetric matrix of this order, given its product with a vector; NaN where that is not finite.
pub(super) fn largest(
    order: usize,
    mut apply: impl FnMut(&[f32]) -> Result<Vec<f32>, TrainError>,
) -> Result<f64, TrainError> {
    let mut generator = ChaCha8Rng::seed_from_u64(START);
    let size = (1.0 / (order.max(1) as f64).sqrt()) as f32;
    let mut direction: Vec<f32> =
        (0..order).map(|_| if generator.next_u32() & 1 == 0 { size } else { -size }).collect();
    let mut before = vec![0.0_f32; order];
    let (mut diagonal, mut beside): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
    let (mut top, mut rests) = (0.0, 0);
    for _ in 0..MOST_PRODUCTS.min(order) {
        let mut next = apply(&direction)?;
        let along = dot(&direction, &next);
        let coupling = beside.last().copied().unwrap_or(0.0);
        for ((next, direction), before) in next.iter_mut().zip(&direction).zip(&before) {
            *next = (f64::from(*next) - along * f64::from(*direction) - coupling * f64::from(*before)) as f32;
        }
        let left = dot(&next, &next).sqrt();
        diagonal.push(along);
        let old = top;
        top = largest_eigenvalue(&diagonal, &beside);
        if !top.is_finite() || !left.is_finite() {
            return Ok(f64::NAN);
        }
        let widest = diagonal.iter().chain(&beside).fold(0.0_f64, |widest, entry| widest.max(entry.abs()));
        // All that the start reaches was searched; what is left is rounding.
        let searched = left <= f64::from(f32::EPSILON) * widest;
        rests = if (top - old).abs() <= SETTLED * top.abs() { rests + 1 } else { 0 };
        if searched || rests == SETTLED_PRODUCTS {
            break;
        }
        beside.push(left);
        for value in &mut next {
            *value = (f64::from(*value) / left) as f32;
        }
        before = std::mem::replace(&mut direction, next);
    }
    Ok(top)
}

fn dot(one: &[f32], other: &[f32]) -> f64 {
    one.iter().zip(other).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

#[cfg(test)]
#[path = "curvature_tests.rs"]
mod tests;
