//! Columns of numbers that a learner sees: without outliers, centred and scaled.

use nalgebra::DMatrix;

use super::draw::{Draw, Purpose};

/// What a learner sees of its samples.
///
/// Location and scale of a column come from all training samples at once, those that a fold holds out among them: they
/// tell nothing of a target.
#[derive(Clone, Debug)]
pub(super) struct Design {
    /// `[samples, columns]` of the training split.
    pub train: DMatrix<f64>,
    /// The same columns of the validation split.
    pub test: DMatrix<f64>,
}

/// Samples of a table: row-major numbers and the rows that are seen.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    pub values: &'a [f32],
    pub columns: usize,
    pub chosen: &'a [usize],
}

impl Rows<'_> {
    /// The columns from `first` on, at most `count`, as `[chosen, columns]`.
    fn block(&self, first: usize, count: usize) -> DMatrix<f64> {
        let count = count.min(self.columns - first);
        let mut block = DMatrix::zeros(self.chosen.len(), count);
        for (place, row) in self.chosen.iter().enumerate() {
            let from = row * self.columns + first;
            for (column, value) in self.values[from..from + count].iter().enumerate() {
                block[(place, column)] = f64::from(*value);
            }
        }
        block
    }
}

/// Share of a column that is cut off at each end to see how wide the rest is.
const TRIMMED: f64 = 0.01;

/// Puts the columns of both splits on one scale, by what fits the training split, and drops those that are constant.
///
/// A value that lies further beyond the 1 % and 99 % quantiles than these lie apart is moved to that border: one input
/// of 1e6 must not flatten its whole column. What is not finite becomes the mean.
pub(super) fn standardised(train: DMatrix<f64>, test: DMatrix<f64>) -> Design {
    let (mut train, mut test) = (train, test);
    let mut kept = Vec::with_capacity(train.ncols());
    for column in 0..train.ncols() {
        let (mut train, mut test) = (train.column_mut(column), test.column_mut(column));
        let finite: Vec<f64> = train.iter().copied().filter(|value| value.is_finite()).collect();
        let (low, high) = borders(finite);
        let inside = |value: f64| if value.is_finite() { value.clamp(low, high) } else { f64::NAN };
        let mut sums = (0.0, 0.0);
        for value in train.iter_mut() {
            *value = inside(*value);
            if !value.is_nan() {
                sums = (sums.0 + 1.0, sums.1 + *value);
            }
        }
        let mean = sums.1 / f64::max(sums.0, 1.0);
        let squares: f64 = train.iter().filter(|value| !value.is_nan()).map(|value| (value - mean).powi(2)).sum();
        let std = (squares / f64::max(sums.0, 1.0)).sqrt();
        // Below this share of the level a spread is the rounding of the 32 bits that the inputs came in.
        if std.is_nan() || std <= f64::from(f32::EPSILON) * mean.abs() * 1e-3 || std == 0.0 {
            continue;
        }
        kept.push(column);
        train.apply(|value| *value = if value.is_nan() { 0.0 } else { (*value - mean) / std });
        test.apply(|value| {
            let moved = inside(*value);
            *value = if moved.is_nan() { 0.0 } else { (moved - mean) / std };
        });
    }
    if kept.len() == train.ncols() {
        return Design { train, test };
    }
    Design { train: train.select_columns(&kept), test: test.select_columns(&kept) }
}

/// Beyond these, a value is an outlier. Without end where the middle is constant: then the few others are the signal.
fn borders(mut values: Vec<f64>) -> (f64, f64) {
    let beyond = (values.len() as f64 * TRIMMED).ceil() as usize;
    if values.len() <= 2 * beyond {
        return (f64::NEG_INFINITY, f64::INFINITY);
    }
    let last = values.len() - 1 - beyond;
    // OK because `beyond <= last` are places of the list.
    let low = *values.select_nth_unstable_by(beyond, f64::total_cmp).1;
    let high = *values.select_nth_unstable_by(last, f64::total_cmp).1;
    let span = high - low;
    if span > 0.0 { (low - span, high + span) } else { (f64::NEG_INFINITY, f64::INFINITY) }
}

/// Most columns of a table that are seen one by one.
pub(super) const MOST_COLUMNS: usize = 512;

/// The columns of a table, both splits on one scale.
///
/// More than [`MOST_COLUMNS`] are added up, with random signs, in that many sums, which keeps distances and products
/// between samples in expectation (Weinberger et al. 2009, "Feature hashing for large scale multitask learning").
pub(super) fn of_table(train: Rows<'_>, test: Rows<'_>, seed: u64) -> Design {
    if train.columns <= MOST_COLUMNS {
        return standardised(train.block(0, train.columns), test.block(0, train.columns));
    }
    /// A few cache lines of each row at a time.
    const BLOCK: usize = 128;
    let mut draw = Draw::new(seed, Purpose::Hashing);
    let mut sums = [train, test].map(|rows| DMatrix::zeros(rows.chosen.len(), MOST_COLUMNS));
    for first in (0..train.columns).step_by(BLOCK) {
        let Design { train, test } = standardised(train.block(first, BLOCK), test.block(first, BLOCK));
        for column in 0..train.ncols() {
            let (into, sign) = (draw.below(MOST_COLUMNS), draw.sign());
            sums[0].column_mut(into).axpy(sign, &train.column(column), 1.0);
            sums[1].column_mut(into).axpy(sign, &test.column(column), 1.0);
        }
    }
    let [train, test] = sums;
    standardised(train, test)
}

/// Columns of both side by side, those of `more` multiplied by `scale`.
pub(super) fn beside(design: &Design, more: &Design, scale: f64) -> Design {
    let joined = |left: &DMatrix<f64>, right: &DMatrix<f64>| {
        let mut whole = DMatrix::zeros(left.nrows(), left.ncols() + right.ncols());
        whole.columns_mut(0, left.ncols()).copy_from(left);
        whole.columns_mut(left.ncols(), right.ncols()).zip_apply(right, |into, value| *into = value * scale);
        whole
    };
    Design { train: joined(&design.train, &more.train), test: joined(&design.test, &more.test) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(values: &[f64]) -> DMatrix<f64> {
        DMatrix::from_column_slice(values.len(), 1, values)
    }

    #[test]
    fn columns_get_mean_0_and_spread_1_by_the_training_split() {
        let values: Vec<f64> = (0..200).map(|value| f64::from(value) * 3.0 + 7.0).collect();
        let design = standardised(column(&values), column(&[7.0, 305.5]));
        assert!(design.train.mean().abs() < 1e-12 && (design.train.norm_squared() / 200.0 - 1.0).abs() < 1e-12);
        assert_eq!(design.test[(0, 0)], design.train[(0, 0)]);
        assert!(design.test[(1, 0)].abs() < 1e-12);
    }

    #[test]
    fn an_outlier_does_not_flatten_its_column_and_nothing_else_is_moved() {
        let mut values: Vec<f64> = (0..200).map(f64::from).collect();
        let clean = standardised(column(&values), column(&[]));
        values[17] = 1e6;
        let design = standardised(column(&values), column(&[-1e30, f64::NAN]));
        // The largest of 200 evenly spread values lies 1.7 from the middle.
        assert!(design.train.max() < 6.0 && design.train.max() > 2.0 && design.train.min() < -1.5);
        assert!(clean.train.max() < 1.8);
        assert!(design.test[(0, 0)] > -6.0 && design.test[(1, 0)] == 0.0);
    }

    #[test]
    fn constant_columns_go_and_rare_values_stay() {
        let rare: Vec<f64> = (0..500).map(|row| if row == 3 { 1.0 } else { 0.0 }).collect();
        let mut both = DMatrix::from_element(500, 2, 0.1);
        both.set_column(1, &column(&rare).column(0));
        let design = standardised(both, DMatrix::zeros(0, 2));
        assert_eq!(design.train.ncols(), 1);
        assert!(design.train[(3, 0)] > 20.0);
        let nothing = standardised(DMatrix::from_element(5, 1, f64::NAN), DMatrix::zeros(0, 1));
        assert_eq!(nothing.train.ncols(), 0);
    }

    #[test]
    fn hashed_columns_keep_the_angles_between_samples() {
        let (count, columns) = (40, 5000);
        let mut draw = Draw::new(3, Purpose::Units);
        let mut values: Vec<f32> = (0..count * columns).map(|_| draw.normal() as f32).collect();
        // The second sample is the first one with a little noise.
        for column in 0..columns {
            values[columns + column] = values[column] + 0.1 * values[columns + column];
        }
        let chosen: Vec<usize> = (0..count).collect();
        let rows = Rows { values: &values, columns, chosen: &chosen };
        let design = of_table(rows, Rows { chosen: &[], ..rows }, 0);
        // A few of the sums got no column, and are constant.
        assert!(design.train.ncols() > 500, "{}", design.train.ncols());
        let cosine = |a: usize, b: usize| {
            let (a, b) = (design.train.row(a), design.train.row(b));
            a.dot(&b) / (a.norm() * b.norm())
        };
        assert!(cosine(0, 1) > 0.95, "{}", cosine(0, 1));
        // Of 512 independent numbers the cosine has a spread of 0.044.
        assert!(cosine(2, 3).abs() < 0.22, "{}", cosine(2, 3));
    }
}
