//! Batches that batch normalisation cannot normalise: one value per channel has no spread.

use super::{
    Layer, Model,
    shapes::{ShapeError, infer, layer_names},
};

/// How an epoch becomes batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batching {
    /// Samples per step.
    pub batch_size: u32,
    /// Whether a last batch that is smaller is left out.
    pub drop_last: bool,
}

/// Refuses a training in which a batch holds one value per channel of a `batch_norm` layer: then it would fail in the
/// last step of its first epoch.
///
/// - Shape: as [`infer`]; `train_samples` is `None` where only the data will tell.
/// - Errors: as [`infer`]; the first such layer.
pub fn check(
    model: &Model,
    input_shape: &[usize],
    outputs: usize,
    batching: Batching,
    train_samples: Option<u64>,
) -> Result<(), ShapeError> {
    let Batching { batch_size, drop_last } = batching;
    let shapes = infer(model, input_shape, outputs)?;
    let batch = u64::from(batch_size);
    // With fewer samples than a batch and `drop_last` there is no batch at all: allowed, since people have it.
    let left_over = train_samples.and_then(|samples| samples.checked_rem(batch)).filter(|_| !drop_last);
    let smallest = match left_over {
        None | Some(0) => batch,
        Some(left_over) => left_over,
    };
    let inputs = std::iter::once(input_shape).chain(shapes.iter().map(Vec::as_slice));
    for (layer, (kind, input)) in model.layers.iter().zip(inputs).enumerate() {
        // Positions of an image count like samples.
        let positions = input.iter().skip(1).fold(1, |product: u64, side| product.saturating_mul(*side as u64));
        if matches!(kind, Layer::BatchNorm { .. }) && smallest.saturating_mul(positions) < 2 {
            let name = layer_names(model).swap_remove(layer);
            return Err(ShapeError::LoneSample { layer, name, batch_size, train_samples });
        }
    }
    Ok(())
}

/// The next larger batch size that leaves no lone sample; `None` where there is none.
pub(super) fn next_size(batch_size: u32, train_samples: Option<u64>) -> Option<u32> {
    match train_samples {
        // OK because beyond the number of samples the remainder is that number, and the range is short up to there.
        Some(samples) if samples > 1 => {
            (batch_size.saturating_add(1)..u32::MAX).find(|size| samples % u64::from(*size) != 1)
        }
        Some(_) => None,
        None => Some(32),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Activation, BiasInit, Init, Padding, WeightInit};

    const NORM: Layer = Layer::BatchNorm { momentum: 0.1, epsilon: 1e-5, activation: Activation::Linear };
    const DENSE: Layer = Layer::Dense { units: None, activation: Activation::Linear, bias: true, init: None };

    fn every(batch_size: u32) -> Batching {
        Batching { batch_size, drop_last: false }
    }

    fn model(layers: Vec<Layer>) -> Model {
        let init = Init { weights: WeightInit::Zeros {}, gain: 1.0, bias: BiasInit::Zeros {} };
        Model { layers, init }
    }

    #[test]
    fn a_lone_last_sample_is_told_with_a_size_that_helps() {
        let flat = model(vec![NORM, DENSE]);
        let error = check(&flat, &[3], 1, every(20), Some(61)).expect_err("61 = 3 * 20 + 1");
        assert_eq!(error.layer(), Some(0));
        insta::assert_snapshot!(error, @"61 samples in batches of 20 leave a last batch of 1 sample, which `batch_norm_1` cannot normalise");
        insta::assert_snapshot!(error.advice(), @"a batch needs 2 samples or more: write `training.batch_size = 21`, which leaves no single sample");
        // 30 divides 60 as well.
        assert_eq!(next_size(29, Some(61)), Some(31));
        let alone = check(&flat, &[3], 1, every(1), None).expect_err("every batch has one sample");
        insta::assert_snapshot!(alone, @"batches of 1 sample are none that `batch_norm_1` can normalise");
        // An image of one position is no better.
        let shrunk = Layer::MaxPool2d { size: 8, stride: 8 };
        assert!(
            check(&model(vec![shrunk, NORM, Layer::Flatten {}, DENSE]), &[3, 8, 8], 1, every(20), Some(61)).is_err()
        );
    }

    #[test]
    fn a_batch_that_is_left_out_may_be_small() {
        let (flat, dropped) = (model(vec![NORM, DENSE]), |batch_size| Batching { batch_size, drop_last: true });
        assert_eq!(check(&flat, &[3], 1, dropped(20), Some(61)), Ok(()));
        // Nothing is trained at all, which is a fault that people have.
        assert_eq!(check(&flat, &[3], 1, dropped(100), Some(61)), Ok(()));
        // What is trained is still a single sample.
        assert!(check(&flat, &[3], 1, dropped(1), Some(61)).is_err());
    }

    #[test]
    fn what_can_be_normalised_is_let_through() {
        let flat = model(vec![NORM, DENSE]);
        for (batch_size, samples) in [(20, Some(60)), (20, Some(62)), (100, Some(61)), (2, None), (61, Some(61))] {
            assert_eq!(check(&flat, &[3], 1, every(batch_size), samples), Ok(()), "{batch_size} {samples:?}");
        }
        assert_eq!(check(&model(vec![DENSE]), &[3], 1, every(20), Some(61)), Ok(()));
        let conv = Layer::Conv2d {
            filters: 2,
            kernel: 1,
            stride: 1,
            padding: Padding::Same,
            activation: Activation::Relu,
            bias: true,
            init: None,
        };
        // 64 positions of one image.
        assert_eq!(
            check(&model(vec![conv, NORM, Layer::Flatten {}, DENSE]), &[3, 8, 8], 1, every(1), Some(61)),
            Ok(())
        );
    }
}
