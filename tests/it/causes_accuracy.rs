//! The rules by which the benchmark of the causes makes and counts its cases, and the page that it writes.

#[path = "../../benches/causes/baselines/mod.rs"]
mod baselines;
#[path = "../../benches/common/mod.rs"]
mod common;
#[path = "../../benches/causes/difference.rs"]
mod difference;
#[path = "../../benches/causes/edit.rs"]
mod edit;

use std::{collections::BTreeMap, path::Path};

use common::{draw::Draw, problem::Drawn};
use edit::Edit;
use whymean::{
    experiment::parse,
    judge::causes,
    record::{Channel, Point, Reading, SeriesId, Split, store},
};

use crate::saved::{CONFIG, Fate, Place, files};

const PAGE: &str = include_str!("../../docs/causes-accuracy.md");
const TEMPLATE: &str = include_str!("../../benches/causes/page.md");

/// Planted faults that the benchmark promises, of each cause and in all; and healthy runs.
const PROMISED: (u32, u32, u32) = (10, 300, 200);

fn edited(edits: &[Edit]) -> Drawn {
    let inputs = (0..24).map(f64::from).collect();
    let targets = (0..12).map(|row| 100.0 + f64::from(row)).collect();
    let mut drawn = Drawn { inputs, targets, ..Drawn::default() };
    edit::apply(edits, &mut drawn, 2, 1, &mut Draw::new("edits"));
    drawn
}

#[test]
fn a_table_is_changed_as_its_edits_say() {
    let untouched = edited(&[]);
    let wide = edited(&[Edit::ConstantColumn(7.0), Edit::CopiedColumn]);
    assert_eq!(wide.inputs[..8], [0.0, 1.0, 7.0, 0.0, 2.0, 3.0, 7.0, 2.0]);
    assert_eq!(wide.targets, untouched.targets);
    assert_eq!(edited(&[Edit::TargetsLater(2)]).targets[..2], [102.0, 103.0]);
    assert_eq!(edited(&[Edit::TargetsReversed]).targets[..2], [111.0, 110.0]);
    // 0, 1, 10, 11, 2, ...
    assert_eq!(edited(&[Edit::TargetsSortedAsText]).targets[..5], [100.0, 101.0, 110.0, 111.0, 102.0]);
    let (inputs, targets) = (edited(&[Edit::FirstColumnTimes(10.0)]).inputs, edited(&[Edit::InputsMoved(5.0)]).inputs);
    assert_eq!((inputs[2], inputs[3], targets[0]), (20.0, 3.0, 5.0));
    let marked = edited(&[Edit::TargetSentinel { share: 0.5, value: -9.0 }]).targets;
    let count = marked.iter().filter(|target| **target == -9.0).count();
    assert!((1..12).contains(&count), "some, and not all: {count}");
    let marked = edited(&[Edit::InputSentinel { share: 0.5, value: -9.0 }]).inputs;
    assert!(marked.chunks(2).all(|row| (row[0] == -9.0) == (row[1] == -9.0)), "whole rows");
    assert_eq!(edited(&[Edit::Units(100.0)]).inputs[2..4], [200.0, 30.0], "a factor, and its square root");
    assert!(edited(&[Edit::InputsConstant(3.0)]).inputs.iter().all(|cell| *cell == 3.0));
}

#[test]
fn settings_that_differ_are_counted_as_one_would_change_them() {
    let base = parse(CONFIG, "config.toml", Path::new("."), "config").expect("configuration");
    let differing = |from: &str, to: &str| {
        let text = CONFIG.replace(from, to);
        assert_ne!(text, CONFIG);
        let other = parse(&text, "config.toml", Path::new("."), "config").expect("configuration");
        difference::settings(&base, &other, true).expect("plain data")
    };
    assert_eq!(difference::settings(&base, &base, true).expect("plain data"), 0);
    assert_eq!(differing("lr = 0.01", "lr = 3.0"), 1);
    assert_eq!(differing("\"adam\", lr = 0.01", "\"sgd\", lr = 0.1"), 1, "another optimiser brings its own keys");
    assert_eq!(
        differing(
            "epochs = 4\noptimiser = { kind = \"adam\", lr = 0.01",
            "epochs = 5\noptimiser = { kind = \"adam\", lr = 0.1"
        ),
        2
    );
    assert_eq!(differing("[training]", "[faults]\nloss_shapes = \"row_against_column\"\n[training]"), 1);
    assert_eq!(
        difference::settings(&base, &base, false).expect("plain data"),
        usize::MAX,
        "another table is no setting"
    );
}

#[test]
fn the_published_rules_fire_on_what_they_are_for() {
    let place = Place::new();
    place.save_diagnosis(&[Fate::Learned]);
    let run = files(&place.path("reports")).into_iter().map(|(name, _)| name).find(|name| name.ends_with("/run.json"));
    let run = place.path("reports").join(run.expect("a saved run"));
    let record = store::read(run.parent().expect("a folder")).expect("a record");
    let names = |record| -> Vec<&str> {
        baselines::ALL.iter().flat_map(|baseline| (baseline.alarms)(record)).flatten().copied().collect()
    };
    let quiet = names(&record);
    assert!(!quiet.contains(&"exploding-nan"), "every number is finite: {quiet:?}");
    let mut exploded = record.clone();
    let id = SeriesId { split: Split::Train, channel: Channel::Loss, layer: String::new(), unit: None };
    let point = Point { step: 1, epoch: 1, value: Reading::new(f64::NAN) };
    exploded.series.entry(id).or_default().push(point);
    for baseline in baselines::ALL {
        let fired = (baseline.alarms)(&exploded);
        assert!(fired.iter().any(|alarm| alarm.contains(&"exploding-nan")), "{}", baseline.name);
    }
}

/// The tables below a heading, row by row, without their headings.
fn rows<'a>(section: &'a str, heading: &str) -> Vec<Vec<&'a str>> {
    let (_, behind) = section.split_once(&format!("### {heading}\n")).unwrap_or_else(|| panic!("no `{heading}`"));
    let body = behind.split("\n##").next().unwrap_or_default();
    let table = body.lines().filter(|line| line.starts_with('|'));
    table.skip(2).map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

/// `3 / 4`.
fn count(cell: &str) -> (u32, u32) {
    let numbers = cell.split_once(" / ").and_then(|(hits, of)| Some((hits.parse().ok()?, of.parse().ok()?)));
    numbers.unwrap_or_else(|| panic!("`{cell}` is no count"))
}

fn halves() -> [&'static str; 2] {
    let (_, report) = PAGE.split_once("## The half that is reported\n").expect("the reported half");
    let (report, fix) = report.split_once("## The half on which thresholds may be fixed\n").expect("the other half");
    [report, fix]
}

#[test]
fn the_page_says_all_that_it_is_made_of() {
    assert!(!PAGE.contains("{{") && !PAGE.contains("NaN"), "every place is filled");
    let written: Vec<&str> = TEMPLATE.lines().filter(|line| !line.contains("{{")).collect();
    let mut lines = PAGE.lines();
    for line in written {
        assert!(lines.any(|found| found == line), "not on the page, or not in this place: `{line}`; write it anew");
    }
}

#[test]
fn the_numbers_of_the_page_add_up() {
    let mut planted: BTreeMap<&str, u32> = BTreeMap::new();
    let mut healthy = 0;
    for half in halves() {
        let total = rows(half, "Right causes");
        let total = total.iter().find(|row| row[0] == "planted faults").expect("a total");
        let by_cause = rows(half, "By planted cause");
        for column in [1, 3] {
            let counts: Vec<(u32, u32)> = by_cause.iter().map(|row| count(row[column])).collect();
            let sum = counts.iter().fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
            assert_eq!(sum, count(total[column]), "column {column}");
            assert!(counts.iter().all(|(hits, of)| hits <= of));
        }
        assert!(by_cause.iter().all(|row| count(row[1]).0 <= count(row[3]).0), "the first is among the first three");
        for row in &by_cause {
            *planted.entry(row[0]).or_default() += count(row[1]).1;
        }
        let named = rows(half, "Planted by ranked first");
        for (row, cause) in named.iter().zip(&by_cause) {
            let named =
                row[1].split(", ").map(|part| part.split(' ').next().and_then(|count| count.parse::<u32>().ok()));
            assert_eq!(named.map(|count| count.expect("a number")).sum::<u32>(), count(cause[1]).1, "{}", row[0]);
        }
        let strong = rows(half, "Strong causes where nothing is wrong");
        let all = strong.iter().position(|row| row[0] == "all of these").expect("a total");
        let sum = strong[..all].iter().map(|row| count(row[1])).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
        assert_eq!(sum, count(strong[all][1]));
        healthy += sum.1;
    }
    let ids: Vec<&str> = causes::ALL.iter().map(|cause| cause.card().id).collect();
    for id in &ids {
        let count = planted.get(id).copied().unwrap_or_default();
        assert!(count >= PROMISED.0, "{id} was planted {count} times");
    }
    assert_eq!(planted.len(), ids.len(), "only causes that there are");
    assert!(planted.values().sum::<u32>() >= PROMISED.1);
    assert!(healthy >= PROMISED.2, "{healthy} healthy runs");
}
