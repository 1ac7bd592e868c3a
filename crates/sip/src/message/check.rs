//! The rules that a readable message can still break (RFC 3261 sections 8.1.3.3, 8.2 and 18;
//! the verdicts of RFC 4475 and RFC 5118). First [`check_request`]: what no element accepts;
//! then [`check_capabilities`]: what this one does not.

use std::borrow::Cow;

use super::name::{self, HeaderName};
use super::typed::HeaderError;
use super::value::{Scheme, UriError, UriParts, Via};
use super::{Headers, Method, Request, Response, StatusCode};

/// Why a request is refused, and with what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status.
    pub status: StatusCode,
    /// The reason phrase.
    pub reason: Cow<'static, str>,
    /// Headers that the response carries beside the usual ones.
    pub headers: Vec<(HeaderName, String)>,
}

impl Refusal {
    /// A refusal with the usual phrase.
    pub fn new(status: StatusCode) -> Self {
        Self { status, reason: Cow::Borrowed(status.phrase()), headers: Vec::new() }
    }

    fn bad(cause: impl std::fmt::Display) -> Self {
        let reason = Cow::Owned(format!("Bad Request: {cause}"));
        Self { reason, ..Self::new(StatusCode::BAD_REQUEST) }
    }

    fn with(mut self, name: HeaderName, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl From<HeaderError> for Refusal {
    fn from(error: HeaderError) -> Self {
        Self::bad(error)
    }
}

/// The most Via values a message may have, however they are spread over lines.
const MAX_VIAS: usize = 70;

/// Headers that may stand in a message once at most.
const SINGLE: [HeaderName; 19] = [
    HeaderName::From,
    HeaderName::To,
    HeaderName::CallId,
    HeaderName::CSeq,
    HeaderName::MaxForwards,
    HeaderName::ContentType,
    HeaderName::ContentLength,
    HeaderName::Expires,
    HeaderName::MinExpires,
    HeaderName::Event,
    HeaderName::SubscriptionState,
    HeaderName::ReferSub,
    HeaderName::ReferTo,
    HeaderName::ReferredBy,
    HeaderName::Replaces,
    HeaderName::SessionExpires,
    HeaderName::MinSe,
    HeaderName::RAck,
    HeaderName::RSeq,
];

/// The [`SINGLE`] headers, one bit each at their place in the table of names.
const SINGLE_CODES: u128 = {
    let mut bits = 0;
    let mut at = 0;
    while at < SINGLE.len() {
        bits |= 1 << SINGLE[at].code();
        at += 1;
    }
    bits
};

/// Checks what every element has to check; the refusal is 400 or 416.
///
/// A CSeq that names another method than an unknown one of the start line passes, so that
/// [`check_capabilities`] can answer 501, which RFC 4475 section 3.1.2.18 prefers.
pub fn check_request(request: &Request) -> Result<(), Refusal> {
    let headers = request.headers();
    check_shape(headers)?;
    check_request_uri(request)?;
    let cseq = headers.cseq()?;
    if cseq.method != *request.method() && !matches!(request.method(), Method::Other(_)) {
        return Err(Refusal::bad("CSeq names another method"));
    }
    headers.max_forwards()?;
    headers.check_addresses(HeaderName::Contact)?;
    headers.check_addresses(HeaderName::Route)?;
    headers.check_addresses(HeaderName::RecordRoute)?;
    if *request.method() == Method::Register && !headers.to()?.uri.is_sip() {
        return Err(Refusal::bad("To is no SIP address of record"));
    }
    Ok(())
}

/// Checks a response; one with a fault is dropped (RFC 3261 section 8.1.3.3: it has exactly one
/// Via, as we are never a proxy).
pub fn check_response(response: &Response) -> Result<(), HeaderError> {
    let headers = response.headers();
    check_shape(headers)?;
    headers.cseq()?;
    if headers.has_more_vias(1) {
        return Err(HeaderError::Repeated(HeaderName::Via));
    }
    Ok(())
}

fn check_shape(headers: &Headers) -> Result<(), HeaderError> {
    if let Some(name) = repeated(headers) {
        return Err(HeaderError::Repeated(name));
    }
    headers.check_via_top()?;
    if headers.has_more_vias(MAX_VIAS) {
        return Err(HeaderError::Repeated(HeaderName::Via));
    }
    headers.check_address(HeaderName::From)?;
    headers.check_address(HeaderName::To)?;
    headers.call_id().map(|_| ())
}

/// The first of the [`SINGLE`] headers that stands there twice.
fn repeated(headers: &Headers) -> Option<HeaderName> {
    let mut seen: u128 = 0;
    let again = headers.codes().find(|code| {
        let bit = 1_u128.checked_shl(u32::from(*code)).unwrap_or_default();
        let before = seen & bit != 0;
        seen |= bit;
        before && SINGLE_CODES & bit != 0
    })?;
    name::by_code(again)
}

fn check_request_uri(request: &Request) -> Result<(), Refusal> {
    let text = std::str::from_utf8(request.uri_raw()).map_err(|_| UriError::Character);
    let uri = text
        .and_then(UriParts::check)
        .map_err(|error| Refusal::bad(format_args!("Request-URI, {error}")))?;
    if matches!(uri.scheme, Scheme::Other(_)) {
        return Err(Refusal::new(StatusCode::UNSUPPORTED_URI_SCHEME));
    }
    // Headers must not stand in a Request-URI (section 19.1.1, table 1): they would be a way to
    // have us insert a Route.
    if uri.headers.is_some() {
        return Err(Refusal::bad("headers in the Request-URI"));
    }
    Ok(())
}

/// What this element can do, for [`check_capabilities`].
#[derive(Clone, Copy, Debug)]
pub struct Capabilities<'a> {
    /// The methods that are allowed; they become Allow.
    pub methods: &'a [Method],
    /// The option tags that are supported.
    pub extensions: &'a [&'a str],
    /// The media types understood in this request, in lower case; they become Accept.
    pub content_types: &'a [&'a str],
}

/// Checks what depends on this element: the refusal is 405 or 501 with Allow, 420 with
/// Unsupported, 415 with Accept, or 406. ACK and CANCEL are never refused here.
pub fn check_capabilities(
    request: &Request,
    capabilities: &Capabilities<'_>,
) -> Result<(), Refusal> {
    let method = request.method();
    if matches!(method, Method::Ack | Method::Cancel) {
        return Ok(());
    }
    if !capabilities.methods.contains(method) {
        let status = if matches!(method, Method::Other(_)) {
            StatusCode::NOT_IMPLEMENTED
        } else {
            StatusCode::METHOD_NOT_ALLOWED
        };
        let allow = capabilities.methods.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
        return Err(Refusal::new(status).with(HeaderName::Allow, allow));
    }
    check_extensions(request.headers(), capabilities)?;
    check_content(request, capabilities)?;
    check_accept(request)
}

fn check_extensions(headers: &Headers, capabilities: &Capabilities<'_>) -> Result<(), Refusal> {
    // Proxy-Require is for proxies, and we are none.
    let unknown: Vec<_> = headers
        .tokens(HeaderName::Require)
        .filter(|tag| !capabilities.extensions.iter().any(|known| known.eq_ignore_ascii_case(tag)))
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let refusal = Refusal::new(StatusCode::BAD_EXTENSION);
    Err(refusal.with(HeaderName::Unsupported, unknown.join(", ")))
}

fn check_content(request: &Request, capabilities: &Capabilities<'_>) -> Result<(), Refusal> {
    let headers = request.headers();
    if request.body().is_empty() || is_optional(headers) {
        return Ok(());
    }
    let refusal = Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    if headers.tokens(HeaderName::ContentEncoding).any(|coding| coding != "identity") {
        return Err(refusal.with(HeaderName::AcceptEncoding, "identity".to_owned()));
    }
    let content_type = headers.content_type().unwrap_or_default();
    if capabilities.content_types.contains(&content_type.as_str()) {
        return Ok(());
    }
    Err(refusal.with(HeaderName::Accept, capabilities.content_types.join(", ")))
}

/// `Content-Disposition: …;handling=optional` (RFC 3261 section 20.11).
fn is_optional(headers: &Headers) -> bool {
    let Some(value) = headers.text(HeaderName::ContentDisposition) else {
        return false;
    };
    value.split(';').any(|part| {
        part.split_once('=').is_some_and(|(name, value)| {
            name.trim().eq_ignore_ascii_case("handling")
                && value.trim().eq_ignore_ascii_case("optional")
        })
    })
}

/// An INVITE whose sender does not read session descriptions cannot be answered with one.
fn check_accept(request: &Request) -> Result<(), Refusal> {
    let headers = request.headers();
    if *request.method() != Method::Invite || !headers.contains(HeaderName::Accept) {
        return Ok(());
    }
    let reads_sdp = headers.tokens(HeaderName::Accept).any(|range| {
        let kind = range.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        matches!(kind.as_str(), "application/sdp" | "application/*" | "*/*")
    });
    if reads_sdp {
        return Ok(());
    }
    let warning = "399 tandem \"only application/sdp is offered\"".to_owned();
    Err(Refusal::new(StatusCode::NOT_ACCEPTABLE).with(HeaderName::Warning, warning))
}

/// Where a response goes over UDP (RFC 3261 section 18.2.2, RFC 3581 section 4): to the source
/// of the request where the Via asks for it by `rport`, else to the source address and the port
/// of sent-by.
pub fn response_port(via: &Via, source_port: u16) -> u16 {
    if via.rport().is_some() { source_port } else { via.port.unwrap_or_else(|| via.default_port()) }
}
