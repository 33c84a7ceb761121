//! Whether a training goes on, asked by the trainer at each end of an epoch.
//!
//! A pure function of the record, so that a resumed run decides as the uninterrupted one did.

use std::collections::BTreeMap;

use super::{
    attainable::{LearnedElsewhere, attainable},
    limits, trend,
};
use crate::record::{Channel, LayerInfo, Record, Split, thinning};

/// Steps after which what the optimiser has left is no longer waited for: a momentum of 0.99 has then shrunk by 1e-22.
const MOST_MOTION_STEPS: u64 = 5_000;
/// Skill of the worst output from which a network without clear gains may stop though it still creeps: what is left is
/// below a tenth of the variance. Below it, a network stops only when nothing improves at all.
const SETTLED_SKILL: f64 = limits::LEARNED_SKILL;
/// Share of the remaining error that counts as an improvement, so that creeping towards a limit is not progress for ever.
const IMPROVEMENT: f64 = 0.01;
/// Skill of the worst output that needs no patience: a hundredth of the variance is left.
const CERTAIN_SKILL: f64 = 0.99;
/// Share of its pace at the begin of the patience above which a constant has not slowed down.
const STILL_AS_FAST: f64 = 0.5;
/// Looks in a row at which the constant of a network that is proved stuck has to rest: it cannot come back, so two suffice
/// to see whether its last biases still travel.
const SETTLED_LOOKS: usize = 2;
/// Epochs in a row at that skill: one may be a lucky look, and two straddle a single jump.
const CERTAIN_EPOCHS: usize = 3;
/// Relative change of the squared error below which a constant counts as resting; a bias that travels towards a far
/// mean changes it by more within any patience worth waiting for.
const RESTING: f64 = 0.01;
/// Squared error over variance up to which a flat network rests whatever it jitters: the mean, give or take 0.2
/// standard deviations, which is what large learning rates shake it by.
const AT_THE_MEAN: f64 = 1.05;

/// What the trainer does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Trains on.
    GoOn,
    /// Tries to prove that nothing at or before one of these layers can ever move again, then asks again.
    Certify {
        /// The layers that are dead and cut off, in order.
        layers: Vec<String>,
    },
    /// Stops: the verdict is decided.
    Stop {
        /// Why: a clause, lower case, no full stop.
        why: String,
    },
}

/// Decides at the end of an epoch, from the record so far.
///
/// - With `early_stop = false` it only stops for numbers that are not finite through a whole epoch.
/// - A certificate is asked for at the end of each epoch throughout which a layer was dead on the probe set and every gradient
///   at and before it exactly zero, until what is left of the optimiser's motion must have come to rest.
pub fn decide(record: &Record) -> Decision {
    let diagnosis = &record.run.experiment.diagnosis;
    if let Some(why) = not_finite(record) {
        return Decision::Stop { why };
    }
    if let Some(certificate) = &record.run.certificate {
        let why = format!(
            "proved stuck: no gradient reaches `{}` or anything before it, and none ever will",
            certificate.layer
        );
        // Which constant it sits on is part of the verdict, and what follows the dead layer may still travel to it.
        let since = certificate.step / record.run.steps_per_epoch.max(1);
        let waited = u64::from(last_epoch(record)).saturating_sub(since);
        let at_rest = record
            .varying_outputs()
            .into_iter()
            .all(|name| flat_and_resting(record, Split::Train, name, SETTLED_LOOKS));
        return if diagnosis.early_stop && (at_rest || waited >= u64::from(diagnosis.patience_epochs)) {
            Decision::Stop { why }
        } else {
            Decision::GoOn
        };
    }
    let layers = cut_off_layers(record);
    if !layers.is_empty() && !runs_away(record) {
        return Decision::Certify { layers };
    }
    if !diagnosis.early_stop {
        return Decision::GoOn;
    }
    if let Some(why) = has_learned(record).filter(|_| diagnosis.stop_when_learned) {
        return Decision::Stop { why };
    }
    let patience = diagnosis.patience_epochs.max(1) as usize;
    match settled(record, patience).or_else(|| resting_on_constant(record, patience)) {
        Some(why) => Decision::Stop { why },
        None => Decision::GoOn,
    }
}

/// The epoch that just ended: the newest that any loss or look belongs to.
fn last_epoch(record: &Record) -> u32 {
    let loss = record.last(Split::Train, Channel::Loss, "").map_or(0, |point| point.epoch);
    record.probe.last().map_or(0, |look| look.epoch).max(loss)
}

/// Why the run is lost to NaN or infinity, as a clause: the loss at every stored step of the last epoch, or every
/// prediction of the last look, was not finite. Absent while any number was.
///
/// The trainer tells by it whether a [`Decision::Stop`] is a `Status::NonFinite`.
pub fn not_finite(record: &Record) -> Option<String> {
    let epoch = last_epoch(record);
    // A window that began in the epoch before may keep its finite extremes there and only a broken reading here.
    let begin = u64::from(epoch.saturating_sub(1)) * record.run.steps_per_epoch + 1;
    let begin = thinning::window_start(begin);
    let losses = record.points(Split::Train, Channel::Loss, "").iter().rev().take_while(|point| point.step > begin);
    if epoch > 0 && all_and_any(losses.map(|point| point.value.finite().is_none())) {
        return Some(format!("the loss was NaN or infinite at every step of epoch {epoch}"));
    }
    let look = record.last_predictions(Split::Train).filter(|look| look.epoch > 0)?;
    all_and_any(look.predictions.iter().map(|value| !value.is_finite()))
        .then(|| format!("every prediction was NaN or infinite at epoch {}", look.epoch))
}

/// Whether there is at least one, and all are true: nothing measured is no evidence.
fn all_and_any(mut conditions: impl Iterator<Item = bool>) -> bool {
    conditions.next() == Some(true) && conditions.all(|condition| condition)
}

/// The layers for which a proof is worth a try.
fn cut_off_layers(record: &Record) -> Vec<String> {
    let layers = &record.run.layers;
    // Weight decay moves what no gradient reaches, so such a network never comes to rest and is never proved stuck.
    if record.run.experiment.training.optimiser.weight_decay() > 0.0 {
        return Vec::new();
    }
    let awaited = |index: &usize| {
        cut_off_epochs(record, &layers[..=*index])
            .is_some_and(|epochs| u64::from(epochs) * record.run.steps_per_epoch <= MOST_MOTION_STEPS)
    };
    (0..layers.len()).filter(awaited).map(|index| layers[index].name.clone()).collect()
}

/// Whether the constant behind a dead layer is off the mean and went farther off since the look before.
///
/// A bias that diverges by itself, as under SGD with a rate above its limit, ends in NaN, and NaN passes back through a dead layer:
/// then what no gradient reaches moves after all. So nothing is proved while it may.
fn runs_away(record: &Record) -> bool {
    record.varying_outputs().into_iter().any(|name| {
        let looks = record.points(Split::Train, Channel::Skill, name).iter().rev().take(2);
        let shares: Vec<f64> = looks.map(|point| 1.0 - point.value.value()).collect(); // the newest first
        shares.first().is_some_and(|now| {
            !now.is_finite()
                || (*now > AT_THE_MEAN && shares.get(1).is_none_or(|before| now > before || before.is_nan()))
        })
    })
}

/// For how many epochs in a row, up to the last, the last of these layers was dead on the probe set and every gradient
/// of all of them exactly zero at every stored step; absent for none.
fn cut_off_epochs(record: &Record, layers: &[LayerInfo]) -> Option<u32> {
    let epoch = last_epoch(record);
    let looks = record.points(Split::Train, Channel::DeadFractionProbe, &layers.last()?.name);
    let dead = |value: f64| value == 1.0;
    let dead_looks = looks.iter().rev().take_while(|point| point.epoch > 0 && point.value.finite().is_some_and(dead));
    let mut since = dead_looks.last()?.epoch;
    if looks.last()?.epoch != epoch {
        return None;
    }
    let mut measured = false;
    for parameter in layers.iter().flat_map(|layer| &layer.parameters) {
        let norms = record.points(Split::Train, Channel::GradientNorm, parameter);
        norms.last()?; // the newest steps may still be in an open window; the certificate is made from the network itself
        if let Some(moved) = norms.iter().rev().find(|point| point.value.finite() != Some(0.0)) {
            since = since.max(moved.epoch + 1);
        }
        measured = true;
    }
    (measured && since <= epoch).then(|| epoch - since + 1)
}

/// Looks in a row at which a network does as well as it can be asked for, before it has learned: one may be lucky.
const LEARNED_LOOKS: usize = 2;

/// Learned beyond doubt, settled or not: every output does as well as it can be asked for, at the last looks.
fn has_learned(record: &Record) -> Option<String> {
    looks_that_satisfy(record)?
        .last_chunk::<LEARNED_LOOKS>()?
        .iter()
        .all(|satisfies| *satisfies)
        .then(|| format!("learned: all outputs do as well as the references at {LEARNED_LOOKS} looks in a row"))
}

/// Whether [`has_learned`] held at any look.
pub(super) fn learned_in_between(record: &Record) -> bool {
    let looks = looks_that_satisfy(record).unwrap_or_default();
    looks.windows(LEARNED_LOOKS).any(|looks| looks.iter().all(|satisfies| *satisfies))
}

/// For each look at the trained network, whether every output that varies did as well as the references, or explains nearly
/// all where there are none; absent where an output was not looked at.
fn looks_that_satisfy(record: &Record) -> Option<Vec<bool>> {
    let outputs = record.outputs().collect::<Vec<&str>>();
    let of_output = |name: &str| -> Option<Vec<bool>> {
        let index = outputs.iter().position(|output| *output == name)?;
        let split = trend::judged_split(record, name);
        let attainable = attainable(record, index, split, &LearnedElsewhere::new());
        let wanted = attainable.proof().map_or(SETTLED_SKILL, |best| SETTLED_SKILL * best.skill.value.clamp(0.0, 1.0));
        let looks = record.points(split, Channel::Skill, name).iter().filter(|point| point.epoch > 0);
        Some(looks.map(|point| point.value.finite().is_some_and(|skill| skill >= wanted)).collect())
    };
    let all: Option<Vec<Vec<bool>>> = record.varying_outputs().into_iter().map(of_output).collect();
    let all = all.filter(|all| !all.is_empty())?;
    let count = all.iter().map(Vec::len).min()?;
    // Every output is looked at in each epoch; where a record was cut, what all have counts.
    Some((0..count).map(|look| all.iter().all(|output| output[look])).collect())
}

/// Learned, and nothing more to come.
fn settled(record: &Record, patience: usize) -> Option<String> {
    let looks = skills_by_epoch(record);
    let worst_at = |skills: &Vec<f64>| skills.iter().copied().fold(f64::INFINITY, f64::min);
    let worst: Vec<f64> = looks.iter().map(|(_, skills)| worst_at(skills)).collect();
    let now = *worst.last()?;
    if worst.len() >= CERTAIN_EPOCHS && worst.iter().rev().take(CERTAIN_EPOCHS).all(|skill| *skill >= CERTAIN_SKILL) {
        return Some(format!("learned: skill {now:.3} for {CERTAIN_EPOCHS} epochs in a row"));
    }
    // The mean over outputs, so that one output that still moves keeps the run going. The best is only replaced when it
    // is beaten clearly; many small gains add up against the old one until they are.
    let (mut best, mut best_epoch) = (f64::NEG_INFINITY, 0);
    for (epoch, skills) in &looks {
        let skill = skills.iter().sum::<f64>() / skills.len() as f64;
        if best == f64::NEG_INFINITY || skill > best + IMPROVEMENT * (1.0 - best) {
            (best, best_epoch) = (skill, *epoch);
        }
    }
    let waited = looks.last()?.0.saturating_sub(best_epoch);
    if (waited as usize) < patience {
        return None;
    }
    if now >= SETTLED_SKILL {
        return Some(format!("learned and settled: skill {now:.3}, no better for {waited} epochs"));
    }
    // Below that a network may creep, by less in a whole patience than counts as better, towards its next find.
    let creeps = |name: &str| {
        trend::improving(record, name).is_some()
            || trend::leaving_plateau(record, name)
            || travelling(record, name, patience)
    };
    (!record.varying_outputs().into_iter().any(creeps))
        .then(|| format!("no progress for {waited} epochs: skill {} of the worst output", shown(now)))
}

/// A skill with three decimals; far below zero with its size alone.
fn shown(skill: f64) -> String {
    if skill > -100.0 { format!("{skill:.3}") } else { format!("{skill:.1e}") }
}

/// Skill of every output at each look at the trained network where all are finite; on validation where it was looked at.
fn skills_by_epoch(record: &Record) -> Vec<(u32, Vec<f64>)> {
    let names = record.varying_outputs();
    let Some(first) = names.first() else {
        return Vec::new();
    };
    let split = trend::judged_split(record, first);
    let mut looks: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for name in &names {
        let points = record.points(split, Channel::Skill, name).iter();
        for point in points.filter(|point| point.epoch > 0) {
            if let Some(skill) = point.value.finite() {
                looks.entry(point.epoch).or_default().push(skill);
            }
        }
    }
    // An epoch at which one output could not be measured says nothing of all.
    looks.into_iter().filter(|(_, skills)| skills.len() == names.len()).collect()
}

/// On one constant through the whole patience, at rest, and not on the way out.
fn resting_on_constant(record: &Record, patience: usize) -> Option<String> {
    let names = record.varying_outputs();
    let rests = |name: &&str| {
        flat_and_resting(record, Split::Train, name, patience)
            && (record.points(Split::Validation, Channel::Spread, name).is_empty()
                || flat_and_resting(record, Split::Validation, name, patience))
            && !trend::leaving_plateau(record, name)
            && !travelling(record, name, patience)
    };
    (!names.is_empty() && names.iter().all(rests))
        .then(|| format!("plateau: the predictions were one constant for {patience} epochs in a row"))
}

/// Whether the mean prediction moved the same way at every epoch of the patience without slowing down.
///
/// That is a bias on its way to a far mean: under Adam it covers at most `rate * steps`, so for targets of a hundred
/// thousand no patience is enough to see the error fall. One that closes in on its constant slows down, and one that is
/// shaken goes to and fro.
fn travelling(record: &Record, name: &str, patience: usize) -> bool {
    let looks = record.points(Split::Validation, Channel::PredictionMean, name).iter().rev();
    let newest: Vec<f64> = looks.take(patience + 1).filter_map(|point| point.value.finite()).collect();
    let moves: Vec<f64> = newest.windows(2).map(|pair| pair[0] - pair[1]).collect(); // the newest first
    let (Some(&last), Some(&first)) = (moves.first(), moves.last()) else { return false };
    moves.len() == patience && moves.iter().all(|by| by * last > 0.0) && last.abs() >= STILL_AS_FAST * first.abs()
}

fn flat_and_resting(record: &Record, split: Split, name: &str, patience: usize) -> bool {
    let newest = |channel: Channel| -> Option<Vec<f64>> {
        let looks = record.points(split, channel, name).iter().rev().take(patience).filter(|point| point.epoch > 0);
        let values: Vec<f64> = looks.filter_map(|point| point.value.finite()).collect();
        (values.len() == patience).then_some(values)
    };
    let (Some(spreads), Some(skills)) = (newest(Channel::Spread), newest(Channel::Skill)) else {
        return false;
    };
    let shares: Vec<f64> = skills.iter().map(|skill| 1.0 - skill).collect();
    let (lowest, highest) = shares
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), share| (low.min(*share), high.max(*share)));
    spreads.iter().all(|spread| *spread < limits::COLLAPSE_SPREAD)
        && lowest > 1.0 - limits::COLLAPSE_SKILL
        && (highest <= AT_THE_MEAN || highest - lowest <= RESTING * lowest)
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
