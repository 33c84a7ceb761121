//! Proof that a network is stuck for good.
//!
//! A ReLU layer whose units are exactly zero for every training sample passes exactly zero gradient back: the derivative
//! of ReLU at or below zero is zero, not small. Nothing at or before the layer is moved by the loss any more; what still
//! moves it is what the optimiser has left, its momentum. A layer can come back to life on that motion, and nobody can
//! tell from its start and its end whether it fires in between. So the proof waits until the motion has come to rest:
//! a step with gradients of exactly zero changes no bit of any parameter at or before the layer, and since momentum only
//! decays and the learning rate does not rise any more, no later step can. Then these weights are the last ones, and looking at
//! every training sample with them settles it, whatever the layers behind still do.

use tch::{Kind, Tensor};

use super::{TrainError, batches, loss::regression_loss, memory, schedule, trainer::Trainer};
use crate::{
    experiment::{Layer, Model},
    model::{Mode, Net},
    record::{Split, StuckCertificate},
};

/// Tries to prove that one of these layers (by name, in order) is dead for good; `None` where that cannot be proved now.
///
/// Never proved, though it may be true: with weight decay, whose motion does not end (on its way to zero it may lift a unit,
/// since a bias and the weights of the layers before it shrink at different rates, and Adam's L2 decay moves all weights
/// alike, large and small); with dropout or batch normalisation at or before the layer, whose training path differs from
/// the path that is looked at.
///
/// # Errors
/// When libtorch refuses.
pub fn certify(
    trainer: &mut Trainer,
    model: &Model,
    layers: &[String],
    step: u64,
) -> Result<Option<StuckCertificate>, TrainError> {
    if trainer.planted.moves_without_gradient()
        || !trainer.optimiser.motion_decays()
        || schedule::may_rise_after(&trainer.training, step)
    {
        return Ok(None);
    }
    let candidates: Vec<usize> = layers
        .iter()
        .filter_map(|layer| trainer.net.layers().iter().position(|info| info.name == *layer))
        .filter(|&index| path_is_looked_at(trainer, model, index))
        .collect();
    let Some(&last) = candidates.last() else { return Ok(None) };

    // One step further, on a copy. What lies before a layer is a prefix of the parameters, so the last layer's will do.
    let net = trainer.net.copy();
    let mut optimiser = trainer.optimiser.copy_onto(net.parameters())?;
    let frozen = frozen_by(&net, last);
    let lr = schedule::learning_rate(&trainer.training, step + 1, trainer.steps_per_epoch());
    optimiser.step_without_gradient(frozen, lr)?;
    let at_rest = equal_from_the_start(&trainer.net, &net, frozen)?;
    let resting: Vec<usize> = candidates.into_iter().filter(|&index| frozen_by(&net, index) <= at_rest).collect();
    if resting.is_empty() {
        return Ok(None);
    }

    let look = trainer.look_with(&net, Split::WholeTrain)?; // up to the last resting layer the copy is the network itself
    let Some(index) = resting.into_iter().find(|&index| look.activations[index].dead_fraction() == Some(1.0)) else {
        return Ok(None);
    };
    let moving_parameters = trainer.moved_behind(index)?;
    let parameters = &trainer.net.parameters()[..frozen_by(&net, index)];
    let info = &trainer.net.layers()[index];
    Ok(Some(StuckCertificate {
        layer: info.name.clone(),
        units: info.shape.first().copied().unwrap_or(0) as u64,
        samples: trainer.train_samples() as u64,
        frozen_parameters: parameters.iter().map(|parameter| parameter.name.clone()).collect(),
        step,
        moving_parameters,
        gaps_to_mean: trainer.gaps_to_mean(&look),
    }))
}

impl Trainer {
    /// Names of the parameters behind a layer that the loss still moves when all its units are zero: those whose gradient is
    /// not exactly zero on some part of the training set.
    ///
    /// Parts, not their sum, which may cancel where no single step's does. Batch normalisation behind the layer sees what
    /// it sees in training; dropout, which only takes gradients away, is off.
    fn moved_behind(&mut self, layer: usize) -> Result<Vec<String>, TrainError> {
        let behind = frozen_by(&self.net, layer);
        let mut moved = vec![false; self.net.parameters().len() - behind];
        let all = batches::order(0, 0, self.train_samples(), false);
        for part in batches::even_parts(&all, self.training.batch_size as usize) {
            let batch = self.train.gather(part)?;
            let mut shape = vec![part.len() as i64];
            shape.extend(self.net.layers()[layer].shape.iter().map(|&side| side as i64));
            let silence = Tensor::f_zeros(&shape, (Kind::Float, batch.inputs.device()))?;
            let taps = self.net.forward_from(layer + 1, &silence, Mode::Still)?;
            let Some(prediction) = taps.last().filter(|prediction| prediction.requires_grad()) else { break };
            let loss = regression_loss(prediction, &batch.targets, self.training.loss)?;
            let parameters: Vec<&Tensor> =
                self.net.parameters()[behind..].iter().map(|parameter| &parameter.tensor).collect();
            let gradients = Tensor::f_run_backward(&[&loss], &parameters, false, false)?;
            for (moved, gradient) in moved.iter_mut().zip(gradients) {
                // NaN is not zero.
                *moved |= gradient.defined() && memory::copied(&gradient)?.iter().any(|value| *value != 0.0);
            }
            if moved.iter().all(|moved| *moved) {
                break;
            }
        }
        let behind = self.net.parameters()[behind..].iter().zip(moved);
        Ok(behind.filter(|(_, moved)| *moved).map(|(parameter, _)| parameter.name.clone()).collect())
    }
}

/// Whether a look in evaluation mode sees what training sees, up to this layer, and the layer is one that can be dead.
fn path_is_looked_at(trainer: &Trainer, model: &Model, index: usize) -> bool {
    let other_path = |layer: &Layer| matches!(layer, Layer::Dropout { .. } | Layer::BatchNorm { .. });
    trainer.net.layers()[index].activation == "relu" && !model.layers.iter().take(index + 1).any(other_path)
}

/// Number of parameters at and before a layer; they come first.
fn frozen_by(net: &Net, index: usize) -> usize {
    net.parameters().iter().filter(|parameter| parameter.layer <= index).count()
}

/// How many parameters, from the first on, have the same bits in both networks.
fn equal_from_the_start(one: &Net, other: &Net, count: usize) -> Result<usize, TrainError> {
    for (place, (a, b)) in one.parameters().iter().zip(other.parameters()).take(count).enumerate() {
        let (a, b) = (memory::copied(&a.tensor)?, memory::copied(&b.tensor)?);
        if a.iter().zip(&b).any(|(a, b)| a.to_bits() != b.to_bits()) {
            return Ok(place);
        }
    }
    Ok(count)
}

#[cfg(test)]
#[path = "certificate_tests.rs"]
mod tests;
