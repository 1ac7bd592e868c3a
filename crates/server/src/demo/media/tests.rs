//! What is found of recordings, legs and bad moments, and how it is printed.

use audio::wav::Writer;
use model::Millis;
use model::call_graph::graph::FinishedCallGraph;
use model::call_graph::words::{QualityClear, QualitySeverity, QualitySource, QualityUnit};

use super::*;
use crate::demo::story::SCENES;

fn scene(title: &str) -> &'static Scene {
    SCENES.iter().find(|scene| scene.title == title).expect("a scene of the story")
}

/// A call whose caller was hard to understand for a while.
fn graph() -> CallGraph {
    let text = include_str!("../../../../../tests/data/oracle/S01.json");
    let mut scenario: serde_json::Value = serde_json::from_str(text).expect("JSON");
    let graph: FinishedCallGraph =
        serde_json::from_value(scenario["graph"].take()).expect("a graph");
    let mut graph = graph.into_rows();
    let began = graph.call.initiated_at;
    graph.quality_events = vec![QualityEvent {
        id: "q".into(),
        call_id: graph.call.id.clone(),
        connection_id: None,
        stream: QualityStream::Received,
        metric: QualityMetric::PacketLoss,
        severity: QualitySeverity::Warning,
        threshold: 3.0,
        worst_value: 8.0,
        unit: QualityUnit::Percent,
        raised_at: Millis(began.0 + 12_500),
        cleared_at: Some(Millis(began.0 + 20_000)),
        clear_reason: Some(QualityClear::Recovered),
        source: QualitySource::LocalRtp,
        explanation: Some("agent Hal Hill heard gaps in what the caller said".into()),
    }];
    graph
}

fn heard(what: &'static str, ms: u32) -> Heard {
    Heard { what, ms }
}

fn leg(leg: &str, codec: &str, lost: u64) -> LegView {
    LegView {
        call: "call".into(),
        leg: leg.into(),
        stream: QualityStream::Received,
        codec: codec.into(),
        packets: 300 - lost,
        lost,
        discarded: 0,
        jitter_avg_ms: Some(0.44),
        mos_avg: (lost == 0).then_some(4.36),
    }
}

fn media(graph: &CallGraph) -> CallMedia {
    let connection = graph.connections.first().expect("a connection");
    let (answered, ended) = (connection.answered_at, connection.ended_at);
    let talk = ended.zip(answered).map(|(ended, answered)| ended.0 - answered.0);
    let row = RecordingView {
        file: "2026/01/05/c-r1.wav".into(),
        state: RecordingState::Done,
        duration_ms: talk.and_then(|ms| u64::try_from(ms + 50).ok()),
        fault: None,
    };
    let sides = [vec![heard("lena", 3_000), heard("hal", 500)], Vec::new()];
    let legs = vec![leg("anchor", "PCMU", 21), leg("c-c1", "opus", 0)];
    CallMedia { recordings: vec![Recording { row, sides }], messages: Vec::new(), legs }
}

#[test]
fn what_media_left_is_a_few_lines() {
    let graph = graph();
    let played = Played { heard: vec![("hal", vec![heard("lena", 7_500)])], ..Played::default() };
    let lines = lines(scene("Bad line"), &played, Some(&media(&graph)), Some(&graph));
    insta::assert_snapshot!(lines.join("\n"), @"
    hal heard lena 7.5 s
    recording done: 2026/01/05/c-r1.wav
      60.0 s, left lena 3.0 s, hal 0.5 s; right nothing
    12.50–20.00 s warning packet loss: agent Hal Hill heard gaps in what the caller said
    lena: PCMU, MOS –, 21/300 lost, jitter 0.4 ms; hal: opus, MOS 4.4, 0/300 lost, jitter 0.4 ms
    ");
}

#[test]
fn facts_say_no_more_than_must_come_out_so_every_time() {
    let graph = graph();
    let mut media = media(&graph);
    insta::assert_snapshot!(facts(scene("Bad line"), &media, Some(&graph)).join("\n"), @"
    recording done, as long as the talk: left lena, hal; right nothing
    from lena warning packet_loss, then recovered
    from lena PCMU, packets lost, no score
    from hal opus, nothing lost, scored
    ");
    media.recordings[0].row.duration_ms = Some(0);
    let short = facts(scene("Direct call"), &media, Some(&graph));
    insta::assert_snapshot!(short.join("\n"), @"
    recording done, 60000 ms shorter than the talk: left lena, hal; right nothing
    from carl warning packet_loss, then recovered
    ");
}

#[test]
fn a_file_is_heard_side_by_side() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("r.wav");
    let file = std::fs::File::create(&path).expect("a file");
    let mut writer = Writer::new(file, phones::RATE).expect("a header");
    let sides = phones::chord(&[1_300], 1_000).into_iter().zip(phones::chord(&[1_600], 1_000));
    let frames: Vec<i16> = sides.flat_map(|(left, right)| [left, right]).collect();
    writer.write(&frames).expect("sound");
    writer.finish().expect("the end");
    assert_eq!(listen(&path), [vec![heard("nora", 1_000)], vec![heard("fay", 1_000)]]);
    assert_eq!(listen(&folder.path().join("none.wav")), [Vec::new(), Vec::new()]);
}
