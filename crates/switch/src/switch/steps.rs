//! One step: what an input causes inside the core is settled before the next one, until nobody is
//! left to be told anything, no waiting caller can be given an agent, and who watches knows.

use std::collections::BTreeMap;

use acd::{Offer, Turned};
use call::port::{CallInput, LegEvent, LegId, Offered};
use model::agent_state::ChangeSource;
use model::{Now, UserId};
use sip::user_agent_core::{UaEvent, UaOutput};

use crate::commands::CallbackTurn;
use crate::legs::CallKey;
use crate::port::Effect;
use crate::switch::Switch;

impl Switch {
    pub(crate) fn due(&mut self, now: Now, effects: &mut Vec<Effect>) {
        self.ua.timeout(now.mono, &mut self.ua_out);
        self.expire_bindings(now, effects);
        self.floor.due(now);
        self.subscriptions_due(now);
        self.identities_due(now);
        while let Some(&(at, key)) = self.deadlines.first() {
            if at > now.mono {
                break;
            }
            self.deadlines.pop_first();
            if let Some(live) = self.calls.get_mut(&key) {
                live.deadline = None;
            }
            self.time_out(now, key, effects);
        }
    }

    /// Tells the call of a leg what happened on it.
    pub(crate) fn tell(&mut self, leg: LegId, event: LegEvent) {
        if let Some(entry) = self.legs.get(leg) {
            self.inbox.push_back((entry.call, CallInput::Leg(leg, event)));
        }
    }

    /// Works until nothing is left to be told to anybody.
    pub(crate) fn settle(&mut self, now: Now, effects: &mut Vec<Effect>) {
        loop {
            self.flush_media(effects);
            if !self.ua_out.is_empty() {
                for output in std::mem::take(&mut self.ua_out) {
                    match output {
                        UaOutput::Transmit { flow, bytes } => {
                            effects.push(Effect::Transmit { flow, bytes });
                        }
                        UaOutput::Resolve { id, host, port, transport } => {
                            effects.push(Effect::Resolve { id, host, port, transport });
                        }
                        UaOutput::Event(event) => self.event(now, event, effects),
                    }
                }
            } else if let Some((key, control)) = self.under_way.wants.pop_front() {
                self.control(now, key, control, effects);
            } else if let Some((key, input)) = self.inbox.pop_front() {
                self.deliver(now, key, input, effects);
            } else if self.answer_refers(now) || self.answer_orders(now, effects) {
                // What nobody answered is refused, and told.
            } else if !self.dispatch(now, effects) {
                self.tell_watchers(now, effects);
                if self.ua_out.is_empty() {
                    break;
                }
            }
        }
    }

    /// Gives one waiting caller his turn, if there is an agent for one.
    fn dispatch(&mut self, now: Now, effects: &mut Vec<Effect>) -> bool {
        let Some(Offer { to, members, round }) = self.floor.dispatch(now) else {
            return false;
        };
        match to {
            Turned::Caller(call) => match self.keys.get(&call) {
                Some(&key) => {
                    self.counters.offers += u64::from(!members.is_empty());
                    self.inbox.push_back((key, CallInput::Offered(Offered { members, round })));
                }
                None => self.floor.forget(&call, now),
            },
            Turned::Callback { place, callback } => {
                // One member at a time calls back.
                if let Some((user, group)) = members.into_iter().next() {
                    self.call_back(now, CallbackTurn { place, callback, user, group }, effects);
                }
            }
        }
        true
    }

    /// Tells the outside what agents do, and telephones what they watch.
    fn tell_watchers(&mut self, now: Now, effects: &mut Vec<Effect>) {
        // Between ringing and talking nobody was available for a moment: of what one step did to
        // an agent only the end is told, and what somebody decided about him.
        let changes = self.floor.changes();
        let last: BTreeMap<UserId, usize> = match changes.len() {
            // As nearly always.
            0 | 1 => BTreeMap::new(),
            _ => changes.iter().enumerate().map(|(at, it)| (it.user.clone(), at)).collect(),
        };
        for (at, change) in changes.into_iter().enumerate() {
            let decided = match change.source {
                ChangeSource::Missed | ChangeSource::Phone | ChangeSource::Api => true,
                ChangeSource::Start
                | ChangeSource::Registration
                | ChangeSource::Alert
                | ChangeSource::Call
                | ChangeSource::Time
                | ChangeSource::Directory => false,
            };
            if decided || last.is_empty() || last.get(&change.user) == Some(&at) {
                self.away_changed.insert(change.user.clone());
                effects.push(Effect::Agent(change));
            }
        }
        self.notify_watchers(now);
    }

    fn flush_media(&mut self, effects: &mut Vec<Effect>) {
        effects.extend(self.media_out.drain(..).map(Effect::Media));
    }

    fn event(&mut self, now: Now, event: UaEvent, effects: &mut Vec<Effect>) {
        match event {
            UaEvent::Invited { invite, flow, request } => {
                self.invited(now, invite, flow, &request, effects);
            }
            UaEvent::Cancelled { invite, .. } => self.caller_gave_up(invite),
            UaEvent::Confirmed { dialog, body } => self.confirmed(now, dialog, &body),
            UaEvent::Unconfirmed { dialog } | UaEvent::Bye { dialog, .. } => {
                self.dialog_over(dialog);
            }
            UaEvent::DialogLost { dialog } => {
                if !self.forget_subscription(now, dialog) {
                    self.dialog_over(dialog);
                }
            }
            UaEvent::Responded { id, response, status } => {
                if !self.refer_notified(now, id, status) && !self.update_answered(now, id, status) {
                    self.notified(now, id, status, response.as_ref());
                }
            }
            UaEvent::Trying { invite } => self.reached(invite),
            UaEvent::Progress { invite, dialog, response } => {
                self.progress(invite, dialog, &response);
            }
            UaEvent::Accepted { invite, dialog, response } => {
                self.fork_accepted(now, invite, dialog, &response);
            }
            UaEvent::Rejected { invite, status, .. } => {
                self.fork_rejected(now, invite, status, effects);
            }
            UaEvent::Refused2xx { invite } => self.fork_crossed(invite),
            UaEvent::ReInvited { dialog, request } => self.reinvited(now, dialog, &request),
            UaEvent::ReInviteAcked { dialog, body } => self.reinvite_acked(dialog, &body),
            UaEvent::ReInviteAnswered { dialog, response } => {
                self.reinvite_answered(now, dialog, &response);
            }
            UaEvent::ReInviteFailed { dialog, status } => {
                self.reinvite_failed(now, dialog, status);
            }
            // A cancelled one changes nothing.
            UaEvent::ReInviteCancelled { .. } => {}
            UaEvent::Requested { id, dialog, flow, request } => {
                self.requested(now, id, dialog, flow, &request, effects);
            }
            // What a caller says while it rings waits for our 2xx.
            UaEvent::RequestedEarly { id, request, .. } => self.requested_early(now, id, &request),
        }
    }

    /// Puts a call's deadline into the queue.
    pub(crate) fn schedule(&mut self, key: CallKey) {
        let Some(live) = self.calls.get_mut(&key) else {
            return;
        };
        let deadline = live.call.deadline();
        if live.deadline == deadline {
            return;
        }
        if let Some(old) = live.deadline {
            self.deadlines.remove(&(old, key));
        }
        live.deadline = deadline;
        if let Some(new) = deadline {
            self.deadlines.insert((new, key));
        }
    }

    /// Takes a finished call out.
    pub(crate) fn forget(&mut self, key: CallKey) {
        if let Some(live) = self.calls.remove(&key) {
            self.keys.remove(live.call.id());
            if let Some(at) = live.deadline {
                self.deadlines.remove(&(at, key));
            }
        }
    }
}
