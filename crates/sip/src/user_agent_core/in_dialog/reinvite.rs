//! Re-INVITEs (RFC 3261 14): ours, and our answers to the peer's.
//!
//! Guarantees that our re-INVITEs never overlap anything that changes the session, and that glare
//! is waited out as 14.1 says.

use std::time::Duration;

use super::draft_in;
use crate::{
    dialog::{Change, DialogState, Glare, Unacknowledged},
    message::{Body, Method, Response, StatusCode},
    user_agent_core::{
        DialogId, ExtraHeader, OutInviteId, UaEvent, UaOutput, UserAgentCore,
        draft::Draft,
        sending::{Purpose, Sending},
        uac::{OutInvite, contact_of},
        uas::failure,
    },
};

/// How often a re-INVITE is sent again after 491, and how often it waits for something else to
/// end, before its user is told.
const GLARE_LIMIT: u8 = 4;

impl UserAgentCore {
    /// Sends a re-INVITE. While another exchange is under way it waits for its end. The outcome
    /// is `ReInviteAnswered`, `ReInviteFailed`, or the end of the dialog.
    pub fn reinvite(
        &mut self,
        now: Duration,
        id: DialogId,
        headers: Vec<ExtraHeader>,
        body: Option<Body>,
        out: &mut Vec<UaOutput>,
    ) {
        let Some(dialog) = self.dialogs.get(&id) else {
            return;
        };
        if dialog.state != DialogState::Confirmed {
            return;
        }
        if dialog.our_invite.is_some() || dialog.glare.is_some() {
            return self.event(UaEvent::ReInviteFailed { dialog: id, status: 491 }, out);
        }
        self.try_reinvite(now, id, Change { headers, body, tries: 0 }, out);
    }

    /// Answers a re-INVITE with 200.
    pub fn answer_reinvite(
        &mut self,
        now: Duration,
        id: DialogId,
        body: Body,
        out: &mut Vec<UaOutput>,
    ) {
        let Some(key) = self.dialogs.get(&id).and_then(|dialog| dialog.peer_invite) else {
            return;
        };
        let Some(bytes) = self.invite_response_of(key, StatusCode::OK, None, &[], Some(&body))
        else {
            return;
        };
        let (Some(request), Some((_, flow))) =
            (self.layer.server_request(key), self.layer.server_flows(key))
        else {
            return;
        };
        let cseq = request.headers().cseq().map(|cseq| cseq.number).unwrap_or_default();
        let has_offer = request.body().is_empty();
        let timers = &self.config.timers;
        let unacknowledged = Unacknowledged::new(now, timers, flow, bytes.clone(), cseq)
            .with_offer(has_offer)
            .of_reinvite();
        self.await_ack(id, unacknowledged);
        self.layer.respond(now, key, 200, bytes, out);
        self.overtake_reinvite(id, out);
    }

    /// The peer changes the session: the offer of a re-INVITE that waits describes the wrong one.
    pub(crate) fn overtake_reinvite(&mut self, id: DialogId, out: &mut Vec<UaOutput>) {
        let overtaken = self.update_dialog(id, |dialog| dialog.glare.take()).flatten();
        if overtaken.is_some() {
            self.event(UaEvent::ReInviteFailed { dialog: id, status: 491 }, out);
        }
    }

    /// Refuses a re-INVITE with a status of 300 and above; the session stays as it is.
    pub fn reject_reinvite(
        &mut self,
        now: Duration,
        id: DialogId,
        status: impl Into<StatusCode>,
        headers: &[ExtraHeader],
        out: &mut Vec<UaOutput>,
    ) {
        let status = failure(status.into());
        let pending = self.dialogs.get_mut(&id).and_then(|dialog| dialog.peer_invite.take());
        let Some(key) = pending else { return };
        if let Some(response) = self.invite_response_of(key, status, None, headers, None) {
            self.layer.respond(now, key, status.code(), response, out);
        }
    }

    pub(crate) fn try_reinvite(
        &mut self,
        now: Duration,
        id: DialogId,
        change: Change,
        out: &mut Vec<UaOutput>,
    ) {
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return;
        };
        if dialog.peer_invite.is_some()
            || dialog.unacknowledged.is_some()
            || dialog.ack_owed.is_some()
        {
            return self.retry_reinvite(id, change, now + self.config.timers.t1, out);
        }
        let invite = OutInviteId(self.next_id + 1);
        self.next_id += 1;
        dialog.our_invite = Some(invite);
        let local_tag = dialog.local_tag;
        let Change { headers, body, tries } = change;
        let draft = draft_in(dialog, Method::Invite, headers, body);
        let credentials = dialog.credentials.clone();
        let mut record = OutInvite::new(Some(id), local_tag, false);
        record.glares = tries;
        self.note_invite(now, invite, record);
        let sending = Sending::new(draft, Purpose::ReInvite(invite, id), credentials);
        self.start_in_dialog(now, invite.0, sending, id, out);
    }

    pub(crate) fn retry_reinvite(
        &mut self,
        id: DialogId,
        change: Change,
        retry_at: Duration,
        out: &mut Vec<UaOutput>,
    ) {
        if change.tries >= GLARE_LIMIT {
            return self.event(UaEvent::ReInviteFailed { dialog: id, status: 491 }, out);
        }
        let change = Change { tries: change.tries + 1, ..change };
        self.update_dialog(id, |dialog| dialog.glare = Some(Glare { retry_at, change }));
    }

    /// Our re-INVITE got a 2xx.
    pub(crate) fn reinvite_accepted(
        &mut self,
        now: Duration,
        invite: OutInviteId,
        id: DialogId,
        response: Response,
        out: &mut Vec<UaOutput>,
    ) {
        let contact = contact_of(response.headers());
        let awaits_offer = self.awaits_offer(invite);
        self.mark_told(invite);
        let live = self.update_dialog(id, |dialog| {
            dialog.our_invite = None;
            dialog.refresh_target(contact);
            if dialog.is_live() && awaits_offer {
                dialog.ack_owed = Some(invite);
            }
            dialog.is_live()
        });
        let Some(live) = live else { return };
        if !live || !awaits_offer {
            self.send_ack(now, invite, id, None, out);
        }
        if live {
            self.event(UaEvent::ReInviteAnswered { dialog: id, response }, out);
        } else {
            self.bury(now, id, out);
        }
    }

    /// Our re-INVITE failed (14.1).
    pub(crate) fn reinvite_failed(
        &mut self,
        now: Duration,
        invite: OutInviteId,
        id: DialogId,
        draft: Draft,
        status: u16,
        out: &mut Vec<UaOutput>,
    ) {
        let glares = self.forget_invite(invite).map(|invite| invite.glares);
        let live = self.update_dialog(id, |dialog| {
            dialog.our_invite = None;
            (dialog.is_live(), dialog.owns_call_id)
        });
        let Some((live, owns_call_id)) = live else {
            return;
        };
        if !live {
            return self.bury(now, id, out);
        }
        match status {
            491 => {
                // 2.1 to 4 s for the owner of the Call-ID, 0 to 2 s for the other, by 10 ms.
                let steps = if owns_call_id {
                    210 + self.tokens.below(191)
                } else {
                    self.tokens.below(201)
                };
                let retry_at = now + Duration::from_millis(10) * steps as u32;
                let Draft { headers, body, .. } = draft;
                let change = Change { headers, body, tries: glares.unwrap_or_default() };
                self.retry_reinvite(id, change, retry_at, out);
            }
            408 | 481 => self.lose_dialog_by(now, id, status, out),
            _ => self.event(UaEvent::ReInviteFailed { dialog: id, status }, out),
        }
    }
}
