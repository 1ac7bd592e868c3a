//! RTP and what is said about it, without IO (RFC 3550, RFC 3551, RFC 3611, RFC 4733, G.107): the
//! wire formats, a leg's outgoing stream, what a stream's reception tells, and the quality that
//! somebody hears.

pub mod quality;
pub mod reception;

mod event;
mod outgoing;
mod packet;
pub mod rtcp;
mod sequence;

pub use event::{
    Digit, DigitNotice, EVENT_LEN, EventPacket, EventReceiver, EventSender, NotADigit, Press,
    QUEUE_LIMIT, QueueFull, TelephoneEvent, rescale_duration,
};
pub use outgoing::{Frame, Kind, Outgoing, Relayed, Sent};
pub use packet::{
    HEADER_LEN, Header, Packet, PacketError, RTCP_LEN_MIN, is_rtcp, rewrite, set_marker,
    set_payload_type, set_sequence, set_ssrc, set_timestamp, write_packet,
};
pub use sequence::{Arrival, Continuity, Extender, MAX_DROPOUT, MAX_MISORDER};
