//! Where the information ends on its way through the layers, and how sharp the loss was.

use super::{LayerSignal, SharpnessReading};
use crate::record::{Channel, Point, Record, Split};

/// Read-out skill from which a layer holds something of the target that could be lost.
///
/// The read-out is cross-validated over a few hundred samples; on targets without signal it stays below a few hundredths.
const HOLDS: f64 = 0.1;
/// Samples from which a read-out says something: of fewer, a tenth of the variance is read off noise.
const LEAST_SAMPLES: usize = 64;
/// Share of the best read-out before it, up to which a layer and all behind it have lost the target.
const LOST: f64 = 0.2;

/// The name under which the network's input is read.
const INPUT: &str = "input";

/// The read-outs and ranks of the input and of each layer, in order; empty where none was measured.
pub(super) fn signal(record: &Record) -> Vec<LayerSignal> {
    let read_on = |split| !record.points(split, Channel::EffectiveRank, INPUT).is_empty();
    let split = if read_on(Split::Validation) { Split::Validation } else { Split::Train };
    let names = std::iter::once(INPUT).chain(record.run.layers.iter().map(|layer| layer.name.as_str()));
    let layers = names.map(|layer| {
        let readout = record.points(split, Channel::ReadoutSkill, layer);
        let rank = record.points(split, Channel::EffectiveRank, layer);
        LayerSignal {
            layer: layer.to_owned(),
            readout_at_start: at_start(readout),
            readout_at_end: at_end(record, readout),
            rank_at_start: at_start(rank),
            rank_at_end: at_end(record, rank),
        }
    });
    let measured = |layer: &LayerSignal| {
        let all = [layer.readout_at_start, layer.readout_at_end, layer.rank_at_start, layer.rank_at_end];
        all.iter().any(Option::is_some)
    };
    layers.filter(measured).collect()
}

fn at_start(points: &[Point]) -> Option<f64> {
    points.first().filter(|point| point.step == 0)?.value.finite()
}

/// The look that ended the run; a run that was cut short has none.
fn at_end(record: &Record, points: &[Point]) -> Option<f64> {
    points.last().filter(|point| point.step > 0 && point.epoch >= record.run.epochs_done)?.value.finite()
}

/// The first layer from which on the target can no longer be read at the end, though it could before it.
///
/// Absent where nothing could be read to begin with, of fewer than [`LEAST_SAMPLES`] samples, where the last layer still holds it, or where a layer behind the loss
/// was not measured: what is not known is not lost.
pub(super) fn ends_at(record: &Record, signal: &[LayerSignal]) -> Option<String> {
    let samples = |split| record.last_predictions(split).map_or(0, |look| look.samples.len());
    if samples(Split::Train).max(samples(Split::Validation)) < LEAST_SAMPLES {
        return None;
    }
    let readouts: Option<Vec<f64>> = signal.iter().map(|layer| layer.readout_at_end).collect();
    let readouts = readouts?;
    let holds = |best: f64| best >= HOLDS;
    (1..readouts.len()).find_map(|place| {
        let (before, behind) = readouts.split_at(place);
        let best = before.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let lost = behind.iter().all(|readout| *readout <= LOST * best);
        (holds(best) && lost).then(|| signal[place].layer.clone())
    })
}

/// The sharpness where it was measured, in order of steps.
pub(super) fn sharpness(record: &Record) -> Vec<SharpnessReading> {
    let ratios = record.points(Split::Train, Channel::StabilityRatio, "");
    let of_step = |step: u64| Some(ratios.iter().find(|point| point.step == step)?.value.value());
    let points = record.points(Split::Train, Channel::Sharpness, "").iter();
    let readings = points.filter_map(|point| {
        Some(SharpnessReading {
            step: point.step,
            sharpness: point.value.value(),
            stability_ratio: of_step(point.step)?,
        })
    });
    readings.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::synthetic::Synthetic;

    fn run(readouts: &[(&str, f64)]) -> Record {
        readouts
            .iter()
            .fold(Synthetic::new(), |builder, (layer, end)| {
                builder.epochs(Split::Train, Channel::ReadoutSkill, layer, 0, [0.6, *end])
            })
            .looks(1, |_, _, y| y)
            .record()
    }

    fn ends(readouts: &[(&str, f64)]) -> Option<String> {
        let record = run(readouts);
        ends_at(&record, &signal(&record))
    }

    #[test]
    fn it_ends_where_nothing_behind_holds_it() {
        assert_eq!(ends(&[("input", 0.7), ("dense_1", 0.0), ("dense_2", 0.01)]).as_deref(), Some("dense_1"));
        assert_eq!(ends(&[("input", 0.7), ("dense_1", 0.6), ("dense_2", -0.02)]).as_deref(), Some("dense_2"));
        // The first layer makes it linear, the second still holds it.
        assert_eq!(ends(&[("input", 0.05), ("dense_1", 0.9), ("dense_2", 0.8)]), None);
        // A dip is no end.
        assert_eq!(ends(&[("input", 0.7), ("dense_1", 0.1), ("dense_2", 0.7)]), None);
        // There never was any.
        assert_eq!(ends(&[("input", 0.03), ("dense_1", 0.0), ("dense_2", 0.0)]), None);
        assert_eq!(ends(&[("input", 0.7), ("dense_1", f64::NAN), ("dense_2", 0.0)]), None);
        assert_eq!(ends(&[]), None);
    }

    #[test]
    fn start_and_end_are_told_apart() {
        let found = signal(&run(&[("input", 0.7)]));
        assert_eq!((found[0].readout_at_start, found[0].readout_at_end), (Some(0.6), Some(0.7)));
        let untrained = Synthetic::new().epochs(Split::Train, Channel::EffectiveRank, "dense_1", 0, [12.0]).record();
        let found = signal(&untrained);
        assert_eq!((found.len(), found[0].rank_at_start, found[0].rank_at_end), (1, Some(12.0), None));
    }

    #[test]
    fn sharpness_needs_both_numbers() {
        let record = Synthetic::new()
            .epochs(Split::Train, Channel::Sharpness, "", 0, [40.0, f64::INFINITY, 3.0])
            .epochs(Split::Train, Channel::StabilityRatio, "", 0, [1.6, 2.0, 0.1])
            .record();
        let steps: Vec<(u64, f64)> = sharpness(&record).iter().map(|at| (at.step, at.stability_ratio)).collect();
        assert_eq!(steps, [(0, 1.6), (10, 2.0), (20, 0.1)], "what was measured and is not finite is told");
    }
}
