//! The owner: every table of the core and the one loop over it. Inputs are handled one at a time;
//! what an input causes inside the core (a leg that fails while it is dialled, a user taken by
//! another call) is settled before the next one, so no half-done state is ever visible.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use acd::{ChangeSource, Floor, Offer, Today, Turned};
use call::port::{
    CallInput, LegEvent, LegId, MediaCommand, MediaEvent, Offered, PortPair, RecordingId,
};
use call::{Call, LegIds, Mailboxes};
use model::call_graph::words::Direction;
use model::directory::{Availability, Directory};
use model::leg_quality::LegQuality;
use model::recording::RecordingChange;
use model::voicemail::VoiceMessage;
use model::{CallId, E164, GroupId, Now, UserId};
use sip::auth::{Authenticator, AuthenticatorConfig};
use sip::registrar::Registrar;
use sip::user_agent_core::{UaConfig, UaEvent, UaOutput, UserAgentCore};

use crate::config::SwitchConfig;
use crate::counters::Counters;
use crate::legs::aftermath::OpenRecordings;
use crate::legs::{CallKey, Legs};
use crate::port::{Effect, Input, Location};
use crate::random::Random;
use crate::subscriptions::{Package, Subscriptions};

/// What survived a restart.
#[derive(Debug, Default)]
pub struct Restored {
    /// Registrations.
    pub locations: Vec<Location>,
    /// Round-robin cursors.
    pub cursors: Vec<(GroupId, UserId)>,
    /// What agents chose, and what they did today.
    pub agents: Vec<RestoredAgent>,
    /// Who talked with a number last, the oldest first.
    pub last_agents: Vec<(E164, UserId)>,
    /// Voice messages.
    pub messages: Vec<VoiceMessage>,
}

/// What survived a restart of an agent.
#[derive(Clone, Debug)]
pub struct RestoredAgent {
    /// The user.
    pub user: UserId,
    /// What he chose last, and why; `None`: what the directory says.
    pub availability: Option<(Availability, Option<Arc<str>>)>,
    /// What he did today.
    pub today: Today,
}

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
    deadlines: BTreeSet<(Duration, CallKey)>,
    /// Outputs of the user agent core that wait to be looked at.
    pub(crate) ua_out: Vec<UaOutput>,
    /// What the calls still have to be told in this step.
    pub(crate) inbox: VecDeque<(CallKey, CallInput)>,
    pub(crate) media_out: Vec<MediaCommand>,
    pub(crate) recordings: OpenRecordings,
    pub(crate) subscriptions: Subscriptions,
    /// Users who have become away, or are no longer.
    pub(crate) away_changed: BTreeSet<UserId>,
}

/// A call and the deadline under which it stands in the queue.
pub(crate) struct LiveCall {
    pub(crate) call: Call,
    pub(crate) direction: Direction,
    pub(crate) deadline: Option<Duration>,
}

/// Counts events in the current second.
#[derive(Debug, Default)]
pub(crate) struct PerSecond {
    second: u64,
    count: u32,
}

impl PerSecond {
    /// Counts one more, unless there have been `limit` in this second already (0: no limit).
    pub(crate) fn admit(&mut self, now: Duration, limit: u32) -> bool {
        if self.second != now.as_secs() {
            *self = Self { second: now.as_secs(), count: 0 };
        }
        if limit != 0 && self.count >= limit {
            return false;
        }
        self.count = self.count.saturating_add(1);
        true
    }
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
        let sip = UaConfig { allow_events: events, ..config.sip.clone() };
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
        };
        switch.floor.set_people(&switch.directory, &switch.config.agents, now);
        for (group, user) in restored.cursors {
            switch.floor.restore_cursor(group, user);
        }
        for RestoredAgent { user, availability, today } in restored.agents {
            if let Some((availability, reason)) = availability {
                let source = ChangeSource::Start;
                switch.floor.set_availability(&user, availability, reason, source, now);
            }
            switch.floor.restore_today(&user, today, now);
        }
        for (number, user) in restored.last_agents {
            switch.floor.talked_with(number, user);
        }
        for message in restored.messages {
            switch.mailboxes.restore(message);
        }
        switch.restore_locations(now, restored.locations);
        switch
    }

    /// Handles one input; appends what is to be done to `effects`.
    pub fn handle(&mut self, now: Now, input: Input, effects: &mut Vec<Effect>) {
        let mono = now.mono;
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
        [call, ua, bindings, agents, watched].into_iter().flatten().min()
    }

    /// The directory that new calls are routed with.
    pub fn directory(&self) -> &Arc<Directory> {
        &self.directory
    }

    /// Calls that are not over.
    pub fn live_calls(&self) -> usize {
        self.calls.len()
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

    fn media(&mut self, now: Now, event: MediaEvent, effects: &mut Vec<Effect>) {
        match event {
            MediaEvent::Stock(ports) => self.stock.extend(ports),
            MediaEvent::TimedOut { leg, after } => {
                let seconds = u32::try_from(after.as_secs()).unwrap_or(u32::MAX);
                self.tell(leg, LegEvent::MediaTimedOut { seconds });
            }
            MediaEvent::Played { leg, play, end } => {
                self.tell(leg, LegEvent::Played { play, end });
            }
            MediaEvent::FellSilent { leg } => self.tell(leg, LegEvent::FellSilent),
            MediaEvent::Digit { leg, digit } => self.tell(leg, LegEvent::Digit(digit)),
            MediaEvent::Quality(notice) => self.tell(notice.leg, LegEvent::Quality(notice)),
            MediaEvent::Closed { leg, streams } => {
                // Who was never answered has no name, and no rows.
                if let Some((call, leg)) = self.legs.names.remove(leg)
                    && !streams.is_empty()
                {
                    effects.push(Effect::LegQuality(LegQuality { call, leg, streams }));
                }
            }
            MediaEvent::RecordingFailed { recording, cause } => {
                tracing::warn!(%recording, %cause, "a recording failed");
                self.recording_failed(now, recording, cause, effects);
            }
            MediaEvent::Recorded { recording, duration_ms, bytes, sha256 } => {
                self.recordings.remove(&recording);
                let message = self.mailboxes.closed(&recording, duration_ms);
                let at = now.wall;
                let change = RecordingChange::Ended { at, duration_ms, bytes, sha256 };
                effects.push(Effect::Recording(recording, change));
                effects.extend(message.map(Effect::Voicemail));
            }
        }
    }

    /// The call hears of it; a file that fails while it is closed belongs to none any more.
    fn recording_failed(
        &mut self,
        now: Now,
        recording: RecordingId,
        cause: Arc<str>,
        effects: &mut Vec<Effect>,
    ) {
        let Some(key) = self.recordings.call(&recording) else {
            return;
        };
        let anchor = self.calls.get(&key).and_then(|live| live.call.legs().next());
        match anchor {
            Some(leg) => {
                let event = LegEvent::RecordingFailed { recording, cause };
                self.inbox.push_back((key, CallInput::Leg(leg, event)));
            }
            None => {
                let change = RecordingChange::Failed { at: now.wall, cause };
                effects.push(Effect::Recording(recording, change));
            }
        }
    }

    fn release(&mut self, now: Now) {
        self.draining = true;
        self.end_subscriptions(now);
        self.inbox.extend(self.calls.keys().map(|key| (*key, CallInput::Release)));
    }

    fn due(&mut self, now: Now, effects: &mut Vec<Effect>) {
        self.ua.timeout(now.mono, &mut self.ua_out);
        self.expire_bindings(now, effects);
        self.floor.due(now);
        self.subscriptions_due(now);
        while let Some(&(at, key)) = self.deadlines.first() {
            if at > now.mono {
                break;
            }
            self.deadlines.pop_first();
            if let Some(live) = self.calls.get_mut(&key) {
                live.deadline = None;
            }
            self.time_out(now, key, effects);
        }
    }

    /// Tells the call of a leg what happened on it.
    pub(crate) fn tell(&mut self, leg: LegId, event: LegEvent) {
        if let Some(entry) = self.legs.get(leg) {
            self.inbox.push_back((entry.call, CallInput::Leg(leg, event)));
        }
    }

    /// Works until nothing is left to be told to anybody.
    fn settle(&mut self, now: Now, effects: &mut Vec<Effect>) {
        loop {
            self.flush_media(effects);
            if !self.ua_out.is_empty() {
                for output in std::mem::take(&mut self.ua_out) {
                    match output {
                        UaOutput::Transmit { flow, bytes } => {
                            effects.push(Effect::Transmit { flow, bytes });
                        }
                        UaOutput::Resolve { id, host, port, transport } => {
                            effects.push(Effect::Resolve { id, host, port, transport });
                        }
                        UaOutput::Event(event) => self.event(now, event, effects),
                    }
                }
            } else if let Some((key, input)) = self.inbox.pop_front() {
                self.deliver(now, key, input, effects);
            } else if !self.dispatch(now) {
                self.tell_watchers(now, effects);
                if self.ua_out.is_empty() {
                    break;
                }
            }
        }
    }

    /// Gives one waiting caller his turn, if there is an agent for one.
    fn dispatch(&mut self, now: Now) -> bool {
        let Some(Offer { to, members, round }) = self.floor.dispatch(now) else {
            return false;
        };
        match to {
            Turned::Caller(call) => match self.keys.get(&call) {
                Some(&key) => {
                    self.counters.offers += 1;
                    self.inbox.push_back((key, CallInput::Offered(Offered { members, round })));
                }
                None => self.floor.forget(&call, now),
            },
            Turned::Callback { .. } => {}
        }
        true
    }

    /// Tells the outside what agents do, and telephones what they watch.
    fn tell_watchers(&mut self, now: Now, effects: &mut Vec<Effect>) {
        for change in self.floor.changes() {
            self.away_changed.insert(change.user.clone());
            effects.push(Effect::Agent(change));
        }
        self.notify_watchers(now);
    }

    fn flush_media(&mut self, effects: &mut Vec<Effect>) {
        effects.extend(self.media_out.drain(..).map(Effect::Media));
    }

    fn event(&mut self, now: Now, event: UaEvent, effects: &mut Vec<Effect>) {
        match event {
            UaEvent::Invited { invite, flow, request } => {
                self.invited(now, invite, flow, &request, effects);
            }
            UaEvent::Cancelled { invite, .. } => self.caller_gave_up(invite),
            UaEvent::Confirmed { dialog, body } => self.confirmed(now, dialog, &body),
            UaEvent::Unconfirmed { dialog } | UaEvent::Bye { dialog, .. } => {
                self.dialog_over(dialog);
            }
            UaEvent::DialogLost { dialog } => {
                if !self.forget_subscription(now, dialog) {
                    self.dialog_over(dialog);
                }
            }
            UaEvent::Responded { id, response, status } => {
                self.notified(now, id, status, response.as_ref());
            }
            UaEvent::Trying { invite } => self.reached(invite),
            UaEvent::Progress { invite, response, .. } => self.progress(invite, &response),
            UaEvent::Accepted { invite, dialog, response } => {
                self.fork_accepted(now, invite, dialog, &response);
            }
            UaEvent::Rejected { invite, status, .. } => {
                self.fork_rejected(now, invite, status, effects);
            }
            UaEvent::Refused2xx { invite } => self.fork_crossed(invite),
            UaEvent::ReInvited { dialog, request } => self.reinvited(now, dialog, &request),
            UaEvent::ReInviteAcked { dialog, body } => self.reinvite_acked(dialog, &body),
            // We send no re-INVITE of our own yet; a cancelled one changes nothing.
            UaEvent::ReInviteCancelled { .. }
            | UaEvent::ReInviteAnswered { .. }
            | UaEvent::ReInviteFailed { .. } => {}
            UaEvent::Requested { id, dialog, flow, request } => {
                self.requested(now, id, dialog, flow, &request, effects);
            }
        }
    }

    /// Puts a call's deadline into the queue.
    pub(crate) fn schedule(&mut self, key: CallKey) {
        let Some(live) = self.calls.get_mut(&key) else {
            return;
        };
        let deadline = live.call.deadline();
        if live.deadline == deadline {
            return;
        }
        if let Some(old) = live.deadline {
            self.deadlines.remove(&(old, key));
        }
        live.deadline = deadline;
        if let Some(new) = deadline {
            self.deadlines.insert((new, key));
        }
    }

    /// Takes a finished call out.
    pub(crate) fn forget(&mut self, key: CallKey) {
        if let Some(live) = self.calls.remove(&key) {
            self.keys.remove(live.call.id());
            if let Some(at) = live.deadline {
                self.deadlines.remove(&(at, key));
            }
        }
    }
}
