//! What people do to a conversation by hand (R080, R085–R088, D31): kept with its own time.

use model::{Millis, UserId};

use crate::key::PartyKey;
use crate::rebuild::{Conversation, Removal, Status};

/// Why a command is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// There is no such conversation.
    #[error("there is no such conversation")]
    NoConversation,
    /// It was merged into another one.
    #[error("the conversation was merged into another one")]
    Merged,
    /// It is not open.
    #[error("the conversation is not open")]
    NotOpen,
    /// It is not closed.
    #[error("the conversation is not closed")]
    NotClosed,
    /// Another open conversation has the same key (R087).
    #[error("another open conversation has the same participants and number")]
    AnotherIsOpen,
    /// There is no such participant, or it is removed.
    #[error("there is no such participant")]
    NoParticipant,
    /// The External Participant cannot be removed (R080).
    #[error("the external participant cannot be removed")]
    PrimaryExternal,
}

impl Conversation {
    /// Closes it.
    ///
    /// # Errors
    /// When it is not open.
    pub fn close(&mut self, by: Option<UserId>, now: Millis) -> Result<(), CommandError> {
        match self.status {
            Status::Open => {
                self.status = Status::Closed { at: now, by };
                Ok(())
            }
            Status::Closed { .. } => Err(CommandError::NotOpen),
            Status::Merged { .. } => Err(CommandError::Merged),
        }
    }

    /// Opens it again; the caller makes sure that no other open one has its key.
    ///
    /// # Errors
    /// When it is not closed.
    pub fn reopen(&mut self) -> Result<(), CommandError> {
        match self.status {
            Status::Closed { .. } => {
                self.status = Status::Open;
                Ok(())
            }
            Status::Open => Err(CommandError::NotClosed),
            Status::Merged { .. } => Err(CommandError::Merged),
        }
    }

    /// Removes a participant; taking part in a later event brings it back (D31).
    ///
    /// # Errors
    /// When there is none of this key, or it is the External Participant.
    pub fn remove_participant(
        &mut self,
        key: &PartyKey,
        by: Option<UserId>,
        now: Millis,
    ) -> Result<(), CommandError> {
        if matches!(self.status, Status::Merged { .. }) {
            return Err(CommandError::Merged);
        }
        let mut present = self.participants.iter_mut().filter(|row| row.removed.is_none());
        let row = present.find(|row| row.key == *key).ok_or(CommandError::NoParticipant)?;
        if row.is_primary && matches!(row.who, crate::rebuild::Who::External(_)) {
            return Err(CommandError::PrimaryExternal);
        }
        row.removed = Some(Removal { at: now, by });
        Ok(())
    }
}
