//! Samples of a known function, with or without noise.

use super::draw::Draw;
use crate::experiment::{Distribution, Formula};

/// A function and where it is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Function {
    pub formula: Formula,
    pub features: usize,
    pub inputs: Distribution,
    /// Standard deviation of the noise.
    pub noise: f64,
}

impl Function {
    /// Inputs, row-major `[N, features]`, and targets `[N]`, in full precision and not scaled.
    ///
    /// Inputs and noise come from streams of their own: the same inputs with and without noise.
    pub fn draw(&self, count: usize, inputs: &mut Draw, noises: &mut Draw) -> (Vec<f64>, Vec<f64>) {
        let number = || match self.inputs {
            Distribution::Uniform { low, high } => low + (high - low) * inputs.unit(),
            Distribution::Normal { mean, std } => mean + std * inputs.normal(),
        };
        let inputs: Vec<f64> = std::iter::repeat_with(number).take(self.features * count).collect();
        let mut noise = || if self.noise == 0.0 { 0.0 } else { self.noise * noises.normal() };
        let targets = inputs.chunks(self.features.max(1)).map(|row| value(self.formula, row) + noise()).collect();
        (inputs, targets)
    }
}

/// The formula at one point; the reader saw to it that the point has the columns that the formula needs.
fn value(formula: Formula, x: &[f64]) -> f64 {
    match formula {
        Formula::Sum => x.iter().sum(),
        Formula::Sine => (3.0 * x[0]).sin(),
        Formula::Product => x[0] * x[1],
        Formula::Square => x[0] * x[0],
        Formula::Step => f64::from(x[0] > 0.0),
        Formula::Norm => x.iter().map(|value| value * value).sum::<f64>().sqrt(),
        Formula::Friedman1 => {
            10.0 * (std::f64::consts::PI * x[0] * x[1]).sin() + 20.0 * (x[2] - 0.5).powi(2) + 10.0 * x[3] + 5.0 * x[4]
        }
        Formula::Zero => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::draw::Stream;

    fn points(formula: Formula, features: usize, inputs: Distribution, noise: f64) -> (Vec<f64>, Vec<f64>) {
        let mut streams = (Draw::new(3, Stream::TrainInputs), Draw::new(3, Stream::TrainNoise));
        Function { formula, features, inputs, noise }.draw(4000, &mut streams.0, &mut streams.1)
    }

    const UNIT: Distribution = Distribution::Uniform { low: 0.0, high: 1.0 };

    #[test]
    fn formulas_at_a_known_point() {
        let x = [0.5, -2.0, 1.0, 3.0, 4.0];
        let wanted = [
            (Formula::Sum, 6.5),
            (Formula::Sine, 0.997_494_986_604_054_4),
            (Formula::Product, -1.0),
            (Formula::Square, 0.25),
            (Formula::Step, 1.0),
            (Formula::Norm, 5.5),
            // 10 sin(-pi) + 20 / 4 + 30 + 20
            (Formula::Friedman1, 55.0),
            (Formula::Zero, 0.0),
        ];
        for (formula, wanted) in wanted {
            let found = value(formula, &x);
            assert!((found - wanted).abs() < 1e-12, "{formula:?}: {found}");
        }
        assert_eq!(value(Formula::Step, &[0.0]), 0.0);
    }

    #[test]
    fn noise_changes_targets_only_and_has_its_size() {
        let clean = points(Formula::Sum, 2, UNIT, 0.0);
        let noisy = points(Formula::Sum, 2, UNIT, 0.5);
        assert_eq!(clean.0, noisy.0);
        let residuals: Vec<f64> = noisy.1.iter().zip(&clean.1).map(|(noisy, clean)| noisy - clean).collect();
        let var = residuals.iter().map(|residual| residual * residual).sum::<f64>() / 4000.0;
        // The standard error of a variance of 0.25 over 4000 samples is 0.0056; five of them.
        assert!((var - 0.25).abs() < 0.028, "{var}");
    }

    #[test]
    fn distributions_have_their_range_and_moments() {
        let uniform = points(Formula::Zero, 1, Distribution::Uniform { low: -3.0, high: 5.0 }, 0.0).0;
        assert!(uniform.iter().all(|value| (-3.0..5.0).contains(value)));
        let mean = uniform.iter().sum::<f64>() / 4000.0;
        // The standard error is 8 / sqrt(12 * 4000) = 0.037; five of them.
        assert!((mean - 1.0).abs() < 0.19, "{mean}");
        let normal = points(Formula::Zero, 1, Distribution::Normal { mean: 10.0, std: 0.1 }, 0.0).0;
        let mean = normal.iter().sum::<f64>() / 4000.0;
        // The standard error is 0.0016; five of them.
        assert!((mean - 10.0).abs() < 0.008, "{mean}");
    }
}
