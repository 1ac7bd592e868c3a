//! What may be ordered of a call that runs, and by whom. An order that does not fit is refused
//! before anything has changed.

use model::UserId;
use model::directory::User;

use super::conference::ordered_by;
use super::{Over, Talk};
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::port::{Command, LegCommand, LegId, Orderer, Refusal, Release};

impl Talk {
    /// Obeys an order, or says why not.
    pub(super) fn obey(
        &mut self,
        orderer: &Orderer,
        command: Command,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> Result<(), Refusal> {
        self.may_order(orderer, &command, ctx)?;
        match command {
            Command::Answer { user } => {
                let leg = self.may_answer(&user).ok_or(Refusal::NotThere)?;
                ctx.order(LegCommand::Prompt { leg });
            }
            Command::HangUp => {
                let (reason, by) = ordered_by(orderer);
                self.end(Over { by, reason, why: Release::Normal, gone: None });
            }
            Command::Remove { member } => {
                let leg = self.leg_of(&member)?;
                self.remove(leg, orderer, basis, ctx);
            }
            Command::Hold { user } => self.order_holds(&user, true)?,
            Command::Resume { user } => self.order_holds(&user, false)?,
            Command::Transfer { user, to } => {
                let leg = self.leg_of_user(&user)?;
                self.transfer(leg, &to, false, basis, ctx)?;
            }
            Command::Consult { user, to } => {
                let leg = self.leg_of_user(&user)?;
                self.consult(leg, &to, basis, ctx)?;
            }
            Command::Complete { user } => {
                let index = self.consult_of(self.leg_of_user(&user)?)?;
                self.complete_at(index, false, basis, ctx);
            }
            Command::Abandon { user } => {
                let index = self.consult_of(self.leg_of_user(&user)?)?;
                self.abandon_at(index, None, basis, ctx);
            }
            Command::Swap { user } => {
                let leg = self.leg_of_user(&user)?;
                self.swap(leg, basis, ctx)?;
            }
            Command::Merge { user } => {
                let leg = self.leg_of_user(&user)?;
                self.merge(leg, basis, ctx)?;
            }
            Command::Add { user, to } => {
                let leg = self.leg_of_user(&user)?;
                self.add(leg, &to, basis, ctx)?;
            }
            Command::Mute { member, muted } => {
                let leg = self.leg_of(&member)?;
                self.mute(leg, muted, basis, ctx);
            }
            Command::SendDigits { member, digits } => {
                let leg = self.leg_of(&member)?;
                Self::send_digits(leg, &digits, ctx)?;
            }
            Command::Play { member, sound } => {
                self.play_to(member.as_ref(), &sound, basis, ctx)?;
            }
            Command::StopPlay => self.stop_play(basis, ctx),
            Command::Record(wish) => basis.recording.wish(wish, &mut basis.ears, ctx),
            Command::Park { user, slot } => self.park(&user, slot, basis, ctx)?,
            Command::Move { user, device } => self.move_user(&user, device, basis, ctx)?,
            Command::Supervise { by, of, how } => self.supervise(&by, &of, how, basis, ctx)?,
        }
        Ok(())
    }

    /// A user orders for himself, and of calls that he is on. Who may supervise does so anywhere.
    fn may_order(
        &self,
        orderer: &Orderer,
        command: &Command,
        ctx: &Ctx<'_>,
    ) -> Result<(), Refusal> {
        let Orderer::User(orderer) = orderer else {
            return Ok(());
        };
        let allowed = match command {
            Command::Answer { user } => user == orderer,
            Command::Supervise { by, .. } => {
                by == orderer && ctx.directory.user(by).is_some_and(User::is_supervisor)
            }
            Command::Hold { user }
            | Command::Resume { user }
            | Command::Transfer { user, .. }
            | Command::Consult { user, .. }
            | Command::Complete { user }
            | Command::Abandon { user }
            | Command::Swap { user }
            | Command::Merge { user }
            | Command::Add { user, .. }
            | Command::Park { user, .. }
            | Command::Move { user, .. } => user == orderer && self.by_user(orderer).is_some(),
            Command::Remove { member } | Command::Mute { member, .. } => {
                let own = self.by_user(orderer).is_some_and(|it| it.is(member));
                own || self.has_a_say(orderer)
            }
            Command::HangUp
            | Command::SendDigits { .. }
            | Command::Play { .. }
            | Command::StopPlay
            | Command::Record(_) => self.has_a_say(orderer),
        };
        if allowed { Ok(()) } else { Err(Refusal::Forbidden) }
    }

    /// Whether this user is on the call itself: who is only consulted does not end it for those
    /// whom he does not hear, nor is it his to record.
    fn has_a_say(&self, user: &UserId) -> bool {
        let party = self.by_user(user);
        party.is_some_and(|it| self.consults.iter().all(|consult| consult.target != Some(it.leg)))
    }

    fn leg_of_user(&self, user: &UserId) -> Result<LegId, Refusal> {
        self.by_user(user).map(|it| it.leg).ok_or(Refusal::NotThere)
    }

    /// The leg on which a user is rung, be it without a row.
    fn may_answer(&self, user: &UserId) -> Option<LegId> {
        let errand = || self.errands.iter().find(|it| it.user == *user).map(|it| it.leg);
        self.rings_at(user).or_else(errand)
    }

    /// The leg on which a user is rung for a Connection.
    pub(crate) fn rings_at(&self, user: &UserId) -> Option<LegId> {
        let mut ringing = self.searches.iter().flat_map(|it| it.ringing());
        ringing.find_map(|(rung, leg)| (rung == *user).then_some(leg))
    }

    fn order_holds(&mut self, user: &UserId, holds: bool) -> Result<(), Refusal> {
        let party = self.present.iter_mut().find(|it| it.is_party() && it.is_user(user));
        party.ok_or(Refusal::NotThere)?.order_holds = holds;
        Ok(())
    }
}
