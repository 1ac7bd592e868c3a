//! `rsip` 0.4 as oracle: on messages it accepts, both read the same. (It accepts neither
//! compact names, folds, IPv6 hosts, unknown methods nor `tel:`; the generator makes none.)

use bytes::Bytes;
use proptest::prelude::*;
use rsip::headers::ToTypedHeader as _;
use rsip::prelude::{HeadersExt as _, UntypedHeader as _};
use rsip::typed::Via as RsipVia;
use sip::message::Message;

prop_compose! {
    fn message()(
        method in prop::sample::select(vec!["INVITE", "BYE", "OPTIONS", "REGISTER", "INFO"]),
        user in "[a-z0-9]{1,8}",
        host in "[a-z]{1,8}\\.example",
        port in prop::option::of(1_u16..),
        branch in "z9hG4bK[a-zA-Z0-9]{1,16}",
        call_id in "[a-zA-Z0-9.-]{1,20}(@[a-z.]{1,10})?",
        from_tag in "[a-zA-Z0-9]{1,10}",
        to_tag in prop::option::of("[a-zA-Z0-9]{1,10}"),
        cseq in 0_u32..=i32::MAX as u32,
        display in prop::option::of("[A-Za-z ]{1,10}"),
        subject in "[ -~]{0,20}",
        body in "[ -~\r\n]{0,60}",
        response in prop::option::of(100_u16..700),
    ) -> String {
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let to_tag = to_tag.map(|tag| format!(";tag={tag}")).unwrap_or_default();
        let display = display.map(|text| format!("\"{text}\" ")).unwrap_or_default();
        let start = match response {
            Some(status) => format!("SIP/2.0 {status} Some Phrase"),
            None => format!("{method} sip:{user}@{host}{port} SIP/2.0"),
        };
        format!(
            "{start}\r\nVia: SIP/2.0/UDP {host}{port};branch={branch}\r\nMax-Forwards: 70\r\n\
             From: {display}<sip:{user}@{host}>;tag={from_tag}\r\n\
             To: <sip:bob@{host}{port}>{to_tag}\r\nCall-ID: {call_id}\r\n\
             CSeq: {cseq} {method}\r\nSubject: {subject}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len(),
        )
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn both_read_the_same(text in message()) {
        let theirs = rsip::SipMessage::try_from(text.as_bytes());
        prop_assume!(theirs.is_ok());
        let theirs = theirs.unwrap();
        let ours = Message::parse_datagram(Bytes::from(text.clone()))
            .unwrap_or_else(|fault| panic!("{fault:?}"));
        match (&theirs, &ours) {
            (rsip::SipMessage::Request(theirs), Message::Request(ours)) => {
                prop_assert_eq!(theirs.method.to_string(), ours.method().as_str());
                prop_assert_eq!(theirs.uri.to_string(), ours.uri().unwrap().to_string());
                prop_assert_eq!(&theirs.body, ours.body());
            }
            (rsip::SipMessage::Response(theirs), Message::Response(ours)) => {
                prop_assert_eq!(theirs.status_code.code(), ours.status().code());
                prop_assert_eq!(&theirs.body, ours.body());
            }
            (_, _) => prop_assert!(false, "one reads a request, the other a response"),
        }
        compare_headers(&theirs, &ours)?;
    }
}

fn compare_headers(theirs: &rsip::SipMessage, ours: &Message) -> Result<(), TestCaseError> {
    let headers = ours.headers();
    prop_assert_eq!(theirs.call_id_header().unwrap().value(), headers.call_id().unwrap());
    let cseq = theirs.cseq_header().unwrap().typed().unwrap();
    prop_assert_eq!(cseq.seq, headers.cseq().unwrap().number);
    prop_assert_eq!(cseq.method.to_string(), headers.cseq().unwrap().method.to_string());
    let from = theirs.from_header().unwrap().typed().unwrap();
    prop_assert_eq!(from.uri.to_string(), headers.from().unwrap().uri.to_string());
    prop_assert_eq!(from.tag().map(|tag| tag.to_string()), headers.from_tag().map(str::to_owned));
    let to = theirs.to_header().unwrap().typed().unwrap();
    prop_assert_eq!(to.tag().map(|tag| tag.to_string()), headers.to_tag().map(str::to_owned));
    let via: RsipVia = theirs.via_header().unwrap().typed().unwrap();
    let top = headers.via_top().unwrap();
    prop_assert_eq!(via.branch().map(|branch| branch.to_string()), top.branch().map(str::to_owned));
    prop_assert_eq!(via.uri.port().map(|port| *port.value()), top.port);
    Ok(())
}
