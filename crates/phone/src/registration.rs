//! The phone's registration (RFC 3261 10.2): one Call-ID, a CSeq that grows, refresh at half time.

use std::time::Duration;

use sip::message::{Contacts, HeaderName, Method, Response};
use sip::user_agent_core::{ClientRequestId, OutRequest, Party, Target};

use crate::config::PhoneConfig;

/// The state of one phone's registration.
#[derive(Debug)]
pub(crate) struct Registration {
    call_id: String,
    cseq: u32,
    pub(crate) pending: Option<ClientRequestId>,
    /// Whether the pending one takes the registration back.
    pub(crate) leaving: bool,
}

/// A request answers two challenges at most (stale nonce), and each costs a number.
const CSEQ_STEP: u32 = 4;

impl Registration {
    pub(crate) fn new(call_id: String) -> Registration {
        Registration { call_id, cseq: 1, pending: None, leaving: false }
    }

    /// The next REGISTER, for so many seconds; 0 takes the registration back.
    pub(crate) fn request(&mut self, config: &PhoneConfig, expires_s: u32) -> OutRequest {
        self.leaving = expires_s == 0;
        let aor = format!("sip:{}@{}", config.user, config.domain);
        let contact = format!("<{}>;expires={expires_s}", contact(config));
        let cseq = self.cseq;
        self.cseq += CSEQ_STEP;
        OutRequest {
            contact: Some(contact),
            call_id: Some(self.call_id.clone()),
            cseq,
            headers: vec![(HeaderName::Expires, expires_s.to_string())],
            credentials: crate::phone::credentials(config),
            ..OutRequest::new(
                Method::Register,
                format!("sip:{}", config.domain),
                Party::new(aor.clone()),
                Party::new(aor),
                Target::Flow(config.server),
            )
        }
    }
}

/// The phone's Contact URI.
pub(crate) fn contact(config: &PhoneConfig) -> String {
    let local = config.server.local;
    match config.server.transport {
        sip::flow::TransportKind::Udp => format!("sip:{}@{local}", config.user),
        sip::flow::TransportKind::Tcp
        | sip::flow::TransportKind::Tls
        | sip::flow::TransportKind::Ws
        | sip::flow::TransportKind::Wss => {
            format!("sip:{}@{local};transport={}", config.user, config.server.transport.uri_token())
        }
    }
}

/// The seconds that a 200 grants to our own Contact.
pub(crate) fn granted(config: &PhoneConfig, response: &Response) -> u32 {
    let ours = contact(config);
    let headers = response.headers();
    let listed = match headers.contacts() {
        Ok(Contacts::List(list)) => list
            .iter()
            .find(|contact| contact.uri.to_string() == ours)
            .and_then(|contact| contact.expires()),
        Ok(Contacts::Star) | Err(_) => None,
    };
    listed.or(headers.expires().ok().flatten()).unwrap_or(config.expires_s)
}

/// When a registration of so many seconds is to be refreshed.
pub(crate) fn refresh_after(expires_s: u32) -> Duration {
    Duration::from_secs(u64::from(expires_s.max(2) / 2))
}
