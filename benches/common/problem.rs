//! Problems whose answer is known: inputs, the mean of the target at each input, and its variance around that mean.
//!
//! Written apart from `whymean::data`, so that a mistake there cannot hide in the truth that it is measured by.

use super::draw::Draw;

/// Samples with what is known about them, in the units of the file.
#[derive(Clone, Debug, Default)]
pub struct Drawn {
    /// Inputs, row-major `[N, features]`.
    pub inputs: Vec<f64>,
    /// Targets, row-major `[N, outputs]`.
    pub targets: Vec<f64>,
    /// Mean of the target given the input, row-major `[N, outputs]`.
    pub means: Vec<f64>,
    /// Variance of the target given the input, row-major `[N, outputs]`.
    pub variances: Vec<f64>,
}

/// A function of the inputs in standard coordinates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// A linear function of all inputs, with its own weights for each output.
    Linear,
    /// `sin(2.5 z1) + z2 / 2`.
    Sine,
    /// `z1 z2 + z1 / 2`.
    Product,
    /// `z1^2`.
    Square,
    /// The distance from the origin.
    Norm,
    /// Nothing.
    Zero,
}

impl Shape {
    /// Shapes that need 2 inputs at most, and that a small network learns soon.
    pub const EASY: [Self; 5] = [Self::Linear, Self::Sine, Self::Product, Self::Square, Self::Norm];

    fn value(self, z: &[f64], output: usize) -> f64 {
        let second = z.get(1).copied().unwrap_or(0.0);
        match self {
            Self::Linear => {
                z.iter().enumerate().map(|(place, z)| z * (1.7 * (1 + place + 3 * output) as f64).cos()).sum()
            }
            Self::Sine => (2.5 * z[0]).sin() + 0.5 * second,
            Self::Product => z[0] * second + 0.5 * z[0],
            Self::Square => z[0] * z[0],
            Self::Norm => z.iter().map(|z| z * z).sum::<f64>().sqrt(),
            Self::Zero => 0.0,
        }
    }
}

/// Friedman 1991, eq. 61: `10 sin(pi x1 x2) + 20 (x3 - 1/2)^2 + 10 x4 + 5 x5`.
pub fn friedman(x: &[f64]) -> f64 {
    10.0 * (std::f64::consts::PI * x[0] * x[1]).sin() + 20.0 * (x[2] - 0.5).powi(2) + 10.0 * x[3] + 5.0 * x[4]
}

/// How the target scatters around the shape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Noise {
    /// Normal.
    Normal,
    /// Student's t with 3 degrees of freedom.
    Heavy,
    /// Normal, and 3 in 100 samples with ten times the scatter.
    Outliers,
    /// The target is 0 or 1; the shape moves the odds.
    Binary,
    /// The target is 0, or positive with a probability and a size that follow the shape.
    ZeroInflated,
    /// The target is 0 more often than not at every input; the size of the rest follows the shape.
    Rare,
    /// The same, with this chance of anything but 0.
    Sparse(f64),
}

/// One output of a table.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// What it depends on.
    pub shape: Shape,
    /// How it scatters.
    pub noise: Noise,
    /// Share of the variance that the inputs explain; of binary and zero-inflated targets only how strong they are.
    pub explained: f64,
    /// Mean of the target, for normal noise [file units].
    pub shift: f64,
    /// Standard deviation of the target, for normal noise [file units].
    pub scale: f64,
}

impl Output {
    /// An output with mean 0 and standard deviation 1.
    pub fn new(shape: Shape, noise: Noise, explained: f64) -> Self {
        Self { shape, noise, explained, shift: 0.0, scale: 1.0 }
    }

    /// The same in other units.
    pub fn at(self, shift: f64, scale: f64) -> Self {
        Self { shift, scale, ..self }
    }

    /// Mean and variance of the target where the standardised shape has this value.
    fn known(&self, f: f64) -> (f64, f64) {
        let (mean, variance) = match self.noise {
            Noise::Normal | Noise::Heavy | Noise::Outliers => (self.explained.sqrt() * f, 1.0 - self.explained),
            Noise::Binary => {
                let odds = logistic(6.0 * self.explained * f);
                (odds, odds * (1.0 - odds))
            }
            Noise::ZeroInflated => amounts(logistic(6.0 * self.explained * f), (0.5 * f).exp()),
            Noise::Rare => amounts(0.45, (1.5 * f).exp()),
            Noise::Sparse(odds) => amounts(odds, (1.5 * f).exp()),
        };
        (self.shift + self.scale * mean, self.scale * self.scale * variance)
    }

    fn sample(&self, f: f64, draw: &mut Draw) -> f64 {
        let around = |scatter: f64| self.explained.sqrt() * f + (1.0 - self.explained).sqrt() * scatter;
        let mut amount = |odds: f64, size: f64| {
            let size = size * draw.between(0.5, 1.5);
            if draw.unit() < odds { size } else { 0.0 }
        };
        let standard = match self.noise {
            Noise::ZeroInflated => amount(logistic(6.0 * self.explained * f), (0.5 * f).exp()),
            Noise::Rare => amount(0.45, (1.5 * f).exp()),
            Noise::Sparse(odds) => amount(odds, (1.5 * f).exp()),
            Noise::Binary => f64::from(draw.unit() < logistic(6.0 * self.explained * f)),
            Noise::Normal => around(draw.normal()),
            Noise::Heavy => around(draw.heavy()),
            Noise::Outliers => {
                // The variance of the mixture is 0.97 + 0.03 * 100.
                let size = if draw.unit() < 0.03 { 10.0 } else { 1.0 };
                around(size * draw.normal() / 3.97_f64.sqrt())
            }
        };
        self.shift + self.scale * standard
    }
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Mean and variance of what is 0, or with these odds uniform on 0.5..1.5 of a size.
fn amounts(odds: f64, size: f64) -> (f64, f64) {
    let mean = odds * size;
    (mean, odds * size * size * (1.0 + 1.0 / 12.0) - mean * mean)
}

/// How a series goes on from its lags.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// `x = a x1 + e`.
    Linear(f64),
    /// `x = 1.5 sin(2 x1) - 0.3 x2 + s e`.
    Sine(f64),
    /// `x = e`.
    Independent,
}

impl Rule {
    fn known(self, lags: &[f64]) -> (f64, f64) {
        match self {
            Self::Linear(a) => (a * lags[0], 1.0),
            Self::Sine(s) => (1.5 * (2.0 * lags[0]).sin() - 0.3 * lags[1], s * s),
            Self::Independent => (0.0, 1.0),
        }
    }
}

/// Where samples come from.
#[derive(Clone, Debug)]
pub enum Problem {
    /// Independent rows; inputs are uniform, `shift + scale * (-1..1)`.
    Rows {
        /// Number of inputs.
        features: usize,
        /// Middle of each input [file units].
        shift: f64,
        /// Half the range of each input [file units].
        scale: f64,
        /// The targets.
        outputs: Vec<Output>,
    },
    /// The next value of a series from its last values.
    Series {
        /// Number of lags.
        lags: usize,
        /// How it goes on.
        rule: Rule,
        /// Factor [file units].
        scale: f64,
    },
}

impl Problem {
    /// Number of inputs.
    pub fn features(&self) -> usize {
        match self {
            Self::Rows { features, .. } => *features,
            Self::Series { lags, .. } => *lags,
        }
    }

    /// Number of targets.
    pub fn outputs(&self) -> usize {
        match self {
            Self::Rows { outputs, .. } => outputs.len(),
            Self::Series { .. } => 1,
        }
    }

    /// Draws samples.
    pub fn draw(&self, count: usize, draw: &mut Draw) -> Drawn {
        match self {
            Self::Rows { features, shift, scale, outputs } => rows(*features, (*shift, *scale), outputs, count, draw),
            Self::Series { lags, rule, scale } => series(*lags, *rule, *scale, count, draw),
        }
    }
}

fn rows(features: usize, (shift, scale): (f64, f64), outputs: &[Output], count: usize, draw: &mut Draw) -> Drawn {
    let standards: Vec<(f64, f64)> =
        outputs.iter().enumerate().map(|(index, output)| moments(output.shape, features, index)).collect();
    let mut drawn = Drawn::default();
    for _ in 0..count {
        let z: Vec<f64> = (0..features).map(|_| draw.between(-1.0, 1.0)).collect();
        drawn.inputs.extend(z.iter().map(|z| shift + scale * z));
        for (index, (output, (mean, std))) in outputs.iter().zip(&standards).enumerate() {
            let f = if *std > 0.0 { (output.shape.value(&z, index) - mean) / std } else { 0.0 };
            let (mean, variance) = output.known(f);
            drawn.targets.push(output.sample(f, draw));
            drawn.means.push(mean);
            drawn.variances.push(variance);
        }
    }
    drawn
}

/// Mean and standard deviation of a shape over uniform inputs, from samples that are the same in every call.
fn moments(shape: Shape, features: usize, output: usize) -> (f64, f64) {
    const SAMPLES: usize = 4_000;
    let mut draw = Draw::new("moments");
    let values: Vec<f64> = (0..SAMPLES)
        .map(|_| shape.value(&(0..features).map(|_| draw.between(-1.0, 1.0)).collect::<Vec<_>>(), output))
        .collect();
    let mean = values.iter().sum::<f64>() / SAMPLES as f64;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / SAMPLES as f64;
    (mean, variance.sqrt())
}

fn series(lags: usize, rule: Rule, scale: f64, count: usize, draw: &mut Draw) -> Drawn {
    /// Values until the series has forgotten where it began.
    const BURN_IN: usize = 100;
    let mut drawn = Drawn::default();
    let mut past: Vec<f64> = vec![0.0; lags.max(2)];
    for step in 0..BURN_IN + count {
        let (mean, variance) = rule.known(&past);
        let next = mean + variance.sqrt() * draw.normal();
        if step >= BURN_IN {
            drawn.inputs.extend(past.iter().take(lags).map(|value| scale * value));
            drawn.targets.push(scale * next);
            drawn.means.push(scale * mean);
            drawn.variances.push(scale * scale * variance);
        }
        past.rotate_right(1);
        past[0] = next;
    }
    drawn
}
