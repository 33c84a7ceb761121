//! The gradient once more, by the procedure that the configuration describes.

use super::{Card, EpochView, Probe, Readings, StepView};
use crate::record::{Channel, Split};

/// Direction and length of the gradient that the optimiser was given, against that of the loss of the same batch, computed
/// anew: same weights, same draws of dropout, the samples' own targets, no gradient kept from before.
///
/// A training whose gradient is the right one reads 1 in both. The cosine is below where the step goes elsewhere, -1 where it
/// climbs; the ratio is not 1 where gradients pile up or some parameters are given none.
/// - Taken over all parameters of the network together, before clipping; what the optimiser is not given counts as zero.
/// - When: at steps that are powers of two, since it costs a pass of its own.
/// - Absent: the ratio where the recomputed gradient is zero, the cosine where either is; both where batch normalisation has a
///   single value to normalise.
pub struct RecomputedGradient;

/// Whether what is dear is taken at this step (from 1).
pub fn due(step: u64) -> bool {
    step.is_power_of_two()
}

/// Two gradients side by side.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Compared {
    /// Sum of the squares of what the optimiser was given.
    pub given_squares: f64,
    /// Sum of the squares of the recomputed one.
    pub recomputed_squares: f64,
    /// Sum of their products.
    pub products: f64,
}

impl Compared {
    /// Adds a parameter; `given` is `None` where the optimiser was not given it.
    pub fn add(&mut self, given: Option<&[f32]>, recomputed: &[f32]) {
        let square = |value: &f32| f64::from(*value) * f64::from(*value);
        self.recomputed_squares += recomputed.iter().map(square).sum::<f64>();
        if let Some(given) = given {
            self.given_squares += given.iter().map(square).sum::<f64>();
            let products = given.iter().zip(recomputed).map(|(a, b)| f64::from(*a) * f64::from(*b));
            self.products += products.sum::<f64>();
        }
    }
}

impl Probe for RecomputedGradient {
    fn card(&self) -> Card {
        Card {
            id: "recomputed-gradient",
            tells: "an optimiser that is given the gradient of its loss from one that is given something else",
            since: "0.1",
            channels: &[Channel::GradientCosine, Channel::GradientRatio],
        }
    }

    fn step(&self, view: &StepView<'_>, readings: &mut dyn Readings) {
        let Some(compared) = view.compared else { return };
        let (given, recomputed) = (compared.given_squares.sqrt(), compared.recomputed_squares.sqrt());
        if recomputed == 0.0 {
            return;
        }
        if given != 0.0 {
            readings.put(Split::Train, Channel::GradientCosine, "", compared.products / (given * recomputed));
        }
        readings.put(Split::Train, Channel::GradientRatio, "", given / recomputed);
    }

    fn epoch(&self, _: &EpochView<'_>, _: &mut dyn Readings) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_plain_loops_and_what_is_not_given_is_zero() {
        let mut compared = Compared::default();
        compared.add(Some(&[1.0, -2.0]), &[3.0, 4.0]);
        compared.add(None, &[12.0]);
        let wanted = Compared { given_squares: 5.0, recomputed_squares: 169.0, products: -5.0 };
        assert_eq!(compared, wanted);
        compared.add(Some(&[f32::NAN]), &[0.0]);
        assert!(compared.given_squares.is_nan() && compared.products.is_nan());
        // The largest gradients of single precision do not overflow.
        let mut large = Compared::default();
        large.add(Some(&[f32::MAX]), &[f32::MAX]);
        assert!(large.products.is_finite());
    }

    #[test]
    fn it_is_due_at_powers_of_two() {
        assert_eq!((1..=20).filter(|step| due(*step)).collect::<Vec<u64>>(), [1, 2, 4, 8, 16]);
    }
}
