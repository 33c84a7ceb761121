//! Which changes are worth a training: those that can be made, change what is trained, and are no anti-fix.

use crate::{
    experiment::Experiment,
    judge::{
        Diagnosis, State,
        causes::{CauseDiagnosis, ProposedChange, Support},
    },
};

use super::{
    anti_fixes,
    configuration::{Configuration, change_of, changes_of},
};

/// Changes that are trained together, and what proposed them.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Id of the cause that proposed the first change.
    pub cause: String,
    /// Id of the cause that proposed the second change, where there is one.
    pub second_cause: Option<String>,
    /// The changes, in the order in which they are made.
    pub changes: Vec<ProposedChange>,
    /// What is trained.
    pub experiment: Experiment,
}

/// Takes out of the diagnosis every proposed change that cannot be made, that leaves the experiment as it is, or that is
/// an anti-fix; a cause that has none left keeps its advice. The others get the value that the text has now.
///
/// Where the configuration itself cannot be read, nothing can be changed in it.
pub fn keep_applicable(diagnosis: &mut Diagnosis, configuration: &Configuration) {
    let base = configuration.experiment(&[]).ok();
    let runs = &diagnosis.runs;
    for cause in &mut diagnosis.causes {
        cause.changes.retain(|change| {
            let changed = base.as_ref().zip(configuration.experiment(&[change_of(change)]).ok());
            changed
                .is_some_and(|(base, changed)| changed != *base && anti_fixes::refused(base, &changed, runs).is_none())
        });
        for change in &mut cause.changes {
            change.from = configuration.value_at(&change.path);
        }
    }
}

/// Whether there is a fault and a change to try: proofs are for what was judged to be wrong.
///
/// Where nothing can be predicted on this evidence the mean is the honest answer, so it takes a strong cause (targets in
/// another order, say) to train for it.
pub fn is_wanted(diagnosis: &Diagnosis) -> bool {
    let proposes = |cause: &CauseDiagnosis| !cause.changes.is_empty();
    match diagnosis.verdict.state {
        State::Learned => false,
        State::Unpredictable => {
            diagnosis.causes.iter().any(|cause| proposes(cause) && cause.support == Support::Strong)
        }
        State::Undecided
        | State::Undertrained
        | State::Memorised
        | State::Shrunk
        | State::Partial
        | State::Mismatch
        | State::Collapsed
        | State::Diverged => diagnosis.causes.iter().any(proposes),
    }
}

/// The single changes of a diagnosis in the order in which they are tried: by rank of the cause, then as the cause has
/// them; changes that train the same are one.
pub fn single(diagnosis: &Diagnosis, configuration: &Configuration) -> Vec<Candidate> {
    let strong_only = diagnosis.verdict.state == State::Unpredictable;
    let mut found: Vec<Candidate> = Vec::new();
    for cause in ranked(&diagnosis.causes).filter(|cause| !strong_only || cause.support == Support::Strong) {
        for change in &cause.changes {
            // OK because only changes that can be made are left in a diagnosis.
            let Ok(experiment) = configuration.experiment(&[change_of(change)]) else { continue };
            if found.iter().all(|other| other.experiment != experiment) {
                let (cause, changes) = (cause.id.clone(), vec![change.clone()]);
                found.push(Candidate { cause, second_cause: None, changes, experiment });
            }
        }
    }
    found
}

/// A change that was tried alone and did not repair, with what it left behind.
pub struct Moved<'a> {
    /// What was tried.
    pub candidate: &'a Candidate,
    /// What the judge says of its runs.
    pub after: &'a Diagnosis,
}

/// Changes that moved the fault and are built upon.
const MOST_BASES: usize = 3;
/// Changes that are tried on top of each.
const MOST_ON_TOP: usize = 3;

/// Pairs of changes: on top of each change that moved the fault, what its own runs suggest, then what the control's other
/// causes do; the nearest to the front of both lists first.
///
/// - Arguments: `tried` are the experiments that need no second training.
pub fn pairs(
    control: &Diagnosis,
    moved: &[Moved<'_>],
    configuration: &Configuration,
    tried: &[Experiment],
) -> Vec<Candidate> {
    let mut placed: Vec<(usize, Candidate)> = Vec::new();
    for (place, base) in moved.iter().take(MOST_BASES).enumerate() {
        let first = &base.candidate.changes;
        let others =
            ranked(&base.after.causes).chain(ranked(&control.causes).filter(|cause| cause.id != base.candidate.cause));
        let mut on_top = 0;
        for (cause, change) in others.flat_map(|cause| cause.changes.iter().map(move |change| (cause, change))) {
            if on_top == MOST_ON_TOP {
                break;
            }
            let changes: Vec<ProposedChange> = first.iter().chain([change]).cloned().collect();
            // What is set twice would take the first change back.
            if first.iter().any(|other| overlap(&other.path, &change.path)) {
                continue;
            }
            let Ok(experiment) = configuration.experiment(&changes_of(&changes)) else { continue };
            let known = tried.contains(&experiment) || placed.iter().any(|(_, other)| other.experiment == experiment);
            if known || anti_fixes::refused(&base.candidate.experiment, &experiment, &base.after.runs).is_some() {
                continue;
            }
            let (cause, second_cause) = (base.candidate.cause.clone(), Some(cause.id.clone()));
            placed.push((place + on_top, Candidate { cause, second_cause, changes, experiment }));
            on_top += 1;
        }
    }
    // Stable, so that among equals the better base is first.
    placed.sort_by_key(|(place, _)| *place);
    placed.into_iter().map(|(_, candidate)| candidate).collect()
}

/// Whether one path leads to the other or into it.
fn overlap(one: &str, other: &str) -> bool {
    one.split('.').zip(other.split('.')).all(|(one, other)| one.trim() == other.trim())
}

/// Causes, the best supported first.
fn ranked(causes: &[CauseDiagnosis]) -> impl Iterator<Item = &CauseDiagnosis> {
    let mut ranked: Vec<&CauseDiagnosis> = causes.iter().collect();
    ranked.sort_by_key(|cause| cause.rank);
    ranked.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        judge::Hold,
        verify::fake::{cause, configuration, diagnosis},
    };

    fn names(candidates: &[Candidate]) -> Vec<String> {
        let name = |candidate: &Candidate| {
            let changes: Vec<String> = changes_of(&candidate.changes).iter().map(ToString::to_string).collect();
            format!("{}: {}", candidate.cause, changes.join(" + "))
        };
        candidates.iter().map(name).collect()
    }

    #[test]
    fn what_cannot_be_made_or_changes_nothing_or_repairs_nothing_is_not_proposed() {
        let mut diagnosis = diagnosis(&[State::Collapsed; 3]);
        diagnosis.runs[1].hold = Some(Hold::Stuck);
        let changes = [
            "training.optimiser.lr=0.01",
            "training.epochs=600",
            "training.no_such_key=1",
            "faults.loss_shapes=equal",
            "model.activation=leaky_relu",
            "model.layers.0.activation=relu",
            "training.clip_norm=1",
        ];
        diagnosis.causes = vec![cause("dead-relu", 1, &changes)];
        keep_applicable(&mut diagnosis, &configuration());
        let left = &diagnosis.causes[0].changes;
        let left: Vec<_> = left.iter().map(|change| (change.path.as_str(), change.from.as_deref())).collect();
        assert_eq!(left, [("model.activation", Some("\"relu\"")), ("training.clip_norm", None)]);
    }

    #[test]
    fn candidates_come_by_rank_and_each_training_once() {
        let mut diagnosis = diagnosis(&[State::Collapsed; 3]);
        diagnosis.causes = vec![
            cause("bad-init", 2, &["model.init=keras", "training.optimiser.lr=1e-3"]),
            cause("lr-too-high", 1, &["training.optimiser.lr=0.001", "training.optimiser.kind=sgd"]),
        ];
        let found = names(&single(&diagnosis, &configuration()));
        assert_eq!(
            found,
            [
                "lr-too-high: training.optimiser.lr=0.001",
                "lr-too-high: training.optimiser.kind=sgd",
                "bad-init: model.init=keras"
            ]
        );
    }

    #[test]
    fn proofs_are_for_faults_with_a_proposal() {
        let with = |state: State, support: Support, changes: &[&str]| {
            let mut diagnosis = diagnosis(&[state]);
            diagnosis.causes = vec![CauseDiagnosis { support, ..cause("dead-relu", 1, changes) }];
            is_wanted(&diagnosis)
        };
        let change = &["training.optimiser.lr=0.001"];
        assert!(with(State::Collapsed, Support::Weak, change));
        assert!(!with(State::Collapsed, Support::Strong, &[]));
        assert!(!with(State::Learned, Support::Strong, change));
        assert!(with(State::Unpredictable, Support::Strong, change));
        assert!(!with(State::Unpredictable, Support::Suggestive, change));
    }

    #[test]
    fn pairs_build_on_what_the_moved_runs_show_first() {
        let configuration = configuration();
        let mut control = diagnosis(&[State::Diverged; 3]);
        control.causes = vec![
            cause("lr-too-high", 1, &["training.optimiser.lr=0.001"]),
            cause("bad-init", 2, &["model.init=keras"]),
        ];
        let singles = single(&control, &configuration);
        let mut after = diagnosis(&[State::Collapsed]);
        after.causes = vec![
            cause("dead-relu", 1, &["model.activation=elu", "training.optimiser.lr=0.5"]),
            cause("bad-init", 2, &["model.init={ weights = \"he_normal\" }"]),
        ];
        let moved = [Moved { candidate: &singles[0], after: &after }];
        let tried: Vec<Experiment> = singles.iter().map(|candidate| candidate.experiment.clone()).collect();
        let found = pairs(&control, &moved, &configuration, &tried);
        assert_eq!(
            names(&found),
            [
                "lr-too-high: training.optimiser.lr=0.001 + model.activation=elu",
                "lr-too-high: training.optimiser.lr=0.001 + model.init={ weights = \"he_normal\" }",
                "lr-too-high: training.optimiser.lr=0.001 + model.init=keras",
            ]
        );
        assert_eq!(found[0].second_cause.as_deref(), Some("dead-relu"));
        let known: Vec<Experiment> = found.iter().map(|candidate| candidate.experiment.clone()).collect();
        assert!(pairs(&control, &moved, &configuration, &known).is_empty(), "nothing is trained twice");
    }
}
