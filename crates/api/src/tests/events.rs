//! The stream: every event once and in order, however often it is cut off.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::time::Duration;

use axum::body::Body;
use hyper::body::Body as _;
use model::{CallId, Millis};
use proptest::prelude::*;
use serde_json::Value;
use store::Database;

use super::{ADMIN, Rig, T0, push};

/// An event as a reader has it.
#[derive(Clone, Debug, PartialEq)]
struct Got {
    id: i64,
    call: String,
    seq: u64,
    kind: String,
}

/// How often the streams of some tests say that nothing is new, and more of these than any test
/// waits for.
const BEAT: Duration = Duration::from_millis(10);
const BEATS: usize = 2_000;

/// A reader that keeps what it was sent, like a browser: an id holds for what comes after it.
#[derive(Default)]
struct Reader {
    text: String,
    last: Option<String>,
    got: Vec<Got>,
    comments: usize,
}

impl Reader {
    fn take(&mut self, bytes: &[u8]) {
        self.text.push_str(std::str::from_utf8(bytes).expect("text"));
        while let Some(end) = self.text.find("\n\n") {
            let block: String = self.text.drain(..end + 2).collect();
            self.block(&block);
        }
    }

    fn block(&mut self, block: &str) {
        let (mut kind, mut data) = ("", "");
        for line in block.lines() {
            if line.starts_with(':') {
                self.comments += 1;
            }
            match line.split_once(": ") {
                Some(("id", id)) => self.last = Some(id.to_owned()),
                Some(("event", word)) => kind = word,
                Some(("data", text)) => data = text,
                Some(_) | None => {}
            }
        }
        if data.is_empty() {
            return;
        }
        let json: Value = serde_json::from_str(data).expect("JSON");
        assert_eq!(json["kind"], kind);
        self.got.push(Got {
            id: self.last.as_deref().expect("an id").parse().expect("a number"),
            call: json["call_id"].as_str().expect("a call").to_owned(),
            seq: json["seq"].as_u64().expect("a number"),
            kind: kind.to_owned(),
        });
    }
}

/// The next bytes of a stream; `None`: it has ended.
async fn next(body: &mut Body) -> Option<Vec<u8>> {
    loop {
        let frame = std::future::poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await;
        if let Ok(data) = frame?.expect("never fails").into_data() {
            return Some(data.to_vec());
        }
    }
}

/// Some events of some calls, by the number of the call.
async fn happen(database: &Database, calls: &[u8], seqs: &mut BTreeMap<u8, u32>) {
    for call in calls {
        let seq = seqs.entry(*call).or_insert(0);
        *seq += 1;
        push(database, &CallId::from(format!("call-{call}")), *seq, Millis(T0)).await;
    }
}

/// What happens while a reader reads.
#[derive(Clone, Debug)]
enum Step {
    /// Events of these calls.
    Happen(Vec<u8>),
    /// The connection breaks in the middle of so many bytes of what comes next.
    Cut(usize),
    /// The server is another process from now on.
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => prop::collection::vec(0..3_u8, 1..20).prop_map(Step::Happen),
        3 => (0..2_000_usize).prop_map(Step::Cut),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 1..12)
}

#[test]
fn a_stream_that_is_cut_and_taken_up_again_shows_every_event_once_and_in_order() {
    let config = ProptestConfig { cases: 24, ..ProptestConfig::default() };
    proptest!(config, |(steps in steps())| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(run(&steps));
    });
}

async fn run(steps: &[Step]) {
    let mut rig = Rig::new().await;
    let mut reader = Reader::default();
    let mut seqs = BTreeMap::new();
    let mut body = rig.stream(ADMIN, "/api/v1/events?last_event_id=0", None).await.expect("one");
    // How far the stream is; before that nothing can be taken up.
    let first = next(&mut body).await.expect("it begins");
    reader.take(&first);
    for step in steps {
        match step {
            Step::Happen(calls) => happen(&rig.api.database, calls, &mut seqs).await,
            Step::Cut(bytes) => {
                let all: u32 = seqs.values().sum();
                if reader.got.len() < all as usize {
                    let page = next(&mut body).await.expect("it goes on");
                    reader.take(&page[..page.len().min(*bytes)]);
                }
                // What was cut off is lost.
                reader.text.clear();
                body = again(&rig, &reader).await;
            }
            Step::Restart => {
                reader.text.clear();
                rig.restart().await;
                body = again(&rig, &reader).await;
            }
        }
    }
    let all: u32 = seqs.values().sum();
    while reader.got.len() < all as usize {
        let page = next(&mut body).await.expect("it goes on");
        reader.take(&page);
    }
    assert_eq!(reader.got.len(), all as usize);
    assert!(reader.got.windows(2).all(|pair| pair[0].id < pair[1].id));
    for (call, last) in seqs {
        let name = format!("call-{call}");
        let own = reader.got.iter().filter(|got| got.call == name).map(|got| got.seq);
        assert!(own.eq(1..=u64::from(last)), "{name}");
    }
}

async fn again(rig: &Rig, reader: &Reader) -> Body {
    let last = reader.last.as_deref();
    rig.stream(ADMIN, "/api/v1/events", last).await.expect("a stream")
}

#[tokio::test]
async fn a_stream_is_of_one_call_if_that_is_wanted_and_begins_now() {
    let rig = Rig::new().await;
    let mut seqs = BTreeMap::new();
    happen(&rig.api.database, &[1, 2], &mut seqs).await;
    let mut body = rig.stream(ADMIN, "/api/v1/events?call_id=call-2", None).await.expect("one");
    let mut reader = Reader::default();
    reader.take(&next(&mut body).await.expect("it begins"));
    happen(&rig.api.database, &[1, 2, 1, 2], &mut seqs).await;
    while reader.got.len() < 2 {
        reader.take(&next(&mut body).await.expect("it goes on"));
    }
    let got: Vec<_> = reader.got.iter().map(|got| (got.call.as_str(), got.seq)).collect();
    assert_eq!(got, [("call-2", 2), ("call-2", 3)]);
}

#[tokio::test]
async fn a_users_key_gets_the_events_of_his_calls() {
    let rig = Rig::new().await;
    let ana = rig.key_of("u-ana").await;
    for (call, seq) in [("call-s01", 1), ("call-other", 1), ("call-s08", 1), ("call-s01", 2)] {
        push(&rig.api.database, &CallId::from(call), seq, Millis(T0)).await;
    }
    let mut body = rig.stream(&ana, "/api/v1/events", Some("0")).await.expect("a stream");
    let mut reader = Reader::default();
    while reader.got.len() < 3 {
        reader.take(&next(&mut body).await.expect("it goes on"));
    }
    let got: Vec<_> = reader.got.iter().map(|got| (got.call.as_str(), got.seq)).collect();
    assert_eq!(got, [("call-s01", 1), ("call-s08", 1), ("call-s01", 2)]);
}

#[tokio::test]
async fn what_is_no_longer_kept_or_was_never_given_is_gone() {
    let rig = Rig::new().await;
    let mut seqs = BTreeMap::new();
    happen(&rig.api.database, &[1; 10], &mut seqs).await;
    let pruned = rig.api.database.prune_events(Millis(T0 + 1), 5).await;
    assert_eq!(pruned.expect("written"), 5);
    let oldest = rig.api.database.oldest_event_id().await.expect("read").expect("one is kept");
    assert!(oldest > 2, "{oldest}");
    let refused = |last: String| {
        let rig = &rig;
        async move {
            match rig.stream(ADMIN, "/api/v1/events", Some(&last)).await {
                Ok(_) => "200".to_owned(),
                Err(answer) => answer.short(),
            }
        }
    };
    assert_eq!(refused((oldest - 2).to_string()).await, "410 events_gone");
    assert_eq!(refused((oldest - 1).to_string()).await, "200");
    assert_eq!(refused("0".into()).await, "200");
    assert_eq!(refused(String::new()).await, "200");
    assert_eq!(refused("999".into()).await, "410 events_gone");
    for wrong in ["x", "-1", "9999999999999999999"] {
        assert_eq!(refused(wrong.into()).await, "422 invalid Last-Event-ID");
    }
}

#[tokio::test]
async fn a_heartbeat_says_how_far_a_stream_is_that_nothing_is_for() {
    let rig = Rig::beating(BEAT).await;
    let mut body = rig.stream(ADMIN, "/api/v1/events?call_id=call-9", None).await.expect("one");
    let mut reader = Reader::default();
    reader.take(&next(&mut body).await.expect("it begins"));
    assert_eq!((reader.last.as_deref(), reader.comments), (Some("0"), 0));
    happen(&rig.api.database, &[1, 1, 1], &mut BTreeMap::new()).await;
    // Some may come before the stream has seen that something has happened.
    for _ in 0..BEATS {
        reader.take(&next(&mut body).await.expect("a heartbeat"));
        if reader.last.as_deref() == Some("3") {
            break;
        }
    }
    assert_eq!((reader.last.as_deref(), reader.got.len()), (Some("3"), 0));
    assert!(reader.comments > 0);
}

#[tokio::test]
async fn a_stream_ends_when_the_server_stops() {
    let rig = Rig::new().await;
    let mut body = rig.stream(ADMIN, "/api/v1/events", None).await.expect("a stream");
    next(&mut body).await.expect("it begins");
    rig.stop.send_replace(());
    assert_eq!(next(&mut body).await, None);
}

#[tokio::test]
async fn a_stream_ends_when_its_key_is_revoked() {
    let rig = Rig::beating(BEAT).await;
    let ana = rig.key_of("u-ana").await;
    let mut body = rig.stream(&ana, "/api/v1/events", None).await.expect("a stream");
    next(&mut body).await.expect("it begins");
    next(&mut body).await.expect("a heartbeat");
    let revoked = rig.api.database.revoke_api_key("key-u-ana", Millis(T0)).await;
    assert!(revoked.expect("written"));
    let mut beats = 0;
    while beats < BEATS && next(&mut body).await.is_some() {
        beats += 1;
    }
    assert!(beats < BEATS, "the stream goes on");
}

#[tokio::test]
async fn as_many_streams_are_open_as_may_be_and_a_closed_one_makes_place() {
    let rig = Rig::new().await;
    let mut open = Vec::new();
    for _ in 0..16 {
        let mut body = rig.stream(ADMIN, "/api/v1/events", None).await.expect("a stream");
        next(&mut body).await.expect("it begins");
        open.push(body);
    }
    let refused = rig.stream(ADMIN, "/api/v1/events", None).await.expect_err("no place");
    assert_eq!(refused.short(), "429 too_many_streams");
    assert!(refused.headers.contains_key("retry-after"));
    open.pop();
    while rig.stream(ADMIN, "/api/v1/events", None).await.is_err() {
        tokio::task::yield_now().await;
    }
}
