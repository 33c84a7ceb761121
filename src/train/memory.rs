//! A tensor's memory as a slice: the one place with `unsafe`.

use tch::{Device, Kind, Tensor};

/// The values of a dense, contiguous `f32` tensor on the CPU, without a copy; `None` for every other tensor.
///
/// Through libtorch's own operations the instruments cost 1.22 to 1.27 of a step of the question's network, through this
/// slice 0.99 to 1.02, and the optimiser's pass takes half the time (measured; `benches/step.rs` repeats it).
///
/// The exclusive borrow of `tensor` does not exclude its aliases (tch hands out `shallow_clone`s that share memory), so
/// callers run no libtorch operation while the slice lives; all of them are in `train/`, and single-threaded.
#[expect(unsafe_code, reason = "the measured cost above; every condition that makes the slice sound is checked here")]
pub fn f32s_mut(tensor: &mut Tensor) -> Option<&mut [f32]> {
    let sound = tensor.defined()
        && tensor.device() == Device::Cpu
        && tensor.f_kind().ok() == Some(Kind::Float)
        && !tensor.is_sparse()
        && !tensor.is_mkldnn()
        && tensor.is_contiguous();
    if !sound {
        return None;
    }
    let count = tensor.numel();
    if count == 0 {
        return Some(&mut []);
    }
    let pointer = tensor.data_ptr().cast::<f32>();
    if pointer.is_null() || !pointer.is_aligned() {
        return None;
    }
    // SAFETY: the tensor is a defined, contiguous CPU tensor of `count` f32 values, so `pointer` is valid for reads and
    // writes of `count` values for as long as the tensor lives, which the returned lifetime bounds.
    Some(unsafe { std::slice::from_raw_parts_mut(pointer, count) })
}

/// A copy of any float tensor's values, row-major.
pub fn copied(tensor: &Tensor) -> Result<Vec<f32>, tch::TchError> {
    let tensor = tensor.f_to_device(Device::Cpu)?.f_to_kind(Kind::Float)?.f_contiguous()?;
    let mut values = vec![0.0; tensor.numel()];
    let count = values.len();
    if count > 0 {
        tensor.f_copy_data(&mut values, count)?;
    }
    Ok(values)
}
