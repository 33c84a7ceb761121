//! From each source to a [`Dataset`].

use super::{
    Alignment, DataError, Dataset, MOST_BYTES, Samples, alignment,
    boxes::{self, Canvas},
    draw::{Draw, Stream},
    error::shown,
    expressions,
    function::Function,
    plant, precision,
    scale::Scaler,
    split, summary,
    table::{self, Numbers, Wanted},
};
use crate::experiment::{Data, Faults, Source, TargetFault, expression::Texts, rows_needed};

/// Copies of the data at the peak of a training: the dataset, and libtorch's tensors that are made from it.
const COPIES: u64 = 2;

/// Makes the dataset: reads or draws the samples, splits them, scales both splits by what fits the training split.
///
/// - Errors: what is wrong with the file, with its place; or more memory than [`MOST_BYTES`], told before it is taken.
/// - Cost: one copy of the data; of a table or function, its numbers in f64 as well while it is made.
pub fn load(data: &Data) -> Result<Dataset, DataError> {
    load_planted(data, &Faults::default())
}

/// As [`load`], with the faults of the data planted: what a user has who has them as bugs.
///
/// The summary is of the planted samples. Faults that are not of the data, and targets that are shuffled anew in each
/// epoch, are the training's.
pub fn load_planted(data: &Data, faults: &Faults) -> Result<Dataset, DataError> {
    match &data.source {
        Source::Boxes { train_samples, validation_samples, height, width, channels, box_size, noise } => {
            let [channels, height, width, side] = [channels, height, width, box_size].map(|size| *size as usize);
            let canvas = Canvas { channels, height, width, side, noise: *noise };
            load_boxes(data, faults, canvas, *train_samples, *validation_samples)
        }
        Source::Function { formula, features, inputs, noise, train_samples, validation_samples } => {
            let features = *features as usize;
            let function = Function { formula: *formula, features, inputs: *inputs, noise: *noise };
            load_function(data, faults, &function, *train_samples, *validation_samples)
        }
        Source::Expressions { samples, validation_fraction, draws, define, inputs, targets } => {
            load_expressions(data, faults, Texts { draws, define, inputs, targets }, *samples, *validation_fraction)
        }
        Source::Table { path, features, targets, validation_fraction, delimiter, missing } => {
            let wanted = Wanted { path, features, targets, delimiter: *delimiter, missing: *missing };
            load_table(data, faults, &wanted, *validation_fraction)
        }
    }
}

/// Refuses what would not fit.
fn check_memory(what: String, numbers: u64, bytes_per_number: u64) -> Result<(), DataError> {
    let bytes = numbers.saturating_mul(bytes_per_number);
    if bytes > MOST_BYTES {
        return Err(DataError::TooLarge { what, bytes, limit: MOST_BYTES, setting: "data.train_samples" });
    }
    Ok(())
}

fn load_boxes(data: &Data, faults: &Faults, canvas: Canvas, train: u32, validation: u32) -> Result<Dataset, DataError> {
    let Canvas { channels, height, width, .. } = canvas;
    let images = u64::from(train) + u64::from(validation);
    // OK because the reader keeps each side below 2^15 and channels below 2^11.
    let pixels = (channels * height * width) as u64;
    let what = format!("{images} images of {channels} x {height} x {width} pixels, which training holds twice");
    check_memory(what, images.saturating_mul(pixels), 4 * COPIES)?;
    let draw = |count: u32, places, noises| {
        let mut streams = (Draw::new(data.seed, places), Draw::new(data.seed, noises));
        boxes::draw(canvas, count as usize, &mut streams.0, &mut streams.1)
    };
    let mut train = draw(train, Stream::TrainInputs, Stream::TrainNoise)?;
    let mut validation = draw(validation, Stream::ValidationInputs, Stream::ValidationNoise)?;
    if let Some(scaler) = Scaler::fit(data.scale_inputs, &train.inputs, channels, height * width) {
        scaler.apply(&mut train.inputs);
        scaler.apply(&mut validation.inputs);
    }
    let outputs = vec!["x".to_owned(), "y".to_owned()];
    if faults.targets == TargetFault::ShiftedByOne {
        plant::shift([&mut train.targets, &mut validation.targets], outputs.len());
    }
    if let Some(scaler) = Scaler::fit(data.scale_targets, &train.targets, outputs.len(), 1) {
        scaler.apply(&mut train.targets);
        scaler.apply(&mut validation.targets);
    }
    plant::plant(faults, data.seed, &mut train, &mut validation);
    Ok(dataset(vec![channels, height, width], Vec::new(), outputs, [train, validation], 0, Vec::new()))
}

/// Samples in full precision, before scaling.
struct Exact {
    inputs: Vec<f64>,
    targets: Vec<f64>,
    count: usize,
}

/// Scales by what fits the training split. Full precision until then: a year in f32 has lost its seconds. Then plants.
///
/// - Errors: without scaling, a column that 32 bits flatten.
fn scaled(
    data: &Data,
    faults: &Faults,
    train: &Exact,
    validation: &Exact,
    features: &[String],
    outputs: &[String],
) -> Result<[Samples; 2], DataError> {
    let inputs = Scaler::fit(data.scale_inputs, &train.inputs, features.len(), 1);
    let targets = Scaler::fit(data.scale_targets, &train.targets, outputs.len(), 1);
    if targets.is_none() {
        precision::check(&train.targets, outputs, "target", "scale_targets")?;
    }
    if inputs.is_none() {
        precision::check(&train.inputs, features, "feature", "scale_inputs")?;
    }
    let narrow = |scaler: &Option<Scaler>, values: &[f64]| match scaler {
        Some(scaler) => scaler.applied(values),
        None => values.iter().map(|value| *value as f32).collect(),
    };
    let [mut train, mut validation] = [train, validation].map(|exact| Samples {
        inputs: narrow(&inputs, &exact.inputs),
        targets: narrow(&targets, &exact.targets),
        count: exact.count,
    });
    plant::plant(faults, data.seed, &mut train, &mut validation);
    Ok([train, validation])
}

fn load_function(
    data: &Data,
    faults: &Faults,
    function: &Function,
    train: u32,
    validation: u32,
) -> Result<Dataset, DataError> {
    let features = function.features;
    let samples = u64::from(train) + u64::from(validation);
    let what =
        format!("{samples} samples of {features} features, which training holds twice and which are made in 64 bits");
    check_memory(what, samples.saturating_mul(features as u64 + 1), 4 * COPIES + 8)?;
    let exact = |count: u32, inputs, noises| {
        let count = count as usize;
        let mut streams = (Draw::new(data.seed, inputs), Draw::new(data.seed, noises));
        let (inputs, targets) = function.draw(count, &mut streams.0, &mut streams.1);
        Exact { inputs, targets, count }
    };
    let mut train = exact(train, Stream::TrainInputs, Stream::TrainNoise);
    let mut validation = exact(validation, Stream::ValidationInputs, Stream::ValidationNoise);
    if faults.targets == TargetFault::ShiftedByOne {
        plant::shift([&mut train.targets, &mut validation.targets], 1);
    }
    let names: Vec<String> = (1..=features).map(|feature| format!("x{feature}")).collect();
    let outputs = vec!["y".to_owned()];
    let [train, validation] = scaled(data, faults, &train, &validation, &names, &outputs)?;
    Ok(dataset(vec![features], names, outputs, [train, validation], 0, Vec::new()))
}

fn load_table(
    data: &Data,
    faults: &Faults,
    wanted: &Wanted<'_>,
    validation_fraction: f64,
) -> Result<Dataset, DataError> {
    let numbers = table::read(wanted)?;
    let (rows, dropped) = (numbers.rows, numbers.dropped);
    load_rows(data, faults, numbers, wanted.targets.to_vec(), validation_fraction)?
        .ok_or_else(|| too_few(wanted, rows, dropped, validation_fraction))
}

fn load_expressions(
    data: &Data,
    faults: &Faults,
    texts: Texts<'_>,
    samples: u32,
    validation_fraction: f64,
) -> Result<Dataset, DataError> {
    let (numbers, outputs) = expressions::compute(texts, samples as usize, data.seed)?;
    let rows = numbers.rows;
    load_rows(data, faults, numbers, outputs, validation_fraction)?
        .ok_or_else(|| DataError::TooFewSamples { samples: rows, needed: rows_needed(validation_fraction) })
}

/// Rows in the order of their source are split and scaled; `None` where they are too few.
fn load_rows(
    data: &Data,
    faults: &Faults,
    numbers: Numbers,
    outputs: Vec<String>,
    validation_fraction: f64,
) -> Result<Option<Dataset>, DataError> {
    let Numbers { inputs, mut targets, features, rows, dropped } = numbers;
    let Some(split) = split::split(rows, validation_fraction, data.seed) else { return Ok(None) };
    if faults.targets == TargetFault::ShiftedByOne {
        plant::shift([&mut targets, &mut []], outputs.len());
    }
    let gather = |values: &[f64], columns: usize, rows: &[usize]| {
        rows.iter().flat_map(|row| &values[row * columns..(row + 1) * columns]).copied().collect()
    };
    let exact = |rows: &[usize]| Exact {
        inputs: gather(&inputs, features.len(), rows),
        targets: gather(&targets, outputs.len(), rows),
        count: rows.len(),
    };
    let (train, validation) = (exact(&split.train), exact(&split.validation));
    let [train, validation] = scaled(data, faults, &train, &validation, &features, &outputs)?;
    let alignments = alignment::alignments(&train, &split.train, rows, data.seed);
    let dropped = dropped as u64;
    Ok(Some(dataset(vec![features.len()], features, outputs, [train, validation], dropped, alignments)))
}

fn too_few(wanted: &Wanted<'_>, rows: usize, dropped: usize, validation_fraction: f64) -> DataError {
    let (dropped, help) = match dropped {
        0 => (String::new(), "add rows; below some dozens, no verdict means much"),
        _ => (
            format!(" ({dropped} left out for missing cells)"),
            "fill in the missing cells, or leave out the columns that have most of them",
        ),
    };
    let needed = rows_needed(validation_fraction);
    DataError::TooFewRows { path: shown(wanted.path), rows, needed, dropped, help: help.to_owned() }
}

fn dataset(
    input_shape: Vec<usize>,
    features: Vec<String>,
    outputs: Vec<String>,
    [train, validation]: [Samples; 2],
    dropped: u64,
    alignments: Vec<Alignment>,
) -> Dataset {
    let summary = summary::summary(&train, &validation, &input_shape, features, &outputs, dropped, alignments);
    Dataset { input_shape, outputs, train, validation, summary }
}
