//! The media of one leg as far as the core knows it: which ports it shows, what was negotiated,
//! which way audio may flow. Offers and answers are decided here, in the step that received the
//! message; the packets themselves are media's (RFC 3264).
//!
//! What passes from one leg to the other unchanged is preferred; where a leg gets something else,
//! media transcodes, and is told after every answer what the numbers of the leg mean. A leg that
//! was answered keeps its codecs until it asks for others by itself.

use bytes::Bytes;
use call::port::{Direction, Formats, LegId, MediaCommand, PortPair, RemoteMedia};
use sdp::{
    AnswerFault, Audio, AudioOffer, Codec, LocalMedia, Refusal488, SdpError, SessionDescription,
    Terms,
};

use super::formats;

/// What an IVR accepts first: every telephone has the first two, so whoever answers later will,
/// too; the others can be transcoded at least.
const EARLY_CHOICE: [&str; 4] = ["PCMU", "PCMA", "G722", "opus"];

/// Why a description cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SessionError {
    #[error("not a session description: {0}")]
    Parse(#[from] SdpError),
    #[error(transparent)]
    Offer(#[from] Refusal488),
    #[error(transparent)]
    Answer(#[from] AnswerFault),
}

impl SessionError {
    /// Status and warn-code of the refusal: 400 for what is no description, else 488.
    pub(crate) fn response(&self) -> (u16, u16) {
        match self {
            Self::Parse(_) => (400, 399),
            Self::Offer(refusal) | Self::Answer(AnswerFault::Unusable(refusal)) => {
                (488, refusal.warning_code())
            }
            Self::Answer(AnswerFault::Rejected | AnswerFault::Layout) => (488, 305),
        }
    }
}

/// The media side of a leg.
#[derive(Debug)]
pub(crate) struct Session {
    leg: LegId,
    local: LocalMedia,
    /// The peer's offer that waits for our answer.
    pending: Option<AudioOffer>,
    /// What was agreed on, in this leg's numbers.
    codecs: Vec<Codec>,
    /// What the party has for whose sake our last offer was made.
    offered_for: Vec<Codec>,
    /// What media knows of the codecs.
    formats: Option<Formats>,
    /// What the peer said last.
    peer: Option<Audio>,
    remote: Option<RemoteMedia>,
    direction: Direction,
    /// Our answer, repeated in every response until the final one.
    answered: Option<Bytes>,
}

/// What an offer in a dialog asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HoldChange {
    Held,
    Resumed,
    None,
}

impl Session {
    /// A leg that takes a port pair.
    pub(crate) fn open(
        leg: LegId,
        ports: PortPair,
        local: LocalMedia,
        media: &mut Vec<MediaCommand>,
    ) -> Self {
        media.push(MediaCommand::Open { leg, ports });
        Self {
            leg,
            local,
            pending: None,
            codecs: Vec::new(),
            offered_for: Vec::new(),
            formats: None,
            peer: None,
            remote: None,
            direction: Direction::BOTH,
            answered: None,
        }
    }

    /// Whether codecs are agreed on.
    pub(crate) fn is_negotiated(&self) -> bool {
        !self.codecs.is_empty()
    }

    /// Whether the peer made an offer (answered or not): only then may a provisional response
    /// carry a description of ours.
    pub(crate) fn has_offer(&self) -> bool {
        self.pending.is_some() || self.is_negotiated()
    }

    /// Keeps the peer's first offer until it is answered.
    pub(crate) fn take_offer(&mut self, offer: AudioOffer, media: &mut Vec<MediaCommand>) {
        self.note_peer(&offer.audio, media);
        self.pending = Some(offer);
    }

    /// What the peer has, for who is to talk with it: what is agreed on here, else what it
    /// offered, else what we know ourselves.
    pub(crate) fn codecs_for_others(&self) -> Vec<Codec> {
        if self.is_negotiated() {
            return self.codecs.clone();
        }
        match &self.pending {
            Some(offer) => offer.audio.codecs.clone(),
            None => sdp::own_codecs(),
        }
    }

    /// What the peer said of its end, for packet lengths.
    pub(crate) fn peer(&self) -> Option<&Audio> {
        self.peer.as_ref()
    }

    /// Our offer to this leg's peer, who is to talk with a party that has these codecs.
    pub(crate) fn offer(&mut self, codecs: Vec<Codec>, far_end: Option<&Audio>) -> Bytes {
        let offer = sdp::offer_on(&codecs);
        self.offered_for = codecs;
        let terms = Terms::new(&offer);
        match far_end {
            Some(far_end) => self.local.offer(terms.packet_lengths_of(far_end)),
            None => self.local.offer(terms),
        }
    }

    /// The description that goes into a response to the peer's INVITE: the answer to its offer,
    /// or our offer where it made none. `far`: what the party has that the peer is to talk with;
    /// `None`: one codec of our choice (an IVR accepts before anybody's codecs are known).
    pub(crate) fn respond(
        &mut self,
        far: Option<Vec<Codec>>,
        media: &mut Vec<MediaCommand>,
    ) -> Result<Bytes, SessionError> {
        if let Some(body) = &self.answered {
            return Ok(body.clone());
        }
        let Some(offer) = self.pending.take() else {
            let body = self.offer(far.unwrap_or_else(sdp::own_codecs), None);
            self.answered = Some(body.clone());
            return Ok(body);
        };
        let offered = &offer.audio.codecs;
        let chosen = match far {
            Some(far) => sdp::answer_for(offered, &far),
            None => sdp::early_codecs(offered, &EARLY_CHOICE),
        };
        match self.local.answer(&offer, Terms::new(&chosen.unwrap_or_default())) {
            Ok(answer) => {
                self.agree(answer.codecs.clone(), &answer.codecs, &offer.audio, media);
                self.answered = Some(answer.body.clone());
                self.direct(answer.direction, media);
                Ok(answer.body)
            }
            Err(refusal) => {
                self.pending = Some(offer);
                Err(refusal.into())
            }
        }
    }

    /// Reads the peer's answer to our offer, in a response or an ACK.
    pub(crate) fn read_answer(
        &mut self,
        body: &[u8],
        media: &mut Vec<MediaCommand>,
    ) -> Result<(), SessionError> {
        let description = SessionDescription::parse(body)?;
        let mut answer = self.local.read_answer(&description)?;
        answer.keep_what_passes(&self.offered_for);
        self.note_peer(&answer.audio, media);
        self.agree(answer.codecs, &answer.audio.codecs, &answer.audio, media);
        let direction = answer.audio.direction;
        self.set(Direction { send: direction.receives(), receive: direction.sends() }, media);
        Ok(())
    }

    /// Answers an offer in the dialog (re-INVITE). `far`: what the party has that the peer talks
    /// with; `None`: with nobody yet. On an error the session is as it was.
    pub(crate) fn answer_again(
        &mut self,
        body: &[u8],
        far: Option<Vec<Codec>>,
        media: &mut Vec<MediaCommand>,
    ) -> Result<(Bytes, HoldChange), SessionError> {
        let description = SessionDescription::parse(body)?;
        let offer = AudioOffer::read(&description)?;
        let alone = || if self.is_negotiated() { self.codecs.clone() } else { sdp::own_codecs() };
        let far = far.unwrap_or_else(alone);
        let chosen = sdp::answer_for(&offer.audio.codecs, &far).unwrap_or_default();
        let answer = self.local.answer(&offer, Terms::new(&chosen))?;
        let was_held = !self.direction.send;
        self.forget_remote();
        self.note_peer(&offer.audio, media);
        self.agree(answer.codecs.clone(), &answer.codecs, &offer.audio, media);
        self.direct(answer.direction, media);
        let is_held = !self.direction.send;
        let change = match (was_held, is_held) {
            (false, true) => HoldChange::Held,
            (true, false) => HoldChange::Resumed,
            (true, true) | (false, false) => HoldChange::None,
        };
        Ok((answer.body, change))
    }

    /// Our description for a re-INVITE without an offer: the session as it stands.
    pub(crate) fn offer_again(&mut self) -> Bytes {
        let codecs = if self.is_negotiated() { self.codecs.clone() } else { sdp::own_codecs() };
        let body = self.local.offer(Terms::new(&codecs));
        self.offered_for = codecs;
        body
    }

    /// Reads the answer that an ACK brought to [`Session::offer_again`].
    pub(crate) fn read_answer_again(
        &mut self,
        body: &[u8],
        media: &mut Vec<MediaCommand>,
    ) -> Result<HoldChange, SessionError> {
        let was_held = !self.direction.send;
        self.forget_remote();
        self.read_answer(body, media)?;
        Ok(match (was_held, !self.direction.send) {
            (false, true) => HoldChange::Held,
            (true, false) => HoldChange::Resumed,
            (true, true) | (false, false) => HoldChange::None,
        })
    }

    /// Codecs are agreed on: `ours` in our numbers, `theirs` in the peer's.
    fn agree(
        &mut self,
        ours: Vec<Codec>,
        theirs: &[Codec],
        peer: &Audio,
        media: &mut Vec<MediaCommand>,
    ) {
        let formats = formats::formats(&ours, theirs, peer);
        self.codecs = ours;
        if self.formats.as_ref() != Some(&formats) {
            self.formats = Some(formats.clone());
            media.push(MediaCommand::Formats { leg: self.leg, formats });
        }
    }

    fn direct(&mut self, answered: sdp::Direction, media: &mut Vec<MediaCommand>) {
        self.set(Direction { send: answered.sends(), receive: answered.receives() }, media);
    }

    fn set(&mut self, direction: Direction, media: &mut Vec<MediaCommand>) {
        if self.direction != direction {
            self.direction = direction;
            media.push(MediaCommand::Direct { leg: self.leg, direction });
        }
    }

    /// A new description in the dialog is told to media even if it names the same address: the
    /// telephone's NAT may have given it another one, to which media latches then (RFC 7362).
    fn forget_remote(&mut self) {
        self.remote = None;
    }

    fn note_peer(&mut self, audio: &Audio, media: &mut Vec<MediaCommand>) {
        self.peer = Some(audio.clone());
        let Some(at) = audio.remote else { return };
        let remote = RemoteMedia { rtp: at.rtp, rtcp: at.rtcp, rtcp_mux: audio.rtcp_mux };
        if self.remote != Some(remote) {
            self.remote = Some(remote);
            media.push(MediaCommand::Remote { leg: self.leg, remote });
        }
    }
}
