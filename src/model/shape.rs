//! The shape of one sample as it passes through the layers.

use super::padding;
use crate::experiment::Layer;

/// Two layers that do not fit together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
pub enum ShapeError {
    /// A dense layer gets images.
    #[error("`{layer}` takes flat inputs [features], got {got:?}")]
    #[diagnostic(code(whymean::model::not_flat), help("put a layer of type `flatten` before it"))]
    NotFlat {
        /// Name of the layer.
        layer: String,
        /// What it gets.
        got: Vec<usize>,
    },
    /// A convolution or a pooling gets no images.
    #[error("`{layer}` takes images [channels, height, width], got {got:?}")]
    #[diagnostic(code(whymean::model::not_an_image), help("put it before the layer of type `flatten`"))]
    NotAnImage {
        /// Name of the layer.
        layer: String,
        /// What it gets.
        got: Vec<usize>,
    },
    /// The window does not fit into the image.
    #[error("the window of `{layer}` has side {window}, the image is only {got:?}")]
    #[diagnostic(code(whymean::model::window), help("make the window smaller, or pad or shrink the image less before"))]
    Window {
        /// Name of the layer.
        layer: String,
        /// Side of the window.
        window: usize,
        /// The image it gets, `[C, H, W]`.
        got: Vec<usize>,
    },
    /// A size that must be positive is zero.
    #[error("{what} of `{layer}` must be at least 1")]
    #[diagnostic(code(whymean::model::zero_size))]
    Zero {
        /// Name of the layer, or `inputs`.
        layer: String,
        /// Which size.
        what: &'static str,
    },
    /// More values than a machine can count.
    #[error("`{layer}` is too large: {got:?} values")]
    #[diagnostic(code(whymean::model::too_large), help("make the layer smaller"))]
    TooLarge {
        /// Name of the layer.
        layer: String,
        /// The shape whose product is too large.
        got: Vec<usize>,
    },
}

/// Type of a layer as its name begins.
pub(super) fn type_name(layer: &Layer) -> &'static str {
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

/// Shape of one sample after a layer; `name` is for errors, `outputs` the units of a dense layer that leaves them out.
///
/// - Shape: `input` is `[features]` or `[C, H, W]`.
/// - Errors: the input has the wrong number of axes, a window does not fit, a size is 0, or a product overflows.
pub(super) fn output_shape(
    name: &str,
    layer: &Layer,
    input: &[usize],
    outputs: usize,
) -> Result<Vec<usize>, ShapeError> {
    let positive = |value: usize, what: &'static str| match value {
        0 => Err(ShapeError::Zero { layer: name.to_owned(), what }),
        value => Ok(value),
    };
    let image = || match *input {
        [channels, height, width] => Ok([channels, height, width]),
        _ => Err(ShapeError::NotAnImage { layer: name.to_owned(), got: input.to_vec() }),
    };
    let side = |side: usize, kernel: usize, stride: usize, padding| {
        let too_small = || ShapeError::Window { layer: name.to_owned(), window: kernel, got: input.to_vec() };
        padding::windows(side, kernel, stride, padding).map(|windows| windows.keep).ok_or_else(too_small)
    };
    let shape = match *layer {
        Layer::Dense { units, .. } => {
            if input.len() != 1 {
                return Err(ShapeError::NotFlat { layer: name.to_owned(), got: input.to_vec() });
            }
            vec![positive(units.map_or(outputs, |units| units as usize), "the number of units")?]
        }
        Layer::Conv2d { filters, kernel, stride, padding, .. } => {
            let [_, height, width] = image()?;
            let filters = positive(filters as usize, "the number of filters")?;
            let kernel = positive(kernel as usize, "the kernel")?;
            let stride = positive(stride as usize, "the stride")?;
            vec![filters, side(height, kernel, stride, padding)?, side(width, kernel, stride, padding)?]
        }
        Layer::MaxPool2d { size, stride } | Layer::AvgPool2d { size, stride } => {
            let [channels, height, width] = image()?;
            let size = positive(size as usize, "the window")?;
            let stride = positive(stride as usize, "the stride")?;
            let valid = crate::experiment::Padding::Valid;
            vec![channels, side(height, size, stride, valid)?, side(width, size, stride, valid)?]
        }
        Layer::Flatten {} => vec![product(name, input)?],
        Layer::Dropout { .. } | Layer::BatchNorm { .. } | Layer::Activation { .. } => input.to_vec(),
    };
    product(name, &shape)?;
    Ok(shape)
}

/// Number of values of a shape, as long as libtorch can count them.
pub(super) fn product(name: &str, shape: &[usize]) -> Result<usize, ShapeError> {
    shape
        .iter()
        .try_fold(1_usize, |product, &side| product.checked_mul(side))
        // libtorch counts bytes of f32 in an i64.
        .filter(|&values| values <= i64::MAX as usize / 4)
        .ok_or_else(|| ShapeError::TooLarge { layer: name.to_owned(), got: shape.to_vec() })
}
