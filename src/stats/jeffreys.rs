//! Interval for a probability that was counted.

use statrs::distribution::{Beta, ContinuousCDF};

use crate::stats::Estimate;

/// Probability of an event that was seen in `events` of `trials`, with Jeffreys' 95 % interval.
///
/// The interval lies between the 2.5 % and 97.5 % quantiles of Beta(`events` + 1/2, `trials - events` + 1/2). Its lower
/// end is 0 where nothing was seen and its upper end is 1 where nothing else was, as the source advises; without any
/// trial it is 0 to 1 around 1/2.
/// - Source: Brown, Cai and DasGupta 2001, "Interval estimation for a binomial proportion", section 3.1.
pub fn jeffreys(events: u32, trials: u32) -> Estimate {
    let events = events.min(trials);
    if trials == 0 {
        return Estimate { value: 0.5, low: 0.0, high: 1.0 };
    }
    let (yes, no) = (f64::from(events), f64::from(trials - events));
    let quantile = |share: f64, fallback: f64| {
        Beta::new(yes + 0.5, no + 0.5)
            .ok()
            .map(|beta| beta.inverse_cdf(share))
            .filter(|value| (0.0..=1.0).contains(value))
            .unwrap_or(fallback)
    };
    Estimate {
        value: yes / f64::from(trials),
        low: if events == 0 { 0.0 } else { quantile(0.025, 0.0) },
        high: if events == trials { 1.0 } else { quantile(0.975, 1.0) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Second implementation: the quantile by summing the density after `x = sin^2(t)`, which takes the singular ends
    /// away (`dx / sqrt(x (1 - x)) = 2 dt`).
    fn naive_quantile(yes: u32, no: u32, share: f64) -> f64 {
        let cells = 200_000;
        let width = std::f64::consts::FRAC_PI_2 / f64::from(cells);
        let density = |cell: u32| {
            let angle = (f64::from(cell) + 0.5) * width;
            angle.sin().powi(2 * yes as i32) * angle.cos().powi(2 * no as i32)
        };
        let total: f64 = (0..cells).map(density).sum();
        let mut sum = 0.0;
        for cell in 0..cells {
            sum += density(cell);
            if sum >= share * total {
                return ((f64::from(cell) + 1.0) * width).sin().powi(2);
            }
        }
        1.0
    }

    #[test]
    fn agrees_with_a_second_implementation() {
        for (events, trials) in [(1, 2), (1, 4), (3, 4), (4, 4), (0, 8), (5, 8), (7, 8), (1, 40), (37, 40)] {
            let found = jeffreys(events, trials);
            // The naive quantile is right to one cell of 8e-6.
            if events > 0 {
                assert!((found.low - naive_quantile(events, trials - events, 0.025)).abs() < 2e-5, "{events}/{trials}");
            }
            if events < trials {
                let naive = naive_quantile(events, trials - events, 0.975);
                assert!((found.high - naive).abs() < 2e-5, "{events}/{trials}: {found:?}, {naive}");
            }
        }
    }

    #[test]
    fn the_ends_are_corrected_and_no_trial_says_nothing() {
        assert_eq!(jeffreys(0, 4).low, 0.0);
        assert_eq!(jeffreys(4, 4).high, 1.0);
        assert!(jeffreys(0, 4).high < 0.5);
        assert_eq!(jeffreys(0, 0), Estimate { value: 0.5, low: 0.0, high: 1.0 });
    }

    #[test]
    fn intervals_hold_the_point_and_narrow_with_trials() {
        for trials in 1..30 {
            for events in 0..=trials {
                let found = jeffreys(events, trials);
                assert!(found.low <= found.value && found.value <= found.high, "{events}/{trials}: {found:?}");
            }
        }
        let (few, many) = (jeffreys(2, 4), jeffreys(20, 40));
        assert!(many.high - many.low < few.high - few.low);
    }
}
