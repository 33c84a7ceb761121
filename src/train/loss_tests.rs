//! Losses against their formulas, at the ends of their clips as well.

use super::*;
use crate::train::memory;

fn column(values: &[f32]) -> Tensor {
    Tensor::from_slice(values).reshape([-1, 1])
}

fn value(predictions: &Tensor, targets: &Tensor, loss: Loss) -> f64 {
    regression_loss(predictions, targets, loss).expect("shapes agree").double_value(&[])
}

/// Gradient of the loss with respect to its predictions.
fn gradient(predictions: &[f32], targets: &[f32], loss: Loss) -> Vec<f32> {
    let predictions = column(predictions).set_requires_grad(true);
    let loss = regression_loss(&predictions, &column(targets), loss).expect("shapes agree");
    let gradient = Tensor::f_run_backward(&[&loss], &[&predictions], false, false).expect("cpu");
    memory::copied(&gradient[0]).expect("cpu")
}

const ALL: [Loss; 6] = [
    Loss::Mse {},
    Loss::Mae {},
    Loss::Huber { delta: 0.3 },
    Loss::Mape {},
    Loss::BinaryCrossEntropy {},
    Loss::CrossEntropy {},
];

#[test]
fn each_loss_equals_its_formula() {
    let predictions = Tensor::from_slice(&[0.0_f32, 2.0, -1.0, 5.0]).reshape([2, 2]);
    let targets = Tensor::from_slice(&[1.0_f32, 2.5, -1.0, 1.0]).reshape([2, 2]);
    let of = |loss| value(&predictions, &targets, loss);
    assert!((of(Loss::Mse {}) - (1.0 + 0.25 + 0.0 + 16.0) / 4.0).abs() < 1e-6);
    assert!((of(Loss::Mae {}) - (1.0 + 0.5 + 0.0 + 4.0) / 4.0).abs() < 1e-6);
    // 1/2 e^2 inside delta = 2, delta (|e| - delta/2) outside
    assert!((of(Loss::Huber { delta: 2.0 }) - (0.5 + 0.125 + 0.0 + 2.0 * 3.0) / 4.0).abs() < 1e-6);
    assert!((of(Loss::Mape {}) - (1.0 + 0.2 + 0.0 + 4.0) / 4.0).abs() < 1e-6);
}

#[test]
fn cross_entropies_equal_their_formulas() {
    let predictions = Tensor::from_slice(&[0.25_f32, 0.75, 0.9, 0.1]).reshape([2, 2]);
    let targets = Tensor::from_slice(&[0.0_f32, 1.0, 1.0, 0.0]).reshape([2, 2]);
    let binary = -(2.0 * 0.75_f64.ln() + 2.0 * 0.9_f64.ln()) / 4.0;
    assert!((value(&predictions, &targets, Loss::BinaryCrossEntropy {}) - binary).abs() < 1e-6);
    let summed = -(0.75_f64.ln() + 0.9_f64.ln()) / 2.0;
    assert!((value(&predictions, &targets, Loss::CrossEntropy {}) - summed).abs() < 1e-6);
    // Targets between the classes, as a regression has them.
    let found = value(&column(&[0.3]), &column(&[0.6]), Loss::BinaryCrossEntropy {});
    assert!((found + 0.6 * 0.3_f64.ln() + 0.4 * 0.7_f64.ln()).abs() < 1e-6);
}

#[test]
fn clips_keep_values_and_gradients_finite() {
    // A target of exactly zero counts as 1e-7.
    assert!((value(&column(&[1.0]), &column(&[0.0]), Loss::Mape {}) / 1e7 - 1.0).abs() < 1e-6);
    assert!((f64::from(gradient(&[1.0], &[0.0], Loss::Mape {})[0]) / 1e7 - 1.0).abs() < 1e-6);
    for prediction in [0.0, 1.0, -3.0, 4.0] {
        for loss in [Loss::BinaryCrossEntropy {}, Loss::CrossEntropy {}] {
            for target in [0.0, 1.0] {
                let found = value(&column(&[prediction]), &column(&[target]), loss);
                // -ln(1e-7), and -ln of what 1 - 1e-7 is in single precision away from 1.
                assert!((0.0..=16.2).contains(&found), "{loss:?} {prediction} {target}: {found}");
                assert!(gradient(&[prediction], &[target], loss)[0].is_finite(), "{loss:?} {prediction} {target}");
            }
        }
    }
    // Beyond the clip nothing comes back, within it the slope is 1 / p, however steep.
    for beyond in [0.0, 1.0, -3.0, 4.0] {
        assert_eq!(gradient(&[beyond], &[1.0 - beyond.clamp(0.0, 1.0)], Loss::BinaryCrossEntropy {}), [0.0]);
    }
    assert_eq!(gradient(&[0.0], &[1.0], Loss::CrossEntropy {}), [0.0]);
    assert!((f64::from(gradient(&[1e-6], &[1.0], Loss::CrossEntropy {})[0]) / -1e6 - 1.0).abs() < 1e-5);
    // 1 itself lies within the clip of the cross entropy.
    assert_eq!(gradient(&[1.0], &[1.0], Loss::CrossEntropy {}), [-1.0]);
}

#[test]
fn a_prediction_that_is_not_a_number_stays_one() {
    for loss in ALL {
        assert!(value(&column(&[f32::NAN]), &column(&[0.5]), loss).is_nan(), "{loss:?}");
    }
}

#[test]
fn shapes_that_would_broadcast_are_refused() {
    let predictions = column(&[0.0, 1.0]);
    let targets = Tensor::from_slice(&[0.0_f32, 1.0]);
    let refused = regression_loss(&predictions, &targets, Loss::Mse {}).expect_err("[2, 1] against [2]");
    assert!(refused.to_string().contains("[2, 1]") && refused.to_string().contains("[2]"), "{refused}");
}

#[test]
fn broadcast_shapes_hold_each_prediction_against_every_target() {
    let (predictions, targets) = ([0.2_f32, 0.7, 0.4, 0.4, 0.9, 0.1], [0.3_f32, 1.0, 0.5, 0.25, 0.0, 0.8]);
    let (p, y) = (Tensor::from_slice(&predictions).reshape([3, 2]), Tensor::from_slice(&targets).reshape([3, 2]));
    for loss in ALL {
        let mut wanted = 0.0;
        for output in 0..2 {
            for prediction in predictions.iter().skip(output).step_by(2) {
                for target in targets.iter().skip(output).step_by(2) {
                    wanted += value(&column(&[*prediction]), &column(&[*target]), loss) / 9.0;
                }
            }
        }
        if !matches!(loss, Loss::CrossEntropy {}) {
            wanted /= 2.0;
        }
        for shapes in [LossShapes::ColumnAgainstVector, LossShapes::RowAgainstColumn] {
            let found = loss_of_shapes(&p, &y, loss, shapes).expect("cpu").double_value(&[]);
            assert!((found / wanted - 1.0).abs() < 1e-5, "{loss:?} {shapes:?}: {found} is not {wanted}");
        }
        let equal = loss_of_shapes(&p, &y, loss, LossShapes::Equal).expect("cpu").double_value(&[]);
        assert_eq!(equal, value(&p, &y, loss));
    }
}

#[test]
fn a_broadcast_squared_error_is_the_variance_of_both_and_the_distance_of_their_means() {
    let predictions = column(&[1.0, 2.0, 6.0]).set_requires_grad(true);
    let targets = column(&[0.0, 4.0, 5.0]);
    let loss = loss_of_shapes(&predictions, &targets, Loss::Mse {}, LossShapes::ColumnAgainstVector).expect("cpu");
    let wanted = 14.0 / 3.0 + 14.0 / 3.0; // both means are 3
    assert!((loss.double_value(&[]) - wanted).abs() < 1e-5);
    // Every prediction is drawn to the mean of all targets: 2 / N (p - mean).
    let gradient = Tensor::f_run_backward(&[&loss], &[&predictions], false, false).expect("cpu");
    for (found, wanted) in memory::copied(&gradient[0]).expect("cpu").iter().zip([-4.0 / 3.0, -2.0 / 3.0, 2.0]) {
        assert!((found - wanted).abs() < 1e-5, "{found} is not {wanted}");
    }
}
