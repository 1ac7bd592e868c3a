//! `GET /events`: what happens in calls, as server-sent events. Every event of a call has a `seq`
//! of its own without a gap; every event has an `id` that only grows, and who sends the last one he
//! got as `Last-Event-ID` gets what came after it, also from another process than before.

mod places;
mod stream;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use model::{CallId, UserId};
use serde::Deserialize;
use serde_json::json;
use store::stream::EventFilter;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{IntoParams, ToSchema};

pub(crate) use self::places::Streams;
use self::stream::Stream;
use crate::auth::Caller;
use crate::calls::may_read;
use crate::openapi::Route;
use crate::openapi::schema::Time;
use crate::problem::{Code, Problem};
use crate::request::Asked;
use crate::router::App;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

const ABOUT: &str = "Server-sent events (WHATWG HTML): `id` is for Last-Event-ID, `event` is the \
    kind, `data` is one JSON object (schema `Event`). It begins with what happens from now on; \
    with Last-Event-ID, after that event; with 0, with the oldest that is kept. A block that has \
    an `id` and no `data` only says how far the stream is. A comment comes every 15 s. A reader \
    that does not read for 30 s is let go, and takes up again. A user's key gets the events of \
    calls in which its user takes part or is rung.";

const EXAMPLE: &str = r#"id: 4711
event: answered
data: {"call_id":"call-s08","seq":4,"at":"2026-01-05T10:00:05.000Z","kind":"answered",\
"data":{"connection":1,"attempt":1,"by":{"user":{"user":"u-ana","number":"+15550100001"}},\
"role":"callee"}}

"#;

pub(crate) fn routes() -> Vec<Route> {
    let text: Schema = ObjectBuilder::new().schema_type(Type::String).build().into();
    let id: Schema = ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some("^[0-9]{1,18}$"))
        .build()
        .into();
    vec![
        Route::get("/api/v1/events", "followEvents", follow)
            .says("events", "What happens in calls, as it happens", ABOUT)
            .query::<Wanted>()
            .header("Last-Event-ID", "The last event that was got; goes before the query's", id)
            .answers_with(
                200,
                "The stream",
                EVENT_STREAM,
                RefOr::T(text),
                json!(EXAMPLE.replace("\\\n", "")),
            )
            .mentions::<EventDto>()
            .may_refuse(&[
                Code::Forbidden,
                Code::NoSuchCall,
                Code::EventsGone,
                Code::TooManyStreams,
            ]),
    ]
}

const EVENT_STREAM: &str = "text/event-stream";

/// Which events are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Only events of this call.
    call_id: Option<String>,
    /// Only events of calls in which this user takes part or is rung.
    user_id: Option<String>,
    /// As the header Last-Event-ID, for who cannot send one.
    #[param(minimum = 0)]
    last_event_id: Option<u64>,
}

/// An event of a call, as `data` of a server-sent event.
#[derive(ToSchema)]
#[schema(as = Event)]
#[expect(dead_code, reason = "only its schema is used; stream.rs writes it")]
struct EventDto {
    call_id: String,
    /// Within the call: from 1, without a gap.
    #[schema(minimum = 1)]
    seq: u32,
    at: Time,
    /// What happened, e.g. `started`, `attempt_started`, `answered`, `transfer_ended`, `ended`.
    kind: String,
    /// What else is known of it, by kind.
    #[schema(value_type = Object)]
    data: (),
}

async fn follow(
    State(app): State<App>,
    caller: Caller,
    Asked(wanted): Asked<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if let Some(user) = &wanted.user_id {
        caller.may_act_for(user)?;
    }
    let call = wanted.call_id.as_deref().map(CallId::from);
    if let Some(call) = &call {
        may_read(&app.api, &caller, call).await?;
    }
    let user = wanted.user_id.as_deref().map(UserId::from).or_else(|| caller.user.clone());
    let after = begin(&app, last_event_id(&headers, wanted.last_event_id)?).await?;
    let place = app.streams.enter(&caller.key)?;
    let stream = Stream { caller, filter: EventFilter { call, user }, after, place };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(EVENT_STREAM)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // What stands in between shall not wait for more.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    Ok((headers, stream.body(&app)).into_response())
}

fn last_event_id(headers: &HeaderMap, query: Option<u64>) -> Result<Option<i64>, Problem> {
    let header = headers.get(&LAST_EVENT_ID);
    let refused = || {
        Problem::field("Last-Event-ID", "is no id of an event").remedy("send the last `id` you got")
    };
    let sent = match header {
        // A browser that has got none sends an empty one.
        Some(value) if value.is_empty() => None,
        Some(value) => {
            Some(value.to_str().ok().and_then(|text| text.parse().ok()).ok_or_else(refused)?)
        }
        None => query,
    };
    sent.map(|id: u64| i64::try_from(id).map_err(|_| refused())).transpose()
}

/// After which event the stream begins.
async fn begin(app: &App, last: Option<i64>) -> Result<i64, Problem> {
    let database = &app.api.database;
    let newest = database.newest_event_id().await.map_err(|error| Problem::database(&error))?;
    let Some(last) = last else { return Ok(newest) };
    let oldest = database.oldest_event_id().await.map_err(|error| Problem::database(&error))?;
    let first = oldest.map_or(newest, |oldest| oldest - 1);
    match last {
        0 => Ok(first),
        // An id that was never given is of another database.
        last if last < first || last > newest => Err(Problem::of(Code::EventsGone)),
        last => Ok(last),
    }
}
