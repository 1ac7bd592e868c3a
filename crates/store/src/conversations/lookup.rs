//! Phone Number Lookups: read by the assigner (R023–R025), changed by people and imports, always
//! together with the conversations that the number is in (D28, §7.5).

use std::collections::BTreeMap;

use conversation::{Rekey, Resolved, ResolvedRecord, phones_to_resolve};
use model::call_graph::FinishedCallGraph;
use model::{E164, Millis, RecordId, UserId, text_enum};
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;

use super::relink::{Relinked, relink};
use crate::Error;
use crate::rows::Columns;

text_enum! {
    /// Who or what settled a lookup.
    LookupSource {
        /// The records that have the number, by themselves.
        AutoUnique = "auto_unique",
        /// A user chose among the records.
        Manual = "manual",
        /// A user created the record.
        Created = "created",
        /// A directory file.
        Import = "import",
    }
}

/// What a number resolves to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// This record.
    Record(RecordId),
    /// Several records have it.
    Ambiguous,
    /// No record has it.
    Unknown,
}

/// A lookup as it shall be.
#[derive(Clone, Debug)]
pub struct LookupChange {
    /// The number.
    pub e164: E164,
    /// What it resolves to.
    pub resolution: Resolution,
    /// Who or what says so.
    pub source: LookupSource,
    /// The user who says so.
    pub by: Option<UserId>,
}

impl Resolution {
    fn status(&self) -> &'static str {
        match self {
            Self::Record(_) => "resolved",
            Self::Ambiguous => "ambiguous",
            Self::Unknown => "none",
        }
    }

    fn record(&self) -> Option<&RecordId> {
        match self {
            Self::Record(id) => Some(id),
            Self::Ambiguous | Self::Unknown => None,
        }
    }
}

/// Changes a lookup and, in the same transaction, moves the conversations of the number and merges
/// those that meet. `connection` is in a transaction that was begun for writing. The same change
/// again changes nothing.
///
/// # Errors
/// Whatever keeps SQLite from reading or writing, an unknown record among it; then the transaction
/// must be rolled back.
pub async fn set_lookup(
    connection: &mut SqliteConnection,
    change: &LookupChange,
    now: Millis,
) -> Result<Relinked, Error> {
    // (Exclusive lock for the phone: no assigner between its reading and its inserting.)
    let sql = "SELECT record_id FROM phone_number_lookup WHERE e164 = ?";
    let old = sqlx::query(sql).bind(change.e164.as_str()).fetch_optional(&mut *connection).await?;
    let old: Option<String> = match &old {
        Some(row) => row.try_get("record_id")?,
        None => None,
    };
    let (candidates, _) = candidates(connection, &change.e164).await?;
    write(connection, change, candidates, now).await?;
    let Some(id) = change.resolution.record() else {
        return Ok(Relinked::default()); // Nothing moves back (D28).
    };
    let record = record(connection, id).await?;
    let rekey = match old.map(RecordId::from) {
        Some(old) if old == *id => return Ok(Relinked::default()),
        Some(old) => Rekey::record(&change.e164, &old, &record),
        None => Rekey::phone(&change.e164, &record),
    };
    relink(connection, &rekey, now).await
}

async fn write(
    connection: &mut SqliteConnection,
    change: &LookupChange,
    candidates: i64,
    now: Millis,
) -> Result<(), Error> {
    let sql = "INSERT INTO phone_number_lookup(e164, status, record_id, source, candidate_count, \
               updated_by, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?) \
               ON CONFLICT(e164) DO UPDATE SET status = excluded.status, \
               record_id = excluded.record_id, source = excluded.source, \
               candidate_count = excluded.candidate_count, version = version + 1, \
               updated_by = excluded.updated_by, updated_at = excluded.updated_at \
               WHERE status <> excluded.status OR record_id IS NOT excluded.record_id";
    sqlx::query(sql)
        .bind(change.e164.as_str())
        .bind(change.resolution.status())
        .bind(change.resolution.record().map(RecordId::as_str))
        .bind(change.source.as_str())
        .bind(candidates)
        .bind(change.by.as_ref().map(UserId::as_str))
        .bind(now.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// How many records have a number, and the only one if there is only one.
async fn candidates(
    connection: &mut SqliteConnection,
    e164: &E164,
) -> Result<(i64, Option<ResolvedRecord>), Error> {
    let sql = "SELECT r.id, r.display_name, count(*) OVER () AS candidates \
               FROM record_phone p JOIN record r ON r.id = p.record_id \
               WHERE p.e164 = ? AND r.active LIMIT 1";
    let row = sqlx::query(sql).bind(e164.as_str()).fetch_optional(connection).await?;
    let Some(row) = row else { return Ok((0, None)) };
    let columns = Columns { table: "record", row: &row };
    let count = columns.number("candidates")?;
    let first =
        ResolvedRecord { id: columns.id("id")?, name: columns.text("display_name")?.into() };
    Ok((count, (count == 1).then_some(first)))
}

pub(super) async fn record(
    connection: &mut SqliteConnection,
    id: &RecordId,
) -> Result<ResolvedRecord, Error> {
    let sql = "SELECT display_name FROM record WHERE id = ?";
    let name: Option<String> =
        sqlx::query_scalar(sql).bind(id.as_str()).fetch_optional(connection).await?;
    let name =
        name.ok_or_else(|| Error::Constraint { message: format!("there is no record {id}") })?;
    Ok(ResolvedRecord { id: id.clone(), name: name.into() })
}

/// Lookups that the transaction has read: what each number resolves to. A number without a row is
/// not in it.
pub(super) type Known = BTreeMap<E164, Option<ResolvedRecord>>;

/// Reads the lookups of some numbers.
pub(super) async fn read(
    connection: &mut SqliteConnection,
    phones: &[&E164],
    known: &mut Known,
) -> Result<(), Error> {
    let wanted: Vec<&str> = phones
        .iter()
        .filter(|phone| !known.contains_key(**phone))
        .map(|phone| phone.as_str())
        .collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let wanted = serde_json::to_string(&wanted)
        .map_err(|error| Error::Statement { message: error.to_string() })?;
    let sql = "SELECT l.e164, l.record_id, r.display_name FROM phone_number_lookup l \
               LEFT JOIN record r ON r.id = l.record_id \
               WHERE l.e164 IN (SELECT value FROM json_each(?))";
    for row in sqlx::query(sql).bind(wanted).fetch_all(connection).await? {
        let columns = Columns { table: "phone_number_lookup", row: &row };
        let name = columns.text_or_null("display_name")?;
        let record = columns.id_or_null("record_id")?.zip(name);
        let record = record.map(|(id, name)| ResolvedRecord { id, name });
        known.insert(columns.word("e164")?, record);
    }
    Ok(())
}

/// Resolves the numbers of a call, by primary key. The first miss of a number fills its row from
/// the records (R024).
pub(super) async fn resolve(
    connection: &mut SqliteConnection,
    graph: &FinishedCallGraph,
    known: &mut Known,
    now: Millis,
) -> Result<Resolved, Error> {
    let phones = phones_to_resolve(graph);
    read(connection, &phones, known).await?;
    let mut resolved = Resolved::default();
    for phone in phones {
        let record = match known.get(phone) {
            Some(record) => record.clone(),
            None => {
                let record = first_miss(connection, phone, now).await?;
                known.insert(phone.clone(), record.clone());
                record
            }
        };
        let record = record.map(|record| (phone.clone(), record));
        resolved.by_phone.extend(record);
    }
    let chosen = graph.participants.iter().filter(|row| row.phone_number.is_none());
    for id in chosen.filter_map(|row| row.record_id.as_ref()) {
        let name = record(connection, id).await?.name;
        resolved.chosen.insert(id.clone(), name);
    }
    Ok(resolved)
}

async fn first_miss(
    connection: &mut SqliteConnection,
    phone: &E164,
    now: Millis,
) -> Result<Option<ResolvedRecord>, Error> {
    let (count, only) = candidates(connection, phone).await?;
    let resolution = match &only {
        Some(record) => Resolution::Record(record.id.clone()),
        None if count == 0 => Resolution::Unknown,
        None => Resolution::Ambiguous,
    };
    let change = LookupChange {
        e164: phone.clone(),
        resolution,
        source: LookupSource::AutoUnique,
        by: None,
    };
    // A thread of the number can be older than its row only if somebody deleted the row: it moves.
    Box::pin(set_lookup(connection, &change, now)).await?;
    Ok(only)
}
