//! Single changes drawn at random: every setting that a cause may propose to change, over a sensible range, rates uniform in the
//! logarithm.

use whymean::{
    experiment::{Activation, Change, Experiment, Layer, Optimiser},
    judge::causes::ProposedChange,
    verify::Configuration,
};

use crate::common::draw::Draw;

/// A setting, and how a value of it is drawn.
struct Setting {
    path: String,
    value: Box<dyn Fn(&mut Draw) -> String>,
}

/// Draws for each change that is used, before the space counts as used up.
const PATIENCE: usize = 20;

/// So many changes that can be made and change what is trained, each setting as likely as any other.
pub fn draw(base: &Experiment, configuration: &Configuration, count: usize, draw: &mut Draw) -> Vec<ProposedChange> {
    let makes = |path: &str, to: String| {
        let change = Change { path: path.to_owned(), to };
        configuration.experiment(std::slice::from_ref(&change)).ok().map(|changed| (change, changed))
    };
    // A setting that this configuration cannot have would be drawn in vain.
    let settings: Vec<Setting> =
        settings(base).into_iter().filter(|setting| makes(&setting.path, (setting.value)(draw)).is_some()).collect();
    let mut drawn = Vec::new();
    for _ in 0..PATIENCE * count {
        if drawn.len() == count || settings.is_empty() {
            break;
        }
        let setting = &settings[draw.whole(0, settings.len() as u32 - 1) as usize];
        let Some((change, changed)) = makes(&setting.path, (setting.value)(draw)) else { continue };
        if changed != *base {
            drawn.push(ProposedChange { path: change.path, from: None, to: change.to, why: "by chance".to_owned() });
        }
    }
    drawn
}

fn setting(path: impl Into<String>, value: impl Fn(&mut Draw) -> String + 'static) -> Setting {
    Setting { path: path.into(), value: Box::new(value) }
}

fn one_of(path: impl Into<String>, words: &'static [&'static str]) -> Setting {
    setting(path, move |draw| draw.pick(words).to_owned())
}

fn log(path: impl Into<String>, low: f64, high: f64) -> Setting {
    setting(path, move |draw| format!("{:e}", draw.log_between(low, high)))
}

fn log_whole(path: impl Into<String>, low: f64, high: f64) -> Setting {
    setting(path, move |draw| (draw.log_between(low, high + 1.0) as u64).to_string())
}

const SCALINGS: &[&str] = &["\"none\"", "\"standard\"", "\"min_max\""];
const ACTIVATIONS: &[&str] =
    &["\"linear\"", "\"relu\"", "\"leaky_relu\"", "\"elu\"", "\"gelu\"", "\"tanh\"", "\"sigmoid\"", "\"softplus\""];
const STARTS: &[&str] = &[
    "\"glorot_uniform\"",
    "\"glorot_normal\"",
    "\"he_uniform\"",
    "\"he_normal\"",
    "\"lecun_uniform\"",
    "\"lecun_normal\"",
    "\"pytorch_uniform\"",
    "\"orthogonal\"",
];
const BIASES: &[&str] = &[
    "\"zeros\"",
    "\"pytorch_uniform\"",
    "{ kind = \"constant\", value = 0.1 }",
    "{ kind = \"constant\", value = 1.0 }",
];

/// Every setting of this experiment that is drawn.
fn settings(base: &Experiment) -> Vec<Setting> {
    let training = &base.training;
    let epochs = f64::from(training.epochs);
    let most_batch = f64::from(training.batch_size).max(512.0);
    let mut all = vec![
        log("training.optimiser.lr", 1e-6, 10.0),
        setting("training.optimiser", |draw| {
            let kind = draw.pick(&["sgd", "adam", "adamw", "rmsprop"]);
            let rates = if kind == "sgd" { (1e-4, 1.0) } else { (1e-5, 0.1) };
            format!("{{ kind = \"{kind}\", lr = {:e} }}", draw.log_between(rates.0, rates.1))
        }),
        setting("training.optimiser.weight_decay", |draw| match draw.whole(0, 1) {
            0 => "0.0".to_owned(),
            _ => format!("{:e}", draw.log_between(1e-6, 1.0)),
        }),
        log_whole("training.epochs", (epochs / 4.0).max(1.0), 20.0 * epochs),
        log_whole("training.batch_size", 8.0, most_batch),
        one_of(
            "training.loss",
            &["\"mse\"", "\"mae\"", "{ kind = \"huber\", delta = 1.0 }", "{ kind = \"huber\", delta = 0.1 }"],
        ),
        one_of("training.schedule", &["\"constant\"", "{ kind = \"cosine\", final_factor = 0.01 }"]),
        one_of("training.drop_last", &["false", "true"]),
        log("training.clip_norm", 1e-2, 100.0),
        log_whole("training.warmup_steps", 1.0, 1000.0),
        one_of("model.init", &["\"keras\"", "\"pytorch\""]),
        one_of("model.init.weights", STARTS),
        log("model.init.gain", 1e-2, 100.0),
        one_of("model.init.bias", BIASES),
        one_of("model.activation", ACTIVATIONS),
        one_of("model.output_activation", ACTIVATIONS),
        one_of("data.scale_inputs", SCALINGS),
        one_of("data.scale_targets", SCALINGS),
    ];
    if let Optimiser::Sgd { .. } = training.optimiser {
        all.push(setting("training.optimiser.momentum", |draw| format!("{:.3}", draw.between(0.0, 0.99))));
    }
    for (index, layer) in base.model.layers.iter().enumerate() {
        let path = |key: &str| format!("model.layers.{index}.{key}");
        let last = index + 1 == base.model.layers.len();
        match layer {
            Layer::Dense { activation, .. } => {
                all.push(one_of(path("activation"), ACTIVATIONS));
                if !last {
                    all.push(log_whole(path("units"), 1.0, 256.0));
                }
                if *activation != Activation::Linear {
                    all.push(one_of(path("init.bias"), BIASES));
                }
            }
            Layer::Conv2d { .. } => all.push(one_of(path("activation"), ACTIVATIONS)),
            Layer::MaxPool2d { .. } | Layer::AvgPool2d { .. } => all.push(log_whole(path("size"), 1.0, 8.0)),
            Layer::Dropout { .. } => all.push(setting(path("rate"), |draw| format!("{:.3}", draw.between(0.0, 0.9)))),
            Layer::BatchNorm { .. } => all.push(log(path("momentum"), 1e-4, 1.0)),
            Layer::Flatten {} | Layer::Activation { .. } => {}
        }
    }
    all.extend(faults());
    all
}

/// What `[faults]` may hold: switches with few positions, and numbers of which one is neutral.
fn faults() -> Vec<Setting> {
    vec![
        one_of(
            "faults.targets",
            &[
                "\"aligned\"",
                "\"shuffled\"",
                "\"shifted_by_one\"",
                "\"shuffled_each_epoch\"",
                "\"shuffled_validation\"",
            ],
        ),
        one_of("faults.loss_shapes", &["\"equal\"", "\"column_against_vector\"", "\"row_against_column\""]),
        one_of("faults.gradients", &["\"correct\"", "\"negated\"", "\"accumulated\"", "\"reversed\""]),
        one_of("faults.training_mode", &["\"train\"", "\"eval\""]),
        one_of("faults.untrained_layers", &["[]", "[\"dense_1\"]"]),
        one_of("faults.detached_layer", &["\"\"", "\"dense_1\""]),
        one_of("faults.replaced_fraction", &["0.0", "0.5", "0.9"]),
        one_of("faults.nan_fraction", &["0.0", "0.01"]),
        one_of("faults.inference_input_factor", &["1.0", "0.01", "100.0"]),
        one_of("faults.inference_input_shift", &["0.0", "-1.0", "1.0"]),
        one_of("faults.inference_output_factor", &["1.0", "0.01", "100.0"]),
        one_of("faults.inference_output_shift", &["0.0", "-1.0", "1.0"]),
    ]
}
