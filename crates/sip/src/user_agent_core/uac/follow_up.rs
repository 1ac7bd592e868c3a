//! What follows an INVITE of ours: its ACKs (RFC 3261 13.2.2.4) and its CANCEL (9.1).
//!
//! Guarantees that an ACK has a branch of its own, the dialog's route set and the INVITE's CSeq
//! number and credentials, that a CANCEL leaves only after a provisional response, and that
//! 64*T1 after it the INVITE is over.

use std::time::Duration;

use super::Cancel;
use crate::{
    dialog::Waiting,
    flow::Flow,
    message::{Body, Method},
    transaction::Wire,
    user_agent_core::{
        DialogId, OutInviteId, UaOutput, UserAgentCore,
        draft::{ContactLine, Draft},
    },
};

impl UserAgentCore {
    /// Sends the ACK of a 2xx: a new branch, the dialog's route set, the INVITE's CSeq number and
    /// credentials (13.2.2.4, 22.1).
    pub(crate) fn send_ack(
        &mut self,
        now: Duration,
        invite: OutInviteId,
        dialog: DialogId,
        body: Option<Body>,
        out: &mut Vec<UaOutput>,
    ) {
        if let Some(accepted) =
            self.out_invites.get_mut(&invite).and_then(|invite| invite.accepted.as_mut())
        {
            accepted.draft.body = body;
        }
        if let Some(flow) = self.ack_flow(now, dialog, Waiting::Ack(invite.0), out) {
            self.send_waiting_ack(invite, dialog, flow, out);
        }
    }

    /// Sends the ACK, its flow being known.
    pub(crate) fn send_waiting_ack(
        &mut self,
        id: OutInviteId,
        dialog_id: DialogId,
        flow: Flow,
        out: &mut Vec<UaOutput>,
    ) {
        let branch = self.tokens.token();
        let Some(dialog) = self.dialogs.get(&dialog_id) else {
            return;
        };
        let Some(invite) = self.out_invites.get_mut(&id) else {
            return;
        };
        let Some(accepted) = &mut invite.accepted else {
            return;
        };
        let routing = dialog.routing();
        let ack = Draft {
            method: Method::Ack,
            request_uri: routing.request_uri,
            from: dialog.local.clone().into(),
            to: dialog.remote.clone().into(),
            call_id: dialog.call_id.clone().into(),
            cseq: accepted.draft.cseq,
            max_forwards: 70,
            contact: ContactLine::None,
            routes: routing.routes.into_owned(),
            headers: Vec::new(),
            authorization: accepted.draft.authorization.clone(),
            body: accepted.draft.body.take(),
        };
        let Some(request) = ack.write(&self.wording, flow, branch) else {
            return;
        };
        let bytes = request.bytes().clone();
        if let Some(fork) =
            invite.forks.iter_mut().find(|fork| *fork.remote_tag == *dialog.remote_tag)
        {
            fork.ack = Some((flow, bytes.clone()));
        }
        out.transmit(flow, bytes);
    }

    pub(crate) fn send_cancel(&mut self, now: Duration, id: OutInviteId, out: &mut Vec<UaOutput>) {
        let Some(invite) = self.out_invites.get_mut(&id) else {
            return;
        };
        let (Some(key), Cancel::Wanted(reason)) = (invite.key, &invite.cancel) else {
            return;
        };
        let reason = reason.clone();
        let Some((request, flow)) = self.layer.client_request(key) else {
            return;
        };
        let cancel = request.cancel(reason.as_deref());
        invite.cancel = Cancel::Sent(reason);
        self.layer.send_request(now, key.of_cancel(), cancel, flow, id.0, out);
        self.set_invite_deadline(id, Some(now + self.config.timers.timeout()));
    }

    /// The ring limit, or 64*T1 after the CANCEL.
    pub(crate) fn out_invite_timeout(
        &mut self,
        now: Duration,
        id: OutInviteId,
        out: &mut Vec<UaOutput>,
    ) {
        let Some(invite) = self.out_invites.get_mut(&id) else {
            return;
        };
        invite.deadline = None;
        if invite.told && invite.within.is_none() {
            return;
        }
        match invite.cancel {
            Cancel::No if invite.proceeding && !invite.told => {
                self.cancel(now, id, Some("SIP;cause=408;text=\"Not answered\"".to_owned()), out);
            }
            Cancel::No | Cancel::Wanted(_) | Cancel::Sent(_) => {
                if let Some(key) = invite.key {
                    self.layer.forget_client(key);
                }
                self.finish(now, id.0, 408, None, out);
            }
        }
    }
}
