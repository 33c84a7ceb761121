//! What published rules say of the same records: thresholds on tensors and on the loss, each mapped to the causes that a reader
//! of its documentation would think of, and generously so.

mod autotrainer;
mod sagemaker;

use whymean::record::{Channel, LayerInfo, Record, Split};

/// A rule that fired, with the causes that it stands for.
pub type Alarm = &'static [&'static str];

/// A set of rules.
pub struct Baseline {
    /// Its name.
    pub name: &'static str,
    /// The rules that fire, in the order of its documentation.
    pub alarms: fn(&Record) -> Vec<Alarm>,
}

/// All of them.
pub const ALL: &[Baseline] = &[
    Baseline { name: "SageMaker Debugger's built-in rules", alarms: sagemaker::alarms },
    Baseline { name: "AUTOTRAINER's thresholds", alarms: autotrainer::alarms },
];

/// Values of a series of steps, in order.
fn values(record: &Record, channel: Channel, layer: &str) -> Vec<f64> {
    record.points(Split::Train, channel, layer).iter().map(|point| point.value.value()).collect()
}

/// Layers with parameters, in order.
fn trained_layers(record: &Record) -> impl Iterator<Item = &LayerInfo> {
    record.run.layers.iter().filter(|layer| !layer.parameters.is_empty())
}

/// Whether any reading of a step is no finite number.
fn any_not_finite(record: &Record) -> bool {
    const SEEN: [Channel; 4] = [Channel::Loss, Channel::GradientNorm, Channel::WeightNorm, Channel::ActivationMean];
    let mut seen = record.series.iter().filter(|(id, _)| id.split == Split::Train && SEEN.contains(&id.channel));
    seen.any(|(_, points)| points.iter().any(|point| point.value.finite().is_none()))
}
