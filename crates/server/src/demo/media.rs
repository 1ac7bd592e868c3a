//! What media left of a call, as any program can find it: the rows of its recordings and legs, the
//! files of the recordings with what is heard in them, and the bad moments with their sentences.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use audio::wav::{HEADER_BYTES, Sound};
use model::call_graph::CallGraph;
use model::call_graph::graph::QualityEvent;
use model::call_graph::words::{QualityMetric, QualityStream};
use model::recording::RecordingState;
use store::Database;
use store::read::{LegView, RecordingView};

use super::host::unreadable;
use super::phones::{self, Heard};
use super::report::{metric, seconds};
use super::story::{Played, Scene};
use crate::failure::Failure;

/// How long files and figures may take after the last call.
const SETTLING: Duration = Duration::from_secs(3);

/// How often the database is looked at until then.
const LOOK: Duration = Duration::from_millis(50);

/// Below which folder the sounds of voice messages lie.
const MESSAGES: &str = "voicemail/";

/// How much longer or shorter than the talk its recording may be: a busy machine.
const TOLERANCE_MS: i64 = 600;

/// Recordings and legs of a call.
#[derive(Debug, Default)]
pub(super) struct CallMedia {
    recordings: Vec<Recording>,
    /// Sounds of voice messages.
    messages: Vec<RecordingView>,
    legs: Vec<LegView>,
}

/// A recording, and what is heard on both of its sides.
#[derive(Debug)]
struct Recording {
    row: RecordingView,
    sides: [Vec<Heard>; 2],
}

/// Reads what there is of each call, as soon as all of it is there.
pub(super) async fn gather(
    database: &Database,
    folder: &Path,
    calls: &BTreeMap<usize, CallGraph>,
) -> Result<BTreeMap<usize, CallMedia>, Failure> {
    let mut all = BTreeMap::new();
    let mut look = tokio::time::interval(LOOK);
    let reading = async {
        let mut settled = false;
        while !settled {
            look.tick().await;
            settled = true;
            for (index, graph) in calls {
                let mut view = database.call_media(&graph.call.id).await.map_err(unreadable)?;
                // A second line that has become part of it has figures of its own.
                view.legs.retain(|leg| leg.call == graph.call.id);
                settled &= is_settled(graph, &view.legs, &view.recordings);
                all.insert(*index, (view.recordings, view.legs));
            }
        }
        Ok::<(), Failure>(())
    };
    // What is not there by then shows in the facts.
    if let Ok(read) = tokio::time::timeout(SETTLING, reading).await {
        read?;
    }
    let listened = all.into_iter().map(|(index, (rows, legs))| {
        let (messages, rows): (Vec<RecordingView>, Vec<RecordingView>) =
            rows.into_iter().partition(|row| row.file.starts_with(MESSAGES));
        let recordings = rows.into_iter().map(|row| {
            let sides = listen(&folder.join(&row.file));
            Recording { row, sides }
        });
        (index, CallMedia { recordings: recordings.collect(), messages, legs })
    });
    Ok(listened.collect())
}

/// Whether the figures of both sides are written, and all files closed.
fn is_settled(graph: &CallGraph, legs: &[LegView], recordings: &[RecordingView]) -> bool {
    let open = [RecordingState::Recording, RecordingState::Paused];
    let closed = recordings.iter().all(|row| !open.contains(&row.state));
    let from = legs.iter().filter(|leg| leg.stream == QualityStream::Received).count();
    closed && (graph.call.answered_at.is_none() || from >= 2)
}

/// What is heard on both sides of a file; nothing in one that cannot be read.
fn listen(file: &Path) -> [Vec<Heard>; 2] {
    let bytes = std::fs::read(file).unwrap_or_default();
    let rate = bytes.get(24..28).and_then(|rate| rate.try_into().ok()).map(u32::from_le_bytes);
    // The server writes nothing between the header and the sound.
    let header = usize::try_from(HEADER_BYTES).unwrap_or(usize::MAX);
    let frames = bytes.get(header..).unwrap_or_default().chunks_exact(4);
    let (left, right) = frames
        .map(|frame| {
            let sample = |at| i16::from_le_bytes([frame[at], frame[at + 1]]);
            (sample(0), sample(2))
        })
        .unzip();
    [left, right].map(|pcm| {
        let sound = Sound { rate: rate.unwrap_or(phones::RATE), pcm };
        let sound = sound.at_rate(phones::RATE);
        sound.map_or_else(|_| Vec::new(), |sound| phones::sounds_in(&sound.pcm))
    })
}

/// What can be compared with what is stated. Other bad moments than loss depend on how busy the
/// machine is.
pub(super) fn facts(scene: &Scene, media: &CallMedia, graph: Option<&CallGraph>) -> Vec<String> {
    let mut facts = Vec::new();
    for recording in &media.recordings {
        let [left, right] = &recording.sides;
        let length = match graph.map_or(i64::MAX, |graph| off_by(recording, graph)) {
            ms if ms.abs() <= TOLERANCE_MS => "as long as the talk".to_owned(),
            ms if ms < 0 => format!("{} ms shorter than the talk", -ms),
            ms => format!("{ms} ms longer than the talk"),
        };
        facts.push(format!(
            "recording {}, {length}: left {}; right {}",
            recording.row.state.as_str(),
            phones::in_words(left),
            phones::in_words(right)
        ));
    }
    for message in &media.messages {
        let long = message.duration_ms.is_some_and(|ms| ms > 1_000);
        let long = if long { "longer than a second" } else { "too short" };
        facts.push(format!("voice message {}, {long}", message.state.as_str()));
    }
    let events = graph.into_iter().flat_map(|graph| &graph.quality_events);
    for event in events.filter(|event| event.metric == QualityMetric::PacketLoss) {
        let end = event.clear_reason.map_or("never ended", |reason| reason.as_str());
        let (severity, metric) = (event.severity.as_str(), event.metric.as_str());
        facts.push(format!("{} {severity} {metric}, then {end}", of_event(scene, event)));
    }
    if scene.talk.as_ref().is_some_and(|talk| talk.is_listened_to()) {
        for leg in received(media) {
            let lost = if leg.lost == 0 { "nothing lost" } else { "packets lost" };
            let scored = if leg.mos_avg.is_some() { "scored" } else { "no score" };
            let who = who(scene, &leg.leg);
            facts.push(format!("from {who} {}, {lost}, {scored}", leg.codec));
        }
    }
    facts
}

/// How much longer a recording is than people were connected, ms.
fn off_by(recording: &Recording, graph: &CallGraph) -> i64 {
    let connected =
        graph.connections.iter().find_map(|row| Some((row.answered_at?, row.ended_at?)));
    let talk = connected.map_or(0, |(answered, ended)| ended.0 - answered.0);
    let sound = recording.row.duration_ms.and_then(|ms| i64::try_from(ms).ok());
    sound.unwrap_or(0) - talk
}

/// The lines below a call's table.
pub(super) fn lines(
    scene: &Scene,
    played: &Played,
    media: Option<&CallMedia>,
    graph: Option<&CallGraph>,
) -> Vec<String> {
    let mut lines = Vec::new();
    for (who, heard) in &played.heard {
        lines.push(format!("{who} heard {}", timed(heard)));
    }
    let Some((media, graph)) = media.zip(graph) else { return lines };
    for recording in &media.recordings {
        let (row, [left, right]) = (&recording.row, &recording.sides);
        let length = row.duration_ms.map_or("?".to_owned(), |ms| format!("{:.1}", ms as f64 / 1e3));
        let fault = row.fault.as_ref().map_or(String::new(), |fault| format!(" ({fault})"));
        lines.push(format!("recording {}: {}{fault}", row.state.as_str(), row.file));
        lines.push(format!("  {length} s, left {}; right {}", timed(left), timed(right)));
    }
    for message in &media.messages {
        let length =
            message.duration_ms.map_or("?".to_owned(), |ms| format!("{:.1}", ms as f64 / 1e3));
        lines.push(format!("voice message of {length} s: {}", message.file));
    }
    let began = graph.call.initiated_at;
    for event in &graph.quality_events {
        let end = event.cleared_at.map_or("?".to_owned(), |at| seconds(began, at));
        let why = event.explanation.as_deref().unwrap_or("no explanation");
        lines.push(format!(
            "{}–{end} s {} {}: {why}",
            seconds(began, event.raised_at),
            event.severity.as_str(),
            metric(event.metric),
        ));
    }
    let legs: Vec<String> = received(media).map(|leg| figures(scene, leg)).collect();
    lines.extend((!legs.is_empty()).then(|| legs.join("; ")));
    lines
}

fn received(media: &CallMedia) -> impl Iterator<Item = &LegView> {
    media.legs.iter().filter(|leg| leg.stream == QualityStream::Received)
}

/// What came from one leg.
fn figures(scene: &Scene, leg: &LegView) -> String {
    let figure = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.1}"));
    let (who, codec) = (who(scene, &leg.leg), &leg.codec);
    let sent = leg.packets + leg.lost;
    let (mos, jitter) = (figure(leg.mos_avg), figure(leg.jitter_avg_ms));
    let late = match leg.discarded {
        0 => String::new(),
        packets => format!(", {packets} late"),
    };
    format!("{who}: {codec}, MOS {mos}, {}/{sent} lost{late}, jitter {jitter} ms", leg.lost)
}

/// Whose leg it is: the caller's, or that of whom the caller talks with.
fn who(scene: &Scene, leg: &str) -> &'static str {
    match (&scene.talk, &scene.hands_on) {
        // Whoever the call was handed on to has the second Connection.
        (Some(_), Some(handed)) if leg.ends_with('2') => handed.to,
        (Some(talk), _) if leg != "anchor" => talk.with,
        (Some(_) | None, _) => scene.caller,
    }
}

fn of_event(scene: &Scene, event: &QualityEvent) -> String {
    let leg = event.connection_id.as_deref().unwrap_or("anchor");
    let way = match event.stream {
        QualityStream::Received => "from",
        QualityStream::Sent => "to",
    };
    format!("{way} {}", who(scene, leg))
}

/// Sounds with their times.
fn timed(heard: &[Heard]) -> String {
    let list: Vec<String> =
        heard.iter().map(|one| format!("{} {:.1} s", one.what, f64::from(one.ms) / 1e3)).collect();
    if list.is_empty() { "nothing".to_owned() } else { list.join(", ") }
}

#[cfg(test)]
mod tests;
