//! Telephone numbers. [`E164`] is only ever a full international number; what a person or a
//! carrier dialled is text until [`Dialled::read`] has classified it.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, de};

/// An E.164 number with its leading `+`: 5 to 15 digits, the first not 0 (the form that
/// `finished_call_graph/1` demands). Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct E164(Arc<str>);

/// Why a text is not an E.164 number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an E.164 number: `+`, then 5 to 15 digits, the first not 0")]
pub struct NotE164;

impl E164 {
    /// The number with its `+`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads a number written internationally; spaces, dots, dashes and parentheses between the
    /// digits (RFC 3966's visual separators) are left out.
    ///
    /// # Errors
    /// [`NotE164`] when it does not begin with `+` or has the wrong digits.
    pub fn parse(text: &str) -> Result<Self, NotE164> {
        if is_e164(text) {
            return Ok(Self(Arc::from(text)));
        }
        let plain: String =
            text.chars().filter(|c| !matches!(c, ' ' | '.' | '-' | '(' | ')')).collect();
        if is_e164(&plain) { Ok(Self(Arc::from(plain))) } else { Err(NotE164) }
    }
}

/// What was dialled, once read with the country of the trunk or user that dialled it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dialled {
    /// A full number.
    Number(E164),
    /// A short code or an emergency number: digits, `*` and `#` that are no full number in that
    /// country (2 to 15 of them). Sent as dialled, never threaded.
    ShortCode(Arc<str>),
    /// Something else: a name, an empty text.
    NotANumber,
}

impl Dialled {
    /// Reads what stands in the user part of a request URI. `country` is the ISO 3166 alpha-2
    /// code with which national numbers are read (`None`: only international ones are numbers).
    pub fn read(text: &str, country: Option<&str>) -> Self {
        if let Ok(number) = E164::parse(text) {
            return Self::Number(number);
        }
        if let Some(rest) = text.strip_prefix("00")
            && let Ok(number) = E164::parse(&format!("+{rest}"))
        {
            return Self::Number(number);
        }
        let is_dial_string = |text: &str| {
            (2..=15).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'*' | b'#'))
        };
        if let Some(number) = country.and_then(|country| national(text, country)) {
            return Self::Number(number);
        }
        if is_dial_string(text) { Self::ShortCode(Arc::from(text)) } else { Self::NotANumber }
    }
}

fn is_e164(text: &str) -> bool {
    match text.as_bytes() {
        [b'+', digits @ ..] => {
            (5..=15).contains(&digits.len())
                && digits[0] != b'0'
                && digits.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    }
}

/// Whether a text is an ISO 3166 alpha-2 code with which national numbers can be read.
pub fn is_country(code: &str) -> bool {
    phonenumber::country::Id::from_str(code).is_ok()
}

fn national(text: &str, country: &str) -> Option<E164> {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if digits < 7 || text.bytes().any(|byte| byte.is_ascii_alphabetic()) {
        return None;
    }
    let country = phonenumber::country::Id::from_str(country).ok()?;
    let number = phonenumber::parse(Some(country), text).ok()?;
    E164::parse(&number.format().mode(phonenumber::Mode::E164).to_string()).ok()
}

impl FromStr for E164 {
    type Err = NotE164;

    fn from_str(text: &str) -> Result<Self, NotE164> {
        Self::parse(text)
    }
}

impl From<&E164> for Arc<str> {
    fn from(number: &E164) -> Self {
        number.0.clone()
    }
}

impl Borrow<str> for E164 {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Only the plain form: a document that writes a number in another way is not ours, and two
/// spellings of one number must not become two keys.
impl<'de> Deserialize<'de> for E164 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        if is_e164(&text) { Ok(Self(Arc::from(text))) } else { Err(de::Error::custom(NotE164)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Dialled {
        Dialled::Number(E164::parse(text).expect("a number of this test"))
    }

    #[test]
    fn full_numbers_need_no_country() {
        assert_eq!(Dialled::read("+15557770001", None), number("+15557770001"));
        assert_eq!(Dialled::read("+1 (555) 777-0001", None), number("+15557770001"));
        assert_eq!(Dialled::read("0015557770001", None), number("+15557770001"));
    }

    #[test]
    fn national_numbers_are_read_with_the_country() {
        assert_eq!(Dialled::read("2125550123", Some("US")), number("+12125550123"));
        assert_eq!(Dialled::read("12125550123", Some("US")), number("+12125550123"));
        assert_eq!(Dialled::read("030 123456", Some("DE")), number("+4930123456"));
    }

    #[test]
    fn short_codes_stay_as_dialled_and_names_are_no_numbers() {
        assert_eq!(Dialled::read("911", Some("US")), Dialled::ShortCode("911".into()));
        assert_eq!(Dialled::read("*97", Some("US")), Dialled::ShortCode("*97".into()));
        assert_eq!(Dialled::read("anonymous", Some("US")), Dialled::NotANumber);
        assert_eq!(Dialled::read("", Some("US")), Dialled::NotANumber);
    }

    #[test]
    fn too_few_digits_too_many_or_a_leading_zero_are_no_e164() {
        for text in ["+1234", "+1234567890123456", "+0123456", "15557770001", "+1555x770001"] {
            assert_eq!(E164::parse(text), Err(NotE164), "{text}");
        }
    }
}
