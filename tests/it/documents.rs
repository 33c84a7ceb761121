//! What the documents promise is there: configurations, commands, files, states and channels.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use clap::Parser;
use whymean::{
    cli::Cli,
    experiment::{self, Experiment, Layer},
    judge::{self, State},
    record::Channel,
};

use crate::saved::{Place, files, text};

/// Everything in the repository that a person reads, except the explanations.
const DOCUMENTS: &[&str] = &["README.md", "CONTRIBUTING.md", "docs/why.md"];

/// Folders whose files are made by commands that the documents name, or are the reader's own.
const MADE: &[&str] = &["reports/demo", "reports/NAME", "target/", ".libtorch"];

fn path(inner: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(inner)
}

fn document(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The blocks of a document in a language, without their fences.
fn blocks(document: &str, language: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = document.lines();
    while let Some(line) = lines.next() {
        if let Some(fence) = line.strip_prefix("```") {
            let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            if fence == language {
                found.push(body.join("\n"));
            }
        }
    }
    found
}

/// The block of the README that configures a table of the reader's own.
#[cfg(feature = "torch")]
pub fn own_table() -> String {
    let mut blocks = blocks(&document("README.md"), "toml").into_iter();
    blocks.rfind(|block| block.contains("source = \"table\"")).expect("the README shows a table")
}

/// What stands between backticks outside of blocks, and the lines of the blocks for a shell.
fn commands(document: &str) -> Vec<String> {
    let mut found: Vec<String> =
        blocks(document, "sh").iter().flat_map(|block| block.lines()).map(str::to_owned).collect();
    found.extend(inline(document));
    found.iter().map(|command| command.split(" #").next().unwrap_or_default().trim().to_owned()).collect()
}

/// What stands between backticks outside of blocks.
fn inline(document: &str) -> Vec<String> {
    let outside: Vec<&str> = document.split("```").step_by(2).collect();
    let spans = outside.iter().flat_map(|text| text.split('`').skip(1).step_by(2));
    spans.map(|span| span.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// The targets of a document's links, without those that lead elsewhere.
fn links(document: &str) -> Vec<String> {
    let targets = document.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
    targets.filter(|target| !target.is_empty() && !target.contains("://")).map(str::to_owned).collect()
}

/// The paths of the repository that a document names: its links, and words that begin with one of its folders.
fn paths(document: &str) -> Vec<String> {
    let folders = std::fs::read_dir(path("")).expect("the repository").map(|entry| entry.expect("readable"));
    let mut beginnings: Vec<String> = folders
        .filter(|entry| entry.path().is_dir())
        .map(|entry| format!("{}/", entry.file_name().to_string_lossy()))
        .collect();
    // It is only there once something was trained or drawn.
    beginnings.push("reports/".to_owned());
    let words = document.split(|letter: char| letter.is_whitespace() || "`()[]\"'*,;:$".contains(letter));
    let named = words.filter(|word| beginnings.iter().any(|folder| word.starts_with(folder.as_str())));
    let mut found: Vec<String> = named.map(|word| word.trim_end_matches(['.', '/']).to_owned()).collect();
    found.extend(links(document));
    found.retain(|found| !MADE.iter().any(|made| format!("{found}/").starts_with(made)));
    found.sort();
    found.dedup();
    found
}

fn parse(text: &str) -> Experiment {
    experiment::parse(text, "block", &path("fixtures"), "block")
        .unwrap_or_else(|mistakes| panic!("{mistakes:?}\n{text}"))
}

#[test]
fn every_configuration_in_the_documents_is_read() {
    let mut whole = 0;
    for name in DOCUMENTS {
        for block in blocks(&document(name), "toml") {
            let table: toml::Table = block.parse().unwrap_or_else(|error| panic!("{name}: {error}\n{block}"));
            if table.contains_key("data") && table.contains_key("model") {
                parse(&block);
                whole += 1;
            }
        }
    }
    assert!(whole >= 2, "the README shows the demo and a table");
}

#[test]
fn the_demo_in_the_readme_is_the_demo() {
    let shown = blocks(&document("README.md"), "toml").into_iter().find(|block| block.contains("source = \"boxes\""));
    let mut shown = parse(&shown.expect("the README shows the demo"));
    let demo = experiment::read(&path("fixtures/demo.toml")).expect("a configuration");
    shown.name.clone_from(&demo.name);
    // The README leaves the units of the last layer to the targets.
    if let Some(Layer::Dense { units, .. }) = shown.model.layers.last_mut() {
        *units = Some(2);
    }
    assert_eq!(shown, demo);
}

#[test]
fn every_fixture_is_read() {
    let fixtures = files(&path("fixtures"));
    let whole: Vec<&String> =
        fixtures.iter().map(|(name, _)| name).filter(|name| name.ends_with(".toml") && !name.contains('/')).collect();
    assert!(whole.len() >= 5, "{whole:?}");
    for name in whole {
        if let Err(mistakes) = experiment::read(&path("fixtures").join(name)) {
            panic!("fixtures/{name}: {mistakes:?}");
        }
    }
}

#[test]
fn the_twins_differ_in_one_line() {
    let settings = |name: &str| -> Vec<String> {
        let text = document(name);
        text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
    };
    let (sick, healthy) = (settings("fixtures/dead-relu-bias.toml"), settings("fixtures/healthy-function.toml"));
    assert_eq!(sick.len(), healthy.len());
    let differing: Vec<_> = sick.iter().zip(&healthy).filter(|(sick, healthy)| sick != healthy).collect();
    assert_eq!(differing.len(), 1, "{differing:?}");
}

#[test]
fn every_command_in_the_documents_is_understood() {
    let mut understood = BTreeSet::new();
    for name in DOCUMENTS {
        let commands = commands(&document(name));
        for command in commands.iter().filter(|command| command.split(' ').next() == Some("whymean")) {
            let words: Vec<&str> = command.split_whitespace().collect();
            let [_, verb, ..] = words.as_slice() else { continue };
            match Cli::try_parse_from(&words) {
                Ok(_) => {}
                // Help is an answer, too; and a verb alone names it without asking it to do anything.
                Err(answer) if !answer.use_stderr() || words.len() == 2 => {}
                Err(answer) => panic!("{name}: `{command}`\n{answer}"),
            }
            understood.insert((*verb).to_owned());
        }
    }
    let help = text(&Place::new().run(&["--help"]).stdout);
    let verbs: BTreeSet<String> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .map_while(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect();
    assert!(understood.len() >= 5 && verbs.len() > understood.len(), "{understood:?} {verbs:?}");
    assert!(understood.is_subset(&verbs), "{understood:?} {verbs:?}");
}

#[test]
fn every_make_target_in_the_documents_exists() {
    let makefile = document("Makefile");
    for name in DOCUMENTS {
        for command in commands(&document(name)) {
            if let Some(target) = command.strip_prefix("make ").and_then(|rest| rest.split(' ').next()) {
                assert!(makefile.lines().any(|line| line.starts_with(&format!("{target}:"))), "{name}: `{command}`");
            }
        }
    }
}

#[test]
fn every_file_in_the_documents_exists() {
    for name in DOCUMENTS {
        let text = document(name);
        let links = links(&text);
        let folder = path(name).parent().expect("a file").to_owned();
        let missing: Vec<String> = paths(&text)
            .into_iter()
            .filter(|named| !(path(named).exists() || links.contains(named) && folder.join(named).exists()))
            .collect();
        assert_eq!(missing, [""; 0], "named in {name}");
    }
}

#[test]
fn paths_and_commands_are_found_where_they_stand() {
    let text = "See [a](src/no.rs), ![b](reports/sample/b.png), `docs/no.md`, and `reports/demo/x`.\n\
                ```sh\nwhymean diagnose fixtures/no.toml  # why\n```\nOr `whymean\nno`; https://example.org/src/x.\n";
    assert_eq!(paths(text), ["docs/no.md", "fixtures/no.toml", "reports/sample/b.png", "src/no.rs"]);
    let commands = commands(text);
    for command in ["whymean diagnose fixtures/no.toml", "whymean no", "docs/no.md"] {
        assert!(commands.contains(&command.to_owned()), "{commands:?}");
    }
    assert!(Cli::try_parse_from(["whymean", "no"]).is_err());
}

#[test]
fn the_readme_lists_every_state_and_every_channel() {
    let readme = document("README.md");
    let first_cells = readme.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    let cells: Vec<&str> = first_cells.collect();
    for state in State::ALL {
        let name = serde_json::to_value(state).expect("a word");
        assert!(cells.iter().any(|cell| *cell == name), "{name}");
    }
    let schema = serde_json::to_value(schemars::schema_for!(Channel)).expect("JSON");
    let channels: BTreeSet<&str> =
        schema["oneOf"].as_array().expect("variants").iter().filter_map(|variant| variant["const"].as_str()).collect();
    let listed: BTreeSet<&str> = cells
        .iter()
        .filter(|cell| cell.starts_with('`'))
        .flat_map(|cell| cell.split(", "))
        .map(|name| name.trim_matches('`'))
        .collect();
    assert_eq!(listed, channels);
}

#[test]
fn the_documents_ask_for_the_rust_that_the_package_needs() {
    let package: toml::Table = document("Cargo.toml").parse().expect("TOML");
    let needed = package["package"]["rust-version"].as_str().expect("a version");
    for name in ["README.md", "CONTRIBUTING.md"] {
        assert!(document(name).contains(&format!("Rust ({needed} or newer)")), "{name} does not ask for {needed}");
    }
}

#[test]
fn every_explanation_is_printed_with_all_its_headings() {
    let place = Place::new();
    let listed = text(&place.run(&["explain"]).stdout);
    // An id stands two columns in, its group at the border, and the rest of a long sentence farther in.
    let ids = listed.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let ids: Vec<&str> = ids.filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(ids, judge::explain_ids());
    for id in ids {
        let output = place.run(&["explain", id]);
        let printed = text(&output.stdout);
        let headings: Vec<&str> = printed.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(
            headings,
            ["What it is", "How it is told", "When it misleads", "How it is proved", "References"],
            "`{id}`"
        );
        assert_eq!(output.status.code(), Some(0), "`{id}`");
    }
}
