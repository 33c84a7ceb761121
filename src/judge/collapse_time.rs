//! When a collapsed output went flat.

use super::limits::COLLAPSE_SPREAD;
use crate::record::{Channel, Point, Record, Split};

/// First step after which the spread of one output's predictions never returned above the collapse limit.
///
/// Read from the batches, step by step; from the looks at the probe set where no batch tells (batches of one sample,
/// or nothing stored). Step 0 for a network that started flat and never spread. Absent where the last reading is above
/// the limit or is not a number, and where nothing was measured.
pub(super) fn collapsed_at_step(record: &Record, output: usize) -> Option<u64> {
    let target = record.run.data.targets.get(output)?;
    let batches = record.points(Split::Train, Channel::PredictionStd, &target.name);
    // A batch of one sample has no spread, whatever the network does.
    let batches_tell = record.run.experiment.training.batch_size > 1 && !batches.is_empty();
    let untrained = record.points(Split::Train, Channel::Spread, &target.name).first().filter(|point| point.step == 0);
    if batches_tell && target.train.std > 0.0 {
        return first_flat(batches, COLLAPSE_SPREAD * target.train.std, untrained);
    }
    first_flat(record.points(Split::Train, Channel::Spread, &target.name), COLLAPSE_SPREAD, untrained)
}

/// Step of the first point from which on all are at or below the limit; 0 where no point, nor the look at the
/// untrained network, was ever above it.
fn first_flat(points: &[Point], limit: f64, untrained: Option<&Point>) -> Option<u64> {
    let above = |point: &Point| point.value.finite().is_none_or(|value| value > limit);
    match points.iter().rposition(above) {
        Some(last_above) => points.get(last_above + 1).map(|point| point.step),
        None if untrained.is_some_and(above) => points.first().map(|point| point.step),
        None => points.first().map(|_| 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::synthetic::{STEPS_PER_EPOCH, Synthetic};

    // The synthetic target's standard deviation is 2, so the limit is 0.1.
    fn stds(values: &[f64]) -> Synthetic {
        Synthetic::new().steps(Channel::PredictionStd, "y", values.iter().copied())
    }

    #[test]
    fn the_first_step_after_the_last_return() {
        assert_eq!(collapsed_at_step(&stds(&[1.0, 30.0, 0.01, 0.5, 0.02, 0.0, 0.09]).record(), 0), Some(5));
    }

    #[test]
    fn a_network_that_never_spread_collapsed_at_birth() {
        assert_eq!(collapsed_at_step(&stds(&[0.01, 0.02, 0.0]).record(), 0), Some(0));
        let spread_at_birth = stds(&[0.01, 0.02]).epochs(Split::Train, Channel::Spread, "y", 0, [0.8, 0.01]);
        assert_eq!(collapsed_at_step(&spread_at_birth.record(), 0), Some(1));
    }

    #[test]
    fn silent_where_it_came_back_or_nothing_was_measured() {
        assert_eq!(collapsed_at_step(&stds(&[0.0, 0.0, 0.5]).record(), 0), None);
        assert_eq!(collapsed_at_step(&stds(&[0.0, f64::NAN]).record(), 0), None);
        assert_eq!(collapsed_at_step(&Synthetic::new().record(), 0), None);
        assert_eq!(collapsed_at_step(&stds(&[0.0]).record(), 9), None);
    }

    #[test]
    fn batches_of_one_leave_it_to_the_looks() {
        let record = stds(&[0.0; 40])
            .epochs(Split::Train, Channel::Spread, "y", 0, [0.8, 0.7, 0.01, 0.0])
            .with(|run| run.experiment.training.batch_size = 1)
            .record();
        assert_eq!(collapsed_at_step(&record, 0), Some(2 * STEPS_PER_EPOCH));
    }
}
