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
        &["lr-too-low", "targets-not-scaled", "inputs-not-scaled", "vanishing-gradient", "over-regularised"]
    }

    fn evidence(&self, case: &Case<'_>) -> Vec<Evidence> {
        let Some(steps) = case.steps().filter(|steps| *steps > 0) else { return Vec::new() };
        if case.is_stuck() {
            return vec![Evidence::against("it is proved that no further step can change what is dead")];
        }
        let epochs = case.trained.map_or(0, |trained| trained.run.epochs);
        let mut evidence = Vec::new();
        if case.is_any(&[State::Undertrained]) {
            evidence.push(
                Evidence::strong(format!(
                    "it was still getting better when it stopped after {epochs} epochs ({steps} steps)"
                ))
                .shown_in(EvidenceFigure::SpreadAndSkill)
                .number("steps", steps as f64),
            );
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
