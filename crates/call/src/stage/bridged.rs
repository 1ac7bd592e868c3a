//! Two legs hear each other, until one of them leaves, media dies or the server stops. Hold is
//! recorded for either side (D45), and the held party hears music. The bridge is what a recording
//! follows.

use model::call_graph::event::{BridgeLeg, CallEvent};
use model::call_graph::words::{CallOutcome, ConnectionOutcome, EndReason, EndedBy};

use super::Stage;
use super::ending::Ending;
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::leg::{Far, ended_by, held_name, hung_up_by, user_of};
use crate::outcome;
use crate::port::{
    CallInput, CallOutput, Digit, LegCommand, LegEvent, LegId, MediaCommand, Playlist, Release,
};
use crate::recording::Sides;
use crate::sound::Digits;
use crate::sound::ears::Purpose;

/// The only bridge of a call that nobody has transferred.
const BRIDGE: u16 = 1;

/// Digits of one call that are kept; what is pressed beyond has its effect and no row.
pub(crate) const DIGITS_PER_CALL: u16 = 1_000;

/// A conversation of two.
#[derive(Debug)]
pub(crate) struct Bridged {
    far: Far,
    /// The caller has put the far side on hold.
    anchor_holds: bool,
    /// The far side has put the caller on hold.
    far_holds: bool,
}

impl Bridged {
    /// Joins the caller with who has answered; the answer itself has been recorded.
    pub(crate) fn begin(far: Far, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        let accept = !basis.anchor.is_accepted();
        if accept {
            basis.record(CallEvent::Accepted, ctx);
        }
        for leg in [BridgeLeg::Anchor, BridgeLeg::Connection(far.connection)] {
            let bridge = BRIDGE;
            basis.record(CallEvent::BridgeEntered { leg, bridge }, ctx);
        }
        ctx.out.push(CallOutput::Named(far.leg, BridgeLeg::Connection(far.connection)));
        if accept {
            basis.anchor.accept(Some(far.leg), ctx);
        }
        ctx.order(LegCommand::Bridge { a: basis.anchor.leg, b: far.leg });
        let sides = Sides::of((basis.anchor.leg, &basis.anchor.party), (far.leg, &far.party));
        let by_policy = basis.is_recorded(ctx);
        basis.recording.sides(sides, by_policy, &mut basis.ears, ctx);
        Stage::Bridged(Self { far, anchor_holds: false, far_holds: false })
    }

    pub(crate) fn far(&self) -> &Far {
        &self.far
    }

    pub(crate) fn handle(
        mut self,
        input: CallInput,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> Stage {
        let (leg, event) = match input {
            CallInput::Leg(leg, event) => (leg, event),
            CallInput::UserTaken(_)
            | CallInput::Offered(_)
            | CallInput::LookedUp(_)
            | CallInput::Record(_)
            | CallInput::Order(..)
            | CallInput::Adopt(..)
            | CallInput::Granted(_) => return Stage::Bridged(self),
            CallInput::Release => {
                let (by, reason) = (EndedBy::System, EndReason::CallEnded);
                return self.end(None, by, reason, Release::Shutdown, basis, ctx);
            }
        };
        if leg != basis.anchor.leg && leg != self.far.leg {
            return Stage::Bridged(self);
        }
        match event {
            LegEvent::HungUp | LegEvent::Failed { .. } | LegEvent::Cancelled => {
                let party = match leg == self.far.leg {
                    true => &self.far.party,
                    false => &basis.anchor.party,
                };
                let (by, reason) = (ended_by(party), hung_up_by(party));
                self.end(Some(leg), by, reason, Release::Normal, basis, ctx)
            }
            LegEvent::MediaTimedOut { seconds } => {
                let connection = (leg == self.far.leg).then_some(self.far.connection);
                let event = CallEvent::MediaTimedOut { connection, seconds };
                basis.record(event, ctx);
                let (by, reason) = (EndedBy::System, EndReason::MediaTimeout);
                self.end(None, by, reason, Release::MediaTimeout, basis, ctx)
            }
            LegEvent::Held => {
                self.hold(leg, true, basis, ctx);
                Stage::Bridged(self)
            }
            LegEvent::Resumed => {
                self.hold(leg, false, basis, ctx);
                Stage::Bridged(self)
            }
            LegEvent::Digit(digit) => {
                self.pressed(leg, digit, basis, ctx);
                Stage::Bridged(self)
            }
            LegEvent::InfoDigit { digit, duration_ms } => {
                self.pressed(leg, digit, basis, ctx);
                let leg = if leg == self.far.leg { basis.anchor.leg } else { self.far.leg };
                ctx.media(MediaCommand::SendDigit { leg, digit, duration_ms });
                Stage::Bridged(self)
            }
            LegEvent::Played { play, end } => {
                if basis.ears.over(play) == Some(Purpose::Consent) {
                    basis.recording.heard(end, &mut basis.ears, ctx);
                    self.play_on_hold(basis, ctx);
                }
                Stage::Bridged(self)
            }
            LegEvent::Rang { .. }
            | LegEvent::Answered
            | LegEvent::Settled { .. }
            | LegEvent::Quality(_)
            | LegEvent::Reached
            | LegEvent::FellSilent
            | LegEvent::RecordingFailed { .. }
            | LegEvent::Referred(_) => Stage::Bridged(self),
        }
    }

    fn hold(&mut self, leg: LegId, holds: bool, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        let (held_before, holder, held) = match leg == self.far.leg {
            true => (&mut self.far_holds, &self.far.party, &basis.anchor.party),
            false => (&mut self.anchor_holds, &basis.anchor.party, &self.far.party),
        };
        if *held_before == holds {
            return;
        }
        *held_before = holds;
        let by = user_of(holder).cloned();
        let party = held_name(held, &basis.id);
        let event = match holds {
            true => CallEvent::Held { by, party },
            false => CallEvent::Resumed { by, party },
        };
        basis.record(event, ctx);
        self.play_on_hold(basis, ctx);
    }

    /// Who is on hold hears music; nothing is played to who does not listen because he holds, too,
    /// nor over what has to be heard.
    fn play_on_hold(&self, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        let anchor = (basis.anchor.leg, self.far_holds && !self.anchor_holds);
        let far = (self.far.leg, self.anchor_holds && !self.far_holds);
        for (leg, waits) in [anchor, far] {
            if !waits {
                basis.ears.stop(leg, Purpose::Hold, ctx);
            } else if let None | Some(Purpose::Beep) = basis.ears.hears(leg)
                && let Some(music) = basis.music_on_hold(ctx)
            {
                let list = Playlist::forever(Playlist::named(&music));
                basis.ears.play(leg, Purpose::Hold, list, ctx);
            }
        }
    }

    /// A party pressed a digit.
    fn pressed(&self, leg: LegId, digit: Digit, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        let party = if leg == self.far.leg { &self.far.party } else { &basis.anchor.party };
        let digit = match ctx.settings.sound.keep_digits {
            Digits::Kept if !basis.recording.is_paused() => digit.sign(),
            Digits::Kept | Digits::Masked => '•',
            Digits::Dropped => return,
        };
        let user = user_of(party).cloned();
        let party = held_name(party, &basis.id);
        if basis.digits < DIGITS_PER_CALL {
            basis.digits += 1;
            basis.record(CallEvent::DigitPressed { user, party, digit }, ctx);
        }
    }

    /// Ends the call. `gone`: the leg that has left by itself.
    fn end(
        self,
        gone: Option<LegId>,
        by: EndedBy,
        reason: EndReason,
        why: Release,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> Stage {
        basis.recording.end(&mut basis.ears, ctx);
        let event = CallEvent::ConnectionEnded {
            connection: self.far.connection,
            outcome: ConnectionOutcome::Answered,
            reason,
            sip_status: None,
            q850: Some(outcome::Q850_NORMAL),
        };
        basis.record(event, ctx);
        if gone == Some(basis.anchor.leg) {
            basis.anchor.left();
        }
        if let Some(user) = user_of(&self.far.party) {
            ctx.floor.free(user, &basis.id, ctx.now);
        }
        let ending = Ending {
            by,
            why,
            outcome: CallOutcome::Answered,
            sip_status: 200,
            q850: outcome::Q850_NORMAL,
        };
        let closed = ending.record(basis, ctx);
        if gone != Some(self.far.leg) {
            let leg = self.far.leg;
            ctx.order(LegCommand::HangUp { leg, why });
        }
        closed.release(basis, ctx)
    }
}
