//! The keys on which conversations are matched (R1, R3, R4): text with a prefix that names the
//! kind, so that a record's id can never be taken for a telephone number.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use model::{CallId, E164, GroupId, RecordId, UserId};
use serde::{Deserialize, Serialize};

macro_rules! key {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The key as stored.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// A key as it was stored.
            pub fn stored(text: &str) -> Self {
                Self(Arc::from(text))
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

key! {
    /// One participant: `r:<record>`, `p:<e164>` or `a:<call>` outside, `u:<user>` or `g:<group>`
    /// inside.
    PartyKey;
    /// The outside of a conversation: the key of its external, or `m:` and the sorted set of them
    /// joined by `|` (D17).
    ExternalKey;
    /// The inside of a conversation: `n:<e164>` of its provisioned number, else `u:<user>` or
    /// `g:<group>` (D1, D15).
    InternalKey;
}

impl PartyKey {
    /// A record.
    pub fn record(id: &RecordId) -> Self {
        Self(format!("r:{id}").into())
    }

    /// A number that resolves to no record.
    pub fn phone(e164: &E164) -> Self {
        Self(format!("p:{e164}").into())
    }

    /// A caller who withheld the number, or a party without one: never threaded with another call
    /// (D16).
    pub fn withheld(call: &CallId) -> Self {
        Self(format!("a:{call}").into())
    }

    /// A user.
    pub fn user(id: &UserId) -> Self {
        Self(format!("u:{id}").into())
    }

    /// A group.
    pub fn group(id: &GroupId) -> Self {
        Self(format!("g:{id}").into())
    }

    /// The record that the key names, if it names one.
    pub fn as_record(&self) -> Option<RecordId> {
        self.0.strip_prefix("r:").map(RecordId::from)
    }

    /// What `conversation.external_id` shows: the record's id or the number; the whole key where
    /// there is neither, so that it is not taken for an id.
    pub fn shown(&self) -> Arc<str> {
        match self.0.strip_prefix("r:").or_else(|| self.0.strip_prefix("p:")) {
            Some(id) => Arc::from(id),
            None => self.0.clone(),
        }
    }
}

impl ExternalKey {
    /// The key of a set of externals; the order and repetition of `parties` do not matter.
    pub fn of<'a>(parties: impl IntoIterator<Item = &'a PartyKey>) -> Self {
        let set: BTreeSet<&str> = parties.into_iter().map(PartyKey::as_str).collect();
        let keys: Vec<&str> = set.into_iter().collect();
        match keys.as_slice() {
            [only] => Self(Arc::from(*only)),
            _ => Self(format!("m:{}", keys.join("|")).into()),
        }
    }
}

impl InternalKey {
    /// A provisioned number.
    pub fn number(e164: &E164) -> Self {
        Self(format!("n:{e164}").into())
    }

    /// A user without a number.
    pub fn user(id: &UserId) -> Self {
        Self(format!("u:{id}").into())
    }

    /// A group without a number.
    pub fn group(id: &GroupId) -> Self {
        Self(format!("g:{id}").into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_sorted_and_a_single_external_is_no_set() {
        let (a, b) = (PartyKey::stored("r:a"), PartyKey::stored("p:+1555"));
        assert_eq!(ExternalKey::of([&a, &b, &a]).as_str(), "m:p:+1555|r:a");
        assert_eq!(ExternalKey::of([&a, &a]).as_str(), "r:a");
    }
}
