#![doc = include_str!("bad_init.md")]

use super::{
    Card, Case, Cause, Evidence, EvidenceFigure, Fix,
    case::{percent, shown},
    changes,
};
use crate::{
    experiment::{Init, Layer, WeightInit},
    record::{Channel, LayerInfo, Split},
};

/// Share of the usual standard deviation below which weights are too small, and above which they are too large.
const TOO_SMALL: f64 = 0.1;
/// See [`TOO_SMALL`].
const TOO_LARGE: f64 = 5.0;
/// Share of the units that are useless at birth before the start is to blame.
const USELESS: f64 = 0.9;

/// Weights or biases from which nothing can be learned.
pub struct BadInit;

impl Cause for BadInit {
    fn card(&self) -> Card {
        Card { id: "bad-init", since: "0.1", explain: include_str!("bad_init.md") }
    }

    fn evidence(&self, case: &Case<'_>) -> Vec<Evidence> {
        let mut evidence = Vec::new();
        let starts = starts(case);
        let zeros: Vec<&str> = starts.iter().filter(|start| start.ratio == 0.0).map(|start| start.layer).collect();
        if let Some(first) = zeros.first() {
            let text = format!(
                "the weights of `{first}` are all zero at the start: its units are alike, and no gradient passes back"
            );
            evidence.push(Evidence::strong(text).shown_in(EvidenceFigure::GradientNorms));
        }
        let depth = starts.len();
        let worst = starts
            .iter()
            .filter(|start| start.ratio > 0.0)
            .max_by(|one, other| one.ratio.ln().abs().total_cmp(&other.ratio.ln().abs()));
        if let Some(start) = worst {
            let text = |words: &str| {
                format!(
                    "the weights of `{}` start {} times as large as the usual ones, which keep the size of the signal: {words}",
                    start.layer,
                    shown(start.ratio)
                )
            };
            if start.ratio < TOO_SMALL {
                let words = if depth > 1 { "what passes the layers fades" } else { "it starts as a constant" };
                let evidence_of =
                    if depth > 1 { Evidence::strong(text(words)) } else { Evidence::suggestive(text(words)) };
                evidence.push(evidence_of.shown_in(EvidenceFigure::Activations).number("ratio", start.ratio));
            } else if start.ratio > TOO_LARGE {
                evidence.push(
                    Evidence::strong(text("units saturate or explode"))
                        .shown_in(EvidenceFigure::Activations)
                        .number("ratio", start.ratio),
                );
            }
        }
        evidence.extend(saturated_at_birth(case));
        evidence.extend(dead_at_birth(case));
        if evidence.is_empty() && !starts.is_empty() {
            evidence.push(Evidence::against("weights start at a usual size, and hidden units are alive"));
        }
        evidence
    }

    fn fixes(&self, case: &Case<'_>) -> Vec<Fix> {
        let init = case.experiment.model.init;
        let mut fixes = Vec::new();
        if init.gain != 1.0 {
            fixes.push(Fix::new(
                "model.init.gain",
                "1.0",
                "weights then have the size that their distribution gives them",
            ));
        }
        fixes.push(changes::usual_init(case));
        fixes
    }
}

/// How large a layer's weights are at the start, over the usual `1 / sqrt(fan_in)`.
struct Start<'a> {
    layer: &'a str,
    ratio: f64,
}

/// The start of each dense layer and convolution, from the settings.
fn starts<'a>(case: &Case<'a>) -> Vec<Start<'a>> {
    let layers = case.layers.iter().zip(&case.experiment.model.layers);
    let mut inputs: f64 = case.data.input_shape.first().copied().unwrap_or(1) as f64;
    let mut starts = Vec::new();
    for (info, layer) in layers {
        let outputs = info.shape.first().copied().unwrap_or(1) as f64;
        let (own, positions) = match layer {
            Layer::Dense { init, .. } => (*init, 1.0),
            Layer::Conv2d { init, kernel, .. } => (*init, f64::from(*kernel).powi(2)),
            _ => {
                inputs = if matches!(layer, Layer::Flatten {}) {
                    info.shape.iter().product::<usize>() as f64
                } else {
                    inputs
                };
                continue;
            }
        };
        let init = own.unwrap_or(case.experiment.model.init);
        let (fan_in, fan_out) = (inputs * positions, outputs * positions);
        starts.push(Start { layer: &info.name, ratio: std_of(init, fan_in, fan_out) * fan_in.sqrt() });
        inputs = outputs;
    }
    starts
}

/// Standard deviation of initial weights.
fn std_of(init: Init, fan_in: f64, fan_out: f64) -> f64 {
    let std = match init.weights {
        WeightInit::GlorotUniform {} | WeightInit::GlorotNormal {} => (2.0 / (fan_in + fan_out)).sqrt(),
        WeightInit::HeUniform {} | WeightInit::HeNormal {} => (2.0 / fan_in).sqrt(),
        WeightInit::LecunUniform {} | WeightInit::LecunNormal {} => (1.0 / fan_in).sqrt(),
        WeightInit::PytorchUniform {} => (1.0 / (3.0 * fan_in)).sqrt(),
        WeightInit::Orthogonal {} => (1.0 / fan_in.max(fan_out)).sqrt(),
        WeightInit::Normal { std } => std,
        WeightInit::Zeros {} => 0.0,
    };
    std * init.gain
}

/// Bounded units at their ends before the first step, though the inputs are of a usual size.
fn saturated_at_birth(case: &Case<'_>) -> Option<Evidence> {
    let born = case.saturation().0.filter(|born| *born > USELESS)?;
    let by_inputs = case.standardised_saturation().is_some_and(|standardised| standardised < 0.5);
    (!by_inputs).then(|| {
        Evidence::strong(format!(
            "{} of the units of a hidden layer are at an end of their range before the first step",
            percent(born)
        ))
        .shown_in(EvidenceFigure::Activations)
        .number("saturated", born)
    })
}

/// ReLU layers of which hardly a unit answers before the first step.
fn dead_at_birth(case: &Case<'_>) -> Option<Evidence> {
    let born = |layer: &&LayerInfo| {
        let look = case.points(Split::Train, Channel::DeadFractionProbe, &layer.name).first()?;
        look.value.finite().filter(|_| look.epoch == 0).map(|fraction| (layer.name.clone(), fraction))
    };
    let worst = case.hidden_with(&["relu"]).iter().filter_map(born).max_by(|one, other| one.1.total_cmp(&other.1))?;
    (worst.1 > USELESS).then(|| {
        Evidence::suggestive(format!(
            "{} of the units of `{}` are dead before the first step",
            percent(worst.1),
            worst.0
        ))
        .shown_in(EvidenceFigure::DeadUnitsPerLayer)
        .number("dead", worst.1)
    })
}
