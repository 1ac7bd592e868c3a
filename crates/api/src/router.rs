//! What stands at which address, and what every request goes through: a time limit, a key, an
//! address that can be read, and its Idempotency-Key.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, FromRef, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json, Router};
use model::Millis;
use serde_json::json;
use store::Database;
use tokio::sync::watch;

use crate::auth::{self, AdminKey, Failures};
use crate::core_link::CoreLink;
use crate::events::Streams;
use crate::health::{Health, Readiness};
use crate::idempotency;
use crate::metrics::Metrics;
use crate::openapi::{self, Access, Document, Route};
use crate::problem::{Code, Problem};
use crate::{calls, events, resources};

/// The largest body of a request, bytes.
pub(crate) const BODY: usize = 65_536;

/// Longest time until an answer begins.
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
    /// The administrator's key of the environment; `None`: only keys of the database fit.
    pub admin_key: Option<AdminKey>,
    /// What time it is.
    pub clock: WallClock,
}

/// The wall clock, which only the server's shell reads.
#[derive(Clone)]
pub struct WallClock(Arc<dyn Fn() -> Millis + Send + Sync>);

impl WallClock {
    /// One that is read with this.
    pub fn new(read: impl Fn() -> Millis + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    pub(crate) fn now(&self) -> Millis {
        (self.0)()
    }
}

impl fmt::Debug for WallClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WallClock")
    }
}

/// How long a stream of events says nothing.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// [`Api`], and what requests share.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) api: Api,
    pub(crate) failures: Arc<Failures>,
    pub(crate) streams: Arc<Streams>,
    /// Changes when the server stops: answers that last end.
    pub(crate) stopping: watch::Receiver<()>,
    /// How long a stream of events says nothing.
    pub(crate) heartbeat: Duration,
}

impl App {
    pub(crate) fn new(api: Api, stopping: watch::Receiver<()>) -> Self {
        let heartbeat = HEARTBEAT;
        Self { api, failures: Arc::default(), streams: Arc::default(), stopping, heartbeat }
    }
}

impl FromRef<App> for Api {
    fn from_ref(app: &App) -> Self {
        app.api.clone()
    }
}

/// Everything that there is.
pub(crate) fn routes() -> Vec<Route> {
    let mut routes = calls::routes();
    routes.extend(events::routes());
    routes.extend(resources::routes());
    routes.extend(openapi::routes());
    routes.extend(server());
    routes
}

pub(crate) fn router(app: App) -> Router {
    let document = openapi::document(routes());
    let document = document.to_json().map_or_else(
        |error| {
            // Made of the program alone; a test reads it.
            tracing::error!(%error, "the description of the API cannot be written");
            Arc::from("{}")
        },
        Arc::from,
    );
    let mut router = Router::new();
    for route in routes() {
        router = router.route(route.path, layered(&app, route));
    }
    router
        .fallback(async || Problem::of(Code::NotFound))
        .method_not_allowed_fallback(async || Problem::of(Code::MethodNotAllowed))
        .layer(DefaultBodyLimit::max(BODY))
        .layer(Extension(Document(document)))
        .layer(middleware::from_fn(in_time))
        .with_state(app)
}

fn layered(app: &App, route: Route) -> axum::routing::MethodRouter<App> {
    let mut handler = route.handler;
    if route.writes {
        let once = middleware::from_fn_with_state(app.clone(), idempotency::once);
        handler = handler.route_layer(once);
    }
    handler = handler.route_layer(middleware::from_fn(readable_address));
    match route.access {
        Access::Open => handler,
        Access::Anyone => {
            handler.route_layer(middleware::from_fn_with_state(app.clone(), auth::anyone))
        }
        Access::Admin => {
            handler.route_layer(middleware::from_fn_with_state(app.clone(), auth::administrator))
        }
    }
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
        return Problem::of(Code::BadAddress).into_response();
    }
    response
}

async fn in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_elapsed) => Problem::of(Code::Timeout).into_response(),
    }
}

fn server() -> Vec<Route> {
    let ready =
        Readiness { ready: true, listeners_bound: true, database_writable: true, draining: false };
    vec![
        Route::get("/livez", "isAlive", livez)
            .says("server", "Whether the server runs", "")
            .access(Access::Open)
            .answers_media("It does", "text/plain; charset=utf-8", "alive\n"),
        Route::get("/readyz", "isReady", readyz)
            .says("server", "Whether the server takes calls", "")
            .access(Access::Open)
            .answers::<Readiness>(200, "It does", json!(ready))
            .answers::<Readiness>(503, "It does not", json!(Readiness { ready: false, ..ready })),
        Route::get("/metrics", "readMetrics", metrics)
            .says("server", "Counters and gauges, as OpenMetrics", "")
            .access(Access::Open)
            .answers_media("All of them", OPENMETRICS, "# EOF\n"),
    ]
}

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

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
    ([(header::CONTENT_TYPE, OPENMETRICS)], api.metrics.text()).into_response()
}
