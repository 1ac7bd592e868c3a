//! What happens to whole machines: the switch is killed, a phone reboots, a connection breaks.

use call::port::MediaEvent;
use phone::Phone;
use switch::Input;

use super::calm::SILENCE;
use super::{Happening, PeerId, World, switch, turned};

impl World {
    /// The switch dies and comes back: what was not durable never happened.
    pub(crate) fn kill(&mut self) {
        self.note(|_| "the switch is killed".into());
        let ours = |happening: &Happening| match happening {
            Happening::Arrives(Some(_), ..) | Happening::Acts(_) => false,
            Happening::Arrives(None, flow, _) => flow.transport.reliable(),
            Happening::Broke(_)
            | Happening::Durable(..)
            | Happening::Resolved(..)
            | Happening::Media(_)
            | Happening::LookedUp(..) => true,
        };
        self.agenda.retain(|_, happening| !ours(happening));
        self.durable_at = self.now;
        self.restarts += 1;
        let restored = self.store.restart(&self.directory);
        let mut setting = self.setting.clone();
        setting.seed ^= u64::from(self.restarts) << 32;
        self.switch = switch(&setting, restored, &self.directory, self.now);
        let pairs = self.media.bind(self.setting.ports);
        // Their files are closed at the start, which is the store's matter.
        self.recordings.clear();
        self.input(Input::Media(MediaEvent::Stock(pairs)));
        for peer in 0..self.peers.len() {
            let flow = self.peers[peer].phone.config().server;
            if flow.transport.reliable() {
                self.with(peer, |phone, now, out| phone.transport_failed(now, flow, out));
            }
        }
    }

    /// A phone loses power and comes back: it knows of no call any more.
    pub(crate) fn reboot(&mut self, peer: PeerId) {
        self.note(|world| format!("{} reboots", world.peers[peer].name));
        self.disturbed = true;
        self.break_connection(peer);
        let seed = self.setting.seed << 8 | 0x80 | peer as u64;
        let peer = &mut self.peers[peer];
        peer.phone = Phone::new(peer.phone.config().clone(), seed);
        // Its numbers begin anew.
        peer.begun.clear();
        peer.ended.clear();
        peer.talking.clear();
        peer.handed.clear();
        peer.watches.clear();
    }

    /// A peer's connection breaks.
    pub(crate) fn break_connection(&mut self, peer: PeerId) {
        let flow = self.peers[peer].phone.config().server;
        if !flow.transport.reliable() {
            return;
        }
        self.disturbed = true;
        self.connection_broke = true;
        self.note(|world| format!("the connection of {} breaks", world.peers[peer].name));
        let on_it = |happening: &Happening| match happening {
            Happening::Arrives(_, other, _) => {
                other.transport == flow.transport
                    && [other.local, other.remote].contains(&flow.local)
            }
            Happening::Broke(_)
            | Happening::Durable(..)
            | Happening::Resolved(..)
            | Happening::Media(_)
            | Happening::LookedUp(..)
            | Happening::Acts(_) => false,
        };
        self.agenda.retain(|_, happening| !on_it(happening));
        self.input(Input::SipFailed { flow: turned(flow) });
        self.with(peer, |phone, now, out| phone.transport_failed(now, flow, out));
    }

    /// Only the switch notices that it cannot send to a peer any more.
    pub(crate) fn half_break(&mut self, peer: PeerId) {
        self.note(|world| format!("the switch cannot send to {}", world.peers[peer].name));
        self.disturbed = true;
        let flow = turned(self.peers[peer].phone.config().server);
        self.input(Input::SipFailed { flow });
    }

    /// Media hears nothing on a bridged leg any more, perhaps on several.
    pub(crate) fn silence(&mut self) {
        self.note(|_| "silence".to_owned());
        let after = SILENCE;
        for leg in self.media.watched().into_iter().step_by(3) {
            self.input(Input::Media(MediaEvent::TimedOut { leg, after }));
        }
    }
}
