//! Metrics in OpenMetrics text. What happens is counted as it happens; what merely is (queues,
//! ports, transactions) is sampled when somebody asks. Every series exists from the start, so that
//! a rate over it is never without a beginning. No label holds a number, a name of a person or an
//! address; the only ids are those of the directory's groups (label `group`), as many as there are.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use model::call_graph::words::{AttemptOutcome, CallOutcome, Direction};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, text};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

/// A word as the value of a label.
type Label = [(&'static str, &'static str); 1];
type TwoLabels = [(&'static str, &'static str); 2];

/// What is measured at the moment somebody asks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// Calls that are not finished.
    pub calls: u64,
    /// Registered contacts.
    pub registrations: u64,
    /// SIP client transactions.
    pub client_transactions: u64,
    /// SIP server transactions.
    pub server_transactions: u64,
    /// SIP dialogs, early ones included.
    pub dialogs: u64,
    /// TCP connections of SIP.
    pub connections: u64,
    /// RTP port pairs in use by legs.
    pub ports_used: u64,
    /// RTP port pairs free for legs.
    pub ports_free: u64,
    /// Whether the server waits for its last calls.
    pub draining: bool,
    /// The queues.
    pub queues: Vec<Queue>,
    /// Totals counted elsewhere since the start: name without `tandem_` and `_total`, help, value.
    pub totals: Vec<(&'static str, &'static str, u64)>,
    /// Gauges of which there is one for each value of a label.
    pub families: Vec<Gauges>,
}

/// A gauge for each value of a label.
#[derive(Clone, Debug, PartialEq)]
pub struct Gauges {
    /// Without `tandem_`.
    pub name: &'static str,
    /// What it says.
    pub help: &'static str,
    /// The label.
    pub label: &'static str,
    /// The values of the label, and what each says.
    pub values: Vec<(String, f64)>,
}

/// One bounded queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queue {
    /// Its name, as in `[limits]`.
    pub name: &'static str,
    /// What waits in it.
    pub depth: u64,
    /// What fits in it.
    pub limit: u64,
}

/// What became of a finished call at the assigner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssignResult {
    /// Assigned to conversations.
    Assigned,
    /// Left alone by a rule.
    Skipped,
    /// Not assigned because of an error; tried again.
    Failed,
}

/// Everything `/metrics` shows.
pub struct Metrics {
    registry: Registry,
    calls: Family<TwoLabels, Counter>,
    attempts: Family<Label, Counter>,
    limit_hits: Family<Label, Counter>,
    assignments: Family<Label, Counter>,
    write_lag: Histogram,
    assign_time: Histogram,
    decision_time: Histogram,
}

impl Metrics {
    /// Metrics of the server of a name. `limits` are the names of `[limits]` that can be hit.
    pub fn new(
        node: &str,
        version: &'static str,
        limits: &'static [&'static str],
        sample: impl Fn() -> Sample + Send + Sync + 'static,
    ) -> Self {
        let seconds = || Histogram::new([0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0]);
        let mut metrics = Self {
            registry: Registry::with_prefix("tandem"),
            calls: Family::default(),
            attempts: Family::default(),
            limit_hits: Family::default(),
            assignments: Family::default(),
            write_lag: seconds(),
            assign_time: seconds(),
            decision_time: Histogram::new([
                0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05,
            ]),
        };
        for &direction in Direction::ALL {
            for &outcome in CallOutcome::ALL {
                drop(metrics.calls.get_or_create(&call_labels(direction, outcome)));
            }
        }
        for outcome in AttemptOutcome::ALL {
            drop(metrics.attempts.get_or_create(&[("outcome", outcome.as_str())]));
        }
        for limit in limits {
            drop(metrics.limit_hits.get_or_create(&[("limit", limit)]));
        }
        for result in [AssignResult::Assigned, AssignResult::Skipped, AssignResult::Failed] {
            drop(metrics.assignments.get_or_create(&[("result", result.word())]));
        }
        metrics.register(node, version, Sampler(Arc::new(sample)));
        metrics
    }

    fn register(&mut self, node: &str, version: &'static str, sampler: Sampler) {
        let registry = &mut self.registry;
        let build = Info::new(vec![("node", node.to_owned()), ("version", version.to_owned())]);
        registry.register("build", "This server", build);
        let help = "Calls that ended, by direction and outcome";
        registry.register("calls", help, self.calls.clone());
        let help = "Attempts to ring a user that ended, by outcome";
        registry.register("attempts", help, self.attempts.clone());
        let help = "Times that a limit refused something";
        registry.register("limit_hits", help, self.limit_hits.clone());
        let help = "Finished calls handed to the assigner, by result";
        registry.register("assignments", help, self.assignments.clone());
        let help = "Time from an event to its row being visible";
        registry.register("write_lag_seconds", help, self.write_lag.clone());
        let help = "Time from the end of a call to its assignment";
        registry.register("assign_seconds", help, self.assign_time.clone());
        let help = "Time of a step of the core in which waiting callers got their turns";
        registry.register("decision_seconds", help, self.decision_time.clone());
        registry.register_collector(Box::new(sampler));
    }

    /// Counts a call that ended.
    pub fn call_ended(&self, direction: Direction, outcome: CallOutcome) {
        self.calls.get_or_create(&call_labels(direction, outcome)).inc();
    }

    /// Counts an attempt that ended.
    pub fn attempt_ended(&self, outcome: AttemptOutcome) {
        self.attempts.get_or_create(&[("outcome", outcome.as_str())]).inc();
    }

    /// Counts a refusal by a limit.
    pub fn limit_hit(&self, limit: &'static str) {
        self.limit_hits.get_or_create(&[("limit", limit)]).inc();
    }

    /// Counts a call that the assigner took, and the time since the call's end.
    pub fn assigned(&self, result: AssignResult, after: Duration) {
        self.assignments.get_or_create(&[("result", result.word())]).inc();
        self.assign_time.observe(after.as_secs_f64());
    }

    /// Records how long an event waited until its row was visible.
    pub fn written(&self, lag: Duration) {
        self.write_lag.observe(lag.as_secs_f64());
    }

    /// Records how long the core took to give waiting callers their turns.
    pub fn decided(&self, took: Duration) {
        self.decision_time.observe(took.as_secs_f64());
    }

    /// The text of `/metrics`.
    pub fn text(&self) -> String {
        let mut text = String::new();
        match text::encode(&mut text, &self.registry) {
            Ok(()) => text,
            // Writing into a `String` does not fail.
            Err(fmt::Error) => String::new(),
        }
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics(…)")
    }
}

impl AssignResult {
    /// The word of the label.
    pub fn word(self) -> &'static str {
        match self {
            Self::Assigned => "assigned",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
        }
    }
}

fn call_labels(direction: Direction, outcome: CallOutcome) -> TwoLabels {
    [("direction", direction.as_str()), ("outcome", outcome.as_str())]
}

struct Sampler(Arc<dyn Fn() -> Sample + Send + Sync>);

impl fmt::Debug for Sampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sampler(…)")
    }
}

impl Collector for Sampler {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let sample = (self.0)();
        let gauges = [
            ("calls_active", "Calls that are not finished", sample.calls),
            ("registrations", "Registered contacts", sample.registrations),
            ("sip_client_transactions", "SIP client transactions", sample.client_transactions),
            ("sip_server_transactions", "SIP server transactions", sample.server_transactions),
            ("sip_dialogs", "SIP dialogs", sample.dialogs),
            ("sip_connections", "TCP connections of SIP", sample.connections),
            ("rtp_ports_used", "RTP port pairs in use", sample.ports_used),
            ("rtp_ports_free", "RTP port pairs free", sample.ports_free),
            ("draining", "1 while the last calls are waited for", sample.draining.into()),
        ];
        for (name, help, value) in gauges {
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(
                name,
                help,
                None,
                prometheus_type(&gauge),
            )?)?;
        }
        let depth = |queue: &Queue| queue.depth;
        encode_queues(&mut encoder, "queue_depth", "What waits in a queue", &sample, depth)?;
        let limit = |queue: &Queue| queue.limit;
        encode_queues(&mut encoder, "queue_limit", "What fits in a queue", &sample, limit)?;
        for (name, help, value) in sample.totals {
            let counter = ConstCounter::new(value);
            let kind = prometheus_type(&counter);
            counter.encode(encoder.encode_descriptor(name, help, None, kind)?)?;
        }
        for family in &sample.families {
            let kind = prometheus_type(&ConstGauge::new(0.0));
            let mut encoder = encoder.encode_descriptor(family.name, family.help, None, kind)?;
            for (value, says) in &family.values {
                let gauge = ConstGauge::new(*says);
                gauge.encode(encoder.encode_family(&[(family.label, value.as_str())])?)?;
            }
        }
        Ok(())
    }
}

fn encode_queues(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    sample: &Sample,
    value: impl Fn(&Queue) -> u64,
) -> Result<(), fmt::Error> {
    let kind = prometheus_type(&ConstGauge::new(0u64));
    let mut family = encoder.encode_descriptor(name, help, None, kind)?;
    for queue in &sample.queues {
        let gauge = ConstGauge::new(value(queue));
        gauge.encode(family.encode_family(&[("queue", queue.name)])?)?;
    }
    Ok(())
}

fn prometheus_type(metric: &impl EncodeMetric) -> prometheus_client::metrics::MetricType {
    metric.metric_type()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metrics() -> Metrics {
        Metrics::new("edge-1", "0.1.0", &["calls", "ports"], || Sample {
            calls: 3,
            queues: vec![Queue { name: "ingress_queue", depth: 7, limit: 100 }],
            totals: vec![("rtp_packets", "RTP packets relayed", 5)],
            families: vec![Gauges {
                name: "service_level",
                help: "Answered in time, of all",
                label: "group",
                values: vec![("g-desk".to_owned(), 0.5)],
            }],
            ..Sample::default()
        })
    }

    #[test]
    fn every_series_exists_from_the_start() {
        let text = metrics().text();
        for line in [
            "tandem_calls_total{direction=\"inbound\",outcome=\"answered\"} 0",
            "tandem_attempts_total{outcome=\"answered_elsewhere\"} 0",
            "tandem_limit_hits_total{limit=\"ports\"} 0",
            "tandem_assignments_total{result=\"failed\"} 0",
            "tandem_write_lag_seconds_count 0",
            "tandem_calls_active 3",
            "tandem_queue_depth{queue=\"ingress_queue\"} 7",
            "tandem_queue_limit{queue=\"ingress_queue\"} 100",
            "tandem_rtp_packets_total 5",
            "tandem_service_level{group=\"g-desk\"} 0.5",
            "tandem_build_info{node=\"edge-1\",version=\"0.1.0\"} 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }

    #[test]
    fn what_happens_is_counted() {
        let metrics = metrics();
        metrics.call_ended(Direction::Inbound, CallOutcome::Missed);
        metrics.attempt_ended(AttemptOutcome::Answered);
        metrics.limit_hit("calls");
        metrics.written(Duration::from_millis(20));
        let text = metrics.text();
        for line in [
            "tandem_calls_total{direction=\"inbound\",outcome=\"missed\"} 1",
            "tandem_attempts_total{outcome=\"answered\"} 1",
            "tandem_limit_hits_total{limit=\"calls\"} 1",
            "tandem_write_lag_seconds_bucket{le=\"0.05\"} 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
    }
}
