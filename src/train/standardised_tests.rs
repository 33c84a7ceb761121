//! Moments against plain loops, and the untrained network against one that was given scaled data.

use std::path::Path;

use tch::Device;

use super::*;
use crate::{
    data::{self, Samples},
    experiment::reader,
    model::test_support::torch,
    record::{Channel, Record},
    train::recorder::tests_support,
};

fn batches(inputs: Vec<f32>, shape: &[usize]) -> Batches {
    let count = inputs.len() / shape.iter().product::<usize>();
    let samples = Samples { inputs, targets: vec![0.0; count], count };
    Batches::new(samples, shape, 1, Device::Cpu).expect("cpu")
}

fn plain(values: impl Iterator<Item = f32>) -> (f64, f64) {
    let values: Vec<f64> = values.map(f64::from).collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (mean, (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt())
}

#[test]
fn columns_and_channels_have_the_moments_of_plain_loops() {
    let _torch = torch();
    // More samples than are read at a time.
    let value = |place: usize| ((place * 7919) % 1009) as f32 * 0.1 + 1000.0 * (place % 6 / 3) as f32;
    let numbers: Vec<f32> = (0..150 * 6).map(value).collect();
    for (shape, plane) in [(vec![6], 1), (vec![2, 1, 3], 3)] {
        let mut split = batches(numbers.clone(), &shape);
        let found = Columns::of(&mut split).expect("cpu");
        assert_eq!(found.means.len(), shape[0]);
        let standardised = found.standardise(&split.gather(&(0..150).collect::<Vec<u32>>()).expect("fits").inputs);
        let standardised = memory::copied(&standardised.expect("cpu")).expect("cpu");
        for column in 0..shape[0] {
            let own = |values: &[f32]| {
                let of_column = values.iter().enumerate().filter(|(place, _)| place / plane % shape[0] == column);
                plain(of_column.map(|(_, value)| *value).collect::<Vec<f32>>().into_iter())
            };
            let (mean, std) = own(&numbers);
            assert!((found.means[column] - mean).abs() < 1e-9 * mean.abs(), "{column}");
            assert!((found.stds[column] / std - 1.0).abs() < 1e-9, "{column}");
            let (mean, std) = own(&standardised);
            assert!(mean.abs() < 1e-5 && (std - 1.0).abs() < 1e-5, "{column}: {mean} {std}");
        }
    }
}

#[test]
fn inputs_within_a_hundredth_count_as_standardised_and_further_ones_do_not() {
    let _torch = torch();
    let are = |shift: f32, scale: f32| {
        let inputs = (0..200).flat_map(|place| [if place % 2 == 0 { shift + scale } else { shift - scale }, 0.0]);
        Columns::of(&mut batches(inputs.collect(), &[2])).expect("cpu").are_standardised()
    };
    assert!(are(0.0, 1.0) && are(0.009, 1.0) && are(0.0, 0.991));
    assert!(!are(0.011, 1.0) && !are(0.0, 0.989) && !are(0.0, 1.011));
    // A constant column that is not zero would be moved.
    let constant = |value: f32| Columns::of(&mut batches(vec![value; 10], &[1])).expect("cpu");
    assert!(constant(0.0).are_standardised() && !constant(5.0).are_standardised());
    let moved = constant(5.0).standardise(&Tensor::from_slice(&[5.0_f32, 7.0]).reshape([2, 1])).expect("cpu");
    assert_eq!(memory::copied(&moved).expect("cpu"), [0.0, 2.0]);
    let broken = Columns::of(&mut batches(vec![1.0, f32::NAN, 2.0], &[1])).expect("cpu");
    assert!(!broken.are_standardised(), "NaN is not near 0");
}

const LAYERS: &str = "{ type = \"dense\", units = 9, activation = \"tanh\" }, \
    { type = \"dense\", units = 7, activation = \"relu\" }, { type = \"dense\" }";

/// The record of the look at an untrained network.
fn at_start(scaling: &str) -> Record {
    let text = format!(
        "[data]\nsource = \"function\"\nformula = \"sum\"\nfeatures = 3\ntrain_samples = 150\nvalidation_samples = 20\n\
         inputs = {{ low = 10.0, high = 80.0 }}\nscale_inputs = \"{scaling}\"\n[model]\nlayers = [{LAYERS}]\n[training]\n\
         epochs = 2\nbatch_size = 20\noptimiser = {{ kind = \"adam\", lr = 0.01 }}\n"
    );
    let experiment = reader::parse(&text, "test", Path::new("."), "test").expect("the test's own configuration");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut recorder = tests_support::recorder(folder.path(), &experiment);
    let data = data::load(&experiment.data).expect("synthetic");
    let mut trainer = Trainer::new(&experiment, 1, data, Device::Cpu).expect("fits");
    trainer.look(0, 0, &mut recorder).expect("cpu");
    trainer.look(0, 1, &mut recorder).expect("cpu");
    recorder.record().clone()
}

#[test]
fn standardised_inputs_read_as_if_the_data_had_been_scaled() {
    let _torch = torch();
    let (raw, scaled) = (at_start("none"), at_start("standard"));
    let value = |record: &Record, split, channel, layer: &str| {
        let points = record.points(split, channel, layer);
        assert!(points.len() == 1 && points[0].epoch == 0, "{split:?} {channel:?} {layer}: {points:?}");
        points[0].value.finite().expect("finite")
    };
    for (channel, layer) in [(Channel::Saturation, "dense_1"), (Channel::Sharpness, ""), (Channel::StabilityRatio, "")]
    {
        let as_is = value(&raw, Split::Train, channel, layer);
        let found = value(&raw, Split::StandardisedInputs, channel, layer);
        let wanted = value(&scaled, Split::Train, channel, layer);
        assert!((found - wanted).abs() <= 1e-3 * wanted.abs(), "{channel:?}: {found} is not {wanted}");
        assert!((found - as_is).abs() > 0.1 * as_is.abs(), "{channel:?}: {found} where raw inputs have {as_is}");
    }
    let dead = |record: &Record, split| record.points(split, Channel::DeadFractionProbe, "dense_2")[0].value;
    assert_eq!(dead(&raw, Split::StandardisedInputs), dead(&scaled, Split::Train));
    assert!(value(&raw, Split::StandardisedInputs, Channel::ActivationStd, "dense_3") > 0.0);
    let of = |record: &Record, split| record.series.keys().filter(|id| id.split == split).count();
    assert_eq!(of(&scaled, Split::StandardisedInputs), 0, "they are standardised already");
    // Saturation 1, dead units 1, spread 3, sharpness 2, and nothing of predictions or single units.
    assert_eq!(of(&raw, Split::StandardisedInputs), 7);
}
