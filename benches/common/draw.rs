//! Random numbers of the benchmark: seeded by a name, so that a run keeps its numbers when others are added.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use sha2::{Digest, Sha256};

/// One stream of random numbers.
pub struct Draw(ChaCha8Rng);

impl Draw {
    /// The stream of this name.
    pub fn new(name: &str) -> Self {
        Self(ChaCha8Rng::from_seed(Sha256::digest(name).into()))
    }

    /// Uniform on `0..1`.
    pub fn unit(&mut self) -> f64 {
        const STEP: f64 = 1.0 / (1u64 << 53) as f64;
        (self.0.next_u64() >> 11) as f64 * STEP
    }

    /// Uniform on `low..high`.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Uniform in the logarithm on `low..high`.
    pub fn log_between(&mut self, low: f64, high: f64) -> f64 {
        self.between(low.ln(), high.ln()).exp()
    }

    /// Uniform on `low..=high`.
    pub fn whole(&mut self, low: u32, high: u32) -> u32 {
        // OK because the ranges are short: the bias of the remainder is below 1e-15.
        low + (self.0.next_u64() % u64::from(high - low + 1)) as u32
    }

    /// One of these.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.whole(0, from.len() as u32 - 1) as usize]
    }

    /// Standard normal.
    pub fn normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.0)
    }

    /// Student's t with 3 degrees of freedom, scaled to variance 1.
    pub fn heavy(&mut self) -> f64 {
        let chi_squared: f64 = (0..3).map(|_| self.normal().powi(2)).sum();
        self.normal() / chi_squared.sqrt()
    }
}
