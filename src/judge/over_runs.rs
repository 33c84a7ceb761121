//! The diagnosis: several runs of one experiment taken together.

use super::{
    Diagnosis, Estimate, Hold, OutputDiagnosis, RunDiagnosis, SCHEMA, State, Verdict,
    causes::{Case, causes_of},
    constant::agreed,
    run::judge_runs,
    stats, summary,
};
use crate::record::Record;

/// Judges every run of an experiment and takes them together. No report is named.
///
/// Total: without any record the state is [`State::Undecided`].
pub fn diagnose(name: &str, records: &[Record]) -> Diagnosis {
    let runs: Vec<RunDiagnosis> = judge_runs(records);
    let state = shared_state(runs.iter().map(|run| run.state));
    let sharing: Vec<&RunDiagnosis> = runs.iter().filter(|run| run.state == state).collect();
    // The same rule as for the state: what at least half of the runs in it have.
    let stuck = sharing.iter().filter(|run| run.hold == Some(Hold::Stuck)).count();
    let hold = if stuck * 2 >= sharing.len() { Hold::Stuck } else { Hold::Plateau };
    let outputs = outputs_over(&sharing);
    let told = records.iter().zip(&runs).filter(|(_, run)| run.state == state);
    let cases: Vec<Case<'_>> = told.map(|(record, run)| Case::of_run(record, run)).collect();
    let (causes, ruled_out) = causes_of(&cases);
    let verdict = Verdict {
        state,
        hold: (state == State::Collapsed).then_some(hold),
        constant: matches!(state, State::Collapsed | State::Partial)
            .then(|| agreed(sharing.iter().map(|run| run.constant)))
            .flatten(),
        share: share_of(state, &runs),
        summary: summary::verdict(state, &runs, &outputs),
    };
    Diagnosis {
        schema: SCHEMA,
        name: name.to_owned(),
        verdict,
        outputs,
        runs,
        references: records.first().and_then(|record| record.run.references.clone()),
        causes,
        ruled_out,
        verification: None,
        patched_config: None,
        not_examined: summary::not_examined(records),
        report: None,
    }
}

/// Share of the runs that are in this state or a worse one, with the interval over seeds; absent without a run.
fn share_of(state: State, runs: &[RunDiagnosis]) -> Option<Estimate> {
    let count =
        |worse: &dyn Fn(&&RunDiagnosis) -> bool| u32::try_from(runs.iter().filter(worse).count()).unwrap_or(u32::MAX);
    let as_bad = count(&|run| run.state.severity() >= state.severity());
    (!runs.is_empty()).then(|| stats::jeffreys(as_bad, count(&|_| true)))
}

/// The worst state such that at least half are that bad or worse; undecided for none.
///
/// So two runs that learned do not outvote one that collapsed and one that diverged.
pub(super) fn shared_state(states: impl Iterator<Item = State>) -> State {
    let mut states: Vec<State> = states.collect();
    states.sort_by_key(|state| std::cmp::Reverse(state.severity()));
    // The worst half is the first `ceil(n / 2)`; its mildest is the answer.
    states.get(states.len().div_ceil(2).saturating_sub(1)).copied().unwrap_or(State::Undecided)
}

/// Each output over the given runs: medians of the point estimates, between the lowest and the highest end.
fn outputs_over(runs: &[&RunDiagnosis]) -> Vec<OutputDiagnosis> {
    let Some(first) = runs.first() else {
        return Vec::new();
    };
    let outputs = first.outputs.iter().map(|template| {
        let same: Vec<&OutputDiagnosis> =
            runs.iter().filter_map(|run| run.outputs.iter().find(|output| output.name == template.name)).collect();
        let state = shared_state(same.iter().map(|output| output.state));
        let sharing: Vec<&OutputDiagnosis> = same.into_iter().filter(|output| output.state == state).collect();
        let over = |get: fn(&OutputDiagnosis) -> Option<Estimate>| {
            estimate_over(&sharing.iter().filter_map(|output| get(output)).collect::<Vec<_>>())
        };
        let corrs: Vec<f64> = sharing.iter().filter_map(|output| output.corr).collect();
        // OK because a shared state is one that an output has.
        let example = sharing.first().copied().unwrap_or(template);
        OutputDiagnosis {
            name: template.name.clone(),
            state,
            constant: agreed(sharing.iter().map(|output| output.constant)),
            constant_fit: example.constant_fit.clone(),
            seen: if sharing.iter().all(|output| output.seen == example.seen) {
                example.seen.clone()
            } else {
                format!("{} (so in the first of these runs)", example.seen)
            },
            split: example.split,
            skill: over(|output| output.skill),
            train_skill: over(|output| output.train_skill),
            spread: over(|output| output.spread),
            corr: stats::median(&corrs),
            slope: over(|output| output.slope),
            best_reference: example.best_reference.clone(),
            training_path_skill: over(|output| output.training_path_skill),
        }
    });
    outputs.collect()
}

fn estimate_over(estimates: &[Estimate]) -> Option<Estimate> {
    let values: Vec<f64> = estimates.iter().map(|estimate| estimate.value).collect();
    let lows = estimates.iter().map(|estimate| estimate.low);
    let highs = estimates.iter().map(|estimate| estimate.high);
    Some(Estimate {
        value: stats::median(&values)?,
        low: lows.fold(f64::INFINITY, f64::min),
        high: highs.fold(f64::NEG_INFINITY, f64::max),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{
        Constant,
        synthetic::{Synthetic, noise},
    };

    fn learned() -> Record {
        Synthetic::new().looks(3, |epoch, i, y| if epoch == 0 { noise(i) } else { y + 0.2 * noise(i + 3) }).record()
    }

    fn flat(level: f64) -> Synthetic {
        Synthetic::new().looks(3, move |epoch, i, _| if epoch == 0 { noise(i) } else { level })
    }

    #[test]
    fn half_of_the_runs_make_the_state_and_the_worse_of_two_halves_wins() {
        let state = |records: &[Record]| diagnose("name", records).verdict.state;
        assert_eq!(state(&[learned(), learned(), flat(1.0).record()]), State::Learned);
        assert_eq!(state(&[learned(), flat(1.0).record()]), State::Collapsed);
        let (cut, nan) = (Synthetic::new().record(), flat(f64::NAN).record());
        assert_eq!(state(&[learned(), flat(1.0).record(), cut]), State::Undecided);
        assert_eq!(state(&[learned(), flat(1.0).record(), nan.clone()]), State::Collapsed);
        // Two that learned do not outvote one that collapsed and one that diverged.
        assert_eq!(state(&[learned(), learned(), flat(1.0).record(), nan]), State::Collapsed);
        assert_eq!(state(&[]), State::Undecided);
    }

    #[test]
    fn constant_and_hold_speak_for_the_runs_that_share_the_state() {
        let stuck = || flat(1.0).certificate().record();
        let both = diagnose("name", &[stuck(), flat(1.0).record(), learned()]);
        assert_eq!((both.verdict.hold, both.verdict.constant), (Some(Hold::Stuck), Some(Constant::Mean)));
        let few = diagnose("name", &[stuck(), flat(1.0).record(), flat(0.5).record()]);
        assert_eq!((few.verdict.hold, few.verdict.constant), (Some(Hold::Plateau), None));
        assert_eq!(diagnose("name", &[learned()]).verdict.hold, None);
        assert_eq!(few.runs.len(), 3);
    }

    #[test]
    fn outputs_are_those_of_the_runs_in_the_state() {
        let found = diagnose("name", &[learned(), learned(), flat(1.0).record()]);
        assert_eq!(found.outputs.len(), 1);
        let skill = found.outputs[0].skill.expect("a skill");
        assert!(skill.low > 0.9 && skill.low <= skill.value && skill.value <= skill.high);
        assert_eq!(found.outputs[0].constant, None);
        assert!(found.outputs[0].train_skill.is_some());
    }

    #[test]
    fn the_document_survives_json() {
        let found = diagnose("name", &[learned(), flat(1.0).certificate().record(), flat(f64::NAN).record()]);
        let text = serde_json::to_string(&found).expect("a diagnosis is plain data");
        assert_eq!(serde_json::from_str::<Diagnosis>(&text).expect("its own text"), found);
    }
}
