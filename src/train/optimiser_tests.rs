//! The optimisers against stored PyTorch runs.

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
        let make = |on: &[Parameter]| Optimiser::new(case.optimiser, case.clip_norm, case.clip_value, on).expect("cpu");
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
                assert_eq!(after, memory::copied(&bare[index].tensor).expect("cpu"), "bits differ in {}", case.name);
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
