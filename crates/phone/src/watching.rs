//! A SUBSCRIBE of the phone's (RFC 6665 §4.1.2). Nothing is kept of it here: whoever asked knows
//! the NOTIFYs by their Call-ID, and the subscription ends when it expires.

use std::time::Duration;

use sip::message::{HeaderName, Method};
use sip::user_agent_core::{OutRequest, Party, Target};

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
