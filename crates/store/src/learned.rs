//! Records that were found outside while a call rang (F2): kept, so that the next call of the same
//! number needs no lookup. What a person decided is not overruled.

use model::directory::KnownRecord;
use model::{E164, Millis, RecordId};
use sqlx::sqlite::SqliteConnection;

use crate::Error;
use crate::conversations::{LookupChange, LookupSource, Resolution, set_lookup};

/// What a record is that an outside source knows and the directory does not.
const OBJECT_TYPE: &str = "contact";

/// Keeps a record and lets the number resolve to it, with the conversations of the number (§7.5).
/// Returns whether it does: a lookup that a person made stays. A record of the directory file
/// keeps what the file says of it.
pub(crate) async fn learn(
    connection: &mut SqliteConnection,
    e164: &E164,
    record: &KnownRecord,
    now: Millis,
) -> Result<bool, Error> {
    let sql = "SELECT count(*) FROM phone_number_lookup \
               WHERE e164 = ? AND source IN ('manual','created')";
    let by_hand: i64 =
        sqlx::query_scalar(sql).bind(e164.as_str()).fetch_one(&mut *connection).await?;
    if by_hand > 0 {
        return Ok(false);
    }
    keep(connection, e164, record, now).await?;
    let change = LookupChange {
        e164: e164.clone(),
        resolution: Resolution::Record(record.id.clone()),
        source: LookupSource::Import,
        by: None,
    };
    set_lookup(connection, &change, now).await?;
    Ok(true)
}

async fn keep(
    connection: &mut SqliteConnection,
    e164: &E164,
    record: &KnownRecord,
    now: Millis,
) -> Result<(), Error> {
    let sql = "INSERT INTO object_type(api_name, label) VALUES (?1, ?1) ON CONFLICT DO NOTHING";
    sqlx::query(sql).bind(OBJECT_TYPE).execute(&mut *connection).await?;
    let sql = "INSERT INTO record(id, object_type, display_name, owner_user_id, priority, \
               created_at) VALUES (?, ?, ?, (SELECT id FROM app_user WHERE id = ?), ?, ?) \
               ON CONFLICT(id) DO UPDATE SET display_name = excluded.display_name, \
               owner_user_id = excluded.owner_user_id, priority = excluded.priority, \
               active = TRUE \
               WHERE NOT EXISTS (SELECT 1 FROM managed_entity m WHERE m.entity = 'record' \
               AND m.id = excluded.id)";
    sqlx::query(sql)
        .bind(record.id.as_str())
        .bind(OBJECT_TYPE)
        .bind(&*record.display_name)
        .bind(record.owner.as_ref().map(model::UserId::as_str))
        .bind(i64::from(record.priority))
        .bind(now.0)
        .execute(&mut *connection)
        .await?;
    phone(connection, e164, &record.id).await
}

async fn phone(
    connection: &mut SqliteConnection,
    e164: &E164,
    record: &RecordId,
) -> Result<(), Error> {
    let sql = "INSERT INTO record_phone(record_id, e164, is_primary) \
               SELECT ?1, ?2, NOT EXISTS (SELECT 1 FROM record_phone WHERE record_id = ?1) \
               ON CONFLICT DO NOTHING";
    sqlx::query(sql).bind(record.as_str()).bind(e164.as_str()).execute(connection).await?;
    Ok(())
}

#[cfg(test)]
mod tests;
