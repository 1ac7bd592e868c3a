//! Addresses of From, To, Contact, Route and their like: display name, URI, parameters
//! (RFC 3261 section 20.10).

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use super::uri::UriParts;
use super::{Params, Uri, scan};

/// `"Display" <uri>;params`, or `uri;params` where the parameters belong to the header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameAddr {
    /// The display name, quotes resolved.
    pub display: Option<String>,
    /// The URI.
    pub uri: Uri,
    /// The parameters of the header, not of the URI.
    pub params: Params,
}

impl NameAddr {
    /// An address with no display name and no parameters.
    pub const fn new(uri: Uri) -> Self {
        Self { display: None, uri, params: Params::new() }
    }

    /// The same address with a display name.
    #[must_use]
    pub fn with_display(mut self, display: impl Into<String>) -> Self {
        self.display = Some(display.into());
        self
    }

    /// The same address with this tag.
    #[must_use]
    pub fn with_tag(mut self, tag: &str) -> Self {
        self.params.set("tag", Some(tag));
        self
    }

    /// The tag of From and To.
    pub fn tag(&self) -> Option<&str> {
        self.params.get("tag").filter(|tag| !tag.is_empty())
    }

    /// The `expires` of a Contact in seconds; one beyond 2³²−1, or no number, counts as 3600
    /// (RFC 3261 section 10.2.1.1, RFC 4475 section 3.1.2.4).
    pub fn expires(&self) -> Option<u32> {
        self.params.get("expires").map(|text| scan::seconds(text.as_bytes(), 3600).unwrap_or(3600))
    }

    /// The `q` of a Contact in thousandths, 0 to 1000; `None` when absent or malformed.
    pub fn q_thousandths(&self) -> Option<u16> {
        let text = self.params.get("q")?;
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        if fraction.len() > 3 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let whole: u16 = if whole.is_empty() { 0 } else { scan::number(whole.as_bytes())? };
        let digits = format!("{fraction:0<3}");
        let value = whole.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
        (value <= 1000).then_some(value)
    }

    /// Reads one address. An unquoted `<…>` within a quoted display name is text, never the URI.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let parts = Parts::read(bytes)?;
        let display = match parts.display {
            Display::None => None,
            Display::Quoted(quoted) => Some(scan::unquote(quoted).into_owned()),
            Display::Plain(flat) => Some(scan::text(&flat).into_owned()),
        };
        Some(Self {
            display,
            uri: Uri::parse(parts.uri).ok()?,
            params: Params::parse(parts.params)?,
        })
    }

    /// Whether [`Self::parse`] reads this, without copying it.
    pub(crate) fn is_legal(bytes: &[u8]) -> bool {
        Parts::read(bytes).is_some_and(|parts| {
            UriParts::check(parts.uri).is_ok() && Params::is_legal(parts.params)
        })
    }
}

/// An address cut into its parts; URI and parameters are not looked at.
struct Parts<'a> {
    display: Display<'a>,
    uri: &'a str,
    params: &'a [u8],
}

enum Display<'a> {
    None,
    Quoted(&'a [u8]),
    Plain(Cow<'a, [u8]>),
}

impl<'a> Parts<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let bytes = scan::trim(bytes);
        let (display, rest) = if bytes.first() == Some(&b'"') {
            let (quoted, rest) = bytes.split_at(scan::quoted_len(bytes)?);
            (Display::Quoted(quoted), bracket(scan::trim(rest))?)
        } else if let Some(at) = memchr::memchr(b'<', bytes) {
            (plain_display(&bytes[..at])?, &bytes[at + 1..])
        } else {
            return Self::read_bare(bytes);
        };
        let end = memchr::memchr(b'>', rest)?;
        Some(Self {
            display,
            uri: std::str::from_utf8(&rest[..end]).ok()?,
            params: &rest[end + 1..],
        })
    }

    /// Without brackets a `?`, and a comma, are errors, and `;` ends the URI (section 20.10).
    fn read_bare(bytes: &'a [u8]) -> Option<Self> {
        let (uri, params) = bytes.split_at(memchr::memchr(b';', bytes).unwrap_or(bytes.len()));
        let uri = std::str::from_utf8(scan::trim(uri)).ok()?;
        if uri.contains(['?', ',']) {
            return None;
        }
        Some(Self { display: Display::None, uri, params })
    }
}

fn bracket(bytes: &[u8]) -> Option<&[u8]> {
    bytes.strip_prefix(b"<")
}

/// An unquoted display name: tokens and white space by the grammar. Letters beyond ASCII, which
/// many phones send, pass too; the separators that would change the meaning do not.
fn plain_display(bytes: &[u8]) -> Option<Display<'_>> {
    let bytes = scan::trim(bytes);
    if bytes.is_empty() {
        return Some(Display::None);
    }
    let flat = scan::unfold(bytes);
    let separator = |b: &u8| {
        matches!(b, b',' | b';' | b':' | b'"' | b'>' | b'@' | b'\\') || *b < b' ' && *b != b'\t'
    };
    if flat.iter().any(separator) {
        return None;
    }
    Some(Display::Plain(flat))
}

impl FromStr for NameAddr {
    type Err = super::UriError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text.as_bytes()).ok_or(super::UriError::Character)
    }
}

impl fmt::Display for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(display) = &self.display {
            f.write_str("\"")?;
            for c in display.chars() {
                match c {
                    '"' | '\\' => write!(f, "\\{c}")?,
                    c if c.is_control() => f.write_str(" ")?,
                    c => write!(f, "{c}")?,
                }
            }
            f.write_str("\" ")?;
        }
        write!(f, "<{}>{}", self.uri, self.params)
    }
}

/// What the Contact headers of a message say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contacts {
    /// `Contact: *` of a REGISTER: every binding.
    Star,
    /// The addresses in order; may be empty.
    List(Vec<NameAddr>),
}

impl Contacts {
    /// The addresses; none for `*`.
    pub fn addresses(&self) -> &[NameAddr] {
        match self {
            Self::Star => &[],
            Self::List(list) => list,
        }
    }
}
