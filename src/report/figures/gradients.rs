//! Gradient norms and update ratios per parameter: does anything still tell the weights to move?

use crate::record::{Channel, Point, Record, Split};
use crate::report::{
    figure::{Axis, Figure, Layer, Panel, Scale, Style},
    series::{self, Time},
    words,
};

use super::{Chart, Story, chosen, finite};

/// Parameters that get a line.
const MOST_PARAMETERS: usize = 7;

/// Norm of each parameter's gradient.
pub struct GradientNorms;

/// Size of each update relative to its parameter.
pub struct UpdateRatios;

impl Chart for GradientNorms {
    fn id(&self) -> &'static str {
        "gradient-norms"
    }

    fn draw(&self, story: &Story<'_>) -> Option<Figure> {
        let lines = Lines::of(story.record(), Channel::GradientNorm)?;
        let title = lines.silent("the gradient", "norm");
        Some(Figure {
            id: self.id(),
            alt: format!("Gradient norm per parameter{}: {title}.", story.whose()),
            title,
            panels: vec![lines.panel(story, "norm of the gradient, before clipping (log scale)")?],
            how_to_read: format!(
                "How hard the loss pulls at each parameter. A gradient of exactly 0 has no place on a logarithmic axis; such \
                 steps are bars in the lane below. A parameter that stays in that lane is told nothing and cannot learn: \
                 what comes after it in the network is dead or saturated.{}",
                lines.about()
            ),
        })
    }
}

impl Chart for UpdateRatios {
    fn id(&self) -> &'static str {
        "update-ratios"
    }

    fn draw(&self, story: &Story<'_>) -> Option<Figure> {
        let lines = Lines::of(story.record(), Channel::UpdateRatio)?;
        let title = lines.silent("the update", "ratio");
        Some(Figure {
            id: self.id(),
            alt: format!("Update ratio per parameter{}: {title}.", story.whose()),
            title,
            panels: vec![lines.panel(story, "norm of the update / norm of the parameter (log scale)")?],
            how_to_read: format!(
                "How far each step moves a parameter, relative to its size. Around 0.001 is usual; above 0.1 each step \
                 rewrites the parameter, which is how a high learning rate destroys a network in its first steps; steps \
                 without any motion are bars in the lane below.{}",
                lines.about()
            ),
        })
    }
}

struct Lines<'a> {
    all: usize,
    drawn: Vec<(&'a str, &'a [Point])>,
}

impl<'a> Lines<'a> {
    /// The first parameter (the weights) of each layer, some of them where there are many; `None` where none was read.
    fn of(record: &'a Record, channel: Channel) -> Option<Self> {
        let parameters = record.run.layers.iter().filter_map(|layer| layer.parameters.first());
        let names = parameters.map(String::as_str);
        let found = super::measured(record, Split::Train, channel, names);
        let drawn: Vec<_> =
            series::some_of(found.len(), MOST_PARAMETERS).into_iter().map(|index| found[index]).collect();
        (!drawn.is_empty()).then_some(Self { all: found.len(), drawn })
    }

    fn about(&self) -> String {
        let chosen = chosen(self.drawn.len(), self.all, "parameters");
        format!(" The weights of each layer are drawn; biases are in the record.{chosen}")
    }

    fn panel(&self, story: &Story<'_>, quantity: &str) -> Option<Panel> {
        let x = Time::Step.axis(self.drawn.iter().flat_map(|(_, points)| *points))?;
        // Where nothing is positive the axis has no range of its own, but the lanes still tell all there is.
        let y = Axis::log(quantity, self.drawn.iter().flat_map(|(_, points)| finite(points)))
            .unwrap_or_else(|| Axis::new(quantity, Scale::Log, 1e-3, 1.0));
        let mut layers = Vec::new();
        for (index, (name, points)) in self.drawn.iter().enumerate() {
            layers.extend(series::line(points, Time::Step, &x, &y, &words::short(name, 32), Style::nth(index)));
        }
        if let Some(step) = story.shown.verdict.collapsed_at_step {
            layers.push(Layer::Mark { at: step as f64, label: format!("collapsed at step {step}") });
        }
        Some(Panel { title: String::new(), x, y, layers })
    }

    /// What is seen: which parameters ended in silence and since when, else the range of the last values.
    fn silent(&self, what: &str, measure: &str) -> String {
        let zero_from = |points: &[Point]| {
            let moved = points.iter().rposition(|point| point.value.finite() != Some(0.0));
            points.get(moved.map_or(0, |last| last + 1)).map(|point| point.step)
        };
        let silent: Vec<u64> = self.drawn.iter().filter_map(|(_, points)| zero_from(points)).collect();
        let last = |points: &[Point]| points.last().map(|point| point.value);
        let lost = self.drawn.iter().filter_map(|(_, points)| last(points)).filter(|value| value.finite().is_none());
        let lost = lost.count();
        if let Some(since) = silent.iter().max() {
            let who = if silent.len() == self.drawn.len() {
                "all weights drawn".to_owned()
            } else {
                format!("{} of {} weights drawn", silent.len(), self.drawn.len())
            };
            return format!("{what} of {who} is exactly 0 from step {since} on");
        }
        if lost > 0 {
            let who = if lost == self.drawn.len() {
                "all weights drawn".to_owned()
            } else {
                format!("{lost} of {} weights drawn", self.drawn.len())
            };
            return format!("{what} of {who} ends NaN or infinite");
        }
        let ends = self.drawn.iter().filter_map(|(_, points)| last(points)?.finite());
        let (low, high) = crate::report::figure::extent(ends).unwrap_or((0.0, 0.0));
        format!(
            "{what} of every layer stays alive: the last {measure}s lie between {} and {}",
            words::number(low),
            words::number(high)
        )
    }
}
