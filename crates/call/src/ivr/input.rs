//! What an input means to an IVR that plays to its caller and listens to him. Everything else that
//! legs do changes nothing there.

use std::time::Duration;

use super::keys::Way;
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::port::{CallInput, Digit, LegEvent, PlayEnd};
use crate::sound::ears::Purpose;

/// What has happened.
#[derive(Debug)]
pub(crate) enum Heard {
    /// The caller pressed this.
    Key(Digit),
    /// What was played to him for this purpose is over.
    Over(Purpose, PlayEnd),
    /// He said nothing for as long as was asked.
    Silence,
    /// He has left; the anchor knows it.
    Gone,
    /// The server stops.
    Released,
    /// Nothing that an IVR minds.
    Nothing,
}

/// Reads an input.
pub(crate) fn heard(input: CallInput, basis: &mut Basis, ctx: &Ctx<'_>) -> Heard {
    let event = match input {
        CallInput::Leg(leg, event) if leg == basis.anchor.leg => event,
        CallInput::Release => return Heard::Released,
        CallInput::Leg(..)
        | CallInput::UserTaken(_)
        | CallInput::Offered(_)
        | CallInput::LookedUp(_)
        | CallInput::Record(_)
        | CallInput::Order(..)
        | CallInput::Adopt(..)
        | CallInput::Granted(_) => return Heard::Nothing,
    };
    let now = ctx.now.mono;
    let key = |digit: Option<Digit>| digit.map_or(Heard::Nothing, Heard::Key);
    match event {
        LegEvent::Digit(digit) => key(basis.keys.pressed(digit, Way::Media, Duration::ZERO, now)),
        LegEvent::InfoDigit { digit, duration_ms } => {
            let held = Duration::from_millis(duration_ms.into());
            key(basis.keys.pressed(digit, Way::Info, held, now))
        }
        LegEvent::Played { play, end } => match basis.ears.over(play) {
            Some(purpose) => Heard::Over(purpose, end),
            None => Heard::Nothing,
        },
        LegEvent::FellSilent => Heard::Silence,
        LegEvent::Cancelled | LegEvent::HungUp | LegEvent::Failed { .. } => {
            basis.anchor.left();
            Heard::Gone
        }
        LegEvent::Rang { .. }
        | LegEvent::Answered
        | LegEvent::Settled { .. }
        | LegEvent::Held
        | LegEvent::Resumed
        | LegEvent::MediaTimedOut { .. }
        | LegEvent::Quality(_)
        | LegEvent::Reached
        | LegEvent::RecordingFailed { .. }
        | LegEvent::Referred(_) => Heard::Nothing,
    }
}
