//! What comes from another call (D34, D48): whom a user consults on a second line of his telephone,
//! who picks up, fetches, supervises, or goes on on another device. And the other way round: a talk
//! of two becomes part of another call.

use std::time::Duration;

use model::call_graph::event::{BridgeLeg, ConnectionSeq, Party};
use model::call_graph::words::{ConnectionKind, RoutingRule};
use model::{E164, UserId};

use super::reaching::{Dial, Purpose, Reach, Search};
use super::transfers::warm::Consult;
use super::{Present, Talk};
use crate::basis::Basis;
use crate::call::adoption::ONLY;
use crate::ctx::Ctx;
use crate::given_up::{Answered, Dialled, GivenUp, Reached};
use crate::leg::{Anchor, user_of};
use crate::limits::Settings;
use crate::outcome;
use crate::port::{Adoption, CallOutput, LegCommand, LegId, Refusal, Release};
use crate::routing::adopted::Becomes;
use crate::routing::hunt::Hunt;
use crate::stage::Stage;

impl Talk {
    /// Whether it would take this.
    pub(crate) fn takes(&self, adoption: &Adoption, settings: &Settings) -> Result<(), Refusal> {
        let most = settings.transfer.max_parties;
        let parties = self.present.len() + self.searches.len();
        match adoption {
            Adoption::Consultation { user, complete, .. } => {
                let leg = self.by_user(user).ok_or(Refusal::NotThere)?.leg;
                if self.consults_or_is_consulted(leg) || self.others_of(leg).is_empty() {
                    return Err(Refusal::State);
                }
                if !complete && parties >= most {
                    return Err(Refusal::Limit);
                }
                Ok(())
            }
            Adoption::Pickup { user, of } => {
                let rings = self.searches.iter().any(|it| it.rings_since(of).is_some());
                let fits = rings && !self.present.iter().any(|it| it.is_user(user));
                if fits { Ok(()) } else { Err(Refusal::State) }
            }
            Adoption::Retrieval { user } => {
                let is_parked_himself = self.present.iter().any(|it| it.is_user(user));
                let fits = self.parked.is_some() && !is_parked_himself;
                if fits { Ok(()) } else { Err(Refusal::State) }
            }
            Adoption::Replacement { user, replaced } => {
                let party = self.by_leg(*replaced).ok_or(Refusal::NotThere)?;
                if party.is_user(user) { Ok(()) } else { Err(Refusal::Forbidden) }
            }
            Adoption::Supervisor { by, of, .. } => {
                self.by_user(of).ok_or(Refusal::NotThere)?;
                if self.present.iter().any(|it| it.is_user(by)) {
                    return Err(Refusal::State);
                }
                if parties >= most { Err(Refusal::Limit) } else { Ok(()) }
            }
        }
    }

    /// Takes it; [`Self::takes`] has said yes.
    pub(super) fn adopt(
        &mut self,
        adoption: Adoption,
        mut given: Box<GivenUp>,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) {
        match adoption {
            Adoption::Consultation { user, complete, referred } => {
                self.consulted_elsewhere(&user, complete, referred, *given, basis, ctx);
            }
            Adoption::Pickup { user, of } => self.picked_up(&user, &of, given, basis, ctx),
            Adoption::Retrieval { user } => self.fetched(user, given, basis, ctx),
            Adoption::Replacement { user, replaced } => {
                given.absorb(None, ConnectionKind::Add, &user, basis, ctx);
                let like = self.others_of(replaced).first().map_or(replaced, |it| it.leg);
                let leg = given.answer(like, ctx);
                self.replace(replaced, leg, "dialled", basis, ctx);
            }
            Adoption::Supervisor { by, of, how } => {
                self.supervisor_comes(by, &of, how, given, basis, ctx);
            }
        }
    }

    fn picked_up(
        &mut self,
        user: &UserId,
        of: &UserId,
        mut given: Box<GivenUp>,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) {
        given.picks_up(user, basis, ctx);
        let leg = given.anchor.leg;
        let rings = |it: &Search| it.rings_since(of).is_some();
        let Some(index) = self.searches.iter().position(rings) else {
            return given.release(Release::Normal, basis, ctx);
        };
        if !self.searches[index].picked_up(user, leg, basis, ctx) {
            return given.release(Release::Normal, basis, ctx);
        }
        let bridge = self.searches[index].bridge;
        let like = self.present.iter().find(|it| it.bridge == bridge).map(|it| it.leg);
        given.answer(like.unwrap_or(leg), ctx);
        self.found(index, leg, basis, ctx);
        self.shows_nobody(leg);
    }

    /// Somebody has picked up what nobody had answered: his telephone does not know whom it talks
    /// with, nor does the caller's know him.
    pub(crate) fn introduced(mut stage: Stage, basis: &Basis, ctx: &mut Ctx<'_>) -> Stage {
        if let Stage::Talking(talk) = &mut stage {
            for leg in talk.legs() {
                talk.shows_nobody(leg);
            }
            talk.identify(basis, ctx);
        }
        stage
    }

    /// A user has consulted somebody on another line: it is a consultation of this call, as far as
    /// it has got, and is completed, or becomes a conference.
    fn consulted_elsewhere(
        &mut self,
        user: &UserId,
        complete: bool,
        referred: Option<LegId>,
        mut given: GivenUp,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) {
        let Some(Present { leg: by, bridge: home, .. }) = self.by_user(user).cloned() else {
            return given.release(Release::Normal, basis, ctx);
        };
        let connection = basis.open_connection();
        let is_added = !complete && !matches!(given.reached, Reached::Talking(_));
        let kind = if is_added { ConnectionKind::Add } else { ConnectionKind::Consult };
        given.absorb(Some(connection), kind, user, basis, ctx);
        let verdict = format!("{} has become part of this call", given.call);
        basis.decide(RoutingRule::Transfer, user.as_str(), verdict);
        let GivenUp { anchor, reached, .. } = given;
        let bridge = self.open_bridge();
        let (his, target) = match reached {
            Reached::Talking(far) => {
                let (his, other) = sides(user, &anchor, far);
                let leg = other.leg;
                basis.named.extend(other.user().cloned());
                let name = BridgeLeg::Connection(connection);
                ctx.out.push(CallOutput::Named(leg, name));
                self.present.push(Present { name: Some(name), bridge, ..other });
                (his, Some(leg))
            }
            reached @ (Reached::Nobody | Reached::Ringing(_) | Reached::Dialling(_)) => {
                self.rings_on(reached, connection, kind, by, basis, ctx);
                (line(anchor.leg, &anchor.party, false), None)
            }
        };
        if !is_added {
            let user = user.clone();
            self.consults.push(Consult { by, user, home, bridge, connection, target });
            for search in self.searches.iter_mut().filter(|it| it.connection() == connection) {
                (search.purpose, search.bridge) = (Purpose::Consult { by }, bridge);
            }
        }
        // No telephone asks on a line that is not answered.
        let is_up = his.leg != anchor.leg || anchor.is_accepted();
        let asked = referred.filter(|leg| *leg == by || (*leg == his.leg && is_up));
        if let Some(leg) = asked {
            ctx.order(LegCommand::AcceptRefer { leg });
            basis.ears.silence(leg, ctx);
        }
        let old = self.by_leg(by).cloned().filter(|_| complete);
        self.conclude(by, complete, basis, ctx);
        let waits = (complete && target.is_none()).then_some(connection);
        let lines = old.into_iter().chain([his]);
        self.let_go(lines, anchor, asked, waits, ctx);
        self.drop_searches(basis, ctx);
    }

    /// He leaves, or all are joined.
    fn conclude(&mut self, by: LegId, complete: bool, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        let Ok(index) = self.consult_of(by) else {
            // It rings for all of them.
            return;
        };
        if complete {
            self.complete_at(index, true, basis, ctx);
        } else if self.merge(by, basis, ctx).is_err() {
            // It can only be refused while it rings, and then it is no consultation.
            self.consults.remove(index);
        }
    }

    /// The lines of his on which he is no more are hung up. `asked`: which of his telephone's has
    /// asked for it, and is told what has become of it; `waits`: that is not known yet.
    fn let_go(
        &mut self,
        lines: impl Iterator<Item = Present>,
        mut anchor: Anchor,
        asked: Option<LegId>,
        waits: Option<ConnectionSeq>,
        ctx: &mut Ctx<'_>,
    ) {
        let why = Release::Normal;
        let told = |leg, ctx: &mut Ctx<'_>| {
            ctx.order(LegCommand::NotifyRefer { leg, status: 200 });
        };
        for line in lines {
            let leg = line.leg;
            match waits {
                Some(connection) if asked == Some(leg) => {
                    self.linger(line, connection);
                    continue;
                }
                Some(_) | None => {}
            }
            if asked == Some(leg) {
                told(leg, ctx);
            }
            if leg == anchor.leg {
                anchor.release(outcome::CANCELLED, why, ctx);
            } else {
                ctx.order(LegCommand::HangUp { leg, why });
            }
        }
        if let Some(leg) = asked.filter(|leg| self.by_leg(*leg).is_some()) {
            told(leg, ctx);
        }
    }

    /// What rang in the other call rings in this one. A number outside that is added has no
    /// attempts (D4).
    fn rings_on(
        &mut self,
        reached: Reached,
        connection: ConnectionSeq,
        kind: ConnectionKind,
        by: LegId,
        basis: &mut Basis,
        ctx: &Ctx<'_>,
    ) {
        let Some(Present { bridge, party, .. }) = self.by_leg(by).cloned() else {
            return;
        };
        let Some(opened_by) = user_of(&party).cloned() else {
            return;
        };
        let behalf = self.behalf(by, basis);
        let becomes = Becomes { connection, kind, opened_by, behalf };
        let reach = match reached {
            Reached::Nobody | Reached::Talking(_) => return,
            Reached::Ringing(mut hunt) => {
                hunt.becomes(becomes, basis);
                Reach::Hunt(hunt)
            }
            Reached::Dialling(dialled) if kind == ConnectionKind::Add => {
                let Dialled { leg, to, rang, gives_up_at } = dialled;
                let party = basis.outside(E164::parse(&to).ok().as_ref(), &to);
                let by = becomes.opened_by;
                Reach::Dial(Dial { leg, connection, party, by, rang, gives_up_at })
            }
            Reached::Dialling(dialled) => {
                let mut hunt = Hunt::of_dial(dialled, ctx.now.mono);
                hunt.becomes(becomes, basis);
                Reach::Hunt(Box::new(hunt))
            }
        };
        self.searches.push(Search { reach, purpose: Purpose::Add, bridge });
    }

    /// Since when it rings at this user.
    pub(crate) fn rings_since(&self, user: &UserId) -> Option<Duration> {
        self.searches.iter().filter_map(|it| it.rings_since(user)).min()
    }

    /// The caller and who has answered, where they are alone and nothing else goes on.
    pub(crate) fn pair(&self) -> Option<(&Present, &Present)> {
        let quiet = self.searches.is_empty()
            && self.consults.is_empty()
            && self.lingering.is_empty()
            && self.errands.is_empty()
            && self.parked.is_none();
        match &self.present[..] {
            [anchor, far] | [far, anchor]
                if quiet
                    && anchor.name == Some(BridgeLeg::Anchor)
                    && far.connection() == Some(ONLY)
                    && anchor.bridge == far.bridge =>
            {
                Some((anchor, far))
            }
            [..] => None,
        }
    }

    /// Two who talk become part of another call.
    pub(crate) fn give_up(mut self: Box<Self>, basis: &Basis, ctx: &mut Ctx<'_>) -> Reached {
        let Some((anchor, far)) = self.pair() else {
            return Reached::Nobody;
        };
        let answered = Answered {
            leg: far.leg,
            party: far.party.clone(),
            anchor_holds: anchor.phone_holds,
            far_holds: far.phone_holds,
        };
        self.resume_all(basis, ctx);
        self.silence(ctx);
        Reached::Talking(answered)
    }
}

/// The user's side of a call of two, and the other.
fn sides(user: &UserId, anchor: &Anchor, far: Answered) -> (Present, Present) {
    let caller = line(anchor.leg, &anchor.party, far.anchor_holds);
    let called = line(far.leg, &far.party, far.far_holds);
    if anchor.user() == Some(user) { (caller, called) } else { (called, caller) }
}

/// Somebody on another call, of whom no row of this one speaks yet.
fn line(leg: LegId, party: &Party, phone_holds: bool) -> Present {
    Present { name: None, phone_holds, ..Present::new(leg, BridgeLeg::Anchor, party.clone()) }
}
