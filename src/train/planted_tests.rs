//! Each fault does what it says, and nothing where it is not planted.

use std::path::Path;

use tch::{Device, Kind, Tensor};

use super::*;
use crate::{
    data::{self, Dataset},
    experiment::{Experiment, reader},
    model::test_support::torch,
    record::{Channel, Split},
    train::{
        memory,
        recorder::{Recorder, tests_support},
        trainer::Trainer,
    },
};

const SGD: &str = "optimiser = { kind = \"sgd\", lr = 0.05 }";
const PLAIN: &str = "{ type = \"dense\", units = 6, activation = \"tanh\" }, { type = \"dense\" }";
const NORMED: &str =
    "{ type = \"dense\", units = 6 }, { type = \"batch_norm\", activation = \"relu\" }, { type = \"dense\" }";
/// Samples and batch size: whole batches, so that each step has as many samples.
const SAMPLES: usize = 48;
const BATCH: usize = 12;

/// A training that is driven by hand.
struct Run {
    trainer: Trainer,
    recorder: Recorder,
    start: Vec<Vec<f32>>,
    step: u64,
    _folder: tempfile::TempDir,
}

fn experiment(layers: &str, training: &str, faults: &str) -> Experiment {
    let text = format!(
        "[data]\nsource = \"function\"\nformula = \"sum\"\nfeatures = 3\nnoise = 0.1\ntrain_samples = {SAMPLES}\n\
         validation_samples = 16\n[model]\nlayers = [{layers}]\n[training]\nepochs = 4\nbatch_size = {BATCH}\n{training}\n\
         [diagnosis]\nearly_stop = false\n[faults]\n{faults}\n"
    );
    reader::parse(&text, "test", Path::new("."), "test").expect("the test's own configuration")
}

impl Run {
    fn new(layers: &str, training: &str, faults: &str) -> Self {
        let experiment = experiment(layers, training, faults);
        let data = data::load_planted(&experiment.data, &experiment.faults).expect("synthetic");
        Self::on(&experiment, data)
    }

    fn on(experiment: &Experiment, data: Dataset) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let recorder = tests_support::recorder(folder.path(), experiment);
        let trainer = Trainer::new(experiment, 2, data, Device::Cpu).expect("the network fits");
        let start = parameters(&trainer);
        Self { trainer, recorder, start, step: 0, _folder: folder }
    }

    /// Trains these epochs, with a look before the first and after each.
    fn epochs(mut self, epochs: u32) -> Self {
        self.trainer.look(0, 0, &mut self.recorder).expect("cpu");
        for epoch in 1..=epochs {
            for batch in self.trainer.order(epoch).chunks(BATCH) {
                self.one(batch, epoch);
            }
            self.trainer.look(self.step, epoch, &mut self.recorder).expect("cpu");
        }
        self
    }

    fn one(&mut self, batch: &[u32], epoch: u32) {
        self.step += 1;
        self.trainer.step(batch, self.step, epoch, &mut self.recorder).expect("cpu");
    }

    /// The value of a series of the training split at a step.
    fn at(&self, channel: Channel, layer: &str, step: u64) -> f64 {
        let points = self.recorder.record().points(Split::Train, channel, layer);
        points.iter().find(|point| point.step == step).expect("measured").value.value()
    }

    fn moved(&self) -> Vec<Vec<f32>> {
        let moved =
            |(now, start): (&Vec<f32>, &Vec<f32>)| now.iter().zip(start).map(|(now, start)| now - start).collect();
        parameters(&self.trainer).iter().zip(&self.start).map(moved).collect()
    }

    /// Gradient of each parameter by the right procedure, at the weights as they are.
    fn right_gradient(&mut self, batch: &[u32]) -> Vec<Vec<f32>> {
        let batch = self.trainer.train.gather(batch).expect("in range");
        let gradients = self.trainer.recomputed_gradient(&batch, 1).expect("cpu").expect("due at step 1");
        gradients.iter().map(|gradient| memory::copied(gradient).expect("cpu")).collect()
    }
}

fn parameters(trainer: &Trainer) -> Vec<Vec<f32>> {
    trainer.net.parameters().iter().map(|parameter| memory::copied(&parameter.tensor).expect("cpu")).collect()
}

fn buffers(trainer: &Trainer) -> Vec<Vec<f32>> {
    trainer.net.buffers().iter().map(|buffer| memory::copied(&buffer.tensor).expect("cpu")).collect()
}

fn bits(values: &[Vec<f32>]) -> Vec<u32> {
    values.iter().flatten().map(|value| value.to_bits()).collect()
}

/// Equal up to what single precision rounds of weights near 1.
fn near(found: &[Vec<f32>], wanted: &[Vec<f32>]) {
    for (found, wanted) in found.iter().flatten().zip(wanted.iter().flatten()) {
        assert!((found - wanted).abs() < 1e-6, "{found} is not {wanted}");
    }
}

fn close(found: f64, wanted: f64, tolerance: f64) {
    assert!((found - wanted).abs() <= tolerance * wanted.abs().max(1e-12), "{found} is not {wanted}");
}

#[test]
fn without_faults_nothing_is_planted() {
    let _torch = torch();
    let run = Run::new(NORMED, SGD, "").epochs(2);
    let planted = &run.trainer.planted;
    assert_eq!((planted.mode, planted.detached, planted.loss_shapes), (Mode::Train, None, LossShapes::Equal));
    assert!(planted.state(&run.trainer.net).is_empty() && !planted.moves_without_gradient());
    assert!(run.trainer.optimiser.moves().iter().all(|moves| *moves));
    let inputs = Tensor::randn([3, 2], (Kind::Float, Device::Cpu));
    assert_eq!(planted.inference_inputs(inputs.shallow_clone()).expect("cpu").data_ptr(), inputs.data_ptr());
    for step in [1, 2, 4, 8] {
        close(run.at(Channel::GradientCosine, "", step), 1.0, 1e-6);
        close(run.at(Channel::GradientRatio, "", step), 1.0, 1e-6);
    }
    let steps = run.recorder.record().points(Split::Train, Channel::GradientCosine, "").iter().map(|point| point.step);
    assert_eq!(steps.collect::<Vec<u64>>(), [1, 2, 4, 8]);
    for step in 1..=8 {
        close(run.at(Channel::RecomputedLoss, "", step), run.at(Channel::Loss, "", step), 1e-6);
    }
    for name in &run.trainer.parameter_names {
        assert!(run.at(Channel::DistanceFromStart, name, 8) > 0.0, "{name}");
    }
}

#[test]
fn targets_are_those_of_another_sample_and_of_another_one_each_epoch() {
    let _torch = torch();
    let faulty = Run::new(PLAIN, SGD, "targets = \"shuffled_each_epoch\"").epochs(2);
    // The same by hand: right epochs on data whose targets were put in the same order.
    let clean = experiment(PLAIN, SGD, "");
    let data = data::load(&clean.data).expect("synthetic");
    let mut by_hand = Run::on(&clean, data.clone());
    for epoch in 1..=2 {
        let drawn = batches::others(2, epoch, SAMPLES);
        let mut shuffled = data.clone();
        shuffled.train.targets = drawn.iter().map(|&other| data.train.targets[other as usize]).collect();
        let weights = by_hand.trainer.net.state();
        let mut next = Run::on(&clean, shuffled);
        next.trainer.net.load_state(&weights).expect("the same network");
        next.step = by_hand.step;
        for batch in next.trainer.order(epoch).chunks(BATCH) {
            next.one(batch, epoch);
        }
        by_hand = next;
    }
    assert_eq!(bits(&parameters(&faulty.trainer)), bits(&parameters(&by_hand.trainer)));
    // The training reports the loss of what it was given; the recomputed one is that of the samples' own targets.
    let first = (faulty.at(Channel::Loss, "", 1), faulty.at(Channel::RecomputedLoss, "", 1));
    assert!((first.0 / first.1 - 1.0).abs() > 0.01, "{first:?}");
    let right = Run::new(PLAIN, SGD, "").epochs(1);
    close(first.1, right.at(Channel::Loss, "", 1), 1e-6);
}

#[test]
fn shapes_that_broadcast_report_the_loss_of_all_pairs() {
    let _torch = torch();
    for shapes in ["column_against_vector", "row_against_column"] {
        for loss in ["mse", "mae", "mape", "binary_cross_entropy", "cross_entropy"] {
            let training = format!("{SGD}\nloss = \"{loss}\"");
            let run = Run::new(PLAIN, &training, &format!("loss_shapes = \"{shapes}\"")).epochs(1);
            for step in [1, 2, 4] {
                close(run.at(Channel::Loss, "", step), run.at(Channel::PairedLoss, "", step), 1e-5);
            }
            let own = Run::new(PLAIN, &training, "").epochs(1);
            close(run.at(Channel::RecomputedLoss, "", 1), own.at(Channel::Loss, "", 1), 1e-5);
            assert!((run.at(Channel::Loss, "", 1) / own.at(Channel::Loss, "", 1) - 1.0).abs() > 1e-4, "{loss}");
        }
    }
    // The squared error of all pairs: the variance of both and the squared distance of their means.
    let mut run = Run::new(PLAIN, SGD, "loss_shapes = \"row_against_column\"");
    let samples: Vec<u32> = (0..BATCH as u32).collect();
    let batch = run.trainer.train.gather(&samples).expect("in range");
    let outputs = run.trainer.net.forward(&batch.inputs, Mode::Eval).expect("fits");
    let predictions = memory::copied(outputs.last().expect("two layers")).expect("cpu");
    run.one(&samples, 1);
    let mean = |values: &[f32]| values.iter().map(|value| f64::from(*value)).sum::<f64>() / values.len() as f64;
    let variance = |values: &[f32]| {
        let mean = mean(values);
        values.iter().map(|value| (f64::from(*value) - mean).powi(2)).sum::<f64>() / values.len() as f64
    };
    let targets = &batch.target_values;
    let apart = (mean(&predictions) - mean(targets)).powi(2);
    close(run.at(Channel::Loss, "", 1), variance(targets) + variance(&predictions) + apart, 1e-5);
}

#[test]
fn a_layer_that_the_optimiser_is_not_given_stays_to_the_bit_and_has_gradients() {
    let _torch = torch();
    let decayed = "optimiser = { kind = \"adamw\", lr = 0.05, weight_decay = 0.1 }\nclip_norm = 0.1";
    for training in [SGD, decayed] {
        let run = Run::new(PLAIN, training, "untrained_layers = [\"dense_1\"]").epochs(2);
        let now = parameters(&run.trainer);
        assert_eq!(bits(&now[..2]), bits(&run.start[..2]));
        assert_ne!(bits(&now[2..3]), bits(&run.start[2..3]));
        for (name, moves) in run.trainer.parameter_names.iter().zip([false, false, true, true]) {
            assert!(run.at(Channel::GradientNorm, name, 3) > 0.0, "{name}");
            assert_eq!(run.at(Channel::DistanceFromStart, name, 8) > 0.0, moves, "{name}");
            assert_eq!(run.at(Channel::UpdateRatio, "dense_1.weight", 3), 0.0);
        }
        // What is not given counts as zero: the ratio is the share of the last layer, which is the cosine as well.
        let ratio = run.at(Channel::GradientRatio, "", 1);
        assert!(ratio > 0.0 && ratio < 1.0, "{ratio}");
        close(run.at(Channel::GradientCosine, "", 1), ratio, 1e-6);
        let norm = |name: &str| run.at(Channel::GradientNorm, name, 1).powi(2);
        let (first, last) =
            (norm("dense_1.weight") + norm("dense_1.bias"), norm("dense_2.weight") + norm("dense_2.bias"));
        close(ratio, (last / (first + last)).sqrt(), 1e-5);
        assert!(run.at(Channel::StabilityRatio, "", 0).is_finite());
    }
    let none = Run::new(PLAIN, SGD, "untrained_layers = [\"dense_1\", \"dense_2\"]").epochs(1);
    assert_eq!(bits(&parameters(&none.trainer)), bits(&none.start));
    assert_eq!(none.at(Channel::GradientRatio, "", 1), 0.0);
    assert!(none.recorder.record().points(Split::Train, Channel::GradientCosine, "").is_empty());
}

#[test]
fn no_gradient_passes_back_from_behind_a_detached_layer() {
    let _torch = torch();
    let three = format!("{{ type = \"dense\", units = 5, activation = \"tanh\" }}, {PLAIN}");
    let decayed = "optimiser = { kind = \"adam\", lr = 0.05, weight_decay = 0.1 }";
    let run = Run::new(&three, decayed, "detached_layer = \"dense_2\"").epochs(2);
    for (name, behind) in run.trainer.parameter_names.iter().zip([false, false, false, false, true, true]) {
        assert_eq!(run.at(Channel::GradientNorm, name, 2) > 0.0, behind, "{name}");
        assert_eq!(run.at(Channel::DistanceFromStart, name, 8) > 0.0, behind, "{name}");
    }
    for (layer, behind) in [("dense_1", false), ("dense_2", false), ("dense_3", true)] {
        assert_eq!(run.at(Channel::ActivationGradientNorm, layer, 2) > 0.0, behind, "{layer}");
    }
    assert!(run.at(Channel::GradientRatio, "", 1) < 1.0);
    let whole = Run::new(&three, decayed, "").epochs(1);
    assert_eq!(run.at(Channel::Loss, "", 1), whole.at(Channel::Loss, "", 1));
    let last = Run::new(PLAIN, SGD, "detached_layer = \"dense_2\"").epochs(1);
    assert_eq!(bits(&parameters(&last.trainer)), bits(&last.start));
    assert_eq!(last.at(Channel::GradientNorm, "dense_2.weight", 1), 0.0);
}

#[test]
fn gradients_are_negated_or_mixed_up() {
    let _torch = torch();
    let batch: Vec<u32> = (0..BATCH as u32).collect();
    let mut right = Run::new(PLAIN, SGD, "");
    right.one(&batch, 1);
    let mut negated = Run::new(PLAIN, SGD, "gradients = \"negated\"");
    negated.one(&batch, 1);
    let opposite: Vec<Vec<f32>> = right.moved().iter().map(|own| own.iter().map(|value| -value).collect()).collect();
    near(&negated.moved(), &opposite);
    close(negated.at(Channel::GradientCosine, "", 1), -1.0, 1e-6);
    close(negated.at(Channel::GradientRatio, "", 1), 1.0, 1e-6);
    let mut reversed = Run::new(PLAIN, SGD, "gradients = \"reversed\"");
    reversed.one(&batch, 1);
    let backwards: Vec<Vec<f32>> = right.moved().iter().map(|own| own.iter().rev().copied().collect()).collect();
    near(&reversed.moved(), &backwards);
    let cosine = reversed.at(Channel::GradientCosine, "", 1);
    assert!(cosine.abs() < 0.99, "{cosine}");
    close(reversed.at(Channel::GradientRatio, "", 1), 1.0, 1e-6);
}

#[test]
fn gradients_pile_up_where_they_are_never_set_to_zero() {
    let _torch = torch();
    // So slow that the weights stay, and each step of the same batch has the same gradient.
    let slow = "optimiser = { kind = \"sgd\", lr = 1e-12 }";
    let batch: Vec<u32> = (0..BATCH as u32).collect();
    let mut run = Run::new(PLAIN, slow, "gradients = \"accumulated\"");
    for _ in 0..8 {
        run.one(&batch, 1);
    }
    for step in [1, 2, 4, 8] {
        close(run.at(Channel::GradientRatio, "", step), step as f64, 1e-5);
        close(run.at(Channel::GradientCosine, "", step), 1.0, 1e-6);
    }
    // Along a trajectory that moves: the sum of the right gradients at each of its points.
    let mut run = Run::new(PLAIN, SGD, "gradients = \"accumulated\"");
    let mut sums: Vec<Vec<f32>> = run.start.iter().map(|values| vec![0.0; values.len()]).collect();
    for turn in 0..4 {
        let batch: Vec<u32> = (turn * BATCH as u32..(turn + 1) * BATCH as u32).collect();
        for (sum, gradient) in sums.iter_mut().zip(run.right_gradient(&batch)) {
            for (sum, gradient) in sum.iter_mut().zip(gradient) {
                *sum += gradient;
            }
        }
        let before = parameters(&run.trainer);
        run.one(&batch, 1);
        for ((now, before), sum) in parameters(&run.trainer).iter().zip(&before).zip(&sums) {
            for ((now, before), sum) in now.iter().zip(before).zip(sum) {
                assert!((now - (before - 0.05 * sum)).abs() < 1e-5, "step {turn}: {now}");
            }
        }
    }
    assert!(run.trainer.planted.moves_without_gradient());
}

#[test]
fn eval_mode_leaves_running_statistics_and_draws_nothing() {
    let _torch = torch();
    let run = Run::new(NORMED, SGD, "training_mode = \"eval\"").epochs(2);
    assert_eq!(buffers(&run.trainer), [vec![0.0; 6], vec![1.0; 6]]);
    let right = Run::new(NORMED, SGD, "").epochs(2);
    assert_ne!(buffers(&right.trainer), buffers(&run.trainer));
    // The right procedure normalises by the batch, so its gradient is another one.
    assert!(run.at(Channel::GradientCosine, "", 1) < 0.999);
    let dropped = PLAIN.replace("}, {", "}, { type = \"dropout\", rate = 0.5 }, {");
    let still = Run::new(&dropped, SGD, "training_mode = \"eval\"").epochs(1);
    let without = Run::new(PLAIN, SGD, "").epochs(1);
    assert_eq!(still.at(Channel::Loss, "", 4), without.at(Channel::Loss, "", 4));
}

#[test]
fn inference_is_fed_and_gives_what_is_said_and_the_training_path_is_not() {
    let _torch = torch();
    let faults = "inference_input_factor = 0.5\ninference_input_shift = 2.0\ninference_output_factor = 3.0\n\
                  inference_output_shift = -1.0";
    let mut run = Run::new(PLAIN, SGD, faults).epochs(1);
    let right = Run::new(PLAIN, SGD, "").epochs(1);
    assert_eq!(bits(&parameters(&run.trainer)), bits(&parameters(&right.trainer)), "training is not touched");
    run.trainer.look_at_end(run.step, 1, &mut run.recorder).expect("cpu");
    let samples = run.trainer.probe_train.clone();
    let inputs = run.trainer.train.gather(&samples).expect("in range").inputs.copy();
    let net = run.trainer.net.copy();
    let predicted = |inputs: &Tensor| -> Vec<f32> {
        let taps = net.forward(inputs, Mode::Eval).expect("fits");
        memory::copied(taps.last().expect("two layers")).expect("cpu")
    };
    let record = run.recorder.record();
    let given = |split| &record.last_predictions(split).expect("looked at").predictions;
    let check = |found: &[f32], wanted: Vec<f32>| near(&[found.to_vec()], &[wanted]);
    check(given(Split::TrainingPath), predicted(&inputs));
    let fed = &inputs * 0.5 + 2.0;
    check(given(Split::Train), predicted(&fed).iter().map(|value| 3.0 * value - 1.0).collect());
    let moments = |tensor: &Tensor| {
        let values: Vec<f64> = memory::copied(tensor).expect("cpu").into_iter().map(f64::from).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        (mean, (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt())
    };
    for (split, tensor) in [(Split::Train, &fed), (Split::TrainingPath, &inputs)] {
        let last = |channel| record.last(split, channel, "input").and_then(|point| point.value.finite());
        let (mean, std) = moments(tensor);
        close(last(Channel::ActivationMean).expect("measured"), mean, 1e-5);
        close(last(Channel::ActivationStd).expect("measured"), std, 1e-5);
    }
    let skill =
        |split| record.last(split, Channel::Skill, "y").and_then(|point| point.value.finite()).expect("measured");
    close(skill(Split::WholeTrain), skill(Split::Train), 1e-6); // all samples are in the probe set
    assert!((skill(Split::TrainingPath) - skill(Split::Train)).abs() > 0.01);
    // A proof that a layer is dead looks at what training feeds it.
    let own = run.trainer.look_with(&net, Split::Train).expect("cpu");
    check(&own.predictions, predicted(&inputs));
}

#[test]
fn a_layer_that_is_not_there_is_refused_with_those_that_are() {
    let _torch = torch();
    // The reader refuses such a name already; an experiment need not come from it.
    let untrained = Faults { untrained_layers: vec!["dense_1".to_owned(), "conv2d_1".to_owned()], ..Faults::default() };
    let detached = Faults { detached_layer: "conv2d_1".to_owned(), ..Faults::default() };
    for faults in [untrained, detached] {
        let experiment = Experiment { faults, ..experiment(NORMED, SGD, "") };
        let data = data::load(&experiment.data).expect("synthetic");
        let refused = Trainer::new(&experiment, 2, data, Device::Cpu).err().expect("no such layer");
        insta::allow_duplicates! {
            insta::assert_snapshot!(refused, @"`[faults]` names the layer `conv2d_1`, which the network does not have");
        }
        let help = miette::Diagnostic::help(&refused).map(|help| help.to_string());
        assert_eq!(help.as_deref(), Some("its layers are dense_1, batch_norm_1, dense_2"));
    }
}

#[test]
fn sums_of_another_shape_are_refused_by_name() {
    let _torch = torch();
    let mut run = Run::new(PLAIN, SGD, "gradients = \"accumulated\"");
    let mut state = run.trainer.planted.state(&run.trainer.net);
    let net = run.trainer.net.copy();
    run.trainer.planted.load_state(&net, &state).expect("its own");
    state[1].1 = Tensor::from_slice(&[1.0_f32]);
    let refused = run.trainer.planted.load_state(&net, &state).expect_err("another shape");
    assert!(refused.contains("accumulated.dense_1.bias"), "{refused}");
}
