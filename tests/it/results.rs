//! What is done with results that are there already, from saved records.

use std::fs;

use insta::assert_snapshot;
use whymean::judge::{Comparison, Diagnosis, State};

use crate::saved::{Fate, Place, files, text};

#[test]
fn finished_runs_are_judged_and_drawn_again_without_training() {
    let place = Place::new();
    place.save_diagnosis(&[Fate::Collapsed, Fate::Collapsed]);
    let output = place.run(&["diagnose", "config.toml", "--no-fix", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let diagnosis: Diagnosis = serde_json::from_slice(&output.stdout).expect("one JSON document");
    assert_eq!((diagnosis.verdict.state, diagnosis.runs.len()), (State::Collapsed, 2));
    assert_eq!(text(&output.stderr), "already trained in `reports/config`; judged and drawn again\n");
    let on_disk: Diagnosis =
        serde_json::from_slice(&fs::read(place.path("reports/config/diagnosis.json")).expect("read")).expect("JSON");
    assert_eq!(on_disk, diagnosis);
    assert!(place.path("reports/config/report.html").exists());
}

#[test]
fn quiet_says_nothing_on_standard_error_and_learned_is_zero() {
    let place = Place::new();
    place.save_diagnosis(&[Fate::Learned, Fate::Learned]);
    for format in ["text", "markdown", "json"] {
        let output = place.run(&["diagnose", "config.toml", "--quiet", "--format", format]);
        assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
        assert!(!output.stdout.is_empty() && !output.stdout.contains(&b'\x1b'), "{format}: text without colour");
    }
}

#[test]
fn fewer_seeds_and_other_first_seeds_use_what_is_there() {
    let place = Place::new();
    place.save_diagnosis(&[Fate::Collapsed, Fate::Learned]);
    let output = place.run(&["diagnose", "config.toml", "--seed", "1", "--seeds", "1", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let diagnosis: Diagnosis = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(diagnosis.runs.iter().map(|run| run.seed).collect::<Vec<_>>(), [1]);
}

#[test]
fn unfinished_runs_are_said_with_how_far_they_are() {
    let place = Place::new();
    place.save_diagnosis(&[Fate::Learned, Fate::Unfinished]);
    let before = files(&place.path("reports"));
    assert_snapshot!(place.complaint(&["diagnose", "config.toml"]));
    assert_eq!(files(&place.path("reports")), before, "nothing was touched");
}

#[test]
fn another_experiment_in_the_folder_is_refused_with_its_first_difference() {
    let place = Place::new();
    place.save_diagnosis(&[Fate::Learned, Fate::Learned]);
    let before = files(&place.path("reports"));
    let changed = ["diagnose", "config.toml", "--out", "reports/config", "--set", "training.optimiser.lr=0.5"];
    assert_snapshot!(place.complaint(&changed));
    assert_snapshot!(place.complaint(&["diagnose", "config.toml", "--no-early-stop", "--resume"]));
    assert_snapshot!(place.complaint(&[
        "compare",
        "config.toml",
        "--vary",
        "training.epochs=1,2",
        "--out",
        "reports/config"
    ]));
    assert_eq!(files(&place.path("reports")), before, "nothing was touched");
}

#[test]
fn a_folder_that_is_not_ours_is_never_touched() {
    let place = Place::new();
    fs::create_dir(place.path("thesis")).expect("create");
    fs::write(place.path("thesis/config.toml"), "mine").expect("write");
    let before = files(&place.path("thesis"));
    assert_snapshot!(place.complaint(&["diagnose", "config.toml", "--out", "thesis", "--overwrite"]));
    assert_snapshot!(place.complaint(&["diagnose", "config.toml", "--out", "config.toml"]));
    place.save_diagnosis(&[Fate::Learned]);
    assert_snapshot!(place.complaint(&["report", "reports/config", "--out", "thesis"]));
    assert_eq!(files(&place.path("thesis")), before);
}

#[test]
fn a_report_is_drawn_again_from_its_folder_and_says_what_is_missing() {
    let place = Place::new();
    place.save_diagnosis(&[Fate::Learned, Fate::Absent, Fate::Learned]);
    let before = files(&place.path("reports/config/runs"));
    let output = place.run(&["report", "reports/config", "--format", "json"]);
    // Two runs learned, but nobody saw the third: that is not called healthy.
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    let diagnosis: Diagnosis = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(diagnosis.runs.len(), 2);
    assert!(
        diagnosis.not_examined.contains(&"run `runs/seed-1` did not finish; `--resume` goes on with it".to_owned()),
        "{diagnosis:?}"
    );
    assert_eq!(files(&place.path("reports/config/runs")), before);
}

#[test]
fn a_torn_record_is_missing_and_the_others_are_judged() {
    let place = Place::new();
    place.save_diagnosis(&[Fate::Collapsed, Fate::Collapsed]);
    let torn = place.path("reports/config/runs/seed-1/record/series-000001.parquet");
    let whole = fs::read(&torn).expect("read");
    fs::write(&torn, &whole[..whole.len() / 2]).expect("write");
    let output = place.run(&["report", "reports/config", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let diagnosis: Diagnosis = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(diagnosis.runs.len(), 1);
    assert_snapshot!(text(&output.stderr));
}

#[test]
fn no_record_at_all_could_not_run() {
    let place = Place::new();
    place.save_diagnosis(&[Fate::Unfinished]);
    assert_snapshot!(place.complaint(&["report", "reports/config"]));
    assert_snapshot!(place.complaint(&["report", "."]));
}

#[test]
fn a_comparison_is_drawn_again_and_is_zero_when_a_setting_learned() {
    let place = Place::new();
    place.save_comparison();
    let vary = "training.optimiser.lr=0.01,1";
    let trained = ["compare", "config.toml", "--vary", vary, "--format", "json"];
    for arguments in [&trained[..], &["report", "reports/config-compare-lr", "--format", "json"]] {
        let output = place.run(arguments);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let comparison: Comparison = serde_json::from_slice(&output.stdout).expect("JSON");
        let learned: Vec<u32> =
            comparison.cells.iter().map(|cell| cell.states.get(&State::Learned).copied().unwrap_or(0)).collect();
        assert_eq!(learned, [2, 0]);
    }
}

#[test]
fn a_comparison_needs_settings_that_train_something_else() {
    let place = Place::new();
    let refused = |vary: &[&str]| {
        let options = vary.iter().flat_map(|axis| ["--vary", *axis]);
        let arguments: Vec<&str> = ["compare", "config.toml"].into_iter().chain(options).collect();
        place.complaint(&arguments)
    };
    let all = [
        refused(&["seed=1,2"]),
        refused(&["training.optimiser.lr=1e-3,0.001,0.1"]),
        refused(&["training.epochs=1,2", "training.epochs=3,4"]),
        // The last one wins, so that the first makes no difference.
        refused(&["training.optimiser.lr=0.1,0.2", "training.optimiser={kind='adam',lr=0.1},{kind='sgd',lr=0.1}"]),
    ];
    assert_snapshot!(all.join("\n"));
    assert!(!place.path("reports").exists(), "nothing was written");
}

#[test]
fn one_run_can_be_judged_alone_and_options_that_train_are_refused() {
    let place = Place::new();
    place.save_diagnosis(&[Fate::Learned, Fate::Collapsed]);
    let run = "reports/config/runs/seed-1";
    for _ in 0..2 {
        // The second time over its own report.
        let output = place.run(&["diagnose", run, "--format", "json"]);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        let diagnosis: Diagnosis = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(diagnosis.runs.iter().map(|run| run.seed).collect::<Vec<_>>(), [1]);
    }
    assert!(place.path("reports/config-seed=1/report.html").exists());
    assert_snapshot!(place.complaint(&["diagnose", run, "--set", "seed=1"]));
}

#[test]
fn the_command_in_the_plan_is_the_users() {
    let place = Place::new();
    place.save_diagnosis(&[Fate::Learned, Fate::Learned]);
    place.run(&["diagnose", "config.toml", "--set", "name='my run'", "--out", "reports/config"]);
    let plan = fs::read_to_string(place.path("reports/config/plan.json")).expect("plan");
    assert!(
        plan.contains(r"whymean diagnose config.toml --set 'name='\\''my run'\\''' --out reports/config"),
        "{plan}"
    );
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_error() {
    let place = Place::new();
    let mut program = place
        .command(&["schema", "diagnosis"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("start");
    drop(program.stdout.take());
    let output = program.wait_with_output().expect("end");
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
}

#[test]
fn init_writes_once() {
    let place = Place::new();
    let output = place.run(&["init", "first.toml"]);
    assert_eq!(output.status.code(), Some(0));
    let written = fs::read(place.path("first.toml")).expect("read");
    assert_snapshot!(place.complaint(&["init", "first.toml"]));
    assert_eq!(fs::read(place.path("first.toml")).expect("read"), written);
    assert_snapshot!(place.complaint(&["init", "nowhere/first.toml"]));
}
