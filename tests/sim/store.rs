//! The store without a disk: the log in the order in which it became durable, and its fold.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::agent_state::AgentChange;
use model::call_graph::event::CallEvent;
use model::call_graph::words::{CallState, RoutingRule};
use model::call_graph::{CallGraph, Recorded, apply, check};
use model::directory::{Availability, Directory, MailboxId};
use model::voicemail::{MessageId, VoiceMessage, VoicemailChange};
use model::{CallId, GroupId, UserId};
use switch::{Location, Restored, RestoredAgent};

use crate::ladder::header;
use crate::sound::AllBridges;
use crate::verdict::conversations;

/// The store.
#[derive(Default)]
pub(crate) struct Store {
    pub(crate) log: Vec<Recorded>,
    pub(crate) graphs: BTreeMap<CallId, CallGraph>,
    /// Calls by the SIP Call-IDs of their legs.
    by_leg: BTreeMap<Arc<str>, CallId>,
    finished: BTreeMap<CallId, u32>,
    locations: BTreeMap<Arc<str>, Location>,
    cursors: BTreeMap<GroupId, UserId>,
    /// What each agent chose last.
    chosen: BTreeMap<UserId, (Availability, Option<Arc<str>>)>,
    /// Who is in which bridge.
    pub(crate) bridges: AllBridges,
    pub(crate) messages: BTreeMap<MessageId, VoiceMessage>,
    /// Messages that are being left.
    begun: BTreeMap<MessageId, VoiceMessage>,
    pub(crate) faults: Vec<String>,
}

impl Store {
    pub(crate) fn record(&mut self, recorded: Recorded) {
        let id = recorded.call.clone();
        if self.finished.contains_key(&id) {
            self.faults.push(format!("{id}: {:?} after its end", recorded.event));
        }
        let mut graph = self.graphs.remove(&id);
        let changes = apply(&mut graph, &recorded);
        if changes.finished {
            *self.finished.entry(id.clone()).or_default() += 1;
        }
        if let Some(graph) = graph {
            if let Some(caller) = &graph.call.sip_call_id {
                self.by_leg.insert(caller.clone(), id.clone());
            }
            self.graphs.insert(id, graph);
        } else {
            self.faults.push(format!("{id}: begins with {:?}", recorded.event));
        }
        self.bridges.follow(&recorded);
        self.log.push(recorded);
    }

    pub(crate) fn locate(&mut self, location: Location) {
        self.locations.insert(location.aor.clone(), location);
    }

    pub(crate) fn cursor(&mut self, group: GroupId, user: UserId) {
        self.cursors.insert(group, user);
    }

    /// What an agent does.
    pub(crate) fn agent(&mut self, change: AgentChange) {
        self.chosen.insert(change.user, (change.availability, change.reason));
    }

    /// A message is left once, and only what is there is heard or deleted.
    pub(crate) fn voicemail(&mut self, change: VoicemailChange) {
        let id = match &change {
            VoicemailChange::Begun(message) | VoicemailChange::Left(message) => &message.id,
            VoicemailChange::Heard { id, .. }
            | VoicemailChange::Deleted { id, .. }
            | VoicemailChange::Dropped { id, .. } => id,
        };
        let fits = match &change {
            VoicemailChange::Begun(message) => {
                !self.messages.contains_key(id)
                    && self.begun.insert(id.clone(), message.clone()).is_none()
            }
            VoicemailChange::Left(message) => {
                self.begun.remove(id).is_some()
                    && self.messages.insert(id.clone(), message.clone()).is_none()
            }
            VoicemailChange::Heard { .. } => match self.messages.get_mut(id) {
                Some(message) => {
                    message.heard = true;
                    true
                }
                None => false,
            },
            VoicemailChange::Deleted { .. } => self.messages.remove(id).is_some(),
            VoicemailChange::Dropped { .. } => self.begun.remove(id).is_some(),
        };
        if !fits {
            self.faults.push(format!("{change:?}"));
        }
    }

    /// The message that was left last, and where.
    pub(crate) fn newest_message(&self) -> Option<(MessageId, MailboxId)> {
        let (id, message) = self.messages.last_key_value()?;
        Some((id.clone(), message.mailbox.clone()))
    }

    /// What a new process begins with. The calls that were not over are closed as after any crash.
    pub(crate) fn restart(&mut self, directory: &Directory) -> Restored {
        for graph in self.graphs.values_mut() {
            if !graph.call.state.is_over() {
                *graph = store::recover::sweep(graph.clone(), None, directory).graph;
                *self.finished.entry(graph.call.id.clone()).or_default() += 1;
            }
        }
        self.bridges.clear();
        // What was said until then is a message.
        self.messages.append(&mut self.begun);
        Restored {
            locations: self.locations.values().cloned().collect(),
            cursors: self.cursors.clone().into_iter().collect(),
            agents: self
                .chosen
                .iter()
                .map(|(user, chosen)| RestoredAgent {
                    user: user.clone(),
                    availability: Some(chosen.clone()),
                    today: Default::default(),
                })
                .collect(),
            last_agents: Vec::new(),
            messages: self.messages.values().cloned().collect(),
        }
    }

    /// What leaves must have been recorded before: that somebody is rung, that a call is accepted.
    pub(crate) fn witness(&mut self, message: &[u8]) {
        let rings = message.starts_with(b"INVITE ");
        let accepts = message.starts_with(b"SIP/2.0 200 ");
        let invites = || header(message, "CSeq").ends_with("INVITE");
        if !(rings || accepts && invites()) {
            return;
        }
        let caller = header(message, if rings { "X-Call-ID" } else { "Call-ID" });
        // A member who is rung to call somebody back: there is no call before he answers.
        if rings && caller == header(message, "Call-ID") {
            return;
        }
        let ours =
            |graph: &&CallGraph| graph.call.sip_call_id.is_none() && !graph.connections.is_empty();
        if let Some(id) = self.by_leg.get(&*caller).filter(|_| rings).cloned() {
            // Whom it rings may be the one for whom the next is rung.
            self.by_leg.insert(header(message, "Call-ID").into(), id);
        }
        let graph = match self.by_leg.get(&*caller) {
            Some(id) => self.graphs.get(id),
            None if rings => self.graphs.values().find(ours),
            None => None,
        };
        let known = match graph {
            // The 200 of a re-INVITE on a leg that we dialled.
            None => accepts,
            // Its leg is on another call by now.
            Some(graph) if graph.call.state == CallState::Absorbed => true,
            Some(graph) if rings => !graph.connections.is_empty(),
            Some(graph) => graph.call.accepted_at.is_some(),
        };
        if !known {
            let first = String::from_utf8_lossy(&message[..message.len().min(40)]).into_owned();
            self.faults.push(format!("{first:?} left before it was recorded"));
        }
    }

    /// Whether a leg of a call was replaced by another device of its user: both have its name.
    pub(crate) fn moved(&self, call: &CallId) -> bool {
        self.log.iter().any(|recorded| {
            recorded.call == *call
                && matches!(&recorded.event, CallEvent::Decided(lines)
                    if lines.iter().any(|line| line.rule == RoutingRule::Device))
        })
    }

    /// Everything that is wrong with the calls once nothing happens any more. `cut` is where in
    /// the log a crash is tried.
    pub(crate) fn judge(&self, directory: &Directory, cut: usize) -> Vec<String> {
        let mut faults = self.faults.clone();
        faults.extend(self.begun.keys().map(|id| format!("nothing became of message {id}")));
        for (id, graph) in &self.graphs {
            // What has become part of another call has no end of its own (D34).
            if graph.call.state == CallState::Absorbed {
                continue;
            }
            let times = self.finished.get(id).copied().unwrap_or(0);
            if times != 1 {
                faults.push(format!("{id} finished {times} times"));
                continue;
            }
            faults.extend(violations(graph));
        }
        let mut calls: BTreeMap<CallId, Option<CallGraph>> = BTreeMap::new();
        for recorded in &self.log[..cut] {
            apply(calls.entry(recorded.call.clone()).or_default(), recorded);
        }
        for graph in calls.into_values().flatten() {
            if !graph.call.state.is_over() {
                let swept = store::recover::sweep(graph, None, directory);
                let found = violations(&swept.graph);
                faults.extend(found.into_iter().map(|what| format!("killed at {cut}: {what}")));
            }
        }
        faults
    }
}

/// What is wrong with one finished call: by its rows, and by the document that is handed off.
fn violations(graph: &CallGraph) -> Vec<String> {
    let id = &graph.call.id;
    let finished = graph.finished();
    let mut found = Vec::new();
    for wait in &graph.queue_waits {
        if wait.left_at.is_none_or(|left| left < wait.entered_at) || wait.exit.is_none() {
            found.push(format!("{id} waits in {} for ever: {wait:?}", wait.group_id));
        }
    }
    let mut tell = |violations: String| found.push(format!("{id}: {violations}"));
    if let Err(violations) = check::check_emission(&finished) {
        violations.iter().for_each(|violation| tell(violation.to_string()));
    }
    conversations::fault(&finished).into_iter().for_each(&mut tell);
    match serde_json::to_string(&finished) {
        Ok(text) => {
            if let Err(refused) = check::read(&text) {
                tell(refused.to_string());
            }
        }
        Err(error) => tell(format!("no JSON: {error}")),
    }
    found
}
