//! What is played to a leg: a list, sample after sample.
//!
//! Guarantees: items follow each other without a gap or an overlap of even a sample; an item that
//! cannot be had is passed over; what is still being loaded is waited for in silence; every playing
//! ends exactly once, and a list in which nothing lasts does not go round for ever.
//!
//! A listener of music begins at its beginning, and has a place of its own in it, at which it goes
//! on after something else was played to him; the sound itself is shared by all.

use std::sync::Arc;

use audio::resample::Resampler;
use audio::tone::{Country, Tone as Cadence, ToneGenerator};
use call::port::{PlayEnd, PlayId, Playlist, Sound, Tone};

use super::NARROWBAND;
use crate::prompt::{Clip, ClipState, PromptKey, Ticket};

/// Where sounds come from; never waits.
pub(crate) trait Prompts {
    /// A sound at a rate.
    fn request(&self, key: &PromptKey, rate: u32) -> ClipState;
}

impl Prompts for crate::prompt::Library {
    fn request(&self, key: &PromptKey, rate: u32) -> ClipState {
        Self::request(self, key, rate)
    }
}

/// An item of the list.
enum Item {
    /// Being loaded.
    Waiting(Ticket),
    /// Loaded.
    Clips(Vec<Clip>),
    /// Made here.
    Tone(Cadence),
    /// Samples of nothing.
    Silence(usize),
    /// Cannot be had.
    Failed,
}

/// Where in an item the playing is.
enum Place {
    /// Sample of clip, or of silence.
    At { clip: usize, sample: usize },
    /// In a tone.
    In(Box<ToneGenerator>),
}

const BEGINNING: Place = Place::At { clip: 0, sample: 0 };

/// A place in music: files that are played round and round.
pub(crate) struct LeftOff {
    sounds: Vec<Sound>,
    rate: u32,
    index: usize,
    clip: usize,
    sample: usize,
}

/// What became of an item that was asked for more.
enum Filled {
    /// The frame is full.
    Frame,
    /// The item is over.
    Over,
    /// It is not here yet.
    Waiting,
}

/// One playing.
pub(crate) struct Play {
    pub(crate) id: PlayId,
    pub(crate) barge_in: bool,
    pub(crate) is_paused: bool,
    repeat: bool,
    country: Country,
    rate: u32,
    /// Of music only.
    sounds: Option<Vec<Sound>>,
    items: Vec<Item>,
    index: usize,
    place: Place,
    /// Something of it could be played.
    is_heard: bool,
}

impl Play {
    /// Begins: everything is asked for at once, so that nothing is waited for between two items.
    /// Tickets of what is being loaded are appended to `tickets`.
    pub(crate) fn new(
        id: PlayId,
        list: &Playlist,
        rate: u32,
        country: Country,
        prompts: &dyn Prompts,
        tickets: &mut Vec<Ticket>,
    ) -> Self {
        let mut item = |sound: &Sound| match sound {
            Sound::Tone(tone) => Item::Tone(cadence(*tone)),
            Sound::Silence { ms } => Item::Silence(*ms as usize * (rate / 1_000) as usize),
            Sound::File(_)
            | Sound::Music(_)
            | Sound::Text(_)
            | Sound::Recorded(_)
            | Sound::Say(_) => {
                let key = PromptKey { sound: sound.clone(), language: list.language.clone() };
                match prompts.request(&key, rate) {
                    ClipState::Ready(clips) => loaded(Some(clips), rate),
                    ClipState::Wait(ticket) => {
                        tickets.push(ticket);
                        Item::Waiting(ticket)
                    }
                    ClipState::Failed => Item::Failed,
                }
            }
        };
        Self {
            id,
            barge_in: list.barge_in,
            is_paused: false,
            repeat: list.repeat,
            country,
            rate,
            sounds: is_music(list).then(|| list.items.clone()),
            items: list.items.iter().take(Playlist::LIMIT).map(&mut item).collect(),
            index: 0,
            place: BEGINNING,
            is_heard: false,
        }
    }

    /// Where it is, if it is music.
    pub(crate) fn left_off(&self) -> Option<LeftOff> {
        let Place::At { clip, sample } = self.place else { return None };
        let (sounds, rate, index) = (self.sounds.clone()?, self.rate, self.index);
        Some(LeftOff { sounds, rate, index, clip, sample })
    }

    /// Begins where the same music was left off.
    pub(crate) fn go_on(&mut self, left_off: &LeftOff) {
        if self.sounds.as_ref() == Some(&left_off.sounds) && self.rate == left_off.rate {
            // A file that is shorter by now is over there.
            self.index = left_off.index;
            self.place = Place::At { clip: left_off.clip, sample: left_off.sample };
        }
    }

    /// The rate of its sound, Hz.
    pub(crate) fn rate(&self) -> u32 {
        self.rate
    }

    /// Whether everything of it is known to fail.
    pub(crate) fn has_failed(&self) -> bool {
        !self.items.is_empty() && self.items.iter().all(|item| matches!(item, Item::Failed))
    }

    /// Something was loaded, or not.
    pub(crate) fn loaded(&mut self, ticket: Ticket, clips: Option<&Vec<Clip>>) {
        for item in &mut self.items {
            if matches!(item, Item::Waiting(waits_for) if *waits_for == ticket) {
                *item = loaded(clips.cloned(), self.rate);
            }
        }
    }

    /// The next frame into `frame`, all of it; how it ended, if it did within the frame.
    pub(crate) fn fill(&mut self, frame: &mut [i16]) -> Option<PlayEnd> {
        frame.fill(0);
        if self.is_paused {
            return None;
        }
        let mut filled = 0;
        // Items that gave nothing, one after the other.
        let mut empty = 0;
        while empty <= self.items.len() {
            if self.index >= self.items.len() {
                if !self.repeat {
                    return Some(self.end());
                }
                self.index = 0;
                self.place = BEGINNING;
                if self.items.is_empty() {
                    break;
                }
            }
            let before = filled;
            match self.advance(frame, &mut filled) {
                Filled::Frame | Filled::Waiting => return None,
                Filled::Over => {
                    self.index += 1;
                    self.place = BEGINNING;
                }
            }
            empty = if filled > before { 0 } else { empty + 1 };
        }
        Some(self.end())
    }

    fn end(&self) -> PlayEnd {
        let nothing = !self.items.is_empty() && !self.is_heard;
        if nothing { PlayEnd::Failed } else { PlayEnd::Completed }
    }

    /// Goes on in the item of now.
    fn advance(&mut self, frame: &mut [i16], filled: &mut usize) -> Filled {
        match &self.items[self.index] {
            Item::Waiting(_) => Filled::Waiting,
            Item::Failed => Filled::Over,
            Item::Silence(len) => {
                self.is_heard = true;
                let Place::At { sample, .. } = &mut self.place else {
                    return Filled::Over;
                };
                let count = len.saturating_sub(*sample).min(frame.len() - *filled);
                *sample += count;
                *filled += count;
                if *sample >= *len { Filled::Over } else { Filled::Frame }
            }
            Item::Clips(clips) => {
                self.is_heard = true;
                let Place::At { clip, sample } = &mut self.place else {
                    return Filled::Over;
                };
                while let Some(here) = clips.get(*clip) {
                    let rest = here.pcm.get(*sample..).unwrap_or_default();
                    let count = rest.len().min(frame.len() - *filled);
                    frame[*filled..*filled + count].copy_from_slice(&rest[..count]);
                    *filled += count;
                    *sample += count;
                    if *sample < here.pcm.len() {
                        return Filled::Frame;
                    }
                    (*clip, *sample) = (*clip + 1, 0);
                }
                Filled::Over
            }
            Item::Tone(tone) => {
                self.is_heard = true;
                if let Place::At { .. } = self.place {
                    let generator = ToneGenerator::new(*tone, self.country, self.rate);
                    self.place = Place::In(Box::new(generator));
                }
                let Place::In(generator) = &mut self.place else {
                    return Filled::Over;
                };
                // By the millisecond, to know where it ends.
                while *filled < frame.len() {
                    let end = frame.len().min(*filled + (self.rate / 1_000) as usize);
                    let is_over = generator.fill(&mut frame[*filled..end]);
                    *filled = end;
                    if is_over {
                        return Filled::Over;
                    }
                }
                Filled::Frame
            }
        }
    }
}

/// Files that go round, whatever they are called.
fn is_music(list: &Playlist) -> bool {
    let is_file = |sound: &Sound| matches!(sound, Sound::Music(_) | Sound::File(_));
    list.repeat && !list.items.is_empty() && list.items.iter().all(is_file)
}

/// A loaded item. Clips have the rate that was asked for; others are brought to it.
fn loaded(clips: Option<Vec<Clip>>, rate: u32) -> Item {
    let Some(mut clips) = clips else {
        return Item::Failed;
    };
    for clip in &mut clips {
        if clip.rate != rate {
            let Ok(mut resampler) = Resampler::new(clip.rate, rate) else {
                return Item::Failed;
            };
            let mut pcm = Vec::new();
            resampler.process(&clip.pcm, &mut pcm);
            *clip = Clip { rate, pcm: Arc::from(pcm) };
        }
    }
    Item::Clips(clips)
}

fn cadence(tone: Tone) -> Cadence {
    match tone {
        Tone::Ringback => Cadence::Ringback,
        Tone::Busy => Cadence::Busy,
        Tone::Congestion => Cadence::Congestion,
        Tone::Beep => Cadence::Beep,
    }
}

/// The rate at which something is played to a leg that is rendered at `rate`: prompts are telephone
/// sound, and no wider than wideband.
pub(crate) fn rate_for(rate: u32) -> u32 {
    rate.clamp(NARROWBAND, super::WIDEBAND)
}
