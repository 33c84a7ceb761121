//! Tests of [`super`].

use super::*;
use crate::experiment::{Activation, BiasInit, Init, WeightInit};

fn model(layers: Vec<Layer>) -> Model {
    Model { layers, init: Init { weights: WeightInit::GlorotUniform {}, gain: 1.0, bias: BiasInit::Zeros {} } }
}

fn dense(units: Option<u32>) -> Layer {
    Layer::Dense { units, activation: Activation::Relu, bias: true, init: None }
}

fn conv(filters: u32, kernel: u32, stride: u32, padding: Padding) -> Layer {
    Layer::Conv2d { filters, kernel, stride, padding, activation: Activation::Relu, bias: true, init: None }
}

/// The network of the question on Cross Validated, with its parameters counted by PyTorch.
#[test]
fn network_of_the_question() {
    let same = |filters| conv(filters, 5, 2, Padding::Same);
    let model = model(vec![same(32), same(64), same(128), Layer::Flatten {}, dense(Some(100)), dense(None)]);
    let footprint = footprint(&model, &[3, 64, 64], 2, 128).expect("it fits");
    let shapes: [&[usize]; 6] = [&[32, 32, 32], &[64, 16, 16], &[128, 8, 8], &[8192], &[100], &[2]];
    assert_eq!(footprint.shapes, shapes);
    assert_eq!(footprint.parameters.iter().sum::<u64>(), 1_078_126);
    assert_eq!(layer_names(&model), ["conv2d_1", "conv2d_2", "conv2d_3", "flatten_1", "dense_1", "dense_2"]);
}

#[test]
fn paddings_differ_on_odd_sides() {
    assert_eq!(convolved(7, 3, 2, Padding::Same), Some(4));
    assert_eq!(convolved(7, 3, 2, Padding::Valid), Some(3));
    assert_eq!(convolved(7, 3, 2, Padding::Half), Some(4));
    assert_eq!(convolved(7, 4, 1, Padding::Half), Some(8));
    assert_eq!(convolved(2, 5, 1, Padding::Same), Some(2));
    assert_eq!(convolved(2, 5, 1, Padding::Valid), None);
    assert_eq!(convolved(5, 5, 9, Padding::Valid), Some(1));
}

#[test]
fn layers_that_do_not_fit_are_named() {
    let on_flat = infer(&model(vec![conv(8, 3, 1, Padding::Same)]), &[10], 1);
    assert_eq!(on_flat, Err(ShapeError::NeedsImage { layer: 0, name: "conv2d_1".into(), input: vec![10] }));
    let on_image = infer(&model(vec![conv(8, 3, 1, Padding::Same), dense(None)]), &[1, 8, 8], 1);
    assert_eq!(on_image, Err(ShapeError::NeedsFlat { layer: 1, name: "dense_1".into(), input: vec![8, 8, 8] }));
    let too_large = infer(&model(vec![Layer::MaxPool2d { size: 9, stride: 9 }]), &[1, 8, 8], 1);
    let wanted = ShapeError::WindowTooLarge { layer: 0, name: "max_pool2d_1".into(), input: vec![1, 8, 8], window: 9 };
    assert_eq!(too_large, Err(wanted));
    let last = infer(&model(vec![dense(Some(8)), dense(Some(3))]), &[4], 2).expect_err("3 is not 2");
    assert_eq!(last.layer(), Some(1));
    insta::assert_snapshot!(last, @"the last layer, `dense_2`, gives `[3]`, but there are 2 targets: `[2]`");
}

#[test]
fn sizes_of_zero_are_named() {
    let pool = |size, stride| Layer::AvgPool2d { size, stride };
    let cases: [(Layer, &[usize], usize); 8] = [
        (dense(Some(0)), &[3], 2),
        (dense(None), &[3], 0),
        (dense(None), &[0], 2),
        (conv(0, 3, 1, Padding::Same), &[1, 8, 8], 2),
        (conv(1, 0, 1, Padding::Same), &[1, 8, 8], 2),
        (conv(1, 3, 0, Padding::Half), &[1, 8, 8], 2),
        (pool(0, 1), &[1, 8, 8], 2),
        (pool(2, 0), &[1, 8, 8], 2),
    ];
    let messages = cases.map(|(layer, input, outputs)| {
        let error = infer(&model(vec![layer]), input, outputs).expect_err("planted");
        assert_eq!(error.layer(), Some(0));
        error.to_string()
    });
    insta::assert_snapshot!(messages.join("\n"), @r"
    `units` of layer 1, `dense_1`, must be at least 1
    `units` of layer 1, `dense_1`, must be at least 1
    every side of the input of layer 1, `dense_1`, must be at least 1
    `filters` of layer 1, `conv2d_1`, must be at least 1
    `kernel` of layer 1, `conv2d_1`, must be at least 1
    `stride` of layer 1, `conv2d_1`, must be at least 1
    `size` of layer 1, `avg_pool2d_1`, must be at least 1
    `stride` of layer 1, `avg_pool2d_1`, must be at least 1
    ");
}

#[test]
fn a_network_that_ends_as_an_image_is_refused() {
    let flat_is_missing =
        infer(&model(vec![conv(2, 3, 1, Padding::Same)]), &[1, 8, 8], 2).expect_err("an image is no target");
    insta::assert_snapshot!(flat_is_missing, @"the last layer, `conv2d_1`, gives `[2, 8, 8]`, but there are 2 targets: `[2]`");
}

#[test]
fn absurd_networks_are_refused_with_numbers() {
    let wide = model(vec![dense(Some(1_000_000)), dense(Some(1_000_000)), dense(None)]);
    let error = footprint(&wide, &[8], 1, 32).expect_err("1e12 parameters");
    assert_eq!(error.layer(), Some(1));
    insta::assert_snapshot!(error, @"the network needs about 14.6 TiB: 1000011000001 parameters take 14.6 TiB, a batch of 32 samples takes 488.3 MiB; the limit is 16.0 GiB");
    // Sizes whose product overflows 64 bits must not wrap to something small.
    let side = usize::try_from(u32::MAX).expect("64-bit");
    let huge = model(vec![conv(65_536, 1024, 1, Padding::Same), Layer::Flatten {}, dense(None)]);
    assert!(matches!(footprint(&huge, &[1024, side, side], 1, 1 << 20), Err(ShapeError::TooLarge { .. })));
}

#[test]
fn memory_of_a_batch_counts() {
    let model = model(vec![conv(1024, 3, 1, Padding::Same), Layer::Flatten {}, dense(None)]);
    assert!(footprint(&model, &[3, 64, 64], 1, 16).is_ok());
    let error = footprint(&model, &[3, 64, 64], 1, 4096).expect_err("a batch of 256 GiB");
    assert!(error.advice().contains("training.batch_size"), "{}", error.advice());
}

#[test]
fn nothing_to_train_is_refused() {
    assert_eq!(footprint(&model(vec![Layer::Flatten {}]), &[2], 2, 1), Err(ShapeError::NothingToTrain));
    assert_eq!(infer(&model(vec![]), &[2], 2), Err(ShapeError::NothingToTrain));
}
