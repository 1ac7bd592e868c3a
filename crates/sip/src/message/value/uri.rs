//! URIs: `sip:` and `sips:` (RFC 3261 section 19.1), `tel:` (RFC 3966), and any other scheme
//! kept as opaque text. Escapes are kept as received; [`Uri::user_unescaped`] resolves them once.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::escape::{canonical, escape_header, escape_user, same_escaped, unescape};
use super::{Params, scan};

/// The scheme of a URI.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// `sip:`
    Sip,
    /// `sips:`
    Sips,
    /// `tel:`
    Tel,
    /// Any other, in lower case.
    Other(String),
}

/// The host of a URI or of a Via.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    /// A domain name, as received.
    Name(String),
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address; written in brackets.
    V6(Ipv6Addr),
    /// None: `tel:` and opaque URIs.
    None,
}

impl Host {
    /// Reads a host; an IPv6 address stands in brackets. `2001:db8:::192.0.2.1` with its third
    /// colon, which the grammar of RFC 3261 wrongly produces, is read (RFC 5118 section 4.10).
    pub fn parse(text: &str) -> Option<Self> {
        HostPart::read(text).map(HostPart::to_host)
    }

    /// The address, unless the host is a name.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::V4(address) => Some((*address).into()),
            Self::V6(address) => Some((*address).into()),
            Self::Name(_) | Self::None => None,
        }
    }

    /// Whether two hosts are the same; names are compared without regard to case.
    pub fn matches(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Name(a), Self::Name(b)) => a.eq_ignore_ascii_case(b),
            (a, b) => a == b,
        }
    }
}

impl From<IpAddr> for Host {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => Self::V6(address),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::V4(address) => address.fmt(f),
            Self::V6(address) => write!(f, "[{address}]"),
            Self::None => Ok(()),
        }
    }
}

/// A URI. Equality by `==` is exact; [`Uri::equivalent`] is that of the RFC.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uri {
    /// The scheme.
    pub scheme: Scheme,
    /// What stands before `@`, escapes kept; the number of `tel:`; the rest of an opaque URI.
    pub user: Option<String>,
    /// The password (deprecated), escapes kept.
    pub password: Option<String>,
    /// The host.
    pub host: Host,
    /// The port, where one is named.
    pub port: Option<u16>,
    /// The parameters.
    pub params: Params,
    /// What follows `?`, escapes kept. Never becomes a header of a request of ours by itself.
    pub headers: Option<String>,
}

/// Why a text is no URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// No `scheme:` in front.
    #[error("no scheme")]
    Scheme,
    /// White space, a control character, `<`, `>` or `"`.
    #[error("a character that no URI has")]
    Character,
    /// An empty or malformed user part.
    #[error("malformed user")]
    User,
    /// An empty or malformed host.
    #[error("malformed host")]
    Host,
    /// No number from 1 to 65535.
    #[error("malformed port")]
    Port,
    /// A malformed parameter.
    #[error("malformed parameter")]
    Parameter,
}

impl Uri {
    /// `sip:user@host:port`; the user is escaped where it has to be.
    pub fn sip(user: Option<&str>, host: Host, port: Option<u16>) -> Self {
        Self {
            scheme: Scheme::Sip,
            user: user.map(escape_user),
            password: None,
            host,
            port,
            params: Params::new(),
            headers: None,
        }
    }

    /// Reads a URI.
    pub fn parse(text: &str) -> Result<Self, UriError> {
        let parts = UriParts::read(text)?;
        let params = Params::parse(parts.params.as_bytes()).ok_or(UriError::Parameter)?;
        Ok(Self {
            scheme: parts.scheme,
            user: parts.user.map(str::to_owned),
            password: parts.password.map(str::to_owned),
            host: parts.host.to_host(),
            port: parts.port,
            params,
            headers: parts.headers.map(str::to_owned),
        })
    }

    /// The user with its escapes resolved once, never twice.
    pub fn user_unescaped(&self) -> Option<Cow<'_, str>> {
        self.user.as_deref().map(unescape)
    }

    /// The value of a header in the URI, such as the `Replaces` of a Refer-To, unescaped.
    pub fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        self.headers_named(name).next()
    }

    /// The unescaped values of all headers of this name in the URI; empty for one without value.
    pub(crate) fn headers_named<'a, 'n>(
        &'a self,
        name: &'n str,
    ) -> impl Iterator<Item = Cow<'a, str>> + use<'a, 'n> {
        let all = self.headers.as_deref().into_iter().flat_map(|headers| headers.split('&'));
        all.filter_map(move |header| {
            let (found, value) = header.split_once('=').unwrap_or((header, ""));
            unescape(found).eq_ignore_ascii_case(name).then(|| unescape(value))
        })
    }

    /// The same URI with one header more; the value is escaped.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        let header = format!("{}={}", escape_header(name), escape_header(value));
        self.headers = Some(match self.headers {
            Some(headers) => format!("{headers}&{header}"),
            None => header,
        });
        self
    }

    /// Whether the scheme is `sip` or `sips`.
    pub const fn is_sip(&self) -> bool {
        matches!(self.scheme, Scheme::Sip | Scheme::Sips)
    }

    /// The value of the `transport` parameter.
    pub fn transport(&self) -> Option<&str> {
        self.params.get("transport")
    }

    /// Whether the URI has `lr`: a loose router (RFC 3261 section 19.1.1).
    pub fn is_loose_router(&self) -> bool {
        self.params.contains("lr")
    }

    /// Whether both name the same resource (RFC 3261 section 19.1.4).
    pub fn equivalent(&self, other: &Self) -> bool {
        if self == other {
            return true;
        }
        if self.scheme != other.scheme || matches!(self.scheme, Scheme::Other(_)) {
            return false;
        }
        same_escaped(self.user.as_deref(), other.user.as_deref())
            && same_escaped(self.password.as_deref(), other.password.as_deref())
            && self.host.matches(&other.host)
            && self.port == other.port
            && params_match(&self.params, &other.params)
            && params_match(&other.params, &self.params)
            && headers_match(self.headers.as_deref(), other.headers.as_deref())
    }

    /// The URI as a Request-URI: without headers and `method` (RFC 3261 section 19.1.5).
    #[must_use]
    pub fn to_request_uri(&self) -> Self {
        let mut uri = self.clone();
        uri.headers = None;
        uri.params.remove("method");
        uri
    }
}

impl FromStr for Uri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        Self::parse(text)
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sip => "sip",
            Self::Sips => "sips",
            Self::Tel => "tel",
            Self::Other(name) => name,
        })
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.scheme.fmt(f)?;
        f.write_str(":")?;
        if let Some(user) = &self.user {
            f.write_str(user)?;
            if let Some(password) = &self.password {
                f.write_str(":")?;
                f.write_str(password)?;
            }
            if self.is_sip() {
                f.write_str("@")?;
            }
        }
        self.host.fmt(f)?;
        if let Some(port) = self.port {
            f.write_str(":")?;
            port.fmt(f)?;
        }
        self.params.fmt(f)?;
        match &self.headers {
            Some(headers) => {
                f.write_str("?")?;
                f.write_str(headers)
            }
            None => Ok(()),
        }
    }
}

/// A URI cut into its parts, with nothing copied. Everything is checked but the parameters.
pub(crate) struct UriParts<'a> {
    pub(crate) scheme: Scheme,
    user: Option<&'a str>,
    password: Option<&'a str>,
    host: HostPart<'a>,
    port: Option<u16>,
    params: &'a str,
    pub(crate) headers: Option<&'a str>,
}

impl<'a> UriParts<'a> {
    /// Like [`Uri::parse`], parameters included; for those who need the verdict only.
    pub(crate) fn check(text: &'a str) -> Result<Self, UriError> {
        let parts = Self::read(text)?;
        if Params::is_legal(parts.params.as_bytes()) { Ok(parts) } else { Err(UriError::Parameter) }
    }

    fn read(text: &'a str) -> Result<Self, UriError> {
        let (scheme, rest) = split_scheme(text)?;
        if rest.bytes().any(is_no_uri_byte) {
            return Err(UriError::Character);
        }
        match scheme {
            Scheme::Sip | Scheme::Sips => Self::read_sip(scheme, rest),
            Scheme::Tel => Self::read_tel(rest),
            Scheme::Other(_) => Ok(Self::opaque(scheme, rest)),
        }
    }

    fn read_sip(scheme: Scheme, rest: &'a str) -> Result<Self, UriError> {
        let (info, rest) = cut(rest, b'@');
        // Without `@` everything belongs to what follows it.
        let (info, rest) = rest.map_or((None, info), |rest| (Some(info), rest));
        let (user, password) = match info.map(|info| cut(info, b':')) {
            Some((user, password)) => (Some(user), password),
            None => (None, None),
        };
        if user.is_some_and(str::is_empty) {
            return Err(UriError::User);
        }
        let (rest, headers) = cut(rest, b'?');
        let (hostport, params) = rest.split_at(position(rest, b';').unwrap_or(rest.len()));
        let (host, port) = read_host_and_port(hostport)?;
        Ok(Self { scheme, user, password, host, port, params, headers })
    }

    fn read_tel(rest: &'a str) -> Result<Self, UriError> {
        let (number, params) = rest.split_at(position(rest, b';').unwrap_or(rest.len()));
        if number.is_empty() || !number.bytes().all(is_tel_byte) {
            return Err(UriError::User);
        }
        Ok(Self { params, ..Self::opaque(Scheme::Tel, number) })
    }

    const fn opaque(scheme: Scheme, text: &'a str) -> Self {
        Self {
            scheme,
            user: Some(text),
            password: None,
            host: HostPart::None,
            port: None,
            params: "",
            headers: None,
        }
    }
}

/// A host that has not been copied.
#[derive(Clone, Copy)]
enum HostPart<'a> {
    Name(&'a str),
    V4(Ipv4Addr),
    V6(Ipv6Addr),
    None,
}

impl<'a> HostPart<'a> {
    fn read(text: &'a str) -> Option<Self> {
        if let Some(inner) = text.strip_prefix('[') {
            return v6(inner.strip_suffix(']')?).map(Self::V6);
        }
        if text.is_empty() || !text.bytes().all(is_host_byte) {
            return None;
        }
        let literal = text.as_bytes()[0].is_ascii_digit().then(|| text.parse());
        Some(match literal {
            Some(Ok(address)) => Self::V4(address),
            Some(Err(_)) | None => Self::Name(text),
        })
    }

    fn to_host(self) -> Host {
        match self {
            Self::Name(name) => Host::Name(name.to_owned()),
            Self::V4(address) => Host::V4(address),
            Self::V6(address) => Host::V6(address),
            Self::None => Host::None,
        }
    }
}

/// Where an ASCII byte first stands in a text: for texts of a few dozen bytes.
fn position(text: &str, wanted: u8) -> Option<usize> {
    text.bytes().position(|byte| byte == wanted)
}

/// What stands before an ASCII byte and, where it is there, what stands behind it.
fn cut(text: &str, at: u8) -> (&str, Option<&str>) {
    match position(text, at) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

const fn is_no_uri_byte(byte: u8) -> bool {
    byte <= b' ' || byte == 0x7f || matches!(byte, b'<' | b'>' | b'"')
}

/// Reads `host[:port]`, white space around the colon allowed (Via has it).
pub(crate) fn host_and_port(text: &str) -> Result<(Host, Option<u16>), UriError> {
    read_host_and_port(text).map(|(host, port)| (host.to_host(), port))
}

/// Whether [`host_and_port`] reads this.
pub(super) fn is_host_and_port(text: &str) -> bool {
    read_host_and_port(text).is_ok()
}

fn read_host_and_port(text: &str) -> Result<(HostPart<'_>, Option<u16>), UriError> {
    let host_end = match text.strip_prefix('[') {
        Some(inner) => position(inner, b']').ok_or(UriError::Host)? + 2,
        None => position(text, b':').unwrap_or(text.len()),
    };
    // `]` and `:` are ASCII, so the cut is at a character boundary.
    let (host, rest) = text.split_at(host_end);
    let host = HostPart::read(host.trim_end()).ok_or(UriError::Host)?;
    let rest = rest.trim_start();
    if rest.is_empty() {
        return Ok((host, None));
    }
    let port = rest.strip_prefix(':').ok_or(UriError::Host)?;
    let port = scan::number(port.as_bytes()).filter(|port| *port != 0).ok_or(UriError::Port)?;
    Ok((host, Some(port)))
}

fn v6(text: &str) -> Option<Ipv6Addr> {
    text.parse().ok().or_else(|| text.replacen(":::", "::", 1).parse().ok())
}

fn split_scheme(text: &str) -> Result<(Scheme, &str), UriError> {
    let (scheme, rest) = cut(text, b':');
    let rest = rest.ok_or(UriError::Scheme)?;
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
    if !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) || !scheme.bytes().all(legal) {
        return Err(UriError::Scheme);
    }
    let scheme = if scheme.eq_ignore_ascii_case("sip") {
        Scheme::Sip
    } else if scheme.eq_ignore_ascii_case("sips") {
        Scheme::Sips
    } else if scheme.eq_ignore_ascii_case("tel") {
        Scheme::Tel
    } else {
        Scheme::Other(scheme.to_ascii_lowercase())
    };
    Ok((scheme, rest))
}

fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_')
}

fn is_tel_byte(byte: u8) -> bool {
    byte.is_ascii_hexdigit() || matches!(byte, b'+' | b'*' | b'#' | b'-' | b'.' | b'(' | b')')
}

/// Every parameter of `a` agrees with `b`: those that are in both are the same, and those that
/// change where a request goes are in both.
fn params_match(a: &Params, b: &Params) -> bool {
    a.iter().all(|(name, value)| match b.get(name) {
        Some(other) => canonical(value.unwrap_or_default()).eq_ignore_ascii_case(&canonical(other)),
        None => !["user", "ttl", "method", "maddr", "transport"]
            .iter()
            .any(|special| name.eq_ignore_ascii_case(special)),
    })
}

fn headers_match(a: Option<&str>, b: Option<&str>) -> bool {
    let sorted = |text: Option<&str>| {
        let mut headers: Vec<_> = text
            .unwrap_or_default()
            .split('&')
            .map(|header| {
                let (name, value) = header.split_once('=').unwrap_or((header, ""));
                (name.to_ascii_lowercase(), canonical(value))
            })
            .collect();
        headers.sort();
        headers
    };
    a == b || sorted(a) == sorted(b)
}
