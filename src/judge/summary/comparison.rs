//! What a comparison says, from the counts in its cells.

use super::{count, list, past};
use crate::judge::{Axis, Cell, State};

/// One clause for each state that occurs, worst first, and one for the cells that learned in every run.
pub(in crate::judge) fn comparison(axes: &[Axis], cells: &[Cell]) -> String {
    if cells.is_empty() {
        return "No setting was compared.".to_owned();
    }
    let mut states = State::ALL;
    states.sort_by_key(|state| std::cmp::Reverse(state.severity()));
    let mut clauses: Vec<String> = Vec::new();
    for state in states {
        if state != State::Learned {
            clauses.extend(clause(axes, cells, state));
        }
    }
    clauses.extend(learned_sometimes(axes, cells));
    clauses.extend(learned_always(axes, cells));
    let missing: Vec<String> = cells.iter().filter(|cell| runs(cell) == 0).map(|cell| label(axes, cell)).collect();
    if !missing.is_empty() {
        clauses.push(format!("no run was recorded at {}", list(&missing)));
    }
    let paths: Vec<String> = axes.iter().map(|axis| format!("`{}`", axis.path)).collect();
    let subject = if paths.is_empty() { "as configured".to_owned() } else { list(&paths) };
    format!("{subject}: {}.", clauses.join("; "))
}

fn runs(cell: &Cell) -> u32 {
    cell.states.values().sum()
}

fn in_state(cell: &Cell, state: State) -> u32 {
    cell.states.get(&state).copied().unwrap_or(0)
}

/// `collapsed at 0.01 in 4 of 4 runs and at 0.1 in 2 of 4 runs`.
fn clause(axes: &[Axis], cells: &[Cell], state: State) -> Option<String> {
    let places = cells.iter().filter(|cell| in_state(cell, state) > 0);
    let places: Vec<String> = places
        .map(|cell| format!("at {} in {} of {}", label(axes, cell), in_state(cell, state), count(runs(cell), "run")))
        .collect();
    (!places.is_empty()).then(|| format!("{} {}", past(state), list(&places)))
}

/// Cells that learned in some runs and not in others.
fn learned_sometimes(axes: &[Axis], cells: &[Cell]) -> Option<String> {
    let some = cells.iter().filter(|cell| (1..runs(cell)).contains(&in_state(cell, State::Learned)));
    let places: Vec<String> = some
        .map(|cell| {
            let learned = in_state(cell, State::Learned);
            format!("at {} in {learned} of {}", label(axes, cell), count(runs(cell), "run"))
        })
        .collect();
    (!places.is_empty()).then(|| format!("learned {}", list(&places)))
}

fn learned_always(axes: &[Axis], cells: &[Cell]) -> Option<String> {
    let all: Vec<&Cell> =
        cells.iter().filter(|cell| runs(cell) > 0 && in_state(cell, State::Learned) == runs(cell)).collect();
    let places: Vec<String> = all.iter().map(|cell| label(axes, cell)).collect();
    let whole = all.len() == cells.len() && all.len() > 1;
    // One run is an anecdote, and the sentence should not hide that it was one.
    let single = all.iter().all(|cell| runs(cell) == 1);
    let often = if single { "in the one run" } else { "in every run" };
    match (places.is_empty(), whole) {
        (true, _) => None,
        (false, true) => Some(format!("learned {often} at every value ({})", list(&places))),
        (false, false) => Some(format!("learned {often} at {}", list(&places))),
    }
}

/// The cell's values; with several axes each with the last part of its path that tells them apart.
fn label(axes: &[Axis], cell: &Cell) -> String {
    if axes.len() == 1 && cell.values.len() == 1 {
        return cell.values[0].clone();
    }
    let tail = |path: &str| path.rsplit('.').next().unwrap_or(path).to_owned();
    let parts: Vec<String> = cell
        .values
        .iter()
        .enumerate()
        .map(|(index, value)| match axes.get(index) {
            None => value.clone(),
            Some(axis) => {
                let short = tail(&axis.path);
                let ambiguous = axes.iter().filter(|other| tail(&other.path) == short).count() > 1;
                format!("{} = {value}", if ambiguous { &axis.path } else { &short })
            }
        })
        .collect();
    if parts.is_empty() { "these settings".to_owned() } else { format!("({})", parts.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::jeffreys;

    fn axis(path: &str) -> Axis {
        Axis { path: path.into(), values: Vec::new() }
    }

    fn cell(values: &[&str], states: &[(State, u32)]) -> Cell {
        Cell {
            values: values.iter().map(|value| (*value).to_owned()).collect(),
            states: states.iter().copied().collect(),
            p_collapse: jeffreys(0, 0),
            skill: None,
            runs: Vec::new(),
        }
    }

    #[test]
    fn one_axis() {
        use State::{Collapsed, Diverged, Learned, Undertrained};
        let lr = [axis("training.optimiser.lr")];
        let clear = comparison(
            &lr,
            &[
                cell(&["0.0001"], &[(Learned, 4)]),
                cell(&["0.001"], &[(Learned, 4)]),
                cell(&["0.01"], &[(Collapsed, 4)]),
            ],
        );
        let mixed = comparison(
            &lr,
            &[
                cell(&["0.001"], &[(Learned, 3), (Undertrained, 1)]),
                cell(&["0.01"], &[(Learned, 1), (Collapsed, 3)]),
                cell(&["0.1"], &[(Collapsed, 2), (Diverged, 2)]),
                cell(&["1.0"], &[]),
            ],
        );
        let well = comparison(&lr, &[cell(&["0.1"], &[(Learned, 2)]), cell(&["0.2"], &[(Learned, 2)])]);
        let single = comparison(&lr, &[cell(&["0.1"], &[(Learned, 1)]), cell(&["0.2"], &[(Collapsed, 1)])]);
        insta::assert_snapshot!([clear, mixed, well, single].join("\n"));
    }

    #[test]
    fn several_axes_are_named_by_what_tells_them_apart() {
        use State::{Collapsed, Learned, Partial};
        let two = comparison(
            &[axis("training.optimiser.lr"), axis("training.batch_size")],
            &[cell(&["0.001", "32"], &[(Learned, 2)]), cell(&["0.01", "32"], &[(Partial, 1), (Collapsed, 1)])],
        );
        let alike =
            comparison(&[axis("model.init.bias.value"), axis("other.value")], &[cell(&["1", "2"], &[(Learned, 2)])]);
        let none = comparison(&[], &[cell(&[], &[(Collapsed, 2)])]);
        insta::assert_snapshot!([two, alike, none].join("\n"));
    }
}
