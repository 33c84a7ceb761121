//! Dead units per layer: on the probe set over the epochs, and in each batch while the run was young.

use crate::record::{Channel, Point, Record, Split};
use crate::report::{
    figure::{Axis, Figure, Panel, Scale, Style},
    series::{self, Time},
    words,
};

use super::{Chart, Story, chosen, layer_names, measured};

/// Layers that get a line.
const MOST_LAYERS: usize = 7;

/// Fraction of dead units per layer.
pub struct DeadUnitsPerLayer;

impl Chart for DeadUnitsPerLayer {
    fn id(&self) -> &'static str {
        "dead-units"
    }

    fn draw(&self, story: &Story<'_>) -> Option<Figure> {
        let record = story.record();
        let kinds = [
            (Channel::DeadFraction, Time::Step, "In each batch"),
            (Channel::DeadFractionProbe, Time::Epoch, "On the whole probe set"),
        ];
        let found = kinds.map(|(channel, ..)| measured(record, Split::Train, channel, layer_names(record)));
        let names: Vec<&str> =
            layer_names(record).filter(|name| found.iter().flatten().any(|(layer, _)| layer == name)).collect();
        let drawn: Vec<&str> =
            series::some_of(names.len(), MOST_LAYERS).into_iter().map(|index| names[index]).collect();
        let panels: Vec<Panel> = kinds
            .iter()
            .zip(&found)
            .filter_map(|((_, time, title), layers)| panel(story, *time, title, layers, &drawn))
            .collect();
        if panels.is_empty() {
            return None;
        }
        let title = title(record, &found[0], &found[1]);
        Some(Figure {
            id: self.id(),
            alt: format!("Fraction of dead units per layer{}: {title}.", story.whose()),
            title,
            panels,
            how_to_read: format!(
                "A unit is dead when it gives exactly 0 for every sample: it passes nothing on and receives no gradient. A \
                 layer at 1 lets nothing through, and all before it stops learning. A layer below 1 may still learn, even \
                 with few units left; dead units alone are no verdict.{}",
                chosen(drawn.len(), names.len(), "layers")
            ),
        })
    }
}

fn panel(story: &Story<'_>, time: Time, title: &str, layers: &[(&str, &[Point])], drawn: &[&str]) -> Option<Panel> {
    let x = time.axis(layers.iter().flat_map(|(_, points)| *points))?;
    let y = Axis::new("fraction of units that are dead", Scale::Linear, -0.03, 1.03);
    let mut ink = Vec::new();
    for (name, points) in layers {
        if let Some(index) = drawn.iter().position(|layer| layer == name) {
            ink.extend(series::line(points, time, &x, &y, &words::short(name, 32), Style::nth(index)));
        }
    }
    if time == Time::Step {
        ink.extend(super::collapse_mark(story));
    }
    Some(Panel { title: title.to_owned(), x, y, layers: ink })
}

/// The first point from which on all units are dead.
fn all_dead_from(points: &[Point]) -> Option<&Point> {
    let alive = points.iter().rposition(|point| point.value.finite() != Some(1.0));
    points.get(alive.map_or(0, |last| last + 1))
}

fn title(record: &Record, steps: &[(&str, &[Point])], epochs: &[(&str, &[Point])]) -> String {
    // Batches are a sample: a unit that is silent in all of them is dead only where the probe set does not say otherwise.
    let denied = |layer: &str| {
        let probe = epochs.iter().find(|(name, _)| *name == layer);
        probe.is_some_and(|(_, points)| all_dead_from(points).is_none())
    };
    let wholly = steps
        .iter()
        .filter(|(layer, _)| !denied(layer))
        .filter_map(|(layer, points)| Some((layer, format!("step {}", all_dead_from(points)?.step))))
        .next()
        .or_else(|| {
            let mut found = epochs.iter();
            found.find_map(|(layer, points)| Some((layer, format!("epoch {}", all_dead_from(points)?.epoch))))
        });
    if let Some((layer, since)) = wholly {
        return format!("every unit of {} is dead from {since} on", words::short(layer, 32));
    }
    let last = |layers: &[(&str, &[Point])]| {
        let ends = layers.iter().filter_map(|(name, points)| {
            let value = points.last()?.value.finite()?;
            Some(((*name).to_owned(), value))
        });
        ends.max_by(|one, other| one.1.total_cmp(&other.1))
    };
    let (most, place) = match last(epochs) {
        Some(most) => (Some(most), "on the whole probe set"),
        None => (last(steps), "in the last batch"),
    };
    match most {
        Some((_, 0.0)) | None => format!("at the end no unit is dead {place}"),
        Some((layer, fraction)) => {
            let units = record.run.layers.iter().find(|info| info.name == layer).and_then(|info| info.shape.first());
            let count = units.map_or_else(
                || format!("a fraction of {}", words::fixed(fraction)),
                |units| format!("{:.0} of {units} units", (fraction * *units as f64).round()),
            );
            let name = words::short(&layer, 32);
            let most = if steps.len().max(epochs.len()) > 1 { ", the most of any layer" } else { "" };
            format!("at the end {count} of {name} are dead {place}{most}")
        }
    }
}
