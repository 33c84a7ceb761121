//! The constants: what any learner must beat.

use std::ops::Range;

use nalgebra::DMatrix;

use super::Predictions;
use crate::stats;

/// Predictions of the left-out folds by `constant` of the other ones, and of `tested` samples by that of all.
fn fit(
    constant: fn(&[f64]) -> Option<f64>,
    targets: &DMatrix<f64>,
    folds: &[Range<usize>],
    tested: usize,
) -> Predictions {
    let mut cross_validated = DMatrix::zeros(targets.nrows(), targets.ncols());
    let mut test = DMatrix::zeros(tested, targets.ncols());
    for (output, column) in targets.column_iter().enumerate() {
        let own: Vec<f64> = column.iter().copied().collect();
        for fold in folds {
            let others = [&own[..fold.start], &own[fold.end..]].concat();
            cross_validated.view_mut((fold.start, output), (fold.len(), 1)).fill(constant(&others).unwrap_or(0.0));
        }
        test.column_mut(output).fill(constant(&own).unwrap_or(0.0));
    }
    Predictions { cross_validated, test }
}

/// The mean.
pub(super) fn mean(targets: &DMatrix<f64>, folds: &[Range<usize>], tested: usize) -> Predictions {
    fit(stats::mean, targets, folds, tested)
}

/// The median.
pub(super) fn median(targets: &DMatrix<f64>, folds: &[Range<usize>], tested: usize) -> Predictions {
    fit(stats::median, targets, folds, tested)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fold_gets_the_constant_of_the_others() {
        let targets = DMatrix::from_column_slice(4, 1, &[0.0, 0.0, 3.0, 9.0]);
        let folds = [0..2, 2..4];
        let means = mean(&targets, &folds, 1);
        assert_eq!(means.cross_validated.as_slice(), [6.0, 6.0, 0.0, 0.0]);
        assert_eq!(means.test.as_slice(), [3.0]);
        assert_eq!(median(&targets, &folds, 2).test.as_slice(), [1.5, 1.5]);
    }
}
