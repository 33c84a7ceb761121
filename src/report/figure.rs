//! A figure as data: everything that will be seen, before a drop of ink.
//!
//! No field ever holds NaN: gaps are breaks between segments, and values that have no place on the axis sit in lanes.

use serde::Serialize;

/// One figure: panels that share one key.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// Kebab case; also the name of the picture's file.
    pub id: &'static str,
    /// What is seen, as a sentence without full stop.
    pub title: String,
    /// The panels, in reading order.
    pub panels: Vec<Panel>,
    /// What the figure tells apart, and how.
    pub how_to_read: String,
    /// For those who cannot see it.
    pub alt: String,
}

/// One pair of axes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Panel {
    /// Short; empty where the figure has one panel only.
    pub title: String,
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// Back to front.
    pub layers: Vec<Layer>,
}

/// An axis: quantity with unit, scale, and the range that is shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Axis {
    /// Quantity and unit.
    pub label: String,
    /// Scale.
    pub scale: Scale,
    /// Lowest value shown; finite, and positive on a logarithmic axis.
    pub low: f64,
    /// Highest value shown; finite, and above `low`.
    pub high: f64,
}

/// How values become places.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Equal differences are equal distances.
    Linear,
    /// Equal ratios are equal distances; zero has no place.
    Log,
    /// Names at 0, 1, 2, ...; on a vertical axis from the top.
    Names(Vec<String>),
}

/// Something in a panel.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// A broken line.
    Line(Series),
    /// Dots.
    Points(Series),
    /// An area between two lines: `(x, low, high)`.
    Band {
        /// Named in the key.
        label: String,
        /// How it looks.
        style: Style,
        /// `(x, low, high)`.
        points: Vec<(f64, f64, f64)>,
    },
    /// A horizontal reference line, across the panel.
    Level {
        /// Where.
        at: f64,
        /// Named in the key.
        label: String,
    },
    /// The line on which y equals x.
    Identity {
        /// Named in the key.
        label: String,
    },
    /// A vertical line, labelled above the panel.
    Mark {
        /// Where.
        at: f64,
        /// What happened there.
        label: String,
    },
    /// Horizontal intervals with their point estimates, one for each name of the vertical axis.
    Intervals {
        /// Named in the key.
        label: String,
        /// How it looks.
        style: Style,
        /// `(row, low, value, high)`.
        rows: Vec<(f64, f64, f64, f64)>,
    },
    /// Values that have no place on the axis.
    Lane(Lane),
}

/// Where a lane is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Above the panel.
    Above,
    /// Below the panel.
    Below,
}

/// When values had no place on the axis.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lane {
    /// Where.
    pub side: Side,
    /// What the values are: `exactly 0`, `NaN or infinite`.
    pub what: String,
    /// Whose values, as in the key.
    pub label: String,
    /// How the bars look.
    pub style: Style,
    /// First and last x of each stretch.
    pub spans: Vec<(f64, f64)>,
}

/// A labelled series; each segment is free of gaps.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Series {
    /// Named in the key.
    pub label: String,
    /// How it looks.
    pub style: Style,
    /// `(x, y)`, finite.
    pub segments: Vec<Vec<(f64, f64)>>,
}

/// How something looks; colour is never the only cue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Style {
    /// Colour, named; the theme knows its values in light and dark.
    pub hue: Hue,
    /// Second cue.
    pub dash: Dash,
    /// Thickness.
    pub weight: Weight,
}

impl Style {
    /// A line in the foreground.
    pub const fn bold(hue: Hue, dash: Dash) -> Self {
        Self { hue, dash, weight: Weight::Bold }
    }

    /// A line in the background.
    pub const fn thin(hue: Hue) -> Self {
        Self { hue, dash: Dash::Solid, weight: Weight::Thin }
    }

    /// The look of the `index`-th of several things; colours repeat after seven, and then with another dash.
    pub fn nth(index: usize) -> Self {
        const HUES: [Hue; 7] = [Hue::Blue, Hue::Vermilion, Hue::Green, Hue::Purple, Hue::Orange, Hue::Sky, Hue::Ink];
        const DASHES: [Dash; 4] = [Dash::Solid, Dash::Dashed, Dash::Dotted, Dash::DashDot];
        // Neighbours differ in both, so that they can be told apart without colour.
        Self::bold(HUES[index % HUES.len()], DASHES[(index + 2 * (index / HUES.len())) % DASHES.len()])
    }
}

/// Colours by name, told apart by colour-blind readers (Okabe and Ito 2008; their yellow is too pale on white).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Hue {
    /// Text.
    Ink,
    /// Secondary text and background series.
    Muted,
    /// Grid lines and frames.
    Grid,
    /// Blue.
    Blue,
    /// Sky blue.
    Sky,
    /// Bluish green.
    Green,
    /// Orange.
    Orange,
    /// Vermilion.
    Vermilion,
    /// Reddish purple.
    Purple,
}

impl Hue {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Ink,
        Self::Muted,
        Self::Grid,
        Self::Blue,
        Self::Sky,
        Self::Green,
        Self::Orange,
        Self::Vermilion,
        Self::Purple,
    ];
}

/// Dash patterns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Dash {
    /// Unbroken.
    Solid,
    /// Long strokes.
    Dashed,
    /// Dots.
    Dotted,
    /// Strokes and dots.
    DashDot,
}

/// Thickness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// Background.
    Thin,
    /// Foreground.
    Bold,
}

impl Axis {
    /// An axis that shows this range; a range without extent is widened around its value.
    pub fn new(label: impl Into<String>, scale: Scale, low: f64, high: f64) -> Self {
        /// Beyond this the length of an axis would be infinite; what lies there is in lanes.
        const FARTHEST: f64 = 1e307;
        let log = scale == Scale::Log;
        let (low, high) = (low.clamp(-FARTHEST, FARTHEST), high.clamp(-FARTHEST, FARTHEST));
        let (mut low, mut high) = if low <= high { (low, high) } else { (high, low) };
        if log {
            // Zero has no place; callers put it in a lane.
            high = high.max(f64::MIN_POSITIVE * 1e6);
            low = low.max(f64::MIN_POSITIVE * 1e5).min(high);
        }
        if high - low <= 1e-12 * low.abs().max(high.abs()) {
            (low, high) = match (log, low == 0.0) {
                (true, _) => (low / 3.0, high * 3.0),
                (false, true) => (-1.0, 1.0),
                (false, false) => (low - 0.5 * low.abs(), high + 0.5 * high.abs()),
            };
        }
        Self { label: label.into(), scale, low, high }
    }

    /// A linear axis over the values, with a little air; `None` without a finite value.
    pub fn linear(label: impl Into<String>, values: impl Iterator<Item = f64>) -> Option<Self> {
        let (low, high) = extent(values)?;
        let air = 0.04 * (high - low);
        Some(Self::new(label, Scale::Linear, low - air, high + air))
    }

    /// A logarithmic axis over the positive values, with a little air; `None` without one.
    pub fn log(label: impl Into<String>, values: impl Iterator<Item = f64>) -> Option<Self> {
        let (low, high) = extent(values.filter(|value| *value > 0.0))?;
        // Values that hardly differ get room, so that their line is not a mountain range of rounding.
        let air = if high / low < 1.5 { 2.0 } else { (high / low).powf(0.04).clamp(1.02, 10.0) };
        // Four digits, since the last ones of a power differ between machines.
        let rounded = |value: f64| format!("{value:.3e}").parse().unwrap_or(value);
        Some(Self::new(label, Scale::Log, rounded(low / air), rounded(high * air)))
    }

    /// Whether it has names in place of numbers.
    pub fn is_named(&self) -> bool {
        matches!(self.scale, Scale::Names(_))
    }

    /// Place of a value between 0 (`low`) and 1 (`high`); values outside are held at the border.
    pub fn place(&self, value: f64) -> f64 {
        let place = match self.scale {
            Scale::Log => (value.max(self.low) / self.low).ln() / (self.high / self.low).ln(),
            Scale::Linear | Scale::Names(_) => (value - self.low) / (self.high - self.low),
        };
        place.clamp(0.0, 1.0)
    }
}

/// Smallest and largest finite value.
pub fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.filter(|value| value.is_finite()).fold(None, |range, value| match range {
        None => Some((value, value)),
        Some((low, high)) => Some((value.min(low), value.max(high))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_ignore_what_is_not_finite_and_never_lack_extent() {
        assert_eq!(extent([f64::NAN, 2.0, f64::INFINITY, -1.0].into_iter()), Some((-1.0, 2.0)));
        assert_eq!(extent([f64::NAN].into_iter()), None);
        assert!(Axis::linear("", std::iter::empty()).is_none());
        assert!(Axis::log("", [0.0, -3.0].into_iter()).is_none());
        for (scale, value) in [
            (Scale::Linear, 0.0),
            (Scale::Linear, 7.0),
            (Scale::Linear, -1e300),
            (Scale::Log, 1e-310),
            (Scale::Log, 1e300),
            (Scale::Log, 0.0),
        ] {
            let axis = Axis::new("", scale, value, value);
            assert!(axis.low < axis.high && axis.low.is_finite() && axis.high.is_finite(), "{axis:?}");
            assert!((0.0..=1.0).contains(&axis.place(value)), "{axis:?}");
        }
    }

    #[test]
    fn places_are_even_on_their_scale() {
        let axis = Axis::new("", Scale::Log, 1.0, 100.0);
        assert!((axis.place(10.0) - 0.5).abs() < 1e-12);
        assert_eq!(axis.place(0.0), 0.0);
        assert_eq!(axis.place(1e9), 1.0);
        assert_eq!(Axis::new("", Scale::Linear, 0.0, 4.0).place(1.0), 0.25);
    }

    #[test]
    fn the_first_seven_looks_differ_in_colour_and_neighbours_in_dash() {
        for index in 0..6 {
            let (one, next) = (Style::nth(index), Style::nth(index + 1));
            assert!(one.hue != next.hue && one.dash != next.dash);
        }
        let looks: Vec<Style> = (0..14).map(Style::nth).collect();
        assert!((0..14).all(|one| (0..one).all(|other| looks[one] != looks[other])), "two things look alike");
    }
}
