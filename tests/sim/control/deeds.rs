//! What a telephone does to its calls: REFER, a second line, codes, INVITE with Replaces.

use std::time::Duration;

use phone::{CallPlan, Dial, PhoneCallId};

use crate::random::Random;
use crate::world::{PeerId, World};

/// Whoever calls hangs up some time.
const TALKS: CallPlan =
    CallPlan { give_up_after: None, hang_up_after: Some(Duration::from_secs(50)) };

impl World {
    /// The calls of a phone that are answered, the oldest first.
    fn answered(&self, peer: PeerId) -> Vec<PhoneCallId> {
        self.peers[peer].talking.iter().copied().collect()
    }

    /// A phone hands on the call that it has had longest.
    pub(crate) fn refer(&mut self, peer: PeerId, to: &str) {
        let Some(call) = self.answered(peer).first().copied() else { return };
        self.note(|world| format!("{} refers {} to {to}", world.peers[peer].name, call.number()));
        self.with(peer, |phone, now, out| phone.refer(now, call, to, out));
    }

    /// A phone puts its call on hold and makes another one.
    pub(crate) fn second_line(&mut self, peer: PeerId, to: &str) {
        let Some(call) = self.answered(peer).first().copied() else { return };
        self.with(peer, |phone, now, out| phone.hold(now, call, out));
        let to = to.to_owned();
        self.at(self.now + Duration::from_millis(300), move |world| {
            world.dial(peer, Dial::number(to).plan(TALKS));
        });
    }

    /// A phone hands its oldest call on to the other side of its newest, however far that is.
    pub(crate) fn refer_to_other(&mut self, peer: PeerId) {
        let newest = self.peers[peer].phone.calls().map(|(call, _)| call).last();
        let (Some(first), Some(other)) = (self.answered(peer).first().copied(), newest) else {
            return;
        };
        if first != other {
            let numbers = (first.number(), other.number());
            self.note(|world| format!("{} joins {numbers:?}", world.peers[peer].name));
            self.with(peer, |phone, now, out| phone.refer_to_call(now, first, other, out));
        }
    }

    /// A phone gives up its newest call and takes the oldest off hold.
    pub(crate) fn back_to_first(&mut self, peer: PeerId) {
        let calls: Vec<_> = self.peers[peer].phone.calls().map(|(call, _)| call).collect();
        let [first, .., newest] = calls[..] else { return };
        self.note(|world| format!("{} goes back", world.peers[peer].name));
        self.with(peer, |phone, now, out| phone.hang_up(now, newest, out));
        self.with(peer, |phone, now, out| phone.resume(now, first, out));
    }

    /// A phone dials a code.
    pub(crate) fn code(&mut self, peer: PeerId, code: &str) {
        self.dial(peer, Dial::number(code).plan(TALKS));
    }

    /// A phone takes the place of one that rings, whether it may or not.
    pub(crate) fn take_ringing(&mut self, peer: PeerId, random: &mut Random) {
        let ringing: Vec<_> = (0..self.peers.len())
            .filter(|other| self.peers[*other].user.is_some() && *other != peer)
            .flat_map(|other| {
                let known = &self.peers[other];
                let calls = known.phone.calls().map(|(call, _)| call);
                calls.filter(|call| !known.talking.contains(call)).map(move |call| (other, call))
            })
            .collect();
        if ringing.is_empty() {
            return;
        }
        let (other, call) = *random.pick(&ringing);
        let early_only = random.chance(500);
        self.replace(peer, other, call, early_only);
    }

    /// A phone takes the place of another device of its user, or says the code for it.
    pub(crate) fn other_device(&mut self, peer: PeerId, replaces: bool) {
        let user = self.peers[peer].user;
        let mut others = (0..self.peers.len())
            .filter(|other| *other != peer && self.peers[*other].user == user && user.is_some());
        let Some(other) = others.next() else { return };
        match self.answered(other).first().copied() {
            Some(call) if replaces => self.replace(peer, other, call, false),
            Some(_) | None => self.code(peer, "*22"),
        }
    }

    /// INVITE with Replaces of somebody else's dialog.
    pub(crate) fn replace(
        &mut self,
        peer: PeerId,
        other: PeerId,
        call: PhoneCallId,
        early_only: bool,
    ) {
        let known = &self.peers[other];
        let Some(name) = known.phone.dialog_name(call) else { return };
        let whom = known.user.unwrap_or("carrier");
        let replaces = name.replaces(early_only);
        self.note(|world| format!("{} replaces a call of {whom}", world.peers[peer].name));
        self.dial(peer, Dial::number(whom).replacing(&replaces).plan(TALKS));
    }
}
