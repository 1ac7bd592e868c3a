//! One attempt of a stage, and the ways in which it ends (§4.4, D40).

use std::time::Duration;

use acd::RingEnd;
use model::call_graph::event::{AttemptParty, AttemptSeq};
use model::call_graph::words::AttemptOutcome;
use model::{GroupId, UserId};

use super::devices::{Step, Way};
use crate::leg::Far;
use crate::outcome::{self, Q850};
use crate::port::LegId;

/// One ringing of one user, on one device after the other, or of one number outside.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) seq: AttemptSeq,
    /// The leg that rings now.
    pub(crate) leg: LegId,
    pub(crate) party: AttemptParty,
    /// The group in which the user was found.
    pub(crate) group: Option<GroupId>,
    /// When it began, on the monotonic clock.
    pub(crate) since: Duration,
    /// Its first 18x has come.
    pub(crate) rang: bool,
    /// A device has rung for as long as it was to.
    pub(crate) rang_out: bool,
    /// When the telephone must have shown life; `None`: it has, or nobody asks it to.
    pub(crate) alive_by: Option<Duration>,
    /// When it began, and only on the device on which groups ring its user.
    pub(crate) receiver_since: Option<Duration>,
    /// When its ring timer runs out, on the monotonic clock.
    pub(crate) gives_up_at: Duration,
    /// Its stage ends before it has rung for the time of one attempt: its user misses nothing.
    pub(crate) cut_short: bool,
    /// Devices that are rung next, the nearest last.
    pub(crate) later: Vec<Step>,
}

impl Attempt {
    /// The user who is rung.
    pub(crate) fn user(&self) -> Option<&UserId> {
        match &self.party {
            AttemptParty::User(user) => Some(user),
            AttemptParty::Number(_) => None,
        }
    }

    /// When it has to be looked at.
    pub(crate) fn deadline(&self) -> Duration {
        self.alive_by.map_or(self.gives_up_at, |by| by.min(self.gives_up_at))
    }
}

/// What an attempt is to be.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(crate) party: AttemptParty,
    pub(crate) group: Option<GroupId>,
    pub(crate) round: u16,
    /// What is dialled.
    pub(crate) way: Way,
    /// What is dialled afterwards, the nearest last.
    pub(crate) later: Vec<Step>,
    /// When it is over.
    pub(crate) gives_up_at: Duration,
    /// That is sooner than one attempt would ring.
    pub(crate) cut_short: bool,
    /// When the telephone must have shown life.
    pub(crate) alive_by: Option<Duration>,
    /// The floor counts the user as rung by this call already.
    pub(crate) reserved: bool,
}

impl Offer {
    /// An offer outside any group, of one way.
    pub(crate) fn of(party: AttemptParty, way: Way, gives_up_at: Duration) -> Self {
        Self {
            party,
            group: None,
            round: 1,
            way,
            later: Vec::new(),
            gives_up_at,
            cut_short: false,
            alive_by: None,
            reserved: false,
        }
    }

    /// Rings for the time of one attempt, at most until the stage ends.
    pub(crate) fn for_one_attempt(self, ring_until: Duration, stage_ends_at: Duration) -> Self {
        let gives_up_at = ring_until.min(stage_ends_at);
        Self { gives_up_at, cut_short: gives_up_at < ring_until, ..self }
    }
}

/// How an attempt ends without being the winner.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    pub(crate) outcome: AttemptOutcome,
    pub(crate) sip_status: u16,
    pub(crate) q850: Q850,
}

impl End {
    pub(crate) fn by_response(sip_status: u16) -> Self {
        Self {
            outcome: outcome::of_attempt(sip_status),
            sip_status,
            q850: outcome::q850_of(sip_status),
        }
    }

    /// `sip_status`: the one that our decision stands for (D40).
    pub(crate) fn by_decision(outcome: AttemptOutcome, sip_status: u16) -> Self {
        Self { outcome, sip_status, q850: outcome::q850_of_decision(outcome) }
    }

    /// What the floor is told of it. Only who lets it ring has missed it; who is stopped by
    /// somebody else's doing has done nothing (fusionpbx/fusionpbx#5778).
    pub(crate) fn ring_end(self) -> RingEnd {
        match self.outcome {
            AttemptOutcome::Answered => RingEnd::Answered,
            AttemptOutcome::NoAnswer => RingEnd::Missed,
            AttemptOutcome::Declined => RingEnd::Declined,
            // Many telephones say so when their user declines (mikopbx/Core#1043).
            AttemptOutcome::Busy if self.sip_status != outcome::CANCELLED => RingEnd::Declined,
            // The server stops, or an operator ends the call.
            AttemptOutcome::Failed if self.sip_status == outcome::CANCELLED => RingEnd::Stopped,
            AttemptOutcome::Unavailable | AttemptOutcome::Failed => RingEnd::Failed,
            AttemptOutcome::Busy
            | AttemptOutcome::Canceled
            | AttemptOutcome::AnsweredElsewhere
            | AttemptOutcome::Forwarded
            | AttemptOutcome::CallerHangup => RingEnd::Stopped,
        }
    }
}

/// Who answered a stage.
#[derive(Debug)]
pub(crate) struct Winner {
    pub(crate) attempt: AttemptSeq,
    pub(crate) far: Far,
    /// The group through which the user got the call.
    pub(crate) group: Option<GroupId>,
}
