//! §7.4: many calls of one pair finish at once, on many tasks: one open conversation.

use std::sync::Arc;

use tokio::sync::Barrier;

use super::support::{Book, edited, graph};

const TASKS: usize = 8;
const GRAPHS: usize = 6;

#[test]
fn calls_of_one_pair_that_end_at_once_share_one_conversation() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.unwrap().block_on(async {
        let book = Arc::new(Book::new().await);
        let barrier = Arc::new(Barrier::new(TASKS));
        let tasks: Vec<_> = (0..TASKS)
            .map(|task| {
                let (book, barrier) = (book.clone(), barrier.clone());
                tokio::spawn(async move {
                    barrier.wait().await;
                    for index in 0..GRAPHS {
                        // A cold transfer takes two keys; every other call goes the other way.
                        let name = if (task + index) % 2 == 0 { "S07" } else { "S01" };
                        book.deliver(&edited(name, &format!("call-{task}-{index}"), |_| {})).await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let sql = "SELECT count(*), sum(status = 'open') FROM conversation GROUP BY internal_key";
        assert_eq!(book.all(sql, None).await, [["1", "1"], ["1", "1"]]);
        let events = TASKS * GRAPHS + TASKS * GRAPHS / 2;
        assert_eq!(book.counts().await.1, i64::try_from(events).unwrap());
        book.assert_sound("concurrent").await;
    });
}

#[test]
fn the_same_call_on_many_tasks_is_placed_once() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.unwrap().block_on(async {
        let book = Arc::new(Book::new().await);
        let deliver = |book: Arc<Book>| async move { book.deliver(&graph("S10")).await };
        let tasks: Vec<_> = (0..TASKS).map(|_| tokio::spawn(deliver(book.clone()))).collect();
        let mut placed = 0;
        for task in tasks {
            let report = task.await.unwrap();
            placed += usize::from(report.result.as_str() == "placed");
            assert_eq!(report.conversations.len(), 2);
        }
        assert_eq!((placed, book.counts().await), (1, (2, 2)));
        book.assert_sound("once").await;
    });
}
