//! Codes that are about another call, and an INVITE with Replaces, which is one that is not dialled:
//! which call is meant, and whether who asks may.

use call::port::{CallInput, Control};
use model::Now;

use crate::legs::CallKey;
use crate::port::Effect;
use crate::switch::Switch;

impl Switch {
    /// The caller of this call has dialled a code that is about another one.
    pub(crate) fn control(
        &mut self,
        _now: Now,
        key: CallKey,
        _control: Control,
        _effects: &mut Vec<Effect>,
    ) {
        self.inbox.push_back((key, CallInput::Granted(Err(404))));
    }
}
