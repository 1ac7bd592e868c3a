//! Transactions (RFC 3261 17, RFC 6026, RFC 4320): pure machines, one for each of the four kinds,
//! and the layer that finds the one a message belongs to.
//!
//! The machines decide; the layer sends. Neither reads a clock: deadlines are data, and time is
//! an argument.

mod deadlines;
mod fingerprint;
mod invite_client;
mod invite_server;
mod key;
mod layer;
mod non_invite_client;
mod non_invite_server;
mod response_route;
mod sent_request;
mod sent_response;
mod token;

pub(crate) use deadlines::Deadlines;
pub(crate) use key::{ClientKey, ServerKey};
pub(crate) use layer::{Expired, Matched, TransactionLayer, Wire};
pub(crate) use response_route::response_flow;
pub(crate) use sent_request::{RequestParts, RequestWriter, SentRequest};
pub(crate) use sent_response::ResponseWriter;
pub(crate) use token::{Token, Tokens};
