//! Lists of calls, newest first, in pages: a page begins where the one before it ended, whatever
//! came meanwhile. A call that became part of another one is not listed.

use std::fmt;
use std::str::FromStr;

use model::call_graph::CallGraph;
use model::call_graph::graph::Call;
use model::call_graph::words::{CallOutcome, Direction};
use model::{CallId, Millis, NumberId, UserId};

use crate::rows::load_call;
use crate::{Database, Error, Repository as _};

/// Which calls are wanted; all conditions hold together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallFilter {
    /// Those that began then or later.
    pub from: Option<Millis>,
    /// Those that began before.
    pub to: Option<Millis>,
    /// Those that this user made, owns, took part in or was rung for.
    pub user: Option<UserId>,
    /// Those to or from this number of ours.
    pub number: Option<NumberId>,
    /// Those from or to this number, as it is written in the call.
    pub party: Option<String>,
    /// Those of one direction.
    pub direction: Option<Direction>,
    /// Those that came out so.
    pub outcome: Option<CallOutcome>,
    /// Those that are not over, or those that are.
    pub live: Option<bool>,
}

/// Where a page ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallCursor {
    /// When its last call began.
    pub initiated_at: Millis,
    /// That call.
    pub id: CallId,
}

/// A text is no cursor of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of a list of calls")]
pub struct InvalidCursor;

impl fmt::Display for CallCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.initiated_at.0, self.id)
    }
}

impl FromStr for CallCursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let (at, id) = text.split_once('.').ok_or(InvalidCursor)?;
        let at = at.parse().map_err(|_| InvalidCursor)?;
        if id.is_empty() {
            return Err(InvalidCursor);
        }
        Ok(Self { initiated_at: Millis(at), id: id.into() })
    }
}

/// A page of calls.
#[derive(Clone, Debug, PartialEq)]
pub struct CallPage {
    /// Newest first.
    pub calls: Vec<Call>,
    /// Where the next page begins; `None`: there is none.
    pub next: Option<CallCursor>,
}

/// What a user made is found by his part in it: who makes a call takes part. From what is his to
/// the calls, because he may have none among millions.
const OF_USER: &str = " AND c.id IN (SELECT id FROM call WHERE owner_user_id = ?4 \
     UNION ALL SELECT call_id FROM call_participant WHERE user_id = ?4 \
     UNION ALL SELECT call_id FROM connection_attempt WHERE user_id = ?4)";

/// As [`OF_USER`], of one call.
const IS_OF_USER: &str = "SELECT count(*) FROM call c WHERE c.id = ?1 \
     AND (?2 IN (c.anchor_user_id, c.owner_user_id) \
     OR EXISTS (SELECT 1 FROM call_participant p WHERE p.call_id = c.id AND p.user_id = ?2) \
     OR EXISTS (SELECT 1 FROM connection_attempt a WHERE a.call_id = c.id AND +a.user_id = ?2))";

impl CallFilter {
    fn sql(&self, after: bool) -> String {
        let mut sql = "SELECT c.* FROM call c WHERE c.state <> 'absorbed'".to_owned();
        let live = "c.state IN ('routing','ringing','in_progress')";
        for (wanted, condition) in [
            (after, " AND (c.initiated_at, c.id) < (?1, ?2)"),
            (self.from.is_some(), " AND c.initiated_at >= ?3"),
            (self.user.is_some(), OF_USER),
            (self.number.is_some(), " AND c.internal_number_id = ?5"),
            (self.party.is_some(), " AND (c.from_number = ?6 OR c.to_number = ?6)"),
            (self.direction.is_some(), " AND c.direction = ?7"),
            (self.outcome.is_some(), " AND c.outcome = ?8"),
            (self.to.is_some(), " AND c.initiated_at < ?9"),
        ] {
            if wanted {
                sql.push_str(condition);
            }
        }
        match self.live {
            Some(true) => sql.push_str(&format!(" AND {live}")),
            Some(false) => sql.push_str(&format!(" AND NOT {live}")),
            None => {}
        }
        sql.push_str(" ORDER BY c.initiated_at DESC, c.id DESC LIMIT ?10");
        sql
    }
}

impl Database {
    /// Calls, newest first, at most `limit`, from where a page ended.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn calls(
        &self,
        filter: &CallFilter,
        after: Option<&CallCursor>,
        limit: u32,
    ) -> Result<CallPage, Error> {
        let found = sqlx::query(sqlx::AssertSqlSafe(filter.sql(after.is_some())))
            .bind(after.map(|cursor| cursor.initiated_at.0))
            .bind(after.map(|cursor| cursor.id.as_str()))
            .bind(filter.from.map(|at| at.0))
            .bind(filter.user.as_ref().map(UserId::as_str))
            .bind(filter.number.as_ref().map(NumberId::as_str))
            .bind(filter.party.as_deref())
            .bind(filter.direction.map(Direction::as_str))
            .bind(filter.outcome.map(CallOutcome::as_str))
            .bind(filter.to.map(|at| at.0))
            .bind(i64::from(limit) + 1)
            .fetch_all(self.reader())
            .await?;
        let mut calls: Vec<Call> = found.iter().map(load_call).collect::<Result<_, _>>()?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = calls.len() > limit;
        calls.truncate(limit);
        let next = calls
            .last()
            .filter(|_| more)
            .map(|call| CallCursor { initiated_at: call.initiated_at, id: call.id.clone() });
        Ok(CallPage { calls, next })
    }

    /// One call with all its rows, as of one moment.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn call_graph(&self, id: &CallId) -> Result<Option<CallGraph>, Error> {
        self.call(id).await
    }

    /// The newest hand-off document of a call.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn graph_document(&self, id: &CallId) -> Result<Option<String>, Error> {
        let sql = "SELECT payload FROM graph_outbox WHERE call_id = ? \
                   ORDER BY revision DESC LIMIT 1";
        Ok(sqlx::query_scalar(sql).bind(id.as_str()).fetch_optional(self.reader()).await?)
    }

    /// Whether a call is one that [`CallFilter::user`] finds.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn user_in_call(&self, user: &UserId, id: &CallId) -> Result<bool, Error> {
        let found: i64 = sqlx::query_scalar(IS_OF_USER)
            .bind(id.as_str())
            .bind(user.as_str())
            .fetch_one(self.reader())
            .await?;
        Ok(found > 0)
    }
}

#[cfg(test)]
mod tests;
