//! The sums without pairs against plain loops over all pairs.

use super::*;

const ALL: [Loss; 6] = [
    Loss::Mse {},
    Loss::Mae {},
    Loss::Huber { delta: 0.3 },
    Loss::Mape {},
    Loss::BinaryCrossEntropy {},
    Loss::CrossEntropy {},
];

/// Numbers that repeat, cross each other and lie at the ends of every clip.
fn columns() -> (Vec<f32>, Vec<f32>) {
    let predictions = (0..40).map(|i: i32| ((i * 7) % 11) as f32 / 10.0 - 0.05 * (i % 3) as f32).collect();
    let targets = (0..40).map(|i: i32| ((i * 5) % 9) as f32 / 8.0).collect();
    (predictions, targets)
}

fn plain_pairs(loss: Loss, predictions: &[f32], targets: &[f32], outputs: usize) -> f64 {
    let rows = predictions.len() / outputs;
    let mut total = 0.0;
    for output in 0..outputs {
        for i in 0..rows {
            for j in 0..rows {
                total += element(loss, predictions[i * outputs + output], targets[j * outputs + output]);
            }
        }
    }
    let mean = total / (rows * rows) as f64;
    if matches!(loss, Loss::CrossEntropy {}) { mean } else { mean / outputs as f64 }
}

#[test]
fn pairs_need_not_be_formed() {
    let (predictions, targets) = columns();
    for loss in ALL {
        for outputs in [1, 2, 4] {
            let wanted = plain_pairs(loss, &predictions, &targets, outputs);
            let found = paired(loss, &predictions, &targets, outputs);
            assert!((found / wanted - 1.0).abs() < 1e-12, "{loss:?} {outputs}: {found} is not {wanted}");
        }
        // Far from zero, where sums of squares would drown what is looked for.
        let far: Vec<f32> = predictions.iter().map(|p| p + 1000.0).collect();
        let wanted = plain_pairs(loss, &far, &far, 1);
        let found = paired(loss, &far, &far, 1);
        assert!((found - wanted).abs() <= 1e-9 * wanted.abs(), "{loss:?}: {found} is not {wanted}");
    }
}

#[test]
fn the_loss_of_own_targets_is_the_mean_of_its_elements() {
    let (predictions, targets) = ([0.25_f32, 0.75, 0.9, 0.1], [0.0_f32, 1.0, 1.0, 0.0]);
    let of = |loss| recomputed(loss, &predictions, &targets, 2);
    let near = |found: f64, wanted: f64| assert!((found - wanted).abs() < 1e-7, "{found} is not {wanted}");
    near(of(Loss::Mse {}), (0.0625 + 0.0625 + 0.01 + 0.01) / 4.0);
    near(of(Loss::Mae {}), (0.25 + 0.25 + 0.1 + 0.1) / 4.0);
    near(of(Loss::Huber { delta: 0.2 }), (0.2 * 0.15 * 2.0 + 0.01) / 4.0);
    near(of(Loss::BinaryCrossEntropy {}), -(2.0 * 0.75_f64.ln() + 2.0 * 0.9_f64.ln()) / 4.0);
    near(of(Loss::CrossEntropy {}), -(0.75_f64.ln() + 0.9_f64.ln()) / 2.0);
    near(element(Loss::Mape {}, 3.0, -2.0), 2.5);
    near(element(Loss::Mape {}, 1.0, 0.0) / 1e7, 1.0);
    assert!(element(Loss::BinaryCrossEntropy {}, 1.0, 0.0) < 16.2 && element(Loss::CrossEntropy {}, 0.0, 1.0) < 16.2);
}

#[test]
fn what_is_not_finite_stays_so() {
    for loss in ALL {
        assert!(recomputed(loss, &[0.5, f32::NAN], &[0.5, 0.5], 1).is_nan(), "{loss:?}");
        assert!(paired(loss, &[0.5, f32::NAN], &[0.5, 0.5], 1).is_nan(), "{loss:?}");
    }
    for loss in &ALL[..4] {
        for infinite in [f32::INFINITY, f32::NEG_INFINITY] {
            assert_eq!(paired(*loss, &[0.5, infinite], &[0.5, 0.25], 1), f64::INFINITY, "{loss:?}");
        }
    }
    assert_eq!(paired(Loss::Mae {}, &[0.5], &[f32::INFINITY], 1), f64::INFINITY);
}
