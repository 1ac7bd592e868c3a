//! Header names: canonical spelling, compact forms (RFC 3261 section 7.3.3) and which of them
//! are comma-separated lists (section 7.3.1). Names are compared without regard to case.

use std::fmt;

macro_rules! header_names {
    ($($(#[$doc:meta])* $variant:ident $text:literal $compact:literal,)*) => {
        /// The name of a header field.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum HeaderName {
            $(#[doc = concat!("`", $text, "`.")] $variant,)*
            /// A name this table does not know; compared without regard to case by `Headers`.
            Other(&'static str),
        }

        /// The known names without the open variant: their position is what an index keeps.
        #[derive(Clone, Copy)]
        #[repr(u8)]
        enum Known { $($variant,)* }

        static TABLE: [(HeaderName, &str, u8); [$(Known::$variant),*].len()] =
            [$((HeaderName::$variant, $text, $compact),)*];

        impl HeaderName {
            /// The position in the table; [`OTHER`] for names outside it.
            pub(crate) const fn code(self) -> u8 {
                match self {
                    $(Self::$variant => Known::$variant as u8,)*
                    Self::Other(_) => OTHER,
                }
            }
        }
    };
}

/// The code of a name that is not in the table.
pub(crate) const OTHER: u8 = u8::MAX;

header_names! {
    Accept "Accept" b' ',
    AcceptContact "Accept-Contact" b'a',
    AcceptEncoding "Accept-Encoding" b' ',
    AcceptLanguage "Accept-Language" b' ',
    AlertInfo "Alert-Info" b' ',
    Allow "Allow" b' ',
    AllowEvents "Allow-Events" b'u',
    AuthenticationInfo "Authentication-Info" b' ',
    Authorization "Authorization" b' ',
    CallId "Call-ID" b'i',
    CallInfo "Call-Info" b' ',
    Contact "Contact" b'm',
    ContentDisposition "Content-Disposition" b' ',
    ContentEncoding "Content-Encoding" b'e',
    ContentLanguage "Content-Language" b' ',
    ContentLength "Content-Length" b'l',
    ContentTransferEncoding "Content-Transfer-Encoding" b' ',
    ContentType "Content-Type" b'c',
    CSeq "CSeq" b' ',
    Date "Date" b' ',
    Diversion "Diversion" b' ',
    ErrorInfo "Error-Info" b' ',
    Event "Event" b'o',
    Expires "Expires" b' ',
    From "From" b'f',
    HistoryInfo "History-Info" b' ',
    Identity "Identity" b'y',
    InReplyTo "In-Reply-To" b' ',
    InfoPackage "Info-Package" b' ',
    Join "Join" b' ',
    MaxForwards "Max-Forwards" b' ',
    MimeVersion "MIME-Version" b' ',
    MinExpires "Min-Expires" b' ',
    MinSe "Min-SE" b' ',
    Organization "Organization" b' ',
    PAccessNetworkInfo "P-Access-Network-Info" b' ',
    PAssertedIdentity "P-Asserted-Identity" b' ',
    PEarlyMedia "P-Early-Media" b' ',
    PPreferredIdentity "P-Preferred-Identity" b' ',
    Path "Path" b' ',
    Priority "Priority" b' ',
    Privacy "Privacy" b' ',
    ProxyAuthenticate "Proxy-Authenticate" b' ',
    ProxyAuthorization "Proxy-Authorization" b' ',
    ProxyRequire "Proxy-Require" b' ',
    RAck "RAck" b' ',
    RSeq "RSeq" b' ',
    Reason "Reason" b' ',
    RecordRoute "Record-Route" b' ',
    RecvInfo "Recv-Info" b' ',
    ReferSub "Refer-Sub" b' ',
    ReferTo "Refer-To" b'r',
    ReferredBy "Referred-By" b'b',
    RejectContact "Reject-Contact" b'j',
    RemotePartyId "Remote-Party-ID" b' ',
    Replaces "Replaces" b' ',
    ReplyTo "Reply-To" b' ',
    RequestDisposition "Request-Disposition" b'd',
    Require "Require" b' ',
    RetryAfter "Retry-After" b' ',
    Route "Route" b' ',
    Server "Server" b' ',
    ServiceRoute "Service-Route" b' ',
    SessionExpires "Session-Expires" b'x',
    SessionId "Session-ID" b' ',
    SipEtag "SIP-ETag" b' ',
    SipIfMatch "SIP-If-Match" b' ',
    Subject "Subject" b's',
    SubscriptionState "Subscription-State" b' ',
    Supported "Supported" b'k',
    Timestamp "Timestamp" b' ',
    To "To" b't',
    Unsupported "Unsupported" b' ',
    UserAgent "User-Agent" b' ',
    Via "Via" b'v',
    Warning "Warning" b' ',
    WwwAuthenticate "WWW-Authenticate" b' ',
}

const LONGEST: usize = 25;

/// For each length the positions of the names that have it, so that a look-up compares few.
static BY_LENGTH: [([u8; 12], usize); LONGEST + 1] = {
    let mut buckets = [([0; 12], 0); LONGEST + 1];
    let mut at = 0;
    while at < TABLE.len() {
        let bucket = &mut buckets[TABLE[at].1.len()];
        bucket.0[bucket.1] = at as u8;
        bucket.1 += 1;
        at += 1;
    }
    buckets
};

/// For each letter the position of the name it abbreviates.
static BY_LETTER: [u8; 26] = {
    let mut letters = [OTHER; 26];
    let mut at = 0;
    while at < TABLE.len() {
        if TABLE[at].2 != b' ' {
            letters[(TABLE[at].2 - b'a') as usize] = at as u8;
        }
        at += 1;
    }
    letters
};

/// The code of a name as it was received, compact or not, in any case.
pub(crate) fn code_of(name: &[u8]) -> u8 {
    if let &[letter] = name {
        let letter = letter.to_ascii_lowercase();
        return if letter.is_ascii_lowercase() {
            BY_LETTER[usize::from(letter - b'a')]
        } else {
            OTHER
        };
    }
    let (Some((codes, count)), Some(first)) = (BY_LENGTH.get(name.len()), name.first()) else {
        return OTHER;
    };
    let found = codes[..*count].iter().copied().find(|code| {
        let known = TABLE[usize::from(*code)].1.as_bytes();
        // The first letter tells nearly all of them apart, and nearly all are spelt this way.
        known[0] | 0x20 == first | 0x20 && (known == name || known.eq_ignore_ascii_case(name))
    });
    found.unwrap_or(OTHER)
}

/// The name behind a code; `None` for [`OTHER`].
pub(crate) fn by_code(code: u8) -> Option<HeaderName> {
    TABLE.get(usize::from(code)).map(|row| row.0)
}

impl HeaderName {
    /// Reads a known name, compact or not, in any case.
    pub fn from_bytes(name: &[u8]) -> Option<Self> {
        by_code(code_of(name))
    }

    /// The canonical spelling.
    pub const fn as_str(self) -> &'static str {
        if let Self::Other(text) = self {
            return text;
        }
        TABLE[self.code() as usize].1
    }

    /// Whether several values may stand in one line, separated by commas. The digest headers
    /// look alike but are not: their commas separate parameters (RFC 3261 section 7.3.1).
    pub const fn is_list(self) -> bool {
        matches!(
            self,
            Self::Accept
                | Self::AcceptContact
                | Self::AcceptEncoding
                | Self::AcceptLanguage
                | Self::AlertInfo
                | Self::Allow
                | Self::AllowEvents
                | Self::CallInfo
                | Self::Contact
                | Self::ContentEncoding
                | Self::ContentLanguage
                | Self::Diversion
                | Self::ErrorInfo
                | Self::HistoryInfo
                | Self::InReplyTo
                | Self::PAssertedIdentity
                | Self::PEarlyMedia
                | Self::PPreferredIdentity
                | Self::Path
                | Self::ProxyRequire
                | Self::Reason
                | Self::RecordRoute
                | Self::RecvInfo
                | Self::RejectContact
                | Self::Require
                | Self::Route
                | Self::ServiceRoute
                | Self::Supported
                | Self::Unsupported
                | Self::Via
                | Self::Warning
        )
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_in_any_case_and_by_its_letter() {
        for (name, text, compact) in TABLE.iter().copied() {
            assert_eq!(HeaderName::from_bytes(text.to_ascii_uppercase().as_bytes()), Some(name));
            assert_eq!(name.as_str(), text);
            if compact != b' ' {
                assert_eq!(HeaderName::from_bytes(&[compact]), Some(name), "{text}");
                assert_eq!(HeaderName::from_bytes(&[compact.to_ascii_uppercase()]), Some(name));
            }
        }
        for unknown in ["", "z", "1", "X-Call-ID", "Vie", "Content-Transfer-Encodings-Long"] {
            assert_eq!(HeaderName::from_bytes(unknown.as_bytes()), None);
        }
    }
}
