//! The branches of an INVITE of ours (RFC 3261 12.1.2, 13.2.2): early dialogs, forks, the winner.
//!
//! Guarantees that every 2xx is acknowledged, each repetition again, and that of several 2xx the
//! first one wins while the others get ACK and BYE in this order.

use std::time::Duration;

use super::{AckDraft, Cancel, Fork};
use crate::{
    dialog::{Birth, Dialog, DialogState, is_usable},
    flow::Flow,
    message::{HeaderName, Headers, Response, value::scan},
    transaction::Wire,
    user_agent_core::{
        DialogId, OutInviteId, UaEvent, UaOutput, UserAgentCore, draft::ContactLine,
    },
};

impl UserAgentCore {
    pub(crate) fn invite_progress(
        &mut self,
        now: Duration,
        id: OutInviteId,
        flow: Flow,
        response: Response,
        out: &mut Vec<UaOutput>,
    ) {
        let Some(invite) = self.out_invites.get_mut(&id) else {
            return;
        };
        let first = !std::mem::replace(&mut invite.proceeding, true);
        match &invite.cancel {
            Cancel::Wanted(_) => return self.send_cancel(now, id, out),
            Cancel::Sent(_) => return,
            Cancel::No => {}
        }
        if invite.within.is_some() {
            return;
        }
        if response.status().code() == 100 {
            if first {
                self.event(UaEvent::Trying { invite: id }, out);
            }
            return;
        }
        let dialog = match response.headers().to_tag() {
            Some(tag) => self.early_dialog(id, tag, flow, &response),
            None => None,
        };
        self.event(UaEvent::Progress { invite: id, dialog, response }, out);
    }

    /// The early dialog of this branch, made if there is room.
    pub(crate) fn early_dialog(
        &mut self,
        id: OutInviteId,
        tag: &str,
        flow: Flow,
        response: &Response,
    ) -> Option<DialogId> {
        let invite = self.out_invites.get(&id)?;
        let known = invite
            .early
            .iter()
            .find(|early| self.dialogs.get(early).is_some_and(|it| *it.remote_tag == *tag));
        if let Some(known) = known {
            return Some(*known);
        }
        if invite.early.len() >= self.config.limits.early_dialogs_per_invite
            || !self.has_room_for_dialog()
        {
            return None;
        }
        let dialog = self.make_dialog(id, flow, response)?;
        self.out_invites.get_mut(&id)?.early.push(dialog);
        Some(dialog)
    }

    pub(crate) fn invite_accepted(
        &mut self,
        now: Duration,
        id: OutInviteId,
        flow: Flow,
        response: Response,
        out: &mut Vec<UaOutput>,
    ) {
        let Some(invite) = self.out_invites.get_mut(&id) else {
            return;
        };
        let tag = response.headers().to_tag().unwrap_or_default();
        if let Some(fork) = invite.forks.iter().find(|fork| *fork.remote_tag == *tag) {
            // The peer repeats its 2xx: our ACK was lost (13.2.2.4).
            if let Some((flow, ack)) = &fork.ack {
                out.transmit(*flow, ack.clone());
            }
            return;
        }
        if invite.forks.len() >= self.config.limits.forks_per_invite {
            return;
        }
        invite.forks.push(Fork { remote_tag: tag.into(), ack: None });
        if let Some(mut sending) = self.sendings.remove(&id.0) {
            let made_offer = sending.draft.body.take().is_some();
            sending.draft.headers = Vec::new();
            let credentials = sending.pinned_credentials();
            invite.accepted = Some(AckDraft { draft: sending.draft, made_offer, credentials });
        }
        match invite.within {
            Some(dialog) => self.reinvite_accepted(now, id, dialog, response, out),
            None => self.branch_accepted(now, id, flow, response, out),
        }
    }

    pub(crate) fn branch_accepted(
        &mut self,
        now: Duration,
        id: OutInviteId,
        flow: Flow,
        response: Response,
        out: &mut Vec<UaOutput>,
    ) {
        let Some(dialog) = self.confirm_branch(id, flow, &response) else {
            return;
        };
        let Some(invite) = self.out_invites.get_mut(&id) else {
            return;
        };
        let wins = !invite.told && invite.cancel == Cancel::No;
        let first = !std::mem::replace(&mut invite.told, true);
        let reason = match &invite.cancel {
            Cancel::No => None,
            Cancel::Wanted(reason) | Cancel::Sent(reason) => reason.clone(),
        };
        let made_offer = invite.accepted.as_ref().is_none_or(|accepted| accepted.made_offer);
        let others: Vec<_> = invite.early.drain(..).filter(|early| *early != dialog).collect();
        self.set_invite_deadline(id, None);
        if let Some(dialog) = self.dialogs.get_mut(&dialog) {
            dialog.state = DialogState::Confirmed;
            if wins && !made_offer {
                dialog.ack_owed = Some(id);
            }
        }
        for other in others {
            self.remove_dialog(now, other, out);
        }
        if !wins || made_offer {
            self.send_ack(now, id, dialog, None, out);
        }
        if wins {
            self.event(UaEvent::Accepted { invite: id, dialog, response }, out);
        } else {
            self.send_bye(now, dialog, reason, out);
            if first {
                self.event(UaEvent::Refused2xx { invite: id }, out);
            }
        }
    }

    /// The dialog of a 2xx: its early one, or a new one.
    fn confirm_branch(
        &mut self,
        id: OutInviteId,
        flow: Flow,
        response: &Response,
    ) -> Option<DialogId> {
        let tag = response.headers().to_tag().unwrap_or_default();
        let invite = self.out_invites.get(&id)?;
        let early =
            invite.early.iter().copied().find(|early| {
                self.dialogs.get(early).is_some_and(|dialog| *dialog.remote_tag == *tag)
            });
        let Some(early) = early else {
            return self.make_dialog(id, flow, response);
        };
        self.confirm_early(early, flow, response);
        Some(early)
    }

    /// The 2xx may have another route set and target than the provisional response (13.2.2.4).
    pub(crate) fn confirm_early(&mut self, id: DialogId, flow: Flow, response: &Response) {
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return;
        };
        dialog.peer.note(response.headers());
        dialog.routes = routes_of(response);
        dialog.refresh_target(contact_of(response.headers()));
        if flow.transport.reliable() {
            dialog.flow = flow;
        }
    }

    /// Makes a dialog from a response to an INVITE of ours (12.1.2).
    pub(crate) fn make_dialog(
        &mut self,
        id: OutInviteId,
        flow: Flow,
        response: &Response,
    ) -> Option<DialogId> {
        let invite = self.out_invites.get(&id)?;
        let sent = invite.key.and_then(|key| self.layer.client_request(key));
        let flow = match sent {
            Some((_, sent)) if !flow.transport.reliable() => sent,
            Some(_) | None => flow,
        };
        let sending = self.sendings.get(&id.0);
        let accepted = invite.accepted.as_ref();
        let draft =
            sending.map(|sending| &sending.draft).or(accepted.map(|accepted| &accepted.draft))?;
        let headers = response.headers();
        let mut dialog = Dialog::new(Birth {
            owns_call_id: true,
            call_id: draft.call_id.as_str().into(),
            local_tag: invite.local_tag,
            remote_tag: headers.to_tag().unwrap_or_default().into(),
            local: draft.from.as_str().into(),
            remote: headers.text(HeaderName::To)?.into(),
            remote_target: contact_of(headers)
                .filter(|contact| is_usable(contact))
                .unwrap_or(&draft.request_uri)
                .into(),
            routes: routes_of(response),
            flow,
            pinned: invite.pinned,
        });
        dialog.local_cseq = draft.cseq;
        dialog.peer.note(headers);
        if let ContactLine::Uri(uri) = &draft.contact {
            dialog.contact = Some(uri.clone());
        }
        dialog.credentials = match sending {
            Some(sending) => sending.pinned_credentials(),
            None => accepted.and_then(|accepted| accepted.credentials.clone()),
        };
        Some(self.add_dialog(dialog))
    }
}

/// The URI of the first Contact as it was written, unchecked.
pub(crate) fn contact_of(headers: &Headers) -> Option<&str> {
    let value = std::str::from_utf8(headers.values(HeaderName::Contact).next()?).ok()?;
    let quoted = if value.starts_with('"') { scan::quoted_len(value.as_bytes())? } else { 0 };
    let rest = value.get(quoted..)?;
    match rest.split_once('<') {
        Some((_, uri)) => uri.split_once('>').map(|(uri, _)| uri),
        None => rest.split(';').next().map(str::trim),
    }
}

/// Record-Route from the last to the first (12.1.2).
fn routes_of(response: &Response) -> Vec<Box<str>> {
    let mut routes: Vec<Box<str>> = route_values(response.headers());
    routes.reverse();
    routes
}

/// Record-Route in order, byte by byte.
pub(crate) fn route_values(headers: &Headers) -> Vec<Box<str>> {
    headers.tokens(HeaderName::RecordRoute).map(|value| value.as_ref().into()).collect()
}
