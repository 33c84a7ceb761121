//! What tests that compute with libtorch share: one lock, and short ways to tensors and back.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tch::{Kind, Tensor};

static TORCH: Mutex<()> = Mutex::new(());

/// Takes the one lock of all tests that compute with libtorch, and sets one thread.
///
/// libtorch has one generator and one number of threads per process, which parallel tests would change under each other.
pub(crate) fn torch() -> MutexGuard<'static, ()> {
    // A test that failed holding the lock left nothing behind that the next one reads.
    let guard = TORCH.lock().unwrap_or_else(PoisonError::into_inner);
    tch::set_num_threads(1);
    guard
}

/// All values of a tensor, row-major.
pub(crate) fn values(tensor: &Tensor) -> Vec<f32> {
    let flat = tensor.detach().to_kind(Kind::Float).contiguous().view(-1);
    Vec::try_from(flat).expect("a flat f32 tensor is a vector")
}

/// Random tensor of small whole numbers: sums and products of them are exact in `f32`, whatever the order.
pub(crate) fn whole_numbers(shape: &[i64]) -> Tensor {
    Tensor::randint_low(-4, 5, shape, (Kind::Float, tch::Device::Cpu))
}

/// A model of these layers with PyTorch's initial weights.
pub(crate) fn model(layers: Vec<crate::experiment::Layer>) -> crate::experiment::Model {
    use crate::experiment::{BiasInit, Init, Model, WeightInit};
    let init = Init { weights: WeightInit::PytorchUniform {}, gain: 1.0, bias: BiasInit::PytorchUniform {} };
    Model { layers, init }
}
