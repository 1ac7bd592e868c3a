//! The two ends of a call as the engine sees them: the caller's leg, which is told the least that
//! it must be told (one 180, one final response), and the leg that was answered.

use std::sync::Arc;

use model::call_graph::event::{AttemptSeq, ConnectionSeq, Party};
use model::call_graph::words::{EndReason, EndedBy};
use model::{CallId, TrunkId, UserId};

use crate::ctx::Ctx;
use crate::port::{LegCommand, LegId, Release};

/// The caller's leg.
#[derive(Clone, Debug)]
pub(crate) struct Anchor {
    pub(crate) leg: LegId,
    pub(crate) party: Party,
    /// The trunk it came from.
    pub(crate) trunk: Option<TrunkId>,
    progress: Progress,
    /// Whose early media he hears.
    hears: Option<LegId>,
    gone: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Invited,
    Alerted,
    Accepted,
}

impl Anchor {
    pub(crate) fn new(leg: LegId, party: Party, trunk: Option<TrunkId>) -> Self {
        Self { leg, party, trunk, progress: Progress::Invited, hears: None, gone: false }
    }

    pub(crate) fn user(&self) -> Option<&UserId> {
        user_of(&self.party)
    }

    /// Whether he was answered, be he gone by now or not.
    pub(crate) fn is_accepted(&self) -> bool {
        self.progress == Progress::Accepted
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.gone
    }

    /// Somebody is alerted. `early_media`: he sends audio already and is the only one who rings.
    pub(crate) fn alert(&mut self, early_media: Option<LegId>, ctx: &mut Ctx<'_>) {
        match (self.progress, early_media) {
            (Progress::Invited | Progress::Alerted, Some(from)) if self.hears != Some(from) => {
                self.progress = Progress::Alerted;
                self.hears = Some(from);
                let to = self.leg;
                ctx.order(LegCommand::PassEarlyMedia { to, from });
            }
            (Progress::Invited, None) => {
                self.progress = Progress::Alerted;
                ctx.order(LegCommand::Ring { leg: self.leg });
            }
            (Progress::Invited | Progress::Alerted | Progress::Accepted, _) => {}
        }
    }

    /// Answers the caller, once; the caller of this function has recorded it.
    pub(crate) fn accept(&mut self, like: Option<LegId>, ctx: &mut Ctx<'_>) {
        self.progress = Progress::Accepted;
        ctx.order(LegCommand::Answer { leg: self.leg, like });
    }

    /// He was called himself, and has answered.
    pub(crate) fn called(&mut self) {
        self.progress = Progress::Accepted;
    }

    /// Another telephone has taken the place of this leg, if it is his.
    pub(crate) fn moves(&mut self, old: LegId, new: LegId) {
        if self.leg == old {
            self.leg = new;
        }
    }

    /// A party that was on the call already, and waits from now on as callers do.
    pub(crate) fn joined(leg: LegId, party: Party) -> Self {
        Self { progress: Progress::Accepted, ..Self::new(leg, party, None) }
    }

    /// The caller has left by himself.
    pub(crate) fn left(&mut self) {
        self.gone = true;
    }

    /// Lets the caller go: refused with `status` if he was never answered.
    pub(crate) fn release(&mut self, status: u16, why: Release, ctx: &mut Ctx<'_>) {
        let leg = self.leg;
        match self.progress {
            _ if self.gone => {}
            Progress::Invited | Progress::Alerted => {
                ctx.order(LegCommand::Reject { leg, status });
            }
            Progress::Accepted => ctx.order(LegCommand::HangUp { leg, why }),
        }
        self.gone = true;
    }
}

/// A leg that was answered, and the Connection that it is.
#[derive(Debug)]
pub(crate) struct Far {
    pub(crate) leg: LegId,
    pub(crate) connection: ConnectionSeq,
    pub(crate) party: Party,
}

/// A dialled leg that was told to stop and whose final response has not come.
#[derive(Debug)]
pub(crate) struct Stopped {
    pub(crate) leg: LegId,
    pub(crate) connection: ConnectionSeq,
    /// `None`: the attempt goes on with another leg.
    pub(crate) attempt: Option<AttemptSeq>,
    pub(crate) why: Release,
}

pub(crate) fn user_of(party: &Party) -> Option<&UserId> {
    match party {
        Party::User { user, .. } => Some(user),
        Party::External { .. } => None,
    }
}

/// Who ends a call that this party ends.
pub(crate) fn ended_by(party: &Party) -> EndedBy {
    match party {
        Party::User { .. } => EndedBy::Internal,
        Party::External { .. } => EndedBy::External,
    }
}

/// Why a Connection ends that this party ends.
pub(crate) fn hung_up_by(party: &Party) -> EndReason {
    match party {
        Party::User { .. } => EndReason::HangupInternal,
        Party::External { .. } => EndReason::HangupExternal,
    }
}

/// How a held party is named (D45): his number, or `u:<user>`; `a:<call>` where he has withheld
/// it.
pub(crate) fn held_name(party: &Party, call: &CallId) -> Arc<str> {
    match party {
        Party::User { user, .. } => format!("u:{user}").into(),
        Party::External { number: Some(number), .. } => number.as_str().into(),
        Party::External { text: Some(text), .. } => text.clone(),
        Party::External { .. } => format!("a:{call}").into(),
    }
}
