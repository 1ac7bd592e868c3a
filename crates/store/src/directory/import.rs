//! Loading a directory file into the database: by upsert, in one transaction, and only when its
//! content changed (interface.md, Directory file). Nothing is deleted that calls refer to: what a
//! later file drops becomes inactive. Cursors and the availability of known users are never
//! touched.

use std::collections::BTreeMap;

use model::Millis;
use model::directory::source::DirectoryFile;
use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{Arguments as _, AssertSqlSafe, Row as _};

use super::credentials::hex;
use super::entities::{self, IVRS, NUMBERS, Row, Table};
use super::validate::{DirectoryProblem, Severity, validate};
use super::{children, settings};
use crate::{Error, WriteTransaction};

/// What to do with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportMode {
    /// Say what would change.
    DryRun,
    /// Change it.
    Apply,
}

/// What happened, or would happen, to one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What.
    pub kind: ChangeKind,
    /// `user`, `group`, `ivr`, `number`, `record`, `lookup` or `setting`.
    pub entity: &'static str,
    /// Which.
    pub id: String,
}

/// What happened to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It is different, or active again.
    Changed,
    /// The file no longer names it.
    Deactivated,
}

/// What an import did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Every entry that is new, different or no longer named, in order of the file's lists.
    pub changes: Vec<Change>,
    /// Entries that are as the database has them.
    pub unchanged: usize,
    /// Errors, for which nothing was written, and warnings.
    pub problems: Vec<DirectoryProblem>,
    /// The content is that of the last import: nothing was looked at.
    pub same_content: bool,
    /// The changes are in the database.
    pub applied: bool,
}

impl ImportReport {
    /// How many entries had this happen to them.
    pub fn count(&self, kind: ChangeKind) -> usize {
        self.changes.iter().filter(|change| change.kind == kind).count()
    }

    /// Whether a problem keeps the file from being applied.
    pub fn is_refused(&self) -> bool {
        self.problems.iter().any(|problem| problem.severity == Severity::Error)
    }

    pub(super) fn note(&mut self, kind: Option<ChangeKind>, entity: &'static str, id: &str) {
        match kind {
            Some(kind) => self.changes.push(Change { kind, entity, id: id.to_owned() }),
            None => self.unchanged += 1,
        }
    }
}

/// Imports a file, or says what that would do. The transaction is rolled back on a dry run and
/// when the file is refused.
pub(crate) async fn import(
    mut transaction: WriteTransaction,
    file: &DirectoryFile,
    realm: &str,
    mode: ImportMode,
    now: Millis,
) -> Result<ImportReport, Error> {
    let mut report =
        ImportReport { problems: validate(file, Some(realm)), ..ImportReport::default() };
    if report.is_refused() {
        return Ok(report);
    }
    let hash = hash(file, realm)?;
    let sql = "SELECT hash FROM directory_import WHERE source = 'file'";
    let known: Option<String> = sqlx::query_scalar(sql).fetch_optional(&mut *transaction).await?;
    if known.as_ref() == Some(&hash) {
        report.same_content = true;
        report.unchanged = file.users.len()
            + file.groups.len()
            + file.ivrs.len()
            + file.numbers.len()
            + file.records.len()
            + file.lookups.len();
        return Ok(report);
    }
    write(&mut transaction, file, realm, now, &mut report).await?;
    if mode == ImportMode::DryRun || report.is_refused() {
        transaction.rollback().await?;
        return Ok(report);
    }
    let sql = "INSERT INTO directory_import(source, hash, applied_at) VALUES ('file', ?, ?) \
               ON CONFLICT(source) DO UPDATE SET hash = excluded.hash, \
               applied_at = excluded.applied_at";
    sqlx::query(sql).bind(hash).bind(now.0).execute(&mut *transaction).await?;
    transaction.commit().await?;
    report.applied = true;
    Ok(report)
}

fn hash(file: &DirectoryFile, realm: &str) -> Result<String, Error> {
    let content = serde_json::to_vec(&(realm, file))
        .map_err(|error| Error::Statement { message: error.to_string() })?;
    Ok(hex(&Sha256::digest(&content)))
}

async fn write(
    connection: &mut SqliteConnection,
    file: &DirectoryFile,
    realm: &str,
    now: Millis,
    report: &mut ImportReport,
) -> Result<(), Error> {
    // IVRs may lead to later ones; references are looked at when it commits.
    sqlx::query("PRAGMA defer_foreign_keys = ON").execute(&mut *connection).await?;
    children::object_types(connection, &file.object_types).await?;
    let sql = "SELECT entity, id FROM managed_entity WHERE source = 'file'";
    let managed: Vec<(String, String)> = sqlx::query_as(sql).fetch_all(&mut *connection).await?;
    for (table, rows) in entities::rows(file) {
        let known = stored(connection, table).await?;
        if table.entity == NUMBERS.entity && !numbers_stay(&rows, &known, report) {
            return Ok(());
        }
        let mut merge = Merge { table, known: &known, report };
        merge.drop_missing(connection, &rows, &managed).await?;
        merge.give_way(connection, &rows).await?;
        let kinds = merge.rows(connection, &rows).await?;
        let mut changes = children::of(connection, table, file, realm, now).await?;
        for (row, kind) in rows.iter().zip(kinds) {
            let changed = changes.remove(&row.id).unwrap_or(false);
            let before = known.get(&row.id).filter(|_| table.entity == IVRS.entity);
            if before.is_some_and(|before| changed || redefined(before, row)) {
                let sql = "UPDATE ivr SET version = version + 1 WHERE id = ?";
                sqlx::query(sql).bind(&row.id).execute(&mut *connection).await?;
            }
            let kind = kind.or(changed.then_some(ChangeKind::Changed));
            report.note(kind, table.entity, &row.id);
            manage(connection, table.entity, &row.id).await?;
        }
    }
    children::lookups(connection, &file.lookups, now, report).await?;
    settings::write(connection, &file.settings, now, report).await
}

/// Whether what an IVR does is another thing than before: its name, and that it is there again,
/// are not.
fn redefined(before: &[Value], row: &Row) -> bool {
    let definition = |values: &[Value]| {
        values.iter().skip(1).take(values.len().saturating_sub(2)).cloned().collect::<Vec<_>>()
    };
    definition(before) != definition(&row.values)
}

async fn manage(
    connection: &mut SqliteConnection,
    entity: &'static str,
    id: &str,
) -> Result<(), Error> {
    let sql = "INSERT INTO managed_entity(source, entity, id) VALUES ('file', ?, ?) \
               ON CONFLICT DO NOTHING";
    sqlx::query(sql).bind(entity).bind(id).execute(connection).await?;
    Ok(())
}

/// Every row of a table: its values, in order of the table's columns.
async fn stored(
    connection: &mut SqliteConnection,
    table: &Table,
) -> Result<BTreeMap<String, Vec<Value>>, Error> {
    let columns = table.columns.join(", ");
    let sql = format!("SELECT id, json_array({columns}) AS stored FROM {}", table.name);
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(connection).await?;
    let mut known = BTreeMap::new();
    for row in rows {
        let stored: String = row.try_get("stored")?;
        let values = serde_json::from_str(&stored)
            .map_err(|error| Error::Statement { message: error.to_string() })?;
        known.insert(row.try_get("id")?, values);
    }
    Ok(known)
}

/// Conversations are keyed on the digits of a number, so a number keeps its digits, and digits
/// their number.
fn numbers_stay(
    rows: &[Row],
    known: &BTreeMap<String, Vec<Value>>,
    report: &mut ImportReport,
) -> bool {
    let before = report.problems.len();
    for row in rows {
        let digits = row.values.first();
        let holder = known.iter().find(|(_, values)| values.first() == digits);
        let (cause, remedy) = match (known.get(&row.id), holder) {
            (Some(values), _) if values.first() != digits => (
                format!("the database has {} for `{}`", text(values.first()), row.id),
                "keep the digits of this id, and add another entry for the new number".to_owned(),
            ),
            (None, Some((id, _))) => (
                format!("the database has this number as `{id}`"),
                format!("keep the id `{id}`: conversations refer to it"),
            ),
            (Some(_), _) | (None, None) => continue,
        };
        report.problems.push(DirectoryProblem {
            severity: Severity::Error,
            section: NUMBERS.section,
            id: row.id.clone(),
            key: "e164",
            cause,
            remedy,
        });
    }
    report.problems.len() == before
}

fn text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or("nothing")
}

struct Merge<'a> {
    table: &'static Table,
    known: &'a BTreeMap<String, Vec<Value>>,
    report: &'a mut ImportReport,
}

impl Merge<'_> {
    /// What the file named before and no longer names becomes inactive.
    async fn drop_missing(
        &mut self,
        connection: &mut SqliteConnection,
        rows: &[Row],
        managed: &[(String, String)],
    ) -> Result<(), Error> {
        let table = self.table;
        let of_table = managed.iter().filter(|(entity, _)| entity == table.entity);
        for (_, id) in of_table.filter(|(_, id)| rows.iter().all(|row| row.id != *id)) {
            let active = self.known.get(id).and_then(|values| values.last());
            if active.and_then(Value::as_i64) != Some(0) {
                self.report.note(Some(ChangeKind::Deactivated), table.entity, id);
            }
            let default = if table.entity == NUMBERS.entity { ", is_default = FALSE" } else { "" };
            let sql = format!("UPDATE {} SET active = FALSE{default} WHERE id = ?", table.name);
            sqlx::query(AssertSqlSafe(sql)).bind(id).execute(&mut *connection).await?;
            let sql = "DELETE FROM managed_entity WHERE source = 'file' AND entity = ? AND id = ?";
            sqlx::query(sql).bind(table.entity).bind(id).execute(&mut *connection).await?;
        }
        Ok(())
    }

    /// A row that holds what another is about to get lets go of it first: names may be swapped,
    /// and taken over from who is inactive.
    async fn give_way(&self, connection: &mut SqliteConnection, rows: &[Row]) -> Result<(), Error> {
        let table = self.table;
        if table.entity == NUMBERS.entity {
            for row in rows.iter().filter(|row| self.known.get(&row.id) != Some(&row.values)) {
                let sql = "UPDATE provisioned_number SET is_default = FALSE WHERE id = ?";
                sqlx::query(sql).bind(&row.id).execute(&mut *connection).await?;
            }
        }
        let Some(unique) = table.unique else {
            return Ok(());
        };
        let Some(column) = table.columns.iter().position(|column| *column == unique) else {
            return Ok(());
        };
        for row in rows {
            let wanted = row.values.get(column);
            let holds = |(id, values): &(&String, &Vec<Value>)| {
                **id != row.id && values.get(column) == wanted
            };
            if let Some((holder, _)) = self.known.iter().find(holds) {
                let sql = format!(
                    "UPDATE {} SET {unique} = {unique} || '~' || id WHERE id = ?",
                    table.name
                );
                sqlx::query(AssertSqlSafe(sql)).bind(holder).execute(&mut *connection).await?;
            }
        }
        Ok(())
    }

    /// Writes what is new or different; tells for each row what it was.
    async fn rows(
        &self,
        connection: &mut SqliteConnection,
        rows: &[Row],
    ) -> Result<Vec<Option<ChangeKind>>, Error> {
        let table = self.table;
        let mut kinds = Vec::with_capacity(rows.len());
        let sets: Vec<String> =
            table.columns.iter().map(|column| format!("{column} = excluded.{column}")).collect();
        let sql = format!(
            "INSERT INTO {}(id, {}) VALUES (?{}) ON CONFLICT(id) DO UPDATE SET {}",
            table.name,
            table.columns.join(", "),
            ", ?".repeat(table.columns.len()),
            sets.join(", "),
        );
        for row in rows {
            let kind = match self.known.get(&row.id) {
                None => Some(ChangeKind::Added),
                Some(values) if *values != row.values => Some(ChangeKind::Changed),
                Some(_) => None,
            };
            kinds.push(kind);
            // An unchanged row may have given way above; writing it again costs little.
            let mut arguments = SqliteArguments::default();
            let mut bind = |value: &Value| match value {
                Value::String(text) => arguments.add(text.as_str()),
                Value::Number(number) => arguments.add(number.as_i64()),
                Value::Bool(flag) => arguments.add(*flag),
                Value::Null => arguments.add(None::<&str>),
                Value::Array(_) | Value::Object(_) => arguments.add(value.to_string()),
            };
            bind(&Value::from(row.id.as_str()))
                .and_then(|()| row.values.iter().try_for_each(&mut bind))
                .map_err(|error| Error::Statement { message: error.to_string() })?;
            let upsert = sqlx::query_with(AssertSqlSafe(sql.clone()), arguments);
            upsert.execute(&mut *connection).await?;
        }
        Ok(kinds)
    }
}
