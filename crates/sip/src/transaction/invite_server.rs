//! INVITE server transaction (RFC 3261 17.2.1 with the Accepted state of RFC 6026 7.1).
//!
//! Guarantees a 100 (Trying) when the transaction user is silent, that a final response other
//! than a 2xx is repeated on Timer G over unreliable transports until its ACK or Timer H, that
//! 2xx responses are left to the transaction user (which may send them again until Timer L), and
//! that retransmitted INVITEs never reach the transaction user.

use std::time::Duration;

use crate::timer::Timers;

/// The states of RFC 6026 figure 7, each with the timers that run in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InviteServer {
    /// No final response yet; `trying` is when a 100 goes out by itself.
    Proceeding { trying: Option<Duration> },
    /// A 2xx was sent; INVITEs are absorbed, ACKs go to the transaction user, until Timer L.
    Accepted { timer_l: Duration },
    /// Another final response was sent and waits for its ACK.
    Completed { timer_g: Option<Duration>, interval: Duration, timer_h: Duration },
    /// The ACK came; repetitions of it are absorbed until Timer I.
    Confirmed { timer_i: Duration },
    /// Nothing left to do.
    Terminated,
}

/// What a request that matched a server transaction means to its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ServerVerdict {
    /// Send the last response again, if there was one.
    Retransmit,
    /// An ACK of a 2xx: hand it to the transaction user.
    Pass,
    /// Not for anybody.
    Absorb,
}

/// What a timer that fired asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ServerTimeout {
    /// Nothing was due.
    Nothing,
    /// The transaction user was silent: send a 100 (Trying).
    Trying,
    /// Send the last response again.
    Retransmit,
    /// The machine came to its end.
    Ended,
}

impl InviteServer {
    /// The machine of an INVITE that just arrived; a 100 goes out after `trying_after`.
    pub(crate) fn new(now: Duration, trying_after: Duration) -> InviteServer {
        InviteServer::Proceeding { trying: Some(now + trying_after) }
    }

    /// The transaction user sends a response; whether it may go out.
    pub(crate) fn respond(
        &mut self,
        now: Duration,
        timers: &Timers,
        reliable: bool,
        status: u16,
    ) -> bool {
        match *self {
            InviteServer::Proceeding { .. } => {
                *self = match status {
                    100..=199 => InviteServer::Proceeding { trying: None },
                    200..=299 => InviteServer::Accepted { timer_l: now + timers.t1 * 64 },
                    _ => InviteServer::Completed {
                        timer_g: (!reliable).then(|| now + timers.t1),
                        interval: timers.t1,
                        timer_h: now + timers.t1 * 64,
                    },
                };
                true
            }
            // 2xx retransmissions are the transaction user's (RFC 6026 7.1).
            InviteServer::Accepted { .. } => (200..300).contains(&status),
            InviteServer::Completed { .. }
            | InviteServer::Confirmed { .. }
            | InviteServer::Terminated => false,
        }
    }

    /// A retransmitted INVITE arrived.
    pub(crate) fn invite(&self) -> ServerVerdict {
        match self {
            InviteServer::Proceeding { .. } | InviteServer::Completed { .. } => {
                ServerVerdict::Retransmit
            }
            InviteServer::Accepted { .. }
            | InviteServer::Confirmed { .. }
            | InviteServer::Terminated => ServerVerdict::Absorb,
        }
    }

    /// An ACK that matches this transaction arrived.
    pub(crate) fn ack(&mut self, now: Duration, timers: &Timers, reliable: bool) -> ServerVerdict {
        match self {
            InviteServer::Accepted { .. } => ServerVerdict::Pass,
            InviteServer::Completed { .. } => {
                *self = if reliable {
                    InviteServer::Terminated
                } else {
                    InviteServer::Confirmed { timer_i: now + timers.t4 }
                };
                ServerVerdict::Absorb
            }
            InviteServer::Proceeding { .. }
            | InviteServer::Confirmed { .. }
            | InviteServer::Terminated => ServerVerdict::Absorb,
        }
    }

    /// Runs the timer that is due at `now`, if one is.
    pub(crate) fn timeout(&mut self, now: Duration, timers: &Timers) -> ServerTimeout {
        match self {
            InviteServer::Proceeding { trying } => match trying {
                Some(due) if *due <= now => {
                    *trying = None;
                    ServerTimeout::Trying
                }
                Some(_) | None => ServerTimeout::Nothing,
            },
            InviteServer::Completed { timer_g, interval, timer_h } => {
                if *timer_h <= now {
                    *self = InviteServer::Terminated;
                    return ServerTimeout::Ended;
                }
                match timer_g {
                    Some(due) if *due <= now => {
                        *interval = (*interval * 2).min(timers.t2);
                        *due = now + *interval;
                        ServerTimeout::Retransmit
                    }
                    Some(_) | None => ServerTimeout::Nothing,
                }
            }
            InviteServer::Accepted { timer_l: due } | InviteServer::Confirmed { timer_i: due } => {
                if *due > now {
                    return ServerTimeout::Nothing;
                }
                *self = InviteServer::Terminated;
                ServerTimeout::Ended
            }
            InviteServer::Terminated => ServerTimeout::Nothing,
        }
    }

    /// When [`InviteServer::timeout`] wants to be called.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        match *self {
            InviteServer::Proceeding { trying } => trying,
            InviteServer::Completed { timer_g, timer_h, .. } => {
                Some(timer_g.map_or(timer_h, |due| due.min(timer_h)))
            }
            InviteServer::Accepted { timer_l: due } | InviteServer::Confirmed { timer_i: due } => {
                Some(due)
            }
            InviteServer::Terminated => None,
        }
    }

    /// Whether the machine came to its end.
    pub(crate) fn is_terminated(&self) -> bool {
        matches!(self, InviteServer::Terminated)
    }
}
