//! One output's newest predictions on one split's probe set, with their statistics.

use super::stats::{self, Intervals};
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
        }
    }
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
    fn predictions_that_are_not_numbers_are_counted() {
        let found = OutputLook::new(Split::Train, 1, &[1.0, 2.0, 3.0], &[0.0, f64::NAN, f64::INFINITY]);
        assert_eq!((found.non_finite, found.mean_prediction, found.intervals), (2, None, Intervals::default()));
        let flat = OutputLook::new(Split::Train, 1, &[1.0, 2.0, 3.0], &[0.5; 3]);
        assert_eq!((flat.single_value, flat.non_finite), (Some(0.5), 0));
    }
}
