//! Pages and filters of the list of calls.

use model::call_graph::Recorded;

use super::*;
use crate::repository::Commit;
use crate::rows::RowBatch;
use crate::testing::{Fresh, T0, handed_on, query_plan, scripts};

async fn write(fresh: &Fresh, inputs: &[Vec<Recorded>]) {
    let mut graphs: std::collections::BTreeMap<CallId, Option<CallGraph>> = Default::default();
    for event in inputs.iter().flatten() {
        let graph = graphs.entry(event.call.clone()).or_default();
        model::call_graph::apply(graph, event);
    }
    let mut rows = RowBatch::default();
    graphs.values().flatten().for_each(|graph| rows.add_graph(graph));
    fresh.database.commit(&Commit { rows, ..Commit::default() }).await.expect("a commit");
}

async fn ids(fresh: &Fresh, filter: CallFilter) -> Vec<String> {
    let page = fresh.database.calls(&filter, None, 99).await.expect("calls");
    assert_eq!(page.next, None);
    page.calls.into_iter().map(|call| call.id.to_string()).collect()
}

#[tokio::test]
async fn every_condition_narrows_the_list_and_absorbed_calls_are_not_in_it() {
    let fresh = Fresh::new().await;
    write(&fresh, &scripts::direct("a", 0)).await;
    write(&fresh, &scripts::outbound("b", 1_000)).await;
    write(&fresh, &scripts::internal("c", 2_000)).await;
    write(&fresh, &handed_on::absorbed("d", 3_000)).await;
    write(&fresh, &scripts::direct("e", 4_000)[..4]).await;
    let all = CallFilter::default;
    assert_eq!(ids(&fresh, all()).await, ["e", "d", "c", "b", "a"]);
    let (from, to) = (Some(Millis(T0 + 1_000)), Some(Millis(T0 + 3_000)));
    assert_eq!(ids(&fresh, CallFilter { from, to, ..all() }).await, ["c", "b"]);
    let live = |live| CallFilter { live: Some(live), ..all() };
    assert_eq!(ids(&fresh, live(true)).await, ["e"]);
    assert_eq!(ids(&fresh, live(false)).await, ["d", "c", "b", "a"]);
    let direction = Some(Direction::Outbound);
    assert_eq!(ids(&fresh, CallFilter { direction, ..all() }).await, ["b"]);
    let user = |user: &str| CallFilter { user: Some(user.into()), ..all() };
    assert!(ids(&fresh, user("u-ben")).await.contains(&"d".to_owned()), "he was consulted");
    assert_eq!(ids(&fresh, user("u-own")).await, [""; 0]);
    let number = Some("n-ana".into());
    assert_eq!(ids(&fresh, CallFilter { number, ..all() }).await, ["e", "d", "b", "a"]);
    let party = Some("+15557770001".to_owned());
    assert_eq!(ids(&fresh, CallFilter { party, ..all() }).await, ["e", "d", "b", "a"]);
    let outcome = Some(CallOutcome::Answered);
    let answered = CallFilter { outcome, direction: Some(Direction::Inbound), ..all() };
    assert_eq!(ids(&fresh, answered).await, ["d", "a"]);
    let database = &fresh.database;
    assert!(database.user_in_call(&"u-ben".into(), &"d".into()).await.expect("a read"));
    assert!(!database.user_in_call(&"u-cat".into(), &"d".into()).await.expect("a read"));
    assert_eq!(database.graph_document(&"a".into()).await.expect("a read"), None);
    let graph = database.call_graph(&"d".into()).await.expect("a read").expect("the call");
    assert_eq!(graph.connections.len(), 2);
}

#[tokio::test]
async fn pages_follow_each_other_without_a_gap() {
    let fresh = Fresh::new().await;
    for n in 0..7 {
        write(&fresh, &scripts::direct(&format!("c{n}"), i64::from(n / 3) * 1_000)).await;
    }
    let mut found = Vec::new();
    let mut after: Option<CallCursor> = None;
    loop {
        let page = fresh.database.calls(&CallFilter::default(), after.as_ref(), 2).await;
        let page = page.expect("calls");
        found.extend(page.calls.into_iter().map(|call| call.id.to_string()));
        let Some(next) = page.next else { break };
        after = Some(next.to_string().parse().expect("a cursor"));
    }
    assert_eq!(found, ["c6", "c5", "c4", "c3", "c2", "c1", "c0"]);
    for text in ["", "7", "x.c0", "7."] {
        assert_eq!(text.parse::<CallCursor>(), Err(InvalidCursor));
    }
}

#[tokio::test]
async fn what_one_user_or_number_has_is_found_without_reading_every_call() {
    let fresh = Fresh::new().await;
    let of = |change: fn(&mut CallFilter)| {
        let mut filter = CallFilter::default();
        change(&mut filter);
        filter
    };
    for filter in [
        of(|filter| filter.user = Some("u-ana".into())),
        of(|filter| filter.number = Some("n-sales".into())),
        of(|filter| filter.party = Some("+15557770001".into())),
        of(|filter| filter.live = Some(true)),
    ] {
        for after in [false, true] {
            let plan = query_plan(&fresh.database, filter.sql(after)).await;
            assert!(!plan.contains("call_time") && !plan.contains("SCAN"), "{filter:?}\n{plan}");
        }
    }
    let plan = query_plan(&fresh.database, CallFilter::default().sql(true)).await;
    assert!(plan.contains("SEARCH c USING INDEX call_time"), "{plan}");
    let plan = query_plan(&fresh.database, IS_OF_USER.to_owned()).await;
    assert!(!plan.contains("SCAN") && !plan.contains("attempt_user_time"), "{plan}");
}
