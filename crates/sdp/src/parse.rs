//! Reading a session description (RFC 8866 §5, §9).
//!
//! Strict where a wrong reading would send packets to the wrong place (`v= o= c= m=`), lenient
//! elsewhere: bare LF, missing `s=` or `t=`, blank lines and letters of later specifications are
//! all seen in the field. Bounded: [`MAX_BYTES`], [`MAX_LINES`], [`MAX_MEDIA`], [`MAX_FORMATS`].

use std::borrow::Cow;

use crate::connection::Connection;
use crate::description::{Lines, Media, Origin, SessionDescription, until_break};

/// The longest description that is read, in bytes.
pub const MAX_BYTES: usize = 32 * 1024;
/// The most lines in a description.
pub const MAX_LINES: usize = 1000;
/// The most streams in a description.
pub const MAX_MEDIA: usize = 32;
/// The most formats in one `m=` line: there are only 128 payload numbers.
pub const MAX_FORMATS: usize = 128;

/// Why a body is no session description. Lines are counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    /// More than [`MAX_BYTES`].
    #[error("session description longer than {MAX_BYTES} bytes")]
    TooLong,
    /// More than [`MAX_LINES`].
    #[error("session description of more than {MAX_LINES} lines")]
    TooManyLines,
    /// More than [`MAX_MEDIA`].
    #[error("session description of more than {MAX_MEDIA} streams")]
    TooManyMedia,
    /// More than [`MAX_FORMATS`] in one `m=` line.
    #[error("line {line}: more than {MAX_FORMATS} formats")]
    TooManyFormats {
        /// Where.
        line: usize,
    },
    /// The first line is not `v=0`.
    #[error("no v=0 in the first line")]
    Version,
    /// There is no `o=` line before the first stream, or it is not in the second line's form.
    #[error("no readable o= line")]
    Origin,
    /// A line is not a letter, an equals sign and text without control characters.
    #[error("line {line} is not of the form x=value")]
    Line {
        /// Where.
        line: usize,
    },
    /// A `c=` line has no readable internet address.
    #[error("line {line}: unreadable connection")]
    Connection {
        /// Where.
        line: usize,
    },
    /// An `m=` line is not kind, port, profile and formats.
    #[error("line {line}: unreadable media description")]
    Media {
        /// Where.
        line: usize,
    },
}

impl SessionDescription {
    /// Reads a message body.
    ///
    /// # Errors
    /// What is wrong first; nothing of the description is to be used then.
    pub fn parse(body: &[u8]) -> Result<Self, SdpError> {
        if body.len() > MAX_BYTES {
            return Err(SdpError::TooLong);
        }
        // Free text may be in another encoding; what decides anything is ASCII.
        let text = match std::str::from_utf8(body) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => String::from_utf8_lossy(body),
        };
        let mut lines = text
            .split('\n')
            .enumerate()
            .map(|(index, line)| (index + 1, line.strip_suffix('\r').unwrap_or(line)))
            .skip_while(|(_, line)| line.is_empty());
        match lines.next() {
            Some((_, version)) if version.trim_end() == "v=0" => {}
            Some(_) | None => return Err(SdpError::Version),
        }
        let mut reader = Reader::default();
        for (number, line) in lines {
            if number > MAX_LINES {
                return Err(SdpError::TooManyLines);
            }
            if !line.is_empty() {
                reader.line(number, line)?;
            }
        }
        reader.finish()
    }
}

#[derive(Default)]
struct Reader {
    origin: Option<Origin>,
    name: Box<str>,
    connection: Option<Connection>,
    lines: Lines,
    media: Vec<Media>,
}

impl Reader {
    fn line(&mut self, number: usize, line: &str) -> Result<(), SdpError> {
        let fault = SdpError::Line { line: number };
        let &[kind, b'=', ..] = line.as_bytes() else {
            return Err(fault);
        };
        // Both bytes are ASCII, so the cut is at a character boundary.
        let value = &line[2..];
        if !kind.is_ascii_alphabetic() || until_break(value).len() != value.len() {
            return Err(fault);
        }
        match (kind, self.media.last_mut()) {
            (b'm', _) => self.media_line(number, value)?,
            (b'c', Some(Media { connection, .. })) if connection.is_none() => {
                *connection = Some(connection_line(number, value)?);
            }
            (b'c', None) if self.connection.is_none() => {
                self.connection = Some(connection_line(number, value)?);
            }
            (b'o', None) if self.origin.is_none() => self.origin = Some(origin_line(value)?),
            (b's', None) if self.name.is_empty() => self.name = value.into(),
            (b'v' | b'o' | b's', _) => return Err(fault),
            (kind, Some(media)) => media.lines.push(char::from(kind), value),
            (kind, None) => self.lines.push(char::from(kind), value),
        }
        Ok(())
    }

    fn media_line(&mut self, number: usize, value: &str) -> Result<(), SdpError> {
        if self.media.len() == MAX_MEDIA {
            return Err(SdpError::TooManyMedia);
        }
        let fault = SdpError::Media { line: number };
        let mut words = value.split_ascii_whitespace();
        let (Some(kind), Some(ports), Some(protocol)) = (words.next(), words.next(), words.next())
        else {
            return Err(fault);
        };
        let (port, port_count) = match ports.split_once('/') {
            Some((port, count)) => (port, Some(count.parse().map_err(|_| fault)?)),
            None => (ports, None),
        };
        let formats: Vec<Box<str>> = words.by_ref().take(MAX_FORMATS).map(Into::into).collect();
        if words.next().is_some() {
            return Err(SdpError::TooManyFormats { line: number });
        }
        self.media.push(Media {
            kind: kind.into(),
            port: port.parse().map_err(|_| fault)?,
            port_count,
            protocol: protocol.into(),
            formats,
            connection: None,
            lines: Lines::default(),
        });
        Ok(())
    }

    fn finish(self) -> Result<SessionDescription, SdpError> {
        let Self { origin, name, connection, lines, media } = self;
        let origin = origin.ok_or(SdpError::Origin)?;
        Ok(SessionDescription { origin, name, connection, lines, media })
    }
}

fn connection_line(line: usize, value: &str) -> Result<Connection, SdpError> {
    Connection::parse(value).ok_or(SdpError::Connection { line })
}

/// Peers write user names with blanks in them: what is left of the five last words is the name.
fn origin_line(value: &str) -> Result<Origin, SdpError> {
    let mut words = value.trim_end().rsplitn(6, ' ');
    let mut word = || words.next().filter(|word| !word.is_empty()).ok_or(SdpError::Origin);
    let (address, address_type, net_type) = (word()?, word()?, word()?);
    let (session_version, session_id, username) = (word()?, word()?, word()?);
    Ok(Origin {
        username: username.into(),
        session_id: session_id.into(),
        session_version: session_version.into(),
        address: format!("{net_type} {address_type} {address}").into(),
    })
}
