//! The owner: every table of the core and the one loop over it. Inputs are handled one at a time;
//! what an input causes inside the core (a leg that fails while it is dialled, a user taken by
//! another call) is settled before the next one, so no half-done state is ever visible.

mod reports;
mod restored;
mod steps;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use acd::statistics::Wallboard;
use acd::{ChangeSource, Floor};
use call::port::{CallInput, MediaCommand, PortPair};
use call::{Call, LegIds, Mailboxes};
use model::call_graph::words::Direction;
use model::directory::Directory;
use model::{CallId, Now, UserId};
use sip::auth::{Authenticator, AuthenticatorConfig};
use sip::message::Method;
use sip::registrar::Registrar;
use sip::user_agent_core::{UaConfig, UaOutput, UserAgentCore};

use crate::config::SwitchConfig;
use crate::control::{UnderWay, Wish};
use crate::counters::Counters;
use crate::days::Days;
use crate::legs::aftermath::OpenRecordings;
use crate::legs::{CallKey, Legs};
use crate::port::{Effect, Input};
use crate::random::Random;
use crate::rate::PerSecond;
use crate::subscriptions::{Package, Subscriptions};

pub use restored::{Restored, RestoredAgent};

/// The composed core.
pub struct Switch {
    pub(crate) config: SwitchConfig,
    pub(crate) directory: Arc<Directory>,
    pub(crate) ua: UserAgentCore,
    pub(crate) authenticator: Authenticator,
    pub(crate) registrar: Registrar,
    pub(crate) floor: Floor,
    pub(crate) mailboxes: Mailboxes,
    pub(crate) leg_ids: LegIds,
    pub(crate) legs: Legs,
    pub(crate) calls: BTreeMap<CallKey, LiveCall>,
    pub(crate) keys: BTreeMap<CallId, CallKey>,
    pub(crate) last_call: CallKey,
    pub(crate) stock: VecDeque<PortPair>,
    pub(crate) random: Random,
    pub(crate) draining: bool,
    pub(crate) admitted: PerSecond,
    pub(crate) options: PerSecond,
    pub(crate) reports: PerSecond,
    pub(crate) counters: Counters,
    pub(crate) deadlines: BTreeSet<(Duration, CallKey)>,
    /// Outputs of the user agent core that wait to be looked at.
    pub(crate) ua_out: Vec<UaOutput>,
    /// What the calls still have to be told in this step.
    pub(crate) inbox: VecDeque<(CallKey, CallInput)>,
    pub(crate) media_out: Vec<MediaCommand>,
    pub(crate) recordings: OpenRecordings,
    pub(crate) subscriptions: Subscriptions,
    /// Users who have become away, or are no longer.
    pub(crate) away_changed: BTreeSet<UserId>,
    pub(crate) days: Days,
    pub(crate) under_way: UnderWay,
}

/// A call and the deadline under which it stands in the queue.
pub(crate) struct LiveCall {
    pub(crate) call: Call,
    pub(crate) direction: Direction,
    pub(crate) deadline: Option<Duration>,
}

impl Switch {
    /// A core with nothing going on. `seed` decides every tag, branch, nonce and id.
    pub fn new(
        seed: u64,
        config: SwitchConfig,
        restored: Restored,
        directory: Arc<Directory>,
        now: Now,
    ) -> Self {
        let mut random = Random::new(seed);
        let events = Package::ALL.map(|package| package.name().to_owned()).into();
        let sip = with_call_control(UaConfig { allow_events: events, ..config.sip.clone() });
        let ua = UserAgentCore::new(sip, random.number());
        let authenticator = Authenticator::new(
            AuthenticatorConfig {
                nonce_lifetime: config.registrar.nonce_lifetime,
                algorithms: config.registrar.algorithms,
                own_hosts: std::iter::once(&config.domain)
                    .chain(&config.aliases)
                    .map(|host| host.to_string())
                    .collect(),
                ..AuthenticatorConfig::new(config.domain.to_string())
            },
            random.bytes(),
        );
        let days = Days::of(config.call.ivr.timezone.as_deref());
        let floor_seed = random.number();
        let registrar = crate::requests::registration::registrar(&config.registrar);
        let mut switch = Self {
            config,
            directory,
            ua,
            authenticator,
            registrar,
            floor: Floor::seeded(floor_seed),
            mailboxes: Mailboxes::new(),
            leg_ids: LegIds::default(),
            legs: Legs::default(),
            calls: BTreeMap::new(),
            keys: BTreeMap::new(),
            last_call: 0,
            stock: VecDeque::new(),
            random,
            draining: false,
            admitted: PerSecond::default(),
            options: PerSecond::default(),
            reports: PerSecond::default(),
            counters: Counters::default(),
            deadlines: BTreeSet::new(),
            ua_out: Vec::new(),
            inbox: VecDeque::new(),
            media_out: Vec::new(),
            recordings: OpenRecordings::default(),
            subscriptions: Subscriptions::default(),
            away_changed: BTreeSet::new(),
            days,
            under_way: UnderWay::default(),
        };
        if let Some(day) = switch.days.begun(now.wall) {
            switch.floor.set_day(day, now);
        }
        switch.floor.set_people(&switch.directory, &switch.config.agents, now);
        switch.restore(now, restored);
        switch
    }

    /// Handles one input; appends what is to be done to `effects`.
    pub fn handle(&mut self, now: Now, input: Input, effects: &mut Vec<Effect>) {
        let mono = now.mono;
        if let Some(day) = self.days.begun(now.wall) {
            self.floor.set_day(day, now);
        }
        match input {
            Input::Sip { flow, message } => {
                self.ua.receive(mono, flow, message, &mut self.ua_out);
            }
            Input::Malformed { flow, fault } => {
                self.counters.malformed += 1;
                self.ua.malformed(mono, flow, fault, &mut self.ua_out);
            }
            Input::SipFailed { flow } => {
                self.drop_bindings_of(now, flow, effects);
                self.drop_subscriptions_of(now, flow);
                self.ua.transport_failed(mono, flow, &mut self.ua_out);
            }
            Input::Resolved { id, targets } => {
                self.ua.resolved(mono, id, targets, &mut self.ua_out);
            }
            Input::Media(event) => self.media(now, event, effects),
            Input::Availability { user, availability, reason } => {
                let source = ChangeSource::Api;
                self.floor.set_availability(&user, availability, reason, source, now);
            }
            Input::LookedUp { call, found } => {
                let key = self.keys.get(&call).copied();
                self.inbox.extend(key.map(|key| (key, CallInput::LookedUp(found))));
            }
            Input::Mailbox(change) => {
                if self.mailboxes.apply(&change) {
                    effects.push(Effect::Voicemail(change));
                }
            }
            Input::Directory(directory) => self.reread_directory(now, directory),
            Input::Order { order, call, by, command } => {
                self.order(order, &call, by, command, effects);
            }
            Input::Originate { order, user, devices, to, caller_id } => {
                let wish = Wish { user, devices, to, caller_id };
                self.originate(now, order, wish, effects);
            }
            Input::Drain => self.draining = true,
            Input::Release => self.release(now),
            Input::Deadline => self.due(now, effects),
        }
        self.settle(now, effects);
    }

    /// When [`Input::Deadline`] is wanted; `None`: nothing waits for time.
    pub fn next_deadline(&self) -> Option<Duration> {
        let call = self.deadlines.first().map(|(at, _)| *at);
        let (ua, bindings) = (self.ua.deadline(), self.registrar.next_expiry());
        let (agents, watched) = (self.floor.deadline(), self.subscriptions.next_deadline());
        let identities = self.under_way.identities.first().map(|(at, _)| *at);
        [call, ua, bindings, agents, watched, identities].into_iter().flatten().min()
    }

    /// The directory that new calls are routed with.
    pub fn directory(&self) -> &Arc<Directory> {
        &self.directory
    }

    /// Calls that are not over.
    pub fn live_calls(&self) -> usize {
        self.calls.len()
    }

    /// What groups and agents do at this moment and did today. Linear in both: once a second is
    /// often enough.
    pub fn wallboard(&self, now: Now) -> Wallboard {
        self.floor.wallboard(now)
    }

    /// How often waiting callers got their turn so far.
    pub fn offers(&self) -> u64 {
        self.counters.offers
    }

    /// What has been counted, and how much is kept at this moment.
    pub fn counters(&self) -> Counters {
        let tables = self.ua.counts();
        Counters {
            calls_live: self.calls.len(),
            legs: self.legs.len(),
            client_transactions: tables.client_transactions,
            server_transactions: tables.server_transactions,
            dialogs: tables.dialogs,
            registered_users: self.registrar.len(),
            ports_in_stock: self.stock.len(),
            draining: self.draining,
            subscriptions: Package::ALL
                .map(|package| (package.name(), self.subscriptions.count(package)))
                .into(),
            ..self.counters.clone()
        }
    }

    /// Whether nothing of any call remains: no transaction, dialog, leg or call.
    pub fn is_calm(&self) -> bool {
        self.calls.is_empty() && self.legs.len() == 0 && self.ua.counts().is_zero()
    }

    /// Whether media owes something that rows want: the figures of legs that are over, or the ends
    /// of recordings. A server that stops waits for them, but not for ever.
    pub fn awaits_media(&self) -> bool {
        !self.legs.names.is_empty() || !self.recordings.is_empty()
    }

    fn release(&mut self, now: Now) {
        self.draining = true;
        self.end_subscriptions(now);
        self.hang_up_at_once(now);
        self.inbox.extend(self.calls.keys().map(|key| (*key, CallInput::Release)));
    }
}

/// What call control needs of the user agent core, whatever the configuration says of the rest.
fn with_call_control(mut sip: UaConfig) -> UaConfig {
    for method in [Method::Refer, Method::Notify, Method::Update] {
        if !sip.allow.contains(&method) {
            sip.allow.push(method);
        }
    }
    for tag in ["replaces", "norefersub"] {
        if !sip.supported.iter().any(|known| known == tag) {
            sip.supported.push(tag.to_owned());
        }
    }
    sip
}
