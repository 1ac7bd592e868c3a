//! The HTTP interface: `/livez`, `/readyz` and `/metrics` need no key, `/api/v1` is the resources'.
//! Errors are problem documents (RFC 9457) with a stable `code`. Nothing here waits for the core:
//! health is read from flags, metrics from counters and a sample.

mod auth;
mod calls;
mod core_link;
mod events;
mod health;
mod idempotency;
mod metrics;
mod openapi;
mod problem;
mod request;
mod resources;
mod router;
mod serve;
#[cfg(test)]
mod tests;

pub use auth::{AdminKey, NewKey, key_name, new_id};
pub use core_link::{CoreCommand, CoreLink, OrderAnswer};
pub use health::{Health, Readiness};
pub use metrics::{AssignResult, Gauges, Metrics, Queue, Sample};
pub use router::{Api, WallClock};
pub use serve::{Limits, serve};

/// The description of the interface, OpenAPI 3.1, as `GET /api/v1/openapi.json` sends it but for
/// people: one line for each thing.
///
/// # Errors
/// When it cannot be written as JSON, which a test rules out.
pub fn description() -> Result<String, serde_json::Error> {
    openapi::document(router::routes()).to_pretty_json()
}
