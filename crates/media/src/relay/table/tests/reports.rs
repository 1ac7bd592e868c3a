//! RTCP with a scripted far end.

use rtp::rtcp::{
    Composition, Compound, DlrrBlock, NtpTime, ReportBlock, RtcpPacket, SenderInfo, VoipMetrics,
    XrBlock, write_compound,
};

use super::*;

/// What a report of ours says, as far as it is of interest here.
#[derive(Debug, Default, PartialEq)]
struct Said {
    sender: Option<SenderInfo>,
    blocks: Vec<ReportBlock>,
    names: Vec<String>,
    reference: bool,
    dlrr: Vec<DlrrBlock>,
    metrics: Vec<VoipMetrics>,
    goodbye: bool,
}

fn read(datagram: &[u8]) -> Said {
    let mut said = Said::default();
    for packet in Compound::parse(datagram).unwrap().packets() {
        match packet.unwrap() {
            RtcpPacket::SenderReport(report) => {
                said.sender = Some(report.info);
                said.blocks.extend(report.reports);
            }
            RtcpPacket::ReceiverReport(report) => said.blocks.extend(report.reports),
            RtcpPacket::SourceDescription(described) => {
                let names = described.names().map(|(_, name)| String::from_utf8(name.to_vec()));
                said.names.extend(names.map(Result::unwrap));
            }
            RtcpPacket::ExtendedReport(report) => {
                for block in report.blocks {
                    match block {
                        XrBlock::ReferenceTime(_) => said.reference = true,
                        XrBlock::Dlrr(blocks) => said.dlrr.extend(blocks),
                        XrBlock::VoipMetrics(metrics) => said.metrics.push(metrics),
                        XrBlock::Other(_) => {}
                    }
                }
            }
            RtcpPacket::Goodbye(_) => said.goodbye = true,
            RtcpPacket::Other(_) => {}
        }
    }
    said
}

fn ours(rig: &Rig, leg: LegId) -> u32 {
    rig.table.legs[leg.0 as usize].as_ref().unwrap().outgoing.ssrc()
}

/// A compound packet of a leg's far end.
fn report<'a>(rig: &Rig, leg: LegId, fill: impl FnOnce(&mut Composition<'a>)) -> Vec<u8> {
    let mut composition = Composition::new(rig.streams[leg.0 as usize].ssrc, "peer");
    fill(&mut composition);
    let mut out = Vec::new();
    write_compound(&composition, &mut out);
    out
}

/// A conversation of A and B: 50 packets a second each way, with what is due between.
fn talk(rig: &mut Rig, seconds: u64) {
    for _ in 0..seconds * 50 {
        let next = rig.now + ms(20);
        rig.pass(next);
        rig.rtp(A);
        rig.rtp(B);
    }
}

fn sent_to(rig: &Rig, leg: LegId) -> Vec<Said> {
    let to = rig.sent.iter().filter(|(way, _)| way.place == leg.0 as usize);
    to.map(|(_, datagram)| read(datagram)).collect()
}

#[test]
fn reports_come_at_random_intervals_and_say_what_was_sent_and_received() {
    let mut rig = Rig::new();
    rig.bridge(A, B);
    talk(&mut rig, 1);
    rig.sent.clear();
    // Ten of a hundred are lost.
    for n in 0..1000 {
        let next = rig.now + ms(20);
        rig.pass(next);
        if n % 10 == 0 {
            rig.next_rtp(A);
        } else {
            rig.rtp(A);
        }
        rig.rtp(B);
    }
    let (way, _) = rig.sent.iter().find(|(way, _)| way.place == 1).unwrap();
    assert_eq!((way.component, way.to), (Component::Rtcp, at(1001)));
    let said = sent_to(&rig, A);
    // Five seconds, from half to one and a half, divided by e − 3/2.
    assert!((3..=10).contains(&said.len()), "{}", said.len());
    let last = said.last().unwrap();
    let sender = last.sender.unwrap();
    assert!(sender.packets > 700 && sender.octets == sender.packets * 160);
    let [block] = last.blocks[..] else { panic!("{last:?}") };
    assert_eq!(block.ssrc, rig.streams[1].ssrc);
    assert!((20..=30).contains(&block.fraction_lost), "{}", block.fraction_lost);
    assert!((60..=100).contains(&block.cumulative_lost), "{}", block.cumulative_lost);
    assert_eq!((last.reference, last.goodbye), (false, false));
    let [metrics] = last.metrics[..] else { panic!("{last:?}") };
    assert!((20..=30).contains(&metrics.loss_rate), "{}", metrics.loss_rate);
    assert!(metrics.r_factor.unwrap() < 93);
    // Who we are is random, and another one for each leg.
    let names: Vec<_> = said.iter().flat_map(|said| &said.names).collect();
    assert!(names.iter().all(|name| name.len() == 20 && *name == names[0]));
    assert_ne!(*names[0], sent_to(&rig, B)[0].names[0]);
}

/// The first report comes after half of the interval; who sends nothing asks for the round trip.
#[test]
fn a_leg_that_sends_nothing_reports_as_a_receiver() {
    let mut rig = Rig::new();
    rig.tell(MediaCommand::Listen { from: A, to: B });
    talk(&mut rig, 4);
    let said = sent_to(&rig, A);
    assert!((1..=3).contains(&said.len()), "{}", said.len());
    assert_eq!((said[0].sender, said[0].reference, said[0].blocks.len()), (None, true, 1));
}

#[test]
fn round_trips_come_from_what_the_peer_says_of_our_reports() {
    let mut rig = Rig::new();
    rig.bridge(A, B);
    talk(&mut rig, 4);
    let stamp = |at: Duration| NtpTime::from_unix_micros(EPOCH_US + at.as_micros() as u64).middle();
    // A report that left 300 ms ago and was held by the peer for 200 ms.
    let block = ReportBlock {
        ssrc: ours(&rig, A),
        fraction_lost: 0,
        cumulative_lost: 0,
        highest_sequence: 0,
        jitter: 0,
        last_sender_report: stamp(rig.now - ms(300)),
        delay_since_last: 65_536 / 5,
    };
    let datagram = report(&rig, A, |c| c.reports = std::slice::from_ref(&block));
    assert_eq!(rig.receive(A, Component::Rtcp, at(1001), &datagram), None);
    let leg =
        |rig: &Rig, n: usize| rig.table.legs[n].as_ref().unwrap().meter.round_trip_ms(rig.now);
    assert!((leg(&rig, 1).unwrap() - 100.0).abs() < 1.0, "{:?}", leg(&rig, 1));
    // By XR, for a report without a block about us.
    let answer = DlrrBlock {
        ssrc: ours(&rig, B),
        last_receiver_report: stamp(rig.now - ms(250)),
        delay_since_last: 65_536 / 5,
    };
    let datagram = report(&rig, B, |c| c.dlrr = std::slice::from_ref(&answer));
    rig.receive(B, Component::Rtcp, at(2001), &datagram);
    assert!((leg(&rig, 2).unwrap() - 50.0).abs() < 1.0, "{:?}", leg(&rig, 2));
    // About somebody else it says nothing of us.
    let other = DlrrBlock { ssrc: 1, last_receiver_report: stamp(rig.now - ms(999)), ..answer };
    let datagram = report(&rig, B, |c| c.dlrr = std::slice::from_ref(&other));
    rig.receive(B, Component::Rtcp, at(2001), &datagram);
    assert!((leg(&rig, 2).unwrap() - 50.0).abs() < 1.0);
    assert_eq!((rig.counters(A).rtcp_received, rig.counters(B).rtcp_received), (1, 2));
}

#[test]
fn a_peers_clock_is_answered() {
    let mut rig = Rig::new();
    rig.bridge(A, B);
    talk(&mut rig, 1);
    let time = NtpTime(0x1234_5678_9abc_def0);
    let sender = SenderInfo { ntp: time, rtp_timestamp: 0, packets: 50, octets: 8000 };
    let datagram = report(&rig, A, |c| {
        c.sender = Some(sender);
        c.reference_time = Some(time);
    });
    rig.receive(A, Component::Rtcp, at(1001), &datagram);
    rig.sent.clear();
    let came = rig.now;
    talk(&mut rig, 10);
    let said = sent_to(&rig, A);
    let [dlrr] = said[0].dlrr[..] else { panic!("{said:?}") };
    assert_eq!((dlrr.ssrc, dlrr.last_receiver_report), (rig.streams[1].ssrc, 0x5678_9abc));
    assert_eq!(said[0].blocks[0].last_sender_report, 0x5678_9abc);
    let delay = dlrr.delay_since_last;
    assert_eq!(said[0].blocks[0].delay_since_last.abs_diff(delay), 0);
    assert!((1..7 * 65_536).contains(&delay) && came < rig.now);
    assert!(said[1].dlrr.is_empty());
}

#[test]
fn a_leg_that_has_spoken_says_goodbye() {
    let mut rig = Rig::new();
    rig.bridge(A, B);
    talk(&mut rig, 1);
    rig.sent.clear();
    rig.tell(MediaCommand::Close { leg: A });
    rig.tell(MediaCommand::Close { leg: C });
    assert_eq!(rig.sent.len(), 1);
    let said = read(&rig.sent[0].1);
    assert!(said.goodbye && said.sender.is_some());
}

/// RFC 5761: both on one port.
#[test]
fn a_shared_port_has_reports_beside_packets() {
    let mut rig = Rig::new();
    let mux = RemoteMedia { rtcp: at(1000), rtcp_mux: true, ..remote(A) };
    rig.tell(MediaCommand::Remote { leg: A, remote: mux });
    rig.bridge(A, B);
    let datagram = report(&rig, A, |_| {});
    assert_eq!(rig.receive(A, Component::Rtp, at(1000), &datagram), None);
    talk(&mut rig, 8);
    assert_eq!(rig.counters(A).rtcp_received, 1);
    let way = rig.sent.iter().find(|(way, _)| way.place == 1).unwrap().0;
    assert_eq!((way.component, way.to), (Component::Rtp, at(1000)));
}

#[test]
fn broken_reports_and_those_of_strangers_are_dropped_and_counted() {
    let mut rig = Rig::new();
    rig.bridge(A, B);
    rig.rtp(A);
    let datagram = report(&rig, A, |_| {});
    rig.receive(A, Component::Rtcp, SocketAddr::from(([203, 0, 113, 66], 1001)), &datagram);
    rig.receive(A, Component::Rtcp, at(1001), &datagram[..datagram.len() - 4]);
    let counters = rig.counters(A);
    assert_eq!((counters.rtcp_received, counters.stray, counters.invalid), (0, 1, 1));
    assert_eq!(rig.table.counts.rtcp_invalid, 1);
}
