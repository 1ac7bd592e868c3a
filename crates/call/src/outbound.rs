//! A user dials a number outside, through a trunk. There are no attempts (D4): one leg, which the
//! switch may move to another trunk, and the outcomes of D44.

use std::sync::Arc;
use std::time::Duration;

use model::TrunkId;
use model::call_graph::event::{CallEvent, ConnectionSeq, Party};
use model::call_graph::words::{
    ConnectionKind, ConnectionOutcome, EndReason, EndedBy, NoAnswerReason, ParticipantRole,
};

use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::given_up::Dialled;
use crate::leg::{Far, ended_by};
use crate::outcome;
use crate::port::{CallInput, LegCommand, LegEvent, LegId, Release, Shown};
use crate::sound::ears::Purpose;
use crate::stage::Stage;
use crate::stage::ending::Ending;
use crate::talk::Talk;

/// Whom to dial and how.
#[derive(Debug)]
pub(crate) struct Dial {
    /// The number, or the short code as dialled.
    pub(crate) to: Arc<str>,
    pub(crate) shown: Shown,
    /// The trunk to use first.
    pub(crate) trunk: TrunkId,
}

/// A number outside is dialled.
#[derive(Debug)]
pub(crate) struct Dialing {
    leg: LegId,
    connection: ConnectionSeq,
    to: Arc<str>,
    party: Party,
    rang: bool,
    gives_up_at: Duration,
}

/// How a dial ended that was not answered.
struct Unanswered {
    outcome: ConnectionOutcome,
    reason: NoAnswerReason,
    q850: u16,
    /// The far end's final response: a dial has no attempt that would keep it.
    far_status: Option<u16>,
    by: EndedBy,
    /// Why a leg is stopped that is still there.
    why: Release,
}

impl Dialing {
    pub(crate) fn begin(dial: Dial, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        let party = basis.callee.clone().unwrap_or_else(|| basis.outside(None, &dial.to));
        let connection = basis.open_connection();
        let event = CallEvent::DialStarted {
            connection,
            kind: ConnectionKind::Dial,
            added_by: None,
            to: dial.to.clone(),
        };
        basis.record(event, ctx);
        let leg = ctx.legs.mint();
        ctx.order(LegCommand::DialOutside {
            leg,
            to: dial.to.clone(),
            shown: dial.shown,
            trunk: Some(dial.trunk),
            anchor: basis.anchor.leg,
            diverted: Vec::new(),
        });
        Stage::Dialing(Self {
            leg,
            connection,
            to: dial.to,
            party,
            rang: false,
            gives_up_at: ctx.now.mono.saturating_add(ctx.settings.ring.dial),
        })
    }

    /// It rings on in another call.
    pub(crate) fn give_up(self) -> Dialled {
        let Self { leg, to, rang, gives_up_at, .. } = self;
        Dialled { leg, to, rang, gives_up_at }
    }

    pub(crate) fn leg(&self) -> LegId {
        self.leg
    }

    pub(crate) fn connection(&self) -> ConnectionSeq {
        self.connection
    }

    pub(crate) fn deadline(&self) -> Duration {
        self.gives_up_at
    }

    pub(crate) fn timeout(self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        let ended = Unanswered {
            outcome: ConnectionOutcome::NoAnswer,
            reason: NoAnswerReason::Timeout,
            q850: outcome::Q850_NO_ANSWER,
            far_status: None,
            by: EndedBy::System,
            why: Release::NoAnswer,
        };
        self.end(&ended, true, basis, ctx)
    }

    pub(crate) fn handle(self, input: CallInput, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        match input {
            CallInput::Leg(leg, event) if leg == basis.anchor.leg => {
                self.anchor(&event, basis, ctx)
            }
            CallInput::Leg(leg, event) if leg == self.leg => self.far(&event, basis, ctx),
            CallInput::Leg(..)
            | CallInput::UserTaken(_)
            | CallInput::Offered(_)
            | CallInput::LookedUp(_)
            | CallInput::Record(_)
            | CallInput::Order(..)
            | CallInput::Adopt(..)
            | CallInput::Granted(_) => Stage::Dialing(self),
            CallInput::Release => {
                let ended = Unanswered {
                    outcome: ConnectionOutcome::Failed,
                    reason: NoAnswerReason::Failed,
                    q850: outcome::Q850_TEMPORARY_FAILURE,
                    far_status: None,
                    by: EndedBy::System,
                    why: Release::Shutdown,
                };
                self.end(&ended, true, basis, ctx)
            }
        }
    }

    fn anchor(self, event: &LegEvent, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        match event {
            LegEvent::Cancelled | LegEvent::HungUp | LegEvent::Failed { .. } => {
                basis.anchor.left();
                let ended = Unanswered {
                    outcome: ConnectionOutcome::Canceled,
                    reason: NoAnswerReason::CallerHangup,
                    q850: outcome::Q850_NORMAL,
                    far_status: None,
                    by: ended_by(&basis.anchor.party),
                    why: Release::CallerGone,
                };
                self.end(&ended, true, basis, ctx)
            }
            // Who calls back hears that it rings, for as long as media plays it.
            LegEvent::Played { play, .. } => {
                basis.ears.over(*play);
                Stage::Dialing(self)
            }
            LegEvent::Rang { .. }
            | LegEvent::Answered
            | LegEvent::Settled { .. }
            | LegEvent::Held
            | LegEvent::Resumed
            | LegEvent::MediaTimedOut { .. }
            | LegEvent::Digit(_)
            | LegEvent::InfoDigit { .. }
            | LegEvent::Quality(_)
            | LegEvent::Reached
            | LegEvent::FellSilent
            | LegEvent::RecordingFailed { .. }
            | LegEvent::Referred(_) => Stage::Dialing(self),
        }
    }

    fn far(mut self, event: &LegEvent, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        match event {
            LegEvent::Rang { early_media } => {
                if !self.rang {
                    self.rang = true;
                    let connection = self.connection;
                    basis.record(CallEvent::DialRinging { connection }, ctx);
                }
                basis.anchor.alert(early_media.then_some(self.leg), ctx);
                Stage::Dialing(self)
            }
            LegEvent::Answered => {
                let event = CallEvent::Answered {
                    connection: self.connection,
                    attempt: None,
                    by: self.party.clone(),
                    role: ParticipantRole::Callee,
                };
                basis.record(event, ctx);
                if let (Some(user), Party::External { number: Some(number), .. }) =
                    (basis.anchor.user(), &self.party)
                {
                    ctx.floor.talked_with(number.clone(), user.clone());
                }
                // Who is called back is dialled while the user hears that it rings.
                basis.ears.stop(basis.anchor.leg, Purpose::Waiting, ctx);
                let Self { leg, connection, party, .. } = self;
                Talk::begin(Far { leg, connection, party }, basis, ctx)
            }
            LegEvent::Failed { status } => self.failed(*status, basis, ctx),
            LegEvent::HungUp => self.failed(480, basis, ctx),
            LegEvent::Settled { .. }
            | LegEvent::Cancelled
            | LegEvent::Held
            | LegEvent::Resumed
            | LegEvent::MediaTimedOut { .. }
            | LegEvent::Digit(_)
            | LegEvent::InfoDigit { .. }
            | LegEvent::Played { .. }
            | LegEvent::Quality(_)
            | LegEvent::Reached
            | LegEvent::FellSilent
            | LegEvent::RecordingFailed { .. }
            | LegEvent::Referred(_) => Stage::Dialing(self),
        }
    }

    fn failed(self, status: u16, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        let (outcome, reason) = outcome::of_dial(status);
        let ended = Unanswered {
            outcome,
            reason,
            q850: outcome::q850_of(status),
            far_status: Some(status),
            by: EndedBy::External,
            why: Release::Normal,
        };
        self.end(&ended, false, basis, ctx)
    }

    fn end(self, ended: &Unanswered, stop: bool, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        let (connection, reason) = (self.connection, ended.reason);
        basis.record(CallEvent::NoAnswer { connection, reason }, ctx);
        let sip_status = outcome::status_of(ended.outcome);
        let event = CallEvent::ConnectionEnded {
            connection,
            outcome: ended.outcome,
            reason: EndReason::NotAnswered,
            sip_status: Some(ended.far_status.unwrap_or(sip_status)),
            q850: Some(ended.q850),
        };
        basis.record(event, ctx);
        let ending = Ending {
            by: ended.by,
            why: ended.why,
            outcome: outcome::of_unanswered_call(basis.direction, Some(ended.outcome)),
            sip_status,
            q850: ended.q850,
        };
        let closed = ending.record(basis, ctx);
        if stop {
            let (leg, why) = (self.leg, ended.why);
            ctx.order(LegCommand::Cancel { leg, why });
        }
        closed.release(basis, ctx)
    }
}
