#![doc = include_str!("output_activation.md")]

use super::{
    Card, Case, Cause, Evidence, EvidenceFigure, Fix,
    case::{percent, shown},
};
use crate::{
    data::TargetSummary,
    judge::Constant,
    record::{Channel, Split},
};

/// Standard deviations of the target by which its range must pass the activation's before much of it is out of reach.
const FAR: f64 = 0.3;
/// Mean slope of the output activation below which nothing passes it.
const NO_SLOPE: f64 = 1e-3;

/// An output layer that cannot give what the targets are.
pub struct OutputActivation;

impl Cause for OutputActivation {
    fn card(&self) -> Card {
        Card { id: "output-activation", since: "0.1", explain: include_str!("output_activation.md") }
    }

    /// Targets out of reach are out of reach however much of the rest was learned.
    fn is_told_of_learned(&self) -> bool {
        true
    }

    fn is_told_of_unpredictable(&self) -> bool {
        true
    }

    fn evidence(&self, case: &Case<'_>) -> Vec<Evidence> {
        let Some(layer) = case.output_layer() else { return Vec::new() };
        let name = layer.activation.as_str();
        let units = layer.shape.first().copied().unwrap_or(1);
        let (low, high) = match name {
            "relu" | "softplus" => (0.0, f64::INFINITY),
            "sigmoid" | "softmax" => (0.0, 1.0),
            "tanh" => (-1.0, 1.0),
            "elu" => (-1.0, f64::INFINITY),
            "gelu" => (-0.17, f64::INFINITY),
            "leaky_relu" => return Vec::new(),
            _ => return vec![Evidence::against("the output layer is linear and reaches every target")],
        };
        if name == "softmax" && units == 1 {
            return vec![
                Evidence::strong("softmax over a single unit is 1 whatever the input, and passes no gradient")
                    .shown_in(EvidenceFigure::PredictedAgainstTarget),
            ];
        }
        let mut evidence = Vec::new();
        for target in case.faulty_targets() {
            evidence.extend(out_of_reach(case, target, name, low, high));
        }
        let slope = case.at_end(Split::Train, Channel::OutputSlope, &layer.name);
        if let Some(slope) = slope.filter(|slope| *slope < NO_SLOPE && case.is_flat()) {
            let text =
                format!("the mean slope of the output's {name} is {} at the end: no gradient passes it", shown(slope));
            // ReLU that is off for every sample is off for good; a bounded one that is driven to its end may have been
            // driven there by the layers before it.
            // Where most targets are that value, being off is nearly right: see `zero-inflated`.
            let rule =
                case.faulty_targets().iter().any(|target| target.most_common.is_some_and(|atom| atom.fraction >= 0.5));
            let off = name == "relu" && slope == 0.0 && !rule && case.sits_on(&[Constant::Zero, Constant::Bound]);
            let evidence_of = if off { Evidence::strong(text) } else { Evidence::suggestive(text) };
            evidence.push(evidence_of.shown_in(EvidenceFigure::GradientNorms).number("slope", slope));
        }
        evidence
    }

    fn fixes(&self, case: &Case<'_>) -> Vec<Fix> {
        let Some(layer) = case.output_layer().filter(|layer| layer.activation != "linear") else { return Vec::new() };
        let mut fixes = vec![super::changes::linear_output()];
        if layer.activation == "sigmoid" {
            let why = "targets then run from 0 to 1, as the output does";
            fixes.push(Fix::new("data.scale_targets", "\"min_max\"", why));
        }
        fixes
    }
}

/// Targets that the activation cannot give.
fn out_of_reach(case: &Case<'_>, target: &TargetSummary, name: &str, low: f64, high: f64) -> Option<Evidence> {
    let std = target.train.std;
    let beyond = ((target.train.max - high) / std).max((low - target.train.min) / std);
    // Of NaN no range is known.
    if !(std > 0.0 && beyond > 0.0 && target.train.min <= target.train.max) {
        return None;
    }
    let range = if high.is_finite() {
        format!("between {} and {}", shown(low), shown(high))
    } else {
        format!("at least {}", shown(low))
    };
    let share = share_outside(case, target, low, high);
    let said = share.map_or(String::new(), |share| format!("; {} of them are out of reach", percent(share)));
    let text = format!(
        "the output's {name} is {range}, and the targets of `{}` run from {} to {}{said}",
        target.name,
        shown(target.train.min),
        shown(target.train.max)
    );
    // The median outside is half of the targets.
    let much = !(low..=high).contains(&target.median) || share.is_some_and(|share| share > 0.1);
    let evidence = if much && beyond > FAR { Evidence::strong(text) } else { Evidence::suggestive(text) };
    Some(
        evidence
            .shown_in(EvidenceFigure::PredictedAgainstTarget)
            .number("min", target.train.min)
            .number("max", target.train.max)
            .number("share", share.unwrap_or(f64::NAN)),
    )
}

/// Share of the probe set's targets that lie outside; absent before training.
fn share_outside(case: &Case<'_>, target: &TargetSummary, low: f64, high: f64) -> Option<f64> {
    let record = case.trained?.record;
    let look = record.last_predictions(Split::Train)?;
    let outputs = case.data.targets.len();
    let index = case.data.targets.iter().position(|other| other.name == target.name)?;
    let values: Vec<f64> = look.targets.iter().skip(index).step_by(outputs).map(|value| f64::from(*value)).collect();
    let slack = 0.02 * target.train.std;
    let outside = values.iter().filter(|value| **value < low - slack || **value > high + slack).count();
    (!values.is_empty()).then(|| outside as f64 / values.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        data::Moments,
        experiment::Activation,
        judge::{
            causes::staged::{EPOCHS, bare, dense, flat, flat_at, learned, learns, predicts, told, told_before},
            synthetic::Synthetic,
        },
    };

    fn ends_in(activation: Activation, target: Moments) -> Synthetic {
        bare().target(target).network(&[dense(32, Activation::Relu), dense(1, activation)])
    }

    fn slope(of: Synthetic, slope: f64) -> Synthetic {
        of.epochs(Split::Train, Channel::OutputSlope, "dense_2", 1, vec![slope; EPOCHS as usize])
    }

    const CENTRED: Moments = Moments { mean: 0.0, std: 1.0, min: -3.0, max: 3.0 };
    const PRICES: Moments = Moments { mean: 22.0, std: 9.0, min: 5.0, max: 50.0 };
    const SHARES: Moments = Moments { mean: 0.5, std: 0.2, min: 0.0, max: 1.0 };

    #[test]
    fn targets_beyond_a_sigmoid() {
        let of = || ends_in(Activation::Sigmoid, PRICES);
        insta::assert_snapshot!(told(&OutputActivation, slope(flat_at(of(), 1.0), 1e-5)), @r#"
        collapsed
        strong: the output's sigmoid is between 0 and 1, and the targets of `y` run from 5 to 50; 100 % of them are out of reach
        suggestive: the mean slope of the output's sigmoid is 1.0e-5 at the end: no gradient passes it
        -> model.output_activation="linear": a linear output reaches every target, and its slope is never 0
        -> data.scale_targets="min_max": targets then run from 0 to 1, as the output does
        "#);
        insta::assert_snapshot!(told_before(&OutputActivation, of()), @r#"
        strong: the output's sigmoid is between 0 and 1, and the targets of `y` run from 5 to 50
        -> model.output_activation="linear": a linear output reaches every target, and its slope is never 0
        -> data.scale_targets="min_max": targets then run from 0 to 1, as the output does
        "#);
    }

    #[test]
    fn half_of_the_targets_below_a_relu() {
        let off = slope(flat_at(ends_in(Activation::Relu, CENTRED), 0.0), 0.0);
        insta::assert_snapshot!(told(&OutputActivation, off), @r#"
        collapsed
        strong: the output's relu is at least 0, and the targets of `y` run from -3 to 3; 56 % of them are out of reach
        strong: the mean slope of the output's relu is 0 at the end: no gradient passes it
        -> model.output_activation="linear": a linear output reaches every target, and its slope is never 0
        "#);
        // It is out of reach however well the other half was learned.
        assert!(OutputActivation.is_told_of_learned());
        let half = predicts(ends_in(Activation::Relu, CENTRED), |_, y| y.max(0.0));
        assert!(told(&OutputActivation, half).contains("strong"));
    }

    #[test]
    fn a_softmax_of_one_is_one() {
        insta::assert_snapshot!(told(&OutputActivation, flat_at(ends_in(Activation::Softmax, SHARES), 1.0)), @r#"
        collapsed
        strong: softmax over a single unit is 1 whatever the input, and passes no gradient
        -> model.output_activation="linear": a linear output reaches every target, and its slope is never 0
        "#);
    }

    #[test]
    fn a_few_targets_beyond_fit_only() {
        let few = ends_in(Activation::Tanh, Moments { mean: 0.0, std: 0.3, min: -0.9, max: 1.3 });
        insta::assert_snapshot!(told(&OutputActivation, learns(few)).lines().nth(1).expect("fits"), @"suggestive: the output's tanh is between -1 and 1, and the targets of `y` run from -0.9 to 1.3; 0 % of them are out of reach");
    }

    #[test]
    fn what_reaches_every_target_is_not_accused() {
        assert_eq!(
            told(&OutputActivation, learns(ends_in(Activation::Relu, PRICES))).lines().nth(1).map(|line| &line[..2]),
            Some("->")
        );
        assert_eq!(
            told_before(&OutputActivation, ends_in(Activation::Softplus, SHARES)).lines().next().map(|line| &line[..2]),
            Some("->")
        );
        // A bounded output that was driven to its end by what lies before it.
        let driven = slope(flat_at(ends_in(Activation::Sigmoid, SHARES), 1.0), 1e-6);
        insta::assert_snapshot!(told(&OutputActivation, driven).lines().nth(1).expect("fits"), @"suggestive: the mean slope of the output's sigmoid is 1.0e-6 at the end: no gradient passes it");
        // A small slope of a network that varies is none that nothing passes.
        let alive = slope(learns(ends_in(Activation::Sigmoid, SHARES)), 1e-6);
        assert!(!told(&OutputActivation, alive).contains("slope of the output"));
    }

    #[test]
    fn a_linear_output_speaks_against() {
        insta::assert_snapshot!(told(&OutputActivation, flat()), @r"
        collapsed
        against: the output layer is linear and reaches every target
        ");
        insta::assert_snapshot!(told(&OutputActivation, learned()), @r"
        learned
        against: the output layer is linear and reaches every target
        ");
    }
}
