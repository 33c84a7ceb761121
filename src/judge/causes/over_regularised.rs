#![doc = include_str!("over_regularised.md")]

use super::{
    Card, Case, Cause, Evidence, EvidenceFigure, Fix,
    case::{percent, shown},
    changes,
};
use crate::{
    experiment::{Layer, Optimiser},
    judge::State,
    record::{Channel, Split},
};

/// Share of its start to which a weight matrix has to shrink before the decay has won.
const SHRUNK: f64 = 0.5;
/// Pull of the decay over the gradient at the start, from which it decides where the weights go.
const PULLS: f64 = 0.5;
/// Share of the steps in which nothing of the input passes, from which the training path is another network.
const MUCH_LOST: f64 = 0.2;
/// Dropout rate from which most of what passes is lost.
const HEAVY_DROPOUT: f64 = 0.6;

/// Weight decay or dropout that leaves nothing of the signal.
pub struct OverRegularised;

impl Cause for OverRegularised {
    fn card(&self) -> Card {
        Card { id: "over-regularised", since: "0.1", explain: include_str!("over_regularised.md") }
    }

    fn evidence(&self, case: &Case<'_>) -> Vec<Evidence> {
        let decay = case.experiment.training.optimiser.weight_decay();
        let dropout = case.dropout();
        if decay == 0.0 && dropout == 0.0 {
            return vec![Evidence::against("there is neither weight decay nor dropout")];
        }
        let mut evidence = Vec::new();
        if decay > 0.0 {
            evidence.extend(decayed(case, decay));
        }
        if dropout > 0.0 {
            evidence.extend(dropped(case, dropout));
        }
        evidence
    }

    fn fixes(&self, case: &Case<'_>) -> Vec<Fix> {
        let decay = case.experiment.training.optimiser.weight_decay();
        let mut fixes = Vec::new();
        if decay > 0.0 {
            let why = "weights are then pulled by the data alone";
            fixes.push(Fix::new("training.optimiser.weight_decay", "0.0", why));
        }
        fixes.extend(changes::without_dropout(case));
        fixes
    }
}

/// Weights that the decay shrank.
fn decayed(case: &Case<'_>, decay: f64) -> Vec<Evidence> {
    let mut evidence = Vec::new();
    let mut shrunk: Option<(&str, f64)> = None;
    let mut pull: Option<(&str, f64)> = None;
    for name in case.weights() {
        let norms = case.values(Split::Train, Channel::WeightNorm, name);
        let (Some(first), Some(last)) = (norms.first().copied().filter(|first| *first > 0.0), norms.last()) else {
            continue;
        };
        let left = last / first;
        if shrunk.is_none_or(|(_, least)| left < least) {
            shrunk = Some((name, left));
        }
        let gradient = case.early(Channel::GradientNorm, name, 20);
        if let Some(gradient) = crate::stats::median(&gradient).filter(|gradient| *gradient > 0.0) {
            let ratio = decay * first / gradient;
            if pull.is_none_or(|(_, most)| ratio > most) {
                pull = Some((name, ratio));
            }
        }
    }
    if let Some((name, left)) = shrunk.filter(|(_, left)| *left < SHRUNK) {
        let text = format!("with a weight decay of {} `{name}` shrank to {} of its start", shown(decay), percent(left));
        // The gradient shrinks weights as well; a decay does it where it pulls as hard, or long enough.
        let long_enough = case.lr() * decay * case.steps().unwrap_or(0) as f64 > 0.3;
        let by_decay = long_enough || pull.is_some_and(|(_, ratio)| ratio > PULLS);
        let lost = (case.is_flat() || case.is_any(&[State::Shrunk])) && by_decay;
        let evidence_of =
            if lost || left < 0.1 && by_decay { Evidence::strong(text) } else { Evidence::suggestive(text) };
        evidence.push(
            evidence_of.shown_in(EvidenceFigure::UpdateRatios).number("left", left).number("weight_decay", decay),
        );
    }
    let decoupled = matches!(case.experiment.training.optimiser, Optimiser::AdamW { .. });
    if let Some((name, ratio)) = pull.filter(|(_, ratio)| *ratio > PULLS && !decoupled) {
        evidence.push(
            Evidence::suggestive(format!(
                "in the first steps the decay pulls `{name}` {} times as hard as the gradient of the loss",
                shown(ratio)
            ))
            .number("pull", ratio),
        );
    }
    if evidence.is_empty() && shrunk.is_some_and(|(_, left)| left > 0.8) && case.dropout() == 0.0 {
        evidence.push(Evidence::against(format!("a weight decay of {} left the weights at their size", shown(decay))));
    }
    evidence
}

/// Dropout that loses the signal, or is meant to be little.
fn dropped(case: &Case<'_>, rate: f64) -> Vec<Evidence> {
    let mut evidence = Vec::new();
    let mut units = case.data.input_shape.iter().product::<usize>();
    for (info, layer) in case.layers.iter().zip(&case.experiment.model.layers) {
        if let Layer::Dropout { rate } = layer
            && *rate > 0.0
            && units <= 2
        {
            // OK because there are at most two units.
            let all = rate.powi(units as i32);
            let text = format!(
                "`{}` drops all {units} units of its layer, and with them the input, in {} of the steps",
                info.name,
                percent(all)
            );
            evidence.push(if all >= MUCH_LOST { Evidence::strong(text) } else { Evidence::suggestive(text) });
        }
        units = info.shape.iter().product();
    }
    if rate >= HEAVY_DROPOUT {
        let text = format!("dropout sets {} of a layer's units to zero in each step", percent(rate));
        let lost = case.is_flat() || case.is_any(&[State::Shrunk, State::Undertrained, State::Diverged]);
        let evidence_of = if lost && rate >= 0.75 { Evidence::strong(text) } else { Evidence::suggestive(text) };
        evidence.push(evidence_of.number("rate", rate));
    }
    evidence
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        experiment::Activation,
        judge::{
            causes::staged::{STEPS, bare, dense, flat, flat_at, learned, learns, told},
            synthetic::Synthetic,
        },
    };

    fn adam(decay: f64) -> Optimiser {
        Optimiser::Adam { lr: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: decay }
    }

    /// A weight decay under which the first weights end at this share of their start.
    fn decayed(of: Synthetic, optimiser: Optimiser, left: f64) -> Synthetic {
        let norms = (0..STEPS).map(move |step| 10.0 * left.powf(step as f64 / (STEPS - 1) as f64));
        of.experiment(move |experiment| experiment.training.optimiser = optimiser)
            .forget(Channel::WeightNorm, "dense_1.weight")
            .steps(Channel::WeightNorm, "dense_1.weight", norms)
    }

    #[test]
    fn weights_that_the_decay_shrank() {
        insta::assert_snapshot!(told(&OverRegularised, decayed(flat(), adam(1.0), 0.02)), @r"
        collapsed
        strong: with a weight decay of 1 `dense_1.weight` shrank to 2 % of its start
        suggestive: in the first steps the decay pulls `dense_1.weight` 33.3 times as hard as the gradient of the loss
        -> training.optimiser.weight_decay=0.0: weights are then pulled by the data alone
        ");
    }

    #[test]
    fn weights_that_shrank_under_a_decay_too_small_to_do_it() {
        let of = decayed(flat(), adam(1e-6), 0.02);
        insta::assert_snapshot!(told(&OverRegularised, of).lines().nth(1).expect("fits"), @"suggestive: with a weight decay of 1.0e-6 `dense_1.weight` shrank to 2 % of its start");
    }

    #[test]
    fn a_decay_that_is_decoupled_pulls_no_gradient() {
        let coupled = told(&OverRegularised, decayed(flat(), adam(0.1), 0.6));
        insta::assert_snapshot!(coupled.lines().nth(1).expect("fits"), @"suggestive: in the first steps the decay pulls `dense_1.weight` 3.33 times as hard as the gradient of the loss");
        let decoupled = Optimiser::AdamW { lr: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.1 };
        assert!(!told(&OverRegularised, decayed(flat(), decoupled, 0.6)).contains("pulls"));
    }

    #[test]
    fn a_usual_decay_speaks_against() {
        let told = |of: Synthetic| told(&OverRegularised, of).lines().nth(1).map(str::to_owned);
        insta::assert_snapshot!(told(decayed(flat(), adam(1e-4), 0.95)).expect("against"), @"against: a weight decay of 1.0e-4 left the weights at their size");
        insta::assert_snapshot!(told(decayed(learned(), adam(1e-4), 0.95)).expect("against"), @"against: a weight decay of 1.0e-4 left the weights at their size");
        insta::assert_snapshot!(told(flat()).expect("against"), @"against: there is neither weight decay nor dropout");
    }

    fn dropout(rate: f64, inputs: usize) -> Synthetic {
        let hidden = dense(64, Activation::Relu);
        bare().inputs(&[inputs]).network(&[
            Layer::Dropout { rate },
            hidden,
            Layer::Dropout { rate },
            dense(1, Activation::Linear),
        ])
    }

    #[test]
    fn dropout_of_nearly_everything() {
        insta::assert_snapshot!(told(&OverRegularised, flat_at(dropout(0.9, 4), 1.0)), @r"
        collapsed
        strong: dropout sets 90 % of a layer's units to zero in each step
        -> model.layers.0.rate=0.0: nothing is then dropped in this layer
        -> model.layers.2.rate=0.0: nothing is then dropped in this layer
        ");
        insta::assert_snapshot!(told(&OverRegularised, flat_at(dropout(0.5, 2), 1.0)).lines().nth(1).expect("strong"), @"strong: `dropout_1` drops all 2 units of its layer, and with them the input, in 25 % of the steps");
        insta::assert_snapshot!(told(&OverRegularised, flat_at(dropout(0.2, 2), 1.0)).lines().nth(1).expect("fits"), @"suggestive: `dropout_1` drops all 2 units of its layer, and with them the input, in 4 % of the steps");
    }

    #[test]
    fn a_usual_dropout_says_nothing() {
        assert!(!told(&OverRegularised, flat_at(dropout(0.3, 4), 1.0)).contains(": dropout"));
        let heavy = told(&OverRegularised, learns(dropout(0.7, 4)));
        insta::assert_snapshot!(heavy.lines().nth(1).expect("fits"), @"suggestive: dropout sets 70 % of a layer's units to zero in each step");
    }
}
