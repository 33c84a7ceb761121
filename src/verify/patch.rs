//! What the user changes: the difference between the configuration and the repaired one, and the repaired one itself.

use std::path::{Component, Path, PathBuf};

use similar::TextDiff;

use super::configuration::{Configuration, changes_of};
use crate::{
    experiment::{Change, ExperimentErrors, Source},
    judge::{
        Diagnosis,
        causes::{ProofVerdict, ProposedChange},
    },
    trial::fixed_config::FIXED_CONFIG,
};

/// The changes that were proved, of the best supported cause that has any.
pub fn proved_changes(diagnosis: &Diagnosis) -> Option<Vec<ProposedChange>> {
    let proved = diagnosis
        .causes
        .iter()
        .filter(|cause| cause.proof.as_ref().is_some_and(|proof| proof.verdict == ProofVerdict::Proved));
    proved.min_by_key(|cause| cause.rank)?.proof.as_ref().map(|proof| proof.changes.clone())
}

/// The difference that the changes make, as a unified diff; absent where they cannot be made.
pub(super) fn diff(configuration: &Configuration, changes: &[Change]) -> Option<String> {
    let changed = configuration.changed(changes).ok()?;
    let difference = TextDiff::from_lines(configuration.text.as_str(), changed.as_str());
    Some(difference.unified_diff().header(&configuration.file_name, FIXED_CONFIG).to_string())
}

/// The text of the repaired configuration, as it has to be in `dir` so that it can be run from there: a table is found from
/// there, and results go to a folder of their own.
///
/// - Errors: a change that cannot be made.
pub fn fixed_text(
    configuration: &Configuration,
    proved: &[ProposedChange],
    dir: &Path,
) -> Result<String, ExperimentErrors> {
    let mut changes = changes_of(proved);
    let experiment = configuration.experiment(&changes)?;
    changes.push(Change { path: "name".to_owned(), to: quoted(&format!("{}-fixed", experiment.name)) });
    if let Source::Table { path, .. } = &experiment.data.source {
        changes.push(Change { path: "data.path".to_owned(), to: quoted(&seen_from(dir, path).to_string_lossy()) });
    }
    configuration.changed(&changes)
}

fn quoted(text: &str) -> String {
    toml_edit::Value::from(text).to_string()
}

/// The path of a file as it is named in `dir`; the whole path where there is no way from one to the other.
fn seen_from(dir: &Path, file: &Path) -> PathBuf {
    let (Ok(dir), Ok(file)) = (dir.canonicalize(), file.canonicalize()) else { return file.to_owned() };
    let (from, to): (Vec<Component<'_>>, Vec<Component<'_>>) =
        (dir.components().collect(), file.components().collect());
    let shared = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
    if shared == 0 {
        return file.clone();
    }
    let up = from[shared..].iter().map(|_| Component::ParentDir);
    up.chain(to[shared..].iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::experiment::read;

    const TABLE: &str = "\
# Houses.
[data]
source = \"table\"
path = \"data/houses.csv\"   # relative to this file
targets = [\"price\"]

[model]
hidden = [8]

[training]
epochs = 4
optimiser = { kind = \"adam\", lr = 10.0 }   # too high
";

    fn lower() -> Vec<ProposedChange> {
        let (path, to) = ("training.optimiser.lr".to_owned(), "0.01".to_owned());
        vec![ProposedChange { path, from: Some("10.0".to_owned()), to, why: "it is stable".to_owned() }]
    }

    #[test]
    fn the_difference_is_the_line_that_changes() {
        let configuration = Configuration::new(TABLE.to_owned(), Path::new("houses.toml"), "houses");
        let found = diff(&configuration, &changes_of(&lower())).expect("it can be made");
        let wanted = "\
--- houses.toml
+++ config.fixed.toml
@@ -9,4 +9,4 @@
 
 [training]
 epochs = 4
-optimiser = { kind = \"adam\", lr = 10.0 }   # too high
+optimiser = { kind = \"adam\", lr = 0.01 }   # too high
";
        assert_eq!(found, wanted);
        let impossible = Change { path: "training.epochs.x".to_owned(), to: "1".to_owned() };
        assert_eq!(diff(&configuration, &[impossible]), None);
    }

    #[test]
    fn the_repaired_configuration_can_be_run_from_where_it_is() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let (here, there) = (folder.path().join("mine"), folder.path().join("reports/houses"));
        for dir in [&here.join("data"), &there] {
            fs::create_dir_all(dir).expect("create");
        }
        fs::write(here.join("data/houses.csv"), "area,price\n1,2\n").expect("write");
        for text in [TABLE.to_owned(), format!("name = \"villas\"\n{TABLE}")] {
            let configuration = Configuration::new(text, &here.join("houses.toml"), "houses");
            let fixed = fixed_text(&configuration, &lower(), &there).expect("it can be made");
            assert!(fixed.contains("# too high") && fixed.contains("# Houses."), "comments stay: {fixed}");
            assert!(fixed.contains("\"../../mine/data/houses.csv\""), "{fixed}");
            fs::write(there.join(FIXED_CONFIG), fixed).expect("write");
            let found = read(&there.join(FIXED_CONFIG)).expect("it can be read");
            let wanted = configuration.experiment(&changes_of(&lower())).expect("it can be read");
            assert_eq!(found.name, format!("{}-fixed", wanted.name), "its results go elsewhere");
            assert_eq!((found.training, found.model), (wanted.training, wanted.model));
            let Source::Table { path, .. } = found.data.source else { panic!("a table") };
            assert!(path.is_file(), "{}", path.display());
        }
    }
}
