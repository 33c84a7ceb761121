//! Whether a learner predicts better than the constant, from errors on samples that neither had seen.

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::stats;

/// Gains below this share of the error are rounding: a learner that settled on the constant sums it up in another order,
/// and the difference is the same tiny number for every sample, which no test would call chance.
const ROUNDING: f64 = 1e-9;

/// One-sided p-value that the learner's expected squared error is below that of the constant, from the squared errors of
/// both on the same samples; 1 where they say nothing.
///
/// The learner's errors are cross-validated, the constant's are those of the mean of all samples, which no constant can
/// beat on them. With the means of the training folds instead, one rare large target would be a signal: each fold but its
/// own has a mean that it moved, and any learner that overlooks it gains on all other samples.
///
/// A gain is what a sample's error is less than under the constant. The samples of a
/// cross-validation are not independent, since each takes part in the training for the others, and the plain standard
/// error runs small (Bates, Hastie and Tibshirani 2023, "Cross-validation: what does it estimate and how well does it do
/// it?"). So the variance of the mean gain is taken as Nadeau and Bengio 2003, "Inference for the generalization error",
/// correct it: not `s^2 / n` but `s^2 / n * (1 + folds * test / training)`, which for 5 folds is 2.25 times as much.
///
/// Where few gains make up most of the variance, that variance is itself uncertain; the degrees of freedom are those
/// that its own variance has, `2 n / (kurtosis - 1)`, where that is less than `n - 1` (Satterthwaite 1946).
pub(super) fn p_value(constant: &[f64], learner: &[f64], folds: usize) -> f64 {
    let gains: Vec<f64> = constant.iter().zip(learner).map(|(constant, learner)| constant - learner).collect();
    let gains = &gains;
    let count = gains.len() as f64;
    let (Some(level), Some(mean), Some(variance)) = (stats::mean(constant), stats::mean(gains), stats::variance(gains))
    else {
        return 1.0;
    };
    if !(mean > ROUNDING * level && variance.is_finite() && folds > 1) {
        return 1.0;
    }
    if variance == 0.0 {
        // Every sample gains the same.
        return 0.0;
    }
    let unbiased = variance * count / (count - 1.0);
    let correction = 1.0 + folds as f64 / (folds as f64 - 1.0);
    let statistic = mean / (unbiased / count * correction).sqrt();
    let fourth = gains.iter().map(|gain| (gain - mean).powi(4)).sum::<f64>() / count;
    let kurtosis = fourth / (variance * variance);
    // The kurtosis is at least 1; where it is 1, all gains lie at the same distance from their mean.
    let freedom = (2.0 * count / (kurtosis - 1.0).max(1e-9)).min(count - 1.0).max(1.0);
    StudentsT::new(0.0, 1.0, freedom).map_or(1.0, |distribution| distribution.sf(statistic).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::references::draw::{Draw, Purpose};

    /// Gains of the given mean and spread 1, over errors of 1.
    fn p(mean: f64, count: usize) -> f64 {
        let mut draw = Draw::new(2, Purpose::Units);
        let gains: Vec<f64> = (0..count).map(|_| draw.normal()).collect();
        let (own, spread) = (stats::mean(&gains).expect("some"), stats::variance(&gains).expect("some").sqrt());
        let learner: Vec<f64> = gains.iter().map(|gain| 1.0 - mean - (gain - own) / spread).collect();
        p_value(&vec![1.0; count], &learner, 5)
    }

    #[test]
    fn a_gain_is_judged_with_the_corrected_error() {
        // t = mean / sqrt(2.25 / (n - 1)) is 1.96 here, and with so many samples t is nearly normal.
        let count = 10_000;
        let found = p(1.96 * 1.5 / (count as f64 - 1.0).sqrt(), count);
        assert!((found - 0.025).abs() < 1e-4, "{found}");
        assert!(p(0.0, 100) > 0.49 && p(-0.5, 100) > 0.5);
    }

    #[test]
    fn a_few_large_gains_prove_little() {
        let few: Vec<f64> = (0..1000).map(|sample| if sample < 5 { 1.0 } else { 0.0 }).collect();
        let constant = vec![1.0; 1000];
        let learner: Vec<f64> = constant.iter().zip(&few).map(|(error, gain)| error - gain).collect();
        let found = p_value(&constant, &learner, 5);
        assert!(found > 0.05, "{found}");
    }

    #[test]
    fn what_says_nothing_is_1_and_what_is_certain_is_0() {
        assert_eq!(p_value(&[], &[], 5), 1.0);
        assert_eq!(p_value(&[f64::NAN, 1.0], &[0.0, 0.0], 5), 1.0);
        assert_eq!(p_value(&[1.0, 2.0], &[1.0 - 1e-15, 2.0 - 1e-15], 5), 1.0);
        assert_eq!(p_value(&[1.0; 9], &[0.5; 9], 5), 0.0);
    }
}
