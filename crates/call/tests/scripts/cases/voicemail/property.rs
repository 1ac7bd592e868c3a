//! Whatever callers press, say and do not say, whoever deletes what meanwhile, and in whatever
//! order: nothing panics, no message is lost or there twice, none that was deleted comes back, no
//! mailbox has more than it may, every file of a message becomes exactly one message or none, and
//! nothing shows a PIN.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use call::port::{CallInput, Digit, LegEvent, PlayEnd};
use model::directory::MailboxId;
use model::voicemail::{MessageId, VoicemailChange};
use model::{Millis, UserId};
use proptest::prelude::*;

use super::listening;
use crate::world::{LegState, World};

/// Messages that a mailbox may have here.
const LIMIT: usize = 6;

/// Messages that are there at first: how old each is, s, and its id.
const KEPT: [(i64, &str); 4] = [(50, "m1"), (40, "m2"), (30, "m3"), (20, "m4")];

/// Long enough to be found nowhere by chance.
const PIN: &str = "83175294";

#[derive(Clone, Debug)]
enum Happening {
    /// A caller of the public leaves a message, or a user listens.
    Arrives {
        listens: bool,
    },
    /// A caller presses this.
    Presses(prop::sample::Index, char, bool),
    /// He types the PIN.
    Types(prop::sample::Index),
    /// What plays to him is over.
    Heard(prop::sample::Index, PlayEnd),
    SaysNothing(prop::sample::Index),
    HangsUp(prop::sample::Index),
    Released(prop::sample::Index),
    RecordingFails(prop::sample::Index),
    /// Media has closed the oldest file.
    Recorded(u64),
    /// By the files: somebody has listened or deleted.
    Outside {
        which: prop::sample::Index,
        deletes: bool,
    },
    Passes(u64),
}

fn happening() -> impl Strategy<Value = Happening> {
    use Happening::{
        Arrives, HangsUp, Heard, Outside, Passes, Presses, Recorded, RecordingFails, Released,
        SaysNothing, Types,
    };
    let call = any::<prop::sample::Index>;
    let key = prop::sample::select("0123456789*#123*#2233A".chars().collect::<Vec<_>>());
    let end = prop::sample::select(vec![PlayEnd::Completed, PlayEnd::Stopped, PlayEnd::Failed]);
    prop_oneof![
        3 => any::<bool>().prop_map(|listens| Arrives { listens }),
        8 => (call(), key, any::<bool>()).prop_map(|(call, key, info)| Presses(call, key, info)),
        6 => call().prop_map(Types),
        10 => (call(), end).prop_map(|(call, end)| Heard(call, end)),
        2 => call().prop_map(SaysNothing),
        2 => call().prop_map(HangsUp),
        1 => call().prop_map(Released),
        1 => call().prop_map(RecordingFails),
        4 => (0u64..20_000).prop_map(Recorded),
        2 => (call(), any::<bool>()).prop_map(|(which, deletes)| Outside { which, deletes }),
        4 => (0u64..20_000).prop_map(Passes),
    ]
}

/// What a naive reader of the changes believes.
#[derive(Default)]
struct Believed {
    /// Whether each was heard, by mailbox.
    messages: BTreeMap<MessageId, bool>,
    begun: BTreeSet<MessageId>,
    /// Those that were left, or dropped.
    known: BTreeSet<MessageId>,
    read: usize,
}

impl Believed {
    fn read(&mut self, world: &World) {
        for change in &world.messages[self.read..] {
            match change {
                VoicemailChange::Begun(message) => {
                    assert!(self.begun.insert(message.id.clone()), "it was begun twice");
                }
                VoicemailChange::Left(message) => {
                    assert!(self.known.insert(message.id.clone()), "it was left twice");
                    self.messages.insert(message.id.clone(), message.heard);
                }
                VoicemailChange::Heard { id, .. } => {
                    let before = self.messages.insert(id.clone(), true);
                    assert_eq!(before, Some(false), "it was not there, or not new");
                }
                VoicemailChange::Deleted { id, .. } => {
                    assert!(self.messages.remove(id).is_some(), "it was not there");
                }
                VoicemailChange::Dropped { id, .. } => {
                    assert!(self.known.insert(id.clone()), "it was something before");
                }
            }
        }
        self.read = world.messages.len();
        let there: BTreeMap<MessageId, bool> = mailboxes()
            .iter()
            .flat_map(|mailbox| world.mailboxes.messages(mailbox))
            .map(|message| (message.id.clone(), message.heard))
            .collect();
        assert_eq!(there, self.messages, "{}", world.log);
        for mailbox in mailboxes() {
            let counts = world.mailboxes.counts(&mailbox);
            assert!((counts.new + counts.old) as usize <= LIMIT, "{}", world.log);
        }
    }
}

fn mailboxes() -> [MailboxId; 2] {
    [MailboxId::User(UserId::from("u-ana")), MailboxId::User(UserId::from("u-ben"))]
}

/// The call that is meant, if one is not over.
fn choose(world: &World, which: &prop::sample::Index) -> Option<usize> {
    let live: Vec<_> = (0..world.calls.len()).filter(|call| !world.calls[*call].finished).collect();
    (!live.is_empty()).then(|| live[which.index(live.len())])
}

fn caller(world: &World, call: usize) -> call::port::LegId {
    world.calls[call].legs["caller"]
}

fn happen(world: &mut World, happening: &Happening) {
    match happening {
        Happening::Arrives { listens } => {
            let index = world.calls.len();
            let (from, to) = match listens {
                true => ("ana", "*97"),
                false => ("+15557770001", "+15550300002"),
            };
            world.arrive(&index.to_string(), &format!("call-{index}"), from, to);
        }
        Happening::Presses(which, sign, info) => {
            let Some(call) = choose(world, which) else { return };
            let (leg, digit) = (caller(world, call), Digit::new(*sign).expect("a digit"));
            match info {
                true => {
                    let event = LegEvent::InfoDigit { digit, duration_ms: 160 };
                    world.input(call, CallInput::Leg(leg, event));
                }
                false => world.presses(call, leg, digit),
            }
        }
        Happening::Types(which) => {
            for sign in PIN.chars().chain(['#']) {
                let Some(call) = choose(world, which) else { return };
                let digit = Digit::new(sign).expect("a digit");
                let leg = caller(world, call);
                world.presses(call, leg, digit);
            }
        }
        Happening::Heard(which, end) => {
            let Some(call) = choose(world, which) else { return };
            let leg = caller(world, call);
            if let Some(play) = world.plays.get(&leg).copied() {
                let event = LegEvent::Played { play, end: *end };
                world.input(call, CallInput::Leg(leg, event));
            }
        }
        Happening::SaysNothing(which) => leg(world, which, LegEvent::FellSilent),
        Happening::HangsUp(which) => leg(world, which, LegEvent::HungUp),
        Happening::Released(which) => {
            if let Some(call) = choose(world, which) {
                world.input(call, CallInput::Release);
            }
        }
        Happening::RecordingFails(which) => {
            let Some(call) = choose(world, which) else { return };
            if let Some(recording) = world.calls[call].recordings.first().cloned() {
                let event = LegEvent::RecordingFailed { recording, cause: "disk full".into() };
                world.leg(call, "caller", event);
            }
        }
        Happening::Recorded(ms) => {
            if !world.closing.is_empty() {
                world.recorded(*ms);
            }
        }
        Happening::Outside { which, deletes } => outside(world, which, *deletes),
        Happening::Passes(ms) => world.until(world.now + Duration::from_millis(*ms)),
    }
}

fn leg(world: &mut World, which: &prop::sample::Index, event: LegEvent) {
    if let Some(call) = choose(world, which) {
        world.leg(call, "caller", event);
    }
}

/// Somebody does something to a message by the API; it may be gone already.
fn outside(world: &mut World, which: &prop::sample::Index, deletes: bool) {
    let known: Vec<_> = world
        .messages
        .iter()
        .filter_map(|change| match change {
            VoicemailChange::Left(message) => Some((message.id.clone(), message.mailbox.clone())),
            VoicemailChange::Begun(_)
            | VoicemailChange::Heard { .. }
            | VoicemailChange::Deleted { .. }
            | VoicemailChange::Dropped { .. } => None,
        })
        .collect();
    if known.is_empty() {
        return;
    }
    let (id, mailbox) = known[which.index(known.len())].clone();
    let (by, at) = (UserId::from("u-mia"), Millis(0));
    let change = match deletes {
        true => VoicemailChange::Deleted { id, mailbox, by, at },
        false => VoicemailChange::Heard { id, mailbox, by, at },
    };
    if world.mailboxes.apply(&change) {
        world.messages.push(change);
    }
}

proptest! {
    #[test]
    fn no_message_is_lost_or_doubled_and_no_pin_is_shown(
        happenings in prop::collection::vec(happening(), 0..120),
    ) {
        let mut world = listening::house_with_pin(PIN);
        world.settings.voicemail.messages_per_mailbox = LIMIT;
        let mut believed = Believed::default();
        for (age_s, name) in KEPT {
            let message = listening::message(&mailboxes()[0], name, age_s, name == "m1");
            world.mailboxes.restore(message.clone());
            world.messages.push(VoicemailChange::Left(message));
        }
        believed.read(&world);
        for happening in &happenings {
            happen(&mut world, happening);
            believed.read(&world);
            for live in world.calls.iter().filter(|live| !live.finished) {
                let shown = format!("{:?}", live.call);
                prop_assert!(!shown.contains(PIN));
            }
        }
        // Nobody stays at a mailbox for ever, and no file is forgotten.
        world.until(world.now + Duration::from_secs(7_200));
        for live in &world.calls {
            prop_assert!(live.finished, "{}", world.log);
            let shown = format!("{:?}", live.graph);
            prop_assert!(!shown.contains(PIN));
        }
        while !world.closing.is_empty() {
            world.recorded(5_000);
            believed.read(&world);
        }
        // What was there at first was never begun here.
        believed.begun.extend(KEPT.map(|(_, name)| MessageId(name.into())));
        prop_assert_eq!(believed.known, believed.begun, "{}", world.log);
        prop_assert!(world.states.values().all(|(_, state)| *state == LegState::Gone));
    }
}
