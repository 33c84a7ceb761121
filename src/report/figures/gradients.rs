//! Gradient norms and update ratios per parameter: does anything still tell the weights to move?

use crate::record::{Channel, Point, Record, Split};
use crate::report::{
    figure::{Axis, Figure, Panel, Scale, Style},
    series::{self, Time},
    words,
};

use super::{Chart, Story, chosen, finite};

/// Parameters that get a line.
const MOST_PARAMETERS: usize = 7;

/// A gradient below this share of its first, or an update below this share of its parameter, does next to nothing: 32-bit
/// weights hold seven digits.
const FAINT: f64 = 1e-6;

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
        let kind = Kind {
            what: "the gradient",
            measure: "gradient norm",
            relative: true,
            faint: "has all but vanished (less than a millionth of the first)",
        };
        let mut title = lines.silent(&kind, story.record().run.steps_per_epoch);
        let mut panels = vec![lines.panel(story, "norm of the gradient, before clipping (log scale)")?];
        let checks = super::checks::gradient(story);
        let mut about = "";
        if !checks.is_empty() {
            title = format!("the optimiser is not given the gradient of the loss: {title}");
            about = " The gradient of the loss was recomputed at some steps from the same weights and samples; what the \
                     optimiser was given has to have the same direction (a cosine of 1) and size (a ratio of 1).";
            panels[0].title = "Norms".to_owned();
            panels.extend(checks);
        }
        Some(Figure {
            id: self.id(),
            alt: format!("Gradient norm per parameter{}: {title}.", story.whose()),
            title,
            panels,
            how_to_read: format!(
                "How hard the loss pulls at each parameter. A gradient of exactly 0 has no place on a logarithmic axis; such \
                 steps are bars in the lane below. A parameter that stays in that lane is told nothing and cannot learn: \
                 what comes after it in the network is dead or saturated.{about}{}",
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
        let kind = Kind {
            what: "the update",
            measure: "update ratio",
            relative: false,
            faint: "hardly moves them (less than a millionth of their size)",
        };
        let mut title = lines.silent(&kind, story.record().run.steps_per_epoch);
        let mut panels = vec![lines.panel(story, "norm of the update / norm of the parameter (log scale)")?];
        let mut about = "";
        let drawn: Vec<&str> = lines.drawn.iter().map(|(name, _)| *name).collect();
        if let Some(distance) = super::checks::distance(story, &drawn) {
            about = " Distance from the start: how far a parameter came in all, over its size at the start; one that stays \
                     in the lane below was never moved.";
            panels[0].title = "Update ratio".to_owned();
            panels.push(distance);
        }
        let still = super::checks::never_moved(story);
        if !still.is_empty() {
            title = format!("{} never moved: {title}", words::some_of_names(&still, 3, ", "));
        }
        Some(Figure {
            id: self.id(),
            alt: format!("Update ratio per parameter{}: {title}.", story.whose()),
            title,
            panels,
            how_to_read: format!(
                "How far each step moves a parameter, relative to its size. Around 0.001 is usual; above 0.1 each step \
                 rewrites the parameter, which is how a high learning rate destroys a network in its first steps; steps \
                 without any motion are bars in the lane below.{about}{}",
                lines.about()
            ),
        })
    }
}

/// How titles speak of what is measured.
struct Kind {
    what: &'static str,
    measure: &'static str,
    /// Whether [`FAINT`] is a share of the first value, and not the value itself.
    relative: bool,
    faint: &'static str,
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
        layers.extend(super::collapse_mark(story));
        Some(Panel { title: String::new(), x, y, layers })
    }

    /// What is seen: which parameters ended in silence and since when, or hardly move any more, else the range of the last
    /// values.
    fn silent(&self, kind: &Kind, steps_per_epoch: u64) -> String {
        let what = kind.what;
        let who = |count: usize| {
            if count == self.drawn.len() {
                "all weights drawn".to_owned()
            } else {
                format!("{count} of {} weights drawn", self.drawn.len())
            }
        };
        let silent: Vec<&[Point]> = self.drawn.iter().map(|(_, points)| super::zero_at_end(points)).collect();
        let silent: Vec<&[Point]> = silent.into_iter().filter(|points| !points.is_empty()).collect();
        let long: Vec<&&[Point]> = silent.iter().filter(|points| super::spans(points, steps_per_epoch)).collect();
        if let Some(since) = long.iter().filter_map(|points| points.first()).map(|point| point.step).max() {
            return format!("{what} of {} is exactly 0 from step {since} on", who(long.len()));
        }
        if let Some(least) = silent.iter().map(|points| points.len()).min() {
            let last = if least == 1 { "the last recorded step" } else { &format!("the last {least} recorded steps") };
            return format!("{what} of {} is exactly 0 at {last}", who(silent.len()));
        }
        let last: Vec<_> = self.drawn.iter().filter_map(|(_, points)| Some((*points, points.last()?.value))).collect();
        let lost = last.iter().filter(|(_, value)| value.finite().is_none()).count();
        if lost > 0 {
            return format!("{what} of {} ends NaN or infinite", who(lost));
        }
        let (low, high) =
            crate::report::figure::extent(last.iter().filter_map(|(_, value)| value.finite())).unwrap_or((0.0, 0.0));
        let range =
            format!("the last {}s lie between {} and {}", kind.measure, words::number(low), words::number(high));
        let faint = last.iter().filter(|(points, value)| {
            let limit = if kind.relative { FAINT * first_positive(points).unwrap_or(0.0) } else { FAINT };
            value.finite().is_some_and(|value| value < limit)
        });
        match faint.count() {
            0 => range,
            count => format!("{what} of {} {}: {range}", who(count), kind.faint),
        }
    }
}

/// The first value above 0.
fn first_positive(points: &[Point]) -> Option<f64> {
    finite(points).find(|value| *value > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn title(chart: &dyn Chart, channel: Channel, values: &[f64]) -> String {
        let (diagnosis, mut records) = sample::tiny(channel, "dense_1.weight", values);
        records[0].run.steps_per_epoch = 3;
        let story = Story::new(&diagnosis, &records).expect("the sample has a record");
        chart.draw(&story).expect("measured").title
    }

    #[test]
    fn silence_is_claimed_only_after_an_epoch_of_it() {
        let gradient = |values: &[f64]| title(&GradientNorms, Channel::GradientNorm, values);
        assert_eq!(gradient(&[1.0, 0.0, 0.0, 0.0]), "the gradient of all weights drawn is exactly 0 from step 2 on");
        assert_eq!(
            gradient(&[1.0, 1.0, 0.0, 0.0]),
            "the gradient of all weights drawn is exactly 0 at the last 2 recorded steps"
        );
        assert_eq!(
            gradient(&[1.0, 1.0, 1.0, 0.0]),
            "the gradient of all weights drawn is exactly 0 at the last recorded step"
        );
        assert_eq!(gradient(&[0.0, 0.0, 0.0, 1.0]), "the last gradient norms lie between 1 and 1");
    }

    #[test]
    fn what_hardly_moves_is_not_called_alive() {
        let update = |values: &[f64]| title(&UpdateRatios, Channel::UpdateRatio, values);
        assert_eq!(
            update(&[1e-3, 8e-9]),
            "the update of all weights drawn hardly moves them (less than a millionth of their size): the last update ratios lie \
             between 8e-9 and 8e-9"
        );
        assert_eq!(
            update(&[1e-3, 1e-4]),
            "the last update ratios lie between 0.0001 and 0.0001".replace("0.0001", "1e-4")
        );
        let gradient = |values: &[f64]| title(&GradientNorms, Channel::GradientNorm, values);
        assert!(gradient(&[2.0, 1e-7]).contains("has all but vanished (less than a millionth of the first)"));
        // A small gradient of a small loss is none that vanished.
        assert!(!gradient(&[1e-6, 1e-7]).contains("vanished"));
    }
}
