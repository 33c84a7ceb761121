//! The loss that is minimised: the only place that calls a loss of libtorch.

use tch::{Kind, Reduction, Tensor};

use super::TrainError;
use crate::experiment::Loss;

/// What keeps logarithms and quotients finite: Keras' epsilon.
const SMALLEST: f64 = 1e-7;

/// Mean loss over `[N, outputs]` predictions and targets, `[]`.
///
/// # Errors
/// When the shapes differ: libtorch would broadcast `[N, 1]` against `[N]` into `[N, N]` in silence, and the best answer
/// to that is the mean, which is the very disease this program looks for.
#[expect(clippy::disallowed_methods, reason = "this is the checked place that the ban sends everybody to")]
pub fn regression_loss(predictions: &Tensor, targets: &Tensor, loss: Loss) -> Result<Tensor, TrainError> {
    if predictions.size() != targets.size() {
        return Err(TrainError::LossShapes { predictions: predictions.size(), targets: targets.size() });
    }
    Ok(match loss {
        Loss::Mse {} => predictions.f_mse_loss(targets, Reduction::Mean)?,
        Loss::Mae {} => predictions.f_l1_loss(targets, Reduction::Mean)?,
        Loss::Huber { delta } => predictions.f_huber_loss(targets, Reduction::Mean, delta)?,
        Loss::Mape {} => {
            let scale = targets.f_abs()?.f_clamp_min(SMALLEST)?;
            predictions.f_sub(targets)?.f_abs()?.f_div(&scale)?.f_mean(Kind::Float)?
        }
        Loss::BinaryCrossEntropy {} => {
            let clipped = predictions.f_clamp(SMALLEST, 1.0 - SMALLEST)?;
            let one = targets.f_mul(&clipped.f_log()?)?;
            let rest = targets.f_neg()?.f_add_scalar(1.0)?;
            let zero = rest.f_mul(&clipped.f_neg()?.f_add_scalar(1.0)?.f_log()?)?;
            one.f_add(&zero)?.f_neg()?.f_mean(Kind::Float)?
        }
        Loss::CrossEntropy {} => {
            let clipped = predictions.f_clamp(SMALLEST, 1.0)?;
            let all = targets.f_mul(&clipped.f_log()?)?.f_neg()?;
            all.f_sum_dim_intlist(1, false, Kind::Float)?.f_mean(Kind::Float)?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_loss_equals_its_formula() {
        let predictions = Tensor::from_slice(&[0.0_f32, 2.0, -1.0, 5.0]).reshape([2, 2]);
        let targets = Tensor::from_slice(&[1.0_f32, 2.5, -1.0, 1.0]).reshape([2, 2]);
        let value = |loss| regression_loss(&predictions, &targets, loss).expect("shapes agree").double_value(&[]);
        assert!((value(Loss::Mse {}) - (1.0 + 0.25 + 0.0 + 16.0) / 4.0).abs() < 1e-6);
        assert!((value(Loss::Mae {}) - (1.0 + 0.5 + 0.0 + 4.0) / 4.0).abs() < 1e-6);
        // 1/2 e^2 inside delta = 2, delta (|e| - delta/2) outside
        assert!((value(Loss::Huber { delta: 2.0 }) - (0.5 + 0.125 + 0.0 + 2.0 * 3.0) / 4.0).abs() < 1e-6);
    }

    #[test]
    fn shapes_that_would_broadcast_are_refused() {
        let predictions = Tensor::from_slice(&[0.0_f32, 1.0]).reshape([2, 1]);
        let targets = Tensor::from_slice(&[0.0_f32, 1.0]);
        let refused = regression_loss(&predictions, &targets, Loss::Mse {}).expect_err("[2, 1] against [2]");
        assert!(refused.to_string().contains("[2, 1]") && refused.to_string().contains("[2]"), "{refused}");
    }
}
