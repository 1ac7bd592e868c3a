//! Q1–Q7 against SQLite; the orders of Q1 and Q2 are random and every delivery comes twice.

use conversation::{AssignmentResult, PartyKey};
use model::call_graph::FinishedCallGraph;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use store::conversations::{CommandFailed, close, remove_participant, reopen};

use super::support::{Book, at, edited, graph, later, revised, run, scenarios};

async fn deliver_all(book: &Book, order: &[usize], lookup_at: Option<usize>) {
    for (step, &index) in order.iter().enumerate() {
        if lookup_at == Some(step) {
            book.resolve("+15557770003", "r-con-1").await;
        }
        book.deliver(&scenarios()[index].graph).await;
    }
    if lookup_at.is_some_and(|at| at >= order.len()) {
        book.resolve("+15557770003", "r-con-1").await;
    }
}

fn twice_shuffled() -> impl Strategy<Value = Vec<usize>> {
    Just((0..21).chain(0..21).collect::<Vec<usize>>()).prop_shuffle()
}

fn settled(
    lookup_at: Option<usize>,
    order: &[usize],
) -> Result<(String, (i64, i64)), TestCaseError> {
    run(async {
        let book = Book::new().await;
        deliver_all(&book, order, lookup_at).await;
        let broken = book.broken().await;
        prop_assert!(broken.is_empty(), "{broken:?}");
        Ok((book.state().await, book.counts().await))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn q1_the_order_of_arrival_does_not_matter(order in twice_shuffled()) {
        let straight: Vec<usize> = (0..21).collect();
        let (expected, _) = settled(None, &straight)?;
        let (found, counts) = settled(None, &order)?;
        prop_assert_eq!(counts, (13, 23));
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn q2_nor_does_the_time_of_a_lookup(order in twice_shuffled(), lookup_at in 0usize..=42) {
        let straight: Vec<usize> = (0..21).collect();
        let (expected, _) = settled(Some(0), &straight)?;
        let (found, counts) = settled(Some(lookup_at), &order)?;
        prop_assert_eq!(counts, (11, 23));
        prop_assert_eq!(found, expected);
    }
}

async fn close_only(book: &Book) {
    let id = book.only_id().await;
    let mut transaction = book.database.begin().await.unwrap();
    close(&mut transaction, &id, Some(&"u-ana".into()), at("13:00:00")).await.unwrap();
    transaction.commit().await.unwrap();
}

/// S01, close, an older call delivered late, a newer one; counts after each of the last two.
async fn closing(book: &Book) {
    book.deliver(&later("S01", "call-first", 2)).await;
    close_only(book).await;
    book.deliver(&later("S01", "call-late", 1)).await;
    assert_eq!(book.counts().await, (1, 2));
    assert_eq!(book.number("SELECT status = 'closed' FROM conversation").await, 1);
    book.deliver(&later("S01", "call-newer", 4)).await;
    book.assert_sound("closing").await;
}

#[test]
fn q3_a_newer_call_reopens_and_an_older_one_does_not() {
    run(async {
        let book = Book::new().await;
        closing(&book).await;
        assert_eq!(book.counts().await, (1, 3));
        assert_eq!(book.number("SELECT status = 'open' FROM conversation").await, 1);
        let kinds = book.all("SELECT kind FROM conversation_change ORDER BY at, kind", None).await;
        let mut kinds = kinds.concat();
        kinds.sort();
        assert_eq!(kinds, ["auto_reopened", "closed", "created"]);
    });
}

#[test]
fn q4_policy_new_begins_another() {
    run(async {
        let book = Book::new().await;
        book.execute(
            "UPDATE org_setting SET value = 'new' WHERE key = 'closed_conversation_policy'",
        )
        .await;
        closing(&book).await;
        let sql = "SELECT status, event_count FROM conversation ORDER BY status";
        assert_eq!(book.all(sql, None).await, [["closed", "2"], ["open", "1"]]);
        let sql = "SELECT id FROM conversation WHERE status = 'closed'";
        let id = book.all(sql, None).await.concat().concat();
        let mut transaction = book.database.begin().await.unwrap();
        let refused = reopen(&mut transaction, &id.into(), None, at("18:00:00")).await;
        let refused = refused.expect_err("another open one has the key");
        assert!(matches!(
            refused,
            CommandFailed::Refused(conversation::CommandError::AnotherIsOpen)
        ));
    });
}

#[test]
fn q5_who_was_removed_comes_back_by_taking_part_later() {
    run(async {
        let book = Book::new().await;
        let removed = "SELECT count(*) FROM conversation_participant \
                       WHERE participant_key = 'u:u-ben' AND removed_at IS NOT NULL";
        book.deliver(&graph("S08")).await;
        let id = book.only_id().await;
        let mut transaction = book.database.begin().await.unwrap();
        let ben = PartyKey::stored("u:u-ben");
        remove_participant(&mut transaction, &id, &ben, None, at("12:00:00")).await.unwrap();
        let carl = PartyKey::stored("r:r-con-1");
        let refused = remove_participant(&mut transaction, &id, &carl, None, at("12:00:00")).await;
        assert!(refused.is_err(), "the external participant stays");
        transaction.commit().await.unwrap();
        book.deliver(&graph("S08")).await;
        book.deliver(&revised(&graph("S08"), 2, |_| {})).await;
        assert_eq!(book.number(removed).await, 1);
        book.assert_sound("removed").await;
        book.deliver(&later("S08", "call-later", 4)).await;
        assert_eq!(book.number(removed).await, 0);
        book.assert_sound("back").await;
    });
}

#[test]
fn q6_a_later_revision_replaces_and_an_earlier_one_changes_nothing() {
    run(async {
        let book = Book::new().await;
        let first = graph("S11");
        let second = revised(&first, 2, |json| {
            let mut carl = json["participants"][1].clone();
            carl["id"] = "call-s11-p3".into();
            carl["participant_key"] = "p:+15557770001".into();
            carl["phone_number"] = "+15557770001".into();
            carl["role"] = "added".into();
            carl["ordinal"] = 3.into();
            json["participants"].as_array_mut().unwrap().push(carl);
        });
        assert_eq!(book.deliver(&first).await.result, AssignmentResult::Placed);
        assert_eq!(book.deliver(&second).await.result, AssignmentResult::Placed);
        let state = book.state().await;
        let again = book.deliver(&first).await;
        assert_eq!(again.result, AssignmentResult::Duplicate);
        assert_eq!(again.conversations, [book.only_id().await]);
        assert_eq!(book.state().await, state);
        let keys = book.all("SELECT external_key FROM conversation", None).await;
        assert_eq!(keys, [["m:r:r-con-1|r:r-con-2"]]);
        book.assert_sound("revisions").await;
    });
}

/// Outbound to Carl's two numbers (one unresolved), a 1:1 call, then the lookup, all 6 orders.
#[test]
fn q7_a_lookup_brings_two_numbers_into_one_thread() {
    let both = edited("S12", "call-both", |json| {
        let text = json.to_string().replace("+15557770002", "+15557770003");
        *json = serde_json::from_str(&text).unwrap();
        json["participants"][2]["record_id"] = serde_json::Value::Null;
    });
    let single: FinishedCallGraph = revised(&later("S11", "call-single", 1), 1, |json| {
        let text = json.to_string().replace("+15557770002", "+15557770001");
        *json = serde_json::from_str(&text).unwrap();
        json["participants"][1]["record_id"] = "r-con-1".into();
    });
    run(async {
        let mut states = Vec::new();
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let book = Book::new().await;
            for step in order {
                match step {
                    0 => drop(book.deliver(&both).await),
                    1 => drop(book.deliver(&single).await),
                    _ => book.resolve("+15557770003", "r-con-1").await,
                }
            }
            assert_eq!(book.counts().await, (1, 2), "{order:?}");
            let keys = "SELECT external_key FROM conversation WHERE status <> 'merged'";
            assert_eq!(book.all(keys, None).await, [["r:r-con-1"]]);
            book.assert_sound("Q7").await;
            states.push(book.state().await);
        }
        states.windows(2).for_each(|pair| assert_eq!(pair[0], pair[1]));
    });
}

/// Merged conversations stay readable by the one they went into, through any number of merges.
#[test]
fn chains_of_merges_are_flat() {
    run(async {
        let book = Book::new().await;
        book.execute(
            "INSERT INTO record(id, object_type, display_name) \
             VALUES ('r-x','contact','X'), ('r-y','contact','Y')",
        )
        .await;
        book.deliver(&graph("S02")).await; // p:…3 / n-ana
        book.resolve("+15557770003", "r-x").await;
        book.deliver(&edited("S02", "call-b", |json| {
            let text = json.to_string().replace("+15557770003", "+15557770004");
            *json = serde_json::from_str(&text).unwrap();
        }))
        .await;
        book.resolve("+15557770004", "r-x").await; // …4 goes into …3's.
        book.deliver(&edited("S02", "call-c", |json| {
            let text = json.to_string().replace("+15557770003", "+15557770005");
            *json = serde_json::from_str(&text).unwrap();
        }))
        .await;
        book.resolve("+15557770005", "r-y").await;
        book.assert_sound("two records").await;
        book.resolve("+15557770005", "r-x").await;
        book.assert_sound("chain").await;
        assert_eq!(book.counts().await, (1, 3));
        let sql = "SELECT count(DISTINCT merged_into_id) FROM conversation WHERE status = 'merged'";
        assert_eq!(book.number(sql).await, 1);
        let sql = "SELECT count(*) FROM conversation_participant p JOIN conversation v \
                   ON v.id = p.conversation_id WHERE v.status = 'merged'";
        assert_eq!(book.number(sql).await, 0);
    });
}

/// A number that nobody has looked up is resolved from the records, once (R024, R025).
#[test]
fn the_first_miss_of_a_lookup_fills_it() {
    run(async {
        let book = Book::new().await;
        book.execute("DELETE FROM phone_number_lookup").await;
        book.execute("INSERT INTO record_phone(record_id, e164) VALUES ('r-con-1','+15557770002')")
            .await;
        for name in ["S01", "S02", "S04"] {
            book.deliver(&graph(name)).await;
        }
        let sql = "SELECT e164, status, record_id, candidate_count \
                   FROM phone_number_lookup ORDER BY e164";
        let rows: Vec<String> = book.all(sql, None).await.iter().map(|row| row.join(" ")).collect();
        insta::assert_snapshot!(rows.join("\n"), @"
        +15557770001 resolved r-con-1 1
        +15557770002 ambiguous – 2
        +15557770003 none – 0
        ");
        book.assert_sound("filled").await;
    });
}
