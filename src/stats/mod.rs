//! Statistics of predictions against targets, in `f64` and in two passes.
//!
//! What this tool measures is the spread of nearly equal numbers, so the mean is taken first and only differences to it
//! are squared: the textbook one-pass formula would answer with rounding. Numbers that are equal to the bit have a
//! variance of exactly 0, and what is undefined for them (a correlation, a slope) is absent instead of 0 or NaN.
//! NaN and infinities are carried on, never dropped; [`count_non_finite`] counts them for those who must act on it.

mod bootstrap;
mod fisher;
mod jeffreys;

pub use bootstrap::{Intervals, RESAMPLES, intervals};
pub use fisher::fisher_one_sided;
pub use jeffreys::jeffreys;

use serde::{Deserialize, Serialize};

/// A number with its interval; non-finite numbers never get here.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Estimate {
    /// Point estimate.
    pub value: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end of the 95 % interval.
    pub high: f64,
}

impl Estimate {
    /// Whether it lies above zero by twice the half width of its interval: about four standard errors, so that the best of
    /// some hundred estimates does not by chance.
    pub fn is_surely_positive(&self) -> bool {
        self.value - 2.0 * (self.value - self.low) > 0.0
    }
}

/// Arithmetic mean. Absent for no numbers.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Population variance (ddof 0). Exactly 0 for equal numbers. Absent for no numbers.
pub fn variance(values: &[f64]) -> Option<f64> {
    let centre = mean(values)?;
    // Rounding in the mean would leave a variance of about 1e-32 times the square of the level: not constant to the eye
    // of a caller that divides by it.
    if values.iter().all(|value| value == &values[0]) {
        return Some(if centre.is_finite() { 0.0 } else { f64::NAN });
    }
    mean(&values.iter().map(|value| (value - centre) * (value - centre)).collect::<Vec<_>>())
}

/// Median; the mean of the middle two for an even count. Absent for no numbers; NaN where one is NaN.
pub fn median(values: &[f64]) -> Option<f64> {
    if values.iter().any(|value| value.is_nan()) {
        return Some(f64::NAN);
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    // OK because an even count that has an element at half its length is at least 2.
    let lower = sorted[sorted.len() / 2 - 1];
    Some(lower + (upper - lower) / 2.0)
}

/// Number of values that are NaN or infinite.
pub fn count_non_finite(values: &[f64]) -> usize {
    values.iter().filter(|value| !value.is_finite()).count()
}

/// `1 - MSE / Var(target)`: 0 is the mean predictor, 1 is perfect. Absent where the target is constant.
pub fn skill(targets: &[f64], predictions: &[f64]) -> Option<f64> {
    let squares = pairs(targets, predictions)?.map(|(target, prediction)| (target - prediction).powi(2));
    let mse = mean(&squares.collect::<Vec<_>>())?;
    divided(mse, variance(targets)?).map(|unexplained| 1.0 - unexplained)
}

/// `std(prediction) / std(target)`. Absent where the target is constant.
pub fn spread(targets: &[f64], predictions: &[f64]) -> Option<f64> {
    if targets.len() != predictions.len() {
        return None;
    }
    divided(variance(predictions)?, variance(targets)?).map(f64::sqrt)
}

/// Pearson correlation. Absent where targets or predictions are equal to the bit.
pub fn correlation(targets: &[f64], predictions: &[f64]) -> Option<f64> {
    let product = variance(targets)?.sqrt() * variance(predictions)?.sqrt();
    // Rounding may carry a perfect correlation a few units in the last place beyond 1; a NaN stays a NaN.
    divided(covariance(targets, predictions)?, product).map(|value| value.clamp(-1.0, 1.0))
}

/// Slope of the least-squares line of the target on the prediction: 1 is calibrated, far above 1 is shrunk. Absent
/// where the predictions are equal to the bit.
pub fn calibration_slope(targets: &[f64], predictions: &[f64]) -> Option<f64> {
    divided(covariance(targets, predictions)?, variance(predictions)?)
}

/// Mean product of deviations (ddof 0).
fn covariance(targets: &[f64], predictions: &[f64]) -> Option<f64> {
    let (target_mean, prediction_mean) = (mean(targets)?, mean(predictions)?);
    let products = pairs(targets, predictions)?
        .map(|(target, prediction)| (target - target_mean) * (prediction - prediction_mean));
    mean(&products.collect::<Vec<_>>())
}

/// Both side by side; absent where they are not of the same length, rather than cut to the shorter one.
fn pairs<'a>(targets: &'a [f64], predictions: &'a [f64]) -> Option<impl Iterator<Item = (f64, f64)> + 'a> {
    (targets.len() == predictions.len()).then(|| targets.iter().copied().zip(predictions.iter().copied()))
}

/// The quotient; absent where it would divide by an exact zero.
fn divided(numerator: f64, denominator: f64) -> Option<f64> {
    (denominator != 0.0).then(|| numerator / denominator)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Second implementations: Welford's recurrences and sums over all pairs, which share no line with the above.
    mod naive {
        pub fn variance(values: &[f64]) -> f64 {
            let (mut centre, mut squares) = (0.0, 0.0);
            for (index, value) in values.iter().enumerate() {
                let before = value - centre;
                centre += before / (index + 1) as f64;
                squares += before * (value - centre);
            }
            squares / values.len() as f64
        }

        /// Half the mean product of differences over all ordered pairs of samples.
        pub fn covariance(left: &[f64], right: &[f64]) -> f64 {
            let mut sum = 0.0;
            for i in 0..left.len() {
                for j in 0..left.len() {
                    sum += (left[i] - left[j]) * (right[i] - right[j]);
                }
            }
            sum / 2.0 / (left.len() * left.len()) as f64
        }
    }

    fn close(left: f64, right: f64) -> bool {
        // Both are sums of at most 40 products of numbers below 1e3 in f64: 1e-9 is far above their rounding.
        (left - right).abs() <= 1e-9 * (1.0 + left.abs().max(right.abs()))
    }

    proptest! {
        #[test]
        fn agrees_with_a_second_implementation(
            pairs in prop::collection::vec((-100.0..100.0f64, -100.0..100.0f64), 3..40)
        ) {
            let (targets, predictions): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
            let (target_var, prediction_var) = (naive::variance(&targets), naive::variance(&predictions));
            prop_assume!(target_var > 1e-3 && prediction_var > 1e-3);
            let covariance = naive::covariance(&targets, &predictions);
            let residuals: Vec<f64> = targets.iter().zip(&predictions).map(|(t, p)| t - p).collect();
            let offset = residuals.iter().sum::<f64>() / residuals.len() as f64;
            let mse = naive::variance(&residuals) + offset * offset;
            prop_assert!(close(variance(&targets).expect("defined"), target_var));
            prop_assert!(close(skill(&targets, &predictions).expect("defined"), 1.0 - mse / target_var));
            prop_assert!(close(spread(&targets, &predictions).expect("defined"), (prediction_var / target_var).sqrt()));
            let corr = correlation(&targets, &predictions).expect("defined");
            prop_assert!(close(corr, covariance / (target_var * prediction_var).sqrt()));
            prop_assert!(close(calibration_slope(&targets, &predictions).expect("defined"), covariance / prediction_var));
        }

        #[test]
        fn the_median_has_as_many_below_as_above(values in prop::collection::vec(-1e3..1e3f64, 1..40)) {
            let middle = median(&values).expect("defined");
            let below = values.iter().filter(|value| **value < middle).count();
            let above = values.iter().filter(|value| **value > middle).count();
            prop_assert!(below <= values.len() / 2 && above <= values.len() / 2);
        }
    }

    #[test]
    fn constants_to_the_bit_have_no_variance_and_no_correlation() {
        // 0.1 has no exact binary form: a mean of seven of them is not 0.1, which the two passes alone would square.
        let flat = [0.1; 7];
        let targets = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
        assert_eq!(variance(&flat), Some(0.0));
        assert_eq!(spread(&targets, &flat), Some(0.0));
        assert_eq!(correlation(&targets, &flat), None);
        assert_eq!(calibration_slope(&targets, &flat), None);
        assert_eq!(skill(&flat, &targets), None);
    }

    #[test]
    fn a_small_spread_on_a_high_level_survives() {
        let level = 1e8;
        let predictions = [level + 1.0, level - 1.0, level + 1.0, level - 1.0];
        assert_eq!(variance(&predictions), Some(1.0));
    }

    #[test]
    fn nan_is_carried_on_and_counted() {
        let predictions = [1.0, f64::NAN, f64::INFINITY];
        let targets = [1.0, 2.0, 3.0];
        assert_eq!(count_non_finite(&predictions), 2);
        assert!(mean(&predictions).expect("defined").is_nan());
        assert!(median(&predictions).expect("defined").is_nan());
        assert!(skill(&targets, &predictions).expect("defined").is_nan());
        assert!(correlation(&targets, &predictions).expect("defined").is_nan());
        assert!(variance(&[f64::NAN]).expect("defined").is_nan());
    }

    #[test]
    fn nothing_gives_nothing_and_lengths_must_agree() {
        assert_eq!(mean(&[]), None);
        assert_eq!(variance(&[]), None);
        assert_eq!(median(&[]), None);
        assert_eq!(skill(&[1.0, 2.0], &[1.0]), None);
        assert_eq!(spread(&[1.0, 2.0], &[1.0]), None);
    }
}
