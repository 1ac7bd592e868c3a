//! Agents and the wallboard: `GET /wallboard`, `GET` and `PUT /users/{id}/availability`. What is
//! shown is the snapshot that the core leaves at most every 500 ms; what is changed is told to the
//! core, which answers with the state that came of it.

use std::sync::Arc;

use acd::statistics::{AgentBoard, GroupBoard};
use axum::Json;
use axum::extract::{Path, State};
use model::UserId;
use model::directory::Availability;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::oneshot;
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::core_link::CoreCommand;
use crate::openapi::{Access, Route, schema};
use crate::problem::{Code, Problem};
use crate::request::Body;
use crate::router::Api;

/// The longest reason, characters.
const LONGEST_REASON: usize = 64;

pub(super) fn routes() -> Vec<Route> {
    let agent = json!({
        "user": "u-ana", "name": "Ana Agent", "state": "available", "availability": "available",
        "reason": null, "since": 1_767_607_200_000_i64, "answered": 4, "missed": 1,
        "talk_ms": 912_000, "groups": ["g-sales"],
    });
    let path = "/api/v1/users/{id}/availability";
    vec![
        Route::get("/api/v1/wallboard", "readWallboard", wallboard)
            .says("agents", "Groups and agents as they stand; counts are today's", "")
            .access(Access::Admin)
            .answers::<WallboardDto>(
                200,
                "The wallboard",
                json!({"at": 1_767_607_200_000_i64, "groups": [], "agents": [agent.clone()]}),
            ),
        Route::get(path, "readAvailability", availability)
            .says("agents", "What a user does, and whether groups may offer calls to him", "")
            .answers::<AgentDto>(200, "The user", agent)
            .may_refuse(&[Code::Forbidden, Code::NotFound]),
        Route::put(path, "setAvailability", set_availability)
            .says("agents", "Whether groups may offer calls to a user from now on", "")
            .body::<Change>(true, json!({"availability": "away", "reason": "lunch"}))
            .answers::<ChangedDto>(
                200,
                "What it is from now on",
                json!({"user": "u-ana", "availability": "away", "reason": "lunch"}),
            )
            .may_refuse(&[Code::Forbidden, Code::NotFound]),
    ]
}

/// `GET /wallboard`.
async fn wallboard(State(api): State<Api>) -> Json<WallboardDto> {
    let board = api.core.wallboard.borrow().clone();
    Json(WallboardDto {
        at: board.at.0,
        groups: board.groups.iter().map(GroupDto::from).collect(),
        agents: board.agents.iter().map(AgentDto::from).collect(),
    })
}

/// `GET /users/{id}/availability`.
async fn availability(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<AgentDto>, Problem> {
    caller.may_act_for(&id)?;
    let board = api.core.wallboard.borrow().clone();
    let agent = board.agents.iter().find(|agent| agent.user.as_str() == id);
    agent.map(|agent| Json(AgentDto::from(agent))).ok_or_else(|| Problem::no_such("user"))
}

/// The body of `PUT /users/{id}/availability`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AvailabilityChange)]
struct Change {
    #[schema(value_type = schema::Availability)]
    availability: String,
    /// For people; one line.
    #[serde(default)]
    #[schema(max_length = 64)]
    reason: Option<String>,
}

/// `PUT /users/{id}/availability`.
async fn set_availability(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
    Body(change): Body<Change>,
) -> Result<Json<ChangedDto>, Problem> {
    caller.may_act_for(&id)?;
    let availability: Availability =
        change.availability.parse().map_err(|error: model::text_enum::UnknownWord| {
            Problem::field("availability", &error).remedy(format!("use one of {}", error.expected))
        })?;
    let reason = change.reason.filter(|reason| !reason.trim().is_empty());
    if reason.as_ref().is_some_and(|reason| reason.chars().any(char::is_control)) {
        return Err(Problem::field("reason", "is not one line of text"));
    }
    if reason.as_ref().is_some_and(|reason| reason.chars().count() > LONGEST_REASON) {
        let what = format!("is longer than {LONGEST_REASON} characters");
        return Err(Problem::field("reason", what));
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
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AvailabilityChanged)]
struct ChangedDto {
    user: String,
    #[schema(value_type = schema::Availability)]
    availability: &'static str,
    reason: Option<Arc<str>>,
}

/// The wallboard.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Wallboard)]
struct WallboardDto {
    /// UTC milliseconds.
    at: i64,
    groups: Vec<GroupDto>,
    agents: Vec<AgentDto>,
}

/// A group on the wallboard; counts are today's.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WallboardGroup)]
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
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AgentCounts)]
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
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Agent)]
struct AgentDto {
    user: String,
    name: Arc<str>,
    state: &'static str,
    #[schema(value_type = schema::Availability)]
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
