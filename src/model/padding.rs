//! Where a convolution's windows lie along one axis, so that libtorch's symmetric padding reproduces every [`Padding`].
//!
//! TensorFlow's `same` pads one more after than before where the total is odd; libtorch pads both sides alike and
//! refuses `same` for strides above 1. Padding the images by hand copies each activation (29 to 36 % of a step on the
//! question's network). Instead we pad more on both sides, by whole strides before the wanted first window, and drop the
//! outputs that come too early. With `before` and `after` the wanted padding, the symmetric padding `p` must satisfy
//! `p >= before`, `p - before` a multiple of the stride (the windows then lie on the same grid) and `p >= after` (the
//! last window is still there). `after - before` is 0 or 1, hence `p = before` or `p = before + stride`, which always
//! exists, and exactly one output per axis is computed in vain:
//!
//! ```text
//! kernel 5, stride 2, side 8: before 1, after 2     padding 3, drop 1
//!     . 0 1 2 3 4 5 6 7 . .                         . . . 0 1 2 3 4 5 6 7 . . .
//!     [-------]                                     (-------)             in vain
//!         [-------]                                     [-------]
//! ```

use crate::experiment::Padding;

/// The windows of a convolution along one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Windows {
    /// Symmetric padding to ask of libtorch.
    pub padding: usize,
    /// Leading outputs to drop.
    pub drop: usize,
    /// Outputs to keep after those.
    pub keep: usize,
    /// Outputs that libtorch computes.
    pub computed: usize,
}

/// The windows along an axis of `side` values; `None` where not even one fits.
///
/// All are at least 1, sides below 2^61 (`build` counts the values), kernels and strides at most `u32::MAX`, so no sum
/// overflows.
pub(super) fn windows(side: usize, kernel: usize, stride: usize, padding: Padding) -> Option<Windows> {
    let symmetric = |padding: usize| {
        let computed = (side + 2 * padding).checked_sub(kernel)? / stride + 1;
        Some(Windows { padding, drop: 0, keep: computed, computed })
    };
    match padding {
        Padding::Valid => symmetric(0),
        Padding::Half => symmetric(kernel / 2),
        Padding::Same => {
            let keep = side.div_ceil(stride);
            let total = ((keep - 1) * stride + kernel).saturating_sub(side);
            let before = total / 2;
            // OK: see the head of this file.
            let drop = usize::from(total % 2 == 1);
            let all = symmetric(before + drop * stride)?;
            Some(Windows { drop, keep, ..all })
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
    fn the_questions_network_pads_three_and_drops_one() {
        let expected = Windows { padding: 3, drop: 1, keep: 32, computed: 33 };
        assert_eq!(windows(64, 5, 2, Padding::Same), Some(expected));
    }

    #[test]
    fn same_keeps_the_ceiling_and_computes_at_most_one_output_in_vain() {
        for kernel in 1..=9 {
            for stride in 1..=5 {
                for side in 1..=20 {
                    let found = windows(side, kernel, stride, Padding::Same).expect("same always fits");
                    assert_eq!(found.keep, side.div_ceil(stride));
                    // Where the kernel is smaller than the stride, the tail of the axis may be left out, never computed.
                    assert_eq!(found.computed, found.keep + found.drop, "{kernel} {stride} {side}");
                }
            }
        }
    }

    #[test]
    fn as_many_are_kept_as_the_shapes_announce() {
        let announced = |side: u32, kernel, stride, padding| {
            let activation = Activation::Linear;
            let conv = Layer::Conv2d { filters: 1, kernel, stride, padding, activation, bias: false };
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
                    assert_eq!(kept.map(|windows| windows.keep), wanted, "{padding:?} {kernel} {stride} {side}");
                }
            }
        }
    }

    #[test]
    fn valid_and_half_follow_the_usual_formula() {
        assert_eq!(windows(5, 3, 2, Padding::Valid).map(|w| (w.padding, w.drop, w.keep)), Some((0, 0, 2)));
        assert_eq!(windows(5, 3, 2, Padding::Half).map(|w| (w.padding, w.drop, w.keep)), Some((1, 0, 3)));
        assert_eq!(windows(5, 4, 1, Padding::Half).map(|w| (w.padding, w.drop, w.keep)), Some((2, 0, 6)));
        assert_eq!(windows(2, 3, 1, Padding::Valid), None);
    }
}
