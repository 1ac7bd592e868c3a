//! The digital milliwatt of ITU-T G.711, a 1 kHz tone that repeats every eight samples, known octet
//! by octet; and the sockets for sound.

use std::net::Ipv4Addr;

use tokio::net::UdpSocket;

use crate::demo::host::refused;
use crate::failure::Failure;

/// The payload number of PCMU.
pub(super) const PCMU: u8 = 0;

/// How many packets a phone says in a call: two seconds.
pub(in crate::demo) const TONE_PACKETS: u32 = 100;

/// The fixed header of RTP (RFC 3550 section 5.1).
const HEADER_BYTES: usize = 12;

/// Samples of a packet, one octet each.
const SAMPLES: u8 = 160;

/// A packet.
const PACKET_BYTES: usize = HEADER_BYTES + SAMPLES as usize;

/// ITU-T G.711, table 6.
const MILLIWATT: [u8; 8] = [0x1e, 0x0b, 0x0b, 0x1e, 0x9e, 0x8b, 0x8b, 0x9e];

/// The payload of a packet of it.
pub(super) fn milliwatt() -> Vec<u8> {
    MILLIWATT.repeat(usize::from(SAMPLES) / MILLIWATT.len())
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
    fn what_is_changed_is_no_tone() {
        let mut packet = vec![0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7];
        packet.extend(milliwatt());
        assert!(is_tone(&packet));
        assert!(!is_tone(&packet[..50]));
        packet[100] ^= 1;
        assert!(!is_tone(&packet));
    }
}
