//! §4.11: a sound database that is corrupted in one way is caught by the query that is named for
//! it.

use super::support::{Book, graph, run, scenarios};

#[test]
fn each_corruption_is_caught_by_the_named_query() {
    let ways: &[(&str, &str, &str)] = &[
        (
            "open connection",
            "T01",
            "UPDATE connection SET ended_at = NULL WHERE id = 'call-s01-c1'",
        ),
        (
            "two answered attempts",
            "T04",
            "UPDATE connection_attempt SET outcome = 'answered' \
                WHERE id = 'call-s03-c1-a1'",
        ),
        (
            "attempt outside its connection",
            "T08",
            "UPDATE connection_attempt SET started_at = started_at - 5000 \
                WHERE id = 'call-s03-c1-a1'",
        ),
        (
            "gap in interactions",
            "T11",
            "DELETE FROM call_interaction WHERE call_id = 'call-s08' AND seq = 4",
        ),
        (
            "overlapping round robin",
            "T10",
            "UPDATE connection_attempt SET started_at = started_at - 1000 \
                WHERE id = 'call-s04-c1-a2'",
        ),
        ("lost participant", "T15", "DELETE FROM call_participant WHERE id = 'call-s07-p3'"),
        (
            "stale last interaction",
            "C02",
            "UPDATE conversation SET last_interaction_at = last_interaction_at - 1 \
                WHERE internal_key = 'n:+15550100002'",
        ),
        ("lost event", "C04", "DELETE FROM conversation_event WHERE call_id = 'call-s02b'"),
        (
            "un-rekeyed phone",
            "C13",
            "UPDATE phone_number_lookup \
                SET status = 'resolved', record_id = 'r-con-1' \
                WHERE e164 = '+15557770003'",
        ),
        (
            "missing audience",
            "C07",
            "DELETE FROM conversation_participant WHERE participant_key = 'g:g-ovf'",
        ),
        (
            "IVR not left",
            "T13",
            "DELETE FROM call_interaction \
                WHERE call_id = 'call-s14' AND kind = 'ivr_exited'",
        ),
        ("uncleared quality", "T03", "UPDATE quality_event SET cleared_at = NULL"),
    ];
    run(async {
        for (way, query, sql) in ways {
            let book = Book::new().await;
            for scenario in scenarios() {
                book.deliver(&scenario.graph).await;
            }
            book.assert_sound("before").await;
            book.execute(sql).await;
            let broken = book.broken().await;
            assert!(broken.iter().any(|name| name == query), "{way}: {query} not in {broken:?}");
        }
    });
}

/// The incremental step and the full rebuild make the same rows.
#[test]
fn what_was_added_step_by_step_is_what_a_rebuild_makes() {
    run(async {
        let (forward, backward) = (Book::new().await, Book::new().await);
        for scenario in scenarios() {
            forward.deliver(&scenario.graph).await;
        }
        for scenario in scenarios().iter().rev() {
            backward.deliver(&scenario.graph).await;
        }
        backward.deliver(&graph("S01")).await;
        assert_eq!(forward.state().await, backward.state().await);
    });
}
