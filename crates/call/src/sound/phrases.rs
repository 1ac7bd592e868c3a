//! Everything that the engine says by itself (voicemail, directories, codes), in the languages that
//! are built in. A sentence with a number or a name in it is said in pieces, so that each text is
//! one of a small set: it is made once and kept, or recorded by a person.

/// The sentences of a language.
#[derive(Debug)]
pub(crate) struct Phrases {
    /// Its tag.
    pub(crate) language: &'static str,
    /// Before the owner's name.
    pub(crate) mailbox_of: &'static str,
    pub(crate) leave_a_message: &'static str,
    pub(crate) mailbox_full: &'static str,
    pub(crate) not_recorded: &'static str,
    pub(crate) enter_pin: &'static str,
    pub(crate) wrong_pin: &'static str,
    pub(crate) too_many_pins: &'static str,
    pub(crate) locked: &'static str,
    pub(crate) no_pin: &'static str,
    pub(crate) no_mailbox: &'static str,
    pub(crate) not_a_member: &'static str,
    pub(crate) nothing_new: &'static str,
    pub(crate) one_new: &'static str,
    /// Before and after a number, 2 or more.
    pub(crate) many_new: [&'static str; 2],
    pub(crate) one_old: &'static str,
    /// Before and after a number, 2 or more.
    pub(crate) many_old: [&'static str; 2],
    pub(crate) no_messages: &'static str,
    pub(crate) new_message: &'static str,
    pub(crate) old_message: &'static str,
    /// Before a time of day.
    pub(crate) today: &'static str,
    pub(crate) yesterday: &'static str,
    /// Before the date, and between it and the time of day.
    pub(crate) on_day: [&'static str; 2],
    /// January to December, as said after the number of the day.
    pub(crate) months: [&'static str; 12],
    /// Before a name or a number.
    pub(crate) from: &'static str,
    pub(crate) from_nobody: &'static str,
    pub(crate) keys: &'static str,
    pub(crate) cannot_be_played: &'static str,
    pub(crate) is_gone: &'static str,
    pub(crate) deleted: &'static str,
    pub(crate) first_message: &'static str,
    pub(crate) no_more: &'static str,
    pub(crate) goodbye: &'static str,
    pub(crate) you_are_available: &'static str,
    pub(crate) you_are_away: &'static str,
    pub(crate) spell_a_name: &'static str,
    pub(crate) nobody_of_that_name: &'static str,
    /// Before a name, and between it and the digit that chooses it.
    pub(crate) choice: [&'static str; 2],
    pub(crate) spell_again: &'static str,
    /// Before a name.
    pub(crate) connecting_to: &'static str,
}

/// The sentences of a language (BCP 47); English where it is none that is built in.
pub(crate) fn phrases(language: &str) -> &'static Phrases {
    let primary = language.split('-').next().unwrap_or_default();
    if primary.eq_ignore_ascii_case(GERMAN.language) { &GERMAN } else { &ENGLISH }
}

static ENGLISH: Phrases = Phrases {
    language: "en",
    mailbox_of: "You have reached the mailbox of",
    leave_a_message: "Please leave a message after the tone.",
    mailbox_full: "This mailbox is full. No message can be left.",
    not_recorded: "Sorry, your message could not be recorded to its end.",
    enter_pin: "Please enter your PIN, then press the hash key.",
    wrong_pin: "This PIN is wrong.",
    too_many_pins: "This PIN is wrong. Goodbye.",
    locked: "Too many wrong PINs were entered. Please try again later.",
    no_pin: "This mailbox has no PIN. It cannot be listened to by telephone.",
    no_mailbox: "There is no such mailbox.",
    not_a_member: "Only members of the group can listen to this mailbox.",
    nothing_new: "You have no new messages.",
    one_new: "You have one new message.",
    many_new: ["You have", "new messages."],
    one_old: "You have one old message.",
    many_old: ["You have", "old messages."],
    no_messages: "You have no messages.",
    new_message: "New message.",
    old_message: "Old message.",
    today: "Received today at",
    yesterday: "Received yesterday at",
    on_day: ["Received on", "at"],
    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    from: "From",
    from_nobody: "From a withheld number.",
    keys: "To hear this message again, press 1. For the next message, press 2. \
           To delete this message, press 3. For the message before, press star. \
           To end, press the hash key.",
    cannot_be_played: "This message cannot be played.",
    is_gone: "This message is no longer there.",
    deleted: "The message is deleted.",
    first_message: "This is the first message.",
    no_more: "There are no more messages. For the message before, press star.",
    goodbye: "Goodbye.",
    you_are_available: "You are available.",
    you_are_away: "You are away.",
    spell_a_name: "Please spell the name on the keys of your telephone, then press the hash key.",
    nobody_of_that_name: "There is nobody of that name.",
    choice: ["For", "press"],
    spell_again: "To spell another name, press star.",
    connecting_to: "Connecting you to",
};

static GERMAN: Phrases = Phrases {
    language: "de",
    mailbox_of: "Hier ist die Mailbox von",
    leave_a_message: "Bitte hinterlassen Sie eine Nachricht nach dem Ton.",
    mailbox_full: "Diese Mailbox ist voll. Sie können keine Nachricht hinterlassen.",
    not_recorded: "Ihre Nachricht konnte leider nicht bis zum Ende aufgenommen werden.",
    enter_pin: "Bitte geben Sie Ihre PIN ein und drücken Sie die Rautetaste.",
    wrong_pin: "Diese PIN ist falsch.",
    too_many_pins: "Diese PIN ist falsch. Auf Wiederhören.",
    locked: "Es wurden zu viele falsche PINs eingegeben. Bitte versuchen Sie es später erneut.",
    no_pin: "Diese Mailbox hat keine PIN. Sie kann nicht per Telefon abgehört werden.",
    no_mailbox: "Diese Mailbox gibt es nicht.",
    not_a_member: "Nur Mitglieder der Gruppe können diese Mailbox abhören.",
    nothing_new: "Sie haben keine neuen Nachrichten.",
    one_new: "Sie haben eine neue Nachricht.",
    many_new: ["Sie haben", "neue Nachrichten."],
    one_old: "Sie haben eine alte Nachricht.",
    many_old: ["Sie haben", "alte Nachrichten."],
    no_messages: "Sie haben keine Nachrichten.",
    new_message: "Neue Nachricht.",
    old_message: "Alte Nachricht.",
    today: "Empfangen heute um",
    yesterday: "Empfangen gestern um",
    on_day: ["Empfangen am", "um"],
    months: [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ],
    from: "Von",
    from_nobody: "Von einer unterdrückten Nummer.",
    keys: "Um die Nachricht noch einmal zu hören, drücken Sie die 1. \
           Für die nächste Nachricht drücken Sie die 2. \
           Um die Nachricht zu löschen, drücken Sie die 3. \
           Für die vorige Nachricht drücken Sie die Sterntaste. \
           Zum Beenden drücken Sie die Rautetaste.",
    cannot_be_played: "Diese Nachricht kann nicht abgespielt werden.",
    is_gone: "Diese Nachricht gibt es nicht mehr.",
    deleted: "Die Nachricht ist gelöscht.",
    first_message: "Das ist die erste Nachricht.",
    no_more: "Es gibt keine weiteren Nachrichten. \
              Für die vorige Nachricht drücken Sie die Sterntaste.",
    goodbye: "Auf Wiederhören.",
    you_are_available: "Sie sind erreichbar.",
    you_are_away: "Sie sind abwesend.",
    spell_a_name: "Bitte buchstabieren Sie den Namen auf den Tasten Ihres Telefons und drücken Sie \
                   die Rautetaste.",
    nobody_of_that_name: "Niemand heißt so.",
    choice: ["Für", "drücken Sie"],
    spell_again: "Für einen anderen Namen drücken Sie die Sterntaste.",
    connecting_to: "Sie werden verbunden mit",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_known_by_its_first_part() {
        for (tag, said) in
            [("en", "en"), ("de", "de"), ("DE-at", "de"), ("fr", "en"), ("den", "en"), ("", "en")]
        {
            assert_eq!(phrases(tag).language, said, "{tag}");
        }
    }
}
