#![doc = include_str!("loss_mismatch.md")]

use super::{Card, Case, Cause, Evidence, EvidenceFigure, Fix, case::shown};
use crate::{
    data::TargetSummary,
    experiment::{Activation, Layer, Loss},
    judge::State,
    record::{Channel, Split},
};

/// How far beyond 0..1 a target may lie by rounding.
const ROUNDING: f64 = 1e-6;

/// A loss that is meant for another kind of target.
pub struct LossMismatch;

impl Cause for LossMismatch {
    fn card(&self) -> Card {
        Card { id: "loss-mismatch", since: "0.1", explain: include_str!("loss_mismatch.md") }
    }

    fn is_told_of_unpredictable(&self) -> bool {
        true
    }

    fn evidence(&self, case: &Case<'_>) -> Vec<Evidence> {
        let name = match case.experiment.training.loss {
            Loss::Mse {} | Loss::Mae {} | Loss::Huber { .. } => {
                return vec![Evidence::against("the loss is one for regression")];
            }
            Loss::Mape {} => return percentages(case),
            Loss::BinaryCrossEntropy {} => "binary cross-entropy",
            Loss::CrossEntropy {} => "cross-entropy",
        };
        let mut evidence = Vec::new();
        let outside = |target: &&TargetSummary| target.train.min < -ROUNDING || target.train.max > 1.0 + ROUNDING;
        if let Some(target) = case.data.targets.iter().filter(has_range).find(outside) {
            evidence.push(
                Evidence::strong(format!(
                    "{name} is made for targets in 0..1, and those of `{}` run from {} to {}",
                    target.name,
                    shown(target.train.min),
                    shown(target.train.max)
                ))
                .number("min", target.train.min)
                .number("max", target.train.max),
            );
        }
        let lowest = case.values(Split::Train, Channel::Loss, "").into_iter().min_by(f64::total_cmp);
        if let Some(lowest) = lowest.filter(|lowest| *lowest < 0.0) {
            evidence.push(
                Evidence::strong(format!("{name} fell to {}: below zero it is the loss of nothing", shown(lowest)))
                    .shown_in(EvidenceFigure::LossPerStep)
                    .number("loss", lowest),
            );
        }
        let last = case.experiment.model.layers.last();
        let bounded = matches!(
            last,
            Some(
                Layer::Dense { activation: Activation::Sigmoid | Activation::Softmax, .. }
                    | Layer::Activation { activation: Activation::Sigmoid | Activation::Softmax }
            )
        );
        if !bounded {
            evidence.push(Evidence::suggestive(format!(
                "{name} needs predictions between 0 and 1, and the output layer does not keep them there: outside its gradient is zero"
            )));
        }
        if matches!(case.experiment.training.loss, Loss::CrossEntropy {}) && case.data.targets.len() == 1 {
            evidence.push(Evidence::strong(
                "cross-entropy of a single output asks for 1 everywhere: nothing in it says that a prediction is too large",
            ));
        }
        evidence
    }

    fn fixes(&self, _case: &Case<'_>) -> Vec<Fix> {
        vec![Fix::new(
            "training.loss",
            "\"mse\"",
            "the squared error is smallest where predictions are the targets' means",
        )]
    }
}

/// Whether the smallest and the largest target are known: of NaN neither is.
fn has_range(target: &&TargetSummary) -> bool {
    target.train.min <= target.train.max
}

/// Percentages ask for a constant far below the mean, since too high costs more than too low.
fn percentages(case: &Case<'_>) -> Vec<Evidence> {
    let small = case.data.targets.iter().filter(has_range).find(|target| {
        let (min, max) = (target.train.min, target.train.max);
        min.abs().min(max.abs()) < 0.1 * target.train.mean.abs() || (min < 0.0 && max > 0.0)
    });
    let Some(target) = small else { return Vec::new() };
    let text = format!(
        "percentage errors of `{}` weigh targets near zero most (they run from {} to {}), which pulls every prediction towards them",
        target.name,
        shown(target.train.min),
        shown(target.train.max)
    );
    let below = case
        .faulty_outputs()
        .iter()
        .any(|output| output.constant_fit.as_ref().is_some_and(|fit| fit.level.abs() < target.median.abs()));
    let shrunk = case.is_any(&[State::Shrunk]);
    // Beside a target of zero every error is infinite.
    let crosses = target.train.min < 0.0 && target.train.max > 0.0;
    // A dead network answers a small constant whatever the loss is.
    let dead = case.is_stuck() || !case.dead_layers().is_empty();
    vec![if !dead && (below || shrunk || crosses) { Evidence::strong(text) } else { Evidence::suggestive(text) }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        data::Moments,
        judge::{
            causes::staged::{STEPS, bare, dense, flat_at, learned, learns, predicts, told, told_before},
            synthetic::Synthetic,
        },
    };

    fn with(of: Synthetic, loss: Loss) -> Synthetic {
        of.experiment(move |experiment| experiment.training.loss = loss)
    }

    fn prices() -> Synthetic {
        bare().target(Moments { mean: 22.0, std: 9.0, min: 5.0, max: 50.0 })
    }

    #[test]
    fn cross_entropy_is_for_shares() {
        let of = with(flat_at(prices(), 40.0), Loss::BinaryCrossEntropy {});
        let of = of.forget(Channel::Loss, "").steps(Channel::Loss, "", (0..STEPS).map(|step| 1.0 - step as f64));
        insta::assert_snapshot!(told(&LossMismatch, of), @r#"
        collapsed
        strong: binary cross-entropy is made for targets in 0..1, and those of `y` run from 5 to 50
        strong: binary cross-entropy fell to -298: below zero it is the loss of nothing
        suggestive: binary cross-entropy needs predictions between 0 and 1, and the output layer does not keep them there: outside its gradient is zero
        -> training.loss="mse": the squared error is smallest where predictions are the targets' means
        "#);
        let one_hot = with(prices(), Loss::CrossEntropy {});
        insta::assert_snapshot!(told_before(&LossMismatch, one_hot), @r#"
        strong: cross-entropy is made for targets in 0..1, and those of `y` run from 5 to 50
        suggestive: cross-entropy needs predictions between 0 and 1, and the output layer does not keep them there: outside its gradient is zero
        strong: cross-entropy of a single output asks for 1 everywhere: nothing in it says that a prediction is too large
        -> training.loss="mse": the squared error is smallest where predictions are the targets' means
        "#);
    }

    #[test]
    fn shares_behind_a_sigmoid_are_what_it_is_for() {
        let shares = bare()
            .target(Moments { mean: 0.5, std: 0.3, min: 0.0, max: 1.0 })
            .network(&[dense(32, Activation::Relu), dense(1, Activation::Sigmoid)]);
        insta::assert_snapshot!(told(&LossMismatch, with(learns(shares), Loss::BinaryCrossEntropy {})), @r#"
        learned
        -> training.loss="mse": the squared error is smallest where predictions are the targets' means
        "#);
    }

    #[test]
    fn percentages_pull_towards_small_targets() {
        let small = || bare().target(Moments { mean: 22.0, std: 9.0, min: 0.01, max: 50.0 });
        let below = with(flat_at(small(), 0.5), Loss::Mape {});
        insta::assert_snapshot!(told(&LossMismatch, below), @r#"
        collapsed
        strong: percentage errors of `y` weigh targets near zero most (they run from 0.01 to 50), which pulls every prediction towards them
        -> training.loss="mse": the squared error is smallest where predictions are the targets' means
        "#);
        // Above the median it is not the percentages that pulled.
        let above = with(flat_at(small(), 40.0), Loss::Mape {});
        insta::assert_snapshot!(told(&LossMismatch, above).lines().nth(1).expect("fits"), @"suggestive: percentage errors of `y` weigh targets near zero most (they run from 0.01 to 50), which pulls every prediction towards them");
        // Prices of 5 and more are fit for percentages.
        let prices = with(predicts(prices(), |_, y| y), Loss::Mape {});
        assert!(!told(&LossMismatch, prices).contains(": percentage"));
    }

    #[test]
    fn a_loss_for_regression_speaks_against() {
        for loss in [Loss::Mse {}, Loss::Mae {}, Loss::Huber { delta: 1.0 }] {
            assert_eq!(
                told(&LossMismatch, with(learned(), loss)).lines().nth(1),
                Some("against: the loss is one for regression")
            );
        }
    }
}
