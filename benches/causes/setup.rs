//! A configuration as the generators change it: pieces of TOML with names.

use std::path::Path;

use crate::{
    common::{draw::Draw, material::Material, table},
    edit::{self, Edit},
};

/// One layer.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// A dense layer, with a start of its own where `init` is not empty.
    Dense { units: u32, activation: &'static str, init: String },
    /// A convolution of 3 by 3, padded to the same size.
    Conv { filters: u32, stride: u32, activation: &'static str },
    /// Pooling; `max_pool2d` or `avg_pool2d`.
    Pool { kind: &'static str, size: u32 },
    /// From images to rows.
    Flatten,
    /// Dropout.
    Dropout(f64),
    /// Batch normalisation.
    Norm { momentum: f64, activation: &'static str },
}

impl Block {
    /// A dense layer that starts as all others.
    pub fn dense(units: u32, activation: &'static str) -> Self {
        Self::Dense { units, activation, init: String::new() }
    }

    fn toml(&self) -> String {
        match self {
            Self::Dense { units, activation, init } if init.is_empty() => {
                format!("{{ type = \"dense\", units = {units}, activation = \"{activation}\" }}")
            }
            Self::Dense { units, activation, init } => {
                format!("{{ type = \"dense\", units = {units}, activation = \"{activation}\", init = {init} }}")
            }
            Self::Conv { filters, stride, activation } => format!(
                "{{ type = \"conv2d\", filters = {filters}, kernel = 3, stride = {stride}, padding = \"same\", activation = \"{activation}\" }}"
            ),
            Self::Pool { kind, size } => format!("{{ type = \"{kind}\", size = {size} }}"),
            Self::Flatten => "{ type = \"flatten\" }".to_owned(),
            Self::Dropout(rate) => format!("{{ type = \"dropout\", rate = {rate} }}"),
            Self::Norm { momentum, activation } => {
                format!("{{ type = \"batch_norm\", momentum = {momentum:e}, activation = \"{activation}\" }}")
            }
        }
    }
}

/// How weights and biases start.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    /// Value of `weights`.
    pub weights: String,
    /// Value of `gain`.
    pub gain: f64,
    /// Value of `bias`.
    pub bias: String,
}

impl Start {
    /// A named distribution with biases of zero.
    pub fn named(weights: &str) -> Self {
        Self { weights: format!("\"{weights}\""), gain: 1.0, bias: "\"zeros\"".to_owned() }
    }

    /// The same weights with all biases at this value.
    pub fn with_bias(self, value: f64) -> Self {
        Self { bias: constant(value), ..self }
    }

    /// As an inline table.
    pub fn toml(&self) -> String {
        format!("{{ weights = {}, gain = {:e}, bias = {} }}", self.weights, self.gain, self.bias)
    }
}

/// A bias that starts at this value.
pub fn constant(value: f64) -> String {
    format!("{{ kind = \"constant\", value = {value:e} }}")
}

/// An optimiser.
#[derive(Clone, Debug, PartialEq)]
pub struct Optimiser {
    /// Its name.
    pub kind: &'static str,
    /// Learning rate.
    pub lr: f64,
    /// Weight decay.
    pub decay: f64,
    /// Momentum; only of `sgd` and `rmsprop`.
    pub momentum: f64,
}

impl Optimiser {
    fn toml(&self) -> String {
        let Self { kind, lr, decay, momentum } = self;
        let mut text = format!("{{ kind = \"{kind}\", lr = {lr:e}, weight_decay = {decay:e}");
        if matches!(*kind, "sgd" | "rmsprop") {
            text.push_str(&format!(", momentum = {momentum}"));
        }
        text + " }"
    }
}

/// A whole configuration.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Where the samples come from.
    pub material: Material,
    /// What is done to the table before it is written.
    pub edits: Vec<Edit>,
    /// Training samples.
    pub train: u32,
    /// Validation samples.
    pub validation: u32,
    /// `data.scale_inputs`.
    pub scale_inputs: &'static str,
    /// `data.scale_targets`.
    pub scale_targets: &'static str,
    /// Layers, the output layer last.
    pub layers: Vec<Block>,
    /// How they start.
    pub start: Start,
    /// The optimiser.
    pub optimiser: Optimiser,
    /// Value of `training.loss`.
    pub loss: &'static str,
    /// Value of `training.schedule`.
    pub schedule: String,
    /// Epochs.
    pub epochs: u32,
    /// Samples per step.
    pub batch: u32,
    /// More lines of `[training]`.
    pub training: Vec<String>,
    /// Lines of `[faults]`.
    pub faults: Vec<String>,
}

/// `diagnosis.patience_epochs` of every run: the runs are short.
const PATIENCE: u32 = 10;

impl Setup {
    /// The output layer.
    pub fn head(&mut self) -> Option<&mut Block> {
        self.layers.iter_mut().rev().find(|layer| matches!(layer, Block::Dense { .. }))
    }

    /// Gives the output layer another activation.
    pub fn set_head(&mut self, new: &'static str) {
        if let Some(Block::Dense { activation, .. }) = self.head() {
            *activation = new;
        }
    }

    /// Number of dense and convolution layers before the output layer.
    pub fn hidden(&self) -> usize {
        self.layers.iter().filter(|layer| matches!(layer, Block::Dense { .. } | Block::Conv { .. })).count() - 1
    }

    /// Number of input columns of the table, with those that edits add.
    fn columns(&self) -> usize {
        let Material::Table(problem) = &self.material else { return 0 };
        problem.features() + self.edits.iter().map(Edit::columns).sum::<usize>()
    }

    /// The layers: in short where they are dense and alike, as people write it, else one by one.
    fn network(&self) -> String {
        let plain = |layer: &Block| match layer {
            Block::Dense { units, activation, init } if init.is_empty() => Some((*units, *activation)),
            _ => None,
        };
        let dense: Option<Vec<(u32, &str)>> = self.layers.iter().map(plain).collect();
        if let Some((head, hidden)) = dense.as_deref().and_then(<[_]>::split_last)
            && let Some((_, activation)) = hidden.first()
            && hidden.iter().all(|(_, other)| other == activation)
        {
            let units: Vec<String> = hidden.iter().map(|(units, _)| units.to_string()).collect();
            let (units, output) = (units.join(", "), head.1);
            return format!("hidden = [{units}]\nactivation = \"{activation}\"\noutput_activation = \"{output}\"");
        }
        let layers = self.layers.iter().map(Block::toml).collect::<Vec<_>>().join(",\n  ");
        format!("layers = [\n  {layers},\n]")
    }

    /// The experiment as TOML text.
    pub fn toml(&self, id: &str, seed: u64, csv: &Path) -> String {
        let Self { scale_inputs, scale_targets, loss, schedule, epochs, batch, .. } = self;
        let data = match &self.material {
            Material::Table(problem) => {
                let names = |letter: char, count: usize| {
                    (1..=count).map(|place| format!("\"{letter}{place}\"")).collect::<Vec<_>>().join(", ")
                };
                table::toml(
                    csv,
                    &names('x', self.columns()),
                    &names('y', problem.outputs()),
                    self.train,
                    self.validation,
                )
            }
            other => other.toml(csv, self.train, self.validation),
        };
        let network = self.network();
        let (start, optimiser) = (self.start.toml(), self.optimiser.toml());
        let training: String = self.training.iter().map(|line| format!("{line}\n")).collect();
        let faults =
            if self.faults.is_empty() { String::new() } else { format!("[faults]\n{}\n", self.faults.join("\n")) };
        format!(
            "name = \"{id}\"\nseed = {seed}\n[data]\n{data}\nseed = {seed}\nscale_inputs = \"{scale_inputs}\"\n\
             scale_targets = \"{scale_targets}\"\n[model]\ninit = {start}\n{network}\n[training]\n\
             epochs = {epochs}\nbatch_size = {batch}\nloss = {loss}\noptimiser = {optimiser}\nschedule = {schedule}\n\
             {training}[diagnosis]\npatience_epochs = {PATIENCE}\n{faults}"
        )
    }

    /// Writes the table, where there is one; `name` seeds its samples.
    pub fn write_table(&self, name: &str, csv: &Path) -> std::io::Result<()> {
        let Material::Table(problem) = &self.material else { return Ok(()) };
        let rows = (self.train + self.validation) as usize;
        let mut drawn = problem.draw(rows, &mut Draw::new(&format!("table of {name}")));
        let outputs = problem.outputs();
        edit::apply(&self.edits, &mut drawn, problem.features(), outputs, &mut Draw::new(&format!("edits of {name}")));
        table::write(csv, self.columns(), outputs, &drawn)
    }
}
