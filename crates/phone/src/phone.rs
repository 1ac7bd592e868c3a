//! The phone: a user of `sip`'s user agent core with a person's wishes.
//!
//! Guarantees that each call ends in one `Ended`, that its port is free after it, and that the
//! phone says nothing to anybody but its server.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sip::auth::{Authenticator, AuthenticatorConfig, Credentials, Secret};
use sip::flow::Flow;
use sip::message::{HeaderName, Message, Method, Response};
use sip::user_agent_core::{
    ClientRequestId, Counts, DialogId, DialogName, LocalAddress, UaConfig, UaEvent, UaOutput,
    UserAgentCore,
};

use crate::call::{Act, Asked, Call, Stage};
use crate::config::{AfterRefer, Behaviour, PhoneConfig};
use crate::event::{Direction, EndCause, Media, PhoneCallId, PhoneEvent, PhoneOutput};
use crate::media::Ports;
use crate::registration::{Registration, granted, refresh_after};

/// The server's name of a call, in INVITEs to phones and responses to callers.
pub(crate) const X_CALL_ID: HeaderName = HeaderName::Other("X-Call-ID");

/// A softphone.
#[derive(Debug)]
pub struct Phone {
    pub(crate) config: PhoneConfig,
    pub(crate) core: UserAgentCore,
    pub(crate) authenticator: Option<Authenticator>,
    registration: Registration,
    pub(crate) calls: BTreeMap<PhoneCallId, Call>,
    acts: BTreeSet<(Duration, PhoneCallId, Act)>,
    pub(crate) ports: Ports,
    /// Requests in dialogs that are not answered yet.
    pub(crate) asked: BTreeMap<ClientRequestId, (PhoneCallId, Asked)>,
    next_call: u64,
    seed: u64,
}

/// What is taken; the rest gets 405 or 501 (RFC 3261 8.2.1).
const ALLOWED: [Method; 9] = [
    Method::Invite,
    Method::Ack,
    Method::Cancel,
    Method::Bye,
    Method::Options,
    Method::Info,
    Method::Message,
    Method::Notify,
    Method::Update,
];

/// The owner of what the phone does outside calls.
const NO_CALL: PhoneCallId = PhoneCallId(0);

impl Phone {
    /// A phone that does nothing yet.
    pub fn new(config: PhoneConfig, seed: u64) -> Phone {
        let server = config.server;
        let local = vec![LocalAddress::new(server.transport, server.local)];
        let mut ua = UaConfig::new(config.domain.clone(), local);
        ua.timers = config.timers;
        ua.user_agent = "Tandem phone".to_owned();
        ua.allow = ALLOWED.to_vec();
        ua.supported = ["replaces", "norefersub"].map(str::to_owned).to_vec();
        let authenticator = config.challenge.as_ref().map(|challenge| {
            let mut key = [0; 32];
            key[..8].copy_from_slice(&seed.to_le_bytes());
            Authenticator::new(AuthenticatorConfig::new(challenge.realm.clone()), key)
        });
        Phone {
            core: UserAgentCore::new(ua, seed),
            authenticator,
            registration: Registration::new(format!("{seed:016x}@{}", config.user)),
            calls: BTreeMap::new(),
            acts: BTreeSet::new(),
            ports: Ports::new(config.lines),
            asked: BTreeMap::new(),
            next_call: 0,
            seed,
            config,
        }
    }

    /// The configuration.
    pub fn config(&self) -> &PhoneConfig {
        &self.config
    }

    /// What it does from now on when it is called.
    pub fn set_behaviour(&mut self, behaviour: Behaviour) {
        self.config.behaviour = behaviour;
    }

    /// After which time it hangs up the calls it answers from now on.
    pub fn set_hang_up_after(&mut self, after: Option<Duration>) {
        self.config.hang_up_after = after;
    }

    /// When it lets go of the calls that it hands on from now on.
    pub fn set_after_refer(&mut self, after: AfterRefer) {
        self.config.after_refer = after;
    }

    /// Registers, and refreshes at half time until `unregister`.
    pub fn register(&mut self, now: Duration, out: &mut Vec<PhoneOutput>) {
        let request = self.registration.request(&self.config, self.config.expires_s);
        let id = self.core(now, out, |core, now, out| core.request(now, request, out));
        self.registration.pending = Some(id);
    }

    /// Takes the registration back.
    pub fn unregister(&mut self, now: Duration, out: &mut Vec<PhoneOutput>) {
        self.acts.retain(|(_, _, act)| *act != Act::Register);
        let request = self.registration.request(&self.config, 0);
        let id = self.core(now, out, |core, now, out| core.request(now, request, out));
        self.registration.pending = Some(id);
    }

    /// Ends a call however far it is: cancels, refuses with 603, or hangs up.
    pub fn hang_up(&mut self, now: Duration, id: PhoneCallId, out: &mut Vec<PhoneOutput>) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        match call.stage {
            Stage::Ringing(_) => self.decline(now, id, 603, out),
            Stage::Calling(invite) => {
                call.ending = Some(EndCause::GaveUp);
                self.core(now, out, |core, now, out| core.cancel(now, invite, None, out));
            }
            Stage::Up { dialog, .. } => {
                self.core(now, out, |core, now, out| core.bye(now, dialog, None, out));
                self.ended(id, EndCause::HungUp, out);
            }
        }
    }

    /// Takes a message that arrived.
    pub fn receive(
        &mut self,
        now: Duration,
        flow: Flow,
        message: Message,
        out: &mut Vec<PhoneOutput>,
    ) {
        if let Message::Request(request) = &message {
            let first = *request.method() == Method::Invite && request.headers().to_tag().is_none();
            if first && self.config.behaviour == Behaviour::Silent {
                return;
            }
            let cancel = *request.method() == Method::Cancel;
            if cancel && self.config.behaviour == Behaviour::AnswerAtCancel {
                self.answer_at_cancel(now, flow, out);
            }
        }
        self.core(now, out, |core, now, out| core.receive(now, flow, message, out));
    }

    /// The transport could not send.
    pub fn transport_failed(&mut self, now: Duration, flow: Flow, out: &mut Vec<PhoneOutput>) {
        self.core(now, out, |core, now, out| core.transport_failed(now, flow, out));
    }

    /// When [`Phone::timeout`] wants to be called.
    pub fn deadline(&self) -> Option<Duration> {
        let own = self.acts.first().map(|(due, _, _)| *due);
        match (own, self.core.deadline()) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// Does what is due.
    pub fn timeout(&mut self, now: Duration, out: &mut Vec<PhoneOutput>) {
        self.core(now, out, |core, now, out| core.timeout(now, out));
        while let Some((due, id, act)) = self.acts.first().copied().filter(|it| it.0 <= now) {
            self.acts.remove(&(due, id, act));
            match act {
                Act::Answer => self.answer(now, id, out),
                Act::Decline(status) => self.decline(now, id, status, out),
                Act::HangUp => self.hang_up(now, id, out),
                Act::GiveUp => {
                    let calling = self.calls.get(&id).map(|call| call.stage);
                    if matches!(calling, Some(Stage::Calling(_))) {
                        self.hang_up(now, id, out);
                    }
                }
                Act::ChangeAgain => {
                    if let Some(wanted) = self.calls.get(&id).map(|call| call.wanted) {
                        self.change(now, id, wanted, out);
                    }
                }
                Act::Register => self.register(now, out),
            }
        }
    }

    /// The calls it has, and which way each went.
    pub fn calls(&self) -> impl Iterator<Item = (PhoneCallId, Direction)> {
        self.calls.iter().map(|(id, call)| (*id, call.direction))
    }

    /// What a call's dialog is called, early or not; `None` before the other side has answered
    /// in any way.
    pub fn dialog_name(&self, id: PhoneCallId) -> Option<DialogName> {
        let call = self.calls.get(&id)?;
        match call.stage {
            Stage::Ringing(invite) => self.core.invite_name(invite),
            Stage::Calling(_) => self.core.dialog_name(call.early?),
            Stage::Up { dialog, .. } => self.core.dialog_name(dialog),
        }
    }

    /// The media of a call, once agreed on.
    pub fn media(&self, id: PhoneCallId) -> Option<&Media> {
        self.calls.get(&id)?.session.media()
    }

    /// What its user agent core keeps: for "nothing remains".
    pub fn counts(&self) -> Counts {
        self.core.counts()
    }

    // ---- inside ----

    /// Lets the core do something, and passes on what came of it.
    pub(crate) fn core<R>(
        &mut self,
        now: Duration,
        out: &mut Vec<PhoneOutput>,
        action: impl FnOnce(&mut UserAgentCore, Duration, &mut Vec<UaOutput>) -> R,
    ) -> R {
        let mut outputs = Vec::new();
        let result = action(&mut self.core, now, &mut outputs);
        self.drain(now, outputs, out);
        result
    }

    pub(crate) fn drain(
        &mut self,
        now: Duration,
        outputs: Vec<UaOutput>,
        out: &mut Vec<PhoneOutput>,
    ) {
        for output in outputs {
            match output {
                UaOutput::Transmit { flow, bytes } => {
                    out.push(PhoneOutput::Transmit { flow, bytes });
                }
                // The server is known by its address; another name is answered where it was heard.
                UaOutput::Resolve { id, .. } => {
                    self.core(now, out, |core, now, out| core.resolved(now, id, Vec::new(), out));
                }
                UaOutput::Event(event) => self.happened(now, event, out),
            }
        }
    }

    fn happened(&mut self, now: Duration, event: UaEvent, out: &mut Vec<PhoneOutput>) {
        match event {
            UaEvent::Invited { invite, request, .. } => self.invited(now, invite, &request, out),
            UaEvent::Cancelled { invite, reason } => {
                if let Some(id) = self.find(|stage| stage == Stage::Ringing(invite)) {
                    self.ended(id, EndCause::Cancelled(reason), out);
                }
            }
            UaEvent::Confirmed { dialog, body } => self.confirmed(now, dialog, &body, out),
            UaEvent::Trying { .. } => {}
            UaEvent::Progress { invite, dialog, response } => {
                self.progress(invite, dialog, &response, out);
            }
            UaEvent::Accepted { invite, dialog, response } => {
                self.accepted(now, invite, dialog, &response, out);
            }
            UaEvent::Rejected { invite, status, .. } => {
                self.refused(invite, EndCause::Rejected(status), out);
            }
            UaEvent::Refused2xx { invite } => self.refused(invite, EndCause::GaveUp, out),
            UaEvent::ReInvited { dialog, request } => {
                self.reinvited(now, dialog, &request, out);
            }
            UaEvent::ReInviteAcked { dialog, body } => {
                if let Some(id) = self.of_dialog(dialog)
                    && !body.is_empty()
                {
                    self.media_answered(id, &body, out);
                }
            }
            UaEvent::ReInviteCancelled { .. } => {}
            UaEvent::ReInviteAnswered { dialog, response } => {
                if let Some(id) = self.of_dialog(dialog) {
                    self.media_answered(id, response.body(), out);
                }
            }
            UaEvent::ReInviteFailed { dialog, status } => {
                self.change_failed(now, dialog, status, out);
            }
            UaEvent::Bye { dialog, reason } => {
                self.dialog_ended(dialog, EndCause::HungUpByPeer(reason), out);
            }
            UaEvent::Unconfirmed { dialog } | UaEvent::DialogLost { dialog } => {
                self.dialog_ended(dialog, EndCause::Lost, out);
            }
            UaEvent::Requested { id, dialog, request, .. } => {
                let call = dialog.and_then(|dialog| self.of_dialog(dialog));
                self.requested(now, id, call, &request, out);
            }
            UaEvent::RequestedEarly { id, invite, request } => {
                let call = self.find(|stage| stage == Stage::Ringing(invite));
                self.requested(now, id, call, &request, out);
            }
            UaEvent::Responded { id, response, status } => {
                if self.registration.pending == Some(id) {
                    self.register_answered(now, status, response.as_ref(), out);
                } else if let Some((call, asked)) = self.asked.remove(&id) {
                    match asked {
                        Asked::Info => {
                            let answered = PhoneEvent::InfoAnswered { call, status };
                            out.push(PhoneOutput::Event(answered));
                        }
                        Asked::Refer => self.refer_answered(now, call, status, out),
                    }
                }
            }
        }
    }

    fn register_answered(
        &mut self,
        now: Duration,
        status: u16,
        response: Option<&Response>,
        out: &mut Vec<PhoneOutput>,
    ) {
        self.registration.pending = None;
        let event = match (status, response) {
            (200..=299, _) if self.registration.leaving => PhoneEvent::Unregistered,
            (200..=299, Some(response)) => {
                let expires_s = granted(&self.config, response);
                self.plan_act(now + refresh_after(expires_s), NO_CALL, Act::Register);
                PhoneEvent::Registered { expires_s }
            }
            _ => PhoneEvent::RegisterFailed { status },
        };
        out.push(PhoneOutput::Event(event));
    }

    fn dialog_ended(&mut self, dialog: DialogId, cause: EndCause, out: &mut Vec<PhoneOutput>) {
        if let Some(id) = self.of_dialog(dialog) {
            self.ended(id, cause, out);
        }
    }

    pub(crate) fn ended(&mut self, id: PhoneCallId, cause: EndCause, out: &mut Vec<PhoneOutput>) {
        let Some(call) = self.calls.remove(&id) else {
            return;
        };
        self.ports.give_back(call.session.line);
        self.acts.retain(|(_, owner, _)| *owner != id);
        out.push(PhoneOutput::Event(PhoneEvent::Ended { call: id, cause }));
    }

    pub(crate) fn plan_act(&mut self, at: Duration, id: PhoneCallId, act: Act) {
        self.acts.insert((at, id, act));
    }

    pub(crate) fn fresh_call(&mut self) -> PhoneCallId {
        self.next_call += 1;
        PhoneCallId(self.next_call)
    }

    /// Unique among the sessions of one run, and the same for the same seed.
    pub(crate) fn session_id(&self, id: PhoneCallId) -> u64 {
        (self.seed << 16) ^ id.0
    }

    pub(crate) fn of_dialog(&self, dialog: DialogId) -> Option<PhoneCallId> {
        self.find(|stage| matches!(stage, Stage::Up { dialog: found, .. } if found == dialog))
    }

    pub(crate) fn find(&self, wanted: impl Fn(Stage) -> bool) -> Option<PhoneCallId> {
        self.calls.iter().find(|(_, call)| wanted(call.stage)).map(|(id, _)| *id)
    }
}

/// What challenges are answered with.
pub(crate) fn credentials(config: &PhoneConfig) -> Option<Credentials> {
    let password = config.password.clone()?;
    Some(Credentials {
        username: config.user.clone(),
        secret: Secret::Password(password),
        realm: None,
    })
}
