//! Telephones that ring for a call without a Connection of it: another device of a user who is on
//! it already, and a supervisor. No row speaks of them; why they rang is said beside the rows.

use std::time::Duration;

use acd::RingEnd;
use model::UserId;
use model::call_graph::words::RoutingRule;

use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::leg::Stopped;
use crate::port::{
    CallOutput, Devices, LegCommand, LegEvent, LegId, Refusal, Release, Shown, Supervision,
};
use crate::talk::Talk;

/// A telephone rings.
#[derive(Debug)]
pub(crate) struct Errand {
    pub(crate) leg: LegId,
    /// Whose.
    pub(crate) user: UserId,
    pub(crate) what: What,
    /// What the telephone shows.
    shown: Shown,
    gives_up_at: Duration,
}

/// What for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// It takes the place of this leg.
    Move {
        /// The leg.
        from: LegId,
    },
    /// Its user supervises the party with this leg.
    Supervise {
        /// The leg.
        of: LegId,
        /// How.
        how: Supervision,
    },
}

impl What {
    /// The leg of the party for which it rings.
    fn for_leg(self) -> LegId {
        match self {
            Self::Move { from } => from,
            Self::Supervise { of, .. } => of,
        }
    }
}

impl Errand {
    pub(crate) fn deadline(&self) -> Duration {
        self.gives_up_at
    }
}

impl Talk {
    /// Rings a telephone of a user; `for_leg`: with whom it is to talk, or whose place it takes.
    ///
    /// # Errors
    /// [`Refusal::Limit`]: as many as a call may have.
    pub(in crate::talk) fn send(
        &mut self,
        user: UserId,
        devices: Devices,
        what: What,
        basis: &Basis,
        ctx: &mut Ctx<'_>,
    ) -> Result<(), Refusal> {
        let settings = &ctx.settings.transfer;
        let parties = self.present.len() + self.searches.len() + self.errands.len();
        if self.errands.len() >= settings.max_searches || parties >= settings.max_parties {
            return Err(Refusal::Limit);
        }
        let gives_up_at = ctx.now.mono.saturating_add(settings.user_ring);
        let leg = ctx.legs.mint();
        let anchor = what.for_leg();
        let seen = match what {
            // The new telephone shows whom the old one talks with.
            What::Move { from } => self.others_of(from).first().copied(),
            What::Supervise { of, .. } => self.by_leg(of),
        };
        let party = seen.ok_or(Refusal::State)?.party.clone();
        let shown = self.shown_inside(&party, basis);
        if matches!(what, What::Supervise { .. }) {
            ctx.floor.ring(&user, &basis.id, None, ctx.now);
        }
        let errand = Errand { leg, user: user.clone(), what, shown: shown.clone(), gives_up_at };
        self.errands.push(errand);
        let diverted = Vec::new();
        ctx.order(LegCommand::DialUser { leg, user, devices, shown, anchor, diverted });
        Ok(())
    }

    /// Something happened on a leg that rings without a row; `false`: it is none.
    pub(in crate::talk) fn of_errand(
        &mut self,
        leg: LegId,
        event: &LegEvent,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> bool {
        let Some(index) = self.errands.iter().position(|it| it.leg == leg) else {
            return false;
        };
        match event {
            LegEvent::Answered => {
                let Errand { user, what, shown, .. } = self.errands.remove(index);
                self.assume(leg, shown);
                match what {
                    What::Move { from } => self.replace(from, leg, "answered", basis, ctx),
                    What::Supervise { of, how } => {
                        ctx.out.push(CallOutput::UserTaken(user.clone()));
                        self.supervised_by(leg, user, of, how, basis, ctx);
                    }
                }
            }
            LegEvent::Failed { .. } | LegEvent::HungUp => {
                let errand = self.errands.remove(index);
                over(&errand, RingEnd::Failed, "not answered", basis, ctx);
            }
            LegEvent::Reached
            | LegEvent::Rang { .. }
            | LegEvent::Settled { .. }
            | LegEvent::Cancelled
            | LegEvent::Held
            | LegEvent::Resumed
            | LegEvent::MediaTimedOut { .. }
            | LegEvent::Digit(_)
            | LegEvent::InfoDigit { .. }
            | LegEvent::Played { .. }
            | LegEvent::Quality(_)
            | LegEvent::FellSilent
            | LegEvent::RecordingFailed { .. }
            | LegEvent::Referred(_) => {}
        }
        true
    }

    /// Those ring no longer of which this is so.
    pub(in crate::talk) fn recall_errands(
        &mut self,
        why: Release,
        which: impl Fn(&Self, &Errand) -> bool,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) {
        let lost = |talk: &Self| talk.errands.iter().position(|it| which(talk, it));
        while let Some(index) = lost(self) {
            let errand = self.errands.remove(index);
            let leg = errand.leg;
            let how = if why == Release::NoAnswer { RingEnd::Missed } else { RingEnd::Stopped };
            over(&errand, how, "not answered", basis, ctx);
            basis.stop(Stopped { leg, connection: 0, attempt: None, why }, ctx);
        }
    }

    /// Whoever is there is rung no more to come: he was by two searches, or for two purposes, and
    /// has answered one.
    pub(in crate::talk) fn tidy_doubles(&mut self, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        if self.searches.is_empty() && self.errands.is_empty() {
            return;
        }
        let users: Vec<UserId> = self.present.iter().filter_map(|it| it.user().cloned()).collect();
        for user in users {
            if self.rings_at(&user).is_some() {
                self.user_taken(&user, None, basis, ctx);
            }
            self.supervisor_taken(&user, basis, ctx);
        }
    }

    /// Nobody is there any more for whom they ring, or they have rung long enough.
    pub(in crate::talk) fn tidy_errands(&mut self, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        let lost = |talk: &Self, it: &Errand| talk.by_leg(it.what.for_leg()).is_none();
        self.recall_errands(Release::CallerGone, lost, basis, ctx);
        let now = ctx.now.mono;
        let late = |_: &Self, it: &Errand| it.gives_up_at <= now;
        self.recall_errands(Release::NoAnswer, late, basis, ctx);
    }
}

fn over(errand: &Errand, how: RingEnd, verdict: &str, basis: &mut Basis, ctx: &mut Ctx<'_>) {
    let rule = match errand.what {
        What::Move { .. } => RoutingRule::Device,
        What::Supervise { .. } => {
            ctx.floor.stop_ringing(&errand.user, &basis.id, how, ctx.now);
            RoutingRule::Supervise
        }
    };
    basis.decide(rule, errand.user.as_str(), verdict);
}
