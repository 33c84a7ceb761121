//! The loss that is minimised: the only place that calls a loss of libtorch.

use tch::{Kind, Reduction, Tensor};

use super::TrainError;
use crate::{
    experiment::{Loss, LossShapes},
    probes::recomputed_loss::SMALLEST,
};

/// Mean loss over `[N, outputs]` predictions and targets, `[]`.
///
/// Beyond the clip of a cross entropy the gradient is exactly zero, as it is for Keras.
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

/// The loss over tensors of the shapes that `[faults]` asks for: what libtorch makes of them broadcast, output by output.
///
/// The outputs are averaged, those of the cross entropy summed, as without broadcasting.
///
/// # Errors
/// As [`regression_loss`]; libtorch's, where `N * N` values are too many.
pub fn loss_of_shapes(
    predictions: &Tensor,
    targets: &Tensor,
    loss: Loss,
    shapes: LossShapes,
) -> Result<Tensor, TrainError> {
    if shapes == LossShapes::Equal || predictions.size() != targets.size() {
        return regression_loss(predictions, targets, loss);
    }
    let outputs = predictions.size().get(1).copied().unwrap_or(1);
    let mut total: Option<Tensor> = None;
    for output in 0..outputs {
        let (prediction, target) = (predictions.f_narrow(1, output, 1)?, targets.f_narrow(1, output, 1)?);
        let given = match shapes {
            LossShapes::Equal => [prediction, target],
            LossShapes::ColumnAgainstVector => [prediction, target.f_reshape([-1])?],
            LossShapes::RowAgainstColumn => [prediction.f_reshape([1, -1])?, target],
        };
        let pairs = Tensor::f_broadcast_tensors(&given)?;
        let value = regression_loss(&pairs[0].f_reshape([-1, 1])?, &pairs[1].f_reshape([-1, 1])?, loss)?;
        total = Some(match total {
            Some(total) => total.f_add(&value)?,
            None => value,
        });
    }
    let total = total.ok_or_else(super::trainer::no_layer)?;
    Ok(if matches!(loss, Loss::CrossEntropy {}) { total } else { total.f_div_scalar(outputs as f64)? })
}

#[cfg(test)]
#[path = "loss_tests.rs"]
mod tests;
