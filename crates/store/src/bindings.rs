//! What survives a restart beside calls: the bindings of the registrar (RFC 3261 §10) and the
//! round-robin cursors (D42). Both are written behind: only their newest value matters.

use model::{GroupId, Millis, UserId};
use sqlx::sqlite::SqliteConnection;

use crate::Error;
use crate::rows::Columns;

/// A binding as it is kept: plain texts and numbers, so that the registrar's own types may change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The Contact URI as registered; unique within a user.
    pub contact: String,
    /// Call-ID of the request that made it.
    pub sip_call_id: String,
    /// Its CSeq.
    pub cseq: u32,
    /// q-value in thousandths, 0 to 1000.
    pub q_milli: u16,
    /// When it was made or last refreshed.
    pub registered_at: Millis,
    /// When it ends.
    pub expires_at: Millis,
    /// Transport and source it came from, as the server writes it.
    pub flow: String,
    /// What the phone calls itself.
    pub user_agent: Option<String>,
    /// Path (RFC 3327).
    pub path: Option<String>,
    /// `+sip.instance` (RFC 5626).
    pub instance_id: Option<String>,
    /// The server that the flow ends at.
    pub node: String,
}

/// Replaces the bindings of each user. A user that the directory does not have is passed over.
pub(crate) async fn save(
    connection: &mut SqliteConnection,
    changed: &[(UserId, Vec<Binding>)],
) -> Result<(), Error> {
    for (user, bindings) in changed {
        let sql = "DELETE FROM sip_binding WHERE user_id = ?";
        sqlx::query(sql).bind(user.as_str()).execute(&mut *connection).await?;
        for binding in bindings {
            let sql = "INSERT INTO sip_binding(user_id, contact, sip_call_id, cseq, q_milli, \
                       registered_at, expires_at, flow, user_agent, path, instance_id, node) \
                       SELECT id, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM app_user WHERE id = ? \
                       ON CONFLICT(user_id, contact) DO NOTHING";
            sqlx::query(sql)
                .bind(&binding.contact)
                .bind(&binding.sip_call_id)
                .bind(i64::from(binding.cseq))
                .bind(i64::from(binding.q_milli))
                .bind(binding.registered_at.0)
                .bind(binding.expires_at.0)
                .bind(&binding.flow)
                .bind(&binding.user_agent)
                .bind(&binding.path)
                .bind(&binding.instance_id)
                .bind(&binding.node)
                .bind(user.as_str())
                .execute(&mut *connection)
                .await?;
        }
    }
    Ok(())
}

/// Bindings that have not expired at `now`, by user and contact.
pub(crate) async fn load(
    connection: &mut SqliteConnection,
    now: Millis,
) -> Result<Vec<(UserId, Binding)>, Error> {
    let sql = "SELECT * FROM sip_binding WHERE expires_at > ? ORDER BY user_id, contact";
    let rows = sqlx::query(sql).bind(now.0).fetch_all(connection).await?;
    let binding = |row| {
        let columns = Columns { table: "sip_binding", row };
        let optional = |column| Ok::<_, Error>(columns.text_or_null(column)?.map(|t| (*t).into()));
        let binding = Binding {
            contact: columns.text("contact")?,
            sip_call_id: columns.text("sip_call_id")?,
            cseq: columns.number("cseq")?,
            q_milli: columns.number("q_milli")?,
            registered_at: columns.time("registered_at")?,
            expires_at: columns.time("expires_at")?,
            flow: columns.text("flow")?,
            user_agent: optional("user_agent")?,
            path: optional("path")?,
            instance_id: optional("instance_id")?,
            node: columns.text("node")?,
        };
        Ok((columns.id("user_id")?, binding))
    };
    rows.iter().map(binding).collect()
}

/// Moves the cursor of each group.
pub(crate) async fn save_cursors(
    connection: &mut SqliteConnection,
    moved: &[(GroupId, UserId)],
) -> Result<(), Error> {
    for (group, user) in moved {
        let sql = "UPDATE user_group SET rr_cursor_user_id = ?1 \
                   WHERE id = ?2 AND EXISTS (SELECT 1 FROM app_user WHERE id = ?1)";
        let update = sqlx::query(sql).bind(user.as_str()).bind(group.as_str());
        update.execute(&mut *connection).await?;
    }
    Ok(())
}

/// The cursor of every group that has one.
pub(crate) async fn load_cursors(
    connection: &mut SqliteConnection,
) -> Result<Vec<(GroupId, UserId)>, Error> {
    let sql = "SELECT id, rr_cursor_user_id FROM user_group WHERE rr_cursor_user_id IS NOT NULL \
               ORDER BY id";
    let rows: Vec<(String, String)> = sqlx::query_as(sql).fetch_all(connection).await?;
    Ok(rows.into_iter().map(|(group, user)| (group.into(), user.into())).collect())
}
