//! Calls that are ordered for a user: his telephone rings first, and then he is a caller as if he
//! had dialled, with the same rules about whom he reaches and what he shows.

use std::sync::Arc;

use call::port::{Devices, Goal, OrderId, Refusal};
use call::{Call, Originate};
use model::call_graph::words::Direction;
use model::{CallId, E164, Now, NumberId, UserId};

use crate::port::Effect;
use crate::requests::goals::{self, Wanted};
use crate::requests::routes;
use crate::switch::Switch;

/// What is ordered.
pub(crate) struct Wish {
    /// For whom.
    pub(crate) user: UserId,
    /// On which of his devices.
    pub(crate) devices: Devices,
    /// Whom he calls, as he would dial.
    pub(crate) to: Arc<str>,
    /// The Caller ID that he wishes.
    pub(crate) caller_id: Option<E164>,
}

impl Switch {
    pub(crate) fn originate(
        &mut self,
        now: Now,
        order: OrderId,
        wish: Wish,
        effects: &mut Vec<Effect>,
    ) {
        let answer = match self.originated(now, wish, effects) {
            Ok(call) => {
                let key = self.keys.get(&call).copied();
                Ok((call, self.standing_or_ended(key)))
            }
            Err(refusal) => Err((refusal, None)),
        };
        effects.push(Effect::Answered { order, answer });
    }

    fn originated(
        &mut self,
        now: Now,
        wish: Wish,
        effects: &mut Vec<Effect>,
    ) -> Result<CallId, Refusal> {
        let Wish { user, devices, to, caller_id } = wish;
        if self.directory.user(&user).is_none() {
            return Err(Refusal::NotThere);
        }
        let to = match goals::of_text(&self.config, &self.directory, &user, to.trim()) {
            Some(Wanted::Goal(goal)) => {
                goals::without_ivr(&self.config, &self.directory, goal, to.trim())
            }
            Some(Wanted::Park(_)) | None => return Err(Refusal::Goal),
        };
        let (direction, caller_id) = match &to {
            Goal::Outside { .. } => (Direction::Outbound, Some(self.shows(&user, caller_id)?)),
            Goal::User(_) | Goal::Group(_) | Goal::Ivr(_) | Goal::Dialled(_) => {
                (Direction::Internal, None)
            }
        };
        if self.draining || self.calls.len() >= self.config.limits.calls || self.stock.is_empty() {
            return Err(Refusal::Limit);
        }
        self.last_call += 1;
        let key = self.last_call;
        let id = CallId::generate(now.wall, self.random.bytes());
        let node = self.config.node.clone();
        let wish = Originate { user, devices, to, caller_id, node };
        let call = (key, id.clone());
        self.try_begin(now, call, direction, effects, |id, ctx| Call::originate(id, wish, ctx))?;
        Ok(id)
    }

    /// The number that a call outside shows: one of the user's or of his groups'.
    fn shows(&self, user: &UserId, wished: Option<E164>) -> Result<NumberId, Refusal> {
        let Some(wished) = wished else {
            let number = self.directory.default_number_of_user(user).ok_or(Refusal::Forbidden)?;
            return Ok(number.id.clone());
        };
        let number = self.directory.number_by_e164(&wished).ok_or(Refusal::Forbidden)?;
        let may = routes::may_show(&self.directory, user, number);
        if may { Ok(number.id.clone()) } else { Err(Refusal::Forbidden) }
    }
}
