//! `tandem assign`: documents from a file.

use conversation::{AssignmentResult, Source};
use store::conversations::{DocumentError, assign_document};

use super::support::{Book, NOW, graph, revised, run};

#[test]
fn a_document_brings_its_rows_and_is_kept() {
    run(async {
        let book = Book::new().await;
        let text = serde_json::to_string(&graph("S07")).unwrap();
        let report = assign_document(&book.database, &text, Source::Live, NOW).await.unwrap();
        assert_eq!((report.result, report.conversations.len()), (AssignmentResult::Placed, 2));
        assert_eq!(book.number("SELECT count(*) FROM call_interaction").await, 9);
        let again = assign_document(&book.database, &text, Source::Live, NOW).await.unwrap();
        assert_eq!(again.result, AssignmentResult::Duplicate);
        assert_eq!(again.conversations, report.conversations);
        let newer = serde_json::to_string(&revised(&graph("S07"), 2, |_| {})).unwrap();
        let newer = assign_document(&book.database, &newer, Source::Live, NOW).await.unwrap();
        assert_eq!(newer.conversations, report.conversations, "the conversations stay themselves");
        assert_eq!(book.number("SELECT count(*) FROM graph_outbox WHERE state = 'done'").await, 2);
        book.assert_sound("documents").await;
    });
}

#[test]
fn an_invalid_document_changes_nothing() {
    run(async {
        let book = Book::new().await;
        let text = serde_json::to_string(&graph("S07")).unwrap();
        for (broken, why) in [
            (text.replace("\"revision\":1", "\"revision\":0"), "refused"),
            (text.replace("u-ben", "u-nobody"), "store"),
            ("{}".to_owned(), "refused"),
            (String::new(), "refused"),
        ] {
            let error = assign_document(&book.database, &broken, Source::Live, NOW).await;
            match (why, error.expect_err(why)) {
                ("refused", DocumentError::Refused(_)) | ("store", DocumentError::Store(_)) => {}
                (_, other) => panic!("{other}"),
            }
        }
        let sql = "SELECT (SELECT count(*) FROM call) + (SELECT count(*) FROM assignment) + \
                   (SELECT count(*) FROM graph_outbox) + (SELECT count(*) FROM conversation)";
        assert_eq!(book.number(sql).await, 0);
        assign_document(&book.database, &text, Source::Live, NOW).await.unwrap();
        book.execute("UPDATE call SET state = 'in_progress', ended_at = NULL, outcome = NULL")
            .await;
        let error = assign_document(&book.database, &text, Source::Live, NOW).await;
        assert!(matches!(error, Err(DocumentError::NotFinished(_))));
    });
}
