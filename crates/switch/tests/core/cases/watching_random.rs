//! Telephones that watch, refresh, forget and answer at random while calls come and go: whatever
//! happens, a subscription has one NOTIFY under way, counts its documents, says when it is over,
//! and nothing is left of it.

use std::collections::BTreeMap;
use std::time::Duration;

use model::UserId;
use model::directory::Availability;
use proptest::prelude::*;
use switch::Input;

use crate::house::{Dialog, House, Sent};
use crate::phone::{ALICES, BOBS, MEDIA, Phone, all};

/// 64*T1: what nobody answers is given up.
const GIVEN_UP: Duration = Duration::from_secs(32);

#[derive(Clone, Debug)]
enum Deed {
    Watch { bob: bool, what: usize, expires_s: u32 },
    Refresh { which: usize, expires_s: u32 },
    Answer { which: usize, how: usize },
    Call,
    Decline { which: usize },
    Away(bool),
    Wait { ms: u64 },
}

fn deed() -> impl Strategy<Value = Deed> {
    let expires = prop_oneof![Just(0), 60..200_u32];
    prop_oneof![
        2 => (any::<bool>(), 0..3_usize, expires.clone())
            .prop_map(|(bob, what, expires_s)| Deed::Watch { bob, what, expires_s }),
        1 => (any::<usize>(), expires)
            .prop_map(|(which, expires_s)| Deed::Refresh { which, expires_s }),
        6 => (any::<usize>(), 0..8_usize).prop_map(|(which, how)| Deed::Answer { which, how }),
        2 => Just(Deed::Call),
        2 => any::<usize>().prop_map(|which| Deed::Decline { which }),
        2 => any::<bool>().prop_map(Deed::Away),
        2 => (1..40_000_u64).prop_map(|ms| Deed::Wait { ms }),
    ]
}

/// What is known from outside.
#[derive(Default)]
struct Seen {
    subscriptions: Vec<(Phone, Dialog)>,
    /// NOTIFYs that nobody has answered, and since when.
    open: Vec<(Phone, Sent, Duration)>,
    rings: Vec<Sent>,
    /// The last CSeq in each dialog, and whether it said that it is the last.
    last: BTreeMap<String, (u32, bool)>,
}

impl Seen {
    fn look(&mut self, sent: &[Sent], now: Duration) {
        for notify in all(sent, "NOTIFY ") {
            let dialog = notify.value("Call-ID").to_owned();
            let cseq = notify.value("CSeq").split(' ').next().and_then(|it| it.parse().ok());
            let cseq: u32 = cseq.expect("a number");
            let ends = notify.value("Subscription-State").starts_with("terminated");
            let before = self.last.insert(dialog.clone(), (cseq, ends));
            if before.map(|it| it.0) == Some(cseq) {
                continue;
            }
            // A new one: the one before is answered or given up, and was not the last.
            assert_eq!(before.map_or(0, |it| it.0) + 1, cseq, "{dialog}");
            assert!(before.is_none_or(|it| !it.1), "told after its end: {dialog}");
            self.open.retain(|(_, open, since)| {
                let same = open.value("Call-ID") == dialog;
                assert!(!same || *since + GIVEN_UP <= now, "two under way: {dialog}");
                !same
            });
            let who = if dialog.starts_with("bob") { BOBS } else { ALICES };
            self.open.push((who, notify, now));
        }
        self.rings.extend(all(sent, "INVITE "));
    }
}

fn act(house: &mut House, seen: &mut Seen, deed: Deed) {
    let sent = match deed {
        Deed::Watch { bob, what, expires_s } => {
            let who = if bob { BOBS } else { ALICES };
            let what = ["alice", "bob", "*10"][what];
            let (dialog, sent) =
                house.watch(who, what, "dialog", &format!("Expires: {expires_s}\r\n"));
            seen.subscriptions.push((who, dialog));
            sent
        }
        Deed::Refresh { which, expires_s } if !seen.subscriptions.is_empty() => {
            let (who, dialog) = &seen.subscriptions[which % seen.subscriptions.len()];
            let more = format!("Event: dialog\r\nExpires: {expires_s}\r\n");
            house.signed(*who, dialog, "SUBSCRIBE", &more)
        }
        Deed::Answer { which, how } if !seen.open.is_empty() => {
            let (who, notify, _) = seen.open.remove(which % seen.open.len());
            let (status, more) = match how {
                0 => ("481 Gone", ""),
                1 => ("500 No", ""),
                2 => ("503 Later", "Retry-After: 3\r\n"),
                _ => ("200 OK", ""),
            };
            house.receive(who.at, notify.response(status, more, "", ""))
        }
        Deed::Call => house.call("+493012345678", MEDIA).1,
        Deed::Decline { which } if !seen.rings.is_empty() => {
            let ring = seen.rings.remove(which % seen.rings.len());
            house.receive(ALICES.at, ring.response("486 Busy Here", "", "", ""))
        }
        Deed::Away(away) => {
            let availability = if away { Availability::Away } else { Availability::Available };
            let user = UserId::from("u-bob");
            house.give(Input::Availability { user, availability, reason: None })
        }
        Deed::Wait { ms } => house.wait(Duration::from_millis(ms)),
        Deed::Refresh { .. } | Deed::Answer { .. } | Deed::Decline { .. } => Vec::new(),
    };
    seen.look(&sent, house.now);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_subscription_tells_in_order_and_ends(deeds in prop::collection::vec(deed(), 1..60)) {
        let mut house = House::new();
        let mut seen = Seen::default();
        for deed in deeds {
            act(&mut house, &mut seen, deed);
            let live = house.switch.counters().subscriptions["dialog"];
            prop_assert!(live <= seen.subscriptions.len());
        }
        // Nobody answers any more, and nobody refreshes.
        let sent = house.wait(Duration::from_secs(1_000));
        seen.look(&sent, house.now);
        prop_assert_eq!(house.switch.counters().subscriptions["dialog"], 0);
        prop_assert!(house.switch.is_calm());
    }
}
