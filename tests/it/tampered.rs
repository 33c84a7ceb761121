//! Results whose data, runs or files were changed since they were trained.

use std::fs;

use insta::assert_snapshot;

use crate::saved::{Fate, Place, files, text};

const TABLE_CONFIG: &str = "\
[data]
source = \"table\"
path = \"table.csv\"
targets = [\"y\"]

[model]
hidden = [8]

[training]
epochs = 4
optimiser = { kind = \"adam\", lr = 0.01 }

[diagnosis]
seeds = 2
";

fn write_table(place: &Place, last: &str) {
    let rows: String = (0..40).map(|row| format!("{row},{}\n", row % 7)).collect();
    fs::write(place.path("table.csv"), format!("x,y\n{rows}{last}\n")).expect("table");
}

fn place_with_table(fates: &[Fate]) -> Place {
    let place = Place::new();
    fs::write(place.path("config.toml"), TABLE_CONFIG).expect("configuration");
    write_table(&place, "40,5");
    place.save_diagnosis(fates);
    place
}

#[test]
fn a_changed_table_is_noticed_before_anything_is_judged_or_trained() {
    let place = place_with_table(&[Fate::Learned, Fate::Unfinished]);
    write_table(&place, "40,6");
    let before = files(&place.path("reports"));
    let changed = |arguments: &[&str]| {
        let said = place.complaint(arguments);
        // In one line: where it is broken depends on the name of the temporary folder.
        let words: Vec<&str> = said.split(|letter: char| letter.is_whitespace() || letter == '│').collect();
        let line = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        assert!(said.starts_with("exit code 2\nwhymean::results::table_changed"), "{said}");
        assert!(line.contains("table.csv` changed since `runs/seed-0` was trained"), "{said}");
    };
    changed(&["diagnose", "config.toml", "--seeds", "1"]);
    changed(&["diagnose", "config.toml", "--seeds", "3", "--resume"]);
    changed(&["diagnose", "config.toml", "--seed", "7"]);
    assert_eq!(files(&place.path("reports")), before, "nothing was touched");
    // The same numbers are the same data, and what was trained can be judged without its table.
    write_table(&place, "40.0,5.0");
    let output = place.run(&["diagnose", "config.toml", "--seeds", "1"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    fs::remove_file(place.path("table.csv")).expect("remove");
    assert_eq!(place.run(&["report", "reports/config"]).status.code(), Some(0));
}

#[test]
fn runs_of_two_data_sets_are_never_judged_together() {
    let place = place_with_table(&[Fate::Learned, Fate::Learned]);
    let run = place.path("reports/config/runs/seed-1/record/run.json");
    let saved = fs::read_to_string(&run).expect("read");
    let from = saved.find("\"fingerprint\": \"").expect("a fingerprint") + "\"fingerprint\": \"".len();
    fs::write(&run, format!("{}{}{}", &saved[..from], "0".repeat(64), &saved[from + 64..])).expect("write");
    assert_snapshot!(place.complaint(&["report", "reports/config"]));
}

#[test]
fn a_run_counts_under_its_own_name_only() {
    let place = Place::new();
    place.save_diagnosis(&[Fate::Learned, Fate::Learned]);
    let runs = place.path("reports/config/runs");
    // Copied over its neighbour, whole.
    let copy = |from: &str, to: &str, names: &[&str]| {
        for name in names {
            fs::copy(runs.join(from).join(name), runs.join(to).join(name)).expect("copy");
        }
    };
    let spec = fs::read(runs.join("seed-1/spec.toml")).expect("read");
    copy("seed-0", "seed-1", &["spec.toml"]);
    let output = place.run(&["report", "reports/config"]);
    assert_eq!(output.status.code(), Some(2), "one of two was not seen");
    assert_snapshot!(text(&output.stderr));
    fs::write(runs.join("seed-1/spec.toml"), spec).expect("write");
    copy("seed-0", "seed-1", &["record/run.json"]);
    let said = text(&place.run(&["report", "reports/config"]).stderr);
    assert!(said.contains("whymean::trial::other_run") && said.contains("`record/run.json` has seed 0"), "{said}");
}

#[test]
fn a_record_without_its_last_part_is_missing() {
    let place = Place::new();
    place.save_diagnosis(&[Fate::Learned, Fate::Learned]);
    for kind in ["series", "samples"] {
        let part = format!("reports/config/runs/seed-1/record/{kind}-000001.parquet");
        fs::remove_file(place.path(&part)).expect("remove");
    }
    let output = place.run(&["report", "reports/config"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("whymean::record::missing"), "{}", text(&output.stderr));
}

#[test]
fn a_verdict_is_said_even_when_it_cannot_be_drawn() {
    let place = Place::new();
    place.save_diagnosis(&[Fate::Collapsed, Fate::Collapsed]);
    fs::write(place.path("reports/config/figures"), "in the way").expect("write");
    for arguments in [&["report", "reports/config"], &["diagnose", "config.toml"]] {
        let output = place.run(arguments);
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stdout).contains("collapsed"), "{}", text(&output.stdout));
        assert!(text(&output.stderr).contains("cannot write `reports/config/figures`"), "{}", text(&output.stderr));
    }
}

#[test]
fn a_report_needs_no_configuration_beside_it() {
    let place = Place::new();
    place.save_diagnosis(&[Fate::Learned]);
    fs::remove_file(place.path("reports/config/config.toml")).expect("remove");
    let output = place.run(&["report", "reports/config"]);
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
    let page = fs::read_to_string(place.path("reports/config/report.html")).expect("read");
    assert!(page.contains("formula = ") && page.contains("sine"), "the experiment of the run is on the page");
}

#[cfg(unix)]
#[test]
fn figures_are_not_drawn_through_a_link() {
    let place = Place::new();
    place.save_diagnosis(&[Fate::Learned]);
    fs::create_dir(place.path("mine")).expect("create");
    std::os::unix::fs::symlink("../../mine", place.path("reports/config/figures")).expect("link");
    assert_snapshot!(place.complaint(&["report", "reports/config"]));
    assert_eq!(files(&place.path("mine")), []);
}
