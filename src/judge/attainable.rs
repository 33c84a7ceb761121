//! What can be predicted at least, by the reference learners and by other runs on the same data.
//!
//! A reference finds signal when its cross-validated squared error is below that of the constant beyond what chance
//! explains. Several learners are asked, for several outputs; the level is divided by their number (Bonferroni), so that
//! a target without signal is taken for a predictable one in at most one of a hundred datasets.

use std::collections::BTreeSet;

use super::{BestReference, Estimate, limits};
use crate::{
    record::{Record, Split},
    references::{LearnerSkill, ReferenceSkill, References},
};

/// Probability, over all learners and outputs of a dataset, of seeing signal where there is none.
const FALSE_SIGNAL: f64 = 0.01;

/// Probability for one learner and output below which a skill that is worth naming is a hint: no proof of signal, but
/// nobody would say that there is none.
const HINT: f64 = 0.05;

/// Whether the target of an output can be predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// A reference, or another run on the same data, predicts it beyond doubt better than a constant.
    Found,
    /// References were trained, and none does.
    NotFound,
    /// References were trained, and what they show is neither signal nor its absence: too few samples.
    Unclear,
    /// Nothing was trained to tell.
    Unknown,
}

/// What is known to be attainable for one output.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Attainable {
    /// Whether there is signal.
    pub signal: Signal,
    /// The best reference, with its skill on the split that is judged.
    pub best: Option<BestReference>,
}

impl Attainable {
    /// The best reference, where it proves that there is signal.
    pub fn proof(&self) -> Option<&BestReference> {
        self.best.as_ref().filter(|best| best.finds_signal)
    }
}

/// Names of outputs that another run on the same data learned: what one network predicts can be predicted.
pub(super) type LearnedElsewhere = BTreeSet<String>;

/// Whether a reference finds signal in an output (by index); absent where none could tell.
pub(super) fn has_signal(references: &References, output: usize) -> Option<bool> {
    match among(references, output, Split::Validation).signal {
        Signal::Found => Some(true),
        Signal::NotFound => Some(false),
        Signal::Unclear | Signal::Unknown => None,
    }
}

/// What is attainable for one output (by index), as a network that is judged on `split` has to be measured.
///
/// The best learner is chosen by its cross-validated skill and, where the judged split is validation, reported with its
/// skill there: chosen on one part of the data and measured on another, its skill is not flattered by the choice.
pub(super) fn attainable(record: &Record, output: usize, split: Split, elsewhere: &LearnedElsewhere) -> Attainable {
    let learned = record.run.data.targets.get(output).is_some_and(|target| elsewhere.contains(&target.name));
    let proven = |signal| if learned { Signal::Found } else { signal };
    let Some(references) = &record.run.references else {
        return Attainable { signal: proven(Signal::Unknown), best: None };
    };
    let Attainable { signal, best } = among(references, output, split);
    Attainable { signal: proven(signal), best }
}

/// What the references attain for one output (by index).
fn among(references: &References, output: usize, split: Split) -> Attainable {
    let tests = references.learners.iter().flat_map(|learner| &learner.outputs);
    let tests = tests.filter(|skill| skill.p_value.is_some()).count();
    let limit = FALSE_SIGNAL / tests.max(1) as f64;
    let of_output = |learner: &LearnerSkill| learner.outputs.get(output).copied().filter(is_sound);
    let beyond_chance = |skill: &ReferenceSkill| skill.p_value.is_some_and(|p| p < limit);
    // Heavy tails leave the test on the training split without power; samples that were never seen speak for themselves.
    let holds_on_validation = |skill: &ReferenceSkill| {
        references.validation_samples >= limits::TELLING_SAMPLES
            && skill.validation.is_some_and(|skill| skill.low >= limits::MEMORISED_SKILL && skill.is_surely_positive())
    };
    let finds_signal =
        |skill: &ReferenceSkill| skill.p_value.is_some() && (beyond_chance(skill) || holds_on_validation(skill));
    let hints = |skill: &ReferenceSkill| {
        skill.p_value.is_some_and(|p| p < HINT)
            && skill.cross_validated.is_some_and(|skill| skill.value >= limits::MEMORISED_SKILL)
    };
    let judged = references.learners.iter().filter_map(|learner| Some((learner.learner, of_output(learner)?)));
    let any = |holds: &dyn Fn(&ReferenceSkill) -> bool| judged.clone().any(|(_, skill)| holds(&skill));
    let signal = if any(&finds_signal) {
        Signal::Found
    } else if any(&hints) {
        Signal::Unclear
    } else if any(&|skill| skill.p_value.is_some()) {
        Signal::NotFound
    } else {
        Signal::Unknown
    };
    let best = judged
        .clone()
        .filter_map(|(learner, skill)| Some((learner, skill, skill.cross_validated?)))
        // What finds signal comes before what only looks better.
        .max_by(|(_, one, one_skill), (_, other, other_skill)| {
            let by_evidence = finds_signal(one).cmp(&finds_signal(other));
            by_evidence.then(one_skill.value.total_cmp(&other_skill.value))
        })
        .map(|(learner, skill, cross_validated)| BestReference {
            learner,
            skill: skill.validation.filter(|_| split == Split::Validation).unwrap_or(cross_validated),
            finds_signal: finds_signal(&skill),
        });
    Attainable { signal, best }
}

/// Whether the numbers can be what they say: a record may have been written by anyone.
pub(super) fn is_sound(skill: &ReferenceSkill) -> bool {
    let sound = |skill: &Estimate| skill.low <= skill.value && skill.value <= skill.high && skill.high <= 1.0 + 1e-9;
    [skill.cross_validated, skill.validation].iter().flatten().all(sound)
        && skill.p_value.is_none_or(|p| (0.0..=1.0).contains(&p))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        judge::synthetic::{Synthetic, reference},
        references::Learner,
    };

    fn of(record: &Record, split: Split) -> Attainable {
        attainable(record, 0, split, &LearnedElsewhere::new())
    }

    #[test]
    fn signal_is_found_only_beyond_chance_over_all_tests() {
        // Without validation, whose word would count by itself.
        let unseen = |skill, p| ReferenceSkill { validation: None, ..reference(skill, p) };
        let with = |p: f64| Synthetic::new().references(&[unseen(0.3, p), unseen(0.1, 0.5)]).record();
        assert_eq!(of(&with(1e-4), Split::Train).signal, Signal::Found);
        // 0.008 is below one in a hundred, but two were asked: a hint where the skill is worth naming, else nothing.
        assert_eq!(of(&with(0.008), Split::Train).signal, Signal::Unclear);
        assert_eq!(of(&with(0.08), Split::Train).signal, Signal::NotFound);
        let faint = Synthetic::new().references(&[reference(0.05, 0.008), reference(0.0, 0.5)]).record();
        assert_eq!(of(&faint, Split::Train).signal, Signal::NotFound);
        assert_eq!(of(&Synthetic::new().record(), Split::Train).signal, Signal::Unknown);
        assert_eq!(of(&Synthetic::new().references(&[]).record(), Split::Train).signal, Signal::Unknown);
    }

    #[test]
    fn validation_tells_where_heavy_tails_leave_the_test_without_power() {
        let with = |skill: f64, samples: u64| {
            let builder = Synthetic::new().references(&[reference(skill, 0.3)]);
            builder.with(move |run| run.references.iter_mut().for_each(|all| all.validation_samples = samples)).record()
        };
        assert_eq!(of(&with(0.9, 200), Split::Train).signal, Signal::Found);
        assert_eq!(of(&with(0.9, 10), Split::Train).signal, Signal::NotFound);
        assert_eq!(of(&with(0.05, 200), Split::Train).signal, Signal::NotFound);
    }

    #[test]
    fn numbers_that_cannot_be_are_not_believed() {
        let mut torn = reference(0.9, 1e-9);
        torn.validation = Some(Estimate { value: 0.9, low: 2.0, high: -2.0 });
        let records = [reference(5.0, 1e-9), reference(0.9, -3.0), torn];
        for skill in records {
            let found = of(&Synthetic::new().references(&[skill]).record(), Split::Validation);
            assert_eq!((found.signal, found.best), (Signal::Unknown, None));
        }
    }

    #[test]
    fn what_another_run_learned_can_be_learned() {
        let record = Synthetic::new().references(&[reference(-0.1, 0.9)]).record();
        let learned = LearnedElsewhere::from(["y".to_owned()]);
        assert_eq!(attainable(&record, 0, Split::Train, &learned).signal, Signal::Found);
        let other = LearnedElsewhere::from(["z".to_owned()]);
        assert_eq!(attainable(&record, 0, Split::Train, &other).signal, Signal::NotFound);
    }

    #[test]
    fn what_finds_signal_is_better_than_what_only_looks_so() {
        let record = Synthetic::new().references(&[reference(0.09, 1e-5), reference(0.10, 0.02)]).record();
        let best = of(&record, Split::Train).best.expect("two were trained");
        assert_eq!((best.learner, best.finds_signal), (Learner::Ridge, true));
    }

    #[test]
    fn the_best_is_chosen_by_cross_validation_and_measured_on_validation() {
        let mut better = reference(0.5, 1e-9);
        better.validation = better.validation.map(|skill| Estimate { value: 0.4, low: 0.36, ..skill });
        let record = Synthetic::new().references(&[reference(0.45, 1e-9), better]).record();
        let best = of(&record, Split::Validation).best.expect("two were trained");
        assert_eq!((best.learner, best.skill.value), (Learner::RandomFeatures, 0.4));
        assert_eq!(of(&record, Split::Train).best.expect("two were trained").skill.value, 0.5);
    }
}
