//! Initial weights, from generators of our own: libtorch's are one per process and differ between devices.
//!
//! Each parameter has its own stream of one ChaCha generator, told by its number in order of creation, so that a
//! parameter's start depends on nothing but the seed, its number, its shape and its distribution.

use rand::{RngExt, SeedableRng, distr::StandardUniform};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::orthogonal;
use crate::experiment::{BiasInit, WeightInit};

/// Numbers of values that meet in one unit, the kernel's positions counted, as Keras and PyTorch do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fans {
    /// Inputs of one unit.
    pub fan_in: usize,
    /// Outputs that one input reaches.
    pub fan_out: usize,
}

impl Fans {
    /// Fans of a weight `[units, in]` or `[filters, channels, kernel, kernel]`.
    pub fn of(shape: &[usize]) -> Self {
        let positions: usize = shape.iter().skip(2).product();
        let side = |axis: usize| shape.get(axis).copied().unwrap_or(1) * positions;
        Self { fan_in: side(1), fan_out: side(0) }
    }
}

/// The generator of a parameter.
pub(super) fn stream(seed: u64, parameter: usize) -> ChaCha8Rng {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(parameter as u64);
    generator
}

/// Draws a weight `[units, in]` or `[filters, channels, kernel, kernel]`, row-major, into the empty `values`.
pub(super) fn weights(values: &mut Vec<f32>, init: WeightInit, gain: f64, shape: &[usize], generator: &mut ChaCha8Rng) {
    let Fans { fan_in, fan_out } = Fans::of(shape);
    let (fan_in, both) = (fan_in as f64, (fan_in + fan_out) as f64);
    let count = shape.iter().product();
    match init {
        WeightInit::GlorotUniform {} => uniform(values, count, gain * (6.0 / both).sqrt(), generator),
        WeightInit::GlorotNormal {} => normal(values, count, gain * (2.0 / both).sqrt(), generator),
        WeightInit::HeUniform {} => uniform(values, count, gain * (6.0 / fan_in).sqrt(), generator),
        WeightInit::HeNormal {} => normal(values, count, gain * (2.0 / fan_in).sqrt(), generator),
        WeightInit::LecunUniform {} => uniform(values, count, gain * (3.0 / fan_in).sqrt(), generator),
        WeightInit::LecunNormal {} => normal(values, count, gain * (1.0 / fan_in).sqrt(), generator),
        WeightInit::PytorchUniform {} => uniform(values, count, gain * (1.0 / fan_in).sqrt(), generator),
        WeightInit::Normal { std } => normal(values, count, gain * std, generator),
        WeightInit::Zeros {} => values.resize(count, 0.0),
        WeightInit::Orthogonal {} => {
            let rows = shape.first().copied().unwrap_or(1);
            let matrix = orthogonal::draw(rows, count / rows.max(1), generator);
            values.extend(matrix.into_iter().map(|value| (gain * value) as f32));
        }
    }
}

/// Draws `count` biases of units with this `fan_in` into the empty `values`.
pub(super) fn biases(values: &mut Vec<f32>, init: BiasInit, fan_in: usize, count: usize, generator: &mut ChaCha8Rng) {
    match init {
        BiasInit::Zeros {} => values.resize(count, 0.0),
        BiasInit::PytorchUniform {} => uniform(values, count, (1.0 / fan_in as f64).sqrt(), generator),
        BiasInit::Constant { value } => values.resize(count, value as f32),
    }
}

fn uniform(values: &mut Vec<f32>, count: usize, bound: f64, generator: &mut ChaCha8Rng) {
    values.extend((0..count).map(|_| {
        let unit: f64 = generator.sample(StandardUniform);
        (bound * (2.0 * unit - 1.0)) as f32
    }));
}

fn normal(values: &mut Vec<f32>, count: usize, std: f64, generator: &mut ChaCha8Rng) {
    values.extend((0..count).map(|_| {
        let unit: f64 = generator.sample(StandardNormal);
        (std * unit) as f32
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: [usize; 4] = [32, 16, 3, 3];
    const FAN_IN: f64 = 144.0;
    const FAN_OUT: f64 = 288.0;

    fn draw(init: WeightInit, gain: f64, shape: &[usize], seed: u64, parameter: usize) -> Vec<f32> {
        let mut values = Vec::new();
        weights(&mut values, init, gain, shape, &mut stream(seed, parameter));
        assert_eq!(values.len(), shape.iter().product::<usize>());
        values
    }

    /// Checks mean and variance within five standard errors (1 in 1.7 million by chance, and the seed is fixed);
    /// `kurtosis` of the distribution gives the standard error of the variance, `var * sqrt((kurtosis - 1) / n)`.
    fn assert_moments(what: &str, values: &[f32], var: f64, kurtosis: f64) {
        let n = values.len() as f64;
        let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / n;
        let measured = values.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>() / n;
        assert!(mean.abs() < 5.0 * (var / n).sqrt(), "{what}: mean {mean}");
        let limit = 5.0 * var * ((kurtosis - 1.0) / n).sqrt();
        assert!((measured - var).abs() < limit, "{what}: variance {measured}, wanted {var} +- {limit}");
    }

    /// Within the bound, and reaching so near to it that less would happen by chance once in 1e9.
    fn assert_bound(what: &str, values: &[f32], bound: f64) {
        let largest = values.iter().map(|&value| f64::from(value.abs())).fold(0.0, f64::max);
        assert!(largest <= bound * (1.0 + f64::from(f32::EPSILON)), "{what}: {largest} is beyond {bound}");
        // All of n draws below bound * (1 - e): probability (1 - e)^n < exp(-e n) = 1e-9.
        let short = 1e9_f64.ln() / values.len() as f64;
        assert!(largest >= bound * (1.0 - short), "{what}: {largest} never reaches {bound}");
    }

    #[test]
    fn fans_count_the_positions_of_the_kernel() {
        assert_eq!(Fans::of(&SHAPE), Fans { fan_in: 144, fan_out: 288 });
        assert_eq!(Fans::of(&[7, 5]), Fans { fan_in: 5, fan_out: 7 });
    }

    #[test]
    fn uniform_distributions_have_their_bound_and_variance() {
        let gain = 1.7;
        let table = [
            (WeightInit::GlorotUniform {}, (6.0 / (FAN_IN + FAN_OUT)).sqrt()),
            (WeightInit::HeUniform {}, (6.0 / FAN_IN).sqrt()),
            (WeightInit::LecunUniform {}, (3.0 / FAN_IN).sqrt()),
            (WeightInit::PytorchUniform {}, 1.0 / FAN_IN.sqrt()),
        ];
        for (init, bound) in table {
            let values = draw(init, gain, &SHAPE, 1, 0);
            let what = format!("{init:?}");
            assert_bound(&what, &values, gain * bound);
            assert_moments(&what, &values, (gain * bound).powi(2) / 3.0, 1.8);
        }
    }

    #[test]
    fn normal_distributions_have_their_variance() {
        let gain = 0.6;
        let table = [
            (WeightInit::GlorotNormal {}, 2.0 / (FAN_IN + FAN_OUT)),
            (WeightInit::HeNormal {}, 2.0 / FAN_IN),
            (WeightInit::LecunNormal {}, 1.0 / FAN_IN),
            (WeightInit::Normal { std: 0.05 }, 0.0025),
        ];
        for (init, var) in table {
            let values = draw(init, gain, &SHAPE, 2, 0);
            assert_moments(&format!("{init:?}"), &values, gain * gain * var, 3.0);
        }
    }

    #[test]
    fn orthogonal_filters_have_the_gain_as_their_length() {
        for shape in [[32, 16, 3, 3], [32, 2, 3, 3]] {
            let (rows, columns) = (shape[0], shape[1] * 9);
            let values = draw(WeightInit::Orthogonal {}, 1.5, &shape, 3, 0);
            // By rows where they are fewer, by columns otherwise; products of f32 values, each rounded to 6e-8.
            let (count, length) = (rows.min(columns), rows.max(columns));
            let at = |vector: usize, place: usize| {
                let index = if rows <= columns { vector * columns + place } else { place * columns + vector };
                f64::from(values[index])
            };
            for a in 0..count {
                for b in 0..count {
                    let product: f64 = (0..length).map(|place| at(a, place) * at(b, place)).sum();
                    let wanted = if a == b { 2.25 } else { 0.0 };
                    assert!((product - wanted).abs() < 1e-6, "{a} {b}: {product}");
                }
            }
        }
    }

    #[test]
    fn zeros_are_zero_whatever_the_gain() {
        assert!(draw(WeightInit::Zeros {}, 3.0, &SHAPE, 1, 0).iter().all(|&value| value == 0.0));
    }

    #[test]
    fn biases_follow_their_kind() {
        let draw = |init, count| {
            let mut values = Vec::new();
            biases(&mut values, init, 144, count, &mut stream(1, 1));
            values
        };
        assert_eq!(draw(BiasInit::Zeros {}, 2), [0.0, 0.0]);
        assert_eq!(draw(BiasInit::Constant { value: 0.1 }, 2), [0.1, 0.1]);
        let uniform = draw(BiasInit::PytorchUniform {}, 4000);
        assert_bound("bias", &uniform, 1.0 / 12.0);
        assert_moments("bias", &uniform, 1.0 / 144.0 / 3.0, 1.8);
    }

    #[test]
    fn each_seed_and_parameter_has_a_stream_of_its_own() {
        let init = WeightInit::Normal { std: 1.0 };
        let base = draw(init, 1.0, &SHAPE, 7, 0);
        assert_eq!(base, draw(init, 1.0, &SHAPE, 7, 0));
        for other in [draw(init, 1.0, &SHAPE, 7, 1), draw(init, 1.0, &SHAPE, 8, 0)] {
            let n = base.len() as f64;
            let product: f64 = base.iter().zip(&other).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
            // The product of two independent standard normals has variance 1.
            assert!((product / n).abs() < 5.0 / n.sqrt(), "{product}");
        }
    }

    #[test]
    fn the_draws_of_a_seed_stay_what_they_were() {
        // A new version of a generator or a distribution would change every recorded run: it must be seen.
        let uniform = draw(WeightInit::PytorchUniform {}, 1.0, &[2, 2], 7, 0);
        let normal = draw(WeightInit::Normal { std: 1.0 }, 1.0, &[2, 2], 7, 3);
        insta::assert_snapshot!(format!("{uniform:?} {normal:?}"), @"[-0.4839494, -0.46953395, 0.28889006, 0.32066062] [-1.0436549, -1.5494215, 0.68326443, -0.41305742]");
    }
}
