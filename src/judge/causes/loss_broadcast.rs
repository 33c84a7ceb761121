#![doc = include_str!("loss_broadcast.md")]

use super::{Card, Case, Cause, Evidence, EvidenceFigure, Fix, case::shown, recomputed::LoggedLoss};

/// Predictions and targets of different shapes, so that the loss compares each with all.
pub struct LossBroadcast;

impl Cause for LossBroadcast {
    fn card(&self) -> Card {
        Card { id: "loss-broadcast", since: "0.1", explain: include_str!("loss_broadcast.md") }
    }

    /// The loss of every pair is no matter of taste, however much the network learned in spite of it.
    fn is_told_of_learned(&self) -> bool {
        true
    }

    fn is_told_of_unpredictable(&self) -> bool {
        true
    }

    fn evidence(&self, case: &Case<'_>) -> Vec<Evidence> {
        match case.logged_loss() {
            LoggedLoss::Paired { step, logged, mine, pairs } => vec![
                Evidence::strong(format!(
                    "the loss that was minimised was {} at step {step}, which is that of every prediction against every \
                     target of the batch ({}), not that of each against its own ({})",
                    shown(logged),
                    shown(pairs),
                    shown(mine)
                ))
                .shown_in(EvidenceFigure::LossPerStep)
                .number("logged", logged)
                .number("own", mine)
                .number("pairs", pairs),
            ],
            LoggedLoss::Own => {
                vec![Evidence::against("the loss that was minimised is that of each prediction against its own target")]
            }
            LoggedLoss::Other { .. } | LoggedLoss::Unknown => Vec::new(),
        }
    }

    fn fixes(&self, _case: &Case<'_>) -> Vec<Fix> {
        vec![Fix::new("faults.loss_shapes", "\"equal\"", "predictions and targets then have the same shape")]
    }

    fn advice(&self) -> Option<&'static str> {
        Some(
            "give predictions and targets the same shape before the loss, `[N, 1]` both or `[N]` both, and let the code check it",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        judge::{
            causes::staged::{STEPS, flat, learned, told},
            synthetic::Synthetic,
        },
        record::{Channel, Split},
    };

    /// What is logged at each step, beside a loss of 2 of each prediction against its own target and of 8 over all pairs.
    fn logs(of: Synthetic, logged: f64) -> Synthetic {
        of.forget(Channel::Loss, "")
            .forget(Channel::RecomputedLoss, "")
            .steps(Channel::RecomputedLoss, "", [2.0; STEPS])
            .steps(Channel::Loss, "", [logged; STEPS])
    }

    #[test]
    fn a_loss_over_all_pairs_is_told_whatever_was_learned() {
        insta::assert_snapshot!(told(&LossBroadcast, logs(flat(), 8.0)), @r#"
        collapsed
        strong: the loss that was minimised was 8 at step 256, which is that of every prediction against every target of the batch (8), not that of each against its own (2)
        -> faults.loss_shapes="equal": predictions and targets then have the same shape
        "#);
        assert!(told(&LossBroadcast, logs(learned(), 8.0)).contains("strong"));
        assert!(LossBroadcast.is_told_of_learned());
        // Rounding in single precision is no other loss.
        assert!(told(&LossBroadcast, logs(flat(), 8.0 * (1.0 + 1e-6))).contains("strong"));
    }

    #[test]
    fn another_loss_is_none_over_all_pairs() {
        insta::assert_snapshot!(told(&LossBroadcast, logs(flat(), 5.0)), @r#"
        collapsed
        -> faults.loss_shapes="equal": predictions and targets then have the same shape
        "#);
    }

    #[test]
    fn where_both_are_the_same_nothing_is_told() {
        // Constant predictions: every pair is as far apart as the own ones are on average.
        let same = logs(flat(), 2.0).forget(Channel::PairedLoss, "");
        let same =
            [1, 2, 4].into_iter().fold(same, |of, step| of.point(Split::Train, Channel::PairedLoss, "", step, 2.0));
        insta::assert_snapshot!(told(&LossBroadcast, same), @r#"
        collapsed
        against: the loss that was minimised is that of each prediction against its own target
        -> faults.loss_shapes="equal": predictions and targets then have the same shape
        "#);
        let unknown = flat().forget(Channel::RecomputedLoss, "");
        assert!(!told(&LossBroadcast, unknown).contains(": the loss"));
    }

    #[test]
    fn the_own_loss_speaks_against() {
        insta::assert_snapshot!(told(&LossBroadcast, learned()).lines().nth(1).expect("against"), @"against: the loss that was minimised is that of each prediction against its own target");
    }
}
