//! One row for each run, as texts; text, Markdown and the page show the same.

use crate::judge::RunDiagnosis;

use super::words;

/// The table of runs; columns that no run has anything in are left out.
pub struct RunTable {
    /// Heads of the columns and whether they hold numbers.
    pub columns: Vec<(&'static str, bool)>,
    /// One row for each run.
    pub rows: Vec<Vec<String>>,
    /// Whose numbers they are, a clause; nothing where every run has one output.
    pub whose: Option<String>,
}

impl RunTable {
    /// Which column holds the state.
    pub const STATE: usize = 2;
    /// Which column holds the output, before columns are left out.
    const OUTPUT: usize = 3;

    /// The table of these runs. Constant and numbers are those of the output that decides the state of the run.
    pub fn of<'a>(runs: impl Iterator<Item = &'a RunDiagnosis>) -> Self {
        /// Heads, whether they hold numbers, and whether the column stays when it is empty.
        const COLUMNS: [(&str, bool, bool); 11] = [
            ("seed", true, true),
            ("lr", true, true),
            ("state", false, true),
            ("output", false, false),
            ("hold", false, false),
            ("constant", false, false),
            ("skill [95 %]", false, true),
            ("spread", true, true),
            ("corr", true, true),
            ("at step", true, false),
            ("epochs", true, true),
        ];
        let runs: Vec<&RunDiagnosis> = runs.collect();
        let rows: Vec<[String; 11]> = runs.iter().map(|run| row(run)).collect();
        let several = runs.iter().any(|run| run.outputs.len() > 1);
        let same = rows.windows(2).all(|pair| pair[0][Self::OUTPUT] == pair[1][Self::OUTPUT]);
        let whose = several.then(|| match rows.first() {
            Some(first) if same => {
                format!("numbers are those of each run's worst output: `{}`", first[Self::OUTPUT])
            }
            _ => "numbers are those of each run's worst output".to_owned(),
        });
        let kept = |column: &usize| match *column {
            Self::OUTPUT => several && !same,
            column => COLUMNS[column].2 || rows.iter().any(|row| row[column] != words::ABSENT),
        };
        let kept: Vec<usize> = (0..COLUMNS.len()).filter(kept).collect();
        Self {
            columns: kept.iter().map(|column| (COLUMNS[*column].0, COLUMNS[*column].1)).collect(),
            rows: rows.iter().map(|row| kept.iter().map(|column| row[*column].clone()).collect()).collect(),
            whose,
        }
    }
}

fn row(run: &RunDiagnosis) -> [String; 11] {
    let absent = || words::ABSENT.to_owned();
    let output = words::deciding(&run.outputs, run.state);
    let constant = output.map_or(run.constant, |output| output.constant);
    [
        run.seed.to_string(),
        words::number(run.lr),
        words::state(run.state).to_owned(),
        output.map_or_else(absent, |output| words::short(&output.name, 40)),
        run.hold.map_or(words::ABSENT, words::hold).to_owned(),
        constant.map_or(words::ABSENT, words::constant).to_owned(),
        words::estimate(output.and_then(|output| output.skill)),
        output.and_then(|output| output.spread).map_or_else(absent, |spread| words::fixed(spread.value)),
        output.and_then(|output| output.corr).map_or_else(absent, words::fixed),
        run.collapsed_at_step.map_or_else(absent, |step| step.to_string()),
        run.epochs.to_string(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Constant, Estimate, State};
    use crate::report::sample;

    fn heads(table: &RunTable) -> Vec<&'static str> {
        table.columns.iter().map(|column| column.0).collect()
    }

    #[test]
    fn what_no_run_has_is_no_column_and_the_state_has_its_place() {
        let (mixed, _) = sample::question();
        let table = RunTable::of(mixed.runs.iter());
        assert_eq!(heads(&table)[RunTable::STATE], "state");
        assert!(heads(&table).contains(&"hold") && heads(&table).contains(&"at step"));
        assert!(table.rows.iter().all(|row| row.len() == table.columns.len()));
        let learned = mixed.runs.iter().filter(|run| run.hold.is_none());
        let table = RunTable::of(learned);
        assert_eq!(heads(&table), ["seed", "lr", "state", "skill [95 %]", "spread", "corr", "epochs"]);
    }

    #[test]
    fn a_row_is_of_one_output_and_says_which() {
        let (mut diagnosis, _) = sample::of(&[sample::Fate::Learns; 2], crate::judge::Hold::Plateau);
        let sick = |run: &mut RunDiagnosis, index: usize| {
            run.state = State::Partial;
            let output = &mut run.outputs[index];
            output.state = State::Collapsed;
            output.constant = Some(Constant::Median);
            output.skill = Some(Estimate { value: -45.285, low: -50.0, high: -40.0 });
        };
        diagnosis.runs.iter_mut().for_each(|run| sick(run, 1));
        let table = RunTable::of(diagnosis.runs.iter());
        assert_eq!(table.whose.as_deref(), Some("numbers are those of each run's worst output: `y`"));
        assert!(!heads(&table).contains(&"output"));
        let columns = |name: &str| heads(&table).iter().position(|head| *head == name).expect("a column");
        assert_eq!(table.rows[0][columns("constant")], "median");
        assert!(table.rows[0][columns("skill [95 %]")].starts_with("-45.285"));
        sick(&mut diagnosis.runs[0], 0);
        let table = RunTable::of(diagnosis.runs.iter());
        assert_eq!(table.whose.as_deref(), Some("numbers are those of each run's worst output"));
        let place = heads(&table).iter().position(|head| *head == "output").expect("a column");
        assert_eq!([&table.rows[0][place], &table.rows[1][place]], ["x", "y"]);
        diagnosis.runs.iter_mut().for_each(|run| run.outputs.truncate(1));
        assert_eq!(RunTable::of(diagnosis.runs.iter()).whose, None);
    }
}
