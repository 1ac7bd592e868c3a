//! What commands lead to, and that no order of them breaks an invariant.

use call::port::{Digit, Encoding, Format, PortPair, RecordingFormat, Sound, Tone};
use proptest::prelude::*;

use super::*;

const A: LegId = LegId(1);
const B: LegId = LegId(2);
const C: LegId = LegId(3);

fn format(payload: u8, encoding: Encoding, clock_rate: u32) -> Format {
    Format { payload, encoding, clock_rate, channels: 1 }
}

fn formats(list: Vec<Format>) -> Formats {
    Formats { receive: list.clone().into(), send: list.into(), packet_ms: 20 }
}

fn pcmu() -> Formats {
    formats(vec![format(0, Encoding::Pcmu, 8000), format(101, Encoding::TelephoneEvent, 8000)])
}

fn pcma() -> Formats {
    formats(vec![format(8, Encoding::Pcma, 8000), format(96, Encoding::TelephoneEvent, 8000)])
}

fn pcmu_without_events() -> Formats {
    formats(vec![format(0, Encoding::Pcmu, 8000)])
}

fn play(leg: LegId, play: u64) -> MediaCommand {
    let list = Arc::new(Playlist::forever(Sound::Tone(Tone::Ringback)));
    MediaCommand::Play { leg, play: PlayId(play), list }
}

fn record(left: Option<LegId>, right: Option<LegId>) -> MediaCommand {
    let recording = RecordingId("r1".into());
    MediaCommand::Record { recording, left, right, file: "f".into(), format: RecordingFormat::Wav }
}

/// A patch bay, and what the others make of what it says.
#[derive(Default)]
struct Rig {
    bay: PatchBay,
    wired: BTreeMap<LegId, Wiring>,
    voices: BTreeMap<LegId, Voice>,
    /// Of the last command, one letter each.
    said: String,
}

impl Rig {
    /// Three legs.
    fn with(formats: [Option<Formats>; 3]) -> Self {
        let mut rig = Self::default();
        for (leg, formats) in [A, B, C].into_iter().zip(formats) {
            rig.tell(&MediaCommand::Open { leg, ports: PortPair { rtp: 2 } });
            if let Some(formats) = formats {
                rig.tell(&MediaCommand::Formats { leg, formats });
            }
        }
        rig
    }

    fn tell(&mut self, command: &MediaCommand) {
        self.bay.apply(command);
        self.look();
        if let MediaCommand::Close { leg } = command {
            self.wired.remove(leg);
        }
    }

    fn look(&mut self) {
        self.said.clear();
        for change in self.bay.changes() {
            match change {
                Patched::Wired { leg, wiring } => {
                    self.wired.insert(leg, wiring);
                }
                Patched::Sound(command) => {
                    let word = format!("{command:?}");
                    self.said.push_str(word.split([' ', '(']).next().unwrap());
                    self.said.push(' ');
                    hear(&mut self.voices, &command);
                }
            }
        }
    }

    /// A letter for what each leg hears: its speaker's number if that is relayed, `r` for
    /// rendered; an apostrophe where it is taken.
    fn heard(&self) -> String {
        let mut heard = String::new();
        for leg in [A, B, C] {
            let wiring = self.wired.get(&leg).cloned().unwrap_or_default();
            match wiring.hears {
                Hears::Nothing => heard.push('-'),
                Hears::Relayed { from, .. } => heard.push_str(&from.0.to_string()),
                Hears::Rendered => heard.push('r'),
            }
            if wiring.taken {
                heard.push('\'');
            }
            heard.push(' ');
        }
        heard.trim_end().into()
    }
}

/// The sound thread's knowledge; panics on a command about a leg that it does not know.
fn hear(voices: &mut BTreeMap<LegId, Voice>, command: &SoundCommand) {
    match command {
        SoundCommand::Voice { leg, .. } => {
            let silent = Voice { source: Source::Nothing, in_band: false };
            voices.entry(*leg).or_insert(silent);
        }
        SoundCommand::Hear { leg, source } => voices.get_mut(leg).unwrap().source = *source,
        SoundCommand::Detect { leg, in_band } => voices.get_mut(leg).unwrap().in_band = *in_band,
        SoundCommand::Play { leg, .. }
        | SoundCommand::PausePlay { leg, .. }
        | SoundCommand::StopPlay { leg }
        | SoundCommand::SendDigit { leg, .. }
        | SoundCommand::NoticeSilence { leg, .. } => assert!(voices.contains_key(leg)),
        SoundCommand::Record { left, right, .. } => {
            assert!([left, right].into_iter().flatten().all(|leg| voices.contains_key(leg)));
        }
        SoundCommand::Gone { leg } => {
            voices.remove(leg).unwrap();
        }
        SoundCommand::Forget { leg } => assert!(!voices.contains_key(leg)),
        SoundCommand::Pressed { .. }
        | SoundCommand::Lossy { .. }
        | SoundCommand::PauseRecording { .. }
        | SoundCommand::StopRecording { .. } => {}
    }
}

#[test]
fn legs_with_a_codec_in_common_are_relayed_and_the_sound_thread_knows_nothing() {
    let mut rig = Rig::with([Some(pcmu()), Some(pcmu()), None]);
    rig.tell(&MediaCommand::Bridge { a: A, b: B });
    assert_eq!((rig.heard().as_str(), rig.said.as_str()), ("2 1 -", ""));
    assert_eq!(rig.wired[&A].talks, Talks::With(B));
    rig.tell(&MediaCommand::Unbridge { a: B, b: A });
    assert_eq!(rig.heard(), "- - -");
}

#[test]
fn legs_without_one_are_rendered_both_ways() {
    let mut rig = Rig::with([Some(pcmu()), Some(pcma()), None]);
    rig.tell(&MediaCommand::Bridge { a: A, b: B });
    assert_eq!((rig.heard().as_str(), rig.said.as_str()), ("r' r' -", "Voice Hear Voice Hear "));
    assert_eq!(rig.voices[&A].source, Source::Leg(B));
    // A new agreement lets them through.
    rig.tell(&MediaCommand::Formats { leg: B, formats: pcmu() });
    assert_eq!((rig.heard().as_str(), rig.voices.len()), ("2 1 -", 0));
}

#[test]
fn a_play_replaces_what_is_relayed_until_it_is_over() {
    let mut rig = Rig::with([Some(pcmu()), Some(pcmu()), None]);
    rig.tell(&MediaCommand::Bridge { a: A, b: B });
    rig.tell(&play(A, 1));
    assert_eq!((rig.heard().as_str(), rig.said.as_str()), ("r 1 -", "Voice Play "));
    assert!(rig.wired[&A].playing);
    rig.bay.rendering(A, true);
    rig.tell(&play(A, 2));
    // The end of what was replaced is no end.
    rig.bay.rendering(A, false);
    rig.bay.played(A, PlayId(1));
    rig.look();
    assert_eq!(rig.heard(), "r 1 -");
    rig.bay.played(A, PlayId(2));
    rig.look();
    assert_eq!((rig.heard().as_str(), rig.said.as_str()), ("2 1 -", "Gone "));
    assert!(!rig.wired[&A].playing);
}

#[test]
fn a_play_that_nobody_can_play_gives_the_bridge_its_turn_again() {
    let mut rig = Rig::with([Some(pcmu()), Some(pcmu()), None]);
    rig.tell(&MediaCommand::Bridge { a: A, b: B });
    rig.tell(&play(A, 1));
    rig.bay.rendering(B, true);
    rig.look();
    assert_eq!(rig.heard(), "r r -");
    assert_eq!(rig.bay.give_up_plays(), [(A, PlayId(1))]);
    rig.look();
    assert_eq!(rig.heard(), "2 1 -");
    assert_eq!(rig.bay.give_up_plays(), []);
}

#[test]
fn digits_replace_it_too() {
    let mut rig = Rig::with([Some(pcmu()), Some(pcmu()), None]);
    rig.tell(&MediaCommand::Bridge { a: A, b: B });
    let digit = Digit::new('5').unwrap();
    rig.tell(&MediaCommand::SendDigit { leg: B, digit, duration_ms: 100 });
    assert_eq!((rig.heard().as_str(), rig.said.as_str()), ("2 1 -", "Voice SendDigit "));
    rig.bay.rendering(B, true);
    rig.look();
    assert_eq!((rig.heard().as_str(), rig.said.as_str()), ("2 r -", ""));
    rig.bay.rendering(B, false);
    rig.look();
    assert_eq!((rig.heard().as_str(), rig.said.as_str()), ("2 1 -", "Gone "));
}

/// The end of the first digit crosses with the command for the second.
#[test]
fn a_digit_survives_the_end_of_the_one_before() {
    let mut rig = Rig::with([Some(pcmu()), Some(pcmu()), None]);
    rig.tell(&MediaCommand::Bridge { a: A, b: B });
    let digit = Digit::new('5').unwrap();
    let press = MediaCommand::SendDigit { leg: B, digit, duration_ms: 100 };
    rig.tell(&press);
    rig.bay.rendering(B, true);
    rig.tell(&press);
    rig.bay.rendering(B, false);
    rig.look();
    assert_eq!((rig.heard().as_str(), rig.said.as_str()), ("2 1 -", ""));
    rig.bay.rendering(B, true);
    rig.bay.rendering(B, false);
    rig.look();
    assert_eq!((rig.heard().as_str(), rig.said.as_str()), ("2 1 -", "Gone "));
}

#[test]
fn early_media_is_heard_one_way() {
    let mut rig = Rig::with([Some(pcmu()), Some(pcmu()), Some(pcma())]);
    rig.tell(&MediaCommand::Listen { from: B, to: A });
    assert_eq!((rig.heard().as_str(), rig.wired[&A].talks), ("2 - -", Talks::Not));
    // Another one answers, in another codec.
    rig.tell(&MediaCommand::Bridge { a: A, b: C });
    assert_eq!(rig.heard(), "r' - r'");
    rig.tell(&MediaCommand::Close { leg: C });
    assert_eq!((rig.heard().as_str(), rig.voices.len()), ("- - -", 0));
}

#[test]
fn a_recorded_call_stays_relayed_and_its_packets_are_taken() {
    let mut rig = Rig::with([Some(pcmu()), Some(pcmu()), Some(pcmu())]);
    rig.tell(&MediaCommand::Bridge { a: A, b: B });
    rig.tell(&record(Some(A), Some(B)));
    assert_eq!((rig.heard().as_str(), rig.said.as_str()), ("2' 1' -", "Voice Voice Record "));
    // A transfer: the other side is somebody else now.
    rig.tell(&record(Some(A), Some(C)));
    rig.tell(&MediaCommand::Bridge { a: A, b: C });
    assert_eq!(rig.heard(), "3' - 1'");
    rig.tell(&MediaCommand::Close { leg: C });
    let recording = RecordingId("r1".into());
    rig.tell(&MediaCommand::StopRecording { recording });
    assert_eq!((rig.heard().as_str(), rig.voices.len()), ("- - -", 0));
}

#[test]
fn a_leg_whose_silence_is_noticed_is_taken_as_long_as_that() {
    let mut rig = Rig::with([Some(pcmu()), None, None]);
    let notice = |after_ms| MediaCommand::NoticeSilence { leg: A, after_ms };
    rig.tell(&notice(None));
    assert_eq!((rig.heard().as_str(), rig.said.as_str()), ("- - -", ""));
    rig.tell(&notice(Some(3_000)));
    assert_eq!((rig.heard().as_str(), rig.said.as_str()), ("-' - -", "Voice NoticeSilence "));
    rig.tell(&notice(None));
    assert_eq!((rig.heard().as_str(), rig.said.as_str()), ("- - -", "NoticeSilence Gone "));
}

#[test]
fn who_was_played_to_is_forgotten_when_he_closes() {
    let mut rig = Rig::with([Some(pcmu()), Some(pcmu()), None]);
    rig.tell(&play(A, 1));
    rig.bay.played(A, PlayId(1));
    rig.look();
    assert_eq!(rig.said, "Gone ");
    rig.tell(&MediaCommand::Close { leg: A });
    assert_eq!(rig.said, "Forget ");
    rig.tell(&MediaCommand::Close { leg: B });
    assert_eq!(rig.said, "");
}

#[test]
fn digits_are_looked_for_in_the_band_where_they_can_come_there_only() {
    let mut rig = Rig::with([Some(pcmu_without_events()), Some(pcmu()), None]);
    // A menu need not say a word before it waits for digits,
    assert_eq!(rig.heard(), "-' - -");
    rig.tell(&play(A, 1));
    assert_eq!(rig.heard(), "r' - -");
    // and it waits for them after its prompt.
    rig.bay.played(A, PlayId(1));
    rig.look();
    assert_eq!(rig.heard(), "-' - -");
    rig.tell(&MediaCommand::Bridge { a: A, b: B });
    // The events of B have to be made in the band for A, so that B's packets are needed.
    assert_eq!(rig.heard(), "r' 1' -");
}

#[test]
fn rooms_are_rendered_and_whispers_end_with_whom_they_were_for() {
    let mut rig = Rig::with([Some(pcmu()), Some(pcmu()), Some(pcmu())]);
    let room = RoomId(1);
    rig.tell(&MediaCommand::Bridge { a: A, b: B });
    for leg in [A, B] {
        rig.tell(&MediaCommand::Join { leg, room, part: Part::PARTY });
    }
    let whispers = Part { hears: true, speaks: Speaks::To(B) };
    rig.tell(&MediaCommand::Join { leg: C, room, part: whispers });
    assert_eq!(rig.heard(), "r' r' r'");
    assert_eq!(rig.voices[&C].source, Source::Room(room, whispers));
    assert_eq!(rig.wired[&A].talks, Talks::InRoom);
    let muted = Part { speaks: Speaks::ToNobody, ..Part::PARTY };
    rig.tell(&MediaCommand::Join { leg: B, room, part: muted });
    assert_eq!((rig.heard().as_str(), rig.said.as_str()), ("r' r r'", "Hear "));
    assert_eq!(rig.voices[&C].source, Source::Room(room, whispers));
    rig.tell(&MediaCommand::Close { leg: B });
    assert_eq!(rig.heard(), "r' - r");
    rig.tell(&MediaCommand::Leave { leg: A });
    assert_eq!((rig.heard().as_str(), rig.wired[&C].talks), ("- - r", Talks::Not));
}

fn any_formats() -> impl Strategy<Value = Formats> {
    prop_oneof![Just(pcmu()), Just(pcma()), Just(pcmu_without_events())]
}

fn any_part() -> impl Strategy<Value = Part> {
    let speaks =
        prop_oneof![Just(Speaks::ToAll), Just(Speaks::ToNobody), any_leg().prop_map(Speaks::To)];
    (any::<bool>(), speaks).prop_map(|(hears, speaks)| Part { hears, speaks })
}

fn any_leg() -> impl Strategy<Value = LegId> {
    (1..6_u64).prop_map(LegId)
}

fn any_recording() -> impl Strategy<Value = RecordingId> {
    (0..2_u8).prop_map(|n| RecordingId(n.to_string().into()))
}

/// What the core or the sound thread may say, rightly or wrongly.
#[derive(Clone, Debug)]
enum Step {
    Command(MediaCommand),
    Played(LegId, PlayId),
    Rendering(LegId, bool),
}

fn any_step() -> impl Strategy<Value = Step> {
    let leg = any_leg;
    let digit = || Digit::new('1').unwrap();
    prop_oneof![
        3 => leg().prop_map(|leg| {
            Step::Command(MediaCommand::Open { leg, ports: PortPair { rtp: 2 } })
        }),
        2 => (leg(), any_formats())
            .prop_map(|(leg, formats)| Step::Command(MediaCommand::Formats { leg, formats })),
        1 => (leg(), leg()).prop_map(|(from, to)| Step::Command(MediaCommand::Listen { from, to })),
        3 => (leg(), leg()).prop_map(|(a, b)| Step::Command(MediaCommand::Bridge { a, b })),
        1 => (leg(), leg()).prop_map(|(a, b)| Step::Command(MediaCommand::Unbridge { a, b })),
        3 => (leg(), 0..2_u64, any_part()).prop_map(|(leg, room, part)| {
            Step::Command(MediaCommand::Join { leg, room: RoomId(room), part })
        }),
        1 => leg().prop_map(|leg| Step::Command(MediaCommand::Leave { leg })),
        2 => (leg(), 0..3_u64).prop_map(|(leg, id)| Step::Command(play(leg, id))),
        1 => leg().prop_map(|leg| Step::Command(MediaCommand::StopPlay { leg })),
        1 => leg().prop_map(move |leg| {
            Step::Command(MediaCommand::SendDigit { leg, digit: digit(), duration_ms: 100 })
        }),
        2 => (any_recording(), proptest::option::of(leg()), proptest::option::of(leg())).prop_map(
            |(recording, left, right)| {
                let (file, format) = ("f".into(), RecordingFormat::Opus);
                Step::Command(MediaCommand::Record { recording, left, right, file, format })
            }
        ),
        1 => any_recording()
            .prop_map(|recording| Step::Command(MediaCommand::StopRecording { recording })),
        1 => (leg(), proptest::option::of(0..9_u32)).prop_map(|(leg, after_ms)| {
            Step::Command(MediaCommand::NoticeSilence { leg, after_ms })
        }),
        2 => leg().prop_map(|leg| Step::Command(MediaCommand::Close { leg })),
        2 => (leg(), 0..3_u64).prop_map(|(leg, id)| Step::Played(leg, PlayId(id))),
        1 => (leg(), any::<bool>()).prop_map(|(leg, on)| Step::Rendering(leg, on)),
    ]
}

fn check(rig: &Rig) -> Result<(), TestCaseError> {
    let legs = &rig.bay.legs;
    for (leg, jack) in legs {
        // What was told is what holds.
        prop_assert_eq!(&rig.bay.due(*leg, jack), &jack.told);
        prop_assert_eq!(rig.wired.get(leg).cloned().unwrap_or_default(), jack.told.wiring.clone());
        prop_assert_eq!(rig.voices.get(leg).copied(), jack.told.voice);
        match jack.ear {
            Ear::Nothing => {}
            Ear::Leg(from) => prop_assert_eq!(legs[&from].heard_by, Some(*leg)),
            Ear::Room(room, part) => {
                prop_assert!(rig.bay.rooms[&room].contains(leg));
                if let Speaks::To(other) = part.speaks {
                    prop_assert!(legs.contains_key(&other));
                }
            }
        }
        if let Some(listener) = jack.heard_by {
            prop_assert_eq!(legs[&listener].ear, Ear::Leg(*leg));
        }
        let sides = rig.bay.recordings.values().flatten().flatten();
        prop_assert_eq!(sides.filter(|side| *side == leg).count(), jack.recorded as usize);
        let wiring = &jack.told.wiring;
        match wiring.hears {
            Hears::Nothing => {}
            Hears::Relayed { from, .. } => {
                prop_assert!(legs.contains_key(&from));
                prop_assert!(jack.playing.is_none() && !jack.rendering);
                if let Some(voice) = jack.told.voice {
                    prop_assert_eq!(voice.source, Source::Nothing);
                }
            }
            Hears::Rendered => prop_assert!(jack.told.voice.is_some()),
        }
        prop_assert!(!wiring.taken || jack.told.voice.is_some());
    }
    // Whoever is rendered from is known and taken.
    for voice in rig.voices.values() {
        if let Source::Leg(from) = voice.source {
            prop_assert!(rig.wired[&from].taken && rig.voices.contains_key(&from));
        }
    }
    prop_assert!(rig.voices.keys().all(|leg| legs.contains_key(leg)));
    prop_assert!(rig.bay.recordings.values().flatten().flatten().all(|leg| legs.contains_key(leg)));
    prop_assert!(rig.bay.rooms.values().all(|room| !room.is_empty()));
    prop_assert!(rig.bay.rooms.values().flatten().all(|leg| legs.contains_key(leg)));
    Ok(())
}

proptest! {
    #[test]
    fn any_order_of_commands_keeps_the_bay_sound(
        steps in proptest::collection::vec(any_step(), 0..80),
    ) {
        let mut rig = Rig::default();
        for step in steps {
            match step {
                Step::Command(command) => rig.tell(&command),
                Step::Played(leg, play) => rig.bay.played(leg, play),
                Step::Rendering(leg, on) => rig.bay.rendering(leg, on),
            }
            rig.look();
            check(&rig)?;
        }
        for leg in 1..6 {
            rig.tell(&MediaCommand::Close { leg: LegId(leg) });
        }
        prop_assert!(rig.bay.legs.is_empty() && rig.bay.rooms.is_empty());
        prop_assert!(rig.voices.is_empty());
    }
}
