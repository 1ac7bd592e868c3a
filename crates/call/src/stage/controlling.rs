//! A user has dialled a code that is about another call. The switch, which sees all calls, brings
//! his leg there ([`crate::Call::give_up`]), or says what came of it: then he hears that, or gets
//! the status. It answers in the same step; a caller is never kept waiting for an answer that does
//! not come.

use std::sync::Arc;
use std::time::Duration;

use model::call_graph::event::CallEvent;
use model::call_graph::words::{CallOutcome, EndedBy};

use super::Stage;
use super::ending::Ending;
use super::told::Told;
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::leg::ended_by;
use crate::outcome;
use crate::port::{CallInput, CallOutput, Control, LegEvent, Release, Sound, Spoken, Tone};
use crate::voicemail::Voice;

/// The switch answers in the step that asks.
const PATIENCE: Duration = Duration::from_secs(5);

/// The switch has been asked.
#[derive(Debug)]
pub(crate) struct Controlling {
    gives_up_at: Duration,
}

impl Controlling {
    pub(crate) fn begin(control: Control, ctx: &mut Ctx<'_>) -> Stage {
        ctx.out.push(CallOutput::Wants(control));
        Stage::Controlling(Self { gives_up_at: ctx.now.mono.saturating_add(PATIENCE) })
    }

    pub(crate) fn deadline(&self) -> Duration {
        self.gives_up_at
    }

    pub(crate) fn timeout(basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        refuse(480, EndedBy::System, Release::Normal, basis, ctx)
    }

    pub(crate) fn handle(self, input: CallInput, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        match input {
            CallInput::Granted(Ok(said)) => granted(said, basis, ctx),
            CallInput::Granted(Err(status)) => {
                refuse(status, EndedBy::System, Release::Normal, basis, ctx)
            }
            CallInput::Leg(
                leg,
                LegEvent::Cancelled | LegEvent::HungUp | LegEvent::Failed { .. },
            ) if leg == basis.anchor.leg => {
                basis.anchor.left();
                let by = ended_by(&basis.anchor.party);
                refuse(487, by, Release::CallerGone, basis, ctx)
            }
            CallInput::Release => refuse(503, EndedBy::System, Release::Shutdown, basis, ctx),
            CallInput::Leg(..)
            | CallInput::UserTaken(_)
            | CallInput::Offered(_)
            | CallInput::LookedUp(_)
            | CallInput::Record(_)
            | CallInput::Order(..)
            | CallInput::Adopt(..) => Stage::Controlling(self),
        }
    }
}

fn granted(said: Option<Arc<str>>, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
    basis.record(CallEvent::Accepted, ctx);
    basis.anchor.accept(None, ctx);
    let item = match said {
        Some(digits) => Sound::Say(Spoken::Digits(digits)),
        None => Sound::Tone(Tone::Beep),
    };
    let list = Voice::new(None, ctx).says(vec![item]);
    Told::begin(list, basis, ctx)
}

fn refuse(
    sip_status: u16,
    by: EndedBy,
    why: Release,
    basis: &mut Basis,
    ctx: &mut Ctx<'_>,
) -> Stage {
    let outcome = match why {
        Release::CallerGone => CallOutcome::Canceled,
        Release::Normal
        | Release::AnsweredElsewhere
        | Release::NoAnswer
        | Release::UserBusy
        | Release::Shutdown
        | Release::MediaTimeout => CallOutcome::NoAnswer,
    };
    let q850 = outcome::q850_of(sip_status);
    Ending { by, why, outcome, sip_status, q850 }.finish(basis, ctx)
}
