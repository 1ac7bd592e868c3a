//! The timeline of a call (model.md §4.7): for everybody who took part or was rung, what he went
//! through and when. It is derived from the rows and stored nowhere.
//!
//! Guarantee: the spans of one lane are in order, never overlap, are longer than nothing, and lie
//! within the call. In a call that is not over, what lasts has no end.

mod facts;
mod times;

use std::sync::Arc;

use serde::Serialize;

use self::facts::Facts;
use super::graph::CallGraph;
use super::words::ParticipantRole;
use crate::{Millis, RecordId, UserId, text_enum};

text_enum! {
    /// What somebody goes through.
    SpanKind {
        /// His telephone rings, or he hears that of another ring.
        Ringing = "ringing",
        /// He is with an IVR.
        Ivr = "ivr",
        /// He talks with the others.
        Talk = "talk",
        /// He is held, or has put on hold whom he would talk with.
        Hold = "hold",
        /// He talks aside, before a warm transfer.
        Consult = "consult",
        /// The transferor has gone and the target is not there yet, or he is parked.
        TransferWait = "transfer_wait",
    }
}

/// A time in which one thing lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// What.
    pub kind: SpanKind,
    /// From this millisecond.
    pub from: Millis,
    /// Up to before this one; `None`: it lasts.
    pub to: Option<Millis>,
}

/// What one of those who took part, or were rung, went through.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lane {
    /// `u:<user>`, `p:<number>` or `a:<call>`: `call_participant.participant_key`.
    pub key: Arc<str>,
    /// The part he played; `None`: he was only rung or dialled.
    pub role: Option<ParticipantRole>,
    /// The user, if he is one.
    pub user: Option<UserId>,
    /// His number, or what was dialled; `None`: withheld.
    pub number: Option<Arc<str>>,
    /// The record that the number resolves to.
    pub record: Option<RecordId>,
    /// His rows in [`CallGraph::attempts`].
    pub attempts: Vec<usize>,
    /// In order of time.
    pub spans: Vec<Span>,
}

/// The lanes of a call: its participants in their order, then who was only rung or dialled, in
/// order of the first time.
pub fn timeline(graph: &CallGraph) -> Vec<Lane> {
    let facts = Facts::of(graph);
    let times = facts.times();
    let mut lanes: Vec<Lane> = facts.lanes.iter().map(|lane| lane.lane.clone()).collect();
    for pair in times.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        for (row, kind) in facts.at(from).into_iter().enumerate() {
            if let (Some(lane), Some(kind)) = (lanes.get_mut(row), kind) {
                lane.extend(kind, from, to);
            }
        }
    }
    lanes
}

impl Lane {
    fn extend(&mut self, kind: SpanKind, from: i64, to: i64) {
        let to = (to != times::LASTS).then_some(Millis(to));
        match self.spans.last_mut() {
            Some(last) if last.kind == kind && last.to == Some(Millis(from)) => last.to = to,
            Some(_) | None => self.spans.push(Span { kind, from: Millis(from), to }),
        }
    }
}

#[cfg(test)]
mod tests;
