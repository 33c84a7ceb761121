//! Optimisers: PyTorch's formulas, with a state of our own so that it can be saved.
//!
//! On the CPU each parameter is moved in one pass over its memory, which yields the norms of gradient, weight and update
//! as well. On a GPU the same formulas run as tensor operations.

use tch::{Device, Kind, Tensor};

use super::{TrainError, memory};
use crate::{
    experiment::Optimiser as Kinds,
    model::Parameter,
    probes::{
        sums::{BLOCK, LANES, ParameterSums, settle, squares_and_zeros},
        wide::wide,
    },
};

/// An optimiser over the parameters of one network.
pub struct Optimiser {
    kind: Kinds,
    clip_norm: Option<f64>,
    clip_value: Option<f64>,
    slots: Vec<Slot>,
    /// Steps taken.
    steps: u64,
}

/// One parameter and its moments. SGD keeps its momentum in `first`; Adam uses both; RMSprop keeps the mean square in
/// `second` and its momentum in `first`.
struct Slot {
    name: String,
    weights: Tensor,
    first: Tensor,
    second: Tensor,
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
                })
            })
            .collect::<Result<_, tch::TchError>>()?;
        Ok(Self { kind, clip_norm, clip_value, slots, steps: 0 })
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
        Ok(copy)
    }

    /// Whether updates can only shrink once every gradient is zero and the learning rate no longer rises.
    pub fn motion_decays(&self) -> bool {
        let decays = match self.kind {
            Kinds::Sgd { momentum, .. } => momentum < 1.0,
            // m shrinks by beta1 a step, the root of v by sqrt(beta2): the ratio must not grow.
            Kinds::Adam { beta1, beta2, .. } | Kinds::AdamW { beta1, beta2, .. } => beta1 * beta1 <= beta2,
            Kinds::RmsProp { momentum, .. } => momentum < 1.0,
        };
        decays && self.kind.weight_decay() == 0.0
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
        for gradient in gradients {
            squares += match memory::f32s_mut(gradient) {
                Some(values) => squares_and_zeros(values).0,
                None => gradient.f_norm()?.f_double_value(&[])?.powi(2),
            };
        }
        Ok((limit / (squares.sqrt() + 1e-6)).min(1.0))
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

/// The memory of one parameter.
struct Values<'a> {
    weights: &'a mut [f32],
    gradient: &'a [f32],
    first: &'a mut [f32],
    second: &'a mut [f32],
}

impl Values<'_> {
    /// `weight, gradient, first, second -> new weight` for each value, norms along the way.
    #[inline(always)]
    fn pass<const NORMS: bool>(self, lr: f64, update: impl Fn(f32, f32, &mut f32, &mut f32) -> f32) -> ParameterSums {
        let count = self.weights.len();
        // Updates are measured in units of the learning rate, so that tiny ones do not vanish when squared in f32.
        let unit = if lr > 0.0 { lr } else { 1.0 };
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

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Reference {
        shapes: Vec<Vec<i64>>,
        start: Vec<Vec<f32>>,
        gradients: Vec<Vec<Vec<f32>>>,
        cases: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        name: String,
        optimiser: Kinds,
        clip_norm: Option<f64>,
        clip_value: Option<f64>,
        after: Vec<Vec<Vec<f32>>>,
    }

    fn reference() -> Reference {
        serde_json::from_str(include_str!("../../tests/reference/training/optimisers.json"))
            .expect("the stored file is whole")
    }

    fn tensor(values: &[f32], shape: &[i64]) -> Tensor {
        Tensor::from_slice(values).reshape(shape)
    }

    fn parameters(reference: &Reference) -> Vec<Parameter> {
        let starts = reference.start.iter().zip(&reference.shapes).enumerate();
        starts
            .map(|(layer, (start, shape))| Parameter {
                name: format!("p{layer}"),
                layer,
                tensor: tensor(start, shape).set_requires_grad(true),
            })
            .collect()
    }

    /// Both ways of taking a step: over the memory, and as operations on tensors.
    #[derive(Clone, Copy, Debug)]
    enum Path {
        Memory,
        Tensors,
    }

    fn run(reference: &Reference, case: &Case, path: Path) {
        let parameters = parameters(reference);
        let mut optimiser =
            Optimiser::new(case.optimiser, case.clip_norm, case.clip_value, &parameters).expect("cpu tensors");
        for (step, (gradients, after)) in reference.gradients.iter().zip(&case.after).enumerate() {
            let mut given: Vec<Tensor> =
                gradients.iter().zip(&reference.shapes).map(|(values, shape)| tensor(values, shape)).collect();
            match path {
                Path::Memory => drop(optimiser.step(&mut given, case.optimiser.lr(), Measure::Norms).expect("cpu")),
                Path::Tensors => optimiser.tensor_steps(&mut given, case.optimiser.lr()),
            }
            for (parameter, wanted) in parameters.iter().zip(after) {
                let got = memory::copied(&parameter.tensor).expect("cpu");
                for (got, wanted) in got.iter().zip(wanted) {
                    // Both are f32 sums in another order: a few units in the last place a step, 20 steps, weights near 1.
                    assert!((got - wanted).abs() < 5e-6, "{} {path:?}, step {step}: {got} is not {wanted}", case.name);
                }
            }
        }
    }

    impl Optimiser {
        /// The way a GPU takes, here on the CPU.
        fn tensor_steps(&mut self, gradients: &mut [Tensor], lr: f64) {
            let _no_gradient = tch::no_grad_guard();
            let scale = self.clip_scale(gradients).expect("cpu");
            let constants = self.next_constants(lr, scale);
            for (slot, gradient) in self.slots.iter_mut().zip(gradients) {
                slot.tensor_step(self.kind, gradient, constants, Measure::Norms).expect("cpu");
            }
        }
    }

    #[test]
    fn every_optimiser_equals_pytorch_step_by_step() {
        let reference = reference();
        assert_eq!(reference.cases.len(), 10);
        for case in &reference.cases {
            run(&reference, case, Path::Memory);
            run(&reference, case, Path::Tensors);
        }
    }

    #[test]
    fn norms_equal_plain_sums_and_do_not_change_the_step() {
        let reference = reference();
        for case in &reference.cases {
            let (measured, bare) = (parameters(&reference), parameters(&reference));
            let make =
                |on: &[Parameter]| Optimiser::new(case.optimiser, case.clip_norm, case.clip_value, on).expect("cpu");
            let (mut with, mut without) = (make(&measured), make(&bare));
            for gradients in &reference.gradients {
                let given =
                    || gradients.iter().zip(&reference.shapes).map(|(g, shape)| tensor(g, shape)).collect::<Vec<_>>();
                let before: Vec<Vec<f32>> = measured.iter().map(|p| memory::copied(&p.tensor).expect("cpu")).collect();
                let sums = with.step(&mut given(), case.optimiser.lr(), Measure::Norms).expect("cpu");
                let nothing = without.step(&mut given(), case.optimiser.lr(), Measure::Nothing).expect("cpu");
                assert!(nothing.is_empty());
                for (index, sums) in sums.iter().enumerate() {
                    let after = memory::copied(&measured[index].tensor).expect("cpu");
                    assert_eq!(
                        after,
                        memory::copied(&bare[index].tensor).expect("cpu"),
                        "bits differ in {}",
                        case.name
                    );
                    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
                    let gradient = norm(&mut gradients[index].iter().map(|&g| f64::from(g)));
                    let weight = norm(&mut after.iter().map(|&w| f64::from(w)));
                    let update = norm(&mut after.iter().zip(&before[index]).map(|(&a, &b)| f64::from(a - b)));
                    let close = |got: f64, wanted: f64| (got - wanted).abs() <= 1e-6 * wanted;
                    assert!(close(sums.gradient_norm(), gradient) && close(sums.weight_norm(), weight));
                    assert!(close(sums.update_norm(), update), "{}: {} {update}", case.name, sums.update_norm());
                    let zeros = gradients[index].iter().filter(|&&g| g == 0.0).count();
                    assert_eq!(sums.gradient_zeros as usize, zeros);
                }
            }
        }
    }

    #[test]
    fn a_saved_state_goes_on_bit_for_bit() {
        let reference = reference();
        for case in &reference.cases {
            let whole = parameters(&reference);
            let mut undisturbed = Optimiser::new(case.optimiser, case.clip_norm, case.clip_value, &whole).expect("cpu");
            let parted = parameters(&reference);
            let mut optimiser = Optimiser::new(case.optimiser, case.clip_norm, case.clip_value, &parted).expect("cpu");
            for (step, gradients) in reference.gradients.iter().enumerate() {
                let mut given: Vec<Tensor> =
                    gradients.iter().zip(&reference.shapes).map(|(g, shape)| tensor(g, shape)).collect();
                undisturbed.step(&mut given, 0.01, Measure::Nothing).expect("cpu");
                optimiser.step(&mut given, 0.01, Measure::Nothing).expect("cpu");
                if step == 11 {
                    optimiser = optimiser.copy_onto(&parted).expect("same shapes");
                }
            }
            for (one, other) in whole.iter().zip(&parted) {
                assert_eq!(memory::copied(&one.tensor).expect("cpu"), memory::copied(&other.tensor).expect("cpu"));
            }
        }
    }

    #[test]
    fn a_state_that_does_not_fit_is_refused_by_name() {
        let reference = reference();
        let parameters = parameters(&reference);
        let mut optimiser = Optimiser::new(reference.cases[0].optimiser, None, None, &parameters).expect("cpu");
        let mut state = optimiser.state();
        state[1].1 = Tensor::from_slice(&[1.0_f32]);
        assert!(optimiser.load_state(&state, 1).expect_err("a shape differs").contains("optimiser.p0.second"));
        drop(state.remove(0));
        assert!(optimiser.load_state(&state, 1).expect_err("one is missing").contains("optimiser.p0.first"));
    }

    #[test]
    fn motion_without_gradient_comes_to_rest() {
        let reference = reference();
        for case in reference.cases.iter().filter(|case| case.optimiser.weight_decay() == 0.0) {
            let parameters = parameters(&reference);
            let mut optimiser = Optimiser::new(case.optimiser, None, None, &parameters).expect("cpu");
            for gradients in &reference.gradients[..3] {
                let mut given: Vec<Tensor> =
                    gradients.iter().zip(&reference.shapes).map(|(g, shape)| tensor(g, shape)).collect();
                optimiser.step(&mut given, 0.01, Measure::Nothing).expect("cpu");
            }
            assert!(optimiser.motion_decays());
            let untouched = memory::copied(&parameters[1].tensor).expect("cpu");
            let rest = (0..5000).find(|_| {
                let sums = optimiser.step_without_gradient(1, 0.01).expect("cpu");
                sums.iter().all(|sums| sums.update_squares == 0.0)
            });
            assert!(rest.is_some(), "{} still moves", case.name);
            assert_eq!(memory::copied(&parameters[1].tensor).expect("cpu"), untouched, "only the first was frozen");
        }
    }
}
