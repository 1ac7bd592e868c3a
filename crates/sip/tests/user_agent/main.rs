//! The user agent core as a peer sees it: scripts in, ladders out, on virtual milliseconds.
//!
//! Cases named `rfc5407_…` are the race flows of that RFC, by section.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod chaos;
mod in_dialog;
mod limits;
mod races;
mod refusals;
mod routing;
mod script;
mod subscriptions;
mod torture;
mod uac;
mod uas;
