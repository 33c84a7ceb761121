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
    assert_eq!(
        refused("[model]\nhidden = 8\n", "model.layers.0.units=1"),
        "`model.layers.0.units=1` cannot be applied: `model.hidden` cannot be written out as layers"
    );
    assert_eq!(
        refused("[model]\n", "model.layers.0.units=1"),
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

const DATA: &str = "[data]\nsource = \"function\"\nformula = \"sum\"\nfeatures = 3\n";

/// One text for each way to write the optimiser, the loss and the initialisation.
fn forms() -> Vec<String> {
    let model = "[model]\nhidden = [8, 8]\n";
    [
        format!("{DATA}{model}"),
        format!("{DATA}{model}[training]\n"),
        format!("{DATA}{model}[training]\noptimiser = \"sgd\"\nloss = \"huber\"\n"),
        format!("{DATA}{model}[training]\noptimizer = {{ kind = \"sgd\", lr = 0.1, momentum = 0.9, nesterov = true }} # mine\nloss = {{ kind = \"huber\", delta = 2 }}\n"),
        format!("{DATA}{model}[training]\n[training.optimiser]\nkind = \"rmsprop\"\nrho = 0.9 # slow\n[training.loss]\nkind = \"huber\"\n[diagnosis]\nseeds = 2\n"),
        format!("{DATA}{model}[training.optimizer]\nlr = 0.5\n"),
        format!("training.optimiser.kind = \"adamw\"\ntraining.loss.kind = \"mae\"\n{DATA}{model}"),
        format!("training = {{ optimiser = \"adamw\", epochs = 7 }}\nmodel = {{ hidden = [8, 8], init = \"keras\" }}\n{DATA}"),
        format!("{DATA}{model}init = \"keras\" # as there\n"),
        format!("{DATA}{model}[model.init]\nweights = \"he_normal\"\ngain = 2\n"),
        format!("{DATA}{model}init = {{ weights = {{ kind = \"normal\", std = 0.1 }} }}\n"),
        format!("{DATA}{model}init.bias = \"zeros\"\n"),
        format!("{DATA}[model]\nlayers = [{{ type = \"dense\", units = 8, activation = \"tanh\" }}, \"dense\"]\n"),
        format!("{DATA}[model]\n[[model.layers]]\ntype = \"dense\"\nunits = 8\nactivation = \"tanh\"\n[[model.layers]]\ntype = \"dense\"\n"),
    ]
    .map(|text| { parsed(&text); text })
    .into()
}

fn parsed(text: &str) -> Experiment {
    reader::parse(text, "config.toml", Path::new("/folder"), "config")
        .unwrap_or_else(|errors| panic!("{text}\n{:?}", errors.mistakes()))
}

#[test]
fn what_a_fix_changes_can_be_changed_in_every_text() {
    type Holds = fn(&Experiment) -> bool;
    let cases: &[(&str, Holds)] = &[
        ("training.optimiser.lr=0.25", |it| it.training.optimiser.lr() == 0.25),
        ("training.optimiser.weight_decay=0.125", |it| it.training.optimiser.weight_decay() == 0.125),
        ("training.optimiser.kind=adam", |it| matches!(it.training.optimiser, Optimiser::Adam { .. })),
        ("training.optimiser.kind=sgd", |it| matches!(it.training.optimiser, Optimiser::Sgd { .. })),
        ("training.optimiser={ kind = \"adam\", lr = 0.001 }", |it| it.training.optimiser == adam(0.001)),
        ("training.optimiser=adam", |it| it.training.optimiser == adam(0.001)),
        ("training.loss=mse", |it| it.training.loss == Loss::Mse {}),
        ("training.loss.kind=mae", |it| it.training.loss == Loss::Mae {}),
        ("training.loss={ kind = \"huber\", delta = 3 }", |it| it.training.loss == Loss::Huber { delta: 3.0 }),
        ("training.epochs=11", |it| it.training.epochs == 11),
        ("training.batch_size=5", |it| it.training.batch_size == 5),
        ("training.drop_last=true", |it| it.training.drop_last),
        ("training.clip_norm=1.0", |it| it.training.clip_norm == Some(1.0)),
        ("data.scale_inputs=standard", |it| it.data.scale_inputs == crate::experiment::Scaling::Standard),
        ("data.scale_targets=min_max", |it| it.data.scale_targets == crate::experiment::Scaling::MinMax),
        ("model.init=keras", |it| it.model.init.weights == WeightInit::GlorotUniform {}),
        ("model.init={ weights = \"zeros\" }", |it| it.model.init.weights == WeightInit::Zeros {}),
        ("model.init.weights=he_uniform", |it| it.model.init.weights == WeightInit::HeUniform {}),
        ("model.init.weights={ kind = \"normal\", std = 0.5 }", |it| {
            it.model.init.weights == WeightInit::Normal { std: 0.5 }
        }),
        ("model.init.weights.kind=orthogonal", |it| it.model.init.weights == WeightInit::Orthogonal {}),
        ("model.init.bias=zeros", |it| it.model.init.bias == BiasInit::Zeros {}),
        ("model.init.bias={ kind = \"constant\", value = 0.5 }", |it| {
            it.model.init.bias == BiasInit::Constant { value: 0.5 }
        }),
        ("model.init.gain=3", |it| it.model.init.gain == 3.0),
        ("model.activation=elu", |it| it.model.layers[0].activation() == Some(Activation::Elu)),
        ("model.output_activation=sigmoid", |it| {
            it.model.layers.last().and_then(Layer::activation) == Some(Activation::Sigmoid)
        }),
        ("model.layers.0.activation=gelu", |it| it.model.layers[0].activation() == Some(Activation::Gelu)),
        ("model.layers.0.units=3", |it| matches!(it.model.layers[0], Layer::Dense { units: Some(3), .. })),
        (
            "model.layers.0.init.bias=zeros",
            |it| matches!(it.model.layers[0], Layer::Dense { init: Some(init), .. } if init.bias == BiasInit::Zeros {}),
        ),
        ("model.layers.0={ type = \"dropout\", rate = 0.5 }", |it| it.model.layers[0] == Layer::Dropout { rate: 0.5 }),
        ("model.layers.0=flatten", |it| it.model.layers[0] == Layer::Flatten {}),
        ("faults.loss_shapes=column_against_vector", |it| {
            it.faults.loss_shapes == crate::experiment::LossShapes::ColumnAgainstVector
        }),
    ];
    for text in forms() {
        for (change, holds) in cases {
            let (after, experiment) = changed(&text, &[change]);
            assert!(holds(&experiment), "{change}\n{text}\n{after}");
            // The comments are those of the user.
            let comments = |text: &str| text.matches('#').count();
            // Only those inside a table go with it.
            let kept = comments(&after) == comments(&text) || text.contains("# slow");
            assert!(kept, "{change}\n{text}\n{after}");
            // Again, it changes nothing more.
            assert_eq!(changed(&after, &[change]).1, experiment, "{change}\n{text}");
        }
    }
}

fn adam(lr: f64) -> Optimiser {
    Optimiser::Adam { lr, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0 }
}

#[test]
fn another_kind_loses_the_keys_that_it_has_not() {
    let training = |line: &str| format!("{DATA}[model]\nhidden = [1]\n[training]\n{line}\n");
    let sgd = training("optimiser = { kind = \"sgd\", lr = 0.1, momentum = 0.9 }");
    let (text, experiment) = changed(&sgd, &["training.optimiser.kind=adam"]);
    assert_eq!(experiment.training.optimiser, adam(0.1));
    assert!(text.ends_with("optimiser = { kind = \"adam\", lr = 0.1 }\n"), "{text}");
    let (_, experiment) = changed(&sgd, &["training.optimiser={ kind = \"adam\", lr = 0.001 }"]);
    assert_eq!(experiment.training.optimiser, adam(0.001));
    let (text, _) =
        changed(&training("[training.loss]\nkind = \"huber\"\ndelta = 3 # wide"), &["training.loss.kind=mse"]);
    assert!(text.ends_with("[training.loss]\nkind = \"mse\"\n"), "{text}");
    let (text, _) = changed(TEXT, &["model.layers.0.type=flatten"]);
    assert!(text.contains("{ type = \"flatten\" }, # hidden"), "{text}");
    // A kind that there is not is told by the reader, and nothing is lost.
    let text = apply(&sgd, "config.toml", &changes(&["training.optimiser.kind=adamm"])).expect("it can be applied");
    assert!(text.contains("momentum = 0.9"), "{text}");
}

#[test]
fn an_activation_stands_for_those_of_the_layers() {
    let listed = "[model]\nlayers = [\n  { type = \"dense\", units = 4, activation = \"relu\" }, # first\n  { type = \"dropout\", rate = 0.1 },\n  \
                  { type = \"dense\", units = 4 },\n  { type = \"activation\", activation = \"relu\" },\n  { type = \"dense\" },\n]\n";
    let text = format!("{DATA}{listed}");
    let (after, _) = changed(&text, &["model.activation=tanh", "model.output_activation=sigmoid"]);
    assert_eq!(
        after,
        text.replace("\"relu\"", "\"tanh\"")
            .replace("{ type = \"dense\" },", "{ type = \"dense\", activation = \"sigmoid\" },")
    );
    assert_eq!(value_at(&text, "model.activation").as_deref(), Some("\"relu\""));
    assert_eq!(value_at(&text, "model.output_activation"), None);
    assert_eq!(value_at(&after, "model.output_activation").as_deref(), Some("\"sigmoid\""));
    let mixed = text.replacen("relu", "elu", 1);
    assert_eq!(value_at(&mixed, "model.activation"), None);
    // An output without one, behind layers that have none: what weighs its inputs gets one.
    let linear = format!("{DATA}[model]\nlayers = [{{ type = \"dense\", units = 4 }}, \"dense\"]");
    let (_, experiment) = changed(&linear, &["model.activation=relu"]);
    let found: Vec<_> = experiment.model.layers.iter().filter_map(Layer::activation).collect();
    assert_eq!(found, [Activation::Relu, Activation::Linear]);
    let alone = format!("{DATA}[model]\nlayers = [\"dense\"]");
    assert_eq!(
        refused(&alone, "model.activation=relu"),
        "`model.activation=relu` cannot be applied: no layer of `model.layers` is meant by it"
    );
    assert_eq!(
        refused(&alone, "model.hidden=[3]"),
        "`model.hidden=[3]` cannot be applied: the text has `model.layers`, which `model.hidden` excludes"
    );
}

#[test]
fn the_shorthand_is_written_out_when_one_of_its_layers_is_changed() {
    let text = format!("{DATA}[model]\n# small\nhidden = [8, 4]\nactivation = \"tanh\"\ninit = \"keras\" # as there\n");
    let (after, experiment) = changed(&text, &["model.layers.1.activation=relu", "model.layers.0.init.bias=zeros"]);
    insta::assert_snapshot!(after);
    let wanted = changed(&text, &["model.hidden=[8, 4]"]).1;
    assert_eq!(experiment.model.layers.len(), wanted.model.layers.len());
    assert_eq!(experiment.model.layers[2], wanted.model.layers[2]);
    let kept = changed(&text, &["model.layers.0.units=8"]).1;
    assert_eq!(kept.model, wanted.model);
    assert_eq!(value_at(&text, "model.layers.0.activation").as_deref(), Some("\"tanh\""));
    assert_eq!(value_at(&text, "model.layers.2.activation").as_deref(), Some("\"linear\""));
}

#[test]
fn values_are_found_where_they_stand() {
    let text = "seed = 3 # first\n[data]\nsource = \"function\"\n[model]\nhidden = [4, 8]\ninit = \"keras\"\n[training]\n\
                optimizer = { kind = \"adam\", lr = 1e-2 } # slow\nloss = \"mse\"\n[training.schedule]\nkind = \"cosine\"\n";
    let value = |path: &str| value_at(text, path);
    for (path, wanted) in [
        ("seed", "3"),
        ("model.hidden", "[4, 8]"),
        ("model.hidden.1", "8"),
        ("model.init", "\"keras\""),
        ("model.init.weights", "\"glorot_uniform\""),
        ("training.optimiser", "{ kind = \"adam\", lr = 1e-2 }"),
        ("training.optimiser.lr", "1e-2"),
        ("training.optimizer.lr", "1e-2"),
        ("training.loss", "\"mse\""),
        ("training.loss.kind", "\"mse\""),
        ("training.schedule", "{ kind = \"cosine\" }"),
    ] {
        assert_eq!(value(path).as_deref(), Some(wanted), "{path}");
    }
    for absent in [
        "name",
        "seed.x",
        "model.hidden.2",
        "model.init.gain",
        "training.epochs",
        "faults.targets",
        "model.layers.9.units",
        "",
        "a..b",
    ] {
        assert_eq!(value(absent), None, "{absent}");
    }
    assert_eq!(value_at("a = ", "a"), None);
    // Looking changes nothing, and what is found can be set again.
    for text in forms() {
        for path in [
            "training.optimiser",
            "training.loss",
            "model.init",
            "model.activation",
            "model.layers.0",
            "training.optimiser.lr",
        ] {
            if let Some(value) = value_at(&text, path) {
                let change = Change { path: path.to_owned(), to: value };
                let again = apply(&text, "config.toml", &[change]).expect("it can be applied");
                assert_eq!(parsed(&again), parsed(&text), "{path}\n{text}");
            }
        }
    }
}
