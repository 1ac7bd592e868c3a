//! Our end of one leg's session: what it writes and how it reads answers (RFC 3264 §5–§8,
//! RFC 6337).
//!
//! Invariants, for all descriptions that one `LocalMedia` writes:
//! * the `o=` line names one session, and its version grows by one exactly when anything else
//!   changed (RFC 3264 §8);
//! * they have at least the m-lines of every description before them, in the same order; all but
//!   the audio stream's have port 0;
//! * an answer has exactly the offer's m-lines, numbers and profile, and no codec that was not
//!   offered and allowed.

use std::net::IpAddr;

use bytes::Bytes;

use crate::audio::{Audio, AudioOffer, Layout, Refusal488, Slot, next_port};
use crate::codec::{Codec, best_match, common_codecs};
use crate::connection::address_type;
use crate::description::{SessionDescription, until_break};
use crate::direction::Direction;

/// Our end of one leg.
#[derive(Debug, Clone)]
pub struct LocalMedia {
    address: IpAddr,
    port: u16,
    rtcp_port: u16,
    /// Whether our offers ask for RTCP on the RTP port.
    rtcp_mux: bool,
    session_id: u64,
    session_version: u64,
    layout: Layout,
    /// The codecs of our last offer.
    offered: Vec<Codec>,
    written: Option<Bytes>,
}

/// What one of our descriptions says of the audio stream.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// In an offer: exactly these, with these numbers. In an answer: what is allowed, of which the
    /// offer decides order and numbers.
    pub codecs: &'a [Codec],
    /// In an offer: our direction. In an answer: the most we would like.
    pub direction: Direction,
    /// The packet length the far end of the relay would like to receive, in ms.
    pub ptime_ms: Option<u16>,
    /// The longest packet the far end of the relay takes, in ms.
    pub max_ptime_ms: Option<u16>,
}

/// An answer of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The message body.
    pub body: Bytes,
    /// What was agreed on, in the offer's order and numbers. Offers to others are limited to
    /// these.
    pub codecs: Vec<Codec>,
    /// The direction answered, as we see it.
    pub direction: Direction,
    /// Whether RTCP shares the RTP port from now on.
    pub rtcp_mux: bool,
}

/// A peer's answer to our offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudioAnswer {
    /// The stream, as the peer described it.
    pub audio: Audio,
    /// What was agreed on, in the peer's order but **our** numbers: what the peer will send.
    /// `audio.codecs` has the numbers to send to it; they nearly always are the same ones.
    pub codecs: Vec<Codec>,
}

/// Why a peer's answer gives no stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnswerFault {
    /// The peer switched our stream off (port 0).
    #[error("stream rejected")]
    Rejected,
    /// The answer's m-lines are not the offer's.
    #[error("answer does not match the offer's media descriptions")]
    Layout,
    /// The stream is there but cannot be used.
    #[error(transparent)]
    Unusable(Refusal488),
}

impl<'a> Terms<'a> {
    /// Both ways with these codecs, no wish about packet lengths.
    pub fn new(codecs: &'a [Codec]) -> Self {
        Self { codecs, direction: Direction::SendRecv, ptime_ms: None, max_ptime_ms: None }
    }

    /// The same with another direction.
    #[must_use]
    pub fn direction(self, direction: Direction) -> Self {
        Self { direction, ..self }
    }

    /// The same with the packet lengths that the far end of the relay asked for.
    #[must_use]
    pub fn packet_lengths_of(self, far_end: &Audio) -> Self {
        Self { ptime_ms: far_end.ptime_ms, max_ptime_ms: far_end.max_ptime_ms, ..self }
    }
}

impl LocalMedia {
    /// Our end at `address`, where RTP is received on `port` and RTCP on `rtcp_port`.
    /// `session_id` must be unique among our sessions; its top bit is not used, because peers read
    /// it as a signed number.
    pub fn new(address: IpAddr, port: u16, rtcp_port: u16, session_id: u64) -> Self {
        Self {
            address,
            port,
            rtcp_port,
            rtcp_mux: false,
            session_id: session_id & (u64::MAX >> 1),
            session_version: 0,
            layout: Layout::audio_only(),
            offered: Vec::new(),
            written: None,
        }
    }

    /// The same, with offers that ask for RTCP on the RTP port (RFC 5761 §5.1.1).
    #[must_use]
    pub fn offering_rtcp_mux(self) -> Self {
        Self { rtcp_mux: true, ..self }
    }

    /// The address shown to the peer.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// The RTP port shown to the peer.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What was last written, as a peer that missed it may have it again.
    pub fn last_written(&self) -> Option<Bytes> {
        self.written.clone()
    }

    /// Writes an offer: the first one of a session, or one that changes it.
    pub fn offer(&mut self, terms: Terms<'_>) -> Bytes {
        self.offered = terms.codecs.to_vec();
        let times = [Box::from("0 0")];
        self.write(&terms, self.rtcp_mux, &times)
    }

    /// Writes the answer to an offer.
    ///
    /// A hold is granted by itself: `sendonly` is answered with `recvonly`, `inactive` with
    /// `inactive`, whatever we would like.
    ///
    /// # Errors
    /// The offer has none of the allowed codecs, or receives where we cannot send. Nothing changed
    /// then: after a refused re-INVITE the session goes on as it was (RFC 3261 §14.2).
    pub fn answer(&mut self, offer: &AudioOffer, terms: Terms<'_>) -> Result<Answer, Refusal488> {
        if !offer.audio.is_reachable_from(self.address) {
            return Err(Refusal488::Address);
        }
        let codecs = common_codecs(&offer.audio.codecs, terms.codecs).ok_or(Refusal488::Codec)?;
        let direction = offer.audio.direction.answer(terms.direction);
        let rtcp_mux = offer.audio.rtcp_mux;
        self.layout = offer.layout.clone();
        self.rtcp_mux = rtcp_mux;
        let terms = Terms { codecs: &codecs, direction, ..terms };
        let body = self.write(&terms, rtcp_mux, &offer.times);
        Ok(Answer { body, codecs, direction, rtcp_mux })
    }

    /// Reads the answer to our last offer. An answer may come more than once (provisional and
    /// final response).
    ///
    /// # Errors
    /// Why there is no stream.
    pub fn read_answer(&mut self, answer: &SessionDescription) -> Result<AudioAnswer, AnswerFault> {
        // Peers that leave out what they reject are seen in the field; more than was offered, or
        // something else in its place, means another offer.
        let slot = &self.layout.slots[self.layout.audio];
        let media = answer.media.get(self.layout.audio).ok_or(AnswerFault::Layout)?;
        if answer.media.len() > self.layout.slots.len() || media.kind != slot.kind {
            return Err(AnswerFault::Layout);
        }
        if media.port == 0 {
            return Err(AnswerFault::Rejected);
        }
        let mut audio = Audio::read(answer, media).map_err(AnswerFault::Unusable)?;
        if !audio.is_reachable_from(self.address) {
            return Err(AnswerFault::Unusable(Refusal488::Address));
        }
        // RTCP shares the port only if we had offered it (RFC 5761 §5.1.1).
        if audio.rtcp_mux && !self.rtcp_mux {
            audio.rtcp_mux = false;
            if let Some(remote) = &mut audio.remote {
                remote.rtcp = next_port(remote.rtp);
            }
        }
        let (ours, theirs): (Vec<Codec>, Vec<Codec>) = audio
            .codecs
            .iter()
            .filter_map(|codec| {
                let payload = best_match(codec, &self.offered)?.payload;
                Some((Codec { payload, ..codec.clone() }, codec.clone()))
            })
            .unzip();
        if !ours.iter().any(Codec::is_audio) {
            return Err(AnswerFault::Unusable(Refusal488::Codec));
        }
        audio.codecs = theirs;
        self.rtcp_mux = audio.rtcp_mux;
        Ok(AudioAnswer { audio, codecs: ours })
    }

    fn write(&mut self, terms: &Terms<'_>, rtcp_mux: bool, times: &[Box<str>]) -> Bytes {
        let same = self.describe(terms, rtcp_mux, times);
        let body = match &self.written {
            Some(written) if *written != same => {
                self.session_version += 1;
                Bytes::from(self.describe(terms, rtcp_mux, times))
            }
            Some(written) => written.clone(),
            None => Bytes::from(same),
        };
        self.written = Some(body.clone());
        body
    }

    /// The whole description in the grammar's order, as [`SessionDescription`] would write it.
    ///
    /// [`SessionDescription`]: crate::SessionDescription
    fn describe(&self, terms: &Terms<'_>, rtcp_mux: bool, times: &[Box<str>]) -> String {
        let kind = address_type(self.address);
        let address = self.address.to_string();
        let mut text = Text(String::with_capacity(USUAL_BYTES));
        text.put("v=0\r\no=- ").number(self.session_id).put(" ").number(self.session_version);
        text.put(" IN ").put(kind).put(" ").put(&address).put("\r\ns=-\r\n");
        text.put("c=IN ").put(kind).put(" ").put(&address).put("\r\n");
        for time in times {
            text.line("t=", &[time]);
        }
        for (index, slot) in self.layout.slots.iter().enumerate() {
            if index == self.layout.audio {
                self.audio_stream(&mut text, slot, terms, rtcp_mux);
            } else {
                rejected_stream(&mut text, slot);
            }
        }
        text.0
    }

    fn audio_stream(&self, text: &mut Text, slot: &Slot, terms: &Terms<'_>, rtcp_mux: bool) {
        let codecs = || {
            let known = terms.codecs.iter().enumerate();
            let first = |at: usize, payload: u8| {
                !terms.codecs[..at].iter().any(|codec| codec.payload == payload)
            };
            known.filter(move |(at, codec)| first(*at, codec.payload)).map(|(_, codec)| codec)
        };
        text.put("m=").put(&slot.kind).put(" ").number(self.port.into());
        text.put(" ").put(&slot.protocol);
        for codec in codecs() {
            text.put(" ").number(codec.payload.into());
        }
        text.put("\r\n");
        for codec in codecs() {
            text.put("a=rtpmap:").number(codec.payload.into()).put(" ");
            text.put(until_break(&codec.name)).put("/").number(codec.clock_rate.into());
            if codec.channels != 1 {
                text.put("/").number(codec.channels.into());
            }
            text.put("\r\n");
            if let Some(fmtp) = &codec.fmtp {
                text.put("a=fmtp:").number(codec.payload.into()).line(" ", &[fmtp]);
            }
        }
        if let Some(ptime) = terms.ptime_ms {
            text.put("a=ptime:").number(ptime.into()).put("\r\n");
        }
        if let Some(max_ptime) = terms.max_ptime_ms {
            text.put("a=maxptime:").number(max_ptime.into()).put("\r\n");
        }
        if Some(self.rtcp_port) != self.port.checked_add(1) {
            text.put("a=rtcp:").number(self.rtcp_port.into()).put("\r\n");
        }
        if rtcp_mux {
            text.put("a=rtcp-mux\r\n");
        }
        text.line("a=", &[terms.direction.as_str()]);
    }
}

/// What is reserved for a description at first.
const USUAL_BYTES: usize = 512;

/// The m-line as it was, with port 0 (RFC 3264 §6). The formats stay because the grammar wants
/// one; attributes of a rejected stream mean nothing.
fn rejected_stream(text: &mut Text, slot: &Slot) {
    text.put("m=").put(&slot.kind).put(" 0 ").put(&slot.protocol);
    for format in &slot.formats {
        text.put(" ").put(format);
    }
    text.put("\r\n");
}

/// A description that is being written.
struct Text(String);

impl Text {
    /// Writes text that has no line break: ours, or words of a line that was read.
    fn put(&mut self, text: &str) -> &mut Self {
        self.0.push_str(text);
        self
    }

    fn number(&mut self, mut number: u64) -> &mut Self {
        let mut digits = ['0'; 20];
        let mut start = digits.len();
        loop {
            start -= 1;
            digits[start] = char::from(b'0' + (number % 10) as u8);
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.0.extend(&digits[start..]);
        self
    }

    /// Writes the rest of a line; what would break it is cut off.
    fn line(&mut self, start: &str, parts: &[&str]) -> &mut Self {
        self.put(start);
        for part in parts {
            self.put(until_break(part));
        }
        self.put("\r\n")
    }
}
