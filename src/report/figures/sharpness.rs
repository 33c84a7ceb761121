//! The sharpness of the loss against what the optimiser stands, over the steps.

use crate::judge::SharpnessReading;
use crate::record::{Channel, Reading, Split};
use crate::report::{
    figure::{Axis, Dash, Figure, Hue, Layer, Panel, Scale, Series, Style},
    series::{self, Sorted, Time},
    words,
};

use super::{Chart, Story, finite};

/// Sharpness over the stability limit, and the learning rate beside the largest that is stable.
pub struct Sharpness;

impl Chart for Sharpness {
    fn id(&self) -> &'static str {
        "sharpness"
    }

    fn draw(&self, story: &Story<'_>) -> Option<Figure> {
        let readings = &story.shown.verdict.sharpness;
        let (first, last) = (readings.first()?, readings.last()?);
        let x = Axis::new("step (log scale)", Scale::Log, place(first), place(last).max(place(first) * 2.0));
        let panels = [Some(ratio(readings, &x)), rates(story, readings, &x)].into_iter().flatten().collect();
        let title = title(readings);
        Some(Figure {
            id: self.id(),
            alt: format!("Sharpness of the loss over the optimiser's stability limit{}: {title}.", story.whose()),
            title,
            panels,
            how_to_read: "Sharpness is the largest curvature of the loss, measured before the step at which it is drawn; \
                          between two dots nothing was measured. On a quadratic loss an optimiser whose ratio is above 1 \
                          moves away from the minimum at every step. Real losses bend, so a ratio near 1 is the rule in \
                          training and no fault; a first step far beyond the limit can throw a network so far that its \
                          units die."
                .to_owned(),
        })
    }
}

/// The step that comes next: the one whose learning rate the reading is held against.
fn place(reading: &SharpnessReading) -> f64 {
    reading.step as f64 + 1.0
}

/// A line with dots, since there are few looks.
fn dotted(sorted: Sorted, x: &Axis, y: &Axis, label: &str, style: Style) -> Vec<Layer> {
    let mut ink = series::layers(sorted, x, y, label, style);
    let lines = ink.iter().filter_map(|layer| match layer {
        Layer::Line(series) => Some(series.segments.clone()),
        _ => None,
    });
    let segments: Vec<Vec<(f64, f64)>> = lines.flatten().collect();
    if !segments.is_empty() {
        ink.push(Layer::Points(Series { label: label.to_owned(), style, segments }));
    }
    ink
}

fn ratio(readings: &[SharpnessReading], x: &Axis) -> Panel {
    let values = readings.iter().map(|reading| reading.stability_ratio).chain([0.5, 2.0]);
    let quantity = "sharpness / stability limit (log scale)";
    let y = Axis::log(quantity, values).unwrap_or_else(|| Axis::new(quantity, Scale::Log, 0.5, 2.0));
    let places = readings.iter().map(|reading| (place(reading), Reading::new(reading.stability_ratio)));
    let mut layers = vec![Layer::Level { at: 1.0, label: "the optimiser's stability limit".to_owned() }];
    layers.extend(dotted(series::sort(places, &y), x, &y, "sharpness over the limit", Style::nth(0)));
    Panel { title: "Ratio to the limit".to_owned(), x: x.clone(), y, layers }
}

/// The learning rate of each step, and the one at which the ratio would be 1.
fn rates(story: &Story<'_>, readings: &[SharpnessReading], x: &Axis) -> Option<Panel> {
    let points = story.record().points(Split::Train, Channel::LearningRate, "");
    let rate_at = |reading: &SharpnessReading| {
        let next = points.iter().find(|point| point.step > reading.step).or(points.last());
        next.and_then(|point| point.value.finite())
    };
    // The limit is inversely proportional to the learning rate.
    let stable: Vec<(f64, f64)> = readings
        .iter()
        .filter(|reading| reading.stability_ratio > 0.0)
        .filter_map(|reading| Some((place(reading), rate_at(reading)? / reading.stability_ratio)))
        .filter(|(_, rate)| rate.is_finite() && *rate > 0.0)
        .collect();
    if stable.is_empty() {
        return None;
    }
    let y = Axis::log("learning rate (log scale)", stable.iter().map(|(_, rate)| *rate).chain(finite(points)))?;
    let within: Vec<_> = points.iter().filter(|point| point.step as f64 <= x.high).copied().collect();
    let mut layers = series::line(&within, Time::Step, x, &y, "learning rate", Style::bold(Hue::Green, Dash::Solid));
    let limit = series::sort(stable.into_iter().map(|(at, rate)| (at, Reading::new(rate))), &y);
    layers.extend(dotted(limit, x, &y, "largest stable learning rate", Style::bold(Hue::Vermilion, Dash::Dashed)));
    Some(Panel { title: "Learning rate".to_owned(), x: x.clone(), y, layers })
}

/// Whether the first steps are beyond the limit.
fn title(readings: &[SharpnessReading]) -> String {
    let Some(first) = readings.first() else { return String::new() };
    let first_ratio = first.stability_ratio;
    let times = words::number(first_ratio);
    let when = if first.step == 0 { "before the first step".to_owned() } else { format!("after step {}", first.step) };
    if !first_ratio.is_finite() {
        return format!("{when} the sharpness is not finite");
    }
    if first_ratio > 1.0 {
        return format!("the first steps are beyond the limit: {when} the loss is {times} times too sharp");
    }
    let later = readings.iter().max_by(|one, other| one.stability_ratio.total_cmp(&other.stability_ratio));
    match later {
        Some(most) if !most.stability_ratio.is_finite() => {
            format!("the first steps are within the limit; after step {} the sharpness is not finite", most.step)
        }
        Some(most) if most.stability_ratio > 1.0 => format!(
            "the first steps are within the limit; the ratio is highest after step {}, {}",
            most.step,
            words::number(most.stability_ratio)
        ),
        _ if readings.len() == 1 => format!("{when} the loss is within the stability limit, at {times} of it"),
        most => format!(
            "all {} looks are within the stability limit, at most at {} of it",
            readings.len(),
            words::number(most.map_or(first_ratio, |most| most.stability_ratio))
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_first_steps_are_in_the_title() {
        let of = |ratios: &[f64]| {
            let looks = ratios.iter().zip([0, 16, 160]);
            let looks = looks.map(|(ratio, step)| SharpnessReading { step, sharpness: 1.0, stability_ratio: *ratio });
            title(&looks.collect::<Vec<_>>())
        };
        assert_eq!(
            of(&[42.0, 0.1]),
            "the first steps are beyond the limit: before the first step the loss is 42 times too sharp"
        );
        assert_eq!(of(&[0.4]), "before the first step the loss is within the stability limit, at 0.4 of it");
        assert_eq!(of(&[0.4, 0.9, 0.2]), "all 3 looks are within the stability limit, at most at 0.9 of it");
        assert_eq!(of(&[0.4, 3.0]), "the first steps are within the limit; the ratio is highest after step 16, 3");
        assert_eq!(of(&[f64::NAN]), "before the first step the sharpness is not finite");
        assert_eq!(
            of(&[0.4, f64::INFINITY]),
            "the first steps are within the limit; after step 16 the sharpness is not finite"
        );
    }

    #[test]
    fn the_look_before_the_first_step_has_a_place_and_the_learning_rate_is_beside_its_limit() {
        let (diagnosis, records) = sample::question();
        let story = Story::new(&diagnosis, &records).expect("the sample has records");
        let figure = Sharpness.draw(&story).expect("measured");
        insta::assert_json_snapshot!("sharpness", figure.panels[0]);
        let stable = figure.panels[1].layers.iter().find_map(|layer| match layer {
            Layer::Line(series) if series.label.starts_with("largest") => series.segments.first()?.first().copied(),
            _ => None,
        });
        assert_eq!(stable, Some((1.0, 0.01 / 42.0)));
    }

    #[test]
    fn ratios_that_have_no_place_are_in_lanes() {
        let (mut diagnosis, records) = sample::question();
        for (reading, ratio) in diagnosis.runs[0].sharpness.iter_mut().zip([0.0, -1.0, f64::NAN]) {
            reading.stability_ratio = ratio;
        }
        diagnosis.runs[0].sharpness.truncate(3);
        let story = Story::new(&diagnosis, &records).expect("the sample has records");
        let figure = Sharpness.draw(&story).expect("measured");
        assert_eq!(figure.panels.len(), 1);
        let lanes = figure.panels[0].layers.iter().filter(|layer| matches!(layer, Layer::Lane(_))).count();
        assert_eq!(lanes, 3);
        assert!(!serde_json::to_string(&figure).expect("plain data").contains("null"));
        diagnosis.runs[0].sharpness.clear();
        let story = Story::new(&diagnosis, &records).expect("the sample has records");
        assert!(Sharpness.draw(&story).is_none());
    }
}
