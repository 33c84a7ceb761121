//! The spread of the predictions over the epochs, one panel for each setting, all on the same axes.

use std::collections::{BTreeMap, BTreeSet};

use crate::judge::State;
use crate::record::{Channel, Reading, Record, Split};
use crate::report::{
    figure::{Axis, Figure, Layer, Panel, Scale, Style, extent},
    series, theme, words,
};

use super::{ComparedChart, ComparedStory};

/// Cells that get a panel, and runs that get a line in it.
const MOST_CELLS: usize = 12;
const MOST_RUNS: usize = 24;
/// Spread above this is in a lane.
const MOST_SPREAD: f64 = 1.5;

/// Epochs and the spread there.
type Spread = Vec<(f64, Reading)>;

/// Spread per setting, one line for each seed.
pub struct LearningRatesSideBySide;

impl ComparedChart for LearningRatesSideBySide {
    fn id(&self) -> &'static str {
        "learning-rates-side-by-side"
    }

    fn draw(&self, story: &ComparedStory<'_>) -> Option<Figure> {
        let lines: Vec<Vec<(State, Spread)>> = story
            .cells
            .iter()
            .map(|(_, runs)| runs.iter().map(|told| (told.verdict.state, spread(told.record))).collect())
            .collect();
        let all = || lines.iter().flatten().flat_map(|(_, points)| points);
        let (first, last) = extent(all().map(|point| point.0))?;
        let x = Axis::new("epoch", Scale::Linear, first, last.max(first + 1.0));
        let highest = extent(all().filter_map(|point| point.1.finite())).map_or(1.0, |(_, high)| high);
        let high = highest.clamp(1.0, MOST_SPREAD);
        let y = Axis::new("std of predictions / std of targets", Scale::Linear, -0.03, high);

        let shown = series::some_of(lines.len(), MOST_CELLS);
        let panels: Vec<Panel> = shown
            .iter()
            .map(|cell| {
                let mut layers = vec![Layer::Level { at: 0.0, label: "a constant: spread 0".to_owned() }];
                for index in series::some_of(lines[*cell].len(), MOST_RUNS) {
                    let (state, points) = &lines[*cell][index];
                    let style = Style::bold(theme::state(*state), theme::state_dash(*state));
                    let sorted = series::sort(points.iter().copied(), &y);
                    layers.extend(series::layers(sorted, &x, &y, words::state(*state), style));
                }
                Panel { title: words::short(&story.cells[*cell].0, 60), x: x.clone(), y: y.clone(), layers }
            })
            .collect();
        let title = title(story);
        Some(Figure {
            id: self.id(),
            alt: format!("Spread of the predictions over the epochs for each setting: {title}."),
            title,
            panels,
            how_to_read: format!(
                "One line for each run, coloured and dashed by what became of it; the mean over the outputs, on validation \
                 where there is some. All panels have the same axes. Lines that drop to 0 and stay there have collapsed; \
                 runs of one setting differ in nothing but their seed.{}",
                super::chosen(shown.len(), lines.len(), "settings")
            ),
        })
    }
}

/// The mean spread over the outputs per epoch; not finite as soon as one output is not.
fn spread(record: &Record) -> Spread {
    let of = |split| super::measured(record, split, Channel::Spread, record.outputs());
    let mut outputs = of(Split::Validation);
    if outputs.is_empty() {
        outputs = of(Split::Train);
    }
    let mut epochs: BTreeMap<u32, (f64, f64)> = BTreeMap::new();
    for point in outputs.iter().flat_map(|(_, points)| *points) {
        let entry = epochs.entry(point.epoch).or_default();
        entry.0 += point.value.value();
        entry.1 += 1.0;
    }
    let means = epochs.into_iter().map(|(epoch, (sum, count))| (f64::from(epoch), Reading::new(sum / count)));
    means.collect()
}

fn title(story: &ComparedStory<'_>) -> String {
    let fate = |wanted: &dyn Fn(State) -> bool| {
        let cells = story.comparison.cells.iter().zip(&story.cells);
        cells
            .filter(|(cell, _)| cell.states.iter().any(|(state, count)| *count > 0 && wanted(*state)))
            .map(|(_, (name, _))| words::short(name, 48))
            .collect::<Vec<_>>()
    };
    let lost = fate(&|state| matches!(state, State::Collapsed | State::Partial | State::Mismatch | State::Diverged));
    let states: BTreeSet<State> = story.comparison.cells.iter().flat_map(|cell| cell.states.keys().copied()).collect();
    if lost.is_empty() {
        return match states.iter().next() {
            Some(state) if states.len() == 1 => format!("every run of every setting {}", words::predicate(*state)),
            _ => "no run of any setting collapsed or diverged".to_owned(),
        };
    }
    if lost.len() == story.comparison.cells.len() {
        return "some runs of every setting collapsed or diverged".to_owned();
    }
    format!("runs collapsed or diverged at {}, and nowhere else", words::some_names(&lost))
}
