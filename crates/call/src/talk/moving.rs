//! A user goes on on another device of his: the new leg takes the place of the old one, which is
//! hung up. He is the same party, so no row speaks of it (RFC 3891, hot desking).

use model::UserId;
use model::call_graph::words::RoutingRule;

use super::reaching::errands::What;
use super::{Present, Talk};
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::port::{CallOutput, Devices, LegCommand, LegId, Refusal, Release};

impl Talk {
    /// Another of his devices rings.
    pub(super) fn move_user(
        &mut self,
        user: &UserId,
        device: Devices,
        basis: &Basis,
        ctx: &mut Ctx<'_>,
    ) -> Result<(), Refusal> {
        let from = self.by_user(user).ok_or(Refusal::NotThere)?.leg;
        if self.errands.iter().any(|it| it.what == What::Move { from }) {
            return Err(Refusal::State);
        }
        self.send(user.clone(), device, What::Move { from }, basis, ctx)
    }

    /// The new leg is where the old one was.
    pub(super) fn replace(
        &mut self,
        old: LegId,
        new: LegId,
        how: &str,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) {
        let why = Release::Normal;
        let Some(party) = self.present.iter_mut().find(|it| it.leg == old) else {
            // He has left in the same step.
            return ctx.order(LegCommand::HangUp { leg: new, why });
        };
        let user = party.user().cloned();
        // What the old telephone held the new one does not.
        *party = Present { leg: new, phone_holds: false, ..party.clone() };
        if let Some(name) = party.name {
            ctx.out.push(CallOutput::Named(new, name));
        }
        self.rename(old, new, basis);
        basis.ears.gone(old);
        basis.anchor.moves(old, new);
        ctx.order(LegCommand::HangUp { leg: old, why: Release::AnsweredElsewhere });
        if let Some(user) = user {
            let verdict = format!("goes on on another device, {how}");
            basis.decide(RoutingRule::Device, user.as_str(), verdict);
        }
        self.tidy_errands(basis, ctx);
    }

    /// Whoever spoke of the old leg speaks of the new one.
    fn rename(&mut self, old: LegId, new: LegId, basis: &Basis) {
        let renamed = |leg: &mut LegId| {
            if *leg == old {
                *leg = new;
            }
        };
        for consult in &mut self.consults {
            renamed(&mut consult.by);
            consult.target.as_mut().map(renamed);
        }
        for party in &mut self.present {
            if let Some((of, _)) = &mut party.supervises {
                renamed(of);
            }
        }
        for search in &mut self.searches {
            search.purpose.rename(old, new);
        }
        for errand in &mut self.errands {
            match &mut errand.what {
                What::Supervise { of, .. } => renamed(of),
                // The first of two devices that answers has won.
                What::Move { .. } => {}
            }
        }
        for held in &mut self.held {
            renamed(&mut held.leg);
            renamed(&mut held.by);
        }
        for index in 0..self.searches.len() {
            if self.searches[index].for_leg(basis) == Some(old)
                && let Some(behalf) = self.behalf(new, basis)
            {
                self.searches[index].set_behalf(behalf);
            }
        }
    }
}
