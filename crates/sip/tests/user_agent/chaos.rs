//! Two cores over a network that loses, doubles, delays and reorders: whatever happens, every
//! promise of the events is kept and nothing remains in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use sip::flow::{Flow, TransportKind};
use sip::message::{Body, Message, Method};
use sip::user_agent_core::{
    DialogId, InviteId, InviteRequest, LocalAddress, OutInviteId, Party, Target, UaConfig, UaEvent,
    UaOutput, UserAgentCore,
};

/// Calls that each side places.
const CALLS: usize = 4;

struct Side {
    core: UserAgentCore,
    flow: Flow,
    /// INVITEs of ours by their outcome: `true` once it is known.
    placed: BTreeMap<OutInviteId, bool>,
    ringing: BTreeSet<InviteId>,
    dialogs: BTreeSet<DialogId>,
}

struct World {
    now: Duration,
    random: u64,
    loss: u64,
    double: u64,
    delay_ms: u64,
    sides: [Side; 2],
    /// What is on its way: when, number, to which side.
    network: BTreeMap<(Duration, u64), (usize, Bytes)>,
    number: u64,
}

impl World {
    fn new(seed: u64, loss: u64, double: u64, delay_ms: u64) -> World {
        let address = |host: u8| format!("192.0.2.{host}:5060").parse().unwrap();
        let side = |host: u8, other: u8| {
            let local = vec![LocalAddress::new(TransportKind::Udp, address(host))];
            let mut config = UaConfig::new("test", local);
            config.ring_limit = Duration::from_secs(60);
            Side {
                core: UserAgentCore::new(config, seed ^ u64::from(host)),
                flow: Flow::udp(address(host), address(other)),
                placed: BTreeMap::new(),
                ringing: BTreeSet::new(),
                dialogs: BTreeSet::new(),
            }
        };
        World {
            now: Duration::ZERO,
            random: seed,
            loss,
            double,
            delay_ms,
            sides: [side(1, 2), side(2, 1)],
            network: BTreeMap::new(),
            number: 0,
        }
    }

    /// splitmix64
    fn draw(&mut self, bound: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    fn run_until(&mut self, end: Duration) {
        loop {
            let deadlines = self.sides.iter().filter_map(|side| side.core.deadline());
            let arrival = self.network.keys().next().map(|key| key.0);
            let Some(next) = deadlines.chain(arrival).min().filter(|next| *next <= end) else {
                self.now = end;
                return;
            };
            assert!(next >= self.now, "a deadline in the past");
            self.now = next;
            if arrival == Some(next) {
                let (_, (to, bytes)) = self.network.pop_first().unwrap();
                let message = Message::parse_datagram(bytes).expect("we write what we can read");
                let flow = self.sides[to].flow;
                self.act(to, |core, now, out| core.receive(now, flow, message, out));
            } else {
                for side in 0..2 {
                    self.act(side, |core, now, out| core.timeout(now, out));
                }
            }
        }
    }

    fn act<R>(
        &mut self,
        side: usize,
        action: impl FnOnce(&mut UserAgentCore, Duration, &mut Vec<UaOutput>) -> R,
    ) -> R {
        let mut out = Vec::new();
        let result = action(&mut self.sides[side].core, self.now, &mut out);
        for output in out {
            match output {
                UaOutput::Transmit { bytes, .. } => self.carry(1 - side, bytes),
                UaOutput::Resolve { .. } => panic!("there are no names here"),
                UaOutput::Event(event) => self.event(side, event),
            }
        }
        result
    }

    fn carry(&mut self, to: usize, bytes: Bytes) {
        let copies = 1 + u64::from(self.draw(100) < self.double);
        for _ in 0..copies {
            if self.draw(100) < self.loss {
                continue;
            }
            let delay = Duration::from_millis(1 + self.draw(self.delay_ms));
            self.number += 1;
            self.network.insert((self.now + delay, self.number), (to, bytes.clone()));
        }
    }

    fn event(&mut self, at: usize, event: UaEvent) {
        let side = &mut self.sides[at];
        match event {
            UaEvent::Invited { invite, .. } => {
                side.ringing.insert(invite);
            }
            UaEvent::Cancelled { invite, .. } => assert!(side.ringing.remove(&invite)),
            UaEvent::Accepted { invite, dialog, .. } => {
                assert_eq!(side.placed.insert(invite, true), Some(false));
                side.dialogs.insert(dialog);
            }
            UaEvent::Rejected { invite, .. } | UaEvent::Refused2xx { invite } => {
                assert_eq!(side.placed.insert(invite, true), Some(false));
            }
            UaEvent::Bye { dialog, .. }
            | UaEvent::DialogLost { dialog }
            | UaEvent::Unconfirmed { dialog } => assert!(side.dialogs.remove(&dialog)),
            UaEvent::ReInvited { dialog, .. } => {
                assert!(side.dialogs.contains(&dialog));
                let choice = self.draw(3);
                self.act(at, |core, now, out| match choice {
                    0 => core.reject_reinvite(now, dialog, 488, &[], out),
                    _ => core.answer_reinvite(now, dialog, sdp(), out),
                });
            }
            UaEvent::Requested { id, .. } | UaEvent::RequestedEarly { id, .. } => {
                self.act(at, |core, now, out| core.respond(now, id, 200, &[], None, out));
            }
            UaEvent::Confirmed { dialog, .. }
            | UaEvent::ReInviteAcked { dialog, .. }
            | UaEvent::ReInviteCancelled { dialog }
            | UaEvent::ReInviteAnswered { dialog, .. }
            | UaEvent::ReInviteFailed { dialog, .. } => {
                assert!(side.dialogs.contains(&dialog), "an event of a dialog that is over");
            }
            UaEvent::Trying { .. } | UaEvent::Progress { .. } | UaEvent::Responded { .. } => {}
        }
    }

    /// One random deed of a random side.
    fn deed(&mut self) {
        let at = self.draw(2) as usize;
        let side = &self.sides[at];
        let (ringing, dialogs) = (side.ringing.len() as u64, side.dialogs.len() as u64);
        let pick = self.draw(ringing.max(dialogs).max(1)) as usize;
        let side = &mut self.sides[at];
        let ringing = side.ringing.iter().copied().nth(pick);
        let dialog = side.dialogs.iter().copied().nth(pick);
        let open = side.placed.iter().find(|(_, done)| !**done).map(|(id, _)| *id);
        match (self.draw(8), ringing, dialog, open) {
            (0, ..) if self.sides[at].placed.len() < CALLS => self.place(at),
            (1, Some(id), ..) => self.act(at, |core, now, out| core.ring(now, id, 180, None, out)),
            (2, Some(id), ..) => {
                let dialog = self.act(at, |core, now, out| core.accept(now, id, sdp(), &[], out));
                self.sides[at].ringing.remove(&id);
                self.sides[at].dialogs.extend(dialog);
            }
            (3, Some(id), ..) => {
                self.sides[at].ringing.remove(&id);
                self.act(at, |core, now, out| core.reject(now, id, 486, &[], out));
            }
            (4, _, Some(id), _) => {
                self.sides[at].dialogs.remove(&id);
                self.act(at, |core, now, out| core.bye(now, id, None, out));
            }
            (5, _, Some(id), _) => {
                self.act(at, |core, now, out| core.reinvite(now, id, Vec::new(), Some(sdp()), out));
            }
            (6, _, Some(id), _) => {
                self.act(at, |core, now, out| {
                    core.request_in_dialog(now, id, Method::Info, Vec::new(), None, out);
                });
            }
            (7, _, _, Some(id)) => self.act(at, |core, now, out| core.cancel(now, id, None, out)),
            _ => {}
        }
    }

    fn place(&mut self, at: usize) {
        let target = Target::Flow(self.sides[at].flow);
        let party = || Party::new("sip:x@test");
        let mut request = InviteRequest::new("sip:x@test", party(), party(), target);
        request.body = Some(sdp());
        // The outcome may come at once, so the id has to be known before.
        let mut out = Vec::new();
        let id = self.sides[at].core.invite(self.now, request, &mut out);
        self.sides[at].placed.insert(id, false);
        self.act(at, |_, _, outputs| outputs.append(&mut out));
    }

    fn hang_up_everything(&mut self) {
        for at in 0..2 {
            for id in std::mem::take(&mut self.sides[at].dialogs) {
                self.act(at, |core, now, out| core.bye(now, id, None, out));
            }
            for id in std::mem::take(&mut self.sides[at].ringing) {
                self.act(at, |core, now, out| core.reject(now, id, 480, &[], out));
            }
            let open = self.sides[at].placed.iter().filter(|(_, done)| !**done);
            for id in open.map(|(id, _)| *id).collect::<Vec<_>>() {
                self.act(at, |core, now, out| core.cancel(now, id, None, out));
            }
        }
    }
}

fn sdp() -> Body {
    Body::sdp("v=0\r\n")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn nothing_remains_after_calm(
        seed in any::<u64>(),
        loss in 0u64..50,
        double in 0u64..60,
        delay_ms in 1u64..1500,
    ) {
        let mut world = World::new(seed, loss, double, delay_ms);
        for _ in 0..120 {
            let pause = Duration::from_millis(world.draw(400));
            world.run_until(world.now + pause);
            world.deed();
        }
        // A call that is accepted while we hang up is hung up in the next round.
        for _ in 0..4 {
            world.hang_up_everything();
            world.run_until(world.now + Duration::from_secs(70));
        }
        for side in &world.sides {
            prop_assert!(side.core.counts().is_zero(), "{:?}", side.core.counts());
            prop_assert!(side.placed.values().all(|done| *done), "an INVITE without an outcome");
            prop_assert!(side.ringing.is_empty() && side.dialogs.is_empty());
        }
    }
}
