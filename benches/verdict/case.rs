//! One run of the benchmark: the problem, the network and its training as TOML text, and what it is meant to show.

use std::{io, path::Path};

use sha2::{Digest, Sha256};
use whymean::judge::State;

pub use crate::common::{
    material::{Material, function_samples},
    piece::{dense, optimiser},
};
use crate::{common::table, draw::Draw, problem::Shape};

/// The network and its training, as pieces of TOML.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Inline tables of `model.layers`, the output layer last.
    pub layers: Vec<String>,
    /// Value of `model.init`.
    pub init: String,
    /// Value of `training.optimiser`.
    pub optimiser: String,
    /// Value of `training.loss`.
    pub loss: &'static str,
    /// Value of `training.schedule`.
    pub schedule: String,
    /// More lines of `[training]`.
    pub more: String,
    /// Epochs.
    pub epochs: u32,
    /// Samples per step.
    pub batch: u32,
    /// Training samples.
    pub train: u32,
    /// Validation samples.
    pub validation: u32,
    /// Value of `data.scale_inputs`.
    pub scale_inputs: &'static str,
    /// Value of `data.scale_targets`.
    pub scale_targets: &'static str,
}

impl Setup {
    /// A dense network for inputs and targets that are scaled to mean 0 and standard deviation 1.
    pub fn mlp(hidden: &[u32], activation: &str, outputs: usize) -> Self {
        let mut layers: Vec<String> = hidden.iter().map(|units| dense(*units, activation)).collect();
        layers.push(dense(outputs as u32, "linear"));
        Self {
            layers,
            init: "\"pytorch\"".to_owned(),
            optimiser: optimiser("adam", 0.005, ""),
            loss: "\"mse\"",
            schedule: "\"constant\"".to_owned(),
            more: String::new(),
            epochs: 60,
            batch: 32,
            train: 400,
            validation: 120,
            scale_inputs: "standard",
            scale_targets: "standard",
        }
    }

    /// A small convolution network for grey images.
    pub fn cnn(filters: u32, units: u32, activation: &str) -> Self {
        let conv = |filters: u32| {
            format!(
                "{{ type = \"conv2d\", filters = {filters}, kernel = 3, stride = 2, padding = \"same\", activation = \"{activation}\" }}"
            )
        };
        let layers = vec![
            conv(filters),
            conv(2 * filters),
            "{ type = \"flatten\" }".to_owned(),
            dense(units, activation),
            dense(2, "linear"),
        ];
        Self {
            layers,
            init: "\"keras\"".to_owned(),
            epochs: 30,
            train: 320,
            validation: 100,
            scale_inputs: "none",
            scale_targets: "none",
            ..Self::mlp(&[], activation, 2)
        }
    }

    /// Another activation behind the last layer.
    pub fn output(mut self, outputs: usize, activation: &str) -> Self {
        self.layers.pop();
        self.layers.push(dense(outputs as u32, activation));
        self
    }
}

/// Which group of the issue a family belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// No fault: a fault reported here is a false alarm.
    Sound,
    /// A fault.
    Fault,
}

/// A way to make runs.
pub struct Family {
    /// Name; never part of what is trained.
    pub name: &'static str,
    /// What its runs are meant to show.
    pub intended: State,
    /// Number of runs.
    pub count: usize,
    /// Makes the run of this index.
    pub make: fn(&mut Draw, usize) -> (Material, Setup),
}

/// One run.
pub struct Case {
    /// Place in the list of all runs.
    pub index: usize,
    /// Neutral name.
    pub id: String,
    /// Family.
    pub family: &'static str,
    /// What it is meant to show.
    pub intended: State,
    /// Seed of the run; even: thresholds may be fixed on it.
    pub seed: u64,
    /// The data.
    pub material: Material,
    /// The network and its training.
    pub setup: Setup,
}

impl Case {
    /// The run of a family and number.
    pub fn new(index: usize, family: &Family, number: usize) -> Self {
        let name = format!("{} {number}", family.name);
        let (material, setup) = (family.make)(&mut Draw::new(&name), number);
        let digest = Sha256::digest(&name);
        let id: String = digest.iter().take(5).map(|byte| format!("{byte:02x}")).collect();
        // Families pick by the number in turn. The parity of its binary digits has no period, so both halves see every
        // pick; which half begins differs by family, so that few runs are not all of one half.
        let half = u64::from((number.count_ones() + u32::from(Sha256::digest(family.name)[0])) % 2);
        let seed = 2 * (u64::from(digest[6]) * 256 + u64::from(digest[7])) + half;
        Self { index, id: format!("run-{id}"), family: family.name, intended: family.intended, seed, material, setup }
    }

    /// Whether thresholds may be fixed on it.
    pub fn is_for_fixing(&self) -> bool {
        self.seed.is_multiple_of(2)
    }

    /// The experiment as TOML text; `epochs` instead of its own, and with or without instruments.
    pub fn toml(&self, csv: &Path, epochs: u32, probes: &str) -> String {
        let Setup { layers, init, optimiser, loss, schedule, more, batch, train, validation, .. } = &self.setup;
        let Setup { scale_inputs, scale_targets, .. } = &self.setup;
        let (id, seed) = (&self.id, self.seed);
        let data = self.material.toml(csv, *train, *validation);
        let layers = layers.join(",\n  ");
        format!(
            "name = \"{id}\"\nseed = {seed}\n[data]\n{data}\nseed = {seed}\nscale_inputs = \"{scale_inputs}\"\n\
             scale_targets = \"{scale_targets}\"\n[model]\ninit = {init}\nlayers = [\n  {layers},\n]\n[training]\n\
             epochs = {epochs}\nbatch_size = {batch}\nloss = {loss}\noptimiser = {optimiser}\nschedule = {schedule}\n\
             {more}\n[diagnosis]\nearly_stop = false\npatience_epochs = {PATIENCE}\nprobes = \"{probes}\"\n"
        )
    }

    /// Writes the table of the run, where it has one.
    pub fn write_table(&self, csv: &Path) -> io::Result<()> {
        let Material::Table(problem) = &self.material else { return Ok(()) };
        let rows = (self.setup.train + self.setup.validation) as usize;
        let drawn = problem.draw(rows, &mut Draw::new(&format!("table of {}", self.id)));
        table::write(csv, problem.features(), problem.outputs(), &drawn)
    }

    /// What a reader needs to know of the run, in one line.
    pub fn summary(&self) -> String {
        let Setup { layers, optimiser, loss, schedule, epochs, batch, train, .. } = &self.setup;
        let layer = |text: &String| {
            let word = |key: &str| {
                let rest = text.split(&format!("{key} = ")).nth(1)?;
                Some(rest.split([',', '}']).next()?.trim().trim_matches('"').to_owned())
            };
            let size = word("units").or_else(|| word("filters")).or_else(|| word("rate")).unwrap_or_default();
            let kind = match word("type").unwrap_or_default().as_str() {
                "dense" => String::new(),
                other => format!("{other} "),
            };
            format!("{kind}{size} {}", word("activation").unwrap_or_default()).trim().to_owned()
        };
        let layers: Vec<String> = layers.iter().map(layer).collect();
        let plain = |text: &str| text.replace(['{', '}', '"'], "").replace("kind = ", "").trim().to_owned();
        let schedule = if schedule.contains("constant") { String::new() } else { format!(", {}", plain(schedule)) };
        format!(
            "{} of {train}, {} | {}, {}{schedule}, batch {batch}, {epochs} epochs",
            self.material.kind(),
            layers.join(" > "),
            plain(optimiser),
            plain(loss),
        )
    }
}

/// `diagnosis.patience_epochs` of every run.
pub const PATIENCE: u32 = 10;

/// A shape for each output in turn.
pub fn shapes_in_turn(outputs: usize) -> Vec<Shape> {
    Shape::EASY.into_iter().cycle().take(outputs).collect()
}
