//! Optimisers: PyTorch's formulas, with a state of our own so that it can be saved.
//!
//! On the CPU each parameter is moved in one pass over its memory, which yields the norms of gradient, weight and update
//! as well. On a GPU the same formulas run as tensor operations.

use tch::{Device, Kind, Tensor};

use super::{TrainError, memory, pass::Values, preconditioner::CLIP_EPSILON};
use crate::{
    experiment::Optimiser as Kinds,
    model::Parameter,
    probes::sums::{ParameterSums, squares_and_zeros},
};

/// An optimiser over the parameters of one network.
pub struct Optimiser {
    pub(super) kind: Kinds,
    pub(super) clip_norm: Option<f64>,
    pub(super) clip_value: Option<f64>,
    pub(super) slots: Vec<Slot>,
    /// Steps taken.
    steps: u64,
}

/// One parameter and its moments. SGD keeps its momentum in `first`; Adam uses both; RMSprop keeps the mean square in
/// `second` and its momentum in `first`.
pub(super) struct Slot {
    name: String,
    weights: Tensor,
    first: Tensor,
    pub(super) second: Tensor,
    /// Whether it moves; one that does not is measured all the same.
    pub(super) moves: bool,
}

/// Whether the norms are taken along the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Gradient, weight and update norms of every parameter.
    Norms,
    /// Nothing.
    Nothing,
}

/// The numbers of one step, the same for all parameters.
#[derive(Clone, Copy)]
struct Constants {
    lr: f64,
    /// Clipping by norm, as a factor on the gradient.
    scale: f64,
    /// Clipping by value; infinite: none.
    limit: f64,
    /// Adam's corrections of the start from zero: `1 - beta1^t` and `sqrt(1 - beta2^t)`.
    bias1: f64,
    bias2_root: f64,
}

impl Optimiser {
    /// An optimiser whose moments are zero.
    pub fn new(
        kind: Kinds,
        clip_norm: Option<f64>,
        clip_value: Option<f64>,
        parameters: &[Parameter],
    ) -> Result<Self, TrainError> {
        let slots = parameters
            .iter()
            .map(|parameter| {
                Ok(Slot {
                    name: parameter.name.clone(),
                    weights: parameter.tensor.shallow_clone(),
                    first: parameter.tensor.f_zeros_like()?.f_detach()?,
                    second: parameter.tensor.f_zeros_like()?.f_detach()?,
                    moves: true,
                })
            })
            .collect::<Result<_, tch::TchError>>()?;
        Ok(Self { kind, clip_norm, clip_value, slots, steps: 0 })
    }

    /// Leaves out the parameters whose entry is false: as if the optimiser had never been given them.
    pub(super) fn move_only(&mut self, moves: &[bool]) {
        for (slot, &moves) in self.slots.iter_mut().zip(moves) {
            slot.moves = moves;
        }
    }

    /// Whether each parameter moves, in order.
    pub(super) fn moves(&self) -> Vec<bool> {
        self.slots.iter().map(|slot| slot.moves).collect()
    }

    /// Steps taken so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The moments as named tensors, for a checkpoint.
    pub fn state(&self) -> Vec<(String, Tensor)> {
        let named = |slot: &Slot, moment: &str, tensor: &Tensor| {
            (format!("optimiser.{}.{moment}", slot.name), tensor.shallow_clone())
        };
        self.slots
            .iter()
            .flat_map(|slot| [named(slot, "first", &slot.first), named(slot, "second", &slot.second)])
            .collect()
    }

    /// Takes over moments that [`Optimiser::state`] gave, and the number of steps.
    ///
    /// # Errors
    /// The name of the first moment that is missing or has another shape.
    pub fn load_state(&mut self, state: &[(String, Tensor)], steps: u64) -> Result<(), String> {
        for slot in &mut self.slots {
            for (moment, tensor) in [("first", &mut slot.first), ("second", &mut slot.second)] {
                let name = format!("optimiser.{}.{moment}", slot.name);
                let Some((_, saved)) = state.iter().find(|(saved, _)| *saved == name) else {
                    return Err(format!("`{name}` is missing"));
                };
                if saved.size() != tensor.size() {
                    return Err(format!("`{name}` has shape {:?}, not {:?}", saved.size(), tensor.size()));
                }
                tensor.f_copy_(saved).map_err(|error| error.to_string())?;
            }
        }
        self.steps = steps;
        Ok(())
    }

    /// The same moments over a copy of the network, to play its motion forward.
    pub fn copy_onto(&self, parameters: &[Parameter]) -> Result<Self, TrainError> {
        let mut copy = Self::new(self.kind, self.clip_norm, self.clip_value, parameters)?;
        copy.load_state(&self.state(), self.steps)
            .map_err(|why| TrainError::Checkpoint { path: "in memory".into(), why })?;
        copy.move_only(&self.moves());
        Ok(copy)
    }

    /// Moves the weights against the gradients, one for each parameter in order.
    ///
    /// Returns one entry for each parameter when measured, none otherwise. Gradient norms are taken before clipping;
    /// clipping by norm comes before clipping by value.
    pub fn step(
        &mut self,
        gradients: &mut [Tensor],
        lr: f64,
        measure: Measure,
    ) -> Result<Vec<ParameterSums>, TrainError> {
        let scale = self.clip_scale(gradients)?;
        self.advance(gradients, lr, scale, measure)
    }

    /// Moves the first `frozen` parameters as if their gradients were exactly zero; the others stay.
    pub fn step_without_gradient(&mut self, frozen: usize, lr: f64) -> Result<Vec<ParameterSums>, TrainError> {
        let mut zeros = self.slots[..frozen]
            .iter()
            .map(|slot| slot.weights.f_zeros_like()?.f_detach())
            .collect::<Result<Vec<_>, _>>()?;
        self.advance(&mut zeros, lr, 1.0, Measure::Norms)
    }

    /// Factor that brings the joint norm of the gradients down to the limit (PyTorch's `clip_grad_norm_`).
    fn clip_scale(&self, gradients: &mut [Tensor]) -> Result<f64, TrainError> {
        let Some(limit) = self.clip_norm else { return Ok(1.0) };
        let mut squares = 0.0;
        for (_, gradient) in self.slots.iter().zip(gradients).filter(|(slot, _)| slot.moves) {
            squares += match memory::f32s_mut(gradient) {
                Some(values) => squares_and_zeros(values).0,
                None => gradient.f_norm()?.f_double_value(&[])?.powi(2),
            };
        }
        Ok((limit / (squares.sqrt() + CLIP_EPSILON)).min(1.0))
    }

    /// Counts a step and gives its numbers.
    fn next_constants(&mut self, lr: f64, scale: f64) -> Constants {
        self.steps += 1;
        let (beta1, beta2) = match self.kind {
            Kinds::Adam { beta1, beta2, .. } | Kinds::AdamW { beta1, beta2, .. } => (beta1, beta2),
            Kinds::Sgd { .. } | Kinds::RmsProp { .. } => (0.0, 0.0),
        };
        // A power that underflows to 0 is the correction's limit, 1.
        let steps = self.steps.min(i32::MAX as u64) as i32;
        Constants {
            lr,
            scale,
            limit: self.clip_value.unwrap_or(f64::INFINITY),
            bias1: 1.0 - beta1.powi(steps),
            bias2_root: (1.0 - beta2.powi(steps)).sqrt(),
        }
    }

    fn advance(
        &mut self,
        gradients: &mut [Tensor],
        lr: f64,
        scale: f64,
        measure: Measure,
    ) -> Result<Vec<ParameterSums>, TrainError> {
        let _no_gradient = tch::no_grad_guard();
        let constants = self.next_constants(lr, scale);
        let mut sums = Vec::with_capacity(if measure == Measure::Norms { gradients.len() } else { 0 });
        for (slot, gradient) in self.slots.iter_mut().zip(gradients) {
            if !gradient.is_contiguous() {
                *gradient = gradient.f_contiguous()?;
            }
            if !slot.moves {
                if measure == Measure::Norms {
                    sums.push(slot.at_rest(gradient)?);
                }
                continue;
            }
            let moved = match measure {
                Measure::Norms => slot.pass::<true>(self.kind, gradient, constants),
                Measure::Nothing => slot.pass::<false>(self.kind, gradient, constants),
            };
            let moved = match moved {
                Some(moved) => moved,
                None => slot.tensor_step(self.kind, gradient, constants, measure)?,
            };
            if measure == Measure::Norms {
                sums.push(moved);
            }
        }
        Ok(sums)
    }
}

impl Slot {
    /// What is measured of a parameter that the optimiser was not given.
    fn at_rest(&self, gradient: &Tensor) -> Result<ParameterSums, TrainError> {
        let gradient = memory::copied(gradient)?;
        let (gradient_squares, gradient_zeros) = squares_and_zeros(&gradient);
        let (weight_squares, _) = squares_and_zeros(&memory::copied(&self.weights.detach())?);
        let count = gradient.len() as u64;
        Ok(ParameterSums { count, gradient_squares, gradient_zeros, weight_squares, update_squares: 0.0 })
    }

    /// One pass over the memory of weights, gradient and moments; `None` where the memory is not at hand.
    fn pass<const NORMS: bool>(&mut self, kind: Kinds, gradient: &mut Tensor, c: Constants) -> Option<ParameterSums> {
        let values = Values {
            weights: memory::f32s_mut(&mut self.weights)?,
            gradient: memory::f32s_mut(gradient)?,
            first: memory::f32s_mut(&mut self.first)?,
            second: memory::f32s_mut(&mut self.second)?,
        };
        let (lr, scale, limit) = (c.lr as f32, c.scale as f32, c.limit as f32);
        let clip = move |g: f32| (g * scale).clamp(-limit, limit);
        Some(match kind {
            Kinds::Sgd { momentum, nesterov, weight_decay, .. } => {
                let (momentum, decay, ahead) = (momentum as f32, weight_decay as f32, nesterov);
                values.pass::<NORMS>(c.lr, |w, g, first, _| {
                    let g = clip(g) + decay * w;
                    *first = momentum * *first + g;
                    w - lr * if ahead { g + momentum * *first } else { *first }
                })
            }
            Kinds::Adam { beta1, beta2, epsilon, weight_decay, .. } => {
                let (decay, adam) = (weight_decay as f32, Adam::new(beta1, beta2, epsilon, c));
                values.pass::<NORMS>(c.lr, |w, g, first, second| w - adam.change(clip(g) + decay * w, first, second))
            }
            Kinds::AdamW { beta1, beta2, epsilon, weight_decay, .. } => {
                let (keep, adam) = ((1.0 - c.lr * weight_decay) as f32, Adam::new(beta1, beta2, epsilon, c));
                values.pass::<NORMS>(c.lr, |w, g, first, second| w * keep - adam.change(clip(g), first, second))
            }
            Kinds::RmsProp { rho, epsilon, momentum, weight_decay, .. } => {
                let (rho, rest, momentum) = (rho as f32, (1.0 - rho) as f32, momentum as f32);
                let (epsilon, decay) = (epsilon as f32, weight_decay as f32);
                values.pass::<NORMS>(c.lr, |w, g, first, second| {
                    let g = clip(g) + decay * w;
                    *second = rho * *second + rest * g * g;
                    *first = momentum * *first + g / (second.sqrt() + epsilon);
                    w - lr * *first
                })
            }
        })
    }

    /// The same formulas as operations on tensors, for devices whose memory is not at hand.
    fn tensor_step(
        &mut self,
        kind: Kinds,
        gradient: &Tensor,
        c: Constants,
        measure: Measure,
    ) -> Result<ParameterSums, TrainError> {
        let before = if measure == Measure::Norms { Some(self.weights.f_detach_copy()?) } else { None };
        let mut g = gradient * c.scale;
        if c.limit.is_finite() {
            g = g.f_clamp(-c.limit, c.limit)?;
        }
        match kind {
            Kinds::Sgd { momentum, nesterov, weight_decay, .. } => {
                g += &self.weights * weight_decay;
                self.first *= momentum;
                self.first += &g;
                let change = if nesterov { g + &self.first * momentum } else { self.first.shallow_clone() };
                self.weights -= change * c.lr;
            }
            Kinds::Adam { beta1, beta2, epsilon, weight_decay, .. } => {
                g += &self.weights * weight_decay;
                let change = self.adam_change(&g, beta1, beta2, epsilon, c)?;
                self.weights -= change;
            }
            Kinds::AdamW { beta1, beta2, epsilon, weight_decay, .. } => {
                self.weights *= 1.0 - c.lr * weight_decay;
                let change = self.adam_change(&g, beta1, beta2, epsilon, c)?;
                self.weights -= change;
            }
            Kinds::RmsProp { rho, epsilon, momentum, weight_decay, .. } => {
                g += &self.weights * weight_decay;
                self.second *= rho;
                self.second += g.f_square()? * (1.0 - rho);
                self.first *= momentum;
                self.first += g / (self.second.f_sqrt()? + epsilon);
                self.weights -= &self.first * c.lr;
            }
        }
        let Some(before) = before else { return Ok(ParameterSums::default()) };
        // Norms stay on the device and come over together.
        let zeros = gradient.f_eq(0.0)?.f_sum(Kind::Double)?;
        let norms = [gradient.shallow_clone(), self.weights.shallow_clone(), &self.weights - before]
            .iter()
            .map(|tensor| tensor.f_to_kind(Kind::Double)?.f_norm())
            .chain([Ok(zeros)])
            .collect::<Result<Vec<_>, _>>()?;
        let read = Vec::<f64>::try_from(Tensor::f_stack(&norms, 0)?.f_to_device(Device::Cpu)?)?;
        Ok(ParameterSums {
            count: gradient.numel() as u64,
            gradient_squares: read[0] * read[0],
            gradient_zeros: read[3] as u64,
            weight_squares: read[1] * read[1],
            update_squares: read[2] * read[2],
        })
    }

    fn adam_change(
        &mut self,
        g: &Tensor,
        beta1: f64,
        beta2: f64,
        epsilon: f64,
        c: Constants,
    ) -> Result<Tensor, TrainError> {
        self.first *= beta1;
        self.first += g * (1.0 - beta1);
        self.second *= beta2;
        self.second += g.f_square()? * (1.0 - beta2);
        Ok(&self.first / (self.second.f_sqrt()? / c.bias2_root + epsilon) * (c.lr / c.bias1))
    }
}

/// Adam's change of one weight, with the constants of the step folded together.
#[derive(Clone, Copy)]
struct Adam {
    beta1: f32,
    rest1: f32,
    beta2: f32,
    rest2: f32,
    epsilon: f32,
    step_size: f32,
    bias2_root: f32,
}

impl Adam {
    fn new(beta1: f64, beta2: f64, epsilon: f64, c: Constants) -> Self {
        Self {
            beta1: beta1 as f32,
            rest1: (1.0 - beta1) as f32,
            beta2: beta2 as f32,
            rest2: (1.0 - beta2) as f32,
            epsilon: epsilon as f32,
            step_size: (c.lr / c.bias1) as f32,
            bias2_root: c.bias2_root as f32,
        }
    }

    #[inline(always)]
    fn change(self, g: f32, first: &mut f32, second: &mut f32) -> f32 {
        *first = self.beta1 * *first + self.rest1 * g;
        *second = self.beta2 * *second + self.rest2 * g * g;
        self.step_size * *first / (second.sqrt() / self.bias2_root + self.epsilon)
    }
}

#[cfg(test)]
#[path = "optimiser_tests.rs"]
mod tests;
