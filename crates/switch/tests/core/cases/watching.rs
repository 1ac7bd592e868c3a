//! What telephones watch: lamps of users and of a key, mailboxes (RFC 6665, RFC 4235, RFC 3842).

use std::time::Duration;

use model::directory::{
    Assignment, Availability, Directory, Group, Ivr, IvrAction, MailboxId, MailboxSettings, Number,
    User,
};
use model::voicemail::{MessageId, VoiceMessage, VoicemailChange};
use model::{CallId, E164, GroupId, IvrId, Millis, NumberId, UserId};
use switch::{Input, Restored};

use crate::house::{ALICE, BOB, House, Sent, TRUNK, config, directory, find};
use crate::phone::{ALICES, BOBS, MEDIA, all, ladder, raw};

/// What a NOTIFY says, on one line.
fn told(notify: &Sent) -> String {
    let state = notify.value("Subscription-State");
    let (_, body) = notify.0.split_once("\r\n\r\n").expect("an end of headers");
    let shown = match notify.value("Content-Type") {
        "application/dialog-info+xml" => lamps(body),
        _ => body.trim_end().replace("\r\n", ", "),
    };
    format!("{} | {state} | {shown}", notify.value("Event"))
}

/// The calls that a document of RFC 4235 names.
fn lamps(document: &str) -> String {
    let info = dialog_info::read(document).expect("a document");
    let dialogs = info.dialogs.iter().map(|dialog| {
        let direction = dialog.direction.as_deref().unwrap_or("-");
        format!("{} {direction} {}", dialog.id, dialog.state)
    });
    let dialogs: Vec<String> = dialogs.collect();
    format!("{} v{} {}: {}", info.entity, info.version, info.state, dialogs.join(", "))
}

fn all_told(sent: &[Sent]) -> String {
    all(sent, "NOTIFY ").iter().map(told).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_lamp_follows_the_calls_of_a_user() {
    let mut house = House::new();
    let (_, sent) = house.watch(BOBS, "alice", "dialog;id=7", "Expires: 600\r\n");
    insta::assert_snapshot!(ladder(&sent), @"
    200 OK SUBSCRIBE
    NOTIFY x
    ");
    assert_eq!(find(&sent, "SIP/2.0 200").value("Expires"), "600");
    let mut lines = vec![all_told(&sent)];
    let notify = find(&sent, "NOTIFY ");
    assert!(house.told(BOBS, &notify).is_empty());
    // The trunk calls her: trying, then early, answered, over.
    let (caller, sent) = house.call("+493012345678", MEDIA);
    lines.push(all_told(&sent));
    let ring = find(&sent, "INVITE ");
    let mut last = find(&sent, "NOTIFY ");
    let sent = house.receive(ALICE, ring.response("180 Ringing", "", "", ""));
    // One is under way: it is told when that is answered.
    assert!(all(&sent, "NOTIFY ").is_empty());
    let sent = house.told(BOBS, &last);
    lines.push(all_told(&sent));
    last = find(&sent, "NOTIFY ");
    house.told(BOBS, &last);
    let (alice, sent) = house.pick_up(ALICES, &ring);
    lines.push(all_told(&sent));
    last = find(&sent, "NOTIFY ");
    house.told(BOBS, &last);
    let sent = house.receive(ALICE, alice.request("BYE", 2, "", "", ""));
    lines.push(all_told(&sent));
    let last = find(&sent, "NOTIFY ");
    assert!(house.told(BOBS, &last).is_empty());
    // She calls somebody.
    let (_, sent) = house.dial(ALICES, "bob");
    lines.push(all_told(&sent));
    insta::assert_snapshot!(lines.join("\n"), @"
    dialog;id=7 | active;expires=600 | sip:alice@pbx.example v0 full: 
    dialog;id=7 | active;expires=599 | sip:alice@pbx.example v1 full: 2 recipient trying
    dialog;id=7 | active;expires=599 | sip:alice@pbx.example v2 full: 2 recipient early
    dialog;id=7 | active;expires=599 | sip:alice@pbx.example v3 full: 2 recipient confirmed
    dialog;id=7 | active;expires=599 | sip:alice@pbx.example v4 full: 2 - terminated
    dialog;id=7 | active;expires=599 | sip:alice@pbx.example v5 full: 3 initiator trying
    ");
    assert!(!caller.call_id.is_empty());
}

#[test]
fn changes_during_one_notify_are_told_once() {
    let mut house = House::new();
    let (_, sent) = house.watch(BOBS, "alice", "dialog", "");
    let first = find(&sent, "NOTIFY ");
    // Three calls come, and one of them goes, before the telephone answers.
    let mut rings = Vec::new();
    for _ in 0..3 {
        let (_, sent) = house.call("+493012345678", MEDIA);
        assert!(all(&sent, "NOTIFY ").is_empty());
        rings.push(find(&sent, "INVITE "));
    }
    let busy = rings[0].response("486 Busy Here", "", "", "");
    assert!(all(&house.receive(ALICE, busy), "NOTIFY ").is_empty());
    let sent = house.told(BOBS, &first);
    let notifies = all(&sent, "NOTIFY ");
    assert_eq!(notifies.len(), 1);
    assert_eq!(told(&notifies[0]).matches("trying").count(), 2);
    let sent = house.told(BOBS, &find(&sent, "NOTIFY "));
    assert!(sent.is_empty(), "everything is told");
}

#[test]
fn the_lamp_of_a_key_is_on_while_its_user_is_away() {
    let mut house = House::new();
    let (_, sent) = house.watch(ALICES, "*10", "dialog", "");
    let mut lines = vec![all_told(&sent)];
    house.told(ALICES, &find(&sent, "NOTIFY "));
    for availability in [Availability::Away, Availability::Busy, Availability::Available] {
        let user = UserId::from("u-alice");
        let sent = house.give(Input::Availability { user, availability, reason: None });
        lines.push(format!("{availability}: {}", all_told(&sent)));
        for notify in all(&sent, "NOTIFY ") {
            house.told(ALICES, &notify);
        }
    }
    // Bob's is another lamp.
    let (_, sent) = house.watch(BOBS, "*10", "dialog", "");
    lines.push(all_told(&sent));
    insta::assert_snapshot!(lines.join("\n"), @"
    dialog | active;expires=3600 | sip:*10@pbx.example v0 full: away - terminated
    away: dialog | active;expires=3599 | sip:*10@pbx.example v1 full: away - confirmed
    busy: 
    available: dialog | active;expires=3599 | sip:*10@pbx.example v2 full: away - terminated
    dialog | active;expires=3600 | sip:*10@pbx.example v0 full: away - terminated
    ");
}

/// Alice has a mailbox, and the group of which only she is a member has one.
fn mailboxes() -> Directory {
    let mut directory = directory();
    let alice = directory.user_by_sip_username("alice").expect("a user").clone();
    directory.add_user(User { mailbox: Some(MailboxSettings::default()), ..alice });
    directory.add_group(Group {
        mailbox: Some(MailboxSettings::default()),
        ..Group::of(GroupId::from("g-box"), "Box".into(), vec![UserId::from("u-alice")])
    });
    directory.add_ivr(Ivr::of(IvrId::from("ivr-box"), IvrAction::PlayAndHangup));
    directory.add_number(Number {
        id: NumberId::from("n-box"),
        e164: E164::parse("+493012345609").expect("a number"),
        assignment: Assignment::Group(GroupId::from("g-box"), IvrId::from("ivr-box")),
        is_default: true,
        missed_call_owner: None,
        missed_call_owner_group: None,
        recording: None,
    });
    directory
}

fn message(number: u8, mailbox: MailboxId) -> VoiceMessage {
    VoiceMessage {
        id: MessageId(format!("m-{number}").into()),
        mailbox,
        call: CallId::from("call"),
        from: None,
        from_name: None,
        at: Millis(i64::from(number)),
        file: "file".into(),
        duration_ms: 5_000,
        heard: false,
    }
}

#[test]
fn a_telephone_knows_how_many_messages_wait() {
    let own = MailboxId::User(UserId::from("u-alice"));
    let group = MailboxId::Group(GroupId::from("g-box"));
    let restored = Restored { messages: vec![message(1, own.clone())], ..Restored::default() };
    let mut house = House::of(config(call::Settings::default()), mailboxes(), restored);
    let mut lines = Vec::new();
    for what in ["alice", "*97", "+493012345609"] {
        let (_, sent) = house.watch(ALICES, what, "message-summary", "Expires: 3600\r\n");
        lines.push(all_told(&sent));
        house.told(ALICES, &find(&sent, "NOTIFY "));
    }
    let heard = VoicemailChange::Heard {
        id: MessageId("m-1".into()),
        mailbox: own.clone(),
        by: UserId::from("u-alice"),
        at: Millis(9),
    };
    for change in [heard, VoicemailChange::Left(message(2, group))] {
        let sent = house.give(Input::Mailbox(change));
        lines.push(all_told(&sent));
        for notify in all(&sent, "NOTIFY ") {
            house.told(ALICES, &notify);
        }
    }
    assert_eq!(house.messages.len(), 2);
    // Nothing has changed: nothing is told and nothing is kept.
    let again = VoicemailChange::Left(message(1, own));
    assert!(house.give(Input::Mailbox(again)).is_empty());
    assert_eq!(house.messages.len(), 2);
    insta::assert_snapshot!(lines.join("\n"), @"
    message-summary | active;expires=3600 | Messages-Waiting: yes, Message-Account: sip:*97@pbx.example, Voice-Message: 1/0 (0/0)
    message-summary | active;expires=3600 | Messages-Waiting: yes, Message-Account: sip:*97@pbx.example, Voice-Message: 1/0 (0/0)
    message-summary | active;expires=3600 | Messages-Waiting: no, Message-Account: sip:+493012345609@pbx.example, Voice-Message: 0/0 (0/0)
    message-summary | active;expires=3599 | Messages-Waiting: no, Message-Account: sip:*97@pbx.example, Voice-Message: 0/1 (0/0)
    message-summary | active;expires=3599 | Messages-Waiting: no, Message-Account: sip:*97@pbx.example, Voice-Message: 0/1 (0/0)
    message-summary | active;expires=3599 | Messages-Waiting: yes, Message-Account: sip:+493012345609@pbx.example, Voice-Message: 1/0 (0/0)
    ");
    for notify in lines.iter().flat_map(|line| line.split('\n')) {
        let body = notify.rsplit(" | ").next().unwrap_or_default().replace(", ", "\r\n");
        summary::read(&format!("{body}\r\n")).expect("a document of RFC 3842");
    }
}

#[test]
fn a_mailbox_is_watched_by_its_owner_and_by_members_only() {
    let mut house = House::of(config(call::Settings::default()), mailboxes(), Restored::default());
    let status = |house: &mut House, what: &str| {
        let (_, sent) = house.watch(BOBS, what, "message-summary", "");
        find(&sent, "SIP/2.0 ").status()
    };
    assert_eq!(status(&mut house, "alice"), 403);
    assert_eq!(status(&mut house, "+493012345609"), 403);
    // Bob has no mailbox.
    assert_eq!(status(&mut house, "bob"), 404);
    assert_eq!(status(&mut house, "*97"), 404);
    assert_eq!(status(&mut house, "nobody"), 404);
    assert_eq!(house.switch.counters().subscriptions["message-summary"], 0);
}

#[test]
fn a_subscription_is_refreshed_ends_when_wanted_and_by_itself() {
    let mut house = House::new();
    let (dialog, sent) = house.watch(BOBS, "alice", "dialog", "Expires: 60\r\n");
    house.told(BOBS, &find(&sent, "NOTIFY "));
    let refresh = "Event: dialog\r\nExpires: 120\r\n";
    let sent = house.signed(BOBS, &dialog, "SUBSCRIBE", refresh);
    let mut lines = vec![all_told(&sent)];
    assert_eq!(find(&sent, "SIP/2.0 ").value("Expires"), "120");
    house.told(BOBS, &find(&sent, "NOTIFY "));
    let sent = house.signed(BOBS, &dialog, "SUBSCRIBE", "Event: dialog\r\nExpires: 0\r\n");
    lines.push(all_told(&sent));
    house.told(BOBS, &find(&sent, "NOTIFY "));
    let sent = house.signed(BOBS, &dialog, "SUBSCRIBE", refresh);
    assert_eq!(find(&sent, "SIP/2.0 ").status(), 481);
    // One that nobody refreshes.
    let (_, sent) = house.watch(BOBS, "alice", "dialog", "Expires: 60\r\n");
    house.told(BOBS, &find(&sent, "NOTIFY "));
    let sent = house.wait(Duration::from_secs(61));
    lines.push(all_told(&all(&sent, "NOTIFY ")[..1]));
    // A look, and no subscription.
    let (_, sent) = house.watch(BOBS, "alice", "dialog", "Expires: 0\r\n");
    assert_eq!(find(&sent, "SIP/2.0 200").value("Expires"), "0");
    lines.push(all_told(&sent));
    insta::assert_snapshot!(lines.join("\n"), @"
    dialog | active;expires=120 | sip:alice@pbx.example v1 full: 
    dialog | terminated;reason=timeout | sip:alice@pbx.example v2 full: 
    dialog | terminated;reason=timeout | sip:alice@pbx.example v1 full: 
    dialog | terminated;reason=timeout | sip:alice@pbx.example v0 full:
    ");
    assert_eq!(house.switch.counters().subscriptions["dialog"], 0);
    house.wait(Duration::from_secs(64));
    assert!(house.switch.is_calm());
}

#[test]
fn a_telephone_that_forgot_or_does_not_answer_ends_its_subscription() {
    let mut house = House::new();
    let subscriptions = |house: &House| house.switch.counters().subscriptions["dialog"];
    let (_, sent) = house.watch(BOBS, "alice", "dialog", "");
    let forgot = find(&sent, "NOTIFY ").response("481 Unknown", "", "", "");
    assert!(house.receive(BOB, forgot).is_empty());
    assert_eq!(subscriptions(&house), 0);
    // It will not, without saying when: over. Not now: again after a while.
    let (_, sent) = house.watch(BOBS, "alice", "dialog", "");
    house.receive(BOB, find(&sent, "NOTIFY ").response("500 No", "", "", ""));
    assert_eq!(subscriptions(&house), 0);
    let (_, sent) = house.watch(BOBS, "alice", "dialog", "");
    let later = find(&sent, "NOTIFY ").response("503 Later", "Retry-After: 5\r\n", "", "");
    house.receive(BOB, later);
    assert_eq!(subscriptions(&house), 1);
    let (_, sent) = house.call("+493012345678", MEDIA);
    assert!(all(&sent, "NOTIFY ").is_empty());
    let sent = house.wait(Duration::from_secs(5));
    let again = all(&sent, "NOTIFY ");
    assert!(told(&again[0]).contains("trying"), "{}", told(&again[0]));
    // Nobody answers that one.
    house.wait(Duration::from_secs(64));
    assert_eq!(subscriptions(&house), 0);
    assert_eq!(house.switch.counters().notifies[&408], 1);
}

#[test]
fn what_is_no_good_subscription_is_refused() {
    let mut house = House::new();
    let mut status = |what: &str, event: &str, more: &str| house.watch_status(what, event, more);
    assert_eq!(status("bob", "presence", ""), 489);
    assert_eq!(status("bob", "", ""), 489);
    assert_eq!(status("bob", "dialog", "Event: dialog\r\n"), 400);
    assert_eq!(status("bob", "dialog;id=a b", ""), 400);
    assert_eq!(status("bob", &format!("dialog;id={}", "x".repeat(65)), ""), 400);
    assert_eq!(status("bob", "dialog", "Accept: application/pidf+xml\r\n"), 406);
    assert_eq!(status("bob", "dialog", "Accept: application/dialog-info+xml\r\n"), 200);
    assert_eq!(status("bob", "dialog", "Expires: 30\r\n"), 423);
    assert_eq!(status("bob", "dialog", "Expires: soon\r\n"), 400);
    assert_eq!(status("nobody", "dialog", ""), 404);
    assert_eq!(status("*11", "dialog", ""), 404);
    let uri = "sip:bob@elsewhere.example";
    let asked =
        crate::phone::Request { method: "SUBSCRIBE", uri, more: "Event: dialog\r\n", body: "" };
    let (_, sent) = house.outside(ALICES, &asked);
    assert_eq!(find(&sent, "SIP/2.0 ").status(), 404);
    let (_, sent) = house.watch(ALICES, "bob", "presence", "");
    assert_eq!(find(&sent, "SIP/2.0 ").value("Allow-Events"), "dialog, message-summary");
    let (_, sent) = house.watch(ALICES, "bob", "dialog", "Expires: 59\r\n");
    assert_eq!(find(&sent, "SIP/2.0 ").value("Min-Expires"), "60");
}

#[test]
fn strangers_and_trunks_watch_nothing() {
    let mut house = House::new();
    let ask = |house: &mut House, at: &str, from: &str| {
        let number = house.count();
        let more = "Event: dialog\r\nContact: <sip:x@192.0.2.9>\r\n";
        let text = raw(ALICES, number, "SUBSCRIBE", "sip:alice@pbx.example", more)
            .replace("<sip:alice@pbx.example>;tag", &format!("<{from}>;tag"))
            .replace(ALICE, at);
        find(&house.receive(at, text), "SIP/2.0 ").status()
    };
    assert_eq!(ask(&mut house, TRUNK, "sip:198.51.100.1"), 403);
    assert_eq!(ask(&mut house, "192.0.2.77:5060", "sip:eve@evil.example"), 401);
    // Credentials of another than who asks.
    let uri = "sip:alice@pbx.example";
    let number = house.count();
    let text =
        raw(BOBS, number, "SUBSCRIBE", uri, "Event: dialog\r\nContact: <sip:b@192.0.2.9>\r\n");
    let challenged = find(&house.receive(BOB, text.clone()), "SIP/2.0 401");
    let method = sip::message::Method::Subscribe;
    let line = crate::house::authorization(&challenged, "alice", &method, uri);
    let text = text.replace("-raw", "-again").replace("CSeq: 1 ", &format!("{line}CSeq: 2 "));
    assert_eq!(find(&house.receive(BOB, text), "SIP/2.0 ").status(), 403);
    assert_eq!(house.switch.counters().subscriptions["dialog"], 0);
}

#[test]
fn subscriptions_are_limited_for_a_user_and_in_all() {
    let mut limited = config(call::Settings::default());
    limited.limits.subscriptions_per_user = 2;
    limited.limits.subscriptions = 3;
    let mut house = House::of(limited, directory(), Restored::default());
    let statuses: Vec<u16> = (0..3).map(|_| house.watch_status("bob", "dialog", "")).collect();
    assert_eq!(statuses, [200, 200, 403]);
    let (_, sent) = house.watch(BOBS, "alice", "dialog", "");
    assert_eq!(find(&sent, "SIP/2.0 ").status(), 200);
    let (_, sent) = house.watch(BOBS, "alice", "dialog", "");
    let refused = find(&sent, "SIP/2.0 ");
    assert_eq!((refused.status(), refused.value("Retry-After")), (503, "5"));
    let overload = house.switch.counters().overload;
    assert_eq!((overload["subscriptions"], overload["subscriptions of a user"]), (1, 1));
    // Draining, too.
    house.give(Input::Drain);
    assert_eq!(house.watch_status("bob", "dialog", ""), 503);
}

#[test]
fn who_is_gone_is_watched_no_more_and_watches_no_more() {
    let mut house = House::new();
    let (_, sent) = house.watch(BOBS, "alice", "dialog", "");
    house.told(BOBS, &find(&sent, "NOTIFY "));
    let (_, sent) = house.watch(ALICES, "bob", "dialog", "");
    house.told(ALICES, &find(&sent, "NOTIFY "));
    let mut smaller = Directory::new();
    let bob = directory().user_by_sip_username("bob").expect("a user").clone();
    smaller.add_user(bob);
    let sent = house.give(Input::Directory(std::sync::Arc::new(smaller)));
    insta::assert_snapshot!(all_told(&sent), @"
    dialog | terminated;reason=noresource | 
    dialog | terminated;reason=rejected |
    ");
    assert_eq!(house.switch.counters().subscriptions["dialog"], 0);
}

#[test]
fn a_server_that_stops_ends_subscriptions() {
    let mut house = House::new();
    let (_, sent) = house.watch(BOBS, "alice", "dialog", "");
    // One that waits for an answer ends once it has it.
    let (_, more) = house.watch(ALICES, "bob", "dialog", "");
    house.told(BOBS, &find(&sent, "NOTIFY "));
    let sent = house.give(Input::Release);
    insta::assert_snapshot!(all_told(&sent).replace(" | ", "\n"), @"
    dialog
    terminated;reason=probation;retry-after=5
    sip:alice@pbx.example v1 full:
    ");
    let sent = house.told(ALICES, &find(&more, "NOTIFY "));
    insta::assert_snapshot!(all_told(&sent).replace(" | ", "\n"), @"
    dialog
    terminated;reason=probation;retry-after=5
    sip:bob@pbx.example v1 full:
    ");
    house.wait(Duration::from_secs(64));
    assert!(house.switch.is_calm());
}

#[test]
fn a_subscription_goes_with_its_connection() {
    use bytes::Bytes;
    use sip::flow::{Flow, TransportKind};
    use sip::message::Message;
    use sip::user_agent_core::LocalAddress;
    let mut config = config(call::Settings::default());
    let tcp = config.sip.local[0].bind;
    config.sip.local.push(LocalAddress::new(TransportKind::Tcp, tcp));
    let mut house = House::of(config, directory(), Restored::default());
    let flow = Flow { transport: TransportKind::Tcp, connection: 4, ..crate::house::flow(ALICE) };
    let receive = |house: &mut House, text: String| {
        let message = Message::parse_datagram(Bytes::from(text)).expect("a message");
        house.give(Input::Sip { flow, message })
    };
    let uri = "sip:bob@pbx.example";
    let more = "Event: dialog\r\nContact: <sip:alice@10.0.0.9;transport=tcp>\r\n";
    let text = raw(ALICES, 1, "SUBSCRIBE", uri, more).replace("/UDP", "/TCP");
    let challenged = find(&receive(&mut house, text.clone()), "SIP/2.0 401");
    let method = sip::message::Method::Subscribe;
    let line = crate::house::authorization(&challenged, "alice", &method, uri);
    let text = text.replace("-raw1", "-raw2").replace("CSeq: 1 ", &format!("{line}CSeq: 2 "));
    let sent = receive(&mut house, text);
    assert_eq!(ladder(&sent), "200 OK SUBSCRIBE\nNOTIFY alice");
    assert_eq!(house.switch.counters().subscriptions["dialog"], 1);
    assert!(house.give(Input::SipFailed { flow }).is_empty());
    assert_eq!(house.switch.counters().subscriptions["dialog"], 0);
}

/// A reader of RFC 4235's documents, to see that ours and the RFC's own say the same to it.
mod dialog_info {
    #[derive(Debug)]
    pub(super) struct Info {
        pub(super) entity: String,
        pub(super) version: u32,
        pub(super) state: String,
        pub(super) dialogs: Vec<Dialog>,
    }

    #[derive(Debug)]
    pub(super) struct Dialog {
        pub(super) id: String,
        pub(super) direction: Option<String>,
        pub(super) state: String,
    }

    pub(super) fn read(document: &str) -> Option<Info> {
        let document = document.strip_prefix("<?xml version=\"1.0\"?>")?.trim();
        let (head, rest) = document.strip_prefix("<dialog-info ")?.split_once('>')?;
        attribute(head, "xmlns").filter(|it| it == "urn:ietf:params:xml:ns:dialog-info")?;
        let mut rest = rest.trim().strip_suffix("</dialog-info>")?.trim();
        let mut dialogs = Vec::new();
        while !rest.is_empty() {
            let (tag, inside) = rest.strip_prefix("<dialog ")?.split_once('>')?;
            let (inside, after) = inside.split_once("</dialog>")?;
            let (_, state) = inside.split_once("<state")?;
            let (_, state) = state.split_once('>')?;
            let (state, _) = state.split_once("</state>")?;
            let known = ["trying", "proceeding", "early", "confirmed", "terminated"];
            known.contains(&state).then_some(())?;
            let direction = attribute(tag, "direction");
            let ways = ["initiator", "recipient"];
            direction.as_deref().is_none_or(|it| ways.contains(&it)).then_some(())?;
            let id = attribute(tag, "id")?;
            dialogs.push(Dialog { id, direction, state: state.to_owned() });
            rest = after.trim();
        }
        Some(Info {
            entity: attribute(head, "entity")?,
            version: attribute(head, "version")?.parse().ok()?,
            state: attribute(head, "state").filter(|it| it == "full" || it == "partial")?,
            dialogs,
        })
    }

    fn attribute(tag: &str, name: &str) -> Option<String> {
        let (_, rest) = tag.split_once(&format!("{name}=\""))?;
        rest.split_once('"').map(|(value, _)| value.to_owned())
    }
}

/// A reader of RFC 3842's documents (§5.2).
mod summary {
    #[derive(Debug, PartialEq, Eq)]
    pub(super) struct Summary {
        pub(super) waiting: bool,
        pub(super) account: Option<String>,
        pub(super) voice: Option<(u32, u32)>,
    }

    pub(super) fn read(document: &str) -> Option<Summary> {
        let mut lines = document.split("\r\n");
        let waiting = match value(lines.next()?, "Messages-Waiting")? {
            "yes" => true,
            "no" => false,
            _ => return None,
        };
        let mut summary = Summary { waiting, account: None, voice: None };
        for line in lines.by_ref().take_while(|line| !line.is_empty()) {
            if let Some(account) = value(line, "Message-Account") {
                summary.account = Some(account.to_owned());
            } else if let Some(counts) = value(line, "Voice-Message") {
                let counts = counts.split(' ').next()?;
                let (new, old) = counts.split_once('/')?;
                summary.voice = Some((new.parse().ok()?, old.parse().ok()?));
            }
        }
        Some(summary)
    }

    fn value<'a>(line: &'a str, name: &str) -> Option<&'a str> {
        let (found, value) = line.split_once(':')?;
        found.trim().eq_ignore_ascii_case(name).then(|| value.trim())
    }
}

/// RFC 4235 §4.1.2 and §6.1.
#[test]
fn the_documents_of_the_rfc_read_as_ours() {
    let document = "<?xml version=\"1.0\"?>\n\
        <dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\"\n\
                     version=\"1\"\n\
                     state=\"full\"\n\
                     entity=\"sip:alice@example.com\">\n\
          <dialog id=\"as7d900as8\" call-id=\"a84b4c76e66710\"\n\
                  local-tag=\"1928301774\" remote-tag=\"456887766\"\n\
                  direction=\"initiator\">\n\
            <state>early</state>\n\
          </dialog>\n\
        </dialog-info>\n";
    assert_eq!(lamps(document), "sip:alice@example.com v1 full: as7d900as8 initiator early");
    // RFC 3842 §5.3 (the header of the e-mail that it is about is left to others).
    let document = "Messages-Waiting: yes\r\n\
        Message-Account: sip:alice@vmail.example.com\r\n\
        Voice-Message: 4/8 (1/2)\r\n";
    let read = summary::read(document).expect("a document");
    assert_eq!((read.waiting, read.voice), (true, Some((4, 8))));
    assert_eq!(read.account.as_deref(), Some("sip:alice@vmail.example.com"));
}
