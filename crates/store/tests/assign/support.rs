//! A database with the directory of the scenarios, and everything of it that is not an id or a
//! time of arrival as text.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::OnceLock;

use model::call_graph::{FinishedCallGraph, check};
use model::directory::source::DirectoryFile;
use model::{ConversationId, E164, Millis, RecordId};
use serde_json::Value;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{Column as _, Row as _, TypeInfo as _, ValueRef as _};
use store::conversations::{
    AssignReport, LookupChange, LookupSource, Resolution, assign_graph, set_lookup,
};
use store::rows::{self, RowBatch};
use store::{Database, ImportMode, Repository as _};
use tempfile::TempDir;

pub(crate) use conversation::Source;

/// When everything arrives, unless a test says otherwise: after every scenario.
pub(crate) const NOW: Millis = Millis(1_767_700_000_000);

pub(crate) fn data(path: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/data").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A time of the day on which the scenarios play.
pub(crate) fn at(time: &str) -> Millis {
    Millis::parse(&format!("2026-01-05T{time}.000Z")).expect("a time")
}

pub(crate) fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(work)
}

/// A database in a folder of its own that goes with it.
pub(crate) struct Book {
    pub(crate) database: Database,
    _folder: TempDir,
}

impl Book {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}/tandem.db", folder.path().display());
        let database = Database::open(&url).await.expect("a database");
        database.migrate().await.expect("the schema");
        let file: DirectoryFile =
            serde_json::from_str(&data("oracle/directory.json")).expect("a directory");
        let report = database.import(&file, "tandem.test", ImportMode::Apply, Millis(0)).await;
        let report = report.expect("an import");
        assert!(report.applied, "{:?}", report.problems);
        Self { database, _folder: folder }
    }

    /// Stores the call's rows if it is new and assigns it, in one transaction.
    pub(crate) async fn deliver(&self, graph: &FinishedCallGraph) -> AssignReport {
        self.deliver_as(graph, Source::Live).await
    }

    pub(crate) async fn deliver_as(
        &self,
        graph: &FinishedCallGraph,
        source: Source,
    ) -> AssignReport {
        let mut transaction = self.database.begin().await.expect("a transaction");
        store_rows(&mut transaction, graph).await;
        let report = assign_graph(&mut transaction, graph, source, NOW).await;
        transaction.commit().await.expect("a commit");
        report.expect("an assignment")
    }

    pub(crate) async fn resolve(&self, phone: &str, record: &str) {
        let mut transaction = self.database.begin().await.expect("a transaction");
        let change = LookupChange {
            e164: E164::parse(phone).expect("a number"),
            resolution: Resolution::Record(RecordId::from(record)),
            source: LookupSource::Manual,
            by: None,
        };
        set_lookup(&mut transaction, &change, NOW).await.expect("a lookup");
        transaction.commit().await.expect("a commit");
    }

    pub(crate) async fn execute(&self, sql: &'static str) {
        let mut transaction = self.database.begin().await.expect("a transaction");
        sqlx::raw_sql(sql)
            .execute(&mut *transaction)
            .await
            .unwrap_or_else(|it| panic!("{sql}: {it}"));
        transaction.commit().await.expect("a commit");
    }

    pub(crate) async fn number(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(self.database.reader()).await.expect(sql)
    }

    /// Conversations that are not merged, and all events.
    pub(crate) async fn counts(&self) -> (i64, i64) {
        let conversations = "SELECT count(*) FROM conversation WHERE status <> 'merged'";
        let events = "SELECT count(*) FROM conversation_event";
        (self.number(conversations).await, self.number(events).await)
    }

    pub(crate) async fn only_id(&self) -> ConversationId {
        let sql = "SELECT id FROM conversation WHERE status <> 'merged'";
        let id: String =
            sqlx::query_scalar(sql).fetch_one(self.database.reader()).await.expect("one");
        ConversationId::from(id)
    }

    /// The queries of `invariants.sql` that find something.
    pub(crate) async fn broken(&self) -> Vec<String> {
        let mut broken = Vec::new();
        for (name, sql) in invariants() {
            let rows = sqlx::query(sql.as_str()).fetch_all(self.database.reader()).await;
            let rows = rows.unwrap_or_else(|error| panic!("{name}: {error}"));
            if !rows.is_empty() {
                broken.push(name.split(' ').next().unwrap_or(name).to_owned());
            }
        }
        broken
    }

    pub(crate) async fn assert_sound(&self, when: &str) {
        assert_eq!(self.broken().await, Vec::<String>::new(), "{when}");
    }

    /// Everything of the conversations that is not an id or a time of arrival.
    pub(crate) async fn state(&self) -> String {
        let mut blocks = Vec::new();
        let sql = "SELECT external_key, external_id, internal_key, internal_number_id, \
                   internal_user_id, internal_group_id, owner_user_id, status, closed_at, origin, \
                   first_interaction_at, last_interaction_at, event_count, message_count, id \
                   FROM conversation WHERE status <> 'merged'";
        for row in self.all(sql, None).await {
            let (id, shown) = (row.last().expect("an id").clone(), &row[..row.len() - 1]);
            let mut block = shown.join(" ");
            let sql = "SELECT participant_key, role, record_id, phone_number, is_primary, source, \
                       added_at, removed_at FROM conversation_participant \
                       WHERE conversation_id = ? ORDER BY participant_key";
            for row in self.all(sql, Some(&id)).await {
                let _ = write!(block, "\n  {}", row.join(" "));
            }
            let sql = "SELECT id, label, segment, started_at, ended_at, title, agent_user_id, \
                       source, placement FROM conversation_event WHERE conversation_id = ? \
                       ORDER BY id";
            for row in self.all(sql, Some(&id)).await {
                let _ = write!(block, "\n  {}", row.join(" "));
            }
            blocks.push(block);
        }
        blocks.sort();
        blocks.join("\n")
    }

    pub(crate) async fn all(&self, sql: &'static str, bind: Option<&str>) -> Vec<Vec<String>> {
        let mut query = sqlx::query(sql);
        if let Some(bind) = bind {
            query = query.bind(bind.to_owned());
        }
        let rows = query.fetch_all(self.database.reader()).await.expect(sql);
        rows.iter().map(texts).collect()
    }
}

fn texts(row: &SqliteRow) -> Vec<String> {
    let text = |index: usize| {
        let value = row.try_get_raw(index).expect("a column");
        match value.type_info().name() {
            _ if value.is_null() => "–".to_owned(),
            "INTEGER" | "BIGINT" | "BOOLEAN" => row.get::<i64, _>(index).to_string(),
            _ => row.get_unchecked::<String, _>(index),
        }
    };
    row.columns().iter().map(|column| text(column.ordinal())).collect()
}

pub(crate) async fn store_rows(connection: &mut SqliteConnection, graph: &FinishedCallGraph) {
    let rows = graph.clone().into_rows();
    let mut batch = RowBatch::default();
    batch.add_graph(&rows);
    rows::save(connection, &batch).await.expect("rows");
}

/// Name and text of every query of `invariants.sql`.
pub(crate) fn invariants() -> &'static [(String, String)] {
    static ALL: OnceLock<Vec<(String, String)>> = OnceLock::new();
    ALL.get_or_init(|| {
        let file = data("invariants.sql");
        let parts = file.split("\n-- name: ").skip(1);
        let named = parts.map(|part| part.split_once('\n').expect("a name and a query"));
        let all: Vec<_> =
            named.map(|(name, sql)| (name.to_owned(), sql.trim().to_owned())).collect();
        assert_eq!(all.len(), 37);
        all
    })
}

/// One file of the oracle.
#[derive(Clone)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    pub(crate) graph: FinishedCallGraph,
    pub(crate) expect: Value,
}

pub(crate) const NAMES: [&str; 21] = [
    "S01", "S02", "S02B", "S03", "S04", "S05", "S06", "S07", "S08", "S09", "S10", "S11", "S12",
    "S13", "S14", "S15", "S16", "S17", "S19", "S23", "S24",
];

pub(crate) fn scenarios() -> &'static [Scenario] {
    static ALL: OnceLock<Vec<Scenario>> = OnceLock::new();
    ALL.get_or_init(|| NAMES.map(scenario).to_vec())
}

fn scenario(name: &str) -> Scenario {
    let mut file: Value =
        serde_json::from_str(&data(&format!("oracle/{name}.json"))).expect("JSON");
    Scenario {
        name: name.to_owned(),
        graph: check::read(&file["graph"].to_string()).expect("a graph"),
        expect: file["expect"].take(),
    }
}

pub(crate) fn graph(name: &str) -> FinishedCallGraph {
    let found = scenarios().iter().find(|scenario| scenario.name == name);
    found.expect("a scenario").graph.clone()
}

/// The same call under another id, its text edited; it must still be a valid graph.
pub(crate) fn edited(name: &str, call: &str, edit: impl FnOnce(&mut Value)) -> FinishedCallGraph {
    let graph = graph(name);
    let mut json = serde_json::to_value(&graph).expect("JSON");
    edit(&mut json);
    let text = json.to_string().replace(graph.call_id.as_str(), call);
    check::read(&text).unwrap_or_else(|refused| panic!("{name} as {call}: {refused}"))
}

/// The same call a number of hours later.
pub(crate) fn later(name: &str, call: &str, hours: u32) -> FinishedCallGraph {
    let hour = format!("T{:02}:", 10 + hours);
    edited(name, call, |json| {
        *json = serde_json::from_str(&json.to_string().replace("T10:", &hour)).expect("JSON");
    })
}

/// The same call with a higher revision, edited.
pub(crate) fn revised(
    graph: &FinishedCallGraph,
    revision: u32,
    edit: impl FnOnce(&mut Value),
) -> FinishedCallGraph {
    let mut json = serde_json::to_value(graph).expect("JSON");
    json["revision"] = revision.into();
    edit(&mut json);
    check::read(&json.to_string()).unwrap_or_else(|refused| panic!("revision: {refused}"))
}
