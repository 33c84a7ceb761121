//! Ridge regression of all outputs at once, its penalty chosen anew for each output inside each training part.
//!
//! The sums of products of each fold are taken once; those of a training part are the whole's without its folds'. So the
//! inner cross-validation costs one factorisation for each pair of folds and each penalty: the model that leaves out
//! folds a and b is the inner model of both, tested on b for the part without a, and the other way round.
//!
//! Source: Hoerl and Kennard 1970, "Ridge regression: biased estimation for nonorthogonal problems".

use std::ops::Range;

use nalgebra::{DMatrix, DVector, RowDVector};

use super::{Predictions, cholesky::Factor, columns::Design};

/// Penalties, as multiples of the number of samples: columns have a spread of 1, so 1 halves what a lone column says.
/// After these comes the constant, which is the penalty without end.
const PENALTIES: [f64; 6] = [1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0];

/// Predictions of the left-out folds, and of the test samples by a model of all training samples.
///
/// - Shape: `targets` is `[samples, outputs]`, the samples in the order of the folds.
pub(super) fn fit(design: &Design, targets: &DMatrix<f64>, folds: &[Range<usize>]) -> Predictions {
    let turned = (design.train.ncols() > design.train.nrows()).then(|| turned(design));
    let Design { train, test } = turned.as_ref().unwrap_or(design);
    let parts = Parts::new(train, targets, folds);
    let errors = parts.inner_errors(train, targets, folds);

    let mut cross_validated = DMatrix::zeros(targets.nrows(), targets.ncols());
    for (fold, range) in folds.iter().enumerate() {
        let chosen = best(&errors[fold]);
        let predicted = parts.without(&[fold]).predict(&chosen, &train.rows(range.start, range.len()).into_owned());
        cross_validated.rows_mut(range.start, range.len()).copy_from(&predicted);
    }
    let all = errors.iter().fold(DMatrix::zeros(PENALTIES.len() + 1, targets.ncols()), |sum, errors| sum + errors);
    Predictions { cross_validated, test: parts.without(&[]).predict(&best(&all), test) }
}

/// The same samples in coordinates of the space that they span, which has no more dimensions than there are samples:
/// neither products between samples nor the penalty change.
fn turned(design: &Design) -> Design {
    let axes = design.train.transpose().qr().q();
    Design { train: &design.train * &axes, test: &design.test * &axes }
}

/// For each output the penalty of the smallest error, the larger one of equal ones.
fn best(errors: &DMatrix<f64>) -> Vec<usize> {
    let of_output = |errors: nalgebra::DVectorView<'_, f64>| {
        let last = PENALTIES.len();
        // An error that is not a number is no smaller than any.
        (0..last).rev().fold(last, |best, at| if errors[at] < errors[best] { at } else { best })
    };
    errors.column_iter().map(of_output).collect()
}

/// Sums over the samples of each fold, and over all.
struct Parts {
    folds: Vec<Sums>,
    all: Sums,
}

/// Sums over samples.
#[derive(Clone)]
struct Sums {
    count: f64,
    /// Of products of columns.
    products: DMatrix<f64>,
    /// Of products of columns and targets.
    with_targets: DMatrix<f64>,
    columns: DVector<f64>,
    targets: RowDVector<f64>,
}

impl Sums {
    fn minus(&mut self, other: &Self) {
        self.count -= other.count;
        self.products -= &other.products;
        self.with_targets -= &other.with_targets;
        self.columns -= &other.columns;
        self.targets -= &other.targets;
    }
}

impl Parts {
    fn new(columns: &DMatrix<f64>, targets: &DMatrix<f64>, folds: &[Range<usize>]) -> Self {
        let sums = |fold: &Range<usize>| {
            let (columns, targets) = (columns.rows(fold.start, fold.len()), targets.rows(fold.start, fold.len()));
            // Not `tr_mul`, which multiplies without blocks and takes ten times as long.
            let transposed = columns.transpose();
            Sums {
                count: fold.len() as f64,
                products: &transposed * columns,
                with_targets: &transposed * targets,
                columns: columns.row_sum().transpose(),
                targets: targets.row_sum(),
            }
        };
        let folds: Vec<Sums> = folds.iter().map(sums).collect();
        let (width, outputs) = (columns.ncols(), targets.ncols());
        let mut all = Sums {
            count: 0.0,
            products: DMatrix::zeros(width, width),
            with_targets: DMatrix::zeros(width, outputs),
            columns: DVector::zeros(width),
            targets: RowDVector::zeros(outputs),
        };
        for fold in &folds {
            all.count += fold.count;
            all.products += &fold.products;
            all.with_targets += &fold.with_targets;
            all.columns += &fold.columns;
            all.targets += &fold.targets;
        }
        Self { folds, all }
    }

    /// The regression problem of all samples that are not in the folds `left_out`.
    fn without(&self, left_out: &[usize]) -> Problem {
        let mut sums = self.all.clone();
        left_out.iter().for_each(|fold| sums.minus(&self.folds[*fold]));
        let (centre, level) = (&sums.columns / sums.count, &sums.targets / sums.count);
        sums.products.ger(-1.0, &sums.columns, &centre, 1.0);
        sums.with_targets.ger(-1.0, &sums.columns, &level.transpose(), 1.0);
        Problem { count: sums.count, products: sums.products, with_targets: sums.with_targets, centre, level }
    }

    /// For each outer fold the squared errors of each penalty and output on the inner folds.
    fn inner_errors(
        &self,
        columns: &DMatrix<f64>,
        targets: &DMatrix<f64>,
        folds: &[Range<usize>],
    ) -> Vec<DMatrix<f64>> {
        let mut errors = vec![DMatrix::zeros(PENALTIES.len() + 1, targets.ncols()); folds.len()];
        for first in 0..folds.len() {
            for second in first + 1..folds.len() {
                let problem = self.without(&[first, second]);
                for penalty in 0..=PENALTIES.len() {
                    let model = problem.solve(penalty, None);
                    for (outer, tested) in [(first, &folds[second]), (second, &folds[first])] {
                        let rows = columns.rows(tested.start, tested.len());
                        let mut residuals = model.predict(&rows.into_owned());
                        residuals -= targets.rows(tested.start, tested.len());
                        for (output, column) in residuals.column_iter().enumerate() {
                            errors[outer][(penalty, output)] += column.norm_squared();
                        }
                    }
                }
            }
        }
        errors
    }
}

/// Centred sums of products: what a ridge regression needs to know of its samples.
struct Problem {
    count: f64,
    products: DMatrix<f64>,
    with_targets: DMatrix<f64>,
    centre: DVector<f64>,
    level: RowDVector<f64>,
}

impl Problem {
    /// The model of one penalty, for all outputs or for those that are named.
    fn solve(&self, penalty: usize, outputs: Option<&[usize]>) -> Model {
        let level = match outputs {
            Some(outputs) => self.level.select_columns(outputs),
            None => self.level.clone(),
        };
        let weights = PENALTIES.get(penalty).filter(|_| !self.centre.is_empty()).and_then(|penalty| {
            let mut products = self.products.clone();
            let amount = penalty * self.count;
            (0..products.nrows()).for_each(|at| products[(at, at)] += amount);
            let with_targets = match outputs {
                Some(outputs) => self.with_targets.select_columns(outputs),
                None => self.with_targets.clone(),
            };
            Some(Factor::of(products)?.solve(with_targets))
        });
        Model { weights, centre: self.centre.clone(), level }
    }

    /// Predictions where each output has its own penalty.
    fn predict(&self, chosen: &[usize], columns: &DMatrix<f64>) -> DMatrix<f64> {
        let mut predicted = DMatrix::zeros(columns.nrows(), chosen.len());
        for penalty in 0..=PENALTIES.len() {
            let outputs: Vec<usize> = (0..chosen.len()).filter(|output| chosen[*output] == penalty).collect();
            if outputs.is_empty() {
                continue;
            }
            let of_these = self.solve(penalty, Some(&outputs)).predict(columns);
            for (from, output) in outputs.into_iter().enumerate() {
                predicted.set_column(output, &of_these.column(from));
            }
        }
        predicted
    }
}

/// A linear function; without weights it is the constant.
struct Model {
    weights: Option<DMatrix<f64>>,
    centre: DVector<f64>,
    level: RowDVector<f64>,
}

impl Model {
    fn predict(&self, columns: &DMatrix<f64>) -> DMatrix<f64> {
        let mut predicted = DMatrix::from_fn(columns.nrows(), self.level.len(), |_, output| self.level[output]);
        if let Some(weights) = &self.weights {
            let offset = weights.transpose() * &self.centre;
            for (output, mut column) in predicted.column_iter_mut().enumerate() {
                column.add_scalar_mut(-offset[output]);
            }
            predicted.gemm(1.0, columns, weights, 1.0);
        }
        predicted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::references::{
        draw::{Draw, Purpose},
        folds::folds,
    };

    /// Second implementation: least squares on the samples with rows added for the penalty, by singular values, with a
    /// column of ones for the constant that no row penalises.
    fn slow(columns: &DMatrix<f64>, targets: &DMatrix<f64>, penalty: f64, tested: &DMatrix<f64>) -> DMatrix<f64> {
        let (count, width) = columns.shape();
        let mut rows = DMatrix::zeros(count + width, width + 1);
        rows.view_mut((0, 0), (count, width)).copy_from(columns);
        rows.view_mut((0, width), (count, 1)).fill(1.0);
        (0..width).for_each(|at| rows[(count + at, at)] = (penalty * count as f64).sqrt());
        let mut wanted = DMatrix::zeros(count + width, targets.ncols());
        wanted.rows_mut(0, count).copy_from(targets);
        let weights = rows.svd(true, true).solve(&wanted, 1e-14).expect("both sides were asked for");
        let mut ones = DMatrix::from_element(tested.nrows(), width + 1, 1.0);
        ones.columns_mut(0, width).copy_from(tested);
        ones * weights
    }

    fn without(values: &DMatrix<f64>, left_out: &[&Range<usize>]) -> DMatrix<f64> {
        let kept: Vec<usize> =
            (0..values.nrows()).filter(|row| !left_out.iter().any(|fold| fold.contains(row))).collect();
        values.select_rows(&kept)
    }

    fn rows(values: &DMatrix<f64>, fold: &Range<usize>) -> DMatrix<f64> {
        values.rows(fold.start, fold.len()).into_owned()
    }

    /// Columns with different means, and targets from noise to a plain sum.
    fn problem(count: usize, width: usize) -> (Design, DMatrix<f64>) {
        let mut draw = Draw::new(count as u64, Purpose::Units);
        let train = DMatrix::from_fn(count, width, |_, column| draw.normal() + 0.1 * column as f64);
        let test = DMatrix::from_fn(7, width, |_, column| draw.normal() + 0.1 * column as f64);
        let targets = DMatrix::from_fn(count, 4, |row, output| {
            let sum: f64 = train.row(row).sum();
            3.0 + sum * output as f64 + draw.normal() * 2.0
        });
        (Design { train, test }, targets)
    }

    #[test]
    fn agrees_with_nested_cross_validation_by_another_solver() {
        // More samples than columns, and fewer, where the columns are turned first.
        for (count, width) in [(40, 3), (24, 40)] {
            let (design, targets) = problem(count, width);
            let folds = folds(count);
            let found = fit(&design, &targets, &folds);
            let mut total = [[0.0; PENALTIES.len() + 1]; 4];
            for (fold, outer) in folds.iter().enumerate() {
                let (columns, wanted) = (without(&design.train, &[outer]), without(&targets, &[outer]));
                let mut errors = [[0.0; PENALTIES.len() + 1]; 4];
                for (_, inner) in folds.iter().enumerate().filter(|(other, _)| *other != fold) {
                    let columns = without(&design.train, &[outer, inner]);
                    let wanted = without(&targets, &[outer, inner]);
                    for (output, errors) in errors.iter_mut().enumerate() {
                        let wanted = wanted.columns(output, 1).into_owned();
                        for (penalty, error) in errors.iter_mut().enumerate() {
                            let predicted = predict(penalty, &columns, &wanted, &rows(&design.train, inner));
                            *error += (predicted - rows(&targets, inner).columns(output, 1)).norm_squared();
                        }
                    }
                }
                for (output, (errors, total)) in errors.iter().zip(&mut total).enumerate() {
                    total.iter_mut().zip(errors).for_each(|(total, error)| *total += error);
                    let wanted = wanted.columns(output, 1).into_owned();
                    let predicted = predict(lowest(errors), &columns, &wanted, &rows(&design.train, outer));
                    let difference = rows(&found.cross_validated, outer).columns(output, 1) - predicted;
                    assert!(difference.amax() < 1e-6, "{count} x {width}, fold {fold}, output {output}");
                }
            }
            for (output, total) in total.iter().enumerate() {
                let wanted = targets.columns(output, 1).into_owned();
                let predicted = predict(lowest(total), &design.train, &wanted, &design.test);
                assert!((found.test.columns(output, 1) - predicted).amax() < 1e-6, "{count} x {width}, {output}");
            }
        }
    }

    fn lowest(errors: &[f64]) -> usize {
        let least = errors.iter().copied().fold(f64::INFINITY, f64::min);
        errors.iter().rposition(|error| *error == least).expect("there are errors")
    }

    fn predict(chosen: usize, columns: &DMatrix<f64>, wanted: &DMatrix<f64>, tested: &DMatrix<f64>) -> DMatrix<f64> {
        match PENALTIES.get(chosen) {
            Some(penalty) => slow(columns, wanted, *penalty, tested),
            None => DMatrix::from_element(tested.nrows(), 1, wanted.mean()),
        }
    }

    #[test]
    fn without_columns_it_is_the_mean_of_the_other_folds() {
        let targets = DMatrix::from_fn(8, 1, |row, _| row as f64);
        let nothing = Design { train: DMatrix::zeros(8, 0), test: DMatrix::zeros(1, 0) };
        let found = fit(&nothing, &targets, &folds(8));
        assert_eq!(found.cross_validated[(0, 0)], 4.5);
        assert_eq!(found.test[(0, 0)], 3.5);
    }

    #[test]
    fn duplicated_columns_are_no_obstacle() {
        let (design, targets) = problem(60, 2);
        let twice =
            |values: &DMatrix<f64>| DMatrix::from_fn(values.nrows(), 4, |row, column| values[(row, column % 2)]);
        let doubled = Design { train: twice(&design.train), test: twice(&design.test) };
        let found = fit(&doubled, &targets, &folds(60));
        assert!(found.cross_validated.iter().chain(found.test.iter()).all(|value| value.is_finite()));
    }
}
