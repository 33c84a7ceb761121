//! A small builder of records for the judge's own tests: one or more outputs, series and predictions that agree.

mod description;

use std::collections::BTreeMap;

use self::description::{column, run_info, target_summary};
use crate::{
    data::Moments,
    experiment::{Experiment, Layer, layer_infos},
    record::{Channel, Point, ProbePredictions, Reading, Record, RunInfo, SeriesId, Split, Status, StuckCertificate},
    references::{Learner, LearnerSkill, ReferenceSkill, References},
    stats::{self, Estimate},
};

/// Steps in one epoch of a synthetic run.
pub(crate) const STEPS_PER_EPOCH: u64 = 10;

/// A record in the making.
#[derive(Debug)]
pub(crate) struct Synthetic {
    record: Record,
}

impl Synthetic {
    /// A completed run without any reading: one output `y` with mean 1, median 0.5 and standard deviation 2, two
    /// dense layers (`dense_1` with ReLU and 100 units, `dense_2` linear), Adam on the mean squared error.
    pub fn new() -> Self {
        Self { record: Record { run: run_info(), series: BTreeMap::new(), probe: Vec::new() } }
    }

    /// The record.
    pub fn record(self) -> Record {
        self.record
    }

    /// The run's description so far.
    pub fn run(&self) -> &RunInfo {
        &self.record.run
    }

    /// Any change of the run's description.
    pub fn with(mut self, change: impl FnOnce(&mut RunInfo)) -> Self {
        change(&mut self.record.run);
        self
    }

    /// Names the outputs; all have the same summary.
    pub fn outputs(self, names: &[&str]) -> Self {
        self.with(|run| run.data.targets = names.iter().map(|name| target_summary(name)).collect())
    }

    /// Activation of the last layer.
    pub fn output_activation(self, name: &str) -> Self {
        self.with(|run| {
            if let Some(layer) = run.layers.last_mut() {
                layer.activation = name.to_owned();
            }
        })
    }

    /// Adds a series: one value per epoch from `first_epoch`.
    pub fn epochs(
        mut self,
        split: Split,
        channel: Channel,
        layer: &str,
        first_epoch: u32,
        values: impl IntoIterator<Item = f64>,
    ) -> Self {
        for (epoch, value) in (first_epoch..).zip(values) {
            self.push(split, channel, layer, u64::from(epoch) * STEPS_PER_EPOCH, epoch, value);
        }
        self
    }

    /// Adds a series: one value per step from 1.
    pub fn steps(mut self, channel: Channel, layer: &str, values: impl IntoIterator<Item = f64>) -> Self {
        for (step, value) in (1..).zip(values) {
            self.push(Split::Train, channel, layer, step, (step - 1) as u32 / STEPS_PER_EPOCH as u32 + 1, value);
        }
        self
    }

    /// Skill of `y` on both splits from epoch 1.
    pub fn skills(self, values: impl IntoIterator<Item = f64>) -> Self {
        let values: Vec<f64> = values.into_iter().collect();
        self.epochs(Split::Train, Channel::Skill, "y", 1, values.clone()).epochs(
            Split::Validation,
            Channel::Skill,
            "y",
            1,
            values,
        )
    }

    /// Spread of `y` on the training split from epoch 1.
    pub fn spreads(self, values: impl IntoIterator<Item = f64>) -> Self {
        self.epochs(Split::Train, Channel::Spread, "y", 1, values)
    }

    /// Correlation of `y` on the training split from epoch 1.
    pub fn correlations(self, values: impl IntoIterator<Item = f64>) -> Self {
        self.epochs(Split::Train, Channel::Correlation, "y", 1, values)
    }

    /// What reference learners attain: one entry for each, the same for all outputs.
    pub fn references(self, skills: &[ReferenceSkill]) -> Self {
        const LEARNERS: [Learner; 3] = [Learner::Ridge, Learner::RandomFeatures, Learner::Neighbours];
        self.with(|run| {
            let outputs = run.data.targets.len();
            let learner =
                |(learner, skill): (Learner, &ReferenceSkill)| LearnerSkill { learner, outputs: vec![*skill; outputs] };
            run.references = Some(References {
                samples: 2_000,
                of_samples: 10_000,
                validation_samples: 2_000,
                folds: 5,
                input: "100 columns".into(),
                learners: LEARNERS.into_iter().zip(skills).map(learner).collect(),
            });
        })
    }

    /// Loss ratios of the steps.
    pub fn loss_ratios(self, values: impl IntoIterator<Item = f64>) -> Self {
        self.steps(Channel::LossRatio, "", values)
    }

    /// A look at the probe set with the series that belong to it. Tables are row-major `[N, outputs]`.
    pub fn look(mut self, split: Split, epoch: u32, targets: &[f64], predictions: &[f64]) -> Self {
        let names: Vec<String> = self.record.outputs().map(str::to_owned).collect();
        for (index, name) in names.iter().enumerate() {
            let column =
                |table: &[f64]| -> Vec<f64> { table.iter().skip(index).step_by(names.len()).copied().collect() };
            let (y, p) = (column(targets), column(predictions));
            let readings = [
                (Channel::Skill, stats::skill(&y, &p)),
                (Channel::Spread, stats::spread(&y, &p)),
                (Channel::Correlation, stats::correlation(&y, &p)),
                (Channel::CalibrationSlope, stats::calibration_slope(&y, &p)),
                (Channel::PredictionMean, stats::mean(&p).filter(|_| split == Split::Validation)),
            ];
            for (channel, value) in readings {
                if let Some(value) = value {
                    self.push(split, channel, name, u64::from(epoch) * STEPS_PER_EPOCH, epoch, value);
                }
            }
        }
        self.record.run.epochs_done = self.record.run.epochs_done.max(epoch);
        self.record.probe.push(ProbePredictions {
            split,
            epoch,
            samples: (0..(targets.len() / names.len().max(1)) as u32).collect(),
            targets: targets.iter().map(|value| *value as f32).collect(),
            predictions: predictions.iter().map(|value| *value as f32).collect(),
        });
        self
    }

    /// Looks at both splits over epochs `0..=last`, the predictions being a function of epoch, sample and target.
    pub fn looks(mut self, last: u32, predict: impl Fn(u32, usize, f64) -> f64) -> Self {
        for epoch in 0..=last {
            for (split, offset) in [(Split::Train, 0), (Split::Validation, 5000)] {
                let targets = targets(offset, 200);
                let predictions: Vec<f64> =
                    targets.iter().enumerate().map(|(i, y)| predict(epoch, i + offset, *y)).collect();
                self = self.look(split, epoch, &targets, &predictions);
            }
        }
        self
    }

    /// Any change of the experiment.
    pub fn experiment(self, change: impl FnOnce(&mut Experiment)) -> Self {
        self.with(|run| change(&mut run.experiment))
    }

    /// Another network: names, shapes and parameters of its layers follow from it, the input and the outputs.
    pub fn network(self, layers: &[Layer]) -> Self {
        self.with(|run| {
            run.experiment.model.layers = layers.to_vec();
            let (model, data) = (&run.experiment.model, &run.data);
            run.layers = layer_infos(model, &data.input_shape, data.targets.len()).expect("layers that fit");
        })
    }

    /// Shape of one input, with one column (or channel) of mean 0 and standard deviation 1 for each place of the first axis.
    pub fn inputs(self, shape: &[usize]) -> Self {
        self.with(|run| {
            run.data.input_shape = shape.to_vec();
            run.data.columns = (0..shape[0]).map(|index| column(&format!("x{index}"), 0.0, 1.0)).collect();
        })
    }

    /// Mean and standard deviation of an input column, on both splits.
    pub fn column(self, index: usize, mean: f64, std: f64) -> Self {
        self.with(|run| run.data.columns[index] = column(&format!("x{index}"), mean, std))
    }

    /// The targets of the first output; the median is the mean.
    pub fn target(self, train: Moments) -> Self {
        self.with(|run| {
            let target = &mut run.data.targets[0];
            (target.train, target.validation, target.median) = (train, Some(train), train.mean);
        })
    }

    /// Takes a series away, on every split.
    pub fn forget(mut self, channel: Channel, layer: &str) -> Self {
        self.record.series.retain(|id, _| id.channel != channel || id.layer != layer);
        self
    }

    /// Adds a point to a series.
    pub fn point(mut self, split: Split, channel: Channel, layer: &str, step: u64, value: f64) -> Self {
        self.push(split, channel, layer, step, step.div_ceil(STEPS_PER_EPOCH) as u32, value);
        self
    }

    /// Status of the run.
    pub fn status(self, status: Status) -> Self {
        self.with(|run| run.status = status)
    }

    /// A proof that `dense_1` is dead.
    pub fn certificate(self) -> Self {
        self.with(|run| {
            run.certificate = Some(StuckCertificate {
                layer: "dense_1".into(),
                units: 100,
                samples: 10_000,
                frozen_parameters: vec!["dense_1.weight".into(), "dense_1.bias".into()],
                step: 40,
                moving_parameters: vec!["dense_2.bias".into()],
                gaps_to_mean: vec![Some(0.001)],
            });
        })
    }

    fn push(&mut self, split: Split, channel: Channel, layer: &str, step: u64, epoch: u32, value: f64) {
        let id = SeriesId { split, channel, layer: layer.to_owned(), unit: None };
        self.record.series.entry(id).or_default().push(Point { step, epoch, value: Reading::new(value) });
    }
}

/// Pseudo-normal noise of unit variance, the same for the same index: a sum of twelve uniform numbers less six, which
/// the mixing function of SplitMix64 (Steele, Lea and Flood 2014) makes from a counter.
pub(crate) fn noise(index: usize) -> f64 {
    let uniform = |part: u64| {
        let mut state = (index as u64 * 12 + part + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((state ^ (state >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    };
    (0..12).map(uniform).sum::<f64>() - 6.0
}

/// Targets with mean 1 and standard deviation 2.
pub(crate) fn targets(offset: usize, count: usize) -> Vec<f64> {
    (0..count).map(|index| 1.0 + 2.0 * noise(index + offset)).collect()
}

/// A calibrated prediction of such a target with this skill: `E[target | prediction] = prediction`.
///
/// With `p = m + r (y - m) + sqrt(r (1 - r)) s e` the variance of `p` and its covariance with `y` are both `r s^2`.
pub(crate) fn calibrated(skill: f64, index: usize, target: f64) -> f64 {
    1.0 + skill * (target - 1.0) + (skill * (1.0 - skill)).sqrt() * 2.0 * noise(index + 1_000_000)
}

/// A learner with this skill on both splits, whose error is below the constant's with this p-value.
pub(crate) fn reference(skill: f64, p_value: f64) -> ReferenceSkill {
    let estimate = Some(Estimate { value: skill, low: skill - 0.04, high: (skill + 0.04).min(1.0) });
    ReferenceSkill { cross_validated: estimate, validation: estimate, p_value: Some(p_value) }
}
