//! Sums over the activations of all layers and norms of their gradients, each number read once.

use tch::Tensor;

use super::{TrainError, depth::same_numbers, memory};
use crate::{
    probes::{
        dead_units::can_die,
        sums::{ActivationSums, squares_and_zeros},
    },
    record::LayerInfo,
};

/// The flat ends of an activation, where its derivative is below 2 % of its largest (tanh) or 4 % (sigmoid).
fn flat_ends(layer: &LayerInfo) -> Option<(f32, f32)> {
    match layer.activation.as_str() {
        "tanh" => Some((-0.99, 0.99)),
        "sigmoid" => Some((0.01, 0.99)),
        _ => None,
    }
}

/// Sums of nothing yet, one entry for each layer.
pub(super) fn empty_sums(layers: &[LayerInfo]) -> Vec<ActivationSums> {
    let sums = |layer: &LayerInfo| {
        let units = can_die(layer).then(|| layer.shape.first().copied().unwrap_or(1));
        let positions = layer.shape.iter().skip(1).product();
        ActivationSums::new(units, positions, flat_ends(layer).is_some())
    };
    layers.iter().map(sums).collect()
}

/// Adds the activations of a batch, one tensor for each layer.
pub(super) fn add_taps(
    sums: &mut [ActivationSums],
    layers: &[LayerInfo],
    taps: &mut [Tensor],
) -> Result<(), TrainError> {
    for place in 0..taps.len().min(layers.len()) {
        let (before, rest) = sums.split_at_mut(place);
        let (sums, layer) = (&mut rest[0], &layers[place]);
        let hands_on = place > 0 && same_numbers(&taps[place - 1], &taps[place]);
        if let Some(same) = before.last().filter(|_| hands_on && !can_die(layer) && flat_ends(layer).is_none()) {
            sums.repeat(same); // what flatten and resting dropout hand on was summed with the layer before
            continue;
        }
        match memory::f32s_mut(&mut taps[place]) {
            Some(values) => sums.add(values, flat_ends(layer)),
            None => sums.add(&memory::copied(&taps[place])?, flat_ends(layer)),
        }
    }
    Ok(())
}

/// L2 norms of the gradients of the layers' activations. Where two layers hold the same numbers, so do their gradients.
pub(super) fn norms(gradients: &mut [Tensor]) -> Result<Vec<f64>, TrainError> {
    let mut norms: Vec<f64> = Vec::with_capacity(gradients.len());
    for place in 0..gradients.len() {
        let (before, rest) = gradients.split_at_mut(place);
        let hands_on =
            before.last().is_some_and(|before| before.defined() && rest[0].defined() && same_numbers(before, &rest[0]));
        let same = norms.last().copied().filter(|_| hands_on);
        norms.push(match same {
            Some(norm) => norm,
            None => norm(&mut rest[0])?,
        });
    }
    Ok(norms)
}

/// L2 norm of a gradient; 0 where there is none.
fn norm(gradient: &mut Tensor) -> Result<f64, TrainError> {
    if !gradient.defined() {
        return Ok(0.0);
    }
    Ok(match memory::f32s_mut(gradient) {
        Some(values) => squares_and_zeros(values).0.sqrt(),
        None => gradient.f_norm()?.f_double_value(&[])?,
    })
}
