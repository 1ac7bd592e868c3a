//! One stream, many feeds.

use super::*;
use crate::event::{EVENT_LEN, TelephoneEvent};
use crate::packet::{Packet, write_packet};
use crate::sequence::MAX_MISORDER;
use proptest::prelude::*;

const OURS: u32 = 0x0a0a_0a0a;
/// Two sources.
const A: Source = Source { from: 1, ssrc: 0xaaaa };
const B: Source = Source { from: 2, ssrc: 0xbbbb };

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A stream that begins with 1000 at 50000, 8 kHz.
fn stream() -> Outgoing {
    Outgoing::new(OURS, 1000, 50_000, 8000)
}

/// What a packet is once it is ours: sequence, timestamp, marker.
type Left = Option<(u16, u32, bool)>;

fn relay(
    stream: &mut Outgoing,
    at: u64,
    source: Source,
    sequence: u16,
    timestamp: u32,
    how: (u32, Kind),
    payload: &[u8],
) -> (Left, Vec<u8>) {
    let header = Header { payload_type: 8, marker: false, sequence, timestamp, ssrc: source.ssrc };
    let mut datagram = Vec::new();
    write_packet(&header, payload, &mut datagram);
    let before = datagram.clone();
    let packet = Packet::parse(&before).unwrap();
    let relayed = Relayed::new(&packet, source.from, 96, how.0, how.1);
    let left = stream.relay(ms(at), &mut datagram, &relayed);
    match left {
        Some(left) => {
            let packet = Packet::parse(&datagram).unwrap();
            assert_eq!(packet.header(), left);
            assert_eq!((left.ssrc, left.payload_type), (OURS, 96));
        }
        None => assert_eq!(datagram, before),
    }
    (left.map(|header| (header.sequence, header.timestamp, header.marker)), datagram)
}

fn audio(stream: &mut Outgoing, at: u64, source: Source, sequence: u16, timestamp: u32) -> Left {
    relay(stream, at, source, sequence, timestamp, (8000, Kind::Audio), &[0xd5; 160]).0
}

/// An event from 8 kHz to a leg with telephone-event of `ours` Hz.
fn key(stream: &mut Outgoing, at: u64, sequence: u16, timestamp: u32, ours: u32) -> Left {
    let how = (8000, Kind::Event { clock_rate: ours });
    relay(stream, at, A, sequence, timestamp, how, &[5, 10, 0, 160]).0
}

fn frame(stream: &mut Outgoing, at: u64, samples: u32, marker: bool) -> (u16, u32, bool) {
    let frame = Frame { payload_type: 0, samples, payload_len: 160, marker };
    let header = stream.frame(ms(at), &frame);
    assert_eq!((header.ssrc, header.payload_type), (OURS, 0));
    (header.sequence, header.timestamp, header.marker)
}

fn own_event(stream: &mut Outgoing, at: u64, marker: bool, offset: u32) -> (u16, u32, bool) {
    let packet = EventPacket { payload: [5, 10, 0, 160], marker, timestamp_offset: offset };
    let header = stream.event(ms(at), 101, 8000, &packet);
    (header.sequence, header.timestamp, header.marker)
}

#[test]
fn gaps_reorderings_and_duplicates_stay() {
    let mut stream = stream();
    assert_eq!(audio(&mut stream, 0, A, 65_534, 4_294_967_200), Some((1000, 50_000, true)));
    assert_eq!(audio(&mut stream, 20, A, 65_535, 64), Some((1001, 50_160, false)));
    // Two lost, one of which comes after all, twice.
    assert_eq!(audio(&mut stream, 80, A, 2, 544), Some((1004, 50_640, false)));
    assert_eq!(audio(&mut stream, 81, A, 1, 384), Some((1003, 50_480, false)));
    assert_eq!(audio(&mut stream, 82, A, 1, 384), Some((1003, 50_480, false)));
    assert_eq!(audio(&mut stream, 100, A, 3, 704), Some((1005, 50_800, false)));
    let sent = Sent { packets: 6, octets: 960, refused: 0 };
    assert_eq!((stream.sent(), stream.last_sequence()), (sent, Some(1005)));
}

#[test]
fn another_source_goes_on_where_the_first_ended() {
    let mut stream = stream();
    audio(&mut stream, 0, A, 10, 1600);
    audio(&mut stream, 20, A, 11, 1760);
    // 50 ms later: 400 units.
    assert_eq!(audio(&mut stream, 70, B, 777, 9), Some((1002, 50_560, true)));
    // Late ones: of the old source before and after its last, of the new one before its first.
    assert_eq!(audio(&mut stream, 71, A, 9, 1440), None);
    assert_eq!(audio(&mut stream, 72, A, 12, 1920), None);
    assert_eq!(audio(&mut stream, 73, B, 776, 0), None);
    assert_eq!(audio(&mut stream, 90, B, 778, 169), Some((1003, 50_720, false)));
    assert_eq!(stream.sent().refused, 3);
    // The old one comes back: not with what it sent before, but with what it sends now.
    assert_eq!(audio(&mut stream, 300, A, 11, 1760), None);
    assert_eq!(audio(&mut stream, 310, A, 30, 4800), Some((1004, 52_480, true)));
}

#[test]
fn the_same_number_of_another_leg_is_another_source() {
    let mut stream = stream();
    audio(&mut stream, 0, A, 10, 1600);
    let elsewhere = Source { from: 3, ..A };
    assert_eq!(audio(&mut stream, 20, elsewhere, 10, 1600), Some((1001, 50_160, true)));
}

#[test]
fn two_packets_do_not_share_a_time() {
    let mut stream = stream();
    audio(&mut stream, 0, A, 10, 1600);
    audio(&mut stream, 20, A, 11, 1840);
    // At once: as long after the last packet as that is, which was 30 ms.
    assert_eq!(audio(&mut stream, 21, B, 5, 5), Some((1002, 50_480, true)));
}

#[test]
fn a_restart_is_a_new_beginning() {
    let mut stream = stream();
    audio(&mut stream, 0, A, 10, 1600);
    assert_eq!(audio(&mut stream, 20, A, 30_000, 7), None);
    assert_eq!(audio(&mut stream, 40, A, 30_001, 167), Some((1001, 50_320, true)));
    assert_eq!(audio(&mut stream, 60, A, 30_002, 327), Some((1002, 50_480, false)));
    assert_eq!(audio(&mut stream, 61, A, 30_000, 7), None);
}

#[test]
fn a_clock_that_jumps_begins_anew_and_the_sequence_stays() {
    let mut stream = stream();
    audio(&mut stream, 0, A, 10, 100_000);
    // Back, and far ahead; with a packet lost each time.
    assert_eq!(audio(&mut stream, 40, A, 12, 160), Some((1002, 50_320, true)));
    assert_eq!(audio(&mut stream, 41, A, 11, 100_160), None);
    assert_eq!(audio(&mut stream, 80, A, 14, 900_000), Some((1004, 50_640, true)));
    // After silence the clock is ahead as the time is.
    assert_eq!(audio(&mut stream, 10_080, A, 15, 980_000), Some((1005, 130_640, false)));
    // Or it stands still meanwhile; that is the source's affair.
    assert_eq!(audio(&mut stream, 20_080, A, 16, 980_160), Some((1006, 130_800, false)));
}

#[test]
fn frames_made_here_are_in_a_row() {
    let mut stream = stream();
    assert_eq!(frame(&mut stream, 0, 160, false), (1000, 50_000, true));
    // Not as the timer has it, but as long as they are.
    assert_eq!(frame(&mut stream, 27, 160, false), (1001, 50_160, false));
    assert_eq!(frame(&mut stream, 38, 160, false), (1002, 50_320, false));
    // After silence that is told, and after silence that is not.
    assert_eq!(frame(&mut stream, 138, 160, true), (1003, 51_120, true));
    assert_eq!(frame(&mut stream, 1138, 160, false), (1004, 59_120, true));
    assert_eq!(stream.sent(), Sent { packets: 5, octets: 800, refused: 0 });
}

#[test]
fn rendered_audio_comes_between() {
    let mut stream = stream();
    audio(&mut stream, 0, A, 10, 1600);
    assert_eq!(frame(&mut stream, 20, 160, false), (1001, 50_160, true));
    assert_eq!(frame(&mut stream, 40, 160, false), (1002, 50_320, false));
    // Older than what was made here, then younger.
    assert_eq!(audio(&mut stream, 41, A, 10, 1600), None);
    assert_eq!(audio(&mut stream, 60, A, 13, 2080), Some((1003, 50_480, true)));
    assert_eq!(audio(&mut stream, 61, A, 12, 1920), None);
    assert_eq!(audio(&mut stream, 80, A, 14, 2240), Some((1004, 50_640, false)));
    assert_eq!(frame(&mut stream, 100, 160, false), (1005, 50_800, true));
}

#[test]
fn an_event_holds_its_time_while_the_clock_goes_on() {
    let mut stream = stream();
    audio(&mut stream, 0, A, 10, 1600);
    for (step, sequence) in (1..6).zip(11..) {
        let left = key(&mut stream, 20 * step, sequence, 1760, 8000);
        assert_eq!(left, Some((sequence + 990, 50_160, false)));
    }
    assert_eq!(audio(&mut stream, 120, A, 16, 2560), Some((1006, 50_960, false)));
    // The last of it, late.
    assert_eq!(key(&mut stream, 121, 15, 1760, 8000), Some((1005, 50_160, false)));
}

#[test]
fn an_event_made_here_holds_its_time_too() {
    let mut stream = stream();
    audio(&mut stream, 0, A, 10, 1600);
    assert_eq!(own_event(&mut stream, 20, true, 0), (1001, 50_160, true));
    assert_eq!(own_event(&mut stream, 40, false, 0), (1002, 50_160, false));
    // Audio that goes on beside it keeps its clock; it has the next number.
    assert_eq!(audio(&mut stream, 50, A, 13, 2080), Some((1003, 50_480, false)));
    assert_eq!(own_event(&mut stream, 60, false, 0), (1004, 50_160, false));
    assert_eq!(audio(&mut stream, 60, A, 12, 1920), None);
    assert_eq!(audio(&mut stream, 70, A, 14, 2240), Some((1005, 50_640, false)));
    // The next segment of a long one, and the next event.
    assert_eq!(own_event(&mut stream, 8212, false, 65_535), (1006, 115_695, false));
    assert_eq!(own_event(&mut stream, 9000, true, 0), (1007, 121_999, true));
}

#[test]
fn frames_after_an_event_have_their_own_time() {
    let mut stream = stream();
    frame(&mut stream, 0, 160, false);
    for at in [20, 40, 60, 80, 100] {
        assert_eq!(own_event(&mut stream, at, at == 20, 0).1, 50_160);
    }
    // Withheld meanwhile.
    assert_eq!(frame(&mut stream, 120, 160, false), (1006, 50_960, true));
    // Beside it: in a row, however the timer is.
    assert_eq!(own_event(&mut stream, 125, true, 0).1, 51_120);
    assert_eq!(frame(&mut stream, 143, 160, false), (1008, 51_120, false));
}

#[test]
fn an_event_from_another_clock_is_scaled() {
    // Audio of 48 kHz is made here, events of 8 kHz are relayed in between.
    let mut stream = Outgoing::new(OURS, 1000, 50_000, 48_000);
    frame(&mut stream, 0, 960, false);
    let how = (8000, Kind::Event { clock_rate: 48_000 });
    let pressed = TelephoneEvent { event: 5, end: false, volume: 10, duration: 160 }.write();
    let (left, datagram) = relay(&mut stream, 20, A, 10, 1600, how, &pressed);
    assert_eq!(left, Some((1001, 50_960, true)));
    let event = TelephoneEvent::parse(&datagram[12..]).unwrap();
    assert_eq!((event.duration, datagram.len()), (960, 12 + EVENT_LEN));
    assert_eq!(frame(&mut stream, 20, 960, false), (1002, 50_960, false));
    let mut again = |at, sequence, timestamp| {
        let left = relay(&mut stream, at, A, sequence, timestamp, how, &pressed).0;
        (left, frame(&mut stream, at, 960, false).1)
    };
    assert_eq!(again(40, 11, 1600), (Some((1003, 50_960, false)), 51_920));
    assert_eq!(again(60, 12, 1600), (Some((1005, 50_960, false)), 52_880));
    // A duplicate has no number of ours to have.
    assert_eq!(again(80, 12, 1600), (None, 53_840));
    // 100 ms after the start of the first.
    assert_eq!(again(100, 13, 2400), (Some((1008, 55_760, false)), 54_800));
}

#[test]
fn events_alone_are_scaled_by_their_own_clock() {
    let mut stream = Outgoing::new(OURS, 1000, 50_000, 48_000);
    let how = |clock_rate| (48_000, Kind::Event { clock_rate });
    let mut to = Outgoing::new(OURS, 1000, 50_000, 8000);
    let event = [5, 10, 0x12, 0xc0];
    assert_eq!(key(&mut stream, 0, 10, 1600, 48_000), Some((1000, 50_000, true)));
    assert_eq!(key(&mut stream, 300, 12, 3999, 48_000), Some((1002, 64_394, false)));
    assert_eq!(relay(&mut to, 0, A, 10, 96_000, how(8000), &event).0, Some((1000, 50_000, true)));
    let (left, datagram) = relay(&mut to, 300, A, 12, 110_405, how(8000), &event);
    assert_eq!(left, Some((1002, 52_400, false)));
    assert_eq!(datagram[12..], [5, 10, 0x03, 0x20]);
}

#[test]
fn the_clock_of_a_report_goes_on_with_the_time() {
    let mut stream = stream();
    assert_eq!((stream.timestamp_at(ms(5)), stream.last_sequence()), (None, None));
    audio(&mut stream, 1000, A, 10, 1600);
    assert_eq!(stream.timestamp_at(ms(1000)), Some(50_000));
    assert_eq!(stream.timestamp_at(ms(3500)), Some(70_000));
    own_event(&mut stream, 1020, true, 0);
    own_event(&mut stream, 1040, false, 0);
    assert_eq!(stream.timestamp_at(ms(3500)), Some(70_000));
}

#[test]
fn another_clock_begins_anew() {
    let mut stream = stream();
    frame(&mut stream, 0, 160, false);
    stream.set_clock_rate(48_000);
    assert_eq!(stream.clock_rate(), 48_000);
    assert_eq!(frame(&mut stream, 20, 960, false), (1001, 50_960, true));
    let how = (48_000, Kind::Audio);
    assert_eq!(relay(&mut stream, 40, A, 5, 9, how, &[]).0, Some((1002, 51_920, true)));
    stream.set_clock_rate(48_000);
    assert_eq!(relay(&mut stream, 60, A, 6, 969, how, &[]).0, Some((1003, 52_880, false)));
    stream.cut();
    assert_eq!(relay(&mut stream, 1060, A, 7, 1929, how, &[]).0, Some((1004, 100_880, true)));
    assert_eq!(stream.ssrc(), OURS);
    stream.set_ssrc(77);
    assert_eq!((stream.ssrc(), stream.sent()), (77, Sent::default()));
    assert_eq!(
        stream
            .frame(
                ms(1080),
                &Frame { payload_type: 0, samples: 960, payload_len: 9, marker: false }
            )
            .ssrc,
        77
    );
}

/// What feeds a stream next.
#[derive(Debug, Clone)]
enum Feeding {
    /// A source goes on, after leaving so many packets out.
    Source {
        which: usize,
        lost: u16,
    },
    /// A source starts again somewhere else.
    Restart {
        which: usize,
        sequence: u16,
        timestamp: u32,
    },
    Frame {
        marker: bool,
    },
    Event {
        marker: bool,
    },
    Pause {
        ms: u64,
    },
}

fn feeding() -> impl Strategy<Value = Feeding> {
    prop_oneof![
        8 => (0..3_usize, prop_oneof![5 => Just(0_u16), 1 => 1..50_u16])
            .prop_map(|(which, lost)| Feeding::Source { which, lost }),
        1 => (0..3_usize, any::<u16>(), any::<u32>()).prop_map(|(which, sequence, timestamp)| {
            Feeding::Restart { which, sequence, timestamp }
        }),
        4 => any::<bool>().prop_map(|marker| Feeding::Frame { marker }),
        2 => any::<bool>().prop_map(|marker| Feeding::Event { marker }),
        1 => (0..30_000_u64).prop_map(|ms| Feeding::Pause { ms }),
    ]
}

proptest! {
    /// Whatever feeds it: the sequence goes on by one, or by a source's own gap; the timestamps of
    /// audio never go back; a source's own steps stay.
    #[test]
    fn the_stream_is_continuous(
        start: (u16, u32),
        mut sources in proptest::array::uniform3(any::<(u16, u32)>()),
        feedings in proptest::collection::vec(feeding(), 1..120),
    ) {
        let mut stream = Outgoing::new(OURS, start.0, start.1, 8000);
        let mut at = 0;
        let mut sequence = start.0.wrapping_sub(1);
        let mut timestamp = start.1;
        let (mut feeds, mut passed) = (None, None);
        for feeding in feedings {
            at += 20;
            let (left, who) = match feeding {
                Feeding::Pause { ms } => {
                    at += ms;
                    for source in &mut sources {
                        source.1 = source.1.wrapping_add(ms as u32 * 8);
                    }
                    continue;
                }
                Feeding::Restart { which, sequence, timestamp } => {
                    sources[which] = (sequence, timestamp);
                    continue;
                }
                Feeding::Source { which, lost } => {
                    let (theirs, time) = &mut sources[which];
                    *theirs = theirs.wrapping_add(1 + lost);
                    *time = time.wrapping_add(160 * u32::from(1 + lost));
                    at += 20 * u64::from(lost);
                    let source = Source { from: 1, ssrc: which as u32 };
                    let left = audio(&mut stream, at, source, *theirs, *time);
                    (left, Some(which))
                }
                Feeding::Frame { marker } => {
                    (Some(frame(&mut stream, at, 160, marker)), None)
                }
                Feeding::Event { marker } => {
                    let left = own_event(&mut stream, at, marker, 0);
                    sequence = sequence.wrapping_add(1);
                    prop_assert_eq!(left.0, sequence);
                    feeds = None;
                    continue;
                }
            };
            // Refused: late after a change, or the first after a restart.
            let Some((ours, time, marker)) = left else { continue };
            let step = ours.wrapping_sub(sequence);
            let theirs = who.map(|which: usize| sources[which].0);
            let their_step = theirs.zip(passed).map(|(now, before)| now.wrapping_sub(before));
            let same = feeds == who && their_step.is_some();
            if same && their_step > Some(u16::MAX - MAX_MISORDER) {
                // Started again a little before its end.
                prop_assert_eq!(Some(step), their_step);
                continue;
            }
            if same && !marker {
                prop_assert_eq!(Some(step), their_step, "{} after {}", ours, sequence);
            } else {
                prop_assert!(step == 1 || same && Some(step) == their_step);
            }
            let elapsed = time.wrapping_sub(timestamp);
            prop_assert!(elapsed < 1 << 31, "{} after {}", time, timestamp);
            (sequence, timestamp, feeds, passed) = (ours, time, who, theirs);
        }
        let sent = stream.sent();
        prop_assert_eq!(sent.octets > 0, sent.packets > 0);
    }
}
