//! One segment to and from its two tables.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

use serde::Serialize;

use super::{
    RecordError, Row,
    table::{self, Float32Type, Float64Type, Int32Type, Table, UInt32Type, UInt64Type, column},
};
use crate::record::{Point, ProbePredictions, Reading, SeriesId, Split};

/// Writes `series-N.parquet`.
pub fn write_series(path: &Path, rows: &[Row]) -> Result<(), RecordError> {
    let splits = names_of(rows.iter().map(|row| row.id.split));
    let channels = names_of(rows.iter().map(|row| row.id.channel));
    let columns = vec![
        column("step", rows.iter().map(|row| row.point.step).collect::<Vec<u64>>()),
        column("epoch", rows.iter().map(|row| row.point.epoch).collect::<Vec<u32>>()),
        column("split", rows.iter().map(|row| splits[&row.id.split].as_str()).collect::<Vec<&str>>()),
        column("channel", rows.iter().map(|row| channels[&row.id.channel].as_str()).collect::<Vec<&str>>()),
        column("layer", rows.iter().map(|row| row.id.layer.as_str()).collect::<Vec<&str>>()),
        column("unit", rows.iter().map(|row| row.id.unit).collect::<Vec<Option<i32>>>()),
        column("value", rows.iter().map(|row| row.point.value.value()).collect::<Vec<f64>>()),
    ];
    table::write(path, rows.len(), columns)
}

/// Writes `samples-N.parquet`: a row for each look, sample and output, in this order.
pub fn write_samples(path: &Path, outputs: &[&str], looks: &[ProbePredictions]) -> Result<(), RecordError> {
    for look in looks {
        let cells = look.samples.len() * outputs.len();
        if look.targets.len() != cells || look.predictions.len() != cells {
            return Err(RecordError::Shape {
                epoch: look.epoch,
                samples: look.samples.len(),
                outputs: outputs.len(),
                targets: look.targets.len(),
                predictions: look.predictions.len(),
            });
        }
    }
    let splits = names_of(looks.iter().map(|look| look.split));
    let each = || {
        let rows_of = |look: &ProbePredictions| look.samples.len() * outputs.len();
        looks.iter().flat_map(move |look| (0..rows_of(look)).map(move |row| (look, row)))
    };
    let width = outputs.len();
    let columns = vec![
        column("split", each().map(|(look, _)| splits[&look.split].as_str()).collect::<Vec<&str>>()),
        column("sample", each().map(|(look, row)| look.samples[row / width]).collect::<Vec<u32>>()),
        column("output", each().map(|(_, row)| outputs[row % width]).collect::<Vec<&str>>()),
        column("target", each().map(|(look, row)| look.targets[row]).collect::<Vec<f32>>()),
        column("prediction", each().map(|(look, row)| look.predictions[row]).collect::<Vec<f32>>()),
        column("epoch", each().map(|(look, _)| look.epoch).collect::<Vec<u32>>()),
    ];
    table::write(path, each().count(), columns)
}

/// Gathers the series of all segments.
#[derive(Default)]
pub struct SeriesBuilder {
    series: BTreeMap<SeriesId, Vec<Point>>,
}

impl SeriesBuilder {
    /// Appends the points of one segment, in the order of its rows.
    pub fn add_segment(&mut self, path: &Path) -> Result<(), RecordError> {
        let table = Table::read(path)?;
        let steps = table.numbers::<UInt64Type>("step")?;
        let epochs = table.numbers::<UInt32Type>("epoch")?;
        let splits = table.texts("split")?;
        let channels = table.texts("channel")?;
        let layers = table.texts("layer")?;
        let units = table.optional_numbers::<Int32Type>("unit")?;
        let values = table.numbers::<Float64Type>("value")?;
        // Names are parsed once for each series, not once for each row.
        let mut known: HashMap<(&str, &str, &str, Option<i32>), usize> = HashMap::new();
        let mut found: Vec<(SeriesId, Vec<Point>)> = Vec::new();
        for row in 0..table.height() {
            let key = (splits[row], channels[row], layers[row], units[row]);
            let at = match known.get(&key) {
                Some(&at) => at,
                None => {
                    let id = SeriesId {
                        split: table.variant("split", row, splits[row])?,
                        channel: table.variant("channel", row, channels[row])?,
                        layer: layers[row].to_owned(),
                        unit: units[row],
                    };
                    found.push((id, Vec::new()));
                    known.insert(key, found.len() - 1);
                    found.len() - 1
                }
            };
            found[at].1.push(Point { step: steps[row], epoch: epochs[row], value: Reading::new(values[row]) });
        }
        for (id, points) in found {
            self.series.entry(id).or_default().extend(points);
        }
        Ok(())
    }

    /// All series.
    pub fn finish(self) -> BTreeMap<SeriesId, Vec<Point>> {
        self.series
    }
}

/// Reads the looks of `samples-N.parquet`; `outputs` are the names in `run.json`.
pub fn read_samples(path: &Path, outputs: &[&str]) -> Result<Vec<ProbePredictions>, RecordError> {
    let table = Table::read(path)?;
    let splits = table.texts("split")?;
    let samples = table.numbers::<UInt32Type>("sample")?;
    let names = table.texts("output")?;
    let targets = table.numbers::<Float32Type>("target")?;
    let predictions = table.numbers::<Float32Type>("prediction")?;
    let epochs = table.numbers::<UInt32Type>("epoch")?;
    let mut looks: Vec<ProbePredictions> = Vec::new();
    let mut row = 0;
    while row < table.height() {
        let split: Split = table.variant("split", row, splits[row])?;
        if looks.last().is_none_or(|look| (look.epoch, look.split) != (epochs[row], split)) {
            looks.push(ProbePredictions {
                split,
                epoch: epochs[row],
                samples: Vec::new(),
                targets: Vec::new(),
                predictions: Vec::new(),
            });
        }
        let Some(look) = looks.last_mut() else { break };
        look.samples.push(samples[row]);
        // One sample is a row for each output, in the order of run.json.
        for &output in outputs {
            let same_sample = row < table.height()
                && (splits[row], samples[row], epochs[row])
                    == (name_of(look.split).as_str(), last(&look.samples), look.epoch);
            if !same_sample || names[row] != output {
                let at = row.min(table.height() - 1);
                return Err(table.cell(
                    "output",
                    at,
                    format!("expected output `{output}` of sample {}", last(&look.samples)),
                ));
            }
            look.targets.push(targets[row]);
            look.predictions.push(predictions[row]);
            row += 1;
        }
        if outputs.is_empty() {
            return Err(table.cell("output", row, "`run.json` names no output".to_owned()));
        }
    }
    Ok(looks)
}

fn last(samples: &[u32]) -> u32 {
    samples.last().copied().unwrap_or_default()
}

/// The name of each variant that occurs, made once.
fn names_of<T: Ord + Serialize + Copy>(variants: impl Iterator<Item = T>) -> BTreeMap<T, String> {
    let mut names = BTreeMap::new();
    for variant in variants {
        names.entry(variant).or_insert_with(|| name_of(variant));
    }
    names
}

/// The name of a unit variant, as serde writes it.
fn name_of<T: Serialize>(variant: T) -> String {
    match serde_json::to_value(variant) {
        Ok(serde_json::Value::String(name)) => name,
        other => {
            unreachable!("only `Split` and `Channel` get here, which are unit variants: {other:?}")
        }
    }
}
