//! The record on disk: Parquet segments beside `run.json`, in one folder per run.
//!
//! Each checkpoint appends one segment, numbered from 1: `samples-000001.parquet` (predictions on the probe set) and
//! then `series-000001.parquet`, whose presence makes the segment part of the record. A segment is never changed; a run
//! that is resumed drops the segments after its checkpoint and writes them again.

mod segment;
mod table;

use std::path::{Path, PathBuf};

pub use super::error::RecordError;
use super::{Point, ProbePredictions, Record, RunInfo, SCHEMA, SeriesId, atomic};

/// Name of the file that says what made the record.
pub const RUN_FILE: &str = "run.json";

/// One reading on its way into the store.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its series.
    pub id: SeriesId,
    /// When, and what.
    pub point: Point,
}

/// The folder of one record, as its writer sees it.
#[derive(Clone, Debug)]
pub struct Store {
    dir: PathBuf,
}

impl Store {
    /// Starts an empty record in `dir`, which is made if need be.
    ///
    /// An earlier record in `dir` is removed (only files with our own names); whether it may be is for the caller to know.
    pub fn create(dir: &Path) -> Result<Self, RecordError> {
        std::fs::create_dir_all(dir).map_err(|source| failed("create", dir, source))?;
        let store = Self { dir: dir.to_owned() };
        store.remove_leftovers()?;
        // run.json goes first: without it the rest is no record, so a kill in between leaves no false one.
        remove_if_there(&dir.join(RUN_FILE))?;
        store.drop_segments_after(0)?;
        Ok(store)
    }

    /// Goes on with the record in `dir`.
    ///
    /// - Errors: `dir` has no readable `run.json`.
    pub fn open(dir: &Path) -> Result<Self, RecordError> {
        let store = Self { dir: dir.to_owned() };
        store.read_run()?;
        Ok(store)
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Appends segment `number` (from 1): `rows` in any order, series in order of steps, and looks at the probe set.
    ///
    /// NaN and infinities survive. [`write_run`](Self::write_run) must have been called before, since it names the outputs.
    pub fn write_segment(&self, number: u32, rows: &[Row], probe: &[ProbePredictions]) -> Result<(), RecordError> {
        let run = self.read_run()?;
        let outputs: Vec<&str> = run.data.targets.iter().map(|target| target.name.as_str()).collect();
        segment::write_samples(&self.dir.join(samples_file(number)), &outputs, probe)?;
        segment::write_series(&self.dir.join(series_file(number)), rows)
    }

    /// Number of the last segment; 0 when there is none.
    pub fn last_segment(&self) -> Result<u32, RecordError> {
        Ok(numbers(&self.dir, "series")?.last().copied().unwrap_or(0))
    }

    /// Removes the segments after `number`: those that a killed run wrote after its last checkpoint.
    pub fn drop_segments_after(&self, number: u32) -> Result<(), RecordError> {
        // From the last to the first, series before samples: a kill in between leaves no gap.
        for late in numbers(&self.dir, "series")?.into_iter().rev().filter(|&found| found > number) {
            remove_if_there(&self.dir.join(series_file(late)))?;
        }
        for late in numbers(&self.dir, "samples")?.into_iter().rev().filter(|&found| found > number) {
            remove_if_there(&self.dir.join(samples_file(late)))?;
        }
        atomic::sync_folder(&self.dir).map_err(|source| failed("write", &self.dir, source))
    }

    /// Removes the unfinished files of a writer that was killed.
    pub fn remove_leftovers(&self) -> Result<(), RecordError> {
        atomic::remove_leftovers(&self.dir)
            .map_err(|source| failed("remove unfinished files in", &self.dir, source))?;
        Ok(())
    }

    /// Writes `run.json`, replacing the one before.
    ///
    /// Floats are read back to the last bit.
    /// - Errors: `Unstorable` when the experiment holds a number that JSON has not; the old file is then untouched.
    pub fn write_run(&self, run: &RunInfo) -> Result<(), RecordError> {
        let path = self.dir.join(RUN_FILE);
        let unstorable = |why: String| RecordError::Unstorable { path: path.clone(), why };
        let mut text = serde_json::to_string_pretty(run).map_err(|error| unstorable(error.to_string()))?;
        text.push('\n');
        // serde_json writes NaN as null without a word; better no new file than one that nobody can read.
        serde_json::from_str::<RunInfo>(&text)
            .map_err(|error| unstorable(format!("a number of it does not fit into JSON ({error})")))?;
        atomic::write(&path, text.as_bytes()).map_err(|source| failed("write", &path, source))
    }

    /// Reads `run.json`.
    pub fn read_run(&self) -> Result<RunInfo, RecordError> {
        read_run(&self.dir)
    }
}

/// Reads a whole record.
///
/// Total over what may lie in `dir`: a torn, foreign, mistyped or missing file is an error that names it.
pub fn read(dir: &Path) -> Result<Record, RecordError> {
    let run = read_run(dir)?;
    let outputs: Vec<&str> = run.data.targets.iter().map(|target| target.name.as_str()).collect();
    let mut series = segment::SeriesBuilder::default();
    let mut probe = Vec::new();
    let mut read = 0;
    for (found, expected) in numbers(dir, "series")?.into_iter().zip(1..) {
        if found != expected {
            return Err(missing_segment(dir.join(series_file(expected))));
        }
        series.add_segment(&dir.join(series_file(found)))?;
        let samples = dir.join(samples_file(found));
        if !samples.exists() {
            return Err(missing_segment(samples));
        }
        probe.extend(segment::read_samples(&samples, &outputs)?);
        read = found;
    }
    // Without its last segments a record is a record still, of a run that ended earlier: only the count tells.
    if run.status.is_final() && read < run.segments {
        return Err(missing_segment(dir.join(series_file(read + 1))));
    }
    Ok(Record { series: series.finish(), probe, run })
}

fn read_run(dir: &Path) -> Result<RunInfo, RecordError> {
    #[derive(serde::Deserialize)]
    struct Numbered {
        schema: u64,
    }
    let path = dir.join(RUN_FILE);
    let text = std::fs::read(&path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => RecordError::Missing {
            path: path.clone(),
            help: "give the folder of a run, or train it with `whymean diagnose CONFIG`".to_owned(),
        },
        _ => failed("read", &path, source),
    })?;
    let foreign = |error: serde_json::Error| RecordError::Run { path: path.clone(), why: error.to_string() };
    // The number first: a later version may have changed everything else.
    let found = serde_json::from_slice::<Numbered>(&text).map_err(foreign)?.schema;
    if found != u64::from(SCHEMA) {
        return Err(RecordError::Schema { path, found, expected: SCHEMA });
    }
    serde_json::from_slice(&text).map_err(foreign)
}

fn series_file(number: u32) -> String {
    format!("series-{number:06}.parquet")
}

fn samples_file(number: u32) -> String {
    format!("samples-{number:06}.parquet")
}

/// Numbers of the files `KIND-NNNNNN.parquet` in `dir`, ascending.
fn numbers(dir: &Path, kind: &str) -> Result<Vec<u32>, RecordError> {
    let list = |source| failed("list", dir, source);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(list)? {
        let name = entry.map_err(list)?.file_name();
        let number = name
            .to_str()
            .and_then(|name| name.strip_prefix(kind)?.strip_prefix('-')?.strip_suffix(".parquet")?.parse::<u32>().ok())
            .filter(|&number| number > 0);
        found.extend(number);
    }
    found.sort_unstable();
    Ok(found)
}

fn missing_segment(path: PathBuf) -> RecordError {
    RecordError::Missing {
        path,
        help: "a part of the record was removed; delete the folder of that run, and the same command trains it again"
            .to_owned(),
    }
}

fn remove_if_there(path: &Path) -> Result<(), RecordError> {
    match std::fs::remove_file(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(failed("remove", path, source)),
        _ => Ok(()),
    }
}

fn failed(action: &'static str, path: &Path, source: std::io::Error) -> RecordError {
    RecordError::File { action, path: path.to_owned(), source }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
