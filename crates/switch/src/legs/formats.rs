//! What media is told of codecs: sdp's names and numbers in the words of the call engine's port.

use std::sync::Arc;

use call::port::{Encoding, Format, Formats};
use sdp::{Audio, Codec, CodecKind};

/// Length of the packets made for a peer that asks for none, ms.
const USUAL_MS: u16 = 20;
/// The shortest and the longest that are made, ms.
const SHORTEST_MS: u16 = 10;
const LONGEST_MS: u16 = 60;

/// What was agreed on: `ours` in the numbers in which the peer sends, `theirs` in those in which
/// it receives.
pub(crate) fn formats(ours: &[Codec], theirs: &[Codec], peer: &Audio) -> Formats {
    let all = |codecs: &[Codec]| codecs.iter().map(format).collect::<Arc<[Format]>>();
    let receive = all(ours);
    let send = if ours == theirs { receive.clone() } else { all(theirs) };
    Formats { receive, send, packet_ms: packet_ms(peer) }
}

/// What the peer would like to receive, as far as we make it.
fn packet_ms(peer: &Audio) -> u8 {
    let longest = peer.max_ptime_ms.unwrap_or(LONGEST_MS);
    let wanted = peer.ptime_ms.unwrap_or(USUAL_MS).min(longest);
    // At most 60.
    wanted.clamp(SHORTEST_MS, LONGEST_MS) as u8
}

fn format(codec: &Codec) -> Format {
    Format {
        payload: codec.payload,
        encoding: encoding(codec),
        clock_rate: codec.clock_rate,
        channels: codec.channels,
    }
}

fn encoding(codec: &Codec) -> Encoding {
    let other = || Encoding::Other(codec.name.to_ascii_lowercase().into());
    match codec.kind() {
        CodecKind::TelephoneEvent => Encoding::TelephoneEvent,
        CodecKind::ComfortNoise => Encoding::ComfortNoise,
        CodecKind::Redundancy => other(),
        // The same name with another clock or other channels is another codec.
        CodecKind::Audio if !sdp::can_transcode(codec) => other(),
        CodecKind::Audio => {
            let is = |name: &str| codec.name.eq_ignore_ascii_case(name);
            match () {
                () if is("PCMU") => Encoding::Pcmu,
                () if is("PCMA") => Encoding::Pcma,
                () if is("G722") => Encoding::G722,
                () if is("opus") => Encoding::Opus,
                () => other(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(ptime_ms: Option<u16>, max_ptime_ms: Option<u16>) -> Audio {
        Audio {
            codecs: Vec::new(),
            remote: None,
            rtcp_mux: false,
            direction: sdp::Direction::SendRecv,
            ptime_ms,
            max_ptime_ms,
        }
    }

    #[test]
    fn packets_are_as_long_as_the_peer_likes_within_reason() {
        let ms = |ptime, longest| packet_ms(&peer(ptime, longest));
        assert_eq!(ms(None, None), 20);
        assert_eq!(ms(Some(30), None), 30);
        assert_eq!(ms(Some(1), None), 10);
        assert_eq!(ms(Some(u16::MAX), None), 60);
        assert_eq!(ms(Some(40), Some(20)), 20);
        assert_eq!(ms(None, Some(10)), 10);
    }

    #[test]
    fn names_are_read_without_regard_to_case_and_with_regard_to_the_clock() {
        let of = |name: &str, clock_rate, channels| {
            encoding(&Codec::new(96, name, clock_rate, channels))
        };
        assert_eq!(of("pcmu", 8000, 1), Encoding::Pcmu);
        assert_eq!(of("Pcma", 8000, 1), Encoding::Pcma);
        assert_eq!(of("g722", 8000, 1), Encoding::G722);
        assert_eq!(of("OPUS", 48000, 2), Encoding::Opus);
        assert_eq!(of("cn", 16000, 1), Encoding::ComfortNoise);
        assert_eq!(of("Telephone-Event", 48000, 1), Encoding::TelephoneEvent);
        for (name, clock_rate) in [("PCMU", 16000), ("opus", 48000), ("RED", 8000), ("G729", 8000)]
        {
            let other = Encoding::Other(name.to_ascii_lowercase().into());
            assert_eq!(of(name, clock_rate, 1), other);
        }
    }
}
