//! What was measured beside the training of the made-up runs: references, signal by depth, sharpness.

use crate::judge::{
    BestReference, Constant, ConstantFit, Diagnosis, Estimate, Hold, LayerSignal, SharpnessReading, State,
};
use crate::references::{Learner, LearnerSkill, ReferenceSkill, References};

use super::Fate;

fn around(value: f64, half: f64) -> Estimate {
    Estimate { value, low: value - half, high: value + half }
}

/// On validation it is a little higher.
fn moved(skill: Estimate) -> Estimate {
    Estimate { value: skill.value + 0.01, low: skill.low + 0.01, high: skill.high + 0.01 }
}

/// Skill of a learner for an output; the second output is harder.
fn skill(learner: Learner, output: &str) -> Estimate {
    let harder = if output == "y" { 0.1 } else { 0.0 };
    match learner {
        Learner::Mean => around(-0.0004, 0.0004),
        Learner::Median => around(-0.003, 0.002),
        Learner::Ridge => around(0.52 - harder, 0.05),
        Learner::RandomFeatures => around(0.61 - 1.5 * harder, 0.04),
        Learner::Neighbours => around(0.31 - 2.0 * harder, 0.06),
    }
}

/// Five learners on a part of the data.
pub fn references(outputs: &[&str]) -> References {
    let learners =
        [Learner::Mean, Learner::Median, Learner::Ridge, Learner::RandomFeatures, Learner::Neighbours].map(|learner| {
            let of = |output: &&str| {
                let attained = skill(learner, output);
                let constant = matches!(learner, Learner::Mean | Learner::Median);
                ReferenceSkill {
                    cross_validated: Some(attained),
                    validation: Some(if constant { attained } else { moved(attained) }),
                    p_value: (!constant).then_some(1e-9),
                }
            };
            LearnerSkill { learner, outputs: outputs.iter().map(of).collect() }
        });
    References {
        samples: 2_000,
        of_samples: 10_000,
        validation_samples: 1_000,
        folds: 5,
        input: "16 x 16 pooled pixels".to_owned(),
        learners: learners.to_vec(),
    }
}

/// The best of [`references`].
pub fn best_reference(output: &str) -> BestReference {
    let attained = skill(Learner::RandomFeatures, output);
    BestReference { learner: Learner::RandomFeatures, skill: moved(attained), finds_signal: true }
}

/// The mean, and the median as well.
pub fn constant_fit() -> ConstantFit {
    ConstantFit {
        same_fraction: Some(1.0),
        constant: Constant::Mean,
        level: 0.0147,
        at: 0.013,
        distance: Some(0.003),
        alternatives: vec![Constant::Median],
    }
}

/// Read-out and rank by depth.
pub fn signal(fate: Fate) -> Vec<LayerSignal> {
    let start = [(0.52, 38.0), (0.55, 24.0), (0.57, 16.0), (0.58, 11.0), (0.31, 1.9)];
    let end = match fate {
        Fate::Collapses => [(0.52, 38.0), (0.41, 6.2), (0.31, 3.1), (-0.002, 0.0), (-0.002, 0.0)],
        Fate::Learns => [(0.52, 38.0), (0.74, 21.0), (0.88, 12.0), (0.96, 8.0), (0.97, 2.0)],
        Fate::Explodes => return Vec::new(),
    };
    let layers = std::iter::once("input").chain(super::LAYERS);
    let looks = layers.zip(start).zip(end);
    looks
        .map(|((layer, start), end)| LayerSignal {
            layer: layer.to_owned(),
            readout_at_start: Some(start.0),
            readout_at_end: Some(end.0),
            rank_at_start: Some(start.1),
            rank_at_end: Some(end.1),
        })
        .collect()
}

/// Sharpness before the first step, and three times later.
pub fn sharpness(fate: Fate) -> Vec<SharpnessReading> {
    let ratios: &[f64] = match fate {
        Fate::Collapses => &[42.0, 3.5, 0.02, 0.01],
        Fate::Learns => &[0.4, 0.7, 0.95, 1.02],
        Fate::Explodes => &[130.0],
    };
    let looks = [0, 16, 160, 640].into_iter().zip(ratios);
    looks.map(|(step, ratio)| SharpnessReading { step, sharpness: 3_800.0 * ratio, stability_ratio: *ratio }).collect()
}

/// The share of runs that are as bad as the verdict, or worse.
pub fn share(fates: &[Fate], state: State) -> Option<Estimate> {
    let hits = fates.iter().filter(|fate| fate.state().severity() >= state.severity()).count();
    let counts = |number: usize| u32::try_from(number).expect("a few runs");
    Some(crate::stats::jeffreys(counts(hits), counts(fates.len())))
}

/// A plateau with the rate at which others left theirs.
pub fn on_a_plateau(diagnosis: &mut Diagnosis) {
    diagnosis.verdict.hold = Some(Hold::Plateau);
    for run in &mut diagnosis.runs {
        run.hold = run.hold.map(|_| Hold::Plateau);
        run.certificate = None;
        run.escape_rate = run.hold.map(|_| Estimate { value: 0.12, low: 0.08, high: 0.17 });
    }
}

/// Gives a diagnosis these outputs, all judged as its first one was.
pub fn give_outputs(diagnosis: &mut Diagnosis, names: &[&str]) {
    let given = |outputs: &mut Vec<crate::judge::OutputDiagnosis>| {
        let Some(model) = outputs.first().cloned() else { return };
        let named = names.iter().map(|name| crate::judge::OutputDiagnosis {
            name: (*name).to_owned(),
            best_reference: Some(best_reference(name)),
            ..model.clone()
        });
        *outputs = named.collect();
    };
    given(&mut diagnosis.outputs);
    diagnosis.runs.iter_mut().for_each(|run| given(&mut run.outputs));
    diagnosis.references = Some(references(names));
}

/// Gives each run this many layers whose signal was measured.
pub fn deepen(diagnosis: &mut Diagnosis, layers: usize) {
    for run in &mut diagnosis.runs {
        let Some(model) = run.signal.last().cloned() else { continue };
        run.signal =
            (0..layers).map(|depth| LayerSignal { layer: format!("layer_{depth}"), ..model.clone() }).collect();
    }
}

/// Takes all that was measured beside the training out of a diagnosis, as of a run of an older version.
pub fn forget(diagnosis: &mut Diagnosis) {
    diagnosis.references = None;
    diagnosis.verdict.share = None;
    let outputs = diagnosis.runs.iter_mut().flat_map(|run| &mut run.outputs);
    for output in outputs.chain(&mut diagnosis.outputs) {
        output.constant_fit = None;
        output.best_reference = None;
        output.slope = None;
        output.training_path_skill = None;
    }
    for run in &mut diagnosis.runs {
        run.escape_rate = None;
        run.signal.clear();
        run.signal_ends_at = None;
        run.sharpness.clear();
    }
}
