//! Tests of [`super`]: mistakes and their places; what is computed is tested in `data`.

use super::*;

fn named(pairs: &[(&str, &str)]) -> Vec<Named> {
    pairs.iter().map(|(name, text)| Named { name: (*name).to_owned(), expression: (*text).to_owned() }).collect()
}

/// The mistakes of one input, with `x`, `v` of three numbers and `d = x` known.
fn mistakes(text: &str) -> Vec<Mistake> {
    let draws = named(&[("x", "uniform(0, 1)"), ("v", "normal(0, 1) x 3")]);
    let (define, inputs, targets) = (named(&[("d", "x")]), named(&[("c", text)]), named(&[("y", "1")]));
    let texts = Texts { draws: &draws, define: &define, inputs: &inputs, targets: &targets };
    Program::new(texts).err().unwrap_or_default()
}

/// The text with the place marked, the message and the help.
fn told(text: &str) -> String {
    let found = mistakes(text);
    let [Mistake { at: Some(at), message, help, .. }] = found.as_slice() else { panic!("{text}: {found:?}") };
    let marked = format!("{}<{}>{}", &text[..at.start], &text[at.clone()], &text[at.end..]);
    format!("{marked} | {message} | {help}")
}

#[test]
fn mistakes_have_places_and_help() {
    let texts = [
        "1 +",
        "* 2",
        "1 2",
        "x (2)",
        "(1 + x",
        "1 + x)",
        "sin(x",
        "[1, x",
        "[]",
        "sin(x, 2)",
        "clip(x, 0)",
        "sin()",
        "sin",
        "sinn(x)",
        "ln(x)",
        "pow(x, 2)",
        "xx + 1",
        "v4",
        "d1",
        "2x",
        "1.2.3",
        "x = 1",
        "x & 1",
        "x # 1",
        "v + [1, 2]",
        "mix(v, x)",
        "mix(v, 0)",
        "range(1.5)",
        "mixes(range(100000), 1000)",
        "",
        "  ",
    ];
    insta::assert_snapshot!(texts.map(told).join("\n"));
}

#[test]
fn mistakes_of_draws_have_places_and_help() {
    let told = |text: &str| {
        let (draws, inputs, targets) = (named(&[("x", text)]), named(&[("c", "1")]), named(&[("y", "1")]));
        let texts = Texts { draws: &draws, define: &[], inputs: &inputs, targets: &targets };
        let found = Program::new(texts).expect_err(text);
        let [Mistake { part: Part::Draws, at: Some(at), message, help, .. }] = found.as_slice() else {
            panic!("{text}: {found:?}")
        };
        format!("{}<{}>{} | {message} | {help}", &text[..at.start], &text[at.clone()], &text[at.end..])
    };
    let texts = [
        "uniform",
        "3",
        "unifrom(0, 1)",
        "uniform(1, 0)",
        "uniform(0)",
        "uniform(0, x)",
        "uniform(0, 1e30)",
        "normal(0, -1)",
        "normal(0, 1) x 0",
        "normal(0, 1) x",
        "normal(0, 1) x 2.5",
        "normal(0, 1) y 2",
        "normal(0, 1) + 1",
        "normal(0, 1) x 2 3",
        "integer(0, 1.5)",
        "bernoulli(2)",
        "choice()",
        "exponential(0)",
        "uniform(0, 1/0)",
    ];
    insta::assert_snapshot!(texts.map(told).join("\n"));
}

#[test]
fn names_are_held_apart() {
    let told = |draws: &[(&str, &str)], define: &[(&str, &str)], inputs: &[(&str, &str)]| -> Vec<String> {
        let (draws, define, inputs, targets) = (named(draws), named(define), named(inputs), named(&[("y", "1")]));
        let texts = Texts { draws: &draws, define: &define, inputs: &inputs, targets: &targets };
        let found = Program::new(texts).expect_err("a mistake was planted");
        found.iter().map(|mistake| format!("{} {}: {mistake}", mistake.part.key(), mistake.entry)).collect()
    };
    const U: &str = "uniform(0, 1)";
    const X: &[(&str, &str)] = &[("x", "1")];
    assert_eq!(told(&[("sin", U)], &[], X), ["draws 0: `sin` has a meaning of its own"]);
    assert_eq!(told(&[("index", U)], &[], X), ["draws 0: `index` has a meaning of its own"]);
    assert_eq!(told(&[("a b", U)], &[], X), ["draws 0: `a b` is no name"]);
    assert_eq!(told(&[("1a", U)], &[], X), ["draws 0: `1a` is no name"]);
    assert_eq!(told(&[("a", U)], &[("a", "1")], X), ["define 0: there already is a `a`"]);
    // `w2` is the second number of `w`.
    assert_eq!(told(&[("w2", U), ("w", "uniform(0, 1) x 3")], &[], X), ["draws 1: there already is a `w2`"]);
    assert_eq!(told(&[("w", "uniform(0, 1) x 3"), ("w2", U)], &[], X), ["draws 1: there already is a `w2`"]);
    assert_eq!(told(&[], &[("a", "b"), ("b", "1")], X), ["define 0: `b` is not known here"]);
    assert_eq!(told(&[], &[("a", "a")], X), ["define 0: `a` is not known here"]);
    // One mistake, and one word on what rests on it.
    assert_eq!(
        told(&[("a", "u(0)")], &[("b", "a + 1")], &[("c", "b")]),
        ["draws 0: there is no distribution `u`", "define 0: `a` is not known here", "inputs 0: `b` is not known here"]
    );
    assert_eq!(told(&[], &[], &[("x", "1"), ("x", "2")]), ["inputs 1: two columns of `data.inputs` are named `x`"]);
    assert_eq!(
        told(&[], &[], &[("w", "range(3)"), ("w2", "2")]),
        ["inputs 1: two columns of `data.inputs` are named `w2`"]
    );
    assert_eq!(told(&[], &[], &[(" ", "1")]), ["inputs 0: ` ` is no name of a column"]);
}

#[test]
fn columns_are_named() {
    let draws = named(&[("w", "normal(0, 1) x 3")]);
    let inputs = named(&[("w", "w"), ("w * 2", "w * 2"), ("tanh(w)", "tanh(w)"), ("z", "w1")]);
    let targets = named(&[("y", "mixes(w, 2)")]);
    let program =
        Program::new(Texts { draws: &draws, define: &[], inputs: &inputs, targets: &targets }).expect("right");
    let wanted = ["w1", "w2", "w3", "w * 2 1", "w * 2 2", "w * 2 3", "tanh(w) 1", "tanh(w) 2", "tanh(w) 3", "z"];
    assert_eq!(
        (program.input_names, program.target_names),
        (wanted.map(str::to_owned).into(), vec!["y1".into(), "y2".into()])
    );
}

/// Neighbours of the names of numbers are names like others.
#[test]
fn only_its_own_numbers_are_taken_by_a_name() {
    let draws = named(&[
        ("w4", "uniform(0, 1)"),
        ("w", "uniform(0, 1) x 3"),
        ("w0", "uniform(0, 1)"),
        ("w02", "uniform(0, 1)"),
        ("v1", "uniform(0, 1) x 12"),
        ("u01", "uniform(0, 1)"),
        ("u", "uniform(0, 1) x 12"),
    ]);
    let inputs = named(&[("a", "w3 + w4 + w0 + w02 + v12 + v112 + u01 + u12")]);
    let program = Program::new(Texts { draws: &draws, define: &[], inputs: &inputs, targets: &inputs });
    assert!(program.is_ok(), "{program:?}");
}

#[test]
fn numbers_of_a_sample_are_limited() {
    let wide = |count: usize| {
        let draws: Vec<Named> = (0..count)
            .map(|place| Named { name: format!("a{place}_"), expression: "uniform(0, 1) x 100000".to_owned() })
            .collect();
        let one = named(&[("c", "1")]);
        Program::new(Texts { draws: &draws, define: &[], inputs: &one, targets: &one }).err().unwrap_or_default()
    };
    assert_eq!(wide(9), []);
    assert_eq!(wide(11).len(), 1);
    assert_eq!(wide(5000).len(), 1);
    assert_eq!(mistakes(&["sum(range(90000))"; 11].join(" + ")).len(), 0);
    assert_eq!(mistakes(&["sum(range(99999))"; 11].join(" + ")).len(), 1);
}

/// A stranger's text must not overflow the stack, or take the square of its length.
#[test]
fn endless_texts_are_refused() {
    for (open, middle, close) in [("(", "1", ")"), ("[", "1", "]"), ("sin(", "1", ")"), ("-", "1", ""), ("2^", "1", "")]
    {
        let text = format!("{}{middle}{}", open.repeat(2000), close.repeat(if close.is_empty() { 0 } else { 2000 }));
        assert_eq!(mistakes(&text).len(), 1, "{open}");
        assert_eq!(mistakes(&open.repeat(100_000)).len(), 1, "{open}");
    }
    let chain = |count: usize| vec!["x"; count].join("+");
    assert_eq!(mistakes(&chain(300)), []);
    assert_eq!(mistakes(&chain(302)).len(), 1);
    assert_eq!(mistakes(&chain(4000)).len(), 1);
    assert_eq!(mistakes(&format!("sum([{}])", vec!["x"; 2000].join(","))), []);
    assert_eq!(mistakes(&"é".repeat(10_000)).len(), 1);
}

proptest::proptest! {
    /// Whatever the text, the answer is a program or a mistake inside the text.
    #[test]
    fn no_text_is_too_odd(pieces in proptest::collection::vec(proptest::sample::select(vec![
        "x", "v", "1", "2.5", "1e", ".", "(", ")", "[", "]", ",", "+", "-", "*", "/", "^", "<", "=", "==", "sin", "mix(", "é", " ",
        "range(", "\u{1F600}", "\n", "_", "%", "min(", "if(",
    ]), 0..14)) {
        let text = pieces.concat();
        for mistake in mistakes(&text) {
            let at = mistake.at.expect("the name is right");
            proptest::prop_assert!(text.get(at.clone()).is_some(), "{text:?} {at:?}");
        }
    }
}
