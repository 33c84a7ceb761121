#![doc = include_str!("batchnorm_mode.md")]

use super::{
    Card, Case, Cause, Evidence, EvidenceFigure, Fix,
    inference_mismatch::{affine_between_paths, other_inputs},
    words::{percent, shown},
};
use crate::{experiment::Layer, judge::State, record::Split};

/// Share of the untrained running statistics that may be left before inference is another network.
const LEFT: f64 = 0.1;
/// Samples of a batch up to which its statistics are mostly noise.
const SMALL_BATCH: u32 = 4;

/// Batch normalisation that works with other statistics while predicting than while training, or with useless ones.
pub struct BatchnormMode;

impl Cause for BatchnormMode {
    fn card(&self) -> Card {
        Card { id: "batchnorm-mode", since: "0.1", explain: include_str!("batchnorm_mode.md") }
    }

    fn evidence(&self, case: &Case<'_>) -> Vec<Evidence> {
        if !case.has_batch_norm() {
            return vec![Evidence::against("the network has no batch normalisation")];
        }
        let mut evidence = Vec::new();
        if case.is_any(&[State::Mismatch]) {
            let both = case
                .faulty_outputs()
                .into_iter()
                .find_map(|output| Some((output.training_path_skill?.value, output.train_skill?.value)));
            if let Some((path, inference)) = both {
                // Inputs or predictions in other units are told by themselves.
                let otherwise = other_inputs(case).is_some() || affine_between_paths(case).is_some();
                let weight = if otherwise { Evidence::suggestive } else { Evidence::strong };
                evidence.push(
                    weight(format!(
                        "with the same weights and samples the skill is {} where batches are normalised by their own statistics \
                         and {} where the running ones are used",
                        shown(path),
                        shown(inference)
                    ))
                    .shown_in(EvidenceFigure::SpreadAndSkill)
                    .number("training_path_skill", path)
                    .number("inference_skill", inference),
                );
            }
        }
        if let Some((momentum, left)) = left_of_start(case) {
            let text = format!(
                "with a momentum of {} the running statistics still hold {} of where they started",
                shown(momentum),
                percent(left)
            );
            evidence.push(Evidence::suggestive(text).number("left", left));
        }
        if same_on_both_paths(case) {
            evidence.push(Evidence::strong(
                "predictions are equal to the bit on the training path and on the inference path, which batch normalisation in \
                 training mode does not give: it was trained with the running statistics",
            ));
        }
        if case.experiment.training.batch_size <= SMALL_BATCH {
            let size = case.experiment.training.batch_size;
            evidence
                .push(Evidence::suggestive(format!("batches of {size} samples: their statistics are mostly noise")));
        }
        evidence
    }

    fn fixes(&self, case: &Case<'_>) -> Vec<Fix> {
        let mut fixes = Vec::new();
        for (index, layer) in case.experiment.model.layers.iter().enumerate() {
            if let Layer::BatchNorm { momentum, .. } = layer
                && *momentum < 0.1
            {
                let why = "the running statistics then follow the batches";
                fixes.push(Fix::new(&format!("model.layers.{index}.momentum"), "0.1", why));
            }
        }
        if case.experiment.training.batch_size < 16 && case.data.train_samples >= 64 {
            fixes.push(Fix::new("training.batch_size", 32, "statistics of 32 samples are steady"));
        }
        fixes.push(Fix::new("faults.training_mode", "\"train\"", "steps then use and move the batch statistics"));
        fixes
    }

    fn advice(&self) -> Option<&'static str> {
        Some(
            "call `train()` before each epoch and `eval()` before predicting, and check the convention of the momentum",
        )
    }
}

/// Momentum and what is left of the running statistics' start, where that is much.
fn left_of_start(case: &Case<'_>) -> Option<(f64, f64)> {
    let training = &case.experiment.training;
    let planned = case.data.train_samples.div_ceil(u64::from(training.batch_size.max(1))) * u64::from(training.epochs);
    // Of a run that made no step nothing can be said.
    let steps = case.steps().or(Some(planned)).filter(|steps| *steps > 0)?;
    let momenta = case.experiment.model.layers.iter().filter_map(|layer| match layer {
        Layer::BatchNorm { momentum, .. } => Some(*momentum),
        _ => None,
    });
    let momentum = momenta.min_by(f64::total_cmp)?;
    let left = (1.0 - momentum).powf(steps as f64);
    (left > LEFT).then_some((momentum, left))
}

/// Whether both paths gave the same predictions to the bit.
fn same_on_both_paths(case: &Case<'_>) -> bool {
    let Some(trained) = case.trained else { return false };
    let newest = |split: Split| trained.record.last_predictions(split);
    let (Some(path), Some(inference)) = (newest(Split::TrainingPath), newest(Split::Train)) else { return false };
    let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<u32>>();
    path.samples == inference.samples
        && path.predictions.iter().all(|value| value.is_finite())
        && bits(&path.predictions) == bits(&inference.predictions)
        // A constant is the same on every path.
        && path.predictions.windows(2).any(|pair| pair[0] != pair[1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        experiment::Activation,
        judge::{
            causes::staged::{
                bare, dense, flat, flat_at, instrumented, learns, predicts, told, told_before, with_path,
            },
            synthetic::{Synthetic, noise},
        },
    };

    fn normalised(momentum: f64) -> Synthetic {
        let norm = Layer::BatchNorm { momentum, epsilon: 1e-5, activation: Activation::Relu };
        bare().network(&[dense(32, Activation::Linear), norm, dense(1, Activation::Linear)])
    }

    /// One network by its own batches, another by the running statistics.
    fn split(momentum: f64, inference: impl Fn(usize, f64) -> f64) -> Synthetic {
        with_path(instrumented(predicts(normalised(momentum), inference), 0.1), |i, y| y + 0.3 * noise(i + 5))
    }

    #[test]
    fn running_statistics_that_hardly_moved_are_another_network() {
        insta::assert_snapshot!(told(&BatchnormMode, split(1e-4, |_, _| 1.0)), @r#"
        mismatch
        strong: with the same weights and samples the skill is 0.977 where batches are normalised by their own statistics and -0.009 where the running ones are used
        suggestive: with a momentum of 1.0e-4 the running statistics still hold 97 % of where they started
        -> model.layers.1.momentum=0.1: the running statistics then follow the batches
        -> faults.training_mode="train": steps then use and move the batch statistics
        "#);
        insta::assert_snapshot!(told_before(&BatchnormMode, normalised(1e-5)), @r#"
        suggestive: with a momentum of 1.0e-5 the running statistics still hold 97 % of where they started
        -> model.layers.1.momentum=0.1: the running statistics then follow the batches
        -> faults.training_mode="train": steps then use and move the batch statistics
        "#);
    }

    #[test]
    fn a_training_in_inference_mode_gives_the_same_on_both_paths() {
        insta::assert_snapshot!(told(&BatchnormMode, learns(normalised(0.1))), @r#"
        learned
        strong: predictions are equal to the bit on the training path and on the inference path, which batch normalisation in training mode does not give: it was trained with the running statistics
        -> faults.training_mode="train": steps then use and move the batch statistics
        "#);
        // A constant is the same on every path.
        insta::assert_snapshot!(told(&BatchnormMode, flat_at(normalised(0.1), 1.0)), @r#"
        collapsed
        -> faults.training_mode="train": steps then use and move the batch statistics
        "#);
    }

    #[test]
    fn batches_of_four_are_mostly_noise() {
        let of = split(0.1, |i, y| y + 0.3 * noise(i + 6)).experiment(|experiment| experiment.training.batch_size = 4);
        insta::assert_snapshot!(told(&BatchnormMode, of), @r#"
        learned
        suggestive: batches of 4 samples: their statistics are mostly noise
        -> training.batch_size=32: statistics of 32 samples are steady
        -> faults.training_mode="train": steps then use and move the batch statistics
        "#);
    }

    #[test]
    fn a_batch_normalisation_in_order_says_nothing() {
        insta::assert_snapshot!(told(&BatchnormMode, split(0.1, |i, y| y + 0.3 * noise(i + 6))), @r#"
        learned
        -> faults.training_mode="train": steps then use and move the batch statistics
        "#);
    }

    #[test]
    fn without_one_it_is_ruled_out() {
        insta::assert_snapshot!(told(&BatchnormMode, flat()), @r#"
        collapsed
        against: the network has no batch normalisation
        -> faults.training_mode="train": steps then use and move the batch statistics
        "#);
    }
}
