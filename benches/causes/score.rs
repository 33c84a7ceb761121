//! Counts over examined cases.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{baselines, case::Group, common::count::Count, examine::Examined, real::NO_COLLAPSE, repair::Tried};

/// How often the right cause is found.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Found {
    /// In the first place.
    pub first: Count,
    /// Among the first three.
    pub among_three: Count,
}

impl Found {
    fn add(&mut self, run: &Examined) {
        self.first.add(run.is_right_within(1));
        self.among_three.add(run.is_right_within(3));
    }
}

/// The same of a set of published rules.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Rules {
    /// Whose.
    pub name: &'static str,
    /// The first rule that fires stands for a right cause.
    pub first: Count,
    /// One of the first three does.
    pub among_three: Count,
    /// Any does.
    pub any: Count,
    /// Real cases: the first rule that fires.
    pub real: Count,
    /// Healthy runs on which any fires.
    pub healthy: Count,
}

/// What repairs came to.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Repairs {
    /// Cases that were repaired, and proved so, by what the causes propose.
    pub proposed: Count,
    /// The same by chance, within as many trainings.
    pub chance: Count,
    /// Trainings of each case, those of the control included; all that were allowed where nothing was proved.
    pub trainings_proposed: Vec<u32>,
    /// The same by chance.
    pub trainings_chance: Vec<u32>,
    /// Cases that learned with another seed, so that three seeds cannot prove anything; not counted.
    pub fails_sometimes: u32,
    /// Cases that were not repaired by what the causes propose.
    pub unrepaired: Vec<String>,
}

/// A case that was got wrong.
#[derive(Clone, Debug, Serialize)]
pub struct Miss {
    /// Neutral name of the run.
    pub id: String,
    /// What was planted, or the file.
    pub family: String,
    /// Causes that count as right.
    pub accepted: Vec<String>,
    /// What was named instead, best first, each with its support.
    pub named: Vec<String>,
    /// The verdict.
    pub state: String,
    /// The oddity, where there is one.
    pub decoy: Option<&'static str>,
    /// Settings in one line.
    pub summary: String,
    /// Held-out skill, and that of the twin.
    pub skills: (Option<f64>, Option<f64>),
    /// Evidence of each named cause, and of each accepted one that was ruled out.
    pub evidence: Vec<String>,
}

/// All counts over one set of cases.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Score {
    /// Planted faults.
    pub planted: Found,
    /// By planted cause.
    pub by_cause: BTreeMap<String, Found>,
    /// Planted faults without and with an oddity.
    pub by_oddity: BTreeMap<&'static str, Found>,
    /// Planted cause, cause ranked first, number.
    pub confusion: BTreeMap<String, BTreeMap<String, u32>>,
    /// Real cases.
    pub real: Found,
    /// Healthy runs with a cause wrongly called strong, by family.
    pub strong_on_healthy: BTreeMap<String, Count>,
    /// The same of twins, by the cause that was planted in the other one.
    pub strong_on_twins: BTreeMap<String, Count>,
    /// Causes wrongly called strong, on healthy runs and twins.
    pub wrongly_strong: BTreeMap<String, u32>,
    /// Published rules on the same cases.
    pub rules: Vec<Rules>,
    /// Repairs of planted faults.
    pub repairs: Repairs,
    /// Repairs of real cases.
    pub repairs_real: Repairs,
    /// Cases that were got wrong at the first place.
    pub misses: Vec<Miss>,
    /// Healthy runs and twins on which a cause was called strong.
    pub false_alarms: Vec<Miss>,
}

impl Score {
    /// Healthy runs together.
    pub fn healthy(&self) -> Count {
        sum(self.strong_on_healthy.values())
    }

    /// Twins together.
    pub fn twins(&self) -> Count {
        sum(self.strong_on_twins.values())
    }
}

fn sum<'a>(counts: impl Iterator<Item = &'a Count>) -> Count {
    counts.fold(Count::default(), |sum, count| Count { hits: sum.hits + count.hits, of: sum.of + count.of })
}

/// Counts everything over these cases.
pub fn score<'a>(runs: impl Iterator<Item = &'a Examined>) -> Score {
    let rules = baselines::ALL.iter().map(|baseline| Rules { name: baseline.name, ..Rules::default() });
    let mut score = Score { rules: rules.collect(), ..Score::default() };
    for run in runs {
        let repairs = if run.case.name.group() == Group::Real { &mut score.repairs_real } else { &mut score.repairs };
        add_repair(repairs, run);
        match run.case.name.group() {
            Group::Planted => add_planted(&mut score, run),
            Group::Healthy => add_healthy(&mut score, run),
            Group::Real => add_real(&mut score, run),
        }
    }
    score
}

fn add_repair(repairs: &mut Repairs, run: &Examined) {
    let Some(repaired) = &run.repaired else { return };
    if !repaired.fails_always {
        repairs.fails_sometimes += 1;
        return;
    }
    let used = |tried: &Tried| if tried.proved { tried.trainings } else { repaired.allowed };
    repairs.proposed.add(repaired.proposed.proved);
    repairs.chance.add(repaired.chance.proved);
    repairs.trainings_proposed.push(used(&repaired.proposed));
    repairs.trainings_chance.push(used(&repaired.chance));
    if !repaired.proposed.proved {
        let (id, family, tried) = (&run.case.id, &run.case.family, &repaired.proposed);
        let named: Vec<&str> = run.diagnosis.causes.iter().map(|cause| cause.id.as_str()).collect();
        repairs.unrepaired.push(format!(
            "{id} ({family}; named: {}): {}, after {} trainings",
            named.join(", "),
            tried.ended,
            tried.trainings
        ));
    }
}

fn add_planted(score: &mut Score, run: &Examined) {
    let family = &run.case.family;
    score.planted.add(run);
    score.by_cause.entry(family.clone()).or_default().add(run);
    score.by_oddity.entry(if run.case.decoy.is_some() { "with an oddity" } else { "alone" }).or_default().add(run);
    *score.confusion.entry(family.clone()).or_default().entry(run.first().to_owned()).or_default() += 1;
    for (place, rules) in score.rules.iter_mut().enumerate() {
        rules.first.add(run.is_right_in(place, 1));
        rules.among_three.add(run.is_right_in(place, 3));
        rules.any.add(run.is_right_in(place, usize::MAX));
    }
    if run.facts.twin.is_some() {
        score.strong_on_twins.entry(family.clone()).or_default().add(!run.strong_in_twin.is_empty());
        for cause in &run.strong_in_twin {
            *score.wrongly_strong.entry(cause.clone()).or_default() += 1;
        }
        if !run.strong_in_twin.is_empty() {
            let named = run.strong_in_twin.clone();
            score.false_alarms.push(Miss {
                id: format!("{}-twin", run.case.id),
                named,
                evidence: Vec::new(),
                state: "learned".to_owned(),
                ..miss(run)
            });
        }
    }
    if !run.is_right_within(1) {
        score.misses.push(miss(run));
    }
}

fn add_healthy(score: &mut Score, run: &Examined) {
    let wrong = run.wrongly_strong();
    score.strong_on_healthy.entry(run.case.family.clone()).or_default().add(!wrong.is_empty());
    for (place, rules) in score.rules.iter_mut().enumerate() {
        rules.healthy.add(!run.alarms[place].is_empty());
    }
    if !wrong.is_empty() {
        score.false_alarms.push(miss(run));
    }
    for cause in wrong {
        *score.wrongly_strong.entry(cause).or_default() += 1;
    }
}

fn add_real(score: &mut Score, run: &Examined) {
    score.real.add(run);
    for (place, rules) in score.rules.iter_mut().enumerate() {
        let sound = run.case.accepted.iter().any(|cause| cause == NO_COLLAPSE) && run.alarms[place].is_empty();
        rules.real.add(sound || run.is_right_in(place, 1));
    }
    if !run.is_right_within(1) {
        score.misses.push(miss(run));
    }
}

fn miss(run: &Examined) -> Miss {
    let mut evidence = Vec::new();
    for cause in &run.diagnosis.causes {
        for found in &cause.evidence {
            evidence.push(format!("{} ({:?}): {:?}: {}", cause.id, cause.support, found.weight, found.text));
        }
    }
    for out in &run.diagnosis.ruled_out {
        if run.case.accepted.contains(&out.id) {
            evidence.push(format!("{} (ruled out): {}", out.id, out.text));
        }
    }
    let named = run.diagnosis.causes.iter().map(|cause| format!("{} ({:?})", cause.id, cause.support).to_lowercase());
    Miss {
        id: run.case.id.clone(),
        family: run.case.family.clone(),
        accepted: run.case.accepted.clone(),
        named: named.collect(),
        state: format!("{:?}", run.diagnosis.verdict.state).to_lowercase(),
        decoy: run.case.decoy,
        summary: run.summary.clone(),
        skills: (run.facts.skill, run.facts.twin_skill),
        evidence,
    }
}
