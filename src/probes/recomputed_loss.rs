//! The loss once more, from predictions and targets alone: never trust the one that a training reports.

use super::{Card, EpochView, Probe, Readings, StepView, recomputed_gradient::due};
use crate::{
    experiment::Loss,
    record::{Channel, Split},
};

/// What keeps logarithms and quotients of a loss finite: Keras' epsilon.
pub const SMALLEST: f64 = 1e-7;

/// The configured loss of the batch from its predictions and the samples' own targets, and what it would be over all pairs of
/// a prediction and a target.
///
/// A loss that reports something else than the first is another function than the one that was meant; one that reports the
/// second was given shapes that broadcast.
/// - Shape: predictions and targets `[N, outputs]`; the paired loss is taken per output.
/// - Unit: loss units.
/// - When: the first at each step, the second at steps that are powers of two.
/// - Cost: one pass over the predictions; the paired loss sorts them at worst.
pub struct RecomputedLoss;

impl Probe for RecomputedLoss {
    fn card(&self) -> Card {
        Card {
            id: "recomputed-loss",
            tells: "a loss that compares each prediction with its own target from one that only claims to",
            since: "0.1",
            channels: &[Channel::RecomputedLoss, Channel::PairedLoss],
        }
    }

    fn step(&self, view: &StepView<'_>, readings: &mut dyn Readings) {
        let outputs = view.outputs.len();
        let own = recomputed(view.loss_kind, view.predictions, view.targets, outputs);
        readings.put(Split::Train, Channel::RecomputedLoss, "", own);
        if due(view.step) {
            let paired = paired(view.loss_kind, view.predictions, view.targets, outputs);
            readings.put(Split::Train, Channel::PairedLoss, "", paired);
        }
    }

    fn epoch(&self, _: &EpochView<'_>, _: &mut dyn Readings) {}
}

/// Loss of one prediction against one target, as [`Loss`] defines it, before any mean.
pub fn element(loss: Loss, prediction: f32, target: f32) -> f64 {
    let (p, y) = (f64::from(prediction), f64::from(target));
    match loss {
        Loss::Mse {} => (p - y).powi(2),
        Loss::Mae {} => (p - y).abs(),
        Loss::Huber { delta } => {
            let distance = (p - y).abs();
            if distance <= delta { 0.5 * distance.powi(2) } else { delta * (distance - 0.5 * delta) }
        }
        Loss::Mape {} => (p - y).abs() / scale(y),
        Loss::BinaryCrossEntropy {} => {
            let (one, zero) = logarithms(prediction);
            -y * one - (1.0 - y) * zero
        }
        Loss::CrossEntropy {} => -y * logarithm(prediction),
    }
}

/// The configured loss over `[N, outputs]` predictions and targets.
pub fn recomputed(loss: Loss, predictions: &[f32], targets: &[f32], outputs: usize) -> f64 {
    let sum: f64 = predictions.iter().zip(targets).map(|(&p, &y)| element(loss, p, y)).sum();
    sum / (predictions.len() as f64 / summed(loss, outputs))
}

/// The same over all pairs of a prediction and a target of the batch: per output, then together as without pairing.
pub fn paired(loss: Loss, predictions: &[f32], targets: &[f32], outputs: usize) -> f64 {
    let column =
        |values: &[f32], output: usize| values.iter().skip(output).step_by(outputs).copied().collect::<Vec<f32>>();
    let of = |output: usize| over_pairs(loss, column(predictions, output), &column(targets, output));
    (0..outputs).map(of).sum::<f64>() / (outputs as f64 / summed(loss, outputs))
}

/// How many outputs make one summand of the mean: a cross entropy sums over them.
fn summed(loss: Loss, outputs: usize) -> f64 {
    if matches!(loss, Loss::CrossEntropy {}) { outputs as f64 } else { 1.0 }
}

/// Mean over all pairs, without forming them where nothing is infinite.
fn over_pairs(loss: Loss, predictions: Vec<f32>, targets: &[f32]) -> f64 {
    match loss {
        Loss::BinaryCrossEntropy {} => {
            let target = mean(targets.iter().map(|&y| f64::from(y)));
            let one = mean(predictions.iter().map(|&p| logarithms(p).0));
            let zero = mean(predictions.iter().map(|&p| logarithms(p).1));
            -target * one - (1.0 - target) * zero
        }
        Loss::CrossEntropy {} => {
            -mean(targets.iter().map(|&y| f64::from(y))) * mean(predictions.iter().map(|&p| logarithm(p)))
        }
        Loss::Mse {} => over_sorted(loss, predictions, targets, |p, y| p.variance + (y - p.centre).powi(2)),
        Loss::Mae {} => over_sorted(loss, predictions, targets, Sorted::mean_distance),
        Loss::Huber { delta } => over_sorted(loss, predictions, targets, |p, y| p.mean_huber(y, delta)),
        Loss::Mape {} => over_sorted(loss, predictions, targets, |p, y| p.mean_distance(y) / scale(y)),
    }
}

/// Mean over the targets of what they are from all predictions.
fn over_sorted(loss: Loss, predictions: Vec<f32>, targets: &[f32], of: impl Fn(&Sorted, f64) -> f64) -> f64 {
    if targets.iter().any(|y| !y.is_finite()) {
        return mean(targets.iter().flat_map(|&y| predictions.iter().map(move |&p| element(loss, p, y))));
    }
    if predictions.iter().any(|p| !p.is_finite()) {
        // Infinitely far from every target.
        return if predictions.iter().any(|p| p.is_nan()) { f64::NAN } else { f64::INFINITY };
    }
    let sorted = Sorted::new(predictions);
    mean(targets.iter().map(|&y| of(&sorted, f64::from(y))))
}

/// What a percentage error divides by.
fn scale(target: f64) -> f64 {
    target.abs().max(f64::from(SMALLEST as f32))
}

/// Logarithms of a clipped probability and of its complement; the ends of the clip are those of single precision.
fn logarithms(prediction: f32) -> (f64, f64) {
    let clipped = f64::from(prediction.clamp(SMALLEST as f32, (1.0 - SMALLEST) as f32));
    (clipped.ln(), (1.0 - clipped).ln())
}

fn logarithm(prediction: f32) -> f64 {
    f64::from(prediction.clamp(SMALLEST as f32, 1.0)).ln()
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

/// Finite predictions in order, with running sums of their distances from their mean and of the squares of these.
struct Sorted {
    centre: f64,
    variance: f64,
    values: Vec<f64>,
    sums: Vec<f64>,
    squares: Vec<f64>,
}

impl Sorted {
    fn new(mut predictions: Vec<f32>) -> Self {
        predictions.sort_unstable_by(f32::total_cmp);
        let centre = mean(predictions.iter().map(|&p| f64::from(p)));
        let values: Vec<f64> = predictions.iter().map(|&p| f64::from(p) - centre).collect();
        let running = |of: fn(f64) -> f64| {
            let sums = values.iter().scan(0.0, |sum, &value| {
                *sum += of(value);
                Some(*sum)
            });
            std::iter::once(0.0).chain(sums).collect::<Vec<f64>>()
        };
        let (sums, squares) = (running(|value| value), running(|value| value * value));
        let variance = squares.last().copied().unwrap_or(0.0) / values.len() as f64;
        Self { centre, variance, values, sums, squares }
    }

    /// Sum of `values[from..to]` and of their squares.
    fn between(&self, from: usize, to: usize) -> (f64, f64) {
        (self.sums[to] - self.sums[from], self.squares[to] - self.squares[from])
    }

    /// Mean of `|p - y|`.
    fn mean_distance(&self, target: f64) -> f64 {
        let (y, count) = (target - self.centre, self.values.len());
        let at = self.values.partition_point(|value| *value < y);
        let (below, above) = (self.between(0, at).0, self.between(at, count).0);
        (y * at as f64 - below + above - y * (count - at) as f64) / count as f64
    }

    /// Mean of the Huber loss.
    fn mean_huber(&self, target: f64, delta: f64) -> f64 {
        let (y, count) = (target - self.centre, self.values.len());
        let low = self.values.partition_point(|value| *value < y - delta);
        let high = self.values.partition_point(|value| *value <= y + delta);
        let (sum, squares) = self.between(low, high);
        let inside = 0.5 * (squares - 2.0 * y * sum + y * y * (high - low) as f64);
        let below = (y - 0.5 * delta) * low as f64 - self.between(0, low).0;
        let above = self.between(high, count).0 - (y + 0.5 * delta) * (count - high) as f64;
        (inside + delta * (below + above)) / count as f64
    }
}

#[cfg(test)]
#[path = "recomputed_loss_tests.rs"]
mod tests;
