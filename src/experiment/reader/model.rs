//! `[model]`: layers, the shorthand for dense networks, and the initialisation.

use std::ops::Range;

use toml::{Spanned, de::DeValue};

use super::{
    fields::{Fields, Walk},
    limits,
    variant::Kinds,
};
use crate::experiment::{Activation, BiasInit, Init, Layer, Model, Padding, WeightInit};

pub(super) const ACTIVATIONS: &[(&str, Activation)] = &[
    ("linear", Activation::Linear),
    ("relu", Activation::Relu),
    ("leaky_relu", Activation::LeakyRelu),
    ("elu", Activation::Elu),
    ("gelu", Activation::Gelu),
    ("tanh", Activation::Tanh),
    ("sigmoid", Activation::Sigmoid),
    ("softplus", Activation::Softplus),
    ("softmax", Activation::Softmax),
];

const PADDINGS: &[(&str, Padding)] = &[("valid", Padding::Valid), ("same", Padding::Same), ("half", Padding::Half)];

/// Numbers that have no default are read as required, whatever stands in the template.
pub(super) const LAYERS: Kinds<Layer> = Kinds {
    tag: "type",
    default: None,
    options: &[
        ("dense", Layer::Dense { units: None, activation: Activation::Linear, bias: true, init: None }),
        (
            "conv2d",
            Layer::Conv2d {
                filters: 1,
                kernel: 1,
                stride: 1,
                padding: Padding::Valid,
                activation: Activation::Linear,
                bias: true,
                init: None,
            },
        ),
        ("max_pool2d", Layer::MaxPool2d { size: 1, stride: 1 }),
        ("avg_pool2d", Layer::AvgPool2d { size: 1, stride: 1 }),
        ("flatten", Layer::Flatten {}),
        ("dropout", Layer::Dropout { rate: 0.0 }),
        ("batch_norm", Layer::BatchNorm { momentum: 0.1, epsilon: 1e-5, activation: Activation::Linear }),
        ("activation", Layer::Activation { activation: Activation::Linear }),
    ],
    fill: fill_layer,
};

fn fill_layer(walk: &mut Walk, fields: &mut Fields<'_>, template: Layer) -> Layer {
    match template {
        Layer::Dense { activation, bias, .. } => Layer::Dense {
            units: fields.get("units").and_then(|units| walk.count_value(&fields.path("units"), units, &limits::UNITS)),
            activation: walk.choice(fields, "activation", ACTIVATIONS, activation),
            bias: walk.flag(fields, "bias", bias),
            init: own_init(walk, fields),
        },
        Layer::Conv2d { stride, padding, activation, bias, .. } => Layer::Conv2d {
            filters: walk.count(fields, "filters", &limits::FILTERS, None),
            kernel: walk.count(fields, "kernel", &limits::KERNEL, None),
            stride: walk.count(fields, "stride", &limits::STRIDE, Some(stride)),
            padding: walk.choice(fields, "padding", PADDINGS, padding),
            activation: walk.choice(fields, "activation", ACTIVATIONS, activation),
            bias: walk.flag(fields, "bias", bias),
            init: own_init(walk, fields),
        },
        Layer::MaxPool2d { .. } => {
            let (size, stride) = window(walk, fields);
            Layer::MaxPool2d { size, stride }
        }
        Layer::AvgPool2d { .. } => {
            let (size, stride) = window(walk, fields);
            Layer::AvgPool2d { size, stride }
        }
        Layer::Flatten {} => template,
        Layer::Dropout { .. } => Layer::Dropout { rate: walk.number(fields, "rate", &limits::DROPOUT, None) },
        Layer::BatchNorm { momentum, epsilon, activation } => Layer::BatchNorm {
            momentum: walk.number(fields, "momentum", &limits::NORM_MOMENTUM, Some(momentum)),
            epsilon: walk.number(fields, "epsilon", &limits::EPSILON, Some(epsilon)),
            activation: walk.choice(fields, "activation", ACTIVATIONS, activation),
        },
        Layer::Activation { activation } => {
            if fields.get("activation").is_none() {
                walk.missing(fields, "activation", "name the activation, such as `activation = \"relu\"`");
            }
            Layer::Activation { activation: walk.choice(fields, "activation", ACTIVATIONS, activation) }
        }
    }
}

fn window(walk: &mut Walk, fields: &mut Fields<'_>) -> (u32, u32) {
    let size = walk.count(fields, "size", &limits::POOL, None);
    (size, walk.count(fields, "stride", &limits::POOL, Some(size)))
}

/// Where each layer stands in the text, for what is checked once all layers are known.
pub(super) struct Places {
    /// One for each layer.
    pub layers: Vec<Range<usize>>,
    /// The place of all layers together.
    pub model: Range<usize>,
}

/// `[model]`.
pub(super) fn model(walk: &mut Walk, root: &mut Fields<'_>) -> (Model, Places) {
    if !root.has("model") {
        walk.missing(root, "model", "add `[model]` with `hidden = [64, 64]`, or with `layers`");
    }
    let mut fields = walk.table(root, "model");
    let fields = &mut fields;
    // Before the layers, whose own ones leave out what they share with it.
    let init = init(walk, fields, PYTORCH);
    walk.init = Some(init);
    let layers = fields.get("layers");
    let hidden = fields.get("hidden");
    let (layers, places) = match (layers, hidden) {
        (Some(value), _) => {
            for key in ["hidden", "activation", "output_activation"] {
                if fields.get(key).is_some() {
                    let message = format!("`{}` and `model.layers` exclude each other", fields.path(key));
                    let help = "`hidden`, `activation` and `output_activation` are a shorthand for dense layers; keep one form";
                    walk.conflict(message, &fields.place_of(key), help);
                }
            }
            listed_layers(walk, value)
        }
        (None, hidden) => {
            if hidden.is_none() && root.has("model") {
                walk.missing(
                    fields,
                    "hidden",
                    "write `hidden = [64, 64]` for dense layers, or `layers = [...]` for any others",
                );
            }
            dense_layers(walk, fields, hidden)
        }
    };
    walk.finish(fields);
    let model = fields.at.clone();
    (Model { layers, init }, Places { layers: places, model })
}

/// Far more layers than anything that trains; keeps a slip from taking all memory.
const MOST_LAYERS: usize = 1_000;

fn items<'a>(
    walk: &mut Walk,
    path: &str,
    wanted: &str,
    value: &'a Spanned<DeValue<'a>>,
    help: &str,
) -> Vec<&'a Spanned<DeValue<'a>>> {
    let DeValue::Array(array) = value.get_ref() else {
        walk.wrong_type(path, wanted, value.get_ref(), value.span(), help);
        return Vec::new();
    };
    if array.len() > MOST_LAYERS {
        let seen = format!("{} layers", array.len());
        walk.out_of_range(path, &format!("at most {MOST_LAYERS} layers"), &seen, value.span(), "leave some out");
        return Vec::new();
    }
    array.iter().collect()
}

fn listed_layers(walk: &mut Walk, value: &Spanned<DeValue<'_>>) -> (Vec<Layer>, Vec<Range<usize>>) {
    let help = "write `layers = [{ type = \"dense\", units = 64, activation = \"relu\" }, { type = \"dense\" }]`";
    let before = walk.mistakes.len();
    let items = items(walk, "model.layers", "a list of layers", value, help);
    if items.is_empty() && walk.mistakes.len() == before {
        walk.out_of_range("model.layers", "at least one layer", "an empty list", value.span(), help);
    }
    let mut layers = Vec::with_capacity(items.len());
    let mut places = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        if let Some(layer) = walk.kind_value(&format!("model.layers.{index}"), item, &LAYERS) {
            layers.push(layer);
            places.push(item.span());
        }
    }
    (layers, places)
}

fn dense_layers<'a>(
    walk: &mut Walk,
    fields: &mut Fields<'a>,
    hidden: Option<&'a Spanned<DeValue<'a>>>,
) -> (Vec<Layer>, Vec<Range<usize>>) {
    let activation = walk.choice(fields, "activation", ACTIVATIONS, Activation::Relu);
    let output = walk.choice(fields, "output_activation", ACTIVATIONS, Activation::Linear);
    let mut layers = Vec::new();
    let mut places = Vec::new();
    if let Some(value) = hidden {
        let help = "one number for each hidden layer, such as `[64, 64]`; `[]` is a linear model";
        for (index, item) in items(walk, "model.hidden", "a list of whole numbers", value, help).into_iter().enumerate()
        {
            if let Some(units) = walk.count_value(&format!("model.hidden.{index}"), item, &limits::HIDDEN_UNITS) {
                layers.push(Layer::Dense { units: Some(units), activation, bias: true, init: None });
                places.push(item.span());
            }
        }
    }
    layers.push(Layer::Dense { units: None, activation: output, bias: true, init: None });
    places.push(fields.place_of("hidden"));
    (layers, places)
}

/// The default: what a network of `torch.nn` layers gets.
const PYTORCH: Init = Init { weights: WeightInit::PytorchUniform {}, gain: 1.0, bias: BiasInit::PytorchUniform {} };
const KERAS: Init = Init { weights: WeightInit::GlorotUniform {}, gain: 1.0, bias: BiasInit::Zeros {} };

pub(super) const WEIGHTS: Kinds<WeightInit> = Kinds {
    tag: "kind",
    default: Some("pytorch_uniform"),
    options: &[
        ("glorot_uniform", WeightInit::GlorotUniform {}),
        ("glorot_normal", WeightInit::GlorotNormal {}),
        ("he_uniform", WeightInit::HeUniform {}),
        ("he_normal", WeightInit::HeNormal {}),
        ("lecun_uniform", WeightInit::LecunUniform {}),
        ("lecun_normal", WeightInit::LecunNormal {}),
        ("pytorch_uniform", WeightInit::PytorchUniform {}),
        ("orthogonal", WeightInit::Orthogonal {}),
        ("normal", WeightInit::Normal { std: 0.05 }),
        ("zeros", WeightInit::Zeros {}),
    ],
    fill: |walk, fields, template| match template {
        WeightInit::Normal { .. } => WeightInit::Normal { std: walk.number(fields, "std", &limits::INIT_STD, None) },
        WeightInit::GlorotUniform {}
        | WeightInit::GlorotNormal {}
        | WeightInit::HeUniform {}
        | WeightInit::HeNormal {}
        | WeightInit::LecunUniform {}
        | WeightInit::LecunNormal {}
        | WeightInit::PytorchUniform {}
        | WeightInit::Orthogonal {}
        | WeightInit::Zeros {} => template,
    },
};

pub(super) const BIASES: Kinds<BiasInit> = Kinds {
    tag: "kind",
    default: Some("pytorch_uniform"),
    options: &[
        ("zeros", BiasInit::Zeros {}),
        ("pytorch_uniform", BiasInit::PytorchUniform {}),
        ("constant", BiasInit::Constant { value: 0.0 }),
    ],
    fill: |walk, fields, template| match template {
        BiasInit::Constant { .. } => BiasInit::Constant { value: walk.number(fields, "value", &limits::BIAS, None) },
        BiasInit::Zeros {} | BiasInit::PytorchUniform {} => template,
    },
};

/// How one layer starts, where it says so; what it leaves out is as for all layers.
fn own_init(walk: &mut Walk, fields: &mut Fields<'_>) -> Option<Init> {
    fields.get("init")?;
    let all = walk.init.unwrap_or(PYTORCH);
    Some(init(walk, fields, all))
}

fn init(walk: &mut Walk, fields: &mut Fields<'_>, usual: Init) -> Init {
    let Some(value) = fields.get("init") else {
        return usual;
    };
    let path = fields.path("init");
    match value.get_ref() {
        DeValue::String(_) => walk.word(&path, value, &[("pytorch", PYTORCH), ("keras", KERAS)]).unwrap_or(usual),
        DeValue::Table(table) => {
            let mut fields = Fields::new(path, value.span(), Some(table));
            let init = Init {
                weights: walk.kind(&mut fields, "weights", &WEIGHTS, usual.weights),
                gain: walk.number(&mut fields, "gain", &limits::GAIN, Some(usual.gain)),
                bias: walk.kind(&mut fields, "bias", &BIASES, usual.bias),
            };
            walk.finish(&fields);
            init
        }
        other => {
            let help = "`\"pytorch\"`, `\"keras\"`, or `{ weights = \"he_normal\", gain = 1.0, bias = \"zeros\" }`";
            walk.wrong_type(&path, "a string or a table", other, value.span(), help);
            usual
        }
    }
}
