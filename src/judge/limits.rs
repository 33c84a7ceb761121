//! The numbers that divide the states, each with its unit and its origin.

/// Ratio of standard deviations below which predictions are flat, upper end of the interval.
///
/// A calibrated prediction with this spread explains its square, a quarter of a percent of the variance. The collapses
/// that were re-run by hand end between 0 and 0.045 (a loss that broadcasts over batches of 64); the weakest signal
/// that was learned honestly, one percent of the variance, has 0.10.
pub(super) const COLLAPSE_SPREAD: f64 = 0.05;

/// Skill up to which a flat output counts as collapsed, upper end of the interval.
///
/// A spread below 0.05 allows a skill of at most 0.0975 (`2 s - s^2`, perfectly correlated); half of that would be an
/// output that points the right way and is merely far too small.
pub(super) const COLLAPSE_SKILL: f64 = 0.05;

/// Skill from which a run counts as learned although it was still improving.
///
/// What is left is less than a tenth of the variance: nobody would say that such a network predicts the mean.
pub(super) const LEARNED_SKILL: f64 = 0.9;

/// Slope of the target on the prediction above which a prediction is shrunk, lower end of the interval.
///
/// Calibrated predictions have 1 whatever the noise; 2 means that doubling them would make them better.
pub(super) const SHRUNK_SLOPE: f64 = 2.0;

/// Training skill from which a network without skill on validation has memorised.
///
/// Below it so little was fitted that the two splits may differ by chance alone.
pub(super) const MEMORISED_SKILL: f64 = 0.1;

/// Share of the training skill (its lower end) that validation must be below (its upper end) to be called memorised.
pub(super) const MEMORISED_SHARE: f64 = 0.5;

/// Mean squared error over the target's variance above which a network is far above the variance.
///
/// The loss spike of the question's network at a rate of 0.01 passes 10 and returns; a network that stays there is
/// three standard deviations off on every sample.
pub(super) const DIVERGED_RATIO: f64 = 10.0;

/// Correlation above which small predictions point the right way.
pub(super) const RIGHT_WAY_CORRELATION: f64 = 0.5;

/// Samples below which nothing is said: the smallest case that was re-run by hand, exclusive or, has four rows.
pub(super) const MIN_SAMPLES: usize = 4;

/// Share of the attainable skill below which a network is clearly below its references, interval ends against each other.
///
/// Half of it is gone: below that no honest difference between two good learners explains it.
pub(super) const ATTAINED_SHARE: f64 = 0.5;

/// Share of the training path's skill below which the inference path has lost it, interval ends against each other.
///
/// Dropout costs the training path, never the other; that inference answers worse than half as well is another network.
pub(super) const LOST_SHARE: f64 = 0.5;

/// Validation samples from which what a reference reaches there is evidence of signal by itself.
pub(super) const TELLING_SAMPLES: u64 = 30;

/// Training skill from which noise counts as memorised: the better part of the variance was fitted.
pub(super) const FITTED_SKILL: f64 = 0.5;

/// Share of the attainable spread and skill below which predictions are nearly flat.
///
/// A fifth of the attainable spread explains at most a twenty-fifth of what is attainable.
pub(super) const NEARLY_FLAT_SHARE: f64 = 0.2;

/// Root mean square difference to the untrained network's predictions, over the target's standard deviation, below which
/// a network has hardly moved: where the error is about one standard deviation, that moves the skill by at most a tenth.
pub(super) const HARDLY_MOVED: f64 = 0.05;

/// Skill down to which a constant is as good as the mean: it lies 0.3 standard deviations off, which a large learning rate
/// shakes a bias by.
pub(super) const HONEST_SKILL: f64 = -0.1;

/// Share of the inputs with one and the same answer from which predictions are a constant but for a few outliers.
///
/// Standard deviations do not see it: two wild answers among 300 equal ones give any spread.
pub(super) const SAME_FRACTION: f64 = 0.95;

/// Skill down to which useless predictions are compared with the mean: predictions that vary as the target does and have
/// nothing to do with it score -1. What is below has gone wrong in another way.
pub(super) const UNRELATED_SKILL: f64 = -1.0;

/// Spread of the middle half of the predictions over that of the targets from which predictions follow the bulk of a target
/// whose variance is made by a few outliers.
pub(super) const BULK_SPREAD: f64 = 0.2;

/// Rank correlation, less two standard errors, from which they do so in the right direction.
pub(super) const BULK_CORRELATION: f64 = 0.3;

/// Distance between the quartiles over the standard deviation below which a few outliers make the variance: 1.35 of normal
/// targets, 0.98 of Laplacian ones, 0.6 of log-normal ones with sigma 1.
pub(super) const BULK_SHARE: f64 = 0.5;

/// Share of the targets that lie farther out than their predictions, from which predictions are too small for a loss that asks
/// for the median: half of them do where the prediction is the median, give or take 0.05 for a hundred samples.
pub(super) const OUTWARD_FRACTION: f64 = 0.65;

/// Share of the variance that a run which does as well as the references has to gain over its last third to be still improving.
pub(super) const WORTHWHILE_GAIN: f64 = 0.05;
