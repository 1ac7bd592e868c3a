//! The interface with the calls of the reference scenarios and a core that takes every order, for
//! trying programs against it: `cargo run -p api --example serve_fake`. The key is the variable
//! TANDEM_API_ADMIN_KEY, as for the server; nothing is kept.

use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use acd::statistics::{AgentBoard, Wallboard};
use api::{AdminKey, Api, CoreCommand, CoreLink, Health, Limits, Metrics, Sample, WallClock};
use call::port::{Refusal, StageName, Standing};
use model::agent_state::AgentState;
use model::call_graph::FinishedCallGraph;
use model::directory::Availability;
use model::{CallId, Millis};
use store::rows::RowBatch;
use store::{Commit, Database, ImportMode, Repository as _};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

/// A call that takes every order; for the others there is no core.
const LIVE: &str = "call-live";

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "it is a program")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let key = std::env::var("TANDEM_API_ADMIN_KEY").ok();
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite://{}", folder.path().join("t.db").display());
    let database = Database::open(&url).await?;
    database.migrate().await?;
    let oracle = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/oracle");
    let directory = serde_json::from_slice(&std::fs::read(oracle.join("directory.json"))?)?;
    database.import(&directory, "tandem.test", ImportMode::Apply, Millis(0)).await?;
    for scenario in ["S01", "S02", "S08", "S19", "S23"] {
        let text = std::fs::read(oracle.join(format!("{scenario}.json")))?;
        let mut file: serde_json::Value = serde_json::from_slice(&text)?;
        seed(&database, serde_json::from_value(file["graph"].take())?).await?;
    }
    let (commands, asked) = mpsc::channel(64);
    let board = Wallboard { at: Millis(0), groups: Vec::new(), agents: vec![ana()] };
    let health = Arc::new(Health::default());
    health.set_listeners_bound(true);
    health.set_database_writable(true);
    let api = Api {
        health,
        metrics: Arc::new(Metrics::new("fake", env!("CARGO_PKG_VERSION"), &[], Sample::default)),
        core: CoreLink { commands, wallboard: watch::channel(Arc::new(board)).1 },
        database,
        recordings: folder.path().to_owned(),
        admin_key: key.as_deref().and_then(AdminKey::new),
        clock: WallClock::new(now),
    };
    tokio::spawn(core(asked));
    let listener = TcpListener::bind("127.0.0.1:8080").await?;
    println!("http://{}/api/v1/openapi.json", listener.local_addr()?);
    api::serve(listener, api, Limits::default(), std::future::pending()).await;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the shell of this program")]
fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

fn ana() -> AgentBoard {
    AgentBoard {
        user: "u-ana".into(),
        name: Arc::from("Ana Agent"),
        state: AgentState::ALL[0],
        availability: Availability::Available,
        reason: None,
        since: Millis(0),
        answered: 0,
        missed: 0,
        talk_ms: 0,
        groups: vec!["g-sales".into()],
    }
}

async fn seed(database: &Database, graph: FinishedCallGraph) -> Result<(), store::Error> {
    let graph = graph.into_rows();
    let rows = RowBatch {
        calls: vec![&graph.call],
        connections: graph.connections.iter().collect(),
        attempts: graph.attempts.iter().collect(),
        participants: graph.participants.iter().collect(),
        interactions: graph.interactions.iter().collect(),
        quality_events: graph.quality_events.iter().collect(),
        ..RowBatch::default()
    };
    database.commit(&Commit { rows, ..Commit::default() }).await
}

async fn core(mut asked: mpsc::Receiver<CoreCommand>) {
    let standing = || Standing {
        stage: StageName::Talking,
        parties: Vec::new(),
        searches: Vec::new(),
        parked: None,
    };
    while let Some(command) = asked.recv().await {
        // Whoever asked may be gone.
        match command {
            CoreCommand::SetAvailability { reply, .. } => drop(reply.send(true)),
            CoreCommand::Voicemail { reply, .. } => drop(reply.send(false)),
            CoreCommand::Order { call, reply, .. } if call.as_str() == LIVE => {
                drop(reply.send(Ok((call, standing()))));
            }
            CoreCommand::Order { reply, .. } => drop(reply.send(Err((Refusal::NoCall, None)))),
            CoreCommand::Originate { reply, .. } => {
                drop(reply.send(Ok((CallId::from(LIVE), standing()))));
            }
        }
    }
}
