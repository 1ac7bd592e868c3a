//! A phone and a server that hands calls on: the server's side is a bare user agent core.

use std::fmt::Write as _;
use std::time::Duration;

use sip::flow::{Flow, TransportKind};
use sip::message::{Body, HeaderName, Message, Method, Replaces, StatusCode};
use sip::user_agent_core::{
    DialogId, ExtraHeader, InviteId, InviteRequest, LocalAddress, OutInviteId, Party, Target,
    UaConfig, UaEvent, UaOutput, UserAgentCore,
};

use super::{config, flow, ms, show};
use crate::{AfterRefer, Behaviour, Dial, Phone, PhoneCallId, PhoneOutput};

/// What the server answers to a session description with.
const SDP: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\n\
                   m=audio 5000 RTP/AVP 0\r\na=sendrecv\r\n";

/// Both ends; nothing takes any time between them.
struct World {
    now: Duration,
    phone: Phone,
    server: UserAgentCore,
    invites: Vec<InviteId>,
    dialogs: Vec<DialogId>,
    early: Option<DialogId>,
    ladder: String,
}

impl World {
    fn new(after: AfterRefer) -> World {
        let mut server = UaConfig::new(
            "tandem.test",
            vec![LocalAddress::new(TransportKind::Udp, flow(1).local)],
        );
        server.allow.push(Method::Update);
        let mut phone = config(0);
        phone.after_refer = after;
        World {
            now: Duration::ZERO,
            phone: Phone::new(phone, 1),
            server: UserAgentCore::new(server, 9),
            invites: Vec::new(),
            dialogs: Vec::new(),
            early: None,
            ladder: String::new(),
        }
    }

    fn phone<R>(
        &mut self,
        action: impl FnOnce(&mut Phone, Duration, &mut Vec<PhoneOutput>) -> R,
    ) -> R {
        let mut out = Vec::new();
        let result = action(&mut self.phone, self.now, &mut out);
        self.told(out);
        result
    }

    fn told(&mut self, outputs: Vec<PhoneOutput>) {
        for output in outputs {
            match output {
                PhoneOutput::Event(event) => self.note(&format!("** {}", show(&event))),
                PhoneOutput::Transmit { bytes, .. } => {
                    self.note(&format!("-> {}", line(&bytes)));
                    let message = Message::parse_datagram(bytes).unwrap();
                    let mut out = Vec::new();
                    self.server.receive(self.now, flow(1), message, &mut out);
                    self.serve(out);
                }
            }
        }
    }

    fn server<R>(
        &mut self,
        action: impl FnOnce(&mut UserAgentCore, Duration, &mut Vec<UaOutput>) -> R,
    ) -> R {
        let mut out = Vec::new();
        let result = action(&mut self.server, self.now, &mut out);
        self.serve(out);
        result
    }

    fn serve(&mut self, outputs: Vec<UaOutput>) {
        for output in outputs {
            match output {
                UaOutput::Transmit { bytes, .. } => {
                    self.note(&format!("<- {}", line(&bytes)));
                    let message = Message::parse_datagram(bytes).unwrap();
                    let mut out = Vec::new();
                    self.phone.receive(self.now, flow(0), message, &mut out);
                    self.told(out);
                }
                UaOutput::Event(UaEvent::Invited { invite, .. }) => self.invites.push(invite),
                UaOutput::Event(UaEvent::Requested { id, request, .. }) => {
                    assert_eq!(*request.method(), Method::Refer);
                    let mut out = Vec::new();
                    self.server.respond(self.now, id, 202, &[], None, &mut out);
                    self.serve(out);
                }
                UaOutput::Event(UaEvent::Progress { dialog, .. }) => self.early = dialog,
                UaOutput::Event(UaEvent::Accepted { dialog, .. }) => self.dialogs.push(dialog),
                UaOutput::Event(_) | UaOutput::Resolve { .. } => {}
            }
        }
    }

    /// The phone calls; the server rings, or accepts.
    fn call(&mut self, number: &str, accept: bool) -> PhoneCallId {
        let call = self.phone(|phone, now, out| phone.call(now, Dial::number(number), out));
        let invite = *self.invites.last().unwrap();
        if accept {
            let body = Body::sdp(SDP);
            let dialog =
                self.server(|core, now, out| core.accept(now, invite, body, &[], out)).unwrap();
            self.dialogs.push(dialog);
        } else {
            self.server(|core, now, out| core.ring(now, invite, 180, None, out));
        }
        call.unwrap()
    }

    /// The server calls the phone.
    fn ring(&mut self) -> OutInviteId {
        let to = Flow { local: flow(1).local, remote: flow(0).local, ..flow(1) };
        let mut request = InviteRequest::new(
            "sip:alice@192.0.2.1",
            Party::named("Bob", "sip:bob@tandem.test"),
            Party::new("sip:alice@tandem.test"),
            Target::Flow(to),
        );
        request.body = Some(Body::sdp(SDP));
        self.server(|core, now, out| core.invite(now, request, out))
    }

    fn in_dialog(&mut self, dialog: DialogId, method: Method, headers: Vec<ExtraHeader>) {
        self.server(|core, now, out| {
            core.request_in_dialog(now, dialog, method, headers, None, out);
        });
    }

    /// How far the transfer is.
    fn notify(&mut self, status: u16, state: &str) {
        let headers = vec![
            (HeaderName::Event, "refer".to_owned()),
            (HeaderName::SubscriptionState, state.to_owned()),
        ];
        let (dialog, body) = (self.dialogs[0], Body::sipfrag(StatusCode::from(status)));
        self.server(|core, now, out| {
            core.request_in_dialog(now, dialog, Method::Notify, headers, Some(body), out);
        });
    }

    fn note(&mut self, text: &str) {
        writeln!(self.ladder, "{:>5} {text}", self.now.as_millis()).unwrap();
    }

    /// The ladder since the last time.
    fn ladder(&mut self) -> String {
        std::mem::take(&mut self.ladder)
    }
}

/// The start line's essence, and what a transfer is told by.
fn line(bytes: &bytes::Bytes) -> String {
    let message = Message::parse_datagram(bytes.clone()).unwrap();
    let mut line = super::summary(bytes);
    for name in [HeaderName::ReferTo, HeaderName::ReferredBy, HeaderName::Replaces] {
        if let Some(value) = message.headers().text(name) {
            write!(line, "\n         {name}: {value}").unwrap();
        }
    }
    line
}

const ACTIVE: &str = "active;expires=60";
const OVER: &str = "terminated;reason=noresource";

#[test]
fn a_call_is_handed_on_and_let_go_when_the_target_has_answered() {
    let mut world = World::new(AfterRefer::HangUpAtEnd);
    let call = world.call("carol", true);
    world.ladder();
    assert!(world.phone(|phone, now, out| phone.refer(now, call, "dave", out)));
    world.notify(100, ACTIVE);
    world.notify(180, ACTIVE);
    world.notify(200, OVER);
    insta::assert_snapshot!(world.ladder(), @r#"
    0 -> REFER 2
         Refer-To: <sip:dave@tandem.test>
         Referred-By: <sip:alice@tandem.test>
    0 <- 202 2 REFER
    0 ** ReferAnswered 202
    0 <- NOTIFY 1 SIP/2.0 100 Trying
    0 -> 200 1 NOTIFY
    0 ** ReferNotified 100
    0 <- NOTIFY 2 SIP/2.0 180 Ringing
    0 -> 200 2 NOTIFY
    0 ** ReferNotified 180
    0 <- NOTIFY 3 SIP/2.0 200 OK
    0 -> 200 3 NOTIFY
    0 ** ReferNotified 200, the last
    0 -> BYE 3
    0 <- 200 3 BYE
    0 ** Ended HungUp
    "#);
}

#[test]
fn a_target_that_declines_leaves_the_call_as_it_is() {
    let mut world = World::new(AfterRefer::HangUpAtEnd);
    let call = world.call("carol", true);
    world.ladder();
    world.phone(|phone, now, out| phone.refer(now, call, "+4989123456", out));
    world.notify(603, OVER);
    insta::assert_snapshot!(world.ladder(), @r#"
    0 -> REFER 2
         Refer-To: <sip:+4989123456@tandem.test>
         Referred-By: <sip:alice@tandem.test>
    0 <- 202 2 REFER
    0 ** ReferAnswered 202
    0 <- NOTIFY 1 SIP/2.0 603 Decline
    0 -> 200 1 NOTIFY
    0 ** ReferNotified 603, the last
    "#);
    assert_eq!(world.phone.calls().count(), 1);
}

/// Teams, and JsSIP#556: the transferor hangs up as soon as its REFER is accepted.
#[test]
fn a_hasty_phone_hangs_up_with_the_202() {
    let mut world = World::new(AfterRefer::HangUpAtOnce);
    let call = world.call("carol", true);
    world.ladder();
    world.phone(|phone, now, out| phone.refer(now, call, "dave", out));
    world.notify(200, OVER);
    insta::assert_snapshot!(world.ladder(), @r#"
    0 -> REFER 2
         Refer-To: <sip:dave@tandem.test>
         Referred-By: <sip:alice@tandem.test>
    0 <- 202 2 REFER
    0 ** ReferAnswered 202
    0 -> BYE 3
    0 <- 200 3 BYE
    0 ** Ended HungUp
    "#);
    assert_eq!(world.phone.calls().count(), 0);
}

/// RFC 5589 7, also while the target only rings: the names are those of the other call's
/// dialog, and `to-tag` is the server's own.
#[test]
fn a_call_is_handed_on_to_another_one() {
    for accepted in [true, false] {
        let mut world = World::new(AfterRefer::HangUpAtEnd);
        let call = world.call("carol", true);
        let other = world.call("dave", accepted);
        let invite = world.invites[1];
        let ours = match world.dialogs.get(1) {
            Some(dialog) => world.server.dialog_name(*dialog).unwrap(),
            None => world.server.invite_name(invite).unwrap(),
        };
        let name = world.phone.dialog_name(other).unwrap();
        assert_eq!((&name.local_tag, &name.remote_tag), (&ours.remote_tag, &ours.local_tag));
        world.ladder();
        assert!(world.phone(|phone, now, out| phone.refer_to_call(now, call, other, out)));
        let ladder = world.ladder();
        let escaped = name.call_id.replace('@', "%40");
        let value = format!(
            "<sip:dave@tandem.test?Replaces={escaped}%3Bto-tag%3D{}%3Bfrom-tag%3D{}>",
            ours.local_tag, ours.remote_tag
        );
        assert!(ladder.contains(&value), "{value}\n{ladder}");
        assert_eq!(world.phone.calls().count(), 2);
    }
}

#[test]
fn what_is_not_there_is_not_handed_on() {
    let mut world = World::new(AfterRefer::Stay);
    let call = world.call("carol", false);
    let other = world.call("dave", true);
    let gone = world.call("erin", true);
    world.phone(|phone, now, out| phone.hang_up(now, gone, out));
    let asked = [
        world.phone(|phone, now, out| phone.refer(now, call, "dave", out)),
        world.phone(|phone, now, out| phone.refer(now, gone, "dave", out)),
        world.phone(|phone, now, out| phone.refer(now, other, "sip:", out)),
        world.phone(|phone, now, out| phone.refer_to_call(now, other, gone, out)),
    ];
    assert_eq!(asked, [false; 4]);
}

#[test]
fn a_place_is_taken_by_replaces() {
    let mut world = World::new(AfterRefer::Stay);
    let replaces = Replaces {
        call_id: "1@h".to_owned(),
        to_tag: "a".to_owned(),
        from_tag: "b".to_owned(),
        early_only: true,
    };
    let dial = Dial::number("bob").replacing(&replaces);
    world.phone(|phone, now, out| phone.call(now, dial, out));
    insta::assert_snapshot!(world.ladder(), @r#"
    0 -> INVITE 1 sendrecv
         Replaces: 1@h;to-tag=a;from-tag=b;early-only
    "#);
}

/// Snom's and Yealink's remote control: `Event: talk` answers what rings.
#[test]
fn a_phone_is_told_to_answer() {
    let mut world = World::new(AfterRefer::Stay);
    world.ring();
    let dialog = world.early.unwrap();
    world.in_dialog(dialog, Method::Notify, vec![(HeaderName::Event, "talk".to_owned())]);
    insta::assert_snapshot!(world.ladder(), @r#"
    0 <- INVITE 1 sendrecv
    0 ** Ringing alice Caller { display: Some("Bob"), number: "bob", asserted: None } None
    0 -> 180 1 INVITE
    0 <- NOTIFY 2
    0 -> 200 2 NOTIFY
    0 -> 200 1 INVITE sendrecv
    0 <- ACK 1
    0 ** media 192.0.2.1:4000 to 192.0.2.2:5000, PCMU, sendrecv
    0 ** Answered
    "#);
}

/// Who the other side is is told by UPDATE, while it rings and later; the same name once more is
/// no news; a method that no phone of ours has gets 405.
#[test]
fn a_phone_is_told_whom_it_talks_to() {
    let mut world = World::new(AfterRefer::Stay);
    world.phone.set_behaviour(Behaviour::AnswerAfter(ms(500)));
    world.ring();
    let dialog = world.early.unwrap();
    let asserted = |name: &str| vec![(HeaderName::PAssertedIdentity, name.to_owned())];
    world.in_dialog(dialog, Method::Update, asserted("\"Carol\" <sip:carol@tandem.test>"));
    world.now = ms(500);
    world.phone(|phone, now, out| phone.timeout(now, out));
    world.ladder();
    world.in_dialog(dialog, Method::Update, asserted("\"Carol\" <sip:carol@tandem.test>"));
    world.in_dialog(dialog, Method::Update, asserted("<sip:%2B4989123456@tandem.test>"));
    world.in_dialog(dialog, Method::Refer, Vec::new());
    insta::assert_snapshot!(world.ladder(), @r#"
    500 <- UPDATE 3
    500 -> 200 3 UPDATE
    500 <- UPDATE 4
    500 -> 200 4 UPDATE
    500 ** Identified None +4989123456
    500 <- REFER 5
    500 -> 405 5 REFER
    "#);
}

#[test]
fn a_lamp_says_what_may_be_picked_up() {
    let body = br#"<?xml version="1.0"?>
        <dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="3" entity="sip:bob@h">
        <dialog id="1" call-id="a&amp;b@h" local-tag="x" remote-tag="y" direction="recipient">
        <state>early</state></dialog>
        <dialog id="2"><state event="cancelled">terminated</state></dialog></dialog-info>"#;
    let dialogs = crate::watched_dialogs(body);
    assert_eq!(dialogs.len(), 1);
    assert_eq!((&*dialogs[0].state, dialogs[0].is_incoming), ("early", true));
    let replaces = dialogs[0].name.replaces(true).to_string();
    assert_eq!(replaces, "a&b@h;to-tag=y;from-tag=x;early-only");
}
