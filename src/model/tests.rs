//! The network as a whole: names, shapes, modes and what it refuses.

use super::{
    test_support::{model, torch, values},
    *,
};
use crate::experiment::{Activation, Layer, Padding};

fn dense(units: impl Into<Option<u32>>, activation: Activation) -> Layer {
    Layer::Dense { units: units.into(), activation, bias: true, init: None }
}

fn conv(padding: Padding, activation: Activation) -> Layer {
    Layer::Conv2d { filters: 3, kernel: 5, stride: 2, padding, activation, bias: true, init: None }
}

fn norm() -> Layer {
    Layer::BatchNorm { momentum: 0.1, epsilon: 1e-5, activation: Activation::Linear }
}

fn every_layer() -> Model {
    model(vec![
        conv(Padding::Same, Activation::Relu),
        Layer::MaxPool2d { size: 2, stride: 2 },
        conv(Padding::Half, Activation::Linear),
        norm(),
        Layer::AvgPool2d { size: 2, stride: 1 },
        Layer::Flatten {},
        Layer::Dropout { rate: 0.5 },
        Layer::Activation { activation: Activation::Tanh },
        dense(7, Activation::Softplus),
        dense(None, Activation::Linear),
    ])
}

pub(super) fn net(seed: u64) -> Net {
    Net::new(&every_layer(), &[2, 16, 14], 2, seed, Device::Cpu).expect("the layers fit")
}

pub(super) fn bits(state: &[(String, Tensor)]) -> Vec<u32> {
    state.iter().flat_map(|(_, tensor)| values(tensor)).map(f32::to_bits).collect()
}

#[test]
fn layers_are_named_shaped_and_counted() {
    let _torch = torch();
    let net = net(0);
    let lines: Vec<String> = net
        .layers()
        .iter()
        .map(|layer| {
            let LayerInfo { name, shape, activation, parameters, parameter_count } = layer;
            format!("{name} {shape:?} {activation} {parameters:?} {parameter_count}")
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
    let told = crate::experiment::layer_infos(&every_layer(), &[2, 16, 14], 2).expect("the layers fit");
    assert_eq!(told, net.layers(), "what is told without building it");
    assert_eq!(net.count(), net.parameters().iter().map(|parameter| parameter.tensor.numel() as u64).sum::<u64>());
    for (index, parameter) in net.parameters().iter().enumerate() {
        assert!(net.layers()[parameter.layer].parameters.contains(&parameter.name), "{index}");
        assert!(parameter.tensor.requires_grad() && parameter.tensor.is_leaf(), "{}", parameter.name);
    }
}

#[test]
fn forward_hands_over_one_tensor_per_layer_of_the_announced_shape() {
    let _torch = torch();
    let net = net(0);
    for samples in [1, 5] {
        let inputs = Tensor::randn([samples, 2, 16, 14], (Kind::Float, Device::Cpu));
        let taps = net.forward(&inputs, Mode::Eval).expect("the inputs fit");
        assert_eq!(taps.len(), net.layers().len());
        for (tap, layer) in taps.iter().zip(net.layers()) {
            let wanted: Vec<i64> = std::iter::once(samples).chain(layer.shape.iter().map(|&n| n as i64)).collect();
            assert_eq!(tap.size(), wanted, "{}", layer.name);
            assert!(tap.is_contiguous(), "{}", layer.name);
        }
    }
}

#[test]
fn every_activation_after_an_uneven_same_is_contiguous() {
    let _torch = torch();
    for activation in activation::ALL {
        let layers = vec![conv(Padding::Same, activation), Layer::Flatten {}, dense(None, Activation::Linear)];
        let net = Net::new(&model(layers), &[1, 8, 6], 1, 0, Device::Cpu).expect("the layers fit");
        let inputs = Tensor::randn([3, 1, 8, 6], (Kind::Float, Device::Cpu));
        let taps = net.forward(&inputs, Mode::Train).expect("the inputs fit");
        assert!(taps[0].is_contiguous(), "{activation:?}");
    }
}

#[test]
fn layers_after_an_uneven_same_are_contiguous() {
    let _torch = torch();
    let after = [
        norm(),
        Layer::MaxPool2d { size: 1, stride: 1 },
        Layer::AvgPool2d { size: 1, stride: 1 },
        Layer::Dropout { rate: 0.5 },
        Layer::Activation { activation: Activation::Gelu },
        Layer::Flatten {},
        conv(Padding::Half, Activation::Linear),
    ];
    for layer in after {
        let what = format!("{layer:?}");
        let layers =
            vec![conv(Padding::Same, Activation::Linear), layer, Layer::Flatten {}, dense(None, Activation::Linear)];
        let net = Net::new(&model(layers), &[1, 8, 6], 1, 0, Device::Cpu).expect("the layers fit");
        let inputs = Tensor::randn([3, 1, 8, 6], (Kind::Float, Device::Cpu));
        let taps = net.forward(&inputs, Mode::Train).expect("the inputs fit");
        assert!(taps[1].is_contiguous(), "{what}");
    }
}

#[test]
fn later_layers_do_not_write_into_the_taps_of_earlier_ones() {
    let _torch = torch();
    let layers = vec![
        dense(4, Activation::Linear),
        Layer::Dropout { rate: 0.9 },
        Layer::Activation { activation: Activation::Relu },
        norm(),
        dense(None, Activation::Linear),
    ];
    let whole = Net::new(&model(layers.clone()), &[3], 1, 5, Device::Cpu).expect("the layers fit");
    let first = Net::new(&model(layers[..1].to_vec()), &[3], 4, 5, Device::Cpu).expect("the layer fits");
    let inputs = Tensor::randn([6, 3], (Kind::Float, Device::Cpu));
    let taps = whole.forward(&inputs, Mode::Train).expect("the inputs fit");
    let alone = first.forward(&inputs, Mode::Train).expect("the inputs fit");
    assert_eq!(values(&taps[0]), values(&alone[0]));
}

#[test]
fn the_seed_decides_the_weights_and_nothing_else_does() {
    let _torch = torch();
    let start = bits(&net(3).state());
    assert_ne!(start, bits(&net(4).state()));
    tch::manual_seed(99);
    let undisturbed = values(&Tensor::rand([3], (Kind::Float, Device::Cpu)));
    tch::manual_seed(99);
    tch::set_num_threads(2);
    assert_eq!(start, bits(&net(3).state()));
    tch::set_num_threads(1);
    let after = values(&Tensor::rand([3], (Kind::Float, Device::Cpu)));
    assert_eq!(undisturbed, after, "building a network drew from libtorch's generator");
}

#[test]
fn dropout_is_the_identity_in_eval_and_scales_what_it_keeps_in_train() {
    let _torch = torch();
    let layers = vec![Layer::Dropout { rate: 0.25 }];
    let net = Net::new(&model(layers), &[1000], 1000, 0, Device::Cpu).expect("the layer fits");
    let inputs = Tensor::full([4, 1000], 3.0, (Kind::Float, Device::Cpu));
    let eval = net.forward(&inputs, Mode::Eval).expect("the inputs fit");
    assert_eq!(values(&eval[0]), values(&inputs));
    tch::manual_seed(1);
    let train = values(&net.forward(&inputs, Mode::Train).expect("the inputs fit")[0]);
    assert!(train.iter().all(|&value| value == 0.0 || value == 4.0));
    let dropped = train.iter().filter(|&&value| value == 0.0).count() as f64;
    // 4000 draws with probability 1/4: standard deviation sqrt(4000 * 3 / 16) = 27.4, five of them are 137.
    assert!((dropped - 1000.0).abs() < 137.0, "{dropped}");
}

#[test]
fn batch_norm_moves_its_statistics_in_train_only() {
    let _torch = torch();
    let net = Net::new(&model(vec![norm()]), &[1], 1, 0, Device::Cpu).expect("the layer fits");
    let inputs = Tensor::from_slice(&[1.0_f32, 2.0, 6.0]).view([3, 1]);
    let statistics = || -> Vec<f32> { net.buffers().iter().flat_map(|buffer| values(&buffer.tensor)).collect() };
    net.forward(&inputs, Mode::Eval).expect("the inputs fit");
    assert_eq!(statistics(), [0.0, 1.0]);
    net.forward(&inputs, Mode::Train).expect("the inputs fit");
    // Mean 3, unbiased variance (4 + 1 + 9) / 2 = 7: 0.1 * 3 and 0.9 * 1 + 0.1 * 7, each rounded twice.
    for (got, wanted) in statistics().into_iter().zip([0.3, 1.6]) {
        assert!((got - wanted).abs() <= 2.0 * f32::EPSILON * wanted, "{got} {wanted}");
    }
}

#[test]
fn the_still_mode_normalises_as_training_does_but_draws_and_moves_nothing() {
    let _torch = torch();
    let without_chance = vec![dense(4, Activation::Relu), norm(), dense(None, Activation::Linear)];
    let mut with_dropout = without_chance.clone();
    with_dropout.insert(2, Layer::Dropout { rate: 0.5 });
    let of = |layers| Net::new(&model(layers), &[3], 1, 0, Device::Cpu).expect("the layers fit");
    let (trained, still) = (of(without_chance), of(with_dropout));
    let inputs = Tensor::randn([9, 3], (Kind::Float, Device::Cpu));
    let before = bits(&still.state());
    tch::manual_seed(5);
    let (drawn_after, taps) = {
        let taps = still.forward(&inputs, Mode::Still).expect("the inputs fit");
        (values(&Tensor::rand([4], (Kind::Float, Device::Cpu))), taps)
    };
    tch::manual_seed(5);
    assert_eq!(drawn_after, values(&Tensor::rand([4], (Kind::Float, Device::Cpu))), "something was drawn");
    assert_eq!(bits(&still.state()), before, "something moved");
    let wanted = trained.forward(&inputs, Mode::Train).expect("the inputs fit");
    assert_eq!(values(&taps[3]), values(&wanted[2]));
    assert!(still.forward(&inputs.narrow(0, 0, 1), Mode::Still).is_err(), "one sample has no variance");
    // From the middle on, the same.
    let tail = still.forward_from(2, &taps[1], Mode::Still).expect("the inputs fit");
    assert_eq!((tail.len(), values(&tail[1])), (2, values(&taps[3])));
    assert!(still.forward_from(4, &taps[3], Mode::Still).expect("nothing to do").is_empty());
    assert!(still.has_other_training_path() && still.normalises_batches());
    let plain = of(vec![Layer::Dropout { rate: 0.0 }, dense(None, Activation::Linear)]);
    assert!(!plain.has_other_training_path() && !plain.normalises_batches());
}

#[test]
fn batch_norm_refuses_one_value_per_channel_and_stays_as_it_was() {
    let _torch = torch();
    let net = Net::new(&model(vec![norm()]), &[2], 2, 0, Device::Cpu).expect("the layer fits");
    let one = Tensor::from_slice(&[1.0_f32, 2.0]).view([1, 2]);
    let error = net.forward(&one, Mode::Train).expect_err("one sample has no variance");
    insta::assert_snapshot!(error, @"`batch_norm_1` cannot normalise a batch with 1 value per channel, it takes at least 2");
    assert_eq!(values(&net.buffers()[1].tensor), [1.0, 1.0]);
    assert!(net.forward(&one, Mode::Eval).is_ok());
    // An image of one sample has several values per channel.
    let images = Net::new(&model(vec![norm(), Layer::Flatten {}]), &[1, 1, 2], 2, 0, Device::Cpu);
    assert!(images.expect("the layers fit").forward(&one.view([1, 1, 1, 2]), Mode::Train).is_ok());
}

#[test]
fn what_does_not_fit_is_named_with_both_shapes() {
    let _torch = torch();
    let flatten = || Layer::Flatten {};
    let cases: Vec<(Vec<Layer>, &[usize], usize)> = vec![
        (vec![], &[3], 1),
        (vec![dense(None, Activation::Relu)], &[1, 4, 4], 1),
        (vec![flatten(), conv(Padding::Half, Activation::Relu)], &[1, 4, 4], 1),
        (vec![conv(Padding::Valid, Activation::Relu)], &[1, 4, 8], 1),
        (vec![Layer::MaxPool2d { size: 3, stride: 3 }], &[1, 2, 3], 1),
        (vec![dense(3, Activation::Linear)], &[3], 2),
        (vec![dense(0, Activation::Linear)], &[3], 2),
        (vec![dense(u32::MAX, Activation::Linear)], &[1 << 32], u32::MAX as usize),
        (vec![dense(None, Activation::Linear)], &[0], 2),
        // The 2^64 values of this image must not wrap to 0.
        (vec![flatten(), dense(None, Activation::Linear)], &[1, 1 << 32, 1 << 32], 2),
        (vec![norm()], &[1 << 60], 1 << 60),
    ];
    let messages: Vec<String> = cases
        .into_iter()
        .map(|(layers, input, outputs)| {
            let built = Net::new(&model(layers), input, outputs, 0, Device::Cpu);
            built.expect_err("planted").to_string()
        })
        .collect();
    insta::assert_snapshot!(messages.join("\n"));
    let net = net(0);
    let wrong = Tensor::zeros([3, 2, 14, 16], (Kind::Float, Device::Cpu));
    let error = net.forward(&wrong, Mode::Eval).expect_err("height and width are swapped");
    insta::assert_snapshot!(error, @"the network takes [2, 16, 14] per sample, got a batch of shape [3, 2, 14, 16]");
    let wrong = Tensor::zeros([3, 2, 16, 14], (Kind::Double, Device::Cpu));
    let error = net.forward(&wrong, Mode::Eval).expect_err("weights are single precision");
    insta::assert_snapshot!(error, @"libtorch failed in `conv2d_1`");
}

#[test]
fn a_layer_of_its_own_initialisation_leaves_the_others_as_they_are() {
    use crate::experiment::{BiasInit, Init, WeightInit};
    let _torch = torch();
    let own = Init { weights: WeightInit::Zeros {}, gain: 1.0, bias: BiasInit::Constant { value: 0.25 } };
    let layers = |init: Option<Init>| {
        let mut conv = conv(Padding::Half, Activation::Relu);
        let mut hidden = dense(4, Activation::Relu);
        for layer in [&mut conv, &mut hidden] {
            if let Layer::Conv2d { init: of, .. } | Layer::Dense { init: of, .. } = layer {
                *of = init;
            }
        }
        vec![conv, Layer::Flatten {}, hidden, dense(None, Activation::Linear)]
    };
    let start = |init| {
        let net = Net::new(&model(layers(init)), &[1, 8, 8], 2, 3, Device::Cpu).expect("the layers fit");
        net.state().into_iter().map(|(name, tensor)| (name, values(&tensor))).collect::<BTreeMap<_, _>>()
    };
    let (usual, changed) = (start(None), start(Some(own)));
    for (name, values) in &changed {
        match name.as_str() {
            "conv2d_1.weight" | "dense_1.weight" => assert!(values.iter().all(|value| *value == 0.0), "{name}"),
            "conv2d_1.bias" | "dense_1.bias" => assert!(values.iter().all(|value| *value == 0.25), "{name}"),
            _ => assert_eq!(values, &usual[name], "{name}"),
        }
    }
    assert!(usual["conv2d_1.weight"].iter().any(|value| *value != 0.0));
    let louder = start(Some(Init { weights: WeightInit::PytorchUniform {}, gain: 2.0, ..own }));
    for (loud, plain) in louder["dense_1.weight"].iter().zip(&usual["dense_1.weight"]) {
        assert!((loud - 2.0 * plain).abs() < 1e-6, "the same draws, twice as large");
    }
}

#[test]
fn a_step_seen_again_draws_the_same_and_moves_nothing() {
    let _torch = torch();
    let net = net(1);
    let inputs = Tensor::randn([9, 2, 16, 14], (Kind::Float, Device::Cpu));
    let before = bits(&net.state());
    tch::manual_seed(5);
    let again = net.forward(&inputs, Mode::Again).expect("the inputs fit");
    assert_eq!(bits(&net.state()), before, "running statistics moved");
    tch::manual_seed(5);
    let trained = net.forward(&inputs, Mode::Train).expect("the inputs fit");
    assert_ne!(bits(&net.state()), before);
    for (again, trained) in again.iter().zip(&trained) {
        assert_eq!(values(again), values(trained));
    }
}

#[test]
fn a_detached_layer_computes_the_same_and_stops_gradients() {
    let _torch = torch();
    let layers = vec![dense(4, Activation::Tanh), dense(3, Activation::Tanh), dense(None, Activation::Linear)];
    let net = Net::new(&model(layers), &[2], 1, 5, Device::Cpu).expect("the layers fit");
    let inputs = Tensor::randn([6, 2], (Kind::Float, Device::Cpu));
    let whole = net.forward(&inputs, Mode::Train).expect("the inputs fit");
    for cut in 0..3 {
        let taps = net.forward_detached(&inputs, Mode::Train, Some(cut)).expect("the inputs fit");
        for (tap, whole) in taps.iter().zip(&whole) {
            assert_eq!(values(tap), values(whole));
        }
        let sum = taps[2].sum(Kind::Float);
        let parameters: Vec<&Tensor> = net.parameters().iter().map(|parameter| &parameter.tensor).collect();
        let gradients = Tensor::run_backward(&[&sum], &parameters, false, false);
        for (gradient, parameter) in gradients.iter().zip(net.parameters()) {
            // The last layer's own tap lies before its cut.
            assert_eq!(gradient.defined(), parameter.layer > cut || cut == 2, "{cut} {}", parameter.name);
        }
    }
}

#[test]
fn what_the_last_activation_is_given_is_what_it_makes_the_prediction_of() {
    let _torch = torch();
    for layers in [
        vec![dense(4, Activation::Tanh), dense(None, Activation::Sigmoid)],
        vec![dense(None, Activation::Sigmoid)],
        vec![dense(None, Activation::Linear), Layer::Activation { activation: Activation::Sigmoid }],
    ] {
        let net = Net::new(&model(layers), &[2], 1, 5, Device::Cpu).expect("the layers fit");
        let inputs = Tensor::randn([6, 2], (Kind::Float, Device::Cpu));
        let taps = net.forward(&inputs, Mode::Eval).expect("the inputs fit");
        let before = net.before_last_activation(&inputs, &taps).expect("the inputs fit");
        assert_eq!(values(&before.sigmoid()), values(taps.last().expect("a prediction")));
    }
}
