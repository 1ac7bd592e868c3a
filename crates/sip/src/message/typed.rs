//! Typed access to headers (RFC 3261 section 20), on demand: nothing is read before it is asked
//! for, and the identifying values (tags, SIP Call-ID) come without an allocation.

use std::borrow::Cow;

use super::name::HeaderName;
use super::value::{
    CSeq, Contacts, Event, NameAddr, Params, RAck, Reason, ReferTo, Replaces, SessionExpires, Via,
    scan,
};
use super::{Headers, Method};

/// Why a header cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// It is not there.
    #[error("missing {0}")]
    Missing(HeaderName),
    /// It breaks its grammar or its range.
    #[error("malformed {0}")]
    Malformed(HeaderName),
    /// It is there more often than it may be.
    #[error("repeated {0}")]
    Repeated(HeaderName),
}

type Typed<T> = Result<T, HeaderError>;

impl Headers {
    /// The topmost Via.
    pub fn via_top(&self) -> Typed<Via> {
        self.required(HeaderName::Via, |_| Via::parse(self.values(HeaderName::Via).next()?))
    }

    /// The branch of the topmost Via, without reading the rest where it is written plainly.
    pub(crate) fn branch(&self) -> Option<Cow<'_, str>> {
        let value = self.value(HeaderName::Via)?;
        if memchr::memchr(b',', value).is_none()
            && let Some(branch) = Via::plain_branch(value)
        {
            return Some(Cow::Borrowed(branch)).filter(|branch| !branch.is_empty());
        }
        let via = self.via_top().ok()?;
        via.branch().map(|branch| Cow::Owned(branch.to_owned()))
    }

    /// Every Via in order.
    pub fn vias(&self) -> impl Iterator<Item = Typed<Via>> {
        self.values(HeaderName::Via)
            .map(|value| Via::parse(value).ok_or(HeaderError::Malformed(HeaderName::Via)))
    }

    /// From.
    pub fn from(&self) -> Typed<NameAddr> {
        self.required(HeaderName::From, NameAddr::parse)
    }

    /// To.
    pub fn to(&self) -> Typed<NameAddr> {
        self.required(HeaderName::To, NameAddr::parse)
    }

    /// The tag of From, without reading the rest; `None` as well where From is broken.
    pub fn from_tag(&self) -> Option<&str> {
        tag(self.value(HeaderName::From)?)
    }

    /// The tag of To, without reading the rest; `None` as well where To is broken.
    pub fn to_tag(&self) -> Option<&str> {
        tag(self.value(HeaderName::To)?)
    }

    /// The SIP Call-ID.
    pub fn call_id(&self) -> Typed<&str> {
        self.required(HeaderName::CallId, |value| {
            let text = std::str::from_utf8(value).ok()?;
            let visible = |byte: u8| byte > b' ' && byte != 0x7f;
            (!text.is_empty() && text.bytes().all(visible)).then_some(text)
        })
    }

    /// CSeq.
    pub fn cseq(&self) -> Typed<CSeq> {
        self.required(HeaderName::CSeq, CSeq::parse)
    }

    /// The Contact headers.
    pub fn contacts(&self) -> Typed<Contacts> {
        let mut list = Vec::new();
        let mut star = false;
        for value in self.values(HeaderName::Contact) {
            if value == b"*" {
                star = true;
            } else {
                list.push(address(HeaderName::Contact, value)?);
            }
        }
        match (star, list.is_empty()) {
            (false, _) => Ok(Contacts::List(list)),
            (true, true) => Ok(Contacts::Star),
            (true, false) => Err(HeaderError::Malformed(HeaderName::Contact)),
        }
    }

    /// The addresses of a header such as Route, Record-Route, Path or P-Asserted-Identity, in
    /// order over all its lines; empty when there is none.
    pub fn addresses(&self, name: HeaderName) -> Typed<Vec<NameAddr>> {
        self.values(name).map(|value| address(name, value)).collect()
    }

    /// Record-Route in order.
    pub fn record_routes(&self) -> Typed<Vec<NameAddr>> {
        self.addresses(HeaderName::RecordRoute)
    }

    /// Route in order.
    pub fn routes(&self) -> Typed<Vec<NameAddr>> {
        self.addresses(HeaderName::Route)
    }

    /// P-Asserted-Identity (RFC 3325).
    pub fn p_asserted_identity(&self) -> Typed<Vec<NameAddr>> {
        self.addresses(HeaderName::PAssertedIdentity)
    }

    /// Refer-To (RFC 3515).
    pub fn refer_to(&self) -> Typed<ReferTo> {
        self.required(HeaderName::ReferTo, ReferTo::parse)
    }

    /// Referred-By (RFC 3892).
    pub fn referred_by(&self) -> Typed<Option<NameAddr>> {
        self.optional(HeaderName::ReferredBy, NameAddr::parse)
    }

    /// Whether a REFER asks for the implicit subscription, or a 2xx grants it (RFC 4488); `true`
    /// where nothing is said.
    pub fn refer_sub(&self) -> Typed<bool> {
        let said = self.optional(HeaderName::ReferSub, |value| {
            let end = memchr::memchr(b';', value).unwrap_or(value.len());
            let word = scan::trim(&value[..end]);
            match (word.eq_ignore_ascii_case(b"true"), word.eq_ignore_ascii_case(b"false")) {
                (true, _) => Some(true),
                (_, true) => Some(false),
                (false, false) => None,
            }
        })?;
        Ok(said.unwrap_or(true))
    }

    /// Event (RFC 6665).
    pub fn event(&self) -> Typed<Option<Event>> {
        self.optional(HeaderName::Event, Event::parse)
    }

    /// Max-Forwards; a number above 255 counts as none (RFC 4475 section 3.1.2.4).
    pub fn max_forwards(&self) -> Typed<Option<u8>> {
        let seconds = self.optional(HeaderName::MaxForwards, |value| scan::seconds(value, 256))?;
        Ok(seconds.and_then(|number| u8::try_from(number).ok()))
    }

    /// Expires in seconds; one beyond 2³²−1 counts as 3600 (RFC 4475 section 3.1.2.4).
    pub fn expires(&self) -> Typed<Option<u32>> {
        self.optional(HeaderName::Expires, |value| scan::seconds(value, 3600))
    }

    /// Min-Expires in seconds.
    pub fn min_expires(&self) -> Typed<Option<u32>> {
        self.optional(HeaderName::MinExpires, |value| scan::seconds(value, u32::MAX))
    }

    /// Retry-After in seconds, without its comment and parameters.
    pub fn retry_after(&self) -> Typed<Option<u32>> {
        self.optional(HeaderName::RetryAfter, |value| {
            let digits = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let (number, rest) = value.split_at(digits);
            matches!(scan::trim(rest).first(), None | Some(b'(' | b';'))
                .then(|| scan::seconds(number, u32::MAX))
                .flatten()
        })
    }

    /// Session-Expires (RFC 4028).
    pub fn session_expires(&self) -> Typed<Option<SessionExpires>> {
        self.optional(HeaderName::SessionExpires, SessionExpires::parse)
    }

    /// Min-SE in seconds (RFC 4028).
    pub fn min_se(&self) -> Typed<Option<u32>> {
        self.optional(HeaderName::MinSe, |value| {
            let end = memchr::memchr(b';', value).unwrap_or(value.len());
            scan::seconds(&value[..end], u32::MAX)
        })
    }

    /// RSeq (RFC 3262).
    pub fn rseq(&self) -> Typed<Option<u32>> {
        self.optional(HeaderName::RSeq, scan::number)
    }

    /// RAck (RFC 3262).
    pub fn rack(&self) -> Typed<RAck> {
        self.required(HeaderName::RAck, RAck::parse)
    }

    /// Replaces (RFC 3891).
    pub fn replaces(&self) -> Typed<Option<Replaces>> {
        self.optional(HeaderName::Replaces, Replaces::parse)
    }

    /// The readable Reason values (RFC 3326).
    pub fn reasons(&self) -> impl Iterator<Item = Reason> {
        self.values(HeaderName::Reason).filter_map(Reason::parse)
    }

    /// The media type of the body in lower case without parameters, such as `application/sdp`.
    pub fn content_type(&self) -> Option<String> {
        let value = self.value(HeaderName::ContentType)?;
        let end = memchr::memchr(b';', value).unwrap_or(value.len());
        let mut kept = scan::text(&value[..end]).into_owned();
        kept.retain(|c| !matches!(c, ' ' | '\t' | '\r' | '\n'));
        kept.make_ascii_lowercase();
        Some(kept)
    }

    /// The parameters of Content-Type, such as `boundary`.
    pub fn content_type_params(&self) -> Typed<Params> {
        let params = self.optional(HeaderName::ContentType, |value| {
            let start = memchr::memchr(b';', value).unwrap_or(value.len());
            Params::parse(&value[start..])
        });
        params.map(Option::unwrap_or_default)
    }

    /// The methods of Allow; `None` where there is no Allow at all.
    pub fn allow(&self) -> Option<Vec<Method>> {
        self.contains(HeaderName::Allow)
            .then(|| self.values(HeaderName::Allow).filter_map(Method::from_bytes).collect())
    }

    /// Whether the sender supports this extension (Supported or Require).
    pub fn supports(&self, option_tag: &str) -> bool {
        self.has_token(HeaderName::Supported, option_tag) || self.requires(option_tag)
    }

    /// Whether the sender requires this extension.
    pub fn requires(&self, option_tag: &str) -> bool {
        self.has_token(HeaderName::Require, option_tag)
    }

    /// The Privacy values (RFC 3323), such as `id`; separated by semicolons.
    pub fn privacy(&self) -> impl Iterator<Item = &str> {
        self.value(HeaderName::Privacy)
            .into_iter()
            .flat_map(|value| scan::split(value, b';'))
            .filter_map(|value| std::str::from_utf8(value).ok())
    }

    /// Whether a header that must be there is an address.
    pub(super) fn check_address(&self, name: HeaderName) -> Typed<()> {
        self.required(name, |value| NameAddr::is_legal(value).then_some(()))
    }

    /// Whether all values of a header are addresses. In Contact a `*` may stand for all of them.
    pub(super) fn check_addresses(&self, name: HeaderName) -> Typed<()> {
        let mut star = false;
        let mut others = false;
        for value in self.values(name) {
            if name == HeaderName::Contact && value == b"*" {
                star = true;
            } else if NameAddr::is_legal(value) {
                others = true;
            } else {
                return Err(HeaderError::Malformed(name));
            }
        }
        if star && others {
            return Err(HeaderError::Malformed(name));
        }
        Ok(())
    }

    /// Whether the topmost Via can be read.
    pub(super) fn check_via_top(&self) -> Typed<()> {
        self.required(HeaderName::Via, |line| {
            // A line without a comma is one value.
            let one = memchr::memchr(b',', line).is_none();
            let legal = if one {
                Via::is_legal(line)
            } else {
                Via::is_legal(self.values(HeaderName::Via).next()?)
            };
            legal.then_some(())
        })
    }

    /// Whether there are more than `limit` Via values.
    pub(super) fn has_more_vias(&self, limit: usize) -> bool {
        let lines = || self.raw_values(HeaderName::Via);
        let commas: usize = lines().map(|line| memchr::memchr_iter(b',', line).count()).sum();
        // Commas within quotes make no values; whoever writes them has the values counted.
        commas + lines().count() > limit && self.values(HeaderName::Via).nth(limit).is_some()
    }

    fn required<'a, T>(
        &'a self,
        name: HeaderName,
        read: impl FnOnce(&'a [u8]) -> Option<T>,
    ) -> Typed<T> {
        let value = self.value(name).ok_or(HeaderError::Missing(name))?;
        read(value).ok_or(HeaderError::Malformed(name))
    }

    fn optional<'a, T>(
        &'a self,
        name: HeaderName,
        read: impl FnOnce(&'a [u8]) -> Option<T>,
    ) -> Typed<Option<T>> {
        match self.value(name) {
            None => Ok(None),
            Some(value) => read(value).map(Some).ok_or(HeaderError::Malformed(name)),
        }
    }
}

fn address(name: HeaderName, value: &[u8]) -> Typed<NameAddr> {
    NameAddr::parse(value).ok_or(HeaderError::Malformed(name))
}

/// The `tag` among the parameters after the address.
fn tag(value: &[u8]) -> Option<&str> {
    let start = scan::find_outside(value, b';')?;
    scan::split(&value[start + 1..], b';').find_map(|part| {
        let at = memchr::memchr(b'=', part)?;
        let name = scan::trim(&part[..at]);
        if !name.eq_ignore_ascii_case(b"tag") {
            return None;
        }
        let tag = std::str::from_utf8(scan::trim(&part[at + 1..])).ok()?;
        (!tag.is_empty()).then_some(tag)
    })
}
