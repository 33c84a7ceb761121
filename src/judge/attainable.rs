//! What can be predicted at least, by the reference learners and by other runs on the same data.
//!
//! A reference finds signal when its cross-validated squared error is below that of the constant beyond what chance
//! explains. Several learners are asked, for several outputs; the level is divided by their number (Bonferroni), so that
//! a target without signal is taken for a predictable one in at most one of a hundred datasets.

use std::collections::BTreeSet;

use super::BestReference;
use crate::{
    record::{Record, Split},
    references::{LearnerSkill, ReferenceSkill},
};

/// Probability, over all learners and outputs of a dataset, of seeing signal where there is none.
const FALSE_SIGNAL: f64 = 0.01;

/// Whether the target of an output can be predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// A reference, or another run on the same data, predicts it beyond doubt better than a constant.
    Found,
    /// References were trained, and none does.
    NotFound,
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

/// Names of outputs that another run on the same data learned: what one network predicts can be predicted.
pub(super) type LearnedElsewhere = BTreeSet<String>;

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
    let tests = references.learners.iter().flat_map(|learner| &learner.outputs);
    let tests = tests.filter(|skill| skill.p_value.is_some()).count();
    let limit = FALSE_SIGNAL / tests.max(1) as f64;
    let of_output = |learner: &LearnerSkill| learner.outputs.get(output).copied();
    let beyond_chance = |skill: &ReferenceSkill| skill.p_value.is_some_and(|p| p < limit);
    let judged = references.learners.iter().filter_map(|learner| Some((learner.learner, of_output(learner)?)));
    let tested = judged.clone().any(|(_, skill)| skill.p_value.is_some());
    let best = judged
        .filter_map(|(learner, skill)| Some((learner, skill, skill.cross_validated?)))
        .max_by(|(_, _, one), (_, _, other)| one.value.total_cmp(&other.value))
        .map(|(learner, skill, cross_validated)| BestReference {
            learner,
            skill: skill.validation.filter(|_| split == Split::Validation).unwrap_or(cross_validated),
            finds_signal: beyond_chance(&skill),
        });
    let found = references.learners.iter().filter_map(of_output).any(|skill| beyond_chance(&skill));
    let signal = match (found, tested) {
        (true, _) => Signal::Found,
        (false, true) => Signal::NotFound,
        (false, false) => Signal::Unknown,
    };
    Attainable { signal: proven(signal), best }
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
        let with = |p: f64| Synthetic::new().references(&[reference(0.3, p), reference(0.1, 0.5)]).record();
        assert_eq!(of(&with(1e-4), Split::Train).signal, Signal::Found);
        // 0.008 is below one in a hundred, but two were asked.
        assert_eq!(of(&with(0.008), Split::Train).signal, Signal::NotFound);
        assert_eq!(of(&Synthetic::new().record(), Split::Train).signal, Signal::Unknown);
        assert_eq!(of(&Synthetic::new().references(&[]).record(), Split::Train).signal, Signal::Unknown);
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
    fn the_best_is_chosen_by_cross_validation_and_measured_on_validation() {
        let mut better = reference(0.5, 1e-9);
        better.validation = better.validation.map(|skill| crate::stats::Estimate { value: 0.4, ..skill });
        let record = Synthetic::new().references(&[reference(0.45, 1e-9), better]).record();
        let best = of(&record, Split::Validation).best.expect("two were trained");
        assert_eq!((best.learner, best.skill.value), (Learner::RandomFeatures, 0.4));
        assert_eq!(of(&record, Split::Train).best.expect("two were trained").skill.value, 0.5);
    }
}
