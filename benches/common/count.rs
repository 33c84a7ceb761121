//! So many of so many, and tables of them.

use std::fmt::Write as _;

use serde::Serialize;
use whymean::stats::{Estimate, jeffreys};

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Count {
    /// So many.
    pub hits: u32,
    /// Of so many.
    pub of: u32,
}

impl Count {
    /// Adds one.
    pub fn add(&mut self, hit: bool) {
        self.hits += u32::from(hit);
        self.of += 1;
    }

    /// The share with Jeffreys' interval.
    pub fn estimate(self) -> Estimate {
        jeffreys(self.hits, self.of)
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "{} / {}", self.hits, self.of)
    }
}

/// A share with its interval, in words.
pub fn percent(estimate: Estimate) -> String {
    format!("{:.1} % ({:.1} to {:.1})", 100.0 * estimate.value, 100.0 * estimate.low, 100.0 * estimate.high)
}

/// Adds a row of a Markdown table.
pub fn row(text: &mut String, cells: &[String]) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}

/// Adds the heading of a Markdown table.
pub fn heads(text: &mut String, cells: &[&str]) {
    row(text, &cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>());
    row(text, &vec!["---".to_owned(); cells.len()]);
}
