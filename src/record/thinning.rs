//! How readings of steps are thinned: a property of the record's format, which its writer follows and its readers may use.
//!
//! Up to `DENSE_STEPS` every step is stored. Later steps fall into windows that grow with the run, and each window keeps its
//! smallest, its largest and its first non-finite reading.

/// Steps that are stored one by one. Collapse by a high learning rate happens within the first ten.
const DENSE_STEPS: u64 = 256;

/// Steps in the window that this step (from 1) falls into.
pub fn window_width(step: u64) -> u64 {
    (step.next_power_of_two() / DENSE_STEPS).max(1)
}

/// The last step before the window that this step (from 1) falls into.
pub fn window_start(step: u64) -> u64 {
    (step - 1) / window_width(step) * window_width(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_aligned_and_grow_with_the_run() {
        assert_eq!((window_width(1), window_width(256), window_width(257), window_width(1024)), (1, 1, 2, 4));
        for step in 1..20_000_u64 {
            let start = window_start(step);
            assert!(start < step && step <= start + window_width(step), "step {step} is outside its window");
            assert_eq!(window_width(start + 1), window_width(step), "a window must not straddle two widths");
        }
    }
}
