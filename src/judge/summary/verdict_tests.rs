//! Snapshots of the verdict's sentences over synthetic diagnoses.

use super::*;
use crate::judge::{Constant, DeadUnits, Estimate, Hold};

fn around(value: f64) -> Option<Estimate> {
    Some(Estimate { value, low: value - 0.02, high: value + 0.01 })
}

fn output(name: &str, state: State, skill: f64, constant: Option<Constant>) -> OutputDiagnosis {
    OutputDiagnosis {
        name: name.into(),
        state,
        constant,
        constant_fit: None,
        seen: "its predictions were looked at".into(),
        split: Split::Validation,
        skill: around(skill),
        train_skill: around(0.93),
        spread: around(0.3),
        corr: Some(0.5),
        slope: around(1.0),
        best_reference: None,
        training_path_skill: None,
    }
}

fn run(state: State, outputs: Vec<OutputDiagnosis>) -> RunDiagnosis {
    RunDiagnosis {
        learned_in_between: false,
        seed: 0,
        lr: 0.01,
        state,
        hold: (state == State::Collapsed).then_some(Hold::Plateau),
        constant: agreed(
            outputs.iter().filter(|output| output.state == State::Collapsed).map(|output| output.constant),
        ),
        collapsed_at_step: None,
        epochs: 9,
        outputs,
        dead_units: Vec::new(),
        findings: Vec::new(),
        certificate: None,
        escape_rate: None,
        signal: Vec::new(),
        signal_ends_at: None,
        sharpness: Vec::new(),
        stopped: String::new(),
    }
}

fn one(state: State, skill: f64) -> RunDiagnosis {
    run(state, vec![output("y", state, skill, None)])
}

fn flat(constant: Constant, step: Option<u64>, proof: Option<(&str, u64)>) -> RunDiagnosis {
    let certificate = proof.map(|(layer, units)| StuckCertificate {
        layer: layer.into(),
        units,
        samples: 10_000,
        frozen_parameters: Vec::new(),
        step: 40,
        moving_parameters: Vec::new(),
        gaps_to_mean: Vec::new(),
    });
    let base = run(State::Collapsed, vec![output("y", State::Collapsed, 0.0, Some(constant))]);
    RunDiagnosis { collapsed_at_step: step, certificate, ..base }
}

fn said(state: State, runs: &[RunDiagnosis]) -> String {
    let outputs = runs.iter().find(|run| run.state == state).map_or(Vec::new(), |run| run.outputs.clone());
    verdict(state, runs, &outputs)
}

#[test]
fn collapsed() {
    use Constant::{Bound, Initial, Mean, Median, Other, Zero};
    let proof = Some(("dense_1", 100));
    let dead = |fraction| {
        let units = vec![DeadUnits { layer: "dense_1".into(), fraction, units: 100 }];
        RunDiagnosis { dead_units: units, ..flat(Mean, Some(9), None) }
    };
    let c = State::Collapsed;
    let all = [
        said(c, &[flat(Mean, Some(9), proof)]),
        said(c, &[flat(Median, None, None)]),
        said(
            c,
            &[
                flat(Mean, Some(9), proof),
                flat(Mean, Some(7), proof),
                flat(Mean, Some(12), proof),
                flat(Mean, None, None),
                one(State::Learned, 0.97),
            ],
        ),
        said(c, &[flat(Zero, Some(0), None), flat(Zero, Some(0), None)]),
        said(c, &[flat(Bound, Some(3), proof), flat(Bound, Some(5), Some(("conv2d_1", 1)))]),
        said(
            c,
            &[
                flat(Mean, Some(3), None),
                flat(Other, Some(5), None),
                one(State::Learned, 0.5),
                one(State::Learned, 0.6),
            ],
        ),
        said(c, &[flat(Initial, None, None), one(State::Undertrained, 0.1)]),
        said(c, &[flat(Other, Some(4), proof), one(State::Diverged, 0.1), one(State::Undecided, 0.0)]),
        said(c, &[dead(1.0)]),
        said(c, &[dead(1.0), dead(0.97)]),
    ];
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn two_constants_in_one_run_are_not_called_one() {
    let outputs = vec![
        output("x", State::Collapsed, 0.0, Some(Constant::Mean)),
        output("y", State::Collapsed, 0.0, Some(Constant::Zero)),
    ];
    insta::assert_snapshot!(said(State::Collapsed, &[run(State::Collapsed, outputs)]));
}

#[test]
fn learned_memorised_and_undertrained() {
    use State::{Learned, Memorised, Undertrained};
    let several = |state| run(state, vec![output("x", state, 0.97, None), output("y", State::Learned, 0.9985, None)]);
    let all = [
        said(Learned, &[one(Learned, 0.97)]),
        said(Learned, &[one(Learned, 0.97), one(Learned, 0.96), flat(Constant::Mean, Some(9), None)]),
        said(Learned, &[several(Learned)]),
        said(Memorised, &[one(Memorised, -0.12)]),
        said(Memorised, &[several(Memorised), one(Learned, 0.3)]),
        said(Undertrained, &[one(Undertrained, 0.4)]),
        said(Undertrained, &[several(Undertrained), several(Undertrained)]),
    ];
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn partial_diverged_and_undecided() {
    use State::{Collapsed, Diverged, Learned, Partial, Undecided};
    let mixed = run(
        Partial,
        vec![
            output("x", Collapsed, 0.0, Some(Constant::Mean)),
            output("y", Learned, 0.93, None),
            output("z", Undecided, 0.0, None),
        ],
    );
    let many = run(
        Partial,
        (0..9).map(|i| output(&format!("y{i}"), if i < 7 { Learned } else { Collapsed }, 0.9, None)).collect(),
    );
    let mut lost = one(Diverged, 0.0);
    (lost.outputs[0].skill, lost.outputs[0].seen) = (None, "400 of 400 predictions are NaN or infinite".into());
    let mut two_lost = lost.clone();
    two_lost.outputs.push(output("x", Learned, 0.9, None));
    let all = [
        said(Partial, std::slice::from_ref(&mixed)),
        said(Partial, &[mixed, many]),
        said(Diverged, &[lost.clone()]),
        said(Diverged, &[lost.clone(), two_lost.clone(), one(Learned, 0.9)]),
        said(Diverged, &[two_lost]),
        said(Undecided, &[one(Undecided, -0.3)]),
        said(Undecided, &[run(Undecided, Vec::new())]),
        said(Undecided, &[]),
    ];
    insta::assert_snapshot!(all.join("\n"));
}
