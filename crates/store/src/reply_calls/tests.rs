//! A missed call is somebody's task until somebody calls back (R111, D33).

use model::Millis;
use model::call_graph::{CallGraph, Recorded};

use super::*;
use crate::conversations::assign_document;
use crate::recover;
use crate::rows::OutboxRow;
use crate::testing::{Fresh, NODE, T0, broken_invariants, oracle, scenario_directory, scripts};
use crate::{Commit, ImportMode, Journal, JournalOptions, Repository};

async fn enabled() -> Fresh {
    let fresh = Fresh::new().await;
    let mut file = scenario_directory();
    file.settings.reply_calls_enabled = Some(true);
    let report = fresh.database.import(&file, "tandem.test", ImportMode::Apply, Millis(T0)).await;
    assert!(report.expect("an import").applied);
    fresh
}

fn graph(inputs: &[Vec<Recorded>]) -> CallGraph {
    let mut graph = None;
    for event in inputs.iter().flatten() {
        model::call_graph::apply(&mut graph, event);
    }
    graph.expect("a call")
}

async fn write(fresh: &Fresh, graph: &CallGraph) {
    let mut rows = RowBatch::default();
    rows.add_graph(graph);
    if graph.call.state == CallState::Finished {
        rows.outbox.push(OutboxRow::of(graph).expect("a document"));
    }
    fresh.database.commit(&Commit { rows, ..Commit::default() }).await.expect("a commit");
}

async fn tasks(fresh: &Fresh) -> Vec<String> {
    let mut tasks = Vec::new();
    for state in ["open", "done"] {
        for task in fresh.database.reply_calls(state, 9).await.expect("tasks") {
            let owner = task.owner_user.map(|user| user.to_string());
            let group = task.owner_group.map(|group| group.to_string());
            let owner = owner.or(group).unwrap_or_default();
            let done = task.done_call.map(|call| format!(" by {call}")).unwrap_or_default();
            tasks.push(format!("{} of {owner}: {state}{done}", task.missed_call));
        }
    }
    tasks.sort();
    assert_eq!(broken_invariants(&fresh.database).await, Vec::<String>::new());
    tasks
}

#[tokio::test]
async fn the_first_call_back_closes_every_task_of_the_number_when_it_begins() {
    let fresh = enabled().await;
    for (id, start) in [("m1", 0), ("m2", 60_000)] {
        write(&fresh, &graph(&scripts::missed(id, start))).await;
    }
    assert_eq!(tasks(&fresh).await, ["m1 of u-mia: open", "m2 of u-mia: open"]);
    let (back, late) = (scripts::outbound("back", 120_000), scripts::outbound("late", 130_000));
    write(&fresh, &graph(&back[..1])).await;
    let done = ["m1 of u-mia: done by back", "m2 of u-mia: done by back"];
    assert_eq!(tasks(&fresh).await, done);
    write(&fresh, &graph(&late)).await;
    write(&fresh, &graph(&back)).await;
    write(&fresh, &graph(&back)).await;
    assert_eq!(tasks(&fresh).await, done);
    let reply_to = |id: &'static str| {
        let database = fresh.database.clone();
        async move {
            let call = database.call(&id.into()).await.expect("rows").expect("the call");
            call.call.reply_to_call_id
        }
    };
    assert_eq!(reply_to("back").await, Some("m2".into()), "the newest one");
    assert_eq!(reply_to("late").await, None);
}

#[tokio::test]
async fn a_task_is_closed_though_the_setting_was_switched_off_meanwhile() {
    let fresh = enabled().await;
    write(&fresh, &graph(&scripts::missed("m", 0))).await;
    let mut file = scenario_directory();
    file.settings.reply_calls_enabled = Some(false);
    let report = fresh.database.import(&file, "tandem.test", ImportMode::Apply, Millis(T0)).await;
    assert!(report.expect("an import").applied);
    write(&fresh, &graph(&scripts::missed("n", 0))).await;
    write(&fresh, &graph(&scripts::outbound("back", 60_000))).await;
    assert_eq!(tasks(&fresh).await, ["m of u-mia: done by back"]);
}

#[tokio::test]
async fn a_call_that_began_before_is_no_reply() {
    let fresh = enabled().await;
    write(&fresh, &graph(&scripts::outbound("early", 20_000)[..2])).await;
    write(&fresh, &graph(&scripts::missed("m", 0))).await;
    write(&fresh, &graph(&scripts::outbound("early", 20_000))).await;
    assert_eq!(tasks(&fresh).await, ["m of u-mia: open"]);
}

#[tokio::test]
async fn a_group_may_own_the_task_and_nobody_owns_one_of_a_withheld_caller() {
    let fresh = enabled().await;
    let mut missed = graph(&scripts::missed("m", 0));
    missed.call.missed_call_owner_user_id = None;
    missed.call.missed_call_owner_group_id = Some("g-supp".into());
    write(&fresh, &missed).await;
    let mut withheld = graph(&scripts::missed("w", 0));
    withheld.call.from_number = None;
    write(&fresh, &withheld).await;
    let mut ownerless = graph(&scripts::missed("o", 0));
    ownerless.call.missed_call_owner_user_id = None;
    write(&fresh, &ownerless).await;
    assert_eq!(tasks(&fresh).await, ["m of g-supp: open"]);
}

#[tokio::test]
async fn nothing_is_opened_while_the_setting_is_off_or_from_a_document() {
    let fresh = Fresh::new().await;
    write(&fresh, &graph(&scripts::missed("m", 0))).await;
    assert_eq!(tasks(&fresh).await, Vec::<String>::new());
    let fresh = enabled().await;
    for (name, document) in oracle() {
        let document = serde_json::to_string(&document).expect("JSON");
        for source in [conversation::Source::Live, conversation::Source::Historic] {
            let now = Millis(T0 + 99_000);
            assign_document(&fresh.database, &document, source, now).await.expect(&name);
        }
    }
    assert_eq!(tasks(&fresh).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_kill_between_begin_and_end_of_the_call_back_loses_no_reply() {
    let fresh = enabled().await;
    write(&fresh, &graph(&scripts::missed("m", 0))).await;
    let back = scripts::outbound("back", 60_000);
    write(&fresh, &graph(&back[..2])).await;
    let options = JournalOptions::default();
    let mut journal = Journal::open(&fresh.journal(), options).expect("a journal");
    for input in &back[..2] {
        journal.append(input).expect("a write");
    }
    drop(journal);
    let (journal, rejected) = (fresh.journal(), fresh.rejected());
    let done = recover(&fresh.database, &journal, &rejected, NODE, &fresh.directory).await;
    assert_eq!(done.expect("a recovery").swept, ["back".into()]);
    assert_eq!(tasks(&fresh).await, ["m of u-mia: done by back"]);
}
