//! A comparison: cells of settings, each with its runs.

use std::collections::BTreeMap;

use super::{Axis, Cell, Comparison, Estimate, RunDiagnosis, SCHEMA, State, run::judge_runs, stats, summary};
use crate::record::Record;

/// Judges every run of every combination of settings. No report is named.
///
/// A cell whose runs are missing keeps its place: its probability is unknown, 0 to 1, and the summary says so.
pub fn compare(name: &str, axes: &[Axis], cells: &[(Vec<String>, Vec<Record>)]) -> Comparison {
    let judged: Vec<Cell> = cells.iter().map(|(values, records)| judge_cell(values, records)).collect();
    Comparison {
        schema: SCHEMA,
        name: name.to_owned(),
        axes: axes.to_vec(),
        summary: summary::comparison(axes, &judged),
        cells: judged,
        not_examined: summary::not_examined_by_comparison(cells),
        report: None,
    }
}

fn judge_cell(values: &[String], records: &[Record]) -> Cell {
    let runs = judge_runs(records);
    let mut states: BTreeMap<State, u32> = BTreeMap::new();
    for run in &runs {
        *states.entry(run.state).or_default() += 1;
    }
    let lost = states.iter().filter(|(state, _)| is_lost(**state)).map(|(_, count)| count).sum();
    Cell {
        values: values.to_vec(),
        p_collapse: stats::jeffreys(lost, states.values().sum()),
        states,
        skill: skill_over(&runs),
        runs,
    }
}

/// Whether a run with this state did not get off a constant, or diverged.
fn is_lost(state: State) -> bool {
    match state {
        State::Collapsed | State::Partial | State::Mismatch | State::Diverged => true,
        State::Learned
        | State::Unpredictable
        | State::Memorised
        | State::Undertrained
        | State::Shrunk
        | State::Undecided => false,
    }
}

/// Median over runs of the mean skill over outputs, between the worst and the best run. Runs with an output whose
/// skill could not be measured are left out: a mean over the others would praise them.
fn skill_over(runs: &[RunDiagnosis]) -> Option<Estimate> {
    let of_run = |run: &RunDiagnosis| {
        let skills: Option<Vec<f64>> = run.outputs.iter().map(|output| Some(output.skill?.value)).collect();
        stats::mean(&skills?)
    };
    let skills: Vec<f64> = runs.iter().filter_map(of_run).collect();
    Some(Estimate {
        value: stats::median(&skills)?,
        low: skills.iter().copied().fold(f64::INFINITY, f64::min),
        high: skills.iter().copied().fold(f64::NEG_INFINITY, f64::max),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::synthetic::{Synthetic, calibrated, noise};

    fn learned(skill: f64) -> Record {
        Synthetic::new().looks(2, |epoch, i, y| if epoch == 0 { noise(i) } else { calibrated(skill, i, y) }).record()
    }

    fn flat(level: f64) -> Record {
        Synthetic::new().looks(2, |epoch, i, _| if epoch == 0 { noise(i) } else { level }).record()
    }

    fn axes() -> Vec<Axis> {
        vec![Axis { path: "training.optimiser.lr".into(), values: vec!["0.001".into(), "0.01".into(), "0.1".into()] }]
    }

    #[test]
    fn cells_count_states_and_give_intervals() {
        let cells = [
            (vec!["0.001".to_owned()], vec![learned(0.9), learned(0.7), learned(0.8)]),
            (vec!["0.01".to_owned()], vec![flat(1.0), flat(f64::NAN), learned(0.8), flat(0.5)]),
            (vec!["0.1".to_owned()], Vec::new()),
        ];
        let found = compare("name", &axes(), &cells);
        let [good, bad, missing] = found.cells.as_slice() else { panic!("three cells") };
        assert_eq!(good.states, BTreeMap::from([(State::Learned, 3)]));
        assert_eq!(good.p_collapse, stats::jeffreys(0, 3));
        let skill = good.skill.expect("a skill");
        assert!(skill.low < skill.value && skill.value < skill.high && skill.low > 0.6);
        let expected = BTreeMap::from([(State::Learned, 1), (State::Collapsed, 2), (State::Diverged, 1)]);
        assert_eq!(bad.states, expected);
        assert_eq!(bad.p_collapse, stats::jeffreys(3, 4));
        assert_eq!((missing.skill, missing.p_collapse.low, missing.p_collapse.high), (None, 0.0, 1.0));
        insta::assert_snapshot!(found.summary, @"`training.optimiser.lr`: diverged at 0.01 in 1 of 4 runs; collapsed at 0.01 in 2 of 4 runs; learned at 0.01 in 1 of 4 runs; learned in every run at 0.001; no run was recorded at 0.1.");
        let text = serde_json::to_string(&found).expect("a comparison is plain data");
        assert_eq!(serde_json::from_str::<Comparison>(&text).expect("its own text"), found);
    }

    #[test]
    fn nothing_to_compare_still_answers() {
        let found = compare("name", &[], &[]);
        assert!(found.cells.is_empty());
        insta::assert_snapshot!(found.summary, @"No setting was compared.");
    }
}
