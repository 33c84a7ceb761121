//! One pass over the memory of a parameter: the weights move, and the norms of gradient, weight and update fall out.

use crate::probes::{
    sums::{BLOCK, LANES, ParameterSums, settle},
    wide::wide,
};

/// Least unit of updates, so that its inverse is finite in `f32` however far a schedule has brought the rate down.
const SMALLEST_UNIT: f64 = 1e-30;

/// The memory of one parameter.
pub(super) struct Values<'a> {
    /// Weights, moved in place.
    pub weights: &'a mut [f32],
    /// Their gradient.
    pub gradient: &'a [f32],
    /// First moment.
    pub first: &'a mut [f32],
    /// Second moment.
    pub second: &'a mut [f32],
}

impl Values<'_> {
    /// `weight, gradient, first, second -> new weight` for each value, norms along the way.
    #[inline(always)]
    pub fn pass<const NORMS: bool>(
        self,
        lr: f64,
        update: impl Fn(f32, f32, &mut f32, &mut f32) -> f32,
    ) -> ParameterSums {
        let count = self.weights.len();
        // Updates are measured in units of the learning rate, so that tiny ones do not vanish when squared in f32.
        let unit = lr.max(SMALLEST_UNIT);
        let per_unit = (1.0 / unit) as f32;
        let mut sums = ParameterSums { count: count as u64, ..ParameterSums::default() };
        let mut lanes = Lanes::default();
        wide(|| {
            for start in (0..count).step_by(BLOCK) {
                let block = start..(start + BLOCK).min(count);
                let (weights, weights_rest) = self.weights[block.clone()].as_chunks_mut::<LANES>();
                let (gradient, gradient_rest) = self.gradient[block.clone()].as_chunks::<LANES>();
                let (first, first_rest) = self.first[block.clone()].as_chunks_mut::<LANES>();
                let (second, second_rest) = self.second[block.clone()].as_chunks_mut::<LANES>();
                lanes.clear();
                for (((w, g), a), b) in weights.iter_mut().zip(gradient).zip(first).zip(second) {
                    for lane in 0..LANES {
                        let new = update(w[lane], g[lane], &mut a[lane], &mut b[lane]);
                        if NORMS {
                            lanes.add(lane, g[lane], new, (new - w[lane]) * per_unit);
                        }
                        w[lane] = new;
                    }
                }
                for (lane, (((w, g), a), b)) in
                    weights_rest.iter_mut().zip(gradient_rest).zip(first_rest).zip(second_rest).enumerate()
                {
                    let new = update(*w, *g, a, b);
                    if NORMS {
                        lanes.add(lane, *g, new, (new - *w) * per_unit);
                    }
                    *w = new;
                }
                if NORMS {
                    lanes.pour(&mut sums, &self.gradient[block.clone()], &self.weights[block], unit);
                }
            }
        });
        sums
    }
}

/// Sums of one block, in lanes.
#[derive(Default)]
struct Lanes {
    gradient: [f32; LANES],
    weight: [f32; LANES],
    update: [f32; LANES],
    zeros: [u32; LANES],
}

impl Lanes {
    fn clear(&mut self) {
        *self = Self::default();
    }

    #[inline(always)]
    fn add(&mut self, lane: usize, gradient: f32, weight: f32, update: f32) {
        self.gradient[lane] += gradient * gradient;
        self.weight[lane] += weight * weight;
        self.update[lane] += update * update;
        self.zeros[lane] += u32::from(gradient == 0.0);
    }

    /// Adds the block to the sums; a sum that `f32` may have lost is taken again from the memory.
    fn pour(&self, sums: &mut ParameterSums, gradient: &[f32], weights: &[f32], unit: f64) {
        let zeros: u32 = self.zeros.iter().sum();
        sums.gradient_zeros += u64::from(zeros);
        sums.gradient_squares += settle(self.gradient.iter().sum(), gradient, zeros as usize == gradient.len());
        sums.weight_squares += settle(self.weight.iter().sum(), weights, false);
        sums.update_squares += f64::from(self.update.iter().sum::<f32>()) * unit * unit;
    }
}
