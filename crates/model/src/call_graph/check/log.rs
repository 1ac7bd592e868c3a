//! T11–T13: the interactions are a gap-free log from `call_started` to `call_ended` in which
//! every stage, dial and IVR visit that began also ended.

use std::collections::BTreeMap;

use super::Findings;
use crate::call_graph::graph::FinishedCallGraph;
use crate::call_graph::words::InteractionKind;

pub(super) fn check(graph: &FinishedCallGraph, found: &mut Findings) {
    let mut log: Vec<_> = graph.interactions.iter().collect();
    log.sort_by_key(|row| row.seq);
    let last = log.len();
    for (row, place) in log.iter().zip(1..) {
        found.demand(
            row.seq == place,
            "T11",
            &format_args!("interaction {}", row.seq),
            "interactions are numbered 1..n",
        );
        let first = (row.kind == InteractionKind::CallStarted) == (place == 1);
        let end = (row.kind == InteractionKind::CallEnded) == (place as usize == last);
        found.demand(
            first && end,
            "T11",
            &format_args!("interaction {}", row.seq),
            "the log begins with call_started, ends with call_ended and holds each once",
        );
    }
    found.demand(
        log.windows(2).all(|pair| pair[0].at <= pair[1].at),
        "T11",
        &"interactions",
        "never go back in time",
    );

    let mut open_stages = 0i64;
    let mut visits = BTreeMap::new();
    for row in log {
        match row.kind {
            InteractionKind::RoutingStarted | InteractionKind::DialStarted => open_stages += 1,
            InteractionKind::Answered | InteractionKind::NoAnswer => open_stages -= 1,
            InteractionKind::IvrEntered => *visits.entry(&row.ivr_id).or_insert(0i64) += 1,
            InteractionKind::IvrExited => *visits.entry(&row.ivr_id).or_insert(0i64) -= 1,
            InteractionKind::CallStarted
            | InteractionKind::MenuSelected
            | InteractionKind::MenuInvalid
            | InteractionKind::MenuTimeout
            | InteractionKind::ScheduleMatched
            | InteractionKind::Hold
            | InteractionKind::Resume
            | InteractionKind::TransferStarted
            | InteractionKind::TransferCompleted
            | InteractionKind::TransferAbandoned
            | InteractionKind::TransferReturned
            | InteractionKind::TransferUnanswered
            | InteractionKind::ParticipantLeft
            | InteractionKind::CallAbsorbed
            | InteractionKind::Dtmf
            | InteractionKind::TrunkFailover
            | InteractionKind::MediaTimeout
            | InteractionKind::DataLoss
            | InteractionKind::CallEnded => {}
        }
    }
    found.demand(
        open_stages == 0,
        "T12",
        &"interactions",
        "every routing stage or dial is answered or not answered, once",
    );
    found.demand(
        visits.values().all(|&open| open == 0),
        "T13",
        &"interactions",
        "every IVR that was entered was left",
    );
}
