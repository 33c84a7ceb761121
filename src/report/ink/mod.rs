//! Ink: a [`Figure`] becomes an SVG or a PNG. It knows no record and no diagnosis.

mod axes;
mod panel;
mod pen;

use std::path::Path;

use plotters::backend::DrawingBackend;

use super::{
    figure::{Figure, Hue, Layer, Panel, Style, Weight},
    theme,
};

pub use pen::InkError;

use pen::{Anchor, Draw, Face, Pen, width_of};

/// How much room there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// A page: panels side by side.
    Wide,
    /// A telephone, or a place beside text: panels below each other.
    Narrow,
    /// As narrow, and the first panel only.
    First,
}

/// What comes out.
#[derive(Debug)]
pub enum Format<'a> {
    /// An `svg` element on transparent ground without a title, to be put into a page.
    Svg(&'a mut String),
    /// A picture that stands alone, with title, at two pixels for each pixel on screen; the name has to end in `.png`.
    Png(&'a Path),
}

/// Draws a figure.
pub fn ink(figure: &Figure, layout: Layout, format: Format<'_>) -> Result<(), InkError> {
    match format {
        Format::Svg(text) => {
            let plan = Plan::new(figure, layout, false);
            *text = pen::svg(plan.width, plan.height, &plan)?;
            Ok(())
        }
        Format::Png(path) => {
            let plan = Plan::new(figure, layout, true);
            pen::png(path, plan.width, plan.height, &plan)
        }
    }
}

/// A sample of the look of something, and its name.
struct KeyEntry<'a> {
    label: &'a str,
    sample: Sample,
    place: (f64, f64),
}

#[derive(Clone, Copy, PartialEq)]
enum Sample {
    Line(Style),
    Dot(Style),
    Band(Style),
    Level,
    Interval(Style),
}

/// Where everything goes, worked out before the first line is drawn.
struct Plan<'a> {
    width: f64,
    height: f64,
    title: Vec<String>,
    margin: f64,
    key: Vec<KeyEntry<'a>>,
    panels: Vec<panel::Placed<'a>>,
}

/// Height of a line of the key.
const KEY_LINE: f64 = 22.0;
/// Width of the sample before each name.
const SAMPLE: f64 = 26.0;

impl<'a> Plan<'a> {
    fn new(figure: &'a Figure, layout: Layout, alone: bool) -> Self {
        let margin = if alone { theme::MARGIN } else { 0.0 };
        let inner = match layout {
            Layout::Wide => theme::WIDE,
            Layout::Narrow | Layout::First => theme::NARROW,
        };
        let shown: &[Panel] = match layout {
            Layout::First => &figure.panels[..figure.panels.len().min(1)],
            Layout::Wide | Layout::Narrow => &figure.panels,
        };
        let mut y = margin;
        let title = if alone { wrap(&capital(&figure.title), inner, theme::TITLE, Face::Medium) } else { Vec::new() };
        y += title.len() as f64 * theme::TITLE * 1.35 + if alone { 8.0 } else { 0.0 };

        let mut key = key(shown);
        let (mut at, mut line) = (0.0, 0.0);
        for entry in &mut key {
            let wide = SAMPLE + 8.0 + width_of(entry.label, theme::TEXT, Face::Regular) + 22.0;
            if at > 0.0 && at + wide > inner {
                (at, line) = (0.0, line + 1.0);
            }
            entry.place = (margin + at, y + KEY_LINE * (line + 0.5));
            at += wide;
        }
        if !key.is_empty() {
            y += KEY_LINE * (line + 1.0) + 10.0;
        }

        let columns = match (layout, shown.len()) {
            (Layout::Narrow | Layout::First, _) | (Layout::Wide, 0 | 1) => 1,
            (Layout::Wide, 2 | 4) => 2,
            (Layout::Wide, _) => 3,
        };
        let wide = (inner - theme::GUTTER * (columns as f64 - 1.0)) / columns as f64;
        let left = panel::left_of(shown, wide);
        let mut panels = Vec::new();
        for row in shown.chunks(columns) {
            // Panels of a row share their edges, so that they can be compared.
            let frame = panel::Frame::around(row, wide, left);
            for (column, panel) in row.iter().enumerate() {
                let x = margin + column as f64 * (wide + theme::GUTTER);
                panels.push(panel::Placed::new(panel, (x, y), wide, frame));
            }
            y += frame.height() + theme::GUTTER * 0.7;
        }
        y -= theme::GUTTER * 0.7;
        Self { width: inner + 2.0 * margin, height: y.max(1.0) + margin, title, margin, key, panels }
    }
}

impl Draw for &Plan<'_> {
    fn draw<B: DrawingBackend>(self, pen: &mut Pen<'_, B>) -> Result<(), InkError> {
        for (line, text) in self.title.iter().enumerate() {
            let place = (self.margin, self.margin + theme::TITLE * (0.6 + 1.35 * line as f64));
            pen.text(text, place, Anchor::Left, theme::TITLE, Face::Medium, Hue::Ink)?;
        }
        for entry in &self.key {
            entry.draw(pen)?;
        }
        self.panels.iter().try_for_each(|panel| panel.draw(pen))
    }
}

impl KeyEntry<'_> {
    fn draw<B: DrawingBackend>(&self, pen: &mut Pen<'_, B>) -> Result<(), InkError> {
        let (x, y) = self.place;
        let line = [(x, y), (x + SAMPLE, y)];
        match self.sample {
            Sample::Line(style) => pen.styled(&line, style)?,
            Sample::Level => pen.styled(&line, panel::LEVEL)?,
            Sample::Dot(style) => pen.dot((x + SAMPLE / 2.0, y), theme::DOT_RADIUS * 1.5, style.hue, 1.0)?,
            Sample::Band(style) => {
                pen.block((x, y - 6.0), (x + SAMPLE, y + 6.0), style.hue, theme::BAND_OPACITY * 1.5)?;
            }
            Sample::Interval(style) => {
                // Bars have no dashes: what stands in one row is told apart by its place.
                pen.line(&line, style.hue, 1.0, 3.0)?;
                pen.dot((x + SAMPLE / 2.0, y), theme::DOT_RADIUS * 1.5, style.hue, 1.0)?;
            }
        }
        let place = (x + SAMPLE + 8.0, y);
        pen.text(self.label, place, Anchor::Left, theme::TEXT, Face::Regular, Hue::Ink)
    }
}

/// Every label once, in order of the first panel that has it, foreground before background.
fn key(panels: &[Panel]) -> Vec<KeyEntry<'_>> {
    let mut entries: Vec<KeyEntry<'_>> = Vec::new();
    let layers = panels.iter().flat_map(|panel| &panel.layers);
    for layer in layers {
        let (label, sample) = match layer {
            Layer::Line(series) => (&series.label, Sample::Line(series.style)),
            Layer::Points(series) => (&series.label, Sample::Dot(series.style)),
            Layer::Band { label, style, .. } => (label, Sample::Band(*style)),
            Layer::Level { label, .. } | Layer::Identity { label } => (label, Sample::Level),
            Layer::Intervals { label, style, .. } => (label, Sample::Interval(*style)),
            Layer::Lane(lane) => (&lane.label, Sample::Line(lane.style)),
            Layer::Mark { .. } => continue,
        };
        // A lane of a series that has a line as well needs no entry of its own.
        if label.is_empty() || entries.iter().any(|entry| entry.label == label) {
            continue;
        }
        entries.push(KeyEntry { label, sample, place: (0.0, 0.0) });
    }
    let background = |sample: Sample| match sample {
        Sample::Line(style) => u8::from(style.weight == Weight::Thin) * 2,
        Sample::Dot(style) => u8::from(style.weight == Weight::Thin),
        Sample::Level => 1,
        Sample::Band(_) | Sample::Interval(_) => 0,
    };
    entries.sort_by_key(|entry| background(entry.sample));
    entries
}

/// Breaks a text at spaces.
fn wrap(text: &str, width: f64, size: f64, face: Face) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width_of(&format!("{line} {word}"), size, face) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The text with its first letter in capital, unless its first word is a name such as `dense_1`.
pub fn capital(text: &str) -> String {
    let first = text.split_whitespace().next().unwrap_or_default();
    if !first.chars().all(|letter| letter.is_ascii_lowercase()) {
        return text.to_owned();
    }
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Hold, State};
    use crate::record::Channel;
    use crate::report::{comparison_figures, diagnosis_figures, figures, sample};

    fn svg_of(figure: &Figure, layout: Layout) -> String {
        let mut text = String::new();
        ink(figure, layout, Format::Svg(&mut text)).expect("drawn");
        text
    }

    fn every_figure() -> Vec<Figure> {
        let (diagnosis, records) = sample::question();
        let (comparison, cells) = sample::compared();
        let mut figures = diagnosis_figures(&diagnosis, &records);
        figures.extend(comparison_figures(&comparison, &cells));
        assert_eq!(figures.len(), figures::ALL.len() + figures::COMPARED.len());
        figures
    }

    fn texts_of(svg: &str) -> Vec<&str> {
        let texts = svg.split("</text>").filter_map(|part| part.rsplit_once('>'));
        texts.map(|(_, text)| text.trim()).filter(|text| !text.is_empty()).collect()
    }

    #[test]
    fn every_kind_of_figure_becomes_an_svg_in_each_layout() {
        for figure in every_figure() {
            for layout in [Layout::Wide, Layout::Narrow, Layout::First] {
                let svg = svg_of(&figure, layout);
                assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"), "{}", figure.id);
                assert!(!svg.contains("-2147483648") && !svg.contains("2147483647"), "{}", figure.id);
                let texts = texts_of(&svg);
                assert!(texts.contains(&figure.panels[0].x.label.as_str()), "{}: {texts:?}", figure.id);
            }
        }
    }

    #[test]
    fn every_kind_of_figure_becomes_a_picture_at_two_pixels_for_one() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for figure in every_figure() {
            let path = folder.path().join("figure.png");
            ink(&figure, Layout::Wide, Format::Png(&path)).expect("drawn");
            let file = std::io::BufReader::new(std::fs::File::open(&path).expect("opened"));
            let mut reader = png::Decoder::new(file).read_info().expect("a PNG");
            let mut pixels = vec![0; reader.output_buffer_size()];
            let info = reader.next_frame(&mut pixels).expect("decoded");
            assert_eq!(f64::from(info.width), theme::PNG_SCALE * (theme::WIDE + 2.0 * theme::MARGIN));
            let colours: std::collections::BTreeSet<&[u8]> = pixels.chunks_exact(3).collect();
            assert!(colours.len() > 10, "{} is blank", figure.id);
            let inked = pixels.chunks_exact(3).filter(|pixel| *pixel != [255, 255, 255]).count();
            assert!(inked * 200 > pixels.len() / 3, "{} is almost blank", figure.id);
        }
    }

    #[test]
    fn a_picture_that_cannot_be_written_is_an_error() {
        let missing = std::path::Path::new("no/such/folder/figure.png");
        let error = ink(&every_figure()[0], Layout::Wide, Format::Png(missing)).expect_err("no such folder");
        assert!(error.to_string().starts_with("figure could not be drawn: "), "{error}");
    }

    #[test]
    fn extremes_are_drawn_without_a_panic() {
        let values: [&[f64]; 8] = [
            &[1.0],
            &[0.0],
            &[0.0, 0.0, 0.0],
            &[5.0, 5.0, 5.0],
            &[f64::NAN],
            &[f64::NAN, f64::INFINITY, f64::NEG_INFINITY],
            &[1e-310, 1e308],
            &[-1e308, 1e308, -1e-308],
        ];
        let channels = [
            (Channel::LossRatio, ""),
            (Channel::Spread, "x"),
            (Channel::Skill, "x"),
            (Channel::DeadFraction, "dense_1"),
            (Channel::DeadFractionProbe, "dense_1"),
            (Channel::GradientNorm, "dense_1.weight"),
            (Channel::UpdateRatio, "dense_1.weight"),
            (Channel::ActivationStd, "dense_1"),
            (Channel::ActivationMean, "dense_1"),
        ];
        for values in values {
            for (channel, layer) in channels {
                let (diagnosis, records) = sample::tiny(channel, layer, values);
                let figures = diagnosis_figures(&diagnosis, &records);
                // A linear axis needs one finite value; everything else can be shown in lanes alone.
                let shown = channel != Channel::ActivationMean || values.iter().any(|value| value.is_finite());
                assert_eq!(figures.len(), usize::from(shown), "{channel:?} {values:?}");
                for figure in figures {
                    let json = serde_json::to_string(&figure).expect("plain data");
                    assert!(!json.contains("null"), "{channel:?} {values:?}: {json}");
                    svg_of(&figure, Layout::Wide);
                }
            }
        }
    }

    #[test]
    fn many_outputs_layers_and_settings_stay_small() {
        let names: Vec<String> = (0..200).map(|output| format!("output {output}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let (mut diagnosis, mut records) = sample::of(&[sample::Fate::Learns], Hold::Plateau);
        sample::measured::give_outputs(&mut diagnosis, &names);
        sample::measured::deepen(&mut diagnosis, 100);
        records[0] = sample::named_record(sample::Fate::Learns, 1, &names);
        let model = records[0].run.layers[0].clone();
        for depth in 0..100 {
            let mut layer = model.clone();
            layer.name = format!("layer_{depth}");
            layer.parameters = vec![format!("layer_{depth}.weight")];
            for (channel, name) in [
                (Channel::GradientNorm, &layer.parameters[0]),
                (Channel::ActivationStd, &layer.name),
                (Channel::DeadFraction, &layer.name),
            ] {
                sample::copy_series(&mut records[0], channel, name);
            }
            records[0].run.layers.push(layer);
        }
        assert_eq!(diagnosis.verdict.state, State::Learned);
        sample::caused::explain(&mut diagnosis);
        let tried = &mut diagnosis.verification.as_mut().expect("in the sample").tried;
        let model = tried[1].clone();
        tried.resize(200, model);
        let figures = diagnosis_figures(&diagnosis, &records);
        assert_eq!(figures.len(), figures::ALL.len());
        for figure in figures {
            assert!(figure.panels.len() <= 4, "{}", figure.id);
            let most = figure.panels.iter().map(|panel| panel.layers.len()).max().unwrap_or(0);
            assert!(most <= 24, "{}: {most} layers of ink", figure.id);
            svg_of(&figure, Layout::Narrow);
        }
    }

    #[test]
    fn names_keep_their_case_at_the_start_of_a_title() {
        assert_eq!(capital("dense_1 is dead"), "dense_1 is dead");
        assert_eq!(capital("the loss falls"), "The loss falls");
        assert_eq!(capital(""), "");
    }
}
