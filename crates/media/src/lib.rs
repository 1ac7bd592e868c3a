//! Media: RTP and RTCP, anchored and relayed; sound decoded, mixed, played and recorded where it
//! has to be. No packet passes through the core: it says who hears whom, and threads here do it.
//!
//! * [`MediaPlane`] starts the threads, takes [`call::port::MediaCommand`] and hands
//!   [`call::port::MediaEvent`] to an [`EventSink`];
//! * `patch` (pure) turns commands into who is relayed to whom, and what has to be rendered;
//! * `relay` owns all sockets: what decides about packets (`relay::table`, pure) never touches one;
//! * `sound` decodes, mixes, plays and encodes, and never sees an address;
//! * [`prompt`] and [`record`] have the files.
//!
//! Port pairs are bound ahead of time and reported as stock, so that the core can answer an offer
//! in the step that received it. A leg is a transport (a port pair and its latches), a codec and a
//! clock.

mod clock;
mod config;
mod counters;
mod handoff;
mod patch;
mod plane;
mod ports;
pub mod prompt;
mod random;
pub mod record;
mod relay;
mod sound;

pub use audio::tone::Country;
pub use config::{MediaConfig, PortRange, PortRangeError};
pub use counters::{LegCounters, LegReport, Totals};
pub use plane::{EventSink, MediaError, MediaPlane};
pub use prompt::PromptConfig;
pub use record::RecordConfig;
pub use rtp::quality::{Bounds, Thresholds};
pub use sound::SoundConfig;
#[doc(hidden)]
pub use sound::rehearsal;
