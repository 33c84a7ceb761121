//! How much of the target each layer still holds, and in how many directions it spreads.

use super::{Card, EpochView, Probe, Readings, SparseView, StepView};
use crate::record::Channel;

/// Effective rank of each layer's activations over the training probe set, and a cross-validated ridge read-out of the
/// targets from them; `input` is what the network is given.
///
/// - Shape: centred activations `[N, units]`; of images `[C, H, W]` the means over a grid of at most 8 x 8 fields per channel.
/// - Effective rank (Roy and Vetterli 2007, "The effective rank"): exponential of the entropy of the singular values over
///   their sum: 0 for a constant layer, at most `min(N - 1, units)`.
/// - Read-out: `1 - squared error / squared error of the mean`, both with every sample left out once, averaged over the
///   outputs that vary. Below zero it is worse than a constant.
/// - Absent: the read-out where no output varies, or of fewer than three samples.
/// - NaN: a layer with an activation that is not finite.
pub struct Signal;

/// Penalties of the read-out, in units of the largest eigenvalue. The smallest still reads a direction that spreads a
/// millionth as far as the largest, which is what `f32` activations can carry; the last one is the constant.
const PENALTIES: [f64; 12] = [1e-12, 1e-10, 1e-8, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0, f64::INFINITY];
/// Parts of the samples whose penalty is chosen on the others.
const FOLDS: usize = 10;
/// Least samples of a read-out: with two, leaving one out leaves nothing to fit.
const LEAST_SAMPLES: usize = 3;

/// Centred activations `[N, units]` in their own directions: `scores * sqrt(eigenvalues)`, as the eigenvectors of their
/// Gram matrix. Directions without spread are left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Spectrum {
    /// Number of samples `N`.
    pub samples: usize,
    /// Squared singular values, all above zero, in any order.
    pub eigenvalues: Vec<f64>,
    /// Orthonormal columns, row-major `[N, eigenvalues]`; each sums to zero.
    pub scores: Vec<f64>,
}

/// The activations of one layer, or of several that hold the same numbers (flatten holds those of the layer before).
pub struct LayerSpectrum {
    /// Names of the layers.
    pub layers: Vec<String>,
    /// Their activations; `None` where one of them is not finite.
    pub spectrum: Option<Spectrum>,
}

impl Probe for Signal {
    fn card(&self) -> Card {
        Card {
            id: "signal",
            tells: "a layer that still holds the target from one in which it was lost",
            since: "0.1",
            channels: &[Channel::ReadoutSkill, Channel::EffectiveRank],
        }
    }

    fn step(&self, _: &StepView<'_>, _: &mut dyn Readings) {}

    fn epoch(&self, _: &EpochView<'_>, _: &mut dyn Readings) {}

    fn sparse(&self, view: &SparseView<'_>, readings: &mut dyn Readings) {
        for layer in view.spectra {
            let (rank, skill) = match &layer.spectrum {
                Some(spectrum) => (spectrum.effective_rank(), spectrum.readout_skill(view.targets, view.outputs)),
                None => (f64::NAN, Some(f64::NAN)),
            };
            for name in &layer.layers {
                readings.put(view.split, Channel::EffectiveRank, name, rank);
                if let Some(skill) = skill {
                    readings.put(view.split, Channel::ReadoutSkill, name, skill);
                }
            }
        }
    }
}

impl Spectrum {
    /// Exponential of the entropy of the singular values over their sum; 0 without any.
    pub fn effective_rank(&self) -> f64 {
        let total: f64 = self.eigenvalues.iter().map(|value| value.sqrt()).sum();
        if total == 0.0 {
            return 0.0;
        }
        let shares = self.eigenvalues.iter().map(|value| value.sqrt() / total).filter(|share| *share > 0.0);
        shares.map(|share| -share * share.ln()).sum::<f64>().exp()
    }

    /// Skill of a ridge read-out of `[N, outputs]` targets, with an intercept that is not penalised; the mean over the
    /// outputs that vary, `None` where none does.
    ///
    /// Every sample is predicted by a fit without it, in closed form. The penalty of each tenth of the samples is the
    /// one that predicts the other nine best, so that choosing it wins nothing where there is nothing to read: the best
    /// of twelve penalties on the very errors that are reported would.
    pub fn readout_skill(&self, targets: &[f32], outputs: usize) -> Option<f64> {
        if self.samples < LEAST_SAMPLES {
            return None;
        }
        let smoothers = self.smoothers();
        let skills: Vec<f64> = (0..outputs)
            .filter_map(|output| {
                let target = targets.iter().skip(output).step_by(outputs).map(|&value| f64::from(value));
                self.skill_of(&target.collect::<Vec<f64>>(), &smoothers)
            })
            .collect();
        (!skills.is_empty()).then(|| skills.iter().sum::<f64>() / skills.len() as f64)
    }

    /// What each penalty does, whatever the target.
    fn smoothers(&self) -> Vec<Smoother> {
        let largest = self.eigenvalues.iter().copied().fold(0.0, f64::max);
        let smoother = |penalty: f64| {
            // What the penalty takes away from each direction: penalty / (eigenvalue + penalty).
            let taken: Vec<f64> = self
                .eigenvalues
                .iter()
                .map(|value| if penalty.is_finite() { penalty * largest / (value + penalty * largest) } else { 1.0 })
                .collect();
            let kept_out = (0..self.samples).map(|sample| {
                let row = self.row(sample);
                self.outside(row) + row.iter().zip(&taken).map(|(score, taken)| score * score * taken).sum::<f64>()
            });
            Smoother { left_out: kept_out.collect(), taken }
        };
        PENALTIES.into_iter().map(smoother).collect()
    }

    /// Share of a sample that neither the intercept nor any direction reaches.
    fn outside(&self, row: &[f64]) -> f64 {
        if self.eigenvalues.len() + 1 >= self.samples {
            return 0.0; // exactly; the difference below would be rounding
        }
        (1.0 - 1.0 / self.samples as f64 - row.iter().map(|score| score * score).sum::<f64>()).max(0.0)
    }

    /// Skill on one output; `None` where it is constant.
    fn skill_of(&self, target: &[f64], smoothers: &[Smoother]) -> Option<f64> {
        let first = *target.first()?;
        if target.iter().all(|value| *value == first) {
            return None;
        }
        let projected = self.project(target);
        let errors: Vec<Vec<f64>> = smoothers.iter().map(|smoother| self.errors(&projected, smoother)).collect();
        let of_constant = cross_chosen(errors.last().map_or(&[], std::slice::from_ref));
        Some(1.0 - cross_chosen(&errors) / of_constant)
    }

    /// A target along the directions, and what of it lies beyond them.
    fn project(&self, target: &[f64]) -> Projected {
        let (count, rank) = (self.samples, self.eigenvalues.len());
        let first = target.first().copied().unwrap_or(0.0);
        let mean = first + target.iter().map(|value| value - first).sum::<f64>() / count as f64;
        let mut along = vec![0.0; rank];
        for (sample, value) in target.iter().enumerate() {
            for (along, score) in along.iter_mut().zip(self.row(sample)) {
                *along += score * (value - mean);
            }
        }
        let reached = |sample: usize| self.row(sample).iter().zip(&along).map(|(a, b)| a * b).sum::<f64>();
        // With a direction for each sample nothing lies beyond; the difference would be rounding.
        let beyond = |(sample, value): (usize, &f64)| {
            if rank + 1 >= count { 0.0 } else { value - mean - reached(sample) }
        };
        Projected { beyond: target.iter().enumerate().map(beyond).collect(), along }
    }

    /// Squared error of each sample, predicted by the fit to all others.
    fn errors(&self, target: &Projected, smoother: &Smoother) -> Vec<f64> {
        let missed: Vec<f64> = target.along.iter().zip(&smoother.taken).map(|(along, taken)| along * taken).collect();
        let squared = |sample: usize| {
            let left_out = smoother.left_out[sample];
            let residual =
                target.beyond[sample] + self.row(sample).iter().zip(&missed).map(|(a, b)| a * b).sum::<f64>();
            // A sample that the fit cannot do without is predicted by nothing when it is left out.
            if left_out > 0.0 { (residual / left_out).powi(2) } else { f64::INFINITY }
        };
        (0..self.samples).map(squared).collect()
    }

    fn row(&self, sample: usize) -> &[f64] {
        let rank = self.eigenvalues.len();
        &self.scores[sample * rank..][..rank]
    }
}

/// One target in the directions of the layer.
struct Projected {
    along: Vec<f64>,
    /// For each sample what no direction reaches.
    beyond: Vec<f64>,
}

/// What one penalty does to a fit.
struct Smoother {
    /// For each direction the share that the penalty takes away.
    taken: Vec<f64>,
    /// For each sample one minus its own share in its fitted value.
    left_out: Vec<f64>,
}

/// Sum of the squared errors where each fold takes the penalty that is best on the others.
fn cross_chosen(errors: &[Vec<f64>]) -> f64 {
    let fold = |errors: &[f64], fold: usize| errors.iter().skip(fold).step_by(FOLDS).sum::<f64>();
    let chosen = |out: usize| {
        let elsewhere =
            |errors: &[f64]| (0..FOLDS).filter(|other| *other != out).map(|other| fold(errors, other)).sum::<f64>();
        let best = errors.iter().min_by(|a, b| elsewhere(a).total_cmp(&elsewhere(b)));
        best.map_or(0.0, |errors| fold(errors, out))
    };
    (0..FOLDS).map(chosen).sum()
}

#[cfg(test)]
#[path = "signal_tests.rs"]
mod tests;
