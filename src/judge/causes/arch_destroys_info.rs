#![doc = include_str!("arch_destroys_info.md")]

use super::{Card, Case, Cause, Evidence, EvidenceFigure, Fix, case::shown};
use crate::{
    experiment::Layer,
    record::{Channel, Split},
};

/// Read-out below which a layer holds nothing of the target.
const NOTHING: f64 = 0.05;
/// Read-out from which a layer holds something.
const SOMETHING: f64 = 0.15;
/// Read-out of which pooling may not lose the better part.
const LARGE_READOUT: f64 = 0.5;
/// Effective rank up to which a layer's answers vary in one direction at most.
const ONE_DIRECTION: f64 = 1.05;

/// A layer that lets nothing of what is needed through, whatever its weights are.
pub struct ArchDestroysInfo;

impl Cause for ArchDestroysInfo {
    fn card(&self) -> Card {
        Card { id: "arch-destroys-info", since: "0.1", explain: include_str!("arch_destroys_info.md") }
    }

    fn evidence(&self, case: &Case<'_>) -> Vec<Evidence> {
        let mut evidence = Vec::new();
        evidence.extend(pooled_away(case));
        evidence.extend(narrow(case));
        evidence
    }

    fn fixes(&self, case: &Case<'_>) -> Vec<Fix> {
        let mut fixes = Vec::new();
        let inputs = case.data.input_shape.iter().product::<usize>();
        for (index, layer) in case.experiment.model.layers.iter().enumerate() {
            let is_last = index + 1 == case.experiment.model.layers.len();
            match layer {
                Layer::AvgPool2d { size, .. } | Layer::MaxPool2d { size, .. } if *size > 3 => {
                    let why = "smaller windows keep the place at which something was seen";
                    fixes.push(Fix::new(&format!("model.layers.{index}.size"), 2, why));
                    fixes.push(Fix::new(&format!("model.layers.{index}"), "{ type = \"max_pool2d\", size = 2 }", why));
                }
                Layer::Dense { units: Some(units), .. } if !is_last && (*units as usize) < inputs.min(4) => {
                    let why = "a wider layer lets several directions of the input through";
                    fixes.push(Fix::new(&format!("model.layers.{index}.units"), 64, why));
                }
                _ => {}
            }
        }
        fixes
    }

    fn advice(&self) -> Option<&'static str> {
        Some(
            "replace what throws the place away (global pooling, a bottleneck) by a flatten layer or strides, or give the place as \
             further channels",
        )
    }
}

/// Pooling over everything, behind which the read-out is nothing before and after training.
fn pooled_away(case: &Case<'_>) -> Option<Evidence> {
    let layers = case.layers.iter().zip(&case.experiment.model.layers);
    let mut before = "input";
    let mut side = case.data.input_shape.get(1).copied().unwrap_or(1);
    for (info, layer) in layers {
        if let Layer::AvgPool2d { size, .. } | Layer::MaxPool2d { size, .. } = layer {
            let wholly = *size as usize * 2 > side && side > 2;
            let read = |name: &str| readout(case, name);
            if wholly && case.trained.is_none() {
                return Some(Evidence::suggestive(format!(
                    "`{}` pools windows of {size} from a side of {side}: the place of things is gone behind it",
                    info.name
                )));
            }
            if let (true, Some((start, end)), Some((start_before, end_before))) =
                (wholly, read(&info.name), read(before))
            {
                let lost_most = start_before > LARGE_READOUT && start < 0.5 * start_before && end < 0.5 * start_before;
                let lost = lost_most || start < NOTHING && end < 0.5 * end_before.max(start_before).max(SOMETHING);
                if lost {
                    return Some(
                        Evidence::strong(format!(
                            "`{}` pools windows of {size} from a side of {side}, and behind it a read-out of the target gets {} \
                             before the first step and {} at the end: the place of things is gone",
                            info.name,
                            shown(start),
                            shown(end)
                        ))
                        .shown_in(EvidenceFigure::SignalByDepth)
                        .number("readout_at_start", start)
                        .number("readout_at_end", end),
                    );
                }
            }
        }
        before = &info.name;
        side = info.shape.get(1).copied().unwrap_or(1);
    }
    None
}

/// A hidden layer of fewer units than the inputs have directions, that answers in one direction only.
fn narrow(case: &Case<'_>) -> Option<Evidence> {
    let inputs = case.data.input_shape.iter().product::<usize>();
    let (_, hidden) = case.layers.split_last()?;
    let thin = hidden.iter().find(|layer| {
        !layer.parameters.is_empty()
            && layer.shape.len() == 1
            && layer.shape.first().is_some_and(|units| *units < inputs.min(3).min(case.data.targets.len() + 2))
    })?;
    let units = thin.shape.first().copied().unwrap_or(0);
    let numbers = if units == 1 { "is one number".to_owned() } else { format!("are {units} numbers") };
    let text = format!("all that passes `{}` {numbers}, of {inputs} inputs", thin.name);
    let rank = case.points(Split::Validation, Channel::EffectiveRank, &thin.name).last();
    let rank = rank.or(case.points(Split::Train, Channel::EffectiveRank, &thin.name).last());
    let lost = readout(case, &thin.name).is_some_and(|(_, end)| end < SOMETHING);
    let one = rank.and_then(|point| point.value.finite()).is_some_and(|rank| rank <= ONE_DIRECTION);
    let alive = case.dead_fraction(&thin.name).1.unwrap_or(0.0) < 1.0;
    let strong = units == 1 && lost && one && alive && case.has_signal() == Some(true);
    Some(
        if strong { Evidence::strong(text) } else { Evidence::suggestive(text) }
            .shown_in(EvidenceFigure::SignalByDepth),
    )
}

/// Read-out of a layer at the start and at the end; absent where one was not measured.
fn readout(case: &Case<'_>, layer: &str) -> Option<(f64, f64)> {
    let run = case.trained?.run;
    let signal = run.signal.iter().find(|signal| signal.layer == layer)?;
    Some((signal.readout_at_start?, signal.readout_at_end?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        experiment::{Activation, Padding},
        judge::{
            causes::staged::{STEPS, bare, dense, flat_at, learned, learns, told, told_before},
            synthetic::Synthetic,
        },
    };

    /// Read-outs of the target and ranks, before the first step and at the end.
    fn readouts(of: Synthetic, layers: &[(&str, f64, f64)]) -> Synthetic {
        layers.iter().fold(of, |of, (layer, start, end)| {
            of.point(Split::Train, Channel::ReadoutSkill, layer, 0, *start)
                .point(Split::Train, Channel::ReadoutSkill, layer, STEPS as u64, *end)
                .point(Split::Train, Channel::EffectiveRank, layer, STEPS as u64, 1.0)
        })
    }

    /// A convolution over images of 12 x 12, and a pooling of this size.
    fn pooled(size: u32) -> Synthetic {
        let conv = Layer::Conv2d {
            filters: 8,
            kernel: 1,
            stride: 1,
            padding: Padding::Valid,
            activation: Activation::Relu,
            bias: true,
            init: None,
        };
        let layers = [conv, Layer::AvgPool2d { size, stride: size }, Layer::Flatten {}, dense(1, Activation::Linear)];
        bare().inputs(&[1, 12, 12]).network(&layers)
    }

    const GONE: [(&str, f64, f64); 3] = [("input", 0.8, 0.8), ("conv2d_1", 0.7, 0.7), ("avg_pool2d_1", 0.0, 0.01)];

    #[test]
    fn pooling_over_everything_loses_the_place() {
        insta::assert_snapshot!(told(&ArchDestroysInfo, readouts(flat_at(pooled(12), 1.0), &GONE)), @r#"
        collapsed
        strong: `avg_pool2d_1` pools windows of 12 from a side of 12, and behind it a read-out of the target gets 0 before the first step and 0.01 at the end: the place of things is gone
        -> model.layers.1.size=2: smaller windows keep the place at which something was seen
        -> model.layers.1={ type = "max_pool2d", size = 2 }: smaller windows keep the place at which something was seen
        "#);
        insta::assert_snapshot!(told_before(&ArchDestroysInfo, pooled(12)), @r#"
        suggestive: `avg_pool2d_1` pools windows of 12 from a side of 12: the place of things is gone behind it
        -> model.layers.1.size=2: smaller windows keep the place at which something was seen
        -> model.layers.1={ type = "max_pool2d", size = 2 }: smaller windows keep the place at which something was seen
        "#);
    }

    #[test]
    fn pooling_that_keeps_the_target_is_no_loss() {
        // The colour of a whole image survives its mean.
        let kept = [("input", 0.8, 0.8), ("conv2d_1", 0.7, 0.7), ("avg_pool2d_1", 0.6, 0.6)];
        insta::assert_snapshot!(told(&ArchDestroysInfo, readouts(flat_at(pooled(12), 1.0), &kept)), @r#"
        collapsed
        -> model.layers.1.size=2: smaller windows keep the place at which something was seen
        -> model.layers.1={ type = "max_pool2d", size = 2 }: smaller windows keep the place at which something was seen
        "#);
        // Windows of two keep the place whatever becomes of the read-out.
        insta::assert_snapshot!(told(&ArchDestroysInfo, readouts(flat_at(pooled(2), 1.0), &GONE)), @"collapsed");
        insta::assert_snapshot!(told_before(&ArchDestroysInfo, pooled(2)), @"");
    }

    #[test]
    fn what_was_not_read_at_the_end_is_not_lost() {
        let cut = |of: Synthetic| {
            [("input", 0.8), ("conv2d_1", 0.7), ("avg_pool2d_1", 0.0), ("dense_1", 0.0)].into_iter().fold(
                of,
                |of, (layer, start)| {
                    of.point(Split::Train, Channel::ReadoutSkill, layer, 0, start).point(
                        Split::Train,
                        Channel::EffectiveRank,
                        layer,
                        0,
                        1.0,
                    )
                },
            )
        };
        insta::assert_snapshot!(told(&ArchDestroysInfo, cut(flat_at(pooled(12), 1.0))), @r#"
        collapsed
        -> model.layers.1.size=2: smaller windows keep the place at which something was seen
        -> model.layers.1={ type = "max_pool2d", size = 2 }: smaller windows keep the place at which something was seen
        "#);
        let narrow = bare().network(&[dense(1, Activation::Tanh), dense(1, Activation::Linear)]);
        insta::assert_snapshot!(told(&ArchDestroysInfo, cut(flat_at(narrow, 1.0))), @r"
        collapsed
        suggestive: all that passes `dense_1` is one number, of 4 inputs
        -> model.layers.0.units=64: a wider layer lets several directions of the input through
        ");
    }

    #[test]
    fn a_layer_of_one_unit_lets_one_number_through() {
        let narrow = || bare().network(&[dense(1, Activation::Tanh), dense(1, Activation::Linear)]);
        let lost = [("input", 0.8, 0.8), ("dense_1", 0.0, 0.02)];
        insta::assert_snapshot!(told(&ArchDestroysInfo, readouts(flat_at(narrow(), 1.0), &lost)), @r"
        collapsed
        strong: all that passes `dense_1` is one number, of 4 inputs
        -> model.layers.0.units=64: a wider layer lets several directions of the input through
        ");
        // One number may be all that is needed, and without a read-out nobody knows.
        let kept = [("input", 0.8, 0.8), ("dense_1", 0.5, 0.9)];
        insta::assert_snapshot!(told(&ArchDestroysInfo, readouts(learns(narrow()), &kept)), @r"
        learned
        suggestive: all that passes `dense_1` is one number, of 4 inputs
        -> model.layers.0.units=64: a wider layer lets several directions of the input through
        ");
        // One unit that is off for every input is dead-relu.
        let dead = flat_at(bare().network(&[dense(1, Activation::Relu), dense(1, Activation::Linear)]), 1.0)
            .forget(Channel::DeadFractionProbe, "dense_1")
            .epochs(Split::Train, Channel::DeadFractionProbe, "dense_1", 0, [0.0, 1.0]);
        insta::assert_snapshot!(told(&ArchDestroysInfo, readouts(dead, &lost)), @r"
        collapsed
        suggestive: all that passes `dense_1` is one number, of 4 inputs
        -> model.layers.0.units=64: a wider layer lets several directions of the input through
        ");
    }

    #[test]
    fn a_wide_network_is_not_accused() {
        insta::assert_snapshot!(told(&ArchDestroysInfo, learned()), @"learned");
    }
}
