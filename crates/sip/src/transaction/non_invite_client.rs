//! Non-INVITE client transaction (RFC 3261 17.1.2).
//!
//! Guarantees that the request is repeated on Timer E (doubling, capped at T2; every T2 once a
//! provisional response came) over unreliable transports only, that exactly one final response
//! or one timeout reaches the transaction user, and that the machine always ends (Timers F, K).

use std::time::Duration;

use super::invite_client::{ClientTimeout, ClientVerdict};
use crate::timer::Timers;

/// The states of RFC 3261 figure 6, each with the timers that run in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NonInviteClient {
    /// No response yet.
    Trying { timer_e: Option<Duration>, interval: Duration, timer_f: Duration },
    /// A provisional response came.
    Proceeding { timer_e: Option<Duration>, timer_f: Duration },
    /// The final response came; its repetitions are absorbed until Timer K.
    Completed { timer_k: Duration },
    /// Nothing left to do.
    Terminated,
}

impl NonInviteClient {
    /// The machine of a request that was just sent.
    pub(crate) fn new(now: Duration, timers: &Timers, reliable: bool) -> NonInviteClient {
        NonInviteClient::Trying {
            timer_e: (!reliable).then(|| now + timers.t1),
            interval: timers.t1,
            timer_f: now + timers.t1 * 64,
        }
    }

    /// Takes a response with this status code.
    pub(crate) fn response(
        &mut self,
        now: Duration,
        timers: &Timers,
        reliable: bool,
        status: u16,
    ) -> ClientVerdict {
        match *self {
            NonInviteClient::Trying { timer_e, timer_f, .. }
            | NonInviteClient::Proceeding { timer_e, timer_f } => {
                *self = if status < 200 {
                    NonInviteClient::Proceeding { timer_e, timer_f }
                } else if reliable {
                    NonInviteClient::Terminated
                } else {
                    NonInviteClient::Completed { timer_k: now + timers.t4 }
                };
                ClientVerdict::Pass
            }
            NonInviteClient::Completed { .. } | NonInviteClient::Terminated => ClientVerdict::Drop,
        }
    }

    /// Runs the timer that is due at `now`, if one is.
    pub(crate) fn timeout(&mut self, now: Duration, timers: &Timers) -> ClientTimeout {
        match self {
            NonInviteClient::Trying { timer_f, .. }
            | NonInviteClient::Proceeding { timer_f, .. }
                if *timer_f <= now =>
            {
                *self = NonInviteClient::Terminated;
                ClientTimeout::GaveUp
            }
            NonInviteClient::Trying { timer_e: Some(due), interval, .. } if *due <= now => {
                *interval = (*interval * 2).min(timers.t2);
                *due = now + *interval;
                ClientTimeout::Retransmit
            }
            NonInviteClient::Proceeding { timer_e: Some(due), .. } if *due <= now => {
                *due = now + timers.t2;
                ClientTimeout::Retransmit
            }
            NonInviteClient::Completed { timer_k } if *timer_k <= now => {
                *self = NonInviteClient::Terminated;
                ClientTimeout::Ended
            }
            NonInviteClient::Trying { .. }
            | NonInviteClient::Proceeding { .. }
            | NonInviteClient::Completed { .. }
            | NonInviteClient::Terminated => ClientTimeout::Nothing,
        }
    }

    /// When [`NonInviteClient::timeout`] wants to be called.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        match *self {
            NonInviteClient::Trying { timer_e, timer_f, .. }
            | NonInviteClient::Proceeding { timer_e, timer_f } => {
                Some(timer_e.map_or(timer_f, |due| due.min(timer_f)))
            }
            NonInviteClient::Completed { timer_k } => Some(timer_k),
            NonInviteClient::Terminated => None,
        }
    }

    /// Whether the machine came to its end.
    pub(crate) fn is_terminated(&self) -> bool {
        matches!(self, NonInviteClient::Terminated)
    }

    /// Whether the final response has been received.
    pub(crate) fn has_final(&self) -> bool {
        match self {
            NonInviteClient::Trying { .. } | NonInviteClient::Proceeding { .. } => false,
            NonInviteClient::Completed { .. } | NonInviteClient::Terminated => true,
        }
    }
}
