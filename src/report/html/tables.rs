//! The tables of a page, as ready texts.

use serde::Serialize;

use crate::judge::{Comparison, Diagnosis, RunDiagnosis, State};
use crate::record::RunInfo;
use crate::report::{figures::cell_name, words};

/// A table.
#[derive(Serialize)]
pub struct Table {
    caption: String,
    columns: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
    note: String,
}

/// A cell of a table.
#[derive(Serialize)]
pub struct Cell {
    text: String,
    state: Option<&'static str>,
    /// Whether it stays on one line.
    whole: bool,
}

impl Cell {
    fn word(text: impl Into<String>) -> Self {
        let text = text.into();
        let whole = text.chars().count() <= 26;
        Self { text, state: None, whole }
    }

    fn number(text: impl Into<String>) -> Self {
        Self { text: text.into(), state: None, whole: true }
    }

    fn state(state: State) -> Self {
        Self { text: words::state(state).to_owned(), state: Some(words::state(state)), whole: true }
    }
}

/// One row for each setting of a comparison.
pub fn settings(comparison: &Comparison) -> Table {
    Table {
        caption: "Setting by setting".to_owned(),
        columns: vec!["setting", "runs", "ended as", "P(collapse) [95 % interval]", "median skill [worst, best]"],
        rows: comparison
            .cells
            .iter()
            .map(|cell| {
                vec![
                    Cell::word(words::short(&cell_name(comparison, &cell.values), 200)),
                    Cell::number(cell.states.values().sum::<u32>().to_string()),
                    Cell::word(words::states(&cell.states)),
                    Cell::number(words::estimate(Some(cell.p_collapse))),
                    Cell::number(words::estimate(cell.skill)),
                ]
            })
            .collect(),
        note: "P(collapse) is the probability that a run does not get off a constant, or diverges (Jeffreys interval over \
               the runs)."
            .to_owned(),
    }
}

/// One row for each run.
pub fn runs(runs: &[RunDiagnosis], caption: &str) -> Table {
    let several = runs.iter().any(|run| run.outputs.len() > 1);
    // What is the same everywhere is said once, below.
    let stopped = runs.first().map(|run| run.stopped.as_str());
    let stopped = stopped.filter(|first| runs.iter().all(|run| run.stopped == *first));
    let mut columns = vec![
        "seed",
        "lr",
        "state",
        "hold",
        "constant",
        "skill [95 %]",
        "spread",
        "corr",
        "collapsed at step",
        "epochs",
    ];
    if stopped.is_none() {
        columns.push("stopped");
    }
    let row = |run: &RunDiagnosis| {
        let (skill, spread, corr) = words::skill_and_spread(run);
        let mut cells = vec![
            Cell::number(run.seed.to_string()),
            Cell::number(words::number(run.lr)),
            Cell::state(run.state),
            Cell::word(run.hold.map_or(words::ABSENT, words::hold)),
            Cell::word(run.constant.map_or(words::ABSENT, words::constant)),
            Cell::number(skill),
            Cell::number(spread),
            Cell::number(corr),
            Cell::number(run.collapsed_at_step.map_or_else(|| words::ABSENT.to_owned(), |step| step.to_string())),
            Cell::number(run.epochs.to_string()),
        ];
        if stopped.is_none() {
            cells.push(Cell::word(words::short(&run.stopped, 200)));
        }
        cells
    };
    let mut note =
        "Skill: 1 is perfect, 0 is a constant. Spread: how far the predictions vary, in units of the targets. Corr: \
                    correlation of prediction and target."
            .to_owned();
    if several {
        note.push_str(" Numbers are the first output's.");
    }
    if let Some(stopped) = stopped {
        note.push_str(&format!(" Why the runs stopped: {}.", words::short(stopped, 300)));
    }
    Table { caption: caption.to_owned(), columns, rows: runs.iter().map(row).collect(), note }
}

/// One row for each output.
pub fn outputs(diagnosis: &Diagnosis) -> Table {
    Table {
        caption: "Output by output, over the runs that share the verdict".to_owned(),
        columns: vec!["output", "state", "constant", "skill [95 %]", "spread [95 %]", "corr"],
        rows: diagnosis
            .outputs
            .iter()
            .map(|output| {
                vec![
                    Cell::word(words::short(&output.name, 120)),
                    Cell::state(output.state),
                    Cell::word(output.constant.map_or(words::ABSENT, words::constant)),
                    Cell::number(words::estimate(output.skill)),
                    Cell::number(words::estimate(output.spread)),
                    Cell::number(output.corr.map_or_else(|| words::ABSENT.to_owned(), words::fixed)),
                ]
            })
            .collect(),
        note: String::new(),
    }
}

/// Location and spread of the data.
pub fn targets(run: &RunInfo) -> Table {
    let moments = |name: &str, part: &str, moments: crate::data::Moments| {
        vec![
            Cell::word(words::short(name, 120)),
            Cell::word(part),
            Cell::number(words::number(moments.mean)),
            Cell::number(words::number(moments.std)),
            Cell::number(words::number(moments.min)),
            Cell::number(words::number(moments.max)),
        ]
    };
    let mut rows = vec![moments("all inputs", "training", run.data.inputs)];
    for target in &run.data.targets {
        rows.push(moments(&target.name, "training", target.train));
        rows.extend(target.validation.map(|part| moments(&target.name, "validation", part)));
    }
    Table {
        caption: "Inputs and targets, after scaling".to_owned(),
        columns: vec!["what", "split", "mean", "std", "min", "max"],
        rows,
        note: String::new(),
    }
}
