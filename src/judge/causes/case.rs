//! What a cause is judged by: the data and settings of a run, and, once it is trained, its record and verdict.
//!
//! The readings that several causes ask for are here, each absent where it was not measured.

pub(super) use super::words::{percent, shown};
use crate::{
    data::{Summary, TargetSummary},
    experiment::{Activation, Experiment, Layer, Loss, Optimiser, Scaling},
    judge::{Constant, OutputDiagnosis, RunDiagnosis, State, attainable::has_signal, stats},
    record::{Channel, LayerInfo, Point, Record, Split},
    references::References,
};

/// One run, or an experiment before its first.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The experiment, without what was planted.
    pub experiment: &'a Experiment,
    /// What is known of the data.
    pub data: &'a Summary,
    /// What other learners attain; absent where they were not trained.
    pub references: Option<&'a References>,
    /// Layers in order.
    pub layers: &'a [LayerInfo],
    /// What the training left; absent before it.
    pub trained: Option<Trained<'a>>,
}

/// What a training left.
#[derive(Clone, Copy, Debug)]
pub struct Trained<'a> {
    /// The record.
    pub record: &'a Record,
    /// What the judge says of it.
    pub run: &'a RunDiagnosis,
}

impl<'a> Case<'a> {
    /// A run that was trained and judged.
    pub fn of_run(record: &'a Record, run: &'a RunDiagnosis) -> Self {
        let info = &record.run;
        Self {
            experiment: &info.experiment,
            data: &info.data,
            references: info.references.as_ref(),
            layers: &info.layers,
            trained: Some(Trained { record, run }),
        }
    }

    /// An experiment before its first run.
    pub fn before_training(
        experiment: &'a Experiment,
        data: &'a Summary,
        references: Option<&'a References>,
        layers: &'a [LayerInfo],
    ) -> Self {
        Self { experiment, data, references, layers, trained: None }
    }

    /// State of the run; absent before training.
    pub fn state(&self) -> Option<State> {
        self.trained.map(|trained| trained.run.state)
    }

    /// Whether the run is in one of these states; false before training.
    pub fn is_any(&self, states: &[State]) -> bool {
        self.state().is_some_and(|state| states.contains(&state))
    }

    /// Whether it learned, and a reference learner proves that clearly more can be learned.
    pub fn falls_short(&self) -> bool {
        /// Difference of the skills, interval ends against each other, that is worth asking about.
        const WORTH_ASKING: f64 = 0.05;
        let short = |output: &OutputDiagnosis| {
            let best = output.best_reference.as_ref().filter(|best| best.finds_signal);
            best.zip(output.skill).is_some_and(|(best, skill)| skill.high < best.skill.low - WORTH_ASKING)
        };
        self.is_any(&[State::Learned]) && self.trained.is_some_and(|trained| trained.run.outputs.iter().any(short))
    }

    /// Whether all or some outputs are a constant.
    pub fn is_flat(&self) -> bool {
        self.is_any(&[State::Collapsed, State::Partial])
    }

    /// Whether it is proved that what is dead stays dead.
    pub fn is_stuck(&self) -> bool {
        self.trained.is_some_and(|trained| trained.run.certificate.is_some())
    }

    /// The outputs that are at fault; all of them where none is.
    pub fn faulty_outputs(&self) -> Vec<&'a OutputDiagnosis> {
        let Some(trained) = self.trained else { return Vec::new() };
        let all = &trained.run.outputs;
        let sound = |output: &&OutputDiagnosis| matches!(output.state, State::Learned | State::Unpredictable);
        let faulty: Vec<&OutputDiagnosis> = all.iter().filter(|output| !sound(output)).collect();
        if faulty.is_empty() { all.iter().collect() } else { faulty }
    }

    /// Targets of the outputs that are at fault; before training of all.
    pub fn faulty_targets(&self) -> Vec<&'a TargetSummary> {
        let names: Vec<&str> = self.faulty_outputs().iter().map(|output| output.name.as_str()).collect();
        let at_fault = |target: &&TargetSummary| names.is_empty() || names.contains(&target.name.as_str());
        self.data.targets.iter().filter(at_fault).collect()
    }

    /// Whether a flat output sits on one of these constants.
    pub fn sits_on(&self, constants: &[Constant]) -> bool {
        self.faulty_outputs().iter().any(|output| output.constant.is_some_and(|constant| constants.contains(&constant)))
    }

    /// Whether references find signal in an output that is at fault; absent where that is not known.
    pub fn has_signal(&self) -> Option<bool> {
        let references = self.references?;
        let names: Vec<&str> = self.faulty_outputs().iter().map(|output| output.name.as_str()).collect();
        let outputs = self.data.targets.iter().enumerate();
        let at_fault = outputs.filter(|(_, target)| names.is_empty() || names.contains(&target.name.as_str()));
        let found: Vec<bool> = at_fault.filter_map(|(index, _)| has_signal(references, index)).collect();
        (!found.is_empty()).then(|| found.contains(&true))
    }

    /// The points of a series; empty before training.
    pub fn points(&self, split: Split, channel: Channel, layer: &str) -> &'a [Point] {
        self.trained.map_or(&[], |trained| trained.record.points(split, channel, layer))
    }

    /// The finite values of a series, in order of steps.
    pub fn values(&self, split: Split, channel: Channel, layer: &str) -> Vec<f64> {
        self.points(split, channel, layer).iter().filter_map(|point| point.value.finite()).collect()
    }

    /// The finite values of a series up to a step.
    pub fn early(&self, channel: Channel, layer: &str, steps: u64) -> Vec<f64> {
        let points = self.points(Split::Train, channel, layer).iter().take_while(|point| point.step <= steps);
        points.filter_map(|point| point.value.finite()).collect()
    }

    /// The first value of a series, if it was measured on the untrained network or at the first step.
    pub fn at_start(&self, split: Split, channel: Channel, layer: &str) -> Option<f64> {
        self.points(split, channel, layer).first().filter(|point| point.step <= 1)?.value.finite()
    }

    /// The last value of a series, if it is finite.
    pub fn at_end(&self, split: Split, channel: Channel, layer: &str) -> Option<f64> {
        self.points(split, channel, layer).last()?.value.finite()
    }

    /// Optimiser steps that the run made, as far as they are recorded; absent before training.
    pub fn steps(&self) -> Option<u64> {
        let record = self.trained?.record;
        let finished = u64::from(record.run.epochs_done) * record.run.steps_per_epoch;
        // Without the instruments no loss is recorded.
        Some(record.last(Split::Train, Channel::Loss, "").map_or(finished, |point| point.step))
    }

    /// The layers with parameters, in order.
    pub fn trainable(&self) -> impl Iterator<Item = &'a LayerInfo> + use<'a> {
        self.layers.iter().filter(|layer| !layer.parameters.is_empty())
    }

    /// The last layer.
    pub fn output_layer(&self) -> Option<&'a LayerInfo> {
        self.layers.last()
    }

    /// Layers with an activation of one of these names, the last one left out.
    pub fn hidden_with(&self, activations: &[&str]) -> Vec<&'a LayerInfo> {
        let hidden = self.layers.split_last().map_or(&[][..], |(_, hidden)| hidden);
        hidden.iter().filter(|layer| activations.contains(&layer.activation.as_str())).collect()
    }

    /// Weights (no biases), in order of the layers.
    pub fn weights(&self) -> Vec<&'a str> {
        let weight = |layer: &'a LayerInfo| layer.parameters.iter().find(|name| name.ends_with(".weight"));
        self.trainable().filter_map(weight).map(String::as_str).collect()
    }

    /// Learning rate before any schedule.
    pub fn lr(&self) -> f64 {
        self.experiment.training.optimiser.lr()
    }

    /// Whether the length of a step hangs on the learning rate and hardly on the size of the gradient.
    pub fn is_adaptive(&self) -> bool {
        match self.experiment.training.optimiser {
            Optimiser::Adam { .. } | Optimiser::AdamW { .. } | Optimiser::RmsProp { .. } => true,
            Optimiser::Sgd { .. } => false,
        }
    }

    /// Whether the loss asks for the median.
    pub fn is_absolute_loss(&self) -> bool {
        match self.experiment.training.loss {
            Loss::Mae {} => true,
            Loss::Huber { delta } => self.data.targets.iter().any(|target| delta < target.train.std / 4.0),
            Loss::Mse {} | Loss::Mape {} | Loss::BinaryCrossEntropy {} | Loss::CrossEntropy {} => false,
        }
    }

    /// Whether the network has a batch normalisation.
    pub fn has_batch_norm(&self) -> bool {
        self.experiment.model.layers.iter().any(|layer| matches!(layer, Layer::BatchNorm { .. }))
    }

    /// Largest dropout rate; 0 without any.
    pub fn dropout(&self) -> f64 {
        let rate = |layer: &Layer| if let Layer::Dropout { rate } = layer { *rate } else { 0.0 };
        self.experiment.model.layers.iter().map(rate).fold(0.0, f64::max)
    }

    /// Whether inputs are fed as they are.
    pub fn inputs_are_raw(&self) -> bool {
        self.experiment.data.scale_inputs == Scaling::None
    }

    /// Sharpness over the optimiser's limit before the first step.
    pub fn first_stability_ratio(&self) -> Option<f64> {
        let first = self.points(Split::Train, Channel::StabilityRatio, "").first().filter(|point| point.step == 0)?;
        Some(first.value.value()).filter(|ratio| !ratio.is_nan())
    }

    /// The same with every input column standardised.
    pub fn standardised_stability_ratio(&self) -> Option<f64> {
        self.at_start(Split::StandardisedInputs, Channel::StabilityRatio, "")
    }

    /// The worst saturation of a hidden layer: on the untrained network, and at the end.
    pub fn saturation(&self) -> (Option<f64>, Option<f64>) {
        let hidden = self.hidden_with(&["tanh", "sigmoid"]);
        let worst =
            |of: &dyn Fn(&str) -> Option<f64>| hidden.iter().filter_map(|layer| of(&layer.name)).max_by(f64::total_cmp);
        (
            worst(&|layer| self.at_start(Split::Train, Channel::Saturation, layer)),
            worst(&|layer| self.at_end(Split::Train, Channel::Saturation, layer)),
        )
    }

    /// The worst saturation of a hidden layer of the untrained network with every input column standardised.
    pub fn standardised_saturation(&self) -> Option<f64> {
        let hidden = self.hidden_with(&["tanh", "sigmoid"]);
        let of = |layer: &&LayerInfo| self.at_start(Split::StandardisedInputs, Channel::Saturation, &layer.name);
        hidden.iter().filter_map(of).max_by(f64::total_cmp)
    }

    /// Fraction of a layer's units that are zero on the whole probe set: on the untrained network, and at the end.
    pub fn dead_fraction(&self, layer: &str) -> (Option<f64>, Option<f64>) {
        let points = self.points(Split::Train, Channel::DeadFractionProbe, layer);
        let born = points.first().filter(|point| point.epoch == 0).and_then(|point| point.value.finite());
        (born, points.last().and_then(|point| point.value.finite()))
    }

    /// Layers with ReLU, but for the last, that are wholly dead at the end; with the share that was dead at birth.
    pub fn dead_layers(&self) -> Vec<(&'a LayerInfo, f64)> {
        let dead = |layer: &'a LayerInfo| match self.dead_fraction(&layer.name) {
            (born, Some(1.0)) => Some((layer, born.unwrap_or(0.0))),
            _ => None,
        };
        self.hidden_with(&["relu"]).into_iter().filter_map(dead).collect()
    }

    /// Largest share by which one update changed a weight matrix within the first steps.
    pub fn largest_first_update(&self) -> Option<f64> {
        const FIRST_STEPS: u64 = 10;
        let of = |name: &&str| self.early(Channel::UpdateRatio, name, FIRST_STEPS).into_iter().max_by(f64::total_cmp);
        self.weights().iter().filter_map(of).max_by(f64::total_cmp)
    }

    /// Median share by which one update changes a weight matrix: of the one that moves most.
    pub fn usual_update(&self) -> Option<f64> {
        let of = |name: &&str| stats::median(&self.values(Split::Train, Channel::UpdateRatio, name));
        self.weights().iter().filter_map(of).max_by(f64::total_cmp)
    }

    /// How far the weight matrix that moved most is from its start, over its size there.
    pub fn largest_distance(&self) -> Option<f64> {
        let of = |name: &&str| self.at_end(Split::Train, Channel::DistanceFromStart, name);
        self.weights().iter().filter_map(of).max_by(f64::total_cmp)
    }

    /// The highest squared error over variance in the first steps, over that of the first step, with its step.
    pub fn spike(&self) -> Option<(f64, u64)> {
        const FIRST_STEPS: u64 = 50;
        let points = self.points(Split::Train, Channel::LossRatio, "");
        let first = points.first().filter(|point| point.step <= 1)?.value.finite().filter(|first| *first > 0.0)?;
        let early = points.iter().take_while(|point| point.step <= FIRST_STEPS);
        // What is no number at all is no peak, and would hide the one before it.
        let numbers = early.filter(|point| !point.value.value().is_nan());
        let highest = numbers.max_by(|one, other| one.value.value().total_cmp(&other.value.value()))?;
        Some((highest.value.value() / first, highest.step))
    }

    /// The first activation of a hidden layer that is none of the linear ones.
    pub fn hidden_activation(&self) -> Option<Activation> {
        let layers = self.experiment.model.layers.split_last().map_or(&[][..], |(_, hidden)| hidden);
        layers.iter().find_map(|layer| match layer {
            Layer::Dense { activation, .. }
            | Layer::Conv2d { activation, .. }
            | Layer::BatchNorm { activation, .. }
            | Layer::Activation { activation } => {
                Some(*activation).filter(|activation| *activation != Activation::Linear)
            }
            Layer::MaxPool2d { .. } | Layer::AvgPool2d { .. } | Layer::Flatten {} | Layer::Dropout { .. } => None,
        })
    }
}

#[cfg(test)]
#[path = "case_tests.rs"]
mod tests;
