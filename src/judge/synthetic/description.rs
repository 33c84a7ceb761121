//! What a made-up record says of its run, before anything is measured.

use std::collections::BTreeMap;

use super::STEPS_PER_EPOCH;
use crate::{
    data::{ColumnSummary, Moments, Summary, TargetSummary},
    experiment::{
        Activation, BiasInit, Data, Diagnosis, Distribution, Experiment, Formula, Init, Layer, Loss, Model, Optimiser,
        Probes, Scaling, Schedule, Source, Training, WeightInit,
    },
    record::{LayerInfo, RunInfo, SCHEMA, Status},
};

pub(super) fn target_summary(name: &str) -> TargetSummary {
    let moments = Moments { mean: 1.0, std: 2.0, min: -8.0, max: 9.0 };
    TargetSummary {
        name: name.into(),
        train: moments,
        median: 0.5,
        validation: Some(moments),
        most_common: None,
        at_min_fraction: 1e-4,
        at_max_fraction: 1e-4,
    }
}

pub(super) fn column(name: &str, mean: f64, std: f64) -> ColumnSummary {
    let train = Moments { mean, std, min: mean - 3.0 * std, max: mean + 3.0 * std };
    ColumnSummary { name: name.to_owned(), train, validation: Some(train), non_finite: 0 }
}

fn layer(name: &str, units: usize, activation: &str) -> LayerInfo {
    LayerInfo {
        name: name.into(),
        shape: vec![units],
        activation: activation.into(),
        parameters: vec![format!("{name}.weight"), format!("{name}.bias")],
        parameter_count: 101 * units as u64,
    }
}

pub(super) fn run_info() -> RunInfo {
    RunInfo {
        schema: SCHEMA,
        experiment: experiment(),
        experiment_hash: "0".repeat(64),
        seed: 0,
        data: Summary {
            train_samples: 10_000,
            validation_samples: 2_000,
            input_shape: vec![100],
            features: Vec::new(),
            inputs: Moments { mean: 0.0, std: 1.0, min: -4.0, max: 4.0 },
            targets: vec![target_summary("y")],
            dropped_rows: 0,
            fingerprint: "0".repeat(64),
            columns: Vec::new(),
            equal_columns: Vec::new(),
            alignments: Vec::new(),
        },
        references: None,
        layers: vec![layer("dense_1", 100, "relu"), layer("dense_2", 1, "linear")],
        device: "cpu".into(),
        threads: 1,
        versions: BTreeMap::new(),
        steps_per_epoch: STEPS_PER_EPOCH,
        epochs_done: 0,
        segments: 0,
        status: Status::Completed,
        certificate: None,
        wall_secs: 1.0,
    }
}

fn experiment() -> Experiment {
    let dense = |units, activation| Layer::Dense { units, activation, bias: true, init: None };
    Experiment {
        name: "synthetic".into(),
        seed: 0,
        data: Data {
            source: Source::Function {
                formula: Formula::Sum,
                features: 100,
                inputs: Distribution::Normal { mean: 0.0, std: 1.0 },
                noise: 0.0,
                train_samples: 10_000,
                validation_samples: 2_000,
            },
            scale_inputs: Scaling::None,
            scale_targets: Scaling::None,
            seed: 0,
        },
        model: Model {
            layers: vec![dense(Some(100), Activation::Relu), dense(None, Activation::Linear)],
            init: Init { weights: WeightInit::GlorotUniform {}, gain: 1.0, bias: BiasInit::Zeros {} },
        },
        training: Training {
            epochs: 40,
            batch_size: 128,
            shuffle: true,
            loss: Loss::Mse {},
            optimiser: Optimiser::Adam { lr: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0 },
            schedule: Schedule::Constant {},
            warmup_steps: 0,
            clip_norm: None,
            clip_value: None,
            checkpoint_secs: 0.0,
            drop_last: false,
        },
        diagnosis: Diagnosis {
            seeds: 1,
            probe_samples: 512,
            early_stop: true,
            patience_epochs: 10,
            probes: Probes::All,
            references: true,
            stop_when_learned: false,
        },
        faults: crate::experiment::Faults::default(),
    }
}
