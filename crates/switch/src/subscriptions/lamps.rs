//! What is to be told of a watched thing at this moment.

use call::port::LegId;
use model::UserId;
use model::directory::Availability;
use sip::user_agent_core::DialogName;

use super::{Lamp, LampState, State, Watched};
use crate::control::Place;
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
            // Who has handed his call on is free, though his telephone may be told so yet.
            .filter(|(leg, _)| !self.is_let_go(*leg))
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
                state.map(|state| Lamp { leg, initiator, state, name: self.name_of(leg, entry) })
            })
            .collect();
        lamps.sort_by_key(|lamp| (lamp.state, lamp.leg));
        lamps.truncate(super::dialog_info::CALLS);
        lamps
    }
}

impl Switch {
    /// What the dialog of a leg is called; of several telephones that ring, that of the first. Our
    /// tag is not told: who has both may speak in the dialog (`Place`).
    fn name_of(&self, leg: LegId, entry: &Leg) -> Option<DialogName> {
        let dialog = match (entry.dialog, &entry.role) {
            (Some(dialog), _) => dialog,
            // Nobody takes the place of one who calls.
            (None, Role::Anchor(_)) => return None,
            (None, Role::Dialled(dialled)) => dialled.early.first()?.1,
        };
        let name = self.ua.dialog_name(dialog)?;
        Some(DialogName { local_tag: Place(leg).to_string(), ..name })
    }
}

fn before_answer(rang: bool) -> LampState {
    if rang { LampState::Early } else { LampState::Trying }
}
