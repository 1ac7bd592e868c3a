//! While a run goes on: whoever is rung by the rows is rung on the floor, and nobody else; and
//! whenever nothing is on its way and nothing was ever lost, whoever talks and media must agree on
//! where the packets go and which way.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use call::port::Direction;
use model::UserId;
use model::agent_state::AgentState;
use model::directory::Accept;

use super::{Happening, World};
use crate::sound;

/// How often the floor is compared with the rows.
const LOOK: Duration = Duration::from_millis(250);

impl World {
    /// Who stays reserved for a call that rings him no longer gets no other one, and all is well
    /// again when that call is over: so it is to be seen before (freeswitch#2540).
    pub(super) fn audit_floor(&mut self) {
        // Rows that are late say nothing; who is called back has none before somebody answers.
        if self.now < self.look_at || self.store_was_away || self.switch.counters().callbacks > 0 {
            return;
        }
        self.look_at = self.now + LOOK;
        let graphs = self.store.graphs.values();
        let live = graphs.filter(|graph| !graph.call.state.is_over());
        let rung: BTreeSet<&UserId> = live
            .flat_map(|graph| &graph.attempts)
            .filter(|attempt| attempt.ended_at.is_none())
            .filter_map(|attempt| attempt.user_id.as_ref())
            .collect();
        for agent in self.switch.wallboard(super::wall(self.now)).agents {
            // For whom a call is ordered is rung before there is one, and so on.
            if self.answers.rung.contains(&agent.user) {
                continue;
            }
            let is_rung = rung.contains(&agent.user);
            let fits = match agent.state {
                AgentState::Ringing => is_rung,
                AgentState::Available => !is_rung,
                AgentState::Offline
                | AgentState::Unreachable
                | AgentState::Away
                | AgentState::WrapUp
                | AgentState::OnCall => true,
            };
            if !fits {
                let (at, state) = (self.now, agent.state);
                self.faults.push(format!("{at:?}: {} is {state:?}, rung: {is_rung}", agent.user));
            }
        }
    }

    /// Looks at both ends of every call, if this is such a moment.
    pub(super) fn audit(&mut self) {
        let lost = self.network.ever_lost || self.is_damaged() || self.disturbed;
        if lost || self.restarts != 0 {
            return;
        }
        let under_way = |happening: &Happening| match happening {
            Happening::Arrives(..) | Happening::Durable(..) => true,
            Happening::Broke(_)
            | Happening::Resolved(..)
            | Happening::Media(_)
            | Happening::LookedUp(..)
            | Happening::Acts(_) => false,
        };
        if self.agenda.values().any(under_way) {
            return;
        }
        let alone = self.setting.queues || self.setting.accept == Some(Accept::Entry);
        let ordered = !self.answers.counted.is_empty();
        for peer in &self.peers {
            for call in &peer.talking {
                let Some(agreed) = peer.phone.media(*call) else { continue };
                let line = agreed.remote.and_then(|remote| self.media.at_port(remote.port()));
                let holds = agreed.direction != sdp::Direction::SendRecv;
                let fits = line.is_some_and(|(remote, direction, bridged)| {
                    remote == Some(agreed.local)
                        && direction.send == agreed.direction.receives()
                        && direction.receive == agreed.direction.sends()
                        // An IVR may have accepted the caller alone; who has handed his call on
                        // waits to be told what becomes of it; who has ordered a hold, or holds
                        // while he waits, hears nobody.
                        && (bridged || alone || ordered || holds || peer.handed.contains(call))
                });
                if !fits {
                    let (at, name, agreed) = (self.now, &peer.name, agreed.direction.as_str());
                    self.faults.push(format!("{at:?}: {name} has {agreed}, media {line:?}"));
                    return;
                }
            }
        }
        self.audit_sound();
    }

    /// Every party that should hear another does, and nobody else.
    fn audit_sound(&mut self) {
        if self.supervised {
            return;
        }
        let name = |address: IpAddr| -> Arc<str> {
            let mut peers = self.peers.iter().filter(|peer| peer.address.ip() == address);
            peers.next().and_then(|peer| peer.user).unwrap_or(sound::OUTSIDE).into()
        };
        let media = sound::heard(&self.media, name);
        let rows = self.store.bridges.hearing(&self.store.graphs);
        let held = self.media.lines.values().filter(|line| line.direction != Direction::BOTH);
        let held = held.filter_map(|line| Some(name(line.remote?.ip())));
        let left_out = held.chain(self.answers.holders.iter().cloned()).collect();
        if let Some(what) = sound::difference(&rows, &media, &left_out) {
            self.faults.push(format!("{:?}: {what}", self.now));
        }
    }
}
