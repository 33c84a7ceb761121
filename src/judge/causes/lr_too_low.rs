#![doc = include_str!("lr_too_low.md")]

use super::{
    Card, Case, Cause, Evidence, EvidenceFigure, Fix,
    case::{percent, shown},
    changes,
};
use crate::judge::State;

/// Usual update, over the weights, below which a network hardly moves.
const TINY_UPDATE: f64 = 1e-4;
/// The same, above which it moves well.
const GOOD_UPDATE: f64 = 1e-3;
/// Distance from the start, over the weights, below which nothing was learned in all steps.
const HARDLY_MOVED: f64 = 0.1;
/// Distance from the start, over the weights, from which the steps were large enough to get somewhere.
const FAR: f64 = 0.5;
/// Sharpness over its limit below which a rate could be ten times larger.
const ROOM: f64 = 0.1;
/// Steps from which a network that has hardly moved was given time.
const MANY_STEPS: u64 = 200;

/// Steps that are too small to get anywhere.
pub struct LrTooLow;

impl Cause for LrTooLow {
    fn card(&self) -> Card {
        Card { id: "lr-too-low", since: "0.1", explain: include_str!("lr_too_low.md") }
    }

    fn evidence(&self, case: &Case<'_>) -> Vec<Evidence> {
        let (Some(update), Some(steps)) = (case.usual_update(), case.steps()) else { return Vec::new() };
        if case.is_any(&[State::Diverged, State::Memorised]) || case.is_stuck() {
            return vec![Evidence::against("smaller or larger steps alike start from where it is now")];
        }
        let mut evidence = Vec::new();
        let distance = case.largest_distance();
        let ratio = case.first_stability_ratio();
        // Many small steps in one direction get far as well.
        let moves_little = update < TINY_UPDATE && distance.is_none_or(|distance| distance < FAR);
        let stayed = distance.is_some_and(|distance| distance < HARDLY_MOVED);
        // Nothing at all is no small step.
        let moves = update > 0.0 && distance != Some(0.0);
        if moves && (moves_little || (stayed && update < GOOD_UPDATE)) {
            let moved = distance.map_or(String::new(), |distance| {
                format!(
                    ", and after {steps} steps the weights are {} from where they started",
                    percent_of_small(distance)
                )
            });
            let text = format!("a step changes the weights by {} of their size{moved}", percent_of_small(update));
            let strong = (stayed || distance.is_none()) && (steps >= MANY_STEPS || update < TINY_UPDATE / 10.0);
            let evidence_of = if strong { Evidence::strong(text) } else { Evidence::suggestive(text) };
            evidence.push(
                evidence_of
                    .shown_in(EvidenceFigure::UpdateRatios)
                    .number("update_ratio", update)
                    .number("distance", distance.unwrap_or(f64::NAN)),
            );
        }
        if let Some(ratio) = ratio.filter(|ratio| *ratio < ROOM && !evidence.is_empty()) {
            evidence.push(
                Evidence::suggestive(format!(
                    "the loss would allow a rate {} times as large before steps overshoot",
                    shown(1.0 / ratio.max(1e-12))
                ))
                .shown_in(EvidenceFigure::Sharpness)
                .number("stability_ratio", ratio),
            );
        }
        if evidence.is_empty() && update > GOOD_UPDATE {
            evidence.push(Evidence::against(format!(
                "steps are not small: each changes the weights by {}",
                percent_of_small(update)
            )));
        }
        evidence
    }

    fn fixes(&self, case: &Case<'_>) -> Vec<Fix> {
        let why = "larger steps get there";
        vec![
            changes::lr_times(case, 10.0, why),
            changes::lr_times(case, 100.0, why),
            changes::lr_times(case, 1000.0, why),
        ]
    }
}

fn percent_of_small(share: f64) -> String {
    if share >= 1e-3 { percent(share) } else { format!("{} of a percent", shown(share * 100.0)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        judge::{
            causes::staged::{EPOCHS, STEPS, bare, flat, learned, told, told_before, weights},
            synthetic::Synthetic,
        },
        record::{Channel, Split},
    };

    /// Steps of this size over the weights, that end this far from the start.
    fn moved(of: Synthetic, update: f64, distance: f64) -> Synthetic {
        ["dense_1.weight", "dense_2.weight"].into_iter().fold(of, |of, name| {
            of.forget(Channel::UpdateRatio, name)
                .forget(Channel::DistanceFromStart, name)
                .steps(Channel::UpdateRatio, name, vec![update; STEPS])
                .epochs(Split::Train, Channel::DistanceFromStart, name, 1, vec![distance; EPOCHS as usize])
        })
    }

    fn sharp(of: Synthetic, ratio: f64) -> Synthetic {
        of.forget(Channel::StabilityRatio, "").point(Split::Train, Channel::StabilityRatio, "", 0, ratio)
    }

    #[test]
    fn weights_that_stay_where_they_were() {
        insta::assert_snapshot!(told(&LrTooLow, sharp(moved(flat(), 1e-6, 3e-4), 0.001)), @r"
        collapsed
        strong: a step changes the weights by 1.0e-4 of a percent of their size, and after 300 steps the weights are 0.03 of a percent from where they started
        suggestive: the loss would allow a rate 1000 times as large before steps overshoot
        -> training.optimiser.lr=0.1: larger steps get there
        -> training.optimiser.lr=1.0: larger steps get there
        -> training.optimiser.lr=10.0: larger steps get there
        ");
    }

    #[test]
    fn small_steps_that_got_far_fit_only() {
        insta::assert_snapshot!(told(&LrTooLow, moved(flat(), 5e-5, 0.4)).lines().nth(1).expect("fits"), @"suggestive: a step changes the weights by 0.005 of a percent of their size, and after 300 steps the weights are 40 % from where they started");
        // Neither small nor good: nothing is said.
        assert_eq!(weights(&LrTooLow, moved(flat(), 5e-4, 0.4)), []);
    }

    #[test]
    fn a_young_run_that_has_hardly_moved_fits_only() {
        let young = moved(flat(), 5e-5, 0.001).forget(Channel::Loss, "").steps(Channel::Loss, "", [4.0; 40]);
        insta::assert_snapshot!(told(&LrTooLow, young).lines().nth(1).expect("fits"), @"suggestive: a step changes the weights by 0.005 of a percent of their size, and after 40 steps the weights are 0.1 % from where they started");
    }

    #[test]
    fn no_rate_revives_what_is_proved_to_be_stuck() {
        let stuck = moved(flat(), 0.0, 3e-4).certificate();
        insta::assert_snapshot!(told(&LrTooLow, stuck).lines().nth(1).expect("against"), @"against: smaller or larger steps alike start from where it is now");
    }

    #[test]
    fn large_steps_speak_against_and_unknown_ones_say_nothing() {
        insta::assert_snapshot!(told(&LrTooLow, learned()), @r"
        learned
        against: steps are not small: each changes the weights by 0.3 %
        -> training.optimiser.lr=0.1: larger steps get there
        -> training.optimiser.lr=1.0: larger steps get there
        -> training.optimiser.lr=10.0: larger steps get there
        ");
        insta::assert_snapshot!(told(&LrTooLow, flat()).lines().nth(1).expect("against"), @"against: steps are not small: each changes the weights by 0.3 %");
        assert!(!told_before(&LrTooLow, bare()).contains("step changes"));
    }
}
