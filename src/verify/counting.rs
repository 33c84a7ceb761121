//! What a training counts as, and what the counts of two settings say.

use crate::{
    judge::{
        Hold, OutputDiagnosis, RunDiagnosis, State,
        causes::{ProofVerdict, Tally},
    },
    stats,
};

/// Changed runs from which a failure says something of the change.
const LEAST_RUNS: u32 = 3;
/// p-value up to which more learned runs are beyond chance; three of three against none of three have just this.
const BEYOND_CHANCE: f64 = 0.05;
/// Share of the changed runs that has to learn: a change that helps beyond chance and fails more often than not is no repair.
const REPAIRED_SHARE: f64 = 0.5;
/// Share of what the best reference attains from which a run that is still improving counts as repaired.
///
/// The judge calls a network that is at rest below the same share clearly worse than its references; one beyond it and on its
/// way up is off its constant, and lacks nothing but epochs.
const WELL_UNDER_WAY_SHARE: f64 = 0.5;

/// Share of what the best reference attains, and skill without a reference, from which a run counts as learned though it was
/// still improving: the trainer stops a proof's run there, before anybody can see that it is done.
const AS_GOOD_SHARE: f64 = 0.9;

/// What counts as repaired; the control's runs are counted by the same rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repaired {
    /// It learned, or does as well as the references and still improves.
    Learned,
    /// The same, or it is still improving and beyond doubt above half of what a reference attains, at every output.
    OrWellUnderWay,
}

impl Repaired {
    /// The rule for a control with this verdict: where being unfinished is the complaint, to be under way is no repair.
    pub fn rule_for(control: State) -> Self {
        if control == State::Undertrained { Self::Learned } else { Self::OrWellUnderWay }
    }

    /// Whether a run counts.
    pub fn counts(self, run: &RunDiagnosis) -> bool {
        let does = |output: &OutputDiagnosis| match output.state {
            State::Learned | State::Unpredictable => true,
            State::Undertrained => self.counts_unfinished(output),
            State::Memorised
            | State::Shrunk
            | State::Partial
            | State::Mismatch
            | State::Collapsed
            | State::Diverged
            | State::Undecided => false,
        };
        // Runs that prove a change are stopped there, so whatever became of one that went on, it is counted alike.
        run.state == State::Learned
            || run.learned_in_between
            || (run.state == State::Undertrained && run.outputs.iter().all(does))
    }

    fn counts_unfinished(self, output: &OutputDiagnosis) -> bool {
        let Some(skill) = output.skill else { return false };
        let attained = output.best_reference.as_ref().filter(|best| best.finds_signal).map(|best| best.skill);
        let wanted = attained.map_or(AS_GOOD_SHARE, |best| AS_GOOD_SHARE * best.value.clamp(0.0, 1.0));
        let under_way = || attained.is_some_and(|best| skill.low >= WELL_UNDER_WAY_SHARE * best.high);
        skill.value >= wanted || (self == Self::OrWellUnderWay && under_way())
    }
}

/// Whether every gradient is proved to be gone, in any of the runs.
pub fn is_stuck(runs: &[RunDiagnosis]) -> bool {
    runs.iter().any(|run| run.hold == Some(Hold::Stuck) || run.certificate.is_some())
}

/// Runs of one setting, counted.
pub fn tally(runs: &[&RunDiagnosis], rule: Repaired) -> Tally {
    let count = |counts: &dyn Fn(&RunDiagnosis) -> bool| {
        u32::try_from(runs.iter().filter(|run| counts(run)).count()).unwrap_or(u32::MAX)
    };
    let learned = count(&|run| rule.counts(run));
    let skills = runs.iter().flat_map(|run| &run.outputs).filter_map(|output| output.skill);
    let skills: Vec<f64> = skills.map(|skill| skill.value).filter(|value| value.is_finite()).collect();
    Tally {
        collapsed: count(&|run| matches!(run.state, State::Collapsed | State::Partial | State::Diverged)),
        learned,
        runs: count(&|_| true),
        p_learn: stats::jeffreys(learned, count(&|_| true)),
        skill: stats::median(&skills),
    }
}

/// One-sided p-value that the change makes more runs learn, and what it says.
pub fn verdict(control: &Tally, changed: &Tally) -> (f64, ProofVerdict) {
    let p_value = stats::fisher_one_sided((changed.learned, changed.runs), (control.learned, control.runs));
    // Cross-multiplied, so that nothing is divided by zero.
    let more =
        u64::from(changed.learned) * u64::from(control.runs) > u64::from(control.learned) * u64::from(changed.runs);
    let most_learn = f64::from(changed.learned) >= REPAIRED_SHARE * f64::from(changed.runs);
    let verdict = if p_value <= BEYOND_CHANCE && most_learn {
        ProofVerdict::Proved
    } else if more || most_learn || changed.runs < LEAST_RUNS {
        // One run refutes nothing, and what learns as often as the control is no failure.
        ProofVerdict::Undecided
    } else {
        ProofVerdict::Refuted
    };
    (p_value, verdict)
}

/// The least number of runs on each side, up to `most`, with which the change would be proved if every further changed run
/// learned and no further one of the control did; absent where even that would not do.
pub fn runs_that_could_prove(control: &Tally, changed: &Tally, most: u32) -> Option<u32> {
    let now = control.runs.max(changed.runs);
    (now + 1..=most).find(|runs| {
        let learned = changed.learned + (runs - changed.runs.min(*runs));
        let p_value = stats::fisher_one_sided((learned, *runs), (control.learned, *runs));
        p_value <= BEYOND_CHANCE && f64::from(learned) >= REPAIRED_SHARE * f64::from(*runs)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{judge::BestReference, references::Learner, stats::Estimate, verify::fake::run};

    fn counted(learned: u32, runs: u32) -> Tally {
        let states = (0..runs).map(|index| if index < learned { State::Learned } else { State::Collapsed });
        let runs: Vec<RunDiagnosis> = (0..).zip(states).map(|(seed, state)| run(seed, state)).collect();
        tally(&runs.iter().collect::<Vec<_>>(), Repaired::Learned)
    }

    fn said(control: (u32, u32), changed: (u32, u32)) -> ProofVerdict {
        verdict(&counted(control.0, control.1), &counted(changed.0, changed.1)).1
    }

    #[test]
    fn three_of_three_against_none_of_three_is_proved_and_less_is_not() {
        assert_eq!(verdict(&counted(0, 3), &counted(3, 3)), (0.05, ProofVerdict::Proved));
        assert_eq!(said((0, 3), (2, 3)), ProofVerdict::Undecided);
        assert_eq!(said((0, 2), (2, 2)), ProofVerdict::Undecided);
        assert_eq!(said((0, 3), (0, 3)), ProofVerdict::Refuted);
        assert_eq!(said((1, 3), (1, 3)), ProofVerdict::Refuted);
        assert_eq!(said((2, 3), (1, 3)), ProofVerdict::Refuted);
        assert_eq!(said((0, 3), (0, 1)), ProofVerdict::Undecided);
        // One of one is a larger share than one of three, and says nothing yet.
        assert_eq!(said((1, 3), (1, 1)), ProofVerdict::Undecided);
        // Beyond chance, and still failing more often than not.
        let (p_value, verdict) = verdict(&counted(0, 40), &counted(12, 40));
        assert!(p_value < 0.001, "{p_value}");
        assert_eq!(verdict, ProofVerdict::Undecided);
    }

    #[test]
    fn more_seeds_are_worth_it_only_where_they_could_prove() {
        let could = |control: (u32, u32), changed: (u32, u32)| {
            runs_that_could_prove(&counted(control.0, control.1), &counted(changed.0, changed.1), 8)
        };
        assert_eq!(could((0, 3), (2, 3)), Some(5));
        assert_eq!(could((1, 3), (3, 3)), Some(5));
        assert_eq!(could((2, 3), (3, 3)), Some(6));
        assert_eq!(could((3, 5), (4, 5)), None, "eight seeds would not tell");
        assert_eq!(could((0, 8), (3, 8)), None, "there are no more");
        for (control, changed) in [((0, 3), (2, 3)), ((1, 3), (3, 3)), ((2, 3), (3, 3))] {
            let runs = could(control, changed).expect("worth it");
            let further = runs - 3;
            assert_eq!(said((control.0, runs), (changed.0 + further, runs)), ProofVerdict::Proved);
        }
    }

    #[test]
    fn the_median_skill_leaves_out_what_was_not_measured() {
        let mut runs = [run(0, State::Learned), run(1, State::Learned), run(2, State::Diverged)];
        let skill = |value| Some(Estimate { value, low: value, high: value });
        (runs[0].outputs[0].skill, runs[1].outputs[0].skill, runs[2].outputs[0].skill) = (skill(0.9), skill(0.5), None);
        let counted = tally(&runs.iter().collect::<Vec<_>>(), Repaired::Learned);
        assert_eq!((counted.skill, counted.learned, counted.collapsed, counted.runs), (Some(0.7), 2, 1, 3));
        assert_eq!(tally(&[], Repaired::Learned).skill, None);
    }

    #[test]
    fn a_run_that_still_improves_counts_from_half_of_what_is_attainable() {
        let improving = |low: f64, finds_signal: bool| {
            let mut run = run(0, State::Undertrained);
            run.outputs[0].skill = Some(Estimate { value: low + 0.05, low, high: low + 0.1 });
            let skill = Estimate { value: 0.78, low: 0.76, high: 0.8 };
            run.outputs[0].best_reference = Some(BestReference { learner: Learner::Ridge, skill, finds_signal });
            run
        };
        assert!(Repaired::OrWellUnderWay.counts(&improving(0.41, true)));
        assert!(!Repaired::OrWellUnderWay.counts(&improving(0.39, true)));
        assert!(!Repaired::OrWellUnderWay.counts(&improving(0.41, false)), "nothing to hold it against");
        assert!(!Repaired::Learned.counts(&improving(0.41, true)), "being unfinished is the complaint");
        // Nine tenths of 0.78: as good as can be asked for, and stopped for it.
        assert!(Repaired::Learned.counts(&improving(0.66, true)) && !Repaired::Learned.counts(&improving(0.64, true)));
        assert!(
            Repaired::Learned.counts(&improving(0.86, false)) && !Repaired::Learned.counts(&improving(0.84, false))
        );
        let mut other = improving(0.41, true);
        let mut flat = other.outputs[0].clone();
        flat.state = State::Collapsed;
        other.outputs.push(flat);
        assert!(!Repaired::OrWellUnderWay.counts(&other), "every output counts");
        assert_eq!(Repaired::rule_for(State::Undertrained), Repaired::Learned);
        assert_eq!(Repaired::rule_for(State::Collapsed), Repaired::OrWellUnderWay);
    }
}
