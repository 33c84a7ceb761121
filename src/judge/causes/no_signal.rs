#![doc = include_str!("no_signal.md")]

use super::{Card, Case, Cause, Evidence, EvidenceFigure, Fix, case::shown};
use crate::judge::State;

/// Samples from which the silence of all references is more than a lack of data.
const TELLING_SAMPLES: u64 = 100;

/// The inputs say nothing of the target.
pub struct NoSignal;

impl Cause for NoSignal {
    fn card(&self) -> Card {
        Card { id: "no-signal", since: "0.1", explain: include_str!("no_signal.md") }
    }

    fn is_told_of_unpredictable(&self) -> bool {
        true
    }

    fn evidence(&self, case: &Case<'_>) -> Vec<Evidence> {
        let Some(references) = case.references else { return Vec::new() };
        match case.has_signal() {
            Some(true) => {
                let best = references.learners.iter().flat_map(|learner| &learner.outputs);
                let best = best.filter_map(|output| output.cross_validated).map(|skill| skill.value);
                let best = best.max_by(f64::total_cmp).unwrap_or(f64::NAN);
                vec![
                    Evidence::against(format!("a learner without a network predicts it: skill {}", shown(best)))
                        .shown_in(EvidenceFigure::ReferenceLearners)
                        .number("skill", best),
                ]
            }
            Some(false) => {
                let text = format!(
                    "of {} samples none of {} learners without a network predicts it better than the mean",
                    references.samples,
                    references.learners.len().saturating_sub(2)
                );
                let enough = references.samples >= TELLING_SAMPLES || case.is_any(&[State::Unpredictable]);
                let evidence = if enough { Evidence::strong(text) } else { Evidence::suggestive(text) };
                vec![evidence.shown_in(EvidenceFigure::ReferenceLearners).number("samples", references.samples as f64)]
            }
            None => Vec::new(),
        }
    }

    fn fixes(&self, _case: &Case<'_>) -> Vec<Fix> {
        Vec::new()
    }

    fn advice(&self) -> Option<&'static str> {
        Some(
            "the mean is then the right answer: look for inputs that say something of the target, and check that rows of inputs and \
             targets belong together",
        )
    }
}
