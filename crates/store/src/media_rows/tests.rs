//! What media tells is written once, in order, after the calls that it names, and within limits.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use model::Millis;
use model::call_graph::words::QualityStream;
use model::leg_quality::StreamQuality;

use super::*;
use crate::journal::{Journal, JournalOptions};
use crate::testing::{Fresh, NODE, T0, dump, scripts};
use crate::writer::{Recorder, Writer, WriterOptions};
use crate::{Database, Repository};

const CALL: &str = "c0";

fn id(n: u8) -> RecordingId {
    RecordingId(format!("{CALL}-r{n}").into())
}

fn began(n: u8) -> MediaRow {
    let file = format!("2026/01/05/{CALL}-r{n}.wav").into();
    let (call, format) = (CallId::from(CALL), RecordingFormat::Wav);
    MediaRow::Recording(id(n), RecordingChange::Began { call, file, format, at: Millis(T0) })
}

fn ended(n: u8, at: i64) -> MediaRow {
    let sha256 = Some("ab".repeat(32).into());
    let change = RecordingChange::Ended { at: Millis(at), duration_ms: 1234, bytes: 99, sha256 };
    MediaRow::Recording(id(n), change)
}

fn quality(leg: BridgeLeg) -> MediaRow {
    let stream = |stream| StreamQuality {
        stream,
        codec: "PCMU".into(),
        packets: 500,
        lost: 3,
        discarded: 0,
        duplicate: 1,
        jitter_avg_ms: Some(1.5),
        jitter_max_ms: Some(4.0),
        rtt_avg_ms: None,
        rtt_max_ms: None,
        mos_avg: Some(4.38),
        mos_min: Some(4.1),
    };
    let streams = vec![stream(QualityStream::Received), stream(QualityStream::Sent)];
    MediaRow::LegQuality(LegQuality { call: CallId::from(CALL), leg, streams })
}

fn report() -> MediaRow {
    MediaRow::ClientReport(Box::new(ClientReport {
        call: None,
        sip_call_id: "abc@phone".into(),
        user: Some("u-ana".into()),
        at: Millis(T0),
        kind: "session".into(),
        loss_percent: Some(5.0),
        discard_percent: None,
        jitter_ms: Some(10.0),
        rtt_ms: None,
        mos_lq: Some(4.2),
        mos_cq: None,
        body: "VQSessionReport: CallTerm".into(),
    }))
}

fn start(fresh: &Fresh) -> (Recorder, Writer<Database>) {
    let journal = Journal::open(&fresh.journal(), JournalOptions::default()).expect("a journal");
    let clock = Arc::new(|| Millis(T0 + 100_000));
    let options = WriterOptions::new(NODE, fresh.folder.path(), clock);
    crate::writer::start(fresh.database.clone(), journal, options)
}

/// Runs a writer over these, with a finished call first.
async fn written(fresh: &Fresh, rows: Vec<MediaRow>) {
    let (mut recorder, writer) = start(fresh);
    let run = tokio::spawn(writer.run());
    for input in scripts::mixed("c") {
        recorder.record(input).expect("a write");
    }
    for row in rows {
        recorder.behind().media(row);
    }
    drop(recorder);
    run.await.expect("the writer");
}

async fn states(database: &Database) -> Vec<(String, String)> {
    sqlx::query_as("SELECT id, state FROM recording ORDER BY id")
        .fetch_all(database.reader())
        .await
        .expect("recordings")
}

#[tokio::test]
async fn what_media_tells_is_written_with_or_after_its_call() {
    let fresh = Fresh::new().await;
    let unknown = MediaRow::LegQuality(LegQuality {
        call: "nobody".into(),
        leg: BridgeLeg::Anchor,
        streams: Vec::new(),
    });
    let rows = vec![
        quality(BridgeLeg::Anchor),
        quality(BridgeLeg::Connection(1)),
        unknown,
        report(),
        began(1),
        ended(1, T0 + 5),
    ];
    let calls: Vec<String> = sqlx::query_scalar("SELECT id FROM call ORDER BY id")
        .fetch_all(fresh.database.reader())
        .await
        .expect("calls");
    assert!(calls.is_empty());
    written(&fresh, rows).await;
    let legs: Vec<(String, String)> =
        sqlx::query_as("SELECT leg, stream FROM leg_quality ORDER BY leg, stream")
            .fetch_all(fresh.database.reader())
            .await
            .expect("rows");
    let legs: Vec<_> = legs.iter().map(|(leg, stream)| (&**leg, &**stream)).collect();
    assert_eq!(
        legs,
        [("anchor", "received"), ("anchor", "sent"), ("c0-c1", "received"), ("c0-c1", "sent"),]
    );
    assert_eq!(states(&fresh.database).await, [("c0-r1".into(), "done".into())]);
    let view = fresh.database.call_media(&"c0".into()).await.expect("two queries");
    assert_eq!(view.recordings.len(), 1);
    assert_eq!(view.recordings[0].file, "2026/01/05/c0-r1.wav");
    assert!(view.recordings[0].duration_ms.is_some());
    assert_eq!(
        view.legs.iter().map(|leg| &*leg.leg).collect::<Vec<_>>(),
        ["anchor", "anchor", "c0-c1", "c0-c1"]
    );
    assert_eq!(dump(&fresh.database, &["client_report"]).await.len(), 1);
}

#[tokio::test]
async fn a_recording_that_failed_stays_failed_and_knows_its_file() {
    let fresh = Fresh::new().await;
    let failed = RecordingChange::Failed { at: Millis(T0 + 3), cause: "disk full".into() };
    let pause = RecordingChange::Paused { at: Millis(T0 + 1) };
    let rows = vec![
        began(1),
        MediaRow::Recording(id(1), pause),
        MediaRow::Recording(id(1), failed),
        ended(1, T0 + 9),
        // Twice is once.
        began(1),
        ended(1, T0 + 99),
    ];
    written(&fresh, rows).await;
    let row: (String, String, i64, i64) =
        sqlx::query_as("SELECT state, fault, bytes, ended_at FROM recording")
            .fetch_one(fresh.database.reader())
            .await
            .expect("the row");
    assert_eq!(row, ("failed".into(), "disk full".into(), 99, T0 + 3));
}

#[tokio::test]
async fn what_a_kill_cut_off_is_found_at_the_start_and_closed_once() {
    let fresh = Fresh::new().await;
    written(&fresh, vec![began(1), began(2), ended(2, T0 + 9)]).await;
    let open = fresh.database.open_recordings(NODE).await.expect("a list");
    assert_eq!(open.iter().map(|row| &row.id).collect::<Vec<_>>(), [&id(1)]);
    assert_eq!(open[0].file, "2026/01/05/c0-r1.wav");
    assert!(fresh.database.open_recordings("another").await.expect("a list").is_empty());
    let at = Millis(T0 + 7);
    let gone = Interrupted { id: id(1), at, duration_ms: None, bytes: None, sha256: None };
    fresh.database.close_interrupted(&[gone]).await.expect("a write");
    assert!(fresh.database.open_recordings(NODE).await.expect("a list").is_empty());
    let fault: Option<String> =
        sqlx::query_scalar("SELECT fault FROM recording WHERE state = 'interrupted'")
            .fetch_one(fresh.database.reader())
            .await
            .expect("the row");
    assert_eq!(fault.as_deref(), Some("the file is gone"));
}

#[tokio::test]
async fn only_recordings_whose_time_is_over_expire() {
    let fresh = Fresh::new().await;
    let rows = vec![began(1), ended(1, T0 + 10), began(2), ended(2, T0 + 20), began(3)];
    written(&fresh, rows).await;
    let old = fresh.database.old_recordings(Millis(T0 + 15), 10).await.expect("a list");
    let old: Vec<RecordingId> = old.into_iter().map(|row| row.id).collect();
    assert_eq!(old, [id(1)]);
    fresh.database.expire_recordings(&[id(1), id(3)]).await.expect("a write");
    let states = states(&fresh.database).await;
    let states: Vec<&str> = states.iter().map(|(_, state)| &**state).collect();
    assert_eq!(states, ["expired", "done", "recording"]);
}

#[tokio::test]
async fn rows_beyond_the_limit_are_dropped_and_counted() {
    let fresh = Fresh::new().await;
    let (recorder, writer) = start(&fresh);
    let behind = recorder.behind();
    for _ in 0..=100_000 {
        behind.media(quality(BridgeLeg::Anchor));
    }
    let lost = &writer.metrics().lost_media_rows;
    assert_eq!(lost.load(std::sync::atomic::Ordering::Relaxed), 1);
}
