//! Numbers that differ in the file and no longer do in the 32 bits that a network is trained in.
//!
//! Around 1e9 the numbers of 32 bits are 64 apart: targets from 1e9 to 1e9 + 3 all become 1e9, and a verdict on them
//! would blame the data for what the conversion did.

use super::{DataError, Moments};
use crate::experiment::excerpt::shortened;

/// Largest share of a column's variance that rounding may take: up to here a perfect network still explains 99 %.
const MOST_LOST: f64 = 0.01;

/// A spread below this share of the numbers themselves is rounding of 64 bits: such a column is constant.
const NOTHING: f64 = 1e-14;

/// Refuses columns that the conversion to 32 bits would flatten.
///
/// - Shape: `values` row-major `[N, names]`, not scaled.
/// - `setting` is the key that scales them, in full precision.
pub(super) fn check(values: &[f64], names: &[String], kind: &str, setting: &'static str) -> Result<(), DataError> {
    for (column, name) in names.iter().enumerate() {
        let own = || values.iter().skip(column).step_by(names.len()).copied();
        let Some(Moments { std, min, max, .. }) = Moments::of(own()) else { continue };
        if max - min <= NOTHING * min.abs().max(max.abs()) {
            continue;
        }
        // The mean square of the rounding, against the variance of what is rounded.
        let errors = own().map(|value| (f64::from(value as f32) - value).powi(2));
        let (count, squares) = errors.fold((0.0, 0.0), |(count, sum), square| (count + 1.0, sum + square));
        if squares / count > MOST_LOST * std * std {
            let (kind, name) = (kind.to_owned(), shortened(name));
            return Err(DataError::Flattened { kind, name, low: min, high: max, setting });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(values: &[f64]) -> bool {
        check(values, &["y".to_owned()], "target", "scale_targets").is_err()
    }

    #[test]
    fn a_column_that_32_bits_flatten_is_refused() {
        assert!(refused(&[1e9, 1e9 + 1.0, 1e9 + 2.0, 1e9 + 3.0]));
        // Not all equal afterwards, but two steps where there were many.
        assert!(refused(&[1e9 + 20.0, 1e9 + 30.0, 1e9 + 40.0, 1e9 + 50.0]));
        // The second column only, and it is the one that is named.
        let error = check(&[1.0, 1e12, 2.0, 1e12 + 1.0], &["a".to_owned(), "b".to_owned()], "feature", "scale_inputs");
        assert!(matches!(error, Err(DataError::Flattened { name, .. }) if name == "b"));
        // Below the smallest number of 32 bits.
        assert!(refused(&[1e-60, 2e-60]));
    }

    #[test]
    fn what_32_bits_keep_and_what_is_constant_is_let_through() {
        assert!(!refused(&[0.1, 0.2, 0.3]));
        // Seconds over a year: 128 s apart in 32 bits, which nobody sees.
        assert!(!refused(&[1.70e9, 1.71e9, 1.72e9, 1.73e9]));
        assert!(!refused(&[0.1; 5]));
        // What a computation in 64 bits leaves of a constant.
        assert!(!refused(&[0.3, 0.1 + 0.2, 0.3]));
        assert!(!refused(&[]));
    }
}
