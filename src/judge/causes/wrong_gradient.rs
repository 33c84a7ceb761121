#![doc = include_str!("wrong_gradient.md")]

use super::{Card, Case, Cause, Evidence, EvidenceFigure, Fix, case::shown, recomputed::LoggedLoss};
use crate::{
    judge::stats,
    record::{Channel, Split},
};

/// Cosine below which the optimiser climbs the loss.
const CLIMBS: f64 = -0.5;
/// Cosine above which two gradients are one, but for rounding.
const SAME: f64 = 0.99;
/// Cosine below which two gradients have little to do with each other.
const OTHER: f64 = 0.7;
/// Growth of the gradient's size over the recomputed one, from the first look to the last, that sums over steps show.
const GROWTH: f64 = 3.0;

/// The optimiser is given something else than the gradient of the loss.
pub struct WrongGradient;

impl Cause for WrongGradient {
    fn card(&self) -> Card {
        Card { id: "wrong-gradient", since: "0.1", explain: include_str!("wrong_gradient.md") }
    }

    fn evidence(&self, case: &Case<'_>) -> Vec<Evidence> {
        let cosines = case.gradient_cosines();
        let Some(usual) = stats::median(&cosines) else { return Vec::new() };
        if cosines.iter().all(|cosine| *cosine > SAME) && case.logged_loss() == LoggedLoss::Own {
            let ratios = case.values(Split::Train, Channel::GradientRatio, "");
            let same_size = ratios.iter().all(|ratio| (0.9..1.1).contains(ratio));
            let text = "the gradient that the optimiser was given is that of the loss";
            return if same_size { vec![Evidence::against(text)] } else { grown(case).into_iter().collect() };
        }
        // A loss of something else, or parameters that are given no gradient, are causes of their own.
        let explained = case.logged_loss() != LoggedLoss::Own
            || case.unmoved().is_some_and(|unmoved| !unmoved.is_empty())
            || case.has_batch_norm() && cosines.first().is_some_and(|first| *first <= SAME) && usual > CLIMBS;
        if explained {
            return Vec::new();
        }
        let evidence =
            |text: String| Evidence::strong(text).shown_in(EvidenceFigure::GradientNorms).number("cosine", usual);
        if usual < CLIMBS {
            return vec![evidence(format!(
                "the gradient that the optimiser was given points against that of the loss (cosine {}): each step climbs it",
                shown(usual)
            ))];
        }
        if let Some(grown) = grown(case) {
            return vec![grown];
        }
        if usual < OTHER {
            return vec![evidence(format!(
                "the gradient that the optimiser was given is not that of the loss: their cosine is {}",
                shown(usual)
            ))];
        }
        Vec::new()
    }

    fn fixes(&self, _case: &Case<'_>) -> Vec<Fix> {
        vec![Fix::new("faults.gradients", "\"correct\"", "the optimiser is then given the gradient of the loss")]
    }

    fn advice(&self) -> Option<&'static str> {
        Some(
            "check the sign of the update, set gradients to zero before each step, and hold a hand-written backward pass \
             against finite differences",
        )
    }
}

/// Gradients that were right at the first step and grew with each step since: they were never set to zero.
fn grown(case: &Case<'_>) -> Option<Evidence> {
    let ratios = case.values(Split::Train, Channel::GradientRatio, "");
    let first_cosine = *case.gradient_cosines().first()?;
    let (first, last) = (*ratios.first()?, ratios.iter().copied().fold(0.0, f64::max));
    let grows = first_cosine > SAME && (0.9..1.1).contains(&first) && last > GROWTH;
    grows.then(|| {
        Evidence::strong(format!(
            "the gradient that the optimiser was given was that of the loss at the first step and {} times as large as it later: \
             gradients of earlier steps are still in it",
            shown(last)
        ))
        .shown_in(EvidenceFigure::GradientNorms)
        .number("ratio", last)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        experiment::{Activation, Layer},
        judge::{
            causes::staged::{STEPS, bare, dense, flat, flat_at, learned, told},
            synthetic::Synthetic,
        },
    };

    /// Cosine and ratio of the gradients at steps that are powers of two.
    fn given(of: Synthetic, cosine: impl Fn(u64) -> f64, ratio: impl Fn(u64) -> f64) -> Synthetic {
        let of = of.forget(Channel::GradientCosine, "").forget(Channel::GradientRatio, "");
        [1, 2, 4, 8, 16, 32].into_iter().fold(of, |of, step| {
            of.point(Split::Train, Channel::GradientCosine, "", step, cosine(step)).point(
                Split::Train,
                Channel::GradientRatio,
                "",
                step,
                ratio(step),
            )
        })
    }

    fn told_first(of: Synthetic) -> String {
        told(&WrongGradient, of).lines().nth(1).unwrap_or_default().to_owned()
    }

    #[test]
    fn a_loss_that_is_climbed() {
        insta::assert_snapshot!(told(&WrongGradient, given(flat(), |_| -1.0, |_| 1.0)), @r#"
        collapsed
        strong: the gradient that the optimiser was given points against that of the loss (cosine -1): each step climbs it
        -> faults.gradients="correct": the optimiser is then given the gradient of the loss
        "#);
    }

    #[test]
    fn gradients_that_were_never_set_to_zero() {
        let sums = |step: u64| step as f64;
        insta::assert_snapshot!(told_first(given(flat(), |step| if step == 1 { 1.0 } else { 0.6 }, sums)), @"strong: the gradient that the optimiser was given was that of the loss at the first step and 32 times as large as it later: gradients of earlier steps are still in it");
        // All of one direction, so that only their size tells.
        insta::assert_snapshot!(told_first(given(flat(), |_| 1.0, sums)), @"strong: the gradient that the optimiser was given was that of the loss at the first step and 32 times as large as it later: gradients of earlier steps are still in it");
    }

    #[test]
    fn a_mistaken_formula() {
        insta::assert_snapshot!(told_first(given(flat(), |_| 0.1, |_| 1.0)), @"strong: the gradient that the optimiser was given is not that of the loss: their cosine is 0.1");
        // Some other way of summing is none.
        assert!(told_first(given(flat(), |_| 0.9, |_| 1.0)).starts_with("->"));
    }

    #[test]
    fn what_other_causes_explain_is_left_to_them() {
        let other_loss =
            given(flat(), |_| 0.1, |_| 1.0).forget(Channel::Loss, "").steps(Channel::Loss, "", [8.0; STEPS]);
        assert!(!told(&WrongGradient, other_loss).contains("strong"));
        let frozen = given(flat(), |_| 0.1, |_| 1.0).forget(Channel::DistanceFromStart, "dense_1.weight").epochs(
            Split::Train,
            Channel::DistanceFromStart,
            "dense_1.weight",
            1,
            [0.0; 3],
        );
        assert!(!told(&WrongGradient, frozen).contains("strong"));
        let norm = Layer::BatchNorm { momentum: 0.1, epsilon: 1e-5, activation: Activation::Relu };
        let in_eval = bare().network(&[dense(8, Activation::Linear), norm, dense(1, Activation::Linear)]);
        assert!(!told(&WrongGradient, given(flat_at(in_eval, 1.0), |_| 0.1, |_| 1.0)).contains("strong"));
    }

    #[test]
    fn the_gradient_of_the_loss_speaks_against() {
        insta::assert_snapshot!(told(&WrongGradient, learned()), @r#"
        learned
        against: the gradient that the optimiser was given is that of the loss
        -> faults.gradients="correct": the optimiser is then given the gradient of the loss
        "#);
        insta::assert_snapshot!(told_first(flat()), @"against: the gradient that the optimiser was given is that of the loss");
        let unknown = flat().forget(Channel::GradientCosine, "");
        assert!(told_first(unknown).starts_with("->"));
    }
}
