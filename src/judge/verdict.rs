//! What became of one output, from its newest predictions on both splits.
//!
//! The order of the questions matters. What is not a number cannot be judged further; a flat line is looked for before
//! anything else, because a wrong constant has a very negative skill that would read as divergence; and learned is only
//! said on evidence, so that what fits nowhere is undecided.

use super::{
    Estimate, State,
    decide::not_finite,
    limits,
    look::OutputLook,
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
}

/// Judges one output (by index).
pub(super) fn judge_output(record: &Record, output: usize) -> OutputVerdict {
    let train = OutputLook::newest(record, Split::Train, output);
    let validation = OutputLook::newest(record, Split::Validation, output);
    let (state, seen) = decide(record, output, train.as_ref(), validation.as_ref());
    let judged = validation.filter(can_judge).or_else(|| train.clone());
    OutputVerdict { state, seen, judged, train }
}

/// Whether a look has what a judgement needs.
fn can_judge(look: &OutputLook) -> bool {
    look.samples >= limits::MIN_SAMPLES && look.target_varies && look.intervals.skill.is_some()
}

fn decide(
    record: &Record,
    output: usize,
    train: Option<&OutputLook>,
    validation: Option<&OutputLook>,
) -> (State, String) {
    let looks: Vec<&OutputLook> = train.into_iter().chain(validation).collect();
    let non_finite: usize = looks.iter().map(|look| look.non_finite).sum();
    if non_finite > 0 {
        let samples: usize = looks.iter().map(|look| look.samples).sum();
        return (State::Diverged, format!("{non_finite} of {samples} predictions are NaN or infinite"));
    }
    if let Some(why) = not_finite(record) {
        return (State::Diverged, why);
    }
    if record.run.status == Status::NonFinite {
        return (State::Diverged, "the loss or the weights were NaN or infinite for a whole epoch".into());
    }
    let Some(first) = looks.first() else {
        return (State::Undecided, "no look at the trained network was recorded".into());
    };
    if !looks.iter().any(|look| look.target_varies) {
        return (State::Undecided, "its targets are all the same, so there is nothing to predict".into());
    }
    let usable: Vec<&OutputLook> = looks.iter().copied().filter(|look| can_judge(look)).collect();
    let Some(judged) = usable.last() else {
        let samples = looks.iter().map(|look| look.samples).max().unwrap_or(first.samples);
        let noun = if samples == 1 { "sample" } else { "samples" };
        return (
            State::Undecided,
            format!("{samples} {noun} with a target that hardly varies are too few to judge by"),
        );
    };
    // OK because the record was asked for this output's look above, which needs its name.
    let name = record.run.data.targets.get(output).map_or("", |target| target.name.as_str());
    if usable.iter().all(|look| is_flat(look)) {
        if let Some(words) = lost_its_way(record, name, judged) {
            return (State::Diverged, words);
        }
        let growing = !matches!(record.run.status, Status::Decided { .. }) && trend::leaving_plateau(record, name);
        return if growing {
            (State::Undertrained, "its predictions are still almost one constant, but their spread was growing".into())
        } else {
            (State::Collapsed, "its predictions are one constant".into())
        };
    }
    let improving = trend::improving(record, name);
    judge_skill(record, name, train.filter(|look| can_judge(look)), judged, improving)
}

/// Whether predictions are a constant, for all that the samples can tell.
pub(super) fn is_flat(look: &OutputLook) -> bool {
    look.intervals.spread.is_some_and(|spread| spread.high < limits::COLLAPSE_SPREAD)
        && look.intervals.skill.is_some_and(|skill| skill.high < limits::COLLAPSE_SKILL)
}

/// Whether predictions point the right way with far too little spread.
pub(super) fn is_shrunk(look: &OutputLook) -> bool {
    look.intervals.slope.is_some_and(|slope| slope.low > limits::SHRUNK_SLOPE)
        && look.intervals.skill.is_some_and(|skill| skill.value < limits::LEARNED_SKILL)
}

/// Outputs whose predictions vary with the input.
fn judge_skill(
    record: &Record,
    name: &str,
    train: Option<&OutputLook>,
    judged: &OutputLook,
    improving: Option<Improvement>,
) -> (State, String) {
    let Some(skill) = judged.intervals.skill else {
        return (State::Undecided, "its skill could not be measured".into());
    };
    let moving = || "its skill was still rising when it stopped".to_owned();
    if skill.low > 0.0 {
        return if is_shrunk(judged) && improving.is_none() {
            let slope = judged.intervals.slope.map_or(f64::NAN, |slope| slope.value);
            let words =
                format!("its predictions point the right way but are too small by a factor of about {slope:.1}");
            (State::Undecided, words)
        } else if improving.is_some() && skill.value < limits::LEARNED_SKILL {
            (State::Undertrained, moving())
        } else {
            (State::Learned, "it predicts better than a constant".into())
        };
    }
    if improving.is_some() {
        return (State::Undertrained, moving());
    }
    if let Some(state) = judge_generalisation(train, judged, skill) {
        return state;
    }
    if let Some(words) = lost_its_way(record, name, judged) {
        return (State::Diverged, words);
    }
    let words = if skill.high < 0.0 {
        "its predictions vary with the input but are worse than a constant"
    } else {
        "its predictions vary with the input but cannot be told from a constant in skill"
    };
    (State::Undecided, words.into())
}

/// Training set learned, validation not: memorised, or too few samples to say.
fn judge_generalisation(train: Option<&OutputLook>, judged: &OutputLook, skill: Estimate) -> Option<(State, String)> {
    let learned = train?.intervals.skill?;
    if judged.split == Split::Train || learned.low <= 0.0 || learned.value < limits::MEMORISED_SKILL {
        return None;
    }
    if skill.value <= 0.0 || skill.high < limits::MEMORISED_SHARE * learned.low {
        let words = "it predicts the training set but is no better than a constant on validation";
        return Some((State::Memorised, words.into()));
    }
    let words =
        format!("it predicts the training set; {} validation samples are too few to confirm it", judged.samples);
    Some((State::Undecided, words))
}

/// Far above the variance, and far above where it had been: a constant as far away as the untrained network's is a
/// collapse that still travels, one to which the training threw it is a divergence.
fn lost_its_way(record: &Record, name: &str, judged: &OutputLook) -> Option<String> {
    let ratio = 1.0 - judged.intervals.skill?.value;
    (ratio > limits::DIVERGED_RATIO && ratio > limits::DIVERGED_RATIO * lowest_ratio(record, name))
        .then(|| format!("its squared error ended at {ratio:.3e} times the variance of the target and did not return"))
}

/// The lowest squared error over variance that was seen, on any look and over any batch.
fn lowest_ratio(record: &Record, name: &str) -> f64 {
    let skills = [Split::Train, Split::Validation].map(|split| record.points(split, Channel::Skill, name));
    let looks = skills.into_iter().flatten().filter_map(|point| Some(1.0 - point.value.finite()?));
    let batches = record.points(Split::Train, Channel::LossRatio, "").iter().filter_map(|point| point.value.finite());
    looks.chain(batches).fold(f64::INFINITY, f64::min)
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
