//! The part of the house that answers by itself: queues, menus, opening hours, names to be spelt,
//! mailboxes; and how its agents are treated.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::directory::schedule::{Schedule, Weekday, WeeklyRule};
use model::directory::{
    AcdStrategy, AfterRoute, AgentRules, AlsoGroup, Assignment, Directory, Group, InboundRoute,
    Ivr, IvrAction, IvrTarget, MailboxId, MailboxSettings, Menu, Queue, RouteStep, SkillNeed,
    Spelling, User, VoicemailBox, WaitingChoice,
};
use model::{GroupId, IvrId};
use sha2::{Digest as _, Sha256};

use crate::setting::{Setting, USERS, group, number};

/// A number whose IVR asks for a digit.
pub(crate) const MENU: &str = "+4930100500";
/// A number whose callers wait for one agent at a time.
pub(crate) const QUEUE: &str = "+4930100600";
/// A number whose callers wait for whoever answers first.
pub(crate) const TOGETHER: &str = "+4930100700";
/// A number that takes messages.
pub(crate) const MAILBOX: &str = "+4930100800";

/// The PIN of every mailbox.
pub(crate) const PIN: &str = "4711";
/// How long who had a call of the desk is left alone, ms.
pub(crate) const WRAP_UP_MS: u64 = 1_500;

/// What only a house with queues has of a user: a mailbox, a skill, his own way to be rung.
pub(crate) fn furnish(user: &mut User, setting: &Setting) {
    if !setting.queues {
        return;
    }
    user.mailbox = Some(mailbox(user.id.as_str()));
    if matches!(user.id.as_str(), "alice" | "bob") {
        user.skills = BTreeMap::from([(Arc::from("german"), 5)]);
    }
    if user.id.as_str() == "erin" {
        let then = [AfterRoute::Voicemail, AfterRoute::HangUp][(setting.seed % 2) as usize];
        let step = |ring_ms| RouteStep { device: None, ring_ms };
        let steps = vec![step(3_000), step(4_000)];
        user.inbound_route = Some(InboundRoute { steps, then, forward_to: None });
    }
}

/// Groups, IVRs and numbers; `members` are those of the other groups too.
pub(crate) fn add(directory: &mut Directory, setting: &Setting, members: &[&str]) {
    for group in groups(setting, members) {
        directory.add_group(group);
    }
    for ivr in ivrs() {
        directory.add_ivr(ivr);
    }
    for (e164, group, ivr) in [
        (MENU, "desk", "ivr-menu"),
        (QUEUE, "desk", "ivr-queue"),
        (TOGETHER, "all", "ivr-together"),
        (MAILBOX, "desk", "ivr-box"),
    ] {
        let assignment = Assignment::Group(GroupId::from(group), IvrId::from(ivr));
        directory.add_number(number(e164, assignment, false));
    }
}

fn groups(setting: &Setting, members: &[&str]) -> [Group; 3] {
    let by_one: Vec<_> = AcdStrategy::ALL
        .iter()
        .copied()
        .filter(|kind| !matches!(kind, AcdStrategy::Single | AcdStrategy::Simulring))
        .collect();
    let strategy = by_one[(setting.seed / 2) as usize % by_one.len()];
    let rules = AgentRules {
        wrap_up_ms: Some(WRAP_UP_MS),
        pause_after_missed: Some(3),
        step_ms: Some(1_000),
        ..AgentRules::default()
    };
    let desk = Group {
        rules: rules.clone(),
        mailbox: Some(mailbox("desk")),
        ..group("desk", strategy, members)
    };
    let all = Group { rules, ..group("all", AcdStrategy::Simulring, &USERS) };
    [desk, all, group("night", AcdStrategy::LongestIdle, &["erin", "alice"])]
}

fn mailbox(owner: &str) -> MailboxSettings {
    let pin = Sha256::digest(format!("{owner}:{PIN}"));
    let hex: String = pin.iter().map(|byte| format!("{byte:02x}")).collect();
    MailboxSettings { pin_sha256: Some(hex.into()), ..MailboxSettings::default() }
}

fn ivrs() -> [Ivr; 6] {
    let of = |id: &str, action| Ivr::of(IvrId::from(id), action);
    let to = |digit, id: &str| (digit, IvrId::from(id));
    let waits = |id: &str, target: &str, queue| Ivr {
        target: Some(IvrTarget::Group(GroupId::from(target))),
        attempt_ring_ms: Some(4_000),
        no_answer_timeout_ms: Some(25_000),
        queue: Some(queue),
        next_ivr: Some(IvrId::from("ivr-box")),
        ..of(id, IvrAction::CallTransfer)
    };
    let menu = Ivr {
        greeting_prompt: Some("Whom do you want?".into()),
        options: BTreeMap::from([
            to('1', "ivr-queue"),
            to('2', "ivr-together"),
            to('3', "ivr-box"),
            to('4', "ivr-hours"),
            to('5', "ivr-names"),
            to('7', "ivr-chain"),
        ]),
        menu: Menu {
            timeout_ms: 3_000,
            max_tries: 2,
            default_ivr_id: Some(IvrId::from("ivr-queue")),
            ..Menu::default()
        },
        ..of("ivr-menu", IvrAction::Menu)
    };
    let spelling = Spelling { group_id: None, loops: 2, wait_ms: 2_000 };
    [
        menu,
        waits("ivr-queue", "desk", one_by_one()),
        waits("ivr-together", "all", Queue { leave_when_empty: true, ..Queue::default() }),
        Ivr { schedule: Some(Arc::new(hours())), ..of("ivr-hours", IvrAction::TimeRouting) },
        Ivr {
            spelling,
            next_ivr: Some(IvrId::from("ivr-box")),
            ..of("ivr-names", IvrAction::PlayDirectory)
        },
        Ivr {
            voicemail: Some(VoicemailBox {
                max_ms: 10_000,
                silence_ms: 3_000,
                ..VoicemailBox::of(MailboxId::Group(GroupId::from("desk")))
            }),
            ..of("ivr-box", IvrAction::Voicemail)
        },
    ]
}

fn one_by_one() -> Queue {
    let away = |id: &str| WaitingChoice::Ivr(IvrId::from(id));
    Queue {
        max_size: 3,
        overflow_ivr_id: Some(IvrId::from("ivr-together")),
        say_position: true,
        say_wait: true,
        announce_every_ms: 7_000,
        message: Some("Please wait.".into()),
        options: BTreeMap::from([
            ('1', away("ivr-box")),
            ('2', WaitingChoice::Callback),
            ('7', away("ivr-robin")),
        ]),
        skills: vec![SkillNeed {
            skill: "german".into(),
            level: 5,
            relax_every_ms: 1_000,
            at_least: 0,
        }],
        also_groups: vec![AlsoGroup { group_id: GroupId::from("night"), after_ms: 4_000 }],
        ..Queue::default()
    }
}

/// The runs begin at eleven in Berlin, and clocks are put forward and back by an hour.
fn hours() -> Schedule {
    let time = |text: &str| text.parse().expect("a time of this file");
    Schedule {
        timezone: Some("Europe/Berlin".into()),
        rules: vec![WeeklyRule {
            name: "morning".into(),
            days: vec![Weekday::Monday],
            start: time("10:30"),
            end: time("11:30"),
            ivr_id: IvrId::from("ivr-together"),
        }],
        holidays: Vec::new(),
        default_ivr_id: Some(IvrId::from("ivr-box")),
    }
}
