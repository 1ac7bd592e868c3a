//! Organisation settings of a directory file, and the periods of the two switches whose past
//! matters (R041, R043).

use model::Millis;
use model::directory::source::SettingsEntry;
use sqlx::sqlite::SqliteConnection;

use super::import::{ChangeKind, ImportReport};
use crate::Error;

/// Writes the settings that are given; what is absent stays as it is.
pub(super) async fn write(
    connection: &mut SqliteConnection,
    settings: &SettingsEntry,
    now: Millis,
    report: &mut ImportReport,
) -> Result<(), Error> {
    let flag = |value: Option<bool>| value.map(|value| value.to_string());
    let given = [
        ("conversations_enabled", flag(settings.conversations_enabled)),
        ("extracts_enabled", flag(settings.extracts_enabled)),
        ("show_all_conversations", settings.show_all_conversations.clone()),
        ("participation_policy", settings.participation_policy.clone()),
        ("closed_conversation_policy", settings.closed_conversation_policy.clone()),
        ("reply_calls_enabled", flag(settings.reply_calls_enabled)),
        ("timezone", settings.timezone.clone()),
        ("quality_thresholds", settings.quality_thresholds.as_ref().map(ToString::to_string)),
    ];
    for (key, value) in given {
        let Some(value) = value else { continue };
        let sql = "SELECT value FROM org_setting WHERE key = ?";
        let known: Option<String> =
            sqlx::query_scalar(sql).bind(key).fetch_optional(&mut *connection).await?;
        let kind = match known {
            None => Some(ChangeKind::Added),
            Some(known) if known != value => Some(ChangeKind::Changed),
            Some(_) => None,
        };
        if kind.is_some() {
            let sql = "INSERT INTO org_setting(key, value, updated_at) VALUES (?, ?, ?) \
                       ON CONFLICT(key) DO UPDATE SET value = excluded.value, \
                       updated_at = excluded.updated_at, updated_by = NULL";
            let upsert = sqlx::query(sql).bind(key).bind(&value).bind(now.0);
            upsert.execute(&mut *connection).await?;
        }
        report.note(kind, "setting", key);
    }
    // The first true lets older graphs be assigned; extracts begin when they are switched on.
    period(connection, "conversations_enabled", settings.conversations_enabled, 0, now).await?;
    period(connection, "extracts_enabled", settings.extracts_enabled, now.0, now).await
}

async fn period(
    connection: &mut SqliteConnection,
    key: &str,
    on: Option<bool>,
    first: i64,
    now: Millis,
) -> Result<(), Error> {
    let sql = "SELECT count(*), coalesce(max(off_at IS NULL), 0) FROM setting_period WHERE key = ?";
    let (periods, is_on): (i64, bool) =
        sqlx::query_as(sql).bind(key).fetch_one(&mut *connection).await?;
    match on {
        Some(true) if !is_on => {
            let on_at = if periods == 0 { first } else { now.0 };
            let sql = "INSERT INTO setting_period(key, on_at) VALUES (?, ?) \
                       ON CONFLICT(key, on_at) DO UPDATE SET off_at = NULL";
            sqlx::query(sql).bind(key).bind(on_at).execute(connection).await?;
        }
        Some(false) if is_on => {
            let sql = "UPDATE setting_period SET off_at = max(?, on_at) \
                       WHERE key = ? AND off_at IS NULL";
            sqlx::query(sql).bind(now.0).bind(key).execute(connection).await?;
        }
        Some(true | false) | None => {}
    }
    Ok(())
}
