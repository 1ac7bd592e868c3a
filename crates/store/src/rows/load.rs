//! Rows back to a graph: what a restart needs of calls whose log is gone, and what tests compare.

use std::str::FromStr;
use std::sync::Arc;

use model::call_graph::CallGraph;
use model::call_graph::graph::{
    Call, CallInteraction, CallParticipant, Connection, ConnectionAttempt, Context, DecisionRow,
    IvrVisit, QualityEvent, QueueWait,
};
use model::call_graph::words::{CallState, InteractionKind};
use model::{CallId, E164, GroupId, Millis};
use serde::de::DeserializeOwned;
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use crate::Error;

/// The rows of a call; `None` when there is none. The context holds the IVR visits as the
/// interactions tell them (the groups and owners of the visits are those of the IVRs today);
/// users, groups and numbers are the caller's to fill in.
///
/// # Errors
/// When the database cannot be read, or a value is not understood.
pub async fn load_graph(
    connection: &mut SqliteConnection,
    id: &CallId,
) -> Result<Option<CallGraph>, Error> {
    let sql = "SELECT * FROM call WHERE id = ?";
    let row = sqlx::query(sql).bind(id.as_str()).fetch_optional(&mut *connection).await?;
    let Some(row) = row else { return Ok(None) };
    let call = load_call(&row)?;
    let sql = "SELECT * FROM connection WHERE call_id = ? ORDER BY seq";
    let connections = rows(connection, sql, id, connection_row).await?;
    let sql = "SELECT a.* FROM connection_attempt a JOIN connection c ON c.id = a.connection_id \
               WHERE a.call_id = ? ORDER BY a.started_at, c.seq, a.seq";
    let attempts = rows(connection, sql, id, attempt).await?;
    let sql = "SELECT * FROM call_participant WHERE call_id = ? ORDER BY ordinal";
    let participants = rows(connection, sql, id, participant).await?;
    let sql = "SELECT * FROM call_interaction WHERE call_id = ? ORDER BY seq";
    let interactions = rows(connection, sql, id, interaction).await?;
    let sql = "SELECT * FROM quality_event WHERE call_id = ? ORDER BY raised_at, id";
    let quality_events = rows(connection, sql, id, quality).await?;
    let sql = "SELECT * FROM queue_wait WHERE call_id = ? ORDER BY seq";
    let queue_waits = rows(connection, sql, id, queue_wait).await?;
    let decisions = load_decisions(connection, id).await?;
    let context =
        Context { ivr_visits: visits(connection, &interactions).await?, ..Context::default() };
    Ok(Some(CallGraph {
        call,
        connections,
        attempts,
        participants,
        interactions,
        quality_events,
        queue_waits,
        decisions,
        context,
    }))
}

/// Every step of the way that a call took, in order.
///
/// # Errors
/// When the database cannot be read, or a value is not understood.
pub async fn load_decisions(
    connection: &mut SqliteConnection,
    id: &CallId,
) -> Result<Vec<DecisionRow>, Error> {
    let sql = "SELECT * FROM routing_decision WHERE call_id = ? ORDER BY seq";
    rows(connection, sql, id, decision).await
}

/// The stays of callers in a group's queue since a time, newest first, at most `limit`.
///
/// # Errors
/// When the database cannot be read, or a value is not understood.
pub async fn load_queue_waits(
    connection: &mut SqliteConnection,
    group: &GroupId,
    since: Millis,
    limit: u32,
) -> Result<Vec<QueueWait>, Error> {
    let sql = "SELECT * FROM queue_wait WHERE group_id = ? AND entered_at >= ? \
               ORDER BY entered_at DESC, call_id DESC, seq DESC LIMIT ?";
    let query = sqlx::query(sql).bind(group.as_str()).bind(since.0).bind(limit);
    query.fetch_all(connection).await?.iter().map(queue_wait).collect()
}

/// Ids of the calls that a node runs or ran and that are not over, oldest first.
///
/// # Errors
/// When the database cannot be read.
pub async fn load_live(
    connection: &mut SqliteConnection,
    node: &str,
) -> Result<Vec<CallId>, Error> {
    let sql = "SELECT id FROM call WHERE node = ? AND state IN ('routing','ringing','in_progress') \
               ORDER BY initiated_at, id";
    let ids: Vec<String> = sqlx::query_scalar(sql).bind(node).fetch_all(connection).await?;
    Ok(ids.into_iter().map(CallId::from).collect())
}

/// Which of these calls the database has, and in which state.
///
/// # Errors
/// When the database cannot be read, or a state is not understood.
pub async fn states(
    connection: &mut SqliteConnection,
    ids: &[CallId],
) -> Result<Vec<(CallId, CallState)>, Error> {
    let wanted: Vec<&str> = ids.iter().map(CallId::as_str).collect();
    let wanted = serde_json::to_string(&wanted)
        .map_err(|error| Error::Statement { message: error.to_string() })?;
    let sql = "SELECT id, state FROM call WHERE id IN (SELECT value FROM json_each(?))";
    let rows = sqlx::query(sql).bind(wanted).fetch_all(connection).await?;
    let state = |row: &SqliteRow| {
        let columns = Columns { table: "call", row };
        Ok((columns.id("id")?, columns.word("state")?))
    };
    rows.iter().map(state).collect()
}

async fn rows<T>(
    connection: &mut SqliteConnection,
    sql: &'static str,
    id: &CallId,
    read: fn(&SqliteRow) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let rows = sqlx::query(sql).bind(id.as_str()).fetch_all(connection).await?;
    rows.iter().map(read).collect()
}

/// A visit is opened by `ivr_entered` and closed by the next `ivr_exited` of the same IVR.
async fn visits(
    connection: &mut SqliteConnection,
    interactions: &[CallInteraction],
) -> Result<Vec<IvrVisit>, Error> {
    let mut visits: Vec<IvrVisit> = Vec::new();
    for row in interactions {
        let Some(ivr) = &row.ivr_id else { continue };
        if row.kind == InteractionKind::IvrEntered {
            let sql = "SELECT target_group_id, record_owner_user_id, missed_call_owner_user_id \
                       FROM ivr WHERE id = ?";
            let known =
                sqlx::query(sql).bind(ivr.as_str()).fetch_optional(&mut *connection).await?;
            let mut visit = IvrVisit {
                seq: u16::try_from(visits.len() + 1).unwrap_or(u16::MAX),
                ivr_id: ivr.clone(),
                entered_at: row.at,
                exited_at: None,
                exit_reason: None,
                group_id: None,
                record_owner_user_id: None,
                missed_call_owner_user_id: None,
            };
            if let Some(known) = known {
                let columns = Columns { table: "ivr", row: &known };
                visit.group_id = columns.id_or_null("target_group_id")?;
                visit.record_owner_user_id = columns.id_or_null("record_owner_user_id")?;
                visit.missed_call_owner_user_id =
                    columns.id_or_null("missed_call_owner_user_id")?;
            }
            visits.push(visit);
        } else if row.kind == InteractionKind::IvrExited {
            let open = |visit: &&mut IvrVisit| visit.ivr_id == *ivr && visit.exited_at.is_none();
            if let Some(visit) = visits.iter_mut().find(open) {
                visit.exited_at = Some(row.at);
                let reason = row.data.get("reason").and_then(|reason| reason.as_str());
                visit.exit_reason = reason.and_then(|reason| reason.parse().ok());
            }
        }
    }
    Ok(visits)
}

/// Reads columns of one row by name.
pub(crate) struct Columns<'r> {
    pub(crate) table: &'static str,
    pub(crate) row: &'r SqliteRow,
}

impl Columns<'_> {
    pub(crate) fn text(&self, column: &'static str) -> Result<String, Error> {
        Ok(self.row.try_get(column)?)
    }

    pub(crate) fn text_or_null(&self, column: &'static str) -> Result<Option<Arc<str>>, Error> {
        Ok(self.row.try_get::<Option<String>, _>(column)?.map(Arc::from))
    }

    pub(crate) fn id<T: From<String>>(&self, column: &'static str) -> Result<T, Error> {
        Ok(T::from(self.row.try_get(column)?))
    }

    pub(crate) fn id_or_null<T: From<String>>(
        &self,
        column: &'static str,
    ) -> Result<Option<T>, Error> {
        Ok(self.row.try_get::<Option<String>, _>(column)?.map(T::from))
    }

    pub(crate) fn word<T: FromStr>(&self, column: &'static str) -> Result<T, Error> {
        let found = self.text(column)?;
        found.parse().map_err(|_| Error::Value { table: self.table, column, found })
    }

    pub(crate) fn word_or_null<T: FromStr>(
        &self,
        column: &'static str,
    ) -> Result<Option<T>, Error> {
        match self.row.try_get::<Option<String>, _>(column)? {
            None => Ok(None),
            Some(found) => match found.parse() {
                Ok(word) => Ok(Some(word)),
                Err(_) => Err(Error::Value { table: self.table, column, found }),
            },
        }
    }

    pub(crate) fn time(&self, column: &'static str) -> Result<Millis, Error> {
        Ok(Millis(self.row.try_get(column)?))
    }

    pub(crate) fn time_or_null(&self, column: &'static str) -> Result<Option<Millis>, Error> {
        Ok(self.row.try_get::<Option<i64>, _>(column)?.map(Millis))
    }

    pub(crate) fn number<T: TryFrom<i64>>(&self, column: &'static str) -> Result<T, Error> {
        let found: i64 = self.row.try_get(column)?;
        let table = self.table;
        T::try_from(found).map_err(|_| Error::Value { table, column, found: found.to_string() })
    }

    pub(crate) fn number_or_null<T: TryFrom<i64>>(
        &self,
        column: &'static str,
    ) -> Result<Option<T>, Error> {
        match self.row.try_get::<Option<i64>, _>(column)? {
            None => Ok(None),
            Some(_) => self.number(column).map(Some),
        }
    }

    pub(crate) fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, Error> {
        let found = self.text(column)?;
        let table = self.table;
        serde_json::from_str(&found).map_err(|_| Error::Value { table, column, found })
    }

    /// The value's default where there is none.
    pub(crate) fn json_or_default<T: DeserializeOwned + Default>(
        &self,
        column: &'static str,
    ) -> Result<T, Error> {
        let found: Option<String> = self.row.try_get(column)?;
        if found.is_none() { Ok(T::default()) } else { self.json(column) }
    }

    pub(crate) fn flag(&self, column: &'static str) -> Result<bool, Error> {
        Ok(self.row.try_get(column)?)
    }

    pub(crate) fn flag_or_null(&self, column: &'static str) -> Result<Option<bool>, Error> {
        Ok(self.row.try_get(column)?)
    }
}

/// A row of `call`.
pub(crate) fn load_call(row: &SqliteRow) -> Result<Call, Error> {
    let columns = Columns { table: "call", row };
    Ok(Call {
        id: columns.id("id")?,
        direction: columns.word("direction")?,
        state: columns.word("state")?,
        outcome: columns.word_or_null("outcome")?,
        from_number: columns.text_or_null("from_number")?,
        to_number: columns.text_or_null("to_number")?,
        internal_number_id: columns.id_or_null("internal_number_id")?,
        anchor_kind: columns.word("anchor_kind")?,
        anchor_user_id: columns.id_or_null("anchor_user_id")?,
        owner_user_id: columns.id_or_null("owner_user_id")?,
        missed_call_owner_user_id: columns.id_or_null("missed_call_owner_user_id")?,
        missed_call_owner_group_id: columns.id_or_null("missed_call_owner_group_id")?,
        initiated_at: columns.time("initiated_at")?,
        accepted_at: columns.time_or_null("accepted_at")?,
        answered_at: columns.time_or_null("answered_at")?,
        anchor_left_at: columns.time_or_null("anchor_left_at")?,
        ended_at: columns.time_or_null("ended_at")?,
        ended_by: columns.word_or_null("ended_by")?,
        absorbed_into_call_id: columns.id_or_null("absorbed_into_call_id")?,
        reply_to_call_id: columns.id_or_null("reply_to_call_id")?,
        end_sip_status: columns.number_or_null("end_sip_status")?,
        end_q850: columns.number_or_null("end_q850")?,
        trunk_id: columns.text_or_null("trunk_id")?,
        node: columns.text_or_null("node")?,
        sip_call_id: columns.text_or_null("sip_call_id")?,
        revision: columns.number("revision")?,
    })
}

fn connection_row(row: &SqliteRow) -> Result<Connection, Error> {
    let columns = Columns { table: "connection", row };
    Ok(Connection {
        id: columns.text("id")?.into(),
        call_id: columns.id("call_id")?,
        seq: columns.number("seq")?,
        kind: columns.word("kind")?,
        opened_by_user_id: columns.id_or_null("opened_by_user_id")?,
        target_kind: columns.word("target_kind")?,
        target_user_id: columns.id_or_null("target_user_id")?,
        target_group_id: columns.id_or_null("target_group_id")?,
        target_number: columns.text_or_null("target_number")?,
        strategy: columns.word("strategy")?,
        opened_at: columns.time("opened_at")?,
        answered_at: columns.time_or_null("answered_at")?,
        bridged_at: columns.time_or_null("bridged_at")?,
        ended_at: columns.time_or_null("ended_at")?,
        outcome: columns.word_or_null("outcome")?,
        answered_user_id: columns.id_or_null("answered_user_id")?,
        transfer_state: columns.word_or_null("transfer_state")?,
        end_reason: columns.word_or_null("end_reason")?,
        sip_status: columns.number_or_null("sip_status")?,
        q850: columns.number_or_null("q850")?,
    })
}

fn attempt(row: &SqliteRow) -> Result<ConnectionAttempt, Error> {
    let columns = Columns { table: "connection_attempt", row };
    Ok(ConnectionAttempt {
        id: columns.text("id")?.into(),
        call_id: columns.id("call_id")?,
        connection_id: columns.text("connection_id")?.into(),
        seq: columns.number("seq")?,
        stage: columns.number("stage")?,
        round: columns.number("round")?,
        user_id: columns.id_or_null("user_id")?,
        number: columns.text_or_null("number")?,
        ivr_id: columns.id_or_null("ivr_id")?,
        group_id: columns.id_or_null("group_id")?,
        started_at: columns.time("started_at")?,
        ringing_at: columns.time_or_null("ringing_at")?,
        ended_at: columns.time_or_null("ended_at")?,
        outcome: columns.word_or_null("outcome")?,
        sip_status: columns.number_or_null("sip_status")?,
        sip_call_id: columns.text_or_null("sip_call_id")?,
    })
}

fn participant(row: &SqliteRow) -> Result<CallParticipant, Error> {
    let columns = Columns { table: "call_participant", row };
    Ok(CallParticipant {
        id: columns.text("id")?.into(),
        call_id: columns.id("call_id")?,
        participant_key: columns.text("participant_key")?.into(),
        kind: columns.word("kind")?,
        role: columns.word("role")?,
        ordinal: columns.number("ordinal")?,
        user_id: columns.id_or_null("user_id")?,
        phone_number: columns.word_or_null::<E164>("phone_number")?,
        record_id: columns.id_or_null("record_id")?,
        joined_at: columns.time_or_null("joined_at")?,
        left_at: columns.time_or_null("left_at")?,
    })
}

fn interaction(row: &SqliteRow) -> Result<CallInteraction, Error> {
    let columns = Columns { table: "call_interaction", row };
    Ok(CallInteraction {
        call_id: columns.id("call_id")?,
        seq: columns.number("seq")?,
        at: columns.time("at")?,
        kind: columns.word("kind")?,
        connection_id: columns.text_or_null("connection_id")?,
        ivr_id: columns.id_or_null("ivr_id")?,
        user_id: columns.id_or_null("user_id")?,
        data: columns.json("data")?,
    })
}

fn quality(row: &SqliteRow) -> Result<QualityEvent, Error> {
    let columns = Columns { table: "quality_event", row };
    Ok(QualityEvent {
        id: columns.text("id")?.into(),
        call_id: columns.id("call_id")?,
        connection_id: columns.text_or_null("connection_id")?,
        stream: columns.word("stream")?,
        metric: columns.word("metric")?,
        severity: columns.word("severity")?,
        threshold: columns.row.try_get("threshold")?,
        worst_value: columns.row.try_get("worst_value")?,
        unit: columns.word("unit")?,
        raised_at: columns.time("raised_at")?,
        cleared_at: columns.time_or_null("cleared_at")?,
        clear_reason: columns.word_or_null("clear_reason")?,
        source: columns.word("source")?,
        explanation: columns.text_or_null("explanation")?,
    })
}

fn queue_wait(row: &SqliteRow) -> Result<QueueWait, Error> {
    let columns = Columns { table: "queue_wait", row };
    Ok(QueueWait {
        call_id: columns.id("call_id")?,
        seq: columns.number("seq")?,
        connection_id: columns.text("connection_id")?.into(),
        ivr_id: columns.id_or_null("ivr_id")?,
        group_id: columns.id("group_id")?,
        priority: columns.number("priority")?,
        position: columns.number("position")?,
        entered_at: columns.time("entered_at")?,
        left_at: columns.time_or_null("left_at")?,
        exit: columns.word_or_null("exit")?,
    })
}

fn decision(row: &SqliteRow) -> Result<DecisionRow, Error> {
    let columns = Columns { table: "routing_decision", row };
    Ok(DecisionRow {
        call_id: columns.id("call_id")?,
        seq: columns.number("seq")?,
        at: columns.time("at")?,
        lines: columns.json("lines")?,
    })
}
