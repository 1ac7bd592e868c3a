//! What is remembered beyond dialogs and calls: under which name media's last figures of a leg are
//! kept, whose a report of a telephone is, which comes after the BYE, and whose recordings are not
//! closed. All tables are bounded; what falls out is a figure that is not kept.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use call::port::{LegId, RecordingId};
use model::CallId;
use model::call_graph::event::BridgeLeg;

use super::CallKey;

/// Legs with a name of which media has not reported the end; more than can be live unless more
/// than 65,000 calls are allowed.
pub(crate) const NAMED_LEGS: usize = 131_072;
/// Recordings that media has not closed; more than disks write at a time.
pub(crate) const OPEN_RECORDINGS: usize = 65_536;
/// SIP Call-IDs of legs that are over.
pub(crate) const PAST_CALL_IDS: usize = 16_384;

/// The names that rows have for legs, until media has reported their end.
#[derive(Debug, Default)]
pub(crate) struct Names {
    names: BTreeMap<LegId, (CallId, BridgeLeg)>,
}

impl Names {
    pub(crate) fn insert(&mut self, leg: LegId, call: CallId, name: BridgeLeg) {
        self.insert_within(NAMED_LEGS, leg, call, name);
    }

    fn insert_within(&mut self, limit: usize, leg: LegId, call: CallId, name: BridgeLeg) {
        self.names.insert(leg, (call, name));
        while self.names.len() > limit {
            // The oldest leg has the lowest number.
            self.names.pop_first();
        }
    }

    pub(crate) fn remove(&mut self, leg: LegId) -> Option<(CallId, BridgeLeg)> {
        self.names.remove(&leg)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

/// Recordings that media has not closed, and their calls.
#[derive(Debug, Default)]
pub(crate) struct OpenRecordings {
    calls: BTreeMap<RecordingId, CallKey>,
}

impl OpenRecordings {
    pub(crate) fn insert(&mut self, recording: RecordingId, call: CallKey) {
        self.insert_within(OPEN_RECORDINGS, recording, call);
    }

    fn insert_within(&mut self, limit: usize, recording: RecordingId, call: CallKey) {
        self.calls.insert(recording, call);
        while self.calls.len() > limit {
            // Named after their calls, whose ids grow with time: the oldest is the first.
            self.calls.pop_first();
        }
    }

    pub(crate) fn remove(&mut self, recording: &RecordingId) {
        self.calls.remove(recording);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    pub(crate) fn call(&self, recording: &RecordingId) -> Option<CallKey> {
        self.calls.get(recording).copied()
    }

    /// Those of a call.
    pub(crate) fn of_call(&self, call: CallKey) -> Vec<RecordingId> {
        let ours = self.calls.iter().filter(|(_, owner)| **owner == call);
        ours.map(|(recording, _)| recording.clone()).collect()
    }
}

/// SIP Call-IDs of legs, of live ones and of the last that are over.
#[derive(Debug, Default)]
pub(crate) struct SipCallIds {
    /// The newest call of each, and how many legs below have it: peers choose Call-IDs.
    calls: BTreeMap<Arc<str>, (CallId, u32)>,
    live: BTreeMap<LegId, Arc<str>>,
    past: VecDeque<Arc<str>>,
}

impl SipCallIds {
    /// A leg has this Call-ID from now on.
    pub(crate) fn insert(&mut self, leg: LegId, sip_call_id: Arc<str>, call: CallId) {
        let entry = self.calls.entry(sip_call_id.clone()).or_insert_with(|| (call.clone(), 0));
        *entry = (call, entry.1 + 1);
        if let Some(before) = self.live.insert(leg, sip_call_id) {
            self.release(&before);
        }
    }

    /// A leg belongs to another call from now on.
    pub(crate) fn hand_over(&mut self, leg: LegId, call: &CallId) {
        let known = self.live.get(&leg).and_then(|sip_call_id| self.calls.get_mut(sip_call_id));
        if let Some((of, _)) = known {
            *of = call.clone();
        }
    }

    /// A leg is over; its Call-ID is known for a while.
    pub(crate) fn leg_over(&mut self, leg: LegId) {
        self.leg_over_within(PAST_CALL_IDS, leg);
    }

    fn leg_over_within(&mut self, limit: usize, leg: LegId) {
        if let Some(sip_call_id) = self.live.remove(&leg) {
            self.past.push_back(sip_call_id);
        }
        if self.past.len() > limit
            && let Some(oldest) = self.past.pop_front()
        {
            self.release(&oldest);
        }
    }

    fn release(&mut self, sip_call_id: &Arc<str>) {
        if let Some((_, holders)) = self.calls.get_mut(sip_call_id) {
            *holders -= 1;
            if *holders == 0 {
                self.calls.remove(sip_call_id);
            }
        }
    }

    /// The Call-ID of a live leg.
    pub(crate) fn of(&self, leg: LegId) -> Option<Arc<str>> {
        self.live.get(&leg).cloned()
    }

    /// The call that has, or lately had, a leg with this Call-ID.
    pub(crate) fn call(&self, sip_call_id: &str) -> Option<&CallId> {
        self.calls.get(sip_call_id).map(|(call, _)| call)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(name: &str) -> CallId {
        CallId::from(name)
    }

    #[test]
    fn a_leg_that_media_forgets_does_not_stay_for_ever() {
        let mut names = Names::default();
        for leg in 1..=10 {
            names.insert_within(3, LegId(leg), call("a"), BridgeLeg::Anchor);
        }
        assert_eq!(names.names.len(), 3);
        assert_eq!(names.remove(LegId(7)), None);
        assert_eq!(names.remove(LegId(8)), Some((call("a"), BridgeLeg::Anchor)));
        assert_eq!(names.remove(LegId(8)), None);
    }

    #[test]
    fn a_recording_that_media_forgets_does_not_stay_for_ever() {
        let mut recordings = OpenRecordings::default();
        let id = |number: u64| RecordingId(format!("call-r{number}").into());
        for number in 1..=9 {
            recordings.insert_within(4, id(number), number % 2);
        }
        assert_eq!(recordings.call(&id(5)), None);
        assert_eq!(recordings.call(&id(6)), Some(0));
        assert_eq!(recordings.of_call(1), [id(7), id(9)]);
        recordings.remove(&id(7));
        assert_eq!(recordings.of_call(1), [id(9)]);
    }

    #[test]
    fn a_call_id_is_known_for_a_while_after_its_leg() {
        let mut ids = SipCallIds::default();
        for leg in 1..=5 {
            ids.insert(LegId(leg), format!("id-{leg}").into(), call(&format!("call-{leg}")));
            ids.leg_over_within(2, LegId(leg));
            // A leg that never had one.
            ids.leg_over_within(2, LegId(100 + leg));
        }
        let known: Vec<u64> =
            (1..=5).filter(|leg| ids.call(&format!("id-{leg}")).is_some()).collect();
        assert_eq!(known, [4, 5]);
    }

    #[test]
    fn one_call_id_of_two_legs_belongs_to_the_newer_call_until_both_are_forgotten() {
        let mut ids = SipCallIds::default();
        ids.insert(LegId(1), "same".into(), call("a"));
        ids.insert(LegId(2), "same".into(), call("b"));
        ids.leg_over_within(0, LegId(1));
        assert_eq!(ids.call("same"), Some(&call("b")));
        ids.insert(LegId(2), "other".into(), call("b"));
        assert_eq!(ids.call("same"), None);
        ids.leg_over_within(0, LegId(2));
        assert!(ids.calls.is_empty() && ids.live.is_empty() && ids.past.is_empty());
    }
}
