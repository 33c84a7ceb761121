//! What the judge makes of one record: at its end, on its way, and where an early stop would have ended it.

use std::path::Path;

use serde::Serialize;
use whymean::{
    judge::{self, Decision, RunDiagnosis, State},
    record::{Channel, Record, Split, Status, store},
    trial::folder,
};

use crate::{
    Failure,
    case::{Case, PATIENCE},
    cut::cut,
    truth::{Facts, Truth, truth},
    worker::folder_of,
};

/// Fractions of the epochs at which the judge is asked early.
pub const FRACTIONS: [f64; 8] = [0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0];

/// Spread of the training looks below which a run is on a plateau, and skill that it must pass to have left it.
const PLATEAU: f64 = 0.05;

/// A plateau, and whether the run left it.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Plateau {
    /// Kind, as the record shows it.
    pub kind: &'static str,
    /// Epoch at which it had lasted for the patience.
    pub epoch: u32,
    /// Whether the run left it within as many steps again; absent where the run was too short to tell.
    pub left: Option<bool>,
}

/// Where an early stop would have ended a run.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Stop {
    /// Share of the epochs that were trained until then.
    pub share: f64,
    /// The verdict there.
    pub state: State,
}

/// One run with all that is known about it.
pub struct Examined<'a> {
    /// The run.
    pub case: &'a Case,
    /// What was measured.
    pub facts: Facts,
    /// What it really shows.
    pub truth: Truth,
    /// What the judge says at its end.
    pub verdict: RunDiagnosis,
    /// What the judge says at each of [`FRACTIONS`].
    pub early: Vec<State>,
    /// Where an early stop would have ended it; absent where nowhere.
    pub stop: Option<Stop>,
    /// The first plateau.
    pub plateau: Option<Plateau>,
    /// Whether a look after the certificate was no constant; absent without one.
    pub varied_after_certificate: Option<bool>,
}

/// Judges a run that was trained: the truth from what was measured, the verdict from the record alone.
pub fn examine<'a>(case: &'a Case, root: &Path, facts: Facts) -> Result<Examined<'a>, Failure> {
    let truth = truth(&facts);
    let record = store::read(&folder::record_dir(&folder_of(root, case)))?;
    let epochs = record.run.epochs_done;
    let at = |fraction: f64| ((fraction * f64::from(epochs)).round() as u32).clamp(1, epochs.max(1));
    let early = FRACTIONS.iter().map(|fraction| match at(*fraction) {
        epoch if epoch >= epochs => judge::judge_run(&record).state,
        epoch => judge::judge_run(&cut(&record, epoch)).state,
    });
    let varied_after_certificate = record.run.certificate.as_ref().map(|certificate| {
        let names: Vec<&str> = record.outputs().collect();
        let spreads = names.iter().flat_map(|name| record.points(Split::Train, Channel::Spread, name));
        spreads
            .filter(|point| point.step >= certificate.step)
            .any(|point| !crate::measure::is_constant(point.value.value()))
    });
    Ok(Examined {
        case,
        facts,
        truth,
        early: early.collect(),
        stop: early_stop(&record),
        plateau: plateau(&record),
        varied_after_certificate,
        verdict: judge::judge_run(&record),
    })
}

/// Plays the early stop: the trainer asks the judge at each end of an epoch, and its question is a pure one.
fn early_stop(record: &Record) -> Option<Stop> {
    let epochs = record.run.epochs_done;
    (1..epochs).find_map(|epoch| {
        let mut so_far = cut(record, epoch);
        so_far.run.experiment.diagnosis.early_stop = true;
        let Decision::Stop { why } = judge::decide(&so_far) else { return None };
        so_far.run.status =
            if judge::not_finite(&so_far).is_some() { Status::NonFinite } else { Status::Decided { why } };
        let state = judge::judge_run(&so_far).state;
        Some(Stop { share: f64::from(epoch) / f64::from(epochs), state })
    })
}

/// The first epoch at which all outputs had been flat for the patience and the judge calls the run collapsed, without a
/// certificate; and whether any output was no longer flat before twice as many steps.
fn plateau(record: &Record) -> Option<Plateau> {
    let names = record.varying_outputs();
    let looks = |name: &str, channel: Channel| -> Vec<(u32, f64)> {
        let points = record.points(Split::Train, channel, name).iter().filter(|point| point.epoch > 0);
        points.map(|point| (point.epoch, point.value.value())).collect()
    };
    let spreads: Vec<Vec<(u32, f64)>> = names.iter().map(|name| looks(name, Channel::Spread)).collect();
    let skills: Vec<Vec<(u32, f64)>> = names.iter().map(|name| looks(name, Channel::Skill)).collect();
    let flat_at = |epoch: u32| {
        spreads.iter().all(|looks| {
            let newest: Vec<f64> =
                looks.iter().filter(|look| look.0 <= epoch && look.0 + PATIENCE > epoch).map(|look| look.1).collect();
            newest.len() == PATIENCE as usize && newest.iter().all(|spread| *spread < PLATEAU)
        })
    };
    let epochs = record.run.epochs_done;
    let epoch = (PATIENCE..=epochs)
        .find(|epoch| flat_at(*epoch) && judge::judge_run(&cut(record, *epoch)).state == State::Collapsed)?;
    let then = cut(record, epoch);
    if then.run.certificate.is_some() {
        return None;
    }
    let beyond = |looks: &[(u32, f64)]| -> Vec<u32> {
        looks
            .iter()
            .filter(|look| look.0 > epoch && look.0 <= 2 * epoch && look.1 > PLATEAU)
            .map(|look| look.0)
            .collect()
    };
    let left = spreads.iter().zip(&skills).any(|(spreads, skills)| {
        let skilled = beyond(skills);
        beyond(spreads).iter().any(|epoch| skilled.contains(epoch))
    });
    let seen = left || epochs >= 2 * epoch;
    Some(Plateau { kind: kind(&then), epoch, left: seen.then_some(left) })
}

/// What a plateau looks like in the record.
fn kind(record: &Record) -> &'static str {
    let dead = |name: &str| {
        let fraction = record.last(Split::Train, Channel::DeadFractionProbe, name);
        fraction.and_then(|point| point.value.finite()) == Some(1.0)
    };
    let hidden = &record.run.layers[..record.run.layers.len().saturating_sub(1)];
    if record.run.layers.iter().any(|layer| layer.activation == "relu" && dead(&layer.name)) {
        "a layer is dead on the probe set"
    } else if hidden.iter().any(|layer| matches!(layer.activation.as_str(), "sigmoid" | "tanh")) {
        "bounded activations"
    } else {
        "other"
    }
}
