//! Messages written from the ones they belong to, and as much reading of these as that needs.

use std::fmt::Write as _;

/// The value of a header line; `name` is `"\r\nTo: "` and its like.
pub(crate) fn value<'a>(message: &'a str, name: &str) -> &'a str {
    let Some(at) = message.find(name) else { return "" };
    let rest = &message[at + name.len()..];
    &rest[..rest.find("\r\n").unwrap_or(rest.len())]
}

/// The status of a response; 0 for a request.
pub(crate) fn status(message: &str) -> u16 {
    let code = message.strip_prefix("SIP/2.0 ").and_then(|rest| rest.get(..3));
    code.and_then(|code| code.parse().ok()).unwrap_or(0)
}

/// The URI within angle brackets.
pub(crate) fn uri(value: &str) -> &str {
    let inner = value.split_once('<').map_or(value, |(_, rest)| rest);
    inner.split_once('>').map_or(inner, |(uri, _)| uri)
}

/// The audio port that a message's session description names.
pub(crate) fn audio_port(message: &str) -> Option<u16> {
    let (_, rest) = message.split_once("\r\nm=audio ")?;
    rest.split(' ').next()?.parse().ok()
}

/// A response to this request. Every header that it repeats is there once.
pub(crate) fn response(request: &str, status: &str, tag: &str, more: &str, body: &str) -> String {
    let to = value(request, "\r\nTo: ");
    let mut text = String::with_capacity(1024);
    // Writing into a String cannot fail.
    let _ = write!(
        text,
        "SIP/2.0 {status}\r\nVia: {}\r\nFrom: {}\r\nTo: {to}",
        value(request, "\r\nVia: "),
        value(request, "\r\nFrom: "),
    );
    if !to.contains(";tag=") && !tag.is_empty() {
        let _ = write!(text, ";tag={tag}");
    }
    let _ = write!(
        text,
        "\r\nCall-ID: {}\r\nCSeq: {}\r\n{more}Content-Length: {}\r\n\r\n{body}",
        value(request, "\r\nCall-ID: "),
        value(request, "\r\nCSeq: "),
        body.len(),
    );
    text
}

/// A session description of ours.
pub(crate) fn description(host: &str, port: u16) -> String {
    format!(
        "v=0\r\no=- 8000 8000 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n\
         a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n"
    )
}
