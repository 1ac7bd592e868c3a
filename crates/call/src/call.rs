//! One call: the facts that hold from its beginning to its end, and the stage it is in. After
//! [`CallOutput::Finished`](crate::port::CallOutput::Finished) nothing it is told has an effect
//! (D40).

pub(crate) mod adoption;
mod log;
mod standing;

use std::sync::Arc;
use std::time::Duration;

use model::CallId;
use model::call_graph::CallEvent;

use self::log::Log;
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::port::{Arrival, CallInput, LegCommand, LegEvent, LegId, Refusal};
use crate::quality;
use crate::stage::calling_back::{self, CallBack};
use crate::stage::{Stage, arriving};

/// A call.
#[derive(Debug)]
pub struct Call {
    pub(crate) basis: Basis,
    pub(crate) stage: Stage,
    pub(crate) log: Log,
}

impl Call {
    /// A call arrives. It may be over at once (an unknown number, nobody to ring).
    pub fn arrive(id: CallId, arrival: Arrival, ctx: &mut Ctx<'_>) -> Self {
        let from = ctx.out.len();
        let (mut basis, stage) = arriving::arrive(id, arrival, ctx);
        basis.explain(ctx);
        Self::new(basis, stage, from, ctx)
    }

    /// A caller who hung up instead of waiting is called back: the member whose turn it is is rung
    /// first. Nothing is recorded before he answers; a call that is over before leaves no rows.
    pub fn call_back(id: CallId, back: CallBack, ctx: &mut Ctx<'_>) -> Self {
        let from = ctx.out.len();
        let (basis, stage) = calling_back::begin(id, back, ctx);
        Self::new(basis, stage, from, ctx)
    }

    /// A call whose first step has pushed its effects from there on.
    pub(crate) fn new(basis: Basis, stage: Stage, from: usize, ctx: &Ctx<'_>) -> Self {
        let mut call = Self { basis, stage, log: Log::default() };
        call.follow(from, ctx);
        call
    }

    /// Something happened.
    pub fn handle(&mut self, input: CallInput, ctx: &mut Ctx<'_>) {
        let from = ctx.out.len();
        self.told(input, ctx);
        self.follow(from, ctx);
    }

    fn told(&mut self, input: CallInput, ctx: &mut Ctx<'_>) {
        if self.is_finished() {
            return;
        }
        if let CallInput::Leg(leg, LegEvent::Referred(_)) = &input
            && !self.stage.talk().is_some_and(|talk| talk.answers_refers_of(*leg))
        {
            // Whoever has nobody to hand on waits for no answer.
            let (leg, status) = (*leg, Refusal::State.sip_status());
            return ctx.order(LegCommand::RefuseRefer { leg, status });
        }
        if let CallInput::Leg(leg, event) = &input
            && (self.basis.settled(*leg, event, ctx) || self.observed(*leg, event, ctx))
        {
            return;
        }
        if let CallInput::Record(wish) = input {
            return self.basis.recording.wish(wish, &mut self.basis.ears, ctx);
        }
        if let CallInput::LookedUp(found) = &input {
            self.basis.looked_up(found);
        }
        if let CallInput::Order(order, orderer, command) = input {
            self.ordered(order, &orderer, command, ctx);
        } else if let CallInput::Adopt(adoption, given) = input {
            self.adopt(adoption, *given, ctx);
        } else {
            self.pass(input, ctx);
        }
        self.basis.explain(ctx);
    }

    /// Lets the stage handle it.
    pub(crate) fn pass(&mut self, input: CallInput, ctx: &mut Ctx<'_>) {
        let stage = std::mem::replace(&mut self.stage, Stage::Ended);
        self.stage = stage.handle(input, &mut self.basis, ctx);
    }

    /// Whether this event is one that no stage waits for: it says how a leg sounds. What became of
    /// a recording is written down here, too.
    fn observed(&mut self, leg: LegId, event: &LegEvent, ctx: &mut Ctx<'_>) -> bool {
        if let LegEvent::Quality(notice) = event {
            quality::record(notice, &self.stage, &self.basis, ctx);
            return true;
        }
        // No stage minds whether who goes through an IVR holds, but the talk does that comes after.
        if let LegEvent::Held | LegEvent::Resumed = event
            && let Some(handed) = self.basis.handed.as_mut().filter(|it| it.is_at(leg))
        {
            handed.phone_holds(*event == LegEvent::Held);
        }
        // A stage that takes a message wants to know it as well.
        if let LegEvent::RecordingFailed { recording, cause } = event {
            self.basis.recording.failed(recording, cause, ctx);
        }
        false
    }

    /// A leg outside was dialled again at another address of its trunk. It changes nothing but the
    /// record: the leg is the same.
    pub fn failed_over(
        &mut self,
        leg: LegId,
        from: &str,
        to: &str,
        sip_status: u16,
        ctx: &mut Ctx<'_>,
    ) {
        if let Some(connection) = self.stage.connection_of(leg) {
            let (from, to) = (Arc::from(from), Arc::from(to));
            let event = CallEvent::TrunkFailedOver { connection, from, to, sip_status };
            self.basis.record(event, ctx);
        }
    }

    /// Time has passed; without effect before [`Self::deadline`].
    pub fn timeout(&mut self, ctx: &mut Ctx<'_>) {
        if self.deadline().is_none_or(|at| ctx.now.mono < at) {
            return;
        }
        let from = ctx.out.len();
        let stage = std::mem::replace(&mut self.stage, Stage::Ended);
        self.stage = stage.timeout(&mut self.basis, ctx);
        self.basis.explain(ctx);
        self.follow(from, ctx);
    }

    /// When [`Self::timeout`] wants to be called, on the monotonic clock.
    pub fn deadline(&self) -> Option<Duration> {
        self.stage.deadline()
    }

    /// Whether the call is over.
    pub fn is_finished(&self) -> bool {
        matches!(self.stage, Stage::Ended)
    }

    /// Its id.
    pub fn id(&self) -> &CallId {
        &self.basis.id
    }

    /// The legs that it has and has not told to stop, the caller's first; none when it is over.
    pub fn legs(&self) -> impl Iterator<Item = LegId> {
        let talks = matches!(self.stage, Stage::Talking(_) | Stage::Ended);
        let anchor = (!talks).then_some(self.basis.anchor.leg);
        anchor.into_iter().chain(self.stage.legs())
    }
}
