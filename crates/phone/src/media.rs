//! The phone's end of a call's session description.
//!
//! Guarantees that each call has a port of its own, which is free again after it, and that what
//! is agreed on is what `sdp` says.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use bytes::Bytes;
use sdp::{AudioOffer, Codec, LocalMedia, SessionDescription, Terms};

use crate::config::PhoneConfig;
use crate::event::Media;

/// The ports that are not in use, as distances from the first one.
#[derive(Debug)]
pub(crate) struct Ports {
    free: BTreeSet<u16>,
}

impl Ports {
    pub(crate) fn new(lines: u16) -> Ports {
        Ports { free: (0..lines).collect() }
    }

    pub(crate) fn take(&mut self) -> Option<u16> {
        self.free.pop_first()
    }

    pub(crate) fn give_back(&mut self, line: u16) {
        self.free.insert(line);
    }
}

/// One call's session.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) line: u16,
    local: LocalMedia,
    codecs: Vec<Codec>,
    agreed: Option<Media>,
}

impl Session {
    pub(crate) fn new(config: &PhoneConfig, line: u16, session_id: u64) -> Session {
        let port = config.media_port.saturating_add(line.saturating_mul(2));
        let address = config.media_address;
        Session {
            line,
            local: LocalMedia::new(address, port, port.saturating_add(1), session_id),
            codecs: config.codecs.clone(),
            agreed: None,
        }
    }

    /// What was agreed on last.
    pub(crate) fn media(&self) -> Option<&Media> {
        self.agreed.as_ref()
    }

    /// Whether an offer or answer of ours was made.
    pub(crate) fn has_offered(&self) -> bool {
        self.local.last_written().is_some()
    }

    /// An offer with this direction.
    pub(crate) fn offer(&mut self, direction: sdp::Direction) -> Bytes {
        self.local.offer(Terms::new(&self.codecs).direction(direction))
    }

    /// The answer to an offer; `None` when there is nothing in common (488).
    pub(crate) fn answer(&mut self, offer: &[u8], wish: sdp::Direction) -> Option<Bytes> {
        let offer = SessionDescription::parse(offer).ok()?;
        let offer = AudioOffer::read(&offer).ok()?;
        let terms = Terms::new(&self.codecs).direction(wish);
        let answer = self.local.answer(&offer, terms).ok()?;
        self.agreed = Some(Media {
            local: SocketAddr::new(self.local.address(), self.local.port()),
            remote: offer.audio.remote.map(|remote| remote.rtp),
            codecs: answer.codecs,
            direction: answer.direction,
        });
        Some(answer.body)
    }

    /// Reads the answer to our offer; `false` when it gives no stream.
    pub(crate) fn answered(&mut self, answer: &[u8]) -> bool {
        let Ok(answer) = SessionDescription::parse(answer) else {
            return false;
        };
        let Ok(answer) = self.local.read_answer(&answer) else {
            return false;
        };
        self.agreed = Some(Media {
            local: SocketAddr::new(self.local.address(), self.local.port()),
            remote: answer.audio.remote.map(|remote| remote.rtp),
            codecs: answer.audio.codecs,
            direction: answer.audio.direction.reversed(),
        });
        true
    }
}
