//! What stands at which address.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};

use crate::health::Health;
use crate::metrics::Metrics;
use crate::problem::Problem;

/// Longest time that one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// What the routes read.
#[derive(Clone, Debug)]
pub struct Api {
    /// For `/readyz`.
    pub health: Arc<Health>,
    /// For `/metrics`.
    pub metrics: Arc<Metrics>,
}

pub(crate) fn router(api: Api) -> Router {
    Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn(in_time))
        .with_state(api)
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
