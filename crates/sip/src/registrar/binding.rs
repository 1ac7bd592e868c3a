//! One binding of an address of record (RFC 3261 10.3, RFC 5626 for instance and reg-id).
//!
//! Guarantees that a binding is plain data, to be persisted and restored as it is.

use std::time::Duration;

use crate::{
    flow::Flow,
    message::{HeaderName, NameAddr, Params, Request, Uri},
};

/// Where an address of record can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The Contact URI as it was given. As a Request-URI take [`Uri::to_request_uri`] of it.
    pub contact: Uri,
    /// The Contact's own parameters, without `expires`.
    pub params: Params,
    /// The flow it was registered by: calls go there.
    pub flow: Flow,
    /// When it ends.
    pub expires_at: Duration,
    /// Preference in thousandths, 0 to 1000.
    pub q: u16,
    /// Call-ID of the REGISTER.
    pub call_id: String,
    /// CSeq number of the REGISTER.
    pub cseq: u32,
    /// `+sip.instance` (RFC 5626).
    pub instance: Option<String>,
    /// `reg-id` (RFC 5626).
    pub reg_id: Option<u32>,
    /// What the phone calls itself.
    pub user_agent: Option<String>,
}

impl Binding {
    /// Whether both are for the same place: equal instance and reg-id, else equal URIs.
    pub fn same_place(&self, other: &Binding) -> bool {
        let outbound = |it: &Binding| it.instance.clone().zip(it.reg_id);
        match (outbound(self), outbound(other)) {
            (Some(ours), Some(theirs)) => ours == theirs,
            (Some(_), None) | (None, Some(_)) | (None, None) => {
                self.contact.equivalent(&other.contact)
            }
        }
    }

    /// Its Contact value in a 200, with the seconds that are left.
    pub fn contact_value(&self, now: Duration) -> String {
        let left = self.expires_at.saturating_sub(now);
        // Rounded up, so that a fresh binding shows what was granted.
        let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        format!("<{}>{};expires={seconds}", self.contact, self.params)
    }
}

/// What all Contacts of one REGISTER share.
#[derive(Debug)]
pub(super) struct Asked {
    flow: Flow,
    call_id: String,
    cseq: u32,
    user_agent: Option<String>,
}

impl Asked {
    pub(super) fn of(request: &Request, flow: Flow) -> Option<Asked> {
        let headers = request.headers();
        Some(Asked {
            flow,
            call_id: headers.call_id().ok()?.to_owned(),
            cseq: headers.cseq().ok()?.number,
            user_agent: headers.text(HeaderName::UserAgent).map(|text| text.into_owned()),
        })
    }

    /// Whether this request is not newer than the one that made the binding.
    pub(super) fn is_stale_for(&self, binding: &Binding) -> bool {
        self.call_id == binding.call_id && self.cseq <= binding.cseq
    }

    pub(super) fn binding(&self, contact: &NameAddr, expires_at: Duration) -> Binding {
        let mut params = contact.params.clone();
        params.remove("expires");
        let reg_id = contact.params.get("reg-id").and_then(|text| text.parse().ok());
        Binding {
            contact: contact.uri.clone(),
            params,
            flow: self.flow,
            expires_at,
            q: contact.q_thousandths().unwrap_or(1000),
            call_id: self.call_id.clone(),
            cseq: self.cseq,
            instance: contact.params.unquoted("+sip.instance").map(|text| text.into_owned()),
            reg_id,
            user_agent: self.user_agent.clone(),
        }
    }
}
