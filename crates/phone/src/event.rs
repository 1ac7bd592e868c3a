//! What a phone tells: each call that began ends in exactly one [`PhoneEvent::Ended`].

use std::net::SocketAddr;

use bytes::Bytes;
use sdp::Codec;
use sip::flow::Flow;

/// A call of one phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneCallId(pub(crate) u64);

impl PhoneCallId {
    /// The number behind the id, for logs.
    pub fn number(self) -> u64 {
        self.0
    }
}

/// An effect, in causal order.
#[derive(Debug, Clone)]
pub enum PhoneOutput {
    /// Send these bytes.
    Transmit {
        /// Where to.
        flow: Flow,
        /// One whole message.
        bytes: Bytes,
    },
    /// Something happened.
    Event(PhoneEvent),
}

/// Who is calling, as the phone's display would show it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Caller {
    /// The display name of From.
    pub display: Option<String>,
    /// The user of From, unescaped.
    pub number: String,
    /// The user of P-Asserted-Identity, unescaped.
    pub asserted: Option<String>,
}

/// Which way a call went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The phone was called.
    Incoming,
    /// The phone called.
    Outgoing,
}

/// Both ends of a call's sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// Where the phone receives RTP.
    pub local: SocketAddr,
    /// Where it sends RTP to; `None` while there is nowhere to.
    pub remote: Option<SocketAddr>,
    /// What both ends have, with the numbers to send; the first is used.
    pub codecs: Vec<Codec>,
    /// Which way sound may flow, as the phone sees it.
    pub direction: sdp::Direction,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndCause {
    /// The caller gave up before the answer; the value of Reason.
    Cancelled(Option<String>),
    /// We gave up before the answer.
    GaveUp,
    /// The other side refused (or nobody answered: 408) with this status.
    Rejected(u16),
    /// We refused with this status.
    Declined(u16),
    /// The other side hung up; the value of Reason.
    HungUpByPeer(Option<String>),
    /// We hung up.
    HungUp,
    /// The other side is gone: no ACK, or it does not know the call any more.
    Lost,
}

/// Something happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PhoneEvent {
    /// The registration holds for so many seconds.
    Registered {
        /// Seconds granted.
        expires_s: u32,
    },
    /// The registration was refused or not answered.
    RegisterFailed {
        /// The final status.
        status: u16,
    },
    /// The registration was taken back.
    Unregistered,
    /// The phone is called.
    Ringing {
        /// The call.
        call: PhoneCallId,
        /// Who is calling.
        caller: Caller,
        /// The user of the Request-URI: which of its numbers is called.
        called: String,
        /// X-Call-ID: the server's name of the call.
        call_id: Option<String>,
    },
    /// The call that was placed is under way: 180, 183 and so on.
    Progress {
        /// The call.
        call: PhoneCallId,
        /// The status.
        status: u16,
        /// Whether early media comes with it.
        early_media: bool,
    },
    /// Both sides talk: the 2xx came, or the ACK of ours.
    Answered {
        /// The call.
        call: PhoneCallId,
        /// X-Call-ID of the response, for a call that was placed.
        call_id: Option<String>,
    },
    /// The media changed: agreed on, held, resumed.
    MediaChanged {
        /// The call.
        call: PhoneCallId,
        /// As it is now.
        media: Media,
    },
    /// An INFO of ours was answered.
    InfoAnswered {
        /// The call.
        call: PhoneCallId,
        /// The final status.
        status: u16,
    },
    /// The other side is somebody else now, or is called something else: the P-Asserted-Identity
    /// of an UPDATE or a re-INVITE (RFC 3325, RFC 3311).
    Identified {
        /// The call.
        call: PhoneCallId,
        /// The display name.
        name: Option<String>,
        /// The user part of the address, unescaped.
        number: String,
    },
    /// A REFER of ours was answered.
    ReferAnswered {
        /// The call in which it was sent.
        call: PhoneCallId,
        /// The final status; 202 says that NOTIFYs will come.
        status: u16,
    },
    /// How far what we asked for by REFER has got (RFC 3515 2.4.5).
    ReferNotified {
        /// The call in which it was asked for.
        call: PhoneCallId,
        /// The status of the target's response.
        status: u16,
        /// Whether no more will be told: the subscription is terminated.
        last: bool,
    },
    /// A hold or resume of ours was refused; the session is as before.
    ChangeFailed {
        /// The call.
        call: PhoneCallId,
        /// The final status.
        status: u16,
    },
    /// It is over.
    Ended {
        /// The call, now gone.
        call: PhoneCallId,
        /// How.
        cause: EndCause,
    },
}
