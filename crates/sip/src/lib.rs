//! The SIP of RFC 3261 without IO: messages, transactions, dialogs, digest, registrar.
//!
//! Nothing here opens a socket, reads a clock or draws a random number: time is an argument,
//! randomness comes from a seed, and what shall happen is returned as values.

pub mod auth;
pub mod dialog;
pub mod flow;
pub mod framing;
pub mod message;
pub mod registrar;
pub mod timer;
pub mod transaction;
pub mod user_agent_core;
