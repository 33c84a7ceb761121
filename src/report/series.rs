//! From readings to what can be drawn: gaps, lanes, and fewer points without losing a spike.

use crate::record::{Point, Reading};

use super::figure::{Axis, Hue, Lane, Layer, Scale, Series, Side, Style};

/// About two for each pixel column of the widest panel.
const COLUMNS: f64 = 440.0;

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

/// As [`line`], for places that were worked out already.
pub fn layers(sorted: Sorted, x: &Axis, y: &Axis, label: &str, style: Style) -> Vec<Layer> {
    let mut layers = Vec::new();
    if !sorted.segments.is_empty() {
        let segments = sorted.segments.iter().map(|segment| thin(segment, x)).collect();
        layers.push(Layer::Line(Series { label: label.to_owned(), style, segments }));
    }
    let number = super::words::number;
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

/// At most four points for each pixel column: the first, the smallest, the largest, the last, so that spikes survive.
pub fn thin(points: &[(f64, f64)], x: &Axis) -> Vec<(f64, f64)> {
    if points.len() as f64 <= 2.0 * COLUMNS {
        return points.to_vec();
    }
    let mut kept = Vec::new();
    for column in points.chunk_by(|one, next| (x.place(one.0) * COLUMNS) as u64 == (x.place(next.0) * COLUMNS) as u64) {
        let index = |choose: fn(f64, f64) -> bool| {
            (0..column.len()).fold(0, |best, here| if choose(column[here].1, column[best].1) { here } else { best })
        };
        let mut keep = [0, index(|here, best| here < best), index(|here, best| here > best), column.len() - 1];
        keep.sort_unstable();
        let mut last = None;
        for place in keep {
            if last != Some(place) {
                kept.push(column[place]);
            }
            last = Some(place);
        }
    }
    kept
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
    fn thinning_keeps_every_spike_and_the_order() {
        let mut points: Vec<(f64, f64)> = (1..=100_000).map(|step| (f64::from(step), 1.0)).collect();
        points[54_321].1 = 1e6;
        points[77_777].1 = -1e6;
        let kept = thin(&points, &Axis::new("", Scale::Log, 1.0, 100_000.0));
        assert!(kept.len() < 2_000, "{}", kept.len());
        assert!(kept.contains(&(54_322.0, 1e6)) && kept.contains(&(77_778.0, -1e6)));
        assert_eq!((kept[0].0, kept[kept.len() - 1].0), (1.0, 100_000.0));
        assert!(kept.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn a_choice_of_many_keeps_both_ends() {
        assert_eq!(some_of(3, 6), [0, 1, 2]);
        assert_eq!(some_of(100, 6), [0, 19, 39, 59, 79, 99]);
        assert_eq!(some_of(0, 6), [0; 0]);
    }
}
