//! Made-up runs for the tests of the causes: instruments that read as in good health, of a network that learned or of one
//! that answers a constant; and what a cause says of them, in lines.

use super::{Case, Cause, Evidence, Weight};
use crate::{
    experiment::{Activation, Layer},
    judge::{
        judge_run,
        synthetic::{Synthetic, noise, reference, targets},
    },
    record::{Channel, Record, Split},
};

/// Epochs of a staged run, of ten steps each.
pub(super) const EPOCHS: u32 = 30;
/// Steps of a staged run.
pub(super) const STEPS: usize = 300;

/// A run of a plain network on four usual columns, before anything was measured.
pub(super) fn bare() -> Synthetic {
    let layers = [dense(100, Activation::Relu), dense(1, Activation::Linear)];
    Synthetic::new().inputs(&[4]).network(&layers).references(&[reference(0.8, 1e-12)])
}

/// A dense layer.
pub(super) fn dense(units: u32, activation: Activation) -> Layer {
    Layer::Dense { units: Some(units), activation, bias: true, init: None }
}

/// A run that learned, all instruments reading well.
pub(super) fn learned() -> Synthetic {
    learns(bare())
}

/// A run that answers the mean though its instruments read well: no cause can be told by it.
pub(super) fn flat() -> Synthetic {
    flat_at(bare(), 1.0)
}

/// The same of any network.
pub(super) fn learns(of: Synthetic) -> Synthetic {
    let std = of.run().data.targets[0].train.std;
    instrumented(predicts(of, move |i, y| y + 0.2 * std * noise(i + 5)), 0.1)
}

/// The same of any network and constant.
pub(super) fn flat_at(of: Synthetic, level: f64) -> Synthetic {
    instrumented(predicts(of, move |_, _| level), 1.0)
}

/// Looks at predictions that are settled from the first epoch on, the same on the training path and at inference, of
/// targets with the mean and the standard deviation of the run's first output.
pub(super) fn predicts(of: Synthetic, predict: impl Fn(usize, f64) -> f64) -> Synthetic {
    let of = (0..=EPOCHS).fold(of, |of, epoch| {
        [(Split::Train, 0), (Split::Validation, 5000)].into_iter().fold(of, |of, (split, offset)| {
            let born = |i: usize, y: f64| if epoch == 0 { noise(i + 77) } else { predict(i, y) };
            look(of, split, epoch, offset, born)
        })
    });
    with_path(of, predict)
}

/// A look at the training path at the end.
pub(super) fn with_path(of: Synthetic, predict: impl Fn(usize, f64) -> f64) -> Synthetic {
    look(of, Split::TrainingPath, EPOCHS, 0, predict)
}

fn look(of: Synthetic, split: Split, epoch: u32, offset: usize, predict: impl Fn(usize, f64) -> f64) -> Synthetic {
    let train = of.run().data.targets[0].train;
    let targets: Vec<f64> = targets(offset, 200).iter().map(|y| train.mean + train.std * (y - 1.0) / 2.0).collect();
    let predictions: Vec<f64> = targets.iter().enumerate().map(|(i, y)| predict(i + offset, *y)).collect();
    of.look(split, epoch, &targets, &predictions)
}

/// Instruments that read well, with a loss that falls to `ratio` times the variance.
pub(super) fn instrumented(of: Synthetic, ratio: f64) -> Synthetic {
    let layers = of.run().layers.clone();
    let ratios: Vec<f64> = (0..STEPS).map(|step| ratio + 0.5 * (-(step as f64) / 20.0).exp()).collect();
    let losses = || ratios.iter().map(|ratio| 4.0 * ratio);
    let of = of
        .steps(Channel::LossRatio, "", ratios.clone())
        .steps(Channel::Loss, "", losses())
        .steps(Channel::RecomputedLoss, "", losses())
        .point(Split::Train, Channel::StabilityRatio, "", 0, 0.3)
        .point(Split::StandardisedInputs, Channel::StabilityRatio, "", 0, 0.3);
    let of = [1, 2, 4, 8, 16, 32, 64, 128, 256].into_iter().fold(of, |of, step| {
        of.point(Split::Train, Channel::PairedLoss, "", step, 8.0)
            .point(Split::Train, Channel::GradientCosine, "", step, 1.0)
            .point(Split::Train, Channel::GradientRatio, "", step, 1.0)
    });
    let of = [Split::Train, Split::TrainingPath].into_iter().fold(of, |of, split| {
        of.point(split, Channel::ActivationMean, "input", STEPS as u64, 0.0).point(
            split,
            Channel::ActivationStd,
            "input",
            STEPS as u64,
            1.0,
        )
    });
    let of = layers.iter().flat_map(|layer| &layer.parameters).fold(of, |of, name| {
        of.steps(Channel::GradientNorm, name, [0.3; STEPS])
            .steps(Channel::WeightNorm, name, [10.0; STEPS])
            .steps(Channel::UpdateRatio, name, [3e-3; STEPS])
            .epochs(Split::Train, Channel::DistanceFromStart, name, 1, [0.8; EPOCHS as usize])
    });
    layers.iter().fold(of, |of, layer| {
        let of = of.steps(Channel::ActivationStd, &layer.name, [1.0; STEPS]);
        match layer.activation.as_str() {
            "relu" => of.epochs(Split::Train, Channel::DeadFractionProbe, &layer.name, 0, [0.3; EPOCHS as usize + 1]),
            "tanh" | "sigmoid" => of.steps(Channel::Saturation, &layer.name, [0.05; STEPS]).point(
                Split::StandardisedInputs,
                Channel::Saturation,
                &layer.name,
                0,
                0.05,
            ),
            _ => of,
        }
    })
}

/// What a cause says of a run, line by line: the run's state, each piece of evidence, each fix.
pub(super) fn told(cause: &dyn Cause, of: Synthetic) -> String {
    let record = of.record();
    let run = judge_run(&record);
    let state = serde_json::to_value(run.state).expect("a word");
    let case = Case::of_run(&record, &run);
    std::iter::once(state.as_str().expect("a word").to_owned())
        .chain(lines(cause, &case))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The weights of a cause's evidence for a run, the weightiest first.
pub(super) fn weights(cause: &dyn Cause, of: Synthetic) -> Vec<Weight> {
    let mut weights: Vec<Weight> = evidence(cause, &of.record()).into_iter().map(|piece| piece.weight).collect();
    weights.sort_by(|one, other| other.cmp(one));
    weights
}

/// The same before training.
pub(super) fn told_before(cause: &dyn Cause, of: Synthetic) -> String {
    let run = of.record().run;
    let case = Case::before_training(&run.experiment, &run.data, run.references.as_ref(), &run.layers);
    lines(cause, &case).join("\n")
}

fn lines(cause: &dyn Cause, case: &Case<'_>) -> Vec<String> {
    let evidence = cause.evidence(case).into_iter().map(|piece| format!("{}: {}", word(piece.weight), piece.text));
    let fixes = cause.fixes(case).into_iter().map(|fix| format!("-> {}: {}", fix.change, fix.why));
    evidence.chain(fixes).collect()
}

/// All evidence of a cause for a run.
pub(super) fn evidence(cause: &dyn Cause, record: &Record) -> Vec<Evidence> {
    let run = judge_run(record);
    cause.evidence(&Case::of_run(record, &run))
}

fn word(weight: Weight) -> &'static str {
    match weight {
        Weight::Against => "against",
        Weight::Silent => "silent",
        Weight::Suggestive => "suggestive",
        Weight::Strong => "strong",
    }
}
