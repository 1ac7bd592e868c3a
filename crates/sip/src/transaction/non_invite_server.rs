//! Non-INVITE server transaction (RFC 3261 17.2.2, RFC 4320).
//!
//! Guarantees that the transaction user sees a request once, that its final response is repeated
//! for every retransmission until Timer J, that no 408 is ever sent (RFC 4320 4.2), and that the
//! machine ends even when the transaction user never answers.

use std::time::Duration;

use super::invite_server::{ServerTimeout, ServerVerdict};
use crate::timer::Timers;

/// The states of RFC 3261 figure 8, each with the timers that run in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NonInviteServer {
    /// No final response yet. After `expires` one would come too late to be of use (RFC 4320).
    Trying { expires: Duration },
    /// A final response was sent; it is repeated on request until Timer J.
    Completed { timer_j: Duration },
    /// Nothing left to do.
    Terminated,
}

impl NonInviteServer {
    /// The machine of a request that just arrived.
    pub(crate) fn new(now: Duration, timers: &Timers) -> NonInviteServer {
        NonInviteServer::Trying { expires: now + timers.t1 * 64 }
    }

    /// The transaction user sends a response; whether it may go out.
    pub(crate) fn respond(
        &mut self,
        now: Duration,
        timers: &Timers,
        reliable: bool,
        status: u16,
    ) -> bool {
        match self {
            NonInviteServer::Trying { .. } => {
                if status < 200 {
                    // RFC 4320 4.1: no provisional before Timer E is at T2; we send none at all.
                    return false;
                }
                let wanted = status != 408;
                *self = if reliable || !wanted {
                    NonInviteServer::Terminated
                } else {
                    NonInviteServer::Completed { timer_j: now + timers.t1 * 64 }
                };
                wanted
            }
            NonInviteServer::Completed { .. } | NonInviteServer::Terminated => false,
        }
    }

    /// The request arrived again.
    pub(crate) fn request(&self) -> ServerVerdict {
        match self {
            NonInviteServer::Completed { .. } => ServerVerdict::Retransmit,
            NonInviteServer::Trying { .. } | NonInviteServer::Terminated => ServerVerdict::Absorb,
        }
    }

    /// Runs the timer that is due at `now`, if one is.
    pub(crate) fn timeout(&mut self, now: Duration) -> ServerTimeout {
        match *self {
            NonInviteServer::Trying { expires: due }
            | NonInviteServer::Completed { timer_j: due } => {
                if due > now {
                    return ServerTimeout::Nothing;
                }
                *self = NonInviteServer::Terminated;
                ServerTimeout::Ended
            }
            NonInviteServer::Terminated => ServerTimeout::Nothing,
        }
    }

    /// When [`NonInviteServer::timeout`] wants to be called.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        match *self {
            NonInviteServer::Trying { expires: due }
            | NonInviteServer::Completed { timer_j: due } => Some(due),
            NonInviteServer::Terminated => None,
        }
    }

    /// Whether the machine came to its end.
    pub(crate) fn is_terminated(&self) -> bool {
        matches!(self, NonInviteServer::Terminated)
    }
}
