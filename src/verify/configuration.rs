//! The configuration that the control was trained with, as text: changes are made to it as a user would make them.

use std::path::{Path, PathBuf};

use toml_edit::DocumentMut;

use crate::{
    experiment::{Change, Experiment, ExperimentErrors, change, parse},
    judge::causes::ProposedChange,
};

/// A configuration, and what it needs to be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Configuration {
    /// Its text.
    pub text: String,
    /// Name of its file, as a difference names it.
    pub file_name: String,
    /// Folder where relative paths in it start.
    pub folder: PathBuf,
    /// The experiment's name where the text gives none.
    pub default_name: String,
}

impl Configuration {
    /// The text of the configuration at `path`, of an experiment with this name.
    pub fn new(text: String, path: &Path, name: &str) -> Self {
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        let file_name =
            path.file_name().map_or_else(|| "config.toml".into(), |name| name.to_string_lossy().into_owned());
        Self { text, file_name, folder, default_name: name.to_owned() }
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

    /// The value that the text has at a path, as it stands there; absent where it says nothing there.
    pub fn value_at(&self, path: &str) -> Option<String> {
        let document: DocumentMut = self.text.parse().ok()?;
        let mut item = document.as_item();
        for key in path.split('.').map(str::trim) {
            item = match key.parse::<usize>() {
                Ok(index) => item.get(index)?,
                Err(_) => item.get(key).or_else(|| (key == "optimiser").then(|| item.get("optimizer")).flatten())?,
            };
        }
        let value = item.as_value()?.clone().decorated("", "").to_string();
        Some(value.trim().to_owned())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_as_they_stand() {
        let text = "seed = 3 # first\n[model]\nlayers = [{ type = \"dense\", units = 4 }, { type = \"dense\" }]\n\
                    [training]\noptimizer = { kind = \"adam\", lr = 1e-2 }\n";
        let configuration = Configuration::new(text.to_owned(), Path::new("a/b.toml"), "b");
        let value = |path: &str| configuration.value_at(path);
        assert_eq!(value("seed").as_deref(), Some("3"));
        assert_eq!(value("model.layers.0.units").as_deref(), Some("4"));
        assert_eq!(value("training.optimiser.lr").as_deref(), Some("1e-2"));
        assert_eq!(value("training.optimiser").as_deref(), Some("{ kind = \"adam\", lr = 1e-2 }"));
        for absent in ["name", "model.layers.1.units", "model.layers.7", "seed.x", "training"] {
            assert_eq!(value(absent), None, "{absent}");
        }
        assert_eq!(configuration.folder, Path::new("a"));
    }
}
