//! The whole interface without sockets: the router, a database with the calls of the reference
//! scenarios, and a core that answers from a script.

mod access;
mod calls;
mod description;
mod events;
mod fuzz;
mod keys;
mod once;
mod orders;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use acd::statistics::{AgentBoard, Wallboard};
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use call::port::{Command, PartyStanding, Refusal, SearchStanding, StageName, Standing};
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use model::call_graph::event::{BridgeLeg, Party};
use model::call_graph::{CallGraph, FinishedCallGraph};
use model::directory::source::DirectoryFile;
use model::{CallId, Millis};
use serde_json::Value;
use store::access::{ApiKey, KeyScope};
use store::rows::RowBatch;
use store::stream::EventRow;
use store::{Commit, Database, ImportMode, Repository as _};
use tokio::sync::{mpsc, watch};

use crate::auth::{AdminKey, NewKey, Peer};
use crate::core_link::{CoreCommand, CoreLink, OrderAnswer};
use crate::health::Health;
use crate::metrics::{Metrics, Sample};
use crate::router::{Api, App, WallClock, router};

/// The administrator's key of the environment.
pub(crate) const ADMIN: &str = "correct horse battery";

/// Where the wall clock of these tests begins.
pub(crate) const T0: i64 = 1_767_607_200_000;

/// A call that takes every order.
pub(crate) const LIVE: &str = "call-live";

/// The interface, and everything behind it.
pub(crate) struct Rig {
    pub(crate) api: Api,
    /// What the core was told, as text.
    pub(crate) told: Arc<Mutex<Vec<String>>>,
    pub(crate) stop: watch::Sender<()>,
    router: TowerToHyperService<axum::Router>,
    _folder: tempfile::TempDir,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// Status and, of a problem, its code and field.
    pub(crate) fn short(&self) -> String {
        let json = self.json();
        let mut text = self.status.as_u16().to_string();
        for member in ["code", "field"] {
            if let (true, Some(word)) = (self.status.as_u16() >= 400, json[member].as_str()) {
                text.push(' ');
                text.push_str(word);
            }
        }
        text
    }
}

impl Rig {
    pub(crate) async fn new() -> Self {
        Self::beating(Duration::from_secs(15)).await
    }

    /// Streams say so often that nothing is new.
    pub(crate) async fn beating(heartbeat: Duration) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}", folder.path().join("t.db").display());
        let database = Database::open(&url).await.expect("a database");
        database.migrate().await.expect("a schema");
        let directory: DirectoryFile = read("directory.json");
        let imported = database.import(&directory, "tandem.test", ImportMode::Apply, Millis(T0));
        assert!(imported.await.expect("an import").applied);
        for scenario in ["S01", "S02", "S08", "S19", "S23"] {
            seed(&database, &graph(scenario)).await;
        }
        let (commands, asked) = mpsc::channel(64);
        let told = Arc::<Mutex<Vec<String>>>::default();
        tokio::spawn(core(asked, told.clone()));
        let api = Api {
            health: Arc::new(Health::default()),
            metrics: Arc::new(Metrics::new("n", "0", &[], Sample::default)),
            core: CoreLink { commands, wallboard: watch::channel(Arc::new(board())).1 },
            database,
            recordings: folder.path().to_owned(),
            admin_key: AdminKey::new(ADMIN),
            clock: WallClock::new(|| Millis(T0)),
        };
        let (stop, stopping) = watch::channel(());
        let app = App { heartbeat, ..App::new(api.clone(), stopping) };
        let router = TowerToHyperService::new(router(app));
        Self { api, told, stop, router, _folder: folder }
    }

    /// The server begins anew with the same database.
    pub(crate) async fn restart(&mut self) {
        let (stop, stopping) = watch::channel(());
        let url = format!("sqlite://{}", self.api.database.path().display());
        self.api.database = Database::open(&url).await.expect("a database");
        let app = App::new(self.api.clone(), stopping);
        self.router = TowerToHyperService::new(router(app));
        self.stop.send_replace(());
        self.stop = stop;
    }

    /// A key for a user.
    pub(crate) async fn key_of(&self, user: &str) -> String {
        let key = NewKey::random().expect("randomness");
        let row = ApiKey {
            id: format!("key-{user}"),
            name: user.to_owned(),
            scope: KeyScope::User,
            user: Some(user.into()),
            created_at: Millis(T0),
            revoked_at: None,
        };
        self.api.database.create_api_key(&row, &key.sha256()).await.expect("a key");
        key.text().to_owned()
    }

    pub(crate) async fn get(&self, key: &str, path: &str) -> Answer {
        self.ask(Request::get(path), key, "").await
    }

    pub(crate) async fn post(&self, key: &str, path: &str, body: &str) -> Answer {
        self.ask(Request::post(path), key, body).await
    }

    /// An empty key: none is sent. A body is JSON.
    pub(crate) async fn ask(
        &self,
        mut request: axum::http::request::Builder,
        key: &str,
        body: &str,
    ) -> Answer {
        if !key.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
        }
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        self.send(request.body(Body::from(body.to_owned())).expect("a request")).await
    }

    pub(crate) async fn send(&self, mut request: Request<Body>) -> Answer {
        if request.extensions().get::<Peer>().is_none() {
            request.extensions_mut().insert(Peer([127, 0, 0, 1].into()));
        }
        let response = self.router.call(request).await.expect("never fails");
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.expect("a body");
        let text = String::from_utf8(bytes.to_vec()).expect("text");
        Answer { status: parts.status, headers: parts.headers, text }
    }

    /// The body of a stream.
    pub(crate) async fn stream(
        &self,
        key: &str,
        path: &str,
        last: Option<&str>,
    ) -> Result<Body, Answer> {
        let mut request = Request::get(path).header(header::AUTHORIZATION, format!("Bearer {key}"));
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        let mut request = request.body(Body::empty()).expect("a request");
        request.extensions_mut().insert(Peer([127, 0, 0, 1].into()));
        let response = self.router.call(request).await.expect("never fails");
        let (parts, body) = response.into_parts();
        if parts.status == StatusCode::OK {
            return Ok(body);
        }
        let bytes = to_bytes(body, usize::MAX).await.expect("a body");
        let text = String::from_utf8(bytes.to_vec()).expect("text");
        Err(Answer { status: parts.status, headers: parts.headers, text })
    }
}

/// Time that moves only when it is told to: while this lives no timer fires because everybody
/// waits for the database, which works in threads of its own.
pub(crate) struct StandingTime(#[expect(dead_code, reason = "it is held")] SyncSender<()>);

impl StandingTime {
    pub(crate) fn new() -> Self {
        let (held, released) = sync_channel::<()>(0);
        // The clock of a runtime does not move by itself while it waits for such a thread.
        drop(tokio::task::spawn_blocking(move || released.recv()));
        tokio::time::pause();
        Self(held)
    }

    pub(crate) async fn advance(&self, seconds: u64) {
        tokio::time::advance(std::time::Duration::from_secs(seconds)).await;
    }
}

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/oracle")
}

fn read<T: serde::de::DeserializeOwned>(file: &str) -> T {
    let text = std::fs::read(data().join(file)).expect("a file of the scenarios");
    serde_json::from_slice(&text).expect("its form")
}

/// The rows of a reference scenario.
pub(crate) fn graph(scenario: &str) -> CallGraph {
    let file: Value = read(&format!("{scenario}.json"));
    let graph: FinishedCallGraph =
        serde_json::from_value(file["graph"].clone()).expect("a finished call graph");
    graph.into_rows()
}

pub(crate) async fn seed(database: &Database, graph: &CallGraph) {
    let rows = RowBatch {
        calls: vec![&graph.call],
        connections: graph.connections.iter().collect(),
        attempts: graph.attempts.iter().collect(),
        participants: graph.participants.iter().collect(),
        interactions: graph.interactions.iter().collect(),
        quality_events: graph.quality_events.iter().collect(),
        ..RowBatch::default()
    };
    database.commit(&Commit { rows, ..Commit::default() }).await.expect("rows");
}

/// An event is committed.
pub(crate) async fn push(database: &Database, call: &CallId, seq: u32, at: Millis) {
    push_with(database, call, seq, at, "{}".to_owned()).await;
}

/// One with so many bytes of data.
pub(crate) async fn push_large(database: &Database, seq: u32, bytes: usize) {
    let data = format!("{{\"x\":\"{}\"}}", "x".repeat(bytes));
    push_with(database, &"call-large".into(), seq, Millis(T0), data).await;
}

async fn push_with(database: &Database, call: &CallId, seq: u32, at: Millis, data: String) {
    let row = EventRow { call_id: call.clone(), seq, at, kind: "accepted", data };
    let rows = RowBatch { events: vec![&row], ..RowBatch::default() };
    database.commit(&Commit { rows, ..Commit::default() }).await.expect("an event");
}

fn board() -> Wallboard {
    let agent = |id: &str| AgentBoard {
        user: id.into(),
        name: Arc::from(id),
        state: model::agent_state::AgentState::ALL[0],
        availability: model::directory::Availability::Available,
        reason: None,
        since: Millis(T0),
        answered: 0,
        missed: 0,
        talk_ms: 0,
        groups: vec!["g-sales".into()],
    };
    let agents = ["u-ana", "u-ben", "u-own"].map(agent).into();
    Wallboard { at: Millis(T0), groups: Vec::new(), agents }
}

/// A call as it may stand.
pub(crate) fn standing() -> Standing {
    let user = |user: &str| Party::User { user: user.into(), number: None };
    let party = |leg, who| PartyStanding {
        leg: Some(leg),
        who,
        bridge: 1,
        holds: false,
        muted: false,
        supervises: None,
    };
    Standing {
        stage: StageName::Talking,
        parties: vec![
            party(
                BridgeLeg::Anchor,
                Party::External {
                    number: model::E164::parse("+15557770001").ok(),
                    record: Some("r-con-1".into()),
                    text: None,
                },
            ),
            party(BridgeLeg::Connection(1), user("u-ana")),
        ],
        searches: vec![SearchStanding {
            connection: Some(2),
            by: Some("u-ana".into()),
            ringing: vec!["u-ben".into()],
        }],
        parked: None,
    }
}

/// What this core says of a call, by its name.
fn answer(call: &CallId) -> OrderAnswer {
    let stands = || Some(Box::new(standing()));
    match call.as_str() {
        LIVE => Ok((call.clone(), standing())),
        "call-state" => Err((Refusal::State, stands())),
        "call-stranger" => Err((Refusal::NotThere, stands())),
        "call-full" => Err((Refusal::Limit, stands())),
        "call-nobody" => Err((Refusal::Goal, stands())),
        "call-foreign" => Err((Refusal::Forbidden, stands())),
        _ => Err((Refusal::NoCall, None)),
    }
}

async fn core(mut asked: mpsc::Receiver<CoreCommand>, told: Arc<Mutex<Vec<String>>>) {
    while let Some(command) = asked.recv().await {
        let note = |text: String| told.lock().expect("nobody panicked").push(text);
        match command {
            CoreCommand::SetAvailability { user, availability, reason, reply } => {
                note(format!("{user} {availability} {reason:?}"));
                let _ = reply.send(user.as_str() == "u-ana");
            }
            CoreCommand::Voicemail { change, reply } => {
                note(format!("{change:?}"));
                let _ = reply.send(false);
            }
            // An order whose answer never comes.
            CoreCommand::Order { call, reply, .. } if call.as_str() == "call-lost" => drop(reply),
            CoreCommand::Order { call, by, command, reply } => {
                note(format!("{call} {by:?} {command:?}"));
                let bridged = matches!(command, Command::Swap { .. }) && call.as_str() == LIVE;
                let answer = answer(&call).map(|(call, mut standing)| {
                    if bridged {
                        standing.parties[1].bridge = 2;
                    }
                    (call, standing)
                });
                let _ = reply.send(answer);
            }
            CoreCommand::Originate { user, devices, to, caller_id, reply } => {
                note(format!("originate {user} {devices:?} {to} {caller_id:?}"));
                let answer = match user.as_str() {
                    "u-ana" | "u-ben" => Ok((CallId::from(LIVE), standing())),
                    _ => Err((Refusal::NotThere, None)),
                };
                let _ = reply.send(answer);
            }
        }
    }
}
