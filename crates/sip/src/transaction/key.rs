//! What a message is matched by: RFC 3261 17.1.3 and 17.2.3, with RFC 2543 peers (no branch that
//! begins with the magic cookie) as 17.2.3 says.
//!
//! Guarantees small keys: a response is found by the number in our own branch, a request by a
//! keyed fingerprint of what the RFC compares.

use std::{borrow::Cow, fmt};

use super::{fingerprint::FingerprintKey, token::Token};
use crate::message::{HeaderName, Host, Method, Request, Response, Via};

/// A client transaction: our branch, and whether it is the CANCEL that shares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClientKey {
    branch: Token,
    cancel: bool,
}

/// A server transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ServerKey(u128);

impl ClientKey {
    /// The key of a request that we send.
    pub(crate) fn new(branch: Token, method: &Method) -> ClientKey {
        ClientKey { branch, cancel: *method == Method::Cancel }
    }

    /// The key of the CANCEL of this request.
    pub(crate) fn of_cancel(self) -> ClientKey {
        ClientKey { cancel: true, ..self }
    }

    /// Whether this is the transaction of a CANCEL.
    pub(crate) fn is_cancel(self) -> bool {
        self.cancel
    }

    /// The key a response is for, if its top Via carries a branch of ours.
    pub(crate) fn of_response(response: &Response, method: &Method) -> Option<ClientKey> {
        let branch = response.headers().branch()?;
        let token = branch.strip_prefix("z9hG4bK").and_then(Token::parse)?;
        Some(ClientKey::new(token, method))
    }
}

/// Makes server keys; knows the secret of the fingerprints.
#[derive(Clone, Copy)]
pub(crate) struct KeyMaker {
    key: FingerprintKey,
}

impl KeyMaker {
    /// The same seed makes the same keys.
    pub(crate) fn new(seed: u64) -> KeyMaker {
        KeyMaker { key: FingerprintKey::new(seed, 2) }
    }

    /// The key of a request's own transaction. An ACK has that of its INVITE.
    pub(crate) fn server_key(&self, request: &Request, via: &Via) -> ServerKey {
        let is_ack = *request.method() == Method::Ack;
        let method = if is_ack { "INVITE" } else { request.method().as_str() };
        self.key_as(request, via, method)
    }

    /// The key of the INVITE that a CANCEL is for (9.2).
    pub(crate) fn invite_key(&self, cancel: &Request, via: &Via) -> ServerKey {
        self.key_as(cancel, via, "INVITE")
    }

    /// What merged requests have in common (8.2.2.2); `None` for requests in dialogs and for
    /// those of RFC 2543, without a From tag.
    pub(crate) fn merge_key(&self, request: &Request) -> Option<u128> {
        let headers = request.headers();
        if headers.to_tag().is_some() {
            return None;
        }
        let value = |name| headers.value(name).unwrap_or_default();
        let tag = headers.from_tag()?.as_bytes();
        Some(self.key.of(&[value(HeaderName::CallId), tag, value(HeaderName::CSeq)]))
    }

    fn key_as(&self, request: &Request, via: &Via, method: &str) -> ServerKey {
        let headers = request.headers();
        let value = |name| headers.value(name).unwrap_or_default();
        let cseq = headers.cseq().map(|cseq| cseq.number).unwrap_or_default().to_le_bytes();
        let call_id = value(HeaderName::CallId);
        if let Some(branch) = via.rfc3261_branch() {
            let host = host_bytes(&via.host);
            let port = via.port.unwrap_or_default().to_le_bytes();
            // Call-ID and CSeq number are those of the INVITE in its ACK and CANCEL too. They are
            // beyond 17.2.3 and keep peers apart that use a branch twice (RFC 4475 3.2.1).
            let branch = branch.as_bytes();
            let parts = [branch, &host, &port, method.as_bytes(), call_id, &cseq];
            return ServerKey(self.key.of(&parts));
        }
        // RFC 2543: the To tag is left out, because an ACK has the response's one.
        let tag = headers.from_tag().unwrap_or_default().as_bytes();
        let via = value(HeaderName::Via);
        let parts = [b"2543", request.uri_raw(), tag, call_id, &cseq[..], via, method.as_bytes()];
        ServerKey(self.key.of(&parts))
    }
}

fn host_bytes(host: &Host) -> Cow<'_, [u8]> {
    match host {
        Host::Name(name) => Cow::Borrowed(name.as_bytes()),
        Host::V4(address) => Cow::Owned(address.octets().to_vec()),
        Host::V6(address) => Cow::Owned(address.octets().to_vec()),
        Host::None => Cow::Borrowed(&[]),
    }
}

impl fmt::Debug for KeyMaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyMaker(…)")
    }
}
