//! The two numbers that tell a constant from a prediction, over the epochs.

use std::collections::BTreeMap;

use crate::record::{Channel, Point, Reading, Record, Split};
use crate::report::{
    figure::{Axis, Dash, Figure, Hue, Layer, Panel, Scale, Style, extent},
    ink::capital,
    series::{self, Time},
    words,
};

use super::{Chart, Story, finite, measured};

/// More outputs than this are drawn as a band with their median.
const MOST_OUTPUTS: usize = 4;
/// Skill and spread outside are in lanes: a network that explodes at step 2 would flatten all else.
const SKILL: (f64, f64) = (-0.5, 1.05);
const SPREAD: (f64, f64) = (0.0, 1.5);

/// Spread and skill of the predictions over the epochs.
pub struct SpreadAndSkill;

impl Chart for SpreadAndSkill {
    fn id(&self) -> &'static str {
        "spread-and-skill"
    }

    fn draw(&self, story: &Story<'_>) -> Option<Figure> {
        let record = story.record();
        let panels: Vec<Panel> = [
            (
                Channel::Spread,
                "Spread",
                "std of predictions / std of targets",
                SPREAD,
                "constant predictor: spread 0, skill 0",
            ),
            (Channel::Skill, "Skill", "1 - MSE / variance of targets", SKILL, "constant predictor: spread 0, skill 0"),
        ]
        .into_iter()
        .filter_map(|(channel, title, quantity, range, level)| panel(story, channel, title, quantity, range, level))
        .collect();
        if panels.is_empty() {
            return None;
        }
        let split = final_split(record);
        let last = |channel| words::each_value(ends(record, split, channel));
        let on = words::split(split);
        let ends = match (last(Channel::Spread), last(Channel::Skill)) {
            (Some(spread), Some(skill)) => format!("on {on} spread ends at {spread}, skill at {skill}"),
            (Some(spread), None) => format!("on {on} spread ends at {spread}; skill ends without a finite value"),
            (None, Some(skill)) => format!("on {on} skill ends at {skill}; spread ends without a finite value"),
            (None, None) => "spread and skill end without a finite value".to_owned(),
        };
        let title = match super::collapse(story) {
            Some((_, collapse)) => format!("{collapse}: {ends}"),
            None => ends,
        };
        Some(Figure {
            id: self.id(),
            alt: format!("{} over the epochs{}.", capital(&title), story.whose()),
            title,
            panels,
            how_to_read: format!(
                "Spread is how far the predictions vary, in units of how far the targets vary; skill is the share of the \
                 targets' variance that they explain. A network that predicts a constant has a spread of 0 and a skill of \
                 0 or less; a perfect one has 1 and 1. A spread well above 0 with a skill near 0 is not a collapse: it \
                 predicts, but wrongly.{}",
                story.about_others()
            ),
        })
    }
}

fn final_split(record: &Record) -> Split {
    let has = |split| record.series.keys().any(|id| id.split == split && id.channel == Channel::Spread);
    if has(Split::Validation) { Split::Validation } else { Split::Train }
}

fn ends(record: &Record, split: Split, channel: Channel) -> impl Iterator<Item = (&str, f64)> {
    record.outputs().filter_map(move |output| Some((output, record.last(split, channel, output)?.value.finite()?)))
}

fn panel(
    story: &Story<'_>,
    channel: Channel,
    title: &str,
    quantity: &str,
    (floor, ceiling): (f64, f64),
    level: &str,
) -> Option<Panel> {
    let record = story.record();
    let splits = [Split::Train, Split::Validation];
    let looks = |record| splits.map(|split| (split, measured(record, split, channel, Record::outputs(record))));
    let own = looks(record);
    // Of many outputs each other run shows the middle one only, or its lines would hide the run in front.
    let others: Vec<Vec<Point>> = story
        .others
        .iter()
        .flat_map(|told| {
            let outputs = measured(told.record, final_split(told.record), channel, told.record.outputs());
            if outputs.len() > MOST_OUTPUTS {
                vec![middle(&outputs)]
            } else {
                outputs.into_iter().map(|(_, points)| points.to_vec()).collect()
            }
        })
        .collect();
    let all = || {
        let own = own.iter().flat_map(|(_, outputs)| outputs).map(|(_, points)| *points);
        own.chain(others.iter().map(Vec::as_slice))
    };
    let x = Time::Epoch.axis(all().flatten())?;
    let (low, high) = extent(all().flat_map(finite)).unwrap_or((0.0, 1.0));
    let (low, high) = (low.min(0.0).max(floor), high.clamp(1.0, ceiling));
    // No air below a border whose lane begins there.
    let air = if low > floor || floor == 0.0 { 0.02 * (high - low) } else { 0.0 };
    let y = Axis::new(quantity, Scale::Linear, low - air, high);

    let mut layers = Vec::new();
    for points in series::some_of(others.len(), 24).into_iter().map(|index| &others[index]) {
        layers.extend(series::line(points, Time::Epoch, &x, &y, Story::OTHERS, Style::thin(Hue::Muted)));
    }
    layers.push(Layer::Level { at: 0.0, label: level.to_owned() });
    if channel == Channel::Skill {
        layers.extend(super::quiet(story, &x, &y));
    }
    for (split, outputs) in &own {
        let name = words::split(*split);
        let dash = match split {
            Split::Validation => Dash::Solid,
            Split::Train | Split::WholeTrain | Split::TrainingPath | Split::StandardisedInputs => Dash::Dashed,
        };
        if outputs.len() > MOST_OUTPUTS {
            layers.extend(aggregated(outputs, &x, &y, name, dash));
            continue;
        }
        for (index, (output, points)) in outputs.iter().enumerate() {
            let label = match outputs.len() {
                1 => name.to_owned(),
                _ => format!("{}, {name}", words::short(output, 24)),
            };
            let style = Style::bold(Style::nth(index).hue, dash);
            layers.extend(series::line(points, Time::Epoch, &x, &y, &label, style));
        }
    }
    // A look at the probe set is made after whole epochs, so the step has its place between two of them.
    if let (Some((step, label)), true) = (super::collapse(story), record.run.steps_per_epoch > 0) {
        layers.push(Layer::Mark { at: step as f64 / record.run.steps_per_epoch as f64, label });
    }
    Some(Panel { title: title.to_owned(), x, y, layers })
}

/// The finite values of many outputs by epoch, in order; with the step of the look.
fn by_epoch(outputs: &[(&str, &[Point])]) -> BTreeMap<u32, (u64, Vec<f64>)> {
    let mut epochs: BTreeMap<u32, (u64, Vec<f64>)> = BTreeMap::new();
    for point in outputs.iter().flat_map(|(_, points)| *points) {
        let (step, values) = epochs.entry(point.epoch).or_default();
        *step = point.step;
        values.extend(point.value.finite());
    }
    for (_, values) in epochs.values_mut() {
        values.sort_by(f64::total_cmp);
    }
    epochs
}

/// The middle one of many outputs at each epoch; NaN where none is finite.
fn middle(outputs: &[(&str, &[Point])]) -> Vec<Point> {
    let looks = by_epoch(outputs).into_iter().map(|(epoch, (step, values))| {
        let value = values.get(values.len() / 2).copied().unwrap_or(f64::NAN);
        Point { step, epoch, value: Reading::new(value) }
    });
    looks.collect()
}

/// The range over many outputs, and the middle one.
fn aggregated(outputs: &[(&str, &[Point])], x: &Axis, y: &Axis, name: &str, dash: Dash) -> Vec<Layer> {
    let held = |value: f64| value.clamp(y.low, y.high);
    let ranges = by_epoch(outputs)
        .into_iter()
        .filter_map(|(epoch, (_, values))| Some((f64::from(epoch), held(*values.first()?), held(*values.last()?))));
    let points = ranges.collect();
    let style = Style::bold(if dash == Dash::Solid { Hue::Blue } else { Hue::Vermilion }, dash);
    let label = format!("{name}, middle of {} outputs", outputs.len());
    let mut layers = vec![Layer::Band { label: format!("{name}, all {} outputs", outputs.len()), style, points }];
    layers.extend(series::line(&middle(outputs), Time::Epoch, x, y, &label, style));
    layers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Hold, State};
    use crate::report::sample::{self, Fate};

    fn drawn(step: Option<u64>, states: [State; 2]) -> (String, Vec<String>) {
        let (mut diagnosis, records) = sample::of(&[Fate::Collapses], Hold::Plateau);
        diagnosis.runs[0].collapsed_at_step = step;
        for (output, state) in diagnosis.runs[0].outputs.iter_mut().zip(states) {
            output.state = state;
        }
        let story = Story::new(&diagnosis, &records).expect("the sample has records");
        let figure = SpreadAndSkill.draw(&story).expect("measured");
        let marks = figure.panels[0].layers.iter().filter_map(|layer| match layer {
            Layer::Mark { label, .. } => Some(label.clone()),
            _ => None,
        });
        (figure.title, marks.collect())
    }

    #[test]
    fn the_collapse_is_that_of_its_outputs_and_a_flat_start_is_none() {
        let (title, marks) = drawn(Some(9), [State::Collapsed; 2]);
        assert!(
            title.starts_with("collapsed at step 9: on validation spread ends at 0.000 on both outputs"),
            "{title}"
        );
        assert_eq!(marks, ["collapsed at step 9"]);
        let (title, marks) = drawn(Some(9), [State::Learned, State::Collapsed]);
        assert!(title.starts_with("collapsed at step 9 (y): "), "{title}");
        assert_eq!(marks, ["collapsed at step 9 (y)"]);
        let (title, marks) = drawn(Some(0), [State::Collapsed; 2]);
        assert!(title.starts_with("flat from the start: "), "{title}");
        assert_eq!(marks, ["flat from the start"]);
        let (title, marks) = drawn(None, [State::Learned; 2]);
        assert!(title.starts_with("on validation spread ends at"), "{title}");
        assert_eq!(marks, [""; 0]);
    }
}
