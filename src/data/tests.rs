//! Tests of [`super`]: from an experiment's text to the dataset.

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::experiment::{
    Data, Faults, TargetFault, parse,
    rendered::{broken, rendered},
};

fn data(table: &str) -> Data {
    let text = format!("[data]\n{table}\n[model]\nlayers = [\"flatten\", \"dense\"]\n");
    parse(&text, "config.toml", Path::new(env!("CARGO_MANIFEST_DIR")), "config")
        .unwrap_or_else(|errors| panic!("{:?}", errors.mistakes()))
        .data
}

fn loaded(table: &str) -> Dataset {
    load(&data(table)).unwrap_or_else(|error| panic!("{error}"))
}

/// A table of some text, with target `y`.
pub(super) fn table(text: &str, settings: &str) -> Result<Dataset, DataError> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("table.csv");
    std::fs::write(&path, text).expect("a temporary file");
    load(&data(&format!("source = \"table\"\npath = '{}'\ntargets = [\"y\"]\n{settings}", path.display())))
}

#[test]
fn diabetes_is_read_split_and_scaled() {
    let settings = "source = \"table\"\npath = \"fixtures/diabetes.csv\"\ntargets = [\"progression\"]\n";
    let raw = loaded(settings);
    let summary = &raw.summary;
    assert_eq!((raw.train.count, raw.validation.count, raw.input_shape.as_slice()), (354, 88, [10].as_slice()));
    assert_eq!(summary.features.join(" "), "age sex bmi bp s1 s2 s3 s4 s5 s6");
    assert_eq!(raw.outputs, ["progression"]);
    // Efron et al. 2004: 442 patients, progression 25 to 346 with mean 152.1.
    let all: Vec<f64> =
        raw.train.targets.iter().chain(&raw.validation.targets).map(|value| f64::from(*value)).collect();
    let moments = Moments::of(all.iter().copied()).expect("there are targets");
    assert_eq!((moments.min, moments.max), (25.0, 346.0));
    assert!((moments.mean - 152.133_484_162_896).abs() < 1e-9);
    let scaled = loaded(&format!("{settings}scale_inputs = \"standard\"\nscale_targets = \"standard\""));
    let target = scaled.summary.targets[0].train;
    // f32 keeps 7 digits.
    assert!(target.mean.abs() < 1e-6 && (target.std - 1.0).abs() < 1e-6);
    assert!((scaled.summary.inputs.std - 1.0).abs() < 1e-6);
    assert_ne!(scaled.summary.fingerprint, summary.fingerprint);
    assert_eq!(loaded(settings), raw);
    assert_ne!(loaded(&format!("{settings}seed = 1")).train.targets, raw.train.targets);
}

#[test]
fn boxes_and_functions_repeat_and_follow_the_seed() {
    for settings in [
        "source = \"boxes\"\nheight = 16\nwidth = 20\nbox_size = 3\ntrain_samples = 50\nvalidation_samples = 10",
        "source = \"function\"\nformula = \"friedman1\"\nnoise = 1",
    ] {
        let first = loaded(settings);
        assert_eq!(first, loaded(settings));
        let other = loaded(&format!("{settings}\nseed = 1"));
        assert_ne!(other.summary.fingerprint, first.summary.fingerprint);
        let shape: usize = first.input_shape.iter().product();
        assert_eq!(first.train.inputs.len(), first.train.count * shape);
        assert_eq!(first.validation.targets.len(), first.validation.count * first.outputs.len());
        assert_ne!(first.train.inputs[..shape], first.validation.inputs[..shape]);
    }
}

#[test]
fn boxes_have_two_named_outputs_around_zero() {
    let dataset =
        loaded("source = \"boxes\"\nheight = 16\nwidth = 20\nchannels = 2\nbox_size = 3\nscale_inputs = \"standard\"");
    assert_eq!((dataset.input_shape.as_slice(), dataset.outputs.join(" ")), ([2, 16, 20].as_slice(), "x y".to_owned()));
    let targets = &dataset.summary.targets;
    assert!(targets.iter().all(|target| target.train.mean.abs() < 0.05 && target.train.max < 1.0));
    assert!(dataset.summary.inputs.mean.abs() < 1e-5 && (dataset.summary.inputs.std - 1.0).abs() < 1e-5);
}

/// The rows of a table go to the splits in another order, so that a shift must come before.
#[test]
fn faults_are_planted_in_every_source() {
    let lines: String = (0..40).map(|row| format!("{row},{row}\n")).collect();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("table.csv");
    std::fs::write(&path, format!("x,y\n{lines}")).expect("a temporary file");
    let rows = data(&format!("source = \"table\"\npath = '{}'\ntargets = [\"y\"]", path.display()));
    let shifted = Faults { targets: TargetFault::ShiftedByOne, ..Faults::default() };
    let dataset = load_planted(&rows, &shifted).expect("a right table");
    for samples in [&dataset.train, &dataset.validation] {
        let before = |input: &f32| if *input == 0.0 { 39.0 } else { input - 1.0 };
        assert_eq!(samples.targets, samples.inputs.iter().map(before).collect::<Vec<_>>());
    }
    let boxes = "source = \"boxes\"\nheight = 4\nwidth = 4\nbox_size = 1\ntrain_samples = 20\nvalidation_samples = 8";
    for settings in [data("source = \"function\"\nformula = \"sine\""), data(boxes), rows] {
        let clean = load(&settings).expect("right data");
        assert_eq!(load_planted(&settings, &Faults::default()).expect("right data"), clean);
        let several =
            Faults { replaced_fraction: 0.5, nan_fraction: 0.5, targets: TargetFault::Shuffled, ..shifted.clone() };
        for faults in [&shifted, &several] {
            let planted = load_planted(&settings, faults).expect("right data");
            assert_ne!(planted.summary.fingerprint, clean.summary.fingerprint);
            assert_ne!(planted.train.targets, clean.train.targets);
            assert_eq!(planted.validation.inputs, clean.validation.inputs);
        }
    }
}

#[test]
fn more_validation_leaves_training_as_it_was() {
    let settings =
        |samples| format!("source = \"function\"\nformula = \"sine\"\nnoise = 0.1\nvalidation_samples = {samples}");
    assert_eq!(loaded(&settings(0)).train, loaded(&settings(100)).train);
    assert_eq!(loaded(&settings(0)).validation.count, 0);
    assert_eq!(loaded(&settings(0)).summary.targets[0].validation, None);
}

#[test]
fn every_notation_of_a_table_gives_the_same_numbers() {
    let plain = table("x,y\n1,2\n3,4\n-5e-1,6\n7,8\n", "").expect("a right table");
    let others = [
        ("\u{feff}x,y\n1,2\n3,4\n-.5,6\n7,8", ""),
        ("x,y\r\n1,2\r\n3,4\r\n-0.5,6\r\n7,8\r\n", ""),
        ("x,y\r1,2\r3,4\r-0.5,6\r7,8", ""),
        ("\"x\",\"y\"\n\"1\",\"2\"\n3,4\n -0.5 , 6 \n7,\" 8\"\n\n\n", ""),
        ("x;y\n1;2\n3;4\n-0.5;6\n7;8\n", "delimiter = \";\""),
        ("x\ty\n1\t2\n3\t4\n-0.5\t6\n7\t8\n", "delimiter = \"\\t\""),
        ("y,x\n2,+1\n4,3.0\n6,-0.5\n8,7\n", ""),
    ];
    for (text, settings) in others {
        let dataset = table(text, settings).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        assert_eq!(dataset, plain, "{text:?}");
    }
}

#[test]
fn text_columns_hurt_only_where_they_are_used() {
    let text = "city,x,y\n\"Paris, \"\"north\"\"\",1,2\n\"a\nb\",3,4\nRome,5,6\n,7,8\n";
    let dataset = table(text, "features = [\"x\"]").expect("`city` is not used");
    let mut inputs = dataset.train.inputs.clone();
    inputs.extend(&dataset.validation.inputs);
    inputs.sort_by(f32::total_cmp);
    assert_eq!(inputs, [1.0, 3.0, 5.0, 7.0]);
    assert!(table(text, "").is_err());
}

#[test]
fn rows_with_missing_cells_are_left_out_on_request_and_counted() {
    let text = "x,y\n1,2\n,4\nNaN,4\n3,inf\nNA,1\n5,6\n7,8\n9,10\n";
    assert!(matches!(table(text, ""), Err(DataError::Cell { number: 3, .. })));
    let dataset = table(text, "missing = \"drop_rows\"").expect("four rows are whole");
    assert_eq!((dataset.train.count + dataset.validation.count, dataset.summary.dropped_rows), (4, 4));
}

#[test]
fn mistakes_behind_quoted_line_breaks_name_the_line_of_the_file() {
    let text = "note,x,y\n\"a\nb\nc\",1,2\n\n,no,3\n";
    match table(text, "features = [\"x\"]") {
        Err(DataError::Cell { number, column, .. }) => assert_eq!((number, column.as_str()), (6, "x")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn full_precision_until_scaled() {
    // Two seconds apart in f64, the same number in f32.
    let text = "x,y\n1700000000,1\n1700000002,2\n1700000004,3\n1700000006,4\n";
    let dataset = table(text, "validation_fraction = 0\nscale_inputs = \"min_max\"").expect("a right table");
    let mut inputs = dataset.train.inputs;
    inputs.sort_by(f32::total_cmp);
    assert_eq!(inputs, [0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0]);
}

/// Twins of `fixtures/broken/flattened.csv`: the same targets, and inputs, scaled in full precision.
#[test]
fn what_32_bits_would_flatten_is_refused_unless_it_is_scaled() {
    let text = "x,y\n1,1000000000\n2,1000000001\n3,1000000002\n4,1000000003\n";
    assert!(matches!(table(text, ""), Err(DataError::Flattened { .. })));
    let dataset = table(text, "scale_targets = \"standard\"").expect("scaled in 64 bits");
    assert!((dataset.summary.targets[0].train.std - 1.0).abs() < 1e-6);
    let function = "source = \"function\"\nformula = \"zero\"\n[data.inputs]\nlow = 1e9\nhigh = 1.000000003e9";
    assert!(matches!(load(&data(function)), Err(DataError::Flattened { setting: "scale_inputs", .. })));
}

#[test]
fn too_much_is_refused_before_it_is_taken() {
    let boxes = data("source = \"boxes\"\ntrain_samples = 100000000");
    let error = load(&boxes).expect_err("9 TiB");
    insta::assert_snapshot!(error, @"the data would take 8.9 TiB: 100000400 images of 3 x 64 x 64 pixels, which training holds twice; the limit is 16.0 GiB");
    let function = data("source = \"function\"\nformula = \"sum\"\nfeatures = 100000\ntrain_samples = 1000000");
    assert!(matches!(load(&function), Err(DataError::TooLarge { .. })));
    // The data of the question on Cross Validated fits.
    let question = data("source = \"boxes\"\ntrain_samples = 2\nvalidation_samples = 0");
    assert_eq!(load(&question).expect("little memory").input_shape, [3, 64, 64]);
}

/// One snapshot for each table below `fixtures/broken`.
#[test]
fn broken_tables_are_explained() {
    for path in broken("csv") {
        let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        let settings = match name.as_str() {
            "decimal-comma" => "delimiter = ';'",
            "nearly-all-missing" => "missing = 'drop_rows'",
            _ => "",
        };
        let source = format!("source = 'table'\npath = '{}'\ntargets = ['y']\n{settings}", path.display());
        let error = load(&data(&source)).expect_err("the table is broken");
        insta::assert_snapshot!(name, rendered(&error));
    }
}

#[test]
fn tables_that_are_none_are_explained() {
    let source = |path: &str| data(&format!("source = 'table'\npath = '{path}'\ntargets = ['y']"));
    let none = load(&source("fixtures/nowhere.csv")).expect_err("there is no such file");
    insta::assert_snapshot!("no-file", rendered(&none));
    let folder = load(&source("fixtures")).expect_err("a folder is no table");
    insta::assert_snapshot!("folder", rendered(&folder));
}

/// Without a writer, opening the pipe would never return.
#[cfg(unix)]
#[test]
fn pipes_sockets_and_devices_are_refused_before_they_are_opened() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (pipe, socket) = (folder.path().join("pipe"), folder.path().join("socket"));
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("`mkfifo` is part of POSIX");
    assert!(made.success());
    let _bound = std::os::unix::net::UnixListener::bind(&socket).expect("a socket in a temporary folder");
    for (path, wanted) in [(&*pipe, "a pipe"), (&*socket, "a socket"), (Path::new("/dev/zero"), "a device")] {
        let source = format!("source = 'table'\npath = '{}'\ntargets = ['y']", path.display());
        let answer = load(&data(&source));
        assert!(matches!(answer, Err(DataError::NoFile { what, .. }) if what == wanted), "{}", path.display());
    }
    insta::assert_snapshot!(
        "device",
        rendered(&load(&data("source = 'table'\npath = '/dev/zero'\ntargets = ['y']")).expect_err("a device"))
    );
}

#[test]
fn long_lines_are_cut_around_the_fault_and_no_escape_reaches_the_terminal() {
    let wide = |cell: &str| {
        let names: Vec<String> = (0..80).map(|column| format!("x{column}")).collect();
        let mut row: Vec<&str> = vec!["0.125"; 80];
        row[40] = cell;
        format!("{},y\n{}", names.join(","), format!("{},1\n", row.join(",")).repeat(4))
    };
    let error = table(&wide("\u{1b}[31mred"), "").expect_err("text");
    let text = rendered(&error);
    assert!(!text.contains('\u{1b}'), "{text}");
    assert!(text.lines().all(|line| line.chars().count() < 160), "{text}");
    // 40 cells of 6 characters are before it.
    assert!(text.contains("table.csv:2:241]"), "{text}");
}

proptest! {
    /// Whatever the text, the answer is finite numbers or a mistake that can be printed; and what the scan counted,
    /// polars read.
    #[test]
    fn no_table_is_too_odd(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "x,y\n", "1,2\n", "3,4\n", "5,6\r\n", "\"7\",8\n", ",", "\"", "\"\"", "\n", "\r", "inf", "NaN", "a", "é",
                "\u{feff}", "\u{0}", "-1e5", "1e-400", " ", "\t", ";", "#", "\\", "'",
            ]),
            0..14,
        ),
        drop_rows: bool,
    ) {
        let text = format!("x,y\n{}", pieces.concat());
        match table(&text, if drop_rows { "missing = \"drop_rows\"" } else { "" }) {
            Ok(dataset) => {
                let mut numbers = dataset.train.inputs.iter().chain(&dataset.train.targets).chain(&dataset.validation.inputs);
                prop_assert!(numbers.all(|number| number.is_finite()));
            }
            Err(DataError::Unreadable { why, .. }) => prop_assert!(false, "{text:?}: {why}"),
            Err(error) => prop_assert!(!rendered(&error).is_empty()),
        }
    }

    /// Numbers come through to the bit, whatever the notation.
    #[test]
    fn numbers_come_through(rows in prop::collection::vec((any::<f32>(), any::<f32>()), 2..40)) {
        prop_assume!(rows.iter().all(|row| row.0.is_finite() && row.1.is_finite()));
        let lines: String = rows.iter().map(|(x, y)| format!("{x:e},{y}\n")).collect();
        let dataset = table(&format!("x,y\n{lines}"), "validation_fraction = 0").expect("numbers");
        let mut read: Vec<_> = dataset.train.inputs.iter().zip(&dataset.train.targets).map(|(x, y)| (x.to_bits(), y.to_bits())).collect();
        let mut written: Vec<_> = rows.iter().map(|(x, y)| (x.to_bits(), y.to_bits())).collect();
        read.sort_unstable();
        written.sort_unstable();
        prop_assert_eq!(read, written);
    }
}
