//! The resources beside calls and events.

mod agents;
mod keys;
mod mailboxes;
mod records;

use crate::openapi::Route;

/// All of them.
pub(crate) fn routes() -> Vec<Route> {
    let mut routes = agents::routes();
    routes.extend(records::routes());
    routes.extend(mailboxes::routes());
    routes.extend(keys::routes());
    routes
}
