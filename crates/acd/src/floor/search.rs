//! What a search of a group sees whose caller does not wait (D37).

use model::{Now, UserId};

use super::Floor;
use crate::strategy::Candidate;

impl Floor {
    /// A user as a strategy sees him; `None`: no call may be offered to him
    /// ([`Floor::may_be_offered`]). His place and his weight are his group's to say: they are 0
    /// and 1 here.
    pub fn candidate(&self, user: &UserId, now: Now) -> Option<Candidate<'_>> {
        let agent = self.find(user).filter(|agent| agent.may_be_offered())?;
        Some(Candidate {
            user: &agent.user,
            position: 0,
            idle: agent.idle(now.mono),
            answered: agent.ranks.answered,
            talked: agent.ranks.talked,
            weight: 1,
            skills: &agent.skills,
            rings_elsewhere: !agent.ringing.is_empty(),
        })
    }
}
