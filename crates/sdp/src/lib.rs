//! Session descriptions (RFC 8866) and their negotiation for one audio stream (RFC 3264, RFC 6337).
//!
//! A leg of a call negotiates on its own: what one peer wrote is read into values, and what the
//! other peer gets is written anew from them. Nothing of a peer's description passes through
//! unread except codec names, their parameters and their payload numbers, because those are what
//! relayed packets carry.
//!
//! * [`SessionDescription`] — the text, line by line, with what it did not understand kept;
//! * [`AudioOffer`] — what an offer asks of us, or why it is refused with 488;
//! * [`offer_on`], [`answer_for`] — what one leg of a relay may be asked and told for the other's
//!   sake: whatever passes through unchanged goes first;
//! * [`LocalMedia`] — our end of one leg: writes its offers and answers with a stable `o=` line,
//!   keeps the number of m-lines, reads the peer's answers.
//!
//! The decision is complete when a function returns: no input waits for a socket.

mod audio;
mod codec;
mod connection;
mod description;
mod direction;
mod local;
mod negotiation;
mod parse;

pub use audio::{Audio, AudioOffer, Refusal488, Remote};
pub use codec::{Codec, CodecKind, common_codecs, default_codecs, early_codecs, payload_map};
pub use connection::{Connection, Host};
pub use description::{Line, Lines, Media, Origin, SessionDescription};
pub use direction::Direction;
pub use local::{Answer, AnswerFault, AudioAnswer, LocalMedia, Terms};
pub use negotiation::{answer_for, can_transcode, offer_on, own_codecs, transcoded};
pub use parse::{MAX_BYTES, MAX_FORMATS, MAX_LINES, MAX_MEDIA, SdpError};

#[cfg(test)]
mod tests;
