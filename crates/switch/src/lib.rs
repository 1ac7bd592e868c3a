//! The composed core: SIP, session descriptions, the call engine and the registrar behind one
//! door. *call decides, switch translates and owns, server moves bytes.*
//!
//! One value comes in ([`Input`]), one ordered list of values goes out ([`Effect`]); time is an
//! argument, randomness a seed. Two runs with the same inputs give the same outputs.

mod codes;
mod commands;
pub mod config;
mod control;
mod counters;
mod days;
mod guard;
mod legs;
mod log;
pub mod port;
mod random;
mod rate;
mod requests;
mod subscriptions;
mod switch;

pub use codes::{CodeMeaning, Codes};
pub use config::{Limits, Network, RegistrarConfig, SwitchConfig, TrunkConfig, usual_slots};
pub use counters::Counters;
pub use port::{Effect, Input, Location, OrderAnswer};
pub use switch::{Restored, RestoredAgent, Switch};
