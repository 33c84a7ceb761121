//! The program as a user meets it: one binary for all integration tests.

mod help;
mod results;
mod saved;
#[cfg(all(feature = "torch", unix))]
mod trials;
