//! Whether a learner predicts better than the constant, from errors on samples that neither had seen.

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::stats;

/// One-sided p-value that the expected `gains` are above 0; 1 where they say nothing.
///
/// A gain is what a sample's squared error under the constant is above that under the learner. The samples of a
/// cross-validation are not independent, since each takes part in the training for the others, and the plain standard
/// error runs small (Bates, Hastie and Tibshirani 2023, "Cross-validation: what does it estimate and how well does it do
/// it?"). So the variance of the mean gain is taken as Nadeau and Bengio 2003, "Inference for the generalization error",
/// correct it: not `s^2 / n` but `s^2 / n * (1 + folds * test / training)`, which for 5 folds is 2.25 times as much.
///
/// Where few gains make up most of the variance, that variance is itself uncertain; the degrees of freedom are those
/// that its own variance has, `2 n / (kurtosis - 1)`, where that is less than `n - 1` (Satterthwaite 1946).
pub(super) fn p_value(gains: &[f64], folds: usize) -> f64 {
    let count = gains.len() as f64;
    let (Some(mean), Some(variance)) = (stats::mean(gains), stats::variance(gains)) else { return 1.0 };
    if !(mean > 0.0 && variance.is_finite() && folds > 1) {
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
