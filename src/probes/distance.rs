//! How far training has carried each parameter.

use super::{Card, EpochView, Probe, Readings, StepView};
use crate::record::Channel;

/// Norm of each parameter's distance from its start over the norm of its start (over 1 where that is zero), after each epoch.
///
/// Exactly 0 only where not one bit moved: what was never trained.
/// - Unit: none. Absent: before the first epoch.
/// - Cost: one pass over the parameters an epoch, and a copy of them for the length of the run.
pub struct Distance;

impl Probe for Distance {
    fn card(&self) -> Card {
        Card {
            id: "distance",
            tells: "a parameter that training moves from one that it never touched",
            since: "0.1",
            channels: &[Channel::DistanceFromStart],
        }
    }

    fn step(&self, _: &StepView<'_>, _: &mut dyn Readings) {}

    fn epoch(&self, view: &EpochView<'_>, readings: &mut dyn Readings) {
        for (name, &distance) in view.parameters.iter().zip(view.distances) {
            readings.put(view.split, Channel::DistanceFromStart, name, distance);
        }
    }
}

/// `|now - start| / |start|`, or `|now - start|` from a start of zero.
pub fn from_start(now: &[f32], start: &[f32]) -> f64 {
    let norm = |squares: f64| squares.sqrt();
    let moved = norm(now.iter().zip(start).map(|(now, start)| (f64::from(*now) - f64::from(*start)).powi(2)).sum());
    let size = norm(start.iter().map(|value| f64::from(*value).powi(2)).sum());
    if size == 0.0 { moved } else { moved / size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_relative_to_the_start_and_zero_only_where_nothing_moved() {
        assert_eq!(from_start(&[3.0, 8.0], &[3.0, 4.0]), 0.8);
        assert_eq!(from_start(&[3.0, 4.0], &[0.0, 0.0]), 5.0);
        assert_eq!(from_start(&[3.0, 4.0], &[3.0, 4.0]), 0.0);
        assert_eq!(from_start(&[], &[]), 0.0);
        let least = f32::from_bits(1.0_f32.to_bits() + 1);
        assert!(from_start(&[1.0; 1000], &[1.0; 1000]) == 0.0 && from_start(&[least], &[1.0]) > 1e-7);
        assert!(from_start(&[f32::NAN], &[1.0]).is_nan());
    }
}
