//! What the seeds came across, so that a run which meets nothing cannot pass for one that found
//! nothing.

use std::collections::BTreeMap;
use std::fmt;

use model::call_graph::words::AttemptOutcome;
use phone::PhoneEvent;

use crate::world::World;

/// How often each thing happened.
#[derive(Default)]
pub(crate) struct Tally(BTreeMap<String, u64>);

impl Tally {
    fn add(&mut self, what: impl Into<String>, times: u64) {
        if times > 0 {
            *self.0.entry(what.into()).or_default() += times;
        }
    }

    pub(crate) fn count(&mut self, world: &World) {
        for graph in world.store.graphs.values() {
            self.add("calls", 1);
            if let Some(outcome) = graph.call.outcome {
                self.add(format!("call {}", outcome.as_str()), 1);
            }
            for outcome in graph.attempts.iter().filter_map(|attempt| attempt.outcome) {
                self.add(format!("attempt {}", outcome.as_str()), 1);
            }
            for attempt in &graph.attempts {
                if let Some(status) = attempt.sip_status {
                    self.add(format!("attempt status {status}"), 1);
                }
                if attempt.outcome == Some(AttemptOutcome::Failed) {
                    let status = attempt.sip_status.unwrap_or(0);
                    self.add(format!("attempt failed {status}"), 1);
                }
            }
            for exit in graph.queue_waits.iter().filter_map(|wait| wait.exit) {
                self.add(format!("queue {}", exit.as_str()), 1);
            }
            for interaction in &graph.interactions {
                self.add(format!("event {}", interaction.kind.as_str()), 1);
            }
            let crossed = |status| status == Some(200);
            let late = graph
                .attempts
                .iter()
                .filter(|attempt| crossed(attempt.sip_status) && graph.call.answered_at.is_none());
            self.add("a 200 that crossed a CANCEL", late.count() as u64);
        }
        self.count_control(world);
        let bad = world.store.graphs.values().map(|graph| graph.quality_events.len() as u64);
        self.add("bad audio", bad.sum());
        self.add("leg with figures", world.qualities.len() as u64);
        self.add("playing", u64::from(world.media.played));
        self.add("recording", u64::from(world.media.recorded));
        let counters = world.switch.counters();
        for (status, times) in &counters.refused {
            self.add(format!("refused {status}"), *times);
        }
        for (limit, times) in &counters.overload {
            self.add(format!("overload {limit}"), *times);
        }
        self.add("malformed", counters.malformed);
        self.add("failover", counters.trunk_failovers);
        self.add("restart", u64::from(world.restarts));
        self.add("turn", counters.offers);
        self.add("callback", counters.callbacks);
        self.add("voice message", world.store.messages.len() as u64);
        for (status, times) in &counters.subscribes {
            self.add(format!("subscribe {status}"), *times);
        }
        self.add("notify", world.notified);
    }

    /// What phones and screens asked for, and what came of it.
    fn count_control(&mut self, world: &World) {
        for (_, event) in world.peers.iter().flat_map(|peer| &peer.events) {
            if let PhoneEvent::InfoAnswered { status, .. } = event {
                self.add(format!("info {status}"), 1);
            } else if let PhoneEvent::ReferAnswered { status, .. } = event {
                self.add(format!("refer {status}"), 1);
            } else if let PhoneEvent::ReferNotified { status, last: true, .. } = event {
                self.add(format!("refer ends with {status}"), 1);
            } else if let PhoneEvent::Identified { .. } = event {
                self.add("identified", 1);
            }
        }
        for (what, times) in &world.answers.counted {
            self.add(what, *times);
        }
        for graph in world.store.graphs.values() {
            for row in &graph.connections {
                self.add(format!("connection {}", row.kind.as_str()), 1);
                if let Some(state) = row.transfer_state {
                    self.add(format!("transfer {}", state.as_str()), 1);
                }
            }
        }
    }

    /// Those of these that never happened.
    pub(crate) fn missing<'a>(&self, wanted: &[&'a str]) -> Vec<&'a str> {
        let met = |what: &&&str| !self.0.contains_key(**what);
        wanted.iter().filter(met).copied().collect()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(what, times)| writeln!(f, "{times:>8} {what}"))
    }
}
