//! R3 and R4: which conversations a call has a part in, before the externals are added and the
//! times settled: one for the first cluster of users, one for each later one, one for each
//! transfer that nobody answered.

use model::call_graph::FinishedCallGraph;
use model::call_graph::graph::{Connection, IvrVisit};
use model::call_graph::words::{
    AssignedKind, AttemptOutcome, CallOutcome, ConnectionKind, Direction, TransferState,
};
use model::directory::TargetKind;
use model::{E164, GroupId, Millis, NumberId, UserId};

use super::Placing;
use super::clusters::Cluster;
use crate::key::InternalKey;
use crate::rules::{Detail, kept};
use crate::types::{Identity, Label};

/// The inside of a placement.
pub(crate) struct Inside {
    pub(crate) key: InternalKey,
    pub(crate) number: Option<(NumberId, E164)>,
    pub(crate) identity: Identity,
}

/// A placement before it has its externals and its times are settled.
pub(crate) struct Draft<'a> {
    pub(crate) inside: Inside,
    pub(crate) label: Label,
    pub(crate) owner: Option<&'a UserId>,
    pub(crate) members: Vec<&'a UserId>,
    pub(crate) agent: Option<&'a UserId>,
    pub(crate) from: Millis,
    pub(crate) to: Millis,
}

impl<'a> Placing<'a> {
    /// R3.
    pub(crate) fn first(&self, cluster: Option<&Cluster<'a>>) -> Draft<'a> {
        let call = &self.graph.call;
        let missed = self.is_missed() && kept(Detail::R3Label);
        let label = match call.direction {
            Direction::Outbound | Direction::Internal => Label::OutboundCall,
            Direction::Inbound if missed => Label::MissedCall,
            Direction::Inbound => Label::InboundCall,
        };
        let mut members: Vec<_> = self
            .graph
            .participants
            .iter()
            .filter_map(|row| Some((row, row.user_id.as_ref()?)))
            .filter(|(row, user)| {
                cluster.is_some_and(|cluster| cluster.has(user))
                    || (row.joined_at.is_none() && kept(Detail::R3Addressee))
            })
            .collect();
        members.sort_by_key(|(row, _)| row.ordinal);
        let mut members: Vec<_> = members.into_iter().map(|(_, user)| user).collect();
        if self.is_missed() && kept(Detail::R3MissedCallOwner) {
            let named = call.missed_call_owner_user_id.as_ref();
            let owner = named.or_else(|| missed_call_owner(self.graph));
            members.extend(owner.filter(|owner| !members.contains(owner)));
        }
        Draft {
            inside: self.first_inside(),
            label,
            owner: call.owner_user_id.as_ref().filter(|_| kept(Detail::R3Owner)),
            members,
            agent: cluster.and_then(Cluster::agent),
            from: call.initiated_at,
            to: self.left(cluster),
        }
    }

    /// R4, in order of the connections.
    pub(crate) fn further(&self, clusters: &[Cluster<'a>]) -> Vec<Draft<'a>> {
        let mut drafts: Vec<(u16, Draft<'a>)> = Vec::new();
        for cluster in clusters.iter().skip(1).filter(|_| kept(Detail::R4Cluster)) {
            let opener = cluster.intervals.first();
            let Some(connection) = opener.and_then(|interval| interval.connection) else {
                continue; // Only the caller has none, and nobody is on a call before him.
            };
            drafts.push((connection.seq, self.transfer(cluster, connection)));
        }
        let unanswered = self.graph.connections.iter().filter(|row| {
            matches!(row.kind, ConnectionKind::Transfer | ConnectionKind::Consult)
                && row.transfer_state == Some(TransferState::Unanswered)
                && kept(Detail::R4Unanswered)
        });
        drafts.extend(unanswered.filter_map(|row| Some((row.seq, self.missed_transfer(row)?))));
        drafts.sort_by_key(|(seq, _)| *seq);
        drafts.into_iter().map(|(_, draft)| draft).collect()
    }

    fn transfer(&self, cluster: &Cluster<'a>, connection: &'a Connection) -> Draft<'a> {
        let answered_by = connection.answered_user_id.as_ref();
        let inside = match (connection.target_kind, &connection.target_group_id, answered_by) {
            (TargetKind::Group, Some(group), _) => self.inside_group(group),
            (TargetKind::User, ..) => match &connection.target_user_id {
                Some(user) => self.inside_user(user),
                None => self.inside_user(cluster.intervals[0].user),
            },
            (TargetKind::Group | TargetKind::RecordOwner | TargetKind::External, ..) => {
                self.inside_user(cluster.intervals[0].user)
            }
        };
        let mut members: Vec<_> = Vec::new();
        for interval in &cluster.intervals {
            if !members.contains(&interval.user) {
                members.push(interval.user);
            }
        }
        Draft {
            inside,
            label: Label::Transfer,
            owner: answered_by.filter(|_| kept(Detail::R4Owner)),
            members,
            agent: cluster.agent(),
            from: connection.opened_at,
            to: self.left(Some(cluster)),
        }
    }

    fn missed_transfer(&self, row: &'a Connection) -> Option<Draft<'a>> {
        let (inside, owner) = match (&row.target_user_id, &row.target_group_id) {
            (_, Some(group)) if row.target_kind == TargetKind::Group => {
                let context = self.graph.context.groups.get(group);
                let owner = context.and_then(|group| group.missed_call_owner_user_id.as_ref());
                (self.inside_group(group), owner.filter(|_| kept(Detail::R4GroupOwner)))
            }
            (Some(user), _) => (self.inside_user(user), Some(user)),
            // Nobody inside was called: an outside target has no Internal ID (D14).
            (None, _) => return None,
        };
        Some(Draft {
            inside,
            label: Label::MissedTransfer,
            owner,
            members: owner.into_iter().collect(),
            agent: None,
            from: row.opened_at,
            to: row.ended_at.unwrap_or(self.ended_at),
        })
    }

    fn left(&self, cluster: Option<&Cluster<'_>>) -> Millis {
        cluster
            .and_then(Cluster::last_left)
            .filter(|_| kept(Detail::R6LastLeft))
            .unwrap_or(self.ended_at)
    }

    fn is_missed(&self) -> bool {
        let call = &self.graph.call;
        call.direction == Direction::Inbound && call.outcome != Some(CallOutcome::Answered)
    }

    /// Keyed on the dialled number or Caller ID; shown is the involved group (D9), else whose the
    /// number is (D1).
    fn first_inside(&self) -> Inside {
        let assigned = &*self.number.assigned_id;
        let identity = match (self.involved_group(), self.number.assigned_kind) {
            (Some(group), _) => Identity::Group(group.clone()),
            (None, AssignedKind::Group) => Identity::Group(GroupId::from(assigned)),
            (None, AssignedKind::User) => Identity::User(UserId::from(assigned)),
        };
        let key = match &identity {
            Identity::Group(group) if !kept(Detail::R3Key) => InternalKey::group(group),
            Identity::Group(_) | Identity::User(_) => InternalKey::number(&self.number.e164),
        };
        Inside { key, number: Some((self.number.id.clone(), self.number.e164.clone())), identity }
    }

    fn involved_group(&self) -> Option<&'a GroupId> {
        if self.graph.call.direction != Direction::Inbound {
            return None;
        }
        let routed = |connection: &str| {
            let row = self.graph.connections.iter().find(|row| &*row.id == connection);
            row.is_some_and(|row| row.kind == ConnectionKind::Route)
        };
        let mut attempts = self.graph.attempts.iter();
        if !self.is_missed() {
            let answered = attempts.find(|row| {
                row.outcome == Some(AttemptOutcome::Answered) && routed(&row.connection_id)
            });
            return answered
                .and_then(|row| row.group_id.as_ref())
                .filter(|_| kept(Detail::R3AnsweredGroup));
        }
        let visited = last_visit(self.graph)
            .and_then(|visit| visit.group_id.as_ref())
            .filter(|_| kept(Detail::R3VisitedGroup));
        visited.or_else(|| {
            let rung = attempts.filter(|row| row.group_id.is_some() && routed(&row.connection_id));
            rung.max_by_key(|row| (row.started_at, row.stage, row.seq))
                .and_then(|row| row.group_id.as_ref())
        })
    }

    fn inside_user(&self, user: &UserId) -> Inside {
        let context = self.graph.context.users.get(user);
        let number = context
            .and_then(|user| user.number.as_ref())
            .map(|number| (number.id.clone(), number.e164.clone()))
            .filter(|_| kept(Detail::R4Number));
        Inside {
            key: match &number {
                Some((_, e164)) => InternalKey::number(e164),
                None => InternalKey::user(user),
            },
            number,
            identity: Identity::User(user.clone()),
        }
    }

    fn inside_group(&self, group: &GroupId) -> Inside {
        let context = self.graph.context.groups.get(group);
        let number = context
            .and_then(|group| group.number.as_ref())
            .map(|number| (number.id.clone(), number.e164.clone()))
            .filter(|_| kept(Detail::R4Number));
        Inside {
            key: match &number {
                Some((_, e164)) => InternalKey::number(e164),
                None => InternalKey::group(group),
            },
            number,
            identity: Identity::Group(group.clone()),
        }
    }
}

/// D6: who is owner of a missed call, by the context alone.
pub(crate) fn missed_call_owner(graph: &FinishedCallGraph) -> Option<&UserId> {
    let number = graph.context.internal_number.as_ref();
    let of_visit = last_visit(graph).and_then(|visit| visit.missed_call_owner_user_id.as_ref());
    let of_number = || number.and_then(|number| number.missed_call_owner_user_id.as_ref());
    let of_user = || {
        let number = number.filter(|number| number.assigned_kind == AssignedKind::User)?;
        graph
            .participants
            .iter()
            .filter_map(|row| row.user_id.as_ref())
            .find(|user| user.as_str() == &*number.assigned_id)
    };
    of_visit.or_else(of_number).or_else(of_user)
}

fn last_visit(graph: &FinishedCallGraph) -> Option<&IvrVisit> {
    graph.context.ivr_visits.iter().max_by_key(|visit| visit.seq)
}
