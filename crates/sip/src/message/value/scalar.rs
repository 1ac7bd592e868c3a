//! Small values: CSeq, RAck, Reason, Replaces, Session-Expires
//! (RFC 3261 section 20.16, RFC 3262, RFC 3326, RFC 3891, RFC 4028).

use std::fmt;

use super::{Params, scan};
use crate::message::Method;

/// CSeq: a number below 2³² and the method (RFC 3261 section 20.16).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CSeq {
    /// The sequence number.
    pub number: u32,
    /// The method.
    pub method: Method,
}

impl CSeq {
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let bytes = scan::trim(bytes);
        let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (number, method) = bytes.split_at(digits);
        if !method.first().copied().is_some_and(scan::is_space) {
            return None;
        }
        let number = scan::number(number)?;
        Some(Self { number, method: Method::from_bytes(scan::trim(method))? })
    }
}

impl fmt::Display for CSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, self.method)
    }
}

/// RAck: which reliable provisional response a PRACK acknowledges (RFC 3262 section 7.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RAck {
    /// RSeq of the response.
    pub rseq: u32,
    /// CSeq of the response.
    pub cseq: CSeq,
}

impl RAck {
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let bytes = scan::trim(bytes);
        let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (rseq, cseq) = bytes.split_at(digits);
        Some(Self { rseq: scan::number(rseq)?, cseq: CSeq::parse(cseq)? })
    }
}

impl fmt::Display for RAck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.rseq, self.cseq)
    }
}

/// Reason (RFC 3326): `SIP;cause=200;text="Call completed elsewhere"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// `SIP`, `Q.850`, `preemption`, …
    pub protocol: String,
    /// The parameters.
    pub params: Params,
}

impl Reason {
    /// A reason with cause and text.
    pub fn new(protocol: &str, cause: u16, text: &str) -> Self {
        let mut params = Params::new().with("cause", Some(&cause.to_string()));
        // The text is quoted even where it is one word (RFC 3326 section 2).
        params.set_quoted("text", text);
        Self { protocol: protocol.to_owned(), params }
    }

    /// The cause.
    pub fn cause(&self) -> Option<u16> {
        scan::number(self.params.get("cause")?.as_bytes())
    }

    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let (protocol, params) = head_and_params(bytes)?;
        Some(Self { protocol, params })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.protocol, self.params)
    }
}

/// Replaces (RFC 3891): the dialog that a new one takes the place of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaces {
    /// The SIP Call-ID.
    pub call_id: String,
    /// The local tag of whoever receives this.
    pub to_tag: String,
    /// The remote tag of whoever receives this.
    pub from_tag: String,
    /// Only if the dialog is still early.
    pub early_only: bool,
}

impl Replaces {
    /// Reads a value, as it stands in the header (not escaped as within a URI).
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (call_id, params) = head_and_params(bytes)?;
        // Exactly one of each (RFC 3891 section 6.1).
        let one = |name: &str| {
            let named = params.iter().filter(|(found, _)| found.eq_ignore_ascii_case(name));
            let mut values = named.map(|(_, value)| value);
            let value = values.next()??;
            (values.next().is_none() && !value.is_empty()).then(|| value.to_owned())
        };
        Some(Self {
            call_id,
            to_tag: one("to-tag")?,
            from_tag: one("from-tag")?,
            early_only: params.contains("early-only"),
        })
    }
}

impl fmt::Display for Replaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{};to-tag={};from-tag={}", self.call_id, self.to_tag, self.from_tag)?;
        f.write_str(if self.early_only { ";early-only" } else { "" })
    }
}

/// Who refreshes the session (RFC 4028 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresher {
    /// The side that sent the request.
    Uac,
    /// The side that answered it.
    Uas,
}

/// Session-Expires (RFC 4028 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionExpires {
    /// The session interval in seconds.
    pub seconds: u32,
    /// The refresher, where it is chosen.
    pub refresher: Option<Refresher>,
}

impl SessionExpires {
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let (seconds, params) = head_and_params(bytes)?;
        let refresher = match params.get("refresher") {
            Some(text) if text.eq_ignore_ascii_case("uac") => Some(Refresher::Uac),
            Some(text) if text.eq_ignore_ascii_case("uas") => Some(Refresher::Uas),
            Some(_) => return None,
            None => None,
        };
        Some(Self { seconds: scan::seconds(seconds.as_bytes(), u32::MAX)?, refresher })
    }
}

impl fmt::Display for SessionExpires {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.seconds)?;
        match self.refresher {
            Some(Refresher::Uac) => f.write_str(";refresher=uac"),
            Some(Refresher::Uas) => f.write_str(";refresher=uas"),
            None => Ok(()),
        }
    }
}

pub(super) fn head_and_params(bytes: &[u8]) -> Option<(String, Params)> {
    let bytes = scan::trim(bytes);
    let (head, params) = bytes.split_at(memchr::memchr(b';', bytes).unwrap_or(bytes.len()));
    let head = std::str::from_utf8(scan::trim(head)).ok()?;
    if head.is_empty() || head.bytes().any(|byte| scan::is_space(byte) || byte == 0) {
        return None;
    }
    Some((head.to_owned(), Params::parse(params)?))
}
