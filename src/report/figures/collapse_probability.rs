//! How often each setting collapses, with its interval over the seeds.

use crate::judge::Cell;
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

fn title(story: &ComparedStory<'_>) -> String {
    let cells = story.comparison.cells.iter().zip(&story.cells);
    let cells: Vec<_> = cells.map(|(cell, (name, _))| (cell.p_collapse.value, words::short(name, 48))).collect();
    let least = cells.iter().min_by(|one, other| one.0.total_cmp(&other.0));
    let most = cells.iter().max_by(|one, other| one.0.total_cmp(&other.0));
    match (least, most) {
        (Some(least), Some(most)) if least.0 < most.0 => format!(
            "collapse is least likely at {} ({}) and most likely at {} ({})",
            least.1,
            words::fixed(least.0),
            most.1,
            words::fixed(most.0)
        ),
        (Some(least), _) => format!("collapse is equally likely everywhere ({})", words::fixed(least.0)),
        (None, _) => "nothing was compared".to_owned(),
    }
}
