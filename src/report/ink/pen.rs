//! The only place that calls plotters: lines, areas, dots and text at places in pixels on screen.

use std::{path::Path, sync::Once};

use plotters::{
    backend::{BitMapBackend, DrawingBackend, SVGBackend},
    coord::Shift,
    drawing::{DrawingArea, IntoDrawingArea},
    element::{Circle, PathElement, Polygon, Rectangle, Text},
    style::{
        Color, FontFamily, FontStyle, FontTransform, IntoFont, RGBColor, ShapeStyle, TextStyle, register_font,
        text_anchor::{HPos, Pos, VPos},
    },
};

use crate::report::{
    figure::{Hue, Style, Weight},
    theme,
};

/// The name under which the fonts are registered, and which an SVG asks for.
const FAMILY: &str = "Roboto";
static REGULAR: &[u8] = include_bytes!("../fonts/Roboto-Regular.ttf");
static MEDIUM: &[u8] = include_bytes!("../fonts/Roboto-Medium.ttf");
/// plotters' font size is the height of a line; that of a style sheet, and ours, is the em.
const LINE_PER_EM: f64 = 1.24;

/// A figure could not be drawn.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("figure could not be drawn: {why}")]
#[diagnostic(code(whymean::report::ink))]
pub struct InkError {
    /// What the drawing library said.
    pub why: String,
}

impl InkError {
    fn of(why: impl std::fmt::Display) -> Self {
        Self { why: why.to_string() }
    }
}

/// Which part of a text lies at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Its left end.
    Left,
    /// Its middle.
    Middle,
    /// Its right end.
    Right,
}

/// How heavy letters are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// For labels.
    Regular,
    /// For titles.
    Medium,
}

/// Draws on something.
pub trait Draw {
    /// Draws on an area of any kind.
    fn draw<B: DrawingBackend>(self, pen: &mut Pen<'_, B>) -> Result<(), InkError>;
}

/// Draws into an SVG that has its own units and no fixed size.
pub fn svg(width: f64, height: f64, draw: impl Draw) -> Result<String, InkError> {
    fonts()?;
    let scale = theme::SVG_SCALE;
    let mut text = String::with_capacity(64 * 1024);
    {
        let area = SVGBackend::with_string(&mut text, size(width, height, scale)).into_drawing_area();
        draw.draw(&mut Pen { area: &area, scale, sink: 0.0 })?;
        area.present().map_err(InkError::of)?;
    }
    // The default of SVG, on every element.
    Ok(text.replace(" opacity=\"1\"", "").replace(" stroke=\"none\" stroke-width=\"1\"", ""))
}

/// Draws into a PNG file at two pixels for each pixel on screen. The name has to end in `.png`.
pub fn png(path: &Path, width: f64, height: f64, draw: impl Draw) -> Result<(), InkError> {
    fonts()?;
    let scale = theme::PNG_SCALE;
    let area = BitMapBackend::new(path, size(width, height, scale)).into_drawing_area();
    let (red, green, blue) = theme::GROUND;
    area.fill(&RGBColor(red, green, blue)).map_err(InkError::of)?;
    draw.draw(&mut Pen { area: &area, scale, sink: theme::PNG_SINK })?;
    area.present().map_err(InkError::of)
}

fn size(width: f64, height: f64, scale: f64) -> (u32, u32) {
    ((width * scale).ceil() as u32, (height * scale).ceil() as u32)
}

fn fonts() -> Result<(), InkError> {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // OK because a test reads both files; a failure shows again, as an error, at the first text that is drawn.
        drop(register_font(FAMILY, FontStyle::Normal, REGULAR));
        drop(register_font(FAMILY, FontStyle::Bold, MEDIUM));
    });
    Ok(())
}

fn font(size: f64, face: Face, hue: Hue) -> TextStyle<'static> {
    let style = match face {
        Face::Regular => FontStyle::Normal,
        Face::Medium => FontStyle::Bold,
    };
    let (red, green, blue) = theme::colour(hue).light;
    let font = (FontFamily::Name(FAMILY), size * LINE_PER_EM, style).into_font();
    TextStyle { font, color: RGBColor(red, green, blue).to_backend_color(), pos: Pos::new(HPos::Left, VPos::Center) }
}

/// Width of a text \[px\], with room for a somewhat wider font: an SVG gets that of the reader's machine.
pub fn width_of(text: &str, size: f64, face: Face) -> f64 {
    const WIDER: f64 = 1.06;
    if fonts().is_err() {
        return 0.0;
    }
    // Measured at ten times the size, since plotters rounds to whole pixels.
    let measured = font(size * 10.0, face, Hue::Ink).font.box_size(text);
    WIDER * f64::from(measured.map_or(0, |(width, _)| width)) / 10.0
}

/// Draws with places in pixels on screen, from the top left.
pub struct Pen<'a, B: DrawingBackend> {
    area: &'a DrawingArea<B, Shift>,
    scale: f64,
    sink: f64,
}

impl<B: DrawingBackend> Pen<'_, B> {
    fn at(&self, (x, y): (f64, f64)) -> (i32, i32) {
        // A float becomes the nearest whole number within the range of `i32`; places come from clamped axes.
        ((x * self.scale).round() as i32, (y * self.scale).round() as i32)
    }

    fn shape(&self, hue: Hue, opacity: f64, width: f64, filled: bool) -> ShapeStyle {
        let (red, green, blue) = theme::colour(hue).light;
        ShapeStyle {
            color: RGBColor(red, green, blue).mix(opacity),
            filled,
            stroke_width: (width * self.scale).round().max(1.0) as u32,
        }
    }

    /// A line through places, in one stroke.
    pub fn line(&mut self, places: &[(f64, f64)], hue: Hue, opacity: f64, width: f64) -> Result<(), InkError> {
        if places.len() < 2 {
            return Ok(());
        }
        let mut path: Vec<(i32, i32)> = places.iter().map(|place| self.at(*place)).collect();
        path.dedup();
        if path.len() < 2 {
            return Ok(());
        }
        let element = PathElement::new(path, self.shape(hue, opacity, width, false));
        self.area.draw(&element).map_err(InkError::of)
    }

    /// A line in its style, dashed where that says so.
    pub fn styled(&mut self, places: &[(f64, f64)], style: Style) -> Result<(), InkError> {
        let opacity = match style.weight {
            Weight::Thin => theme::THIN_OPACITY,
            Weight::Bold => 1.0,
        };
        let width = theme::line_width(style.weight);
        for stroke in strokes(places, theme::dashes(style.dash)) {
            self.line(&stroke, style.hue, opacity, width)?;
        }
        Ok(())
    }

    /// A filled rectangle between two corners.
    pub fn block(&mut self, one: (f64, f64), other: (f64, f64), hue: Hue, opacity: f64) -> Result<(), InkError> {
        let corners = [self.at(one), self.at(other)];
        let element = Rectangle::new(corners, self.shape(hue, opacity, 0.0, true));
        self.area.draw(&element).map_err(InkError::of)
    }

    /// A filled area.
    pub fn area(&mut self, places: &[(f64, f64)], hue: Hue, opacity: f64) -> Result<(), InkError> {
        let corners: Vec<(i32, i32)> = places.iter().map(|place| self.at(*place)).collect();
        let element = Polygon::new(corners, self.shape(hue, opacity, 0.0, true));
        self.area.draw(&element).map_err(InkError::of)
    }

    /// A dot.
    pub fn dot(&mut self, place: (f64, f64), radius: f64, hue: Hue, opacity: f64) -> Result<(), InkError> {
        let radius = (radius * self.scale).round() as i32;
        let element = Circle::new(self.at(place), radius, self.shape(hue, opacity, 0.0, true));
        self.area.draw(&element).map_err(InkError::of)
    }

    /// One line of text, centred on its place in height.
    pub fn text(
        &mut self,
        text: &str,
        place: (f64, f64),
        anchor: Anchor,
        size: f64,
        face: Face,
        hue: Hue,
    ) -> Result<(), InkError> {
        let side = match anchor {
            Anchor::Left => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::Right => HPos::Right,
        };
        let style = font(size * self.scale, face, hue).pos(Pos::new(side, VPos::Center));
        let place = (place.0, place.1 + self.sink * size);
        self.area.draw(&Text::new(text, self.at(place), style)).map_err(InkError::of)
    }

    /// One line of text that is written upwards and ends at its place.
    pub fn upright(&mut self, text: &str, place: (f64, f64), size: f64, hue: Hue) -> Result<(), InkError> {
        let style = font(size * self.scale, Face::Regular, hue).transform(FontTransform::Rotate270);
        let style = style.pos(Pos::new(HPos::Right, VPos::Center));
        let place = (place.0 + self.sink * size, place.1);
        self.area.draw(&Text::new(text, self.at(place), style)).map_err(InkError::of)
    }
}

/// Cuts a line into its strokes.
fn strokes(places: &[(f64, f64)], pattern: &[f64]) -> Vec<Vec<(f64, f64)>> {
    if pattern.is_empty() || places.len() < 2 {
        return vec![places.to_vec()];
    }
    let (mut strokes, mut part, mut left) = (Vec::new(), 0, pattern[0]);
    let mut stroke = vec![places[0]];
    for ends in places.windows(2) {
        let (mut here, there) = (ends[0], ends[1]);
        loop {
            let (across, down) = (there.0 - here.0, there.1 - here.1);
            let length = across.hypot(down);
            if length <= left || !length.is_finite() {
                left -= length.min(left);
                if part % 2 == 0 {
                    stroke.push(there);
                }
                break;
            }
            here = (here.0 + across * left / length, here.1 + down * left / length);
            if part % 2 == 0 {
                stroke.push(here);
                strokes.push(std::mem::take(&mut stroke));
            } else {
                stroke = vec![here];
            }
            part = (part + 1) % pattern.len();
            left = pattern[part];
        }
    }
    if stroke.len() > 1 {
        strokes.push(stroke);
    }
    strokes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_fonts_are_read() {
        assert!(register_font("test", FontStyle::Normal, REGULAR).is_ok());
        assert!(register_font("test", FontStyle::Bold, MEDIUM).is_ok());
        let (one, two) = (width_of("m", 13.0, Face::Regular), width_of("mm", 13.0, Face::Regular));
        assert!(one > 8.0 && two > 1.9 * one, "{one} {two}");
    }

    #[test]
    fn strokes_follow_the_line_around_corners() {
        let cut = strokes(&[(0.0, 0.0), (10.0, 0.0), (10.0, 10.0)], &[8.0, 4.0]);
        assert_eq!(cut, [vec![(0.0, 0.0), (8.0, 0.0)], vec![(10.0, 2.0), (10.0, 10.0)]]);
        assert_eq!(strokes(&[(0.0, 0.0), (1.0, 0.0)], &[]), [vec![(0.0, 0.0), (1.0, 0.0)]]);
    }
}
