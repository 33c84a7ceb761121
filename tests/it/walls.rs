//! The walls between the folders of `src/`: who may use what, how long a file may be, where `unsafe` stands.
//!
//! They are read from the source text, since a crate that is a dependency can be imported from every folder. The
//! checks are functions from text to complaints, so that each is also shown a text that breaks it.

mod code;

use std::{collections::BTreeSet, path::Path};

use self::code::{Code, modules_for_tests};
use crate::saved::files;

/// Where something may be used; places are beginnings of paths below `src/`.
enum Where {
    /// Here alone.
    Only(&'static [&'static str]),
    /// Everywhere but here.
    NotIn(&'static [&'static str]),
    /// As `NotIn`, but tests may.
    NotInButTests(&'static [&'static str]),
}

use Where::{NotIn, NotInButTests, Only};

/// Whatever speaks with the user.
const SHELL: &[&str] = &["main.rs", "cli.rs", "commands/", "error.rs"];

/// Beginnings of paths, and where they may be used.
const WALLS: &[(&[&str], Where)] = &[
    // Probes see sums, never a tensor: so they cannot disturb the run.
    (&["tch", "torch_sys"], Only(&["model/", "train/"])),
    (&["polars", "polars_core", "polars_io"], Only(&["data/", "record/store"])),
    (&["nalgebra", "matrixmultiply"], Only(&["references/"])),
    (&["plotters", "plotters_backend", "plotters_bitmap", "plotters_svg"], Only(&["report/ink"])),
    (&["clap", "clap_complete", "clap_mangen", "indicatif"], Only(SHELL)),
    // Elsewhere an error is a value with a type.
    (
        &[
            "miette::Report",
            "miette::Result",
            "miette::Error",
            "miette::IntoDiagnostic",
            "miette::WrapErr",
            "miette::miette",
            "miette::bail",
            "miette::ensure",
        ],
        Only(SHELL),
    ),
    // The judge and the references are pure: no file, clock, environment, process or thread; the judge has no random state.
    (
        &["std::fs", "std::io", "std::env", "std::time", "std::process", "std::thread", "std::net"],
        NotInButTests(&["judge/", "references/"]),
    ),
    (&["rand", "rand_distr"], NotIn(&["judge/", "report/"])),
    // Both see the record's types alone, never the store.
    (&["crate::record::store", "crate::record::atomic"], NotInButTests(&["judge/", "report/figures/", "report/ink"])),
    // A generator that seeds itself would make two runs of a seed differ; no stage needs the network.
    (&["rand::rng", "rand::random", "rand::thread_rng", "rand::rngs", "std::net"], Only(&[])),
    (&["std::time"], Only(&["train/", "trial/", "commands/"])),
    (&["std::process::Command"], Only(&["trial/", "data/tests.rs"])), // that test makes a named pipe
    // The stages, in the order of the pipeline.
    (&["crate::model"], Only(&["model/", "train/"])),
    (&["crate::probes"], Only(&["probes/", "train/"])),
    (&["crate::train"], Only(&["train/", "commands/"])),
    (&["crate::report"], Only(&["report/", "commands/"])),
    (&["crate::commands", "crate::cli"], Only(SHELL)),
    (&["crate::trial"], Only(&["trial/", "train/", "verify/", "commands/"])),
    // It decides what is trained, by whoever runs it: the clock is an argument, too.
    (&["crate::verify"], Only(&["verify/", "commands/", "cli.rs"])),
    (&["crate::judge"], NotIn(&["data/", "experiment/", "model/", "probes/", "record/", "references/", "stats/"])),
    // The references see numbers: not where they come from, nor the network that they are compared with.
    (
        &["crate::experiment", "crate::record", "crate::data::load", "crate::data::check"],
        NotIn(&["references/", "stats/"]),
    ),
];

/// The functions that are allowed one `unsafe` each; why stands in their `#[expect]`.
const UNSAFE: &[&str] = &["probes/wide.rs", "train/memory.rs"];

/// A longer file holds more than one concept.
const MOST_LINES: usize = 400;

/// The source below `src/`: path and text.
fn sources() -> Vec<(String, String)> {
    let below_src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let sources = files(&below_src).into_iter().filter(|(path, _)| path.ends_with(".rs"));
    sources.map(|(path, bytes)| (path, String::from_utf8(bytes).expect("Rust is UTF-8"))).collect()
}

/// Whether `path`, such as `std::fs::read`, is `of` or begins with it.
fn is_of(path: &str, of: &str) -> bool {
    path.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Uses of what lies behind a wall, each with its place.
fn breaches(sources: &[(String, String)]) -> Vec<String> {
    let codes: Vec<(&str, Code)> = sources.iter().map(|(file, text)| (file.as_str(), Code::new(text))).collect();
    let for_tests: BTreeSet<String> = codes.iter().flat_map(|(file, code)| modules_for_tests(file, code)).collect();
    let mut found = Vec::new();
    for (file, code) in &codes {
        let of_tests = for_tests.iter().any(|module| {
            file.strip_prefix(module.as_str()).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        });
        let is_in = |places: &[&str]| places.iter().any(|place| file.starts_with(place));
        for used in code.paths() {
            for (_, place) in WALLS.iter().filter(|(behind, _)| behind.iter().any(|of| is_of(&used.path, of))) {
                let allowed = match place {
                    Only(places) => is_in(places),
                    NotIn(places) => !is_in(places),
                    NotInButTests(places) => !is_in(places) || of_tests || used.in_tests,
                };
                if !allowed {
                    found.push(format!("src/{file}:{}: `{}`", used.line, used.path));
                }
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

/// `unsafe` outside its places, and places where it is no longer.
fn unsafe_code(sources: &[(String, String)]) -> Vec<String> {
    let counts = sources.iter().map(|(file, text)| {
        let code = Code::new(text);
        // `unsafe_code` stands in the attribute that lifts the ban.
        (file, (code.count("unsafe"), code.count("unsafe_code")))
    });
    let wrong = counts.filter(|(file, (uses, lifted))| {
        let expected = usize::from(UNSAFE.contains(&file.as_str()));
        (*uses, *lifted) != (expected, expected)
    });
    wrong.map(|(file, (uses, lifted))| format!("src/{file}: {uses} `unsafe`, {lifted} `unsafe_code`")).collect()
}

/// Files that are too long.
fn lengths(sources: &[(String, String)]) -> Vec<String> {
    let lines = sources.iter().map(|(file, text)| (file, text.lines().count()));
    let wrong = lines.filter(|(_, lines)| *lines > MOST_LINES);
    wrong.map(|(file, lines)| format!("src/{file}: {lines} lines")).collect()
}

#[test]
fn each_folder_uses_only_what_it_may() {
    assert_eq!(breaches(&sources()), [""; 0]);
}

#[test]
fn unsafe_stands_in_two_functions() {
    assert_eq!(unsafe_code(&sources()), [""; 0]);
}

#[test]
fn files_are_short() {
    assert_eq!(lengths(&sources()), [""; 0]);
}

#[test]
fn every_place_in_these_lists_exists() {
    let sources = sources();
    let there = |place: &str| sources.iter().any(|(file, _)| file.starts_with(place));
    for (behind, place) in WALLS {
        let (Only(places) | NotIn(places) | NotInButTests(places)) = place;
        for place in *places {
            assert!(there(place), "no `src/{place}`, of the wall around {behind:?}");
        }
    }
    for file in UNSAFE {
        assert!(there(file), "no `src/{file}`");
    }
}

/// One source file.
fn planted(file: &str, text: &str) -> Vec<(String, String)> {
    vec![(file.to_owned(), text.to_owned())]
}

#[test]
fn a_planted_breach_is_found() {
    let cases = [
        ("probes/new.rs", "use tch::Tensor;", "src/probes/new.rs:1: `tch::Tensor`"),
        ("judge/new.rs", "use nalgebra::DMatrix;", "src/judge/new.rs:1: `nalgebra::DMatrix`"),
        ("references/new.rs", "use crate::experiment::Source;", "src/references/new.rs:1: `crate::experiment::Source`"),
        ("references/new.rs", "use std::{fs, time::Instant};", "src/references/new.rs:1: `std::fs`"),
        ("references/new.rs", "use std::{fs, time::Instant};", "src/references/new.rs:1: `std::time::Instant`"),
        ("judge/new.rs", "\nfn now() -> u64 { ::std::time::now() }", "src/judge/new.rs:2: `std::time::now`"),
        (
            "judge/new.rs",
            "use std::{\n    collections::BTreeMap,\n    fs::{self, File},\n};",
            "src/judge/new.rs:3: `std::fs`",
        ),
        ("judge/new.rs", "use rand::RngExt as _;", "src/judge/new.rs:1: `rand::RngExt`"),
        ("judge/new.rs", "use polars_core::prelude::*;", "src/judge/new.rs:1: `polars_core::prelude::*`"),
        ("judge/new.rs", "use crate::{judge, record::store};", "src/judge/new.rs:1: `crate::record::store`"),
        ("data/new.rs", "type Shape<'a> = &'a tch::Kind; // '", "src/data/new.rs:1: `tch::Kind`"),
        ("train/new.rs", "fn f() { g(\"\\\" //\", polars_io::h()) }", "src/train/new.rs:1: `polars_io::h`"),
        ("report/new.rs", "use plotters as p;", "src/report/new.rs:1: `plotters`"),
        ("report/new.rs", "use crate::{record, train::run_trial};", "src/report/new.rs:1: `crate::train::run_trial`"),
        ("trial/new.rs", "fn f() -> miette::Result<()> {}", "src/trial/new.rs:1: `miette::Result`"),
        ("data/new.rs", "let mut random = rand::rng();", "src/data/new.rs:1: `rand::rng`"),
        ("judge/new.rs", "#[cfg(test)] mod tests { use tch::Kind; }", "src/judge/new.rs:1: `tch::Kind`"),
        ("judge/new.rs", "#[cfg(test)] mod tests { fn f() {} } use std::env;", "src/judge/new.rs:1: `std::env`"),
    ];
    for (file, text, found) in cases {
        let breaches = breaches(&planted(file, text));
        assert!(breaches.contains(&found.to_owned()), "{text}\n{breaches:?}");
    }
}

#[test]
fn what_only_looks_like_a_breach_is_not_found() {
    let cases = [
        ("train/new.rs", "use tch::Tensor; use std::time::Instant;"),
        ("judge/new.rs", "// use tch::Tensor;\n/* std::fs /* nested */ tch::Kind */\n//! `std::env::var`"),
        ("judge/new.rs", "const A: &str = \"use tch::Tensor;\"; const B: &str = r#\"std::fs::\"read\"\"#;"),
        ("judge/new.rs", "const QUOTE: char = '\"'; const C: &str = \"tch::Kind\"; fn f<'a>(_: &'a str) {}"),
        (
            "judge/new.rs",
            "use std::{collections::BTreeMap, fmt}; use rand_chacha::ChaCha8Rng; use crate::record::Split;",
        ),
        ("judge/new.rs", "#[cfg(test)]\n#[expect(dead_code)]\nmod tests { fn f() { { std::fs::read(\"x\") }; } }"),
        ("trial/new.rs", "#[derive(miette::Diagnostic)] struct E; use miette::SourceSpan;"),
    ];
    for (file, text) in cases {
        assert_eq!(breaches(&planted(file, text)), [""; 0], "{text}");
    }
    let mut with_module = planted("judge/new/checks.rs", "use std::fs;");
    with_module.extend(planted("judge/new.rs", "#[cfg(test)]\nmod checks;"));
    assert_eq!(breaches(&with_module), [""; 0], "a file that only tests compile");
    with_module[1].1 = "mod checks;".to_owned();
    assert_eq!(breaches(&with_module), ["src/judge/new/checks.rs:1: `std::fs`"]);
}

#[test]
fn planted_unsafe_and_a_planted_long_file_are_found() {
    assert_eq!(unsafe_code(&planted("data/new.rs", "// unsafe\nlet text = \"unsafe\";")), [""; 0]);
    assert_eq!(unsafe_code(&planted("data/new.rs", "unsafe { f() }")).len(), 1);
    assert_eq!(unsafe_code(&planted("data/new.rs", "#![allow(unsafe_code)]")).len(), 1);
    assert_eq!(unsafe_code(&planted(UNSAFE[0], "#[expect(unsafe_code)] fn f() { unsafe { g() } }")), [""; 0]);
    assert_eq!(unsafe_code(&planted(UNSAFE[0], "fn f() {}")).len(), 1, "an exception that is none");
    assert_eq!(lengths(&planted("data/new.rs", &"\n".repeat(MOST_LINES))), [""; 0]);
    assert_eq!(lengths(&planted("data/new.rs", &"\n".repeat(MOST_LINES + 1))).len(), 1);
}
