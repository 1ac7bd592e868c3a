//! What survives a restart, and how it gets back: registrations, cursors, what agents chose and did
//! today, who talked with whom last, voice messages. Calls and subscriptions do not.

use std::sync::Arc;

use acd::{ChangeSource, Floor, Today};
use call::Mailboxes;
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

impl Restored {
    /// Puts back what groups and mailboxes had, whoever owns them now; registrations are left.
    pub fn fill(&mut self, now: Now, floor: &mut Floor, mailboxes: &mut Mailboxes) {
        for (group, user) in std::mem::take(&mut self.cursors) {
            floor.restore_cursor(group, user);
        }
        for RestoredAgent { user, availability, today } in std::mem::take(&mut self.agents) {
            if let Some((availability, reason)) = availability {
                floor.set_availability(&user, availability, reason, ChangeSource::Start, now);
            }
            floor.restore_today(&user, today, now);
        }
        for (number, user) in std::mem::take(&mut self.last_agents) {
            floor.talked_with(number, user);
        }
        for message in std::mem::take(&mut self.messages) {
            mailboxes.restore(message);
        }
    }
}

impl Switch {
    /// Puts back what survived.
    pub(crate) fn restore(&mut self, now: Now, mut restored: Restored) {
        restored.fill(now, &mut self.floor, &mut self.mailboxes);
        self.restore_locations(now, restored.locations);
    }
}
