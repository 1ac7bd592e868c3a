//! A server on a loopback port and a client that writes bytes.

use acd::statistics::Wallboard;
use model::{Millis, UserId};
use store::Database;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::{mpsc, oneshot};

use super::*;
use crate::auth::AdminKey;
use crate::core_link::{CoreCommand, CoreLink};
use crate::health::Health;
use crate::metrics::{Metrics, Sample};
use crate::router::WallClock;
use crate::tests::push_large;

/// The key of these tests.
const KEY: &str = "correct horse battery";

struct Running {
    address: SocketAddr,
    health: Arc<Health>,
    database: Database,
    /// What the API tells the core.
    commands: mpsc::Receiver<CoreCommand>,
    folder: tempfile::TempDir,
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<()>,
}

async fn start(limits: Limits) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let health = Arc::new(Health::default());
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("t.db").display());
    let database = Database::open(&url).await.expect("a database");
    database.migrate().await.expect("a schema");
    let (commands_in, commands) = mpsc::channel(8);
    let api = Api {
        health: health.clone(),
        metrics: Arc::new(Metrics::new("n", "0", &[], Sample::default)),
        core: CoreLink { commands: commands_in, wallboard: watch::channel(board()).1 },
        database: database.clone(),
        recordings: folder.path().to_owned(),
        admin_key: AdminKey::new(KEY),
        clock: WallClock::new(|| Millis(7)),
    };
    let (stop, stopped) = oneshot::channel();
    let stopped = async move { drop(stopped.await) };
    let task = tokio::spawn(serve(listener, api, limits, stopped));
    Running { address, health, database, commands, folder, stop, task }
}

async fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("connected");
    // The server may answer and close before it has read everything.
    drop(stream.write_all(request.as_bytes()).await);
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer).await);
    String::from_utf8_lossy(&answer).into_owned()
}

fn board() -> Arc<Wallboard> {
    Arc::new(Wallboard { at: Millis(7), groups: Vec::new(), agents: Vec::new() })
}

/// A request with the administrator's key.
fn keyed(method: &str, path: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "{method} /api/v1{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
         Authorization: Bearer {KEY}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
}

#[tokio::test]
async fn health_follows_the_flags() {
    let server = start(Limits::default()).await;
    assert!(ask(server.address, &get("/livez")).await.starts_with("HTTP/1.1 200"));
    let answer = ask(server.address, &get("/readyz")).await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after: 5"), "{answer}");
    server.health.set_listeners_bound(true);
    server.health.set_database_writable(true);
    assert!(ask(server.address, &get("/readyz")).await.starts_with("HTTP/1.1 200"));
    server.health.set_draining();
    let answer = ask(server.address, &get("/readyz")).await;
    assert!(answer.contains("\"draining\":true"), "{answer}");
}

#[tokio::test]
async fn unknown_addresses_and_methods_get_problem_documents() {
    let server = start(Limits::default()).await;
    let answer = ask(server.address, &get("/api/v1/nothing")).await;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    assert!(answer.contains("application/problem+json"), "{answer}");
    assert!(answer.contains("\"code\":\"not_found\""), "{answer}");
    let post = get("/metrics").replace("GET", "POST");
    let answer = ask(server.address, &post).await;
    assert!(answer.contains("\"code\":\"method_not_allowed\""), "{answer}");
    let answer = ask(server.address, &get("/metrics")).await;
    assert!(answer.contains("application/openmetrics-text"), "{answer}");
}

#[tokio::test]
async fn headers_beyond_the_limit_get_431() {
    let server = start(Limits::default()).await;
    let many = "X: y\r\n".repeat(65);
    let answer = ask(server.address, &format!("GET /livez HTTP/1.1\r\n{many}\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    let long = "y".repeat(17 << 10);
    let answer = ask(server.address, &format!("GET /livez HTTP/1.1\r\nX: {long}\r\n\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[tokio::test]
async fn a_silent_peer_loses_its_connection_and_its_place_goes_to_the_next() {
    let limits =
        Limits { connections: 1, header_timeout: Duration::from_millis(50), ..Limits::default() };
    let server = start(limits).await;
    let mut silent = TcpStream::connect(server.address).await.expect("connected");
    silent.write_all(b"GET /livez").await.expect("written");
    let answer = ask(server.address, &get("/livez")).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let mut rest = Vec::new();
    drop(silent.read_to_end(&mut rest).await);
}

#[tokio::test]
async fn the_server_stops_when_told() {
    let server = start(Limits::default()).await;
    let mut idle = TcpStream::connect(server.address).await.expect("connected");
    idle.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("written");
    let mut first = [0; 12];
    idle.read_exact(&mut first).await.expect("an answer");
    assert_eq!(&first, b"HTTP/1.1 200");
    server.stop.send(()).expect("running");
    server.task.await.expect("stopped");
}

#[tokio::test]
async fn only_who_has_the_key_reads_the_resources() {
    let server = start(Limits::default()).await;
    let answer = ask(server.address, &get("/api/v1/wallboard")).await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert!(answer.contains("www-authenticate: Bearer"), "{answer}");
    let wrong = keyed("GET", "/wallboard", "").replace(KEY, "wrong horse battery!");
    assert!(ask(server.address, &wrong).await.starts_with("HTTP/1.1 401"));
    let answer = ask(server.address, &keyed("GET", "/wallboard", "")).await;
    assert!(answer.ends_with(r#"{"at":7,"groups":[],"agents":[]}"#), "{answer}");
}

#[tokio::test]
async fn an_availability_goes_to_the_core_and_what_it_does_not_know_is_not_found() {
    let mut server = start(Limits::default()).await;
    let core = tokio::spawn(async move {
        let mut told = Vec::new();
        while let Some(command) = server.commands.recv().await {
            let CoreCommand::SetAvailability { user, availability, reason, reply } = command else {
                panic!("nothing else was asked");
            };
            let known = user == UserId::from("u-ana");
            told.push((user, availability, reason));
            reply.send(known).expect("somebody waits");
            if told.len() == 2 {
                break;
            }
        }
        told
    });
    let body = r#"{"availability":"away","reason":"lunch"}"#;
    let request = keyed("PUT", "/users/u-ana/availability", body);
    let answer = ask(server.address, &request).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let request = keyed("PUT", "/users/u-nobody/availability", body);
    let answer = ask(server.address, &request).await;
    assert!(answer.starts_with("HTTP/1.1 404") && answer.contains("no such user"), "{answer}");
    let told = core.await.expect("told");
    assert_eq!(told[0].2.as_deref(), Some("lunch"));
    for wrong in [
        r#"{"availability":"asleep"}"#.to_owned(),
        r#"{"availability":"away","why":"x"}"#.to_owned(),
        format!(r#"{{"availability":"away","reason":"{}"}}"#, "x".repeat(65)),
        "away".to_owned(),
    ] {
        let request = keyed("PUT", "/users/u-ana/availability", &wrong);
        let answer = ask(server.address, &request).await;
        assert!(answer.starts_with("HTTP/1.1 422"), "{wrong}: {answer}");
        assert!(answer.contains("\"detail\""), "{answer}");
    }
}

#[tokio::test]
async fn lists_are_empty_where_nothing_is_and_a_mailbox_has_two_kinds() {
    let server = start(Limits::default()).await;
    for path in [
        "/calls/call-1/decisions",
        "/groups/g-1/queue-waits?limit=5",
        "/agent-log?user=u-1&since=0",
        "/reply-calls?state=done",
        "/mailboxes/user/u-1/messages",
        "/mailboxes/group/g-1/messages",
    ] {
        let answer = ask(server.address, &keyed("GET", path, "")).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("[]"), "{path}: {answer}");
    }
    for (method, path, status) in [
        ("GET", "/reply-calls?state=lost", "422"),
        ("GET", "/agent-log?limit=many", "422"),
        ("GET", "/agent-log?colour=red", "422"),
        ("GET", "/mailboxes/robot/r-1/messages", "404"),
        ("GET", "/mailboxes/user/u-1/messages/m-1/sound", "404"),
        ("PUT", "/mailboxes/user/u-1/messages/m-1/heard", "404"),
        ("DELETE", "/mailboxes/user/u-1/messages/m-1", "404"),
    ] {
        let answer = ask(server.address, &keyed(method, path, "")).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{path}: {answer}");
    }
    assert!(server.folder.path().exists());
    server.database.close().await;
}

#[tokio::test]
async fn every_refusal_is_a_problem_document_of_its_kind() {
    let server = start(Limits::default()).await;
    let put = |body: &str| keyed("PUT", "/users/u-ana/availability", body);
    let large = format!(r#"{{"availability":"away","reason":"{}"}}"#, "x".repeat(70_000));
    let refused = [
        (put(&large), "413", "too_large"),
        (
            put(r#"{"availability":"away"}"#).replace("application/json", "text/html"),
            "415",
            "media_type",
        ),
        (put("{"), "422", "invalid"),
        (put(r#"{"availability":"away","reason":"two\nlines"}"#), "422", "invalid"),
        (keyed("GET", "/calls/%ff/decisions", ""), "400", "bad_address"),
        (keyed("GET", "/agent-log?limit=-1", ""), "422", "invalid"),
    ];
    for (request, status, code) in refused {
        let answer = ask(server.address, &request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{code}: {answer}");
        assert!(answer.contains("content-type: application/problem+json"), "{answer}");
        assert!(answer.contains(&format!("\"code\":\"{code}\"")), "{answer}");
    }
}

#[tokio::test]
async fn a_reader_that_stands_still_loses_its_connection_and_its_place() {
    let limits =
        Limits { connections: 1, write_timeout: Duration::from_millis(50), ..Limits::default() };
    let server = start(limits).await;
    for seq in 1..=200 {
        // More than the buffers of two sockets take.
        push_large(&server.database, seq, 1 << 16).await;
    }
    let mut still = TcpStream::connect(server.address).await.expect("connected");
    let request = keyed("GET", "/events?last_event_id=0", "");
    still.write_all(request.as_bytes()).await.expect("written");
    let mut first = [0; 12];
    still.read_exact(&mut first).await.expect("an answer");
    assert_eq!(&first, b"HTTP/1.1 200");
    // The next one waits for the only place.
    let answer = ask(server.address, &get("/livez")).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}
