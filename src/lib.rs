//! Why does my regression network predict the mean?
//!
//! Each stage maps one value that can be saved to the next:
//!
//! ```text
//! Experiment (TOML) --data--> Dataset --model--> Net --train + probes--> Record (Parquet) --judge--> Diagnosis (JSON)
//!                                                                           ^                           |
//!                                                                           |  Change (one edit)        v
//!                                                                         Trial <-------------------- verify --> Proof
//! Record + Diagnosis + Proofs --report--> Figures (data) --ink--> SVG, PNG --> HTML, text, Markdown
//! ```
//!
//! `verify` decides what is re-trained and what that proves; it trains nothing itself, but hands trials to a runner.
//! `judge` and `report` are pure and never need libtorch; `model`, `train` and `probes` are behind the feature `torch`.

pub mod cli;
pub mod commands;
pub mod data;
pub mod error;
pub mod experiment;
pub mod judge;
pub mod record;
pub mod references;
pub mod report;
pub mod stats;
pub mod trial;
pub mod verify;

#[cfg(feature = "torch")]
pub mod model;
#[cfg(feature = "torch")]
pub mod probes;
#[cfg(feature = "torch")]
pub mod train;
