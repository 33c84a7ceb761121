//! What all runs of one experiment share: the reference learners, which depend on the data alone.
//!
//! The first run trains them and leaves `references-FINGERPRINT.json` beside the plan; the others read it.

use std::{
    ffi::OsStr,
    fs::{self, File},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::plan::PLAN_FILE;
use crate::{
    data::Dataset,
    experiment::{Diagnosis, Probes},
    record::atomic,
    references::{self, References},
};

/// Number of what is trained and of how it is written: other numbers are trained anew.
const FORMAT: u32 = 1;

/// Seed of the references: one for all runs, since their data are the same, and all should be held against the same.
pub const SEED: u64 = 0;

/// Largest file that is read: a thousand outputs take a megabyte.
const MOST_BYTES: u64 = 64 << 20;

/// The folder of a run lies at most this far below that of its plan: `cells/CELL/seed-0`.
const DEEPEST: usize = 3;

/// A file of references.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shared<R> {
    format: u32,
    fingerprint: String,
    references: R,
}

/// The references on the data of the run in `dir`; `None` where the experiment wants none.
///
/// They are read from the folder of the run's plan, where an earlier run of the same data left them, or trained and left
/// there. A run without a plan shares nothing. Whatever is wrong with the file, they are trained anew: no run fails for it.
pub fn references(dir: &Path, diagnosis: &Diagnosis, data: &Dataset) -> Option<References> {
    if !diagnosis.references || diagnosis.probes == Probes::None {
        return None;
    }
    let train = || references::train(data, SEED);
    let Some(folder) = folder_of_plan(dir) else {
        return Some(train());
    };
    let path = folder.join(file_name(&data.summary.fingerprint));
    // Runs begin together, and one of them has to do the work. The lock ends with its process; where there are no locks,
    // each does it, and all leave the same.
    let lock = File::open(folder.join(PLAN_FILE)).ok();
    let _held = lock.as_ref().map(File::lock);
    if let Some(found) = read(&path, data) {
        return Some(found);
    }
    let references = train();
    let shared = Shared { format: FORMAT, fingerprint: data.summary.fingerprint.clone(), references: &references };
    if let Ok(json) = serde_json::to_string_pretty(&shared) {
        // A disk that is full will be told by whoever writes what cannot be computed again.
        let _ = atomic::write(&path, (json + "\n").as_bytes());
    }
    Some(references)
}

/// Whether it is the name of such a file.
pub(super) fn is_shared(name: &OsStr) -> bool {
    let fingerprint = name.to_str().and_then(|name| name.strip_prefix("references-")?.strip_suffix(".json"));
    fingerprint.is_some_and(|digits| digits.len() == 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
}

fn file_name(fingerprint: &str) -> String {
    format!("references-{fingerprint}.json")
}

/// The folder whose plan the run belongs to.
fn folder_of_plan(dir: &Path) -> Option<PathBuf> {
    let above = dir.ancestors().skip(1).take(DEEPEST);
    above
        .filter(|folder| !folder.as_os_str().is_empty())
        .find(|folder| folder.join(PLAN_FILE).is_file())
        .map(Path::to_owned)
}

/// What the file says, if it is of these data and this version.
fn read(path: &Path, data: &Dataset) -> Option<References> {
    // Neither a link nor a pipe is ours, and a pipe would be waited for.
    let about = fs::symlink_metadata(path).ok()?;
    if !about.is_file() || about.len() > MOST_BYTES {
        return None;
    }
    let shared: Shared<References> = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    let outputs =
        |references: &References| references.learners.iter().all(|learner| learner.outputs.len() == data.outputs.len());
    let same = shared.format == FORMAT && shared.fingerprint == data.summary.fingerprint && outputs(&shared.references);
    same.then_some(shared.references)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{data, trial::spec::tests::spec};

    /// A folder with a plan, the folder of a run in it, and its data.
    fn place() -> (tempfile::TempDir, PathBuf, Diagnosis, Dataset) {
        let folder = tempfile::tempdir().expect("temporary folder");
        let run = folder.path().join("cells/lr=1/seed-0");
        fs::create_dir_all(&run).expect("create");
        fs::write(folder.path().join(PLAN_FILE), "{}").expect("plan");
        let experiment = spec(0).experiment;
        let data = data::load(&experiment.data).expect("data");
        (folder, run, experiment.diagnosis, data)
    }

    fn shared_files(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).expect("list").flatten();
        entries.filter(|entry| is_shared(&entry.file_name())).map(|entry| entry.path()).collect()
    }

    #[test]
    fn the_first_run_trains_and_the_others_read() {
        let (folder, run, diagnosis, data) = place();
        let first = references(&run, &diagnosis, &data).expect("wanted");
        assert_eq!(first.learners.len(), 5);
        let files = shared_files(folder.path());
        assert_eq!(files.len(), 1);
        assert_eq!(references(&run, &diagnosis, &data).as_ref(), Some(&first), "to the bit");
        // What is read is what the file says, so nothing was trained.
        let text = fs::read_to_string(&files[0]).expect("read");
        fs::write(&files[0], text.replace("1 column", "another word")).expect("write");
        assert_eq!(references(&run, &diagnosis, &data).expect("wanted").input, "another word");
    }

    #[test]
    fn a_file_that_cannot_be_trusted_is_replaced() {
        let (folder, run, diagnosis, data) = place();
        let first = references(&run, &diagnosis, &data).expect("wanted");
        let path = shared_files(folder.path()).remove(0);
        let good = fs::read_to_string(&path).expect("read");
        let marked = good.replace("1 column", "not ours");
        let damaged = [
            marked[..marked.len() / 2].to_owned(),
            String::new(),
            "mine".to_owned(),
            marked.replace(&format!("\"format\": {FORMAT}"), "\"format\": 0"),
            marked.replace(&data.summary.fingerprint, &"0".repeat(64)),
            marked.replacen(
                "\"outputs\": [",
                "\"outputs\": [{\"cross_validated\":null,\"validation\":null,\"p_value\":null},",
                1,
            ),
        ];
        for text in damaged {
            fs::write(&path, &text).expect("write");
            assert_eq!(references(&run, &diagnosis, &data).as_ref(), Some(&first), "{text}");
            assert_eq!(fs::read_to_string(&path).expect("read"), good);
        }
    }

    #[test]
    fn without_a_plan_nothing_is_written_and_without_probes_nothing_is_trained() {
        let (folder, run, diagnosis, data) = place();
        let none = [
            Diagnosis { references: false, ..diagnosis.clone() },
            Diagnosis { probes: Probes::None, ..diagnosis.clone() },
        ];
        for diagnosis in none {
            assert_eq!(references(&run, &diagnosis, &data), None);
        }
        fs::remove_file(folder.path().join(PLAN_FILE)).expect("remove");
        assert!(references(&run, &diagnosis, &data).is_some());
        assert_eq!(shared_files(folder.path()), [] as [PathBuf; 0]);
    }

    #[test]
    fn names_of_ours_are_told_from_others() {
        assert!(is_shared(OsStr::new(&file_name(&"0a".repeat(32)))));
        for name in ["references-.json", "references-mine.json", "references.json", "plan.json"] {
            assert!(!is_shared(OsStr::new(name)), "{name}");
        }
    }
}
