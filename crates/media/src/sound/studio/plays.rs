//! What is played to a leg begins and ends, and the digits that end it.
//!
//! Guarantees: every playing is reported once; a digit that ends one is reported after it.

use std::time::Duration;

use call::port::{Digit, LegId, MediaEvent, PlayEnd, PlayId, Playlist};

use super::{Out, Studio};
use crate::handoff::FromSound;
use crate::sound::keys::Keys;
use crate::sound::mouth::Mouth;
use crate::sound::play::{Play, Prompts, rate_for};

impl Studio {
    pub(super) fn pressed(&mut self, now: Duration, leg: LegId, digit: Digit, out: &mut Out) {
        let play = self.voices.get(&leg).and_then(|voice| voice.play.as_ref());
        if play.is_some_and(|play| play.barge_in) {
            self.end_play(now, leg, PlayEnd::BargedIn, out);
        }
        out.made.push(FromSound::Event(MediaEvent::Digit { leg, digit }));
    }

    /// A digit was found in the band, or let go.
    pub(crate) fn found(
        &mut self,
        now: Duration,
        (leg, digit, down): (LegId, Digit, bool),
        out: &mut Out,
    ) {
        if !down {
            return;
        }
        self.pressed(now, leg, digit, out);
        // Who has no events hears it in the band anyway.
        self.pass_on(now, leg, digit, Keys::has_events, out);
    }

    /// Begins, in the place of what plays.
    pub(super) fn play(
        &mut self,
        now: Duration,
        (leg, id, list): (LegId, PlayId, &Playlist),
        prompts: &dyn Prompts,
        out: &mut Out,
    ) {
        self.finish_play(leg, PlayEnd::Stopped, out);
        let rate = self.voices.get(&leg).and_then(|voice| voice.mouth.as_ref()).map(Mouth::rate);
        let mut has_failed = true;
        if let (Some(rate), Some(voice)) = (rate, self.voices.get_mut(&leg)) {
            let mut tickets = Vec::new();
            let country = self.config.country;
            let mut play = Play::new(id, list, rate_for(rate), country, prompts, &mut tickets);
            has_failed = play.has_failed();
            if !has_failed {
                let left_off = self.left_off.get(&leg);
                left_off.into_iter().for_each(|left_off| play.go_on(left_off));
                voice.play = Some(play);
                for ticket in tickets {
                    self.tickets.entry(ticket).or_default().insert(leg);
                }
            }
        }
        self.settle(now, leg, out);
        if has_failed {
            self.tell_rendering_over(leg, out);
            let end = PlayEnd::Failed;
            out.made.push(FromSound::Event(MediaEvent::Played { leg, play: id, end }));
        }
    }

    /// Ends what plays, if something does.
    pub(crate) fn end_play(&mut self, now: Duration, leg: LegId, end: PlayEnd, out: &mut Out) {
        let Some(play) = self.voices.get_mut(&leg).and_then(|voice| voice.play.take()) else {
            return;
        };
        self.remember(leg, &play);
        self.settle(now, leg, out);
        out.made.push(FromSound::Event(MediaEvent::Played { leg, play: play.id, end }));
    }

    /// As [`Studio::end_play`], where another begins at once.
    fn finish_play(&mut self, leg: LegId, end: PlayEnd, out: &mut Out) {
        if let Some(play) = self.voices.get_mut(&leg).and_then(|voice| voice.play.take()) {
            self.remember(leg, &play);
            out.made.push(FromSound::Event(MediaEvent::Played { leg, play: play.id, end }));
        }
    }

    fn remember(&mut self, leg: LegId, play: &Play) {
        if let Some(left_off) = play.left_off()
            && (self.left_off.len() < self.config.voices_max || self.left_off.contains_key(&leg))
        {
            self.left_off.insert(leg, left_off);
        }
    }

    /// The relay renders a leg from the command to play on: tell it that there is nothing, though
    /// it was not told that there is something.
    pub(super) fn tell_rendering_over(&self, leg: LegId, out: &mut Out) {
        if self.voices.get(&leg).is_none_or(|voice| !voice.is_rendering) {
            out.made.push(FromSound::Rendering { leg, on: false });
        }
    }
}
