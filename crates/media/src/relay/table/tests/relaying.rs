//! Forwarding, latching, hold, timeouts, and the order of commands.

use call::port::{Digit, PlayId, Playlist, Sound, Tone};
use proptest::prelude::*;
use rtp::TelephoneEvent;

use super::*;
use crate::handoff::Made;
use crate::relay::latch::PROBATION;

fn pcmu() -> Formats {
    formats(&[format(0, Encoding::Pcmu, 8000), format(101, Encoding::TelephoneEvent, 8000)])
}

#[test]
fn a_bridge_forwards_both_ways() {
    let mut rig = Rig::new();
    rig.bridge(A, B);
    assert_eq!(rig.heard(), [Some(2), Some(1), None]);
    let counters = rig.counters(A);
    assert_eq!((counters.rtp_received, counters.rtp_bytes_received), (1, 172));
    assert_eq!((counters.rtp_sent, counters.rtp_bytes_sent), (1, 172));
    assert_eq!(rig.counters(C).unheard, 1);
    rig.tell(MediaCommand::Unbridge { a: B, b: A });
    assert_eq!(rig.heard(), [None, None, None]);
}

#[test]
fn what_leaves_is_one_stream_whoever_is_heard() {
    let mut rig = Rig::new();
    rig.bridge(A, B);
    let mut last = rig.rtp(B).unwrap().1;
    rig.rtp(C);
    assert_ne!(last.ssrc, rig.streams[2].ssrc);
    for round in 0..6 {
        let (heard, other) = if round % 2 == 0 { (C, B) } else { (B, C) };
        rig.bridge(A, heard);
        for _ in 0..15 {
            rig.now += ms(20);
            assert_eq!(rig.rtp(other), None);
            let (to, header) = rig.rtp(heard).unwrap();
            assert_eq!(to, at(1000));
            assert_eq!((header.ssrc, header.sequence), (last.ssrc, last.sequence.wrapping_add(1)));
            assert_eq!(header.timestamp.wrapping_sub(last.timestamp), 160);
            last = header;
        }
    }
}

#[test]
fn losses_stay_losses() {
    let mut rig = Rig::new();
    rig.bridge(A, B);
    let first = rig.rtp(A).unwrap().1;
    for _ in 0..3 {
        rig.next_rtp(A);
    }
    rig.now += ms(80);
    let next = rig.rtp(A).unwrap().1;
    assert_eq!(next.sequence.wrapping_sub(first.sequence), 4);
    assert_eq!(next.timestamp.wrapping_sub(first.timestamp), 640);
}

#[test]
fn payloads_have_the_listeners_numbers_and_unknown_ones_are_dropped() {
    let mut rig = Rig::new();
    let opus = |n| Format { channels: 2, ..format(n, Encoding::Opus, 48_000) };
    rig.tell(MediaCommand::Formats { leg: A, formats: formats(&[opus(111)]) });
    rig.tell(MediaCommand::Formats { leg: B, formats: formats(&[opus(96)]) });
    rig.bridge(A, B);
    rig.streams[1].payload_type = 111;
    assert_eq!(rig.rtp(A).unwrap().1.payload_type, 96);
    rig.streams[1].payload_type = 96;
    assert_eq!(rig.rtp(A), None);
    assert_eq!((rig.counters(A).unknown_payload, rig.table.counts.unknown_payload), (1, 1));
    // Comfort noise passes.
    rig.streams[1].payload_type = 13;
    assert_eq!(rig.rtp(A).unwrap().1.payload_type, 13);
}

/// A far end presses a digit: six packets with three ends.
fn press(rig: &mut Rig, leg: LegId, event: u8, source: SocketAddr) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    let timestamp = rig.streams[leg.0 as usize].timestamp.wrapping_add(160);
    for step in 1..=6_u16 {
        let stream = &mut rig.streams[leg.0 as usize];
        stream.sequence = stream.sequence.wrapping_add(1);
        let header = Header {
            payload_type: 101,
            marker: step == 1,
            sequence: stream.sequence,
            timestamp,
            ssrc: stream.ssrc,
        };
        let payload =
            TelephoneEvent { event, end: step > 3, volume: 10, duration: 160 * step.min(4) };
        let mut datagram = Vec::new();
        write_packet(&header, &payload.write(), &mut datagram);
        rig.now += ms(20);
        let sent = rig.receive(leg, Component::Rtp, source, &datagram);
        out.extend(sent.map(|(_, datagram)| datagram));
    }
    rig.streams[leg.0 as usize].timestamp = timestamp.wrapping_add(800);
    out
}

#[test]
fn each_digit_is_told_once_and_forwarded_in_the_listeners_clock() {
    let mut rig = Rig::new();
    let opus = |n| Format { channels: 2, ..format(n, Encoding::Opus, 48_000) };
    let events = |n, clock| format(n, Encoding::TelephoneEvent, clock);
    let a = formats(&[opus(111), events(101, 8000)]);
    rig.tell(MediaCommand::Formats { leg: A, formats: a });
    let b = formats(&[opus(111), events(97, 48_000)]);
    rig.tell(MediaCommand::Formats { leg: B, formats: b });
    rig.bridge(A, B);
    rig.streams[1].payload_type = 111;
    rig.rtp(A).unwrap();
    let sent = press(&mut rig, A, 5, at(1000));
    assert_eq!(sent.len(), 6);
    let durations = sent.iter().map(|datagram| {
        let packet = Packet::parse(datagram).unwrap();
        assert_eq!(packet.payload_type, 97);
        TelephoneEvent::parse(packet.payload).unwrap().duration
    });
    assert_eq!(durations.collect::<Vec<_>>(), [960, 1920, 2880, 3840, 3840, 3840]);
    let digit = Digit::new('5').unwrap();
    assert_eq!(rig.events(), [MediaEvent::Digit { leg: A, digit }]);
    press(&mut rig, A, 5, at(1000));
    assert_eq!(rig.events(), [MediaEvent::Digit { leg: A, digit }]);
    assert_eq!(rig.table.counts.digits, 2);
}

#[test]
fn a_digit_during_a_play_is_the_sound_threads_to_tell() {
    let mut rig = Rig::new();
    rig.tell(MediaCommand::Formats { leg: A, formats: pcmu() });
    let list = std::sync::Arc::new(Playlist::one(Sound::Tone(Tone::Beep)));
    rig.tell(MediaCommand::Play { leg: A, play: PlayId(1), list });
    press(&mut rig, A, 11, at(1000));
    let digit = Digit::new('#').unwrap();
    assert_eq!(rig.table.notices, [Notice::Pressed(A, digit)]);
}

#[test]
fn frames_go_to_a_leg_while_it_is_rendered_and_continue_its_stream() {
    let mut rig = Rig::new();
    for leg in [A, B] {
        rig.tell(MediaCommand::Formats { leg, formats: pcmu() });
    }
    rig.bridge(A, B);
    let made = |marker| Made {
        leg: A,
        payload_type: 0,
        marker,
        samples: 160,
        event: false,
        payload: vec![0; 160],
    };
    let last = rig.rtp(B).unwrap().1;
    let mut packet = Vec::new();
    let now = rig.now;
    assert_eq!(rig.table.frame(now, &made(true), &mut packet), None);
    let list = std::sync::Arc::new(Playlist::one(Sound::Tone(Tone::Beep)));
    rig.tell(MediaCommand::Play { leg: A, play: PlayId(1), list });
    assert_eq!(rig.rtp(B), None);
    for n in 1..=3 {
        rig.now += ms(20);
        let way = rig.table.frame(rig.now, &made(n == 1), &mut packet).unwrap();
        assert_eq!(way.to, at(1000));
        let header = Packet::parse(&packet).unwrap().header();
        assert_eq!(header.sequence, last.sequence.wrapping_add(n));
        assert_eq!(header.timestamp.wrapping_sub(last.timestamp), 160 * u32::from(n));
    }
    rig.bay.played(A, PlayId(1));
    rig.rewire();
    rig.now += ms(20);
    assert_eq!(rig.rtp(B).unwrap().1.sequence, last.sequence.wrapping_add(4));
    assert_eq!((rig.table.counts.frames_sent, rig.table.counts.frames_unheard), (3, 1));
}

#[test]
fn early_media_goes_one_way() {
    let mut rig = Rig::new();
    rig.tell(MediaCommand::Listen { from: B, to: A });
    assert_eq!(rig.heard(), [None, Some(1), None]);
    // The other one answered: the first is heard no more.
    rig.bridge(A, C);
    assert_eq!(rig.heard(), [Some(3), None, Some(1)]);
    // What has been replaced cannot be undone again.
    rig.tell(MediaCommand::Unbridge { a: A, b: B });
    assert_eq!(rig.heard(), [Some(3), None, Some(1)]);
}

#[test]
fn a_leg_that_ends_leaves_its_partner_in_silence() {
    let mut rig = Rig::new();
    rig.bridge(A, B);
    rig.tell(MediaCommand::Close { leg: B });
    assert_eq!(rig.heard(), [None, None, None]);
    assert_eq!(rig.table.counts.unclaimed, 1);
    // The next leg on these ports is nobody's partner and knows no address.
    assert!(rig.table.open(Duration::ZERO, 2, LegId(9), PortPair { rtp: 4 }));
    assert_eq!(rig.heard(), [None, None, None]);
    assert_eq!(rig.counters(LegId(9)).stray, 1);
}

#[test]
fn nobody_takes_a_place_or_a_name_twice() {
    let mut table = Rig::new().table;
    assert!(!table.open(Duration::ZERO, 1, LegId(9), PortPair { rtp: 2 }));
    assert!(!table.open(Duration::ZERO, 0, A, PortPair { rtp: 0 }));
    assert_eq!(table.close(Duration::ZERO, LegId(9), &mut Vec::new()), None);
}

/// "RTP bleed": a stranger's packets neither reach anybody nor move the stream to him.
#[test]
fn strangers_are_dropped_and_counted() {
    let mut rig = Rig::new();
    rig.bridge(A, B);
    assert_eq!(rig.heard(), [Some(2), Some(1), None]);
    for _ in 0..3 {
        let packet = rig.next_rtp(A);
        assert_eq!(rig.receive(A, Component::Rtp, at(6666), &packet), None);
    }
    assert_eq!(rig.rtp(B).unwrap().0, at(1000));
    assert_eq!((rig.counters(A).stray, rig.table.counts.stray), (3, 3));
}

/// A stranger who guesses the port is heard first, and loses the stream to the one who was named.
#[test]
fn a_quick_stranger_loses_to_the_signalled_address() {
    let mut rig = Rig::new();
    rig.bridge(A, B);
    let mut forged = rig.streams[4];
    forged.ssrc = 0xbad;
    let stranger = |rig: &mut Rig| {
        std::mem::swap(&mut rig.streams[1], &mut forged);
        let packet = rig.next_rtp(A);
        std::mem::swap(&mut rig.streams[1], &mut forged);
        rig.receive(A, Component::Rtp, at(6666), &packet)
    };
    let mut stranger = stranger;
    assert!(stranger(&mut rig).is_some());
    assert_eq!(rig.rtp(B).unwrap().0, at(6666));
    rig.now += PROBATION;
    // The far end's first packet is not proven against the stream that was there.
    assert_eq!(rig.rtp(A), None);
    assert_eq!(rig.rtp(A).unwrap().0, at(2000));
    assert_eq!(stranger(&mut rig), None);
    assert_eq!(rig.rtp(B).unwrap().0, at(1000));
    assert_eq!((rig.counters(A).stray, rig.counters(A).unproven), (1, 1));
}

#[test]
fn replayed_and_cut_packets_are_dropped_and_counted() {
    let mut rig = Rig::new();
    rig.bridge(A, B);
    let packet = rig.next_rtp(A);
    assert!(rig.receive(A, Component::Rtp, at(1000), &packet).is_some());
    for _ in 0..4 {
        assert_eq!(rig.receive(A, Component::Rtp, at(1000), &packet), None);
    }
    assert_eq!(rig.receive(A, Component::Rtp, at(1000), &packet[..11]), None);
    // A list of contributors that passes the end.
    let mut broken = rig.next_rtp(A);
    broken[0] |= 0x0f;
    assert_eq!(rig.receive(A, Component::Rtp, at(1000), &broken[..40]), None);
    // Far away, once.
    rig.streams[1].sequence = rig.streams[1].sequence.wrapping_add(30_000);
    assert_eq!(rig.rtp(A), None);
    let counters = rig.counters(A);
    assert_eq!((counters.duplicate, counters.invalid, counters.unproven), (4, 2, 1));
    assert_eq!(counters.rtp_received, 1);
}

/// Behind a NAT, packets go back to where they came from.
#[test]
fn a_far_end_behind_a_nat_is_found() {
    let mut rig = Rig::new();
    rig.bridge(A, B);
    assert_eq!(rig.rtp(B).unwrap().0, at(1000));
    let packet = rig.next_rtp(A);
    rig.receive(A, Component::Rtp, at(40_000), &packet).unwrap();
    assert_eq!(rig.rtp(B).unwrap().0, at(40_000));
}

#[test]
fn holding_stops_packets_and_the_timeout() {
    let mut rig = Rig::new();
    rig.bridge(A, B);
    rig.pass(seconds(1));
    rig.direct(A, false, false);
    assert_eq!(rig.heard(), [None, None, None]);
    assert_eq!(rig.silences(seconds(500)), []);
    rig.direct(A, false, true);
    assert_eq!(rig.heard(), [Some(2), None, None]);
    assert_eq!(rig.silences(seconds(900)), []);
    rig.direct(A, true, true);
    assert_eq!(rig.heard(), [Some(2), Some(1), None]);
    assert_eq!(rig.silences(seconds(959)), []);
    assert_eq!(rig.silences(seconds(960)), [(A, seconds(60))]);
}

#[test]
fn silence_is_reported_once_when_neither_side_is_heard() {
    let mut rig = Rig::new();
    rig.pass(seconds(10));
    rig.bridge(A, B);
    rig.pass(seconds(50));
    rig.rtp(B);
    assert_eq!(rig.silences(seconds(109)), []);
    assert_eq!(rig.silences(seconds(111)), [(A, seconds(60))]);
    assert_eq!(rig.silences(seconds(300)), []);
    assert_eq!(rig.table.counts.timeouts, 1);
    // A new silence counts anew.
    rig.rtp(A);
    assert_eq!(rig.silences(seconds(420)), [(A, seconds(60))]);
    rig.bridge(A, B);
    assert_eq!(rig.silences(seconds(480)), [(A, seconds(60))]);
}

/// A caller who hears no one yet, and early media, may be silent for as long as they like.
#[test]
fn only_conversations_time_out() {
    let mut rig = Rig::new();
    rig.tell(MediaCommand::Listen { from: B, to: A });
    rig.direct(A, true, true);
    assert_eq!(rig.silences(seconds(1000)), []);
    rig.bridge(A, B);
    rig.tell(MediaCommand::Close { leg: B });
    assert_eq!(rig.silences(seconds(2000)), []);
}

/// What the core may say, in any order.
#[derive(Debug, Clone)]
enum Step {
    Command(MediaCommand),
    Packet(u64, u16),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => command().prop_map(Step::Command),
        2 => (0..5_u64, 0..3_u16).prop_map(|(leg, source)| Step::Packet(leg, source)),
        1 => (0..100_u64).prop_map(Step::Wait),
    ]
}

fn command() -> impl Strategy<Value = MediaCommand> {
    let leg = || (0..5_u64).prop_map(LegId);
    prop_oneof![
        leg().prop_map(|leg| MediaCommand::Open { leg, ports: PortPair { rtp: 2 * leg.0 as u16 } }),
        leg().prop_map(|leg| MediaCommand::Close { leg }),
        leg().prop_map(|leg| MediaCommand::Remote { leg, remote: remote(leg) }),
        leg().prop_map(|leg| MediaCommand::Formats { leg, formats: pcmu() }),
        (leg(), any::<bool>(), any::<bool>()).prop_map(|(leg, send, receive)| {
            MediaCommand::Direct { leg, direction: Direction { send, receive } }
        }),
        (leg(), leg()).prop_map(|(from, to)| MediaCommand::Listen { from, to }),
        (leg(), leg()).prop_map(|(a, b)| MediaCommand::Bridge { a, b }),
        (leg(), leg()).prop_map(|(a, b)| MediaCommand::Unbridge { a, b }),
    ]
}

/// Each leg is relayed to one at most, both ends know it, and nothing refers to who has gone.
fn check(table: &Table) -> Result<(), TestCaseError> {
    for (place, leg) in table.legs.iter().enumerate() {
        let Some(leg) = leg else { continue };
        prop_assert_eq!(table.places.get(&leg.id), Some(&place));
        if let Some(listener) = leg.heard_by {
            let listener = table.legs[listener].as_ref().unwrap();
            let feeds = matches!(listener.feed, Feed::Leg { from, .. } if from == place);
            prop_assert!(feeds);
        }
        if let Feed::Leg { from, .. } = leg.feed {
            prop_assert_eq!(table.legs[from].as_ref().unwrap().heard_by, Some(place));
        }
        if let Some(partner) = leg.partner {
            prop_assert_eq!(table.legs[partner].as_ref().unwrap().partner, Some(place));
        }
    }
    prop_assert_eq!(table.legs.iter().flatten().count(), table.places.len());
    Ok(())
}

proptest! {
    #[test]
    fn any_order_of_commands_keeps_the_table_sound(
        steps in proptest::collection::vec(step(), 0..120),
    ) {
        let mut rig = Rig::new();
        for step in steps {
            match step {
                Step::Command(command) => rig.tell(command),
                Step::Packet(leg, source) => {
                    let packet = rig.next_rtp(LegId(leg));
                    rig.receive(LegId(leg), Component::Rtp, at(5000 + source), &packet);
                }
                Step::Wait(wait) => rig.pass(rig.now + seconds(wait)),
            }
            check(&rig.table)?;
        }
        let open: Vec<LegId> = rig.table.places.keys().copied().collect();
        for leg in open {
            rig.tell(MediaCommand::Close { leg });
        }
        prop_assert!(rig.table.legs.iter().all(Option::is_none));
        prop_assert_eq!(rig.table.next_deadline(), None);
    }
}
