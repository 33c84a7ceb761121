//! Tests of the states that need more than the network's own predictions: references, the training path, other runs.
//! Each state stands beside its look-alikes.

use super::{OutputVerdict, judge_output};
use crate::{
    judge::{
        Constant, State,
        attainable::LearnedElsewhere,
        run::{judge_run, judge_runs},
        synthetic::{Synthetic, calibrated, noise, reference, targets},
    },
    record::{Record, Split},
    references::ReferenceSkill,
};

/// Thirty epochs, settled from the first one on; born as noise.
fn settled(predict: impl Fn(usize, f64) -> f64) -> Synthetic {
    Synthetic::new().looks(30, move |epoch, i, y| if epoch == 0 { noise(i + 77) } else { predict(i, y) })
}

fn judged(builder: Synthetic) -> OutputVerdict {
    judge_output(&builder.record(), 0, &LearnedElsewhere::new())
}

const SIGNAL: fn() -> [ReferenceSkill; 1] = || [reference(0.8, 1e-12)];
const NOTHING: fn() -> [ReferenceSkill; 1] = || [reference(-0.02, 0.7)];

#[test]
fn a_constant_is_collapsed_or_honest_by_what_the_references_find() {
    let flat = |references: [ReferenceSkill; 1]| judged(settled(|_, _| 1.0).references(&references));
    let collapsed = flat(SIGNAL());
    assert_eq!(collapsed.state, State::Collapsed);
    insta::assert_snapshot!(collapsed.seen, @"its predictions are one constant, though ridge regression reaches a skill of 0.80");
    let honest = flat(NOTHING());
    assert_eq!(honest.state, State::Unpredictable);
    insta::assert_snapshot!(honest.seen, @"its predictions are one constant, and no reference learner beats a constant on 2000 samples");
}

#[test]
fn a_constant_far_from_the_mean_is_no_honest_answer() {
    let at = |level: f64| judged(settled(move |_, _| level).references(&NOTHING())).state;
    assert_eq!(at(1.0), State::Unpredictable);
    assert_eq!(at(0.5), State::Unpredictable, "the median");
    assert_eq!(at(1.3), State::Unpredictable, "a seventh of a standard deviation off");
    assert_eq!(at(-4.0), State::Collapsed);
}

#[test]
fn noise_that_was_fitted_a_little_is_unpredictable_and_mostly_is_memorised() {
    let fitted = |share: f64, references: [ReferenceSkill; 1]| {
        let predict =
            move |i: usize, y: f64| if i < 5000 { calibrated(share, i, y) } else { 1.0 + share * 2.0 * noise(i + 9) };
        judged(settled(predict).references(&references)).state
    };
    assert_eq!(fitted(0.3, NOTHING()), State::Unpredictable);
    assert_eq!(fitted(0.9, NOTHING()), State::Memorised);
    assert_eq!(fitted(0.3, SIGNAL()), State::Memorised);
    assert_eq!(fitted(0.9, SIGNAL()), State::Memorised);
}

#[test]
fn calibrated_noise_is_learned_beside_references_that_do_as_well() {
    for skill in [0.2, 0.4, 0.6, 0.9] {
        let found = judged(settled(move |i, y| calibrated(skill, i, y)).references(&[reference(skill, 1e-9)]));
        assert_eq!(found.state, State::Learned, "skill {skill}: {}", found.seen);
    }
}

#[test]
fn a_calibrated_prediction_of_a_fifth_of_what_is_attainable_is_shrunk() {
    let found = judged(settled(|i, y| calibrated(0.16, i, y)).references(&SIGNAL()));
    assert_eq!(found.state, State::Shrunk, "{}", found.seen);
    insta::assert_snapshot!(found.seen, @"its predictions point the right way with far too little spread: ridge regression reaches 0.80");
    // The same prediction where no more is attainable.
    assert_eq!(
        judged(settled(|i, y| calibrated(0.16, i, y)).references(&[reference(0.13, 1e-9)])).state,
        State::Learned
    );
    // Four fifths of what is attainable is learned.
    assert_eq!(judged(settled(|i, y| calibrated(0.64, i, y)).references(&SIGNAL())).state, State::Learned);
}

#[test]
fn far_less_than_the_training_set_and_the_references_is_memorised() {
    let predict = |i: usize, y: f64| if i < 5000 { y } else { calibrated(0.2, i, y) };
    assert_eq!(judged(settled(predict).references(&SIGNAL())).state, State::Memorised);
    assert_eq!(judged(settled(predict).references(&[reference(0.2, 1e-9)])).state, State::Learned);
}

#[test]
fn a_small_useless_spread_is_a_collapse_where_much_is_attainable() {
    // One output of the question's network: spread 0.13, correlation 0.09, and a box that ridge regression locates.
    let useless = |i: usize, y: f64| 1.0 + 0.02 * (y - 1.0) + 0.25 * noise(i + 9);
    assert_eq!(judged(settled(useless).references(&[reference(0.98, 1e-12)])).state, State::Collapsed);
    assert_ne!(judged(settled(useless).references(&[reference(0.03, 1e-12)])).state, State::Collapsed);
    assert_ne!(judged(settled(useless)).state, State::Collapsed);
}

/// The training probe set along the training path, at the last epoch.
fn with_path(builder: Synthetic, predict: impl Fn(usize, f64) -> f64) -> Synthetic {
    let targets = targets(0, 200);
    let predictions: Vec<f64> = targets.iter().enumerate().map(|(i, y)| predict(i, *y)).collect();
    builder.look(Split::TrainingPath, 30, &targets, &predictions)
}

#[test]
fn the_paths_are_compared_on_the_same_samples() {
    let learned = |i: usize, y: f64| y + 0.3 * noise(i + 5);
    let found = judged(with_path(settled(|_, _| 1.0), learned));
    assert_eq!(found.state, State::Mismatch, "{}", found.seen);
    // Predictions that statistics of the running kind send astray are a mismatch as well.
    assert_eq!(judged(with_path(settled(|i, _| 300.0 * noise(i)), learned)).state, State::Mismatch);
    assert_eq!(judged(with_path(settled(learned), learned)).state, State::Learned);
    // Dropout costs the training path, never the other.
    assert_eq!(judged(with_path(settled(learned), |i, y| calibrated(0.4, i, y))).state, State::Learned);
    assert_eq!(judged(with_path(settled(|_, _| 1.0), |_, _| 1.0)).state, State::Collapsed);
}

#[test]
fn a_network_that_has_not_moved_was_hardly_trained() {
    let still = |by: f64| Synthetic::new().looks(30, move |epoch, i, _| noise(i + 77) + by * f64::from(epoch) / 30.0);
    assert_eq!(judged(still(0.001).references(&SIGNAL())).state, State::Undertrained);
    assert_eq!(judged(still(0.001).references(&NOTHING())).state, State::Unpredictable);
    let moved = settled(|i, _| noise(i + 78)).references(&SIGNAL());
    assert_eq!(judged(moved).state, State::Undecided);
}

#[test]
fn what_one_run_learned_is_not_called_unpredictable_in_another() {
    let flat: Record = settled(|_, _| 1.0).references(&NOTHING()).record();
    let learned: Record = settled(|i, y| y + 0.3 * noise(i + 5)).references(&NOTHING()).record();
    assert_eq!(judge_run(&flat).state, State::Unpredictable);
    let together: Vec<State> = judge_runs(&[flat.clone(), learned.clone()]).iter().map(|run| run.state).collect();
    assert_eq!(together, [State::Collapsed, State::Learned]);
    let mut other_data = learned;
    other_data.run.data.fingerprint = "1".repeat(64);
    let apart: Vec<State> = judge_runs(&[flat, other_data]).iter().map(|run| run.state).collect();
    assert_eq!(apart, [State::Unpredictable, State::Learned]);
}

#[test]
fn an_honest_constant_is_named_as_well() {
    let run = judge_run(&settled(|_, _| 1.0).references(&NOTHING()).record());
    assert_eq!((run.state, run.outputs[0].constant), (State::Unpredictable, Some(Constant::Mean)));
    let run = judge_run(&settled(|i, y| calibrated(0.5, i, y)).references(&SIGNAL()).record());
    assert_eq!(run.outputs[0].constant, None);
}

#[test]
fn a_case_is_judged_on_validation_where_there_is_one() {
    let record = settled(|i, y| calibrated(0.5, i, y)).references(&SIGNAL()).record();
    let found = judge_output(&record, 0, &LearnedElsewhere::new());
    assert_eq!(found.judged.map(|look| look.split), Some(Split::Validation));
    assert!(found.attainable.best.is_some());
}

#[test]
fn one_answer_for_all_but_a_few_inputs_is_a_collapse() {
    // Two wild answers among two hundred equal ones give a spread of more than one.
    let wild = |i: usize, _: f64| if i % 100 == 7 { 25.0 } else { 1.0 };
    let found = judged(settled(wild).references(&SIGNAL()));
    assert_eq!(found.state, State::Collapsed, "{}", found.seen);
    insta::assert_snapshot!(found.seen, @"its predictions are one constant for 198 of 200 inputs and wild for the others, though ridge regression reaches a skill of 0.80");
    // A target that is nearly always the same is answered so as well, and the others are right.
    let targets: Vec<f64> = (0..200).map(|i| if i % 25 == 7 { 9.0 + noise(i) } else { 0.0 }).collect();
    let sparse = (1..=9).fold(Synthetic::new(), |builder, epoch| builder.look(Split::Train, epoch, &targets, &targets));
    assert_eq!(judged(sparse.references(&SIGNAL())).state, State::Learned);
}

#[test]
fn a_few_outlying_targets_do_not_make_a_constant_of_good_predictions() {
    let mut targets = targets(0, 300);
    let predictions: Vec<f64> = targets.iter().enumerate().map(|(i, y)| y + 0.3 * noise(i + 5)).collect();
    targets[3] = 3000.0;
    targets[90] = -2500.0;
    let look = |predictions: &[f64]| {
        (1..=9).fold(Synthetic::new(), |builder, epoch| builder.look(Split::Train, epoch, &targets, predictions))
    };
    let found = judged(look(&predictions).references(&SIGNAL()));
    assert_eq!(found.state, State::Undecided, "{}", found.seen);
    assert_eq!(judged(look(&[1.0; 300]).references(&SIGNAL())).state, State::Collapsed);
}

#[test]
fn noise_learned_by_heart_is_no_mismatch() {
    let by_heart = |i: usize, y: f64| y + 0.3 * noise(i + 5);
    let lost = || settled(|i, _| 1.0 + 0.3 * noise(i + 91));
    assert_eq!(judged(with_path(lost().references(&SIGNAL()), by_heart)).state, State::Mismatch);
    assert_eq!(judged(with_path(lost().references(&NOTHING()), by_heart)).state, State::Unpredictable);
    // Less than half lost is none: here 0.6 of 0.9.
    let some = settled(|i, y| calibrated(0.6, i, y)).references(&SIGNAL());
    assert_eq!(judged(with_path(some, by_heart)).state, State::Learned);
}

#[test]
fn without_validation_noise_is_not_learned() {
    let fitted = targets(0, 300);
    let predictions: Vec<f64> = fitted.iter().enumerate().map(|(i, y)| calibrated(0.7, i, *y)).collect();
    let look =
        (1..=9).fold(Synthetic::new(), |builder, epoch| builder.look(Split::Train, epoch, &fitted, &predictions));
    assert_eq!(judged(look.references(&NOTHING())).state, State::Undecided);
    let look =
        (1..=9).fold(Synthetic::new(), |builder, epoch| builder.look(Split::Train, epoch, &fitted, &predictions));
    assert_eq!(judged(look.references(&SIGNAL())).state, State::Learned);
}

#[test]
fn a_validation_set_of_two_confirms_nothing() {
    let train = targets(0, 300);
    let fitted: Vec<f64> = train.iter().enumerate().map(|(i, y)| calibrated(0.7, i, *y)).collect();
    let both = (1..=9).fold(Synthetic::new(), |builder, epoch| {
        builder.look(Split::Train, epoch, &train, &fitted).look(Split::Validation, epoch, &[1.0, 3.0], &[1.2, 2.9])
    });
    let found = judged(both.references(&SIGNAL()));
    assert_eq!(found.state, State::Undecided);
    insta::assert_snapshot!(found.seen, @"it predicts its training set; 2 validation samples are too few to confirm it");
}

#[test]
fn a_training_that_fits_did_not_diverge_whatever_validation_says() {
    // The training set holds an outlier and validation does not, so the least error is huge beside its variance.
    let far_off = settled(|i, y| if i < 5000 { y } else { y + 900.0 * noise(i) });
    let found = judged(far_off.references(&SIGNAL()));
    assert_eq!(found.state, State::Undecided, "{}", found.seen);
}

#[test]
fn an_output_that_the_loss_left_behind_did_not_diverge() {
    let thrown = || settled(|i, _| 1e4 * noise(i + 9));
    let falling = (0..300).map(|step| 1e6 / (1.0 + f64::from(step)));
    assert_eq!(judged(thrown().steps(crate::record::Channel::Loss, "", falling)).state, State::Undecided);
    let rising = (0..300).map(|step| 1.0 + f64::from(step));
    assert_eq!(judged(thrown().steps(crate::record::Channel::Loss, "", rising)).state, State::Diverged);
}

#[test]
fn an_absolute_loss_is_not_accused_of_shrinking() {
    use crate::experiment::Loss;
    // Three fifths of the targets are s with a little noise, the others 10 s: the median lies one standard deviation of that
    // noise beyond s, where five sixths of the three fifths are below.
    let s = |i: usize| 2.0 * noise(i);
    let targets: Vec<f64> =
        (0..600).map(|i| if i % 5 < 3 { s(i) + 1e-3 * noise(i + 50_000) } else { 10.0 * s(i) }).collect();
    let predicted = |share: f64, loss| {
        let predictions: Vec<f64> = (0..600).map(|i| share * (s(i) + 1e-3 * s(i).signum())).collect();
        let looks =
            (1..=9).fold(Synthetic::new(), |builder, epoch| builder.look(Split::Train, epoch, &targets, &predictions));
        let looks = looks.with(move |run| run.experiment.training.loss = loss);
        judged(looks.references(&[reference(0.2, 1e-9)])).state
    };
    assert_eq!(predicted(1.0, Loss::Mae {}), State::Learned);
    assert_eq!(predicted(1.0, Loss::Mse {}), State::Shrunk);
    assert_eq!(predicted(0.5, Loss::Mae {}), State::Shrunk);
}

#[test]
fn too_few_epochs_cannot_say_that_predictions_no_longer_grow() {
    let timid = |epochs| Synthetic::new().looks(epochs, |_, i, y| 1.0 + 0.15 * (y - 1.0) + 0.01 * noise(i + 9));
    assert_eq!(judged(timid(1)).state, State::Undecided);
    assert_eq!(judged(timid(9)).state, State::Shrunk);
}

#[test]
fn a_shrunk_run_that_still_creeps_is_undertrained() {
    let growing = |by: f64| {
        Synthetic::new().looks(30, move |epoch, i, y| {
            let share = 0.15 + by * f64::from(epoch) / 30.0;
            1.0 + share * (y - 1.0) + 0.01 * noise(i + 9)
        })
    };
    assert_eq!(judged(growing(0.01)).state, State::Undertrained);
    assert_eq!(judged(growing(0.0)).state, State::Shrunk);
    assert_eq!(judged(growing(0.0005)).state, State::Shrunk);
}

#[test]
fn a_run_as_good_as_the_references_that_gains_little_has_learned() {
    let rising = |from: f64, to: f64| {
        let steps = move |epoch: u32| from + (to - from) * f64::from(epoch) / 30.0;
        Synthetic::new().looks(30, move |epoch, i, y| calibrated(steps(epoch), i, y))
    };
    let state = |from, to, best| judged(rising(from, to).references(&[reference(best, 1e-12)])).state;
    assert_eq!(state(0.72, 0.82, 0.78), State::Learned);
    assert_eq!(state(0.3, 0.82, 0.78), State::Undertrained, "it gains much");
    assert_eq!(state(0.72, 0.82, 0.95), State::Undertrained, "more is attainable");
}

#[test]
fn a_noisy_target_that_is_followed_is_learned_though_its_skill_scatters() {
    // Forty validation samples: the interval of a skill of 0.2 reaches below zero, that of its correlation does not.
    let train = targets(0, 400);
    let fitted: Vec<f64> = train.iter().enumerate().map(|(i, y)| calibrated(0.35, i, *y)).collect();
    let few = targets(9000, 40);
    let follows: Vec<f64> = few.iter().enumerate().map(|(i, y)| 1.5 + 0.35 * (y - 1.0) + 0.5 * noise(i + 40)).collect();
    let unrelated: Vec<f64> = (0..40).map(|i| 1.0 + 0.9 * noise(i + 77)).collect();
    let both = |validation: &[f64], references: [ReferenceSkill; 1]| {
        let looks = (1..=9).fold(Synthetic::new(), |builder, epoch| {
            builder.look(Split::Train, epoch, &train, &fitted).look(Split::Validation, epoch, &few, validation)
        });
        judged(looks.references(&references)).state
    };
    assert_eq!(both(&follows, [reference(0.35, 1e-9)]), State::Learned);
    assert_ne!(both(&unrelated, [reference(0.35, 1e-9)]), State::Learned);
}
