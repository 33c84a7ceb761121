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
