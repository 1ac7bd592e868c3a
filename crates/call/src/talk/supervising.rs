//! A supervisor listens, whispers to one user, or barges in (F5, D48). Who listens or whispers is
//! no participant: that he does is said beside the rows. Who barges in is an added party.

use model::UserId;
use model::call_graph::event::BridgeLeg;
use model::call_graph::words::{
    ConnectionKind, EndReason, LeaveReason, ParticipantRole, RoutingRule,
};

use super::reaching::errands::{Errand, What};
use super::{Present, Talk};
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::given_up::GivenUp;
use crate::port::{Devices, LegCommand, LegId, Refusal, Release, Supervision};

impl Talk {
    /// The supervisor is rung, or changes how he is on the call.
    pub(super) fn supervise(
        &mut self,
        by: &UserId,
        of: &UserId,
        how: Supervision,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> Result<(), Refusal> {
        let of_leg = self.by_user(of).ok_or(Refusal::NotThere)?.leg;
        if let Some(supervisor) = self.supervisor(by) {
            let leg = supervisor.leg;
            self.change(leg, of_leg, how, basis, ctx);
            return Ok(());
        }
        let rung = self.errands.iter().any(|it| it.user == *by) || self.rings_at(by).is_some();
        if rung || self.by_user(by).is_some() {
            return Err(Refusal::State);
        }
        if ctx.directory.user(by).is_none() {
            return Err(Refusal::Goal);
        }
        basis.decide(RoutingRule::Supervise, by.as_str(), format!("rung {}", verdict(of, how)));
        let what = What::Supervise { of: of_leg, how };
        self.send(by.clone(), Devices::All, what, basis, ctx)
    }

    /// His leg has come from another call.
    pub(super) fn supervisor_comes(
        &mut self,
        by: UserId,
        of: &UserId,
        how: Supervision,
        mut given: Box<GivenUp>,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) {
        given.absorb(None, ConnectionKind::Add, &by, basis, ctx);
        let Some(of_leg) = self.by_user(of).map(|it| it.leg) else {
            return given.release(Release::Normal, basis, ctx);
        };
        let leg = given.answer(of_leg, ctx);
        self.supervised_by(leg, by, of_leg, how, basis, ctx);
    }

    /// A supervisor is there.
    pub(super) fn supervised_by(
        &mut self,
        leg: LegId,
        by: UserId,
        of: LegId,
        how: Supervision,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) {
        let Some(bridge) = self.by_leg(of).map(|it| it.bridge) else {
            return ctx.order(LegCommand::HangUp { leg, why: Release::Normal });
        };
        ctx.floor.take(&by, &basis.id, None, ctx.now);
        basis.named.insert(by.clone());
        let party = basis.user(&by);
        let supervises = Some((of, Supervision::Listen));
        let name = BridgeLeg::Anchor;
        self.present.push(Present {
            name: None,
            bridge,
            supervises,
            ..Present::new(leg, name, party)
        });
        self.change(leg, of, how, basis, ctx);
    }

    /// How he is on the call changes.
    fn change(
        &mut self,
        leg: LegId,
        of: LegId,
        how: Supervision,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) {
        let of_user = self.by_leg(of).and_then(Present::user).cloned();
        let bridge = self.by_leg(of).map(|it| it.bridge);
        let Some(index) = self.present.iter().position(|it| it.leg == leg) else {
            return;
        };
        let by = self.present[index].user().cloned();
        let (Some(by), Some(of_user), Some(bridge)) = (by, of_user, bridge) else {
            return;
        };
        basis.decide(RoutingRule::Supervise, by.as_str(), verdict(&of_user, how));
        if how == Supervision::Barge {
            let supervisor = self.present.remove(index);
            let (kind, role) = (ConnectionKind::Add, ParticipantRole::Added);
            let connection = self.instant(kind, Some(by.clone()), &by, role, basis, ctx);
            let name = Some(BridgeLeg::Connection(connection));
            let party = Present { name, bridge, supervises: None, ..supervisor };
            self.enter(party, basis, ctx);
        } else {
            let supervisor = &mut self.present[index];
            supervisor.supervises = Some((of, how));
            supervisor.bridge = bridge;
        }
    }

    /// Who was rung to supervise has answered another call.
    pub(super) fn supervisor_taken(&mut self, user: &UserId, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        let his =
            |_: &Self, it: &Errand| it.user == *user && matches!(it.what, What::Supervise { .. });
        self.recall_errands(Release::UserBusy, his, basis, ctx);
    }

    fn supervisor(&self, user: &UserId) -> Option<&Present> {
        self.present.iter().find(|it| it.supervises.is_some() && it.is_user(user))
    }

    /// Supervisors are where the supervised are, and leave with them.
    pub(super) fn tidy_supervisors(&mut self, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        let of = |it: &Present| it.supervises.map(|(of, _)| (it.leg, of));
        let supervisors: Vec<(LegId, LegId)> = self.present.iter().filter_map(of).collect();
        for (leg, of) in supervisors {
            match self.by_leg(of).map(|it| it.bridge) {
                Some(bridge) => self.move_to(leg, bridge, basis, ctx),
                None => self.dismiss(leg, basis, ctx),
            }
        }
    }

    /// There is nobody to be supervised where who is left goes.
    pub(super) fn dismiss_supervisors(&mut self, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        let is_one = |talk: &Self| talk.present.iter().find(|it| !it.is_party()).map(|it| it.leg);
        while let Some(leg) = is_one(self) {
            self.dismiss(leg, basis, ctx);
        }
    }

    fn dismiss(&mut self, leg: LegId, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        let (reason, left) = (EndReason::CallEnded, LeaveReason::Hangup);
        self.part(leg, reason, left, basis, ctx);
        ctx.order(LegCommand::HangUp { leg, why: Release::Normal });
    }
}

fn verdict(of: &UserId, how: Supervision) -> String {
    match how {
        Supervision::Listen => format!("to listen to {of}"),
        Supervision::Whisper => format!("to whisper to {of}"),
        Supervision::Barge => format!("to barge in at {of}'s"),
    }
}
