//! Identifiers as newtypes: a user's id cannot be passed where a group's is meant. All are
//! immutable text, cheap to clone (a reference count), ordered and printed as they were given.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(Arc::from(text))
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(Arc::from(text))
            }
        }

        impl From<&$name> for Arc<str> {
            fn from(id: &$name) -> Self {
                id.0.clone()
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

id! {
    /// Our call (never SIP's `Call-ID` header, which is `SipCallId`). A UUIDv7 in production.
    CallId;
    /// A thread of calls and messages. A UUIDv7 in production.
    ConversationId;
    /// A user of the directory.
    UserId;
    /// A group of users.
    GroupId;
    /// A provisioned number (the row, not its digits: those are [`crate::E164`]).
    NumberId;
    /// An IVR.
    IvrId;
    /// A CRM record (contact, lead, …).
    RecordId;
    /// A trunk of the configuration, by its name.
    TrunkId;
}

impl CallId {
    /// A UUIDv7 made of the wall time and 74 bits that the caller drew from its seed.
    pub fn generate(wall: crate::Millis, random: [u8; 10]) -> Self {
        let millis = u64::try_from(wall.0).unwrap_or(0);
        let uuid = uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
        let mut text = [0u8; uuid::fmt::Hyphenated::LENGTH];
        Self::from(&*uuid.hyphenated().encode_lower(&mut text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Millis;

    #[test]
    fn call_ids_sort_by_time_and_say_version_seven() {
        let early = CallId::generate(Millis(1_000), [0xff; 10]);
        let late = CallId::generate(Millis(1_001), [0; 10]);
        assert!(early < late);
        assert_eq!(early.as_str().len(), 36);
        assert_eq!(early.as_str().as_bytes()[14], b'7');
    }
}
