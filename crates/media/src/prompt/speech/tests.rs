//! Commands that do as they should, fail in every way, see no secrets and end in time.

use std::time::Instant;

use super::*;

/// Speech by a script, which has `{out}` and so on as its arguments.
fn speech(folder: &Path, script: &str) -> Speech {
    let command = ["sh", "-c", script, "speak", "{out}", "{language}", "{voice}", "{text}"];
    with(folder, &command, |_| {})
}

fn with(folder: &Path, command: &[&str], change: impl FnOnce(&mut PromptConfig)) -> Speech {
    let mut config = PromptConfig {
        cache_folder: folder.join("cache"),
        command: command.iter().map(|&word| word.to_owned()).collect(),
        ..PromptConfig::default()
    };
    change(&mut config);
    Speech::new(&config)
}

/// A file of 100 frames.
fn sound(folder: &Path) -> PathBuf {
    let path = folder.join("sound.wav");
    let file = File::create(&path).unwrap();
    let mut writer = wav::Writer::new(file, 8_000).unwrap();
    writer.write(&[7; 200]).unwrap();
    writer.finish().unwrap();
    path
}

fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn placeholders_are_filled_once() {
    let values = [("{text}", "say {out}"), ("{out}", "/o")];
    assert_eq!(fill("{text}", &values), "say {out}");
    assert_eq!(fill("a{out}b{text}{c}{", &values), "a/obsay {out}{c}{");
    assert_eq!(fill("plain", &values), "plain");
}

#[test]
fn a_text_is_spoken_into_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let sound = sound(folder.path());
    let script = format!(
        "printf '%s|' \"$2\" \"$3\" \"$4\" > {0}/said; cp {1} $1",
        folder.path().display(),
        sound.display()
    );
    let speech = speech(folder.path(), &script);
    let text = "-x $(touch /tmp/no) `id`; {out} \"quoted\" 'and' more";
    speech.speak("de", text).unwrap();
    let said = fs::read_to_string(folder.path().join("said")).unwrap();
    assert_eq!(said, format!("de|de| {text}|"));
    let place = speech.place("de", text);
    assert_eq!(fs::read(&place).unwrap(), fs::read(sound).unwrap());
    // Nothing else is left.
    assert_eq!(names(&folder.path().join("cache")).len(), 1);
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(folder.path().join("cache")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn everything_that_makes_a_difference_has_its_own_place() {
    let folder = tempfile::tempdir().unwrap();
    let one = with(folder.path(), &["a"], |_| {});
    let voice = with(folder.path(), &["a"], |config| config.voice = "b".into());
    let command = with(folder.path(), &["a", "b"], |_| {});
    let places = [
        one.place("en", "x"),
        one.place("de", "x"),
        one.place("en", "y"),
        one.place("enx", ""),
        voice.place("en", "x"),
        command.place("en", "x"),
    ];
    let different: std::collections::BTreeSet<&PathBuf> = places.iter().collect();
    assert_eq!(different.len(), places.len());
    assert_eq!(one.place("en", "x"), one.place("en", "x"));
}

#[test]
fn a_command_sees_no_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let sound = sound(folder.path());
    let (seen, sound) = (folder.path().join("env"), sound.display());
    let script = format!("env > {}; cp {sound} $1", seen.display());
    speech(folder.path(), &script).speak("en", "x").unwrap();
    let seen = fs::read_to_string(seen).unwrap();
    assert!(!seen.contains("CARGO"), "{seen}");
}

#[test]
fn failures_have_a_cause_and_leave_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let sound = sound(folder.path());
    let fails =
        |script: &str| speech(folder.path(), script).speak("en", "x").unwrap_err().to_string();
    assert_eq!(
        fails("echo no such voice >&2; exit 3"),
        "sh failed (exit status: 3): no such voice"
    );
    assert_eq!(fails("true"), "sh made no sound: the file has no sound");
    assert_eq!(fails("echo hello > $1"), "sh made no sound: this is no WAV file");
    let cut = format!("head -c 200 {} > $1", sound.display());
    assert_eq!(fails(&cut), "sh did not write its file to the end; is the disk full?");
    let too_large = "head -c 70000000 /dev/zero > $1; read x";
    assert_eq!(fails(&format!("{too_large} < /dev/zero & wait")), {
        "sh made more than 67108864 bytes"
    });
    let absent = with(folder.path(), &["no-such-program", "{out}"], |_| {});
    let error = absent.speak("en", "x").unwrap_err().to_string();
    assert!(error.starts_with("no-such-program cannot be started: No such file"), "{error}");
    let none = with(folder.path(), &[], |_| {});
    assert!(matches!(none.speak("en", "x"), Err(SpeakError::NoCommand)));
    assert!(names(&folder.path().join("cache")).is_empty());
}

#[test]
fn texts_and_languages_have_limits() {
    let folder = tempfile::tempdir().unwrap();
    let speech = speech(folder.path(), "exit 9");
    let length = |text: &str| matches!(speech.speak("en", text), Err(SpeakError::Length));
    assert!(length("") && length(" \n") && length(&"é".repeat(2_001)));
    assert!(!length(&"é".repeat(2_000)));
    for language in ["", "-v", "../x", "a/b", "en us", &"x".repeat(36)] {
        assert!(matches!(speech.speak(language, "x"), Err(SpeakError::Language(_))));
    }
    assert!(["en", "de-AT", "zh_Hant"].into_iter().all(is_language));
}

#[test]
fn a_command_that_takes_too_long_ends_with_all_its_children() {
    let folder = tempfile::tempdir().unwrap();
    let pids = folder.path().join("pids");
    let script = format!("sleep 1000 & echo $! > {0}; echo $$ >> {0}; wait", pids.display());
    let command = ["sh", "-c", &script];
    let speech = with(folder.path(), &command, |config| config.command_timeout_s = 1);
    let error = speech.speak("en", "x").unwrap_err().to_string();
    assert_eq!(error, "sh took longer than 1 s");
    for pid in fs::read_to_string(pids).unwrap().lines() {
        // The kernel is ending it, and init may be late to bury it.
        let runs = || {
            let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            !state.is_empty() && !state.contains(") Z ")
        };
        for _ in 0..100_000 {
            if runs() {
                std::thread::yield_now();
            }
        }
        assert!(!runs());
    }
}

#[test]
fn stopping_ends_a_running_command() {
    let folder = tempfile::tempdir().unwrap();
    let speech = speech(folder.path(), "sleep 1000");
    #[expect(clippy::disallowed_methods, reason = "how long it took is the question")]
    let begin = Instant::now();
    speech.stop();
    assert!(matches!(speech.speak("en", "x"), Err(SpeakError::Stopping)));
    assert!(begin.elapsed() < Duration::from_secs(5));
}

#[test]
fn what_was_left_unfinished_goes_and_the_oldest_when_there_is_too_much() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    fs::create_dir(&cache).unwrap();
    fs::write(cache.join("making-1-0.wav"), "x").unwrap();
    for (age, name) in ["old.wav", "middle.wav", "new.wav"].into_iter().enumerate() {
        let file = File::create(cache.join(name)).unwrap();
        file.set_len(400).unwrap();
        let day = Duration::from_secs(86_400);
        let modified = std::time::SystemTime::UNIX_EPOCH + day * (age as u32 + 1);
        file.set_modified(modified).unwrap();
    }
    with(folder.path(), &["sh"], |config| config.cache_bytes = 900);
    let mut left = names(&cache);
    left.sort();
    assert_eq!(left, ["middle.wav", "new.wav"]);
}
