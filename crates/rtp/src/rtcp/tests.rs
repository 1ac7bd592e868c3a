//! Compound packets: what is written is read, what is broken is named.

use super::*;
use proptest::prelude::*;

const BLOCK: ReportBlock = ReportBlock {
    ssrc: 0x0102_0304,
    fraction_lost: 64,
    cumulative_lost: -2,
    highest_sequence: 0x0001_ffff,
    jitter: 80,
    last_sender_report: 0xb705_2000,
    delay_since_last: 0x0005_4000,
};

fn read(datagram: &[u8]) -> Vec<RtcpPacket<'_>> {
    Compound::parse(datagram).unwrap().packets().map(Result::unwrap).collect()
}

fn written(composition: &Composition<'_>) -> Vec<u8> {
    let mut datagram = Vec::new();
    write_compound(composition, &mut datagram);
    datagram
}

#[test]
fn a_sender_report_is_laid_out_as_in_rfc_3550() {
    let info = SenderInfo {
        ntp: NtpTime(0xb44d_b705_2000_0000),
        rtp_timestamp: 0x1122_3344,
        packets: 5,
        octets: 800,
    };
    let reports = [BLOCK];
    let composition = Composition {
        sender: Some(info),
        reports: &reports,
        goodbye: Some("bye"),
        ..Composition::new(0x0a0b_0c0d, "ab")
    };
    let datagram = written(&composition);
    #[rustfmt::skip]
    let expected = [
        // SR with one report: sender, NTP time, RTP time, packets, octets.
        0x81, 200, 0, 12, 0x0a, 0x0b, 0x0c, 0x0d,
        0xb4, 0x4d, 0xb7, 0x05, 0x20, 0, 0, 0, 0x11, 0x22, 0x33, 0x44, 0, 0, 0, 5, 0, 0, 3, 0x20,
        // The report: source, fraction and lost, highest, jitter, LSR, DLSR.
        1, 2, 3, 4, 64, 0xff, 0xff, 0xfe, 0, 1, 0xff, 0xff, 0, 0, 0, 80,
        0xb7, 0x05, 0x20, 0, 0, 5, 0x40, 0,
        // SDES with one chunk: the name, and nulls to the end of a word.
        0x81, 202, 0, 3, 0x0a, 0x0b, 0x0c, 0x0d, 1, 2, b'a', b'b', 0, 0, 0, 0,
        // BYE of one source with a reason.
        0x81, 203, 0, 2, 0x0a, 0x0b, 0x0c, 0x0d, 3, b'b', b'y', b'e',
    ];
    assert_eq!(datagram, expected);
    let packets = read(&datagram);
    let [
        RtcpPacket::SenderReport(report),
        RtcpPacket::SourceDescription(described),
        RtcpPacket::Goodbye(goodbye),
    ] = &packets[..]
    else {
        panic!("{packets:?}");
    };
    assert_eq!((report.ssrc, report.info), (0x0a0b_0c0d, info));
    assert_eq!(report.reports.clone().collect::<Vec<_>>(), reports);
    assert_eq!(described.names().collect::<Vec<_>>(), [(0x0a0b_0c0d, &b"ab"[..])]);
    assert_eq!(goodbye.sources().collect::<Vec<_>>(), [0x0a0b_0c0d]);
    assert_eq!(goodbye.reason, Some(&b"bye"[..]));
}

#[test]
fn extended_reports_go_both_ways() {
    let metrics = VoipMetrics {
        ssrc: 3,
        loss_rate: 12,
        discard_rate: 1,
        burst_density: 100,
        gap_density: 2,
        burst_duration_ms: 800,
        gap_duration_ms: 20_000,
        round_trip_delay_ms: 90,
        end_system_delay_ms: 60,
        signal_level: Some(-20),
        noise_level: None,
        residual_echo_return_loss: None,
        gap_threshold: 16,
        r_factor: Some(82),
        external_r_factor: None,
        mos_listening: Some(41),
        mos_conversational: Some(39),
        concealment: Concealment::Standard,
        jitter_buffer: JitterBuffer::Adaptive,
        jitter_buffer_rate: 5,
        jitter_buffer_nominal_ms: 40,
        jitter_buffer_max_ms: 80,
        jitter_buffer_abs_max_ms: 200,
    };
    let dlrr = [DlrrBlock { ssrc: 3, last_receiver_report: 0xb705_2000, delay_since_last: 1 }; 2];
    let datagram = written(&Composition {
        voip_metrics: Some(metrics),
        reference_time: Some(NtpTime(u64::MAX / 3)),
        dlrr: &dlrr,
        ..Composition::new(1, "leg@tandem")
    });
    let packets = read(&datagram);
    let [RtcpPacket::ReceiverReport(_), _, RtcpPacket::ExtendedReport(extended)] = &packets[..]
    else {
        panic!("{packets:?}");
    };
    let blocks: Vec<XrBlock<'_>> = extended.blocks.clone().collect();
    let [XrBlock::ReferenceTime(time), XrBlock::Dlrr(answers), XrBlock::VoipMetrics(heard)] =
        &blocks[..]
    else {
        panic!("{blocks:?}");
    };
    assert_eq!(*time, NtpTime(u64::MAX / 3));
    assert_eq!(answers.clone().collect::<Vec<_>>(), dlrr);
    assert_eq!(*heard, metrics);
    // RFC 3611 §4.7: 127 where a value is not known, and the receiver's configuration.
    let block = &datagram[datagram.len() - 32..];
    assert_eq!(block[16..26], [0xec, 127, 127, 16, 82, 127, 41, 39, 0xf5, 0]);
}

#[test]
fn foreign_blocks_are_passed_over() {
    #[rustfmt::skip]
    let datagram = [
        0x80, 201, 0, 1, 0, 0, 0, 1,
        // XR: runs of losses, a reference time of a wrong length, a right one, a broken block.
        0x80, 207, 0, 10, 0, 0, 0, 1,
        1, 0, 0, 2, 0, 0, 0, 2, 0, 1, 0, 9,
        4, 0, 0, 1, 0, 0, 0, 0,
        4, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2,
        7, 0, 0, 8,
        // APP, and a full intra request.
        0x80, 204, 0, 2, 0, 0, 0, 1, b't', b'e', b's', b't',
        0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2,
    ];
    let packets = read(&datagram);
    let [_, RtcpPacket::ExtendedReport(extended), RtcpPacket::Other(204), RtcpPacket::Other(206)] =
        &packets[..]
    else {
        panic!("{packets:?}");
    };
    let blocks: Vec<XrBlock<'_>> = extended.blocks.clone().collect();
    let time = NtpTime(1 << 32 | 2);
    assert_eq!(blocks, [XrBlock::Other(1), XrBlock::Other(4), XrBlock::ReferenceTime(time)]);
}

#[test]
fn a_compound_packet_is_checked_as_a_whole() {
    let report = [0x80, 201, 0, 1, 0, 0, 0, 1];
    let check = |octets: &[u8]| Compound::parse(octets).unwrap_err();
    assert_eq!(check(&report[..7]), RtcpError::Short(7));
    assert_eq!(check(&[0x40, 201, 0, 1, 0, 0, 0, 1]), RtcpError::Version(1));
    assert_eq!(check(&[0x80, 203, 0, 1, 0, 0, 0, 1]), RtcpError::First(203));
    assert_eq!(check(&[0xa0, 201, 0, 1, 0, 0, 0, 4]), RtcpError::First(201));
    assert_eq!(check(&[0x80, 201, 0, 2, 0, 0, 0, 1]), RtcpError::Length);
    // Something after the last packet, padding before it, and padding that is not in words.
    assert_eq!(check(&[&report[..], &[0x80, 202]].concat()), RtcpError::Length);
    let padded = [0xa1, 203, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4];
    assert_eq!(check(&[&report[..], &padded, &report].concat()), RtcpError::Padding);
    for padding in [0, 3, 12] {
        let mut wrong = padded;
        wrong[11] = padding;
        assert_eq!(check(&[&report[..], &wrong].concat()), RtcpError::Padding, "{padding}");
    }
    let datagram = [&report[..], &padded].concat();
    let packets = read(&datagram);
    let RtcpPacket::Goodbye(goodbye) = &packets[1] else {
        panic!("{packets:?}");
    };
    assert_eq!((goodbye.sources().count(), goodbye.reason), (1, None));
}

#[test]
fn a_broken_body_spoils_no_other_packet() {
    // Two reports promised, none there; then a name that passes its packet's end; then BYE.
    let mut datagram = vec![0x82, 201, 0, 1, 0, 0, 0, 1];
    datagram.extend([0x81, 202, 0, 2, 0, 0, 0, 1, 1, 9, b'a', 0]);
    datagram.extend([0x81, 203, 0, 1, 0, 0, 0, 1]);
    let packets: Vec<_> = Compound::parse(&datagram).unwrap().packets().collect();
    assert_eq!(packets[0], Err(RtcpError::Body(201)));
    assert_eq!(packets[1], Err(RtcpError::Body(202)));
    assert!(matches!(packets[2], Ok(RtcpPacket::Goodbye(_))));
}

#[test]
fn limits_hold() {
    // More packets than are read.
    let datagram = [0x80, 201, 0, 1, 0, 0, 0, 1].repeat(PACKETS_MAX + 1);
    assert_eq!(read(&datagram).len(), PACKETS_MAX);
    // More reports, answers and letters than are written; blocks than are read.
    let reports = [BLOCK; REPORTS_MAX + 1];
    let dlrr = [DlrrBlock { ssrc: 1, last_receiver_report: 2, delay_since_last: 3 }; 100];
    let name = "ö".repeat(200);
    let datagram = written(&Composition {
        reports: &reports,
        dlrr: &dlrr,
        goodbye: Some(&name),
        ..Composition::new(1, &name)
    });
    let packets = read(&datagram);
    let [
        RtcpPacket::ReceiverReport(report),
        RtcpPacket::SourceDescription(described),
        RtcpPacket::ExtendedReport(extended),
        RtcpPacket::Goodbye(goodbye),
    ] = &packets[..]
    else {
        panic!("{packets:?}");
    };
    assert_eq!(report.reports.clone().count(), REPORTS_MAX);
    // 254 octets: a letter is not cut in two.
    let cut = "ö".repeat(127).into_bytes();
    assert_eq!(described.names().next(), Some((1, &cut[..])));
    assert_eq!(goodbye.reason, Some(&cut[..]));
    let Some(XrBlock::Dlrr(answers)) = extended.blocks.clone().next() else {
        panic!("{extended:?}");
    };
    assert_eq!(answers.count(), 64);
    let mut datagram = vec![0x80, 201, 0, 1, 0, 0, 0, 1, 0x80, 207, 0, 101, 0, 0, 0, 1];
    datagram.extend([9, 0, 0, 0].repeat(100));
    let packets = read(&datagram);
    let RtcpPacket::ExtendedReport(extended) = &packets[1] else {
        panic!("{packets:?}");
    };
    assert_eq!(extended.blocks.clone().count(), 64);
}

#[test]
fn losses_fit_in_24_bits() {
    for (lost, kept) in [(i64::MAX, 0x7f_ffff), (i64::MIN, -0x80_0000), (-1, -1)] {
        let cumulative_lost = clamp_cumulative_lost(lost);
        assert_eq!(cumulative_lost, kept);
        let reports = [ReportBlock { cumulative_lost, ..BLOCK }];
        let datagram = written(&Composition { reports: &reports, ..Composition::new(1, "") });
        let packets = read(&datagram);
        let RtcpPacket::ReceiverReport(report) = &packets[0] else {
            panic!("{packets:?}");
        };
        assert_eq!(report.reports.clone().next(), Some(reports[0]));
    }
}

#[test]
fn a_name_of_any_length_ends_with_its_packet() {
    for len in 0..12 {
        let name = "n".repeat(len);
        let datagram = written(&Composition::new(7, &name));
        let packets = read(&datagram);
        let RtcpPacket::SourceDescription(described) = &packets[1] else {
            panic!("{packets:?}");
        };
        assert_eq!(described.names().next(), Some((7, name.as_bytes())));
    }
}

prop_compose! {
    fn block()(
        ssrc: u32,
        fraction_lost: u8,
        cumulative_lost in -0x80_0000..=0x7f_ffff_i32,
        highest_sequence: u32,
        jitter: u32,
        last_sender_report: u32,
        delay_since_last: u32,
    ) -> ReportBlock {
        ReportBlock {
            ssrc,
            fraction_lost,
            cumulative_lost,
            highest_sequence,
            jitter,
            last_sender_report,
            delay_since_last,
        }
    }
}

proptest! {
    #[test]
    fn reports_go_both_ways(
        ssrc: u32,
        sender in proptest::option::of(any::<(u64, u32, u32, u32)>()),
        reports in proptest::collection::vec(block(), 0..=31),
        cname in "[a-z0-9@.]{0,40}",
    ) {
        let sender = sender.map(|(ntp, rtp_timestamp, packets, octets)| SenderInfo {
            ntp: NtpTime(ntp),
            rtp_timestamp,
            packets,
            octets,
        });
        let composition =
            Composition { sender, reports: &reports, ..Composition::new(ssrc, &cname) };
        let datagram = written(&composition);
        let packets = read(&datagram);
        let (from, info, blocks) = match &packets[0] {
            RtcpPacket::SenderReport(sr) => (sr.ssrc, Some(sr.info), sr.reports.clone()),
            RtcpPacket::ReceiverReport(rr) => (rr.ssrc, None, rr.reports.clone()),
            RtcpPacket::SourceDescription(_)
            | RtcpPacket::Goodbye(_)
            | RtcpPacket::ExtendedReport(_)
            | RtcpPacket::Other(_) => panic!("{packets:?}"),
        };
        prop_assert_eq!((from, info), (ssrc, sender));
        prop_assert_eq!(blocks.collect::<Vec<_>>(), reports);
    }
}
