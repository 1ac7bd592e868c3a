//! A SUBSCRIBE of the phone's (RFC 6665 §4.1.2). Nothing is kept of it here: whoever asked knows
//! the NOTIFYs by their Call-ID, and the subscription ends when it expires.

use std::time::Duration;

use sip::message::{HeaderName, Method};
use sip::user_agent_core::{DialogName, OutRequest, Party, Target};

use crate::event::PhoneOutput;
use crate::phone::{Phone, credentials};
use crate::registration::contact;

/// What a phone watches.
#[derive(Debug, Clone, Copy)]
pub struct Watch<'a> {
    /// The event package: `dialog`, `message-summary`.
    pub event: &'a str,
    /// The user part of what is watched: a user, a code.
    pub whom: &'a str,
    /// For how long, s.
    pub expires_s: u32,
    /// The Call-ID of the subscription, unique.
    pub call_id: &'a str,
}

/// A dialog of whom a phone watches, as a NOTIFY tells it (RFC 4235).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedDialog {
    /// What it is called, seen from the watched end.
    pub name: DialogName,
    /// `early`, `confirmed`, `terminated` and so on.
    pub state: String,
    /// Whether the watched end was called.
    pub is_incoming: bool,
}

/// The dialogs that a `dialog-info` document names; those that it names only by halves are left
/// out: nobody can take their place. `name.replaces(…)` is what picks one up.
pub fn watched_dialogs(body: &[u8]) -> Vec<WatchedDialog> {
    let text = String::from_utf8_lossy(body);
    text.split("<dialog ").skip(1).filter_map(watched_dialog).collect()
}

fn watched_dialog(element: &str) -> Option<WatchedDialog> {
    let (head, content) = element.split_once('>')?;
    let attribute = |name: &str| {
        let at = head.split_once(&format!("{name}=\""))?.1;
        Some(unescaped(at.split_once('"')?.0))
    };
    let state = content.split_once("<state")?.1.split_once('>')?.1.split_once('<')?.0;
    Some(WatchedDialog {
        name: DialogName {
            call_id: attribute("call-id")?,
            local_tag: attribute("local-tag")?,
            remote_tag: attribute("remote-tag")?,
        },
        state: state.trim().to_owned(),
        is_incoming: attribute("direction").as_deref() == Some("recipient"),
    })
}

fn unescaped(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    text.replace("&apos;", "'").replace("&amp;", "&")
}

impl Phone {
    /// Asks to be told what becomes of something.
    pub fn watch(&mut self, now: Duration, watch: Watch<'_>, out: &mut Vec<PhoneOutput>) {
        let config = self.config();
        let address = |user: &str| format!("sip:{user}@{}", config.domain);
        let request = OutRequest {
            contact: Some(format!("<{}>", contact(config))),
            call_id: Some(watch.call_id.to_owned()),
            headers: vec![
                (HeaderName::Event, watch.event.to_owned()),
                (HeaderName::Expires, watch.expires_s.to_string()),
            ],
            credentials: credentials(config),
            ..OutRequest::new(
                Method::Subscribe,
                address(watch.whom),
                Party::new(address(&config.user)),
                Party::new(address(watch.whom)),
                Target::Flow(config.server),
            )
        };
        self.core(now, out, |core, now, out| core.request(now, request, out));
    }
}
