//! Words and numbers that text, Markdown, HTML and figures share.

use std::collections::BTreeMap;

use crate::judge::{Constant, DeadUnits, Diagnosis, Estimate, Hold, OutputDiagnosis, RunDiagnosis, State, Verdict};
use crate::record::{Split, StuckCertificate};
use crate::references::{Learner, References};

pub use super::numbers::{fixed, number, percent, tick, times_the_limit};

/// Absent values in tables.
pub const ABSENT: &str = "\u{2013}";

/// `0.012 [-0.003, 0.027]`.
pub fn estimate(estimate: Option<Estimate>) -> String {
    estimate.map_or_else(
        || ABSENT.to_owned(),
        |estimate| format!("{} [{}, {}]", fixed(estimate.value), fixed(estimate.low), fixed(estimate.high)),
    )
}

/// The state as one word.
pub fn state(state: State) -> &'static str {
    match state {
        State::Learned => "learned",
        State::Unpredictable => "unpredictable",
        State::Memorised => "memorised",
        State::Shrunk => "shrunk",
        State::Mismatch => "mismatch",
        State::Undertrained => "undertrained",
        State::Partial => "partial",
        State::Collapsed => "collapsed",
        State::Diverged => "diverged",
        State::Undecided => "undecided",
    }
}

/// Whether nothing went wrong in a run of this state: then what could have is not news.
pub fn is_calm(state: State) -> bool {
    matches!(state, State::Learned | State::Unpredictable)
}

/// The state as the end of the sentence `The network ...`.
pub fn predicate(state: State) -> &'static str {
    match state {
        State::Learned => "predicts better than a constant",
        State::Unpredictable => "has nothing to predict",
        State::Memorised => "learned the training set only",
        State::Shrunk => "predicts too timidly",
        State::Mismatch => "predicts a constant on the inference path",
        State::Undertrained => "was still improving when it stopped",
        State::Partial => "collapsed on some outputs",
        State::Collapsed => "predicts a constant",
        State::Diverged => "diverged",
        State::Undecided => "left too little evidence for a verdict",
    }
}

/// How firmly it holds, as one word.
pub fn hold(hold: Hold) -> &'static str {
    match hold {
        Hold::Stuck => "stuck",
        Hold::Plateau => "plateau",
    }
}

/// The constant as one word.
pub fn constant(constant: Constant) -> &'static str {
    match constant {
        Constant::Mean => "mean",
        Constant::Median => "median",
        Constant::Zero => "zero",
        Constant::Bound => "bound",
        Constant::Clip => "clip",
        Constant::Extreme => "extreme",
        Constant::Initial => "initial",
        Constant::Other => "other",
    }
}

/// A reference learner, as it is named in tables and figures.
pub fn learner(learner: Learner) -> &'static str {
    match learner {
        Learner::Mean => "mean",
        Learner::Median => "median",
        Learner::Ridge => "ridge regression",
        Learner::RandomFeatures => "ridge on random features",
        Learner::Neighbours => "nearest neighbours",
    }
}

/// `2000 of 10000 samples`, or `10000 samples` where all were used.
pub fn sample_count(references: &References) -> String {
    if references.samples < references.of_samples {
        format!("{} of {} samples", references.samples, references.of_samples)
    } else {
        format!("{} samples", references.samples)
    }
}

/// On what the reference learners were trained and tested, as a sentence.
pub fn trained_on(references: &References) -> String {
    let tested = match references.validation_samples {
        0 => String::new(),
        count => format!(" and tested on {count} of validation"),
    };
    format!(
        "The reference learners were trained on {} ({}), cross-validated in {} parts{tested}.",
        sample_count(references),
        short(&references.input, 120),
        references.folds
    )
}

/// `collapsed, stuck on the mean of the targets`.
pub fn verdict(verdict: &Verdict) -> String {
    let mut text = state(verdict.state).to_owned();
    if let Some(kind) = verdict.hold {
        text = format!("{text}, {}", hold(kind));
    }
    if let Some(kind) = verdict.constant {
        let joint = match verdict.hold {
            Some(Hold::Stuck) => " on",
            Some(Hold::Plateau) | None => " at",
        };
        let place = match kind {
            Constant::Mean => "the mean of the targets",
            Constant::Median => "the median of the targets",
            Constant::Zero => "zero",
            Constant::Bound => "a bound of the output activation",
            Constant::Clip => "the value at which the targets were clipped",
            Constant::Extreme => "the smallest or largest training target",
            Constant::Initial => "the untrained network's mean prediction",
            Constant::Other => "a constant that is none of the known ones",
        };
        text = format!("{text}{joint} {place}");
    }
    text
}

/// The verdict as a headline: without any run nothing was trained, and that is no verdict.
pub fn headline(diagnosis: &Diagnosis) -> String {
    if diagnosis.runs.is_empty() {
        return "not trained, examined from data and settings alone".to_owned();
    }
    verdict(&diagnosis.verdict)
}

/// `dense_1 100 of 100`; the rounded count of the fraction that the judge gave.
pub fn dead_units(dead: &DeadUnits) -> String {
    let count = (dead.fraction * dead.units as f64).round();
    format!("{} {count} of {}", short(&dead.layer, 60), dead.units)
}

/// The run that stands for all: the first that shares the state of the verdict.
pub fn representative(diagnosis: &Diagnosis) -> Option<&RunDiagnosis> {
    let shares = |run: &&RunDiagnosis| run.state == diagnosis.verdict.state;
    diagnosis.runs.iter().find(shares).or(diagnosis.runs.first())
}

/// The output that decides the state: the first that shares it, else (some collapsed, others did not) the first of the
/// worst.
pub fn deciding(outputs: &[OutputDiagnosis], state: State) -> Option<&OutputDiagnosis> {
    let shares = |output: &&OutputDiagnosis| output.state == state;
    outputs.iter().find(shares).or_else(|| outputs.iter().rev().max_by_key(|output| output.state.severity()))
}

/// `-45.285 on temp and 0.942 on load`; of one output the number alone, of many the lowest and the highest with whose they
/// are. What is not finite is left out; nothing where nothing is left.
pub fn each_value<'a>(values: impl Iterator<Item = (&'a str, f64)>) -> Option<String> {
    /// Outputs that are listed one by one.
    const MOST_LISTED: usize = 3;
    let values: Vec<(&str, f64)> = values.filter(|(_, value)| value.is_finite()).collect();
    let first = fixed(values.first()?.1);
    if values.iter().all(|(_, value)| fixed(*value) == first) {
        return Some(match values.len() {
            1 => first,
            2 => format!("{first} on both outputs"),
            count => format!("{first} on all {count} outputs"),
        });
    }
    let named = |(name, value): &(&str, f64), joint: &str| format!("{} {joint}{}", fixed(*value), short(name, 24));
    if values.len() <= MOST_LISTED {
        let listed: Vec<String> = values.iter().map(|value| named(value, "on ")).collect();
        let (last, before) = listed.split_last()?;
        return Some(format!("{} and {last}", before.join(", ")));
    }
    let lowest = values.iter().min_by(|one, other| one.1.total_cmp(&other.1))?;
    // Of equals the first, as the lowest.
    let highest = values.iter().rev().max_by(|one, other| one.1.total_cmp(&other.1))?;
    Some(format!("{}) to {}) over {} outputs", named(lowest, "("), named(highest, "("), values.len()))
}

/// `validation` or `training`.
pub fn split(split: Split) -> &'static str {
    match split {
        Split::Validation => "validation",
        Split::Train | Split::WholeTrain | Split::TrainingPath | Split::StandardisedInputs => "training",
    }
}

/// `seeds 1, 2` for each group of runs that stopped for the same reason, and the reason.
pub fn stopped_by_seed(runs: &[RunDiagnosis]) -> Vec<(String, String)> {
    by_seed(runs.iter().map(|run| (run.seed, short(&run.stopped, 300))))
}

/// `seeds 1, 2` and what they share, in the order of the first of each group.
fn by_seed(each: impl Iterator<Item = (u64, String)>) -> Vec<(String, String)> {
    let mut groups: Vec<(Vec<String>, String)> = Vec::new();
    for (seed, what) in each {
        match groups.iter_mut().find(|(_, same)| *same == what) {
            Some((seeds, _)) => seeds.push(seed.to_string()),
            None => groups.push((vec![seed.to_string()], what)),
        }
    }
    let named = groups.into_iter().map(|(seeds, what)| {
        let plural = if seeds.len() == 1 { "seed" } else { "seeds" };
        (format!("{plural} {}", some_names(&seeds)), what)
    });
    named.collect()
}

/// `seeds 1, 2` and their dead units, for each group of runs whose dead units are the same.
pub fn dead_by_seed(runs: &[RunDiagnosis]) -> Vec<(String, String)> {
    by_seed(runs.iter().filter(|run| !run.dead_units.is_empty()).map(|run| (run.seed, dead_of(run))))
}

/// `conv2d_1 5 of 10, dense_1 100 of 100`.
pub fn dead_of(run: &RunDiagnosis) -> String {
    let layers: Vec<String> = run.dead_units.iter().map(dead_units).collect();
    some_of_names(&layers, 12, ", ")
}

/// The certificate as sentences.
pub fn certificate(proof: &StuckCertificate) -> Vec<String> {
    let mut sentences = vec![
        format!(
            "After step {}, all {} units of `{}` gave exactly 0 on all {} training samples, so the output no longer \
             depends on the input.",
            proof.step, proof.units, proof.layer, proof.samples
        ),
        format!(
            "The derivative of a ReLU that gives 0 is exactly 0, so the gradients of {} parameter{} at or before that \
             layer ({}) are exactly 0: nothing tells them to move.",
            proof.frozen_parameters.len(),
            if proof.frozen_parameters.len() == 1 { "" } else { "s" },
            some_names(&proof.frozen_parameters.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>())
        ),
        "What the optimiser had left (momentum) has come to rest: its next step changes no bit of them, and later ones \
         can only be smaller."
            .to_owned(),
    ];
    sentences.extend(still_moving(proof));
    sentences
}

/// What lies behind the dead layer, and how far the constant is from the mean; nothing where that was not looked at.
fn still_moving(proof: &StuckCertificate) -> Option<String> {
    if proof.moving_parameters.is_empty() {
        return None;
    }
    let names: Vec<String> = proof.moving_parameters.iter().map(|name| format!("`{name}`")).collect();
    let gaps = proof.gaps_to_mean.iter().flatten().map(|gap| gap.abs()).filter(|gap| gap.is_finite());
    let gap = gaps.reduce(f64::max).map_or_else(String::new, |gap| {
        let most = if proof.gaps_to_mean.len() > 1 { "at most " } else { "" };
        format!(" That constant is {most}{} standard deviations of the targets from their mean.", number(gap))
    });
    Some(format!(
        "Only what lies behind the layer may still move ({}), and it moves the constant alone.{gap}",
        some_names(&names)
    ))
}

/// `3 collapsed, 1 learned`: the worst first.
pub fn states(states: &BTreeMap<State, u32>) -> String {
    let parts = states.iter().rev().filter(|(_, count)| **count > 0);
    let parts: Vec<String> = parts.map(|(kind, count)| format!("{count} {}", state(*kind))).collect();
    parts.join(", ")
}

/// The first few names and how many more.
pub fn some_names(names: &[String]) -> String {
    some_of_names(names, 6, ", ")
}

/// At most `most` names and how many more.
pub fn some_of_names(names: &[String], most: usize, joint: &str) -> String {
    let shown: Vec<&str> = names.iter().take(most).map(String::as_str).collect();
    let text = shown.join(joint);
    match names.len().saturating_sub(most) {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

/// A text cut to at most this many characters, for places that have no room for more.
pub fn short(text: &str, most: usize) -> String {
    // Control characters would move the cursor of a terminal or split a cell of a table, and direction marks would
    // turn the rest of the line around.
    let marks = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut characters = text.chars().map(|c| if c.is_control() || marks(c) { ' ' } else { c });
    let mut cut: String = characters.by_ref().take(most).collect();
    if characters.next().is_some() {
        cut.pop();
        cut.push('\u{2026}');
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_output_that_decides_shares_the_state_or_is_the_worst() {
        let outputs = |states: &[State]| {
            let (mut diagnosis, _) = sample::question();
            let names: Vec<String> = (0..states.len()).map(|index| format!("output {index}")).collect();
            sample::measured::give_outputs(&mut diagnosis, &names.iter().map(String::as_str).collect::<Vec<_>>());
            for (output, state) in diagnosis.outputs.iter_mut().zip(states) {
                output.state = *state;
            }
            diagnosis.outputs
        };
        let decides = |states: &[State], state| deciding(&outputs(states), state).map(|output| output.name.clone());
        let one = Some("output 1".to_owned());
        assert_eq!(decides(&[State::Learned, State::Collapsed, State::Collapsed], State::Partial), one);
        assert_eq!(decides(&[State::Unpredictable, State::Learned], State::Learned), one);
        assert_eq!(deciding(&[], State::Undecided), None);
    }

    #[test]
    fn several_values_are_no_interval() {
        let said = |values: &[f64]| each_value(["temp", "load", "a", "b"].into_iter().zip(values.iter().copied()));
        assert_eq!(said(&[-45.285]).as_deref(), Some("-45.285"));
        assert_eq!(said(&[-45.285, 0.942]).as_deref(), Some("-45.285 on temp and 0.942 on load"));
        assert_eq!(said(&[0.1, 0.1001]).as_deref(), Some("0.100 on both outputs"));
        assert_eq!(said(&[0.3, -1.0, f64::NAN, 0.2]).as_deref(), Some("0.300 on temp, -1.000 on load and 0.200 on b"));
        let many = said(&[0.3, -1.0, 0.9, 0.2]);
        assert_eq!(many.as_deref(), Some("-1.000 (load) to 0.900 (a) over 4 outputs"));
        assert_eq!(said(&[f64::NAN]), None);
    }

    #[test]
    fn long_text_is_cut_at_characters_and_loses_control_characters() {
        assert_eq!(short("abc", 3), "abc");
        assert_eq!(short("äbcd", 3), "äb\u{2026}");
        assert_eq!(short("a\u{1b}[31mb\n", 20), "a [31mb ");
    }
}
