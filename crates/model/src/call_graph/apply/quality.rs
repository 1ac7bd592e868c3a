//! The fold's part for Quality Events (R022, §4.6): one row for each leg, stream and metric from
//! raise to clear, no second one while it is open. What is open when its leg ends ends with it, so
//! a finished call has none that is not cleared (T03).

use std::sync::Arc;

use crate::Millis;
use crate::call_graph::event::{CallEvent, ConnectionSeq};
use crate::call_graph::graph::{CallGraph, QualityEvent};
use crate::call_graph::words::{QualityClear, QualityMetric, QualityStream, QualityUnit};

/// An episode begins; returns its row.
pub(super) fn raise(graph: &mut CallGraph, at: Millis, event: &CallEvent) -> Option<usize> {
    let CallEvent::QualityRaised {
        connection,
        stream,
        metric,
        severity,
        threshold,
        worst,
        source,
        explanation,
    } = event
    else {
        return None;
    };
    let leg = leg(graph, *connection)?;
    if open(graph, &leg, *stream, *metric).is_some() {
        return None;
    }
    let call = graph.call.id.clone();
    graph.quality_events.push(QualityEvent {
        id: format!("{call}-q{}", graph.quality_events.len() + 1).into(),
        call_id: call,
        connection_id: leg,
        stream: *stream,
        metric: *metric,
        severity: *severity,
        threshold: *threshold,
        worst_value: *worst,
        unit: unit(*metric),
        raised_at: at,
        cleared_at: None,
        clear_reason: None,
        source: *source,
        explanation: Some(explanation.clone()),
    });
    Some(graph.quality_events.len() - 1)
}

/// The open episode got worse; returns its row.
pub(super) fn worsen(graph: &mut CallGraph, event: &CallEvent) -> Option<usize> {
    let CallEvent::QualityWorsened { connection, stream, metric, severity, worst, explanation } =
        event
    else {
        return None;
    };
    let leg = leg(graph, *connection)?;
    let index = open(graph, &leg, *stream, *metric)?;
    let row = &mut graph.quality_events[index];
    row.severity = *severity;
    row.worst_value = *worst;
    row.explanation = Some(explanation.clone());
    Some(index)
}

/// The open episode is over; returns its row.
pub(super) fn clear(graph: &mut CallGraph, at: Millis, event: &CallEvent) -> Option<usize> {
    let CallEvent::QualityCleared { connection, stream, metric, worst, explanation } = event else {
        return None;
    };
    let leg = leg(graph, *connection)?;
    let index = open(graph, &leg, *stream, *metric)?;
    let row = &mut graph.quality_events[index];
    row.worst_value = *worst;
    row.explanation = Some(explanation.clone());
    row.cleared_at = Some(at);
    row.clear_reason = Some(QualityClear::Recovered);
    Some(index)
}

/// A leg has ended: `Some(None)` the anchor, `Some(id)` a Connection, `None` every one. Returns
/// the rows that changed.
pub(super) fn leg_ended(
    graph: &mut CallGraph,
    at: Millis,
    leg: Option<Option<&Arc<str>>>,
) -> Vec<usize> {
    let mut changed = Vec::new();
    for (index, row) in graph.quality_events.iter_mut().enumerate() {
        let concerned = leg.is_none_or(|leg| row.connection_id.as_ref() == leg);
        if concerned && row.cleared_at.is_none() {
            row.cleared_at = Some(at);
            row.clear_reason = Some(QualityClear::LegEnded);
            changed.push(index);
        }
    }
    changed
}

/// The unit that a metric is measured in.
fn unit(metric: QualityMetric) -> QualityUnit {
    match metric {
        QualityMetric::PacketLoss => QualityUnit::Percent,
        QualityMetric::Jitter | QualityMetric::RoundTripTime => QualityUnit::Ms,
        QualityMetric::Mos => QualityUnit::Score,
        QualityMetric::OneWayAudio | QualityMetric::MediaTimeout => QualityUnit::S,
    }
}

/// What `connection_id` holds for a leg; `None`: no such leg.
fn leg(graph: &CallGraph, connection: Option<ConnectionSeq>) -> Option<Option<Arc<str>>> {
    let Some(seq) = connection else {
        return Some(None);
    };
    let row = graph.connections.get(usize::from(seq).checked_sub(1)?)?;
    row.ended_at.is_none().then(|| Some(row.id.clone()))
}

fn open(
    graph: &CallGraph,
    leg: &Option<Arc<str>>,
    stream: QualityStream,
    metric: QualityMetric,
) -> Option<usize> {
    graph.quality_events.iter().position(|row| {
        row.cleared_at.is_none()
            && row.connection_id == *leg
            && row.stream == stream
            && row.metric == metric
    })
}

#[cfg(test)]
mod tests;
