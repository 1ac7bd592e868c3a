//! While a run goes on: whenever nothing is on its way and nothing was ever lost, whoever talks
//! and media must agree on where the packets go and which way.

use model::directory::Accept;

use super::{Happening, World};

impl World {
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
        for peer in &self.peers {
            for call in &peer.talking {
                let Some(agreed) = peer.phone.media(*call) else { continue };
                let line = agreed.remote.and_then(|remote| self.media.at_port(remote.port()));
                let fits = line.is_some_and(|(remote, direction, bridged)| {
                    remote == Some(agreed.local)
                        && direction.send == agreed.direction.receives()
                        && direction.receive == agreed.direction.sends()
                        // An IVR may have accepted the caller alone.
                        && (bridged || alone)
                });
                if !fits {
                    let (at, name) = (self.now, &peer.name);
                    self.faults.push(format!("{at:?}: {name} has {agreed:?}, media {line:?}"));
                    return;
                }
            }
        }
    }
}
