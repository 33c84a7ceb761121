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
        Self {
            fan_in: side(1),
            fan_out: side(0),
        }
    }
}

/// The generator of a parameter.
pub(super) fn stream(seed: u64, parameter: usize) -> ChaCha8Rng {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(parameter as u64);
    generator
}

/// Draws a weight `[units, in]` or `[filters, channels, kernel, kernel]`, row-major, into the empty `values`.
pub(super) fn weights(
    values: &mut Vec<f32>,
    init: WeightInit,
    gain: f64,
    shape: &[usize],
    generator: &mut ChaCha8Rng,
) {
    let Fans { fan_in, fan_out } = Fans::of(shape);
    let (fan_in, both) = (fan_in as f64, (fan_in + fan_out) as f64);
    let count = shape.iter().product();
    match init {
        WeightInit::GlorotUniform {} => {
            uniform(values, count, gain * (6.0 / both).sqrt(), generator)
        }
        WeightInit::GlorotNormal {} => normal(values, count, gain * (2.0 / both).sqrt(), generator),
        WeightInit::HeUniform {} => uniform(values, count, gain * (6.0 / fan_in).sqrt(), generator),
        WeightInit::HeNormal {} => normal(values, count, gain * (2.0 / fan_in).sqrt(), generator),
        WeightInit::LecunUniform {} => {
            uniform(values, count, gain * (3.0 / fan_in).sqrt(), generator)
        }
        WeightInit::LecunNormal {} => {
            normal(values, count, gain * (1.0 / fan_in).sqrt(), generator)
        }
        WeightInit::PytorchUniform {} => {
            uniform(values, count, gain * (1.0 / fan_in).sqrt(), generator)
        }
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
pub(super) fn biases(
    values: &mut Vec<f32>,
    init: BiasInit,
    fan_in: usize,
    count: usize,
    generator: &mut ChaCha8Rng,
) {
    match init {
        BiasInit::Zeros {} => values.resize(count, 0.0),
        BiasInit::PytorchUniform {} => {
            uniform(values, count, (1.0 / fan_in as f64).sqrt(), generator)
        }
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
