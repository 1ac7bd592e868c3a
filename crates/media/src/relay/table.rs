//! The relay without its sockets: who is open, what becomes of a packet, and what is due when.
//!
//! Invariants:
//! * a leg is relayed to at most one other, and at most one other is relayed to it;
//! * nothing is sent to a leg before a session description named its address, nor RTP to or from a
//!   leg that is held;
//! * each leg is a session of its own (RFC 3550 §2.4): what leaves has our source, our sequence and
//!   our timestamps, and RTCP is ours;
//! * [`Table::receive`], [`Table::forward`] and [`Table::frame`] take no lock, and allocate only
//!   when a digit was pressed or the quality changed.

mod leg;
mod packets;
mod payloads;
mod quality;
mod reports;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use call::port::{Direction, Formats, LegId, MediaEvent, PortPair, RemoteMedia};
use rtp::DigitNotice;
use rtp::quality::{Episode, Thresholds};
use rtp::rtcp::NtpTime;

use self::leg::{Feed, Leg};
pub(crate) use self::packets::Received;
use crate::counters::{Counts, LegReport};
use crate::handoff::Hearing;
use crate::patch::{Hears, Talks, Wiring};
use crate::random::Random;
use crate::relay::deadlines::Deadlines;
use crate::relay::packet::Component;

/// A place in the table: the pair's place in the port range.
pub(crate) type Place = usize;

/// Legs that are looked at in one turn; the others wait for the next.
const TICKS: usize = 512;

/// What holds for all legs.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// How long both sides of a conversation are silent before that is reported.
    pub(crate) timeout: Duration,
    /// When quality is bad.
    pub(crate) thresholds: Thresholds,
    /// Where our sockets are.
    pub(crate) local: IpAddr,
    /// What the wall clock said when the relay's clock was zero, in µs since 1970.
    pub(crate) epoch_us: u64,
    /// Where sources, sequences, timestamps and names come from.
    pub(crate) seed: u64,
}

/// All open legs.
#[derive(Debug)]
pub(crate) struct Table {
    /// By port pair, because that is how packets come.
    legs: Vec<Option<Box<Leg>>>,
    places: BTreeMap<LegId, Place>,
    settings: Settings,
    deadlines: Deadlines,
    random: Random,
    /// What is to be told; emptied by the owner.
    pub(crate) notices: Vec<Notice>,
    /// Room for what the meters and the digits' receivers say.
    episodes: Vec<Episode>,
    digits: Vec<DigitNotice>,
    /// Room for a report.
    scratch: Vec<u8>,
    pub(crate) counts: Counts,
}

/// Something that others have to know.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Notice {
    /// The core.
    Event(MediaEvent),
    /// The sound thread, which plays something to the leg and reports its digits after that.
    Pressed(LegId, call::port::Digit),
    /// The sound thread: packets of a hundred that are lost on the way to the leg.
    Lossy(LegId, u8),
}

/// A packet is to leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Forward {
    /// The pair it leaves from.
    pub(crate) place: Place,
    /// The port of that pair.
    pub(crate) component: Component,
    /// Where to.
    pub(crate) to: SocketAddr,
}

impl Table {
    /// No legs on `places` port pairs.
    pub(crate) fn new(places: usize, settings: Settings) -> Self {
        Self {
            legs: std::iter::repeat_with(|| None).take(places).collect(),
            places: BTreeMap::new(),
            random: Random::new(settings.seed),
            settings,
            deadlines: Deadlines::default(),
            notices: Vec::new(),
            episodes: Vec::new(),
            digits: Vec::new(),
            scratch: Vec::new(),
            counts: Counts::default(),
        }
    }

    /// A leg takes a place. `false`: the place is taken, or the leg has one already.
    pub(crate) fn open(
        &mut self,
        now: Duration,
        place: Place,
        leg: LegId,
        ports: PortPair,
    ) -> bool {
        if self.legs[place].is_some() || self.places.contains_key(&leg) {
            return false;
        }
        let leg = Leg::new(now, leg, ports, self.settings.thresholds, &mut self.random);
        self.places.insert(leg.id, place);
        self.legs[place] = Some(Box::new(leg));
        true
    }

    /// A session description named the far end.
    pub(crate) fn remote(&mut self, now: Duration, leg: LegId, remote: RemoteMedia) {
        let Some(place) = self.place(leg) else { return };
        if let Some(leg) = self.legs[place].as_mut() {
            leg.transport.signal(remote);
            leg.reporter.begin(now, &mut self.random);
        }
        self.arm(now, place);
    }

    /// Codecs were agreed on.
    pub(crate) fn formats(&mut self, leg: LegId, formats: &Formats) {
        if let Some(leg) = self.place(leg).and_then(|place| self.legs[place].as_mut()) {
            leg.agree(formats);
        }
    }

    /// Hold or resume.
    pub(crate) fn direct(&mut self, now: Duration, leg: LegId, direction: Direction) {
        let Some(place) = self.place(leg) else { return };
        let Some(leg) = self.legs[place].as_mut() else { return };
        if direction.send && !leg.direction.send {
            leg.outgoing.cut();
        }
        leg.direction = direction;
        leg.quiet_since = now;
        let partner = leg.partner;
        self.converse(now, place);
        if let Some(partner) = partner {
            self.converse(now, partner);
        }
    }

    /// The patch bay says what goes to a leg and what is to be done with its packets.
    pub(crate) fn wire(&mut self, now: Duration, leg: LegId, wiring: &Wiring) {
        let Some(place) = self.place(leg) else { return };
        self.unfeed(place);
        let feed = match &wiring.hears {
            Hears::Nothing => Feed::Nothing,
            Hears::Rendered => Feed::Sound,
            Hears::Relayed { from, map } => match self.place(*from) {
                Some(from) => {
                    self.feed_from(from, place);
                    Feed::Leg { from, map: map.clone(), last: None }
                }
                None => Feed::Nothing,
            },
        };
        let partner = match wiring.talks {
            Talks::With(other) => self.place(other),
            Talks::Not | Talks::InRoom => None,
        };
        if let Some(leg) = self.legs[place].as_mut() {
            leg.feed = feed;
            leg.taken = wiring.taken;
            leg.playing = wiring.playing;
            leg.partner = partner;
            leg.in_room = wiring.talks == Talks::InRoom;
        }
        self.converse(now, place);
    }

    /// Two legs were bridged, perhaps again: media timeouts run from now.
    pub(crate) fn bridged(&mut self, now: Duration, a: LegId, b: LegId) {
        let (Some(a), Some(b)) = (self.place(a), self.place(b)) else { return };
        for (place, other) in [(a, b), (b, a)] {
            if let Some(leg) = self.legs[place].as_mut().filter(|leg| leg.partner == Some(other)) {
                leg.quiet_since = now;
            }
        }
        self.converse(now, a);
        self.converse(now, b);
    }

    /// What decoding a leg's packets is like.
    pub(crate) fn hearing(&mut self, hearing: &Hearing) {
        let Some(place) = self.place(hearing.leg) else { return };
        let Some(leg) = self.legs[place].as_mut() else { return };
        self.counts.silences_heard += u64::from(hearing.silent && !leg.decoding.silent);
        self.counts.clippings_heard += u64::from(hearing.clipping && !leg.decoding.clipping);
        leg.heard(hearing);
    }

    /// The leg is over: its figures, and a farewell to its far end, if it knows us, in `farewell`.
    pub(crate) fn close(
        &mut self,
        now: Duration,
        leg: LegId,
        farewell: &mut Vec<u8>,
    ) -> Option<(LegReport, Option<Forward>)> {
        let place = self.place(leg)?;
        let way = self.farewell(now, place, farewell);
        self.unfeed(place);
        self.places.remove(&leg);
        let mut leg = self.legs[place].take()?;
        self.deadlines.set(place, &mut leg.deadline, None);
        if let Some(listener) = leg.heard_by.and_then(|listener| self.legs[listener].as_mut()) {
            listener.feed = Feed::Nothing;
        }
        if let Some(partner) = leg.partner.and_then(|partner| self.legs[partner].as_mut()) {
            partner.partner = None;
        }
        self.finish(now, &mut leg);
        self.counts.legs_closed += 1;
        Some((leg.report(), way))
    }

    /// When a leg is to be looked at again.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        self.deadlines.next()
    }

    /// Does what is due: samples, silences, digits without an end, and reports, which go to `send`.
    pub(crate) fn tick(&mut self, now: Duration, mut send: impl FnMut(Forward, &[u8])) {
        for _ in 0..TICKS {
            let Some(place) = self.deadlines.pop(now) else { return };
            let Some(leg) = self.legs[place].as_mut() else { continue };
            leg.deadline = None;
            leg.events.expire(now, &mut self.digits);
            self.digits.clear();
            leg.meter.tick(now, &mut leg.reception, &mut self.episodes);
            self.tell_episodes(now, place);
            self.look_for_silence(now, place);
            let mut report = std::mem::take(&mut self.scratch);
            report.clear();
            if let Some(way) = self.report(now, place, &mut report) {
                send(way, &report);
            }
            self.scratch = report;
            self.arm(now, place);
        }
    }

    /// The counters of all open legs.
    pub(crate) fn report_all(&self) -> Vec<LegReport> {
        self.legs.iter().flatten().map(|leg| leg.report()).collect()
    }

    /// Whether quality and silence mean something on a leg: it talks with somebody, and nobody is
    /// held.
    fn converse(&mut self, now: Duration, place: Place) {
        let Some(leg) = self.legs[place].as_ref() else { return };
        let partner = leg.partner.and_then(|partner| self.legs[partner].as_ref());
        let listens = leg.in_room || partner.is_some_and(|leg| leg.direction == Direction::BOTH);
        let converses = listens && leg.direction == Direction::BOTH;
        if let Some(leg) = self.legs[place].as_mut()
            && leg.converses != converses
        {
            leg.converses = converses;
            if converses {
                leg.meter.resume(now, &mut leg.reception);
            } else {
                leg.meter.suspend(now, &mut self.episodes);
            }
            self.tell_episodes(now, place);
        }
        self.arm(now, place);
    }

    /// Reports a conversation in which nobody has said anything for the timeout; each silence once,
    /// for one of the two legs.
    fn look_for_silence(&mut self, now: Duration, place: Place) {
        let Some(since) = self.quiet_since(place) else { return };
        let due = since + self.settings.timeout;
        let Some(leg) = self.legs[place].as_mut() else { return };
        if due <= now && leg.reported != Some(since) {
            leg.reported = Some(since);
            self.counts.timeouts += 1;
            let after = now.saturating_sub(since);
            self.notices.push(Notice::Event(MediaEvent::TimedOut { leg: leg.id, after }));
        }
    }

    /// Since when neither side of a conversation has been heard; `None` unless `place` is its
    /// first side (each conversation is looked at once) and nobody is held.
    fn quiet_since(&self, place: Place) -> Option<Duration> {
        let leg = self.legs[place].as_ref().filter(|leg| leg.converses)?;
        let partner = leg.partner.filter(|partner| place < *partner)?;
        let other = self.legs[partner].as_ref()?;
        Some(leg.quiet_since.max(other.quiet_since))
    }

    /// Notes when a leg is to be looked at again.
    fn arm(&mut self, now: Duration, place: Place) {
        let silence = self.quiet_since(place).map(|since| {
            let reported = self.legs[place].as_ref().is_some_and(|l| l.reported == Some(since));
            // Once it was reported only another one is of interest, which cannot be due sooner.
            if reported { now + self.settings.timeout } else { since + self.settings.timeout }
        });
        let Some(leg) = self.legs[place].as_mut() else { return };
        let meter = leg.meter.due(now, &leg.reception);
        let at = [silence, meter, leg.events.deadline(), leg.reporter.at()];
        let at = at.into_iter().flatten().min();
        self.deadlines.set(place, &mut leg.deadline, at);
    }

    /// `from` is relayed to `to`, and to nobody else.
    fn feed_from(&mut self, from: Place, to: Place) {
        let before = self.legs[from].as_mut().and_then(|leg| leg.heard_by.replace(to));
        if let Some(leg) = before.filter(|b| *b != to).and_then(|b| self.legs[b].as_mut()) {
            leg.feed = Feed::Nothing;
        }
    }

    /// Nothing is relayed to `place` any more.
    fn unfeed(&mut self, place: Place) {
        let Some(leg) = self.legs[place].as_mut() else { return };
        if let Feed::Leg { from, .. } = std::mem::replace(&mut leg.feed, Feed::Nothing)
            && let Some(from) = self.legs[from].as_mut()
        {
            from.heard_by.take_if(|listener| *listener == place);
        }
    }

    fn place(&self, leg: LegId) -> Option<Place> {
        self.places.get(&leg).copied()
    }

    fn ntp(&self, now: Duration) -> NtpTime {
        let us = u64::try_from(now.as_micros()).unwrap_or(u64::MAX);
        NtpTime::from_unix_micros(self.settings.epoch_us.saturating_add(us))
    }
}

#[cfg(test)]
mod tests;
