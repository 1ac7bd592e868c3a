//! Two legs of a relay negotiate one after the other (RFC 3264, RFC 6337), and what goes through
//! unchanged is best: the caller's formats are offered on first, in his order and with his numbers,
//! and he is answered with what the other side took of them. Only where the two have no sound in
//! common is a leg answered with something that has to be transcoded, and then nothing of the other
//! leg is copied: each has parameters of its own.

use crate::codec::{Codec, CodecKind, best_match, common_codecs, default_codecs};
use crate::local::AudioAnswer;

/// Digits from 0 to D, which everybody can send and detect (RFC 4733 §2.4.1).
const EVENTS: &str = "0-15";
/// What our Opus decoder takes (RFC 7587 §6.1): all.
const OPUS: &str = "minptime=10;useinbandfec=1";

/// Whether sound of this codec can be decoded and made.
pub fn can_transcode(codec: &Codec) -> bool {
    let is = |name: &str, clock_rate, channels| {
        codec.name.eq_ignore_ascii_case(name)
            && codec.clock_rate == clock_rate
            && codec.channels == channels
    };
    is("PCMU", 8000, 1) || is("PCMA", 8000, 1) || is("G722", 8000, 1) || is("opus", 48000, 2)
}

/// All that can be decoded, with the digits that go with it.
pub fn own_codecs() -> Vec<Codec> {
    let mut codecs = default_codecs();
    codecs.push(Codec::new(110, "telephone-event", 48000, 1).with_fmtp(EVENTS));
    codecs
}

/// What is offered to who is to talk with a party that has these codecs: them first, then what we
/// have beyond them, under numbers that are free. Nothing beyond where none of them can be decoded:
/// what the party could not be sent must not be asked for.
pub fn offer_on(codecs: &[Codec]) -> Vec<Codec> {
    let mut offer = codecs.to_vec();
    if !codecs.iter().any(can_transcode) {
        return offer;
    }
    for codec in own_codecs() {
        if offer.iter().any(|known| known.same_encoding(&codec)) {
            continue;
        }
        let is_free = |payload: &u8| offer.iter().all(|known| known.payload != *payload);
        let numbers = std::iter::once(codec.payload).chain((96..=127).rev());
        if let Some(payload) = numbers.into_iter().find(is_free) {
            offer.push(Codec { payload, ..codec });
        }
    }
    offer
}

/// What answers an offer of a party that is to talk with one that has agreed on `far`: all sound
/// that both have, else the first offered codec that can be transcoded. Digits are answered in
/// either case, because they can be made in the band. `None`: there is no way from one to the
/// other.
pub fn answer_for(offered: &[Codec], far: &[Codec]) -> Option<Vec<Codec>> {
    match common_codecs(offered, far) {
        Some(common) => Some(with_events(offered, common)),
        None if far.iter().any(can_transcode) => transcoded(offered),
        None => None,
    }
}

/// What answers an offer where we are the far end ourselves: one codec that can be transcoded, and
/// what accompanies it.
pub fn transcoded(offered: &[Codec]) -> Option<Vec<Codec>> {
    let sound = offered.iter().find(|codec| can_transcode(codec))?;
    let opus = sound.name.eq_ignore_ascii_case("opus");
    let own = Codec { fmtp: opus.then(|| OPUS.into()), ..sound.clone() };
    let noise = offered
        .iter()
        .filter(|codec| codec.kind() == CodecKind::ComfortNoise)
        .find(|codec| codec.clock_rate == sound.clock_rate);
    let chosen = std::iter::once(own).chain(noise.cloned()).collect();
    Some(with_events(offered, chosen))
}

impl AudioAnswer {
    /// Leaves out what the peer could use but the party that it is to talk with could not: what
    /// stands first is what will be used, so if that goes through, nothing has to be decoded.
    /// Changes nothing where it does not.
    pub fn keep_what_passes(&mut self, far: &[Codec]) {
        let passes = |codec: &Codec| !codec.is_audio() || best_match(codec, far).is_some();
        let first = self.codecs.iter().find(|codec| codec.is_audio());
        if first.is_some_and(passes) {
            // Both have the same formats in the same order, in different numbers.
            self.codecs.retain(passes);
            self.audio.codecs.retain(passes);
        }
    }
}

/// Adds the digits that were offered and are not answered yet, in the offer's order.
fn with_events(offered: &[Codec], chosen: Vec<Codec>) -> Vec<Codec> {
    let clocks: Vec<u32> =
        chosen.iter().filter(|codec| codec.is_audio()).map(|codec| codec.clock_rate).collect();
    let is_event = |codec: &Codec| codec.kind() == CodecKind::TelephoneEvent;
    let fits = |codec: &Codec| is_event(codec) && clocks.contains(&codec.clock_rate);
    // A party that has no events with the clock of its sound (RFC 4733 §2.1 asks for them) uses
    // those that it has.
    let any_fits = offered.iter().any(fits);
    offered
        .iter()
        .filter_map(|codec| {
            let known = chosen.iter().find(|known| known.payload == codec.payload);
            let wanted = if any_fits { fits(codec) } else { is_event(codec) };
            known
                .cloned()
                .or_else(|| wanted.then(|| Codec { fmtp: Some(EVENTS.into()), ..codec.clone() }))
        })
        .collect()
}
