//! What is said of numbers, positions in a queue, waiting times and times of day: in which pieces,
//! in which order. English and German are put together from a set of prompts, whose pieces
//! anybody can record in a studio; other languages speak the whole as one text.

mod english;
mod german;
mod sentences;
#[cfg(test)]
mod tests;

use call::port::Spoken;

/// The greatest number that is put together from pieces.
const NUMBER_MAX: u32 = 999_999_999;
/// The most digits that are said one by one.
const DIGITS_MAX: usize = 64;

/// A piece of what is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fragment {
    /// A prompt of the set: the file `<language>/<name>.wav` of the prompts folder, or the text
    /// where there is none.
    Clip {
        /// As `numbers/20`.
        name: String,
        /// What it says.
        text: String,
    },
    /// A text.
    Text(String),
}

/// What is said, piece by piece; nothing for what is no time or has no digits.
pub(super) fn fragments(spoken: &Spoken, language: &str) -> Vec<Fragment> {
    if let Spoken::Time { hour: 24.., .. } | Spoken::Time { minute: 60.., .. } = spoken {
        return Vec::new();
    }
    match primary(language).as_str() {
        "en" => english::fragments(spoken),
        "de" => german::fragments(spoken),
        other => vec![Fragment::Text(sentences::text(spoken, other))]
            .into_iter()
            .filter(|fragment| *fragment != Fragment::Text(String::new()))
            .collect(),
    }
}

/// The language of a tag: "de" of "de-AT".
fn primary(language: &str) -> String {
    language.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase()
}

fn clip(name: impl Into<String>, text: impl Into<String>) -> Fragment {
    Fragment::Clip { name: name.into(), text: text.into() }
}

/// A number up to 99, as a piece.
fn number_clip(number: u32, text: impl Into<String>) -> Fragment {
    clip(format!("numbers/{number}"), text)
}

/// The digits that can be said, at most [`DIGITS_MAX`].
fn digits(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|sign| sign.is_ascii_digit() || "*#+".contains(*sign)).take(DIGITS_MAX)
}
