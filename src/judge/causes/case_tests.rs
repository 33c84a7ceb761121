//! Tests of [`super`].

use super::*;
use crate::judge::{
    causes::{
        recomputed::LoggedLoss,
        staged::{bare, dense, flat, learned},
    },
    judge_run,
    synthetic::{Synthetic, noise, reference},
};

/// What is read off the case of a record.
fn read<T>(of: Synthetic, reading: impl FnOnce(&Case<'_>) -> T) -> T {
    let record = of.record();
    let run = judge_run(&record);
    reading(&Case::of_run(&record, &run))
}

/// The same before training.
fn read_before<T>(of: Synthetic, reading: impl FnOnce(&Case<'_>) -> T) -> T {
    let run = of.record().run;
    reading(&Case::before_training(&run.experiment, &run.data, run.references.as_ref(), &run.layers))
}

#[test]
fn before_training_nothing_is_measured() {
    read_before(bare(), |case| {
        assert_eq!((case.state(), case.steps(), case.is_stuck(), case.is_flat()), (None, None, false, false));
        assert_eq!((case.spike(), case.unmoved(), case.first_stability_ratio()), (None, None, None));
        assert_eq!((case.usual_update(), case.largest_distance(), case.saturation()), (None, None, (None, None)));
        assert_eq!(case.logged_loss(), LoggedLoss::Unknown);
        assert!(case.faulty_outputs().is_empty() && case.gradient_cosines().is_empty());
        // But the targets are there, and what the references say of them.
        assert_eq!((case.faulty_targets().len(), case.has_signal()), (1, Some(true)));
    });
}

#[test]
fn only_outputs_that_are_at_fault_are_asked() {
    let two = |references: &[crate::references::ReferenceSkill]| {
        let targets: Vec<f64> = (0..400).map(|index| 1.0 + 2.0 * noise(index)).collect();
        let predictions: Vec<f64> =
            targets.iter().enumerate().map(|(i, y)| if i % 2 == 0 { *y } else { 1.0 }).collect();
        (1..=9).fold(Synthetic::new().outputs(&["good", "bad"]).references(references), |of, epoch| {
            of.look(Split::Train, epoch, &targets, &predictions)
        })
    };
    let names = |case: &Case<'_>| -> Vec<String> {
        case.faulty_outputs()
            .iter()
            .map(|output| output.name.clone())
            .chain(case.faulty_targets().iter().map(|target| target.name.clone()))
            .collect()
    };
    assert_eq!(read(two(&[reference(0.8, 1e-9)]), names), ["bad", "bad"]);
    assert_eq!(read(learned(), names), ["y", "y"], "all where none is");
}

#[test]
fn steps_are_counted_by_the_loss_or_by_whole_epochs() {
    assert_eq!(read(flat(), |case| case.steps()), Some(300));
    assert_eq!(read(flat().forget(Channel::Loss, ""), |case| case.steps()), Some(300), "thirty epochs of ten");
    assert_eq!(read(Synthetic::new(), |case| case.steps()), Some(0));
}

#[test]
fn a_spike_is_the_highest_of_the_first_steps_over_the_first() {
    let spike = |ratios: &[f64]| read(Synthetic::new().loss_ratios(ratios.iter().copied()), |case| case.spike());
    assert_eq!(spike(&[2.0, 30.0, 1.0]), Some((15.0, 2)));
    assert_eq!(spike(&[2.0, 30.0, f64::INFINITY, f64::NAN]), Some((f64::INFINITY, 3)));
    assert_eq!(spike(&[2.0, f64::NAN]), Some((1.0, 1)));
    assert_eq!(spike(&[f64::NAN, 3.0]), None);
    assert_eq!(spike(&[0.0, 3.0]), None);
    assert_eq!(spike(&[]), None);
    let late: Vec<f64> = (1..=60).map(|step| if step == 51 { 99.0 } else { 1.0 }).collect();
    assert_eq!(spike(&late).map(|(peak, _)| peak), Some(1.0));
    // A record that begins later says nothing of the first step.
    let cut = Synthetic::new().point(Split::Train, Channel::LossRatio, "", 40, 9.0);
    assert_eq!(read(cut, |case| case.spike()), None);
}

#[test]
fn units_that_die_are_told_from_those_that_were_born_dead() {
    let dead = |values: &[f64]| {
        let of =
            Synthetic::new().epochs(Split::Train, Channel::DeadFractionProbe, "dense_1", 0, values.iter().copied());
        read(of, |case| case.dead_layers().iter().map(|(layer, born)| (layer.name.clone(), *born)).collect::<Vec<_>>())
    };
    assert_eq!(dead(&[0.2, 1.0]), [("dense_1".to_owned(), 0.2)]);
    assert_eq!(dead(&[1.0, 0.99]), []);
    assert_eq!(dead(&[0.2, 1.0, f64::NAN]), []);
    assert_eq!(dead(&[]), []);
}

/// The losses at steps 1, 2, 4 and 8: logged, of the own targets, over all pairs.
fn losses(rows: [(f64, f64, f64); 4]) -> LoggedLoss {
    let of = [1, 2, 4, 8].into_iter().zip(rows).fold(Synthetic::new(), |of, (step, (logged, own, pairs))| {
        let of = of.point(Split::Train, Channel::Loss, "", step, logged);
        let of = of.point(Split::Train, Channel::RecomputedLoss, "", step, own);
        of.point(Split::Train, Channel::PairedLoss, "", step, pairs)
    });
    read(of, |case| case.logged_loss())
}

#[test]
fn the_logged_loss_is_told_by_what_it_equals() {
    assert_eq!(losses([(2.0, 2.0, 8.0); 4]), LoggedLoss::Own);
    assert_eq!(losses([(2.0 + 1e-5, 2.0, 8.0); 4]), LoggedLoss::Own, "rounding");
    assert_eq!(losses([(8.0, 2.0, 8.0); 4]), LoggedLoss::Paired { step: 8, logged: 8.0, mine: 2.0, pairs: 8.0 });
    assert!(matches!(losses([(5.0, 2.0, 8.0); 4]), LoggedLoss::Other { step: 1, logged: 5.0, mine: 2.0 }));
    // A single step at which the three agree proves nothing.
    assert_eq!(losses([(2.0, 2.0, 2.0); 4]), LoggedLoss::Own);
    assert_eq!(losses([(f64::NAN, f64::NAN, f64::NAN); 4]), LoggedLoss::Unknown);
}

#[test]
fn parameters_that_never_moved_need_a_measurement_and_exactly_zero() {
    let distance = |of: Synthetic, name: &str, last: f64| {
        of.epochs(Split::Train, Channel::DistanceFromStart, name, 1, [0.0, last])
    };
    assert_eq!(read(Synthetic::new(), |case| case.unmoved().map(|all| all.len())), None);
    let of = distance(distance(Synthetic::new(), "dense_1.weight", 0.0), "dense_2.weight", 1e-12);
    let of = of.steps(Channel::GradientNorm, "dense_1.weight", [0.0, 0.0, 0.4]);
    let found = read(of, |case| {
        case.unmoved().map(|all| all.iter().map(|(name, reached)| ((*name).to_owned(), *reached)).collect::<Vec<_>>())
    });
    assert_eq!(found, Some(vec![("dense_1.weight".to_owned(), true)]));
}

#[test]
fn hidden_layers_leave_out_the_last() {
    let layers = [dense(8, Activation::Linear), dense(8, Activation::Tanh), dense(1, Activation::Relu)];
    read(bare().network(&layers), |case| {
        assert_eq!(case.hidden_activation(), Some(Activation::Tanh));
        assert_eq!(case.hidden_with(&["relu"]).len(), 0);
        assert_eq!(case.weights(), ["dense_1.weight", "dense_2.weight", "dense_3.weight"]);
        assert_eq!(case.output_layer().map(|layer| layer.name.as_str()), Some("dense_3"));
    });
    let none = Synthetic::new().with(|run| (run.layers, run.experiment.model.layers) = (Vec::new(), Vec::new()));
    read(none, |case| {
        assert_eq!((case.hidden_activation(), case.output_layer()), (None, None));
        assert_eq!((case.weights().len(), case.largest_first_update()), (0, None));
    });
}
