//! Batches: the order of the samples in each epoch, and the tensors of each step.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Tensor};

use super::{TrainError, memory};
use crate::data::Samples;

/// Order in which an epoch (from 1) visits the samples: a function of seed and epoch alone, so a resumed run needs no
/// generator state. Fisher-Yates.
pub fn order(seed: u64, epoch: u32, count: usize, shuffle: bool) -> Vec<u32> {
    let mut order: Vec<u32> = (0..u32::try_from(count).expect("data::load refuses 2^32 samples")).collect();
    if shuffle {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(u64::from(epoch));
        for last in (1..order.len()).rev() {
            order.swap(last, generator.random_range(0..=last));
        }
    }
    order
}

/// For each sample another one, drawn anew for each epoch: a permutation in which none stays (Sattolo); a lone sample does.
pub fn others(seed: u64, epoch: u32, count: usize) -> Vec<u32> {
    let mut others = order(seed, epoch, count, false);
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    // Beside the streams of the orders.
    generator.set_stream(u64::from(epoch) | 1 << 32);
    for last in (1..others.len()).rev() {
        others.swap(last, generator.random_range(0..last));
    }
    others
}

/// Cuts an order into parts of at least `size`, as equal as can be; one part where there are fewer.
pub fn even_parts(order: &[u32], size: usize) -> Vec<&[u32]> {
    let parts = (order.len() / size.max(1)).max(1);
    (0..parts).map(|part| &order[part * order.len() / parts..(part + 1) * order.len() / parts]).collect()
}

/// One split, ready to be cut into batches.
///
/// On the CPU the samples stay where they are and each batch is gathered into one tensor that is used again; on a GPU
/// they are moved there once.
pub struct Batches {
    resident: Resident,
    input_shape: Vec<i64>,
    outputs: usize,
    targets: Vec<f32>,
    count: usize,
}

enum Resident {
    Memory { inputs: Vec<f32>, batch: Option<Tensor> },
    Device { inputs: Tensor, device: Device },
}

/// Inputs `[B, ...]` and targets `[B, outputs]` of one step.
pub struct Batch {
    /// Inputs on the device.
    pub inputs: Tensor,
    /// Targets on the device.
    pub targets: Tensor,
    /// The targets again, for the instruments.
    pub target_values: Vec<f32>,
}

impl Batches {
    /// Takes the samples of a split.
    pub fn new(samples: Samples, input_shape: &[usize], outputs: usize, device: Device) -> Result<Self, TrainError> {
        let input_shape: Vec<i64> = input_shape.iter().map(|&side| side as i64).collect();
        let count = samples.count;
        let resident = match device {
            Device::Cpu => Resident::Memory { inputs: samples.inputs, batch: None },
            _ => {
                let mut shape = vec![count as i64];
                shape.extend(&input_shape);
                let inputs = Tensor::f_from_slice(&samples.inputs)?.f_reshape(&shape)?.f_to_device(device)?;
                Resident::Device { inputs, device }
            }
        };
        Ok(Self { resident, input_shape, outputs, targets: samples.targets, count })
    }

    /// Number of samples.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Shape of one input.
    pub fn input_shape(&self) -> &[i64] {
        &self.input_shape
    }

    /// Targets of all samples, row-major `[N, outputs]`.
    pub fn targets(&self) -> &[f32] {
        &self.targets
    }

    /// The targets of these samples: plain, and as `[B, outputs]` on the device.
    pub fn targets_of(&self, samples: &[u32]) -> Result<(Vec<f32>, Tensor), TrainError> {
        let mut values = Vec::with_capacity(samples.len() * self.outputs);
        for &sample in samples {
            let start = sample as usize * self.outputs;
            values.extend_from_slice(&self.targets[start..start + self.outputs]);
        }
        let tensor = Tensor::f_from_slice(&values)?.f_reshape([samples.len() as i64, self.outputs as i64])?;
        let tensor = match self.resident {
            Resident::Memory { .. } => tensor,
            Resident::Device { device, .. } => tensor.f_to_device(device)?,
        };
        Ok((values, tensor))
    }

    /// The batch of these samples. The tensor of its inputs is overwritten by the next call.
    pub fn gather(&mut self, samples: &[u32]) -> Result<Batch, TrainError> {
        let mut shape = vec![samples.len() as i64];
        shape.extend(&self.input_shape);
        let (target_values, targets) = self.targets_of(samples)?;
        match &mut self.resident {
            Resident::Memory { inputs, batch } => {
                let width: usize = self.input_shape.iter().product::<i64>() as usize;
                let mut tensor = match batch.take() {
                    Some(tensor) if tensor.size() == shape => tensor,
                    _ => Tensor::f_empty(&shape, (Kind::Float, Device::Cpu))?,
                };
                let rows = memory::f32s_mut(&mut tensor).expect("a new CPU tensor of f32 is contiguous");
                for (row, &sample) in rows.chunks_exact_mut(width).zip(samples) {
                    let start = sample as usize * width;
                    row.copy_from_slice(&inputs[start..start + width]);
                }
                *batch = Some(tensor.shallow_clone());
                Ok(Batch { inputs: tensor, targets, target_values })
            }
            Resident::Device { inputs, device } => {
                let index: Vec<i64> = samples.iter().map(|&sample| i64::from(sample)).collect();
                let index = Tensor::f_from_slice(&index)?.f_to_device(*device)?;
                let inputs = inputs.f_index_select(0, &index)?;
                Ok(Batch { inputs, targets, target_values })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_a_permutation_of_seed_and_epoch() {
        let first = order(7, 1, 100, true);
        let mut sorted = first.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..100).collect::<Vec<u32>>());
        assert_eq!(first, order(7, 1, 100, true));
        assert_ne!(first, order(7, 2, 100, true));
        assert_ne!(first, order(8, 1, 100, true));
        assert_eq!(order(7, 1, 5, false), [0, 1, 2, 3, 4]);
        assert_eq!(order(7, 1, 0, true), [0_u32; 0]);
    }

    #[test]
    fn every_sample_gets_another_one_anew_each_epoch() {
        for count in [2, 3, 50] {
            let drawn = others(7, 1, count);
            let mut sorted = drawn.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..count as u32).collect::<Vec<u32>>());
            assert!(drawn.iter().zip(0..).all(|(other, own)| *other != own), "{drawn:?}");
        }
        assert_eq!(others(7, 1, 1), [0]);
        assert_eq!(others(7, 3, 50), others(7, 3, 50));
        assert_ne!(others(7, 1, 50), others(7, 2, 50));
        assert_ne!(others(7, 1, 50), others(8, 1, 50));
    }

    #[test]
    fn a_batch_holds_the_rows_that_were_asked_for() {
        let samples =
            Samples { inputs: (0_u8..12).map(f32::from).collect(), targets: vec![10.0, 20.0, 30.0], count: 3 };
        let mut batches = Batches::new(samples, &[2, 2], 1, Device::Cpu).expect("fits");
        let batch = batches.gather(&[2, 0]).expect("in range");
        assert_eq!(batch.inputs.size(), [2, 2, 2]);
        assert_eq!(memory::copied(&batch.inputs).expect("cpu"), [8.0, 9.0, 10.0, 11.0, 0.0, 1.0, 2.0, 3.0]);
        assert_eq!(batch.target_values, [30.0, 10.0]);
        let smaller = batches.gather(&[1]).expect("in range");
        assert_eq!(memory::copied(&smaller.inputs).expect("cpu"), [4.0, 5.0, 6.0, 7.0]);
    }
}
