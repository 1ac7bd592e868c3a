//! The end of a run, and what is left after it.

use std::time::Duration;

use call::port::MediaEvent;
use model::agent_state::AgentState;
use switch::Input;

use super::{PeerId, World, wall};

/// 64·T1, and what is on the network then.
const CALM: Duration = Duration::from_secs(40);
/// After this much silence media says so.
pub(super) const SILENCE: Duration = Duration::from_secs(20);
impl World {
    /// Ends the run: the network is calm, whoever still talks hangs up, media notices the calls
    /// whose far end is gone, and then nothing happens for 64·T1.
    pub(crate) fn finish(&mut self) {
        self.note(|_| "calm".into());
        self.network.calm();
        self.store_takes = Duration::ZERO;
        for peer in 0..self.peers.len() {
            if self.peers[peer].user.is_some() {
                self.with(peer, |phone, now, out| phone.unregister(now, out));
            }
            self.let_go(peer);
        }
        if !self.switch.is_calm() {
            self.run_for(SILENCE);
            for leg in self.media.watched() {
                let after = SILENCE;
                self.input(Input::Media(MediaEvent::TimedOut { leg, after }));
            }
            // Media does not watch a held call. When both its phones have lost power, only the
            // operator ends it as long as there are no session timers (RFC 4028).
            let held = self.media.held();
            if self.disturbed && held > 0 && held == self.media.open_legs() {
                self.stop(Input::Release);
            }
        }
        self.run_for(CALM);
        if self.switch.counters().callbacks > 0 && !self.switch.is_calm() {
            // A callback was on its way to somebody who had just hung up everything.
            (0..self.peers.len()).for_each(|peer| self.let_go(peer));
            self.run_for(CALM);
        }
        // Whoever is to be called back is forgotten when that is of no use any more.
        if self.switch.wallboard(wall(self.now)).groups.iter().any(|group| group.waiting > 0) {
            self.run_for(acd::Floor::CALLBACK_LIFETIME);
        }
    }

    fn let_go(&mut self, peer: PeerId) {
        let calls: Vec<_> = self.peers[peer].phone.calls().map(|(call, _)| call).collect();
        for call in calls {
            self.with(peer, |phone, now, out| phone.hang_up(now, call, out));
        }
    }

    /// Whether messages arrive that nobody sent.
    pub(crate) fn is_damaged(&self) -> bool {
        self.damaged_permille != 0
    }

    /// What the phones and the switch still have, and what was logged.
    pub(crate) fn remains(&self) -> Vec<String> {
        let mut faults = self.faults.clone();
        faults.extend(self.errors.take());
        let counters = self.switch.counters();
        if !self.switch.is_calm() {
            faults.push(format!("the switch is not calm: {counters:?}"));
        }
        if counters.subscriptions.values().any(|count| *count != 0) {
            faults.push(format!("subscriptions: {:?}", counters.subscriptions));
        }
        if self.switch.awaits_media() {
            faults.push("the switch waits for media, which owes nothing".into());
        }
        if counters.ports_in_stock != usize::from(self.setting.ports) {
            faults.push(format!("{} ports in stock", counters.ports_in_stock));
        }
        if self.restarts == 0 && !self.answers.open.is_empty() {
            faults.push(format!("orders without an answer: {:?}", self.answers.open));
        }
        if counters.aborted != 0 {
            faults.push(format!("{} calls aborted", counters.aborted));
        }
        if self.media.open_legs() != 0 {
            faults.push(format!("{} legs open in media", self.media.open_legs()));
        }
        if self.media.open_recordings() != 0 || !self.recordings.is_empty() {
            let open = self.media.open_recordings();
            faults.push(format!("{open} recordings open in media, {:?}", self.recordings));
        }
        faults.extend(self.media.faults.iter().cloned());
        faults.extend(self.left_on_the_floor());
        for peer in &self.peers {
            let counts = peer.phone.counts();
            if peer.phone.calls().next().is_some() || !counts.is_zero() {
                faults.push(format!("{} keeps {counts:?}", peer.name));
            }
            if peer.begun != peer.ended {
                faults
                    .push(format!("{}: began {:?}, ended {:?}", peer.name, peer.begun, peer.ended));
            }
        }
        faults
    }

    /// Callers who wait, and agents who are not as they were before the first call.
    fn left_on_the_floor(&self) -> Vec<String> {
        let board = self.switch.wallboard(wall(self.now));
        let waiting = board.groups.iter().filter(|group| group.waiting > 0);
        let mut faults: Vec<_> =
            waiting.map(|group| format!("{} wait for {}", group.waiting, group.group)).collect();
        for agent in &board.agents {
            match agent.state {
                AgentState::Ringing | AgentState::OnCall | AgentState::WrapUp => {
                    faults.push(format!("{} is {:?}", agent.user, agent.state));
                }
                AgentState::Offline
                | AgentState::Unreachable
                | AgentState::Away
                | AgentState::Available => {}
            }
        }
        faults
    }
}
