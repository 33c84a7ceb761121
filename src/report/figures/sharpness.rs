//! The sharpness of the loss against what the optimiser stands, over the steps.

use crate::judge::SharpnessReading;
use crate::record::Reading;
use crate::report::{
    evidence,
    figure::{Axis, Figure, Layer, Panel, Scale, Style},
    series, words,
};

use super::{Chart, Story};

/// Sharpness over the stability limit.
pub struct Sharpness;

impl Chart for Sharpness {
    fn id(&self) -> &'static str {
        "sharpness"
    }

    fn draw(&self, story: &Story<'_>) -> Option<Figure> {
        let readings = &story.shown.verdict.sharpness;
        let (first, last) = (readings.first()?, readings.last()?);
        let x = Axis::new("step (log scale)", Scale::Log, place(first), place(last).max(place(first) * 2.0));
        let flat = evidence::flat_since_dead(story.shown.verdict);
        let title = title(readings, flat);
        Some(Figure {
            id: self.id(),
            alt: format!("Sharpness of the loss over the optimiser's stability limit{}: {title}.", story.whose()),
            title,
            panels: vec![ratio(readings, &x)],
            how_to_read: format!(
                "Sharpness is the largest curvature of the loss, measured before the step at which its dot is; between two \
                 dots nothing was measured. On a quadratic loss an optimiser whose ratio is above 1 moves away from the \
                 minimum at every step. Real losses bend, so a ratio near 1 is the rule in training and no fault; a first \
                 step far beyond the limit can throw a network so far that its units die.{}",
                if flat {
                    " Units of this run are dead at the end: a loss that is flat then is the flatness of a dead network, not \
                     stability."
                } else {
                    ""
                }
            ),
        })
    }
}

/// The step that comes next: the one whose learning rate the reading is held against.
fn place(reading: &SharpnessReading) -> f64 {
    reading.step as f64 + 1.0
}

fn ratio(readings: &[SharpnessReading], x: &Axis) -> Panel {
    let values = readings.iter().map(|reading| reading.stability_ratio).chain([0.5, 2.0]);
    let quantity = "sharpness / stability limit (log scale)";
    let y = Axis::log(quantity, values).unwrap_or_else(|| Axis::new(quantity, Scale::Log, 0.5, 2.0));
    let places = readings.iter().map(|reading| (place(reading), Reading::new(reading.stability_ratio)));
    let mut layers = vec![Layer::Level { at: 1.0, label: "the optimiser's stability limit".to_owned() }];
    let style = Style::nth(0);
    for layer in series::layers(series::sort(places, &y), x, &y, "sharpness over the limit", style) {
        // Dots alone: a line over steps at which nobody looked would pretend that somebody did.
        layers.push(match layer {
            Layer::Line(line) => Layer::Points(line),
            other => other,
        });
    }
    Panel { title: String::new(), x: x.clone(), y, layers }
}

/// Whether the first steps are beyond the limit.
fn title(readings: &[SharpnessReading], flat: bool) -> String {
    let (Some(first), Some(last)) = (readings.first(), readings.last()) else { return String::new() };
    let when = |reading: &SharpnessReading| match reading.step {
        0 => "before the first step".to_owned(),
        step => format!("after step {step}"),
    };
    let times = |reading: &SharpnessReading| {
        words::times_the_limit(reading.stability_ratio).replacen("the limit", "the stability limit", 1)
    };
    if !first.stability_ratio.is_finite() {
        return format!("{} the sharpness is not finite", when(first));
    }
    let at_first = format!("{} the sharpness is {}", when(first), times(first));
    let most = readings.iter().max_by(|one, other| one.stability_ratio.total_cmp(&other.stability_ratio));
    let later = match most {
        Some(most) if !most.stability_ratio.is_finite() => format!(", {} it is not finite", when(most)),
        Some(most) if most.step != first.step && most.stability_ratio > 1.05 => {
            format!(", highest {} with {}", when(most), words::times_the_limit(most.stability_ratio))
        }
        _ if last.step != first.step => {
            format!(", {} it is {}", when(last), words::times_the_limit(last.stability_ratio))
        }
        _ => String::new(),
    };
    let dead = if flat { ", flat because units are dead" } else { "" };
    format!("{at_first}{later}{dead}")
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
            title(&looks.collect::<Vec<_>>(), false)
        };
        assert_eq!(
            of(&[16.8, 1.0 / 1312.0]),
            "before the first step the sharpness is 16.8 times the stability limit, after step 16 it is 1/1300 of the limit"
        );
        assert_eq!(of(&[0.4]), "before the first step the sharpness is 40 % of the stability limit");
        assert_eq!(
            of(&[0.4, 0.9, 1.0]),
            "before the first step the sharpness is 40 % of the stability limit, after step 160 it is at the limit"
        );
        assert_eq!(
            of(&[0.4, 3.0, 0.2]),
            "before the first step the sharpness is 40 % of the stability limit, highest after step 16 with 3 times the \
             limit"
        );
        assert_eq!(of(&[f64::NAN]), "before the first step the sharpness is not finite");
        assert_eq!(
            of(&[0.4, f64::INFINITY]),
            "before the first step the sharpness is 40 % of the stability limit, after step 16 it is not finite"
        );
    }

    #[test]
    fn looks_are_dots_without_a_line_and_a_dead_network_is_not_called_stable() {
        let (mut diagnosis, records) = sample::question();
        let drawn = |diagnosis: &crate::judge::Diagnosis| {
            Sharpness.draw(&Story::new(diagnosis, &records).expect("the sample has records")).expect("measured")
        };
        let figure = drawn(&diagnosis);
        assert!(!figure.panels.iter().flat_map(|panel| &panel.layers).any(|layer| matches!(layer, Layer::Line(_))));
        assert!(figure.title.ends_with(", flat because units are dead"), "{}", figure.title);
        assert!(figure.how_to_read.contains("flatness of a dead network, not stability"));
        insta::assert_json_snapshot!("sharpness", figure.panels);
        diagnosis.runs[0].dead_units.clear();
        let figure = drawn(&diagnosis);
        assert!(!figure.title.contains("dead") && !figure.how_to_read.contains("dead network"), "{}", figure.title);
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
