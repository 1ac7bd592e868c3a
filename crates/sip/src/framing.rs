//! Messages out of a byte stream: TCP and TLS (RFC 3261 section 18.3), with the keep-alives of
//! RFC 5626 section 3.5.1.
//!
//! A message is framed by its Content-Length alone. Where that is missing, malformed or too
//! large the stream is lost: the caller closes the connection. A message that is framed but
//! broken otherwise comes out as a fault, and the next one is found. Memory is bounded by the
//! limits, work is linear in the bytes however they are cut.

use bytes::{Bytes, BytesMut};

use crate::message::parse::{ContentLength, Head, assemble};
use crate::message::{Message, ParseFault, ParseLimits};

/// What comes out of the stream.
#[derive(Clone, Debug)]
pub enum Framed {
    /// A message.
    Message(Message),
    /// A framed message that is broken; it may deserve an answer.
    Fault(ParseFault),
    /// A double CRLF: the peer wants a single one back within ten seconds.
    Ping,
    /// A single CRLF: the answer to our ping.
    Pong,
}

/// Why a stream cannot be read any further; the connection is to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FramingError {
    /// A message without Content-Length (RFC 3261 section 20.14).
    #[error("no Content-Length on a stream")]
    ContentLengthMissing,
    /// A Content-Length that is no number, or several that differ.
    #[error("malformed Content-Length on a stream")]
    ContentLengthMalformed,
    /// Start line and headers are longer than the limit.
    #[error("headers too large")]
    HeadTooLarge,
    /// The message is longer than the limit.
    #[error("message too large")]
    MessageTooLarge,
}

/// Takes a stream apart.
#[derive(Debug)]
pub struct StreamDecoder {
    limits: ParseLimits,
    buffer: BytesMut,
    /// Up to where the buffer has been searched for the end of the headers.
    searched: usize,
    /// The headers of the message whose body is still coming, and its whole length.
    waiting: Option<(Head, usize)>,
    /// A CRLF has been reported as a pong; another one makes it a ping.
    half_ping: bool,
    failed: Option<FramingError>,
}

impl Default for StreamDecoder {
    fn default() -> Self {
        Self::new(ParseLimits::default())
    }
}

impl StreamDecoder {
    /// A decoder at the start of a stream.
    pub fn new(limits: ParseLimits) -> Self {
        Self {
            limits,
            buffer: BytesMut::new(),
            searched: 0,
            waiting: None,
            half_ping: false,
            failed: None,
        }
    }

    /// Adds bytes as they came. Call [`Self::next_frame`] until it gives `None` before adding
    /// more: what is kept is then at most one message.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.failed.is_none() {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// How many bytes wait for the rest of their message.
    pub fn pending(&self) -> usize {
        self.buffer.len()
    }

    /// The next thing in the stream; `None` when more bytes are needed. An error is for good.
    pub fn next_frame(&mut self) -> Result<Option<Framed>, FramingError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.advance().inspect_err(|error| {
            self.failed = Some(*error);
            self.buffer = BytesMut::new();
        })
    }

    fn advance(&mut self) -> Result<Option<Framed>, FramingError> {
        if self.waiting.is_none() {
            if let Some(keep_alive) = self.take_line_ends() {
                return Ok(Some(keep_alive));
            }
            // A message starts with neither; a CR waits for its LF.
            if matches!(&self.buffer[..], [] | [b'\r']) {
                return Ok(None);
            }
            let Some(end) = self.find_head_end()? else {
                return Ok(None);
            };
            let head = Head::read(&self.buffer[..end], &self.limits);
            let total = self.total(&head, end)?;
            self.waiting = Some((head, total));
        }
        Ok(self.take_message())
    }

    /// Takes the line ends between messages. `CRLF CRLF` is a ping; the first CRLF of one cut
    /// in two has been reported as a pong, which does no harm.
    fn take_line_ends(&mut self) -> Option<Framed> {
        // An LF alone between messages is tolerated and means nothing.
        while self.buffer.first() == Some(&b'\n') {
            let _ = self.buffer.split_to(1);
        }
        if !self.buffer.starts_with(b"\r\n") {
            self.half_ping &= matches!(self.buffer.first(), None | Some(b'\r'));
            return None;
        }
        let ping = self.half_ping || self.buffer.starts_with(b"\r\n\r\n");
        let length = if ping && !self.half_ping { 4 } else { 2 };
        let _ = self.buffer.split_to(length);
        self.half_ping = !ping;
        Some(if ping { Framed::Ping } else { Framed::Pong })
    }

    /// Finds the empty line; what has been searched is not searched again.
    fn find_head_end(&mut self) -> Result<Option<usize>, FramingError> {
        let limit = self.limits.head_bytes;
        let mut at = self.searched;
        while let Some(found) = memchr::memchr(b'\n', &self.buffer[at..]) {
            let line_end = at + found + 1;
            let end = match &self.buffer[line_end..] {
                [b'\r', b'\n', ..] => line_end + 2,
                [b'\n', ..] => line_end + 1,
                // The next byte decides: look at this line end again.
                [] | [b'\r'] => {
                    self.searched = at + found;
                    return self.within_head(None, limit);
                }
                [..] => {
                    at = line_end;
                    continue;
                }
            };
            return self.within_head(Some(end), limit);
        }
        self.searched = self.buffer.len();
        self.within_head(None, limit)
    }

    fn within_head(&self, end: Option<usize>, limit: usize) -> Result<Option<usize>, FramingError> {
        if end.unwrap_or(self.buffer.len()) > limit {
            return Err(FramingError::HeadTooLarge);
        }
        Ok(end)
    }

    fn total(&self, head: &Head, head_end: usize) -> Result<usize, FramingError> {
        // More header lines than the limit: Content-Length may be among those not read.
        if head.end != head_end {
            return Err(FramingError::HeadTooLarge);
        }
        let length = match head.content_length {
            ContentLength::Given(length) => length,
            ContentLength::Absent => return Err(FramingError::ContentLengthMissing),
            ContentLength::Malformed => return Err(FramingError::ContentLengthMalformed),
        };
        head_end
            .checked_add(length)
            .filter(|total| *total <= self.limits.message_bytes)
            .ok_or(FramingError::MessageTooLarge)
    }

    fn take_message(&mut self) -> Option<Framed> {
        let (head, total) = self.waiting.take()?;
        if self.buffer.len() < total {
            self.waiting = Some((head, total));
            return None;
        }
        self.searched = 0;
        let bytes: Bytes = self.buffer.split_to(total).freeze();
        Some(match assemble(head, bytes) {
            Ok(message) => Framed::Message(message),
            Err(fault) => Framed::Fault(fault),
        })
    }
}
