//! The folders of trials that prove a fix: `proofs/CHANGES/seed-0` below that of the results, and `proofs/control/seed-3` for
//! seeds of the unchanged setting that the diagnosis itself did not train.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{folder, plan::file_name};
use crate::experiment::Change;

/// The folder of all proofs, below that of the results.
pub const PROOFS: &str = "proofs";
/// The folder of the control's further seeds; no change has this name, since each has a `=` in it.
const CONTROL: &str = "control";

/// Folder of a run with these changes; without any, of the control.
pub fn run_dir(results: &Path, changes: &[Change], seed: u64) -> PathBuf {
    let name = if changes.is_empty() { CONTROL.to_owned() } else { file_name(&changes_name(changes)) };
    results.join(PROOFS).join(name).join(format!("seed-{seed}"))
}

/// `optimiser.lr=0.001`: paths without their first table where the rest tells it, since a path that is an index or a kind
/// alone would name several settings.
fn changes_name(changes: &[Change]) -> String {
    let short = |path: &str| {
        let told = ["training.", "model.", "data."].iter().find_map(|table| path.strip_prefix(table));
        told.unwrap_or(path).to_owned()
    };
    let name = |change: &Change| format!("{}={}", short(&change.path), change.to.trim_matches(['"', '\'']));
    changes.iter().map(name).collect::<Vec<_>>().join(",")
}

/// Every run that was begun to prove something, in order of their names.
pub fn runs(results: &Path) -> Vec<PathBuf> {
    let inner = |folder: &Path| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        // A link leads to what is not ours.
        entries.filter(|path| path.is_dir() && !path.is_symlink()).collect::<Vec<_>>()
    };
    let is_run = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let seed = name.strip_prefix("seed-").is_some_and(|seed| seed.parse::<u64>().is_ok());
        seed && folder::spec_file(path).is_file()
    };
    let mut found: Vec<PathBuf> =
        inner(&results.join(PROOFS)).iter().flat_map(|folder| inner(folder)).filter(is_run).collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::spec::tests::spec;

    fn named(changes: &[&str]) -> String {
        let changes: Vec<Change> = changes.iter().map(|change| change.parse().expect("a change")).collect();
        run_dir(Path::new("r"), &changes, 3).display().to_string()
    }

    #[test]
    fn each_setting_has_a_folder_of_its_own() {
        assert_eq!(named(&[]), "r/proofs/control/seed-3");
        assert_eq!(named(&["training.optimiser.lr=0.001"]), "r/proofs/optimiser.lr=0.001/seed-3");
        assert_eq!(
            named(&["model.layers.0.activation=elu", "training.loss=\"mae\""]),
            "r/proofs/layers.0.activation=elu,loss=mae/seed-3"
        );
        assert_ne!(named(&["model.layers.0.activation=elu"]), named(&["model.layers.1.activation=elu"]));
        assert_ne!(named(&["training.loss.kind=mae"]), named(&["training.optimiser.kind=mae"]));
        let steered = named(&["name=\"../../../tmp\""]);
        assert!(Path::new(&steered).components().count() == 4 && !steered.contains("../"), "{steered}");
    }

    #[test]
    fn only_runs_are_listed() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let run = run_dir(folder.path(), &["training.loss=mae".parse().expect("a change")], 0);
        folder::write_spec(&run, &spec(0)).expect("spec");
        fs::create_dir_all(folder.path().join("proofs/mine/notes")).expect("create");
        fs::write(folder.path().join("proofs/mine/seed-1"), "a file").expect("write");
        assert_eq!(runs(folder.path()), [run]);
        assert_eq!(runs(&folder.path().join("nowhere")), [] as [PathBuf; 0]);
    }
}
