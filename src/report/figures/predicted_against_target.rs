//! Predictions against targets on the probe set: a collapsed network is a flat row of dots.

use crate::record::{ProbePredictions, Record, Split};
use crate::report::{
    figure::{Axis, Figure, Hue, Layer, Panel, Scale, Series, Style, extent},
    series, words,
};

use super::{Chart, Story};

/// Outputs that get a panel.
const MOST_OUTPUTS: usize = 4;
/// Dots of the last look, and of the first behind it.
const MOST_DOTS: usize = 300;
const MOST_GREY_DOTS: usize = 120;

/// Last predictions on the probe set.
pub struct PredictedAgainstTarget;

impl Chart for PredictedAgainstTarget {
    fn id(&self) -> &'static str {
        "predicted-against-target"
    }

    fn draw(&self, story: &Story<'_>) -> Option<Figure> {
        let record = story.record();
        let (split, name) = match record.last_predictions(Split::Validation) {
            Some(_) => (Split::Validation, "validation"),
            None => (Split::Train, "training"),
        };
        let last = record.last_predictions(split)?;
        let first = record.probe.iter().find(|look| look.split == split && look.epoch < last.epoch);
        let outputs: Vec<&str> = record.outputs().collect();
        let shown = series::some_of(outputs.len(), MOST_OUTPUTS);
        let panels: Vec<Panel> =
            shown.iter().filter_map(|index| panel(record, last, first, *index, outputs.len())).collect();
        if panels.is_empty() {
            return None;
        }
        let lost: usize = last.predictions.iter().filter(|value| !value.is_finite()).count();
        let missing = match lost {
            0 => String::new(),
            lost => format!(" {lost} of {} predictions are NaN or infinite and have no dot.", last.predictions.len()),
        };
        let title = title(story, last, outputs.len());
        Some(Figure {
            id: self.id(),
            alt: format!(
                "Predictions against targets on the {name} probe set at epoch {}{}: {title}.",
                last.epoch,
                story.whose()
            ),
            title,
            panels,
            how_to_read: format!(
                "One dot for each of up to {MOST_DOTS} samples of the {name} probe set, at epoch {}{}. On the dotted diagonal \
                 a prediction equals its target; a flat row of dots is a network that says the same whatever it is shown.{}{}{}",
                last.epoch,
                story.whose(),
                if first.is_some() { " Grey dots are the untrained network's, or the first look's." } else { "" },
                missing,
                super::chosen(shown.len(), outputs.len(), "outputs"),
            ),
        })
    }
}

fn column(look: &ProbePredictions, output: usize, outputs: usize) -> Vec<(f64, f64)> {
    let rows = look.targets.chunks_exact(outputs).zip(look.predictions.chunks_exact(outputs));
    rows.map(|(targets, predictions)| (f64::from(targets[output]), f64::from(predictions[output])))
        .filter(|(target, prediction)| target.is_finite() && prediction.is_finite())
        .collect()
}

fn few(dots: &[(f64, f64)], most: usize) -> Vec<Vec<(f64, f64)>> {
    vec![series::some_of(dots.len(), most).into_iter().map(|index| dots[index]).collect()]
}

fn panel(
    record: &Record,
    last: &ProbePredictions,
    first: Option<&ProbePredictions>,
    output: usize,
    outputs: usize,
) -> Option<Panel> {
    let dots = column(last, output, outputs);
    let summary = &record.run.data.targets[output];
    let (low, high) = extent(dots.iter().flat_map(|(target, prediction)| [*target, *prediction]))?;
    let air = 0.04 * (high - low);
    // One range for both axes, so that the diagonal is one.
    let x = Axis::new("target", Scale::Linear, low - air, high + air);
    let y = Axis { label: "prediction".to_owned(), ..x.clone() };
    let mut layers = vec![Layer::Identity { label: "perfect: prediction = target".to_owned() }];
    if let Some(first) = first {
        let held = column(first, output, outputs);
        let held: Vec<_> = held.into_iter().filter(|(_, value)| (y.low..=y.high).contains(value)).collect();
        layers.push(Layer::Points(Series {
            label: format!("epoch {}", first.epoch),
            style: Style::thin(Hue::Muted),
            segments: few(&held, MOST_GREY_DOTS),
        }));
    }
    layers.push(Layer::Points(Series {
        label: format!("epoch {}", last.epoch),
        style: Style::nth(0),
        segments: few(&dots, MOST_DOTS),
    }));
    layers.push(Layer::Line(Series {
        label: "mean of the training targets".to_owned(),
        style: Style::bold(Hue::Vermilion, crate::report::figure::Dash::Dashed),
        segments: vec![vec![(x.low, summary.train.mean), (x.high, summary.train.mean)]],
    }));
    let title = if outputs == 1 { String::new() } else { words::short(&summary.name, 40) };
    Some(Panel { title, x, y, layers })
}

fn title(story: &Story<'_>, last: &ProbePredictions, outputs: usize) -> String {
    let spans: Vec<(f64, f64)> = (0..outputs)
        .filter_map(|output| {
            let dots = column(last, output, outputs);
            let width = |range: Option<(f64, f64)>| range.map(|(low, high)| high - low);
            let targets = width(extent(dots.iter().map(|dot| dot.0)))?;
            let predictions = width(extent(dots.iter().map(|dot| dot.1)))?;
            Some((predictions, targets))
        })
        .collect();
    if spans.is_empty() {
        return "no prediction is finite".to_owned();
    }
    let flat = spans.iter().filter(|(predictions, targets)| *predictions <= 0.02 * targets).count();
    if flat == spans.len() {
        let exactly = spans.iter().all(|(predictions, _)| *predictions == 0.0);
        let same = if exactly { "exactly the same" } else { "almost the same" };
        return format!("whatever the input, the network says {same}{}", story.whose());
    }
    if flat > 0 {
        return format!("{flat} of {} outputs are flat, the others vary", spans.len());
    }
    let on = words::split(last.split);
    // The judge's skill is the share of the variance that is explained, of the split that is drawn here.
    let skills = story.shown.verdict.outputs.iter().filter_map(|output| output.skill);
    match extent(skills.map(|skill| skill.value)) {
        None => "the predictions vary with the input".to_owned(),
        Some((_, high)) if high <= 0.0 => {
            format!("the predictions vary, but explain nothing of the targets' variance on {on}")
        }
        Some((low, high)) => {
            let (low, high) = (words::percent(low.max(0.0)), words::percent(high));
            let share = if low == high { low } else { format!("between {low} and {high}") };
            let of = if spans.len() == 1 { "the target's variance" } else { "the variance of each target" };
            format!("the predictions explain {share} of {of} on {on}{}", story.whose())
        }
    }
}
