//! A world of calls without network: what the engine orders is written down, what it records is
//! folded, who answers is told to the other calls. Time is virtual and passes only in `until`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use acd::{AgentDefaults, Callback, Floor};
use call::port::{
    Adoption, Arrival, CallInput, CallOutput, Caller, Code, Control, Destination, Devices, Digit,
    Diversion, Goal, LegCommand, LegEvent, LegId, MediaCommand, Offered, PlayEnd, PlayId,
    RecordingId, Refusal, Shown, Speaks,
};
use call::{Call, CallBack, Ctx, LegIds, Mailboxes, Originate, Settings};
use model::call_graph::check::check_emission;
use model::call_graph::event::BridgeLeg;
use model::call_graph::{CallGraph, Recorded, apply};
use model::directory::{Directory, MailboxId};
use model::recording::RecordingChange;
use model::voicemail::VoicemailChange;
use model::{CallId, E164, GroupId, IvrId, Millis, Now, NumberId, TrunkId, UserId};

use crate::media::Media;

pub(crate) struct World {
    pub(crate) directory: Arc<Directory>,
    pub(crate) floor: Floor,
    pub(crate) mailboxes: Mailboxes,
    pub(crate) settings: Settings,
    pub(crate) calls: Vec<Live>,
    pub(crate) now: Duration,
    pub(crate) log: String,
    /// Every leg there ever was, and the call it belongs to.
    pub(crate) states: BTreeMap<LegId, (usize, LegState)>,
    /// What plays to whom.
    pub(crate) plays: BTreeMap<LegId, PlayId>,
    /// What a digit ends.
    pub(crate) interruptible: BTreeSet<PlayId>,
    /// What plays until it is stopped.
    pub(crate) endless: BTreeSet<PlayId>,
    /// Whether what happens to legs is possible, so that every order to a leg must be, too.
    pub(crate) lawful: bool,
    /// Recordings that were stopped and of which media has not said how long they are.
    pub(crate) closing: VecDeque<RecordingId>,
    /// What became of voice messages.
    pub(crate) messages: Vec<VoicemailChange>,
    /// Users whose telephones answer nothing at all.
    pub(crate) frozen: BTreeSet<UserId>,
    /// Legs that were dialled and whose telephone has not said anything yet.
    dialled: VecDeque<(usize, LegId)>,
    /// What telephones that were rung or told show.
    pub(crate) shown: BTreeMap<LegId, Shown>,
    /// What every leg hears.
    pub(crate) media: Media,
    /// Refers that were answered.
    pub(crate) refers: u32,
    /// What became of orders.
    pub(crate) answers: Vec<Result<(), Refusal>>,
    /// How deep in what follows from an input.
    depth: u32,
    legs: LegIds,
}

/// What the switch would know of a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LegState {
    /// Invited, no final response.
    Ringing,
    /// Answered.
    Up,
    /// Cancelled by us, no final response.
    Stopping,
    /// Over.
    Gone,
}

pub(crate) struct Live {
    pub(crate) name: String,
    pub(crate) call: Call,
    pub(crate) graph: Option<CallGraph>,
    pub(crate) finished: bool,
    /// It has become part of another one.
    pub(crate) absorbed: bool,
    /// Recordings that are not closed.
    pub(crate) recordings: BTreeSet<RecordingId>,
    /// The last leg of each party, by the name that scripts use.
    pub(crate) legs: BTreeMap<String, LegId>,
    names: BTreeMap<LegId, String>,
    /// How the rows name legs.
    pub(crate) named: Vec<(BridgeLeg, LegId)>,
    /// What was recorded.
    pub(crate) events: Vec<Recorded>,
}

pub(crate) const BEGINNING: &str = "2026-01-05T10:00:00.000Z";

impl World {
    pub(crate) fn new(directory: Directory) -> Self {
        let directory = Arc::new(directory);
        let mut floor = Floor::new();
        floor.set_people(&directory, &AgentDefaults::default(), now(Duration::ZERO));
        Self {
            directory,
            floor,
            mailboxes: Mailboxes::new(),
            settings: Settings::default(),
            calls: Vec::new(),
            now: Duration::ZERO,
            log: String::new(),
            states: BTreeMap::new(),
            plays: BTreeMap::new(),
            interruptible: BTreeSet::new(),
            endless: BTreeSet::new(),
            lawful: true,
            closing: VecDeque::new(),
            messages: Vec::new(),
            frozen: BTreeSet::new(),
            dialled: VecDeque::new(),
            shown: BTreeMap::new(),
            media: Media::default(),
            refers: 0,
            answers: Vec::new(),
            depth: 0,
            legs: LegIds::default(),
        }
    }

    pub(crate) fn time(&self) -> Now {
        now(self.now)
    }

    pub(crate) fn registers(&mut self, user: &UserId, registered: bool) {
        let now = self.time();
        self.floor.set_registered(user, registered, now);
        self.calm();
    }

    /// The directory has changed. Calls that are there keep the one they began with.
    pub(crate) fn reads(&mut self, directory: Directory) {
        self.directory = Arc::new(directory);
        let now = self.time();
        self.floor.set_people(&self.directory, &AgentDefaults::default(), now);
        self.calm();
    }

    pub(crate) fn arrive(&mut self, name: &str, id: &str, from: &str, to: &str) {
        let leg = self.legs.mint();
        let arrival = self.arrival(leg, from, to);
        let index = self.calls.len();
        self.states.insert(leg, (index, LegState::Ringing));
        let mut out = Vec::new();
        let mut ctx = Ctx {
            now: now(self.now),
            directory: &self.directory,
            floor: &mut self.floor,
            mailboxes: &mut self.mailboxes,
            legs: &mut self.legs,
            settings: &self.settings,
            out: &mut out,
        };
        let call = Call::arrive(CallId::from(id), arrival, &mut ctx);
        self.calls.push(Live {
            legs: BTreeMap::from([("caller".to_owned(), leg)]),
            names: BTreeMap::from([(leg, "caller".to_owned())]),
            named: Vec::new(),
            events: Vec::new(),
            ..Live::new(name, call)
        });
        self.carry_out(index, out);
        self.calm();
    }

    /// A call becomes part of another one, as the switch would do it.
    pub(crate) fn adopt(
        &mut self,
        into: usize,
        from: usize,
        adoption: Adoption,
    ) -> Result<(), Refusal> {
        let (survivor, given) = (&self.calls[into].call, &self.calls[from].call);
        given.may_become_part_of(survivor, &adoption, &self.settings)?;
        let survivor = self.calls[into].call.id().clone();
        let mut given = None;
        self.calls[from].absorbed = true;
        self.depth += 1;
        self.step(from, |call, ctx| given = call.give_up(&survivor, ctx));
        let given = given.expect("it has said that it can be given up");
        for leg in &given.legs {
            let (index, _) = self.states.get_mut(leg).expect("a leg that exists");
            assert_eq!(std::mem::replace(index, into), from);
        }
        let of_that = |(call, state): &&(usize, LegState)| {
            *call == from && matches!(state, LegState::Ringing | LegState::Up)
        };
        assert_eq!(self.states.values().find(of_that), None, "a leg is left behind\n{}", self.log);
        let (name, names) = (self.calls[from].name.clone(), self.calls[from].names.clone());
        for (leg, party) in names {
            let party = if party == "caller" { format!("{name}.caller") } else { party };
            let live = &mut self.calls[into];
            let taken = live.legs.contains_key(&party);
            let party = if taken { format!("{name}.{party}") } else { party };
            live.legs.insert(party.clone(), leg);
            live.names.insert(leg, party);
        }
        let stays = given.legs.clone();
        self.input(into, CallInput::Adopt(adoption, Box::new(given)));
        let live = &self.calls[into];
        let known: Vec<LegId> = live.call.legs().collect();
        for leg in stays {
            let up = matches!(self.states[&leg].1, LegState::Ringing | LegState::Up);
            assert!(!up || known.contains(&leg), "{leg:?} is nobody's\n{}", self.log);
        }
        self.depth -= 1;
        self.calm();
        Ok(())
    }

    /// Whether whoever has this leg has dialled it himself.
    pub(crate) fn is_called_by(&self, leg: LegId) -> bool {
        let names = self.calls.iter().filter_map(|live| live.names.get(&leg));
        names.into_iter().any(|name| name.ends_with("caller"))
    }

    /// A call is made for a user by order.
    pub(crate) fn originate(&mut self, name: &str, user: UserId, to: Goal) {
        let caller_id = self.directory.default_number_of_user(&user).map(|it| it.id.clone());
        let (devices, node) = (Devices::All, Arc::from("test"));
        let order = Originate { user, devices, to, caller_id, node };
        let mut out = Vec::new();
        let mut ctx = Ctx {
            now: now(self.now),
            directory: &self.directory,
            floor: &mut self.floor,
            mailboxes: &mut self.mailboxes,
            legs: &mut self.legs,
            settings: &self.settings,
            out: &mut out,
        };
        let id = CallId::from(format!("call-{}", name.to_lowercase()));
        let call = match Call::originate(id, order, &mut ctx) {
            Ok(call) => call,
            Err(refusal) => {
                let _ = writeln!(self.log, "{:<6} refused: {refusal}", seconds(self.now));
                assert!(out.is_empty());
                return;
            }
        };
        let index = self.calls.len();
        self.calls.push(Live::new(name, call));
        self.carry_out(index, out);
        self.calm();
    }

    /// What the switch does after every input: telephones that were dialled say that they are
    /// there, and waiting callers whose turn it is are offered members.
    pub(crate) fn calm(&mut self) {
        if self.depth > 0 {
            return;
        }
        loop {
            while let Some((index, leg)) = self.dialled.pop_front() {
                if self.states[&leg].1 == LegState::Ringing && !self.calls[index].finished {
                    self.depth += 1;
                    self.input(index, CallInput::Leg(leg, LegEvent::Reached));
                    self.depth -= 1;
                }
            }
            let now = self.time();
            let Some(acd::Offer { to, members, round }) = self.floor.dispatch(now) else {
                return;
            };
            let to = match to {
                acd::Turned::Caller(to) => to,
                acd::Turned::Callback { place, callback } => {
                    let [(user, group)] = &members[..] else {
                        panic!("a callback is for one member: {members:?}");
                    };
                    self.call_back(place, callback, user.clone(), group.clone());
                    continue;
                }
            };
            let index = self.calls.iter().position(|live| *live.call.id() == to);
            let index = index.unwrap_or_else(|| panic!("an offer to {to}, who is not there"));
            assert!(!self.calls[index].finished, "an offer to who is gone\n{}", self.log);
            self.depth += 1;
            self.input(index, CallInput::Offered(Offered { members, round }));
            self.depth -= 1;
        }
    }

    /// Somebody is called back, as the switch would do it.
    fn call_back(&mut self, place: CallId, callback: Callback, user: UserId, group: GroupId) {
        let (trunk, node) = (TrunkId::from("carrier-a"), "test".into());
        let back = CallBack { place, callback, user, group, trunk, node };
        let index = self.calls.len();
        let name = format!("back{index}");
        let mut out = Vec::new();
        let mut ctx = Ctx {
            now: now(self.now),
            directory: &self.directory,
            floor: &mut self.floor,
            mailboxes: &mut self.mailboxes,
            legs: &mut self.legs,
            settings: &self.settings,
            out: &mut out,
        };
        let call = Call::call_back(CallId::from(format!("call-{name}")), back, &mut ctx);
        self.calls.push(Live::new(&name, call));
        self.depth += 1;
        self.carry_out(index, out);
        self.depth -= 1;
    }

    /// Who dials what, as the switch would have looked it up. A caller may name a Caller ID:
    /// `cat/+15550200001`.
    fn arrival(&self, leg: LegId, from: &str, to: &str) -> Arrival {
        let (from, caller_id) = from.split_once('/').map_or((from, None), |(a, b)| (a, Some(b)));
        let user_from = self.directory.user_by_sip_username(from);
        let user_to = self.directory.user_by_sip_username(to);
        let ours = E164::parse(to).ok().and_then(|number| self.directory.number_by_e164(&number));
        let (caller, mut shown) = match user_from {
            Some(user) => (Caller::User(user.id.clone()), Some(Arc::from(from))),
            None => {
                let number = E164::parse(from).ok();
                let withheld = from == "anonymous";
                let text = (number.is_none() && !withheld).then(|| Arc::from(from));
                let caller = Caller::External {
                    trunk: TrunkId::from("carrier-a"),
                    number,
                    text,
                    display_name: None,
                };
                (caller, (!withheld).then(|| Arc::from(from)))
            }
        };
        let code = user_from.and_then(|user| code(&user.id, to));
        let destination = match (user_from, user_to, ours) {
            _ if code.is_some() => Destination::Code(code.expect("a code")),
            (None, _, Some(number)) => Destination::Number(number.id.clone()),
            (None, _, None) => Destination::Unknown,
            (Some(_), Some(user), _) => Destination::User(user.id.clone()),
            (Some(_), None, Some(number)) => Destination::Group(number.id.clone()),
            (Some(user), None, None) => {
                let id: NumberId = match caller_id {
                    Some(number) => {
                        let number = E164::parse(number).expect("a Caller ID");
                        self.directory.number_by_e164(&number).expect("ours").id.clone()
                    }
                    None => {
                        let number = self.directory.default_number_of_user(&user.id);
                        number.expect("a default number").id.clone()
                    }
                };
                shown = self.directory.number(&id).map(|number| Arc::from(number.e164.as_str()));
                Destination::Outside {
                    number: E164::parse(to).ok(),
                    dialled: Arc::from(to),
                    caller_id: id,
                    trunk: TrunkId::from("carrier-a"),
                }
            }
        };
        Arrival {
            leg,
            caller,
            destination,
            from_number: shown,
            to_number: Some(Arc::from(to)),
            sip_call_id: Arc::from("a@test"),
            node: Arc::from("test"),
        }
    }

    pub(crate) fn input(&mut self, index: usize, input: CallInput) {
        if let CallInput::Leg(leg, event) = &input {
            self.happened(index, *leg, event);
        }
        self.step(index, |call, ctx| call.handle(input, ctx));
    }

    fn happened(&mut self, index: usize, leg: LegId, event: &LegEvent) {
        let finished = self.calls[index].finished;
        if let LegEvent::Played { play, .. } = event
            && self.plays.get(&leg) == Some(play)
        {
            self.plays.remove(&leg);
        }
        if let LegEvent::Played { play, .. } = event {
            self.media.played(leg, *play);
        }
        if matches!(event, LegEvent::HungUp | LegEvent::Failed { .. } | LegEvent::Cancelled) {
            self.media.closed(leg);
        }
        let Some((_, state)) = self.states.get_mut(&leg) else {
            return;
        };
        *state = match (*state, event) {
            (LegState::Ringing, LegEvent::Answered) => LegState::Up,
            (LegState::Stopping, LegEvent::Answered) if !finished => LegState::Up,
            (
                _,
                LegEvent::HungUp
                | LegEvent::Cancelled
                | LegEvent::Failed { .. }
                | LegEvent::Settled { .. },
            ) => LegState::Gone,
            (state, _) => state,
        };
    }

    /// An order moves a leg from a state in which it is possible to the next one.
    fn ordered(&mut self, index: usize, command: &LegCommand) {
        use LegState::{Gone, Ringing, Stopping, Up};
        let moves = match command {
            LegCommand::DialUser { leg, .. }
            | LegCommand::CallUser { leg, .. }
            | LegCommand::DialOutside { leg, .. } => {
                let fresh = self.states.insert(*leg, (index, Ringing));
                assert!(fresh.is_none(), "a leg is dialled twice");
                return;
            }
            LegCommand::Ring { leg } => vec![(*leg, Ringing, Ringing)],
            LegCommand::PassEarlyMedia { to, from } => {
                vec![(*to, Ringing, Ringing), (*from, Ringing, Ringing)]
            }
            LegCommand::Answer { leg, .. } => vec![(*leg, Ringing, Up)],
            LegCommand::Reject { leg, .. } => vec![(*leg, Ringing, Gone)],
            LegCommand::Cancel { leg, .. } => vec![(*leg, Ringing, Stopping)],
            LegCommand::HangUp { leg, .. } => vec![(*leg, Up, Gone)],
            LegCommand::Bridge { a, b } | LegCommand::Unbridge { a, b } => {
                vec![(*a, Up, Up), (*b, Up, Up)]
            }
            LegCommand::Identify { leg, .. }
            | LegCommand::AcceptRefer { leg }
            | LegCommand::RefuseRefer { leg, .. }
            | LegCommand::NotifyRefer { leg, .. } => vec![(*leg, Up, Up)],
            LegCommand::Prompt { leg } => vec![(*leg, Ringing, Ringing)],
        };
        for (leg, from, to) in moves {
            if matches!(command, LegCommand::Bridge { .. }) {
                let endless = self.plays.get(&leg).is_some_and(|it| self.endless.contains(it));
                assert!(!endless, "it hears something when it is bridged\n{}", self.log);
            }
            let (_, state) = self.states.get_mut(&leg).expect("a leg that exists");
            let log = &self.log;
            assert!(!self.lawful || *state == from, "{command:?} of a {state:?} leg\n{log}");
            *state = to;
        }
    }

    /// What media is told must be possible, too.
    fn told_media(&mut self, index: usize, command: &MediaCommand) {
        let up = |leg: &LegId| !self.lawful || self.states[leg] == (index, LegState::Up);
        let recordings = &mut self.calls[index].recordings;
        #[expect(clippy::wildcard_enum_match_arm, reason = "the switch gives the others")]
        match command {
            MediaCommand::Play { leg, play, list } => {
                assert!(up(leg), "something is played to nobody\n{}", self.log);
                assert!(!list.items.is_empty(), "nothing is played\n{}", self.log);
                self.plays.insert(*leg, *play);
                if list.barge_in {
                    self.interruptible.insert(*play);
                }
                if list.repeat {
                    self.endless.insert(*play);
                }
            }
            MediaCommand::StopPlay { leg } => {
                assert!(self.plays.remove(leg).is_some(), "nothing plays\n{}", self.log);
            }
            MediaCommand::SendDigit { leg, .. } => assert!(up(leg), "a digit for nobody"),
            MediaCommand::Record { recording, left, right, .. } => {
                assert!([left, right].into_iter().flatten().all(up), "{}", self.log);
                recordings.insert(recording.clone());
                assert_eq!(recordings.len(), 1, "two recordings at a time\n{}", self.log);
            }
            MediaCommand::PauseRecording { recording, .. } => {
                assert!(recordings.contains(recording), "paused, and none\n{}", self.log);
            }
            MediaCommand::StopRecording { recording } => {
                assert!(recordings.remove(recording), "stopped, and none\n{}", self.log);
                self.closing.push_back(recording.clone());
            }
            MediaCommand::NoticeSilence { leg, .. } => assert!(up(leg), "nobody is silent"),
            MediaCommand::Join { leg, .. } => assert!(up(leg), "nobody joins\n{}", self.log),
            MediaCommand::Leave { leg } => assert!(up(leg), "nobody leaves\n{}", self.log),
            other => panic!("the engine says {other:?}"),
        }
    }

    fn finished(&mut self, index: usize) {
        let live = &mut self.calls[index];
        live.finished = true;
        if live.absorbed {
            live.graph = None;
            return;
        }
        assert!(live.recordings.is_empty(), "a recording is left open\n{}", self.log);
        // Who rang in vain to call somebody back has made no call.
        if let Some(graph) = live.graph.as_ref().map(CallGraph::finished)
            && let Err(violations) = check_emission(&graph)
        {
            panic!("{violations:#?}\n{}", self.log);
        }
        // D46: whoever reads the rows finds there whom they name.
        for row in live.graph.iter().flat_map(|graph| &graph.attempts) {
            let named = live.graph.as_ref().map(|graph| graph.finished().context.users);
            let known = row.user_id.as_ref().zip(named).is_none_or(|(id, of)| of.contains_key(id));
            assert!(known, "{:?} is not in the context\n{}", row.user_id, self.log);
        }
        let mut legs = self.states.values().filter(|(call, _)| *call == index);
        let left = legs.any(|(_, state)| matches!(state, LegState::Ringing | LegState::Up));
        assert!(!self.lawful || !left, "a leg is left behind\n{}", self.log);
    }

    /// Media has closed the file that was stopped first; it has so much sound.
    pub(crate) fn recorded(&mut self, duration_ms: u64) {
        let recording = self.closing.pop_front().expect("a recording that was stopped");
        if let Some(change) = self.mailboxes.closed(&recording, duration_ms) {
            let _ = writeln!(self.log, "{:<6} {}", seconds(self.now), message(&change));
            self.messages.push(change);
        }
    }

    pub(crate) fn leg(&mut self, index: usize, party: &str, event: LegEvent) {
        let Some(leg) = self.calls[index].legs.get(party).copied() else {
            panic!("{} has no leg to {party} at {}", self.calls[index].name, seconds(self.now));
        };
        self.input(index, CallInput::Leg(leg, event));
    }

    /// A digit is pressed that media hears: it ends what it may end.
    pub(crate) fn presses(&mut self, index: usize, leg: LegId, digit: Digit) {
        if let Some(play) = self.plays.get(&leg).copied()
            && self.interruptible.contains(&play)
        {
            let event = LegEvent::Played { play, end: PlayEnd::BargedIn };
            self.input(index, CallInput::Leg(leg, event));
        }
        self.input(index, CallInput::Leg(leg, LegEvent::Digit(digit)));
    }

    pub(crate) fn step(&mut self, index: usize, step: impl FnOnce(&mut Call, &mut Ctx<'_>)) {
        let mut out = Vec::new();
        let mut ctx = Ctx {
            now: now(self.now),
            directory: &self.directory,
            floor: &mut self.floor,
            mailboxes: &mut self.mailboxes,
            legs: &mut self.legs,
            settings: &self.settings,
            out: &mut out,
        };
        step(&mut self.calls[index].call, &mut ctx);
        self.depth += 1;
        self.carry_out(index, out);
        self.depth -= 1;
        self.calm();
    }

    /// Lets time pass, and every call do what it wanted to do meanwhile.
    pub(crate) fn until(&mut self, to: Duration) {
        loop {
            if let Some(at) = self.floor.deadline().filter(|at| *at <= to && self.is_first(*at)) {
                self.now = self.now.max(at);
                let now = self.time();
                self.floor.due(now);
                self.calm();
                continue;
            }
            let due = self.calls.iter().enumerate().filter_map(|(index, live)| {
                let at = live.call.deadline()?;
                (at <= to).then_some((at, index))
            });
            let Some((at, index)) = due.min() else {
                break;
            };
            assert!(at >= self.now, "a deadline lies in the past");
            self.now = at;
            self.step(index, |call, ctx| call.timeout(ctx));
            let again = self.calls[index].call.deadline();
            assert!(again.is_none_or(|again| again > at), "a deadline was not met");
        }
        self.now = to;
    }

    /// Whether no call wants to do something before.
    fn is_first(&self, at: Duration) -> bool {
        self.calls.iter().filter_map(|live| live.call.deadline()).all(|due| at < due)
    }

    fn carry_out(&mut self, index: usize, out: Vec<CallOutput>) {
        let mut taken = VecDeque::new();
        for output in out {
            let live = &mut self.calls[index];
            assert!(!live.finished, "an output after the end: {output:?}");
            match output {
                CallOutput::Record(recorded) => {
                    apply(&mut live.graph, &recorded);
                    live.events.push(recorded);
                    continue;
                }
                CallOutput::Finished => self.finished(index),
                CallOutput::UserTaken(ref user) => taken.push_back(user.clone()),
                CallOutput::Leg(ref command) => {
                    self.media.ordered(command);
                    if let LegCommand::AcceptRefer { .. } | LegCommand::RefuseRefer { .. } = command
                    {
                        self.refers += 1;
                    }
                    if let LegCommand::DialUser { leg, shown, .. }
                    | LegCommand::CallUser { leg, shown, .. }
                    | LegCommand::Identify { leg, shown } = command
                    {
                        self.shown.insert(*leg, shown.clone());
                    }
                    live.note(command);
                    if let LegCommand::DialUser { leg, user, .. }
                    | LegCommand::CallUser { leg, user, .. } = command
                        && !self.frozen.contains(user)
                    {
                        self.dialled.push_back((index, *leg));
                    }
                    self.ordered(index, command);
                }
                CallOutput::Media(ref command) => {
                    self.media.told(command);
                    self.told_media(index, command);
                }
                CallOutput::Named(leg, name) => {
                    let (call, _) = self.states.get(&leg).expect("a leg that exists");
                    assert_eq!(*call, index, "{name:?}");
                    self.calls[index].named.push((name, leg));
                    continue;
                }
                CallOutput::Answered(_, answer) => {
                    self.answers.push(answer);
                    if answer.is_ok() {
                        continue;
                    }
                }
                CallOutput::Wants(_)
                | CallOutput::Recording(..)
                | CallOutput::Cursor(..)
                | CallOutput::LookUp(_)
                | CallOutput::Availability(..) => {}
                CallOutput::Voicemail(ref change) => self.messages.push(change.clone()),
            }
            let text = self.calls[index].describe(&output);
            let _ = writeln!(self.log, "{:<6} {text}", seconds(self.now));
        }
        let live = &self.calls[index];
        assert_eq!(live.finished, live.call.is_finished());
        while let Some(user) = taken.pop_front() {
            self.tell_the_others(index, &user);
        }
    }

    fn tell_the_others(&mut self, but: usize, user: &UserId) {
        let ringing: Vec<_> = self.floor.calls_ringing(user).cloned().collect();
        for other in 0..self.calls.len() {
            if other != but && ringing.contains(self.calls[other].call.id()) {
                self.input(other, CallInput::UserTaken(user.clone()));
            }
        }
    }
}

impl Live {
    fn new(name: &str, call: Call) -> Self {
        Self {
            name: name.to_owned(),
            call,
            graph: None,
            finished: false,
            absorbed: false,
            recordings: BTreeSet::new(),
            legs: BTreeMap::new(),
            names: BTreeMap::new(),
            named: Vec::new(),
            events: Vec::new(),
        }
    }

    fn note(&mut self, command: &LegCommand) {
        let (leg, name) = match command {
            LegCommand::DialUser { leg, user, .. } | LegCommand::CallUser { leg, user, .. } => {
                (*leg, user.as_str().trim_start_matches("u-").to_owned())
            }
            LegCommand::DialOutside { leg, to, .. } => (*leg, to.to_string()),
            LegCommand::Ring { .. }
            | LegCommand::PassEarlyMedia { .. }
            | LegCommand::Answer { .. }
            | LegCommand::Reject { .. }
            | LegCommand::Cancel { .. }
            | LegCommand::HangUp { .. }
            | LegCommand::Bridge { .. }
            | LegCommand::Unbridge { .. }
            | LegCommand::Identify { .. }
            | LegCommand::AcceptRefer { .. }
            | LegCommand::RefuseRefer { .. }
            | LegCommand::NotifyRefer { .. }
            | LegCommand::Prompt { .. } => return,
        };
        self.legs.insert(name.clone(), leg);
        self.names.insert(leg, name);
    }

    fn describe(&self, output: &CallOutput) -> String {
        let text = match output {
            CallOutput::Leg(command) => self.ordered(command),
            CallOutput::Media(command) => self.told(command),
            CallOutput::Recording(id, change) => became(id, change),
            CallOutput::Named(..) => unreachable!("names are checked"),
            CallOutput::Cursor(group, user) => format!("cursor of {group} at {user}"),
            CallOutput::UserTaken(user) => format!("{user} is taken"),
            CallOutput::LookUp(number) => format!("look {number} up"),
            CallOutput::Voicemail(change) => message(change),
            CallOutput::Availability(user, availability, reason) => {
                let reason = reason.as_deref().unwrap_or("-");
                format!("{user} is {availability}, {reason}")
            }
            CallOutput::Finished => "finished".to_owned(),
            CallOutput::Wants(control) => format!("wants {control:?}"),
            CallOutput::Answered(_, Ok(())) => "obeyed".to_owned(),
            CallOutput::Answered(_, Err(why)) => format!("refused: {why}"),
            CallOutput::Record(_) => unreachable!("records are folded"),
        };
        if self.name == "A" { text } else { format!("{}: {text}", self.name) }
    }

    fn ordered(&self, command: &LegCommand) -> String {
        let name = |leg: &LegId| &self.names[leg];
        match command {
            LegCommand::Ring { .. } => "ring caller".to_owned(),
            LegCommand::PassEarlyMedia { from, .. } => {
                format!("ring caller with the media of {}", name(from))
            }
            LegCommand::Answer { leg, like: None } => format!("answer {}", name(leg)),
            LegCommand::Answer { leg, like: Some(like) } => {
                format!("answer {} like {}", name(leg), name(like))
            }
            LegCommand::Reject { leg, status } => format!("reject {} {status}", name(leg)),
            LegCommand::DialUser { leg, shown, devices, diverted, .. } => {
                let number = shown.number.as_deref().unwrap_or("anonymous");
                let shown_name = shown.name.as_deref().unwrap_or("-");
                let on = match devices {
                    Devices::All => String::new(),
                    Devices::Only(device) => format!(" on {device}"),
                };
                let by = passed_on(diverted);
                format!("dial {}{on}, showing {number} \"{shown_name}\"{by}", name(leg))
            }
            LegCommand::CallUser { leg, .. } => format!("call {}", name(leg)),
            LegCommand::DialOutside { to, shown, trunk, diverted, .. } => {
                let number = shown.number.as_deref().unwrap_or("anonymous");
                let trunk = trunk.as_ref().map_or("any trunk", |trunk| trunk.as_str());
                let by = passed_on(diverted);
                format!("dial {to} by {trunk}, showing {number}{by}")
            }
            LegCommand::Cancel { leg, why } => format!("cancel {} {why:?}", name(leg)),
            LegCommand::HangUp { leg, why } => format!("hang up {} {why:?}", name(leg)),
            LegCommand::Bridge { a, b } => format!("bridge {} {}", name(a), name(b)),
            LegCommand::Unbridge { a, b } => format!("unbridge {} {}", name(a), name(b)),
            LegCommand::Identify { leg, shown } => {
                let number = shown.number.as_deref().unwrap_or("-");
                let shown = shown.name.as_deref().unwrap_or("-");
                format!("tell {} that it is {number} \"{shown}\"", name(leg))
            }
            LegCommand::AcceptRefer { leg } => format!("accept the refer of {}", name(leg)),
            LegCommand::RefuseRefer { leg, status } => {
                format!("refuse the refer of {} {status}", name(leg))
            }
            LegCommand::NotifyRefer { leg, status } => format!("notify {} {status}", name(leg)),
            LegCommand::Prompt { leg } => format!("prompt {}", name(leg)),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the switch gives media the others")]
    fn told(&self, command: &MediaCommand) -> String {
        let name = |leg: &LegId| &self.names[leg];
        let name_of = |leg: &Option<LegId>| leg.as_ref().map_or("nobody", |leg| name(leg));
        match command {
            MediaCommand::Play { leg, list, .. } => {
                let mut text = format!("play {} {:?}", name(leg), list.items);
                text.push_str(if list.repeat { " for ever" } else { "" });
                text.push_str(if list.barge_in { " up to a digit" } else { "" });
                if let Some(language) = &list.language {
                    let _ = write!(text, " in {language}");
                }
                text
            }
            MediaCommand::StopPlay { leg } => format!("stop playing to {}", name(leg)),
            MediaCommand::SendDigit { leg, duration_ms, .. } => {
                format!("send a digit to {} for {duration_ms} ms", name(leg))
            }
            MediaCommand::Record { recording, left, right, file, format } => {
                let (left, right) = (name_of(left), name_of(right));
                format!("record {left} | {right} as {recording} in {file}, {format:?}")
            }
            MediaCommand::PauseRecording { recording, paused: true } => {
                format!("pause {recording}")
            }
            MediaCommand::PauseRecording { recording, paused: false } => {
                format!("go on with {recording}")
            }
            MediaCommand::StopRecording { recording } => format!("stop {recording}"),
            MediaCommand::NoticeSilence { leg, after_ms: Some(after_ms) } => {
                format!("notice {after_ms} ms of silence of {}", name(leg))
            }
            MediaCommand::NoticeSilence { leg, after_ms: None } => {
                format!("notice no silence of {}", name(leg))
            }
            MediaCommand::Join { leg, room, part } => {
                let speaks = match part.speaks {
                    Speaks::ToAll => String::new(),
                    Speaks::ToNobody => ", heard by nobody".to_owned(),
                    Speaks::To(leg) => format!(", heard by {}", name(&leg)),
                };
                format!("{} joins room {}{speaks}", name(leg), room.0)
            }
            MediaCommand::Leave { leg } => format!("{} leaves its room", name(leg)),
            other => panic!("the engine says {other:?}"),
        }
    }
}

/// Who has passed a call on.
fn passed_on(diverted: &[Diversion]) -> String {
    let by = diverted.iter().map(|by| {
        let who = by.by.number.as_deref().unwrap_or("nobody");
        format!(", passed on by {who} ({:?})", by.reason)
    });
    by.collect()
}

/// What became of a voice message.
fn message(change: &VoicemailChange) -> String {
    match change {
        VoicemailChange::Begun(message) => format!("{} is being left", message.id),
        VoicemailChange::Left(message) => {
            let number = message.from.as_ref().map_or("anonymous", |number| number.as_str());
            let name = message.from_name.as_deref().unwrap_or("-");
            let (id, file) = (&message.id, &message.file);
            let (ms, at) = (message.duration_ms, since_beginning(message.at));
            format!("{id} of {number} \"{name}\" was left at {at}: {ms} ms in {file}")
        }
        VoicemailChange::Heard { id, by, .. } => format!("{id} was heard by {by}"),
        VoicemailChange::Deleted { id, by, .. } => format!("{id} was deleted by {by}"),
        VoicemailChange::Dropped { id, .. } => format!("{id} was no message"),
    }
}

/// Seconds of the wall clock of rows since the worlds began.
fn since_beginning(at: Millis) -> f64 {
    (at.0 - Millis::parse(BEGINNING).expect("a time").0) as f64 / 1_000.0
}

fn became(id: &RecordingId, change: &RecordingChange) -> String {
    let since = |at: &Millis| since_beginning(*at);
    match change {
        RecordingChange::Began { file, at, .. } => format!("{id} is {file} from {}", since(at)),
        RecordingChange::Paused { at } => format!("{id} paused at {}", since(at)),
        RecordingChange::Resumed { at } => format!("{id} resumed at {}", since(at)),
        RecordingChange::Failed { at, cause } => format!("{id} failed at {}: {cause}", since(at)),
        RecordingChange::Ended { .. } => panic!("the engine does not see the end"),
    }
}

/// What a user's code means in scripts.
fn code(user: &UserId, dialled: &str) -> Option<Code> {
    Some(match dialled.split_once('/').unwrap_or((dialled, "")) {
        ("*10", _) => Code::Toggle,
        ("*11", _) => Code::Available,
        ("*12", reason) => Code::Away(reason.into()),
        ("*97", "") => Code::Voicemail(MailboxId::User(user.clone())),
        ("*97", owner) if owner.starts_with("u-") => {
            Code::Voicemail(MailboxId::User(UserId::from(owner)))
        }
        ("*20", "") => Code::Control(Control::PickUpGroup),
        ("*20", of) => Code::Control(Control::PickUp(UserId::from(format!("u-{of}")))),
        ("*22", _) => Code::Control(Control::Move),
        ("*30", _) => Code::Control(Control::Conference),
        ("*71", slot) => Code::Control(Control::Retrieve(slot.into())),
        ("*97", group) => Code::Voicemail(MailboxId::Group(GroupId::from(group))),
        _ => Code::Ivr(IvrId::from(dialled.strip_prefix("ivr:")?)),
    })
}

fn now(mono: Duration) -> Now {
    // The wall clock runs wildly: only its first reading may matter (D40).
    let wall = match mono.is_zero() {
        true => Millis::parse(BEGINNING).expect("a time"),
        false => Millis::parse(BEGINNING).expect("a time").plus(mono * 3),
    };
    Now { mono, wall }
}

/// Seconds without needless digits.
pub(crate) fn seconds(at: Duration) -> String {
    format!("{}", at.as_secs_f64())
}
