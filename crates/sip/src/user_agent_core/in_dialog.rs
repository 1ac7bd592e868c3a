//! Requests of ours inside dialogs (RFC 3261 12.2.1, 14.1, 15.1.1): re-INVITE, BYE, the rest.
//!
//! Guarantees that our re-INVITEs never overlap anything that changes the session, that glare is
//! waited out as 14.1 says, that a BYE of ours waits for the ACK of our 2xx, and that a dialog
//! leaves the tables once nothing in it waits for an answer.

mod naming;
mod reinvite;

use std::time::Duration;

pub use naming::DialogName;

use super::{
    Owner, TagOwner, UserAgentCore,
    draft::{ContactLine, Draft},
    events::{ExtraHeader, UaEvent, UaOutput},
    ids::{ClientRequestId, DialogId, OutInviteId},
    sending::{Purpose, Sending},
};
use crate::{
    dialog::{Dialog, DialogState, NextHop, Repeat, Usage, Waiting},
    message::{Body, Method},
    transaction::Wire,
};

impl UserAgentCore {
    /// Hangs up; no further event will name the dialog. `reason` is a value for Reason
    /// (RFC 3326). An early dialog of ours is hung up by cancelling its INVITE.
    pub fn bye(
        &mut self,
        now: Duration,
        id: DialogId,
        reason: Option<String>,
        out: &mut Vec<UaOutput>,
    ) {
        let Some(dialog) = self.dialogs.get(&id) else {
            return;
        };
        if dialog.usage == Usage::Subscription {
            return self.end_subscription(now, id, out);
        }
        match dialog.state {
            DialogState::Early => {
                if let Some(invite) = self.invite_of_early(id) {
                    self.cancel(now, invite, reason, out);
                }
                return;
            }
            DialogState::Mortal | DialogState::Morgue => return,
            DialogState::Confirmed => {}
        }
        self.answer_pending(now, id, out);
        let owed = self.update_dialog(id, |dialog| {
            dialog.glare = None;
            dialog.ack_owed.take()
        });
        if let Some(invite) = owed.flatten() {
            self.send_ack(now, invite, id, None, out);
        }
        let waits = self.update_dialog(id, |dialog| {
            let first = dialog.unacknowledged.as_ref().is_some_and(|it| !it.of_reinvite);
            if first {
                dialog.state = DialogState::Mortal;
                dialog.deferred_bye = Some(reason.clone());
            }
            first
        });
        if waits == Some(false) {
            self.send_bye(now, id, reason, out);
        }
    }

    /// Sends another request inside a dialog, which may be an early one: not INVITE, ACK, BYE or
    /// CANCEL.
    pub fn request_in_dialog(
        &mut self,
        now: Duration,
        dialog: DialogId,
        method: Method,
        headers: Vec<ExtraHeader>,
        body: Option<Body>,
        out: &mut Vec<UaOutput>,
    ) -> ClientRequestId {
        let id = ClientRequestId(self.fresh_id());
        let refreshes =
            matches!(method, Method::Refer | Method::Notify | Method::Subscribe | Method::Update);
        let draft = self.dialogs.get_mut(&dialog).filter(|it| it.is_live()).map(|it| {
            it.requests_open = it.requests_open.saturating_add(1);
            let mut draft = draft_in(it, method, headers, body);
            if !refreshes {
                draft.contact = ContactLine::None;
            }
            (draft, it.credentials.clone())
        });
        match draft {
            Some((draft, credentials)) => {
                let purpose = Purpose::Request(id, Some(dialog));
                let sending = Sending::new(draft, purpose, credentials);
                self.start_in_dialog(now, id.0, sending, dialog, out);
            }
            None => self.event(UaEvent::Responded { id, response: None, status: 481 }, out),
        }
        id
    }

    /// Sends a request outside dialogs.
    pub fn request(
        &mut self,
        now: Duration,
        request: super::OutRequest,
        out: &mut Vec<UaOutput>,
    ) -> ClientRequestId {
        let id = ClientRequestId(self.fresh_id());
        let tag = self.tokens.token();
        let call_id = match request.call_id {
            Some(call_id) => call_id,
            None => format!("{}@{}", self.tokens.token(), self.config.domain),
        };
        let draft = Draft {
            method: request.method,
            request_uri: request.request_uri,
            from: super::draft::party_value(&request.from, Some(tag)),
            to: super::draft::party_value(&request.to, None),
            call_id,
            cseq: request.cseq,
            max_forwards: request.max_forwards,
            contact: request.contact.map_or(ContactLine::None, ContactLine::Value),
            routes: request.routes.into_iter().map(Into::into).collect(),
            headers: request.headers,
            authorization: Vec::new(),
            body: request.body,
        };
        let sending = Sending::new(draft, Purpose::Request(id, None), request.credentials);
        self.start(now, id.0, sending, &request.target, out);
        id
    }

    /// Sends a BYE; the dialog is over for the user.
    pub(super) fn send_bye(
        &mut self,
        now: Duration,
        id: DialogId,
        reason: Option<String>,
        out: &mut Vec<UaOutput>,
    ) {
        let number = self.fresh_id();
        let made = self.update_dialog(id, |dialog| {
            dialog.state = DialogState::Mortal;
            dialog.unacknowledged = None;
            dialog.glare = None;
            let headers = reason
                .map(|reason| (crate::message::HeaderName::Reason, reason))
                .into_iter()
                .collect();
            let mut draft = draft_in(dialog, Method::Bye, headers, None);
            draft.contact = ContactLine::None;
            (draft, dialog.credentials.clone(), dialog.our_invite)
        });
        let Some((draft, credentials, pending)) = made else {
            return;
        };
        if let Some(pending) = pending {
            self.hasten(now, pending);
        }
        let sending = Sending::new(draft, Purpose::Bye(id), credentials);
        self.start_in_dialog(now, number, sending, id, out);
    }

    /// Our BYE got its answer, or none.
    pub(super) fn bye_answered(&mut self, now: Duration, id: DialogId, out: &mut Vec<UaOutput>) {
        self.update_dialog(id, |dialog| dialog.state = DialogState::Morgue);
        self.bury(now, id, out);
    }

    /// Whether a BYE of ours waits for its answer.
    pub(super) fn bye_is_under_way(&self, id: DialogId) -> bool {
        self.dialogs.get(&id).is_some_and(|dialog| {
            dialog.state == DialogState::Mortal && dialog.deferred_bye.is_none()
        })
    }

    /// Removes a dialog that is over, unless our re-INVITE in it still has to be acknowledged.
    pub(super) fn bury(&mut self, now: Duration, id: DialogId, out: &mut Vec<UaOutput>) {
        let Some(dialog) = self.dialogs.get(&id) else {
            return;
        };
        match (dialog.state, dialog.our_invite) {
            (DialogState::Morgue, None) => self.remove_dialog(now, id, out),
            (DialogState::Morgue | DialogState::Mortal, Some(invite)) => self.hasten(now, invite),
            (DialogState::Mortal, None) | (DialogState::Early | DialogState::Confirmed, _) => {}
        }
    }

    /// The session is over: its pending re-INVITE is waited for no longer than 64*T1.
    fn hasten(&mut self, now: Duration, invite: OutInviteId) {
        self.set_invite_deadline(invite, Some(now + self.config.timers.timeout()));
    }

    /// Runs the deadline of a dialog: a 2xx to be repeated, a re-INVITE to be tried again.
    pub(super) fn dialog_timeout(&mut self, now: Duration, id: DialogId, out: &mut Vec<UaOutput>) {
        let timers = self.config.timers;
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return;
        };
        let repeat = match &mut dialog.unacknowledged {
            Some(unacknowledged) => unacknowledged.timeout(now, &timers),
            None => Repeat::Nothing,
        };
        let glare = dialog.glare.take_if(|glare| glare.retry_at <= now);
        self.queue.reschedule(Owner::Dialog(id), None, dialog.deadline());
        match repeat {
            Repeat::Nothing => {}
            Repeat::Send(flow, bytes) => out.transmit(flow, bytes),
            Repeat::GiveUp => return self.never_acknowledged(now, id, out),
        }
        if let Some(glare) = glare {
            self.try_reinvite(now, id, glare.change, out);
        }
    }

    /// No ACK for 64*T1: the session ends with BYE (13.3.1.4).
    fn never_acknowledged(&mut self, now: Duration, id: DialogId, out: &mut Vec<UaOutput>) {
        let Some((live, reason)) = self
            .update_dialog(id, |dialog| (dialog.is_live(), dialog.deferred_bye.take().flatten()))
        else {
            return;
        };
        self.answer_pending(now, id, out);
        self.send_bye(now, id, reason, out);
        if live {
            self.event(UaEvent::Unconfirmed { dialog: id }, out);
        }
    }

    /// Changes a dialog and moves its deadline.
    pub(super) fn update_dialog<R>(
        &mut self,
        id: DialogId,
        change: impl FnOnce(&mut Dialog) -> R,
    ) -> Option<R> {
        let dialog = self.dialogs.get_mut(&id)?;
        let before = dialog.deadline();
        let result = change(dialog);
        self.queue.reschedule(Owner::Dialog(id), before, dialog.deadline());
        Some(result)
    }

    /// Drops a dialog, and what waited for its next hop.
    pub(super) fn remove_dialog(&mut self, now: Duration, id: DialogId, out: &mut Vec<UaOutput>) {
        let Some(dialog) = self.dialogs.remove(&id) else {
            return;
        };
        self.tags.remove(&(dialog.local_tag, TagOwner::Dialog(id)));
        self.queue.reschedule(Owner::Dialog(id), dialog.deadline(), None);
        let NextHop::Resolving(resolve, waiting) = dialog.next_hop else {
            return;
        };
        self.forget_resolve(resolve);
        for waiting in waiting {
            match waiting {
                Waiting::Sending(sending) => self.finish(now, sending, 481, None, out),
                Waiting::Ack(_) => {}
            }
        }
    }
}

/// A request inside a dialog (12.2.1.1).
fn draft_in(
    dialog: &mut Dialog,
    method: Method,
    headers: Vec<ExtraHeader>,
    body: Option<Body>,
) -> Draft {
    let cseq = dialog.next_cseq();
    let routing = dialog.routing();
    Draft {
        method,
        request_uri: routing.request_uri,
        from: dialog.local.clone().into(),
        to: dialog.remote.clone().into(),
        call_id: dialog.call_id.clone().into(),
        cseq,
        max_forwards: 70,
        contact: match &dialog.contact {
            Some(uri) => ContactLine::Uri(uri.clone()),
            None => ContactLine::Own,
        },
        routes: routing.routes.into_owned(),
        headers,
        authorization: Vec::new(),
        body,
    }
}
