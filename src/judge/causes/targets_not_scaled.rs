#![doc = include_str!("targets_not_scaled.md")]

use super::{Card, Case, Cause, Evidence, EvidenceFigure, Fix, case::shown, changes};
use crate::{
    data::TargetSummary,
    experiment::{Optimiser, Scaling},
    judge::State,
    record::{Channel, Split},
};

/// Size of a target above which it is far from where an untrained network answers.
const LARGE: f64 = 10.0;
/// Squared error of the untrained network over the target's variance above which it starts far off.
const FAR_OFF: f64 = 10.0;
/// Standard deviation below which the untrained network's own answers are larger than the target's variation.
const SMALL: f64 = 0.05;

/// Targets of a size that the optimiser cannot reach, or that its noise drowns.
pub struct TargetsNotScaled;

impl Cause for TargetsNotScaled {
    fn card(&self) -> Card {
        Card { id: "targets-not-scaled", since: "0.1", explain: include_str!("targets_not_scaled.md") }
    }

    fn evidence(&self, case: &Case<'_>) -> Vec<Evidence> {
        let varying = case.faulty_targets().into_iter().filter(|target| target.train.std > 0.0);
        let size = |target: &TargetSummary| target.train.mean.hypot(target.train.std);
        let Some(target) = varying.max_by(|one, other| size(one).ln().abs().total_cmp(&size(other).ln().abs())) else {
            return Vec::new();
        };
        let (mean, std) = (target.train.mean, target.train.std);
        let name = &target.name;
        if std > SMALL && size(target) < LARGE && mean.abs() < 10.0 * std {
            return vec![Evidence::against(format!(
                "targets are of a usual size: `{name}` has mean {} and standard deviation {}",
                shown(mean),
                shown(std)
            ))];
        }
        let mut evidence = vec![
            Evidence::suggestive(format!(
                "target `{name}` has mean {} and standard deviation {}",
                shown(mean),
                shown(std)
            ))
            .number("mean", mean)
            .number("std", std),
        ];
        evidence.extend(before_travel(case, target));
        evidence.extend(out_of_travel(case, target));
        evidence.extend(noise_drowns(case, target));
        let diverged = case.is_any(&[State::Diverged]) || case.spike().is_some_and(|(peak, _)| peak > 10.0);
        // Whether a quadratic diverges hangs on its curvature and the rate, and not on where its bottom lies.
        let by_curvature =
            case.hidden_activation().is_none() || case.first_stability_ratio().is_some_and(|ratio| ratio > 2.0);
        if std > LARGE && !case.is_adaptive() && !by_curvature && (diverged || !case.dead_layers().is_empty()) {
            evidence.push(
                Evidence::strong(format!(
                    "the gradient is as large as the targets, and plain gradient descent takes steps of that size: errors of {} at a \
                     rate of {}",
                    shown(std),
                    shown(case.lr())
                ))
                .shown_in(EvidenceFigure::UpdateRatios),
            );
        }
        evidence
    }

    fn fixes(&self, case: &Case<'_>) -> Vec<Fix> {
        if case.experiment.data.scale_targets == Scaling::None { vec![changes::scale_targets()] } else { Vec::new() }
    }
}

/// Before training: a mean that no bias can reach in the steps that are planned, nor hidden units of a usual number by theirs.
fn before_travel(case: &Case<'_>, target: &TargetSummary) -> Option<Evidence> {
    if case.trained.is_some() || !case.is_adaptive() {
        return None;
    }
    let training = &case.experiment.training;
    let steps = case.data.train_samples.div_ceil(u64::from(training.batch_size.max(1))) * u64::from(training.epochs);
    let reach = case.lr() * steps as f64;
    // The units of the last hidden layer and the output's bias may all travel as far, into the same direction.
    let units = case.layers.iter().rev().nth(1).map_or(0, |layer| layer.shape.iter().product::<usize>());
    let together = (units + 1) as f64;
    (reach * together < target.train.mean.abs().max(target.train.std)).then(|| {
        Evidence::strong(format!(
            "in the {steps} steps that are planned a parameter travels at most {} at a rate of {}, and the targets lie around {}",
            shown(reach),
            shown(case.lr()),
            shown(target.train.mean)
        ))
        .number("reach", reach)
    })
}

/// A prediction that is still far from the targets, on its way.
fn out_of_travel(case: &Case<'_>, target: &TargetSummary) -> Option<Evidence> {
    let steps = case.steps()?;
    let points = case.points(Split::Train, Channel::PredictionMean, &target.name);
    let level = points.last()?.value.finite()?;
    let (mean, std) = (target.train.mean, target.train.std);
    let gap = (mean - level).abs();
    let start = case.values(Split::Train, Channel::LossRatio, "").first().copied();
    let far = gap > std.max(0.05 * mean.abs()) && start.is_none_or(|start| start > FAR_OFF);
    // Under an adaptive optimiser a parameter moves by at most about the rate in each step, and momentum adds them up.
    let momentum = match case.experiment.training.optimiser {
        Optimiser::RmsProp { momentum, .. } => momentum,
        Optimiser::Sgd { .. } | Optimiser::Adam { .. } | Optimiser::AdamW { .. } => 0.0,
    };
    let reach = case.lr() * steps as f64 / (1.0 - momentum);
    if far && case.is_adaptive() && reach < mean.abs().max(std) {
        return Some(
            Evidence::strong(format!(
                "predictions lie around {} and the targets around {}: in {steps} steps at a rate of {} a parameter travels at most {}",
                shown(level),
                shown(mean),
                shown(case.lr()),
                shown(reach)
            ))
            .shown_in(EvidenceFigure::SpreadAndSkill)
            .number("level", level)
            .number("reach", reach),
        );
    }
    let small_spread = case.at_end(Split::Train, Channel::Spread, &target.name).is_some_and(|spread| spread < 0.5);
    // Weights would have to grow as far as the targets are wide.
    if case.is_adaptive() && std > LARGE && reach < std && small_spread {
        return Some(
            Evidence::strong(format!(
                "targets vary by {}, and in {steps} steps at a rate of {} a parameter travels at most {}",
                shown(std),
                shown(case.lr()),
                shown(reach)
            ))
            .shown_in(EvidenceFigure::SpreadAndSkill)
            .number("reach", reach),
        );
    }
    far.then(|| {
        Evidence::suggestive(format!("predictions lie around {} and the targets around {}", shown(level), shown(mean)))
            .shown_in(EvidenceFigure::SpreadAndSkill)
            .number("level", level)
    })
}

/// Targets that vary less than the network does by itself.
fn noise_drowns(case: &Case<'_>, target: &TargetSummary) -> Option<Evidence> {
    let std = target.train.std;
    let born = case.points(Split::Train, Channel::PredictionStd, &target.name).first()?.value.finite()?;
    let skill = case.at_end(Split::Train, Channel::Skill, &target.name)?;
    (std < SMALL && skill < 0.5).then(|| {
        let text = format!(
            "the untrained network's answers vary by {} and the targets by {}: what is to be learned is smaller than what has to be \
             unlearned",
            shown(born),
            shown(std)
        );
        let evidence = if born > 2.0 * std { Evidence::strong(text) } else { Evidence::suggestive(text) };
        evidence.shown_in(EvidenceFigure::SpreadAndSkill).number("born_std", born).number("std", std)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        data::Moments,
        experiment::Optimiser,
        judge::{
            causes::staged::{STEPS, bare, flat, flat_at, learned, learns, told, told_before},
            synthetic::Synthetic,
        },
    };

    /// Targets with this mean and standard deviation, and a network that answers this constant at a rate of 0.01.
    fn far(mean: f64, std: f64, level: f64) -> Synthetic {
        let target = Moments { mean, std, min: mean - 3.0 * std, max: mean + 3.0 * std };
        let born = (mean / std).powi(2) + 1.0;
        flat_at(bare().target(target), level)
            .forget(Channel::LossRatio, "")
            .steps(Channel::LossRatio, "", [born; STEPS])
            .steps(Channel::PredictionMean, "y", [level; STEPS])
            .steps(Channel::PredictionStd, "y", [0.5; STEPS])
    }

    #[test]
    fn a_bias_that_cannot_travel_so_far() {
        insta::assert_snapshot!(told(&TargetsNotScaled, far(5000.0, 100.0, 3.0)), @r#"
        collapsed
        suggestive: target `y` has mean 5000 and standard deviation 100
        strong: predictions lie around 3 and the targets around 5000: in 300 steps at a rate of 0.01 a parameter travels at most 3
        -> data.scale_targets="standard": the output layer then starts where the targets are, and steps fit their size
        "#);
    }

    #[test]
    fn weights_that_would_have_to_grow_as_far() {
        insta::assert_snapshot!(told(&TargetsNotScaled, far(0.0, 4000.0, 3.0)), @r#"
        collapsed
        suggestive: target `y` has mean 0 and standard deviation 4000
        strong: targets vary by 4000, and in 300 steps at a rate of 0.01 a parameter travels at most 3
        -> data.scale_targets="standard": the output layer then starts where the targets are, and steps fit their size
        "#);
    }

    #[test]
    fn what_arrived_did_not_fail_on_the_way() {
        insta::assert_snapshot!(told(&TargetsNotScaled, far(50.0, 4.0, 50.0)), @r#"
        collapsed
        suggestive: target `y` has mean 50 and standard deviation 4
        -> data.scale_targets="standard": the output layer then starts where the targets are, and steps fit their size
        "#);
        insta::assert_snapshot!(told_before(&TargetsNotScaled, far(50.0, 4.0, 50.0)), @r#"
        suggestive: target `y` has mean 50 and standard deviation 4
        -> data.scale_targets="standard": the output layer then starts where the targets are, and steps fit their size
        "#);
    }

    #[test]
    fn plain_gradient_descent_steps_as_far_as_its_errors() {
        let sgd = |of: Synthetic| {
            of.experiment(|experiment| {
                experiment.training.optimiser =
                    Optimiser::Sgd { lr: 0.01, momentum: 0.0, nesterov: false, weight_decay: 0.0 };
            })
        };
        let spike = |of: Synthetic| {
            let ratios = (1..=STEPS).map(|step| if step == 2 { 40.0 } else { 1.0 });
            of.forget(Channel::LossRatio, "").steps(Channel::LossRatio, "", ratios)
        };
        insta::assert_snapshot!(told(&TargetsNotScaled, sgd(spike(far(0.0, 300.0, 0.0)))), @r#"
        collapsed
        suggestive: target `y` has mean 0 and standard deviation 300
        strong: the gradient is as large as the targets, and plain gradient descent takes steps of that size: errors of 300 at a rate of 0.01
        -> data.scale_targets="standard": the output layer then starts where the targets are, and steps fit their size
        "#);
        assert!(!told(&TargetsNotScaled, sgd(far(0.0, 300.0, 0.0))).contains("strong"), "in calm water");
        assert!(!told(&TargetsNotScaled, spike(far(0.0, 300.0, 300.0))).contains("plain"), "steps of Adam");
    }

    #[test]
    fn targets_smaller_than_what_the_network_does_by_itself() {
        insta::assert_snapshot!(told(&TargetsNotScaled, far(0.0, 0.001, 0.0)).lines().take(3).collect::<Vec<_>>().join("\n"), @r"
        collapsed
        suggestive: target `y` has mean 0 and standard deviation 0.001
        strong: the untrained network's answers vary by 0.5 and the targets by 0.001: what is to be learned is smaller than what has to be unlearned
        ");
        let target = Moments { mean: 0.0, std: 0.001, min: -0.003, max: 0.003 };
        assert!(!told(&TargetsNotScaled, learns(bare().target(target))).contains("strong"), "it was learned");
    }

    #[test]
    fn targets_near_one_speak_against() {
        insta::assert_snapshot!(told(&TargetsNotScaled, learned()), @r#"
        learned
        against: targets are of a usual size: `y` has mean 1 and standard deviation 2
        -> data.scale_targets="standard": the output layer then starts where the targets are, and steps fit their size
        "#);
        insta::assert_snapshot!(told(&TargetsNotScaled, flat()).lines().nth(1).expect("against"), @"against: targets are of a usual size: `y` has mean 1 and standard deviation 2");
        let scaled = far(5000.0, 100.0, 3.0).experiment(|experiment| experiment.data.scale_targets = Scaling::MinMax);
        assert!(!told(&TargetsNotScaled, scaled).contains("->"));
    }
}
