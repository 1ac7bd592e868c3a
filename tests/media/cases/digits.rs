//! Digits: as RFC 4733 events under two numbers, in the band, by INFO. Each arrives once, is kept
//! in the call's record, and stands in no log.

use anyhow::ensure;
use audio::codec::CodecKind;
use e2e::host::Block;

use crate::phone::Talker;
use crate::stage::{Setting, Stage, name, number};
use crate::voice::{Voice, key};

/// How telephone-event is called by the caller, and by the agents in their answers.
const CALLERS: u8 = 97;
const AGENTS: u8 = 121;
/// What each caller presses.
const PRESSED: [&str; 4] = ["12#", "34", "56", "7*"];

async fn connected(
    stage: &Stage,
    index: u8,
    voices: [Voice; 2],
    renumbered: Option<u8>,
) -> anyhow::Result<(Talker, Talker)> {
    let mut caller = stage.outside(index, voices[0]).await?;
    let mut agent = stage.agent_renumbered(index, &name(index), voices[1], renumbered).await?;
    caller.call("+15557770001", &number(index));
    agent.rings().await?;
    agent.answer().await?;
    caller.answered().await?;
    Ok((caller, agent))
}

pub(crate) async fn each_once() -> anyhow::Result<()> {
    let stage = Stage::set(Block(223), Setting { users: 4, ..Setting::default() })?;
    let pcmu = Voice::of(CodecKind::Pcmu);
    let pcma = Voice::of(CodecKind::Pcma);
    let opus = Voice::of(CodecKind::Opus);
    // Relayed with other numbers; transcoded with another clock; in the band; by INFO.
    let relayed =
        connected(&stage, 1, [pcmu.events(CALLERS), pcmu.events(AGENTS)], Some(AGENTS)).await?;
    let clocks = connected(&stage, 2, [pcmu.events(CALLERS), opus.events(CALLERS)], None).await?;
    let in_band = connected(&stage, 3, [pcmu.without_events(), pcma.events(CALLERS)], None).await?;
    let mut by_info = connected(&stage, 4, [pcmu, pcmu], None).await?;

    relayed.0.press("12#");
    clocks.0.press("34");
    in_band.0.say_once(&[key('5'), key('6')].concat());
    for signal in ["7", "*"] {
        let body = format!("Signal={signal}\r\nDuration=160\r\n");
        let status = by_info.0.info(Vec::new(), Some(("application/dtmf-relay", body))).await?;
        ensure!(status == 200, "INFO got {status}");
    }
    let mut calls = [relayed, clocks, in_band, by_info];
    for (caller, _) in &mut calls {
        caller.speaks(1_200).await?;
    }
    for (caller, agent) in &mut calls {
        caller.hang_up();
        agent.ended().await?;
    }
    stage.finished(4).await?;

    let mut trouble = arrived(&calls);
    trouble.extend(kept(&stage).await?);
    let log = stage.host.log()?;
    for word in ["Signal=", "digit=", "digit:", "Digit("] {
        if log.contains(word) {
            trouble.push(format!("{word} in the log:\n{log}"));
        }
    }
    ensure!(trouble.is_empty(), "{}", trouble.join("\n"));
    stage.finish().await
}

/// What is wrong with what the agents heard.
fn arrived(calls: &[(Talker, Talker)]) -> Vec<String> {
    let mut trouble = Vec::new();
    let events = |agent: &Talker| -> Option<u8> {
        // What the agent's own description, an answer, calls it.
        let seen = agent.seen();
        let codecs = seen.media.map(|media| media.codecs).unwrap_or_default();
        let event = codecs.iter().find(|it| it.kind() == sdp::CodecKind::TelephoneEvent)?;
        Some(event.payload)
    };
    for (index, wanted) in PRESSED.into_iter().enumerate() {
        let agent = &calls[index].1;
        let number = if index == 0 { Some(AGENTS) } else { events(agent) };
        let heard = agent.heard();
        let digits = number.map(|it| heard.digits(it)).unwrap_or_default();
        if digits != wanted {
            let numbers = heard.numbers();
            trouble.push(format!("{wanted} arrived as {digits:?} ({number:?} of {numbers:?})"));
        }
    }
    trouble
}

/// What is wrong with what was stored.
async fn kept(stage: &Stage) -> anyhow::Result<Vec<String>> {
    let mut trouble = Vec::new();
    let rows = stage
        .lines(
            "SELECT c.to_number, group_concat(i.data, '') FROM call_interaction i \
             JOIN call c ON c.id = i.call_id WHERE i.kind = 'dtmf' GROUP BY 1 ORDER BY 1, i.seq",
        )
        .await?;
    for (index, wanted) in (1..=4).zip(PRESSED) {
        let row = rows.iter().find(|row| row.starts_with(&number(index)));
        let kept: String = row
            .into_iter()
            .flat_map(|row| row.split("\"digit\":\"").skip(1))
            .filter_map(|part| part.chars().next())
            .collect();
        if kept != wanted {
            trouble.push(format!("{wanted} is kept as {kept:?}: {row:?}"));
        }
    }
    Ok(trouble)
}
