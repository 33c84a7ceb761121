//! Which constant the predictions of a collapsed output sit on.
//!
//! It separates causes better than the spread does: the mean (dead units under a squared loss), the median (the same
//! under an absolute loss), a bound of the output activation, zero, or the value at which the network was born.

use super::{Constant, look::OutputLook, look::columns, stats};
use crate::{
    experiment::Loss,
    record::{Record, Split},
};

/// Distance to a constant, in standard deviations of the training target, up to which predictions sit on it.
///
/// A constant this far from the mean has a mean squared error of 1.01 times the variance, which no plot can tell from
/// 1. Collapses to the mean that were re-run by hand still jitter by up to 0.04 with the batches.
const TOLERANCE: f64 = 0.1;

/// The constant of one collapsed output (by index).
///
/// In this order:
/// 1. a bound of the output activation, where all predictions equal it to the bit;
/// 2. mean, then median of the training targets (with an absolute loss the median first, as it is what such a loss
///    drives to; the Huber loss counts as absolute where its `delta` is below the target's standard deviation);
/// 3. a bound of the output activation, within the tolerance;
/// 4. zero, where all predictions are 0 to the bit or the network has moved there from elsewhere: a network whose
///    untrained predictions are tiny beside the target also sits near zero, but zero is not what it was driven to;
/// 5. the mean prediction of the untrained network, where the prediction has not moved;
/// 6. otherwise [`Constant::Other`], such as a bias still travelling under Adam.
pub(super) fn constant_of(record: &Record, output: usize, look: &OutputLook) -> Constant {
    let Some(target) = record.run.data.targets.get(output) else {
        return Constant::Other;
    };
    let Some(level) = look.mean_prediction else {
        return Constant::Other;
    };
    // A constant target has no unit of distance; then only equality counts.
    let near = |place: f64| (level - place).abs() <= TOLERANCE * target.train.std;
    let bounds = bounds_of_output(record);
    if look.single_value.is_some_and(|value| bounds.contains(&value)) {
        return Constant::Bound;
    }
    let mean = (target.train.mean, Constant::Mean);
    let median = (target.median, Constant::Median);
    let centres = if drives_to_median(record, target.train.std) { [median, mean] } else { [mean, median] };
    if let Some((_, constant)) = centres.into_iter().find(|(place, _)| near(*place)) {
        return constant;
    }
    if bounds.iter().any(|bound| near(*bound)) {
        return Constant::Bound;
    }
    let born = born_at(record, look.split, output);
    // The root mean square of the first predictions: far from zero, or spread out around it.
    let born_near_zero = born.is_some_and(|born| born.root_mean_square <= TOLERANCE * target.train.std);
    if look.single_value == Some(0.0) || (near(0.0) && !born_near_zero) {
        return Constant::Zero;
    }
    if born.is_some_and(|born| near(born.mean)) { Constant::Initial } else { Constant::Other }
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
fn drives_to_median(record: &Record, target_std: f64) -> bool {
    match record.run.experiment.training.loss {
        Loss::Mse {} => false,
        Loss::Mae {} => true,
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
    use crate::judge::synthetic::{Synthetic, noise};

    fn constant(builder: Synthetic, born: f64, end: f64) -> Constant {
        // Untrained predictions scatter by 1 around `born`; the trained ones are `end` for every input.
        let record = builder.looks(3, |epoch, i, _| if epoch == 0 { born + noise(i) } else { end }).record();
        constant_of(&record, 0, &OutputLook::newest(&record, Split::Train, 0).expect("a look"))
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
            constant_of(&record, 0, &OutputLook::newest(&record, Split::Train, 0).expect("a look"))
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
    fn agreement_needs_all() {
        use Constant::{Mean, Zero};
        assert_eq!(agreed([Some(Mean), Some(Mean)]), Some(Mean));
        assert_eq!(agreed([Some(Mean), Some(Zero)]), None);
        assert_eq!(agreed([Some(Mean), None]), None);
        assert_eq!(agreed([]), None);
    }
}
