//! The symptoms that were found, run by run, and sentences as markup.

use minijinja::{HtmlEscape, Value};
use serde::Serialize;

use crate::judge::{Diagnosis, Finding, RunDiagnosis};
use crate::report::{
    evidence,
    prose::{self, Part},
    words,
};

/// Runs beside the one that stands for all whose findings are listed.
const MOST_RUNS: usize = 24;

/// What was found in one run.
#[derive(Serialize)]
pub struct Found {
    seed: u64,
    state: &'static str,
    findings: Vec<Item>,
}

/// One thing that was found.
#[derive(Serialize)]
pub struct Item {
    sentence: Value,
    /// `at step 20`, and on what.
    place: String,
    id: String,
}

/// The run that stands for all, and the others in which something was found.
pub fn of(diagnosis: &Diagnosis) -> (Option<Found>, Vec<Found>) {
    let shown = words::representative(diagnosis);
    let others = diagnosis.runs.iter().filter(|run| shown.is_none_or(|shown| shown.seed != run.seed));
    let others = others.filter(|run| !run.findings.is_empty());
    (shown.map(run), others.take(MOST_RUNS).map(run).collect())
}

/// Whether there is nothing to tell of the run that stands for all, and that is good.
pub fn is_unremarkable(diagnosis: &Diagnosis) -> bool {
    words::representative(diagnosis).is_some_and(|run| {
        words::is_calm(run.state) && run.findings.is_empty() && evidence::of(run, diagnosis).is_empty()
    })
}

fn run(run: &RunDiagnosis) -> Found {
    Found { seed: run.seed, state: words::state(run.state), findings: run.findings.iter().map(item).collect() }
}

fn item(finding: &Finding) -> Item {
    Item {
        sentence: coded(&prose::sentence(&finding.sentence)),
        place: format!("read at step {}, on {}", finding.step, words::split(finding.split)),
        id: words::short(&finding.id, 60),
    }
}

/// What speaks for the state of a run.
pub fn evidence(run: &RunDiagnosis, diagnosis: &Diagnosis) -> Vec<Item> {
    let item = |found: evidence::Evidence| Item {
        sentence: coded(&found.sentence()),
        place: String::new(),
        id: found.id.to_owned(),
    };
    evidence::of(run, diagnosis).into_iter().map(item).collect()
}

/// A sentence as markup: names in backticks become code, and all of it is escaped.
pub fn coded(text: &str) -> Value {
    let parts = prose::parts(text).into_iter().map(|part| match part {
        Part::Words(words) => HtmlEscape(words).to_string(),
        Part::Name(name) => format!("<code>{}</code>", HtmlEscape(name)),
    });
    Value::from_safe_string(parts.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_code_and_nothing_becomes_markup() {
        assert_eq!(coded("all of `dense_1` & <b>").to_string(), "all of <code>dense_1</code> &amp; &lt;b&gt;");
        assert_eq!(coded("`<img src=x>`").to_string(), "<code>&lt;img src=x&gt;</code>");
        assert_eq!(coded("a ` <b>").to_string(), "a ` &lt;b&gt;");
    }
}
