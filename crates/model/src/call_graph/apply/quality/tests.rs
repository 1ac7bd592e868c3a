//! Episodes in the fold (§4.6): raised once, worsened, cleared, or ended with their leg (T03).

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::CallId;
use crate::call_graph::event::{Party, Recorded, Started};
use crate::call_graph::words::{
    ConnectionKind, ConnectionOutcome, Direction, EndReason, QualitySeverity, QualitySource,
};
use crate::call_graph::{CallGraph, apply};

/// A call with one open Connection.
fn call() -> Option<CallGraph> {
    let mut graph = None;
    let caller = Party::External { number: None, record: None, text: None };
    let started = Started {
        direction: Direction::Outbound,
        from_number: None,
        to_number: None,
        internal_number: None,
        caller,
        callee: None,
        owner: None,
        trunk: None,
        node: "t".into(),
        sip_call_id: None,
    };
    tell(&mut graph, 0, CallEvent::Started(Box::new(started)));
    let kind = ConnectionKind::Dial;
    let dial = CallEvent::DialStarted { connection: 1, kind, added_by: None, to: "+1555".into() };
    tell(&mut graph, 0, dial);
    graph
}

fn tell(graph: &mut Option<CallGraph>, at: i64, event: CallEvent) -> Vec<usize> {
    let call = CallId::from("call-1");
    apply(graph, &Recorded { call, at: Millis(at), event }).quality
}

fn raised(connection: Option<ConnectionSeq>, worst: f64) -> CallEvent {
    CallEvent::QualityRaised {
        connection,
        stream: QualityStream::Received,
        metric: QualityMetric::Jitter,
        severity: QualitySeverity::Warning,
        threshold: 30.0,
        worst,
        source: QualitySource::LocalRtp,
        explanation: "jittery".into(),
    }
}

fn worsened(worst: f64) -> CallEvent {
    CallEvent::QualityWorsened {
        connection: Some(1),
        stream: QualityStream::Received,
        metric: QualityMetric::Jitter,
        severity: QualitySeverity::Critical,
        worst,
        explanation: "very jittery".into(),
    }
}

fn cleared(connection: Option<ConnectionSeq>, worst: f64) -> CallEvent {
    CallEvent::QualityCleared {
        connection,
        stream: QualityStream::Received,
        metric: QualityMetric::Jitter,
        worst,
        explanation: "was jittery".into(),
    }
}

#[test]
fn an_episode_is_one_row_from_raise_to_clear() {
    let mut graph = call();
    assert_eq!(tell(&mut graph, 10, raised(Some(1), 40.0)), [0]);
    assert_eq!(tell(&mut graph, 15, worsened(110.0)), [0]);
    assert_eq!(tell(&mut graph, 20, cleared(Some(1), 120.0)), [0]);
    let rows = graph.unwrap().quality_events;
    let row = &rows[0];
    assert_eq!(rows.len(), 1);
    assert_eq!(&*row.id, "call-1-q1");
    assert_eq!(row.connection_id.as_deref(), Some("call-1-c1"));
    assert_eq!((row.unit, row.worst_value), (QualityUnit::Ms, 120.0));
    assert_eq!(row.severity, QualitySeverity::Critical);
    assert_eq!((row.raised_at, row.cleared_at), (Millis(10), Some(Millis(20))));
    assert_eq!(row.clear_reason, Some(QualityClear::Recovered));
    assert_eq!(row.explanation.as_deref(), Some("was jittery"));
}

#[test]
fn no_second_one_while_it_is_open_and_a_new_one_after_it() {
    let mut graph = call();
    tell(&mut graph, 10, raised(Some(1), 40.0));
    assert!(tell(&mut graph, 15, raised(Some(1), 50.0)).is_empty());
    // The other leg has an episode of its own.
    assert_eq!(tell(&mut graph, 15, raised(None, 60.0)), [1]);
    tell(&mut graph, 20, cleared(Some(1), 50.0));
    assert_eq!(tell(&mut graph, 25, raised(Some(1), 45.0)), [2]);
}

#[test]
fn what_names_no_open_episode_changes_nothing() {
    let mut graph = call();
    for event in [raised(Some(2), 40.0), raised(Some(0), 40.0), worsened(5.0), cleared(None, 1.0)] {
        assert!(tell(&mut graph, 10, event).is_empty());
    }
    assert!(graph.unwrap().quality_events.is_empty());
}

#[test]
fn an_episode_ends_with_its_leg() {
    let mut graph = call();
    tell(&mut graph, 10, raised(Some(1), 40.0));
    tell(&mut graph, 10, raised(None, 40.0));
    let end = CallEvent::ConnectionEnded {
        connection: 1,
        outcome: ConnectionOutcome::Failed,
        reason: EndReason::Error,
        sip_status: None,
        q850: None,
    };
    assert_eq!(tell(&mut graph, 20, end), [0]);
    assert_eq!(tell(&mut graph, 30, CallEvent::AnchorLeft), [1]);
    let rows = graph.unwrap().quality_events;
    let ends: Vec<_> = rows.iter().map(|row| (row.cleared_at, row.clear_reason)).collect();
    let ended = Some(QualityClear::LegEnded);
    assert_eq!(ends, [(Some(Millis(20)), ended), (Some(Millis(30)), ended)]);
}
