//! What was recorded of a call that may become part of another one (D34): only calls that a user
//! has made can. It is read off the effects of each step, so nothing is recorded that is not in it.

use model::CallId;
use model::call_graph::Recorded;
use model::call_graph::event::CallEvent;

use crate::port::CallOutput;

/// Events of one call that are kept for it. A call with more stays a call of its own.
pub(crate) const KEPT: usize = 256;

/// The log.
#[derive(Debug, Default)]
pub(crate) struct Log {
    events: Vec<Recorded>,
    /// More has happened than is kept, or what cannot be moved.
    spoilt: bool,
}

impl Log {
    /// Keeps what this step has recorded of the call.
    pub(crate) fn follow(&mut self, call: &CallId, effects: &[CallOutput]) {
        for effect in effects {
            if let CallOutput::Record(recorded) = effect
                && recorded.call == *call
            {
                self.keep(recorded);
            }
        }
    }

    fn keep(&mut self, recorded: &Recorded) {
        let absorbs = matches!(recorded.event, CallEvent::Absorbed(_));
        self.spoilt |= self.events.len() >= KEPT || absorbs;
        if self.spoilt {
            self.events = Vec::new();
        } else {
            self.events.push(recorded.clone());
        }
    }

    /// Whether everything is there.
    pub(crate) fn is_whole(&self) -> bool {
        !self.spoilt
    }

    /// Everything, from its beginning.
    pub(crate) fn take(&mut self) -> Vec<Recorded> {
        std::mem::take(&mut self.events)
    }
}
