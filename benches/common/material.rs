//! Where the samples of a run come from, and the keys of `[data]` that say so.

use std::path::Path;

use super::{
    draw::Draw,
    problem::{Drawn, Output, Problem, Rule, friedman},
    table,
};

/// Where the samples of a run come from.
#[derive(Clone, Debug)]
pub enum Material {
    /// A table in a CSV file that the benchmark writes.
    Table(Problem),
    /// The crate's own source `function`, over inputs `-bound..bound` (Friedman's: `0..1`).
    Function {
        /// Name of the formula, as the TOML has it.
        formula: &'static str,
        /// Number of inputs.
        features: usize,
        /// Half the range of the inputs.
        bound: f64,
        /// Standard deviation of the noise.
        noise: f64,
    },
    /// The crate's own source `boxes`, grey.
    Boxes {
        /// Side of the image in pixels.
        side: u32,
        /// Side of the box in pixels.
        box_size: u32,
        /// Standard deviation of the noise on both targets.
        noise: f64,
    },
}

impl Material {
    /// A table with one output.
    pub fn table(features: usize, output: Output) -> Self {
        Self::tables(features, vec![output])
    }

    /// A table with several outputs.
    pub fn tables(features: usize, outputs: Vec<Output>) -> Self {
        Self::Table(Problem::Rows { features, shift: 0.0, scale: 1.0, outputs })
    }

    /// Images without noise.
    pub fn boxes(side: u32, box_size: u32) -> Self {
        Self::Boxes { side, box_size, noise: 0.0 }
    }

    /// A series as lag columns.
    pub fn series(lags: usize, rule: Rule) -> Self {
        Self::Table(Problem::Series { lags, rule, scale: 1.0 })
    }

    /// The same rows with inputs in other units; anything but a table of rows stays as it is.
    pub fn with_inputs(self, new_shift: f64, new_scale: f64) -> Self {
        match self {
            Self::Table(Problem::Rows { features, outputs, .. }) => {
                Self::Table(Problem::Rows { features, shift: new_shift, scale: new_scale, outputs })
            }
            other => other,
        }
    }

    /// Number of targets.
    pub fn outputs(&self) -> usize {
        match self {
            Self::Table(problem) => problem.outputs(),
            Self::Function { .. } => 1,
            Self::Boxes { .. } => 2,
        }
    }

    /// Kind of the data, for the summary.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Table(Problem::Rows { .. }) => "table",
            Self::Table(Problem::Series { .. }) => "series",
            Self::Function { .. } => "function",
            Self::Boxes { .. } => "images",
        }
    }

    /// The keys of `[data]` that say where the samples come from.
    pub fn toml(&self, csv: &Path, train: u32, validation: u32) -> String {
        match self {
            Self::Table(problem) => {
                let names = |letter: char, count: usize| {
                    (1..=count).map(|place| format!("\"{letter}{place}\"")).collect::<Vec<_>>().join(", ")
                };
                let (x, y) = (names('x', problem.features()), names('y', problem.outputs()));
                table::toml(csv, &x, &y, train, validation)
            }
            Self::Function { formula, features, bound, noise } => {
                let low = if *formula == "friedman1" { 0.0 } else { -bound };
                format!(
                    "source = \"function\"\nformula = \"{formula}\"\nfeatures = {features}\nnoise = {noise:e}\n\
                     inputs = {{ distribution = \"uniform\", low = {low:e}, high = {bound:e} }}\n\
                     train_samples = {train}\nvalidation_samples = {validation}"
                )
            }
            Self::Boxes { side, box_size, noise } => format!(
                "source = \"boxes\"\nheight = {side}\nwidth = {side}\nchannels = 1\nbox_size = {box_size}\nnoise = {noise:e}\n\
                 train_samples = {train}\nvalidation_samples = {validation}"
            ),
        }
    }
}

/// Samples of the crate's own formulas, computed here once more.
pub fn function_samples(material: &Material, count: usize, draw: &mut Draw) -> Option<Drawn> {
    let Material::Function { formula, features, bound, noise } = material else { return None };
    let mut drawn = Drawn::default();
    for _ in 0..count {
        let low = if *formula == "friedman1" { 0.0 } else { -bound };
        let x: Vec<f64> = (0..*features).map(|_| draw.between(low, *bound)).collect();
        let mean = match *formula {
            "sum" => x.iter().sum(),
            "sine" => (3.0 * x[0]).sin(),
            "product" => x[0] * x[1],
            "square" => x[0] * x[0],
            "step" => f64::from(x[0] > 0.0),
            "norm" => x.iter().map(|value| value * value).sum::<f64>().sqrt(),
            "friedman1" => friedman(&x),
            "zero" => 0.0,
            _ => return None,
        };
        drawn.inputs.extend(x);
        drawn.means.push(mean);
        drawn.variances.push(noise * noise);
        drawn.targets.push(mean + noise * draw.normal());
    }
    Some(drawn)
}
