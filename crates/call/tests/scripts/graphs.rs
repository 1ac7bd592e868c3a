//! Random IVR graphs for the properties: every action, any way between them, also to themselves
//! and to IVRs that are not there.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::directory::schedule::{Schedule, Weekday, WeeklyRule};
use model::directory::{
    Accept, AcdStrategy, Assignment, Directory, Ivr, IvrAction, IvrTarget, MailboxId, Menu, Number,
    Queue, Spelling, VoicemailBox, WaitingChoice,
};
use model::{E164, GroupId, IvrId, NumberId, UserId};
use proptest::prelude::*;

/// IVRs of a graph; one more is named that does not exist.
const IVRS: usize = 6;

/// Numbers that enter a graph, at its first IVRs.
pub(crate) const ENTRIES: &[&str] = &["+15550310000", "+15550310001", "+15550310002"];

fn way() -> impl Strategy<Value = Option<IvrId>> {
    prop::option::of((0..=IVRS).prop_map(|n| IvrId::from(format!("ivr-x{n}"))))
}

fn prompt() -> impl Strategy<Value = Option<Arc<str>>> {
    prop::option::of(prop::sample::select(vec!["Hello.", "file.wav", "tone:beep"]))
        .prop_map(|prompt| prompt.map(Arc::from))
}

fn target() -> impl Strategy<Value = Option<IvrTarget>> {
    prop::option::weighted(
        0.9,
        prop_oneof![
            Just(IvrTarget::User(UserId::from("u-eve"))),
            prop::sample::select(vec!["g-sales", "g-supp", "g-none"])
                .prop_map(|group| IvrTarget::Group(GroupId::from(group))),
            Just(IvrTarget::RecordOwner),
            Just(IvrTarget::LastAgent),
            Just(IvrTarget::External("+15557770002".into())),
        ],
    )
}

fn queue() -> impl Strategy<Value = Option<Queue>> {
    let choice = prop_oneof![
        way().prop_map(|way| way.map(WaitingChoice::Ivr)),
        Just(Some(WaitingChoice::Callback)),
    ];
    let key = prop::sample::select("0123456789*#".chars().collect::<Vec<_>>());
    let options = prop::collection::btree_map(key, choice, 0..4);
    let rules = (0u32..3, any::<bool>(), any::<bool>(), -1i16..2);
    let ways = (way(), options, prompt());
    prop::option::of((rules, ways)).prop_map(|queue| {
        let ((max_size, leave_when_empty, say, priority), (overflow, options, message)) = queue?;
        Some(Queue {
            max_size,
            overflow_ivr_id: overflow,
            leave_when_empty,
            say_position: say,
            say_wait: say,
            announce_every_ms: 10_000,
            message,
            options: options.into_iter().filter_map(|(key, way)| Some((key, way?))).collect(),
            priority,
            ..Queue::default()
        })
    })
}

fn menu() -> impl Strategy<Value = (Menu, BTreeMap<char, IvrId>)> {
    let key = prop::sample::select("0123456789*#".chars().collect::<Vec<_>>());
    let options = prop::collection::btree_map(key, way(), 0..6);
    let times = prop_oneof![0u64..10_000, Just(u64::MAX)];
    (times, 0u8..4, any::<bool>(), prompt(), prompt(), way(), options).prop_map(
        |(timeout_ms, max_tries, barge_in, invalid_prompt, timeout_prompt, default, options)| {
            let options = options.into_iter().filter_map(|(key, way)| Some((key, way?))).collect();
            let menu = Menu {
                timeout_ms,
                max_tries,
                barge_in,
                invalid_prompt,
                timeout_prompt,
                default_ivr_id: default,
            };
            (menu, options)
        },
    )
}

fn schedule() -> impl Strategy<Value = Option<Arc<Schedule>>> {
    let zone = prop::sample::select(vec![None, Some("Europe/Berlin"), Some("Nowhere")]);
    let rule = (any::<bool>(), way());
    prop::option::weighted(0.9, (zone, rule, way())).prop_map(|schedule| {
        let (zone, (holds, to), default_ivr_id) = schedule?;
        let (start, end) = if holds { ("00:00", "24:00") } else { ("03:00", "04:00") };
        let rules = to.map(|ivr_id| WeeklyRule {
            name: "rule".into(),
            days: vec![Weekday::Monday],
            start: start.parse().expect("a time"),
            end: end.parse().expect("a time"),
            ivr_id,
        });
        Some(Arc::new(Schedule {
            timezone: zone.map(Arc::from),
            rules: rules.into_iter().collect(),
            holidays: Vec::new(),
            default_ivr_id,
        }))
    })
}

fn spelling() -> impl Strategy<Value = Spelling> {
    let group = prop::sample::select(vec![None, Some("g-sales"), Some("g-none")]);
    (group, 0u8..4, 0u64..8_000).prop_map(|(group, loops, wait_ms)| Spelling {
        group_id: group.map(GroupId::from),
        loops,
        wait_ms,
    })
}

fn voicemail() -> impl Strategy<Value = Option<VoicemailBox>> {
    let mailbox = prop::sample::select(vec![
        MailboxId::User(UserId::from("u-eve")),
        MailboxId::Group(GroupId::from("g-sales")),
        MailboxId::Group(GroupId::from("g-none")),
    ]);
    prop::option::weighted(0.9, mailbox.prop_map(VoicemailBox::of))
}

fn ivr() -> impl Strategy<Value = Ivr> {
    let action = prop::sample::select(vec![
        IvrAction::CallTransfer,
        IvrAction::Menu,
        IvrAction::Menu,
        IvrAction::TimeRouting,
        IvrAction::PlayAndHangup,
        IvrAction::Voicemail,
        IvrAction::PlayDirectory,
    ]);
    let accept = prop::sample::select(vec![None, Some(Accept::Entry), Some(Accept::Answer)]);
    let strategy = prop::option::of(prop::sample::select(vec![
        AcdStrategy::Simulring,
        AcdStrategy::RoundRobin,
        AcdStrategy::Sequential,
    ]));
    let parts = (target(), menu(), schedule(), spelling(), voicemail(), (strategy, queue()));
    (action, accept, prompt(), way(), parts).prop_map(|(action, accept, greeting, next, parts)| {
        let (target, (menu, options), schedule, spelling, voicemail, (strategy, queue)) = parts;
        Ivr {
            greeting_prompt: greeting,
            target,
            strategy,
            queue,
            next_ivr: next,
            options,
            menu,
            schedule,
            voicemail,
            spelling,
            accept,
            ..Ivr::of(IvrId::from("ivr-x"), action)
        }
    })
}

/// A graph of IVRs.
pub(crate) fn graph() -> impl Strategy<Value = Vec<Ivr>> {
    prop::collection::vec(ivr(), IVRS)
}

/// Adds a graph to a directory, and the numbers that enter it.
pub(crate) fn add(directory: &mut Directory, graph: Vec<Ivr>) {
    for (n, mut ivr) in graph.into_iter().enumerate() {
        ivr.id = IvrId::from(format!("ivr-x{n}"));
        if let Some(e164) = ENTRIES.get(n) {
            directory.add_number(Number {
                id: NumberId::from(format!("n-x{n}")),
                e164: E164::parse(e164).expect("a number"),
                assignment: Assignment::Group(GroupId::from("g-supp"), ivr.id.clone()),
                is_default: false,
                missed_call_owner: None,
                missed_call_owner_group: None,
                recording: None,
            });
        }
        directory.add_ivr(ivr);
    }
}
