//! What `/metrics` and `/readyz` show of the running parts. The core's loop leaves its counters
//! here now and then; nobody asks it anything.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use acd::AgentState;
use acd::statistics::{GroupBoard, Wallboard};
use api::{Gauges, Health, Metrics, Queue, Sample};
use media::Totals;
use model::call_graph::words::TransferState;
use store::metrics::StoreMetrics;
use switch::{Counters, Switch};
use tokio::sync::watch;
use tokio::time::Instant;
use transport::Transport;

use super::desk::OutsideTotals;
use crate::config::Config;

/// The limits that `/metrics` shows from the start, as the switch names them.
pub(super) const LIMITS: &[&str] = &[
    "call limit",
    "call rate",
    "no media ports",
    "draining",
    "options rate",
    "report rate",
    "subscriptions",
    "subscriptions of a user",
];

/// How often the loop leaves its counters, and readiness follows the database.
const LOOK: Duration = Duration::from_millis(200);

/// The latest counters of the loop. Cheap to clone.
pub(super) type Latest = Arc<Mutex<(Counters, transport::Counts)>>;

/// The loop's end: leaves counters and counts what happened since it did so last.
pub(super) struct Publisher {
    latest: Latest,
    metrics: Arc<Metrics>,
    published: Counters,
    /// When to publish next; `None`: nothing has happened since.
    due: Option<Instant>,
}

impl Publisher {
    pub(super) fn new(latest: Latest, metrics: Arc<Metrics>) -> Self {
        Self { latest, metrics, published: Counters::default(), due: None }
    }

    /// Publishes if it is time; what happened now is published within [`LOOK`].
    pub(super) fn touch(&mut self, happened: bool, switch: &Switch, transport: &Transport) {
        let now = Instant::now();
        match self.due {
            None => self.due = happened.then(|| now + LOOK),
            Some(due) if due <= now => {
                self.publish(switch.counters(), transport.counts());
                self.due = None;
            }
            Some(_) => {}
        }
    }

    /// The core gave waiting callers their turns.
    pub(super) fn decided(&self, took: Duration) {
        self.metrics.decided(took);
    }

    /// When to publish next.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    fn publish(&mut self, counters: Counters, transport: transport::Counts) {
        let metrics = &self.metrics;
        for (&(direction, outcome), &count) in &counters.calls_ended {
            let before = self.published.calls_ended.get(&(direction, outcome)).copied();
            for _ in before.unwrap_or_default()..count {
                metrics.call_ended(direction, outcome);
            }
        }
        for (&outcome, &count) in &counters.attempts_ended {
            let before = self.published.attempts_ended.get(&outcome).copied();
            for _ in before.unwrap_or_default()..count {
                metrics.attempt_ended(outcome);
            }
        }
        for (&limit, &count) in &counters.overload {
            let before = self.published.overload.get(limit).copied();
            for _ in before.unwrap_or_default()..count {
                metrics.limit_hit(limit);
            }
        }
        self.published = counters.clone();
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = (counters, transport);
    }
}

/// Where everything that is shown comes from.
pub(super) struct Sources {
    pub(super) latest: Latest,
    pub(super) media: Arc<Totals>,
    pub(super) store: Arc<StoreMetrics>,
    pub(super) outside: OutsideTotals,
    pub(super) boards: watch::Receiver<Arc<Wallboard>>,
}

/// What [`Metrics`] asks when somebody reads it.
pub(super) fn sampler(
    sources: Sources,
    config: &Config,
) -> impl Fn() -> Sample + Send + Sync + 'static {
    let record_queue = config.limits.record_queue as u64;
    let Sources { latest, media, store, outside, boards } = sources;
    move || {
        let (core, sip) = latest.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let board = boards.borrow().clone();
        Sample {
            calls: core.calls_live as u64,
            registrations: core.registered_users as u64,
            client_transactions: core.client_transactions as u64,
            server_transactions: core.server_transactions as u64,
            dialogs: core.dialogs as u64,
            connections: sip.connections,
            ports_used: media.legs(),
            ports_free: media.ports_free() + media.ports_stocked(),
            draining: core.draining,
            queues: vec![Queue {
                name: "record_queue",
                depth: store.queued_events.load(Ordering::Relaxed),
                limit: record_queue,
            }],
            totals: [
                &sip_totals(&core, &sip)[..],
                &media_totals(&media)[..],
                &store_totals(&store)[..],
                &outside_totals(&outside)[..],
            ]
            .concat(),
            families: [&[watched(&core)][..], &agents(&board)[..]].concat(),
        }
    }
}

fn watched(core: &Counters) -> Gauges {
    let values = core.subscriptions.iter();
    Gauges {
        name: "subscriptions",
        help: "Telephones that watch something, by event package",
        label: "event",
        values: values.map(|(event, &count)| ((*event).to_owned(), count as f64)).collect(),
    }
}

/// What groups and agents do: seconds, counts of now, and today's service level.
fn agents(board: &Wallboard) -> [Gauges; 4] {
    let of_groups = |name, help, value: fn(&GroupBoard) -> Option<f64>| {
        let groups = board.groups.iter();
        let known = groups.filter_map(|group| Some((group.group.to_string(), value(group)?)));
        Gauges { name, help, label: "group", values: known.collect() }
    };
    let in_state = |state: &AgentState| {
        let agents = board.agents.iter().filter(|agent| agent.state == *state);
        (state.as_str().to_owned(), agents.count() as f64)
    };
    [
        Gauges {
            name: "agents",
            help: "Agents by what they do",
            label: "state",
            values: AgentState::ALL.iter().map(in_state).collect(),
        },
        of_groups("callers_waiting", "Callers who wait for a member", |group| {
            Some(group.waiting.into())
        }),
        of_groups("longest_wait_seconds", "How long the first of them has waited", |group| {
            Some(Duration::from_millis(group.longest_wait_ms).as_secs_f64())
        }),
        of_groups(
            "service_level",
            "Answered in time today, of all answered or given up",
            |group| group.service_level,
        ),
    ]
}

/// Name, help, value.
type Total = (&'static str, &'static str, u64);

fn sip_totals(core: &Counters, sip: &transport::Counts) -> [Total; 15] {
    let ended: u64 = core.transfers_ended.values().sum();
    let completed = core.transfers_ended.get(&TransferState::Completed).copied();
    let completed = completed.unwrap_or_default();
    let refused = core.refers.iter().filter(|(status, _)| **status >= 300);
    [
        ("sip_received", "SIP messages received", sip.received),
        ("sip_sent", "SIP messages sent", sip.sent),
        ("sip_dropped", "Datagrams dropped at a full queue", sip.inbound_dropped),
        ("sip_malformed", "Datagrams that were no SIP message", core.malformed),
        ("auth_failures", "Credentials that did not fit", core.auth_wrong),
        ("auth_replays", "Credentials used before", core.auth_replayed),
        ("calls_started", "Calls that began", core.calls_started),
        ("calls_aborted", "Calls given up by a fault", core.aborted),
        ("trunk_failovers", "INVITEs repeated elsewhere", core.trunk_failovers),
        ("queue_offers", "Turns of waiting callers", core.offers),
        ("callbacks", "Callers called back", core.callbacks),
        ("transfers_started", "Transfers that began", core.transfers_started),
        ("transfers_completed", "Transfers whose target got the call", completed),
        ("transfers_failed", "Transfers that ended otherwise", ended - completed),
        ("refers_refused", "REFERs that were refused", refused.map(|(_, count)| count).sum()),
    ]
}

fn media_totals(media: &Totals) -> [Total; 19] {
    [
        ("rtp_received", "RTP and RTCP packets received", media.received()),
        ("rtp_forwarded", "RTP packets sent on", media.forwarded()),
        ("rtp_made", "RTP packets of sound that was made here", media.frames_sent()),
        ("rtp_stray", "Packets from an unexpected source", media.stray()),
        ("rtp_invalid", "Datagrams that were neither RTP nor RTCP", media.invalid()),
        ("rtp_unknown_payload", "RTP whose number was not agreed on", media.unknown_payload()),
        ("rtp_duplicates", "RTP that had come before", media.duplicate()),
        ("rtp_unproven", "RTP far from its stream", media.unproven()),
        ("rtp_unheard", "Packets that nobody was to hear", media.unheard()),
        ("rtp_send_failures", "Packets that the system did not take", media.send_failed()),
        ("rtcp_sent", "RTCP packets sent", media.rtcp_sent()),
        ("rtcp_invalid", "RTCP that was broken", media.rtcp_invalid()),
        ("rtp_port_shortages", "Times that no port was left", media.exhausted()),
        ("media_timeouts", "Conversations without RTP from either side", media.timeouts()),
        ("quality_episodes", "Spells of bad audio that began", media.episodes()),
        (
            "recordings_failed",
            "Recordings that could not be written to their end",
            media.recordings_failed(),
        ),
        ("media_events_dropped", "Events the core had no room for", media.events_dropped()),
        (
            "sound_dropped",
            "Packets the sound thread had no room for",
            media.sound_packets_dropped(),
        ),
        ("sound_turns_late", "Turns of the sound thread over 5 ms late", media.sound_turns_late()),
    ]
}

fn store_totals(store: &StoreMetrics) -> [Total; 7] {
    let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    [
        ("events_written", "Events that became rows", read(&store.events)),
        ("store_commits", "Transactions of the writer", read(&store.commits)),
        ("store_failures", "Transactions tried again", read(&store.failures)),
        ("events_lost", "Events that could not be kept", read(&store.lost_events)),
        ("media_rows_lost", "Rows of media without room", read(&store.lost_media_rows)),
        ("journal_failures", "Failed journal writes", read(&store.journal_failures)),
        ("journal_bytes", "Bytes written to the journal", read(&store.journal_bytes)),
    ]
}

fn outside_totals(outside: &OutsideTotals) -> [Total; 6] {
    let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let OutsideTotals { lookups, mails } = outside;
    [
        ("lookups_answered", "Lookups that were answered in time", read(&lookups.answered)),
        ("lookups_failed", "Lookups that failed or were too slow", read(&lookups.failed)),
        ("lookups_dropped", "Lookups that were not asked: too many", read(&lookups.dropped)),
        ("mails_sent", "Mails that the mail server took", read(&mails.sent)),
        ("mails_failed", "Mails that were given up", read(&mails.failed)),
        ("mails_dropped", "Mails that were not sent: too many", read(&mails.dropped)),
    ]
}

/// Lets readiness and the lag histogram follow the writer; never ends.
pub(super) async fn watch_database(
    health: Arc<Health>,
    metrics: Arc<Metrics>,
    store: Arc<StoreMetrics>,
) {
    let mut look = tokio::time::interval(LOOK);
    let mut commits = 0;
    loop {
        look.tick().await;
        health.set_database_writable(store.is_writable());
        let now = store.commits.load(Ordering::Relaxed);
        if now != commits {
            commits = now;
            let lag = store.last_lag_ms.load(Ordering::Relaxed);
            metrics.written(Duration::from_millis(lag));
        }
    }
}
