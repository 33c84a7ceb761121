use std::fs;

use super::*;
use crate::{
    data::{Moments, Summary, TargetSummary},
    experiment::Experiment,
    record::{Channel, LayerInfo, Reading, Split, Status},
};

/// A small experiment, as a reader would resolve it.
fn experiment() -> Experiment {
    toml::from_str(include_str!("../../../fixtures/record/experiment.toml")).expect("fixture")
}

fn moments(mean: f64) -> Moments {
    Moments { mean, std: 1.0 / 3.0, min: f64::MIN_POSITIVE, max: 0.1 + 0.2 }
}

pub(super) fn run(outputs: &[String]) -> RunInfo {
    let targets = outputs
        .iter()
        .map(|name| TargetSummary {
            name: name.clone(),
            train: moments(0.1),
            median: 1e-300,
            validation: None,
            most_common: Some(crate::data::Atom { value: 0.1 + 0.2, fraction: 1.0 / 3.0 }),
            at_min_fraction: 0.5,
            at_max_fraction: 0.1,
        })
        .collect();
    RunInfo {
        schema: SCHEMA,
        experiment: experiment(),
        experiment_hash: "00".to_owned(),
        seed: u64::MAX,
        data: Summary {
            train_samples: 2,
            validation_samples: 0,
            input_shape: vec![1],
            features: vec!["x \u{1d70b}\n".to_owned()],
            inputs: moments(5e-324),
            targets,
            dropped_rows: 0,
            fingerprint: String::new(),
            columns: Vec::new(),
            equal_columns: Vec::new(),
            alignments: Vec::new(),
        },
        references: None,
        layers: vec![LayerInfo {
            name: "dense_1".to_owned(),
            shape: vec![1],
            activation: "relu".to_owned(),
            parameters: vec!["dense_1.weight".to_owned()],
            parameter_count: 1,
        }],
        device: "cpu".to_owned(),
        threads: 1,
        versions: std::collections::BTreeMap::new(),
        steps_per_epoch: 1,
        epochs_done: 1,
        segments: 0,
        status: Status::Running,
        certificate: None,
        wall_secs: 1.0 / 7.0,
    }
}

fn one_output() -> RunInfo {
    run(&["y".to_owned()])
}

fn row(channel: Channel, step: u64, value: f64) -> Row {
    let id = SeriesId { split: Split::Train, channel, layer: String::new(), unit: None };
    Row { id, point: Point { step, epoch: 1, value: Reading::new(value) } }
}

fn look(epoch: u32) -> ProbePredictions {
    ProbePredictions {
        split: Split::Train,
        epoch,
        samples: vec![4, 7],
        targets: vec![0.5, 1.5],
        predictions: vec![f32::INFINITY, 1.0],
    }
}

/// A record of two segments.
pub(super) fn filled() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().expect("temporary folder");
    let store = Store::create(&folder.path().join("record")).expect("create");
    store.write_run(&one_output()).expect("run.json");
    store.write_segment(1, &[row(Channel::Loss, 1, 0.5), row(Channel::Loss, 2, f64::NAN)], &[look(1)]).expect("first");
    store.write_segment(2, &[row(Channel::Loss, 3, f64::INFINITY)], &[look(2)]).expect("second");
    (folder, store)
}

/// The message and the help of an error, without the temporary folder.
fn words(folder: &tempfile::TempDir, error: &RecordError) -> String {
    let help = miette::Diagnostic::help(error).map(|help| help.to_string()).unwrap_or_default();
    let code = miette::Diagnostic::code(error).map(|code| code.to_string()).unwrap_or_default();
    format!("{code}: {error}\nhelp: {help}").replace(&folder.path().display().to_string(), "DIR")
}

#[test]
fn segments_are_read_in_order_and_looks_with_them() {
    let (_folder, store) = filled();
    let record = read(store.dir()).expect("read");
    let losses: Vec<u64> = record.points(Split::Train, Channel::Loss, "").iter().map(|point| point.step).collect();
    assert_eq!(losses, [1, 2, 3]);
    assert_eq!(record.probe, [look(1), look(2)]);
    assert_eq!(record.run, one_output());
    assert_eq!(store.last_segment().expect("list"), 2);
}

#[test]
fn an_empty_record_and_an_empty_segment_are_fine() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let store = Store::create(folder.path()).expect("create");
    store.write_run(&one_output()).expect("run.json");
    assert_eq!(read(folder.path()).expect("no segment").series.len(), 0);
    store.write_segment(1, &[], &[]).expect("empty segment");
    let record = read(folder.path()).expect("read");
    assert!(record.series.is_empty() && record.probe.is_empty());
}

#[test]
fn a_resumed_run_drops_what_came_after_its_checkpoint() {
    let (_folder, store) = filled();
    let store = Store::open(store.dir()).expect("open");
    store.drop_segments_after(1).expect("drop");
    store.write_segment(2, &[row(Channel::Loss, 3, 9.0)], &[]).expect("again");
    let record = read(store.dir()).expect("read");
    assert_eq!(record.last(Split::Train, Channel::Loss, "").map(|point| point.value), Some(Reading::Finite(9.0)));
    assert_eq!(record.probe, [look(1)]);
}

#[test]
fn a_new_record_replaces_the_old_one_and_nothing_else() {
    let (_folder, store) = filled();
    fs::write(store.dir().join("notes.txt"), "mine").expect("write");
    let store = Store::create(store.dir()).expect("create");
    let left: Vec<_> =
        fs::read_dir(store.dir()).expect("list").map(|entry| entry.expect("entry").file_name()).collect();
    assert_eq!(left, ["notes.txt"]);
}

#[test]
fn a_kill_between_the_two_files_of_a_segment_leaves_a_readable_record() {
    let (_folder, store) = filled();
    fs::remove_file(store.dir().join("series-000002.parquet")).expect("remove");
    let record = read(store.dir()).expect("read");
    assert_eq!(record.probe, [look(1)]);
    assert_eq!(store.last_segment().expect("list"), 1);
}

#[test]
fn a_finished_run_needs_all_its_segments_and_one_under_way_those_that_are_there() {
    let (folder, store) = filled();
    let with = |status| RunInfo { segments: 2, status, ..one_output() };
    store.write_run(&with(Status::Completed)).expect("write");
    assert_eq!(read(store.dir()).expect("whole").probe.len(), 2);
    for number in [2, 1] {
        for kind in ["series", "samples"] {
            fs::remove_file(store.dir().join(format!("{kind}-00000{number}.parquet"))).expect("remove");
        }
        let said = words(&folder, &read(store.dir()).expect_err("a part is gone"));
        assert!(
            said.starts_with(&format!("whymean::record::missing: `DIR/record/series-00000{number}.parquet`")),
            "{said}"
        );
    }
    for status in [Status::Running, Status::Interrupted] {
        store.write_run(&with(status)).expect("write");
        assert!(read(store.dir()).is_ok());
    }
}

#[test]
fn data_that_is_not_finite_survives_in_the_run() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let store = Store::create(folder.path()).expect("create");
    let mut hostile = one_output();
    hostile.data.inputs = Moments { mean: f64::NAN, std: f64::INFINITY, min: f64::NEG_INFINITY, max: -0.0 };
    store.write_run(&hostile).expect("write");
    let back = store.read_run().expect("read").data.inputs;
    assert!(back.mean.is_nan() && back.std == f64::INFINITY && back.min == f64::NEG_INFINITY);
    assert_eq!(back.max.to_bits(), (-0.0_f64).to_bits());
}

#[test]
fn a_run_that_could_not_be_read_back_does_not_replace_the_old_one() {
    let (folder, store) = filled();
    let mut hostile = one_output();
    hostile.wall_secs = f64::NAN;
    let error = store.write_run(&hostile).expect_err("NaN is no JSON");
    insta::assert_snapshot!(words(&folder, &error).lines().next().unwrap_or_default());
    assert_eq!(store.read_run().expect("the old one"), one_output());
}

#[test]
fn what_is_wrong_with_a_record_is_said_with_its_place() {
    let broken = |change: &dyn Fn(&Path)| {
        let (folder, store) = filled();
        change(store.dir());
        words(&folder, &read(store.dir()).expect_err("broken"))
    };
    let frame = |name: &str, path: &Path| {
        // A table of another program: one column has another type, others are not there.
        let steps = polars_core::prelude::Column::new(name.into(), [1.0_f32, 2.0]);
        let mut table = polars_core::prelude::DataFrame::new(2, vec![steps]).expect("table");
        polars_io::prelude::ParquetWriter::new(fs::File::create(path).expect("create"))
            .finish(&mut table)
            .expect("write");
    };
    let all = [
        ("no run.json", broken(&|dir| fs::remove_file(dir.join(RUN_FILE)).expect("remove"))),
        ("run.json is no JSON", broken(&|dir| fs::write(dir.join(RUN_FILE), "{\"schema\": 1,").expect("write"))),
        (
            "run.json of another program",
            broken(&|dir| fs::write(dir.join(RUN_FILE), format!("{{\"schema\": {SCHEMA}}}")).expect("write")),
        ),
        ("run.json of the future", broken(&|dir| fs::write(dir.join(RUN_FILE), "{\"schema\": 99}").expect("write"))),
        ("gap", broken(&|dir| fs::remove_file(dir.join("series-000001.parquet")).expect("remove"))),
        ("no samples", broken(&|dir| fs::remove_file(dir.join("samples-000001.parquet")).expect("remove"))),
        ("text", broken(&|dir| fs::write(dir.join("series-000001.parquet"), "step,epoch\n1,1\n").expect("write"))),
        ("foreign column", broken(&|dir| frame("stage", &dir.join("series-000001.parquet")))),
        ("foreign type", broken(&|dir| frame("step", &dir.join("series-000001.parquet")))),
        (
            "another experiment",
            broken(&|dir| {
                let store = Store { dir: dir.to_owned() };
                store.write_run(&run(&["z".to_owned()])).expect("run.json");
            }),
        ),
    ];
    let text: Vec<String> = all.iter().map(|(what, words)| format!("--- {what}\n{words}")).collect();
    insta::assert_snapshot!(text.join("\n"));
}

#[test]
fn predictions_that_do_not_fit_are_refused() {
    let (_folder, store) = filled();
    let short = ProbePredictions { predictions: vec![1.0], ..look(3) };
    assert!(matches!(store.write_segment(3, &[], &[short]), Err(RecordError::Shape { epoch: 3, predictions: 1, .. })));
    assert_eq!(store.last_segment().expect("list"), 2);
}

#[test]
fn every_cut_of_a_segment_is_an_error_and_no_panic() {
    let (_folder, store) = filled();
    for name in ["series-000001.parquet", "samples-000002.parquet"] {
        let path = store.dir().join(name);
        let whole = fs::read(&path).expect("read");
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).expect("write");
            assert!(matches!(read(store.dir()), Err(RecordError::Torn { .. })), "{name} cut to {length}");
        }
        fs::write(&path, &whole).expect("write");
    }
    read(store.dir()).expect("whole again");
}
