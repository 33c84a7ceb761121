//! AUTOTRAINER (Zhang et al., ICSE 2021), with the default parameters of its published code and its order of symptoms.
//!
//! It was made for classifiers and looks at the accuracy, which a regression does not have: the skill stands for it. It looks
//! once in three epochs; here the record's epochs are all looked at.

use whymean::record::{Channel, Record, Split};

use super::{Alarm, any_not_finite, trained_layers, values};

/// `beta_1`, `beta_2`: gradient of the first layer over that of the last, and itself, below which it vanishes.
const VANISHING: (f64, f64) = (1e-3, 1e-4);
/// `beta_3`: the same ratio, above which it explodes.
const EXPLODING: f64 = 70.0;
/// `gamma`: share of gradients that are zero.
const DEAD: f64 = 0.7;
/// `zeta`, `eta`: height of a swing of the accuracy, and how many of the epochs have one.
const SWINGS: (f64, f64) = (0.03, 0.2);
/// `delta`: gain of accuracy from one epoch to the next, below which it does not converge.
const SLOW: f64 = 0.01;
/// `Theta`: accuracy that is good enough.
const GOOD: f64 = 0.7;
/// Share of the epochs after which the loss is looked at.
const JUDGED_FROM: f64 = 0.3;
/// A loss that counts as none.
const LARGEST_LOSS: f64 = 1e5;

/// The symptoms that it reports, in its order: the first one only, but for numbers that are not finite.
pub fn alarms(record: &Record) -> Vec<Alarm> {
    let mut alarms: Vec<Alarm> = Vec::new();
    let huge = values(record, Channel::Loss, "").into_iter().next_back().is_some_and(|loss| loss >= LARGEST_LOSS);
    if any_not_finite(record) || huge {
        alarms.push(&["exploding-nan", "lr-too-high", "targets-not-scaled", "data-bug"]);
    }
    let (train, held_out) = (skills(record, Split::Train), skills(record, Split::Validation));
    let looked = train.len() as f64 >= JUDGED_FROM * f64::from(record.run.experiment.training.epochs);
    let bad = looked && (best(&train) < GOOD || best(&held_out) < GOOD);
    let slow = looked && steepest(&train) < SLOW && steepest(&held_out) < SLOW;
    if bad || slow {
        if dying_relu(record) {
            alarms.push(&["dead-relu", "bad-init"]);
        } else if ratio(record).any(|(ratio, _)| ratio > EXPLODING) {
            alarms.push(&["exploding-nan", "lr-too-high"]);
        } else if ratio(record).any(|(ratio, first)| ratio < VANISHING.0 && first < VANISHING.1) {
            alarms.push(&["vanishing-gradient", "bad-init"]);
        } else if slow {
            alarms.push(&["lr-too-low", "undertrained", "params-not-updated"]);
        }
    } else if looked && swings(&train) {
        alarms.push(&["lr-too-high"]);
    }
    alarms
}

/// Mean skill over the outputs at each look after the first epoch.
fn skills(record: &Record, split: Split) -> Vec<f64> {
    let names: Vec<&str> = record.outputs().collect();
    let series: Vec<Vec<f64>> = names
        .iter()
        .map(|name| {
            let points = record.points(split, Channel::Skill, name).iter().filter(|point| point.epoch > 0);
            points.map(|point| point.value.value()).collect()
        })
        .collect();
    let looks = series.iter().map(Vec::len).min().unwrap_or(0);
    (0..looks).map(|look| series.iter().map(|skills| skills[look]).sum::<f64>() / series.len() as f64).collect()
}

fn best(skills: &[f64]) -> f64 {
    skills.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

fn steepest(skills: &[f64]) -> f64 {
    skills.windows(2).map(|pair| pair[1] - pair[0]).fold(0.0, f64::max)
}

fn dying_relu(record: &Record) -> bool {
    let parameters: Vec<Vec<f64>> = trained_layers(record)
        .flat_map(|layer| &layer.parameters)
        .map(|name| values(record, Channel::GradientZeroFraction, name))
        .collect();
    let steps = parameters.iter().map(Vec::len).min().unwrap_or(0);
    let count = parameters.len().max(1) as f64;
    (0..steps).any(|step| parameters.iter().map(|zeros| zeros[step]).sum::<f64>() / count >= DEAD)
}

/// Gradient of the first weight over that of the last, and itself, at each step.
fn ratio(record: &Record) -> impl Iterator<Item = (f64, f64)> + use<> {
    let weights: Vec<&String> = trained_layers(record)
        .filter_map(|layer| layer.parameters.iter().find(|name| name.ends_with(".weight")))
        .collect();
    let norms = |name: Option<&&String>| name.map_or_else(Vec::new, |name| values(record, Channel::GradientNorm, name));
    let (first, last) = (norms(weights.first()), norms(weights.last()));
    first.into_iter().zip(last).map(|(first, last)| (first / last, first))
}

fn swings(skills: &[f64]) -> bool {
    let inner = skills.windows(3);
    let high: Vec<f64> =
        inner.clone().filter(|look| look[1] >= look[0] && look[1] >= look[2]).map(|look| look[1]).collect();
    let low: Vec<f64> = inner.filter(|look| look[1] <= look[0] && look[1] <= look[2]).map(|look| look[1]).collect();
    let count = high.iter().zip(&low).filter(|(high, low)| *high - *low >= SWINGS.0).count();
    count as f64 >= SWINGS.1 * skills.len() as f64
}
