#![doc = include_str!("exploding_nan.md")]

use super::{Card, Case, Cause, Evidence, EvidenceFigure, Fix, case::shown, changes};
use crate::{
    judge::State,
    record::{Channel, Split},
};

/// Growth of the activations' size from the first layer to the last, before the first step, that no loss survives.
const GROWS: f64 = 100.0;
/// Growth of a weight matrix over its start.
const GREW: f64 = 1e3;

/// Numbers that grow from step to step, or from layer to layer, until they are infinite.
pub struct ExplodingNan;

impl Cause for ExplodingNan {
    fn card(&self) -> Card {
        Card { id: "exploding-nan", since: "0.1", explain: include_str!("exploding_nan.md") }
    }

    fn follows_from(&self) -> &'static [&'static str] {
        &["inputs-not-scaled", "targets-not-scaled", "data-bug", "wrong-gradient", "loss-mismatch"]
    }

    fn evidence(&self, case: &Case<'_>) -> Vec<Evidence> {
        let Some(trained) = case.trained else { return Vec::new() };
        let mut evidence = Vec::new();
        if let Some(growth) = growth_through_layers(case).filter(|growth| *growth > GROWS) {
            evidence.push(
                Evidence::strong(format!(
                    "before training has changed anything the signal grows {} times from the first layer to the last",
                    shown(growth)
                ))
                .shown_in(EvidenceFigure::Activations)
                .number("growth", growth),
            );
        }
        let not_finite = trained.run.findings.iter().find(|finding| finding.id == "non-finite");
        if let Some(finding) = not_finite {
            let evidence_of = Evidence::strong(finding.sentence.clone()); // it names the step
            evidence.push(evidence_of.shown_in(EvidenceFigure::LossPerStep).number("step", finding.step as f64));
        }
        let grew = case.weights().into_iter().filter_map(|name| {
            let norms = case.values(Split::Train, Channel::WeightNorm, name);
            Some((name, norms.last()? / norms.first().filter(|first| **first > 0.0)?))
        });
        if let Some((name, by)) = grew.max_by(|one, other| one.1.total_cmp(&other.1)).filter(|(_, by)| *by > GREW) {
            let text = format!("`{name}` grew to {} times its start", shown(by));
            // Targets of a hundred thousand need such weights.
            let lost = case.is_any(&[State::Diverged]);
            let evidence_of = if lost { Evidence::strong(text) } else { Evidence::suggestive(text) };
            evidence.push(evidence_of.shown_in(EvidenceFigure::UpdateRatios).number("growth", by));
        }
        if evidence.is_empty() && case.is_any(&[State::Diverged]) {
            evidence.push(Evidence::suggestive("the squared error left the variance far behind and did not return"));
        }
        if evidence.is_empty() {
            evidence.push(Evidence::against("every number stayed finite and of a usual size"));
        }
        evidence
    }

    fn fixes(&self, case: &Case<'_>) -> Vec<Fix> {
        let mut fixes = Vec::new();
        if case.experiment.model.init.gain > 1.0 {
            fixes.push(Fix::new("model.init.gain", "1.0", "layers then keep the size of the signal"));
        }
        if case.experiment.training.clip_norm.is_none() {
            fixes.push(Fix::new("training.clip_norm", "1.0", "no single step can then be larger than the rate"));
        }
        fixes.push(changes::lr_times(case, 0.1, "smaller steps stay where the gradient holds"));
        fixes.push(changes::lr_times(case, 0.01, "smaller steps stay where the gradient holds"));
        fixes
    }
}

/// Standard deviation of the last layer's activations over that of the first one's, at the first step.
fn growth_through_layers(case: &Case<'_>) -> Option<f64> {
    let of = |name: &str| case.at_start(Split::Train, Channel::ActivationStd, name).filter(|std| *std > 0.0);
    // Batch normalisation changes the size on purpose.
    if case.has_batch_norm() {
        return None;
    }
    let names: Vec<&str> = case.trainable().map(|layer| layer.name.as_str()).collect();
    let (first, last) = (names.first()?, names.last()?);
    (names.len() > 2).then(|| Some(of(last)? / of(first)?))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        experiment::Activation,
        judge::{
            causes::staged::{STEPS, bare, dense, flat, flat_at, instrumented, learned, predicts, told, told_before},
            synthetic::{Synthetic, noise},
        },
        record::Status,
    };

    #[test]
    fn numbers_that_are_none() {
        let of = flat().forget(Channel::Loss, "").steps(Channel::Loss, "", [4.0, 40.0, f64::INFINITY, f64::NAN]);
        insta::assert_snapshot!(told(&ExplodingNan, of.status(Status::NonFinite)), @r"
        diverged
        strong: the loss was NaN or infinite, first at step 3
        -> training.clip_norm=1.0: no single step can then be larger than the rate
        -> training.optimiser.lr=0.001: smaller steps stay where the gradient holds
        -> training.optimiser.lr=0.0001: smaller steps stay where the gradient holds
        ");
    }

    #[test]
    fn a_signal_that_grows_from_layer_to_layer_at_the_start() {
        let layers = [dense(8, Activation::Tanh), dense(8, Activation::Relu), dense(1, Activation::Linear)];
        let of = |last: f64| {
            flat_at(bare().network(&layers), 1.0)
                .forget(Channel::ActivationStd, "dense_3")
                .steps(Channel::ActivationStd, "dense_3", [last; STEPS])
                .experiment(|experiment| experiment.model.init.gain = 30.0)
        };
        insta::assert_snapshot!(told(&ExplodingNan, of(4e3)), @r"
        collapsed
        strong: before training has changed anything the signal grows 4000 times from the first layer to the last
        -> model.init.gain=1.0: layers then keep the size of the signal
        -> training.clip_norm=1.0: no single step can then be larger than the rate
        -> training.optimiser.lr=0.001: smaller steps stay where the gradient holds
        -> training.optimiser.lr=0.0001: smaller steps stay where the gradient holds
        ");
        insta::assert_snapshot!(told(&ExplodingNan, of(40.0)).lines().nth(1).expect("against"), @"against: every number stayed finite and of a usual size");
    }

    #[test]
    fn weights_that_grew_without_bounds() {
        let grown = |of: Synthetic| {
            of.forget(Channel::WeightNorm, "dense_1.weight").steps(
                Channel::WeightNorm,
                "dense_1.weight",
                (0..STEPS).map(|step| 10.0 * 1.05_f64.powi(step as i32)),
            )
        };
        insta::assert_snapshot!(told(&ExplodingNan, grown(flat())).lines().nth(1).expect("fits"), @"suggestive: `dense_1.weight` grew to 2.2e6 times its start");
        insta::assert_snapshot!(told(&ExplodingNan, grown(thrown())).lines().nth(1).expect("strong"), @"strong: `dense_1.weight` grew to 2.2e6 times its start");
    }

    /// An error that left the variance behind for good.
    fn thrown() -> Synthetic {
        let thrown = instrumented(predicts(bare(), |i, _| 100.0 * noise(i + 9)), 2500.0);
        thrown.forget(Channel::Loss, "").steps(Channel::Loss, "", [1.0, 1e4])
    }

    #[test]
    fn an_error_that_left_the_variance_behind_fits() {
        insta::assert_snapshot!(told(&ExplodingNan, thrown()), @r"
        diverged
        suggestive: the squared error left the variance far behind and did not return
        -> training.clip_norm=1.0: no single step can then be larger than the rate
        -> training.optimiser.lr=0.001: smaller steps stay where the gradient holds
        -> training.optimiser.lr=0.0001: smaller steps stay where the gradient holds
        ");
    }

    #[test]
    fn finite_numbers_speak_against_and_before_training_nothing_does() {
        insta::assert_snapshot!(told(&ExplodingNan, learned()).lines().nth(1).expect("against"), @"against: every number stayed finite and of a usual size");
        insta::assert_snapshot!(told(&ExplodingNan, flat()).lines().nth(1).expect("against"), @"against: every number stayed finite and of a usual size");
        assert!(!told_before(&ExplodingNan, bare()).contains(": every"));
    }

    #[test]
    fn a_clipped_training_is_not_told_to_clip() {
        let clipped: fn(Synthetic) -> Synthetic =
            |of| of.experiment(|experiment| experiment.training.clip_norm = Some(1.0));
        assert!(!told(&ExplodingNan, clipped(flat())).contains("clip_norm"));
    }
}
