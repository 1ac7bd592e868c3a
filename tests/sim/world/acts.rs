//! What people and the system do to a run, each with its line in the ladder.

use std::sync::Arc;
use std::time::Duration;

use model::UserId;
use model::directory::{Availability, Directory};
use model::voicemail::VoicemailChange;
use phone::{PhoneCallId, PhoneEvent, Watch};
use sip::message::{Body, HeaderName};
use switch::Input;

use super::{PeerId, World};

impl World {
    fn name(&self, peer: PeerId) -> &str {
        &self.peers[peer].name
    }

    pub(crate) fn register(&mut self, peer: PeerId) {
        // A carrier does not register.
        if self.peers[peer].user.is_some() {
            self.note(|world| format!("{} registers", world.name(peer)));
            self.with(peer, |phone, now, out| phone.register(now, out));
        }
    }

    pub(crate) fn leave(&mut self, peer: PeerId) {
        if self.peers[peer].user.is_some() {
            self.note(|world| format!("{} unregisters", world.name(peer)));
            self.with(peer, |phone, now, out| phone.unregister(now, out));
        }
    }

    fn calls(&self, peer: PeerId) -> Vec<PhoneCallId> {
        self.peers[peer].phone.calls().map(|(call, _)| call).collect()
    }

    pub(crate) fn hold(&mut self, peer: PeerId) {
        self.note(|world| format!("{} holds", world.name(peer)));
        for call in self.calls(peer) {
            self.with(peer, |phone, now, out| phone.hold(now, call, out));
        }
    }

    pub(crate) fn resume(&mut self, peer: PeerId) {
        self.note(|world| format!("{} resumes", world.name(peer)));
        for call in self.calls(peer) {
            self.with(peer, |phone, now, out| phone.resume(now, call, out));
        }
    }

    /// Presses a key whose digit the phone sends by INFO.
    pub(crate) fn press(&mut self, peer: PeerId) {
        self.note(|world| format!("{} presses a key", world.name(peer)));
        for call in self.calls(peer) {
            self.key(peer, call, '7');
        }
    }

    fn key(&mut self, peer: PeerId, call: PhoneCallId, key: char) {
        let text = format!("Signal={key}\r\nDuration=200\r\n");
        let body = Some(Body::new("application/dtmf-relay", text));
        self.with(peer, |phone, now, out| phone.info(now, call, Vec::new(), body, out));
    }

    /// Presses keys in one call, each so long after the one before, the first at once.
    pub(crate) fn type_in(&mut self, peer: PeerId, call: PhoneCallId, keys: &str, apart: Duration) {
        for (place, key) in keys.chars().enumerate() {
            let at = self.now + apart * place as u32;
            self.at(at, move |world| {
                world.note(|world| format!("{} presses {key}", world.name(peer)));
                world.key(peer, call, key);
            });
        }
    }

    /// Watches something for so many seconds.
    pub(crate) fn watch(&mut self, peer: PeerId, event: &str, whom: &str, expires_s: u32) {
        if self.peers[peer].user.is_none() {
            return;
        }
        self.note(|world| format!("{} watches {event} of {whom}", world.name(peer)));
        let number = self.peers[peer].watches.len();
        let call_id = format!("watch-{peer}-{number}-{}@sim", self.now.as_micros());
        let watch = Watch { event, whom, expires_s, call_id: &call_id };
        self.with(peer, |phone, now, out| phone.watch(now, watch, out));
        self.peers[peer].watches.insert(call_id);
    }

    /// Somebody chooses at a screen whether groups may offer a user calls.
    pub(crate) fn choose(&mut self, user: &'static str, availability: Availability) {
        self.note(|_| format!("{user} is {availability:?}"));
        let user = UserId::from(user);
        self.input(Input::Availability { user, availability, reason: None });
    }

    /// Somebody reads or deletes the newest message at a screen.
    pub(crate) fn read_mail(&mut self, deletes: bool) {
        let Some((id, mailbox)) = self.store.newest_message() else {
            return;
        };
        self.note(|_| format!("{id} is read, deleted: {deletes}"));
        let (by, at) = (UserId::from("alice"), super::wall(self.now).wall);
        self.input(Input::Mailbox(if deletes {
            VoicemailChange::Deleted { id, mailbox, by, at }
        } else {
            VoicemailChange::Heard { id, mailbox, by, at }
        }));
    }

    /// Presses the button for recordings.
    pub(crate) fn record(&mut self, peer: PeerId, wish: &str) {
        self.note(|world| format!("{} wants its calls recorded: {wish}", world.name(peer)));
        for call in self.calls(peer) {
            let headers = vec![(HeaderName::Other("Record"), wish.to_owned())];
            self.with(peer, |phone, now, out| phone.info(now, call, headers, None, out));
        }
    }

    pub(crate) fn hang_up(&mut self, peer: PeerId) {
        self.note(|world| format!("{} hangs up", world.name(peer)));
        for call in self.calls(peer) {
            self.with(peer, |phone, now, out| phone.hang_up(now, call, out));
        }
    }

    pub(crate) fn reload(&mut self, directory: Arc<Directory>) {
        self.note(|_| "a new directory".to_owned());
        self.directory = directory.clone();
        self.input(Input::Directory(directory));
    }

    pub(crate) fn stop(&mut self, how: Input) {
        self.note(|_| format!("{how:?}"));
        self.input(how);
    }

    /// Somebody sets the wall clock.
    pub(crate) fn set_clock(&mut self, by_ms: i64) {
        self.note(|_| format!("the wall clock jumps by {by_ms} ms"));
        self.clock_off_ms += by_ms;
        self.clock_jumped = true;
    }

    /// For half a minute the store takes this long.
    pub(crate) fn store_away(&mut self, takes: Duration) {
        self.note(|_| format!("the store takes {takes:?}"));
        self.store_takes = takes;
        self.store_was_away = true;
        self.at(self.now + Duration::from_secs(30), |world| {
            world.store_takes = Duration::ZERO;
        });
    }

    /// A phone's cable is out for so long.
    pub(crate) fn cut(&mut self, peer: PeerId, away: Duration) {
        self.note(|world| format!("{} is off the network for {away:?}", world.name(peer)));
        self.disturbed = true;
        self.network.cut(self.peers[peer].address.ip(), self.now + away);
    }

    /// The last call that began on a phone.
    pub(crate) fn last_call(&self, peer: PeerId) -> PhoneCallId {
        *self.peers[peer].begun.last().expect("a call")
    }

    /// What a phone has told.
    pub(crate) fn told(&self, peer: PeerId) -> impl Iterator<Item = &PhoneEvent> {
        self.peers[peer].events.iter().map(|(_, event)| event)
    }
}
