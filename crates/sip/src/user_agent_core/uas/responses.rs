//! What we answer (RFC 3261 8.2.6, 13.3.1): the user's responses and how they are written.
//!
//! Guarantees that all responses to one INVITE have one To tag, and that those which make or
//! refresh a dialog carry Contact and Allow.

use std::time::Duration;

use super::failure;
use crate::{
    dialog::{Dialog, DialogState, Unacknowledged},
    message::{Body, HeaderName, Method, Response, ResponseBuilder, StatusCode},
    transaction::{ServerKey, Token},
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
        if let Some(response) = self.invite_response_of(server, status, Some(tag), &[], body) {
            self.layer.respond(now, server, status.code(), response.to_bytes(), out);
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
        let (server, tag) = self.invites.get(&id).map(|invite| (invite.server, invite.tag))?;
        let mut dialog = self.uas_dialog(server, tag)?;
        let request = self.layer.server_request(server)?;
        let cseq = request.headers().cseq().map(|cseq| cseq.number).unwrap_or_default();
        let has_offer = request.body().is_empty();
        let (_, flow) = self.layer.server_flows(server)?;
        let response =
            self.invite_response_of(server, StatusCode::OK, Some(tag), headers, Some(body))?;
        let bytes = response.to_bytes();
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
            self.layer.respond(now, server, status.code(), response.to_bytes(), out);
        }
    }

    /// Answers a request that was announced by [`UaEvent::Requested`].
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
        if let Some(response) = self.response_of(key, status, tag, headers, body) {
            self.layer.respond(now, key, status.code(), response.to_bytes(), out);
        }
    }

    /// A response to the request of a server transaction.
    pub(crate) fn response_of(
        &self,
        key: ServerKey,
        status: StatusCode,
        tag: Token,
        headers: &[ExtraHeader],
        body: Option<Body>,
    ) -> Option<Response> {
        let request = self.layer.server_request(key)?;
        let (arrived, _) = self.layer.server_flows(key)?;
        let tag = tag.to_string();
        let mut builder = ResponseBuilder::to(request, status).to_tag(&tag).source(arrived.remote);
        if status.is_success() {
            if matches!(request.method(), Method::Refer | Method::Subscribe | Method::Notify)
                && let Some(contact) = self.wording.own_contact(arrived)
            {
                builder = builder.header(HeaderName::Contact, contact);
            }
            if *request.method() == Method::Options {
                builder = builder
                    .header(HeaderName::Allow, &self.wording.allow)
                    .header(HeaderName::Accept, "application/sdp")
                    .header(HeaderName::Supported, &self.wording.supported);
            }
        }
        Some(self.complete(builder, headers).build(body.as_ref()))
    }

    /// A response to an INVITE: with Contact and Allow where it makes or refreshes a dialog.
    pub(crate) fn invite_response_of(
        &self,
        key: ServerKey,
        status: StatusCode,
        tag: Option<Token>,
        headers: &[ExtraHeader],
        body: Option<Body>,
    ) -> Option<Response> {
        let request = self.layer.server_request(key)?;
        let (arrived, _) = self.layer.server_flows(key)?;
        let tag = tag.map(|tag| tag.to_string());
        let mut builder = ResponseBuilder::to(request, status).source(arrived.remote);
        if let Some(tag) = &tag {
            builder = builder.to_tag(tag);
        }
        if status.code() > 100 && status.code() < 300 {
            if let Some(contact) = self.wording.own_contact(arrived) {
                builder = builder.header(HeaderName::Contact, contact);
            }
            builder = builder.header(HeaderName::Allow, &self.wording.allow);
            if !self.wording.supported.is_empty() {
                builder = builder.header(HeaderName::Supported, &self.wording.supported);
            }
        }
        Some(self.complete(builder, headers).build(body.as_ref()))
    }

    pub(crate) fn complete<'a>(
        &'a self,
        mut builder: ResponseBuilder<'a>,
        headers: &[ExtraHeader],
    ) -> ResponseBuilder<'a> {
        if !self.wording.server.is_empty() {
            builder = builder.header(HeaderName::Server, &self.wording.server);
        }
        for (name, value) in headers {
            builder = builder.header(*name, value);
        }
        builder
    }

    pub(crate) fn uas_dialog(&self, server: ServerKey, tag: Token) -> Option<Dialog> {
        let request = self.layer.server_request(server)?;
        let (arrived, _) = self.layer.server_flows(server)?;
        let mut dialog = uas_dialog::dialog_of(request, arrived, tag)?;
        dialog.state = DialogState::Confirmed;
        Some(dialog)
    }
}
