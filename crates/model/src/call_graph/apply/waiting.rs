//! The part of the recorder that folds menus, schedules, queues and decisions. Menus and schedules
//! are interactions (§6.2.9); waits and decisions have rows of their own that are not handed off.

use crate::Millis;
use crate::call_graph::event::{CallEvent, ConnectionSeq, Decision};
use crate::call_graph::graph::{CallGraph, DecisionRow, QueueWait};
use crate::call_graph::words::QueueExit;

/// A caller begins to wait. Returns the row.
pub(super) fn enter(graph: &mut CallGraph, at: Millis, event: &CallEvent) -> Option<usize> {
    let CallEvent::QueueEntered { connection, ivr, group, priority, position } = event else {
        return None;
    };
    let connection = graph.connections.get(usize::from(*connection).checked_sub(1)?)?;
    let seq = u16::try_from(graph.queue_waits.len() + 1).unwrap_or(u16::MAX);
    graph.queue_waits.push(QueueWait {
        call_id: graph.call.id.clone(),
        seq,
        connection_id: connection.id.clone(),
        ivr_id: ivr.clone(),
        group_id: group.clone(),
        priority: *priority,
        position: *position,
        entered_at: at,
        left_at: None,
        exit: None,
    });
    Some(graph.queue_waits.len() - 1)
}

/// He waits no longer. Returns the row; `None`: he did not wait.
pub(super) fn leave(
    graph: &mut CallGraph,
    at: Millis,
    connection: ConnectionSeq,
    exit: QueueExit,
) -> Option<usize> {
    let index = usize::from(connection).checked_sub(1)?;
    let connection = graph.connections.get(index)?.id.clone();
    let open = |row: &QueueWait| row.connection_id == connection && row.left_at.is_none();
    let row = graph.queue_waits.iter().rposition(open)?;
    graph.queue_waits[row].left_at = Some(at);
    graph.queue_waits[row].exit = Some(exit);
    Some(row)
}

/// Something was decided. Returns the row.
pub(super) fn decide(graph: &mut CallGraph, at: Millis, lines: &[Decision]) -> usize {
    let seq = u16::try_from(graph.decisions.len() + 1).unwrap_or(u16::MAX);
    graph.decisions.push(DecisionRow {
        call_id: graph.call.id.clone(),
        seq,
        at,
        lines: lines.to_vec(),
    });
    graph.decisions.len() - 1
}
