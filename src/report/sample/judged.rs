//! What the judge says of the made-up runs.

use std::collections::BTreeMap;

use crate::judge::{
    Axis, Cell, Comparison, Constant, DeadUnits, Diagnosis, Estimate, Finding, Hold, OutputDiagnosis, RunDiagnosis,
    State, Verdict,
};
use crate::record::{Channel, Point, Reading, Record, SeriesId, Split};

use super::{COLLAPSE, EPOCHS, Fate, caused, certificate, measured, record};

/// The judge's view of a made-up run.
pub fn run(fate: Fate, seed: u64, lr: f64, outputs: &[&str]) -> RunDiagnosis {
    let collapsed = fate == Fate::Collapses;
    let estimate = |value: f64, half: f64| Some(Estimate { value, low: value - half, high: value + half });
    let (skill, spread, corr) = match fate {
        Fate::Collapses => (estimate(-0.0006, 0.004), estimate(0.0, 0.0), None),
        Fate::Learns => (estimate(0.973, 0.006), estimate(0.961, 0.01), Some(0.988)),
        Fate::Explodes => (None, None, None),
    };
    let dead = [("conv2d_1", 0.5, 10), ("conv2d_2", 0.6, 20), ("dense_1", 1.0, 100)];
    RunDiagnosis {
        learned_in_between: false,
        seed,
        lr,
        state: fate.state(),
        hold: collapsed.then_some(Hold::Stuck),
        constant: collapsed.then_some(Constant::Mean),
        collapsed_at_step: collapsed.then_some(COLLAPSE),
        epochs: EPOCHS,
        outputs: outputs
            .iter()
            .map(|name| OutputDiagnosis {
                name: (*name).to_owned(),
                state: fate.state(),
                constant: collapsed.then_some(Constant::Mean),
                constant_fit: collapsed.then(measured::constant_fit),
                seen: if collapsed { "it is one constant" } else { "it follows the target" }.to_owned(),
                split: Split::Validation,
                skill,
                train_skill: skill,
                spread,
                corr,
                slope: if fate == Fate::Learns { estimate(1.01, 0.02) } else { None },
                best_reference: Some(measured::best_reference(name)),
                training_path_skill: skill,
            })
            .collect(),
        dead_units: dead
            .iter()
            .filter(|_| collapsed)
            .map(|(layer, fraction, units)| DeadUnits {
                layer: (*layer).to_owned(),
                fraction: *fraction,
                units: *units,
            })
            .collect(),
        findings: findings(fate),
        certificate: collapsed.then(certificate),
        escape_rate: None,
        signal: measured::signal(fate),
        signal_ends_at: collapsed.then(|| "dense_1".to_owned()),
        sharpness: measured::sharpness(fate),
        stopped: "all epochs were trained".to_owned(),
    }
}

/// The symptoms of a made-up run.
fn findings(fate: Fate) -> Vec<Finding> {
    let finding = |id: &str, subjects: &[&str], sentence: &str, step| Finding {
        id: id.to_owned(),
        subjects: subjects.iter().map(|name| (*name).to_owned()).collect(),
        sentence: sentence.to_owned(),
        numbers: BTreeMap::new(),
        step,
        split: Split::Train,
    };
    match fate {
        Fate::Collapses => vec![
            finding("flat-prediction", &["x", "y"], "predictions of `x` and `y` do not vary at all", 300),
            finding(
                "dead-layer",
                &["dense_1"],
                "`dense_1` is exactly zero in all units for every sample of the probe set",
                300,
            ),
        ],
        Fate::Learns => Vec::new(),
        Fate::Explodes => {
            vec![finding(
                "non-finite",
                &["dense_1"],
                "an activation of `dense_1` was NaN or infinite, first at step 30",
                30,
            )]
        }
    }
}

/// Five runs of the question's network: four collapse, one learns.
pub fn question() -> (Diagnosis, Vec<Record>) {
    let fates = [Fate::Collapses, Fate::Collapses, Fate::Learns, Fate::Collapses, Fate::Collapses];
    of(&fates, Hold::Stuck)
}

/// A diagnosis of runs with these fates; the verdict is the first one's.
pub fn of(fates: &[Fate], hold: Hold) -> (Diagnosis, Vec<Record>) {
    let outputs = ["x", "y"];
    let runs: Vec<RunDiagnosis> = (1u64..).zip(fates).map(|(seed, fate)| run(*fate, seed, 0.01, &outputs)).collect();
    let records = (1u64..).zip(fates).map(|(seed, fate)| record(*fate, seed)).collect();
    let state = fates[0].state();
    let collapsed = state == State::Collapsed;
    let mut diagnosis = Diagnosis {
        schema: crate::judge::SCHEMA,
        name: "boxes".to_owned(),
        verdict: Verdict {
            state,
            hold: collapsed.then_some(hold),
            constant: collapsed.then_some(Constant::Mean),
            share: measured::share(fates, state),
            summary: summary(state).to_owned(),
        },
        outputs: runs[0].outputs.clone(),
        runs,
        references: Some(measured::references(&outputs)),
        not_examined: vec!["the curvature along the path: only at its ends".to_owned(), "other optimisers".to_owned()],
        report: None,
        causes: Vec::new(),
        ruled_out: Vec::new(),
        verification: None,
        patched_config: None,
    };
    if collapsed {
        caused::explain(&mut diagnosis);
    }
    (diagnosis, records)
}

fn summary(state: State) -> &'static str {
    match state {
        State::Collapsed => {
            "4 of 5 runs predict the mean of the targets whatever the input. All 100 units of dense_1 are dead from step 9 \
             on, so no gradient reaches the layers before it, and they can never recover."
        }
        State::Learned => "The run explains 97 % of the targets' variance on validation.",
        _ => "The loss is NaN from step 30 on.",
    }
}

/// The values of each cell and its records.
type CellRecords = Vec<(Vec<String>, Vec<Record>)>;

/// Four learning rates by four seeds.
pub fn compared() -> (Comparison, CellRecords) {
    use Fate::{Collapses as C, Explodes as E, Learns as L};
    let plan = [
        ("1e-4", 1e-4, [L, L, L, L]),
        ("1e-3", 1e-3, [L, C, L, L]),
        ("1e-2", 1e-2, [C, C, L, C]),
        ("1e-1", 0.1, [C, E, E, C]),
    ];
    let outputs = ["x", "y"];
    let mut cells = Vec::new();
    let mut records = Vec::new();
    for (text, lr, fates) in plan {
        let runs: Vec<RunDiagnosis> = (1u64..).zip(fates).map(|(seed, fate)| run(fate, seed, lr, &outputs)).collect();
        let mut states = BTreeMap::new();
        for run in &runs {
            *states.entry(run.state).or_insert(0) += 1;
        }
        let lost = fates.iter().filter(|fate| **fate != L).count() as f64 / 4.0;
        cells.push(Cell {
            values: vec![text.to_owned()],
            states,
            p_collapse: Estimate { value: lost, low: (lost - 0.35).max(0.0), high: (lost + 0.35).min(1.0) },
            skill: (lost < 1.0).then_some(Estimate { value: 0.9 * (1.0 - lost), low: 0.0, high: 0.97 }),
            runs,
        });
        records.push((vec![text.to_owned()], (1u64..).zip(fates).map(|(seed, fate)| record(fate, seed)).collect()));
    }
    let comparison = Comparison {
        schema: crate::judge::SCHEMA,
        name: "boxes".to_owned(),
        axes: vec![Axis {
            path: "training.optimiser.lr".to_owned(),
            values: plan.iter().map(|(text, ..)| (*text).to_owned()).collect(),
        }],
        cells,
        summary: "Collapse becomes likelier with the learning rate: none of 4 runs at 1e-4, 3 of 4 at 1e-2.".to_owned(),
        not_examined: vec!["other optimisers".to_owned()],
        report: None,
    };
    (comparison, records)
}

/// A record with these few values in one series, and nothing else.
pub fn tiny(channel: Channel, layer: &str, values: &[f64]) -> (Diagnosis, Vec<Record>) {
    let (mut diagnosis, mut records) = of(&[Fate::Collapses], Hold::Stuck);
    measured::forget(&mut diagnosis);
    caused::forget(&mut diagnosis);
    let record = &mut records[0];
    let looks =
        values.iter().zip(1u64..).map(|(value, step)| Point { step, epoch: step as u32, value: Reading::new(*value) });
    let id = SeriesId { split: Split::Train, channel, layer: layer.to_owned(), unit: None };
    record.series = BTreeMap::from([(id, looks.collect())]);
    record.probe.clear();
    (diagnosis, records)
}
