//! The program as a user meets it: one binary for all integration tests.

mod accuracy;
mod causes;
mod causes_accuracy;
mod documents;
#[cfg(feature = "torch")]
mod end_to_end;
mod help;
#[cfg(all(feature = "torch", unix))]
mod killed;
#[cfg(all(feature = "torch", unix))]
mod proofs;
mod results;
mod saved;
mod tampered;
#[cfg(all(feature = "torch", unix))]
mod trials;
mod untrained;
mod walls;
