//! Ids of new rows: UUIDv7 whose random part is a hash of what made the row. A transaction that is
//! tried again makes the same ids, and no generator has to be handed around.

use conversation::Placement;
use model::{CallId, ConversationId, Millis};
use sha2::{Digest as _, Sha256};

/// The id of a conversation that a call begins.
pub(super) fn conversation(call: &str, placement: &Placement, now: Millis) -> ConversationId {
    let (external, internal) = (&placement.external_key, &placement.internal_key);
    let parts = ["conversation", call, external.as_str(), internal.as_str()];
    ConversationId::from(of(&parts, now).as_str())
}

/// The id of an audit row; `count` tells rows of one conversation and millisecond apart.
pub(super) fn change(
    conversation: &ConversationId,
    kind: &str,
    count: &str,
    now: Millis,
) -> CallId {
    of(&["change", conversation.as_str(), kind, count], now)
}

// `CallId::generate` is where the project makes a UUIDv7; the text is what is wanted here.
fn of(parts: &[&str], now: Millis) -> CallId {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let hash = hash.finalize();
    let mut random = [0; 10];
    random.copy_from_slice(&hash[..10]);
    CallId::generate(now, random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_cause_gives_the_same_id_and_another_another() {
        let now = Millis(1_767_607_200_000);
        assert_eq!(of(&["c", "n:+1"], now), of(&["c", "n:+1"], now));
        assert_ne!(of(&["c", "n:+1"], now), of(&["c", "n:+2"], now));
        assert_ne!(of(&["cn", ":+1"], now), of(&["c", "n:+1"], now));
    }
}
