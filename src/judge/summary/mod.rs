//! Words: everything that a person reads first.
//!
//! Sentences are built from counts and estimates alone, never from a record, so that the same diagnosis reads alike
//! wherever it came from.

mod comparison;
mod verdict;

pub(super) use comparison::comparison;
pub(super) use verdict::verdict;

use super::{Constant, Estimate, State};
use crate::{
    experiment::Layer,
    record::{Record, Split, Status},
    references::References,
};

/// What a diagnosis did not look at.
pub(super) fn not_examined(records: &[Record]) -> Vec<String> {
    let without_references = records.iter().any(without_references).then_some(
        "whether the target can be predicted at all: no reference learner was trained on the same data, so a target \
         without signal looks like a collapse",
    );
    let untold_path = records.iter().any(path_is_untold).then_some(
        "whether the network answers alike while training and while predicting (dropout, batch normalisation): the \
         predictions that were judged are those of the predicting network",
    );
    [without_references, untold_path].into_iter().flatten().map(str::to_owned).collect()
}

/// Whether no reference learner was tested on the data: none was asked for, or there were too few samples.
fn without_references(record: &Record) -> bool {
    let tested = |references: &References| {
        references.learners.iter().flat_map(|learner| &learner.outputs).any(|skill| skill.p_value.is_some())
    };
    !record.run.references.as_ref().is_some_and(tested)
}

/// Whether the training path differs from the path that was judged and was not looked at.
fn path_is_untold(record: &Record) -> bool {
    let differs = |layer: &Layer| matches!(layer, Layer::Dropout { .. } | Layer::BatchNorm { .. });
    record.run.experiment.model.layers.iter().any(differs) && record.last_predictions(Split::TrainingPath).is_none()
}

/// What a comparison did not look at.
pub(super) fn not_examined_by_comparison(cells: &[(Vec<String>, Vec<Record>)]) -> Vec<String> {
    let mut records = cells.iter().flat_map(|(_, records)| records);
    let without_references = records
        .any(without_references)
        .then_some("whether the target can be predicted at all: no reference learner was trained on the same data");
    [
        "values between and beyond those that were tried, and every other setting",
        "why the runs that collapsed did so: `whymean diagnose` with one of these values looks at that",
    ]
    .into_iter()
    .chain(without_references)
    .map(str::to_owned)
    .collect()
}

/// Why a run stopped: a clause.
pub(super) fn stopped(record: &Record) -> String {
    let (done, planned) = (record.run.epochs_done, record.run.experiment.training.epochs);
    match &record.run.status {
        Status::Running => format!("cut short: {done} of {} finished when the record ends", count(planned, "epoch")),
        Status::Completed => match planned {
            1 => "the one epoch was trained".to_owned(),
            planned => format!("all {planned} epochs were trained"),
        },
        Status::Decided { why } => {
            format!("decided after {done} of {}: {why}", count(planned, "epoch"))
        }
        Status::NonFinite => {
            format!(
                "stopped after {done} of {}: loss or weights were not finite for a whole epoch",
                count(planned, "epoch")
            )
        }
        Status::Interrupted => format!("interrupted by the user after {done} of {}", count(planned, "epoch")),
    }
}

/// `1 run`, `2 runs`.
fn count(number: u32, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// `a`, `a and b`, `a, b and c`.
fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [firsts @ .., last] => format!("{} and {last}", firsts.join(", ")),
    }
}

/// A number with two digits after the point, more where it is close to a bound that matters, none where it is huge.
fn number(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude >= 1e4 {
        format!("{value:.1e}")
    } else if magnitude >= 100.0 {
        format!("{value:.0}")
    } else if (0.995..1.0).contains(&value) {
        format!("{value:.4}")
    } else if magnitude < 0.005 {
        // Also keeps a tiny negative number from reading -0.00.
        "0.00".to_owned()
    } else {
        format!("{value:.2}")
    }
}

/// `0.97 (0.96 to 0.98)`; the number alone where the ends round to it.
fn estimate(estimate: Estimate) -> String {
    let (value, low, high) = (number(estimate.value), number(estimate.low), number(estimate.high));
    if low == value && high == value { value } else { format!("{value} ({low} to {high})") }
}

/// What a constant is, as the object of `answers`.
fn constant(constant: Option<Constant>) -> &'static str {
    match constant {
        Some(Constant::Mean) => "the mean of the training targets",
        Some(Constant::Median) => "the median of the training targets",
        Some(Constant::Zero) => "zero",
        Some(Constant::Bound) => "a bound of its output activation",
        Some(Constant::Clip) => "the value at which the targets were clipped",
        Some(Constant::Extreme) => "the smallest or largest training target",
        Some(Constant::Initial) => "what it answered before the training",
        Some(Constant::Other) => "one constant that is none of the known ones",
        None => "a constant",
    }
}

/// A state as a predicate: `run` or `output` learned.
fn past(state: State) -> &'static str {
    match state {
        State::Learned => "learned",
        State::Unpredictable => "found nothing to predict",
        State::Memorised => "memorised the training set",
        State::Shrunk => "answered too timidly",
        State::Mismatch => "lost its skill on the inference path",
        State::Undertrained => "was still improving",
        State::Partial => "collapsed in part",
        State::Collapsed => "collapsed",
        State::Diverged => "diverged",
        State::Undecided => "could not be judged",
    }
}

/// The same for several.
fn past_plural(state: State) -> &'static str {
    if state == State::Undertrained { "were still improving" } else { past(state) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::synthetic::Synthetic;

    #[test]
    fn numbers_read_well() {
        let shown = [0.97, 0.99821, 1.0, 0.0, -0.0001, -6.125, 123.4, -1.0e30, 0.05].map(number);
        assert_eq!(shown, ["0.97", "0.9982", "1.00", "0.00", "0.00", "-6.12", "123", "-1.0e30", "0.05"]);
        assert_eq!(estimate(Estimate { value: 0.5, low: 0.4, high: 0.6 }), "0.50 (0.40 to 0.60)");
        assert_eq!(estimate(Estimate { value: 0.0, low: 0.0, high: 0.001 }), "0.00");
        assert_eq!(list(&["a".into(), "b".into(), "c".into()]), "a, b and c");
        assert_eq!((count(1, "run"), count(0, "run")), ("1 run".into(), "0 runs".into()));
    }

    #[test]
    fn every_way_to_stop_has_words() {
        let said = |status: Status| stopped(&Synthetic::new().status(status).with(|run| run.epochs_done = 7).record());
        let all = [
            said(Status::Running),
            said(Status::Completed),
            said(Status::Decided { why: "plateau".into() }),
            said(Status::NonFinite),
            said(Status::Interrupted),
        ];
        insta::assert_snapshot!(all.join("\n"));
    }
}
