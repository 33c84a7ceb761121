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
    let mut vectors: Vec<f64> = (0..count * length)
        .map(|_| generator.sample(StandardNormal))
        .collect();
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
    (0..rows * columns)
        .map(|place| vectors[place % columns * length + place / columns])
        .collect()
}

/// Sum of products in eight lanes, which the compiler turns into vector instructions; one order on every machine.
fn dot(left: &[f64], right: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    let (left_chunks, right_chunks) = (left.chunks_exact(8), right.chunks_exact(8));
    let tail: f64 = left_chunks
        .remainder()
        .iter()
        .zip(right_chunks.remainder())
        .map(|(a, b)| a * b)
        .sum();
    for (a, b) in left_chunks.zip(right_chunks) {
        for lane in 0..8 {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    lanes.iter().sum::<f64>() + tail
}
