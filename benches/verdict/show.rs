//! The score as text: Markdown tables, which read well in a terminal too.

use std::fmt::Write as _;

use whymean::judge::State;

use crate::{
    common::count::{heads, percent, row},
    score::{Count, Score},
};

/// Name of a state as everywhere else.
pub fn name(state: State) -> String {
    serde_json::to_value(state).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Truth by verdict.
pub fn confusion(score: &Score) -> String {
    let mut text = String::new();
    let names: Vec<String> = State::ALL.into_iter().map(name).collect();
    let mut cells = vec!["truth \\ verdict"];
    cells.extend(names.iter().map(String::as_str));
    heads(&mut text, &cells);
    for (truth, verdicts) in &score.confusion {
        let counts = State::ALL.iter().map(|verdict| {
            let count = verdicts.get(verdict).copied().unwrap_or_default();
            if count == 0 { String::new() } else { count.to_string() }
        });
        let cells: Vec<String> = std::iter::once(name(*truth)).chain(counts).collect();
        row(&mut text, &cells);
    }
    text
}

/// Right verdicts by truth.
pub fn recall(score: &Score) -> String {
    let mut text = String::new();
    heads(&mut text, &["truth", "right", "share, 95 % interval"]);
    for (state, count) in &score.recall {
        row(&mut text, &[name(*state), count.to_string(), percent(count.estimate())]);
    }
    text
}

fn counts<'a>(title: &str, share: &str, counts: impl Iterator<Item = (&'a str, Count)>) -> String {
    let mut text = String::new();
    heads(&mut text, &[title, "number", share]);
    for (what, count) in counts {
        row(&mut text, &[what.to_owned(), count.to_string(), percent(count.estimate())]);
    }
    text
}

/// False alarms.
pub fn false_alarms(score: &Score) -> String {
    let rows = [
        ("learned, noisy or unpredictable", score.false_alarms_on_healthy),
        ("those, undertrained or memorised", score.false_alarms),
    ];
    counts("a fault reported on runs that are", "share, 95 % interval", rows.into_iter())
}

/// How often the interval holds the true skill.
pub fn coverage(score: &Score) -> String {
    let rows = score.coverage.iter().map(|(kind, count)| (*kind, *count));
    counts("outputs of runs that are", "the 95 % interval holds the true skill", rows)
}

/// How often references find signal.
pub fn signal_found(score: &Score) -> String {
    if score.signal_found.is_empty() {
        return "No references are in the records.\n".to_owned();
    }
    let rows = score.signal_found.iter().map(|(kind, count)| (*kind, *count));
    counts("a reference finds signal", "share, 95 % interval", rows)
}

/// How often plateaus were left.
pub fn escapes(score: &Score) -> String {
    let total = score
        .escapes
        .values()
        .fold(Count::default(), |sum, count| Count { hits: sum.hits + count.hits, of: sum.of + count.of });
    let rows = score.escapes.iter().map(|(kind, count)| (*kind, *count)).chain([("all", total)]);
    counts("plateaus without a certificate", "left within as many steps again", rows)
}

/// How soon the verdict is right.
pub fn early(score: &Score) -> String {
    let mut text = String::new();
    heads(&mut text, &["share of the epochs seen", "right", "share, 95 % interval", "right where decided", "share"]);
    for point in &score.early {
        let decided = point.right_of_decided;
        row(
            &mut text,
            &[
                format!("{:.0} %", 100.0 * point.fraction),
                point.right.to_string(),
                percent(point.right.estimate()),
                decided.to_string(),
                percent(decided.estimate()),
            ],
        );
    }
    text
}

/// What an early stop would have done.
pub fn stops(score: &Score) -> String {
    let share = score.stop_share.map_or_else(String::new, |share| {
        format!("; those were trained for {:.0} % of their epochs in the mean", 100.0 * share)
    });
    format!(
        "Stopped early: {} of {} runs, with the right verdict in {}{share}.\n",
        score.at_stop.of, score.runs, score.at_stop
    )
}

/// What the runs are.
pub fn runs(score: &Score) -> String {
    let mut text = format!("{} runs are scored.\n", score.runs);
    let mut list = |title: &str, rows: Vec<(String, u32)>| {
        if rows.is_empty() {
            return;
        }
        let _ = writeln!(text, "\n{title}:\n");
        for (what, count) in rows {
            let _ = writeln!(text, "- {count}: {what}");
        }
    };
    let owned = |rows: &std::collections::BTreeMap<String, u32>| rows.iter().map(|(k, v)| (k.clone(), *v)).collect();
    list("Scored by what they show, which is not what they were meant to show", owned(&score.relabelled));
    list("Left out, since they lie between states", owned(&score.between));
    let verdicts = score.verdicts_between.iter().map(|(state, count)| (name(*state), *count)).collect();
    list("What the judge says of those", verdicts);
    text
}

/// Every failure on one line.
pub fn failures(score: &Score) -> String {
    let mut text = String::new();
    for failure in &score.failures {
        let _ = writeln!(
            text,
            "- {} (seed {}, {}): is {}, called {}: {} [{}; {}]",
            failure.id,
            failure.seed,
            failure.family,
            name(failure.truth),
            name(failure.verdict),
            failure.seen,
            failure.measured,
            failure.summary
        );
    }
    if text.is_empty() { "None.\n".to_owned() } else { text }
}

/// The lines that a reader looks for.
pub fn closing(score: &Score) -> String {
    let of = |state: State| score.recall.get(&state).copied().unwrap_or_default();
    format!(
        "recall of collapse: {}\nfalse alarms: {}\nunpredictable told apart: {}\ncertificates wrong: {}\n",
        of(State::Collapsed),
        score.false_alarms,
        of(State::Unpredictable),
        score.certificates
    )
}

/// All of it, under headings of this depth.
pub fn all(score: &Score, title: &str, depth: &str) -> String {
    let parts = [
        ("Runs", runs(score)),
        ("Truth by verdict", confusion(score)),
        ("Right verdicts", recall(score)),
        ("False alarms", false_alarms(score)),
        ("Calibration", coverage(score)),
        ("References", signal_found(score)),
        ("Early verdicts", early(score) + "\n" + &stops(score)),
        (
            "Certificates",
            format!("{} wrong; {} continued to 50 times their step.\n", score.certificates, score.continued),
        ),
        ("Plateaus", escapes(score)),
        ("Failures", failures(score)),
    ];
    let mut text = format!("{depth} {title}\n");
    for (heading, body) in parts {
        let _ = write!(text, "\n{depth}# {heading}\n\n{body}");
    }
    text
}
