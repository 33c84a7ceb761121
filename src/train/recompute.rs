//! The gradient of a batch by the procedure that the configuration describes, whatever the training itself does.

use tch::Tensor;

use super::{
    TrainError,
    batches::Batch,
    loss::regression_loss,
    memory,
    trainer::{Trainer, no_layer, step_seed},
};
use crate::{
    experiment::Probes,
    model::{Mode, ModelError},
    probes::recomputed_gradient::{Compared, due},
};

impl Trainer {
    /// Gradient for each parameter of the loss of this batch against its own targets, with the draws of the step; `None` where it
    /// is not due, or batch normalisation has a single value to normalise.
    ///
    /// To be called before the step sets libtorch's generator, so that what the step leaves of it is what it would leave
    /// alone. No gradient is left in any tensor, and running statistics stay.
    pub(super) fn recomputed_gradient(&self, batch: &Batch, step: u64) -> Result<Option<Vec<Tensor>>, TrainError> {
        if self.probes == Probes::None || !due(step) {
            return Ok(None);
        }
        tch::manual_seed(step_seed(self.seed, step));
        let taps = match self.net.forward(&batch.inputs, Mode::Again) {
            Err(ModelError::BatchTooSmall { .. }) => return Ok(None),
            taps => taps?,
        };
        let loss = regression_loss(taps.last().ok_or_else(no_layer)?, &batch.targets, self.training.loss)?;
        let parameters: Vec<&Tensor> = self.net.parameters().iter().map(|parameter| &parameter.tensor).collect();
        Ok(Some(gradients(&loss, &parameters)?))
    }

    /// What the optimiser is given, one gradient for each parameter, beside the recomputed ones.
    pub(super) fn compare(&self, given: &[Tensor], recomputed: &[Tensor]) -> Result<Compared, TrainError> {
        let mut compared = Compared::default();
        for ((given, recomputed), moves) in given.iter().zip(recomputed).zip(self.optimiser.moves()) {
            // A parameter that the loss does not depend on has a gradient of zero.
            let values = |tensor: &Tensor| if tensor.defined() { memory::copied(tensor) } else { Ok(Vec::new()) };
            let given = if moves { Some(values(given)?) } else { None };
            let mut recomputed = values(recomputed)?;
            recomputed.resize(given.as_ref().map_or(recomputed.len(), Vec::len), 0.0);
            compared.add(given.as_deref(), &recomputed);
        }
        Ok(compared)
    }
}

/// Gradients of a loss, undefined where it does not depend on a tensor; nothing is kept of the graph.
pub(super) fn gradients(loss: &Tensor, of: &[&Tensor]) -> Result<Vec<Tensor>, TrainError> {
    if !loss.requires_grad() {
        return Ok(of.iter().map(|_| Tensor::new()).collect()); // nothing in it learns
    }
    Ok(Tensor::f_run_backward(&[loss], of, false, false)?)
}
