//! One row for each run, as texts; text, Markdown and the page show the same.

use crate::judge::RunDiagnosis;

use super::words;

/// The table of runs; columns that no run has anything in are left out.
pub struct RunTable {
    /// Heads of the columns and whether they hold numbers.
    pub columns: Vec<(&'static str, bool)>,
    /// One row for each run.
    pub rows: Vec<Vec<String>>,
}

impl RunTable {
    /// Which column holds the state.
    pub const STATE: usize = 2;

    /// The table of these runs. Numbers are the first output's.
    pub fn of<'a>(runs: impl Iterator<Item = &'a RunDiagnosis>) -> Self {
        /// Heads, whether they hold numbers, and whether the column stays when it is empty.
        const COLUMNS: [(&str, bool, bool); 10] = [
            ("seed", true, true),
            ("lr", true, true),
            ("state", false, true),
            ("hold", false, false),
            ("constant", false, false),
            ("skill [95 %]", false, true),
            ("spread", true, true),
            ("corr", true, true),
            ("at step", true, false),
            ("epochs", true, true),
        ];
        let rows: Vec<[String; 10]> = runs.map(row).collect();
        let kept = |column: &usize| COLUMNS[*column].2 || rows.iter().any(|row| row[*column] != words::ABSENT);
        let kept: Vec<usize> = (0..COLUMNS.len()).filter(kept).collect();
        Self {
            columns: kept.iter().map(|column| (COLUMNS[*column].0, COLUMNS[*column].1)).collect(),
            rows: rows.iter().map(|row| kept.iter().map(|column| row[*column].clone()).collect()).collect(),
        }
    }
}

fn row(run: &RunDiagnosis) -> [String; 10] {
    let absent = || words::ABSENT.to_owned();
    let first = run.outputs.first();
    [
        run.seed.to_string(),
        words::number(run.lr),
        words::state(run.state).to_owned(),
        run.hold.map_or(words::ABSENT, words::hold).to_owned(),
        run.constant.map_or(words::ABSENT, words::constant).to_owned(),
        words::estimate(first.and_then(|output| output.skill)),
        first.and_then(|output| output.spread).map_or_else(absent, |spread| words::fixed(spread.value)),
        first.and_then(|output| output.corr).map_or_else(absent, words::fixed),
        run.collapsed_at_step.map_or_else(absent, |step| step.to_string()),
        run.epochs.to_string(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn what_no_run_has_is_no_column_and_the_state_has_its_place() {
        let heads = |table: &RunTable| table.columns.iter().map(|column| column.0).collect::<Vec<_>>();
        let (mixed, _) = sample::question();
        let table = RunTable::of(mixed.runs.iter());
        assert_eq!(heads(&table)[RunTable::STATE], "state");
        assert!(heads(&table).contains(&"hold") && heads(&table).contains(&"at step"));
        assert!(table.rows.iter().all(|row| row.len() == table.columns.len()));
        let learned = mixed.runs.iter().filter(|run| run.hold.is_none());
        let table = RunTable::of(learned);
        assert_eq!(heads(&table), ["seed", "lr", "state", "skill [95 %]", "spread", "corr", "epochs"]);
    }
}
