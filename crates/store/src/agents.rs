//! Agents across restarts (F3): the log of what each was doing, written behind, and what the floor
//! is told at the start: who wants to be offered calls, what each has done today, and with whom a
//! caller talked last.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::agent_state::{AgentChange, AgentState, ChangeSource};
use model::directory::Availability;
use model::{E164, Millis, UserId};
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use crate::Error;
use crate::rows::Columns;
use crate::rows::statement::{self, Row, Table, Values};

/// Which changes are written. Being rung is not: whom a call rang is in its attempts, and a group
/// that rings together would fill the log with it. What follows on it is written when it is
/// something else than before it.
#[derive(Debug, Default)]
pub(crate) struct Log {
    newest: BTreeMap<UserId, (AgentState, Availability, Option<Arc<str>>)>,
}

impl Log {
    /// Whether a change is to be written; it is the newest of its user then.
    pub(crate) fn takes(&mut self, change: &AgentChange) -> bool {
        let now = (change.state, change.availability, change.reason.clone());
        if change.state == AgentState::Ringing || self.newest.get(&change.user) == Some(&now) {
            return false;
        }
        self.newest.insert(change.user.clone(), now);
        true
    }
}

/// Whether an agent wanted to be offered calls when that was last written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAvailability {
    /// Who.
    pub user: UserId,
    /// Whether he did.
    pub availability: Availability,
    /// Why not.
    pub reason: Option<Arc<str>>,
    /// Since when; `None`: nothing is known but the directory's word.
    pub since: Option<Millis>,
}

/// What an agent has done since the day began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentToday {
    /// Who.
    pub user: UserId,
    /// Calls of groups that he answered.
    pub answered: u32,
    /// How long he talked in them, ms.
    pub talked_ms: u64,
    /// When the last call ended in which he talked, his own calls included.
    pub last_ended: Option<Millis>,
}

impl Row for AgentChange {
    fn table() -> &'static Table {
        static TABLE: Table = Table::new(
            "agent_state",
            &["user_id", "at", "state", "availability", "reason", "source"],
            "",
        );
        &TABLE
    }

    fn values(&self, values: &mut Values) {
        values.shared(&self.user);
        values.time(self.at);
        values.word(self.state.as_str());
        values.word(self.availability.as_str());
        values.arc_or_null(&self.reason);
        values.word(self.source.as_str());
    }
}

/// Writes changes, in order, and lets the availability of their users follow: a group that rings
/// together changes many at once.
pub(crate) async fn save(
    connection: &mut SqliteConnection,
    changes: &[&AgentChange],
) -> Result<(), Error> {
    if changes.is_empty() {
        return Ok(());
    }
    statement::write(connection, changes).await?;
    let newest: BTreeMap<&str, &str> =
        changes.iter().map(|change| (change.user.as_str(), change.availability.as_str())).collect();
    let newest = serde_json::to_string(&newest)
        .map_err(|error| Error::Statement { message: error.to_string() })?;
    let sql = "UPDATE app_user SET availability = newest.value FROM json_each(?) AS newest \
               WHERE app_user.id = newest.key AND app_user.availability <> newest.value";
    sqlx::query(sql).bind(newest).execute(connection).await?;
    Ok(())
}

/// The availability of every active user, with the reason of the newest line of the log.
pub(crate) async fn availabilities(
    connection: &mut SqliteConnection,
) -> Result<Vec<KeptAvailability>, Error> {
    let sql = "SELECT u.id, u.availability, s.availability AS logged, s.reason, s.at \
               FROM app_user u \
               LEFT JOIN agent_state s ON s.id = (SELECT id FROM agent_state \
               WHERE user_id = u.id ORDER BY at DESC, id DESC LIMIT 1) WHERE u.active ORDER BY u.id";
    let rows = sqlx::query(sql).fetch_all(connection).await?;
    let kept = |row: &SqliteRow| {
        let columns = Columns { table: "app_user", row };
        let availability: Availability = columns.word("availability")?;
        // Whoever changed the user himself knows no reason.
        let logged = columns.word_or_null::<Availability>("logged")? == Some(availability);
        Ok(KeptAvailability {
            user: columns.id("id")?,
            availability,
            reason: columns.text_or_null("reason")?.filter(|_| logged),
            since: columns.time_or_null("at")?.filter(|_| logged),
        })
    };
    rows.iter().map(kept).collect()
}

/// A call of the day may have begun before it.
const LONGEST_CALL_MS: i64 = 24 * 60 * 60 * 1_000;

/// What agents have done since `since`, by user; who did nothing is not there.
pub(crate) async fn today(
    connection: &mut SqliteConnection,
    since: Millis,
) -> Result<Vec<AgentToday>, Error> {
    let mut today: BTreeMap<UserId, AgentToday> = BTreeMap::new();
    let sql = "SELECT c.answered_user_id AS user_id, c.answered_at, \
               coalesce(c.ended_at, c.answered_at) AS ended_at, \
               EXISTS (SELECT 1 FROM connection_attempt a WHERE a.connection_id = c.id \
               AND a.outcome = 'answered' AND a.group_id IS NOT NULL) AS of_group \
               FROM call k JOIN connection c ON c.call_id = k.id \
               WHERE k.initiated_at >= ? AND c.answered_user_id IS NOT NULL \
               AND c.answered_at IS NOT NULL \
               UNION ALL \
               SELECT k.anchor_user_id, k.initiated_at, \
               coalesce(k.ended_at, k.initiated_at), FALSE FROM call k WHERE k.initiated_at >= ? AND k.anchor_user_id IS NOT NULL \
               AND k.answered_at IS NOT NULL";
    let from = since.0.saturating_sub(LONGEST_CALL_MS);
    for row in &sqlx::query(sql).bind(from).bind(from).fetch_all(connection).await? {
        let columns = Columns { table: "connection", row };
        let (answered_at, ended_at) = (columns.time("answered_at")?, columns.time("ended_at")?);
        if ended_at < since {
            continue;
        }
        let user: UserId = columns.id("user_id")?;
        let agent = today.entry(user.clone()).or_insert(AgentToday {
            user,
            answered: 0,
            talked_ms: 0,
            last_ended: None,
        });
        agent.last_ended = agent.last_ended.max(Some(ended_at));
        if columns.flag("of_group")? {
            agent.answered += u32::from(answered_at >= since);
            let talked = ended_at.0.saturating_sub(answered_at.max(since).0);
            agent.talked_ms += u64::try_from(talked).unwrap_or(0);
        }
    }
    Ok(today.into_values().collect())
}

/// Answered calls that are looked at for each caller's last agent.
const CALLS_BACK: i64 = 200_000;

/// The active user with whom each number outside talked last: the newest `limit` numbers, the
/// newest last.
pub(crate) async fn last_agents(
    connection: &mut SqliteConnection,
    limit: usize,
) -> Result<Vec<(E164, UserId)>, Error> {
    let sql = "SELECT k.number, coalesce(c.answered_user_id, k.anchor_user_id) AS user_id \
               FROM (SELECT id, initiated_at, anchor_user_id, CASE direction \
               WHEN 'inbound' THEN from_number ELSE to_number END AS number FROM call \
               WHERE direction <> 'internal' AND answered_at IS NOT NULL \
               ORDER BY initiated_at DESC LIMIT ?) k \
               JOIN connection c ON c.call_id = k.id AND c.answered_at IS NOT NULL \
               JOIN app_user u ON u.id = coalesce(c.answered_user_id, k.anchor_user_id) \
               AND u.active WHERE k.number IS NOT NULL \
               ORDER BY k.initiated_at DESC, k.id DESC, c.answered_at DESC, c.seq DESC";
    let mut newest: BTreeMap<E164, usize> = BTreeMap::new();
    let mut agents = Vec::new();
    for row in &sqlx::query(sql).bind(CALLS_BACK).fetch_all(connection).await? {
        let columns = Columns { table: "call", row };
        // A short code, or a caller who showed something else: nobody calls back from there.
        let Ok(number) = E164::parse(&columns.text("number")?) else { continue };
        if agents.len() == limit {
            break;
        }
        if newest.insert(number.clone(), agents.len()).is_none() {
            agents.push((number, columns.id("user_id")?));
        }
    }
    agents.reverse();
    Ok(agents)
}

/// A line of the log for people.
pub(crate) fn read(row: &SqliteRow) -> Result<AgentChange, Error> {
    let columns = Columns { table: "agent_state", row };
    Ok(AgentChange {
        user: columns.id("user_id")?,
        at: columns.time("at")?,
        state: columns.word::<AgentState>("state")?,
        availability: columns.word("availability")?,
        reason: columns.text_or_null("reason")?,
        source: columns.word::<ChangeSource>("source")?,
    })
}

#[cfg(test)]
mod tests;
