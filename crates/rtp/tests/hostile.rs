//! A million packets that nobody should send, through everything that reads packets: nothing
//! panics, and nothing that is read is longer than what came.

use rtp::rtcp::{
    Composition, Compound, DlrrBlock, NtpTime, ReportBlock, RtcpPacket, SenderInfo, VoipMetrics,
    XrBlock, write_compound,
};
use rtp::{
    EventReceiver, Header, Kind, Outgoing, Packet, Relayed, TelephoneEvent, is_rtcp, write_packet,
};
use std::time::Duration;

const PACKETS: u32 = 1_000_000;

/// xorshift64*: the same packets in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `end`.
    fn below(&mut self, end: usize) -> usize {
        (self.roll() >> 33) as usize % end
    }

    /// Makes `out` a packet with some octets changed, and often cut.
    fn spoil(&mut self, packet: &[u8], out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(packet);
        for _ in 0..self.below(4) {
            let place = self.below(out.len());
            out[place] = self.roll() as u8;
        }
        if self.below(3) == 0 {
            let len = self.below(out.len() + 1);
            out.truncate(len);
        }
    }
}

/// An RTP packet with contributing sources, an extension, an event and padding.
fn full_packet() -> Vec<u8> {
    let header =
        Header { payload_type: 101, marker: true, sequence: 65_535, timestamp: 160, ssrc: 7 };
    let rest = [0, 0, 0, 1, 0xbe, 0xde, 0, 1, 1, 2, 3, 4, 5, 0x8a, 3, 0x20, 0, 0, 0, 4];
    let mut datagram = Vec::new();
    write_packet(&header, &rest, &mut datagram);
    datagram[0] |= 0x31;
    datagram
}

/// A compound packet with one of everything.
fn full_compound() -> Vec<u8> {
    let block = ReportBlock {
        ssrc: 1,
        fraction_lost: 2,
        cumulative_lost: 3,
        highest_sequence: 4,
        jitter: 5,
        last_sender_report: 6,
        delay_since_last: 7,
    };
    let info = SenderInfo { ntp: NtpTime(1), rtp_timestamp: 2, packets: 3, octets: 4 };
    let dlrr = [DlrrBlock { ssrc: 1, last_receiver_report: 2, delay_since_last: 3 }];
    let mut datagram = Vec::new();
    let composition = Composition {
        sender: Some(info),
        reports: &[block, block],
        voip_metrics: Some(VoipMetrics::default()),
        reference_time: Some(NtpTime(9)),
        dlrr: &dlrr,
        goodbye: Some("enough"),
        ..Composition::new(1, "leg@edge")
    };
    write_compound(&composition, &mut datagram);
    datagram
}

/// Reads all that there is in a compound packet and counts it.
fn read_compound(datagram: &[u8]) -> usize {
    let Ok(compound) = Compound::parse(datagram) else {
        return 0;
    };
    let parts = compound.packets().map(|packet| match packet {
        Ok(RtcpPacket::SenderReport(report)) => report.reports.count(),
        Ok(RtcpPacket::ReceiverReport(report)) => report.reports.count(),
        Ok(RtcpPacket::SourceDescription(described)) => {
            described.names().map(|(_, name)| name.len()).sum()
        }
        Ok(RtcpPacket::Goodbye(goodbye)) => {
            goodbye.sources().count() + goodbye.reason.map_or(0, <[u8]>::len)
        }
        Ok(RtcpPacket::ExtendedReport(extended)) => extended
            .blocks
            .map(|block| match block {
                XrBlock::Dlrr(answers) => answers.count(),
                XrBlock::ReferenceTime(_) | XrBlock::VoipMetrics(_) | XrBlock::Other(_) => 1,
            })
            .sum(),
        Ok(RtcpPacket::Other(_)) | Err(_) => 1,
    });
    parts.sum()
}

#[test]
fn a_million_spoilt_packets() {
    let mut dice = Dice(0x5eed);
    let (packet, compound) = (full_packet(), full_compound());
    let mut stream = Outgoing::new(1, 2, 3, 48_000);
    let mut receiver = EventReceiver::new(8000);
    let mut heard = Vec::new();
    let mut datagram = Vec::with_capacity(512);
    let (mut read, mut relayed) = (0_u32, 0_u32);
    for number in 0..PACKETS {
        let now = Duration::from_millis(u64::from(number) * 5);
        if number % 4 == 0 {
            dice.spoil(&compound, &mut datagram);
            let parts = read_compound(&datagram);
            assert!(parts <= datagram.len());
            read += u32::from(parts > 0);
            continue;
        }
        dice.spoil(&packet, &mut datagram);
        let _ = (is_rtcp(&datagram), TelephoneEvent::parse(&datagram));
        let Ok(packet) = Packet::parse(&datagram) else {
            continue;
        };
        assert!(packet.header_len + packet.payload.len() <= datagram.len());
        receiver.packet(now, &packet.header(), packet.payload, &mut heard);
        receiver.expire(now, &mut heard);
        assert!(heard.len() <= 3);
        heard.clear();
        let kind = if number % 8 == 1 { Kind::Audio } else { Kind::Event { clock_rate: 48_000 } };
        let next = Relayed::new(&packet, number & 1, 101, 8000, kind);
        let len = datagram.len();
        relayed += u32::from(stream.relay(now, &mut datagram, &next).is_some());
        assert_eq!(datagram.len(), len);
    }
    // Enough of it is right to be read to its end.
    assert!(read > PACKETS / 16 && relayed > PACKETS / 16, "{read} {relayed}");
}

#[test]
fn noise_is_no_packet() {
    let mut dice = Dice(0xbad5eed);
    let mut datagram = [0; 96];
    for _ in 0..20_000 {
        let len = dice.below(97);
        for octet in &mut datagram[..len] {
            *octet = dice.roll() as u8;
        }
        let noise = &datagram[..len];
        let _ = (Packet::parse(noise), read_compound(noise), TelephoneEvent::parse(noise));
        // As if it had the right beginning.
        if len > 1 {
            datagram[0] = 0x80 | datagram[0] & 0x1f;
            datagram[1] = 200 | datagram[1] & 1;
            read_compound(&datagram[..len]);
        }
    }
}

#[test]
fn every_cut_is_noticed() {
    let (packet, compound) = (full_packet(), full_compound());
    assert!(Packet::parse(&packet).is_ok() && read_compound(&compound) > 0);
    for len in 0..packet.len() {
        assert!(len >= 20 || Packet::parse(&packet[..len]).is_err(), "{len}");
    }
    // A compound packet may end where one of its packets does.
    let mut ends = vec![];
    let mut end = 0;
    while end < compound.len() {
        end += 4 + 4 * usize::from(u16::from_be_bytes([compound[end + 2], compound[end + 3]]));
        ends.push(end);
    }
    for len in 0..compound.len() {
        assert_eq!(Compound::parse(&compound[..len]).is_ok(), ends.contains(&len), "{len}");
    }
}
