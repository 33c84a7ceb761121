//! The tables of a page, as ready texts.

use minijinja::Value;
use serde::Serialize;

use crate::judge::{Comparison, Diagnosis, OutputDiagnosis, RunDiagnosis, State};
use crate::record::{RunInfo, Split};
use crate::report::{figures::cell_name, measured_tables::TextTable, prose, run_table::RunTable, words};

use super::found::coded;

/// Outputs that get a row.
const MOST_OUTPUTS: usize = 40;
/// Reasons to stop that are listed below a table.
const MOST_REMARKS: usize = 8;

/// A table.
#[derive(Serialize)]
pub struct Table {
    caption: String,
    columns: Vec<String>,
    rows: Vec<Vec<Cell>>,
    note: String,
    /// What is true of some rows: of which, and what.
    remarks: Vec<(String, Value)>,
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

fn heads(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// A table of texts: a name, then numbers.
pub fn measured(table: TextTable) -> Table {
    let row = |texts: Vec<String>| {
        let mut cells = texts.into_iter();
        let name = cells.next().map(Cell::word);
        name.into_iter().chain(cells.map(Cell::number)).collect()
    };
    Table {
        caption: table.caption,
        columns: table.columns,
        rows: table.rows.into_iter().map(row).collect(),
        note: table.note,
        remarks: Vec::new(),
    }
}

/// One row for each setting of a comparison.
pub fn settings(comparison: &Comparison) -> Table {
    Table {
        caption: "Setting by setting".to_owned(),
        columns: heads(&["setting", "runs", "ended as", "P(collapse) [95 % interval]", "median skill [worst, best]"]),
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
        remarks: Vec::new(),
    }
}

/// One row for each run.
pub fn runs(runs: &[RunDiagnosis], caption: &str) -> Table {
    let listed = RunTable::of(runs.iter());
    let rows = listed.rows.into_iter().zip(runs).map(|(texts, run)| {
        let cells = texts.into_iter().enumerate();
        let cell = |(column, text)| if column == RunTable::STATE { Cell::state(run.state) } else { Cell::number(text) };
        cells.map(cell).collect()
    });
    let rows = rows.collect();
    let columns: Vec<&str> = listed.columns.iter().map(|column| column.0).collect();
    let mut note =
        "Skill: 1 is perfect, 0 is a constant. Spread: how far the predictions vary, in units of the targets. \
                    Corr: correlation of prediction and target."
            .to_owned();
    if columns.contains(&"at step") {
        note.push_str(" At step: when it collapsed.");
    }
    if let Some(whose) = &listed.whose {
        // A note is words: nothing in it is code.
        note.push_str(&format!(" {}", prose::sentence(whose).replace('`', "")));
    }
    let stopped = words::stopped_by_seed(runs);
    let whose = |seeds: String| {
        if stopped.len() == 1 {
            if runs.len() == 1 { "Why the run stopped" } else { "Why the runs stopped" }.to_owned()
        } else {
            format!("Why {seeds} stopped")
        }
    };
    let remarks = stopped.iter().take(MOST_REMARKS).map(|(seeds, why)| (whose(seeds.clone()), coded(why)));
    Table { caption: caption.to_owned(), remarks: remarks.collect(), columns: heads(&columns), rows, note }
}

/// One row for each output.
pub fn outputs(diagnosis: &Diagnosis) -> Table {
    let mut outputs: Vec<&OutputDiagnosis> = diagnosis.outputs.iter().collect();
    // Of very many the worst are shown; the order of equals stays.
    let note = if outputs.len() > MOST_OUTPUTS {
        outputs.sort_by_key(|output| std::cmp::Reverse(output.state.severity()));
        outputs.truncate(MOST_OUTPUTS);
        format!("The {MOST_OUTPUTS} worst of {} outputs; the JSON has all.", diagnosis.outputs.len())
    } else {
        String::new()
    };
    let constants = outputs.iter().any(|output| output.constant.is_some());
    // Where there is no validation split, the skill is the training skill already.
    let training = outputs.iter().any(|output| output.split == Split::Validation);
    let mut columns = vec!["output", "state"];
    columns.extend(constants.then_some("constant"));
    columns.push(if training { "skill on validation [95 %]" } else { "skill [95 %]" });
    columns.extend(training.then_some("on training [95 %]"));
    columns.extend(["spread", "corr"]);
    let row = |output: &OutputDiagnosis| {
        let mut cells = vec![Cell::word(words::short(&output.name, 120)), Cell::state(output.state)];
        if constants {
            cells.push(Cell::word(output.constant.map_or(words::ABSENT, words::constant)));
        }
        cells.push(Cell::number(words::estimate(output.skill)));
        if training {
            cells.push(Cell::number(words::estimate(output.train_skill)));
        }
        let or_absent = |value: Option<f64>| Cell::number(value.map_or_else(|| words::ABSENT.to_owned(), words::fixed));
        cells.extend([or_absent(output.spread.map(|spread| spread.value)), or_absent(output.corr)]);
        cells
    };
    let mut seen: Vec<(Vec<String>, &str)> = Vec::new();
    for output in &outputs {
        let name = words::short(&output.name, 60);
        match seen.iter_mut().find(|(_, what)| *what == output.seen) {
            Some((names, _)) => names.push(name),
            None => seen.push((vec![name], &output.seen)),
        }
    }
    let remarks = seen
        .into_iter()
        .take(MOST_REMARKS)
        .map(|(names, what)| (words::some_names(&names), coded(&words::short(what, 300))));
    Table {
        caption: "Output by output, over the runs that share the verdict".to_owned(),
        columns: heads(&columns),
        rows: outputs.iter().copied().map(row).collect(),
        note,
        remarks: remarks.collect(),
    }
}

/// Location and spread of the data.
pub fn targets(run: &RunInfo) -> Table {
    // What is left of a mean after standardising is the rounding of its sum.
    let beside = |value: f64, std: f64| if value.abs() <= 1e-6 * std { 0.0 } else { value };
    let moments = |name: &str, part: &str, moments: crate::data::Moments| {
        vec![
            Cell::word(words::short(name, 120)),
            Cell::word(part),
            Cell::number(words::number(beside(moments.mean, moments.std))),
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
        columns: heads(&["what", "split", "mean", "std", "min", "max"]),
        rows,
        note: String::new(),
        remarks: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_rounding_of_a_mean_is_no_number() {
        let (_, mut records) = sample::question();
        let run = &mut records[0].run;
        run.data.targets[0].train.mean = -3.12e-9;
        let table = targets(run);
        assert_eq!([&table.rows[1][2].text, &table.rows[2][2].text], ["0", "0.013"]);
    }
}
