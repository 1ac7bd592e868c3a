//! What the core counts, for metrics and for tests that nothing remains. Plain numbers: reading
//! them changes nothing.

use std::collections::BTreeMap;

use model::call_graph::CallEvent;
use model::call_graph::words::{AttemptOutcome, CallOutcome, Direction, TransferState};

/// Counters since the start, and sizes at the moment of reading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Calls that are not over.
    pub calls_live: usize,
    /// Legs that are not over.
    pub legs: usize,
    /// SIP client transactions.
    pub client_transactions: usize,
    /// SIP server transactions.
    pub server_transactions: usize,
    /// SIP dialogs.
    pub dialogs: usize,
    /// Users with at least one binding.
    pub registered_users: usize,
    /// Port pairs that wait for a leg.
    pub ports_in_stock: usize,
    /// Whether new calls are refused because the server stops.
    pub draining: bool,
    /// Calls that began.
    pub calls_started: u64,
    /// Calls that ended, by direction and outcome.
    pub calls_ended: BTreeMap<(Direction, CallOutcome), u64>,
    /// Attempts that ended, by outcome.
    pub attempts_ended: BTreeMap<AttemptOutcome, u64>,
    /// INVITEs refused before they became calls, by status.
    pub refused: BTreeMap<u16, u64>,
    /// Requests refused because a limit was reached, by limit.
    pub overload: BTreeMap<&'static str, u64>,
    /// REGISTER requests, by status.
    pub registers: BTreeMap<u16, u64>,
    /// Subscriptions that are not over, by event package.
    pub subscriptions: BTreeMap<&'static str, usize>,
    /// SUBSCRIBE requests, by status.
    pub subscribes: BTreeMap<u16, u64>,
    /// NOTIFY requests of ours, by the status of their answer; 408: none came.
    pub notifies: BTreeMap<u16, u64>,
    /// REFER requests, by the status of their answer.
    pub refers: BTreeMap<u16, u64>,
    /// Transfers that began.
    pub transfers_started: u64,
    /// Transfers that are over, by how they went.
    pub transfers_ended: BTreeMap<TransferState, u64>,
    /// Waiting callers to whom agents were offered.
    pub offers: u64,
    /// Callbacks that were begun.
    pub callbacks: u64,
    /// Bytes that were no SIP message.
    pub malformed: u64,
    /// Credentials that did not fit.
    pub auth_wrong: u64,
    /// Credentials that had been used before.
    pub auth_replayed: u64,
    /// Credentials that cannot be read.
    pub auth_malformed: u64,
    /// INVITEs repeated to another address of a trunk.
    pub trunk_failovers: u64,
    /// Calls given up because an invariant was broken.
    pub aborted: u64,
}

impl Counters {
    pub(crate) fn count_refused(&mut self, status: u16) {
        *self.refused.entry(status).or_default() += 1;
    }

    pub(crate) fn count_overload(&mut self, limit: &'static str) {
        *self.overload.entry(limit).or_default() += 1;
    }

    pub(crate) fn count_register(&mut self, status: u16) {
        *self.registers.entry(status).or_default() += 1;
    }

    pub(crate) fn count_refer(&mut self, status: u16) {
        *self.refers.entry(status).or_default() += 1;
    }

    /// Counts an event of a call that goes this way.
    pub(crate) fn count_event(&mut self, direction: Direction, event: &CallEvent) {
        #[expect(clippy::wildcard_enum_match_arm, reason = "only these are counted")]
        match event {
            CallEvent::Started(_) => self.calls_started += 1,
            CallEvent::AttemptEnded { outcome, .. } => self.count_attempt(*outcome),
            CallEvent::Answered { attempt: Some(_), .. } => {
                self.count_attempt(AttemptOutcome::Answered);
            }
            CallEvent::TransferStarted { .. } => self.transfers_started += 1,
            CallEvent::TransferEnded { state, .. } => {
                *self.transfers_ended.entry(*state).or_default() += 1;
            }
            CallEvent::Ended(ended) => {
                *self.calls_ended.entry((direction, ended.outcome)).or_default() += 1;
            }
            _ => {}
        }
    }

    fn count_attempt(&mut self, outcome: AttemptOutcome) {
        *self.attempts_ended.entry(outcome).or_default() += 1;
    }
}
