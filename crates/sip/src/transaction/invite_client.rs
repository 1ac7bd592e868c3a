//! INVITE client transaction (RFC 3261 17.1.1 with the Accepted state of RFC 6026 7.2).
//!
//! Guarantees that the request is repeated on Timer A only over unreliable transports, that every
//! final response other than a 2xx is acknowledged each time it arrives, that every 2xx within
//! Timer M reaches the transaction user, and that the machine always ends.

use std::time::Duration;

use crate::timer::Timers;

/// The states of RFC 6026 figure 5, each with the timers that run in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InviteClient {
    /// No response yet. Timer A repeats the request, Timer B gives up.
    Calling { timer_a: Option<Duration>, interval: Duration, timer_b: Duration },
    /// A provisional response came; only the transaction user limits the wait.
    Proceeding,
    /// A 2xx came; further ones pass until Timer M.
    Accepted { timer_m: Duration },
    /// A final response other than 2xx was acknowledged; repetitions are again until Timer D.
    Completed { timer_d: Duration },
    /// Nothing left to do.
    Terminated,
}

/// What a response means to the owner of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClientVerdict {
    /// Hand it to the transaction user.
    Pass,
    /// Acknowledge it on this transaction's branch, then hand it over.
    AcknowledgeAndPass,
    /// A repetition: acknowledge it again, nobody else needs it.
    Acknowledge,
    /// Not for anybody.
    Drop,
}

/// What a timer that fired asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClientTimeout {
    /// Nothing was due.
    Nothing,
    /// Send the request again.
    Retransmit,
    /// No final answer in 64*T1: tell the transaction user; the machine is terminated.
    GaveUp,
    /// The machine came to its end in silence.
    Ended,
}

impl InviteClient {
    /// The machine of a request that was just sent.
    pub(crate) fn new(now: Duration, timers: &Timers, reliable: bool) -> InviteClient {
        InviteClient::Calling {
            timer_a: (!reliable).then(|| now + timers.t1),
            interval: timers.t1,
            timer_b: now + timers.t1 * 64,
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
            InviteClient::Calling { .. } | InviteClient::Proceeding => match status {
                100..=199 => {
                    *self = InviteClient::Proceeding;
                    ClientVerdict::Pass
                }
                200..=299 => {
                    *self = InviteClient::Accepted { timer_m: now + timers.t1 * 64 };
                    ClientVerdict::Pass
                }
                _ => {
                    // Timer D is at least 32 s over UDP, whatever T1 is, and zero elsewhere.
                    *self = if reliable {
                        InviteClient::Terminated
                    } else {
                        InviteClient::Completed { timer_d: now + timer_d(timers) }
                    };
                    ClientVerdict::AcknowledgeAndPass
                }
            },
            InviteClient::Accepted { .. } => match status {
                200..=299 => ClientVerdict::Pass,
                _ => ClientVerdict::Drop,
            },
            InviteClient::Completed { .. } => match status {
                300..=699 => ClientVerdict::Acknowledge,
                _ => ClientVerdict::Drop,
            },
            InviteClient::Terminated => ClientVerdict::Drop,
        }
    }

    /// Runs the timer that is due at `now`, if one is.
    pub(crate) fn timeout(&mut self, now: Duration) -> ClientTimeout {
        match self {
            InviteClient::Calling { timer_a, interval, timer_b } => {
                if *timer_b <= now {
                    *self = InviteClient::Terminated;
                    return ClientTimeout::GaveUp;
                }
                match timer_a {
                    Some(due) if *due <= now => {
                        *interval *= 2;
                        *due = now + *interval;
                        ClientTimeout::Retransmit
                    }
                    Some(_) | None => ClientTimeout::Nothing,
                }
            }
            InviteClient::Accepted { timer_m: due } | InviteClient::Completed { timer_d: due } => {
                if *due > now {
                    return ClientTimeout::Nothing;
                }
                *self = InviteClient::Terminated;
                ClientTimeout::Ended
            }
            InviteClient::Proceeding | InviteClient::Terminated => ClientTimeout::Nothing,
        }
    }

    /// When [`InviteClient::timeout`] wants to be called.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        match *self {
            InviteClient::Calling { timer_a, timer_b, .. } => {
                Some(timer_a.map_or(timer_b, |due| due.min(timer_b)))
            }
            InviteClient::Accepted { timer_m: due } | InviteClient::Completed { timer_d: due } => {
                Some(due)
            }
            InviteClient::Proceeding | InviteClient::Terminated => None,
        }
    }

    /// Whether the machine came to its end.
    pub(crate) fn is_terminated(&self) -> bool {
        matches!(self, InviteClient::Terminated)
    }

    /// Whether a final response has been received.
    pub(crate) fn has_final(&self) -> bool {
        match self {
            InviteClient::Calling { .. } | InviteClient::Proceeding => false,
            InviteClient::Accepted { .. }
            | InviteClient::Completed { .. }
            | InviteClient::Terminated => true,
        }
    }
}

/// "At least 32 seconds" (17.1.1.2): 64*T1, which is that with the standard T1, and follows a
/// larger or (in tests) smaller T1.
fn timer_d(timers: &Timers) -> Duration {
    timers.t1 * 64
}
