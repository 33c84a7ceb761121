//! Configurations without a fault: with much signal, with noise, with hardly any signal, and with none.

use crate::{
    base::{self, ANY, Kind, Wish},
    common::{
        draw::Draw,
        material::Material,
        problem::{Noise, Output, Rule, Shape},
    },
    setup::{Block, Setup},
};

/// One kind of healthy run.
pub struct Family {
    /// Its name, for the page.
    pub name: &'static str,
    /// Number of runs.
    pub count: usize,
    /// Makes one.
    pub make: fn(&mut Draw) -> Setup,
}

/// All of them.
pub const ALL: &[Family] = &[
    Family { name: "clear signal", count: 84, make: |draw| base::draw(draw, &ANY) },
    Family { name: "other loss or schedule", count: 36, make: varied },
    Family { name: "noisy", count: 44, make: noisy },
    Family { name: "weak signal", count: 20, make: weak },
    Family { name: "heavy tails and atoms", count: 16, make: odd },
    Family { name: "unpredictable", count: 40, make: unpredictable },
];

/// Losses, schedules and clips that are unusual and fine.
fn varied(draw: &mut Draw) -> Setup {
    let setup = base::draw(draw, &ANY);
    let schedule = match draw.whole(0, 2) {
        0 => "{ kind = \"cosine\", final_factor = 0.01 }".to_owned(),
        1 => format!("{{ kind = \"step\", every_epochs = {}, factor = 0.3 }}", setup.epochs / 2),
        _ => "\"constant\"".to_owned(),
    };
    let loss = draw.pick(&["\"mae\"", "{ kind = \"huber\", delta = 1.0 }", "\"mse\""]);
    Setup { loss, schedule, ..setup }
}

/// Small and regularised, so that it fits the signal and little else.
fn modest(draw: &mut Draw) -> Setup {
    let setup = base::draw(draw, &Wish { kinds: &[Kind::Linear], depth: (1, 2), ..ANY });
    let width = draw.pick(&[6, 8, 12]);
    let mut setup = Setup { epochs: 25, train: 1000, validation: 400, ..setup };
    let hidden = setup.layers.len() - 1;
    for layer in &mut setup.layers[..hidden] {
        if let Block::Dense { units, .. } = layer {
            *units = width;
        }
    }
    setup.optimiser.decay = if setup.optimiser.kind == "adamw" { 0.05 } else { 1e-3 };
    setup
}

fn noisy(draw: &mut Draw) -> Setup {
    let explained = draw.between(0.15, 0.7);
    let shape = draw.pick(&[Shape::Linear, Shape::Linear, Shape::Sine, Shape::Product]);
    let material = match draw.whole(0, 3) {
        0 => Material::series(draw.pick(&[2, 4]), draw.pick(&[Rule::Linear(0.5), Rule::Linear(0.7), Rule::Sine(0.8)])),
        _ => {
            let output = Output::new(shape, Noise::Normal, explained);
            Material::table(2, output.at(draw.pick(&[0.0, 12.0]), draw.pick(&[1.0, 30.0])))
        }
    };
    Setup { material, ..modest(draw) }
}

fn weak(draw: &mut Draw) -> Setup {
    let output = Output::new(Shape::Linear, Noise::Normal, draw.between(0.05, 0.15));
    let mut setup = Setup { material: Material::table(3, output), ..modest(draw) };
    setup.epochs = 15;
    setup.train = 1500;
    setup.validation = 600;
    setup
}

fn odd(draw: &mut Draw) -> Setup {
    let noise = draw.pick(&[Noise::Heavy, Noise::Outliers, Noise::ZeroInflated, Noise::Binary]);
    let shape = draw.pick(&[Shape::Linear, Shape::Sine]);
    let output = Output::new(shape, noise, draw.pick(&[0.5, 0.7]));
    Setup { material: Material::table(2, output), ..modest(draw) }
}

fn unpredictable(draw: &mut Draw) -> Setup {
    let setup = modest(draw);
    let material = match draw.whole(0, 4) {
        0 => Material::series(draw.pick(&[2, 5]), Rule::Independent),
        1 => Material::Function { formula: "zero", features: draw.pick(&[1, 4]), bound: 1.0, noise: 1.0 },
        2 => {
            let wish = Wish { kinds: &[Kind::Images], ..ANY };
            let images = base::draw(draw, &wish);
            let material = Material::Boxes { side: 12, box_size: 4, noise: 50.0 };
            return Setup { material, scale_targets: "standard", epochs: 10, ..images };
        }
        _ => {
            let noise = draw.pick(&[Noise::Normal, Noise::Heavy, Noise::Normal]);
            let output =
                Output::new(Shape::Zero, noise, 0.0).at(draw.pick(&[0.0, 7.0, -100.0]), draw.pick(&[1.0, 20.0]));
            Material::table(draw.pick(&[1, 3, 8]), output)
        }
    };
    Setup { material, ..setup }
}
