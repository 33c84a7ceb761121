//! A power cut, again and again: SIGKILL to the program and its trials at once, then `--resume`.

use std::{
    fs,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
};

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use whymean::{
    judge::Diagnosis,
    record::{Record, SeriesId, atomic, store},
    trial::{folder, results},
};

use crate::saved::{Place, text};

/// Whatever has a state of its own: dropout, batch normalisation, moments, a schedule; a checkpoint after each epoch.
const NOISY: &str = "\
[data]
source = \"function\"
formula = \"friedman1\"
features = 5
train_samples = 96
validation_samples = 32

[model]
layers = [
    { type = \"dense\", units = 16 },
    { type = \"batch_norm\", activation = \"relu\" },
    { type = \"dropout\", rate = 0.2 },
    { type = \"dense\" },
]

[training]
epochs = 60
batch_size = 20
optimiser = { kind = \"adamw\", lr = 0.01, weight_decay = 0.01 }
schedule = { kind = \"cosine\" }
warmup_steps = 20
checkpoint_secs = 0

[diagnosis]
seeds = 1
early_stop = false
";

/// Proved stuck after its first epoch, and trained on: the proof must not get lost on the way.
const STUCK: &str = "\
[data]
source = \"function\"
formula = \"sine\"
train_samples = 64
validation_samples = 16

[model]
hidden = [8]
init = { weights = { kind = \"normal\", std = 0.5 }, bias = { kind = \"constant\", value = -3.0 } }

[training]
epochs = 40
optimiser = { kind = \"adam\", lr = 0.01 }
checkpoint_secs = 0

[diagnosis]
seeds = 1
early_stop = false
";

/// When the power is cut.
#[derive(Clone, Copy, Debug)]
enum Cut {
    /// After the trial was told what to train: while it reads its data and trains the references.
    Told,
    /// After the record was begun, before anything of it was saved.
    Begun,
    /// While an unfinished file lies in this folder of the trial.
    Writing(&'static str),
    /// After this many looks at the folder behind the first checkpoint of this process.
    Later(u32),
    /// When the weights are there, perhaps before the outcome is.
    Ending,
}

impl Cut {
    fn has_come(self, run: &Path, first: &mut Option<Vec<String>>, looks: &mut u32) -> bool {
        match self {
            Self::Told => run.join("spec.toml").exists(),
            Self::Begun => run.join("record/run.json").exists(),
            Self::Writing(inner) => names(&run.join(inner)).iter().any(|name| name.starts_with(atomic::UNFINISHED)),
            Self::Later(enough) => {
                let seen = names(&run.join("checkpoint"));
                let moved = first.get_or_insert_with(|| seen.clone()) != &seen;
                *looks += u32::from(moved || *looks > 0);
                *looks > enough
            }
            Self::Ending => run.join("weights.safetensors").exists(),
        }
    }
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// Starts the diagnosis in a group of its own, so that one signal meets the program and its trials.
fn start(place: &Place) -> Child {
    let mut command =
        place.command(&["diagnose", "config.toml", "--out", "cut", "--resume", "--no-fix", "--threads", "1"]);
    command.process_group(0).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("start")
}

/// Whether the power was cut before the diagnosis was there.
fn cut(place: &Place, when: Cut) -> bool {
    let run = place.path("cut/runs/seed-0");
    let mut child = start(place);
    let (mut first, mut looks) = (None, 0);
    while !when.has_come(&run, &mut first, &mut looks) {
        if child.try_wait().expect("the program").is_some() {
            return false;
        }
        std::hint::spin_loop();
    }
    let group = format!("-{}", child.id());
    assert!(Command::new("kill").args(["-KILL", "--", &group]).status().expect("kill").success());
    child.wait().expect("end");
    // The trial is no child of this process: it is gone when its lock is.
    drop(results::lock_trial(&run).expect("lock"));
    true
}

/// What a run leaves, without what the clock says.
struct Left {
    record: Record,
    weights: Vec<u8>,
    diagnosis: Diagnosis,
}

fn left(place: &Place, dir: &str) -> Left {
    let run = place.path(dir).join("runs/seed-0");
    let mut record = store::read(&folder::record_dir(&run)).expect("record");
    record.run.wall_secs = 0.0;
    let weights = fs::read(run.join("weights.safetensors")).expect("weights");
    let json = fs::read(place.path(dir).join("diagnosis.json")).expect("diagnosis");
    let mut diagnosis: Diagnosis = serde_json::from_slice(&json).expect("JSON");
    diagnosis.report = None;
    Left { record, weights, diagnosis }
}

/// Trains `config` undisturbed, and once more with the power cut at each of `cuts` that comes before the end; both must
/// leave the same. Gives what they left, and how many cuts came.
fn survives(config: &str, cuts: &[Cut]) -> (Record, usize) {
    let place = Place::new();
    fs::write(place.path("config.toml"), config).expect("configuration");
    let whole = place.run(&["diagnose", "config.toml", "--out", "whole", "--no-fix", "--threads", "1"]);
    assert!(matches!(whole.status.code(), Some(0 | 1)), "{}", text(&whole.stderr));
    let came = cuts.iter().filter(|&&when| cut(&place, when)).count();
    let resumed = place.run(&["diagnose", "config.toml", "--out", "cut", "--no-fix", "--threads", "1", "--resume"]);
    assert_eq!(resumed.status.code(), whole.status.code(), "{}", text(&resumed.stderr));

    let (whole, cut) = (left(&place, "whole"), left(&place, "cut"));
    assert_eq!(cut.record.run, whole.record.run);
    let differing = |id: &&SeriesId| cut.record.series.get(id) != whole.record.series.get(id);
    let series = whole.record.series.keys().chain(cut.record.series.keys());
    assert_eq!(series.filter(differing).collect::<Vec<_>>(), [] as [&SeriesId; 0]);
    assert!(cut.record.probe == whole.record.probe, "the predictions differ");
    assert!(cut.weights == whole.weights, "the weights differ");
    assert_eq!(cut.diagnosis, whole.diagnosis);
    let run = place.path("cut/runs/seed-0");
    let there = ["", "record", "checkpoint"].map(|inner| names(&run.join(inner))).concat();
    let unfinished: Vec<&String> = there.iter().filter(|name| name.starts_with(atomic::UNFINISHED)).collect();
    assert_eq!(unfinished, [""; 0], "nothing half written is left");
    (whole.record, came)
}

#[test]
fn a_run_that_was_killed_again_and_again_is_to_the_bit_one_that_was_not() {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let mut cuts = vec![Cut::Told, Cut::Begun, Cut::Writing("checkpoint"), Cut::Writing("record")];
    cuts.extend((0..3).map(|_| Cut::Later(random.next_u32() % 5_000)));
    cuts.extend([Cut::Writing("checkpoint"), Cut::Writing("record"), Cut::Ending]);
    let (record, came) = survives(NOISY, &cuts);
    let references = record.run.references.expect("they are trained by default");
    assert_eq!((references.learners.len(), references.samples), (5, 96));
    // How far each process gets is for the system to say, so the last ones may find the run finished.
    assert!(came >= 5, "{came} of {} cuts came before the end", cuts.len());
}

#[test]
fn a_proof_is_not_lost_when_the_run_is_killed() {
    let (record, came) = survives(STUCK, &[Cut::Later(0), Cut::Later(2_000), Cut::Ending]);
    assert!(record.run.certificate.is_some() && came >= 1, "{came} {:?}", record.run.certificate);
}
