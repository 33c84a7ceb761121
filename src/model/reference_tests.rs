//! Every layer and activation against what PyTorch computed (`tests/reference/make_references.py`).

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde::Deserialize;
use tch::{Device, Kind, Tensor};

use super::{
    Mode, Net,
    test_support::{model, torch, values},
};
use crate::experiment::{Layer, shapes::layer_names};

#[derive(Deserialize)]
struct Stored {
    shape: Vec<i64>,
    values: Vec<f32>,
}

impl Stored {
    fn tensor(&self) -> Tensor {
        Tensor::from_slice(&self.values).reshape(&self.shape)
    }
}

#[derive(Deserialize)]
struct Reference {
    layers: Vec<Layer>,
    mode: String,
    inputs: Stored,
    state: BTreeMap<String, Stored>,
    outputs: Stored,
    weighting: Stored,
    input_gradient: Stored,
    gradients: BTreeMap<String, Stored>,
    buffers_after: BTreeMap<String, Stored>,
}

/// The references were computed in double precision. Ours sum at most 75 products in single precision, each rounded to
/// 6e-8 of the largest, through two layers: 75 * 6e-8 * 2 = 9e-6 of the largest value of the tensor at worst.
const TOLERANCE: f32 = 1e-5;

/// Panics unless the tensors are equal within [`TOLERANCE`] of the largest stored value.
fn assert_close(what: &str, got: &Tensor, stored: &Stored) {
    assert_eq!(got.size(), stored.shape, "{what}");
    let largest = stored.values.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
    for (place, (got, wanted)) in values(got).iter().zip(&stored.values).enumerate() {
        let difference = (got - wanted).abs();
        assert!(difference <= TOLERANCE * largest, "{what}[{place}]: {got} is not {wanted}");
    }
}

fn check(path: &Path) -> Vec<Layer> {
    let name = path.file_stem().and_then(|stem| stem.to_str()).expect("references have plain names").to_owned();
    let text = std::fs::read_to_string(path).expect("the reference can be read");
    let reference: Reference = serde_json::from_str(&text).expect("the reference is what the script writes");
    let input_shape: Vec<usize> = reference.inputs.shape[1..].iter().map(|&side| side as usize).collect();
    let outputs = reference.outputs.shape[1] as usize;
    let mut net = Net::new(&model(reference.layers.clone()), &input_shape, outputs, 0, Device::Cpu)
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    let state: Vec<_> = reference.state.iter().map(|(key, stored)| (key.clone(), stored.tensor())).collect();
    net.load_state(&state).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mode = match reference.mode.as_str() {
        "train" => Mode::Train,
        "eval" => Mode::Eval,
        other => panic!("{name}: no mode `{other}`"),
    };
    let inputs = reference.inputs.tensor().set_requires_grad(true);
    let taps = net.forward(&inputs, mode).unwrap_or_else(|error| panic!("{name}: {error}"));
    let prediction = taps.last().expect("one tap per layer");
    assert_close(&name, prediction, &reference.outputs);
    (prediction * reference.weighting.tensor()).sum(Kind::Float).backward();
    assert_close(&format!("{name}: input gradient"), &inputs.grad(), &reference.input_gradient);
    assert_eq!(net.parameters().len(), reference.gradients.len(), "{name}");
    for parameter in net.parameters() {
        let stored = &reference.gradients[&parameter.name];
        assert_close(&format!("{name}: gradient of {}", parameter.name), &parameter.tensor.grad(), stored);
    }
    assert_eq!(net.buffers().len(), reference.buffers_after.len(), "{name}");
    for buffer in net.buffers() {
        let stored = &reference.buffers_after[&buffer.name];
        assert_close(&format!("{name}: {}", buffer.name), &buffer.tensor, stored);
    }
    reference.layers
}

#[test]
fn every_layer_and_activation_computes_what_pytorch_does() {
    let _torch = torch();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference");
    let files = std::fs::read_dir(folder).expect("the references are in the repository");
    let mut checked = Vec::new();
    for file in files {
        let path = file.expect("the folder can be listed").path();
        if path.extension().is_some_and(|extension| extension == "json") {
            checked.extend(check(&path));
        }
    }
    // Dropout alone has no reference: its draws are libtorch's. `mod.rs` tests it.
    let names = layer_names(&model(checked.clone()));
    let kinds: BTreeSet<&str> = names.iter().filter_map(|name| name.rsplit_once('_')).map(|(kind, _)| kind).collect();
    let wanted = ["activation", "avg_pool2d", "batch_norm", "conv2d", "dense", "flatten", "max_pool2d"];
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), wanted);
    for activation in super::activation::ALL {
        assert!(checked.contains(&Layer::Activation { activation }), "{activation:?} has no reference");
    }
}

#[test]
fn the_comparison_sees_a_wrong_value() {
    let _torch = torch();
    let stored = Stored { shape: vec![2], values: vec![1.0, 2.0] };
    let off = Tensor::from_slice(&[1.0_f32, 2.001]);
    assert!(std::panic::catch_unwind(|| assert_close("planted", &off, &stored)).is_err());
}
