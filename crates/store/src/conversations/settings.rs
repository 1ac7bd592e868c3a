//! The organisation's settings as one transaction sees them.

use conversation::{ClosedPolicy, Period, Settings};
use sqlx::sqlite::SqliteConnection;

use crate::Error;
use crate::rows::Columns;

/// What R0 and R7 ask for.
pub(super) async fn load(connection: &mut SqliteConnection) -> Result<Settings, Error> {
    let sql = "SELECT on_at, off_at, NULL AS value FROM setting_period \
               WHERE key = 'conversations_enabled' \
               UNION ALL SELECT 0, NULL, value FROM org_setting \
               WHERE key = 'closed_conversation_policy'";
    let mut settings = Settings { enabled: Vec::new(), closed_policy: ClosedPolicy::Reopen };
    for row in sqlx::query(sql).fetch_all(connection).await? {
        let columns = Columns { table: "org_setting", row: &row };
        match columns.text_or_null("value")? {
            Some(_) => settings.closed_policy = columns.word("value")?,
            None => settings.enabled.push(Period {
                on_at: columns.time("on_at")?,
                off_at: columns.time_or_null("off_at")?,
            }),
        }
    }
    Ok(settings)
}
