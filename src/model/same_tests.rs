//! Keras' `same` without a padded copy, against libtorch's explicit padding.

use tch::{Device, Kind, Tensor};

use super::{
    Mode, Net,
    test_support::{model, torch, values, whole_numbers},
};
use crate::experiment::{Activation, Layer, Padding};

/// TensorFlow's rule written down again: padding before and after along one axis.
fn pads(side: i64, kernel: i64, stride: i64) -> [i64; 2] {
    let outputs = (side + stride - 1) / stride;
    let total = ((outputs - 1) * stride + kernel - side).max(0);
    [total / 2, total - total / 2]
}

struct Case {
    filters: u32,
    kernel: u32,
    stride: u32,
    shape: [i64; 4],
}

/// Outputs, input gradient and weight gradient of our convolution, and of the explicitly padded one.
fn both(case: &Case, inputs: &Tensor, weight: &Tensor) -> [[Vec<f32>; 3]; 2] {
    let &Case { filters, kernel, stride, shape: [_, channels, height, width] } = case;
    let layers = vec![
        Layer::Conv2d {
            filters,
            kernel,
            stride,
            padding: Padding::Same,
            activation: Activation::Linear,
            bias: false,
            init: None,
        },
        Layer::Flatten {},
    ];
    let (kernel, stride) = (i64::from(kernel), i64::from(stride));
    let outputs = i64::from(filters) * ((height + stride - 1) / stride) * ((width + stride - 1) / stride);
    let input_shape = [channels, height, width].map(|side| side as usize);
    let mut net = Net::new(&model(layers), &input_shape, outputs as usize, 0, Device::Cpu).expect("same always fits");
    net.load_state(&[("conv2d_1.weight".to_owned(), weight.shallow_clone())]).expect("the only parameter");
    let ours_inputs = inputs.copy().set_requires_grad(true);
    let taps = net.forward(&ours_inputs, Mode::Train).expect("the inputs fit");
    // An uneven loss, so that a shifted gradient cannot go unseen; whole numbers again.
    let loss = |outputs: &Tensor| (outputs * outputs.detach().remainder(7.0)).sum(Kind::Float).backward();
    loss(&taps[0]);
    let ours = [&taps[0], &ours_inputs.grad(), &net.parameters()[0].tensor.grad()].map(values);

    let their_inputs = inputs.copy().set_requires_grad(true);
    let their_weight = weight.copy().set_requires_grad(true);
    let [top, bottom] = pads(height, kernel, stride);
    let [left, right] = pads(width, kernel, stride);
    let padded = their_inputs.constant_pad_nd([left, right, top, bottom]);
    let outputs = padded.conv2d(&their_weight, None::<&Tensor>, [stride; 2], [0, 0], [1, 1], 1);
    loss(&outputs);
    let theirs = [&outputs, &their_inputs.grad(), &their_weight.grad()].map(values);
    [ours, theirs]
}

#[test]
fn same_is_keras_same_bit_for_bit_on_whole_numbers() {
    let _torch = torch();
    tch::manual_seed(1);
    for kernel in 1..=7 {
        for stride in 1..=3 {
            for height in 5..=9 {
                for width in (5..=9).filter(|&width| width != height) {
                    let case = Case { filters: 2, kernel, stride, shape: [2, 2, height, width] };
                    let kernel_side = i64::from(kernel);
                    let inputs = whole_numbers(&case.shape);
                    let weight = whole_numbers(&[2, 2, kernel_side, kernel_side]);
                    let [ours, theirs] = both(&case, &inputs, &weight);
                    assert_eq!(ours, theirs, "kernel {kernel}, stride {stride}, {height} x {width}");
                }
            }
        }
    }
}

#[test]
fn the_questions_convolution_is_keras_same() {
    let _torch = torch();
    tch::manual_seed(2);
    let case = Case { filters: 32, kernel: 5, stride: 2, shape: [2, 3, 64, 64] };
    let [ours, theirs] = both(&case, &whole_numbers(&case.shape), &whole_numbers(&[32, 3, 5, 5]));
    assert_eq!(ours[0], theirs[0], "outputs");
    // On real numbers libtorch may sum in another order for another padding (it did not where this was written: equal
    // bits). A product of two normals has mean magnitude 2 / pi, so 75 of them are summed with rounding errors of at
    // most 75 * 6e-8 * 75 * 0.64 = 2e-4, typically sqrt(75) times smaller.
    let inputs = Tensor::randn(case.shape, (Kind::Float, Device::Cpu));
    let weight = Tensor::randn([32, 3, 5, 5], (Kind::Float, Device::Cpu));
    let [ours, theirs] = both(&case, &inputs, &weight);
    for (got, wanted) in ours[0].iter().zip(&theirs[0]) {
        assert!((got - wanted).abs() <= 2.5e-5, "{got} {wanted}");
    }
}
