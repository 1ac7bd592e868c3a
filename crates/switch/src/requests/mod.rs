//! What peers ask of us: new calls, changes of running ones, registrations, digits by INFO,
//! reports by PUBLISH, OPTIONS.

mod arriving;
pub(crate) mod goals;
mod in_dialog;
mod info;
pub(crate) mod publish;
pub(crate) mod registration;
pub(crate) mod routes;
