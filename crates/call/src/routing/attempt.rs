//! One attempt of a hunt, and the ways in which it ends (§4.4, D40).

use std::time::Duration;

use model::call_graph::event::{AttemptParty, AttemptSeq};
use model::call_graph::words::AttemptOutcome;

use crate::leg::Far;
use crate::outcome::{self, Q850};
use crate::port::LegId;

/// One ringing of one user, or of one number outside.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) seq: AttemptSeq,
    pub(crate) leg: LegId,
    pub(crate) party: AttemptParty,
    /// Its first 18x has come.
    pub(crate) rang: bool,
    /// When its ring timer runs out, on the monotonic clock.
    pub(crate) gives_up_at: Duration,
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
}

/// Who answered a hunt.
#[derive(Debug)]
pub(crate) struct Winner {
    pub(crate) attempt: AttemptSeq,
    pub(crate) far: Far,
}
