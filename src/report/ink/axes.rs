//! Ticks: few, round, and with no more digits than they need.

use crate::report::{
    figure::{Axis, Scale},
    words,
};

/// A tick: its place on the axis and its text.
pub type Tick = (f64, String);

/// About `wanted` ticks of an axis.
pub fn ticks(axis: &Axis, wanted: usize) -> Vec<Tick> {
    match &axis.scale {
        Scale::Linear => linear(axis, wanted),
        Scale::Log => log(axis, wanted),
        Scale::Names(names) => names.iter().enumerate().map(|(place, name)| (place as f64, name.clone())).collect(),
    }
}

fn linear(axis: &Axis, wanted: usize) -> Vec<Tick> {
    let rough = (axis.high - axis.low) / wanted.max(1) as f64;
    let power = 10f64.powf(rough.log10().floor());
    let whole = axis.label.starts_with("epoch") || axis.label.starts_with("step");
    let mut step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| *step >= rough * 0.999)
        .unwrap_or(10.0 * power);
    if whole {
        step = step.max(1.0);
    }
    if !step.is_normal() || !(axis.low / step).is_finite() {
        return vec![(axis.low, words::tick(axis.low)), (axis.high, words::number(axis.high))];
    }
    let (first, last) = ((axis.low / step).ceil(), (axis.high / step + 1e-9).floor());
    if last - first > 50.0 {
        return Vec::new();
    }
    let mut ticks = Vec::new();
    let mut index = first;
    while index <= last {
        // A multiple, not a sum: sums drift, and zero would read 1e-17.
        let value = index * step;
        ticks.push((value, words::tick(value)));
        index += 1.0;
    }
    // One tick gives no scale.
    if ticks.len() < 2 && wanted < 16 && !whole { linear(axis, 2 * (wanted + 1)) } else { ticks }
}

fn log(axis: &Axis, wanted: usize) -> Vec<Tick> {
    let decades = (axis.high / axis.low).log10();
    let (low, high) = (axis.low.log10(), axis.high.log10());
    let mut ticks = Vec::new();
    if decades < 1.5 {
        let factors: &[f64] = if decades < 0.7 { &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0] } else { &[1.0, 2.0, 5.0] };
        for power in low.floor() as i32..=high.ceil() as i32 {
            for factor in factors {
                let value = factor * 10f64.powi(power);
                if (axis.low..=axis.high).contains(&value) {
                    ticks.push((value, words::tick(value)));
                }
            }
        }
        if ticks.len() < 2 {
            return vec![(axis.low, words::tick(axis.low)), (axis.high, words::number(axis.high))];
        }
        return ticks;
    }
    let stride = (decades / wanted.max(1) as f64).ceil().max(1.0) as i32;
    let first = low.ceil() as i32;
    for power in first..=high.floor() as i32 {
        // Multiples of the stride, so that 1 is a tick wherever it is in range.
        if power.rem_euclid(stride) == 0 {
            let value = 10f64.powi(power);
            ticks.push((value, words::tick(value)));
        }
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(scale: Scale, low: f64, high: f64, wanted: usize) -> Vec<String> {
        ticks(&Axis::new("", scale, low, high), wanted).into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(texts(Scale::Linear, 0.0, 1.0, 5), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
        assert_eq!(texts(Scale::Linear, -0.3, 0.31, 4), ["-0.2", "0", "0.2"]);
        assert_eq!(texts(Scale::Linear, -0.5, 0.69, 2), ["-0.4", "-0.2", "0", "0.2", "0.4", "0.6"]);
        assert_eq!(texts(Scale::Log, 1.0, 3000.0, 5), ["1", "10", "100", "1000"]);
        assert_eq!(texts(Scale::Log, 0.9, 4.0, 5), ["1", "1.5", "2", "3", "4"]);
        assert_eq!(texts(Scale::Log, 1e-12, 1e12, 4), ["1e-12", "1e-6", "1", "1e6", "1e12"]);
    }

    #[test]
    fn no_range_brings_an_endless_loop_or_nothing_at_all() {
        for (low, high) in [(0.0, 1e-300), (1e300, 1.7e308), (-1.7e308, 1.7e308), (1.0, 1.0 + 1e-11)] {
            for scale in [Scale::Linear, Scale::Log] {
                let found = texts(scale.clone(), low, high, 5).len();
                assert!(found <= 60, "{scale:?} {low} {high}: {found}");
            }
        }
    }
}
