//! Between the call engine and SIP: inputs go to a call under [`crate::guard`], what it wants
//! done is translated into responses, requests and media commands.

use acd::{Callback, ChangeSource};
use call::port::{
    Arrival, CallInput, CallOutput, Caller, Destination, LegCommand, LegEvent, LegId, MediaCommand,
    Refusal, Release,
};
use call::{Call, CallBack, Ctx};
use model::call_graph::words::Direction;
use model::recording::RecordingChange;
use model::{CallId, GroupId, Now, UserId};

use crate::guard::guarded;
use crate::legs::dialling::{Callee, Outside};
use crate::legs::{CallKey, Role};
use crate::port::Effect;
use crate::switch::{LiveCall, Switch};

/// A callback whose turn it is.
pub(crate) struct CallbackTurn {
    /// The call that has the place.
    pub(crate) place: CallId,
    pub(crate) callback: Callback,
    /// Who calls back, and the group in which he was found.
    pub(crate) user: UserId,
    pub(crate) group: GroupId,
}

fn direction_of(arrival: &Arrival) -> Direction {
    match (&arrival.caller, &arrival.destination) {
        (Caller::External { .. }, _) => Direction::Inbound,
        (Caller::User(_), Destination::Outside { .. }) => Direction::Outbound,
        (
            Caller::User(_),
            Destination::Number(_)
            | Destination::User(_)
            | Destination::Group(_)
            | Destination::Code(_)
            | Destination::Unknown,
        ) => Direction::Internal,
    }
}

/// The value of the Reason header (RFC 3326); `None` where its absence says it.
pub(crate) fn reason(why: Release) -> Option<String> {
    let text = match why {
        Release::Normal | Release::NoAnswer | Release::CallerGone => return None,
        Release::AnsweredElsewhere => "SIP;cause=200;text=\"Call completed elsewhere\"",
        Release::UserBusy => "SIP;cause=486;text=\"Busy on another call\"",
        Release::Shutdown => "SIP;cause=503;text=\"Server stops\"",
        Release::MediaTimeout => "SIP;cause=408;text=\"No RTP\"",
    };
    Some(text.to_owned())
}

impl Switch {
    /// A call begins.
    pub(crate) fn begin(
        &mut self,
        now: Now,
        key: CallKey,
        id: CallId,
        arrival: Arrival,
        effects: &mut Vec<Effect>,
    ) {
        let direction = direction_of(&arrival);
        self.begin_as(now, (key, id), direction, effects, |id, ctx| Call::arrive(id, arrival, ctx));
    }

    /// A caller who hung up is called back: a member of his group is rung first. Nothing happens
    /// where there is no room for a call or no way out; the floor offers the place again later.
    pub(crate) fn call_back(&mut self, now: Now, turn: CallbackTurn, effects: &mut Vec<Effect>) {
        let CallbackTurn { place, callback, user, group } = turn;
        let mut trunks = self.config.trunks.iter().filter(|trunk| !trunk.outbound.is_empty());
        let Some(trunk) = trunks.next().map(|trunk| trunk.name.clone()) else {
            return self.floor.postpone(&place, now);
        };
        if self.draining || self.calls.len() >= self.config.limits.calls || self.stock.is_empty() {
            return self.floor.postpone(&place, now);
        }
        self.counters.callbacks += 1;
        self.last_call += 1;
        let id = CallId::generate(now.wall, self.random.bytes());
        let node = self.config.node.clone();
        let back = CallBack { place, callback, user, group, trunk, node };
        let call = (self.last_call, id);
        self.begin_as(now, call, Direction::Outbound, effects, |id, ctx| {
            Call::call_back(id, back, ctx)
        });
    }

    fn begin_as(
        &mut self,
        now: Now,
        (key, id): (CallKey, CallId),
        direction: Direction,
        effects: &mut Vec<Effect>,
        make: impl FnOnce(CallId, &mut Ctx<'_>) -> Call,
    ) {
        // Only what refuses by itself is refused.
        let _ = self.try_begin(now, (key, id), direction, effects, |id, ctx| Ok(make(id, ctx)));
    }

    /// A call begins, if it can.
    pub(crate) fn try_begin(
        &mut self,
        now: Now,
        (key, id): (CallKey, CallId),
        direction: Direction,
        effects: &mut Vec<Effect>,
        make: impl FnOnce(CallId, &mut Ctx<'_>) -> Result<Call, Refusal>,
    ) -> Result<(), Refusal> {
        let mut out = Vec::new();
        let mut ctx = Ctx {
            now,
            directory: &self.directory,
            floor: &mut self.floor,
            mailboxes: &mut self.mailboxes,
            legs: &mut self.leg_ids,
            settings: &self.config.call,
            out: &mut out,
        };
        let call = guarded(|| make(id.clone(), &mut ctx));
        match call {
            Ok(Ok(call)) => {
                self.keys.insert(id, key);
                self.calls.insert(key, LiveCall { direction, call, deadline: None });
                self.obey(now, key, out, effects);
                self.schedule(key);
                Ok(())
            }
            Ok(Err(refusal)) => Err(refusal),
            Err(_) => {
                self.floor.forget(&id, now);
                self.abort(now, key, effects);
                Err(Refusal::NoCall)
            }
        }
    }

    /// Something happens to a call.
    pub(crate) fn deliver(
        &mut self,
        now: Now,
        key: CallKey,
        input: CallInput,
        effects: &mut Vec<Effect>,
    ) {
        if let CallInput::Leg(leg, LegEvent::Referred(_)) = &input {
            self.under_way.referrer = self.referrer(*leg);
        }
        self.step(now, key, effects, |call, ctx| call.handle(input, ctx));
        self.under_way.referrer = None;
    }

    /// A deadline of a call has come.
    pub(crate) fn time_out(&mut self, now: Now, key: CallKey, effects: &mut Vec<Effect>) {
        self.step(now, key, effects, |call, ctx| call.timeout(ctx));
    }

    pub(crate) fn step(
        &mut self,
        now: Now,
        key: CallKey,
        effects: &mut Vec<Effect>,
        work: impl FnOnce(&mut Call, &mut Ctx<'_>),
    ) {
        let Some(live) = self.calls.get_mut(&key) else {
            return;
        };
        let mut out = Vec::new();
        let mut ctx = Ctx {
            now,
            directory: &self.directory,
            floor: &mut self.floor,
            mailboxes: &mut self.mailboxes,
            legs: &mut self.leg_ids,
            settings: &self.config.call,
            out: &mut out,
        };
        let call = &mut live.call;
        if guarded(|| work(call, &mut ctx)).is_err() {
            self.abort(now, key, effects);
            return;
        }
        self.obey(now, key, out, effects);
        self.schedule(key);
    }

    fn obey(
        &mut self,
        now: Now,
        key: CallKey,
        outputs: Vec<CallOutput>,
        effects: &mut Vec<Effect>,
    ) {
        let Some(direction) = self.calls.get(&key).map(|live| live.direction) else {
            return;
        };
        for output in outputs {
            match output {
                CallOutput::Leg(command) => self.command(now, key, command),
                CallOutput::Record(recorded) => {
                    self.counters.count_event(direction, &recorded.event);
                    crate::log::state_change(&recorded);
                    effects.push(Effect::Record(recorded));
                }
                CallOutput::Media(command) => self.media_out.push(command),
                CallOutput::Recording(id, change) => {
                    if let RecordingChange::Began { .. } = change {
                        self.recordings.insert(id.clone(), key);
                    }
                    effects.push(Effect::Recording(id, change));
                }
                CallOutput::Named(leg, name) => {
                    let id = self.calls.get(&key).map(|live| live.call.id().clone());
                    if let Some(id) = id {
                        self.legs.names.insert(leg, id, name);
                    }
                }
                CallOutput::Cursor(group, user) => effects.push(Effect::Cursor(group, user)),
                CallOutput::UserTaken(user) => {
                    let ringing = self.floor.calls_ringing(&user);
                    let others = ringing.filter_map(|id| self.keys.get(id)).copied();
                    let others = others.filter(|other| *other != key);
                    let told = others.map(|other| (other, CallInput::UserTaken(user.clone())));
                    self.inbox.extend(told);
                }
                CallOutput::LookUp(number) => {
                    let call = self.calls.get(&key).map(|live| live.call.id().clone());
                    effects.extend(call.map(|call| Effect::LookUp { call, number }));
                }
                CallOutput::Voicemail(change) => effects.push(Effect::Voicemail(change)),
                CallOutput::Availability(user, availability, reason) => {
                    let source = ChangeSource::Phone;
                    self.floor.set_availability(&user, availability, reason, source, now);
                }
                CallOutput::Wants(control) => self.under_way.wants.push_back((key, control)),
                CallOutput::Answered(order, answer) => {
                    self.ordered(now, key, order, answer, effects);
                }
                CallOutput::Finished => self.forget(key),
            }
        }
    }

    fn command(&mut self, now: Now, key: CallKey, command: LegCommand) {
        match command {
            LegCommand::Ring { leg } => self.ring(now, leg, None),
            LegCommand::PassEarlyMedia { to, from } => self.ring(now, to, Some(from)),
            LegCommand::Answer { leg, like } => self.answer(now, leg, like),
            LegCommand::Reject { leg, status } => self.reject(now, leg, status),
            LegCommand::DialUser { leg, user, devices, shown, anchor, diverted } => {
                let (user, devices, shown) = (&user, &devices, &shown);
                let (anchor, diverted) = (Some(anchor), &*diverted);
                let callee = Callee { user, devices, shown, anchor, diverted };
                self.dial_user(now, key, leg, &callee);
            }
            LegCommand::CallUser { leg, user, devices, shown } => {
                let (user, devices, shown) = (&user, &devices, &shown);
                let callee = Callee { user, devices, shown, anchor: None, diverted: &[] };
                self.dial_user(now, key, leg, &callee);
            }
            LegCommand::DialOutside { leg, to, shown, trunk, anchor, diverted } => {
                let (trunk, diverted) = (trunk.as_ref(), &*diverted);
                let callee = Outside { to: &to, shown: &shown, trunk, anchor, diverted };
                self.dial_outside(now, key, leg, &callee);
            }
            LegCommand::Cancel { leg, why } => self.cancel(now, leg, why),
            LegCommand::HangUp { leg, why } => self.hang_up(now, leg, why),
            LegCommand::Bridge { a, b } => self.media_out.push(MediaCommand::Bridge { a, b }),
            LegCommand::Unbridge { a, b } => self.media_out.push(MediaCommand::Unbridge { a, b }),
            LegCommand::Identify { leg, shown } => self.identify(now, leg, &shown),
            LegCommand::AcceptRefer { leg } => self.accept_refer(now, leg),
            LegCommand::RefuseRefer { leg, status } => self.refuse_refer(now, leg, status),
            LegCommand::NotifyRefer { leg, status } => self.notify_refer(now, leg, status),
            LegCommand::Prompt { leg } => self.prompt(now, leg),
        }
    }

    pub(crate) fn hang_up(&mut self, now: Now, leg: LegId, why: Release) {
        if self.hangs_up_later(leg, why) {
            return;
        }
        if let Some(dialog) = self.legs.end_dialog(leg) {
            self.ua.bye(now.mono, dialog, reason(why), &mut self.ua_out);
        }
        self.leg_over(leg);
    }

    /// Frees what a leg holds once nothing of it remains.
    pub(crate) fn leg_over(&mut self, leg: LegId) {
        let Some(entry) = self.legs.get_mut(leg) else {
            return;
        };
        let ringing = match &entry.role {
            Role::Anchor(anchor) => anchor.invite.is_some(),
            Role::Dialled(dialled) => !dialled.forks.is_empty() && !dialled.cancelled,
        };
        if entry.dialog.is_none() && !ringing && entry.session.take().is_some() {
            self.media_out.push(MediaCommand::Close { leg });
        }
        self.legs.remove_if_over(leg);
    }

    /// A call broke an invariant of ours: hang up its legs, close its record, keep the rest.
    pub(crate) fn abort(&mut self, now: Now, key: CallKey, effects: &mut Vec<Effect>) {
        self.counters.aborted += 1;
        let id = self.calls.get(&key).map(|live| live.call.id().clone());
        let legs = self.legs.of_call(key);
        tracing::error!(call = ?id, legs = legs.len(), "a call was aborted");
        for leg in legs {
            self.cancel(now, leg, Release::Normal);
            self.hang_up(now, leg, Release::Normal);
            self.reject(now, leg, 500);
        }
        for recording in self.recordings.of_call(key) {
            self.media_out.push(MediaCommand::StopRecording { recording });
        }
        if let Some(id) = id {
            self.floor.forget(&id, now);
            effects.push(Effect::Aborted { call: id, at: now.wall });
        }
        self.forget(key);
    }
}
