//! Call control between calls: orders from outside telephony, REFER, INVITE with Replaces, and
//! codes that are about another call. The switch sees which calls and legs are meant, whether who
//! asks is a party of them, and moves legs from one call to another; what happens to a call is
//! decided by the call.

use call::port::{Command, Control, LegId, OrderId, Orderer, Refusal, Shown};
use model::{CallId, Now};

use crate::legs::CallKey;
use crate::port::Effect;
use crate::switch::Switch;

impl Switch {
    /// An order, not by telephone.
    pub(crate) fn order(
        &mut self,
        _now: Now,
        order: OrderId,
        _call: &CallId,
        _by: Orderer,
        _command: Command,
        effects: &mut Vec<Effect>,
    ) {
        effects.push(Effect::Answered { order, answer: Err((Refusal::NoCall, None)) });
    }

    /// A call has answered an order.
    pub(crate) fn ordered(
        &mut self,
        _key: CallKey,
        order: OrderId,
        _answer: Result<(), Refusal>,
        effects: &mut Vec<Effect>,
    ) {
        effects.push(Effect::Answered { order, answer: Err((Refusal::NoCall, None)) });
    }

    /// The caller of this call has dialled a code that is about another one.
    pub(crate) fn control(&mut self, _now: Now, key: CallKey, _control: Control) {
        self.inbox.push_back((key, call::port::CallInput::Granted(Err(404))));
    }

    pub(crate) fn identify(&mut self, _now: Now, _leg: LegId, _shown: &Shown) {}

    pub(crate) fn accept_refer(&mut self, _now: Now, _leg: LegId) {}

    pub(crate) fn refuse_refer(&mut self, _now: Now, _leg: LegId, _status: u16) {}

    pub(crate) fn notify_refer(&mut self, _now: Now, _leg: LegId, _status: u16) {}

    pub(crate) fn prompt(&mut self, _now: Now, _leg: LegId) {}
}
