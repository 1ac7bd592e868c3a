//! Rows and graphs are the same thing, and writing twice is writing once.

use model::call_graph::CallGraph;
use model::call_graph::graph::Context;

use super::*;
use crate::testing::{CALL_TABLES, Fresh, broken_invariants, dump, oracle, scripts};
use crate::{Commit, Repository};

fn graph_of(finished: model::call_graph::FinishedCallGraph) -> CallGraph {
    finished.into_rows()
}

async fn write(fresh: &Fresh, graph: &CallGraph) {
    let mut rows = RowBatch::default();
    rows.add_graph(graph);
    rows.outbox.push(OutboxRow::of(graph).expect("a document"));
    fresh.database.commit(&Commit { rows, ..Commit::default() }).await.expect("a commit");
}

#[tokio::test]
async fn every_reference_graph_becomes_rows_and_again_the_same_graph() {
    let fresh = Fresh::new().await;
    for (name, finished) in oracle() {
        let graph = graph_of(finished);
        write(&fresh, &graph).await;
        let read = fresh.database.call(&graph.call.id).await.expect("rows").expect("the call");
        let visits = graph.context.ivr_visits.clone();
        let expected = CallGraph {
            context: Context { ivr_visits: visits, ..Context::default() },
            ..graph.clone()
        };
        pretty(&name, &read, &expected);
    }
    let before = dump(&fresh.database, &CALL_TABLES).await;
    for (_, finished) in oracle() {
        write(&fresh, &graph_of(finished)).await;
    }
    assert_eq!(dump(&fresh.database, &CALL_TABLES).await, before, "a second time changes nothing");
    assert_eq!(broken_invariants(&fresh.database).await, Vec::<String>::new());
}

fn pretty(name: &str, read: &CallGraph, expected: &CallGraph) {
    assert_eq!(read.call, expected.call, "{name}");
    assert_eq!(read.connections, expected.connections, "{name}");
    assert_eq!(read.attempts, expected.attempts, "{name}");
    assert_eq!(read.participants, expected.participants, "{name}");
    assert_eq!(read.interactions, expected.interactions, "{name}");
    assert_eq!(read.quality_events, expected.quality_events, "{name}");
    assert_eq!(read.queue_waits, expected.queue_waits, "{name}");
    assert_eq!(read.decisions, expected.decisions, "{name}");
    assert_eq!(read.context, expected.context, "{name}");
}

#[tokio::test]
async fn a_finished_call_is_not_taken_back_by_older_rows() {
    let fresh = Fresh::new().await;
    let mut graph = None;
    let events: Vec<_> = scripts::direct("call-1", 0).into_iter().flatten().collect();
    let (early, late) = events.split_at(5);
    for event in early {
        model::call_graph::apply(&mut graph, event);
    }
    let before = graph.clone().expect("a call");
    for event in late {
        model::call_graph::apply(&mut graph, event);
    }
    write(&fresh, &graph.expect("a call")).await;
    let finished = dump(&fresh.database, &["call", "call_interaction"]).await;
    let mut rows = RowBatch::default();
    rows.calls.push(&before.call);
    rows.interactions.extend(&before.interactions);
    fresh.database.commit(&Commit { rows, ..Commit::default() }).await.expect("a commit");
    assert_eq!(dump(&fresh.database, &["call", "call_interaction"]).await, finished);
}

#[tokio::test]
async fn many_rows_need_few_statements_and_none_is_left_out() {
    let fresh = Fresh::new().await;
    let mut graphs = Vec::new();
    for n in 0..77 {
        let mut graph = None;
        for event in scripts::direct(&format!("call-{n:03}"), n).iter().flatten() {
            model::call_graph::apply(&mut graph, event);
        }
        graphs.extend(graph);
    }
    let mut rows = RowBatch::default();
    graphs.iter().for_each(|graph| rows.add_graph(graph));
    assert_eq!(rows.len(), 77 * (1 + 1 + 1 + 2 + 6 + 2));
    fresh.database.commit(&Commit { rows, ..Commit::default() }).await.expect("a commit");
    let stored = dump(&fresh.database, &CALL_TABLES).await;
    assert_eq!(stored.len(), 77 * (1 + 1 + 1 + 2 + 6 + 2));
}

#[tokio::test]
async fn waits_and_decisions_become_rows_and_again_the_same() {
    let fresh = Fresh::new().await;
    let mut graph = None;
    for event in scripts::waiting("c", 0).iter().flatten() {
        model::call_graph::apply(&mut graph, event);
    }
    let graph = graph.expect("a call");
    assert_eq!((graph.queue_waits.len(), graph.decisions.len()), (1, 3));
    write(&fresh, &graph).await;
    let read = fresh.database.call(&graph.call.id).await.expect("rows").expect("the call");
    let context = read.context.clone();
    pretty("waiting", &read, &CallGraph { context, ..graph.clone() });
    let waits = fresh.database.queue_waits(&"g-sales".into(), Millis(0), 9).await.expect("waits");
    assert_eq!(waits, graph.queue_waits);
    let decisions = fresh.database.decisions(&graph.call.id).await.expect("decisions");
    assert_eq!(&*decisions[1].lines[0].verdict, "waits as the third");
    assert_eq!(broken_invariants(&fresh.database).await, Vec::<String>::new());
}
