//! Each input column by itself (each channel of images): where it lies, what of it is no number, which are equal.

use std::collections::HashMap;

use super::{ColumnSummary, MOST_COLUMNS, Moments, Samples};

/// What no number has: a column without a finite one.
pub(super) const NOTHING: Moments = Moments { mean: f64::NAN, std: f64::NAN, min: f64::NAN, max: f64::NAN };

/// Sums of one column over its finite numbers.
#[derive(Clone, Copy)]
struct Sums {
    count: u64,
    sum: f64,
    min: f64,
    max: f64,
    /// Of the second pass: squared distances from the mean.
    squares: f64,
    non_finite: u64,
}

impl Sums {
    const EMPTY: Self =
        Self { count: 0, sum: 0.0, min: f64::INFINITY, max: f64::NEG_INFINITY, squares: 0.0, non_finite: 0 };

    fn add(&mut self, value: f32) {
        let wide = f64::from(value);
        if value.is_finite() {
            self.count += 1;
            self.sum += wide;
            self.min = self.min.min(wide);
            self.max = self.max.max(wide);
        } else {
            self.non_finite += 1;
        }
    }

    fn mean(&self) -> f64 {
        // By the range: rounding must not leave a constant a spread.
        if self.min == self.max { self.min } else { self.sum / self.count as f64 }
    }

    fn moments(&self) -> Option<Moments> {
        let Self { count, min, max, squares, .. } = *self;
        let std = if min == max { 0.0 } else { (squares / count as f64).sqrt() };
        (count > 0).then(|| Moments { mean: self.mean(), std, min, max })
    }
}

/// Goes over the numbers of the first `kept` of `columns` columns, in the order in which they lie in memory: a table of
/// thousands of columns would be read as often, column by column.
fn each(values: &[f32], columns: usize, plane: usize, kept: usize, mut see: impl FnMut(usize, &[f32])) {
    for sample in values.chunks((columns * plane).max(1)) {
        for (column, own) in sample.chunks(plane.max(1)).take(kept).enumerate() {
            see(column, own);
        }
    }
}

fn sums(values: &[f32], columns: usize, plane: usize, kept: usize) -> Vec<Sums> {
    let mut sums = vec![Sums::EMPTY; kept];
    each(values, columns, plane, kept, |column, own| own.iter().for_each(|value| sums[column].add(*value)));
    let means: Vec<f64> = sums.iter().map(Sums::mean).collect();
    each(values, columns, plane, kept, |column, own| {
        let mean = means[column];
        let finite = own.iter().filter(|value| value.is_finite());
        sums[column].squares += finite.map(|value| (f64::from(*value) - mean).powi(2)).sum::<f64>();
    });
    sums
}

/// The first [`MOST_COLUMNS`] columns, or channels.
///
/// - Shape: inputs `[N, columns]` with `features` as their names, or `[N, C, H, W]`.
/// - Moments are those of the finite numbers; NaN where there is none.
pub(super) fn summaries(
    train: &Samples,
    validation: &Samples,
    input_shape: &[usize],
    features: &[String],
) -> Vec<ColumnSummary> {
    let columns = input_shape.first().copied().unwrap_or(0);
    let plane: usize = input_shape.iter().skip(1).product();
    let kept = columns.min(MOST_COLUMNS);
    let own = sums(&train.inputs, columns, plane, kept);
    let held_out = sums(&validation.inputs, columns, plane, kept);
    let name = |column: usize| features.get(column).cloned().unwrap_or_else(|| format!("channel {column}"));
    own.iter()
        .zip(&held_out)
        .enumerate()
        .map(|(column, (own, held_out))| ColumnSummary {
            name: name(column),
            train: own.moments().unwrap_or(NOTHING),
            validation: (validation.count > 0).then(|| held_out.moments().unwrap_or(NOTHING)),
            non_finite: own.non_finite,
        })
        .collect()
}

/// Columns of a table that are equal on the whole training split, each with the first that it equals.
///
/// Of the columns that are summed up, those that vary: two constants are no copies. Channels of images are left out: grey
/// pictures in three channels are common, and harmless.
pub(super) fn equal(train: &Samples, features: &[String], summaries: &[ColumnSummary]) -> Vec<(String, String)> {
    let columns = features.len();
    let kept = summaries.len().min(columns);
    // FNV-1a over the bits: equal columns have equal hashes, and what has is compared number by number.
    let mut hashes = vec![0xcbf2_9ce4_8422_2325u64; kept];
    each(&train.inputs, columns, 1, kept, |column, own| {
        for value in own {
            hashes[column] = (hashes[column] ^ u64::from(value.to_bits())).wrapping_mul(0x0100_0000_01b3);
        }
    });
    let numbers = |column: usize| train.inputs.iter().skip(column).step_by(columns).map(|value| value.to_bits());
    let mut firsts: HashMap<u64, Vec<usize>> = HashMap::new();
    let mut pairs = Vec::new();
    for column in (0..kept).filter(|column| summaries[*column].train.std > 0.0) {
        let alike = firsts.entry(hashes[column]).or_default();
        match alike.iter().find(|first| numbers(**first).eq(numbers(column))) {
            Some(first) => pairs.push((features[column].clone(), features[*first].clone())),
            None => alike.push(column),
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(inputs: &[f32], count: usize) -> Samples {
        Samples { inputs: inputs.to_vec(), targets: vec![0.0; count], count }
    }

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|column| format!("c{column}")).collect()
    }

    #[test]
    fn columns_are_summed_up_by_themselves() {
        let train = samples(&[1.0, 5.0, 2.0, 5.0, 6.0, 5.0], 3);
        let found = summaries(&train, &samples(&[7.0, 8.0], 1), &[2], &names(2));
        assert_eq!(found[0].train, Moments { mean: 3.0, std: (14.0f64 / 3.0).sqrt(), min: 1.0, max: 6.0 });
        assert_eq!(found[1].train, Moments { mean: 5.0, std: 0.0, min: 5.0, max: 5.0 });
        assert_eq!(found[1].validation, Some(Moments { mean: 8.0, std: 0.0, min: 8.0, max: 8.0 }));
        assert_eq!((found[0].name.as_str(), found[0].non_finite), ("c0", 0));
        assert_eq!(summaries(&train, &Samples::default(), &[2], &names(2))[0].validation, None);
    }

    /// Against [`Moments::of`], which goes over one column.
    #[test]
    fn channels_are_columns_of_images() {
        let images: Vec<f32> = (0..2 * 3 * 4).map(|pixel| ((pixel * 7) % 11) as f32).collect();
        let found = summaries(&samples(&images, 2), &Samples::default(), &[3, 2, 2], &[]);
        for (channel, summary) in found.iter().enumerate() {
            let own = images.chunks(4).skip(channel).step_by(3).flatten().map(|value| f64::from(*value));
            let wanted = Moments::of(own).expect("pixels");
            assert_eq!((summary.name.clone(), summary.train.min), (format!("channel {channel}"), wanted.min));
            assert!((summary.train.std - wanted.std).abs() < 1e-12 && (summary.train.mean - wanted.mean).abs() < 1e-12);
        }
        assert_eq!(found.len(), 3);
    }

    #[test]
    fn what_is_no_number_is_counted_and_left_out() {
        let train = samples(&[1.0, f32::NAN, f32::INFINITY, f32::NAN, 3.0, f32::NAN], 3);
        let found = summaries(&train, &Samples::default(), &[2], &names(2));
        assert_eq!((found[0].train, found[0].non_finite), (Moments { mean: 2.0, std: 1.0, min: 1.0, max: 3.0 }, 1));
        assert!(found[1].train.mean.is_nan() && found[1].train.std.is_nan() && found[1].train.min.is_nan());
        assert_eq!(found[1].non_finite, 3);
    }

    #[test]
    fn only_the_first_columns_of_a_very_wide_table_are_kept() {
        let wide = MOST_COLUMNS + 5;
        let train = samples(&vec![1.0; 2 * wide], 2);
        assert_eq!(summaries(&train, &Samples::default(), &[wide], &names(wide)).len(), MOST_COLUMNS);
    }

    #[test]
    fn copies_are_named_with_their_first() {
        let rows: Vec<f32> =
            (0..10).flat_map(|row| [row as f32, 1.0, row as f32, 1.0, -(row as f32), row as f32]).collect();
        let pairs = |rows: &[f32]| {
            let train = samples(rows, 10);
            equal(&train, &names(6), &summaries(&train, &Samples::default(), &[6], &names(6)))
        };
        let wanted = [("c2", "c0"), ("c5", "c0")].map(|(copy, first)| (copy.to_owned(), first.to_owned()));
        assert_eq!(pairs(&rows), wanted);
        // One number apart.
        let mut other = rows.clone();
        other[6 * 9 + 2] += 1.0;
        assert_eq!(pairs(&other), wanted[1..]);
    }

    #[test]
    fn grey_pictures_are_no_copies() {
        let train = samples(&[1.0, 2.0, 1.0, 2.0, 3.0, 4.0, 3.0, 4.0], 2);
        let found = summaries(&train, &Samples::default(), &[2, 1, 2], &[]);
        assert_eq!(equal(&train, &[], &found), []);
    }
}
