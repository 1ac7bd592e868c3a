//! A softphone without IO, made from `sip` and `sdp`: the agents, callers and carriers of the
//! simulation, of `tandem demo` and of the tests.
//!
//! Time is an argument, randomness comes from a seed, and what is to be sent or told is pushed on
//! a list, as everywhere in the pure crates. A phone says in SDP where it receives RTP; whoever
//! runs it binds those ports, or does not.
//!
//! * [`Phone`] registers, calls, is called, holds, hangs up, hands calls on and takes them over;
//! * [`Behaviour`] and [`CallPlan`] let it act by itself;
//! * [`PhoneConfig::carrier`] makes a trunk's far end of it: no registration, any caller number.

mod call;
mod config;
mod event;
mod incoming;
mod media;
mod outgoing;
mod phone;
mod registration;
mod talking;
mod transferring;
mod watching;

#[cfg(test)]
mod tests;

pub use config::{AfterRefer, Behaviour, CallPlan, CarrierChallenge, Dial, PhoneConfig};
pub use event::{Caller, Direction, EndCause, Media, PhoneCallId, PhoneEvent, PhoneOutput};
pub use phone::Phone;
pub use watching::{Watch, WatchedDialog, watched_dialogs};
