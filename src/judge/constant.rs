//! Which constant the predictions of a collapsed output sit on.
//!
//! It separates causes better than the spread does: the mean (dead units under a squared loss), the median (the same
//! under an absolute loss), a bound of the output activation, zero, or the value at which the network was born.

use super::{Constant, ConstantFit, look::OutputLook, look::columns, stats};
use crate::{
    data::TargetSummary,
    experiment::Loss,
    record::{Record, Split},
};

/// Distance to a constant, in standard deviations of the training target, up to which predictions sit on it.
///
/// A constant this far from the mean has a mean squared error of 1.01 times the variance, which no plot can tell from
/// 1. Collapses to the mean that were re-run by hand still jitter by up to 0.04 with the batches.
const TOLERANCE: f64 = 0.1;

/// Share of the training targets that must equal an extreme for it to be a clip value, which it is only where no other value
/// is as common and where the targets have more than two values: chance alone repeats an extreme of measured numbers a few
/// times, not in one of twenty.
const CLIPPED_FRACTION: f64 = 0.05;

/// The constant of one output (by index) whose predictions are one, with what fits as well.
///
/// In this order:
/// 1. a bound of the output activation, where all predictions equal it to the bit;
/// 2. mean, then median of the training targets (with an absolute loss the median first, as it is what such a loss
///    drives to; the Huber loss counts as absolute where its `delta` is below the target's standard deviation);
/// 3. a bound of the output activation, within the tolerance;
/// 4. zero, where all predictions are 0 to the bit or the network has moved there from elsewhere: a network whose
///    untrained predictions are tiny beside the target also sits near zero, but zero is not what it was driven to;
/// 5. a value at which the targets were clipped;
/// 6. the mean prediction of the untrained network, where the prediction has not moved;
/// 7. the smallest or the largest training target;
/// 8. otherwise [`Constant::Other`], such as a bias still travelling under Adam.
///
/// Every other constant within the tolerance is named as an alternative.
pub(super) fn constant_of(record: &Record, output: usize, look: &OutputLook) -> ConstantFit {
    let none = |level: f64| ConstantFit {
        constant: Constant::Other,
        level,
        at: level,
        distance: None,
        same_fraction: look.same_fraction,
        alternatives: Vec::new(),
    };
    let (Some(target), Some(level)) = (record.run.data.targets.get(output), look.mean_prediction) else {
        return none(look.mean_prediction.unwrap_or(0.0));
    };
    let scale = target.train.std;
    // A constant target has no unit of distance; then only equality counts.
    let near = |place: f64| (level - place).abs() <= TOLERANCE * scale;
    let candidates = candidates(record, output, target, look);
    let fitting: Vec<&Candidate> =
        candidates.iter().filter(|candidate| candidate.exact || near(candidate.at)).collect();
    let Some(chosen) = fitting.iter().find(|candidate| candidate.exact || !candidate.only_exact) else {
        return none(level);
    };
    let mut others: Vec<&&Candidate> = fitting.iter().filter(|other| other.constant != chosen.constant).collect();
    others.sort_by(|one, other| (level - one.at).abs().total_cmp(&(level - other.at).abs()));
    let mut alternatives: Vec<Constant> = Vec::new();
    for other in others {
        if !alternatives.contains(&other.constant) {
            alternatives.push(other.constant);
        }
    }
    ConstantFit {
        constant: chosen.constant,
        level,
        at: chosen.at,
        distance: (scale > 0.0).then(|| (level - chosen.at).abs() / scale),
        same_fraction: look.same_fraction,
        alternatives,
    }
}

/// A constant that predictions may sit on.
struct Candidate {
    constant: Constant,
    at: f64,
    /// All predictions equal it to the bit, and that says more than being near.
    exact: bool,
    /// Being near is no evidence.
    only_exact: bool,
}

/// All that is known, in the order in which they are believed.
fn candidates(record: &Record, output: usize, target: &TargetSummary, look: &OutputLook) -> Vec<Candidate> {
    let near = |constant, at| Candidate { constant, at, exact: false, only_exact: false };
    let equals = |at: f64| look.single_value == Some(at);
    let bounds = bounds_of_output(record).iter().copied();
    let mut all: Vec<Candidate> = bounds
        .clone()
        .filter(|bound| equals(*bound))
        .map(|at| Candidate { exact: true, ..near(Constant::Bound, at) })
        .collect();
    let mean = near(Constant::Mean, target.train.mean);
    let median = near(Constant::Median, target.median);
    all.extend(if drives_to_median(record, target.train.std) { [median, mean] } else { [mean, median] });
    all.extend(bounds.map(|at| near(Constant::Bound, at)));
    let born = born_at(record, look.split, output);
    // The root mean square of the first predictions: far from zero, or spread out around it.
    let born_near_zero = born.is_some_and(|born| born.root_mean_square <= TOLERANCE * target.train.std);
    all.push(Candidate { constant: Constant::Zero, at: 0.0, exact: equals(0.0), only_exact: born_near_zero });
    let extremes = [(target.train.min, target.at_min_fraction), (target.train.max, target.at_max_fraction)].into_iter();
    let two_values = target.at_min_fraction + target.at_max_fraction >= 1.0;
    let clipped = |(at, fraction): &(f64, f64)| {
        let most_common = target.most_common.is_some_and(|atom| atom.value == *at);
        *fraction >= CLIPPED_FRACTION && most_common && !two_values
    };
    all.extend(extremes.clone().filter(clipped).map(|(at, _)| near(Constant::Clip, at)));
    all.extend(born.map(|born| near(Constant::Initial, born.mean)));
    all.extend(extremes.filter(|extreme| !clipped(extreme)).map(|(at, _)| near(Constant::Extreme, at)));
    all
}

/// Whether a loss that counts large errors less than their square drove the predictions to what it asks for: anything
/// between the median and the mean, by how much less.
pub(super) fn is_between_median_and_mean(record: &Record, output: usize, look: &OutputLook) -> bool {
    let (Some(target), Some(level)) = (record.run.data.targets.get(output), look.mean_prediction) else { return false };
    let (low, high) = (target.median.min(target.train.mean), target.median.max(target.train.mean));
    let tolerance = TOLERANCE * target.train.std;
    drives_to_median(record, target.train.std) && (low - tolerance..=high + tolerance).contains(&level)
}

/// The constant on which all agree; absent for none or several.
pub(super) fn agreed(constants: impl IntoIterator<Item = Option<Constant>>) -> Option<Constant> {
    let mut constants = constants.into_iter();
    let first = constants.next()??;
    constants.all(|constant| constant == Some(first)).then_some(first)
}

/// The bounds that the last activation cannot pass, as the record names it.
fn bounds_of_output(record: &Record) -> &'static [f64] {
    let name = record.run.layers.last().map_or("", |layer| layer.activation.as_str());
    match name {
        "relu" | "softplus" => &[0.0],
        "sigmoid" => &[0.0, 1.0],
        "tanh" => &[-1.0, 1.0],
        "elu" => &[-1.0],
        // linear, leaky_relu: none. gelu has a lowest value, but it is reached inside the range, not kept.
        _ => &[],
    }
}

/// Whether the best constant under the loss is the median rather than the mean.
pub(super) fn drives_to_median(record: &Record, target_std: f64) -> bool {
    match record.run.experiment.training.loss {
        // Percentages pull below the median, and cross-entropy has the mean; neither is told apart here.
        Loss::Mse {} | Loss::BinaryCrossEntropy {} | Loss::CrossEntropy {} => false,
        Loss::Mae {} | Loss::Mape {} => true,
        Loss::Huber { delta } => delta < target_std,
    }
}

/// The predictions of the untrained network.
#[derive(Clone, Copy)]
struct Born {
    mean: f64,
    root_mean_square: f64,
}

fn born_at(record: &Record, split: Split, output: usize) -> Option<Born> {
    let first = record.probe.iter().find(|look| look.split == split && look.epoch == 0)?;
    let (_, predictions) = columns(first, record.run.data.targets.len(), output)?;
    let squares: Vec<f64> = predictions.iter().map(|value| value * value).collect();
    let born = Born { mean: stats::mean(&predictions)?, root_mean_square: stats::mean(&squares)?.sqrt() };
    (born.mean.is_finite() && born.root_mean_square.is_finite()).then_some(born)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        data::Atom,
        judge::synthetic::{Synthetic, noise},
    };

    fn constant(builder: Synthetic, born: f64, end: f64) -> Constant {
        // Untrained predictions scatter by 1 around `born`; the trained ones are `end` for every input.
        let record = builder.looks(3, |epoch, i, _| if epoch == 0 { born + noise(i) } else { end }).record();
        constant_of(&record, 0, &OutputLook::newest(&record, Split::Train, 0).expect("a look")).constant
    }

    #[test]
    fn mean_and_median_by_the_loss() {
        let mae = |builder: Synthetic| builder.with(|run| run.experiment.training.loss = Loss::Mae {});
        let huber = |delta| Synthetic::new().with(move |run| run.experiment.training.loss = Loss::Huber { delta });
        assert_eq!(constant(Synthetic::new(), 0.0, 1.05), Constant::Mean);
        assert_eq!(constant(Synthetic::new(), 0.0, 0.52), Constant::Median);
        assert_eq!(constant(mae(Synthetic::new()), 0.0, 0.52), Constant::Median);
        assert_eq!(constant(mae(Synthetic::new()), 0.0, 1.0), Constant::Mean);
        // Where mean and median lie within the tolerance of each other the loss decides.
        let close = || Synthetic::new().with(|run| run.data.targets[0].median = 0.95);
        assert_eq!(constant(close(), 0.0, 0.97), Constant::Mean);
        assert_eq!(constant(mae(close()), 0.0, 0.97), Constant::Median);
        let close_huber = |delta| huber(delta).with(|run| run.data.targets[0].median = 0.95);
        assert_eq!(constant(close_huber(0.1), 0.0, 0.97), Constant::Median);
        assert_eq!(constant(close_huber(10.0), 0.0, 0.97), Constant::Mean);
    }

    #[test]
    fn bounds_of_the_output_activation() {
        let with = |name: &str| Synthetic::new().output_activation(name);
        // To the bit it is the bound even where the mean is as near.
        let mean_at = |mean: f64, name: &str| with(name).with(move |run| run.data.targets[0].train.mean = mean);
        assert_eq!(constant(mean_at(0.1, "relu"), 3.0, 0.0), Constant::Bound);
        assert_eq!(constant(mean_at(0.1, "softplus"), 3.0, 0.001), Constant::Mean);
        assert_eq!(constant(with("softplus"), 3.0, 0.001), Constant::Bound);
        assert_eq!(constant(mean_at(-3.0, "sigmoid"), 3.0, 0.999), Constant::Bound);
        assert_eq!(constant(with("tanh"), 3.0, -1.0), Constant::Bound);
        assert_eq!(constant(with("linear"), 3.0, -1.0), Constant::Other);
        assert_eq!(constant(with("leaky_relu"), 3.0, -1.0), Constant::Other);
    }

    #[test]
    fn zero_only_when_driven_there_or_exact() {
        let far =
            || Synthetic::new().with(|run| (run.data.targets[0].train.mean, run.data.targets[0].median) = (40.0, 39.0));
        assert_eq!(constant(far(), 5.0, 0.01), Constant::Zero);
        assert_eq!(constant(far(), 0.0, 0.01), Constant::Zero);
        let born_small = |end: f64| {
            let record = far().looks(3, |epoch, i, _| if epoch == 0 { 0.01 * noise(i) } else { end }).record();
            constant_of(&record, 0, &OutputLook::newest(&record, Split::Train, 0).expect("a look")).constant
        };
        assert_eq!(born_small(0.01), Constant::Initial);
        assert_eq!(born_small(0.0), Constant::Zero);
        assert_eq!(born_small(1.0), Constant::Other);
    }

    #[test]
    fn initial_and_other() {
        assert_eq!(constant(Synthetic::new(), -7.0, -7.05), Constant::Initial);
        assert_eq!(constant(Synthetic::new(), -7.0, -4.0), Constant::Other);
        // A constant target: no distance has a unit, only equality fits.
        let still = |end| {
            let builder = Synthetic::new().with(|run| run.data.targets[0].train.std = 0.0);
            constant(builder, 9.0, end)
        };
        assert_eq!((still(1.0), still(1.01)), (Constant::Mean, Constant::Other));
    }

    #[test]
    fn clip_values_and_extremes() {
        let clipped = |fraction: f64, end: f64| {
            let builder = Synthetic::new().with(move |run| {
                run.data.targets[0].at_max_fraction = fraction;
                run.data.targets[0].most_common = Some(Atom { value: 9.0, fraction });
            });
            constant(builder, 0.0, end)
        };
        assert_eq!(clipped(0.2, 9.0), Constant::Clip);
        assert_eq!(clipped(0.01, 9.0), Constant::Extreme);
        assert_eq!(clipped(0.2, -8.0), Constant::Extreme);
        assert_eq!(clipped(0.2, 8.0), Constant::Other);
        // Of two values neither was clipped.
        let binary = Synthetic::new().with(|run| {
            (run.data.targets[0].at_min_fraction, run.data.targets[0].at_max_fraction) = (0.4, 0.6);
            run.data.targets[0].most_common = Some(Atom { value: 9.0, fraction: 0.6 });
        });
        assert_eq!(constant(binary, 0.0, 9.0), Constant::Extreme);
        // Where it was born counts more than an extreme that is there by chance.
        assert_eq!(constant(Synthetic::new(), 9.0, 9.0), Constant::Initial);
    }

    #[test]
    fn what_fits_as_well_is_named_with_the_distance() {
        let builder =
            Synthetic::new().with(|run| (run.data.targets[0].train.mean, run.data.targets[0].median) = (0.1, 0.0));
        let record = builder.looks(3, |epoch, i, _| if epoch == 0 { 5.0 + noise(i) } else { 0.04 }).record();
        let fit = constant_of(&record, 0, &OutputLook::newest(&record, Split::Train, 0).expect("a look"));
        assert_eq!((fit.constant, fit.at), (Constant::Mean, 0.1));
        assert_eq!(fit.alternatives, [Constant::Median, Constant::Zero]);
        assert!((fit.distance.expect("the target varies") - 0.03).abs() < 1e-6, "{:?}", fit.distance);
        let alone = Synthetic::new().looks(3, |epoch, i, _| if epoch == 0 { noise(i) } else { -3.0 }).record();
        let fit = constant_of(&alone, 0, &OutputLook::newest(&alone, Split::Train, 0).expect("a look"));
        assert_eq!((fit.constant, fit.distance, fit.alternatives), (Constant::Other, None, Vec::new()));
    }

    #[test]
    fn agreement_needs_all() {
        use Constant::{Mean, Zero};
        assert_eq!(agreed([Some(Mean), Some(Mean)]), Some(Mean));
        assert_eq!(agreed([Some(Mean), Some(Zero)]), None);
        assert_eq!(agreed([Some(Mean), None]), None);
        assert_eq!(agreed([]), None);
    }
}
