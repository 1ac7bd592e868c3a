//! Who reads on from where he was sees every event once and in order.

use model::call_graph::Recorded;
use proptest::prelude::*;

use super::*;
use crate::journal::{Journal, JournalOptions};
use crate::testing::{Fresh, NODE, T0, handed_on, query_plan, scripts};
use crate::writer::WriterOptions;

/// A writer's run over these inputs.
async fn run(fresh: &Fresh, inputs: &[Vec<Recorded>]) {
    let journal = Journal::open(&fresh.journal(), JournalOptions::default()).expect("a journal");
    let clock = std::sync::Arc::new(|| Millis(T0 + 300_000));
    let options = WriterOptions::new(NODE, fresh.folder.path(), clock);
    let (mut recorder, writer) = crate::writer::start(fresh.database.clone(), journal, options);
    for input in inputs {
        recorder.record(input.clone()).expect("a write");
    }
    drop(recorder);
    writer.run().await;
}

async fn after(fresh: &Fresh, id: i64, filter: &EventFilter, limit: u32) -> Vec<StoredEvent> {
    fresh.database.events_after(id, filter, limit).await.expect("events")
}

fn of_user(user: &str) -> EventFilter {
    EventFilter { user: Some(user.into()), ..EventFilter::default() }
}

fn of_call(call: &str) -> EventFilter {
    EventFilter { call: Some(call.into()), ..EventFilter::default() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn a_stream_cut_anywhere_and_resumed_shows_every_event_once(
        limits in prop::collection::vec(1..40_u32, 400),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let fresh = Fresh::new().await;
            run(&fresh, &scripts::mixed("c")).await;
            for filter in [EventFilter::default(), of_user("u-ben"), of_call("cx")] {
                let all = after(&fresh, 0, &filter, u32::MAX).await;
                assert!(all.len() > 10 && all.windows(2).all(|pair| pair[0].id < pair[1].id));
                let mut read: Vec<StoredEvent> = Vec::new();
                for limit in &limits {
                    let last = read.last().map_or(0, |event| event.id);
                    let page = after(&fresh, last, &filter, *limit).await;
                    read.extend(page);
                }
                assert_eq!(read, all);
            }
        });
    }
}

#[tokio::test]
async fn the_newest_id_is_told_with_every_commit_and_after_a_start() {
    let fresh = Fresh::new().await;
    let mut newest = fresh.database.newest_event();
    assert_eq!((*newest.borrow(), fresh.database.newest_event_id().await.expect("an id")), (0, 0));
    run(&fresh, &scripts::direct("c", 0)).await;
    assert!(newest.has_changed().expect("a database"));
    let id = *newest.borrow_and_update();
    assert_eq!(fresh.database.newest_event_id().await.expect("an id"), id);
    let url = format!("sqlite://{}", fresh.database.path().display());
    let again = Database::open(&url).await.expect("the database");
    again.migrate().await.expect("nothing to do");
    assert_eq!(*again.newest_event().borrow(), id);
}

#[tokio::test]
async fn a_call_s_events_are_numbered_and_its_absorbed_one_ends_with_its_own() {
    let fresh = Fresh::new().await;
    run(&fresh, &handed_on::absorbed("c", 0)).await;
    let kinds = |events: Vec<StoredEvent>| -> String {
        let line = |event: StoredEvent| format!("{} {}", event.seq, event.kind);
        events.into_iter().map(line).collect::<Vec<_>>().join("\n")
    };
    let second = kinds(after(&fresh, 0, &of_call("c-2"), 99).await);
    insta::assert_snapshot!(second, @"
    1 started
    2 routing_started
    3 attempt_started
    4 attempt_ringing
    5 accepted
    6 answered
    7 absorbed_into
    ");
    let first = after(&fresh, 0, &of_call("c"), 99).await;
    let joined = first.iter().find(|event| event.kind == "absorbed").expect("the event");
    insta::assert_snapshot!(joined.data, @r#"{"by":"u-ana","call":"c-2","connection":2}"#);
}

#[tokio::test]
async fn a_user_sees_what_concerns_him_from_then_on() {
    let fresh = Fresh::new().await;
    run(&fresh, &handed_on::warm("c", 0)).await;
    let ben = after(&fresh, 0, &of_user("u-ben"), 99).await;
    assert_eq!(ben.first().map(|event| event.kind.as_str()), Some("routing_started"));
    let ana = after(&fresh, 0, &of_user("u-ana"), 99).await;
    assert_eq!(ana.len(), after(&fresh, 0, &EventFilter::default(), 99).await.len());
    assert_eq!(after(&fresh, 0, &of_user("u-cat"), 99).await, []);
}

#[tokio::test]
async fn old_events_go_but_never_the_newest() {
    let fresh = Fresh::new().await;
    run(&fresh, &scripts::direct("c", 0)).await;
    let all = after(&fresh, 0, &EventFilter::default(), 99).await;
    let database = &fresh.database;
    let young = Millis(T0 + 6_000);
    assert_eq!(database.prune_events(young, 2).await.expect("a write"), 2, "as many as asked");
    let oldest = database.oldest_event_id().await.expect("an id");
    assert_eq!(oldest, Some(all[2].id));
    database.prune_events(young, 99).await.expect("a write");
    let left = after(&fresh, 0, &EventFilter::default(), 99).await;
    assert!(left.iter().all(|event| event.at >= young));
    database.prune_events(Millis(i64::MAX), 99).await.expect("a write");
    let left = after(&fresh, 0, &EventFilter::default(), 99).await;
    assert_eq!(left, all[all.len() - 1..]);
    let newest = database.newest_event_id().await.expect("an id");
    run(&fresh, &scripts::direct("d", 0)).await;
    assert_eq!(after(&fresh, newest, &EventFilter::default(), 1).await[0].id, newest + 1);
}

#[tokio::test]
async fn no_list_of_events_goes_through_all_that_a_user_was_ever_rung_for() {
    let fresh = Fresh::new().await;
    for filter in [EventFilter::default(), of_user("u-ben"), of_call("c")] {
        let plan = query_plan(&fresh.database, filter.sql()).await;
        assert!(!plan.contains("SCAN") && !plan.contains("attempt_user_time"), "{plan}");
    }
}
