//! German: "einundzwanzig", "einhunderteins", "eine Million", "ein Uhr fünf".

use call::port::Spoken;

use super::{Fragment, NUMBER_MAX, clip, digits, number_clip};

const SMALL: [&str; 20] = [
    "null",
    "eins",
    "zwei",
    "drei",
    "vier",
    "fünf",
    "sechs",
    "sieben",
    "acht",
    "neun",
    "zehn",
    "elf",
    "zwölf",
    "dreizehn",
    "vierzehn",
    "fünfzehn",
    "sechzehn",
    "siebzehn",
    "achtzehn",
    "neunzehn",
];
const TENS: [&str; 10] = [
    "", "", "zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig",
];

/// The form of a one at the end of a number, which what follows asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum One {
    /// Nothing follows.
    Eins,
    /// `tausend`, `Uhr`.
    Ein,
    /// `Million`, `Minute`.
    Eine,
}

pub(super) fn fragments(spoken: &Spoken) -> Vec<Fragment> {
    let mut said = Vec::new();
    match *spoken {
        Spoken::Digits(ref text) => said.extend(digits(text).map(digit)),
        Spoken::Number(number) => say_number(number, &mut said),
        Spoken::Position(number) => {
            said.push(clip("queue/you-are-number", "Sie sind Nummer"));
            say_number(number, &mut said);
            said.push(clip("queue/in-the-queue", "in der Warteschlange."));
        }
        Spoken::Minutes(0) => {
            let text = "Ihre Wartezeit beträgt weniger als eine Minute.";
            said.push(clip("queue/less-than-one-minute", text));
        }
        Spoken::Minutes(1) => {
            let text = "Ihre Wartezeit beträgt etwa eine Minute.";
            said.push(clip("queue/one-minute", text));
        }
        Spoken::Minutes(minutes) => {
            said.push(clip("queue/your-waiting-time", "Ihre Wartezeit beträgt etwa"));
            say_number(minutes, &mut said);
            said.push(clip("queue/minutes", "Minuten."));
        }
        Spoken::Time { hour, minute } => {
            below_thousand(hour.into(), One::Ein, &mut said);
            said.push(clip("time/uhr", "Uhr"));
            if minute > 0 {
                said.push(small(minute.into(), One::Eins));
            }
        }
    }
    said
}

fn digit(sign: char) -> Fragment {
    match (sign, sign.to_digit(10)) {
        (_, Some(number)) => small(number, One::Eins),
        ('*', None) => clip("digits/star", "Stern"),
        ('#', None) => clip("digits/pound", "Raute"),
        (_, None) => clip("digits/plus", "plus"),
    }
}

/// A number below 100.
fn small(number: u32, one: One) -> Fragment {
    match (number, one) {
        (1, One::Ein) => return clip("numbers/1-ein", "ein"),
        (1, One::Eine) => return clip("numbers/1-eine", "eine"),
        (_, One::Eins | One::Ein | One::Eine) => {}
    }
    let (ten, unit) = (number as usize / 10, number as usize % 10);
    let text = match (ten, unit) {
        (..2, _) => SMALL[number as usize].to_owned(),
        (_, 0) => TENS[ten].to_owned(),
        (_, 1) => format!("einund{}", TENS[ten]),
        (_, _) => format!("{}und{}", SMALL[unit], TENS[ten]),
    };
    number_clip(number, text)
}

fn say_number(number: u32, said: &mut Vec<Fragment>) {
    if number > NUMBER_MAX {
        said.push(Fragment::Text(number.to_string()));
        return;
    }
    match number / 1_000_000 {
        0 => {}
        1 => said.push(clip("numbers/1-million", "eine Million")),
        millions => {
            below_thousand(millions, One::Eine, said);
            said.push(clip("numbers/million", "Millionen"));
        }
    }
    let thousands = number / 1_000 % 1_000;
    if thousands > 0 {
        below_thousand(thousands, One::Ein, said);
        said.push(clip("numbers/thousand", "tausend"));
    }
    if !number.is_multiple_of(1_000) || number == 0 {
        below_thousand(number % 1_000, One::Eins, said);
    }
}

fn below_thousand(number: u32, one: One, said: &mut Vec<Fragment>) {
    let (hundreds, rest) = (number / 100, number % 100);
    if hundreds > 0 {
        let many = if hundreds == 1 { "ein" } else { SMALL[hundreds as usize] };
        said.push(number_clip(hundreds * 100, format!("{many}hundert")));
    }
    if rest > 0 || hundreds == 0 {
        said.push(small(rest, one));
    }
}
