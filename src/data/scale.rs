//! Scaling per column (for images: per channel), fitted on the training split and applied to both.

use super::Moments;
use crate::experiment::Scaling;

/// A fitted scaling: `(value - shift) / divisor`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scaler {
    columns: Vec<Column>,
    /// Numbers of one column that stand side by side: 1 in a table, `H * W` in images.
    plane: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Column {
    shift: f64,
    /// 0: the column is constant and becomes 0.
    divisor: f64,
}

impl Column {
    fn scale(self, value: f64) -> f64 {
        if self.divisor == 0.0 { 0.0 } else { (value - self.shift) / self.divisor }
    }
}

impl Scaler {
    /// Fits each column.
    ///
    /// - Shape: `values` row-major `[N, columns]` with `plane` 1, or `[N, columns, H, W]` with `plane` `H * W`.
    /// - `None` for [`Scaling::None`]: values then stay as they are, to the bit.
    pub fn fit<T: Copy + Into<f64>>(scaling: Scaling, values: &[T], columns: usize, plane: usize) -> Option<Self> {
        let fit: fn(Moments) -> Column = match scaling {
            Scaling::None => return None,
            Scaling::Standard => |moments| Column { shift: moments.mean, divisor: moments.std },
            Scaling::MinMax => |moments| Column { shift: moments.min, divisor: moments.max - moments.min },
        };
        let empty = Column { shift: 0.0, divisor: 0.0 };
        let columns = (0..columns).map(|column| moments(values, column, columns, plane).map_or(empty, fit)).collect();
        Some(Self { columns, plane })
    }

    /// Scales in place.
    pub fn apply(&self, values: &mut [f32]) {
        for (index, plane) in values.chunks_mut(self.plane.max(1)).enumerate() {
            let column = self.columns[index % self.columns.len().max(1)];
            for value in plane {
                *value = column.scale((*value).into()) as f32;
            }
        }
    }

    /// Scales numbers of full precision, as tables have them, into what a network takes.
    pub fn applied(&self, values: &[f64]) -> Vec<f32> {
        let columns = self.columns.iter().cycle();
        values.iter().zip(columns).map(|(value, column)| column.scale(*value) as f32).collect()
    }
}

/// Location and spread of one column; `None` where there are no numbers.
fn moments<T: Copy + Into<f64>>(values: &[T], column: usize, columns: usize, plane: usize) -> Option<Moments> {
    let own = values.chunks(plane.max(1)).skip(column).step_by(columns.max(1)).flatten();
    Moments::of(own.map(|value| (*value).into()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn columns_of(values: &[f32], columns: usize) -> Vec<Vec<f64>> {
        (0..columns)
            .map(|column| values.iter().skip(column).step_by(columns).map(|value| f64::from(*value)).collect())
            .collect()
    }

    proptest! {
        #[test]
        fn standard_gives_mean_0_and_spread_1(
            rows in prop::collection::vec((-1e6..1e6f64, 1e9..1.0001e9f64), 3..60),
        ) {
            let values: Vec<f64> = rows.iter().flat_map(|row| [row.0, row.1]).collect();
            let scaler = Scaler::fit(Scaling::Standard, &values, 2, 1).expect("a scaling");
            for column in columns_of(&scaler.applied(&values), 2) {
                let count = column.len() as f64;
                let mean = column.iter().sum::<f64>() / count;
                let std = (column.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt();
                // f32 keeps 7 digits of numbers around 1.
                prop_assert!(mean.abs() < 1e-5 && (std - 1.0).abs() < 1e-5, "{mean} {std}");
            }
        }

        #[test]
        fn min_max_gives_exactly_0_to_1(rows in prop::collection::vec(-1e30..1e30f64, 2..60)) {
            prop_assume!(rows.iter().any(|value| *value != rows[0]));
            let scaler = Scaler::fit(Scaling::MinMax, &rows, 1, 1).expect("a scaling");
            let scaled = scaler.applied(&rows);
            prop_assert_eq!(scaled.iter().copied().fold(f32::INFINITY, f32::min), 0.0);
            prop_assert_eq!(scaled.iter().copied().fold(f32::NEG_INFINITY, f32::max), 1.0);
        }

        /// The fit does not know the rows it was not shown, and a row's scaling does not depend on its neighbours.
        #[test]
        fn scaling_is_one_map_per_column(rows in prop::collection::vec(-10.0..10.0f64, 4..40), other in -10.0..10.0f64) {
            let scaler = Scaler::fit(Scaling::Standard, &rows, 1, 1).expect("a scaling");
            let together = scaler.applied(&[rows.as_slice(), &[other]].concat());
            let alone = scaler.applied(&rows);
            prop_assert_eq!(&together[..rows.len()], alone.as_slice());
            prop_assert_eq!(together[rows.len()], scaler.applied(&[other])[0]);
        }
    }

    #[test]
    fn constant_columns_become_0() {
        let values = [0.1, 1.0, 0.1, 2.0, 0.1, 3.0];
        for scaling in [Scaling::Standard, Scaling::MinMax] {
            let scaler = Scaler::fit(scaling, &values, 2, 1).expect("a scaling");
            let scaled = scaler.applied(&[0.1, 2.0, 7.0, 2.0]);
            assert_eq!((scaled[0], scaled[2]), (0.0, 0.0));
        }
    }

    #[test]
    fn images_are_scaled_per_channel() {
        // Two images, two channels, 1 x 2 pixels.
        let mut images = [0.0f32, 2.0, 10.0, 10.0, 4.0, 2.0, 10.0, 30.0];
        let scaler = Scaler::fit(Scaling::MinMax, &images, 2, 2).expect("a scaling");
        scaler.apply(&mut images);
        assert_eq!(images, [0.0, 0.5, 0.0, 0.0, 1.0, 0.5, 0.0, 1.0]);
    }

    #[test]
    fn none_fits_nothing() {
        assert_eq!(Scaler::fit(Scaling::None, &[1.0, 2.0], 1, 1), None);
    }
}
