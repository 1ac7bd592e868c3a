//! What a leg's payload numbers mean, in one direction, and how many packets each had.

use std::sync::Arc;

use call::port::{Encoding, Format};

use crate::patch::{COMFORT_NOISE, static_clock_rate};

/// Audio that was not negotiated and whose number is not a telephone's (RFC 3551 §6).
const UNKNOWN: &str = "unknown";

/// The numbers of one direction. Before they are agreed on every number is audio.
#[derive(Debug, Default)]
pub(super) struct Payloads {
    /// The last that came, and how many of it in a row have not been counted below: nearly every
    /// packet is like the one before, and finds all it needs here.
    last: Option<(Known, u32)>,
    formats: Option<Arc<[Format]>>,
    /// Packets of each format, in their order.
    packets: Box<[u32]>,
    /// Packets before the formats were known, and the number of the last.
    unnamed: (u32, u8),
}

/// What a number means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) payload: u8,
    pub(super) clock_rate: u32,
    pub(super) content: Content,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    Audio,
    Noise,
    Event,
}

impl Payloads {
    /// The numbers mean this from now on.
    pub(super) fn agree(&mut self, formats: &Arc<[Format]>) {
        if self.formats.as_ref() == Some(formats) {
            return;
        }
        self.settle();
        // What was counted under a name goes on under it.
        let packets = formats.iter().map(|format| {
            let before = self.formats.iter().flat_map(|old| old.iter()).zip(&self.packets);
            before.filter(|(old, _)| old.encoding == format.encoding).map(|(_, n)| *n).sum()
        });
        self.packets = packets.collect();
        self.formats = Some(formats.clone());
    }

    /// What a number means, and a packet more of it; `None`: nothing.
    pub(super) fn count(&mut self, payload: u8) -> Option<Known> {
        if let Some((known, packets)) = &mut self.last
            && known.payload == payload
        {
            *packets = packets.saturating_add(1);
            return Some(*known);
        }
        self.settle();
        let known = self.look_up(payload, 0)?;
        self.last = Some((known, 1));
        Some(known)
    }

    /// Counts the last ones.
    fn settle(&mut self) {
        if let Some((known, packets)) = self.last.take() {
            self.look_up(known.payload, packets);
        }
    }

    /// What a number means, and so many packets more of it.
    fn look_up(&mut self, payload: u8, more: u32) -> Option<Known> {
        let Some(formats) = &self.formats else {
            self.unnamed.0 = self.unnamed.0.saturating_add(more);
            self.unnamed.1 = payload;
            let noise = payload == COMFORT_NOISE;
            let content = if noise { Content::Noise } else { Content::Audio };
            return Some(Known { payload, clock_rate: static_clock_rate(payload), content });
        };
        match formats.iter().position(|format| format.payload == payload) {
            Some(index) => {
                if let Some(packets) = self.packets.get_mut(index) {
                    *packets = packets.saturating_add(more);
                }
                formats.get(index).map(known)
            }
            // It may come whether or not it was agreed on (RFC 3389 §4).
            None if payload == COMFORT_NOISE => {
                Some(Known { payload, clock_rate: 8000, content: Content::Noise })
            }
            None => None,
        }
    }

    /// The same, but it is no packet.
    pub(super) fn find(&self, payload: u8) -> Option<Known> {
        self.formats.as_ref()?.iter().find(|format| format.payload == payload).map(known)
    }

    /// The first that is sound.
    pub(super) fn audio(&self) -> Option<(&Encoding, Known)> {
        let mut known =
            self.formats.iter().flat_map(|all| all.iter()).map(|f| (&f.encoding, known(f)));
        known.find(|(_, known)| known.content == Content::Audio)
    }

    /// The digits, if there are any.
    pub(super) fn events(&self) -> Option<Known> {
        let mut known = self.formats.iter().flat_map(|all| all.iter()).map(known);
        known.find(|known| known.content == Content::Event)
    }

    /// The encoding of a number.
    pub(super) fn encoding(&self, payload: u8) -> Option<&Encoding> {
        let formats = self.formats.as_ref()?;
        formats.iter().find(|format| format.payload == payload).map(|format| &format.encoding)
    }

    /// The audio that most packets had, as `a=rtpmap` names it.
    pub(super) fn main(&mut self) -> Arc<str> {
        self.settle();
        let formats = self.formats.iter().flat_map(|all| all.iter());
        let audio = formats.zip(&self.packets).filter(|(f, _)| known(f).content == Content::Audio);
        let mut most: Option<(&Format, u32)> = None;
        for (format, &packets) in audio {
            // Of several with as many packets the first, which is the preferred one.
            if packets >= self.unnamed.0 && most.is_none_or(|(_, most)| packets > most) {
                most = Some((format, packets));
            }
        }
        let unnamed = || static_name(self.unnamed.1).into();
        most.map_or_else(unnamed, |(format, _)| name(&format.encoding))
    }
}

fn known(format: &Format) -> Known {
    let content = match format.encoding {
        Encoding::TelephoneEvent => Content::Event,
        Encoding::ComfortNoise => Content::Noise,
        Encoding::Pcmu | Encoding::Pcma | Encoding::G722 | Encoding::Opus | Encoding::Other(_) => {
            Content::Audio
        }
    };
    Known { payload: format.payload, clock_rate: format.clock_rate, content }
}

fn name(encoding: &Encoding) -> Arc<str> {
    match encoding {
        Encoding::Pcmu => "PCMU".into(),
        Encoding::Pcma => "PCMA".into(),
        Encoding::G722 => "G722".into(),
        Encoding::Opus => "opus".into(),
        Encoding::ComfortNoise => "CN".into(),
        Encoding::TelephoneEvent => "telephone-event".into(),
        Encoding::Other(name) => name.clone(),
    }
}

fn static_name(payload: u8) -> &'static str {
    match payload {
        0 => "PCMU",
        3 => "GSM",
        4 => "G723",
        8 => "PCMA",
        9 => "G722",
        18 => "G729",
        _ => UNKNOWN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formats() -> Arc<[Format]> {
        let format =
            |payload, encoding| Format { payload, encoding, clock_rate: 8000, channels: 1 };
        [
            format(8, Encoding::Pcma),
            format(0, Encoding::Pcmu),
            format(101, Encoding::TelephoneEvent),
        ]
        .into()
    }

    #[test]
    fn only_what_was_agreed_on_means_something() {
        let mut payloads = Payloads::default();
        assert_eq!(payloads.count(77).unwrap().content, Content::Audio);
        payloads.agree(&formats());
        assert_eq!(payloads.count(77), None);
        assert_eq!(payloads.count(101).unwrap().content, Content::Event);
        assert_eq!(payloads.count(13).unwrap().content, Content::Noise);
        assert_eq!(payloads.events().unwrap().payload, 101);
    }

    #[test]
    fn a_stream_is_named_after_most_of_its_packets() {
        let mut payloads = Payloads::default();
        assert_eq!(&*payloads.main(), "PCMU");
        payloads.agree(&formats());
        assert_eq!(&*payloads.main(), "PCMA");
        for payload in [8, 0, 0, 101, 101, 101] {
            payloads.count(payload);
        }
        assert_eq!(&*payloads.main(), "PCMU");
        // A new agreement with other numbers.
        let pcmu = Format { payload: 0, encoding: Encoding::Pcmu, clock_rate: 8000, channels: 1 };
        payloads.agree(&[pcmu].into());
        assert_eq!(&*payloads.main(), "PCMU");
    }
}
