#![doc = include_str!("undertrained.md")]

use super::{Card, Case, Cause, Evidence, EvidenceFigure, Fix, changes};
use crate::{
    judge::State,
    record::{Channel, Split},
};

/// Steps below which hardly any network has learned anything.
const FEW_STEPS: u64 = 200;

/// A training that was stopped before it was done.
pub struct Undertrained;

impl Cause for Undertrained {
    fn card(&self) -> Card {
        Card { id: "undertrained", since: "0.1", explain: include_str!("undertrained.md") }
    }

    fn follows_from(&self) -> &'static [&'static str] {
        &[
            "lr-too-low",
            "lr-too-high",
            "targets-not-scaled",
            "inputs-not-scaled",
            "bad-init",
            "over-regularised",
            "params-not-updated",
        ]
    }

    fn yields(&self) -> bool {
        true
    }

    fn evidence(&self, case: &Case<'_>) -> Vec<Evidence> {
        let Some(steps) = case.steps().filter(|steps| *steps > 0) else { return Vec::new() };
        // What never moved is not on its way.
        if case.largest_distance() == Some(0.0) {
            return Vec::new();
        }
        if case.is_stuck() {
            return vec![Evidence::against("it is proved that no further step can change what is dead")];
        }
        let epochs = case.trained.map_or(0, |trained| trained.run.epochs);
        let mut evidence = Vec::new();
        if case.is_any(&[State::Undertrained]) {
            let text = format!("it was still getting better when it stopped after {epochs} epochs ({steps} steps)");
            // What has learned the better part already lacks a finish, and nothing that kept it from learning.
            let evidence_of = if has_most(case) { Evidence::suggestive(text) } else { Evidence::strong(text) };
            evidence.push(evidence_of.shown_in(EvidenceFigure::SpreadAndSkill).number("steps", steps as f64));
        }
        let falling = case.faulty_outputs().iter().any(|output| {
            let skills = case.values(Split::Train, Channel::Skill, &output.name);
            skills.len() >= 3 && skills.windows(2).all(|pair| pair[1] > pair[0])
        });
        let all_planned =
            case.trained.is_some_and(|trained| matches!(trained.record.run.status, crate::record::Status::Completed));
        if evidence.is_empty() && falling && all_planned {
            evidence.push(
                Evidence::suggestive(format!("its error fell from every epoch to the next, to the last of {epochs}"))
                    .shown_in(EvidenceFigure::SpreadAndSkill),
            );
        }
        if steps < FEW_STEPS && all_planned && !case.is_any(&[State::Diverged]) {
            let text = format!("{steps} steps are few: {epochs} epochs of {} each", steps / u64::from(epochs.max(1)));
            evidence.push(Evidence::suggestive(text).number("steps", steps as f64));
        }
        if evidence.is_empty() && case.is_any(&[State::Diverged, State::Memorised]) {
            evidence.push(Evidence::against("further steps of the same kind would lead farther away"));
        }
        evidence
    }

    fn fixes(&self, case: &Case<'_>) -> Vec<Fix> {
        // More of the same never helps what is proved to be stuck.
        if case.is_stuck() {
            return Vec::new();
        }
        vec![
            changes::epochs_times(case, 5, "it was still getting better"),
            changes::lr_times(case, 3.0, "it gets farther in the same number of steps"),
            changes::lr_times(case, 10.0, "it gets farther in the same number of steps"),
            changes::epochs_times(case, 25, "it was still getting better"),
        ]
    }
}

/// Whether every output has learned the better part of what is attainable, or of all where that is not known.
fn has_most(case: &Case<'_>) -> bool {
    let outputs = case.faulty_outputs();
    let most = |output: &&crate::judge::OutputDiagnosis| {
        let best = output.best_reference.as_ref().filter(|best| best.finds_signal).map_or(1.0, |best| best.skill.value);
        output.skill.is_some_and(|skill| skill.value > 0.5 * best)
    };
    !outputs.is_empty() && outputs.iter().all(most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        judge::{
            causes::staged::{STEPS, bare, flat, instrumented, learned, told, told_before, weights},
            synthetic::{Synthetic, calibrated, noise},
        },
        record::Status,
    };

    fn rising(by: f64) -> Synthetic {
        let looks = bare().looks(
            30,
            move |epoch, i, y| {
                if epoch == 0 { noise(i + 77) } else { calibrated(by * f64::from(epoch), i, y) }
            },
        );
        instrumented(looks, 0.5)
    }

    #[test]
    fn it_was_still_getting_better() {
        insta::assert_snapshot!(told(&Undertrained, rising(0.01)), @r"
        undertrained
        strong: it was still getting better when it stopped after 30 epochs (300 steps)
        -> training.epochs=200: it was still getting better
        -> training.optimiser.lr=0.03: it gets farther in the same number of steps
        -> training.optimiser.lr=0.1: it gets farther in the same number of steps
        -> training.epochs=1000: it was still getting better
        ");
        // With the better part learned only the finish is missing.
        insta::assert_snapshot!(told(&Undertrained, rising(0.02)).lines().nth(1).expect("fits"), @"suggestive: it was still getting better when it stopped after 30 epochs (300 steps)");
        assert!(Undertrained.yields());
    }

    #[test]
    fn few_steps_fit_and_few_epochs_need_not_be_few_steps() {
        let young = |of: Synthetic| of.forget(Channel::Loss, "").steps(Channel::Loss, "", [4.0; 60]);
        insta::assert_snapshot!(told(&Undertrained, young(flat())).lines().nth(1).expect("fits"), @"suggestive: 60 steps are few: 30 epochs of 2 each");
        // Whoever stopped it, it was not the end of the training.
        let stopped = young(flat()).status(Status::Decided { why: "it is flat".to_owned() });
        assert!(!told(&Undertrained, stopped).contains("suggestive"));
    }

    #[test]
    fn nothing_more_is_to_be_had_from_what_is_stuck() {
        insta::assert_snapshot!(told(&Undertrained, flat().certificate()), @r"
        collapsed
        against: it is proved that no further step can change what is dead
        ");
        insta::assert_snapshot!(told(&Undertrained, rising(0.01).certificate()), @r"
        undertrained
        against: it is proved that no further step can change what is dead
        ");
    }

    #[test]
    fn what_left_for_elsewhere_would_go_on_there() {
        let thrown = bare().looks(30, |epoch, i, _| if epoch == 0 { noise(i) } else { f64::NAN });
        let thrown = thrown.steps(Channel::Loss, "", [4.0; STEPS]);
        insta::assert_snapshot!(told(&Undertrained, thrown).lines().take(2).collect::<Vec<_>>().join("\n"), @r"
        diverged
        against: further steps of the same kind would lead farther away
        ");
    }

    #[test]
    fn a_plateau_and_a_network_that_learned_say_nothing() {
        assert_eq!(weights(&Undertrained, flat()), []);
        assert_eq!(weights(&Undertrained, learned()), []);
        let (before, empty) = (told_before(&Undertrained, bare()), told(&Undertrained, bare()));
        assert!(before.starts_with("->") && empty.starts_with("undecided\n->"), "{before}\n{empty}");
    }
}
