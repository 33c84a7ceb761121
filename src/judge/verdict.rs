//! What became of one output, from its newest predictions on every path and from what is attainable.
//!
//! The order of the questions matters. What is not a number cannot be judged further; a flat line is looked for before
//! anything else, because a wrong constant has a very negative skill that would read as divergence; and learned is only
//! said on evidence, so that what fits nowhere is undecided.

use super::{
    Constant, State,
    attainable::{Attainable, LearnedElsewhere, Signal, attainable},
    constant::{constant_of, is_between_median_and_mean},
    decide::not_finite,
    limits,
    look::OutputLook,
    skilful, stats,
    trend::{self, Improvement},
};
use crate::record::{Channel, Record, Split, Status};

/// The state of one output with the sentence that says what was seen.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct OutputVerdict {
    /// Its state.
    pub state: State,
    /// What was seen: a clause about `it`, lower case, no full stop.
    pub seen: String,
    /// The look on which it was judged: validation where there is one.
    pub judged: Option<OutputLook>,
    /// The look at the training split.
    pub train: Option<OutputLook>,
    /// The look at the same samples along the training path, where that path differs.
    pub training_path: Option<OutputLook>,
    /// What can be predicted at least.
    pub attainable: Attainable,
}

/// All that one output is judged by.
pub(super) struct Case<'a> {
    /// The record.
    pub record: &'a Record,
    /// Index of the output.
    pub output: usize,
    /// Its name.
    pub name: &'a str,
    /// The look at the training split, where it can be judged.
    pub train: Option<&'a OutputLook>,
    /// The look that counts: validation where it can be judged.
    pub judged: &'a OutputLook,
    /// The same samples as `train` along the training path.
    pub training_path: Option<&'a OutputLook>,
    /// What can be predicted at least.
    pub attainable: &'a Attainable,
    /// Whether its error was still falling.
    pub improving: Option<Improvement>,
    /// Whether there are looks enough to say that it was not, or the run was stopped because it was not.
    pub at_rest: bool,
    /// Samples of a validation split that is too small to judge by, where there is one.
    pub unusable_validation: Option<usize>,
}

impl Case<'_> {
    /// Whether something holds of the look at the training split, where it can be judged, and of the one that counts.
    pub fn on_every_split(&self, holds: impl Fn(&OutputLook) -> bool) -> bool {
        self.train.into_iter().chain([self.judged]).all(holds)
    }
}

/// Judges one output (by index); `elsewhere` names outputs that another run on the same data learned.
pub(super) fn judge_output(record: &Record, output: usize, elsewhere: &LearnedElsewhere) -> OutputVerdict {
    let train = OutputLook::newest(record, Split::Train, output);
    let validation = OutputLook::newest(record, Split::Validation, output);
    let training_path = OutputLook::newest(record, Split::TrainingPath, output);
    let judged = validation.clone().filter(can_judge).or_else(|| train.clone());
    let split = judged.as_ref().map_or(Split::Train, |look| look.split);
    let attainable = attainable(record, output, split, elsewhere);
    let (state, seen) = unjudged(record, train.as_ref(), validation.as_ref()).unwrap_or_else(|| {
        let unusable = validation.as_ref().map(|look| look.samples);
        let usable = |look: &Option<OutputLook>| look.clone().filter(can_judge);
        let (train, validation, path) = (usable(&train), usable(&validation), usable(&training_path));
        match validation.as_ref().or(train.as_ref()) {
            None => (State::Undecided, too_few(&[train.as_ref(), validation.as_ref()])),
            Some(judged) => {
                // OK because a look's column was found by the same index.
                let name = record.run.data.targets.get(output).map_or("", |target| target.name.as_str());
                let case = Case {
                    record,
                    output,
                    name,
                    train: train.as_ref(),
                    judged,
                    training_path: path.as_ref(),
                    attainable: &attainable,
                    improving: trend::improving(record, name),
                    at_rest: matches!(record.run.status, Status::Decided { .. }) || trend::can_tell(record, name),
                    unusable_validation: unusable.filter(|_| validation.is_none()),
                };
                decide(&case)
            }
        }
    });
    OutputVerdict { state, seen, judged, train, training_path, attainable }
}

/// Whether a look has what a judgement needs.
fn can_judge(look: &OutputLook) -> bool {
    look.samples >= limits::MIN_SAMPLES && look.target_varies && look.intervals.skill.is_some()
}

/// What can be said, or cannot, before any statistics.
fn unjudged(record: &Record, train: Option<&OutputLook>, validation: Option<&OutputLook>) -> Option<(State, String)> {
    let looks: Vec<&OutputLook> = train.into_iter().chain(validation).collect();
    let non_finite: usize = looks.iter().map(|look| look.non_finite).sum();
    if non_finite > 0 {
        let samples: usize = looks.iter().map(|look| look.samples).sum();
        return Some((State::Diverged, format!("{non_finite} of {samples} predictions are NaN or infinite")));
    }
    if let Some(why) = not_finite(record) {
        return Some((State::Diverged, why));
    }
    if record.run.status == Status::NonFinite {
        return Some((State::Diverged, "the loss or the weights were NaN or infinite for a whole epoch".into()));
    }
    if looks.is_empty() {
        return Some((State::Undecided, "no look at the trained network was recorded".into()));
    }
    if !looks.iter().any(|look| look.target_varies) {
        return Some((State::Undecided, "its targets are all the same, so there is nothing to predict".into()));
    }
    (!looks.iter().any(|look| can_judge(look))).then(|| (State::Undecided, too_few(&[train, validation])))
}

fn too_few(looks: &[Option<&OutputLook>]) -> String {
    let samples = looks.iter().flatten().map(|look| look.samples).max().unwrap_or(0);
    let noun = if samples == 1 { "sample" } else { "samples" };
    format!("{samples} {noun} with a target that hardly varies are too few to judge by")
}

/// The questions, in order.
fn decide(case: &Case) -> (State, String) {
    if let Some(found) = mismatch(case) {
        return found;
    }
    if case.on_every_split(is_flat) {
        return judge_flat(case);
    }
    skilful::judge(case)
}

/// Fine on the training path and more than half of it lost on the inference path, with the same weights and the same samples.
fn mismatch(case: &Case) -> Option<(State, String)> {
    let path = case.training_path?.intervals.skill?;
    let inference = case.train?.intervals.skill?;
    // Noise that was learned by heart is no skill that could be lost.
    let fine = path.low > limits::MEMORISED_SKILL && case.attainable.signal != Signal::NotFound;
    let lost = inference.high < limits::LOST_SHARE * path.low;
    (fine && lost).then(|| {
        let words = format!(
            "its skill on the training set is {:.2} as a training step runs the network and {:.2} as a prediction runs it",
            path.value, inference.value
        );
        (State::Mismatch, words)
    })
}

/// Whether predictions are a constant, for all that the samples can tell.
pub(super) fn is_flat(look: &OutputLook) -> bool {
    look.intervals.spread.is_some_and(|spread| spread.high < limits::COLLAPSE_SPREAD)
        && look.intervals.skill.is_some_and(|skill| skill.high < limits::COLLAPSE_SKILL)
}

/// One constant: a collapse, the honest answer, or one that is still on its way.
fn judge_flat(case: &Case) -> (State, String) {
    if skilful::follows_bulk(case) {
        return (State::Undecided, skilful::BULK.into());
    }
    if let Some(words) = lost_its_way(case) {
        return (State::Diverged, words);
    }
    let decided = matches!(case.record.run.status, Status::Decided { .. });
    if !decided && trend::leaving_plateau(case.record, case.name) {
        return (
            State::Undertrained,
            "its predictions are still almost one constant, but their spread was growing".into(),
        );
    }
    let look = case.train.unwrap_or(case.judged);
    let constant = constant_of(case.record, case.output, look).constant;
    // The median is what an absolute loss asks for; it may cost some squared error.
    let honest = matches!(constant, Constant::Mean | Constant::Median)
        || is_between_median_and_mean(case.record, case.output, look)
        || look.intervals.skill.is_some_and(|skill| skill.value > limits::HONEST_SKILL);
    match case.attainable.signal {
        Signal::NotFound if honest => (
            State::Unpredictable,
            format!("its predictions are one constant, and {}", skilful::no_reference(case.record)),
        ),
        Signal::NotFound => (
            State::Collapsed,
            format!(
                "its predictions are one constant, and not the best one; {} either",
                skilful::no_reference(case.record)
            ),
        ),
        Signal::Found => {
            let though = match skilful::though(case) {
                nothing if nothing.is_empty() => ", though the target can be predicted".to_owned(),
                though => though,
            };
            (State::Collapsed, format!("its predictions are one constant{though}"))
        }
        Signal::Unclear => (
            State::Undecided,
            format!("its predictions are one constant, and {}", skilful::too_few_to_tell(case.record)),
        ),
        Signal::Unknown => (State::Collapsed, "its predictions are one constant".into()),
    }
}

/// Far above the variance, and far above where it had been: a constant as far away as the untrained network's is a
/// collapse that still travels, one to which the training threw it is a divergence.
pub(super) fn lost_its_way(case: &Case) -> Option<String> {
    // The training set says whether the training broke out: a validation set may differ from it by a single outlier.
    let look = case.train.unwrap_or(case.judged);
    let ratio = 1.0 - look.intervals.skill?.value;
    // What comes back is not lost, and a loss that fell did not break out: it left this output for others.
    let lost = case.improving.is_none() && ratio > limits::DIVERGED_RATIO && !loss_fell(case.record);
    (lost && ratio > limits::DIVERGED_RATIO * lowest_ratio(case.record, look.split, case.name))
        .then(|| format!("its squared error ended at {ratio:.3e} times the variance of the target and did not return"))
}

/// The lowest squared error over variance that was seen on any look. Batches are not asked: theirs is the mean over all
/// outputs, and of a few samples.
fn lowest_ratio(record: &Record, split: Split, name: &str) -> f64 {
    let looks = record.points(split, Channel::Skill, name).iter().filter_map(|point| Some(1.0 - point.value.finite()?));
    looks.fold(f64::INFINITY, f64::min)
}

/// Whether the loss of the last batches is below that of the first ones.
fn loss_fell(record: &Record) -> bool {
    /// Batches that a median is taken of: one may be off.
    const BATCHES: usize = 5;
    let points = record.points(Split::Train, Channel::Loss, "");
    let of = |points: &[crate::record::Point]| {
        stats::median(&points.iter().map(|point| point.value.value()).collect::<Vec<f64>>())
    };
    let (first, last) = (of(&points[..points.len().min(1)]), of(&points[points.len().saturating_sub(BATCHES)..]));
    first.zip(last).is_some_and(|(first, last)| last < first)
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "states_tests.rs"]
mod states_tests;
