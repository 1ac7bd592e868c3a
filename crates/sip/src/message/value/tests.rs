//! What says whether a value can be read agrees with what reads it.

use proptest::prelude::*;

use super::uri::UriParts;
use super::{NameAddr, Params, Uri, Via};

/// Texts that are nearly values: pieces of values in any order.
fn near_values() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("sip:"),
        Just("tel:"),
        Just("x:"),
        Just("alice"),
        Just("@"),
        Just(":"),
        Just("5060"),
        Just("192.0.2.1"),
        Just("[2001:db8::1]"),
        Just("b.test"),
        Just("<"),
        Just(">"),
        Just("\""),
        Just(";"),
        Just("="),
        Just("tag"),
        Just("rport"),
        Just("branch"),
        Just("z9hG4bK1"),
        Just(" "),
        Just("\r\n "),
        Just(","),
        Just("?"),
        Just("SIP/2.0/UDP "),
        Just("é"),
        Just("received=192.0.2.9"),
        Just("\\"),
        Just("lr"),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn a_value_is_legal_when_it_can_be_read(text in near_values()) {
        let bytes = text.as_bytes();
        prop_assert_eq!(NameAddr::is_legal(bytes), NameAddr::parse(bytes).is_some());
        prop_assert_eq!(Via::is_legal(bytes), Via::parse(bytes).is_some());
        prop_assert_eq!(Params::is_legal(bytes), Params::parse(bytes).is_some());
        prop_assert_eq!(UriParts::check(&text).err(), Uri::parse(&text).err());
    }

    #[test]
    fn a_parameter_that_is_found_unread_is_the_one_that_is_read(text in near_values()) {
        let text = format!(";{text}");
        for name in ["branch", "rport", "tag"] {
            if let Some(found) = Params::find_plain(text.as_bytes(), name) {
                let params = Params::parse(text.as_bytes());
                let read = params.as_ref().and_then(|params| params.get(name));
                prop_assert_eq!(read.map(str::as_bytes), Some(found));
            }
        }
        let via = format!("SIP/2.0/UDP b.test{text}");
        if let Some(branch) = Via::plain_branch(via.as_bytes()) {
            let via = Via::parse(via.as_bytes());
            let read = via.as_ref().and_then(Via::branch).unwrap_or_default();
            prop_assert_eq!(read, branch);
        }
    }
}
