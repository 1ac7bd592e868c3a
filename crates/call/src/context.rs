//! The part of the directory that goes with a finished call (D46): every number, user and group
//! that its rows, its IVR visits and its owners name, as they were when it began.

use std::collections::BTreeMap;

use model::call_graph::graph::{
    Context, ContextGroup, ContextGroupNumber, ContextInternalNumber, ContextUser,
    ContextUserNumber,
};
use model::call_graph::words::AssignedKind;
use model::directory::{Assignment, Directory};
use model::{GroupId, UserId};

use crate::basis::Basis;
use crate::leg::user_of;

/// The context of a call that ends now; the visits are the fold's.
pub(crate) fn context(basis: &Basis) -> Context {
    let mut named = Named {
        basis,
        directory: &basis.directory,
        users: BTreeMap::new(),
        groups: BTreeMap::new(),
    };
    for group in basis.groups.iter().chain(&basis.named_groups) {
        named.group(group);
    }
    for ivr in basis.visits.iter().filter_map(|id| basis.directory.ivr(id)) {
        named.user(ivr.record_owner.as_ref());
        named.user(ivr.missed_call_owner.as_ref());
    }
    named.user(basis.anchor.user());
    named.user(basis.owner().as_ref());
    named.user(basis.missed_call_owner().as_ref());
    if let Some(group) = basis.missed_call_owner_group() {
        named.group(&group);
    }
    named.user(basis.callee.as_ref().and_then(user_of));
    for user in &basis.named {
        named.user(Some(user));
    }
    let internal_number = named.internal_number(basis);
    Context { internal_number, ivr_visits: Vec::new(), users: named.users, groups: named.groups }
}

struct Named<'a> {
    basis: &'a Basis,
    directory: &'a Directory,
    users: BTreeMap<UserId, ContextUser>,
    groups: BTreeMap<GroupId, ContextGroup>,
}

impl Named<'_> {
    fn user(&mut self, id: Option<&UserId>) {
        let directory = id.map(|id| self.basis.directory_of(id));
        let Some((directory, user)) = directory.and_then(|it| Some((it, it.user(id?)?))) else {
            return;
        };
        if self.users.contains_key(&user.id) {
            return;
        }
        let number = directory.default_number_of_user(&user.id);
        let entry = ContextUser {
            name: user.display_name.clone(),
            number: number.map(|number| ContextUserNumber {
                id: number.id.clone(),
                e164: number.e164.clone(),
                missed_call_owner_user_id: number.missed_call_owner.clone(),
            }),
        };
        self.users.insert(user.id.clone(), entry);
        // Who owns the calls missed on his number is named with it. This ends: he is in the map.
        self.user(number.and_then(|number| number.missed_call_owner.as_ref()));
    }

    fn group(&mut self, id: &GroupId) {
        let Some(group) = self.directory.group(id) else {
            return;
        };
        if self.groups.contains_key(id) {
            return;
        }
        let number = self.directory.default_number_of_group(id);
        let entry = ContextGroup {
            name: group.name.clone(),
            number: number.map(|number| ContextGroupNumber {
                id: number.id.clone(),
                e164: number.e164.clone(),
            }),
            missed_call_owner_user_id: group.missed_call_owner.clone(),
        };
        self.groups.insert(id.clone(), entry);
        self.user(group.missed_call_owner.as_ref());
    }

    fn internal_number(&mut self, basis: &Basis) -> Option<ContextInternalNumber> {
        let id = basis.internal_number.as_ref()?;
        let number = self.directory.number(id)?;
        self.user(number.missed_call_owner.as_ref());
        let (assigned_kind, assigned_id) = match &number.assignment {
            Assignment::User(user) => {
                self.user(Some(user));
                (AssignedKind::User, user.as_str().into())
            }
            Assignment::Group(group, _) => {
                self.group(group);
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
