//! The mean of the k nearest samples, k chosen anew for each output inside each training part.
//!
//! Source: Fix and Hodges 1951; Hastie, Tibshirani and Friedman 2009, "The Elements of Statistical Learning", chapter 13.

use std::ops::Range;

use nalgebra::{DMatrix, DVector};

use super::{Predictions, columns::Design};

/// Numbers of neighbours that are tried, in rising order.
const COUNTS: [usize; 6] = [1, 3, 5, 10, 20, 50];
const MOST: usize = COUNTS[COUNTS.len() - 1];

/// Nearest samples that are put in order at first; what two folds out of five take away leaves [`MOST`] of them.
const ORDERED: usize = 4 * MOST;

/// Samples whose distances are in memory at the same time.
const BLOCK: usize = 256;

/// Predictions of the left-out folds, and of the test samples by all training samples.
///
/// - Shape: `targets` is `[samples, outputs]`, the samples in the order of the folds.
pub(super) fn fit(design: &Design, targets: &DMatrix<f64>, folds: &[Range<usize>]) -> Predictions {
    let (samples, outputs) = targets.shape();
    // Neighbours of a sample are read together: in rows, which are columns of the transposed.
    let targets = targets.transpose();
    let fold_of = |sample: usize| folds.iter().position(|fold| fold.contains(&sample));

    let mut errors = vec![DMatrix::<f64>::zeros(COUNTS.len(), outputs); folds.len()];
    let mut candidates = vec![DMatrix::<f64>::zeros(0, 0); samples];
    each_nearest(&design.train, &design.train, &mut |sample, nearest| {
        let own = fold_of(sample);
        for outer in (0..folds.len()).filter(|outer| Some(*outer) != own) {
            let means = means(
                &targets,
                nearest.among(&|other| {
                    let fold = fold_of(other);
                    fold != own && fold != Some(outer)
                }),
            );
            for (place, mean) in means.column_iter().enumerate() {
                for (output, (mean, target)) in mean.iter().zip(targets.column(sample).iter()).enumerate() {
                    errors[outer][(place, output)] += (mean - target) * (mean - target);
                }
            }
        }
        candidates[sample] = means(&targets, nearest.among(&|other| fold_of(other) != own));
    });

    let mut cross_validated = DMatrix::zeros(samples, outputs);
    for (errors, fold) in errors.iter().zip(folds) {
        let chosen = best(errors);
        for sample in fold.clone() {
            for output in 0..outputs {
                cross_validated[(sample, output)] = candidates[sample][(output, chosen[output])];
            }
        }
    }
    let chosen = best(&errors.iter().fold(DMatrix::zeros(COUNTS.len(), outputs), |sum, errors| sum + errors));
    let mut test = DMatrix::zeros(design.test.nrows(), outputs);
    each_nearest(&design.test, &design.train, &mut |sample, nearest| {
        let means = means(&targets, nearest.among(&|_| true));
        (0..outputs).for_each(|output| test[(sample, output)] = means[(output, chosen[output])]);
    });
    Predictions { cross_validated, test }
}

/// For each output the number of neighbours with the smallest error, the larger one of equal ones.
fn best(errors: &DMatrix<f64>) -> Vec<usize> {
    let of_output = |errors: nalgebra::DVectorView<'_, f64>| {
        let last = COUNTS.len() - 1;
        (0..last).rev().fold(last, |best, at| if errors[at] < errors[best] { at } else { best })
    };
    errors.column_iter().map(of_output).collect()
}

/// Means of the targets of the first 1, 3, 5, ... neighbours, of all where there are fewer.
///
/// - Shape: `targets` is `[outputs, samples]`, the means `[outputs, COUNTS]`.
fn means(targets: &DMatrix<f64>, mut neighbours: impl Iterator<Item = usize>) -> DMatrix<f64> {
    let mut means = DMatrix::zeros(targets.nrows(), COUNTS.len());
    let mut sum = DVector::zeros(targets.nrows());
    let mut taken = 0;
    for (place, count) in COUNTS.into_iter().enumerate() {
        for neighbour in neighbours.by_ref().take(count - taken) {
            sum += targets.column(neighbour);
            taken += 1;
        }
        means.column_mut(place).axpy(1.0 / taken.max(1) as f64, &sum, 0.0);
        if taken < count {
            (place + 1..COUNTS.len())
                .for_each(|later| means.column_mut(later).axpy(1.0 / taken.max(1) as f64, &sum, 0.0));
            break;
        }
    }
    means
}

/// All samples, by their distance to one.
struct Nearest<'a> {
    /// Squared distance and index, the first `ordered` of them in order and nearer than all others.
    samples: &'a [(f64, usize)],
    ordered: usize,
}

impl Nearest<'_> {
    /// The nearest [`MOST`] of those that may be used.
    fn among(&self, allowed: &dyn Fn(usize) -> bool) -> impl Iterator<Item = usize> {
        let use_of = |samples: &[(f64, usize)]| -> Vec<usize> {
            samples.iter().map(|(_, sample)| *sample).filter(|sample| allowed(*sample)).take(MOST).collect()
        };
        let mut found = use_of(&self.samples[..self.ordered]);
        if found.len() < MOST && self.ordered < self.samples.len() {
            let mut rest = self.samples[self.ordered..].to_vec();
            rest.sort_unstable_by(nearer);
            let more = use_of(&rest);
            found.extend(more.into_iter().take(MOST - found.len()));
        }
        found.into_iter()
    }
}

/// By distance; of equal ones by index, which is random as the order of the samples is.
fn nearer(left: &(f64, usize), right: &(f64, usize)) -> std::cmp::Ordering {
    left.0.total_cmp(&right.0).then(left.1.cmp(&right.1))
}

/// Calls `see` with each row of `of` and the rows of `among`, nearest first.
fn each_nearest(of: &DMatrix<f64>, among: &DMatrix<f64>, see: &mut dyn FnMut(usize, Nearest<'_>)) {
    let transposed = among.transpose();
    let squares: Vec<f64> = transposed.column_iter().map(|sample| sample.norm_squared()).collect();
    let mut samples: Vec<(f64, usize)> = Vec::with_capacity(among.nrows());
    for start in (0..of.nrows()).step_by(BLOCK) {
        let rows = of.rows(start, BLOCK.min(of.nrows() - start));
        // The square of the row itself is the same in all its distances.
        let products = (rows * &transposed).transpose();
        for (place, products) in products.column_iter().enumerate() {
            samples.clear();
            samples.extend(products.iter().zip(&squares).map(|(product, square)| square - 2.0 * product).zip(0..));
            let ordered = ORDERED.min(samples.len());
            if ordered < samples.len() {
                samples.select_nth_unstable_by(ordered, nearer);
            }
            samples[..ordered].sort_unstable_by(nearer);
            see(start + place, Nearest { samples: &samples, ordered });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::references::{
        draw::{Draw, Purpose},
        folds::folds,
    };

    /// Second implementation: every distance by its definition, everything sorted.
    fn slow(
        design: &DMatrix<f64>,
        targets: &DMatrix<f64>,
        allowed: &dyn Fn(usize) -> bool,
        at: &[f64],
        count: usize,
        output: usize,
    ) -> f64 {
        let mut all: Vec<(f64, usize)> = (0..design.nrows())
            .filter(|sample| allowed(*sample))
            .map(|sample| (design.row(sample).iter().zip(at).map(|(a, b)| (a - b).powi(2)).sum(), sample))
            .collect();
        all.sort_by(|left, right| left.0.total_cmp(&right.0));
        let nearest = &all[..count.min(all.len())];
        nearest.iter().map(|(_, sample)| targets[(*sample, output)]).sum::<f64>() / nearest.len() as f64
    }

    #[test]
    fn agrees_with_nested_cross_validation_by_definition() {
        // More samples than are put in order at once, and fewer than the most neighbours.
        for (count, width) in [(260, 2), (24, 3)] {
            let mut draw = Draw::new(count as u64, Purpose::Units);
            let train = DMatrix::from_fn(count, width, |_, _| draw.normal());
            let test = DMatrix::from_fn(6, width, |_, _| draw.normal());
            let targets = DMatrix::from_fn(count, 3, |row, output| {
                (train[(row, 0)] * 2.0).sin() * 2.0 * output as f64 + draw.normal()
            });
            let folds = folds(count);
            let found = fit(&Design { train: train.clone(), test: test.clone() }, &targets, &folds);
            let fold_of = |sample: usize| folds.iter().position(|fold| fold.contains(&sample)).expect("a fold");
            let row = |values: &DMatrix<f64>, at: usize| values.row(at).iter().copied().collect::<Vec<f64>>();
            let lowest = |errors: &[f64]| {
                let least = errors.iter().copied().fold(f64::INFINITY, f64::min);
                // Sums in another order may differ in the last bits.
                errors.iter().rposition(|error| *error <= least * (1.0 + 1e-12)).expect("errors")
            };
            for output in 0..3 {
                let mut total = [0.0; COUNTS.len()];
                for (outer, held_out) in folds.iter().enumerate() {
                    let errors = COUNTS.map(|k| {
                        let samples = (0..count).filter(|sample| fold_of(*sample) != outer);
                        let squares = samples.map(|sample| {
                            let allowed = |other| fold_of(other) != outer && fold_of(other) != fold_of(sample);
                            let guess = slow(&train, &targets, &allowed, &row(&train, sample), k, output);
                            (guess - targets[(sample, output)]).powi(2)
                        });
                        squares.sum::<f64>()
                    });
                    (0..COUNTS.len()).for_each(|place| total[place] += errors[place]);
                    let k = COUNTS[lowest(&errors)];
                    for sample in held_out.clone() {
                        let allowed = |other| fold_of(other) != outer;
                        let guess = slow(&train, &targets, &allowed, &row(&train, sample), k, output);
                        assert!((found.cross_validated[(sample, output)] - guess).abs() < 1e-9, "{count} {sample}");
                    }
                }
                let k = COUNTS[lowest(&total)];
                for sample in 0..6 {
                    let guess = slow(&train, &targets, &|_| true, &row(&test, sample), k, output);
                    assert!((found.test[(sample, output)] - guess).abs() < 1e-9);
                }
            }
        }
    }

    #[test]
    fn without_columns_all_samples_are_as_near() {
        let targets = DMatrix::from_fn(40, 1, |row, _| (row % 4) as f64);
        let nothing = Design { train: DMatrix::zeros(40, 0), test: DMatrix::zeros(2, 0) };
        let found = fit(&nothing, &targets, &folds(40));
        assert_eq!(found.test[(0, 0)], 1.5);
    }
}
