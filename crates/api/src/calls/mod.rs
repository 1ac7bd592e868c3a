//! Calls: what the records say of them, and what is ordered of them. A user's key sees the calls in
//! which its user took part or was rung; any other is one that is not there.

mod commands;
mod lanes;
mod list;
mod names;
mod orders;
mod read;
mod rows;
pub(crate) mod standing;

use model::CallId;

use crate::auth::Caller;
use crate::openapi::Route;
use crate::problem::{Code, Problem};
use crate::router::Api;

/// All routes of calls but `decisions`.
pub(crate) fn routes() -> Vec<Route> {
    let mut routes = list::routes();
    routes.extend(read::routes());
    routes.extend(orders::routes());
    routes
}

/// Refuses a call that is not for this key.
pub(crate) async fn may_read(api: &Api, caller: &Caller, call: &CallId) -> Result<(), Problem> {
    let Some(user) = &caller.user else { return Ok(()) };
    let seen = api.database.user_in_call(user, call).await;
    if seen.map_err(|error| Problem::database(&error))? {
        Ok(())
    } else {
        Err(Problem::of(Code::NoSuchCall))
    }
}
