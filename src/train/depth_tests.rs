//! Spectra of tensors against what is known of them.

use super::*;
use crate::{
    experiment::{Activation, Layer},
    model::test_support::{model, torch, values},
};

fn of(rows: &[f32], samples: i64) -> Spectrum {
    spectrum(&Tensor::from_slice(rows).reshape([samples, -1])).expect("cpu").expect("finite")
}

fn draws(samples: i64, units: i64) -> Tensor {
    tch::manual_seed(1);
    Tensor::randn([samples, units], (Kind::Float, Device::Cpu))
}

#[test]
fn equal_directions_count_fully_and_a_constant_has_none() {
    let _torch = torch();
    let identity: Vec<f32> = (0..12 * 12).map(|place| if place % 13 == 0 { 1.0 } else { 0.0 }).collect();
    // Centred, an identity of 12 has 11 equal singular values.
    assert!((of(&identity, 12).effective_rank() - 11.0).abs() < 1e-9);
    assert_eq!(of(&[0.1; 60], 12).eigenvalues, [0.0_f64; 0]);
    assert_eq!(of(&[0.0; 60], 12).eigenvalues, [0.0_f64; 0]);
    let line: Vec<f32> = (0_u8..12).flat_map(|row| [f32::from(row), -2.0 * f32::from(row), 7.0]).collect();
    assert!((of(&line, 12).effective_rank() - 1.0).abs() < 1e-6);
}

#[test]
fn what_rounding_alone_spreads_is_no_direction() {
    let _torch = torch();
    // A layer that is constant but for the last bit, as two kernels of one product may leave it.
    let jitter: Vec<f32> = (0..640_u32).map(|place| f32::from_bits(1.7_f32.to_bits() + place * 7919 % 2)).collect();
    assert_eq!(of(&jitter, 64).eigenvalues, [0.0_f64; 0]);
    let small: Vec<f32> = (0..640_u32).map(|place| 1.7 + 1e-4 * ((place * 7919 % 101) as f32 - 50.0) / 50.0).collect();
    assert!(of(&small, 64).effective_rank() > 5.0, "ten thousandths are no rounding");
}

#[test]
fn both_ways_of_decomposing_give_the_activations_back() {
    let _torch = torch();
    for (samples, units) in [(40, 7), (12, 30)] {
        let activations = draws(samples, units);
        let spectrum = spectrum(&activations).expect("cpu").expect("finite");
        assert_eq!(spectrum.eigenvalues.len() as i64, units.min(samples - 1));
        let centred = &activations - activations.mean_dim(Some(&[0][..]), true, Kind::Float);
        let gram = values(&centred.matmul(&centred.tr()));
        let rank = spectrum.eigenvalues.len();
        let (count, row) = (samples as usize, |sample: usize| &spectrum.scores[sample * rank..][..rank]);
        for (place, wanted) in gram.iter().enumerate() {
            let products = row(place / count).iter().zip(row(place % count)).zip(&spectrum.eigenvalues);
            let ours: f64 = products.map(|((a, b), value)| a * b * value).sum();
            assert!((ours - f64::from(*wanted)).abs() < 1e-4, "{ours} is not {wanted}"); // theirs is an f32 sum
        }
    }
}

#[test]
fn what_is_not_finite_has_no_spectrum() {
    let _torch = torch();
    for broken in [f32::NAN, f32::INFINITY] {
        let rows = Tensor::from_slice(&[1.0, broken, 2.0, 3.0]).reshape([4, 1]);
        assert_eq!(spectrum(&rows).expect("cpu"), None);
    }
}

#[test]
fn layers_that_hand_on_share_a_spectrum_and_images_are_averaged_over_fields() {
    let _torch = torch();
    let conv = Layer::Conv2d {
        filters: 2,
        kernel: 1,
        stride: 1,
        padding: crate::experiment::Padding::Same,
        activation: Activation::Relu,
        bias: true,
        init: None,
    };
    let layers = vec![
        conv,
        Layer::Flatten {},
        Layer::Dropout { rate: 0.5 },
        Layer::Dense { units: None, activation: Activation::Linear, bias: true, init: None },
    ];
    let net = Net::new(&model(layers), &[1, 16, 16], 1, 0, Device::Cpu).expect("fits");
    let inputs = draws(20, 256).reshape([20, 1, 16, 16]);
    let found = spectra(&net, &inputs).expect("cpu");
    let names: Vec<Vec<String>> = found.iter().map(|layer| layer.layers.clone()).collect();
    assert_eq!(names, [vec!["input"], vec!["conv2d_1", "flatten_1", "dropout_1"], vec!["dense_1"]]);
    assert_eq!(found[2].spectrum.as_ref().expect("finite").eigenvalues.len(), 1);
    // A checkerboard of single pixels is the same grey in every field of 2 x 2.
    let board = Tensor::from_slice(&(0..256).map(|place| ((place / 16 + place) % 2) as f32).collect::<Vec<_>>());
    let signs = Tensor::from_slice(&[1.0_f32, -1.0, 1.0, -1.0]).reshape([4, 1]);
    let boards = signs * (board.reshape([1, 256]) - 0.5);
    assert_eq!(spectrum(&boards.reshape([4, 1, 16, 16])).expect("cpu").expect("finite").eigenvalues.len(), 0);
    assert_eq!(spectrum(&boards).expect("cpu").expect("finite").eigenvalues.len(), 1, "flat, it is a direction");
}
