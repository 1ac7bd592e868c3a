//! Rooms: who hears whom.

use audio::codec::CodecKind;
use call::port::{LegId, Part, RoomId, Speaks};

use super::stage::Stage;
use crate::handoff::Source;
use crate::sound::SoundConfig;

const ROOM: RoomId = RoomId(1);

fn room(speaks: Speaks) -> Source {
    Source::Room(ROOM, Part { hears: true, speaks })
}

/// Three or four with a tone each: 400, 700, 1 100 and 1 700 Hz.
fn meeting(kinds: &[CodecKind]) -> Stage {
    let mut stage = Stage::new();
    for (leg, (kind, hz)) in (1..).zip(kinds.iter().zip([400, 700, 1_100, 1_700])) {
        stage.voice(leg, *kind);
        stage.hear(leg, room(Speaks::ToAll));
        stage.talk(leg, hz);
    }
    stage
}

/// Whom a leg hears, by his tone.
fn heard_by(stage: &Stage, leg: u64) -> Vec<u64> {
    let from = stage.now_ms - 500;
    let tones = (1..).zip([400, 700, 1_100, 1_700]);
    tones.filter(|&(_, hz)| stage.share(leg, from, hz) > 0.15).map(|(leg, _)| leg).collect()
}

#[test]
fn each_of_three_hears_the_other_two_and_not_himself() {
    for kinds in [
        [CodecKind::Pcmu, CodecKind::Pcma, CodecKind::Pcmu],
        [CodecKind::Pcmu, CodecKind::G722, CodecKind::Opus],
    ] {
        let mut stage = meeting(&kinds);
        stage.run(1_000);
        assert_eq!(heard_by(&stage, 1), [2, 3]);
        assert_eq!(heard_by(&stage, 2), [1, 3]);
        assert_eq!(heard_by(&stage, 3), [1, 2]);
        for leg in 1..=3 {
            for (at, own) in (1..).zip([400, 700, 1_100]) {
                if at == leg {
                    assert!(stage.share(leg, 1_500, own) < 0.02);
                }
            }
        }
    }
}

#[test]
fn a_whisper_is_heard_by_one() {
    let mut stage = meeting(&[CodecKind::Pcmu; 3]);
    stage.hear(3, room(Speaks::To(LegId(2))));
    stage.run(1_000);
    assert_eq!(heard_by(&stage, 1), [2]);
    assert_eq!(heard_by(&stage, 2), [1, 3]);
    assert_eq!(heard_by(&stage, 3), [1, 2]);
    // He barges in, and then only listens.
    stage.hear(3, room(Speaks::ToAll));
    stage.run(1_000);
    assert_eq!(heard_by(&stage, 1), [2, 3]);
    stage.hear(3, room(Speaks::ToNobody));
    stage.run(1_000);
    assert_eq!(heard_by(&stage, 1), [2]);
    assert_eq!(heard_by(&stage, 2), [1]);
    assert_eq!(heard_by(&stage, 3), [1, 2]);
}

#[test]
fn a_member_on_hold_hears_nothing_and_is_heard() {
    let mut stage = meeting(&[CodecKind::Pcma; 3]);
    stage.hear(1, Source::Room(ROOM, Part { hears: false, speaks: Speaks::ToAll }));
    stage.run(1_000);
    assert_eq!(heard_by(&stage, 1), [0_u64; 0]);
    assert_eq!(heard_by(&stage, 2), [1, 3]);
}

#[test]
fn a_room_has_the_rate_of_its_widest_member_up_to_16_khz() {
    for (kinds, rate) in [
        (vec![CodecKind::Pcmu, CodecKind::Pcma], 8_000),
        (vec![CodecKind::Pcmu, CodecKind::G722], 16_000),
        (vec![CodecKind::Pcmu, CodecKind::Opus], 16_000),
        (vec![CodecKind::Opus, CodecKind::Opus], 48_000),
    ] {
        let stage = meeting(&kinds);
        assert_eq!(stage.studio.rooms[&ROOM].rate(), rate);
    }
}

#[test]
fn who_leaves_is_no_longer_heard_and_the_last_one_ends_the_room() {
    let mut stage = meeting(&[CodecKind::Pcmu, CodecKind::G722, CodecKind::Pcmu]);
    stage.run(500);
    stage.hear(2, Source::Nothing);
    assert_eq!(stage.studio.rooms[&ROOM].rate(), 8_000);
    stage.run(1_000);
    assert_eq!(heard_by(&stage, 1), [3]);
    for leg in [1, 3] {
        stage.tell(crate::handoff::SoundCommand::Gone { leg: LegId(leg) });
    }
    assert!(stage.studio.rooms.is_empty());
    assert!((0..20).all(|slot| !stage.studio.is_busy(slot)));
}

#[test]
fn who_finds_no_place_hears_silence() {
    let config = SoundConfig { members_max: 2, rooms_max: 1, ..SoundConfig::default() };
    let mut stage = Stage::with(config);
    for leg in 1..=4 {
        stage.voice(leg, CodecKind::Pcmu);
        stage.talk(leg, [400, 700, 1_100, 1_700][leg as usize - 1]);
    }
    for leg in 1..=3 {
        stage.hear(leg, room(Speaks::ToAll));
    }
    stage.hear(4, Source::Room(RoomId(2), Part::PARTY));
    assert_eq!(stage.studio.rooms.len(), 1);
    stage.run(1_000);
    assert_eq!(heard_by(&stage, 1), [2]);
    assert_eq!(heard_by(&stage, 3), [0_u64; 0]);
    assert_eq!(heard_by(&stage, 4), [0_u64; 0]);
    assert!(stage.payloads(3).len() > 40 && stage.payloads(4).len() > 40);
}
