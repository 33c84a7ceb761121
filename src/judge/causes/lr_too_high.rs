#![doc = include_str!("lr_too_high.md")]

use super::{
    Card, Case, Cause, Evidence, EvidenceFigure, Fix,
    case::{percent, shown},
    changes,
};
use crate::{judge::State, stats};

/// Sharpness over its limit, before the first step, that throws a network.
const THROWS: f64 = 2.0;
/// Share of a weight matrix that one of the first updates changes when steps are too large.
const LARGE_UPDATE: f64 = 0.3;
/// The same, from which nothing of the start is left after a few steps.
const HUGE_UPDATE: f64 = 1.0;
/// Rise of the squared error within the first steps over that of the first one.
const SPIKE: f64 = 5.0;
/// Share of dead units at birth up to which a layer was alive.
const ALIVE: f64 = 0.7;

/// Steps that are too large for the loss.
pub struct LrTooHigh;

impl Cause for LrTooHigh {
    fn card(&self) -> Card {
        Card { id: "lr-too-high", since: "0.1", explain: include_str!("lr_too_high.md") }
    }

    fn evidence(&self, case: &Case<'_>) -> Vec<Evidence> {
        let mut evidence = Vec::new();
        let ratio = case.first_stability_ratio();
        let update = case.largest_first_update();
        if stats::median(&case.gradient_cosines()).is_some_and(|cosine| cosine < 0.0) {
            return vec![Evidence::against("the updates climb the loss, so a smaller rate would climb it more slowly")];
        }
        // Thrown and still on the way back is thrown as well.
        let useless = |output: &&crate::judge::OutputDiagnosis| output.skill.is_some_and(|skill| skill.value < 0.05);
        let outputs = case.faulty_outputs();
        let harmed = case.is_flat()
            || case.is_any(&[State::Diverged])
            || case.is_any(&[State::Undertrained, State::Undecided])
                && outputs.iter().all(useless)
                && !outputs.is_empty();
        let spike = case.spike().filter(|(peak, _)| *peak > SPIKE || peak.is_infinite());
        let died: Vec<String> =
            case.dead_layers().iter().filter(|(_, born)| *born < ALIVE).map(|(layer, _)| layer.name.clone()).collect();
        if let Some(ratio) = ratio.filter(|ratio| *ratio > THROWS) {
            let text = format!(
                "before the first step the loss is {} times as sharp as this learning rate allows",
                shown(ratio)
            );
            let strong = harmed && (spike.is_some() || !died.is_empty() || case.is_any(&[State::Diverged]));
            let evidence_of = if strong { Evidence::strong(text) } else { Evidence::suggestive(text) };
            evidence.push(evidence_of.shown_in(EvidenceFigure::Sharpness).number("stability_ratio", ratio));
        }
        if let Some(update) = update.filter(|update| *update > LARGE_UPDATE) {
            let text =
                format!("one of the first ten updates changed a weight matrix by {} of its size", percent(update));
            let strong = harmed && (update > HUGE_UPDATE || spike.is_some() || !died.is_empty());
            let evidence_of = if strong { Evidence::strong(text) } else { Evidence::suggestive(text) };
            evidence.push(evidence_of.shown_in(EvidenceFigure::UpdateRatios).number("update_ratio", update));
        }
        if let Some((peak, step)) = spike {
            let text = format!(
                "the squared error rose to {} times that of the first step within the first steps (step {step})",
                shown(peak)
            );
            let strong = harmed && ratio.is_some_and(|ratio| ratio > 1.0);
            let evidence_of = if strong { Evidence::strong(text) } else { Evidence::suggestive(text) };
            evidence.push(evidence_of.shown_in(EvidenceFigure::LossPerStep).number("peak", peak));
        }
        if !died.is_empty() && !evidence.is_empty() {
            let text = format!(
                "{} was alive before the first step and is dead at the end",
                crate::judge::symptoms::names(&died)
            );
            evidence.push(Evidence::suggestive(text).shown_in(EvidenceFigure::DeadUnitsPerLayer));
        }
        let calm =
            ratio.is_some_and(|ratio| ratio < 0.5) && update.is_some_and(|update| update < 0.05) && spike.is_none();
        if evidence.is_empty() && calm {
            evidence.push(Evidence::against(format!(
                "the first steps are small: {} of the sharpness that this rate allows, updates of at most {} of the weights",
                shown(ratio.unwrap_or(f64::NAN)),
                percent(update.unwrap_or(f64::NAN))
            )));
        }
        evidence
    }

    fn fixes(&self, case: &Case<'_>) -> Vec<Fix> {
        let why = "smaller first steps stay where the gradient holds";
        let mut fixes = vec![changes::lr_times(case, 0.1, why), changes::lr_times(case, 0.01, why)];
        if !case.is_adaptive() && case.experiment.training.clip_norm.is_none() {
            fixes.push(Fix::new("training.clip_norm", "1.0", "no single step can then be larger than the rate"));
        }
        fixes.push(changes::lr_times(case, 0.001, why));
        fixes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        experiment::Optimiser,
        judge::{
            causes::staged::{STEPS, bare, flat, instrumented, learned, predicts, told},
            synthetic::{Synthetic, noise},
        },
        record::{Channel, Split},
    };

    fn sharp(of: Synthetic, ratio: f64) -> Synthetic {
        of.forget(Channel::StabilityRatio, "").point(Split::Train, Channel::StabilityRatio, "", 0, ratio)
    }

    fn spike(of: Synthetic, peak: f64) -> Synthetic {
        let ratios = (1..=STEPS).map(move |step| if step == 3 { peak } else { 1.0 });
        of.forget(Channel::LossRatio, "").steps(Channel::LossRatio, "", ratios)
    }

    fn updates(of: Synthetic, first: f64) -> Synthetic {
        let values = (1..=STEPS).map(move |step| if step <= 5 { first } else { 3e-3 });
        of.forget(Channel::UpdateRatio, "dense_1.weight").steps(Channel::UpdateRatio, "dense_1.weight", values)
    }

    fn dies(of: Synthetic, born: f64) -> Synthetic {
        of.forget(Channel::DeadFractionProbe, "dense_1").epochs(
            Split::Train,
            Channel::DeadFractionProbe,
            "dense_1",
            0,
            [born, 1.0],
        )
    }

    #[test]
    fn a_first_step_that_throws_the_network() {
        insta::assert_snapshot!(told(&LrTooHigh, dies(updates(spike(sharp(flat(), 12.0), 900.0), 0.6), 0.4)), @r"
        collapsed
        strong: before the first step the loss is 12 times as sharp as this learning rate allows
        strong: one of the first ten updates changed a weight matrix by 60 % of its size
        strong: the squared error rose to 900 times that of the first step within the first steps (step 3)
        suggestive: `dense_1` was alive before the first step and is dead at the end
        -> training.optimiser.lr=0.001: smaller first steps stay where the gradient holds
        -> training.optimiser.lr=0.0001: smaller first steps stay where the gradient holds
        -> training.optimiser.lr=1e-5: smaller first steps stay where the gradient holds
        ");
    }

    #[test]
    fn plain_gradient_descent_is_told_to_clip() {
        let of = spike(sharp(flat(), 12.0), 900.0).experiment(|experiment| {
            experiment.training.optimiser =
                Optimiser::Sgd { lr: 0.5, momentum: 0.0, nesterov: false, weight_decay: 0.0 };
        });
        insta::assert_snapshot!(told(&LrTooHigh, of), @r"
        collapsed
        strong: before the first step the loss is 12 times as sharp as this learning rate allows
        strong: the squared error rose to 900 times that of the first step within the first steps (step 3)
        -> training.optimiser.lr=0.05: smaller first steps stay where the gradient holds
        -> training.optimiser.lr=0.005: smaller first steps stay where the gradient holds
        -> training.clip_norm=1.0: no single step can then be larger than the rate
        -> training.optimiser.lr=0.0005: smaller first steps stay where the gradient holds
        ");
    }

    #[test]
    fn one_sign_alone_fits_only() {
        let evidence = |of: Synthetic| told(&LrTooHigh, of).lines().nth(1).unwrap_or_default().to_owned();
        insta::assert_snapshot!(evidence(sharp(flat(), 12.0)), @"suggestive: before the first step the loss is 12 times as sharp as this learning rate allows");
        insta::assert_snapshot!(evidence(updates(flat(), 0.6)), @"suggestive: one of the first ten updates changed a weight matrix by 60 % of its size");
        insta::assert_snapshot!(evidence(spike(flat(), 900.0)), @"suggestive: the squared error rose to 900 times that of the first step within the first steps (step 3)");
        // What learned in spite of them was not harmed.
        let harmless = told(&LrTooHigh, updates(spike(sharp(learned(), 12.0), 900.0), 2.0));
        assert!(harmless.contains("suggestive") && !harmless.contains("strong"), "{harmless}");
    }

    #[test]
    fn units_that_were_born_dead_were_not_killed() {
        let of = dies(updates(sharp(flat(), 12.0), 0.6), 0.9);
        assert!(!told(&LrTooHigh, of).contains("alive before"));
        // And units that die in calm water died of something else.
        insta::assert_snapshot!(told(&LrTooHigh, dies(flat(), 0.4)).lines().nth(1).unwrap_or_default(), @"against: the first steps are small: 0.3 of the sharpness that this rate allows, updates of at most 0.3 % of the weights");
    }

    #[test]
    fn a_loss_that_is_climbed_is_wrong_gradient() {
        let of = [1, 2, 4]
            .into_iter()
            .fold(spike(sharp(flat(), 12.0), 900.0).forget(Channel::GradientCosine, ""), |of, step| {
                of.point(Split::Train, Channel::GradientCosine, "", step, -1.0)
            });
        insta::assert_snapshot!(told(&LrTooHigh, of).lines().nth(1).expect("against"), @"against: the updates climb the loss, so a smaller rate would climb it more slowly");
    }

    #[test]
    fn numbers_that_end_as_none_are_a_spike_all_the_same() {
        let ratios = [1.0, 50.0, 1e5, f64::NAN, f64::NAN];
        let thrown = instrumented(predicts(bare(), |i, _| 100.0 * noise(i + 9)), 2500.0);
        let of = sharp(thrown, 12.0).forget(Channel::LossRatio, "").steps(Channel::LossRatio, "", ratios);
        let of = of.status(crate::record::Status::NonFinite);
        insta::assert_snapshot!(told(&LrTooHigh, of).lines().take(3).collect::<Vec<_>>().join("\n"), @r"
        diverged
        strong: before the first step the loss is 12 times as sharp as this learning rate allows
        strong: the squared error rose to 1.0e5 times that of the first step within the first steps (step 3)
        ");
    }

    #[test]
    fn small_first_steps_speak_against() {
        insta::assert_snapshot!(told(&LrTooHigh, learned()), @r"
        learned
        against: the first steps are small: 0.3 of the sharpness that this rate allows, updates of at most 0.3 % of the weights
        -> training.optimiser.lr=0.001: smaller first steps stay where the gradient holds
        -> training.optimiser.lr=0.0001: smaller first steps stay where the gradient holds
        -> training.optimiser.lr=1e-5: smaller first steps stay where the gradient holds
        ");
        insta::assert_snapshot!(told(&LrTooHigh, flat()).lines().nth(1).expect("against"), @"against: the first steps are small: 0.3 of the sharpness that this rate allows, updates of at most 0.3 % of the weights");
    }
}
