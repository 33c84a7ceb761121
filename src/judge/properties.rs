//! Properties of the judge as a whole, over random records.

use proptest::prelude::*;

use super::{
    Decision, Diagnosis, State, decide, diagnose, judge_run,
    synthetic::{Synthetic, calibrated, noise},
};
use crate::record::{Channel, Point, ProbePredictions, Reading, Record, SeriesId, Split, Status};

/// Runs of the kinds that occur; the kind decides how targets become predictions.
fn any_run() -> impl Strategy<Value = Vec<(f64, f64)>> {
    let kind = prop_oneof![Just(0), Just(1), Just(2), Just(3), Just(4),];
    (kind, 20..120usize, 0..10_000usize, 0.05..0.95f64).prop_map(|(kind, count, offset, strength)| {
        let pair = |index: usize| {
            let target = 1.0 + 2.0 * noise(index);
            let prediction = match kind {
                0 => calibrated(strength, index, target),
                1 => 1.0 + strength * noise(index + 50_000),
                2 => 1.0,
                3 => 1.0 + 0.1 * strength * (target - 1.0),
                _ => target + 0.3 * strength * noise(index + 50_000),
            };
            (target, prediction)
        };
        (offset..offset + count).map(pair).collect()
    })
}

fn record_of(pairs: &[(f64, f64)]) -> Synthetic {
    let (targets, predictions): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    (1..=8).fold(Synthetic::new(), |builder, epoch| builder.look(Split::Train, epoch, &targets, &predictions))
}

/// How far a run is from each line that divides states; the properties hold away from the lines, as rounding in `f32`
/// may carry a number over one.
fn is_clear(record: &Record) -> bool {
    let run = judge_run(record);
    let output = &run.outputs[0];
    let away = |value: f64, line: f64| (value - line).abs() > 1e-3;
    output.skill.is_none_or(|skill| away(skill.low, 0.0) && away(skill.high, 0.05) && away(skill.value, 0.9))
        && output.spread.is_none_or(|spread| away(spread.high, 0.05))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_verdict_does_not_depend_on_the_order_of_the_samples(
        pairs in any_run(), shift in 1..19usize, reverse in any::<bool>()
    ) {
        let record = record_of(&pairs).record();
        prop_assume!(is_clear(&record));
        let mut turned = pairs;
        turned.rotate_left(shift);
        if reverse {
            turned.reverse();
        }
        let (left, right) = (judge_run(&record), judge_run(&record_of(&turned).record()));
        prop_assert_eq!(left.state, right.state);
        prop_assert_eq!(left.constant, right.constant);
        prop_assert_eq!(&left.outputs[0].seen, &right.outputs[0].seen);
    }

    #[test]
    fn the_verdict_does_not_depend_on_the_unit_of_the_target(
        pairs in any_run(),
        scale in prop_oneof![0.01..100.0f64, -100.0..-0.01f64],
        // In units of the scaled target, so that f32 keeps the digits that matter.
        shift in -20.0..20.0f64,
    ) {
        let record = record_of(&pairs).record();
        prop_assume!(is_clear(&record));
        let moved = |value: f64| scale * (value + shift);
        let scaled: Vec<(f64, f64)> = pairs.iter().map(|(y, p)| (moved(*y), moved(*p))).collect();
        let builder = record_of(&scaled).with(|run| {
            let target = &mut run.data.targets[0];
            (target.train.mean, target.median) = (moved(target.train.mean), moved(target.median));
            target.train.std *= scale.abs();
        });
        let (left, right) = (judge_run(&record), judge_run(&builder.record()));
        prop_assert_eq!(left.state, right.state);
        prop_assert_eq!(left.constant, right.constant);
    }

    #[test]
    fn more_of_the_same_flat_line_never_becomes_learned(
        level in -20.0..20.0f64, jitter in 0.0..0.01f64, count in 8..60usize, more in 2..6usize
    ) {
        let line = |count: usize| -> Vec<(f64, f64)> {
            (0..count).map(|index| (1.0 + 2.0 * noise(index), level + jitter * noise(index + 900))).collect()
        };
        prop_assert_eq!(judge_run(&record_of(&line(count)).record()).state, State::Collapsed);
        prop_assert_eq!(judge_run(&record_of(&line(count * more)).record()).state, State::Collapsed);
        // And more epochs of it.
        let longer = record_of(&line(count));
        let (targets, predictions): (Vec<f64>, Vec<f64>) = line(count).into_iter().unzip();
        let longer = (9..40).fold(longer, |builder, epoch| builder.look(Split::Train, epoch, &targets, &predictions));
        prop_assert_eq!(judge_run(&longer.record()).state, State::Collapsed);
    }

    #[test]
    fn garbage_gets_an_answer(record in garbage()) {
        let diagnosis = diagnose("garbage", &[record.clone(), record.clone()]);
        prop_assert!(!diagnosis.verdict.summary.is_empty());
        prop_assert_eq!(diagnosis.verdict.state, judge_run(&record).state);
        // NaN has no JSON: the document must come back as it went.
        let text = serde_json::to_string(&diagnosis).expect("plain data");
        prop_assert_eq!(&serde_json::from_str::<Diagnosis>(&text).expect("its own text"), &diagnosis);
        let decision = decide(&record);
        prop_assert_eq!(&decision, &decide(&record));
        if let Decision::Certify { layers } = decision {
            let known = |layer: &String| record.run.layers.iter().any(|known| known.name == *layer);
            prop_assert!(!layers.is_empty() && layers.iter().all(known));
        }
    }
}

fn any_value() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => -3.0..3.0f64,
        1 => Just(0.0),
        1 => Just(1.0),
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
        1 => Just(f64::NEG_INFINITY),
        1 => Just(1e38),
        1 => Just(-1e300),
    ]
}

fn any_channel() -> impl Strategy<Value = Channel> {
    prop::sample::select(vec![
        Channel::Loss,
        Channel::LossRatio,
        Channel::PredictionStd,
        Channel::Spread,
        Channel::Skill,
        Channel::Correlation,
        Channel::DeadFractionProbe,
        Channel::GradientNorm,
        Channel::ActivationMean,
    ])
}

fn any_series() -> impl Strategy<Value = (SeriesId, Vec<Point>)> {
    let split = prop::sample::select(vec![Split::Train, Split::Validation]);
    let layer = prop::sample::select(vec!["", "y", "z", "dense_1", "dense_1.weight", "dense_1.bias", "dense_9"]);
    let points = prop::collection::vec((any::<u16>(), 0..30u32, any_value()), 0..40);
    (split, any_channel(), layer, points).prop_map(|(split, channel, layer, points)| {
        let points = points.into_iter().map(|(step, epoch, value)| Point {
            step: step.into(),
            epoch,
            value: Reading::new(value),
        });
        (SeriesId { split, channel, layer: layer.to_owned(), unit: None }, points.collect())
    })
}

fn any_look() -> impl Strategy<Value = ProbePredictions> {
    let split = prop::sample::select(vec![Split::Train, Split::Validation]);
    let table = || prop::collection::vec(any_value().prop_map(|value| value as f32), 0..24);
    // Half of the looks have tables that fit each other.
    (split, 0..4u32, table(), table(), any::<bool>()).prop_map(|(split, epoch, targets, mut predictions, fit)| {
        if fit {
            predictions.resize(targets.len(), 0.5);
        }
        ProbePredictions { split, epoch, samples: Vec::new(), targets, predictions }
    })
}

/// Records that no trainer would write.
fn garbage() -> impl Strategy<Value = Record> {
    let outputs = prop::sample::select(vec![vec![], vec!["y"], vec!["y", "z"]]);
    let series = prop::collection::vec(any_series(), 0..12);
    let looks = prop::collection::vec(any_look(), 0..4);
    let status = prop::sample::select(vec![Status::Running, Status::Completed, Status::NonFinite, Status::Interrupted]);
    (outputs, series, looks, status, any::<bool>(), any_value(), 0..3usize).prop_map(
        |(outputs, series, looks, status, proved, std, layers)| {
            let builder = Synthetic::new().outputs(&outputs).status(status).with(|run| {
                run.layers.truncate(layers);
                for target in &mut run.data.targets {
                    target.train.std = std;
                }
            });
            let mut record = if proved { builder.certificate() } else { builder }.record();
            record.series.extend(series);
            record.probe.extend(looks);
            record
        },
    )
}
