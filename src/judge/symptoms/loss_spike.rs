#![doc = include_str!("loss_spike.md")]

use super::{Card, Finding, Symptom, numbers};
use crate::{
    judge::stats,
    record::{Channel, Record, Split},
};

/// Loss over the target's variance that counts as a spike: three times worse than any constant needs to be.
const SPIKE: f64 = 3.0;
/// How far above the first loss it must rise as well: an untrained network far from its targets starts high.
const OVER_START: f64 = 3.0;
/// Share of the steps in which the spike is looked for, at least [`EARLY_STEPS`].
const EARLY: f64 = 0.25;
/// Least number of early steps: a collapse by a high rate happens within the first ten.
const EARLY_STEPS: usize = 10;
/// Loss over variance from which nothing was learned after the spike: the mean, up to the scatter of a batch's variance.
const PLATEAU: f64 = 0.9;
/// Loss over variance up to which it landed on the variance and did not stay above.
const LANDED: f64 = 1.1;

/// A loss that explodes early and then lands on the variance of the target, or does not come back at all.
pub struct LossSpike;

impl Symptom for LossSpike {
    fn card(&self) -> Card {
        Card { id: "loss-spike", since: "0.1", explain: include_str!("loss_spike.md") }
    }

    fn look(&self, record: &Record) -> Option<Finding> {
        let points = record.points(Split::Train, Channel::LossRatio, "");
        let finite: Vec<(u64, f64)> =
            points.iter().filter_map(|point| Some((point.step, point.value.finite()?))).collect();
        let early = ((finite.len() as f64 * EARLY) as usize).max(EARLY_STEPS).min(finite.len());
        let (head, tail) = finite.split_at(early);
        let (step, peak) = head.iter().copied().max_by(|left, right| left.1.total_cmp(&right.1))?;
        // The last quarter of what follows, by median: one batch may still be off.
        let end: Vec<f64> = tail[tail.len() - tail.len().div_ceil(4)..].iter().map(|point| point.1).collect();
        let landed = stats::median(&end)?;
        let start = head.first()?.1;
        (peak > SPIKE && peak > OVER_START * start && landed >= PLATEAU).then(|| Finding {
            id: self.card().id.to_owned(),
            subjects: vec!["loss".to_owned()],
            sentence: sentence(peak, step, landed),
            numbers: numbers([("peak", peak), ("start", start), ("landed", landed)]),
            step,
            split: Split::Train,
        })
    }
}

fn sentence(peak: f64, step: u64, landed: f64) -> String {
    let times = |ratio: f64| if ratio < 1e4 { format!("{ratio:.1}") } else { format!("{ratio:.1e}") };
    let rose = format!("the squared error rose to {} times the variance of the target at step {step} and", times(peak));
    if landed <= LANDED {
        format!("{rose} then stayed at {landed:.2}")
    } else {
        format!("{rose} did not return: it ended at {} times", times(landed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::synthetic::Synthetic;

    fn found(ratio: impl Fn(usize) -> f64) -> Option<Finding> {
        LossSpike.look(&Synthetic::new().loss_ratios((1..=200).map(ratio)).record())
    }

    #[test]
    fn fires_on_an_early_spike_that_lands_on_the_plateau() {
        let spike = found(|step| if step == 2 { 14.0 } else { 1.0 }).expect("a spike");
        insta::assert_snapshot!(spike.sentence, @"the squared error rose to 14.0 times the variance of the target at step 2 and then stayed at 1.00");
        assert_eq!(spike.step, 2);
    }

    #[test]
    fn fires_on_a_loss_that_does_not_return() {
        let lost = found(|step| if step < 3 { 1.0 } else { 2.5e9 / step as f64 }).expect("an explosion");
        insta::assert_snapshot!(lost.sentence, @"the squared error rose to 8.3e8 times the variance of the target at step 3 and did not return: it ended at 1.4e7 times");
    }

    #[test]
    fn silent_on_a_high_start_a_return_to_learning_and_a_late_spike() {
        assert_eq!(found(|step| if step < 5 { 14.0 } else { 1.0 }), None);
        assert_eq!(found(|step| if step == 2 { 14.0 } else { 0.2 }), None);
        assert_eq!(found(|step| if step == 120 { 14.0 } else { 1.0 }), None);
        assert_eq!(found(|_| 1.0), None);
        assert_eq!(found(|_| f64::NAN), None);
        assert_eq!(LossSpike.look(&Synthetic::new().loss_ratios([1.0, 9.0]).record()), None);
    }
}
