//! The built-in rules of Amazon SageMaker Debugger, with the default parameters of its documentation ("List of Debugger
//! built-in rules"), as far as they can be asked of a regression.
//!
//! `Overtraining`, `SimilarAcrossRuns`, `StalledTraining` and the rules for classes, images, text and trees have nothing to say
//! here. A record keeps norms and fractions, not tensors; where a rule asks for a mean of absolute values, the root of the mean
//! of squares stands for it, which is never smaller.

use whymean::record::{Channel, Record, Split};

use super::{Alarm, any_not_finite, trained_layers, values};

/// `DeadRelu`: percentage of inactive units of a layer.
const DEAD_LAYER: f64 = 0.5;
/// `VanishingGradient`: mean absolute gradient.
const VANISHING: f64 = 1e-7;
/// `WeightUpdateRatio`: above and below.
const UPDATES: (f64, f64) = (1e-8, 10.0);
/// `PoorWeightInitialization`: ratio between the largest and the smallest variance of the weights, and steps looked at.
const WEIGHT_RATIO: f64 = 10.0;
/// `PoorWeightInitialization`: steps looked at, and steps without a lower loss.
const FIRST_STEPS: (usize, usize) = (10, 5);
/// `LossNotDecreasing`: steps between two looks, least decrease.
const LOSS: (u64, f64) = (10, 0.001);
/// `Overfit`: by how much the validation loss may exceed the training loss.
const OVERFIT: f64 = 0.1;
/// `UnchangedTensor`: relative tolerance.
const UNCHANGED: f64 = 1e-5;

/// A rule: when it fires, and what it stands for.
type Rule = (fn(&Record) -> bool, Alarm);

/// The rules that fire, in the order of the documentation.
pub fn alarms(record: &Record) -> Vec<Alarm> {
    const RULES: &[Rule] = &[
        (dead_relu, &["dead-relu"]),
        (any_not_finite, &["exploding-nan", "lr-too-high", "data-bug"]),
        (poor_weight_initialization, &["bad-init"]),
        (saturated_activation, &["vanishing-gradient", "inputs-not-scaled", "output-activation", "bad-init"]),
        (vanishing_gradient, &["vanishing-gradient"]),
        (weight_update_ratio, &["lr-too-high", "lr-too-low"]),
        (all_zero, &["dead-relu", "bad-init", "zero-inflated"]),
        (loss_not_decreasing, &["lr-too-low", "lr-too-high", "undertrained", "no-signal", "wrong-gradient"]),
        (overfit, &["no-signal", "data-bug", "inference-mismatch", "batchnorm-mode"]),
        (unchanged_tensor, &["params-not-updated", "lr-too-low", "loss-broadcast"]),
    ];
    RULES.iter().filter(|(fires, _)| fires(record)).map(|(_, alarm)| *alarm).collect()
}

fn dead_relu(record: &Record) -> bool {
    record.run.layers.iter().filter(|layer| layer.activation == "relu").any(|layer| {
        values(record, Channel::DeadFraction, &layer.name).into_iter().any(|fraction| fraction > DEAD_LAYER)
    })
}

/// Root of the mean square of a parameter's entries, given its norm.
fn size(norm: f64, entries: u64) -> f64 {
    norm / (entries.max(1) as f64).sqrt()
}

fn poor_weight_initialization(record: &Record) -> bool {
    let sizes: Vec<f64> = trained_layers(record)
        .filter_map(|layer| {
            let weight = layer.parameters.iter().find(|name| name.ends_with(".weight"))?;
            let first = *values(record, Channel::WeightNorm, weight).first()?;
            Some(size(first, layer.parameter_count).powi(2))
        })
        .collect();
    let largest = sizes.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let smallest = sizes.iter().copied().fold(f64::INFINITY, f64::min);
    let losses: Vec<f64> = values(record, Channel::Loss, "").into_iter().take(FIRST_STEPS.0).collect();
    let (early, late) = losses.split_at(losses.len().saturating_sub(FIRST_STEPS.1));
    let least = |losses: &[f64]| losses.iter().copied().fold(f64::INFINITY, f64::min);
    largest > WEIGHT_RATIO * smallest || least(late) >= least(early)
}

fn saturated_activation(record: &Record) -> bool {
    let bounded = |layer: &&whymean::record::LayerInfo| matches!(layer.activation.as_str(), "tanh" | "sigmoid");
    record
        .run
        .layers
        .iter()
        .filter(bounded)
        .any(|layer| values(record, Channel::Saturation, &layer.name).into_iter().any(|fraction| fraction > DEAD_LAYER))
}

fn vanishing_gradient(record: &Record) -> bool {
    trained_layers(record).any(|layer| {
        layer.parameters.iter().any(|name| {
            let entries = layer.parameter_count;
            values(record, Channel::GradientNorm, name).into_iter().any(|norm| size(norm, entries) < VANISHING)
        })
    })
}

fn weight_update_ratio(record: &Record) -> bool {
    trained_layers(record).flat_map(|layer| &layer.parameters).any(|name| {
        let ratios = values(record, Channel::UpdateRatio, name);
        ratios.into_iter().any(|ratio| ratio > UPDATES.1 || ratio < UPDATES.0)
    })
}

fn all_zero(record: &Record) -> bool {
    let layers = record.run.layers.iter();
    let zero = layers.flat_map(|layer| values(record, Channel::ZeroFraction, &layer.name)).any(|share| share >= 1.0);
    let gradients = trained_layers(record).flat_map(|layer| &layer.parameters);
    zero || gradients.flat_map(|name| values(record, Channel::GradientNorm, name)).any(|norm| norm == 0.0)
}

/// Looks at the losses of the steps themselves, as the rule does with a loss that is saved at every step.
fn loss_not_decreasing(record: &Record) -> bool {
    let mut before: Option<(u64, f64)> = None;
    for point in record.points(Split::Train, Channel::Loss, "") {
        match before {
            Some((step, loss)) if point.step >= step + LOSS.0 => {
                if point.value.value() > (1.0 - LOSS.1) * loss {
                    return true;
                }
                before = Some((point.step, point.value.value()));
            }
            Some(_) => {}
            None => before = Some((point.step, point.value.value())),
        }
    }
    false
}

/// On the squared errors of the probe sets, averaged over the outputs.
fn overfit(record: &Record) -> bool {
    let error = |split: Split, name: &str| -> Vec<(u32, f64)> {
        record
            .points(split, Channel::Skill, name)
            .iter()
            .map(|point| (point.epoch, 1.0 - point.value.value()))
            .collect()
    };
    record.outputs().any(|name| {
        let (train, held_out) = (error(Split::Train, name), error(Split::Validation, name));
        train.iter().any(|(epoch, seen)| {
            held_out.iter().any(|(other, unseen)| other == epoch && (unseen - seen) / seen > OVERFIT)
        })
    })
}

fn unchanged_tensor(record: &Record) -> bool {
    trained_layers(record).flat_map(|layer| &layer.parameters).any(|name| {
        let ratios = values(record, Channel::UpdateRatio, name);
        // Three saved steps in a row.
        ratios.windows(2).any(|pair| pair.iter().all(|ratio| *ratio < UNCHANGED))
    })
}
