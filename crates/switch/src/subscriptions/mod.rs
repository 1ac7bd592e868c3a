//! What telephones watch (RFC 6665): the calls of users (RFC 4235), whether the watcher himself is
//! away, and mailboxes (RFC 3842).
//!
//! Guarantees that a watcher is told the whole state at once and after each change, with at most
//! one NOTIFY under way in a subscription and what changes meanwhile told once; that every
//! subscription ends, with a NOTIFY that says so unless its peer ended it; and that subscriptions
//! are limited, of each user and in all. They do not survive a restart: telephones subscribe again.

mod dialog_info;
mod lamps;
mod notify;
mod subscribe;
mod summary;
mod table;

use call::Counts;
use call::port::LegId;
use model::UserId;
use model::directory::MailboxId;
use sip::user_agent_core::DialogName;

pub(crate) use table::Subscriptions;

/// An event package (RFC 6665 §7.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Package {
    /// The calls of a user (RFC 4235).
    Dialog,
    /// The messages in a mailbox (RFC 3842).
    MessageSummary,
}

impl Package {
    pub(crate) const ALL: [Self; 2] = [Self::Dialog, Self::MessageSummary];

    /// Its name in Event.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Dialog => "dialog",
            Self::MessageSummary => "message-summary",
        }
    }

    /// The type of the documents it sends.
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Dialog => "application/dialog-info+xml",
            Self::MessageSummary => "application/simple-message-summary",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|package| package.name().eq_ignore_ascii_case(name))
    }
}

/// What is watched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Watched {
    /// The calls of a user.
    Calls(UserId),
    /// Whether a user is away: the lamp of the key with which he changes it.
    Away(UserId),
    /// A mailbox.
    Mailbox(MailboxId),
}

impl Watched {
    pub(crate) fn package(&self) -> Package {
        match self {
            Self::Calls(_) | Self::Away(_) => Package::Dialog,
            Self::Mailbox(_) => Package::MessageSummary,
        }
    }
}

/// What a NOTIFY says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// The calls that are not over.
    Calls(Vec<Lamp>),
    /// Whether the user is away.
    Away(bool),
    /// How many messages there are.
    Messages(Counts),
}

/// One call of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lamp {
    /// His leg, which names the call towards watchers.
    pub(crate) leg: LegId,
    /// Whether he called.
    pub(crate) initiator: bool,
    pub(crate) state: LampState,
    /// What its dialog is called where its place is asked for, once it has both tags.
    pub(crate) name: Option<DialogName>,
}

/// How far a call is (RFC 4235 §3.7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LampState {
    Confirmed,
    Early,
    Trying,
}

/// Why a subscription ends (RFC 6665 §4.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndReason {
    /// Its time is over, or the watcher wanted no more.
    Timeout,
    /// The watcher may not watch it any more.
    Rejected,
    /// What was watched is gone.
    NoResource,
    /// The server stops; try again later.
    Probation,
}

impl EndReason {
    fn name(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Rejected => "rejected",
            Self::NoResource => "noresource",
            Self::Probation => "probation",
        }
    }
}
