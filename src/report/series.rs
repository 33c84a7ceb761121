//! From readings to what can be drawn: gaps, lanes, and fewer points without losing a spike.

use crate::record::{Point, Reading};

use super::figure::{Axis, Hue, Lane, Layer, Scale, Series, Side, Style, Weight};

/// Columns that a longer series is drawn in: about four pixels of the widest panel.
const COLUMNS: f64 = 220.0;

/// What of a reading's place in time goes on the horizontal axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// Number of the step.
    Step,
    /// Number of the epoch.
    Epoch,
}

impl Time {
    /// The place of a point.
    pub fn of(self, point: &Point) -> f64 {
        match self {
            Self::Step => point.step as f64,
            Self::Epoch => f64::from(point.epoch),
        }
    }

    /// An axis over points; steps are logarithmic, since collapse by a high learning rate happens in the first ten.
    pub fn axis<'a>(self, points: impl Iterator<Item = &'a Point>) -> Option<Axis> {
        let places = points.map(|point| self.of(point));
        match self {
            Self::Step => {
                let (low, high) = super::figure::extent(places.filter(|step| *step >= 1.0))?;
                Some(Axis::new("step (log scale)", Scale::Log, low, high.max(low * 2.0)))
            }
            Self::Epoch => {
                let (low, high) = super::figure::extent(places)?;
                Some(Axis::new("epoch", Scale::Linear, low, high.max(low + 1.0)))
            }
        }
    }
}

/// Readings sorted by whether they have a place on the axis.
#[derive(Debug, Default, PartialEq)]
pub struct Sorted {
    segments: Vec<Vec<(f64, f64)>>,
    zero: Vec<(f64, f64)>,
    not_finite: Vec<(f64, f64)>,
    below: Vec<(f64, f64)>,
    above: Vec<(f64, f64)>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Fits,
    Zero,
    NotFinite,
    Below,
    Above,
}

/// Sorts points by what the axis can show.
pub fn sort(points: impl Iterator<Item = (f64, Reading)>, y: &Axis) -> Sorted {
    let mut sorted = Sorted::default();
    let mut before = None;
    for (x, reading) in points {
        let (kind, value) = match reading {
            Reading::NonFinite(_) => (Kind::NotFinite, 0.0),
            Reading::Finite(value) if y.scale == Scale::Log && value == 0.0 => (Kind::Zero, value),
            Reading::Finite(value) if value < y.low => (Kind::Below, value),
            Reading::Finite(value) if value > y.high => (Kind::Above, value),
            Reading::Finite(value) => (Kind::Fits, value),
        };
        let again = before == Some(kind);
        before = Some(kind);
        let spans = match kind {
            Kind::Fits => {
                match sorted.segments.last_mut() {
                    Some(segment) if again => segment.push((x, value)),
                    _ => sorted.segments.push(vec![(x, value)]),
                }
                continue;
            }
            Kind::Zero => &mut sorted.zero,
            Kind::NotFinite => &mut sorted.not_finite,
            Kind::Below => &mut sorted.below,
            Kind::Above => &mut sorted.above,
        };
        match spans.last_mut() {
            Some(span) if again => span.1 = x,
            _ => spans.push((x, x)),
        }
    }
    sorted
}

/// Draws points as a line with lanes for what has no place on the axis; nothing where there are no points.
pub fn line(points: &[Point], time: Time, x: &Axis, y: &Axis, label: &str, style: Style) -> Vec<Layer> {
    let places = points
        .iter()
        .map(|point| (time.of(point), point.value))
        // The look before the first step has no place on a logarithmic axis, and the step series do not hold it.
        .filter(|(place, _)| x.scale != Scale::Log || *place > 0.0);
    layers(sort(places, y), x, y, label, style)
}

/// As [`line()`], for places that were worked out already.
pub fn layers(sorted: Sorted, x: &Axis, y: &Axis, label: &str, style: Style) -> Vec<Layer> {
    let mut layers = Vec::new();
    if !sorted.segments.is_empty() {
        let mut segments = Vec::new();
        for segment in sorted.segments {
            let Some(Columns { middle, range }) = columns(&segment, x) else {
                segments.push(segment);
                continue;
            };
            if style.weight == Weight::Bold {
                layers.push(Layer::Band { label: String::new(), style, points: range });
            }
            segments.push(middle);
        }
        layers.push(Layer::Line(Series { label: label.to_owned(), style, segments }));
    }
    let number = super::words::tick;
    for (side, what, spans, hue) in [
        (Side::Below, "exactly 0".to_owned(), sorted.zero, None),
        (Side::Below, format!("below {}", number(y.low)), sorted.below, None),
        (Side::Above, format!("above {}", number(y.high)), sorted.above, None),
        (Side::Above, "NaN or infinite".to_owned(), sorted.not_finite, Some(Hue::Vermilion)),
    ] {
        if !spans.is_empty() {
            let style = Style { hue: hue.unwrap_or(style.hue), ..style };
            let label = label.to_owned();
            layers.push(Layer::Lane(Lane { side, what, label, style, spans }));
        }
    }
    layers
}

/// A segment with many points as the middle of each column and the range around it, in which spikes survive.
struct Columns {
    middle: Vec<(f64, f64)>,
    range: Vec<(f64, f64, f64)>,
}

/// `None` where the points are few enough to be drawn one by one.
fn columns(points: &[(f64, f64)], x: &Axis) -> Option<Columns> {
    if points.len() as f64 <= COLUMNS {
        return None;
    }
    let column_of = |point: &(f64, f64)| (x.place(point.0) * COLUMNS) as u64;
    let (mut middle, mut range) = (Vec::new(), Vec::new());
    for column in points.chunk_by(|one, next| column_of(one) == column_of(next)) {
        let mut values: Vec<f64> = column.iter().map(|point| point.1).collect();
        values.sort_by(f64::total_cmp);
        // Both ends stay in place: the first and the last column would else begin and end inside the axis.
        let place = match (range.is_empty(), column) {
            (true, [first, ..]) => first.0,
            (false, [.., last]) if last.0 == points[points.len() - 1].0 => last.0,
            _ => column[column.len() / 2].0,
        };
        middle.push((place, values[values.len() / 2]));
        range.push((place, values[0], values[values.len() - 1]));
    }
    Some(Columns { middle, range })
}

/// At most `most` of `count` things, spread evenly, with the first and the last.
pub fn some_of(count: usize, most: usize) -> Vec<usize> {
    if count <= most {
        return (0..count).collect();
    }
    match most {
        0 => Vec::new(),
        1 => vec![0],
        _ => (0..most).map(|index| index * (count - 1) / (most - 1)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_and_not_finite_values_break_the_line_and_get_their_lane() {
        let y = Axis::new("", Scale::Log, 0.1, 10.0);
        let values = [1.0, 2.0, f64::NAN, f64::INFINITY, 0.0, 0.0, 3.0, 0.01, 99.0];
        let sorted = sort(values.iter().enumerate().map(|(x, value)| (x as f64, Reading::new(*value))), &y);
        assert_eq!(
            sorted,
            Sorted {
                segments: vec![vec![(0.0, 1.0), (1.0, 2.0)], vec![(6.0, 3.0)]],
                zero: vec![(4.0, 5.0)],
                not_finite: vec![(2.0, 3.0)],
                below: vec![(7.0, 7.0)],
                above: vec![(8.0, 8.0)],
            }
        );
    }

    #[test]
    fn a_long_series_keeps_every_spike_and_both_ends() {
        let mut points: Vec<(f64, f64)> = (1..=100_000).map(|step| (f64::from(step), 1.0)).collect();
        points[54_321].1 = 1e6;
        points[77_777].1 = -1e6;
        let drawn = columns(&points, &Axis::new("", Scale::Log, 1.0, 100_000.0)).expect("many points");
        assert!(drawn.middle.len() <= 221, "{}", drawn.middle.len());
        assert!(drawn.middle.iter().all(|point| point.1 == 1.0));
        assert_eq!(drawn.range.iter().filter(|column| column.2 == 1e6).count(), 1);
        assert_eq!(drawn.range.iter().filter(|column| column.1 == -1e6).count(), 1);
        assert_eq!((drawn.middle[0].0, drawn.middle[drawn.middle.len() - 1].0), (1.0, 100_000.0));
        assert!(drawn.middle.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(columns(&points[..200], &Axis::new("", Scale::Linear, 1.0, 200.0)).is_none());
    }

    #[test]
    fn a_choice_of_many_keeps_both_ends() {
        assert_eq!(some_of(3, 6), [0, 1, 2]);
        assert_eq!(some_of(100, 6), [0, 19, 39, 59, 79, 99]);
        assert_eq!(some_of(0, 6), [0; 0]);
    }
}
