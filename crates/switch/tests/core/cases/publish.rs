//! Reports that telephones publish of a call's quality (RFC 3903, RFC 6035).

use sip::message::Method;

use crate::house::{ALICE, House, Sent, TRUNK, authorization, find, with_body};

const KIND: &str = "application/vq-rtcpxr";
const EVENT: &str = "Event: vq-rtcpxr\r\n";

fn report(sip_call_id: &str) -> String {
    format!(
        "VQSessionReport: CallTerm\r\n\
         CallID: {sip_call_id}\r\n\
         LocalMetrics:\r\n\
         PacketLoss:NLR=5.0 JDR=2.0\r\n\
         Delay:RTD=200 IAJ=10\r\n\
         QualityEst:MOSLQ=4.2 MOSCQ=3.9\r\n"
    )
}

fn publish(house: &mut House, at: &str, from: &str, more: &str, kind: &str, body: &str) -> Sent {
    let number = house.count();
    let request = format!(
        "PUBLISH sip:collector@pbx.example SIP/2.0\r\n\
         Via: SIP/2.0/UDP {at};branch=z9hG4bK-p{number};rport\r\n\
         Max-Forwards: 70\r\n\
         From: <{from}>;tag=p{number}\r\n\
         To: <sip:collector@pbx.example>\r\n\
         Call-ID: publish-{number}\r\n\
         CSeq: 1 PUBLISH\r\n{more}{}",
        with_body(kind, body)
    );
    let sent = house.receive(at, request);
    find(&sent, "SIP/2.0 ")
}

const TRUNKS: &str = "sip:198.51.100.1";

#[test]
fn a_user_is_challenged_and_his_report_belongs_to_the_call_even_after_its_end() {
    let mut house = House::new();
    let (caller, callee) = house.talking();
    let body = report(&callee.call_id);
    let alice = "sip:alice@pbx.example";
    let challenged = publish(&mut house, ALICE, alice, EVENT, KIND, &body);
    assert_eq!(challenged.status(), 401);
    assert!(house.reports.is_empty());
    let line = authorization(&challenged, "alice", &Method::Publish, "sip:collector@pbx.example");
    assert_eq!(house.ask(&caller, "BYE", "", "", "").status(), 200);
    let headers = format!("{EVENT}{line}Expires: 60\r\n");
    let accepted = publish(&mut house, ALICE, alice, &headers, KIND, &body);
    assert_eq!(accepted.status(), 200);
    assert_eq!(accepted.value("Expires"), "60");
    assert!(!accepted.value("SIP-ETag").is_empty());
    let [report] = &house.reports[..] else { panic!("{:?}", house.reports) };
    let call = &house.records[0].call;
    assert_eq!(report.call.as_ref(), Some(call));
    assert_eq!(report.user.as_ref().map(|user| user.as_str()), Some("u-alice"));
    assert_eq!(*report.sip_call_id, *callee.call_id);
    assert_eq!(&*report.kind, "session");
    let figures = [
        report.loss_percent,
        report.discard_percent,
        report.rtt_ms,
        report.jitter_ms,
        report.mos_lq,
        report.mos_cq,
    ];
    assert_eq!(figures, [5.0, 2.0, 200.0, 10.0, 4.2, 3.9].map(Some));
    assert_eq!(*report.body, *body);
}

#[test]
fn a_trunk_reports_without_a_password_and_of_calls_that_nobody_knows() {
    let mut house = House::new();
    let accepted = publish(&mut house, TRUNK, TRUNKS, EVENT, KIND, &report("unknown"));
    assert_eq!(accepted.status(), 200);
    let [report] = &house.reports[..] else { panic!("{:?}", house.reports) };
    assert_eq!((report.call.as_ref(), report.user.as_ref()), (None, None));
}

#[test]
fn what_is_no_report_is_refused() {
    let mut house = House::new();
    let body = report("x");
    let mut refused =
        |more: &str, kind: &str, body: &str| publish(&mut house, TRUNK, TRUNKS, more, kind, body);
    let bad = refused("Event: presence\r\n", KIND, &body);
    assert_eq!((bad.status(), bad.value("Allow-Events")), (489, "vq-rtcpxr"));
    assert_eq!(refused("", KIND, &body).status(), 489);
    let bad = refused(EVENT, "application/pidf+xml", &body);
    assert_eq!((bad.status(), bad.value("Accept")), (415, KIND));
    assert_eq!(refused(EVENT, KIND, "hello").status(), 400);
    assert_eq!(refused(EVENT, KIND, "").status(), 400);
    let long = format!("{body}{}", "X:y\r\n".repeat(600));
    assert_eq!(refused(EVENT, KIND, &long).status(), 400);
    // Nothing is kept that could be refreshed.
    let refresh = format!("{EVENT}SIP-If-Match: abc\r\n");
    assert_eq!(refused(&refresh, KIND, &body).status(), 412);
    assert!(house.reports.is_empty());
}

#[test]
fn reports_in_one_second_are_limited() {
    let mut house = House::new();
    let mut statuses = Vec::new();
    for _ in 0..1_001 {
        // All within the same second of the clock.
        house.now = std::time::Duration::from_millis(2_000);
        let answer = publish(&mut house, TRUNK, TRUNKS, EVENT, KIND, &report("x"));
        statuses.push(answer.status());
    }
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1_000);
    assert_eq!(statuses.last(), Some(&503));
}
