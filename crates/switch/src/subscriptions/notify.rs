//! NOTIFY (RFC 6665 §4.2.2): when one is due, what it says, what its answer means.

use std::time::Duration;

use model::Now;
use model::directory::MailboxId;
use sip::message::{Body, HeaderName, Method, Response};
use sip::user_agent_core::{ClientRequestId, DialogId, ExtraHeader};

use super::table::Subscription;
use super::{EndReason, State, Watched, dialog_info, summary};
use crate::codes::CodeMeaning;
use crate::switch::Switch;

/// The longest time for which an answer to a NOTIFY may put off the next one.
const LONGEST_RETRY: Duration = Duration::from_secs(600);

impl Switch {
    /// Tells whoever watches what has changed since this was last called.
    pub(crate) fn notify_watchers(&mut self, now: Now) {
        if self.subscriptions.len() == 0 {
            self.legs.forget_touched();
            self.mailboxes.changes();
            if !self.away_changed.is_empty() {
                self.away_changed.clear();
            }
            return;
        }
        let touched = self.legs.take_touched();
        let calls = touched.into_iter().map(Watched::Calls);
        let mailboxes = self.mailboxes.changes().into_iter().map(Watched::Mailbox);
        let away = std::mem::take(&mut self.away_changed).into_iter().map(Watched::Away);
        let changed: Vec<Watched> = calls.chain(mailboxes).chain(away).collect();
        for watched in changed {
            let watchers = self.subscriptions.watchers(&watched);
            if watchers.is_empty() {
                continue;
            }
            let state = self.state_of(&watched);
            for dialog in watchers {
                let told = self.subscriptions.get(dialog).and_then(|it| it.told.as_ref());
                if told != Some(&state) {
                    self.notify(now, dialog);
                }
            }
        }
    }

    /// Tells a watcher the state, now or after the NOTIFY that is under way.
    pub(super) fn notify(&mut self, now: Now, dialog: DialogId) {
        let waits = self.subscriptions.change(dialog, |it| {
            let waits = it.under_way.is_some() || it.retry_at.is_some_and(|at| at > now.mono);
            it.owed = waits;
            waits
        });
        if waits != Some(false) {
            return;
        }
        let Some((headers, body)) = self.document(now, dialog, None) else {
            return;
        };
        let out = &mut self.ua_out;
        let method = Method::Notify;
        let id = self.ua.request_in_dialog(now.mono, dialog, method, headers, body, out);
        self.subscriptions.change(dialog, |it| {
            it.under_way = Some(id);
            it.retry_at = None;
        });
    }

    /// Ends a subscription: by a last NOTIFY, once the one that is under way is answered.
    pub(crate) fn end_subscription(&mut self, now: Now, dialog: DialogId, reason: EndReason) {
        let waits = self.subscriptions.change(dialog, |it| {
            it.ends = Some(reason);
            it.under_way.is_some()
        });
        if waits != Some(false) {
            return;
        }
        let document = self.document(now, dialog, Some(reason));
        self.subscriptions.remove(dialog);
        if let Some((headers, body)) = document {
            let out = &mut self.ua_out;
            self.ua.request_in_dialog(now.mono, dialog, Method::Notify, headers, body, out);
        }
        self.ua.end_subscription(now.mono, dialog, &mut self.ua_out);
    }

    /// Headers and body of the next NOTIFY; notes what it says.
    fn document(
        &mut self,
        now: Now,
        dialog: DialogId,
        end: Option<EndReason>,
    ) -> Option<(Vec<ExtraHeader>, Option<Body>)> {
        let subscription = self.subscriptions.get(dialog)?;
        let left = subscription.expires_at.saturating_sub(now.mono).as_secs();
        let state = match end {
            None => format!("active;expires={left}"),
            Some(EndReason::Probation) => {
                let retry = self.config.sip.retry_after_s;
                format!("terminated;reason=probation;retry-after={retry}")
            }
            Some(reason) => format!("terminated;reason={}", reason.name()),
        };
        let headers = vec![
            (HeaderName::Event, subscription.event.clone()),
            (HeaderName::SubscriptionState, state),
        ];
        // What is gone has no state, and who may not watch is told none.
        if matches!(end, Some(EndReason::NoResource | EndReason::Rejected)) {
            return Some((headers, None));
        }
        let state = self.state_of(&subscription.watched);
        let text = self.text(subscription, &state);
        let body = Body::new(subscription.watched.package().content_type(), text);
        self.subscriptions.change(dialog, |it| {
            it.version = it.version.wrapping_add(1);
            if let State::Calls(lamps) = &state {
                it.shown = lamps.iter().map(|lamp| lamp.leg).collect();
            }
            it.told = Some(state);
        });
        Some((headers, Some(body)))
    }

    fn text(&self, subscription: &Subscription, state: &State) -> String {
        let Subscription { entity, version, shown, .. } = subscription;
        match state {
            State::Calls(lamps) => {
                let live = |leg| lamps.iter().any(|lamp| lamp.leg == leg);
                let over = shown.iter().copied().filter(|leg| !live(*leg));
                dialog_info::calls(entity, *version, lamps, over)
            }
            State::Away(away) => dialog_info::away(entity, *version, *away),
            State::Messages(counts) => {
                let account = self.account(&subscription.watched);
                summary::write(account.as_deref().unwrap_or(entity), *counts)
            }
        }
    }

    /// What a telephone dials to listen to this mailbox, as a URI.
    fn account(&self, watched: &Watched) -> Option<String> {
        let Watched::Mailbox(mailbox) = watched else {
            return None;
        };
        let is_it = |meaning: &CodeMeaning| match (meaning, mailbox) {
            (CodeMeaning::Voicemail, MailboxId::User(_)) => true,
            (CodeMeaning::GroupVoicemail(group), MailboxId::Group(wanted)) => group == wanted,
            (
                CodeMeaning::Available
                | CodeMeaning::Away(_)
                | CodeMeaning::Toggle
                | CodeMeaning::Voicemail
                | CodeMeaning::GroupVoicemail(_)
                | CodeMeaning::Ivr(_)
                | CodeMeaning::PickUp
                | CodeMeaning::PickUpGroup
                | CodeMeaning::Park
                | CodeMeaning::Retrieve
                | CodeMeaning::Move
                | CodeMeaning::Conference
                | CodeMeaning::Supervise(_),
                MailboxId::User(_) | MailboxId::Group(_),
            ) => false,
        };
        let mut codes = self.config.codes.0.iter();
        let (code, _) = codes.find(|(_, meaning)| is_it(meaning))?;
        Some(format!("sip:{code}@{}", self.config.domain))
    }

    /// A NOTIFY has its answer, or none. `response`: what was received.
    pub(crate) fn notified(
        &mut self,
        now: Now,
        id: ClientRequestId,
        status: u16,
        response: Option<&Response>,
    ) {
        *self.counters.notifies.entry(status).or_default() += 1;
        let Some(dialog) = self.subscriptions.of_notify(id) else {
            return;
        };
        let retry_after = response
            .and_then(|response| response.headers().retry_after().ok().flatten())
            .map(|seconds| Duration::from_secs(seconds.into()).min(LONGEST_RETRY));
        let Some((ends, owed)) = self.subscriptions.change(dialog, |it| {
            it.under_way = None;
            (it.ends, std::mem::take(&mut it.owed))
        }) else {
            return;
        };
        match (status, retry_after, ends) {
            (200..=299, _, Some(reason)) => self.end_subscription(now, dialog, reason),
            (200..=299, _, None) if owed => self.notify(now, dialog),
            (200..=299, _, None) => {}
            (_, Some(after), None) => {
                self.subscriptions.change(dialog, |it| it.retry_at = Some(now.mono + after));
            }
            // The peer does not want it, does not know it, or is not there.
            (_, _, _) => {
                self.forget_subscription(now, dialog);
            }
        }
    }

    /// A dialog is gone: its subscription with it. `false`: it had none.
    pub(crate) fn forget_subscription(&mut self, now: Now, dialog: DialogId) -> bool {
        let had = self.subscriptions.remove(dialog).is_some();
        if had {
            self.ua.end_subscription(now.mono, dialog, &mut self.ua_out);
        }
        had
    }

    /// Subscriptions by a connection that is closed: their telephones subscribe again.
    pub(crate) fn drop_subscriptions_of(&mut self, now: Now, flow: sip::flow::Flow) {
        for dialog in self.subscriptions.over(flow) {
            self.forget_subscription(now, dialog);
        }
    }

    /// Subscriptions whose time is over, and NOTIFYs that were put off.
    pub(crate) fn subscriptions_due(&mut self, now: Now) {
        while let Some(dialog) = self.subscriptions.due(now.mono) {
            let over = self.subscriptions.get(dialog).is_some_and(|it| it.expires_at <= now.mono);
            if over {
                self.end_subscription(now, dialog, EndReason::Timeout);
            } else {
                self.subscriptions.change(dialog, |it| it.retry_at = None);
                self.notify(now, dialog);
            }
        }
    }

    /// The server stops.
    pub(crate) fn end_subscriptions(&mut self, now: Now) {
        let all: Vec<DialogId> = self.subscriptions.all().map(|(dialog, _)| dialog).collect();
        for dialog in all {
            self.end_subscription(now, dialog, EndReason::Probation);
        }
    }
}
