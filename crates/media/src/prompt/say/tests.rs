//! What is said, in full: tables for people to read, and the lists of pieces for studios.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;

/// The texts of the pieces, with a bar between them.
fn said(spoken: &Spoken, language: &str) -> String {
    let texts = fragments(spoken, language).into_iter().map(|fragment| match fragment {
        Fragment::Clip { text, .. } => text,
        Fragment::Text(text) => format!("({text})"),
    });
    texts.collect::<Vec<String>>().join("|")
}

fn table(language: &str, numbers: &[u32]) -> String {
    let mut table = String::new();
    for &number in numbers {
        writeln!(table, "{number} {}", said(&Spoken::Number(number), language)).unwrap();
    }
    table
}

const NUMBERS: [u32; 24] = [
    0,
    1,
    2,
    12,
    20,
    21,
    30,
    76,
    99,
    100,
    101,
    115,
    231,
    1_000,
    1_001,
    2_100,
    11_011,
    21_000,
    101_000,
    1_000_000,
    1_000_001,
    2_000_000,
    21_101_001,
    999_999_999,
];

#[test]
fn english_numbers() {
    insta::assert_snapshot!(table("en", &NUMBERS), @"
    0 zero
    1 one
    2 two
    12 twelve
    20 twenty
    21 twenty-one
    30 thirty
    76 seventy-six
    99 ninety-nine
    100 one|hundred
    101 one|hundred|one
    115 one|hundred|fifteen
    231 two|hundred|thirty-one
    1000 one|thousand
    1001 one|thousand|one
    2100 two|thousand|one|hundred
    11011 eleven|thousand|eleven
    21000 twenty-one|thousand
    101000 one|hundred|one|thousand
    1000000 one|million
    1000001 one|million|one
    2000000 two|million
    21101001 twenty-one|million|one|hundred|one|thousand|one
    999999999 nine|hundred|ninety-nine|million|nine|hundred|ninety-nine|thousand|nine|hundred|ninety-nine
    ");
}

#[test]
fn german_numbers() {
    insta::assert_snapshot!(table("de-AT", &NUMBERS), @"
    0 null
    1 eins
    2 zwei
    12 zwölf
    20 zwanzig
    21 einundzwanzig
    30 dreißig
    76 sechsundsiebzig
    99 neunundneunzig
    100 einhundert
    101 einhundert|eins
    115 einhundert|fünfzehn
    231 zweihundert|einunddreißig
    1000 ein|tausend
    1001 ein|tausend|eins
    2100 zwei|tausend|einhundert
    11011 elf|tausend|elf
    21000 einundzwanzig|tausend
    101000 einhundert|ein|tausend
    1000000 eine Million
    1000001 eine Million|eins
    2000000 zwei|Millionen
    21101001 einundzwanzig|Millionen|einhundert|ein|tausend|eins
    999999999 neunhundert|neunundneunzig|Millionen|neunhundert|neunundneunzig|tausend|neunhundert|neunundneunzig
    ");
}

fn others(language: &str) -> String {
    let mut table = String::new();
    let times = [(0, 0), (0, 5), (1, 0), (1, 1), (9, 30), (12, 0), (12, 15), (13, 9), (23, 59)];
    let times = times.map(|(hour, minute)| Spoken::Time { hour, minute });
    let queue = [
        Spoken::Position(1),
        Spoken::Position(3),
        Spoken::Minutes(0),
        Spoken::Minutes(1),
        Spoken::Minutes(21),
        Spoken::Digits("+49 170-1*#".into()),
    ];
    for spoken in queue.iter().chain(&times) {
        writeln!(table, "{}", said(spoken, language)).unwrap();
    }
    table
}

#[test]
fn english_sentences() {
    insta::assert_snapshot!(others("EN_us"), @"
    You are number|one|in the queue.
    You are number|three|in the queue.
    Your waiting time is less than one minute.
    Your waiting time is about one minute.
    Your waiting time is about|twenty-one|minutes.
    plus|four|nine|one|seven|zero|one|star|pound
    midnight
    twelve|oh|five|a.m.
    one|a.m.
    one|oh|one|a.m.
    nine|thirty|a.m.
    noon
    twelve|fifteen|p.m.
    one|oh|nine|p.m.
    eleven|fifty-nine|p.m.
    ");
}

#[test]
fn german_sentences() {
    insta::assert_snapshot!(others("de"), @"
    Sie sind Nummer|eins|in der Warteschlange.
    Sie sind Nummer|drei|in der Warteschlange.
    Ihre Wartezeit beträgt weniger als eine Minute.
    Ihre Wartezeit beträgt etwa eine Minute.
    Ihre Wartezeit beträgt etwa|einundzwanzig|Minuten.
    plus|vier|neun|eins|sieben|null|eins|Stern|Raute
    null|Uhr
    null|Uhr|fünf
    ein|Uhr
    ein|Uhr|eins
    neun|Uhr|dreißig
    zwölf|Uhr
    zwölf|Uhr|fünfzehn
    dreizehn|Uhr|neun
    dreiundzwanzig|Uhr|neunundfünfzig
    ");
}

#[test]
fn other_languages_speak_whole_texts() {
    insta::assert_snapshot!(others("fr-CA"), @"
    (Vous êtes numéro 1 dans la file d'attente.)
    (Vous êtes numéro 3 dans la file d'attente.)
    (Votre temps d'attente est de moins d'une minute.)
    (Votre temps d'attente est d'environ une minute.)
    (Votre temps d'attente est d'environ 21 minutes.)
    (+, 4, 9, 1, 7, 0, 1, *, #)
    (0:00)
    (0:05)
    (1:00)
    (1:01)
    (9:30)
    (12:00)
    (12:15)
    (13:09)
    (23:59)
    ");
    insta::assert_snapshot!(others("fi"), @"
    (1)
    (3)
    (0)
    (1)
    (21)
    (+, 4, 9, 1, 7, 0, 1, *, #)
    (0:00)
    (0:05)
    (1:00)
    (1:01)
    (9:30)
    (12:00)
    (12:15)
    (13:09)
    (23:59)
    ");
}

/// Every piece of a language, sorted: its name and its text.
fn pieces(language: &str) -> String {
    let numbers = (0..1_000).chain([1_000, 1_001, 1_000_000, 1_000_001, 2_000_000]);
    let times = (0..24).flat_map(|hour| (0..60).map(move |minute| (hour, minute)));
    let mut spoken: Vec<Spoken> = numbers.map(Spoken::Number).collect();
    spoken.extend(times.map(|(hour, minute)| Spoken::Time { hour, minute }));
    spoken.extend([Spoken::Position(1), Spoken::Digits("0123456789*#+".into())]);
    spoken.extend([0, 1, 2].map(Spoken::Minutes));
    let lines: BTreeSet<String> = spoken
        .iter()
        .flat_map(|spoken| fragments(spoken, language))
        .map(|fragment| match fragment {
            Fragment::Clip { name, text } => format!("{name}.wav\t{text}\n"),
            Fragment::Text(text) => panic!("{text}"),
        })
        .collect();
    lines.into_iter().collect()
}

/// The lists that a studio gets. To write them anew, run this test and copy what it shows.
#[test]
fn the_lists_of_pieces_are_those_of_the_code() {
    let english = include_str!("../../../../../config/prompts/en.tsv");
    let german = include_str!("../../../../../config/prompts/de.tsv");
    for (language, list) in [("en", english), ("de", german)] {
        let pieces = pieces(language);
        assert!(pieces == list, "{pieces}");
    }
}

#[test]
fn pieces_have_names_under_which_they_can_be_recorded() {
    let names = |spoken: &Spoken, language| -> Vec<String> {
        let fragments = fragments(spoken, language).into_iter();
        fragments
            .map(|fragment| match fragment {
                Fragment::Clip { name, .. } => name,
                Fragment::Text(text) => panic!("{text}"),
            })
            .collect()
    };
    let english = names(&Spoken::Number(2_131), "en");
    assert_eq!(
        english,
        ["numbers/2", "numbers/thousand", "numbers/1", "numbers/hundred", "numbers/31"]
    );
    let german = names(&Spoken::Number(101_231), "de");
    assert_eq!(
        german,
        ["numbers/100", "numbers/1-ein", "numbers/thousand", "numbers/200", "numbers/31"]
    );
}

#[test]
fn nonsense_is_not_said() {
    for language in ["en", "de", "fr"] {
        for (hour, minute) in [(24, 0), (0, 60), (255, 255)] {
            assert_eq!(fragments(&Spoken::Time { hour, minute }, language), []);
        }
        assert_eq!(fragments(&Spoken::Digits("hello".into()), language), []);
        let many = Spoken::Digits("7".repeat(1_000).into());
        assert!(fragments(&many, language).len() <= DIGITS_MAX);
        assert_eq!(said(&Spoken::Number(1_000_000_000), language), "(1000000000)");
    }
}

proptest! {
    #[test]
    fn every_number_is_said_and_each_otherwise(a in 0..=NUMBER_MAX, b in 0..=NUMBER_MAX) {
        for language in ["en", "de"] {
            let [first, second] = [a, b].map(|number| said(&Spoken::Number(number), language));
            prop_assert!(!first.is_empty() && !first.contains('('));
            prop_assert_eq!(a == b, first == second);
        }
    }
}
