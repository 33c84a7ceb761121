//! The books of a search: what was allowed, what was used, what was tried, and what was proved.

use super::{
    Budget, Control, Surroundings,
    candidates::Candidate,
    configuration::changes_of,
    patch,
    saved::{Saved, lead_with_the_proved},
};
use crate::judge::{
    Diagnosis,
    causes::{CauseDiagnosis, Proof, ProofVerdict, Trial, Verification},
};

/// Why a search ends.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// A change was proved: one, or two together.
    Proved {
        /// How many were made together.
        changes: usize,
    },
    /// There is nothing left to try.
    AllTried,
    /// There was nothing to try.
    NothingToTry,
    /// There is nothing to repair among the runs that would be counted.
    ControlLearns,
    /// The trainings that are left prove nothing.
    Trainings,
    /// The time is over.
    Time,
    /// The user stopped it.
    Stopped,
    /// No trial can be run.
    Failed(String),
}

impl End {
    fn words(&self, budget: Budget) -> String {
        let trainings = budget.trainings;
        match self {
            Self::Proved { changes: 1 } => "a change was proved".to_owned(),
            Self::Proved { .. } => "two changes were proved together, after no single one had repaired it".to_owned(),
            Self::AllTried => "every proposed change was tried".to_owned(),
            Self::NothingToTry => "no change was proposed that can be made in the configuration".to_owned(),
            Self::ControlLearns => "the unchanged runs that changes would be held against all learned".to_owned(),
            Self::Trainings => {
                let (number, were) = if trainings == 1 { ("one training", "was") } else { ("trainings", "were") };
                let number = if trainings == 1 { number.to_owned() } else { format!("{trainings} {number}") };
                format!("what is left of the {number} that {were} allowed does not suffice to prove another change")
            }
            Self::Time => format!("the {} that were allowed are over", budget.time()),
            Self::Stopped => "it was stopped; `--resume` goes on".to_owned(),
            Self::Failed(why) => format!("no more could be trained: {why}"),
        }
    }

    /// Whether the same search would end so again, whatever it was allowed.
    fn is_final(&self) -> bool {
        match self {
            Self::Proved { .. } | Self::AllTried | Self::NothingToTry | Self::ControlLearns => true,
            Self::Trainings | Self::Time | Self::Stopped | Self::Failed(_) => false,
        }
    }
}

/// The books.
pub struct Ledger {
    /// The control's diagnosis, with the proofs so far.
    pub diagnosis: Diagnosis,
    subject: String,
    budget: Budget,
    used: u32,
    tried: Vec<Trial>,
}

impl Ledger {
    /// Empty books on a diagnosis; what an earlier search left in it is forgotten.
    pub fn new(mut diagnosis: Diagnosis, control: &Control<'_>, budget: Budget) -> Self {
        let subject = Saved::subject(&diagnosis, control.spec);
        diagnosis.causes.iter_mut().for_each(|cause| cause.proof = None);
        Self { diagnosis, subject, budget, used: 0, tried: Vec::new() }
    }

    /// Whether so many further trainings are allowed.
    pub fn has_room_for(&self, trainings: usize) -> bool {
        u32::try_from(trainings).is_ok_and(|more| self.used.saturating_add(more) <= self.budget.trainings)
    }

    /// Counts trainings; one that was finished in an earlier call counts again, so that a search that was stopped ends as one
    /// that was not.
    pub fn count(&mut self, trainings: usize) {
        self.used = self.used.saturating_add(u32::try_from(trainings).unwrap_or(u32::MAX));
    }

    /// Says what became of a candidate, in place of what was said before.
    pub fn say(&mut self, candidate: &Candidate, runs: usize, learned: u32, outcome: &str) {
        let said = Trial {
            cause: candidate.cause.clone(),
            changes: candidate.changes.clone(),
            runs: u32::try_from(runs).unwrap_or(u32::MAX),
            learned,
            outcome: outcome.to_owned(),
        };
        match self.tried.iter_mut().find(|trial| trial.changes == said.changes) {
            Some(trial) => *trial = said,
            None => self.tried.push(said),
        }
    }

    /// Gives a proof to the causes that proposed its changes, unless they have a better one.
    pub fn attach(&mut self, candidate: &Candidate, proof: Proof) {
        let proposed = |cause: &&mut CauseDiagnosis| {
            cause.id == candidate.cause || candidate.second_cause.as_ref() == Some(&cause.id)
        };
        for cause in self.diagnosis.causes.iter_mut().filter(proposed) {
            let takes =
                cause.proof.as_ref().is_none_or(|there| there.changes == proof.changes || is_better(&proof, there));
            if takes {
                cause.proof = Some(proof.clone());
            }
        }
    }

    /// Keeps what is known so far.
    pub fn keep(&self, control: &Control<'_>, around: &mut dyn Surroundings) {
        let cut_off = "it was cut off; `--resume` goes on".to_owned();
        around.keep(&self.saved(cut_off, false, control));
    }

    /// Closes the books.
    pub fn finish(self, end: End, control: &Control<'_>, around: &mut dyn Surroundings) -> Diagnosis {
        let saved = self.saved(end.words(self.budget), end.is_final(), control);
        around.keep(&saved);
        let mut diagnosis = self.diagnosis;
        diagnosis.verification = Some(saved.verification);
        lead_with_the_proved(&mut diagnosis);
        diagnosis
    }

    fn saved(&self, ended: String, is_final: bool, control: &Control<'_>) -> Saved {
        let verification = Verification {
            trainings: self.used,
            trainings_allowed: self.budget.trainings,
            minutes_allowed: self.budget.minutes,
            tried: self.tried.clone(),
            ended,
            patch: patch::proved_changes(&self.diagnosis)
                .and_then(|changes| patch::diff(control.configuration, &changes_of(&changes))),
        };
        Saved::new(self.subject.clone(), is_final, &self.diagnosis, verification)
    }
}

/// Whether a proof says more for its change than another: proved before undecided before refuted before dropped, then more that learned.
fn is_better(one: &Proof, other: &Proof) -> bool {
    let rank = |proof: &Proof| match proof.verdict {
        ProofVerdict::Proved => 3,
        ProofVerdict::Undecided if proof.changed.learned > 0 => 2,
        ProofVerdict::Refuted => 1,
        // Dropped after a run or two.
        ProofVerdict::Undecided => 0,
    };
    // Shares over another number of runs each, cross-multiplied.
    let learned = |proof: &Proof, over: &Proof| u64::from(proof.changed.learned) * u64::from(over.changed.runs);
    (rank(one), learned(one, other)) > (rank(other), learned(other, one))
}
