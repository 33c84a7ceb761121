#![doc = include_str!("loss_broadcast.md")]

use super::{
    Card, Case, Cause, Evidence, EvidenceFigure, Fix,
    case::{LoggedLoss, shown},
};

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
