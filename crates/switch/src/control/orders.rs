//! Orders that do not come by telephone, and those that a telephone's REFER or code becomes. Every
//! order is answered in the step in which it came, whatever becomes of the call that is to obey it.

use std::collections::BTreeMap;
use std::sync::Arc;

use call::port::{CallInput, Command, Goal, LegId, OrderId, Orderer, Refusal, StageName, Standing};
use model::{CallId, Now, UserId};

use crate::legs::CallKey;
use crate::port::Effect;
use crate::requests::goals::{self, Wanted};
use crate::switch::Switch;

/// Orders of the switch itself have this bit.
const OWN: u64 = 1 << 63;

/// Orders that wait for their answer.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    open: BTreeMap<OrderId, For>,
    last: u64,
}

/// What an order's answer is for.
#[derive(Debug)]
enum For {
    /// Whoever gave it, not by telephone, about this call.
    Outside(CallId),
    /// The REFER on this leg.
    Refer(LegId),
    /// The call whose caller dialled a code; what he is told when it is obeyed.
    Code(CallKey, Option<Arc<str>>),
}

impl Orders {
    /// The order that a REFER becomes.
    pub(crate) fn of_refer(&mut self, leg: LegId) -> OrderId {
        self.own(For::Refer(leg))
    }

    /// The order that a code becomes.
    pub(crate) fn of_code(&mut self, key: CallKey, told: Option<Arc<str>>) -> OrderId {
        self.own(For::Code(key, told))
    }

    fn own(&mut self, purpose: For) -> OrderId {
        self.last += 1;
        let id = OrderId(OWN | self.last);
        self.open.insert(id, purpose);
        id
    }
}

impl Switch {
    /// An order, not by telephone.
    pub(crate) fn order(
        &mut self,
        order: OrderId,
        call: &CallId,
        by: Orderer,
        command: Command,
        effects: &mut Vec<Effect>,
    ) {
        let Some(&key) = self.keys.get(call) else {
            let answer = Err((Refusal::NoCall, None));
            return effects.push(Effect::Answered { order, answer });
        };
        match self.resolved(command) {
            Ok(command) => {
                self.under_way.orders.open.insert(order, For::Outside(call.clone()));
                self.inbox.push_back((key, CallInput::Order(order, by, command)));
            }
            Err(refusal) => {
                let standing = self.standing(key).map(Box::new);
                effects.push(Effect::Answered { order, answer: Err((refusal, standing)) });
            }
        }
    }

    /// A call has answered an order.
    pub(crate) fn ordered(
        &mut self,
        now: Now,
        key: CallKey,
        order: OrderId,
        answer: Result<(), Refusal>,
        effects: &mut Vec<Effect>,
    ) {
        let standing = match self.under_way.orders.open.get(&order) {
            Some(For::Outside(_)) => self.standing(key),
            Some(For::Refer(_) | For::Code(..)) | None => None,
        };
        self.answer_order(now, order, answer, standing, effects);
    }

    /// No order of this step stays without an answer. Whether there was one.
    pub(crate) fn answer_orders(&mut self, now: Now, effects: &mut Vec<Effect>) -> bool {
        let mut any = false;
        while let Some(&order) = self.under_way.orders.open.keys().next() {
            any = true;
            self.answer_order(now, order, Err(Refusal::NoCall), None, effects);
        }
        any
    }

    fn answer_order(
        &mut self,
        now: Now,
        order: OrderId,
        answer: Result<(), Refusal>,
        standing: Option<Standing>,
        effects: &mut Vec<Effect>,
    ) {
        match self.under_way.orders.open.remove(&order) {
            None => {}
            Some(For::Outside(call)) => {
                let answer = match answer {
                    Ok(()) => Ok((call, standing.unwrap_or_else(ended))),
                    Err(refusal) => Err((refusal, standing.map(Box::new))),
                };
                effects.push(Effect::Answered { order, answer });
            }
            Some(For::Refer(leg)) => match answer {
                Ok(()) => {
                    self.accept_refer(now, leg);
                    self.notify_refer(now, leg, 200);
                }
                Err(refusal) => self.refuse_refer(now, leg, refusal.sip_status()),
            },
            Some(For::Code(key, told)) => {
                let answer = answer.map(|()| told).map_err(Refusal::sip_status);
                self.inbox.push_back((key, CallInput::Granted(answer)));
            }
        }
    }

    /// Puts what the switch knows into an order: who is reached by dialling something, which slot
    /// is free.
    fn resolved(&self, command: Command) -> Result<Command, Refusal> {
        Ok(match command {
            Command::Transfer { user, to: Goal::Dialled(text) } => {
                match self.dialled_by(&user, &text)? {
                    Wanted::Goal(to) => Command::Transfer { user, to },
                    Wanted::Park(slot) => self.parking(user, slot.as_deref())?,
                }
            }
            Command::Consult { user, to: Goal::Dialled(text) } => {
                let to = self.talks_at_once(&user, &text)?;
                Command::Consult { user, to }
            }
            Command::Add { user, to: Goal::Dialled(text) } => {
                let to = self.talks_at_once(&user, &text)?;
                Command::Add { user, to }
            }
            Command::Park { user, slot } => {
                self.parking(user, Some(&*slot).filter(|slot| !slot.is_empty()))?
            }
            command @ (Command::Transfer { .. }
            | Command::Consult { .. }
            | Command::Add { .. }
            | Command::Answer { .. }
            | Command::HangUp
            | Command::Remove { .. }
            | Command::Hold { .. }
            | Command::Resume { .. }
            | Command::Complete { .. }
            | Command::Abandon { .. }
            | Command::Swap { .. }
            | Command::Merge { .. }
            | Command::Mute { .. }
            | Command::SendDigits { .. }
            | Command::Play { .. }
            | Command::StopPlay
            | Command::Record(_)
            | Command::Move { .. }
            | Command::Supervise { .. }) => command,
        })
    }

    fn dialled_by(&self, user: &UserId, text: &str) -> Result<Wanted, Refusal> {
        let wanted = goals::of_text(&self.config, &self.directory, user, text.trim());
        let wanted = wanted.ok_or(Refusal::Goal)?;
        let may = goals::may_reach(&self.directory, user, &wanted);
        if may { Ok(wanted) } else { Err(Refusal::Forbidden) }
    }

    fn talks_at_once(&self, user: &UserId, text: &str) -> Result<Goal, Refusal> {
        match self.dialled_by(user, text)? {
            Wanted::Goal(goal) => Ok(goals::without_ivr(&self.config, &self.directory, goal, text)),
            Wanted::Park(_) => Err(Refusal::Goal),
        }
    }

    fn parking(&self, user: UserId, slot: Option<&str>) -> Result<Command, Refusal> {
        let slot = self.slot_for(slot).ok_or(Refusal::State)?;
        Ok(Command::Park { user, slot })
    }

    /// The slot that is wanted, or the first one, if it is free.
    pub(crate) fn slot_for(&self, wanted: Option<&str>) -> Option<Arc<str>> {
        let mut slots = self.config.slots.iter().filter(|slot| match wanted {
            Some(wanted) => ***slot == *wanted,
            None => true,
        });
        slots.find(|slot| self.parked_in(slot).is_none()).cloned()
    }

    /// The call that is parked in a slot. Linear in the calls: people park seldom.
    pub(crate) fn parked_in(&self, slot: &str) -> Option<CallKey> {
        let mut calls = self.calls.iter();
        let found = calls.find(|(_, live)| live.call.parked().is_some_and(|it| **it == *slot));
        found.map(|(key, _)| *key)
    }

    pub(crate) fn standing_or_ended(&self, key: Option<CallKey>) -> Standing {
        key.and_then(|key| self.standing(key)).unwrap_or_else(ended)
    }

    fn standing(&self, key: CallKey) -> Option<Standing> {
        self.calls.get(&key).map(|live| live.call.standing())
    }
}

/// How a call stands that is over.
fn ended() -> Standing {
    Standing { stage: StageName::Ended, parties: Vec::new(), searches: Vec::new(), parked: None }
}
