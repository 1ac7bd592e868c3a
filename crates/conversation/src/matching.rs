//! R7: which existing conversation a placement joins.

use model::{ConversationId, Millis};

use crate::key::{ExternalKey, InternalKey};
use crate::rebuild::{Conversation, Status};
use crate::rules::{Detail, kept};
use crate::types::{ClosedPolicy, Placement, Source};

/// What R7 must know of a candidate. Merged conversations are no candidates.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Id.
    pub id: ConversationId,
    /// The outside.
    pub external_key: ExternalKey,
    /// The inside.
    pub internal_key: InternalKey,
    /// When it was closed; `None`: it is open.
    pub closed_at: Option<Millis>,
}

impl Summary {
    /// The summary of a conversation; `None` for a merged one.
    pub fn of(conversation: &Conversation) -> Option<Self> {
        let closed_at = match &conversation.status {
            Status::Open => None,
            Status::Closed { at, .. } => Some(*at),
            Status::Merged { .. } => return None,
        };
        Some(Self {
            id: conversation.id.clone(),
            external_key: conversation.external_key.clone(),
            internal_key: conversation.internal_key.clone(),
            closed_at,
        })
    }
}

/// What becomes of a placement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// It joins this one, whose status stays.
    Join(ConversationId),
    /// It joins this one, which is opened again.
    Reopen(ConversationId),
    /// It begins a conversation.
    Create,
}

/// R7 for each placement of one call, in their order. `candidates` may hold more than match.
///
/// A historic placement reopens nothing (§7.6): where a live one would, it begins a conversation.
pub fn match_placements(
    placements: &[Placement],
    candidates: &[Summary],
    policy: ClosedPolicy,
) -> Vec<Target> {
    let target = |placement: &Placement| target(placement, candidates, policy);
    placements.iter().map(target).collect()
}

fn target(placement: &Placement, candidates: &[Summary], policy: ClosedPolicy) -> Target {
    let started_at = placement.event.started_at;
    let same = |candidate: &&Summary| {
        candidate.external_key == placement.external_key
            && candidate.internal_key == placement.internal_key
    };
    let closed = || {
        let same = candidates.iter().filter(same);
        same.filter_map(|candidate| Some((candidate.closed_at?, candidate)))
    };
    let closed_later = closed()
        .filter(|(at, _)| *at >= started_at && kept(Detail::R7BeforeClosing))
        .min_by(|(a, x), (b, y)| (a, &x.id).cmp(&(b, &y.id)));
    if let Some((_, candidate)) = closed_later {
        return Target::Join(candidate.id.clone());
    }
    let mut open = candidates.iter().filter(same).filter(|candidate| candidate.closed_at.is_none());
    if let Some(candidate) = open.next()
        && kept(Detail::R7Open)
    {
        return Target::Join(candidate.id.clone());
    }
    let reopens = match policy {
        ClosedPolicy::Reopen => kept(Detail::R7Reopen),
        ClosedPolicy::New => !kept(Detail::R7New),
    };
    let latest = closed().max_by(|(a, x), (b, y)| (a, &x.id).cmp(&(b, &y.id)));
    match latest {
        Some((_, candidate)) if reopens && placement.event.source == Source::Live => {
            Target::Reopen(candidate.id.clone())
        }
        Some(_) | None => Target::Create,
    }
}
