//! What can be wrong with the bytes of a message, the sizes it may have, and the answer that a
//! broken one gets (RFC 3261 sections 8.2 and 21.4; the verdicts of RFC 4475).

use super::headers::Headers;
use super::name::HeaderName;
use super::{Method, StatusCode};

/// The sizes beyond which a message is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseLimits {
    /// Bytes of a whole message.
    pub message_bytes: usize,
    /// Bytes of start line and headers together.
    pub head_bytes: usize,
    /// Header lines.
    pub headers: usize,
    /// Bytes of one line, folds included.
    pub line_bytes: usize,
    /// Via lines; a request that passed more hops is looping (RFC 3261 section 16.3 step 3).
    pub via_lines: usize,
}

impl Default for ParseLimits {
    fn default() -> Self {
        Self {
            message_bytes: 65_535,
            head_bytes: 32_768,
            headers: 256,
            line_bytes: 8_192,
            via_lines: 70,
        }
    }
}

/// Why bytes are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Nothing but line ends: a keep-alive.
    #[error("no message, only line ends")]
    Empty,
    /// The start line is neither a Request-Line nor a Status-Line.
    #[error("malformed start line")]
    StartLine,
    /// A version other than SIP/2.0.
    #[error("version other than SIP/2.0")]
    Version,
    /// A status code outside 100 to 699.
    #[error("status code out of range")]
    Status,
    /// A header line without a name and a colon.
    #[error("malformed header line")]
    HeaderLine,
    /// A carriage return that ends no line.
    #[error("bare carriage return")]
    BareCarriageReturn,
    /// The headers do not end with an empty line.
    #[error("headers do not end")]
    HeadersUnterminated,
    /// A Content-Length that is no number, or several that differ.
    #[error("malformed Content-Length")]
    ContentLength,
    /// Content-Length promises more than has come.
    #[error("body shorter than Content-Length")]
    BodyTruncated,
    /// More bytes than the limit.
    #[error("message too large")]
    TooLarge,
    /// More header lines, or more Via lines, than the limit.
    #[error("too many headers")]
    TooManyHeaders,
    /// A line longer than the limit.
    #[error("line too long")]
    LineTooLong,
}

/// What a broken message seems to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// A request; the method where it is a token.
    Request(Option<Method>),
    /// A response.
    Response,
    /// Neither.
    Unknown,
}

/// A broken message: why, and what could still be read of it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{error}")]
pub struct ParseFault {
    /// The first thing wrong.
    pub error: ParseError,
    /// Request, response or neither.
    pub kind: FaultKind,
    /// The header lines that are whole.
    pub headers: Headers,
}

impl ParseFault {
    /// The status that answers the message: 400, 505 or 513; `None` for what is dropped:
    /// responses, ACK, and requests without the headers that a response copies.
    pub fn status(&self) -> Option<StatusCode> {
        let FaultKind::Request(method) = &self.kind else {
            return None;
        };
        let copied = [
            HeaderName::Via,
            HeaderName::From,
            HeaderName::To,
            HeaderName::CallId,
            HeaderName::CSeq,
        ];
        if *method == Some(Method::Ack) || !copied.iter().all(|name| self.headers.contains(*name)) {
            return None;
        }
        Some(match self.error {
            ParseError::Version => StatusCode::VERSION_NOT_SUPPORTED,
            ParseError::TooLarge => StatusCode::MESSAGE_TOO_LARGE,
            ParseError::Empty
            | ParseError::StartLine
            | ParseError::Status
            | ParseError::HeaderLine
            | ParseError::BareCarriageReturn
            | ParseError::HeadersUnterminated
            | ParseError::ContentLength
            | ParseError::BodyTruncated
            | ParseError::TooManyHeaders
            | ParseError::LineTooLong => StatusCode::BAD_REQUEST,
        })
    }
}
