//! `[transfer]`: how calls are handed on, parked and joined (D10–D14, D48).

use std::time::Duration;

use call::{TransferHear, TransferSettings, Unanswered};

use crate::config::found::Complaint;
use crate::config::media::choice;
use crate::config::section::Section;

/// The longest that anybody rings: ten minutes.
const LONGEST_MS: u64 = 600_000;

pub(in crate::config) fn read(section: Section<'_>) -> TransferSettings {
    let default = TransferSettings::default();
    let ring = |key| Duration::from_millis(section.number(key, 30_000, 100..=LONGEST_MS));
    let many = |key, default: usize, lowest, highest| {
        let default = u64::try_from(default).unwrap_or(u64::MAX);
        usize::try_from(section.number(key, default, lowest..=highest)).unwrap_or(usize::MAX)
    };
    let transfer = TransferSettings {
        user_ring: ring("user_ring_ms"),
        recall_ring: ring("recall_ring_ms"),
        park_for: Duration::from_secs(section.number("park_for_s", 120, 1..=86_400)),
        unanswered: section
            .parsed("unanswered", unanswered)
            .map_or(default.unanswered, |found| found.value),
        hear: section.parsed("hear", hear).map_or(default.hear, |found| found.value),
        max_parties: many("max_parties", default.max_parties, 3, 64),
        max_searches: many("max_searches", default.max_searches, 1, 64),
    };
    section.finish();
    transfer
}

fn unanswered(text: &str) -> Result<Unanswered, Complaint> {
    match text {
        "recall" => Ok(Unanswered::Recall),
        "voicemail" => Ok(Unanswered::Voicemail),
        "end" => Ok(Unanswered::End),
        _ => Err(choice(text, "\"recall\", \"voicemail\" or \"end\"")),
    }
}

fn hear(text: &str) -> Result<TransferHear, Complaint> {
    match text {
        "ringback" => Ok(TransferHear::Ringback),
        "music" => Ok(TransferHear::Music),
        _ => Err(choice(text, "\"ringback\" or \"music\"")),
    }
}
