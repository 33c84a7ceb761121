//! The reductions that probes read: each is one pass over memory that is hot anyway.
//!
//! Blocks are summed in 16 lanes of `f32`, which the compiler turns into vector instructions, and blocks are added up in
//! `f64`. Values are shifted by the first one, so that the variance of nearly equal numbers is not rounding. A block
//! whose squares overflow or vanish in `f32` is summed again in `f64`.

use super::wide::wide;

/// Values in one block: short enough for `f32` sums, long enough that the `f64` additions do not count.
pub const BLOCK: usize = 1024;
/// Independent sums in flight.
pub const LANES: usize = 16;
/// A block whose sum of squares is below this may have lost squares to underflow (the smallest normal f32 is 1e-38).
const VANISHING: f32 = 1e-30;

/// Sum of the squares of a slice, exact zeros counted beside.
///
/// NaN and infinities in the slice make the sum NaN or infinite; finite values never do.
pub fn squares_and_zeros(values: &[f32]) -> (f64, u64) {
    let (mut total, mut zeros) = (0.0_f64, 0_u64);
    wide(|| {
        for block in values.chunks(BLOCK) {
            let sums = Block::of(block, 0.0);
            zeros += u64::from(sums.zeros);
            total += settle(sums.squares, block, sums.zeros as usize == block.len());
        }
    });
    (total, zeros)
}

/// Sums of at most [`BLOCK`] values, less a shift.
#[derive(Clone, Copy)]
struct Block {
    sum: f32,
    squares: f32,
    zeros: u32,
}

impl Block {
    #[inline(always)]
    fn of(values: &[f32], shift: f32) -> Self {
        let (mut sums, mut squares, mut zeros) = ([0.0_f32; LANES], [0.0_f32; LANES], [0_u32; LANES]);
        // Arrays of a known length, so that the loop over lanes becomes vector instructions.
        let (chunks, rest) = values.as_chunks::<LANES>();
        for chunk in chunks {
            for lane in 0..LANES {
                let value = chunk[lane] - shift;
                sums[lane] += value;
                squares[lane] += value * value;
                zeros[lane] += u32::from(chunk[lane] == 0.0);
            }
        }
        for (lane, &raw) in rest.iter().enumerate() {
            let value = raw - shift;
            sums[lane] += value;
            squares[lane] += value * value;
            zeros[lane] += u32::from(raw == 0.0);
        }
        Self { sum: sums.iter().sum(), squares: squares.iter().sum(), zeros: zeros.iter().sum() }
    }
}

/// A block's `f32` sum of squares, summed again in `f64` where `f32` may have overflowed or vanished.
pub fn settle(sum: f32, block: &[f32], all_zero: bool) -> f64 {
    if all_zero {
        0.0
    } else if sum.is_finite() && sum > VANISHING {
        f64::from(sum)
    } else {
        block.iter().map(|&value| f64::from(value) * f64::from(value)).sum()
    }
}

/// Whether any value is not zero. All bits of a few values are joined before one test, which is what vectorises; the sign
/// does not count, since minus zero is zero.
fn any_nonzero(values: &[f32]) -> bool {
    values.chunks(64).any(|part| part.iter().fold(0, |bits, value| bits | value.to_bits()) << 1 != 0)
}

/// What one pass over a layer's activations found.
#[derive(Clone, Debug, PartialEq)]
pub struct ActivationSums {
    count: u64,
    shift: f64,
    sum: f64,
    squares: f64,
    zeros: u64,
    positions: usize,
    alive: Vec<bool>,
    saturated: Option<u64>,
}

impl ActivationSums {
    /// Empty sums for a layer with units (or channels) of `positions` values each (1 for dense layers, `H * W` for
    /// images); `bounded` says whether its activation has a flat end on both sides. `units` is their number where it
    /// matters which of them fire: of a layer whose activation can die.
    pub fn new(units: Option<usize>, positions: usize, bounded: bool) -> Self {
        Self {
            count: 0,
            shift: 0.0,
            sum: 0.0,
            squares: 0.0,
            zeros: 0,
            positions,
            alive: vec![false; units.unwrap_or(0)],
            saturated: bounded.then_some(0),
        }
    }

    /// Adds activations `[N, units, positions]`, row-major; `flat` says which values lie in a flat end.
    pub fn add(&mut self, values: &[f32], flat: Option<(f32, f32)>) {
        if values.is_empty() {
            return;
        }
        if self.count == 0 {
            // Any constant would be right; a value of the data keeps the squares small.
            self.shift = if values[0].is_finite() { f64::from(values[0]) } else { 0.0 };
        }
        self.count += values.len() as u64;
        wide(|| {
            for block in values.chunks(BLOCK) {
                self.add_block(block);
            }
        });
        self.mark_alive(values);
        if let (Some(saturated), Some((low, high))) = (&mut self.saturated, flat) {
            *saturated += values.iter().map(|&value| u64::from(value < low || value > high)).sum::<u64>();
        }
    }

    /// Takes over the sums of a layer that holds the same numbers in the same order, instead of adding them once more.
    ///
    /// Which units fire and what lies in flat ends is not taken over: a layer that hands its input on has neither.
    pub fn repeat(&mut self, same: &Self) {
        (self.count, self.shift, self.sum) = (same.count, same.shift, same.sum);
        (self.squares, self.zeros) = (same.squares, same.zeros);
    }

    #[inline(always)]
    fn add_block(&mut self, block: &[f32]) {
        let sums = Block::of(block, self.shift as f32);
        if sums.sum.is_finite() && sums.squares.is_finite() {
            self.sum += f64::from(sums.sum);
            self.squares += f64::from(sums.squares);
        } else {
            for &raw in block {
                let value = f64::from(raw) - self.shift;
                self.sum += value;
                self.squares += value * value;
            }
        }
        self.zeros += u64::from(sums.zeros);
    }

    /// Marks units with any value that is not zero. NaN is not zero: such a unit is broken, not dead.
    ///
    /// Only units that have not fired yet are searched, so that a healthy layer costs next to nothing.
    fn mark_alive(&mut self, values: &[f32]) {
        let (units, positions) = (self.alive.len(), self.positions);
        if units == 0 {
            return; // nobody asks
        }
        for sample in values.chunks_exact(units * positions) {
            if self.alive.iter().all(|&alive| alive) {
                return;
            }
            if positions == 1 {
                for (alive, &value) in self.alive.iter_mut().zip(sample) {
                    *alive |= value != 0.0;
                }
            } else {
                for (alive, map) in self.alive.iter_mut().zip(sample.chunks_exact(positions)) {
                    *alive = *alive || any_nonzero(map);
                }
            }
        }
    }

    /// Mean. NaN when nothing was added.
    pub fn mean(&self) -> f64 {
        self.shift + self.sum / self.count as f64
    }

    /// Standard deviation (ddof 0).
    pub fn std(&self) -> f64 {
        let mean = self.sum / self.count as f64;
        let variance = self.squares / self.count as f64 - mean * mean;
        if variance < 0.0 { 0.0 } else { variance.sqrt() } // rounding may leave -1e-17; NaN stays NaN
    }

    /// Fraction that is exactly zero, 0..1.
    pub fn zero_fraction(&self) -> f64 {
        self.zeros as f64 / self.count as f64
    }

    /// Fraction in the flat ends, 0..1; `None` for activations that have none.
    pub fn saturation(&self) -> Option<f64> {
        self.saturated.map(|saturated| saturated as f64 / self.count as f64)
    }

    /// Fraction of units without any value but zero, 0..1; `None` where units are not watched.
    pub fn dead_fraction(&self) -> Option<f64> {
        let dead = self.alive.iter().filter(|&&alive| !alive).count();
        (!self.alive.is_empty()).then(|| dead as f64 / self.alive.len() as f64)
    }

    /// For each unit that is watched, whether any value was not zero.
    pub fn alive(&self) -> &[bool] {
        &self.alive
    }
}

/// What one optimiser step found of one parameter.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ParameterSums {
    /// Number of values.
    pub count: u64,
    /// Sum of the squares of the gradient, before clipping.
    pub gradient_squares: f64,
    /// Entries of the gradient that are exactly zero.
    pub gradient_zeros: u64,
    /// Sum of the squares of the values after the step.
    pub weight_squares: f64,
    /// Sum of the squares of the change.
    pub update_squares: f64,
}

impl ParameterSums {
    /// L2 norm of the gradient.
    pub fn gradient_norm(&self) -> f64 {
        self.gradient_squares.sqrt()
    }

    /// Fraction of the gradient that is exactly zero, 0..1.
    pub fn gradient_zero_fraction(&self) -> f64 {
        self.gradient_zeros as f64 / self.count as f64
    }

    /// L2 norm of the values.
    pub fn weight_norm(&self) -> f64 {
        self.weight_squares.sqrt()
    }

    /// L2 norm of the change.
    pub fn update_norm(&self) -> f64 {
        self.update_squares.sqrt()
    }
}

/// Sums over one output's predictions and targets, all in `f64` and shifted by the first of each.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct OutputSums {
    count: u64,
    shift_prediction: f64,
    shift_target: f64,
    prediction: f64,
    target: f64,
    prediction_squares: f64,
    target_squares: f64,
    products: f64,
    error_squares: f64,
}

impl OutputSums {
    /// Adds one sample.
    pub fn add(&mut self, prediction: f32, target: f32) {
        let (prediction, target) = (f64::from(prediction), f64::from(target));
        if self.count == 0 {
            self.shift_prediction = if prediction.is_finite() { prediction } else { 0.0 };
            self.shift_target = target;
        }
        self.count += 1;
        let error = prediction - target;
        let (prediction, target) = (prediction - self.shift_prediction, target - self.shift_target);
        self.prediction += prediction;
        self.target += target;
        self.prediction_squares += prediction * prediction;
        self.target_squares += target * target;
        self.products += prediction * target;
        self.error_squares += error * error;
    }

    /// Sums over the rows of `[N, outputs]` predictions and targets, one entry for each output.
    pub fn of_rows(predictions: &[f32], targets: &[f32], outputs: usize) -> Vec<Self> {
        let mut sums = vec![Self::default(); outputs];
        for (row, wanted) in predictions.chunks_exact(outputs).zip(targets.chunks_exact(outputs)) {
            for (sum, (&prediction, &target)) in sums.iter_mut().zip(row.iter().zip(wanted)) {
                sum.add(prediction, target);
            }
        }
        sums
    }

    /// Mean prediction.
    pub fn prediction_mean(&self) -> f64 {
        self.shift_prediction + self.prediction / self.count as f64
    }

    /// Variance (ddof 0) of the predictions; exactly 0 when they are equal to the bit.
    pub fn prediction_variance(&self) -> f64 {
        variance(self.count, self.prediction, self.prediction_squares)
    }

    /// Variance (ddof 0) of the targets.
    pub fn target_variance(&self) -> f64 {
        variance(self.count, self.target, self.target_squares)
    }

    /// Covariance (ddof 0) of predictions and targets.
    pub fn covariance(&self) -> f64 {
        let count = self.count as f64;
        self.products / count - self.prediction / count * (self.target / count)
    }

    /// Mean squared error.
    pub fn mean_squared_error(&self) -> f64 {
        self.error_squares / self.count as f64
    }
}

fn variance(count: u64, sum: f64, squares: f64) -> f64 {
    let mean = sum / count as f64;
    let variance = squares / count as f64 - mean * mean;
    if variance < 0.0 { 0.0 } else { variance }
}

#[cfg(test)]
#[path = "sums_tests.rs"]
mod tests;
