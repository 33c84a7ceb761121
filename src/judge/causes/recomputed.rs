//! What a training did beside what it should have done: its loss, its gradient and its parameters, computed once more.

use super::Case;
use crate::record::{Channel, Split};

impl<'a> Case<'a> {
    /// What the loss that the training reports is the loss of.
    pub fn logged_loss(&self) -> LoggedLoss {
        /// Relative difference above which the recomputed loss and the paired one can be told apart.
        const APART: f64 = 1e-3;
        /// Share of that difference up to which the logged loss agrees with one of them.
        const AGREES: f64 = 0.1;
        /// Relative difference that rounding and the order of sums may make.
        const ROUNDING: f64 = 1e-4;
        let value = |channel: Channel, step: u64| {
            let points = self.points(Split::Train, channel, "");
            // Sorted by step, since that is the order of a series.
            let place = points.binary_search_by_key(&step, |point| point.step).ok()?;
            points[place].value.finite()
        };
        let (mut own, mut paired, mut other) = (0_u32, 0_u32, 0_u32);
        let mut example = None;
        let mut widest = 0.0;
        for point in self.points(Split::Train, Channel::RecomputedLoss, "") {
            let (Some(mine), Some(logged)) = (point.value.finite(), value(Channel::Loss, point.step)) else { continue };
            let scale = mine.abs().max(f64::MIN_POSITIVE);
            let pairs = value(Channel::PairedLoss, point.step);
            let gap = pairs.map_or(0.0, |pairs| (pairs - mine).abs());
            let agrees = (logged - mine).abs() <= ROUNDING * scale;
            match pairs {
                Some(pairs) if gap > APART * scale && (logged - pairs).abs() < AGREES * gap => {
                    paired += 1;
                    // The step at which the two are farthest apart shows it best.
                    if gap / scale >= widest {
                        widest = gap / scale;
                        example = Some((point.step, logged, mine, pairs));
                    }
                }
                _ if agrees => own += 1,
                // What lies at a step without the loss over all pairs may be either.
                Some(_) if (logged - mine).abs() > APART * scale => {
                    other += 1;
                    example = example.or(Some((point.step, logged, mine, f64::NAN)));
                }
                _ => {}
            }
        }
        let (step, logged, mine, pairs) = example.unwrap_or((0, f64::NAN, f64::NAN, f64::NAN));
        if own + paired + other == 0 {
            LoggedLoss::Unknown
        } else if paired > 0 && paired >= other {
            LoggedLoss::Paired { step, logged, mine, pairs }
        } else if other > own {
            LoggedLoss::Other { step, logged, mine }
        } else {
            LoggedLoss::Own
        }
    }

    /// Cosines between the gradient that the optimiser was given and the recomputed one, in order of steps.
    pub fn gradient_cosines(&self) -> Vec<f64> {
        self.values(Split::Train, Channel::GradientCosine, "")
    }

    /// Parameters that never moved, with whether a gradient ever reached them; absent where that was not measured.
    pub fn unmoved(&self) -> Option<Vec<(&'a str, bool)>> {
        let names = self.trainable().flat_map(|layer| &layer.parameters);
        let mut measured = false;
        let unmoved = names.filter_map(|name| {
            let distance = self.at_end(Split::Train, Channel::DistanceFromStart, name)?;
            measured = true;
            let reached = self.values(Split::Train, Channel::GradientNorm, name).iter().any(|norm| *norm > 0.0);
            (distance == 0.0).then_some((name.as_str(), reached))
        });
        let unmoved = unmoved.collect();
        measured.then_some(unmoved)
    }
}

/// What the loss that the training reports is the loss of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LoggedLoss {
    /// Each prediction against its own target.
    Own,
    /// Every prediction against every target of the batch.
    Paired {
        /// Step of the example.
        step: u64,
        /// The reported loss.
        logged: f64,
        /// The loss of each prediction against its own target.
        mine: f64,
        /// The loss over all pairs.
        pairs: f64,
    },
    /// Something else.
    Other {
        /// Step of the example.
        step: u64,
        /// The reported loss.
        logged: f64,
        /// The loss of each prediction against its own target.
        mine: f64,
    },
    /// It was not recomputed.
    Unknown,
}
