//! The subscriptions, and the ways to find one: by its dialog, by what it watches, by the NOTIFY
//! that is under way in it, by the time at which something is to be done.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use call::port::LegId;
use model::UserId;
use sip::flow::Flow;
use sip::user_agent_core::{ClientRequestId, DialogId};

use super::{EndReason, Package, State, Watched};

/// One subscription.
#[derive(Debug)]
pub(crate) struct Subscription {
    /// Who watches.
    pub(crate) watcher: UserId,
    pub(crate) watched: Watched,
    /// The value of Event: the package with the watcher's `id`.
    pub(crate) event: String,
    /// The URI that its documents are about.
    pub(crate) entity: String,
    /// The way its last SUBSCRIBE came.
    pub(crate) flow: Flow,
    pub(crate) expires_at: Duration,
    /// A NOTIFY was refused for the moment; it is sent again then.
    pub(crate) retry_at: Option<Duration>,
    /// Of the next document (RFC 4235 §3.2).
    pub(crate) version: u32,
    /// The calls that the last document named.
    pub(crate) shown: Vec<LegId>,
    /// What the last NOTIFY said.
    pub(crate) told: Option<State>,
    /// The NOTIFY that waits for its answer.
    pub(crate) under_way: Option<ClientRequestId>,
    /// Something is to be told after it.
    pub(crate) owed: bool,
    /// It ends once that is answered.
    pub(crate) ends: Option<EndReason>,
}

impl Subscription {
    /// When something is to be done without being asked; `None`: it ends once a NOTIFY is
    /// answered.
    fn deadline(&self) -> Option<Duration> {
        let next = self.retry_at.map_or(self.expires_at, |at| at.min(self.expires_at));
        self.ends.is_none().then_some(next)
    }
}

/// All subscriptions.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    by_dialog: BTreeMap<DialogId, Subscription>,
    by_watched: BTreeMap<Watched, BTreeSet<DialogId>>,
    by_notify: BTreeMap<ClientRequestId, DialogId>,
    of_watcher: BTreeMap<UserId, usize>,
    deadlines: BTreeSet<(Duration, DialogId)>,
}

impl Subscriptions {
    pub(crate) fn insert(&mut self, dialog: DialogId, subscription: Subscription) {
        self.deadlines.extend(subscription.deadline().map(|at| (at, dialog)));
        self.by_watched.entry(subscription.watched.clone()).or_default().insert(dialog);
        *self.of_watcher.entry(subscription.watcher.clone()).or_default() += 1;
        self.by_dialog.insert(dialog, subscription);
    }

    pub(crate) fn remove(&mut self, dialog: DialogId) -> Option<Subscription> {
        let subscription = self.by_dialog.remove(&dialog)?;
        if let Some(at) = subscription.deadline() {
            self.deadlines.remove(&(at, dialog));
        }
        if let Some(notify) = subscription.under_way {
            self.by_notify.remove(&notify);
        }
        if let Some(watchers) = self.by_watched.get_mut(&subscription.watched) {
            watchers.remove(&dialog);
            if watchers.is_empty() {
                self.by_watched.remove(&subscription.watched);
            }
        }
        if let Some(count) = self.of_watcher.get_mut(&subscription.watcher) {
            *count -= 1;
            if *count == 0 {
                self.of_watcher.remove(&subscription.watcher);
            }
        }
        Some(subscription)
    }

    pub(crate) fn get(&self, dialog: DialogId) -> Option<&Subscription> {
        self.by_dialog.get(&dialog)
    }

    /// Changes a subscription; its deadline follows.
    pub(crate) fn change<R>(
        &mut self,
        dialog: DialogId,
        change: impl FnOnce(&mut Subscription) -> R,
    ) -> Option<R> {
        let subscription = self.by_dialog.get_mut(&dialog)?;
        let before = (subscription.deadline(), subscription.under_way);
        let result = change(subscription);
        let after = (subscription.deadline(), subscription.under_way);
        if before.0 != after.0 {
            if let Some(at) = before.0 {
                self.deadlines.remove(&(at, dialog));
            }
            self.deadlines.extend(after.0.map(|at| (at, dialog)));
        }
        if before.1 != after.1 {
            if let Some(notify) = before.1 {
                self.by_notify.remove(&notify);
            }
            if let Some(notify) = after.1 {
                self.by_notify.insert(notify, dialog);
            }
        }
        Some(result)
    }

    /// Who watches this.
    pub(crate) fn watchers(&self, watched: &Watched) -> Vec<DialogId> {
        self.by_watched.get(watched).into_iter().flatten().copied().collect()
    }

    /// The subscription whose NOTIFY this is.
    pub(crate) fn of_notify(&self, notify: ClientRequestId) -> Option<DialogId> {
        self.by_notify.get(&notify).copied()
    }

    /// Those that came by a connection which is closed.
    pub(crate) fn over(&self, flow: Flow) -> Vec<DialogId> {
        if flow.connection == 0 {
            return Vec::new();
        }
        let theirs = self.by_dialog.iter().filter(|(_, it)| it.flow == flow);
        theirs.map(|(dialog, _)| *dialog).collect()
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (DialogId, &Subscription)> {
        self.by_dialog.iter().map(|(dialog, subscription)| (*dialog, subscription))
    }

    pub(crate) fn len(&self) -> usize {
        self.by_dialog.len()
    }

    /// How many of an event package there are.
    pub(crate) fn count(&self, package: Package) -> usize {
        let watched = self.by_watched.iter().filter(|(watched, _)| watched.package() == package);
        watched.map(|(_, watchers)| watchers.len()).sum()
    }

    /// How many a user has.
    pub(crate) fn of(&self, watcher: &UserId) -> usize {
        self.of_watcher.get(watcher).copied().unwrap_or_default()
    }

    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// One in which something is to be done now.
    pub(crate) fn due(&self, now: Duration) -> Option<DialogId> {
        self.deadlines.first().filter(|(at, _)| *at <= now).map(|(_, dialog)| *dialog)
    }
}
