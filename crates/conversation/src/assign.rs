//! R0, R5 and R6: from a finished call graph to its placements. Everything about numbers, groups
//! and users comes from the graph's context, as it was when the call was made.

use std::sync::Arc;

mod clusters;
mod drafts;
mod externals;

#[cfg(test)]
pub(crate) use drafts::missed_call_owner;
pub(crate) use externals::collapse;

use model::call_graph::FinishedCallGraph;
use model::call_graph::graph::ContextInternalNumber;
use model::call_graph::words::{AssignedKind, Direction};
use model::{E164, Millis, UserId};

use self::clusters::clusters;
use self::drafts::Draft;
use self::externals::externals;
use crate::rules::{Detail, kept};
use crate::types::{
    Agent, Assignment, AssignmentResult, Audience, Event, EventOf, External, Identity, Member,
    Placement, Resolved, Settings, Share, Source,
};

/// R0: why a call belongs to no conversation, if it does not.
pub fn skips(
    graph: &FinishedCallGraph,
    settings: &Settings,
    source: Source,
) -> Option<AssignmentResult> {
    if graph.call.direction == Direction::Internal && kept(Detail::R0Internal) {
        return Some(AssignmentResult::SkippedInternal);
    }
    if graph.context.internal_number.is_none() {
        return Some(AssignmentResult::SkippedUnroutable);
    }
    let ended_at = graph.call.ended_at.unwrap_or(graph.call.initiated_at);
    let historic = source == Source::Historic && kept(Detail::R0Historic);
    let disabled = !settings.enabled_at(ended_at) && kept(Detail::R0Disabled);
    (disabled && !historic).then_some(AssignmentResult::SkippedDisabled)
}

/// Where a finished call belongs: R0–R6. `graph` has passed [`model::call_graph::check::check`].
pub fn place(
    graph: &FinishedCallGraph,
    resolved: &Resolved,
    settings: &Settings,
    source: Source,
) -> Assignment {
    let number = match (skips(graph, settings, source), &graph.context.internal_number) {
        (None, Some(number)) => number,
        (None, None) => return Assignment::Skipped(AssignmentResult::SkippedUnroutable),
        (Some(why), _) => return Assignment::Skipped(why),
    };
    let ended_at = graph.call.ended_at.unwrap_or(graph.call.initiated_at);
    let call = Placing { graph, number, source, ended_at, externals: externals(graph, resolved) };
    Assignment::Placed(call.placements())
}

/// The numbers that [`place`] wants resolved.
pub fn phones_to_resolve(graph: &FinishedCallGraph) -> Vec<&E164> {
    let outside = graph.participants.iter().filter(|row| row.user_id.is_none());
    let mut phones: Vec<_> = outside.filter_map(|row| row.phone_number.as_ref()).collect();
    phones.sort();
    phones.dedup();
    phones
}

/// A call being placed.
struct Placing<'a> {
    graph: &'a FinishedCallGraph,
    number: &'a ContextInternalNumber,
    source: Source,
    ended_at: Millis,
    externals: Vec<External>,
}

impl<'a> Placing<'a> {
    fn placements(&self) -> Vec<Placement> {
        let clusters = clusters(self.graph);
        let mut drafts = vec![self.first(clusters.first())];
        drafts.extend(self.further(&clusters));
        let last = drafts.len() - 1;
        let drafts = drafts.into_iter().enumerate();
        let mut placements: Vec<Placement> = Vec::new();
        for (index, draft) in drafts {
            let placement = self.finish(draft, index == last);
            let same = |other: &&mut Placement| other.internal_key == placement.internal_key;
            match placements.iter_mut().find(same) {
                Some(earlier) if kept(Detail::R6Fold) => fold(earlier, placement),
                Some(_) | None => placements.push(placement),
            }
        }
        if let [only] = placements.as_mut_slice()
            && kept(Detail::R6WholeCall)
        {
            (only.event.started_at, only.event.ended_at) =
                (self.graph.call.initiated_at, self.ended_at);
        }
        for (placement, segment) in placements.iter_mut().zip(1..) {
            placement.event.segment = segment;
            placement.event.id = format!("{}-e{segment}", self.graph.call_id).into();
        }
        placements
    }

    /// R5 and the times of R6.
    fn finish(&self, draft: Draft<'_>, is_last: bool) -> Placement {
        let number = draft.inside.number.as_ref().map(|(_, e164)| e164);
        let takes_extras = is_last || !kept(Detail::R5Extra);
        let members = draft
            .members
            .into_iter()
            .map(|user| Member { user: user.clone(), phone: self.number_of_member(user, number) });
        let audience = match &draft.inside.identity {
            Identity::Group(group) if kept(Detail::R5Audience) => {
                vec![Audience { group: group.clone(), phone: number.cloned() }]
            }
            Identity::Group(_) | Identity::User(_) => Vec::new(),
        };
        let share = Share {
            externals: self
                .externals
                .iter()
                .filter(|external| !external.extra || takes_extras)
                .cloned()
                .collect(),
            internal_name: self.name(&draft.inside.identity),
            members: members.collect(),
            audience,
            owner: draft.owner.cloned(),
            agent: draft.agent.map(|user| Agent {
                user: user.clone(),
                name: self.name(&Identity::User(user.clone())),
            }),
            outbound: self.graph.call.direction != Direction::Inbound,
            internal: draft.inside.identity,
        };
        Placement {
            external_key: share.external_key(),
            internal_key: draft.inside.key,
            internal_number_id: draft.inside.number.map(|(id, _)| id),
            event: Event {
                id: Arc::from(""),
                of: EventOf::Call(self.graph.call_id.clone()),
                label: draft.label,
                segment: 1,
                started_at: draft.from,
                ended_at: draft.to.max(draft.from),
                source: self.source,
                share,
            },
        }
    }

    /// R5: the conversation's number if it is the member's, else his default number.
    fn number_of_member(&self, user: &UserId, conversation: Option<&E164>) -> Option<E164> {
        let dialled = self.graph.context.internal_number.as_ref().filter(|number| {
            number.assigned_kind == AssignedKind::User
                && *number.assigned_id == *user.as_str()
                && Some(&number.e164) == conversation
                && kept(Detail::R5OwnNumber)
        });
        if let Some(own) = dialled {
            return Some(own.e164.clone());
        }
        let context = self.graph.context.users.get(user);
        let default = context.and_then(|user| user.number.as_ref());
        default.filter(|_| kept(Detail::R5DefaultNumber)).map(|number| number.e164.clone())
    }

    /// The name at the time of the call; the id where the context does not tell it.
    fn name(&self, identity: &Identity) -> Arc<str> {
        let context = &self.graph.context;
        match identity {
            Identity::User(id) => match context.users.get(id) {
                Some(user) => user.name.clone(),
                None => Arc::from(id.as_str()),
            },
            Identity::Group(id) => match context.groups.get(id) {
                Some(group) => group.name.clone(),
                None => Arc::from(id.as_str()),
            },
        }
    }
}

/// R6: placements with equal internal key are one event; what came first names it.
fn fold(earlier: &mut Placement, later: Placement) {
    let (event, from) = (&mut earlier.event, later.event);
    event.started_at = event.started_at.min(from.started_at);
    event.ended_at = event.ended_at.max(from.ended_at);
    let (share, from) = (&mut event.share, from.share);
    share.externals.extend(from.externals);
    collapse(&mut share.externals);
    for member in from.members {
        if !share.members.iter().any(|known| known.user == member.user) {
            share.members.push(member);
        }
    }
    for audience in from.audience {
        if !share.audience.contains(&audience) {
            share.audience.push(audience);
        }
    }
    share.agent = from.agent.or(share.agent.take());
    share.owner = share.owner.take().or(from.owner);
}
