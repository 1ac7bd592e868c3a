//! What is told beside the graphs of calls: recordings, the figures of a leg at its end, what
//! telephones report, voice messages, what agents are doing. Written behind, in the order in which
//! it came, after the rows of the same commit; a kill loses at most what the last commit interval
//! brought, and a recording that was cut off is closed at the next start from its file.

use model::agent_state::AgentChange;
use model::call_graph::event::BridgeLeg;
use model::client_report::ClientReport;
use model::leg_quality::LegQuality;
use model::recording::{RecordingChange, RecordingFormat, RecordingId, RecordingState};
use model::voicemail::VoicemailChange;
use model::{CallId, Millis};
use sqlx::sqlite::SqliteConnection;

use crate::rows::Columns;
use crate::{Error, agents, voicemail_rows};

/// Something to be written.
#[derive(Clone, Debug, PartialEq)]
pub enum MediaRow {
    /// What became of a recording.
    Recording(RecordingId, RecordingChange),
    /// What the streams of a leg were like.
    LegQuality(LegQuality),
    /// What a telephone says.
    ClientReport(Box<ClientReport>),
    /// What became of a voice message.
    Voicemail(Box<VoicemailChange>),
    /// What an agent is doing now.
    Agent(Box<AgentChange>),
}

/// A recording as the database has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingRow {
    /// Its id.
    pub id: RecordingId,
    /// Its call.
    pub call: CallId,
    /// Its file, below the recordings folder.
    pub file: String,
    /// How it is written.
    pub format: RecordingFormat,
    /// Where it stands.
    pub state: RecordingState,
}

/// How a recording that was cut off by a kill ended, as its file tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interrupted {
    /// Which.
    pub id: RecordingId,
    /// When the recording ended: the last time that its file was written.
    pub at: Millis,
    /// Its sound; `None`: there is no file that can be read.
    pub duration_ms: Option<u64>,
    /// Its size.
    pub bytes: Option<u64>,
    /// SHA-256 in hex.
    pub sha256: Option<String>,
}

pub(crate) async fn save(
    connection: &mut SqliteConnection,
    rows: &[MediaRow],
) -> Result<(), Error> {
    let mut changes = Vec::new();
    for row in rows {
        match row {
            MediaRow::Recording(id, change) => recording(connection, id, change).await?,
            MediaRow::LegQuality(quality) => leg_quality(connection, quality).await?,
            MediaRow::ClientReport(report) => client_report(connection, report).await?,
            MediaRow::Voicemail(change) => voicemail_rows::save(connection, change).await?,
            MediaRow::Agent(change) => changes.push(&**change),
        }
    }
    agents::save(connection, &changes).await
}

/// A change of a recording; doing it twice is doing it once.
async fn recording(
    connection: &mut SqliteConnection,
    id: &RecordingId,
    change: &RecordingChange,
) -> Result<(), Error> {
    let query = match change {
        RecordingChange::Began { call, file, format, at } => sqlx::query(
            "INSERT INTO recording(id, call_id, file, format, state, started_at) \
             VALUES (?, ?, ?, ?, 'recording', ?) ON CONFLICT(id) DO NOTHING",
        )
        .bind(&*id.0)
        .bind(call.as_str())
        .bind(&**file)
        .bind(format.as_str())
        .bind(at.0),
        RecordingChange::Paused { .. } => sqlx::query(
            "UPDATE recording SET state = 'paused' WHERE id = ? AND state = 'recording'",
        )
        .bind(&*id.0),
        RecordingChange::Resumed { .. } => sqlx::query(
            "UPDATE recording SET state = 'recording' WHERE id = ? AND state = 'paused'",
        )
        .bind(&*id.0),
        RecordingChange::Failed { at, cause } => sqlx::query(
            "UPDATE recording SET state = 'failed', fault = ?, ended_at = ? \
             WHERE id = ? AND state IN ('recording','paused')",
        )
        .bind(&**cause)
        .bind(at.0)
        .bind(&*id.0),
        RecordingChange::Ended { at, duration_ms, bytes, sha256 } => sqlx::query(
            "UPDATE recording SET state = CASE state WHEN 'failed' THEN 'failed' ELSE 'done' END, \
             ended_at = coalesce(ended_at, ?), duration_ms = ?, bytes = ?, sha256 = ? \
             WHERE id = ? AND state IN ('recording','paused','failed')",
        )
        .bind(at.0)
        .bind(i64::try_from(*duration_ms).unwrap_or(i64::MAX))
        .bind(i64::try_from(*bytes).unwrap_or(i64::MAX))
        .bind(sha256.as_deref())
        .bind(&*id.0),
    };
    query.execute(connection).await?;
    Ok(())
}

/// The rows of a leg; a call that the database does not have is passed over.
async fn leg_quality(connection: &mut SqliteConnection, quality: &LegQuality) -> Result<(), Error> {
    let leg = match quality.leg {
        BridgeLeg::Anchor => "anchor".to_owned(),
        BridgeLeg::Connection(seq) => format!("{}-c{seq}", quality.call),
    };
    let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    for stream in &quality.streams {
        let sql = "INSERT INTO leg_quality(call_id, leg, stream, codec, packets, lost, discarded, \
                   duplicate, jitter_avg_ms, jitter_max_ms, rtt_avg_ms, rtt_max_ms, mos_avg, \
                   mos_min) SELECT id, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM call \
                   WHERE id = ? ON CONFLICT(call_id, leg, stream) DO NOTHING";
        sqlx::query(sql)
            .bind(&leg)
            .bind(stream.stream.as_str())
            .bind(&*stream.codec)
            .bind(number(stream.packets))
            .bind(number(stream.lost))
            .bind(number(stream.discarded))
            .bind(number(stream.duplicate))
            .bind(stream.jitter_avg_ms)
            .bind(stream.jitter_max_ms)
            .bind(stream.rtt_avg_ms)
            .bind(stream.rtt_max_ms)
            .bind(stream.mos_avg)
            .bind(stream.mos_min)
            .bind(quality.call.as_str())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn client_report(
    connection: &mut SqliteConnection,
    report: &ClientReport,
) -> Result<(), Error> {
    let sql = "INSERT INTO client_report(call_id, sip_call_id, user_id, received_at, kind, \
               loss_percent, discard_percent, jitter_ms, rtt_ms, mos_lq, mos_cq, body) \
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    sqlx::query(sql)
        .bind(report.call.as_ref().map(CallId::as_str))
        .bind(&*report.sip_call_id)
        .bind(report.user.as_ref().map(model::UserId::as_str))
        .bind(report.at.0)
        .bind(&*report.kind)
        .bind(report.loss_percent)
        .bind(report.discard_percent)
        .bind(report.jitter_ms)
        .bind(report.rtt_ms)
        .bind(report.mos_lq)
        .bind(report.mos_cq)
        .bind(&*report.body)
        .execute(connection)
        .await?;
    Ok(())
}

/// Recordings of a node that its end cut off: asked at the start, before any call.
pub(crate) async fn open_recordings(
    connection: &mut SqliteConnection,
    node: &str,
) -> Result<Vec<RecordingRow>, Error> {
    let sql = "SELECT r.id, r.call_id, r.file, r.format, r.state FROM recording r \
               LEFT JOIN call c ON c.id = r.call_id \
               WHERE r.state IN ('recording','paused') AND coalesce(c.node, ?) = ? ORDER BY r.id";
    let rows = sqlx::query(sql).bind(node).bind(node).fetch_all(connection).await?;
    rows.iter().map(|row| read(&Columns { table: "recording", row })).collect()
}

/// Recordings whose file is still kept and may go, oldest first, at most `limit`: those that ended
/// before `before`, and voice messages that somebody deleted or that were none. A message stays in
/// its mailbox until somebody deletes it, however old it is.
pub(crate) async fn old_recordings(
    connection: &mut SqliteConnection,
    before: Millis,
    limit: u32,
) -> Result<Vec<RecordingRow>, Error> {
    let sql = "SELECT r.id, r.call_id, r.file, r.format, r.state, r.ended_at FROM recording r \
               WHERE r.state IN ('done','failed','interrupted') AND r.ended_at < ? \
               AND NOT EXISTS (SELECT 1 FROM voicemail v WHERE v.id = r.id \
               AND v.deleted_at IS NULL AND (v.duration_ms > 0 OR r.duration_ms >= 1000)) \
               UNION SELECT r.id, r.call_id, r.file, r.format, r.state, r.ended_at \
               FROM voicemail v JOIN recording r ON r.id = v.id WHERE v.deleted_at IS NOT NULL \
               AND r.state IN ('done','failed','interrupted') \
               ORDER BY ended_at, id LIMIT ?";
    let rows = sqlx::query(sql).bind(before.0).bind(limit).fetch_all(connection).await?;
    rows.iter().map(|row| read(&Columns { table: "recording", row })).collect()
}

fn read(columns: &Columns<'_>) -> Result<RecordingRow, Error> {
    Ok(RecordingRow {
        id: RecordingId(columns.text("id")?.into()),
        call: columns.id("call_id")?,
        file: columns.text("file")?,
        format: columns.word("format")?,
        state: columns.word("state")?,
    })
}

/// Closes recordings that a kill cut off.
pub(crate) async fn close_interrupted(
    connection: &mut SqliteConnection,
    interrupted: &[Interrupted],
) -> Result<(), Error> {
    for row in interrupted {
        let number =
            |value: Option<u64>| value.map(|value| i64::try_from(value).unwrap_or(i64::MAX));
        let sql = "UPDATE recording SET state = 'interrupted', ended_at = ?, duration_ms = ?, \
                   bytes = ?, sha256 = ?, fault = CASE WHEN ? IS NULL THEN 'the file is gone' END \
                   WHERE id = ? AND state IN ('recording','paused')";
        sqlx::query(sql)
            .bind(row.at.0)
            .bind(number(row.duration_ms))
            .bind(number(row.bytes))
            .bind(row.sha256.as_deref())
            .bind(number(row.bytes))
            .bind(&*row.id.0)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// The files of these recordings are gone: their time was over.
pub(crate) async fn expire(
    connection: &mut SqliteConnection,
    ids: &[RecordingId],
) -> Result<(), Error> {
    for id in ids {
        let sql = "UPDATE recording SET state = 'expired' \
                   WHERE id = ? AND state IN ('done','failed','interrupted')";
        sqlx::query(sql).bind(&*id.0).execute(&mut *connection).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
