//! Intervals over samples: the paired percentile bootstrap.
//!
//! Pairs of target and prediction are drawn with replacement, as many as there are, [`RESAMPLES`] times; each statistic
//! is taken anew each time, and its interval lies between the 2.5 % and 97.5 % quantiles. No shape of distribution is
//! assumed, and numerator and denominator of a ratio move together because pairs are drawn, not numbers.
//!
//! The pairs are put in an order of their own first, by distance of the target to its mean and then by error. So the
//! interval depends on the set of samples alone, and neither on their order nor on the unit of the target.
//!
//! Source: Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter 13.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

use super::{calibration_slope, correlation, mean, skill, spread, variance};
use crate::stats::Estimate;

/// Number of resamples: the source's chapter 19 asks for 500 or more where percentiles are read off.
pub const RESAMPLES: usize = 500;

/// Point estimates with their intervals; each is absent where it is undefined.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Intervals {
    /// `1 - MSE / Var(target)`.
    pub skill: Option<Estimate>,
    /// `std(prediction) / std(target)`.
    pub spread: Option<Estimate>,
    /// Pearson correlation.
    pub correlation: Option<Estimate>,
    /// Slope of the target on the prediction.
    pub slope: Option<Estimate>,
}

/// All intervals of one output; absent where a number is not finite or the lengths differ.
///
/// Resamples in which a statistic is undefined (all drawn targets alike) are left out of its interval; where more than
/// half are, the statistic is absent, since such an interval would describe the lucky resamples only.
pub fn intervals(targets: &[f64], predictions: &[f64], seed: u64) -> Intervals {
    let usable = targets.len() == predictions.len() && targets.iter().chain(predictions).all(|value| value.is_finite());
    let (Some(target_mean), Some(prediction_mean), true) = (mean(targets), mean(predictions), usable) else {
        return Intervals::default();
    };
    let flat = variance(predictions) == Some(0.0);
    let mut pairs: Vec<Deviation> = targets
        .iter()
        .zip(predictions)
        .map(|(target, prediction)| Deviation {
            target: target - target_mean,
            // Rounding in the mean must not give equal predictions a spread.
            prediction: if flat { 0.0 } else { prediction - prediction_mean },
            squared_error: (target - prediction) * (target - prediction),
        })
        .collect();
    pairs.sort_by(|left, right| {
        let by_target = left.target.abs().total_cmp(&right.target.abs());
        by_target.then(left.squared_error.total_cmp(&right.squared_error))
    });

    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut drawn: [Vec<f64>; 4] = Default::default();
    for _ in 0..RESAMPLES {
        let statistics = Sums::of_resample(&pairs, &mut random).statistics();
        for (values, statistic) in drawn.iter_mut().zip(statistics) {
            values.extend(statistic.filter(|value| value.is_finite()));
        }
    }
    let [skills, spreads, correlations, slopes] = drawn;
    Intervals {
        skill: estimate(skill(targets, predictions), skills),
        spread: estimate(spread(targets, predictions), spreads),
        correlation: estimate(correlation(targets, predictions), correlations),
        slope: estimate(calibration_slope(targets, predictions), slopes),
    }
}

/// One sample, as differences to the means of the whole set: small numbers, so that one pass of sums is exact enough.
#[derive(Clone, Copy)]
struct Deviation {
    target: f64,
    prediction: f64,
    squared_error: f64,
}

/// Sums over one resample.
#[derive(Default)]
struct Sums {
    count: f64,
    target: f64,
    prediction: f64,
    target_squares: f64,
    prediction_squares: f64,
    products: f64,
    squared_errors: f64,
}

impl Sums {
    fn of_resample(pairs: &[Deviation], random: &mut ChaCha8Rng) -> Self {
        let mut sums = Self { count: pairs.len() as f64, ..Self::default() };
        for _ in pairs {
            // The upper half of a product maps 32 random bits onto 0..n; its bias is n / 2^32, below 1e-6 for any
            // probe set. OK to index because the result is below n.
            let index = (u64::from(random.next_u32()) * pairs.len() as u64) >> 32;
            let Deviation { target, prediction, squared_error } = pairs[index as usize];
            sums.target += target;
            sums.prediction += prediction;
            sums.target_squares += target * target;
            sums.prediction_squares += prediction * prediction;
            sums.products += target * prediction;
            sums.squared_errors += squared_error;
        }
        sums
    }

    /// Skill, spread, correlation and slope, in this order.
    fn statistics(&self) -> [Option<f64>; 4] {
        // A variance of a resample that is below this share of its mean square is rounding: all draws were alike.
        const ROUNDING: f64 = 1e-12;
        let variance_of = |squares: f64, sum: f64| {
            let mean_square = squares / self.count;
            let variance = mean_square - (sum / self.count).powi(2);
            if variance > ROUNDING * mean_square { variance } else { 0.0 }
        };
        let target_var = variance_of(self.target_squares, self.target);
        let prediction_var = variance_of(self.prediction_squares, self.prediction);
        let covariance = self.products / self.count - self.target * self.prediction / (self.count * self.count);
        let target_varies = target_var > 0.0;
        let prediction_varies = prediction_var > 0.0;
        [
            target_varies.then(|| 1.0 - self.squared_errors / self.count / target_var),
            target_varies.then(|| (prediction_var / target_var).sqrt()),
            (target_varies && prediction_varies).then(|| covariance / (target_var * prediction_var).sqrt()),
            prediction_varies.then(|| covariance / prediction_var),
        ]
    }
}

/// The point with the 2.5 % and 97.5 % quantiles of the resamples.
fn estimate(point: Option<f64>, mut drawn: Vec<f64>) -> Option<Estimate> {
    let value = point.filter(|value| value.is_finite())?;
    if drawn.len() * 2 < RESAMPLES {
        return None;
    }
    drawn.sort_by(f64::total_cmp);
    let quantile = |share: f64| drawn[((drawn.len() - 1) as f64 * share).round() as usize];
    // The percentile interval of a biased statistic may miss the point; a reader would take that for a mistake.
    Some(Estimate { value, low: quantile(0.025).min(value), high: quantile(0.975).max(value) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(count: usize) -> (Vec<f64>, Vec<f64>) {
        let targets: Vec<f64> = (0..count).map(|i| (i as f64 * 0.37).sin() * 3.0 + 1.0).collect();
        let predictions = targets.iter().enumerate().map(|(i, t)| t * 0.8 + (i as f64 * 1.7).cos()).collect();
        (targets, predictions)
    }

    #[test]
    fn agrees_with_statistics_taken_on_each_resample_in_full() {
        // Second implementation: the same draws, but each resample is built and handed to the two-pass statistics.
        let (targets, predictions) = wave(60);
        let centre = mean(&targets).expect("defined");
        let mut pairs: Vec<(f64, f64)> = targets.iter().copied().zip(predictions.iter().copied()).collect();
        pairs.sort_by(|a, b| {
            let by_target = (a.0 - centre).abs().total_cmp(&(b.0 - centre).abs());
            by_target.then((a.0 - a.1).powi(2).total_cmp(&(b.0 - b.1).powi(2)))
        });
        let mut random = ChaCha8Rng::seed_from_u64(7);
        let mut naive: [Vec<f64>; 4] = Default::default();
        for _ in 0..RESAMPLES {
            let drawn: Vec<(f64, f64)> =
                (0..60).map(|_| pairs[((u64::from(random.next_u32()) * 60) >> 32) as usize]).collect();
            let (t, p): (Vec<f64>, Vec<f64>) = drawn.into_iter().unzip();
            naive[0].push(skill(&t, &p).expect("defined"));
            naive[1].push(spread(&t, &p).expect("defined"));
            naive[2].push(correlation(&t, &p).expect("defined"));
            naive[3].push(calibration_slope(&t, &p).expect("defined"));
        }
        let found = intervals(&targets, &predictions, 7);
        for (values, estimate) in naive.iter_mut().zip([found.skill, found.spread, found.correlation, found.slope]) {
            values.sort_by(f64::total_cmp);
            let estimate = estimate.expect("defined");
            // Only the order of summation differs.
            assert!((estimate.low - values[12]).abs() < 1e-9, "{estimate:?} {}", values[12]);
            assert!((estimate.high - values[487]).abs() < 1e-9, "{estimate:?} {}", values[487]);
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_and_the_order_does_not_matter() {
        let (targets, predictions) = wave(50);
        let first = intervals(&targets, &predictions, 1);
        assert_eq!(first, intervals(&targets, &predictions, 1));
        assert_ne!(first, intervals(&targets, &predictions, 2));
        let (mut turned_targets, mut turned) = (targets, predictions);
        turned_targets.reverse();
        turned.reverse();
        let reversed = intervals(&turned_targets, &turned, 1);
        let (left, right) = (first.skill.expect("defined"), reversed.skill.expect("defined"));
        // The mean is summed in another order, which moves it by a few units in the last place.
        assert!((left.low - right.low).abs() < 1e-9 && (left.high - right.high).abs() < 1e-9);
    }

    #[test]
    fn covers_the_truth_about_as_often_as_it_says() {
        // Calibrated noise: prediction u, target u + e with equal variances, so that the true skill is 1/2.
        let mut random = ChaCha8Rng::seed_from_u64(3);
        let mut normal = move || (0..12).map(|_| f64::from(random.next_u32()) / 4294967296.0).sum::<f64>() - 6.0;
        let mut covered = 0;
        for round in 0..100 {
            let predictions: Vec<f64> = (0..200).map(|_| normal()).collect();
            let targets: Vec<f64> = predictions.iter().map(|prediction| prediction + normal()).collect();
            let skill = intervals(&targets, &predictions, round).skill.expect("defined");
            covered += u32::from(skill.low <= 0.5 && 0.5 <= skill.high);
        }
        // 95 expected, standard deviation 2.2; percentile intervals are known to run a little short.
        assert!((86..=100).contains(&covered), "{covered} of 100");
    }

    #[test]
    fn a_flat_line_has_a_spread_of_exactly_zero_and_never_a_positive_skill() {
        let (targets, _) = wave(40);
        let flat = vec![0.1; 40];
        let found = intervals(&targets, &flat, 0);
        assert_eq!(found.spread, Some(Estimate { value: 0.0, low: 0.0, high: 0.0 }));
        assert!(found.skill.expect("defined").high <= 0.0);
        assert_eq!(found.correlation, None);
        assert_eq!(found.slope, None);
    }

    #[test]
    fn what_cannot_be_estimated_is_absent() {
        assert_eq!(intervals(&[], &[], 0), Intervals::default());
        assert_eq!(intervals(&[1.0, 2.0], &[1.0, f64::NAN], 0), Intervals::default());
        assert_eq!(intervals(&[1.0, 2.0], &[1.0], 0), Intervals::default());
        assert_eq!(intervals(&[1.0, 1.0, 1.0], &[1.0, 2.0, 3.0], 0).skill, None);
        // A single sample draws only itself: no resample has a variance.
        assert_eq!(intervals(&[1.0], &[2.0], 0).skill, None);
    }
}
