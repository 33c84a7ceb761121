//! From a fault to the change that repairs it: trained, counted, stopped, gone on with, and drawn again.

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

use whymean::{
    judge::{
        Diagnosis, State,
        causes::{Proof, ProofVerdict, Verification},
    },
    trial::folder,
};

use crate::saved::{Place, files, text};

/// Biases of -3 keep every hidden unit at zero: only another start of them repairs it.
const DEAD: &str = "\
# A network that cannot learn.
[data]
source = \"function\"
formula = \"sine\"
noise = 0.05
train_samples = 500
validation_samples = 250

[model]
hidden = [32]
init = { weights = { kind = \"normal\", std = 0.5 }, bias = { kind = \"constant\", value = -3.0 } }   # the fault

[training]
epochs = 60
optimiser = { kind = \"adam\", lr = 0.01 }
checkpoint_secs = 0.05
";

fn place(config: &str) -> Place {
    let place = Place::new();
    fs::write(place.path("config.toml"), config).expect("configuration");
    place
}

/// Runs a call that prints a diagnosis, which must end with 1: the exit code is that of the unchanged runs.
fn diagnosed(place: &Place, arguments: &[&str]) -> (Diagnosis, Output) {
    let output = place.run(&[arguments, &["--format", "json"]].concat());
    assert_eq!(output.status.code(), Some(1), "{arguments:?}\n{}", text(&output.stderr));
    (serde_json::from_slice(&output.stdout).expect("exactly one JSON document"), output)
}

/// What was proved, the best supported cause first, and how it was tried.
fn proved(diagnosis: &Diagnosis) -> (Option<&Proof>, Option<&Verification>) {
    let proofs = diagnosis.causes.iter().filter_map(|cause| cause.proof.as_ref());
    let proved = proofs.into_iter().find(|proof| proof.verdict == ProofVerdict::Proved);
    (proved, diagnosis.verification.as_ref())
}

/// When each trial below a folder was finished.
fn outcomes(dir: &Path) -> Vec<(String, std::time::SystemTime)> {
    let names = files(dir).into_iter().map(|(name, _)| name).filter(|name| name.ends_with("outcome.json"));
    let at = |name: &String| fs::metadata(dir.join(name)).and_then(|about| about.modified()).expect("a date");
    names.map(|name| (name.clone(), at(&name))).collect()
}

#[test]
fn a_change_is_proved_written_down_and_never_trained_again() {
    let place = place(DEAD);
    let (found, _) = diagnosed(&place, &["diagnose", "config.toml", "--seeds", "2"]);
    assert_eq!(found.verdict.state, State::Collapsed);
    let (Some(proof), Some(verification)) = proved(&found) else { panic!("nothing was proved: {found:?}") };
    assert_eq!((proof.control.learned, proof.changed.learned, proof.seeds.as_slice()), (0, 3, &[0, 1, 2][..]));
    assert!(proof.p_value <= 0.05 && verification.trainings <= verification.trainings_allowed, "{verification:?}");
    let patch = verification.patch.as_ref().expect("a proved change has a difference");
    assert!(patch.contains("\n-init = ") && patch.contains("\n+init = ") && patch.contains("# the fault"), "{patch}");
    let dead = verification.tried.iter().filter(|trial| trial.learned == 0);
    assert!(dead.clone().all(|trial| trial.runs <= 1), "{verification:?}");

    // Nothing is trained twice, and what was proved is drawn again: by the same call, with `--resume`, and by `report`.
    let before = outcomes(&place.path("reports/config"));
    for call in [
        &["diagnose", "config.toml", "--seeds", "2"][..],
        &["diagnose", "config.toml", "--seeds", "2", "--resume"],
        &["diagnose", "reports/config"],
        &["report", "reports/config"],
    ] {
        let (again, output) = diagnosed(&place, call);
        assert_eq!(again, found, "{call:?}");
        assert!(!text(&output.stderr).contains("changes are tried"), "{}", text(&output.stderr));
    }
    assert_eq!(outcomes(&place.path("reports/config")), before);
    let (elsewhere, _) = diagnosed(&place, &["report", "reports/config", "--out", "elsewhere"]);
    assert_eq!((&elsewhere.causes, &elsewhere.verification), (&found.causes, &found.verification));

    // The repaired configuration keeps the comments, runs as it is, and learns.
    let fixed = found.patched_config.expect("written beside the report");
    assert_eq!(fixed, "reports/config/config.fixed.toml");
    let written = fs::read_to_string(place.path(&fixed)).expect("read");
    assert!(written.contains("# A network that cannot learn.") && written.contains("# the fault"), "{written}");
    let output = place.run(&["diagnose", &fixed, "--quiet"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), text(&output.stderr));

    // Once it is edited, it is the user's.
    fs::write(place.path(&fixed), written.replace("epochs = 60", "epochs = 61")).expect("edit");
    let (edited, output) = diagnosed(&place, &["diagnose", "config.toml", "--seeds", "2"]);
    assert_eq!(edited.patched_config, None);
    assert!(text(&output.stderr).contains("whymean::usage::fixed_config"), "{}", text(&output.stderr));
    let (overwritten, _) = diagnosed(&place, &["diagnose", "config.toml", "--overwrite", "--no-fix"]);
    assert_eq!((overwritten.verification, overwritten.patched_config), (None, None));
    assert!(!place.path("reports/config/proofs").exists() && !place.path("reports/config/verification.json").exists());
    assert!(fs::read_to_string(place.path(&fixed)).expect("it stays").contains("epochs = 61"));
}

#[test]
fn without_a_fix_nothing_is_tried_and_a_small_budget_is_said() {
    let place = place(DEAD);
    let (found, output) = diagnosed(&place, &["diagnose", "config.toml", "--no-fix"]);
    assert!(found.verification.is_none() && !place.path("reports/config/proofs").exists());
    assert!(found.causes.iter().any(|cause| !cause.changes.is_empty()), "{:?}", found.causes);
    assert!(!text(&output.stderr).contains("changes are tried"));

    let (found, _) = diagnosed(&place, &["diagnose", "config.toml", "--budget", "3"]);
    let (proof, verification) = proved(&found);
    let verification = verification.expect("it was asked for");
    assert_eq!((proof, verification.trainings, verification.trainings_allowed), (None, 0, 3));
    assert!(verification.ended.starts_with("what is left of the 3 trainings"), "{}", verification.ended);
    // What ended early goes on with a larger budget, and is not taken for the last word.
    let (found, _) = diagnosed(&place, &["diagnose", "config.toml", "--budget", "24"]);
    assert!(proved(&found).0.is_some(), "{:?}", found.verification);
}

/// Whether a trial of a proof has begun to train.
fn has_begun(results: &Path) -> bool {
    let changes = fs::read_dir(results.join("proofs")).into_iter().flatten().flatten();
    changes.into_iter().any(|change| change.path().join("seed-0/record/run.json").exists())
}

#[test]
fn ctrl_c_keeps_the_verdict_and_what_is_proved_and_resume_goes_on() {
    let place = place(DEAD);
    diagnosed(&place, &["diagnose", "config.toml", "--no-fix"]);
    let child = place
        .command(&["diagnose", "config.toml", "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("start");
    // There is nothing to read from a program without a terminal, so this looks until a proof has begun to train.
    while !has_begun(&place.path("reports/config")) {
        std::thread::yield_now();
    }
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(sent.success());
    let output = child.wait_with_output().expect("end");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let stopped: Diagnosis = serde_json::from_slice(&output.stdout).expect("the diagnosis is printed");
    assert_eq!(stopped.verdict.state, State::Collapsed);
    let verification = stopped.verification.clone().expect("it was begun");
    assert_eq!(verification.ended, "it was stopped; `--resume` goes on", "{verification:?}");

    // The same call alone draws it again and says how to go on.
    let (again, output) = diagnosed(&place, &["diagnose", "config.toml"]);
    assert_eq!(again.verification, Some(verification));
    assert!(text(&output.stderr).contains("it was stopped; `--resume` goes on with it"), "{}", text(&output.stderr));
    let before = outcomes(&place.path("reports/config"));
    let (resumed, _) = diagnosed(&place, &["diagnose", "config.toml", "--resume"]);
    assert!(proved(&resumed).0.is_some(), "{:?}", resumed.verification);
    let after = outcomes(&place.path("reports/config"));
    assert!(before.iter().all(|outcome| after.contains(outcome)), "what was finished is not trained again");
}

#[test]
fn a_search_that_was_killed_ends_as_one_that_was_not() {
    let place = place(DEAD);
    let call = |out: &'static str| ["diagnose", "config.toml", "--threads", "1", "--out", out];
    let (whole, _) = diagnosed(&place, &call("whole"));
    let mut child = place.command(&call("cut")).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("start");
    while !has_begun(&place.path("cut")) {
        assert!(child.try_wait().expect("child").is_none(), "it ended before it could be killed");
        std::thread::yield_now();
    }
    child.kill().expect("SIGKILL");
    child.wait().expect("end");
    let (cut, _) = diagnosed(&place, &[&call("cut")[..], &["--resume"]].concat());
    let of = |found: &Diagnosis| (found.causes.clone(), found.verification.clone(), found.runs.clone());
    assert_eq!(of(&cut), of(&whole));
    assert!(proved(&cut).0.is_some());
}

#[test]
fn time_that_is_over_stops_what_trains_and_says_so() {
    // Unchanged it is stuck at once; repaired, it would learn in a few days.
    let config = DEAD.replace("lr = 0.01", "lr = 1e-9").replace("epochs = 60", "epochs = 1000000");
    let place = place(&(config + "\n[diagnosis]\npatience_epochs = 100000\n"));
    diagnosed(&place, &["diagnose", "config.toml", "--no-fix"]);
    let begun = std::time::Instant::now();
    let (found, _) = diagnosed(&place, &["diagnose", "config.toml", "--budget", "3s"]);
    let verification = found.verification.expect("it was tried");
    assert_eq!(verification.ended, "the 3 seconds that were allowed are over", "{verification:?}");
    assert!(has_begun(&place.path("reports/config")), "something was trained");
    // Long enough for a slow machine to save and draw, and nothing beside the days that it would take.
    assert!(begun.elapsed().as_secs() < 120, "{:?}", begun.elapsed());
}

#[test]
fn options_that_contradict_each_other_are_refused() {
    let place = place(DEAD);
    for call in [
        &["diagnose", "config.toml", "--no-fix", "--budget", "3"][..],
        &["diagnose", "config.toml", "--no-train", "--no-fix"],
        &["diagnose", "config.toml", "--no-train", "--resume"],
        &["diagnose", "config.toml", "--budget", "soon"],
    ] {
        let output = place.run(call);
        assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(2), ""), "{call:?}");
    }
    assert_eq!(files(&place.path("")).len(), 1, "nothing was written");
    assert!(folder::spec_of_run(&place.path("reports/config/runs/seed-0")).expect("nothing there").is_none());
}
