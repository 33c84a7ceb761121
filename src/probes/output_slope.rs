//! Whether the last activation lets a gradient through.

use super::{Card, EpochView, Probe, Readings, StepView};
use crate::record::Channel;

/// Mean slope of the last layer's activation over the training probe set: of each output with respect to what its activation is
/// given.
///
/// - Unit: none; 1 for a linear activation, 0 where no gradient passes.
/// - Numbers: from the outputs alone, `1 - y^2` for tanh, `y (1 - y)` for sigmoid and for each unit of a softmax (of one unit
///   always 0), the share above zero for ReLU. GELU, which gives most outputs twice, is differentiated at its input.
/// - NaN: an output that is not a number.
pub struct OutputSlope;

/// Slope of a leaky ReLU below zero (PyTorch's).
const LEAK: f64 = 0.01;

impl Probe for OutputSlope {
    fn card(&self) -> Card {
        Card {
            id: "output-slope",
            tells: "an output that can still be moved from one that its activation has shut off",
            since: "0.1",
            channels: &[Channel::OutputSlope],
        }
    }

    fn step(&self, _: &StepView<'_>, _: &mut dyn Readings) {}

    fn epoch(&self, view: &EpochView<'_>, readings: &mut dyn Readings) {
        if let Some((slope, layer)) = view.output_slope.zip(view.layers.last()) {
            readings.put(view.split, Channel::OutputSlope, &layer.name, slope);
        }
    }
}

/// Mean slope of an activation, by its name, from what it gave; `None` where that does not tell.
pub fn mean_slope(activation: &str, given: &[f32]) -> Option<f64> {
    let slope: fn(f64) -> f64 = match activation {
        "linear" => |_| 1.0,
        "relu" => |y| if y > 0.0 { 1.0 } else { 0.0 },
        "leaky_relu" => |y| if y > 0.0 { 1.0 } else { LEAK },
        "elu" => |y| if y > 0.0 { 1.0 } else { y + 1.0 },
        "tanh" => |y| 1.0 - y * y,
        "sigmoid" | "softmax" => |y| y * (1.0 - y),
        "softplus" => |y| -(-y).exp_m1(),
        _ => return None,
    };
    let slopes = given.iter().map(|&y| if y.is_nan() { f64::NAN } else { slope(f64::from(y)) });
    (!given.is_empty()).then(|| slopes.sum::<f64>() / given.len() as f64)
}
