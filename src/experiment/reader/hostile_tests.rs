//! Tests of [`super`] on files that no friend wrote: endless, deep, steering the terminal.

use proptest::prelude::*;

use super::*;
use crate::experiment::rendered::rendered;

const SHORTEST: &str = "[data]\nsource = \"function\"\nformula = \"sine\"\n[model]\nhidden = [8]\n";

#[test]
fn escapes_in_the_text_do_not_reach_the_terminal() {
    let text = "\"\\u001b[31m\" = 1\n[data]\nsource = \"\\u001b[31m\"\n[model]\nhidden = [8]\n";
    let errors = parse(text, "config.toml", Path::new("/folder"), "config").expect_err("two mistakes were planted");
    assert_eq!(errors.mistakes().len(), 2);
    assert!(!rendered(&errors).contains('\u{1b}'));
}

/// Raw ones are no TOML, and the message shows the line that they are in.
#[test]
fn steering_characters_of_a_shown_line_do_not_reach_the_terminal() {
    let text = format!("{SHORTEST}# \u{1b}[31m\n");
    let errors = parse(&text, "config.toml", Path::new("/folder"), "config").expect_err("no comment may hold it");
    assert!(!rendered(&errors).contains('\u{1b}'));
    let text = format!("name = \"a/\u{202e}b\" # \u{202e}\n{SHORTEST}");
    let errors = parse(&text, "config.toml", Path::new("/folder"), "config").expect_err("a slash and a control");
    assert!(!rendered(&errors).contains('\u{202e}'));
}

/// A stranger's file must not fill the terminal, or take the square of its size.
#[test]
fn answers_to_endless_files_are_short_and_soon() {
    let long = "x".repeat(1 << 20);
    let digits = "9".repeat(1 << 20);
    let lines = |line: &dyn Fn(usize) -> String| (0..20_000).map(line).collect::<String>();
    let training = |text: String| format!("{SHORTEST}[training]\n{text}\n");
    let table = |text: String| format!("[data]\nsource = \"table\"\npath = \"a.csv\"\n{text}\n[model]\nhidden = [8]\n");
    let expressions = |text: &str| {
        format!(
            "[data]\nsource = \"expressions\"\ntargets = \"x\"\ndraws = {{ x = \"uniform(0, 1)\" }}\n{text}\n[model]\nhidden = [8]\n"
        )
    };
    for text in [
        format!("name = \"{long}\"\n{SHORTEST}"),
        format!("name = [\n{}]\n{SHORTEST}", lines(&|line| format!("{line},\n"))),
        training(format!("epochs = {digits}")),
        training(format!("optimiser = {{ kind = \"sgd\", lr = 1{digits}.0 }}")),
        training(format!("loss = \"{long}\"")),
        training(format!("{long} = 1")),
        training(lines(&|line| format!("epoch{line} = {line}\n"))),
        training(lines(&|line| format!("= {line}\n"))),
        training("= ".repeat(20_000)),
        expressions(&format!("inputs = [\"{long}\"]")),
        expressions(&format!("inputs = [\"x{}\"]", "+ y".repeat(200_000))),
        expressions(&format!("inputs = [{}]", lines(&|line| format!("\"y{line}\", ")))),
        expressions(&format!("inputs = [{}]", "\"x +\", ".repeat(9_000))),
        expressions(&format!(
            "inputs = [{}\"y\"]",
            (0..9_000).map(|line| format!("\"x + {line}\", ")).collect::<String>()
        )),
        expressions(&format!(
            "inputs = [\"x\"]\n[data.define]\n{}",
            lines(&|line| format!("d{line} = \"d{}\"\n", line + 1))
        )),
        expressions(&format!("inputs = [\"x\"]\n[data.define]\n{long} = \"{long}\"")),
        table(format!("targets = \"y\"\ndelimiter = \"{long}\"")),
        table(format!("targets = [\"{long}\", \"{long}\"]")),
        table(format!("targets = [{}]", lines(&|line| format!("{line}, ")))),
        table(format!("targets = [\"0\"]\nfeatures = [{}]", lines(&|line| format!("\"{line}\", ")))),
        format!(
            "[data]\nsource = \"boxes\"\n[model]\nlayers = [{}]",
            "{ type = \"dropout\", rat = 1, rat2 = 2 }, ".repeat(1000)
        ),
    ] {
        let errors = parse(&text, "config.toml", Path::new("/folder"), "config").expect_err("mistakes were planted");
        let answer = rendered(&errors);
        let shown = text.get(..40).unwrap_or_default();
        assert!(answer.len() < 30_000, "{shown:?}: {} bytes", answer.len());
        // Not timed: work that grows with the square of these sizes would keep this test from ending.
    }
}

/// A stranger's file must not overflow the stack.
#[test]
fn deep_nesting_is_refused() {
    for text in [
        format!("a = {}", "[".repeat(100_000)),
        format!("a = {}1{}", "[".repeat(100_000), "]".repeat(100_000)),
        format!("a = {}", "{a=".repeat(100_000)),
        format!("{}a = 1", "a.".repeat(100_000)),
        format!("[{}a]\nb = 1", "a.".repeat(100_000)),
    ] {
        assert!(parse(&text, "config.toml", Path::new("/folder"), "config").is_err());
        let change = [crate::experiment::Change { path: "seed".into(), to: text.clone() }];
        let _ = crate::experiment::change::apply(&text, "config.toml", &change);
        let _ = crate::experiment::change::apply(SHORTEST, "config.toml", &change);
    }
}

/// Pieces that configurations are made of, and pieces that break them.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "[data]\n",
            "[model]\n",
            "[training]\n",
            "[[model.layers]]\n",
            "source = \"table\"\n",
            "source = 3\n",
            "layers = [",
            "]",
            "{ type = \"dense\" }",
            ",",
            "\n",
            "= ",
            "\"",
            "'''",
            "#",
            "\u{feff}",
            "\u{1F600}",
            "\\",
            "lr = 1e400\n",
            "data = 1\n",
            "model.init.weights.std = 3\n",
            "inf",
            "{",
            "}",
            ".",
            "1979-05-27",
            "\r",
            "\t",
            "hidden = []\n",
            "name = \"ü\"\n",
            "optimizer.kind = \"sgd\"\n",
            "training.optimiser = \"sgd\"\n",
        ])
        .prop_map(str::to_owned),
        "[a-z_]{1,8} = [0-9\"-]{1,4}\n",
    ]
}

proptest! {
    /// Whatever the text, the answer is an experiment or mistakes that can be printed.
    #[test]
    fn no_text_is_too_odd(pieces in prop::collection::vec(piece(), 0..12), cut in 0usize..400, whole: bool) {
        let demo = include_str!("../../../fixtures/demo.toml");
        let middle = pieces.concat();
        let text = if whole {
            let cut = demo.floor_char_boundary(cut.min(demo.len()) * demo.len() / 400);
            format!("{}{middle}{}", &demo[..cut], &demo[cut..])
        } else {
            middle
        };
        if let Err(errors) = parse(&text, "config.toml", Path::new("/folder"), "config") {
            prop_assert!(!errors.mistakes().is_empty());
            prop_assert!(rendered(&errors).contains("config.toml"));
        }
    }
}
