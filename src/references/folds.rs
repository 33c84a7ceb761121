//! The parts of the cross-validation.

use std::ops::Range;

/// Below this many samples nothing is trained: the inner parts would hold one or two samples.
pub(super) const FEWEST_SAMPLES: usize = 8;

/// From this many samples on there are five parts, with fewer four: Hastie, Tibshirani and Friedman 2009, "The Elements
/// of Statistical Learning", section 7.10, recommend five or ten as a compromise between bias and variance.
const FEWEST_FOR_FIVE: usize = 20;

/// Parts of `0..samples`, each one run of neighbours: the samples were put into random order before.
pub(super) fn folds(samples: usize) -> Vec<Range<usize>> {
    if samples < FEWEST_SAMPLES {
        return Vec::new();
    }
    let count = if samples < FEWEST_FOR_FIVE { 4 } else { 5 };
    (0..count).map(|fold| fold * samples / count..(fold + 1) * samples / count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_cover_every_sample_once_and_are_of_one_size() {
        for samples in FEWEST_SAMPLES..200 {
            let folds = folds(samples);
            assert_eq!(folds.iter().cloned().flatten().collect::<Vec<_>>(), (0..samples).collect::<Vec<_>>());
            let sizes = || folds.iter().map(|fold| fold.len());
            assert!(sizes().max().expect("folds") - sizes().min().expect("folds") <= 1);
        }
        assert!(folds(FEWEST_SAMPLES - 1).is_empty());
        assert_eq!((folds(19).len(), folds(20).len()), (4, 5));
    }
}
