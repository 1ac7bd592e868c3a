//! What every leg of a call hears. One pure function says what it is to be; only what differs from
//! what the legs hear already is ordered, so no way through a transfer can leave somebody in
//! silence or in a bridge of others.
//!
//! Two of a bridge hear each other directly; as soon as there are three, or one is muted or
//! supervised, they meet in a room. Who is alone hears that it rings for him, or music.

use std::collections::BTreeMap;

use super::Talk;
use super::party::Present;
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::port::{LegCommand, LegId, MediaCommand, Part, Playlist, RoomId, Speaks, Supervision};
use crate::sound::ears::Purpose;

/// With whom a leg is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// With nobody.
    Alone,
    /// With one other leg.
    With(LegId),
    /// With the others of this bridge, in a room.
    Room(u16, Part),
}

/// What is played to who hears nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Music on hold.
    Hold,
    /// Somebody is rung for him.
    Ringing,
}

/// What a leg hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hears {
    pub(crate) link: Link,
    pub(crate) wait: Option<Wait>,
}

/// What the legs are connected with by now.
#[derive(Debug, Default)]
pub(crate) struct Sounding {
    links: BTreeMap<LegId, Link>,
    rooms: BTreeMap<u16, RoomId>,
}

impl Sounding {
    /// Who alone hears this leg, and whom it hears.
    pub(crate) fn other_of(&self, leg: LegId) -> Option<LegId> {
        match self.links.get(&leg)? {
            Link::With(other) => Some(*other),
            Link::Alone | Link::Room(..) => None,
        }
    }
}

/// What everybody is to hear. `waits`: what who is alone in a bridge hears for which somebody is
/// rung.
pub(crate) fn plan(present: &[Present], waits: &BTreeMap<u16, Wait>) -> BTreeMap<LegId, Hears> {
    let mut hears = BTreeMap::new();
    let mut bridges: Vec<u16> = present.iter().map(|it| it.bridge).collect();
    bridges.sort_unstable();
    bridges.dedup();
    for bridge in bridges {
        let all: Vec<&Present> = present.iter().filter(|it| it.bridge == bridge).collect();
        of_bridge(bridge, &all, waits.get(&bridge).copied(), &mut hears);
    }
    hears
}

fn of_bridge(
    bridge: u16,
    all: &[&Present],
    wait: Option<Wait>,
    hears: &mut BTreeMap<LegId, Hears>,
) {
    let parties: Vec<&Present> = all.iter().copied().filter(|it| it.is_party()).collect();
    // A telephone that holds sends music of its own: two stand it, a conference does not.
    let speaks = |it: &Present| !it.order_holds && (parties.len() <= 2 || !it.phone_holds);
    let active: Vec<&Present> = parties.iter().copied().filter(|it| speaks(it)).collect();
    let supervisors: Vec<(&Present, LegId, Supervision)> = all
        .iter()
        .filter_map(|it| {
            let (of, how) = it.supervises?;
            active.iter().any(|it| it.leg == of).then_some((*it, of, how))
        })
        .collect();
    let in_room = active.len() > 2
        || !supervisors.is_empty()
        || (active.len() == 2 && active.iter().any(|it| it.muted));
    for party in all {
        let is_active = active.iter().any(|it| it.leg == party.leg);
        let supervised = supervisors.iter().find(|(it, _, _)| it.leg == party.leg);
        let link = match (&active[..], supervised) {
            (_, Some((_, of, how))) => Link::Room(bridge, part_of_supervisor(*of, *how)),
            _ if is_active && in_room => Link::Room(bridge, part(party)),
            ([a, b], None) if is_active => {
                Link::With(if a.leg == party.leg { b.leg } else { a.leg })
            }
            (_, None) => Link::Alone,
        };
        let mut others = parties.iter().filter(|it| it.leg != party.leg).peekable();
        let is_alone = others.peek().is_none();
        let wait = if party.holds() || !party.is_party() {
            // He does not listen.
            None
        } else if is_alone {
            Some(wait.unwrap_or(Wait::Hold))
        } else {
            others.all(|it| it.holds()).then_some(Wait::Hold)
        };
        hears.insert(party.leg, Hears { link, wait });
    }
}

fn part(party: &Present) -> Part {
    let speaks = if party.muted { Speaks::ToNobody } else { Speaks::ToAll };
    Part { hears: true, speaks }
}

fn part_of_supervisor(of: LegId, how: Supervision) -> Part {
    let speaks = match how {
        Supervision::Listen => Speaks::ToNobody,
        Supervision::Whisper => Speaks::To(of),
        Supervision::Barge => Speaks::ToAll,
    };
    Part { hears: true, speaks }
}

impl Talk {
    /// Orders what has to change so that everybody hears what he is to hear.
    pub(super) fn sound(&mut self, basis: &mut Basis, ctx: &mut Ctx<'_>) {
        let plan = plan(&self.present, &self.waits(basis, ctx));
        for (leg, hears) in &plan {
            for (purpose, wait) in [(Purpose::Hold, Wait::Hold), (Purpose::Waiting, Wait::Ringing)]
            {
                // Nobody is bridged over something that plays for ever.
                let is_new = self.sounding.links.get(leg) != Some(&hears.link);
                let is_bridged = is_new && matches!(hears.link, Link::With(_));
                if hears.wait != Some(wait) || is_bridged {
                    basis.ears.stop(*leg, purpose, ctx);
                }
            }
        }
        self.part_links(&plan, ctx);
        self.join_links(&plan, ctx);
        for (leg, hears) in &plan {
            if let Some(wait) = hears.wait {
                play(*leg, wait, basis, ctx);
            }
        }
    }

    /// Nobody hears anybody any more, and whoever is left goes elsewhere.
    pub(super) fn silence(&mut self, ctx: &mut Ctx<'_>) {
        self.part_links(&BTreeMap::new(), ctx);
    }

    /// Ends what is over.
    fn part_links(&mut self, plan: &BTreeMap<LegId, Hears>, ctx: &mut Ctx<'_>) {
        let old = std::mem::take(&mut self.sounding.links);
        for (leg, link) in old {
            let wanted = plan.get(&leg).map(|hears| hears.link);
            if wanted == Some(link) {
                self.sounding.links.insert(leg, link);
                continue;
            }
            match link {
                // Of the two the first says it; who is gone has taken the bridge with him.
                Link::With(other) => {
                    let was_said = self.sounding.links.get(&other) == Some(&Link::Alone);
                    if !was_said && self.is_there(leg) && self.is_there(other) {
                        ctx.order(LegCommand::Unbridge { a: leg, b: other });
                    }
                }
                Link::Room(..) if self.is_there(leg) => {
                    if !matches!(wanted, Some(Link::With(_) | Link::Room(..))) {
                        ctx.media(MediaCommand::Leave { leg });
                    }
                }
                Link::Room(..) | Link::Alone => {}
            }
            self.sounding.links.insert(leg, Link::Alone);
        }
        self.sounding.links.retain(|leg, _| plan.contains_key(leg));
    }

    /// Begins what is new.
    fn join_links(&mut self, plan: &BTreeMap<LegId, Hears>, ctx: &mut Ctx<'_>) {
        for party in &self.present {
            let leg = party.leg;
            let Some(link) = plan.get(&leg).map(|hears| hears.link) else {
                continue;
            };
            if self.sounding.links.get(&leg) == Some(&link) {
                continue;
            }
            match link {
                Link::Alone => {}
                Link::With(other) => {
                    ctx.order(LegCommand::Bridge { a: leg, b: other });
                    self.sounding.links.insert(other, Link::With(leg));
                }
                Link::Room(bridge, part) => {
                    let rooms = &mut self.sounding.rooms;
                    let room = *rooms.entry(bridge).or_insert_with(|| ctx.legs.mint_room());
                    ctx.media(MediaCommand::Join { leg, room, part });
                }
            }
            self.sounding.links.insert(leg, link);
        }
    }

    /// Whether the switch still has this leg.
    fn is_there(&self, leg: LegId) -> bool {
        self.present.iter().any(|it| it.leg == leg)
            || self.lingering.iter().any(|it| it.party.leg == leg)
    }
}

/// Plays to who hears nobody, but not over what has to be heard.
fn play(leg: LegId, wait: Wait, basis: &mut Basis, ctx: &mut Ctx<'_>) {
    let (purpose, name) = match wait {
        Wait::Hold => (Purpose::Hold, basis.music_on_hold(ctx)),
        Wait::Ringing => (Purpose::Waiting, ctx.settings.sound.ringback.clone()),
    };
    if let None | Some(Purpose::Beep) = basis.ears.hears(leg)
        && let Some(name) = name
    {
        let list = Playlist::forever(Playlist::named(&name));
        basis.ears.play(leg, purpose, list, ctx);
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use insta::assert_snapshot;
    use model::call_graph::event::{BridgeLeg, Party};

    use super::*;

    /// Legs 1, 2, 3 … in the main bridge.
    fn present(count: u16) -> Vec<Present> {
        let party = Party::External { number: None, record: None, text: None };
        let one = |n: u16| Present::new(LegId(n.into()), BridgeLeg::Connection(n), party.clone());
        (1..=count).map(one).collect()
    }

    fn heard(present: &[Present], rung: &[u16]) -> String {
        let waits = rung.iter().map(|bridge| (*bridge, Wait::Ringing)).collect();
        let mut text = String::new();
        for (leg, Hears { link, wait }) in plan(present, &waits) {
            let link = match link {
                Link::Alone => "nobody".to_owned(),
                Link::With(other) => other.0.to_string(),
                Link::Room(bridge, Part { speaks: Speaks::ToAll, .. }) => format!("room {bridge}"),
                Link::Room(bridge, Part { speaks: Speaks::ToNobody, .. }) => {
                    format!("room {bridge} mute")
                }
                Link::Room(bridge, Part { speaks: Speaks::To(to), .. }) => {
                    format!("room {bridge} to {}", to.0)
                }
            };
            let wait = wait.map_or_else(String::new, |wait| format!(", {wait:?}"));
            let _ = write!(text, "{}: {link}{wait}; ", leg.0);
        }
        text
    }

    #[test]
    fn two_need_no_room_and_three_do() {
        assert_snapshot!(heard(&present(1), &[]), @"1: nobody, Hold;");
        assert_snapshot!(heard(&present(1), &[1]), @"1: nobody, Ringing;");
        assert_snapshot!(heard(&present(2), &[1]), @"1: 2; 2: 1;");
        assert_snapshot!(heard(&present(3), &[]), @"1: room 1; 2: room 1; 3: room 1;");
    }

    #[test]
    fn whoever_holds_is_heard_by_nobody() {
        let mut two = present(2);
        two[0].phone_holds = true;
        assert_snapshot!(heard(&two, &[]), @"1: 2; 2: 1, Hold;");
        two[1].phone_holds = true;
        assert_snapshot!(heard(&two, &[]), @"1: 2; 2: 1;");
        let mut two = present(2);
        two[0].order_holds = true;
        assert_snapshot!(heard(&two, &[]), @"1: nobody; 2: nobody, Hold;");
        let mut three = present(3);
        three[0].phone_holds = true;
        assert_snapshot!(heard(&three, &[]), @"1: nobody; 2: 3; 3: 2;");
        three[1].order_holds = true;
        assert_snapshot!(heard(&three, &[]), @"1: nobody; 2: nobody; 3: nobody, Hold;");
    }

    #[test]
    fn the_muted_hear_and_supervisors_are_heard_by_whom_they_may() {
        let mut two = present(2);
        two[1].muted = true;
        assert_snapshot!(heard(&two, &[]), @"1: room 1; 2: room 1 mute;");
        let mut three = present(3);
        three[2].supervises = Some((LegId(1), Supervision::Whisper));
        assert_snapshot!(heard(&three, &[]), @"1: room 1; 2: room 1; 3: room 1 to 1;");
        three[2].supervises = Some((LegId(1), Supervision::Listen));
        assert_snapshot!(heard(&three, &[]), @"1: room 1; 2: room 1; 3: room 1 mute;");
        three[0].order_holds = true;
        assert_snapshot!(heard(&three, &[]), @"1: nobody; 2: nobody, Hold; 3: nobody;");
    }

    #[test]
    fn bridges_do_not_hear_each_other() {
        let mut four = present(4);
        (four[2].bridge, four[3].bridge) = (2, 2);
        assert_snapshot!(heard(&four, &[]), @"1: 2; 2: 1; 3: 4; 4: 3;");
        four[3].bridge = 3;
        assert_snapshot!(heard(&four, &[3]), @"1: 2; 2: 1; 3: nobody, Hold; 4: nobody, Ringing;");
    }
}
