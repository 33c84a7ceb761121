//! Tests of [`super`]: defaults, shorthands, both directions of the round trip.

use super::*;
use crate::experiment::{
    Activation, BiasInit, Data, Diagnosis, Distribution, Formula, Init, Layer, Loss, Missing, Model, Optimiser,
    Padding, Probes, Scaling, Schedule, Training, WeightInit,
    rendered::{broken, rendered},
};

pub(super) fn parsed(text: &str) -> Experiment {
    parse(text, "config.toml", Path::new("/folder"), "config")
        .unwrap_or_else(|errors| panic!("{:?}", errors.mistakes()))
}

pub(super) fn mistakes(text: &str) -> Vec<String> {
    let errors = parse(text, "config.toml", Path::new("/folder"), "config").expect_err("a mistake was planted");
    errors.mistakes().iter().map(ToString::to_string).collect()
}

pub(super) const SHORTEST: &str = "[data]\nsource = \"function\"\nformula = \"sine\"\n[model]\nhidden = [8]\n";

#[test]
fn every_default_is_filled_in() {
    let experiment = parsed(SHORTEST);
    let wanted = Experiment {
        name: "config".into(),
        seed: 0,
        data: Data {
            source: Source::Function {
                formula: Formula::Sine,
                features: 1,
                inputs: Distribution::Uniform { low: -1.0, high: 1.0 },
                noise: 0.0,
                train_samples: 1000,
                validation_samples: 200,
            },
            scale_inputs: Scaling::None,
            scale_targets: Scaling::None,
            seed: 0,
        },
        model: Model {
            layers: vec![
                Layer::Dense { units: Some(8), activation: Activation::Relu, bias: true, init: None },
                Layer::Dense { units: None, activation: Activation::Linear, bias: true, init: None },
            ],
            init: Init { weights: WeightInit::PytorchUniform {}, gain: 1.0, bias: BiasInit::PytorchUniform {} },
        },
        training: Training {
            epochs: 100,
            batch_size: 32,
            shuffle: true,
            loss: Loss::Mse {},
            optimiser: Optimiser::Adam { lr: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0 },
            schedule: Schedule::Constant {},
            warmup_steps: 0,
            clip_norm: None,
            clip_value: None,
            checkpoint_secs: 10.0,
            drop_last: false,
        },
        diagnosis: Diagnosis {
            seeds: 1,
            probe_samples: 512,
            early_stop: true,
            patience_epochs: 20,
            probes: Probes::All,
            references: true,
            stop_when_learned: false,
        },
        faults: crate::experiment::Faults::default(),
    };
    assert_eq!(experiment, wanted);
}

#[test]
fn words_and_tables_mean_the_same() {
    let with = |training: &str, init: &str| parsed(&format!("{SHORTEST}{init}\n[training]\n{training}\n"));
    assert_eq!(with("loss = \"huber\"", "").training.loss, Loss::Huber { delta: 1.0 });
    assert_eq!(with("loss = { kind = \"huber\" }", ""), with("loss = \"huber\"", ""));
    assert_eq!(with("optimizer = \"sgd\"", ""), with("optimiser = { kind = \"sgd\", lr = 0.01 }", ""));
    assert_eq!(with("[training.optimizer]\nkind = \"sgd\"\nlr = 1", "").training.optimiser.lr(), 1.0);
    // A table that does not tell its kind is of the usual kind.
    assert_eq!(with("optimiser = { lr = 0.01, beta1 = 0.8 }", "").training.optimiser.lr(), 0.01);
    assert_eq!(with("schedule = \"cosine\"", "").training.schedule, Schedule::Cosine { final_factor: 0.0 });
    let keras = Init { weights: WeightInit::GlorotUniform {}, gain: 1.0, bias: BiasInit::Zeros {} };
    assert_eq!(with("", "init = \"keras\"").model.init, keras);
    assert_eq!(with("", "init = { weights = \"glorot_uniform\", bias = \"zeros\" }").model.init, keras);
    let normal = with("", "init = { weights = { kind = \"normal\", std = 0.1 } }").model.init;
    assert_eq!(normal.weights, WeightInit::Normal { std: 0.1 });
    assert_eq!(normal.bias, BiasInit::PytorchUniform {});
}

#[test]
fn layers_may_be_words() {
    let text = "[data]\nsource = \"boxes\"\n[model]\nlayers = [\"flatten\", \"dense\"]";
    let wanted =
        [Layer::Flatten {}, Layer::Dense { units: None, activation: Activation::Linear, bias: true, init: None }];
    assert_eq!(parsed(text).model.layers, wanted);
}

#[test]
fn tables_start_at_the_folder_of_the_file() {
    let text =
        |path: &str| format!("[data]\nsource = \"table\"\npath = \"{path}\"\ntargets = \"y\"\n[model]\nhidden = []");
    let path = |text: &str| match parsed(text).data.source {
        Source::Table { path, targets, .. } => (path, targets),
        other => panic!("{other:?}"),
    };
    assert_eq!(path(&text("sub/data.csv")), ("/folder/sub/data.csv".into(), vec!["y".to_owned()]));
    assert_eq!(path(&text("/else/data.csv")).0, Path::new("/else/data.csv"));
}

#[test]
fn byte_order_marks_and_windows_line_ends_do_not_matter() {
    assert_eq!(parsed(&format!("\u{feff}{}", SHORTEST.replace('\n', "\r\n"))), parsed(SHORTEST));
}

#[test]
fn all_mistakes_are_told_at_once_in_order() {
    let text =
        "seed = -1\n[data]\nsource = \"functoin\"\n[model]\nhidden = [8, \"x\"]\n[training]\nepochs = 0\nlr = 0.1\n";
    let wanted = [
        "`seed` must be a whole number from 0 to 9007199254740991",
        "`data.source` cannot be `functoin`",
        "`model.hidden.1` must be a whole number from 1 to 1000000",
        "`training.epochs` must be a whole number from 1 to 1000000",
        "unknown key `training.lr`",
    ];
    assert_eq!(mistakes(text), wanted);
}

/// What is no finite number in a range must never come through, in whatever notation.
#[test]
fn odd_numbers_are_refused() {
    for lr in [
        "nan",
        "-nan",
        "inf",
        "-inf",
        "1e400",
        "-1e-3",
        "0",
        "0.0",
        "-0.0",
        "1e7",
        "\"0.1\"",
        "true",
        "[0.1]",
        "1979-05-27",
    ] {
        let text = format!("{SHORTEST}[training]\noptimiser = {{ kind = \"adam\", lr = {lr} }}");
        let found = mistakes(&text);
        assert_eq!(found.len(), 1, "{lr}: {found:?}");
        assert!(found[0].starts_with("`training.optimiser.lr` must be"), "{lr}: {found:?}");
    }
    for epochs in ["0", "-1", "1.0", "1000001", "99999999999999999999999999999999999999999999999", "inf"] {
        let found = mistakes(&format!("{SHORTEST}[training]\nepochs = {epochs}"));
        assert!(found.len() == 1 && found[0].starts_with("`training.epochs` must be"), "{epochs}: {found:?}");
    }
    assert_eq!(parsed(&format!("{SHORTEST}[training]\nepochs = 1_0\n")).training.epochs, 10);
    assert_eq!(parsed(&format!("{SHORTEST}[training]\nepochs = 0x10\n")).training.epochs, 16);
}

#[test]
fn names_that_are_no_folder_are_refused() {
    for name in [
        "",
        " ",
        "..",
        "a/b",
        "a\\\\b",
        ".hidden",
        "-rf",
        "a\\u0000",
        "a\\n",
        "a\\u202Eb",
        "a\u{200b}",
        &"x".repeat(101),
    ] {
        let found = mistakes(&format!("name = \"{name}\"\n{SHORTEST}"));
        assert!(found.len() == 1 && found[0].starts_with("`name` must be"), "{name}: {found:?}");
    }
    assert_eq!(parsed(&format!("name = \"Größe 2\"\n{SHORTEST}")).name, "Größe 2");
}

/// The name is the folder of the results: two files that share it would share their results.
#[test]
fn files_with_odd_names_have_names_of_their_own() {
    let names = ["-x", "--x", "\u{1b}[31mred", "red", "..hidden", "*", "?", "a\u{202e}b", "ab", " ", &"x".repeat(101)];
    let found: Vec<String> = names.iter().map(|name| default_name(Path::new(&format!("a/{name}.toml")))).collect();
    assert!(found.iter().all(|name| is_file_name(name)), "{found:?}");
    assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), names.len(), "{found:?}");
    assert_eq!((found[3].as_str(), found[8].as_str()), ("red", "ab"));
    insta::assert_snapshot!(found[..3].join(" "));
    assert_eq!(default_name(Path::new("-x.toml")), found[0]);
    #[cfg(unix)]
    {
        use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
        let [first, second] = [b"\xff.toml", b"\xfe.toml"].map(|name| default_name(Path::new(OsStr::from_bytes(name))));
        assert!(is_file_name(&first) && first != second, "{first} {second}");
    }
}

#[test]
fn the_last_seed_is_a_seed_too() {
    let text = |seed: u64, seeds: u32| format!("seed = {seed}\n{SHORTEST}[diagnosis]\nseeds = {seeds}");
    let wanted = "the last of 2 seeds would be 9007199254740992, and the largest seed is 9007199254740991";
    assert_eq!(mistakes(&text(LARGEST_SEED, 2)), [wanted]);
    assert_eq!(parsed(&text(LARGEST_SEED - 1, 2)).seed, LARGEST_SEED - 1);
    assert_eq!(parsed(&text(LARGEST_SEED, 1)).diagnosis.seeds, 1);
}

#[test]
fn shapes_are_checked_where_the_text_says_enough() {
    let found = mistakes("[data]\nsource = \"boxes\"\n[model]\nhidden = [8]");
    assert_eq!(found, ["layer 1, `dense_1`, needs flat input, but gets an image `[3, 64, 64]`"]);
    // A table without named features may have any number of columns.
    parsed(
        "[data]\nsource = \"table\"\npath = \"a.csv\"\ntargets = [\"y\"]\n[model]\nlayers = [{ type = \"dense\", units = 1 }]",
    );
}

/// One experiment for each variant of each enum.
fn examples() -> Vec<Experiment> {
    let base = parsed(SHORTEST);
    let mut examples = vec![base.clone()];
    let mut vary = |change: &dyn Fn(&mut Experiment)| {
        let mut example = base.clone();
        change(&mut example);
        examples.push(example);
    };
    for optimiser in [
        Optimiser::Sgd { lr: 0.1, momentum: 0.9, nesterov: true, weight_decay: 1e-4 },
        Optimiser::AdamW { lr: 1e-300, beta1: 0.0, beta2: 0.5, epsilon: 1e-7, weight_decay: 0.01 },
        Optimiser::RmsProp { lr: 3.0, rho: 0.9, epsilon: 1e-10, momentum: 0.1, weight_decay: 0.0 },
    ] {
        vary(&|example| example.training.optimiser = optimiser);
    }
    for loss in
        [Loss::Mae {}, Loss::Huber { delta: 0.3 }, Loss::Mape {}, Loss::BinaryCrossEntropy {}, Loss::CrossEntropy {}]
    {
        vary(&|example| example.training.loss = loss);
    }
    for schedule in [Schedule::Step { every_epochs: 7, factor: 0.5 }, Schedule::Cosine { final_factor: 0.01 }] {
        vary(&|example| example.training.schedule = schedule);
    }
    vary(&|example| {
        example.training.clip_norm = Some(1.0);
        example.training.clip_value = Some(0.1);
        example.training.shuffle = false;
        example.training.drop_last = true;
        example.diagnosis.stop_when_learned = true;
        example.diagnosis.probes = Probes::None;
        example.diagnosis.early_stop = false;
        example.diagnosis.references = false;
        example.seed = LARGEST_SEED;
        example.data.seed = 1;
        example.data.scale_inputs = Scaling::Standard;
        example.data.scale_targets = Scaling::MinMax;
        example.name = "a \u{fc}, 'b'".into();
    });
    for (_, formula) in data::FORMULAS {
        let features = formula.features_needed() + 1;
        let inputs = Distribution::Normal { mean: 0.1 + 0.2, std: 1e-9 };
        let source = Source::Function {
            formula: *formula,
            features,
            inputs,
            noise: 0.5,
            train_samples: 2,
            validation_samples: 0,
        };
        vary(&|example| example.data.source = source.clone());
    }
    vary(&|example| example.data.source = parsed(expression_tests::EXPRESSIONS).data.source);
    for faults in planted_tests::planted() {
        vary(&|example| example.faults = faults.clone());
    }
    vary(&|example| {
        let own = Init { weights: WeightInit::Zeros {}, gain: 0.5, bias: BiasInit::Constant { value: -1.0 } };
        if let Layer::Dense { init, .. } = &mut example.model.layers[0] {
            *init = Some(own);
        }
    });
    for (missing, delimiter) in [(Missing::Refuse, ';'), (Missing::DropRows, '\t')] {
        let (features, targets) = (vec!["a \"b\"".to_owned()], vec!["y".to_owned(), "z".to_owned()]);
        let path = "/folder/a b.csv".into();
        let source = Source::Table { path, features, targets, validation_fraction: 0.0, delimiter, missing };
        vary(&|example| example.data.source = source.clone());
    }
    for kind in model::WEIGHTS.options.iter().map(|(_, kind)| *kind) {
        vary(&|example| example.model.init.weights = kind);
    }
    for kind in [BiasInit::Zeros {}, BiasInit::Constant { value: -10.0 }] {
        vary(&|example| {
            example.model.init.bias = kind;
            example.model.init.gain = 0.0;
        });
    }
    vary(&|example| {
        example.data.source = Source::Boxes {
            train_samples: 9,
            validation_samples: 0,
            height: 20,
            width: 30,
            channels: 1,
            box_size: 20,
            noise: 0.25,
        };
        let conv = |padding| Layer::Conv2d {
            filters: 2,
            kernel: 3,
            stride: 2,
            padding,
            activation: Activation::Gelu,
            bias: false,
            init: None,
        };
        example.model.layers = vec![
            conv(Padding::Same),
            conv(Padding::Half),
            Layer::BatchNorm { momentum: 0.01, epsilon: 1e-3, activation: Activation::Relu },
            Layer::MaxPool2d { size: 2, stride: 1 },
            Layer::AvgPool2d { size: 2, stride: 1 },
            conv(Padding::Valid),
            Layer::Flatten {},
            Layer::Dropout { rate: 0.25 },
        ];
        let activations =
            model::ACTIVATIONS.iter().map(|(_, activation)| Layer::Activation { activation: *activation });
        example.model.layers.extend(activations);
        example.model.layers.push(Layer::Dense {
            units: Some(2),
            activation: Activation::Linear,
            bias: true,
            init: None,
        });
    });
    examples
}

#[test]
fn what_serde_writes_reads_back_equal() {
    for example in examples() {
        let text = toml::to_string(&example).expect("an experiment is a TOML table");
        match parse(&text, "written.toml", Path::new("/other"), "other") {
            Ok(back) => assert_eq!(back, example, "{text}"),
            Err(errors) => panic!("{text}\n{:?}", errors.mistakes()),
        }
        let back: Experiment = toml::from_str(&text).expect("serde reads what it wrote");
        assert_eq!(back, example);
    }
}

#[test]
fn the_fixtures_are_right() {
    for name in ["cv-261704", "demo", "diabetes", "healthy-function", "dead-relu-bias"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name).with_extension("toml");
        let experiment = read(&path).unwrap_or_else(|errors| panic!("{name}: {:?}", errors.mistakes()));
        assert_eq!(experiment.name, name);
    }
}

/// One snapshot for each file below `fixtures/broken`.
#[test]
fn broken_files_are_explained() {
    for path in broken("toml") {
        let errors = read(&path).expect_err("the file is broken");
        let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        insta::assert_snapshot!(name, rendered(&errors));
    }
}

#[test]
fn files_that_are_none_are_explained() {
    let none = read(Path::new("fixtures/broken/nowhere.toml")).expect_err("there is no such file");
    insta::assert_snapshot!("no-file", rendered(&none));
    let without_ending = read(Path::new("fixtures/demo")).expect_err("there is no such file");
    insta::assert_snapshot!("no-ending", rendered(&without_ending));
    let folder = read(Path::new("fixtures/broken")).expect_err("a folder is no file");
    insta::assert_snapshot!("folder", rendered(&folder));
    #[cfg(unix)]
    {
        let endless = read(Path::new("/dev/zero")).expect_err("it never ends");
        assert!(endless.mistakes()[0].to_string().contains("more than 4194304 bytes"), "{endless:?}");
    }
}
