//! The conversation assigner as pure functions: which conversations a finished call belongs to
//! ([`place`], R0–R6), which of the existing ones those are ([`match_placements`], R7), and what
//! a conversation looks like as the fold of its events ([`Conversation::rebuild`], R8).
//!
//! Guarantee: the result is a function of the *set* of delivered graphs, lookups and manual
//! actions, not of the order in which the graphs arrived (§7.3). Nothing here sees the directory:
//! numbers, groups and users come from the graph's own context, records from [`Resolved`].

mod assign;
mod command;
mod key;
mod ledger;
mod matching;
mod rebuild;
mod rekey;
mod rules;
mod types;

pub use assign::{phones_to_resolve, place, skips};
pub use command::CommandError;
pub use key::{ExternalKey, InternalKey, PartyKey};
pub use ledger::{LedgerRow, admits};
pub use matching::{Summary, Target, match_placements};
pub use rebuild::{Conversation, Participant, Removal, Status, Who};
pub use rekey::{Met, Rekey, Thread, merges};
pub use types::{
    Agent, Assignment, AssignmentResult, Audience, ClosedPolicy, Event, EventOf, External,
    Identity, Label, Member, ParticipantSource, Period, Placement, Resolved, ResolvedRecord,
    Settings, Share, Source,
};

/// Version of the rules R0–R9 as implemented here; stored with every ledger row.
pub const RULE_VERSION: u32 = 1;

#[cfg(test)]
mod tests;
