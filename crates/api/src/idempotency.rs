//! `Idempotency-Key`: a write that is repeated with the same key is carried out once, and answered
//! as the first time. What was begun is finished and its answer kept even if nobody waits for it
//! any more. An answer that says that nothing was done (503 before the core was told) is not kept.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use store::access::Reserved;

use crate::auth::{Caller, hex_hash};
use crate::problem::{Code, PROBLEM_JSON, Problem};
use crate::request;
use crate::router::App;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The longest key, characters.
const LONGEST: usize = 255;

/// The largest answer that is kept, bytes; ours are far smaller.
const ANSWER: usize = 1 << 20;

/// What is kept of an answer that shows a secret, in its place.
#[derive(Clone, Debug)]
pub(crate) struct KeptInstead(pub(crate) String);

/// Nothing was done: the same request may be tried again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NothingDone;

/// What is kept of an answer, beside its status.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    location: Option<String>,
    body: String,
}

/// Lets the first request with a key through, and answers the others.
pub(crate) async fn once(State(app): State<App>, request: Request, next: Next) -> Response {
    let Some(value) = request.headers().get(&KEY) else { return next.run(request).await };
    let Some(key) = value.to_str().ok().filter(|key| usable(key)).map(str::to_owned) else {
        return Problem::field("Idempotency-Key", "is no text of 1 to 255 visible characters")
            .remedy("send a new UUID for each request")
            .into_response();
    };
    let Some(caller) = request.extensions().get::<Caller>().cloned() else {
        return Problem::of(Code::Unauthorized).into_response();
    };
    let (parts, body) = request.into_parts();
    let body = match request::bytes(Request::new(body)).await {
        Ok(body) => body,
        Err(problem) => return problem.into_response(),
    };
    let mut asked = format!("{} {}\n", parts.method, parts.uri).into_bytes();
    asked.extend_from_slice(&body);
    let hash = hex_hash(asked);
    let now = app.api.clock.now();
    match app.api.database.reserve_request(&caller.key, &key, &hash, now).await {
        Ok(Reserved::New) => {}
        Ok(Reserved::Running) => {
            return Problem::of(Code::IdempotencyInProgress).retry_after_s(1).into_response();
        }
        Ok(Reserved::Mismatch) => return Problem::of(Code::IdempotencyMismatch).into_response(),
        Ok(Reserved::Done { status, body }) => return replay(status, &body),
        Err(error) => return Problem::database(&error).into_response(),
    }
    let request = Request::from_parts(parts, Body::from(body));
    // In a task of its own: who asked may go away, the answer is kept all the same.
    let answering = tokio::spawn(async move {
        let response = next.run(request).await;
        keep(&app, &caller, &key, response).await
    });
    answering.await.unwrap_or_else(|error| {
        tracing::error!(%error, "a request was not carried out to its end");
        Problem::of(Code::Timeout).into_response()
    })
}

fn usable(key: &str) -> bool {
    (1..=LONGEST).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
}

async fn keep(app: &App, caller: &Caller, key: &str, response: Response) -> Response {
    let database = &app.api.database;
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, ANSWER).await.unwrap_or_default();
    let kept = if parts.extensions.get::<NothingDone>().is_some() {
        database.release_request(&caller.key, key).await
    } else {
        let location = parts.headers.get(header::LOCATION);
        let location = location.and_then(|value| value.to_str().ok()).map(str::to_owned);
        let body = match parts.extensions.get::<KeptInstead>() {
            Some(KeptInstead(body)) => body.clone(),
            None => String::from_utf8_lossy(&bytes).into_owned(),
        };
        // Two texts are always JSON.
        let kept = serde_json::to_string(&Kept { location, body }).unwrap_or_default();
        database.answer_request(&caller.key, key, parts.status.as_u16(), &kept).await
    };
    if let Err(error) = kept {
        tracing::warn!(%error, "the answer to an Idempotency-Key was not kept");
    }
    Response::from_parts(parts, Body::from(bytes))
}

fn replay(status: u16, kept: &str) -> Response {
    let kept: Kept = serde_json::from_str(kept)
        .unwrap_or_else(|_| Kept { location: None, body: kept.to_owned() });
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let is_empty = kept.body.is_empty();
    let mut response = (status, kept.body).into_response();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    if !is_empty {
        let failed = status.is_client_error() || status.is_server_error();
        let kind = if failed { PROBLEM_JSON } else { "application/json" };
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    if let Some(location) = kept.location.and_then(|text| HeaderValue::from_str(&text).ok()) {
        headers.insert(header::LOCATION, location);
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    response
}
