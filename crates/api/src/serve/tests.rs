//! A server on a loopback port and a client that writes bytes.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::oneshot;

use super::*;
use crate::health::Health;
use crate::metrics::{Metrics, Sample};

struct Running {
    address: SocketAddr,
    health: Arc<Health>,
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<()>,
}

async fn start(limits: Limits) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let health = Arc::new(Health::default());
    let api = Api {
        health: health.clone(),
        metrics: Arc::new(Metrics::new("n", "0", &[], Sample::default)),
    };
    let (stop, stopped) = oneshot::channel();
    let stopped = async move { drop(stopped.await) };
    let task = tokio::spawn(serve(listener, api, limits, stopped));
    Running { address, health, stop, task }
}

async fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("connected");
    // The server may answer and close before it has read everything.
    drop(stream.write_all(request.as_bytes()).await);
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer).await);
    String::from_utf8_lossy(&answer).into_owned()
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
    let answer = ask(server.address, &get("/api/v1/calls")).await;
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
