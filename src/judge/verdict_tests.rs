//! Tests of [`super::judge_output`]: the table of cases, and each state beside its near neighbour.

use super::*;
use crate::judge::synthetic::{Synthetic, calibrated, noise, targets};

/// Judged by itself.
fn judge(record: &Record, output: usize) -> OutputVerdict {
    judge_output(record, output, &LearnedElsewhere::new())
}

fn state(builder: Synthetic) -> State {
    judge(&builder.record(), 0).state
}

/// Looks at 30 epochs, settled from the first one on.
fn settled(predict: impl Fn(usize, f64) -> f64) -> Synthetic {
    Synthetic::new().looks(30, move |epoch, i, y| if epoch == 0 { noise(i + 77) } else { predict(i, y) })
}

#[test]
fn the_table_of_cases() {
    let table: Vec<(&str, Synthetic, State)> = vec![
        ("healthy", settled(|i, y| y + 0.2 * noise(i + 9)), State::Learned),
        ("perfect", settled(|_, y| y), State::Learned),
        ("the mean, with jitter", settled(|i, _| 1.0 + 0.01 * noise(i + 9)), State::Collapsed),
        ("the mean, to the bit", settled(|_, _| 1.0), State::Collapsed),
        ("the median", settled(|_, _| 0.5), State::Collapsed),
        ("zero", settled(|_, _| 0.0), State::Collapsed),
        ("a bound", settled(|_, _| 3.0).output_activation("relu"), State::Collapsed),
        ("a wrong constant", settled(|_, _| 3.5), State::Collapsed),
        ("a constant far away, from the start", Synthetic::new().looks(30, |_, _, _| -40.0), State::Collapsed),
        ("thrown to a constant far away", settled(|_, _| -9e24), State::Diverged),
        ("one is NaN", settled(|i, y| if i == 3 { f64::NAN } else { y }), State::Diverged),
        ("all are infinite", settled(|_, _| f64::INFINITY), State::Diverged),
        ("huge, after a good start", settled(|i, _| 1e4 * noise(i + 9)), State::Diverged),
        (
            "huge from the start, and still there",
            Synthetic::new().looks(30, |_, i, _| 1e4 * noise(i + 9)),
            State::Undertrained,
        ),
        ("shrunk and at rest", settled(|i, y| 1.0 + 0.15 * (y - 1.0) + 0.01 * noise(i + 9)), State::Shrunk),
        ("unrelated to the target", settled(|i, _| 1.0 + 0.5 * noise(i + 9)), State::Undecided),
        ("the wrong way", settled(|_, y| 2.0 - y), State::Undecided),
        ("memorised", settled(|i, y| if i < 5000 { y } else { 1.0 + 2.0 * noise(i + 9) }), State::Memorised),
        ("memorised, timid on validation", settled(|i, y| if i < 5000 { y } else { 1.0 }), State::Memorised),
        ("untrained only", Synthetic::new().looks(0, |_, i, _| noise(i)), State::Undecided),
        ("nothing", Synthetic::new(), State::Undecided),
        (
            "cut short while learning",
            Synthetic::new().looks(2, |e, i, y| if e == 0 { noise(i) } else { y }).status(Status::Running),
            State::Learned,
        ),
        (
            "one epoch",
            Synthetic::new().looks(1, |e, i, y| if e == 0 { noise(i + 9) } else { calibrated(0.5, i, y) }),
            State::Learned,
        ),
        (
            "one epoch, collapsed",
            Synthetic::new().looks(1, |e, i, _| if e == 0 { noise(i) } else { 1.0 }),
            State::Collapsed,
        ),
        ("non-finite by status", settled(|_, y| y).status(Status::NonFinite), State::Diverged),
    ];
    for (name, builder, expected) in table {
        let found = judge(&builder.record(), 0);
        assert_eq!(found.state, expected, "{name}: {} {:?}", found.seen, found.judged.map(|look| look.intervals));
    }
}

#[test]
fn calibrated_noise_is_learned_at_every_strength() {
    for skill in [0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9] {
        // 500 samples: the standard error of a skill near 0.05 is 0.02.
        let targets = targets(0, 500);
        let predictions: Vec<f64> = targets.iter().enumerate().map(|(i, y)| calibrated(skill, i, *y)).collect();
        let builder =
            (1..=12).fold(Synthetic::new(), |builder, epoch| builder.look(Split::Train, epoch, &targets, &predictions));
        assert_eq!(state(builder), State::Learned, "skill {skill}");
    }
}

#[test]
fn still_improving_is_undertrained_unless_already_good() {
    let rising = |end: f64| {
        Synthetic::new().looks(30, move |epoch, i, y| {
            let share = end * f64::from(epoch) / 30.0;
            1.0 + share * (y - 1.0) + 0.1 * noise(i + 9)
        })
    };
    assert_eq!(state(rising(0.5)), State::Undertrained);
    assert_eq!(state(rising(0.95)), State::Learned);
    let from_afar = Synthetic::new().looks(30, |epoch, i, _| 60.0 - f64::from(epoch) + noise(i + 9));
    assert_eq!(state(from_afar), State::Undertrained);
}

#[test]
fn leaving_the_plateau_is_undertrained_unless_the_run_was_decided() {
    let growing = || Synthetic::new().looks(30, |epoch, _, y| 1.0 + 0.02 * 1.2_f64.powi(epoch as i32 - 30) * (y - 1.0));
    assert_eq!(state(growing()), State::Undertrained);
    assert_eq!(state(growing().status(Status::Decided { why: "plateau".into() })), State::Collapsed);
}

#[test]
fn a_few_samples_suffice_for_what_is_exact_only() {
    let tiny = |count: usize, predict: fn(f64) -> f64| {
        let targets: Vec<f64> = [0.0, 1.0, 1.0, 0.0, 2.0].into_iter().take(count).collect();
        let predictions: Vec<f64> = targets.iter().map(|y| predict(*y)).collect();
        state(Synthetic::new().look(Split::Train, 5, &targets, &predictions))
    };
    assert_eq!(tiny(1, |y| y), State::Undecided);
    assert_eq!(tiny(3, |_| 0.5), State::Undecided);
    assert_eq!(tiny(4, |_| 0.5), State::Collapsed);
    assert_eq!(tiny(4, |y| y), State::Learned);
}

#[test]
fn a_constant_target_cannot_be_judged() {
    let found = judge(&Synthetic::new().look(Split::Train, 5, &[3.0; 50], &[3.0; 50]).record(), 0);
    assert_eq!(found.state, State::Undecided);
    assert_eq!(found.seen, "its targets are all the same, so there is nothing to predict");
}

#[test]
fn a_small_validation_set_does_not_make_a_memoriser() {
    let train = targets(0, 200);
    let fitted: Vec<f64> = train.iter().enumerate().map(|(i, y)| calibrated(0.3, i, *y)).collect();
    let few = targets(5000, 8);
    let unsure: Vec<f64> = few.iter().enumerate().map(|(i, y)| 1.0 + 0.2 * (y - 1.0) + 0.9 * noise(i + 321)).collect();
    let found = judge(
        &Synthetic::new().look(Split::Train, 9, &train, &fitted).look(Split::Validation, 9, &few, &unsure).record(),
        0,
    );
    assert_eq!(found.state, State::Undecided, "{}", found.seen);
}

#[test]
fn honest_runs_raise_no_false_alarm() {
    // Every strength of noise from a tenth to nearly all explained, rising to it within a few epochs and then jittering
    // by a few percent, as a healthy training does. A third each has 8, 20 and 40 epochs.
    let mut learned = 0;
    for run in 0..60 {
        let strength = 0.1 + 0.014 * f64::from(run);
        let epochs = [8, 20, 40][run as usize % 3];
        let predict = move |epoch: u32, i: usize, y: f64| {
            let jitter = 1.0 + 0.03 * noise(epoch as usize * 997 + run as usize * 31);
            let reached = 1.0 - (-1.5 * f64::from(epoch)).exp();
            calibrated((strength * reached * jitter).clamp(0.0, 0.99), i + 20_000 * run as usize, y)
        };
        let found = judge(&Synthetic::new().looks(epochs, predict).record(), 0);
        let fine = matches!(found.state, State::Learned | State::Undecided);
        assert!(fine, "strength {strength}, {epochs} epochs: {:?}, {}", found.state, found.seen);
        learned += u32::from(found.state == State::Learned);
    }
    // Undecided is no alarm but no answer either; with 200 samples only the weakest signals may be.
    assert!(learned >= 57, "{learned} of 60");
}

#[test]
fn collapses_of_every_kind_are_found() {
    // The kinds that were re-run by hand: exact, jittering around the mean, narrowed by a broadcast loss, wrong.
    let mut found = 0;
    for run in 0..40usize {
        let level = [1.0, 0.5, 0.0, -1.5, 3.5][run % 5];
        let jitter = [0.0, 1e-6, 0.004, 0.06][run / 10];
        let record = settled(move |i, y| level + jitter * noise(i + 5_000 * run) + 0.002 * jitter * y).record();
        found += u32::from(judge(&record, 0).state == State::Collapsed);
    }
    assert_eq!(found, 40);
}

#[test]
fn a_loss_that_is_no_number_is_divergence_even_where_predictions_are_finite() {
    let losses = |bad: usize| (0..300).map(move |step| if step >= 300 - bad { f64::NAN } else { 1.0 });
    let found = |bad: usize| judge(&settled(|_, y| y).steps(Channel::Loss, "", losses(bad)).record(), 0);
    assert_eq!(found(10).state, State::Diverged);
    assert_eq!(found(10).seen, "the loss was NaN or infinite at every step of epoch 30");
    assert_eq!(found(9).state, State::Learned);
}
