//! Eigenvalues against closed forms and finite differences, and the limits against our own optimisers.

use super::*;
use crate::{
    data::Samples,
    experiment::{Activation, Layer, Optimiser as Kinds},
    model::test_support::{model, torch, whole_numbers},
    probes::sharpness::stability_limit,
    train::{batches::Batches, optimiser::Measure},
};
use tch::Device;

const SGD: Kinds = Kinds::Sgd { lr: 0.1, momentum: 0.0, nesterov: false, weight_decay: 0.0 };
const SAMPLES: usize = 48;
const FEATURES: usize = 5;

fn dense(units: Option<u32>, activation: Activation, bias: bool) -> Layer {
    Layer::Dense { units, activation, bias, init: None }
}

fn net(layers: Vec<Layer>, seed: u64) -> Net {
    Net::new(&model(layers), &[FEATURES], 1, seed, Device::Cpu).expect("fits")
}

fn batch() -> Batch {
    tch::manual_seed(3);
    let inputs = memory::copied(&whole_numbers(&[SAMPLES as i64, FEATURES as i64])).expect("cpu");
    let targets = inputs.chunks(FEATURES).map(|row| row[0] * 0.5 - row[3] * row[1] * 0.2).collect();
    let samples = Samples { inputs, targets, count: SAMPLES };
    let mut batches = Batches::new(samples, &[FEATURES], 1, Device::Cpu).expect("cpu");
    batches.gather(&(0..SAMPLES as u32).collect::<Vec<_>>()).expect("in range")
}

fn optimiser(kind: Kinds, net: &Net) -> Optimiser {
    Optimiser::new(kind, None, None, net.parameters()).expect("cpu")
}

fn measured(net: &Net, kind: Kinds) -> f64 {
    sharpness(net, &batch(), Loss::Mse {}, &optimiser(kind, net)).expect("cpu")
}

/// Largest eigenvalue by many plain power iterations in `f64`, shifted so that it is the dominant one.
fn power_iteration(matrix: &[Vec<f64>]) -> f64 {
    let shift: f64 = matrix.iter().flatten().map(|entry| entry * entry).sum::<f64>().sqrt();
    let mut vector: Vec<f64> = (0..matrix.len()).map(|place| 1.0 + place as f64 * 0.37).collect();
    let mut size = 0.0;
    for _ in 0..20_000 {
        let product = matrix
            .iter()
            .zip(&vector)
            .map(|(row, own)| shift * own + row.iter().zip(&vector).map(|(entry, value)| entry * value).sum::<f64>());
        let product: Vec<f64> = product.collect();
        size = product.iter().map(|value| value * value).sum::<f64>().sqrt();
        vector = product.into_iter().map(|value| value / size).collect();
    }
    size - shift
}

/// `2 / N X^T X`: the Hessian of the mean squared error of a linear model.
fn of_linear_regression() -> Vec<Vec<f64>> {
    let inputs = memory::copied(&batch().inputs).expect("cpu");
    let product = |a: usize, b: usize| -> f64 {
        inputs.chunks(FEATURES).map(|row| f64::from(row[a]) * f64::from(row[b])).sum::<f64>() * 2.0 / SAMPLES as f64
    };
    (0..FEATURES).map(|a| (0..FEATURES).map(|b| product(a, b)).collect()).collect()
}

#[test]
fn linear_regression_has_the_sharpness_of_its_closed_form() {
    let _torch = torch();
    let linear = net(vec![dense(None, Activation::Linear, false)], 0);
    let wanted = power_iteration(&of_linear_regression());
    let found = measured(&linear, SGD);
    assert!((found / wanted - 1.0).abs() < 1e-5, "{found} is not {wanted}");
    let decayed = Kinds::Sgd { lr: 0.1, momentum: 0.9, nesterov: true, weight_decay: 0.25 };
    let found = measured(&linear, decayed);
    assert!((found / (wanted + 0.25) - 1.0).abs() < 1e-5, "decay adds to the Hessian: {found}");
    let gradients = linear.parameters().iter().map(|parameter| parameter.tensor.grad());
    assert!(gradients.into_iter().all(|gradient| !gradient.defined()), "no gradient is left behind");
}

#[test]
fn adaptive_optimisers_precondition() {
    let _torch = torch();
    let linear = net(vec![dense(None, Activation::Linear, false)], 0);
    let second: Vec<f32> = vec![0.04, 1.0, 9.0, 0.25, 2.0];
    let preconditioned = |share: f64, decay: f64| {
        let root = |place: usize| ((f64::from(second[place]) / share).sqrt() + 0.01).sqrt();
        let mut hessian = of_linear_regression();
        for (a, row) in hessian.iter_mut().enumerate() {
            row[a] += decay;
            for (b, entry) in row.iter_mut().enumerate() {
                *entry /= root(a) * root(b);
            }
        }
        power_iteration(&hessian)
    };
    let adam = |weight_decay| Kinds::Adam { lr: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 0.01, weight_decay };
    let corrected = 1.0 - 0.99_f64.powi(7);
    for (kind, share, decay) in [
        (adam(0.0), corrected, 0.0),
        (adam(0.5), corrected, 0.5),
        (Kinds::AdamW { lr: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 0.01, weight_decay: 0.5 }, corrected, 0.0),
        (Kinds::RmsProp { lr: 0.1, rho: 0.99, epsilon: 0.01, momentum: 0.0, weight_decay: 0.5 }, 1.0, 0.5),
    ] {
        let mut optimiser = optimiser(kind, &linear);
        let mut state = optimiser.state();
        for (name, tensor) in &mut state {
            if name.ends_with("second") {
                *tensor = Tensor::from_slice(&second).reshape([1, FEATURES as i64]);
            }
        }
        optimiser.load_state(&state, 7).expect("same shapes");
        let found = sharpness(&linear, &batch(), Loss::Mse {}, &optimiser).expect("cpu");
        let wanted = preconditioned(share, decay);
        assert!((found / wanted - 1.0).abs() < 1e-4, "{kind:?}: {found} is not {wanted}");
    }
}

#[test]
fn before_the_first_step_the_second_moment_is_what_the_first_step_makes_it() {
    let _torch = torch();
    for (clip_norm, weight_decay) in [(None, 0.0), (Some(0.5), 0.0), (None, 0.3)] {
        for kind in [
            Kinds::Adam { lr: 0.0, beta1: 0.9, beta2: 0.99, epsilon: 1e-3, weight_decay },
            Kinds::RmsProp { lr: 0.0, rho: 0.9, epsilon: 1e-3, momentum: 0.0, weight_decay },
        ] {
            let net = net(vec![dense(Some(3), Activation::Tanh, true), dense(None, Activation::Linear, true)], 1);
            let mut optimiser = Optimiser::new(kind, clip_norm, None, net.parameters()).expect("cpu");
            let before = sharpness(&net, &batch(), Loss::Mse {}, &optimiser).expect("cpu");
            let surface = Surface::new(&net, &batch(), Loss::Mse {}).expect("cpu");
            let mut gradient: Vec<Tensor> = surface.gradient.iter().map(Tensor::detach).collect();
            optimiser.step(&mut gradient, 0.0, Measure::Nothing).expect("cpu"); // at rate 0 only the moments move
            let after = sharpness(&net, &batch(), Loss::Mse {}, &optimiser).expect("cpu");
            assert!((before / after - 1.0).abs() < 1e-4, "{kind:?} {clip_norm:?}: {before} then {after}");
        }
    }
}

#[test]
fn a_network_has_the_sharpness_of_its_finite_differences() {
    let _torch = torch();
    for (seed, loss) in [(1, Loss::Mse {}), (2, Loss::Huber { delta: 1.0 }), (3, Loss::Mae {})] {
        let net = net(vec![dense(Some(4), Activation::Tanh, true), dense(None, Activation::Linear, true)], seed);
        let gradient_at = || -> Vec<f64> {
            let surface = Surface::new(&net, &batch(), loss).expect("cpu");
            surface.flat(&surface.gradient).expect("cpu").into_iter().map(f64::from).collect()
        };
        let order: usize = net.parameters().iter().map(|parameter| parameter.tensor.numel()).sum();
        let move_by = |place: usize, by: f64| {
            let _no_gradient = tch::no_grad_guard();
            let mut left = place;
            for parameter in net.parameters() {
                if left < parameter.tensor.numel() {
                    let mut flat = parameter.tensor.view([-1]).get(left as i64);
                    let _ = flat.g_add_scalar_(by);
                    return;
                }
                left -= parameter.tensor.numel();
            }
        };
        // Small against the scale on which tanh bends, large against the rounding of f32 gradients.
        let step = 2e-3;
        let columns: Vec<Vec<f64>> = (0..order)
            .map(|place| {
                move_by(place, step);
                let above = gradient_at();
                move_by(place, -2.0 * step);
                let below = gradient_at();
                move_by(place, step);
                above.iter().zip(&below).map(|(above, below)| (above - below) / (2.0 * step)).collect()
            })
            .collect();
        let wanted = power_iteration(&columns);
        let found = sharpness(&net, &batch(), loss, &optimiser(SGD, &net)).expect("cpu");
        // Settled to a hundredth, and never too high. The absolute error's kinks are left out: differences see them.
        let (low, high) = if matches!(loss, Loss::Mae {}) { (0.0, f64::INFINITY) } else { (0.98, 1.002) };
        assert!(found > low * wanted && found < high * wanted, "{loss:?}: {found} is not {wanted}");
    }
}

#[test]
fn the_largest_is_signed_not_the_one_of_largest_size() {
    let diagonal = |entries: Vec<f32>| {
        largest(entries.len(), |vector| Ok(vector.iter().zip(&entries).map(|(value, entry)| value * entry).collect()))
            .expect("plain numbers")
    };
    assert!((diagonal(vec![-50.0, -1.0, 2.0, 0.5]) - 2.0).abs() < 1e-4);
    assert!((diagonal(vec![-50.0, -3.0, -4.0]) + 3.0).abs() < 1e-3);
    assert_eq!(diagonal(vec![0.0; 10]), 0.0);
    assert_eq!(diagonal(Vec::new()), 0.0);
    assert!(diagonal(vec![1.0, f32::NAN]).is_nan());
    // A thousand directions, one of which stands out, as in a network.
    let many: Vec<f32> =
        (0..1000_u16).map(|place| if place == 700 { 30.0 } else { f32::from(place % 97) / 97.0 }).collect();
    assert!((diagonal(many) / 30.0 - 1.0).abs() < 0.01);
}

#[test]
fn a_dead_or_broken_network_has_a_reading() {
    let _torch = torch();
    let mut dead = net(vec![dense(Some(6), Activation::Relu, true), dense(None, Activation::Linear, true)], 0);
    let set = |net: &mut Net, wanted: &str, value: f64| {
        let _no_gradient = tch::no_grad_guard();
        for parameter in net.parameters().iter().filter(|parameter| parameter.name == wanted) {
            let _ = parameter.tensor.shallow_clone().fill_(value);
        }
    };
    set(&mut dead, "dense_1.bias", -1e3);
    // Only the last bias still curves the loss: the mean of (b - y)^2 has second derivative 2.
    assert!((measured(&dead, SGD) - 2.0).abs() < 1e-5);
    let adam = Kinds::Adam { lr: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0 };
    assert!(measured(&dead, adam).is_finite());
    set(&mut dead, "dense_2.bias", f64::NAN);
    assert!(measured(&dead, SGD).is_nan());
}

/// Whether an optimiser of ours, on `h w^2 / 2` from a small start, comes closer or runs away.
fn converges(kind: Kinds, lr: f64, curvature: f64) -> bool {
    let parameter = crate::model::Parameter {
        name: "w".to_owned(),
        layer: 0,
        tensor: Tensor::from_slice(&[1e-9_f32]).set_requires_grad(true),
    };
    let mut optimiser = Optimiser::new(kind, None, None, std::slice::from_ref(&parameter)).expect("cpu");
    // Long after the start, whose corrections are another recurrence.
    optimiser.load_state(&optimiser.state(), 100_000).expect("its own");
    let value = || f64::from(memory::copied(&parameter.tensor).expect("cpu")[0]);
    let mut peak = 0.0_f64;
    for _ in 0..1000 {
        let gradient = (value() * curvature) as f32;
        optimiser.step(&mut [Tensor::from_slice(&[gradient])], lr, Measure::Nothing).expect("cpu");
        // An adaptive optimiser comes back from far, once its second moment has grown.
        peak = peak.max(value().abs());
    }
    peak < 1e-7 && value().abs() < 1e-9
}

#[test]
fn just_below_the_limit_our_optimisers_converge_and_just_above_they_do_not() {
    let _torch = torch();
    let sgd = |momentum, nesterov| Kinds::Sgd { lr: 0.1, momentum, nesterov, weight_decay: 0.0 };
    // With an epsilon of 1 and gradients of 1e-9 the preconditioner is 1, and rests.
    let adam = |beta1| Kinds::Adam { lr: 0.1, beta1, beta2: 0.999, epsilon: 1.0, weight_decay: 0.0 };
    let adamw = |weight_decay| Kinds::AdamW { lr: 0.1, beta1: 0.8, beta2: 0.999, epsilon: 1.0, weight_decay };
    let rmsprop = |momentum| Kinds::RmsProp { lr: 0.1, rho: 0.99, epsilon: 1.0, momentum, weight_decay: 0.0 };
    for kind in [
        sgd(0.0, false),
        sgd(0.9, false),
        sgd(0.9, true),
        sgd(0.5, true),
        adam(0.9),
        adam(0.0),
        adamw(0.0),
        adamw(3.0),
        rmsprop(0.0),
        rmsprop(0.7),
    ] {
        let limit = stability_limit(kind, 0.1);
        assert!(converges(kind, 0.1, 0.98 * limit), "{kind:?} diverges below its limit");
        assert!(!converges(kind, 0.1, 1.02 * limit), "{kind:?} converges above its limit");
    }
}
