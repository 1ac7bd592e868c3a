//! Properties: writing undoes reading, equivalence is an equivalence, nothing panics.

use bytes::Bytes;
use proptest::prelude::*;
use sip::framing::StreamDecoder;
use sip::message::{
    HeaderName, Message, NameAddr, Reason, Replaces, Uri, Via, check_request, check_response,
};

use crate::torture::request;

/// Asks for everything there is to read.
fn read_everything(message: &Message) {
    let headers = message.headers();
    let _ = (headers.via_top(), headers.from(), headers.to(), headers.call_id(), headers.cseq());
    let _ = (headers.from_tag(), headers.to_tag(), headers.contacts(), headers.max_forwards());
    let _ = (headers.expires(), headers.min_expires(), headers.retry_after(), headers.min_se());
    let _ = (headers.session_expires(), headers.rseq(), headers.rack(), headers.replaces());
    let _ = (headers.content_type(), headers.content_type_params(), headers.allow());
    let _ = (headers.routes(), headers.record_routes(), headers.refer_to());
    let _ = (headers.referred_by(), headers.refer_sub(), headers.event());
    let _ = sip::message::sipfrag_status(message.body());
    let _ = (headers.vias().count(), headers.reasons().count(), headers.privacy().count());
    for name in [HeaderName::Authorization, HeaderName::ProxyAuthorization] {
        let _ = headers.authorizations(name).count();
    }
    for name in [HeaderName::WwwAuthenticate, HeaderName::ProxyAuthenticate] {
        let _ = headers.challenges(name).count();
    }
    for line in headers.lines() {
        let _ = (line.text(), line.name_str());
    }
    match message {
        Message::Request(request) => {
            let _ = (request.uri(), check_request(request));
        }
        Message::Response(response) => {
            let _ = (response.reason(), check_response(response));
        }
    }
}

fn seeds() -> Vec<String> {
    vec![
        request(
            "INVITE sip:u:p@h:5060;lr?a=b SIP/2.0",
            "v: SIP / 2.0 / UDP [::1]:1;branch=z9hG4bK1, SIP/2.0/TCP h\n\
             m: \"q\\\"\" <sip:a@b;x=y>;q=0.5;expires=9, *\nRoute: <sip:r;lr>\n\
             Authorization: Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"sip:h\", \
             response=\"00\", qop=auth, nc=00000001, cnonce=\"c\"\nx: 90;refresher=uac\n\
             Replaces: a;to-tag=1;from-tag=2\nReason: SIP;cause=200;text=\"t\"\nl : 0",
        ),
        request(
            "SIP/2.0 401 No",
            "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth,auth-int\"\n\
             RSeq: 1\nRAck: 1 2 INVITE\nRetry-After: 5 (x);d=1\nc: a/b;boundary=\"x\"\nu: *",
        ),
        request(
            "REFER sip:b@h SIP/2.0",
            "r: <sip:c@h;method=INVITE?Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2&x=y>\n\
             b: \"A\" <sip:a@h>;cid=1@h\nRefer-Sub: false\no: refer;id=7",
        ),
    ]
}

fn mutation() -> impl Strategy<Value = Vec<(usize, u8, u8)>> {
    let special = prop::sample::select(b"\r\n \t\"<>;,:=@%?\\[]\0\xff0z".to_vec());
    prop::collection::vec((any::<usize>(), 0_u8..4, special), 1..12)
}

fn mutate(seed: &str, changes: &[(usize, u8, u8)]) -> Vec<u8> {
    let mut bytes = seed.as_bytes().to_vec();
    for (at, kind, byte) in changes {
        let at = at % bytes.len().max(1);
        match kind {
            0 => bytes.insert(at, *byte),
            1 if at < bytes.len() => bytes[at] = *byte,
            2 if at < bytes.len() => {
                bytes.remove(at);
            }
            _ => bytes.truncate(bytes.len() - bytes.len().min(at % 40)),
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn mutated_messages_never_panic(which in 0_usize..3, changes in mutation()) {
        let bytes = Bytes::from(mutate(&seeds()[which], &changes));
        match Message::parse_datagram(bytes.clone()) {
            Ok(message) => {
                read_everything(&message);
                let again = Message::parse_datagram(message.to_bytes()).expect("its own bytes");
                prop_assert_eq!(again.to_bytes(), message.to_bytes());
            }
            Err(fault) => {
                let _ = (fault.status(), sip::message::ResponseBuilder::to_fault(&fault));
            }
        }
        let mut decoder = StreamDecoder::default();
        decoder.push(&bytes);
        while let Ok(Some(_)) = decoder.next_frame() {}
    }

    #[test]
    fn any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(message) = Message::parse_datagram(Bytes::from(bytes)) {
            read_everything(&message);
        }
    }

    #[test]
    fn uris_write_as_they_read(
        text in "(sip|sips):([a-z0-9%.]{1,6}(:[a-z0-9]{0,4})?@)?\
            ([a-z]{1,8}\\.example|192\\.0\\.2\\.1|\\[2001:db8::1\\])(:[1-9][0-9]{0,3})?\
            (;[a-z]{1,5}(=[a-z0-9%]{1,5})?){0,3}(\\?[a-z]{1,5}=[a-z%0-9]{0,5})?"
    ) {
        let uri: Uri = text.parse().unwrap();
        prop_assert_eq!(uri.to_string(), text);
        prop_assert!(uri.equivalent(&uri));
    }

    #[test]
    fn addresses_write_back_to_the_same(
        display in "\\PC{0,12}",
        user in "\\PC{1,8}",
        tag in "[a-zA-Z0-9.~-]{1,9}",
    ) {
        let uri = Uri::sip(Some(&user), sip::message::Host::Name("h.example".into()), None);
        let address = NameAddr::new(uri).with_display(display).with_tag(&tag);
        let read: NameAddr = address.to_string().parse().unwrap();
        prop_assert_eq!(read.uri.user_unescaped().unwrap(), user);
        prop_assert_eq!(read, address);
    }

    #[test]
    fn vias_write_back_to_the_same(
        text in "SIP/2\\.0/(UDP|TCP|TLS|WS|WSS|SCTP) \
            ([a-z]{1,8}|192\\.0\\.2\\.1|\\[2001:db8::1\\])(:[1-9][0-9]{0,3})?\
            ;branch=z9hG4bK[a-zA-Z0-9]{1,9}(;rport(=[1-9]{1,4})?)?\
            (;received=192\\.0\\.2\\.9)?"
    ) {
        let via: Via = text.parse().unwrap();
        prop_assert_eq!(via.to_string(), text);
    }

    #[test]
    fn refer_targets_write_back_to_the_same(
        user in "\\PC{1,8}",
        call_id in "[!#-+--:=?-~]{1,20}",
        to_tag in "[a-zA-Z0-9.~!%*_+`'-]{1,9}",
        early in any::<bool>(),
    ) {
        let from_tag = to_tag.chars().rev().collect();
        let replaces = Replaces { call_id, to_tag, from_tag, early_only: early };
        let uri = Uri::sip(Some(&user), sip::message::Host::Name("h.example".into()), None);
        let uri = uri.with_header("Replaces", &replaces.to_string());
        let text = request("REFER sip:b@h SIP/2.0", &format!("Refer-To: <{uri}>"));
        let message = Message::parse_datagram(Bytes::from(text)).unwrap();
        let target = message.headers().refer_to().unwrap();
        prop_assert_eq!(target.address.uri.user_unescaped().unwrap(), user);
        prop_assert_eq!(target.replaces, Some(replaces));
    }

    #[test]
    fn reasons_are_always_quoted(text in "\\PC{0,12}") {
        let reason = Reason::new("SIP", 200, &text);
        prop_assert_eq!(reason.cause(), Some(200));
        prop_assert_eq!(reason.params.unquoted("text").unwrap(), text);
        prop_assert!(reason.params.get("text").unwrap().starts_with('"'));
    }
}

#[test]
fn equivalence_is_that_of_the_rfc() {
    let equivalent = |a: &str, b: &str| {
        let (a, b): (Uri, Uri) = (a.parse().unwrap(), b.parse().unwrap());
        assert_eq!(a.equivalent(&b), b.equivalent(&a));
        a.equivalent(&b)
    };
    // Escapes of unreserved characters, host and parameter case, parameter order, extra ones.
    assert!(equivalent(
        "sip:%61lice@Chess.example;Transport=TCP",
        "sip:alice@chess.EXAMPLE;transport=tcp"
    ));
    assert!(equivalent("sip:a@h;x=1;y=2", "sip:a@h;y=2;x=1"));
    assert!(equivalent("sip:a@h", "sip:a@h;newparam=5"));
    assert!(equivalent("sip:h?b=2&a=1", "sip:h?a=1&b=2"));
    // User case, default ports, routing parameters, headers, schemes, differing parameters.
    assert!(!equivalent("sip:Alice@h", "sip:alice@h"));
    assert!(!equivalent("sip:a@h", "sip:a@h:5060"));
    assert!(!equivalent("sip:a@h", "sip:a@h;transport=udp"));
    assert!(!equivalent("sip:a@h", "sip:a@h;maddr=192.0.2.1"));
    assert!(!equivalent("sip:a@h", "sip:a@h?Subject=x"));
    assert!(!equivalent("sip:a@h", "sips:a@h"));
    assert!(!equivalent("sip:a@h;x=1", "sip:a@h;x=2"));
    assert!(!equivalent("sip:a%3Bb@h", "sip:a;b@h"));
    assert!(equivalent("tel:+12025550143", "tel:+12025550143"));
}
