#![doc = include_str!("inputs_not_scaled.md")]

use super::{
    Card, Case, Cause, Evidence, EvidenceFigure, Fix,
    case::{percent, shown},
    changes,
};
use crate::data::ColumnSummary;

/// Size of a column (its root mean square) above which it is far from what initial weights are made for.
const LARGE: f64 = 10.0;
/// See [`LARGE`].
const VERY_LARGE: f64 = 100.0;
/// Standard deviation of every column below which the network hardly sees a difference between samples.
const SMALL: f64 = 0.02;
/// Largest standard deviation of a column over the smallest from which the smaller one is lost beside it.
const UNEVEN: f64 = 100.0;
/// Standard deviations by which a column's mean lies off zero before its variation drowns in it.
const FAR_OFF: f64 = 8.0;
/// How much the sharpness over its limit has to fall with standardised inputs.
const FALLS: f64 = 5.0;

/// Inputs of a size that the network's start is not made for.
pub struct InputsNotScaled;

impl Cause for InputsNotScaled {
    fn card(&self) -> Card {
        Card { id: "inputs-not-scaled", since: "0.1", explain: include_str!("inputs_not_scaled.md") }
    }

    fn evidence(&self, case: &Case<'_>) -> Vec<Evidence> {
        let varying: Vec<&ColumnSummary> = case.data.columns.iter().filter(|column| column.train.std > 0.0).collect();
        let size = |column: &&ColumnSummary| column.train.mean.hypot(column.train.std);
        let Some(largest) = varying.iter().copied().max_by(|one, other| size(one).total_cmp(&size(other))) else {
            return Vec::new();
        };
        let off = |column: &&ColumnSummary| column.train.mean.abs() / column.train.std;
        let farthest = varying.iter().copied().max_by(|one, other| off(one).total_cmp(&off(other)));
        let small = varying.iter().all(|column| column.train.std < SMALL);
        let far_off = farthest.filter(|column| off(column) > FAR_OFF && column.train.mean.abs() > 1.0);
        let mut evidence = Vec::new();
        if size(&largest) > LARGE {
            evidence.push(
                Evidence::suggestive(format!(
                    "input `{}` has mean {} and standard deviation {}; initial weights are made for inputs near 1",
                    largest.name,
                    shown(largest.train.mean),
                    shown(largest.train.std)
                ))
                .number("mean", largest.train.mean)
                .number("std", largest.train.std),
            );
        } else if let Some(column) = far_off {
            evidence.push(
                Evidence::suggestive(format!(
                    "input `{}` varies by {} around {}: what the network sees is nearly a constant",
                    column.name,
                    shown(column.train.std),
                    shown(column.train.mean)
                ))
                .number("mean", column.train.mean)
                .number("std", column.train.std),
            );
        } else if small {
            evidence.push(
                Evidence::suggestive(format!(
                    "no input varies by more than {}: samples look alike to the network",
                    shown(varying.iter().map(|column| column.train.std).fold(0.0, f64::max))
                ))
                .number("std", largest.train.std),
            );
        } else if let Some((least, most)) = uneven(&varying) {
            evidence.push(
                Evidence::suggestive(format!(
                    "input `{}` varies by {} and `{}` by {}: the network hardly sees the smaller one",
                    least.name,
                    shown(least.train.std),
                    most.name,
                    shown(most.train.std)
                ))
                .number("smallest_std", least.train.std)
                .number("largest_std", most.train.std),
            );
        } else {
            return vec![Evidence::against(format!(
                "inputs are of a usual size: the largest, `{}`, has mean {} and standard deviation {}",
                largest.name,
                shown(largest.train.mean),
                shown(largest.train.std)
            ))];
        }
        let by_size = size(&largest);
        evidence.extend(saturated(case, by_size));
        evidence.extend(sharper(case).or_else(|| sharpened(case, by_size)));
        if evidence.len() == 1
            && by_size > VERY_LARGE
            && case.trained.is_some()
            && !case.is_adaptive()
            && is_thrown(case)
        {
            evidence.push(Evidence::strong(
                "the gradient of the first layer grows with the size of its inputs, and plain gradient descent takes steps of that size",
            ));
        }
        if evidence.len() == 1 && by_size > VERY_LARGE && case.is_flat() && !case.dead_layers().is_empty() {
            let text = "a unit that is pushed off by inputs of this size is off for all of them, and units are dead at the end";
            evidence.push(Evidence::strong(text).shown_in(EvidenceFigure::DeadUnitsPerLayer));
        }
        evidence
    }

    fn fixes(&self, case: &Case<'_>) -> Vec<Fix> {
        if case.inputs_are_raw() { vec![changes::scale_inputs()] } else { Vec::new() }
    }
}

/// The columns that vary least and most, where that is far apart.
fn uneven<'a>(varying: &[&'a ColumnSummary]) -> Option<(&'a ColumnSummary, &'a ColumnSummary)> {
    let least = varying.iter().copied().min_by(|one, other| one.train.std.total_cmp(&other.train.std))?;
    let most = varying.iter().copied().max_by(|one, other| one.train.std.total_cmp(&other.train.std))?;
    (most.train.std > UNEVEN * least.train.std).then_some((least, most))
}

/// Hidden units that standardised inputs would not saturate.
fn saturated(case: &Case<'_>, size: f64) -> Option<Evidence> {
    let (born, end) = case.saturation();
    if let (Some(born), Some(standardised)) = (born, case.standardised_saturation())
        && born > 0.3
        && standardised < 0.5 * born
    {
        return Some(
            Evidence::strong(format!(
                "{} of the units of a hidden layer are at an end of their range before the first step, and {} with standardised inputs",
                percent(born),
                percent(standardised)
            ))
            .shown_in(EvidenceFigure::Activations)
            .number("saturated", born)
            .number("saturated_standardised", standardised),
        );
    }
    let end = end.filter(|end| *end > 0.8 && size > LARGE)?;
    Some(
        Evidence::strong(format!(
            "{} of the units of a hidden layer end at an end of their range, where they do not tell inputs apart",
            percent(end)
        ))
        .shown_in(EvidenceFigure::Activations)
        .number("saturated", end),
    )
}

/// Whether the first steps were large.
fn is_thrown(case: &Case<'_>) -> bool {
    case.first_stability_ratio().is_some_and(|ratio| ratio > 1.0)
        || case.spike().is_some_and(|(peak, _)| peak > 3.0)
        || case.largest_first_update().is_some_and(|update| update > 0.3)
}

/// A first step that is too large because of the inputs: the curvature along the first layer grows with their square.
fn sharpened(case: &Case<'_>, size: f64) -> Option<Evidence> {
    // What standardised inputs would change was measured, or it is not known.
    let unknown = case.standardised_stability_ratio().is_none();
    let raw = case.first_stability_ratio().filter(|raw| unknown && *raw > 2.0 && size > VERY_LARGE)?;
    Some(
        Evidence::strong(format!(
            "the loss is {} times as sharp as the learning rate allows before the first step, and its curvature along the first \
             layer grows with the square of inputs near {}",
            shown(raw),
            shown(size)
        ))
        .shown_in(EvidenceFigure::Sharpness)
        .number("stability_ratio", raw)
        .number("size", size),
    )
}

/// A first step that standardised inputs would make safe.
fn sharper(case: &Case<'_>) -> Option<Evidence> {
    let (raw, standardised) = (case.first_stability_ratio()?, case.standardised_stability_ratio()?);
    (raw > 1.0 && raw > FALLS * standardised).then(|| {
        let text = format!(
            "the loss is {} times as sharp as the learning rate allows before the first step, and {} times with standardised inputs",
            shown(raw),
            shown(standardised)
        );
        // What standardising does not bring below the limit is not the inputs' doing alone.
        let evidence = if standardised < 1.5 { Evidence::strong(text) } else { Evidence::suggestive(text) };
        evidence
            .shown_in(EvidenceFigure::Sharpness)
            .number("stability_ratio", raw)
            .number("stability_ratio_standardised", standardised)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        experiment::{Activation, Optimiser, Scaling},
        judge::{
            causes::staged::{STEPS, bare, dense, flat, flat_at, learned, told, told_before},
            synthetic::Synthetic,
        },
        record::{Channel, Split},
    };

    fn sgd(of: Synthetic) -> Synthetic {
        of.experiment(|experiment| {
            experiment.training.optimiser =
                Optimiser::Sgd { lr: 0.01, momentum: 0.0, nesterov: false, weight_decay: 0.0 };
        })
    }

    fn sharpness(of: Synthetic, raw: f64, standardised: f64) -> Synthetic {
        of.forget(Channel::StabilityRatio, "").point(Split::Train, Channel::StabilityRatio, "", 0, raw).point(
            Split::StandardisedInputs,
            Channel::StabilityRatio,
            "",
            0,
            standardised,
        )
    }

    #[test]
    fn inputs_that_saturate_what_standardised_ones_would_not() {
        let layers = [dense(32, Activation::Tanh), dense(1, Activation::Linear)];
        let of = flat_at(bare().network(&layers), 1.0).column(0, 128.0, 70.0);
        let saturated = of
            .forget(Channel::Saturation, "dense_1")
            .steps(Channel::Saturation, "dense_1", [0.99; STEPS])
            .point(Split::StandardisedInputs, Channel::Saturation, "dense_1", 0, 0.1);
        insta::assert_snapshot!(told(&InputsNotScaled, saturated), @r#"
        collapsed
        suggestive: input `x0` has mean 128 and standard deviation 70; initial weights are made for inputs near 1
        strong: 99 % of the units of a hidden layer are at an end of their range before the first step, and 10 % with standardised inputs
        -> data.scale_inputs="standard": every column then has mean 0 and standard deviation 1, which the initial weights are made for
        "#);
    }

    #[test]
    fn a_first_step_that_standardised_inputs_would_make_safe() {
        let of = |standardised| sharpness(flat().column(3, 5000.0, 2000.0), 40.0, standardised);
        insta::assert_snapshot!(told(&InputsNotScaled, of(0.2)), @r#"
        collapsed
        suggestive: input `x3` has mean 5000 and standard deviation 2000; initial weights are made for inputs near 1
        strong: the loss is 40 times as sharp as the learning rate allows before the first step, and 0.2 times with standardised inputs
        -> data.scale_inputs="standard": every column then has mean 0 and standard deviation 1, which the initial weights are made for
        "#);
        // Still far too sharp: the rate is to blame as well.
        insta::assert_snapshot!(told(&InputsNotScaled, of(4.0)), @r#"
        collapsed
        suggestive: input `x3` has mean 5000 and standard deviation 2000; initial weights are made for inputs near 1
        suggestive: the loss is 40 times as sharp as the learning rate allows before the first step, and 4 times with standardised inputs
        -> data.scale_inputs="standard": every column then has mean 0 and standard deviation 1, which the initial weights are made for
        "#);
        // Sharp either way: that is not the inputs' doing.
        insta::assert_snapshot!(told(&InputsNotScaled, of(39.0)), @r#"
        collapsed
        suggestive: input `x3` has mean 5000 and standard deviation 2000; initial weights are made for inputs near 1
        -> data.scale_inputs="standard": every column then has mean 0 and standard deviation 1, which the initial weights are made for
        "#);
    }

    #[test]
    fn plain_gradient_descent_steps_as_far_as_its_inputs_are_large() {
        let thrown = |of: Synthetic| {
            let ratios = (1..=STEPS).map(|step| if step == 2 { 40.0 } else { 1.0 });
            of.forget(Channel::LossRatio, "").steps(Channel::LossRatio, "", ratios)
        };
        insta::assert_snapshot!(told(&InputsNotScaled, thrown(sgd(flat().column(0, 0.0, 300.0)))), @r#"
        collapsed
        suggestive: input `x0` has mean 0 and standard deviation 300; initial weights are made for inputs near 1
        strong: the gradient of the first layer grows with the size of its inputs, and plain gradient descent takes steps of that size
        -> data.scale_inputs="standard": every column then has mean 0 and standard deviation 1, which the initial weights are made for
        "#);
        // In calm water, and with steps of a size that is given.
        let strong = |of: Synthetic| told(&InputsNotScaled, of).contains("strong");
        assert!(!strong(sgd(flat().column(0, 0.0, 300.0))));
        assert!(!strong(thrown(flat().column(0, 0.0, 300.0))));
    }

    #[test]
    fn what_varies_little_fits() {
        insta::assert_snapshot!(told(&InputsNotScaled, flat().column(2, 9.0, 0.5)).lines().nth(1).expect("fits"), @"suggestive: input `x2` varies by 0.5 around 9: what the network sees is nearly a constant");
        let small = (0..4).fold(flat(), |of, index| of.column(index, 0.0, 0.004));
        insta::assert_snapshot!(told(&InputsNotScaled, small).lines().nth(1).expect("fits"), @"suggestive: no input varies by more than 0.004: samples look alike to the network");
        insta::assert_snapshot!(told_before(&InputsNotScaled, bare().column(0, 128.0, 70.0)), @r#"
        suggestive: input `x0` has mean 128 and standard deviation 70; initial weights are made for inputs near 1
        -> data.scale_inputs="standard": every column then has mean 0 and standard deviation 1, which the initial weights are made for
        "#);
    }

    #[test]
    fn inputs_near_one_speak_against_and_are_not_scaled_twice() {
        insta::assert_snapshot!(told(&InputsNotScaled, sharpness(flat(), 40.0, 0.2)), @r#"
        collapsed
        against: inputs are of a usual size: the largest, `x3`, has mean 0 and standard deviation 1
        -> data.scale_inputs="standard": every column then has mean 0 and standard deviation 1, which the initial weights are made for
        "#);
        insta::assert_snapshot!(told(&InputsNotScaled, learned()).lines().nth(1).expect("against"), @"against: inputs are of a usual size: the largest, `x3`, has mean 0 and standard deviation 1");
        let scaled = learned().experiment(|experiment| experiment.data.scale_inputs = Scaling::MinMax);
        assert!(!told(&InputsNotScaled, scaled).contains("->"));
        // A constant column carries nothing, however large it is.
        insta::assert_snapshot!(told(&InputsNotScaled, flat().column(0, 900.0, 0.0)).lines().nth(1).expect("against"), @"against: inputs are of a usual size: the largest, `x3`, has mean 0 and standard deviation 1");
    }
}
