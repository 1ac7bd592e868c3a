//! What the peer of a dialog can do, as its last Allow said (RFC 3261 section 20.5): a bit for each
//! method, so that many dialogs remember it.

use crate::message::{HeaderName, Headers, Method};

/// The methods that are remembered; of others it is not known whether the peer takes them.
const METHODS: [Method; 8] = [
    Method::Update,
    Method::Refer,
    Method::Notify,
    Method::Info,
    Method::Subscribe,
    Method::Message,
    Method::Prack,
    Method::Options,
];

/// What a peer can do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Abilities {
    /// `None`: it has not said.
    methods: Option<u8>,
}

impl Abilities {
    /// Takes what a message says; one without Allow says nothing new.
    pub(crate) fn note(&mut self, headers: &Headers) {
        if !headers.contains(HeaderName::Allow) {
            return;
        }
        let known = |value: &[u8]| METHODS.iter().position(|it| it.as_str().as_bytes() == value);
        let named = headers.values(HeaderName::Allow).filter_map(known);
        self.methods = Some(named.fold(0, |all, at| all | 1 << at));
    }

    /// Whether the peer has said that it takes this method.
    pub(crate) fn allows(self, method: &Method) -> bool {
        let at = METHODS.iter().position(|known| known == method);
        at.zip(self.methods).is_some_and(|(at, methods)| methods & (1 << at) != 0)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::message::Message;

    #[test]
    fn what_was_said_last_counts() {
        let said = |abilities: &mut Abilities, allow: &str| {
            let text = format!("SIP/2.0 200 OK\r\n{allow}Content-Length: 0\r\n\r\n");
            abilities.note(Message::parse_datagram(Bytes::from(text)).expect("it").headers());
        };
        let mut abilities = Abilities::default();
        assert!(!abilities.allows(&Method::Update));
        said(&mut abilities, "Allow: INVITE, UPDATE\r\nAllow: REFER\r\n");
        assert!(abilities.allows(&Method::Update) && abilities.allows(&Method::Refer));
        assert!(!abilities.allows(&Method::Info) && !abilities.allows(&Method::Invite));
        said(&mut abilities, "");
        assert!(abilities.allows(&Method::Update));
        said(&mut abilities, "Allow: INVITE\r\n");
        assert!(!abilities.allows(&Method::Update));
    }
}
