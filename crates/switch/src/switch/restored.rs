//! What survives a restart, and how it gets back: registrations, cursors, what agents chose and did
//! today, who talked with whom last, voice messages. Calls and subscriptions do not.

use std::sync::Arc;

use acd::{ChangeSource, Today};
use model::directory::Availability;
use model::voicemail::VoiceMessage;
use model::{E164, GroupId, Now, UserId};

use crate::port::Location;
use crate::switch::Switch;

/// What survived a restart.
#[derive(Debug, Default)]
pub struct Restored {
    /// Registrations.
    pub locations: Vec<Location>,
    /// Round-robin cursors.
    pub cursors: Vec<(GroupId, UserId)>,
    /// What agents chose, and what they did today.
    pub agents: Vec<RestoredAgent>,
    /// Who talked with a number last, the oldest first.
    pub last_agents: Vec<(E164, UserId)>,
    /// Voice messages.
    pub messages: Vec<VoiceMessage>,
}

/// What survived a restart of an agent.
#[derive(Clone, Debug)]
pub struct RestoredAgent {
    /// The user.
    pub user: UserId,
    /// What he chose last, and why; `None`: what the directory says.
    pub availability: Option<(Availability, Option<Arc<str>>)>,
    /// What he did today.
    pub today: Today,
}

impl Switch {
    /// Puts back what survived.
    pub(crate) fn restore(&mut self, now: Now, restored: Restored) {
        let Restored { locations, cursors, agents, last_agents, messages } = restored;
        for (group, user) in cursors {
            self.floor.restore_cursor(group, user);
        }
        for RestoredAgent { user, availability, today } in agents {
            if let Some((availability, reason)) = availability {
                let source = ChangeSource::Start;
                self.floor.set_availability(&user, availability, reason, source, now);
            }
            self.floor.restore_today(&user, today, now);
        }
        for (number, user) in last_agents {
            self.floor.talked_with(number, user);
        }
        for message in messages {
            self.mailboxes.restore(message);
        }
        self.restore_locations(now, locations);
    }
}
