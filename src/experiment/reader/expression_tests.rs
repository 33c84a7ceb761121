//! Tests of [`super`]: expressions as they stand in a file.

use super::{
    tests::{mistakes, parsed},
    *,
};

pub(super) const EXPRESSIONS: &str = r#"
[data]
source = "expressions"
samples = 50
draws = { s = "uniform(0, 1)", w = "normal(0, 1) x 10" }
define = { signal = "mix(w)", high = "s > 0.5" }
inputs = ["4 + 2*high", "w", { name = "level", expression = 's' }]
targets = { z = "3 * signal + s", y = "[s, high]" }
[model]
hidden = [8]
"#;

#[test]
fn expressions_are_read_in_the_order_of_the_text() {
    let experiment = parsed(EXPRESSIONS);
    let Source::Expressions { samples, validation_fraction, draws, define, inputs, targets } = &experiment.data.source
    else {
        panic!("{:?}", experiment.data)
    };
    let names = |named: &[crate::experiment::expression::Named]| {
        named.iter().map(|named| named.name.as_str()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!((*samples, *validation_fraction), (50, 0.2));
    assert_eq!(
        [draws, define, inputs, targets].map(|named| names(named)),
        ["s w", "signal high", "4 + 2*high w level", "z y"]
    );
    // All forms mean the same.
    let tables = EXPRESSIONS
        .replace("draws = {", "draws = [{ name = 's', expression = 'uniform(0, 1)' }, { name = 'w', expression = 'normal(0, 1) x 10' }] #")
        .replace("targets = {", "targets = [{ name = 'z', expression = '3 * signal + s' }, { name = 'y', expression = '[s, high]' }] #");
    assert_eq!(parsed(&tables), experiment);
    let one = EXPRESSIONS.replace("targets = {", "targets = 's + 1' #");
    assert!(matches!(parsed(&one).data.source, Source::Expressions { targets, .. } if names(&targets) == "y"));
    // The shapes of the network are checked: 12 inputs and 3 targets are known.
    let wrong = EXPRESSIONS.replace("hidden = [8]", "layers = [{ type = 'dense', units = 2 }]");
    assert_eq!(mistakes(&wrong), ["the last layer, `dense_1`, gives `[2]`, but there are 3 targets: `[3]`"]);
}

#[test]
fn mistakes_of_expressions_point_into_their_text() {
    let place = |expression: &str| {
        let text = format!(
            "[data]\nsource = \"expressions\"\ninputs = [\"index\"]\ntargets = {{ y = {expression} }}\n[model]\nhidden = [8]"
        );
        let errors = parse(&text, "config.toml", Path::new("/folder"), "config").expect_err("a mistake was planted");
        let at = errors.mistakes()[0].at().expect("a place");
        text[at.offset()..at.offset() + at.len()].to_owned()
    };
    for quoted in
        ["\"1 + foo\"", "'1 + foo'", "'''1 + foo'''", "\"\"\"1 + foo\"\"\"", "'''\n1 + foo'''", "'''\r\n1 + foo'''"]
    {
        assert_eq!(place(quoted), "foo", "{quoted}");
    }
    // An escape moves what follows it: then the whole string is marked.
    assert_eq!(place("\"1\\t+ foo\""), "\"1\\t+ foo\"");
}
