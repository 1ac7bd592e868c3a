//! What media left of a call: its recordings, and the figures of its legs.

use model::CallId;
use model::call_graph::words::QualityStream;
use model::recording::RecordingState;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::rows::Columns;
use crate::{Database, Error};

/// Recordings and legs of one call.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CallMediaView {
    /// In the order in which they began.
    pub recordings: Vec<RecordingView>,
    /// The anchor first, then the connections; of each what came from it, then what went to it.
    pub legs: Vec<LegView>,
}

/// A recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingView {
    /// Its file, below the recordings folder.
    pub file: String,
    /// Where it stands.
    pub state: RecordingState,
    /// Its sound, ms; `None` until its file is closed.
    pub duration_ms: Option<u64>,
    /// Why it could not be written to its end.
    pub fault: Option<String>,
}

/// One direction of a leg.
#[derive(Clone, Debug, PartialEq)]
pub struct LegView {
    /// The call to which it belonged when it was named: one that became part of this one has an
    /// anchor of its own.
    pub call: CallId,
    /// `anchor`, or the id of the Connection.
    pub leg: String,
    /// From the leg or to it.
    pub stream: QualityStream,
    /// As `PCMU` or `opus`.
    pub codec: String,
    /// Packets.
    pub packets: u64,
    /// Packets that never came.
    pub lost: u64,
    /// Packets that came too late to be heard.
    pub discarded: u64,
    /// Average jitter, ms.
    pub jitter_avg_ms: Option<f64>,
    /// Average mean opinion score, 1–5.
    pub mos_avg: Option<f64>,
}

impl Database {
    /// The recordings of a call, and the figures of its legs that have ended; with them those of
    /// the calls that became part of it, whose recordings and legs keep their names.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn call_media(&self, call: &CallId) -> Result<CallMediaView, Error> {
        let mut reader = self.reader().begin().await?;
        let sql = "SELECT file, state, duration_ms, fault FROM recording WHERE call_id = ?1 \
                   OR call_id IN (SELECT id FROM call WHERE absorbed_into_call_id = ?1) \
                   ORDER BY started_at, id";
        let rows = sqlx::query(sql).bind(call.as_str()).fetch_all(&mut *reader).await?;
        let recordings = rows.iter().map(recording).collect::<Result<_, Error>>()?;
        let sql = "SELECT call_id, leg, stream, codec, packets, lost, discarded, \
                   jitter_avg_ms, mos_avg FROM leg_quality WHERE call_id = ?1 \
                   OR call_id IN (SELECT id FROM call WHERE absorbed_into_call_id = ?1) \
                   ORDER BY call_id <> ?1, leg <> 'anchor', leg, stream";
        let rows = sqlx::query(sql).bind(call.as_str()).fetch_all(&mut *reader).await?;
        let legs = rows.iter().map(leg).collect::<Result<_, Error>>()?;
        Ok(CallMediaView { recordings, legs })
    }
}

fn recording(row: &SqliteRow) -> Result<RecordingView, Error> {
    let columns = Columns { table: "recording", row };
    Ok(RecordingView {
        file: columns.text("file")?,
        state: columns.word("state")?,
        duration_ms: columns.number_or_null("duration_ms")?,
        fault: columns.text_or_null("fault")?.map(|text| text.to_string()),
    })
}

fn leg(row: &SqliteRow) -> Result<LegView, Error> {
    let columns = Columns { table: "leg_quality", row };
    Ok(LegView {
        call: columns.id("call_id")?,
        leg: columns.text("leg")?,
        stream: columns.word("stream")?,
        codec: columns.text("codec")?,
        packets: columns.number("packets")?,
        lost: columns.number("lost")?,
        discarded: columns.number("discarded")?,
        jitter_avg_ms: row.try_get("jitter_avg_ms")?,
        mos_avg: row.try_get("mos_avg")?,
    })
}

#[cfg(test)]
mod tests {
    use model::CallId;

    use super::CallMediaView;
    use crate::repository::{Commit, Repository as _};
    use crate::rows::RowBatch;
    use crate::testing::{Fresh, handed_on};

    #[tokio::test]
    async fn a_call_that_is_not_known_has_none() {
        let fresh = Fresh::new().await;
        let media = fresh.database.call_media(&CallId::from("x".to_owned())).await;
        assert_eq!(media.expect("two queries"), CallMediaView::default());
    }

    #[tokio::test]
    async fn what_media_left_of_an_absorbed_call_is_read_with_the_call_that_has_it_now() {
        let fresh = Fresh::new().await;
        let mut graphs = std::collections::BTreeMap::new();
        for event in handed_on::absorbed("c", 0).iter().flatten() {
            let graph = graphs.entry(event.call.clone()).or_default();
            model::call_graph::apply(graph, event);
        }
        let mut rows = RowBatch::default();
        graphs.values().flatten().for_each(|graph| rows.add_graph(graph));
        fresh.database.commit(&Commit { rows, ..Commit::default() }).await.expect("a commit");
        let mut transaction = fresh.database.begin().await.expect("a transaction");
        for sql in [
            "INSERT INTO leg_quality(call_id, leg, stream, codec, packets, lost, discarded, \
             duplicate) VALUES ('c', 'anchor', 'sent', 'opus', 9, 0, 0, 0), \
             ('c-2', 'c-2-c1', 'sent', 'PCMU', 7, 0, 0, 0)",
            "INSERT INTO recording(id, call_id, file, format, state, started_at) \
             VALUES ('c-2-r1', 'c-2', 'c-2-r1.wav', 'wav', 'done', 1)",
        ] {
            sqlx::query(sql).execute(&mut *transaction).await.expect("rows");
        }
        transaction.commit().await.expect("a commit");
        let media = fresh.database.call_media(&"c".into()).await.expect("two queries");
        let legs: Vec<_> = media.legs.iter().map(|leg| leg.leg.as_str()).collect();
        assert_eq!(legs, ["anchor", "c-2-c1"]);
        assert_eq!(media.recordings.len(), 1);
        let own = fresh.database.call_media(&"c-2".into()).await.expect("two queries");
        assert_eq!((own.legs.len(), own.recordings.len()), (1, 1));
    }
}
