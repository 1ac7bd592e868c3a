//! The call engine. *call decides, switch translates and owns, server moves bytes.* It knows legs,
//! attempts, bridges and agents; no SIP, no SDP, no sockets, no clock of its own.
//!
//! A [`Call`] is born by [`Call::arrive`] or [`Call::call_back`], is told what happens by
//! [`Call::handle`] and what time it is by [`Call::timeout`], and answers every input with values
//! pushed on [`Ctx::out`]: events to keep, commands to legs. What calls share (who is registered,
//! who talks, who rings) is in [`acd::Floor`].

mod basis;
mod call;
mod context;
mod ctx;
mod given_up;
mod ivr;
mod leg;
mod limits;
mod outbound;
mod outcome;
pub mod port;
mod quality;
mod recording;
mod routing;
mod sound;
mod stage;
mod talk;
mod voicemail;

pub use call::Call;
pub use ctx::{Ctx, LegIds};
pub use given_up::GivenUp;
pub use ivr::IvrSettings;
pub use limits::{
    AcdSettings, Limits, RingTimes, Settings, TransferHear, TransferSettings, Unanswered,
};
pub use sound::{Digits, SoundSettings};
pub use stage::calling_back::CallBack;
pub use stage::originating::Originate;
pub use voicemail::{Counts, Mailboxes, VoicemailSettings};
