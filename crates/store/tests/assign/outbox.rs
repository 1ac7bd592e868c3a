//! §7.1: the outbox is emptied in order, a graph that fails does not take others with it, comes
//! again later, and is given up after its tries.

use model::Millis;
use model::call_graph::FinishedCallGraph;
use store::conversations::{LEASE_MS, MAX_TRIES, assign_due, release_leases};

use super::support::{Book, NOW, graph, run, store_rows};

async fn hand_off(book: &Book, graph: &FinishedCallGraph, payload: &str) {
    let mut transaction = book.database.begin().await.unwrap();
    store_rows(&mut transaction, graph).await;
    let sql =
        "INSERT INTO graph_outbox(call_id, revision, payload, created_at) VALUES (?, ?, ?, ?)";
    sqlx::query(sql)
        .bind(graph.call_id.as_str())
        .bind(i64::from(graph.revision))
        .bind(payload)
        .bind(graph.emitted_at.0)
        .execute(&mut *transaction)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
}

fn json(graph: &FinishedCallGraph) -> String {
    serde_json::to_string(graph).unwrap()
}

async fn states(book: &Book) -> String {
    let sql = "SELECT call_id, state, tries FROM graph_outbox ORDER BY call_id";
    let rows: Vec<String> = book.all(sql, None).await.iter().map(|row| row.join(" ")).collect();
    rows.join("\n")
}

#[test]
fn one_that_fails_does_not_take_the_others_with_it() {
    run(async {
        let book = Book::new().await;
        let (good, unknown_user) = (graph("S01"), graph("S03"));
        hand_off(&book, &good, &json(&good)).await;
        let broken = json(&unknown_user).replace("u-own", "u-nobody");
        hand_off(&book, &unknown_user, &broken).await;
        let invalid = graph("S04");
        hand_off(&book, &invalid, &json(&invalid).replace("\"finished\"", "\"routing\"")).await;
        let newer = graph("S05");
        hand_off(&book, &newer, &json(&newer).replace("call_graph/1", "call_graph/2")).await;
        let last = graph("S07");
        hand_off(&book, &last, &json(&last)).await;

        let due = assign_due(&book.database, NOW, 16).await.unwrap();
        assert_eq!(due.assigned.len(), 2);
        assert_eq!((due.failed.len(), due.dead.len()), (1, 2));
        insta::assert_snapshot!(states(&book).await, @"
        call-s01 done 1
        call-s03 pending 1
        call-s04 dead 1
        call-s05 dead 1
        call-s07 done 1
        ");
        let why = "SELECT last_error FROM graph_outbox WHERE call_id = 'call-s05'";
        let why = book.all(why, None).await.concat().concat();
        assert_eq!(why, "schema `finished_call_graph/2` is not finished_call_graph/1");
        assert_eq!(book.counts().await, (2, 3));
        book.assert_sound("outbox").await;
    });
}

#[test]
fn a_failing_one_comes_again_later_and_is_given_up_in_the_end() {
    run(async {
        let book = Book::new().await;
        let broken = graph("S03");
        hand_off(&book, &broken, &json(&broken).replace("u-own", "u-nobody")).await;
        let mut now = NOW;
        assert_eq!(assign_due(&book.database, now, 8).await.unwrap().failed.len(), 1);
        assert!(assign_due(&book.database, now, 8).await.unwrap().is_empty(), "it waits");
        for _ in 1..MAX_TRIES {
            now = Millis(now.0 + 300_000);
            assert_eq!(assign_due(&book.database, now, 8).await.unwrap().failed.len(), 1);
        }
        now = Millis(now.0 + 300_000);
        assert_eq!(assign_due(&book.database, now, 8).await.unwrap().dead.len(), 1);
        assert_eq!(states(&book).await, "call-s03 dead 11");
    });
}

#[test]
fn a_worker_that_dies_leaves_its_lease_to_another() {
    run(async {
        let book = Book::new().await;
        let call = graph("S01");
        hand_off(&book, &call, &json(&call)).await;
        book.execute("UPDATE graph_outbox SET state = 'leased', leased_until = 1767700030000")
            .await;
        assert!(assign_due(&book.database, NOW, 8).await.unwrap().is_empty(), "still leased");
        let later = Millis(NOW.0 + LEASE_MS);
        assert_eq!(assign_due(&book.database, later, 8).await.unwrap().assigned.len(), 1);

        let call = graph("S02");
        hand_off(&book, &call, &json(&call)).await;
        book.execute(
            "UPDATE graph_outbox SET state = 'leased', leased_until = 9999999999999 \
             WHERE call_id = 'call-s02'",
        )
        .await;
        assert_eq!(release_leases(&book.database).await.unwrap(), 1);
        assert_eq!(assign_due(&book.database, NOW, 8).await.unwrap().assigned.len(), 1);
    });
}

#[test]
fn the_batch_is_the_limit_and_the_oldest_go_first() {
    run(async {
        let book = Book::new().await;
        for name in ["S01", "S02", "S03", "S04", "S05"] {
            let call = graph(name);
            hand_off(&book, &call, &json(&call)).await;
        }
        let due = assign_due(&book.database, NOW, 2).await.unwrap();
        let calls: Vec<_> = due.assigned.iter().map(|it| it.call_id.to_string()).collect();
        assert_eq!(calls, ["call-s02", "call-s05"], "those that ended first");
        assert_eq!(assign_due(&book.database, NOW, 8).await.unwrap().len(), 3);
    });
}
