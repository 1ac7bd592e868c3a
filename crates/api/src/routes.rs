//! What stands at which address.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, put};
use axum::{Json, Router};
use store::Database;

use crate::agents;
use crate::auth::{self, AdminKey};
use crate::core_link::CoreLink;
use crate::health::Health;
use crate::metrics::Metrics;
use crate::problem::Problem;
use crate::records;

/// The largest body of a request, bytes.
const BODY: usize = 65_536;

/// Longest time that one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// What the routes read.
#[derive(Clone, Debug)]
pub struct Api {
    /// For `/readyz`.
    pub health: Arc<Health>,
    /// For `/metrics`.
    pub metrics: Arc<Metrics>,
    /// The way to the core.
    pub core: CoreLink,
    /// What is read of the records.
    pub database: Database,
    /// Folder of recordings and voice messages.
    pub recordings: PathBuf,
    /// Who may use `/api/v1`; `None`: nobody.
    pub admin_key: Option<AdminKey>,
}

/// The resources below `/api/v1`.
fn resources(api: &Api) -> Router<Api> {
    let message = "/mailboxes/{kind}/{id}/messages/{message}";
    Router::new()
        .route("/wallboard", get(agents::wallboard))
        .route("/users/{id}/availability", get(agents::availability).put(agents::set_availability))
        .route("/calls/{id}/decisions", get(records::decisions))
        .route("/groups/{id}/queue-waits", get(records::queue_waits))
        .route("/agent-log", get(records::agent_log))
        .route("/reply-calls", get(records::reply_calls))
        .route("/mailboxes/{kind}/{id}/messages", get(records::messages))
        .route(message, delete(records::delete))
        .route(&format!("{message}/sound"), get(records::sound))
        .route(&format!("{message}/heard"), put(records::heard))
        .layer(middleware::from_fn(readable_address))
        .layer(middleware::from_fn_with_state(api.clone(), auth::administrator))
        .layer(DefaultBodyLimit::max(BODY))
}

pub(crate) fn router(api: Api) -> Router {
    Router::new()
        .nest("/api/v1", resources(&api))
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn(in_time))
        .with_state(api)
}

/// What the router says of a path that it cannot read is no problem document: everybody here
/// answers a body with one, so that a plain 400 is the router's.
async fn readable_address(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let is_plain = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"));
    if response.status() == StatusCode::BAD_REQUEST && is_plain {
        return Problem::bad_address().into_response();
    }
    response
}

async fn livez() -> &'static str {
    "alive\n"
}

async fn readyz(State(api): State<Api>) -> Response {
    let readiness = api.health.readiness();
    if readiness.ready {
        Json(readiness).into_response()
    } else {
        let retry_after = [(header::RETRY_AFTER, "5")];
        (StatusCode::SERVICE_UNAVAILABLE, retry_after, Json(readiness)).into_response()
    }
}

async fn metrics(State(api): State<Api>) -> Response {
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, content_type)], api.metrics.text()).into_response()
}

async fn not_found() -> Problem {
    Problem::not_found()
}

async fn method_not_allowed() -> Problem {
    Problem::method_not_allowed()
}

async fn in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_elapsed) => Problem::too_slow().into_response(),
    }
}
