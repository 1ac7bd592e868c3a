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
use crate::connection::{Connection, address_type};
use crate::description::{Lines, Media, Origin, SessionDescription};
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
        Self {
            codecs,
            direction: Direction::SendRecv,
            ptime_ms: None,
            max_ptime_ms: None,
        }
    }

    /// The same with another direction.
    #[must_use]
    pub fn direction(self, direction: Direction) -> Self {
        Self { direction, ..self }
    }

    /// The same with the packet lengths that the far end of the relay asked for.
    #[must_use]
    pub fn packet_lengths_of(self, far_end: &Audio) -> Self {
        Self {
            ptime_ms: far_end.ptime_ms,
            max_ptime_ms: far_end.max_ptime_ms,
            ..self
        }
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
        Self {
            rtcp_mux: true,
            ..self
        }
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
        let terms = Terms {
            codecs: &codecs,
            direction,
            ..terms
        };
        let body = self.write(&terms, rtcp_mux, &offer.times);
        Ok(Answer {
            body,
            codecs,
            direction,
            rtcp_mux,
        })
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
        let media = answer
            .media
            .get(self.layout.audio)
            .ok_or(AnswerFault::Layout)?;
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
                Some((
                    Codec {
                        payload,
                        ..codec.clone()
                    },
                    codec.clone(),
                ))
            })
            .unzip();
        if !ours.iter().any(Codec::is_audio) {
            return Err(AnswerFault::Unusable(Refusal488::Codec));
        }
        audio.codecs = theirs;
        self.rtcp_mux = audio.rtcp_mux;
        Ok(AudioAnswer {
            audio,
            codecs: ours,
        })
    }

    fn write(&mut self, terms: &Terms<'_>, rtcp_mux: bool, times: &[Box<str>]) -> Bytes {
        let same = self.describe(terms, rtcp_mux, times).write();
        let body = match &self.written {
            Some(written) if *written != same => {
                self.session_version += 1;
                self.describe(terms, rtcp_mux, times).write()
            }
            Some(_) | None => same,
        };
        self.written = Some(body.clone());
        body
    }

    fn describe(
        &self,
        terms: &Terms<'_>,
        rtcp_mux: bool,
        times: &[Box<str>],
    ) -> SessionDescription {
        let mut lines = Lines::default();
        times.iter().for_each(|time| lines.push('t', time));
        let media = self.layout.slots.iter().enumerate().map(|(index, slot)| {
            if index == self.layout.audio {
                self.audio_stream(slot, terms, rtcp_mux)
            } else {
                rejected_stream(slot)
            }
        });
        SessionDescription {
            origin: Origin {
                username: "-".into(),
                session_id: self.session_id.to_string().into(),
                session_version: self.session_version.to_string().into(),
                address: format!("IN {} {}", address_type(self.address), self.address).into(),
            },
            name: "-".into(),
            connection: Some(Connection::at(self.address)),
            lines,
            media: media.collect(),
        }
    }

    fn audio_stream(&self, slot: &Slot, terms: &Terms<'_>, rtcp_mux: bool) -> Media {
        let mut lines = Lines::default();
        let mut formats: Vec<Box<str>> = Vec::with_capacity(terms.codecs.len());
        for codec in terms.codecs {
            let format: Box<str> = codec.payload.to_string().into();
            if formats.contains(&format) {
                continue;
            }
            formats.push(format);
            lines.push('a', format!("rtpmap:{codec}"));
            if let Some(fmtp) = &codec.fmtp {
                lines.push('a', format!("fmtp:{} {fmtp}", codec.payload));
            }
        }
        if let Some(ptime) = terms.ptime_ms {
            lines.push('a', format!("ptime:{ptime}"));
        }
        if let Some(max_ptime) = terms.max_ptime_ms {
            lines.push('a', format!("maxptime:{max_ptime}"));
        }
        if Some(self.rtcp_port) != self.port.checked_add(1) {
            lines.push('a', format!("rtcp:{}", self.rtcp_port));
        }
        if rtcp_mux {
            lines.push('a', "rtcp-mux");
        }
        lines.push('a', terms.direction.as_str());
        Media {
            kind: slot.kind.clone(),
            port: self.port,
            port_count: None,
            protocol: slot.protocol.clone(),
            formats,
            connection: None,
            lines,
        }
    }
}

/// The m-line as it was, with port 0 (RFC 3264 §6). The formats stay because the grammar wants
/// one; attributes of a rejected stream mean nothing.
fn rejected_stream(slot: &Slot) -> Media {
    Media {
        kind: slot.kind.clone(),
        port: 0,
        port_count: None,
        protocol: slot.protocol.clone(),
        formats: slot.formats.clone(),
        connection: None,
        lines: Lines::default(),
    }
}
