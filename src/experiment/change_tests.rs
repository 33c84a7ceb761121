//! Tests of [`super`].

use std::path::Path;

use super::*;
use crate::experiment::{Activation, BiasInit, Layer, Loss, Optimiser, WeightInit, rendered::rendered};

const TEXT: &str = "\
# mine
[data]
source = \"function\"   # synthetic
formula = \"sine\"

[model]
layers = [
    { type = \"dense\", units = 8, activation = \"relu\" }, # hidden
    \"dense\",
]

[training]
loss = \"mse\" # the usual
optimiser = { kind = \"adam\", lr = 0.01 }
";

fn changes(list: &[&str]) -> Vec<Change> {
    list.iter().map(|text| text.parse().unwrap_or_else(|error| panic!("{error}"))).collect()
}

fn changed(text: &str, list: &[&str]) -> (String, Experiment) {
    let text = apply(text, "config.toml", &changes(list)).unwrap_or_else(|errors| panic!("{:?}", errors.mistakes()));
    let experiment = reader::parse(&text, "config.toml", Path::new("/folder"), "config")
        .unwrap_or_else(|errors| panic!("{text}\n{:?}", errors.mistakes()));
    (text, experiment)
}

fn refused(text: &str, change: &str) -> String {
    let errors = apply(text, "config.toml", &changes(&[change])).expect_err("it cannot be applied");
    errors.mistakes()[0].to_string()
}

#[test]
fn layout_and_comments_stay() {
    let (text, experiment) =
        changed(TEXT, &["training.optimiser.lr=0.001", "training.loss=mae", "model.layers.0.units=4"]);
    assert_eq!(text, TEXT.replace("0.01", "0.001").replace("\"mse\"", "\"mae\"").replace("units = 8", "units = 4"));
    assert_eq!(experiment.training.optimiser.lr(), 0.001);
}

#[test]
fn nothing_changed_is_nothing_touched() {
    assert_eq!(apply(TEXT, "config.toml", &[]).expect("right TOML"), TEXT);
}

#[test]
fn missing_tables_are_made() {
    let short = "[data]\nsource = \"function\"\nformula = \"sine\"\n[model]\nhidden = [8]\n";
    let (text, experiment) =
        changed(short, &["diagnosis.seeds=4", "training.optimiser.kind=sgd", "training.optimiser.lr=1", "seed=7"]);
    assert_eq!((experiment.diagnosis.seeds, experiment.seed), (4, 7));
    assert_eq!(experiment.training.optimiser.lr(), 1.0);
    insta::assert_snapshot!(text, @r#"
    seed = 7
    [data]
    source = "function"
    formula = "sine"
    [model]
    hidden = [8]

    [diagnosis]
    seeds = 4

    [training.optimiser]
    kind = "sgd"
    lr = 1
    "#);
}

#[test]
fn words_become_tables_when_a_key_of_theirs_is_set() {
    let (_, experiment) = changed(TEXT, &["training.loss=huber", "training.loss.delta=0.5"]);
    assert_eq!(experiment.training.loss, Loss::Huber { delta: 0.5 });
    let (_, experiment) = changed(TEXT, &["model.init=keras", "model.init.gain=2"]);
    assert_eq!(
        (experiment.model.init.weights, experiment.model.init.bias),
        (WeightInit::GlorotUniform {}, BiasInit::Zeros {})
    );
    assert_eq!(experiment.model.init.gain, 2.0);
    let (_, experiment) = changed(TEXT, &["model.layers.1.activation=tanh"]);
    assert!(matches!(experiment.model.layers[1], Layer::Dense { activation: Activation::Tanh, units: None, .. }));
    let (_, experiment) =
        changed(TEXT, &["training.optimiser={kind=\"sgd\",lr=0.1}", "training.optimiser.momentum=0.9"]);
    assert!(matches!(experiment.training.optimiser, Optimiser::Sgd { momentum: 0.9, .. }));
}

#[test]
fn both_spellings_lead_to_the_same_key() {
    for (written, set) in [("optimiser", "optimizer"), ("optimizer", "optimiser"), ("optimizer", "optimizer")] {
        let (text, experiment) = changed(&TEXT.replace("optimiser", written), &[&format!("training.{set}.lr=0.5")]);
        assert_eq!(experiment.training.optimiser.lr(), 0.5, "{text}");
    }
    let (_, experiment) =
        changed("[data]\nsource=\"function\"\nformula=\"sum\"\n[model]\nhidden=[1]", &["training.optimizer.lr=0.5"]);
    assert_eq!(experiment.training.optimiser.lr(), 0.5);
}

#[test]
fn arrays_of_tables_have_indices_too() {
    let text = "[data]\nsource=\"function\"\nformula=\"sum\"\n[[model.layers]]\ntype=\"dense\"\nunits=3\n[[model.layers]]\ntype=\"dense\"\n";
    let (_, experiment) = changed(text, &["model.layers.0.units=5"]);
    assert!(matches!(experiment.model.layers[0], Layer::Dense { units: Some(5), .. }));
    let (_, experiment) =
        changed("[data]\nsource=\"function\"\nformula=\"sum\"\n[model]\nhidden=[1, 2]", &["model.hidden.1=9"]);
    assert!(matches!(experiment.model.layers[1], Layer::Dense { units: Some(9), .. }));
}

#[test]
fn values_are_toml_or_words() {
    let value = |to: &str| Change { path: "a".into(), to: to.into() }.value().to_string();
    assert_eq!(value("0.1").trim(), "0.1");
    assert_eq!(value("true").trim(), "true");
    assert_eq!(value("[1, 2]").trim(), "[1, 2]");
    assert_eq!(value("relu").trim(), "\"relu\"");
    assert_eq!(value("\"relu\"").trim(), "\"relu\"");
    assert_eq!(value("a = b\n[x]").trim(), "\"\"\"\na = b\n[x]\"\"\"");
}

#[test]
fn paths_that_lead_nowhere_are_refused() {
    assert_eq!(
        refused(TEXT, "model.layers.2.units=1"),
        "`model.layers.2.units=1` cannot be applied: `model.layers` has no entry 2"
    );
    assert_eq!(
        refused(TEXT, "model.layers.x.units=1"),
        "`model.layers.x.units=1` cannot be applied: `model.layers` is a list, and `x` is no index"
    );
    assert_eq!(
        refused(TEXT, "data.formula.deep=1"),
        "`data.formula.deep=1` cannot be applied: `data.formula` is a value and has no key `deep`"
    );
    let short = "[model]\nhidden = [8]\n";
    assert_eq!(
        refused(short, "model.layers.0.units=1"),
        "`model.layers.0.units=1` cannot be applied: the text has no `model.layers`"
    );
    for text in ["", "=", "a", "a=", ".a=1", "a..b=1", "=1"] {
        assert!(text.parse::<Change>().is_err(), "{text:?}");
    }
    assert_eq!("a.b = c=d ".parse::<Change>().expect("a change"), Change { path: "a.b".into(), to: "c=d".into() });
}

/// A wrong path or value gets the same message as the same mistake in the file, in the changed text.
#[test]
fn mistakes_of_changes_have_places() {
    let list = changes(&["training.optimiser.lr=-1", "training.epoch=3"]);
    let errors = read_with(Path::new("fixtures/diabetes.toml"), &list).expect_err("both are wrong");
    insta::assert_snapshot!("wrong-changes", rendered(&errors));
    let (experiment, text) =
        read_with(Path::new("fixtures/diabetes.toml"), &changes(&["training.epochs=3"])).expect("it is right");
    assert_eq!((experiment.training.epochs, text.contains("epochs = 3")), (3, true));
}

#[test]
fn a_text_that_is_no_toml_is_told_as_such() {
    let errors = apply("a = \n", "config.toml", &changes(&["b=1"])).expect_err("no value");
    assert!(errors.mistakes()[0].to_string().starts_with("not valid TOML"), "{errors:?}");
}
