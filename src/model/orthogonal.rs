//! Random matrices with orthonormal rows or columns.
//!
//! The vectors of a normal matrix are made orthonormal one after another (Gram-Schmidt), each against the ones before it
//! and twice, which brings the result to rounding error (Giraud et al. 2005, "twice is enough"). That is the QR
//! decomposition whose triangle has a positive diagonal, so the matrix is uniform over all such matrices (Mezzadri 2007)
//! and needs no correction of signs. Not LAPACK's: its bits depend on the number of threads.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

/// Draws a matrix `[rows, columns]`, row-major, whose rows are orthonormal, or whose columns are where they are fewer.
///
/// Cost: `4 a^2 b` operations for the smaller side `a` and the larger `b`.
pub(super) fn draw(rows: usize, columns: usize, generator: &mut ChaCha8Rng) -> Vec<f64> {
    let (count, length) = (rows.min(columns), rows.max(columns));
    let mut vectors: Vec<f64> = (0..count * length).map(|_| generator.sample(StandardNormal)).collect();
    if length == 0 {
        return vectors;
    }
    for index in 0..count {
        let (done, rest) = vectors.split_at_mut(index * length);
        let vector = &mut rest[..length];
        for _ in 0..2 {
            for other in done.chunks_exact(length) {
                let along = dot(vector, other);
                for (value, direction) in vector.iter_mut().zip(other) {
                    *value -= along * direction;
                }
            }
        }
        // A normal vector lies in the span of fewer others with probability 0.
        let norm = dot(vector, vector).sqrt();
        vector.iter_mut().for_each(|value| *value /= norm);
    }
    if rows <= columns {
        return vectors;
    }
    (0..rows * columns).map(|place| vectors[place % columns * length + place / columns]).collect()
}

/// Sum of products in eight lanes, which the compiler turns into vector instructions; one order on every machine.
fn dot(left: &[f64], right: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    let (left_chunks, right_chunks) = (left.chunks_exact(8), right.chunks_exact(8));
    let tail: f64 = left_chunks.remainder().iter().zip(right_chunks.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in left_chunks.zip(right_chunks) {
        for lane in 0..8 {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    lanes.iter().sum::<f64>() + tail
}

#[cfg(test)]
mod tests {
    use super::{super::init::stream, *};

    #[test]
    fn the_shorter_side_is_orthonormal_to_rounding_error() {
        for (rows, columns) in [(1, 1), (5, 5), (3, 70), (70, 3), (64, 65), (1, 4), (4, 1)] {
            let matrix = draw(rows, columns, &mut stream(1, 0));
            let at = |vector: usize, place: usize| {
                matrix[if rows <= columns { vector * columns + place } else { place * columns + vector }]
            };
            for a in 0..rows.min(columns) {
                for b in 0..rows.min(columns) {
                    let product: f64 = (0..rows.max(columns)).map(|place| at(a, place) * at(b, place)).sum();
                    let wanted = if a == b { 1.0 } else { 0.0 };
                    // Sums of at most 70 rounded products.
                    assert!((product - wanted).abs() < 70.0 * f64::EPSILON, "{rows} x {columns}: {product}");
                }
            }
        }
    }

    #[test]
    fn matrices_favour_no_direction() {
        let draws = 4000;
        let mut generator = stream(2, 0);
        let (mut sums, mut squares) = ([0.0; 9], [0.0; 9]);
        for _ in 0..draws {
            for (place, value) in draw(3, 3, &mut generator).into_iter().enumerate() {
                sums[place] += value;
                squares[place] += value * value;
            }
        }
        let n = f64::from(draws);
        for place in 0..9 {
            // A coordinate of a uniform direction in 3 dimensions is uniform on -1..1: variance 1/3, fourth moment 1/5.
            assert!((sums[place] / n).abs() < 5.0 * (1.0 / 3.0 / n).sqrt(), "{place}: {}", sums[place] / n);
            let limit = 5.0 * ((1.0 / 5.0 - 1.0 / 9.0) / n).sqrt();
            assert!((squares[place] / n - 1.0 / 3.0).abs() < limit, "{place}: {}", squares[place] / n);
        }
    }

    #[test]
    fn nothing_is_drawn_for_an_empty_matrix() {
        assert!(draw(0, 0, &mut stream(1, 0)).is_empty());
    }
}
