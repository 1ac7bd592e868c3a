//! What we answer (RFC 3261 8.2.6, 13.3.1): the user's responses and how they are written.
//!
//! Guarantees that all responses to one INVITE have one To tag, and that those which make or
//! refresh a dialog carry Contact and Allow.

use std::time::Duration;

use bytes::Bytes;

use super::{UasInvite, failure};
use crate::{
    dialog::{Dialog, DialogState, Unacknowledged},
    message::{Body, Method, StatusCode},
    transaction::{ResponseWriter, ServerKey, Token},
    user_agent_core::{
        DialogId, ExtraHeader, InviteId, ServerRequestId, UaOutput, UserAgentCore, uas_dialog,
    },
};

impl UserAgentCore {
    /// Sends a provisional response, 101 to 199. The To tag is the same in all responses.
    pub fn ring(
        &mut self,
        now: Duration,
        id: InviteId,
        status: impl Into<StatusCode>,
        body: Option<Body>,
        out: &mut Vec<UaOutput>,
    ) {
        let status = status.into();
        let Some(invite) = self.invites.get(&id) else {
            return;
        };
        if !status.is_provisional() {
            return;
        }
        let (server, tag) = (invite.server, invite.tag);
        if let Some(response) =
            self.invite_response_of(server, status, Some(tag), &[], body.as_ref())
        {
            self.layer.respond(now, server, status.code(), response, out);
        }
    }

    /// Answers with 200; the core repeats it until the ACK comes. `None` when the INVITE is gone.
    pub fn accept(
        &mut self,
        now: Duration,
        id: InviteId,
        body: Body,
        headers: &[ExtraHeader],
        out: &mut Vec<UaOutput>,
    ) -> Option<DialogId> {
        let invite = self.invites.get(&id)?;
        let (server, tag) = (invite.server, invite.tag);
        let mut dialog = self.uas_dialog(invite)?;
        let request = self.layer.server_request(server)?;
        let cseq = request.headers().cseq().map(|cseq| cseq.number).unwrap_or_default();
        let has_offer = request.body().is_empty();
        let (_, flow) = self.layer.server_flows(server)?;
        let ok = StatusCode::OK;
        let bytes = self.invite_response_of(server, ok, Some(tag), headers, Some(&body))?;
        dialog.unacknowledged = Some(
            Unacknowledged::new(now, &self.config.timers, flow, bytes.clone(), cseq)
                .with_offer(has_offer),
        );
        self.forget_uas_invite(id);
        self.layer.respond(now, server, 200, bytes, out);
        Some(self.add_dialog(dialog))
    }

    /// Answers with a final status of 300 and above.
    pub fn reject(
        &mut self,
        now: Duration,
        id: InviteId,
        status: impl Into<StatusCode>,
        headers: &[ExtraHeader],
        out: &mut Vec<UaOutput>,
    ) {
        let status = failure(status.into());
        let Some(invite) = self.forget_uas_invite(id) else {
            return;
        };
        let (server, tag) = (invite.server, Some(invite.tag));
        if let Some(response) = self.invite_response_of(server, status, tag, headers, None) {
            self.layer.respond(now, server, status.code(), response, out);
        }
    }

    /// Answers a request that was announced by `UaEvent::Requested`.
    pub fn respond(
        &mut self,
        now: Duration,
        id: ServerRequestId,
        status: impl Into<StatusCode>,
        headers: &[ExtraHeader],
        body: Option<Body>,
        out: &mut Vec<UaOutput>,
    ) {
        let status = status.into();
        let Some(key) = self.server_requests.get(&id).copied() else {
            return;
        };
        if !status.is_final() {
            return;
        }
        self.server_requests.remove(&id);
        let tag = self.tokens.token();
        if let Some(response) = self.response_of(key, status, tag, headers, body.as_ref()) {
            self.layer.respond(now, key, status.code(), response, out);
        }
    }

    /// A response to the request of a server transaction.
    pub(crate) fn response_of(
        &self,
        key: ServerKey,
        status: StatusCode,
        tag: Token,
        headers: &[ExtraHeader],
        body: Option<&Body>,
    ) -> Option<Bytes> {
        let request = self.layer.server_request(key)?;
        let (arrived, _) = self.layer.server_flows(key)?;
        let mut writer = self.layer.response_to(key, status, Some(tag))?;
        if status.is_success() {
            if tells_target(request.method())
                && let Some(contact) = self.wording.own_contact(arrived)
            {
                writer.header("Contact", contact);
            }
            if *request.method() == Method::Options {
                writer.lines("Accept: application/sdp\r\n");
            }
            if matches!(request.method(), Method::Options | Method::Register | Method::Subscribe) {
                writer.lines(&self.wording.abilities);
            }
        }
        Some(self.complete(writer, headers, body))
    }

    /// A response to an INVITE: with Contact and Allow where it makes or refreshes a dialog.
    pub(crate) fn invite_response_of(
        &self,
        key: ServerKey,
        status: StatusCode,
        tag: Option<Token>,
        headers: &[ExtraHeader],
        body: Option<&Body>,
    ) -> Option<Bytes> {
        let (arrived, _) = self.layer.server_flows(key)?;
        let mut writer = self.layer.response_to(key, status, tag)?;
        if status.code() > 100 && status.code() < 300 {
            if let Some(contact) = self.wording.own_contact(arrived) {
                writer.header("Contact", contact);
            }
            writer.lines(&self.wording.abilities);
        }
        Some(self.complete(writer, headers, body))
    }

    fn complete(
        &self,
        mut writer: ResponseWriter,
        headers: &[ExtraHeader],
        body: Option<&Body>,
    ) -> Bytes {
        writer.lines(&self.wording.server);
        for (name, value) in headers {
            writer.header(name.as_str(), value);
        }
        writer.finish(body)
    }

    fn uas_dialog(&self, invite: &UasInvite) -> Option<Dialog> {
        let UasInvite { server, tag, pinned, .. } = *invite;
        let request = self.layer.server_request(server)?;
        let (arrived, _) = self.layer.server_flows(server)?;
        let mut dialog = uas_dialog::dialog_of(request, arrived, tag, pinned)?;
        dialog.state = DialogState::Confirmed;
        Some(dialog)
    }
}

/// Whether a 2xx to this makes a dialog, or refreshes our target in one (RFC 3261 table 3, RFC 3311
/// 5.2).
fn tells_target(method: &Method) -> bool {
    matches!(method, Method::Refer | Method::Subscribe | Method::Notify | Method::Update)
}
