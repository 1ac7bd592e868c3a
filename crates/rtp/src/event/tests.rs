//! Digits over a wire that loses, doubles and reorders.

use super::*;
use crate::packet::Header;
use proptest::prelude::*;
use std::time::Duration;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn digit(key: char) -> Digit {
    Digit::try_from(key).unwrap()
}

fn header(timestamp: u32, marker: bool) -> Header {
    Header { payload_type: 101, marker, sequence: 0, timestamp, ssrc: 1 }
}

fn payload(key: char, end: bool, duration: u16) -> [u8; EVENT_LEN] {
    TelephoneEvent { event: digit(key).event(), end, volume: 10, duration }.write()
}

/// A receiver, and what it has reported in short: `5v160` pressed at 160, `5^800` released after.
struct Ear {
    receiver: EventReceiver,
    heard: Vec<DigitNotice>,
}

impl Ear {
    fn new() -> Self {
        Self { receiver: EventReceiver::new(8000), heard: Vec::new() }
    }

    fn packet(&mut self, at: u64, timestamp: u32, key: char, end: bool, duration: u16) {
        let payload = payload(key, end, duration);
        self.receiver.packet(ms(at), &header(timestamp, false), &payload, &mut self.heard);
    }

    fn heard(&self) -> String {
        let words = self.heard.iter().map(|notice| match notice {
            DigitNotice::Pressed { digit, timestamp } => format!("{digit}v{timestamp}"),
            DigitNotice::Released { digit, duration, .. } => format!("{digit}^{duration}"),
        });
        words.collect::<Vec<_>>().join(" ")
    }
}

#[test]
fn the_payload_of_rfc_4733() {
    // §2.3: event, E R volume, duration. The reserved bit is ignored and written as zero.
    let event = TelephoneEvent { event: 11, end: true, volume: 10, duration: 800 };
    assert_eq!(event.write(), [11, 0x8a, 0x03, 0x20]);
    assert_eq!(TelephoneEvent::parse(&[11, 0xca, 0x03, 0x20, 9]), Some(event));
    assert_eq!(TelephoneEvent::parse(&[11, 0x8a, 0x03]), None);
}

#[test]
fn a_duration_is_told_in_another_clock() {
    let mut event = payload('1', false, 800);
    rescale_duration(&mut event, 8000, 48_000);
    assert_eq!(event, payload('1', false, 4800));
    rescale_duration(&mut event, 48_000, 8000);
    assert_eq!(event, payload('1', false, 800));
    let mut long = payload('1', false, 16_000);
    rescale_duration(&mut long, 8000, 48_000);
    assert_eq!(long, payload('1', false, u16::MAX));
    rescale_duration(&mut [1, 2, 3], 8000, 48_000);
    rescale_duration(&mut long, 0, 8000);
}

#[test]
fn a_digit_is_reported_once() {
    let mut ear = Ear::new();
    for step in 1..=4 {
        ear.packet(20 * step, 160, '5', false, 160 * step as u16);
    }
    for at in [100, 120, 140] {
        ear.packet(at, 160, '5', true, 800);
    }
    // One more of them, overtaken.
    ear.packet(150, 160, '5', false, 640);
    assert_eq!(ear.heard(), "5v160 5^800");
    // The same key again is another event.
    ear.packet(300, 2400, '5', false, 160);
    ear.packet(320, 160, '5', true, 800);
    ear.packet(340, 2400, '5', true, 480);
    assert_eq!(ear.heard(), "5v160 5^800 5v2400 5^480");
    assert_eq!(ear.receiver.ignored(), 1);
}

#[test]
fn one_packet_of_any_is_enough() {
    let mut ear = Ear::new();
    ear.packet(0, 160, '1', true, 800);
    ear.packet(200, 1760, '2', false, 320);
    ear.packet(400, 3360, '3', true, 800);
    assert_eq!(ear.heard(), "1v160 1^800 2v1760 2^320 3v3360 3^800");
}

#[test]
fn a_lost_end_is_made_up_for() {
    // By audio, but not by audio that comes beside the event.
    let mut ear = Ear::new();
    ear.packet(0, 160, '#', false, 160);
    ear.receiver.audio(ms(149), &mut ear.heard);
    assert_eq!(ear.heard(), "#v160");
    ear.receiver.audio(ms(150), &mut ear.heard);
    assert_eq!(ear.heard(), "#v160 #^160");
    // The end comes after all.
    ear.packet(160, 160, '#', true, 800);
    assert_eq!(ear.heard(), "#v160 #^160");
    // By time.
    ear.packet(1000, 8160, 'D', false, 160);
    assert_eq!(ear.receiver.deadline(), Some(ms(1500)));
    ear.receiver.expire(ms(1499), &mut ear.heard);
    assert_eq!(ear.heard(), "#v160 #^160 Dv8160");
    ear.receiver.expire(ms(1500), &mut ear.heard);
    assert_eq!(ear.heard(), "#v160 #^160 Dv8160 D^160");
    assert_eq!(ear.receiver.deadline(), None);
}

#[test]
fn a_new_source_begins_anew() {
    let mut ear = Ear::new();
    ear.packet(0, 50_000, '1', false, 160);
    let other = Header { ssrc: 2, ..header(160, true) };
    ear.receiver.packet(ms(20), &other, &payload('2', true, 400), &mut ear.heard);
    assert_eq!(ear.heard(), "1v50000 1^160 2v160 2^400");
}

#[test]
fn a_clock_that_starts_again_is_not_late_for_ever() {
    let mut ear = Ear::new();
    ear.packet(0, 500_000, '1', true, 800);
    ear.packet(100, 450_000, '2', true, 800);
    assert_eq!(ear.heard(), "1v500000 1^800");
    ear.packet(10_200, 450_000, '2', true, 800);
    // Farther back than anything can be late.
    ear.packet(10_300, 350_000, '3', true, 800);
    assert_eq!(ear.heard(), "1v500000 1^800 2v450000 2^800 3v350000 3^800");
}

#[test]
fn segments_of_a_long_event_are_one() {
    let mut ear = Ear::new();
    ear.packet(0, 1000, '0', false, 400);
    ear.packet(8190, 1000, '0', false, u16::MAX);
    ear.packet(8200, 1000 + 65_535, '0', false, 160);
    // The segment before it, late.
    ear.packet(8210, 1000, '0', false, 65_000);
    ear.packet(8300, 1000 + 65_535, '0', true, 1000);
    ear.packet(8320, 1000 + 65_535, '0', true, 1000);
    assert_eq!(ear.heard(), "0v1000 0^66535");
}

#[test]
fn what_is_no_digit_is_counted() {
    let mut ear = Ear::new();
    // A flash, a modem's tone, and too short a payload.
    for payload in [&[16, 0, 0, 160][..], &[32, 0x8a, 0, 160], &[1, 0, 0]] {
        ear.receiver.packet(ms(0), &header(1, true), payload, &mut ear.heard);
    }
    assert_eq!((ear.heard().as_str(), ear.receiver.ignored()), ("", 3));
}

/// Everything that a sender sends until it is done, with the time of each.
fn drain(sender: &mut EventSender, from: Duration) -> Vec<(u64, EventPacket)> {
    let mut sent = Vec::new();
    let mut now = from;
    while let Some(due) = sender.deadline() {
        now = now.max(due);
        sent.push((now.as_millis() as u64, sender.poll(now).unwrap()));
        assert!(sent.len() < 10_000);
    }
    sent
}

#[test]
fn a_digit_is_sent_in_pace() {
    let mut sender = EventSender::new(8000, 20);
    assert_eq!((sender.deadline(), sender.poll(ms(5))), (None, None));
    sender.push(Press::new(digit('5'))).unwrap();
    sender.push(Press { duration_ms: 1, pause_ms: 0, ..Press::new(digit('6')) }).unwrap();
    let sent = drain(&mut sender, ms(1000));
    let told: Vec<_> = sent
        .iter()
        .map(|(at, packet)| {
            let event = TelephoneEvent::parse(&packet.payload).unwrap();
            (*at, event.event, packet.marker, event.end, event.duration)
        })
        .collect();
    let expected = [
        (1000, 5, true, false, 160),
        (1020, 5, false, false, 320),
        (1040, 5, false, false, 480),
        (1060, 5, false, false, 640),
        (1080, 5, false, true, 800),
        (1100, 5, false, true, 800),
        (1120, 5, false, true, 800),
        // The event is over at 1100; 100 ms later the next begins, of the shortest duration.
        (1200, 6, true, false, 160),
        (1220, 6, false, true, 320),
        (1240, 6, false, true, 320),
        (1260, 6, false, true, 320),
    ];
    assert_eq!(told, expected);
    // The shortest pause, from 1240.
    sender.push(Press::new(digit('7'))).unwrap();
    assert_eq!(sender.deadline(), Some(ms(1280)));
}

#[test]
fn audio_is_withheld_until_the_end_is_told() {
    let mut sender = EventSender::new(8000, 20);
    sender.push(Press { duration_ms: 40, ..Press::new(digit('1')) }).unwrap();
    sender.push(Press::new(digit('2'))).unwrap();
    assert!(!sender.is_sounding());
    assert!(sender.poll(ms(0)).is_some() && sender.is_sounding());
    assert_eq!(sender.poll(ms(19)), None);
    // What waits is dropped, what sounds ends.
    sender.clear();
    assert!(sender.poll(ms(20)).is_some() && !sender.is_sounding());
    assert_eq!(drain(&mut sender, ms(40)).len(), 2);
}

#[test]
fn a_late_sender_lengthens_the_digit() {
    let mut sender = EventSender::new(8000, 20);
    sender.push(Press::new(digit('1'))).unwrap();
    assert!(sender.poll(ms(0)).is_some());
    // 60 ms late: made up for. 300 ms late: not.
    for _ in 0..3 {
        assert!(sender.poll(ms(60)).is_some());
    }
    assert_eq!(sender.poll(ms(60)), None);
    assert!(sender.poll(ms(380)).is_some());
    assert_eq!(sender.deadline(), Some(ms(400)));
}

#[test]
fn the_queue_is_limited() {
    let mut sender = EventSender::new(8000, 20);
    for _ in 0..QUEUE_LIMIT {
        assert_eq!(sender.push(Press::new(digit('1'))), Ok(()));
    }
    assert_eq!(sender.push(Press::new(digit('1'))), Err(QueueFull));
    assert!(sender.poll(ms(0)).is_some());
    assert_eq!(sender.push(Press::new(digit('1'))), Ok(()));
}

#[test]
fn a_long_digit_is_sent_in_segments() {
    let mut sender = EventSender::new(48_000, 20);
    sender.push(Press { duration_ms: 3000, ..Press::new(digit('9')) }).unwrap();
    let mut ear = Ear::new();
    ear.receiver = EventReceiver::new(48_000);
    let mut offsets = Vec::new();
    for (at, packet) in drain(&mut sender, ms(0)) {
        let header = header(7u32.wrapping_add(packet.timestamp_offset), packet.marker);
        ear.receiver.packet(ms(at), &header, &packet.payload, &mut ear.heard);
        offsets.push(packet.timestamp_offset);
    }
    offsets.dedup();
    assert_eq!(offsets, [0, 65_535, 131_070]);
    assert_eq!(ear.heard(), "9v7 9^144000");
}

proptest! {
    /// Whatever is lost, doubled or swapped: of each digit that something came of, one press and
    /// one release, in order.
    #[test]
    fn digits_arrive_in_order(
        keys in proptest::collection::vec(0..16_u8, 1..12),
        fate in proptest::collection::vec(0..10_u8, 200),
    ) {
        let mut sender = EventSender::new(8000, 20);
        for key in &keys {
            sender.push(Press::new(Digit::from_event(*key).unwrap())).unwrap();
        }
        let mut start = 0;
        let mut wire = Vec::new();
        for ((at, packet), fate) in drain(&mut sender, ms(10)).into_iter().zip(fate) {
            start = if packet.marker { at as u32 * 8 } else { start };
            let copies = match fate { 0..=2 => 0, 3 => 2, _ => 1 };
            for _ in 0..copies {
                wire.push((at, start, packet));
            }
            let last = wire.len();
            if fate == 4 && last > 1 {
                wire.swap(last - 1, last - 2);
            }
        }
        // A swap may put a digit's only packet behind another digit's; then it is too late.
        let mut expected: Vec<(u32, u8)> = Vec::new();
        for (_, start, packet) in &wire {
            if expected.last().is_none_or(|(newest, _)| start > newest) {
                expected.push((*start, packet.payload[0]));
            }
        }
        let mut ear = Ear::new();
        for (at, start, packet) in wire {
            let header = header(start, packet.marker);
            ear.receiver.packet(ms(at), &header, &packet.payload, &mut ear.heard);
        }
        ear.receiver.expire(ms(100_000), &mut ear.heard);
        let mut pressed = Vec::new();
        for pair in ear.heard.chunks(2) {
            let [
                DigitNotice::Pressed { digit, timestamp },
                DigitNotice::Released { digit: up, timestamp: from, duration },
            ] = pair else {
                panic!("{pair:?}");
            };
            prop_assert_eq!((digit, timestamp), (up, from));
            prop_assert!((160..=800).contains(duration));
            pressed.push((*timestamp, digit.event()));
        }
        prop_assert_eq!(pressed, expected);
    }
}
