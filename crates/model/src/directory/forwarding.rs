//! Where calls to a user himself go instead: at once, when he is busy, or when he does not answer
//! (D48). A group that rings him keeps its caller, and a personal inbound route is all that is
//! looked at where a user has one.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Assignment, Directory};
use crate::{E164, UserId};

/// The word that stands for the user's own mailbox.
const VOICEMAIL: &str = "voicemail";

/// Where calls to a user go instead; `None`: nowhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Forwarding {
    /// At once: his own telephones do not ring.
    pub always: Option<ForwardTo>,
    /// When he is on a call, or his telephone says that he is busy (486, 600).
    pub busy: Option<ForwardTo>,
    /// When his telephones have rung for as long as they may, and when none can be reached.
    pub no_answer: Option<ForwardTo>,
}

impl Forwarding {
    /// The most users to whom one call is passed on, one after the other.
    pub const HOPS: usize = 5;

    /// Every target that is named, with the key that names it.
    pub fn targets(&self) -> impl Iterator<Item = (&'static str, &ForwardTo)> {
        let all = [("always", &self.always), ("busy", &self.busy), ("no_answer", &self.no_answer)];
        all.into_iter().filter_map(|(key, to)| Some((key, to.as_ref()?)))
    }
}

/// A target of a forwarding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum ForwardTo {
    /// A user, by his id; his own forwarding is followed.
    User(UserId),
    /// A number: it begins with `+`. That of a user rings him here.
    Number(Arc<str>),
    /// The caller leaves a message for the user who forwards: the word `voicemail`.
    Voicemail,
}

impl ForwardTo {
    /// The user to whom it leads, if it leads to one.
    pub fn user<'a>(&'a self, directory: &'a Directory) -> Option<&'a UserId> {
        match self {
            Self::User(user) => Some(user),
            Self::Number(number) => {
                match &directory.number_by_e164(&E164::parse(number).ok()?)?.assignment {
                    Assignment::User(user) => Some(user),
                    Assignment::Group(..) => None,
                }
            }
            Self::Voicemail => None,
        }
    }
}

impl From<String> for ForwardTo {
    fn from(text: String) -> Self {
        Self::from(&*text)
    }
}

impl From<&str> for ForwardTo {
    fn from(text: &str) -> Self {
        match text {
            VOICEMAIL => Self::Voicemail,
            number if number.starts_with('+') => Self::Number(number.into()),
            user => Self::User(user.into()),
        }
    }
}

impl From<ForwardTo> for String {
    fn from(to: ForwardTo) -> Self {
        to.to_string()
    }
}

impl fmt::Display for ForwardTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User(user) => user.as_str(),
            Self::Number(number) => number,
            Self::Voicemail => VOICEMAIL,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_read_as_it_is_written() {
        let read = |text: &str| {
            let to: ForwardTo = serde_json::from_value(text.into()).expect("a target");
            assert_eq!(serde_json::json!(to), *text);
            to
        };
        assert_eq!(read("u-ana"), ForwardTo::User("u-ana".into()));
        assert_eq!(read("+15550100001"), ForwardTo::Number("+15550100001".into()));
        assert_eq!(read("voicemail"), ForwardTo::Voicemail);
    }
}
