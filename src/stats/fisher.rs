//! Whether one of two settings succeeds more often than the other, by counting alone.

/// One-sided p-value of Fisher's exact test that successes are commoner in the first group: the probability of as many or
/// more of them there, if all successes were dealt out to the runs of both groups by chance.
///
/// - Arguments: `successes` of `trials` in each group; more successes than trials count as all of them.
/// - 1 where a group is empty or nothing differs: no evidence.
/// - Exact in integers up to about 120 trials, so that 3 of 3 against 0 of 3 is 1/20 and not a little more.
/// - Source: Fisher 1935, "The Design of Experiments", section 11.
pub fn fisher_one_sided(first: (u32, u32), second: (u32, u32)) -> f64 {
    let (first_trials, second_trials) = (u64::from(first.1), u64::from(second.1));
    let (first_yes, second_yes) = (u64::from(first.0.min(first.1)), u64::from(second.0.min(second.1)));
    let (trials, yes) = (first_trials + second_trials, first_yes + second_yes);
    let most = first_trials.min(yes);
    exact(first_yes..=most, first_trials, second_trials, yes)
        .unwrap_or_else(|| by_logarithms(first_yes..=most, first_trials, second_trials, yes, trials))
        .clamp(0.0, 1.0)
}

/// Ways to have `count` successes in the first group, over all ways; absent where the numbers are too large.
fn exact(counts: std::ops::RangeInclusive<u64>, first: u64, second: u64, yes: u64) -> Option<f64> {
    let mut ways = 0_u128;
    for count in counts {
        // OK because the first group has no more successes than there are.
        ways = ways.checked_add(choose(first, count)?.checked_mul(choose(second, yes - count)?)?)?;
    }
    Some(ways as f64 / choose(first + second, yes)? as f64)
}

/// Number of ways to choose `taken` of `all`.
fn choose(all: u64, taken: u64) -> Option<u128> {
    if taken > all {
        return Some(0);
    }
    // Each product of consecutive numbers is divisible by the next, so nothing is rounded.
    (0..taken.min(all - taken))
        .try_fold(1_u128, |ways, index| Some(ways.checked_mul(u128::from(all - index))? / u128::from(index + 1)))
}

fn by_logarithms(counts: std::ops::RangeInclusive<u64>, first: u64, second: u64, yes: u64, trials: u64) -> f64 {
    use statrs::function::factorial::ln_binomial;
    let all = ln_binomial(trials, yes);
    let ways = |count: u64| ln_binomial(first, count) + ln_binomial(second, yes - count) - all;
    counts.filter(|count| yes - count <= second).map(|count| ways(count).exp()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_against_none_is_one_way_of_many() {
        for (runs, ways) in [(1_u32, 2.0), (2, 6.0), (3, 20.0), (4, 70.0), (5, 252.0), (8, 12_870.0)] {
            assert_eq!(fisher_one_sided((runs, runs), (0, runs)), 1.0 / ways, "{runs} runs");
        }
        assert!(fisher_one_sided((3, 3), (0, 3)) <= 0.05, "three seeds suffice where nothing else is seen");
    }

    #[test]
    fn agrees_with_dealing_out_by_hand() {
        // Every way to deal `yes` successes to the runs, counted one by one.
        let naive = |first: (u32, u32), second: (u32, u32)| {
            let (runs, yes) = (first.1 + second.1, first.0 + second.0);
            let deals = (0_u32..1 << runs).filter(|deal| deal.count_ones() == yes);
            let in_first = |deal: &u32| (deal & ((1 << first.1) - 1)).count_ones();
            let (all, as_many): (Vec<u32>, Vec<u32>) =
                (deals.clone().collect(), deals.filter(|deal| in_first(deal) >= first.0).collect());
            as_many.len() as f64 / all.len() as f64
        };
        for first_runs in 1..=5 {
            for second_runs in 1..=5 {
                for first in 0..=first_runs {
                    for second in 0..=second_runs {
                        let (one, other) = ((first, first_runs), (second, second_runs));
                        let (found, wanted) = (fisher_one_sided(one, other), naive(one, other));
                        assert!((found - wanted).abs() < 1e-12, "{one:?} against {other:?}: {found}, {wanted}");
                    }
                }
            }
        }
    }

    #[test]
    fn no_runs_and_no_difference_are_no_evidence() {
        assert_eq!(fisher_one_sided((0, 0), (0, 3)), 1.0);
        assert_eq!(fisher_one_sided((0, 3), (0, 0)), 1.0);
        assert_eq!(fisher_one_sided((0, 3), (3, 3)), 1.0);
        assert_eq!(fisher_one_sided((3, 3), (3, 3)), 1.0);
        assert_eq!(fisher_one_sided((9, 3), (0, 3)), 0.05, "more successes than runs are all of them");
    }

    #[test]
    fn large_counts_neither_overflow_nor_leave_the_range() {
        let p = fisher_one_sided((600, 1_000), (500, 1_000));
        assert!((1e-6..1e-5).contains(&p), "{p}");
        let near = (fisher_one_sided((40, 60), (30, 60)), by_logarithms(40..=60, 60, 60, 70, 120));
        assert!((near.0 - near.1).abs() < 1e-9, "{near:?}");
    }
}
