//! Mean and standard deviation of each layer's activations over the steps.

use crate::record::{Channel, Point, Split};
use crate::report::{
    figure::{Axis, Figure, Panel, Scale, Style},
    series::{self, Time},
    words,
};

use super::{Chart, Story, chosen, finite, layer_names, measured};

/// Layers that get a line.
const MOST_LAYERS: usize = 7;

/// A layer whose standard deviation ends below this share of its first hardly varies.
const FAINT: f64 = 0.05;

/// Mean and standard deviation of activations.
pub struct Activations;

impl Chart for Activations {
    fn id(&self) -> &'static str {
        "activations"
    }

    fn draw(&self, story: &Story<'_>) -> Option<Figure> {
        let record = story.record();
        let found = [Channel::ActivationStd, Channel::ActivationMean]
            .map(|channel| measured(record, Split::Train, channel, layer_names(record)));
        let names: Vec<&str> =
            layer_names(record).filter(|name| found.iter().flatten().any(|(layer, _)| layer == name)).collect();
        let drawn: Vec<&str> =
            series::some_of(names.len(), MOST_LAYERS).into_iter().map(|index| names[index]).collect();
        let keep = |layers: &[(&'_ str, &'_ [Point])]| -> Vec<usize> {
            (0..layers.len()).filter(|index| drawn.contains(&layers[*index].0)).collect()
        };
        let mut panels = Vec::new();
        for (layers, title) in found.iter().zip(["Standard deviation", "Mean"]) {
            let layers: Vec<(&str, &[Point])> = keep(layers).into_iter().map(|index| layers[index]).collect();
            panels.extend(panel(story, title, &layers, &drawn));
        }
        if panels.is_empty() {
            return None;
        }
        let slope = super::checks::output_slope(story);
        let about = match slope {
            None => "",
            Some(_) => {
                " Slope of the output: what the last activation lets through of the gradient, 1 for a linear one; near 0 the \
                        output sits at a bound and nothing before it is told to move."
            }
        };
        panels.extend(slope);
        let title = title(&found[0], record.run.steps_per_epoch);
        Some(Figure {
            id: self.id(),
            alt: format!("Standard deviation and mean of each layer's activations{}: {title}.", story.whose()),
            title,
            panels,
            how_to_read: format!(
                "How much of the input's variety each layer passes on. A layer whose standard deviation drops to 0 gives \
                 the same for every sample, and then no later layer can bring back what was lost there. Values that grow from \
                 layer to layer by orders of magnitude explode.{about}{}",
                chosen(drawn.len(), names.len(), "layers")
            ),
        })
    }
}

fn panel(story: &Story<'_>, title: &str, layers: &[(&str, &[Point])], drawn: &[&str]) -> Option<Panel> {
    let x = Time::Step.axis(layers.iter().flat_map(|(_, points)| *points))?;
    let values = || layers.iter().flat_map(|(_, points)| finite(points));
    let y = if title == "Mean" {
        middle(values().collect())?
    } else {
        let quantity = "of all values of a layer (log scale)";
        Axis::log(quantity, values()).unwrap_or_else(|| Axis::new(quantity, Scale::Log, 1e-3, 1.0))
    };
    let mut ink = Vec::new();
    for (name, points) in layers {
        if let Some(index) = drawn.iter().position(|layer| layer == name) {
            ink.extend(series::line(points, Time::Step, &x, &y, &words::short(name, 32), Style::nth(index)));
        }
    }
    ink.extend(super::collapse_mark(story));
    Some(Panel { title: title.to_owned(), x, y, layers: ink })
}

/// A linear axis that one spike cannot flatten: the middle 96 % of the values and as much again; the rest is in lanes.
fn middle(mut values: Vec<f64>) -> Option<Axis> {
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values.get(((values.len() as f64 - 1.0) * share).round() as usize).copied();
    let (low, high) = (at(0.02)?, at(0.98)?);
    let (least, most) = (at(0.0)?, at(1.0)?);
    let air = 0.5 * (high - low);
    Some(Axis::new(
        "of all values of a layer",
        Scale::Linear,
        if least < low - air { low - air } else { least - 0.05 * air },
        if most > high + air { high + air } else { most + 0.05 * air },
    ))
}

fn title(layers: &[(&str, &[Point])], steps_per_epoch: u64) -> String {
    let silent = layers.iter().map(|(name, points)| (words::short(name, 32), super::zero_at_end(points)));
    let silent: Vec<(String, &[Point])> = silent.filter(|(_, points)| !points.is_empty()).collect();
    let long = silent.iter().find(|(_, points)| super::spans(points, steps_per_epoch));
    if let Some((name, [first, ..])) = long {
        return format!("{name} gives the same for every sample from step {} on", first.step);
    }
    match silent.first() {
        Some((name, [_])) => return format!("{name} gives the same for every sample at the last recorded step"),
        Some((name, points)) => {
            return format!("{name} gives the same for every sample at the last {} recorded steps", points.len());
        }
        None => {}
    }
    let last = |points: &[Point]| points.last().and_then(|point| point.value.finite());
    let Some((low, high)) = crate::report::figure::extent(layers.iter().filter_map(|(_, points)| last(points))) else {
        return "the activations end without a finite standard deviation".to_owned();
    };
    let range = format!("the last standard deviations lie between {} and {}", words::number(low), words::number(high));
    let faint = layers.iter().filter(|(_, points)| {
        let first = finite(points).next();
        first.zip(last(points)).is_some_and(|(first, last)| last < FAINT * first)
    });
    let faint: Vec<String> = faint.map(|(name, _)| words::short(name, 32)).collect();
    match faint.as_slice() {
        [] => range,
        [only] => format!("{only} hardly varies (less than 1/20 of its first standard deviation): {range}"),
        several => format!(
            "{} hardly vary (less than 1/20 of their first standard deviation): {range}",
            words::some_of_names(several, 3, ", ")
        ),
    }
}
