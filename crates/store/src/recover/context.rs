//! The part of the directory that goes with a swept call (D46): what its rows, its visits and its
//! owners name, as the directory has it now.

use std::collections::BTreeMap;

use model::call_graph::CallGraph;
use model::call_graph::graph::{
    Context, ContextGroup, ContextGroupNumber, ContextInternalNumber, ContextUser,
    ContextUserNumber,
};
use model::call_graph::words::AssignedKind;
use model::directory::{Assignment, Directory};
use model::{GroupId, UserId};

/// The context of a call; `named` are users that no row names yet.
pub(super) fn context<'a>(
    graph: &'a CallGraph,
    named: impl Iterator<Item = &'a UserId>,
    directory: &Directory,
) -> Context {
    let mut found = Found { directory, users: BTreeMap::new(), groups: BTreeMap::new() };
    named.for_each(|user| found.user(Some(user)));
    found.user(graph.call.anchor_user_id.as_ref());
    for row in &graph.connections {
        found.user(row.opened_by_user_id.as_ref());
        found.user(row.target_user_id.as_ref());
        found.user(row.answered_user_id.as_ref());
        found.group(row.target_group_id.as_ref());
    }
    for row in &graph.attempts {
        found.user(row.user_id.as_ref());
        found.group(row.group_id.as_ref());
    }
    for row in &graph.participants {
        found.user(row.user_id.as_ref());
    }
    for row in &graph.interactions {
        found.user(row.user_id.as_ref());
    }
    for visit in &graph.context.ivr_visits {
        found.group(visit.group_id.as_ref());
        found.user(visit.record_owner_user_id.as_ref());
        found.user(visit.missed_call_owner_user_id.as_ref());
    }
    let internal_number = found.internal_number(graph);
    Context { internal_number, ivr_visits: Vec::new(), users: found.users, groups: found.groups }
}

struct Found<'a> {
    directory: &'a Directory,
    users: BTreeMap<UserId, ContextUser>,
    groups: BTreeMap<GroupId, ContextGroup>,
}

impl Found<'_> {
    fn user(&mut self, id: Option<&UserId>) {
        let Some(user) = id.and_then(|id| self.directory.user(id)) else {
            return;
        };
        if self.users.contains_key(&user.id) {
            return;
        }
        let number = self.directory.default_number_of_user(&user.id);
        let entry = ContextUser {
            name: user.display_name.clone(),
            number: number.map(|number| ContextUserNumber {
                id: number.id.clone(),
                e164: number.e164.clone(),
                missed_call_owner_user_id: number.missed_call_owner.clone(),
            }),
        };
        self.users.insert(user.id.clone(), entry);
        // This ends: the user is in the map.
        self.user(number.and_then(|number| number.missed_call_owner.as_ref()));
    }

    fn group(&mut self, id: Option<&GroupId>) {
        let Some(group) = id.and_then(|id| self.directory.group(id)) else {
            return;
        };
        if self.groups.contains_key(&group.id) {
            return;
        }
        let number = self.directory.default_number_of_group(&group.id);
        let number = number
            .map(|number| ContextGroupNumber { id: number.id.clone(), e164: number.e164.clone() });
        let entry = ContextGroup {
            name: group.name.clone(),
            number,
            missed_call_owner_user_id: group.missed_call_owner.clone(),
        };
        self.groups.insert(group.id.clone(), entry);
        self.user(group.missed_call_owner.as_ref());
    }

    fn internal_number(&mut self, graph: &CallGraph) -> Option<ContextInternalNumber> {
        let number = self.directory.number(graph.call.internal_number_id.as_ref()?)?;
        self.user(number.missed_call_owner.as_ref());
        let (assigned_kind, assigned_id) = match &number.assignment {
            Assignment::User(user) => {
                self.user(Some(user));
                (AssignedKind::User, user.as_str().into())
            }
            Assignment::Group(group, _) => {
                self.group(Some(group));
                (AssignedKind::Group, group.as_str().into())
            }
        };
        Some(ContextInternalNumber {
            id: number.id.clone(),
            e164: number.e164.clone(),
            assigned_kind,
            assigned_id,
            missed_call_owner_user_id: number.missed_call_owner.clone(),
        })
    }
}
