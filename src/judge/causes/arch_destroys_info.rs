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
                let lost = start < NOTHING && end < 0.5 * end_before.max(start_before).max(SOMETHING);
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
    let text = format!("all that passes `{}` are {units} numbers, of {inputs} inputs", thin.name);
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

/// Read-out of a layer at the start and at the end.
fn readout(case: &Case<'_>, layer: &str) -> Option<(f64, f64)> {
    let run = case.trained?.run;
    let signal = run.signal.iter().find(|signal| signal.layer == layer)?;
    Some((signal.readout_at_start?, signal.readout_at_end.unwrap_or(f64::NEG_INFINITY)))
}
