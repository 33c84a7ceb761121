//! Whatever is written is read; whatever is damaged is an error.

use std::fs;

use proptest::prelude::*;

use super::{
    tests::{filled, run},
    *,
};
use crate::record::{Channel, Reading, Split};

fn any_value() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
        Just(-0.0),
        Just(f64::MIN_POSITIVE / 2.0),
    ]
}

fn any_row() -> impl Strategy<Value = Row> {
    let splits = prop_oneof![Just(Split::Train), Just(Split::Validation), Just(Split::WholeTrain)];
    let channels = prop_oneof![Just(Channel::Loss), Just(Channel::DeadFractionProbe), Just(Channel::UnitAlive)];
    (splits, channels, "\\PC{0,6}", any::<Option<i32>>(), any::<u64>(), any::<u32>(), any_value()).prop_map(
        |(split, channel, layer, unit, step, epoch, value)| Row {
            id: SeriesId { split, channel, layer, unit },
            point: Point { step, epoch, value: Reading::new(value) },
        },
    )
}

fn any_looks(outputs: usize) -> impl Strategy<Value = Vec<ProbePredictions>> {
    let split = prop_oneof![Just(Split::Train), Just(Split::Validation)];
    let look = (split, prop::collection::vec(any::<u32>(), 1..4)).prop_flat_map(move |(split, samples)| {
        let cells = samples.len() * outputs;
        let numbers = || prop::collection::vec(prop_oneof![any::<f32>(), Just(f32::NAN)], cells);
        (Just(split), Just(samples), numbers(), numbers())
    });
    prop::collection::vec(look, 0..4).prop_map(|looks| {
        // One look for each epoch, as the trainer makes them.
        let numbered = looks.into_iter().zip(0..);
        numbered
            .map(|((split, samples, targets, predictions), epoch)| ProbePredictions {
                split,
                epoch,
                samples,
                targets,
                predictions,
            })
            .collect()
    })
}

/// Split, epoch, samples, and the bits of targets and predictions: NaN is equal to itself here.
type Bits = (Split, u32, Vec<u32>, Vec<u32>, Vec<u32>);

fn bits(looks: &[ProbePredictions]) -> Vec<Bits> {
    let to_bits = |numbers: &[f32]| numbers.iter().map(|number| number.to_bits()).collect();
    looks
        .iter()
        .map(|look| (look.split, look.epoch, look.samples.clone(), to_bits(&look.targets), to_bits(&look.predictions)))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(
        segments in prop::collection::vec(prop::collection::vec(any_row(), 0..20), 0..4),
        (names, looks) in prop::collection::vec("\\PC{0,5}", 1..4).prop_flat_map(|names| (Just(names.clone()), any_looks(names.len()))),
    ) {
        let folder = tempfile::tempdir().expect("temporary folder");
        let store = Store::create(folder.path()).expect("create");
        store.write_run(&run(&names)).expect("run.json");
        store.write_segment(1, &[], &looks).expect("looks");
        for (rows, number) in segments.iter().zip(2..) {
            store.write_segment(number, rows, &[]).expect("segment");
        }
        let record = read(folder.path()).expect("read");
        prop_assert_eq!(record.run, run(&names));
        prop_assert_eq!(bits(&record.probe), bits(&looks));
        let mut expected = std::collections::BTreeMap::<SeriesId, Vec<Point>>::new();
        for row in segments.into_iter().flatten() {
            expected.entry(row.id).or_default().push(row.point);
        }
        prop_assert_eq!(record.series, expected);
    }

    #[test]
    fn a_damaged_segment_never_panics(at in any::<prop::sample::Index>(), mask in 1_u8..) {
        let (_folder, store) = filled();
        let path = store.dir().join("series-000001.parquet");
        let mut bytes = fs::read(&path).expect("read");
        let at = at.index(bytes.len());
        bytes[at] ^= mask;
        fs::write(&path, &bytes).expect("write");
        let _ = read(store.dir());
    }
}
