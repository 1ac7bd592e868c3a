//! What is printed: plain text of at most 100 columns that aligns, and reads the same without
//! colours.

mod paint;
mod table;

use std::io::{self, Write};
use std::time::Duration;

use model::Millis;
use model::call_graph::CallGraph;
use model::call_graph::graph::{Connection, ConnectionAttempt};
use model::call_graph::words::{AttemptOutcome, QualityMetric};
use store::read::{Checked, ConversationView};

use super::directory::Names;
use super::facts::{self, Calls, Compared};
use super::host::Host;
use super::media;
use super::phones::{Cast, OUTSIDE, TONE_PACKETS, USERS};
use super::story::{Performance, Sound};
pub(super) use paint::Paint;
use table::Table;

/// The widest line.
const COLUMNS: usize = 100;

/// Left of what belongs to a call.
const MARGIN: &str = "    ";

/// Before the first call.
pub(super) fn opening(
    out: &mut impl Write,
    host: &Host,
    cast: &Cast,
    paint: Paint,
) -> io::Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    writeln!(out, "{}", paint.bold(&format!("Tandem {version}: the demo")))?;
    writeln!(out, "  {}", host.ready())?;
    writeln!(out, "  database {}", host.database_file().display())?;
    let who = |names: &[&'static str]| {
        let there = names.iter().filter(|name| cast.contains_key(*name)).copied();
        there.collect::<Vec<_>>().join(", ")
    };
    writeln!(out, "  phones registered: {}", who(&USERS))?;
    writeln!(out, "  phones outside: {}", who(&OUTSIDE))?;
    writeln!(out, "\n{}\n", paint.bold("Calls, as the database shows them"))?;
    out.flush()
}

/// Every call with its connections and attempts.
pub(super) fn calls(
    out: &mut impl Write,
    calls: &Calls,
    performance: &Performance,
    names: &Names,
    paint: Paint,
) -> io::Result<()> {
    writeln!(out, "\n{}", paint.bold("Connections and attempts"))?;
    for (index, (scene, played)) in performance.iter().enumerate() {
        let heading = format!("{} {}", index + 1, scene.title);
        writeln!(out, "\n  {} – {}", paint.of_scene(Some(index), &heading), scene.about)?;
        match calls.by_scene.get(&index) {
            Some(graph) => write!(out, "{}", call_table(graph, names).print(paint))?,
            None => writeln!(out, "    no call in the database")?,
        }
        if let Some(sound) = &played.sound {
            writeln!(out, "    {}", paint.dim(&sound_line(sound)))?;
        }
        let media = calls.media.get(&index);
        for line in media::lines(scene, played, media, calls.by_scene.get(&index)) {
            writeln!(out, "{}", paint.dim(&wrapped(&line)))?;
        }
    }
    for graph in &calls.strays {
        writeln!(out, "\n  ? a call that no scene explains")?;
        write!(out, "{}", call_table(graph, names).print(paint))?;
    }
    Ok(())
}

/// A call's line, a line for each connection, and one for each of its attempts. Times are seconds
/// since the call began.
fn call_table(graph: &CallGraph, names: &Names) -> Table {
    let call = &graph.call;
    let since =
        |at: Option<Millis>| at.map_or("–".to_owned(), |at| seconds(call.initiated_at, at));
    let mut table = Table::new(["", "start", "ring", "answer", "end", "outcome"]);
    let outcome = call.outcome.map_or("not finished", |outcome| outcome.as_str());
    let by = call.ended_by.map_or("nobody", |by| by.as_str());
    table.row([
        format!("{} call", call.direction.as_str()),
        seconds(call.initiated_at, call.initiated_at),
        String::new(),
        since(call.answered_at),
        since(call.ended_at),
        format!("{}, ended by {by}", words(outcome)),
    ]);
    for row in &graph.connections {
        let outcome = row.outcome.map_or("open", |outcome| outcome.as_str());
        let reason = row.end_reason.map_or("open", |reason| reason.as_str());
        table.row([
            format!(
                "└ {} to {}, {}",
                row.kind.as_str(),
                facts::target(row, names),
                words(row.strategy.as_str())
            ),
            since(Some(row.opened_at)),
            String::new(),
            since(row.answered_at),
            since(row.ended_at),
            format!("{}, {}", words(outcome), words(reason)),
        ]);
        let attempts: Vec<_> =
            graph.attempts.iter().filter(|attempt| attempt.connection_id == row.id).collect();
        for (index, attempt) in attempts.iter().enumerate() {
            let branch = if index + 1 == attempts.len() { "└" } else { "├" };
            let outcome = attempt.outcome.map_or("open", |outcome| outcome.as_str());
            let status = attempt.sip_status.map_or(String::new(), |code| format!(" ({code})"));
            let answered = attempt.outcome.filter(|outcome| *outcome == AttemptOutcome::Answered);
            table.row([
                format!("  {branch} {}", attempted_where(attempt, row, names)),
                since(Some(attempt.started_at)),
                since(attempt.ringing_at),
                since(answered.and(attempt.ended_at)),
                since(attempt.ended_at),
                format!("{}{status}", words(outcome)),
            ]);
        }
    }
    table
}

/// Whom an attempt was for; with the group where that is not the connection's, because the call
/// went on to another IVR since.
fn attempted_where(attempt: &ConnectionAttempt, row: &Connection, names: &Names) -> String {
    let who = facts::attempted(attempt, names);
    match &attempt.group_id {
        Some(group) if row.target_group_id.as_ref() != Some(group) => {
            format!("{who} ({})", names.id(group.as_str()))
        }
        Some(_) | None => who,
    }
}

fn sound_line(sound: &Sound) -> String {
    let [(first, _, first_heard), (second, _, second_heard)] = sound.people;
    let all = TONE_PACKETS;
    let seconds = f64::from(all) / 50.0;
    format!(
        "{seconds:.1} s of sound through the relay: {first} heard {first_heard}/{all} packets, \
         {second} {second_heard}/{all}"
    )
}

/// A line below a table; what is too long for it goes on in the next one, further right.
fn wrapped(line: &str) -> String {
    let mut text = String::new();
    let mut used = 0;
    for word in line.split(' ') {
        let length = word.chars().count();
        if used == 0 {
            text += MARGIN;
            used = MARGIN.len();
        } else if used + 1 + length > COLUMNS {
            text += "\n";
            text += MARGIN;
            text += "  ";
            used = MARGIN.len() + 2;
        } else {
            text += " ";
            used += 1;
        }
        text += word;
        used += length;
    }
    text
}

/// The conversations with participants and events.
pub(super) fn conversations(
    out: &mut impl Write,
    conversations: &[ConversationView],
    names: &Names,
    paint: Paint,
) -> io::Result<()> {
    writeln!(out, "\n{}", paint.bold("Conversations"))?;
    if conversations.is_empty() {
        writeln!(out, "  none")?;
    }
    for view in conversations {
        let title = format!("{} and {}", facts::external(view, names), view.internal_name);
        let owner = view.owner.as_deref().unwrap_or("nobody");
        let key = view.internal_key.trim_start_matches("n:");
        writeln!(out, "\n  {} – {key}, {}, owned by {owner}", paint.bold(&title), view.status)?;
        let people: Vec<String> =
            view.participants.iter().map(|one| format!("{} ({})", one.name, one.role)).collect();
        writeln!(out, "    with {}", people.join(", "))?;
        for event in &view.events {
            let took = seconds(event.started_at, event.ended_at);
            let label = format!("{:<13}", words(&event.label));
            let clock = clock(event.started_at);
            writeln!(out, "    {} {label} {took:>5} s  {}", paint.dim(&clock), event.title)?;
        }
    }
    Ok(())
}

/// Each scene as stated or not, the invariants, and the end; `true` when all is well.
pub(super) fn verdict(
    out: &mut impl Write,
    compared: &[Compared],
    checked: &Checked,
    took: Duration,
    paint: Paint,
) -> io::Result<bool> {
    writeln!(out, "\n{}\n", paint.bold("Verdict"))?;
    for one in compared {
        let facts = one.stated;
        if one.is_as_stated() {
            writeln!(out, "  {} {:<16} as stated, {facts} facts", paint.good("✓"), one.title)?;
            continue;
        }
        writeln!(out, "  {} {:<16} differs", paint.bad("✗"), one.title)?;
        for fact in &one.missing {
            writeln!(out, "      {} {fact}", paint.bad("stated"))?;
        }
        for fact in &one.unexpected {
            writeln!(out, "      {} {fact}", paint.bad("found "))?;
        }
    }
    let rules = checked.rules;
    if checked.broken.is_empty() {
        writeln!(out, "  {} {:<16} {rules} hold", paint.good("✓"), "Invariants")?;
    }
    for (name, rows) in &checked.broken {
        writeln!(out, "  {} {name}: broken by {rows}", paint.bad("✗"))?;
    }
    let good = compared.iter().filter(|one| one.is_as_stated()).count();
    let all = compared.len();
    let as_stated = good == all && checked.broken.is_empty();
    let sentence = format!(
        "{good} of {all} calls came out as stated, {} of {rules} invariants hold; {:.1} s.",
        rules - checked.broken.len(),
        took.as_secs_f64()
    );
    let sentence = if as_stated { paint.good(&sentence) } else { paint.bad(&sentence) };
    writeln!(out, "\n{sentence}")?;
    out.flush()?;
    Ok(as_stated)
}

/// Seconds between two times, to the hundredth.
pub(super) fn seconds(from: Millis, to: Millis) -> String {
    let millis = to.0 - from.0;
    format!("{}.{:02}", millis / 1_000, millis.rem_euclid(1_000) / 10)
}

/// A word of the database as people write it.
pub(super) fn words(text: &str) -> String {
    text.replace('_', " ")
}

/// What a Quality Event measures, as people write it.
pub(super) fn metric(metric: QualityMetric) -> String {
    match metric {
        QualityMetric::Mos => "MOS".to_owned(),
        QualityMetric::PacketLoss
        | QualityMetric::Jitter
        | QualityMetric::RoundTripTime
        | QualityMetric::OneWayAudio
        | QualityMetric::MediaTimeout => words(metric.as_str()),
    }
}

/// The time of day, UTC.
fn clock(at: Millis) -> String {
    at.to_string().get(11..19).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
