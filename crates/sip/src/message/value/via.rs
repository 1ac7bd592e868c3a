//! Via (RFC 3261 section 20.42, RFC 3581): where a request came from and its transaction.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use super::uri::{Host, host_and_port, is_host_and_port};
use super::{Params, scan};
use crate::flow::TransportKind;
use crate::message::method::{Token, is_token_byte};

/// The transport a Via names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ViaTransport {
    /// One of ours.
    Known(TransportKind),
    /// Another, such as `SCTP`.
    Other(Token),
}

impl fmt::Display for ViaTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(kind) => f.write_str(kind.via_token()),
            Self::Other(token) => f.write_str(token.as_str()),
        }
    }
}

/// One Via value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Via {
    /// The transport.
    pub transport: ViaTransport,
    /// The host of sent-by.
    pub host: Host,
    /// The port of sent-by, where one is named.
    pub port: Option<u16>,
    /// The parameters: branch, received, rport, …
    pub params: Params,
}

/// What every branch of RFC 3261 begins with.
pub(crate) const MAGIC_COOKIE: &str = "z9hG4bK";

impl Via {
    /// A Via of ours that asks for the response port (`rport`, RFC 3581).
    pub fn new(transport: TransportKind, host: Host, port: Option<u16>, branch: &str) -> Self {
        let transport = ViaTransport::Known(transport);
        let params = Params::new().with("branch", Some(branch)).with("rport", None);
        Self { transport, host, port, params }
    }

    /// The branch.
    pub fn branch(&self) -> Option<&str> {
        self.params.get("branch").filter(|branch| !branch.is_empty())
    }

    /// The branch if it identifies the transaction by itself: cookie and more
    /// (RFC 3261 section 17.2.3).
    pub fn rfc3261_branch(&self) -> Option<&str> {
        let cookie = MAGIC_COOKIE.len();
        self.branch().filter(|branch| {
            branch.len() > cookie
                && branch.is_char_boundary(cookie)
                && branch[..cookie].eq_ignore_ascii_case(MAGIC_COOKIE)
        })
    }

    /// `received`: the address the request came from; an IPv6 one with or without brackets
    /// (RFC 5118 section 4.5).
    pub fn received(&self) -> Option<IpAddr> {
        let text = self.params.get("received")?;
        let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        inner.unwrap_or(text).parse().ok()
    }

    /// `rport`: `Some(None)` where the sender asks for it, `Some(Some(port))` where it is filled.
    pub fn rport(&self) -> Option<Option<u16>> {
        self.params.get("rport").map(|text| scan::number(text.as_bytes()))
    }

    /// Notes where the request really came from (RFC 3261 section 18.2.1, RFC 3581 section 4):
    /// what the sender itself wrote there is overwritten.
    pub fn note_source(&mut self, source: SocketAddr) {
        let wants_port = self.params.contains("rport");
        if wants_port || self.host.ip() != Some(source.ip()) {
            self.params.set("received", Some(&source.ip().to_string()));
        } else {
            self.params.remove("received");
        }
        if wants_port {
            self.params.set("rport", Some(&source.port().to_string()));
        }
    }

    /// The port a response goes to where neither `rport` nor sent-by names one.
    pub fn default_port(&self) -> u16 {
        match &self.transport {
            ViaTransport::Known(kind) => kind.default_port(),
            ViaTransport::Other(_) => 5060,
        }
    }

    /// Reads one Via; white space is allowed around every separator.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let parts = Parts::read(bytes)?;
        let (host, port) = host_and_port(parts.sent_by).ok()?;
        Some(Self {
            transport: read_transport(parts.transport)?,
            host,
            port,
            params: Params::parse(parts.params)?,
        })
    }

    /// Whether [`Self::parse`] reads this, without copying it.
    pub(crate) fn is_legal(bytes: &[u8]) -> bool {
        Parts::read(bytes).is_some_and(|parts| {
            !parts.transport.is_empty()
                && parts.transport.iter().copied().all(is_token_byte)
                && is_host_and_port(parts.sent_by)
                && Params::is_legal(parts.params)
        })
    }

    /// The branch of a Via that has not been read, where it is plainly to be seen.
    pub(crate) fn plain_branch(bytes: &[u8]) -> Option<&str> {
        let branch = Params::find_plain(Parts::read(bytes)?.params, "branch")?;
        std::str::from_utf8(branch).ok()
    }
}

/// A Via cut into its parts, which are not looked at.
struct Parts<'a> {
    transport: &'a [u8],
    sent_by: &'a str,
    params: &'a [u8],
}

impl<'a> Parts<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (protocol, bytes) = cut(bytes, b'/')?;
        let (version, bytes) = cut(bytes, b'/')?;
        if !protocol.eq_ignore_ascii_case(b"SIP") || version != b"2.0" {
            return None;
        }
        let bytes = scan::trim(bytes);
        let end = bytes.iter().position(|byte| scan::is_space(*byte))?;
        let (transport, rest) = bytes.split_at(end);
        let rest = scan::trim(rest);
        let (sent_by, params) = rest.split_at(memchr::memchr(b';', rest).unwrap_or(rest.len()));
        Some(Self { transport, sent_by: std::str::from_utf8(scan::trim(sent_by)).ok()?, params })
    }
}

fn cut(bytes: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(separator, bytes)?;
    Some((scan::trim(&bytes[..at]), &bytes[at + 1..]))
}

fn read_transport(token: &[u8]) -> Option<ViaTransport> {
    let known = std::str::from_utf8(token).ok().and_then(TransportKind::from_token);
    Some(match known {
        Some(kind) => ViaTransport::Known(kind),
        None => ViaTransport::Other(Token::from_bytes(token)?),
    })
}

impl FromStr for Via {
    type Err = super::UriError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text.as_bytes()).ok_or(super::UriError::Host)
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SIP/2.0/")?;
        self.transport.fmt(f)?;
        f.write_str(" ")?;
        self.host.fmt(f)?;
        if let Some(port) = self.port {
            f.write_str(":")?;
            port.fmt(f)?;
        }
        self.params.fmt(f)
    }
}
