//! The learning rate at each step.

use crate::experiment::{Schedule, Training};

/// Learning rate of a step (from 1), given the number of steps in an epoch.
///
/// The warm-up multiplies the scheduled rate by `step / warmup_steps`. The cosine runs over all steps of the training
/// (Loshchilov and Hutter 2017, without restarts).
pub fn learning_rate(training: &Training, step: u64, steps_per_epoch: u64) -> f64 {
    let full = training.optimiser.lr();
    let total = u64::from(training.epochs) * steps_per_epoch;
    let factor = match training.schedule {
        Schedule::Constant {} => 1.0,
        Schedule::Step { every_epochs, factor } => {
            let epochs_done = (step - 1) / steps_per_epoch.max(1);
            factor.powf((epochs_done / u64::from(every_epochs).max(1)) as f64)
        }
        Schedule::Cosine { final_factor } => {
            let done = (step - 1) as f64 / total.saturating_sub(1).max(1) as f64;
            final_factor + (1.0 - final_factor) * 0.5 * (1.0 + (std::f64::consts::PI * done).cos())
        }
    };
    let warm = match u64::from(training.warmup_steps) {
        warmup if step < warmup => step as f64 / warmup as f64,
        _ => 1.0,
    };
    full * factor * warm
}

/// Whether the rate can still rise after this step.
pub fn may_rise_after(training: &Training, step: u64) -> bool {
    step < u64::from(training.warmup_steps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Loss, Optimiser};

    fn training(schedule: Schedule, warmup_steps: u32) -> Training {
        Training {
            epochs: 10,
            batch_size: 4,
            shuffle: true,
            loss: Loss::Mse {},
            optimiser: Optimiser::Sgd { lr: 0.5, momentum: 0.0, nesterov: false, weight_decay: 0.0 },
            schedule,
            warmup_steps,
            clip_norm: None,
            clip_value: None,
            checkpoint_secs: 10.0,
            drop_last: false,
        }
    }

    #[test]
    fn constant_stays_and_warms_up() {
        let plain = training(Schedule::Constant {}, 0);
        assert_eq!(learning_rate(&plain, 1, 7), 0.5);
        let warm = training(Schedule::Constant {}, 4);
        let rates: Vec<f64> = (1..=5).map(|step| learning_rate(&warm, step, 7)).collect();
        assert_eq!(rates, [0.125, 0.25, 0.375, 0.5, 0.5]);
        assert!(may_rise_after(&warm, 3) && !may_rise_after(&warm, 4));
    }

    #[test]
    fn step_drops_after_whole_epochs() {
        let training = training(Schedule::Step { every_epochs: 2, factor: 0.1 }, 0);
        assert_eq!(learning_rate(&training, 14, 7), 0.5); // last step of epoch 2
        assert!((learning_rate(&training, 15, 7) - 0.05).abs() < 1e-15);
        assert!((learning_rate(&training, 29, 7) - 0.005).abs() < 1e-15);
    }

    #[test]
    fn cosine_goes_from_full_to_final_through_the_middle() {
        let training = training(Schedule::Cosine { final_factor: 0.2 }, 0);
        assert_eq!(learning_rate(&training, 1, 7), 0.5);
        assert!((learning_rate(&training, 70, 7) - 0.1).abs() < 1e-12);
        let middle = (learning_rate(&training, 35, 7) + learning_rate(&training, 36, 7)) / 2.0;
        assert!((middle - 0.3).abs() < 1e-12, "{middle}");
    }
}
