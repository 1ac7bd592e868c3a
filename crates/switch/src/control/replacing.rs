//! Two calls that become one, and the dialogs that Replaces names (RFC 3891): in a REFER by its URI
//! (RFC 5589 §7), or in an INVITE.
//!
//! Guarantees that only a user of a leg puts something in its place, that the call which goes on
//! has said that it takes the other before that one is given up, and that its legs belong to the
//! first from then on, whatever is still to be told of them.

use std::fmt;

use call::port::{Adoption, CallInput, LegId, Refusal};
use model::{Now, UserId};
use sip::message::{HeaderName, ReferTo, Replaces, Request};
use sip::user_agent_core::{DialogId, FoundDialog};

use crate::legs::{CallKey, Role};
use crate::port::Effect;
use crate::switch::Switch;

/// What stands for our tag of a leg's dialogs where others are told of them. Requests in dialogs
/// are not challenged, so that whoever knows both tags can hang up, transfer, or take the media of
/// a call; this serves for Replaces alone, which is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place(pub(crate) LegId);

impl Place {
    /// In front of the number of the leg; no tag of ours begins so.
    const PREFIX: &str = "leg-";

    fn read(tag: &str) -> Option<Self> {
        let number = tag.strip_prefix(Self::PREFIX)?;
        Some(Self(LegId(number.parse().ok()?)))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", Self::PREFIX, self.0.0)
    }
}

/// What a Replaces names here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    /// A leg that is established.
    Established(LegId),
    /// A leg of ours that rings.
    Rings(LegId),
    /// The leg of a caller who has not been answered.
    Calls(LegId),
    /// A leg that is over.
    Over,
}

impl Switch {
    /// REFER with Replaces: the user's two lines become one call, and he leaves both.
    pub(crate) fn refer_with_replaces(
        &mut self,
        now: Now,
        (leg, call, user): (LegId, CallKey, UserId),
        other: LegId,
        effects: &mut Vec<Effect>,
    ) -> Result<(), u16> {
        if other == leg {
            return Err(400);
        }
        let entry = self.legs.get(other).ok_or(481_u16)?;
        if entry.user.as_ref() != Some(&user) {
            return Err(403);
        }
        let other = entry.call;
        if other == call {
            return Err(Refusal::State.sip_status());
        }
        let adoption = Adoption::Consultation { user, complete: true, referred: Some(leg) };
        self.unite(now, (call, other), adoption, effects).map(|_| ()).map_err(Refusal::sip_status)
    }

    /// The leg that a REFER of this user names; `None`: none.
    ///
    /// # Errors
    /// The status with which the REFER is refused.
    pub(crate) fn line_named(&self, user: &UserId, target: &ReferTo) -> Result<Option<LegId>, u16> {
        let Some(replaces) = &target.replaces else {
            let call_id = target.replaces_call.as_deref();
            return call_id
                .map(|call_id| self.only_line_with(user, call_id).ok_or(481))
                .transpose();
        };
        let Replaces { call_id, to_tag, from_tag, early_only } = replaces;
        match self.named_by(call_id, to_tag, from_tag).ok_or(481_u16)? {
            Named::Established(_) if *early_only => Err(486),
            Named::Established(other) | Named::Calls(other) | Named::Rings(other) => {
                Ok(Some(other))
            }
            Named::Over => Err(481),
        }
    }

    /// The user's leg that his telephone calls so, if it is one.
    fn only_line_with(&self, user: &UserId, call_id: &str) -> Option<LegId> {
        let mut lines = self.legs.of_user(user).map(|(leg, _)| leg).filter(|leg| {
            let known = self.legs.sip_call_ids.of(*leg);
            known.as_deref() == Some(call_id) && !self.is_let_go(*leg)
        });
        let line = lines.next()?;
        lines.next().is_none().then_some(line)
    }

    /// The leg whose place a user's INVITE wants to take; `None`: it wants none.
    ///
    /// # Errors
    /// The status with which it is refused, before it becomes a call.
    pub(crate) fn replaced_by(
        &self,
        user: Option<&UserId>,
        request: &Request,
    ) -> Result<Option<LegId>, u16> {
        let headers = request.headers();
        if headers.values(HeaderName::Replaces).count() > 1 {
            return Err(400);
        }
        let Some(replaces) = headers.replaces().map_err(|_| 400_u16)? else {
            return Ok(None);
        };
        let user = user.ok_or(403_u16)?;
        let Replaces { call_id, to_tag, from_tag, early_only } = &replaces;
        // Who has learnt of the dialog from its document (RFC 4235) knows it as the watched
        // telephone does, whose place we have for everybody else.
        let named = self.named_by(call_id, to_tag, from_tag);
        let named = named.or_else(|| self.named_by(call_id, from_tag, to_tag));
        match named.ok_or(481_u16)? {
            Named::Over => Err(603),
            // RFC 3891 §3: whoever calls cannot be taken the place of before he is answered.
            Named::Calls(_) => Err(481),
            Named::Established(leg) => {
                let of = self.legs.get(leg).and_then(|leg| leg.user.as_ref());
                if of != Some(user) {
                    Err(403)
                } else if *early_only {
                    Err(486)
                } else {
                    Ok(Some(leg))
                }
            }
            Named::Rings(leg) => {
                let of = self.legs.get(leg).and_then(|leg| leg.user.as_ref());
                match of {
                    Some(of) if self.may_pick_up(user, of) => Ok(Some(leg)),
                    Some(_) | None => Err(403),
                }
            }
        }
    }

    fn named_by(&self, call_id: &str, local_tag: &str, remote_tag: &str) -> Option<Named> {
        if let Some(Place(leg)) = Place::read(local_tag) {
            return self.named_at(leg, call_id, remote_tag);
        }
        match self.ua.find_dialog(call_id, local_tag, remote_tag)? {
            FoundDialog::Ringing(invite) => self.legs.of_invite(invite).map(Named::Calls),
            FoundDialog::Early(dialog) => self.legs.of_early(dialog).map(Named::Rings),
            FoundDialog::Ended => Some(Named::Over),
            FoundDialog::Confirmed(dialog) => self
                .legs
                .of_dialog(dialog)
                .map(|leg| if self.is_let_go(leg) { Named::Over } else { Named::Established(leg) }),
        }
    }

    /// The same for a leg whose dialog is known from its document.
    fn named_at(&self, leg: LegId, call_id: &str, remote_tag: &str) -> Option<Named> {
        let entry = self.legs.get(leg)?;
        let fits = |dialog: DialogId| {
            let name = self.ua.dialog_name(dialog);
            name.is_some_and(|name| name.call_id == call_id && name.remote_tag == remote_tag)
        };
        match (entry.dialog, &entry.role) {
            (Some(dialog), _) if !fits(dialog) => None,
            (Some(_), _) if self.is_let_go(leg) => Some(Named::Over),
            (Some(_), _) => Some(Named::Established(leg)),
            (None, Role::Anchor(_)) => None,
            (None, Role::Dialled(dialled)) => {
                let rings = dialled.early.iter().any(|(_, dialog)| fits(*dialog));
                rings.then_some(Named::Rings(leg))
            }
        }
    }

    /// Two lines of a user become one call: the one that is to survive (`Call::outlives`), whose
    /// number comes back.
    pub(crate) fn unite(
        &mut self,
        now: Now,
        (one, other): (CallKey, CallKey),
        adoption: Adoption,
        effects: &mut Vec<Effect>,
    ) -> Result<CallKey, Refusal> {
        let call = |key: CallKey| self.calls.get(&key).map(|live| &live.call);
        let (first, second) = call(one).zip(call(other)).ok_or(Refusal::NoCall)?;
        let (survivor, given) = if first.outlives(second)? { (one, other) } else { (other, one) };
        self.join(now, (survivor, given), adoption, effects)?;
        Ok(survivor)
    }

    /// A call becomes part of another one.
    ///
    /// # Errors
    /// Why it does not; nothing has happened then.
    pub(crate) fn join(
        &mut self,
        now: Now,
        (survivor, other): (CallKey, CallKey),
        adoption: Adoption,
        effects: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        let taker = self.calls.get(&survivor).ok_or(Refusal::NoCall)?;
        let given = &self.calls.get(&other).ok_or(Refusal::NoCall)?.call;
        given.may_become_part_of(&taker.call, &adoption, &self.config.call)?;
        let into = taker.call.id().clone();
        let mut given = None;
        self.step(now, other, effects, |call, ctx| given = call.give_up(&into, ctx));
        let given = given.ok_or(Refusal::State)?;
        self.legs.hand_over(&given.legs, survivor, &into);
        for (key, input) in &mut self.inbox {
            // What is still to be told of a leg is told to the call that has it.
            let moved = |leg: &LegId| given.legs.contains(leg);
            if *key == other && matches!(input, CallInput::Leg(leg, _) if moved(leg)) {
                *key = survivor;
            }
        }
        self.deliver(now, survivor, CallInput::Adopt(adoption, Box::new(given)), effects);
        Ok(())
    }
}
