//! What the phones say: the digital milliwatt of ITU-T G.711, a 1 kHz tone that repeats every
//! eight samples, in packets of 20 ms (RFC 3551 section 4.2). It is known octet by octet, so that
//! whoever hears it can tell that it came through unchanged.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::net::UdpSocket;

use crate::demo::host::refused;
use crate::failure::Failure;

/// The payload number of PCMU.
pub(super) const PCMU: u8 = 0;

/// How many packets a phone says in a call: two seconds.
pub(in crate::demo) const TONE_PACKETS: u32 = 100;

/// Between two packets.
const PACKET_TIME: Duration = Duration::from_millis(20);

/// The fixed header of RTP (RFC 3550 section 5.1).
const HEADER_BYTES: usize = 12;

/// Samples of a packet, one octet each.
const SAMPLES: u8 = 160;

/// A packet.
pub(super) const PACKET_BYTES: usize = HEADER_BYTES + SAMPLES as usize;

/// ITU-T G.711, table 6.
const MILLIWATT: [u8; 8] = [0x1e, 0x0b, 0x0b, 0x1e, 0x9e, 0x8b, 0x8b, 0x9e];

/// A tone while it is said.
#[derive(Debug)]
pub(super) struct Tone {
    remote: SocketAddr,
    source: u32,
    begun: Duration,
    said: u32,
}

impl Tone {
    /// Says the tone to `remote` from now on, as this synchronisation source.
    pub(super) fn new(now: Duration, remote: SocketAddr, source: u16) -> Self {
        Self { remote, source: source.into(), begun: now, said: 0 }
    }

    /// To whom.
    pub(super) fn remote(&self) -> SocketAddr {
        self.remote
    }

    /// Whether all is said.
    pub(super) fn is_over(&self) -> bool {
        self.said == TONE_PACKETS
    }

    /// When the next packet is due.
    pub(super) fn due(&self) -> Duration {
        self.begun + PACKET_TIME * (self.said + 1)
    }

    /// The next packet, if it is due.
    pub(super) fn packet(&mut self, now: Duration) -> Option<[u8; PACKET_BYTES]> {
        if self.is_over() || self.due() > now {
            return None;
        }
        let mut packet = [0; PACKET_BYTES];
        let marker = if self.said == 0 { 0x80 } else { 0 };
        packet[0] = 0x80;
        packet[1] = marker | PCMU;
        // The tone is short: neither number wraps.
        let sequence = u16::try_from(self.said + 1).unwrap_or(u16::MAX);
        packet[2..4].copy_from_slice(&sequence.to_be_bytes());
        packet[4..8].copy_from_slice(&(self.said * u32::from(SAMPLES)).to_be_bytes());
        packet[8..12].copy_from_slice(&self.source.to_be_bytes());
        for (index, sample) in packet[HEADER_BYTES..].iter_mut().enumerate() {
            *sample = MILLIWATT[index % MILLIWATT.len()];
        }
        self.said += 1;
        Some(packet)
    }
}

/// Whether a packet is one of a tone, unchanged.
pub(super) fn is_tone(packet: &[u8]) -> bool {
    packet.len() == PACKET_BYTES
        && packet[0] == 0x80
        && packet[1] & 0x7f == PCMU
        && packet[HEADER_BYTES..].chunks(MILLIWATT.len()).all(|chunk| chunk == MILLIWATT)
}

/// A pair of sockets as a session description names it: RTP on an even port, RTCP on the next one
/// (RFC 3550 section 11).
pub(super) async fn sockets() -> Result<(UdpSocket, UdpSocket), Failure> {
    for _ in 0..TRIES {
        let rtp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(refused)?;
        let port = rtp.local_addr().map_err(refused)?.port();
        if port % 2 != 0 || port == u16::MAX {
            continue;
        }
        if let Ok(rtcp) = UdpSocket::bind((Ipv4Addr::LOCALHOST, port + 1)).await {
            return Ok((rtp, rtcp));
        }
    }
    Err(Failure::environment("no two neighbouring UDP ports are free", "close other programs"))
}

/// Every other port is even; this many misses do not happen on a machine with free ports.
const TRIES: u32 = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_takes_its_time_and_is_recognised() {
        let remote = SocketAddr::from((Ipv4Addr::LOCALHOST, 4000));
        let mut tone = Tone::new(Duration::ZERO, remote, 7);
        assert_eq!(tone.packet(Duration::from_millis(19)), None);
        let mut packets = 0;
        for now in 1..=u64::from(TONE_PACKETS) {
            while let Some(packet) = tone.packet(Duration::from_millis(now * 20)) {
                assert!(is_tone(&packet));
                packets += 1;
            }
        }
        assert!(tone.is_over());
        assert_eq!(packets, TONE_PACKETS);
    }

    #[test]
    fn a_late_phone_catches_up() {
        let remote = SocketAddr::from((Ipv4Addr::LOCALHOST, 4000));
        let mut tone = Tone::new(Duration::ZERO, remote, 7);
        let due = std::iter::from_fn(|| tone.packet(Duration::from_millis(60)));
        assert_eq!(due.count(), 3);
    }

    #[test]
    fn what_is_changed_is_no_tone() {
        let remote = SocketAddr::from((Ipv4Addr::LOCALHOST, 4000));
        let mut tone = Tone::new(Duration::ZERO, remote, 7);
        let mut packet = tone.packet(Duration::from_millis(20)).expect("the first packet");
        packet[100] ^= 1;
        assert!(!is_tone(&packet));
        assert!(!is_tone(&packet[..50]));
    }
}
