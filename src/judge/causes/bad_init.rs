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
const TOO_SMALL: f64 = 0.2;
/// Share of the usual standard deviation at which the signal of a few layers is lost in rounding.
const MUCH_TOO_SMALL: f64 = 0.05;
/// See [`TOO_SMALL`].
const TOO_LARGE: f64 = 2.5;
/// The same, from which units saturate or explode whatever the inputs are.
const MUCH_TOO_LARGE: f64 = 5.0;
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
        // A last layer that starts at zero is done on purpose: its own gradient is not zero.
        let (before_last, _) = starts.split_at(starts.len().saturating_sub(1));
        let zeros: Vec<&str> = before_last.iter().filter(|start| start.ratio == 0.0).map(|start| start.layer).collect();
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
                let evidence_of = if depth > 1 && start.ratio < MUCH_TOO_SMALL {
                    Evidence::strong(text(words))
                } else {
                    Evidence::suggestive(text(words))
                };
                evidence.push(evidence_of.shown_in(EvidenceFigure::Activations).number("ratio", start.ratio));
            } else if start.ratio > TOO_LARGE {
                let text = text("units saturate, or their answers are far larger than the targets");
                // Batch normalisation takes the size away again.
                let much = start.ratio > MUCH_TOO_LARGE && !case.has_batch_norm();
                let evidence_of = if much { Evidence::strong(text) } else { Evidence::suggestive(text) };
                evidence.push(evidence_of.shown_in(EvidenceFigure::Activations).number("ratio", start.ratio));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        experiment::{Activation, BiasInit},
        judge::{
            causes::staged::{STEPS, bare, dense, flat, flat_at, learned, told, told_before},
            synthetic::Synthetic,
        },
    };

    fn deep(activation: Activation, init: Init) -> Synthetic {
        let layers = [dense(32, activation), dense(32, activation), dense(1, Activation::Linear)];
        bare().network(&layers).experiment(move |experiment| experiment.model.init = init)
    }

    fn init(weights: WeightInit, gain: f64) -> Init {
        Init { weights, gain, bias: BiasInit::Zeros {} }
    }

    #[test]
    fn zero_weights_pass_nothing() {
        let zeros = || deep(Activation::Tanh, init(WeightInit::Zeros {}, 1.0));
        insta::assert_snapshot!(told(&BadInit, flat_at(zeros(), 1.0)), @r#"
        collapsed
        strong: the weights of `dense_1` are all zero at the start: its units are alike, and no gradient passes back
        -> model.init={ weights = "glorot_uniform", bias = "zeros" }: weights of this size keep the signal's size through the layers
        "#);
        insta::assert_snapshot!(told_before(&BadInit, zeros()), @r#"
        strong: the weights of `dense_1` are all zero at the start: its units are alike, and no gradient passes back
        -> model.init={ weights = "glorot_uniform", bias = "zeros" }: weights of this size keep the signal's size through the layers
        "#);
    }

    #[test]
    fn a_last_layer_that_starts_at_zero_is_done_on_purpose() {
        let last = Layer::Dense {
            units: Some(1),
            activation: Activation::Linear,
            bias: true,
            init: Some(init(WeightInit::Zeros {}, 1.0)),
        };
        let of = bare().network(&[dense(32, Activation::Relu), last]);
        insta::assert_snapshot!(told(&BadInit, flat_at(of, 1.0)), @r#"
        collapsed
        against: weights start at a usual size, and hidden units are alive
        -> model.init={ weights = "he_uniform", bias = "zeros" }: weights of this size keep the signal's size through the layers
        "#);
    }

    #[test]
    fn weights_of_another_size_fade_or_explode() {
        let of = |gain: f64| flat_at(deep(Activation::Tanh, init(WeightInit::GlorotUniform {}, gain)), 1.0);
        insta::assert_snapshot!(told(&BadInit, of(0.01)), @r#"
        collapsed
        strong: the weights of `dense_1` start 0.005 times as large as the usual ones, which keep the size of the signal: what passes the layers fades
        -> model.init.gain=1.0: weights then have the size that their distribution gives them
        -> model.init={ weights = "glorot_uniform", bias = "zeros" }: weights of this size keep the signal's size through the layers
        "#);
        insta::assert_snapshot!(told(&BadInit, of(100.0)), @r#"
        collapsed
        strong: the weights of `dense_3` start 139 times as large as the usual ones, which keep the size of the signal: units saturate, or their answers are far larger than the targets
        -> model.init.gain=1.0: weights then have the size that their distribution gives them
        -> model.init={ weights = "glorot_uniform", bias = "zeros" }: weights of this size keep the signal's size through the layers
        "#);
        // Half of the usual size trains.
        insta::assert_snapshot!(told(&BadInit, of(0.5)), @r#"
        collapsed
        against: weights start at a usual size, and hidden units are alive
        -> model.init.gain=1.0: weights then have the size that their distribution gives them
        -> model.init={ weights = "glorot_uniform", bias = "zeros" }: weights of this size keep the signal's size through the layers
        "#);
        let linear = bare().network(&[dense(1, Activation::Linear)]).experiment(|experiment| {
            experiment.model.init = init(WeightInit::Normal { std: 1e-4 }, 1.0);
        });
        insta::assert_snapshot!(told(&BadInit, flat_at(linear, 1.0)), @r#"
        collapsed
        suggestive: the weights of `dense_1` start 2.0e-4 times as large as the usual ones, which keep the size of the signal: it starts as a constant
        -> model.init={ weights = "glorot_uniform", bias = "zeros" }: weights of this size keep the signal's size through the layers
        "#);
    }

    #[test]
    fn fan_in_counts_the_positions_of_a_kernel_and_all_that_is_flattened() {
        let conv = |init: Option<Init>| Layer::Conv2d {
            filters: 8,
            kernel: 3,
            stride: 1,
            padding: crate::experiment::Padding::Valid,
            activation: Activation::Relu,
            bias: true,
            init,
        };
        // 0.2 is usual for 3 x 3 x 3 weights, and would be six times the usual size for the 288 behind.
        let std = |std| Some(init(WeightInit::Normal { std }, 1.0));
        let layers = |first, last| {
            let last = Layer::Dense { units: Some(1), activation: Activation::Linear, bias: true, init: last };
            [conv(first), Layer::Flatten {}, last]
        };
        let of = |first, last| flat_at(bare().inputs(&[3, 8, 8]).network(&layers(first, last)), 1.0);
        insta::assert_snapshot!(told(&BadInit, of(std(0.2), std(0.06))), @r#"
        collapsed
        against: weights start at a usual size, and hidden units are alive
        -> model.init={ weights = "he_uniform", bias = "zeros" }: weights of this size keep the signal's size through the layers
        "#);
        insta::assert_snapshot!(told(&BadInit, of(std(0.2), std(0.5))), @r#"
        collapsed
        strong: the weights of `dense_1` start 8.49 times as large as the usual ones, which keep the size of the signal: units saturate, or their answers are far larger than the targets
        -> model.init={ weights = "he_uniform", bias = "zeros" }: weights of this size keep the signal's size through the layers
        "#);
    }

    fn saturated(standardised: f64) -> Synthetic {
        let of = flat_at(deep(Activation::Tanh, init(WeightInit::GlorotUniform {}, 1.0)), 1.0);
        of.forget(Channel::Saturation, "dense_1").steps(Channel::Saturation, "dense_1", [0.97; STEPS]).point(
            Split::StandardisedInputs,
            Channel::Saturation,
            "dense_1",
            0,
            standardised,
        )
    }

    #[test]
    fn units_that_are_born_at_their_ends_are_told_from_large_inputs() {
        insta::assert_snapshot!(told(&BadInit, saturated(0.95)), @r#"
        collapsed
        strong: 97 % of the units of a hidden layer are at an end of their range before the first step
        -> model.init={ weights = "glorot_uniform", bias = "zeros" }: weights of this size keep the signal's size through the layers
        "#);
        insta::assert_snapshot!(told(&BadInit, saturated(0.05)), @r#"
        collapsed
        against: weights start at a usual size, and hidden units are alive
        -> model.init={ weights = "glorot_uniform", bias = "zeros" }: weights of this size keep the signal's size through the layers
        "#);
    }

    #[test]
    fn units_that_are_born_dead_fit_and_those_that_die_later_do_not() {
        let of = |values: [f64; 2]| {
            flat().forget(Channel::DeadFractionProbe, "dense_1").epochs(
                Split::Train,
                Channel::DeadFractionProbe,
                "dense_1",
                0,
                values,
            )
        };
        insta::assert_snapshot!(told(&BadInit, of([1.0, 1.0])), @r#"
        collapsed
        suggestive: 100 % of the units of `dense_1` are dead before the first step
        -> model.init={ weights = "he_uniform", bias = "zeros" }: weights of this size keep the signal's size through the layers
        "#);
        insta::assert_snapshot!(told(&BadInit, of([0.3, 1.0])), @r#"
        collapsed
        against: weights start at a usual size, and hidden units are alive
        -> model.init={ weights = "he_uniform", bias = "zeros" }: weights of this size keep the signal's size through the layers
        "#);
    }

    #[test]
    fn a_usual_start_speaks_against() {
        insta::assert_snapshot!(told(&BadInit, learned()), @r#"
        learned
        against: weights start at a usual size, and hidden units are alive
        -> model.init={ weights = "he_uniform", bias = "zeros" }: weights of this size keep the signal's size through the layers
        "#);
    }
}
