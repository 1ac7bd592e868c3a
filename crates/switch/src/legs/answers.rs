//! What the far ends of dialled legs answer. The first 2xx makes the leg's dialog; the other
//! devices get CANCEL with the reason of RFC 3326. When every device has failed, the best of their
//! answers is the leg's (RFC 3261 §16.7); a trunk's next address is tried before that.

use call::port::{LegEvent, LegId, Release};
use model::Now;
use sip::message::Response;
use sip::user_agent_core::{DialogId, OutInviteId, Party, Target};

use super::dialling::at_trunk;
use crate::commands::reason;
use crate::legs::{Leg, Role};
use crate::port::Effect;
use crate::switch::Switch;

impl Switch {
    /// Whoever is to answer is there: once for a leg, whichever of its devices says so.
    pub(crate) fn reached(&mut self, fork: OutInviteId) {
        let Some(leg) = self.legs.of_fork(fork) else {
            return;
        };
        if let Some(Leg { role: Role::Dialled(dialled), .. }) = self.legs.get_mut(leg)
            && !dialled.cancelled
            && !std::mem::replace(&mut dialled.reached, true)
        {
            self.tell(leg, LegEvent::Reached);
        }
    }

    pub(crate) fn progress(
        &mut self,
        fork: OutInviteId,
        dialog: Option<DialogId>,
        response: &Response,
    ) {
        self.reached(fork);
        let Some(leg) = self.legs.of_fork(fork) else {
            return;
        };
        if let Some(dialog) = dialog {
            self.legs.add_early(leg, fork, dialog);
        }
        let Some(entry) = self.legs.get_mut(leg) else {
            return;
        };
        let Role::Dialled(dialled) = &mut entry.role else {
            return;
        };
        let first = !std::mem::replace(&mut dialled.rang, true);
        dialled.retry = None;
        let alone = dialled.forks.len() == 1;
        if dialled.cancelled {
            return;
        }
        // With several devices nobody knows which of them the ports belong to until one answers.
        let early_media = alone
            && !response.body().is_empty()
            && entry.session.as_mut().is_some_and(|session| {
                session.read_answer(response.body(), &mut self.media_out).is_ok()
            });
        if first {
            self.legs.touch(leg);
        }
        self.tell(leg, LegEvent::Rang { early_media });
    }

    pub(crate) fn fork_accepted(
        &mut self,
        now: Now,
        fork: OutInviteId,
        dialog: DialogId,
        response: &Response,
    ) {
        let Some(leg) = self.legs.end_fork(fork) else {
            self.ua.bye(now.mono, dialog, None, &mut self.ua_out);
            return;
        };
        let Some(entry) = self.legs.get_mut(leg) else {
            return;
        };
        let read = match entry.session.as_mut() {
            // The answer may have come in a provisional response already (RFC 3261 §13.2.1).
            Some(session) if response.body().is_empty() && session.is_negotiated() => Ok(()),
            Some(session) => session.read_answer(response.body(), &mut self.media_out),
            None => return,
        };
        if let Err(error) = read {
            tracing::info!(%error, "a 2xx brought no usable answer");
            self.ua.bye(now.mono, dialog, None, &mut self.ua_out);
            return self.fork_failed(leg, 488);
        }
        self.legs.establish(leg, dialog);
        self.note_call_id(leg, response.headers().call_id().ok());
        let others = match self.legs.get_mut(leg).map(|entry| &mut entry.role) {
            Some(Role::Dialled(dialled)) => {
                dialled.retry = None;
                dialled.cancelled = true;
                dialled.forks.clone()
            }
            Some(Role::Anchor(_)) | None => Vec::new(),
        };
        for other in others {
            let reason = reason(Release::AnsweredElsewhere);
            self.ua.cancel(now.mono, other, reason, &mut self.ua_out);
        }
        self.tell(leg, LegEvent::Answered);
    }

    pub(crate) fn fork_rejected(
        &mut self,
        now: Now,
        fork: OutInviteId,
        status: u16,
        effects: &mut Vec<Effect>,
    ) {
        let Some(leg) = self.legs.end_fork(fork) else {
            return;
        };
        if self.fail_over(now, leg, status, effects) {
            return;
        }
        // 6xx: nobody else of this user will answer (RFC 3261 §16.7 step 5).
        if status >= 600
            && let Some(Leg { role: Role::Dialled(dialled), .. }) = self.legs.get(leg)
            && !dialled.cancelled
        {
            for other in dialled.forks.clone() {
                self.ua.cancel(now.mono, other, None, &mut self.ua_out);
            }
        }
        self.fork_failed(leg, status);
    }

    /// Another address of the trunk, when this one cannot take the call at all.
    fn fail_over(&mut self, now: Now, leg: LegId, status: u16, effects: &mut Vec<Effect>) -> bool {
        if !matches!(status, 408 | 500 | 502 | 503 | 504) {
            return false;
        }
        let Some(Leg { role: Role::Dialled(dialled), call, .. }) = self.legs.get_mut(leg) else {
            return false;
        };
        let key = *call;
        let (Some(retry), Some(next)) = (dialled.retry.as_mut(), dialled.further.pop()) else {
            return false;
        };
        let user = retry.request_uri.split_once(':').and_then(|(_, rest)| rest.split_once('@'));
        let user = user.map(|(user, _)| user.to_owned()).unwrap_or_default();
        let (from, to) = (host_of(&retry.request_uri), host_of(&next));
        retry.request_uri = at_trunk(&next, &user);
        retry.to = Party::new(retry.request_uri.clone());
        retry.target = Target::Uri(next);
        let request = (**retry).clone();
        self.counters.trunk_failovers += 1;
        self.step(now, key, effects, |call, ctx| {
            call.failed_over(leg, &from, &to, status, ctx);
        });
        let fork = self.ua.invite(now.mono, request, &mut self.ua_out);
        self.legs.add_fork(leg, fork);
        true
    }

    /// A 2xx crossed our CANCEL; the user agent core has released it.
    pub(crate) fn fork_crossed(&mut self, fork: OutInviteId) {
        let Some(leg) = self.legs.end_fork(fork) else {
            return;
        };
        if let Some(Leg { role: Role::Dialled(dialled), .. }) = self.legs.get_mut(leg) {
            dialled.crossed = true;
        }
        self.fork_failed(leg, 200);
    }

    fn fork_failed(&mut self, leg: LegId, status: u16) {
        let Some(entry) = self.legs.get_mut(leg) else {
            return;
        };
        let Role::Dialled(dialled) = &mut entry.role else {
            return;
        };
        if status != 200 && dialled.best.is_none_or(|best| rank(status) < rank(best)) {
            dialled.best = Some(status);
        }
        if !dialled.forks.is_empty() {
            return;
        }
        let best = dialled.best.unwrap_or(408);
        let (cancelled, crossed) = (dialled.cancelled, dialled.crossed);
        if entry.dialog.is_some() {
            return;
        }
        let event = match (cancelled, crossed) {
            (true, true) => LegEvent::Settled { status: 200 },
            (true, false) => LegEvent::Settled { status: best },
            (false, _) => LegEvent::Failed { status: best },
        };
        self.tell(leg, event);
        self.leg_over(leg);
    }
}

/// Host and port of a URI.
fn host_of(uri: &str) -> String {
    let rest = uri.split_once(':').map_or(uri, |(_, rest)| rest);
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    host.split([';', '?']).next().unwrap_or_default().to_owned()
}

/// Which of several failures says most about a user (RFC 3261 §16.7 step 6): that he declined or
/// is busy says more than that one of his phones is switched off.
fn rank(status: u16) -> u16 {
    match status {
        600..=699 => 0,
        486 => 1,
        400..=499 if !matches!(status, 401 | 404 | 407 | 408 | 480 | 487) => 2,
        480 => 3,
        404 => 4,
        300..=399 => 5,
        500..=599 => 6,
        487 => 7,
        _ => 8,
    }
}
