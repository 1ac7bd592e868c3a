//! Scenarios of the oracle with sound: who calls an IVR hears its prompts, presses keys in every
//! way in which a key can be pressed, and what is stored is the oracle's, field for field.

use std::time::Duration;

use anyhow::ensure;
use audio::codec::CodecKind;
use e2e::host::Block;
use serde_json::json;

use crate::phone::{ABSENT_DBOV, Talker};
use crate::stage::{Setting, Stage};
use crate::voice::{Pcm, Voice, key, tone};

const MENU_HZ: f64 = 700.0;
const FIRST_HZ: f64 = 620.0;
const SECOND_HZ: f64 = 840.0;
const CALLER_HZ: f64 = 1_000.0;
const AGENT_HZ: f64 = 1_500.0;
/// Of the two tones of the United States' ringback.
const RINGBACK_HZ: f64 = 440.0;

/// How a caller presses a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pressing {
    /// As an RFC 4733 event.
    Event,
    /// In the band, from a phone without events.
    InBand,
    /// By INFO.
    Info,
}

fn setting(prompts: Vec<(&'static str, Pcm)>, greetings: &[(&'static str, &str)]) -> Setting {
    let greeting = |&(ivr, prompt): &(&'static str, &str)| (ivr, "greeting_prompt", json!(prompt));
    let fields = greetings.iter().map(greeting).collect();
    Setting { prompts, fields, ..Setting::default() }
}

/// Who rings, one after another as the oracle's do.
async fn ring(stage: &Stage, users: &[&str]) -> anyhow::Result<Vec<Talker>> {
    let mut phones = Vec::new();
    for (index, user) in (0..).zip(users) {
        let late = Duration::from_millis(50) * u32::from(index);
        phones.push(stage.slow_agent(index, user, late).await?);
    }
    Ok(phones)
}

/// Two who talk hear each other and nothing else.
async fn talk(caller: &mut Talker, agent: &mut Talker) -> anyhow::Result<()> {
    caller.say(&tone(CALLER_HZ, 1_000));
    agent.say(&tone(AGENT_HZ, 1_000));
    caller.hears_tone(AGENT_HZ).await?;
    agent.hears_tone(CALLER_HZ).await?;
    let from = caller.now();
    caller.speaks(500).await?;
    let to = caller.now();
    for hz in [MENU_HZ, FIRST_HZ, SECOND_HZ, RINGBACK_HZ] {
        let level = caller.heard().tone(hz, from, to);
        ensure!(level < ABSENT_DBOV, "{hz} Hz at {level:.1} dBov under the talk");
    }
    Ok(())
}

/// S05: the caller of a group hears the greeting and that it rings, and gives up.
pub(crate) async fn nobody_answers() -> anyhow::Result<()> {
    let prompts = vec![("welcome.wav", tone(FIRST_HZ, 800))];
    let stage = Stage::set(Block(230), setting(prompts, &[("ivr-sales", "welcome.wav")]))?;
    let mut agents = ring(&stage, &["ana", "ben", "cat"]).await?;
    let mut caller = stage.outside(0, Voice::of(CodecKind::Pcmu)).await?;
    caller.call("+15557770003", "+15550200001");
    caller.hears_tone(FIRST_HZ).await?;
    for agent in &mut agents {
        agent.rings().await?;
    }
    caller.hears_tone(RINGBACK_HZ).await?;
    caller.hang_up();
    for agent in &mut agents {
        agent.ended().await?;
    }
    stage.finished(1).await?;
    stage.finish_as("S05").await
}

/// S06: nobody answers in time, the next IVR greets, and one of its group answers.
pub(crate) async fn the_next_ivr_answers() -> anyhow::Result<()> {
    let prompts = vec![("first.wav", tone(FIRST_HZ, 600)), ("second.wav", tone(SECOND_HZ, 600))];
    let mut setting = setting(prompts, &[("ivr-s1", "first.wav"), ("ivr-s2", "second.wav")]);
    setting.fields.push(("ivr-s1", "no_answer_timeout_ms", json!(1_500)));
    let stage = Stage::set(Block(231), setting)?;
    let mut agents = ring(&stage, &["ana", "ben", "cat", "dan", "eve"]).await?;
    let mut caller = stage.outside(0, Voice::of(CodecKind::Pcma)).await?;
    caller.call("+15557770001", "+15550200005");
    for hz in [FIRST_HZ, RINGBACK_HZ, SECOND_HZ, RINGBACK_HZ] {
        caller.hears_tone(hz).await?;
    }
    for agent in &mut agents[..3] {
        agent.ended().await?;
    }
    agents[4].rings().await?;
    // All have said that they ring.
    caller.speaks(400).await?;
    let dan = &mut agents[3];
    dan.answer().await?;
    talk(&mut caller, dan).await?;
    agents[4].ended().await?;
    caller.hang_up();
    agents[3].ended().await?;
    stage.finished(1).await?;
    stage.finish_as("S06").await
}

/// S14: the caller hears the menu, and hangs up.
pub(crate) async fn hung_up_in_the_menu() -> anyhow::Result<()> {
    let prompts = vec![("menu.wav", tone(MENU_HZ, 2_000))];
    let stage = Stage::set(Block(232), setting(prompts, &[("ivr-menu", "menu.wav")]))?;
    let mut caller = stage.outside(0, Voice::of(CodecKind::Opus)).await?;
    caller.call("+15557770001", "+15550200002");
    caller.hears_tone(MENU_HZ).await?;
    caller.hang_up();
    stage.finished(1).await?;
    stage.finish_as("S14").await
}

/// S15: the caller presses 2 while the menu speaks, which ends it, and one of the other group
/// answers.
async fn second_option(block: Block, pressing: Pressing) -> anyhow::Result<()> {
    let prompts = vec![("menu.wav", tone(MENU_HZ, 6_000)), ("support.wav", tone(FIRST_HZ, 800))];
    let greetings = [("ivr-menu", "menu.wav"), ("ivr-supp", "support.wav")];
    let stage = Stage::set(block, setting(prompts, &greetings))?;
    let mut dan = stage.agent(0, "dan", Voice::of(CodecKind::G722)).await?;
    let voice = Voice::of(CodecKind::Pcmu);
    let voice = if pressing == Pressing::InBand { voice.without_events() } else { voice };
    let mut caller = stage.outside(0, voice).await?;
    caller.call("+15557770002", "+15550200002");
    caller.hears_tone(MENU_HZ).await?;
    match pressing {
        Pressing::Event => caller.press("2"),
        Pressing::InBand => caller.say_once(&key('2')),
        Pressing::Info => {
            let body = "Signal=2\r\nDuration=160\r\n".to_owned();
            let status = caller.info(Vec::new(), Some(("application/dtmf-relay", body))).await?;
            ensure!(status == 200, "INFO got {status}");
        }
    }
    caller.hears_tone(FIRST_HZ).await?;
    caller.misses_tone(MENU_HZ).await?;
    dan.rings().await?;
    caller.hears_tone(RINGBACK_HZ).await?;
    dan.answer().await?;
    talk(&mut caller, &mut dan).await?;
    // The key was the menu's: nobody else hears of it.
    let heard = dan.heard().digits(101);
    ensure!(heard.is_empty(), "the agent heard {heard:?}");
    caller.hang_up();
    dan.ended().await?;
    stage.finished(1).await?;
    let log = stage.host.log()?;
    ensure!(!log.contains("Signal="), "{log}");
    stage.finish_as("S15").await
}

/// S15 by RFC 4733.
pub(crate) async fn second_option_by_event() -> anyhow::Result<()> {
    second_option(Block(233), Pressing::Event).await
}

/// S15 in the band.
pub(crate) async fn second_option_in_band() -> anyhow::Result<()> {
    second_option(Block(234), Pressing::InBand).await
}

/// S15 by INFO.
pub(crate) async fn second_option_by_info() -> anyhow::Result<()> {
    second_option(Block(235), Pressing::Info).await
}

/// Who presses what is no option, or nothing, is told so and asked again; at last the menu goes
/// where it always goes.
pub(crate) async fn asked_again() -> anyhow::Result<()> {
    let prompts = vec![
        ("menu.wav", tone(MENU_HZ, 500)),
        ("wrong.wav", tone(SECOND_HZ, 500)),
        ("slow.wav", tone(880.0, 500)),
        ("support.wav", tone(FIRST_HZ, 800)),
    ];
    let greetings = [("ivr-menu", "menu.wav"), ("ivr-supp", "support.wav")];
    let mut setting = setting(prompts, &greetings);
    let menu = json!({"timeout_ms": 1_000, "max_tries": 3, "invalid_prompt": "wrong.wav",
        "timeout_prompt": "slow.wav", "default_ivr_id": "ivr-supp"});
    setting.fields.push(("ivr-menu", "menu", menu));
    let stage = Stage::set(Block(236), setting)?;
    let mut dan = stage.agent(0, "dan", Voice::of(CodecKind::Pcmu)).await?;
    let mut caller = stage.outside(0, Voice::of(CodecKind::Pcmu)).await?;
    caller.call("+15557770002", "+15550200002");
    caller.hears_tone(MENU_HZ).await?;
    caller.press("9");
    for hz in [SECOND_HZ, MENU_HZ, 880.0, MENU_HZ, FIRST_HZ] {
        caller.hears_tone(hz).await?;
    }
    dan.rings().await?;
    dan.answer().await?;
    talk(&mut caller, &mut dan).await?;
    caller.hang_up();
    dan.ended().await?;
    stage.finished(1).await?;
    let kinds = stage
        .lines("SELECT kind FROM call_interaction WHERE kind LIKE 'menu_%' ORDER BY seq")
        .await?
        .join(" ");
    ensure!(kinds == "menu_invalid menu_timeout menu_timeout", "{kinds}");
    stage.finish().await
}
