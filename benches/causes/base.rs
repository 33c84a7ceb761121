//! Healthy configurations: what every fault is planted in.

use crate::{
    common::{
        draw::Draw,
        material::Material,
        problem::{Noise, Output, Rule, Shape},
    },
    setup::{Block, Optimiser, Setup, Start},
};

/// A kind of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A table whose target is linear in the inputs.
    Linear,
    /// A table with a curved target.
    Curved,
    /// Friedman's problem.
    Friedman,
    /// A series as lag columns.
    Series,
    /// A formula of the crate's own.
    Function,
    /// Images of a box.
    Images,
}

impl Kind {
    /// All of them.
    pub const ALL: &[Self] =
        &[Self::Linear, Self::Curved, Self::Linear, Self::Friedman, Self::Series, Self::Function, Self::Images];
    /// Those that are tables in a file.
    pub const TABLES: &[Self] = &[Self::Linear, Self::Curved, Self::Series];
    /// Those with rows as inputs.
    pub const ROWS: &[Self] = &[Self::Linear, Self::Curved, Self::Friedman, Self::Series, Self::Function];
    /// Tables of independent rows.
    pub const INDEPENDENT: &[Self] = &[Self::Linear, Self::Curved];
}

/// What a fault needs of the configuration that it is planted in; the rest is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// Kinds of data.
    pub kinds: &'static [Kind],
    /// Activations of the hidden layers.
    pub activations: &'static [&'static str],
    /// Fewest and most hidden layers.
    pub depth: (u32, u32),
    /// Optimisers.
    pub optimisers: &'static [&'static str],
    /// Number of targets of a table.
    pub outputs: usize,
}

/// Every optimiser.
pub const OPTIMISERS: &[&str] = &["adam", "sgd", "momentum", "adamw", "rmsprop"];
/// Those whose steps do not grow with the gradient.
pub const ADAPTIVE: &[&str] = &["adam", "adamw", "rmsprop"];
/// Those whose steps do.
pub const PLAIN: &[&str] = &["sgd", "momentum"];
/// Activations of hidden layers.
pub const ACTIVATIONS: &[&str] = &["relu", "tanh", "relu", "elu", "leaky_relu", "gelu", "sigmoid"];
/// Those that are not bounded.
pub const UNBOUNDED: &[&str] = &["relu", "elu", "leaky_relu", "gelu"];

/// Anything.
pub const ANY: Wish =
    Wish { kinds: Kind::ALL, activations: ACTIVATIONS, depth: (0, 5), optimisers: OPTIMISERS, outputs: 1 };

/// An optimiser with a rate at which small networks on scaled data learn soon; `momentum` is SGD with it.
pub fn optimiser(draw: &mut Draw, kind: &'static str, depth: u32, activation: &str) -> Optimiser {
    let factor = draw.log_between(0.6, 1.6);
    let slow = match (activation, kind) {
        ("sigmoid", "sgd" | "momentum") => 2.0,
        ("sigmoid", _) => 4.0,
        _ => 1.0,
    };
    let deep = if depth >= 3 { 0.5 } else { 1.0 };
    let (kind, lr, momentum) = match kind {
        "sgd" => ("sgd", 0.1 * deep, 0.0),
        "momentum" => ("sgd", 0.02 * deep, 0.9),
        "rmsprop" => ("rmsprop", 0.003, 0.0),
        adaptive => (adaptive, 0.005, 0.0),
    };
    Optimiser { kind, lr: lr * factor * slow, decay: 0.0, momentum }
}

/// A target that a small network learns soon.
pub fn easy(draw: &mut Draw, kind: Kind) -> Output {
    let shape = match kind {
        Kind::Curved => draw.pick(&[Shape::Sine, Shape::Product, Shape::Square, Shape::Norm]),
        _ => Shape::Linear,
    };
    Output::new(shape, Noise::Normal, draw.pick(&[0.98, 0.9, 0.8]))
}

/// A healthy configuration of this kind.
pub fn draw(draw: &mut Draw, wish: &Wish) -> Setup {
    let kind = draw.pick(wish.kinds);
    if kind == Kind::Images {
        return images(draw, wish);
    }
    let material = material(draw, kind, wish.outputs);
    let curved = kind != Kind::Linear;
    let least = wish.depth.0.max(u32::from(curved));
    let most = if kind == Kind::Linear { wish.depth.1 } else { wish.depth.1.min(3).max(least) };
    let activation = draw.pick(wish.activations);
    // A sigmoid passes on a quarter of the gradient at best: deeper, it is a fault of its own.
    let most = if activation == "sigmoid" { most.min(1).max(least) } else { most };
    let depth = draw.whole(least, most);
    let width = draw.pick(&[16, 24, 32, 48]);
    let mut layers: Vec<Block> = (0..depth).map(|_| Block::dense(width, activation)).collect();
    layers.push(Block::dense(wish.outputs as u32, "linear"));
    let optimiser = draw.pick(wish.optimisers);
    Setup {
        optimiser: self::optimiser(draw, optimiser, depth, activation),
        start: start(draw, activation, depth),
        epochs: draw.pick(&[40, 60, 80]),
        batch: draw.pick(&[16, 32, 64]),
        train: draw.pick(&[300, 400, 600]),
        validation: 200,
        material,
        layers,
        ..rest()
    }
}

fn material(draw: &mut Draw, kind: Kind, outputs: usize) -> Material {
    match kind {
        Kind::Linear => {
            let output = easy(draw, kind);
            Material::tables(draw.whole(2, 8) as usize, vec![output; outputs])
        }
        Kind::Curved => {
            let output = easy(draw, kind);
            Material::tables(draw.whole(2, 3) as usize, vec![output; outputs])
        }
        Kind::Series => {
            let rule = draw.pick(&[Rule::Linear(0.95), Rule::Linear(0.9), Rule::Sine(0.4)]);
            Material::series(draw.pick(&[2, 4, 8]), rule)
        }
        Kind::Function => {
            let (formula, features) = draw.pick(&[("sum", 3), ("sine", 1), ("product", 2), ("square", 1), ("norm", 3)]);
            Material::Function { formula, features, bound: 1.0, noise: draw.pick(&[0.0, 0.05]) }
        }
        Kind::Friedman => {
            Material::Function { formula: "friedman1", features: draw.pick(&[5, 7]), bound: 1.0, noise: 1.0 }
        }
        Kind::Images => Material::boxes(12, draw.pick(&[3, 4])),
    }
}

/// Weights that suit the activation.
fn start(draw: &mut Draw, activation: &str, depth: u32) -> Start {
    let pytorch =
        Start { weights: "\"pytorch_uniform\"".to_owned(), gain: 1.0, bias: "\"pytorch_uniform\"".to_owned() };
    let usual = match activation {
        "tanh" | "sigmoid" => draw.pick(&["glorot_uniform", "glorot_normal", "lecun_normal"]),
        _ => draw.pick(&["he_normal", "he_uniform", "glorot_uniform"]),
    };
    if depth < 3 && draw.unit() < 0.4 { pytorch } else { Start::named(usual) }
}

/// A small convolution network on images of a box.
fn images(draw: &mut Draw, wish: &Wish) -> Setup {
    let unbounded: Vec<&'static str> = wish.activations.iter().copied().filter(|name| *name != "sigmoid").collect();
    let activation = if unbounded.is_empty() { "relu" } else { draw.pick(&unbounded) };
    let filters = draw.pick(&[4, 6]);
    let conv = |filters: u32| Block::Conv { filters, stride: 2, activation };
    let layers =
        vec![conv(filters), conv(2 * filters), Block::Flatten, Block::dense(24, activation), Block::dense(2, "linear")];
    let kind = draw.pick(wish.optimisers);
    let optimiser = self::optimiser(draw, kind, 3, activation);
    Setup {
        material: material(draw, Kind::Images, 2),
        start: Start::named(draw.pick(&["glorot_uniform", "he_uniform"])),
        optimiser,
        layers,
        epochs: 24,
        batch: 32,
        train: 320,
        validation: 120,
        scale_inputs: "none",
        ..rest()
    }
}

/// What is the same everywhere until something changes it.
fn rest() -> Setup {
    Setup {
        material: Material::boxes(12, 3),
        edits: Vec::new(),
        train: 400,
        validation: 200,
        scale_inputs: "standard",
        scale_targets: "standard",
        layers: Vec::new(),
        start: Start::named("glorot_uniform"),
        optimiser: Optimiser { kind: "adam", lr: 0.005, decay: 0.0, momentum: 0.0 },
        loss: "\"mse\"",
        schedule: "\"constant\"".to_owned(),
        epochs: 60,
        batch: 32,
        training: Vec::new(),
        faults: Vec::new(),
    }
}
