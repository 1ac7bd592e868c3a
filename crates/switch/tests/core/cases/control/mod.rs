//! Call control: transfers by REFER, lines that become one call, codes and orders. The office has a
//! third user, and all are in one group.

mod attended;
mod by_code;
mod identity;
mod into_ivr;
mod ordered;
mod random;
mod refer;
mod replacing;

use std::sync::Arc;
use std::time::Duration;

use model::call_graph::CallEvent;
use model::directory::{Assignment, Directory, Group, Number, User};
use model::{E164, GroupId, NumberId, UserId};
use sip::auth::{Algorithm, ha1};
use switch::{Location, Restored};

use crate::house::{Dialog, House, Sent, binding, config, directory, find, now};
use crate::phone::{MEDIA, Phone, ladder};

pub(crate) const CAROL: &str = "203.0.113.9:5060";
pub(crate) const DORA: &str = "203.0.113.10:5060";
pub(crate) const DORAS: Phone = Phone { user: "dora", at: DORA };
pub(crate) const CAROLS: Phone = Phone { user: "carol", at: CAROL };

/// Carol may listen to others.
fn office() -> House {
    let mut directory: Directory = directory();
    let hash = |algorithm| Some(Arc::from(ha1(algorithm, "carol", "pbx.example", "secret").hex()));
    let carol = UserId::from("u-carol");
    directory.add_user(User {
        ha1_md5: hash(Algorithm::Md5),
        ha1_sha256: hash(Algorithm::Sha256),
        roles: [Arc::from("supervisor")].into(),
        ..User::named(carol.clone(), "Carol".into(), "carol".into())
    });
    directory.add_number(Number {
        id: NumberId::from("n-carol"),
        e164: E164::parse("+493012345670").expect("a number"),
        assignment: Assignment::User(carol.clone()),
        is_default: true,
        missed_call_owner: None,
        missed_call_owner_group: None,
        recording: None,
    });
    // Dora has no number, and no password.
    directory.add_user(User::named(UserId::from("u-dora"), "Dora".into(), "dora".into()));
    let members = vec![UserId::from("u-bob"), carol];
    directory.add_group(Group::of(GroupId::from("g-desk"), "Desk".into(), members));
    let until = now(Duration::from_secs(1_000_000)).wall;
    let locations = [("carol", CAROL), ("dora", DORA)].map(|(name, at)| Location {
        aor: name.into(),
        bindings: vec![(binding(name, at), until)],
    });
    let restored = Restored { locations: locations.into(), ..Restored::default() };
    House::of(config(call::Settings::default()), directory, restored)
}

/// First lines, with what a NOTIFY says of a transfer.
fn told(sent: &[Sent]) -> String {
    let line = |sent: &Sent| {
        let first = ladder(std::slice::from_ref(sent));
        let body = sent.0.split_once("\r\n\r\n").map_or("", |(_, body)| body.trim_end());
        if sent.0.starts_with("NOTIFY ") {
            let event = sent.value("Event");
            let state = sent.value("Subscription-State");
            let state = state.split(';').next().unwrap_or_default();
            format!("{first} {event} {state} {}", body.trim_start_matches("SIP/2.0 "))
                .trim_end()
                .to_owned()
        } else {
            first
        }
    };
    sent.iter().map(line).collect::<Vec<_>>().join("\n")
}

impl House {
    /// A user asks for a transfer; returns what the core sends.
    fn refer(&mut self, dialog: &Dialog, to: &str, more: &str) -> Vec<Sent> {
        let cseq = 10 + self.count();
        let more = format!("Refer-To: {to}\r\nReferred-By: <sip:x@pbx.example>\r\n{more}");
        self.receive(dialog.at, dialog.request("REFER", cseq, &more, "", ""))
    }

    /// A user puts a call on hold.
    fn hold(&mut self, dialog: &Dialog) {
        let held = MEDIA.to_owned() + "a=sendonly\r\n";
        let body = crate::house::description(50_000, &held);
        let answer = self.ask(dialog, "INVITE", "", "application/sdp", &body);
        assert_eq!(answer.status(), 200);
    }

    /// A telephone takes the re-INVITE that is among these.
    fn agrees(&mut self, who: Phone, sent: &[Sent]) {
        let asked = find(sent, &format!("INVITE sip:{}@{}", who.user, who.at));
        let contact = format!("Contact: <sip:{}@{}>\r\n", who.user, who.at);
        let body = crate::house::description(50_000, MEDIA);
        let answer = asked.response("200 OK", &contact, "application/sdp", &body);
        let sent = self.receive(who.at, answer);
        assert!(sent.iter().any(|sent| sent.0.starts_with("ACK ")), "{sent:#?}");
    }

    /// A telephone answers the NOTIFY that is among these, and those that follow; returns all that
    /// the core sends on the way.
    fn all_told(&mut self, who: Phone, sent: &[Sent]) -> Vec<Sent> {
        let mut heard: Vec<Sent> = Vec::new();
        let mut next: Option<Sent> =
            sent.iter().find(|sent| sent.0.starts_with("NOTIFY ")).cloned();
        while let Some(notify) = next {
            let answer = self.told(who, &notify);
            next = answer.iter().find(|sent| sent.0.starts_with("NOTIFY ")).cloned();
            heard.extend(answer);
        }
        heard
    }

    /// A user has dialled somebody, who has answered; returns both their dialogs.
    fn line(&mut self, from: Phone, to: Phone) -> (Dialog, Dialog) {
        let (caller, sent) = self.dial(from, to.user);
        let ring = find(&sent, "INVITE ");
        let (callee, sent) = self.pick_up(to, &ring);
        let accepted = find(&sent, "SIP/2.0 200");
        let caller = Dialog {
            to: accepted.value("To").to_owned(),
            target: accepted.value("Contact").trim_matches(['<', '>']).to_owned(),
            ..caller
        };
        self.receive(from.at, caller.request("ACK", 2, "", "", ""));
        (caller, callee)
    }

    /// The words of the log, in order, of all calls.
    fn kinds(&self) -> String {
        let name = |event: &CallEvent| {
            let text = format!("{event:?}");
            let end = text.find([' ', '(', '{']).unwrap_or(text.len());
            text[..end].to_owned()
        };
        let kinds = self.records.iter().map(|recorded| name(&recorded.event));
        let dull = ["Explained", "Decided", "RoutingDecided"];
        kinds.filter(|kind| !dull.contains(&kind.as_str())).collect::<Vec<_>>().join("\n")
    }

    /// Everybody hangs up who still can, and nothing remains.
    fn ends(&mut self, dialogs: &[&Dialog]) {
        for dialog in dialogs {
            let cseq = 900 + self.count();
            self.receive(dialog.at, dialog.request("BYE", cseq, "", "", ""));
        }
        self.wait(Duration::from_secs(200));
        assert!(self.switch.is_calm(), "{:?}", self.switch.counters());
    }
}

/// Refer-To of a line that the same telephone has.
fn instead_of(line: &Dialog) -> String {
    let tag = |value: &str| value.rsplit_once(";tag=").map(|(_, tag)| tag.to_owned());
    let (ours, its) = (tag(&line.to).expect("a tag"), tag(&line.from).expect("a tag"));
    let call_id = &line.call_id;
    format!("<sip:x@192.0.2.1:5060?Replaces={call_id}%3Bto-tag%3D{ours}%3Bfrom-tag%3D{its}>")
}

/// The Replaces of an INVITE that takes the place of a telephone's line, as that telephone's
/// dialog-info names it.
fn in_place_of(line: &Dialog) -> String {
    let tag = |value: &str| value.rsplit_once(";tag=").map(|(_, tag)| tag.to_owned());
    let (ours, its) = (tag(&line.to).expect("a tag"), tag(&line.from).expect("a tag"));
    format!("Replaces: {};to-tag={its};from-tag={ours}\r\n", line.call_id)
}
