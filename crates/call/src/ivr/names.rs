//! Names as they are spelt on the keys of a telephone (ITU-T E.161): 2 is A, B and C. Case and
//! diacritics do not matter, and a name may be spelt from any of its words on: `AGENTANA` is Ana
//! Agent as well as `ANA`.

/// Whether these keys spell the beginning of the name. It stops at the first key that does not, so
/// a directory of thousands of names is looked through at once.
pub(crate) fn is_spelt(name: &str, typed: &str) -> bool {
    let words = || name.split(is_gap).filter(|word| keys(word).next().is_some());
    (0..words().count()).any(|first| {
        let mut spelt = words().skip(first).chain(words().take(first)).flat_map(keys);
        typed.chars().all(|key| spelt.next() == Some(key))
    })
}

fn is_gap(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '-' | '.' | ',' | '/' | '_')
}

/// The keys of a word; signs that are on no key are left out.
fn keys(word: &str) -> impl Iterator<Item = char> {
    let letters = word.chars().flat_map(char::to_lowercase);
    letters.flat_map(|letter| plain(letter).chars()).filter_map(key)
}

/// A letter in lower case without its diacritics; nothing for what is no Latin letter or digit.
fn plain(letter: char) -> Plain {
    let ascii = match letter {
        'æ' => return Plain::Two('a', 'e'),
        'œ' => return Plain::Two('o', 'e'),
        'ß' => return Plain::Two('s', 's'),
        'þ' => return Plain::Two('t', 'h'),
        'à'..='å' | 'ā' | 'ă' | 'ą' | 'ǎ' => 'a',
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => 'c',
        'ď' | 'đ' | 'ð' => 'd',
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => 'e',
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => 'g',
        'ĥ' | 'ħ' => 'h',
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => 'i',
        'ĵ' => 'j',
        'ķ' => 'k',
        'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' => 'l',
        'ñ' | 'ń' | 'ņ' | 'ň' => 'n',
        'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' => 'o',
        'ŕ' | 'ŗ' | 'ř' => 'r',
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => 's',
        'ţ' | 'ť' | 'ŧ' | 'ț' => 't',
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => 'u',
        'ŵ' => 'w',
        'ý' | 'ÿ' | 'ŷ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        other if other.is_ascii_alphanumeric() => other,
        _ => return Plain::Nothing,
    };
    Plain::One(ascii)
}

enum Plain {
    Nothing,
    One(char),
    Two(char, char),
}

impl Plain {
    fn chars(self) -> impl Iterator<Item = char> {
        let (one, two) = match self {
            Self::Nothing => (None, None),
            Self::One(one) => (Some(one), None),
            Self::Two(one, two) => (Some(one), Some(two)),
        };
        one.into_iter().chain(two)
    }
}

/// The key of a plain letter.
fn key(letter: char) -> Option<char> {
    match letter {
        'a'..='c' => Some('2'),
        'd'..='f' => Some('3'),
        'g'..='i' => Some('4'),
        'j'..='l' => Some('5'),
        'm'..='o' => Some('6'),
        'p'..='s' => Some('7'),
        't'..='v' => Some('8'),
        'w'..='z' => Some('9'),
        '0'..='9' => Some(letter),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_spelt_from_any_of_its_words() {
        for keys in ["2", "262", "26224368", "24368", "24368262", ""] {
            assert!(is_spelt("Ana Agent", keys), "{keys}");
        }
        for keys in ["3", "243682622", "6224", "2622436800"] {
            assert!(!is_spelt("Ana Agent", keys), "{keys}");
        }
    }

    #[test]
    fn case_diacritics_and_signs_do_not_matter() {
        for (name, keys) in [
            ("Jürgen MÜLLER", "685537"),
            ("Mu\u{308}ller", "685537"),
            ("Łukasz Żak", "585279"),
            ("Łukasz Żak", "925"),
            ("Åse Bjørk", "273"),
            ("Weiß", "93477"),
            ("Anne-Marie", "62743"),
            ("O'Neil", "66345"),
            ("İsmail", "4762"),
            ("Desk 3", "33753"),
            ("Œuvre", "63"),
        ] {
            assert!(is_spelt(name, keys), "{name} {keys}");
        }
        assert!(!is_spelt("Юрий", "9"), "no letter of it is on a key");
        assert!(!is_spelt("", ""), "nobody");
    }
}
