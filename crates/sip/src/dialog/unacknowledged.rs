//! A 2xx of ours that waits for its ACK (RFC 3261 13.3.1.4).
//!
//! Guarantees that it is repeated on any transport, first after T1, then doubling up to T2, and
//! that the wait ends after 64*T1.

use std::time::Duration;

use bytes::Bytes;

use crate::{flow::Flow, timer::Timers};

/// The response, and when it is due again.
#[derive(Debug)]
pub(crate) struct Unacknowledged {
    bytes: Bytes,
    flow: Flow,
    /// CSeq number of the INVITE, which its ACK repeats.
    pub(crate) cseq: u32,
    /// Whether it answered a re-INVITE.
    pub(crate) of_reinvite: bool,
    /// Whether it carries the offer, so that the ACK has the answer.
    pub(crate) has_offer: bool,
    interval: Duration,
    repeat_at: Duration,
    give_up_at: Duration,
}

/// What is to be done now.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// Nothing is due.
    Nothing,
    /// Send these bytes again.
    Send(Flow, Bytes),
    /// 64*T1 have passed.
    GiveUp,
}

impl Unacknowledged {
    /// A 2xx that was just sent.
    pub(crate) fn new(
        now: Duration,
        timers: &Timers,
        flow: Flow,
        bytes: Bytes,
        cseq: u32,
    ) -> Unacknowledged {
        Unacknowledged {
            bytes,
            flow,
            cseq,
            of_reinvite: false,
            has_offer: false,
            interval: timers.t1,
            repeat_at: now + timers.t1,
            give_up_at: now + timers.timeout(),
        }
    }

    /// The same, of a 2xx that carries the offer (or not).
    pub(crate) fn with_offer(self, has_offer: bool) -> Unacknowledged {
        Unacknowledged { has_offer, ..self }
    }

    /// The same, of a re-INVITE.
    pub(crate) fn of_reinvite(self) -> Unacknowledged {
        Unacknowledged { of_reinvite: true, ..self }
    }

    /// Its connection failed: repetitions go by a new one (18.2.2).
    pub(crate) fn forget_connection(&mut self, failed: Flow) {
        if self.flow == failed {
            self.flow.connection = 0;
        }
    }

    /// The next moment something is due.
    pub(crate) fn deadline(&self) -> Duration {
        self.repeat_at.min(self.give_up_at)
    }

    /// Does what is due at `now`.
    pub(crate) fn timeout(&mut self, now: Duration, timers: &Timers) -> Repeat {
        if self.give_up_at <= now {
            return Repeat::GiveUp;
        }
        if self.repeat_at > now {
            return Repeat::Nothing;
        }
        self.interval = timers.doubled_to_t2(self.interval);
        self.repeat_at = now + self.interval;
        Repeat::Send(self.flow, self.bytes.clone())
    }
}
