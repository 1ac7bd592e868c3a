//! What peers ask of us: new calls, changes of running ones, registrations, OPTIONS.

mod arriving;
mod in_dialog;
pub(crate) mod registration;
mod routes;
