#![doc = include_str!("no_signal.md")]

use super::{Card, Case, Cause, Evidence, EvidenceFigure, Fix, case::shown};
use crate::{
    judge::{State, attainable::is_sound},
    references::Learner,
};

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
                let best = best.filter(|output| is_sound(output));
                let best =
                    best.filter_map(|output| output.cross_validated.or(output.validation)).map(|skill| skill.value);
                let best = best.max_by(f64::total_cmp);
                let skill = best.map_or(String::new(), |best| format!(": skill {}", shown(best)));
                vec![
                    Evidence::against(format!("a learner without a network predicts it{skill}"))
                        .shown_in(EvidenceFigure::ReferenceLearners)
                        .number("skill", best.unwrap_or(f64::NAN)),
                ]
            }
            Some(false) => {
                let is_constant = |learner: Learner| matches!(learner, Learner::Mean | Learner::Median);
                let asked = references.learners.iter().filter(|skill| !is_constant(skill.learner)).count();
                let text = format!(
                    "of {} samples none of {asked} learners without a network predicts it better than the mean",
                    references.samples
                );
                // Where the network itself may have found something, the silence of simpler learners is a hint.
                let open = case.trained.is_none() || case.is_any(&[State::Undecided, State::Undertrained]);
                let enough = references.samples >= TELLING_SAMPLES && !open || case.is_any(&[State::Unpredictable]);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{
        causes::staged::{bare, flat, flat_at, learned, told, told_before},
        synthetic::{Synthetic, reference},
    };

    fn silent() -> Synthetic {
        bare().references(&[reference(-0.02, 0.7), reference(-0.05, 0.9), reference(-0.01, 0.6)])
    }

    #[test]
    fn the_mean_is_the_honest_answer_where_no_learner_does_better() {
        insta::assert_snapshot!(told(&NoSignal, flat_at(silent(), 1.0)), @r"
        unpredictable
        strong: of 2000 samples none of 3 learners without a network predicts it better than the mean
        ");
        insta::assert_snapshot!(told_before(&NoSignal, silent()), @"suggestive: of 2000 samples none of 3 learners without a network predicts it better than the mean");
    }

    #[test]
    fn forty_samples_are_few() {
        let few = |of: Synthetic| of.with(|run| run.references.iter_mut().for_each(|all| all.samples = 40));
        insta::assert_snapshot!(told_before(&NoSignal, few(silent())), @"suggestive: of 40 samples none of 3 learners without a network predicts it better than the mean");
        // A network that is worse than the mean is another story.
        insta::assert_snapshot!(told(&NoSignal, few(flat_at(silent(), -40.0))), @r"
        collapsed
        suggestive: of 40 samples none of 3 learners without a network predicts it better than the mean
        ");
    }

    #[test]
    fn a_learner_that_predicts_speaks_against() {
        insta::assert_snapshot!(told(&NoSignal, flat()), @r"
        collapsed
        against: a learner without a network predicts it: skill 0.8
        ");
        insta::assert_snapshot!(told(&NoSignal, learned()), @r"
        learned
        against: a learner without a network predicts it: skill 0.8
        ");
    }

    #[test]
    fn without_references_nobody_knows() {
        let unknown = || bare().with(|run| run.references = None);
        assert_eq!(told_before(&NoSignal, unknown()), "");
        assert_eq!(told(&NoSignal, flat_at(unknown(), 1.0)), "collapsed");
        let unclear = bare().references(&[reference(0.3, 0.03)]).with(|run| {
            run.references.iter_mut().for_each(|all| all.validation_samples = 0);
        });
        assert_eq!(told_before(&NoSignal, unclear), "");
    }
}
