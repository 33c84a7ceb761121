//! `diagnose --no-train`: what data and settings say by themselves; these tests need no libtorch.

use std::{fs, path::Path};

use whymean::judge::{Diagnosis, State, causes::Support};

use crate::saved::{CONFIG, Place, files, text};

/// What the program finds out about a configuration, and its exit code.
fn looked_at(place: &Place, config: &str, more: &[&str]) -> (Diagnosis, Option<i32>) {
    let output = place.run(&[&["diagnose", config, "--no-train", "--format", "json"], more].concat());
    assert_eq!(text(&output.stderr), "");
    (serde_json::from_slice(&output.stdout).expect("exactly one JSON document"), output.status.code())
}

fn twin(cause: &str, which: &str) -> String {
    let path = format!("fixtures/causes/{cause}/{which}.toml");
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path).display().to_string()
}

#[test]
fn a_cause_that_data_and_settings_show_is_named_with_its_change() {
    let place = Place::new();
    let sick = twin("output-activation", "sick");
    let (found, code) = looked_at(&place, &sick, &[]);
    assert_eq!((code, found.verdict.state, found.runs.len()), (Some(1), State::Undecided, 0));
    let first = found.causes.first().expect("a cause");
    assert_eq!((first.id.as_str(), first.support), ("output-activation", Support::Strong));
    assert!(!first.changes.is_empty(), "{first:?}");
    assert!(found.causes.iter().all(|cause| cause.proof.is_none()) && found.verification.is_none());

    let (healthy, code) = looked_at(&place, &twin("output-activation", "healthy"), &[]);
    assert_eq!(code, Some(0), "{:?}", healthy.causes);
    assert_eq!(healthy.verdict.state, State::Undecided, "nobody has seen it learn");
    assert_eq!(files(&place.path("")).len(), 1, "nothing is written");
}

#[test]
fn a_report_is_written_where_it_is_asked_for_and_nowhere_else() {
    let place = Place::new();
    for _ in 0..2 {
        // The second time over its own report.
        let (found, _) = looked_at(&place, "config.toml", &["--out", "looked"]);
        let report = found.report.expect("written");
        assert!(place.path(&report.html).is_file() && place.path(&report.json).is_file());
    }
    fs::create_dir(place.path("thesis")).expect("create");
    fs::write(place.path("thesis/chapter.tex"), "mine").expect("write");
    let output = place.run(&["diagnose", "config.toml", "--no-train", "--out", "thesis"]);
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(2), ""));
    assert_eq!(files(&place.path("thesis")).len(), 1);
}

#[test]
fn mistakes_and_planted_bugs_are_met_as_in_a_training() {
    let place = Place::new();
    fs::write(place.path("config.toml"), CONFIG.replace("hidden = [8]", "hidden = [0]")).expect("write");
    let output = place.run(&["diagnose", "config.toml", "--no-train"]);
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(2), ""));
    assert!(text(&output.stderr).contains("help: "), "{}", text(&output.stderr));
    // What is planted in the data is in the data, and the table itself is told to nobody.
    fs::write(place.path("config.toml"), format!("{CONFIG}\n[faults]\nnan_fraction = 0.2\n")).expect("write");
    let (found, code) = looked_at(&place, "config.toml", &[]);
    assert_eq!(code, Some(1), "{:?}", found.causes);
    assert_eq!(found.causes.first().map(|cause| cause.id.as_str()), Some("data-bug"));
}
