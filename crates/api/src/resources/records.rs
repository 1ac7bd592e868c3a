//! What the database has of routing: `GET /calls/{id}/decisions` (why did this call ring there),
//! `GET /groups/{id}/queue-waits`, `GET /agent-log`, `GET /reply-calls`. Lists are newest first and
//! at most [`LIMIT`] long; `since` (UTC milliseconds) and `limit` narrow them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use model::{CallId, GroupId, Millis, UserId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::auth::Caller;
use crate::calls;
use crate::openapi::{Access, Route, schema};
use crate::problem::{Code, Problem};
use crate::request::Asked;
use crate::router::Api;

/// The longest list.
pub(super) const LIMIT: u32 = 1_000;

/// How a list is narrowed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct Narrow {
    /// Only what began then or later, UTC milliseconds.
    #[serde(default)]
    since: i64,
    /// How many at most.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
}

/// How the log of agents is narrowed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct NarrowLog {
    /// Only what began then or later, UTC milliseconds.
    #[serde(default)]
    since: i64,
    /// How many at most.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
    /// Only this user's.
    user: Option<String>,
}

/// How reply calls are narrowed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct NarrowReplies {
    /// How many at most.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
    /// `open`, `done` or `dismissed`.
    #[param(pattern = "^(open|done|dismissed)$", default = "open")]
    state: Option<String>,
}

fn within(limit: Option<u32>) -> Result<u32, Problem> {
    match limit.unwrap_or(100) {
        limit @ 1..=LIMIT => Ok(limit),
        _ => Err(Problem::field("limit", format!("is not from 1 to {LIMIT}"))
            .remedy("ask for fewer; `since` narrows the list, too")),
    }
}

pub(super) fn routes() -> Vec<Route> {
    let at = 1_767_607_200_000_i64;
    vec![
        Route::get("/api/v1/calls/{id}/decisions", "listDecisions", decisions)
            .says("calls", "Why a call went where it went", "")
            .answers_list::<DecisionDto>(
                "What was decided, in that order",
                json!({"at": at, "rule": "ivr", "subject": "ivr-sales", "verdict": "entered"}),
            )
            .may_refuse(&[Code::NoSuchCall]),
        Route::get("/api/v1/groups/{id}/queue-waits", "listQueueWaits", queue_waits)
            .says("agents", "Who has waited for a group, newest first", "")
            .access(Access::Admin)
            .query::<Narrow>()
            .answers_list::<WaitDto>(
                "The stays",
                json!({
                    "call": "call-q1", "priority": 0, "position": 2, "entered_at": at,
                    "left_at": at + 9_000, "exit": "answered",
                }),
            ),
        Route::get("/api/v1/agent-log", "readAgentLog", agent_log)
            .says("agents", "What agents did, newest first", "A user's key reads his own.")
            .query::<NarrowLog>()
            .answers_list::<ChangeDto>(
                "The changes",
                json!({
                    "user": "u-ana", "at": at, "state": "on_call", "availability": "available",
                    "reason": null, "source": "call",
                }),
            )
            .may_refuse(&[Code::Forbidden]),
        Route::get("/api/v1/reply-calls", "listReplyCalls", reply_calls)
            .says("calls", "Missed calls that are to be answered by a call", "")
            .access(Access::Admin)
            .query::<NarrowReplies>()
            .answers_list::<ReplyDto>(
                "The missed calls, newest first",
                json!({
                    "missed_call": "call-s02", "owner_user": "u-own", "owner_group": null,
                    "number": "+15557770001", "state": "open", "done_call": null, "created_at": at,
                }),
            ),
    ]
}

/// One line of the way a call took.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Decision)]
struct DecisionDto {
    /// UTC milliseconds.
    at: i64,
    rule: &'static str,
    subject: Arc<str>,
    verdict: Arc<str>,
}

/// `GET /calls/{id}/decisions`.
async fn decisions(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Vec<DecisionDto>>, Problem> {
    let id = CallId::from(&*id);
    calls::may_read(&api, &caller, &id).await?;
    let rows = api.database.decisions(&id).await.map_err(|error| Problem::database(&error))?;
    let mut lines = Vec::new();
    for row in rows {
        lines.extend(row.lines.into_iter().map(|line| DecisionDto {
            at: row.at.0,
            rule: line.rule.as_str(),
            subject: line.subject,
            verdict: line.verdict,
        }));
    }
    Ok(Json(lines))
}

/// One stay in a queue.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QueueWait)]
struct WaitDto {
    call: String,
    priority: i16,
    position: u32,
    /// UTC milliseconds.
    entered_at: i64,
    left_at: Option<i64>,
    exit: Option<&'static str>,
}

/// `GET /groups/{id}/queue-waits`.
async fn queue_waits(
    State(api): State<Api>,
    Path(id): Path<String>,
    Asked(narrow): Asked<Narrow>,
) -> Result<Json<Vec<WaitDto>>, Problem> {
    let since = Millis(narrow.since);
    let waits = api.database.queue_waits(&GroupId::from(&*id), since, within(narrow.limit)?).await;
    let waits = waits.map_err(|error| Problem::database(&error))?;
    let dto = waits.into_iter().map(|wait| WaitDto {
        call: wait.call_id.to_string(),
        priority: wait.priority,
        position: wait.position,
        entered_at: wait.entered_at.0,
        left_at: wait.left_at.map(|at| at.0),
        exit: wait.exit.map(|exit| exit.as_str()),
    });
    Ok(Json(dto.collect()))
}

/// One change of an agent's state.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AgentChange)]
struct ChangeDto {
    user: String,
    /// UTC milliseconds.
    at: i64,
    state: &'static str,
    #[schema(value_type = schema::Availability)]
    availability: &'static str,
    reason: Option<Arc<str>>,
    source: &'static str,
}

/// `GET /agent-log`; `user` narrows it to one.
async fn agent_log(
    State(api): State<Api>,
    caller: Caller,
    Asked(narrow): Asked<NarrowLog>,
) -> Result<Json<Vec<ChangeDto>>, Problem> {
    if let Some(user) = &narrow.user {
        caller.may_act_for(user)?;
    }
    let user = narrow.user.as_deref().map(UserId::from).or(caller.user);
    let since = Millis(narrow.since);
    let log = api.database.agent_log(user.as_ref(), since, within(narrow.limit)?).await;
    let log = log.map_err(|error| Problem::database(&error))?;
    let dto = log.into_iter().map(|change| ChangeDto {
        user: change.user.to_string(),
        at: change.at.0,
        state: change.state.as_str(),
        availability: change.availability.as_str(),
        reason: change.reason,
        source: change.source.as_str(),
    });
    Ok(Json(dto.collect()))
}

/// A missed call that is to be answered by a call.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReplyCall)]
struct ReplyDto {
    missed_call: String,
    owner_user: Option<String>,
    owner_group: Option<String>,
    number: String,
    state: String,
    done_call: Option<String>,
    /// UTC milliseconds.
    created_at: i64,
}

/// `GET /reply-calls`; `state` is `open` where nothing is said.
async fn reply_calls(
    State(api): State<Api>,
    Asked(narrow): Asked<NarrowReplies>,
) -> Result<Json<Vec<ReplyDto>>, Problem> {
    let state = narrow.state.as_deref().unwrap_or("open");
    if !["open", "done", "dismissed"].contains(&state) {
        return Err(
            Problem::field("state", "is not known").remedy("use one of open, done, dismissed")
        );
    }
    let replies = api.database.reply_calls(state, within(narrow.limit)?).await;
    let replies = replies.map_err(|error| Problem::database(&error))?;
    let dto = replies.into_iter().map(|reply| ReplyDto {
        missed_call: reply.missed_call.to_string(),
        owner_user: reply.owner_user.map(|user| user.to_string()),
        owner_group: reply.owner_group.map(|group| group.to_string()),
        number: reply.number,
        state: reply.state,
        done_call: reply.done_call.map(|call| call.to_string()),
        created_at: reply.created_at.0,
    });
    Ok(Json(dto.collect()))
}
