//! The curve of the early verdict as a figure.

use std::path::Path;

use whymean::report::{
    figure::{Axis, Dash, Figure, Hue, Layer, Panel, Scale, Series, Style},
    ink::{Format, Layout, ink},
};

use crate::{
    Failure,
    score::{Count, Early, Score},
};

/// The figure as data.
fn curve(score: &Score) -> Figure {
    let line = |label: &str, style: Style, count: fn(&Early) -> Count| {
        let seen: Vec<(f64, Count)> = score.early.iter().map(|point| (point.fraction, count(point))).collect();
        let seen: Vec<(f64, Count)> = seen.into_iter().filter(|(_, count)| count.of > 0).collect();
        let band = seen.iter().map(|(x, count)| {
            let estimate = count.estimate();
            (*x, estimate.low, estimate.high)
        });
        let points = seen.iter().map(|(x, count)| (*x, count.estimate().value)).collect();
        [
            Layer::Band { label: format!("{label}, 95 % interval"), style, points: band.collect() },
            Layer::Line(Series { label: label.to_owned(), style, segments: vec![points] }),
        ]
    };
    let all = line("all runs", Style::bold(Hue::Blue, Dash::Solid), |point| point.right);
    let decided =
        line("runs that are not undecided", Style::bold(Hue::Vermilion, Dash::Dashed), |point| point.right_of_decided);
    Figure {
        id: "early-verdict",
        title: "How soon the verdict is right".to_owned(),
        panels: vec![Panel {
            title: String::new(),
            x: Axis::new("share of the epochs that the judge has seen", Scale::Log, 0.02, 1.0),
            y: Axis::new("share of right verdicts", Scale::Linear, 0.0, 1.0),
            layers: all.into_iter().chain(decided).collect(),
        }],
        how_to_read: "Verdicts on records that were cut off early, against what the whole run shows.".to_owned(),
        alt: "Two rising lines: the share of right verdicts over the share of the epochs that were seen.".to_owned(),
    }
}

/// Draws it as PNG and SVG into a folder.
pub fn draw(score: &Score, folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder)?;
    let figure = curve(score);
    let path = |ending: &str| folder.join(format!("{}.{ending}", figure.id));
    ink(&figure, Layout::Wide, Format::Png(&path("png"))).map_err(|error| error.to_string())?;
    let mut text = String::new();
    ink(&figure, Layout::Wide, Format::Svg(&mut text)).map_err(|error| error.to_string())?;
    std::fs::write(path("svg"), text)?;
    Ok(())
}
