//! What a phone says: a tone of its own in the first format that was agreed on, in packets of
//! 20 ms, on a line that may lose some of them. Sequence numbers and timestamps go on through the
//! whole call (RFC 3550 section 5.1); a pause shows in the timestamps.
//!
//! A phone of PCMU says 1 kHz as the digital milliwatt, octet by octet: whoever hears it can tell
//! that it came through unchanged.

use std::f64::consts::TAU;
use std::net::SocketAddr;
use std::time::Duration;

use audio::codec::{CodecKind, Encoder, EncoderSettings};
use rtp::{Header, write_packet};
use sdp::Codec;

use super::sound::milliwatt;

/// The frequency of the digital milliwatt.
pub(super) const MILLIWATT_HZ: u32 = 1_000;

/// Between two packets.
const PACKET_TIME: Duration = Duration::from_millis(20);

/// Samples a second of the tone before it is encoded, and in a packet.
const RATE: u32 = 16_000;
const SAMPLES: u32 = RATE / 50;

/// A tenth of full scale and a bit: loud speech.
const AMPLITUDE: f64 = 8_000.0;

/// A line that loses packets for a time, always the same ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::demo) struct BadLine {
    /// The first packet of the bad time, and the first one after it.
    pub(in crate::demo) packets: (u32, u32),
    /// Of so many one is lost.
    pub(in crate::demo) one_of: u32,
}

impl BadLine {
    fn loses(&self, packet: u32) -> bool {
        (self.packets.0..self.packets.1).contains(&packet) && packet.is_multiple_of(self.one_of)
    }
}

/// The two frequencies of a key of the telephone (ITU-T Q.23); `None`: there is no such key.
pub(super) fn key(sign: char) -> Option<[u32; 2]> {
    const ROWS: [(&str, u32); 4] = [("123", 697), ("456", 770), ("789", 852), ("*0#", 941)];
    const COLUMNS: [u32; 3] = [1_209, 1_336, 1_477];
    ROWS.iter().find_map(|(keys, row)| {
        let column = keys.find(sign)?;
        Some([*row, *COLUMNS.get(column)?])
    })
}

/// What becomes of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    /// It goes to the network.
    Packet(Vec<u8>),
    /// The line loses it.
    Lost,
}

/// A voice in one call.
pub(super) struct Voice {
    remote: SocketAddr,
    source: u32,
    payload_type: u8,
    kind: CodecKind,
    encoder: Encoder,
    hz: [u32; 2],
    line: Option<BadLine>,
    /// Packets of the call so far.
    packets: u32,
    /// Where the last spurt began: its time, and its timestamp.
    begun: (Duration, u32),
    /// Packets of this spurt so far, and at most.
    spurt: (u32, u32),
}

impl Voice {
    /// A silent one that can say `hz` to `remote` in `codec`; `None` for a codec that nobody here
    /// can speak.
    pub(super) fn new(
        remote: SocketAddr,
        codec: &Codec,
        source: u16,
        line: Option<BadLine>,
    ) -> Option<Self> {
        let kind = CodecKind::from_name(&codec.name, codec.clock_rate)?;
        let encoder = Encoder::new(kind, RATE, &EncoderSettings::default()).ok()?;
        Some(Self {
            remote,
            source: source.into(),
            payload_type: codec.payload,
            kind,
            encoder,
            hz: [0; 2],
            line,
            packets: 0,
            begun: (Duration::ZERO, 0),
            spurt: (0, 0),
        })
    }

    /// Speaks from now on, so many packets at most; a second frequency of 0 is none.
    pub(super) fn speak(&mut self, now: Duration, hz: [u32; 2], remote: SocketAddr, packets: u32) {
        let pause = now.saturating_sub(self.begun.0);
        let clock = u64::from(self.kind.rtp_clock());
        // Calls of the demo are short: nothing wraps.
        let units = u64::try_from(pause.as_millis()).unwrap_or(0) * clock / 1_000;
        let timestamp = match self.packets {
            0 => 0,
            _ => self.begun.1.wrapping_add(u32::try_from(units).unwrap_or(0)),
        };
        (self.hz, self.remote) = (hz, remote);
        self.begun = (now, timestamp);
        self.spurt = (0, packets);
    }

    /// Speaks no more.
    pub(super) fn pause(&mut self) {
        self.spurt.1 = self.spurt.0;
    }

    /// To whom.
    pub(super) fn remote(&self) -> SocketAddr {
        self.remote
    }

    /// When the next packet is due, while it speaks.
    pub(super) fn due(&self) -> Option<Duration> {
        let (said, most) = self.spurt;
        (said < most).then(|| self.begun.0 + PACKET_TIME * (said + 1))
    }

    /// The next packet, if it is due.
    pub(super) fn packet(&mut self, now: Duration) -> Option<Said> {
        self.due().filter(|due| *due <= now)?;
        let said = self.spurt.0;
        self.spurt.0 += 1;
        self.packets += 1;
        let payload = self.payload(said);
        if self.line.is_some_and(|line| line.loses(self.packets)) {
            return Some(Said::Lost);
        }
        let units = self.kind.rtp_clock() / 50;
        let header = Header {
            payload_type: self.payload_type,
            marker: said == 0,
            sequence: u16::try_from(self.packets).unwrap_or(u16::MAX),
            timestamp: self.begun.1.wrapping_add(said * units),
            ssrc: self.source,
        };
        let mut packet = Vec::new();
        write_packet(&header, &payload, &mut packet);
        Some(Said::Packet(packet))
    }

    /// 20 ms of the tone.
    fn payload(&mut self, said: u32) -> Vec<u8> {
        if (self.kind, self.hz) == (CodecKind::Pcmu, [MILLIWATT_HZ, 0]) {
            return milliwatt();
        }
        let first = u64::from(said) * u64::from(SAMPLES);
        let samples = (first..).take(SAMPLES as usize).map(|at| {
            let angle = |hz: u32| TAU * f64::from(hz) * at as f64 / f64::from(RATE);
            // Within ±16,000.
            (AMPLITUDE * (angle(self.hz[0]).sin() + angle(self.hz[1]).sin())) as i16
        });
        let samples: Vec<i16> = samples.collect();
        let mut payload = Vec::new();
        // A frame of 20 ms is one that every codec takes.
        let _ = self.encoder.encode(&samples, &mut payload);
        payload
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::super::sound::is_tone;
    use super::*;

    const FOR_EVER: u32 = u32::MAX;

    fn voice(line: Option<BadLine>) -> Voice {
        let remote = SocketAddr::from((Ipv4Addr::LOCALHOST, 4000));
        let codec = Codec::new(0, "PCMU", 8_000, 1);
        Voice::new(remote, &codec, 7, line).expect("a codec of ours")
    }

    fn packets(voice: &mut Voice, ms: u64) -> Vec<Said> {
        std::iter::from_fn(|| voice.packet(Duration::from_millis(ms))).collect()
    }

    #[test]
    fn a_tone_takes_its_time_and_is_recognised() {
        let mut voice = voice(None);
        assert_eq!(voice.due(), None);
        voice.speak(Duration::ZERO, [MILLIWATT_HZ, 0], voice.remote(), 100);
        assert_eq!(voice.packet(Duration::from_millis(19)), None);
        let all = packets(&mut voice, 5_000);
        assert_eq!(all.len(), 100);
        let is_tone = |said: &Said| matches!(said, Said::Packet(packet) if is_tone(packet));
        assert!(all.iter().all(is_tone));
        assert_eq!(voice.due(), None);
    }

    #[test]
    fn a_pause_shows_in_the_timestamps_and_not_in_the_numbers() {
        let mut voice = voice(None);
        voice.speak(Duration::ZERO, [MILLIWATT_HZ, 0], voice.remote(), FOR_EVER);
        assert_eq!(packets(&mut voice, 60).len(), 3);
        voice.pause();
        assert_eq!(voice.due(), None);
        voice.speak(Duration::from_secs(1), [MILLIWATT_HZ, 0], voice.remote(), FOR_EVER);
        let after = packets(&mut voice, 1_020);
        let [Said::Packet(packet)] = &after[..] else { panic!("{after:?}") };
        let packet = rtp::Packet::parse(packet).expect("RTP");
        assert_eq!((packet.sequence, packet.timestamp, packet.marker), (4, 8_000, true));
    }

    #[test]
    fn a_bad_line_loses_always_the_same() {
        let mut voice = voice(Some(BadLine { packets: (10, 20), one_of: 5 }));
        voice.speak(Duration::ZERO, [MILLIWATT_HZ, 0], voice.remote(), FOR_EVER);
        let all = packets(&mut voice, 600);
        let lost: Vec<usize> =
            (1..).zip(&all).filter(|(_, s)| **s == Said::Lost).map(|(n, _)| n).collect();
        assert_eq!(lost, [10, 15]);
    }
}
