//! Tests of [`super::decide`]: each decision beside a run that differs in one thing and gets another.

use super::*;
use crate::experiment::Optimiser;
use crate::judge::synthetic::{STEPS_PER_EPOCH, Synthetic, calibrated, noise};

fn stops(builder: Synthetic) -> Option<String> {
    match decide(&builder.record()) {
        Decision::Stop { why } => Some(why),
        Decision::GoOn | Decision::Certify { .. } => None,
    }
}

fn without_early_stop(builder: Synthetic) -> Synthetic {
    builder.with(|run| run.experiment.diagnosis.early_stop = false)
}

fn flat(epochs: u32, level: impl Fn(u32) -> f64) -> Synthetic {
    Synthetic::new().looks(epochs, move |epoch, i, _| if epoch == 0 { noise(i) } else { level(epoch) })
}

/// A network that died in epoch `died`: gradients are zero from its end on.
fn dead(died: u32, now: u32) -> Synthetic {
    let steps = u64::from(now) * STEPS_PER_EPOCH;
    let gradient = |step: u64| {
        if step <= u64::from(died) * STEPS_PER_EPOCH { 0.5 } else { 0.0 }
    };
    let fraction = |epoch: u32| if epoch >= died { 1.0 } else { 0.2 };
    Synthetic::new()
        .steps(Channel::Loss, "", (1..=steps).map(|_| 1.0))
        .steps(Channel::GradientNorm, "dense_1.weight", (1..=steps).map(gradient))
        .steps(Channel::GradientNorm, "dense_1.bias", (1..=steps).map(gradient))
        .steps(Channel::GradientNorm, "dense_2.weight", (1..=steps).map(|_| 0.0))
        .steps(Channel::GradientNorm, "dense_2.bias", (1..=steps).map(|_| 0.1))
        .epochs(Split::Train, Channel::DeadFractionProbe, "dense_1", 0, (0..=now).map(fraction))
        .epochs(Split::Train, Channel::DeadFractionProbe, "dense_2", 0, (0..=now).map(|_| 0.0))
}

#[test]
fn a_dead_cut_off_layer_asks_for_a_proof_until_all_motion_must_be_over() {
    let asks = |now: u32| matches!(decide(&dead(3, now).record()), Decision::Certify { .. });
    let last = 3 + (MOST_MOTION_STEPS / STEPS_PER_EPOCH) as u32;
    assert!(!asks(3), "a gradient flowed in epoch 3");
    assert!(asks(4) && asks(5) && asks(last) && !asks(last + 1));
    let wanted = Decision::Certify { layers: vec!["dense_1".into()] };
    assert_eq!(decide(&dead(3, 4).record()), wanted);
    assert_eq!(decide(&without_early_stop(dead(3, 4)).record()), wanted);
}

#[test]
fn no_proof_is_asked_for_while_the_constant_runs_away() {
    let with = |skills: [f64; 4]| {
        let run = dead(3, 4).epochs(Split::Train, Channel::Skill, "y", 1, skills);
        matches!(decide(&run.record()), Decision::Certify { .. })
    };
    assert!(!with([0.0, -0.2, -0.4, -0.8]), "farther off at each look");
    assert!(!with([0.0, -0.2, -0.4, f64::NEG_INFINITY]));
    assert!(with([-9.0, -8.0, -7.0, -6.0]), "on its way to the mean");
    assert!(with([0.0, 0.0, 0.0, -0.01]), "at the mean, with jitter");
}

#[test]
fn no_proof_is_asked_for_under_weight_decay() {
    let decaying = dead(3, 4).with(|run| {
        run.experiment.training.optimiser =
            Optimiser::Sgd { lr: 0.1, momentum: 0.9, nesterov: false, weight_decay: 1e-4 };
    });
    assert_eq!(decide(&decaying.record()), Decision::GoOn);
}

#[test]
fn no_proof_is_asked_for_while_a_gradient_flows_or_a_unit_lives() {
    let leaking = dead(3, 4).with(|run| run.layers[0].parameters.push("dense_2.bias".into()));
    assert_eq!(decide(&leaking.record()), Decision::GoOn);
    let unmeasured = dead(3, 4).with(|run| run.layers[0].parameters.push("dense_1.scale".into()));
    assert_eq!(decide(&unmeasured.record()), Decision::GoOn);
    let alive = dead(3, 4).epochs(Split::Train, Channel::DeadFractionProbe, "dense_1", 4, [0.99]);
    assert_eq!(decide(&alive.record()), Decision::GoOn);
}

#[test]
fn a_proof_stops_only_where_early_stop_is_on() {
    let resting = || dead(3, 4).looks(4, |epoch, i, _| if epoch == 0 { noise(i) } else { 1.0 }).certificate();
    let why = stops(resting()).expect("a stop");
    insta::assert_snapshot!(why, @"proved stuck: no gradient reaches `dense_1` or anything before it, and none ever will");
    assert_eq!(decide(&without_early_stop(resting()).record()), Decision::GoOn);
}

#[test]
fn a_proof_waits_for_the_constant_to_rest_but_not_for_ever() {
    let travelling =
        |now: u32| dead(1, now).looks(now, |epoch, i, _| if epoch == 0 { noise(i) } else { -30.0 + f64::from(epoch) });
    assert_eq!(stops(travelling(4).certificate()), None, "its last bias still travels");
    assert!(stops(travelling(40).certificate()).is_some(), "beyond all patience");
}

#[test]
fn numbers_that_are_not_finite_stop_in_any_case() {
    let losses = |bad: usize| (0..20).map(move |step| if step >= 20 - bad { f64::NAN } else { 1.0 });
    let run = |bad: usize| without_early_stop(Synthetic::new()).steps(Channel::Loss, "", losses(bad));
    insta::assert_snapshot!(stops(run(10)).expect("a stop"), @"the loss was NaN or infinite at every step of epoch 2");
    assert_eq!(stops(run(9)), None);
    let predictions = |bad: usize| {
        without_early_stop(Synthetic::new()).looks(2, move |_, i, y| if i % 5000 < bad { f64::INFINITY } else { y })
    };
    insta::assert_snapshot!(stops(predictions(200)).expect("a stop"), @"every prediction was NaN or infinite at epoch 2");
    assert_eq!(stops(predictions(199)), None);
}

#[test]
fn a_learned_network_stops_when_certain_or_settled() {
    let good = |epochs: u32| Synthetic::new().looks(epochs, |epoch, i, y| if epoch == 0 { noise(i) } else { y });
    insta::assert_snapshot!(stops(good(3)).expect("a stop"), @"learned: skill 1.000 for 3 epochs in a row");
    assert_eq!(stops(good(2)), None);
    assert_eq!(stops(without_early_stop(good(3))), None);
    let settled = |epochs: u32| {
        Synthetic::new().looks(epochs, |epoch, i, y| if epoch == 0 { noise(i) } else { calibrated(0.95, i, y) })
    };
    let why = stops(settled(11)).expect("a stop");
    assert!(why.starts_with("learned and settled: skill 0.9"), "{why}");
    assert!(why.ends_with("no better for 10 epochs"), "{why}");
    assert_eq!(stops(settled(10)), None);
    // Weak but honest: it stops when nothing improves, and goes on while it creeps by less than counts as better.
    let weak = |epochs: u32, rate: f64| {
        let skill = move |epoch: u32| 1.0 - 0.7 * (-rate * f64::from(epoch)).exp();
        Synthetic::new().skills((1..=epochs).map(skill))
    };
    insta::assert_snapshot!(stops(weak(30, 0.0)).expect("a stop"), @"no progress for 29 epochs: skill 0.300 of the worst output");
    // A hundredth takes it a little more than 10 epochs, so at some of these ends its patience is over.
    for epochs in 380..395 {
        assert_eq!(stops(weak(epochs, 0.95e-3)), None, "{epochs}");
    }
}

#[test]
fn creeping_forward_is_not_settled() {
    let creeping = (0..40).map(|epoch| 0.9 + 0.002 * f64::from(epoch));
    assert_eq!(stops(Synthetic::new().skills(creeping)), None);
}

#[test]
fn a_plateau_stops_after_the_patience() {
    let at_the_mean = |epoch: u32| 1.0 + 0.1 * f64::from(epoch % 2);
    insta::assert_snapshot!(
        stops(flat(10, at_the_mean)).expect("a stop"),
        @"plateau: the predictions were one constant for 10 epochs in a row"
    );
    assert_eq!(stops(flat(9, at_the_mean)), None);
    assert_eq!(stops(without_early_stop(flat(10, at_the_mean))), None);
    assert!(stops(flat(10, |_| -30.0)).is_some(), "a bound that no gradient moves");
    assert_eq!(stops(flat(20, |epoch| -30.0 + 0.5 * f64::from(epoch))), None, "a bias that still travels");
}

#[test]
fn a_network_on_its_way_out_is_left_alone() {
    let growing = Synthetic::new().looks(12, |epoch, _, y| 1.0 + 0.03 * 1.3_f64.powi(epoch as i32 - 12) * (y - 1.0));
    assert_eq!(stops(growing), None);
    let one_learned = flat(12, |_| 1.0).with(|run| run.data.targets[0].name = "other".into());
    assert_eq!(stops(one_learned), None, "no series of that name");
}

#[test]
fn an_empty_record_goes_on() {
    assert_eq!(decide(&Synthetic::new().record()), Decision::GoOn);
    assert_eq!(decide(&Synthetic::new().outputs(&[]).with(|run| run.layers.clear()).record()), Decision::GoOn);
}

#[test]
fn a_constant_that_travels_to_a_far_mean_is_waited_for_and_one_that_closes_in_or_shakes_is_not() {
    // Targets are near 1; a constant far from them whose error hardly changes while it moves.
    let far = |level: fn(f64) -> f64| {
        Synthetic::new().looks(
            20,
            move |epoch, i, _| {
                if epoch == 0 { 1e4 + noise(i) } else { 1e4 - level(f64::from(epoch)) }
            },
        )
    };
    assert_eq!(stops(far(|epoch| 0.01 * epoch)), None, "it travels");
    assert!(stops(far(|epoch| -0.1 * 0.5_f64.powf(epoch))).is_some(), "it closes in on where it rests");
    assert!(stops(far(|epoch| 0.01 * (epoch % 2.0))).is_some(), "it is shaken");
}
