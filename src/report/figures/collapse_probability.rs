//! How often each setting collapses, with its interval over the seeds.

use crate::judge::{Cell, State};
use crate::report::{
    figure::{Axis, Figure, Layer, Panel, Scale, Style},
    words,
};

use super::{ComparedChart, ComparedStory};

/// Cells that get a row.
const MOST_CELLS: usize = 40;

/// Probability of a collapse per cell.
pub struct CollapseProbability;

impl ComparedChart for CollapseProbability {
    fn id(&self) -> &'static str {
        "collapse-probability"
    }

    fn draw(&self, story: &ComparedStory<'_>) -> Option<Figure> {
        let cells = &story.comparison.cells;
        let shown = crate::report::series::some_of(cells.len(), MOST_CELLS);
        if shown.is_empty() {
            return None;
        }
        let seeds = |cell: &Cell| cell.states.values().sum::<u32>();
        let names: Vec<String> = shown
            .iter()
            .map(|index| {
                let name = words::short(&story.cells[*index].0, 48);
                format!("{name} ({} runs)", seeds(&cells[*index]))
            })
            .collect();
        let rows = shown.iter().enumerate().map(|(row, index)| {
            let estimate = cells[*index].p_collapse;
            (row as f64, estimate.low, estimate.value, estimate.high)
        });
        let rows: Vec<_> = rows.collect();
        let title = title(story);
        Some(Figure {
            id: self.id(),
            alt: format!("Probability of a collapse for each setting: {title}."),
            title,
            panels: vec![Panel {
                title: String::new(),
                x: Axis::new("probability that a run collapses or diverges", Scale::Linear, 0.0, 1.0),
                y: Axis::new("", Scale::Names(names.clone()), 0.0, names.len() as f64),
                layers: vec![Layer::Intervals {
                    label: "estimate with its 95 % interval".to_owned(),
                    style: Style::nth(0),
                    rows,
                }],
            }],
            how_to_read: format!(
                "Whether a run collapses depends on its seed, so each setting has a probability, known only as well as the \
                 number of runs allows. Settings whose bars overlap widely are not told apart by these runs; more seeds \
                 make the bars shorter.{}",
                super::chosen(shown.len(), cells.len(), "settings")
            ),
        })
    }
}

/// Counts, not estimates: they are what was seen.
fn title(story: &ComparedStory<'_>) -> String {
    let lost = |cell: &Cell| {
        let states = cell.states.iter();
        let lost = states.filter(|(state, _)| {
            matches!(state, State::Collapsed | State::Partial | State::Mismatch | State::Diverged)
        });
        lost.map(|(_, count)| *count).sum::<u32>()
    };
    let cells = story.comparison.cells.iter().zip(&story.cells);
    let cells: Vec<(u32, u32, String)> = cells
        .map(|(cell, (name, _))| (lost(cell), cell.states.values().sum(), words::short(name, 48)))
        .filter(|(_, runs, _)| *runs > 0)
        .collect();
    let (all_lost, runs) = cells.iter().fold((0, 0), |sum, cell| (sum.0 + cell.0, sum.1 + cell.1));
    let plural = if runs == 1 { "run" } else { "runs" };
    if all_lost == 0 {
        return format!("none of {runs} {plural} collapsed or diverged");
    }
    let total = format!("{all_lost} of {runs} {plural} collapsed or diverged");
    // a/b > c/d as a * d > c * b, so that equal shares are equal to the bit.
    let more = |one: &(u32, u32, String), other: &(u32, u32, String)| {
        (u64::from(one.0) * u64::from(other.1)).cmp(&(u64::from(other.0) * u64::from(one.1)))
    };
    let Some(most) = cells.iter().max_by(|one, other| more(one, other)) else { return total };
    let worst: Vec<String> =
        cells.iter().filter(|cell| more(cell, most).is_eq()).map(|(_, _, name)| name.clone()).collect();
    if worst.len() == cells.len() {
        return if cells.len() == 1 { total } else { format!("{total}, equally often at every setting") };
    }
    match worst.as_slice() {
        [only] => format!("{total}, most often at {only} ({} of {})", most.0, most.1),
        several => format!("{total}, most often at {}", words::some_of_names(several, 3, " and ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{comparison_figures, sample};

    #[test]
    fn the_title_counts_runs_and_names_no_setting_among_equals() {
        let title = |fates: [&[(State, u32)]; 2]| {
            let (mut comparison, records) = sample::compared();
            comparison.cells.truncate(2);
            for (cell, states) in comparison.cells.iter_mut().zip(fates) {
                cell.states = states.iter().copied().collect();
            }
            comparison_figures(&comparison, &records).remove(0).title
        };
        let (good, bad) = ((State::Learned, 4), (State::Collapsed, 4));
        assert_eq!(title([&[good], &[good]]), "none of 8 runs collapsed or diverged");
        assert_eq!(title([&[bad], &[bad]]), "8 of 8 runs collapsed or diverged, equally often at every setting");
        assert_eq!(
            title([&[good], &[(State::Learned, 3), (State::Diverged, 1)]]),
            "1 of 8 runs collapsed or diverged, most often at lr = 1e-3 (1 of 4)"
        );
        assert!(title([&[(State::Undertrained, 4)], &[good]]).starts_with("none"));
    }
}
