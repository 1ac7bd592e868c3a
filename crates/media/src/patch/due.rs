//! What the others are to know of a leg, and what of that is new to them.

use std::sync::Arc;

use call::port::{Encoding, Format, Formats, LegId, Speaks};

use super::{
    Ear, Hears, Jack, PatchBay, Patched, PayloadMap, Pressing, Talks, Told, Voice, Wiring,
};
use crate::handoff::{SoundCommand, Source};

impl PatchBay {
    /// Tells the others what has changed.
    pub(super) fn settle(&mut self) {
        let mut touched = std::mem::take(&mut self.touched);
        // What a leg hears decides whether the other one's packets are needed.
        let ends: Vec<LegId> = touched.iter().flat_map(|leg| self.neighbours(*leg)).collect();
        touched.extend(ends);
        touched.sort_unstable();
        touched.dedup();
        for &leg in &touched {
            let Some(jack) = self.legs.get(&leg) else { continue };
            let told = self.due(leg, jack);
            if told.wiring != jack.told.wiring {
                self.out.push(Patched::Wired { leg, wiring: told.wiring.clone() });
            }
            self.tell(leg, jack.told.voice, told.voice);
            if let Some(jack) = self.legs.get_mut(&leg) {
                jack.told = told;
            }
        }
        touched.clear();
        self.touched = touched;
    }

    fn neighbours(&self, leg: LegId) -> impl Iterator<Item = LegId> + use<> {
        let jack = self.legs.get(&leg);
        let heard = jack.and_then(|jack| match jack.ear {
            Ear::Leg(from) => Some(from),
            Ear::Nothing | Ear::Room(..) => None,
        });
        heard.into_iter().chain(jack.and_then(|jack| jack.heard_by))
    }

    /// Tells the sound thread what is new of a leg.
    fn tell(&mut self, leg: LegId, old: Option<Voice>, new: Option<Voice>) {
        let silent = Voice { source: Source::Nothing, in_band: false };
        let before = match (old, new) {
            (None, None) => return,
            (Some(_), None) => {
                return self.out.push(Patched::Sound(SoundCommand::Gone { leg }));
            }
            (None, Some(_)) => {
                let formats = self.legs.get(&leg).and_then(|jack| jack.formats.clone());
                let formats = formats.unwrap_or_else(usual_formats);
                self.out.push(Patched::Sound(SoundCommand::Voice { leg, formats }));
                silent
            }
            (Some(old), Some(_)) => old,
        };
        let now = new.unwrap_or(silent);
        if before.source != now.source {
            let source = now.source;
            self.out.push(Patched::Sound(SoundCommand::Hear { leg, source }));
        }
        if before.in_band != now.in_band {
            let in_band = now.in_band;
            self.out.push(Patched::Sound(SoundCommand::Detect { leg, in_band }));
        }
    }

    /// What the others should know of a leg.
    pub(super) fn due(&self, leg: LegId, jack: &Jack) -> Told {
        let talks = self.talks(leg, jack);
        let over = jack.playing.is_some() || jack.rendering;
        let (hears, source) = match jack.ear {
            Ear::Nothing => (Hears::Nothing, Source::Nothing),
            Ear::Room(room, part) => (Hears::Rendered, Source::Room(room, part)),
            Ear::Leg(from) => match self.route(from, jack) {
                Some(map) => (Hears::Relayed { from, map }, Source::Nothing),
                None => (Hears::Rendered, Source::Leg(from)),
            },
        };
        let hears = if over { Hears::Rendered } else { hears };
        // Also of a leg that is alone and hears nothing: a menu need not say a word.
        let in_band = lacks_events(jack.formats.as_ref());
        let speaks = matches!(jack.ear, Ear::Room(_, part) if part.speaks != Speaks::ToNobody);
        let transcoded = jack.heard_by.and_then(|listener| self.legs.get(&listener));
        let transcoded = transcoded.is_some_and(|listener| self.route(leg, listener).is_none());
        let taken = jack.recorded > 0 || jack.noticed || in_band || speaks || transcoded;
        let known = taken || hears == Hears::Rendered || jack.pressing != Pressing::No;
        Told {
            wiring: Wiring { hears, taken, playing: jack.playing.is_some(), talks },
            voice: known.then_some(Voice { source, in_band }),
        }
    }

    fn talks(&self, leg: LegId, jack: &Jack) -> Talks {
        match jack.ear {
            Ear::Leg(other) if jack.heard_by == Some(other) && other != leg => Talks::With(other),
            Ear::Room(room, _) if self.rooms.get(&room).is_some_and(|all| all.len() > 1) => {
                Talks::InRoom
            }
            Ear::Nothing | Ear::Leg(_) | Ear::Room(..) => Talks::Not,
        }
    }

    fn route(&self, from: LegId, to: &Jack) -> Option<PayloadMap> {
        let from = self.legs.get(&from).and_then(|jack| jack.formats.as_ref());
        PayloadMap::between(from, to.formats.as_ref())
    }
}

/// A leg whose digits can come in the band only.
fn lacks_events(formats: Option<&Formats>) -> bool {
    let Some(formats) = formats else { return false };
    let has = |wanted: fn(&Encoding) -> bool| formats.receive.iter().any(|f| wanted(&f.encoding));
    has(|encoding| matches!(encoding, Encoding::Pcmu | Encoding::Pcma | Encoding::G722))
        && !has(|encoding| *encoding == Encoding::TelephoneEvent)
}

/// What a leg is taken to understand before its formats are known.
fn usual_formats() -> Formats {
    let g711 = |payload, encoding| Format { payload, encoding, clock_rate: 8000, channels: 1 };
    let both: Arc<[Format]> = [g711(0, Encoding::Pcmu), g711(8, Encoding::Pcma)].into();
    Formats { receive: both.clone(), send: both, packet_ms: 20 }
}
