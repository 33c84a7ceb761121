//! What a trial says while it trains: one JSON object per line on its standard output.

use serde::{Deserialize, Serialize};

/// How far a trial is, and how it looks; numbers that are not finite or not known are `null`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProgressLine {
    /// Seed of the run.
    pub seed: u64,
    /// Epochs that were finished.
    pub epoch: u32,
    /// Epochs at most.
    pub epochs: u32,
    /// Optimiser steps that were finished.
    pub step: u64,
    /// Newest `loss_ratio` of the training: 1 is the mean predictor.
    #[serde(default)]
    pub loss_ratio: Option<f64>,
    /// Newest spread on the probe set, the worst output.
    #[serde(default)]
    pub spread: Option<f64>,
    /// Newest skill on the probe set, the worst output.
    #[serde(default)]
    pub skill: Option<f64>,
    /// Whether this is the last line: the trial is about to end on its own account.
    #[serde(default)]
    pub last: bool,
}

impl ProgressLine {
    /// The line, without its end; floats that are not finite become `null`.
    pub fn to_json(&self) -> String {
        let finite = |value: Option<f64>| value.filter(|number| number.is_finite());
        let line = Self {
            loss_ratio: finite(self.loss_ratio),
            spread: finite(self.spread),
            skill: finite(self.skill),
            ..self.clone()
        };
        serde_json::to_string(&line).unwrap_or_default()
    }

    /// The reverse of [`to_json`](Self::to_json); `None` for a line that is something else.
    pub fn from_json(line: &str) -> Option<Self> {
        serde_json::from_str(line).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_comes_back_with_nan_as_unknown() {
        let line = ProgressLine {
            seed: u64::MAX,
            epoch: 3,
            epochs: 100,
            step: 96,
            loss_ratio: Some(f64::NAN),
            spread: Some(0.1 + 0.2),
            skill: None,
            last: false,
        };
        let json = line.to_json();
        assert!(json.contains("\"loss_ratio\":null"), "{json}");
        assert_eq!(ProgressLine::from_json(&json), Some(ProgressLine { loss_ratio: None, ..line }));
    }

    #[test]
    fn other_lines_are_not_progress() {
        assert_eq!(ProgressLine::from_json("Using device: cpu"), None);
        assert_eq!(ProgressLine::from_json("{\"seed\":1}"), None);
    }
}
