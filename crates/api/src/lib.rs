//! The HTTP interface: `/livez`, `/readyz` and `/metrics` need no key, `/api/v1` is the resources'.
//! Errors are problem documents (RFC 9457) with a stable `code`. Nothing here waits for the core:
//! health is read from flags, metrics from counters and a sample.

mod agents;
mod auth;
mod core_link;
mod health;
mod metrics;
mod problem;
mod records;
mod routes;
mod serve;

pub use auth::AdminKey;
pub use core_link::{CoreCommand, CoreLink, OrderAnswer};
pub use health::{Health, Readiness};
pub use metrics::{AssignResult, Gauges, Metrics, Queue, Sample};
pub use routes::Api;
pub use serve::{Limits, serve};
