//! The search for a change that repairs: who is trained when.

use std::{
    collections::{BTreeMap, VecDeque},
    path::PathBuf,
};

use super::{
    Budget, Control, Surroundings,
    candidates::{self, Candidate, Moved},
    configuration::changes_of,
    counting::{self, Repaired},
    ledger::{End, Ledger},
    seeds::{self, Seeds},
};
use crate::{
    experiment::Experiment,
    judge::{
        Diagnosis, State,
        causes::{Proof, ProofVerdict},
    },
    trial::{Spec, TrialEnd, TrialRunner, proofs},
};

/// Candidates that are trained together in the first round. It does not follow the number of cores, so that the same folder
/// is proved alike everywhere; and with more, the best would wait for those that hardly ever win.
const WAVE: usize = 2;

/// Tries the changes that the diagnosis proposes, within the budget; the diagnosis with what was proved.
///
/// Total: whatever goes wrong on the way ends the search and is said in its verification; what was proved stays.
pub fn verify(
    diagnosis: Diagnosis,
    control: &Control<'_>,
    budget: Budget,
    runner: &mut dyn TrialRunner,
    around: &mut dyn Surroundings,
) -> Diagnosis {
    let rule = Repaired::rule_for(diagnosis.verdict.state);
    let candidates = candidates::single(&diagnosis, control.configuration);
    let seeds = Seeds::choose(&diagnosis, rule);
    let mut ledger = Ledger::new(diagnosis, control, budget);
    if candidates.is_empty() {
        return ledger.finish(End::NothingToTry, control, around);
    }
    let Some(seeds) = seeds else {
        return ledger.finish(End::ControlLearns, control, around);
    };
    let mut race = Race { control, budget, runner, around, rule, seeds, ledger: &mut ledger, failed: Vec::new() };
    let end = match race.search(candidates) {
        Ok(()) => End::AllTried,
        Err(end) => end,
    };
    ledger.finish(end, control, around)
}

/// How one training ended.
enum Ended {
    Finished,
    Died(String),
    Stopped,
}

/// A candidate with its trials so far, by seed.
struct Entrant {
    candidate: Candidate,
    trials: BTreeMap<u64, (PathBuf, Spec)>,
}

/// A candidate that did not repair, and what the judge says of its runs.
struct Failed {
    candidate: Candidate,
    after: Diagnosis,
}

struct Race<'a> {
    control: &'a Control<'a>,
    budget: Budget,
    runner: &'a mut dyn TrialRunner,
    around: &'a mut dyn Surroundings,
    rule: Repaired,
    seeds: Seeds,
    ledger: &'a mut Ledger,
    failed: Vec<Failed>,
}

impl Race<'_> {
    /// Single changes, then pairs that build on those that moved the fault; an error is an early end.
    fn search(&mut self, singles: Vec<Candidate>) -> Result<(), End> {
        let mut known: Vec<Experiment> = singles.iter().map(|candidate| candidate.experiment.clone()).collect();
        // What is trained already as the control needs no training, either.
        known.push(self.control.spec.experiment.clone());
        self.race(singles)?;
        let diagnosis = &self.ledger.diagnosis;
        let before = self.seeds.control(&[self.seeds.first()]).first().map(|run| run.state);
        let mut moved: Vec<&Failed> = self.failed.iter().filter(|failed| has_moved(before, failed)).collect();
        moved.sort_by_key(|failed| failed.after.verdict.state.severity());
        let moved: Vec<Moved<'_>> =
            moved.into_iter().map(|failed| Moved { candidate: &failed.candidate, after: &failed.after }).collect();
        let pairs = candidates::pairs(diagnosis, &moved, self.control.configuration, &known);
        self.race(pairs)
    }

    /// Waves of candidates on one seed, each followed by the proofs of those that learned there.
    fn race(&mut self, candidates: Vec<Candidate>) -> Result<(), End> {
        let mut waiting = VecDeque::from(candidates);
        while !waiting.is_empty() {
            let wave = self.next_wave(&mut waiting)?;
            let entrants = self.first_round(wave)?;
            for entrant in entrants {
                self.prove(entrant)?;
            }
        }
        Ok(())
    }

    /// The next candidates that can be trained, so many that what is left suffices to prove one of them.
    fn next_wave(&mut self, waiting: &mut VecDeque<Candidate>) -> Result<Vec<Candidate>, End> {
        let begin = self.seeds.begin();
        let proof = self.seeds.without_control(begin).len() + begin - 1;
        let mut wave = Vec::new();
        while wave.len() < WAVE {
            let Some(candidate) = waiting.pop_front() else { break };
            if let Err(why) = self.around.can_train(&candidate.experiment) {
                self.ledger.say(&candidate, 0, 0, &format!("not tried: {why}"));
                continue;
            }
            if !self.ledger.has_room_for(wave.len() + 1 + proof) {
                waiting.push_front(candidate);
                break;
            }
            wave.push(candidate);
        }
        if wave.is_empty() && !waiting.is_empty() { Err(End::Trainings) } else { Ok(wave) }
    }

    /// Trains each on one seed that failed in the control; those that learned, in their order.
    fn first_round(&mut self, wave: Vec<Candidate>) -> Result<Vec<Entrant>, End> {
        let seed = self.seeds.first();
        let trials: Vec<(PathBuf, Spec)> = wave.iter().map(|candidate| self.trial(candidate, seed)).collect();
        let (ends, stop) = self.train(&trials)?;
        let mut entrants = Vec::new();
        for ((candidate, trial), ended) in wave.into_iter().zip(trials).zip(ends) {
            match ended {
                Ended::Stopped => {}
                Ended::Died(why) => self.ledger.say(&candidate, 1, 0, &format!("dropped: {why}")),
                Ended::Finished => match self.around.judge(std::slice::from_ref(&trial)) {
                    Err(why) => self.ledger.say(&candidate, 1, 0, &format!("dropped: {why}")),
                    Ok(after) if after.runs.iter().any(|run| self.rule.counts(run)) => {
                        self.ledger.say(&candidate, 1, 1, "learned with 1 seed, and was not tried with more");
                        entrants.push(Entrant { candidate, trials: BTreeMap::from([(seed, trial)]) });
                    }
                    Ok(after) => {
                        let proof = self.proof(&candidate, &[seed], &after);
                        self.ledger.attach(&candidate, proof);
                        let state = words(after.verdict.state);
                        self.ledger.say(&candidate, 1, 0, &format!("dropped after 1 run, which ended {state}"));
                        self.failed.push(Failed { candidate, after });
                    }
                },
            }
            self.ledger.keep(self.control, self.around);
        }
        stop.map_or(Ok(entrants), Err)
    }

    /// Trains a candidate and the control with all seeds, and with more while they could tell; an error is an early end, and
    /// a proof is one.
    fn prove(&mut self, mut entrant: Entrant) -> Result<(), End> {
        let mut count = self.seeds.begin();
        loop {
            let stop = match self.train_both(&mut entrant, count)? {
                Both::Trained(stop) => stop,
                Both::Dropped => return Ok(()),
            };
            let seeds: Vec<u64> =
                self.seeds.take(count).iter().copied().filter(|seed| entrant.trials.contains_key(seed)).collect();
            let trials: Vec<(PathBuf, Spec)> =
                seeds.iter().filter_map(|seed| entrant.trials.get(seed)).cloned().collect();
            let after = match self.around.judge(&trials) {
                Ok(after) => after,
                Err(why) => {
                    self.ledger.say(&entrant.candidate, trials.len(), 0, &format!("dropped: {why}"));
                    return stop.map_or(Ok(()), Err);
                }
            };
            let proof = self.proof(&entrant.candidate, &seeds, &after);
            let (control, changed, verdict) = (proof.control, proof.changed, proof.verdict);
            let more = counting::runs_that_could_prove(&control, &changed, seeds::MOST as u32)
                .filter(|_| verdict == ProofVerdict::Undecided && stop.is_none());
            let said = match (verdict, &stop) {
                (ProofVerdict::Proved, _) => "proved",
                (ProofVerdict::Refuted, None) => "refuted",
                (ProofVerdict::Undecided, None) => "undecided",
                (ProofVerdict::Refuted | ProofVerdict::Undecided, Some(_)) => "cut short",
            };
            let outcome = format!("{said}; unchanged, {} of {} learned", control.learned, control.runs);
            self.ledger.attach(&entrant.candidate, proof);
            self.ledger.say(&entrant.candidate, changed.runs as usize, changed.learned, &outcome);
            self.ledger.keep(self.control, self.around);
            if verdict == ProofVerdict::Proved {
                return Err(End::Proved { changes: entrant.candidate.changes.len() });
            }
            if let Some(end) = stop {
                return Err(end);
            }
            match more {
                Some(runs) if self.can_grow(&entrant, runs as usize) => count = runs as usize,
                Some(_) => {
                    let outcome = format!("{outcome}; too few trainings are left for more seeds");
                    self.ledger.say(&entrant.candidate, changed.runs as usize, changed.learned, &outcome);
                    self.failed.push(Failed { candidate: entrant.candidate, after });
                    return Ok(());
                }
                None => {
                    self.failed.push(Failed { candidate: entrant.candidate, after });
                    return Ok(());
                }
            }
        }
    }

    /// Whether the budget allows this many seeds on both sides; there are as many then.
    fn can_grow(&mut self, entrant: &Entrant, count: usize) -> bool {
        self.seeds.grow_to(count);
        let changed = self.seeds.take(count).iter().filter(|seed| !entrant.trials.contains_key(seed)).count();
        let needed = self.seeds.without_control(count).len() + changed;
        // None: there is no seed left to add.
        needed > 0 && self.ledger.has_room_for(needed)
    }

    /// Trains what is missing of the first `count` seeds on both sides.
    fn train_both(&mut self, entrant: &mut Entrant, count: usize) -> Result<Both, End> {
        let control = self.seeds.without_control(count);
        let missing: Vec<u64> =
            self.seeds.take(count).iter().copied().filter(|seed| !entrant.trials.contains_key(seed)).collect();
        let of_control = |&seed: &u64| {
            let spec = Spec { seed, ..self.control.spec.clone() };
            (proofs::run_dir(self.control.dir, &[], seed), spec)
        };
        let mut trials: Vec<(PathBuf, Spec)> = control.iter().map(of_control).collect();
        trials.extend(missing.iter().map(|&seed| self.trial(&entrant.candidate, seed)));
        let (ends, stop) = self.train(&trials)?;
        let mut finished_control = Vec::new();
        let mut died = None;
        for (at, (trial, ended)) in trials.into_iter().zip(ends).enumerate() {
            match (at < control.len(), ended) {
                (_, Ended::Stopped) => {}
                (true, Ended::Finished) => finished_control.push(trial),
                (true, Ended::Died(_)) => self.seeds.drop(trial.1.seed),
                (false, Ended::Finished) => {
                    entrant.trials.insert(trial.1.seed, trial);
                }
                (false, Ended::Died(why)) => died = Some(why),
            }
        }
        if !finished_control.is_empty() {
            match self.around.judge(&finished_control) {
                Ok(judged) => judged.runs.into_iter().for_each(|run| self.seeds.add(run)),
                // Seeds whose control nobody can judge are no evidence.
                Err(_) => finished_control.iter().for_each(|(_, spec)| self.seeds.drop(spec.seed)),
            }
        }
        if let Some(why) = died {
            self.ledger.say(&entrant.candidate, entrant.trials.len() + 1, 0, &format!("dropped: {why}"));
            return stop.map_or(Ok(Both::Dropped), Err);
        }
        Ok(Both::Trained(stop))
    }

    /// One trial of a candidate: it stops as soon as it has learned, since that is what is counted, or is settled, also where
    /// the control was trained to its end.
    fn trial(&self, candidate: &Candidate, seed: u64) -> (PathBuf, Spec) {
        let mut experiment = candidate.experiment.clone();
        (experiment.diagnosis.early_stop, experiment.diagnosis.stop_when_learned) = (true, true);
        let dir = proofs::run_dir(self.control.dir, &changes_of(&candidate.changes), seed);
        (dir, Spec { seed, experiment, ..self.control.spec.clone() })
    }

    /// Has trials run, and counts them; an early end that the runner came to is given beside what it finished.
    fn train(&mut self, trials: &[(PathBuf, Spec)]) -> Result<(Vec<Ended>, Option<End>), End> {
        if trials.is_empty() {
            return Ok((Vec::new(), None));
        }
        if !self.ledger.has_room_for(trials.len()) {
            return Err(End::Trainings);
        }
        if self.is_late() {
            return Err(End::Time);
        }
        let ends = self.runner.run(trials, &mut |_| {}).map_err(|error| End::Failed(error.to_string()))?;
        let (mut ended, mut stop) = (Vec::new(), None);
        for end in ends {
            ended.push(match end {
                TrialEnd::Finished { .. } => Ended::Finished,
                TrialEnd::Died { error, .. } => Ended::Died(first_line(&error.to_string())),
                TrialEnd::Interrupted { .. } => {
                    stop = Some(if self.is_late() { End::Time } else { End::Stopped });
                    Ended::Stopped
                }
            });
        }
        self.ledger.count(ended.iter().filter(|end| !matches!(end, Ended::Stopped)).count());
        Ok((ended, stop))
    }

    fn is_late(&mut self) -> bool {
        self.around.seconds() >= self.budget.minutes * 60.0
    }

    /// What these seeds say of a candidate whose runs were judged together.
    fn proof(&self, candidate: &Candidate, seeds: &[u64], after: &Diagnosis) -> Proof {
        let by_seed = |seed: &u64| after.runs.iter().find(|run| run.seed == *seed);
        // Only seeds that both were trained with: one side alone says nothing.
        let both = |seed: &u64| by_seed(seed).is_some() && !self.seeds.control(&[*seed]).is_empty();
        let seeds: Vec<u64> = seeds.iter().copied().filter(both).collect();
        let control = counting::tally(&self.seeds.control(&seeds), self.rule);
        let changed = counting::tally(&seeds.iter().filter_map(by_seed).collect::<Vec<_>>(), self.rule);
        let (p_value, verdict) = counting::verdict(&control, &changed);
        Proof {
            changes: candidate.changes.clone(),
            control,
            changed,
            p_value,
            verdict,
            states_after: seeds.iter().filter_map(by_seed).map(|run| run.state).collect(),
            causes_after: after.causes.iter().map(|cause| cause.id.clone()).collect(),
            seeds,
        }
    }
}

/// What came of training both sides.
enum Both {
    /// All that was not stopped is there.
    Trained(Option<End>),
    /// A changed run died; the candidate is out.
    Dropped,
}

/// Whether a change that did not repair brought another fault to light: the run that was tried ended in another state than
/// it did unchanged, or shows other causes and no longer the one that the change was for.
fn has_moved(before: Option<State>, failed: &Failed) -> bool {
    let causes = &failed.after.causes;
    let named = causes.iter().any(|cause| cause.id == failed.candidate.cause);
    Some(failed.after.verdict.state) != before || (!named && !causes.is_empty())
}

fn words(state: State) -> String {
    serde_json::to_value(state).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}
