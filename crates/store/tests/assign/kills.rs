//! §8.5: the assigner is stopped between any two statements, and within them; nothing of what it
//! did is seen, and when it is done again the state is as if it had never been stopped.

use std::pin::Pin;
use std::task::{Context, Poll};

use conversation::Source;
use model::call_graph::FinishedCallGraph;
use model::{E164, RecordId};
use sqlx::sqlite::SqliteConnection;
use store::Error;
use store::conversations::{LookupChange, LookupSource, Resolution, assign_graph, set_lookup};

use super::support::{Book, NOW, graph, revised, run, store_rows};

/// What is stopped.
enum Step {
    Assign(Box<FinishedCallGraph>),
    Resolve(&'static str, &'static str),
}

impl Step {
    async fn take(&self, connection: &mut SqliteConnection) -> Result<(), Error> {
        match self {
            Self::Assign(graph) => {
                assign_graph(connection, graph, Source::Live, NOW).await.map(drop)
            }
            Self::Resolve(phone, record) => {
                let change = LookupChange {
                    e164: E164::parse(phone).expect("a number"),
                    resolution: Resolution::Record(RecordId::from(*record)),
                    source: LookupSource::Manual,
                    by: None,
                };
                set_lookup(connection, &change, NOW).await.map(drop)
            }
        }
    }

    async fn done_at_once(&self, book: &Book) {
        let mut transaction = book.database.begin().await.unwrap();
        self.take(&mut transaction).await.unwrap();
        transaction.commit().await.unwrap();
    }
}

async fn prepared(calls: &[&str], step: &Step) -> Book {
    let book = Book::new().await;
    for name in calls {
        book.deliver(&graph(name)).await;
    }
    if let Step::Assign(graph) = step {
        let mut transaction = book.database.begin().await.unwrap();
        store_rows(&mut transaction, graph).await;
        transaction.commit().await.unwrap();
    }
    book
}

/// Instructions of SQLite's machine between two places to be stopped at.
const EVERY: i32 = 8;

/// Stops a step at every place, then lets it through; how many places there were.
async fn stopped_everywhere(calls: &[&str], step: Step) -> usize {
    let straight = prepared(calls, &step).await;
    step.done_at_once(&straight).await;
    let expected = straight.state().await;

    let book = prepared(calls, &step).await;
    let before = book.state().await;
    for place in 0usize.. {
        let mut transaction = book.database.begin().await.unwrap();
        let mut left = place;
        let mut stopped = false;
        let go_on = move || {
            // Once only: the rollback must get through.
            let stop = left == 0 && !stopped;
            stopped |= stop;
            left = left.saturating_sub(1);
            !stop
        };
        transaction.lock_handle().await.unwrap().set_progress_handler(EVERY, go_on);
        let taken = step.take(&mut transaction).await;
        transaction.lock_handle().await.unwrap().remove_progress_handler();
        if taken.is_ok() {
            transaction.commit().await.unwrap();
            assert_eq!(book.state().await, expected);
            book.assert_sound("after all").await;
            return place;
        }
        drop(transaction);
        assert_eq!(book.state().await, before, "stopped at place {place}");
    }
    unreachable!("a range without end");
}

#[test]
fn stopped_while_a_transfer_is_placed() {
    let places = run(stopped_everywhere(&["S01"], Step::Assign(Box::new(graph("S07")))));
    assert!(places > 50, "{places} places to be stopped at");
}

#[test]
fn stopped_while_a_revision_replaces() {
    let newer = revised(&graph("S07"), 2, |_| {});
    let places = run(stopped_everywhere(&["S07"], Step::Assign(Box::new(newer))));
    assert!(places > 50, "{places} places to be stopped at");
}

#[test]
fn stopped_while_a_lookup_merges() {
    let step = Step::Resolve("+15557770003", "r-con-1");
    let places = run(stopped_everywhere(&["S01", "S02", "S05"], step));
    assert!(places > 50, "{places} places to be stopped at");
}

/// Polls a future until it has waited a number of times, then drops it.
struct DroppedAfter<F> {
    work: Option<Pin<Box<F>>>,
    waits: usize,
}

impl<F: Future> Future for DroppedAfter<F> {
    /// `None`: it was dropped.
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(work) = &mut self.work else {
            return Poll::Ready(None);
        };
        if let Poll::Ready(output) = work.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        if self.waits == 0 {
            self.work = None;
            return Poll::Ready(None);
        }
        self.waits -= 1;
        Poll::Pending
    }
}

/// A task that is cancelled while it waits for the database leaves nothing behind either.
#[test]
fn cancelled_while_a_transfer_is_placed() {
    run(async {
        let straight = Book::new().await;
        straight.deliver(&graph("S07")).await;
        let expected = straight.state().await;
        let book = Book::new().await;
        for waits in 0..200 {
            let call = graph("S07");
            let work = Some(Box::pin(book.deliver(&call)));
            let done = DroppedAfter { work, waits }.await.is_some();
            let state = book.state().await;
            assert!(state.is_empty() || state == expected, "dropped after {waits} waits");
            if done {
                break;
            }
        }
        book.deliver(&graph("S07")).await;
        assert_eq!(book.state().await, expected);
        book.assert_sound("cancelled").await;
    });
}
