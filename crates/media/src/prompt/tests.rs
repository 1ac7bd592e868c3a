//! A library with real files and a real command.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use call::port::{Sound, Spoken, Tone};
use tempfile::TempDir;

use super::*;

struct Desk {
    folder: TempDir,
    library: Library,
    answers: Answers,
}

/// A library whose command counts its texts in `said` and copies `voice.wav`.
fn desk(change: impl FnOnce(&mut PromptConfig, &Path)) -> Desk {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().display().to_string();
    write(&folder.path().join("voice.wav"), 8_000, 800, 5_000);
    let config = started(folder.path(), &here, change);
    let (library, answers) = Library::start(config, folder.path().join("recordings")).unwrap();
    Desk { folder, library, answers }
}

fn started(
    folder: &Path,
    here: &str,
    change: impl FnOnce(&mut PromptConfig, &Path),
) -> PromptConfig {
    let script = format!("echo \"$3\" >> {here}/said; cp {here}/voice.wav $1");
    let mut config = PromptConfig {
        folder: folder.join("prompts"),
        music_folder: folder.join("music"),
        cache_folder: folder.join("cache"),
        command: ["sh", "-c", &script, "speak", "{out}", "{language}", "{text}"]
            .map(String::from)
            .to_vec(),
        ..PromptConfig::default()
    };
    change(&mut config, folder);
    config
}

/// A file of one sound on both channels.
fn write(path: &Path, rate: u32, frames: usize, sample: i16) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut writer = audio::wav::Writer::new(File::create(path).unwrap(), rate).unwrap();
    writer.write(&vec![sample; frames * 2]).unwrap();
    writer.finish().unwrap();
}

fn key(sound: Sound) -> PromptKey {
    PromptKey { sound, language: None }
}

impl Desk {
    fn write(&self, name: &str, frames: usize, sample: i16) {
        write(&self.folder.path().join(name), 8_000, frames, sample);
    }

    /// Asks, and waits for the answer.
    fn clips(&self, sound: Sound, language: Option<&str>) -> Option<Vec<Clip>> {
        let key = PromptKey { sound, language: language.map(Into::into) };
        match self.library.request(&key, 8_000) {
            ClipState::Ready(clips) => Some(clips),
            ClipState::Failed => None,
            ClipState::Wait(ticket) => {
                let loaded = self.answers.wait();
                assert_eq!(loaded.ticket, ticket);
                loaded.clips
            }
        }
    }

    /// The first sample of each clip.
    fn heard(&self, sound: Sound) -> Option<Vec<i16>> {
        let clips = self.clips(sound, None)?;
        Some(clips.iter().map(|clip| clip.pcm[0]).collect())
    }

    fn said(&self) -> Vec<String> {
        let said = fs::read_to_string(self.folder.path().join("said")).unwrap_or_default();
        said.lines().map(String::from).collect()
    }
}

#[test]
fn a_file_is_read_once_and_shared() {
    let desk = desk(|_, _| {});
    desk.write("prompts/a.wav", 100, 7);
    let first = desk.clips(Sound::File("a.wav".into()), None).unwrap();
    let ClipState::Ready(second) = desk.library.request(&key(Sound::File("a.wav".into())), 8_000)
    else {
        panic!("it is in memory")
    };
    assert_eq!(first, [Clip { rate: 8_000, pcm: vec![7; 100].into() }]);
    assert!(Arc::ptr_eq(&first[0].pcm, &second[0].pcm));
}

#[test]
fn each_rate_is_made_of_the_same_file() {
    let desk = desk(|_, _| {});
    desk.write("prompts/a.wav", 800, 1_000);
    for rate in [8_000, 16_000, 48_000] {
        let asked = desk.library.request(&key(Sound::File("a.wav".into())), rate);
        assert!(matches!(asked, ClipState::Wait(_)), "{rate}");
        let clips = desk.answers.wait().clips.unwrap();
        assert_eq!((clips[0].rate, clips[0].pcm.len()), (rate, rate as usize / 10));
    }
}

#[test]
fn the_language_chooses_the_file() {
    let desk = desk(|_, _| {});
    desk.write("prompts/a.wav", 10, 1);
    desk.write("prompts/de/a.wav", 10, 2);
    let first = |language| desk.clips(Sound::File("a.wav".into()), language).unwrap()[0].pcm[0];
    assert_eq!((first(None), first(Some("de")), first(Some("de-AT"))), (1, 2, 2));
    assert_eq!((first(Some("de_AT")), first(Some("fr"))), (2, 1));
}

#[test]
fn a_voice_message_is_played_anew_each_time_and_only_from_its_folder() {
    let desk = desk(|_, _| {});
    let message = || Sound::Recorded("voicemail/m.wav".into());
    assert_eq!(desk.heard(message()), None);
    // There a moment later; a failure is not remembered.
    desk.write("recordings/voicemail/m.wav", 100, 1_000);
    let clips = desk.clips(message(), None).unwrap();
    assert_eq!(clips, [Clip { rate: 8_000, pcm: vec![1_000; 100].into() }]);
    desk.write("secret.wav", 100, 7);
    let folder = desk.folder.path();
    std::os::unix::fs::symlink(folder.join("secret.wav"), folder.join("recordings/link.wav"))
        .unwrap();
    let outside = folder.join("secret.wav").display().to_string();
    for name in
        ["../secret.wav", "link.wav", &outside, "voicemail", "", "voicemail/../../secret.wav"]
    {
        assert_eq!(desk.heard(Sound::Recorded(name.into())), None, "{name}");
    }
    // What is deleted is not heard again.
    fs::remove_file(folder.join("recordings/voicemail/m.wav")).unwrap();
    assert_eq!(desk.heard(message()), None);
}

#[test]
fn a_message_is_as_loud_as_its_caller_whatever_its_format() {
    let desk = desk(|_, _| {});
    let folder = desk.folder.path().join("recordings");
    fs::create_dir_all(&folder).unwrap();
    let sine = |at: usize| ((at as f64 * 0.3).sin() * 8_000.0) as i16;
    let mut wav = audio::wav::Writer::new(File::create(folder.join("m.wav")).unwrap(), 8_000);
    let sides: Vec<i16> = (0..8_000).flat_map(|at| [sine(at), 0]).collect();
    wav.as_mut().unwrap().write(&sides).unwrap();
    wav.unwrap().finish().unwrap();
    let settings = audio::codec::EncoderSettings::default();
    let file = File::create(folder.join("m.opus")).unwrap();
    let mut opus = audio::ogg::Writer::mono(file, 16_000, 1, &settings).unwrap();
    opus.write(&(0..16_000).map(sine).collect::<Vec<i16>>()).unwrap();
    opus.finish().unwrap();
    for name in ["m.wav", "m.opus"] {
        let clips = desk.clips(Sound::Recorded(name.into()), None).unwrap();
        assert_eq!((clips[0].rate, clips[0].pcm.len()), (8_000, 8_000));
        let peak = clips[0].pcm[2_000..6_000].iter().map(|s| s.unsigned_abs()).max().unwrap();
        assert!((6_500..9_500).contains(&peak), "{name}: {peak}");
    }
}

#[test]
fn music_is_a_list() {
    let desk = desk(|_, _| {});
    desk.write("music/calm/2.wav", 10, 2);
    desk.write("music/calm/1.wav", 10, 1);
    fs::write(desk.folder.path().join("music/calm/0.wav"), "broken").unwrap();
    assert_eq!(desk.heard(Sound::Music("calm".into())), Some(vec![1, 2]));
    assert_eq!(desk.heard(Sound::Music("calm/2".into())), Some(vec![2]));
    assert_eq!(desk.heard(Sound::Music("loud".into())), None);
}

#[test]
fn music_that_does_not_fit_in_memory_is_cut() {
    let desk = desk(|config, _| config.memory_bytes = 25);
    for name in ["1", "2", "3"] {
        desk.write(&format!("music/long/{name}.wav"), 10, name.parse().unwrap());
    }
    assert_eq!(desk.heard(Sound::Music("long".into())), Some(vec![1]));
}

#[test]
fn what_is_not_there_fails_and_stays_so_for_a_while() {
    let desk = desk(|_, _| {});
    for name in ["none.wav", "../voice.wav", "/etc/hostname"] {
        let key = key(Sound::File(name.into()));
        assert!(matches!(desk.library.request(&key, 8_000), ClipState::Wait(_)));
        assert_eq!(desk.answers.wait().clips, None);
        assert_eq!(desk.library.request(&key, 8_000), ClipState::Failed);
    }
    for sound in [Sound::Tone(Tone::Busy), Sound::Silence { ms: 5 }] {
        assert_eq!(desk.library.request(&key(sound), 8_000), ClipState::Failed);
    }
    assert_eq!(desk.clips(Sound::File("a.wav".into()), Some("../de")), None);
}

#[test]
fn many_who_want_the_same_wait_for_one_reading() {
    let desk = desk(|_, _| {});
    let tickets: Vec<Ticket> = (0..100)
        .filter_map(|_| match desk.library.request(&key(Sound::Text("Hello".into())), 8_000) {
            ClipState::Wait(ticket) => Some(ticket),
            ClipState::Ready(_) | ClipState::Failed => None,
        })
        .collect();
    let answered: Vec<Loaded> = tickets.iter().map(|_| desk.answers.wait()).collect();
    assert!(tickets.iter().eq(answered.iter().map(|loaded| &loaded.ticket)));
    assert!(answered.iter().all(|loaded| loaded.clips.as_ref().is_some_and(|clips| {
        Arc::ptr_eq(&clips[0].pcm, &answered[0].clips.as_ref().unwrap()[0].pcm)
    })));
    assert_eq!(desk.said(), ["Hello"]);
    assert_eq!(desk.answers.next(), None);
}

#[test]
fn a_text_is_spoken_once_in_the_life_of_its_cache() {
    let desk = desk(|_, _| {});
    assert_eq!(desk.heard(Sound::Text("Hello".into())), Some(vec![5_000]));
    assert_eq!(desk.heard(Sound::Text("Hello".into())), Some(vec![5_000]));
    let Desk { folder, library, .. } = desk;
    drop(library);
    let here = folder.path().display().to_string();
    let (library, answers) =
        Library::start(started(folder.path(), &here, |_, _| {}), folder.path().into()).unwrap();
    let again = Desk { folder, library, answers };
    assert_eq!(again.heard(Sound::Text("Hello".into())), Some(vec![5_000]));
    assert_eq!(again.said(), ["Hello"]);
}

#[test]
fn a_broken_file_of_the_cache_is_spoken_again() {
    let desk = desk(|_, _| {});
    desk.heard(Sound::Text("Hello".into())).unwrap();
    let cache = desk.folder.path().join("cache");
    let place = fs::read_dir(&cache).unwrap().next().unwrap().unwrap().path();
    fs::write(&place, "").unwrap();
    let asked = |desk: &Desk| desk.library.request(&key(Sound::Text("Hello".into())), 16_000);
    assert!(matches!(asked(&desk), ClipState::Wait(_)));
    assert!(desk.answers.wait().clips.is_some());
    assert_eq!(desk.said(), ["Hello", "Hello"]);
}

#[test]
fn a_text_that_cannot_be_spoken_fails() {
    let desk = desk(|config, _| config.command = vec!["no-such-program".into()]);
    assert_eq!(desk.heard(Sound::Text("Hello".into())), None);
    assert_eq!(desk.heard(Sound::Text("x".repeat(2_001).into())), None);
    assert_eq!(desk.heard(Sound::Say(Spoken::Number(3))), None);
}

#[test]
fn numbers_are_put_together_from_pieces_and_one_s_own_come_first() {
    let desk = desk(|_, _| {});
    desk.write("prompts/en/numbers/hundred.wav", 10, 100);
    desk.write("prompts/numbers/2.wav", 10, 2);
    let heard = desk.heard(Sound::Say(Spoken::Number(221)));
    assert_eq!(heard, Some(vec![5_000, 100, 5_000]));
    let mut said = desk.said();
    said.sort();
    assert_eq!(said, ["twenty-one", "two"]);
    let heard = desk.clips(Sound::Say(Spoken::Position(2)), Some("de")).unwrap().len();
    assert_eq!(heard, 3);
    assert_eq!(desk.heard(Sound::Say(Spoken::Digits("x".into()))), None);
}

#[test]
fn pieces_have_no_silence_around_them() {
    let desk = desk(|_, _| {});
    let silent = [vec![3; 4_000], vec![9_000; 1_000], vec![-3; 4_000]].concat();
    let path = desk.folder.path().join("voice.wav");
    let mut writer = audio::wav::Writer::new(File::create(path).unwrap(), 8_000).unwrap();
    writer.write(&silent.iter().flat_map(|&sample| [sample; 2]).collect::<Vec<i16>>()).unwrap();
    writer.finish().unwrap();
    let length = |clips: Option<Vec<Clip>>| clips.unwrap()[0].pcm.len();
    assert_eq!(length(desk.clips(Sound::Text("one".into()), None)), 9_000);
    // 20 ms are left at each end.
    let piece = length(desk.clips(Sound::Say(Spoken::Number(1)), None));
    assert!((1_318..=1_321).contains(&piece), "{piece}");
    assert_eq!(desk.said(), ["one"]);
}

#[test]
fn a_file_that_changed_is_read_again() {
    let desk = desk(|_, _| {});
    desk.write("prompts/a.wav", 100, 1);
    assert_eq!(desk.heard(Sound::File("a.wav".into())), Some(vec![1]));
    desk.write("prompts/a.wav", 200, 2);
    // Asked for at another rate it is looked at; at this one a while later.
    assert!(matches!(
        desk.library.request(&key(Sound::File("a.wav".into())), 16_000),
        ClipState::Wait(_)
    ));
    assert_eq!(desk.answers.wait().clips.unwrap()[0].pcm.len(), 400);
    // The same length, another time.
    desk.write("prompts/a.wav", 200, 3);
    let file = File::options().write(true).open(desk.folder.path().join("prompts/a.wav"));
    file.unwrap().set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(9)).unwrap();
    let mut tries = 0;
    while desk.heard(Sound::File("a.wav".into())) != Some(vec![3]) {
        tries += 1;
        assert!(tries < 10_000_000);
        std::thread::yield_now();
    }
}

#[test]
fn dropping_the_library_ends_a_command() {
    let desk = desk(|config, _| config.command = ["sleep", "1000"].map(String::from).to_vec());
    let asked = desk.library.request(&key(Sound::Text("Hello".into())), 8_000);
    assert!(matches!(asked, ClipState::Wait(_)));
    drop(desk);
}

/// Where it is installed: what is spoken by default can be heard.
#[test]
fn the_default_command_speaks() {
    let default = PromptConfig::default().command;
    let is_installed = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .any(|folder| folder.join(&default[0]).is_file());
    let desk = desk(|config, _| config.command = default);
    for language in ["en", "de"] {
        let clips = desk.clips(Sound::Say(Spoken::Position(21)), Some(language));
        let length = clips.map(|clips| clips.iter().map(|clip| clip.pcm.len()).sum::<usize>());
        // Between one and five seconds.
        assert_eq!(length.is_some_and(|length| (8_000..40_000).contains(&length)), is_installed);
    }
}
