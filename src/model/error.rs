//! What can go wrong between an architecture and its activations.

use crate::experiment::shapes::ShapeError;

/// Why a network could not be built, run or restored.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ModelError {
    /// Layers that do not fit together or to the targets.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Shape(#[from] ShapeError),
    /// The inputs are not what the network was built for.
    #[error("the network takes {wanted:?} per sample, got a batch of shape {got:?}")]
    #[diagnostic(code(whymean::model::inputs))]
    Inputs {
        /// Shape of the tensor, with the samples.
        got: Vec<i64>,
        /// Shape of one sample.
        wanted: Vec<usize>,
    },
    /// Batch normalisation has no variance to take: one value per channel.
    #[error("`{layer}` cannot normalise a batch with {got} value per channel, it takes at least 2")]
    #[diagnostic(
        code(whymean::model::batch_too_small),
        help("choose `training.batch_size` so that no batch has a single sample, the last one included")
    )]
    BatchTooSmall {
        /// Name of the layer.
        layer: String,
        /// Samples times positions.
        got: u64,
    },
    /// More values than the memory holds, or than libtorch can count.
    #[error("no memory for `{place}` of shape {shape:?}")]
    #[diagnostic(code(whymean::model::memory), help("make the layer smaller"))]
    Memory {
        /// Name of the layer, the parameter or the buffer, or `inputs`.
        place: String,
        /// Its shape; that of a layer is of one sample.
        shape: Vec<usize>,
    },
    /// A saved state lacks a parameter or buffer of the network.
    #[error("the saved state has no `{name}`")]
    #[diagnostic(code(whymean::model::state_missing), help("restore it into the architecture that it was saved from"))]
    StateMissing {
        /// Name of the parameter or buffer.
        name: String,
    },
    /// A saved state has something twice.
    #[error("the saved state has `{name}` twice")]
    #[diagnostic(code(whymean::model::state_twice))]
    StateTwice {
        /// Name of the parameter or buffer.
        name: String,
    },
    /// A saved state has something that the network does not have.
    #[error("the saved state has `{name}`, which the network does not have")]
    #[diagnostic(code(whymean::model::state_extra), help("restore it into the architecture that it was saved from"))]
    StateExtra {
        /// Name of what is too much.
        name: String,
    },
    /// A saved tensor has another shape or another kind of number.
    #[error("the saved `{name}` is {got_kind} {got:?}, the network's is Float {wanted:?}")]
    #[diagnostic(code(whymean::model::state_shape), help("restore it into the architecture that it was saved from"))]
    StateShape {
        /// Name of the parameter or buffer.
        name: String,
        /// Its saved shape.
        got: Vec<i64>,
        /// Its saved kind of number.
        got_kind: String,
        /// Its shape in the network.
        wanted: Vec<i64>,
    },
    /// libtorch refused.
    #[error("libtorch failed in `{place}`")]
    #[diagnostic(code(whymean::model::torch))]
    Torch {
        /// Layer, parameter or buffer.
        place: String,
        /// What libtorch says.
        #[source]
        source: tch::TchError,
    },
}

impl ModelError {
    /// For `map_err`: names the place of libtorch's error.
    pub(super) fn torch(place: &str) -> impl FnOnce(tch::TchError) -> Self + '_ {
        move |source| Self::Torch { place: place.to_owned(), source }
    }
}
