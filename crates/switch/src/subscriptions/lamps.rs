//! What is to be told of a watched thing at this moment.

use model::UserId;
use model::directory::Availability;
use sip::user_agent_core::DialogName;

use super::{Lamp, LampState, State, Watched};
use crate::legs::{Leg, Role};
use crate::switch::Switch;

impl Switch {
    pub(super) fn state_of(&self, watched: &Watched) -> State {
        match watched {
            Watched::Calls(user) => State::Calls(self.lamps(user)),
            Watched::Away(user) => {
                State::Away(self.floor.agent(user).availability != Availability::Available)
            }
            Watched::Mailbox(mailbox) => State::Messages(self.mailboxes.counts(mailbox)),
        }
    }

    /// A user's calls that are not over, those that say most first.
    fn lamps(&self, user: &UserId) -> Vec<Lamp> {
        let mut lamps: Vec<Lamp> = self
            .legs
            .of_user(user)
            .filter_map(|(leg, entry)| {
                let (initiator, state) = match &entry.role {
                    Role::Anchor(anchor) => {
                        let waits = anchor.invite.is_some();
                        (true, waits.then(|| before_answer(anchor.rang)))
                    }
                    Role::Dialled(dialled) => {
                        let waits = !dialled.forks.is_empty() && !dialled.cancelled;
                        (false, waits.then(|| before_answer(dialled.rang)))
                    }
                };
                let state = if entry.dialog.is_some() { Some(LampState::Confirmed) } else { state };
                state.map(|state| Lamp { leg, initiator, state, name: self.name_of(entry) })
            })
            .collect();
        lamps.sort_by_key(|lamp| (lamp.state, lamp.leg));
        lamps.truncate(super::dialog_info::CALLS);
        lamps
    }
}

impl Switch {
    /// What the dialog of a leg is called; of several telephones that ring, that of the first.
    fn name_of(&self, entry: &Leg) -> Option<DialogName> {
        if let Some(dialog) = entry.dialog {
            return self.ua.dialog_name(dialog);
        }
        match &entry.role {
            // Nobody takes the place of one who calls.
            Role::Anchor(_) => None,
            Role::Dialled(dialled) => {
                dialled.early.first().and_then(|(_, dialog)| self.ua.dialog_name(*dialog))
            }
        }
    }
}

fn before_answer(rang: bool) -> LampState {
    if rang { LampState::Early } else { LampState::Trying }
}
