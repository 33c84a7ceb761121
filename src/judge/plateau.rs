//! How often a plateau is left.

use super::Estimate;
use crate::stats::jeffreys;

/// Runs of the accuracy benchmark that were flat through a whole patience without proof that they are stuck, and those of
/// them that left their plateau within as many steps again.
const PLATEAUS: u32 = 0;
const LEFT: u32 = 0;

/// Share of such runs that left their plateau, Jeffreys interval; absent where none was measured.
///
/// Source: `make accuracy`, which measures it again; docs/accuracy.md says over which runs.
pub(super) fn escape_rate() -> Option<Estimate> {
    (PLATEAUS > 0).then(|| jeffreys(LEFT, PLATEAUS))
}
