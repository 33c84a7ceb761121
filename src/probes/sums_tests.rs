//! The reductions against plain loops.

use proptest::prelude::*;

use super::*;

/// The second implementation: two plain passes in `f64`.
fn mean_and_std(values: &[f32]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / count;
    let variance = values.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / count;
    (mean, variance.sqrt())
}

proptest! {
    #[test]
    fn activation_sums_equal_two_plain_passes(
        values in proptest::collection::vec(prop_oneof![Just(0.0_f32), -3.0_f32..3.0], 24..3000),
    ) {
        let units = 4;
        let values = &values[..values.len() / 8 * 8];
        let mut sums = ActivationSums::new(Some(units), 2, true);
        // In two parts, as batches come.
        let (first, second) = values.split_at(values.len() / 16 * 8);
        sums.add(first, Some((-2.0, 2.0)));
        sums.add(second, Some((-2.0, 2.0)));
        let (mean, std) = mean_and_std(values);
        // f32 sums of 1024 values of size 3 are right to about 1e-6 each.
        prop_assert!((sums.mean() - mean).abs() < 1e-5);
        prop_assert!((sums.std() - std).abs() < 1e-5);
        let zeros = values.iter().filter(|&&v| v == 0.0).count();
        prop_assert_eq!(sums.zero_fraction(), zeros as f64 / values.len() as f64);
        let flat = values.iter().filter(|&&v| !(-2.0..=2.0).contains(&v)).count();
        prop_assert_eq!(sums.saturation(), Some(flat as f64 / values.len() as f64));
        for unit in 0..units {
            let fires = values.chunks(8).any(|sample| sample[unit * 2..unit * 2 + 2].iter().any(|&v| v != 0.0));
            prop_assert_eq!(sums.alive()[unit], fires);
        }
    }

    #[test]
    fn output_sums_equal_two_plain_passes(
        rows in proptest::collection::vec((-2.0_f32..2.0, -2.0_f32..2.0), 2..200), offset in -1e3_f32..1e3,
    ) {
        let predictions: Vec<f32> = rows.iter().map(|row| row.0 + offset).collect();
        let targets: Vec<f32> = rows.iter().map(|row| row.1 + offset).collect();
        let sums = OutputSums::of_rows(&predictions, &targets, 1)[0];
        let ((mean, std), (target_mean, target_std)) = (mean_and_std(&predictions), mean_and_std(&targets));
        let count = rows.len() as f64;
        let covariance = predictions.iter().zip(&targets)
            .map(|(&p, &t)| (f64::from(p) - mean) * (f64::from(t) - target_mean)).sum::<f64>() / count;
        prop_assert!((sums.prediction_mean() - mean).abs() < 1e-9);
        prop_assert!((sums.prediction_variance().sqrt() - std).abs() < 1e-7);
        prop_assert!((sums.target_variance().sqrt() - target_std).abs() < 1e-7);
        prop_assert!((sums.covariance() - covariance).abs() < 1e-9);
    }

    #[test]
    fn squares_equal_a_plain_sum(values in proptest::collection::vec(prop_oneof![Just(0.0_f32), -1e3_f32..1e3], 0..5000)) {
        let (squares, zeros) = squares_and_zeros(&values);
        let plain: f64 = values.iter().map(|&v| f64::from(v) * f64::from(v)).sum();
        prop_assert!((squares - plain).abs() <= 1e-5 * plain);
        prop_assert_eq!(zeros as usize, values.iter().filter(|&&v| v == 0.0).count());
    }
}

#[test]
fn squares_survive_what_f32_cannot_hold() {
    let (huge, _) = squares_and_zeros(&[1e25, 1e25]);
    assert!((huge / 2e50 - 1.0).abs() < 1e-6, "{huge}");
    let (tiny, zeros) = squares_and_zeros(&[1e-30, 0.0]);
    assert!(tiny > 0.0 && zeros == 1, "a gradient of 1e-30 is small, not zero: {tiny}");
    assert_eq!(squares_and_zeros(&[0.0; 40]), (0.0, 40));
    assert!(squares_and_zeros(&[f32::NAN, 1.0]).0.is_nan());
    assert_eq!(squares_and_zeros(&[f32::INFINITY, 1.0]).0, f64::INFINITY);
    assert_eq!(squares_and_zeros(&[]), (0.0, 0));
}

#[test]
fn equal_values_have_exactly_no_variance() {
    let mut sums = ActivationSums::new(Some(3), 1, false);
    sums.add(&[0.1; 999], None);
    assert_eq!(sums.std(), 0.0);
    assert_eq!(sums.saturation(), None);
    let outputs = OutputSums::of_rows(&[0.1; 999], &[0.3; 999], 1)[0];
    assert_eq!((outputs.prediction_variance(), outputs.target_variance()), (0.0, 0.0));
}

#[test]
fn a_broken_unit_is_not_dead_and_its_nan_is_seen() {
    let mut sums = ActivationSums::new(Some(2), 1, false);
    sums.add(&[0.0, f32::NAN, 0.0, 0.0], None);
    assert_eq!(sums.alive(), [false, true]);
    assert!(sums.mean().is_nan() && sums.std().is_nan());
}

#[test]
fn a_layer_that_hands_its_input_on_repeats_its_sums_and_watches_no_unit() {
    let mut first = ActivationSums::new(Some(2), 2, false);
    first.add(&[1.0, 0.0, 0.0, 0.0, 2.0, 5.0, 0.0, 0.0], None);
    let (mut repeated, mut added) = (ActivationSums::new(None, 1, false), ActivationSums::new(None, 1, false));
    repeated.repeat(&first);
    added.add(&[1.0, 0.0, 0.0, 0.0, 2.0, 5.0, 0.0, 0.0], None);
    assert_eq!(repeated, added);
    assert_eq!((first.dead_fraction(), repeated.dead_fraction()), (Some(0.5), None));
}
