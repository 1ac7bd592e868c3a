//! What the tests of this crate share: a fresh database with the directory of the reference
//! scenarios, the calls of [`scripts`], and everything that the tables hold as comparable text.

pub(crate) mod handed_on;
pub(crate) mod scripts;

use std::path::{Path, PathBuf};

use model::Millis;
use model::call_graph::FinishedCallGraph;
use model::directory::Directory;
use model::directory::source::DirectoryFile;
use sqlx::AssertSqlSafe;

use crate::{Database, ImportMode, Repository};

/// Times of the scripts are counted from here.
pub(crate) const T0: i64 = 1_767_607_200_000;
pub(crate) const REALM: &str = "tandem.test";
pub(crate) const NODE: &str = "tandem-1";

/// A database of its own, in a folder that goes away with it.
pub(crate) struct Fresh {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) database: Database,
    pub(crate) directory: Directory,
}

impl Fresh {
    /// Migrated, with the directory of the scenarios.
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite://{}", folder.path().join("tandem.db").display());
        let database = Database::open(&url).await.expect("a new database");
        database.migrate().await.expect("migrations");
        let report = database
            .import(&scenario_directory(), REALM, ImportMode::Apply, Millis(T0))
            .await
            .expect("an import");
        assert!(report.applied, "{:?}", report.problems);
        let directory = database.load_directory(REALM).await.expect("the directory");
        Self { folder, database, directory }
    }

    pub(crate) fn journal(&self) -> PathBuf {
        self.folder.path().join("journal")
    }

    pub(crate) fn rejected(&self) -> PathBuf {
        self.folder.path().join("rejected")
    }
}

pub(crate) fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data")
}

pub(crate) fn scenario_directory() -> DirectoryFile {
    let text = std::fs::read(data().join("oracle/directory.json")).expect("the directory file");
    serde_json::from_slice(&text).expect("a directory")
}

/// The graphs of the reference scenarios, by name.
pub(crate) fn oracle() -> Vec<(String, FinishedCallGraph)> {
    let mut graphs = Vec::new();
    for entry in std::fs::read_dir(data().join("oracle")).expect("the reference folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or("").to_owned();
        if !name.starts_with('S') {
            continue;
        }
        let text = std::fs::read(&path).expect("a scenario");
        let mut scenario: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
        let graph = serde_json::from_value(scenario["graph"].take()).expect("a graph");
        graphs.push((name, graph));
    }
    graphs.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(graphs.len(), 21);
    graphs
}

/// Tables that a call fills.
pub(crate) const CALL_TABLES: [&str; 9] = [
    "call",
    "connection",
    "connection_attempt",
    "call_participant",
    "call_interaction",
    "quality_event",
    "queue_wait",
    "routing_decision",
    "graph_outbox",
];

/// Every row of the tables as text, sorted.
pub(crate) async fn dump(database: &Database, tables: &[&str]) -> Vec<String> {
    let mut lines = Vec::new();
    for table in tables {
        let sql = format!(
            "SELECT group_concat('''' || name || ''', \"' || name || '\"', ', ') \
             FROM pragma_table_info('{table}')"
        );
        let columns: String = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_one(database.reader())
            .await
            .expect("columns");
        let sql = format!("SELECT json_object({columns}) FROM {table}");
        let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_all(database.reader())
            .await
            .expect("rows");
        lines.extend(rows.into_iter().map(|row| format!("{table} {row}")));
    }
    lines.sort();
    lines
}

/// How SQLite goes about a query, a step a line.
pub(crate) async fn query_plan(database: &Database, sql: String) -> String {
    let sql = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
    let steps = sqlx::query(sql).fetch_all(database.reader()).await.expect("a plan");
    let steps = steps.iter().map(|step| sqlx::Row::get::<String, _>(step, "detail"));
    steps.collect::<Vec<_>>().join("\n")
}

/// What holds of the tables beside the model, in the form of `invariants.sql`.
const OUR_INVARIANTS: &str = "
-- name: Q01 whoever waited in a finished call waits no longer
SELECT q.call_id FROM queue_wait q JOIN call c ON c.id = q.call_id \
WHERE c.state = 'finished' AND q.left_at IS NULL
-- name: Q02 a stay nests in its call and connection, and one ends before the next begins
SELECT q.call_id FROM queue_wait q JOIN connection n ON n.id = q.connection_id \
WHERE n.call_id <> q.call_id OR q.entered_at < n.opened_at OR q.left_at > n.ended_at \
UNION ALL SELECT a.call_id FROM queue_wait a JOIN queue_wait b \
ON b.connection_id = a.connection_id AND b.seq > a.seq AND b.entered_at < a.left_at
-- name: Q03 what was decided is numbered 1..n and never goes back in time
SELECT call_id FROM routing_decision GROUP BY call_id HAVING max(seq) <> count(*) OR min(seq) <> 1 \
UNION ALL SELECT a.call_id FROM routing_decision a JOIN routing_decision b \
ON b.call_id = a.call_id AND b.seq = a.seq + 1 AND b.at < a.at
-- name: R01 a reply call is of a missed inbound call and of its owner
SELECT r.id FROM reply_call r JOIN call c ON c.id = r.missed_call_id \
WHERE c.direction <> 'inbound' OR c.outcome <> 'missed' OR c.from_number <> r.number \
OR r.owner_user_id IS NOT c.missed_call_owner_user_id \
OR r.owner_group_id IS NOT c.missed_call_owner_group_id
-- name: R02 a reply call that is done names the outbound call to the number, which began afterwards
SELECT r.id FROM reply_call r LEFT JOIN call c ON c.id = r.done_call_id \
WHERE (r.state = 'done') <> (c.id IS NOT NULL) OR c.direction <> 'outbound' \
OR c.to_number <> r.number OR c.initiated_at < r.created_at
-- name: R03 a finished call that replies says so in its row and in its hand-off
SELECT r.id FROM reply_call r JOIN call c ON c.id = r.done_call_id \
LEFT JOIN graph_outbox o ON o.call_id = c.id WHERE c.state = 'finished' \
AND (c.reply_to_call_id IS NULL OR \
json_extract(o.payload, '$.call.reply_to_call_id') IS NOT c.reply_to_call_id)
-- name: E01 the events of a call are numbered 1..n
SELECT call_id FROM call_event GROUP BY call_id HAVING min(seq) <> 1 OR max(seq) <> count(*)
-- name: E02 the last event of a call that is over says so, and of no other
SELECT e.call_id FROM call_event e JOIN call c ON c.id = e.call_id \
WHERE (e.seq = (SELECT max(x.seq) FROM call_event x WHERE x.call_id = e.call_id) \
AND c.state IN ('finished','absorbed')) <> (e.kind IN ('ended','absorbed_into'))
-- name: E03 an absorbed call has no rows of its own
SELECT c.id FROM call c WHERE c.state = 'absorbed' AND (\
EXISTS (SELECT 1 FROM connection x WHERE x.call_id = c.id) \
OR EXISTS (SELECT 1 FROM connection_attempt x WHERE x.call_id = c.id) \
OR EXISTS (SELECT 1 FROM call_participant x WHERE x.call_id = c.id) \
OR EXISTS (SELECT 1 FROM call_interaction x WHERE x.call_id = c.id))
";

/// Every event of the stream as text, by call and number.
pub(crate) async fn stream(database: &Database) -> Vec<String> {
    let sql = "SELECT call_id || ' ' || seq || ' ' || at || ' ' || kind || ' ' || data \
               FROM call_event ORDER BY call_id, seq";
    sqlx::query_scalar(sql).fetch_all(database.reader()).await.expect("rows")
}

/// Names of the broken invariants.
pub(crate) async fn broken_invariants(database: &Database) -> Vec<String> {
    let text = std::fs::read_to_string(data().join("invariants.sql")).expect("the invariants");
    let text = text + OUR_INVARIANTS;
    let mut broken = Vec::new();
    for part in text.split("-- name: ").skip(1) {
        let (name, query) = part.split_once('\n').expect("a name and a query");
        let rows = sqlx::query(AssertSqlSafe(query.to_owned()))
            .fetch_all(database.reader())
            .await
            .expect(name);
        if !rows.is_empty() {
            broken.push(format!("{name}: {} rows", rows.len()));
        }
    }
    broken
}
