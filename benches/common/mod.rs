//! What the benchmarks of the verdict and of the causes share.
#![allow(dead_code, reason = "each benchmark uses its own part")]

pub mod count;
pub mod draw;
pub mod material;
pub mod piece;
pub mod pool;
pub mod problem;
pub mod table;

/// Whatever goes wrong ends a benchmark, in words.
pub type Failure = Box<dyn std::error::Error>;
