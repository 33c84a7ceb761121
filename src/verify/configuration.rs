//! The configuration that the control was trained with, as text: changes are made to it as a user would make them.

use std::path::{Path, PathBuf};

use crate::{
    experiment::{Change, Experiment, ExperimentErrors, change, parse},
    judge::causes::ProposedChange,
};

/// A configuration, and what it needs to be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Configuration {
    /// Its text.
    pub text: String,
    /// Folder where relative paths in it start.
    pub folder: PathBuf,
    /// The experiment's name where the text gives none.
    pub default_name: String,
}

impl Configuration {
    /// The text of the configuration at `path`, of an experiment with this name.
    pub fn new(text: String, path: &Path, name: &str) -> Self {
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        Self { text, folder, default_name: name.to_owned() }
    }

    /// The text with changes made; comments and layout stay.
    ///
    /// - Errors: a change that cannot be made.
    pub fn changed(&self, changes: &[Change]) -> Result<String, ExperimentErrors> {
        if changes.is_empty() {
            return Ok(self.text.clone());
        }
        change::apply(&self.text, &self.default_name, changes)
    }

    /// The experiment with changes made.
    ///
    /// - Errors: a change that cannot be made, or that leaves a configuration with mistakes.
    pub fn experiment(&self, changes: &[Change]) -> Result<Experiment, ExperimentErrors> {
        parse(&self.changed(changes)?, &self.default_name, &self.folder, &self.default_name)
    }
}

/// What a proposed change does to the text.
pub fn change_of(proposed: &ProposedChange) -> Change {
    Change { path: proposed.path.clone(), to: proposed.to.clone() }
}

/// What proposed changes do to the text.
pub fn changes_of(proposed: &[ProposedChange]) -> Vec<Change> {
    proposed.iter().map(change_of).collect()
}
