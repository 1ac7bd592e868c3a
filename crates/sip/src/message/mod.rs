//! SIP messages (RFC 3261 section 7): read from bytes without copying, written into one buffer,
//! and unchanged messages send the bytes they came as.
//!
//! A [`Request`] or [`Response`] cannot be changed: what is sent is built by [`RequestBuilder`]
//! or [`ResponseBuilder`]. Typed values are read on demand, see [`Headers`].

mod build;
mod check;
mod fault;
mod headers;
mod method;
mod name;
pub(crate) mod parse;
mod status;
mod typed;
pub(crate) mod value;

#[cfg(feature = "rsip")]
pub mod rsip;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use bytes::Bytes;

pub use build::{Body, RequestBuilder, ResponseBuilder};
pub use check::{
    Capabilities, Refusal, check_capabilities, check_request, check_response, response_port,
};
pub use fault::{FaultKind, ParseError, ParseFault, ParseLimits};
pub use headers::{HeaderLine, Headers};
pub use method::{Method, Token};
pub use name::HeaderName;
pub use status::StatusCode;
pub use typed::HeaderError;
pub use value::{
    CSeq, Contacts, Event, Host, NameAddr, Params, RAck, Reason, ReferTo, Refresher, Replaces,
    Scheme, SessionExpires, Uri, UriError, Via, ViaTransport, sipfrag_status,
};

/// A request or a response.
#[derive(Clone, Debug)]
pub enum Message {
    /// A request.
    Request(Request),
    /// A response.
    Response(Response),
}

impl Message {
    /// The headers.
    pub fn headers(&self) -> &Headers {
        match self {
            Self::Request(request) => &request.headers,
            Self::Response(response) => &response.headers,
        }
    }

    /// The body.
    pub fn body(&self) -> &Bytes {
        match self {
            Self::Request(request) => &request.body,
            Self::Response(response) => &response.body,
        }
    }

    /// The message as it goes over the wire; shares memory with `self`.
    pub fn to_bytes(&self) -> Bytes {
        self.headers().buffer.clone()
    }
}

/// A request.
#[derive(Clone)]
pub struct Request {
    method: Method,
    uri: Range<u32>,
    headers: Headers,
    body: Bytes,
}

impl Request {
    /// The method.
    pub const fn method(&self) -> &Method {
        &self.method
    }

    /// The Request-URI as received.
    pub fn uri_raw(&self) -> &[u8] {
        slice(&self.headers, &self.uri)
    }

    /// The Request-URI.
    pub fn uri(&self) -> Result<Uri, UriError> {
        let text = std::str::from_utf8(self.uri_raw()).map_err(|_| UriError::Character)?;
        Uri::parse(text)
    }

    /// The headers.
    pub const fn headers(&self) -> &Headers {
        &self.headers
    }

    /// The body; empty when there is none.
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// The request as it goes over the wire; shares memory with `self`.
    pub fn to_bytes(&self) -> Bytes {
        self.headers.buffer.clone()
    }
}

/// A response.
#[derive(Clone)]
pub struct Response {
    status: StatusCode,
    reason: Range<u32>,
    headers: Headers,
    body: Bytes,
}

impl Response {
    /// The status code.
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The reason phrase as received; may be empty.
    pub fn reason(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(slice(&self.headers, &self.reason))
    }

    /// The headers.
    pub const fn headers(&self) -> &Headers {
        &self.headers
    }

    /// The body; empty when there is none.
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// The response as it goes over the wire; shares memory with `self`.
    pub fn to_bytes(&self) -> Bytes {
        self.headers.buffer.clone()
    }
}

fn slice<'a>(headers: &'a Headers, range: &Range<u32>) -> &'a [u8] {
    &headers.buffer[range.start as usize..range.end as usize]
}

impl From<Request> for Message {
    fn from(request: Request) -> Self {
        Self::Request(request)
    }
}

impl From<Response> for Message {
    fn from(response: Response) -> Self {
        Self::Response(response)
    }
}

impl PartialEq for Request {
    fn eq(&self, other: &Self) -> bool {
        self.headers.buffer == other.headers.buffer
    }
}

impl PartialEq for Response {
    fn eq(&self, other: &Self) -> bool {
        self.headers.buffer == other.headers.buffer
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.headers.buffer))
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.headers.buffer))
    }
}
