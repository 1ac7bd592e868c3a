//! The table of legs: which dialogs and INVITEs stand behind the number that the call engine
//! knows. One leg has several forks while a user's devices ring, and one dialog afterwards.
//!
//! A leg leaves the table when nothing of it remains in the user agent core, which may be later
//! than the end of its call.

pub(crate) mod aftermath;
mod answers;
mod caller;
pub(crate) mod devices;
pub(crate) mod dialling;
pub(crate) mod diverted;
mod formats;
pub(crate) mod session;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use call::port::LegId;
use model::{CallId, UserId};
use sip::flow::Flow;
use sip::user_agent_core::{DialogId, InviteId, OutInviteId};

use aftermath::{Names, SipCallIds};
use session::Session;

use self::diverted::Trail;
use crate::control::{Identity, Referral};

/// Number of a live call in the switch.
pub(crate) type CallKey = u64;

/// One leg.
#[derive(Debug)]
pub(crate) struct Leg {
    pub(crate) call: CallKey,
    pub(crate) role: Role,
    /// The registered user at its far end.
    pub(crate) user: Option<UserId>,
    /// The dialog, once it is established.
    pub(crate) dialog: Option<DialogId>,
    pub(crate) session: Option<Session>,
    /// The last REFER that came on it.
    pub(crate) referral: Option<Box<Referral>>,
    /// What its telephone knows of whom it talks with.
    pub(crate) identity: Option<Box<Identity>>,
}

impl Leg {
    /// A leg at whose far end nobody is yet.
    pub(crate) fn new(call: CallKey, role: Role, user: Option<UserId>) -> Self {
        Self { call, role, user, dialog: None, session: None, referral: None, identity: None }
    }

    /// Whether we dialled it and it has answered.
    pub(crate) fn is_answered_callee(&self) -> bool {
        matches!(self.role, Role::Dialled(_)) && self.dialog.is_some()
    }
}

/// Which end of an INVITE we are.
#[derive(Debug)]
pub(crate) enum Role {
    /// The caller's leg.
    Anchor(Anchor),
    /// A leg that we dialled.
    Dialled(Dialled),
}

/// What the caller's INVITE said that other legs need.
#[derive(Debug)]
pub(crate) struct Anchor {
    /// The INVITE, until its final response.
    pub(crate) invite: Option<InviteId>,
    pub(crate) sip_call_id: Arc<str>,
    /// What may still be written into INVITEs that this one causes.
    pub(crate) max_forwards: u8,
    /// By whom the call was passed on before it came.
    pub(crate) trail: Trail,
    /// The way it came.
    pub(crate) flow: Flow,
    /// We have said that somebody is alerted.
    pub(crate) rang: bool,
}

/// A leg that we dialled.
#[derive(Debug, Default)]
pub(crate) struct Dialled {
    /// Devices (or one trunk) that have not given a final response.
    pub(crate) forks: Vec<OutInviteId>,
    /// Their branches that alert.
    pub(crate) early: Vec<(OutInviteId, DialogId)>,
    /// The best final response of those that have.
    pub(crate) best: Option<u16>,
    /// We have said CANCEL.
    pub(crate) cancelled: bool,
    /// A 2xx crossed our CANCEL.
    pub(crate) crossed: bool,
    /// The way to the user's first device, or of whom it was dialled for.
    pub(crate) flow: Option<Flow>,
    /// A provisional response came.
    pub(crate) reached: bool,
    /// Somebody alerts; no failover to another trunk address after this.
    pub(crate) rang: bool,
    /// Further addresses of the trunk.
    pub(crate) further: Vec<String>,
    /// The INVITE, to be repeated to the next address.
    pub(crate) retry: Option<Box<sip::user_agent_core::InviteRequest>>,
}

/// The table.
#[derive(Debug, Default)]
pub(crate) struct Legs {
    legs: BTreeMap<LegId, Leg>,
    by_invite: BTreeMap<InviteId, LegId>,
    by_fork: BTreeMap<OutInviteId, LegId>,
    by_dialog: BTreeMap<DialogId, LegId>,
    by_early: BTreeMap<DialogId, LegId>,
    by_user: BTreeMap<UserId, BTreeSet<LegId>>,
    /// Users on whose legs something has changed that others may watch.
    touched: BTreeSet<UserId>,
    /// What rows call them.
    pub(crate) names: Names,
    /// What telephones call them.
    pub(crate) sip_call_ids: SipCallIds,
}

impl Legs {
    pub(crate) fn insert(&mut self, id: LegId, leg: Leg) {
        if let Role::Anchor(Anchor { invite: Some(invite), .. }) = &leg.role {
            self.by_invite.insert(*invite, id);
        }
        if let Some(user) = &leg.user {
            self.by_user.entry(user.clone()).or_default().insert(id);
            self.touched.insert(user.clone());
        }
        self.legs.insert(id, leg);
    }

    pub(crate) fn get(&self, id: LegId) -> Option<&Leg> {
        self.legs.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: LegId) -> Option<&mut Leg> {
        self.legs.get_mut(&id)
    }

    /// The legs at whose far end a user is.
    pub(crate) fn of_user(&self, user: &UserId) -> impl Iterator<Item = (LegId, &Leg)> {
        let ids = self.by_user.get(user).into_iter().flatten();
        ids.filter_map(|id| self.legs.get(id).map(|leg| (*id, leg)))
    }

    /// Something of a leg has changed that others may watch.
    pub(crate) fn touch(&mut self, id: LegId) {
        if let Some(user) = self.legs.get(&id).and_then(|leg| leg.user.as_ref()) {
            self.touched.insert(user.clone());
        }
    }

    /// Users on whose legs something has changed since this was last asked.
    pub(crate) fn take_touched(&mut self) -> BTreeSet<UserId> {
        std::mem::take(&mut self.touched)
    }

    /// Nobody watches.
    pub(crate) fn forget_touched(&mut self) {
        if !self.touched.is_empty() {
            self.touched.clear();
        }
    }

    pub(crate) fn session_mut(&mut self, id: LegId) -> Option<&mut Session> {
        self.legs.get_mut(&id).and_then(|leg| leg.session.as_mut())
    }

    pub(crate) fn of_invite(&self, invite: InviteId) -> Option<LegId> {
        self.by_invite.get(&invite).copied()
    }

    pub(crate) fn of_fork(&self, fork: OutInviteId) -> Option<LegId> {
        self.by_fork.get(&fork).copied()
    }

    pub(crate) fn of_dialog(&self, dialog: DialogId) -> Option<LegId> {
        self.by_dialog.get(&dialog).copied()
    }

    /// The leg that one of these early dialogs would become.
    pub(crate) fn of_early(&self, dialog: DialogId) -> Option<LegId> {
        self.by_early.get(&dialog).copied()
    }

    /// A branch of a fork alerts.
    pub(crate) fn add_early(&mut self, id: LegId, fork: OutInviteId, dialog: DialogId) {
        if let Some(Leg { role: Role::Dialled(dialled), .. }) = self.legs.get_mut(&id)
            && !dialled.early.contains(&(fork, dialog))
        {
            dialled.early.push((fork, dialog));
            self.by_early.insert(dialog, id);
            self.touch(id);
        }
    }

    pub(crate) fn add_fork(&mut self, id: LegId, fork: OutInviteId) {
        if let Some(Leg { role: Role::Dialled(dialled), .. }) = self.legs.get_mut(&id) {
            dialled.forks.push(fork);
            self.by_fork.insert(fork, id);
        }
    }

    /// Forgets a fork that has its final response.
    pub(crate) fn end_fork(&mut self, fork: OutInviteId) -> Option<LegId> {
        let id = self.by_fork.remove(&fork)?;
        if let Some(Leg { role: Role::Dialled(dialled), .. }) = self.legs.get_mut(&id) {
            dialled.forks.retain(|other| *other != fork);
            for (_, dialog) in dialled.early.extract_if(.., |(of, _)| *of == fork) {
                self.by_early.remove(&dialog);
            }
        }
        self.touch(id);
        Some(id)
    }

    /// The anchor's INVITE got its final response.
    pub(crate) fn end_invite(&mut self, id: LegId) -> Option<InviteId> {
        let leg = self.legs.get_mut(&id)?;
        let Role::Anchor(anchor) = &mut leg.role else {
            return None;
        };
        let invite = anchor.invite.take()?;
        self.by_invite.remove(&invite);
        self.touch(id);
        Some(invite)
    }

    pub(crate) fn establish(&mut self, id: LegId, dialog: DialogId) {
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.dialog = Some(dialog);
            self.by_dialog.insert(dialog, id);
        }
        self.touch(id);
    }

    /// The leg's dialog is gone.
    pub(crate) fn end_dialog(&mut self, id: LegId) -> Option<DialogId> {
        let leg = self.legs.get_mut(&id)?;
        let dialog = leg.dialog.take()?;
        self.by_dialog.remove(&dialog);
        self.touch(id);
        Some(dialog)
    }

    /// These legs belong to another call from now on.
    pub(crate) fn hand_over(&mut self, legs: &[LegId], key: CallKey, call: &CallId) {
        for id in legs {
            if let Some(leg) = self.legs.get_mut(id) {
                leg.call = key;
            }
            self.sip_call_ids.hand_over(*id, call);
            self.touch(*id);
        }
    }

    /// Takes the leg out of the table if nothing of it remains.
    pub(crate) fn remove_if_over(&mut self, id: LegId) {
        let over = self.legs.get(&id).is_some_and(|leg| {
            leg.dialog.is_none()
                && match &leg.role {
                    Role::Anchor(anchor) => anchor.invite.is_none(),
                    Role::Dialled(dialled) => dialled.forks.is_empty(),
                }
        });
        if over {
            self.touch(id);
            if let Some(user) = self.legs.remove(&id).and_then(|leg| leg.user)
                && let Some(legs) = self.by_user.get_mut(&user)
            {
                legs.remove(&id);
                if legs.is_empty() {
                    self.by_user.remove(&user);
                }
            }
            self.sip_call_ids.leg_over(id);
        }
    }

    /// What is true of some legs.
    pub(crate) fn find<T>(&self, what: impl Fn(&Leg) -> Option<T>) -> Vec<(LegId, T)> {
        self.legs.iter().filter_map(|(id, leg)| Some((*id, what(leg)?))).collect()
    }

    /// Every leg of a call.
    pub(crate) fn of_call(&self, call: CallKey) -> Vec<LegId> {
        self.legs.iter().filter(|(_, leg)| leg.call == call).map(|(id, _)| *id).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.legs.len()
    }
}
