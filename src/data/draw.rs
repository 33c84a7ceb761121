//! Random numbers of the data: ours, seeded, and never libtorch's, so that drawing data disturbs no training.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use sha2::{Digest, Sha256};

/// What a stream of numbers is for. Streams do not depend on each other: more validation samples, or noise, leave the
/// training inputs as they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    TrainInputs = 0,
    ValidationInputs = 1,
    TrainNoise = 2,
    ValidationNoise = 3,
    Split = 4,
    ShuffledTargets = 5,
    ReplacedTargets = 6,
    NanInputs = 7,
    Alignment = 8,
}

/// One stream of random numbers.
pub(super) struct Draw(ChaCha8Rng);

impl Draw {
    pub fn new(seed: u64, stream: Stream) -> Self {
        // Not `seed_from_u64`, whose expansion may change with the library: the seed's meaning must not.
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        let mut generator = ChaCha8Rng::from_seed(key);
        generator.set_stream(stream as u64);
        Self(generator)
    }

    /// A stream of its own for each label, beside those of [`Stream`].
    pub fn named(seed: u64, label: &str) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        // OK because a digest has 32 bytes; 192 bits of it keep the labels apart, and from the zeros of `new`.
        key[8..].copy_from_slice(&Sha256::digest(label)[..24]);
        Self(ChaCha8Rng::from_seed(key))
    }

    /// Uniform on `0..1`, 53 bits.
    pub fn unit(&mut self) -> f64 {
        const STEP: f64 = 1.0 / (1u64 << 53) as f64;
        (self.0.next_u64() >> 11) as f64 * STEP
    }

    /// Uniform on `0..bound`, without bias; 0 where `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        // Lemire 2019, "Fast random integer generation in an interval".
        let rejected = bound.wrapping_neg().checked_rem(bound).unwrap_or(0);
        loop {
            let product = u128::from(self.0.next_u64()) * u128::from(bound);
            if product as u64 >= rejected {
                return (product >> 64) as u64;
            }
        }
    }

    /// Standard normal.
    pub fn normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_repeat_and_differ() {
        let numbers = |seed, stream| {
            let mut draw = Draw::new(seed, stream);
            [draw.unit(), draw.unit(), draw.normal()]
        };
        assert_eq!(numbers(1, Stream::Split), numbers(1, Stream::Split));
        assert_ne!(numbers(1, Stream::Split), numbers(2, Stream::Split));
        assert_ne!(numbers(1, Stream::Split), numbers(1, Stream::TrainInputs));
        let named = |seed, label| Draw::named(seed, label).unit();
        assert_eq!(named(1, "x"), named(1, "x"));
        assert_ne!(named(1, "x"), named(2, "x"));
        assert_ne!(named(1, "x"), named(1, "y"));
    }

    #[test]
    fn bounds_hold_and_every_value_comes() {
        let mut draw = Draw::new(0, Stream::TrainInputs);
        let mut counts = [0; 7];
        for _ in 0..7_000 {
            counts[draw.below(7) as usize] += 1;
            let unit = draw.unit();
            assert!((0.0..1.0).contains(&unit));
        }
        // 1000 each; 5 standard deviations of a binomial count are 147.
        assert!(counts.iter().all(|count: &i32| (count - 1000).abs() < 147), "{counts:?}");
        assert_eq!((draw.below(1), draw.below(0)), (0, 0));
    }
}
