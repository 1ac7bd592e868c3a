//! The document of RFC 4235: always the whole state, with a version that counts from 0 in each
//! subscription. It names calls by numbers of this server, and by what another telephone needs to
//! ask for their place (RFC 3891), which is not enough to speak in their dialogs; and nobody who is
//! in them: whoever may see that a colleague talks need not see with whom.

use std::fmt::Write as _;

use call::port::LegId;
use sip::user_agent_core::DialogName;

use super::{Lamp, LampState};

/// The most calls that a document names, those that are over included: with its headers it has to
/// fit into a datagram (RFC 3261 §18.1.1).
pub(super) const CALLS: usize = 6;

/// The longest document in which dialogs are named, bytes; what is beyond has its number alone.
const LONGEST: usize = 740;
/// What a call takes without a name, bytes; and one that is over.
const LIVE: usize = 90;
const ENDED: usize = 60;

const END: &str = "</dialog-info>\n";

/// What is to be said of the calls: those that are not over, then those that were named the last
/// time and are.
pub(super) fn calls(
    entity: &str,
    version: u32,
    lamps: &[Lamp],
    over: impl Iterator<Item = LegId>,
) -> String {
    let mut document = begin(entity, version);
    let shown = &lamps[..lamps.len().min(CALLS)];
    let over: Vec<LegId> = over.take(CALLS - shown.len()).collect();
    // What those that follow take in any case.
    let mut rest = shown.len() * LIVE + over.len() * ENDED + END.len();
    for lamp in shown {
        let direction = if lamp.initiator { "initiator" } else { "recipient" };
        let state = match lamp.state {
            LampState::Confirmed => "confirmed",
            LampState::Early => "early",
            LampState::Trying => "trying",
        };
        let leg = lamp.leg.0;
        let room = LONGEST.saturating_sub(document.len() + rest);
        rest -= LIVE;
        let name = lamp.name.as_ref().map(named).filter(|name| name.len() <= room);
        let name = name.unwrap_or_default();
        // Writing to a String cannot fail.
        let _ = writeln!(
            document,
            "<dialog id=\"{leg}\"{name} direction=\"{direction}\"><state>{state}</state></dialog>"
        );
    }
    for leg in over {
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

/// A dialog from where the watched telephone stands: its tag is the local one.
fn named(name: &DialogName) -> String {
    let DialogName { call_id, local_tag, remote_tag } = name;
    let (call_id, ours, its) = (escaped(call_id), escaped(local_tag), escaped(remote_tag));
    format!(" call-id=\"{call_id}\" local-tag=\"{its}\" remote-tag=\"{ours}\"")
}

fn one(id: &str, state: &str) -> String {
    format!("<dialog id=\"{id}\"><state>{state}</state></dialog>\n")
}

fn end(mut document: String) -> String {
    document.push_str(END);
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
        Lamp { leg: LegId(leg), initiator, state, name: None }
    }

    fn with_name(lamp: Lamp) -> Lamp {
        let name = DialogName {
            call_id: "a84b4c76e66710@pc33.example.com".to_owned(),
            local_tag: "0123456789abcdef".to_owned(),
            remote_tag: "its&tag".to_owned(),
        };
        Lamp { name: Some(name), ..lamp }
    }

    #[test]
    fn a_dialog_has_the_names_that_its_telephone_has_for_it() {
        let lamps = [with_name(lamp(5, false, LampState::Early))];
        let document = calls("sip:ana@pbx.example", 0, &lamps, std::iter::empty());
        assert!(document.contains(
            "call-id=\"a84b4c76e66710@pc33.example.com\" local-tag=\"its&amp;tag\" \
             remote-tag=\"0123456789abcdef\" direction=\"recipient\"><state>early</state>"
        ));
    }

    #[test]
    fn names_are_left_out_where_a_document_has_no_room_for_them() {
        let lamps: Vec<Lamp> =
            (0..6).map(|leg| with_name(lamp(leg, false, LampState::Early))).collect();
        let named = (0..=lamps.len()).map(|count| {
            let over = (100..140).map(LegId);
            let document = calls("sip:ana@pbx.example", 0, &lamps[..count], over);
            assert!(document.len() < 750, "{}", document.len());
            document.matches("call-id=").count()
        });
        assert_eq!(named.collect::<Vec<_>>(), [0, 1, 2, 1, 1, 1, 1]);
        let two = calls("sip:ana@pbx.example", 0, &lamps[..2], std::iter::empty());
        assert_eq!(two.matches("call-id=").count(), 2);
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
