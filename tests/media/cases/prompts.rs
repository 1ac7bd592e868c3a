//! What a caller hears before he talks, and while he is held.

use std::time::Duration;

use anyhow::ensure;
use audio::codec::CodecKind;
use e2e::host::Block;
use serde_json::json;

use crate::heard::Heard;
use crate::phone::Talker;
use crate::stage::{Setting, Stage};
use crate::voice::{Voice, tone};

const GREETING_HZ: f64 = 700.0;
const MUSIC_HZ: f64 = 550.0;
const CALLER_HZ: f64 = 1_000.0;
const AGENT_HZ: f64 = 1_500.0;
/// Ringback of the United States: two tones, of which each is looked for.
const RINGBACK_HZ: [f64; 2] = [440.0, 480.0];

/// What the record of such a call says.
const KINDS: &str = "call_started ivr_entered routing_started answered ivr_exited hold resume \
                     call_ended";

const FOUND_DBOV: f64 = -30.0;
const ABSENT_DBOV: f64 = -50.0;

/// From when to when.
type Span = (Duration, Duration);

/// What happened when.
struct Times {
    greeting: Span,
    ringing: Span,
    talk: Span,
    hold: Span,
    after: Span,
}

/// A number of a group: it greets, rings back while an agent rings, connects, and plays music to
/// who is held.
pub(crate) async fn greeted_ringing_held() -> anyhow::Result<()> {
    let setting = Setting {
        configuration: "[prompts]\ncountry = \"us\"\nmusic_on_hold = \"music:calm\"\n".to_owned(),
        prompts: vec![
            ("welcome.wav", tone(GREETING_HZ, 1_000)),
            ("music/calm.wav", tone(MUSIC_HZ, 3_000)),
        ],
        fields: vec![("ivr-sales", "greeting_prompt", json!("welcome.wav"))],
        ..Setting::default()
    };
    let stage = Stage::set(Block(222), setting)?;
    let mut caller = stage.outside(0, Voice::of(CodecKind::Pcma)).await?;
    let mut agent = stage.agent(0, "ana", Voice::of(CodecKind::G722)).await?;
    let times = talk(&mut caller, &mut agent).await?;
    stage.finished(1).await?;
    let greeted = times.greeting.1 - times.greeting.0;
    ensure!(greeted > Duration::from_millis(900), "it rang after {greeted:?} of the greeting");
    let trouble = compare(&caller.heard(), &agent.heard(), &times);
    ensure!(trouble.is_empty(), "{}\n{}", trouble.join("\n"), stage.host.log()?);
    let kinds = stage.lines("SELECT kind FROM call_interaction ORDER BY seq").await?.join(" ");
    ensure!(kinds == KINDS, "{kinds}");
    stage.finish().await
}

async fn talk(caller: &mut Talker, agent: &mut Talker) -> anyhow::Result<Times> {
    caller.call("+15557770001", "+15550200001");
    caller.answered().await?;
    let answered = caller.now();
    agent.rings().await?;
    let rings = agent.now();
    caller.speaks(2_000).await?;
    let taken = agent.now();
    agent.answer().await?;
    caller.say(&tone(CALLER_HZ, 1_000));
    agent.say(&tone(AGENT_HZ, 1_000));
    caller.speaks(300).await?;
    let talk = caller.now();
    caller.speaks(1_200).await?;
    let held = caller.now();
    agent.hold().await?;
    caller.hears(20).await?;
    let music = caller.now();
    caller.hears(60).await?;
    let before = caller.now();
    agent.resume().await?;
    caller.speaks(400).await?;
    let back = caller.now();
    caller.speaks(1_000).await?;
    let end = caller.now();
    caller.hang_up();
    agent.ended().await?;
    // What was on its way when it began to ring belongs to the greeting.
    let ringing = (rings + Duration::from_millis(300), taken);
    Ok(Times {
        greeting: (answered, rings),
        ringing,
        talk: (talk, held),
        hold: (music, before),
        after: (back, end),
    })
}

/// What is there that should not be, or the other way round.
fn compare(caller: &Heard, agent: &Heard, times: &Times) -> Vec<String> {
    let [ring, back] = RINGBACK_HZ;
    let all = [GREETING_HZ, ring, back, MUSIC_HZ, AGENT_HZ];
    let Times { greeting, ringing, talk, hold, after } = times;
    let table: [(&str, &Heard, &Span, &[f64]); 7] = [
        ("greeting", caller, greeting, &[GREETING_HZ]),
        ("ringing", caller, ringing, &[ring, back]),
        ("talk", caller, talk, &[AGENT_HZ]),
        ("hold", caller, hold, &[MUSIC_HZ]),
        ("after hold", caller, after, &[AGENT_HZ]),
        ("the agent in talk", agent, talk, &[CALLER_HZ]),
        ("the agent after hold", agent, after, &[CALLER_HZ]),
    ];
    let mut trouble = Vec::new();
    for (what, heard, (from, to), wanted) in table {
        for hz in all.into_iter().filter(|hz| !wanted.contains(hz)) {
            let level = heard.tone(hz, *from, *to);
            if level > ABSENT_DBOV {
                trouble.push(format!("{what}: {hz} Hz at {level:.1} dBov"));
            }
        }
        for hz in wanted {
            let level = heard.tone(*hz, *from, *to);
            if level < FOUND_DBOV {
                trouble.push(format!("{what}: {hz} Hz at {level:.1} dBov only"));
            }
        }
    }
    trouble
}
