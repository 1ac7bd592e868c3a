//! Bad audio is on the record: exactly what happened, when, to whom, with its cause; and nothing
//! of a good call.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use audio::codec::CodecKind;
use e2e::host::Block;
use serde_json::Value;

use crate::phone::{Talker, Way};
use crate::road::Trouble;
use crate::stage::{Setting, Stage, name, number};
use crate::voice::{Voice, tone};

const SAMPLE_MS: u64 = 500;
/// Everything happens between these times of the calls.
const BEGIN_MS: u64 = 2_500;
const END_MS: u64 = 8_000;
const OVER_MS: u64 = 13_000;

const CONFIGURATION: &str = "[quality]\nsample_ms = 500\none_way_ms = 2500\nsilence_ms = 4000\n";

/// The calls, in this order.
const CLEAN: u8 = 1;
const TRANSCODED: u8 = 2;
const LOSS: u8 = 3;
const JITTER: u8 = 4;
const ROUND_TRIP: u8 = 5;
const ONE_WAY: u8 = 6;
const DEAD: u8 = 7;
/// Packets that come twice or late are no trouble to anybody.
const DOUBLED: u8 = 8;
const CALLS: u8 = 8;

/// What must be on the record of a call.
struct Expected {
    call: u8,
    anchor: bool,
    stream: &'static str,
    metric: &'static str,
    /// When it is known, from the answer on.
    raised_ms: u64,
    /// `None`: with the leg.
    cleared_ms: Option<u64>,
    source: &'static str,
    /// What the explanation says.
    says: &'static [&'static str],
}

const EXPECTED: [Expected; 8] = [
    Expected {
        call: LOSS,
        anchor: true,
        stream: "received",
        metric: "packet_loss",
        // Three samples of 8 % and four of none have more than 3 %; one and a half have 2 %.
        raised_ms: BEGIN_MS + 3 * SAMPLE_MS,
        cleared_ms: Some(END_MS + 6 * SAMPLE_MS),
        source: "local_rtp",
        says: &["agent p3 heard gaps in what caller said", "lost"],
    },
    Expected {
        call: JITTER,
        anchor: false,
        stream: "received",
        metric: "jitter",
        // The running estimate needs a sample to get there; three follow, and the one it began in.
        raised_ms: BEGIN_MS + 9 * SAMPLE_MS / 2,
        cleared_ms: Some(END_MS + 3 * SAMPLE_MS),
        source: "local_rtp",
        says: &["caller may have heard agent p4 stutter", "jitter"],
    },
    Expected {
        call: ROUND_TRIP,
        anchor: true,
        stream: "sent",
        metric: "round_trip_time",
        raised_ms: 0,
        cleared_ms: None,
        source: "rtcp",
        says: &["heard each other late", "and back took up to"],
    },
    // 300 ms each way are enough for people to talk at the same time (G.107).
    Expected {
        call: ROUND_TRIP,
        anchor: true,
        stream: "received",
        metric: "mos",
        raised_ms: 0,
        cleared_ms: None,
        source: "local_rtp",
        says: &["agent p5 heard caller badly", "and back took"],
    },
    Expected {
        call: ROUND_TRIP,
        anchor: true,
        stream: "sent",
        metric: "mos",
        raised_ms: 0,
        cleared_ms: None,
        source: "rtcp",
        says: &["caller heard agent p5 badly", "and back took"],
    },
    Expected {
        call: ONE_WAY,
        anchor: true,
        stream: "received",
        metric: "one_way_audio",
        raised_ms: BEGIN_MS + 2_500,
        cleared_ms: Some(END_MS),
        source: "local_rtp",
        says: &["agent p6 heard nothing", "stopped while ours went on"],
    },
    Expected {
        call: DEAD,
        anchor: true,
        stream: "received",
        metric: "media_timeout",
        raised_ms: BEGIN_MS + 4_000,
        cleared_ms: None,
        source: "local_rtp",
        says: &["nobody heard anything", "stopped"],
    },
    Expected {
        call: DEAD,
        anchor: false,
        stream: "received",
        metric: "media_timeout",
        raised_ms: BEGIN_MS + 4_000,
        cleared_ms: None,
        source: "local_rtp",
        says: &["nobody heard anything", "stopped"],
    },
];

struct Call {
    caller: Talker,
    agent: Talker,
    answered: Duration,
}

async fn talk(stage: &Stage, index: u8, kinds: [CodecKind; 2]) -> anyhow::Result<Call> {
    let [one, other] = kinds.map(Voice::of);
    let mut caller = stage.outside(index, one).await?;
    let mut agent = stage.agent(index, &name(index), other).await?;
    if index == ROUND_TRIP {
        let late = Trouble { delay: Duration::from_millis(300), ..Trouble::default() };
        caller.trouble(Way::Up, late);
        caller.trouble(Way::Down, late);
    }
    caller.call("+15557770001", &number(index));
    agent.rings().await?;
    agent.answer().await?;
    caller.answered().await?;
    let answered = caller.now();
    caller.say(&tone(1_000.0, 1_000));
    agent.say(&tone(1_500.0, 1_000));
    Ok(Call { caller, agent, answered })
}

pub(crate) async fn what_happened_and_nothing_else() -> anyhow::Result<()> {
    let configuration = CONFIGURATION.to_owned();
    let stage =
        Stage::set(Block(228), Setting { users: CALLS, configuration, ..Setting::default() })?;
    let mut calls = Vec::new();
    for index in 1..=CALLS {
        let far = if index == TRANSCODED { CodecKind::G722 } else { CodecKind::Pcmu };
        calls.push(talk(&stage, index, [CodecKind::Pcmu, far]).await?);
    }
    let began = calls[0].caller.now();
    make_trouble(&mut calls).await?;
    let over = calls[0].caller.now();
    for call in &mut calls {
        call.caller.hang_up();
        // A telephone that is dead says nothing to BYE.
    }
    stage.finished(calls.len()).await?;

    let rows = stage
        .rows(
            "SELECT c.to_number, q.* FROM quality_event q JOIN call c ON c.id = q.call_id \
             ORDER BY c.to_number, q.raised_at",
            0,
        )
        .await?;
    let mut trouble = compare(&stage, &rows, &calls, (began, over));
    trouble.extend(legs(&stage).await?);
    for call in &calls {
        if call.caller.heard().reports().is_empty() {
            trouble.push("a phone got no RTCP".to_owned());
        }
    }
    ensure!(trouble.is_empty(), "{}\n{rows:#?}\n{}", trouble.join("\n"), stage.host.log()?);
    println!("{}", told(&rows));
    stage.finish().await
}

/// What the roads do, by the first caller's voice as a clock.
async fn make_trouble(calls: &mut [Call]) -> anyhow::Result<()> {
    let at = |index: u8| usize::from(index - 1);
    calls[0].caller.speaks(BEGIN_MS).await?;
    // Of five samples three with 12 % would be a bad score, too.
    let loss = Trouble { loss_percent: 8.0, even: true, ..Trouble::default() };
    calls[at(LOSS)].caller.trouble(Way::Up, loss);
    // The jitter of RFC 3550 is the mean difference of two delays: one of 180 ms and nine of 20 in
    // each ten, and more cannot be without turning packets round.
    let stall = Duration::from_millis(180);
    let jitter = Trouble { stalled: 10, stall, ..Trouble::default() };
    calls[at(JITTER)].agent.trouble(Way::Up, jitter);
    let cut = Trouble { cut: true, ..Trouble::default() };
    calls[at(ONE_WAY)].caller.trouble(Way::Up, cut);
    let doubled = Trouble { doubled: 10, turned: 35, ..Trouble::default() };
    calls[at(DOUBLED)].caller.trouble(Way::Up, doubled);
    calls[at(DEAD)].caller.shut();
    calls[at(DEAD)].agent.die();
    calls[0].caller.speaks(END_MS - BEGIN_MS).await?;
    for call in [LOSS, ONE_WAY, DOUBLED] {
        calls[at(call)].caller.trouble(Way::Up, Trouble::default());
    }
    calls[at(JITTER)].agent.trouble(Way::Up, Trouble::default());
    calls[0].caller.speaks(OVER_MS - END_MS).await
}

fn compare(
    stage: &Stage,
    rows: &[Value],
    calls: &[Call],
    (began, over): (Duration, Duration),
) -> Vec<String> {
    let mut trouble = Vec::new();
    let mut left: Vec<&Value> = rows.iter().collect();
    for expected in &EXPECTED {
        let fits = |row: &Value| {
            row["to_number"] == number(expected.call)
                && row["connection_id"].is_null() == expected.anchor
                && row["stream"] == expected.stream
                && row["metric"] == expected.metric
        };
        let Some(place) = left.iter().position(|row| fits(row)) else {
            trouble.push(format!("call {}: no {}", expected.call, expected.metric));
            continue;
        };
        let row = left.remove(place);
        let answered = calls[usize::from(expected.call) - 1].answered;
        let found = judge(stage, row, expected, (began, over, answered));
        trouble.extend(found.map(|what| format!("call {}: {what}: {row}", expected.call)));
    }
    trouble.extend(left.iter().map(|row| format!("not expected: {row}")));
    trouble
}

/// What is wrong with a row.
fn judge(
    stage: &Stage,
    row: &Value,
    expected: &Expected,
    (began, over, answered): (Duration, Duration, Duration),
) -> Option<String> {
    let time = |field: &str| row[field].as_i64().map(|at| stage.clock.of_millis(at));
    let (raised, cleared) = (time("raised_at")?, time("cleared_at")?);
    let tolerance = Duration::from_millis(SAMPLE_MS + 250);
    let near = |at: Duration, wanted: Duration| at.abs_diff(wanted) <= tolerance;
    let after = |ms: u64| began + Duration::from_millis(ms);
    // A round trip is known with the second report at the earliest.
    let known = expected.raised_ms > 0;
    if known && !near(raised, after(expected.raised_ms)) || raised < answered {
        return Some(format!("raised after {:?}", raised.saturating_sub(began)));
    }
    let end = expected.cleared_ms.map_or(over, after);
    if !near(cleared, end) {
        return Some(format!("cleared after {:?}", cleared.saturating_sub(began)));
    }
    let reason = if expected.cleared_ms.is_some() { "recovered" } else { "leg_ended" };
    if row["clear_reason"] != reason || row["source"] != expected.source {
        return Some(format!("not {reason}, or not from {}", expected.source));
    }
    let text = row["explanation"].as_str().unwrap_or_default();
    let missing = expected.says.iter().find(|part| !text.contains(*part));
    missing.map(|part| format!("does not say `{part}`"))
}

/// The figures of every leg and stream.
async fn legs(stage: &Stage) -> anyhow::Result<Vec<String>> {
    let query = "SELECT c.to_number, l.* FROM leg_quality l JOIN call c ON c.id = l.call_id \
                 ORDER BY 1, l.leg = 'anchor' DESC, l.stream";
    let rows = stage.rows(query, 4 * usize::from(CALLS)).await?;
    let mut trouble = Vec::new();
    if rows.len() != 4 * usize::from(CALLS) {
        trouble.push(format!("{} rows of legs", rows.len()));
    }
    for row in &rows {
        let of = |field: &str| row[field].as_f64().context(field.to_owned());
        let lossy = row["to_number"] == number(LOSS);
        let clean = [CLEAN, TRANSCODED].iter().any(|it| row["to_number"] == number(*it));
        let lost = of("lost")? * 100.0 / (of("packets")? + of("lost")?).max(1.0);
        if clean && (lost > 0.5 || row["mos_avg"].as_f64().is_some_and(|mos| mos < 3.8)) {
            trouble.push(format!("a clean leg: {row}"));
        }
        let received = row["stream"] == "received" && row["leg"] == "anchor";
        if lossy && received && !(2.0..5.0).contains(&lost) {
            trouble.push(format!("{lost} % lost: {row}"));
        }
        let doubled = row["to_number"] == number(DOUBLED);
        if doubled && received && of("duplicate")? < 10.0 {
            trouble.push(format!("nothing came twice: {row}"));
        }
        if of("packets")? < 50.0 {
            trouble.push(format!("no packets: {row}"));
        }
    }
    Ok(trouble)
}

/// What somebody reads in the record.
fn told(rows: &[Value]) -> String {
    let line = |row: &Value| {
        let text = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
        format!(
            "{} {} {}: {}",
            text("metric"),
            text("stream"),
            text("severity"),
            text("explanation")
        )
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}
