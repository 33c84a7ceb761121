//! Certificates both ways: what is certified stays as it is fifty times longer, and what comes back was never certified.

use std::path::Path;

use tch::Device;

use super::*;
use crate::{
    data,
    experiment::{Experiment, Probes, reader},
    judge::{self, Decision},
    model::test_support::torch,
    record::Channel,
    train::recorder::{Recorder, tests_support},
};

fn experiment(hidden: &str, bias: f64, training: &str) -> Experiment {
    let text = format!(
        "[data]\nsource = \"function\"\nformula = \"sum\"\nfeatures = 2\ntrain_samples = 64\nvalidation_samples = 0\n\
         [model]\nhidden = [{hidden}]\ninit = {{ weights = {{ kind = \"normal\", std = 0.7 }}, \
         bias = {{ kind = \"constant\", value = {bias} }} }}\n\
         [training]\nepochs = 400\nbatch_size = 16\n{training}\n[diagnosis]\nearly_stop = false\nprobe_samples = 32\n"
    );
    reader::parse(&text, "test", Path::new("."), "test").expect("the test's own configuration")
}

/// A training that is driven by hand.
struct Run {
    experiment: Experiment,
    trainer: Trainer,
    recorder: Recorder,
    step: u64,
    epoch: u32,
    _folder: tempfile::TempDir,
}

fn trainer(experiment: &Experiment, seed: u64) -> Trainer {
    let data = data::load(&experiment.data).expect("synthetic");
    Trainer::new(experiment, seed, data, Device::Cpu).expect("the network fits")
}

impl Run {
    fn new(experiment: Experiment, seed: u64) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut recorder = tests_support::recorder(folder.path(), &experiment);
        let trainer = trainer(&experiment, seed);
        let run = recorder.run();
        run.layers = trainer.net.layers().to_vec();
        run.steps_per_epoch = trainer.steps_per_epoch();
        Self { experiment, trainer, recorder, step: 0, epoch: 0, _folder: folder }
    }

    /// Trains an epoch, looks, and asks for a certificate where the judge does.
    fn epoch(&mut self) -> Option<StuckCertificate> {
        self.epoch += 1;
        for batch in self.trainer.order(self.epoch).chunks(16) {
            self.step += 1;
            self.trainer.step(batch, self.step, self.epoch, &mut self.recorder).expect("cpu");
        }
        self.trainer.look(self.step, self.epoch, &mut self.recorder).expect("cpu");
        self.recorder.run().epochs_done = self.epoch;
        let Decision::Certify { layers } = judge::decide(self.recorder.record()) else { return None };
        let found = certify(&mut self.trainer, &self.experiment.model, &layers, self.step).expect("cpu");
        self.recorder.run().certificate.clone_from(&found);
        found
    }

    /// Goes on without instruments, which do not disturb: a step costs a tenth then.
    fn go_on_bare(&mut self, steps: u64) -> Trainer {
        let mut bare = self.experiment.clone();
        bare.diagnosis.probes = Probes::None;
        let mut trainer = trainer(&bare, 0);
        trainer.net.load_state(&self.trainer.net.state()).expect("the same layers");
        trainer.optimiser.load_state(&self.trainer.optimiser.state(), self.step).expect("the same parameters");
        let mut step = self.step;
        while step < self.step + steps {
            self.epoch += 1;
            for batch in self.trainer.order(self.epoch).chunks(16) {
                step += 1;
                trainer.step(batch, step, self.epoch, &mut self.recorder).expect("cpu");
            }
        }
        trainer
    }
}

fn bits(trainer: &Trainer, names: &[String]) -> Vec<Vec<u32>> {
    let of =
        |name: &String| trainer.net.parameters().iter().find(|parameter| parameter.name == *name).expect("its own");
    let values = |name| memory::copied(&of(name).tensor).expect("cpu").into_iter().map(f32::to_bits).collect();
    names.iter().map(values).collect()
}

const OPTIMISERS: [&str; 5] = [
    "optimiser = { kind = \"adam\", lr = 0.05 }",
    "optimiser = { kind = \"adamw\", lr = 0.05, weight_decay = 0.0 }",
    "optimiser = { kind = \"sgd\", lr = 0.5, momentum = 0.9 }",
    "optimiser = { kind = \"sgd\", lr = 0.5, momentum = 0.5, nesterov = true }",
    "optimiser = { kind = \"rmsprop\", lr = 0.05 }",
];

#[test]
fn what_is_certified_is_still_there_fifty_times_later() {
    let _torch = torch();
    let mut certified = 0;
    for training in OPTIMISERS {
        for seed in 0..4 {
            // Few units and large steps: some die on their way, after they have learned something.
            let mut run = Run::new(experiment("3, 3", -0.3, training), seed);
            let Some(certificate) = (0..400).find_map(|_| run.epoch()) else { continue };
            certified += 1;
            let frozen = bits(&run.trainer, &certificate.frozen_parameters);
            let still: Vec<String> =
                run.trainer.net.parameters().iter().map(|parameter| parameter.name.clone()).collect();
            let is_still = |name: &String| {
                !certificate.frozen_parameters.contains(name) && !certificate.moving_parameters.contains(name)
            };
            let still: Vec<String> = still.into_iter().filter(is_still).collect();
            let mut later = run.go_on_bare(49 * certificate.step);
            let case = format!("{training}, seed {seed}, {certificate:?}");
            assert_eq!(bits(&later, &certificate.frozen_parameters), frozen, "{case}");
            let net = later.net.copy();
            let look = later.look_with(&net, Split::WholeTrain).expect("cpu");
            assert!(look.predictions.iter().all(|value| *value == look.predictions[0]), "{case}");
            let dead = later.net.layers().iter().position(|layer| layer.name == certificate.layer).expect("its own");
            assert_eq!(look.activations[dead].dead_fraction(), Some(1.0), "{case}");
            assert!(certificate.moving_parameters.contains(&"dense_3.bias".to_owned()), "{case}");
            assert!(still.iter().any(|name| name.ends_with("weight")), "{case}");
        }
    }
    assert!(certified >= 8, "only {certified} runs died");
}

#[test]
fn runs_that_were_flat_and_left_were_never_certified() {
    let _torch = torch();
    let (mut left, mut flat) = (0, 0);
    for seed in 0..20 {
        let training = "optimiser = { kind = \"adam\", lr = 0.0015 }";
        let mut run = Run::new(experiment("2", -1.05, training), seed);
        let mut certified = None;
        for _ in 0..400 {
            certified = certified.or(run.epoch());
        }
        let record = run.recorder.record();
        let value = |channel| -> Vec<f64> {
            record.points(Split::Train, channel, "y").iter().filter_map(|point| point.value.finite()).collect()
        };
        let (spreads, skills) = (value(Channel::Spread), value(Channel::Skill));
        let flat_epochs = spreads.iter().take_while(|spread| **spread < 0.1).count();
        let learned = *skills.last().expect("looks") > 0.5;
        flat += u32::from(flat_epochs >= 20);
        if flat_epochs >= 20 && learned {
            left += 1;
        }
        assert!(!(learned && certified.is_some()), "seed {seed} came back: {certified:?}");
    }
    assert!(left >= 8 && left < flat, "of {flat} flat runs only {left} left");
}

/// Every training sample counts, whether or not it is in the probe set of the looks.
#[test]
fn a_unit_that_fires_for_one_sample_of_the_training_set_is_not_dead() {
    let _torch = torch();
    let experiment = experiment("1", 0.0, "optimiser = { kind = \"sgd\", lr = 0.0001 }");
    let mut trainer = trainer(&experiment, 0);
    let layers = ["dense_1".to_owned()];
    let inputs = data::load(&experiment.data).expect("synthetic").train.inputs;
    let reach = |weights: [f32; 2]| {
        inputs.chunks(2).map(|row| row[0] * weights[0] + row[1] * weights[1]).fold(f32::NEG_INFINITY, f32::max)
    };
    let weights = [0.6_f32, 0.8];
    for (case, bias, certifies) in
        [("one fires", -reach(weights) * 0.9999, false), ("none fires", -reach(weights) * 1.0001, true)]
    {
        let mut state = trainer.net.state();
        for (name, tensor) in &mut state {
            match name.as_str() {
                "dense_1.weight" => *tensor = Tensor::from_slice(&weights).reshape([1, 2]),
                "dense_1.bias" => *tensor = Tensor::from_slice(&[bias]),
                _ => {}
            }
        }
        trainer.net.load_state(&state).expect("the same layers");
        let found = certify(&mut trainer, &experiment.model, &layers, 4).expect("cpu");
        assert_eq!(found.is_some(), certifies, "{case}: {found:?}");
    }
}

#[test]
fn what_moves_behind_a_dead_layer_is_what_has_a_gradient() {
    let _torch = torch();
    let training = "optimiser = { kind = \"sgd\", lr = 0.01 }";
    let dead_first = |text: &str, second_bias: f32| {
        let experiment = experiment(text, -50.0, training);
        let mut trainer = trainer(&experiment, 0);
        let mut state = trainer.net.state();
        for (name, tensor) in &mut state {
            if name == "dense_2.bias" {
                *tensor = tensor.ones_like() * f64::from(second_bias);
            } else if name == "dense_3.bias" {
                *tensor = tensor.zeros_like();
            }
        }
        trainer.net.load_state(&state).expect("the same layers");
        let layers = ["dense_1".to_owned()];
        let certificate = certify(&mut trainer, &experiment.model, &layers, 4).expect("cpu").expect("dead");
        assert_eq!(certificate.frozen_parameters, ["dense_1.weight", "dense_1.bias"]);
        (certificate, trainer)
    };
    // The second layer is driven by its bias alone: its weights stay, the rest moves.
    let (certificate, _) = dead_first("3, 3", 0.5);
    assert_eq!(certificate.moving_parameters, ["dense_2.bias", "dense_3.weight", "dense_3.bias"]);
    // The second is dead as well: only the last bias moves.
    let (certificate, mut trainer) = dead_first("3, 3", -0.5);
    assert_eq!(certificate.moving_parameters, ["dense_3.bias"]);
    // The prediction is 0, so the gap is the mean of the targets over their deviation.
    let targets: Vec<f64> = trainer.train.targets().iter().map(|value| f64::from(*value)).collect();
    let mean = targets.iter().sum::<f64>() / 64.0;
    let std = (targets.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 64.0).sqrt();
    let gap = certificate.gaps_to_mean[0].expect("it varies");
    assert!((gap - mean / std).abs() < 1e-5, "{gap} is not {}", mean / std); // the deviation is of f32 targets
    let net = trainer.net.copy();
    assert!(trainer.look_with(&net, Split::WholeTrain).expect("cpu").predictions.iter().all(|value| *value == 0.0));
}
