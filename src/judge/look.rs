//! One output's newest predictions on one split's probe set, with their statistics.

use super::{
    limits::{self, COLLAPSE_SPREAD},
    stats::{self, Intervals},
};
use crate::record::{ProbePredictions, Record, Split};

/// Seed of the resampling. Any fixed number does: same record, same diagnosis, to the last bit.
const BOOTSTRAP_SEED: u64 = 261_704;

/// One output's predictions at one look.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct OutputLook {
    /// Part of the data.
    pub split: Split,
    /// Epoch of the look; 0 is the untrained network.
    pub epoch: u32,
    /// Number of samples.
    pub samples: usize,
    /// Number of predictions that are NaN or infinite.
    pub non_finite: usize,
    /// Whether the targets are finite and differ by more than the rounding of `f32`.
    pub target_varies: bool,
    /// Skill, spread, correlation and slope; absent where the predictions are not finite.
    pub intervals: Intervals,
    /// Mean prediction, where all are finite.
    pub mean_prediction: Option<f64>,
    /// The one value of all predictions, where they are equal to the bit.
    pub single_value: Option<f64>,
    /// Share of the predictions that lie within a flat spread of their median; absent where one is not finite.
    pub same_fraction: Option<f64>,
    /// Whether predictions follow all but a few outlying targets: see [`limits::BULK_SPREAD`].
    pub follows_bulk: bool,
    /// Share of the targets that lie farther from the median prediction than their own prediction does, on its side.
    pub outward_fraction: Option<f64>,
}

impl OutputLook {
    /// The newest look at one output (by index) of the *trained* network; absent where there is none.
    pub fn newest(record: &Record, split: Split, output: usize) -> Option<Self> {
        let look = record.last_predictions(split).filter(|look| look.epoch > 0)?;
        let (targets, predictions) = columns(look, record.run.data.targets.len(), output)?;
        Some(Self::new(look.split, look.epoch, &targets, &predictions))
    }

    /// Statistics of one output's numbers.
    fn new(split: Split, epoch: u32, targets: &[f64], predictions: &[f64]) -> Self {
        let first = predictions.first().copied();
        let single_value = first.filter(|first| predictions.iter().all(|value| value == first));
        Self {
            split,
            epoch,
            samples: targets.len(),
            non_finite: stats::count_non_finite(predictions),
            target_varies: varies(targets),
            intervals: stats::intervals(targets, predictions, BOOTSTRAP_SEED),
            mean_prediction: stats::mean(predictions).filter(|mean| mean.is_finite()),
            single_value: single_value.filter(|value| value.is_finite()),
            same_fraction: same_fraction(targets, predictions),
            follows_bulk: follows_bulk(targets, predictions),
            outward_fraction: outward_fraction(targets, predictions),
        }
    }
}

/// Share of the predictions within [`COLLAPSE_SPREAD`] standard deviations of the target of their median.
fn same_fraction(targets: &[f64], predictions: &[f64]) -> Option<f64> {
    let (median, scale) = (stats::median(predictions)?, stats::variance(targets)?.sqrt());
    let finite = predictions.iter().all(|value| value.is_finite()) && scale.is_finite();
    let same = predictions.iter().filter(|value| (**value - median).abs() <= COLLAPSE_SPREAD * scale).count();
    finite.then(|| same as f64 / predictions.len() as f64)
}

/// One half where each prediction is the median of its targets, whatever their skew; 1 where all are too small.
fn outward_fraction(targets: &[f64], predictions: &[f64]) -> Option<f64> {
    let centre = stats::median(predictions).filter(|centre| centre.is_finite())?;
    let sides = targets.iter().zip(predictions).filter(|(_, prediction)| **prediction != centre);
    let outward: Vec<bool> =
        sides.map(|(target, prediction)| (target - prediction) * (prediction - centre).signum() > 0.0).collect();
    let count = outward.iter().filter(|outward| **outward).count();
    (!outward.is_empty()).then(|| count as f64 / outward.len() as f64)
}

/// Whether a few outliers make the targets' variance and the middle half of the predictions spreads like that of the
/// targets, in the same order (Spearman's rank
/// correlation, standard error `1 / sqrt(n - 1)`).
fn follows_bulk(targets: &[f64], predictions: &[f64]) -> bool {
    let (Some(target), Some(prediction)) = (middle_half(targets), middle_half(predictions)) else { return false };
    let Some(correlation) = stats::correlation(&ranks(targets), &ranks(predictions)) else { return false };
    let error = 1.0 / (targets.len() as f64 - 1.0).max(1.0).sqrt();
    let outliers = stats::variance(targets).is_some_and(|variance| target < limits::BULK_SHARE * variance.sqrt());
    target > 0.0
        && outliers
        && prediction >= limits::BULK_SPREAD * target
        && correlation - 2.0 * error >= limits::BULK_CORRELATION
}

/// Distance between the quartiles; absent for no numbers or one that is not finite.
fn middle_half(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |share: f64| sorted.get(((sorted.len().max(1) - 1) as f64 * share).round() as usize).copied();
    Some(at(0.75)? - at(0.25)?).filter(|range| range.is_finite())
}

/// Rank of each value, the mean rank for equal ones.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|one, other| values[*one].total_cmp(&values[*other]));
    let mut ranks = vec![0.0; values.len()];
    let mut begin = 0;
    for equal in order.chunk_by(|one, other| values[*one] == values[*other]) {
        let middle = begin as f64 + (equal.len() as f64 - 1.0) / 2.0;
        equal.iter().for_each(|place| ranks[*place] = middle);
        begin += equal.len();
    }
    ranks
}

/// Root mean square difference between the newest predictions of an output and those of the untrained network on the same
/// samples, in standard deviations of the targets; absent without both looks or with numbers that are not finite.
pub(super) fn moved_since_birth(record: &Record, split: Split, output: usize) -> Option<f64> {
    let outputs = record.run.data.targets.len();
    let now = record.last_predictions(split).filter(|look| look.epoch > 0)?;
    let born = record.probe.iter().find(|look| look.split == split && look.epoch == 0)?;
    let (targets, now) = columns(now, outputs, output)?;
    let (_, born) = columns(born, outputs, output).filter(|(_, born)| born.len() == now.len())?;
    let squares: Vec<f64> = now.iter().zip(&born).map(|(now, born)| (now - born) * (now - born)).collect();
    let moved = (stats::mean(&squares)? / stats::variance(&targets)?).sqrt();
    moved.is_finite().then_some(moved)
}

/// Targets and predictions of one output; absent where the look is empty or its two tables do not fit each other.
pub(super) fn columns(look: &ProbePredictions, outputs: usize, output: usize) -> Option<(Vec<f64>, Vec<f64>)> {
    let fits = look.targets.len() == look.predictions.len() && outputs > output && !look.targets.is_empty();
    let fits = fits && look.targets.len().is_multiple_of(outputs);
    let column = |table: &[f32]| table.iter().skip(output).step_by(outputs).map(|value| f64::from(*value)).collect();
    fits.then(|| (column(&look.targets), column(&look.predictions)))
}

/// Whether targets are finite and differ by more than `f32` can tell apart at their level.
fn varies(targets: &[f64]) -> bool {
    let level = targets.iter().fold(0.0, |level: f64, value| level.max(value.abs()));
    // Two steps of f32 at the level: a constant column that was scaled and stored may differ by one.
    let rounding = level * 2.0 * f64::from(f32::EPSILON);
    level.is_finite() && stats::variance(targets).is_some_and(|variance| variance.sqrt() > rounding)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(targets: &[f32], predictions: &[f32]) -> ProbePredictions {
        ProbePredictions {
            split: Split::Train,
            epoch: 1,
            samples: (0..targets.len() as u32).collect(),
            targets: targets.to_vec(),
            predictions: predictions.to_vec(),
        }
    }

    #[test]
    fn columns_are_taken_apart_by_output() {
        let both = look(&[1.0, 10.0, 2.0, 20.0], &[3.0, 30.0, 4.0, 40.0]);
        assert_eq!(columns(&both, 2, 1), Some((vec![10.0, 20.0], vec![30.0, 40.0])));
        assert_eq!(columns(&both, 2, 2), None);
        assert_eq!(columns(&both, 3, 0), None);
        assert_eq!(columns(&look(&[1.0], &[]), 1, 0), None);
        assert_eq!(columns(&look(&[], &[]), 1, 0), None);
        assert_eq!(columns(&both, 0, 0), None);
    }

    #[test]
    fn a_constant_target_is_told_from_a_narrow_one() {
        assert!(!varies(&[0.1; 5]));
        assert!(!varies(&[1000.0, 1000.0, f64::from(1000.0_f32.next_up())]));
        assert!(varies(&[1000.0, 1000.1, 1000.2]));
        assert!(!varies(&[1.0, f64::NAN]));
        assert!(!varies(&[]));
    }

    #[test]
    fn a_median_of_skewed_targets_has_as_many_on_either_side() {
        // Three fifths of the targets are s, the others 10 s: the median is s, and the mean far out.
        let s = |i: usize| ((i * 37) % 200) as f64 / 100.0 - 0.995;
        let targets: Vec<f64> =
            (0..200).map(|i| if i % 5 < 3 { s(i) - 1e-6 * (i % 2) as f64 } else { 10.0 * s(i) }).collect();
        let median: Vec<f64> = (0..200).map(s).collect();
        let small: Vec<f64> = median.iter().map(|value| 0.1 * value).collect();
        let outward = |predictions: &[f64]| outward_fraction(&targets, predictions).expect("they vary");
        assert!(outward(&median) < limits::OUTWARD_FRACTION, "{}", outward(&median));
        assert!(outward(&small) > 0.99);
        assert_eq!(outward_fraction(&targets, &[1.0; 200]), None);
    }

    #[test]
    fn equal_values_share_their_rank_and_outliers_do_not_hide_the_bulk() {
        assert_eq!(ranks(&[5.0, 1.0, 5.0, 3.0]), [2.5, 0.0, 2.5, 1.0]);
        let mut targets: Vec<f64> = (0..200).map(f64::from).collect();
        let predictions = targets.clone();
        targets[0] = 1e6;
        let found = OutputLook::new(Split::Train, 1, &targets, &predictions);
        assert!(found.follows_bulk && found.intervals.spread.expect("varies").value < 0.01);
        assert!(!OutputLook::new(Split::Train, 1, &targets, &[5.0; 200]).follows_bulk);
        let jitter: Vec<f64> = targets.iter().map(|target| 1e-3 * target).collect();
        assert!(!OutputLook::new(Split::Train, 1, &targets, &jitter).follows_bulk);
    }

    #[test]
    fn predictions_that_are_not_numbers_are_counted() {
        let found = OutputLook::new(Split::Train, 1, &[1.0, 2.0, 3.0], &[0.0, f64::NAN, f64::INFINITY]);
        assert_eq!((found.non_finite, found.mean_prediction, found.intervals), (2, None, Intervals::default()));
        let flat = OutputLook::new(Split::Train, 1, &[1.0, 2.0, 3.0], &[0.5; 3]);
        assert_eq!((flat.single_value, flat.non_finite), (Some(0.5), 0));
    }
}
