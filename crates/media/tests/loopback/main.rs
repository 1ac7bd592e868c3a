//! The relay with real sockets on loopback. Nothing waits for time: every step waits for a packet,
//! an event or a reply, each with a limit that only a failure reaches.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod load;
mod relaying;
mod rig;
mod sound;
