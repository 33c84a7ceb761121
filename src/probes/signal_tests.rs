//! The read-out against explicit refits, and both readings against what is known in closed form.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

fn draws(seed: u64, count: usize) -> Vec<f64> {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    (0..count).map(|_| generator.random_range(-1.0..1.0)).collect()
}

/// Orthonormal columns that sum to zero, by Gram and Schmidt from random ones.
fn spectrum(samples: usize, eigenvalues: &[f64], seed: u64) -> Spectrum {
    let mut columns: Vec<Vec<f64>> = vec![vec![1.0 / (samples as f64).sqrt(); samples]];
    for direction in 0..eigenvalues.len() {
        let mut column = draws(seed + direction as u64, samples);
        // Twice: once leaves what the first projections rounded.
        for _ in 0..2 {
            for other in &columns {
                let along: f64 = column.iter().zip(other).map(|(a, b)| a * b).sum();
                column.iter_mut().zip(other).for_each(|(value, other)| *value -= along * other);
            }
        }
        let size = column.iter().map(|value| value * value).sum::<f64>().sqrt();
        columns.push(column.into_iter().map(|value| value / size).collect());
    }
    let row = |sample: usize| columns[1..].iter().map(move |column| column[sample]).collect::<Vec<_>>();
    Spectrum { samples, eigenvalues: eigenvalues.to_vec(), scores: (0..samples).flat_map(row).collect() }
}

fn activations(spectrum: &Spectrum) -> Vec<Vec<f64>> {
    let rows = spectrum.scores.chunks_exact(spectrum.eigenvalues.len());
    rows.map(|row| row.iter().zip(&spectrum.eigenvalues).map(|(score, value)| score * value.sqrt()).collect()).collect()
}

/// Solves a small system by elimination with pivots.
fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let order = right.len();
    for column in 0..order {
        let pivot = (column..order)
            .max_by(|a, b| matrix[*a][column].abs().total_cmp(&matrix[*b][column].abs()))
            .expect("the range is not empty");
        matrix.swap(column, pivot);
        right.swap(column, pivot);
        for row in column + 1..order {
            let factor = matrix[row][column] / matrix[column][column];
            let above = matrix[column].clone();
            matrix[row].iter_mut().zip(above).for_each(|(entry, above)| *entry -= factor * above);
            right[row] -= factor * right[column];
        }
    }
    for row in (0..order).rev() {
        let known: f64 = (row + 1..order).map(|place| matrix[row][place] * right[place]).sum();
        right[row] = (right[row] - known) / matrix[row][row];
    }
    right
}

/// The second implementation: a ridge fit with an intercept to all samples but one, its error on that one, squared.
fn error_left_out(rows: &[Vec<f64>], target: &[f64], penalty: f64, out: usize) -> f64 {
    let width = rows[0].len();
    let extended = |sample: usize| rows[sample].iter().copied().chain([1.0]).collect::<Vec<f64>>();
    let mut matrix = vec![vec![0.0; width + 1]; width + 1];
    let mut right = vec![0.0; width + 1];
    for sample in (0..rows.len()).filter(|sample| *sample != out) {
        let row = extended(sample);
        for (place, value) in row.iter().enumerate() {
            right[place] += value * target[sample];
            for (other, second) in row.iter().enumerate() {
                matrix[place][other] += value * second;
            }
        }
    }
    (0..width).for_each(|place| matrix[place][place] += penalty);
    let weights = solve(matrix, right);
    let prediction: f64 = extended(out).iter().zip(&weights).map(|(value, weight)| value * weight).sum();
    (target[out] - prediction).powi(2)
}

#[test]
fn the_closed_form_equals_explicit_refits() {
    for (samples, eigenvalues) in [(23, vec![3.0, 1.0, 0.2]), (8, vec![5.0, 2.0, 1.0, 0.5, 0.1, 0.05, 0.02])] {
        let spectrum = spectrum(samples, &eigenvalues, 7);
        let rows = activations(&spectrum);
        let noise = draws(99, samples);
        let target: Vec<f32> = rows.iter().zip(&noise).map(|(row, noise)| (row[0] - row[1] + noise) as f32).collect();
        let wide: Vec<f64> = target.iter().map(|value| f64::from(*value)).collect();
        let mean_of_others = |out: usize| {
            let sum: f64 = wide.iter().sum::<f64>() - wide[out];
            (wide[out] - sum / (samples - 1) as f64).powi(2)
        };
        // Of all penalties the smallest are left out: explicit refits at 1e-12 are rounding themselves.
        let smoothers = spectrum.smoothers();
        let largest = eigenvalues[0];
        for (penalty, smoother) in PENALTIES.iter().zip(&smoothers).filter(|(penalty, _)| **penalty >= 1e-6) {
            let only = spectrum.skill_of(&wide, std::slice::from_ref(smoother)).expect("it varies");
            assert_eq!(only, 0.0, "against itself");
            if penalty.is_finite() {
                let explicit: Vec<f64> =
                    (0..samples).map(|out| error_left_out(&rows, &wide, penalty * largest, out)).collect();
                let ours = errors_of(&spectrum, &wide, smoother);
                for (explicit, ours) in explicit.iter().zip(&ours) {
                    assert!((explicit - ours).abs() <= 1e-6 * explicit.max(1e-6), "{penalty}: {explicit} {ours}");
                }
            } else {
                let ours = errors_of(&spectrum, &wide, smoother);
                for (out, ours) in ours.iter().enumerate() {
                    assert!((mean_of_others(out) - ours).abs() < 1e-9);
                }
            }
        }
        let skill = spectrum.readout_skill(&target, 1).expect("it varies");
        assert!(skill.is_finite() && skill < 1.0);
    }
}

fn errors_of(spectrum: &Spectrum, target: &[f64], smoother: &Smoother) -> Vec<f64> {
    spectrum.errors(&spectrum.project(target), smoother)
}

#[test]
fn a_target_that_is_linear_in_the_layer_is_read_wholly() {
    let spectrum = spectrum(60, &[4.0, 1.0, 1e-6], 3);
    let rows = activations(&spectrum);
    let target = |weights: [f64; 3]| -> Vec<f32> {
        let dot = |row: &Vec<f64>| 5.0 + row.iter().zip(weights).map(|(value, weight)| value * weight).sum::<f64>();
        rows.iter().map(|row| dot(row) as f32).collect()
    };
    for (case, weights) in [("wide", [1.0, -2.0, 0.0]), ("a thousandth as wide", [0.0, 0.0, 900.0])] {
        let skill = spectrum.readout_skill(&target(weights), 1).expect("it varies");
        assert!(skill > 0.999, "{case}: {skill}");
    }
}

/// Noise targets in many draws: choosing among penalties must not win anything.
#[test]
fn noise_is_not_read_off() {
    for (samples, width, most) in [(256, 64, 0.005), (256, 255, 0.005), (30, 10, 0.02), (30, 29, 0.02)] {
        let falling: Vec<f64> = (0..width).map(|place| 1.0 / f64::from(place + 1)).collect();
        let spectrum = spectrum(samples, &falling, 1000);
        let skills: Vec<f64> = (0..40)
            .map(|draw| {
                let target: Vec<f32> = draws(5000 + draw, samples).into_iter().map(|value| value as f32).collect();
                spectrum.readout_skill(&target, 1).expect("it varies")
            })
            .collect();
        let mean = skills.iter().sum::<f64>() / skills.len() as f64;
        assert!(mean <= most && mean > -0.15, "{samples} x {width}: {mean}");
        let mut sorted = skills;
        sorted.sort_by(f64::total_cmp);
        // Of forty draws three may be lucky; a single one says little where there are thirty samples.
        let high = sorted[36];
        assert!(high < if samples == 256 { 0.02 } else { 0.2 }, "{samples} x {width}: {high}");
    }
}

#[test]
fn a_half_noisy_target_is_read_by_half() {
    let spectrum = spectrum(256, &[3.0, 2.0, 1.0], 11);
    let column: Vec<f64> = spectrum.scores.iter().step_by(3).copied().collect();
    let size = (1.0 / 3.0_f64).sqrt() * 256.0_f64.sqrt(); // of noise in -1..1 over 256 samples
    let target: Vec<f32> =
        column.iter().zip(draws(5, 256)).map(|(signal, noise)| (signal * size + noise) as f32).collect();
    let skill = spectrum.readout_skill(&target, 1).expect("it varies");
    assert!((skill - 0.5).abs() < 0.08, "R2 is 0.5, give or take its standard error of 0.04: {skill}");
}

#[test]
fn only_outputs_that_vary_are_averaged() {
    let spectrum = spectrum(40, &[1.0], 2);
    let both: Vec<f32> = spectrum.scores.iter().flat_map(|score| [*score as f32, 3.0]).collect();
    assert!(spectrum.readout_skill(&both, 2).expect("one varies") > 0.999);
    assert_eq!(spectrum.readout_skill(&[3.0; 40], 1), None);
    let pair = Spectrum { samples: 2, eigenvalues: vec![1.0], scores: vec![0.7, -0.7] };
    assert_eq!(pair.readout_skill(&[0.0, 1.0], 1), None);
}

#[test]
fn a_constant_layer_has_no_rank_and_reads_nothing() {
    let constant = Spectrum { samples: 20, eigenvalues: Vec::new(), scores: Vec::new() };
    assert_eq!(constant.effective_rank(), 0.0);
    let target: Vec<f32> = draws(1, 20).into_iter().map(|value| value as f32).collect();
    assert_eq!(constant.readout_skill(&target, 1), Some(0.0));
}

#[test]
fn the_effective_rank_counts_equal_directions_and_discounts_small_ones() {
    let rank = |eigenvalues: &[f64]| {
        Spectrum { samples: 50, eigenvalues: eigenvalues.to_vec(), scores: Vec::new() }.effective_rank()
    };
    assert!((rank(&[7.0; 12]) - 12.0).abs() < 1e-9);
    assert!((rank(&[0.3]) - 1.0).abs() < 1e-12);
    // Singular values 3 and 1: shares 3/4 and 1/4.
    let entropy = -(0.75_f64 * 0.75_f64.ln() + 0.25 * 0.25_f64.ln());
    assert!((rank(&[9.0, 1.0]) - entropy.exp()).abs() < 1e-12);
}
