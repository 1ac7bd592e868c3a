//! `[transfer]`: how calls are handed on, parked and joined (D10–D14, D48).

use std::sync::Arc;
use std::time::Duration;

use call::{TransferHear, TransferSettings, Unanswered};

use crate::config::found::Complaint;
use crate::config::media::choice;
use crate::config::section::Section;

/// The longest that anybody rings: ten minutes.
const LONGEST_MS: u64 = 600_000;

/// The most slots for parked calls.
const SLOTS: u32 = 1_000;

/// `[transfer]`.
#[derive(Clone, Debug)]
pub struct Transfer {
    /// What calls go by.
    pub settings: TransferSettings,
    /// The slots in which calls are parked, as they are dialled.
    pub park_slots: Vec<Arc<str>>,
}

pub(in crate::config) fn read(section: Section<'_>) -> Transfer {
    let default = TransferSettings::default();
    let ring = |key| Duration::from_millis(section.number(key, 30_000, 100..=LONGEST_MS));
    let many = |key, default: usize, lowest, highest| {
        let default = u64::try_from(default).unwrap_or(u64::MAX);
        usize::try_from(section.number(key, default, lowest..=highest)).unwrap_or(usize::MAX)
    };
    let settings = TransferSettings {
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
    let park_slots = section.parsed("park_slots", slots);
    section.finish();
    let park_slots = park_slots.map_or_else(switch::usual_slots, |found| found.value);
    Transfer { settings, park_slots }
}

/// `71-79`, or one number.
fn slots(text: &str) -> Result<Vec<Arc<str>>, Complaint> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let number = |text: &str| text.trim().parse::<u32>().ok();
    match number(first).zip(number(last)) {
        Some((first, last)) if first <= last && last - first < SLOTS => {
            Ok((first..=last).map(|slot| Arc::from(slot.to_string())).collect())
        }
        Some(_) | None => {
            let cause = format!("`{text}` are no slots");
            Err(Complaint::new(cause, format!("write e.g. \"71-79\", at most {SLOTS} of them")))
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_a_number_or_some_in_a_row() {
        let read = |text| slots(text).map(|slots| slots.join(" ")).ok();
        assert_eq!(read("71-73").as_deref(), Some("71 72 73"));
        assert_eq!(read("5").as_deref(), Some("5"));
        for wrong in ["", "b", "9-7", "1-1001", "-", "71-"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
