//! Which rows are trained on and which are held out.

use super::draw::{Draw, Stream};
use crate::experiment::held_out;

/// Row numbers of both splits, each in random order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Split {
    pub train: Vec<usize>,
    pub validation: Vec<usize>,
}

/// Shuffles the rows by `seed` and holds the last of them out.
///
/// `None` where there are fewer rows than [`rows_needed`](crate::experiment::rows_needed).
pub(super) fn split(rows: usize, validation_fraction: f64, seed: u64) -> Option<Split> {
    let held_out = held_out(rows, validation_fraction)?;
    let mut train: Vec<usize> = (0..rows).collect();
    let mut draw = Draw::new(seed, Stream::Split);
    // Fisher and Yates: each of the rows that are left is as likely to be next.
    for last in (1..rows).rev() {
        train.swap(last, draw.below(last as u64 + 1) as usize);
    }
    let validation = train.split_off(rows - held_out);
    Some(Split { train, validation })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::experiment::{FEWEST, rows_needed};

    proptest! {
        #[test]
        fn every_row_is_in_exactly_one_split(rows in 0usize..500, fraction in 0.0..0.9, seed: u64) {
            let Some(split) = split(rows, fraction, seed) else {
                prop_assert!(rows < rows_needed(fraction));
                return Ok(());
            };
            let mut all = [split.train.clone(), split.validation.clone()].concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..rows).collect::<Vec<_>>());
            prop_assert!(split.train.len() >= FEWEST);
            // Half a row of rounding, and up to two rows where the splits would be too small.
            prop_assert!((split.validation.len() as f64 - rows as f64 * fraction).abs() <= FEWEST as f64);
            prop_assert_eq!(super::split(rows, fraction, seed), Some(split));
        }
    }

    #[test]
    fn the_seed_decides_and_order_is_gone() {
        let first = split(100, 0.2, 1).expect("enough rows");
        assert_eq!((first.train.len(), first.validation.len()), (80, 20));
        assert_ne!(first, split(100, 0.2, 2).expect("enough rows"));
        assert!(!first.train.is_sorted());
    }

    #[test]
    fn nothing_is_held_out_at_zero() {
        assert_eq!(split(5, 0.0, 0).map(|split| split.validation), Some(vec![]));
    }
}
