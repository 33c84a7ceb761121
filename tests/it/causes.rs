//! Every cause by its pair of twins: `fixtures/causes/<id>/sick.toml` and `healthy.toml`, one change apart; and the real
//! cases of `fixtures/cases/`, each with the causes that an expert would accept.

use std::{
    fs,
    path::{Path, PathBuf},
};

use whymean::{
    experiment::{self, Change, Experiment, change},
    judge::causes,
};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/causes")
}

/// The ids that have a pair, sorted.
fn planted() -> Vec<String> {
    let entries = fs::read_dir(folder()).expect("the pairs").map(|entry| entry.expect("readable"));
    let mut ids: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    ids.sort();
    ids
}

fn twin(id: &str, which: &str) -> PathBuf {
    folder().join(id).join(which).with_extension("toml")
}

fn text_of(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The experiment of a text, under one name for both twins.
fn parsed(id: &str, text: &str) -> Experiment {
    experiment::parse(text, id, &folder().join(id), id).unwrap_or_else(|mistakes| panic!("{id}: {mistakes:?}\n{text}"))
}

/// The values by which the second text differs from the first, as changes of the first.
fn differences(path: &str, one: &toml::Value, other: &toml::Value, found: &mut Vec<Change>) {
    match (one, other) {
        (toml::Value::Table(one), toml::Value::Table(other)) => {
            let mut keys: Vec<&String> = one.keys().chain(other.keys()).collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                match (one.get(key), other.get(key)) {
                    (Some(one), Some(other)) => differences(&path, one, other, found),
                    (_, Some(added)) => found.push(Change { path, to: added.to_string() }),
                    // No change takes a key away; the assertion on the number of them fails on it.
                    (_, None) => found.extend([0, 1].map(|_| Change { path: path.clone(), to: String::new() })),
                }
            }
        }
        (toml::Value::Array(one), toml::Value::Array(other))
            if one.len() == other.len() && one.iter().any(toml::Value::is_table) =>
        {
            for (index, (one, other)) in one.iter().zip(other).enumerate() {
                differences(&format!("{path}.{index}"), one, other, found);
            }
        }
        (one, other) if one != other => found.push(Change { path: path.to_owned(), to: other.to_string() }),
        _ => {}
    }
}

/// The one change that leads from the sick twin to the healthy one.
fn cure(id: &str) -> Change {
    let [sick, healthy]: [toml::Value; 2] = ["sick", "healthy"].map(|which| {
        let text = text_of(&twin(id, which));
        toml::Value::Table(text.parse().unwrap_or_else(|error| panic!("{id}/{which}: {error}")))
    });
    let mut found = Vec::new();
    differences("", &sick, &healthy, &mut found);
    let [change] = found.as_slice() else { panic!("{id}: the twins differ in {found:?}") };
    change.clone()
}

#[test]
fn every_cause_has_a_pair_and_every_pair_a_cause() {
    let mut known: Vec<&str> = causes::ALL.iter().map(|cause| cause.card().id).collect();
    known.sort_unstable();
    assert_eq!(planted(), known);
    for id in planted() {
        let mut files: Vec<_> =
            fs::read_dir(folder().join(&id)).expect("pair").map(|file| file.expect("entry").file_name()).collect();
        files.sort();
        assert_eq!(files, ["healthy.toml", "sick.toml"], "{id}");
    }
}

#[test]
fn one_change_leads_from_the_sick_twin_to_the_healthy_one() {
    for id in planted() {
        let change = cure(&id);
        let [sick, healthy] = ["sick", "healthy"].map(|which| text_of(&twin(&id, which)));
        let changed =
            change::apply(&sick, &id, std::slice::from_ref(&change)).unwrap_or_else(|error| panic!("{error:?}"));
        assert_eq!(parsed(&id, &changed), parsed(&id, &healthy), "{id}: {change}");
        assert_ne!(parsed(&id, &sick), parsed(&id, &healthy), "{id}: {change} changes nothing");
        assert_eq!(parsed(&id, &healthy).without_faults(), parsed(&id, &healthy), "{id}: the healthy twin has a fault");
    }
}

#[test]
fn every_twin_says_what_it_is() {
    for id in planted() {
        for which in ["sick", "healthy"] {
            let text = text_of(&twin(&id, which));
            let prose: Vec<&str> = text.lines().take_while(|line| line.starts_with("# ")).collect();
            assert!(prose.join(" ").len() > 40, "{id}/{which} begins with what it shows");
            assert!(text.lines().all(|line| line.chars().count() <= 120), "{id}/{which} has a long line");
        }
    }
}

/// What a case may accept beside the causes: that nothing is wrong with the network.
const NOTHING_WRONG: &str = "not-a-collapse";

/// What a network of a case may answer, as `fixtures/cases/README.md` explains it.
const ANSWERS: &[&str] = &["mean", "median", "zero", "bound", "initial", "partial", "shrunk", "none"];

/// The value behind `# key: ` in the comment that a case begins with.
fn said<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let comment = text.lines().take_while(|line| line.starts_with("# "));
    comment.filter_map(|line| line.strip_prefix("# ")?.strip_prefix(key)?.strip_prefix(": ")).next()
}

#[test]
fn every_real_case_says_what_an_expert_accepts() {
    let folder = folder().with_file_name("cases");
    let entries = fs::read_dir(&folder).expect("the cases").map(|entry| entry.expect("readable").path());
    let mut cases: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|ending| ending == "toml")).collect();
    cases.sort();
    let known = planted();
    for path in &cases {
        let (name, text) = (path.display(), text_of(path));
        let read = |text: &str| {
            experiment::parse(text, "case", &folder, "case").unwrap_or_else(|mistakes| panic!("{name}: {mistakes:?}"))
        };
        let experiment = read(&text);
        let [accepted, constant, confidence] = ["accepted", "constant", "confidence"]
            .map(|key| said(&text, key).unwrap_or_else(|| panic!("{name} does not say `{key}`")));
        for id in accepted.split(", ") {
            assert!(id == NOTHING_WRONG || known.iter().any(|known| known == id), "{name}: `{id}`");
        }
        assert!(ANSWERS.contains(&constant), "{name}: {constant}");
        assert!(["high", "medium", "low"].contains(&confidence), "{name}: {confidence}");
        assert!(said(&text, "Source").is_some(), "{name} has no source");
        assert!(text.lines().all(|line| line.chars().count() <= 160), "{name} has a long line");
        if let Some(fix) = said(&text, "fix") {
            let change: Change = fix.parse().unwrap_or_else(|error| panic!("{name}: {error}"));
            let changed = change::apply(&text, "case", &[change]).unwrap_or_else(|error| panic!("{name}: {error:?}"));
            assert_ne!(read(&changed), experiment, "{name}: `{fix}` changes nothing");
        }
    }
    assert!(cases.len() >= 80, "{} cases", cases.len());
}

#[cfg(feature = "torch")]
mod trained {
    use std::{
        fmt::Write,
        sync::{
            Mutex,
            atomic::{AtomicUsize, Ordering},
        },
    };

    use whymean::judge::{
        Diagnosis, State,
        causes::{CauseDiagnosis, Support},
    };

    use super::*;
    use crate::saved::{Place, files, text};

    const SEEDS: &str = "3";

    /// Diagnoses a configuration, or what was trained, without trying any fix.
    fn diagnosis(place: &Place, arguments: &[&str]) -> Diagnosis {
        let output = place.run(&[&["diagnose"], arguments, &["--format", "json"]].concat());
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}\n{}", text(&output.stderr)))
    }

    /// Trains one twin, on one core.
    fn train(place: &Place, id: &str, which: &str, seeds: &str) -> Diagnosis {
        let config = twin(id, which).display().to_string();
        let single = ["--jobs", "1", "--threads", "1"];
        diagnosis(place, &[&[config.as_str(), "--no-fix", "--seeds", seeds, "--out", which], &single[..]].concat())
    }

    /// What is ranked first; several where the first place is shared.
    fn first(diagnosis: &Diagnosis) -> Option<&CauseDiagnosis> {
        diagnosis.causes.iter().min_by_key(|cause| cause.rank)
    }

    /// What is wrong with a pair, and what was ranked first in its sick twin.
    fn examine(id: &str) -> (Vec<String>, String) {
        let place = Place::new();
        let mut wrong = Vec::new();
        let sick = train(&place, id, "sick", SEEDS);
        let states: Vec<State> = sick.runs.iter().map(|run| run.state).collect();
        let learned = states.iter().filter(|state| **state == State::Learned).count();
        if 2 * learned >= states.len() {
            wrong.push(format!("{id}: the sick twin is {states:?}"));
        }
        let ranked = first(&sick).map_or("none", |cause| cause.id.as_str()).to_owned();
        if ranked != id {
            let all: Vec<(&str, Support)> =
                sick.causes.iter().map(|cause| (cause.id.as_str(), cause.support)).collect();
            wrong.push(format!("{id}: the sick twin shows {all:?}"));
        }
        let healthy = train(&place, id, "healthy", SEEDS);
        let states: Vec<State> = healthy.runs.iter().map(|run| run.state).collect();
        if healthy.verdict.state != State::Learned || states.iter().any(|state| *state != State::Learned) {
            wrong.push(format!("{id}: the healthy twin is {states:?}"));
        }
        for cause in healthy.causes.iter().filter(|cause| cause.id == id && cause.support > Support::Weak) {
            wrong.push(format!("{id}: the healthy twin shows it as well: {:?}", cause.evidence));
        }
        (wrong, ranked)
    }

    #[test]
    fn every_sick_twin_names_its_cause_first_and_no_healthy_one_shows_it() {
        let ids = planted();
        let (next, outcomes) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while let Some(id) = ids.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let outcome = examine(id);
                        outcomes.lock().expect("no panic while it is held").push((id.clone(), outcome));
                    }
                });
            }
        });
        let mut outcomes = outcomes.into_inner().expect("no panic while it is held");
        outcomes.sort();
        assert_eq!(outcomes.len(), ids.len(), "a pair was not examined");
        let wrong: Vec<&str> = outcomes.iter().flat_map(|(_, (wrong, _))| wrong).map(String::as_str).collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        let mut table = String::new();
        for (id, (_, ranked)) in &outcomes {
            writeln!(table, "{id:<20} {ranked}").expect("a string takes all");
        }
        insta::assert_snapshot!("planted-and-ranked-first", table);
    }

    #[test]
    fn what_is_planted_never_reaches_the_judge() {
        let mut seen = 0;
        for id in planted() {
            let sick = text_of(&twin(&id, "sick"));
            let experiment = parsed(&id, &sick);
            if experiment.faults.is_none() {
                continue;
            }
            seen += 1;
            let place = Place::new();
            let printed = train(&place, &id, "sick", "1");
            // The record alone, where nothing beside it can be looked up.
            let record = place.path("sick/runs/seed-0/record");
            let alone = Place::new();
            fs::create_dir(alone.path("record")).expect("folder");
            let words = planted_words(&experiment);
            for (name, bytes) in files(&record) {
                for word in &words {
                    let hit = bytes.windows(word.len()).any(|window| window == word.as_bytes());
                    assert!(!hit, "{id}: `{word}` stands in the record's `{name}`");
                }
                fs::write(alone.path("record").join(name), bytes).expect("copy");
            }
            let again = diagnosis(&alone, &["record"]);
            assert_eq!(plain(again), plain(printed), "{id}");
        }
        assert!(seen >= 5, "{seen} pairs plant a fault");
    }

    /// A diagnosis without what says where it was made, and without changes that would switch a planted fault off: whether
    /// a change changes anything is asked of the user's configuration, once the judge is done. As JSON, where NaN is equal
    /// to itself.
    fn plain(mut diagnosis: Diagnosis) -> serde_json::Value {
        diagnosis.report = None;
        diagnosis.name.clear();
        for cause in &mut diagnosis.causes {
            cause.changes.retain(|change| !change.path.starts_with("faults."));
        }
        serde_json::to_value(diagnosis).expect("plain data")
    }

    /// The names of what is planted, and its value where that is a word: none of them means anything else in a record.
    fn planted_words(experiment: &Experiment) -> Vec<String> {
        let [planted, none] = [experiment.clone(), experiment.without_faults()]
            .map(|experiment| serde_json::to_value(experiment.faults).expect("plain data"));
        let mut words = vec!["\"faults\"".to_owned()];
        for (key, value) in planted.as_object().expect("a table") {
            if none.get(key) == Some(value) {
                continue;
            }
            if key != "targets" {
                words.push(key.clone());
            }
            words.extend(value.as_str().map(str::to_owned));
        }
        assert!(words.len() > 1, "{planted}");
        words
    }
}
