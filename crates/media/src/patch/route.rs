//! Whether one leg's packets can go to another as they are, and what their payloads are called
//! there (RFC 3264 §5.1: each side has numbers of its own).

use std::sync::Arc;

use call::port::{Encoding, Format, Formats};
use rtp::Kind;

/// Comfort noise has this number whether or not it was negotiated (RFC 3389 §4).
pub(crate) const COMFORT_NOISE: u8 = 13;

/// What a leg's payloads are called where they go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PayloadMap {
    /// As they are: the formats are not known.
    Unchanged,
    /// These; others do not pass.
    Mapped(Arc<[Mapping]>),
}

/// One payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mapping {
    /// The speaker's number.
    pub(crate) from: u8,
    /// The listener's.
    pub(crate) to: u8,
    /// The speaker's clock, Hz.
    pub(crate) clock_rate: u32,
    /// Audio, or an event with the listener's clock.
    pub(crate) kind: Kind,
}

impl PayloadMap {
    /// `None`: the packets have to be decoded, because the listener does not take an encoding that
    /// the speaker may use, or has no way to hear its digits.
    pub(crate) fn between(speaker: Option<&Formats>, listener: Option<&Formats>) -> Option<Self> {
        let (Some(speaker), Some(listener)) = (speaker, listener) else {
            return Some(Self::Unchanged);
        };
        let can_be_decoded = speaker.receive.iter().any(|format| is_decodable(&format.encoding));
        let mut map = Vec::with_capacity(speaker.receive.len());
        for format in &*speaker.receive {
            match mapping(format, &listener.send) {
                Some(mapping) => map.push(mapping),
                // Nobody misses comfort noise.
                None if format.encoding == Encoding::ComfortNoise => {}
                // What cannot be decoded is better off without its digits than silent.
                None if format.encoding == Encoding::TelephoneEvent && !can_be_decoded => {}
                None => return None,
            }
        }
        if !map.iter().any(|mapping| mapping.from == COMFORT_NOISE) {
            let kind = Kind::Audio;
            map.push(Mapping { from: COMFORT_NOISE, to: COMFORT_NOISE, clock_rate: 8000, kind });
        }
        Some(Self::Mapped(map.into()))
    }

    /// Where a payload goes; `None`: it does not pass.
    pub(crate) fn get(&self, payload: u8) -> Option<Mapping> {
        match self {
            Self::Unchanged => {
                let clock_rate = static_clock_rate(payload);
                Some(Mapping { from: payload, to: payload, clock_rate, kind: Kind::Audio })
            }
            Self::Mapped(map) => map.iter().find(|mapping| mapping.from == payload).copied(),
        }
    }
}

fn mapping(format: &Format, send: &[Format]) -> Option<Mapping> {
    let same_clock = |other: &&Format| {
        other.encoding == format.encoding && other.clock_rate == format.clock_rate
    };
    let to = match format.encoding {
        Encoding::TelephoneEvent => send
            .iter()
            .find(same_clock)
            .or_else(|| send.iter().find(|other| other.encoding == Encoding::TelephoneEvent))?,
        Encoding::ComfortNoise => send.iter().find(same_clock)?,
        Encoding::Pcmu | Encoding::Pcma | Encoding::G722 | Encoding::Opus | Encoding::Other(_) => {
            send.iter().filter(|other| other.channels == format.channels).find(same_clock)?
        }
    };
    let kind = match format.encoding {
        Encoding::TelephoneEvent => Kind::Event { clock_rate: to.clock_rate },
        Encoding::ComfortNoise
        | Encoding::Pcmu
        | Encoding::Pcma
        | Encoding::G722
        | Encoding::Opus
        | Encoding::Other(_) => Kind::Audio,
    };
    Some(Mapping { from: format.payload, to: to.payload, clock_rate: format.clock_rate, kind })
}

fn is_decodable(encoding: &Encoding) -> bool {
    match encoding {
        Encoding::Pcmu | Encoding::Pcma | Encoding::G722 | Encoding::Opus => true,
        Encoding::ComfortNoise | Encoding::TelephoneEvent | Encoding::Other(_) => false,
    }
}

/// The clock of a payload that was not negotiated (RFC 3551 §6): 8,000 Hz for all audio that a
/// telephone has.
pub(crate) fn static_clock_rate(payload: u8) -> u32 {
    match payload {
        6 | 16 => 11_025,
        10 | 11 => 44_100,
        14 | 25..=34 => 90_000,
        _ => 8_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(payload: u8, encoding: Encoding, clock_rate: u32) -> Format {
        let channels = if encoding == Encoding::Opus { 2 } else { 1 };
        Format { payload, encoding, clock_rate, channels }
    }

    fn formats(list: &[Format]) -> Formats {
        Formats { receive: list.into(), send: list.into(), packet_ms: 20 }
    }

    fn pcmu() -> Format {
        format(0, Encoding::Pcmu, 8000)
    }

    fn opus(payload: u8) -> Format {
        format(payload, Encoding::Opus, 48_000)
    }

    fn events(payload: u8, clock_rate: u32) -> Format {
        format(payload, Encoding::TelephoneEvent, clock_rate)
    }

    fn between(speaker: &[Format], listener: &[Format]) -> Option<PayloadMap> {
        PayloadMap::between(Some(&formats(speaker)), Some(&formats(listener)))
    }

    fn to(map: &PayloadMap, payload: u8) -> Option<u8> {
        map.get(payload).map(|mapping| mapping.to)
    }

    #[test]
    fn numbers_are_the_listeners() {
        let speaker = [opus(111), pcmu(), events(126, 48_000), events(101, 8000)];
        let listener = [pcmu(), opus(96), events(97, 8000), events(100, 48_000)];
        let map = between(&speaker, &listener).unwrap();
        assert_eq!([111, 0, 126, 101, 13].map(|n| to(&map, n)), [96, 0, 100, 97, 13].map(Some));
        assert_eq!(to(&map, 8), None);
        assert_eq!(map.get(126).unwrap().kind, Kind::Event { clock_rate: 48_000 });
    }

    #[test]
    fn events_change_their_clock_where_they_must() {
        let map = between(&[opus(96), events(97, 48_000)], &[opus(96), events(101, 8000)]).unwrap();
        let event = map.get(97).unwrap();
        assert_eq!((event.to, event.clock_rate), (101, 48_000));
        assert_eq!(event.kind, Kind::Event { clock_rate: 8000 });
    }

    #[test]
    fn what_the_listener_cannot_take_is_decoded() {
        assert_eq!(between(&[pcmu(), opus(96)], &[pcmu()]), None);
        assert!(between(&[pcmu()], &[pcmu(), opus(96)]).is_some());
        // Digits have to be made in the band.
        assert_eq!(between(&[pcmu(), events(101, 8000)], &[pcmu()]), None);
        let g729 = format(18, Encoding::Other("g729".into()), 8000);
        let noise = format(13, Encoding::ComfortNoise, 8000);
        let map = between(&[g729.clone(), events(101, 8000), noise], &[g729]).unwrap();
        assert_eq!([18, 101, 13].map(|n| to(&map, n)), [Some(18), None, Some(13)]);
    }

    #[test]
    fn what_is_not_known_passes_unchanged() {
        let map = PayloadMap::between(None, Some(&formats(&[pcmu()]))).unwrap();
        assert_eq!(to(&map, 77), Some(77));
    }
}
