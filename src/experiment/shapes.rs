//! Shapes, parameters and memory of a network, without libtorch: what does not fit is told before anything is allocated.

use super::{Layer, Model, Padding, batches::next_size};

/// Most memory that a training may be expected to take \[bytes\].
///
/// 16 GiB: what a common workstation has. An estimate beyond it is nearly always a slip (a dense layer on a large image).
pub const MOST_BYTES: u64 = 16 << 30;

/// Weight, gradient and the two moments of Adam, 4 bytes each.
const BYTES_PER_PARAMETER: u64 = 16;

/// An activation and its gradient, 4 bytes each.
const BYTES_PER_ACTIVATION: u64 = 8;

/// Layers that do not fit the data or each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
pub enum ShapeError {
    /// A size that is 0. A file with one is refused before; a `Model` made in code comes here unchecked.
    #[error("{what} of layer {}, `{name}`, must be at least 1", .layer + 1)]
    #[diagnostic(code(whymean::experiment::shape), help("{}", self.advice()))]
    Zero {
        /// Index of the layer, from 0.
        layer: usize,
        /// Its name.
        name: String,
        /// Which size.
        what: &'static str,
    },
    /// A layer for images behind something flat.
    #[error("layer {}, `{name}`, needs an image `[channels, height, width]`, but gets {}", .layer + 1, shown(.input))]
    #[diagnostic(code(whymean::experiment::shape), help("{}", self.advice()))]
    NeedsImage {
        /// Index of the layer, from 0.
        layer: usize,
        /// Its name.
        name: String,
        /// What it gets.
        input: Vec<usize>,
    },
    /// A dense layer behind an image.
    #[error("layer {}, `{name}`, needs flat input, but gets an image {}", .layer + 1, shown(.input))]
    #[diagnostic(code(whymean::experiment::shape), help("{}", self.advice()))]
    NeedsFlat {
        /// Index of the layer, from 0.
        layer: usize,
        /// Its name.
        name: String,
        /// What it gets.
        input: Vec<usize>,
    },
    /// A kernel or window larger than the image.
    #[error("layer {}, `{name}`, looks through a window of {window} x {window}, but gets an image of only {}", .layer + 1, shown(.input))]
    #[diagnostic(code(whymean::experiment::shape), help("{}", self.advice()))]
    WindowTooLarge {
        /// Index of the layer, from 0.
        layer: usize,
        /// Its name.
        name: String,
        /// What it gets.
        input: Vec<usize>,
        /// Side of the window.
        window: u32,
    },
    /// The last layer does not give one number for each target.
    #[error("the last layer, `{name}`, gives {}, but there {} {outputs} {}: {}", shown(.output), if *.outputs == 1 { "is" } else { "are" }, if *.outputs == 1 { "target" } else { "targets" }, shown(&[*.outputs]))]
    #[diagnostic(code(whymean::experiment::shape), help("{}", self.advice()))]
    NotTheTargets {
        /// Index of the layer, from 0.
        layer: usize,
        /// Its name.
        name: String,
        /// What it gives.
        output: Vec<usize>,
        /// Number of targets.
        outputs: usize,
    },
    /// No layer has parameters.
    #[error("no layer has anything to train")]
    #[diagnostic(code(whymean::experiment::shape), help("{}", self.advice()))]
    NothingToTrain,
    /// A batch of a single sample, which batch normalisation cannot take.
    #[error("{}", lone(name, *batch_size, *train_samples))]
    #[diagnostic(code(whymean::experiment::lone_sample), help("{}", self.advice()))]
    LoneSample {
        /// Index of the layer, from 0.
        layer: usize,
        /// Its name.
        name: String,
        /// Samples per step.
        batch_size: u32,
        /// Samples of the training split, where they are known.
        train_samples: Option<u64>,
    },
    /// More memory than is sensible.
    #[error(
        "the network needs about {}: {parameters} parameters take {}, a batch of {batch_size} samples takes {}; the limit is {}",
        gib(u128::from(*.parameter_bytes) + u128::from(*.activation_bytes)), gib((*.parameter_bytes).into()), gib((*.activation_bytes).into()), gib(MOST_BYTES.into())
    )]
    #[diagnostic(code(whymean::experiment::memory), help("{}", self.advice()))]
    TooLarge {
        /// Index of the layer with most of it, from 0.
        layer: usize,
        /// Its name.
        name: String,
        /// Trainable values of all layers.
        parameters: u64,
        /// Weights, gradients and moments \[bytes\].
        parameter_bytes: u64,
        /// Activations and their gradients of one batch \[bytes\].
        activation_bytes: u64,
        /// Samples per step.
        batch_size: u32,
    },
}

impl ShapeError {
    /// Index of the layer at fault, from 0; `None` where it is no single one.
    pub fn layer(&self) -> Option<usize> {
        match self {
            Self::Zero { layer, .. }
            | Self::NeedsImage { layer, .. }
            | Self::NeedsFlat { layer, .. }
            | Self::WindowTooLarge { layer, .. }
            | Self::NotTheTargets { layer, .. }
            | Self::LoneSample { layer, .. }
            | Self::TooLarge { layer, .. } => Some(*layer),
            Self::NothingToTrain => None,
        }
    }

    /// One thing that the user can do now.
    pub fn advice(&self) -> String {
        match self {
            Self::Zero { .. } => "make it 1 or more".to_owned(),
            Self::NeedsImage { .. } => {
                "use dense layers for flat data; an image must not be flattened before this layer".to_owned()
            }
            Self::NeedsFlat { .. } => "put `{ type = \"flatten\" }` before it".to_owned(),
            Self::WindowTooLarge { .. } => {
                "make the window smaller, use `padding = \"same\"`, or leave out a layer that shrinks the image"
                    .to_owned()
            }
            Self::NotTheTargets { outputs, .. } => format!(
                "end with `{{ type = \"dense\" }}`, which has one unit for each target, or with `units = {outputs}`"
            ),
            Self::NothingToTrain => "add a dense layer".to_owned(),
            Self::LoneSample { batch_size, train_samples, .. } => match next_size(*batch_size, *train_samples) {
                Some(size) => format!(
                    "a batch needs 2 samples or more: write `training.batch_size = {size}`, which leaves no single sample"
                ),
                None => "a batch needs 2 samples or more: add rows".to_owned(),
            },
            Self::TooLarge { name, parameter_bytes, activation_bytes, .. } if parameter_bytes >= activation_bytes => {
                format!(
                    "most of the parameters are in `{name}`: give it fewer units, or make its input smaller by a stride or pooling"
                )
            }
            Self::TooLarge { name, .. } => format!(
                "most of the activations are in `{name}`: lower `training.batch_size`, or give it fewer filters"
            ),
        }
    }
}

fn lone(name: &str, batch_size: u32, train_samples: Option<u64>) -> String {
    match train_samples {
        Some(samples) if batch_size > 1 => format!(
            "{samples} samples in batches of {batch_size} leave a last batch of 1 sample, which `{name}` cannot normalise"
        ),
        _ => format!("batches of {batch_size} sample are none that `{name}` can normalise"),
    }
}

/// `[3, 64, 64]`.
fn shown(shape: &[usize]) -> String {
    format!("`{shape:?}`")
}

/// Bytes for people.
pub(crate) fn gib(bytes: u128) -> String {
    // OK because the precision of f64 is far finer than the digits shown.
    let bytes = bytes as f64;
    let (unit, size) = [("TiB", 1u64 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]
        .into_iter()
        .find(|(_, size)| bytes >= *size as f64)
        .unwrap_or(("bytes", 1));
    let number = bytes / size as f64;
    if number >= 1e6 {
        format!("{number:.1e} {unit}")
    } else if size == 1 {
        format!("{number} {unit}")
    } else {
        format!("{number:.1} {unit}")
    }
}

/// What a network needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Footprint {
    /// Output shape of each layer, of one sample: `[units]` or `[C, H, W]`.
    pub shapes: Vec<Vec<usize>>,
    /// Number of trainable values of each layer.
    pub parameters: Vec<u64>,
    /// Weights, gradients and the optimiser's moments \[bytes\].
    pub parameter_bytes: u64,
    /// Activations and their gradients of one batch \[bytes\].
    pub activation_bytes: u64,
}

/// The output shape of each layer.
///
/// - Shape: `input_shape` is `[features]` or `[C, H, W]`; `outputs` is the number of targets.
/// - Errors: the first layer that does not fit, or a last layer that does not give one number for each target.
pub fn infer(model: &Model, input_shape: &[usize], outputs: usize) -> Result<Vec<Vec<usize>>, ShapeError> {
    let names = layer_names(model);
    let mut shapes: Vec<Vec<usize>> = Vec::with_capacity(model.layers.len());
    for (layer, (kind, name)) in model.layers.iter().zip(&names).enumerate() {
        let input = shapes.last().map_or(input_shape, Vec::as_slice);
        shapes.push(output(kind, input, outputs).map_err(|misfit| misfit.of(layer, name, input))?);
    }
    match (shapes.last(), names.last()) {
        (Some(last), Some(name)) if *last != [outputs] => Err(ShapeError::NotTheTargets {
            layer: shapes.len() - 1,
            name: name.clone(),
            output: last.clone(),
            outputs,
        }),
        (Some(_), Some(_)) => Ok(shapes),
        _ => Err(ShapeError::NothingToTrain),
    }
}

/// Shapes, parameters and memory.
///
/// - Errors: as [`infer`]; no parameters at all; more than [`MOST_BYTES`] for parameters and one batch.
pub fn footprint(
    model: &Model,
    input_shape: &[usize],
    outputs: usize,
    batch_size: u32,
) -> Result<Footprint, ShapeError> {
    let shapes = infer(model, input_shape, outputs)?;
    let names = layer_names(model);
    let inputs = std::iter::once(input_shape).chain(shapes.iter().map(Vec::as_slice));
    let parameters: Vec<u64> = model
        .layers
        .iter()
        .zip(inputs)
        .zip(&shapes)
        .map(|((layer, input), output)| parameters(layer, input, output))
        .collect();
    let activations: Vec<u64> = shapes.iter().map(|shape| elements(shape)).collect();
    let total = |counts: &[u64]| counts.iter().fold(0, |sum: u64, count| sum.saturating_add(*count));
    let parameter_bytes = total(&parameters).saturating_mul(BYTES_PER_PARAMETER);
    let activation_bytes = total(&activations).saturating_mul(BYTES_PER_ACTIVATION).saturating_mul(batch_size.into());
    if total(&parameters) == 0 {
        return Err(ShapeError::NothingToTrain);
    }
    if parameter_bytes.saturating_add(activation_bytes) > MOST_BYTES {
        let counts = if parameter_bytes >= activation_bytes { &parameters } else { &activations };
        let layer = (0..counts.len()).max_by_key(|index| counts[*index]).unwrap_or(0);
        let name = names.get(layer).cloned().unwrap_or_default();
        return Err(ShapeError::TooLarge {
            layer,
            name,
            parameters: total(&parameters),
            parameter_bytes,
            activation_bytes,
            batch_size,
        });
    }
    Ok(Footprint { shapes, parameters, parameter_bytes, activation_bytes })
}

/// Name of each layer, such as `conv2d_1`: its type and its number among the layers of that type, from 1.
pub fn layer_names(model: &Model) -> Vec<String> {
    let mut seen = std::collections::BTreeMap::new();
    let mut name = |layer: &Layer| {
        let kind = type_name(layer);
        let number = seen.entry(kind).and_modify(|count| *count += 1).or_insert(1);
        format!("{kind}_{number}")
    };
    model.layers.iter().map(&mut name).collect()
}

/// The word of the key `type`.
fn type_name(layer: &Layer) -> &'static str {
    match layer {
        Layer::Dense { .. } => "dense",
        Layer::Conv2d { .. } => "conv2d",
        Layer::MaxPool2d { .. } => "max_pool2d",
        Layer::AvgPool2d { .. } => "avg_pool2d",
        Layer::Flatten {} => "flatten",
        Layer::Dropout { .. } => "dropout",
        Layer::BatchNorm { .. } => "batch_norm",
        Layer::Activation { .. } => "activation",
    }
}

/// Why one layer does not fit, before it has a name.
enum Misfit {
    Zero(&'static str),
    NeedsImage,
    NeedsFlat,
    WindowTooLarge(u32),
}

impl Misfit {
    fn of(self, layer: usize, name: &str, input: &[usize]) -> ShapeError {
        let (name, input) = (name.to_owned(), input.to_vec());
        match self {
            Self::Zero(what) => ShapeError::Zero { layer, name, what },
            Self::NeedsImage => ShapeError::NeedsImage { layer, name, input },
            Self::NeedsFlat => ShapeError::NeedsFlat { layer, name, input },
            Self::WindowTooLarge(window) => ShapeError::WindowTooLarge { layer, name, input, window },
        }
    }
}

fn output(layer: &Layer, input: &[usize], outputs: usize) -> Result<Vec<usize>, Misfit> {
    let positive = |size: usize, what| if size == 0 { Err(Misfit::Zero(what)) } else { Ok(size) };
    input.iter().try_for_each(|side| positive(*side, "every side of the input").map(drop))?;
    match layer {
        Layer::Dense { units, .. } => match input {
            [_] => Ok(vec![positive(units.map_or(outputs, |units| units as usize), "`units`")?]),
            _ => Err(Misfit::NeedsFlat),
        },
        Layer::Conv2d { filters, kernel, stride, padding, .. } => match input {
            [_, height, width] => {
                positive(*kernel as usize, "`kernel`").and(positive(*stride as usize, "`stride`"))?;
                let side = |side| convolved(side, *kernel, *stride, *padding).ok_or(Misfit::WindowTooLarge(*kernel));
                Ok(vec![positive(*filters as usize, "`filters`")?, side(*height)?, side(*width)?])
            }
            _ => Err(Misfit::NeedsImage),
        },
        Layer::MaxPool2d { size, stride } | Layer::AvgPool2d { size, stride } => match input {
            [channels, height, width] => {
                positive(*size as usize, "`size`").and(positive(*stride as usize, "`stride`"))?;
                let side = |side| convolved(side, *size, *stride, Padding::Valid).ok_or(Misfit::WindowTooLarge(*size));
                Ok(vec![*channels, side(*height)?, side(*width)?])
            }
            _ => Err(Misfit::NeedsImage),
        },
        Layer::Flatten {} => Ok(vec![input.iter().fold(1, |product: usize, side| product.saturating_mul(*side))]),
        Layer::Dropout { .. } | Layer::BatchNorm { .. } | Layer::Activation { .. } => Ok(input.to_vec()),
    }
}

/// Side of an image after a window went over it; `None` where the window is larger than the (padded) image.
fn convolved(side: usize, window: u32, stride: u32, padding: Padding) -> Option<usize> {
    let (window, stride) = (window as usize, stride as usize);
    let valid = |side: usize| side.checked_sub(window).map(|room| room / stride + 1);
    match padding {
        Padding::Valid => valid(side),
        Padding::Same => Some(side.div_ceil(stride)),
        Padding::Half => valid(side.saturating_add(2 * (window / 2))),
    }
}

fn elements(shape: &[usize]) -> u64 {
    shape.iter().fold(1, |product: u64, side| product.saturating_mul(*side as u64))
}

fn parameters(layer: &Layer, input: &[usize], output: &[usize]) -> u64 {
    let first = |shape: &[usize]| shape.first().map_or(0, |count| *count as u64);
    let (inputs, outputs) = (first(input), first(output));
    let weights =
        |bias: bool, fan_in: u64| outputs.saturating_mul(fan_in).saturating_add(if bias { outputs } else { 0 });
    match layer {
        Layer::Dense { bias, .. } => weights(*bias, inputs),
        Layer::Conv2d { bias, kernel, .. } => weights(*bias, inputs.saturating_mul(u64::from(*kernel).pow(2))),
        Layer::BatchNorm { .. } => outputs.saturating_mul(2),
        Layer::MaxPool2d { .. }
        | Layer::AvgPool2d { .. }
        | Layer::Flatten {}
        | Layer::Dropout { .. }
        | Layer::Activation { .. } => 0,
    }
}

#[cfg(test)]
#[path = "shapes_tests.rs"]
mod tests;
