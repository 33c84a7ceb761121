//! One panel: frame, axes, lanes, layers.

use plotters::backend::DrawingBackend;

use crate::report::{
    figure::{Dash, Hue, Lane, Layer, Panel, Scale, Side, Style, Weight},
    theme, words,
};

use super::{
    axes::{Tick, ticks},
    pen::{Anchor, Face, InkError, Pen, width_of},
};

/// How reference lines look.
pub const LEVEL: Style = Style { hue: Hue::Ink, dash: Dash::Dotted, weight: Weight::Bold };

/// Height of a line of text above or below the plot.
const LINE: f64 = 20.0;
/// Room for the texts of the ticks below the plot.
const TICK_LINE: f64 = 20.0;
/// Between the plot and its lanes: half of the text of the tick at the border.
const LANE_GAP: f64 = 7.0;
/// Room right of the plot, for half of the text of the last tick.
const RIGHT: f64 = 12.0;
/// Between the text of a tick and the plot.
const GAP: f64 = 8.0;
/// Most room below the plot for names that are written upwards, where they have no room side by side.
const UPRIGHT: f64 = 116.0;
/// Height of a line of names that are written upwards, one beside the other.
const UPRIGHT_LINE: f64 = 16.0;

/// What panels of one row share: the rooms around the plot.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    title: f64,
    quantity: f64,
    marks: f64,
    above: usize,
    plot: f64,
    below: usize,
    /// Room for the texts of the ticks below the plot.
    ticks: f64,
    left: f64,
}

impl Frame {
    /// The frame that suits all panels of a row.
    pub fn around(row: &[Panel], width: f64, left: f64) -> Self {
        let any = |wanted: fn(&Panel) -> bool| row.iter().any(wanted);
        let most = |count: &dyn Fn(&Panel) -> usize| row.iter().map(count).max().unwrap_or(0);
        let plot = plot_height(row, width);
        let left = left.min(width * 0.45);
        let names = row.iter().filter_map(|panel| upright(panel, width - left - RIGHT));
        Self {
            title: if any(|panel| !panel.title.is_empty()) { LINE + 2.0 } else { 0.0 },
            quantity: if any(|panel| !panel.y.label.is_empty()) { LINE + 7.0 } else { 0.0 },
            marks: if any(|panel| panel.layers.iter().any(|layer| matches!(layer, Layer::Mark { .. }))) {
                LINE
            } else {
                0.0
            },
            above: most(&|panel| lanes(panel, Side::Above).len()),
            plot,
            below: most(&|panel| lanes(panel, Side::Below).len()),
            ticks: names.fold(TICK_LINE, f64::max),
            left,
        }
    }

    /// Height of the panel.
    pub fn height(self) -> f64 {
        self.head() + self.plot + lanes_height(self.below) + self.ticks + LINE
    }

    fn head(self) -> f64 {
        self.title + self.quantity + self.marks + lanes_height(self.above)
    }
}

/// Room that the names below a plot need when they are written upwards; `None` where they have room side by side.
fn upright(panel: &Panel, length: f64) -> Option<f64> {
    let Scale::Names(names) = &panel.x.scale else { return None };
    let widths = names.iter().map(|name| width_of(name, theme::TEXT, Face::Regular));
    let widest = widths.fold(0.0, f64::max);
    (widest + 6.0 > length / names.len().max(1) as f64).then(|| (widest + 10.0).min(UPRIGHT))
}

/// Height of a named row: more where several intervals stand in it.
fn row_height(panel: &Panel) -> f64 {
    let labelled = |layer: &&Layer| matches!(layer, Layer::Intervals { label, .. } if !label.is_empty());
    match panel.layers.iter().filter(labelled).count() {
        0 | 1 => theme::ROW,
        several => theme::ROW.max(14.0 * several as f64),
    }
}

/// Height of the plots of a row.
fn plot_height(row: &[Panel], width: f64) -> f64 {
    let named = row.iter().filter_map(|panel| match &panel.y.scale {
        Scale::Names(names) => Some(row_height(panel) * names.len().max(1) as f64),
        Scale::Linear | Scale::Log => None,
    });
    match named.reduce(f64::max) {
        Some(height) => height,
        None if width > theme::WIDE * 0.9 => theme::TALL_PLOT,
        None => theme::PLOT,
    }
}

/// Room left of the plots, for the texts of ticks and lanes: the same for all panels of a figure, so that their axes
/// stand below each other.
pub fn left_of(panels: &[Panel], width: f64) -> f64 {
    let left = panels
        .iter()
        .flat_map(|panel| {
            let lanes = lanes(panel, Side::Above).into_iter().chain(lanes(panel, Side::Below));
            let lanes = lanes.map(|(what, _)| width_of(what, theme::TEXT, Face::Regular));
            let texts = ticks(&panel.y, wanted(plot_height(std::slice::from_ref(panel), width))).into_iter();
            let texts = texts.map(|(_, text)| width_of(&text, theme::TEXT, Face::Regular));
            texts.chain(lanes).collect::<Vec<_>>()
        })
        .fold(24.0, f64::max);
    // One more, since a sum of floats may be a hair less than its parts.
    left + 1.0 + GAP
}

/// Height of lanes with the gap to the plot.
fn lanes_height(count: usize) -> f64 {
    if count == 0 { 0.0 } else { LANE_GAP + count as f64 * theme::LANE }
}

/// Lanes of one side by what they say, from the plot outwards.
fn lanes(panel: &Panel, side: Side) -> Vec<(&str, Vec<&Lane>)> {
    let mut found: Vec<(&str, Vec<&Lane>)> = Vec::new();
    for layer in &panel.layers {
        if let Layer::Lane(lane) = layer {
            if lane.side != side {
                continue;
            }
            match found.iter_mut().find(|(what, _)| *what == lane.what) {
                Some((_, group)) => group.push(lane),
                None => found.push((&lane.what, vec![lane])),
            }
        }
    }
    found
}

fn wanted(length: f64) -> usize {
    (length / 48.0).clamp(2.0, 8.0) as usize
}

/// A panel and its place.
pub struct Placed<'a> {
    panel: &'a Panel,
    corner: (f64, f64),
    frame: Frame,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

impl<'a> Placed<'a> {
    /// A panel with its top left corner at a place.
    pub fn new(panel: &'a Panel, corner: (f64, f64), width: f64, frame: Frame) -> Self {
        let top = corner.1 + frame.head();
        Self {
            panel,
            corner,
            frame,
            left: corner.0 + frame.left,
            right: corner.0 + width - RIGHT,
            top,
            bottom: top + frame.plot,
        }
    }

    fn x(&self, value: f64) -> f64 {
        self.left + self.panel.x.place(value) * (self.right - self.left)
    }

    fn y(&self, value: f64) -> f64 {
        match &self.panel.y.scale {
            Scale::Names(_) => self.top + row_height(self.panel) * (value + 0.5),
            Scale::Linear | Scale::Log => self.bottom - self.panel.y.place(value) * (self.bottom - self.top),
        }
    }

    /// Draws it.
    pub fn draw<B: DrawingBackend>(&self, pen: &mut Pen<'_, B>) -> Result<(), InkError> {
        self.heads(pen)?;
        self.scales(pen)?;
        for layer in &self.panel.layers {
            self.layer(layer, pen)?;
        }
        for (side, edge, out) in [(Side::Above, self.top, -1.0), (Side::Below, self.bottom, 1.0)] {
            for (index, (what, group)) in lanes(self.panel, side).into_iter().enumerate() {
                let near = edge + out * (LANE_GAP + index as f64 * theme::LANE);
                self.lane(what, &group, near.min(near + out * theme::LANE), pen)?;
            }
        }
        Ok(())
    }

    fn heads<B: DrawingBackend>(&self, pen: &mut Pen<'_, B>) -> Result<(), InkError> {
        let (x, mut y) = self.corner;
        let room = self.right - x;
        let title = fitted(&self.panel.title, room, theme::PANEL_TITLE, Face::Medium);
        if !title.is_empty() {
            let place = (x, y + LINE / 2.0);
            pen.text(&title, place, Anchor::Left, theme::PANEL_TITLE, Face::Medium, Hue::Ink)?;
        }
        y += self.frame.title;
        let quantity = fitted(&self.panel.y.label, room, theme::TEXT, Face::Regular);
        if !quantity.is_empty() {
            let place = (x, y + LINE / 2.0);
            pen.text(&quantity, place, Anchor::Left, theme::TEXT, Face::Regular, Hue::Muted)?;
        }
        let quantity = fitted(&self.panel.x.label, room, theme::TEXT, Face::Regular);
        let half = width_of(&quantity, theme::TEXT, Face::Regular) / 2.0;
        let middle = ((self.left + self.right) / 2.0).min(self.right - half).max(x + half);
        let place = (middle, self.foot() + self.frame.ticks + LINE / 2.0);
        pen.text(&quantity, place, Anchor::Middle, theme::TEXT, Face::Regular, Hue::Muted)
    }

    /// Below the lanes.
    fn foot(&self) -> f64 {
        self.bottom + lanes_height(self.frame.below)
    }

    fn scales<B: DrawingBackend>(&self, pen: &mut Pen<'_, B>) -> Result<(), InkError> {
        for (value, text) in ticks(&self.panel.y, wanted(self.frame.plot)) {
            let y = self.y(value);
            pen.line(&[(self.left, y), (self.right, y)], Hue::Grid, 1.0, 1.0)?;
            let text = fitted(&text, self.left - GAP - self.corner.0, theme::TEXT, Face::Regular);
            let place = (self.left - GAP, y);
            pen.text(&text, place, Anchor::Right, theme::TEXT, Face::Regular, Hue::Muted)?;
        }
        let foot = self.foot();
        pen.line(&[(self.left, foot), (self.right, foot)], Hue::Muted, 1.0, 1.0)?;
        let upright = upright(self.panel, self.right - self.left);
        let width = |text: &str| match upright {
            Some(_) => UPRIGHT_LINE,
            None => width_of(text, theme::TEXT, Face::Regular),
        };
        for (value, text) in self.spaced(ticks(&self.panel.x, wanted((self.right - self.left) * 0.7)), width) {
            let x = self.x(value);
            if let Some(room) = upright {
                pen.line(&[(x, foot), (x, foot + 4.0)], Hue::Muted, 1.0, 1.0)?;
                let text = fitted(&text, room - 8.0, theme::TEXT, Face::Regular);
                pen.upright(&text, (x, foot + 7.0), theme::TEXT, Hue::Muted)?;
                continue;
            }
            pen.line(&[(x, foot), (x, foot + 4.0)], Hue::Muted, 1.0, 1.0)?;
            let place = (x, foot + 4.0 + TICK_LINE / 2.0);
            pen.text(&text, place, Anchor::Middle, theme::TEXT, Face::Regular, Hue::Muted)?;
        }
        Ok(())
    }

    /// The ticks whose texts have room.
    fn spaced(&self, ticks: Vec<Tick>, width: impl Fn(&str) -> f64) -> Vec<Tick> {
        let mut free = f64::NEG_INFINITY;
        let mut kept = Vec::new();
        for (value, text) in ticks {
            let half = width(&text) / 2.0;
            let x = self.x(value);
            if x - half >= free {
                free = x + half + if self.panel.x.is_named() { 0.0 } else { 6.0 };
                kept.push((value, text));
            }
        }
        kept
    }

    fn lane<B: DrawingBackend>(
        &self,
        what: &str,
        group: &[&Lane],
        top: f64,
        pen: &mut Pen<'_, B>,
    ) -> Result<(), InkError> {
        let height = theme::LANE - 3.0;
        pen.block((self.left, top), (self.right, top + height), Hue::Grid, 0.4)?;
        let text = fitted(what, self.left - GAP - self.corner.0, theme::TEXT, Face::Regular);
        let place = (self.left - GAP, top + height / 2.0);
        pen.text(&text, place, Anchor::Right, theme::TEXT, Face::Regular, Hue::Ink)?;
        let row = (height - 2.0) / group.len() as f64;
        for (index, lane) in group.iter().enumerate() {
            let y = top + 1.0 + row * index as f64;
            let opacity = match lane.style.weight {
                Weight::Thin => theme::THIN_OPACITY,
                Weight::Bold => 0.9,
            };
            let mut covered = f64::NEG_INFINITY;
            for (from, to) in &lane.spans {
                // At least as wide as can be seen, also at the right border; what such a bar covers already is not
                // drawn again.
                let from = self.x(*from).min(self.right - 2.0);
                let to = self.x(*to).max(from + 2.0);
                if to <= covered {
                    continue;
                }
                covered = to;
                pen.block((from, y), (to.min(self.right), y + (row - 0.5).max(0.5)), lane.style.hue, opacity)?;
            }
        }
        Ok(())
    }

    fn layer<B: DrawingBackend>(&self, layer: &Layer, pen: &mut Pen<'_, B>) -> Result<(), InkError> {
        match layer {
            Layer::Line(series) => {
                for segment in &series.segments {
                    let places: Vec<(f64, f64)> = segment.iter().map(|(x, y)| (self.x(*x), self.y(*y))).collect();
                    if let [place] = places[..] {
                        pen.dot(place, theme::DOT_RADIUS, series.style.hue, 1.0)?;
                    }
                    pen.styled(&places, series.style)?;
                }
                Ok(())
            }
            Layer::Points(series) => {
                let (radius, opacity) = theme::dots(series.segments.iter().map(Vec::len).sum());
                for (x, y) in series.segments.iter().flatten() {
                    let place = (self.x(*x), self.y(*y));
                    pen.dot(place, radius, series.style.hue, opacity)?;
                }
                Ok(())
            }
            Layer::Band { style, points, .. } => {
                let upper = points.iter().map(|(x, _, high)| (self.x(*x), self.y(*high)));
                let lower = points.iter().rev().map(|(x, low, _)| (self.x(*x), self.y(*low)));
                let places: Vec<(f64, f64)> = upper.chain(lower).collect();
                pen.area(&places, style.hue, theme::BAND_OPACITY)
            }
            Layer::Level { at, .. } => {
                let y = self.y(*at);
                pen.styled(&[(self.left, y), (self.right, y)], LEVEL)
            }
            Layer::Identity { .. } => {
                let (low, high) = (self.panel.x.low.max(self.panel.y.low), self.panel.x.high.min(self.panel.y.high));
                pen.styled(&[(self.x(low), self.y(low)), (self.x(high), self.y(high))], LEVEL)
            }
            Layer::Mark { at, label } => self.mark(*at, label, pen),
            Layer::Intervals { style, rows, .. } => {
                for (row, low, value, high) in rows {
                    let y = self.y(*row);
                    pen.line(&[(self.x(*low), y), (self.x(*high), y)], style.hue, 1.0, 3.0)?;
                    let outside = if *value < self.panel.x.low {
                        Some((self.left, 1.0))
                    } else if *value > self.panel.x.high {
                        Some((self.right, -1.0))
                    } else {
                        None
                    };
                    match outside {
                        None => pen.dot((self.x(*value), y), theme::DOT_RADIUS * 2.0, style.hue, 1.0)?,
                        // An arrow: a dot at the border would be a reading.
                        Some((edge, inwards)) => {
                            let (tip, tail) = (edge + inwards, edge + inwards * 9.0);
                            pen.area(&[(tip, y), (tail, y - 6.0), (tail, y + 6.0)], style.hue, 1.0)?;
                            let anchor = if inwards > 0.0 { Anchor::Left } else { Anchor::Right };
                            let place = (tail + inwards * 4.0, y);
                            pen.text(&words::number(*value), place, anchor, theme::TEXT, Face::Regular, Hue::Ink)?;
                        }
                    }
                }
                Ok(())
            }
            Layer::Lane(_) => Ok(()),
        }
    }

    fn mark<B: DrawingBackend>(&self, at: f64, label: &str, pen: &mut Pen<'_, B>) -> Result<(), InkError> {
        let x = self.x(at);
        let head = self.top - lanes_height(self.frame.above);
        pen.line(&[(x, head), (x, self.bottom)], Hue::Ink, 0.8, 1.2)?;
        let half = width_of(label, theme::TEXT, Face::Regular) / 2.0;
        // Held inside the panel at both borders.
        let x = x.min(self.right - half).max(self.left + half);
        let place = (x, head - LINE / 2.0 + 1.0);
        pen.text(label, place, Anchor::Middle, theme::TEXT, Face::Regular, Hue::Ink)
    }
}

/// The text, cut where there is no room.
fn fitted(text: &str, room: f64, size: f64, face: Face) -> String {
    let mut most = text.chars().count().min(400);
    let mut cut = words::short(text, most);
    while most > 1 && width_of(&cut, size, face) > room {
        let share = room / width_of(&cut, size, face).max(1.0);
        most = ((most as f64 * share) as usize).clamp(1, most - 1);
        cut = words::short(text, most);
    }
    cut
}
