//! Who hears whom: as media was told, and as the rows say. At every moment at which nothing is
//! under way the two must agree.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use call::port::{Direction, Speaks};
use model::CallId;
use model::call_graph::event::{BridgeLeg, CallEvent};
use model::call_graph::{CallGraph, Recorded};

use crate::media::Media;

/// How often somebody hears somebody: by names, and of outsiders `outside`.
pub(crate) type Pairs = BTreeMap<(Arc<str>, Arc<str>), u32>;

/// What is sure, and what may be.
#[derive(Debug, Default)]
pub(crate) struct Hearing {
    pub(crate) at_least: Pairs,
    pub(crate) at_most: Pairs,
}

impl Hearing {
    fn add(&mut self, hearer: &Arc<str>, speaker: &Arc<str>, is_sure: bool) {
        let pair = (hearer.clone(), speaker.clone());
        if is_sure {
            *self.at_least.entry(pair.clone()).or_default() += 1;
        }
        *self.at_most.entry(pair).or_default() += 1;
    }
}

/// How somebody outside is named here.
pub(crate) const OUTSIDE: &str = "outside";

/// Who is in which bridge of a call by its log.
#[derive(Debug, Default)]
pub(crate) struct Bridges {
    legs: BTreeMap<Leg, u16>,
    /// Who holds whom.
    held: BTreeSet<(Arc<str>, Arc<str>)>,
    muted: BTreeSet<Leg>,
}

/// A leg in an order.
type Leg = Option<u16>;

fn leg(leg: BridgeLeg) -> Leg {
    match leg {
        BridgeLeg::Anchor => None,
        BridgeLeg::Connection(seq) => Some(seq),
    }
}

impl Bridges {
    /// Follows the log.
    pub(crate) fn follow(&mut self, event: &CallEvent) {
        let by = |user: &Option<model::UserId>| -> Arc<str> {
            user.as_ref().map_or(OUTSIDE.into(), |user| user.as_str().into())
        };
        if let CallEvent::BridgeEntered { leg: who, bridge } = event {
            self.legs.insert(leg(*who), *bridge);
        } else if let CallEvent::BridgeLeft { leg: who, bridge } = event {
            let who = leg(*who);
            if self.legs.get(&who) == Some(bridge) {
                self.legs.remove(&who);
            }
        } else if let CallEvent::Held { by: user, party } = event {
            self.held.insert((by(user), named(party)));
        } else if let CallEvent::Resumed { by: user, party } = event {
            // Who held may have gone, and another one takes the party back.
            let party = named(party);
            if !self.held.remove(&(by(user), party.clone())) {
                self.held.retain(|(_, held)| *held != party);
            }
        } else if let CallEvent::Muted { leg: who, muted } = event {
            if *muted {
                self.muted.insert(leg(*who));
            } else {
                self.muted.remove(&leg(*who));
            }
        } else if let CallEvent::AnchorLeft = event {
            self.legs.remove(&None);
        } else if let CallEvent::ConnectionEnded { connection, .. } = event {
            self.legs.remove(&Some(*connection));
        } else if matches!(event, CallEvent::Ended(_) | CallEvent::AbsorbedInto(_)) {
            *self = Self::default();
        }
    }

    /// Which leg is in which bridge.
    pub(crate) fn legs(&self) -> BTreeMap<Option<u16>, u16> {
        self.legs.clone()
    }

    /// Adds who hears whom in this call.
    pub(crate) fn hearing(&self, graph: &CallGraph, all: &mut Hearing) {
        for (one, bridge) in &self.legs {
            for (other, _) in self.legs.iter().filter(|(it, at)| *it != one && *at == bridge) {
                let (hearer, speaker) = (name(graph, *one), name(graph, *other));
                let apart = |by: &Arc<str>, party: &Arc<str>| {
                    self.held.contains(&(by.clone(), party.clone()))
                };
                let held = apart(&hearer, &speaker) || apart(&speaker, &hearer);
                all.add(&hearer, &speaker, !held && !self.muted.contains(other));
            }
        }
    }
}

/// The party of a hold: a number, or `u:` and a user.
fn named(party: &str) -> Arc<str> {
    party.strip_prefix("u:").unwrap_or(OUTSIDE).into()
}

fn name(graph: &CallGraph, leg: Leg) -> Arc<str> {
    let user = match leg {
        None => graph.call.anchor_user_id.as_ref(),
        Some(seq) => {
            let row = graph.connections.iter().find(|row| row.seq == seq);
            row.and_then(|row| row.answered_user_id.as_ref())
        }
    };
    user.map_or(OUTSIDE.into(), |user| user.as_str().into())
}

/// The bridges of all calls, kept up with their logs.
#[derive(Debug, Default)]
pub(crate) struct AllBridges(BTreeMap<CallId, Bridges>);

impl AllBridges {
    /// Follows the log of a call.
    pub(crate) fn follow(&mut self, recorded: &Recorded) {
        self.0.entry(recorded.call.clone()).or_default().follow(&recorded.event);
    }

    /// Who is in which bridge of a call.
    pub(crate) fn of(&self, call: &CallId) -> BTreeMap<Option<u16>, u16> {
        self.0.get(call).map(Bridges::legs).unwrap_or_default()
    }

    /// Nothing of it goes on: the process is gone.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Who hears whom by the rows.
    pub(crate) fn hearing(&self, graphs: &BTreeMap<CallId, CallGraph>) -> Hearing {
        let mut all = Hearing::default();
        for (call, bridges) in &self.0 {
            if let Some(graph) = graphs.get(call) {
                bridges.hearing(graph, &mut all);
            }
        }
        all
    }
}

/// Who hears whom as media was told; `name` knows whose an address is.
pub(crate) fn heard(media: &Media, name: impl Fn(std::net::IpAddr) -> Arc<str>) -> Hearing {
    let mut all = Hearing::default();
    let known = |leg: &call::port::LegId| {
        let line = media.lines.get(leg)?;
        Some((line, name(line.remote?.ip())))
    };
    for (leg, line) in &media.lines {
        let Some((_, hearer)) = known(leg) else { continue };
        let speakers: Vec<_> = match (line.hears, line.room) {
            (Some(other), _) => vec![other],
            (None, Some((room, part))) if part.hears => {
                let others = media.lines.iter().filter(|(other, line)| {
                    *other != leg
                        && line.room.is_some_and(|(there, part)| {
                            there == room
                                && match part.speaks {
                                    Speaks::ToAll => true,
                                    Speaks::ToNobody => false,
                                    Speaks::To(only) => only == *leg,
                                }
                        })
                });
                others.map(|(other, _)| *other).collect()
            }
            (None, _) => Vec::new(),
        };
        for (other, speaker) in speakers.iter().filter_map(|it| Some((it, known(it)?.1))) {
            let mutual = media
                .lines
                .get(other)
                .is_some_and(|other| other.hears == Some(*leg) || other.room.is_some());
            let whole =
                |leg| media.lines.get(leg).is_some_and(|it| it.direction == Direction::BOTH);
            let is_sure = mutual && !line.loops && whole(leg) && whole(other);
            // Music goes before everything else that a leg could hear.
            if !line.loops || !whole(leg) || !whole(other) {
                all.add(&hearer, &speaker, is_sure);
            }
        }
    }
    all
}

/// Where they differ, if they do. Whoever has a leg on hold is left out.
pub(crate) fn difference(
    rows: &Hearing,
    media: &Hearing,
    left_out: &BTreeSet<Arc<str>>,
) -> Option<String> {
    let counts = |pair| !is_left_out(pair, left_out);
    let deaf = rows
        .at_least
        .iter()
        .filter(|(pair, _)| counts(pair))
        .find(|(pair, times)| media.at_most.get(*pair).is_none_or(|heard| heard < *times));
    if let Some(((hearer, speaker), times)) = deaf {
        return Some(format!("{hearer} should hear {speaker} {times} times: {media:?}"));
    }
    let overheard = media
        .at_least
        .iter()
        .filter(|(pair, _)| counts(pair))
        .find(|(pair, times)| rows.at_most.get(*pair).is_none_or(|allowed| allowed < *times));
    overheard.map(|((hearer, speaker), times)| {
        format!("{hearer} hears {speaker} {times} times: {rows:?}")
    })
}

fn is_left_out(pair: &(Arc<str>, Arc<str>), left_out: &BTreeSet<Arc<str>>) -> bool {
    left_out.contains(&pair.0) || left_out.contains(&pair.1)
}
