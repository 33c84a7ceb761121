//! Counts over examined runs.

use std::collections::BTreeMap;

use serde::Serialize;
use whymean::judge::State;

pub use crate::common::count::Count;
use crate::{
    case::Group,
    examine::{Examined, FRACTIONS},
    generators::group,
    truth::Truth,
    worker::{Continued, TIMES_LONGER},
};

/// A verdict that is wrong, or a certificate.
#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    /// Neutral name of the run.
    pub id: String,
    /// Seed of the run.
    pub seed: u64,
    /// How it was made.
    pub family: &'static str,
    /// Its settings, in one line.
    pub summary: String,
    /// What it really shows.
    pub truth: State,
    /// What the judge says.
    pub verdict: State,
    /// Why, in the judge's words, of the outputs that differ from the truth.
    pub seen: String,
    /// What was measured, in one line.
    pub measured: String,
}

/// One point of the early verdict's curve.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Early {
    /// Share of the epochs that the judge has seen.
    pub fraction: f64,
    /// Right verdicts of all.
    pub right: Count,
    /// Right verdicts of those that are not `undecided`.
    pub right_of_decided: Count,
}

/// All counts over one set of runs.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Score {
    /// Runs that are scored.
    pub runs: u32,
    /// Runs that lie between states, by reason.
    pub between: BTreeMap<String, u32>,
    /// What the judge says of those.
    pub verdicts_between: BTreeMap<State, u32>,
    /// Runs that show another state than intended, and are scored by what they show: intended, shown.
    pub relabelled: BTreeMap<String, u32>,
    /// Truth, verdict, number.
    pub confusion: BTreeMap<State, BTreeMap<State, u32>>,
    /// By truth: right verdicts.
    pub recall: BTreeMap<State, Count>,
    /// Faults reported on runs without a fault.
    pub false_alarms: Count,
    /// The same on runs that learned, noisy ones among them, or that nothing can be learned from.
    pub false_alarms_on_healthy: Count,
    /// Coverage of the 95 % interval of the skill, by kind of run.
    pub coverage: BTreeMap<&'static str, Count>,
    /// Outputs on which a reference finds signal beyond doubt: where there is none, and where there is much.
    pub signal_found: BTreeMap<&'static str, Count>,
    /// Early verdicts.
    pub early: Vec<Early>,
    /// Verdicts where an early stop would have ended the run.
    pub at_stop: Count,
    /// Mean share of the epochs that an early stop needs, over the runs that it ends.
    pub stop_share: Option<f64>,
    /// Plateaus that were left, by kind.
    pub escapes: BTreeMap<&'static str, Count>,
    /// Certificates that are wrong.
    pub certificates: Count,
    /// Certified runs that were continued to [`TIMES_LONGER`] times the step of the certificate, of those certified.
    pub continued: Count,
    /// Wrong verdicts, one by one.
    pub failures: Vec<Failure>,
}

/// Kind of run, for the calibration.
fn kind(run: &Examined) -> &'static str {
    match run.case.family {
        "heavy tails and atoms" | "median of atoms" => "heavy tails, atoms, outliers",
        "small sample" => "small samples",
        family if family.starts_with("unpredictable") || family == "memorised noise" => "nothing to predict",
        family if family.starts_with("noisy") => "noisy",
        family if family.starts_with("healthy") => "healthy",
        family if family.starts_with("undertrained") || family.starts_with("memorised") => "unsettled",
        _ => "meant to have a fault",
    }
}

/// Counts everything over these runs.
pub fn score<'a>(runs: impl Iterator<Item = &'a Examined<'a>>, continued: &BTreeMap<usize, Continued>) -> Score {
    let mut score = Score::default();
    let mut curve =
        FRACTIONS.map(|fraction| Early { fraction, right: Count::default(), right_of_decided: Count::default() });
    let mut shares = Vec::new();
    for run in runs {
        add_certificate(&mut score, run, continued.get(&run.case.index));
        if let Some((kind, left)) = run.plateau.and_then(|plateau| Some((plateau.kind, plateau.left?))) {
            score.escapes.entry(kind).or_default().add(left);
        }
        add_numbers(&mut score, run);
        let state = match &run.truth {
            Truth::Shows { state, .. } => *state,
            Truth::Between(why) => {
                *score.between.entry(why.clone()).or_default() += 1;
                *score.verdicts_between.entry(run.verdict.state).or_default() += 1;
                continue;
            }
        };
        let accepts = |verdict: State| run.truth.accepts(verdict) == Some(true);
        let verdict = run.verdict.state;
        score.runs += 1;
        if state != run.case.intended {
            *score.relabelled.entry(format!("{:?} -> {state:?}", run.case.intended)).or_default() += 1;
        }
        *score.confusion.entry(state).or_default().entry(verdict).or_default() += 1;
        score.recall.entry(state).or_default().add(accepts(verdict));
        if group(state) == Group::Sound {
            let alarm = group(verdict) == Group::Fault && !accepts(verdict);
            score.false_alarms.add(alarm);
            if matches!(state, State::Learned | State::Unpredictable) {
                score.false_alarms_on_healthy.add(alarm);
            }
        }
        for (point, early) in curve.iter_mut().zip(&run.early) {
            point.right.add(accepts(*early));
            if *early != State::Undecided {
                point.right_of_decided.add(accepts(*early));
            }
        }
        if let Some(stop) = run.stop {
            score.at_stop.add(accepts(stop.state));
            shares.push(stop.share);
        }
        if !accepts(verdict) {
            score.failures.push(failure(run, state));
        }
    }
    score.early = curve.to_vec();
    score.stop_share = whymean::stats::mean(&shares);
    score
}

/// Wrong is a certificate of a run that was, or later became, anything but one constant on its training set, or whose frozen
/// parameters moved. On inputs beyond the training set a dead layer may answer; no certificate speaks of those.
fn add_certificate(score: &mut Score, run: &Examined, continued: Option<&Continued>) {
    let Some(varied) = run.varied_after_certificate else { return };
    let left = run.facts.after.outputs.iter().any(|output| !crate::measure::is_constant(output.train_spread));
    let later = continued.is_some_and(|later| !crate::measure::is_constant(later.spread) || !later.moved.is_empty());
    score.certificates.add(varied || left || later);
    score.continued.add(continued.is_some_and(|later| later.times >= TIMES_LONGER as f64));
}

fn add_numbers(score: &mut Score, run: &Examined) {
    for (output, measured) in run.verdict.outputs.iter().zip(&run.facts.after.outputs) {
        if let Some(skill) = output.skill
            && measured.skill.is_finite()
        {
            let holds = skill.low <= measured.skill && measured.skill <= skill.high;
            score.coverage.entry(kind(run)).or_default().add(holds);
        }
        if let Some(best) = &output.best_reference {
            if measured.attainable == 0.0 {
                score.signal_found.entry("where there is none").or_default().add(best.finds_signal);
            } else if measured.attainable >= 0.2 {
                score.signal_found.entry("where a fifth or more can be predicted").or_default().add(best.finds_signal);
            }
        }
    }
}

fn failure(run: &Examined, truth: State) -> Failure {
    let mut seen: Vec<&str> =
        run.verdict.outputs.iter().filter(|output| output.state != truth).map(|output| output.seen.as_str()).collect();
    seen.dedup();
    seen.truncate(2);
    let outputs = &run.facts.after.outputs;
    let worst = outputs.iter().min_by(|one, other| one.skill.total_cmp(&other.skill));
    let measured = worst.map_or_else(String::new, |output| {
        format!(
            "attainable {:.2}, skill {:.2}, training {:.2}, spread {:.3}, slope {:.1}",
            output.attainable, output.skill, output.train_skill, output.spread, output.slope
        )
    });
    Failure {
        id: run.case.id.clone(),
        seed: run.case.seed,
        family: run.case.family,
        summary: run.case.summary(),
        truth,
        verdict: run.verdict.state,
        seen: seen.join("; "),
        measured,
    }
}
