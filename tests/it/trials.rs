//! Trials as processes: stopped, killed, orphaned, and gone on with.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use whymean::{
    experiment::reader,
    record::{Record, store},
    trial::{self, ProgressLine, Spec, folder, results},
};

use crate::saved::{Place, text};

/// Long enough to be stopped in the middle of it, short enough for a test; the last looks must not end it early.
const CONFIG: &str = "\
[data]
source = \"function\"
formula = \"sine\"
train_samples = 64
validation_samples = 16

[model]
hidden = [8]

[training]
epochs = 5000
batch_size = 16
optimiser = { kind = \"adam\", lr = 0.01 }
checkpoint_secs = 0.05

[diagnosis]
seeds = 2
early_stop = false
";

fn place() -> Place {
    let place = Place::new();
    fs::write(place.path("config.toml"), CONFIG).expect("configuration");
    place
}

/// The folder of a trial that is not begun.
fn trial(place: &Place, name: &str) -> PathBuf {
    let dir = place.path(name);
    let spec = Spec {
        schema: trial::SCHEMA,
        seed: 3,
        threads: 1,
        device: "cpu".to_owned(),
        config_name: "config.toml".to_owned(),
        experiment: reader::read(&place.path("config.toml")).expect("configuration"),
    };
    folder::write_spec(&dir, &spec).expect("spec");
    dir
}

/// Starts the trial, waits until it has saved something, and does `then` with its process; how it ended.
fn disturb(place: &Place, dir: &Path, then: impl FnOnce(&mut Child)) -> Option<i32> {
    let mut child = place
        .command(&["trial", &dir.display().to_string(), "--watch-stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("start");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let saved = |line: std::io::Result<String>| {
        let line = ProgressLine::from_json(&line.expect("text")).expect("a progress line");
        assert!(!line.last, "the trial ended before it could be disturbed");
        folder::checkpoint_dir(dir).is_dir() && line.epoch > 1
    };
    assert!(lines.by_ref().any(saved), "no line after a checkpoint");
    then(&mut child);
    // Whatever it still says must find its way, or its pipe would fill.
    lines.for_each(drop);
    child.wait().expect("end").code()
}

fn finish(place: &Place, dir: &Path) {
    // Without `--watch-stdin` an empty standard input, as schedulers give it, is no reason to stop.
    let output = place.run(&["trial", &dir.display().to_string()]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(folder::read_outcome(dir).expect("readable").is_some());
}

/// The record without what the clock says.
fn record(dir: &Path) -> Record {
    let mut record = store::read(&folder::record_dir(dir)).expect("record");
    record.run.wall_secs = 0.0;
    // Checkpoints come by the clock, and each begins a segment.
    record.run.segments = 0;
    record
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status().expect("kill");
    assert!(sent.success());
}

#[test]
fn a_trial_that_was_stopped_or_killed_ends_as_if_it_was_not() {
    let place = place();
    let whole = trial(&place, "whole");
    finish(&place, &whole);
    let disturbed = trial(&place, "disturbed");
    let orphaned = disturb(&place, &disturbed, |child| drop(child.stdin.take()));
    assert_eq!(orphaned, Some(130), "its parent is gone");
    assert_eq!(disturb(&place, &disturbed, |child| signal(child, "-INT")), Some(130));
    assert_eq!(disturb(&place, &disturbed, |child| signal(child, "-TERM")), Some(130));
    assert_eq!(disturb(&place, &disturbed, |child| child.kill().expect("SIGKILL")), None);
    assert!(folder::read_outcome(&disturbed).expect("readable").is_none());
    finish(&place, &disturbed);
    assert!(record(&whole) == record(&disturbed), "the records differ");
    let weights = |dir: &Path| fs::read(dir.join("weights.safetensors")).expect("weights");
    assert!(weights(&whole) == weights(&disturbed), "the weights differ");
}

#[test]
fn children_end_with_their_parent_and_resume_finishes_them() {
    let place = place();
    let mut parent = place
        .command(&["diagnose", "config.toml", "--jobs", "2", "--seeds", "2"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("start");
    let runs: Vec<PathBuf> = (0..2).map(|seed| place.path(&format!("reports/config/runs/seed-{seed}"))).collect();
    // There is nothing to read from a parent without a terminal, so this looks until it sees a checkpoint.
    while !runs.iter().all(|run| folder::checkpoint_dir(run).is_dir()) {
        assert!(parent.try_wait().expect("parent").is_none(), "the parent ended before it could be killed");
        std::thread::yield_now();
    }
    parent.kill().expect("SIGKILL");
    parent.wait().expect("end");
    for run in &runs {
        // Returns when the child has ended; if it went on alone, it would be finished by then.
        drop(results::lock_trial(run).expect("lock"));
        assert!(folder::read_outcome(run).expect("readable").is_none(), "the child outlived its parent");
    }
    let refused = place.run(&["diagnose", "config.toml", "--seeds", "2"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("whymean::results::unfinished"), "{}", text(&refused.stderr));
    let resumed = place.run(&["diagnose", "config.toml", "--seeds", "2", "--resume", "--format", "json"]);
    assert_eq!(resumed.status.code(), Some(0), "{}", text(&resumed.stderr));
    assert!(runs.iter().all(|run| folder::read_outcome(run).is_ok_and(|outcome| outcome.is_some())));
}

#[test]
fn a_device_that_is_not_there_is_said_once_for_each_run() {
    let place = place();
    let output = place.run(&["diagnose", "config.toml", "--device", "cuda:999", "--seeds", "1"]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(said.contains("whymean::train::device") && said.contains("cuda:999"), "{said}");
    // What to do next is said once, and not that a run goes on which cannot.
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("or delete `reports/config/runs/seed-0`") && !said.contains("did not finish"), "{said}");
    assert!(output.stdout.is_empty());
}

#[test]
fn an_orphan_that_hangs_ends_after_its_grace() {
    let place = place();
    let dir = trial(&place, "hangs");
    // It waits for a lock that is never given back: nothing that it does looks at its orders.
    let lock = results::lock_trial(&dir).expect("lock");
    let mut child = place
        .command(&["trial", &dir.display().to_string(), "--watch-stdin", "--grace", "1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("start");
    std::thread::sleep(std::time::Duration::from_secs(2));
    assert!(child.try_wait().expect("child").is_none(), "it waits while its parent lives");
    drop(child.stdin.take());
    assert_eq!(child.wait().expect("end").code(), Some(130));
    drop(lock);
}
