//! What scaling the inputs would change: the untrained network on its probe set, every input column standardised.

use tch::{Kind, Tensor};

use super::{
    TrainError, batches,
    batches::Batches,
    curvature, memory,
    recorder::Recorder,
    taps::{add_taps, empty_sums},
    trainer::Trainer,
};
use crate::{
    model::Mode,
    probes::{self, EpochView},
    record::Split,
};

/// How far mean and spread of every column may be from 0 and 1 for inputs that count as standardised: a scaler that was
/// fitted on other samples of the same data comes as near from some ten thousand samples on.
const STANDARDISED: f64 = 0.01;
/// Samples that are read at a time: a few megabytes of large images.
const AT_A_TIME: usize = 64;

/// Mean and standard deviation (ddof 0) of each input column, or of each channel of images.
struct Columns {
    means: Vec<f64>,
    stds: Vec<f64>,
}

impl Columns {
    /// Over all samples of a split.
    fn of(split: &mut Batches) -> Result<Self, TrainError> {
        let columns = split.input_shape().first().map_or(0, |&columns| columns as usize);
        let plane = split.input_shape().iter().skip(1).product::<i64>().max(1) as usize;
        let (mut shifts, mut sums, mut squares) = (Vec::new(), vec![0.0; columns], vec![0.0; columns]);
        let count = split.count();
        for samples in batches::order(0, 0, count, false).chunks(AT_A_TIME) {
            let values = memory::copied(&split.gather(samples)?.inputs)?;
            if shifts.is_empty() {
                // By a value of the column, so that its variance is not rounding.
                shifts = values.iter().step_by(plane).take(columns).map(|&value| f64::from(value)).collect();
            }
            for (place, values) in values.chunks_exact(plane).enumerate() {
                let column = place % columns.max(1);
                for value in values {
                    let value = f64::from(*value) - shifts[column];
                    sums[column] += value;
                    squares[column] += value * value;
                }
            }
        }
        let numbers = (count * plane) as f64;
        let means: Vec<f64> = sums.iter().map(|sum| sum / numbers).collect();
        // `max` would turn NaN into a number.
        let root = |variance: f64| if variance < 0.0 { 0.0 } else { variance.sqrt() };
        let stds = squares.iter().zip(&means).map(|(squares, mean)| root(squares / numbers - mean * mean)).collect();
        Ok(Self { means: means.iter().zip(&shifts).map(|(mean, shift)| mean + shift).collect(), stds })
    }

    /// Whether standardising would change nothing to speak of; a constant column is standardised at 0.
    fn are_standardised(&self) -> bool {
        let near = |value: f64, wanted: f64| (value - wanted).abs() <= STANDARDISED;
        self.means.iter().zip(&self.stds).all(|(&mean, &std)| near(mean, 0.0) && (std == 0.0 || near(std, 1.0)))
    }

    /// Inputs `[N, columns, ...]`, standardised.
    fn standardise(&self, inputs: &Tensor) -> Result<Tensor, TrainError> {
        let mut shape = vec![1; inputs.size().len()];
        if let Some(columns) = shape.get_mut(1) {
            *columns = self.means.len() as i64;
        }
        let along = |values: &[f64]| -> Result<Tensor, TrainError> {
            Ok(Tensor::f_from_slice(values)?.f_reshape(&shape)?.f_to_device(inputs.device())?)
        };
        let divisors: Vec<f64> = self.stds.iter().map(|&std| if std == 0.0 { 1.0 } else { std }).collect();
        let centred = inputs.f_to_kind(Kind::Double)?.f_sub(&along(&self.means)?)?;
        Ok(centred.f_div(&along(&divisors)?)?.f_to_kind(Kind::Float)?)
    }
}

impl Trainer {
    /// Layers and curvature of the network as it is, on standardised inputs; nothing where the inputs are standardised already.
    pub(super) fn look_at_standardised(
        &mut self,
        step: u64,
        epoch: u32,
        recorder: &mut Recorder,
    ) -> Result<(), TrainError> {
        let columns = Columns::of(&mut self.train)?;
        if self.probe_train.is_empty() || columns.are_standardised() {
            return Ok(());
        }
        let mut activations = empty_sums(self.net.layers());
        for part in self.probe_train.chunks(self.training.batch_size.max(1) as usize) {
            let batch = self.train.gather(part)?;
            let _no_gradient = tch::no_grad_guard();
            let mut taps = self.net.forward(&columns.standardise(&batch.inputs)?, Mode::Eval)?;
            add_taps(&mut activations, self.net.layers(), &mut taps)?;
        }
        recorder.at_look(step, epoch);
        let split = Split::StandardisedInputs;
        let view = EpochView { layers: self.net.layers(), activations: &activations, ..EpochView::of(split, epoch) };
        for probe in probes::ALL {
            probe.epoch(&view, recorder);
        }
        let samples = self.curvature_samples();
        if samples.is_empty() {
            return Ok(());
        }
        let mut batch = self.train.gather(&samples)?;
        batch.inputs = columns.standardise(&batch.inputs)?;
        let sharpness = curvature::sharpness(&self.net, &batch, self.training.loss, &self.optimiser)?;
        self.read_curvature(split, sharpness, step, epoch, recorder);
        Ok(())
    }
}

#[cfg(test)]
#[path = "standardised_tests.rs"]
mod tests;
