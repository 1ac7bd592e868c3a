//! A database of an older version becomes one of this version, with everything that is in it.

use model::Millis;
use model::call_graph::apply;
use sqlx::AssertSqlSafe;
use sqlx::migrate::Migration;

use super::*;
use crate::testing::{
    CALL_TABLES, REALM, T0, broken_invariants, dump, scenario_directory, scripts,
};
use crate::{Commit, ImportMode, Repository};

/// The tables and columns of version 4, as its program knew them.
const TABLES: [&str; 18] = [
    "role",
    "app_user",
    "sip_credential",
    "user_role",
    "user_group",
    "group_member",
    "ivr",
    "ivr_option",
    "provisioned_number",
    "record",
    "phone_number_lookup",
    "call",
    "connection",
    "connection_attempt",
    "call_participant",
    "call_interaction",
    "reply_call",
    "graph_outbox",
];

async fn at_version(url: &str, version: i64) -> Database {
    let database = Database::open(url).await.expect("a new database");
    let migrations: Vec<Migration> =
        MIGRATIONS.iter().filter(|migration| migration.version <= version).cloned().collect();
    let older = Migrator::with_migrations(migrations);
    older.run(&database.write).await.expect("an older schema");
    database
}

async fn text(database: &Database, sql: &str) -> Vec<String> {
    let sql = AssertSqlSafe(sql.to_owned());
    sqlx::query_scalar(sql).fetch_all(database.reader()).await.expect("rows")
}

/// The rows of a table, in the columns that version 4 had.
async fn rows(database: &Database, table: &str, columns: &str) -> Vec<String> {
    let sql = format!("SELECT json_array({columns}) FROM {table} ORDER BY 1");
    text(database, &sql).await
}

async fn columns(database: &Database, table: &str) -> String {
    let sql = format!("SELECT '\"' || name || '\"' FROM pragma_table_info('{table}')");
    text(database, &sql).await.join(", ")
}

/// Everything of a schema that is not a table.
async fn indexes(database: &Database) -> Vec<String> {
    let sql = "SELECT name FROM sqlite_schema WHERE type <> 'table' ORDER BY name";
    text(database, sql).await
}

async fn fill(database: &Database) {
    let mut connection = database.write.acquire().await.expect("a connection");
    let script = include_str!("version_4.sql");
    sqlx::raw_sql(script).execute(&mut *connection).await.expect("rows of version 4");
}

#[tokio::test]
async fn a_filled_database_of_version_4_keeps_every_row_index_and_reference() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}/tandem.db", folder.path().display());
    let database = at_version(&url, 4).await;
    fill(&database).await;
    let mut before = Vec::new();
    for table in TABLES {
        let columns = columns(&database, table).await;
        let rows = rows(&database, table, &columns).await;
        assert!(!rows.is_empty(), "{table} is empty");
        before.push((table, columns, rows));
    }
    let indexes_before = indexes(&database).await;
    assert!(!database.is_current().await.expect("a version"));
    database.migrate().await.expect("the newest schema");
    assert!(database.is_current().await.expect("a version"));
    for (table, columns, expected) in before {
        assert_eq!(rows(&database, table, &columns).await, expected, "{table}");
    }
    let indexes_after = indexes(&database).await;
    for index in indexes_before {
        assert!(indexes_after.contains(&index), "{index} is gone");
    }
    assert_eq!(text(&database, "SELECT \"table\" FROM pragma_foreign_key_check").await.len(), 0);
    let number = text(&database, "SELECT number FROM reply_call").await;
    assert_eq!(number, ["+15557770001"]);
    assert_eq!(
        text(&database, "SELECT name FROM sqlite_schema WHERE name LIKE 'new_%'").await.len(),
        0
    );
    // Every reference of the tables that were built anew is still one, and is looked at.
    for broken in [
        "DELETE FROM connection WHERE id = 'c-c1'",
        "DELETE FROM user_group WHERE id = 'g'",
        "DELETE FROM ivr WHERE id = 'i2'",
        "UPDATE connection_attempt SET connection_id = 'nobody'",
    ] {
        let mut transaction = database.begin().await.expect("a transaction");
        let refused = sqlx::query(broken).execute(&mut *transaction).await;
        assert!(refused.is_err_and(|error| error.to_string().contains("FOREIGN KEY")), "{broken}");
    }
    // And it works on: the directory is applied again, and calls are written.
    let report = database.import(&scenario_directory(), REALM, ImportMode::Apply, Millis(T0)).await;
    assert!(report.expect("an import").applied);
    let mut graph = None;
    for event in scripts::waiting("new", 0).iter().flatten() {
        apply(&mut graph, event);
    }
    let mut rows = crate::rows::RowBatch::default();
    rows.add_graph(graph.as_ref().expect("a call"));
    database.commit(&Commit { rows, ..Commit::default() }).await.expect("a commit");
    assert!(dump(&database, &CALL_TABLES).await.iter().any(|row| row.contains("longest_idle")));
    assert_eq!(broken_invariants(&database).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_reference_that_would_be_lost_keeps_the_older_schema_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}/tandem.db", folder.path().display());
    let database = at_version(&url, 4).await;
    fill(&database).await;
    let mut connection = database.write.acquire().await.expect("a connection");
    let broken = "PRAGMA foreign_keys = OFF; DELETE FROM user_group WHERE id = 'g'; \
                  PRAGMA foreign_keys = ON";
    sqlx::raw_sql(broken).execute(&mut *connection).await.expect("a broken database");
    drop(connection);
    let error = database.migrate().await.expect_err("a reference is broken");
    assert!(error.to_string().contains("CHECK"), "{error}");
    assert!(!database.is_current().await.expect("a version"));
    assert_eq!(text(&database, "SELECT id FROM ivr ORDER BY id").await, ["i1", "i2"]);
    let none = "SELECT name FROM sqlite_schema WHERE name = 'queue_wait'";
    assert_eq!(text(&database, none).await.len(), 0);
}

#[tokio::test]
async fn a_second_time_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}/tandem.db", folder.path().display());
    let database = Database::open(&url).await.expect("a new database");
    assert_eq!(database.migrate().await.expect("the schema"), MIGRATIONS.iter().count());
    assert_eq!(database.migrate().await.expect("the schema"), 0);
}
