//! Made-up records for the tests of the report: a run that collapses at step 9 as the question's network does, one that
//! learns, and one that becomes NaN.

pub mod caused;
mod judged;
pub mod measured;

use std::collections::BTreeMap;

use crate::data::{Moments, Summary, TargetSummary};
use crate::experiment::{
    self, Activation, BiasInit, Data, Distribution, Experiment, Formula, Init, Layer, Loss, Model, Optimiser, Probes,
    Scaling, Schedule, Source, Training, WeightInit,
};
use crate::judge::State;
use crate::record::{
    Channel, LayerInfo, Point, ProbePredictions, Reading, Record, RunInfo, SeriesId, Split, Status, StuckCertificate,
};

pub use judged::{compared, of, question, tiny};

const EPOCHS: u32 = 40;
const STEPS_PER_EPOCH: u64 = 16;
const LAYERS: [&str; 4] = ["conv2d_1", "conv2d_2", "dense_1", "dense_2"];
/// Step at which the collapsed run loses its spread.
pub const COLLAPSE: u64 = 9;

/// Numbers that look random and are the same everywhere.
pub struct Noise(u64);

impl Noise {
    /// A sequence of its own for each seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// Roughly normal: the sum of four uniform numbers.
    pub fn next(&mut self) -> f64 {
        let mut sum = 0.0;
        for _ in 0..4 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            sum += (self.0 >> 11) as f64 / (1u64 << 53) as f64 - 0.5;
        }
        sum * 1.7
    }
}

/// What becomes of a made-up run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Explodes at step 2, dead from step 9.
    Collapses,
    /// Learns.
    Learns,
    /// NaN from step 30.
    Explodes,
}

impl Fate {
    fn state(self) -> State {
        match self {
            Self::Collapses => State::Collapsed,
            Self::Learns => State::Learned,
            Self::Explodes => State::Diverged,
        }
    }

    fn ratio(self, step: u64, noise: &mut Noise) -> f64 {
        let scatter = (0.12 * noise.next()).exp();
        match self {
            Self::Explodes if step >= 30 => f64::NAN,
            Self::Explodes => 1.4f64.powi(step as i32) * scatter,
            Self::Collapses if step == 2 => 5_800.0,
            Self::Collapses if step < COLLAPSE => (1.0 + 400.0 / step.pow(3) as f64) * scatter,
            Self::Collapses => scatter,
            Self::Learns => (0.004 + (-(step as f64) / 30.0).exp()) * scatter,
        }
    }

    /// Share of the way from a constant to the targets that is done.
    fn progress(self, epoch: u32) -> f64 {
        match self {
            Self::Collapses => 0.0,
            Self::Learns => 1.0 - (-f64::from(epoch) / 5.0).exp(),
            Self::Explodes if epoch >= 2 => f64::NAN,
            Self::Explodes => 0.3 * f64::from(epoch),
        }
    }
}

/// Collects points by series.
#[derive(Default)]
struct Builder(BTreeMap<SeriesId, Vec<Point>>);

impl Builder {
    fn add(&mut self, split: Split, channel: Channel, layer: &str, step: u64, value: f64) {
        let id = SeriesId { split, channel, layer: layer.to_owned(), unit: None };
        let per_epoch = matches!(channel, Channel::Spread | Channel::Skill | Channel::DeadFractionProbe);
        let epoch = if per_epoch { step / STEPS_PER_EPOCH } else { (step - 1) / STEPS_PER_EPOCH + 1 };
        let value = Reading::new(value);
        self.0.entry(id).or_default().push(Point { step, epoch: epoch as u32, value });
    }
}

/// A record of two outputs, `x` and `y`.
pub fn record(fate: Fate, seed: u64) -> Record {
    named_record(fate, seed, &["x", "y"])
}

/// A record with these outputs.
pub fn named_record(fate: Fate, seed: u64, outputs: &[&str]) -> Record {
    let mut noise = Noise::new(seed);
    let mut series = Builder::default();
    for step in 1..=u64::from(EPOCHS) * STEPS_PER_EPOCH {
        let ratio = fate.ratio(step, &mut noise);
        series.add(Split::Train, Channel::LossRatio, "", step, ratio);
        series.add(Split::Train, Channel::Loss, "", step, ratio * 0.31);
        series.add(Split::Train, Channel::LearningRate, "", step, 0.01);
        for (depth, layer) in LAYERS.iter().enumerate() {
            let last = depth + 1 == LAYERS.len();
            let scatter = (0.2 * noise.next()).exp();
            let dead = fate == Fate::Collapses && step >= COLLAPSE;
            let frozen = dead && !last;
            let not_finite = ratio.is_nan();
            let dead_fraction = match (dead, last, depth) {
                (_, true, _) => None,
                (true, _, 2) => Some(1.0),
                (true, ..) => Some(0.55 + 0.1 * depth as f64),
                (false, ..) => Some(0.02 * step.min(8) as f64),
            };
            if let Some(fraction) = dead_fraction {
                series.add(Split::Train, Channel::DeadFraction, layer, step, fraction);
            }
            let value = |ordinary: f64| match (not_finite, frozen) {
                (true, _) => f64::NAN,
                (_, true) => 0.0,
                _ => ordinary * scatter,
            };
            let parameter = format!("{layer}.weight");
            let norm = value(ratio.max(0.01).sqrt() * (depth + 1) as f64);
            series.add(Split::Train, Channel::GradientNorm, &parameter, step, norm);
            series.add(Split::Train, Channel::UpdateRatio, &parameter, step, value(0.002 * (4 - depth) as f64));
            let still = dead && depth >= 2;
            let std = if still { 0.0 } else { (0.5 + depth as f64) * scatter };
            series.add(Split::Train, Channel::ActivationStd, layer, step, if not_finite { f64::NAN } else { std });
            let spike = if step == 2 && fate == Fate::Collapses { 900.0 } else { 0.0 };
            let mean = if still && !last { 0.0 } else { spike + 0.3 * depth as f64 + 0.1 * noise.next() };
            series.add(Split::Train, Channel::ActivationMean, layer, step, if not_finite { f64::NAN } else { mean });
        }
    }
    let mut probe = Vec::new();
    for epoch in 0..=EPOCHS {
        let step = u64::from(epoch) * STEPS_PER_EPOCH;
        let progress = fate.progress(epoch);
        for split in [Split::Train, Split::Validation] {
            for output in outputs {
                let lag = if split == Split::Validation { 0.93 } else { 0.98 };
                let start = if epoch == 0 { 0.2 } else { 0.0 };
                let spread = if fate == Fate::Collapses {
                    start
                } else if epoch == 0 {
                    0.2
                } else {
                    progress * lag
                };
                let skill = if epoch == 0 { -0.1 } else { 1.0 - (1.0 - progress * lag).powi(2) - 0.001 };
                series.add(split, Channel::Spread, output, step, spread + 0.0);
                series.add(split, Channel::Skill, output, step, if spread.is_nan() { f64::NAN } else { skill });
            }
            if epoch == 0 || epoch == EPOCHS {
                probe.push(predictions(split, epoch, fate, outputs.len(), &mut noise));
            }
        }
        for (depth, layer) in LAYERS.iter().enumerate().take(3) {
            let fraction = match (fate, epoch, depth) {
                (Fate::Collapses, 1.., 2) => 1.0,
                (Fate::Collapses, 1.., _) => 0.5 + 0.1 * depth as f64,
                _ => 0.05 * depth as f64,
            };
            series.add(Split::Train, Channel::DeadFractionProbe, layer, step, fraction);
        }
    }
    Record { run: run_info(fate, seed, outputs), series: series.0, probe }
}

fn predictions(split: Split, epoch: u32, fate: Fate, outputs: usize, noise: &mut Noise) -> ProbePredictions {
    let (mut targets, mut predictions) = (Vec::new(), Vec::new());
    for _ in 0..160 * outputs {
        let target = noise.next().clamp(-1.6, 1.6);
        let prediction = match (epoch, fate) {
            (0, _) => 0.3 + 0.12 * noise.next(),
            (_, Fate::Collapses) => 0.013,
            (_, Fate::Learns) => 0.97 * target + 0.08 * noise.next(),
            (_, Fate::Explodes) => f64::NAN,
        };
        targets.push(target as f32);
        predictions.push(prediction as f32);
    }
    ProbePredictions { split, epoch, samples: (0..160).collect(), targets, predictions }
}

fn run_info(fate: Fate, seed: u64, outputs: &[&str]) -> RunInfo {
    let layers = LAYERS.iter().enumerate().map(|(depth, name)| LayerInfo {
        name: (*name).to_owned(),
        shape: vec![100],
        activation: if depth == 3 { "linear" } else { "relu" }.to_owned(),
        parameters: vec![format!("{name}.weight"), format!("{name}.bias")],
        parameter_count: 1_000,
    });
    let moments = Moments { mean: 0.013, std: 0.57, min: -0.98, max: 0.97 };
    let target = |name: &&str| TargetSummary {
        name: (*name).to_owned(),
        train: moments,
        median: 0.01,
        validation: Some(moments),
        most_common: None,
        at_min_fraction: 0.002,
        at_max_fraction: 0.002,
    };
    RunInfo {
        schema: crate::record::SCHEMA,
        experiment: experiment(),
        experiment_hash: "0f".repeat(32),
        seed,
        data: Summary {
            train_samples: 512,
            validation_samples: 128,
            input_shape: vec![3, 60, 80],
            features: Vec::new(),
            inputs: moments,
            targets: outputs.iter().map(target).collect(),
            dropped_rows: 0,
            fingerprint: "a1".repeat(32),
            columns: Vec::new(),
            equal_columns: Vec::new(),
            alignments: Vec::new(),
        },
        references: None,
        layers: layers.collect(),
        device: "cpu".to_owned(),
        threads: 2,
        versions: BTreeMap::from([
            ("libtorch".to_owned(), "2.13.0".to_owned()),
            ("whymean".to_owned(), "0.1.0".to_owned()),
        ]),
        steps_per_epoch: STEPS_PER_EPOCH,
        epochs_done: EPOCHS,
        segments: 0,
        status: Status::Completed,
        certificate: (fate == Fate::Collapses).then(certificate),
        wall_secs: 12.0,
    }
}

fn experiment() -> Experiment {
    Experiment {
        name: "boxes".to_owned(),
        seed: 1,
        data: Data {
            source: Source::Function {
                formula: Formula::Sum,
                features: 2,
                inputs: Distribution::Uniform { low: -1.0, high: 1.0 },
                noise: 0.0,
                train_samples: 512,
                validation_samples: 128,
            },
            scale_inputs: Scaling::None,
            scale_targets: Scaling::None,
            seed: 0,
        },
        model: Model {
            layers: vec![Layer::Dense { units: None, activation: Activation::Linear, bias: true, init: None }],
            init: Init { weights: WeightInit::GlorotUniform {}, gain: 1.0, bias: BiasInit::Zeros {} },
        },
        training: Training {
            epochs: EPOCHS,
            batch_size: 32,
            shuffle: true,
            loss: Loss::Mse {},
            optimiser: Optimiser::Adam { lr: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-7, weight_decay: 0.0 },
            schedule: Schedule::Constant {},
            warmup_steps: 0,
            clip_norm: None,
            clip_value: None,
            checkpoint_secs: 60.0,
            drop_last: false,
        },
        diagnosis: experiment::Diagnosis {
            seeds: 5,
            probe_samples: 512,
            early_stop: false,
            patience_epochs: 10,
            probes: Probes::All,
            references: true,
            stop_when_learned: false,
        },
        faults: crate::experiment::Faults::default(),
    }
}

fn certificate() -> StuckCertificate {
    StuckCertificate {
        layer: "dense_1".to_owned(),
        units: 100,
        samples: 512,
        frozen_parameters: LAYERS[..3]
            .iter()
            .flat_map(|name| [format!("{name}.weight"), format!("{name}.bias")])
            .collect(),
        step: 640,
        moving_parameters: vec!["dense_2.bias".to_owned()],
        gaps_to_mean: vec![Some(-0.004), Some(0.002)],
    }
}

/// Gives a layer, parameter or output of a record another name.
pub fn rename(record: &mut Record, old: &str, new: &str) {
    let renamed = std::mem::take(&mut record.series).into_iter().map(|(mut id, points)| {
        if id.layer == old {
            id.layer = new.to_owned();
        }
        (id, points)
    });
    record.series = renamed.collect();
    let layers = record.run.layers.iter_mut();
    let names = layers.flat_map(|layer| std::iter::once(&mut layer.name).chain(&mut layer.parameters));
    for name in names.chain(record.run.data.targets.iter_mut().map(|target| &mut target.name)) {
        if name == old {
            *name = new.to_owned();
        }
    }
}

/// Gives a series that the record has under this channel to another layer as well.
pub fn copy_series(record: &mut Record, channel: Channel, layer: &str) {
    let found =
        record.series.iter().find(|(id, _)| id.channel == channel).map(|(id, points)| (id.clone(), points.clone()));
    if let Some((id, points)) = found {
        record.series.insert(SeriesId { layer: layer.to_owned(), ..id }, points);
    }
}
