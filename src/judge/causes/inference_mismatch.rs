#![doc = include_str!("inference_mismatch.md")]

use super::{Card, Case, Cause, Evidence, EvidenceFigure, Fix, case::shown};
use crate::{
    judge::{State, stats},
    record::{Channel, Split},
};

/// Share of a standard deviation by which the inputs of both paths may differ: one is a sample of the other.
const SAME_INPUTS: f64 = 0.05;
/// Correlation of both paths' predictions above which one is an affine map of the other.
const AFFINE: f64 = 0.99;
/// The same in a network with batch normalisation.
const AFFINE_WITH_BATCH_NORM: f64 = 0.9999;
/// Standard deviations of the training column by which a validation column's mean is off before it is another column.
const OTHER_COLUMN: f64 = 4.0;

/// Predictions are made from other inputs, or given in other units, than in training.
pub struct InferenceMismatch;

impl Cause for InferenceMismatch {
    fn card(&self) -> Card {
        Card { id: "inference-mismatch", since: "0.1", explain: include_str!("inference_mismatch.md") }
    }

    fn evidence(&self, case: &Case<'_>) -> Vec<Evidence> {
        let mut evidence = Vec::new();
        if let Some((fed, trained_on)) = other_inputs(case) {
            evidence.push(
                Evidence::strong(format!(
                    "the same samples reach the network with mean {} and standard deviation {} at inference, and with {} and {} in \
                     training",
                    shown(fed.0),
                    shown(fed.1),
                    shown(trained_on.0),
                    shown(trained_on.1)
                ))
                .shown_in(EvidenceFigure::Activations)
                .number("inference_mean", fed.0)
                .number("inference_std", fed.1)
                .number("training_mean", trained_on.0)
                .number("training_std", trained_on.1),
            );
        }
        if let Some((slope, offset)) = affine_between_paths(case) {
            evidence.push(
                Evidence::strong(format!(
                    "what inference answers is {} times what the training path answers, plus {}: it is given in other units",
                    shown(slope),
                    shown(offset)
                ))
                .shown_in(EvidenceFigure::PredictedAgainstTarget)
                .number("factor", slope)
                .number("shift", offset),
            );
        }
        if evidence.is_empty() && case.is_any(&[State::Mismatch]) {
            let text =
                "the network is far better on the training path than at inference, with the same weights and samples";
            evidence.push(Evidence::suggestive(text).shown_in(EvidenceFigure::SpreadAndSkill));
        }
        if let Some((column, off)) = other_columns(case) {
            let text = format!(
                "column `{column}` of the validation split lies {} of its standard deviations away from where it was in training",
                shown(off)
            );
            let good_in_training =
                case.faulty_outputs().iter().any(|output| output.train_skill.is_some_and(|skill| skill.low > 0.5));
            evidence.push(if good_in_training { Evidence::strong(text) } else { Evidence::suggestive(text) });
        }
        let same = case.trained.is_some() && paths_agree(case) == Some(true) && evidence.is_empty();
        if same {
            evidence.push(Evidence::against("the same samples get the same predictions on both paths"));
        }
        evidence
    }

    fn fixes(&self, _case: &Case<'_>) -> Vec<Fix> {
        vec![
            Fix::new("faults.inference_input_factor", "1.0", "inference then sees inputs in the units of training"),
            Fix::new("faults.inference_input_shift", "0.0", "inference then sees inputs where training saw them"),
            Fix::new("faults.inference_output_factor", "1.0", "predictions are then given in the units of the targets"),
            Fix::new("faults.inference_output_shift", "0.0", "predictions are then given where the targets lie"),
        ]
    }

    fn advice(&self) -> Option<&'static str> {
        Some(
            "fit scaling once on the training split, save it with the network, and use the same numbers, there and back, at inference",
        )
    }
}

/// Mean and standard deviation of the inputs at inference and in training, where they differ.
pub(super) fn other_inputs(case: &Case<'_>) -> Option<((f64, f64), (f64, f64))> {
    let of = |split: Split| {
        Some((
            case.at_end(split, Channel::ActivationMean, "input")?,
            case.at_end(split, Channel::ActivationStd, "input")?,
        ))
    };
    let (fed, trained_on) = (of(Split::Train)?, of(Split::TrainingPath)?);
    let unit = trained_on.1.max(f64::MIN_POSITIVE);
    let differ = fed != trained_on
        && ((fed.0 - trained_on.0).abs() > SAME_INPUTS * unit || (fed.1 / unit - 1.0).abs() > SAME_INPUTS);
    differ.then_some((fed, trained_on))
}

/// Training-path and inference predictions of the first output that varies, on the same samples.
fn both_paths(case: &Case<'_>) -> Option<(Vec<f64>, Vec<f64>)> {
    let record = case.trained?.record;
    let outputs = record.run.data.targets.len();
    let (path, inference) = (record.last_predictions(Split::TrainingPath)?, record.last_predictions(Split::Train)?);
    if path.samples != inference.samples {
        return None;
    }
    let column = |values: &[f32]| values.iter().step_by(outputs.max(1)).map(|value| f64::from(*value)).collect();
    let pair: (Vec<f64>, Vec<f64>) = (column(&path.predictions), column(&inference.predictions));
    pair.0.iter().chain(&pair.1).all(|value| value.is_finite()).then_some(pair)
}

/// Whether both paths give the same predictions; absent where that was not looked at.
fn paths_agree(case: &Case<'_>) -> Option<bool> {
    let (path, inference) = both_paths(case)?;
    let unit = case.data.targets.first().map_or(1.0, |target| target.train.std.max(f64::MIN_POSITIVE));
    let squares: Vec<f64> = path.iter().zip(&inference).map(|(one, other)| ((one - other) / unit).powi(2)).collect();
    Some(stats::mean(&squares)?.sqrt() < 0.05)
}

/// Slope and offset of inference predictions on training-path ones, where they are an affine map other than the identity.
pub(super) fn affine_between_paths(case: &Case<'_>) -> Option<(f64, f64)> {
    let (path, inference) = both_paths(case)?;
    // Batch normalisation with lagging statistics comes close to an affine map.
    let affine = if case.has_batch_norm() { AFFINE_WITH_BATCH_NORM } else { AFFINE };
    if paths_agree(case)? || stats::correlation(&path, &inference)?.abs() < affine {
        return None;
    }
    let slope = stats::correlation(&path, &inference)?.signum()
        * (stats::variance(&inference)? / stats::variance(&path)?).sqrt();
    let offset = stats::mean(&inference)? - slope * stats::mean(&path)?;
    // Inputs in other units can do that to a linear network, and are told by themselves.
    (other_inputs(case).is_none()).then_some((slope, offset))
}

/// The input column whose validation values are farthest from its training values, where that is far.
fn other_columns<'a>(case: &Case<'a>) -> Option<(&'a str, f64)> {
    let off = |column: &'a crate::data::ColumnSummary| {
        let validation = column.validation?;
        let distance = (validation.mean - column.train.mean).abs();
        let unit = column.train.std.max(1e-6 * column.train.mean.abs()).max(f64::MIN_POSITIVE);
        Some((column.name.as_str(), distance / unit)).filter(|(_, off)| off.is_finite())
    };
    let farthest = case.data.columns.iter().filter_map(off).max_by(|one, other| one.1.total_cmp(&other.1))?;
    (farthest.1 > OTHER_COLUMN && case.data.validation_samples >= 10).then_some(farthest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        data::Moments,
        judge::{
            causes::staged::{STEPS, bare, flat, instrumented, learned, predicts, told, told_before, with_path},
            synthetic::{Synthetic, noise},
        },
    };

    /// Fine on the training path, and this at inference.
    fn inference(predict: impl Fn(usize, f64) -> f64) -> Synthetic {
        with_path(instrumented(predicts(bare(), predict), 0.1), |i, y| y + 0.2 * noise(i + 5))
    }

    fn fed(of: Synthetic, mean: f64, std: f64) -> Synthetic {
        let step = STEPS as u64 + 1;
        of.point(Split::Train, Channel::ActivationMean, "input", step, mean).point(
            Split::Train,
            Channel::ActivationStd,
            "input",
            step,
            std,
        )
    }

    #[test]
    fn other_inputs_at_inference() {
        insta::assert_snapshot!(told(&InferenceMismatch, fed(inference(|_, _| 1.0), 0.0, 1.0 / 255.0)), @r"
        mismatch
        strong: the same samples reach the network with mean 0 and standard deviation 0.004 at inference, and with 0 and 1 in training
        -> faults.inference_input_factor=1.0: inference then sees inputs in the units of training
        -> faults.inference_input_shift=0.0: inference then sees inputs where training saw them
        -> faults.inference_output_factor=1.0: predictions are then given in the units of the targets
        -> faults.inference_output_shift=0.0: predictions are then given where the targets lie
        ");
        // A sample of the inputs differs by a little from all of them.
        let a_little = fed(learned(), 0.03, 1.02);
        insta::assert_snapshot!(told(&InferenceMismatch, a_little).lines().nth(1).expect("against"), @"against: the same samples get the same predictions on both paths");
    }

    #[test]
    fn answers_in_other_units() {
        let of = inference(|i, y| 2.0 * (y + 0.2 * noise(i + 5)) - 30.0);
        insta::assert_snapshot!(told(&InferenceMismatch, of).lines().take(2).collect::<Vec<_>>().join("\n"), @r"
        mismatch
        strong: what inference answers is 2 times what the training path answers, plus -30: it is given in other units
        ");
        // Upside down is in other units as well.
        let of = inference(|i, y| -0.5 * (y + 0.2 * noise(i + 5)));
        insta::assert_snapshot!(told(&InferenceMismatch, of).lines().nth(1).expect("strong"), @"strong: what inference answers is -0.5 times what the training path answers, plus 0: it is given in other units");
    }

    #[test]
    fn another_network_at_inference_fits_only() {
        // As batch normalisation with statistics of its own makes it.
        let of = inference(|i, _| 300.0 * noise(i + 50));
        insta::assert_snapshot!(told(&InferenceMismatch, of).lines().take(2).collect::<Vec<_>>().join("\n"), @r"
        mismatch
        suggestive: the network is far better on the training path than at inference, with the same weights and samples
        ");
    }

    #[test]
    fn validation_columns_from_elsewhere() {
        let moved = |of: Synthetic| {
            of.with(|run| {
                run.data.columns[1].validation = Some(Moments { mean: 120.0, std: 30.0, min: 0.0, max: 255.0 });
            })
        };
        insta::assert_snapshot!(told(&InferenceMismatch, moved(learned())).lines().nth(1).expect("strong"), @"strong: column `x1` of the validation split lies 120 of its standard deviations away from where it was in training");
        insta::assert_snapshot!(told(&InferenceMismatch, moved(flat())).lines().nth(1).expect("fits"), @"suggestive: column `x1` of the validation split lies 120 of its standard deviations away from where it was in training");
        insta::assert_snapshot!(told_before(&InferenceMismatch, moved(bare())).lines().next().expect("fits"), @"suggestive: column `x1` of the validation split lies 120 of its standard deviations away from where it was in training");
        let few = moved(learned()).with(|run| run.data.validation_samples = 5);
        insta::assert_snapshot!(told(&InferenceMismatch, few).lines().nth(1).expect("against"), @"against: the same samples get the same predictions on both paths");
    }

    #[test]
    fn the_same_on_both_paths_speaks_against() {
        insta::assert_snapshot!(told(&InferenceMismatch, learned()), @r"
        learned
        against: the same samples get the same predictions on both paths
        -> faults.inference_input_factor=1.0: inference then sees inputs in the units of training
        -> faults.inference_input_shift=0.0: inference then sees inputs where training saw them
        -> faults.inference_output_factor=1.0: predictions are then given in the units of the targets
        -> faults.inference_output_shift=0.0: predictions are then given where the targets lie
        ");
        insta::assert_snapshot!(told(&InferenceMismatch, flat()).lines().nth(1).expect("against"), @"against: the same samples get the same predictions on both paths");
    }
}
