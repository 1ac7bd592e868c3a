//! Codes that are about another call, and an INVITE with Replaces, which is one that is not
//! dialled: which call is meant, and whether who asks may. The caller's leg goes over into that
//! call, or he hears what came of it, or gets a status.

use std::collections::BTreeSet;
use std::sync::Arc;

use call::port::{Adoption, CallInput, Command, Control, LegId, Orderer, Refusal, Supervision};
use model::{Now, UserId};

use crate::legs::{CallKey, Role};
use crate::port::Effect;
use crate::switch::Switch;

/// Nobody, or nothing, that was meant.
const NOTHING: u16 = 404;

impl Switch {
    /// The caller of this call has dialled a code that is about another one.
    pub(crate) fn control(
        &mut self,
        now: Now,
        key: CallKey,
        control: Control,
        effects: &mut Vec<Effect>,
    ) {
        let caller = self.caller_of(key);
        let outcome = match caller {
            None => Err(NOTHING),
            Some(user) => self.controlled(now, key, user, control, effects),
        };
        if let Err(status) = outcome {
            self.inbox.push_back((key, CallInput::Granted(Err(status))));
        }
    }

    fn controlled(
        &mut self,
        now: Now,
        key: CallKey,
        user: UserId,
        control: Control,
        effects: &mut Vec<Effect>,
    ) -> Result<(), u16> {
        let (survivor, adoption) = match control {
            Control::PickUp(of) => {
                if !self.may_pick_up(&user, &of) {
                    return Err(403);
                }
                let (longest, of) = self.longest_ringing(key, [&of].into_iter())?;
                (longest, Adoption::Pickup { user, of })
            }
            Control::PickUpGroup => {
                let colleagues = self.colleagues(&user);
                let (longest, of) = self.longest_ringing(key, colleagues.iter())?;
                (longest, Adoption::Pickup { user, of })
            }
            Control::Park(slot) => return self.park_held(key, user, slot.as_deref()),
            Control::Retrieve(slot) => {
                (self.parked_in(&slot).ok_or(NOTHING)?, Adoption::Retrieval { user })
            }
            Control::Move => {
                let (survivor, replaced) = self.own_call(key, &user).ok_or(NOTHING)?;
                (survivor, Adoption::Replacement { user, replaced })
            }
            Control::Conference => {
                let survivor = self.unite_held(now, key, &user, effects)?;
                let replaced = self.leg_in(survivor, &user).ok_or(NOTHING)?;
                (survivor, Adoption::Replacement { user, replaced })
            }
            Control::Supervise(of, how) => self.supervised(user, of, how)?,
            Control::Replace(leg) => self.replaced(user, leg)?,
        };
        self.join(now, (survivor, key), adoption, effects).map_err(Refusal::sip_status)
    }

    /// Whether a user may take what rings at another: at himself, or at a colleague.
    pub(crate) fn may_pick_up(&self, user: &UserId, of: &UserId) -> bool {
        user == of || self.colleagues(user).contains(of)
    }

    /// Everybody who shares a group with a user.
    fn colleagues(&self, user: &UserId) -> BTreeSet<UserId> {
        let his = self.directory.groups().filter(|group| group.members.contains(user));
        his.flat_map(|group| group.members.iter().cloned()).collect()
    }

    fn caller_of(&self, key: CallKey) -> Option<UserId> {
        let mut legs = self.calls.get(&key)?.call.legs();
        self.legs.get(legs.next()?)?.user.clone()
    }

    /// The call that rings longest at any of these, and at whom.
    fn longest_ringing<'u>(
        &self,
        but: CallKey,
        users: impl Iterator<Item = &'u UserId>,
    ) -> Result<(CallKey, UserId), u16> {
        let ringing = users.flat_map(|user| {
            let calls = self.floor.calls_ringing(user).filter_map(|call| self.keys.get(call));
            calls.filter(|key| **key != but).filter_map(move |key| {
                let since = self.calls.get(key)?.call.rings_since(user)?;
                Some((since, *key, user))
            })
        });
        ringing.min().map(|(_, key, user)| (key, user.clone())).ok_or(NOTHING)
    }

    /// The calls on which a user has a line that is up, and that line, the newest first.
    fn lines_of(&self, user: &UserId, but: CallKey) -> Vec<(CallKey, LegId)> {
        let up = self.legs.of_user(user).filter(|(leg, entry)| {
            entry.dialog.is_some() && entry.call != but && !self.is_let_go(*leg)
        });
        let mut lines: Vec<_> = up.map(|(leg, entry)| (entry.call, leg)).collect();
        lines.sort_unstable_by(|a, b| b.cmp(a));
        lines
    }

    fn leg_in(&self, key: CallKey, user: &UserId) -> Option<LegId> {
        let mut legs = self.legs.of_user(user).filter(|(leg, entry)| {
            entry.call == key && entry.dialog.is_some() && !self.is_let_go(*leg)
        });
        legs.next().map(|(leg, _)| leg)
    }

    /// The call that a user is on with another of his devices.
    fn own_call(&self, but: CallKey, user: &UserId) -> Option<(CallKey, LegId)> {
        let is_on = |(key, _): &(CallKey, LegId)| {
            self.calls.get(key).is_some_and(|live| live.call.is_with(user))
        };
        self.lines_of(user, but).into_iter().find(is_on)
    }

    fn held_by(&self, user: &UserId, but: CallKey) -> Vec<CallKey> {
        let mut held: Vec<CallKey> = self
            .lines_of(user, but)
            .into_iter()
            .map(|(key, _)| key)
            .filter(|key| self.calls.get(key).is_some_and(|live| live.call.holds(user)))
            .collect();
        held.dedup();
        held
    }

    /// The call that he holds waits in a slot, whose number he hears.
    fn park_held(&mut self, key: CallKey, user: UserId, slot: Option<&str>) -> Result<(), u16> {
        let held = self.held_by(&user, key).first().copied().ok_or(NOTHING)?;
        let slot: Arc<str> = self.slot_for(slot).ok_or(486_u16)?;
        let order = self.under_way.orders.of_code(key, Some(slot.clone()));
        let command = Command::Park { user: user.clone(), slot };
        self.inbox.push_back((held, CallInput::Order(order, Orderer::User(user), command)));
        Ok(())
    }

    /// All calls that he holds become one, on which everybody is in a conference.
    fn unite_held(
        &mut self,
        now: Now,
        key: CallKey,
        user: &UserId,
        effects: &mut Vec<Effect>,
    ) -> Result<CallKey, u16> {
        let mut held = self.held_by(user, key).into_iter();
        let mut survivor = held.next().ok_or(NOTHING)?;
        for other in held {
            let user = user.clone();
            let all = Adoption::Consultation { user, complete: false, referred: None };
            survivor =
                self.unite(now, (survivor, other), all, effects).map_err(Refusal::sip_status)?;
        }
        Ok(survivor)
    }

    fn supervised(
        &self,
        by: UserId,
        of: UserId,
        how: Supervision,
    ) -> Result<(CallKey, Adoption), u16> {
        let role = self.directory.user(&by).is_some_and(|by| by.is_supervisor());
        if !role || by == of {
            return Err(403);
        }
        let lines = self.lines_of(&of, 0);
        let adoption = Adoption::Supervisor { by, of, how };
        let takes = |key: &CallKey| {
            let live = self.calls.get(key);
            live.is_some_and(|live| live.call.takes(&adoption, &self.config.call).is_ok())
        };
        let found = lines.iter().map(|(key, _)| *key).find(takes);
        // The call itself says why not.
        let found = found.or_else(|| lines.first().map(|(key, _)| *key));
        Ok((found.ok_or(NOTHING)?, adoption))
    }

    fn replaced(&self, user: UserId, replaced: LegId) -> Result<(CallKey, Adoption), u16> {
        let entry = self.legs.get(replaced).ok_or(481_u16)?;
        let adoption = match (&entry.role, entry.dialog, &entry.user) {
            (_, Some(_), Some(of)) if *of == user => Adoption::Replacement { user, replaced },
            (Role::Dialled(_), None, Some(of)) => Adoption::Pickup { user, of: of.clone() },
            (Role::Anchor(_) | Role::Dialled(_), _, _) => return Err(403),
        };
        Ok((entry.call, adoption))
    }
}
