//! Handing a call on (RFC 3515, RFC 5589): REFER, what its NOTIFYs tell, and when the phone lets
//! go; and being told to answer (`Event: talk`).
//!
//! Guarantees that every NOTIFY of a call is answered, that each REFER has one `ReferAnswered`, and
//! that a call is let go of by itself only as the phone's [`AfterRefer`] says.

use std::time::Duration;

use sip::message::{HeaderName, Method, NameAddr, ReferTo, Replaces, Request, Uri, sipfrag_status};
use sip::user_agent_core::ExtraHeader;

use crate::call::{Asked, Stage};
use crate::config::AfterRefer;
use crate::event::{PhoneCallId, PhoneEvent, PhoneOutput};
use crate::phone::Phone;

impl Phone {
    /// Hands a call on to a number, a user or a URI, unseen (RFC 5589 6): REFER without Replaces.
    /// `false` when the call is not answered, or the target is no address.
    pub fn refer(
        &mut self,
        now: Duration,
        id: PhoneCallId,
        to: &str,
        out: &mut Vec<PhoneOutput>,
    ) -> bool {
        let Ok(uri) = Uri::parse(&self.address(to)) else {
            return false;
        };
        self.send_refer(now, id, to_reach(uri, None), out)
    }

    /// Hands a call on to the other side of another call of this phone's (RFC 5589 7): REFER with
    /// Replaces. The other call may be early still (semi-attended). `false` when one of them is
    /// not there, or not that far.
    pub fn refer_to_call(
        &mut self,
        now: Duration,
        id: PhoneCallId,
        other: PhoneCallId,
        out: &mut Vec<PhoneOutput>,
    ) -> bool {
        let peer = self.calls.get(&other).and_then(|call| call.peer.clone());
        let (Some(uri), Some(name)) = (peer, self.dialog_name(other)) else {
            return false;
        };
        self.send_refer(now, id, to_reach(uri, Some(name.replaces(false))), out)
    }

    fn send_refer(
        &mut self,
        now: Duration,
        id: PhoneCallId,
        to: ReferTo,
        out: &mut Vec<PhoneOutput>,
    ) -> bool {
        let Some(Stage::Up { dialog, .. }) = self.calls.get(&id).map(|call| call.stage) else {
            return false;
        };
        let by = format!("<sip:{}@{}>", self.config.user, self.config.domain);
        let headers: Vec<ExtraHeader> =
            vec![(HeaderName::ReferTo, to.to_string()), (HeaderName::ReferredBy, by)];
        // The outcome may come at once, so the request has to be known before it is read.
        let mut outputs = Vec::new();
        let request =
            self.core.request_in_dialog(now, dialog, Method::Refer, headers, None, &mut outputs);
        self.asked.insert(request, (id, Asked::Refer));
        self.drain(now, outputs, out);
        true
    }

    pub(crate) fn refer_answered(
        &mut self,
        now: Duration,
        call: PhoneCallId,
        status: u16,
        out: &mut Vec<PhoneOutput>,
    ) {
        out.push(PhoneOutput::Event(PhoneEvent::ReferAnswered { call, status }));
        let accepted = (200..300).contains(&status);
        if accepted && self.config.after_refer == AfterRefer::HangUpAtOnce {
            self.hang_up(now, call, out);
        }
    }

    /// A NOTIFY in a call, which is answered already.
    pub(crate) fn notified(
        &mut self,
        now: Duration,
        call: PhoneCallId,
        request: &Request,
        out: &mut Vec<PhoneOutput>,
    ) {
        let headers = request.headers();
        let Ok(Some(event)) = headers.event() else {
            return;
        };
        if event.is("talk") {
            return self.answer(now, call, out);
        }
        let Some(status) = sipfrag_status(request.body()).filter(|_| event.is("refer")) else {
            return;
        };
        let state = headers.text(HeaderName::SubscriptionState).unwrap_or_default();
        let last = state.trim_start().starts_with("terminated");
        let status = status.code();
        out.push(PhoneOutput::Event(PhoneEvent::ReferNotified { call, status, last }));
        let done = last && (200..300).contains(&status);
        if done && self.config.after_refer == AfterRefer::HangUpAtEnd {
            self.hang_up(now, call, out);
        }
    }
}

fn to_reach(uri: Uri, replaces: Option<Replaces>) -> ReferTo {
    let address = NameAddr::new(uri);
    ReferTo { address, method: Method::Invite, replaces, replaces_call: None }
}
