//! Whole sentences for languages whose numbers are left to what speaks them.

use call::port::Spoken;

use super::digits;

/// What is said about a queue; `{}` is the number.
struct Sentences {
    language: &'static str,
    position: &'static str,
    less_than_one_minute: &'static str,
    one_minute: &'static str,
    minutes: &'static str,
}

const SENTENCES: [Sentences; 5] = [
    Sentences {
        language: "fr",
        position: "Vous êtes numéro {} dans la file d'attente.",
        less_than_one_minute: "Votre temps d'attente est de moins d'une minute.",
        one_minute: "Votre temps d'attente est d'environ une minute.",
        minutes: "Votre temps d'attente est d'environ {} minutes.",
    },
    Sentences {
        language: "es",
        position: "Usted es el número {} en la cola.",
        less_than_one_minute: "Su tiempo de espera es de menos de un minuto.",
        one_minute: "Su tiempo de espera es de aproximadamente un minuto.",
        minutes: "Su tiempo de espera es de aproximadamente {} minutos.",
    },
    Sentences {
        language: "it",
        position: "Lei è il numero {} in coda.",
        less_than_one_minute: "Il tempo di attesa è inferiore a un minuto.",
        one_minute: "Il tempo di attesa è di circa un minuto.",
        minutes: "Il tempo di attesa è di circa {} minuti.",
    },
    Sentences {
        language: "nl",
        position: "U bent nummer {} in de wachtrij.",
        less_than_one_minute: "Uw wachttijd is minder dan één minuut.",
        one_minute: "Uw wachttijd is ongeveer één minuut.",
        minutes: "Uw wachttijd is ongeveer {} minuten.",
    },
    Sentences {
        language: "pt",
        position: "Você é o número {} na fila.",
        less_than_one_minute: "O seu tempo de espera é de menos de um minuto.",
        one_minute: "O seu tempo de espera é de cerca de um minuto.",
        minutes: "O seu tempo de espera é de cerca de {} minutos.",
    },
];

/// The whole as one text. In a language without sentences here a number is said alone.
pub(super) fn text(spoken: &Spoken, language: &str) -> String {
    let sentences = SENTENCES.iter().find(|sentences| sentences.language == language);
    let queue = |number: u32, sentence: fn(&Sentences) -> &'static str| {
        let number = number.to_string();
        sentences.map_or_else(|| number.clone(), |found| sentence(found).replace("{}", &number))
    };
    match *spoken {
        Spoken::Digits(ref text) => {
            digits(text).map(String::from).collect::<Vec<String>>().join(", ")
        }
        Spoken::Number(number) => number.to_string(),
        Spoken::Position(number) => queue(number, |found| found.position),
        Spoken::Minutes(0) => queue(0, |found| found.less_than_one_minute),
        Spoken::Minutes(1) => queue(1, |found| found.one_minute),
        Spoken::Minutes(minutes) => queue(minutes, |found| found.minutes),
        Spoken::Time { hour, minute } => format!("{hour}:{minute:02}"),
    }
}
