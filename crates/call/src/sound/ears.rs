//! What plays to which leg of a call, and why: at most one thing for each leg, known until media
//! says that it is over.

use crate::ctx::Ctx;
use crate::port::{LegId, MediaCommand, PlayId, Playlist};

/// Why something is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// An IVR greets.
    Greeting,
    /// The caller waits for somebody to answer.
    Waiting,
    /// The party is on hold.
    Hold,
    /// The party is told that he will be recorded.
    Consent,
    /// The party hears that he is recorded.
    Beep,
    /// Somebody has ordered it.
    Ordered,
}

/// What the legs of a call are played.
#[derive(Debug, Default)]
pub(crate) struct Ears {
    playing: Vec<Playing>,
}

#[derive(Debug)]
struct Playing {
    leg: LegId,
    play: PlayId,
    purpose: Purpose,
}

impl Ears {
    /// Plays to a leg, in place of what it heard before.
    pub(crate) fn play(&mut self, leg: LegId, purpose: Purpose, list: Playlist, ctx: &mut Ctx<'_>) {
        let play = ctx.legs.mint_play();
        self.playing.retain(|playing| playing.leg != leg);
        self.playing.push(Playing { leg, play, purpose });
        ctx.media(MediaCommand::Play { leg, play, list: list.into() });
    }

    /// Stops what plays to a leg, if it plays for this purpose.
    pub(crate) fn stop(&mut self, leg: LegId, purpose: Purpose, ctx: &mut Ctx<'_>) {
        if self.hears(leg) == Some(purpose) {
            self.playing.retain(|playing| playing.leg != leg);
            ctx.media(MediaCommand::StopPlay { leg });
        }
    }

    /// Nothing plays to anybody any more.
    pub(crate) fn stop_all(&mut self, ctx: &mut Ctx<'_>) {
        for Playing { leg, .. } in std::mem::take(&mut self.playing) {
            ctx.media(MediaCommand::StopPlay { leg });
        }
    }

    /// Stops whatever plays to a leg.
    pub(crate) fn silence(&mut self, leg: LegId, ctx: &mut Ctx<'_>) {
        if let Some(purpose) = self.hears(leg) {
            self.stop(leg, purpose, ctx);
        }
    }

    /// A leg is gone, and what played to it.
    pub(crate) fn gone(&mut self, leg: LegId) {
        self.playing.retain(|playing| playing.leg != leg);
    }

    /// Why the leg hears what it hears; `None`: nothing plays to it.
    pub(crate) fn hears(&self, leg: LegId) -> Option<Purpose> {
        let playing = self.playing.iter().find(|playing| playing.leg == leg)?;
        Some(playing.purpose)
    }

    /// A playing is over. Returns what it was for; `None`: it was stopped or replaced before.
    pub(crate) fn over(&mut self, play: PlayId) -> Option<Purpose> {
        let index = self.playing.iter().position(|playing| playing.play == play)?;
        Some(self.playing.swap_remove(index).purpose)
    }
}
