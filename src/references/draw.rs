//! Random numbers of the references: seeded, and a stream for each purpose, so that none depends on another.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// What a stream of numbers is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose {
    TrainingSamples = 0,
    ValidationSamples = 1,
    Hashing = 2,
    Units = 3,
    Filters = 4,
    Resamples = 5,
}

/// One stream of random numbers.
pub(super) struct Draw(ChaCha8Rng);

impl Draw {
    pub fn new(seed: u64, purpose: Purpose) -> Self {
        // Not `seed_from_u64`, whose expansion may change with the library: a record must come out the same again.
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        let mut generator = ChaCha8Rng::from_seed(key);
        generator.set_stream(purpose as u64);
        Self(generator)
    }

    /// Uniform on `0..bound`; 0 where `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        // The upper half of a product maps 64 random bits onto the range; its bias is bound / 2^64.
        ((u128::from(self.0.next_u64()) * bound as u128) >> 64) as usize
    }

    /// -1 or 1.
    pub fn sign(&mut self) -> f64 {
        if self.0.next_u32() & 1 == 0 { -1.0 } else { 1.0 }
    }

    /// Standard normal.
    pub fn normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.0)
    }

    /// `take` of the numbers `0..count`, all of them where there are no more, in random order.
    ///
    /// - Cost: memory of `count`, since Fisher and Yates' shuffle is stopped after `take` swaps.
    pub fn choose(&mut self, count: usize, take: usize) -> Vec<usize> {
        let mut numbers: Vec<usize> = (0..count).collect();
        for place in 0..take.min(count) {
            let other = place + self.below(count - place);
            numbers.swap(place, other);
        }
        numbers.truncate(take);
        numbers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_repeat_and_differ() {
        let numbers = |seed, purpose| {
            let mut draw = Draw::new(seed, purpose);
            (draw.below(1 << 40), draw.normal().to_bits())
        };
        assert_eq!(numbers(1, Purpose::Units), numbers(1, Purpose::Units));
        assert_ne!(numbers(1, Purpose::Units), numbers(2, Purpose::Units));
        assert_ne!(numbers(1, Purpose::Units), numbers(1, Purpose::Filters));
    }

    #[test]
    fn a_choice_has_no_number_twice_and_every_number_comes() {
        let mut draw = Draw::new(0, Purpose::TrainingSamples);
        let mut counts = [0; 10];
        for _ in 0..1_000 {
            let mut chosen = draw.choose(10, 4);
            chosen.iter().for_each(|number| counts[*number] += 1);
            chosen.sort_unstable();
            chosen.dedup();
            assert_eq!(chosen.len(), 4);
        }
        // 400 each; 5 standard deviations of a binomial count are 77.
        assert!(counts.iter().all(|count: &i32| (count - 400).abs() < 77), "{counts:?}");
        let mut all = draw.choose(5, 9);
        all.sort_unstable();
        assert_eq!(all, [0, 1, 2, 3, 4]);
    }
}
