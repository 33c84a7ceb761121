//! Checkpoints: everything that a killed run needs to go on as if nothing had happened.
//!
//! `NNNNNN.safetensors` holds weights, buffers and moments; `NNNNNN.json` the rest, written last, so that it names only
//! complete files. Both carry the number of the record's segment that they follow: what was recorded later is dropped.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::{TrainError, recorder::RecorderState};
use crate::record::atomic;

/// Number of the format.
const SCHEMA: u32 = 1;

/// Weights, buffers and moments, by name.
pub type NamedTensors = Vec<(String, Tensor)>;

/// The part of a checkpoint that is no tensor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    schema: u32,
    /// Hash of the experiment, which must not change between two parts of a run.
    pub experiment_hash: String,
    /// Optimiser steps that were finished.
    pub step: u64,
    /// Epoch that is being trained, from 1.
    pub epoch: u32,
    /// Batches of that epoch that were finished.
    pub batches_done: u64,
    /// Newest segment of the record.
    pub segment: u32,
    /// What the recorder holds.
    pub recorder: RecorderState,
    /// Training time so far \[s\].
    pub wall_secs: f64,
}

impl Progress {
    /// The progress of a run at this place.
    pub fn new(experiment_hash: String, step: u64, epoch: u32, batches_done: u64) -> Self {
        Self {
            schema: SCHEMA,
            experiment_hash,
            step,
            epoch,
            batches_done,
            segment: 0,
            recorder: RecorderState::default(),
            wall_secs: 0.0,
        }
    }
}

fn paths(dir: &Path, number: u64) -> (PathBuf, PathBuf) {
    (dir.join(format!("{number:012}.json")), dir.join(format!("{number:012}.safetensors")))
}

/// Writes a checkpoint and removes older ones.
///
/// # Errors
/// When the disk refuses; the older checkpoint is then still there.
pub fn write(dir: &Path, progress: &Progress, tensors: &[(String, Tensor)]) -> Result<(), TrainError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| TrainError::Write { path, source }
    };
    std::fs::create_dir_all(dir).map_err(failed(dir))?;
    let (json, safetensors) = paths(dir, progress.step);
    write_tensors(&safetensors, tensors)?;
    let text = serde_json::to_vec(progress).map_err(|error| failed(&json)(error.into()))?;
    atomic::write(&json, &text).map_err(failed(&json))?;
    for entry in std::fs::read_dir(dir).map_err(failed(dir))?.flatten() {
        let path = entry.path();
        if path != json && path != safetensors {
            std::fs::remove_file(&path).map_err(failed(&path))?;
        }
    }
    Ok(())
}

/// Writes named tensors so that the file is wholly there or not at all.
///
/// # Errors
/// When the disk refuses.
pub fn write_tensors(path: &Path, tensors: &[(String, Tensor)]) -> Result<(), TrainError> {
    let failed = |source| TrainError::Write { path: path.to_owned(), source };
    let folder = path.parent().unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let unfinished = folder.join(format!("{}{name}", atomic::UNFINISHED));
    // libtorch's writer takes a path, so the file is synced through a second handle.
    Tensor::write_safetensors(tensors, &unfinished).map_err(|error| failed(std::io::Error::other(error)))?;
    std::fs::File::open(&unfinished).and_then(|file| file.sync_all()).map_err(failed)?;
    std::fs::rename(&unfinished, path).map_err(failed)?;
    atomic::sync_folder(folder).map_err(failed)
}

/// Reads the newest checkpoint; `None` when there is none.
///
/// # Errors
/// When it is there but cannot be read, or belongs to another experiment.
pub fn read(dir: &Path, experiment_hash: &str) -> Result<Option<(Progress, NamedTensors)>, TrainError> {
    let refused = |path: &Path, why: String| TrainError::Checkpoint { path: path.to_owned(), why };
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        // Only a folder that is not there means a new run: starting one would remove the record of this one.
        Err(error) => return Err(refused(dir, error.to_string())),
    };
    let mut newest: Option<PathBuf> = None;
    for entry in entries {
        let path = entry.map_err(|error| refused(dir, error.to_string()))?.path();
        if path.extension().is_some_and(|extension| extension == "json")
            && newest.as_ref().is_none_or(|old| path > *old)
        {
            newest = Some(path);
        }
    }
    let Some(json) = newest else { return Ok(None) };
    let text = std::fs::read(&json).map_err(|error| refused(&json, error.to_string()))?;
    let progress: Progress = serde_json::from_slice(&text).map_err(|error| refused(&json, error.to_string()))?;
    if progress.schema != SCHEMA {
        return Err(refused(&json, format!("its format is {}, this version reads {SCHEMA}", progress.schema)));
    }
    if progress.experiment_hash != experiment_hash {
        return Err(refused(&json, "it belongs to another experiment".to_owned()));
    }
    let safetensors = json.with_extension("safetensors");
    let tensors = Tensor::read_safetensors(&safetensors).map_err(|error| refused(&safetensors, error.to_string()))?;
    Ok(Some((progress, tensors)))
}

/// Removes all checkpoints of a finished run.
///
/// # Errors
/// When the folder cannot be removed.
pub fn remove(dir: &Path) -> Result<(), TrainError> {
    match std::fs::remove_dir_all(dir) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(TrainError::Write { path: dir.to_owned(), source })
        }
        _ => Ok(()),
    }
}
