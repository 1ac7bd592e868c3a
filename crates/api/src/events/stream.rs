//! One stream. Events are read from the database a page at a time, and the next page when the one
//! before has been taken: a slow reader costs a few pages, never the whole backlog, and one that
//! takes nothing for a while is let go. It ends when the server stops or its key is revoked.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use hyper::body::Frame;
use serde::Serialize;
use serde_json::value::RawValue;
use store::stream::{EventFilter, StoredEvent};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::places::Place;
use crate::auth::{Caller, still_holds};
use crate::openapi::schema::Time;
use crate::router::App;

/// How long a reader may take nothing.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a reader that was cut off waits before it comes again, as it is told.
const RETRY_MS: u32 = 2_000;

/// Events that are read at once, and pages that wait for the reader.
const PAGE: u32 = 128;
const PAGES: usize = 2;

/// What is to be streamed.
pub(super) struct Stream {
    pub(super) caller: Caller,
    pub(super) filter: EventFilter,
    /// The last event that the reader has.
    pub(super) after: i64,
    pub(super) place: Place,
}

/// Why a stream is over.
struct Over;

impl Stream {
    /// The body of the answer; what is streamed is read in a task of its own.
    pub(super) fn body(self, app: &App) -> Body {
        let (pages, taken) = mpsc::channel(PAGES);
        tokio::spawn(self.run(app.clone(), pages));
        Body::new(Pages(taken))
    }

    async fn run(mut self, app: App, pages: mpsc::Sender<Bytes>) {
        // All causes are the same to the reader: it comes again.
        let Err(Over) = self.follow(&app, &pages).await;
        drop(self.place);
    }

    async fn follow(&mut self, app: &App, pages: &mpsc::Sender<Bytes>) -> Result<Infallible, Over> {
        let mut newest = app.api.database.newest_event();
        let mut stopping = app.stopping.clone();
        let mut said = self.after;
        give(pages, format!("retry: {RETRY_MS}\nid: {said}\n\n")).await?;
        let mut heartbeat = Instant::now() + app.heartbeat;
        loop {
            // Before the reading: what comes meanwhile is read the next time.
            let seen = *newest.borrow_and_update();
            while let Some(page) = self.page(app).await? {
                give(pages, page).await?;
                said = self.after;
                heartbeat = Instant::now() + app.heartbeat;
            }
            // Everything up to there has been looked at, wanted or not.
            self.after = self.after.max(seen);
            tokio::select! {
                changed = newest.changed() => changed.map_err(|_| Over)?,
                _ = stopping.changed() => return Err(Over),
                () = pages.closed() => return Err(Over),
                () = tokio::time::sleep_until(heartbeat) => {
                    if !still_holds(app, &self.caller).await {
                        return Err(Over);
                    }
                    let mut text = String::from(": nothing new\n");
                    if said != self.after {
                        said = self.after;
                        // A String takes everything.
                        let _ = writeln!(text, "id: {said}");
                    }
                    text.push('\n');
                    give(pages, text).await?;
                    heartbeat = Instant::now() + app.heartbeat;
                }
            }
        }
    }

    /// The next events, as text; `None`: there are none yet.
    async fn page(&mut self, app: &App) -> Result<Option<String>, Over> {
        let events = app.api.database.events_after(self.after, &self.filter, PAGE).await;
        let events = events.map_err(|error| {
            tracing::warn!(%error, "an event stream ends: the database cannot be read");
            Over
        })?;
        let Some(last) = events.last() else { return Ok(None) };
        self.after = last.id;
        let mut text = String::new();
        for event in &events {
            write_event(&mut text, event);
        }
        Ok(Some(text))
    }
}

async fn give(pages: &mpsc::Sender<Bytes>, text: String) -> Result<(), Over> {
    match timeout(PATIENCE, pages.send(Bytes::from(text))).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Over),
    }
}

/// The data of an event; its schema is [`super::EventDto`].
#[derive(Serialize)]
struct Data<'a> {
    call_id: &'a str,
    seq: u32,
    at: Time,
    kind: &'a str,
    data: &'a RawValue,
}

fn write_event(text: &mut String, event: &StoredEvent) {
    let data = serde_json::from_str(&event.data).unwrap_or_else(|error| {
        tracing::error!(%error, id = event.id, "an event cannot be read");
        RawValue::NULL
    });
    let data = Data {
        call_id: event.call_id.as_str(),
        seq: event.seq,
        at: Time(event.at),
        kind: &event.kind,
        data,
    };
    // Texts and numbers are always JSON, and a line break in JSON is only white space.
    let data = serde_json::to_string(&data).unwrap_or_default().replace(['\r', '\n'], " ");
    let _ = write!(text, "id: {}\nevent: {}\ndata: {data}\n\n", event.id, event.kind);
}

/// The pages as a body.
struct Pages(mpsc::Receiver<Bytes>);

impl hyper::body::Body for Pages {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|page| page.map(|page| Ok(Frame::data(page))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_takes_nothing_is_let_go_after_a_while() {
        let (pages, mut taken) = mpsc::channel(PAGES);
        for _ in 0..PAGES {
            assert!(give(&pages, "a page".into()).await.is_ok());
        }
        let begun = Instant::now();
        assert!(give(&pages, "too many".into()).await.is_err());
        assert_eq!(begun.elapsed(), PATIENCE);
        // What it was given before is still there, and then the end.
        drop(pages);
        for _ in 0..PAGES {
            assert_eq!(taken.recv().await, Some(Bytes::from("a page")));
        }
        assert_eq!(taken.recv().await, None);
    }
}
