//! Whether a run was still moving when it stopped.
//!
//! What moves is the unexplained share `u = 1 - skill = MSE / Var(target)`: it is positive however bad the network is,
//! so "a tenth less of it" means the same for a network at skill -5 and for one at 0.5.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::{limits, stats};
use crate::record::{Channel, Record, Split};

/// Looks at the trained network from which their last third says something; with fewer the steps are asked.
const MIN_LOOKS: usize = 6;
/// Least number of step readings in the last third of a young run: two halves of six.
const MIN_STEPS: usize = 12;
/// Fall of `u` over the last third of the run that counts as improving: at this pace another tenth is gained in the
/// next third, which is more than a probe set of 512 samples scatters.
const CLEAR_FALL: f64 = 0.10;
/// Fall that counts when nearly every look takes part in it, as in slow and steady descent.
const STEADY_FALL: f64 = 0.02;
/// Fall that is told from none where nearly every look takes part in it: a rate that was turned down to nothing leaves less.
const CREEPING_FALL: f64 = 0.005;
/// Share of the moves that go down in a steady descent; on a plateau half of them do.
const STEADY_FRACTION: f64 = 0.8;
/// What was reached must be below all that was seen before, by this factor: jitter comes back to where it was.
const BELOW_BEST: f64 = 0.98;
/// Least number of looks in the last third: a line through three leaves one degree of freedom, which tells nothing.
const MIN_WINDOW: usize = 4;
/// Probability that scatter alone does not look like a fall.
const CONFIDENCE: f64 = 0.975;
/// Standard errors between the halves of the steps' last third, above which a fall is no scatter of batches.
const STANDARD_ERRORS: f64 = 3.0;
/// Growth of a small spread over the last third that counts as leaving the plateau: at this pace a spread of a
/// hundredth fills the range within four more runs of the same length.
const SPREAD_GROWTH: f64 = 1.5;

/// Spread from which its growth is a departure: below, at the pace of [`SPREAD_GROWTH`], the collapse limit is more than two
/// whole runs away.
const LEAST_SPREAD: f64 = 0.005;

/// A fall of the unexplained share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Improvement {
    /// Part of the data on which it was seen.
    pub split: Split,
    /// Unexplained share before.
    pub from: f64,
    /// Unexplained share at the end.
    pub to: f64,
    /// Step of the last reading.
    pub step: u64,
}

/// The fall of an output's unexplained share over the last third of the run, where it was still falling.
///
/// Read on the validation split where there is one: a network that only memorises more is not improving.
pub(super) fn improving(record: &Record, output: &str) -> Option<Improvement> {
    let split = judged_split(record, output);
    let points = record.points(split, Channel::Skill, output);
    let looks: Vec<(u64, f64)> =
        points.iter().filter_map(|point| Some((point.step, 1.0 - point.value.finite()?))).collect();
    let trained = points.iter().filter(|point| point.epoch > 0).count();
    if trained < MIN_LOOKS {
        return improving_by_steps(record);
    }
    let step = looks.last()?.0;
    let shares: Vec<f64> = looks.iter().map(|look| look.1).collect();
    let (before, window) = shares.split_at(shares.len() - last_third(shares.len()));
    let ends = (window.len() / 3).max(1);
    let from = stats::median(&window[..ends])?;
    let to = stats::median(&window[window.len() - ends..])?;
    let fall = 1.0 - to / from;
    let down = falling_fraction(window);
    let clear = fall >= CLEAR_FALL;
    let steady = fall >= STEADY_FALL && down >= STEADY_FRACTION && window.len() >= MIN_LOOKS;
    let best_before = before.iter().fold(f64::INFINITY, |best, share| best.min(*share));
    ((clear || steady) && to < BELOW_BEST * best_before && falls_beyond_scatter(window)).then_some(Improvement {
        split,
        from,
        to,
        step,
    })
}

/// Whether the unexplained share fell steadily over the last third, by less than counts as improving.
///
/// Asked of predictions that are far too small: there a slow descent is a training that has not ended.
pub(super) fn creeping(record: &Record, output: &str) -> bool {
    let points = record.points(judged_split(record, output), Channel::Skill, output).iter();
    let shares: Vec<f64> = points.filter_map(|point| Some(1.0 - point.value.finite()?)).collect();
    let window = &shares[shares.len() - last_third(shares.len())..];
    let (Some(from), Some(to)) = (window.first(), window.last()) else { return false };
    window.len() >= MIN_LOOKS
        && 1.0 - to / from >= CREEPING_FALL
        && falling_fraction(window) >= STEADY_FRACTION
        && falls_beyond_scatter(window)
}

/// Whether an output was looked at often enough for a fall to be seen.
pub(super) fn can_tell(record: &Record, output: &str) -> bool {
    let points = record.points(judged_split(record, output), Channel::Skill, output);
    points.iter().filter(|point| point.epoch > 0).count() >= MIN_LOOKS
}

/// The same from the batches' losses, for runs with too few looks: the last third of the steps, half against half.
fn improving_by_steps(record: &Record) -> Option<Improvement> {
    let points = record.points(Split::Train, Channel::LossRatio, "");
    let ratios: Vec<f64> = points.iter().filter_map(|point| point.value.finite()).collect();
    let window = &ratios[ratios.len() - last_third(ratios.len()).min(ratios.len())..];
    if window.len() < MIN_STEPS {
        return None;
    }
    let (early, late) = window.split_at(window.len() / 2);
    let (from, to) = (stats::mean(early)?, stats::mean(late)?);
    let error = (stats::variance(early)? / early.len() as f64 + stats::variance(late)? / late.len() as f64).sqrt();
    let fell = from - to >= CLEAR_FALL * from && from - to > STANDARD_ERRORS * error;
    fell.then_some(Improvement { split: Split::Train, from, to, step: points.last()?.step })
}

/// Whether a flat output is leaving its plateau: its spread grows steadily, and in the right direction.
///
/// Asked only of spreads below the collapse limit. The correlation keeps out the spread of a constant that jitters.
pub(super) fn leaving_plateau(record: &Record, output: &str) -> bool {
    let points = record.points(Split::Train, Channel::Spread, output);
    let spreads: Vec<f64> = points.iter().filter(|point| point.epoch > 0).filter_map(|p| p.value.finite()).collect();
    if spreads.len() < MIN_LOOKS {
        return false;
    }
    let window = &spreads[spreads.len() - last_third(spreads.len())..];
    let (Some(first), Some(last)) = (window.first(), window.last()) else {
        return false;
    };
    let right_way = record
        .last(Split::Train, Channel::Correlation, output)
        .and_then(|point| point.value.finite())
        .is_some_and(|corr| corr > limits::RIGHT_WAY_CORRELATION);
    let rising = 1.0 - falling_fraction(window);
    *first > 0.0 && *last >= LEAST_SPREAD && *last >= SPREAD_GROWTH * first && rising >= STEADY_FRACTION && right_way
}

/// Whether a line through the logarithms falls by more than their scatter around it explains (Student's t test of the
/// slope). On the logarithm, because an error that approaches its limit falls by the same share in each epoch.
fn falls_beyond_scatter(shares: &[f64]) -> bool {
    let count = shares.len() as f64;
    let logs: Vec<f64> = shares.iter().map(|share| share.ln()).collect();
    let (Some(centre), Some(total), Ok(student)) =
        (stats::mean(&logs), stats::variance(&logs), StudentsT::new(0.0, 1.0, count - 2.0))
    else {
        return false;
    };
    let places = (0..shares.len()).map(|place| place as f64 - (count - 1.0) / 2.0);
    let squares: f64 = places.clone().map(|place| place * place).sum();
    let slope = places.zip(&logs).map(|(place, log)| place * (log - centre)).sum::<f64>() / squares;
    // What the line explains of the variance can exceed it by rounding only.
    let residual = (total * count - slope * slope * squares).max(0.0) / (count - 2.0);
    // False where a share was 0 or negative: such logarithms are not finite, and neither is the slope.
    slope < 0.0 && -slope >= student.inverse_cdf(CONFIDENCE) * (residual / squares).sqrt()
}

/// Validation where it was looked at, else training.
pub(super) fn judged_split(record: &Record, output: &str) -> Split {
    if record.points(Split::Validation, Channel::Skill, output).is_empty() { Split::Train } else { Split::Validation }
}

/// Number of readings in the last third, with the one before it, from which it moved.
fn last_third(count: usize) -> usize {
    (count / 3 + 1).max(MIN_WINDOW).min(count)
}

/// Share of the moves between neighbours that go down; what stays exactly equal goes nowhere.
fn falling_fraction(values: &[f64]) -> f64 {
    let moves = values.windows(2).filter(|pair| pair[0] != pair[1]).count();
    let falls = values.windows(2).filter(|pair| pair[1] < pair[0]).count();
    if moves == 0 { 0.0 } else { falls as f64 / moves as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::synthetic::Synthetic;

    fn run(skills: impl IntoIterator<Item = f64>) -> Record {
        Synthetic::new().skills(skills).record()
    }

    #[test]
    fn a_steady_or_clear_fall_is_improving() {
        let slow = (0..30).map(|epoch| 0.1 + 0.01 * f64::from(epoch));
        let found = improving(&run(slow), "y").expect("a steady rise of skill");
        assert!(found.to < found.from);
        assert_eq!(found.split, Split::Validation);
        assert!(improving(&run((0..9).map(|epoch| -6.0 + 0.5 * f64::from(epoch))), "y").is_some());
    }

    #[test]
    fn a_plateau_and_a_jitter_are_not() {
        assert_eq!(improving(&run(vec![0.0; 30]), "y"), None);
        let settled = (0..30).map(|epoch| 0.5 * (1.0 - (-f64::from(epoch)).exp()));
        assert_eq!(improving(&run(settled), "y"), None);
        // Around u = 0.3 by a fifth: the last looks are lower than those a third of the run ago, but not new.
        let jitter = (0..30).map(|epoch| 0.7 + 0.06 * (f64::from(epoch) * 0.9).sin());
        assert_eq!(improving(&run(jitter), "y"), None);
        assert_eq!(improving(&run([]), "y"), None);
        assert_eq!(improving(&run([f64::NAN; 12]), "y"), None);
    }

    #[test]
    fn a_run_of_one_epoch_is_read_from_its_steps() {
        let falling = Synthetic::new().skills([0.4]).loss_ratios((0..60).map(|step| 2.0 - 0.025 * f64::from(step)));
        assert!(improving(&falling.record(), "y").is_some());
        let noisy = (0..60).map(|step| 0.8 + 0.3 * (f64::from(step) * 2.3).sin());
        assert_eq!(improving(&Synthetic::new().skills([0.2]).loss_ratios(noisy).record(), "y"), None);
    }

    #[test]
    fn only_a_growing_spread_in_the_right_direction_leaves_the_plateau() {
        let growing = |corr: f64, scale: f64| {
            let spreads = (0..12).map(|epoch| 0.0005 * scale * 1.3_f64.powi(epoch));
            leaving_plateau(&Synthetic::new().spreads(spreads).correlations([corr; 12]).record(), "y")
        };
        assert!(growing(0.9, 1.0));
        assert!(!growing(0.1, 1.0));
        assert!(!growing(0.9, 0.1), "too far from leaving");
        let still = Synthetic::new().spreads([0.001; 12]).correlations([0.9; 12]).record();
        assert!(!leaving_plateau(&still, "y"));
    }
}
