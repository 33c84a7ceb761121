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
        assert!(said.contains("whymean::results::table_changed"), "{said}");
        said.replace(&place.path("").canonicalize().expect("there").display().to_string(), "DIR")
    };
    let said = changed(&["diagnose", "config.toml", "--seeds", "1"]);
    assert!(said.starts_with("exit code 2\n") && said.contains("since `runs/seed-0` was trained"), "{said}");
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
    let other = place_with_table(&[]);
    drop(other);
    let run = place.path("reports/config/runs/seed-1/record/run.json");
    let saved = fs::read_to_string(&run).expect("read");
    let from = saved.find("\"fingerprint\": \"").expect("a fingerprint") + "\"fingerprint\": \"".len();
    fs::write(&run, format!("{}{}{}", &saved[..from], "0".repeat(64), &saved[from + 64..])).expect("write");
    assert_snapshot!(place.complaint(&["report", "reports/config"]));
}
