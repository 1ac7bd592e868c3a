//! RTP and RTCP, anchored and relayed. No packet passes through the core: it says which legs hear
//! each other, and one thread here forwards what they send.
//!
//! * [`MediaPlane`] starts the thread, takes [`call::port::MediaCommand`] and hands
//!   [`call::port::MediaEvent`] to an [`EventSink`];
//! * port pairs are bound ahead of time and reported as stock, so that the core can answer an offer
//!   in the step that received it;
//! * a leg is a transport (a port pair and its latches), later also a codec and a clock: what
//!   decides about packets (`relay::table`) never touches a socket.

mod clock;
mod config;
mod counters;
mod handoff;
mod plane;
mod ports;
#[allow(dead_code, unused_imports, reason = "until the sound thread asks for prompts")]
pub mod prompt;
#[allow(dead_code, unused_imports, reason = "until the sound thread records")]
pub mod record;
mod relay;
#[allow(dead_code, reason = "until the relay has it started")]
mod sound;

pub use config::{MediaConfig, PortRange, PortRangeError};
pub use counters::{LegCounters, LegReport, Totals};
pub use plane::{EventSink, MediaError, MediaPlane};
#[doc(hidden)]
pub use sound::rehearsal;
