//! A voice message: left by a caller who is greeted and hears the beep, listened to from the
//! user's own telephone with his PIN, deleted.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use audio::codec::CodecKind;
use audio::score::tone_dbov;
use e2e::host::Block;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::phone::{ABSENT_DBOV, FOUND_DBOV, Talker};
use crate::stage::{Setting, Stage};
use crate::voice::{RATE, Voice, silence, tone};

const MENU_HZ: f64 = 700.0;
const BOX_HZ: f64 = 620.0;
const BEEP_HZ: f64 = 1_400.0;
const MESSAGE_HZ: f64 = 440.0;
/// Every text and number is this tone.
const SPOKEN_HZ: f64 = 900.0;
const MESSAGE_MS: u32 = 2_500;

/// The menu's third option leads to Ana's mailbox.
fn setting() -> Setting {
    let place = json!({"mailbox": {"user": "u-ana"}, "silence_ms": 1_500});
    let voicemail = json!({"id": "ivr-vm", "action": "voicemail", "voicemail": place,
        "record_owner_user_id": "u-own", "missed_call_owner_user_id": "u-mia"});
    Setting {
        configuration: "[prompts]\nspeak = [\"cp\", \"[prompts]/spoken.wav\", \"{out}\"]\n"
            .to_owned(),
        prompts: vec![
            ("menu.wav", tone(MENU_HZ, 5_000)),
            ("box.wav", tone(BOX_HZ, 800)),
            ("spoken.wav", tone(SPOKEN_HZ, 300)),
        ],
        rows: vec![("ivrs", voicemail)],
        fields: vec![
            ("ivr-menu", "greeting_prompt", json!("menu.wav")),
            ("ivr-menu", "options", json!({"1": "ivr-sales", "2": "ivr-supp", "3": "ivr-vm"})),
            ("u-ana", "voicemail", json!({"pin": "4711", "greeting_prompt": "box.wav"})),
        ],
        ..Setting::default()
    }
}

/// Left, heard, deleted.
pub(crate) async fn left_and_listened_to() -> anyhow::Result<()> {
    let mut stage = Stage::set(Block(237), setting())?;
    let mut caller = stage.outside(0, Voice::of(CodecKind::Pcma)).await?;
    caller.call("+15557770001", "+15550200002");
    caller.hears_tone(MENU_HZ).await?;
    caller.press("3");
    leave(&mut caller).await?;
    // Silence ends the message, and that the call.
    caller.ended().await?;
    stage.finished(1).await?;
    let file = kept(&stage).await?;
    let mut ana = stage.agent(0, "ana", Voice::of(CodecKind::Pcmu)).await?;
    listen(&mut ana, &stage).await?;
    ana.press("3");
    stage.rows("SELECT id FROM voicemail WHERE deleted_by_user_id = 'u-ana'", 1).await?;
    ana.hears_tone(SPOKEN_HZ).await?;
    ana.press("#");
    ana.ended().await?;
    stage.finished(2).await?;
    // Files that nobody needs are looked for now and then, and at every start.
    stage.host.signal("TERM")?;
    stage.host.wait()?;
    stage.host.start_again()?;
    stage.until("the file's end", || !file.exists()).await?;
    let log = stage.host.log()?;
    ensure!(!log.contains("4711"), "a PIN in the log:\n{log}");
    stage.finish().await
}

/// He hears the mailbox's greeting and the beep, and talks after it.
async fn leave(caller: &mut Talker) -> anyhow::Result<()> {
    caller.hears_tone(BOX_HZ).await?;
    caller.hears_tone(BEEP_HZ).await?;
    caller.speaks(600).await?;
    caller.say_once(&[tone(MESSAGE_HZ, MESSAGE_MS), silence(20)].concat());
    caller.speaks(u64::from(MESSAGE_MS)).await
}

/// Looks at the row and the file of the message; the file.
async fn kept(stage: &Stage) -> anyhow::Result<PathBuf> {
    let query = "SELECT v.mailbox_user_id, v.from_number, v.heard_at, v.duration_ms, v.file, \
                 r.state, r.sha256 FROM voicemail v JOIN recording r ON r.id = v.id \
                 WHERE r.state = 'done' AND v.duration_ms > 0";
    let rows = stage.rows(query, 1).await?;
    let row = &rows[0];
    ensure!(row["mailbox_user_id"] == "u-ana" && row["from_number"] == "+15557770001", "{row}");
    ensure!(row["heard_at"] == Value::Null, "{row}");
    let name = row["file"].as_str().context("a file")?;
    ensure!(name.starts_with("voicemail/"), "{name}");
    let file = stage.recordings().join(name);
    let digest = Sha256::digest(std::fs::read(&file)?);
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    ensure!(row["sha256"] == digest, "{row}");
    let (rate, pcm) = sound(&file)?;
    // What is said begins 600 ms after the beep was heard.
    let said = &pcm[rate as usize..rate as usize * 2];
    let level = tone_dbov(said, rate, MESSAGE_HZ);
    ensure!(level > FOUND_DBOV, "{level:.1} dBov of the message");
    for hz in [MENU_HZ, BOX_HZ, SPOKEN_HZ] {
        let level = tone_dbov(&pcm, rate, hz);
        ensure!(level < ABSENT_DBOV, "{hz} Hz at {level:.1} dBov in the message");
    }
    let ms = row["duration_ms"].as_i64().context("a duration")?;
    let kept = i64::try_from(pcm.len() * 1_000 / rate as usize)?;
    ensure!((2_500..6_500).contains(&kept) && (ms - kept).abs() < 1_600, "{ms} of {kept} ms");
    Ok(file)
}

/// The one channel of a file.
fn sound(file: &Path) -> anyhow::Result<(u32, Vec<i16>)> {
    if file.extension().is_some_and(|extension| extension == "opus") {
        let bytes = std::fs::read(file)?;
        // Of its identification: the channels (RFC 7845 §5.1).
        ensure!(bytes[28..].starts_with(b"OpusHead\x01\x01"), "not one channel");
        let sound = audio::ogg::read(&bytes, RATE, audio::wav::Limits::default())?;
        return Ok((sound.rate, sound.pcm));
    }
    let mut reader = hound::WavReader::open(file)?;
    let spec = reader.spec();
    ensure!(spec.channels == 1, "{spec:?}");
    let pcm = reader.samples().collect::<Result<Vec<i16>, _>>()?;
    Ok((spec.sample_rate, pcm))
}

/// The wrong PIN, the right one, how many there are, when it came, the message.
async fn listen(ana: &mut Talker, stage: &Stage) -> anyhow::Result<()> {
    ana.dial("*97");
    ana.answered().await?;
    ana.hears_tone(SPOKEN_HZ).await?;
    ana.press("9999#");
    ana.speaks(2_500).await?;
    ana.press("4711#");
    ana.hears_tone(MESSAGE_HZ).await?;
    let from = ana.now();
    ana.misses_tone(MESSAGE_HZ).await?;
    let heard = ana.now() - from;
    let whole = Duration::from_millis(MESSAGE_MS.into());
    ensure!(heard > whole / 2 && heard < whole * 2, "{heard:?} of the message");
    // As loud as it was said: no second side makes it quieter.
    let level = ana.heard().tone(MESSAGE_HZ, from, from + whole / 2);
    ensure!(level > -16.0, "the message at {level:.1} dBov");
    let query = "SELECT id FROM voicemail WHERE heard_by_user_id = 'u-ana'";
    stage.rows(query, 1).await.map(drop)
}

/// Who hangs up after the beep has left a message, too; who says nothing has not. Messages in Opus.
pub(crate) async fn hung_up() -> anyhow::Result<()> {
    let mut setting = setting();
    setting.configuration += "[recording]\nformat = \"opus\"\n";
    let stage = Stage::set(Block(238), setting)?;
    let mut silent = stage.outside(0, Voice::of(CodecKind::Pcmu)).await?;
    silent.call("+15557770003", "+15550200002");
    silent.hears_tone(MENU_HZ).await?;
    silent.press("3");
    silent.hears_tone(BEEP_HZ).await?;
    silent.ended().await?;
    stage.finished(1).await?;
    let mut caller = stage.outside(1, Voice::of(CodecKind::Opus)).await?;
    caller.call("+15557770001", "+15550200002");
    caller.hears_tone(MENU_HZ).await?;
    caller.press("3");
    leave(&mut caller).await?;
    caller.hang_up();
    stage.finished(2).await?;
    kept(&stage).await?;
    let there = "SELECT from_number FROM voicemail WHERE deleted_at IS NULL";
    let there = stage.lines(there).await?;
    ensure!(there == ["+15557770001"], "{there:?}");
    let mut ana = stage.agent(0, "ana", Voice::of(CodecKind::Pcmu)).await?;
    listen(&mut ana, &stage).await?;
    ana.hang_up();
    stage.finished(3).await?;
    stage.finish().await
}
