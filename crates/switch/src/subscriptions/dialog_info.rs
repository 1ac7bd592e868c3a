//! The document of RFC 4235: always the whole state, with a version that counts from 0 in each
//! subscription. It names calls by numbers of this server and nobody who is in them: whoever may
//! see that a colleague talks need not see with whom.

use std::fmt::Write as _;

use call::port::LegId;

use super::{Lamp, LampState};

/// The most calls that a document names, those that are over included: with its headers it has to
/// fit into a datagram (RFC 3261 §18.1.1).
pub(super) const CALLS: usize = 6;

/// What is to be said of the calls: those that are not over, then those that were named the last
/// time and are.
pub(super) fn calls(
    entity: &str,
    version: u32,
    lamps: &[Lamp],
    over: impl Iterator<Item = LegId>,
) -> String {
    let mut document = begin(entity, version);
    for lamp in lamps.iter().take(CALLS) {
        let direction = if lamp.initiator { "initiator" } else { "recipient" };
        let state = match lamp.state {
            LampState::Confirmed => "confirmed",
            LampState::Early => "early",
            LampState::Trying => "trying",
        };
        let leg = lamp.leg.0;
        // Writing to a String cannot fail.
        let _ = writeln!(
            document,
            "<dialog id=\"{leg}\" direction=\"{direction}\"><state>{state}</state></dialog>"
        );
    }
    for leg in over.take(CALLS.saturating_sub(lamps.len())) {
        document.push_str(&one(&leg.0.to_string(), "terminated"));
    }
    end(document)
}

/// The lamp of a key: on while the user is away.
pub(super) fn away(entity: &str, version: u32, away: bool) -> String {
    let mut document = begin(entity, version);
    document.push_str(&one("away", if away { "confirmed" } else { "terminated" }));
    end(document)
}

fn begin(entity: &str, version: u32) -> String {
    let entity = escaped(entity);
    format!(
        "<?xml version=\"1.0\"?>\n\
         <dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"{version}\" \
         state=\"full\" entity=\"{entity}\">\n"
    )
}

fn one(id: &str, state: &str) -> String {
    format!("<dialog id=\"{id}\"><state>{state}</state></dialog>\n")
}

fn end(mut document: String) -> String {
    document.push_str("</dialog-info>\n");
    document
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lamp(leg: u64, initiator: bool, state: LampState) -> Lamp {
        Lamp { leg: LegId(leg), initiator, state }
    }

    #[test]
    fn a_document_has_what_goes_on_and_what_is_over() {
        let lamps = [lamp(3, true, LampState::Confirmed), lamp(5, false, LampState::Early)];
        let document = calls("sip:ana&\"co\"@pbx.example", 7, &lamps, [LegId(2)].into_iter());
        insta::assert_snapshot!(document, @r#"
        <?xml version="1.0"?>
        <dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="7" state="full" entity="sip:ana&amp;&quot;co&quot;@pbx.example">
        <dialog id="3" direction="initiator"><state>confirmed</state></dialog>
        <dialog id="5" direction="recipient"><state>early</state></dialog>
        <dialog id="2"><state>terminated</state></dialog>
        </dialog-info>
        "#);
    }

    #[test]
    fn a_document_names_no_more_calls_than_fit() {
        let lamps: Vec<Lamp> = (0..40).map(|leg| lamp(leg, false, LampState::Early)).collect();
        let over = (100..140).map(LegId);
        let document = calls("sip:ana@pbx.example", 0, &lamps, over.clone());
        assert_eq!(document.matches("<dialog ").count(), CALLS);
        assert!(document.len() < 750, "{}", document.len());
        let document = calls("sip:ana@pbx.example", 0, &[], over);
        assert_eq!(document.matches("terminated").count(), CALLS);
    }
}
