//! A caller waits: music, announcements with his place, music that goes on where it was; the agent
//! who becomes available is rung at once, and whoever does not want to wait presses a key.

use std::time::Duration;

use anyhow::ensure;
use audio::codec::CodecKind;
use e2e::host::Block;
use phone::PhoneEvent;
use serde_json::json;

use crate::phone::{ABSENT_DBOV, Talker};
use crate::stage::{Setting, Stage};
use crate::voice::{Voice, tone};

/// The music begins with one tone and goes on with another.
const MUSIC_HZ: [f64; 2] = [550.0, 650.0];
const MUSIC_MS: [u32; 2] = [2_200, 8_000];
const THANKS_HZ: f64 = 750.0;
const SPOKEN_HZ: f64 = 900.0;
const ELSEWHERE_HZ: f64 = 820.0;
const CALLER_HZ: f64 = 1_000.0;
const AGENT_HZ: f64 = 1_500.0;

/// Time between two announcements.
const EVERY_MS: u64 = 1_500;
/// From the registration of an agent to his telephone's ringing.
const AT_ONCE: Duration = Duration::from_millis(500);

fn setting() -> Setting {
    let music = [tone(MUSIC_HZ[0], MUSIC_MS[0]), tone(MUSIC_HZ[1], MUSIC_MS[1])].concat();
    let queue = json!({"announce_every_ms": EVERY_MS, "message": "thanks.wav",
        "say_position": true, "options": {"0": {"ivr": "ivr-bye"}}});
    let bye = json!({"id": "ivr-bye", "action": "play_and_hangup",
        "greeting_prompt": "elsewhere.wav"});
    Setting {
        configuration: "[prompts]\nspeak = [\"cp\", \"[prompts]/spoken.wav\", \"{out}\"]\n"
            .to_owned(),
        prompts: vec![
            ("music/calm.wav", music),
            ("thanks.wav", tone(THANKS_HZ, 500)),
            ("spoken.wav", tone(SPOKEN_HZ, 400)),
            ("elsewhere.wav", tone(ELSEWHERE_HZ, 1_000)),
        ],
        rows: vec![("ivrs", bye)],
        fields: vec![
            ("ivr-supp", "queue", queue),
            ("g-supp", "music_on_hold", json!("music:calm")),
        ],
        ..Setting::default()
    }
}

async fn waits(stage: &Stage, index: u8, from: &str, voice: Voice) -> anyhow::Result<Talker> {
    let mut caller = stage.outside(index, voice).await?;
    caller.call(from, "+15550200003");
    caller.hears_tone(MUSIC_HZ[0]).await?;
    Ok(caller)
}

/// Music, announcement, music from where it was, an agent who comes.
pub(crate) async fn music_announcement_agent() -> anyhow::Result<()> {
    let stage = Stage::set(Block(239), setting())?;
    let mut caller = waits(&stage, 0, "+15557770001", Voice::of(CodecKind::Pcma)).await?;
    for hz in [THANKS_HZ, SPOKEN_HZ, MUSIC_HZ[0]] {
        caller.hears_tone(hz).await?;
    }
    // Were the music to begin anew, nobody would ever hear more of it than the first tone.
    caller.hears_tone(MUSIC_HZ[1]).await?;
    let mut dan = stage.agent(0, "dan", Voice::of(CodecKind::G722)).await?;
    let there = dan.now();
    dan.rings().await?;
    let late = dan.now() - there;
    ensure!(late < AT_ONCE, "rung {late:?} after he was there");
    dan.answer().await?;
    caller.say(&tone(CALLER_HZ, 1_000));
    dan.say(&tone(AGENT_HZ, 1_000));
    caller.hears_tone(AGENT_HZ).await?;
    dan.hears_tone(CALLER_HZ).await?;
    let from = caller.now();
    // Longer than between two announcements: there are none any more.
    caller.speaks(EVERY_MS + 1_000).await?;
    let (to, heard) = (caller.now(), caller.heard());
    for hz in [MUSIC_HZ[0], MUSIC_HZ[1], THANKS_HZ, SPOKEN_HZ] {
        let level = heard.tone(hz, from, to);
        ensure!(level < ABSENT_DBOV, "{hz} Hz at {level:.1} dBov under the talk");
    }
    caller.hang_up();
    dan.ended().await?;
    stage.finished(1).await?;
    let waits = stage
        .lines("SELECT group_id, position, exit, left_at > entered_at FROM queue_wait")
        .await?;
    ensure!(waits == ["g-supp|1|answered|1"], "{waits:?}");
    let attempts = stage
        .lines("SELECT user_id, group_id, outcome FROM connection_attempt ORDER BY seq")
        .await?;
    ensure!(attempts == ["u-dan|g-supp|answered"], "{attempts:?}");
    stage.finish().await
}

/// One presses the key that leads away, in the band; one hangs up; neither rings anybody who comes
/// later.
pub(crate) async fn left_by_key_and_by_hanging_up() -> anyhow::Result<()> {
    let stage = Stage::set(Block(240), setting())?;
    let pcmu = Voice::of(CodecKind::Pcmu);
    let mut chooses = waits(&stage, 0, "+15557770001", pcmu.without_events()).await?;
    let mut gives_up = waits(&stage, 1, "+15557770002", Voice::of(CodecKind::Opus)).await?;
    // Also while the place is being said.
    chooses.hears_tone(SPOKEN_HZ).await?;
    chooses.say_once(&crate::voice::key('0'));
    chooses.hears_tone(ELSEWHERE_HZ).await?;
    chooses.ended().await?;
    gives_up.hears_tone(SPOKEN_HZ).await?;
    gives_up.hang_up();
    stage.finished(2).await?;
    let dan = stage.agent(0, "dan", pcmu).await?;
    let waits = stage.lines("SELECT position, exit FROM queue_wait ORDER BY entered_at").await?;
    ensure!(waits == ["1|option", "2|abandoned"], "{waits:?}");
    let attempts = stage.lines("SELECT user_id FROM connection_attempt").await?;
    ensure!(attempts.is_empty(), "{attempts:?}");
    let rang = dan.seen().events.iter().any(|(_, it)| matches!(it, PhoneEvent::Ringing { .. }));
    ensure!(!rang, "somebody who has left rings");
    stage.finish().await
}
