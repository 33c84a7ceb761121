//! From a configuration to the verdict, as a user runs it: data, training, judge, report.

use std::{collections::BTreeMap, fs, path::Path, process::Output};

use whymean::{
    experiment::Experiment,
    judge::{Comparison, Diagnosis, Hold, State},
    record::store,
};

use crate::{
    documents,
    saved::{Place, files, text},
};

/// The path of a fixture.
fn fixture(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name).display().to_string()
}

/// Runs the program, which must end with `code`.
fn run(place: &Place, code: i32, arguments: &[&str]) -> Output {
    let output = place.run(arguments);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{}{}", text(&output.stdout), text(&output.stderr));
    output
}

/// Runs a verb that prints a diagnosis, which must end with `code`.
fn diagnosis(place: &Place, code: i32, arguments: &[&str]) -> Diagnosis {
    let output = run(place, code, &[arguments, &["--format", "json"]].concat());
    serde_json::from_slice(&output.stdout).expect("exactly one JSON document")
}

/// What was trained in `dir`.
fn trained(place: &Place, dir: &str) -> Experiment {
    store::read(&place.path(dir).join("runs/seed-0/record")).expect("record").run.experiment
}

/// A refused call: nothing on standard output, exit code 2, and what it said.
fn refused(place: &Place, arguments: &[&str]) -> String {
    let output = run(place, 2, arguments);
    assert_eq!(text(&output.stdout), "", "{arguments:?}");
    let said = text(&output.stderr);
    assert!(said.contains("help: "), "it says what to do next: {said}");
    said
}

#[test]
fn a_dead_layer_is_found_stuck_and_all_of_it_is_on_disk() {
    let place = Place::new();
    let printed = diagnosis(&place, 1, &["diagnose", &fixture("dead-relu-bias.toml"), "--no-fix"]);
    assert_eq!((printed.verdict.state, printed.verdict.hold), (State::Collapsed, Some(Hold::Stuck)));
    let [run] = printed.runs.as_slice() else { panic!("one run: {printed:?}") };
    let certificate = run.certificate.as_ref().expect("the proof behind `stuck`");
    assert_eq!(certificate.layer, "dense_1");
    assert!(run.findings.iter().any(|finding| finding.id == "dead-layer"), "{:?}", run.findings);

    let paths = printed.report.clone().expect("a report was written");
    assert!(paths.png.len() >= 5, "{paths:?}");
    for picture in &paths.png {
        assert!(fs::read(place.path(picture)).expect("picture").starts_with(b"\x89PNG\r\n\x1a\n"), "{picture}");
    }
    let page = fs::read_to_string(place.path(&paths.html)).expect("page");
    assert!(page.contains("dense_1") && page.trim_end().ends_with("</html>"));
    let saved: Diagnosis = serde_json::from_slice(&fs::read(place.path(&paths.json)).expect("json")).expect("JSON");
    assert_eq!(Diagnosis { report: None, ..saved }, Diagnosis { report: None, ..printed });
    assert_eq!(paths.json, "reports/dead-relu-bias/diagnosis.json");
    assert_eq!(paths.html, "reports/dead-relu-bias/report.html");
}

#[test]
fn its_healthy_twin_learns_is_drawn_again_alike_and_is_not_trained_twice() {
    let place = Place::new();
    let config = fixture("healthy-function.toml");
    let first = diagnosis(&place, 0, &["diagnose", &config]);
    assert_eq!((first.verdict.state, first.verdict.hold), (State::Learned, None));
    assert_eq!(first.runs[0].certificate, None);
    assert!(first.runs[0].findings.iter().all(|finding| finding.id != "dead-layer"), "{:?}", first.runs[0].findings);

    let before = files(&place.path("reports/healthy-function"));
    let again = run(&place, 0, &["diagnose", &config, "--format", "json"]);
    assert!(text(&again.stderr).starts_with("already trained in "), "{}", text(&again.stderr));
    assert_eq!(serde_json::from_slice::<Diagnosis>(&again.stdout).expect("JSON"), first);
    assert!(files(&place.path("reports/healthy-function")) == before, "the same command left other files");

    let drawn = diagnosis(&place, 0, &["report", "reports/healthy-function", "--out", "again"]);
    assert_eq!(Diagnosis { report: None, ..drawn }, Diagnosis { report: None, ..first });
    let figures = files(&place.path("again/figures"));
    assert!(!figures.is_empty() && figures == files(&place.path("reports/healthy-function/figures")));
    assert!(files(&place.path("reports/healthy-function")) == before, "`--out` left it as it was");
}

#[test]
fn real_measurements_are_predicted_as_well_as_they_can_be() {
    let place = Place::new();
    let output = place.run(&["diagnose", &fixture("diabetes.toml"), "--no-fix", "--format", "json"]);
    let found: Diagnosis = serde_json::from_slice(&output.stdout).expect("JSON");
    assert!(matches!(found.verdict.state, State::Learned | State::Undertrained), "{:?}", found.verdict);
    assert_eq!(output.status.code(), Some(i32::from(found.verdict.state != State::Learned)));
    // Ridge regression and gradient boosting reach 0.4 to 0.55 on held-out patients, depending on the split.
    let skill = found.outputs[0].skill.expect("measured").value;
    assert!((0.2..0.7).contains(&skill), "{skill}");
    assert_eq!(found.outputs[0].name, "progression");
}

#[test]
fn a_changed_setting_changes_nothing_else() {
    let place = Place::new();
    let config = fixture("healthy-function.toml");
    run(&place, 0, &["diagnose", &config]);
    run(&place, 0, &["diagnose", &config, "--set", "training.optimiser.lr=0.002"]);
    let dirs = ["reports/healthy-function", "reports/healthy-function-lr=0.002"];
    let [one, mut two] = dirs.map(|dir| trained(&place, dir));
    assert_eq!((one.training.optimiser.lr(), two.training.optimiser.lr()), (0.01, 0.002));
    two.training.optimiser = one.training.optimiser;
    assert_eq!(one, two);
}

#[test]
fn a_comparison_counts_each_setting_over_the_same_seeds() {
    let place = Place::new();
    let vary = "training.optimiser.lr=0.01,10";
    let call = ["compare", &fixture("healthy-function.toml"), "--vary", vary, "--seeds", "2", "--format", "json"];
    let output = run(&place, 0, &call);
    let printed: Comparison = serde_json::from_slice(&output.stdout).expect("exactly one JSON document");
    let paths = printed.report.clone().expect("a report was written");
    let saved: Comparison = serde_json::from_slice(&fs::read(place.path(&paths.json)).expect("json")).expect("JSON");
    assert_eq!(saved, printed);
    assert!(paths.json.ends_with("/comparison.json") && place.path(&paths.html).exists() && !paths.png.is_empty());
    assert_eq!(printed.axes.len(), 1);
    assert_eq!((printed.axes[0].path.as_str(), printed.axes[0].values.len()), ("training.optimiser.lr", 2));
    assert_eq!(printed.cells.len(), 2);
    for cell in &printed.cells {
        let p = cell.p_collapse;
        assert!(0.0 <= p.low && p.low <= p.value && p.value <= p.high && p.high <= 1.0, "{p:?}");
        assert_eq!(cell.runs.iter().map(|run| run.seed).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(cell.states.values().sum::<u32>(), 2);
    }
    assert_eq!(printed.cells[0].states, BTreeMap::from([(State::Learned, 2)]));
    // Steps of 10 throw the weights to where no unit of the hidden layer ever fires again.
    assert_eq!(printed.cells[1].states, BTreeMap::from([(State::Collapsed, 2)]));
}

#[test]
fn a_network_that_runs_away_has_diverged() {
    let place = Place::new();
    // Squares of ever larger errors: infinite after a few steps, then NaN.
    let away = "training.optimiser={ kind = 'sgd', lr = 1e6 }";
    let found = diagnosis(&place, 1, &["diagnose", &fixture("healthy-function.toml"), "--no-fix", "--set", away]);
    assert_eq!(found.verdict.state, State::Diverged);
    assert!(found.runs[0].findings.iter().any(|finding| finding.id == "non-finite"), "{:?}", found.runs[0].findings);
}

#[test]
fn a_table_of_ones_own_is_read_with_the_configuration_of_the_readme() {
    let place = Place::new();
    let config = documents::own_table();
    assert!(config.lines().count() < 20, "{config}");
    fs::write(place.path("mine.toml"), config).expect("configuration");
    let mut table = "area,rooms,price\n".to_owned();
    for row in 0..200 {
        let (area, rooms) = (f64::from(row * 7 % 200) * 0.5 + 30.0, row % 5 + 1);
        table += &format!("{area},{rooms},{}\n", 900.0 * area + 12_000.0 * f64::from(rooms));
    }
    fs::write(place.path("mine.csv"), &table).expect("table");
    let found = diagnosis(&place, 0, &["diagnose", "mine.toml"]);
    assert_eq!((found.name.as_str(), found.verdict.state), ("mine", State::Learned));
    assert_eq!(found.outputs[0].name, "price");
    assert!(found.outputs[0].skill.is_some_and(|skill| skill.value > 0.9), "{:?}", found.outputs);

    // The same table with a word where a number should be: the place is said, and nothing is written.
    fs::write(place.path("mine.csv"), table.replacen("\n33.5,2,", "\n33.5,two,", 1)).expect("table");
    let said = refused(&place, &["diagnose", "mine.toml", "--out", "spoilt"]);
    let line = table.lines().position(|line| line.starts_with("33.5,2,")).expect("a row") + 1;
    assert!(said.contains("mine.csv") && said.contains("two") && said.contains("rooms"), "{said}");
    assert!(said.contains(&format!(":{line}:")) || said.contains(&format!("line {line}")), "{said}");
    assert!(!place.path("spoilt").exists(), "nothing was written");
}

#[test]
fn a_folder_that_cannot_be_written_is_refused_before_training() {
    let place = Place::new();
    let said = refused(&place, &["diagnose", "config.toml", "--out", "config.toml/inner"]);
    assert!(said.contains("`config.toml` is a file"), "{said}");
    // Where not even the system's administrator may make a folder.
    if cfg!(target_os = "linux") {
        let said = refused(&place, &["diagnose", "config.toml", "--out", "/proc/whymean"]);
        assert!(said.contains("/proc/whymean"), "{said}");
    }
    assert_eq!(files(&place.path("")).len(), 1, "`config.toml` alone is there");
}

#[test]
fn a_gpu_that_is_not_there_is_refused_with_what_to_do() {
    let place = Place::new();
    let mut command = place.command(&["diagnose", "config.toml", "--device", "cuda", "--seeds", "1"]);
    // Hides the GPUs of a machine that has some.
    let output = command.env("CUDA_VISIBLE_DEVICES", "").output().expect("the program starts");
    let said = text(&output.stderr);
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(2), ""), "{said}");
    assert!(said.contains("`cuda`") && said.contains("help: "), "{said}");
}
