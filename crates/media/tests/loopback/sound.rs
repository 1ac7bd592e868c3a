//! All threads together: what the sound thread makes is heard at a far end's socket.

use std::sync::Arc;

use call::port::{
    Digit, Encoding, Format, Formats, LegId, MediaCommand, MediaEvent, PlayEnd, PlayId, Playlist,
    RecordingFormat, RecordingId, Sound, Tone,
};
use media::{MediaConfig, RecordConfig};
use rtp::{Header, Packet, TelephoneEvent, write_packet};

use crate::rig::*;

const PLAY: PlayId = PlayId(1);

fn formats(payload: u8, encoding: Encoding) -> Formats {
    let format = |payload, encoding| Format { payload, encoding, clock_rate: 8000, channels: 1 };
    let list: Arc<[Format]> =
        [format(payload, encoding), format(101, Encoding::TelephoneEvent)].into();
    Formats { receive: list.clone(), send: list, packet_ms: 20 }
}

impl Rig {
    fn open_with(&mut self, leg: LegId, peer: &Peer, formats: Formats) -> u16 {
        let ports = self.open_for(leg, peer);
        self.tell(MediaCommand::Formats { leg, formats });
        ports.rtp
    }

    /// The next event but stock.
    fn told(&self) -> MediaEvent {
        loop {
            let event = self.event();
            if !matches!(event, MediaEvent::Stock(_) | MediaEvent::Quality(_)) {
                return event;
            }
        }
    }
}

fn next_header(peer: &Peer) -> Header {
    Packet::parse(&receive(&peer.rtp).0).unwrap().header()
}

#[test]
fn a_play_is_heard_as_one_stream_and_a_digit_ends_it() {
    let mut rig = Rig::start(config("18320-18339"));
    let alice = Peer::new(&rig.config);
    let to_a = rig.open_with(A, &alice, formats(0, Encoding::Pcmu));
    let list = Playlist { barge_in: true, ..Playlist::forever(Sound::Tone(Tone::Ringback)) };
    rig.tell(MediaCommand::Play { leg: A, play: PLAY, list: Arc::new(list) });
    let first = next_header(&alice);
    assert_eq!((first.payload_type, first.marker), (0, true));
    for n in 1..10 {
        let header = next_header(&alice);
        assert_eq!((header.ssrc, header.sequence), (first.ssrc, first.sequence.wrapping_add(n)));
        assert_eq!(header.timestamp.wrapping_sub(first.timestamp), 160 * u32::from(n));
    }
    let mut packet = Vec::new();
    for sequence in 0..4 {
        let event = TelephoneEvent { event: 7, end: sequence > 0, volume: 10, duration: 800 };
        let marker = sequence == 0;
        let header = Header { payload_type: 101, marker, sequence, timestamp: 5, ssrc: 9 };
        packet.clear();
        write_packet(&header, &event.write(), &mut packet);
        alice.rtp.send_to(&packet, rig.address(to_a)).unwrap();
    }
    let played = MediaEvent::Played { leg: A, play: PLAY, end: PlayEnd::BargedIn };
    assert_eq!(rig.told(), played);
    assert_eq!(rig.told(), MediaEvent::Digit { leg: A, digit: Digit::new('7').unwrap() });
    rig.tell(MediaCommand::Close { leg: A });
    let MediaEvent::Closed { streams, .. } = rig.told() else { panic!("not closed") };
    assert_eq!(streams.len(), 2);
    assert!(streams[1].packets >= 10 && &*streams[1].codec == "PCMU");
}

#[test]
fn legs_without_a_codec_in_common_hear_each_other() {
    let mut rig = Rig::start(config("18340-18359"));
    let (alice, bob) = (Peer::new(&rig.config), Peer::new(&rig.config));
    let to_a = rig.open_with(A, &alice, formats(0, Encoding::Pcmu));
    rig.open_with(B, &bob, formats(8, Encoding::Pcma));
    rig.tell(MediaCommand::Bridge { a: A, b: B });
    rig.settle();
    // The loudest sample of µ-law: whoever hears something hears it.
    // Frames come every 20 ms, which paces what Alice says: a burst would be late if the sound
    // thread had its turn late.
    let heard = (0..=u8::MAX).any(|n| {
        let mut packet = rtp(n);
        packet[12..].fill(if n % 2 == 0 { 0x00 } else { 0x80 });
        alice.rtp.send_to(&packet, rig.address(to_a)).unwrap();
        let (packet, _) = receive(&bob.rtp);
        let packet = Packet::parse(&packet).unwrap();
        assert_eq!((packet.payload_type, packet.payload.len()), (8, 160));
        // A-law's silence is 0xd5 and 0x55.
        packet.payload.iter().any(|octet| *octet & 0x7f != 0x55)
    });
    assert!(heard, "silence only");
    rig.settle();
    assert!(rig.plane.totals().frames_sent() > 0);
}

#[test]
fn digits_are_sent_over_a_relayed_bridge_and_it_goes_on() {
    let mut rig = Rig::start(config("18360-18379"));
    let (alice, bob) = (Peer::new(&rig.config), Peer::new(&rig.config));
    rig.open_with(A, &alice, formats(0, Encoding::Pcmu));
    let to_b = rig.open_with(B, &bob, formats(0, Encoding::Pcmu));
    rig.tell(MediaCommand::Bridge { a: A, b: B });
    rig.settle();
    bob.rtp.send_to(&rtp(1), rig.address(to_b)).unwrap();
    let first = next_header(&alice);
    let digit = Digit::new('5').unwrap();
    rig.tell(MediaCommand::SendDigit { leg: A, digit, duration_ms: 60 });
    let mut last = first.sequence;
    let mut ends = 0;
    while ends < 3 {
        let (packet, _) = receive(&alice.rtp);
        let packet = Packet::parse(&packet).unwrap();
        assert_eq!((packet.ssrc, packet.sequence), (first.ssrc, last.wrapping_add(1)));
        last = packet.sequence;
        if packet.payload_type == 101 {
            let event = TelephoneEvent::parse(packet.payload).unwrap();
            assert_eq!(event.event, 5);
            ends += u32::from(event.end);
        }
    }
    // The bridge has its turn again, some time after the last packet of the digit.
    for mark in 2..=255 {
        bob.rtp.send_to(&rtp(mark), rig.address(to_b)).unwrap();
        rig.settle();
        alice.rtp.set_read_timeout(Some(std::time::Duration::from_millis(20))).unwrap();
        if let Ok(len) = alice.rtp.recv(&mut [0; 2000]) {
            assert_eq!(len, 172);
            return;
        }
    }
    panic!("the bridge is silent");
}

#[test]
fn a_relayed_call_is_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let recording = RecordConfig { folder: folder.path().into(), ..RecordConfig::default() };
    let mut rig = Rig::start(MediaConfig { recording, ..config("18380-18399") });
    let (alice, bob) = (Peer::new(&rig.config), Peer::new(&rig.config));
    let to_a = rig.open_with(A, &alice, formats(0, Encoding::Pcmu));
    rig.open_with(B, &bob, formats(0, Encoding::Pcmu));
    rig.tell(MediaCommand::Bridge { a: A, b: B });
    let recording = RecordingId("call-r1".into());
    rig.tell(MediaCommand::Record {
        recording: recording.clone(),
        left: Some(A),
        right: Some(B),
        file: "call-r1".into(),
        format: RecordingFormat::Wav,
    });
    rig.settle();
    for n in 0..25 {
        alice.rtp.send_to(&rtp(n), rig.address(to_a)).unwrap();
        assert_eq!(hear(&bob.rtp).0, sound(n));
    }
    // A second play says when some of the sound has been written: it has the same clock.
    rig.tell(MediaCommand::Play {
        leg: B,
        play: PLAY,
        list: Arc::new(Playlist::one(Sound::Silence { ms: 300 })),
    });
    assert!(matches!(rig.told(), MediaEvent::Played { .. }));
    rig.tell(MediaCommand::StopRecording { recording: recording.clone() });
    let event = rig.told();
    let MediaEvent::Recorded { recording: which, duration_ms, bytes, sha256 } = event else {
        panic!("{event:?}")
    };
    assert_eq!(which, recording);
    assert!(duration_ms >= 200 && bytes > 44 && sha256.is_some(), "{duration_ms} {bytes}");
    let wav = hound::WavReader::open(folder.path().join("call-r1.wav")).unwrap();
    assert_eq!(wav.spec().channels, 2);
}
