//! R9: one ledger row per call makes deliveries idempotent.

use crate::rules::{Detail, kept};
use crate::types::{AssignmentResult, Source};

/// What the ledger holds of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerRow {
    /// Revision that was assigned.
    pub revision: u32,
    /// What became of it.
    pub result: AssignmentResult,
}

/// Whether a delivery has an effect: a first one, a higher revision, or a historic job that
/// brings what was skipped because conversations were off (§7.6).
pub fn admits(stored: Option<LedgerRow>, revision: u32, source: Source) -> bool {
    let Some(stored) = stored else { return true };
    let higher = revision > stored.revision && kept(Detail::R9Higher);
    let skipped = stored.result == AssignmentResult::SkippedDisabled;
    let revived = source == Source::Historic && revision == stored.revision && skipped;
    higher || revived || (revision < stored.revision && !kept(Detail::R9Lower))
}
