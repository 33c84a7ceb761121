//! From the evidence of all causes to a ranking.
//!
//! Every run that shares the verdict gives its own evidence; how well a cause is supported is the median over these runs, so
//! that one odd seed neither makes nor breaks it, and what is shown is the evidence of the first run with that support.
//! Among equally supported causes the order of [`ALL`] decides, in which what acts first in a training comes first, and a
//! cause is put behind the one that brings it about.

use super::{ALL, Case, Cause, CauseDiagnosis, Evidence, ProposedChange, RuledOut, Support, Weight};
use crate::judge::State;

/// Runs whose evidence is taken: the first ones.
const MOST_RUNS: usize = 8;

/// What one run says of a cause.
struct Weighed {
    /// Absent where nothing speaks for it.
    support: Option<Support>,
    evidence: Vec<Evidence>,
}

/// The causes that the runs' evidence supports, the best first, and those that it rules out.
pub(in crate::judge) fn causes_of(cases: &[Case<'_>]) -> (Vec<CauseDiagnosis>, Vec<RuledOut>) {
    ranked(ALL, cases)
}

fn ranked(all: &[&dyn Cause], cases: &[Case<'_>]) -> (Vec<CauseDiagnosis>, Vec<RuledOut>) {
    let cases: Vec<&Case<'_>> = cases.iter().take(MOST_RUNS).collect();
    let mut found = Vec::new();
    let mut ruled_out = Vec::new();
    for (place, cause) in all.iter().enumerate() {
        // A run of which it is not told counts as one that does not show it.
        let asked = &cases;
        let of_run = |case: &&Case<'_>| match is_told(*cause, case) {
            true => weighed(*cause, case),
            false => Weighed { support: None, evidence: Vec::new() },
        };
        let mut weighed: Vec<Weighed> = asked.iter().map(of_run).collect();
        let Some(support) = middle(weighed.iter().map(|run| run.support)) else {
            // What speaks against it is said where nothing speaks for it in any run.
            let silent = weighed.iter().all(|run| run.support.is_none());
            let against = weighed.iter().flat_map(|run| &run.evidence).find(|piece| piece.weight == Weight::Against);
            if let Some(against) = against.filter(|_| silent) {
                ruled_out.push(RuledOut { id: cause.card().id.to_owned(), text: against.text.clone() });
            }
            continue;
        };
        // OK because a middle value is one of them.
        let shown = weighed.iter().position(|run| run.support == Some(support)).unwrap_or(0);
        let changes = cause.fixes(asked[shown]).into_iter().map(|fix| ProposedChange {
            path: fix.change.path,
            from: None,
            to: fix.change.to,
            why: fix.why,
        });
        let diagnosis = CauseDiagnosis {
            id: cause.card().id.to_owned(),
            rank: 0,
            support,
            consequence_of: None,
            evidence: weighed.swap_remove(shown).evidence,
            changes: changes.collect(),
            advice: cause.advice().map(str::to_owned),
            proof: None,
        };
        found.push((support, place, *cause, diagnosis));
    }
    found.sort_by_key(|(support, place, ..)| (std::cmp::Reverse(*support), *place));
    (in_order(found.into_iter().map(|(_, _, cause, diagnosis)| (cause, diagnosis)).collect()), ruled_out)
}

/// Whether a cause is asked in this state; before training every one is.
fn is_told(cause: &dyn Cause, case: &Case<'_>) -> bool {
    // Where no target varies there is nothing to learn, and only the data can be at fault.
    let constant = |target: &crate::data::TargetSummary| target.train.std == 0.0;
    if !case.data.targets.is_empty() && case.data.targets.iter().all(constant) {
        return cause.card().id == "data-bug";
    }
    match case.state() {
        Some(State::Learned) => cause.is_told_of_learned() || case.falls_short(),
        Some(State::Unpredictable) => cause.is_told_of_unpredictable(),
        Some(_) | None => true,
    }
}

/// What one run says of a cause. Of a network that learned less than it could no cause is likely, since none kept it from
/// learning; what fits is told.
fn weighed(cause: &dyn Cause, case: &Case<'_>) -> Weighed {
    let found = weigh(cause.evidence(case));
    let mild = case.is_any(&[State::Learned]) && !cause.is_told_of_learned();
    Weighed {
        support: found.support.map(|support| if mild { support.min(Support::Suggestive) } else { support }),
        ..found
    }
}

/// All evidence of one run taken together, the weightiest first.
fn weigh(mut evidence: Vec<Evidence>) -> Weighed {
    let count = |weight: Weight| evidence.iter().filter(|piece| piece.weight == weight).count();
    let (strong, suggestive, against) = (count(Weight::Strong), count(Weight::Suggestive), count(Weight::Against));
    let support = match (strong, suggestive, against) {
        (0, 0, _) => None,
        (0, _, 0) => Some(Support::Suggestive),
        (0, _, _) => Some(Support::Weak),
        (strong, _, against) if strong > against => Some(Support::Strong),
        (_, _, _) => Some(Support::Suggestive),
    };
    evidence.sort_by_key(|piece| std::cmp::Reverse(piece.weight));
    Weighed { support, evidence }
}

/// The middle support over runs, the lower one of two; absent where at least half of the runs have none.
fn middle(supports: impl Iterator<Item = Option<Support>>) -> Option<Support> {
    let mut all: Vec<Option<Support>> = supports.collect();
    all.sort(); // `None` comes first
    all.get(all.len().checked_sub(1)? / 2).copied().flatten()
}

/// Ranks from 1, each consequence behind the first cause that brings it about.
fn in_order(found: Vec<(&dyn Cause, CauseDiagnosis)>) -> Vec<CauseDiagnosis> {
    let known: Vec<(String, Support)> = found.iter().map(|(_, found)| (found.id.clone(), found.support)).collect();
    let mut ordered: Vec<CauseDiagnosis> = Vec::new();
    let mut waiting: Vec<CauseDiagnosis> = Vec::new();
    for (cause, mut diagnosis) in found {
        // Only what is at least as well supported can be what brings it about.
        let own = diagnosis.support;
        let brings_about = |id: &&&str| {
            let enough = if cause.yields() { Support::Suggestive } else { own.max(Support::Suggestive) };
            known.iter().any(|(known, support)| known == **id && *support >= enough)
        };
        diagnosis.consequence_of = cause.follows_from().iter().find(brings_about).map(|id| (*id).to_owned());
        match &diagnosis.consequence_of {
            Some(upstream) if !ordered.iter().any(|earlier| earlier.id == *upstream) => waiting.push(diagnosis),
            _ => ordered.push(diagnosis),
        }
        // As long as one makes another ready: of a chain the last one may wait first.
        let mut before = usize::MAX;
        while waiting.len() < before {
            before = waiting.len();
            waiting.retain(|waits| {
                let ready = ordered.iter().any(|earlier| Some(&earlier.id) == waits.consequence_of.as_ref());
                if ready {
                    ordered.push(waits.clone());
                }
                !ready
            });
        }
    }
    ordered.extend(waiting);
    for (rank, diagnosis) in (1..).zip(&mut ordered) {
        diagnosis.rank = rank;
    }
    ordered
}

#[cfg(test)]
#[path = "rank_tests.rs"]
mod tests;
