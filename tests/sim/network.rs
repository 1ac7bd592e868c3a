//! The network between the switch and the peers. Datagrams take their time, get lost, arrive
//! twice and overtake each other; what goes by a connection arrives in order and once, as long as
//! the connection lives.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use sip::flow::Flow;

use crate::ladder::label;
use crate::random::Random;

/// How bad it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conditions {
    pub(crate) latency: Duration,
    /// Added to the latency of each datagram, from nothing to this.
    pub(crate) jitter: Duration,
    pub(crate) loss_permille: u64,
    pub(crate) duplicate_permille: u64,
}

impl Conditions {
    /// Everything arrives, once and in order.
    pub(crate) const CALM: Self = Self {
        latency: Duration::from_millis(10),
        jitter: Duration::ZERO,
        loss_permille: 0,
        duplicate_permille: 0,
    };

    pub(crate) fn random(random: &mut Random) -> Self {
        let [loss, duplicate] = [[0, 0, 20, 100, 250], [0, 0, 20, 100, 250]];
        Self {
            latency: Duration::from_millis(*random.pick(&[0, 1, 10, 40, 150])),
            jitter: Duration::from_millis(*random.pick(&[0, 0, 5, 60, 400])),
            loss_permille: *random.pick(&loss),
            duplicate_permille: *random.pick(&duplicate),
        }
    }
}

/// What becomes of the messages that a rule names.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fate {
    Lost,
    /// On its way for so long.
    Late(Duration),
}

/// Something that happens to certain messages: the way to write down one race.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    /// `BYE`, or `200 INVITE` for a response.
    pub(crate) what: &'static str,
    pub(crate) from: Option<IpAddr>,
    pub(crate) to: Option<IpAddr>,
    pub(crate) fate: Fate,
    /// How many of them.
    pub(crate) times: usize,
}

/// The network.
pub(crate) struct Network {
    pub(crate) conditions: Conditions,
    pub(crate) rules: Vec<Rule>,
    /// Whether a message of this run did not arrive.
    pub(crate) ever_lost: bool,
    /// Whose datagrams are lost, and until when.
    away: BTreeMap<IpAddr, Duration>,
    /// When the last message of a connection arrived, in each direction.
    arrived: BTreeMap<(SocketAddr, SocketAddr, u64), Duration>,
    random: Random,
}

impl Network {
    pub(crate) fn new(conditions: Conditions, seed: u64) -> Self {
        Self {
            conditions,
            rules: Vec::new(),
            ever_lost: false,
            away: BTreeMap::new(),
            arrived: BTreeMap::new(),
            random: Random::new(seed),
        }
    }

    /// From now on everything arrives.
    pub(crate) fn calm(&mut self) {
        self.conditions = Conditions::CALM;
        self.rules.clear();
        self.away.clear();
    }

    /// Takes a peer off the network for a while.
    pub(crate) fn cut(&mut self, peer: IpAddr, until: Duration) {
        self.away.insert(peer, until);
    }

    /// When a message arrives, as often as it does; `flow` is the sender's.
    pub(crate) fn arrivals(&mut self, now: Duration, flow: Flow, bytes: &Bytes) -> Vec<Duration> {
        let arrivals = self.travel(now, flow, bytes);
        self.ever_lost |= arrivals.is_empty();
        arrivals
    }

    fn travel(&mut self, now: Duration, flow: Flow, bytes: &Bytes) -> Vec<Duration> {
        match self.rule(flow, bytes) {
            Some(Fate::Lost) => return Vec::new(),
            Some(Fate::Late(by)) => return vec![now + by],
            None => {}
        }
        let Conditions { latency, jitter, loss_permille, duplicate_permille } = self.conditions;
        if flow.transport.reliable() {
            let key = (flow.local, flow.remote, flow.connection);
            let last = self.arrived.entry(key).or_default();
            *last = (now + latency).max(*last);
            return vec![*last];
        }
        let cut = |at: &IpAddr| self.away.get(at).is_some_and(|until| now < *until);
        if cut(&flow.local.ip()) || cut(&flow.remote.ip()) {
            return Vec::new();
        }
        let copies = if self.random.chance(duplicate_permille) { 2 } else { 1 };
        let mut arrivals = Vec::new();
        for _ in 0..copies {
            if self.random.chance(loss_permille) {
                continue;
            }
            let more = self.random.below(jitter.as_micros() as u64 + 1);
            arrivals.push(now + latency + Duration::from_micros(more));
        }
        arrivals
    }

    fn rule(&mut self, flow: Flow, bytes: &Bytes) -> Option<Fate> {
        if self.rules.is_empty() {
            return None;
        }
        let label = label(bytes);
        let fits = |rule: &&mut Rule| {
            rule.times > 0
                && rule.what == label
                && rule.from.is_none_or(|from| from == flow.local.ip())
                && rule.to.is_none_or(|to| to == flow.remote.ip())
        };
        let rule = self.rules.iter_mut().find(fits)?;
        rule.times -= 1;
        Some(rule.fate)
    }
}
