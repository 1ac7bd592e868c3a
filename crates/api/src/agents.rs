//! Agents and the wallboard: `GET /wallboard`, `GET` and `PUT /users/{id}/availability`. What is
//! shown is the snapshot that the core leaves at most every 500 ms; what is changed is told to the
//! core, which answers with the state that came of it.

use std::sync::Arc;

use acd::statistics::{AgentBoard, GroupBoard};
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use model::UserId;
use model::directory::Availability;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use crate::core_link::CoreCommand;
use crate::problem::Problem;
use crate::routes::Api;

/// The longest reason, characters.
const LONGEST_REASON: usize = 64;

/// `GET /wallboard`.
pub(crate) async fn wallboard(State(api): State<Api>) -> Json<WallboardDto> {
    let board = api.core.wallboard.borrow().clone();
    Json(WallboardDto {
        at: board.at.0,
        groups: board.groups.iter().map(GroupDto::from).collect(),
        agents: board.agents.iter().map(AgentDto::from).collect(),
    })
}

/// `GET /users/{id}/availability`.
pub(crate) async fn availability(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<AgentDto>, Problem> {
    let board = api.core.wallboard.borrow().clone();
    let agent = board.agents.iter().find(|agent| agent.user.as_str() == id);
    agent.map(|agent| Json(AgentDto::from(agent))).ok_or_else(|| Problem::no_such("user"))
}

/// The body of `PUT /users/{id}/availability`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    availability: String,
    #[serde(default)]
    reason: Option<String>,
}

/// `PUT /users/{id}/availability`.
pub(crate) async fn set_availability(
    State(api): State<Api>,
    Path(id): Path<String>,
    change: Result<Json<Change>, JsonRejection>,
) -> Result<Json<ChangedDto>, Problem> {
    let Json(change) =
        change.map_err(|error| Problem::unreadable(error.status(), error.body_text()))?;
    let availability: Availability =
        change.availability.parse().map_err(|error: model::text_enum::UnknownWord| {
            Problem::invalid(format!("availability: {error}"))
        })?;
    let reason = change.reason.filter(|reason| !reason.trim().is_empty());
    if reason.as_ref().is_some_and(|reason| reason.chars().any(char::is_control)) {
        return Err(Problem::invalid("reason: is not one line of text"));
    }
    if reason.as_ref().is_some_and(|reason| reason.chars().count() > LONGEST_REASON) {
        let detail = format!("reason: is longer than {LONGEST_REASON} characters");
        return Err(Problem::invalid(detail));
    }
    let reason: Option<Arc<str>> = reason.map(Arc::from);
    let (reply, answer) = oneshot::channel();
    let user = UserId::from(&*id);
    let command =
        CoreCommand::SetAvailability { user, availability, reason: reason.clone(), reply };
    if !api.core.tell(command, answer).await? {
        return Err(Problem::no_such("user"));
    }
    Ok(Json(ChangedDto { user: id, availability: availability.as_str(), reason }))
}

/// What `PUT` answers.
#[derive(Debug, Serialize)]
pub(crate) struct ChangedDto {
    user: String,
    availability: &'static str,
    reason: Option<Arc<str>>,
}

/// The wallboard.
#[derive(Debug, Serialize)]
pub(crate) struct WallboardDto {
    /// UTC milliseconds.
    at: i64,
    groups: Vec<GroupDto>,
    agents: Vec<AgentDto>,
}

/// A group on the wallboard; counts are today's.
#[derive(Debug, Serialize)]
struct GroupDto {
    group: String,
    name: Arc<str>,
    waiting: u32,
    longest_wait_ms: u64,
    offered: u32,
    answered: u32,
    abandoned: u32,
    answered_in_time: u32,
    /// 0–1; null where nothing was offered.
    service_level: Option<f64>,
    wait_avg_ms: Option<u64>,
    wait_max_ms: u64,
    talk_ms: u64,
    agents: AgentsDto,
}

/// Members by state.
#[derive(Debug, Serialize)]
struct AgentsDto {
    available: u32,
    ringing: u32,
    on_call: u32,
    wrap_up: u32,
    away: u32,
    offline: u32,
}

impl From<&GroupBoard> for GroupDto {
    fn from(board: &GroupBoard) -> Self {
        Self {
            group: board.group.to_string(),
            name: board.name.clone(),
            waiting: board.waiting,
            longest_wait_ms: board.longest_wait_ms,
            offered: board.offered,
            answered: board.answered,
            abandoned: board.abandoned,
            answered_in_time: board.within,
            service_level: board.service_level,
            wait_avg_ms: board.wait_avg_ms,
            wait_max_ms: board.wait_max_ms,
            talk_ms: board.talk_ms,
            agents: AgentsDto {
                available: board.available,
                ringing: board.ringing,
                on_call: board.on_call,
                wrap_up: board.wrap_up,
                away: board.away,
                offline: board.offline,
            },
        }
    }
}

/// An agent.
#[derive(Debug, Serialize)]
pub(crate) struct AgentDto {
    user: String,
    name: Arc<str>,
    state: &'static str,
    availability: &'static str,
    reason: Option<Arc<str>>,
    /// UTC milliseconds.
    since: i64,
    answered: u32,
    missed: u32,
    talk_ms: u64,
    groups: Vec<String>,
}

impl From<&AgentBoard> for AgentDto {
    fn from(board: &AgentBoard) -> Self {
        Self {
            user: board.user.to_string(),
            name: board.name.clone(),
            state: board.state.as_str(),
            availability: board.availability.as_str(),
            reason: board.reason.clone(),
            since: board.since.0,
            answered: board.answered,
            missed: board.missed,
            talk_ms: board.talk_ms,
            groups: board.groups.iter().map(ToString::to_string).collect(),
        }
    }
}
