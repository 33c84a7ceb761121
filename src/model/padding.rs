//! Where a convolution's windows lie along one axis, so that libtorch's symmetric padding reproduces every [`Padding`].
//!
//! TensorFlow's `same` pads one more after than before where the total is odd; libtorch pads both sides alike and
//! refuses `same` for strides above 1. So what both sides have in common is asked of the convolution, and only the one
//! row and column that is left is added by hand, which copies the input:
//!
//! ```text
//! kernel 5, stride 2, side 8: before 1, after 2     padding 1, extra 1
//!     . 0 1 2 3 4 5 6 7 . .                         . 0 1 2 3 4 5 6 7 + .
//! ```
//!
//! Forward and backward of the question's three convolutions on one thread of a processor with AVX-512, in ms (`benches/step.rs`
//! has the whole step): all padding by hand 259; this 236; padding 3, whose first outputs are dropped again by `narrow`, 273, since
//! outputs of odd sides are dear; symmetric padding, a different network, 205.

use crate::experiment::Padding;

/// The windows of a convolution along one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Windows {
    /// Symmetric padding to ask of libtorch.
    pub padding: usize,
    /// Zeros to add behind the axis before that: 0 or 1.
    pub extra: usize,
    /// Outputs.
    pub count: usize,
}

/// The windows along an axis of `side` values; `None` where not even one fits.
///
/// All are at least 1, sides below 2^61 (`build` counts the values), kernels and strides at most `u32::MAX`, so no sum
/// overflows.
pub(super) fn windows(side: usize, kernel: usize, stride: usize, padding: Padding) -> Option<Windows> {
    let padded = |padding: usize, extra: usize| {
        let count = (side + extra + 2 * padding).checked_sub(kernel)? / stride + 1;
        Some(Windows { padding, extra, count })
    };
    match padding {
        Padding::Valid => padded(0, 0),
        Padding::Half => padded(kernel / 2, 0),
        Padding::Same => {
            let total = ((side.div_ceil(stride) - 1) * stride + kernel).saturating_sub(side);
            padded(total / 2, total % 2)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        experiment::{
            Activation, Layer,
            shapes::{ShapeError, infer},
        },
        model::test_support::model,
    };

    #[test]
    fn the_questions_network_pads_one_before_and_two_after() {
        let expected = Windows { padding: 1, extra: 1, count: 32 };
        assert_eq!(windows(64, 5, 2, Padding::Same), Some(expected));
    }

    #[test]
    fn same_gives_the_ceiling() {
        for kernel in 1..=9 {
            for stride in 1..=5 {
                for side in 1..=20 {
                    let found = windows(side, kernel, stride, Padding::Same).expect("same always fits");
                    assert_eq!(found.count, side.div_ceil(stride), "{kernel} {stride} {side}");
                }
            }
        }
    }

    #[test]
    fn as_many_are_kept_as_the_shapes_announce() {
        let announced = |side: u32, kernel, stride, padding| {
            let activation = Activation::Linear;
            let conv = Layer::Conv2d { filters: 1, kernel, stride, padding, activation, bias: false, init: None };
            let side = side as usize;
            // Any number of targets: the last shape is told in the error, too.
            match infer(&model(vec![conv]), &[1, side, side], 1) {
                Err(ShapeError::NotTheTargets { output, .. }) => Some(output[1]),
                Err(ShapeError::WindowTooLarge { .. }) => None,
                other => panic!("{other:?}"),
            }
        };
        for padding in [Padding::Valid, Padding::Same, Padding::Half] {
            for kernel in 1..=9 {
                for (stride, side) in (1..=5).flat_map(|stride| (1..=12).map(move |side| (stride, side))) {
                    let kept = windows(side as usize, kernel as usize, stride as usize, padding);
                    let wanted = announced(side, kernel, stride, padding);
                    assert_eq!(kept.map(|windows| windows.count), wanted, "{padding:?} {kernel} {stride} {side}");
                }
            }
        }
    }

    #[test]
    fn valid_and_half_follow_the_usual_formula() {
        assert_eq!(windows(5, 3, 2, Padding::Valid).map(|w| (w.padding, w.extra, w.count)), Some((0, 0, 2)));
        assert_eq!(windows(5, 3, 2, Padding::Half).map(|w| (w.padding, w.extra, w.count)), Some((1, 0, 3)));
        assert_eq!(windows(5, 4, 1, Padding::Half).map(|w| (w.padding, w.extra, w.count)), Some((2, 0, 6)));
        assert_eq!(windows(2, 3, 1, Padding::Valid), None);
    }
}
