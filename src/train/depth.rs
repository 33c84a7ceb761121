//! What each layer holds of the probe set, as directions and their sizes: the numbers behind the signal probe.

use tch::{Device, Kind, Tensor};

use super::TrainError;
use crate::{
    model::{Mode, Net},
    probes::{
        activations::INPUT,
        signal::{LayerSpectrum, Spectrum},
    },
};

/// Fields per side that an image is averaged over, for each channel. They keep where something is to an eighth of the
/// image, and hold the width of the activations, and so the cost, to 64 values a channel.
const FIELDS: i64 = 8;

/// The spectrum of the inputs and of each layer's activations in [`Mode::Eval`]. Layers that hold the same numbers share
/// one.
///
/// - Cost: for each layer one product of its `[N, width]` activations with themselves and one decomposition of order
///   `min(N, width)`, in `f64`: in `f32` the noise of hundreds of empty directions would add up to a false rank.
pub fn spectra(net: &Net, inputs: &Tensor) -> Result<Vec<LayerSpectrum>, TrainError> {
    let _no_gradient = tch::no_grad_guard();
    let taps = net.forward(inputs, Mode::Eval)?;
    let mut found: Vec<LayerSpectrum> = Vec::with_capacity(taps.len() + 1);
    found.push(LayerSpectrum { layers: vec![INPUT.to_owned()], spectrum: spectrum(inputs)? });
    let mut before = inputs;
    for (layer, tap) in net.layers().iter().zip(&taps) {
        match found.last_mut() {
            Some(last) if same_numbers(before, tap) => last.layers.push(layer.name.clone()),
            _ => found.push(LayerSpectrum { layers: vec![layer.name.clone()], spectrum: spectrum(tap)? }),
        }
        before = tap;
    }
    Ok(found)
}

/// Whether two tensors are the same memory, as those of a layer that only hands on what it is given.
pub fn same_numbers(one: &Tensor, other: &Tensor) -> bool {
    one.numel() == other.numel()
        && one.is_contiguous()
        && other.is_contiguous()
        && one.data_ptr() == other.data_ptr()
        && one.numel() > 0
}

/// Directions and sizes of activations `[N, ...]`; `None` where one of them is not finite.
fn spectrum(activations: &Tensor) -> Result<Option<Spectrum>, TrainError> {
    let samples = activations.size().first().copied().unwrap_or(0);
    let wide = matches!(activations.size()[..], [_, _, height, width] if height > FIELDS || width > FIELDS);
    let pooled = match activations.size()[..] {
        [_, _, height, width] if wide => activations.f_adaptive_avg_pool2d([height.min(FIELDS), width.min(FIELDS)])?,
        _ => activations.shallow_clone(),
    };
    let flat = pooled.f_to_device(Device::Cpu)?.f_to_kind(Kind::Double)?.f_reshape([samples, -1])?;
    if flat.f_isfinite()?.f_all()?.f_int64_value(&[])? == 0 {
        return Ok(None);
    }
    // Less the first sample first, so that equal activations are exactly zero whatever the mean rounds to.
    let shifted = &flat - flat.f_narrow(0, 0, 1)?;
    let centred = &shifted - shifted.f_mean_dim(Some(&[0][..]), true, Kind::Double)?;
    let units = centred.size()[1];
    let largest_noise = rounding(&flat, samples, units)?;
    let (values, scores) = if units <= samples {
        let (values, directions) = centred.f_tr()?.f_matmul(&centred)?.f_linalg_eigh("L")?;
        let scores = centred.f_matmul(&directions)? / values.f_clamp_min(f64::MIN_POSITIVE)?.f_sqrt()?;
        (values, scores)
    } else {
        centred.f_matmul(&centred.f_tr()?)?.f_linalg_eigh("L")?
    };
    let values = Vec::<f64>::try_from(values)?;
    let largest = values.iter().copied().fold(0.0, f64::max);
    // What the decomposition itself rounds to.
    let least = largest_noise.max(largest * f64::EPSILON * samples.max(units) as f64);
    let kept: Vec<i64> = (0..values.len()).filter(|&at| values[at] > least).map(|at| at as i64).collect();
    let eigenvalues = kept.iter().map(|&at| values[at as usize]).collect();
    let kept = scores.f_index_select(1, &Tensor::f_from_slice(&kept)?)?;
    let scores = Vec::<f64>::try_from(kept.f_contiguous()?.f_view([-1])?)?;
    Ok(Some(Spectrum { samples: samples as usize, eigenvalues, scores }))
}

/// Rounding of an activation over the spacing of `f32`: it is a sum of many terms, each of which was rounded. The mean over a
/// whole image of the same values in another order has been seen to differ by several spacings, and a read-out, which
/// weighs a direction by what it says and not by its size, found the place of a box in them.
const ROUNDED_SUMS: f64 = 16.0;

/// Largest squared singular value that rounding to `f32` alone makes: that of a random matrix whose entries are as large as
/// it (Davidson and Szarek 2001: `sqrt(N) + sqrt(units)` times their size).
fn rounding(flat: &Tensor, samples: i64, units: i64) -> Result<f64, TrainError> {
    let mean_square = flat.f_square()?.f_mean(Kind::Double)?.f_double_value(&[])?;
    let reach = (samples as f64).sqrt() + (units as f64).sqrt();
    Ok(mean_square * (ROUNDED_SUMS * f64::from(f32::EPSILON) * reach).powi(2))
}

#[cfg(test)]
#[path = "depth_tests.rs"]
mod tests;
