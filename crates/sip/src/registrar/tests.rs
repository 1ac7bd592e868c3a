//! RFC 3261 10.3 step by step: REGISTER texts in, responses out.

use bytes::Bytes;

use super::*;
use crate::message::Message;

const HOUR: u64 = 3600;

struct Script {
    registrar: Registrar,
    now: Duration,
}

impl Script {
    fn new() -> Script {
        Script { registrar: Registrar::new(RegistrarConfig::default()), now: Duration::ZERO }
    }

    /// Registers at `seconds`; `headers` are the lines that matter.
    fn register(&mut self, seconds: u64, call_id: &str, cseq: u32, headers: &str) -> String {
        self.now = Duration::from_secs(seconds);
        let text = format!(
            "REGISTER sip:tandem.test SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1\n\
             From: <sip:alice@tandem.test>;tag=1\nTo: <sip:%61lice@tandem.test>\n\
             Call-ID: {call_id}\nCSeq: {cseq} REGISTER\n{headers}\n\n"
        );
        let request = request(&text);
        let aor = Registrar::aor_of(&request).unwrap();
        let outcome = self.registrar.register(self.now, &aor, &request, flow(0));
        show(&outcome)
    }
}

fn request(text: &str) -> Request {
    let bytes = Bytes::from(text.replace('\n', "\r\n"));
    match Message::parse_datagram(bytes).unwrap() {
        Message::Request(request) => request,
        Message::Response(_) => unreachable!("a REGISTER is a request"),
    }
}

fn flow(connection: u64) -> Flow {
    Flow {
        connection,
        ..Flow::udp("192.0.2.1:5060".parse().unwrap(), "192.0.2.7:5060".parse().unwrap())
    }
}

fn show(outcome: &RegisterOutcome) -> String {
    let mut lines = vec![outcome.status.to_string()];
    lines.extend(outcome.headers.iter().map(|(name, value)| format!("{name}: {value}")));
    lines.join("\n")
}

#[test]
fn several_contacts_live_side_by_side_and_end_one_by_one() {
    let mut script = Script::new();
    let shown = script.register(
        0,
        "a",
        1,
        "Contact: <sip:alice@192.0.2.7>;expires=60\n\
         Contact: \"Desk\" <sip:alice@192.0.2.8;ob?Route=%3Csip:x%3E>;q=0.5;unknown=1\n\
         Expires: 120",
    );
    insta::assert_snapshot!(shown, @r#"
    200
    Contact: <sip:alice@192.0.2.7>;expires=60
    Contact: <sip:alice@192.0.2.8;ob?Route=%3Csip:x%3E>;q=0.5;unknown=1;expires=120
    "#);
    assert_eq!(script.registrar.next_expiry(), Some(Duration::from_secs(60)));
    let shown = script.register(30, "a", 2, "");
    insta::assert_snapshot!(shown, @r#"
    200
    Contact: <sip:alice@192.0.2.7>;expires=30
    Contact: <sip:alice@192.0.2.8;ob?Route=%3Csip:x%3E>;q=0.5;unknown=1;expires=90
    "#);
    let ended = script.registrar.expire(Duration::from_secs(60));
    assert_eq!(ended.len(), 1);
    let shown = script.register(60, "a", 3, "");
    insta::assert_snapshot!(shown, @r#"
    200
    Contact: <sip:alice@192.0.2.8;ob?Route=%3Csip:x%3E>;q=0.5;unknown=1;expires=60
    "#);
    script.registrar.expire(Duration::from_secs(120));
    assert!(script.registrar.is_empty());
    assert_eq!(script.registrar.next_expiry(), None);
}

#[test]
fn an_equal_uri_refreshes_and_a_different_one_adds() {
    let mut script = Script::new();
    script.register(0, "a", 1, "Contact: <sip:alice@Host.Test;transport=tcp>;expires=600");
    let shown =
        script.register(10, "a", 2, "Contact: <sip:%61lice@host.test;transport=TCP>;expires=600");
    insta::assert_snapshot!(shown, @r#"
    200
    Contact: <sip:%61lice@host.test;transport=TCP>;expires=600
    "#);
    let shown = script.register(20, "a", 3, "Contact: <sip:alice@host.test>;expires=600");
    insta::assert_snapshot!(shown, @r#"
    200
    Contact: <sip:%61lice@host.test;transport=TCP>;expires=590
    Contact: <sip:alice@host.test>;expires=600
    "#);
}

#[test]
fn an_older_request_changes_nothing_at_all() {
    let mut script = Script::new();
    script.register(0, "a", 5, "Contact: <sip:alice@192.0.2.7>");
    // The first Contact alone would be fine; the second makes the whole request fail.
    let shown = script.register(
        1,
        "a",
        4,
        "Contact: <sip:alice@192.0.2.8>\nContact: <sip:alice@192.0.2.7>",
    );
    insta::assert_snapshot!(shown, @"500");
    let shown = script.register(1, "a", 5, "Contact: <sip:alice@192.0.2.7>;expires=0");
    insta::assert_snapshot!(shown, @"500");
    let shown = script.register(2, "a", 3, "Contact: *\nExpires: 0");
    insta::assert_snapshot!(shown, @"500");
    let shown = script.register(3, "b", 1, "");
    insta::assert_snapshot!(shown, @r#"
    200
    Contact: <sip:alice@192.0.2.7>;expires=3597
    "#);
    // Another Call-ID is a phone that started anew: its numbers mean nothing to the old ones.
    let shown = script.register(4, "b", 1, "Contact: <sip:alice@192.0.2.7>;expires=0");
    insta::assert_snapshot!(shown, @"200");
}

#[test]
fn the_star_needs_expires_zero_and_no_company() {
    let mut script = Script::new();
    script.register(0, "a", 1, "Contact: <sip:alice@192.0.2.7>, <sip:alice@192.0.2.8>");
    let shown = script.register(1, "a", 2, "Contact: *");
    insta::assert_snapshot!(shown, @"400");
    let shown = script.register(1, "a", 3, "Contact: *\nExpires: 60");
    insta::assert_snapshot!(shown, @"400");
    let shown = script.register(1, "a", 4, "Contact: *, <sip:alice@192.0.2.8>\nExpires: 0");
    insta::assert_snapshot!(shown, @"400");
    let shown = script.register(1, "a", 5, "Contact: *\nExpires: 0");
    insta::assert_snapshot!(shown, @"200");
}

#[test]
fn times_are_defaulted_bounded_and_refused() {
    let mut script = Script::new();
    let shown = script.register(0, "a", 1, "Contact: <sip:alice@192.0.2.7>");
    insta::assert_snapshot!(shown, @r#"
    200
    Contact: <sip:alice@192.0.2.7>;expires=3600
    "#);
    let shown = script.register(0, "a", 2, "Contact: <sip:alice@192.0.2.7>\nExpires: 999999");
    insta::assert_snapshot!(shown, @r#"
    200
    Contact: <sip:alice@192.0.2.7>;expires=7200
    "#);
    let shown = script.register(0, "a", 3, "Contact: <sip:alice@192.0.2.7>;expires=10");
    insta::assert_snapshot!(shown, @r#"
    423
    Min-Expires: 60
    "#);
    let shown = script.register(0, "a", 4, "Contact: <tel:+15551230000>");
    insta::assert_snapshot!(shown, @"400");
}

#[test]
fn tables_are_bounded() {
    let config = RegistrarConfig { bindings_per_aor: 2, aors: 1, ..RegistrarConfig::default() };
    let mut script = Script { registrar: Registrar::new(config), now: Duration::ZERO };
    script.register(
        0,
        "a",
        1,
        "Contact: <sip:alice@192.0.2.1>;expires=100, <sip:alice@192.0.2.2>;expires=200",
    );
    let shown = script.register(0, "a", 2, "Contact: <sip:alice@192.0.2.3>;expires=60");
    insta::assert_snapshot!(shown, @r#"
    200
    Contact: <sip:alice@192.0.2.2>;expires=200
    Contact: <sip:alice@192.0.2.3>;expires=60
    "#);
    let other = request(
        "REGISTER sip:tandem.test SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1\n\
         From: <sip:bob@tandem.test>;tag=1\nTo: <sip:bob@tandem.test>\nCall-ID: b\n\
         CSeq: 1 REGISTER\nContact: <sip:bob@192.0.2.9>\n\n",
    );
    let outcome = script.registrar.register(script.now, "bob", &other, flow(0));
    insta::assert_snapshot!(show(&outcome), @r#"
    503
    Retry-After: 30
    "#);
    assert!(outcome.changes.is_empty());
}

#[test]
fn a_closed_connection_takes_its_bindings_along() {
    let mut registrar = Registrar::new(RegistrarConfig::default());
    let register = |registrar: &mut Registrar, cseq: u32, contact: &str, connection: u64| {
        let request = request(&format!(
            "REGISTER sip:t SIP/2.0\nVia: SIP/2.0/TCP 192.0.2.7;branch=z9hG4bK1\n\
             From: <sip:a@t>;tag=1\nTo: <sip:a@t>\nCall-ID: a\nCSeq: {cseq} REGISTER\nContact: {contact}\n\n"
        ));
        registrar.register(Duration::ZERO, "a", &request, flow(connection))
    };
    register(&mut registrar, 1, "<sip:a@1.invalid>;+sip.instance=\"<urn:uuid:1>\";reg-id=1", 7);
    // The same instance and reg-id after a new start: the new flow replaces the old one.
    register(&mut registrar, 2, "<sip:a@2.invalid>;+sip.instance=\"<urn:uuid:1>\";reg-id=1", 8);
    register(&mut registrar, 3, "<sip:a@192.0.2.9>", 9);
    assert_eq!(registrar.flow_closed(flow(7)), []);
    assert_eq!(registrar.flow_closed(flow(8)).len(), 1);
    let left: Vec<_> =
        registrar.bindings(Duration::ZERO, "a").map(|it| it.contact.to_string()).collect();
    assert_eq!(left, ["sip:a@192.0.2.9"]);
    let saved: Vec<Binding> = registrar.all().map(|(_, binding)| binding.clone()).collect();
    let mut restored = Registrar::new(RegistrarConfig::default());
    for binding in saved {
        restored.restore("a", binding);
    }
    assert_eq!(restored.next_expiry(), Some(Duration::from_secs(HOUR)));
}
