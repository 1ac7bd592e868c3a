//! More than two: somebody is added, removed, muted, hears digits or a sound. Who talks goes on
//! talking meanwhile.

use std::sync::Arc;
use std::time::Duration;

use model::call_graph::event::CallEvent;
use model::call_graph::words::{ConnectionKind, EndReason, EndedBy, LeaveReason};

use super::leaving::Leaving;
use super::reaching::{Dial, Purpose, Reach, Search, dialled};
use super::{Plays, Talk};
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::port::{
    Digit, Goal, LegCommand, LegId, MediaCommand, Member, Orderer, Playlist, Refusal, Release,
};

/// The most digits of one order.
const DIGITS: usize = 64;

/// How long each is pressed, ms.
const DIGIT_MS: u16 = 160;

impl Talk {
    /// Somebody more is rung.
    pub(super) fn add(
        &mut self,
        leg: LegId,
        to: &Goal,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> Result<(), Refusal> {
        let party = self.by_leg(leg).ok_or(Refusal::NotThere)?;
        let user = party.user().ok_or(Refusal::Forbidden)?.clone();
        let bridge = party.bridge;
        // Who is parked is to be fetched, not to be joined.
        if self.parked.is_some() || self.consults_or_is_consulted(leg) {
            return Err(Refusal::State);
        }
        let (plan, _) = self.plan(to, &user, basis, ctx)?;
        let route = self.route(ConnectionKind::Add, Some(&user), leg, to, basis);
        match to {
            Goal::Outside { number, dialled: text, trunk } => {
                let connection = basis.open_connection();
                let text = dialled(number.as_ref(), text);
                let event = CallEvent::DialStarted {
                    connection,
                    kind: ConnectionKind::Add,
                    added_by: Some(user.clone()),
                    to: text.clone(),
                };
                basis.record(event, ctx);
                let new = ctx.legs.mint();
                let (shown, _) = route.outside(None, basis);
                self.rings_as(connection, shown.clone());
                ctx.order(LegCommand::DialOutside {
                    leg: new,
                    to: text.clone(),
                    shown,
                    trunk: Some(trunk.clone()),
                    diverted: Vec::new(),
                    anchor: leg,
                });
                let ring: Duration = plan.timeout;
                let dial = Dial {
                    leg: new,
                    connection,
                    party: basis.outside(number.as_ref(), &text),
                    by: user,
                    rang: false,
                    gives_up_at: ctx.now.mono.saturating_add(ring),
                };
                let (reach, purpose) = (Reach::Dial(dial), Purpose::Add);
                self.searches.push(Search { reach, purpose, bridge });
            }
            Goal::User(_) | Goal::Group(_) | Goal::Ivr(_) | Goal::Dialled(_) => {
                self.begin_search(plan, route, Purpose::Add, bridge, basis, ctx);
                self.drop_searches(basis, ctx);
            }
        }
        Ok(())
    }

    /// One party leaves by order.
    pub(super) fn remove(
        &mut self,
        leg: LegId,
        orderer: &Orderer,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) {
        let (over, by) = ordered_by(orderer);
        // What goes on has not ended.
        let goes_on = self.goes_on_without(leg);
        let reason = if goes_on { EndReason::HangupInternal } else { over };
        let (left, why) = (LeaveReason::Removed, Release::Normal);
        self.leaves(leg, Leaving { reason, left, by, why, gone: false }, basis, ctx);
    }

    pub(super) fn mute(&mut self, leg: LegId, muted: bool, basis: &Basis, ctx: &mut Ctx<'_>) {
        if let Some(party) = self.present.iter_mut().find(|it| it.leg == leg)
            && std::mem::replace(&mut party.muted, muted) != muted
            && let Some(leg) = party.name
        {
            basis.record(CallEvent::Muted { leg, muted }, ctx);
        }
    }

    /// Digits are pressed towards a party.
    pub(super) fn send_digits(leg: LegId, digits: &str, ctx: &mut Ctx<'_>) -> Result<(), Refusal> {
        let count = digits.chars().count();
        if count == 0 || count > DIGITS {
            return Err(Refusal::Limit);
        }
        let digits: Option<Vec<Digit>> = digits.chars().map(Digit::new).collect();
        for digit in digits.ok_or(Refusal::Goal)? {
            ctx.media(MediaCommand::SendDigit { leg, digit, duration_ms: DIGIT_MS });
        }
        Ok(())
    }

    /// A sound is played to a party, or to all.
    pub(super) fn play_to(
        &self,
        member: Option<&Member>,
        sound: &Arc<str>,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> Result<(), Refusal> {
        let legs = match member {
            Some(member) => vec![self.leg_of(member)?],
            None => self.present.iter().map(|it| it.leg).collect(),
        };
        for leg in legs {
            // What has to be heard is not talked over.
            if basis.ears.hears(leg) != Some(Plays::Consent) {
                let list = Playlist::one(Playlist::named(sound));
                basis.ears.play(leg, Plays::Ordered, list, ctx);
            }
        }
        Ok(())
    }

    /// What was played by order is over.
    pub(super) fn stop_play(&self, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        for party in &self.present {
            basis.ears.stop(party.leg, Plays::Ordered, ctx);
        }
    }

    /// The leg that an order means.
    pub(super) fn leg_of(&self, member: &Member) -> Result<LegId, Refusal> {
        let party = self.present.iter().find(|it| it.is(member));
        party.map(|it| it.leg).ok_or(Refusal::NotThere)
    }
}

/// Why Connections end that an order ends, and by whom.
pub(super) fn ordered_by(orderer: &Orderer) -> (EndReason, EndedBy) {
    match orderer {
        Orderer::User(_) => (EndReason::HangupInternal, EndedBy::Internal),
        Orderer::Operator => (EndReason::CallEnded, EndedBy::System),
    }
}
