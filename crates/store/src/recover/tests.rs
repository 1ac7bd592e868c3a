//! Every call that a crash cut off is closed with every invariant (D47).

use model::call_graph::Recorded;
use model::call_graph::words::{ConnectionKind, EndReason};
use model::{Millis, UserId};

use super::*;
use crate::stream::EventFilter;
use crate::testing::scripts::{self, Script};
use crate::testing::{
    CALL_TABLES, Fresh, NODE, T0, broken_invariants, data, dump, handed_on, stream,
};
use crate::{Journal, JournalOptions};

async fn recovered(fresh: &Fresh) -> Recovered {
    let (journal, rejected) = (fresh.journal(), fresh.rejected());
    recover(&fresh.database, &journal, &rejected, NODE, &fresh.directory).await.expect("a recovery")
}

fn write_journal(fresh: &Fresh, inputs: &[Vec<Recorded>]) {
    let mut journal =
        Journal::open(&fresh.journal(), JournalOptions::default()).expect("a journal");
    for input in inputs {
        journal.append(input).expect("a write");
    }
}

async fn check_all_over(fresh: &Fresh) {
    let sql = "SELECT count(*) FROM call WHERE state <> 'absorbed' AND (state <> 'finished' OR \
               NOT EXISTS (SELECT 1 FROM graph_outbox o WHERE o.call_id = call.id))";
    let open: i64 = sqlx::query_scalar(sql).fetch_one(fresh.database.reader()).await.expect("rows");
    assert_eq!(open, 0);
    assert_eq!(broken_invariants(&fresh.database).await, Vec::<String>::new());
    assert!(segments::list(&fresh.journal()).expect("a list").is_empty());
}

#[tokio::test]
async fn a_call_cut_off_after_any_input_is_closed_with_every_invariant() {
    let schema = std::fs::read(data().join("oracle/finished_call_graph.schema.json"));
    let schema = serde_json::from_slice(&schema.expect("the schema")).expect("JSON");
    let schema = jsonschema::validator_for(&schema).expect("a schema");
    let fresh = Fresh::new().await;
    let mut swept = 0;
    let mut inputs = Vec::new();
    for (n, script) in scripts::all("").into_iter().enumerate() {
        for cut in 1..script.len() {
            swept += 1;
            let rename = |event: &Recorded| Recorded {
                call: format!("s{n}-{cut}").as_str().into(),
                ..event.clone()
            };
            inputs.extend(
                script.iter().take(cut).map(|input| input.iter().map(rename).collect::<Vec<_>>()),
            );
        }
    }
    write_journal(&fresh, &inputs);
    let done = recovered(&fresh).await;
    assert_eq!(done.swept.len(), swept);
    assert_eq!((done.completed.len(), done.rejected.len()), (0, 0));
    check_all_over(&fresh).await;
    let sql = "SELECT payload FROM graph_outbox";
    let payloads: Vec<String> =
        sqlx::query_scalar(sql).fetch_all(fresh.database.reader()).await.expect("rows");
    for payload in payloads {
        let document = serde_json::from_str(&payload).expect("JSON");
        let faults: Vec<String> =
            schema.iter_errors(&document).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{faults:?}");
    }
    let sql = "SELECT DISTINCT ended_by || ' ' || outcome FROM call ORDER BY 1";
    let ends: Vec<String> =
        sqlx::query_scalar(sql).fetch_all(fresh.database.reader()).await.expect("rows");
    assert_eq!(ends, ["system answered", "system failed", "system missed"]);
}

#[tokio::test]
async fn recovering_twice_changes_nothing() {
    let fresh = Fresh::new().await;
    let inputs = scripts::mixed("c");
    let cut = inputs.len() - 3;
    write_journal(&fresh, &inputs[..cut]);
    let first = recovered(&fresh).await;
    assert!(!first.swept.is_empty() && !first.completed.is_empty());
    let rows = dump(&fresh.database, &CALL_TABLES).await;
    let told = stream(&fresh.database).await;
    write_journal(&fresh, &inputs);
    let second = recovered(&fresh).await;
    assert_eq!((second.swept.len(), second.completed.len()), (0, 0));
    assert_eq!(dump(&fresh.database, &CALL_TABLES).await, rows);
    assert_eq!(stream(&fresh.database).await, told);
    check_all_over(&fresh).await;
}

#[tokio::test]
async fn an_event_that_was_carried_over_twice_counts_once() {
    let fresh = Fresh::new().await;
    let inputs = scripts::simulring("c", 0);
    write_journal(&fresh, &inputs);
    let number = segments::list(&fresh.journal()).expect("a list").len() as u64;
    // As a crash leaves it that came between the new segment and the end of the old ones.
    let (first, copy) =
        (segments::path(&fresh.journal(), number), segments::path(&fresh.journal(), number + 1));
    std::fs::copy(first, copy).expect("a copy");
    let done = recovered(&fresh).await;
    assert_eq!(done.completed.len(), 1);
    check_all_over(&fresh).await;
}

#[tokio::test]
async fn a_call_whose_journal_is_gone_is_closed_from_its_rows() {
    let fresh = Fresh::new().await;
    for script in scripts::all("c") {
        let mut graph = None;
        for event in script[..script.len() - 1].iter().flatten() {
            apply(&mut graph, event);
        }
        let graph = graph.expect("a call");
        let mut rows = RowBatch::default();
        rows.add_graph(&graph);
        let commit = Commit { rows, ..Commit::default() };
        fresh.database.commit(&commit).await.expect("a commit");
    }
    let alive = Millis(T0 + 500_000);
    let commit = Commit { heartbeat: Some((NODE, alive)), ..Commit::default() };
    fresh.database.commit(&commit).await.expect("a heartbeat");
    let done = recovered(&fresh).await;
    assert_eq!(done.swept.len(), 9);
    check_all_over(&fresh).await;
    let sql = "SELECT DISTINCT ended_at FROM call";
    let ends: Vec<i64> =
        sqlx::query_scalar(sql).fetch_all(fresh.database.reader()).await.expect("rows");
    assert_eq!(ends, [alive.0], "the node lived longer than the last row");
}

#[tokio::test]
async fn another_node_s_calls_are_left_alone() {
    let fresh = Fresh::new().await;
    let mut graph = None;
    for event in &scripts::direct("c", 0)[0] {
        apply(&mut graph, event);
    }
    let mut graph = graph.expect("a call");
    graph.call.node = Some("tandem-2".into());
    let mut rows = RowBatch::default();
    rows.add_graph(&graph);
    fresh.database.commit(&Commit { rows, ..Commit::default() }).await.expect("a commit");
    assert_eq!(recovered(&fresh).await.swept.len(), 0);
}

#[tokio::test]
async fn rows_ahead_of_a_journal_that_lost_its_last_second_are_kept() {
    let fresh = Fresh::new().await;
    let script = scripts::direct("c", 0);
    write_journal(&fresh, &script[..2]);
    let mut graph = None;
    for event in script[..5].iter().flatten() {
        apply(&mut graph, event);
    }
    let graph = graph.expect("a call");
    let mut rows = RowBatch::default();
    rows.add_graph(&graph);
    fresh.database.commit(&Commit { rows, ..Commit::default() }).await.expect("a commit");
    assert_eq!(recovered(&fresh).await.swept.len(), 1);
    check_all_over(&fresh).await;
    let call = fresh.database.call(&"c".into()).await.expect("rows").expect("the call");
    assert_eq!(call.call.outcome.map(|outcome| outcome.as_str()), Some("answered"));
}

#[tokio::test]
async fn a_consultation_that_was_open_gets_its_final_state() {
    let fresh = Fresh::new().await;
    let mut script = scripts::direct("c", 0);
    script.pop();
    let mut graph = None;
    for event in script.iter().flatten() {
        apply(&mut graph, event);
    }
    let mut graph = graph.expect("a call");
    let mut consult = graph.connections[0].clone();
    consult.id = "c-c2".into();
    consult.seq = 2;
    consult.kind = ConnectionKind::Consult;
    consult.opened_by_user_id = Some(UserId::from("u-ana"));
    (consult.answered_at, consult.bridged_at, consult.outcome) = (None, None, None);
    consult.answered_user_id = None;
    graph.connections.push(consult);
    let closed = sweep(graph, None, &fresh.directory).graph;
    let state = closed.connections[1].transfer_state.map(|state| state.as_str());
    assert_eq!(state, Some("unanswered"));
    assert_eq!(closed.connections[1].end_reason, Some(EndReason::Error));
    let kinds: Vec<&str> = closed.interactions.iter().map(|row| row.kind.as_str()).collect();
    assert!(kinds.ends_with(&["transfer_unanswered", "call_ended"]), "{kinds:?}");
}

#[tokio::test]
async fn a_call_that_the_schema_refuses_is_set_aside_and_the_others_are_written() {
    let fresh = Fresh::new().await;
    let mut inputs = scripts::mixed("c");
    inputs.extend(
        Script::new("bad", 0)
            .at(
                0,
                vec![scripts::started(
                    model::call_graph::words::Direction::Inbound,
                    scripts::carl(),
                    Some(scripts::user("u-nobody")),
                )],
            )
            .inputs(),
    );
    write_journal(&fresh, &inputs);
    let done = recovered(&fresh).await;
    assert_eq!(done.completed.len(), 11);
    assert_eq!(done.rejected, ["bad".into()]);
    assert!(fresh.rejected().join("bad.json").exists());
    check_all_over(&fresh).await;
}

#[tokio::test]
async fn who_waited_waits_no_longer_and_the_group_that_owns_the_miss_is_known() {
    let mut fresh = Fresh::new().await;
    let mut ivr = fresh.directory.ivr(&"ivr-sales".into()).expect("ivr-sales").clone();
    ivr.missed_call_owner_group = Some("g-supp".into());
    fresh.directory.add_ivr(ivr);
    write_journal(&fresh, &scripts::waiting("c", 0)[..5]);
    assert_eq!(recovered(&fresh).await.swept.len(), 1);
    check_all_over(&fresh).await;
    let call = fresh.database.call(&"c".into()).await.expect("rows").expect("the call");
    let wait = call.queue_waits.first().expect("he waited");
    assert_eq!(wait.exit.map(|exit| exit.as_str()), Some("stopped"));
    assert_eq!(wait.left_at, call.call.ended_at);
    assert_eq!(call.decisions.len(), 3);
    assert_eq!(call.call.missed_call_owner_group_id, Some("g-supp".into()));
}

#[tokio::test]
async fn two_calls_that_become_one_are_closed_wherever_they_are_cut_off() {
    let fresh = Fresh::new().await;
    let length = handed_on::absorbed("c", 0).len();
    let mut inputs = Vec::new();
    for cut in 1..length {
        inputs.extend(handed_on::absorbed(&format!("c{cut}"), 0).into_iter().take(cut));
    }
    write_journal(&fresh, &inputs);
    let done = recovered(&fresh).await;
    assert_eq!(done.rejected, []);
    check_all_over(&fresh).await;
    let sql = "SELECT count(*) FROM call WHERE state = 'absorbed'";
    let absorbed: i64 =
        sqlx::query_scalar(sql).fetch_one(fresh.database.reader()).await.expect("rows");
    assert_eq!(absorbed, 1, "only once they are joined");
}

#[tokio::test]
async fn a_database_that_knows_of_the_joining_and_a_journal_that_does_not() {
    let fresh = Fresh::new().await;
    let inputs = handed_on::absorbed("c", 0);
    let joined = inputs.len() - 1;
    let mut graphs: BTreeMap<CallId, Option<CallGraph>> = BTreeMap::new();
    for event in inputs[..joined].iter().flatten() {
        apply(graphs.entry(event.call.clone()).or_default(), event);
    }
    let mut rows = RowBatch::default();
    graphs.values().flatten().for_each(|graph| rows.add_rewritten(graph));
    fresh.database.commit(&Commit { rows, ..Commit::default() }).await.expect("a commit");
    write_journal(&fresh, &inputs[..joined - 1]);
    let done = recovered(&fresh).await;
    assert_eq!(done.swept, ["c".into()]);
    assert_eq!(broken_but_the_stream(&fresh).await, Vec::<String>::new());
    let call = fresh.database.call(&"c".into()).await.expect("rows").expect("the call");
    assert_eq!(call.connections.len(), 2);
}

#[tokio::test]
async fn two_calls_whose_joining_only_the_journal_knows_stay_one() {
    let inputs = handed_on::absorbed("c", 0);
    for cut in 1..inputs.len() {
        let fresh = Fresh::new().await;
        let mut graphs: BTreeMap<CallId, Option<CallGraph>> = BTreeMap::new();
        for event in inputs[..cut].iter().flatten() {
            apply(graphs.entry(event.call.clone()).or_default(), event);
        }
        let mut rows = RowBatch::default();
        graphs.values().flatten().for_each(|graph| rows.add_graph(graph));
        fresh.database.commit(&Commit { rows, ..Commit::default() }).await.expect("a commit");
        write_journal(&fresh, &inputs);
        let done = recovered(&fresh).await;
        assert_eq!(done.swept, [], "cut off after {cut}");
        check_all_over(&fresh).await;
        let second = fresh.database.call(&"c-2".into()).await.expect("rows").expect("the call");
        assert_eq!(second.call.state, CallState::Absorbed, "cut off after {cut}");
    }
}

/// The rows of this test were written without their events.
async fn broken_but_the_stream(fresh: &Fresh) -> Vec<String> {
    let broken = broken_invariants(&fresh.database).await;
    broken.into_iter().filter(|name| !name.starts_with("E02")).collect()
}

#[tokio::test]
async fn a_party_who_waits_in_a_slot_is_told_that_nobody_came() {
    let fresh = Fresh::new().await;
    write_journal(&fresh, &handed_on::parked("c", 0)[..5]);
    assert_eq!(recovered(&fresh).await.swept.len(), 1);
    check_all_over(&fresh).await;
    let call = fresh.database.call(&"c".into()).await.expect("rows").expect("the call");
    let kinds: Vec<&str> = call.interactions.iter().map(|row| row.kind.as_str()).collect();
    assert!(kinds.ends_with(&["transfer_unanswered", "call_ended"]), "{kinds:?}");
}

#[tokio::test]
async fn the_stream_goes_on_beyond_what_the_database_has() {
    let fresh = Fresh::new().await;
    let script = scripts::direct("c", 0);
    write_journal(&fresh, &script[..2]);
    let mut telling = Telling::default();
    script[..5].iter().flatten().for_each(|event| telling.tell(event));
    let mut graph = None;
    for event in script[..5].iter().flatten() {
        apply(&mut graph, event);
    }
    let graph = graph.expect("a call");
    let mut rows = RowBatch::default();
    rows.add_graph(&graph);
    rows.events.extend(telling.rows());
    let last = telling.rows().len();
    fresh.database.commit(&Commit { rows, ..Commit::default() }).await.expect("a commit");
    let before = stream(&fresh.database).await;
    assert_eq!(recovered(&fresh).await.swept.len(), 1);
    check_all_over(&fresh).await;
    let after = stream(&fresh.database).await;
    assert!(after.len() > last && before.iter().all(|line| after.contains(line)));
}

#[tokio::test]
async fn what_was_pruned_of_the_stream_does_not_come_again() {
    for length in [6, scripts::direct("c", 0).len()] {
        let fresh = Fresh::new().await;
        let script = scripts::direct("c", 0);
        let mut telling = Telling::default();
        let mut graph = None;
        for event in script[..5].iter().flatten() {
            telling.tell(event);
            apply(&mut graph, event);
        }
        let graph = graph.expect("a call");
        let mut rows = RowBatch::default();
        rows.add_graph(&graph);
        rows.events.extend(telling.rows());
        fresh.database.commit(&Commit { rows, ..Commit::default() }).await.expect("a commit");
        let last = fresh.database.newest_event_id().await.expect("an id");
        let pruned = fresh.database.prune_events(Millis(i64::MAX), 2).await.expect("a write");
        assert_eq!(pruned, 2);
        write_journal(&fresh, &script[..length]);
        recovered(&fresh).await;
        let after = fresh.database.events_after(last, &EventFilter::default(), 99).await;
        let after = after.expect("events");
        assert!(!after.is_empty());
        let told = i64::try_from(telling.rows().len()).expect("a few");
        assert!(after.iter().all(|event| i64::from(event.seq) > told), "{after:?}");
    }
}
