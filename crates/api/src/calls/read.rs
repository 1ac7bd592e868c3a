//! `GET /calls/{id}` and what belongs to it. All of it is of one moment: the rows are read in one
//! transaction, and they are written while the call runs.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use model::CallId;
use model::call_graph::CallGraph;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::lanes::{self, TimelineDto};
use super::may_read;
use super::rows::{
    AttemptDto, CallDto, ConnectionDto, InteractionDto, ParticipantDto, QualityEventDto,
};
use crate::auth::Caller;
use crate::openapi::Route;
use crate::problem::{Code, Problem};
use crate::router::Api;

pub(super) fn routes() -> Vec<Route> {
    let no = &[Code::NoSuchCall];
    let connections = "/api/v1/calls/{id}/connections";
    let participants = "/api/v1/calls/{id}/participants";
    let interactions = "/api/v1/calls/{id}/interactions";
    let quality = "/api/v1/calls/{id}/quality-events";
    vec![
        Route::get("/api/v1/calls/{id}", "readCall", call)
            .says("calls", "One call", "")
            .answers::<CallDto>(200, "The call", CallDto::example())
            .may_refuse(no),
        Route::get(connections, "listConnections", list::<ConnectionDto>)
            .says("calls", "Its Connections, by `seq`", "")
            .answers_list::<ConnectionDto>("The Connections", ConnectionDto::example())
            .may_refuse(no),
        Route::get("/api/v1/calls/{id}/attempts", "listAttempts", list::<AttemptDto>)
            .says("calls", "Who was rung, in that order", "")
            .answers_list::<AttemptDto>("The Attempts", AttemptDto::example())
            .may_refuse(no),
        Route::get(participants, "listParticipants", list::<ParticipantDto>)
            .says("calls", "Who took part, by `ordinal`", "")
            .answers_list::<ParticipantDto>("The participants", ParticipantDto::example())
            .may_refuse(no),
        Route::get(interactions, "listInteractions", list::<InteractionDto>)
            .says("calls", "What happened, by `seq`", "")
            .answers_list::<InteractionDto>("The interactions", InteractionDto::example())
            .may_refuse(no),
        Route::get(quality, "listQualityEvents", list::<QualityEventDto>)
            .says("calls", "When it sounded bad, and why", "")
            .answers_list::<QualityEventDto>("The events", QualityEventDto::example())
            .may_refuse(no),
        Route::get("/api/v1/calls/{id}/timeline", "readTimeline", timeline)
            .says(
                "calls",
                "The call as lanes: who rang, talked, was on hold, and when",
                "Spans of one lane never overlap. One without `to` goes on.",
            )
            .answers::<TimelineDto>(200, "The lanes", TimelineDto::example())
            .may_refuse(no),
        Route::get("/api/v1/calls/{id}/graph", "readGraph", graph)
            .says(
                "calls",
                "The call as it was handed off when it ended: `finished_call_graph/1`",
                "While it runs: its rows so far in the same form.",
            )
            .answers::<Graph>(
                200,
                "The document",
                json!({"schema": "finished_call_graph/1", "call_id": "call-s08", "revision": 1}),
            )
            .may_refuse(no),
    ]
}

/// `finished_call_graph/1`; see its JSON Schema.
#[derive(ToSchema)]
#[schema(as = CallGraph, value_type = Object)]
struct Graph(#[expect(dead_code, reason = "only its schema is used")] Value);

/// Rows of a call.
pub(super) trait Rows: Serialize + Sized + Send + 'static {
    fn rows(graph: &CallGraph) -> Vec<Self>;
}

async fn rows(api: &Api, caller: &Caller, id: &str) -> Result<CallGraph, Problem> {
    let id = CallId::from(id);
    may_read(api, caller, &id).await?;
    let graph = api.database.call_graph(&id).await.map_err(|error| Problem::database(&error))?;
    graph.ok_or_else(|| Problem::of(Code::NoSuchCall))
}

async fn call(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<CallDto>, Problem> {
    Ok(Json(CallDto::of(&rows(&api, &caller, &id).await?.call)))
}

async fn list<T: Rows>(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Vec<T>>, Problem> {
    Ok(Json(T::rows(&rows(&api, &caller, &id).await?)))
}

async fn timeline(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<TimelineDto>, Problem> {
    let graph = rows(&api, &caller, &id).await?;
    let board = api.core.wallboard.borrow().clone();
    Ok(Json(lanes::timeline(&graph, &board)))
}

async fn graph(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let graph = rows(&api, &caller, &id).await?;
    let handed_off = api.database.graph_document(&graph.call.id).await;
    match handed_off.map_err(|error| Problem::database(&error))? {
        Some(text) => Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response()),
        None => Ok(Json(graph.finished()).into_response()),
    }
}
