//! Intervals of the skill of many outputs at once.
//!
//! The paired percentile bootstrap of [`crate::stats::intervals`], with the same number of resamples and the same
//! quantiles. A resample is how often each sample is drawn, so its sums are products of a matrix; all outputs and learners
//! share the resamples. For 200 outputs and 5 learners that takes a fraction of a second instead of many.

use nalgebra::DMatrix;

use super::draw::{Draw, Purpose};
use crate::stats::{Estimate, RESAMPLES};

/// Samples of some outputs, and how often each is in each resample.
pub(super) struct Resamples {
    /// `[RESAMPLES, samples]`.
    times: DMatrix<f64>,
    /// `[samples, outputs]`, less their means.
    targets: DMatrix<f64>,
    /// Variance of each output in each resample; 0 where it is rounding.
    variances: DMatrix<f64>,
}

impl Resamples {
    /// Draws them for `targets`, `[samples, outputs]`.
    pub fn new(targets: &DMatrix<f64>, seed: u64) -> Self {
        let samples = targets.nrows();
        let mut draw = Draw::new(seed, Purpose::Resamples);
        let mut times = DMatrix::zeros(RESAMPLES, samples);
        for resample in 0..RESAMPLES {
            for _ in 0..samples {
                times[(resample, draw.below(samples))] += 1.0;
            }
        }
        let mut targets = targets.clone();
        for mut column in targets.column_iter_mut() {
            let mean = column.sum() / samples.max(1) as f64;
            column.add_scalar_mut(-mean);
        }
        let count = samples.max(1) as f64;
        let means = &times * &targets / count;
        let mut variances = &times * targets.map(|target| target * target) / count;
        variances.zip_apply(&means, |variance, mean| {
            // As in `stats`: a variance below this share of the mean square is rounding, all draws were alike.
            const ROUNDING: f64 = 1e-12;
            let square = *variance;
            *variance = square - mean * mean;
            if *variance <= ROUNDING * square {
                *variance = 0.0;
            }
        });
        Self { times, targets, variances }
    }

    /// Skill of each output, from its squared errors `[samples, outputs]`; absent for a constant target and where a
    /// number is not finite.
    pub fn skills(&self, squared_errors: &DMatrix<f64>) -> Vec<Option<Estimate>> {
        let count = self.targets.nrows() as f64;
        if self.targets.nrows() == 0 {
            return vec![None; squared_errors.ncols()];
        }
        let drawn = &self.times * squared_errors / count;
        let of_output = |output: usize| {
            let column = self.targets.column(output);
            let (low, high) = (column.min(), column.max());
            // By the range: rounding in the mean would leave a constant a spread.
            if low == high {
                return None;
            }
            let value = 1.0 - squared_errors.column(output).sum() / column.norm_squared();
            let (errors, variances) = (drawn.column(output), self.variances.column(output));
            let mut skills: Vec<f64> = Vec::with_capacity(RESAMPLES);
            for (error, variance) in errors.iter().zip(variances.iter()).filter(|(_, variance)| **variance > 0.0) {
                skills.extend(Some(1.0 - error / variance).filter(|skill| skill.is_finite()));
            }
            if !value.is_finite() || skills.len() * 2 < RESAMPLES {
                return None;
            }
            skills.sort_unstable_by(f64::total_cmp);
            let quantile = |share: f64| skills[((skills.len() - 1) as f64 * share).round() as usize];
            Some(Estimate { value, low: quantile(0.025).min(value), high: quantile(0.975).max(value) })
        };
        (0..squared_errors.ncols()).map(of_output).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats;

    #[test]
    fn agrees_with_the_bootstrap_of_one_output() {
        let mut draw = Draw::new(5, Purpose::Units);
        let targets = DMatrix::from_fn(300, 3, |_, output| draw.normal() + 10.0 * output as f64);
        let predictions = targets.map(|target| 0.3 * target + draw.normal() * 0.5);
        let errors = (&predictions - &targets).map(|error| error * error);
        let found = Resamples::new(&targets, 1).skills(&errors);
        for output in 0..3 {
            let column = |values: &DMatrix<f64>| values.column(output).iter().copied().collect::<Vec<f64>>();
            let wanted = stats::intervals(&column(&targets), &column(&predictions), 1).skill.expect("defined");
            let found = found[output].expect("defined");
            assert!((found.value - wanted.value).abs() < 1e-9 * (1.0 + wanted.value.abs()));
            // Ends of 500 resamples: the 2.5 % quantile has a standard error of a tenth of the interval.
            let width = wanted.high - wanted.low;
            assert!((found.low - wanted.low).abs() < 0.3 * width, "{found:?} {wanted:?}");
            assert!((found.high - wanted.high).abs() < 0.3 * width, "{found:?} {wanted:?}");
        }
    }

    #[test]
    fn what_is_undefined_is_absent() {
        let skills = |targets: &[f64], errors: &[f64]| {
            let column = |values: &[f64]| DMatrix::from_column_slice(values.len(), 1, values);
            Resamples::new(&column(targets), 0).skills(&column(errors))[0]
        };
        assert_eq!(skills(&[0.1; 7], &[0.0; 7]), None);
        assert_eq!(skills(&[], &[]), None);
        assert_eq!(skills(&[1.0, f64::NAN, 2.0], &[0.0; 3]), None);
        assert_eq!(skills(&[1.0, 2.0, 3.0], &[f64::INFINITY, 0.0, 0.0]), None);
        assert_eq!(skills(&[1.0, 2.0, 3.0, 4.0], &[0.0; 4]).map(|skill| skill.value), Some(1.0));
    }
}
