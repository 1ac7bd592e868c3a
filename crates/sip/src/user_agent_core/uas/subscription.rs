//! Dialogs that a SUBSCRIBE makes (RFC 6665 4.4.1), on the side of who notifies. What is watched,
//! for how long, and what a NOTIFY says is the user's to know; NOTIFYs are sent by
//! `request_in_dialog`, refreshing SUBSCRIBEs come as `Requested` and are answered by `respond`.
//!
//! Guarantees that such a dialog has one usage only, that no BYE is ever sent or taken in it, and
//! that it leaves the tables once its user has let it go and nothing in it waits for an answer.

use std::time::Duration;

use crate::{
    dialog::{DialogState, Usage, is_usable},
    message::{HeaderName, Method, StatusCode},
    user_agent_core::{
        DialogId, ExtraHeader, ServerRequestId, UaOutput, UserAgentCore, uas_dialog,
    },
};

impl UserAgentCore {
    /// Answers a SUBSCRIBE outside dialogs with 200 and makes its dialog. A connection it came by
    /// is where its NOTIFYs go.
    ///
    /// # Errors
    /// The status with which it was answered instead: 400 where its Contact leads nowhere, 503
    /// where there is no room; 408 when it is gone.
    pub fn accept_subscription(
        &mut self,
        now: Duration,
        id: ServerRequestId,
        headers: &[ExtraHeader],
        out: &mut Vec<UaOutput>,
    ) -> Result<DialogId, u16> {
        let open = self.server_requests.get(&id).copied();
        let found = open.and_then(|key| {
            let (arrived, _) = self.layer.server_flows(key)?;
            Some((key, self.layer.server_request(key)?, arrived))
        });
        let Some((key, request, arrived)) = found else {
            return Err(StatusCode::REQUEST_TIMEOUT.code());
        };
        let asked = request.headers();
        let has_contact = asked.contains(HeaderName::Contact)
            && uas_dialog::target_of(asked).is_some_and(|target| is_usable(&target));
        let belongs = *request.method() == Method::Subscribe && asked.to_tag().is_none();
        let via = asked.via_top().ok();
        let (Some(via), true, true) = (via, has_contact, belongs) else {
            self.respond(now, id, StatusCode::BAD_REQUEST, &[], None, out);
            return Err(StatusCode::BAD_REQUEST.code());
        };
        if !self.has_room_for_dialog() {
            let headers = self.overload().headers;
            self.respond(now, id, StatusCode::SERVICE_UNAVAILABLE, &headers, None, out);
            return Err(StatusCode::SERVICE_UNAVAILABLE.code());
        }
        let pinned = arrived.transport.reliable() || uas_dialog::is_pinned(asked, &via, arrived);
        let tag = self.tokens.token();
        let made = uas_dialog::dialog_of(request, arrived, tag, pinned);
        let response = self.response_of(key, StatusCode::OK, tag, headers, None);
        let (Some(mut dialog), Some(response)) = (made, response) else {
            self.respond(now, id, StatusCode::BAD_REQUEST, &[], None, out);
            return Err(StatusCode::BAD_REQUEST.code());
        };
        dialog.state = DialogState::Confirmed;
        dialog.usage = Usage::Subscription;
        self.server_requests.remove(&id);
        self.layer.respond(now, key, StatusCode::OK.code(), response, out);
        Ok(self.add_dialog(dialog))
    }

    /// Lets the dialog of a subscription go; no further event will name it but the answers to
    /// what was sent in it.
    pub fn end_subscription(&mut self, now: Duration, id: DialogId, out: &mut Vec<UaOutput>) {
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return;
        };
        if dialog.usage != Usage::Subscription {
            return;
        }
        dialog.state = DialogState::Mortal;
        if dialog.requests_open == 0 {
            self.remove_dialog(now, id, out);
        }
    }

    /// A request of ours in a dialog has its outcome.
    pub(crate) fn request_in_dialog_over(
        &mut self,
        now: Duration,
        id: DialogId,
        out: &mut Vec<UaOutput>,
    ) {
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return;
        };
        dialog.requests_open = dialog.requests_open.saturating_sub(1);
        let over = dialog.usage == Usage::Subscription && dialog.state == DialogState::Mortal;
        if over && dialog.requests_open == 0 {
            self.remove_dialog(now, id, out);
        }
    }
}
