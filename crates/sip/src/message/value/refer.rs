//! What a transfer is asked and reported with: Refer-To (RFC 3515 section 2.1) with the headers
//! that its URI carries (RFC 5589 section 7), Event with its `id` (RFC 6665 section 8.2.1), and the
//! status line in a `message/sipfrag` (RFC 3420).

use std::borrow::Cow;
use std::fmt;

use super::scalar::head_and_params;
use super::{NameAddr, Params, Replaces};
use crate::message::{Body, HeaderName, Method, StatusCode};

/// The media type of a fragment that is a status line.
const SIPFRAG: &str = "message/sipfrag;version=2.0";
/// A fragment whose first line is longer than this is not looked at.
const LONGEST_LINE: usize = 256;

/// Refer-To: whom the recipient is to reach, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferTo {
    /// The address; its URI has neither headers nor a method.
    pub address: NameAddr,
    /// The method that the recipient is to use: INVITE where none is named.
    pub method: Method,
    /// The dialog whose place the new one is to take.
    pub replaces: Option<Replaces>,
    /// The Call-ID of that dialog where nothing more is said of it, against RFC 3891 section 6.1:
    /// baresip before 3.23 leaves the tags out (baresip/baresip#3367).
    pub replaces_call: Option<String>,
}

impl ReferTo {
    /// Takes an address apart. `None` where its URI has a broken method, or more than one
    /// Replaces, or one that cannot be read.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut address = NameAddr::parse(bytes)?;
        let method = match address.uri.params.get("method") {
            Some(name) => Method::from_bytes(name.as_bytes())?,
            None => Method::Invite,
        };
        let (replaces, replaces_call) = {
            let mut all = address.uri.headers_named(HeaderName::Replaces.as_str());
            let first: Option<Cow<'_, str>> = all.next();
            if all.next().is_some() {
                return None;
            }
            match first {
                Some(value) if value.contains(';') => {
                    (Some(Replaces::parse(value.as_bytes())?), None)
                }
                Some(value) => (None, Some(head_and_params(value.as_bytes())?.0)),
                None => (None, None),
            }
        };
        address.uri = address.uri.to_request_uri();
        Some(Self { address, method, replaces, replaces_call })
    }
}

impl fmt::Display for ReferTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut address = self.address.clone();
        if self.method != Method::Invite {
            address.uri.params.set("method", Some(self.method.as_str()));
        }
        let replaces = self.replaces.as_ref().map(Replaces::to_string);
        if let Some(replaces) = replaces.as_ref().or(self.replaces_call.as_ref()) {
            let name = HeaderName::Replaces.as_str();
            address.uri = address.uri.with_header(name, replaces);
        }
        address.fmt(f)
    }
}

/// Event: the package, and which of several subscriptions in a dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The package with its templates, such as `refer` or `dialog`.
    pub package: String,
    /// The `id`; of a REFER the CSeq number of its request (RFC 3515 section 2.4.6).
    pub id: Option<String>,
}

impl Event {
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let (package, params) = head_and_params(bytes)?;
        let id = params.get("id").map(str::to_owned);
        Some(Self { package, id })
    }

    /// Whether it is this package; names are compared as they stand (RFC 6665 section 8.2.1), but
    /// for their case.
    pub fn is(&self, package: &str) -> bool {
        self.package.eq_ignore_ascii_case(package)
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.package)?;
        match &self.id {
            Some(id) => Params::new().with("id", Some(id)).fmt(f),
            None => Ok(()),
        }
    }
}

impl Body {
    /// How far what was asked for by REFER has got: a status line (RFC 3515 section 2.4.5).
    pub fn sipfrag(status: StatusCode) -> Self {
        let line = format!("SIP/2.0 {} {}\r\n", status.code(), status.phrase());
        Self::new(SIPFRAG, line)
    }
}

/// The status of the response whose first line a `message/sipfrag` has.
pub fn sipfrag_status(body: &[u8]) -> Option<StatusCode> {
    let end = body.iter().take(LONGEST_LINE).position(|byte| matches!(byte, b'\r' | b'\n'));
    let line = std::str::from_utf8(&body[..end.unwrap_or(body.len().min(LONGEST_LINE))]).ok()?;
    let rest = line.strip_prefix("SIP/2.0 ")?.trim_start();
    let (code, phrase) = rest.split_at_checked(3)?;
    let whole = phrase.is_empty() || phrase.starts_with(' ');
    let code: u16 = code.bytes().all(|byte| byte.is_ascii_digit()).then(|| code.parse().ok())??;
    (whole && (100..700).contains(&code)).then(|| StatusCode::from(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refer_to(text: &str) -> Option<ReferTo> {
        ReferTo::parse(text.as_bytes())
    }

    #[test]
    fn a_target_has_the_dialog_that_it_replaces() {
        let text = "<sip:dave@denver.example.org?Replaces=12345%40192.168.118.3%3B\
                    to-tag%3D12345%3Bfrom-tag%3D5FFE-3994>";
        let target = refer_to(text).expect("RFC 5589 section 7.4");
        let replaces = target.replaces.clone().expect("a Replaces");
        assert_eq!(replaces.call_id, "12345@192.168.118.3");
        assert_eq!((&*replaces.to_tag, &*replaces.from_tag), ("12345", "5FFE-3994"));
        assert!(!replaces.early_only);
        assert_eq!(target.address.uri.to_string(), "sip:dave@denver.example.org");
        assert_eq!(refer_to(&target.to_string()), Some(target));
    }

    /// Tags with `+` (onsip/SIP.js#666), and semicolons as they are (baresip/baresip#3401).
    #[test]
    fn what_is_not_escaped_is_read_all_the_same() {
        let text = "<sip:b@h?Replaces=a@h;to-tag=123+456;from-tag=7&Require=replaces>";
        let replaces = refer_to(text).and_then(|target| target.replaces).expect("a Replaces");
        assert_eq!(replaces.call_id, "a@h");
        assert_eq!((&*replaces.to_tag, &*replaces.from_tag), ("123+456", "7"));
    }

    #[test]
    fn a_dialog_may_be_named_by_its_call_id_alone() {
        let target = refer_to("<sip:b@h?Replaces=a%40h>").expect("a target");
        assert_eq!(target.replaces, None);
        assert_eq!(target.replaces_call.as_deref(), Some("a@h"));
        assert_eq!(refer_to(&target.to_string()), Some(target));
    }

    #[test]
    fn whatever_else_a_target_carries_is_not_ours_to_send() {
        let target = refer_to("Bob <sip:b@h;method=INVITE?Route=%3Csip:evil%3E&Accept=x>;a=b");
        let target = target.expect("a target");
        assert_eq!((target.method, target.replaces), (Method::Invite, None));
        assert_eq!(target.address.uri.to_string(), "sip:b@h");
        let target = refer_to("<sip:b@h;method=BYE>").expect("a target");
        assert_eq!(target.method, Method::Bye);
        assert_eq!(target.to_string(), "<sip:b@h;method=BYE>");
    }

    #[test]
    fn a_target_with_two_dialogs_or_a_broken_one_is_refused() {
        let one = "Replaces=a%3Bto-tag%3D1%3Bfrom-tag%3D2";
        for broken in [
            format!("<sip:b@h?{one}&{one}>"),
            format!("<sip:b@h?{one}&replaces=x>"),
            "<sip:b@h?Replaces=a%3Bto-tag%3D1>".to_owned(),
            "<sip:b@h?Replaces=>".to_owned(),
            "<sip:b@h?Replaces>".to_owned(),
            format!("<sip:b@h?{one}%3Bto-tag%3D3>"),
            "<sip:b@h;method=a/b>".to_owned(),
            "<sip:b@h>, <sip:c@h>".to_owned(),
        ] {
            assert_eq!(refer_to(&broken), None, "{broken}");
        }
    }

    #[test]
    fn an_event_has_an_id() {
        let event = Event::parse(b" refer ; id = 93809824").expect("an event");
        assert!(event.is("refer") && event.id.as_deref() == Some("93809824"));
        insta::assert_snapshot!(event, @"refer;id=93809824");
        assert_eq!(Event::parse(b"dialog").map(|event| event.id), Some(None));
        assert_eq!(Event::parse(b";id=1"), None);
    }

    #[test]
    fn a_fragment_is_a_status_line() {
        let body = Body::sipfrag(StatusCode::from(603));
        assert_eq!(&body.bytes[..], b"SIP/2.0 603 Decline\r\n");
        assert_eq!(sipfrag_status(&body.bytes).map(|status| status.code()), Some(603));
        let status = |text: &str| sipfrag_status(text.as_bytes()).map(|status| status.code());
        assert_eq!(status("SIP/2.0 100 Trying"), Some(100));
        assert_eq!(status("SIP/2.0 200\nTo: x\n"), Some(200));
        for none in ["", "SIP/2.0 ", "SIP/2.0 20", "SIP/2.0 099 x", "SIP/2.0 2000 OK", "HTTP/1.1"] {
            assert_eq!(status(none), None, "{none}");
        }
    }
}
