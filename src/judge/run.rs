//! One run: its outputs taken together.

use super::{
    DeadUnits, Hold, OutputDiagnosis, RunDiagnosis, State,
    attainable::LearnedElsewhere,
    collapse_time::collapsed_at_step,
    constant::{agreed, constant_of},
    decide::learned_in_between,
    depth, limits, plateau, summary, symptoms, verdict,
};
use crate::record::{Channel, Record, Split};

/// Judges one run by itself.
///
/// Total: where the record does not suffice the state is [`State::Undecided`] and each output says what was missing.
/// - Cost: 500 resamples of each output's probe set, a few milliseconds for 512 samples.
pub fn judge_run(record: &Record) -> RunDiagnosis {
    judge_beside(record, &LearnedElsewhere::new())
}

/// Judges runs of the same data beside each other: an output that one of them learned can be predicted, whatever the
/// reference learners say, so none of the others is told that there is nothing to predict.
pub(super) fn judge_runs(records: &[Record]) -> Vec<RunDiagnosis> {
    let alone: Vec<RunDiagnosis> = records.iter().map(judge_run).collect();
    let again = |(record, run): (&Record, RunDiagnosis)| {
        if !run.outputs.iter().any(|output| output.state == State::Unpredictable) {
            return run;
        }
        let fingerprint = &record.run.data.fingerprint;
        let same_data = records.iter().zip(&alone).filter(|(other, _)| other.run.data.fingerprint == *fingerprint);
        let learned = same_data.flat_map(|(_, other)| &other.outputs).filter(|output| is_proof_of_signal(output));
        judge_beside(record, &learned.map(|output| output.name.clone()).collect())
    };
    records.iter().zip(alone.clone()).map(again).collect()
}

/// Whether one run's output shows that the target can be predicted: on samples it was not trained on, and by so much that the
/// best of many runs does not reach it by chance.
fn is_proof_of_signal(output: &OutputDiagnosis) -> bool {
    output.state == State::Learned
        && output.split == Split::Validation
        && output.skill.is_some_and(|skill| skill.low >= limits::MEMORISED_SKILL)
}

fn judge_beside(record: &Record, elsewhere: &LearnedElsewhere) -> RunDiagnosis {
    let outputs: Vec<OutputDiagnosis> =
        (0..record.run.data.targets.len()).map(|index| judge_output(record, index, elsewhere)).collect();
    // A constant target is neither learned nor lost; it says nothing of the run unless there is nothing else.
    let varying = record.varying_outputs();
    let state = state_of_outputs(
        outputs.iter().filter(|output| varying.contains(&output.name.as_str())).map(|output| output.state),
    );
    let collapsed = outputs.iter().filter(|output| output.state == State::Collapsed);
    let hold = match (&record.run.certificate, state) {
        (Some(_), State::Collapsed) => Some(Hold::Stuck),
        (None, State::Collapsed) => Some(Hold::Plateau),
        _ => None,
    };
    let signal = depth::signal(record);
    // The run went flat when the last of its outputs did; an output that cannot be dated leaves the run undated.
    let steps: Option<Vec<u64>> = outputs
        .iter()
        .enumerate()
        .filter(|(_, output)| output.state == State::Collapsed)
        .map(|(index, _)| collapsed_at_step(record, index))
        .collect();
    RunDiagnosis {
        seed: record.run.seed,
        lr: record.run.experiment.training.optimiser.lr(),
        state,
        learned_in_between: learned_in_between(record),
        hold,
        constant: agreed(collapsed.map(|output| output.constant)),
        collapsed_at_step: steps.and_then(|steps| steps.into_iter().max()),
        epochs: record.run.epochs_done,
        outputs,
        dead_units: dead_units(record),
        findings: symptoms::look(record),
        certificate: record.run.certificate.clone(),
        escape_rate: (hold == Some(Hold::Plateau)).then(|| plateau::escape_rate(record)),
        signal_ends_at: depth::ends_at(record, &signal),
        signal,
        sharpness: depth::sharpness(record),
        stopped: summary::stopped(record),
    }
}

fn judge_output(record: &Record, index: usize, elsewhere: &LearnedElsewhere) -> OutputDiagnosis {
    let found = verdict::judge_output(record, index, elsewhere);
    let name = record.run.data.targets.get(index).map_or_else(String::new, |target| target.name.clone());
    let look = found.train.as_ref().or(found.judged.as_ref());
    let is_constant = found.state == State::Collapsed || look.is_some_and(verdict::is_flat);
    let constant_fit = look.filter(|_| is_constant).map(|look| constant_of(record, index, look));
    let judged = found.judged.as_ref();
    OutputDiagnosis {
        name,
        state: found.state,
        constant: constant_fit.as_ref().map(|fit| fit.constant),
        constant_fit,
        seen: found.seen,
        split: judged.map_or(Split::Train, |look| look.split),
        skill: judged.and_then(|look| look.intervals.skill),
        train_skill: found.train.as_ref().and_then(|look| look.intervals.skill),
        spread: judged.and_then(|look| look.intervals.spread),
        corr: judged.and_then(|look| look.intervals.correlation).map(|corr| corr.value),
        slope: judged.and_then(|look| look.intervals.slope),
        best_reference: found.attainable.best,
        training_path_skill: found.training_path.and_then(|look| look.intervals.skill),
    }
}

/// Any diverged output makes the run diverged; collapsed ones make it collapsed or, beside others, partial; else the
/// worst counts. Outputs without anything to predict say nothing of the run, unless there is nothing else. Undecided without
/// outputs.
fn state_of_outputs(states: impl Iterator<Item = State> + Clone) -> State {
    let telling = states.clone().filter(|state| *state != State::Unpredictable);
    let Some(worst) = telling.clone().max_by_key(|state| state.severity()) else {
        return states.max_by_key(|state| state.severity()).unwrap_or(State::Undecided);
    };
    let all_collapsed = telling.clone().all(|state| state == State::Collapsed);
    if worst == State::Collapsed && !all_collapsed { State::Partial } else { worst }
}

/// Layers with dead units at the last look at the training probe set, in order.
fn dead_units(record: &Record) -> Vec<DeadUnits> {
    let dead = record.run.layers.iter().filter_map(|layer| {
        let fraction = record.last(Split::Train, Channel::DeadFractionProbe, &layer.name)?.value.finite()?;
        let units = layer.shape.first().copied().unwrap_or(0) as u64;
        (fraction > 0.0).then(|| DeadUnits { layer: layer.name.clone(), fraction, units })
    });
    dead.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{
        Constant,
        synthetic::{Synthetic, noise},
    };

    /// Two outputs, each predicted by its own rule, at three epochs.
    fn two(first: fn(f64, usize) -> f64, second: fn(f64, usize) -> f64) -> Synthetic {
        let targets: Vec<f64> = (0..400).map(|index| 1.0 + 2.0 * noise(index)).collect();
        (1..=3).fold(Synthetic::new().outputs(&["x", "y"]), |builder, epoch| {
            let predictions: Vec<f64> = targets
                .iter()
                .enumerate()
                .map(|(index, target)| if index % 2 == 0 { first(*target, index) } else { second(*target, index) })
                .collect();
            builder.look(Split::Train, epoch, &targets, &predictions)
        })
    }

    #[test]
    fn outputs_are_taken_together() {
        let learned = |y: f64, i: usize| y + 0.1 * noise(i + 7);
        let mean = |_: f64, _: usize| 1.0;
        let median = |_: f64, _: usize| 0.5;
        let broken = |_: f64, _: usize| f64::NAN;
        let judged = |a, b| judge_run(&two(a, b).record());
        assert_eq!(judged(learned, learned).state, State::Learned);
        assert_eq!(judged(learned, mean).state, State::Partial);
        assert_eq!(judged(mean, mean).state, State::Collapsed);
        assert_eq!(judged(mean, broken).state, State::Diverged);
        let partial = judged(learned, mean);
        assert_eq!((partial.constant, partial.hold), (Some(Constant::Mean), None));
        assert_eq!(partial.outputs[0].constant, None);
        assert_eq!(judged(mean, mean).constant, Some(Constant::Mean));
        assert_eq!(judged(mean, median).constant, None);
    }

    #[test]
    fn stuck_needs_a_certificate_and_a_collapse() {
        let mean = |_: f64, _: usize| 1.0;
        let learned = |y: f64, _: usize| y;
        assert_eq!(judge_run(&two(mean, mean).record()).hold, Some(Hold::Plateau));
        assert_eq!(judge_run(&two(mean, mean).certificate().record()).hold, Some(Hold::Stuck));
        assert_eq!(judge_run(&two(learned, learned).certificate().record()).hold, None);
    }

    #[test]
    fn dead_layers_are_listed_in_order_and_living_ones_left_out() {
        let builder = two(|y, _| y, |y, _| y)
            .epochs(Split::Train, Channel::DeadFractionProbe, "dense_2", 1, [0.0, 0.0])
            .epochs(Split::Train, Channel::DeadFractionProbe, "dense_1", 1, [0.5, 0.97]);
        let dead = judge_run(&builder.record()).dead_units;
        assert_eq!(dead, [DeadUnits { layer: "dense_1".into(), fraction: 0.97, units: 100 }]);
    }

    #[test]
    fn the_run_went_flat_when_its_last_output_did() {
        let stds =
            |builder: Synthetic, name: &str, values: [f64; 4]| builder.steps(Channel::PredictionStd, name, values);
        let both = stds(two(|_, _| 1.0, |_, _| 1.0), "x", [1.0, 0.0, 0.0, 0.0]);
        assert_eq!(judge_run(&stds(both, "y", [1.0, 1.0, 0.0, 0.0]).record()).collapsed_at_step, Some(3));
        let half = stds(two(|_, _| 1.0, |_, _| 1.0), "x", [1.0, 0.0, 0.0, 0.0]);
        assert_eq!(judge_run(&stds(half, "y", [1.0, 1.0, 1.0, 1.0]).record()).collapsed_at_step, None);
        let learned = stds(two(|y, _| y, |y, _| y), "x", [0.0; 4]);
        assert_eq!(judge_run(&learned.record()).collapsed_at_step, None);
    }

    #[test]
    fn a_record_without_outputs_is_undecided() {
        assert_eq!(judge_run(&Synthetic::new().outputs(&[]).record()).state, State::Undecided);
    }
}
