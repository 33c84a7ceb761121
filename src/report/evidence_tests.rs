//! What the evidence says of made-up runs.

use super::*;
use crate::judge::{Constant, ConstantFit, Hold};
use crate::report::sample::{self, Fate};

fn said(diagnosis: &Diagnosis) -> String {
    let found = of(&diagnosis.runs[0], diagnosis);
    found.iter().map(|evidence| format!("{}: {}\n", evidence.id, evidence.clause)).collect()
}

fn estimate(value: f64) -> Option<Estimate> {
    Some(Estimate { value, low: value - 0.1, high: value + 0.1 })
}

#[test]
fn a_run_that_is_stuck() {
    insta::assert_snapshot!("stuck", said(&sample::question().0));
    let (mut one, _) = sample::of(&[Fate::Collapses], Hold::Plateau);
    sample::measured::give_outputs(&mut one, &["x"]);
    sample::measured::on_a_plateau(&mut one);
    one.runs[0].sharpness.truncate(1);
    insta::assert_snapshot!("plateau", said(&one));
}

#[test]
fn a_run_that_learned_has_evidence_that_does_not_matter() {
    let (diagnosis, _) = sample::of(&[Fate::Learns], Hold::Plateau);
    insta::assert_snapshot!("learned", said(&diagnosis));
    let matter = of(&diagnosis.runs[0], &diagnosis).into_iter().filter(|evidence| evidence.matters);
    assert_eq!(matter.map(|evidence| evidence.id).collect::<Vec<_>>(), ["reference"]);
}

#[test]
fn shrunk_and_mismatched_outputs() {
    let (mut diagnosis, _) = sample::of(&[Fate::Learns], Hold::Plateau);
    diagnosis.runs[0].outputs[0].state = State::Shrunk;
    diagnosis.runs[0].outputs[0].slope = estimate(2.8);
    diagnosis.runs[0].outputs[1].state = State::Mismatch;
    diagnosis.runs[0].outputs[1].training_path_skill = estimate(0.93);
    diagnosis.runs[0].outputs[1].train_skill = estimate(-0.01);
    let said = said(&diagnosis);
    assert!(
        said.contains("slope: slope of the target on the prediction 2.800 (2.700 to 2.900); 1 is calibrated\n"),
        "{said}"
    );
    assert!(
        said.contains(
            "mismatch: the same weights and samples have skill 0.930 on the training path and -0.010 at inference\n"
        ),
        "{said}"
    );
}

#[test]
fn constants_say_what_else_fits_and_references_what_they_doubt() {
    let (mut diagnosis, _) = sample::question();
    let run = &mut diagnosis.runs[0];
    let other = ConstantFit {
        same_fraction: Some(1.0),
        constant: Constant::Other,
        level: 0.31,
        at: 0.31,
        distance: Some(0.0),
        alternatives: Vec::new(),
    };
    run.outputs[1].constant_fit = Some(other);
    if let Some(best) = &mut run.outputs[1].best_reference {
        best.finds_signal = false;
    }
    let mixed = said(&diagnosis);
    assert!(
        mixed.contains("mean: `x` answers 0.0147, near the mean of the training targets, 0.013 (0.003 "),
        "{mixed}"
    );
    assert!(mixed.contains("other: `y` answers 0.31, none of the known constants\n"), "{mixed}");
    assert!(mixed.contains("`x` 0.620 by ridge on random features, `y` none beyond the mean"), "{mixed}");
    for output in &mut diagnosis.runs[0].outputs {
        if let Some(best) = &mut output.best_reference {
            best.finds_signal = false;
        }
    }
    let none = said(&diagnosis);
    assert!(none.contains("reference: none beyond the mean (best skill 0.470 to 0.620)"), "{none}");
}

#[test]
fn a_layer_without_a_linear_read_out_is_no_end_in_a_network_that_learned() {
    let (mut diagnosis, _) = sample::of(&[Fate::Learns], Hold::Plateau);
    diagnosis.runs[0].signal_ends_at = Some("dense_1".to_owned());
    let calm = said(&diagnosis);
    assert!(calm.contains("a linear read-out has skill 0.520 from the input and 0.970 from `dense_2`"), "{calm}");
    diagnosis.runs[0].state = State::Mismatch;
    let ends = said(&diagnosis);
    assert!(ends.contains("a linear read-out has skill 0.880 from `conv2d_2` and none from `dense_1` on"), "{ends}");
}

#[test]
fn a_flat_loss_of_a_dead_network_is_not_called_stable() {
    let flat = ": with dead units a flat loss is no sign of stability";
    let (mut diagnosis, _) = sample::question();
    assert!(said(&diagnosis).contains(flat));
    diagnosis.runs[0].dead_units.clear();
    assert!(!said(&diagnosis).contains(flat));
    let (mut learned, _) = sample::of(&[Fate::Learns], Hold::Plateau);
    learned.runs[0].sharpness.truncate(2);
    learned.runs[0].dead_units =
        vec![crate::judge::DeadUnits { layer: "dense_1".to_owned(), fraction: 0.05, units: 100 }];
    assert!(!said(&learned).contains(flat));
}

#[test]
fn what_is_said_can_be_explained() {
    let (mut diagnosis, _) = sample::question();
    sample::measured::on_a_plateau(&mut diagnosis);
    sample::measured::give_outputs(&mut diagnosis, &["x", "y", "z"]);
    diagnosis.runs[0].outputs[1].state = State::Shrunk;
    diagnosis.runs[0].outputs[1].slope = estimate(2.8);
    diagnosis.runs[0].outputs[2].state = State::Mismatch;
    diagnosis.runs[0].outputs[2].constant_fit = None;
    let found = of(&diagnosis.runs[0], &diagnosis);
    let ids: Vec<&str> = found.iter().map(|evidence| evidence.id).collect();
    assert_eq!(ids, ["reference", "mean", "plateau", "slope", "mismatch", "read-out", "sharpness"]);
    let constants = [
        Constant::Mean,
        Constant::Median,
        Constant::Zero,
        Constant::Bound,
        Constant::Clip,
        Constant::Extreme,
        Constant::Initial,
        Constant::Other,
    ];
    for id in ids.into_iter().chain(constants.map(words::constant)) {
        assert!(crate::judge::explain(id).is_some(), "`{id}`");
    }
    assert_eq!(
        found[1].sentence(),
        "Constant (mean): `x` answers 0.0147, near the mean of the training targets, 0.013 (0.003 standard deviations away); \
         median fits as well."
    );
}

#[test]
fn a_sharpness_that_is_not_finite_is_said() {
    let (mut diagnosis, _) = sample::of(&[Fate::Learns], Hold::Plateau);
    diagnosis.runs[0].sharpness[1].stability_ratio = f64::NAN;
    let found = of(&diagnosis.runs[0], &diagnosis);
    let sharpness = found.iter().find(|evidence| evidence.id == "sharpness").expect("measured");
    assert_eq!(
        sharpness.clause,
        "40 % of the stability limit before step 1, not finite after step 16, at the limit after step 640"
    );
    diagnosis.runs[0].sharpness[0].stability_ratio = f64::NAN;
    let found = of(&diagnosis.runs[0], &diagnosis);
    assert!(found.iter().any(|evidence| evidence.clause == "not finite before step 1"));
}

#[test]
fn nothing_measured_is_nothing_said() {
    let (mut diagnosis, _) = sample::question();
    sample::measured::forget(&mut diagnosis);
    assert_eq!(said(&diagnosis), "");
    assert_eq!(share(&diagnosis), None);
}

#[test]
fn the_share_counts_runs_that_are_as_bad() {
    let (diagnosis, _) = sample::question();
    assert_eq!(
        share(&diagnosis).as_deref(),
        Some("4 of 5 runs collapsed; 95 % interval of the share over seeds 0.37 to 0.98")
    );
    let (worse, _) = sample::of(&[Fate::Collapses, Fate::Explodes], Hold::Stuck);
    assert_eq!(
        share(&worse).map(|text| text.split(';').next().map(str::to_owned)),
        Some(Some("2 of 2 runs collapsed or worse".to_owned()))
    );
    let (learned, _) = sample::of(&[Fate::Learns, Fate::Learns], Hold::Stuck);
    assert!(share(&learned).is_some_and(|text| text.starts_with("2 of 2 runs learned")));
    let (mixed, _) = sample::of(&[Fate::Learns, Fate::Collapses, Fate::Learns], Hold::Stuck);
    assert_eq!(share(&mixed), None);
    assert_eq!(share(&sample::of(&[Fate::Learns], Hold::Stuck).0), None);
}
